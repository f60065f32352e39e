/*
 * Keyboard commands. A component declares its keys while it is shown; sequences ("g i") have one second
 * between strokes; nothing fires while someone types or a dialog is open. The help dialog lists what is
 * declared, so it cannot be out of date.
 */
import { onScopeDispose, shallowReactive } from 'vue'

export interface Hotkey {
	keys: string
	label: string | (() => string)
	group: string | (() => string)
	run: (e: KeyboardEvent) => void
	hidden?: boolean
}

export const hotkeys = shallowReactive(new Set<Hotkey>())

const CHORD_MS = 1000
let pending = ''
let pendingAt = 0

export function isTyping(target: EventTarget | null): boolean {
	const el = target as HTMLElement | null
	if (!el?.tagName) return false
	if (el.isContentEditable || el.tagName === 'TEXTAREA' || el.tagName === 'SELECT') return true
	if (el.tagName !== 'INPUT') return false
	return !['checkbox', 'radio', 'button', 'submit'].includes((el as HTMLInputElement).type)
}

/* Enter and Space belong to the focused control, not to a list command. */
function ownsKey(target: EventTarget | null, key: string): boolean {
	const el = target as HTMLElement | null
	if (key !== 'Enter' && key !== ' ') return false
	return Boolean(el?.closest?.('a,button,summary,input,[role="tab"],[role="menuitem"]'))
}

export function findHotkey(stroke: string, now: number): Hotkey | 'wait' | null {
	const all = [...hotkeys].reverse()
	const chord = pending && now - pendingAt < CHORD_MS ? `${pending} ${stroke}` : ''
	pending = ''
	const hit = (chord && all.find((h) => h.keys === chord)) || all.find((h) => h.keys === stroke)
	if (hit) return hit
	if (all.some((h) => h.keys.startsWith(stroke + ' '))) {
		pending = stroke
		pendingAt = now
		return 'wait'
	}
	return null
}

function onKey(e: KeyboardEvent): void {
	if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || isTyping(e.target)) return
	if (document.querySelector('dialog[open]') || ownsKey(e.target, e.key)) return
	const hit = findHotkey(e.key, Date.now())
	if (!hit) return
	e.preventDefault()
	if (hit !== 'wait') hit.run(e)
}

export function startKeys(): void {
	document.addEventListener('keydown', onKey)
}

export function useHotkeys(list: Hotkey[]): void {
	for (const h of list) hotkeys.add(h)
	onScopeDispose(() => {
		for (const h of list) hotkeys.delete(h)
	})
}
