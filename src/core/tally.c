/*
 * Roll-ups: see tally.h. Rows that changed are appended; the fold adds them to the totals of every
 * level above. Reading adds the totals of one place to what is not folded yet below it.
 */
#include "core/tally.h"

#include <stdlib.h>
#include <string.h>

#include "core/row.h"
#include "core/sqlb.h"

enum { Q_TALLY_ADD, Q_TALLY_TAKE, Q_TALLY_TOTAL, Q_TALLY_SUM, Q_TALLY_SUM_DELTA, Q_TALLY_DIMS, Q_TALLY_DIMS_DELTA,
       Q_TALLY_DAYS, Q_TALLY_BELOW, Q_TALLY_WAITING, Q_TALLY_MAX };

const char *const tally_sql[] = {
	[Q_TALLY_ADD] = "INSERT INTO tally_delta (id, place, kind, measure, dim, day, n) "
			"VALUES ($1, $2, $3, $4, $5, $6, $7)",
	[Q_TALLY_TAKE] = "DELETE FROM tally_delta WHERE id IN (SELECT id FROM tally_delta ORDER BY id LIMIT $1) "
			 "RETURNING place, kind, measure, dim, day, n",
	[Q_TALLY_TOTAL] = "INSERT INTO tally (place, kind, measure, day, dim, n) VALUES ($1, $2, $3, $4, $5, $6) "
			  "ON CONFLICT (place, kind, measure, day, dim) DO UPDATE SET n = tally.n + excluded.n",
	[Q_TALLY_SUM] = "SELECT CAST(COALESCE(sum(n), 0) AS BIGINT) AS n FROM tally WHERE place = $1 AND kind = $2 "
			"AND measure = $3 AND day >= $4 AND day <= $5 AND ($6 = -1 OR dim = $6)",
	[Q_TALLY_SUM_DELTA] =
		"SELECT CAST(COALESCE(sum(n), 0) AS BIGINT) AS n FROM tally_delta WHERE place >= $1 AND place < $2 "
		"AND kind = $3 AND measure = $4 AND day >= $5 AND day <= $6 AND ($7 = -1 OR dim = $7)",
	[Q_TALLY_DIMS] = "SELECT dim, CAST(sum(n) AS BIGINT) AS n FROM tally WHERE place = $1 AND kind = $2 "
			 "AND measure = $3 AND day >= $4 AND day <= $5 GROUP BY dim",
	[Q_TALLY_DIMS_DELTA] = "SELECT dim, CAST(sum(n) AS BIGINT) AS n FROM tally_delta WHERE place >= $1 "
			       "AND place < $2 AND kind = $3 AND measure = $4 AND day >= $5 AND day <= $6 GROUP BY dim",
	[Q_TALLY_DAYS] =
		"SELECT day, CAST(sum(n) AS BIGINT) AS n FROM (SELECT day, n FROM tally WHERE place = $1 "
		"AND kind = $3 AND measure = $4 AND day >= $5 AND day <= $6 UNION ALL SELECT day, n FROM tally_delta "
		"WHERE place >= $1 AND place < $2 AND kind = $3 AND measure = $4 AND day >= $5 AND day <= $6) x "
		"GROUP BY day ORDER BY day",
	[Q_TALLY_BELOW] =
		"SELECT place, CAST(sum(n) AS BIGINT) AS n FROM (SELECT p.code AS place, (SELECT t.n FROM tally t "
		"WHERE t.place = p.code AND t.kind = $3 AND t.measure = $4 AND t.day = 0 AND t.dim = 0) AS n "
		"FROM place p WHERE p.parent = $1 UNION ALL SELECT place, n FROM tally_delta WHERE place > $1 AND place < $2 AND kind = $3 "
		"AND measure = $4 AND day = 0) x WHERE n IS NOT NULL GROUP BY place ORDER BY place",
	[Q_TALLY_WAITING] = "SELECT id FROM tally_delta LIMIT 1",
};
const size_t tally_nsql = Q_TALLY_MAX;

static bool same(const struct tally *a, const struct tally *b)
{
	return a->measure == b->measure && a->dim == b->dim && a->day == b->day;
}

