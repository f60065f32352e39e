/*
 * A plan comes into force: new places with codes that nobody had, lineage, outlines; what lies
 * there is carried over; the old places end. All in the caller's transaction.
 */
#include <math.h>
#include <string.h>

#include "core/audit.h"
#include "mod/planner/planner_db.h"
#include "mod/planner/planner_plan.h"
#include "mod/registry/registry.h"

enum { MICROS_PER_GRID = 99 };

/* A micro-grid of today, or its share, below a new grid. */
struct sub {
	const struct sheet_micro *micro;
	int32_t part;
	int64_t code, households;
	bool main; /* the largest share: staff and leader go with it */
};

struct applying {
	struct handover h;
	struct sheet today; /* for the micro-grids */
	struct sub *sub;
	size_t nsub, cap;
	struct outlines outlines;
};

/* ---- codes ---- */

/* The next number that no place has or had. */
static enum err next_code(struct applying *a, int64_t *last)
{
	struct sheet *s = a->h.s;
	struct place_row row;
	bool used = true;
	enum err err = OK;

	while (err == OK && used) {
		*last += s->level == LEVEL_GRID ? 100 : 1;
		if (*last >= place_end(s->place))
			return req_fail(a->h.rq, ERR_LIMIT, "planner.codes", "",
				"no code is left below this place, and none is used again");
		err = place_by_code(a->h.rq->db, a->h.rq->arena, *last, &row, &used);
	}
	return err;
}

static enum err part_codes(struct applying *a)
{
	struct sheet *s = a->h.s;
	int64_t last = NIL;
	enum err err = db_int(a->h.rq->db, planner_sql[Q_PLAN_LAST],
		ARGS(I(s->place), I(place_end(s->place)), I(s->level)), &last);

	if (last == NIL)
		last = s->place;
	for (size_t i = 0; i < s->npart && err == OK; i++) {
		struct sheet_part *p = &s->part[i];

		p->code = p->origin != PLAN_NO_GRID ? s->unit[p->origin].code : NIL;
		if (p->changed)
			err = next_code(a, &last);
		if (p->changed)
			p->code = last;
	}
	return err;
}

static int64_t households_in(const struct sheet *s, int64_t at, int32_t part, int64_t *ret_cells)
{
	int64_t n = 0;

	*ret_cells = 0;
	for (size_t i = 0; i < s->ncell; i++) {
		if (s->cell[i].at == at && s->cell[i].part == part) {
			n += s->cell[i].households;
			(*ret_cells)++;
		}
	}
	return n;
}

static bool has_cells(const struct sheet *s, int64_t at)
{
	for (size_t i = 0; i < s->ncell; i++) {
		if (s->cell[i].at == at)
			return true;
	}
	return false;
}

/* The shares of today's micro-grids below one part, numbered from 1. */
static enum err part_subs(struct applying *a, int32_t part)
{
	const struct sheet *s = a->h.s;
	int64_t next = s->part[part].code;

	for (size_t i = 0; i < a->today.nmicro; i++) {
		const struct sheet_micro *m = &a->today.micro[i];
		int32_t u = sheet_unit_at(s, m->code);
		int64_t cells = 0, n = 0;

		if (u == PLAN_NO_GRID || !s->unit[u].changed)
			continue;
		n = households_in(s, m->code, part, &cells);
		/* Without buildings it goes where most of its grid goes. */
		if (cells == 0 && (s->unit[u].heir != part || has_cells(s, m->code)))
			continue;
		if (a->nsub == a->cap)
			return ERR_LIMIT;
		if (++next - s->part[part].code > MICROS_PER_GRID)
			return req_fail(a->h.rq, ERR_LIMIT, "planner.codes", "",
				"%.*s would have more than %d micro-grids",
				(int)s->part[part].name.n, s->part[part].name.p, MICROS_PER_GRID);
		a->sub[a->nsub++] = (struct sub){ .micro = m,
			.part = part,
			.code = next,
			.households = cells > 0 ? n : m->households };
	}
	return OK;
}

static void find_main_subs(struct applying *a)
{
	for (size_t i = 0; i < a->nsub; i++) {
		bool best = true;

		for (size_t k = 0; k < a->nsub; k++) {
			bool more = a->sub[k].households > a->sub[i].households;

			more = more || (k < i && a->sub[k].households == a->sub[i].households);
			best = best && !(a->sub[k].micro == a->sub[i].micro && k != i && more);
		}
		a->sub[i].main = best;
	}
}

