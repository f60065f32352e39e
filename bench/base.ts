/* Figures of base data: a district's and a city's. */
import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { memory } from './machine.ts';
import { round, say, seconds, tile } from './say.ts';
import { bin, copy, dir, password, remove, Server, store } from './stores.ts';

type Request = [string, RequestInit?];

/** p50 and p99 of times in ms, of which `ms` is in ascending order afterwards. */
function told(figure: string, ms: number[], goal: string, note: string): void {
	ms.sort((a, b) => a - b);
	const at = (q: number): number => round(ms[Math.min(ms.length - 1, Math.floor(q * ms.length))] ?? NaN, 1);
	say({ figure: `p99 ${figure}`, value: at(0.99), unit: 'ms', goal, note: `p50 ${at(0.5)} ms, ${ms.length} ${note}` });
}

async function timed(s: Server, [target, init]: Request, token?: string): Promise<{ ms: number; bytes: number; text: string }> {
	const from = performance.now();
	const r = await fetch(`http://127.0.0.1:${s.port}${target}`, {
		...init, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), 'content-type': 'application/json' },
	});
	const text = await r.text();
	/* As the web does: who only reads asks again. */
	if (r.status === 503 && init === undefined) {
		await new Promise((done) => setTimeout(done, 500 + Math.random() * 1000));
		const again = await timed(s, [target], token);
		return { ...again, ms: performance.now() - from };
	}
	if (!r.ok) throw new Error(`${target}: ${r.status} ${text.slice(0, 200)}`);
	return { ms: performance.now() - from, bytes: text.length, text };
}

/** Requests made by four clients, one after another each. */
async function spread(name: string, make: (i: number) => Request, token: string, s: Server): Promise<void> {
	const ms: number[] = [];
	const until = performance.now() + Math.max(2, seconds / 3) * 1000;
	let next = 0, bytes = 0;
	await Promise.all(Array.from({ length: 4 }, async () => {
		while (performance.now() < until) {
			const got = await timed(s, make(next++), token);
			bytes += got.bytes;
			ms.push(got.ms);
		}
	}));
	told(name, ms, '< 50', `requests of ${round(bytes / ms.length / 1000, 1)} kB`);
}

interface Thing { id: string; address: string; name: string; code: string; lon: number; lat: number }

/** Search box, drawn areas, pages, tiles and figures. `where` is in the figures' names; `wide` and `street` are logins. */
async function everyday(s: Server, where: string, wideLogin: string, streetLogin: string): Promise<void> {
	const wide = await s.token(wideLogin), street = await s.token(streetLogin);
	const json = async <T>(path: string, token: string): Promise<T> => (await (await s.get(path, token)).json()) as T;
	const list = async (path: string, token: string): Promise<Thing[]> => (await json<{ items: Thing[] }>(path, token)).items;
	console.log(`base data, ${where}: ${JSON.stringify(await json('/api/registry/counts', wide))}`);
	const houses = await list('/api/buildings?limit=200', wide), venues = await list('/api/venues?limit=200', wide), people = await list('/api/persons?limit=200', street);
	const search = (v: string[]) => (i: number): Request => ['/api/search?q=' + encodeURIComponent(v[i % v.length] as string)];
	await spread(`search by name or address, ${where}`, search([...houses.map((h) => h.address), ...venues.map((v) => v.name)]), wide, s);
	await spread(`search by person, street of the ${where}`, search(people.map((p) => p.name)), street, s);
	await spread(`search by a common word, ${where}`, search(['社区', '网格', '1栋', '小区 2栋']), wide, s);
	await spread(`search by code or number, street of the ${where}`, search([...houses.map((h) => h.code), ...houses.map((_, i) => String(13800000000 + i))]), street, s);
	const near = (i: number): Thing => houses[(i * 37) % houses.length] as Thing;
	const area = (radius: number) => (i: number): Request => ['/api/map/select', { method: 'POST', body: JSON.stringify({ lon: near(i).lon, lat: near(i).lat, radius }) }];
	await spread(`area of 500 m, ${where}`, area(500), wide, s);
	await spread(`area of 5 km, ${where}`, area(5000), wide, s);
	await spread(`building with its floors, ${where}`, (i) => [`/api/buildings/${near(i).id}${i % 2 ? '/floors' : ''}`], wide, s);
	for (const z of [11, 13, 16]) {
		const layers = ['buildings', 'venues', 'things', 'visits', 'workforce'];
		await spread(`tile of base data z${z}, ${where}`, (i) => [`/tiles/${layers[i % layers.length]}/${tile(near(i).lon, near(i).lat, z)}.mvt`], wide, s);
	}
	const home = near(0).code.slice(0, 6) + '00000000000';
	await spread(`figures of all streets, ${where}`, (i) => [`/api/map/figures?figure=${['people', 'buildings', 'events', 'granularity_drift'][i % 4]}&place=${home}`], wide, s);
	await spread(`numbers of base data, ${where}`, () => ['/api/registry/counts'], wide, s);
}

