import type { Feature } from '@/app/module'
import { t } from '@/app/words'

export const help: Feature = {
	routes: [{ path: 'help', component: () => import('./HelpPage.vue') }],
	nav: [{ to: '/help', label: () => t('nav.help'), icon: 'help', group: 'run' }]
}
