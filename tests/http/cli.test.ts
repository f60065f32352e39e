/* The program's commands, on a store of their own. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { psql } from '../pg/cluster.ts';
import { engine, newStore, useServer } from './lib/server.ts';
import { gezhi, type Ran, type Store } from './lib/store.ts';

const commands = ['serve', 'demo', 'bench', 'migrate', 'user', 'import', 'export', 'backup', 'restore', 'audit', 'check', 'keys', 'openapi'];
const password = 'correct horse 7';
const divisions = [
	'area_code,area_name,street_code,street_name,village_code,village_name',
	'990101,甲区,990101001,乙街道,990101001001,一社区居民委员会',
	'990101,甲区,990101001,乙街道,990101001002,二社区居民委员会',
	'990101,甲区,990101002,丙镇,990101002201,三村村民委员会',
	'',
].join('\n');

let store: Store;
const run = (args: string[], input?: string): Ran =>
	gezhi([...args, '--db', store.url], input === undefined ? { cwd: store.dir } : { cwd: store.dir, input });

function file(name: string, text: string): string {
	const path = join(store.dir, name);
	writeFileSync(path, text);
	return path;
}

function sql(s: Store, text: string): void {
	if (engine === 'pg') {
		psql(s.url, text);
		return;
	}
	const db = new DatabaseSync(s.url.slice('sqlite:'.length));
	db.exec(text);
	db.close();
}

function says(r: Ran, status: number, stdout: RegExp, stderr = /^$/): void {
	assert.equal(r.status, status, r.stdout + r.stderr);
	assert.match(r.stdout, stdout);
	assert.match(r.stderr, stderr);
}

before(() => {
	store = newStore('none');
});
after(() => store.drop());

test('help names every command and every option; a wrong word is exit 2', () => {
	const all = gezhi(['--help']);
	says(all, 0, /usage: gezhi COMMAND/);
	for (const c of commands) {
		assert.match(all.stdout, new RegExp(`^  ${c} `, 'm'));
		says(gezhi([c, '--help']), 0, new RegExp(`^usage: gezhi ${c}[^]*\noptions\n`));
	}
	says(gezhi(['--version']), 0, /^gezhi \d+\.\d+\.\d+\n$/);
	says(gezhi([]), 2, /^$/, /usage:/);
	says(gezhi(['frobnicate']), 2, /^$/, /no command "frobnicate"/);
	says(run(['check', '--frobnicate']), 2, /^$/, /Unknown option --frobnicate/);
	says(run(['serve', '--port', '70000']), 2, /^$/, /0 to 65535/);
	says(gezhi(['check'], { env: { GEZHI_DB: undefined } }), 2, /^$/, /--db or GEZHI_DB/);
});

test('what is not there is not made by looking', { skip: engine === 'pg' }, () => {
	for (const c of [['check'], ['audit', 'verify'], ['export', 'users'], ['backup', 'x'], ['user', 'list']])
		says(run(c), 1, /^$/, /there is no store/);
	assert.ok(!existsSync(join(store.dir, 'gezhi.db')));
});

test('migrate makes a store, and then changes nothing', () => {
	says(run(['migrate']), 0, /^[1-9]\d* migrations applied; the schema is at \d+\n$/);
	says(run(['migrate']), 0, /^0 migrations applied/);
});

test('divisions: a dry run writes nothing, a second import changes nothing', () => {
	const f = file('divisions.csv', divisions);
	says(run(['import', 'divisions', f, '--dry-run']), 0, /^3 rows: 6 created, .* \(dry run\)\n$/);
	says(run(['import', 'divisions', f]), 0, /^3 rows: 6 created, 0 updated, 0 unchanged, 0 refused\n$/);
	says(run(['import', 'divisions', f]), 0, /^3 rows: 0 created, 0 updated, 6 unchanged, 0 refused\n$/);
	const csv = run(['export', 'places']);
	assert.equal(csv.stdout.trim().split('\n').length, 7, csv.stdout);
	assert.match(csv.stdout, /,99010100100200000,community,community,99010100100000000,二社区居民委员会,二社区,/);
});

test('a file with a bad row is loaded not at all, or in part by choice', () => {
	const f = file('users.csv', 'login,name\nli.a,李甲\nno good,坏\n');
	says(run(['import', 'users', f]), 1, /1 refused; nothing was written\n$/, /^row 2, column login: /);
	assert.doesNotMatch(run(['user', 'list']).stdout, /li\.a/);
	says(run(['import', 'users', f, '--partial']), 0, /^2 rows: 1 created, 0 updated, 0 unchanged, 1 refused\n$/, /^row 2/);
	assert.match(run(['user', 'list']).stdout, /^li\.a\t李甲\tactive\t/m);
	says(run(['import', 'nonsense', f]), 2, /^$/, /kinds: events divisions/);
	says(run(['import', 'users', join(store.dir, 'absent.csv')]), 1, /^$/, /cannot open .*absent\.csv/);
});

test('columns are renamed by a map', () => {
	const map = file('map.json', '{"Kennung":"login","Wer":"name"}');
	says(run(['import', 'users', file('u.csv', 'Kennung,Wer\nwang,王乙\n'), '--map', map]), 0, /1 created/);
	says(run(['import', 'users', file('u.csv', 'login,name\nw,x\n'), '--map', file('bad.json', '[1]')]), 1, /^$/, /no JSON object/);
});

test('a calendar is loaded once', () => {
	const f = file('2031.json', '{"year":2031,"days":[{"name":"元旦","date":"2031-01-01","isOffDay":true}]}');
	says(run(['import', 'calendar', f, '--dry-run']), 0, /^2031: 1 holidays, .*dry run/);
	says(run(['import', 'calendar', f]), 0, /^2031: 1 holidays, 0 working days made up\n$/);
	says(run(['import', 'calendar', f]), 0, /; unchanged\n$/);
});

test('events of another system: told apart by a map, counted, loaded once', () => {
	const map = file('events.json', JSON.stringify({
		place: '99010100000000000',
		fields: {
			ext_no: 'No', title: 'What', text: 'What', reported_at: 'From', due_at: 'Due', closed_at: 'Until',
			code: { column: 'Kind', values: { light: 'MS24' }, default: 'MS24' },
			state: { column: 'State', values: { done: 'closed' }, default: 'reported' },
		},
	}));
	const day = (d: number): string => `2026-03-0${d}T10:00:00+08:00`;
	const rows = ['No,What,Kind,State,From,Due,Until', `A1,lamp out,light,done,${day(2)},${day(4)},${day(3)}`,
		`A2,lamp out,light,done,${day(2)},${day(4)},${day(5)}`, `A3,lamp out,light,open,${day(2)},${day(4)},`];
	const good = file('events.csv', rows.join('\n') + '\n');
	const bad = file('bad.csv', [...rows, 'A4,lamp out,light,open,yesterday,,'].join('\n') + '\n');
	says(run(['import', 'events', good]), 2, /^$/, /--map/);
	const dry = run(['import', 'events', good, '--map', map, '--dry-run']);
	assert.match(dry.stdout, /^3 rows: 3 created, .*dry run/m, dry.stderr);
	says(run(['import', 'events', bad, '--map', map]), 1, /1 refused; nothing was written/,
		/^row 4, column From: .*"yesterday" \(row refused\)$/m);
	const first = run(['import', 'events', good, '--map', map]);
	assert.equal(first.status, 0, first.stdout + first.stderr);
	assert.match(first.stdout, /^3 rows: 3 created, 0 updated, 0 unchanged, 0 refused\n2 with a due and a closing time, 1 of them on time \(50\.0 %\)$/m);
	assert.match(run(['import', 'events', good, '--map', map]).stdout, /^3 rows: 0 created, 0 updated, 3 unchanged/m);
	assert.equal(run(['export', 'events']).stdout.trim().split('\n').length, 4);
});

test('a demo without events has its places and people', () => {
	const own = newStore('none');
	try {
		says(gezhi(['demo', '--size', 'small', '--events', '0', '--db', own.url], { cwd: own.dir }), 0, / 0 events, 0 actions/, /[^]*/);
	} finally {
		own.drop();
	}
});

