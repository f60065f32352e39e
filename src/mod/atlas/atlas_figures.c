/*
 * A figure for every place one step below a place, for the map: counts, shares and the size of
 * grids. All is read in one snapshot together with the figure of the place itself, so the parts add
 * up to the whole (R025); what lies at the place and in no part of it is told beside them. Base data
 * is not counted: its numbers are kept per place.
 */
#include <math.h>

#include "core/entity_tally.h"
#include "mod/atlas/atlas_impl.h"
#include "mod/place/place.h"
#include "mod/registry/registry.h"

/* What a figure is made of. */
enum how { HOW_COUNT, HOW_LATE, HOW_COVERAGE, HOW_GRID_SIZE, HOW_DRIFT };

static const char *const figure_word[] = { "people", "households", "buildings", "rooms", "venues",
	"things", "organisations", "events", "visits", "workforce", "events_red", "visits_overdue",
	"care_coverage", "households_per_grid", "granularity_drift", NULL };
static const struct vocab figure_vocab = { .name = "map_figure", .word = figure_word };

static const struct {
	enum how how;
	enum atlas_what what;
} figures[] = {
	{ HOW_COUNT, ATLAS_PEOPLE },
	{ HOW_COUNT, ATLAS_HOUSEHOLDS },
	{ HOW_COUNT, ATLAS_BUILDINGS },
	{ HOW_COUNT, ATLAS_ROOMS },
	{ HOW_COUNT, ATLAS_VENUES },
	{ HOW_COUNT, ATLAS_THINGS },
	{ HOW_COUNT, ATLAS_ORGANISATIONS },
	{ HOW_COUNT, ATLAS_EVENTS },
	{ HOW_COUNT, ATLAS_VISITS },
	{ HOW_COUNT, ATLAS_WORKFORCE },
	{ HOW_LATE, ATLAS_EVENTS },
	{ HOW_LATE, ATLAS_VISITS },
	{ HOW_COVERAGE, ATLAS_VISITS },
	{ HOW_GRID_SIZE, 0 },
	{ HOW_DRIFT, 0 },
};
_Static_assert(ARRAY_LEN(figures) + 1 == ARRAY_LEN(figure_word), "one for each word");

enum { PARTS_MAX = 4000 };

struct part {
	const struct place *place;
	double num, den;
};
struct asked {
	struct req *rq;
	enum how how;
	enum atlas_what what;
	int64_t place, lo, hi, span;
	size_t n, at;
	struct part *v;
	double num, den; /* of all parts */
	double rest;     /* in no part */
};

/* ---- the parts ---- */

static enum err list_parts(struct asked *a)
{
	const struct snap *s = req_snap(a->rq);
	enum level below = (enum level)(place_level(a->place) + 1);
	int64_t today = date_of(a->rq->now);
	size_t first, n;

	snap_subtree(s, a->place, &first, &n);
	a->v = arena_array(a->rq->arena, PARTS_MAX, sizeof(*a->v));
	if (a->v == NULL)
		return ERR_NOMEM;
	for (size_t i = first; i < first + n && a->n < PARTS_MAX; i++) {
		const struct place *p = &s->place[i];

		if (p->level == below && place_in_force(p->valid_to, today))
			a->v[a->n++].place = p;
	}
	a->span = a->n > 0 ? place_end(a->v[0].place->code) - a->v[0].place->code : a->hi - a->lo;
	return OK;
}

/* Codes come in ascending order. */
static void add(struct asked *a, int64_t code, double num, double den)
{
	int64_t part = code - code % a->span;

	while (a->at < a->n && a->v[a->at].place->code < part)
		a->at++;
	if (a->at < a->n && a->v[a->at].place->code == part) {
		a->v[a->at].num += num;
		a->v[a->at].den += den;
	} else {
		a->rest += num;
	}
	a->num += num;
	a->den += den;
}

static void take_count(int64_t code, const struct place_count *is, void *arg)
{
	struct asked *a = arg;

	add(a, code, (double)(a->how == HOW_LATE ? is->late : is->n), 1);
}

static void take_kept(int64_t code, int64_t n, void *arg)
{
	add(arg, code, (double)n, 1);
}

static void take_plan(int64_t place, bool covered, void *arg)
{
	add(arg, place, covered ? 1 : 0, 1);
}

/* Grids below: households, as the granularity report counts them, and the size they should have. */
static enum err take_grids(struct asked *a)
{
	const struct snap *s = req_snap(a->rq);
	const struct norm *norm = &snap_norms(s, a->rq->app)->grid;
	int64_t today = date_of(a->rq->now);
	struct place_size *v;
	size_t first, n, grids = 0;
	enum err err;

	snap_subtree(s, a->place, &first, &n);
	v = arena_array(a->rq->arena, n + 1, sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	for (size_t i = first; i < first + n; i++) {
		const struct place *p = &s->place[i];

		if (p->level == LEVEL_GRID && !place_is_dedicated(p->kind) &&
			place_in_force(p->valid_to, today))
			v[grids++] = (struct place_size){ .code = p->code, .households = p->households };
	}
	err = place_sizes(a->rq->db, LEVEL_GRID, a->place, v, grids);
	for (size_t i = 0; i < grids; i++)
		add(a, v[i].code,
			a->how == HOW_DRIFT ? norm_drift(norm, v[i].households)
					    : (double)v[i].households,
			1);
	return err;
}

/* The numbers kept per place; what is left of the whole lies in none of the parts. */
static enum err take_total(struct asked *a, const struct entity *e, int64_t *total)
{
	enum err err = entity_tally_below(a->rq->db, e, a->place, take_kept, a);

