/*
 * R012: lists, counts, exports, tiles and single replies show what lies in one's own area, all of it and
 * nothing else. What an account should see is worked out here, from what the administrator and the
 * auditor see of every event and from the account's posts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, below, type Json, logins, ok, refused } from './lib/district.ts';
import { decodeTile, tilesOver } from './lib/mvt.ts';
import { type Client, useServer } from './lib/server.ts';

const gz = useServer();

// they see the matters of their area; the others only those of their unit and their own
const areaRoles = ['district_admin', 'district_viewer', 'director', 'duty_officer', 'board_lead', 'post_clerk',
	'community_secretary', 'grid_leader', 'grid_worker_ft', 'grid_worker_pt', 'grid_instructor', 'micro_leader', 'auditor'];

interface Sight {
	login: string;
	c: Client;
	posts: Json[];
	perms: Set<string>;
	/** Ids of the events the posts' places alone show, and of all those that may be seen. */
	area: Set<string>;
	events: Json[];
}

let everything: Json[] = [];

const inArea = (posts: Json[], e: Json): boolean => posts.some((p) => areaRoles.includes(p.role) && below(e.place, p.place) &&
	(p.board === null || p.board === 'none' || p.board === undefined || p.board === e.track));

async function sight(login: string): Promise<Sight> {
	const c = await gz.signIn(login);
	const me = ok(await c.get('/api/session'));
	if (everything.length === 0) everything = await all(await gz.signIn('auditor1'), '/api/events');
	const area = new Set<string>(everything.filter((e) => inArea(me.posts, e)).map((e) => e.id));
	return { login, c, posts: me.posts, perms: new Set(me.perms), area, events: await all(c, '/api/events') };
}

const ids = (list: Json[]): string[] => list.map((e) => e.id as string);
const counted = async (c: Client, query: object = {}): Promise<number> =>
	ok(await c.get('/api/events', { ...query, count: true, limit: 1 })).count;

/** Seen although outside the area: the unit's, or one's own report. */
async function checkOutside(s: Sight): Promise<void> {
	const units = new Set(s.posts.map((p) => p.unit_id).filter((u) => u !== null));
	const mine = new Set(ids(await all(s.c, '/api/events', { mine: true })));
	for (const e of s.events.filter((x) => !s.area.has(x.id) && !mine.has(x.id))) {
		const full = ok(await s.c.get(`/api/events/${e.id}`));
		const parts = [full.unit_id, full.first_unit, ...(full.coop ?? []).map((u: Json) => u.unit_id)];
		assert.ok(parts.some((u) => units.has(u)), `${s.login} sees ${e.no} at ${e.place} of unit ${e.unit_id}`);
	}
}

async function checkSealed(s: Sight): Promise<void> {
	if (s.login === 'auditor1') return;
	const mine = new Set(ids(await all(s.c, '/api/events', { mine: true })));
	for (const e of s.events.filter((x) => x.sealed && !mine.has(x.id))) {
		// a named handler: the unit's people are named when it is dispatched to them
		const units = s.posts.map((p) => p.unit_id);
		assert.ok(units.includes(e.unit_id) || units.includes(e.first_unit), `${s.login} sees the sealed ${e.no}`);
	}
}

async function checkForeign(s: Sight): Promise<void> {
	const seen = new Set(ids(s.events));
	const foreign = everything.filter((e) => !seen.has(e.id));
	for (const e of foreign.filter((_, i) => i % Math.ceil(foreign.length / 8) === 0)) {
		for (const path of [`/api/events/${e.id}`, `/api/matters/${e.id}/history`, `/api/matters/${e.id}/clocks`])
			refused(await s.c.get(path), 404);
		const r = await s.c.post(`/api/events/${e.id}/actions/comment`, { text: 'x' });
		refused(r, 404);
		if (s.perms.has('event.unmask')) refused(await s.c.post(`/api/events/${e.id}/unmask`, { purpose: '核实情况' }), 404);
		const similar = await s.c.get('/api/events/similar', { id: e.id });
		if (similar.status === 200) assert.deepEqual(similar.body.items.filter((x: Json) => !seen.has(x.id)), []);
	}
}

async function checkCounts(s: Sight): Promise<void> {
	assert.equal(await counted(s.c), s.events.length);
	assert.equal(await counted(s.c, { open: true }), s.events.filter((e) => e.open).length);
	assert.equal(await counted(s.c, { category: 'livelihood' }), s.events.filter((e) => e.track === 'livelihood').length);
	const csv = await s.c.get('/api/events/export', { format: 'csv' });
	if (csv.status !== 200) return refused(csv, 403);
	const rows = csv.text.replace(/"(?:[^"]|"")*"/g, 'x').trimEnd().split(/\r?\n/);
	assert.equal(rows.length - 1, s.events.length, `${s.login}'s export`);
}

for (const login of logins)
	test(`${login}: events of its area, all of them, and no others`, async () => {
		const s = await sight(login);
		const seen = new Set(ids(s.events));
		assert.equal(seen.size, s.events.length);
		const missing = everything.filter((e) => s.area.has(e.id) && !e.sealed && !seen.has(e.id));
		assert.deepEqual(missing.map((e) => `${e.no} ${e.place}`), []);
		await checkOutside(s);
		await checkSealed(s);
		await checkForeign(s);
		await checkCounts(s);
	});

/** Column of a CSV text; quoted cells may hold commas. */
function column(text: string, name: string): string[] {
	const lines = text.replace(/^\ufeff/, '').replace(/"(?:[^"]|"")*"/g, 'x').trimEnd().split(/\r?\n/);
	const at = (lines[0] as string).split(',').indexOf(name);
	return at < 0 ? [] : lines.slice(1).map((l) => l.split(',')[at] as string);
}

