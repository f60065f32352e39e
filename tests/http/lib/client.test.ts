/* The test client against a server that answers what it was asked. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Client, type StreamEvent, withQuery } from './client.ts';

let server: Server;
let base: string;

before(async () => {
	server = createServer((rq, rs) => {
		if (rq.url === '/stream') {
			rs.writeHead(200, { 'content-type': 'text/event-stream' });
			rs.write(': hello\n\nid: 7\nevent: matter\nda');
			setTimeout(() => rs.end('ta: {"id":"1"}\n\nid: 8\nevent: inbox\ndata: {}\n\n'), 10);
			return;
		}
		let body = '';
		rq.on('data', (chunk: Buffer) => (body += chunk.toString()));
		rq.on('end', () => {
			rs.writeHead(rq.url === '/no' ? 404 : 200, { 'content-type': rq.url === '/text' ? 'text/csv' : 'application/json' });
			rs.end(JSON.stringify({ method: rq.method, url: rq.url, headers: rq.headers, body }));
		});
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

test('a query leaves undefined out and escapes', () => {
	assert.equal(withQuery('/a', {}), '/a');
	assert.equal(withQuery('/a', { q: '岳 麓', n: 3, open: false, x: undefined }), '/a?q=%E5%B2%B3+%E9%BA%93&n=3&open=false');
});

test('JSON, raw text, token and own headers', async () => {
	const c = new Client(base, { token: 'T' }, false);
	const r = await c.post('/x', { a: 1 }, { headers: { 'idempotency-key': 'k' } });
	assert.equal(r.status, 200);
	assert.equal(r.body.body, '{"a":1}');
	assert.equal(r.body.headers.authorization, 'Bearer T');
	assert.equal(r.body.headers['content-type'], 'application/json');
	assert.equal(r.body.headers['idempotency-key'], 'k');
	const raw = await new Client(base, undefined, false).request('PUT', '/x', 'a,b\n', { headers: { 'content-type': 'text/csv' } });
	assert.equal(raw.body.body, 'a,b\n');
	assert.equal(raw.body.headers['content-type'], 'text/csv');
	assert.equal(raw.body.headers.authorization, undefined);
});

test('a status is no exception, and text is not decoded', async () => {
	assert.equal((await new Client(base, undefined, false).get('/no')).status, 404);
	assert.equal((await new Client(base, undefined, false).get('/text')).body, undefined);
	assert.equal((await new Client(base, undefined, false).delete('/x')).body.method, 'DELETE');
});

test('the stream gives whole events', async () => {
	const seen: StreamEvent[] = [];
	for await (const e of new Client(base, undefined, false).stream('/stream')) seen.push(e);
	assert.deepEqual(seen, [
		{ id: '7', type: 'matter', data: { id: '1' } },
		{ id: '8', type: 'inbox', data: {} },
	]);
});
