/* The keys of identifiers at rest: whose they are, changing them, an interruption, a file that does not belong. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { engine, newStore, Server } from './lib/server.ts';
import { bin, gezhi, keyEnv, type Ran, type Store } from './lib/store.ts';

const secret = '13912345678';
let store: Store;
let id: string;
const key = (): string => join(store.dir, engine === 'pg' ? 'gezhi.key' : 'gezhi.db.key');
const run = (...args: string[]): Ran => gezhi([...args, '--db', store.url, '--key-file', key()], { cwd: store.dir });

/** What was sealed before is found by its value and read in full. */
async function stillRead(): Promise<void> {
	const gz = await Server.start({ store, args: ['--key-file', key()] });
	try {
		const c = await gz.signIn('secretary1');
		const list = await c.get(`/api/persons?phone=${secret}`);
		assert.equal(list.body.items.length, 1, list.text);
		assert.equal(list.body.items[0].id, id);
		const found = await c.get(`/api/search?q=${secret}`);
		assert.match(found.text, new RegExp(id), found.text);
		const plain = await c.post(`/api/persons/${id}/unmask`, { fields: ['phone'], purpose: 'a call about the lift' });
		assert.equal(plain.body.phone, secret, plain.text);
	} finally {
		await gz.stop();
	}
}

before(async () => {
	store = newStore('demo');
	const r = run('check', '--sample', '0');
	assert.equal(r.status, 0, r.stderr);
	copyFileSync(key(), join(store.dir, 'first.key'));
	const gz = await Server.start({ store, args: ['--key-file', key()] });
	try {
		const c = await gz.signIn('secretary1');
		const one = (await c.get('/api/persons?limit=1')).body.items[0];
		const changed = await c.patch(`/api/persons/${one.id}`, { version: one.version, phone: secret });
		assert.equal(changed.status, 200, changed.text);
		id = one.id;
		const busy = run('keys', 'rotate');
		assert.equal(busy.status, 1);
		assert.match(busy.stderr, /stop it first/);
	} finally {
		await gz.stop();
	}
});
after(() => store.drop());

test('everything is sealed anew, and what was sealed is found and read', async () => {
	const before = statSync(key()).size;
	const r = run('keys', 'rotate');
	assert.equal(r.status, 0, r.stderr);
	assert.match(r.stdout, /person\.phone: [1-9]\d*\n[^]*sealed under the new key/);
	assert.equal(statSync(key()).size, before + 64);
	assert.equal(statSync(key()).mode & 0o777, 0o600);
	assert.match(run('check', '--sample', '0').stdout, /[1-9]\d* identifiers opened/);
	await stillRead();
});

test('ended at any moment: nothing opens the store until it is done, and then nothing is lost', async () => {
	let unfinished = 0;
	for (let ms = 10; ms <= 160 && unfinished < 2; ms += 30) {
		const child = spawn(bin, ['keys', 'rotate', '--db', store.url, '--key-file', key()],
			{ cwd: store.dir, env: { ...process.env, ...keyEnv(store.dir) }, stdio: 'ignore' });
		setTimeout(() => child.kill('SIGKILL'), ms);
		await once(child, 'exit');
		const r = run('check', '--sample', '0');
		if (r.status === 0) continue;
		assert.match(r.stderr, /run gezhi keys rotate to its end/);
		unfinished++;
		const again = run('keys', 'rotate');
		assert.equal(again.status, 0, again.stderr);
		assert.match(again.stdout, /going on with the change/);
		assert.equal(run('check', '--sample', '0').status, 0);
	}
	await stillRead();
});

test('a key file that does not belong to the store, or is none, is refused', () => {
	copyFileSync(key(), join(store.dir, 'good.key'));
	copyFileSync(join(store.dir, 'first.key'), key());
	assert.match(run('check').stderr, /does not belong to the store/);
	writeFileSync(key(), 'no key');
	assert.match(run('check').stderr, /is not a key file/);
	copyFileSync(join(store.dir, 'good.key'), key());
	assert.equal(run('check', '--sample', '0').status, 0);
});
