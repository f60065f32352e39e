/*
 * The event codes, deadlines and reasons a new store starts with. They are rows like any other: an
 * administrator may change every one of them.
 */
#include "mod/event/event_seed.h"

#include "core/matter.h"

const struct code_seed code_seeds[] = {
	{ "DJ01", "组织设置调整", "Party organisation change", TRACK_PARTY, URG_U4, NULL, NULL, "ORG", 0, 0 },
	{ "DJ02", "党员报到与管理", "Member check-in matter", TRACK_PARTY, URG_U3, NULL, NULL, "board", 0, 0 },
	{ "DJ03", "流动党员服务", "Floating member service", TRACK_PARTY, URG_U3, NULL, NULL, "board", 0, 0 },
	{ "DJ04", "困难党员关怀", "Member in hardship", TRACK_PARTY, URG_U3, NULL, NULL, "ORG", 0, 0 },
	{ "DJ05", "联建共建需求", "Joint-project request", TRACK_PARTY, URG_U4, NULL, NULL, "board", 0, 0 },
	{ "DJ06", "群众意见建议", "Resident suggestion", TRACK_PARTY, URG_U3, NULL, "7wd", "board", 0, 0 },
	{ "DJ07", "微心愿", "Micro-wish", TRACK_PARTY, URG_U3, NULL, "10wd", "community", 0, 0 },
	{ "DJ08", "志愿服务需求", "Volunteer need", TRACK_PARTY, URG_U3, NULL, NULL, "YL", 0, 0 },
	{ "DJ09", "新就业群体需求", "Gig-worker need", TRACK_PARTY, URG_U3, NULL, NULL, "SW", 0, 0 },
	{ "DJ10", "村居务公开质疑", "Village/community disclosure query", TRACK_PARTY, URG_U3, NULL, NULL, "CA", 0, 0 },
	{ "DJ11", "干部作风反映", "Complaint on conduct (sealed route)", TRACK_PARTY, URG_U4, NULL, NULL, "DIS", 1, 0 },
	{ "JJ01", "企业诉求", "Enterprise request", TRACK_ECONOMY, URG_U3, NULL, NULL, "EIC", 0, 0 },
	{ "JJ02", "招商项目线索", "Investment lead", TRACK_ECONOMY, URG_U4, NULL, NULL, "COM", 0, 0 },
	{ "JJ03", "项目建设受阻", "Project blocked", TRACK_ECONOMY, URG_U3, NULL, NULL, "DRC", 0, 0 },
	{ "JJ04", "个体户经营困难", "Small-business difficulty", TRACK_ECONOMY, URG_U3, NULL, NULL, "MR", 0, 0 },
	{ "JJ05", "政策兑现咨询", "Policy delivery question", TRACK_ECONOMY, URG_Q, NULL, NULL, "DRC", 0, 0 },
	{ "JJ06", "统计普查协助", "Census help", TRACK_ECONOMY, URG_U3, NULL, NULL, "STAT", 0, 0 },
	{ "JJ07", "闲置资产空间", "Idle asset or space", TRACK_ECONOMY, URG_U4, NULL, NULL, "board", 0, 0 },
	{ "JJ08", "消费投诉", "Consumer complaint", TRACK_ECONOMY, URG_U3, NULL, "7wd", "MR", 0, 0 },
	{ "JJ09", "无照经营", "Unlicensed trading", TRACK_ECONOMY, URG_U3, NULL, NULL, "MR", 0, 0 },
	{ "JJ10", "耕地撂荒占用", "Farmland idle/occupied", TRACK_ECONOMY, URG_U4, NULL, NULL, "AGR", 0, 0 },
	{ "JJ11", "动植物疫情", "Animal/plant disease", TRACK_ECONOMY, URG_U2, NULL, NULL, "AGR", 0, 0 },
	{ "JJ12", "农产品滞销", "Unsold produce", TRACK_ECONOMY, URG_U3, NULL, NULL, "AGR", 0, 0 },
	{ "JJ13", "用工招聘对接", "Job matching", TRACK_ECONOMY, URG_U3, NULL, NULL, "HR", 0, 0 },
	{ "MS01", "低保特困救助", "Subsistence/poverty aid", TRACK_LIVELIHOOD, URG_U3, NULL, "10wd", "CA", 0, 0 },
	{ "MS02", "临时救助", "Temporary aid", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "CA", 0, 0 },
	{ "MS03", "独居空巢老人关爱", "Lone elder", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "CA", 0, 0 },
	{ "MS04", "困境留守儿童", "Child in difficulty", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "CA", 1, 0 },
	{ "MS05", "残疾人服务", "Disability service", TRACK_LIVELIHOOD, URG_U3, NULL, NULL, "DP", 0, 0 },
	{ "MS06", "养老服务设施", "Elder-care facility", TRACK_LIVELIHOOD, URG_U3, NULL, "7wd", "CA", 0, 0 },
	{ "MS07", "托育与儿童服务", "Child-care service", TRACK_LIVELIHOOD, URG_U3, NULL, "7wd", "HC", 0, 0 },
	{ "MS08", "社区食堂", "Community canteen", TRACK_LIVELIHOOD, URG_U3, NULL, NULL, "CA", 0, 0 },
	{ "MS09", "医保参保报销", "Medical insurance", TRACK_LIVELIHOOD, URG_Q, NULL, NULL, "MI", 0, 0 },
	{ "MS10", "社保就业", "Social security, jobs", TRACK_LIVELIHOOD, URG_Q, NULL, NULL, "HR", 0, 0 },
	{ "MS11", "公共卫生传染病", "Public health", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "HC", 0, 0 },
	{ "MS12", "入学教育", "Schooling", TRACK_LIVELIHOOD, URG_U3, NULL, NULL, "EDU", 0, 0 },
	{ "MS13", "退役军人服务", "Veterans", TRACK_LIVELIHOOD, URG_U3, NULL, NULL, "VA", 0, 0 },
	{ "MS14", "停水", "Water cut", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "UT", 0, 0 },
	{ "MS15", "停电", "Power cut", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "UT", 0, 0 },
	{ "MS16", "停气", "Gas cut (no leak)", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "UT", 0, 0 },
	{ "MS17", "下水堵塞污水外溢", "Sewer overflow", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "CM", 0, 0 },
	{ "MS18", "电梯故障", "Lift fault (no one trapped)", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "MR", 0, 0 },
	{ "MS19", "物业服务纠纷", "Property dispute", TRACK_LIVELIHOOD, URG_U4, NULL, NULL, "HU", 0, 0 },
	{ "MS20", "业委会事务", "Owners' committee matter", TRACK_LIVELIHOOD, URG_U4, NULL, NULL, "HU", 0, 0 },
	{ "MS21", "维修资金使用", "Maintenance fund", TRACK_LIVELIHOOD, URG_U4, NULL, NULL, "HU", 0, 0 },
	{ "MS22", "公共收益", "Common income", TRACK_LIVELIHOOD, URG_U4, NULL, NULL, "HU", 0, 0 },
	{ "MS23", "公租房事务", "Public rental", TRACK_LIVELIHOOD, URG_U3, NULL, "7wd", "HU", 0, 0 },
	{ "MS24", "暴露垃圾", "Exposed rubbish", TRACK_LIVELIHOOD, URG_U3, NULL, "1wd", "CM", 0, 1 },
	{ "MS25", "积存渣土", "Rubble", TRACK_LIVELIHOOD, URG_U3, NULL, "4wd", "CM", 0, 1 },
	{ "MS26", "道路不洁", "Dirty road", TRACK_LIVELIHOOD, URG_U3, NULL, "5wh", "CM", 0, 1 },
	{ "MS27", "占道经营", "Street vending", TRACK_LIVELIHOOD, URG_U3, NULL, "1wd", "CM", 0, 1 },
	{ "MS28", "乱停车堵通道", "Blocking parking", TRACK_LIVELIHOOD, URG_U2, NULL, "2h", "PS", 0, 0 },
	{ "MS29", "井盖缺损", "Manhole cover", TRACK_LIVELIHOOD, URG_U2, NULL, NULL, "CM", 0, 1 },
	{ "MS30", "路灯故障", "Street light", TRACK_LIVELIHOOD, URG_U3, NULL, "3wd", "CM", 0, 0 },
	{ "MS31", "绿化损毁", "Green damage", TRACK_LIVELIHOOD, URG_U3, NULL, NULL, "CM", 0, 1 },
	{ "MS32", "违法搭建", "Illegal structure", TRACK_LIVELIHOOD, URG_U4, NULL, NULL, "CM", 0, 1 },
	{ "MS33", "噪声扰民", "Noise", TRACK_LIVELIHOOD, URG_U3, NULL, "2wd", "EE", 0, 0 },
	{ "MS34", "油烟污水污染", "Pollution", TRACK_LIVELIHOOD, URG_U3, NULL, NULL, "EE", 0, 0 },
	{ "MS35", "公共空间不文明", "Uncivil use of shared space", TRACK_LIVELIHOOD, URG_U3, NULL, "2wd", "community", 0, 0 },
	{ "PF01", "火灾火情", "Fire", TRACK_PEACE, URG_U1, NULL, NULL, "FR", 0, 0 },
	{ "PF02", "燃气泄漏", "Gas leak", TRACK_PEACE, URG_U1, NULL, NULL, "EIC", 0, 0 },
	{ "PF03", "房屋险情高空坠物", "Building danger", TRACK_PEACE, URG_U1, NULL, NULL, "HU", 0, 0 },
	{ "PF04", "地灾山洪内涝", "Landslide, flood", TRACK_PEACE, URG_U1, NULL, NULL, "NR", 0, 0 },
	{ "PF05", "电梯困人溺水走失", "Trapped, drowning, missing", TRACK_PEACE, URG_U1, NULL, NULL, "FR", 0, 0 },
	{ "PF06", "消防通道堵塞", "Fire lane blocked", TRACK_PEACE, URG_U2, NULL, NULL, "FR", 0, 1 },
	{ "PF07", "电动车违规充电", "E-bike charging", TRACK_PEACE, URG_U2, NULL, NULL, "FR", 0, 1 },
	{ "PF08", "安全生产隐患", "Work-safety hazard", TRACK_PEACE, URG_U2, NULL, NULL, "EM", 0, 0 },
	{ "PF09", "邻里家庭纠纷", "Neighbour/family dispute", TRACK_PEACE, URG_U3, NULL, "7wd", "board", 0, 0 },
	{ "PF10", "家庭暴力线索", "Domestic violence (sealed)", TRACK_PEACE, URG_U1, NULL, NULL, "PS", 1, 0 },
	{ "PF11", "欠薪劳动纠纷", "Wage dispute", TRACK_PEACE, URG_U3, NULL, "7wd", "HR", 0, 0 },
	{ "PF12", "信访诉求", "Petition", TRACK_PEACE, URG_U4, NULL, "60d", "LB", 0, 0 },
};
const size_t ncode_seeds = sizeof(code_seeds) / sizeof(code_seeds[0]);

