/*
 * A private, throw-away PostgreSQL: made in a new folder below the system's temporary one, listening on
 * a free loopback port only, gone when stopped. Nothing of a PostgreSQL that the machine may run
 * already is touched. Used by the test runner, and by hand to give one command both engines:
 *
 *     node tests/pg/cluster.ts meson test -C build-me
 *
 * sets GEZHI_TEST_PG for the command to the URL of an empty database whose user may create others.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Cluster {
	url: string;
	stop: () => void;
}

const versionsDir = '/usr/lib/postgresql';

/** Folder of the newest installed server programs (Debian keeps them off PATH). */
export function pgBin(): string {
	const versions = readdirSync(versionsDir).filter((v) => /^\d+$/.test(v));
	versions.sort((a, b) => Number(b) - Number(a));
	if (versions[0] === undefined) throw new Error(`no PostgreSQL in ${versionsDir}`);
	return join(versionsDir, versions[0], 'bin');
}

export function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const s = createServer();
		s.on('error', reject);
		s.listen(0, '127.0.0.1', () => {
			const a = s.address();
			s.close(() => resolve(a !== null && typeof a === 'object' ? a.port : 0));
		});
	});
}

// PostgreSQL refuses to run as root; then it runs as the user that Debian's package made for it.
function asServerUser(args: string[]): string[] {
	if (process.getuid?.() !== 0) return args;
	return ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', '--', ...args];
}

function idOf(user: string): [number, number] {
	const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((l) => l.startsWith(user + ':'));
	const f = line?.split(':') ?? [];
	if (f[2] === undefined || f[3] === undefined) throw new Error(`no user ${user}`);
	return [Number(f[2]), Number(f[3])];
}

function run(dir: string, args: string[]): void {
	const [cmd, ...rest] = asServerUser(args);
	// No pipes: the server inherits them and would keep this call waiting.
	const r = spawnSync(cmd as string, rest, { cwd: dir, stdio: 'ignore', env: serverEnv() });
	if (r.status !== 0) {
		let log = '';
		try {
			log = readFileSync(join(dir, 'log'), 'utf8');
		} catch {
			// initdb failed: there is no server log yet
		}
		throw new Error(`${args[0]} failed (${r.status ?? r.error?.message})\n${log}`);
	}
}

function serverEnv(): NodeJS.ProcessEnv {
	return { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}

/** Starts one; about two seconds. `settings` are further lines of postgresql.conf as name=value. */
export async function startCluster(settings: string[] = []): Promise<Cluster> {
	const bin = pgBin();
	const dir = mkdtempSync(join(tmpdir(), 'gezhi-pg-'));
	const data = join(dir, 'data');
	let stopped = false;
	const stop = (): void => {
		if (stopped) return;
		stopped = true;
		const [cmd, ...rest] = asServerUser([join(bin, 'pg_ctl'), '-D', data, '-m', 'immediate', '-w', 'stop']);
		spawnSync(cmd as string, rest, { cwd: '/', stdio: 'ignore', env: serverEnv() });
		rmSync(dir, { recursive: true, force: true });
	};
	try {
		if (process.getuid?.() === 0) chownSync(dir, ...idOf('postgres'));
		chmodSync(dir, 0o700);
		run(dir, [join(bin, 'initdb'), '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8',
			'--no-sync', '-D', data]);
		const port = await freePort();
		// Durability is the crash test's subject, not this cluster's: it lives for one run.
		const options = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=',
			'fsync=off', 'full_page_writes=off', 'max_connections=200', 'shared_buffers=64MB',
			...settings];
		run(dir, [join(bin, 'pg_ctl'), '-D', data, '-l', join(dir, 'log'), '-w', '-t', '60',
			'-o', options.map((o) => `-c ${o}`).join(' '), 'start']);
		return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop };
	} catch (e) {
		stop();
		throw e;
	}
}

/** Runs SQL with Debian's psql and gives its bare output, one row a line. Throws psql's message. */
export function psql(url: string, sql: string): string {
	const r = spawnSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', sql], { encoding: 'utf8' });
	if (r.status !== 0) throw new Error(`psql: ${r.stderr || r.error?.message}`);
	return r.stdout;
}

export function databaseUrl(url: string, name: string): string {
	const u = new URL(url);
	u.pathname = '/' + name;
	return u.toString();
}

if (process.argv[1] === import.meta.filename) {
	const [cmd, ...args] = process.argv.slice(2);
	if (cmd === undefined) {
		console.error('usage: node tests/pg/cluster.ts COMMAND [ARGUMENT…]');
		process.exit(2);
	}
	const cluster = await startCluster();
	const child = spawn(cmd, args, { stdio: 'inherit', env: { ...process.env, GEZHI_TEST_PG: cluster.url } });
	for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
	child.on('error', (e) => {
		console.error(e.message);
		cluster.stop();
		process.exit(127);
	});
	child.on('exit', (code, signal) => {
		cluster.stop();
		process.exit(signal !== null ? 1 : (code ?? 1));
	});
}
