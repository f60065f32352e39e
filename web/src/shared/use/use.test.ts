import { afterEach, describe, expect, it } from 'vitest'
import { ApiError } from '../api/client'
import { useSubmit } from './submit'
import { findHotkey, hotkeys, isTyping } from './keys'
import { readFilters, writeFilters } from './query'
import { nameOf } from './names'

const key = (keys: string) => ({ keys, label: keys, group: 'g', run: () => {} })

describe('hotkeys', () => {
	afterEach(() => hotkeys.clear())
	it('waits for the second stroke of a chord', () => {
		const chord = key('g i')
		hotkeys.add(chord)
		expect(findHotkey('g', 0)).toBe('wait')
		expect(findHotkey('i', 500)).toBe(chord)
	})
	it('forgets a chord after a second', () => {
		hotkeys.add(key('g i'))
		findHotkey('g', 0)
		expect(findHotkey('i', 1500)).toBeNull()
	})
	it('prefers what was declared last', () => {
		const outer = key('j')
		const inner = key('j')
		hotkeys.add(outer)
		hotkeys.add(inner)
		expect(findHotkey('j', 0)).toBe(inner)
	})
	it('leaves typing alone', () => {
		const input = document.createElement('input')
		expect(isTyping(input)).toBe(true)
		input.type = 'checkbox'
		expect(isTyping(input)).toBe(false)
		expect(isTyping(document.createElement('textarea'))).toBe(true)
	})
})

describe('filters in the address', () => {
	it('read the named ones and the first of a repeated one', () => {
		expect(readFilters({ q: '井盖', state: ['reported', 'closed'], other: '1' }, ['q', 'state'])).toEqual({
			q: '井盖',
			state: 'reported'
		})
	})
	it('drop what was emptied and keep the rest', () => {
		expect(writeFilters({ q: 'a', tab: 'x' }, { q: '', state: 'closed' })).toEqual({ tab: 'x', state: 'closed' })
	})
})

describe('names of rows', () => {
	it('put a short code before the name, never a position code', () => {
		expect(nameOf({ id: '1', code: 'MS24', name_zh: '暴露垃圾', name_en: 'Rubbish' })).toContain('MS24')
		expect(nameOf({ id: '1', code: '50011300000000000', name: '云岭区' })).toBe('云岭区')
		expect(nameOf({ id: '7' })).toBe('7')
	})
})

describe('what is sent', () => {
	it('is sent once at a time, and says what was wrong where', async () => {
		const { busy, bad, run, badOf, badElse, fail } = useSubmit()
		let release = (): void => {}
		const first = run(() => new Promise<void>((done) => (release = done)))
		expect(busy.value).toBe(true)
		expect(await run(() => Promise.reject(new Error('never sent')))).toBe(false)
		release()
		expect(await first).toBe(true)
		expect(bad.value).toBeNull()
		expect(await run(() => Promise.reject(new ApiError(400, 'x.y', 'day', 'no')))).toBe(false)
		expect(busy.value).toBe(false)
		expect([badOf('day'), badOf('place'), badElse(['day']), badElse([])].map(Boolean)).toEqual([true, false, false, true])
		fail('choose one')
		expect(badElse(['day'])).toBe('choose one')
	})
})
