/* A filter as FilterBar shows it; from an entity's description, or written by hand. */
import type { MetaEntity } from '../api/types'
import { t } from '../i18n/common'
import { word } from '../i18n/core'
import { enumLabel, fieldLabel } from '../form/labels'
import type { Choices } from '../form/values'

export interface FilterOption {
	value: string
	label: string
	options?: { value: string; label: string }[]
}

export interface FilterDef {
	name: string
	label: string
	kind: 'text' | 'choice' | 'date' | 'place' | 'ref'
	options?: FilterOption[]
	ref?: string
	/* Folded away until asked for or set. */
	more?: boolean
}

export const optionsOf = (kind: string, names: readonly string[]): FilterOption[] =>
	names.map((value) => ({ value, label: word(kind, value) }))

/* More than these fold away. */
const AT_ONCE = 6

/* What is withheld from some stands on no screen that others may look at. */
export function filtersOf(e: MetaEntity, choices: Choices = {}): FilterDef[] {
	const out: FilterDef[] = []
	if (e.fields.some((f) => f.search)) out.push({ name: 'q', label: t('do.search'), kind: 'text' })
	if (e.fields.some((f) => f.type === 'code' && f.name === 'place')) {
		out.push({ name: 'place', label: fieldLabel(e.name, 'place'), kind: 'place' })
	}
	for (const f of e.fields) {
		if (!f.filter || f.name === 'place' || f.withheld) continue
		const base = { name: f.name, label: fieldLabel(e.name, f.name) }
		if (choices[f.name]) out.push({ ...base, kind: 'choice', options: choices[f.name] })
		else if (f.words) {
			const options = f.words.map((w) => ({ value: w, label: enumLabel(e.name, f.name, w) }))
			out.push({ ...base, kind: 'choice', options })
		} else if (f.type === 'bool') {
			const options = [
				{ value: 'true', label: t('say.yes') },
				{ value: 'false', label: t('say.no') }
			]
			out.push({ ...base, kind: 'choice', options })
		} else if (f.type === 'id' && f.ref) out.push({ ...base, kind: 'ref', ref: f.ref })
		else if (f.type === 'code') out.push({ ...base, kind: 'place' })
		else if (f.type === 'date') out.push({ ...base, kind: 'date' })
		else if (f.type === 'str' || f.type === 'int' || f.type === 'secret') out.push({ ...base, kind: 'text' })
	}
	return out.map((d, i) => (i < AT_ONCE ? d : { ...d, more: true }))
}
