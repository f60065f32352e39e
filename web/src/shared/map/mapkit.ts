/*
 * The map's engine and style. Everything drawn comes from the server's own tiles; labels use the
 * browser's fonts. Loaded only by pages that show a map.
 */
import 'maplibre-gl/dist/maplibre-gl.css'
import './map.css'
import {
	Map as MapLibre,
	setWorkerUrl,
	type ExpressionSpecification,
	type LayerSpecification,
	type StyleSpecification
} from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import { lang, word } from '../i18n/core'

setWorkerUrl(workerUrl)

export type { ExpressionSpecification, LayerSpecification, MapLibre }
export type LngLat = [lon: number, lat: number]

export interface MapOptions {
	center: LngLat
	zoom: number
	bounds?: [number, number, number, number]
	events?: string | null
	/* Room left around the bounds. */
	padding?: { top: number; right: number; bottom: number; left: number }
	interactive?: boolean
}

const colour = (name: string) =>
	getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()

const tiles = (path: string) => [location.origin + '/tiles/' + path]

/* Query part of the event tiles: "?open=1&track=peace". */
export function eventTiles(query: string): string[] {
	return tiles('events/{z}/{x}/{y}.mvt' + query)
}

const PLACE_LAYERS = ['street', 'community', 'grid'] as const

function placeLayers(): LayerSpecification[] {
	const out: LayerSpecification[] = []
	for (const name of PLACE_LAYERS) {
		out.push({
			id: name + '-fill',
			type: 'fill',
			source: 'places',
			'source-layer': name,
			paint: { 'fill-color': colour('surface'), 'fill-opacity': 0.75 }
		})
		out.push({
			id: name + '-heat',
			type: 'fill',
			source: 'places',
			'source-layer': name,
			layout: { visibility: 'none' },
			paint: {
				'fill-color': colour('amber-mark'),
				'fill-opacity': ['interpolate', ['linear'], ['coalesce', ['get', 'open'], 0], 0, 0, 5, 0.12, 50, 0.4, 500, 0.65]
			}
		})
		out.push({
			id: name + '-line',
			type: 'line',
			source: 'places',
			'source-layer': name,
			paint: { 'line-color': colour('ink-3'), 'line-width': name === 'street' ? 1.4 : 0.8, 'line-opacity': 0.7 }
		})
	}
	out.push({
		id: 'selected-line',
		type: 'line',
		source: 'selected',
		paint: { 'line-color': colour('focus'), 'line-width': 2.5 }
	})
	out.push({
		id: 'place-label',
		type: 'symbol',
		source: 'places',
		'source-layer': 'place_label',
		layout: { 'text-field': ['get', 'name'], 'text-size': 12, 'text-max-width': 9, 'text-padding': 6 },
		paint: { 'text-color': colour('ink-2'), 'text-halo-color': colour('surface'), 'text-halo-width': 1.5 }
	})
	return out
}

/* Red or amber share decides the ring: the fill stays neutral, so that only states are coloured. */
function eventLayers(): LayerSpecification[] {
	const n: ExpressionSpecification = ['coalesce', ['get', 'n'], 1]
	return [
		{
			id: 'event-cluster',
			type: 'circle',
			source: 'events',
			'source-layer': 'event',
			filter: ['>', n, 1],
			paint: {
				'circle-color': colour('solid'),
				'circle-radius': ['interpolate', ['linear'], ['log10', n], 0, 11, 2, 17, 4, 25],
				'circle-stroke-width': 3,
				'circle-stroke-color': [
					'case',
					['>', ['coalesce', ['get', 'red'], 0], 0],
					colour('red-mark'),
					['>', ['coalesce', ['get', 'amber'], 0], 0],
					colour('amber-mark'),
					colour('surface')
				]
			}
		},
		{
			id: 'event-count',
			type: 'symbol',
			source: 'events',
			'source-layer': 'event',
			filter: ['>', n, 1],
			layout: {
				'text-field': ['to-string', ['get', 'n']],
				'text-size': 12,
				'text-allow-overlap': true,
				'text-ignore-placement': true
			},
			paint: { 'text-color': colour('ink-inv') }
		},
		{
			id: 'event-point',
			type: 'circle',
			source: 'events',
			'source-layer': 'event',
			filter: ['<=', n, 1],
			paint: {
				'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 5, 16, 8],
				'circle-color': [
					'match',
					['coalesce', ['get', 'level'], 0],
					1,
					colour('amber-mark'),
					[2, 3],
					colour('red-mark'),
					colour('solid')
				],
				'circle-stroke-width': 2,
				'circle-stroke-color': colour('surface')
			}
		}
	]
}

export function mapStyle(events: string | null): StyleSpecification {
	const empty = { type: 'FeatureCollection' as const, features: [] }
	return {
		version: 8,
		sources: {
			places: { type: 'vector', tiles: tiles('places/{z}/{x}/{y}.mvt'), minzoom: 6, maxzoom: 16 },
			selected: { type: 'geojson', data: empty },
			...(events === null
				? {}
				: { events: { type: 'vector' as const, tiles: eventTiles(events), minzoom: 0, maxzoom: 16 } })
		},
		layers: [
			{ id: 'ground', type: 'background', paint: { 'background-color': colour('sunken') } },
			...placeLayers(),
			...(events === null ? [] : eventLayers())
		]
	}
}

export function createMap(container: HTMLElement, o: MapOptions): MapLibre {
	const map = new MapLibre({
		container,
		style: mapStyle(o.events ?? null),
		center: o.center,
		zoom: o.zoom,
		minZoom: 7,
		maxZoom: 18,
		attributionControl: false,
		dragRotate: false,
		pitchWithRotate: false,
		interactive: o.interactive ?? true,
		fadeDuration: 0,
		locale: lang.value === 'zh' ? { 'Map.Title': '地图' } : { 'Map.Title': 'Map' }
	})
	map.touchZoomRotate.disableRotation()
	if (o.bounds) map.fitBounds(o.bounds, { padding: o.padding ?? 24, animate: false })
	return map
}

/* West, south, east, north of a GeoJSON shape. */
export function boundsOf(shape: unknown): [number, number, number, number] | null {
	const all: number[][] = []
	const walk = (v: unknown): void => {
		if (!Array.isArray(v)) return
		if (typeof v[0] === 'number') all.push(v as number[])
		else v.forEach(walk)
	}
	const s = shape as { coordinates?: unknown; geometry?: { coordinates?: unknown } }
	walk(s.coordinates ?? s.geometry?.coordinates)
	if (!all.length) return null
	const xs = all.map((p) => p[0] as number)
	const ys = all.map((p) => p[1] as number)
	return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

export const placeLayerIds = PLACE_LAYERS.map((n) => n + '-fill')
export const heatLayerIds = PLACE_LAYERS.map((n) => n + '-heat')
export const trackName = (track: string) => word('track', track)
