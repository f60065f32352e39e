/*
 * Figures from the roll-ups and, for the same measures, the conditions on the matters themselves: one
 * says how many, the other says which, and a test compares them. Measures are defined by the kind's tally
 * function; a change there needs the same change in kpi_measure.
 */
#include "mod/kpi/kpi_db.h"

#include <stdio.h>
#include <string.h>

#include "core/matter_list.h"

enum { CLOSED_MAX = 300000, KPI_ARENA = 96 << 20 };

const char *const kpi_sql[KPI_NSQL] = {
	[Q_KPI_BY] = "SELECT t.place, t.measure, CAST(sum(t.n) AS BIGINT) AS n FROM tally t WHERE t.place IN "
		     "(SELECT CAST(value AS BIGINT) FROM json_each($1)) AND t.kind = $2 AND t.measure IN ($3, $4, $5, $6) "
		     "AND t.day >= $7 AND t.day <= $8 GROUP BY t.place, t.measure",
	[Q_KPI_BY_DELTA] = "SELECT place, measure, CAST(sum(n) AS BIGINT) AS n FROM tally_delta WHERE place >= $1 "
			   "AND place < $2 AND kind = $3 AND measure IN ($4, $5, $6, $7) AND day >= $8 AND day <= $9 "
			   "GROUP BY place, measure",
	/* by the index on handle runs' due dates */
	[Q_KPI_PAUSES] = "SELECT m.place, count(*) AS n FROM matter_run r JOIN matter m ON m.id = r.matter_id "
			 "WHERE r.clock = 2 AND r.voided = 0 AND r.due >= $1 AND r.due < $2 "
			 "AND (r.paused_ms > 0 OR r.paused_at IS NOT NULL) AND m.kind = $3 AND m.place >= $4 "
			 "AND m.place < $5 GROUP BY m.place",
};

_Static_assert(MS_CLOSED == 6 && MS_RATED == 7 && MS_ARCHIVED == 8 && MS_REJECTED == 9 && MS_MERGED == 10,
	       "the texts below name states by number");
_Static_assert(CLOCK_ACCEPT == 0 && CLOCK_SIGN == 1 && CLOCK_HANDLE == 2, "the texts below name clocks by number");
_Static_assert(SRC_GRID == 2, "the texts below name the grids as source by number");

#define REPORTED "m.parent_id IS NULL AND m.reported_at >= @f AND m.reported_at < @t"
#define IS_CLOSED "m.state IN (6, 7, 8) AND m.closed_at IS NOT NULL"
#define CLOSED "m.parent_id IS NULL AND m.state IN (6, 7, 8) AND m.closed_at >= @f AND m.closed_at < @t"
#define DUE "r.clock = 2 AND r.voided = 0 AND r.due >= @f AND r.due < @t"
#define SENT "m.dispatched_at >= @f AND m.dispatched_at < @t"

const struct kpi_measure kpi_measure[TALLY_MEASURE_MAX] = {
	[TALLY_IN] = { REPORTED, "1" },
	[TALLY_CLOSED] = { CLOSED, "1" },
	[TALLY_ACCEPT_DEN] = { REPORTED " AND m.state <> 10", "1" },
	[TALLY_ACCEPT_NUM] = { REPORTED " AND EXISTS (SELECT 1 FROM matter_run r WHERE r.matter_id = m.id "
				        "AND r.clock = 0 AND r.run = 1 AND r.voided = 0 AND r.stop_at <= r.due)", "1" },
	[TALLY_HANDLE_DEN] = { "m.id IN (SELECT r.matter_id FROM matter_run r WHERE " DUE ")",
			       "(SELECT count(*) FROM matter_run r WHERE r.matter_id = m.id AND " DUE ")" },
	[TALLY_HANDLE_NUM] = { "m.id IN (SELECT r.matter_id FROM matter_run r WHERE " DUE " AND r.stop_at <= r.due)",
			       "(SELECT count(*) FROM matter_run r WHERE r.matter_id = m.id AND " DUE
			       " AND r.stop_at <= r.due)" },
	[TALLY_REOPENED] = { CLOSED " AND m.reopens > 0", "1" },
	[TALLY_ANSWERED] = { CLOSED " AND m.satisfied IS NOT NULL", "1" },
	[TALLY_RESOLVED] = { CLOSED " AND m.resolved = 1", "1" },
	[TALLY_SATISFIED] = { CLOSED " AND m.satisfied IN (0, 1)", "1" },
	[TALLY_SELF_DEN] = { REPORTED " AND m.source = 2", "1" },
	[TALLY_SELF_NUM] = { REPORTED " AND m.source = 2 AND m.self_closed = 1 AND " IS_CLOSED, "1" },
	[TALLY_DISPATCHED] = { SENT, "(SELECT count(*) FROM matter_run r WHERE r.matter_id = m.id AND r.clock = 1 "
				     "AND r.voided = 0)" },
	[TALLY_RETURNED] = { SENT " AND m.returns > 0", "m.returns" },
};

