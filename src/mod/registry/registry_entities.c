/* The registry's tables described, and the module. */
#include "mod/registry/registry_db.h"
#include "mod/registry/registry_rules.h"

#define PURPOSE_NAME "knowing who lives here and whom to visit"
#define PURPOSE_BIRTH "services and duties that depend on age"
#define PURPOSE_ID "telling people of one name apart; matching with official records"
#define PURPOSE_PHONE "reaching a resident about their own matters, and in an emergency"
#define PURPOSE_CARE "visiting on time whoever or whatever needs it; told to those who set the plan and who check it"
#define PURPOSE_CONTACT "reaching whoever answers for the safety of a venue"

/* ---- words ---- */

#define VOCAB(id, name_, words, labels) const struct vocab id = { .name = (name_), .word = (words), .label = (labels) }

static const char *const source_word[] = { "sensor", "staff", "self", "import", NULL };
static const char *const source_label[] = { "感知设备", "工作人员", "本人", "导入", NULL };
VOCAB(data_source_vocab, "data_source", source_word, source_label);
static const char *const sex_word[] = { "unknown", "male", "female", "unstated", NULL };
static const char *const sex_label[] = { "未知", "男|男性|Male", "女|女性|Female", "未说明", NULL };
static VOCAB(sex_vocab, "sex", sex_word, sex_label);
static const char *const residence_word[] = { "resident", "floating", "registered_elsewhere", NULL };
static const char *const residence_label[] = { "常住|户籍|户籍人口|本地", "流动|流动人口|暂住", "人户分离|户籍在外", NULL };
static VOCAB(residence_vocab, "residence_kind", residence_word, residence_label);
static const char *const relation_word[] = { "head", "spouse", "child", "child_in_law", "grandchild", "parent",
	"grandparent", "sibling", "other", NULL };
static const char *const relation_label[] = { "户主|本人", "配偶", "子女|子|女|儿子|女儿", "儿媳女婿", "孙子女",
	"父母|父亲|母亲", "祖父母", "兄弟姐妹", "其他", NULL };
VOCAB(relation_vocab, "relation", relation_word, relation_label);
static const char *const ended_word[] = { "moved_out", "died", "merged", "consent_withdrawn", "not_needed", "other", NULL };
static const char *const ended_label[] = { "迁出|搬走", "去世|死亡", "合并", "撤回同意", "不再需要", "其他", NULL };
VOCAB(ended_vocab, "ended_reason", ended_word, ended_label);
static const char *const building_word[] = { "residential", "mixed", "commercial", "office", "public", "industrial",
	"farmhouse", "other", NULL };
static const char *const building_label[] = { "住宅", "商住混合", "商业", "办公", "公共", "工业", "农房", "其他", NULL };
static VOCAB(building_kind_vocab, "building_kind", building_word, building_label);
static const char *const structure_word[] = { "unknown", "brick", "brick_concrete", "concrete", "steel", "wood", NULL };
static const char *const structure_label[] = { "未知", "砖木", "砖混", "钢筋混凝土|框架|剪力墙", "钢结构", "木结构", NULL };
static VOCAB(structure_vocab, "structure", structure_word, structure_label);
static const char *const risk_word[] = { "none", "watch", "grade_c", "grade_d", NULL };
static const char *const risk_label[] = { "无", "需关注", "C级", "D级", NULL };
static VOCAB(building_risk_vocab, "building_risk", risk_word, risk_label);
static const char *const use_word[] = { "self", "rent", "empty", "shop", "office", NULL };
static const char *const use_label[] = { "自住|自用", "出租|租用", "空置|闲置", "商铺", "办公", NULL };
static VOCAB(room_use_vocab, "room_use", use_word, use_label);
static const char *const venue_word[] = { "shop", "restaurant", "school", "kindergarten", "hospital", "market", "hotel",
	"entertainment", "factory", "warehouse", "dangerous", "plot", "public", "other", NULL };
static const char *const venue_label[] = { "商铺|门店", "餐饮", "学校", "幼儿园", "医院|诊所", "市场", "旅馆|酒店", "娱乐",
	"厂房", "仓库", "危险源|危化", "地块", "公共场所", "其他", NULL };
static VOCAB(venue_kind_vocab, "venue_kind", venue_word, venue_label);
static const char *const level_word[] = { "low", "normal", "high", "major", NULL };
static const char *const level_label[] = { "低", "一般", "较大", "重大", NULL };
static VOCAB(risk_level_vocab, "risk_level", level_word, level_label);
static const char *const state_word[] = { "good", "damaged", "missing", "removed", NULL };
static const char *const state_label[] = { "完好", "破损", "丢失", "拆除|废弃", NULL };
static VOCAB(thing_state_vocab, "thing_state", state_word, state_label);
static const char *const org_word[] = { "enterprise", "individual", "public", "social", NULL };
static const char *const org_label[] = { "企业", "个体工商户|个体", "机关事业单位|事业单位", "社会组织", NULL };
static VOCAB(org_kind_vocab, "organisation_kind", org_word, org_label);
static const char *const object_word[] = { "person", "household", "building", "room", "venue", "thing", "organisation", NULL };
static const char *const object_label[] = { "人", "户", "楼栋", "房屋", "场所", "部件", "单位", NULL };
VOCAB(object_vocab, "registry_object", object_word, object_label);
static const char *const role_word[] = { "owner", "tenant", "lives_in", "works_at", "guardian", "member_of", NULL };
static const char *const role_label[] = { "业主|产权人", "租户|承租人", "居住", "就业", "监护", "隶属", NULL };
VOCAB(link_role_vocab, "link_role", role_word, role_label);
static const char *const care_word[] = { "lone_elder", "disability", "hardship", "left_behind_child", "hazard_venue",
	"hazard_structure", NULL };
