/*
 * The figures of docs/performance.md, each beside its reference in the same run.
 *
 *     make bench                    all; the result also goes to build/bench.json
 *     make bench FIGURE=read        one: lifecycle submit read latency memory start size atlas city
 *     SIZES=10000,1000000 SECONDS=10 ROUNDS=3 CLIENTS=64   what it measures with
 */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atlas, city } from './base.ts';
import { bench, type Load, nginx, wrk } from './load.ts';
import { cpuMs, machine, median, memory } from './machine.ts';
import { clients, large, round, rounds, rows, say, seconds, sizes, small, tile } from './say.ts';
import { bin, copy, dir, remove, root, Server, store } from './stores.ts';

/** Runs `f` on a server over a copy of the store with `events` events. */
async function serving<T>(events: number, f: (s: Server, path: string) => Promise<T>): Promise<T> {
	const path = copy(store('district', events), `serve-${events}.db`);
	const s = await Server.start(path);
	try {
		return await f(s, path);
	} finally {
		await s.stop();
		remove(path);
	}
}

const onServer = (s: Server, what: string[], secs: number, n: number, ...more: string[]): Promise<Load> =>
	bench(...what, '--port', String(s.port), '--seconds', String(secs), '--clients', String(n), ...more);

async function lifecycle(): Promise<void> {
	for (const events of sizes) {
		await serving(events, async (s) => {
			await onServer(s, ['lifecycle'], 2, clients);
			const cpu = cpuMs(s.pid);
			const l = await onServer(s, ['lifecycle'], seconds, clients);
			say({ figure: 'lifecycle', events, value: round(l.per_second), unit: 'lifecycles/s', goal: '≥ 1,000 at 1M',
				note: `p50 ${l.ms?.p50} ms, p99 ${l.ms?.p99} ms, server ${round((cpuMs(s.pid) - cpu) / l.done, 2)} ms of processor each` });
		});
	}
}

/** Reports over HTTP and the same statements alone, by turns, each on its own copy. */
async function submit(): Promise<void> {
	const raw: number[] = [], http: number[] = [];
	const other = copy(store('district', small), 'raw.db');
	await serving(small, async (s) => {
		await onServer(s, ['submit'], 2, clients);
		const cpu = cpuMs(s.pid);
		let done = 0;
		for (let i = 0; i < rounds; i++) {
			raw.push((await bench('raw', '--db', `sqlite:${other}`, '--batch', '64', '--seconds', String(seconds))).per_second);
			const l = await onServer(s, ['submit'], seconds, clients);
			http.push(l.per_second);
			done += l.done;
		}
		const each = round((cpuMs(s.pid) - cpu) / done, 3);
		say({ figure: 'submit', events: small, value: round(median(http)), unit: 'submissions/s', ratio: round(median(http) / median(raw), 3),
			reference: `raw statements, 64 a commit (${round(median(raw))}/s)`, goal: '≥ 0.7', note: `server ${each} ms of processor each` });
	});
	remove(other);
}

async function read(): Promise<void> {
	await serving(large, async (s) => {
		const token = await s.token('duty1');
		const list = (await (await s.get('/api/events?limit=1&open=true', token)).json()) as { items: { id: string }[] };
		const target = `/api/events/${list.items[0]?.id}`;
		const body = await (await s.get(target, token)).text();
		const ref = await nginx(body);
		const own: number[] = [], theirs: number[] = [];
		try {
			for (let i = 0; i < rounds; i++) {
				theirs.push(await wrk(ref.url, token, seconds));
				own.push(await wrk(`http://127.0.0.1:${s.port}${target}`, token, seconds));
			}
		} finally {
			ref.stop();
		}
		say({ figure: 'read', events: large, value: round(median(own)), unit: 'reads/s', ratio: round(median(own) / median(theirs), 3),
			reference: `nginx return 200 (${round(median(theirs))}/s)`, goal: '≥ 0.6', note: `${body.length} characters, one event in full` });
	});
}

