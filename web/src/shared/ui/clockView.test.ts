import { describe, expect, it } from 'vitest'
import type { Clock } from '../api/types'
import { clockView } from './clockView'

const clock = (more: Partial<Clock> = {}): Clock => ({
	clock: 'handle',
	run: 1,
	state: 'running',
	start: '2026-02-13T16:30:00+08:00',
	due: '2026-02-14T16:30:00+08:00',
	amber: '2026-02-14T10:30:00+08:00',
	stop: null,
	paused_seconds: 0,
	unit: 'calendar',
	length: '24h',
	level: 0,
	lines: [],
	...more
})
const at = (t: string) => Date.parse(t)

describe('a clock as shown (R028)', () => {
	it('is neutral, then amber at 75 %, then red when due', () => {
		expect(clockView(clock(), at('2026-02-14T10:29:00+08:00')).tone).toBe('')
		expect(clockView(clock(), at('2026-02-14T10:30:00+08:00')).tone).toBe('amber')
		expect(clockView(clock(), at('2026-02-14T16:31:00+08:00')).tone).toBe('red')
		expect(clockView(clock(), at('2026-02-14T16:31:00+08:00')).left).toBe(-60)
	})
	it('freezes when stopped', () => {
		const c = clock({ state: 'stopped', stop: '2026-02-14T04:30:00+08:00' })
		expect(clockView(c, at('2027-01-01T00:00:00+08:00'))).toMatchObject({ tone: 'green', used: 0.5, late: false })
		const late = clock({ state: 'stopped', stop: '2026-02-14T17:30:00+08:00' })
		expect(clockView(late, 0)).toMatchObject({ tone: 'red', used: 1, late: true })
	})
	it('is set aside while paused and survives having no deadline', () => {
		expect(clockView(clock({ state: 'paused' }), at('2026-02-14T00:00:00+08:00')).tone).toBe('violet')
		expect(clockView(clock({ due: null, amber: null }), 0)).toMatchObject({ left: null, used: 0 })
	})
})
