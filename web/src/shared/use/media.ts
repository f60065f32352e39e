/* The two breakpoints that change structure and not only style. */
import { ref, type Ref } from 'vue'

function query(text: string): Ref<boolean> {
	const list = matchMedia(text)
	const out = ref(list.matches)
	list.addEventListener('change', (e) => (out.value = e.matches))
	return out
}

export const isPhone = query('(max-width: 760px)')
export const isWide = query('(min-width: 1180px)')
