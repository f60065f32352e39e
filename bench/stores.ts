/*
 * Stores to measure on: the demo district with so many events, made once and kept in build/bench until
 * the schema or the filling changes; and servers on copies of them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const bin = process.env.BIN ?? join(root, 'build/gezhi');
export const dir = process.env.BENCH_DIR ?? join(root, 'build/bench');
export const password = 'gezhi-demo';

const parts = (store: string): string[] => ['', '.key'].map((s) => store + s);

export function remove(store: string): void {
	for (const s of ['', '.key', '-wal', '-shm', '.files']) rmSync(store + s, { recursive: true, force: true });
}

/** What the rows of a store depend on. */
function recipe(): string {
	const h = createHash('sha256');
	for (const f of readdirSync(join(root, 'migrations')).sort()) h.update(readFileSync(join(root, 'migrations', f)));
	return h.update(readFileSync(join(root, 'src/main/bench_fill.c'))).digest('hex').slice(0, 8);
}

/** A demo of this size with `events` events besides; made when it is not there. */
export function store(size: 'district' | 'city', events: number): string {
	const path = join(dir, `${size}-${events}-${recipe()}.db`);
	if (existsSync(path)) return path;
	mkdirSync(dir, { recursive: true });
	const fresh = path + '.new';
	remove(fresh);
	const make = (...args: string[]): string => execFileSync(bin, [...args, '--db', `sqlite:${fresh}`], { encoding: 'utf8' });
	console.log(`made ${size}: ${make('demo', '--size', size, '--events', '0', '--quiet').trim()}`);
	if (events > 0) console.log(`made ${events} events: ${make('bench', 'fill', '--events', String(events)).trim()}`);
	for (const s of ['-wal', '-shm', '.files']) rmSync(fresh + s, { recursive: true, force: true });
	renameSync(fresh + '.key', path + '.key');
	renameSync(fresh, path);
	return path;
}

/** A copy to be written to. */
export function copy(from: string, name: string): string {
	const to = join(dir, name);
	remove(to);
	parts(from).forEach((f, i) => copyFileSync(f, parts(to)[i] as string, constants.COPYFILE_FICLONE));
	return to;
}

export function freePort(): Promise<number> {
	return new Promise((done, fail) => {
		const s = createServer();
		s.on('error', fail);
		s.listen(0, '127.0.0.1', () => {
			const a = s.address();
			s.close(() => done(typeof a === 'object' && a ? a.port : 0));
		});
	});
}

export class Server {
	readonly port: number;
	readonly child: ChildProcess;
	startMs = 0;
	private constructor(port: number, child: ChildProcess) {
		this.port = port;
		this.child = child;
	}
	get pid(): number {
		return this.child.pid ?? 0;
	}
	/** Ready when it first answers. */
	static async start(path: string, ...more: string[]): Promise<Server> {
		const port = await freePort();
		const from = performance.now();
		const child = spawn(bin, ['serve', '--db', `sqlite:${path}`, '--port', String(port), ...more], { stdio: ['ignore', 'ignore', 'inherit'] });
		const s = new Server(port, child);
		process.once('exit', () => child.kill('SIGKILL'));
		for (;;) {
			const up = await fetch(`http://127.0.0.1:${port}/healthz`).then((r) => r.ok, () => false);
			if (up) break;
			if (child.exitCode !== null || performance.now() - from > 60000) throw new Error('the server does not start');
			await new Promise((r) => setTimeout(r, 2));
		}
		s.startMs = performance.now() - from;
		return s;
	}
	async stop(): Promise<void> {
		if (this.child.exitCode !== null) return;
		const gone = new Promise((r) => this.child.once('exit', r));
		this.child.kill('SIGTERM');
		await gone;
	}
	async token(login: string): Promise<string> {
		const r = await fetch(`http://127.0.0.1:${this.port}/api/session`, {
			method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ login, password }),
		});
		return ((await r.json()) as { token: string }).token;
	}
	async get(target: string, token: string): Promise<Response> {
		const r = await fetch(`http://127.0.0.1:${this.port}${target}`, { headers: { authorization: `Bearer ${token}` } });
		if (!r.ok) throw new Error(`${target}: ${r.status} ${await r.text()}`);
		return r;
	}
}
