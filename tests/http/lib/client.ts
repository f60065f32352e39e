/*
 * A client of the server's HTTP interface for tests: one base address, at most one signed-in account.
 * It never throws for a status; the test says what it expects. It throws for a reply that the server's
 * own description does not allow.
 */
import { contractOf } from './contract.ts';

export interface Reply<T> {
	status: number;
	headers: Headers;
	/** The decoded JSON; undefined when the reply is none. */
	body: T;
	text: string;
}

export interface Options {
	headers?: Record<string, string>;
	signal?: AbortSignal;
}

type Query = Record<string, string | number | boolean | undefined>;

// Tests read replies field by field and say with asserts what they expect: a type would repeat that.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

/** Path with a query; undefined values are left out. */
export function withQuery(path: string, query: Query): string {
	const q = new URLSearchParams();
	for (const [k, v] of Object.entries(query)) if (v !== undefined) q.set(k, String(v));
	const s = q.toString();
	return s === '' ? path : `${path}?${s}`;
}

export class Client {
	readonly base: string;
	readonly token: string | undefined;
	/** What the sign-in answered; undefined when not signed in. */
	readonly session: Json;
	private readonly described: boolean;

	/** `described`: the server has a description that its replies are held against. */
	constructor(base: string, session?: Json, described = true) {
		this.base = base;
		this.session = session;
		this.token = session?.token;
		this.described = described;
	}

	/** Any method, any body: a string or bytes go as they are, everything else as JSON. */
	async request<T = Json>(method: string, path: string, body?: unknown, options: Options = {}): Promise<Reply<T>> {
		const headers: Record<string, string> = {};
		if (this.token !== undefined) headers['authorization'] = `Bearer ${this.token}`;
		let sent: string | Uint8Array<ArrayBuffer> | undefined;
		if (typeof body === 'string') sent = body;
		else if (body instanceof Uint8Array) sent = body as Uint8Array<ArrayBuffer>;
		else if (body !== undefined) sent = JSON.stringify(body);
		if (sent !== undefined) headers['content-type'] = 'application/json';
		Object.assign(headers, options.headers);
		const init: RequestInit = { method, headers, redirect: 'manual' };
		if (sent !== undefined) init.body = sent;
		if (options.signal !== undefined) init.signal = options.signal;
		const r = await fetch(this.base + path, init);
		const text = await r.text();
		const type = r.headers.get('content-type') ?? '';
		const reply = { status: r.status, headers: r.headers, body: type.includes('json') ? JSON.parse(text) : undefined, text };
		if (this.described) await this.hold(method, path, type, reply);
		return reply;
	}

	/** Throws where the reply is not as the server's description says. */
	private async hold(method: string, path: string, type: string, r: Reply<Json>): Promise<void> {
		const fault = (await contractOf(this.base)).fault({ method, path, status: r.status, type, body: r.body });
		if (fault !== null) throw new Error(fault);
	}

	get<T = Json>(path: string, query: Query = {}, options?: Options): Promise<Reply<T>> {
		return this.request<T>('GET', withQuery(path, query), undefined, options);
	}

	post<T = Json>(path: string, body: unknown = {}, options?: Options): Promise<Reply<T>> {
		return this.request<T>('POST', path, body, options);
	}

	patch<T = Json>(path: string, body: unknown, options?: Options): Promise<Reply<T>> {
		return this.request<T>('PATCH', path, body, options);
	}

	put<T = Json>(path: string, body: unknown, options?: Options): Promise<Reply<T>> {
		return this.request<T>('PUT', path, body, options);
	}

	delete<T = Json>(path: string, options?: Options): Promise<Reply<T>> {
		return this.request<T>('DELETE', path, undefined, options);
	}

	/** The event stream as parsed events; ends when the caller leaves the loop or aborts. */
	async *stream(path = '/api/stream', signal?: AbortSignal): AsyncGenerator<StreamEvent> {
		const headers: Record<string, string> = { accept: 'text/event-stream' };
		if (this.token !== undefined) headers['authorization'] = `Bearer ${this.token}`;
		const r = await fetch(this.base + path, { headers, ...(signal !== undefined ? { signal } : {}) });
		if (r.status !== 200 || r.body === null) throw new Error(`stream answered ${r.status}`);
		let rest = '';
		for await (const chunk of r.body.pipeThrough(new TextDecoderStream())) {
			const parts = (rest + chunk).split('\n\n');
			rest = parts.pop() ?? '';
			for (const part of parts) {
				const event = parseEvent(part);
				if (event !== null) yield event;
			}
		}
	}
}

export interface StreamEvent {
	id: string;
	type: string;
	data: Json;
}

function parseEvent(text: string): StreamEvent | null {
	const event: StreamEvent = { id: '', type: 'message', data: undefined };
	for (const line of text.split('\n')) {
		const at = line.indexOf(':');
		if (at <= 0) continue; // a comment keeps the connection alive
		const value = line.slice(at + 1).replace(/^ /, '');
		if (line.startsWith('id:')) event.id = value;
		else if (line.startsWith('event:')) event.type = value;
		else if (line.startsWith('data:')) event.data = JSON.parse(value);
	}
	return event.data === undefined ? null : event;
}
