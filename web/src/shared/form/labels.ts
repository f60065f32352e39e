/*
 * Labels of fields, choices and entities. The most particular entry of the web's own words wins
 * ("event_codes.track"), then what the server's description says in the reader's language, then the general
 * entry ("track"), then the name itself in readable form.
 */
import { has, humanise, lang, word } from '../i18n/core'
import '../i18n/fields'
import { entity } from '../use/meta'

function pick(zh: string | undefined, en: string | undefined): string {
	return (lang.value === 'zh' ? zh : en) ?? ''
}

export function fieldLabel(name: string, field: string): string {
	if (has(`field.${name}.${field}`)) return word('field', `${name}.${field}`)
	const f = entity(name)?.fields.find((x) => x.name === field)
	return pick(f?.label_zh, f?.label_en) || word('field', field, humanise(field.replace(/_id$/, '')))
}

/* Vocabularies that are already named elsewhere. */
const KINDS: Record<string, string[]> = {
	track: ['track'],
	board: ['track', 'board'],
	urgency: ['urgency'],
	role: ['role'],
	level: ['place', 'orglevel'],
	kind: ['kind', 'placekind'],
	clock: ['clock'],
	state: ['state', 'status'],
	source: ['source']
}

export function enumLabel(name: string, field: string, value: string): string {
	for (const kind of [`enum.${name}.${field}`, `enum.${field}`]) if (has(`${kind}.${value}`)) return word(kind, value)
	const f = entity(name)?.fields.find((x) => x.name === field)
	const at = f?.words?.indexOf(value) ?? -1
	const said = at < 0 ? '' : pick(f?.words_zh?.[at], f?.words_en?.[at])
	if (said) return said
	for (const kind of f?.words_zh?.some(Boolean) ? [] : (KINDS[field] ?? [])) if (has(`${kind}.${value}`)) return word(kind, value)
	return humanise(value)
}

export function entityLabel(name: string): string {
	const e = entity(name)
	return pick(e?.label_zh, e?.label_en) || word('entity', name, humanise(name))
}