static const char *const side_word[] = { "denominator", "numerator", "missed", NULL };
const struct vocab kpi_side_vocab = { "side", side_word };

void kpi_ask_release(struct kpi_ask *q)
{
	arena_free(q->arena);
	q->arena = NULL;
}

static int64_t last_day(const struct kpi_ask *q)
{
	return date_add(q->to, -1);
}

/* ---- conditions ---- */

void kpi_window_init(struct kpi_window *w, struct sqlb *b, const struct kpi_ask *q)
{
	*w = (struct kpi_window){ .b = b, .t0 = date_start(q->from), .t1 = date_start(q->to) };
}

/* The first mention binds the value, later ones name its parameter. */
static void window_arg(struct kpi_window *w, size_t *at, int64_t v)
{
	if (*at == 0) {
		sqlb_arg(w->b, I(v));
		*at = w->b->n;
	} else {
		buf_fmt(&w->b->text, "$%zu", *at);
	}
}

void kpi_window_add(struct kpi_window *w, const char *sql)
{
	const char *mark;

	while ((mark = strchr(sql, '@')) != NULL) {
		buf_put(&w->b->text, sql, (size_t)(mark - sql));
		if (mark[1] == 'f')
			window_arg(w, &w->f, w->t0);
		else
			window_arg(w, &w->t, w->t1);
		sql = mark + 2;
	}
	sqlb_add(w->b, sql);
}

void kpi_side_times(struct kpi_window *w, const struct kpi *k, enum kpi_side side)
{
	const struct kpi_measure *num = &kpi_measure[k->num], *den = &kpi_measure[k->den];

	kpi_window_add(w, side == KPI_NUMERATOR ? num->times : den->times);
	if (side != KPI_MISSED || k->apart)
		return;
	kpi_window_add(w, " - CASE WHEN ");
	kpi_window_add(w, num->filter);
	kpi_window_add(w, " THEN ");
	kpi_window_add(w, num->times);
	kpi_window_add(w, " ELSE 0 END");
}

void kpi_side_cond(struct kpi_window *w, const struct kpi *k, enum kpi_side side)
{
	kpi_window_add(w, " AND ");
	kpi_window_add(w, kpi_measure[side == KPI_NUMERATOR ? k->num : k->den].filter);
	/* Of different matters: those of the denominator that are not closed at all. */
	if (side == KPI_MISSED && k->apart)
		kpi_window_add(w, " AND NOT (" IS_CLOSED ")");
	kpi_window_add(w, " AND (");
	kpi_side_times(w, k, side);
	kpi_window_add(w, ") > 0");
}

/* ---- reoccurrence ---- */

struct box {
	double x0, y0, x1, y1;
	bool any;
};

static void box_add(struct box *b, double lon, double lat)
{
	if (!(lon == lon) || !(lat == lat))
		return;
	if (!b->any)
		*b = (struct box){ lon, lat, lon, lat, true };
	b->x0 = lon < b->x0 ? lon : b->x0;
	b->x1 = lon > b->x1 ? lon : b->x1;
	b->y0 = lat < b->y0 ? lat : b->y0;
	b->y1 = lat > b->y1 ? lat : b->y1;
}

static enum err grow(struct arena *a, void **v, size_t size, size_t n, size_t *cap)
{
	size_t bigger = *cap * 2 + 1024;
	void *p;

	if (n < *cap)
		return OK;
	p = arena_array(a, bigger, size);
	if (p == NULL)
		return ERR_NOMEM;
	if (n > 0)
		memcpy(p, *v, n * size);
	*v = p;
	*cap = bigger;
	return OK;
}

