/*
 * Requests to the server: JSON in and out, the CSRF header on unsafe ones, one error class. Knows nothing
 * of pages: who wants to hear of a lost session subscribes.
 */
export type Query = Record<string, string | number | boolean | null | undefined>

export class ApiError extends Error {
	readonly status: number
	readonly code: string
	readonly field: string | null

	constructor(status: number, code: string, field: string | null, message: string) {
		super(message)
		this.status = status
		this.code = code
		this.field = field
	}
}

export interface RequestOptions {
	query?: Query
	body?: unknown
	raw?: Blob | string
	type?: string
	signal?: AbortSignal
	/* A repeated try of the same request carries the same key. */
	key?: string
	onProgress?: (share: number) => void
}

const state: { csrf: string; lost: (() => void) | null } = { csrf: '', lost: null }

export function setCsrf(token: string): void {
	state.csrf = token
}

export function onSessionLost(fn: () => void): void {
	state.lost = fn
}

export function queryString(query: Query | undefined): string {
	const out = new URLSearchParams()
	for (const [name, value] of Object.entries(query ?? {})) {
		if (value === undefined || value === null || value === '') continue
		out.set(name, String(value))
	}
	const text = out.toString()
	return text ? '?' + text : ''
}

/* randomUUID exists only in secure contexts; a centre's intranet may well be plain HTTP. */
export function newKey(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16))
	return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

export function errorFrom(status: number, text: string): ApiError {
	try {
		const e = (JSON.parse(text) as { error?: Record<string, unknown> }).error
		if (e) {
			return new ApiError(
				status,
				String(e.code ?? 'http.' + status),
				e.field ? String(e.field) : null,
				String(e.message ?? '')
			)
		}
	} catch {
		/* Not our server's words (a proxy's page): the status alone decides. */
	}
	return new ApiError(status, 'http.' + status, null, '')
}

async function send<T>(method: string, path: string, o: RequestOptions = {}): Promise<T> {
	const headers: Record<string, string> = { Accept: 'application/json' }
	let body: BodyInit | undefined
	if (o.raw !== undefined) {
		body = o.raw
		headers['Content-Type'] = o.type ?? 'application/octet-stream'
	} else if (o.body !== undefined) {
		body = JSON.stringify(o.body)
		headers['Content-Type'] = 'application/json'
	}
	if (method !== 'GET' && state.csrf) headers['X-CSRF-Token'] = state.csrf
	if (method === 'POST') headers['Idempotency-Key'] = o.key ?? newKey()
	let reply: Response
	try {
		reply = await fetch(path + queryString(o.query), {
			method,
			headers,
			body,
			signal: o.signal,
			credentials: 'same-origin'
		})
	} catch (e) {
		if ((e as Error).name === 'AbortError') throw e
		throw new ApiError(0, 'network', null, String((e as Error).message))
	}
	const text = await reply.text()
	if (!reply.ok) {
		const err = errorFrom(reply.status, text)
		if (err.status === 401 && path !== '/api/session') state.lost?.()
		throw err
	}
	return (text ? JSON.parse(text) : null) as T
}

/* What only reads is asked again when the server has too much to do just now. */
const READ_TRIES = 5
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

async function read<T>(path: string, o: RequestOptions, tries = READ_TRIES): Promise<T> {
	try {
		return await send<T>('GET', path, o)
	} catch (e) {
		if (!(e instanceof ApiError) || e.code !== 'busy' || tries <= 1) throw e
		await pause(500 + Math.random() * 1000)
		return read(path, o, tries - 1)
	}
}

export const api = {
	get: <T>(path: string, query?: Query, signal?: AbortSignal) => read<T>(path, { query, signal }),
	/* Without a body for what takes none. */
	post: <T>(path: string, body?: unknown, o?: RequestOptions) => send<T>('POST', path, { ...o, body }),
	patch: <T>(path: string, body: unknown, o?: RequestOptions) =>
		send<T>('PATCH', path, { ...o, body }),
	put: <T>(path: string, body: unknown, o?: RequestOptions) => send<T>('PUT', path, { ...o, body }),
	del: <T>(path: string, o?: RequestOptions) => send<T>('DELETE', path, o),
	raw: <T>(path: string, raw: Blob | string, o?: RequestOptions) =>
		send<T>('POST', path, { ...o, raw })
}

export function isAbort(e: unknown): boolean {
	return (e as Error)?.name === 'AbortError'
}
