/* How fields and values of the registry are called and shown here. */
import type { MetaField } from '@/shared/api/types'
import { t as c } from '@/shared/i18n/common'
import { date, time } from '@/shared/i18n/format'
import { enumLabel, fieldLabel } from '@/shared/form/labels'
import { entity, fieldOf } from '@/shared/use/meta'
import { lookup } from '@/shared/use/names'

export function metaField(path: string, name: string): MetaField | null {
	const e = entity(path)
	return e ? fieldOf(e, name) : null
}

export function labelOf(path: string, name: string): string {
	return fieldLabel(path, name)
}

export function wordLabel(path: string, f: MetaField, value: string): string {
	return enumLabel(path, f.name, value)
}

/* A value as the server gives it in a row, or as text in a comparison. */
export function showValue(path: string, name: string, v: unknown): string {
	const f = metaField(path, name)
	if (v === null || v === undefined || v === '') return '–'
	switch (f?.type) {
		case 'enum':
			return wordLabel(path, f, String(v))
		case 'id':
			return f.ref ? lookup(f.ref, String(v)) : String(v)
		case 'code':
			return lookup('place-code', String(v))
		case 'bool':
			return c(v === true || v === '1' || v === 'true' || v === '是' ? 'say.yes' : 'say.no')
		case 'date':
			return date(String(v))
		case 'time':
			return time(String(v))
		default:
			return String(v)
	}
}

/* "person" → "persons": the list that a kind of object is in. */
export function pathOf(kind: string): string {
	return entity(kind)?.path ?? kind
}

/* Moves change these; a check or a request does not. */
const NOT_HERE = new Set(['place', 'household_id', 'head_id', 'active', 'ended_at', 'ended_reason', 'source', 'self_confirmed_at', 'lon', 'lat'])

export function checkedFields(path: string): MetaField[] {
	return (entity(path)?.fields ?? []).filter((f) => f.name !== 'id' && f.name !== 'version' && f.type !== 'json' && !NOT_HERE.has(f.name))
}

export function editedFields(path: string): MetaField[] {
	return checkedFields(path).filter((f) => !f.readonly && !f.create_only)
}
