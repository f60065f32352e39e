/* Invented data for developing the web without the server. Seeded, never shipped. */
export interface Any {
	[key: string]: any
}

let seed = 7
export function rnd(n: number): number {
	seed = (seed * 1103515245 + 12345) & 0x7fffffff
	return (seed >>> 8) % n
}
export const pick = <T>(list: readonly T[]): T => list[rnd(list.length)] as T
export const iso = (ms: number): string => new Date(ms + 8 * 3600e3).toISOString().slice(0, 19) + '+08:00'

const CENTER: [number, number] = [106.54, 29.4]
export const places: Any[] = []
const byLevel = (level: string) => places.filter((p) => p.level === level)

function addPlace(code: string, parent: string | null, level: string, kind: string, name: string, households: number, lon: number, lat: number): void {
	places.push({
		id: String(1000 + places.length), code, official_code: code.slice(0, 12), parent, level, kind, name, alias: null,
		households, leader_id: null, norm_ok: true, valid_from: '2025-01-01', valid_to: null, version: 1,
		lon, lat, has_shape: level !== 'micro_grid', children: 0, open: 0, overdue: 0
	})
}
const root = '50011300000000000'
addPlace(root, null, 'district', 'district', '云岭区', 28000, ...CENTER)
const streets = ['临江街道', '花桥街道', '石盘镇']
streets.forEach((s, i) => {
	const sc = `500113${String(i + 1).padStart(3, '0')}00000000`
	const [x, y] = [CENTER[0] + (i - 1) * 0.06, CENTER[1] + (i % 2) * 0.03]
	addPlace(sc, root, 'street', s.endsWith('镇') ? 'town' : 'subdistrict', s, 9300, x, y)
	const names = ['滨江社区', '桂园社区', '新桥社区', '龙脊村', '青山社区']
	names.forEach((c, j) => {
		const cc = `500113${String(i + 1).padStart(3, '0')}${String(j + 1).padStart(3, '0')}00000`
		const [cx, cy] = [x + (j - 2) * 0.01, y + (j % 2) * 0.008]
		addPlace(cc, sc, 'community', c.endsWith('村') ? 'village' : 'community', c, 1860, cx, cy)
		for (let k = 1; k <= 4; k++) {
			const gc = cc.slice(0, 12) + String(k).padStart(3, '0') + '00'
			addPlace(gc, cc, 'grid', k === 4 ? 'dedicated' : 'general', k === 4 ? '商圈专属网格' : `第${'一二三'[k - 1]}网格`, 300 + rnd(280), cx + (k - 2) * 0.002, cy + (k % 2) * 0.002)
		}
	})
})
for (const p of places) p.children = places.filter((c) => c.parent === p.code).length
export const place = (code: string) => places.find((p) => p.code === code)
export const stem = (code: string) => code.replace(/(00)*0*$/, '')
export const grids = byLevel('grid')

export const codes: Any[] = [
	['DJ06', '群众意见建议', 'Resident suggestion', 'party', 'U3'],
	['DJ07', '微心愿', 'Micro-wish', 'party', 'U3'],
	['JJ01', '企业诉求', 'Enterprise request', 'economy', 'U3'],
	['JJ05', '政策兑现咨询', 'Policy delivery question', 'economy', 'Q'],
	['JJ09', '无照经营', 'Unlicensed trading', 'economy', 'U3'],
	['MS14', '停水', 'Water cut', 'livelihood', 'U2'],
	['MS18', '电梯故障', 'Lift fault', 'livelihood', 'U2'],
	['MS19', '物业服务纠纷', 'Property dispute', 'livelihood', 'U4'],
	['MS24', '暴露垃圾', 'Exposed rubbish', 'livelihood', 'U3'],
	['MS28', '乱停车堵通道', 'Blocking parking', 'livelihood', 'U2'],
	['MS29', '井盖缺损', 'Manhole cover', 'livelihood', 'U2'],
	['MS30', '路灯故障', 'Street light', 'livelihood', 'U3'],
	['MS33', '噪声扰民', 'Noise', 'livelihood', 'U3'],
	['PF02', '燃气泄漏', 'Gas leak', 'peace', 'U1'],
	['PF06', '消防通道堵塞', 'Fire lane blocked', 'peace', 'U2'],
	['PF08', '安全生产隐患', 'Work-safety hazard', 'peace', 'U2'],
	['PF09', '邻里家庭纠纷', 'Neighbour dispute', 'peace', 'U3']
].map(([code, name_zh, name_en, track, urgency], i) => ({ id: String(100 + i), code, name_zh, name_en, track, urgency, state: 'active', sealed: false, version: 1 }))