/** Lists of things with a place: the column that holds it, and the permission. Units are an address book: matters go
 * to departments and to other streets, so everybody who works here finds them. */
const placed: [string, string, string][] = [
	['places', 'code', 'place.read'], ['posts', 'place', 'post.read'], ['party_orgs', 'place', 'party.read'],
	['buildings', 'place', 'registry.read'], ['things', 'place', 'registry.read'],
];

for (const login of logins)
	test(`${login}: places, posts and Party organisations of its area`, async () => {
		const c = await gz.signIn(login);
		const me = ok(await c.get('/api/session'));
		const tops = me.posts.map((p: Json) => p.place as string);
		const within = (code: string): boolean => tops.some((t: string) => below(code, t));
		for (const [path, field, perm] of placed) {
			if (!me.perms.includes(perm)) {
				refused(await c.get(`/api/${path}`), 403);
				continue;
			}
			const rows = await all(c, `/api/${path}`);
			assert.deepEqual(rows.filter((r) => !within(r[field])).map((r) => `${path} ${r[field]}`), []);
			assert.equal(ok(await c.get(`/api/${path}`, { count: true, limit: 1 })).count, rows.length, path);
			const csv = await c.get(`/api/${path}/export`, { format: 'csv' });
			assert.equal(csv.status, 200, csv.text);
			const cells = column(csv.text, field);
			assert.equal(cells.length, rows.length);
			assert.deepEqual(cells.filter((code) => !within(code)), []);
		}
		if (!me.perms.includes('place.read')) return;
		const admin = await gz.signIn('admin');
		const outside = (await all(admin, '/api/places')).filter((p) => !within(p.code));
		for (const p of outside.filter((_, i) => i % Math.ceil(outside.length / 5) === 0)) {
			for (const at of [`/api/places/${p.id}`, `/api/places/${p.id}/shape`, `/api/places/by-code/${p.code}`,
				`/api/figures?place=${p.code}`, `/api/kpi/on_time_rate?place=${p.code}`, `/api/kpi/on_time_rate/cases?place=${p.code}`,
				`/api/places/tree?root=${p.code}`])
				refused(await c.get(at), 404);
			// of a place above they tell the part that is one's own, of another one nothing
			for (const name of ['granularity', 'party-coverage']) {
				const r = await c.get(`/api/reports/${name}`, { place: p.code });
				if (r.status === 404) continue;
				if (!tops.some((t: string) => below(t, p.code)))
					assert.equal(r.body.cells ?? r.body.denominator, 0, `${name} of ${p.code}: ${r.text}`);
				const rows: Json[] = [...(ok(r).items ?? []), ...(r.body.missing ?? [])];
				assert.deepEqual(rows.filter((x) => !within(x.code)).map((x) => x.code), [], `${name} of ${p.code}`);
			}
			assert.equal(await counted(c, { place: p.code }), (await all(c, '/api/events', { place: p.code })).length);
		}
	});

async function tile(c: Client, path: string): Promise<Json[]> {
	const r = await fetch(c.base + path, { headers: { authorization: `Bearer ${c.token}` } });
	assert.ok(r.status === 200 || r.status === 204, `${path}: ${r.status}`);
	return decodeTile(new Uint8Array(await r.arrayBuffer())).flatMap((l) => l.features);
}

test('R035 the running figures are the lists, and what is sealed is said', async () => {
	for (const login of ['district', 'director1', 'duty1', 'secretary1', 'auditor1']) {
		const s = await sight(login);
		const figures = ok(await s.c.get('/api/figures'));
		const open = s.events.filter((e) => e.open && below(e.place, figures.place));
		assert.equal(figures.open - figures.withheld_open, open.length, login);
		assert.equal(figures.overdue - figures.withheld_overdue, open.filter((e) => e.level >= 2).length, login);
		assert.equal(figures.withheld_open, everything.filter((e) => e.open && e.sealed && below(e.place, figures.place)).length
			- open.filter((e) => e.sealed).length, login);
	}
});

test('tiles: every open event of the area is in one cluster of its tile, and none of another area', async () => {
	const { map } = ok(await gz.anonymous().get('/api/boot'));
	for (const login of logins) {
		const s = await sight(login);
		if (!s.perms.has('map.read')) continue;
		const open = s.events.filter((e) => e.open && e.kind === 'event' && !e.sealed && e.lon !== null);
		let n = 0;
		for (const [x, y] of tilesOver(map.bounds, 11))
			for (const f of await tile(s.c, `/tiles/events/11/${x}/${y}.mvt`)) n += Number(f.n ?? 1);
		assert.equal(n, open.length, login);
		const seen = new Set(ids(s.events));
		const e = open[0];
		if (e === undefined) continue;
		for (const [x, y] of tilesOver([e.lon, e.lat, e.lon, e.lat], 16))
			for (const f of await tile(s.c, `/tiles/events/16/${x}/${y}.mvt`)) if (f.id !== undefined) assert.ok(seen.has(String(f.id)), login);
	}
});

test('tiles of places draw the area only', async () => {
	const { map } = ok(await gz.anonymous().get('/api/boot'));
	for (const login of logins) {
		const c = await gz.signIn(login);
		const me = ok(await c.get('/api/session'));
		if (!me.perms.includes('map.read')) continue;
		const codes = new Set<string>();
		for (const [x, y] of tilesOver(map.bounds, 12))
			for (const f of await tile(c, `/tiles/places/12/${x}/${y}.mvt`)) codes.add(String(f.code));
		const tops = me.posts.map((p: Json) => p.place as string);
		assert.deepEqual([...codes].filter((k) => !tops.some((t: string) => below(k, t))), [], login);
	}
});