/* Clock lengths by urgency (domain rule §3.2); wd working days, wh working hours. */
const struct deadline_seed deadline_seeds[] = {
	{ URG_U1, CLOCK_ACCEPT, "5min" }, { URG_U1, CLOCK_SIGN, "5min" }, { URG_U1, CLOCK_HANDLE, "24h" },
	{ URG_U1, CLOCK_VERIFY, "4h" }, { URG_U2, CLOCK_ACCEPT, "30min" }, { URG_U2, CLOCK_SIGN, "30min" },
	{ URG_U2, CLOCK_HANDLE, "24h" }, { URG_U2, CLOCK_VERIFY, "24h" }, { URG_U3, CLOCK_ACCEPT, "4wh" },
	{ URG_U3, CLOCK_SIGN, "4wh" }, { URG_U3, CLOCK_HANDLE, "5wd" }, { URG_U3, CLOCK_VERIFY, "2wd" },
	{ URG_U4, CLOCK_ACCEPT, "1wd" }, { URG_U4, CLOCK_SIGN, "1wd" }, { URG_U4, CLOCK_HANDLE, "15wd" },
	{ URG_U4, CLOCK_VERIFY, "3wd" }, { URG_Q, CLOCK_ACCEPT, "4wh" }, { URG_Q, CLOCK_SIGN, "4wh" },
	{ URG_Q, CLOCK_HANDLE, "3wd" }, { URG_Q, CLOCK_VERIFY, "1wd" },
};
const size_t ndeadline_seeds = sizeof(deadline_seeds) / sizeof(deadline_seeds[0]);

