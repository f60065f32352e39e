import { expect, it } from 'vitest'
import { box, circle, gridOf, metres, pointsOf, sketch, textOf } from './draw'

it('a circle has its radius, a box its corners', () => {
	const ring = (circle([106.5, 29.4], 500) as { coordinates: [number, number][][] }).coordinates[0] as [number, number][]
	expect(ring).toHaveLength(97)
	for (const p of ring) expect(Math.abs(metres([106.5, 29.4], p) - 500)).toBeLessThan(2)
	expect((box(1, 2, 3, 4) as { coordinates: number[][][] }).coordinates[0]).toEqual([[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]])
})

it('two corners are a line, three an area', () => {
	const kinds = (n: number): string[] =>
		(sketch('polygon', [[0, 0], [1, 0], [1, 1]].slice(0, n) as [number, number][]) as { features: { geometry: { type: string } }[] }).features.map((f) => f.geometry.type)
	expect(kinds(2)).toEqual(['Point', 'Point', 'LineString'])
	expect(kinds(3)).toEqual(['Point', 'Point', 'Point', 'Polygon'])
})

it('positions are typed as they are written', () => {
	expect(pointsOf('106.5,29.4\n\n 106.6，29.5 ')).toEqual([[106.5, 29.4], [106.6, 29.5]])
	expect(pointsOf(textOf([[106.5, 29.4]]))).toEqual([[106.5, 29.4]])
	for (const bad of ['106.5', '106.5,299', 'a,b', '1,2,3']) expect(pointsOf(bad)).toBeNull()
})

it('the grid has round numbers', () => {
	const names = (gridOf(106.501, 29.4, 106.512, 29.41) as { features: { properties: { name: string } }[] }).features.map((f) => f.properties.name)
	expect(names).toEqual(['106.502', '106.504', '106.506', '106.508', '106.510', '106.512', '29.400', '29.402', '29.404', '29.406', '29.408', '29.410'])
})
