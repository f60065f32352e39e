/* Collection described: entities, shapes, routes, and the module. */
#include "core/secret.h"
#include "mod/collect/collect_impl.h"

/* ---- words ---- */

static const char *const kind_word[] = { "in", "out", "within", NULL };
static const char *const kind_label[] = { "迁入", "迁出", "区内迁移", NULL };
const struct vocab move_kind_vocab = {
	.name = "move_kind", .word = kind_word, .label = kind_label
};
static const char *const plans_word[] = { "follow", "end", NULL };
static const char *const plans_label[] = { "随迁", "结束", NULL };
const struct vocab plans_go_vocab = {
	.name = "plans_go", .word = plans_word, .label = plans_label
};
static const char *const outcome_word[] = { "approved", "rejected", "withdrawn", NULL };
static const char *const outcome_label[] = { "同意", "不同意", "撤回", NULL };
const struct vocab outcome_vocab = {
	.name = "change_outcome", .word = outcome_word, .label = outcome_label
};
static const char *const why_words[] = { "name_birth", "phone", "household", "name_place", "name_phone", "room", "number",
	"address", "near", NULL };
const struct vocab why_vocab = { .name = "duplicate_why", .word = why_words };

/* ---- entities ---- */

#define ID_FIELDS(S) FIELD(S, id, F_ID, .flags = FIELD_READONLY), FIELD(S, version, F_INT)
#define PLACE_FIELD(S)                                                               \
	FIELD(S, place, F_CODE,                                                      \
		.flags = FIELD_SCOPE | FIELD_FILTER | FIELD_READONLY | FIELD_ALWAYS, \
		.label = "所在网格|网格编码|网格")

static const struct field move_field[] = {
	ID_FIELDS(move),
	FIELD(move, change_id, F_ID, .flags = FIELD_READONLY | FIELD_FILTER | FIELD_ALWAYS,
		.label = "变动编号"),
	FIELD(move, kind, F_ENUM, .flags = FIELD_READONLY | FIELD_FILTER | FIELD_ALWAYS,
		.vocab = &move_kind_vocab, .label = "迁移类型"),
	FIELD(move, person_id, F_ID, .flags = FIELD_READONLY | FIELD_FILTER | FIELD_ALWAYS,
		.label = "人员"),
	FIELD(move, from_household, F_ID, .flags = FIELD_READONLY | FIELD_FILTER,
		.label = "原所属户"),
	FIELD(move, household_id, F_ID, .flags = FIELD_READONLY | FIELD_FILTER, .label = "所属户"),
	PLACE_FIELD(move),
	FIELD(move, from_place, F_CODE, .flags = FIELD_READONLY, .label = "原网格"),
	FIELD(move, day, F_DATE, .flags = FIELD_READONLY | FIELD_SORT | FIELD_ALWAYS,
		.label = "迁移日期"),
	FIELD(move, reason, F_ENUM, .flags = FIELD_READONLY | FIELD_FILTER, .vocab = &ended_vocab,
		.label = "离册原因"),
	FIELD(move, plans, F_ENUM, .flags = FIELD_READONLY, .vocab = &plans_go_vocab,
		.label = "走访计划"),
	FIELD(move, note, F_STR, .flags = FIELD_READONLY, .max = 300, .label = "备注"),
	FIELD(move, undone_at, F_TIME, .flags = FIELD_READONLY, .label = "撤销时间"),
};

const struct entity move_entity = {
	.name = "move",
	.table = "person_move",
	.path = "moves",
	.fields = FIELDS(move, move_field),
	.read = "person.read",
	.write = "person.write",
	.export = "person.export",
	.order = "-day",
	.flags = ENTITY_NO_CREATE | ENTITY_NO_IMPORT,
	.extra_row = entity_place_name,
	.more_row = &entity_place_name_shape,
};

static const struct field merge_field[] = {
	ID_FIELDS(merge),
	FIELD(merge, change_id, F_ID, .flags = FIELD_READONLY | FIELD_FILTER | FIELD_ALWAYS,
		.label = "变动编号"),
	FIELD(merge, kind, F_ENUM, .flags = FIELD_READONLY | FIELD_FILTER | FIELD_ALWAYS,
		.vocab = &object_vocab, .label = "对象"),
	FIELD(merge, winner_id, F_ID, .flags = FIELD_READONLY | FIELD_FILTER | FIELD_ALWAYS,
		.label = "保留"),
	FIELD(merge, loser_id, F_ID, .flags = FIELD_READONLY | FIELD_FILTER | FIELD_ALWAYS,
		.label = "并入"),
	FIELD(merge, taken, F_JSON, .flags = FIELD_READONLY, .max = 1000, .label = "采用的值"),
	PLACE_FIELD(merge),
	FIELD(merge, note, F_STR, .flags = FIELD_READONLY, .max = 300, .label = "备注"),
	FIELD(merge, undone_at, F_TIME, .flags = FIELD_READONLY, .label = "撤销时间"),
};

