/*
 * Two languages, word by word: every entry is a pair [Chinese, English], so a word cannot exist in one
 * language only. `words(own)` gives a typed t() over an area's own entries and the common ones; `word()`
 * looks up names that come from the server (states, fields, error codes) and falls back to the name.
 */
import { ref } from 'vue'

export type Lang = 'zh' | 'en'
export type Pair = readonly [zh: string, en: string]
export type Words = Record<string, Pair>
export type Params = Record<string, string | number>

const KEY = 'gezhi.lang'
const known = new Map<string, Pair>()

function stored(): Lang {
	try {
		return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh'
	} catch {
		return 'zh'
	}
}

export const lang = ref<Lang>(stored())

export function setLang(next: Lang): void {
	lang.value = next
	document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
	try {
		localStorage.setItem(KEY, next)
	} catch {
		/* Private windows refuse storage; the choice then lasts as long as the page. */
	}
}

export function register(own: Words): void {
	for (const [key, pair] of Object.entries(own)) known.set(key, pair)
}

function fill(text: string, params?: Params): string {
	if (!params) return text
	return text.replace(/\{(\w+)\}/g, (all, name: string) =>
		name in params ? String(params[name]) : all
	)
}

function pick(pair: Pair): string {
	return lang.value === 'zh' ? pair[0] : pair[1]
}

export function has(key: string): boolean {
	return known.has(key)
}

export function words<W extends Words>(own: W): (key: keyof W & string, params?: Params) => string {
	register(own)
	return (key, params) => fill(pick(own[key] as Pair), params)
}

/* "reported_at" → "Reported at": better than nothing for a field without an entry. */
export function humanise(name: string): string {
	const text = name.replace(/[._]+/g, ' ').trim()
	return text.charAt(0).toUpperCase() + text.slice(1)
}

export function word(kind: string, name: string | null | undefined, fallback?: string): string {
	if (name === null || name === undefined || name === '') return ''
	const pair = known.get(kind + '.' + name)
	return pair ? pick(pair) : (fallback ?? humanise(name))
}

/* The one of two given texts that fits the language, for data that carries both. */
export function both(zh: string | null | undefined, en: string | null | undefined): string {
	return (lang.value === 'zh' ? zh || en : en || zh) ?? ''
}
