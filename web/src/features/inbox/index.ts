import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const inbox: Feature = {
	routes: [{ path: 'inbox', component: () => import('./InboxPage.vue') }],
	nav: [{ to: '/inbox', label: () => t('nav.inbox'), icon: 'inbox', key: 'i', group: 'work', phone: true, count: 'todo' }]
}
