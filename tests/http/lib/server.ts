/*
 * Starts the real program on a free port with a store of its own and stops it again.
 *
 *     const gz = useServer();
 *     test('R028 …', async () => {
 *         const duty = await gz.signIn('duty1');
 *         const r = await duty.post('/api/events', { … });
 *         assert.equal(r.status, 201);
 *     });
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { freePort } from '../../pg/cluster.ts';
import { Client } from './client.ts';
import { bin, type Content, type Ran, gezhi, keyEnv, newStore, type Store } from './store.ts';

export { Client } from './client.ts';
export type { Reply, StreamEvent } from './client.ts';
export { engine, newStore } from './store.ts';

export const demoPassword = 'gezhi-demo';

export interface ServerOptions {
	content?: Content;
	/** More arguments of `serve`. */
	args?: string[];
	env?: NodeJS.ProcessEnv;
	/** Runs before the server starts, on the fresh store (imports, changed settings). */
	setup?: (store: Store) => void | Promise<void>;
	/** A store that the caller owns (a restart on the same data); it is not dropped by stop. */
	store?: Store;
}

const startSeconds = 30;
const stopSeconds = 20;

/** The client of somebody who signs in; `log` says more when that fails. */
export async function signedIn(base: string, login: string, password = demoPassword, log = () => ''): Promise<Client> {
	const r = await new Client(base).post('/api/session', { login, password });
	if (r.status !== 201) throw new Error(`sign-in of ${login} answered ${r.status}: ${r.text}\n${log()}`);
	return new Client(base, r.body);
}

export class Server {
	readonly store: Store;
	readonly base: string;
	private readonly child: ChildProcess;
	private readonly logPath: string;
	private readonly owned: boolean;
	private readonly clients = new Map<string, Client>();

	private constructor(store: Store, owned: boolean, base: string, child: ChildProcess, logPath: string) {
		this.store = store;
		this.owned = owned;
		this.base = base;
		this.child = child;
		this.logPath = logPath;
	}

	static async start(options: ServerOptions = {}): Promise<Server> {
		const owned = options.store === undefined;
		const store = options.store ?? newStore(options.content ?? 'demo');
		try {
			if (options.setup !== undefined) await options.setup(store);
			return await Server.launch(store, owned, options);
		} catch (e) {
			if (owned) store.drop();
			throw e;
		}
	}

	private static async launch(store: Store, owned: boolean, options: ServerOptions): Promise<Server> {
		const port = await freePort();
		const logPath = join(store.dir, 'server.log');
		const log = openSync(logPath, 'a');
		const child = spawn(bin, ['serve', '--db', store.url, '--port', String(port), ...(options.args ?? [])], {
			cwd: store.dir,
			env: { ...process.env, ...keyEnv(store.dir), ...options.env },
			stdio: ['ignore', log, log],
		});
		closeSync(log);
		const server = new Server(store, owned, `http://127.0.0.1:${port}`, child, logPath);
		try {
			await server.ready();
		} catch (e) {
			child.kill('SIGKILL');
			throw e;
		}
		return server;
	}

	private async ready(): Promise<void> {
		const end = Date.now() + startSeconds * 1000;
		while (Date.now() < end) {
			if (this.gone()) throw new Error(`the server ended while starting\n${this.log()}`);
			try {
				const r = await fetch(this.base + '/healthz');
				await r.arrayBuffer();
				if (r.ok) return;
			} catch {
				// not listening yet
			}
			await new Promise((done) => setTimeout(done, 20));
		}
		throw new Error(`no /healthz within ${startSeconds} s\n${this.log()}`);
	}

	private gone(): boolean {
		return this.child.exitCode !== null || this.child.signalCode !== null;
	}

	get pid(): number {
		return this.child.pid as number;
	}

	log(): string {
		try {
			return readFileSync(this.logPath, 'utf8').slice(-8000);
		} catch {
			return '';
		}
	}

	anonymous(): Client {
		return new Client(this.base);
	}

	/** A demo account's client; signed in once per server. */
	async signIn(login: string, password = demoPassword): Promise<Client> {
		const known = this.clients.get(login);
		if (known !== undefined) return known;
		const client = await signedIn(this.base, login, password, () => this.log());
		this.clients.set(login, client);
		return client;
	}

	/** Runs a command of the program on this server's store. */
	cli(args: string[], input?: string): Ran {
		const options = input === undefined ? { cwd: this.store.dir } : { cwd: this.store.dir, input };
		return gezhi([...args, '--db', this.store.url], options);
	}

	/** kill -9, for crash tests; the store stays. */
	async kill(): Promise<void> {
		if (this.gone()) return;
		const exit = once(this.child, 'exit');
		this.child.kill('SIGKILL');
		await exit;
	}

	/** Asks it to end and checks that it did so cleanly (a sanitizer's finding is not clean). */
	async stop(): Promise<void> {
		try {
			if (this.gone()) {
				if (this.child.signalCode === 'SIGKILL') return;
			} else {
				const exit = once(this.child, 'exit', { signal: AbortSignal.timeout(stopSeconds * 1000) });
				this.child.kill('SIGTERM');
				await exit;
			}
			if (this.child.exitCode !== 0)
				throw new Error(`the server ended with ${this.child.exitCode ?? this.child.signalCode}\n${this.log()}`);
		} finally {
			this.child.kill('SIGKILL');
			if (this.owned) this.store.drop();
		}
	}
}

/** One server for the tests of a file: started before them, stopped after them. */
export function useServer(options: ServerOptions = {}): Server {
	let server: Server | undefined;
	before(async () => {
		server = await Server.start(options);
	});
	after(async () => {
		await server?.stop();
	});
	return new Proxy({} as Server, {
		get(_, name) {
			if (server === undefined) throw new Error('the server runs only inside tests');
			const value: unknown = Reflect.get(server, name);
			return typeof value === 'function' ? value.bind(server) : value;
		},
	});
}