export const units: Any[] = ['城管局', '市场监管局', '公安分局', '住建委', '经济信息委', '临江街道民生岗', '花桥街道平安岗', '水务公司', '滨江社区'].map(
	(name, i) => ({ id: String(300 + i), name, kind: 'department', place: root, version: 1 })
)
export const people = ['周敏', '何建国', '李晓芸', '陈思远', '罗燕', '赵明', '吴海', '杨帆']

const titles: Record<string, string[]> = {
	MS24: ['垃圾堆放三天无人清运', '小区门口垃圾溢出'],
	MS29: ['人行道井盖破损', '井盖松动夜间有异响'],
	MS28: ['货车长期占用消防车道', '学校门口乱停车'],
	MS18: ['3 栋电梯多次停运', '电梯按钮失灵'],
	MS14: ['二单元突然停水', '水压不足'],
	MS33: ['广场舞音响扰民', '夜间施工噪声'],
	PF02: ['楼道闻到燃气味'],
	PF09: ['楼上漏水引发纠纷', '邻居为停车争吵']
}
export const states = ['reported', 'accepted', 'dispatched', 'handling', 'handling', 'handling', 'checking', 'closed', 'closed', 'rated', 'archived', 'rejected', 'merged', 'return_review', 'paused', 'hard_case']
const now = Date.now()
export const events: Any[] = []
for (let i = 0; i < 420; i++) {
	const c = pick(codes)
	const g = pick(grids)
	const at = now - rnd(45 * 24 * 60) * 60000
	const state = i < 12 ? 'reported' : pick(states)
	const open = !['closed', 'rated', 'archived', 'rejected', 'merged'].includes(state)
	const span = { U1: 24, U2: 24, U3: 120, U4: 360, Q: 72 }[c.urgency as string] ?? 72
	const due = open ? now + (rnd(span * 60) - span * 15) * 60000 : at + span * 3600e3
	const u = ['reported', 'accepted'].includes(state) ? null : pick(units)
	events.push({
		id: String(50000 + i), kind: 'event', no: `SJ2026${String(100000 + i)}`, title: pick(titles[c.code] ?? [c.name_zh + '需要处理']),
		text: '居民反映该处问题已持续数日，影响通行和日常生活，希望尽快处理并告知结果。', code: c.code, code_name: c.name_zh, track: c.track,
		urgency: c.urgency, source: pick(['resident', 'desk', 'grid', 'hotline', 'sensor']), place: g.code, place_name: `${place(g.parent)?.name}${g.name}`,
		lon: g.lon + rnd(100) / 1e5, lat: g.lat + rnd(100) / 1e5, address: pick(['滨江路 12 号', '桂园巷 3 号楼', '新桥东街 88 号', '']), state, open, sealed: false,
		unit_id: u?.id ?? null, unit_name: u?.name ?? null, coop: [], handler_id: u ? '7' : null, handler_name: u ? pick(people) : null,
		reporter: { name: pick(['王', '张', '刘']) + '**', phone: '138****' + String(1000 + rnd(9000)) }, reported_at: iso(at), due_at: iso(due),
		clock: open ? ({ reported: 'accept', dispatched: 'sign', checking: 'verify' }[state as string] ?? 'handle') : null,
		level: open ? (due < now ? 2 + rnd(2) : due < now + 6 * 3600e3 ? 1 : 0) : 0, supporters: rnd(6), reopens: rnd(12) === 0 ? 1 : 0, returns: rnd(9) === 0 ? 1 : 0,
		parent_id: null, merged_into: null, duty_item_id: null, supervised: rnd(20) === 0, resolved: null, code_id: c.id, satisfied: state === 'rated' ? pick(['yes', 'fairly', 'no']) : null, version: 1 + rnd(5)
	})
}
events.sort((a, b) => (a.reported_at < b.reported_at ? 1 : -1))
export const tasks: Any[] = events.slice(0, 30).map((e, i) => ({ ...e, id: String(70000 + i), kind: 'task', no: `RW2026${String(1000 + i)}`, title: pick(['汛期隐患点巡查', '燃气安全入户宣传', '独居老人走访', '消防通道整治']), code: null, code_name: null }))