static enum err too_many(struct req *rq)
{
	return req_fail(rq, ERR_LIMIT, "kpi.too_many", "", "more than %d cases; ask for a smaller place or a shorter period",
			CLOSED_MAX);
}

static enum err load_closed(struct kpi_ask *q, struct box *box, struct kpi_closed **ret, size_t *ret_n)
{
	struct kpi_closed *v = NULL;
	struct kpi_window w;
	size_t n = 0, cap = 0;
	struct sqlb b;
	struct rows *r;
	enum err err = OK, end;

	sqlb_init(&b);
	kpi_window_init(&w, &b, q);
	sqlb_cond(&b, "SELECT m.id, m.code_id, m.place, m.closed_at, m.lon, m.lat FROM matter m WHERE m.kind = ?",
		  I(q->kind));
	matter_cond_place(&b, q->place);
	kpi_window_add(&w, " AND " CLOSED);
	sqlb_cond(&b, " ORDER BY m.id DESC LIMIT ?", I(CLOSED_MAX + 1));
	r = sqlb_query(&b, q->rq->db);
	while (err == OK && rows_next(r)) {
		err = n >= CLOSED_MAX ? too_many(q->rq) : grow(q->arena, (void **)&v, sizeof(*v), n, &cap);
		if (err != OK)
			break;
		v[n] = (struct kpi_closed){ .id = row_int_at(r, 0), .code_id = row_int_at(r, 1),
			.place = row_int_at(r, 2), .closed_at = row_int_at(r, 3), .lon = row_real_at(r, 4),
			.lat = row_real_at(r, 5) };
		box_add(box, v[n].lon, v[n].lat);
		n++;
	}
	end = rows_close(r);
	sqlb_release(&b);
	*ret = v;
	*ret_n = n;
	return err != OK ? err : end;
}

/* Reports near the closed cases, whatever place they belong to: borders do not stop a leak. Rejected and
 * merged ones are no second case. */
static enum err load_reports(struct kpi_ask *q, const struct box *box, struct kpi_report **ret, size_t *ret_n)
{
	const double margin = 0.01;
	struct kpi_report *v = NULL;
	size_t n = 0, cap = 0;
	struct sqlb b;
	struct rows *r;
	enum err err = OK, end;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT m.id, m.code_id, m.reported_at, m.lon, m.lat FROM matter m WHERE m.kind = ? "
		      "AND m.parent_id IS NULL AND m.state NOT IN (9, 10)", I(q->kind));
	sqlb_cond(&b, " AND m.reported_at > ?", I(date_start(q->from)));
	sqlb_cond(&b, " AND m.reported_at < ?", I(date_start(q->to) + KPI_AGAIN_DAYS * (int64_t)MS_DAY));
	sqlb_cond(&b, " AND m.lon >= ?", R(box->x0 - margin));
	sqlb_cond(&b, " AND m.lon <= ?", R(box->x1 + margin));
	sqlb_cond(&b, " AND m.lat >= ?", R(box->y0 - margin));
	sqlb_cond(&b, " AND m.lat <= ?", R(box->y1 + margin));
	sqlb_cond(&b, " LIMIT ?", I(CLOSED_MAX + 1));
	r = sqlb_query(&b, q->rq->db);
	while (err == OK && rows_next(r)) {
		err = n >= CLOSED_MAX ? too_many(q->rq) : grow(q->arena, (void **)&v, sizeof(*v), n, &cap);
		if (err != OK)
			break;
		v[n++] = (struct kpi_report){ .id = row_int_at(r, 0), .code_id = row_int_at(r, 1),
			.reported_at = row_int_at(r, 2), .lon = row_real_at(r, 3), .lat = row_real_at(r, 4) };
	}
	end = rows_close(r);
	sqlb_release(&b);
	*ret = v;
	*ret_n = n;
	return err != OK ? err : end;
}

enum err kpi_closed_list(struct kpi_ask *q, struct kpi_closed **ret, size_t *ret_n)
{
	struct box box = { .any = false };
	struct kpi_report *report = NULL;
	size_t nr = 0;
	enum err err;

	if (q->arena == NULL)
		q->arena = arena_new(KPI_ARENA);
	if (q->arena == NULL)
		return ERR_NOMEM;
	err = load_closed(q, &box, ret, ret_n);
	if (err == OK && box.any)
		err = load_reports(q, &box, &report, &nr);
	return err == OK && nr > 0 ? kpi_reoccur(q->arena, *ret, *ret_n, report, nr) : err;
}

