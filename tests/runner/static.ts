/* The builds under other compilers and flags, and the analysers. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { isTest } from '../architecture/rules.ts';
import { none, once, type Result } from './results.ts';
import { cores, type Job, root, type Stage } from './stage.ts';

const dirOf = (name: string): string => join('build-test', name);
export const asanBin = join(dirOf('asan'), 'gezhi');

/** Makes the build folder, anew when the flags are others than before. */
async function configure(job: Job, name: string, flags: string[], env: NodeJS.ProcessEnv = {}): Promise<number | null> {
	const dir = dirOf(name);
	const noted = join(root, dir, 'flags');
	const wanted = JSON.stringify([flags, env]);
	if (existsSync(noted) && readFileSync(noted, 'utf8') === wanted) return 0;
	rmSync(join(root, dir), { recursive: true, force: true });
	const status = await job.exec(['meson', 'setup', dir, ...flags], { env });
	if (status === 0) writeFileSync(noted, wanted);
	return status;
}

async function buildWith(job: Job, name: string, flags: string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
	const ready = await configure(job, name, flags, env);
	if (ready !== 0) return once(ready);
	return once(await job.exec(['ninja', '-C', dirOf(name), '-k', '0', '-j', String(cores)], { env, minutes: 20 }));
}

// The web is embedded once, in the release build.
const noWeb = '-Dweb=';

const asan: Stage = {
	name: 'asan', needs: [], load: 'all',
	run: (job) => buildWith(job, 'asan', [noWeb, '-Doptimization=1', '-Db_sanitize=address,undefined']),
};

const clang: Stage = {
	name: 'clang', needs: [], load: 'all',
	run: (job) => buildWith(job, 'clang', [noWeb, '-Doptimization=0'], { CC: 'clang' }),
};

const hint = join('tests', 'runner', 'analyzer.h');

// gcc 12's analyzer takes a structure that a callee fills for uninitialised and memory given to a
// longer-lived owner for lost. clang's analyzer, ASan and its leak check look there.
const analyzerFlags = '-Dc_args=-fanalyzer -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-malloc-leak ' +
	`-include ${join(root, hint)} -I${join(root, 'src')}`;

/** Only the product's own objects: a test that failed an assertion does not go on. */
const analyzer: Stage = {
	name: 'analyzer', needs: [], load: 'all',
	run: async (job) => {
		const dir = dirOf('analyzer');
		const ready = await configure(job, 'analyzer', [noWeb, '-Doptimization=1', analyzerFlags]);
		if (ready !== 0) return once(ready);
		const outputs = compiled(dir).map((c) => c.output);
		return once(await job.exec(['ninja', '-C', dir, '-k', '0', '-j', String(cores), ...outputs], { minutes: 20 }));
	},
};

// --- clang-tidy ----------------------------------------------------------------------------------

interface Compiled {
	file: string;
	output: string;
}

/** The product's own sources in a build, by their path in the project, with the object each makes. */
export function compiled(dir: string): Compiled[] {
	const all = JSON.parse(readFileSync(join(root, dir, 'compile_commands.json'), 'utf8')) as Compiled[];
	return all.filter((c) => /(^|\/)src\/.*\.c$/.test(c.file) && !isTest(c.file) && !c.file.endsWith('.pb-c.c'))
		.map((c) => ({ file: relative(root, resolve(root, dir, c.file)), output: c.output }));
}

// Following every path on paper takes longest of all: it stops earlier than clang's own limit, and the paths of
// tests are run, under the sanitizers too.
const tidyArgs = (path: string): string[] =>
	['clang-tidy', '-quiet', '-p', dirOf('clang'), path, `--extra-arg=-include${join(root, hint)}`,
		...['-Xclang', '-analyzer-config', '-Xclang', 'max-nodes=60000'].map((a) => `--extra-arg=${a}`),
		...(/_test\.c$/.test(path) ? ['--checks=-clang-analyzer-*'] : [])];

/** For each source the files it is made of, from the compiler's own lists. */
async function dependencies(job: Job, dir: string): Promise<Map<string, string[]>> {
	const { out } = await job.capture(['ninja', '-C', dir, '-t', 'deps']);
	const map = new Map<string, string[]>();
	let list: string[] = [];
	for (const line of out.split('\n')) {
		if (/^\S.*: #deps/.test(line)) list = [];
		else if (line.startsWith('    ')) {
			const path = join(dir, line.trim()).replace(/^.*?(src\/)/, '$1');
			if (!line.trim().startsWith('/')) list.push(path);
			if (list.length === 1) map.set(path, list);
		}
	}
	return map;
}

function hashOf(paths: string[]): string {
	const h = createHash('sha256');
	for (const p of ['.clang-tidy', hint, ...paths])
		if (existsSync(join(root, p))) h.update(p).update(readFileSync(join(root, p)));
	return h.digest('hex');
}

/** File by file; one that was clean is not looked at again until it or what it includes changes. */
const tidy: Stage = {
	name: 'tidy', needs: ['clang'], load: 'all',
	run: async (job) => {
		const clean = join(root, dirOf('tidy'));
		mkdirSync(clean, { recursive: true });
		const deps = await dependencies(job, dirOf('clang'));
		const result = { ...none };
		const waiting = compiled(dirOf('clang')).map((c) => c.file).sort();
		const worker = async (): Promise<void> => {
			for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
				const mark = join(clean, hashOf(deps.get(path) ?? [path]));
				const ok = existsSync(mark) || (await job.exec(tidyArgs(path))) === 0;
				if (ok) writeFileSync(mark, path);
				result[ok ? 'passed' : 'failed']++;
			}
		};
		await Promise.all(Array.from({ length: cores }, worker));
		return result;
	},
};

// Tables are read by offset, so members look unused. Memory handed to a caller inside a structure looks
// lost, and what a failed assertion would leave unset is no finding; the sanitizer builds know better.
// No <limits.h> is read, for want of which libpng's header gives up.
const cppcheck: Stage = {
	name: 'cppcheck', needs: ['clang'], load: 'one',
	run: async (job) => {
		const cache = dirOf('cppcheck');
		mkdirSync(join(root, cache), { recursive: true });
		return once(await job.exec(['cppcheck', '--quiet', `--project=${join(dirOf('clang'), 'compile_commands.json')}`,
			`--cppcheck-build-dir=${cache}`, '--enable=warning,performance,portability', '--inline-suppr',
			'--suppress=unusedStructMember', '--suppress=memleak', '--suppress=uninitvar:*_test.c', '--suppress=legacyUninitvar:*_test.c',
			'--library=tests/runner/cppcheck.cfg', '--suppress=*:*.pb-c.*',
			'--suppress=preprocessorErrorDirective:/usr/include/*', '--error-exitcode=1',
			'--template={file}:{line}: {severity}: {id}: {message}']));
	},
};

export const builds = [asan, clang];
export const analysers = [analyzer, tidy, cppcheck];