static const char *const care_label[] = { "独居老人", "残疾人", "困难家庭", "留守儿童", "风险场所", "风险建筑", NULL };
VOCAB(care_type_vocab, "care_type", care_word, care_label);
static const char *const mode_word[] = { "visit", "phone_allowed", NULL };
static const char *const mode_label[] = { "上门", "可电话", NULL };
VOCAB(care_mode_vocab, "care_mode", mode_word, mode_label);
static const char *const outcome_word[] = { "met", "not_home", "phone", "refuted", NULL };
static const char *const outcome_label[] = { "见到本人", "未遇", "电话联系", "核实未到访", NULL };
VOCAB(care_outcome_vocab, "care_outcome", outcome_word, outcome_label);
static const char *const confirmed_word[] = { "self", "guardian", "on_spot", "none", "objected", "checked", NULL };
static const char *const confirmed_label[] = { "本人确认", "监护人确认", "当面确认", "未确认", "有异议", "核实属实", NULL };
VOCAB(confirmed_vocab, "visit_confirmed", confirmed_word, confirmed_label);

/* ---- fields ---- */

#define SOURCE_FIELDS(S) \
	FIELD(S, source, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &data_source_vocab, .label = "来源|数据来源|Source"), \
	FIELD(S, verified_at, F_TIME, .flags = FIELD_READONLY | FIELD_SORT, .label = "核实时间|Verified"), \
	FIELD(S, verified_by, F_ID, .flags = FIELD_READONLY, .ref = "user", .label = "核实人|Verified by")
#define POINT_FIELDS(S) \
	FIELD(S, lon, F_REAL, .min = -180, .max = 180, .label = "经度"), \
	FIELD(S, lat, F_REAL, .min = -90, .max = 90, .label = "纬度")
#define PLACE_FIELD(S) \
	FIELD(S, place, F_CODE, .flags = FIELD_SCOPE | FIELD_FILTER | FIELD_ALWAYS, .label = "所在网格|网格编码|网格|Grid")
#define PLACE_DERIVED(S) \
	FIELD(S, place, F_CODE, .flags = FIELD_SCOPE | FIELD_FILTER | FIELD_READONLY | FIELD_ALWAYS, .label = "所在网格|网格编码|网格|Grid")
#define ID_FIELDS(S) FIELD(S, id, F_ID, .flags = FIELD_READONLY), FIELD(S, version, F_INT)
#define ACTIVE_FIELD(S) FIELD(S, active, F_BOOL, .flags = FIELD_FILTER | FIELD_ALWAYS, .label = "在册|是否有效|In the register")

static const struct field building_field[] = {
	ID_FIELDS(building),
	FIELD(building, code, F_STR, .flags = FIELD_UNIQUE | FIELD_CREATE | FIELD_SORT | FIELD_SEARCH | FIELD_ALWAYS,
		.min = BUILDING_CODE, .max = BUILDING_CODE, .label = "楼栋编码|楼栋代码|Building code"),
	FIELD(building, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT, .min = 1, .max = 80,
		.label = "楼栋名称|楼栋|楼号|Building"),
	FIELD(building, address, F_STR, .flags = FIELD_SEARCH, .max = 200, .label = "地址|详细地址"),
	FIELD(building, kind, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &building_kind_vocab, .label = "楼栋类型"),
	FIELD(building, floors, F_INT, .min = 1, .max = 200, .label = "层数|楼层数"),
	FIELD(building, units, F_INT, .min = 0, .max = 60, .label = "单元数"),
	FIELD(building, year_built, F_INT, .min = 1000, .max = 2200, .label = "建成年份|建成年代"),
	FIELD(building, structure, F_ENUM, .flags = FIELD_ALWAYS, .vocab = &structure_vocab, .label = "结构|建筑结构"),
	FIELD(building, has_lift, F_BOOL, .label = "电梯|有无电梯|Lift"),
	FIELD(building, risk, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &building_risk_vocab, .label = "风险等级"),
	POINT_FIELDS(building),
	PLACE_FIELD(building),
	FIELD(building, shape, F_JSON, .max = 60000, .label = "轮廓"),
	ACTIVE_FIELD(building),
	SOURCE_FIELDS(building),
};