export async function atlas(): Promise<void> {
	const path = copy(store('district', 10000), 'atlas.db');
	const s = await Server.start(path);
	await everyday(s, 'district', 'district', 'director1').finally(() => s.stop());
	remove(path);
}

/* ---- a city ---- */

const SIGN_INS = 2000, AT_ONCE = 8, IMPORTED = 50000;

/** Workers of the city, evenly over all of them, who can sign in with the demo accounts' password now. */
function workers(path: string): string[] {
	const db = new DatabaseSync(path);
	const all = db.prepare('SELECT a.id, a.login FROM account a WHERE a.password IS NULL AND EXISTS (SELECT 1 FROM post p WHERE p.user_id = a.id AND p.role IN (SELECT q.role FROM post q JOIN account b ON b.id = q.user_id WHERE b.login IN (\'grid1\', \'leader1\', \'micro1\', \'secretary1\', \'duty1\', \'director1\', \'board1\'))) ORDER BY a.id').all() as { id: number; login: string }[];
	const some = all.filter((_, i) => i % Math.floor(all.length / SIGN_INS) === 0).slice(0, SIGN_INS);
	db.exec('BEGIN');
	const set = db.prepare("UPDATE account SET active = 1, password = (SELECT password FROM account WHERE login = 'duty1') WHERE id = ?");
	for (const a of some) set.run(a.id);
	db.exec('COMMIT');
	db.close();
	return some.map((a) => a.login);
}

/** As the web does it: whoever is sent away because too many come at once asks again. */
async function signIn(s: Server, login: string): Promise<string> {
	for (;;) {
		const r = await fetch(`http://127.0.0.1:${s.port}/api/session`, {
			method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': `10.1.${login.charCodeAt(2) % 256}.${login.charCodeAt(login.length - 1)}` }, body: JSON.stringify({ login, password }),
		});
		const got = (await r.json()) as { token?: string; error?: { code: string } };
		if (got.token) return got.token;
		if (got.error?.code !== 'auth.busy' && got.error?.code !== 'busy') throw new Error(`${login}: ${r.status} ${got.error?.code}`);
		await new Promise((done) => setTimeout(done, 500 + Math.random() * 1000));
	}
}

const tree = async (s: Server, token: string): Promise<number> => {
	const me = JSON.parse((await timed(s, ['/api/session'], token)).text) as { home?: { code: string } };
	return (await timed(s, [`/api/places/tree?depth=1${me.home ? `&root=${me.home.code}` : ''}`], token)).bytes;
};

/** Everybody signs in once to a server that has just started, and what the web loads then; then all load their tree at the same moment. */
async function mornings(path: string, logins: string[]): Promise<void> {
	/* Clients are told apart as behind a proxy; from one address, their number would be limited. */
	let s = await Server.start(path, '--trusted-proxy', '127.0.0.1');
	const tokens: string[] = [], whole: number[] = [], trees: number[] = [];
	let next = 0;
	await Promise.all(Array.from({ length: AT_ONCE }, async () => {
		for (let i = next++; i < logins.length; i = next++) {
			const from = performance.now();
			tokens[i] = await signIn(s, logins[i] as string);
			const signed = performance.now();
			await timed(s, ['/api/boot']);
			await tree(s, tokens[i] as string);
			trees.push(performance.now() - signed);
			whole.push(performance.now() - from);
		}
	}));
	told('sign-in with password and tree, city', whole, '< 500', `accounts, ${AT_ONCE} at a time, one after another, no failure`);
	told('tree after signing in, city', trees, '< 500', 'accounts');
	await s.stop();
	s = await Server.start(path, '--trusted-proxy', '127.0.0.1');
	const burst: number[] = [];
	await Promise.all(tokens.map(async (t) => {
		const from = performance.now();
		await tree(s, t);
		burst.push(performance.now() - from);
	}));
	told('tree, all at the same moment to a server just started, city', burst, '< 500', 'accounts, no failure');
	const crowd: number[] = [], from = performance.now();
	await Promise.all(logins.map(async (l) => {
		await tree(s, await signIn(s, l));
		crowd.push(performance.now() - from);
	}));
	told('sign-in and tree, all at the same moment, city', crowd, 'no failure', 'accounts, no failure; the web waits its turn');
	await s.stop();
}

