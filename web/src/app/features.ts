/* The explicit list of features of the desk, in navigation order. */
import type { Feature } from './module'
import { event } from '@/features/event'
import { home } from '@/features/home'
import { inbox } from '@/features/inbox'
import { session } from '@/features/session'
import { task } from '@/features/task'

export const features: Feature[] = [home, inbox, event, task, session]
