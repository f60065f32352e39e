/* Both languages are there for every word, and placeholders agree between them. */
import { describe, expect, it } from 'vitest'
import { ApiError } from '../api/client'
import { humanise, setLang, word, words } from './core'
import { errorText } from './error'
import { duration, metres, percent, short, time } from './format'

const modules = import.meta.glob('../../**/*.{ts,vue}', { query: '?raw', import: 'default', eager: true })

describe('dictionary', () => {
	it('has the same placeholders in both languages', () => {
		const entry = /'([\w.]+)': \[\s*'((?:[^'\\]|\\.)*)',\s*'((?:[^'\\]|\\.)*)'\s*\]/g
		const bad: string[] = []
		let seen = 0
		for (const text of Object.values(modules) as string[]) {
			for (const [, key, zh = '', en = ''] of text.matchAll(entry)) {
				seen++
				const holes = (s: string) => (s.match(/\{\w+\}/g) ?? []).sort().join()
				if (holes(zh) !== holes(en) || !zh || !en) bad.push(String(key))
			}
		}
		expect(seen).toBeGreaterThan(400)
		expect(bad).toEqual([])
	})
	it('switches language and fills placeholders', () => {
		const t = words({ 'x.hello': ['你好，{name}', 'Hello {name}'] })
		setLang('en')
		expect(t('x.hello', { name: 'A' })).toBe('Hello A')
		setLang('zh')
		expect(t('x.hello', { name: 'A' })).toBe('你好，A')
	})
	it('falls back to a readable name', () => {
		expect(word('field', 'not_there')).toBe('Not there')
		expect(humanise('reported_at')).toBe('Reported at')
	})
})

describe('errors', () => {
	it('are named by code, then by the server, then by status', async () => {
		await import('./common')
		setLang('zh')
		expect(errorText(new ApiError(401, 'auth.bad_credentials', null, 'no'))).toContain('密码')
		expect(errorText(new ApiError(400, 'odd.code', 'x', '名称太长'))).toBe('名称太长')
		expect(errorText(new ApiError(503, 'odd.code', null, ''))).toContain('繁忙')
	})
})

describe('formats', () => {
	it('show times in the district’s zone', () => {
		expect(time('2026-02-13T08:30:00Z')).toBe('2026-02-13 16:30')
		expect(short('2026-02-13T16:30:00+08:00', new Date('2026-06-01T00:00:00Z'))).toBe('02-13 16:30')
		expect(short('2025-02-13T16:30:00+08:00', new Date('2026-06-01T00:00:00Z'))).toBe('2025-02-13 16:30')
	})
	it('round durations down to two units', () => {
		setLang('en')
		expect(duration(59)).toBe('under 1 min')
		expect(duration(3 * 86400 + 4 * 3600 + 300)).toBe('3 d 4 h')
		expect(duration(86400 + 300)).toBe('1 d')
	})
	it('never invent a figure', () => {
		expect(percent(null)).toBe('–')
		expect(metres(null)).toBe('–')
	})
})
