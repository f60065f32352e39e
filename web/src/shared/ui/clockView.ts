/* What a clock looks like at a moment: share used, place of the amber mark, tone. Pure. */
import type { Clock } from '../api/types'

export interface ClockView {
	kind: 'running' | 'paused' | 'done'
	tone: '' | 'amber' | 'red' | 'green' | 'violet'
	used: number
	amberAt: number | null
	left: number | null
	late: boolean
}

function share(v: number): number {
	return Math.max(0, Math.min(1, v))
}

export function clockView(c: Clock, nowMs: number): ClockView {
	const start = Date.parse(c.start)
	const due = c.due ? Date.parse(c.due) : null
	const stop = c.stop ? Date.parse(c.stop) : null
	const at = stop ?? nowMs
	const span = due === null ? 0 : Math.max(1, due - start)
	const used = due === null ? 0 : share((at - start) / span)
	const amberAt = due !== null && c.amber ? share((Date.parse(c.amber) - start) / span) : null
	const left = due === null ? null : (due - at) / 1000
	const late = left !== null && left < 0
	if (c.state === 'stopped' || stop !== null) {
		return { kind: 'done', tone: late ? 'red' : 'green', used, amberAt, left, late }
	}
	if (c.state === 'paused') return { kind: 'paused', tone: 'violet', used, amberAt, left, late }
	const amber = c.amber !== null && nowMs >= Date.parse(c.amber)
	return { kind: 'running', tone: late ? 'red' : amber ? 'amber' : '', used, amberAt, left, late }
}
