/*
 * A plan is taken back: the old places are in force again and everything returns by the list that
 * was written down. Refused when something of the list has moved on. What came since goes by
 * position; what was closed since stays where it was closed.
 */
#include <math.h>
#include <string.h>

#include "core/audit.h"
#include "core/matter.h"
#include "mod/planner/planner_db.h"
#include "mod/planner/planner_plan.h"

enum { BACK_PAGE = 200, PLACES_MAX = 4096 };

struct moved {
	int64_t n, object_id, from_place, to_place, from_unit, to_unit;
	struct str object;
};

struct undoing {
	struct handover h;
	struct moved *place; /* the new places: from, to */
	size_t nplace;
	int64_t *old; /* codes of the ended ones */
	size_t nold;
	struct moved *office; /* made by the plan */
	size_t noffice;
};

/* A page of the list, from the end on. */
static enum err page_of(struct undoing *u, int64_t before, struct moved *ret, size_t *ret_n)
{
	struct rows *r = db_query(u->h.rq->db, planner_sql[Q_PLAN_MOVES_BACK],
		ARGS(I(u->h.plan->id), I(before), I(BACK_PAGE)));

	*ret_n = 0;
	while (*ret_n < BACK_PAGE && rows_next(r)) {
		struct moved *m = &ret[(*ret_n)++];

		*m = (struct moved){ .n = row_int_at(r, 0),
			.object = str_dup(u->h.rq->arena, row_str_at(r, 1)),
			.object_id = row_int_at(r, 2),
			.from_place = row_int_at(r, 3),
			.to_place = row_int_at(r, 4),
			.from_unit = row_int_at(r, 5),
			.to_unit = row_int_at(r, 6) };
	}
	return rows_close(r);
}

static enum err each(struct undoing *u, enum err (*fn)(struct undoing *u, const struct moved *m))
{
	struct moved *v = arena_array(u->h.rq->arena, BACK_PAGE, sizeof(*v));
	int64_t before = INT64_MAX;
	size_t n = BACK_PAGE;
	enum err err = v == NULL ? ERR_NOMEM : OK;

	while (err == OK && n == BACK_PAGE) {
		err = page_of(u, before, v, &n);
		for (size_t i = 0; i < n && err == OK; i++) {
			before = v[i].n;
			err = fn(u, &v[i]);
		}
	}
	return err;
}

/* ---- the places ---- */

static enum err take_place(struct undoing *u, const struct moved *m)
{
	if (u->nplace == PLACES_MAX || u->nold == PLACES_MAX || u->noffice == PLACES_MAX)
		return ERR_LIMIT;
	if (str_eqz(m->object, "place"))
		u->place[u->nplace++] = *m;
	else if (str_eqz(m->object, "ended"))
		u->old[u->nold++] = m->from_place;
	else if (str_eqz(m->object, "new_office"))
		u->office[u->noffice++] = *m;
	return OK;
}

/* As they were made, in force, and nothing else below them. */
static enum err check_place(struct undoing *u, int64_t code)
{
	struct req *rq = u->h.rq;
	struct place_row row;
	bool found;
	enum err err = place_by_code(rq->db, rq->arena, code, &row, &found);

	if (err != OK)
		return err;
	if (!found || row.version != 1 || row.valid_to != NIL)
		return req_fail(rq, ERR_CONFLICT, "planner.moved_on", "",
			"%.*s was changed since: the plan can no longer be undone",
			found ? (int)row.name.n : 1, found ? row.name.p : "?");
	return OK;
}

static enum err nothing_new(const struct place_now *p, void *arg)
{
	const struct undoing *u = arg;

	for (size_t i = 0; i < u->nplace; i++) {
		if (u->place[i].to_place == p->code)
			return OK;
	}
	return req_fail(u->h.rq, ERR_CONFLICT, "planner.moved_on", "",
		"%.*s was added since: the plan can no longer be undone", (int)p->name.n,
		p->name.p);
}

static enum err check_places(struct undoing *u)
{
	enum err err = OK;

	for (size_t i = 0; i < u->nplace && err == OK; i++) {
		err = check_place(u, u->place[i].to_place);
		if (err == OK && u->h.s->level == LEVEL_GRID)
			err = plan_places_each(
				u->h.rq->db, u->place[i].to_place, u->h.today, nothing_new, u);
	}
	return err;
}

static enum err make_map(struct undoing *u)
{
	const struct sheet *s = u->h.s;
	struct carry_map *m = &u->h.map;
	enum err err = OK;

	m->level = s->level;
	m->cap = s->ncell + u->nplace;
	m->v = arena_array(s->a, m->cap + 1, sizeof(*m->v));
	if (m->v == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->ncell && err == OK; i++) {
		const struct sheet_cell *c = &s->cell[i];

		if (c->became != NIL)
			err = carry_add(&u->h, &(struct carry_row){ c->became, c->at, c->households,
						       c->lon, c->lat, false });
	}
	for (size_t i = 0; i < u->nplace && err == OK; i++)
		err = carry_add(&u->h, &(struct carry_row){ u->place[i].to_place,
					       u->place[i].from_place, 0, NAN, NAN, true });
	return err;
}

/* ---- the list ---- */

static enum err matter_back(struct undoing *u, const struct moved *m)
{
	struct rows *r =
		db_query(u->h.rq->db, planner_sql[Q_PLAN_MATTER_AT], ARGS(I(m->object_id)));
	int64_t place = NIL, unit = NIL, open = 0;
	enum err err;

