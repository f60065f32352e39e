import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const task: Feature = {
	routes: [
		{ path: 'tasks', component: () => import('@/features/event/EventList.vue'), props: { kind: 'task' } },
		{ path: 'tasks/new', component: () => import('./TaskNew.vue') },
		{ path: 'tasks/:id', component: () => import('@/features/event/MatterPage.vue'), props: { kind: 'task' } }
	],
	nav: [{ to: '/tasks', label: () => t('nav.tasks'), icon: 'flag', key: 't', perm: 'task.read', group: 'work' }]
}