static const struct field room_field[] = {
	ID_FIELDS(room),
	FIELD(room, code, F_STR, .flags = FIELD_UNIQUE | FIELD_CREATE | FIELD_SORT | FIELD_SEARCH | FIELD_ALWAYS,
		.max = ROOM_CODE_MAX, .label = "房屋编码|Room code"),
	FIELD(room, building_id, F_ID, .flags = FIELD_CREATE | FIELD_FILTER | FIELD_SEARCH | FIELD_ALWAYS, .ref = "building", .label = "楼栋"),
	FIELD(room, unit_no, F_STR, .flags = FIELD_CREATE | FIELD_ALWAYS, .max = 8, .label = "单元|单元号|Unit"),
	FIELD(room, floor, F_INT, .flags = FIELD_FILTER | FIELD_ALWAYS, .min = -10, .max = 200, .label = "楼层"),
	FIELD(room, room_no, F_STR, .flags = FIELD_CREATE | FIELD_ALWAYS, .max = 8, .label = "房号|门牌号|室号|Room"),
	FIELD(room, use, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &room_use_vocab, .label = "用途|房屋用途"),
	FIELD(room, area, F_REAL, .min = 0, .max = 100000, .label = "面积|建筑面积"),
	PLACE_DERIVED(room),
	ACTIVE_FIELD(room),
	SOURCE_FIELDS(room),
};

static const struct field household_field[] = {
	ID_FIELDS(household),
	FIELD(household, code, F_STR, .flags = FIELD_UNIQUE | FIELD_CREATE | FIELD_SORT | FIELD_SEARCH | FIELD_ALWAYS,
		.max = 48, .label = "户编码|户号|Household code"),
	FIELD(household, room_id, F_ID, .flags = FIELD_FILTER | FIELD_SEARCH, .ref = "room", .label = "房屋"),
	FIELD(household, head_id, F_ID, .ref = "person", .label = "户主"),
	FIELD(household, size, F_INT, .min = 0, .max = 50, .label = "人数|户人数|People"),
	FIELD(household, self_confirmed_at, F_TIME, .label = "本人确认时间|Confirmed by its members"),
	PLACE_FIELD(household),
	ACTIVE_FIELD(household),
	SOURCE_FIELDS(household),
};

static const struct field person_field[] = {
	ID_FIELDS(person),
	FIELD(person, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_MASKED, .min = 1, .max = 60,
		.purpose = PURPOSE_NAME, .label = "姓名|名字|真实姓名|居民姓名|Name|Full name"),
	FIELD(person, sex, F_ENUM, .flags = FIELD_ALWAYS, .vocab = &sex_vocab, .label = "性别|Sex|Gender"),
	FIELD(person, birth, F_DATE, .flags = FIELD_MASKED, .purpose = PURPOSE_BIRTH, .label = "出生日期|生日|出生年月日"),
	FIELD(person, id_no, F_SECRET, .flags = FIELD_UNIQUE, .max = 32, .purpose = PURPOSE_ID,
		.label = "身份证号|身份证号码|公民身份号码|证件号码|证件号|ID number"),
	FIELD(person, phone, F_SECRET, .flags = FIELD_FILTER, .max = 40, .purpose = PURPOSE_PHONE,
		.label = "手机号|联系电话|电话|手机号码|联系方式|Phone"),
	FIELD(person, residence_kind, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &residence_vocab,
		.label = "居住类型|人口类型|人员类型|Residence"),
	FIELD(person, household_id, F_ID, .flags = FIELD_FILTER, .ref = "household", .label = "所属户"),
	FIELD(person, relation, F_ENUM, .flags = FIELD_ALWAYS, .vocab = &relation_vocab, .label = "与户主关系|Relation to the head"),
	PLACE_FIELD(person),
	ACTIVE_FIELD(person),
	FIELD(person, ended_at, F_DATE, .label = "离册日期|迁出日期|Left on"),
	FIELD(person, ended_reason, F_ENUM, .flags = FIELD_FILTER, .vocab = &ended_vocab, .label = "离册原因|Reason for leaving"),
	SOURCE_FIELDS(person),
};

static const struct field venue_field[] = {
	ID_FIELDS(venue),
	FIELD(venue, code, F_STR, .flags = FIELD_UNIQUE | FIELD_CREATE, .max = 32, .label = "场所编码"),
	FIELD(venue, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT, .min = 1, .max = 120,
		.label = "场所名称|名称|店名"),
	FIELD(venue, kind, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &venue_kind_vocab, .label = "场所类型|类型"),
	FIELD(venue, org_id, F_ID, .flags = FIELD_FILTER, .ref = "organisation", .label = "所属单位"),
	FIELD(venue, contact, F_STR, .flags = FIELD_MASKED, .max = 60, .purpose = PURPOSE_CONTACT, .label = "联系人|负责人"),
	FIELD(venue, phone, F_SECRET, .flags = FIELD_FILTER, .max = 40, .purpose = PURPOSE_CONTACT,
		.label = "联系电话|电话|手机号"),
	FIELD(venue, risk_level, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &risk_level_vocab, .label = "风险等级"),
	FIELD(venue, last_check, F_DATE, .flags = FIELD_SORT, .label = "最近检查日期|Last check"),
	FIELD(venue, address, F_STR, .flags = FIELD_SEARCH, .max = 200, .label = "地址|详细地址"),
	POINT_FIELDS(venue),
	PLACE_FIELD(venue),
	ACTIVE_FIELD(venue),
	SOURCE_FIELDS(venue),
};

