/* R001–R036 over HTTP: an event's way from report to rating, lists, streams, tiles, exports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { act, all, below, community, grid, type Json, lamp, ok, otherStreet, refused, report, street } from './lib/district.ts';
import { type Client, type StreamEvent, useServer } from './lib/server.ts';

const gz = useServer();

test('the closed loop: reported, accepted, dispatched, signed, finished, checked by another, rated', async () => {
	const [duty, dept, secretary] = await Promise.all(['duty1', 'dept1', 'secretary1'].map((l) => gz.signIn(l)));
	assert.ok(duty && dept && secretary);
	const before = ok(await duty.get('/api/figures', { place: street }));
	const e = await report(duty, { title: '路灯', address: '一单元门口', reporter_name: '王小明', reporter_phone: '13800001234' });
	assert.match(e.no, /^E\d+$/);
	assert.match(e.query_code, /^[0-9A-Z]{10}$/);
	assert.equal(e.state, 'reported');
	assert.ok(Date.parse(e.due_at) > Date.now());
	assert.equal((await act(duty, e.id, 'accept')).state, 'accepted');
	const sent = await act(duty, e.id, 'dispatch');
	assert.deepEqual([sent.state, sent.unit_name], ['dispatched', '城市管理局']);
	assert.deepEqual(sent.reporter, { name: '王**', phone: '138****1234' });
	assert.equal((await act(dept, e.id, 'sign')).state, 'handling');
	refused(await dept.post(`/api/events/${e.id}/actions/finish`, {}), 400, 'required', 'result');
	assert.equal((await act(dept, e.id, 'finish', { result: '修好了', contacted: true })).state, 'checking');
	// whoever handled it does not check it
	refused(await dept.post(`/api/events/${e.id}/actions/pass`, {}), 403, 'matter.not_allowed');
	assert.equal((await act(secretary, e.id, 'pass')).state, 'closed');
	const follow = ok(await gz.anonymous().get(`/api/public/reports/${e.query_code}`));
	assert.deepEqual([follow.no, follow.state, follow.can_rate], [e.no, 'closed', true]);
	assert.equal(follow.text, undefined);
	const rated = await gz.anonymous().post(`/api/public/reports/${e.query_code}/rate`, { resolved: true, satisfied: 'yes', text: '好' });
	assert.equal(ok(rated).state, 'rated');
	const done = ok(await duty.get(`/api/events/${e.id}`));
	assert.deepEqual([done.state, done.open, done.satisfied], ['rated', false, 'yes']);
	const history = ok(await duty.get(`/api/matters/${e.id}/history`)).items.map((h: Json) => h.action);
	assert.deepEqual(history, ['report', 'accept', 'dispatch', 'sign', 'finish', 'pass', 'rate']);
	const clocks = ok(await duty.get(`/api/matters/${e.id}/clocks`)).clocks;
	assert.deepEqual(clocks.map((c: Json) => [c.clock, c.state]),
		[['accept', 'stopped'], ['sign', 'stopped'], ['handle', 'stopped'], ['verify', 'stopped']]);
	assert.ok(clocks.every((c: Json) => c.lines.length >= 2));
	const after = ok(await duty.get('/api/figures', { place: street }));
	assert.deepEqual([after.today_in - before.today_in, after.today_closed - before.today_closed, after.open - before.open], [1, 1, 0]);
});

test('an action out of turn, with an old version, or in vain changes nothing', async () => {
	const duty = await gz.signIn('duty1');
	const e = await report(duty);
	refused(await duty.post(`/api/events/${e.id}/actions/dispatch`, {}), 409, 'matter.state');
	refused(await duty.post(`/api/events/${e.id}/actions/accept`, { version: 7 }), 409, 'conflict.version');
	refused(await duty.post(`/api/events/${e.id}/actions/levitate`, {}), 404, 'matter.action');
	refused(await duty.post(`/api/events/${e.id}/actions/accept`, { until: '2030-01-01' }), 400, 'unknown_field', 'until');
	const same = ok(await duty.get(`/api/events/${e.id}`));
	assert.deepEqual([same.state, same.version], ['reported', 1]);
	assert.equal(ok(await duty.get(`/api/matters/${e.id}/history`)).items.length, 1);
});

test('two at once: one of two acceptances wins', async () => {
	const duty = await gz.signIn('duty1');
	const e = await report(duty);
	const replies = await Promise.all([1, 2, 3, 4].map(() => duty.post(`/api/events/${e.id}/actions/accept`, { version: 1 })));
	assert.deepEqual(replies.map((r) => r.status).sort(), [200, 409, 409, 409]);
});

test('pages by key: each event exactly once, whatever the page size, also while new ones arrive', async () => {
	const duty = await gz.signIn('duty1');
	const query = { place: street, to: new Date(Date.now() - 1000).toISOString().replace('Z', '+00:00') };
	const whole = (await all(duty, '/api/events', query)).map((e) => e.id);
	assert.ok(whole.length > 200, `${whole.length} events`);
	assert.equal(new Set(whole).size, whole.length);
	const count = ok(await duty.get('/api/events', { ...query, count: true, limit: 1 })).count;
	assert.equal(count, whole.length);
	await report(duty);
	assert.deepEqual((await all(duty, '/api/events', { ...query, limit: 37 })).map((e) => e.id), whole);
	const ascending = (await all(duty, '/api/events', { ...query, limit: 100, sort: 'id' })).map((e) => e.id);
	assert.deepEqual(ascending, [...whole].reverse());
	const due = await all(duty, '/api/events', { place: street, open: true, sort: 'due', limit: 5 });
	const times = due.map((e) => (e.due_at === null ? Infinity : Date.parse(e.due_at)));
	assert.deepEqual(times, [...times].sort((a, b) => a - b));
});

test('filters agree with the rows they give', async () => {
	const admin = await gz.signIn('admin');
	const rows = await all(admin, '/api/events');
	const checks: [Record<string, string | boolean>, (e: Json) => boolean][] = [
		[{ state: 'closed,rated' }, (e) => e.state === 'closed' || e.state === 'rated'],
		[{ category: lamp }, (e) => e.code === lamp],
		[{ category: 'peace' }, (e) => e.track === 'peace'],
		[{ urgency: 'U2' }, (e) => e.urgency === 'U2'],
		[{ open: true }, (e) => e.open],
		[{ place: community }, (e) => below(e.place, community)],
		[{ source: 'grid' }, (e) => e.source === 'grid'],
	];
	for (const [query, is] of checks) {
		const got = await all(admin, '/api/events', query);
		assert.ok(got.length > 0, JSON.stringify(query));
		assert.deepEqual(got.map((e) => e.id), rows.filter(is).map((e) => e.id), JSON.stringify(query));
	}
});

test('two Chinese characters are found, in the list and in its count', async () => {
	const duty = await gz.signIn('duty1');
	const e = await report(duty, { title: '鼹鼠打洞', text: '草坪上有鼹鼠' });
	for (const q of ['鼹鼠', '打洞', '草坪上']) {
		const r = ok(await duty.get('/api/events', { q, count: true }));
		assert.ok(r.items.some((x: Json) => x.id === e.id), q);
		assert.equal(r.count, r.items.length);
	}
	assert.equal(ok(await duty.get('/api/events', { q: '鼠鼹' })).items.length, 0);
});

/** The events of a stream while f runs and a little longer. */
async function listen(c: Client, f: () => Promise<void>, enough: (seen: StreamEvent[]) => boolean): Promise<StreamEvent[]> {
	const seen: StreamEvent[] = [];
	const stop = new AbortController();
	const reading = (async () => {
		try {
			for await (const e of c.stream('/api/stream', stop.signal)) seen.push(e);
		} catch (e) {
			if (!stop.signal.aborted) throw e;
		}
	})();
	await sleep(300);
	await f();
	for (let i = 0; i < 100 && !enough(seen); i++) await sleep(50);
	stop.abort();
	await reading;
	return seen;
}

