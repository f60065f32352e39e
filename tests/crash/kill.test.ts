/*
 * Kills the server with -9 under load, again and again on the same store. Whatever was answered before is
 * there afterwards, every chain of the audit record verifies, and the store is consistent; a request sent
 * again under its Idempotency-Key happens once.
 *
 *     CRASH_RUNS=200 node --test tests/crash/kill.test.ts      the long run, about 10 minutes
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { grid, lamp, ok } from '../http/lib/district.ts';
import { Client, newStore, Server } from '../http/lib/server.ts';
import type { Store } from '../http/lib/store.ts';

const runs = Number(process.env['CRASH_RUNS'] ?? 10);
const parallel = 16;
const steps = ['accept', 'dispatch'];

/** What one event came to, by the answers got. */
interface Told {
	key: string;
	id?: string;
	/** Version of the last answer. */
	version: number;
}

let store: Store;
before(() => {
	store = newStore('demo');
});
after(() => store.drop());

const create = (c: Client, key: string) =>
	c.post('/api/events', { text: `路灯不亮 ${key}`, code: lamp, place: grid, ext_no: key }, { headers: { 'idempotency-key': key } });

/** One client: reports, accepts, dispatches, until the server is gone. */
async function load(c: Client, name: string, told: Told[], gone: () => boolean): Promise<void> {
	for (let i = 0; !gone(); i++) {
		const t: Told = { key: `${name}-${i}`, version: 0 };
		told.push(t);
		try {
			const e = ok(await create(c, t.key), 201);
			t.id = e.id;
			t.version = e.version;
			for (const action of steps) t.version = ok(await c.post(`/api/events/${e.id}/actions/${action}`, { version: t.version })).version;
		} catch (e) {
			if (!gone()) throw e; // an answer that is none of a dying server's
			return;
		}
	}
}

async function inParallel<T>(list: T[], f: (one: T) => Promise<void>): Promise<void> {
	const rest = [...list];
	await Promise.all(Array.from({ length: parallel }, async () => {
		for (let one = rest.pop(); one !== undefined; one = rest.pop()) await f(one);
	}));
}

async function checkTold(c: Client, told: Told[]): Promise<void> {
	await inParallel(told.filter((t) => t.id !== undefined), async (t) => {
		const e = ok(await c.get(`/api/events/${t.id as string}`));
		assert.ok(e.version >= t.version, `${t.key}: version ${e.version}, told ${t.version}`);
		const history = ok(await c.get(`/api/matters/${t.id as string}/history`)).items;
		assert.equal(history.length, e.version, `${t.key}: ${history.length} steps for version ${e.version}`);
	});
	await inParallel(told.filter((t) => t.id === undefined), async (t) => {
		const again = ok(await create(c, t.key), 201);
		const found = ok(await c.get('/api/events', { ext_no: t.key })).items;
		assert.deepEqual(found.map((e: { id: string }) => e.id), [again.id], t.key);
	});
}

async function once(run: number): Promise<number> {
	const server = await Server.start({ store });
	const duty = await server.signIn('duty1');
	const told: Told[] = [];
	let gone = false;
	const clients = Array.from({ length: parallel }, (_, i) => load(duty, `r${run}-${process.pid}-${i}`, told, () => gone));
	await sleep(150 + Math.random() * 850);
	gone = true;
	await server.kill();
	await Promise.all(clients);
	const again = await Server.start({ store });
	try {
		await checkTold(new Client(again.base, duty.session), told);
		for (const args of [['audit', 'verify'], ['check']]) {
			const r = again.cli(args);
			assert.equal(r.status, 0, `gezhi ${args.join(' ')}: ${r.stdout}${r.stderr}`);
		}
	} finally {
		await again.stop();
	}
	return told.filter((t) => t.id !== undefined).length;
}

test(`killed ${runs} times under load, nothing that was answered is lost`, async () => {
	let acknowledged = 0;
	for (let i = 0; i < runs; i++) acknowledged += await once(i);
	assert.ok(acknowledged > runs, `only ${acknowledged} events were answered: that proves nothing`);
});
