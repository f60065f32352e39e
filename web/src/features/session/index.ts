import type { Feature } from '@/app/module'

export const session: Feature = {
	routes: [{ path: 'account', component: () => import('./Account.vue') }]
}
