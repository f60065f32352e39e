/* Between the server's values and what a control holds. Pure. */
import type { MetaField } from '../api/types'

export type Control =
	| 'line'
	| 'text'
	| 'int'
	| 'real'
	| 'money'
	| 'bool'
	| 'date'
	| 'time'
	| 'choice'
	| 'segments'
	| 'ref'
	| 'ids'
	| 'place'
	| 'files'
	| 'json'
	| 'password'

/* By field: the values it may have, and what they are called. */
export type Choices = Record<string, { value: string; label: string }[]>

const LONG = 200

export function controlOf(f: MetaField): Control {
	switch (f.type) {
		case 'int':
		case 'real':
		case 'money':
		case 'bool':
		case 'date':
		case 'time':
		case 'json':
			return f.type
		case 'enum':
			return 'choice'
		case 'id':
			return f.ref ? 'ref' : 'line'
		case 'code':
			return 'place'
		default:
			if (f.name === 'password') return 'password'
			return (f.max ?? 0) > LONG ? 'text' : 'line'
	}
}

/* 2026-02-13T16:30:00+08:00 as a datetime-local control shows it: the district's own clock. */
function localTime(v: string): string {
	const at = new Date(Date.parse(v) + 8 * 3600000)
	return Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(0, 16)
}

export function toInput(c: Control, v: unknown): string {
	if (v === null || v === undefined) return ''
	if (c === 'time') return localTime(String(v))
	if (c === 'money') return (Number(v) / 100).toFixed(2)
	if (c === 'json') return typeof v === 'string' ? v : JSON.stringify(v, null, 2)
	return String(v)
}

/* Empty means absent. A JSON text that does not parse stays text; the server names the field. */
export function fromInput(c: Control, v: string | number): unknown {
	const text = String(v)
	if (text.trim() === '') return null
	switch (c) {
		case 'int':
			return Math.trunc(Number(text))
		case 'real':
			return Number(text)
		case 'money':
			return Math.round(Number(text) * 100)
		case 'time':
			return text.length === 16 ? `${text}:00+08:00` : text
		case 'json':
			try {
				return JSON.parse(text)
			} catch {
				return text
			}
		default:
			return text
	}
}

/* Only what differs from the row, for PATCH. */
export function changed(
	before: Record<string, unknown>,
	after: Record<string, unknown>
): Record<string, unknown> {
	const out: Record<string, unknown> = {}
	for (const [name, value] of Object.entries(after)) {
		const old = before[name] ?? null
		if (JSON.stringify(old) !== JSON.stringify(value ?? null)) out[name] = value ?? null
	}
	return out
}

export function editable(f: MetaField, creating: boolean): boolean {
	if (f.readonly || f.name === 'id' || f.name === 'version') return false
	return creating || !f.create_only
}