static const struct field thing_class_field[] = {
	ID_FIELDS(thing_class),
	FIELD(thing_class, code, F_STR, .flags = FIELD_REQUIRED | FIELD_UNIQUE | FIELD_CREATE | FIELD_SORT | FIELD_SEARCH,
		.min = 4, .max = 4, .label = "部件代码"),
	FIELD(thing_class, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT, .min = 1, .max = 60, .label = "部件名称"),
	FIELD(thing_class, category, F_STR, .flags = FIELD_REQUIRED | FIELD_FILTER, .min = 1, .max = 30, .label = "大类"),
	FIELD(thing_class, dept, F_STR, .flags = FIELD_FILTER, .max = 16, .label = "主管部门"),
	ACTIVE_FIELD(thing_class),
};

static const struct field thing_field[] = {
	ID_FIELDS(thing),
	FIELD(thing, code, F_STR, .flags = FIELD_UNIQUE | FIELD_CREATE | FIELD_SORT | FIELD_SEARCH | FIELD_ALWAYS, .min = 4,
		.max = 32, .label = "部件编码|部件标识码"),
	FIELD(thing, class_code, F_STR, .flags = FIELD_REQUIRED | FIELD_FILTER, .min = 4, .max = 4, .label = "部件类别|类别代码|Class"),
	FIELD(thing, name, F_STR, .flags = FIELD_SEARCH | FIELD_SORT | FIELD_ALWAYS, .max = 80, .label = "部件名称|名称"),
	FIELD(thing, owner_unit, F_ID, .flags = FIELD_FILTER, .ref = "unit", .label = "权属单位|Owner"),
	FIELD(thing, state, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &thing_state_vocab, .label = "状态"),
	FIELD(thing, address, F_STR, .flags = FIELD_SEARCH, .max = 200, .label = "位置|地址"),
	POINT_FIELDS(thing),
	PLACE_FIELD(thing),
	ACTIVE_FIELD(thing),
	SOURCE_FIELDS(thing),
};

static const struct field organisation_field[] = {
	ID_FIELDS(organisation),
	FIELD(organisation, uscc, F_STR, .flags = FIELD_UNIQUE | FIELD_SEARCH, .max = 24,
		.label = "统一社会信用代码|信用代码|Credit code"),
	FIELD(organisation, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT, .min = 1, .max = 120,
		.label = "单位名称|名称|企业名称"),
	FIELD(organisation, kind, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &org_kind_vocab, .label = "单位类型|类型"),
	FIELD(organisation, industry, F_STR, .flags = FIELD_FILTER, .max = 5, .label = "行业|行业代码"),
	FIELD(organisation, address, F_STR, .flags = FIELD_SEARCH, .max = 200, .label = "地址|注册地址|经营地址"),
	FIELD(organisation, phone, F_STR, .flags = FIELD_SEARCH, .max = 40, .label = "电话|单位电话"),
	POINT_FIELDS(organisation),
	PLACE_FIELD(organisation),
	ACTIVE_FIELD(organisation),
	SOURCE_FIELDS(organisation),
};

static const struct field link_field[] = {
	ID_FIELDS(link),
	FIELD(link, role, F_ENUM, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER, .vocab = &link_role_vocab, .label = "关系|Relation"),
	FIELD(link, from_kind, F_ENUM, .flags = FIELD_REQUIRED | FIELD_CREATE, .vocab = &object_vocab, .label = "主体类别|Who: kind"),
	FIELD(link, from_id, F_ID, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER, .label = "主体|Who"),
	FIELD(link, to_kind, F_ENUM, .flags = FIELD_REQUIRED | FIELD_CREATE, .vocab = &object_vocab, .label = "对象类别|Of what: kind"),
	FIELD(link, to_id, F_ID, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER, .label = "对象|Of what"),
	FIELD(link, valid_from, F_DATE, .flags = FIELD_SORT | FIELD_ALWAYS, .label = "开始日期"),
	FIELD(link, valid_to, F_DATE, .label = "结束日期"),
	PLACE_DERIVED(link),
	SOURCE_FIELDS(link),
};

static const struct field consent_field[] = {
	ID_FIELDS(consent),
	FIELD(consent, person_id, F_ID, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER, .ref = "person", .label = "同意人|Who consents"),
	FIELD(consent, purpose, F_STR, .flags = FIELD_REQUIRED | FIELD_CREATE, .min = 2, .max = 200, .label = "用途"),
	FIELD(consent, guardian_id, F_ID, .flags = FIELD_CREATE, .ref = "person", .label = "监护人"),
	FIELD(consent, given_at, F_TIME, .flags = FIELD_CREATE | FIELD_SORT | FIELD_ALWAYS, .label = "同意时间"),
	FIELD(consent, expires_at, F_TIME, .label = "到期时间"),
	FIELD(consent, withdrawn_at, F_TIME, .label = "撤回时间"),
	PLACE_DERIVED(consent),
};

