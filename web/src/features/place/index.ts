import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const place: Feature = {
	routes: [
		{ path: 'places', component: () => import('./PlaceTree.vue') },
		{ path: 'places/:code', component: () => import('./PlacePage.vue') },
		{ path: 'party', component: () => import('@/features/admin/EntityPage.vue'), props: { name: 'party_orgs', page: true } }
	],
	nav: [
		{ to: '/places', label: () => t('nav.places'), icon: 'tree', key: 'p', perm: 'place.read', group: 'area' },
		{ to: '/party', label: () => t('nav.party'), icon: 'users', key: 'o', perm: 'party.read', group: 'area' }
	]
}
