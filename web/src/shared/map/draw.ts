/* Drawn areas: the body that the server counts by, and the shape to show meanwhile. Pure. */
import type { LngLat } from './mapkit'

export type Area = { area: object } | { lon: number; lat: number; radius: number }

const EARTH = 6371008.8
const rad = (d: number): number => (d * Math.PI) / 180

export function metres(a: LngLat, b: LngLat): number {
	const h = Math.sin(rad(b[1] - a[1]) / 2) ** 2 + Math.cos(rad(a[1])) * Math.cos(rad(b[1])) * Math.sin(rad(b[0] - a[0]) / 2) ** 2
	return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(h)))
}

export function polygon(points: LngLat[]): object {
	return { type: 'Polygon', coordinates: [[...points, points[0]]] }
}

/* As the server draws it. */
export function circle(at: LngLat, radius: number): object {
	const dy = radius / 111195.08
	const dx = dy / Math.max(0.01, Math.cos(rad(at[1])))
	return polygon(Array.from({ length: 96 }, (_, i) => [at[0] + dx * Math.cos((2 * Math.PI * i) / 96), at[1] + dy * Math.sin((2 * Math.PI * i) / 96)]))
}

export function box(w: number, s: number, e: number, n: number): object {
	return polygon([[w, s], [e, s], [e, n], [w, n]])
}

export function line(points: LngLat[]): object {
	return { type: 'LineString', coordinates: points }
}

/* "106.5,29.4" in each line; null where one is no position. */
export function pointsOf(text: string): LngLat[] | null {
	const out: LngLat[] = []
	for (const row of text.split('\n').map((s) => s.trim()).filter(Boolean)) {
		const [lon, lat, ...more] = row.split(/[\s,，]+/).map(Number)
		if (more.length || lon === undefined || lat === undefined || !(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) return null
		out.push([lon, lat])
	}
	return out
}
const DEGREES = 6
export const textOf = (points: LngLat[]): string => points.map((p) => p.map((v) => v.toFixed(DEGREES)).join(',')).join('\n')

/* What is shown while corners are set. */
export function sketch(mode: 'polygon' | 'circle' | 'line', points: LngLat[]): object {
	const features: object[] = points.map((p) => ({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: p } }))
	if (mode === 'polygon' && points.length > 2) features.push({ type: 'Feature', properties: {}, geometry: polygon(points) })
	else if (points.length > 1) features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: points } })
	return { type: 'FeatureCollection', features }
}

const LINES = 6
/* Lines of longitude and latitude at round numbers, about six each way, with their numbers. */
export function gridOf(w: number, s: number, e: number, n: number): object {
	const rough = Math.max(e - w, n - s) / LINES
	const ten = 10 ** Math.floor(Math.log10(rough))
	const step = ten * ([1, 2, 5, 10].find((k) => k * ten >= rough) ?? 10)
	const digits = Math.max(0, -Math.floor(Math.log10(step)))
	const features: object[] = []
	const add = (name: string, coordinates: LngLat[]) => features.push({ type: 'Feature', properties: { name }, geometry: { type: 'LineString', coordinates } })
	for (let i = Math.ceil(w / step); i * step <= e; i++) add((i * step).toFixed(digits), [[i * step, s], [i * step, n]])
	for (let i = Math.ceil(s / step); i * step <= n; i++) add((i * step).toFixed(digits), [[w, i * step], [e, i * step]])
	return { type: 'FeatureCollection', features }
}
