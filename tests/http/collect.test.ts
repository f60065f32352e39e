/* Collection over HTTP: a family moves and comes back, a double is merged and taken apart, a change is asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, community, grid, type Json, ok, refused } from './lib/district.ts';
import { useServer } from './lib/server.ts';

const gz = useServer();

test('R022 people move within in one action, and the whole move can be undone', async () => {
	const c = await gz.signIn('secretary1');
	const person = (await all(c, '/api/persons', { active: true })).find((p: Json) => p.household_id !== null) as Json;
	const members = await all(c, '/api/persons', { household_id: person.household_id, active: true });
	const room = (await all(c, '/api/rooms')).find((r: Json) => r.place !== person.place) as Json;
	const moved = ok(await c.post('/api/moves', { kind: 'within', household_id: person.household_id, room_id: room.id }), 201);
	assert.equal(moved.people.length, members.length);
	assert.equal(ok(await c.get(`/api/persons/${person.id}`)).place, room.place);
	const rows = ok(await c.get('/api/moves', { change_id: moved.change_id })).items;
	assert.equal(rows.length, members.length);
	ok(await c.request('POST', `/api/moves/${rows[0].id}/undo`));
	assert.equal(ok(await c.get(`/api/persons/${person.id}`)).place, person.place);
	refused(await c.request('POST', `/api/moves/${rows[0].id}/undo`), 409, 'change.undone');
	refused(await c.post('/api/moves', { kind: 'within', person_ids: [person.id] }), 400, 'move.target');
});

test('R022 a double is found, compared, merged and taken apart again', async () => {
	const c = await gz.signIn('grid1');
	const old = ok(await c.post('/api/persons', { name: '钱多多', birth: '1961-02-03', phone: '13812345678', place: grid }), 201);
	const twin = ok(await c.post('/api/persons', { name: '钱多多', birth: '1961-02-03', place: grid }), 201);
	const pair = ok(await c.get('/api/duplicates', { kind: 'person' })).items.find((p: Json) => [p.a.id, p.b.id].includes(twin.id));
	assert.deepEqual(pair.why, ['name_birth']);
	const both = ok(await c.get('/api/duplicates/pair', { kind: 'person', a: twin.id, b: old.id }));
	assert.equal(both.fields.find((f: Json) => f.field === 'phone').same, false);
	const body = { kind: 'person', winner_id: twin.id, loser_id: old.id, winner_version: both.a.version, loser_version: both.b.version, take: ['phone'] };
	refused(await (await gz.signIn('director1')).post('/api/merges', body), 403);
	const merged = ok(await c.post('/api/merges', body), 201);
	assert.equal(ok(await c.get(`/api/persons/${old.id}`)).ended_reason, 'merged');
	ok(await c.request('POST', `/api/merges/${merged.id}/undo`));
	assert.equal(ok(await c.get(`/api/persons/${old.id}`)).active, true);
	ok(await c.post('/api/duplicates/distinct', { kind: 'person', a_id: old.id, b_id: twin.id }));
	assert.ok(!ok(await c.get('/api/duplicates', { kind: 'person' })).items.some((p: Json) => p.a.id === twin.id || p.b.id === twin.id));
});

test('R022 a double in another street: each side is told of it in part, the level above merges', async () => {
	const c = await gz.signIn('grid1'), admin = await gz.signIn('admin');
	const street = grid.slice(0, 9), there = (await all(admin, '/api/buildings')).find((b: Json) => !b.place.startsWith(street)) as Json;
	const mine = ok(await c.post('/api/persons', { name: '双街坊', phone: '13812345679', place: grid }), 201);
	const other = ok(await admin.post('/api/persons', { name: '双街坊', phone: '13812345679', place: there.place }), 201);
	const across = { kind: 'person', across: true };
	const told = ok(await c.get('/api/duplicates', across)).items.find((p: Json) => p.a.id === mine.id);
	assert.deepEqual(told.why, ['name_phone']);
	assert.deepEqual([told.b.id, told.b.name, told.b.place], [null, '双**', there.place.slice(0, 9).padEnd(17, '0')]);
	refused(await c.get('/api/duplicates/pair', { kind: 'person', a: mine.id, b: other.id }), 404, 'not_found');
	// Which of the two comes first, nobody says: on PostgreSQL numbers do not follow time.
	const both = [mine.id, other.id].sort();
	assert.ok(ok(await admin.get('/api/duplicates', across)).items.some((p: Json) => [p.a.id, p.b.id].sort().join() === both.join()));
	const merged = ok(await admin.post('/api/merges', { kind: 'person', winner_id: mine.id, loser_id: other.id, winner_version: mine.version, loser_version: other.version }), 201);
	ok(await admin.request('POST', `/api/merges/${merged.id}/undo`));
});

test('R022 whoever asks for a change does not decide it', async () => {
	const c = await gz.signIn('grid1'), leader = await gz.signIn('leader1');
	const person = ok(await c.post('/api/persons', { name: '孙长庚', place: grid }), 201);
	const asked = ok(await c.post('/api/change_requests', { kind: 'persons', object_id: person.id, changes: { phone: '13900001234' } }), 201);
	const path = `/api/change_requests/${asked.id}`;
	refused(await c.post(`${path}/actions/approve`, {}), 403, 'change.own');
	assert.equal(ok(await leader.get(path)).differences[0].to, '139****1234');
	assert.equal(ok(await leader.post(`${path}/actions/approve`, {})).outcome, 'approved');
	assert.equal(ok(await c.get(`/api/persons/${person.id}`)).phone, '139****1234');
});

test('R022 a round: what is due in my grid, confirmed on the spot, and how far each grid is', async () => {
	const secretary = await gz.signIn('secretary1'), c = await gz.signIn('grid1');
	const today = new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10); // the district's own day
	const round = ok(await secretary.post('/api/rounds', { name: '入户核采', kinds: ['households', 'persons'], place: community,
		starts: today, ends: today, fresh_days: 0, basis: '年度核采计划' }), 201);
	const open = ok(await c.get('/api/rounds/open')).items.find((r: Json) => r.id === round.id);
	assert.ok(open.all > open.done);
	const todo = ok(await c.get(`/api/rounds/${round.id}/todo`, { kind: 'households', place: grid })).items;
	assert.ok(todo.length > 0 && todo[0].writes);
	ok(await c.request('POST', `/api/registry/households/${todo[0].id}/verify`));
	assert.ok(!ok(await c.get(`/api/rounds/${round.id}/todo`, { kind: 'households', place: grid })).items.some((t: Json) => t.id === todo[0].id));
	const progress = ok(await secretary.get(`/api/rounds/${round.id}/progress`));
	const places = progress.places.map((p: Json) => p.place);
	assert.deepEqual(places, [...places].sort());
	assert.ok(progress.places.find((p: Json) => p.place === grid).done >= 1);
});
