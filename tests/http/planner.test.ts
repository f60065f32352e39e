/* Plans of grids over HTTP: who may do what, a split and its way back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { community, grid, type Json, ok, refused, report } from './lib/district.ts';
import { useServer } from './lib/server.ts';

const gz = useServer();

test('R005 drift per street and community, with the households counted', async () => {
	const admin = await gz.signIn('admin');
	const all = ok(await admin.get('/api/reports/granularity'));
	assert.ok(all.streets.length === 3 && all.communities.length === 0 && all.cells > 40);
	// One definition: the indicator and the map's figure are the report's.
	for (const place of [all.streets[0].code, community]) {
		const report = ok(await admin.get('/api/reports/granularity', { place }));
		assert.ok(Math.abs(ok(await admin.get('/api/kpi/granularity_drift', { place })).value - report.mean_drift) < 1e-9);
		assert.ok(Math.abs(ok(await admin.get('/api/map/figures', { figure: 'granularity_drift', place })).total - report.mean_drift) < 1e-9);
	}
	const one = ok(await admin.get('/api/reports/granularity', { place: community, level: 'micro_grid' }));
	assert.ok(one.communities.length === 1 && one.communities[0].code === community);
	assert.ok(one.items.every((i: Json) => i.registered === true && i.community_code === community && (i.households > 65 || i.households < 35)));
});

test('R007 a grid is split by one person, approved by another, and comes back', async () => {
	const [secretary, director, leader] = [await gz.signIn('secretary1'), await gz.signIn('director1'), await gz.signIn('leader1')];
	const matter = await report(await gz.signIn('grid1'));
	const plan = ok(await secretary.post('/api/grid_plans', { place: community, kind: 'split', codes: [grid], reason: '户数过多' }), 201);
	assert.ok(plan.after.units === plan.before.units + 1);
	const sheet = ok(await secretary.get(`/api/grid_plans/${plan.id}/sheet`));
	assert.deepEqual(sheet.may, ['submit', 'change']);
	assert.equal(ok(await secretary.get(`/api/grid_plans/${plan.id}/outlines`)).after.length, sheet.parts.length);
	const cell = sheet.cells.find((c: Json) => c.from === grid && c.part === 0);
	const moved = ok(await secretary.patch(`/api/grid_plans/${plan.id}/cells`, { version: plan.version, cells: [{ building: cell.building, part: 1 }] }));
	assert.equal(moved.parts[1].households, sheet.parts[1].households + cell.households);
	refused(await secretary.patch(`/api/grid_plans/${plan.id}/cells`, { version: plan.version, cells: [] }), 409, 'conflict.version');
	const step = async (c: typeof director, word: string, more: object = {}): Promise<Json> =>
		c.post(`/api/grid_plans/${plan.id}/${word}`, { version: ok(await secretary.get(`/api/grid_plans/${plan.id}`)).version, ...more });
	refused(await step(leader, 'submit'), 403);
	ok(await step(secretary, 'submit'));
	ok(await step(secretary, 'withdraw'));
	ok(await step(secretary, 'submit'));
	refused(await step(director, 'reject'), 400, 'required', 'text');
	ok(await step(director, 'approve', { effective: '2020-01-01' }));
	const applied = ok(await step(director, 'apply'));
	assert.ok(applied.carried.household > 300 && applied.carried.person > 800 && applied.carried.matter > 0, JSON.stringify(applied.carried));
	const carried = ok(await director.get(`/api/grid_plans/${plan.id}/carried`));
	const mine = carried.items.find((i: Json) => i.object === 'matter' && i.id === matter.id);
	assert.ok(mine !== undefined && mine.from === grid && mine.to !== grid);
	assert.equal(ok(await director.get(`/api/places/by-code/${grid}`)).lineage.length, 2);
	assert.equal(ok(await director.get(`/api/matters/${matter.id}/history`)).items.at(-1).action, 'carry');
	ok(await step(director, 'undo', { text: '试行后撤销' }));
	assert.equal(ok(await director.get(`/api/events/${matter.id}`)).place, grid);
	assert.equal(ok(await director.get(`/api/places/by-code/${grid}`)).valid_to, null);
});
