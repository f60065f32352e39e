/* The event codes with their questions, loaded once; and the catalogue of reasons by action. */
import { shallowRef } from 'vue'
import { api } from '@/shared/api/client'
import type { Page, PublicCode, Row } from '@/shared/api/types'
import { both, word } from '@/shared/i18n/core'
import type { FilterOption } from '@/shared/list/filters'

export const codes = shallowRef<PublicCode[]>([])
let asked: Promise<void> | null = null

export function loadCodes(): Promise<void> {
	asked ??= api
		.get<{ items: PublicCode[] }>('/api/public/codes')
		.then((r) => {
			codes.value = r.items
		})
		.catch(() => {
			asked = null
		})
	return asked
}

const TRACKS = ['party', 'economy', 'livelihood', 'peace']

export const codeName = (c: PublicCode) => `${c.code} ${both(c.name_zh, c.name_en)}`

/* Tracks and, below each, its codes: the values of the `category` filter. */
export function categoryOptions(): FilterOption[] {
	return [
		...TRACKS.map((value) => ({ value, label: word('track', value) })),
		...codeGroups()
	]
}

export function codeGroups(): FilterOption[] {
	return TRACKS.map((track) => ({
		value: track,
		label: word('track', track),
		options: codes.value
			.filter((c) => c.track === track)
			.map((c) => ({ value: c.code, label: codeName(c) }))
	})).filter((g) => g.options.length)
}

export async function loadReasons(kind: string): Promise<{ value: string; label: string }[]> {
	const page = await api.get<Page<Row>>('/api/reasons', { action: kind, limit: 200 })
	return page.items.map((r) => ({
		value: String(r.code),
		label: both(r.name_zh as string | undefined, r.name_en as string | undefined)
	}))
}
