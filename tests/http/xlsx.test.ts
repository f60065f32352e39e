/*
 * Lists out to files and in from them, as CSV and workbooks: what people really send, what attackers send,
 * imports that take long, are cancelled, or are cut short by kill -9. R022.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './lib/client.ts';
import { type Json, ok, refused } from './lib/district.ts';
import { Server, useServer } from './lib/server.ts';
import { bin, engine, type Store, gezhi, root } from './lib/store.ts';
import { book, type Cell, readBook, sheetXml, table, zip } from './lib/xlsx.ts';

const password = 'correct horse 7';
const divisions = [
	'area_code,area_name,street_code,street_name,village_code,village_name',
	'990101,甲区,990101001,乙街道,990101001001,一社区居民委员会',
	'',
].join('\n');

function setup(store: Store): void {
	const run = (args: string[], input?: string): void => {
		const r = gezhi([...args, '--db', store.url], input === undefined ? { cwd: store.dir } : { cwd: store.dir, input });
		assert.equal(r.status, 0, r.stdout + r.stderr);
	};
	writeFileSync(join(store.dir, 'divisions.csv'), divisions);
	run(['import', 'divisions', join(store.dir, 'divisions.csv')]);
	for (const [login, role] of [['root', 'district_admin'], ['other', 'district_admin'], ['auditor', 'auditor']] as const)
		run(['user', 'add', login, login, '--password-stdin', '--role', role, '--place', '990101'], `${password}\n`);
}

const gz = useServer({ content: 'empty', setup });
const admin = (): Promise<Client> => gz.signIn('root', password);

const titles: Cell[] = ['事项编号', '清单', '名称', '跑道', '街道职责', '生效日期'];
const item = (no: string, o: { name?: Cell; from?: Cell } = {}): Cell[] =>
	[no, '法定职责', o.name ?? `事项${no}`, '民生服务', '负责', o.from ?? '2026-01-02'];
const map = { 街道职责: 'street_duty' };

interface Sent {
	dry_run?: boolean;
	partial?: boolean;
	map?: object | null;
}

async function send(bytes: Buffer | string, o: Sent = {}, path = 'duty_items'): Promise<Json> {
	const c = await admin();
	const q = new URLSearchParams();
	if (o.map !== null) q.set('map', JSON.stringify(o.map ?? map));
	for (const k of ['dry_run', 'partial'] as const) if (o[k] !== undefined) q.set(k, String(o[k]));
	return c.request('POST', `/api/${path}/import?${q.toString()}`, bytes, { headers: { 'content-type': 'application/octet-stream' } });
}

const counts = (b: Json): unknown[] => [b.rows, b.created, b.updated, b.unchanged, b.rejected];
const faults = (b: Json): string[] => b.errors.map((e: Json) => `${e.line} ${e.column} ${e.code}`);

async function download(c: Client, path: string): Promise<Buffer> {
	const r = await fetch(c.base + path, { headers: { authorization: `Bearer ${c.token}` } });
	assert.equal(r.status, 200, path);
	return Buffer.from(await r.arrayBuffer());
}

test('a workbook loads: title above the header, remarks below it, dates and words as people write them', async () => {
	const rows: (Cell[] | null)[] = [
		['职责清单导入表'], null, titles,
		['必填，唯一', '必填，法定职责/协同配合', '必填', '必填', '必填', '可选，如2026-01-02'],
		item('W1', { from: { date: 46024 } }), item('W2', { from: 46024 }), item('W3', { from: '2026年1月2日' }), item('W4', { from: '20260102' }),
		item('W5', { from: '' }), null, item('W6', { name: { formula: 'A1&"x"', value: '算出' } }),
	];
	const dry = ok(await send(table(rows, ['A1:F1']), { dry_run: true }));
	assert.deepEqual(counts(dry), [6, 6, 0, 0, 0]);
	assert.deepEqual([dry.sheet, dry.header, dry.remarks], ['Sheet1', 3, 4]);
	assert.deepEqual(dry.columns.map((c: Json) => c.field), ['item', 'list', 'name', 'track', 'street_duty', 'valid_from']);
	assert.deepEqual(dry.notes, [{ code: 'formula', column: '名称', line: 11, count: 1 }]);
	assert.deepEqual(counts(ok(await send(table(rows, ['A1:F1'])))), [6, 6, 0, 0, 0]);
	const c = await admin();
	const list = ok(await c.get('/api/duty_items', { sort: 'item', limit: 200 })).items.filter((i: Json) => i.item.startsWith('W'));
	assert.deepEqual(list.map((i: Json) => i.valid_from), ['2026-01-02', '2026-01-02', '2026-01-02', '2026-01-02', null, '2026-01-02']);
	assert.deepEqual([list[5].name, list[0].list, list[0].track], ['算出', 'statutory', 'livelihood']);
	assert.deepEqual(counts(ok(await send(table(rows, ['A1:F1'])))), [6, 0, 0, 6, 0]);
});

test('what is exported comes back unchanged, as CSV and as a workbook; the export is on record', async () => {
	const c = await admin();
	for (const format of ['csv', 'xlsx']) {
		const bytes = await download(c, `/api/duty_items/export?format=${format}&purpose=${encodeURIComponent('年度核对')}&list=statutory`);
		const r = ok(await send(bytes, { map: null }));
		assert.ok(r.rows >= 6);
		assert.deepEqual(counts(r), [r.rows, 0, 0, r.rows, 0]);
		assert.deepEqual(r.columns.filter((x: Json) => x.field === null), []);
	}
	const auditor = await gz.signIn('auditor', password);
	const record = ok(await auditor.get('/api/audit', { object: 'duty_item', limit: 50 })).items.filter((e: Json) => e.action === 'export');
	assert.equal(record.length, 2);
	assert.deepEqual([record[0].login, record[0].detail.format, record[0].detail.purpose, record[0].detail.filters],
		['root', 'xlsx', '年度核对', { list: 'statutory' }]);
	assert.ok(record[0].detail.rows >= 6);
	refused(await c.get('/api/duty_items/export', { format: 'pdf' }), 400, 'format', 'format');
	const out = join(gz.store.dir, 'duty.xlsx');
	assert.equal(gz.cli(['export', 'duty_items', '--format', 'xlsx', '--out', out]).status, 0);
	assert.equal(gz.cli(['export', 'duty_items', '--format', 'xlsx', '--out', out]).status, 1);
	const again = gz.cli(['import', 'duty_items', out]);
	assert.equal(again.status, 0, again.stderr);
	assert.match(again.stdout, /^(\d+) rows: 0 created, 0 updated, \1 unchanged, 0 refused/);
	const events = await download(c, '/api/events/export?format=xlsx');
	assert.equal(readBook(events)['A1']?.text, 'id');
});

test('GBK, and UTF-8 with and without its mark', async () => {
	const text = '事项编号,清单,名称,跑道,街道职责\r\nG1,法定职责,长沙,民生服务,x\r\n';
	// 事项编号,清单,名称,跑道,街道职责 / G1,法定职责,长沙,民生服务,x in GB18030
	const gbk = Buffer.from('cac2cfeeb1e0bac52cc7e5b5a52cc3fbb3c62cc5dcb5c02cbdd6b5c0d6b0d4f00d0a47312cb7a8b6a8d6b0d4f02cb3a4c9b32cc3f1c9fab7fecef12c780d0a', 'hex');
	assert.deepEqual(counts(ok(await send(gbk))), [1, 1, 0, 0, 0]);
	assert.deepEqual(counts(ok(await send(text))), [1, 0, 0, 1, 0]);
	assert.deepEqual(counts(ok(await send(`\uFEFF${text}`))), [1, 0, 0, 1, 0]);
});

test('faulty cells are told by row and column, and nothing is written unless in part by choice', async () => {
	const rows: (Cell[] | null)[] = [
		titles, item('F1'), item('F2', { from: 'soon' }), item('F1'), item('F3', { name: { formula: 'NOW()' } }),
		item('F4', { name: { xml: '<c r="C6" t="e"><v>#REF!</v></c>' } }), ['F5', '法定职责', null, '民生服务', '负责', null],
		item('F6', { name: 430521199001011234 }), item('F7'),
	];
	const whole = ok(await send(table(rows, ['C7:C8'])));
	assert.deepEqual(counts(whole), [8, 0, 0, 0, 6]);
	assert.equal(whole.conflicts, 1);
	assert.deepEqual(faults(whole), ['3 生效日期 wrong_type', '4 事项编号 repeated', '5 名称 formula_empty', '6 名称 cell_error', '7 名称 required', '8 名称 rounded']);
	assert.match(whole.errors[1].message, /line 2 /);
	const merged = ok(await send(table(rows, ['C6:C7']), { dry_run: true }));
	assert.ok(faults(merged).includes('7 名称 merged'));
	assert.deepEqual(counts(ok(await send(table(rows), { partial: true }))), [8, 2, 0, 0, 6]);
});

test('columns nobody knows are not used; a mapping that was chosen is used again', async () => {
	const rows: Cell[][] = [['号', '清单', '名称', '跑道', '职责', '随便'], ['M1', '法定职责', 'x', '民生服务', 'y', 'z']];
	const first = ok(await send(table(rows), { map: null, dry_run: true }));
	assert.deepEqual(first.columns.filter((x: Json) => x.how === 'unused').map((x: Json) => x.column), ['号', '职责', '随便']);
	assert.equal(first.rejected, 1);
	assert.equal(ok(await send(table(rows), { map: { 号: 'item', 职责: 'street_duty' } })).created, 1);
	const again = ok(await send(table([rows[0] as Cell[], ['M2', '法定职责', 'x', '民生服务', 'y', 'z']]), { map: null }));
	assert.deepEqual([again.created, again.columns[0].how], [1, 'map']);
	const c = await admin(), other = await gz.signIn('other', password);
	const mine = ok(await c.get('/api/import_maps')).items.filter((m: Json) => m.columns['号'] === 'item');
	assert.equal(mine.length, 1);
	assert.deepEqual(ok(await other.get('/api/import_maps')).items, []);
	refused(await other.delete(`/api/import_maps/${mine[0].id}`), 404);
	ok(await c.delete(`/api/import_maps/${mine[0].id}`));
	assert.equal(ok(await send(table(rows), { map: null, dry_run: true })).columns[0].how, 'unused');
});

test('places and units by name or official code', async () => {
	const rows: Cell[][] = [['名称', '简称', '类型', '区划'], ['甲部', 'A1', '部门', '乙街道'], ['乙部', 'A2', '部门', '990101001'], ['丙部', 'A3', '部门', '没有']];
	const r = ok(await send(table(rows), { map: null, partial: true }, 'units'));
	assert.deepEqual([r.created, faults(r)], [2, ['4 区划 reference']]);
	const c = await admin();
	const list = ok(await c.get('/api/units', { q: '部' })).items;
	assert.deepEqual([...new Set(list.map((u: Json) => u.place))], ['99010100100000000']);
});

test('divisions and events come as workbooks too', async () => {
	const file = join(gz.store.dir, 'divisions.xlsx');
	writeFileSync(file, table(divisions.trim().split('\n').map((line) => line.split(','))));
	const r = gz.cli(['import', 'divisions', file]);
	assert.match(r.stdout, /^1 rows: 0 created, 0 updated, 3 unchanged/, r.stderr);
	const c = await admin();
	const events = table([['no', 'what', 'class', 'in'], ['X1', '路灯不亮', 'lamp', '2026-02-03 09:00:00']]);
	const mapping = { time: 'yyyy-MM-dd HH:mm:ss', fields: { ext_no: 'no', title: 'what', code: { column: 'class', values: { lamp: 'MS30' } }, reported_at: 'in' } };
	const e = ok(await c.request('POST', `/api/events/import?dry_run=true&map=${encodeURIComponent(JSON.stringify(mapping))}`, events, { headers: { 'content-type': 'x/y' } }));
	assert.deepEqual([e.rows, e.created], [1, 1]);
});

test('broken, oversized and malicious files', async () => {
	const good = table([titles, item('X1')]);
	refused(await send(good.subarray(0, good.length - 30)), 400, 'xlsx_broken');
	refused(await send(zip([{ path: 'word/document.xml', bytes: Buffer.from('<w/>') }])), 400, 'xlsx_part');
	refused(await send(Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(512)])), 400, 'xlsx_not');
	refused(await send(book({ S: '<!DOCTYPE x [<!ENTITY a "b">]><worksheet><sheetData/></worksheet>' })), 400, 'xlsx_doctype');
	refused(await send(book({ S: `<worksheet><sheetData>${' '.repeat(12 << 20)}</sheetData></worksheet>` })), 400, 'xlsx_ratio');
	refused(await send(book({ S: '<worksheet><sheetData><row r="2"/><row r="1"><c><v>1</v></c></row></sheetData></worksheet>' })), 400, 'xlsx_order');
	refused(await send(table([])), 400, 'import.empty');
	const filled = 500, declared = 65000;
	const rows = Array.from({ length: filled }, (_, i) => item(`Y${i}`));
	const empty = Array.from({ length: declared - filled }, (_, i) => `<row r="${i + filled + 2}"><c r="A${i + filled + 2}" s="1"/></row>`).join('');
	const r = ok(await send(book({ S: sheetXml([titles, ...rows], [], empty) }), { dry_run: true }));
	assert.deepEqual(counts(r), [filled, filled, 0, 0, 0]);
	const c = await admin();
	assert.match(await firstAnswer(c, '/api/imports?entity=duty_items', 101 << 20), /^HTTP\/1.1 413 /);
});

/** What a server says to a request of which only the head was sent. */
async function firstAnswer(c: Client, path: string, length: number): Promise<string> {
	const s = begin(c, path, length);
	const answer = await new Promise<string>((done, fail) => {
		s.once('data', (b: Buffer) => done(b.toString()));
		s.once('error', fail);
	});
	s.destroy();
	return answer;
}

