/* R025: one map and one screen over HTTP, and nothing of another street in any of it; ogr2ogr reads the open format. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { all, below, district, type Json, ok, otherStreet, refused, street } from './lib/district.ts';
import { decodeTile } from './lib/mvt.ts';
import { type Client, useServer } from './lib/server.ts';

const gz = useServer();
const everywhere = { area: { type: 'Polygon', coordinates: [[[106, 29], [107, 29], [107, 30], [106, 30], [106, 29]]] } };
const LAYERS = ['buildings', 'venues', 'things', 'organisations'];

const found = async (c: Client, q: string): Promise<Json[]> =>
	ok(await c.get('/api/search', { q, limit: 20 })).groups.flatMap((g: Json) => g.items.map((i: Json) => ({ ...i, kind: g.kind })));

test('R025 search finds what one sees, and of another street nothing', async () => {
	const duty = await gz.signIn('duty1'), secretary = await gz.signIn('secretary1');
	const person = ok(await secretary.get('/api/persons', { limit: 1 })).items[0];
	const [venue] = (await all(duty, '/api/venues')).filter((v) => v.active);
	assert.ok((await found(secretary, person.name)).some((i) => i.kind === 'persons' && i.id === person.id));
	for (const q of ['社区', '网格', '1栋', venue.name, person.name]) {
		for (const i of await found(duty, q)) assert.ok(below(i.place, street), `${q}: ${JSON.stringify(i)}`);
	}
	assert.equal((await found(await gz.signIn('admin'), person.name)).filter((i) => i.kind === 'persons').length, 0, 'masked: not findable');
	refused(await duty.get('/api/search'), 400, 'required', 'q');
	refused(await (await gz.signIn('resident1')).get('/api/search', { q: '社区' }), 403);
});

test('R025 an area holds exactly what the lists hold, a file of it what the area holds', async () => {
	for (const login of ['admin', 'duty1']) {
		const c = await gz.signIn(login);
		const got = ok(await c.post('/api/map/select', everywhere));
		for (const name of LAYERS) {
			const rows = (await all(c, `/api/${name}`)).filter((r) => r.active !== false && r.lon !== null);
			assert.equal(got.layers.find((l: Json) => l.layer === name).count, rows.length, `${login} ${name}`);
		}
		const counts = ok(await c.get('/api/registry/counts'));
		assert.equal(got.households, counts.households, login);
		// who lives in no house is in no area
		assert.ok(got.people > 0 && got.people <= counts.people, login);
		const file = await c.post('/api/map/export', { ...everywhere, layer: 'venues' });
		assert.equal(file.status, 200, file.text);
		const features = (JSON.parse(file.text) as Json).features;
		assert.equal(features.length, got.layers.find((l: Json) => l.layer === 'venues').count);
		if (login === 'duty1') assert.ok(features.every((f: Json) => below(f.properties.place, street)));
	}
	const c = await gz.signIn('duty1');
	refused(await c.post('/api/map/select', { area: { type: 'Polygon', coordinates: [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]] } }), 400, 'map.area');
});

test('R025 district totals are the sum of the streets, at one stamp', async () => {
	const c = await gz.signIn('admin');
	for (const figure of ['people', 'households', 'buildings', 'venues', 'things', 'organisations', 'events', 'visits']) {
		const f = ok(await c.get('/api/map/figures', { figure, place: district }));
		assert.equal(f.items.reduce((n: number, i: Json) => n + i.value, 0) + f.rest, f.total, figure);
		assert.equal(f.rest, 0, figure);
	}
	const duty = await gz.signIn('duty1');
	refused(await duty.get('/api/map/figures', { figure: 'people', place: otherStreet }), 404);
});

test('tiles of another street are empty of it', async () => {
	const c = await gz.signIn('duty1');
	const mine = new Set<string>();
	for (const name of LAYERS) for (const r of await all(c, `/api/${name}`)) mine.add(r.id);
	const boxes = (await all(await gz.signIn('admin'), '/api/buildings', { place: otherStreet })).slice(0, 4);
	for (const b of boxes) {
		const { z, x, y } = tileAt(b.lon, b.lat, 16);
		for (const layer of [...LAYERS, 'visits', 'workforce']) {
			const r = await fetch(`${c.base}/tiles/${layer}/${z}/${x}/${y}.mvt`, { headers: { authorization: `Bearer ${c.token}` } });
			assert.equal(r.status, 200, layer);
			for (const f of decodeTile(new Uint8Array(await r.arrayBuffer())).flatMap((l) => l.features))
				assert.ok(f.code !== undefined ? below(String(f.code), street) : mine.has(String(f.id)), layer);
		}
	}
});

function tileAt(lon: number, lat: number, z: number): { z: number; x: number; y: number } {
	const phi = lat * Math.PI / 180;
	return { z, x: Math.floor((lon + 180) / 360 * 2 ** z), y: Math.floor((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2 * 2 ** z) };
}

test('sealed events are in no collection, whoever may see them elsewhere', async () => {
	const c = await gz.signIn('auditor1'), sealed = (await all(c, '/api/events')).filter((e) => e.sealed), one = '/ogc/collections/events/items';
	for (const e of sealed.slice(0, 3)) refused(await c.get(`${one}/${e.id}`), 404, 'not_found');
	const page = ok(await c.get(one, { limit: 1000 })).features as Json[];
	assert.ok(sealed.length > 0 && page.length > 0 && page.every((f) => f.properties.sealed === false));
	assert.equal(ok(await c.get(`${one}/${page[0]?.id}`)).properties.no, page[0]?.properties.no);
	assert.ok(page.length >= ok(await c.get(one, { limit: 1000, bbox: '106,29,107,30' })).numberReturned);
});

test('ogr2ogr reads every collection, all of it and under sight', async () => {
	for (const login of ['admin', 'duty1']) {
		const c = await gz.signIn(login);
		for (const name of ['places', 'venues', 'events']) {
			const r = spawnSync('ogr2ogr', ['-f', 'GeoJSON', '/vsistdout/', `OAPIF:${gz.base}/ogc`, name, '-oo', 'PAGE_SIZE=50'],
				{ encoding: 'utf8', env: { ...process.env, GDAL_HTTP_HEADERS: `Authorization: Bearer ${c.token}` }, maxBuffer: 1 << 26 });
			assert.equal(r.status, 0, r.stderr);
			const rows = await all(c, `/api/${name}`);
			assert.deepEqual((JSON.parse(r.stdout) as Json).features.map((f: Json) => f.properties.code ?? f.properties.name).sort(),
				rows.filter((x) => !x.sealed).map((x) => x.code ?? x.name).sort(), `${login} ${name}`);
		}
	}
});
