/*
 * A draft changed by hand: buildings to other parts, and where the posts and open matters of the
 * grids that change go, if not where they would go by themselves.
 */
#include <math.h>
#include <stdlib.h>

#include "core/audit.h"
#include "mod/planner/planner_db.h"
#include "mod/planner/planner_plan.h"

enum { LISTED = 500, NAMED_MAX = 500 };

static const char post_word[] = "post", matter_word[] = "matter";

/* ---- the list ---- */

static const struct member item_member[] = {
	{ "object", F_STR },
	{ "id", F_ID },
	{ "label", F_STR, .null = true,
		.help = "whose post, for those who may read posts; a matter's title" },
	{ "role", F_ENUM, .vocab = &role_vocab, .null = true },
	{ "from", F_CODE },
	{ "from_name", F_STR, .null = true },
	{ "part", F_INT, .null = true, .help = "where it goes; null: it stays at its place" },
	{ "by_hand", F_BOOL },
};
static const struct shape item_shape = { .name = "GridPlanAssignment", MEMBERS(item_member) };
static const struct member list_member[] = {
	{ "items", .of = &item_shape, .list = 1 },
	{ "more", F_BOOL, .help = "there are more than are listed" },
};
const struct shape plan_assignments_shape = { .name = "GridPlanAssignments", MEMBERS(list_member) };

struct listing {
	struct req *rq;
	struct handover h;
	struct jw *out;
	int64_t n;
};

static int64_t part_at(const struct handover *h, int64_t place)
{
	int64_t code = place == NIL ? NIL : place_up(place, h->s->level);

	for (size_t p = 0; code != NIL && p < h->s->npart; p++) {
		if (h->s->part[p].code == code)
			return (int64_t)p;
	}
	return NIL;
}

static void write_item(
	struct listing *l, bool matter, const struct matter_now *m, int64_t role, struct str label)
{
	int64_t by_itself = carry_to(&l->h.map, m->place, m->lon, m->lat);
	int64_t to = carry_target(&l->h, matter, m->id, m->place, m->lon, m->lat);
	struct jw *out = l->out;

	if (l->n++ >= LISTED)
		return;
	jw_obj(out);
	jw_kz(out, "object", matter ? matter_word : post_word);
	jw_kid(out, "id", m->id);
	jw_kstr(out, "label", label);
	jw_kz(out, "role", vocab_word(&role_vocab, role));
	jw_kid(out, "from", m->place);
	jw_kstr(out, "from_name", snap_place_name(req_snap(l->rq), m->place));
	jw_kint(out, "part", part_at(&l->h, to));
	jw_kbool(out, "by_hand", to != by_itself);
	jw_end_obj(out);
}

static enum err list_post(const struct post_now *p, void *arg)
{
	struct listing *l = arg;
	const struct matter_now at = {
		.id = p->id, .place = p->place, .unit_id = NIL, .lon = NAN, .lat = NAN
	};
	bool named = may(l->rq->who, "post.read");

	write_item(l, false, &at, p->role, named ? p->name : (struct str){ NULL, 0 });
	return OK;
}

static enum err list_matters(struct listing *l, int64_t lo, int64_t hi)
{
	struct matter_seen *v = arena_array(l->rq->arena, LISTED + 1, sizeof(*v));
	size_t n = 0;
	enum err err = v == NULL ? ERR_NOMEM : plan_open_matters(l->rq, lo, hi, v, LISTED + 1, &n);

	for (size_t i = 0; i < n && err == OK; i++)
		write_item(l, true, &v[i].m, NIL, v[i].title);
	return err;
}

/* Of a plan in force the list of what was carried tells it. */
enum err plan_assignments(struct req *rq, struct jw *out)
{
	struct str object = req_query(rq, "object");
	bool matters = str_eqz(object, matter_word);
	struct listing l = { .rq = rq, .out = out };
	struct grid_plan p;
	enum err err = plan_load(rq, &p);

