/* Classes of a thematic map. Pure. */
import type { MapFigures } from '@/generated/api'

export const FIGURES = ['people', 'households', 'buildings', 'rooms', 'venues', 'things', 'organisations', 'events', 'events_red', 'visits',
	'visits_overdue', 'workforce', 'care_coverage', 'households_per_grid', 'granularity_drift'] as const
export type Figure = (typeof FIGURES)[number]
export const SHARES: readonly string[] = ['care_coverage', 'granularity_drift']

export interface Band {
	from: number
	to: number
	opacity: number
}

const SHADES = [0.1, 0.25, 0.42, 0.6, 0.8]

/* At most five bands with about as many places each; equal values are in one band. */
export function bands(values: number[]): Band[] {
	const v = [...values].sort((a, b) => a - b)
	if (!v.length) return []
	const edges = SHADES.map((_, i) => v[Math.floor((i * v.length) / SHADES.length)] as number)
	const starts = [...new Set(edges)]
	const last = v[v.length - 1] as number
	return starts.map((from, i) => ({
		from,
		to: starts[i + 1] !== undefined ? (v.filter((x) => x < (starts[i + 1] as number)).at(-1) as number) : last,
		opacity: SHADES[starts.length === 1 ? 2 : Math.round((i * (SHADES.length - 1)) / (starts.length - 1))] as number
	}))
}

export function opacityOf(value: number, list: Band[]): number {
	return [...list].reverse().find((b) => value >= b.from)?.opacity ?? 0
}

/* A MapLibre expression: how strongly each place is filled. */
export function fillOpacity(f: MapFigures | null): unknown {
	const known = (f?.items ?? []).filter((i) => i.value !== null)
	if (!known.length) return 0
	const list = bands(known.map((i) => i.value as number))
	return ['match', ['get', 'code'], ...known.flatMap((i) => [i.code, opacityOf(i.value as number, list)]), 0]
}

/* The tile layer that draws the places one step below this one, and the zooms that have it. */
export function levelBelow(code: string): { layer: string; min: number; max: number } {
	if (code.endsWith('00000000000')) return { layer: 'street', min: 6, max: 10 }
	if (code.endsWith('00000000')) return { layer: 'community', min: 11, max: 12 }
	return { layer: 'grid', min: 13, max: 16 }
}
