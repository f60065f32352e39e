/* Light or dark: the system's wish until the reader chooses. */
import { ref } from 'vue'

export type Theme = 'light' | 'dark'
const KEY = 'gezhi.theme'

function chosen(): Theme | null {
	try {
		const v = localStorage.getItem(KEY)
		return v === 'dark' || v === 'light' ? v : null
	} catch {
		return null
	}
}

function system(): Theme {
	return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

export const theme = ref<Theme>(chosen() ?? system())

function apply(): void {
	document.documentElement.dataset.theme = theme.value
}

export function startTheme(): void {
	apply()
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
		if (chosen()) return
		theme.value = system()
		apply()
	})
}

export function toggleTheme(): void {
	theme.value = theme.value === 'dark' ? 'light' : 'dark'
	apply()
	try {
		localStorage.setItem(KEY, theme.value)
	} catch {
		/* Storage refused: lasts as long as the page. */
	}
}
