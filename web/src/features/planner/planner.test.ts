import { describe, expect, it } from 'vitest'
import type { GridFigures, GridPlanSheet } from '@/shared/api/types'
import { afterShapes, better, boundsOfCells, buildingPoints, figureText, movesAway } from './plan'

const figures = (o: Partial<GridFigures>): GridFigures => ({
	units: 2, inside: 1, mean_drift: 0.2, worst: 0.3, households: 800, moved: 0, scattered: 0, distance_m: 90, ...o
})
const cell = (building: string, from: string | null, part: number, lon: number) => ({ building, name: null, from, part, households: 50, lon, lat: 29 })
const part = (n: number, origin: string | null, inside: boolean) => ({
	part: n, name: 'x', origin, origin_name: null, code: null, households: 1, buildings: 1, inside, whole: true, changed: true
})
const sheet = {
	units: [], parts: [part(0, 'A', true), part(1, null, false)], may: [],
	cells: [cell('1', 'A', 0, 106), cell('2', 'A', 1, 107)]
} as unknown as GridPlanSheet

describe('the comparison', () => {
	it('says what is better', () => {
		expect(better(figures({}), figures({ units: 3, inside: 3 }), 'inside')).toBe(true)
		expect(better(figures({}), figures({ worst: 0.5 }), 'worst')).toBe(false)
		expect(better(figures({}), figures({ scattered: 1 }), 'scattered')).toBe(false)
		expect(better(figures({}), figures({ moved: 9 }), 'moved')).toBeNull()
		expect(better(figures({}), figures({}), 'mean_drift')).toBeNull()
	})
	it('writes shares as percent', () => {
		expect(figureText(figures({}), 'mean_drift')).toBe('20%')
		expect(figureText(figures({ distance_m: 1200 }), 'distance_m')).toBe('1,200')
	})
})

describe('the map', () => {
	it('tells who changes their grid, and which parts are outside', () => {
		expect(sheet.cells.map((c) => movesAway(sheet, c))).toEqual([false, true])
		expect(buildingPoints(sheet, new Set(['2'])).features[1]?.properties).toEqual({ id: '2', part: 2, moves: true, picked: true })
		const o = { before: [], after: [{ part: 1, shape: {} }, { part: 7, shape: {} }] }
		expect(afterShapes(o, sheet).features.map((f) => f.properties.outside)).toEqual([true])
		expect(boundsOfCells(sheet)).toEqual([106, 29, 107, 29])
	})
})