const struct reason_seed reason_seeds[] = {
	{ "reject", "not_ours", "不属于受理范围", "Not a matter for this platform" },
	{ "reject", "no_fact", "无法核实事实", "The facts cannot be established" },
	{ "reject", "in_court", "已进入诉讼或信访程序", "Already before a court or in a petition procedure" },
	{ "reject", "repeat", "已答复的重复事项", "Answered before" },
	{ "return", "not_our_duty", "不属于本单位职责", "Not a duty of this unit" },
	{ "return", "wrong_place", "不在本单位辖区", "Outside this unit's area" },
	{ "pause", "await_reporter", "等待反映人补充材料或配合", "Waiting for the reporter" },
	{ "pause", "appraisal", "诉讼、鉴定期间", "Court or appraisal under way" },
	{ "pause", "weather", "气象预警期间", "Weather warning in force" },
	{ "pause", "legal_notice", "法定公告期", "Legal notice period" },
	{ "extend", "complex", "情况复杂", "Complex case" },
	{ "extend", "joint_work", "需多部门协同", "Several departments needed" },
	{ "extend", "material", "等待物资或资金", "Waiting for material or funds" },
	{ "hard_case", "history", "历史遗留", "Inherited from the past" },
	{ "hard_case", "policy", "缺乏政策依据", "No basis in policy" },
	{ "hard_case", "funds", "资金无着落", "No funds" },
};
const size_t nreason_seeds = sizeof(reason_seeds) / sizeof(reason_seeds[0]);

