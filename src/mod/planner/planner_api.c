/* Plans over HTTP: the entity, proposing, moving cells, outlines, the list of what was carried, the
 * steps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/audit.h"
#include "mod/planner/planner_db.h"
#include "mod/planner/planner_plan.h"

static const char *const state_word[] = { "draft", "submitted", "approved", "rejected", "applied",
	"undone", NULL };
static const char *const state_label[] = { "草稿|Draft", "待审批|Submitted", "已批准|Approved",
	"未批准|Rejected", "已生效|In force", "已撤销|Undone", NULL };
static const struct vocab state_vocab = { "grid_plan_state", state_word, state_label };

#define READ FIELD_READONLY

static const struct field plan_field[] = {
	FIELD(grid_plan, id, F_ID, .flags = READ | FIELD_SORT),
	FIELD(grid_plan, version, F_INT),
	FIELD(grid_plan, place, F_CODE, .flags = READ | FIELD_SCOPE | FIELD_FILTER | FIELD_ALWAYS),
	FIELD(grid_plan, level, F_ENUM, .flags = READ | FIELD_FILTER | FIELD_ALWAYS,
		.vocab = &level_vocab),
	FIELD(grid_plan, kind, F_ENUM, .flags = READ | FIELD_FILTER | FIELD_ALWAYS,
		.vocab = &plan_kind_vocab, .label = "方式|Kind"),
	FIELD(grid_plan, state, F_ENUM, .flags = READ | FIELD_FILTER | FIELD_ALWAYS,
		.vocab = &state_vocab),
	FIELD(grid_plan, reason, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH, .min = 1,
		.max = 200, .label = "理由|Reason"),
	FIELD(grid_plan, effective, F_DATE, .flags = FIELD_SORT, .label = "生效日期|In force from"),
	FIELD(grid_plan, norm_target, F_INT, .flags = READ | FIELD_ALWAYS,
		.label = "目标户数|Target"),
	FIELD(grid_plan, norm_low, F_INT, .flags = READ | FIELD_ALWAYS,
		.label = "户数下限|At least"),
	FIELD(grid_plan, norm_high, F_INT, .flags = READ | FIELD_ALWAYS,
		.label = "户数上限|At most"),
	FIELD(grid_plan, proposed_by, F_ID, .flags = READ, .ref = "user",
		.label = "提出人|Proposed by"),
	FIELD(grid_plan, submitted_at, F_TIME, .flags = READ, .label = "提交时间|Submitted"),
	FIELD(grid_plan, submitted_by, F_ID, .flags = READ, .ref = "user",
		.label = "提交人|Submitted by"),
	FIELD(grid_plan, decided_at, F_TIME, .flags = READ, .label = "审批时间|Decided"),
	FIELD(grid_plan, decided_by, F_ID, .flags = READ, .ref = "user",
		.label = "审批人|Decided by"),
	FIELD(grid_plan, decision, F_STR, .flags = READ, .max = 500, .label = "审批意见|Remark"),
	FIELD(grid_plan, applied_at, F_TIME, .flags = READ, .label = "生效时间|In force since"),
	FIELD(grid_plan, applied_by, F_ID, .flags = READ, .ref = "user",
		.label = "执行人|Put in force by"),
	FIELD(grid_plan, undone_at, F_TIME, .flags = READ, .label = "撤销时间|Undone"),
	FIELD(grid_plan, undone_by, F_ID, .flags = READ, .ref = "user",
		.label = "撤销人|Undone by"),
	FIELD(grid_plan, problem, F_STR, .flags = READ, .max = 400,
		.label = "未能生效的原因|Why it is not in force"),
	FIELD(grid_plan, was, F_JSON, .flags = FIELD_HIDDEN),
	FIELD(grid_plan, becomes, F_JSON, .flags = FIELD_HIDDEN),
	FIELD(grid_plan, carried, F_JSON, .flags = FIELD_HIDDEN),
};

/* By hand only the reason and the day of a draft are changed; everything else by the steps. */
static enum err plan_check(struct req *rq, const void *old, void *rec)
{
	const struct grid_plan *was = old, *p = rec;

	if (was == NULL || was->state != p->state || was->state == GP_DRAFT)
		return OK;
	if (!str_eq(was->reason, p->reason) || was->effective != p->effective)
		return req_fail(rq, ERR_CONFLICT, "planner.state", "state",
			"only a draft is changed: take it back first");
	return OK;
}

