/* Short messages at the edge of the screen, some with a way back. */
import { ref } from 'vue'
import { errorText } from '../i18n/error'

export interface Toast {
	id: number
	kind: 'info' | 'good' | 'bad'
	text: string
	undo?: () => Promise<void> | void
	until: number
}

const MAX = 4
let last = 0

export const toasts = ref<Toast[]>([])

export function dismiss(id: number): void {
	toasts.value = toasts.value.filter((x) => x.id !== id)
}

export function toast(
	text: string,
	kind: Toast['kind'] = 'info',
	undo?: Toast['undo'],
	seconds = undo ? 60 : 6
): number {
	const id = ++last
	const until = Date.now() + seconds * 1000
	toasts.value = [...toasts.value.slice(1 - MAX), { id, kind, text, undo, until }]
	setTimeout(() => dismiss(id), seconds * 1000)
	return id
}

export function toastError(e: unknown): void {
	toast(errorText(e), 'bad', undefined, 9)
}
