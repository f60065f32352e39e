/*
 * What goes along when grids are replaced: rows of every entity that is carried, open matters, and
 * the grids' offices. Where something goes is read from one map of buildings; what was carried is
 * written down one by one, so that it can come back.
 */
#include <math.h>
#include <string.h>

#include "core/account.h"
#include "core/matter.h"
#include "mod/planner/planner_db.h"
#include "mod/planner/planner_plan.h"

enum { PAGE = 200, HELPS_MAX = 1000 };

enum err handover_offices(struct handover *h)
{
	struct arena *a = h->rq->arena;

	h->unit_old = arena_array(a, h->s->nunit + 1, sizeof(*h->unit_old));
	h->unit_new = arena_array(a, h->s->npart + 1, sizeof(*h->unit_new));
	if (h->unit_old == NULL || h->unit_new == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < h->s->nunit; i++)
		h->unit_old[i] = NIL;
	for (size_t i = 0; i < h->s->npart; i++)
		h->unit_new[i] = NIL;
	return OK;
}

/* ---- the map ---- */

enum err carry_add(struct handover *h, const struct carry_row *r)
{
	if (h->map.n == h->map.cap)
		return ERR_LIMIT;
	h->map.v[h->map.n++] = *r;
	return OK;
}

static const struct carry_row *main_row(const struct carry_map *m, int64_t at)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].main && m->v[i].from == at)
			return &m->v[i];
	}
	return NULL;
}

/* The nearest building at `at`, or anywhere in the unit; NULL: none. */
static const struct carry_row *nearest(
	const struct carry_map *m, int64_t at, bool unit, double lon, double lat)
{
	const struct carry_row *best = NULL;
	double least = INFINITY;

	for (size_t i = 0; i < m->n; i++) {
		const struct carry_row *r = &m->v[i];
		double d;

		if (r->main || (unit ? place_up(r->from, m->level) : r->from) != at)
			continue;
		d = geo_distance_m(lon, lat, r->lon, r->lat);
		if (d < least) {
			least = d;
			best = r;
		}
	}
	return best;
}

int64_t carry_to(const struct carry_map *m, int64_t at, double lon, double lat)
{
	const struct carry_row *main = main_row(m, at), *r;

	if (main == NULL || isnan(lon) || isnan(lat))
		return main != NULL ? main->to : NIL;
	r = nearest(m, at, false, lon, lat);
	if (r != NULL)
		return r->to;
	if (place_level(at) != m->level)
		return main->to;
	r = nearest(m, at, true, lon, lat);
	return r != NULL ? place_up(r->to, m->level) : main->to;
}

/* ---- what was given out by hand ---- */

