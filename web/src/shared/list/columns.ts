/* A column of a table, and the reader's own choice of columns kept in this browser. */
import { computed, ref } from 'vue'

export interface Column {
	key: string
	label: string
	num?: boolean
	/* The orders the server knows for it, the first press taking the first. */
	orders?: string[]
	cls?: string
	/* Shown unless the reader takes it away; the first column always is. */
	off?: boolean
}

export function useColumns(name: string, all: () => Column[]) {
	const key = 'gezhi.columns.' + name
	const chosen = ref<string[] | null>(null)
	try {
		const v: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
		if (Array.isArray(v)) chosen.value = v.filter((x) => typeof x === 'string')
	} catch {
		/* A broken or refused storage means the default set. */
	}
	const shown = computed(() =>
		all().filter((c, i) => i === 0 || (chosen.value ? chosen.value.includes(c.key) : !c.off))
	)
	function toggle(column: string): void {
		const now = new Set(shown.value.map((c) => c.key))
		if (!now.delete(column)) now.add(column)
		chosen.value = [...now]
		try {
			localStorage.setItem(key, JSON.stringify(chosen.value))
		} catch {
			/* Lasts as long as the page. */
		}
	}
	return { shown, toggle }
}