/* Departments of the district: alias, name. */
const struct unit_seed unit_seeds[] = {
	{ "ORG", "组织部" }, { "SW", "社会工作部" }, { "PUB", "宣传部" }, { "DIS", "纪检监察机关" },
	{ "DRC", "发展改革委" }, { "EIC", "经济信息委" }, { "COM", "商务委" }, { "STAT", "统计局" },
	{ "MR", "市场监管局" }, { "TAX", "税务局" }, { "AGR", "农业农村委" }, { "HR", "人力社保局" },
	{ "CA", "民政局" }, { "HC", "卫生健康委" }, { "MI", "医保局" }, { "EDU", "教委" },
	{ "HU", "住房城乡建委" }, { "CM", "城市管理局" }, { "NR", "规划自然资源局" }, { "EE", "生态环境局" },
	{ "TR", "交通局" }, { "WR", "水利局" }, { "EM", "应急管理局" }, { "FR", "消防救援" },
	{ "PS", "公安分局" }, { "JU", "司法局" }, { "PL", "政法委" }, { "LB", "信访办" },
	{ "VA", "退役军人事务局" }, { "DP", "残联" }, { "WF", "妇联" }, { "YL", "团委" },
	{ "CUL", "文化旅游委" }, { "UT", "水电气公用单位" },
};
const size_t nunit_seeds = sizeof(unit_seeds) / sizeof(unit_seeds[0]);
