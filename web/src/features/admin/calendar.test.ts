import { describe, expect, it } from 'vitest'
import { daysIn, exceptions, isoDay, natural, nextKind, weekday } from './calendar'

describe('a calendar year (R028)', () => {
	it('knows the week and the length of months', () => {
		expect(weekday('2026-02-13')).toBe(4)
		expect(natural('2026-02-14')).toBe('rest')
		expect(daysIn(2024, 2)).toBe(29)
		expect(daysIn(2026, 12)).toBe(31)
		expect(isoDay(2026, 2, 3)).toBe('2026-02-03')
	})
	it('cycles a day through what it can be', () => {
		expect(nextKind('2026-02-13', 'work')).toBe('holiday')
		expect(nextKind('2026-02-13', 'holiday')).toBe('work')
		expect(nextKind('2026-02-14', 'rest')).toBe('swap_work')
		expect(nextKind('2026-02-14', 'swap_work')).toBe('holiday')
		expect(nextKind('2026-02-14', 'holiday')).toBe('rest')
	})
	it('stores only what differs from the week', () => {
		const day = (date: string, kind: string, note: string | null = null) => [date, { date, kind, note }] as const
		const days = new Map([day('2026-02-16', 'holiday', '春节'), day('2026-02-14', 'swap_work'), day('2026-02-12', 'work')])
		expect(exceptions(days).map((d) => d.date)).toEqual(['2026-02-14', '2026-02-16'])
	})
})
