/*
 * Counts of passed, failed and skipped tests out of what the tools print. A tool that failed without
 * naming a failed test, or that ran none, counts as one failure: silence is not success.
 */
export interface Result {
	passed: number;
	failed: number;
	skipped: number;
	note?: string;
}

export const none: Result = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Result, b: Result): Result {
	return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** A tool that only says yes or no. */
export function once(status: number | null): Result {
	return status === 0 ? { ...none, passed: 1 } : { ...none, failed: 1 };
}

/** What a tool's exit status adds to what it counted itself. */
export function settle(r: Result, status: number | null): Result {
	if (status !== 0 && r.failed === 0) return { ...r, failed: 1, note: `exit ${status ?? 'by signal'}` };
	if (r.passed + r.failed + r.skipped === 0) return { ...r, failed: 1, note: 'ran nothing' };
	return r;
}

/** What a log has to tell of a failure: up to ten compiler errors from further up, then its end. */
export function telling(log: string, lines: number): string {
	const all = log.trimEnd().split('\n');
	const early = all.slice(0, -lines).filter((l) => /(^|\s)(fatal )?error: /.test(l)).slice(0, 10);
	return [...early, ...(early.length > 0 ? ['...'] : []), ...all.slice(-lines)].join('\n');
}

function last(text: string, pattern: RegExp): number {
	const all = [...text.matchAll(pattern)];
	return Number(all.at(-1)?.[1] ?? 0);
}

/** node:test's closing lines in TAP. */
export function fromTap(text: string): Result {
	const count = (word: string): number => last(text, new RegExp(`^# ${word} (\\d+)$`, 'gm'));
	return {
		passed: count('pass'),
		failed: count('fail') + count('cancelled'),
		skipped: count('skipped') + count('todo'),
	};
}

interface MesonTest {
	name: string;
	result: string;
	stdout?: string;
	stderr?: string;
}

function sum(text: string, pattern: RegExp): number {
	return [...text.matchAll(pattern)].reduce((n, m) => n + Number(m[1]), 0);
}

/** meson's testlog.json: a line per program; a cmocka program says itself how many tests it ran. */
export function fromMeson(text: string): Result {
	let total = none;
	for (const line of text.split('\n')) {
		if (line.trim() === '') continue;
		const t = JSON.parse(line) as MesonTest;
		const out = `${t.stdout ?? ''}\n${t.stderr ?? ''}`;
		const passed = sum(out, /^\[ {2}PASSED {2}\] (\d+) test/gm);
		const failed = sum(out, /^\[ {2}FAILED {2}\] (\d+) test/gm);
		const skipped = sum(out, /^\[ {2}SKIPPED {1,2}\] (\d+) test/gm);
		const counted = passed + failed + skipped > 0;
		if (t.result === 'OK') total = add(total, counted ? { passed, failed, skipped } : { ...none, passed: 1 });
		else if (t.result === 'SKIP') total = add(total, { ...none, skipped: 1 });
		else total = add(total, { passed, failed: Math.max(1, failed), skipped });
	}
	return total;
}

/** vitest --reporter=json. */
export function fromVitest(text: string): Result {
	const r = JSON.parse(text) as Record<string, number>;
	return {
		passed: r['numPassedTests'] ?? 0,
		failed: (r['numFailedTests'] ?? 0),
		skipped: (r['numPendingTests'] ?? 0) + (r['numTodoTests'] ?? 0),
	};
}
