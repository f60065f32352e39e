import { describe, expect, it } from 'vitest'
import { errorFrom, queryString } from '@/shared/api/client'
import { allows } from './session'

describe('permissions in the navigation', () => {
	it('know families and wildcards', () => {
		expect(allows(['event.read'], 'event.read')).toBe(true)
		expect(allows(['event.read'], 'event.create')).toBe(false)
		expect(allows(['admin.codes'], 'admin.*')).toBe(true)
		expect(allows(['event.read'], 'admin.*')).toBe(false)
		expect(allows(['event.*'], 'event.create')).toBe(true)
		expect(allows([], 'event.read')).toBe(false)
	})
})

describe('requests', () => {
	it('leave out empty parameters', () => {
		expect(queryString({ q: '', place: null, limit: 50, open: false })).toBe('?limit=50&open=false')
		expect(queryString({})).toBe('')
	})
	it('read the server’s error, and survive a proxy’s page', () => {
		expect(errorFrom(409, '{"error":{"code":"conflict.version","field":null,"message":"m"}}')).toMatchObject({ code: 'conflict.version', status: 409 })
		expect(errorFrom(502, '<html>bad gateway</html>')).toMatchObject({ code: 'http.502', status: 502 })
	})
})
