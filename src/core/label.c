/* See label.h. */
#include "core/label.h"

#include <string.h>

enum { KEY_BYTES = 512 };

struct named {
	const char *name; /* "field", or "path.field" where that field is called otherwise there */
	const char *label;
};

/* What templates in use call fields besides: known for reading, never shown. "path.field" or "field". */
static const struct named more_names[] = {
	{ "place", "所属网格|所在网格|网格名称|网格|所属社区|行政区划" },
	{ "lon", "经度坐标|东经" },
	{ "lat", "纬度坐标|北纬" },
	{ "phone", "联系电话|电话|手机|手机号|手机号码|联系方式|电话号码" },
	{ "note", "备注|其他说明" },
	{ "address", "详细地址|地址|门牌地址|家庭住址" },
	{ "persons.name", "姓名|真实姓名|人员姓名" },
	{ "persons.id_no", "身份证号|身份证号码|公民身份号码|证件号码|身份证" },
	{ "persons.sex", "性别" },
	{ "persons.birth", "出生日期|出生年月" },
	{ "persons.residence_kind", "人员类型|人口类型|居住类型" },
	{ "persons.relation", "与其他人员关系|与户主关系|家庭关系|关系" },
	{ "persons.household_id", "户编号|户号|家庭编号" },
	{ "persons.ended_at", "迁出日期|死亡日期" },
	{ "buildings.name", "小区/建筑名称|建筑名称|小区名称|楼栋名称|名称" },
	{ "buildings.code", "建筑编码|楼栋编码" },
	{ "buildings.kind", "类型|建筑类型" },
	{ "buildings.year_built", "建成年份" },
	{ "buildings.units", "单元数" },
	{ "organisations.uscc", "统一社会信用代码|信用代码" },
	{ "organisations.name", "单位名称|企业名称|机构名称" },
};

/* The same for words: "path.field.word" or "field.word". */
static const struct named more_words[] = {
	{ "persons.residence_kind.resident", "常住人口|户籍人口|户籍常住" },
	{ "persons.residence_kind.floating", "流动人口|暂住人口|外来人口|租户" },
	{ "persons.residence_kind.registered_elsewhere", "人户分离" },
	{ "persons.relation.child", "子女|儿子|女儿|长子|长女|次子|次女" },
	{ "persons.relation.other", "租户|租客|亲属|其他亲属|非亲属|保姆|朋友" },
	{ "buildings.kind.residential", "住宅小区|住宅楼|私人住宅|公寓|大型出租房|小区" },
	{ "buildings.kind.commercial", "商业建筑|商场|商铺" },
	{ "buildings.kind.office", "商业大厦|写字楼|办公楼" },
};

