/*
 * The document is OpenAPI 3.1 and describes everything that is answered. (Every reply of every test here
 * is held against it by the client; this file sees to the document itself, and that every operation's
 * success is met.)
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { type Contract, contractOf, type Operation } from './lib/contract.ts';
import { act, below, community, grid, type Json, lamp, ok, refused, report, street } from './lib/district.ts';
import { type Client, useServer } from './lib/server.ts';
import { gezhi, root } from './lib/store.ts';

const gz = useServer();
let contract: Contract;
let admin: Client;
let duty: Client;

test('the demo is there', async () => {
	contract = await contractOf(gz.base);
	admin = await gz.signIn('admin');
	duty = await gz.signIn('duty1');
	ok(await admin.post('/api/grid_plans', { place: community, kind: 'split', codes: [grid], reason: '试划' }), 201);
	const line = { type: 'LineString', coordinates: [[106.5, 29.4], [106.6, 29.5]] };
	ok(await admin.post('/api/grid_barriers', { place: community, name: '河', kind: 'river', line }), 201);
});

const isJson = (op: Operation): boolean => Object.values<Json>(op.about.responses).some((r) => r.content?.['application/json'] !== undefined);

test('it is a valid OpenAPI 3.1 document, and its schemas are valid JSON Schema', async () => {
	const r = await new Validator().validate(structuredClone(contract.doc));
	assert.ok(r.valid, JSON.stringify(r.errors, null, 1)?.slice(0, 3000));
	assert.equal(contract.doc.openapi, '3.1.0');
	contract.compileAll();
});

test('operation ids are a verb and what it is about, each once', () => {
	const verbs = 'list|get|count|create|update|delete|import|export|actOn|put|replace|setup|set|change|unmask|send|cancel|verify|submit|confirm|withdraw|approve|reject|apply|undo';
	for (const op of contract.operations) assert.match(op.id, new RegExp(`^(${verbs})[A-Z][A-Za-z]*$`), `${op.method} ${op.path}`);
	assert.equal(new Set(contract.operations.map((o) => o.id)).size, contract.operations.length);
	const id = (method: string, path: string): string | undefined => contract.operation(method, path)?.id;
	assert.equal(id('GET', '/api/events'), 'listEvents');
	assert.equal(id('GET', '/api/events/7'), 'getEvent');
	assert.equal(id('POST', '/api/events/7/actions/accept'), 'actOnEvent');
	assert.equal(id('POST', '/api/events/bulk'), 'actOnEvents');
	assert.equal(id('GET', '/api/event_codes/7'), 'getEventCode');
	assert.equal(id('GET', '/api/places/at?lon=1&lat=2'), 'getPlaceAt');
});

/** Objects that may hold what no table knows; everything else is closed. */
const open = new Set(['GeoFeature', 'OpenApi']);

function bareObjects(schema: Json, at: string, found: string[]): void {
	if (typeof schema !== 'object' || schema === null) return;
	if (schema.type === 'object' || (Array.isArray(schema.type) && schema.type.includes('object')))
		if (schema.additionalProperties === undefined) found.push(at);
	for (const [k, v] of Object.entries(schema)) bareObjects(v, `${at}/${k}`, found);
}

test('every JSON reply is described to the last member', () => {
	const found: string[] = [];
	for (const [name, schema] of Object.entries<Json>(contract.doc.components.schemas)) if (!open.has(name)) bareObjects(schema, name, found);
	for (const op of contract.operations) bareObjects(op.about.responses, op.id, found);
	assert.deepEqual(found, []);
});

test('a reply that is not as described is told', () => {
	const of = (body: Json, status = 200, path = '/api/matters/counts'): string | null =>
		contract.fault({ method: 'GET', path, status, type: 'application/json', body });
	const good = { todo: 0, doing: 0, watch: 0, overdue: 0, amber: 0, all: 0 };
	assert.equal(of(good), null);
	assert.match(of({ ...good, amber: '0' }) ?? '', /countMatters[\s\S]*\/amber must be integer.*"0"/);
	assert.match(of({ ...good, blue: 1 }) ?? '', /additional properties blue/);
	assert.match(of({ error: 'no' }, 404) ?? '', /\/error must be object/);
	assert.match(of({}, 200, '/api/nothing') ?? '', /no such operation/);
	assert.match(contract.fault({ method: 'GET', path: '/metrics', status: 200, type: 'text/csv', body: undefined }) ?? '', /described as text\/plain/);
	assert.match(contract.fault({ method: 'GET', path: '/api/meta', status: 200, type: 'text/html', body: undefined }) ?? '', /described as JSON/);
});