static const struct member figure_member[] = {
	{ "units", F_INT },
	{ "inside", F_INT, .help = "within the standard" },
	{ "mean_drift", F_REAL, .null = true },
	{ "worst", F_REAL, .null = true },
	{ "households", F_INT },
	{ "moved", F_INT, .help = "households whose grid is another than today's" },
	{ "scattered", F_INT, .help = "grids in two pieces or more" },
	{ "distance_m", F_REAL,
		.help = "mean distance of a household from the middle of its grid" },
};
const struct shape plan_figures_shape = { .name = "GridFigures", MEMBERS(figure_member) };
static const struct member more_member[] = {
	{ "place_name", F_STR, .null = true },
	{ "before", .of = &plan_figures_shape },
	{ "after", .of = &plan_figures_shape },
	{ "carried", F_INT, .map = true, .null = true,
		.help = "how many of each were carried over" },
};
static const struct shape more_row = { .name = NULL, MEMBERS(more_member) };

static void plan_extra_row(struct req *rq, const struct entity *e, const void *rec, struct jw *out)
{
	const struct grid_plan *p = rec;

	entity_place_name(rq, e, rec, out);
	jw_kraw(out, "before", p->was);
	jw_kraw(out, "after", p->becomes);
	jw_kraw(out, "carried", p->carried);
}

const struct entity grid_plan_entity = {
	.name = "grid_plan",
	.table = "grid_plan",
	.path = "grid_plans",
	.fields = FIELDS(grid_plan, plan_field),
	.read = "planner.read",
	.write = "planner.plan",
	.order = "-id",
	.flags = ENTITY_NO_CREATE | ENTITY_NO_IMPORT,
	.check = plan_check,
	.extra_row = plan_extra_row,
	.more_row = &more_row,
};

/* ---- replies ---- */

enum err plan_reply(struct req *rq, const struct grid_plan *p, struct jw *out)
{
	jw_obj(out);
	for (size_t i = 0; i < grid_plan_entity.fields.n; i++)
		field_encode(&grid_plan_entity.fields.v[i], p, out);
	plan_extra_row(rq, &grid_plan_entity, p, out);
	jw_end_obj(out);
	return OK;
}

static enum err figures_text(struct req *rq, const struct plan_figures *f, struct str *ret)
{
	struct buf b;
	struct jw j;

	buf_init(&b, 2000);
	jw_init(&j, &b);
	figures_write(f, &j);
	*ret = str_dup(rq->arena, buf_view(&b));
	buf_release(&b);
	return ret->p == NULL ? ERR_NOMEM : OK;
}

enum err plan_figures_set(struct req *rq, const struct sheet *s, struct grid_plan *p)
{
	enum err err = figures_text(rq, &s->before, &p->was);

	return err != OK ? err : figures_text(rq, &s->after, &p->becomes);
}

enum err plan_load(struct req *rq, struct grid_plan *ret)
{
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	return err != OK ? err : entity_get(rq, &grid_plan_entity, id, ret);
}

static enum err audit_step(struct req *rq, const struct grid_plan *p, const char *action)
{
	return audit_add(rq->db, &(struct audit_entry){ .at = rq->now,
					 .actor = rq->who != NULL ? rq->who->user_id : NIL,
					 .action = action,
					 .object = "grid_plan",
					 .object_id = p->id,
					 .detail = p->becomes });
}

/* ---- proposing ---- */

struct create_body {
	int64_t place, kind;
	struct str codes, reason;
};
static const struct field create_field[] = {
	FIELD(create_body, place, F_CODE, .flags = FIELD_REQUIRED),
	FIELD(create_body, kind, F_ENUM, .flags = FIELD_REQUIRED, .vocab = &plan_kind_vocab),
	FIELD(create_body, codes, F_JSON, .max = 1000),
	FIELD(create_body, reason, F_STR, .flags = FIELD_REQUIRED, .min = 1, .max = 200),
};
const struct fields plan_create_fields = FIELDS(create_body, create_field);

static enum err read_codes(
	struct req *rq, struct str text, int64_t ret[SHEET_WHICH_MAX], size_t *ret_n)
{
	json_t *list = NULL, *v;
	size_t i;
	enum err err = text.p == NULL ? OK : field_parse_json(text, &list, &rq->err);