static void cells_become(struct applying *a)
{
	struct sheet *s = a->h.s;

	for (size_t i = 0; i < s->ncell; i++) {
		struct sheet_cell *c = &s->cell[i];

		c->became = s->part[c->part].changed ? s->part[c->part].code : c->at;
		for (size_t k = 0; k < a->nsub && s->part[c->part].changed; k++) {
			if (a->sub[k].micro->code == c->at && a->sub[k].part == c->part)
				c->became = a->sub[k].code;
		}
	}
}

static enum err assign_codes(struct applying *a)
{
	struct sheet *s = a->h.s;
	enum err err = part_codes(a);

	a->cap = s->level == LEVEL_GRID ? a->today.nmicro + s->ncell + 1 : 1;
	a->sub = arena_array(s->a, a->cap, sizeof(*a->sub));
	if (a->sub == NULL)
		return ERR_NOMEM;
	for (size_t p = 0; p < s->npart && err == OK && s->level == LEVEL_GRID; p++) {
		if (s->part[p].changed)
			err = part_subs(a, (int32_t)p);
	}
	find_main_subs(a);
	cells_become(a);
	return err;
}

static enum err make_map(struct applying *a)
{
	struct sheet *s = a->h.s;
	struct carry_map *m = &a->h.map;
	enum err err = OK;

	m->level = s->level;
	m->cap = s->ncell + s->nunit + a->nsub;
	m->v = arena_array(s->a, m->cap + 1, sizeof(*m->v));
	if (m->v == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->ncell && err == OK; i++) {
		const struct sheet_cell *c = &s->cell[i];

		if (s->part[c->part].changed)
			err = carry_add(&a->h, &(struct carry_row){ c->at, c->became, c->households,
						       c->lon, c->lat, false });
	}
	for (size_t u = 0; u < s->nunit && err == OK; u++) {
		if (s->unit[u].changed && s->unit[u].heir != PLAN_NO_GRID)
			err = carry_add(
				&a->h, &(struct carry_row){ s->unit[u].code,
					       s->part[s->unit[u].heir].code, 0, NAN, NAN, true });
	}
	for (size_t i = 0; i < a->nsub && err == OK; i++) {
		if (a->sub[i].main)
			err = carry_add(&a->h, &(struct carry_row){ a->sub[i].micro->code,
						       a->sub[i].code, 0, NAN, NAN, true });
	}
	return err;
}

/* ---- places ---- */

/* The unit most of a part comes from; the place itself when its buildings lay in none. */
static int64_t main_unit(const struct sheet *s, int32_t part)
{
	int64_t most = -1, code = s->place;

	if (s->part[part].origin != PLAN_NO_GRID)
		return s->unit[s->part[part].origin].code;
	for (size_t u = 0; u < s->nunit; u++) {
		int64_t n = 0;

		for (size_t i = 0; i < s->ncell; i++) {
			if (s->cell[i].part == part && s->cell[i].unit == (int32_t)u)
				n += s->cell[i].households + 1;
		}
		if (n > 0 && n > most) {
			most = n;
			code = s->unit[u].code;
		}
	}
	return code;
}

/* The middle of its buildings, by households. */
static void middle(const struct sheet *s, int64_t code, double *ret_lon, double *ret_lat)
{
	double w = 0, x = 0, y = 0;

	for (size_t i = 0; i < s->ncell; i++) {
		const struct sheet_cell *c = &s->cell[i];
		double h = (double)c->households + 1;

		if (c->became < code || c->became >= place_end(code))
			continue;
		w += h;
		x += h * c->lon;
		y += h * c->lat;
	}
	*ret_lon = w > 0 ? x / w : (double)NAN;
	*ret_lat = w > 0 ? y / w : (double)NAN;
}

static enum err make_place(struct applying *a, struct place_row *row, int64_t from, bool outlined)
{
	struct req *rq = a->h.rq;
	struct geo_shape *shape = outlined ? outline_of(&a->outlines, row->code) : NULL;
	int64_t id = NIL;
	enum err err;

