/* Something that is sent once at a time: busy meanwhile, and what was wrong with which field. */
import { type Ref, ref } from 'vue'
import { errorField, errorText } from '../i18n/error'

export interface Problem {
	field: string | null
	text: string
}
export interface Submit {
	busy: Ref<boolean>
	bad: Ref<Problem | null>
	/* Whether it went well; a second press while it runs does nothing. */
	run: (send: () => Promise<unknown>) => Promise<boolean>
	/* What the form itself finds, before anything is sent. */
	fail: (text: string, field?: string | null) => void
	/* The words beside a field; and those that no field shown has. */
	badOf: (field: string) => string
	badElse: (shown: readonly string[]) => string
}

export function useSubmit(): Submit {
	const busy = ref(false)
	const bad = ref<Problem | null>(null)
	async function run(send: () => Promise<unknown>): Promise<boolean> {
		if (busy.value) return false
		busy.value = true
		bad.value = null
		try {
			await send()
			return true
		} catch (e) {
			bad.value = { field: errorField(e), text: errorText(e) }
			return false
		} finally {
			busy.value = false
		}
	}
	return {
		busy, bad, run,
		fail: (text, field = null) => void (bad.value = { field, text }),
		badOf: (field) => (bad.value?.field === field ? bad.value.text : ''),
		badElse: (shown) => (bad.value && !shown.includes(bad.value.field ?? '') ? bad.value.text : '')
	}
}
