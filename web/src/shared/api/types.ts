/*
 * The shapes that the server sends and takes. The one place where the rest of the web names them; the
 * generated OpenAPI types replace these definitions without touching their users.
 */
export type Id = string
export type Code = string
export type Time = string

export interface Page<T> {
	items: T[]
	next: string | null
	count?: number
}

export interface Boot {
	name: string
	demo: boolean
	version: string
	accounts?: { login: string; role: string; name: string }[]
	zone: string
	map: { center: [number, number]; zoom: number; bounds: [number, number, number, number] }
}

export interface Post {
	id: Id
	role: string
	place: Code | null
	place_name: string | null
	unit_id: Id | null
	unit_name: string | null
	board: string | null
	standin: boolean
}

export interface Me {
	id: Id
	login: string
	name: string
	csrf: string
	posts: Post[]
	perms: string[]
	home: { code: Code; name: string; level: string } | null
}

export type FieldType =
	| 'str'
	| 'int'
	| 'bool'
	| 'real'
	| 'time'
	| 'date'
	| 'id'
	| 'code'
	| 'money'
	| 'enum'
	| 'json'
	| 'secret'

export interface MetaField {
	name: string
	type: FieldType
	required?: boolean
	readonly?: boolean
	create_only?: boolean
	private?: boolean
	search?: boolean
	filter?: boolean
	sort?: boolean
	unique?: boolean
	min?: number | null
	max?: number | null
	ref?: string | null
	purpose?: string | null
	words?: string[] | null
}

export interface MetaEntity {
	name: string
	path: string
	perms: { read: string | null; write: string | null }
	fields: MetaField[]
	create?: boolean
	import?: boolean
	delete?: boolean
	preview?: boolean
	order?: string | null
}

export interface Meta {
	entities: MetaEntity[]
	matters: {
		kind: string
		states: string[]
		actions: {
			action: string
			from: string[]
			to: string | null
			needs: string[]
			allows: string[]
		}[]
	}[]
	roles: string[]
	vocab: Record<string, string[]>
}

/* A row of any entity: fields by name. */
export type Row = Record<string, unknown> & { id: Id; version?: number }

export type Track = 'party' | 'economy' | 'livelihood' | 'peace'
export type Urgency = 'U1' | 'U2' | 'U3' | 'U4' | 'Q'
export type ClockName = 'accept' | 'sign' | 'handle' | 'verify' | 'arrive'

export interface Matter {
	id: Id
	kind: string
	no: string
	title: string
	text: string
	code: string | null
	code_id: Id | null
	code_name: string | null
	track: Track | null
	urgency: Urgency | null
	source: string | null
	place: Code | null
	place_name: string | null
	lon: number | null
	lat: number | null
	address: string | null
	state: string
	open: boolean
	sealed: boolean
	unit_id: Id | null
	unit_name: string | null
	handler_id: Id | null
	handler_name: string | null
	reporter?: { name: string | null; phone: string | null } | null
	reported_at: Time
	due_at: Time | null
	clock: ClockName | null
	level: number
	supporters: number
	reopens: number
	returns: number
	parent_id: Id | null
	merged_into: Id | null
	duty_item_id: Id | null
	supervised: boolean
	resolved: boolean | null
	satisfied: string | null
	version: number
}

export interface Attachment {
	id: Id
	name: string
	type: string
	size: number
	thumb?: boolean
}

export interface MatterAction {
	action: string
	to: string | null
	needs: string[]
	allows: string[]
	danger?: boolean
}

export interface MatterRef {
	id: Id
	no?: string
	title: string
	state?: string
	relation?: string
}

export interface MatterDetail extends Matter {
	answers: Record<string, unknown> | null
	result: string | null
	pending: Record<string, unknown> | null
	coop: {
		unit_id: Id
		unit_name: string
		role: 'lead' | 'coop' | 'whistle'
		arrive_by: Time | null
		arrived_at: Time | null
		score: number | null
	}[]
	files: Attachment[]
	children: MatterRef[]
	/* Those merged into this one. */
	merged: MatterRef[]
	actions: MatterAction[]
}