	*ret_n = 0;
	if (err == OK && list != NULL &&
		(!json_is_array(list) || json_array_size(list) > SHEET_WHICH_MAX))
		err = req_fail(rq, ERR_INVALID, "planner.codes", "codes",
			"codes is a list of at most %d codes", SHEET_WHICH_MAX);
	json_array_foreach(list, i, v)
	{
		if (err == OK && (!json_is_string(v) || !place_parse(str_z(json_string_value(v)),
								&ret[(*ret_n)++])))
			err = req_fail(rq, ERR_INVALID, "code", "codes",
				"that is not the code of a place");
	}
	json_decref(list);
	return err;
}

/* A community, or a general grid, in force and in the asker's area. */
static enum err check_place(struct req *rq, int64_t code)
{
	const struct place *p = snap_place(req_snap(rq), code);

	if (p == NULL || !place_in_force(p->valid_to, date_of(rq->now)) ||
		!may_at(rq->who, "planner.plan", code))
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "place", "there is no such place");
	if (p->level != LEVEL_COMMUNITY && (p->level != LEVEL_GRID || place_is_dedicated(p->kind)))
		return req_fail(rq, ERR_INVALID, "planner.place", "place",
			"a plan is of the grids of a community, or of the micro-grids of a general "
			"grid");
	return OK;
}

enum err plan_create(struct req *rq, struct jw *out)
{
	const struct create_body *in = rq->in;
	struct sheet *s = ARENA_NEW(rq->arena, struct sheet);
	struct grid_plan p;
	int64_t which[SHEET_WHICH_MAX], id;
	size_t n = 0;
	enum err err = s == NULL ? ERR_NOMEM : check_place(rq, in->place);

	if (err == OK)
		err = read_codes(rq, in->codes, which, &n);
	if (err == OK)
		err = sheet_today(rq, in->place, s);
	if (err == OK)
		err = sheet_propose(rq, s, (enum plan_kind)in->kind, which, n);
	if (err != OK)
		return err;
	fields_clear(&grid_plan_entity.fields, &p);
	p.place = in->place;
	p.level = s->level;
	p.kind = in->kind;
	p.state = GP_DRAFT;
	p.reason = in->reason;
	p.norm_target = s->norm.target;
	p.norm_low = s->norm.low;
	p.norm_high = s->norm.high;
	p.proposed_by = rq->who->user_id;
	err = plan_figures_set(rq, s, &p);
	if (err == OK)
		err = entity_insert(rq, &grid_plan_entity, &p, &id);
	if (err == OK)
		err = plan_rows_put(rq->db, id, s);
	return err != OK ? err : plan_reply(rq, &p, out);
}

/* ---- the sheet ---- */

static const struct member part_member[] = {
	{ "part", F_INT },
	{ "name", F_STR },
	{ "origin", F_CODE, .null = true, .help = "the grid of today that it continues" },
	{ "origin_name", F_STR, .null = true },
	{ "code", F_CODE, .null = true, .help = "once in force" },
	{ "households", F_INT },
	{ "buildings", F_INT },
	{ "inside", F_BOOL },
	{ "whole", F_BOOL, .help = "false: it is in two pieces or more" },
	{ "changed", F_BOOL },
};
static const struct shape part_shape = { .name = "GridPlanPart", MEMBERS(part_member) };
static const struct member unit_member[] = {
	{ "code", F_CODE },
	{ "name", F_STR },
	{ "households", F_INT },
	{ "inside", F_BOOL },
	{ "changed", F_BOOL },
};
static const struct shape unit_shape = { .name = "GridPlanUnit", MEMBERS(unit_member) };
static const struct member cell_member[] = {
	{ "building", F_ID },
	{ "name", F_STR, .null = true },
	{ "from", F_CODE, .null = true },
	{ "part", F_INT },
	{ "households", F_INT },
	{ "lon", F_REAL },
	{ "lat", F_REAL },
};
static const struct shape cell_shape = { .name = "GridPlanCell", MEMBERS(cell_member) };
static const struct shape plan_detail_shape = { .name = "GridPlan" };
static const struct member barrier_member[] = {
	{ "name", F_STR },
	{ "kind", F_STR },
	{ "line", F_JSON },
};
static const struct shape sheet_barrier_shape = { .name = NULL, MEMBERS(barrier_member) };
static const struct member sheet_member[] = {
	{ "plan", .of = &plan_detail_shape },
	{ "units", .of = &unit_shape, .list = 1, .help = "grids of today" },
	{ "parts", .of = &part_shape, .list = 1, .help = "future grids" },
	{ "cells", .of = &cell_shape, .list = 1, .help = "buildings, each in one part" },
	{ "barriers", .of = &sheet_barrier_shape, .list = 1, .help = "roads, rivers … between them" },
	{ "may", F_STR, .list = 1, .help = "steps the asker may take now" },
	{ "people", F_STR, .map = true, .help = "names of those who took the steps, by id" },
};
const struct shape plan_sheet_shape = { .name = "GridPlanSheet", MEMBERS(sheet_member) };

