/*
 * The sheet of a plan: units, micro-grids and buildings of a place as they are, the parts they are
 * shared out to, and the figures of both.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mod/planner/planner_db.h"
#include "mod/planner/planner_plan.h"

/* ---- what stands there today ---- */

struct loading {
	struct sheet *s;
	size_t units, micros, cells; /* room */
	int64_t *stated;             /* by unit: its households as written on the place */
};

int32_t sheet_unit_at(const struct sheet *s, int64_t code)
{
	size_t lo = 0, hi = s->nunit;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->unit[mid].code <= code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 && code < place_end(s->unit[lo - 1].code) ? (int32_t)lo - 1 : PLAN_NO_GRID;
}

static enum err take_place(const struct place_now *p, void *arg)
{
	struct loading *l = arg;
	struct sheet *s = l->s;
	enum level level = place_level(p->code);

	if (level == s->level && !place_is_dedicated(p->kind)) {
		if (s->nunit == l->units)
			return ERR_LIMIT;
		s->unit[s->nunit++] = (struct sheet_unit){ .code = p->code,
			.households = p->households,
			.leader_id = p->leader_id,
			.name = str_dup(s->a, p->name),
			.lon = p->lon,
			.lat = p->lat,
			.heir = PLAN_NO_GRID };
	} else if (level == LEVEL_MICRO) {
		int32_t unit = sheet_unit_at(s, p->code);

		if (unit == PLAN_NO_GRID)
			return OK;
		if (s->nmicro == l->micros)
			return ERR_LIMIT;
		s->micro[s->nmicro++] = (struct sheet_micro){ .code = p->code,
			.households = p->households,
			.leader_id = p->leader_id,
			.name = str_dup(s->a, p->name),
			.lon = p->lon,
			.lat = p->lat,
			.unit = unit };
	}
	return OK;
}

