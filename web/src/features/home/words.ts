import { words } from '@/shared/i18n/core'

export const t = words({
	'home.title': ['总览', 'Overview'],
	'home.open': ['在办', 'Open'],
	'home.sealed': ['其中密封 {n} 件', '{n} of them sealed'],
	'home.overdue': ['超期', 'Overdue'],
	'home.amber': ['临期', 'Due soon'],
	'home.todayIn': ['今日新增', 'New today'],
	'home.todayClosed': ['今日办结', 'Closed today'],
	'home.mine': ['待我办理', 'Waiting for me'],
	'home.trend': ['近 30 天', 'Last 30 days'],
	'home.byTrack': ['按四条跑道', 'By track'],
	'home.byState': ['在办所处环节', 'Open, by step'],
	'home.byUrgency': ['按紧急程度', 'By urgency'],
	'home.area': ['辖区在办情况', 'Open by area'],
	'home.noTrend': ['还没有可画的数据', 'No days to draw yet'],
	'home.place': ['区划', 'Place'],
	'home.households': ['户数', 'Households']
})
