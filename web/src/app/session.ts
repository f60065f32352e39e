/* Who is signed in, what the installation is called, and what this person may do. */
import { computed, ref, shallowRef } from 'vue'
import { api, ApiError, setCsrf } from '@/shared/api/client'
import { closeStream, openStream } from '@/shared/api/stream'
import type { Boot, Me } from '@/shared/api/types'
import { loadMeta, meta } from '@/shared/use/meta'

export const boot = shallowRef<Boot | null>(null)
export const me = shallowRef<Me | null>(null)
export const ready = ref(false)

export async function loadBoot(): Promise<Boot> {
	boot.value ??= await api.get<Boot>('/api/boot')
	return boot.value
}

async function enter(user: Me): Promise<void> {
	setCsrf(user.csrf)
	me.value = user
	await loadMeta()
	openStream()
}

/* On opening the page: is there still a session? */
export async function resume(): Promise<void> {
	try {
		await enter(await api.get<Me>('/api/session'))
	} catch (e) {
		if (!(e instanceof ApiError) || e.status !== 401) throw e
	} finally {
		ready.value = true
	}
}

/* Checking a password is heavy on purpose, so the server takes few at once. When everybody comes at the
 * same time, those whom it sends away wait their turn here, for two minutes at most. */
const QUEUE_MS = 120_000
const BUSY = ['auth.busy', 'busy']
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

export async function signIn(login: string, password: string, queued?: () => void): Promise<void> {
	const until = Date.now() + QUEUE_MS
	const attempt = async (): Promise<{ csrf: string; user: Me }> => {
		try {
			return await api.post('/api/session', { login, password })
		} catch (e) {
			if (!(e instanceof ApiError) || !BUSY.includes(e.code) || Date.now() > until) throw e
			queued?.()
			await pause(500 + Math.random() * 1000)
			return attempt()
		}
	}
	const reply = await attempt()
	await enter({ ...reply.user, csrf: reply.csrf ?? reply.user.csrf })
}

export function forget(): void {
	closeStream()
	setCsrf('')
	me.value = null
	meta.value = null
}

export async function signOut(): Promise<void> {
	try {
		await api.del('/api/session')
	} finally {
		forget()
	}
}

/* "admin.*" asks for any permission of that family; the server's own wildcards count too. */
export function allows(perms: readonly string[], wanted: string): boolean {
	if (wanted.endsWith('.*')) {
		const stem = wanted.slice(0, -1)
		return perms.some((p) => p === '*' || p.startsWith(stem))
	}
	const stem = wanted.slice(0, wanted.indexOf('.') + 1)
	return perms.some((p) => p === wanted || p === '*' || (stem !== '' && p === stem + '*'))
}

export function can(wanted: string | string[] | null | undefined): boolean {
	if (!wanted) return true
	const perms = me.value?.perms ?? []
	return [wanted].flat().some((w) => allows(perms, w))
}

export const roles = computed(() => [...new Set((me.value?.posts ?? []).map((p) => p.role))])