/* Sorted by name. */
static const struct named field_names[] = {
	{ "accept", "受理时限|Accept within" },
	{ "accept_min", "受理时限（分）|Accept (min)" },
	{ "action", "操作|Action" },
	{ "active", "启用|Active" },
	{ "address", "地址|详细地址|地点|住址|Address" },
	{ "alias", "别名|简称|曾用名|Alias" },
	{ "amount", "时长|Length" },
	{ "backup_of", "代替岗位|Stands in for" },
	{ "basis", "依据|Basis" },
	{ "board", "板块|Board" },
	{ "choices", "选项|Choices" },
	{ "clock", "时钟|Clock" },
	{ "code", "代码|编码|编号|Code" },
	{ "code_id", "事件分类|Event code" },
	{ "contact", "联系方式|Contact" },
	{ "covers", "覆盖网格|Covers" },
	{ "created_at", "建立时间|Created" },
	{ "data", "数据|Data" },
	{ "description", "说明|Description" },
	{ "election_due", "换届日期|Re-election due" },
	{ "email", "电子邮件|邮箱|E-mail|Mail" },
	{ "enabled", "启用|Enabled" },
	{ "event_code", "事件分类|Event code" },
	{ "event_code_id", "事件分类|Event code" },
	{ "event_codes", "适用分类|Event codes" },
	{ "evidence", "所需佐证|Evidence needed" },
	{ "failures", "连续失败次数|Failures" },
	{ "form", "组建方式|Form" },
	{ "founded", "成立日期|Founded" },
	{ "grid", "网格|Grid" },
	{ "handle", "处置时限|Handle within" },
	{ "handle_days", "处置时限（天）|Handle (days)" },
	{ "handle_min", "处置时限（分）|Handle (min)" },
	{ "has_shape", "有边界|Has boundary" },
	{ "hint", "提示|Hint" },
	{ "households", "户数|总户数|Households" },
	{ "households_id", "户|Household" },
	{ "id", "系统编号|Id" },
	{ "item", "事项编号|Item" },
	{ "kind", "类型|类别|种类|Kind" },
	{ "label_en", "英文问题|Question in English" },
	{ "label_zh", "中文问题|Question in Chinese" },
	{ "last_login_at", "最近登录|Last sign-in" },
	{ "last_seen_at", "最近登录|Last seen" },
	{ "lat", "纬度|Latitude|Y" },
	{ "lead", "牵头|Lead" },
	{ "lead_dept", "牵头部门|Lead department" },
	{ "lead_duty", "牵头部门职责|Lead's duty" },
	{ "lead_unit", "牵头单位|Lead unit" },
	{ "lead_unit_id", "牵头单位|Lead unit" },
	{ "leader_id", "负责人|Leader" },
	{ "level", "层级|Level" },
	{ "list", "清单|List" },
	{ "locked_until", "锁定至|Locked until" },
	{ "login", "账号|登录名|用户名|Account" },
	{ "lon", "经度|Longitude|X|lng" },
	{ "minutes", "分钟|Minutes" },
	{ "name", "名称|名字|姓名|Name" },
	{ "name_en", "英文名称|English name" },
	{ "name_zh", "中文名称|Chinese name" },
	{ "needs", "必填项|Needed" },
	{ "norm_ok", "符合标准|Within norm" },
	{ "norm_reason", "超标准原因|Reason outside the norm" },
	{ "norm_since", "超标准起始|Outside the norm since" },
	{ "note", "备注|说明|备注说明|Note|Remark|Remarks|Notes" },
	{ "official_code", "官方代码|行政区划代码|区划代码|统计用区划代码|Official code" },
	{ "on_leave_until", "离岗至|On leave until" },
	{ "options", "选项|Options" },
	{ "ord", "顺序|Order" },
	{ "org_id", "党组织|Party organisation" },
	{ "parent", "上级|上级单位|上级区划|Parent" },
	{ "parent_id", "上级|Parent" },
	{ "password", "密码|Password" },
	{ "phone", "电话|联系电话|手机|手机号|手机号码|电话号码|Phone|Telephone|Mobile" },
	{ "photo", "需要照片|Photo needed" },
	{ "place", "区划|所属网格|网格|所属区划|行政区划|所在网格|区域|Place" },
	{ "position", "顺序|Order" },
	{ "post_id", "岗位|Post" },
	{ "priority", "优先级|Priority" },
	{ "public", "公开|Public" },
	{ "question", "问题|Question" },
	{ "question_en", "英文问题|Question in English" },
	{ "question_zh", "中文问题|Question in Chinese" },
	{ "reason", "理由|Reason" },
	{ "reelection_due", "换届日期|Re-election due" },
	{ "required", "必填|Required" },
	{ "role", "角色|Role" },
	{ "roles", "可执行角色|Roles" },
	{ "sample_percent", "抽查比例|Sampled %" },
	{ "sealed", "限知|Sealed" },
	{ "secretary", "书记|Secretary" },
	{ "short_name", "简称|Short name" },
	{ "sign_min", "签收时限（分）|Sign (min)" },
	{ "since", "起始|Since" },
	{ "sort", "顺序|Order" },
	{ "span", "时长（如 5 wd、4 wh、30 min）|Length (5 wd, 4 wh, 30 min)" },
	{ "stand_in", "代岗|Stand-in" },
	{ "standin", "代岗|Stand-in" },
	{ "standin_for", "代替岗位|Stands in for" },
	{ "state", "状态|State" },
	{ "status", "状态|Status" },
	{ "street_duty", "镇街职责|Street's duty" },
	{ "text", "内容|Text" },
	{ "text_en", "英文说明|English text" },
	{ "text_zh", "中文说明|Chinese text" },
	{ "title", "标题|标题名称|主题|Title" },
	{ "track", "跑道|Track" },
	{ "type", "类型|Type" },
	{ "unit", "计量单位|Unit of time" },
	{ "unit_id", "单位|所属单位|部门|Unit" },
	{ "until", "截止时间|Until" },
	{ "updated_at", "更新时间|Updated" },
	{ "urgency", "紧急程度|Urgency" },
	{ "user_id", "用户|User" },
	{ "users.name", "姓名|名字|用户名|人员姓名|Name" },
	{ "valid", "有效|Valid" },
	{ "valid_from", "生效日期|Valid from" },
	{ "valid_to", "失效日期|Valid to" },
	{ "verify_min", "核查时限（分）|Verify (min)" },
	{ "version", "版本|Version" },
	{ "working", "按工作时间|Working time" },
	{ "year", "年份|Year" },
};