const struct entity merge_entity = {
	.name = "merge",
	.table = "registry_merge",
	.path = "merges",
	.fields = FIELDS(merge, merge_field),
	.read = "person.read",
	.write = "person.merge",
	.export = "person.export",
	.order = "-id",
	.flags = ENTITY_NO_CREATE | ENTITY_NO_IMPORT,
	.extra_row = entity_place_name,
	.more_row = &entity_place_name_shape,
};

/* Not tied to a place in the engine's sense: a grid's worker works in the community's round. */
static const struct field round_field[] = {
	ID_FIELDS(round),
	FIELD(round, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT, .min = 2,
		.max = 80, .label = "核采任务|名称"),
	FIELD(round, kinds, F_JSON, .flags = FIELD_REQUIRED, .max = 200, .label = "核采对象"),
	FIELD(round, place, F_CODE, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER,
		.label = "范围"),
	FIELD(round, starts, F_DATE, .flags = FIELD_REQUIRED | FIELD_SORT, .label = "开始日期"),
	FIELD(round, ends, F_DATE, .flags = FIELD_REQUIRED | FIELD_SORT, .label = "截止日期"),
	FIELD(round, fresh_days, F_INT, .flags = FIELD_REQUIRED, .min = 0, .max = 3660,
		.label = "有效天数"),
	FIELD(round, basis, F_STR, .flags = FIELD_REQUIRED, .min = 2, .max = 200, .label = "依据"),
	FIELD(round, active, F_BOOL, .flags = FIELD_FILTER | FIELD_ALWAYS, .label = "启用"),
};

const struct entity round_entity = {
	.name = "round",
	.table = "collect_round",
	.path = "rounds",
	.fields = FIELDS(round, round_field),
	.read = "round.read",
	.write = "round.write",
	.order = "-starts",
	.flags = ENTITY_NO_IMPORT,
	.check = round_check,
	.extra_row = entity_place_name,
	.more_row = &entity_place_name_shape,
};

/* ---- shapes ---- */

static const struct member moved_member[] = {
	{ "change_id", F_ID },
	{ "household_id", F_ID, .null = true, .help = "where they went" },
	{ "people", F_ID, .list = 1 },
	{ "ended_households", F_ID, .list = 1, .help = "left empty" },
	{ "unsure", F_ID, .list = 1, .help = "whose relation to a new head is not known: now `other`" },
};
static const struct shape moved_shape = { .name = "Moved", MEMBERS(moved_member) };

static const struct member undone_member[] = { { "id", F_ID }, { "change_id", F_ID },
	{ "undone_at", F_TIME } };
static const struct shape undone_shape = { .name = "Undone", MEMBERS(undone_member) };

static const struct member side_member[] = {
	{ "id", F_ID, .null = true, .help = "null: in an area that is not the asker's" },
	{ "name", F_STR },
	{ "place", F_CODE, .help = "in another area: the street" },
	{ "place_name", F_STR, .null = true },
};
static const struct shape side_shape = { .name = "DuplicateSide", MEMBERS(side_member) };
static const struct member pair_member[] = {
	{ "kind", F_ENUM, .vocab = &object_vocab },
	{ "a", .of = &side_shape },
	{ "b", .of = &side_shape },
	{ "why", F_ENUM, .vocab = &why_vocab, .list = 1 },
};
static const struct shape pair_shape = { .name = "DuplicatePair", MEMBERS(pair_member) };
static const struct member pairs_member[] = {
	{ "place", F_CODE },
	{ "items", .of = &pair_shape, .list = 1 },
	{ "next", F_ID, .null = true, .help = "as `after`, for more" },
};
static const struct shape pairs_shape = { .name = "DuplicatePairs", MEMBERS(pairs_member) };

static const struct member row_member[] = {
	{ "id", F_ID },
	{ "name", F_STR, .null = true },
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "version", F_INT },
	{ "active", F_BOOL },
	{ "source", F_ENUM, .vocab = &data_source_vocab },
	{ "verified_at", F_TIME, .null = true },
	{ "related", F_INT, .help = "what hangs on it: links, consents, visit plans, and what lies in it" },
};
static const struct shape row_shape = {
	.name = "DuplicateRow", MEMBERS(row_member)
};
static const struct member compared_member[] = {
	{ "field", F_STR },
	{ "a", F_STR, .null = true },
	{ "b", F_STR, .null = true },
	{ "a_at", F_TIME, .null = true, .help = "when the value changed after its row was made" },
	{ "b_at", F_TIME, .null = true },
	{ "same", F_BOOL, .help = "of the values themselves, also where they are masked" },
};
static const struct shape compared_shape = { .name = "ComparedField", MEMBERS(compared_member) };
static const struct member compare_member[] = {
	{ "kind", F_ENUM, .vocab = &object_vocab },
	{ "a", .of = &row_shape },
	{ "b", .of = &row_shape },
	{ "fields", .of = &compared_shape, .list = 1 },
};
static const struct shape compare_shape = { .name = "DuplicateComparison",
	MEMBERS(compare_member) };
