/* What a feature hands to the shell: its pages and its place in the navigation. */
import type { RouteRecordRaw } from 'vue-router'
import type { IconName } from '@/shared/ui/icons'

export interface NavItem {
	to: string
	label: () => string
	icon: IconName
	/* Permission that shows it, or any of several; none: everyone who is signed in. */
	perm?: string | string[]
	/* "g x" opens it. */
	key?: string
	group: 'work' | 'area' | 'registry' | 'run'
	/* Shown in the bottom bar of a phone. */
	phone?: boolean
	/* Which of the inbox counts stands beside it. */
	count?: 'todo'
	/* Not current for addresses below it that belong to another item. */
	exact?: boolean
}

export interface Feature {
	routes: RouteRecordRaw[]
	nav?: NavItem[]
}
