/*
 * Layers of base data over the map: neutral marks with a letter for their kind; only a state that wants
 * attention has a colour, as a ring.
 */
import type { ExpressionSpecification, LayerSpecification, MapLibre } from '@/shared/map/mapkit'
import { lang } from '@/shared/i18n/core'

export const POINTS = ['buildings', 'venues', 'things', 'organisations'] as const
export const COUNTS = ['visits', 'workforce'] as const
export const LAYERS = [...POINTS, ...COUNTS] as const
export type Layer = (typeof LAYERS)[number]

/* Permission words of the layers' lists. */
export const PERM: Record<Layer, string> = {
	buildings: 'registry.read',
	venues: 'registry.read',
	things: 'registry.read',
	organisations: 'registry.read',
	visits: 'care.read',
	workforce: 'post.read'
}

const MARK: Record<Layer, [string, string]> = {
	buildings: ['楼', 'B'],
	venues: ['所', 'V'],
	things: ['件', 'T'],
	organisations: ['单', 'O'],
	visits: ['访', 'P'],
	workforce: ['岗', 'W']
}

export const idsOf = (name: Layer): string[] => [`${name}-dot`, `${name}-text`]
const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()

function ring(name: Layer): ExpressionSpecification | string {
	if (name === 'visits') return ['case', ['>', ['coalesce', ['get', 'late'], 0], 0], colour('red-mark'), ['>', ['coalesce', ['get', 'soon'], 0], 0], colour('amber-mark'), colour('ink-3')]
	return ['match', ['coalesce', ['get', 'state'], ''], ['grade_d', 'major', 'missing'], colour('red-mark'), ['grade_c', 'high', 'damaged'], colour('amber-mark'), colour('ink-3')]
}

function specs(name: Layer): LayerSpecification[] {
	const n: ExpressionSpecification = ['coalesce', ['get', 'n'], 1]
	const many = (COUNTS as readonly string[]).includes(name)
	const text: ExpressionSpecification = ['concat', MARK[name][lang.value === 'zh' ? 0 : 1], ['case', many ? true : ['>', n, 1], ['concat', ' ', ['to-string', n]], '']]
	return [
		{
			id: `${name}-dot`,
			type: 'circle',
			source: name,
			'source-layer': name,
			paint: {
				'circle-color': colour('surface'),
				'circle-radius': ['case', ['>', n, 1], ['interpolate', ['linear'], ['log10', n], 0, 13, 2, 18, 4, 24], 10],
				'circle-stroke-width': 2,
				'circle-stroke-color': ring(name)
			}
		},
		{
			id: `${name}-text`,
			type: 'symbol',
			source: name,
			'source-layer': name,
			layout: { 'text-field': text, 'text-size': 11, 'text-allow-overlap': true, 'text-ignore-placement': true, 'text-max-width': 3 },
			paint: { 'text-color': colour('ink') }
		}
	]
}

export function addLayer(map: MapLibre, name: Layer): void {
	if (map.getSource(name)) return
	map.addSource(name, { type: 'vector', tiles: [`${location.origin}/tiles/${name}/{z}/{x}/{y}.mvt`], minzoom: 0, maxzoom: 16 })
	for (const s of specs(name)) map.addLayer(s)
}

export function removeLayer(map: MapLibre, name: Layer): void {
	for (const id of idsOf(name)) if (map.getLayer(id)) map.removeLayer(id)
	if (map.getSource(name)) map.removeSource(name)
}

/* What was drawn or is being drawn: under everything that can be pressed. */
export function showArea(map: MapLibre, shape: object | null): void {
	const data = shape ?? { type: 'FeatureCollection', features: [] }
	const source = map.getSource('area') as { setData?: (v: object) => void } | undefined
	if (source?.setData) return source.setData(data)
	map.addSource('area', { type: 'geojson', data: data as never })
	map.addLayer({ id: 'area-fill', type: 'fill', source: 'area', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': colour('focus'), 'fill-opacity': 0.12 } })
	map.addLayer({ id: 'area-line', type: 'line', source: 'area', paint: { 'line-color': colour('focus'), 'line-width': 2 } })
	map.addLayer({ id: 'area-point', type: 'circle', source: 'area', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 4, 'circle-color': colour('focus') } })
}

const THEME = 'theme-fill'

/* The fill of a thematic map: tiles of one level, drawn over at every larger zoom. */
export function showTheme(map: MapLibre, at: { layer: string; min: number; max: number } | null, opacity: unknown): void {
	if (map.getLayer(THEME)) map.removeLayer(THEME)
	if (map.getSource('theme')) map.removeSource('theme')
	if (!at) return
	map.addSource('theme', { type: 'vector', tiles: [`${location.origin}/tiles/places/{z}/{x}/{y}.mvt`], minzoom: at.min, maxzoom: at.max })
	map.addLayer(
		{ id: THEME, type: 'fill', source: 'theme', 'source-layer': at.layer, paint: { 'fill-color': colour('solid'), 'fill-opacity': opacity as never } },
		map.getLayer('street-line') ? 'street-line' : undefined
	)
}