/* "field.word". */
static const struct named word_names[] = {
	{ "board.economy", "经济发展|Economy" },
	{ "board.livelihood", "民生服务|Livelihood" },
	{ "board.none", "不限|Any" },
	{ "board.party", "党的建设|Party building" },
	{ "board.peace", "平安法治|Peace and law" },
	{ "form.functional", "功能型|Functional" },
	{ "form.joint", "联建|Joint" },
	{ "form.solo", "单建|Solo" },
	{ "kind.board", "板块|Board" },
	{ "kind.center", "指挥中心|Command centre" },
	{ "kind.centre", "指挥中心|Command centre" },
	{ "kind.community", "村（社区）|Community" },
	{ "kind.company", "企业|Company" },
	{ "kind.department", "部门|Department" },
	{ "kind.dept", "部门|Department" },
	{ "kind.grid", "网格|Grid" },
	{ "kind.post", "岗位|Post" },
	{ "kind.street", "镇街|Street" },
	{ "kind.street_post", "镇街岗位|Street post" },
	{ "kind.utility", "公用事业|Utility" },
	{ "level.none", "未定|None" },
	{ "list.C", "协同配合|Cooperative" },
	{ "list.L", "法定职责|Statutory" },
	{ "list.cooperative", "协同配合|Cooperative" },
	{ "list.statutory", "法定职责|Statutory" },
	{ "reasons.kind.extend", "延期|Extend" },
	{ "reasons.kind.hard_case", "疑难挂账|Hard case" },
	{ "reasons.kind.pause", "挂起|Pause" },
	{ "reasons.kind.reject", "不予受理|Reject" },
	{ "reasons.kind.return", "退单|Return" },
	{ "role.auditor", "审计员|Auditor" },
	{ "role.board_lead", "板块负责人（A岗）|板块负责人|Board lead (A post)" },
	{ "role.community_secretary", "社区书记|Community secretary" },
	{ "role.director", "指挥长|Director" },
	{ "role.district_admin", "区级平台管理员|District administrator" },
	{ "role.district_dept", "区级部门|District department" },
	{ "role.district_viewer", "区级查看|District viewer" },
	{ "role.duty_officer", "值班长|Duty officer" },
	{ "role.enterprise_partner", "共建单位|Partner organisation" },
	{ "role.gig_worker", "新就业群体|Gig worker" },
	{ "role.grid_instructor", "网格指导员|Grid instructor" },
	{ "role.grid_leader", "网格长|Grid leader" },
	{ "role.grid_worker_ft", "专职网格员|Full-time grid worker" },
	{ "role.grid_worker_pt", "兼职网格员|Part-time grid worker" },
	{ "role.micro_leader", "微网格长|Micro-grid leader" },
	{ "role.owners_committee", "业委会|Owners' committee" },
	{ "role.party_household", "党员中心户|Party household" },
	{ "role.post_clerk", "岗位经办（B岗）|岗位经办|Post clerk (B post)" },
	{ "role.property_company", "物业企业|Property company" },
	{ "role.resident", "居民|Resident" },
	{ "role.volunteer", "志愿者|Volunteer" },
	{ "state.active", "启用|Active" },
	{ "state.draft", "草稿|Draft" },
	{ "state.withdrawn", "已收回|Withdrawn" },
	{ "track.economy", "经济发展|Economy" },
	{ "track.livelihood", "民生服务|Livelihood" },
	{ "track.none", "未分|None" },
	{ "track.party", "党的建设|Party building" },
	{ "track.peace", "平安法治|Peace and law" },
	{ "type.bool", "是或否|Yes or no" },
	{ "type.choice", "单选|One choice" },
	{ "type.choices", "多选|Several choices" },
	{ "type.date", "日期|Date" },
	{ "type.enum", "单选|One choice" },
	{ "type.int", "整数|Whole number" },
	{ "type.number", "数字|Number" },
	{ "type.str", "文字|Text" },
	{ "type.string", "文字|Text" },
	{ "type.text", "文字|Text" },
	{ "type.time", "时间|Time" },
	{ "unit.day", "天|days" },
	{ "unit.days", "天|days" },
	{ "unit.hour", "小时|hours" },
	{ "unit.hours", "小时|hours" },
	{ "unit.minute", "分钟|minutes" },
	{ "unit.minutes", "分钟|minutes" },
	{ "unit.wd", "工作日|working days" },
	{ "unit.wh", "工作小时|working hours" },
	{ "unit.work_day", "工作日|working days" },
	{ "unit.work_days", "工作日|working days" },
	{ "unit.work_hour", "工作小时|working hours" },
	{ "unit.work_hours", "工作小时|working hours" },
};

