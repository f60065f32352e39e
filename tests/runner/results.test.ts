import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as r from './results.ts';

test('node:test: the last closing lines count, cancelled ones failed', () => {
	const text = '# pass 1\nok 1\n# tests 9\n# pass 4\n# fail 1\n# cancelled 2\n# skipped 1\n# todo 1\n';
	assert.deepEqual(r.fromTap(text), { passed: 4, failed: 3, skipped: 2 });
	assert.deepEqual(r.fromTap(''), r.none);
});

test('meson: cmocka programs by their tests, others by one, a crash as a failure', () => {
	const lines = [
		{ name: 'a', result: 'OK', stdout: '', stderr: '[  PASSED  ] 7 test(s).\n' },
		{ name: 'b', result: 'FAIL', stdout: '[  PASSED  ] 3 test(s).\n', stderr: '[  FAILED  ] 2 test(s), listed below:\n[  FAILED  ] b_one\n' },
		{ name: 'c', result: 'OK', stdout: 'fine' },
		{ name: 'd', result: 'ERROR', stdout: '[  PASSED  ] 2 test(s).\n' },
		{ name: 'e', result: 'TIMEOUT' },
		{ name: 'f', result: 'SKIP' },
	];
	assert.deepEqual(r.fromMeson(lines.map((l) => JSON.stringify(l)).join('\n')), { passed: 13, failed: 4, skipped: 1 });
});

test('vitest', () => {
	assert.deepEqual(r.fromVitest('{"numPassedTests":3,"numFailedTests":1,"numPendingTests":2,"numTodoTests":0}'),
		{ passed: 3, failed: 1, skipped: 2 });
});

test('silence and an unexplained exit are failures', () => {
	assert.equal(r.settle(r.none, 0).failed, 1);
	assert.equal(r.settle({ ...r.none, passed: 3 }, 1).failed, 1);
	assert.equal(r.settle({ ...r.none, passed: 3, failed: 2 }, 1).failed, 2);
	assert.equal(r.settle({ ...r.none, passed: 3 }, 0).failed, 0);
});

test('a failure tells the compiler error that scrolled away, and the end', () => {
	const log = ['[1/9] cc a.c', 'a.c:2:1: error: no', ...Array.from({ length: 9 }, (_, i) => `[${i}/9] cc`)].join('\n');
	assert.equal(r.telling(log, 2), 'a.c:2:1: error: no\n...\n[7/9] cc\n[8/9] cc');
	assert.equal(r.telling('a\nb\n', 2), 'a\nb');
});