static const struct member distinct_member[] = { { "distinct", F_BOOL } };
static const struct shape distinct_shape = { .name = "DuplicateDistinct",
	MEMBERS(distinct_member) };
static const struct member merged_member[] = {
	{ "id", F_ID },
	{ "change_id", F_ID },
	{ "winner_id", F_ID },
	{ "loser_id", F_ID },
};
static const struct shape merged_shape = { .name = "Merged", MEMBERS(merged_member) };

static const struct member asked_member[] = { { "id", F_ID }, { "no", F_STR } };
static const struct shape asked_shape = { .name = "ChangeRequested", MEMBERS(asked_member) };
static const struct member difference_member[] = {
	{ "field", F_STR },
	{ "from", F_STR, .null = true },
	{ "to", F_STR, .null = true },
	{ "conflict", F_BOOL, .help = "changed since it was asked for" },
};
static const struct shape difference_shape = { .name = "ChangeDifference",
	MEMBERS(difference_member) };
static const struct member change_more_member[] = {
	{ "object_kind", F_STR, .help = "path of the list it is in" },
	{ "object_id", F_ID },
	{ "fields", F_STR, .list = 1 },
	{ "value_source", F_ENUM, .vocab = &data_source_vocab },
	{ "outcome", F_ENUM, .vocab = &outcome_vocab, .null = true },
	{ "decided_by", F_ID, .null = true },
	{ "decided_at", F_TIME, .null = true },
	{ "differences", .of = &difference_shape, .list = 1, .help = "until it is decided" },
};
const struct shape change_more_shape = { MEMBERS(change_more_member) };

static const struct member round_member[] = {
	{ "id", F_ID },
	{ "name", F_STR },
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "kinds", F_STR, .list = 1, .help = "those this person sees" },
	{ "starts", F_DATE },
	{ "ends", F_DATE },
	{ "basis", F_STR },
	{ "limit", F_TIME, .help = "rows verified before are due" },
	{ "all", F_INT, .help = "rows in sight" },
	{ "done", F_INT },
};
static const struct shape round_shape = { .name = "OpenRound", MEMBERS(round_member) };
static const struct member rounds_member[] = { { "items", .of = &round_shape, .list = 1 } };
static const struct shape rounds_shape = { .name = "OpenRounds", MEMBERS(rounds_member) };
static const struct member kind_sum_member[] = { { "kind", F_STR }, { "all", F_INT },
	{ "done", F_INT } };
static const struct shape kind_sum_shape = { .name = "RoundKindSum", MEMBERS(kind_sum_member) };
static const struct member place_sum_member[] = {
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "kinds", .of = &kind_sum_shape, .list = 1 },
	{ "all", F_INT },
	{ "done", F_INT },
};
static const struct shape place_sum_shape = { .name = "RoundPlace", MEMBERS(place_sum_member) };
static const struct member progress_member[] = { { "places", .of = &place_sum_shape, .list = 1,
	.help = "in their own order" } };
static const struct shape progress_shape = {
	.name = "RoundProgress", .base = &round_shape, MEMBERS(progress_member)
};
static const struct member todo_member[] = {
	{ "id", F_ID },
	{ "version", F_INT },
	{ "label", F_STR, .help = "masked where people are not seen in full" },
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "verified_at", F_TIME, .null = true },
	{ "source", F_ENUM, .vocab = &data_source_vocab },
	{ "writes", F_BOOL, .help = "may be confirmed or changed by this person" },
};
static const struct shape todo_shape = { .name = "RoundTodo", MEMBERS(todo_member) };
static const struct member todos_member[] = {
	{ "items", .of = &todo_shape, .list = 1 },
	{ "next", F_ID, .null = true, .help = "as `after`, for more" },
};
static const struct shape todos_shape = { .name = "RoundTodos", MEMBERS(todos_member) };

/* ---- routes ---- */

