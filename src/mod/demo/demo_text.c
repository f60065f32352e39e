/* Chooses phrases and fills their slots; the phrases themselves are in demo_topics_*.c. */
#include "mod/demo/demo_text.h"

#include "base/buf.h"
#include "base/err.h"
#include "mod/demo/demo_topics.h"
#include "mod/demo/demo_words.h"

#include <assert.h>
#include <string.h>

enum { TEXT_MAX = 2048, REASONS = 6 };

static const struct demo_topics *const all_topics[] = { &demo_topics_party, &demo_topics_economy,
	&demo_topics_care, &demo_topics_estate, &demo_topics_street, &demo_topics_peace };

static const char *const surnames[] = { "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "周", "吴",
	"徐", "孙", "马", "朱", "胡", "郭", "何", "林", "罗", "高", "郑", "梁", "谢", "宋", "唐",
	"许", "韩", "邓", "冯", "曹", "彭", "曾", "肖", "田", "董", "潘", "袁", "蔡", "蒋", "余",
	"于", "杜", "叶", "程", "魏", "苏", "吕", "丁", "任", "卢", "姚", "沈", "钟", "姜", "崔",
	"谭", "陆", "范", "汪", "廖", "石", "金", "韦", "贾", "夏", "付", "方", "邹", "熊", "白",
	"孟", "秦", "邱", "侯", "江", "尹", "薛", "阎", "段", "雷" };

static const char *const given[] = { "安", "柏", "宝", "斌", "冰", "博", "昌", "辰", "诚", "春",
	"达", "丹", "德", "东", "恩", "帆", "芳", "飞", "芬", "凤", "刚", "光", "桂", "国", "海",
	"涵", "航", "浩", "和", "红", "宏", "虹", "华", "欢", "慧", "佳", "嘉", "建", "健", "江",
	"洁", "金", "锦", "静", "娟", "俊", "凯", "康", "可", "兰", "岚", "磊", "莉", "丽", "亮",
	"琳", "玲", "龙", "露", "梅", "敏", "明", "娜", "宁", "培", "鹏", "平", "琪", "倩", "强",
	"青", "清", "庆", "秋", "蓉", "瑞", "睿", "珊", "胜", "诗", "书", "树", "思", "松", "涛",
	"婷", "彤", "伟", "文", "武", "霞", "祥", "翔", "晓", "欣", "秀", "旭", "雪", "雅", "燕",
	"阳", "瑶", "怡", "毅", "英", "勇", "宇", "雨", "玉", "园", "月", "云", "泽", "志", "忠",
	"子", "自", "宗" };

static const char *const shop_kinds[] = { "面馆", "便利店", "火锅店", "水果店", "五金店", "理发店",
	"小吃店", "汽修店", "药房", "超市", "烧烤店", "洗车行", "茶馆", "包子铺", "干洗店",
	"棋牌室" };

static const char *const company_kinds[] = { "物业公司", "食品公司", "机械厂", "物流公司",
	"建筑公司", "电子厂", "包装厂", "家政公司" };

static const char *const spots[] = { "东门", "南门", "西门", "北门", "地下车库入口", "中心花园",
	"儿童游乐区", "篮球场旁", "垃圾分类点", "健身广场", "快递柜旁", "后门小路", "停车棚",
	"配电房旁" };

