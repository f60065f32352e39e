/* The rules themselves: each finds what it is for, and only that. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as r from './rules.ts';

const one = (path: string, text: string): r.File[] => [{ path, text }];
const lines = (found: r.Finding[]): number[] => found.map((f) => f.line);

test('strip keeps line numbers and blanks comments and strings', () => {
	const text = 'a /* x\ny */ b // c\n"s \\" t" d';
	const bare = r.strip(text);
	assert.equal(bare.split('\n').length, 3);
	assert.match(bare, /^a +\n +b +\n" +" d$/);
	assert.match(r.strip(text, false), /"s \\" t" d$/);
});

test('includes: upwards, into another module, without folder', () => {
	const files = [
		...one('src/base/a.c', '#include <stdio.h>\n#include "db/db.h"\n'),
		...one('src/base/b.c', '#include "base/err.h"\n#include "a.h"\n#include "gen.pb-c.h"\n'),
		...one('src/base/a.h', ''),
		...one('src/core/c.c', '#include "http/http.h"\n// #include "main/x.h"\n'),
		...one('src/mod/x/x.c', '#include "mod/x/x_impl.h"\n#include "mod/y/y.h"\n#include "mod/y/y_db.h"\n'),
		...one('src/main/m.c', '#include "mod/y/y.h"\n#include "elsewhere/z.h"\n'),
	];
	const found = r.includes(files).map((f) => `${f.path}:${f.line}`);
	assert.deepEqual(found, ['src/base/a.c:2', 'src/base/b.c:2', 'src/mod/x/x.c:3', 'src/main/m.c:2']);
});

test('web imports', () => {
	const files = [
		...one('web/src/shared/a.ts', "import x from '../features/y/index.ts';\n"),
		...one('web/src/features/p/a.vue', "import x from '@/features/q/Deep.vue';\nimport { z } from '../q';\n"),
		...one('web/src/features/p/b.ts', "import x from './a.vue';\nimport y from '@/shared/a';\nimport v from 'vue';\n"),
	];
	assert.deepEqual(r.webImports(files).map((f) => `${f.path}:${f.line}`),
		['web/src/shared/a.ts:1', 'web/src/features/p/a.vue:1']);
});

test('banned calls', () => {
	const text = 'x = strcpy(a, b);\ny = my_strcpy(a);\n/* sprintf( */ z->gets(q);\nprintf("rand(1)");\nsnprintf(b, 1, "");\n';
	assert.deepEqual(lines(r.bannedCalls(one('src/core/a.c', text))), [1, 4]);
	assert.deepEqual(lines(r.bannedCalls(one('src/main/a.c', text))), [1]);
	assert.deepEqual(lines(r.bannedCalls(one('src/core/a_test.c', text))), [1]);
});

test('static locals', () => {
	const text = 'static int f(void)\n{\n\tstatic int n;\n\tstatic const int k = 1;\n}\n';
	assert.deepEqual(lines(r.staticLocals(one('src/base/a.c', text))), [3]);
	assert.equal(r.staticLocals(one('src/base/a.h', '#define F(x) \\\n\tstatic int f(void)\n')).length, 0);
});

test('sizes', () => {
	assert.equal(r.fileLength(one('src/a.c', '\n'.repeat(800))).length, 0);
	assert.equal(r.fileLength(one('src/a.c', '\n'.repeat(801))).length, 1);
	const f = (n: number): string => `int f(void)\n{\n${'\tx();\n'.repeat(n)}}\n`;
	assert.equal(r.functionLength(one('src/a.c', f(60))).length, 0);
	assert.deepEqual(lines(r.functionLength(one('src/a.c', f(60) + f(61)))), [64]);
});

test('SQL has its place', () => {
	const text = 'const char *q = "SELECT id FROM t";\n/* "SELECT x" */ const char *w = "Select one";\n';
	assert.deepEqual(lines(r.sqlPlace(one('src/mod/x/x_api.c', text))), [1]);
	assert.deepEqual(lines(r.sqlPlace(one('src/mod/x/x_db.c', text))), []);
});

test('unwanted text', () => {
	assert.equal(r.unwantedText(one('a.json', '"resolved": "https://registry.' + 'npmjs.org/x"')).length, 1);
	assert.equal(r.unwantedText(one('a.md', 'see /wo' + 'rk/shared')).length, 1);
	assert.equal(r.unwantedText(one('a.md', 'the net/wo' + 'rk/ is fine, ghp' + '_short too')).length, 0);
});

test('languages, suppressions, hosts', () => {
	assert.equal(r.noThirdLanguage([...one('a.py', ''), ...one('b.c', ''), ...one('c.ts', '')]).length, 1);
	const no = '/* NO' + 'LINT';
	assert.deepEqual(lines(r.suppressions(one('a.c', `${no} */\n${no}(bugprone-x) */\n${no}(bugprone-x): the API wants it */\n`))), [1, 2]);
	assert.equal(r.noOutsideHost(one('web/src/a.ts', "const u = 'https://fonts.' + 'x'; // http://localhost:1")).length, 1);
	assert.equal(r.noOutsideHost(one('web/src/a.ts', '/* https://spec.net */ const ns = "http://www.w3.org/2000/svg";')).length, 0);
});
