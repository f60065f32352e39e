/* The server's description of its entities and matters, loaded once after sign-in. */
import { shallowRef } from 'vue'
import { api } from '../api/client'
import type { Meta, MetaEntity, MetaField } from '../api/types'

export const meta = shallowRef<Meta | null>(null)

export async function loadMeta(): Promise<void> {
	meta.value = await api.get<Meta>('/api/meta')
}

/* By name ("event_code") or by path ("event_codes"). */
export function entity(name: string): MetaEntity | null {
	return meta.value?.entities.find((e) => e.name === name || e.path === name) ?? null
}

/* Where rows of a referred entity are found; matters are not entities and keep their own paths. */
export function refPath(ref: string): string {
	if (ref === 'matter') return 'matters'
	return entity(ref)?.path ?? ref
}

export function entityPath(e: MetaEntity): string {
	return '/api/' + e.path
}

export function fieldOf(e: MetaEntity, name: string): MetaField | null {
	return e.fields.find((f) => f.name === name) ?? null
}
