/* The data of a step in words. */
import { both, has, word } from '@/shared/i18n/core'
import { time } from '@/shared/i18n/format'
import { lookup } from '@/shared/use/names'
import { actionLabel } from './actions'
import '@/shared/matter/words'

const REFS: Record<string, string> = {
	unit_id: 'units',
	proposed_unit_id: 'units',
	duty_item_id: 'duty_items',
	event_code: 'event_codes',
	into_id: 'events'
}
const HIDDEN = new Set(['text', 'version', 'clock', 'clocks', 'sampled'])

/* Plain facts of a step; whatever has no name of its own stays inside the audit log. */
export function actionFacts(data: Record<string, unknown> | null): [string, string][] {
	const out: [string, string][] = []
	for (const [name, v] of Object.entries(data ?? {})) {
		if (HIDDEN.has(name) || v === null || v === '' || typeof v === 'object') continue
		if (!has('act.' + name) && !name.endsWith('_name')) continue
		const label = has('act.' + name) ? word('act', name) : word('act', name.replace(/_name$/, '_id'))
		out.push([label, show(name, v)])
	}
	return out
}
function show(name: string, v: unknown): string {
	if (REFS[name]) return lookup(REFS[name], String(v))
	if (name === 'action') return actionLabel(String(v))
	if (name === 'until' || name === 'arrive_by') return time(String(v))
	if (name === 'urgency') return word('urgency', String(v))
	if (typeof v === 'boolean') return both(v ? '是' : '否', v ? 'yes' : 'no')
	return String(v)
}
