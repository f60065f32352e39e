import { defineAsyncComponent } from 'vue'
import type { Feature } from '@/app/module'
import { t } from '@/app/words'
import { LISTS } from './registry'

/* What the registry holds of a place, for pages that show it beside their own figures. */
export const RegistryFigures = defineAsyncComponent(() => import('./RegistryFigures.vue'))
/* What a matter that is a visit says beside what all matters say. */
export const VisitCard = defineAsyncComponent(() => import('./VisitCard.vue'))

/* Lists that have pages here or stand on those of others. */
export const registryLists: readonly string[] = [...LISTS, 'links', 'consents', 'care_visits']

export const registry: Feature = {
	routes: [
		{ path: 'visits', component: () => import('./VisitsPage.vue') },
		{ path: 'visits/coverage', component: () => import('./CoveragePage.vue') },
		{ path: 'visits/:id', component: () => import('./VisitPage.vue') },
		{ path: 'registry', component: () => import('./RegistryHome.vue') },
		{ path: 'registry/:path', component: () => import('./RegistryList.vue') },
		{ path: 'registry/:path/:id', component: () => import('./ObjectPage.vue') }
	],
	nav: [
		{ to: '/visits', label: () => t('nav.visits'), icon: 'heart', key: 'v', perm: 'care.read', group: 'work', exact: true },
		{ to: '/registry', label: () => t('nav.registry'), icon: 'layers', key: 'r', perm: 'registry.read', group: 'registry', exact: true },
		{ to: '/registry/persons', label: () => t('nav.persons'), icon: 'user', perm: 'person.read', group: 'registry' },
		{ to: '/registry/households', label: () => t('nav.households'), icon: 'home', perm: 'person.read', group: 'registry' },
		{ to: '/registry/buildings', label: () => t('nav.buildings'), icon: 'building', perm: 'registry.read', group: 'registry' },
		{ to: '/registry/venues', label: () => t('nav.venues'), icon: 'shop', perm: 'registry.read', group: 'registry' },
		{ to: '/registry/things', label: () => t('nav.things'), icon: 'box', perm: 'registry.read', group: 'registry' },
		{ to: '/registry/organisations', label: () => t('nav.organisations'), icon: 'users', perm: 'registry.read', group: 'registry' },
		{ to: '/registry/care_plans', label: () => t('nav.plans'), icon: 'calendar', perm: 'care.read', group: 'registry' },
		{ to: '/visits/coverage', label: () => t('nav.coverage'), icon: 'chart', perm: 'care.read', group: 'registry' }
	]
}
