import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const home: Feature = {
	routes: [{ path: '', component: () => import('./HomePage.vue') }],
	nav: [{ to: '/', label: () => t('nav.home'), icon: 'home', key: 'h', group: 'work', phone: true, exact: true }]
}
