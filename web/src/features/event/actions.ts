/* How each member of an action's body is asked for. Pure tables; the server says which are needed. */
import { t as common } from '@/shared/i18n/common'
import { has, word } from '@/shared/i18n/core'
import { dayAfter } from '@/shared/i18n/format'
import type { Control } from '@/shared/form/values'
import '@/shared/matter/words'

export interface ActionField {
	name: string
	control: Control | 'parts'
	source?: string
	options?: () => { value: string; label: string }[]
}

const choices = (kind: string, names: string[]) => () =>
	names.map((value) => ({ value, label: word(kind, value) }))

const YES_NO = () => [
	{ value: 'true', label: common('say.yes') },
	{ value: 'false', label: common('say.no') }
]

const FIELDS: Record<string, Omit<ActionField, 'name'>> = {
	text: { control: 'text' },
	plan: { control: 'text' },
	result: { control: 'text' },
	title: { control: 'line' },
	address: { control: 'line' },
	unit_id: { control: 'ref', source: 'units' },
	proposed_unit_id: { control: 'ref', source: 'units' },
	coop: { control: 'ids', source: 'units' },
	departments: { control: 'ids', source: 'units' },
	duty_item_id: { control: 'ref', source: 'duty_items' },
	event_code: { control: 'ref', source: 'event_codes' },
	into_id: { control: 'ref', source: 'events' },
	reason: { control: 'choice' },
	until: { control: 'time' },
	arrive_by: { control: 'time' },
	place: { control: 'place' },
	contacted: { control: 'bool' },
	sample: { control: 'bool' },
	files: { control: 'files' },
	score: { control: 'int' },
	parts: { control: 'parts' },
	urgency: { control: 'segments', options: choices('urgency', ['U1', 'U2', 'U3', 'U4', 'Q']) },
	satisfied: { control: 'segments', options: choices('satisfied', ['yes', 'fairly', 'no']) },
	join: { control: 'segments', options: choices('act.join', ['all', 'any']) },
	resolved: { control: 'segments', options: YES_NO }
}

/* Not asked in a dialog: positions come from the map, answers from the questions of a code. */
const SKIPPED = new Set(['lon', 'lat', 'answers', 'version'])

/* Needed fields first, in the server's order; a name without an entry is a line of text. */
export function actionFields(needs: readonly string[], allows: readonly string[]): ActionField[] {
	const names = [...new Set([...needs, ...allows])].filter((n) => !SKIPPED.has(n))
	return names.map((name) => ({ name, ...(FIELDS[name] ?? { control: 'line' as const }) }))
}

export function actionLabel(action: string): string {
	return word('action', action)
}

export function actionFieldLabel(action: string, name: string): string {
	const own = `act.${name}.${action}`
	return has(own) ? word('act', `${name}.${action}`) : word('act', name)
}

/* What goes over the wire: absent fields left out, yes/no as booleans. */
export function actionBody(values: Record<string, unknown>): Record<string, unknown> {
	const out: Record<string, unknown> = {}
	for (const [name, v] of Object.entries(values)) {
		if (v === null || v === undefined || v === '') continue
		if (Array.isArray(v) && v.length === 0) continue
		if (v === false && (name === 'contacted' || name === 'sample')) continue
		out[name] = name === 'resolved' ? v === 'true' || v === true : v
	}
	return out
}

/* Taken at a press: nothing to ask, nothing to fear. */
export function isInstant(a: { needs: string[]; allows: string[]; danger?: boolean }): boolean {
	return !a.danger && actionFields(a.needs, a.allows).length === 0
}

/* What carries a matter forward, first; what is seldom wanted or cannot be taken back, last. */
const FORWARD = ['approve', 'accept', 'self_close', 'dispatch', 'sign', 'finish', 'pass', 'return_accept', 'pause_grant', 'extend_grant', 'resume', 'hard_case_resume', 'whistle_arrive', 'supervise_reply', 'rate', 'uphold']
const SELDOM = ['merge', 'supervise', 'whistle', 'whistle_rate', 'hard_case', 'hard_case_close', 'consult']

function rank(a: { action: string; danger?: boolean }): number {
	const at = FORWARD.indexOf(a.action)
	if (at >= 0) return at - FORWARD.length
	return (SELDOM.includes(a.action) ? 1 : 0) + (a.danger ? 2 : 0)
}

export function isForward(action: string): boolean {
	return FORWARD.includes(action)
}

export function inOrder<A extends { action: string; danger?: boolean }>(actions: A[]): A[] {
	return [...actions].sort((a, b) => rank(a) - rank(b))
}

const MINOR = new Set(['comment', 'support', 'edit', 'archive', 'object'])

export function isMinor(action: string): boolean {
	return MINOR.has(action)
}

/* The address keeps days; the server wants the moments where they begin and end. */
export function asQuery(filters: Record<string, string>): Record<string, string> {
	const out = { ...filters }
	if (out.from) out.from = `${out.from}T00:00:00+08:00`
	if (out.to) out.to = `${dayAfter(out.to)}T00:00:00+08:00`
	return out
}
