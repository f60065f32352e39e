/*
 * Filters that live in the page's address: reading is reactive, writing replaces the address, so that a
 * list can be shared, bookmarked and walked back to.
 */
import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQuery } from 'vue-router'

export type Filters = Record<string, string>

/* Flat strings only: a repeated parameter keeps its first value. */
export function readFilters(query: LocationQuery, names: readonly string[]): Filters {
	const out: Filters = {}
	for (const name of names) {
		const raw = query[name]
		const value = Array.isArray(raw) ? raw[0] : raw
		if (value) out[name] = value
	}
	return out
}

/* The address after a change; empty values leave it, names outside the list stay as they are. */
export function writeFilters(query: LocationQuery, change: Filters): LocationQuery {
	const out: LocationQuery = { ...query }
	for (const [name, value] of Object.entries(change)) {
		if (value) out[name] = value
		else delete out[name]
	}
	return out
}

export function useFilters(names: readonly string[]) {
	const route = useRoute()
	const router = useRouter()
	const filters = computed(() => readFilters(route.query, names))

	function set(change: Filters): void {
		void router.replace({ query: writeFilters(route.query, change) })
	}
	function clear(): void {
		set(Object.fromEntries(names.map((n) => [n, ''])))
	}
	function field(name: string, fallback = ''): WritableComputedRef<string> {
		return computed({
			get: () => filters.value[name] ?? fallback,
			set: (v) => set({ [name]: v === fallback ? '' : v })
		})
	}
	return { filters, set, clear, field }
}