test('the types the web is built with are those of this server', () => {
	const r = gezhi(['openapi', '--types']);
	assert.equal(r.status, 0, r.stderr);
	const held = readFileSync(join(root, 'web/src/generated/api.ts'), 'utf8');
	assert.ok(held === r.stdout, 'web/src/generated/api.ts is not what gezhi openapi --types prints: make it anew');
});

/* ---- every operation is met ---- */

/** The id of something of this path's kind; '' when the small demo has none. */
async function idFor(path: string): Promise<string> {
	const name = (/^\/api\/([\w-]+)\/\{id\}/.exec(path)?.[1] as string).replace('party-orgs', 'party_orgs');
	// what is held on oneself is there for somebody who is on record
	const asker = name === 'self' ? await gz.signIn('resident1') : admin;
	const r = ok(await asker.get(`/api/${name}`, name === 'places' ? { level: 'grid', has_shape: true } : {}));
	return r.items[0]?.id ?? '';
}

const queries: Record<string, string> = {
	'/api/places/at': '?lon=0&lat=0', '/api/calendar': '?year=2026', '/api/duty-choice': `?code=${lamp}`, '/api/events/similar': '?lon=110&lat=20',
	'/api/duplicates': `?kind=person&place=${grid}`, '/api/rounds/{id}/todo': '?kind=persons',
	'/api/search': '?q=%E7%A4%BE%E5%8C%BA', '/api/map/figures': `?figure=buildings&place=${grid}`,
};

async function pairPath(): Promise<string | null> {
	const pair = ok(await (await gz.signIn('grid1')).get('/api/duplicates', { kind: 'person' })).items[0];
	return pair === undefined ? null : `/api/duplicates/pair?kind=person&a=${pair.a.id}&b=${pair.b.id}`;
}

/** A path that can be asked, or null where the small demo has nothing of the kind. */
async function filled(op: Operation): Promise<string | null> {
	const values: Record<string, string> = { code: grid, name: 'on_time_rate', kind: 'buildings', collection: 'buildings' };
	if (op.path.includes('{feature}')) values['feature'] = await idFor('/api/buildings/{id}');
	if (op.path.includes('{kind}')) values['id'] = await idFor('/api/buildings/{id}');
	else if (op.path.includes('{id}')) values['id'] = await idFor(op.path);
	if (op.path.includes('{query_code}')) values['query_code'] = (await report(duty)).query_code;
	if (op.path === '/api/duplicates/pair') return pairPath();
	let all = true;
	const path = op.path.replace(/\{(\w+)\}/g, (_, k: string) => {
		all = all && Boolean(values[k]);
		return values[k] ?? '';
	});
	return all ? path + (queries[op.path] ?? '') : null;
}

test('every GET, by several roles, is answered as described; each succeeds for somebody', async () => {
	const gets = contract.operations.filter((o) => o.method === 'GET' && isJson(o));
	assert.ok(gets.length > 40);
	const paths: string[] = [];
	const asked: string[] = [];
	for (const op of gets) {
		const path = await filled(op);
		if (path === null) continue;
		paths.push(path);
		asked.push(op.id);
	}
	for (const login of ['admin', 'duty1', 'grid1', 'resident1', 'auditor1']) {
		const c = await gz.signIn(login);
		for (const path of paths) {
			const r = await c.get(path);
			assert.ok(r.status < 500, `${login} ${path}: ${r.text}`);
		}
	}
	assert.deepEqual(asked.filter((id) => !contract.seen.has(id)), []);
	assert.ok(asked.length > gets.length - 8, 'the small demo has too little');
});

test('the other sides of a figure, and its places', async () => {
	for (const side of ['numerator', 'denominator', 'missed'])
		for (const name of ok(await admin.get('/api/kpi')).items.map((k: Json) => k.name)) {
			ok(await admin.get(`/api/kpi/${name}/cases`, { side, count: true }));
			ok(await admin.get(`/api/kpi/${name}`));
			ok(await admin.get(`/api/kpi/${name}/by`));
		}
	ok(await admin.get('/api/places', { count: true, limit: 200 }));
	ok(await admin.get('/api/reports/granularity', { level: 'micro_grid' }));
	ok(await admin.get('/api/places/tree', { depth: 4 }));
});

async function firstRow(path: string): Promise<Json> {
	return ok(await admin.get(path, { limit: 1 })).items[0];
}