async function latency(): Promise<void> {
	await serving(large, async (s) => {
		const token = await s.token('duty1');
		const places = (await (await s.get('/api/places?level=grid&limit=1', token)).json()) as { items: { lon: number; lat: number }[] };
		const { lon, lat } = places.items[0] as { lon: number; lat: number };
		const year = `from=${new Date(Date.now() - 365 * 864e5).toISOString().slice(0, 10)}&to=${new Date().toISOString().slice(0, 10)}`;
		const asked: [string, string, string][] = [
			['list', 'duty1', '/api/events?limit=50'], ['list, whole district', 'district', '/api/events?limit=50'],
			['list of overdue', 'district', '/api/events?level=2&open=true&sort=due'], ['inbox', 'duty1', '/api/matters?tab=todo'],
			['counts', 'duty1', '/api/matters/counts'], ['counts, whole district', 'district', '/api/matters/counts'],
			['figures', 'district', '/api/figures'], ['kpi over a year', 'district', `/api/kpi/on_time_rate?${year}`],
			['tile z11', 'district', `/tiles/events/${tile(lon, lat, 11)}.mvt`], ['tile z15', 'district', `/tiles/events/${tile(lon, lat, 15)}.mvt`],
			['search, rare', 'district', '/api/events?q=' + encodeURIComponent('第777次')], ['search, common', 'duty1', '/api/events?q=' + encodeURIComponent('井盖')],
			['search, common, whole district', 'district', '/api/events?q=' + encodeURIComponent('井盖')],
		];
		for (const [name, login, target] of asked) {
			const cpu = cpuMs(s.pid);
			const l = await onServer(s, ['get', target], Math.max(2, Math.round(seconds / 3)), 4, '--login', login);
			say({ figure: `p99 ${name}`, events: large, value: l.ms?.p99 ?? NaN, unit: 'ms', goal: '< 50',
				note: `p50 ${l.ms?.p50} ms, ${round(l.per_second)}/s, server ${round((cpuMs(s.pid) - cpu) / l.done, 2)} ms of processor each` });
		}
	});
}

async function memoryUse(): Promise<void> {
	await serving(large, async (s) => {
		await onServer(s, ['lifecycle'], seconds, clients);
		for (const target of ['/api/events?limit=50', '/api/matters/counts', '/api/figures', '/api/events?q=' + encodeURIComponent('井盖')])
			await onServer(s, ['get', target], 2, 16);
		const m = memory(s.pid);
		say({ figure: 'memory', events: large, value: m.rss, unit: 'MB resident', goal: '< 256', note: `${m.pss} MB proportional, ${m.peak} MB at most, after writing and reading` });
	});
}

async function start(): Promise<void> {
	const path = copy(store('district', large), 'start.db');
	const took: number[] = [];
	for (let i = 0; i < 5; i++) {
		const s = await Server.start(path);
		took.push(s.startMs);
		await s.stop();
	}
	remove(path);
	say({ figure: 'start', events: large, value: round(median(took)), unit: 'ms to the first answer', goal: '< 2,000', note: 'median of 5, the file in the page cache' });
}

async function size(): Promise<void> {
	say({ figure: 'size', value: round(statSync(bin).size / 1e6, 2), unit: 'MB, the whole program with the web inside' });
}

const figures: Record<string, () => Promise<void>> = { lifecycle, submit, read, latency, memory: memoryUse, start, size, atlas, city };
const wanted = process.env.FIGURE ? process.env.FIGURE.split(',') : Object.keys(figures);

console.log(JSON.stringify({ ...machine(), sizes, seconds, rounds, clients, bin }));
for (const name of wanted) {
	const f = figures[name];
	if (!f) throw new Error(`there is no figure ${name}: ${Object.keys(figures).join(' ')}`);
	await f();
}
writeFileSync(join(root, 'build/bench.json'), JSON.stringify({ machine: machine(), sizes, seconds, rounds, clients, dir, rows }, null, '\t') + '\n');
