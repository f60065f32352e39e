/* The server's description of its entities and matters, loaded once after sign-in. */
import { shallowRef } from 'vue'
import { api } from '../api/client'
import type { Meta, MetaEntity, MetaField } from '../api/types'

export const meta = shallowRef<Meta | null>(null)

export async function loadMeta(): Promise<void> {
	meta.value = await api.get<Meta>('/api/meta')
}

export function entity(name: string): MetaEntity | null {
	return meta.value?.entities.find((e) => e.name === name || e.path === name) ?? null
}

/* "/api/event_codes" whatever form the path takes in the metadata. */
export function entityPath(e: MetaEntity): string {
	if (e.path.startsWith('/api/')) return e.path
	return '/api/' + e.path.replace(/^\//, '')
}

export function fieldOf(e: MetaEntity, name: string): MetaField | null {
	return e.fields.find((f) => f.name === name) ?? null
}