	row->level = place_level(row->code);
	row->kind = place_kind_usual((enum level)row->level);
	row->valid_from = a->h.today;
	row->has_shape = shape != NULL;
	if (shape == NULL || !geo_label(a->outlines.g, shape, &row->lon, &row->lat))
		middle(a->h.s, row->code, &row->lon, &row->lat);
	err = entity_insert(rq, &place_entity, row, &id);
	if (err == OK && shape != NULL)
		err = shape_save(rq->db, a->outlines.g, id, row->code, shape, rq->now);
	return err != OK ? err
			 : move_note(&a->h, &(struct plan_move){ .object = "place",
						    .object_id = id,
						    .from_place = from,
						    .to_place = row->code,
						    .from_unit = NIL,
						    .to_unit = NIL });
}

/* Who leads a part: the leader of the grid it continues, unless another part was given to him by hand, or else one
 * who was given this part. */
static int64_t part_leader(const struct handover *h, size_t part)
{
	const struct sheet *s = h->s;
	int64_t leader = NIL;

	for (size_t u = 0; u < s->nunit; u++) {
		int64_t one = s->unit[u].leader_id;
		int32_t chosen = leader_chosen(h, one, s->unit[u].code);
		bool own = s->part[part].origin == (int32_t)u;

		if (chosen == (int32_t)part || (own && chosen == PLAN_NO_GRID))
			leader = own || leader == NIL ? one : leader;
	}
	return leader;
}

static int64_t sub_leader(const struct handover *h, const struct sub *b)
{
	int32_t chosen = leader_chosen(h, b->micro->leader_id, b->micro->code);
	bool stays = chosen == PLAN_NO_GRID ? b->main : chosen == b->part;

	return stays ? b->micro->leader_id : NIL;
}

static enum err make_parts(struct applying *a)
{
	struct sheet *s = a->h.s;
	enum err err = OK;

	for (size_t p = 0; p < s->npart && err == OK; p++) {
		const struct sheet_part *q = &s->part[p];
		struct place_row row;

		if (!q->changed)
			continue;
		fields_clear(&place_entity.fields, &row);
		row.code = q->code;
		row.name = q->name;
		row.households = q->households;
		row.leader_id = part_leader(&a->h, p);
		err = make_place(a, &row, main_unit(s, (int32_t)p), true);
	}
	return err;
}

static enum err make_subs(struct applying *a)
{
	enum err err = OK;

	for (size_t i = 0; i < a->nsub && err == OK; i++) {
		const struct sub *b = &a->sub[i];
		struct place_row row, was;
		bool found;

		err = place_by_code(a->h.rq->db, a->h.rq->arena, b->micro->code, &was, &found);
		if (err != OK)
			break;
		fields_clear(&place_entity.fields, &row);
		row.code = b->code;
		row.name = b->micro->name;
		row.households = b->households;
		row.leader_id = sub_leader(&a->h, b);
		err = make_place(a, &row, b->micro->code, found && was.has_shape == 1);
	}
	return err;
}

/* ---- lineage ---- */

static bool overlaps(const struct sheet *s, size_t u, size_t p)
{
	for (size_t i = 0; i < s->ncell; i++) {
		if (s->cell[i].unit == (int32_t)u && s->cell[i].part == (int32_t)p)
			return true;
	}
	return false;
}

static enum lineage kind_of(const struct sheet *s, size_t u, size_t p)
{
	size_t into = 0, from = 0;

	for (size_t q = 0; q < s->npart; q++)
		into += overlaps(s, u, q);
	for (size_t v = 0; v < s->nunit; v++)
		from += overlaps(s, v, p);
	return into > 1 && from == 1   ? LINEAGE_SPLIT
	       : into == 1 && from > 1 ? LINEAGE_MERGE
				       : LINEAGE_ADJUST;
}

static enum err add_lineage(struct applying *a)
{
	const struct sheet *s = a->h.s;
	struct req *rq = a->h.rq;
	enum err err = OK;

	for (size_t u = 0; u < s->nunit; u++) {
		for (size_t p = 0; p < s->npart && err == OK && s->unit[u].changed; p++) {
			if (overlaps(s, u, p))
				err = place_lineage_add(rq->db, kind_of(s, u, p), s->unit[u].code,
					s->part[p].code, rq->now, a->h.plan->reason);
		}
	}
	for (size_t i = 0; i < a->nsub && err == OK; i++) {
		bool alone = true;

		for (size_t k = 0; k < a->nsub; k++)
			alone = alone && (k == i || a->sub[k].micro != a->sub[i].micro);
		err = place_lineage_add(rq->db, alone ? LINEAGE_ADJUST : LINEAGE_SPLIT,
			a->sub[i].micro->code, a->sub[i].code, rq->now, a->h.plan->reason);
	}
	return err;
}

