import { describe, expect, it } from 'vitest'
import type { MetaField } from '../api/types'
import { changed, controlOf, editable, fromInput, toInput } from './values'

const field = (f: Partial<MetaField>): MetaField => ({ name: 'x', type: 'str', ...f })

describe('controls from the description', () => {
	it.each([
		[{ type: 'enum' }, 'choice'],
		[{ type: 'id', ref: 'units' }, 'ref'],
		[{ type: 'id' }, 'line'],
		[{ type: 'code' }, 'place'],
		[{ type: 'str', max: 40 }, 'line'],
		[{ type: 'str', max: 2000 }, 'text'],
		[{ type: 'str', name: 'password' }, 'password']
	] as const)('%o → %s', (f, control) => {
		expect(controlOf(field(f as Partial<MetaField>))).toBe(control)
	})
	it('leaves out what may not be written', () => {
		expect(editable(field({ readonly: true }), true)).toBe(false)
		expect(editable(field({ create_only: true }), false)).toBe(false)
		expect(editable(field({ create_only: true }), true)).toBe(true)
		expect(editable(field({ name: 'version', type: 'int' }), false)).toBe(false)
	})
})

describe('values', () => {
	it('carry times in the district’s zone both ways', () => {
		expect(toInput('time', '2026-02-13T08:30:00Z')).toBe('2026-02-13T16:30')
		expect(fromInput('time', '2026-02-13T16:30')).toBe('2026-02-13T16:30:00+08:00')
	})
	it('carry money in fen', () => {
		expect(toInput('money', 1205)).toBe('12.05')
		expect(fromInput('money', '12.05')).toBe(1205)
		expect(fromInput('money', '0.29')).toBe(29)
	})
	it('take empty as absent', () => {
		expect(fromInput('line', '  ')).toBeNull()
		expect(fromInput('int', '')).toBeNull()
		expect(fromInput('int', '0')).toBe(0)
	})
	it('send only what changed', () => {
		const before = { name: 'a', n: 1, tags: ['x'], gone: 'y' }
		expect(changed(before, { name: 'a', n: 2, tags: ['x'], gone: null })).toEqual({ n: 2, gone: null })
	})
})