	if (err == OK)
		err = entity_tally_sum(a->rq->db, e, a->place, total);
	a->rest = (double)*total;
	for (size_t i = 0; i < a->n; i++)
		a->rest -= a->v[i].num;
	return err;
}

static enum err take_all(struct asked *a, int64_t *total)
{
	bool grids = place_level(a->place) < LEVEL_GRID;
	const struct entity *kept = a->how == HOW_COUNT && grids ? atlas_kept(a->what) : NULL;
	enum err err = OK;

	if (kept != NULL)
		return take_total(a, kept, total);
	/* Counted once more, by itself. */
	if (a->how == HOW_COUNT)
		err = atlas_total(a->rq, a->what, a->lo, a->hi, total);
	if (err != OK)
		return err;
	switch (a->how) {
	case HOW_COUNT:
	case HOW_LATE:
		return atlas_by_place(a->rq, a->what, a->lo, a->hi, a->span, take_count, a);
	case HOW_COVERAGE:
		return care_covered_each(a->rq, a->place, date_of(a->rq->now), take_plan, a);
	default:
		return take_grids(a);
	}
}

/* ---- the reply ---- */

static double value_of(const struct asked *a, double num, double den)
{
	if (a->how == HOW_COUNT || a->how == HOW_LATE)
		return num;
	return den > 0 ? num / den : (double)NAN;
}

static void write_part(const struct asked *a, const struct part *p, struct jw *out)
{
	bool share = a->how != HOW_COUNT && a->how != HOW_LATE;

	jw_obj(out);
	jw_kid(out, "code", p->place->code);
	jw_kstr(out, "name", p->place->name);
	jw_kreal(out, "value", value_of(a, p->num, p->den));
	jw_kreal(out, "of", share ? p->den : (double)NAN);
	jw_end_obj(out);
}

static enum err write_all(struct asked *a, struct jw *out)
{
	int64_t total = NIL;
	enum err err = list_parts(a);

	if (err == OK)
		err = take_all(a, &total);
	jw_karr(out, "items");
	for (size_t i = 0; i < a->n; i++)
		write_part(a, &a->v[i], out);
	jw_end_arr(out);
	jw_kreal(out, "total", total != NIL ? (double)total : value_of(a, a->num, a->den));
	jw_kreal(out, "rest", a->how == HOW_COUNT || a->how == HOW_LATE ? a->rest : (double)NAN);
	a->rq->rows = (int64_t)a->n;
	return err;
}

static enum err read_asked(struct req *rq, struct asked *a, const char **ret_perm)
{
	int64_t f = vocab_index(&figure_vocab, req_query(rq, "figure")),
		place = req_query_int(rq, "place");

	if (f == NIL)
		return req_fail(rq, ERR_INVALID, "word", "figure", "there is no such figure");
	*a = (struct asked){
		.rq = rq, .how = figures[f].how, .what = figures[f].what, .place = place
	};
	*ret_perm = a->how <= HOW_COVERAGE ? atlas_perm(a->what) : "place.read";
	if (place == NIL || snap_place(req_snap(rq), place) == NULL ||
		place_level(place) >= LEVEL_MICRO)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "place",
			"there is no such place with places below it");
	a->lo = place;
	a->hi = place_end(place);
	return OK;
}

enum err atlas_figures(struct req *rq, struct jw *out)
{
	const char *perm = NULL;
	struct asked a;
	enum err err = read_asked(rq, &a, &perm);

	if (err != OK)
		return err;
	if (!may_at(rq->who, perm, a.place))
		return req_fail(
			rq, ERR_NOT_FOUND, "not_found", "place", "that place is outside your area");
	err = db_snapshot_begin(rq->db);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_kstr(out, "figure", req_query(rq, "figure"));
	jw_kid(out, "place", a.place);
	jw_kstr(out, "place_name", snap_place_name(req_snap(rq), a.place));
	jw_ktime(out, "at", rq->now);
	err = write_all(&a, out);
	jw_end_obj(out);
	db_snapshot_end(rq->db);
	return err;
}

static const struct member part_member[] = {
	{ "code", F_CODE },
	{ "name", F_STR },
	{ "value", F_REAL, .null = true },
	{ "of", F_REAL, .null = true, .help = "what a share or a mean is taken of" },
};
static const struct shape part_shape = { .name = "MapPart", MEMBERS(part_member) };
static const struct member figures_member[] = {
	{ "figure", F_ENUM, .vocab = &figure_vocab },
	{ "place", F_CODE },
	{ "place_name", F_STR },
	{ "at", F_TIME },
	{ "items", .of = &part_shape, .list = 1 },
	{ "total", F_REAL, .null = true, .help = "of the place itself" },
	{ "rest", F_REAL, .null = true, .help = "of the total, in none of the items" },
};
const struct shape atlas_figures_shape = { .name = "MapFigures", MEMBERS(figures_member) };