	if (rows_next(r)) {
		place = row_int_at(r, 0);
		unit = row_int_at(r, 1);
		open = row_int_at(r, 2);
	}
	err = rows_close(r);
	if (err != OK || open != 1 || place != m->to_place)
		return err;
	return matter_carry(u->h.rq, m->object_id, m->from_place,
		m->to_unit != NIL && unit == m->to_unit ? m->from_unit : NIL,
		STR("网格调整已撤销，退回原网格"));
}

static enum err move_back(struct undoing *u, const struct moved *m)
{
	const struct entity *e;

	if (str_eqz(m->object, "place") || str_eqz(m->object, "ended"))
		return OK;
	if (str_eqz(m->object, "matter"))
		return matter_back(u, m);
	if (str_eqz(m->object, "matter_unit"))
		return db_exec(u->h.rq->db, planner_sql[Q_PLAN_HELP_SET],
			ARGS(I(m->object_id), I(m->to_unit), I(m->from_unit)), NULL);
	if (str_eqz(m->object, "unit") || str_eqz(m->object, "ended_office"))
		return carry_office(&u->h, m->object_id, m->from_place, true);
	if (str_eqz(m->object, "new_office"))
		return carry_office(&u->h, m->object_id, m->to_place, false);
	e = entity_named(u->h.rq->app, m->object);
	return e == NULL ? ERR_BUG
			 : carry_row(&u->h, e, m->object_id, m->to_place, m->from_place,
				   m->from_unit);
}

/* What the plan's own offices were given meanwhile is their neighbours'. */
static enum err offices_back(struct undoing *u)
{
	enum err err = OK;

	for (size_t i = 0; i < u->noffice && err == OK; i++) {
		int64_t heir = NIL;
		size_t n = 0;

		for (size_t k = 0; k < u->nplace; k++) {
			if (u->place[k].to_place == u->office[i].to_place)
				err = plan_ids(u->h.rq->db, Q_PLAN_OFFICE,
					ARGS(I(u->place[k].from_place)), &heir, 1, &n);
		}
		if (err == OK && n > 0)
			err = hand_work_over(&u->h, u->office[i].object_id, heir);
	}
	return err;
}

static enum err rest_back(struct undoing *u)
{
	enum err err = OK;

	for (size_t i = 0; i < u->nplace && err == OK; i++) {
		int64_t code = u->place[i].to_place;

		if (place_level(code) != u->h.s->level)
			continue;
		err = carry_rows(&u->h, code, place_end(code));
		if (err == OK)
			err = carry_matters(&u->h, code, place_end(code));
	}
	return err == OK ? offices_back(u) : err;
}

static enum err places_back(struct undoing *u, struct str reason)
{
	struct req *rq = u->h.rq;
	int64_t id;
	enum err err = OK;

	for (size_t i = 0; i < u->nplace && err == OK; i++) {
		err = plan_place_ends(rq, u->place[i].to_place, u->h.today, &id);
		if (err == OK && u->place[i].from_place != u->h.s->place)
			err = place_lineage_add(rq->db, LINEAGE_UNDO, u->place[i].to_place,
				u->place[i].from_place, rq->now, reason);
	}
	return err;
}

static enum err undo_all(struct undoing *u, struct str reason)
{
	int64_t id;
	enum err err = each(u, take_place);

	if (err == OK)
		err = check_places(u);
	if (err == OK)
		err = make_map(u);
	for (size_t i = 0; i < u->nold && err == OK; i++)
		err = plan_place_ends(u->h.rq, u->old[i], NIL, &id);
	if (err == OK)
		err = each(u, move_back);
	if (err == OK)
		err = rest_back(u);
	return err != OK ? err : places_back(u, reason);
}

static enum err start(
	struct req *rq, const struct grid_plan *old, struct grid_plan *p, struct undoing *u)
{
	struct sheet *s = ARENA_NEW(rq->arena, struct sheet);
	enum err err = s == NULL ? ERR_NOMEM : sheet_of_plan(rq, old, s);

	if (err != OK)
		return err;
	u->h = (struct handover){
		.rq = rq, .plan = p, .s = s, .today = date_of(rq->now), .back = true
	};
	u->place = arena_array(s->a, PLACES_MAX, sizeof(*u->place));
	u->old = arena_array(s->a, PLACES_MAX, sizeof(*u->old));
	u->office = arena_array(s->a, PLACES_MAX, sizeof(*u->office));
	if (u->place == NULL || u->old == NULL || u->office == NULL)
		return ERR_NOMEM;
	return handover_offices(&u->h);
}

enum err plan_undo(struct req *rq, const struct grid_plan *old, struct str reason)
{
	const struct principal *who = rq->who;
	struct undoing *u = ARENA_NEW(rq->arena, struct undoing);
	struct grid_plan *p = ARENA_NEW(rq->arena, struct grid_plan);
	enum err err;

	if (u == NULL || p == NULL)
		return ERR_NOMEM;
	*p = *old;
	rq->who = NULL; /* as when it came into force */
	err = start(rq, old, p, u);
	if (err == OK)
		err = undo_all(u, reason);
	p->state = GP_UNDONE;
	p->undone_at = rq->now;
	p->undone_by = who != NULL ? who->user_id : NIL;
	p->decision = reason;
	if (err == OK)
		err = entity_update(rq, &grid_plan_entity, old, p);
	if (err == OK)
		err = audit_add(rq->db, &(struct audit_entry){ .at = rq->now,
						.actor = p->undone_by,
						.action = "plan.undo",
						.object = "grid_plan",
						.object_id = p->id,
						.detail = STR("{}") });
	rq->who = who;
	return err;
}