static const struct field care_plan_field[] = {
	ID_FIELDS(care_plan),
	FIELD(care_plan, target_kind, F_ENUM, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER, .vocab = &object_vocab,
		.label = "对象类别|Kind"),
	FIELD(care_plan, target_id, F_ID, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER, .label = "对象|Visited"),
	FIELD(care_plan, type, F_ENUM, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER | FIELD_WITHHELD,
		.vocab = &care_type_vocab, .purpose = PURPOSE_CARE, .label = "关注类型|Type of plan"),
	FIELD(care_plan, basis, F_STR, .flags = FIELD_REQUIRED | FIELD_WITHHELD, .min = 2, .max = 200,
		.purpose = PURPOSE_CARE, .label = "依据|Basis"),
	FIELD(care_plan, consent_id, F_ID, .flags = FIELD_FILTER, .ref = "consent", .label = "同意书|Consent"),
	FIELD(care_plan, law, F_STR, .flags = FIELD_WITHHELD, .max = 200, .purpose = PURPOSE_CARE, .label = "法律依据|Law"),
	FIELD(care_plan, started, F_DATE, .flags = FIELD_SORT | FIELD_ALWAYS, .label = "开始日期"),
	FIELD(care_plan, expires, F_DATE, .flags = FIELD_REQUIRED | FIELD_SORT, .label = "到期日期"),
	FIELD(care_plan, cycle_days, F_INT, .flags = FIELD_REQUIRED, .min = 1, .max = 366, .label = "周期天数|Every (days)"),
	FIELD(care_plan, mode, F_ENUM, .flags = FIELD_ALWAYS, .vocab = &care_mode_vocab, .label = "方式|Way"),
	FIELD(care_plan, visitor_id, F_ID, .flags = FIELD_FILTER, .ref = "user", .label = "走访人|Visitor"),
	FIELD(care_plan, next_due, F_DATE, .flags = FIELD_READONLY | FIELD_SORT | FIELD_ALWAYS, .label = "下次应访|Next visit due"),
	FIELD(care_plan, ended_at, F_DATE, .label = "结束日期"),
	FIELD(care_plan, ended_reason, F_ENUM, .flags = FIELD_FILTER, .vocab = &ended_vocab, .label = "结束原因"),
	PLACE_DERIVED(care_plan),
};

static const struct field care_visit_field[] = {
	ID_FIELDS(care_visit),
	FIELD(care_visit, plan_id, F_ID, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER, .ref = "care_plan"),
	FIELD(care_visit, at, F_TIME, .flags = FIELD_CREATE | FIELD_SORT | FIELD_ALWAYS, .label = "走访时间"),
	FIELD(care_visit, day, F_DATE, .flags = FIELD_HIDDEN),
	FIELD(care_visit, outcome, F_ENUM, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER, .vocab = &care_outcome_vocab,
		.label = "结果"),
	FIELD(care_visit, note, F_STR, .max = 500, .label = "备注"),
	FIELD(care_visit, event_id, F_ID, .flags = FIELD_CREATE | FIELD_FILTER, .ref = "matter", .label = "转为事件|Event"),
	FIELD(care_visit, on_spot, F_BOOL, .flags = FIELD_CREATE | FIELD_FILTER, .label = "当面确认|Confirmed on the spot"),
	PLACE_DERIVED(care_visit),
};

/* ---- tables ---- */

const struct entity building_entity = {
	.name = "building", .table = "building", .path = "buildings", .label = "楼栋|Buildings",
	.fields = FIELDS(building, building_field),
	.read = "registry.read", .write = "registry.write", .index = 2, .counted = 1, .order = "code", .flags = ENTITY_CARRY,
	.check = building_check, .after = building_after, .extra_row = entity_place_name, .more_row = &entity_place_name_shape,
};

const struct entity room_entity = {
	.name = "room", .table = "room", .path = "rooms", .label = "房屋|Rooms",
	.fields = FIELDS(room, room_field),
	.read = "registry.read", .write = "registry.write", .counted = 2, .order = "code", .flags = ENTITY_CARRY | ENTITY_DELETE,
	.check = room_check, .after = room_after, .extra_row = registry_names, .more_row = &room_names,
};

const struct entity household_entity = {
	.name = "household", .table = "household", .path = "households", .label = "家庭户|Households",
	.fields = FIELDS(household, household_field),
	.read = "person.read", .write = "person.write", .export = "person.export", .index = 3, .counted = 3, .order = "code", .flags = ENTITY_CARRY,
	.check = household_check, .after = household_after, .extra_row = registry_names, .more_row = &household_names,
};

const struct entity person_entity = {
	.name = "person", .table = "person", .path = "persons", .label = "人员|People",
	.fields = FIELDS(person, person_field),
	.read = "person.read", .write = "person.write", .full = "person.full", .export = "person.export", .index = 4, .counted = 4, .order = "id", .flags = ENTITY_CARRY,
	.check = person_check, .after = person_after, .extra_row = registry_names, .more_row = &person_names,
};

const struct entity venue_entity = {
	.name = "venue", .table = "venue", .path = "venues", .label = "场所|Venues",
	.fields = FIELDS(venue, venue_field),
	.read = "registry.read", .write = "registry.write", .full = "person.full", .index = 5, .counted = 5, .order = "name", .flags = ENTITY_CARRY,
	.check = venue_check, .after = venue_after, .extra_row = registry_names, .more_row = &venue_names,
};

const struct entity thing_class_entity = {
	.name = "thing_class", .table = "thing_class", .path = "thing_classes", .label = "部件类别|Classes of things",
	.fields = FIELDS(thing_class, thing_class_field),
	.read = "registry.read", .write = "admin.codes", .order = "code", .check = thing_class_check,
};

