/* A code's extra question as a form control. Pure. */
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
	const words = (q.choices ?? '').split('|').map((s) => s.trim())
	return words.filter((s) => s !== '').map((s) => ({ value: s, label: s }))
}

export function questionControl(q: PublicQuestion): Control {
	switch (q.type) {
		case 'choice':
			return 'choice'
		case 'yes_no':
			return 'bool'
		case 'number':
			return 'real'
		case 'date':
			return 'date'
		case 'text':
			return 'line'
	}
}