export const dutyItems: Any[] = [
	['L04', 'L', '低保特困申请受理初审', 'livelihood'],
	['L07', 'L', '辖区安全生产巡查报告', 'peace'],
	['C05', 'C', '违法建筑查处', 'livelihood'],
	['C07', 'C', '电梯特种设备监管', 'livelihood'],
	['C10', 'C', '噪声治理', 'livelihood']
].map(([code, list, name, board], i) => ({ id: String(400 + i), code, list, name, board, version: 1 }))
export const reasons: Any[] = [
	['reject', 'not_in_area', '不在辖区', 'Outside the area'],
	['reject', 'private', '应通过司法途径解决', 'A matter for the courts'],
	['return', 'not_duty', '不属于本单位职责', 'Not our duty'],
	['pause', 'awaiting_reporter', '等待反映人补充', 'Awaiting the reporter'],
	['pause', 'weather', '恶劣天气', 'Weather warning'],
	['extend', 'complex', '情况复杂', 'Complex']
].map(([action, code, name_zh, name_en], i) => ({ id: String(450 + i), action, code, name_zh, name_en, version: 1 }))

const f = (name: string, type: string, more: Any = {}) => ({ name, type, ...more })
const common = [f('id', 'id', { readonly: true })]
export const meta: Any = {
	entities: [
		{ name: 'event_code', path: 'event_codes', preview: true, perms: { read: 'admin.read', write: 'admin.write' }, fields: [...common, f('code', 'str', { required: true, search: true, sort: true, unique: true, max: 8 }), f('name_zh', 'str', { required: true, search: true, max: 40 }), f('name_en', 'str', { required: true, search: true, max: 60 }), f('track', 'enum', { required: true, filter: true, words: ['party', 'economy', 'livelihood', 'peace'] }), f('urgency', 'enum', { required: true, filter: true, words: ['U1', 'U2', 'U3', 'U4', 'Q'] }), f('sealed', 'bool', { filter: true }), f('lead_unit', 'id', { ref: 'units' }), f('version', 'int', { readonly: true })] },
		{ name: 'reason', path: 'reasons', perms: { read: 'admin.read', write: 'admin.write' }, fields: [...common, f('action', 'str', { required: true, filter: true }), f('code', 'str', { required: true, max: 32 }), f('name_zh', 'str', { required: true }), f('name_en', 'str', { required: true }), f('version', 'int', { readonly: true })] },
		{ name: 'duty_item', path: 'duty_items', perms: { read: 'admin.read', write: 'admin.write' }, fields: [...common, f('code', 'str', { required: true, search: true, sort: true }), f('list', 'enum', { words: ['L', 'C'], filter: true }), f('name', 'str', { required: true, search: true }), f('board', 'enum', { words: ['party', 'economy', 'livelihood', 'peace'], filter: true }), f('version', 'int', { readonly: true })] },
		{ name: 'unit', path: 'units', perms: { read: 'admin.read', write: 'admin.write' }, fields: [...common, f('name', 'str', { required: true, search: true, sort: true }), f('kind', 'enum', { words: ['department', 'street_post', 'community', 'utility'], filter: true }), f('place', 'code', { required: true }), f('version', 'int', { readonly: true })] },
		{ name: 'user', path: 'users', perms: { read: 'admin.read', write: 'admin.write' }, fields: [...common, f('login', 'str', { required: true, search: true, unique: true }), f('name', 'str', { required: true, search: true }), f('phone', 'secret', { private: true }), f('active', 'bool', { filter: true }), f('last_login_at', 'time', { readonly: true }), f('version', 'int', { readonly: true })] },
		{ name: 'post', path: 'posts', perms: { read: 'admin.read', write: 'admin.write' }, fields: [...common, f('user_id', 'id', { ref: 'users', required: true }), f('role', 'enum', { words: ['director', 'duty_officer', 'board_lead', 'post_clerk'], required: true, filter: true }), f('place', 'code', { required: true }), f('unit_id', 'id', { ref: 'units' }), f('board', 'enum', { words: ['party', 'economy', 'livelihood', 'peace'] }), f('valid_from', 'date'), f('valid_to', 'date'), f('version', 'int', { readonly: true })] },
		{ name: 'deadline_rule', path: 'deadline_rules', perms: { read: 'admin.read', write: 'admin.write' }, fields: [...common, f('code', 'str', { filter: true }), f('urgency', 'enum', { words: ['U1', 'U2', 'U3', 'U4', 'Q'], filter: true }), f('clock', 'enum', { words: ['accept', 'sign', 'handle', 'verify'], filter: true, required: true }), f('amount', 'int', { required: true, min: 1 }), f('unit', 'enum', { words: ['minute', 'hour', 'work_hour', 'work_day', 'day'], required: true }), f('version', 'int', { readonly: true })] },
		{ name: 'place', path: 'places', perms: { read: 'place.read', write: 'place.write' }, fields: [...common, f('code', 'code', { readonly: true }), f('official_code', 'str'), f('parent', 'code'), f('level', 'enum', { words: ['district', 'street', 'community', 'grid', 'micro_grid'], readonly: true, filter: true }), f('kind', 'enum', { words: ['town', 'subdistrict', 'village', 'community', 'general', 'dedicated'], filter: true }), f('name', 'str', { required: true, search: true, sort: true }), f('alias', 'str'), f('households', 'int', { min: 0, sort: true }), f('valid_from', 'date'), f('version', 'int', { readonly: true })] },
		{ name: 'party_org', path: 'party_orgs', perms: { read: 'place.read', write: 'place.write' }, fields: [...common, f('name', 'str', { required: true, search: true }), f('level', 'enum', { words: ['street', 'community', 'grid', 'micro_grid', 'household'], filter: true }), f('form', 'enum', { words: ['solo', 'joint'], filter: true }), f('place', 'code', { required: true }), f('secretary', 'str'), f('founded', 'date'), f('version', 'int', { readonly: true })] }
	],
	matters: [{ kind: 'event', states, actions: [] }],
	roles: ['district_admin', 'director', 'duty_officer'],
	vocab: {}
}
export const rows: Record<string, Any[]> = {
	event_codes: codes, reasons, duty_items: dutyItems, units, places,
	users: people.map((name, i) => ({ id: String(600 + i), login: 'user' + i, name, phone: '138****1234', active: true, last_login_at: iso(now - i * 7e6), version: 1 })),
	posts: people.map((_, i) => ({ id: String(700 + i), user_id: String(600 + i), role: 'post_clerk', place: streets[i % 3] ? places[1]?.code : root, unit_id: units[i]?.id ?? null, board: 'livelihood', valid_from: '2026-01-01', valid_to: null, version: 1 })),
	deadline_rules: [['U1', 'accept', 5, 'minute'], ['U2', 'accept', 30, 'minute'], ['U3', 'handle', 5, 'work_day'], ['U4', 'handle', 15, 'work_day']].map(([urgency, clock, amount, unit], i) => ({ id: String(800 + i), code: null, urgency, clock, amount, unit, version: 1 })),
	party_orgs: grids.slice(0, 12).map((g, i) => ({ id: String(900 + i), name: g.name + '党支部', level: 'grid', form: i % 3 ? 'solo' : 'joint', place: g.code, secretary: pick(people), founded: '2022-11-02', version: 1 }))
}