static const struct sheet_micro *micro_at(const struct sheet *s, int64_t code)
{
	size_t lo = 0, hi = s->nmicro;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->micro[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->nmicro && s->micro[lo].code == code ? &s->micro[lo] : NULL;
}

/* A building without a point stands in the middle of its micro-grid or grid. */
static void set_point(const struct sheet *s, struct sheet_cell *c)
{
	const struct sheet_micro *m = micro_at(s, c->at);
	const struct sheet_unit *u = c->unit == PLAN_NO_GRID ? NULL : &s->unit[c->unit];

	if (isnan(c->lon) && m != NULL) {
		c->lon = m->lon;
		c->lat = m->lat;
	}
	if (isnan(c->lon) && u != NULL) {
		c->lon = u->lon;
		c->lat = u->lat;
	}
}

static enum err take_building(const struct building_now *b, void *arg)
{
	struct loading *l = arg;
	struct sheet *s = l->s;
	struct sheet_cell c = { .building = b->id,
		.at = b->place,
		.became = NIL,
		.households = b->homes,
		.unit = sheet_unit_at(s, b->place),
		.part = PLAN_NO_GRID,
		.lon = b->lon,
		.lat = b->lat };

	/* Those of dedicated grids are not planned. */
	if (c.unit == PLAN_NO_GRID && s->level == LEVEL_GRID)
		return OK;
	if (s->ncell == l->cells)
		return ERR_LIMIT;
	set_point(s, &c);
	s->cell[s->ncell++] = c;
	return OK;
}

/* ---- households: as registered, or as stated and spread ---- */

/* `total` among the cells that lie at `at`; how much was given out. */
static int64_t spread(struct sheet *s, int64_t at, int64_t total)
{
	int64_t n = 0, i = 0;

	for (size_t k = 0; k < s->ncell; k++)
		n += s->cell[k].at == at;
	for (size_t k = 0; k < s->ncell; k++) {
		if (s->cell[k].at == at)
			s->cell[k].households = total / n + (i++ < total % n);
	}
	return n > 0 ? total : 0;
}

static void spread_unit(struct sheet *s, int32_t unit)
{
	const struct sheet_unit *u = &s->unit[unit];
	int64_t left = u->households;

	for (size_t k = 0; k < s->ncell; k++) {
		if (s->cell[k].unit == unit)
			s->cell[k].households = 0;
	}
	for (size_t m = 0; m < s->nmicro; m++) {
		if (s->micro[m].unit == unit)
			left -= spread(s, s->micro[m].code, s->micro[m].households);
	}
	(void)spread(s, u->code, left > 0 ? left : 0);
}

static enum err homes_below(struct req *rq, int64_t code, int64_t *ret)
{
	return db_int(rq->db, planner_sql[Q_PLAN_HOMES], ARGS(I(code), I(place_end(code))), ret);
}

/* Micro-grids of one grid: as for the grid. Buildings outside micro-grids share what is left of it. */
static enum err set_grid(struct req *rq, struct sheet *s)
{
	const struct place *p = snap_place(req_snap(rq), s->place);
	int64_t counted = 0, left = p != NULL ? p->households : 0;
	enum err err = homes_below(rq, s->place, &counted);

	if (err != OK || households_entered(counted, left)) {
		for (size_t i = 0; i < s->nunit && err == OK; i++)
			err = homes_below(rq, s->unit[i].code, &s->unit[i].households);
		return err;
	}
	for (size_t i = 0; i < s->nunit; i++) {
		spread_unit(s, (int32_t)i);
		left -= s->unit[i].households;
	}
	(void)spread(s, s->place, left > 0 ? left : 0);
	return OK;
}

/* Registered households count where they are entered: see households_entered. */
static enum err set_households(struct req *rq, struct sheet *s)
{
	if (s->level == LEVEL_MICRO)
		return set_grid(rq, s);
	for (size_t i = 0; i < s->nunit; i++) {
		struct sheet_unit *u = &s->unit[i];
		int64_t counted = 0;
		enum err err = homes_below(rq, u->code, &counted);

		if (err != OK)
			return err;
		if (!households_entered(counted, u->households))
			spread_unit(s, (int32_t)i);
		else
			u->households = counted;
	}
	return OK;
}

enum err sheet_today(struct req *rq, int64_t place, struct sheet *ret)
{
	struct sheet *s = ret;
	struct loading l = { .s = s,
		.units = SHEET_UNITS_MAX,
		.micros = SHEET_UNITS_MAX * 99,
		.cells = SHEET_CELLS_MAX };
	enum err err;

	*s = (struct sheet){ .a = rq->arena,
		.place = place,
		.level = place_level(place) == LEVEL_GRID ? LEVEL_MICRO : LEVEL_GRID };
	if (s->level == LEVEL_MICRO)
		l.micros = 1;
	else
		l.micros = 9999;
	s->norm = *norm_of(snap_norms(req_snap(rq), rq->app), s->level,
		s->level == LEVEL_GRID ? PLACE_GRID : PLACE_MICRO);
	s->unit = arena_array(s->a, l.units, sizeof(*s->unit));
	s->micro = arena_array(s->a, l.micros, sizeof(*s->micro));
	s->cell = arena_array(s->a, l.cells, sizeof(*s->cell));
	if (s->unit == NULL || s->micro == NULL || s->cell == NULL)
		return ERR_NOMEM;
	err = plan_places_each(rq->db, place, date_of(rq->now), take_place, &l);
	if (err == OK)
		err = plan_buildings_each(rq->db, place, take_building, &l);
	if (err == OK)
		err = sheet_barriers(rq, s);
	if (err == ERR_LIMIT)
		return req_fail(rq, ERR_LIMIT, "planner.size", "place",
			"it has more than %d buildings: plan its parts one by one",
			SHEET_CELLS_MAX);
	return err != OK ? err : set_households(rq, s);
}

/* ---- a stored plan ---- */

static int by_code(const void *a, const void *b)
{
	const struct sheet_unit *x = a, *y = b;

	return (x->code > y->code) - (x->code < y->code);
}

/* Codes may repeat: sorted, and each once. */
static void settle_units(struct req *rq, struct sheet *s)
{
	size_t n = 0;

	qsort(s->unit, s->nunit, sizeof(*s->unit), by_code);
	for (size_t i = 0; i < s->nunit; i++) {
		const struct place *p = snap_place(req_snap(rq), s->unit[i].code);

		if (n > 0 && s->unit[n - 1].code == s->unit[i].code)
			continue;
		s->unit[n] = (struct sheet_unit){ .code = s->unit[i].code,
			.leader_id = p != NULL ? p->leader_id : NIL,
			.name = p != NULL ? p->name : STR("?"),
			.lon = p != NULL ? p->lon : NAN,
			.lat = p != NULL ? p->lat : NAN,
			.heir = PLAN_NO_GRID };
		n++;
	}
	s->nunit = n;
}

static enum err read_cells(struct req *rq, int64_t plan, struct sheet *s, int64_t *unit)
{
	struct rows *r = db_query(rq->db, planner_sql[Q_PLAN_CELLS], ARGS(I(plan)));

	while (s->ncell < SHEET_CELLS_MAX && rows_next(r)) {
		unit[s->ncell] = row_int_at(r, 2);
		s->cell[s->ncell++] = (struct sheet_cell){ .building = row_int_at(r, 0),
			.at = row_int_at(r, 1),
			.part = (int32_t)row_int_at(r, 3),
			.households = row_int_at(r, 4),
			.lon = row_real_at(r, 5),
			.lat = row_real_at(r, 6),
			.became = row_int_at(r, 7) };
	}
	return rows_close(r);
}

static enum err read_parts(struct req *rq, int64_t plan, struct sheet *s, int64_t *origin)
{
	struct rows *r = db_query(rq->db, planner_sql[Q_PLAN_PARTS], ARGS(I(plan)));

	while (s->npart < SHEET_UNITS_MAX && rows_next(r)) {
		origin[s->npart] = row_int_at(r, 1);
		s->part[s->npart++] = (struct sheet_part){ .name = str_dup(s->a, row_str_at(r, 2)),
			.code = row_int_at(r, 3) };
	}
	return rows_close(r);
}

enum err sheet_of_plan(struct req *rq, const struct grid_plan *p, struct sheet *ret)
{
	struct sheet *s = ret;
	int64_t *unit = arena_array(rq->arena, SHEET_CELLS_MAX, sizeof(*unit));
	int64_t *origin = arena_array(rq->arena, SHEET_UNITS_MAX, sizeof(*origin));
	enum err err;

	*s = (struct sheet){ .a = rq->arena,
		.place = p->place,
		.level = (enum level)p->level,
		.norm = { p->norm_target, p->norm_low, p->norm_high } };
	s->cell = arena_array(s->a, SHEET_CELLS_MAX, sizeof(*s->cell));
	s->part = arena_array(s->a, SHEET_UNITS_MAX + 1, sizeof(*s->part));
	s->unit = arena_array(s->a, SHEET_CELLS_MAX + SHEET_UNITS_MAX, sizeof(*s->unit));
	if (unit == NULL || origin == NULL || s->cell == NULL || s->part == NULL || s->unit == NULL)
		return ERR_NOMEM;
	err = read_cells(rq, p->id, s, unit);
	if (err == OK)
		err = read_parts(rq, p->id, s, origin);
	if (err != OK)
		return err;
	for (size_t i = 0; i < s->ncell; i++) {
		if (unit[i] != NIL)
			s->unit[s->nunit++].code = unit[i];
	}
	for (size_t i = 0; i < s->npart; i++) {
		if (origin[i] != NIL)
			s->unit[s->nunit++].code = origin[i];
	}
	settle_units(rq, s);
	for (size_t i = 0; i < s->ncell; i++) {
		struct sheet_cell *c = &s->cell[i];

		c->unit = unit[i] == NIL ? PLAN_NO_GRID : sheet_unit_at(s, unit[i]);
		if (c->unit != PLAN_NO_GRID)
			s->unit[c->unit].households += c->households;
	}
	for (size_t i = 0; i < s->npart; i++)
		s->part[i].origin = origin[i] == NIL ? PLAN_NO_GRID : sheet_unit_at(s, origin[i]);
	err = sheet_barriers(rq, s);
	return err != OK ? err : sheet_measure(s);
}

/* ---- figures ---- */

/* Hamlets of one village are far apart, and yet one grid. */
#define GAP_M 20000.0

static enum err problem_of(const struct sheet *s, struct plan_problem *ret)
{
	struct plan_cell *cell = arena_array(s->a, s->ncell + 1, sizeof(*cell));

	if (cell == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->ncell; i++) {
		const struct sheet_cell *c = &s->cell[i];

		cell[i] = (struct plan_cell){
			.lon = c->lon, .lat = c->lat, .households = c->households, .grid = c->unit
		};
	}
	*ret = (struct plan_problem){
		.cell = cell, .n = s->ncell, .ngrid = s->nunit, .norm = s->norm, .gap_m = GAP_M,
		.barrier = s->wall, .nbarrier = s->nwall };
	return OK;
}

/* The part that continues a unit, else the one with most of its households. */
static void find_heirs(struct sheet *s, int64_t *share)
{
	for (size_t u = 0; u < s->nunit; u++) {
		int64_t most = -1;

		memset(share, 0, s->npart * sizeof(*share));
		for (size_t i = 0; i < s->ncell; i++) {
			if (s->cell[i].unit == (int32_t)u)
				share[s->cell[i].part] += s->cell[i].households + 1;
		}
		for (size_t p = 0; p < s->npart; p++) {
			bool own = s->part[p].origin == (int32_t)u && s->part[p].cells > 0;

			if (own || (share[p] > 0 && share[p] > most)) {
				s->unit[u].heir = (int32_t)p;
				most = own ? INT64_MAX : share[p];
			}
		}
	}
}

/* A part is as today when it has the cells of the unit it continues, and no others. */
static void find_changes(struct sheet *s)
{
	for (size_t p = 0; p < s->npart; p++)
		s->part[p].changed = s->part[p].cells > 0 && s->part[p].origin == PLAN_NO_GRID;
	for (size_t i = 0; i < s->ncell; i++) {
		const struct sheet_cell *c = &s->cell[i];
		struct sheet_part *p = &s->part[c->part];

		if (c->unit == PLAN_NO_GRID || p->origin != c->unit)
			p->changed = true;
	}
	for (size_t i = 0; i < s->ncell; i++) {
		const struct sheet_cell *c = &s->cell[i];

		if (c->unit != PLAN_NO_GRID && s->part[c->part].origin != c->unit)
			s->unit[c->unit].changed = true;
	}
	/* What lost a cell changes too, and so does a unit whose part gained one. */
	for (size_t p = 0; p < s->npart; p++) {
		struct sheet_part *q = &s->part[p];

		if (q->origin == PLAN_NO_GRID || q->cells == 0)
			continue;
		q->changed = q->changed || s->unit[q->origin].changed;
		s->unit[q->origin].changed = q->changed;
	}
}

bool sheet_changes(const struct sheet *s)
{
	for (size_t p = 0; p < s->npart; p++) {
		if (s->part[p].changed)
			return true;
	}
	return false;
}

enum err sheet_measure(struct sheet *s)
{
	int32_t *grid = arena_array(s->a, s->ncell + 1, sizeof(*grid)),
		*unit = arena_array(s->a, s->ncell + 1, sizeof(*unit));
	int32_t *origin = arena_array(s->a, s->npart + 1, sizeof(*origin)),
		*same = arena_array(s->a, s->nunit + 1, sizeof(*same));
	int64_t *share = arena_array(s->a, s->npart + 1, sizeof(*share));
	uint8_t *pieces = arena_array(s->a, s->npart + 1, 1);
	struct plan_problem p;
	enum err err = problem_of(s, &p);

	if (grid == NULL || unit == NULL || origin == NULL || same == NULL || share == NULL ||
		pieces == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->nunit; i++) {
		same[i] = (int32_t)i;
		s->unit[i].changed = false;
		s->unit[i].heir = PLAN_NO_GRID;
	}
	for (size_t i = 0; i < s->npart; i++) {
		origin[i] = s->part[i].origin;
		s->part[i].households = s->part[i].cells = 0;
	}
	for (size_t i = 0; i < s->ncell; i++) {
		grid[i] = s->cell[i].part;
		unit[i] = s->cell[i].unit;
		s->part[grid[i]].households += s->cell[i].households;
		s->part[grid[i]].cells++;
	}
	if (err == OK)
		err = plan_measure(s->a, &p, unit, same, s->nunit, &s->before);
	if (err == OK)
		err = plan_measure(s->a, &p, grid, origin, s->npart, &s->after);
	if (err == OK)
		err = plan_pieces(s->a, &p, grid, s->npart, pieces);
	for (size_t i = 0; i < s->npart; i++)
		s->part[i].pieces = pieces[i];
	find_changes(s);
	find_heirs(s, share);
	return err;
}

void figures_write(const struct plan_figures *f, struct jw *out)
{
	jw_obj(out);
	jw_kint(out, "units", (int64_t)f->grids);
	jw_kint(out, "inside", (int64_t)f->inside);
	jw_kreal(out, "mean_drift", f->grids > 0 ? f->drift : NAN);
	jw_kreal(out, "worst", f->grids > 0 ? f->worst : NAN);
	jw_kint(out, "households", f->households);
	jw_kint(out, "moved", f->moved);
	jw_kint(out, "scattered", (int64_t)f->scattered);
	jw_kreal(out, "distance_m", f->distance_m);
	jw_end_obj(out);
}

/* ---- the proposal ---- */

static enum err cells_ready(struct req *rq, const struct sheet *s)
{
	if (s->ncell == 0)
		return req_fail(rq, ERR_CONFLICT, "planner.no_buildings", "place",
			"no building is registered here: enter the buildings first");
	for (size_t i = 0; i < s->ncell; i++) {
		if (isnan(s->cell[i].lon) || isnan(s->cell[i].lat))
			return req_fail(rq, ERR_CONFLICT, "planner.no_point", "place",
				"building %lld has no point and neither has its grid: give it one",
				(long long)s->cell[i].building);
	}
	return OK;
}

/* The named units, each with at least one building. */
static enum err find_which(struct req *rq, const struct sheet *s, const int64_t *which, size_t n,
	int32_t ret[SHEET_WHICH_MAX])
{
	for (size_t k = 0; k < n; k++) {
		int32_t u = sheet_unit_at(s, which[k]);
		bool has = false;

		for (size_t i = 0; i < s->ncell && u != PLAN_NO_GRID; i++)
			has = has || s->cell[i].unit == u;
		if (u == PLAN_NO_GRID || s->unit[u].code != which[k])
			return req_fail(rq, ERR_INVALID, "planner.unit", "codes",
				"only general grids in force (or micro-grids) "
				"of this place can be planned");
		if (!has)
			return req_fail(rq, ERR_CONFLICT, "planner.no_buildings", "codes",
				"no building is registered in %.*s: enter its buildings first",
				(int)s->unit[u].name.n, s->unit[u].name.p);
		ret[k] = u;
	}
	return OK;
}

/* Units named one by one are joined as they are, without the planner. */
static enum err join(struct sheet *s, int32_t *unit, size_t n, struct plan *plan)
{
	/* The largest goes on. */
	for (size_t k = 1; k < n; k++) {
		if (s->unit[unit[k]].households > s->unit[unit[0]].households) {
			int32_t u = unit[0];

			unit[0] = unit[k];
			unit[k] = u;
		}
	}
	plan->grid = arena_array(s->a, s->ncell, sizeof(*plan->grid));
	plan->origin = arena_array(s->a, s->nunit + 1, sizeof(*plan->origin));
	if (plan->grid == NULL || plan->origin == NULL)
		return ERR_NOMEM;
	plan->ngrid = s->nunit;
	for (size_t i = 0; i < s->nunit; i++)
		plan->origin[i] = (int32_t)i;
	for (size_t i = 0; i < s->ncell; i++) {
		plan->grid[i] = s->cell[i].unit != PLAN_NO_GRID ? s->cell[i].unit : unit[0];
		for (size_t k = 1; k < n; k++) {
			if (s->cell[i].unit == unit[k])
				plan->grid[i] = unit[0];
		}
	}
	return OK;
}

static enum err make(struct req *rq, struct sheet *s, enum plan_kind kind, int32_t *unit, size_t n,
	struct plan *plan)
{
	struct plan_problem p;
	enum err err = problem_of(s, &p);

	if (err == OK && kind == PLAN_MERGE && n > 1)
		return join(s, unit, n, plan);
	if (err == OK)
		err = plan_make(s->a, &p, kind, n == 1 ? unit[0] : PLAN_NO_GRID, plan);
	if (err == OK && !plan->changed)
		err = req_fail(rq, ERR_CONFLICT, "planner.nothing", "kind",
			kind == PLAN_MERGE ? "no neighbour can take it within the standard: name "
					     "the grids to merge, or re-partition"
			: kind == PLAN_SPLIT
				? "it cannot be split: it has one building only"
				: "nothing better was found: the grids are as good as they can be");
	return err;
}

/* Joining by hand leaves units without cells behind; only parts with cells are kept. */
static enum err take_plan(struct sheet *s, const struct plan *plan, int64_t last)
{
	int32_t *of = arena_array(s->a, plan->ngrid + 1, sizeof(*of));

	s->part = arena_array(s->a, SHEET_UNITS_MAX + 1, sizeof(*s->part));
	if (of == NULL || s->part == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->ncell; i++) {
		int32_t g = plan->grid[i];

		if (of[g] == 0) {
			int32_t origin = plan->origin[g];

			if (s->npart == SHEET_UNITS_MAX)
				return ERR_LIMIT;
			s->part[s->npart] = (struct sheet_part){ .origin = origin,
				.code = NIL,
				.name = origin != PLAN_NO_GRID
						? s->unit[origin].name
						: str_fmt(s->a,
							  s->level == LEVEL_GRID ? "第%lld网格"
										 : "第%lld微网格",
							  (long long)++last) };
			of[g] = (int32_t)++s->npart;
		}
		s->cell[i].part = of[g] - 1;
	}
	return OK;
}

enum err sheet_propose(
	struct req *rq, struct sheet *s, enum plan_kind kind, const int64_t *which, size_t nwhich)
{
	int32_t unit[SHEET_WHICH_MAX] = { 0 };
	int64_t last = NIL, step = s->level == LEVEL_GRID ? 100 : 1;
	struct plan plan = { .ngrid = 0 };
	enum err err = cells_ready(rq, s);

	if (err == OK)
		err = find_which(rq, s, which, nwhich, unit);
	if (err == OK && (kind == PLAN_REPARTITION    ? nwhich > 0
				 : kind == PLAN_SPLIT ? nwhich > 1
						      : false))
		err = req_fail(rq, ERR_INVALID, "planner.codes", "codes",
			kind == PLAN_SPLIT
				? "one is split at a time, or none is named: all that are too large"
				: "a re-partition is of the whole place: name none");
	if (err == OK)
		err = make(rq, s, kind, unit, nwhich, &plan);
	if (err == OK)
		err = db_int(rq->db, planner_sql[Q_PLAN_LAST],
			ARGS(I(s->place), I(place_end(s->place)), I(s->level)), &last);
	if (err != OK)
		return err;
	err = take_plan(s, &plan, last == NIL ? 0 : (last - s->place) / step);
	return err != OK ? err : sheet_measure(s);
}

/* ---- has the tree changed since? ---- */

static enum err changed(struct req *rq)
{
	return req_fail(rq, ERR_CONFLICT, "planner.changed", "",
		"grids or buildings changed since the plan was made: make a new plan");
}

enum err sheet_fresh(struct req *rq, const struct sheet *s)
{
	struct sheet now;
	enum err err = sheet_today(rq, s->place, &now);

	if (err != OK)
		return err;
	if (now.ncell != s->ncell)
		return changed(rq);
	for (size_t i = 0; i < s->ncell; i++) {
		if (s->cell[i].building != now.cell[i].building || s->cell[i].at != now.cell[i].at)
			return changed(rq);
	}
	for (size_t i = 0; i < s->nunit; i++) {
		int32_t u = sheet_unit_at(&now, s->unit[i].code);

		if (u == PLAN_NO_GRID || now.unit[u].code != s->unit[i].code)
			return changed(rq);
	}
	return OK;
}
