/* The query codes of reports sent from this device, kept in the browser only. */
export interface Kept {
	code: string
	no: string
	title: string
}

const KEY = 'gezhi.reports'
const MAX = 20

export function kept(): Kept[] {
	try {
		const v: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
		return Array.isArray(v) ? (v as Kept[]).filter((k) => typeof k?.code === 'string') : []
	} catch {
		return []
	}
}

export function keep(k: Kept): void {
	try {
		const list = [k, ...kept().filter((o) => o.code !== k.code)].slice(0, MAX)
		localStorage.setItem(KEY, JSON.stringify(list))
	} catch {
		/* Storage refused: the receipt on the screen remains. */
	}
}

export function forgetKept(): void {
	try {
		localStorage.removeItem(KEY)
	} catch {
		/* Nothing was kept. */
	}
}
