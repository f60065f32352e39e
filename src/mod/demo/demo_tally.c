/*
 * Roll-ups of the whole story at once. The engine appends the difference of every step and folds it
 * later; over a year of steps nearly all of that cancels out. What remains is what each event counts
 * for in the end, so that is added up here, and the appended rows are dropped.
 */
#include <stdlib.h>

#include "core/matter.h"
#include "core/tally.h"
#include "mod/demo/demo_world.h"

enum { PAGE = 5000, CELLS_AT_ONCE = 20000, CELLS_FIRST = 1 << 16, CELLS_MAX = 1 << 27 };

struct cell {
	int64_t place, day, n;
	int kind, measure, dim;
	bool used;
};

struct cells {
	struct world *w;
	struct cell *v;
	size_t n, cap; /* cap: a power of two, at most half full */
};

static bool same(const struct cell *a, const struct cell *b)
{
	return a->place == b->place && a->day == b->day && a->kind == b->kind && a->measure == b->measure &&
	       a->dim == b->dim;
}

static struct cell *slot(const struct cells *s, const struct cell *c)
{
	uint64_t h = (uint64_t)c->place * 0x9E3779B97F4A7C15u;

	h ^= ((uint64_t)c->day << 20) ^ ((uint64_t)c->measure << 12) ^ ((uint64_t)c->kind << 8) ^ (uint64_t)c->dim;
	h *= 0xBF58476D1CE4E5B9u;
	h ^= h >> 29;
	for (size_t i = (size_t)h & (s->cap - 1);; i = (i + 1) & (s->cap - 1)) {
		if (!s->v[i].used || same(&s->v[i], c))
			return &s->v[i];
	}
}

static enum err grow(struct cells *s)
{
	struct cells bigger = { .w = s->w, .n = s->n, .cap = s->cap == 0 ? CELLS_FIRST : s->cap * 2 };

	if (bigger.cap > CELLS_MAX)
		return ERR_LIMIT;
	bigger.v = calloc(bigger.cap, sizeof(*bigger.v));
	if (bigger.v == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->cap; i++) {
		if (s->v[i].used)
			*slot(&bigger, &s->v[i]) = s->v[i];
	}
	free(s->v);
	*s = bigger;
	return OK;
}

static enum err add(struct cells *s, const struct cell *c)
{
	enum err err = s->n * 2 >= s->cap ? grow(s) : OK;
	struct cell *at;

	if (err != OK)
		return err;
	at = slot(s, c);
	if (!at->used) {
		*at = *c;
		at->used = true;
		at->n = 0;
		s->n++;
	}
	at->n += c->n;
	return OK;
}

/* For its own place and every level above it, as the fold does. */
static enum err spread(struct cells *s, const struct cell *c)
{
	int64_t last = NIL;
	enum err err = OK;

	for (int l = LEVEL_MICRO; l >= LEVEL_CITY && err == OK; l--) {
		struct cell up = *c;

		up.place = place_up(c->place, (enum level)l);
		if (up.place != last)
			err = add(s, &up);
		last = up.place;
	}
	return err;
}

static enum err count(struct cells *s, struct dbc *c, int64_t id)
{
	struct clock_run run[MATTER_RUNS];
	struct tally t[TALLY_MAX];
	const struct matter_kind *k;
	struct matter m;
	size_t nrun = 0, n;
	enum err err;

	arena_reset(s->w->batch);
	err = matter_load(c, s->w->batch, id, &m);
	if (err == OK)
		err = matter_runs(c, id, run, &nrun);
	k = err == OK ? matter_kind_of(s->w->app, m.kind) : NULL;
	if (k == NULL || k->tally == NULL)
		return err;
	n = k->tally(&m, run, nrun, t);
	for (size_t i = 0; i < n && err == OK; i++)
		err = spread(s, &(struct cell){ .place = m.place, .day = t[i].day, .n = t[i].n, .kind = k->number,
			.measure = t[i].measure, .dim = t[i].dim });
	return err;
}

static enum err count_all(struct cells *s, struct dbc *c)
{
	int64_t id[PAGE], last = 0;
	size_t n = PAGE;
	enum err err = OK;

	while (err == OK && n == PAGE) {
		struct rows *r = db_query(c, demo_sql[Q_DEMO_MATTERS], ARGS(I(last), I(PAGE)));

		for (n = 0; n < PAGE && rows_next(r); n++)
			id[n] = row_int_at(r, 0);
		err = rows_close(r);
		for (size_t i = 0; i < n && err == OK; i++)
			err = count(s, c, id[i]);
		last = n > 0 ? id[n - 1] : last;
		demo_tell(s->w, false, "%zu figures", s->n);
	}
	return err;
}

/* ---- writing, in the order of the key ---- */

static int by_key(const void *x, const void *y)
{
	const struct cell *a = x, *b = y;
	const int64_t p[5] = { a->place, a->kind, a->measure, a->day, a->dim };
	const int64_t q[5] = { b->place, b->kind, b->measure, b->day, b->dim };

	for (int i = 0; i < 5; i++) {
		if (p[i] != q[i])
			return p[i] < q[i] ? -1 : 1;
	}
	return 0;
}

struct part {
	const struct cell *v;
	size_t n;
};

static enum err write_tx(struct dbc *c, void *arg)
{
	const struct part *p = arg;
	enum err err = OK;

	for (size_t i = 0; i < p->n && err == OK; i++)
		err = db_exec(c, demo_sql[Q_DEMO_TALLY], ARGS(I(p->v[i].place), I(p->v[i].kind), I(p->v[i].measure),
			I(p->v[i].day), I(p->v[i].dim), I(p->v[i].n)), NULL);
	return err;
}

static enum err clear_tx(struct dbc *c, void *arg)
{
	(void)arg;
	return db_exec(c, demo_sql[Q_DEMO_DELTA_DROP], NO_ARGS, NULL);
}

static enum err write_all(struct cells *s)
{
	size_t n = 0;
	enum err err = db_write(s->w->app->db, clear_tx, NULL);

	for (size_t i = 0; i < s->cap; i++) {
		if (s->v[i].used && s->v[i].n != 0)
			s->v[n++] = s->v[i];
	}
	if (n > 0)
		qsort(s->v, n, sizeof(*s->v), by_key);
	for (size_t i = 0; i < n && err == OK; i += CELLS_AT_ONCE) {
		struct part p = { s->v + i, n - i < CELLS_AT_ONCE ? n - i : CELLS_AT_ONCE };

		err = db_write(s->w->app->db, write_tx, &p);
	}
	return err;
}

enum err demo_tallies(struct world *w)
{
	struct cells s = { .w = w };
	struct dbc *c = NULL;
	enum err err = db_reader_open(w->app->db, &c);

	if (err == OK)
		err = count_all(&s, c);
	dbc_free(c);
	if (err == OK)
		err = write_all(&s);
	free(s.v);
	return err;
}
