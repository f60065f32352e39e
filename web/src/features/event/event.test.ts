import { describe, expect, it } from 'vitest'
import { actionBody, actionFields, asQuery, inOrder, isInstant } from './actions'
import type { PublicQuestion } from '@/shared/api/types'
import { questionControl, questionKey, questionOptions } from '@/shared/matter/questions'

describe('an action’s form (R027)', () => {
	it('asks the needed first, each once, and never for position or version', () => {
		const names = actionFields(['unit_id'], ['text', 'unit_id', 'lon', 'version']).map((f) => f.name)
		expect(names).toEqual(['unit_id', 'text'])
	})
	it('gives a field without an entry a plain line', () => {
		expect(actionFields(['something_new'], [])[0]).toMatchObject({ control: 'line' })
	})
	it('sends what was given and nothing else', () => {
		const body = actionBody({ text: '', coop: [], resolved: 'false', contacted: false, unit_id: '7' })
		expect(body).toEqual({ resolved: false, unit_id: '7' })
	})
	it('acts at a press only when nothing is asked and nothing is at risk', () => {
		expect(isInstant({ needs: [], allows: [] })).toBe(true)
		expect(isInstant({ needs: [], allows: ['text'] })).toBe(false)
		expect(isInstant({ needs: [], allows: [], danger: true })).toBe(false)
	})
})

describe('the days of a filter', () => {
	it('become the moments where the first begins and the last ends', () => {
		expect(asQuery({ from: '2026-02-01', to: '2026-02-28', q: 'x' })).toEqual({
			from: '2026-02-01T00:00:00+08:00',
			to: '2026-03-01T00:00:00+08:00',
			q: 'x'
		})
	})
})

describe('a code’s extra questions', () => {
	const question = (type: PublicQuestion['type'], choices: string | null = null): PublicQuestion => ({
		name: 'size', question_zh: '多大', question_en: 'How large', type, required: false, choices
	})
	it('have their options in one text', () => {
		expect(questionOptions(question('choice', '一袋|一车| 一堆 |'))).toEqual(['一袋', '一车', '一堆'].map((s) => ({ value: s, label: s })))
		expect(questionOptions(question('text'))).toEqual([])
	})
	it('choose a control by type', () => {
		expect(questionControl(question('yes_no'))).toBe('bool')
		expect(questionControl(question('text'))).toBe('line')
		expect(questionControl(question('choice', 'a|b'))).toBe('choice')
		expect(questionKey(question('date'))).toBe('size')
	})
})

describe('the order of actions', () => {
	it('puts what carries the matter forward first and what is dangerous last', () => {
		const given = ['merge', 'hard_case', 'transfer', 'dispatch'].map((action) => ({ action, danger: action === 'hard_case' }))
		expect(inOrder(given).map((a) => a.action)).toEqual(['dispatch', 'transfer', 'merge', 'hard_case'])
	})
})
