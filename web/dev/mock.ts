/*
 * A stand-in for the server while the web is developed alone: answers the HTTP contract from invented
 * data in memory. A vite middleware for `npm run dev` only; nothing of it is in a build.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'vite'
import { codes, events, grids, iso, meta, people, place, places, rnd, rows, stem, tasks, units, type Any } from './mock-data.ts'

const CONTEXT = { files: new Map<string, { type: string; bytes: Buffer }>() }
const COOKIE = 'gezhi_session'
const user = {
	id: '1', login: 'duty1', name: '何建国', csrf: 'x',
	posts: [{ id: '1', role: 'duty_officer', place: places[1]?.code, place_name: '临江街道', unit_id: null, unit_name: null, board: null, standin: false }],
	perms: ['*'], home: { code: places[0]?.code, name: '云岭区', level: 'district' }
}

class Fail extends Error {
	constructor(readonly status: number, readonly code: string, readonly field: string | null = null, message = code) {
		super(message)
	}
}

function page(list: Any[], q: URLSearchParams): Any {
	const limit = Number(q.get('limit') ?? 50)
	const start = Number(q.get('after') ?? 0)
	const items = list.slice(start, start + limit)
	const next = start + limit < list.length ? String(start + limit) : null
	return { items, next, ...(q.get('count') ? { count: list.length } : {}) }
}

function filterMatters(list: Any[], q: URLSearchParams): Any[] {
	const has = (name: string, test: (e: Any, v: string) => boolean) => {
		const v = q.get(name)
		if (v) list = list.filter((e) => test(e, v))
	}
	has('state', (e, v) => v.split(',').includes(e.state))
	has('place', (e, v) => e.place.startsWith(stem(v)))
	has('category', (e, v) => e.code === v || e.track === v)
	has('urgency', (e, v) => e.urgency === v)
	has('unit', (e, v) => e.unit_id === v)
	has('level', (e, v) => String(e.level) === v)
	has('open', (e, v) => e.open === (v === 'true' || v === '1'))
	has('q', (e, v) => (e.no + e.title + e.text + e.address).includes(v))
	has('from', (e, v) => e.reported_at.slice(0, 10) >= v)
	has('to', (e, v) => e.reported_at.slice(0, 10) <= v)
	const sort = q.get('sort')
	if (sort) {
		const key = sort.replace('-', '')
		const dir = sort.startsWith('-') ? -1 : 1
		list = [...list].sort((a, b) => (a[key] < b[key] ? -dir : dir))
	}
	return list
}

const FLOW: Record<string, [action: string, to: string, needs: string[], allows: string[], danger?: boolean][]> = {
	reported: [['accept', 'accepted', [], ['event_code', 'urgency', 'place', 'text']], ['reject', 'rejected', ['reason', 'text'], [], true], ['merge', 'merged', ['into_id'], ['text']]],
	accepted: [['unaccept', 'reported', [], []], ['dispatch', 'dispatched', ['unit_id'], ['coop', 'text', 'duty_item_id']], ['split', 'accepted', ['parts', 'join'], ['text']], ['whistle', 'accepted', ['departments', 'arrive_by'], ['text']]],
	dispatched: [['sign', 'handling', [], []], ['return', 'return_review', ['duty_item_id', 'proposed_unit_id', 'text'], ['reason'], true]],
	handling: [['finish', 'checking', ['result'], ['files', 'contacted']], ['pause', 'paused', ['reason', 'until'], ['text']], ['extend', 'handling', ['text', 'until', 'plan'], []], ['hard_case', 'hard_case', ['text', 'until'], [], true], ['transfer', 'dispatched', ['unit_id', 'text'], []]],
	checking: [['pass', 'closed', [], ['text']], ['fail', 'handling', ['text'], [], true]],
	return_review: [['return_accept', 'accepted', ['unit_id'], ['text']], ['return_refuse', 'dispatched', ['text'], []]],
	paused: [['resume', 'handling', [], ['text']]],
	closed: [['rate', 'rated', ['resolved', 'satisfied'], ['text']], ['reopen', 'dispatched', ['text'], [], true]]
}
const actionsOf = (e: Any) => [...(FLOW[e.state] ?? []), ['comment', e.state, ['text'], ['files']] as any, ['support', e.state, [], []] as any].map(([action, to, needs, allows, danger]) => ({ action, to, needs, allows, danger: Boolean(danger) }))

function detail(e: Any): Any {
	return {
		...e,
		answers: { passable: '行人需绕行' }, result: null, pending: null,
		files: [], children: [], merged: events.slice(3, 5).map((x) => ({ id: x.id, title: x.title, state: x.state })), actions: actionsOf(e)
	}
}
const history: Record<string, Any[]> = {}
function historyOf(e: Any): Any[] {
	return (history[e.id] ??= [
		{ id: '1', at: e.reported_at, actor: '王**', actor_role: 'resident', action: 'report', from: null, to: 'reported', text: e.text, data: null },
		{ id: '2', at: iso(Date.parse(e.reported_at) + 9e5), actor: '何建国', actor_role: 'duty_officer', action: 'accept', from: 'reported', to: 'accepted', text: null, data: null },
		{ id: '3', at: iso(Date.parse(e.reported_at) + 12e5), actor: '何建国', actor_role: 'duty_officer', action: 'dispatch', from: 'accepted', to: 'dispatched', text: '请尽快到场核实。', data: { unit_name: e.unit_name } }
	])
}
function act(e: Any, action: string, body: Any): Any {
	const a = actionsOf(e).find((x) => x.action === action)
	if (!a) throw new Fail(409, 'matter.state')
	for (const need of a.needs) if (body[need] === undefined || body[need] === '') throw new Fail(400, 'required', need)
	historyOf(e).push({ id: String(Date.now()), at: iso(Date.now()), actor: user.name, actor_role: 'duty_officer', action, from: e.state, to: a.to, text: body.text ?? body.result ?? null, data: null })
	e.state = a.to
	e.version++
	if (body.unit_id) Object.assign(e, { unit_id: body.unit_id, unit_name: units.find((u) => u.id === body.unit_id)?.name })
	return detail(e)
}

const figures = (list: Any[]) => {
	const by = (key: string) => list.filter((e) => e.open).reduce((o: Any, e) => ({ ...o, [e[key]]: (o[e[key]] ?? 0) + 1 }), {})
	const today = iso(Date.now()).slice(0, 10)
	return {
		open: list.filter((e) => e.open).length, overdue: list.filter((e) => e.open && e.level >= 2).length, amber: list.filter((e) => e.level === 1).length,
		today_in: list.filter((e) => e.reported_at.startsWith(today)).length, today_closed: 6, by_track: by('track'), by_state: by('state'), by_urgency: by('urgency')
	}
}
const KPI = [['on_time_rate', '按期办结率', 'On-time completion'], ['accept_rate', '受理及时率', 'Timely acceptance'], ['closure_rate', '办结率', 'Closure rate'], ['reopen_rate', '重开率', 'Reopened'], ['satisfied_rate', '满意率', 'Satisfied'], ['resolved_rate', '解决率', 'Resolved'], ['self_close_rate', '自办率', 'Self-closed'], ['return_rate', '退单率', 'Returned'], ['reoccurrence', '复发率', 'Re-occurrence'], ['party_coverage', '党组织覆盖率', 'Party coverage']]

function route(method: string, path: string, q: URLSearchParams, body: Any, raw: Buffer, signedIn: boolean): Any {
	const is = (m: string, re: RegExp) => (method === m ? re.exec(path) : null)
	let m: RegExpExecArray | null
	if (is('GET', /^\/api\/boot$/)) return { name: '云岭区基层治理智治平台', demo: true, version: '0.1.0', zone: '+08:00', accounts: ['admin:district_admin', 'director1:director', 'duty1:duty_officer', 'board1:board_lead', 'post1:post_clerk', 'dept1:district_dept', 'secretary1:community_secretary', 'leader1:grid_leader', 'grid1:grid_worker_ft', 'micro1:micro_leader', 'resident1:resident', 'auditor1:auditor'].map((x, i) => ({ login: x.split(':')[0], role: x.split(':')[1], name: people[i % people.length] })), map: { center: [106.54, 29.4], zoom: 11, bounds: [106.4, 29.3, 106.7, 29.5] } }
	if (is('POST', /^\/api\/session$/)) {
		if (body.password !== 'gezhi-demo') throw new Fail(401, 'auth.bad_credentials')
		return { token: 't', csrf: 'x', expires_at: iso(Date.now() + 3e7), user }
	}
	if (is('DELETE', /^\/api\/session$/)) return {}
	if (is('GET', /^\/api\/public\/codes$/)) return { items: codes.map((c) => ({ ...c, questions: c.code === 'MS24' ? [{ name: 'size', question_zh: '垃圾量', question_en: 'Amount', type: 'choice', choices: ['一袋', '一堆', '一车'] }] : [] })) }
	if (is('POST', /^\/api\/public\/reports$/)) return { no: 'SJ2026999001', query_code: 'K7Q4-9XMT' }
	if (is('POST', /^\/api\/(public\/)?files$/)) {
		const id = String(9000 + CONTEXT.files.size)
		CONTEXT.files.set(id, { type: 'image/png', bytes: raw })
		return { id, name: q.get('name') ?? 'photo.jpg', type: 'image/png', size: raw.length }
	}
	if (path.endsWith('/NOSUCHCODE')) throw new Fail(404, 'not_found')
	if (is('GET', /^\/api\/public\/reports\/[^/]+$/)) return { no: 'SJ2026999001', title: '垃圾堆放三天无人清运', state: 'closed', place_name: '滨江社区第一网格', reported_at: iso(Date.now() - 2e8), steps: [{ at: iso(Date.now() - 2e8), state: 'reported' }, { at: iso(Date.now() - 1.9e8), state: 'accepted' }, { at: iso(Date.now() - 1.8e8), state: 'handling' }, { at: iso(Date.now() - 3e7), state: 'closed' }], due_at: iso(Date.now() + 1e8), can_rate: true, can_reopen: true, can_support: false }
	if (is('POST', /^\/api\/public\/reports\//)) return { state: 'rated' }
	if (is('GET', /^\/api\/places\/at$/)) return { place: grids[0], path: [places[0], places[1], places[2], grids[0]] }
	if (!signedIn) throw new Fail(401, 'auth.required')
	if (is('GET', /^\/api\/session$/)) return user
	if (is('GET', /^\/api\/meta$/)) return meta
	if (is('GET', /^\/api\/matters\/counts$/)) return { todo: 12, doing: 64, watch: 9, overdue: 23, amber: 17, all: 258 }
	if (is('GET', /^\/api\/matters$/)) {
		const tab = q.get('tab') ?? 'all'
		const test: Record<string, (e: Any) => boolean> = { todo: (e) => ['reported', 'accepted', 'return_review', 'checking'].includes(e.state), doing: (e) => ['dispatched', 'handling'].includes(e.state), watch: (e) => e.supervised, overdue: (e) => e.open && e.level >= 2, done: (e) => !e.open }
		return page(filterMatters([...events, ...tasks.slice(0, 4)].filter(test[tab] ?? (() => true)), q), q)
	}
	if (is('GET', /^\/api\/events\/similar$/)) return { items: events.slice(5, 8).map((e, i) => ({ id: e.id, no: e.no, title: e.title, distance_m: 35 * (i + 1), minutes: 90 * (i + 1), score: 0.9 - i / 5, state: e.state })) }
	if (is('GET', /^\/api\/events$/)) return page(filterMatters(events, q), q)
	if (is('GET', /^\/api\/tasks$/)) return page(filterMatters(tasks, q), q)
	if (is('POST', /^\/api\/events\/bulk$/)) {
		const done = body.ids.filter((id: string) => {
			try {
				return Boolean(act(events.find((e) => e.id === id)!, body.action, body.body ?? {}))
			} catch {
				return false
			}
		})
		return { done, failed: body.ids.filter((i: string) => !done.includes(i)).map((id: string) => ({ id, error: { code: 'matter.state', message: '' } })), undo: 'unaccept' }
	}
	if (is('POST', /^\/api\/(events|tasks)$/)) {
		if (!body.title) throw new Fail(400, 'required', 'title')
		const e = { ...events[0], ...body, id: String(60000 + events.length), no: 'SJ2026' + (200000 + events.length), state: 'reported', open: true, version: 1 } as Any
		events.unshift(e)
		return { id: e.id, no: e.no, query_code: 'K7Q4-9XMT', state: 'reported', place: e.place, due_at: e.due_at }
	}
	if ((m = is('POST', /^\/api\/(?:events|tasks)\/(\d+)\/actions\/(\w+)$/))) return act([...events, ...tasks].find((e) => e.id === m![1])!, m[2]!, body)
	if ((m = is('GET', /^\/api\/(?:events|tasks|matters)\/(\d+)(\/\w+)?$/))) {
		const e = [...events, ...tasks].find((x) => x.id === m![1])
		if (!e) throw new Fail(404, 'not_found')
		if (m[2] === '/history') return { items: historyOf(e) }
		if (m[2] === '/clocks') {
			const s = Date.parse(e.reported_at)
			const line = { at: iso(s), text_zh: '一般事项：处置时限 5 个工作日，从派遣时刻起算', text_en: 'Normal urgency: 5 working days to handle, from dispatch' }
			return { clocks: [
				{ clock: 'accept', run: 1, state: 'stopped', start: iso(s), due: iso(s + 14400e3), amber: iso(s + 10800e3), stop: iso(s + 900e3), paused_seconds: 0, unit: 'working', lines: [line] },
				{ clock: 'sign', run: 1, state: 'stopped', start: iso(s + 12e5), due: iso(s + 12e5 + 14400e3), amber: iso(s + 12e5 + 10800e3), stop: iso(s + 6e6), paused_seconds: 0, unit: 'working', lines: [line] },
				{ clock: 'handle', run: 1, state: e.open ? 'running' : 'stopped', start: iso(s + 12e5), due: e.due_at, amber: iso(s + (Date.parse(e.due_at) - s) * 0.75), stop: e.open ? null : iso(s + 4e7), paused_seconds: 0, unit: 'working', lines: [line, { at: e.due_at, text_zh: '2 月 14 日为调休工作日（第 1 天）；15–23 日为春节假期', text_en: '14 Feb is a make-up working day (day 1); 15–23 Feb is the holiday' }] }
			] }
		}
		return detail(e)
	}
	if (is('GET', /^\/api\/figures$/)) return figures(filterMatters(events, q))
	if (is('GET', /^\/api\/figures\/trend$/)) return { items: Array.from({ length: 30 }, (_, i) => ({ date: iso(Date.now() - (29 - i) * 864e5).slice(0, 10), in: 18 + rnd(22), closed: 14 + rnd(22) })) }
	if (is('GET', /^\/api\/places\/tree$/)) {
		const code = q.get('root') ?? places[0]!.code
		const depth = Number(q.get('depth') ?? 1)
		const out: Any[] = []
		const add = (c: string, d: number) => {
			const p = place(c)
			if (!p) return
			const fig = figures(events.filter((e) => e.place.startsWith(stem(c))))
			out.push({ code: p.code, name: p.name, level: p.level, kind: p.kind, households: p.households, children: p.children, parent: p.parent, open: fig.open, overdue: fig.overdue })
			if (d > 0) for (const k of places.filter((x) => x.parent === c)) add(k.code, d - 1)
		}
		add(code, depth)
		return { items: out }
	}
	if ((m = is('GET', /^\/api\/places\/by-code\/(\d+)$/))) {
		const p = place(m[1]!)
		if (!p) throw new Fail(404, 'not_found')
		const path: Any[] = []
		for (let x: Any | undefined = p; x; x = place(x.parent)) path.unshift({ code: x.code, name: x.name, level: x.level })
		return { ...p, path, officials: [{ code: p.official_code, scheme: 'statistics', valid_from: '2025-01-01', valid_to: null }], lineage: [] }
	}
	if (is('GET', /^\/api\/places\/\d+\/shape$/)) throw new Fail(404, 'not_found')
	if (is('GET', /^\/api\/reports\/granularity$/)) return { mean_drift: 0.18, worst: 0.45, items: grids.slice(0, 9).map((g) => ({ code: g.code, name: g.name, street: '临江街道', households: g.households, drift: Math.abs(g.households - 400) / 400, flag: g.households > 500 ? 'split' : null, proposal: g.households > 500 ? '建议拆分为两个网格' : null, since: '2026-08-01' })) }
	if (is('GET', /^\/api\/reports\/party-coverage$/)) return { numerator: 43, denominator: 45, value: 43 / 45, missing: grids.slice(0, 2).map((g) => ({ code: g.code, name: g.name })) }
	if (is('GET', /^\/api\/kpi$/)) return { items: KPI.map(([name, name_zh, name_en]) => ({ name, name_zh, name_en, unit: 'ratio', group: ['efficient', 'precise', 'warm', 'smart'][name!.length % 4], cases: 'matter', better: 'high' })) }
	if ((m = is('GET', /^\/api\/kpi\/(\w+)\/cases$/))) return page(filterMatters(events.filter((e) => !e.open), q), q)
	if ((m = is('GET', /^\/api\/kpi\/(\w+)\/by$/))) return { items: places.filter((p) => p.parent === (q.get('place') || places[0]!.code)).map((p) => ({ code: p.code, name: p.name, numerator: 40 + rnd(20), denominator: 62, value: (40 + rnd(20)) / 62, rule_version: 1 })) }
	if ((m = is('GET', /^\/api\/kpi\/(\w+)$/))) return { numerator: 172, denominator: 190, value: 172 / 190, rule_version: 1 }
	if (is('GET', /^\/api\/audit$/)) return page(Array.from({ length: 80 }, (_, i) => ({ id: String(i), at: iso(Date.now() - i * 36e5), user_name: people[i % 8], action: ['event.accept', 'user.update', 'session.create'][i % 3], object: ['matter', 'user', 'session'][i % 3], object_id: String(50000 + i), data: null })), q)
	if (is('GET', /^\/api\/calendar$/)) return { year: Number(q.get('year')), version: 3, hours: [['09:00', '12:00'], ['14:00', '18:00']], days: [{ date: q.get('year') + '-01-01', kind: 'holiday', note: '元旦' }, { date: q.get('year') + '-02-14', kind: 'swap_work', note: '调休' }] }
	if (is('PUT', /^\/api\/calendar\/\d+$/)) return { ...body, version: 4 }
	if ((m = is('GET', /^\/api\/([a-z_]+)$/)) && rows[m[1]!]) {
		const text = q.get('q')
		const skip = ['limit', 'after', 'count', 'sort', 'q', 'place']
		let list = rows[m[1]!]!.filter((r) => !text || JSON.stringify(r).includes(text))
		for (const [k, v] of q) if (!skip.includes(k)) list = list.filter((r) => String(r[k]) === v)
		return page(list, q)
	}
	if ((m = is('GET', /^\/api\/([a-z_]+)\/(\d+)$/)) && rows[m[1]!]) {
		const row = rows[m[1]!]!.find((r) => r.id === m![2])
		if (!row) throw new Fail(404, 'not_found')
		return row
	}
	if ((m = is('PATCH', /^\/api\/([a-z_]+)\/(\d+)$/)) && rows[m[1]!]) {
		const row = rows[m[1]!]!.find((r) => r.id === m![2])!
		if (q.get('preview')) return { changes: Object.entries(body).filter(([k, v]) => k !== 'version' && row[k] !== v).map(([field, to]) => ({ field, from: row[field] ?? null, to })), affects: { open_matters: 14, note: '正在计时的期限不变' } }
		return Object.assign(row, body, { version: row.version + 1 })
	}
	if ((m = is('POST', /^\/api\/([a-z_]+)$/)) && rows[m[1]!]) {
		const row = { id: String(9000 + rnd(999)), version: 1, ...body }
		rows[m[1]!]!.unshift(row)
		return row
	}
	throw new Fail(404, 'not_found')
}

async function bytesOf(req: IncomingMessage): Promise<Buffer> {
	const parts: Buffer[] = []
	for await (const part of req) parts.push(part as Buffer)
	return Buffer.concat(parts)
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
	const url = new URL(req.url ?? '/', 'http://localhost')
	if (url.pathname === '/api/stream') {
		res.writeHead(200, { 'Content-Type': 'text/event-stream' })
		res.write(': hello\n\n')
		return
	}
	const file = /^\/api\/files\/(\d+)/.exec(url.pathname)
	if (req.method === 'GET' && file) {
		const hit = CONTEXT.files.get(file[1]!)
		res.writeHead(hit ? 200 : 404, { 'Content-Type': hit?.type ?? 'text/plain' })
		res.end(hit?.bytes)
		return
	}
	const raw = await bytesOf(req)
	const json = req.headers['content-type'] === 'application/json' && raw.length ? JSON.parse(raw.toString()) : {}
	let status = 200
	let out: Any
	try {
		const signedIn = (req.headers.cookie ?? '').includes(COOKIE + '=1')
		out = route(req.method ?? 'GET', url.pathname, url.searchParams, json, raw, signedIn)
		if (url.pathname === '/api/session' && req.method !== 'GET') {
			res.setHeader('Set-Cookie', `${COOKIE}=${req.method === 'POST' ? '1' : ''}; Path=/`)
		}
	} catch (e) {
		if (!(e instanceof Fail)) throw e
		status = e.status
		out = { error: { code: e.code, field: e.field, message: e.message } }
	}
	await new Promise((done) => setTimeout(done, 60))
	res.writeHead(status, { 'Content-Type': 'application/json' })
	res.end(JSON.stringify(out))
}

export function mock(): Plugin {
	return {
		name: 'mock-server',
		apply: 'serve',
		configureServer(server) {
			server.middlewares.use((req, res, next) => {
				const path = req.url ?? ''
				if (path.startsWith('/tiles/')) {
					res.writeHead(204).end()
					return
				}
				if (!path.startsWith('/api/')) return next()
				answer(req, res).catch(next)
			})
		}
	}
}