/* ---- carrying over ---- */

static enum err carry_buildings(struct applying *a)
{
	const struct sheet *s = a->h.s;
	enum err err = OK;

	for (size_t i = 0; i < s->ncell && err == OK; i++) {
		const struct sheet_cell *c = &s->cell[i];

		if (!s->part[c->part].changed)
			continue;
		err = carry_row(&a->h, &building_entity, c->building, c->at, c->became, NIL);
		if (err == OK)
			err = move_note(&a->h, &(struct plan_move){ .object = "building",
						       .object_id = c->building,
						       .from_place = c->at,
						       .to_place = c->became,
						       .from_unit = NIL,
						       .to_unit = NIL });
		if (err == OK)
			err = db_exec(a->h.rq->db, planner_sql[Q_PLAN_CELL_BECAME],
				ARGS(I(a->h.plan->id), I(c->building), I(c->became)), NULL);
	}
	return err;
}

enum err plan_place_ends(struct req *rq, int64_t code, int64_t valid_to, int64_t *ret_id)
{
	struct place_row old, row;
	bool found;
	enum err err = place_by_code(rq->db, rq->arena, code, &old, &found);

	if (err == OK && !found)
		err = ERR_BUG;
	if (err != OK)
		return err;
	row = old;
	row.valid_to = valid_to;
	*ret_id = old.id;
	return entity_update(rq, &place_entity, &old, &row);
}

static enum err end_place(struct applying *a, int64_t code)
{
	const struct carry_map *m = &a->h.map;
	int64_t id = NIL;
	enum err err = plan_place_ends(a->h.rq, code, a->h.today, &id);

	return err != OK ? err
			 : move_note(&a->h, &(struct plan_move){
						    .object = "ended",
						    .object_id = id,
						    .from_place = code,
						    .to_place = carry_to(m, code, NAN, NAN),
						    .from_unit = NIL,
						    .to_unit = NIL,
					    });
}

static enum err end_places(struct applying *a)
{
	const struct sheet *s = a->h.s;
	enum err err = OK;

	for (size_t i = 0; i < a->today.nmicro && err == OK; i++) {
		int32_t u = sheet_unit_at(s, a->today.micro[i].code);

		if (u != PLAN_NO_GRID && s->unit[u].changed)
			err = end_place(a, a->today.micro[i].code);
	}
	for (size_t u = 0; u < s->nunit && err == OK; u++) {
		if (s->unit[u].changed)
			err = end_place(a, s->unit[u].code);
	}
	return err;
}

static enum err carry_all(struct applying *a)
{
	const struct sheet *s = a->h.s;
	enum err err = carry_offices(&a->h);

	if (err == OK)
		err = carry_buildings(a);
	for (size_t u = 0; u < s->nunit && err == OK; u++) {
		if (!s->unit[u].changed)
			continue;
		err = carry_rows(&a->h, s->unit[u].code, place_end(s->unit[u].code));
		if (err == OK)
			err = carry_matters(&a->h, s->unit[u].code, place_end(s->unit[u].code));
	}
	return err;
}

static enum err in_force(struct applying *a)
{
	struct req *rq = a->h.rq;
	enum err err = assign_codes(a);

	if (err == OK)
		err = make_map(a);
	if (err == OK)
		err = outlines_make(rq, a->h.s, true, &a->outlines);
	if (err == OK)
		err = make_parts(a);
	if (err == OK)
		err = make_subs(a);
	if (err == OK)
		err = add_lineage(a);
	if (err == OK)
		err = carry_all(a);
	if (err == OK)
		err = end_places(a);
	outlines_free(&a->outlines);
	return err == OK ? plan_parts_put(rq->db, a->h.plan->id, a->h.s) : err;
}

static enum err count_rows(struct applying *a, const struct entity *e, struct jw *out)
{
	const struct sheet *s = a->h.s;
	int64_t all = 0;

	for (size_t p = 0; p < s->npart; p++) {
		int64_t n = 0;
		enum err err = !s->part[p].changed ? OK
						   : entity_lying_count(a->h.rq, e, s->part[p].code,
							     place_end(s->part[p].code), &n);

		if (err != OK)
			return err;
		all += n;
	}
	if (all > 0)
		jw_kint(out, e->name, all);
	return OK;
}

