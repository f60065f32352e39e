import { expect, it } from 'vitest'
import { addressOf, flat, step } from './search'

const item = { id: '7', title: '岳麓小区', detail: null, word: null, place: '50099900100100100', place_name: null, lon: null, lat: null }

it('what was found has its page', () => {
	expect(addressOf('places', item)).toBe('/places/50099900100100100')
	expect(addressOf('events', item)).toBe('/events/7')
	expect(addressOf('buildings', item)).toBe('/registry/buildings/7')
	expect(flat([{ kind: 'venues', items: [item, item], more: false }]).map((f) => f.to)).toEqual(['/registry/venues/7', '/registry/venues/7'])
})

it('the arrows go round through the box', () => {
	expect([step(-1, 1, 2), step(0, 1, 2), step(1, 1, 2), step(-1, -1, 2), step(0, -1, 2)]).toEqual([0, 1, -1, 1, -1])
})
