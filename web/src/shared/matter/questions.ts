/* A code's extra question as a form control. Tolerates the spellings a definition may use. Pure. */
import type { PublicQuestion } from '@/shared/api/types'
import { both } from '@/shared/i18n/core'
import type { Control } from '@/shared/form/values'

export function questionKey(q: PublicQuestion): string {
	return q.name
}

/* What a stored answer answers. */
export function questionLabel(q: PublicQuestion): string {
	return both(q.question_zh, q.question_en) || q.name
}

export function questionOptions(q: PublicQuestion): { value: string; label: string }[] {
	let raw: unknown = q.choices
	if (typeof raw === 'string') {
		const text: string = raw
		try {
			raw = JSON.parse(text)
		} catch {
			raw = text.split(/[|\n,，]/)
		}
	}
	if (!Array.isArray(raw)) return []
	return raw.map((o: unknown) => {
		if (typeof o !== 'object' || o === null) return { value: String(o), label: String(o) }
		const x = o as Record<string, unknown>
		const value = String(x.value ?? x.key ?? x.zh ?? '')
		return { value, label: String(x.label ?? x.zh ?? x.name ?? value) }
	})
}

export function questionControl(q: PublicQuestion): Control {
	if (questionOptions(q).length) return 'choice'
	switch (q.type) {
		case 'bool':
			return 'bool'
		case 'int':
		case 'number':
			return 'int'
		case 'date':
		case 'time':
			return q.type
		default:
			return 'line'
	}
}
