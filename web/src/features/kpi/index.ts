import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const kpi: Feature = {
	routes: [
		{ path: 'kpi', component: () => import('./KpiPage.vue') },
		{ path: 'kpi/:name', component: () => import('./KpiDetail.vue') }
	],
	nav: [{ to: '/kpi', label: () => t('nav.kpi'), icon: 'chart', key: 'k', perm: 'kpi.read', group: 'run' }]
}
