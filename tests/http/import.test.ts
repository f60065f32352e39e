/* Events from other systems: the real file for trials where it is at hand, and small files of every kind of dirt. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { useServer } from './lib/server.ts';
import { gezhi, root, type Ran, type Store } from './lib/store.ts';

const data = resolve(process.env['GEZHI_TEST_DATA'] ?? join(root, '../shared/data'));
const real = join(data, '311/baltimore_311_10000.csv');
const example = join(root, 'examples/baltimore-311/map.json');
const skip = existsSync(real) ? false : `no ${real}: set GEZHI_TEST_DATA`;
const password = 'correct horse 7';
const divisions = [
	'area_code,area_name,street_code,street_name,village_code,village_name',
	'990101,甲区,990101001,乙街道,990101001001,一社区居民委员会',
	'990101,甲区,990101002,丙镇,990101002201,三村村民委员会',
	'',
].join('\n');

function run(store: Store, args: string[], input?: string): Ran {
	return gezhi([...args, '--db', store.url], input === undefined ? { cwd: store.dir } : { cwd: store.dir, input });
}

function file(store: Store, name: string, text: string): string {
	const path = join(store.dir, name);
	writeFileSync(path, text);
	return path;
}

function mustRun(store: Store, args: string[], input?: string): string {
	const r = run(store, args, input);
	assert.equal(r.status, 0, r.stdout + r.stderr);
	return r.stdout;
}

const gz = useServer({
	content: 'empty',
	setup: (store) => {
		mustRun(store, ['import', 'divisions', file(store, 'divisions.csv', divisions)]);
		for (const [login, role, place] of [['root', 'district_admin', '990101'], ['duty', 'duty_officer', '990101001']] as const)
			mustRun(store, ['user', 'add', login, login, '--password-stdin', '--role', role, '--place', place], `${password}\n`);
	},
});

const map = {
	time: 'yyyy-MM-dd HH:mm:ss',
	no_position: [{ lon: 0, lat: 0 }],
	fields: {
		ext_no: 'no', title: 'what', address: 'where', lon: 'x', lat: 'y',
		code: { column: 'class', values: { rubbish: 'MS24', conduct: 'DJ11' } },
		source: { column: 'channel', values: { call: 'hotline' } },
		state: { column: 'state', values: { open: 'handling', done: 'closed', no: 'rejected' } },
		reported_at: 'in', due_at: 'due', closed_at: 'out',
	},
};
const header = 'no,what,where,x,y,class,channel,state,in,due,out,unused';
const row = (no: string, o: Partial<Record<string, string>> = {}): string => {
	const v: Record<string, string> = {
		no, what: 'Waste', where: '1 Way', x: '106.5', y: '29.5', class: 'rubbish', channel: 'call', state: 'done',
		in: '2024-03-04 09:00:00', due: '2024-03-05 09:00:00', out: '2024-03-04 15:00:00', unused: '', ...(o as Record<string, string>),
	};
	return header.split(',').map((k) => v[k]).join(',');
};
const csv = (...rows: string[]): string => [header, ...rows, ''].join('\n');

async function send(text: string, query: object = {}, login = 'root', mapping: unknown = map) {
	const c = await gz.signIn(login, password);
	const q = new URLSearchParams({ map: JSON.stringify(mapping), ...query });
	return c.request('POST', `/api/events/import?${q.toString()}`, text, { headers: { 'content-type': 'text/csv' } });
}

const counts = (b: Record<string, unknown>): unknown[] => [b['rows'], b['created'], b['updated'], b['unchanged'], b['rejected']];
const dirty = (b: { dirty: { column: string; code: string; count: number }[] }): string[] =>
	b.dirty.map((d) => `${d.column} ${d.code} ${d.count}`).sort();

/** Changed configuration is seen within a second. */
async function eventually(f: () => Promise<boolean>): Promise<void> {
	for (let i = 0; i < 100; i++) {
		if (await f()) break;
		await new Promise((done) => setTimeout(done, 50));
	}
	await new Promise((done) => setTimeout(done, 1000));
}

test('every kind of dirty cell is reported and loads, where the event can be understood', async () => {
	const text = csv(
		row('A1', { x: '0', y: '0' }), row('A2', { x: '' }), row('A3', { x: 'east' }), row('A4', { due: '2024-03-03 09:00:00' }),
		row('A5', { out: '2024-03-01 09:00:00' }), row('A6', { due: 'soon' }), row('A7', { class: 'other', channel: 'drum' }),
		row('A8', { state: 'open' }), row('A9', { out: '' }), row('A10', { due: '' }));
	const dry = await send(text, { dry_run: 'true' });
	assert.equal(dry.status, 200, dry.text);
	assert.deepEqual(counts(dry.body), [10, 10, 0, 0, 0]);
	assert.equal(dry.body.written, false);
	const r = await send(text);
	assert.deepEqual(counts(r.body), [10, 10, 0, 0, 0]);
	assert.deepEqual(dirty(r.body), [
		'channel source.unknown 1', 'class code.unknown 1', 'due due.early 1', 'due due.empty 1', 'due time.invalid 1',
		'out closed.early 1', 'out closed.empty 1', 'out closed.open 1', 'state unit.none 1',
		'x position.empty 1', 'y position.invalid 1', 'y position.rounded 1',
	]);
	assert.deepEqual([r.body.timed, r.body.on_time], [6, 5]);
	const again = await send(text);
	assert.deepEqual(counts(again.body), [10, 0, 0, 10, 0]);
	const changed = await send(text.replace('A1,Waste', 'A1,More waste'));
	assert.deepEqual(counts(changed.body), [10, 0, 1, 9, 0]);
});