static enum err count_listed(struct applying *a, struct jw *out)
{
	struct rows *r = db_query(a->h.rq->db, planner_sql[Q_PLAN_COUNTS], ARGS(I(a->h.plan->id)));

	while (rows_next(r)) {
		const char *name = str_cstr(a->h.rq->arena, row_str_at(r, 0));

		if (name != NULL)
			jw_kint(out, name, row_int_at(r, 1));
	}
	return rows_close(r);
}

/* {"building":31,"matter":4,…}: nothing but what was carried over lies at the new places yet. */
static enum err count_carried(struct applying *a)
{
	const struct app *app = a->h.rq->app;
	struct buf b;
	struct jw j;
	enum err err;

	buf_init(&b, 4096);
	jw_init(&j, &b);
	jw_obj(&j);
	err = count_listed(a, &j);
	for (size_t i = 0; i < app->nentity && err == OK; i++) {
		if (app->entity[i]->flags & ENTITY_CARRY)
			err = count_rows(a, app->entity[i], &j);
	}
	jw_end_obj(&j);
	a->h.plan->carried = str_dup(a->h.rq->arena, buf_view(&b));
	if (err == OK && (b.failed || a->h.plan->carried.p == NULL))
		err = ERR_NOMEM;
	buf_release(&b);
	return err;
}

/* Reads what it takes to put a plan in force; `p`: the plan as it will be stored. */
static enum err start(struct req *rq, const struct grid_plan *old, struct grid_plan *p, bool fresh,
	struct applying *a)
{
	struct sheet *s = ARENA_NEW(rq->arena, struct sheet);
	enum err err = s == NULL ? ERR_NOMEM : sheet_of_plan(rq, old, s);

	if (err == OK && fresh)
		err = sheet_fresh(rq, s);
	if (err == OK)
		err = sheet_today(rq, old->place, &a->today);
	if (err != OK)
		return err;
	a->h = (struct handover){ .rq = rq, .plan = p, .s = s, .today = date_of(rq->now),
		.choice = arena_array(rq->arena, CHOICES_MAX, sizeof(*a->h.choice)) };
	if (a->h.choice == NULL)
		return ERR_NOMEM;
	err = plan_choices(rq, old->id, a->h.choice, &a->h.nchoice);
	return err != OK ? err : handover_offices(&a->h);
}

enum err plan_forecast(struct req *rq, const struct grid_plan *p, struct handover *ret)
{
	struct applying *a = ARENA_NEW(rq->arena, struct applying);
	enum err err = a == NULL ? ERR_NOMEM : start(rq, p, NULL, false, a);

	if (err == OK)
		err = assign_codes(a);
	if (err == OK)
		err = make_map(a);
	if (err == OK)
		*ret = a->h;
	return err;
}

static enum err apply_all(struct req *rq, const struct grid_plan *old, struct grid_plan *p)
{
	struct applying *a = ARENA_NEW(rq->arena, struct applying);
	enum err err = a == NULL ? ERR_NOMEM : start(rq, old, p, true, a);

	if (err == OK)
		err = in_force(a);
	return err != OK ? err : count_carried(a);
}

enum err plan_apply(struct req *rq, const struct grid_plan *old)
{
	const struct principal *who = rq->who;
	struct grid_plan *p = ARENA_NEW(rq->arena, struct grid_plan);
	enum err err;

	if (p == NULL)
		return ERR_NOMEM;
	*p = *old;
	/* What is carried over lies under many permission words: the plan was approved, so it is
	 * the system's act. */
	rq->who = NULL;
	err = apply_all(rq, old, p);
	p->state = GP_APPLIED;
	p->applied_at = rq->now;
	p->applied_by = who != NULL ? who->user_id : NIL;
	p->problem = (struct str){ NULL, 0 };
	if (err == OK)
		err = entity_update(rq, &grid_plan_entity, old, p);
	if (err == OK)
		err = audit_add(rq->db, &(struct audit_entry){ .at = rq->now,
						.actor = p->applied_by,
						.action = "plan.apply",
						.object = "grid_plan",
						.object_id = p->id,
						.detail = p->carried });
	rq->who = who;
	return err;
}
