import { expect, it } from 'vitest'
import { bands, fillOpacity, levelBelow, opacityOf } from './theme'

it('bands hold every value once, the larger ones darker', () => {
	const v = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
	const b = bands(v)
	expect(b).toHaveLength(5)
	for (const x of v) expect(b.filter((k) => x >= k.from && x <= k.to)).toHaveLength(1)
	expect(opacityOf(10, b)).toBeGreaterThan(opacityOf(1, b))
	expect(bands([3, 3, 3])).toEqual([{ from: 3, to: 3, opacity: 0.42 }])
	expect(bands([])).toEqual([])
})

it('a place without a value is not filled', () => {
	const figures = { figure: 'people', place: '1', place_name: '', at: '', total: 5, rest: 0,
		items: [{ code: 'a', name: '', value: 5, of: null }, { code: 'b', name: '', value: null, of: null }] }
	expect(fillOpacity(figures as never)).toEqual(['match', ['get', 'code'], 'a', 0.42, 0])
	expect(fillOpacity(null)).toBe(0)
})

it('districts show streets, streets communities, communities grids', () => {
	expect(levelBelow('50099900000000000').layer).toBe('street')
	expect(levelBelow('50099900100000000').layer).toBe('community')
	expect(levelBelow('50099900100100000').layer).toBe('grid')
})
