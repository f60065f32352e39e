/* What a failure is called in the reader's language: by code, then the server's words, then status. */
import { ApiError } from '../api/client'
import { has, humanise, lang, word } from './core'

export function errorText(e: unknown): string {
	if (!(e instanceof ApiError)) return String((e as Error)?.message ?? e)
	if (has('error.' + e.code)) return word('error', e.code)
	const byStatus = has('error.http.' + e.status) ? word('error', 'http.' + e.status) : ''
	const own = e.message && (lang.value === 'en' || /[\u4e00-\u9fff]/.test(e.message) || !byStatus)
	if (own) return e.message
	return byStatus ? (e.message ? `${byStatus}（${e.message}）` : byStatus) : humanise(e.code)
}

export function errorField(e: unknown): string | null {
	return e instanceof ApiError ? e.field : null
}