static const struct param pairs_params[] = {
	{ "kind", F_STR, "person, household, building, room, venue, thing or organisation" },
	{ "place", F_CODE, "a street or less, unless across; default the asker's own area" },
	{ "across", F_BOOL, "one of them elsewhere; of a district: in two streets" },
	{ "after", F_ID, "`next` of the page before" },
};
static const struct param pair_params[] = {
	{ "kind", F_STR, "person, household, building, room, venue, thing or organisation" },
	{ "a", F_ID, "one of them" },
	{ "b", F_ID, "the other" },
};
static const struct param todo_params[] = {
	{ "kind", F_STR, "path of the kind: persons, rooms, …" },
	{ "place", F_CODE, "only this place and below" },
	{ "after", F_ID, "`next` of the page before" },
	{ "limit", F_INT, "page size, 1 to 100" },
};
static const struct param place_params[] = { { "place", F_CODE, "only this place and below" } };

static const struct route routes[] = {
	{ .method = M_POST,
		.path = "/api/moves",
		.perm = "person.write",
		.in = &move_in_fields,
		.reply = &moved_shape,
		.fn = move_create,
		.id = "createMove",
		.summary = "People or a household move in, out, or within, with all that hangs on "
			   "them" },
	{ .method = M_POST,
		.path = "/api/moves/{id}/undo",
		.perm = "person.write",
		.reply = &undone_shape,
		.fn = move_undo,
		.id = "cancelMove",
		.summary = "Put a whole move back, while nothing in it changed since" },
	{ .method = M_GET,
		.path = "/api/duplicates",
		.perm = "person.merge",
		.reply = &pairs_shape,
		.query = pairs_params,
		.nquery = ARRAY_LEN(pairs_params),
		.fn = pairs_list,
		.id = "listDuplicates",
		.summary = "Pairs that look alike, and why" },
	{ .method = M_GET,
		.path = "/api/duplicates/pair",
		.perm = "person.merge",
		.reply = &compare_shape,
		.query = pair_params,
		.nquery = ARRAY_LEN(pair_params),
		.fn = pair_get,
		.id = "getDuplicate",
		.summary = "Two rows side by side" },
	{ .method = M_POST,
		.path = "/api/duplicates/distinct",
		.perm = "person.merge",
		.in = &distinct_in_fields,
		.reply = &distinct_shape,
		.fn = pair_distinct,
		.id = "setDuplicateDistinct",
		.summary = "These are two: do not ask again" },
	{ .method = M_POST,
		.path = "/api/merges",
		.perm = "person.merge",
		.in = &merge_in_fields,
		.reply = &merged_shape,
		.fn = merge_create,
		.id = "createMerge",
		.summary = "Merge two rows into one of them" },
	{ .method = M_POST,
		.path = "/api/merges/{id}/undo",
		.perm = "person.merge",
		.reply = &undone_shape,
		.fn = merge_undo,
		.id = "cancelMerge",
		.summary = "Take a merge apart, while nothing in it changed since" },
	{ .method = M_POST,
		.path = "/api/change_requests",
		.perm = "change.create",
		.in = &change_in_fields,
		.reply = &asked_shape,
		.fn = change_create,
		.id = "createChangeRequest",
		.summary = "Ask that a row say something else" },
	{ .method = M_GET,
		.path = "/api/rounds/open",
		.perm = "round.read",
		.reply = &rounds_shape,
		.fn = rounds_mine,
		.id = "listOpenRounds",
		.summary = "Rounds of today that touch my area, and how far I am" },
	{ .method = M_GET,
		.path = "/api/rounds/{id}/todo",
		.perm = "round.read",
		.reply = &todos_shape,
		.query = todo_params,
		.nquery = ARRAY_LEN(todo_params),
		.fn = round_todo,
		.id = "listRoundTodo",
		.summary = "Rows to look at again" },
	{ .method = M_GET,
		.path = "/api/rounds/{id}/progress",
		.perm = "round.read",
		.reply = &progress_shape,
		.query = place_params,
		.nquery = ARRAY_LEN(place_params),
		.fn = round_progress,
		.id = "getRoundProgress",
		.summary = "How far each place is, from the rows themselves" },
};

/* What a change of keys seals anew. */
static const struct sealed sealed[] = { { "change_row", "before" },
	{ "change_request", "wanted" } };

static const struct job jobs[] = { { "collect.forget", 24 * 3600 * 1000, change_forget } };
static const struct entity *const entities[] = { &move_entity, &merge_entity, &round_entity, NULL };
static const struct matter_kind *const kinds[] = { &change_kind, NULL };

const struct module collect_module = {
	.name = "collect",
	.entity = entities,
	.kind = kinds,
	.route = routes,
	.nroute = ARRAY_LEN(routes),
	.job = jobs,
	.njob = ARRAY_LEN(jobs),
	.sql = collect_sql,
	.nsql = COLLECT_NSQL,
	.sealed = sealed,
	.nsealed = ARRAY_LEN(sealed),
};