test('a demo is made in an empty store only', () => {
	says(run(['demo', '--size', 'small']), 1, /^$/, /./);
	says(run(['demo', '--size', 'vast']), 2, /^$/, /small, district or city/);
});

test('accounts: made, given posts and passwords, listed', () => {
	const post = ['--role', 'district_admin', '--place', '990101'];
	says(run(['user', 'add', 'root', '管理员', '--password-stdin', ...post], `${password}\n`), 0, /^root added\n$/);
	says(run(['user', 'add', 'root', '又一个']), 1, /^$/, /already/);
	says(run(['user', 'add', 'weak', '弱', '--password-stdin'], 'short\n'), 1, /^$/, /at least 10/);
	says(run(['user', 'grant', 'li.a', '--role', 'grid_leader', '--place', '99']), 1, /^$/, /./);
	says(run(['user', 'grant', 'li.a', '--role', 'emperor', '--place', '990101']), 1, /^$/, /./);
	says(run(['user', 'grant', 'li.a', '--role', 'community_secretary', '--place', '990101001001']), 0, /has the post/);
	says(run(['user', 'password', 'nobody', '--password-stdin'], `${password}\n`), 1, /^$/, /no account nobody/);
	says(run(['user', 'password', 'li.a']), 2, /^$/, /--password-stdin/);
	says(run(['user', 'password', 'li.a', '--password-stdin'], `${password} b\n`), 0, /new password/);
	const list = run(['user', 'list']).stdout;
	assert.match(list, /^root\t管理员\tactive\tdistrict_admin@99010100000000000$/m);
	assert.match(list, /^li\.a\t李甲\tactive\tcommunity_secretary@99010100100100000$/m);
	assert.doesNotMatch(list, /^weak/m);
});

