/*
 * Runs everything that speaks for the project, stage by stage, and adds it up: the last line is
 * 'N passed, N failed'. A stage's output goes to build/test-logs; of a failed one the end is shown.
 *
 *     make test                    all
 *     make test STAGE=unit,http    these, with the builds they need
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from './pg/cluster.ts';
import { add, fromMeson, fromTap, fromVitest, none, once, type Result, settle } from './runner/results.ts';
import { cores, endAll, type Job, root, runStages, select, type Stage } from './runner/stage.ts';
import { analysers, asanBin, builds } from './runner/static.ts';

const sanitizers = {
	ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1',
	UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
};

async function withPg(job: Job, f: (env: NodeJS.ProcessEnv) => Promise<Result>): Promise<Result> {
	const cluster = await startCluster();
	const stop = job.cleanup(cluster.stop);
	try {
		return await f({ GEZHI_TEST_PG: cluster.url });
	} finally {
		stop();
	}
}

const files = (pattern: string): string[] => globSync(pattern, { cwd: root }).sort();
const absent = (pattern: string) => (): string | null => (files(pattern).length === 0 ? `no ${pattern}` : null);

/** node:test over the files, counted by its TAP report. */
async function nodeTests(job: Job, pattern: string, env: NodeJS.ProcessEnv, parallel = cores): Promise<Result> {
	const tap = job.file('tap');
	const status = await job.exec([process.execPath, '--disable-warning=ExperimentalWarning', '--test',
		`--test-concurrency=${parallel}`, '--test-reporter=spec', '--test-reporter-destination=stdout',
		'--test-reporter=tap', `--test-reporter-destination=${tap}`, ...files(pattern)], { env, minutes: 20 });
	return settle(fromTap(existsSync(tap) ? readFileSync(tap, 'utf8') : ''), status);
}

/** Makes the demo that the tests copy, before their clock runs. */
async function withDemo(job: Job, pattern: string, env: NodeJS.ProcessEnv, parallel = cores): Promise<Result> {
	const status = await job.exec([process.execPath, '--disable-warning=ExperimentalWarning', 'tests/http/lib/prepare.ts'], { env });
	return status === 0 ? nodeTests(job, pattern, env, parallel) : settle(none, status);
}

const http = 'tests/http/*.test.ts';
const browser = 'tests/browser/*.test.ts';
const crash = 'tests/crash/*.test.ts';

const stages: Stage[] = [
	{
		name: 'build', needs: [], load: 'all',
		run: async (job) => once(await job.exec(['make', 'build'], { minutes: 20 })),
	},
	...builds,
	{
		name: 'types', needs: [], load: 'one',
		run: async (job) => once(await job.exec(['npm', 'run', '--silent', 'check'], { cwd: join(root, 'tests') })),
	},
	{
		name: 'architecture', needs: ['clang'], load: 'one',
		run: (job) => nodeTests(job, 'tests/{architecture,runner,http/lib}/*.test.ts', { GEZHI_OBJECTS: 'build-test/clang' }, 1),
	},
	{ name: 'unit', needs: ['asan'], load: 'all', run: (job) => withPg(job, (env) => unit(job, env)) },
	{ name: 'web', needs: ['build'], load: 'all', absent: absent('web/package.json'), run: web },
	{
		name: 'http-pg', needs: ['build'], load: 'all', absent: absent(http),
		run: (job) => withPg(job, (env) => withDemo(job, http, { ...env, GEZHI_TEST_ENGINE: 'pg' })),
	},
	// The embedded engine, and the sanitizers with it.
	{
		name: 'http-asan', needs: ['build', 'asan'], load: 'all', absent: absent(http),
		run: (job) => withDemo(job, http, { ...sanitizers, GEZHI_TEST_ENGINE: 'sqlite', GEZHI_BIN: asanBin }),
	},
	{
		name: 'crash', needs: ['build'], load: 'all', absent: absent(crash),
		run: (job) => withDemo(job, crash, { GEZHI_TEST_ENGINE: 'sqlite' }, 1),
	},
	{
		name: 'browser', needs: ['build'], load: 'all', absent: absent(browser),
		run: (job) => withDemo(job, browser, { GEZHI_TEST_ENGINE: 'sqlite' }),
	},
	...analysers,
];

async function unit(job: Job, env: NodeJS.ProcessEnv): Promise<Result> {
	const dir = 'build-test/asan';
	// twice as many as cores: half of the time a test waits for its store
	const status = await job.exec(['meson', 'test', '-C', dir, '--no-rebuild', '--num-processes', String(cores * 2),
		'--timeout-multiplier', '4', '--print-errorlogs'], { env: { ...env, ...sanitizers }, minutes: 20 });
	const log = join(root, dir, 'meson-logs/testlog.json');
	return settle(existsSync(log) ? fromMeson(readFileSync(log, 'utf8')) : none, status);
}

/** The checks that web/package.json names: check (types), lint, test (vitest). */
async function web(job: Job): Promise<Result> {
	const cwd = join(root, 'web');
	const { scripts = {} } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as { scripts?: Record<string, string> };
	let total = none;
	for (const name of ['check', 'lint'].filter((n) => scripts[n] !== undefined))
		total = add(total, once(await job.exec(['npm', 'run', '--silent', name], { cwd })));
	if (scripts['test'] === undefined) return total;
	const report = job.file('json');
	const status = await job.exec(['npm', 'run', '--silent', 'test', '--', '--reporter=default', '--reporter=json',
		`--outputFile.json=${report}`], { cwd });
	return add(total, settle(existsSync(report) ? fromVitest(readFileSync(report, 'utf8')) : none, status));
}

function interrupted(): void {
	endAll();
	process.exit(130);
}

async function main(): Promise<void> {
	process.on('SIGINT', interrupted);
	process.on('SIGTERM', interrupted);
	const wanted = process.argv.slice(2).join(',').split(',').filter((w) => w !== '');
	const start = performance.now();
	const outcomes = await runStages(select(stages, wanted));
	const total = outcomes.reduce<Result>(add, none);
	console.log(`\n${outcomes.length} stages in ${((performance.now() - start) / 60_000).toFixed(1)} minutes`);
	console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
	process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

await main();