	if (err == OK && !matters && object.p != NULL && !str_eqz(object, post_word))
		err = req_fail(rq, ERR_INVALID, "word", "object", "object is post or matter");
	if (err == OK && p.state != GP_APPLIED && p.state != GP_UNDONE)
		err = plan_forecast(rq, &p, &l.h);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_karr(out, "items");
	for (size_t u = 0; l.h.s != NULL && u < l.h.s->nunit && err == OK; u++) {
		int64_t lo = l.h.s->unit[u].code, hi = place_end(lo);

		if (l.h.s->unit[u].changed)
			err = matters ? list_matters(&l, lo, hi)
				      : plan_posts_each(rq->db, lo, hi, rq->now, list_post, &l);
	}
	jw_end_arr(out);
	jw_kbool(out, "more", l.n > LISTED);
	jw_end_obj(out);
	rq->rows = l.n;
	return err;
}

/* ---- given to a part ---- */

struct assign_body {
	int64_t version;
	struct str items;
};
static const struct field assign_field[] = {
	FIELD(assign_body, version, F_INT, .min = 1, .max = INT64_C(1) << 40),
	FIELD(assign_body, items, F_JSON, .flags = FIELD_REQUIRED, .max = 1 << 16),
};
const struct fields plan_assign_fields = FIELDS(assign_body, assign_field);

static enum err choose(struct req *rq, int64_t plan, const struct sheet *s, json_t *v)
{
	const char *object = json_string_value(json_object_get(v, "object"));
	json_t *part = json_object_get(v, "part");
	int64_t id = 0, to = json_integer_value(part), at = NIL;
	bool matter = str_eqz(str_z(object), matter_word);
	int32_t unit;
	enum err err;

	if ((!matter && !str_eqz(str_z(object), post_word)) ||
		!str_i64(str_z(json_string_value(json_object_get(v, "id"))), &id))
		return req_fail(rq, ERR_INVALID, "reference", "items",
			"each names an object (post or matter) and its id");
	if (json_is_null(part))
		return db_exec(rq->db, planner_sql[Q_PLAN_CHOICE_DROP],
			ARGS(I(plan), Z(matter ? matter_word : post_word), I(id)), NULL);
	if (!json_is_integer(part) || to < 0 || to >= (int64_t)s->npart || s->part[to].cells == 0)
		return req_fail(rq, ERR_INVALID, "planner.part", "items",
			"there is no such part, or it has no building");
	err = plan_lies_at(rq, matter, id, &at);
	unit = at == NIL ? PLAN_NO_GRID : sheet_unit_at(s, at);
	if (err == OK && (unit == PLAN_NO_GRID || !s->unit[unit].changed))
		err = req_fail(rq, ERR_INVALID, "planner.not_here", "items",
			"%s %lld is not of a grid that this plan changes",
			matter ? matter_word : post_word, (long long)id);
	return err != OK ? err
			 : db_exec(rq->db, planner_sql[Q_PLAN_CHOICE_PUT],
				   ARGS(I(plan), Z(matter ? matter_word : post_word), I(id), I(to)),
				   NULL);
}

static enum err choose_all(struct req *rq, int64_t plan, const struct sheet *s, struct str items)
{
	json_t *list = NULL, *v;
	size_t i;
	enum err err = field_parse_json(items, &list, &rq->err);

	if (err == OK && (!json_is_array(list) || json_array_size(list) > NAMED_MAX))
		err = req_fail(
			rq, ERR_INVALID, "range", "items", "a list of at most %d", NAMED_MAX);
	json_array_foreach(list, i, v)
	{
		if (err == OK)
			err = choose(rq, plan, s, v);
	}
	json_decref(list);
	return err;
}

/* The draft that the request is about, in this version, and its sheet. */
static enum err open_draft(struct req *rq, int64_t version, struct grid_plan *old, struct sheet **ret)
{
	struct sheet *s = ARENA_NEW(rq->arena, struct sheet);
	enum err err = s == NULL ? ERR_NOMEM : plan_draft(rq, version, old);

	*ret = s;
	return err != OK ? err : sheet_of_plan(rq, old, s);
}

enum err plan_assign(struct req *rq, struct jw *out)
{
	const struct assign_body *in = rq->in;
	struct sheet *s = NULL;
	struct grid_plan old, p;
	enum err err = open_draft(rq, in->version, &old, &s);

	if (err == OK)
		err = choose_all(rq, old.id, s, in->items);
	if (err != OK)
		return err;
	p = old;
	err = entity_update(rq, &grid_plan_entity, &old, &p);
	if (err == OK)
		err = audit_add(rq->db, &(struct audit_entry){ .at = rq->now,
						.actor = rq->who->user_id,
						.action = "plan.assign",
						.object = "grid_plan",
						.object_id = p.id,
						.detail = in->items });
	rq->reply.status = 200;
	return err != OK ? err : plan_reply(rq, &p, out);
}

