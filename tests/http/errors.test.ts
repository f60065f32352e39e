/* Bad input: a precise error in the one form, and nothing written. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { grid, lamp, ok, otherStreet, refused, report, street } from './lib/district.ts';
import { type Client, useServer } from './lib/server.ts';

const gz = useServer({ args: ['--trusted-proxy', '127.0.0.1'] });
let duty: Client;
let admin: Client;
let known: number;

const good = { text: '路灯不亮', code: lamp, place: grid };
const events = async (): Promise<number> => ok(await admin.get('/api/events', { count: true, limit: 1 })).count;

/** What the server says to raw bytes. */
function raw(text: string, wait = 3000): Promise<string> {
	const { hostname, port } = new URL(gz.base);
	return new Promise((done) => {
		let out = '';
		const s = connect(Number(port), hostname, () => s.write(text));
		s.setTimeout(wait, () => s.destroy());
		s.on('data', (d: Buffer) => (out += d.toString()));
		s.on('error', () => undefined);
		s.on('close', () => done(out));
	});
}

test('the demo is there', async () => {
	duty = await gz.signIn('duty1');
	admin = await gz.signIn('admin');
	known = await events();
	assert.ok(known > 0);
});

test('bodies that are no JSON object', async () => {
	for (const text of ['', '{', '[]', '"x"', '{"text":"a"', '{"text":"a","text":"b"}', '{"text":"\\ud800"}', '\u0000', '{"text":NaN}', '{"text":"a","lon":1e400}'])
		refused(await duty.request('POST', '/api/events', text), 400);
	refused(await duty.request('POST', '/api/events', '['.repeat(100_000)), 400);
	refused(await duty.request('POST', '/api/events', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 400);
});

test('each wrong member is named', async () => {
	const cases: [object, string][] = [
		[{ colour: 'red' }, 'colour'],
		[{ text: 7 }, 'text'],
		[{ text: null }, 'text'],
		[{ text: '' }, 'text'],
		[{ text: '长'.repeat(4001) }, 'text'],
		[{ title: '长'.repeat(201) }, 'title'],
		[{ text: 'bell \u0007' }, 'text'],
		[{ code: 'ZZ99' }, 'code'],
		[{ code: ['MS30'] }, 'code'],
		[{ urgency: 'soon' }, 'urgency'],
		[{ source: 'dream' }, 'source'],
		[{ place: '123' }, 'place'],
		[{ place: '99010199900000000' }, 'place'],
		[{ lon: 200 }, 'lon'],
		[{ lon: 'east' }, 'lon'],
		[{ anonymous: 'yes' }, 'anonymous'],
		[{ answers: 'none' }, 'answers'],
		[{ files: ['7'] }, 'files'],
	];
	for (const [o, field] of cases) {
		const r = await duty.post('/api/events', { ...good, ...o });
		refused(r, 400);
		assert.equal(r.body.error.field, field, `${JSON.stringify(o).slice(0, 60)}: ${r.text}`);
	}
	refused(await duty.post('/api/events', { code: lamp, place: grid }), 400, 'required', 'text');
});

test('bad queries name the parameter', async () => {
	for (const [query, field] of [
		[{ from: 'soon' }, 'from'], [{ from: '2026-02-30' }, 'from'], [{ place: '1' }, 'place'], [{ limit: 0 }, 'limit'], [{ limit: 'x' }, 'limit'],
		[{ colour: 1 }, 'colour'], [{ after: 'zz' }, 'after'], [{ sort: 'mood' }, 'sort'], [{ open: 'maybe' }, 'open'], [{ box: '1,2' }, 'box'],
		[{ state: 'happy' }, 'state'], [{ urgency: 'U9' }, 'urgency'],
	] as [Record<string, string | number>, string][]) {
		const r = await duty.get('/api/events', query);
		refused(r, 400);
		assert.equal(r.body.error.field, field, JSON.stringify(query) + r.text);
	}
	const twice = await duty.get('/api/events?limit=1&limit=2');
	assert.equal(twice.status, 400, twice.text);
});

test('what lies outside one’s area does not exist', async () => {
	const e = await report(admin, { place: otherStreet });
	known++;
	for (const path of [`/api/events/${e.id}`, `/api/matters/${e.id}/history`, `/api/matters/${e.id}/clocks`])
		refused(await duty.get(path), 404, 'not_found');
	refused(await duty.post(`/api/events/${e.id}/actions/accept`, {}), 404, 'not_found');
	refused(await duty.get('/api/figures', { place: otherStreet }), 404);
	for (const id of ['0', '-1', 'x', '9007199254740993', '99999999999999999999', '1%00'])
		assert.ok([400, 404].includes((await duty.get(`/api/events/${id}`)).status), id);
	const mine = await report(duty);
	known++;
	refused(await duty.post(`/api/events/${mine.id}/actions/merge`, { into_id: e.id }), 400);
	assert.equal(ok(await duty.get(`/api/events/${mine.id}`)).state, 'reported');
});

test('too large, wrong kind, wrong method, wrong address', async () => {
	const big = await duty.post('/api/events', { ...good, answers: { x: 'y'.repeat(2 << 20) } });
	refused(big, 413);
	refused(await duty.request('POST', '/api/events', JSON.stringify(good), { headers: { 'content-type': 'text/plain' } }), 415);
	const announced = `POST /api/files?name=a.png HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${duty.token}\r\nContent-Type: image/png\r\nContent-Length: ${30 << 20}\r\n\r\nxx`;
	assert.match(await raw(announced, 1000), /^HTTP\/1\.1 413 /);
	const program = Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01'), Buffer.alloc(60)]);
	refused(await duty.request('POST', '/api/files?name=a.png', program, { headers: { 'content-type': 'image/png' } }), 400, 'file.type');
	refused(await duty.delete('/api/events'), 405);
	refused(await duty.get('/api/nothing'), 404);
	assert.ok([400, 414].includes((await duty.get('/api/events', { q: 'x'.repeat(9000) })).status));
});

test('who is not signed in, or signed in wrongly', async () => {
	refused(await gz.anonymous().get('/api/events'), 401);
	refused(await gz.anonymous().request('GET', '/api/events', undefined, { headers: { authorization: 'Bearer nonsense' } }), 401);
	refused(await gz.anonymous().post('/api/session', { login: 'duty1', password: 'wrong password' }), 401, 'auth.bad_credentials');
	const cookie = { cookie: `gezhi_session=${duty.token}` };
	refused(await gz.anonymous().request('POST', '/api/events', good, { headers: cookie }), 403);
	const r = await gz.anonymous().request('GET', '/api/session', undefined, { headers: cookie });
	assert.equal(r.status, 200, r.text);
});

test('a repeated Idempotency-Key answers the same once, and a different request never', async () => {
	const headers = { 'idempotency-key': 'k-1' };
	const first = await duty.post('/api/events', good, { headers });
	ok(first, 201);
	known++;
	const again = await duty.post('/api/events', good, { headers });
	assert.equal(again.status, 201);
	assert.equal(again.text, first.text);
	refused(await duty.post('/api/events', { ...good, text: '别的' }, { headers }), 409, 'idempotency');
	// the key is the user's own
	ok(await admin.post('/api/events', good, { headers }), 201);
	known++;
	const key = { headers: { 'idempotency-key': 'k-2' } };
	const many = await Promise.all(Array.from({ length: 8 }, () => duty.post('/api/events', good, key)));
	known++;
	assert.deepEqual(many.map((r) => r.status), many.map(() => 201));
	assert.equal(new Set(many.map((r) => r.body.id)).size, 1);
});

test('bad dates', async () => {
	const e = await report(duty);
	known++;
	for (const until of ['tomorrow', '2026-13-01T00:00:00+08:00', '2026-02-30', 5]) {
		const r = await (await gz.signIn('director1')).post(`/api/events/${e.id}/actions/supervise`, { text: '督办', until });
		refused(r, 400);
		assert.equal(r.body.error.field, 'until');
	}
	assert.equal(ok(await duty.get(`/api/events/${e.id}`)).version, 1);
});

test('bytes that are no request, and a client that stops half way', async () => {
	for (const text of ['\r\n\r\n\r\n', 'GET\r\n\r\n', 'HELLO / HTTP/9.9\r\n\r\n', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`])
		assert.doesNotMatch(await raw(text, 500), /^HTTP\/1\.1 (200|201|500|503)/);
	const half = raw('POST /api/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"te', 500);
	assert.equal((await duty.get('/api/events', { limit: 1 })).status, 200);
	await half;
	assert.equal((await duty.get('/api/events', { place: street, limit: 1 })).status, 200);
});

test('what was refused was not written, and the record of changes still verifies', async () => {
	assert.equal(await events(), known);
	assert.equal(gz.cli(['audit', 'verify']).status, 0);
	assert.equal(gz.cli(['check']).status, 0);
});

test('limits per address are of whom the proxy names, who cannot name himself', async () => {
	const from = async (chain: string): Promise<number> =>
		(await fetch(gz.base + '/api/public/reports', { method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': chain }, body: '{}' })).status;
	const crowd = await Promise.all(Array.from({ length: 61 }, (_, i) => from(`10.9.9.${i}, 10.0.0.7`)));
	assert.ok(crowd.includes(400) && crowd.includes(429), String(crowd));
	assert.equal(await from('10.0.0.8'), 400);
	assert.equal(await from('10.0.0.7'), 429);
});
