/*
 * What a stage of the test run is, and the running of stages: in the order listed, as many at a time as
 * the machine's cores carry, each after the ones it needs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { type Result, none, telling } from './results.ts';

export const root = resolve(import.meta.dirname, '../..');
export const cores = Math.max(2, availableParallelism());
const logDir = join(root, 'build', 'test-logs');
const tailLines = 60;

export interface Stage {
	name: string;
	/** Stages that must have passed before. */
	needs: string[];
	/** 'all': alone, because it uses every core or measures time; 'one': beside another. */
	load: 'one' | 'all';
	/** Why it cannot run (what it tests does not exist), or null. */
	absent?: () => string | null;
	run: (job: Job) => Promise<Result>;
}

const running = new Set<ChildProcess>();
const cleanups = new Set<() => void>();

/** Ends what still runs, with its children; for an interrupted run. */
export function endAll(): void {
	for (const c of running) if (c.pid !== undefined) endGroup(c.pid, 'SIGTERM');
	for (const f of cleanups) f();
}

function endGroup(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(-pid, signal);
	} catch {
		// it has ended already
	}
}

export interface Exec {
	cwd?: string;
	env?: NodeJS.ProcessEnv;
	minutes?: number;
}

/** One stage's execution: its log and its commands. */
export class Job {
	readonly log: string;

	constructor(name: string) {
		mkdirSync(logDir, { recursive: true });
		this.log = join(logDir, `${name}.log`);
		writeFileSync(this.log, '');
	}

	/** A file beside the log, for a tool's machine-readable report. */
	file(ending: string): string {
		return this.log.replace(/log$/, ending);
	}

	say(text: string): void {
		appendFileSync(this.log, text + '\n');
	}

	tail(): string {
		return telling(readFileSync(this.log, 'utf8'), tailLines);
	}

	/** Registers what must be undone even when the run is interrupted; returns the undoing itself. */
	cleanup(f: () => void): () => void {
		cleanups.add(f);
		return () => {
			cleanups.delete(f);
			f();
		};
	}

	/** Runs a command into the log; gives its exit status (null: ended by a signal or by the time limit). */
	exec(args: string[], options: Exec = {}): Promise<number | null> {
		return this.capture(args, options).then((r) => r.status);
	}

	capture(args: string[], options: Exec = {}): Promise<{ status: number | null; out: string }> {
		const [cmd, ...rest] = args;
		this.say(`$ ${args.join(' ')}`);
		return new Promise((done) => {
			let out = '';
			const child = spawn(cmd as string, rest, {
				cwd: options.cwd ?? root,
				env: { ...process.env, ...options.env },
				stdio: ['ignore', 'pipe', 'pipe'],
				detached: true,
			});
			running.add(child);
			const minutes = options.minutes ?? 15;
			const timer = setTimeout(() => {
				this.say(`over ${minutes} minutes: ended`);
				if (child.pid !== undefined) endGroup(child.pid, 'SIGKILL');
			}, minutes * 60_000);
			const take = (chunk: Buffer): void => {
				out += chunk.toString();
				appendFileSync(this.log, chunk);
			};
			child.stdout.on('data', take);
			child.stderr.on('data', take);
			const end = (status: number | null): void => {
				clearTimeout(timer);
				running.delete(child);
				done({ status, out });
			};
			child.on('error', (e) => {
				this.say(e.message);
				end(127);
			});
			child.on('close', (code) => end(code));
		});
	}
}

export interface Outcome extends Result {
	name: string;
	seconds: number;
}

function show(o: Outcome, job: Job | null): void {
	const counts = `${o.passed} passed, ${o.failed} failed${o.skipped > 0 ? `, ${o.skipped} skipped` : ''}`;
	const note = o.note === undefined ? '' : ` (${o.note})`;
	if (o.failed > 0 && job !== null) {
		const bar = '-'.repeat(20);
		console.log(`${bar} ${o.name}: the end of ${job.log} ${bar}\n${job.tail()}\n${bar.repeat(2)}`);
	}
	console.log(`${o.failed > 0 ? 'FAIL' : 'ok  '} ${o.name.padEnd(14)} ${o.seconds.toFixed(1).padStart(6)} s  ${counts}${note}`);
}

async function runOne(stage: Stage, failed: Set<string>): Promise<Outcome> {
	const start = performance.now();
	const broken = stage.needs.filter((n) => failed.has(n));
	const why = stage.absent?.() ?? null;
	let result: Result;
	let job: Job | null = null;
	if (broken.length > 0) result = { ...none, failed: 1, note: `not run: ${broken.join(', ')} failed` };
	else if (why !== null) result = { ...none, skipped: 1, note: `not run: ${why}` };
	else {
		job = new Job(stage.name);
		try {
			result = await stage.run(job);
		} catch (e) {
			job.say(e instanceof Error ? (e.stack ?? e.message) : String(e));
			result = { ...none, failed: 1 };
		}
	}
	const outcome = { ...result, name: stage.name, seconds: (performance.now() - start) / 1000 };
	show(outcome, job);
	return outcome;
}

export function runStages(stages: Stage[]): Promise<Outcome[]> {
	const waiting = [...stages];
	const open = new Set(stages.map((s) => s.name));
	const failed = new Set<string>();
	const outcomes: Outcome[] = [];
	let free = cores;
	return new Promise((done) => {
		const next = (): void => {
			if (open.size === 0) return done(outcomes);
			for (const stage of [...waiting]) {
				const cost = stage.load === 'all' ? cores : 1;
				if (stage.needs.some((n) => open.has(n))) continue;
				if (cost > free) return; // in order: a small one behind must not starve it
				waiting.splice(waiting.indexOf(stage), 1);
				free -= cost;
				void runOne(stage, failed).then((o) => {
					outcomes.push(o);
					if (o.failed > 0) failed.add(o.name);
					open.delete(stage.name);
					free += cost;
					next();
				});
			}
		};
		next();
	});
}

/** The stages asked for (by name or the part before '-'), with all they need, in the listed order. */
export function select(stages: Stage[], wanted: string[]): Stage[] {
	if (wanted.length === 0) return stages;
	const byName = new Map(stages.map((s) => [s.name, s]));
	const chosen = new Set<string>();
	const take = (s: Stage): void => {
		if (chosen.has(s.name)) return;
		chosen.add(s.name);
		for (const n of s.needs) take(byName.get(n) as Stage);
	};
	for (const w of wanted) {
		const found = stages.filter((s) => s.name === w || s.name.startsWith(w + '-'));
		if (found.length === 0) throw new Error(`no stage ${w}; there are ${[...byName.keys()].join(' ')}`);
		found.forEach(take);
	}
	return stages.filter((s) => chosen.has(s.name));
}
