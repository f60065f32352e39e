/* Addresses of the desk. Without a session every one of them leads to the sign-in page and back. */
import { createRouter, createWebHistory } from 'vue-router'
import { features } from './features'
import { me, ready, resume } from './session'
import Shell from './Shell.vue'

export const router = createRouter({
	history: createWebHistory('/'),
	scrollBehavior(to, from, saved) {
		if (saved) return saved
		return to.path === from.path ? undefined : { top: 0 }
	},
	routes: [
		{ path: '/signin', component: () => import('@/features/session/SignIn.vue'), meta: { open: true } },
		{
			path: '/',
			component: Shell,
			children: [
				...features.flatMap((f) => f.routes),
				{ path: ':rest(.*)*', component: () => import('./NotFound.vue') }
			]
		}
	]
})

router.beforeEach(async (to) => {
	if (!ready.value) await resume()
	if (to.meta.open) return me.value ? { path: safeNext(to.query.next) } : true
	if (!me.value) return { path: '/signin', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
	return true
})

/* Only our own addresses: never "//host". */
export function safeNext(v: unknown): string {
	return typeof v === 'string' && /^\/(?!\/|\\)/.test(v) && !v.startsWith('/signin') ? v : '/'
}