static const struct plan_choice *choice_of(const struct handover *h, bool matter, int64_t id)
{
	size_t lo = 0, hi = h->nchoice;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (h->choice[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < h->nchoice && h->choice[lo].id == id; lo++) {
		if (h->choice[lo].matter == matter)
			return &h->choice[lo];
	}
	return NULL;
}

/* In the part: the share of its micro-grid, where there is one. NIL: the part will not be made. */
static int64_t place_in_part(const struct handover *h, int64_t part, int64_t at)
{
	const struct sheet_part *p = part >= 0 && part < (int64_t)h->s->npart ? &h->s->part[part] : NULL;

	if (p == NULL || p->cells == 0)
		return NIL;
	for (size_t i = 0; i < h->map.n; i++) {
		const struct carry_row *r = &h->map.v[i];

		if (!r->main && r->from == at && place_level(at) != h->map.level &&
			place_up(r->to, h->map.level) == p->code)
			return r->to;
	}
	return p->code;
}

int64_t carry_target(
	const struct handover *h, bool matter, int64_t id, int64_t at, double lon, double lat)
{
	const struct plan_choice *c = choice_of(h, matter, id);
	int64_t by_itself = carry_to(&h->map, at, lon, lat);
	int64_t chosen = c != NULL && by_itself != NIL ? place_in_part(h, c->part, at) : NIL;

	return chosen != NIL ? chosen : by_itself;
}

int32_t leader_chosen(const struct handover *h, int64_t leader, int64_t at)
{
	for (size_t i = 0; leader != NIL && i < h->nchoice; i++) {
		const struct plan_choice *c = &h->choice[i];

		if (!c->matter && c->user == leader && c->place >= at && c->place < place_end(at) &&
			place_in_part(h, c->part, at) != NIL)
			return (int32_t)c->part;
	}
	return PLAN_NO_GRID;
}

/* ---- writing down ---- */

enum err move_note(struct handover *h, const struct plan_move *m)
{
	if (h->back)
		return OK;
	if (h->n >= MOVES_MAX)
		return req_fail(h->rq, ERR_LIMIT, "planner.too_many", "",
			"more than %d things would be carried over: plan a smaller "
			"place",
			MOVES_MAX);
	h->n++;
	return db_exec(h->rq->db, planner_sql[Q_PLAN_MOVE_PUT],
		ARGS(I(h->plan->id), I(h->n), Z(m->object), I(m->object_id), I(m->from_place),
			I(m->to_place), I(m->from_unit), I(m->to_unit)),
		NULL);
}

/* ---- rows ---- */

static int64_t value_of(const struct entity *e, const char *name, const void *rec)
{
	const struct field *f = fields_find(&e->fields, str_z(name));

	return f != NULL && (f->type == F_ID || f->type == F_CODE) ? field_int(f, rec) : NIL;
}

static double degrees_of(const struct entity *e, const char *name, const void *rec)
{
	const struct field *f = fields_find(&e->fields, str_z(name));

	return f != NULL && f->type == F_REAL ? field_real(f, rec) : (double)NAN;
}

static const struct field *scope_field(const struct entity *e)
{
	for (size_t i = 0; i < e->fields.n; i++) {
		if (e->fields.v[i].flags & FIELD_SCOPE)
			return &e->fields.v[i];
	}
	return fields_find(&e->fields, STR("place"));
}

enum err carry_row(struct handover *h, const struct entity *e, int64_t id, int64_t from,
	int64_t place, int64_t unit)
{
	const struct field *scope = scope_field(e),
			   *office = fields_find(&e->fields, STR("unit_id"));
	void *old = arena_alloc(h->rq->arena, e->fields.size),
	     *rec = arena_alloc(h->rq->arena, e->fields.size);
	enum err err;

	if (old == NULL || rec == NULL)
		return ERR_NOMEM;
	err = entity_get(h->rq, e, id, old);
	if (err != OK)
		return err == ERR_NOT_FOUND ? req_fail(h->rq, ERR_CONFLICT, "planner.moved_on", "",
						      "a %s that was carried over is gone: the "
						      "plan can no longer be undone",
						      e->name)
					    : err;
	if (from != NIL && field_int(scope, old) != from)
		return req_fail(h->rq, ERR_CONFLICT, "planner.moved_on", "",
			"a %s that was carried over has moved on since: the plan can no longer be "
			"undone",
			e->name);
	memcpy(rec, old, e->fields.size);
	field_set_int(scope, rec, place);
	if (unit != NIL && office != NULL)
		field_set_int(office, rec, unit);
	return entity_carry(h->rq, e, old, rec);
}

/* The office that takes over at `to` from one whose grid is replaced; NIL: it stays. */
static int64_t office_at(const struct handover *h, int64_t office, int64_t to)
{
	int64_t unit = place_up(to, h->s->level);

	for (size_t u = 0; office != NIL && u < h->s->nunit; u++) {
		if (h->unit_old[u] != office || !h->s->unit[u].changed)
			continue;
		for (size_t p = 0; p < h->s->npart; p++) {
			if (h->s->part[p].code == unit && h->unit_new[p] != office)
				return h->unit_new[p];
		}
	}
	return NIL;
}

static enum err carry_one(struct handover *h, const struct entity *e, int64_t id)
{
	struct plan_move m = {
		.object = e->name, .object_id = id, .from_unit = NIL, .to_unit = NIL
	};
	void *rec = arena_alloc(h->rq->arena, e->fields.size);
	bool twin = false;
	enum err err = rec == NULL ? ERR_NOMEM : entity_get(h->rq, e, id, rec);

	if (err != OK)
		return err;
	m.from_place = field_int(scope_field(e), rec);
	m.to_place = e == &post_entity ? carry_target(h, false, id, m.from_place, NAN, NAN)
				       : carry_to(&h->map, m.from_place, degrees_of(e, "lon", rec),
						 degrees_of(e, "lat", rec));
	if (m.to_place == NIL)
		return OK;
	err = entity_twin(h->rq, e, rec, m.to_place, &twin);
	if (err != OK || twin)
		return err;
	m.to_unit = office_at(h, value_of(e, "unit_id", rec), m.to_place);
	if (m.to_unit != NIL)
		m.from_unit = value_of(e, "unit_id", rec);
	err = carry_row(h, e, id, m.from_place, m.to_place, m.to_unit);
	return err != OK ? err : move_note(h, &m);
}

static enum err carry_entity(struct handover *h, const struct entity *e, int64_t lo, int64_t hi)
{
	int64_t *id = arena_array(h->rq->arena, PAGE, sizeof(*id)), after = 0;
	size_t n = PAGE;
	enum err err = id == NULL ? ERR_NOMEM : OK;

	while (err == OK && n == PAGE) {
		err = entity_lying(h->rq, e, lo, hi, after, id, PAGE, &n);
		for (size_t i = 0; i < n && err == OK; i++) {
			after = id[i];
			err = carry_one(h, e, id[i]);
		}
	}
	return err;
}

enum err carry_rows(struct handover *h, int64_t lo, int64_t hi)
{
	enum err err = OK;

	for (size_t i = 0; i < h->rq->app->nentity && err == OK; i++) {
		if (h->rq->app->entity[i]->flags & ENTITY_CARRY)
			err = carry_entity(h, h->rq->app->entity[i], lo, hi);
	}
	return err;
}

/* ---- matters ---- */

static struct str carried_note(struct handover *h, int64_t from, int64_t to)
{
	struct str a = snap_place_name(req_snap(h->rq), from), b = { NULL, 0 };
	int64_t unit = place_up(to, h->s->level);

	for (size_t p = 0; p < h->s->npart && b.p == NULL; p++)
		b = h->s->part[p].code == unit ? h->s->part[p].name : b;
	if (b.p == NULL)
		b = snap_place_name(req_snap(h->rq), to);
	return str_fmt(h->rq->arena, "网格调整：%.*s → %.*s", (int)a.n, a.p, (int)b.n, b.p);
}

static enum err carry_matter(struct handover *h, const struct matter_now *m)
{
	struct plan_move v = { .object = "matter",
		.object_id = m->id,
		.from_place = m->place,
		.to_place = carry_target(h, true, m->id, m->place, m->lon, m->lat),
		.from_unit = NIL,
		.to_unit = NIL };
	enum err err;

	if (v.to_place == NIL)
		return OK;
	v.to_unit = office_at(h, m->unit_id, v.to_place);
	if (v.to_unit != NIL)
		v.from_unit = m->unit_id;
	err = matter_carry(
		h->rq, m->id, v.to_place, v.to_unit, carried_note(h, v.from_place, v.to_place));
	return err != OK ? err : move_note(h, &v);
}

enum err carry_matters(struct handover *h, int64_t lo, int64_t hi)
{
	struct matter_now *v = arena_array(h->rq->arena, PAGE, sizeof(*v));
	int64_t after = 0;
	size_t n = PAGE;
	enum err err = v == NULL ? ERR_NOMEM : OK;

	while (err == OK && n == PAGE) {
		err = plan_matters(h->rq->db, lo, hi, after, v, PAGE, &n);
		for (size_t i = 0; i < n && err == OK; i++) {
			after = v[i].id;
			err = carry_matter(h, &v[i]);
		}
	}
	return err;
}

/* ---- offices ---- */

enum err carry_office(struct handover *h, int64_t id, int64_t place, bool active)
{
	void *old = arena_alloc(h->rq->arena, unit_entity.fields.size);
	void *rec = arena_alloc(h->rq->arena, unit_entity.fields.size);
	enum err err =
		old == NULL || rec == NULL ? ERR_NOMEM : entity_get(h->rq, &unit_entity, id, old);

	if (err != OK)
		return err;
	memcpy(rec, old, unit_entity.fields.size);
	field_set_int(fields_find(&unit_entity.fields, STR("place")), rec, place);
	field_set_int(fields_find(&unit_entity.fields, STR("active")), rec, active);
	return entity_carry(h->rq, &unit_entity, old, rec);
}

static enum err new_office(struct handover *h, const struct sheet_part *p, int64_t *ret)
{
	const struct fields *f = &unit_entity.fields;
	struct str community = snap_place_name(req_snap(h->rq), h->s->place);
	void *rec = arena_alloc(h->rq->arena, f->size);
	enum err err;

	if (rec == NULL)
		return ERR_NOMEM;
	fields_clear(f, rec);
	field_set_str(fields_find(f, STR("name")), rec,
		str_fmt(h->rq->arena, "%.*s%.*s", (int)community.n, community.p, (int)p->name.n,
			p->name.p));
	field_set_int(fields_find(f, STR("kind")), rec, UNIT_GRID);
	field_set_int(fields_find(f, STR("place")), rec, p->code);
	field_set_int(fields_find(f, STR("board")), rec, TRACK_NONE);
	field_set_int(fields_find(f, STR("active")), rec, 1);
	err = entity_put(h->rq, &unit_entity, rec, ret);
	if (err == OK)
		err = move_note(h, &(struct plan_move){ .object = "new_office",
					   .object_id = *ret,
					   .from_place = NIL,
					   .to_place = p->code,
					   .from_unit = NIL,
					   .to_unit = NIL });
	return err;
}

/* Open matters that an ended office leads or helps with elsewhere are its successor's. */
enum err hand_work_over(struct handover *h, int64_t office, int64_t heir)
{
	int64_t *id = arena_array(h->rq->arena, HELPS_MAX, sizeof(*id)), after = 0;
	size_t n = PAGE;
	enum err err = id == NULL ? ERR_NOMEM : OK;

	while (err == OK && n == PAGE) {
		err = plan_ids(
			h->rq->db, Q_PLAN_MATTERS_UNIT, ARGS(I(office), I(after)), id, PAGE, &n);
		for (size_t i = 0; i < n && err == OK; i++) {
			struct plan_move m = { .object = "matter",
				.object_id = id[i],
				.from_unit = office,
				.to_unit = heir };

			after = id[i];
			err = db_int(h->rq->db, planner_sql[Q_PLAN_MATTER_AT], ARGS(I(id[i])),
				&m.from_place);
			m.to_place = m.from_place;
			if (err == OK)
				err = matter_carry(h->rq, id[i], m.from_place, heir,
					STR("网格调整：承办网格合并"));
			if (err == OK)
				err = move_note(h, &m);
		}
	}
	if (err == OK)
		err = plan_ids(h->rq->db, Q_PLAN_HELP, ARGS(I(office), I(heir)), id, HELPS_MAX, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		err = db_exec(h->rq->db, planner_sql[Q_PLAN_HELP_SET],
			ARGS(I(id[i]), I(office), I(heir)), NULL);
		if (err == OK)
			err = move_note(h, &(struct plan_move){ .object = "matter_unit",
						   .object_id = id[i],
						   .from_place = NIL,
						   .to_place = NIL,
						   .from_unit = office,
						   .to_unit = heir });
	}
	return err;
}

static enum err find_offices(struct handover *h)
{
	for (size_t u = 0; u < h->s->nunit; u++) {
		size_t n;
		enum err err = plan_ids(h->rq->db, Q_PLAN_OFFICE, ARGS(I(h->s->unit[u].code)),
			&h->unit_old[u], 1, &n);

		if (err != OK)
			return err;
		if (n == 0)
			h->unit_old[u] = NIL;
	}
	return OK;
}

static enum err part_office(struct handover *h, size_t p)
{
	const struct sheet_part *part = &h->s->part[p];
	int64_t office = part->origin == PLAN_NO_GRID ? NIL : h->unit_old[part->origin];
	enum err err;

	h->unit_new[p] = office;
	if (!part->changed)
		return OK;
	if (office == NIL)
		return new_office(h, part, &h->unit_new[p]);
	err = carry_office(h, office, part->code, true);
	return err != OK ? err
			 : move_note(h, &(struct plan_move){ .object = "unit",
						.object_id = office,
						.from_place = h->s->unit[part->origin].code,
						.to_place = part->code,
						.from_unit = NIL,
						.to_unit = NIL });
}

enum err carry_offices(struct handover *h)
{
	enum err err = h->s->level == LEVEL_GRID && entity_named(h->rq->app, STR("unit")) != NULL
			       ? find_offices(h)
			       : OK;
	bool any = false;

	for (size_t u = 0; u < h->s->nunit; u++)
		any = any || h->unit_old[u] != NIL;
	if (!any)
		return err;
	for (size_t p = 0; p < h->s->npart && err == OK; p++)
		err = part_office(h, p);
	for (size_t u = 0; u < h->s->nunit && err == OK; u++) {
		const struct sheet_unit *unit = &h->s->unit[u];
		int64_t heir = unit->heir == PLAN_NO_GRID ? NIL : h->unit_new[unit->heir],
			office = h->unit_old[u];

		if (!unit->changed || office == NIL || heir == NIL || heir == office)
			continue;
		err = carry_office(h, office, unit->code, false);
		if (err == OK)
			err = move_note(h, &(struct plan_move){ .object = "ended_office",
						   .object_id = office,
						   .from_place = unit->code,
						   .to_place = unit->code,
						   .from_unit = office,
						   .to_unit = heir });
		if (err == OK)
			err = hand_work_over(h, office, heir);
	}
	return err;
}
