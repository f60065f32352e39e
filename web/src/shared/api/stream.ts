/*
 * Live events. One EventSource for the whole page, opened with the first listener after sign-in; the
 * browser resends Last-Event-ID on its own, this adds a growing wait when the server is gone for longer.
 */
import { ref } from 'vue'

type Listener = (data: unknown) => void

const TYPES = ['matter', 'alert', 'inbox'] as const
export type StreamType = (typeof TYPES)[number]

const listeners = new Map<StreamType, Set<Listener>>()
let source: EventSource | null = null
let timer: ReturnType<typeof setTimeout> | undefined
let waitMs = 1000

export const live = ref<'off' | 'connecting' | 'on'>('off')

function deliver(type: StreamType, text: string): void {
	let data: unknown = null
	try {
		data = text ? JSON.parse(text) : null
	} catch {
		return
	}
	for (const fn of listeners.get(type) ?? []) fn(data)
}

export function openStream(): void {
	if (source || typeof EventSource === 'undefined') return
	live.value = 'connecting'
	source = new EventSource('/api/stream')
	source.onopen = () => {
		live.value = 'on'
		waitMs = 1000
	}
	source.onerror = () => {
		live.value = 'connecting'
		if (source?.readyState !== EventSource.CLOSED) return
		source = null
		timer = setTimeout(openStream, waitMs)
		waitMs = Math.min(waitMs * 2, 30000)
	}
	for (const type of TYPES) {
		source.addEventListener(type, (e) => deliver(type, (e as MessageEvent<string>).data))
	}
}

export function closeStream(): void {
	clearTimeout(timer)
	source?.close()
	source = null
	live.value = 'off'
}

/* Returns the way to stop listening. */
export function listen<T>(type: StreamType, fn: (data: T) => void): () => void {
	const set = listeners.get(type) ?? new Set<Listener>()
	listeners.set(type, set)
	set.add(fn as Listener)
	return () => set.delete(fn as Listener)
}