static enum err add(struct dbc *c, int64_t place, int64_t kind, const struct tally *t, int64_t n)
{
	int64_t id;

	if (n == 0)
		return OK;
	id = db_new_id(c);
	if (id == NIL)
		return ERR_RETRY;
	return db_exec(c, tally_sql[Q_TALLY_ADD],
		ARGS(I(id), I(place), I(kind), I(t->measure), I(t->dim), I(t->day), I(n)), NULL);
}

enum err tally_diff(struct dbc *c, int64_t kind, int64_t place_before, const struct tally *before, size_t nb,
		    int64_t place_after, const struct tally *after, size_t na)
{
	bool moved = place_before != place_after;
	enum err err = OK;

	for (size_t i = 0; i < na && err == OK; i++) {
		int64_t n = after[i].n;

		for (size_t k = 0; k < nb && !moved; k++) {
			if (same(&after[i], &before[k]))
				n -= before[k].n;
		}
		err = add(c, place_after, kind, &after[i], n);
	}
	for (size_t k = 0; k < nb && err == OK; k++) {
		bool kept = false;

		for (size_t i = 0; i < na && !moved; i++)
			kept = kept || same(&after[i], &before[k]);
		if (!kept)
			err = add(c, place_before, kind, &before[k], -before[k].n);
	}
	return err;
}

enum err tally_sum(struct dbc *c, int64_t place, int64_t kind, int measure, int dim, int64_t from, int64_t to,
		   int64_t *ret)
{
	int64_t folded, fresh;
	enum err err = db_int(c, tally_sql[Q_TALLY_SUM],
		ARGS(I(place), I(kind), I(measure), I(from), I(to), I(dim)), &folded);

	if (err == OK)
		err = db_int(c, tally_sql[Q_TALLY_SUM_DELTA],
			ARGS(I(place), I(place_end(place)), I(kind), I(measure), I(from), I(to), I(dim)), &fresh);
	if (err == OK)
		*ret = folded + fresh;
	return err;
}

static enum err add_dims(struct rows *r, int64_t *ret, size_t max)
{
	while (rows_next(r)) {
		int64_t dim = row_int_at(r, 0);

		if (dim >= 0 && (size_t)dim < max)
			ret[dim] += row_int_at(r, 1);
	}
	return rows_close(r);
}

enum err tally_by_dim(struct dbc *c, int64_t place, int64_t kind, int measure, int64_t from, int64_t to,
		      int64_t *ret, size_t max)
{
	memset(ret, 0, max * sizeof(*ret));
	enum err err = add_dims(db_query(c, tally_sql[Q_TALLY_DIMS],
					 ARGS(I(place), I(kind), I(measure), I(from), I(to))), ret, max);

	if (err != OK)
		return err;
	return add_dims(db_query(c, tally_sql[Q_TALLY_DIMS_DELTA],
				 ARGS(I(place), I(place_end(place)), I(kind), I(measure), I(from), I(to))), ret, max);
}

enum err tally_by_day(struct dbc *c, int64_t place, int64_t kind, int measure, int64_t from, int64_t to,
		      void (*fn)(int64_t day, int64_t n, void *arg), void *arg)
{
	struct rows *r = db_query(c, tally_sql[Q_TALLY_DAYS],
		ARGS(I(place), I(place_end(place)), I(kind), I(measure), I(from), I(to)));

	while (rows_next(r))
		fn(row_int_at(r, 0), row_int_at(r, 1), arg);
	return rows_close(r);
}

enum err tally_below(struct dbc *c, int64_t place, int64_t kind, int measure,
		     void (*fn)(int64_t place, int64_t n, void *arg), void *arg)
{
	struct rows *r = db_query(c, tally_sql[Q_TALLY_BELOW],
		ARGS(I(place), I(place_end(place)), I(kind), I(measure)));

	while (rows_next(r))
		fn(row_int_at(r, 0), row_int_at(r, 1), arg);
	return rows_close(r);
}

/* ---- fold ---- */

enum { CELLS_FIRST = 1024 };

struct cell {
	int64_t place, day, n;
	int kind, measure, dim;
	bool used;
};

