import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const planner: Feature = {
	routes: [
		{ path: 'planner', component: () => import('./PlannerPage.vue') },
		{ path: 'planner/barriers', component: () => import('./BarriersPage.vue') },
		{ path: 'planner/:id', component: () => import('./PlanPage.vue') }
	],
	nav: [{ to: '/planner', label: () => t('nav.planner'), icon: 'columns', key: 'g', perm: 'planner.read', group: 'area' }]
}
