/*
 * One thing loaded from the server: data, error and progress, with the older answer dropped when a newer
 * question was asked meanwhile, and the request given up when the component goes.
 */
import { onScopeDispose, ref, shallowRef, watch, type Ref, type WatchSource } from 'vue'
import { isAbort } from '../api/client'

export interface Resource<T> {
	data: Ref<T | null>
	error: Ref<unknown>
	loading: Ref<boolean>
	reload: () => Promise<void>
	/* Like reload, but keeps what is shown and stays silent on failure: for live updates. */
	refresh: () => Promise<void>
}

export function useResource<T>(
	load: (signal: AbortSignal) => Promise<T> | null,
	sources: WatchSource<unknown>[] = []
): Resource<T> {
	const data = shallowRef<T | null>(null) as Ref<T | null>
	const error = shallowRef<unknown>(null)
	const loading = ref(false)
	let flight: AbortController | null = null

	async function run(quiet: boolean): Promise<void> {
		flight?.abort()
		const mine = new AbortController()
		flight = mine
		const wanted = load(mine.signal)
		if (!wanted) {
			data.value = null
			loading.value = false
			return
		}
		if (!quiet) {
			loading.value = true
			error.value = null
		}
		try {
			const got = await wanted
			if (flight !== mine) return
			data.value = got
			error.value = null
		} catch (e) {
			if (isAbort(e) || flight !== mine) return
			if (!quiet || data.value === null) error.value = e
		} finally {
			if (flight === mine) loading.value = false
		}
	}

	if (sources.length) watch(sources, () => void run(false))
	void run(false)
	onScopeDispose(() => flight?.abort())
	return { data, error, loading, reload: () => run(false), refresh: () => run(true) }
}