const struct entity thing_entity = {
	.name = "thing", .table = "thing", .path = "things", .label = "部件|Things",
	.fields = FIELDS(thing, thing_field),
	.read = "registry.read", .write = "registry.write", .index = 6, .counted = 6, .order = "code", .flags = ENTITY_CARRY | ENTITY_DELETE,
	.check = thing_check, .after = thing_after, .extra_row = registry_names, .more_row = &thing_names,
};

const struct entity organisation_entity = {
	.name = "organisation", .table = "organisation", .path = "organisations", .label = "单位组织|Organisations",
	.fields = FIELDS(organisation, organisation_field),
	.read = "registry.read", .write = "registry.write", .index = 7, .counted = 7, .order = "name", .flags = ENTITY_CARRY,
	.check = organisation_check, .after = organisation_after, .extra_row = entity_place_name, .more_row = &entity_place_name_shape,
};

const struct entity link_entity = {
	.name = "link", .table = "link", .path = "links", .label = "关系|Links",
	.fields = FIELDS(link, link_field),
	.read = "person.read", .write = "person.write", .export = "person.export", .order = "id", .flags = ENTITY_CARRY | ENTITY_DELETE,
	.check = link_check, .after = link_after, .extra_row = registry_names, .more_row = &link_names,
};

const struct entity consent_entity = {
	.name = "consent", .table = "consent", .path = "consents", .label = "同意记录|Consents",
	.fields = FIELDS(consent, consent_field),
	.read = "person.read", .write = "person.write", .export = "person.export", .order = "id",
	.flags = ENTITY_CARRY | ENTITY_NO_IMPORT,
	.check = consent_check, .after = consent_after, .extra_row = registry_names, .more_row = &consent_names,
};

const struct entity care_plan_entity = {
	.name = "care_plan", .table = "care_plan", .path = "care_plans", .label = "走访计划|Visit plans",
	.fields = FIELDS(care_plan, care_plan_field),
	.read = "care.read", .write = "care.write", .full = "care.full", .export = "care.export", .order = "next_due", .flags = ENTITY_CARRY,
	.check = care_plan_check, .after = care_plan_after, .extra_row = registry_names, .more_row = &care_plan_names,
};

const struct entity care_visit_entity = {
	.name = "care_visit", .table = "care_visit", .path = "care_visits", .label = "走访记录|Visits",
	.fields = FIELDS(care_visit, care_visit_field),
	.read = "care.read", .write = "care.write", .export = "care.export", .order = "-at", .flags = ENTITY_CARRY | ENTITY_NO_IMPORT,
	.check = care_visit_check, .after = care_visit_after, .extra_row = registry_names, .more_row = &care_visit_names,
};

/* ---- routes ---- */

static const struct member unmasked_member[] = {
	{ "id_no", F_STR, .null = true, .maybe = true },
	{ "phone", F_STR, .null = true, .maybe = true },
	{ "name", F_STR, .null = true, .maybe = true },
	{ "birth", F_DATE, .null = true, .maybe = true },
	{ "contact", F_STR, .null = true, .maybe = true },
};
static const struct shape unmasked_shape = { .name = "Unmasked", MEMBERS(unmasked_member) };

static const struct member reader_member[] = {
	{ "at", F_TIME },
	{ "by", F_ID, .null = true },
	{ "by_name", F_STR, .null = true },
	{ "purpose", F_STR, .null = true },
	{ "fields", F_STR, .list = 1 },
};
const struct shape registry_reader_shape = { .name = "Reader", MEMBERS(reader_member) };
static const struct member readers_member[] = { { "items", .of = &registry_reader_shape, .list = 1, .help = "newest first" } };
static const struct shape readers_shape = { .name = "Readers", MEMBERS(readers_member) };

static const struct member fact_member[] = {
	{ "field", F_STR },
	{ "source", F_ENUM, .vocab = &data_source_vocab },
	{ "by", F_ID, .null = true },
	{ "by_name", F_STR, .null = true },
	{ "at", F_TIME },
};
static const struct shape fact_shape = { .name = "Fact", MEMBERS(fact_member) };
static const struct member facts_member[] = { { "items", .of = &fact_shape, .list = 1 } };
static const struct shape facts_shape = { .name = "Facts", MEMBERS(facts_member) };

static const struct member verified_member[] = { { "id", F_ID }, { "version", F_INT }, { "verified_at", F_TIME, .null = true } };
static const struct shape verified_shape = { .name = "Verified", MEMBERS(verified_member) };

static const struct member counts_member[] = {
	{ "place", F_CODE, .null = true, .help = "null: all that is in sight" },
	{ "at", F_TIME },
	{ "people", F_INT, .null = true, .help = "null where people are not in sight" },
	{ "households", F_INT, .null = true },
	{ "buildings", F_INT },
	{ "rooms", F_INT },
	{ "venues", F_INT },
	{ "things", F_INT },
	{ "organisations", F_INT },
};
static const struct shape counts_shape = { .name = "RegistryCounts", MEMBERS(counts_member) };