static const char *const reasons[DEMO_REASON_MAX][REASONS] = {
	[DEMO_RETURN] = { "该路段养护权属不在本单位，按职责清单应由道路管养单位办理。",
		"现场核实为小区红线内管网，属物业维护范围，建议转物业主管部门牵头。",
		"诉求涉及的执法事项已划转，本单位无处罚权限，建议改派执法队伍。",
		"点位位于相邻街道辖区，建议按属地改派。",
		"事项为燃气经营企业设施，应由行业主管部门牵头，本单位可配合。",
		"诉求内容与本单位清单内事项不符，已写明依据条目，请重新研判。" },
	[DEMO_EXTENSION] = { "所需配件需从厂家调货，预计到货后三天内装完，申请延期。",
		"连续降雨无法进行室外施工，雨停后立即安排，申请延期。",
		"需要征求整栋业主意见，签字尚未收齐，申请延期。",
		"已完成勘查和报价，正在走采购程序，申请延期。",
		"需多家管线单位会商，会议已定，申请延期。",
		"当事人外出，约定下周返回后处理，申请延期。" },
	[DEMO_PAUSE] = { "等待反映人补充照片和具体位置，暂停计时。",
		"案涉事项正在鉴定，等待鉴定结论。",
		"气象预警期间不具备高处作业条件，预警解除后恢复。",
		"已发限期整改通知，法定期限届满后复查。", "相关纠纷已由法院受理，等待裁判结果。",
		"已约定双方见面调解的时间，届时恢复。" },
	[DEMO_REJECTION] = { "该事项已由同一反映人登记并在办理，请用原查询码查看进展。",
		"反映内容缺少地点和联系方式，无法核实，请补充后重新提交。",
		"该事项属于法院正在审理的案件，请向承办法院反映。",
		"该事项属于单位内部劳动人事管理，请向劳动仲裁机构申请。",
		"属于供水营业业务办理，请拨打供水客服或到营业厅办理。",
		"经现场查看，所述情况不存在，如有新情况欢迎再次反映。" },
	[DEMO_CHECK_FAIL] = { "现场仍有残留，清理不彻底，请返工。", "照片与现场位置不符，请补拍。",
		"只做了临时围挡，没有修复，不予通过。", "反映人表示问题当晚又出现，请继续处理。",
		"未见与反映人联系的记录，请补充后再报。",
		"修复处高出路面，存在绊倒风险，请整平。" },
	[DEMO_REOPEN] = { "修好第二天又坏了，请再来看看。", "只清了一半，后面还有。",
		"说处理了，实际没有变化。", "过了几天又恢复原样，希望有长效办法。",
		"答复的内容不是我反映的那件事。", "承诺的时间过了，还没有人来。" },
	[DEMO_HARD_CASE] = { "产权单位已注销，责任主体不清，需上级协调明确。",
		"涉及地下管网整体改造，待纳入年度计划实施。", "业主意见分歧大，表决未达法定比例。",
		"所需资金超出本级权限，已申请专项资金。", "历史手续不全，需多部门会商解决。",
		"需与在建项目同步实施，待主体工程完成后处理。" },
	[DEMO_SUPERVISION] = { "已超过办理时限，请说明原因并于新时限前办结。",
		"同一点位一个月内多次反映，请拿出长效措施。",
		"群众两次表示未解决，请负责人到现场。",
		"涉及安全风险，请先控制现场并每天报告进展。",
		"签收后长时间没有处置记录，请立即联系反映人。",
		"牵头单位不明影响进度，请今日内会商确定。" },
	[DEMO_PRAISE] = { "来得快，处理得很干净，谢谢。", "当天就解决了，点赞。",
		"工作人员很耐心，还专门打电话回访。", "问题解决了，希望保持下去。",
		"效率比想象的高。", "从上报到修好都能看到进度，很放心。" },
	[DEMO_COMPLAINT] = { "等了好几天，中间没人联系。", "只是临时处理，估计过几天又会坏。",
		"答复太官方，没说清什么时候能好。", "态度还行，但是问题没有真正解决。",
		"换了几个单位才有人管。", "处理完现场没收拾，留下一堆材料。" },
};

static const char *pick(struct demo_rand *r, const char *const *v, size_t n)
{
	return v[demo_rand_below(r, n)];
}

static const char *any_first(struct demo_rand *r)
{
	return demo_street_words.first[demo_rand_below(r, demo_street_words.firsts)].zh;
}

static const char *any_last(struct demo_rand *r)
{
	return demo_street_words.last[demo_rand_below(r, demo_street_words.lasts)].zh;
}

static const struct demo_topic *topic_find(const char *code)
{
	for (size_t i = 0; i < ARRAY_LEN(all_topics); i++)
		for (size_t k = 0; k < all_topics[i]->n; k++)
			if (strcmp(all_topics[i]->v[k].code, code) == 0)
				return &all_topics[i]->v[k];
	return NULL;
}

size_t demo_text_codes(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(all_topics); i++)
		n += all_topics[i]->n;
	return n;
}

const char *demo_text_code(size_t i)
{
	for (size_t k = 0; k < ARRAY_LEN(all_topics); k++) {
		if (i < all_topics[k]->n)
			return all_topics[k]->v[i].code;
		i -= all_topics[k]->n;
	}
	assert(false); /* past the last */
	return "";
}

/* A moment up to five hours before the report, in the words people use. */
static void put_time(struct demo_rand *r, struct buf *b, int hour)
{
	int at = hour - demo_rand_range(r, 0, 5);
	const char *day = at < 0 ? "昨天" : "今天";
	const char *part;

	at = (at + 24) % 24;
	if (at < 6)
		part = "凌晨";
	else if (at < 12)
		part = at < 9 ? "早上" : "上午";
	else if (at < 18)
		part = at == 12 ? "中午" : "下午";
	else
		part = "晚上";
	buf_fmt(b, "%s%s%d点%s", day, part, at > 12 ? at - 12 : at,
		demo_rand_below(r, 2) == 0 ? "多" : "左右");
}

