/* The explicit list of features of the desk, in navigation order. */
import type { Feature } from './module'
import { admin } from '@/features/admin'
import { audit } from '@/features/audit'
import { collect } from '@/features/collect'
import { event } from '@/features/event'
import { help } from '@/features/help'
import { home } from '@/features/home'
import { inbox } from '@/features/inbox'
import { kpi } from '@/features/kpi'
import { map } from '@/features/map'
import { place } from '@/features/place'
import { registry } from '@/features/registry'
import { planner } from '@/features/planner'
import { session } from '@/features/session'
import { task } from '@/features/task'

export const features: Feature[] = [
	home,
	inbox,
	event,
	task,
	collect,
	map,
	place,
	registry,
	planner,
	kpi,
	admin,
	audit,
	help,
	session
]
