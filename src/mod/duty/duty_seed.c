/*
 * The items a new store starts with: samples to be replaced by the street's own published lists. The
 * legal basis is named where an act says so plainly; the legal office confirms.
 */
#include "mod/duty/duty_db.h"

const struct duty_seed duty_seeds[] = {
	{ "L01", "基层党组织建设", TRACK_PARTY, NULL, "组织设置、换届、活动的全过程", "中国共产党章程", "DJ01" },
	{ "L02", "党员教育管理", TRACK_PARTY, NULL, "报到、教育、流动党员服务", NULL, "DJ02,DJ03" },
	{ "L03", "指导村居自治", TRACK_PARTY, NULL, "指导选举、村居务公开", "村民委员会组织法、城市居民委员会组织法",
	  "DJ10" },
	{ "L04", "低保特困申请受理初审", TRACK_LIVELIHOOD, NULL, "受理、入户调查、公示", "社会救助暂行办法", "MS01" },
	{ "L05", "小额临时救助", TRACK_LIVELIHOOD, NULL, "限额内直接审批", "社会救助暂行办法", "MS02" },
	{ "L06", "人民调解", TRACK_PEACE, NULL, "办好调解委员会，调解邻里家庭纠纷", "人民调解法", "PF09" },
	{ "L07", "辖区安全生产巡查报告", TRACK_PEACE, NULL, "巡查并报告隐患", "安全生产法第九条", "PF08" },
	{ "L08", "应急预案与先期处置、人员转移", TRACK_PEACE, NULL, "预案、先期处置、转移群众", "突发事件应对法",
	  "PF01,PF02,PF03,PF04,PF05" },
	{ "L09", "退役军人服务站", TRACK_LIVELIHOOD, NULL, "服务站日常工作", "退役军人保障法", "MS13" },
	{ "L10", "兵役登记", TRACK_PEACE, NULL, "登记与宣传", "兵役法", NULL },
	{ "L11", "城乡居民参保动员", TRACK_LIVELIHOOD, NULL, "宣传动员、政策解答", NULL, "MS09,MS10" },
	{ "L12", "独居老人探访关爱", TRACK_LIVELIHOOD, NULL, "定期探访", NULL, "MS03" },
	{ "L13", "未成年人保护工作站", TRACK_LIVELIHOOD, NULL, "工作站日常工作、履行报告义务", "未成年人保护法", "MS04" },
	{ "L14", "残疾人需求登记", TRACK_LIVELIHOOD, NULL, "登记、转介", "残疾人保障法", "MS05" },
	{ "L15", "业主大会、业委会指导监督", TRACK_LIVELIHOOD, NULL, "指导成立、备案、监督", "民法典、物业管理条例", "MS20" },
	{ "L16", "社区服务设施管理", TRACK_LIVELIHOOD, NULL, "食堂等设施的运行", NULL, "MS08" },
	{ "L17", "信访事项受理办理", TRACK_PEACE, NULL, "办理属于本级的事项", "信访工作条例", "PF12" },
	{ "L18", "赋权的综合行政执法事项", TRACK_PEACE, NULL, "仅限书面赋权的事项", "行政处罚法第二十四条", "MS27" },
	{ "L19", "环境卫生责任区", TRACK_LIVELIHOOD, NULL, "划分责任区、督促清扫", "城市市容和环境卫生管理条例", "MS24" },
	{ "L20", "志愿服务组织", TRACK_PARTY, NULL, "组织、记录志愿服务", "志愿服务条例", "DJ08" },

	{ "C01", "火灾扑救与消防监管", TRACK_PEACE, "FR", "疏散、警戒", "消防法", "PF01,PF06" },
	{ "C02", "燃气安全监管", TRACK_PEACE, "EIC", "告知、疏散", "城镇燃气管理条例", "PF02,MS16" },
	{ "C03", "危房鉴定与治理", TRACK_PEACE, "HU", "报告、组织撤离", NULL, "PF03" },
	{ "C04", "地质灾害隐患点管理", TRACK_PEACE, "NR", "巡查值守、演练、转移", "地质灾害防治条例", "PF04" },
	{ "C05", "违法建筑查处", TRACK_LIVELIHOOD, "CM", "发现、劝阻、报告", "城乡规划法", "MS32" },
	{ "C06", "食品安全监管", TRACK_ECONOMY, "MR", "报告、农村集体聚餐备案", "食品安全法", "JJ08" },
	{ "C07", "电梯等特种设备监管", TRACK_LIVELIHOOD, "MR", "报告、安抚", "特种设备安全法", "MS18" },
	{ "C08", "无证无照经营查处", TRACK_ECONOMY, "MR", "报告", "无证无照经营查处办法", "JJ09" },
	{ "C09", "生态环境执法", TRACK_LIVELIHOOD, "EE", "巡查、报告", "环境保护法", "MS34" },
	{ "C10", "噪声治理", TRACK_LIVELIHOOD, "EE", "劝导（社会生活噪声由公安处理）", "噪声污染防治法", "MS33" },
	{ "C11", "道路交通秩序", TRACK_LIVELIHOOD, "PS", "报告、引导", "道路交通安全法", "MS28" },
	{ "C12", "反诈宣传劝阻", TRACK_PEACE, "PS", "宣传、报告", "反电信网络诈骗法", NULL },
	{ "C13", "家庭暴力处置", TRACK_PEACE, "PS", "报告、联系庇护", "反家庭暴力法", "PF10" },
	{ "C16", "精神障碍患者关爱", TRACK_PEACE, "HC", "共同走访", "精神卫生法", NULL },
	{ "C17", "传染病防控", TRACK_LIVELIHOOD, "HC", "组织、服务", "传染病防治法", "MS11" },
	{ "C18", "根治欠薪", TRACK_PEACE, "HR", "调解、报告", "保障农民工工资支付条例", "PF11" },
	{ "C19", "动物防疫与犬只管理", TRACK_ECONOMY, "AGR", "组织", "动物防疫法", "JJ11" },
	{ "C20", "经济普查与统计", TRACK_ECONOMY, "STAT", "选调普查员", "统计法", "JJ06" },
};
const size_t nduty_seeds = ARRAY_LEN(duty_seeds);
