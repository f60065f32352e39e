/*
 * A keyset-paged list: the first page follows the filters, more() appends the next one. Counting runs
 * beside the page so that a slow count never holds up the rows.
 */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { api, isAbort, type Query } from '../api/client'
import type { Page } from '../api/types'

export interface List<T> {
	items: Ref<T[]>
	next: Ref<string | null>
	count: Ref<number | null>
	error: Ref<unknown>
	loading: Ref<boolean>
	reload: (quiet?: boolean) => Promise<void>
	more: () => Promise<void>
}

export function useList<T>(
	path: () => string,
	query: () => Query,
	options: { limit?: number; count?: boolean } = {}
): List<T> {
	const items = shallowRef<T[]>([]) as Ref<T[]>
	const next = ref<string | null>(null)
	const count = ref<number | null>(null)
	const error = shallowRef<unknown>(null)
	const loading = ref(false)
	const limit = options.limit ?? 50
	let flight: AbortController | null = null

	async function fetchPage(after: string | null, quiet: boolean): Promise<void> {
		flight?.abort()
		const mine = new AbortController()
		flight = mine
		if (!quiet) loading.value = true
		error.value = null
		const first = after === null
		const q: Query = { ...query(), limit, after }
		if (first && options.count) q.count = true
		try {
			const page = await api.get<Page<T>>(path(), q, mine.signal)
			if (flight !== mine) return
			items.value = first ? page.items : [...items.value, ...page.items]
			next.value = page.next
			if (page.count !== undefined) count.value = page.count
		} catch (e) {
			if (isAbort(e) || flight !== mine) return
			error.value = e
		} finally {
			if (flight === mine) loading.value = false
		}
	}

	const reload = (quiet = false) => fetchPage(null, quiet)
	async function more(): Promise<void> {
		if (next.value && !loading.value) await fetchPage(next.value, false)
	}

	watch(
		() => JSON.stringify([path(), query()]),
		() => {
			items.value = []
			count.value = null
			void reload()
		},
		{ immediate: true }
	)
	onScopeDispose(() => flight?.abort())
	return { items, next, count, error, loading, reload, more }
}
