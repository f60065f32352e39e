import { describe, expect, it } from 'vitest'
import { daysTo, kindOf, linkKinds, linkRoles, LISTS, objectRoute } from './registry'

describe('objects of the registry', () => {
	it('have a page each, by kind and by path', () => {
		expect(objectRoute('person', '7')).toBe('/registry/persons/7')
		expect(kindOf('organisations')).toBe('organisation')
		expect(kindOf('care_plans')).toBeNull()
		expect(LISTS).toContain('care_plans')
	})
	it('are linked only where it makes sense', () => {
		expect(linkRoles('household')).toEqual(['lives_in', 'tenant'])
		expect(linkKinds('person', 'guardian')).toEqual(['person'])
		expect(linkRoles('building')).toEqual([])
		expect(linkKinds('household', 'guardian')).toEqual([])
	})
})

describe('days to a visit', () => {
	it('count across months, and back', () => {
		expect(daysTo('2026-03-01', '2026-02-27')).toBe(2)
		expect(daysTo('2026-02-27', '2026-03-01')).toBe(-2)
	})
})
