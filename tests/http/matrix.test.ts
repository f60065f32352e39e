/* Every route of the OpenAPI document with every role: only what the role's permissions allow, never a 5xx. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grid, type Json, logins, ok } from './lib/district.ts';
import { type Client, useServer } from './lib/server.ts';

const gz = useServer();

interface Call {
	method: string;
	path: string;
	/** Permission word; null: any signed-in account; undefined: everybody. */
	perm: string | null | undefined;
	raw: boolean;
}

const values: Record<string, string> = {
	id: '1', consent: '1', visit: '1', code: grid, year: '2026', name: 'on_time_rate', query_code: 'XXXXXXXXXX', action: 'accept', kind: 'buildings', z: '12', x: '3259', y: '1700', collection: 'buildings', feature: '1',
};

/** In words of their own, so that a change of the table of grants is seen here. */
const granted: Record<string, string[]> = {
	'admin.codes': ['admin'],
	'admin.calendar': ['admin'],
	'user.write': ['admin'],
	'place.write': ['admin'],
	'duty.write': ['admin'],
	'audit.read': ['auditor1'],
	'event.import': ['admin', 'duty1'],
	'event.unmask': ['dept1', 'director1', 'duty1', 'board1', 'post1', 'secretary1', 'leader1', 'grid1'],
	'user.read': ['admin', 'district', 'auditor1', 'director1'],
	'post.write': ['admin', 'director1'],
	'event.create': logins.filter((l) => l !== 'auditor1' && l !== 'district'),
	'registry.write': ['admin', 'secretary1', 'leader1', 'grid1'],
	'person.write': ['admin', 'secretary1', 'leader1', 'grid1'],
	'person.full': ['director1', 'duty1', 'secretary1', 'leader1', 'grid1', 'micro1'],
	'person.unmask': ['admin', 'director1', 'duty1', 'secretary1', 'leader1', 'grid1'],
	'person.export': ['admin', 'director1', 'secretary1', 'auditor1'],
	'person.read': logins.filter((l) => l !== 'resident1' && l !== 'dept1'),
	'care.full': ['secretary1', 'leader1', 'auditor1'],
	'care.write': ['secretary1', 'leader1', 'grid1'],
	'person.merge': ['admin', 'secretary1', 'leader1', 'grid1'],
	'change.create': logins.filter((l) => !['district', 'auditor1', 'resident1'].includes(l)),
	'round.read': logins.filter((l) => l !== 'resident1'),
	'round.write': ['admin', 'director1', 'secretary1'],
	'planner.plan': ['admin', 'director1', 'secretary1'],
	'planner.approve': ['admin', 'director1'],
	'kpi.read': logins.filter((l) => l !== 'resident1'),
	'map.read': logins.filter((l) => l !== 'resident1'),
	'place.read': logins.filter((l) => l !== 'resident1'),
};

async function calls(): Promise<Call[]> {
	const doc = ok(await gz.anonymous().get('/api/openapi.json'));
	const out: Call[] = [];
	for (const [path, methods] of Object.entries<Json>(doc.paths))
		for (const [method, op] of Object.entries<Json>(methods)) {
			const content = op.requestBody?.content ?? {};
			out.push({
				method: method.toUpperCase(), path, raw: Object.keys(content).length > 0 && content['application/json'] === undefined,
				perm: op['x-permission'] ?? (op.security.length === 0 ? undefined : null),
			});
		}
	return out;
}

const fill = (path: string): string => path.replace(/\{(\w+)\}/g, (_, name: string) => {
	const v = values[name];
	if (v === undefined) throw new Error(`no value for {${name}} of ${path}`);
	return v;
});

/** The status; a stream is left as soon as it has answered. */
async function status(c: Client, call: Call): Promise<{ status: number; text: string }> {
	const path = fill(call.path);
	if (path === '/api/stream') {
		const stop = new AbortController();
		const headers: Record<string, string> = c.token === undefined ? {} : { authorization: `Bearer ${c.token}` };
		const r = await fetch(c.base + path, { headers, signal: stop.signal });
		stop.abort();
		return { status: r.status, text: '' };
	}
	const unsafe = call.method !== 'GET' && call.method !== 'DELETE';
	if (unsafe && call.raw)
		return c.request(call.method, path, 'no,such,columns\n', { headers: { 'content-type': 'text/csv' } });
	return c.request(call.method, path, unsafe ? {} : undefined);
}

/** Signing out would end the client the other calls use. */
const signsOut = (c: Call): boolean => c.method === 'DELETE' && c.path === '/api/session';

test('without an account only public routes answer', async () => {
	for (const call of await calls()) {
		const r = await status(gz.anonymous(), call);
		const at = `${call.method} ${call.path}: ${r.status} ${r.text.slice(0, 200)}`;
		assert.ok(r.status < 500, at);
		if (call.perm === undefined) assert.notEqual(r.status, 403, at);
		else assert.equal(r.status, 401, at);
	}
});

for (const login of logins)
	test(`${login}: what its permissions allow, and nothing else`, async () => {
		const c = await gz.signIn(login);
		const perms = new Set<string>(ok(await c.get('/api/session')).perms);
		const list = await calls();
		assert.ok(list.length > 80);
		for (const call of list.filter((k) => !signsOut(k))) {
			const r = await status(c, call);
			const at = `${login} ${call.method} ${call.path}: ${r.status} ${r.text.slice(0, 200)}`;
			assert.ok(r.status < 500 && r.status !== 401, at);
			if (typeof call.perm === 'string' && !perms.has(call.perm)) assert.equal(r.status, 403, at);
			else assert.ok(r.status !== 403, at);
		}
		for (const [perm, who] of Object.entries(granted)) assert.equal(perms.has(perm), who.includes(login), `${login} ${perm}`);
	});
