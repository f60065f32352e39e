/* See entity_tally.h. */
#include "core/entity_tally.h"

#include <stdlib.h>

#include "core/app.h"
#include "core/row.h"
#include "core/sqlb.h"
#include "core/tally.h"

enum {
	TALLY_VERSION = 1,
	ENTITY_KINDS = 64, /* the kinds of matters have the numbers below */
	GRIDS_FIRST = 1 << 10,
	GRIDS_MAX = 1 << 21,
	GRID_SPAN = 100 /* codes from one grid to the next */
};

enum { Q_DROP, Q_DROP_WAITING, Q_SEED_GET, Q_SEED_PUT };

const char *const entity_tally_sql[] = {
	[Q_DROP] = "DELETE FROM tally WHERE kind = $1",
	[Q_DROP_WAITING] = "DELETE FROM tally_delta WHERE kind = $1",
	[Q_SEED_GET] = "SELECT count(*) AS n FROM setting WHERE name = 'entity_tally' AND value = $1",
	[Q_SEED_PUT] = ("INSERT INTO setting (name, value) VALUES ('entity_tally', $1) ON CONFLICT (name) "
		       "DO UPDATE SET value = excluded.value"),
};
const size_t entity_tally_nsql = ARRAY_LEN(entity_tally_sql);

static int64_t kind_of(const struct entity *e)
{
	return ENTITY_KINDS + e->counted;
}

/* Where a row counts; NIL: nowhere. */
static int64_t counts_at(const struct entity *e, const void *rec)
{
	const struct field *active = fields_find(&e->fields, STR("active")),
			   *place = fields_find(&e->fields, STR("place"));

	if (rec == NULL || field_is_nil(place, rec) || (active != NULL && field_int(active, rec) == 0))
		return NIL;
	return place_up(field_int(place, rec), LEVEL_GRID);
}

enum err entity_tally_moved(
	struct dbc *c, const struct entity *e, int64_t from, int64_t to, int64_t n)
{
	const struct tally t = { .measure = TALLY_ROWS, .n = n };

	from = from == NIL ? NIL : place_up(from, LEVEL_GRID);
	to = to == NIL ? NIL : place_up(to, LEVEL_GRID);
	if (e->counted == 0 || from == to || n == 0)
		return OK;
	return tally_diff(c, kind_of(e), from, &t, from != NIL, to, &t, to != NIL);
}

enum err entity_tally_write(struct req *rq, const struct entity *e, const void *old, const void *rec)
{
	if (e->counted == 0)
		return OK;
	return entity_tally_moved(rq->db, e, counts_at(e, old), counts_at(e, rec), 1);
}

enum err entity_tally_sum(struct dbc *c, const struct entity *e, int64_t place, int64_t *ret)
{
	return tally_sum(c, place, kind_of(e), TALLY_ROWS, 0, 0, 0, ret);
}

enum err entity_tally_below(struct dbc *c, const struct entity *e, int64_t place,
	void (*fn)(int64_t place, int64_t n, void *arg), void *arg)
{
	return tally_below(c, place, kind_of(e), TALLY_ROWS, fn, arg);
}

/* ---- all rows ---- */

struct grid_count {
	int64_t place, n;
};

/* Grown with malloc; the caller frees `v`. */
struct grid_counts {
	struct grid_count *v;
	size_t n, cap;
};

static enum err counts_push(struct grid_counts *g, int64_t place, int64_t n)
{
	if (g->n == g->cap) {
		size_t cap = g->cap == 0 ? GRIDS_FIRST : g->cap * 2;
		struct grid_count *v =
			cap > GRIDS_MAX ? NULL : realloc(g->v, cap * sizeof(*g->v));

		if (v == NULL)
			return cap > GRIDS_MAX ? ERR_LIMIT : ERR_NOMEM;
		g->v = v;
		g->cap = cap;
	}
	g->v[g->n++] = (struct grid_count){ place, n };
	return OK;
}

/* Rows in force per grid, or per place where they lie higher up; by the rows themselves. */
static enum err count_rows(struct dbc *c, const struct entity *e, struct grid_counts *g)
{
	enum err err = OK;
	struct sqlb b;

	*g = (struct grid_counts){ .v = NULL };
	sqlb_init(&b);
	sqlb_cond(&b, "SELECT t.place - t.place % ? AS cell, count(*) AS n FROM ",
		I(GRID_SPAN));
	sqlb_add(&b, e->table);
	sqlb_add(&b, " t WHERE t.place IS NOT NULL");
	if (fields_find(&e->fields, STR("active")) != NULL)
		sqlb_add(&b, " AND t.active = 1");
	sqlb_add(&b, " GROUP BY 1 ORDER BY 1");
	struct rows *r = sqlb_query(&b, c);

	while (err == OK && rows_next(r))
		err = counts_push(g, row_int_at(r, 0), row_int_at(r, 1));
	enum err end = rows_close(r);

	sqlb_release(&b);
	return err != OK ? err : end;
}

enum err entity_tally_fill(struct dbc *c, const struct entity *e)
{
	struct grid_counts g = { .v = NULL };
	enum err err;

	if (e->counted == 0)
		return OK;
	err = db_exec(c, entity_tally_sql[Q_DROP], ARGS(I(kind_of(e))), NULL);
	if (err == OK)
		err = db_exec(c, entity_tally_sql[Q_DROP_WAITING], ARGS(I(kind_of(e))), NULL);
	if (err == OK)
		err = count_rows(c, e, &g);
	for (size_t i = 0; i < g.n && err == OK; i++)
		err = entity_tally_moved(c, e, NIL, g.v[i].place, g.v[i].n);
	free(g.v);
	return err;
}

enum err entity_tally_seed(struct app *app, struct dbc *c)
{
	int64_t n;
	enum err err = db_int(c, entity_tally_sql[Q_SEED_GET], ARGS(T(STR("1"))), &n);

	_Static_assert(TALLY_VERSION == 1, "the text above");
	if (err != OK || n > 0)
		return err;
	for (size_t i = 0; i < app->nentity && err == OK; i++)
		err = entity_tally_fill(c, app->entity[i]);
	return err != OK ? err : db_exec(c, entity_tally_sql[Q_SEED_PUT], ARGS(T(STR("1"))), NULL);
}

/* The grids come in order, so those of one place are neighbours. */
static enum err check_level(struct dbc *c, const struct entity *e, const struct grid_counts *g,
	enum level level, int64_t *bad, int64_t *bad_place)
{
	enum err err = OK;

	for (size_t i = 0; i < g->n && err == OK;) {
		int64_t place = place_up(g->v[i].place, level), want = 0, kept = 0;

		while (i < g->n && place_up(g->v[i].place, level) == place)
			want += g->v[i++].n;
		err = entity_tally_sum(c, e, place, &kept);
		if (err == OK && kept != want) {
			++*bad;
			*bad_place = place;
		}
	}
	return err;
}

enum err entity_tally_check(
	struct dbc *c, const struct entity *e, int64_t *ret_bad, int64_t *ret_place)
{
	struct grid_counts g = { .v = NULL };
	enum err err = e->counted == 0 ? OK : count_rows(c, e, &g);

	*ret_bad = 0;
	*ret_place = NIL;
	for (int l = LEVEL_CITY; l <= LEVEL_GRID && err == OK; l++)
		err = check_level(c, e, &g, (enum level)l, ret_bad, ret_place);
	free(g.v);
	return err;
}