/* ---- figures ---- */

enum err kpi_figure(struct kpi_ask *q, struct kpi_figure *ret)
{
	struct dbc *c = q->rq->db;
	struct kpi_closed *closed;
	struct kpi_place *place;
	size_t n;
	enum err err;

	*ret = (struct kpi_figure){ 0, 0 };
	switch (q->k->how) {
	case KPI_TALLY:
		err = tally_sum(c, q->place, q->kind, q->k->num, -1, q->from, last_day(q), &ret->num);
		return err != OK ? err : tally_sum(c, q->place, q->kind, q->k->den, -1, q->from, last_day(q), &ret->den);
	case KPI_REOCCUR:
		err = kpi_closed_list(q, &closed, &n);
		for (size_t i = 0; err == OK && i < n; i++)
			ret->num += closed[i].again;
		ret->den = err == OK ? (int64_t)n : 0;
		return err;
	case KPI_PARTY:
	case KPI_GRANULARITY:
		err = kpi_places(q, &place, &n);
		for (size_t i = 0; err == OK && i < n; i++) {
			ret->num += place[i].num;
			ret->den += place[i].den;
		}
		return err;
	}
	return ERR_BUG;
}

static struct rows *pauses(struct kpi_ask *q)
{
	return db_query(q->rq->db, kpi_sql[Q_KPI_PAUSES],
			ARGS(I(date_start(q->from)), I(date_start(q->to)), I(q->kind), I(q->place), I(place_end(q->place))));
}

enum err kpi_doubt(struct kpi_ask *q, struct kpi_doubt *ret)
{
	struct dbc *c = q->rq->db;
	struct rows *r;
	enum err err;

	*ret = (struct kpi_doubt){ 0, 0, 0 };
	err = tally_sum(c, q->place, q->kind, TALLY_RETURNED, -1, q->from, last_day(q), &ret->returns);
	if (err == OK)
		err = tally_sum(c, q->place, q->kind, TALLY_REOPENED, -1, q->from, last_day(q), &ret->reopens);
	if (err != OK)
		return err;
	r = pauses(q);
	while (rows_next(r))
		ret->pauses += row_int(r, "n");
	return rows_close(r);
}

/* ---- by child ---- */

struct by {
	struct kpi_ask *q;
	struct kpi_child *v;
	size_t n;
};

static enum err list_children(struct by *b)
{
	const struct snap *s = req_snap(b->q->rq);
	size_t first, n;

	b->v = arena_array(b->q->rq->arena, KPI_CHILDREN_MAX, sizeof(*b->v));
	if (b->v == NULL)
		return ERR_NOMEM;
	snap_subtree(s, b->q->place, &first, &n);
	for (size_t i = first; i < first + n;) {
		size_t f = i, m = 1;

		if (s->place[i].code != b->q->place) {
			if (b->n == KPI_CHILDREN_MAX)
				return req_fail(b->q->rq, ERR_LIMIT, "kpi.too_many", "place", "more than %d places below",
						KPI_CHILDREN_MAX);
			b->v[b->n++].p = &s->place[i];
			snap_subtree(s, s->place[i].code, &f, &m);
		}
		i = f + m;
	}
	return OK;
}

/* The child in whose area a place lies; NULL for the parent's own matters. */
static struct kpi_child *child_of(const struct by *b, int64_t place)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->v[mid].p->code <= place)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 && place < place_end(b->v[lo - 1].p->code) ? &b->v[lo - 1] : NULL;
}

/* Rows of place, measure, n. */
static enum err add_rows(struct by *b, struct rows *r)
{
	while (rows_next(r)) {
		struct kpi_child *c = child_of(b, row_int(r, "place"));
		int64_t measure = row_int(r, "measure"), n = row_int(r, "n");

		if (c == NULL)
			continue;
		c->f.num += measure == b->q->k->num ? n : 0;
		c->f.den += measure == b->q->k->den ? n : 0;
		c->d.returns += measure == TALLY_RETURNED ? n : 0;
		c->d.reopens += measure == TALLY_REOPENED ? n : 0;
	}
	return rows_close(r);
}

static enum err by_pauses(struct by *b)
{
	bool wanted = false;
	struct rows *r;

