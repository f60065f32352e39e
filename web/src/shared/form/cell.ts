/* A row's value in the reader's words: choices by name, references by what they are called. */
import type { MetaField, Row } from '../api/types'
import { t } from '../i18n/common'
import { date, number, time } from '../i18n/format'
import { lookup } from '../use/names'
import { enumLabel } from './labels'
import type { Choices } from './values'

/* A year has no thousands. */
function isYear(f: MetaField): boolean {
	return (f.min ?? 0) >= 1000 && (f.max ?? 0) > 0 && (f.max ?? 0) < 10000
}

export function cell(entity: string, f: MetaField | undefined, row: Row, choices: Choices = {}): string {
	const v = row[f?.name ?? '']
	if (!f || v === null || v === undefined || v === '') return '–'
	const chosen = choices[f.name]?.find((o) => o.value === String(v))
	if (chosen) return chosen.label
	if (f.type === 'bool') return t(v ? 'say.yes' : 'say.no')
	if (f.type === 'enum') return enumLabel(entity, f.name, String(v))
	if (f.type === 'time') return time(String(v))
	if (f.type === 'date') return date(String(v))
	if (f.type === 'money') return number(Number(v) / 100, 2)
	if (f.type === 'int') return isYear(f) ? String(v) : number(Number(v))
	const sibling = row[f.name.replace(/_id$/, '') + '_name']
	if (f.type === 'id') return sibling ? String(sibling) : f.ref ? lookup(f.ref, String(v)) : String(v)
	if (f.type === 'code' && /^\d{17}$/.test(String(v)) && f.name !== 'code') {
		return sibling ? String(sibling) : lookup('place-code', String(v))
	}
	return String(v)
}
