import type { OwnPeople, OwnPerson, OwnRecord, OwnRequests, HeldValue } from '@/generated/api'

export type { HeldValue, OwnPeople, OwnPerson, OwnRecord, OwnRequests }