function begin(c: Client, path: string, length: number): Socket {
	const to = new URL(c.base);
	const s = createConnection(Number(to.port), to.hostname);
	s.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${c.token}\r\nContent-Type: x/y\r\nContent-Length: ${length}\r\n\r\n`);
	return s;
}

/** Sends the beginning of a request and hangs up. */
async function cutOff(c: Client, path: string, bytes: Buffer): Promise<void> {
	const s = begin(c, path, bytes.length);
	s.write(bytes.subarray(0, bytes.length >> 1));
	await sleep(50);
	s.destroy();
	await sleep(50);
}

test('a cut connection leaves nothing', async () => {
	const c = await admin();
	const bytes = table([titles, ...Array.from({ length: 200 }, (_, i) => item(`C${i}`))]);
	const before = ok(await c.get('/api/imports')).items.length;
	await cutOff(c, `/api/duty_items/import?map=${encodeURIComponent(JSON.stringify(map))}`, bytes);
	await cutOff(c, '/api/imports?entity=duty_items', bytes);
	assert.equal(ok(await c.get('/api/duty_items', { q: '事项C', count: true })).count, 0);
	assert.equal(ok(await c.get('/api/imports')).items.length, before);
	const dir = ['gezhi.db.files/import', 'files/import', 'gezhi.key.files/import'].map((d) => join(gz.store.dir, d)).find(existsSync);
	assert.equal(dir === undefined ? 0 : readdirSync(dir).length, 0);
});

// --- imports of their own ------------------------------------------------------------------------

async function start(c: Client, bytes: Buffer, o: Sent = {}): Promise<string> {
	const q = new URLSearchParams({ entity: 'duty_items', name: 'duty.xlsx', map: JSON.stringify(o.map ?? map) });
	for (const k of ['dry_run', 'partial'] as const) if (o[k] !== undefined) q.set(k, String(o[k]));
	const r = await c.request('POST', `/api/imports?${q.toString()}`, bytes, { headers: { 'content-type': 'x/y' } });
	return ok(r, 202).id;
}

async function until(c: Client, id: string, f: (j: Json) => boolean): Promise<Json> {
	for (let i = 0; i < 400; i++) {
		const j = ok(await c.get(`/api/imports/${id}`));
		if (f(j)) return j;
		await sleep(25);
	}
	throw new Error('the import does not come to that');
}
const cancel = (c: Client, id: string) => c.request('POST', `/api/imports/${id}/cancel`);
const ended = (j: Json): boolean => ['done', 'failed', 'cancelled'].includes(j.state);

test('an import of its own: all or nothing, in part, and the workbook with its faults', async () => {
	const c = await admin();
	const rows: Cell[][] = [titles, item('J1'), item('J2', { from: 'soon' }), item('J3')];
	const none = await until(c, await start(c, table(rows)), ended);
	assert.deepEqual([none.state, none.rows_done, none.rows_total], ['done', 3, 3]);
	assert.deepEqual(counts(none.counts), [3, 0, 0, 0, 1]);
	assert.deepEqual(faults(none), ['3 生效日期 wrong_type']);
	const cells = readBook(await download(c, `/api/imports/${none.id}/result`));
	assert.deepEqual([cells['F3']?.text, cells['F2']?.text, cells['G1']?.text], ['soon', '2026-01-02', '导入结果 / import result']);
	assert.notEqual(cells['F3']?.fill, '');
	assert.equal(cells['F2']?.fill, '');
	assert.match(cells['F3']?.comment ?? '', /valid_from/);
	assert.match(cells['G3']?.text ?? '', /^生效日期: /);
	const part = await until(c, await start(c, table(rows), { partial: true }), ended);
	assert.deepEqual(counts(part.counts), [3, 2, 0, 0, 1]);
	rows[2] = item('J2');
	const all = await until(c, await start(c, table(rows)), ended);
	assert.deepEqual([all.state, ...counts(all.counts)], ['done', 3, 1, 0, 2, 0]);
	assert.equal(all.report.columns.length, 6);
	const broken = await until(c, await start(c, Buffer.from('PK\x03\x04 no archive')), ended);
	assert.deepEqual([broken.state, broken.error.code], ['failed', 'xlsx_broken']);
	const other = await gz.signIn('other', password);
	refused(await other.get(`/api/imports/${all.id}`), 404);
	refused(await cancel(c, all.id), 409, 'import.over');
	refused(await c.request('POST', '/api/imports?entity=nothing', 'x', { headers: { 'content-type': 'x/y' } }), 400, 'entity');
	assert.ok(ok(await c.get('/api/imports')).items.length >= 4);
});

// The engines differ in nothing that matters here.
const once = engine === 'pg' ? 'on SQLite' : false;

// A sanitizer's own memory would be counted too.
const sanitized = bin.includes('asan') ? 'without sanitizers' : false;

const many = (letter: string, n: number): Buffer => table([titles, ...Array.from({ length: n }, (_, i) => item(`${letter}${i}`))]);

test('an import is cancelled', async () => {
	const c = await admin();
	const id = await start(c, many('K', 4000), { partial: true });
	await until(c, id, (j) => j.rows_done > 0);
	const j = ok(await cancel(c, id));
	assert.equal(j.state, 'cancelled');
	await sleep(400);
	const after = ok(await c.get(`/api/imports/${id}`));
	assert.ok(after.rows_done < 4000);
	assert.equal(ok(await c.get('/api/duty_items', { q: '事项K', count: true, limit: 1 })).count, after.counts.created);
});

test('an import goes on after kill -9, every row once', async () => {
	let server = await Server.start({ content: 'empty', setup });
	const store = server.store;
	try {
		const c = await server.signIn('root', password);
		const file = table([titles, ...Array.from({ length: 600 }, (_, i) => item(`R${i % 590}`))]);
		const id = await start(c, file, { partial: true });
		await until(c, id, (j) => j.rows_done >= 200);
		await server.kill();
		server = await Server.start({ store });
		const again = await server.signIn('root', password);
		const j = await until(again, id, ended);
		assert.deepEqual([j.state, j.rows_done, j.rows_total], ['done', 600, 600]);
		assert.deepEqual(counts(j.counts), [600, 590, 0, 0, 10]);
		assert.equal(j.errors[0].code, 'repeated');
		assert.match(j.errors[0].message, /line 2 /);
		assert.equal(ok(await again.get('/api/duty_items', { q: '事项R', count: true, limit: 1 })).count, 590);
		assert.equal(server.cli(['audit', 'verify']).status, 0);
	} finally {
		await server.stop();
		store.drop();
	}
});

/** Most memory the server had since the last call, in MB; it is counted anew. */
function peak(): number {
	const mb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${gz.pid}/status`, 'utf8'))?.[1]) / 1024;
	writeFileSync(`/proc/${gz.pid}/clear_refs`, '5');
	return mb;
}