/* Grows with what it holds: most folds are small. */
struct cells {
	struct cell *v;
	size_t n, cap; /* cap: a power of two, or 0 */
};

static size_t cell_slot(const struct cells *s, const struct cell *c)
{
	uint64_t h = (uint64_t)c->place * 0x9E3779B97F4A7C15u;

	h ^= ((uint64_t)c->day << 20) ^ ((uint64_t)c->measure << 12) ^ ((uint64_t)c->kind << 8) ^ (uint64_t)c->dim;
	h *= 0xBF58476D1CE4E5B9u;
	return (size_t)(h >> 20) & (s->cap - 1);
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->place == b->place && a->day == b->day && a->kind == b->kind && a->measure == b->measure &&
	       a->dim == b->dim;
}

/* Room is known to be there. */
static void cell_put(struct cells *s, const struct cell *c)
{
	size_t i = cell_slot(s, c);

	while (s->v[i].used) {
		if (same_cell(&s->v[i], c)) {
			s->v[i].n += c->n;
			return;
		}
		i = (i + 1) & (s->cap - 1);
	}
	s->v[i] = *c;
	s->v[i].used = true;
	s->n++;
}

static enum err cells_grow(struct cells *s)
{
	struct cells more = { .cap = s->cap == 0 ? CELLS_FIRST : s->cap * 2 };

	more.v = calloc(more.cap, sizeof(*more.v));
	if (more.v == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->cap; i++) {
		if (s->v[i].used)
			cell_put(&more, &s->v[i]);
	}
	free(s->v);
	*s = more;
	return OK;
}

/* One row counts for its own place and for every level above it up to the city. */
static enum err spread(struct cells *s, const struct cell *c)
{
	int64_t last = -1;

	if ((s->n + LEVEL_MAX) * 2 > s->cap && cells_grow(s) != OK)
		return ERR_NOMEM;
	for (int l = LEVEL_MICRO; l >= LEVEL_CITY; l--) {
		struct cell up = *c;

		up.place = place_up(c->place, (enum level)l);
		if (up.place != last)
			cell_put(s, &up);
		last = up.place;
	}
	return OK;
}

enum err tally_add_total(struct dbc *c, int64_t place, int64_t kind, const struct tally *t)
{
	return db_exec(c, tally_sql[Q_TALLY_TOTAL],
		ARGS(I(place), I(kind), I(t->measure), I(t->day), I(t->dim), I(t->n)), NULL);
}

static enum err write_cells(struct dbc *c, const struct cells *s)
{
	enum err err = OK;

	for (size_t i = 0; i < s->cap && err == OK; i++) {
		const struct cell *o = &s->v[i];

		if (!o->used || o->n == 0)
			continue;
		err = db_exec(c, tally_sql[Q_TALLY_TOTAL],
			ARGS(I(o->place), I(o->kind), I(o->measure), I(o->day), I(o->dim), I(o->n)), NULL);
	}
	return err;
}

enum err tally_waiting(struct dbc *c, bool *ret)
{
	int64_t id;
	enum err err = db_int(c, tally_sql[Q_TALLY_WAITING], NO_ARGS, &id);

	*ret = err == OK;
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err tally_fold(struct dbc *c, int64_t max, int64_t *ret_n)
{
	struct cells s = { .cap = 0 };
	enum err err = OK;
	int64_t n = 0;
	struct rows *r = db_query(c, tally_sql[Q_TALLY_TAKE], ARGS(I(max)));

	while (err == OK && rows_next(r)) {
		struct cell one = {
			.place = row_int_at(r, 0),
			.kind = (int)row_int_at(r, 1),
			.measure = (int)row_int_at(r, 2),
			.dim = (int)row_int_at(r, 3),
			.day = row_int_at(r, 4),
			.n = row_int_at(r, 5),
		};

		err = spread(&s, &one);
		n++;
	}
	enum err end = rows_close(r);

	err = err != OK ? err : end;
	if (err == OK)
		err = write_cells(c, &s);
	free(s.v);
	if (err == OK)
		*ret_n = n;
	return err;
}