static const struct member home_member[] = {
	{ "id", F_ID },
	{ "head", F_STR, .null = true, .help = "masked" },
	{ "size", F_INT, .null = true },
	{ "people", F_INT },
	{ "self_confirmed_at", F_TIME, .null = true },
	{ "visit_plans", F_INT, .null = true },
};
static const struct shape home_shape = { .name = "FloorHousehold", MEMBERS(home_member) };
static const struct member floor_room_member[] = {
	{ "id", F_ID },
	{ "unit_no", F_STR },
	{ "room_no", F_STR },
	{ "use", F_ENUM, .vocab = &room_use_vocab },
	{ "households", .of = &home_shape, .list = 1 },
};
static const struct shape floor_room_shape = { .name = "FloorRoom", MEMBERS(floor_room_member) };
static const struct member floor_member[] = { { "floor", F_INT }, { "rooms", .of = &floor_room_shape, .list = 1 } };
static const struct shape floor_shape = { .name = "Floor", MEMBERS(floor_member) };
static const struct member floors_member[] = {
	{ "id", F_ID },
	{ "code", F_STR },
	{ "name", F_STR },
	{ "floors", .of = &floor_shape, .list = 1, .help = "from the top down" },
	{ "rooms", F_INT },
	{ "households", F_INT, .null = true },
	{ "people", F_INT, .null = true },
	{ "visit_plans", F_INT, .null = true },
	{ "open_events", F_INT, .null = true, .help = "within sixty metres" },
};
static const struct shape floors_shape = { .name = "BuildingFloors", MEMBERS(floors_member) };

static const struct member plan_member[] = {
	{ "id", F_ID },
	{ "target", F_STR, .null = true, .help = "masked where people are not seen in full" },
	{ "target_kind", F_ENUM, .vocab = &object_vocab },
	{ "target_id", F_ID },
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
};
static const struct shape plan_shape = { MEMBERS(plan_member) };
static const char *const due_word[] = { "due", "overdue", "pending", NULL };
static const struct vocab due_vocab = { .name = "care_due_state", .word = due_word };
static const struct member missed_member[] = {
	{ "last", F_DATE, .null = true, .help = "the last visit that counts" },
	{ "due", F_DATE },
	{ "state", F_ENUM, .vocab = &due_vocab, .help = "pending: nobody at home on two days" },
};
static const struct shape missed_shape = { .name = "CareMissed", .base = &plan_shape, MEMBERS(missed_member) };
static const struct member left_member[] = {
	{ "ended_at", F_DATE },
	{ "reason", F_ENUM, .vocab = &ended_vocab, .null = true },
};
static const struct shape left_shape = { .name = "CareLeft", .base = &plan_shape, MEMBERS(left_member) };
static const struct member due_member[] = {
	{ "address", F_STR, .null = true, .help = "where people are seen in full; else only the place" },
	{ "lon", F_REAL, .null = true },
	{ "lat", F_REAL, .null = true },
	{ "due", F_DATE },
	{ "last", F_DATE, .null = true, .help = "the last visit that counts" },
	{ "state", F_ENUM, .vocab = &due_vocab, .help = "pending: nobody at home on two days" },
	{ "cycle_days", F_INT },
	{ "mode", F_ENUM, .vocab = &care_mode_vocab },
	{ "visitor_id", F_ID, .null = true },
	{ "visitor", F_STR, .null = true },
	{ "visit_matter_id", F_ID, .null = true, .help = "what was opened to have it done" },
};
static const struct shape due_shape = { .name = "CareDue", .base = &plan_shape, MEMBERS(due_member) };
static const struct member dues_member[] = {
	{ "day", F_DATE },
	{ "until", F_DATE },
	{ "count", F_INT, .help = "due by then, listed or not" },
	{ "overdue", F_INT, .help = "of them" },
	{ "items", .of = &due_shape, .list = 1, .help = "the longest overdue first" },
};
static const struct shape dues_shape = { .name = "CareDues", MEMBERS(dues_member) };
static const struct member coverage_member[] = {
	{ "day", F_DATE },
	{ "numerator", F_INT },
	{ "denominator", F_INT },
	{ "value", F_REAL, .null = true },
	{ "missed", .of = &missed_shape, .list = 1, .help = "the first five hundred" },
	{ "left", .of = &left_shape, .list = 1, .help = "ended within ninety days, with the reason" },
};
static const struct shape coverage_shape = { .name = "CareCoverage", MEMBERS(coverage_member) };

static const struct param place_params[] = { { "place", F_CODE, "only this place and below" } };
static const struct param coverage_params[] = {
	{ "place", F_CODE, "only this place and below" },
	{ "at", F_DATE, "as it stood at the end of this day; default today" },
};

static const struct param confirmed_params[] = {
	{ "place", F_CODE, "only this place and below" },
	{ "from", F_DATE, "visits made on this day or later; default thirty days back" },
	{ "to", F_DATE, "…or earlier; default today" },
};
static const struct member confirmed_member[] = {
	{ "from", F_DATE },
	{ "to", F_DATE },
	{ "self", F_INT, .help = "by whom it was about" },
	{ "guardian", F_INT },
	{ "on_spot", F_INT, .help = "as the visitor says" },
	{ "none", F_INT, .help = "nobody said anything within a week" },
	{ "objected", F_INT, .help = "that nobody came" },
	{ "checked", F_INT, .help = "objected to, looked into, and found to have taken place" },
	{ "waiting", F_INT },
};
static const struct shape confirmed_shape = { .name = "VisitConfirmations", MEMBERS(confirmed_member) };