static void write_parts(const struct sheet *s, struct jw *out)
{
	jw_karr(out, "units");
	for (size_t i = 0; i < s->nunit; i++) {
		const struct sheet_unit *u = &s->unit[i];

		jw_obj(out);
		jw_kid(out, "code", u->code);
		jw_kstr(out, "name", u->name);
		jw_kint(out, "households", u->households);
		jw_kbool(out, "inside", norm_ok(&s->norm, u->households));
		jw_kbool(out, "changed", u->changed);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_karr(out, "parts");
	for (size_t i = 0; i < s->npart; i++) {
		const struct sheet_part *p = &s->part[i];
		const struct sheet_unit *u = p->origin == PLAN_NO_GRID ? NULL : &s->unit[p->origin];

		jw_obj(out);
		jw_kint(out, "part", (int64_t)i);
		jw_kstr(out, "name", p->name);
		jw_kid(out, "origin", u != NULL ? u->code : NIL);
		jw_kstr(out, "origin_name", u != NULL ? u->name : (struct str){ NULL, 0 });
		jw_kid(out, "code", p->code);
		jw_kint(out, "households", p->households);
		jw_kint(out, "buildings", p->cells);
		jw_kbool(out, "inside", p->cells > 0 && norm_ok(&s->norm, p->households));
		jw_kbool(out, "whole", p->pieces < 2);
		jw_kbool(out, "changed", p->changed);
		jw_end_obj(out);
	}
	jw_end_arr(out);
}

static enum err write_cells(struct req *rq, const struct sheet *s, struct jw *out)
{
	struct rows *r;

	jw_karr(out, "cells");
	for (size_t i = 0; i < s->ncell; i++) {
		const struct sheet_cell *c = &s->cell[i];
		enum err err;

		r = db_query(rq->db, planner_sql[Q_PLAN_NAMES], ARGS(I(c->building)));
		jw_obj(out);
		jw_kid(out, "building", c->building);
		jw_kstr(out, "name", rows_next(r) ? row_str_at(r, 0) : (struct str){ NULL, 0 });
		jw_kid(out, "from", c->unit == PLAN_NO_GRID ? NIL : s->unit[c->unit].code);
		jw_kint(out, "part", c->part);
		jw_kint(out, "households", c->households);
		jw_kreal(out, "lon", c->lon);
		jw_kreal(out, "lat", c->lat);
		jw_end_obj(out);
		err = rows_close(r);
		if (err != OK)
			return err;
	}
	jw_end_arr(out);
	return OK;
}

static void write_barriers(const struct sheet *s, struct jw *out)
{
	jw_karr(out, "barriers");
	for (size_t i = 0; i < s->nbarrier; i++) {
		jw_obj(out);
		jw_kstr(out, "name", s->barrier[i].name);
		jw_kz(out, "kind", s->barrier[i].kind);
		jw_kraw(out, "line", s->barrier[i].line);
		jw_end_obj(out);
	}
	jw_end_arr(out);
}

/* ---- steps ---- */

enum step {
	STEP_SUBMIT,
	STEP_WITHDRAW,
	STEP_APPROVE,
	STEP_REJECT,
	STEP_APPLY,
	STEP_UNDO,
	STEP_MAX
};
#define GP(s) (1u << GP_##s)

static const struct step_rule {
	const char *word, *perm;
	unsigned from;
	enum plan_state to;
	bool above; /* by somebody else, with a post above the place */
	bool text;  /* with a reason */
} steps[STEP_MAX] = {
	[STEP_SUBMIT] = { "submit", "planner.plan", GP(DRAFT), GP_SUBMITTED, false, false },
	[STEP_WITHDRAW] = { "withdraw", "planner.plan", GP(SUBMITTED) | GP(APPROVED), GP_DRAFT,
		false, false },
	[STEP_APPROVE] = { "approve", "planner.approve", GP(SUBMITTED), GP_APPROVED, true, false },
	[STEP_REJECT] = { "reject", "planner.approve", GP(SUBMITTED), GP_REJECTED, true, true },
	[STEP_APPLY] = { "apply", "planner.approve", GP(APPROVED), GP_APPLIED, false, false },
	[STEP_UNDO] = { "undo", "planner.approve", GP(APPLIED), GP_UNDONE, false, true },
};

/* A post that decides on plans, at a place above the plan's. */
static bool stands_above(const struct principal *who, int64_t place)
{
	uint64_t roles = perm_roles("planner.approve");

	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];

		if (((roles >> p->role) & 1) && place >= p->lo && place < p->hi &&
			place_level(p->lo) < place_level(place))
			return true;
	}
	return false;
}

