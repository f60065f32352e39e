/*
 * Stores for tests on either engine. Making the demo takes a while, so it is made once per build of the
 * server and copied for each test file: a file copy on SQLite, CREATE DATABASE … TEMPLATE on PostgreSQL.
 *
 *   GEZHI_BIN          the server under test (build/gezhi, which makes the templates in any case)
 *   GEZHI_TEST_ENGINE  sqlite (default) or pg
 *   GEZHI_TEST_PG      URL of a PostgreSQL whose user may create databases (needed for pg)
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { databaseUrl, psql } from '../../pg/cluster.ts';

export type Engine = 'sqlite' | 'pg';
/** demo: the small demo, seed 7. empty: migrated, without any row of its own. none: not even migrated. */
export type Content = 'demo' | 'empty' | 'none';

export interface Store {
	url: string;
	/** A folder of its own; the server runs in it. */
	dir: string;
	drop: () => void;
}

export const root = resolve(import.meta.dirname, '../../..');
export const bin = resolve(root, process.env['GEZHI_BIN'] ?? 'build/gezhi');
const maker = existsSync(join(root, 'build/gezhi')) ? join(root, 'build/gezhi') : bin;
export const engine: Engine = process.env['GEZHI_TEST_ENGINE'] === 'pg' ? 'pg' : 'sqlite';

export interface Ran {
	status: number | null;
	stdout: string;
	stderr: string;
}

export interface RunOptions {
	cwd?: string;
	input?: string;
	env?: NodeJS.ProcessEnv;
}

/** PostgreSQL has no folder for the keys, so they are named: they lie in the store's own. */
export const keyEnv = (dir: string): NodeJS.ProcessEnv =>
	engine === 'pg' ? { GEZHI_KEY_FILE: join(dir, 'gezhi.key') } : {};

/** Runs the program under test to its end. */
export function gezhi(args: string[], options: RunOptions = {}, program = bin): Ran {
	const cwd = options.cwd ?? tmpdir();
	const r = spawnSync(program, args, {
		cwd,
		env: { ...process.env, ...keyEnv(cwd), ...options.env },
		encoding: 'utf8',
		input: options.input ?? '',
		maxBuffer: 256 << 20,
	});
	if (r.error !== undefined) throw r.error;
	return { status: r.status, stdout: r.stdout, stderr: r.stderr };
}

function mustRun(args: string[], cwd: string): void {
	const r = gezhi(args, { cwd }, maker);
	if (r.status !== 0) throw new Error(`gezhi ${args.join(' ')}: exit ${r.status}\n${r.stdout}\n${r.stderr}`);
}

function fill(content: Content, url: string, dir: string): void {
	if (content === 'demo') mustRun(['demo', '--size', 'small', '--seed', '7', '--db', url], dir);
	else if (content === 'empty') mustRun(['migrate', '--db', url], dir);
}

// A template belongs to one build of the program: a new one may have another schema or another demo.
function key(content: Content): string {
	const s = statSync(maker);
	return `${content}_${Math.round(s.mtimeMs).toString(36)}_${s.size.toString(36)}`;
}

function pgUrl(): string {
	const url = process.env['GEZHI_TEST_PG'];
	if (url === undefined || url === '') throw new Error('GEZHI_TEST_PG names no PostgreSQL');
	return url;
}

/*
 * Test files run in several processes. Each may make the template; whoever finishes first gives it its
 * name, the others throw theirs away.
 */
function sqliteTemplate(content: Content): string {
	const base = join(root, 'build', 'test-template');
	const ready = join(base, key(content));
	if (existsSync(ready)) return ready;
	mkdirSync(base, { recursive: true });
	const dir = mkdtempSync(join(base, 'new-'));
	fill(content, `sqlite:${join(dir, 'gezhi.db')}`, dir);
	try {
		renameSync(dir, ready);
	} catch {
		rmSync(dir, { recursive: true, force: true });
	}
	return ready;
}

const templateDir = (name: string): string => join(root, 'build', 'test-template', `pg-${name}`);

function pgTemplate(content: Content): string {
	const name = `gezhi_${key(content)}`;
	const exists = (): boolean => psql(pgUrl(), `SELECT 1 FROM pg_database WHERE datname = '${name}'`) !== '';
	if (exists()) return name;
	const draft = `${name}_${process.pid}`;
	const dir = templateDir(draft);
	mkdirSync(dir, { recursive: true });
	psql(pgUrl(), `CREATE DATABASE ${draft}`);
	fill(content, databaseUrl(pgUrl(), draft), dir);
	try {
		psql(pgUrl(), `ALTER DATABASE ${draft} RENAME TO ${name}`);
		rmSync(templateDir(name), { recursive: true, force: true });
		renameSync(dir, templateDir(name));
	} catch (e) {
		if (!exists()) throw e;
		psql(pgUrl(), `DROP DATABASE ${draft}`);
		rmSync(dir, { recursive: true, force: true });
	}
	return name;
}

/** Makes the template now, so that no test pays for it. */
export function prepare(content: Content = 'demo'): void {
	if (content === 'none') return;
	if (engine === 'pg') pgTemplate(content);
	else sqliteTemplate(content);
}

let made = 0;

/** A store of the caller's own; call drop when done. */
export function newStore(content: Content = 'demo'): Store {
	const dir = mkdtempSync(join(tmpdir(), 'gezhi-test-'));
	const dropDir = (): void => rmSync(dir, { recursive: true, force: true });
	try {
		if (engine === 'sqlite') {
			if (content !== 'none') cpSync(sqliteTemplate(content), dir, { recursive: true });
			return { url: `sqlite:${join(dir, 'gezhi.db')}`, dir, drop: dropDir };
		}
		const name = `test_${process.pid}_${++made}`;
		if (content === 'none') psql(pgUrl(), `CREATE DATABASE ${name}`);
		else {
			const template = pgTemplate(content);
			psql(pgUrl(), `CREATE DATABASE ${name} TEMPLATE ${template}`);
			if (existsSync(templateDir(template))) cpSync(templateDir(template), dir, { recursive: true });
		}
		const drop = (): void => {
			psql(pgUrl(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
			dropDir();
		};
		return { url: databaseUrl(pgUrl(), name), dir, drop };
	} catch (e) {
		dropDir();
		throw e;
	}
}
