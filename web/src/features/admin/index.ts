import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const admin: Feature = {
	routes: [
		{ path: 'admin', component: () => import('./AdminHome.vue') },
		{ path: 'admin/calendar', component: () => import('./CalendarPage.vue') },
		{ path: 'admin/:name', component: () => import('./EntityPage.vue') }
	],
	nav: [{ to: '/admin', label: () => t('nav.admin'), icon: 'gear', key: 'a', perm: ['admin.*', 'user.read', 'post.write'], group: 'run' }]
}