export interface HistoryItem {
	id: Id
	at: Time
	actor: string | null
	actor_role: string | null
	action: string
	from: string | null
	to: string | null
	text: string | null
	data: Record<string, unknown> | null
}

export interface Clock {
	clock: ClockName
	run: number
	state: 'running' | 'stopped' | 'paused' | 'void'
	start: Time
	due: Time | null
	amber: Time | null
	stop: Time | null
	paused_seconds: number
	unit: 'calendar' | 'working'
	lines: { at: Time | null; text_zh: string; text_en: string }[]
}

export interface Similar {
	id: Id
	no: string
	title: string
	distance_m: number | null
	minutes: number | null
	score: number
	state: string
}

export interface BulkReply {
	done: Id[]
	failed: { id: Id; error: { code: string; field?: string | null; message: string } }[]
	/* The action that takes it back within a minute. */
	undo: string | null
}

export interface Counts {
	todo: number
	doing: number
	watch: number
	overdue: number
	amber: number
	all: number
}

export interface Figures {
	open: number
	overdue: number
	amber: number
	today_in: number
	today_closed: number
	by_track: Record<string, number>
	by_state: Record<string, number>
	by_urgency: Record<string, number>
}

export interface TrendDay {
	date: string
	in: number
	closed: number
}

export interface TreeNode {
	code: Code
	name: string
	level: string
	kind: string | null
	households: number | null
	children: number
	open: number
	overdue: number
}

export interface Place {
	id: Id
	code: Code
	official_code: string | null
	parent: Code | null
	level: string
	kind: string | null
	name: string
	alias: string | null
	households: number | null
	leader_id: Id | null
	norm_ok: boolean | null
	valid_from: string | null
	valid_to: string | null
	version: number
	lon: number | null
	lat: number | null
	has_shape: boolean
}

export interface PlaceDetail extends Place {
	path: { code: Code; name: string; level: string }[]
	officials: { code: string; scheme: string; valid_from: string | null; valid_to: string | null }[]
	lineage: Record<string, unknown>[]
}

export interface Granularity {
	mean_drift: number | null
	worst: number | null
	items: {
		code: Code
		name: string
		street: string | null
		households: number
		drift: number
		flag: string | null
		proposal: string | null
		proposal_en?: string | null
		reason?: string | null
		since: string | null
	}[]
}

export interface Coverage {
	numerator: number
	denominator: number
	value: number | null
	missing: { code: Code; name: string }[]
}

export interface KpiDef {
	name: string
	name_zh: string
	name_en: string
	unit: string
	/* precise, efficient, smart or warm */
	group: string
	/* What stands behind the figure. */
	cases: 'matter' | 'place'
	better: 'high' | 'low'
}

/* A grid behind a figure that counts places. */
export interface KpiGrid {
	code: Code
	name: string
	level: string
	households: number | null
	drift?: number | null
	missed: boolean
}

export interface KpiValue {
	numerator: number
	denominator: number
	value: number | null
	rule_version: string | number
}

export interface KpiPlace extends KpiValue {
	code?: Code
	place?: Code
	name?: string
	place_name?: string
}

export interface CalendarYear {
	year: number
	version: number
	hours: unknown
	days: { date: string; kind: string; note: string | null }[]
}

export interface AuditRow {
	id: Id
	at: Time
	user?: string | null
	user_name?: string | null
	actor?: string | null
	action?: string
	object?: string | null
	object_id?: Id | null
	fields?: unknown
	data?: unknown
	[key: string]: unknown
}

export interface PublicQuestion {
	id?: Id
	name: string
	question_zh?: string
	question_en?: string
	type?: string
	required?: boolean
	choices?: unknown
	[key: string]: unknown
}

export interface PublicCode {
	code: string
	name_zh: string
	name_en: string
	track: Track
	urgency?: Urgency
	questions?: PublicQuestion[]
}

export interface PublicReport {
	no: string
	title: string
	state: string
	place_name: string | null
	reported_at: Time
	steps: { at: Time; state: string }[]
	due_at: Time | null
	can_rate: boolean
	can_reopen: boolean
	can_support: boolean
	can_object?: boolean
}

export interface StreamMatter {
	id: Id
	kind: string
	action: string
	state: string
	place: Code | null
	lon: number | null
	lat: number | null
	level: number
}
