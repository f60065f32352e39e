import { defineAsyncComponent } from 'vue'
import type { Feature } from '@/app/module'
import UiSkeleton from '@/shared/ui/UiSkeleton.vue'
import { t } from './words'

/* Dialogs for pages of people and households; loaded when they are first opened. */
export const MoveDialog = defineAsyncComponent({ loader: () => import('./MoveDialog.vue'), loadingComponent: UiSkeleton })
export const ChangeDialog = defineAsyncComponent({ loader: () => import('./ChangeDialog.vue'), loadingComponent: UiSkeleton })

export const collect: Feature = {
	routes: [
		{ path: 'collect', component: () => import('./RoundsPage.vue') },
		{ path: 'collect/rounds/:id', component: () => import('./RoundPage.vue') },
		{ path: 'collect/duplicates', component: () => import('./DuplicatesPage.vue') },
		{ path: 'collect/duplicates/:kind/:a/:b', component: () => import('./ComparePage.vue') },
		{ path: 'collect/changes', component: () => import('./ChangesPage.vue') },
		{ path: 'collect/changes/:id', component: () => import('./ChangePage.vue') }
	],
	nav: [{ to: '/collect', label: () => t('co.nav'), icon: 'check', key: 'c', perm: 'round.read', group: 'work', phone: true }]
}
