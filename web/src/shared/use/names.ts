/* What a row is called, and the names behind ids, asked for once each. */
import { shallowReactive } from 'vue'
import { api } from '../api/client'
import type { Row } from '../api/types'
import { both } from '../i18n/core'
import { refPath } from './meta'

/* A position code, or one built upon it: says nothing to a reader beside the name. */
const LONG_CODE = 16

export function nameOf(row: Record<string, unknown> | null | undefined): string {
	if (!row) return ''
	if (row.no && row.title) return `${String(row.no)} ${String(row.title)}`
	const pair = both(
		(row.name_zh ?? row.question_zh) as string | undefined,
		(row.name_en ?? row.question_en) as string | undefined
	)
	const name = pair || row.name || row.title || row.login || row.no || row.target_name || row.purpose
	const code = [row.code, row.item].find((v) => typeof v === 'string' && v !== '' && (!name || v.length < LONG_CODE)) ?? ''
	if (name) return code && code !== name ? `${code} ${String(name)}` : String(name)
	return String(code || row.id || '')
}

const cache = shallowReactive(new Map<string, string>())
const asked = new Set<string>()
const MAX = 2000

/* The name of entity `ref`'s row `id`; the id itself until it has come. */
export function lookup(ref: string, id: string | null | undefined): string {
	if (!id) return ''
	const key = ref + '/' + id
	const hit = cache.get(key)
	if (hit !== undefined) return hit
	if (!asked.has(key) && asked.size < MAX) {
		asked.add(key)
		const path = ref === 'place-code' ? `/api/places/by-code/${id}` : `/api/${refPath(ref)}/${id}`
		api.get<Row>(path).then(
			(row) => cache.set(key, nameOf(row)),
			() => cache.set(key, id)
		)
	}
	return id
}

export function remember(ref: string, id: string, name: string): void {
	cache.set(ref + '/' + id, name)
	asked.add(ref + '/' + id)
}
