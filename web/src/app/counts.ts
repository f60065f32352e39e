/* The exact inbox counts, shared by the navigation and the inbox, kept fresh by the stream. */
import { shallowRef } from 'vue'
import { api } from '@/shared/api/client'
import { listen } from '@/shared/api/stream'
import type { Counts } from '@/shared/api/types'

export const counts = shallowRef<Counts | null>(null)
let timer: ReturnType<typeof setTimeout> | undefined

export async function loadCounts(): Promise<void> {
	try {
		counts.value = await api.get<Counts>('/api/matters/counts')
	} catch {
		/* The list itself shows the failure; a missing number beside a word is enough here. */
	}
}

/* A burst of events asks once. */
function soon(): void {
	clearTimeout(timer)
	timer = setTimeout(() => void loadCounts(), 800)
}

export function startCounts(): () => void {
	void loadCounts()
	const stops = [listen('inbox', soon), listen('matter', soon)]
	return () => stops.forEach((stop) => stop())
}
