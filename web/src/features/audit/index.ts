import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const audit: Feature = {
	routes: [{ path: 'audit', component: () => import('./AuditPage.vue') }],
	nav: [{ to: '/audit', label: () => t('nav.audit'), icon: 'shield', key: 'l', perm: 'audit.read', group: 'run' }]
}
