/* What pages of the planner share: states' tones, the rows of the comparison, GeoJSON for the map. */
import type { GridFigures, GridPlan, GridPlanOutlines, GridPlanSheet } from '@/shared/api/types'
import { number, percent } from '@/shared/i18n/format'

export const stateTone: Record<GridPlan['state'], string> = {
	draft: '',
	submitted: 'blue',
	approved: 'blue',
	rejected: 'red',
	applied: 'green',
	undone: 'violet'
}

export const FIGURES = ['units', 'inside', 'mean_drift', 'worst', 'moved', 'scattered', 'distance_m'] as const

export function figureText(f: GridFigures, name: (typeof FIGURES)[number]): string {
	return name === 'mean_drift' || name === 'worst' ? percent(f[name]) : number(f[name])
}

/* Is the second better than the first? For grids inside the norm more is better, elsewhere less. */
export function better(before: GridFigures, after: GridFigures, name: (typeof FIGURES)[number]): boolean | null {
	if (name === 'units' || name === 'moved') return null
	const a = name === 'inside' ? before.inside / Math.max(1, before.units) : (before[name] ?? 0)
	const b = name === 'inside' ? after.inside / Math.max(1, after.units) : (after[name] ?? 0)
	if (Math.abs(a - b) < 1e-9) return null
	return name === 'inside' ? b > a : b < a
}

export interface Feature {
	type: 'Feature'
	properties: Record<string, string | number | boolean>
	geometry: object
}
export interface Features {
	type: 'FeatureCollection'
	features: Feature[]
}
const collection = (features: Feature[]): Features => ({ type: 'FeatureCollection', features })

export function beforeShapes(o: GridPlanOutlines | null, s: GridPlanSheet): Features {
	const names = new Map(s.units.map((u) => [u.code, u.name]))
	return collection((o?.before ?? []).map((b) => ({ type: 'Feature', properties: { name: names.get(b.code) ?? '' }, geometry: b.shape as object })))
}

export function afterShapes(o: GridPlanOutlines | null, s: GridPlanSheet): Features {
	return collection(
		(o?.after ?? []).flatMap((a) => {
			const p = s.parts[a.part]
			if (!p) return []
			const properties = { part: a.part, name: `${a.part + 1} ${p.name}`, outside: !p.inside, changed: p.changed }
			return [{ type: 'Feature' as const, properties, geometry: a.shape as object }]
		})
	)
}

/* Does the building change its grid? A part goes on as one grid; what comes from elsewhere moves. */
export function movesAway(s: GridPlanSheet, cell: GridPlanSheet['cells'][number]): boolean {
	return s.parts[cell.part]?.origin !== cell.from
}

export function barrierLines(bars: readonly { name: string; line: unknown }[]): Features {
	return collection(bars.map((b) => ({ type: 'Feature', properties: { name: b.name }, geometry: b.line as object })))
}

export function buildingPoints(s: GridPlanSheet, picked: ReadonlySet<string>): Features {
	return collection(
		s.cells.map((c) => ({
			type: 'Feature',
			properties: { id: c.building, part: c.part + 1, moves: movesAway(s, c), picked: picked.has(c.building) },
			geometry: { type: 'Point', coordinates: [c.lon, c.lat] }
		}))
	)
}

export function boundsOfCells(s: GridPlanSheet): [number, number, number, number] | null {
	if (!s.cells.length) return null
	const lons = s.cells.map((c) => c.lon)
	const lats = s.cells.map((c) => c.lat)
	return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
}