	for (size_t i = 0; i < b->n; i++)
		wanted = wanted || kpi_anomaly(b->q->k, &b->v[i].f, &b->v[i].d);
	if (!wanted)
		return OK;
	r = pauses(b->q);
	while (rows_next(r)) {
		struct kpi_child *c = child_of(b, row_int(r, "place"));

		if (c != NULL)
			c->d.pauses += row_int(r, "n");
	}
	return rows_close(r);
}

static enum err by_tallies(struct by *b)
{
	struct kpi_ask *q = b->q;
	struct buf ids;
	enum err err;

	buf_init(&ids, KPI_CHILDREN_MAX * 20 + 2);
	buf_char(&ids, '[');
	for (size_t i = 0; i < b->n; i++) {
		if (i > 0)
			buf_char(&ids, ',');
		buf_i64(&ids, b->v[i].p->code);
	}
	buf_char(&ids, ']');
	err = ids.failed ? ERR_NOMEM : add_rows(b, db_query(q->rq->db, kpi_sql[Q_KPI_BY],
		ARGS(T(buf_view(&ids)), I(q->kind), I(q->k->num), I(q->k->den), I(TALLY_RETURNED), I(TALLY_REOPENED),
		     I(q->from), I(last_day(q)))));
	buf_release(&ids);
	if (err == OK)
		err = add_rows(b, db_query(q->rq->db, kpi_sql[Q_KPI_BY_DELTA],
			ARGS(I(q->place), I(place_end(q->place)), I(q->kind), I(q->k->num), I(q->k->den),
			     I(TALLY_RETURNED), I(TALLY_REOPENED), I(q->from), I(last_day(q)))));
	return err != OK ? err : by_pauses(b);
}

static enum err by_closed(struct by *b)
{
	struct kpi_closed *v;
	size_t n;
	enum err err = kpi_closed_list(b->q, &v, &n);

	for (size_t i = 0; err == OK && i < n; i++) {
		struct kpi_child *c = child_of(b, v[i].place);

		if (c != NULL) {
			c->f.num += v[i].again;
			c->f.den++;
		}
	}
	return err;
}

static enum err by_places(struct by *b)
{
	struct kpi_place *v;
	size_t n;
	enum err err = kpi_places(b->q, &v, &n);

	for (size_t i = 0; err == OK && i < n; i++) {
		struct kpi_child *c = child_of(b, v[i].p->code);

		if (c != NULL) {
			c->f.num += v[i].num;
			c->f.den += v[i].den;
		}
	}
	return err;
}

enum err kpi_by(struct kpi_ask *q, struct kpi_child **ret, size_t *ret_n)
{
	struct by b = { .q = q };
	enum err err = list_children(&b);

	if (err == OK && q->k->how == KPI_TALLY)
		err = by_tallies(&b);
	else if (err == OK && q->k->how == KPI_REOCCUR)
		err = by_closed(&b);
	else if (err == OK)
		err = by_places(&b);
	*ret = b.v;
	*ret_n = b.n;
	return err;
}

/* ---- what is out of sight ---- */

static enum err count_sealed(struct kpi_ask *q, bool seen, int64_t *ret_open, int64_t *ret_overdue)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT count(*) AS n, count(*) FILTER (WHERE m.level >= 2) AS late FROM matter m "
		     "WHERE m.open = 1 AND m.sealed = 1");
	sqlb_cond(&b, " AND m.kind = ?", I(q->kind));
	matter_cond_place(&b, q->place);
	if (seen)
		scope_matter(&b, q->rq->who);
	struct rows *r = sqlb_query(&b, q->rq->db);

	if (rows_next(r)) {
		*ret_open = row_int(r, "n");
		*ret_overdue = row_int(r, "late");
	}
	sqlb_release(&b);
	return rows_close(r);
}

enum err kpi_withheld(struct kpi_ask *q, int64_t *ret_open, int64_t *ret_overdue)
{
	int64_t all = 0, late = 0, seen = 0, seen_late = 0;
	enum err err = count_sealed(q, false, &all, &late);

	if (err == OK && all > 0)
		err = count_sealed(q, true, &seen, &seen_late);
	if (err != OK)
		return err;
	*ret_open = all - seen;
	*ret_overdue = late - seen_late;
	return OK;
}
