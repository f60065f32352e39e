/* What a matter is called in the reader's language: the program names visits itself, in Chinese. */
import { lang } from '../i18n/core'

const VISIT = '走访：'

export function matterTitle(m: { kind?: string; title: string }): string {
	if (lang.value === 'zh' || m.kind !== 'visit' || !m.title.startsWith(VISIT)) return m.title
	return `Visit: ${m.title.slice(VISIT.length)}`
}