static bool is_due(const struct req *rq, const struct grid_plan *p)
{
	return p->effective == NIL || p->effective <= date_of(rq->now);
}

static bool step_offered(const struct req *rq, const struct grid_plan *p, enum step step)
{
	const struct step_rule *r = &steps[step];

	if (!((r->from >> p->state) & 1) || !may_at(rq->who, r->perm, p->place))
		return false;
	if (r->above &&
		(rq->who->user_id == p->proposed_by || rq->who->user_id == p->submitted_by ||
			!stands_above(rq->who, p->place)))
		return false;
	return step != STEP_APPLY || is_due(rq, p);
}

static enum err step_refused(struct req *rq, const struct grid_plan *p, enum step step)
{
	const struct step_rule *r = &steps[step];

	if (!((r->from >> p->state) & 1))
		return req_fail(rq, ERR_CONFLICT, "planner.state", "state",
			"a plan that is %s cannot %s", state_word[p->state], r->word);
	if (!may_at(rq->who, r->perm, p->place))
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such grid_plan");
	if (step == STEP_APPLY && !is_due(rq, p))
		return req_fail(rq, ERR_CONFLICT, "planner.not_due", "effective",
			"its day has not come yet");
	return req_fail(rq, ERR_CONFLICT, "planner.other_person", "",
		"it is decided by another person, whose post is above this place");
}

/* Staff who act on plans, for those who may not read accounts. */
static enum err write_people(struct req *rq, const struct grid_plan *p, struct jw *out)
{
	const int64_t id[] = { p->proposed_by, p->submitted_by, p->decided_by, p->applied_by, p->undone_by };
	enum err err = OK;

	jw_kobj(out, "people");
	for (size_t i = 0; i < ARRAY_LEN(id) && err == OK; i++) {
		bool told = id[i] == NIL;
		struct rows *r;
		char key[24];

		for (size_t k = 0; k < i; k++)
			told = told || id[k] == id[i];
		if (told)
			continue;
		snprintf(key, sizeof(key), "%lld", (long long)id[i]);
		r = db_query(rq->db, planner_sql[Q_PLAN_PERSON], ARGS(I(id[i])));
		if (rows_next(r))
			jw_kstr(out, key, row_str_at(r, 0));
		err = rows_close(r);
	}
	jw_end_obj(out);
	return err;
}

enum err plan_sheet_write(
	struct req *rq, const struct grid_plan *p, const struct sheet *s, struct jw *out)
{
	enum err err;

	jw_obj(out);
	jw_key(out, "plan");
	err = plan_reply(rq, p, out);
	if (err != OK)
		return err;
	write_parts(s, out);
	err = write_cells(rq, s, out);
	write_barriers(s, out);
	jw_karr(out, "may");
	for (int i = 0; i < STEP_MAX; i++) {
		if (step_offered(rq, p, (enum step)i))
			jw_z(out, steps[i].word);
	}
	if (p->state == GP_DRAFT && may_at(rq->who, "planner.plan", p->place))
		jw_z(out, "change");
	jw_end_arr(out);
	if (err == OK)
		err = write_people(rq, p, out);
	jw_end_obj(out);
	return err;
}

enum err plan_sheet(struct req *rq, struct jw *out)
{
	struct sheet *s = ARENA_NEW(rq->arena, struct sheet);
	struct grid_plan p;
	enum err err = s == NULL ? ERR_NOMEM : plan_load(rq, &p);

	if (err == OK)
		err = sheet_of_plan(rq, &p, s);
	return err != OK ? err : plan_sheet_write(rq, &p, s, out);
}