/** A file of people who do not exist: a county that is not there, with the check digit of GB 11643. */
function file(path: string, grids: string[]): void {
	const weight = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
	const family = '赵钱孙李周吴郑王冯陈', given = '安宁和平春夏秋冬东南';
	const rows = ['姓名,性别,身份证号,手机号,居住类型,place'];
	for (let i = 0; i < IMPORTED; i++) {
		const day = new Date(Date.UTC(1950, 0, 1 + (i % 20000))).toISOString().slice(0, 10).replaceAll('-', '');
		const head = `990199${day}${String(Math.floor(i / 20000) * 2 + 1).padStart(3, '0')}`;
		const sum = [...head].reduce((a, c, k) => a + Number(c) * (weight[k] as number), 0);
		const name = (family[i % 10] as string) + given[Math.floor(i / 10) % 10] + given[Math.floor(i / 100) % 10];
		rows.push([name, '男', head + '10X98765432'[sum % 11], String(19900000000 + i), '户籍常住', grids[i % grids.length]].join(','));
	}
	writeFileSync(path, rows.join('\n') + '\n');
}

/** Bytes of the pages in use. */
function used(path: string): number {
	const db = new DatabaseSync(path);
	const one = (pragma: string): number => Object.values(db.prepare(`PRAGMA ${pragma}`).get() as object)[0] as number;
	const bytes = (one('page_count') - one('freelist_count')) * one('page_size');
	db.close();
	return bytes;
}

async function importing(path: string): Promise<void> {
	const db = new DatabaseSync(path, { readOnly: true });
	const grids = (db.prepare('SELECT CAST(code AS TEXT) AS code FROM place WHERE level = 6 AND households > 0 ORDER BY place.code LIMIT 100').all() as { code: string }[]).map((r) => r.code);
	db.close();
	const csv = join(dir, 'people.csv');
	file(csv, grids);
	const before = used(path), from = performance.now();
	const child = spawn(bin, ['import', 'persons', csv, '--db', `sqlite:${path}`], { stdio: ['ignore', 'ignore', 'inherit'] });
	let peak = 0;
	const watch = setInterval(() => {
		try {
			peak = Math.max(peak, memory(child.pid ?? 0).peak);
		} catch { /* it has ended */ }
	}, 100);
	const code = await new Promise((done) => child.on('exit', done));
	clearInterval(watch);
	if (code !== 0) throw new Error(`the import ended with ${code}`);
	const took = (performance.now() - from) / 1000;
	say({ figure: 'import of people into the city', value: round(IMPORTED / took), unit: 'rows/s', note: `${IMPORTED} people in ${round(took, 1)} s from a CSV file, all or nothing, checked, sealed, indexed; ${peak} MB at most` });
	say({ figure: 'bytes a person, city', value: round((used(path) - before) / IMPORTED), unit: 'bytes', note: 'pages that the import took, with indexes, search words and record' });
}

/** 1,031 streets and three million people. */
export async function city(): Promise<void> {
	const path = copy(store('city', 0), 'city.db');
	const logins = workers(path);
	say({ figure: 'city on disk', value: round(statSync(path).size / 1e9, 2), unit: 'GB' });
	await mornings(path, logins);
	const s = await Server.start(path);
	say({ figure: 'start on a city', value: round(s.startMs), unit: 'ms to the first answer', goal: '< 2,000', note: '700,000 places, the file in the page cache' });
	await everyday(s, 'city', 'district', 'director1');
	const m = memory(s.pid);
	say({ figure: 'memory, city', value: m.rss, unit: 'MB resident', goal: '< 256', note: `${m.pss} MB proportional, ${m.peak} MB at most, after these reads` });
	await s.stop();
	await importing(path);
	remove(path);
}
