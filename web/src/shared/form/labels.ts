/*
 * Labels of fields, choices and entities: the most particular entry wins ("event_codes.track" before
 * "track"), then the name itself in readable form.
 */
import { has, humanise, word } from '../i18n/core'
import '../i18n/fields'

export function fieldLabel(entity: string, name: string): string {
	return has(`field.${entity}.${name}`)
		? word('field', `${entity}.${name}`)
		: word('field', name, humanise(name))
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

export function enumLabel(entity: string, field: string, value: string): string {
	const tries = [`enum.${entity}.${field}`, `enum.${field}`, ...(KINDS[field] ?? [])]
	for (const kind of tries) if (has(`${kind}.${value}`)) return word(kind, value)
	return humanise(value)
}

export function entityLabel(name: string): string {
	return word('entity', name, humanise(name))
}