test('R012: the stream tells of matters inside the subtree only', async () => {
	const [admin, secretary, duty] = await Promise.all(['admin', 'secretary1', 'duty1'].map((l) => gz.signIn(l)));
	assert.ok(admin && secretary && duty);
	let mine = '', foreign = '';
	const seen = await listen(secretary, async () => {
		foreign = (await report(admin, { place: otherStreet })).id;
		mine = (await report(duty, { place: grid })).id;
		await act(duty, mine, 'accept');
	}, (s) => s.filter((e) => e.type === 'matter' && e.data.id === mine).length >= 2);
	const matters = seen.filter((e) => e.type === 'matter');
	assert.deepEqual(matters.filter((e) => e.data.id === mine).map((e) => e.data.action), ['report', 'accept']);
	assert.deepEqual(matters.filter((e) => e.data.id === foreign || !below(e.data.place, community)), []);
	refused(await gz.anonymous().get('/api/stream'), 401);
});

test('tiles of places and events answer, and say when nothing changed', async () => {
	const duty = await gz.signIn('duty1');
	const { map } = ok(await gz.anonymous().get('/api/boot'));
	const z = 12, n = 2 ** z;
	const lat = (map.center[1] * Math.PI) / 180;
	const x = Math.floor(((map.center[0] + 180) / 360) * n);
	const y = Math.floor(((1 - Math.log(Math.tan(lat) + 1 / Math.cos(lat)) / Math.PI) / 2) * n);
	for (const layer of ['places', 'events']) {
		const r = await duty.get(`/tiles/${layer}/${z}/${x}/${y}.mvt`);
		assert.equal(r.status, 200, r.text);
		assert.match(r.headers.get('content-type') ?? '', /vector-tile/);
		refused(await gz.anonymous().get(`/tiles/${layer}/${z}/${x}/${y}.mvt`), 401);
		refused(await duty.get(`/tiles/${layer}/99/${x}/${y}.mvt`), 404, 'map.tile');
	}
	const far = await duty.get(`/tiles/events/${z}/0/0.mvt`);
	assert.ok(far.status === 200 || far.status === 204);
	assert.equal(far.text.length, 0);
});