static const struct member visitor_member[] = { { "id", F_ID }, { "name", F_STR } };
static const struct shape visitor_shape = { .name = "CareVisitor", MEMBERS(visitor_member) };
static const struct param visitor_params[] = { { "q", F_STR, "part of the name" }, { "limit", F_INT, "at most so many" } };
static const struct param due_params[] = {
	{ "place", F_CODE, "only this place and below" },
	{ "mine", F_BOOL, "only what names the asker as visitor, and what names nobody in the asker's own area" },
	{ "days", F_INT, "due within so many days; default 7" },
	{ "limit", F_INT, "1 to 500; default 100" },
};

static const struct route registry_routes[] = {
	{ .method = M_POST, .path = "/api/persons/{id}/unmask", .perm = "person.unmask", .in = &unmask_fields,
	  .reply = &unmasked_shape, .fn = registry_unmask, .data = &person_entity, .id = "unmaskPerson",
	  .summary = "Masked values in full, for a stated purpose" },
	{ .method = M_POST, .path = "/api/venues/{id}/unmask", .perm = "person.unmask", .in = &unmask_fields,
	  .reply = &unmasked_shape, .fn = registry_unmask, .data = &venue_entity, .id = "unmaskVenue",
	  .summary = "Masked values in full, for a stated purpose" },
	{ .method = M_GET, .path = "/api/persons/{id}/readers", .perm = "person.read", .reply = &readers_shape,
	  .fn = registry_readers, .data = &person_entity, .id = "listPersonReaders",
	  .summary = "Who read what of this person in full, when and why" },
	{ .method = M_GET, .path = "/api/registry/counts", .perm = "registry.read", .query = place_params,
	  .nquery = ARRAY_LEN(place_params), .reply = &counts_shape, .fn = registry_counts, .id = "countRegistry",
	  .summary = "People, households, buildings and the rest, exactly" },
	{ .method = M_GET, .path = "/api/registry/{kind}/{id}/facts", .perm = "registry.read", .reply = &facts_shape,
	  .fn = registry_facts_of, .id = "listRegistryFacts", .summary = "Source and date of each value" },
	{ .method = M_POST, .path = "/api/registry/{kind}/{id}/verify", .perm = "registry.write", .reply = &verified_shape,
	  .fn = registry_verify, .id = "setRegistryVerified", .summary = "Found right on the spot: nothing changes but the date" },
	{ .method = M_GET, .path = "/api/buildings/{id}/floors", .perm = "registry.read", .reply = &floors_shape,
	  .fn = building_floors, .id = "getBuildingFloors", .summary = "A building floor by floor" },
	{ .method = M_GET, .path = "/api/reports/care-coverage", .perm = "care.read", .query = coverage_params,
	  .nquery = ARRAY_LEN(coverage_params), .reply = &coverage_shape, .fn = care_coverage_report, .id = "getCareCoverage",
	  .summary = "Share of visit plans with a visit in their cycle, and those without" },
	{ .method = M_GET, .path = "/api/reports/care-due", .perm = "care.read", .query = due_params,
	  .nquery = ARRAY_LEN(due_params), .reply = &dues_shape, .fn = care_due_report, .id = "listCareDue",
	  .summary = "Visits that are due or overdue, with place and day" },
	{ .method = M_GET, .path = "/api/reports/visit-confirmations", .perm = "care.read", .query = confirmed_params,
	  .nquery = ARRAY_LEN(confirmed_params), .reply = &confirmed_shape, .fn = care_confirmed_report,
	  .id = "getVisitConfirmations", .summary = "By whom visits were confirmed" },
	{ .method = M_GET, .path = "/api/registry/visitors", .perm = "care.write", .query = visitor_params,
	  .nquery = ARRAY_LEN(visitor_params), .reply = &visitor_shape, .out_list = true, .fn = care_visitors,
	  .id = "listCareVisitors", .summary = "Who may be named as a visitor, in the asker's area" },
};

static enum err registry_seed(struct app *app, struct dbc *c)
{
	(void)app;
	return thing_class_seed(c, time_now());
}

static const struct entity *const registry_entities[] = { &organisation_entity, &building_entity, &room_entity,
	&household_entity, &person_entity, &venue_entity, &thing_class_entity, &thing_entity, &link_entity, &consent_entity,
	&care_plan_entity, &care_visit_entity, NULL };

static const struct matter_kind *const registry_kinds[] = { &visit_kind, NULL };
static const struct job registry_jobs[] = { { .name = "visits", .period_ms = 60000, .fn = visits_turn } };

const struct module registry_module = {
	.name = "registry",
	.kind = registry_kinds,
	.job = registry_jobs,
	.njob = ARRAY_LEN(registry_jobs),
	.entity = registry_entities,
	.route = registry_routes,
	.nroute = ARRAY_LEN(registry_routes),
	.sql = registry_sql,
	.nsql = REGISTRY_NSQL,
	.seed = registry_seed,
	.retain = registry_retain,
	.nretain = REGISTRY_NRETAIN,
};