test('rows that cannot be understood are refused: all or nothing, or in part by choice', async () => {
	const text = csv(
		row('B1'), row('B1'), row(''), row('B2', { what: '' }), row('B3', { in: '' }), row('B4', { in: '04.03.2024' }),
		row('B5', { state: 'lost' }));
	const r = await send(text);
	assert.equal(r.body.written, false);
	assert.deepEqual(counts(r.body), [7, 0, 0, 0, 6]);
	assert.deepEqual(r.body.cells.map((c: { row: number }) => c.row), [2, 3, 4, 5, 6, 7]);
	const part = await send(text, { partial: 'true' });
	assert.equal(part.body.written, true);
	assert.deepEqual(counts(part.body), [7, 1, 0, 0, 6]);
});

test('an event that went on here is not overwritten, its clock replays', async () => {
	const root = await gz.signIn('root', password);
	const unit = await root.post('/api/units', { name: '城市管理局', alias: 'CM', kind: 'department', place: '99010100000000000' });
	assert.equal(unit.status, 201, unit.text);
	await eventually(async () => (await root.get('/api/units', { q: '城市' })).body.items.length === 1);
	assert.equal((await send(csv(row('C1', { state: 'open', out: '' })))).body.created, 1);
	const list = await root.get('/api/events', { open: true, q: 'Waste' });
	const event = list.body.items.find((e: { ext_no: string }) => e.ext_no === 'C1') ?? list.body.items[0];
	assert.equal(event.state, 'handling');
	assert.ok(event.unit_id);
	const clocks = await root.get(`/api/matters/${event.id}/clocks`);
	assert.deepEqual([clocks.body.clocks.length, clocks.body.clocks[0].due, clocks.body.clocks[0].lines.length],
		[1, '2024-03-05T09:00:00+08:00', 1]);
	const note = await root.post(`/api/events/${event.id}/actions/comment`, { version: event.version, text: 'seen' });
	assert.equal(note.status, 200, note.text);
	assert.deepEqual(counts((await send(csv(row('C1', { state: 'open', out: '' })))).body), [1, 0, 0, 1, 0]);
	const r = await send(csv(row('C1')));
	assert.deepEqual([r.body.rejected, r.body.written, r.body.dirty[0].code], [1, false, 'worked_on']);
	assert.equal(gz.cli(['check']).status, 0);
	assert.equal(gz.cli(['audit', 'verify']).status, 0);
});

test('a mapping says precisely what is wrong with it', async () => {
	const text = csv(row('D1'));
	for (const [mapping, field] of [
		[{ ...map, colour: 1 }, 'map'], [{ ...map, zone: 'east' }, 'zone'], [{ ...map, place: '12x' }, 'place'],
		[{ ...map, fields: { ...map.fields, owner: 'no' } }, 'fields'], [{ ...map, fields: { title: 'what' } }, 'fields'],
		[{ ...map, fields: { ...map.fields, code: { column: 'class', values: [] } } }, 'code'],
		[{ ...map, fields: { ...map.fields, due_at: 'nowhere' } }, 'due_at'], [{ ...map, no_position: [{}] }, 'no_position'],
	] as const) {
		const r = await send(text, {}, 'root', mapping);
		assert.equal(r.status, 400, r.text);
		assert.equal(r.body.error.field, field);
	}
	assert.equal((await send('')).status, 400);
	assert.equal((await send(text, {}, 'duty')).status, 400); // the top place is not the street's
	assert.equal((await send(text, {}, 'duty', { ...map, place: '99010100100000000' })).body.created, 1);
});

test('10,000 real requests load with their own times; the figures are exact', { skip }, async () => {
	const store = gz.store;
	const first = run(store, ['import', 'events', real, '--map', example]);
	assert.equal(first.status, 0, first.stdout + first.stderr);
	assert.match(first.stdout, /^10000 rows: 10000 created, 0 updated, 0 unchanged, 0 refused$/m);
	assert.match(first.stdout, /^column Latitude: 892 cells: .*rounded/m);
	assert.match(first.stdout, /^column Latitude: 590 cells: there is no position$/m);
	assert.match(first.stdout, /^9555 with a due and a closing time, 7988 of them on time /m);
	assert.match(first.stderr, /^row 1, column Latitude: /m);
	const second = run(store, ['import', 'events', real, '--map', example]);
	assert.match(second.stdout, /^10000 rows: 0 created, 0 updated, 10000 unchanged, 0 refused$/m);
	const root = await gz.signIn('root', password);
	// 159 more had a deadline, but nobody handles them here yet
	const kpi = await root.get('/api/kpi/on_time_rate', { from: '2014-01-01', to: '2020-01-01' });
	assert.deepEqual([kpi.body.numerator, kpi.body.denominator], [7988, 9555]);
	const count = await root.get('/api/events', { from: '2014-01-01T00:00:00+08:00', to: '2020-01-01T00:00:00+08:00', count: true, limit: 1 });
	assert.equal(count.body.count, 10000);
	mustRun(store, ['check']);
	mustRun(store, ['audit', 'verify']);
});
