/* The registry over HTTP: who is told what of a visit plan, what is due, and names for the screens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, grid, type Json, ok, refused } from './lib/district.ts';
import { useServer } from './lib/server.ts';

const gz = useServer();

test('R034 the condition behind a visit plan is told to those who set it and who check it, and to nobody else', async () => {
	const told = async (login: string): Promise<Json[]> => all(await gz.signIn(login), '/api/care_plans');
	for (const login of ['secretary1', 'leader1', 'auditor1']) {
		const plans = await told(login);
		assert.ok(plans.length > 0, `${login} has plans`);
		assert.ok(plans.every((p) => p.type !== null && p.basis !== null), login);
	}
	for (const login of ['admin', 'district', 'director1', 'duty1', 'grid1']) {
		const c = await gz.signIn(login), plans = await told(login);
		assert.ok(plans.length > 0, `${login} has plans`);
		assert.ok(plans.every((p) => p.type === null && p.basis === null && p.law === null), login);
		assert.equal(ok(await c.get('/api/care_plans', { type: 'lone_elder', count: true })).count, 0, `${login} filters by it`);
		const one = plans[0];
		assert.equal(ok(await c.get(`/api/care_plans/${one.id}`)).type, null);
	}
	const secretary = await told('secretary1');
	const word = secretary.find((p) => p.target_kind === 'person')?.type as string;
	const file = await (await gz.signIn('director1')).get('/api/care_plans/export', { format: 'csv', purpose: '核对走访计划' });
	assert.equal(file.status, 200);
	assert.ok(!file.text.includes(word) && file.text.includes('**'), 'the export withholds it too');
});

test('R032 what is due comes with place and day, the longest overdue first; a visit moves it', async () => {
	const c = await gz.signIn('grid1');
	const list = ok(await c.get('/api/reports/care-due', { mine: true, days: 90 }));
	assert.ok(list.items.length > 0 && list.count >= list.items.length);
	const days = list.items.map((i: Json) => i.due);
	assert.deepEqual(days, [...days].sort());
	const first = list.items[0];
	assert.ok(first.target && first.place_name, JSON.stringify(first));
	const event = await c.post('/api/events', { title: '楼道灯不亮', text: '走访时反映', code: 'DJ06', source: 'grid', place: first.place });
	assert.equal(event.status, 201, event.text);
	const visit = await c.post('/api/care_visits', { plan_id: first.id, outcome: 'met', note: '一切如常', event_id: event.body.id });
	assert.equal(visit.status, 201, visit.text);
	assert.equal(visit.body.event_id, event.body.id);
	const after = ok(await c.get('/api/reports/care-due', { mine: true, days: 90 })).items.find((i: Json) => i.id === first.id);
	assert.ok(after === undefined || after.due > first.due);
	// what was opened for it is done, and waits to be confirmed; the next of them stands in the inbox
	const done = ok(await c.get('/api/visits', { state: 'checking' })).items as Json[];
	assert.ok(done.length >= 1 && done.every((v) => v.kind === 'visit' && v.title.startsWith('走访：')), JSON.stringify(done));
	const todo = ok(await c.get('/api/matters', { tab: 'todo', kind: 'visit' })).items as Json[];
	assert.ok(todo.length > 0 && todo.every((v) => v.handler_id === c.session.user.id || v.handler_id === null));
	assert.equal((await (await gz.signIn('resident1')).get(`/api/visits/${todo[0].id}`)).status, 403);
	// an event out of sight is none
	const none = await c.post('/api/care_visits', { plan_id: first.id, outcome: 'met', event_id: '1' });
	assert.equal(none.status, 400, none.text);
	assert.equal((await (await gz.signIn('resident1')).get('/api/reports/care-due')).status, 403);
	// who may be given a plan: those of one's own area
	const mine = ok(await c.get('/api/registry/visitors')).items as Json[];
	const wide = ok(await (await gz.signIn('secretary1')).get('/api/registry/visitors')).items as Json[];
	assert.ok(mine.some((v) => v.id === c.session.user.id) && mine.every((v) => wide.some((w) => w.id === v.id)) && wide.length > mine.length);
});

test('the lists say what they are called in both languages, and rows name what they refer to', async () => {
	const c = await gz.signIn('grid1');
	const persons = ok(await c.get('/api/meta')).entities.find((e: Json) => e.path === 'persons');
	assert.deepEqual([persons.label_zh, persons.label_en], ['人员', 'People']);
	const sex = persons.fields.find((f: Json) => f.name === 'sex');
	assert.deepEqual([sex.label_zh, sex.words[1], sex.words_zh[1], sex.words_en[1]], ['性别', 'male', '男', 'Male']);
	const home = ok(await c.get('/api/households', { limit: 1 })).items[0];
	assert.match(home.title, /\d/);
	assert.ok(home.head_name === null || home.head_name.length > 0);
	const member = ok(await c.get('/api/persons', { household_id: home.id, limit: 1 })).items[0];
	assert.equal(member.household_name, home.title);
});

test('points of a map service are shifted back where the mapping says so, and the mapping is kept', async () => {
	const c = await gz.signIn('admin');
	const grid = ok(await c.get('/api/places', { level: 'grid', limit: 1 })).items[0].code;
	const text = `名称,类别,经度,纬度,网格\n坐标公司,enterprise,116.41024449916938,39.91640428150164,${grid}\n`;
	const send = (map: object | null, more: Record<string, string> = {}): Promise<Json> => c.request('POST', '/api/organisations/import?' + new URLSearchParams(
		map === null ? {} : { map: JSON.stringify(map), ...more }).toString(), text, { headers: { 'content-type': 'text/csv' } });
	const as = ok(await send({ 经度: 'lon@cgcs2000', 纬度: 'lat@wgs84' }, { dry_run: 'true' })).columns.slice(2, 4);
	assert.deepEqual(as.map((k: Json) => [k.field, k.gcj02]), [['lon', false], ['lat', false]]);
	const first = ok(await send({ 经度: 'lon@gcj02', 纬度: 'lat@gcj02' }));
	assert.deepEqual(first.columns.filter((k: Json) => k.gcj02).map((k: Json) => k.field), ['lon', 'lat']);
	const made = ok(await c.get('/api/organisations', { q: '坐标公司' })).items[0];
	assert.ok(Math.abs(made.lon - 116.404) < 1e-8 && Math.abs(made.lat - 39.915) < 1e-8, JSON.stringify(made));
	const kept = ok(await c.get('/api/import_maps')).items.find((m: Json) => m.columns['经度'] === 'lon@gcj02');
	assert.ok(kept !== undefined);
	assert.ok(ok(await send(null)).columns.some((k: Json) => k.gcj02), 'used again without being said');
});

test('R022 an account of one’s own: asked for without one, opened with the code from the counter, once', async () => {
	const staff = await gz.signIn('secretary1'), nobody = gz.anonymous();
	const person = ok(await staff.post('/api/persons', { name: '孙长庚', id_no: '990101195003070017', phone: '13800002222', place: grid }), 201);
	const ask = { name: '孙长庚', id_no: '990101195003070017', phone: '13800002222' };
	const yes = await nobody.post('/api/self/access', ask), no = await nobody.post('/api/self/access', { ...ask, name: '无此人' });
	assert.deepEqual([yes.status, yes.text], [no.status, no.text]);
	const waits = (await all(staff, '/api/data_requests')).find((m: Json) => m.title === '本人页面开通申请') as Json;
	assert.equal(ok(await staff.get(`/api/data_requests/${waits.id}`)).person_id, person.id);
	const { code } = ok(await staff.request('POST', `/api/persons/${person.id}/holder_code`), 201);
	const wish = { code, login: 'changgeng', password: 'long enough 1' };
	refused(await nobody.post('/api/self/register', { ...wish, code: 'ZZZZZZZZ' }), 404, 'self.code');
	refused(await nobody.post('/api/self/register', { ...wish, password: 'short' }), 400, 'password.short');
	refused(await nobody.post('/api/self/register', { ...wish, login: 'grid1' }), 409, 'duplicate', 'login');
	assert.equal(ok(await nobody.post('/api/self/register', wish), 201).login, 'changgeng');
	const own = await gz.signIn('changgeng', wish.password);
	assert.deepEqual(ok(await own.get('/api/self')).items.map((p: Json) => p.id), [person.id]);
	refused(await own.get('/api/persons'), 403);
	refused(await nobody.post('/api/self/register', { ...wish, login: 'another' }), 404, 'self.code');
	refused(await nobody.post('/api/self/register', wish), 429, 'rate'); // five tries, then one a minute
});
