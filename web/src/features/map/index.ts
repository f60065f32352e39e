import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const map: Feature = {
	routes: [{ path: 'map', component: () => import('./MapPage.vue') }],
	nav: [{ to: '/map', label: () => t('nav.map'), icon: 'map', key: 'm', perm: 'map.read', group: 'area', phone: true }]
}
