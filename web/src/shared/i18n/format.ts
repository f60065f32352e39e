/* Numbers, times and durations in the reader's language. Times are shown in the district's zone. */
import { lang } from './core'

const ZONE = 'Asia/Shanghai'

function locale(): string {
	return lang.value === 'zh' ? 'zh-CN' : 'en-GB'
}

export function number(v: number | null | undefined, digits = 0): string {
	if (v === null || v === undefined || Number.isNaN(v)) return '–'
	return v.toLocaleString(locale(), { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

export function percent(v: number | null | undefined, digits = 1): string {
	if (v === null || v === undefined) return '–'
	return (v * 100).toLocaleString(locale(), { maximumFractionDigits: digits }) + '%'
}

function parts(at: Date): Record<string, string> {
	const out: Record<string, string> = {}
	const format = new Intl.DateTimeFormat('en-GB', {
		timeZone: ZONE,
		year: 'numeric',
		month: '2-digit',
		day: '2-digit',
		hour: '2-digit',
		minute: '2-digit',
		hourCycle: 'h23'
	})
	for (const p of format.formatToParts(at)) out[p.type] = p.value
	return out
}

export function date(v: string | Date | null | undefined): string {
	if (!v) return '–'
	const p = parts(new Date(v))
	return `${p.year}-${p.month}-${p.day}`
}

export function time(v: string | Date | null | undefined): string {
	if (!v) return '–'
	const p = parts(new Date(v))
	return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}`
}

/* Month, day and clock time; the year only when it is another one. */
export function short(v: string | null | undefined, now = new Date()): string {
	if (!v) return '–'
	const p = parts(new Date(v))
	const n = parts(now)
	const day = p.year === n.year ? `${p.month}-${p.day}` : `${p.year}-${p.month}-${p.day}`
	return `${day} ${p.hour}:${p.minute}`
}

export function today(): string {
	return date(new Date())
}

/* Where a period given by its last day ends for the server. */
export function dayAfter(day: string): string {
	return new Date(Date.parse(day + 'T00:00:00Z') + 86400000).toISOString().slice(0, 10)
}

export function daysAgo(n: number): string {
	return date(new Date(Date.now() - n * 86400000))
}

const UNITS: [seconds: number, zh: string, en: string][] = [
	[86400, '天', 'd'],
	[3600, '小时', 'h'],
	[60, '分钟', 'min']
]

/* The two largest units, rounded down: "3 天 4 小时". */
export function duration(seconds: number): string {
	const zh = lang.value === 'zh'
	let rest = Math.max(0, Math.floor(seconds))
	const out: string[] = []
	for (const [size, z, e] of UNITS) {
		const n = Math.floor(rest / size)
		rest -= n * size
		if (n > 0) out.push(zh ? `${n} ${z}` : `${n} ${e}`)
		if (out.length === 2 || (out.length === 1 && n === 0)) break
	}
	return out.length ? out.join(' ') : zh ? '不到 1 分钟' : 'under 1 min'
}

export function bytes(n: number): string {
	if (n < 1024) return `${n} B`
	if (n < 1048576) return `${(n / 1024).toFixed(0)} kB`
	return `${(n / 1048576).toFixed(1)} MB`
}

export function metres(m: number | null | undefined): string {
	if (m === null || m === undefined) return '–'
	return m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(1)} km`
}
