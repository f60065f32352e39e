/* The explicit list of features of the desk, in navigation order. */
import type { Feature } from './module'
import { home } from '@/features/home'
import { session } from '@/features/session'

export const features: Feature[] = [home, session]