test('a file of 100 MB comes in, and reading it takes no more memory than a small one', { skip: sanitized }, async () => {
	const c = await admin(), wide = 'x'.repeat(30000);
	const lines = Array.from({ length: 3400 }, (_, i) => `B${i % 3390},法定职责,事项B${i},民生服务,负责,${i === 7 ? 'soon' : '2026-01-02'},${wide}\n`);
	const bytes = Buffer.from(`事项编号,清单,名称,跑道,街道职责,生效日期,别的\n${lines.join('')}`);
	assert.ok(bytes.length > 97 << 20 && bytes.length < 100 << 20);
	peak();
	const id = await start(c, bytes, { dry_run: true });
	const received = peak();
	const j = await until(c, id, ended);
	const read = peak();
	assert.deepEqual([j.state, j.rows_total, ...counts(j.counts)], ['done', 3400, 3400, 3389, 0, 0, 11]);
	assert.deepEqual(faults(j).slice(0, 2), ['9 生效日期 wrong_type', '3392 事项编号 repeated']);
	assert.ok(received < 300, `${received} MB while it came in`);
	assert.ok(read < 200, `${read} MB while it was read`);
});

// --- the demo ------------------------------------------------------------------------------------

// Of each kind of field one.
const typical = ['persons', 'buildings', 'venues', 'posts', 'party_orgs', 'duty_items', 'event_codes', 'calendars', 'links'];