test('check and audit verify pass, and notice a changed entry', () => {
	says(run(['check']), 0, /^the store is consistent\n\d+ audit entries verified\n\d+ matters' clocks replayed/);
	says(run(['audit', 'verify']), 0, /^[1-9]\d* audit entries verified\n$/);
	says(run(['audit', 'erase']), 2, /^$/, /verify/);
	const other = newStore('none');
	try {
		assert.equal(gezhi(['migrate', '--db', other.url], { cwd: other.dir }).status, 0);
		assert.equal(gezhi(['user', 'add', 'one', '一', '--db', other.url], { cwd: other.dir }).status, 0);
		sql(other, "UPDATE audit SET action = 'nothing' WHERE action = 'create'");
		const r = gezhi(['audit', 'verify', '--db', other.url], { cwd: other.dir });
		says(r, 1, /^$/, /^gezhi audit: ./);
	} finally {
		other.drop();
	}
});

test('a newer schema is refused by every command that opens it', () => {
	const other = newStore('none');
	try {
		assert.equal(gezhi(['migrate', '--db', other.url], { cwd: other.dir }).status, 0);
		sql(other, "INSERT INTO schema_migration (number, name, checksum, applied) VALUES (9000, 'x', 'x', 0)");
		for (const c of [['migrate'], ['serve', '--port', '0'], ['export', 'users'], ['check']])
			says(gezhi([...c, '--db', other.url], { cwd: other.dir }), 1, /^$/, /newer.* update this program/);
	} finally {
		other.drop();
	}
});

test('a lost key file is not replaced by a fresh one', { skip: engine === 'pg' }, () => {
	const other = newStore('none');
	try {
		assert.equal(gezhi(['migrate', '--db', other.url], { cwd: other.dir }).status, 0);
		rmSync(join(other.dir, 'gezhi.db.key'));
		says(gezhi(['serve', '--port', '0', '--db', other.url]), 1, /^$/, /key file .*gezhi\.db\.key is missing/);
	} finally {
		other.drop();
	}
});

test('PostgreSQL has no place for keys of its own', { skip: engine !== 'pg' }, () => {
	const r = gezhi(['export', 'users', '--db', store.url], { cwd: store.dir, env: { GEZHI_KEY_FILE: undefined } });
	says(r, 1, /^$/, /--key-file or GEZHI_KEY_FILE/);
	says(run(['backup', join(store.dir, 'copy')]), 1, /^$/, /pg_dump/);
});

test('the interface document needs no store', () => {
	const r = gezhi(['openapi'], { env: { GEZHI_DB: undefined, GEZHI_KEY_FILE: undefined } });
	says(r, 0, /./);
	const doc = JSON.parse(r.stdout) as { openapi: string; paths: Record<string, unknown> };
	assert.match(doc.openapi, /^3\.1\./);
	assert.ok('/api/places' in doc.paths && '/api/session' in doc.paths);
});

/* ---- beside a running server ---- */

const gz = useServer({
	content: 'none',
	setup: (s) => {
		const at = (args: string[], input = ''): void => {
			const r = gezhi([...args, '--db', s.url], { cwd: s.dir, input });
			assert.equal(r.status, 0, r.stdout + r.stderr);
		};
		writeFileSync(join(s.dir, 'd.csv'), divisions);
		at(['migrate']);
		at(['import', 'divisions', join(s.dir, 'd.csv')]);
		at(['user', 'add', 'root', '管理员', '--password-stdin', '--role', 'district_admin', '--place', '990101'], `${password}\n`);
	},
});

test('the server says where it listens; its accounts may sign in and see their places', async () => {
	assert.match(gz.log(), /^listening on http:\/\/127\.0\.0\.1:\d+$/m);
	assert.doesNotMatch(gz.log(), /demo/);
	const admin = await gz.signIn('root', password);
	const r = await admin.get('/api/places', { limit: 10 });
	assert.equal(r.status, 200);
	assert.equal(r.body.items.length, 6);
});

test('the server learns within a second what a command changed', async () => {
	const admin = await gz.signIn('root', password);
	const extra = '990101,甲区,990101002,丙镇,990101002202,四村村民委员会\n';
	writeFileSync(join(gz.store.dir, 'd.csv'), divisions + extra);
	says(gz.cli(['import', 'divisions', join(gz.store.dir, 'd.csv')]), 0, /1 created, 0 updated, 6 unchanged/);
	await new Promise((done) => setTimeout(done, 1500));
	// The snapshot knows it: a post may be granted there.
	const me = (await admin.get('/api/users', { login: 'root' })).body.items[0];
	const r = await admin.post('/api/posts', { user_id: me.id, role: 'grid_leader', place: '99010100220200000' });
	assert.equal(r.status, 201, r.text);
	const list = gz.cli(['user', 'list']);
	assert.match(list.stdout, /grid_leader@99010100220200000/);
});

test('backup of a store in use; restore makes a new one and never overwrites', { skip: engine === 'pg' }, () => {
	const { dir, url } = gz.store;
	const copy = join(dir, 'copy.db');
	const fresh = `sqlite:${join(dir, 'fresh.db')}`;
	says(gz.cli(['backup', copy]), 0, /^copied to /, /key file/);
	says(gz.cli(['backup', copy]), 1, /^$/, /exists/);
	const sum = (): string => createHash('sha256').update(readFileSync(copy)).digest('hex');
	const was = sum();
	says(gezhi(['restore', copy, '--db', fresh]), 0, /^restored to /, /put its key file/);
	assert.equal(sum(), was, 'the copy was changed');
	says(gezhi(['restore', copy, '--db', fresh]), 1, /^$/, /not overwritten/);
	says(gezhi(['restore', copy, '--db', url]), 1, /^$/, /not overwritten/);
	copyFileSync(join(dir, 'gezhi.db.key'), join(dir, 'fresh.db.key'));
	says(gezhi(['check', '--db', fresh]), 0, /consistent/);
	assert.equal(gezhi(['user', 'list', '--db', fresh]).stdout, gz.cli(['user', 'list']).stdout);
});

test('restore refuses what is not a whole copy', { skip: engine === 'pg' }, () => {
	const { dir } = gz.store;
	const bad = join(dir, 'bad.db');
	for (const text of ['', 'not a store', readFileSync(join(dir, 'copy.db')).subarray(0, 100_000)]) {
		writeFileSync(bad, text);
		const r = gezhi(['restore', bad, '--db', `sqlite:${join(dir, 'never.db')}`]);
		assert.equal(r.status, 1);
		assert.match(r.stderr, /^gezhi restore: ./);
		assert.ok(!existsSync(join(dir, 'never.db')) && !existsSync(join(dir, 'never.db.restoring')));
	}
	says(gezhi(['restore', join(dir, 'gezhi.db'), '--db', `sqlite:${join(dir, 'never.db')}`]), 1, /^$/, /in use/);
});
