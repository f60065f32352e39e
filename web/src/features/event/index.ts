import { defineAsyncComponent } from 'vue'
import type { Feature } from '@/app/module'
import { t } from '@/app/words'
import UiSkeleton from '@/shared/ui/UiSkeleton.vue'

/* The view of one matter, for pages that show it beside their own list; loaded when it is first shown. */
export const MatterView = defineAsyncComponent({
	loader: () => import('./MatterView.vue'),
	loadingComponent: UiSkeleton
})

export const event: Feature = {
	routes: [
		{ path: 'events', component: () => import('./EventList.vue'), props: { kind: 'event' } },
		{ path: 'events/new', component: () => import('./EventNew.vue') },
		{ path: 'events/:id', component: () => import('./MatterPage.vue'), props: { kind: 'event' } },
		{ path: 'data_requests/:id', component: () => import('./MatterPage.vue'), props: { kind: 'data_request' } }
	],
	nav: [
		{ to: '/events', label: () => t('nav.events'), icon: 'list', key: 'e', perm: 'event.read', group: 'work', phone: true },
		{ to: '/events/new', label: () => t('nav.new'), icon: 'plus', key: 'n', perm: 'event.create', group: 'work' }
	]
}