struct step_body {
	int64_t version, effective;
	struct str text;
};
static const struct field step_field[] = {
	FIELD(step_body, version, F_INT, .min = 1, .max = INT64_C(1) << 40),
	FIELD(step_body, effective, F_DATE),
	FIELD(step_body, text, F_STR, .max = 500),
};
const struct fields plan_step_fields = FIELDS(step_body, step_field);

static enum err check_version(struct req *rq, const struct grid_plan *p, int64_t version)
{
	if (version == NIL)
		return req_fail(rq, ERR_INVALID, "required", "version",
			"version is required: the number you read with the plan");
	if (version != p->version)
		return req_fail(rq, ERR_CONFLICT, "conflict.version", "version",
			"somebody changed it meanwhile; reload and try again");
	return OK;
}

/* Before it goes to somebody: it changes something, and the tree is still the one it was made for.
 */
static enum err check_ready(struct req *rq, const struct grid_plan *p)
{
	struct sheet *s = ARENA_NEW(rq->arena, struct sheet);
	enum err err = s == NULL ? ERR_NOMEM : sheet_of_plan(rq, p, s);

	if (err == OK && !sheet_changes(s))
		err = req_fail(rq, ERR_CONFLICT, "planner.nothing", "",
			"as it stands the plan changes nothing");
	return err != OK ? err : sheet_fresh(rq, s);
}

static void take_step(
	const struct req *rq, enum step step, const struct step_body *in, struct grid_plan *p)
{
	p->state = steps[step].to;
	p->problem = (struct str){ NULL, 0 };
	if (in->effective != NIL && (step == STEP_SUBMIT || step == STEP_APPROVE))
		p->effective = in->effective;
	if (p->effective == NIL)
		p->effective = date_of(rq->now);
	if (step == STEP_SUBMIT) {
		p->submitted_at = rq->now;
		p->submitted_by = rq->who->user_id;
	} else if (step == STEP_WITHDRAW) {
		p->submitted_at = p->submitted_by = p->decided_at = p->decided_by = NIL;
	} else {
		p->decided_at = rq->now;
		p->decided_by = rq->who->user_id;
		p->decision = in->text;
	}
}

static enum err store_step(
	struct req *rq, enum step step, const struct step_body *in, const struct grid_plan *old)
{
	static const char *const action[STEP_MAX] = { "plan.submit", "plan.withdraw",
		"plan.approve", "plan.reject", NULL, NULL };
	struct grid_plan p = *old;
	enum err err = step == STEP_SUBMIT || step == STEP_APPROVE ? check_ready(rq, old) : OK;

	if (err != OK)
		return err;
	take_step(rq, step, in, &p);
	err = entity_update(rq, &grid_plan_entity, old, &p);
	return err != OK ? err : audit_step(rq, &p, action[step]);
}

enum err plan_step(struct req *rq, struct jw *out)
{
	const struct step_body *in = rq->in;
	enum step step = (enum step)((const struct step_rule *)rq->route->data - steps);
	struct grid_plan old;
	enum err err = plan_load(rq, &old);

	if (err == OK && !step_offered(rq, &old, step))
		err = step_refused(rq, &old, step);
	if (err == OK)
		err = check_version(rq, &old, in->version);
	if (err == OK && steps[step].text && str_trim(in->text).n == 0)
		err = req_fail(rq, ERR_INVALID, "required", "text", "say why");
	if (err != OK)
		return err;
	if (step == STEP_APPLY)
		err = plan_apply(rq, &old);
	else if (step == STEP_UNDO)
		err = plan_undo(rq, &old, in->text);
	else
		err = store_step(rq, step, in, &old);
	if (err == OK)
		err = plan_load(rq, &old);
	rq->reply.status = 200;
	return err != OK ? err : plan_reply(rq, &old, out);
}

/* ---- what is changed by hand ---- */

enum err plan_draft(struct req *rq, int64_t version, struct grid_plan *ret)
{
	enum err err = plan_load(rq, ret);

	if (err == OK && !may_at(rq->who, "planner.plan", ret->place))
		err = req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such grid_plan");
	if (err == OK)
		err = check_version(rq, ret, version);
	if (err == OK && ret->state != GP_DRAFT)
		err = req_fail(rq, ERR_CONFLICT, "planner.state", "state",
			"only a draft is changed: take it back first");
	return err;
}

/* ---- the module ---- */