/* ---- moving cells by hand ---- */

struct cells_body {
	int64_t version;
	struct str cells, parts;
};
static const struct field cells_field[] = {
	FIELD(cells_body, version, F_INT, .min = 1, .max = INT64_C(1) << 40),
	FIELD(cells_body, cells, F_JSON, .max = 1 << 16),
	FIELD(cells_body, parts, F_JSON, .max = 1 << 14),
};
const struct fields plan_cells_fields = FIELDS(cells_body, cells_field);

static int by_building(const void *key, const void *cell)
{
	int64_t a = *(const int64_t *)key, b = ((const struct sheet_cell *)cell)->building;

	return (a > b) - (a < b);
}

/* A part one above the last is a new one. */
static enum err move_cell(struct req *rq, int64_t plan, struct sheet *s, json_t *v)
{
	int64_t id = 0, part = json_is_integer(json_object_get(v, "part"))
				       ? json_integer_value(json_object_get(v, "part"))
				       : -1;
	struct sheet_cell *c = NULL;

	if (s->ncell > 0 && str_i64(str_z(json_string_value(json_object_get(v, "building"))), &id))
		c = bsearch(&id, s->cell, s->ncell, sizeof(*s->cell), by_building);
	if (c == NULL)
		return req_fail(rq, ERR_INVALID, "reference", "cells",
			"there is no such building in the plan");
	if (part < 0 || part > (int64_t)s->npart || part >= SHEET_UNITS_MAX)
		return req_fail(rq, ERR_INVALID, "planner.part", "cells", "there is no such part");
	if (part == (int64_t)s->npart)
		s->part[s->npart++] = (struct sheet_part){ .origin = PLAN_NO_GRID,
			.code = NIL,
			.name = str_fmt(s->a,
				s->level == LEVEL_GRID ? "新网格%lld" : "新微网格%lld",
				(long long)part + 1) };
	c->part = (int32_t)part;
	return db_exec(rq->db, planner_sql[Q_PLAN_CELL_PART], ARGS(I(plan), I(id), I(part)), NULL);
}

static enum err name_part(struct req *rq, struct sheet *s, json_t *v)
{
	json_t *part = json_object_get(v, "part");
	struct str name = str_trim(str_z(json_string_value(json_object_get(v, "name"))));

	if (!json_is_integer(part) || json_integer_value(part) < 0 ||
		json_integer_value(part) >= (json_int_t)s->npart)
		return req_fail(rq, ERR_INVALID, "planner.part", "parts", "there is no such part");
	if (name.n == 0 || str_runes(name) > 64)
		return req_fail(
			rq, ERR_INVALID, "required", "parts", "a name has 1 to 64 characters");
	s->part[json_integer_value(part)].name = str_dup(s->a, name);
	return OK;
}

static enum err take_changes(
	struct req *rq, int64_t plan, struct sheet *s, const struct cells_body *in)
{
	json_t *cells = NULL, *parts = NULL, *v;
	size_t i;
	enum err err = in->cells.p == NULL ? OK : field_parse_json(in->cells, &cells, &rq->err);

	if (err == OK && in->parts.p != NULL)
		err = field_parse_json(in->parts, &parts, &rq->err);
	json_array_foreach(cells, i, v)
	{
		if (err == OK)
			err = move_cell(rq, plan, s, v);
	}
	json_array_foreach(parts, i, v)
	{
		if (err == OK)
			err = name_part(rq, s, v);
	}
	json_decref(cells);
	json_decref(parts);
	return err;
}

enum err plan_cells(struct req *rq, struct jw *out)
{
	const struct cells_body *in = rq->in;
	struct sheet *s = NULL;
	struct grid_plan old, p;
	enum err err = open_draft(rq, in->version, &old, &s);

	if (err == OK)
		err = take_changes(rq, old.id, s, in);
	if (err == OK)
		err = sheet_measure(s);
	if (err != OK)
		return err;
	p = old;
	err = plan_figures_set(rq, s, &p);
	if (err == OK)
		err = plan_parts_put(rq->db, p.id, s);
	if (err == OK)
		err = entity_update(rq, &grid_plan_entity, &old, &p);
	return err != OK ? err : plan_sheet_write(rq, &p, s, out);
}
