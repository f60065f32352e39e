/* The classes of things as choices: a thing names its class by code, people by name. */
import { ref, watch, type Ref } from 'vue'
import { api } from '@/shared/api/client'
import type { Page, Row } from '@/shared/api/types'
import type { Choices } from '@/shared/form/values'

const PAGE = 200
const MOST = 10

async function load(): Promise<Choices> {
	const options: Choices[string] = []
	let after: string | null = null
	for (let i = 0; i < MOST; i++) {
		const page: Page<Row> = await api.get<Page<Row>>('/api/thing_classes', { limit: PAGE, after })
		options.push(...page.items.map((k) => ({ value: String(k.code), label: `${String(k.name)}（${String(k.code)}）` })))
		after = page.next
		if (!after) break
	}
	return { class_code: options }
}

/* Without them the code itself is shown and asked for. */
export function useChoices(path: () => string): Ref<Choices | undefined> {
	const out = ref<Choices>()
	watch(
		path,
		(p) => {
			if (p === 'things' && !out.value) load().then((c) => (out.value = c), () => undefined)
		},
		{ immediate: true }
	)
	return out
}