#define STEP(word, nr, op, text)                                                       \
	{                                                                              \
		.method = M_POST, .path = "/api/grid_plans/{id}/" word,                \
		.perm = nr >= STEP_APPROVE ? "planner.approve" : "planner.plan",       \
		.in = &plan_step_fields, .reply = &plan_detail_shape, .fn = plan_step, \
		.data = &steps[nr], .id = op, .summary = text                          \
	}

static const struct param carried_params[] = { { "after", F_INT, "`next` of the page before" } };

static const struct param assign_params[] = { { "object", F_STR, "post (as when left out) or matter" } };

static const struct route planner_routes[] = {
	{ .method = M_POST,
		.path = "/api/grid_plans",
		.perm = "planner.plan",
		.in = &plan_create_fields,
		.reply = &plan_detail_shape,
		.fn = plan_create,
		.id = "createGridPlan",
		.summary = "Propose to split, merge or re-partition the grids of a community, or "
			   "the micro-grids of a grid" },
	{ .method = M_GET,
		.path = "/api/grid_plans/{id}/sheet",
		.perm = "planner.read",
		.reply = &plan_sheet_shape,
		.fn = plan_sheet,
		.id = "getGridPlanSheet",
		.summary = "A plan with its grids, parts and buildings" },
	{ .method = M_PATCH,
		.path = "/api/grid_plans/{id}/cells",
		.perm = "planner.plan",
		.in = &plan_cells_fields,
		.reply = &plan_sheet_shape,
		.fn = plan_cells,
		.id = "changeGridPlanCells",
		.summary = "Move buildings to other parts, name parts; the figures follow" },
	{ .method = M_GET,
		.path = "/api/grid_plans/{id}/outlines",
		.perm = "planner.read",
		.reply = &plan_outlines_shape,
		.fn = plan_outlines,
		.id = "getGridPlanOutlines",
		.summary = "Outlines before and after" },
	{ .method = M_GET,
		.path = "/api/grid_plans/{id}/carried",
		.perm = "planner.read",
		.query = carried_params,
		.nquery = ARRAY_LEN(carried_params),
		.reply = &plan_carried_shape,
		.fn = plan_carried,
		.id = "listGridPlanCarried",
		.summary = "What was carried over when the plan came into force" },
	{ .method = M_GET,
		.path = "/api/grid_plans/{id}/assignments",
		.perm = "planner.read",
		.query = assign_params,
		.nquery = ARRAY_LEN(assign_params),
		.reply = &plan_assignments_shape,
		.fn = plan_assignments,
		.id = "listGridPlanAssignments",
		.summary = "Posts or open matters of the grids that change, and the part each goes to" },
	{ .method = M_PATCH,
		.path = "/api/grid_plans/{id}/assignments",
		.perm = "planner.plan",
		.in = &plan_assign_fields,
		.reply = &plan_detail_shape,
		.fn = plan_assign,
		.id = "changeGridPlanAssignments",
		.summary = "Give posts and open matters to parts by hand, or back to the rule" },
	{ .method = M_POST,
		.path = "/api/grid_barriers/geojson",
		.perm = "planner.plan",
		.in = &barrier_features_fields,
		.reply = &barrier_features_shape,
		.fn = barrier_features,
		.id = "createGridBarriersOfFile",
		.summary = "Barriers from a GeoJSON file, all of them or none" },
	STEP("submit", STEP_SUBMIT, "submitGridPlan", "Hand a plan in for approval"),
	STEP("withdraw", STEP_WITHDRAW, "withdrawGridPlan", "Make it a draft again"),
	STEP("approve", STEP_APPROVE, "approveGridPlan",
		"Approve: by another person with a post above"),
	STEP("reject", STEP_REJECT, "rejectGridPlan", "Reject, with a reason"),
	STEP("apply", STEP_APPLY, "applyGridPlan",
		"Put an approved plan in force whose day has come"),
	STEP("undo", STEP_UNDO, "undoGridPlan", "Take it back: everything returns by the list"),
};

static const struct job planner_jobs[] = {
	{ .name = "grid_plan", .period_ms = 60000, .fn = plan_due }
};
static const struct entity *const planner_entities[] = { &grid_plan_entity, &grid_barrier_entity,
	NULL };

const struct module planner_module = {
	.name = "planner",
	.entity = planner_entities,
	.route = planner_routes,
	.nroute = ARRAY_LEN(planner_routes),
	.job = planner_jobs,
	.njob = ARRAY_LEN(planner_jobs),
	.sql = planner_sql,
	.nsql = PLANNER_NSQL,
};
