/* A year of the working calendar: weekends by nature, everything else as exceptions. Pure. */
export type DayKind = 'work' | 'rest' | 'holiday' | 'swap_work'
export interface Day {
	date: string
	kind: string
	note: string | null
}

export function isoDay(year: number, month: number, day: number): string {
	return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

export function daysIn(year: number, month: number): number {
	return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

/* Monday is 0. */
export function weekday(date: string): number {
	return (new Date(date + 'T00:00:00Z').getUTCDay() + 6) % 7
}

export function natural(date: string): DayKind {
	return weekday(date) >= 5 ? 'rest' : 'work'
}

/* Pressing a day: a working day becomes a holiday and back; a weekend a make-up day, a holiday, and back. */
export function nextKind(date: string, kind: string): DayKind {
	if (natural(date) === 'work') return kind === 'work' ? 'holiday' : 'work'
	if (kind === 'rest') return 'swap_work'
	return kind === 'swap_work' ? 'holiday' : 'rest'
}

/* What is stored: days whose kind differs from the week's, or that carry a name. */
export function exceptions(days: Map<string, Day>): Day[] {
	return [...days.values()]
		.filter((d) => d.kind !== natural(d.date) || d.note)
		.sort((a, b) => (a.date < b.date ? -1 : 1))
}