test('exports hold the rows of the list', async () => {
	const director = await gz.signIn('director1');
	const r = await director.get('/api/events/export', { format: 'csv', open: true });
	assert.equal(r.status, 200, r.text);
	assert.match(r.headers.get('content-type') ?? '', /text\/csv/);
	assert.match(r.headers.get('content-disposition') ?? '', /attachment/);
	const lines = r.text.trimEnd().split(/\r?\n/);
	assert.equal(lines.length - 1, ok(await director.get('/api/events', { open: true, count: true, limit: 1 })).count);
	assert.match(lines[0] as string, /title/);
});

test('likely duplicates are shown by nearness and words', async () => {
	const duty = await gz.signIn('duty1');
	const e = await report(duty, { text: '路口红绿灯整个不亮了', lon: undefined });
	const r = ok(await duty.get('/api/events/similar', { id: e.id }));
	assert.ok(Array.isArray(r.items));
	assert.ok(r.items.every((x: Json) => x.id !== e.id));
});

test('bulk: each its own answer', async () => {
	const duty = await gz.signIn('duty1');
	const ids = [(await report(duty)).id, (await report(duty)).id];
	const r = ok(await duty.post('/api/events/bulk', { action: 'accept', ids: [...ids, '1'], body: {} }));
	assert.deepEqual([...r.done].sort(), [...ids].sort());
	assert.deepEqual(r.failed.map((f: Json) => f.id), ['1']);
});

test('a look at the reporter is not kept for a repeated key', async () => {
	const duty = await gz.signIn('duty1');
	const e = await report(duty, { reporter_name: '王小明', reporter_phone: '13800001234' });
	const headers = { 'idempotency-key': 'look-once' };
	for (const purpose of ['电话核实情况', '告知办理结果']) // kept, the second would be another request under the same key
		assert.equal(ok(await duty.post(`/api/events/${e.id}/unmask`, { purpose }, { headers })).phone, '13800001234');
});