test('entities: made, changed, previewed, imported, deleted', async () => {
	const made = ok(await admin.post('/api/units', { name: '测试单位', kind: 'department', place: street }), 201);
	ok(await admin.patch(`/api/units/${made.id}`, { version: made.version, alias: '测试' }));
	refused(await admin.patch(`/api/units/${made.id}`, { version: made.version, alias: '又' }), 409);
	const code = await firstRow('/api/event_codes');
	const p = ok(await admin.request('PATCH', `/api/event_codes/${code.id}?preview=true`, { version: code.version, name_zh: '改名' }));
	assert.equal(p.changes[0].field, 'name_zh');
	const place = await firstRow('/api/places');
	ok(await admin.patch(`/api/places/${place.id}`, { version: place.version, alias: 'alias' }));
	ok(await admin.request('PATCH', `/api/places/${place.id}?preview=true`, { version: place.version + 1, alias: 'other' }));
	const csv = { headers: { 'content-type': 'text/csv' } };
	ok(await admin.request('POST', '/api/units/import?dry_run=true', 'name,kind,place\n甲,department,1\n', csv));
	ok(await admin.request('POST', '/api/places/import?dry_run=true', 'code,name\n1,甲\n', csv), 200);
	const rule = ok(await admin.post('/api/routing_rules', { code_id: code.id, place: street, unit_id: made.id }), 201);
	ok(await admin.delete(`/api/routing_rules/${rule.id}?version=1`));
	ok(await admin.request('POST', '/api/units/setup'));
	const norms = ok(await admin.get('/api/places/norms'));
	ok(await admin.put('/api/places/norms', { grid: norms.grid, micro_grid: norms.micro_grid }));
	const year = ok(await admin.get('/api/calendar', { year: 2026 }));
	ok(await admin.request('PUT', '/api/calendar/2026?preview=true', { days: year.days, hours: year.hours }));
	ok(await admin.put('/api/calendar/2026', { days: year.days.slice(1) }));
	const user = ok(await admin.post('/api/users', { login: 'openapi1', name: '试' }), 201);
	ok(await admin.post(`/api/users/${user.id}/password`, { password: 'gezhi-demo-2' }));
	ok(await admin.post('/api/posts', { user_id: user.id, role: 'duty_officer', place: street }), 201);
	const c = await gz.signIn('openapi1', 'gezhi-demo-2');
	ok(await c.post('/api/session/password', { old: 'gezhi-demo-2', new: 'gezhi-demo-3' }));
	ok(await c.delete('/api/session'));
});

test('an event from its report to its rating, with its history and clocks', async () => {
	const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
	const file = ok(await duty.request('POST', '/api/files?name=a.png', png, { headers: { 'content-type': 'image/png' } }), 201);
	const e = await report(duty, { reporter_name: '王某', reporter_phone: '13800000000', answers: { a: 1 }, files: [file.id] });
	const director = await gz.signIn('director1');
	const unit = ok(await admin.get('/api/units', { kind: 'department', limit: 1 })).items[0].id;
	const own = ok(await admin.get('/api/units', { kind: 'board', limit: 200 })).items.find((u: Json) => below(u.place, street)).id;
	await act(duty, e.id, 'accept');
	await act(duty, e.id, 'dispatch', { unit_id: unit });
	await act(director, e.id, 'supervise', { text: '请尽快', until: new Date(Date.now() + 86_400_000).toISOString() }).catch(() => undefined);
	refused(await duty.post(`/api/events/${e.id}/actions/fly`), 404);
	ok(await duty.get(`/api/matters/${e.id}/history`));
	ok(await duty.get(`/api/matters/${e.id}/clocks`));
	ok(await duty.post(`/api/events/${e.id}/unmask`, { purpose: '电话核实' }));
	ok(await duty.get('/api/events/similar', { id: e.id }));
	const other = await report(duty);
	const bulk = ok(await duty.post('/api/events/bulk', { action: 'accept', ids: [other.id, e.id, '999', 7] }));
	assert.equal(bulk.done.length, 1);
	assert.equal(bulk.failed.length, 3);
	const p = ok(await gz.anonymous().post('/api/public/reports', { text: '路灯不亮', code: lamp, place: community }), 201);
	ok(await gz.anonymous().get(`/api/public/reports/${p.query_code}`));
	refused(await gz.anonymous().post(`/api/public/reports/${p.query_code}/rate`, { resolved: true, satisfied: 'yes' }), 409);
	const task = ok(await director.post('/api/tasks', { title: '排查', text: '排查路灯', due: new Date(Date.now() + 86_400_000).toISOString(), recipients: [own] }), 201);
	ok(await director.get(`/api/tasks/${task.id}`));
});

test('of the operations that write, those answered here were as described', () => {
	const met = contract.operations.filter((o) => o.method !== 'GET' && contract.seen.has(o.id)).map((o) => o.id);
	for (const id of ['createEvent', 'actOnEvent', 'actOnEvents', 'createUnit', 'updateUnit', 'importUnits', 'deleteRoutingRule', 'createSession',
		'deleteSession', 'changePassword', 'setUserPassword', 'createFile', 'createTask', 'createPublicReport', 'putPlaceNorms', 'putCalendar',
		'unmaskReporter', 'setupUnits', 'updatePlace', 'importPlaces'])
		assert.ok(met.includes(id), `${id} was not met`);
});
