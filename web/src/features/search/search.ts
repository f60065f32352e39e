/* Where what was found lives, and the found ones as one list for the arrow keys. Pure. */
import type { SearchGroup, SearchItem } from '@/generated/api'
import { words } from '@/shared/i18n/core'

export const t = words({
	'se.label': ['搜索姓名、地址、编码、电话、拼音首字母', 'Search name, address, code, telephone, initials'],
	'se.places': ['区划', 'Places'],
	'se.persons': ['人员', 'People'],
	'se.households': ['家庭户', 'Households'],
	'se.buildings': ['楼栋', 'Buildings'],
	'se.venues': ['场所', 'Venues'],
	'se.things': ['部件', 'Things'],
	'se.organisations': ['单位', 'Organisations'],
	'se.events': ['在办事件', 'Open events'],
	'se.inEvents': ['在全部事件中搜索“{q}”', 'Search “{q}” in all events'],
	'se.none': ['没有找到。可用两个以上汉字、拼音首字母、完整的编码或电话。', 'Nothing found. Use two characters or more, first letters, a whole code or telephone number.'],
	'se.more': ['还有更多，请写得更具体', 'There is more: be more particular'],
	'se.found': ['找到 {n} 项', '{n} found'],
	'se.map': ['在地图上看', 'Show on the map']
})

export interface Found {
	group: string
	item: SearchItem
	to: string
}

export function addressOf(kind: string, item: SearchItem): string {
	if (kind === 'places') return `/places/${item.place}`
	if (kind === 'events') return `/events/${item.id}`
	return `/registry/${kind}/${item.id}`
}

export function flat(groups: SearchGroup[]): Found[] {
	return groups.flatMap((g) => g.items.map((item) => ({ group: g.kind, item, to: addressOf(g.kind, item) })))
}

/* The next one under the arrow keys; -1 is the box itself. */
export function step(at: number, by: number, n: number): number {
	return ((at + 1 + by + (n + 1)) % (n + 1)) - 1
}
