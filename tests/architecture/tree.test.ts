/* The rules, on everything that git tracks; and what the object files and headers show. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { type File, fileBytesMax, type Finding, isTest, rules } from './rules.ts';
import { compiled } from '../runner/static.ts';

const root = resolve(import.meta.dirname, '../..');
const tracked = execFileSync('git', ['-c', `safe.directory=${root}`, 'ls-files', '-z'], { cwd: root, encoding: 'utf8' })
	.split('\0').filter((p) => p !== '' && existsSync(join(root, p)));
const isText = /\.(c|h|ts|vue|css|html|json|md|sql|build|txt|csv|proto|svg|yml|yaml|conf)$|(^|\/)(Makefile|run|\.[\w-]+)$/;
const files: File[] = tracked.filter((p) => isText.test(p))
	.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const show = (found: Finding[]): string => found.map((f) => `${f.path}:${f.line}: ${f.message}`).join('\n');

for (const [name, rule] of Object.entries(rules)) {
	test(name, () => {
		const found = rule(files);
		assert.equal(found.length, 0, '\n' + show(found));
	});
}

test('no tracked file is over 1 MB', () => {
	assert.deepEqual(tracked.filter((p) => statSync(join(root, p)).size > fileBytesMax), []);
});

test('every header compiles alone', () => {
	const failed: string[] = [];
	for (const { path } of files.filter((f) => f.path.startsWith('src/') && f.path.endsWith('.h') && !isTest(f.path))) {
		const r = spawnSync('gcc', ['-std=c17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-Isrc', '-fsyntax-only',
			'-x', 'c', '-'], { cwd: root, input: `#include "${path.slice('src/'.length)}"\n`, encoding: 'utf8' });
		if (r.status !== 0) failed.push(r.stderr);
	}
	assert.deepEqual(failed, []);
});

// Writable data of a process, by the names the object files give it. None is needed so far.
const mutableAllowed: string[] = [];
const objects = process.env['GEZHI_OBJECTS'];

test('no mutable globals', { skip: objects === undefined ? 'GEZHI_OBJECTS names no build' : false }, () => {
	const list = compiled(objects ?? '');
	assert.notEqual(list.length, 0, 'no object files');
	const seen = new Set<string>();
	for (const { file, output } of list) {
		const out = execFileSync('nm', ['-f', 'sysv', join(root, objects ?? '', output)], { encoding: 'utf8' });
		for (const line of out.split('\n')) {
			const column = line.split('|').map((s) => s.trim());
			const [name = '', section = ''] = [column[0], column[6]];
			// .data.rel.ro holds constants with addresses: read-only once the program is loaded
			if (/^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/.test(section) && !section.startsWith('.data.rel.ro'))
				seen.add(`${name} (${file})`);
		}
	}
	const unexpected = [...seen].filter((s) => !mutableAllowed.includes(s));
	assert.deepEqual(unexpected, []);
	assert.deepEqual(mutableAllowed.filter((s) => !seen.has(s)), [], 'an exception that nothing needs');
});
