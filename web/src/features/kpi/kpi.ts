/* The period and place of the indicator pages, kept in the address, and how a value is written. */
import { computed } from 'vue'
import { me } from '@/app/session'
import type { KpiDef, KpiValue, Page } from '@/shared/api/types'
import { api } from '@/shared/api/client'
import { words } from '@/shared/i18n/core'
import { dayAfter, daysAgo, number, percent, today } from '@/shared/i18n/format'
import type { FilterDef } from '@/shared/list/filters'
import { useFilters } from '@/shared/use/query'

export const t = words({
	'kp.title': ['指标', 'Indicators'],
	'kp.lead': ['每个数字都由具体事项算出，点开可逐件查看。', 'Every figure is made of matters; open it to see them one by one.'],
	'kp.place': ['区划', 'Place'],
	'kp.from': ['起', 'From'],
	'kp.to': ['止', 'To'],
	'kp.numerator': ['计入', 'Counted'],
	'kp.denominator': ['基数', 'Out of'],
	'kp.missed': ['未达', 'Missed'],
	'kp.rule': ['口径版本 {v}', 'rule version {v}'],
	'kp.byPlace': ['按下级区划', 'By place'],
	'kp.cases': ['对应的事项', 'Matters behind it'],
	'kp.none': ['本期没有可计算的事项', 'Nothing to compute in this period'],
	'kp.noPlaces': ['没有下级区划', 'No places below'],
	'kp.value': ['数值', 'Value'],
	'kp.name': ['名称', 'Name'],
	'kp.households': ['户数', 'Households'],
	'kp.drift': ['偏离', 'Drift'],
	'kp.verdict': ['结果', 'Result'],
	'kp.met': ['达标', 'Met'],
	'kp.group.efficient': ['高效', 'Efficient'],
	'kp.group.precise': ['精准', 'Precise'],
	'kp.group.warm': ['温暖', 'Warm'],
	'kp.group.smart': ['智慧', 'Smart']
})

export function usePeriod() {
	const { filters, set, clear } = useFilters(['place', 'from', 'to'])
	const period = computed(() => ({
		place: filters.value.place ?? me.value?.home?.code ?? '',
		from: filters.value.from ?? daysAgo(89),
		to: filters.value.to ?? today()
	}))
	/* Shown is the last day; asked for is the day after it. */
	const query = computed(() => ({ ...period.value, to: dayAfter(period.value.to) }))
	const defs = computed<FilterDef[]>(() => [
		{ name: 'place', label: t('kp.place'), kind: 'place' },
		{ name: 'from', label: t('kp.from'), kind: 'date' },
		{ name: 'to', label: t('kp.to'), kind: 'date' }
	])
	return { filters, set, clear, period, query, defs }
}

export function loadKpis(signal: AbortSignal): Promise<KpiDef[]> {
	return api
		.get<Page<KpiDef>>('/api/kpi', {}, signal)
		.then((r) => r.items)
}

export function showValue(v: Pick<KpiValue, 'value'> | null | undefined, unit: string): string {
	if (!v || v.value === null) return '–'
	return unit === 'count' || unit === 'number' ? number(v.value, 2) : percent(v.value)
}