/* `path`.`name`, else `name`; `word` NULL for a field. */
static struct str find(const struct named *v, size_t n, const char *path, const char *name, const char *word)
{
	const char *best = NULL;
	char full[160];
	struct buf b;

	for (int turn = 0; turn < 2 && best == NULL; turn++) {
		buf_init(&b, sizeof(full) - 1);
		if (turn == 0)
			buf_fmt(&b, "%s.", path);
		buf_z(&b, name);
		if (word != NULL)
			buf_fmt(&b, ".%s", word);
		for (size_t i = 0; i < n && best == NULL && !b.failed; i++) {
			if (str_eqz(buf_view(&b), v[i].name))
				best = v[i].label;
		}
		buf_release(&b);
	}
	return str_z(best);
}

struct str label_of_field(const struct entity *e, const struct field *f)
{
	return f->label != NULL ? str_z(f->label) : find(field_names, ARRAY_LEN(field_names), e->path, f->name, NULL);
}

struct str label_more(const struct entity *e, const struct field *f)
{
	return find(more_names, ARRAY_LEN(more_names), e->path, f->name, NULL);
}

struct str label_more_word(const struct entity *e, const struct field *f, int64_t index)
{
	const char *word = f->vocab != NULL ? vocab_word(f->vocab, index) : NULL;

	return word != NULL ? find(more_words, ARRAY_LEN(more_words), e->path, f->name, word) : (struct str){ NULL, 0 };
}

struct str label_of_word(const struct entity *e, const struct field *f, int64_t index)
{
	const char *word = f->vocab != NULL ? vocab_word(f->vocab, index) : NULL;

	if (word == NULL)
		return (struct str){ NULL, 0 };
	if (f->vocab->label != NULL)
		return str_z(f->vocab->label[index]);
	return find(word_names, ARRAY_LEN(word_names), e->path, f->name, word);
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	}
	return true;
}

struct str label_in(struct str label, bool chinese)
{
	struct str name;

	while (label.p != NULL && str_split(&label, '|', &name)) {
		if (name.n > 0 && is_ascii(name) != chinese)
			return name;
	}
	return (struct str){ NULL, 0 };
}

/* Letters and digits of every script; the signs of China's and the full-width ones are none. */
static bool counts(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
	return c > 0xBF && c != 0xFFFD && (c < 0x2000 || c > 0x303F) && (c < 0xFE30 || c > 0xFE4F) && c < 0xFF00;
}

static uint32_t plain_rune(uint32_t c)
{
	if (c > 0xFF00 && c < 0xFF5F) /* full width */
		c -= 0xFEE0;
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static void write_key(struct str name, bool brackets, struct buf *out)
{
	int depth = 0;

	for (size_t i = 0; i < name.n;) {
		size_t from = i;
		uint32_t c = plain_rune(str_rune(name, &i));

		if (!brackets && (c == '(' || c == '[' || c == 0x3010))
			depth++;
		else if (!brackets && (c == ')' || c == ']' || c == 0x3011) && depth > 0)
			depth--;
		else if (depth == 0 && counts(c) && c < 0x80)
			buf_char(out, (char)c);
		else if (depth == 0 && counts(c))
			buf_put(out, name.p + from, i - from);
	}
}

void label_key(struct str name, struct buf *out)
{
	size_t from = out->n;

	write_key(name, false, out);
	if (out->n == from)
		write_key(name, true, out);
}

bool label_has(struct str label, struct str key)
{
	struct str name;
	bool same = false;

	while (!same && label.p != NULL && str_split(&label, '|', &name)) {
		struct buf b;

		buf_init(&b, KEY_BYTES);
		label_key(name, &b);
		same = b.n > 0 && !b.failed && str_eq(buf_view(&b), key);
		buf_release(&b);
	}
	return same;
}