test('lists of the demo come back unchanged, masked people too', { skip: once }, async () => {
	const server = await Server.start({ content: 'demo' });
	try {
		const c = await server.signIn('admin');
		const lists: Json[] = ok(await c.get('/api/meta')).entities.filter((e: Json) => typical.includes(e.path) && e.import && c.session.user.perms.includes(e.perms.write) &&
			c.session.user.perms.includes(e.perms.export ?? e.perms.read));
		assert.ok(lists.length >= 6, lists.map((e) => e.path).join());
		for (const e of lists) {
			const bytes = await download(c, `/api/${e.path}/export?format=xlsx`);
			const r = ok(await c.request('POST', `/api/${e.path}/import?dry_run=true`, bytes, { headers: { 'content-type': 'x/y' } }));
			assert.deepEqual([e.path, ...counts(r)], [e.path, r.rows, 0, 0, r.rows, 0], JSON.stringify(r.errors.slice(0, 3)));
		}
	} finally {
		await server.stop();
	}
});

// --- titles in use ---

test('R022 the titles of forms in use map without code, and what has no field is named', async () => {
	const people = ('姓名 与其他人员关系 身份证号 性别 出生日期 联系电话 现住小区/建筑 门牌地址 所属网格 人员类型 是否重点人员 重点类别 户籍小区/建筑 户籍地址 户编号 ' +
		'是否人户分离 实际居住地 是否已迁出 迁出日期 迁往地 是否已死亡 死亡日期 民族 政治面貌 婚姻状况 文化程度 工作学习情况 健康状况 备注').split(' ');
	const houses = ('小区/建筑名称 类型 所属网格 详细地址 建成年份 户数 楼栋数 约居住人数 企业数 底商数 是否通燃气 物业费标准 电梯数 室内车位数 室外车位数 安全负责人 ' +
		'安全负责人电话 纬度 经度 开发商 施工单位 物业公司 物业联系电话 备注 业委会联系人 业委会联系电话 业主姓名 业主电话 房东姓名 房东电话 商业类型').split(' ');
	for (const [titles, path, n, fields] of [
		[people, 'persons', 29, ['name', 'relation', 'id_no', 'sex', 'birth', 'phone', 'place', 'residence_kind', 'household_id', 'ended_at']],
		[houses, 'buildings', 31, ['name', 'kind', 'place', 'address', 'year_built', 'lat', 'lon']],
	] as const) {
		const r = ok(await send(table([[...titles], titles.map((_, i) => (i === 0 ? '必填' : '可选'))]), { map: null, dry_run: true }, path));
		assert.deepEqual([titles.length, r.columns.length, r.rows, r.rejected, r.header, r.remarks], [n, n, 0, 0, 1, 2]);
		assert.deepEqual(r.columns.filter((c: Json) => c.field !== null).map((c: Json) => c.field), fields);
	}
	const row: Cell[] = people.map((t) => ({ 姓名: '王建国', 身份证号: '990101195003070017', 性别: '男', 出生日期: '19500307', 联系电话: '13800001111;023-68881234', 人员类型: '常住人口', 民族: 'x' })[t] ?? null);
	const r = ok(await send(table([people, row]), { map: null, dry_run: true }, 'persons'));
	assert.deepEqual([r.rows, faults(r)], [1, ['2 所属网格 required']]);
});

// --- templates in use ----------------------------------------------------------------------------

const templates = resolve(process.env['GEZHI_TEST_DATA'] ?? join(root, '../shared/data'), 'templates');
const skip = existsSync(templates) ? false : `no ${templates}: set GEZHI_TEST_DATA`;

test('templates in use map without code', { skip }, async () => {
	for (const [file, path, columns, least] of [['人员导入模板.xlsx', 'persons', 29, 10], ['建筑导入模板.xlsx', 'buildings', 31, 7]] as const) {
		const r = ok(await send(readFileSync(join(templates, file)), { map: null, dry_run: true }, path));
		const mapped = r.columns.filter((x: Json) => x.field !== null);
		assert.equal(r.columns.length, columns);
		assert.ok(mapped.length >= least, `${file}: ${mapped.length} of ${columns}: ${mapped.map((x: Json) => x.column).join(' ')}`);
		assert.deepEqual([r.rows, r.rejected, r.header, r.remarks], [0, 0, 1, 2]);
		assert.equal(r.columns.find((x: Json) => x.column === '民族')?.field ?? null, null);
	}
});