static void put_shop(struct demo_rand *r, struct buf *b)
{
	buf_fmt(b, "%s%s%s", any_first(r), any_last(r), pick(r, shop_kinds, ARRAY_LEN(shop_kinds)));
}

static void put_company(struct demo_rand *r, struct buf *b)
{
	static const char *const luck[] = { "泰", "盛", "诚", "达", "隆", "兴", "汇", "源" };

	buf_fmt(b, "%s%s%s", any_first(r), pick(r, luck, ARRAY_LEN(luck)),
		pick(r, company_kinds, ARRAY_LEN(company_kinds)));
}

/* What a slot stands for is drawn once, so that title and text agree. */
struct slots {
	int building, unit, floor, number;
	const char *spot, *road_first, *road_last;
	struct demo_rand names; /* copied for each use: the same shop twice */
	const struct demo_scene *scene;
};

static void slots_draw(struct demo_rand *r, const struct demo_scene *scene, struct slots *ret)
{
	*ret = (struct slots){ .building = demo_rand_range(r, 1, 28),
		.unit = demo_rand_range(r, 0, 4),
		.floor = demo_rand_range(r, 2, 26),
		.number = demo_rand_range(r, 2, 9),
		.spot = pick(r, spots, ARRAY_LEN(spots)),
		.road_first = any_first(r),
		.road_last = any_last(r),
		.scene = scene };
	demo_rand_fork(&ret->names, demo_rand_next(r), 0);
}

static void put_slot(struct buf *b, const struct slots *s, char slot)
{
	struct demo_rand r = s->names;

	switch (slot) {
	case 'p':
		buf_str(b, s->scene->place.p != NULL ? s->scene->place : STR("本小区"));
		break;
	case 'b':
		buf_fmt(b, "%d栋", s->building);
		if (s->unit > 1)
			buf_fmt(b, "%d单元", s->unit);
		break;
	case 'f':
		buf_fmt(b, "%d楼", s->floor);
		break;
	case 'n':
		buf_i64(b, s->number);
		break;
	case 'g':
		buf_z(b, s->spot);
		break;
	case 'r':
		buf_fmt(b, "%s%s路", s->road_first, s->road_last);
		break;
	case 's':
		put_shop(&r, b);
		break;
	case 'c':
		put_company(&r, b);
		break;
	case 't':
		put_time(&r, b, s->scene->hour);
		break;
	default:
		assert(false); /* a slot the header does not name */
	}
}

static struct str keep(struct arena *a, struct buf *b)
{
	struct str done = b->failed ? (struct str){ NULL, 0 } : str_dup(a, buf_view(b));

	buf_release(b);
	return done;
}

static struct str fill(struct arena *a, const char *phrase, const struct slots *s)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	for (const char *p = phrase; *p != '\0'; p++) {
		if (*p != '{') {
			buf_char(&b, *p);
			continue;
		}
		put_slot(&b, s, p[1]);
		p += 2; /* the letter and the closing brace */
	}
	return keep(a, &b);
}

bool demo_text_event(struct demo_rand *r, struct arena *a, const char *code,
	const struct demo_scene *scene, struct demo_report *ret)
{
	const struct demo_topic *t = topic_find(code);
	struct slots s;
	size_t n = 0;

	if (t == NULL)
		return false;
	while (n < DEMO_PHRASES && t->said[n].title != NULL)
		n++;
	size_t i = demo_rand_below(r, n);

	slots_draw(r, scene, &s);
	*ret = (struct demo_report){ .title = fill(a, t->said[i].title, &s),
		.text = fill(a, t->said[i].text, &s),
		.ending = fill(a, t->done[i], &s) };
	return true;
}

struct str demo_text_reason(struct demo_rand *r, struct arena *a, enum demo_reason why)
{
	assert(why < DEMO_REASON_MAX);
	return str_dup(a, str_z(pick(r, reasons[why], REASONS)));
}

struct str demo_text_person(struct demo_rand *r, struct arena *a)
{
	const char *family = pick(r, surnames, ARRAY_LEN(surnames));
	const char *first = pick(r, given, ARRAY_LEN(given));
	const char *second = demo_rand_below(r, 5) == 0 ? "" : pick(r, given, ARRAY_LEN(given));

	return str_fmt(a, "%s%s%s", family, first, second);
}

struct str demo_text_company(struct demo_rand *r, struct arena *a)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	put_company(r, &b);
	return keep(a, &b);
}

struct str demo_text_shop(struct demo_rand *r, struct arena *a)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	put_shop(r, &b);
	return keep(a, &b);
}

struct str demo_text_phone(struct demo_rand *r, struct arena *a)
{
	return str_fmt(a, "1400%07d", demo_rand_range(r, 0, 9999999));
}
