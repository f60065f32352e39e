/*
 * The matters behind a figure, as pages under the asker's scope. Where conditions on a matter decide, one
 * query makes a page; where a computation chose the matters (reoccurrence, the audit draw) their ids are
 * fetched in batches, newest first.
 */
#include <string.h>

#include "core/matter_list.h"
#include "core/row.h"
#include "mod/kpi/kpi_db.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200, BATCH = 1000, SCAN = 5000 };

struct listing {
	struct kpi_ask *q;
	struct jw *out;
	int64_t limit, shown, last;
	bool more;
};

enum err kpi_limit(struct req *rq, int64_t *ret)
{
	int64_t v = req_query_int(rq, "limit");

	if (v == NIL)
		v = LIMIT_DEFAULT;
	if (v < 1 || v > LIMIT_MAX)
		return req_fail(rq, ERR_INVALID, "range", "limit", "limit is 1 to %d", LIMIT_MAX);
	*ret = v;
	return OK;
}

enum err kpi_after(struct req *rq, int64_t none, int64_t *ret)
{
	struct str s = req_query(rq, "after");

	*ret = none;
	if (s.p == NULL || s.n == 0 || str_i64(s, ret))
		return OK;
	return req_fail(rq, ERR_INVALID, "cursor", "after", "that cursor is not from this list");
}

/* ---- rows ---- */

static void select_matters(struct sqlb *b)
{
	sqlb_add(b, "SELECT ");
	row_columns(&matter_fields, "m.", &b->text);
	sqlb_add(b, ", h.name AS handler_name, CAST(");
}

static const char from_matters[] = " AS BIGINT) AS times FROM matter m LEFT JOIN account h ON h.id = m.handler_id "
				   "WHERE 1 = 1";

static const struct member case_member[] = {
	{ "times", F_INT, .help = "how often it counts" },
};
static const struct shape case_shape = { .name = "KpiMatter", .base = &matter_row_shape, MEMBERS(case_member) };
static const struct member cases_member[] = {
	{ "items", .of = &case_shape, .list = 1 },
	{ "next", F_STR, .null = true },
	{ "count", F_INT, .maybe = true, .help = "with ?count=true" },
	{ "times", F_INT, .maybe = true },
	{ "withheld", F_INT, .maybe = true, .help = "counted in the figure, out of the asker's sight" },
};
const struct shape kpi_matters_shape = { .name = "KpiMatters", MEMBERS(cases_member) };

/* Columns of matter_fields, handler_name, times. */
static enum err write_rows(struct listing *l, struct rows *r)
{
	struct req *rq = l->q->rq;
	int name = (int)matter_fields.n;
	struct matter m;

	while (rows_next(r)) {
		if (l->shown == l->limit) {
			l->more = true;
			break;
		}
		row_load(&matter_fields, r, 0, rq->arena, &m);
		jw_obj(l->out);
		matter_members(rq, &m, row_str_at(r, name), true, l->out);
		jw_kint(l->out, "times", row_int_at(r, name + 1));
		jw_end_obj(l->out);
		l->last = m.id;
		l->shown++;
	}
	return rows_close(r);
}

static void write_next(const struct listing *l)
{
	struct buf b;

	buf_init(&b, 32);
	buf_i64(&b, l->last);
	jw_kstr(l->out, "next", l->more ? buf_view(&b) : (struct str){ NULL, 0 });
	buf_release(&b);
	l->q->rq->rows = l->shown;
}

static void write_counts(struct jw *out, int64_t count, int64_t times, int64_t all)
{
	jw_kint(out, "count", count);
	jw_kint(out, "times", times);
	jw_kint(out, "withheld", all - times);
}

/* ---- matters chosen by conditions ---- */

static void where(struct kpi_window *w, const struct kpi_ask *q, enum kpi_side side, bool scoped)
{
	sqlb_cond(w->b, " AND m.kind = ?", I(q->kind));
	matter_cond_place(w->b, q->place);
	kpi_side_cond(w, q->k, side);
	if (scoped)
		scope_matter(w->b, q->rq->who);
}

static enum err list_by_conditions(struct listing *l, enum kpi_side side, int64_t after)
{
	struct kpi_window w;
	struct sqlb b;
	enum err err;

	sqlb_init(&b);
	kpi_window_init(&w, &b, l->q);
	select_matters(&b);
	kpi_side_times(&w, l->q->k, side);
	sqlb_add(&b, from_matters);
	where(&w, l->q, side, true);
	sqlb_cond(&b, " AND m.id < ?", I(after));
	sqlb_cond(&b, " ORDER BY m.id DESC LIMIT ?", I(l->limit + 1));
	err = write_rows(l, sqlb_query(&b, l->q->rq->db));
	sqlb_release(&b);
	return err;
}

static enum err count_by_conditions(struct kpi_ask *q, enum kpi_side side, bool scoped, int64_t *ret_n, int64_t *ret_times)
{
	struct kpi_window w;
	struct rows *r;
	struct sqlb b;
	enum err err;

	sqlb_init(&b);
	kpi_window_init(&w, &b, q);
	sqlb_add(&b, "SELECT count(*) AS n, CAST(COALESCE(sum(x.times), 0) AS BIGINT) AS times FROM (SELECT ");
	kpi_side_times(&w, q->k, side);
	sqlb_add(&b, " AS times FROM matter m WHERE 1 = 1");
	where(&w, q, side, scoped);
	sqlb_add(&b, ") x");
	r = sqlb_query(&b, q->rq->db);
	if (rows_next(r)) {
		*ret_n = row_int_at(r, 0);
		*ret_times = row_int_at(r, 1);
	}
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}

static enum err cases_by_conditions(struct listing *l, enum kpi_side side, int64_t after)
{
	int64_t n = 0, times = 0, all_n = 0, all = 0;
	enum err err;

	jw_karr(l->out, "items");
	err = list_by_conditions(l, side, after);
	jw_end_arr(l->out);
	write_next(l);
	if (err != OK || req_query_int(l->q->rq, "count") != 1)
		return err;
	err = count_by_conditions(l->q, side, true, &n, &times);
	if (err == OK)
		err = count_by_conditions(l->q, side, false, &all_n, &all);
	write_counts(l->out, n, times, all);
	return err;
}

/* ---- matters chosen by a computation ---- */

/* Gives up to `max` chosen ids below `below`, newest first; none: there are no more. */
typedef enum err (*pick_fn)(void *arg, int64_t below, size_t max, int64_t *ret, size_t *ret_n);

static void pick_cond(struct sqlb *b, const struct kpi_ask *q, const int64_t *id, size_t n, struct buf *json)
{
	buf_reset(json);
	buf_char(json, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(json, ',');
		buf_i64(json, id[i]);
	}
	buf_char(json, ']');
	sqlb_cond(b, " AND m.id IN (SELECT CAST(value AS BIGINT) FROM json_each(?))", T(buf_view(json)));
	scope_matter(b, q->rq->who);
}

static enum err list_batch(struct listing *l, const int64_t *id, size_t n, struct buf *json)
{
	struct sqlb b;
	enum err err;

	sqlb_init(&b);
	select_matters(&b);
	sqlb_add(&b, "1");
	sqlb_add(&b, from_matters);
	pick_cond(&b, l->q, id, n, json);
	sqlb_add(&b, " ORDER BY m.id DESC");
	sqlb_cond(&b, " LIMIT ?", I(l->limit - l->shown + 1));
	err = json->failed ? ERR_NOMEM : write_rows(l, sqlb_query(&b, l->q->rq->db));
	sqlb_release(&b);
	return err;
}

static enum err count_batch(struct kpi_ask *q, const int64_t *id, size_t n, struct buf *json, int64_t *ret)
{
	int64_t seen = 0;
	struct sqlb b;
	enum err err;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT count(*) AS n FROM matter m WHERE 1 = 1");
	pick_cond(&b, q, id, n, json);
	err = json->failed ? ERR_NOMEM : matter_count(q->rq, &b, &seen);
	sqlb_release(&b);
	*ret += seen;
	return err;
}

static enum err count_picks(struct kpi_ask *q, pick_fn fn, void *arg, int64_t *id, struct buf *json, int64_t *ret_seen,
			    int64_t *ret_all)
{
	int64_t below = INT64_MAX;
	size_t n;
	enum err err = fn(arg, below, BATCH, id, &n);

	while (err == OK && n > 0) {
		*ret_all += (int64_t)n;
		below = id[n - 1];
		err = count_batch(q, id, n, json, ret_seen);
		if (err == OK)
			err = fn(arg, below, BATCH, id, &n);
	}
	return err;
}

static enum err cases_by_picks(struct listing *l, pick_fn fn, void *arg, int64_t below)
{
	int64_t *id = arena_array(l->q->rq->arena, BATCH, sizeof(*id)), seen = 0, all = 0;
	size_t n = 1;
	struct buf json;
	enum err err = id != NULL ? OK : ERR_NOMEM;

	buf_init(&json, BATCH * 20 + 2);
	jw_karr(l->out, "items");
	while (err == OK && !l->more && n > 0) {
		err = fn(arg, below, BATCH, id, &n);
		if (err == OK && n > 0) {
			below = id[n - 1];
			err = list_batch(l, id, n, &json);
		}
	}
	jw_end_arr(l->out);
	write_next(l);
	if (err == OK && req_query_int(l->q->rq, "count") == 1) {
		err = count_picks(l->q, fn, arg, id, &json, &seen, &all);
		write_counts(l->out, seen, seen, all);
	}
	buf_release(&json);
	return err;
}

/* ---- reoccurrence ---- */

struct marked {
	const struct kpi_closed *v;
	size_t n, at;
	bool again;
	int64_t last; /* where `at` stands */
};

static enum err pick_marked(void *arg, int64_t below, size_t max, int64_t *ret, size_t *ret_n)
{
	struct marked *m = arg;
	size_t n = 0;

	if (below > m->last)
		m->at = 0;
	for (; m->at < m->n && n < max; m->at++) {
		if (m->v[m->at].id < below && m->v[m->at].again == m->again)
			ret[n++] = m->v[m->at].id;
	}
	m->last = n > 0 ? ret[n - 1] : below;
	*ret_n = n;
	return OK;
}

static enum err reoccurred(struct listing *l, enum kpi_side side, int64_t after)
{
	struct marked m = { .again = side == KPI_NUMERATOR, .last = 0 };
	struct kpi_closed *v;
	enum err err = kpi_closed_list(l->q, &v, &m.n);

	m.v = v;
	return err != OK ? err : cases_by_picks(l, pick_marked, &m, after);
}

static enum err begin(struct kpi_ask *q, struct jw *out, struct listing *l, int64_t *ret_after)
{
	*l = (struct listing){ .q = q, .out = out };
	enum err err = kpi_limit(q->rq, &l->limit);

	return err != OK ? err : kpi_after(q->rq, INT64_MAX, ret_after);
}

enum err kpi_cases(struct kpi_ask *q, enum kpi_side side, struct jw *out)
{
	struct listing l;
	int64_t after;
	enum err err;

	if (q->k->how == KPI_PARTY || q->k->how == KPI_GRANULARITY)
		return kpi_place_cases(q, side, out);
	err = begin(q, out, &l, &after);
	if (err != OK)
		return err;
	if (q->k->how == KPI_REOCCUR && side != KPI_DENOMINATOR)
		return reoccurred(&l, side, after);
	return cases_by_conditions(&l, side, after);
}

/* ---- audit draw ---- */

/* Scans the ids of the period's closed cases, keeping those drawn. */
static enum err scan_closed(struct kpi_ask *q, int64_t *below, size_t max, int64_t *ret, size_t *n, bool *ret_end)
{
	struct kpi_window w;
	struct rows *r;
	struct sqlb b;
	int64_t seen = 0;
	enum err err;

	sqlb_init(&b);
	kpi_window_init(&w, &b, q);
	sqlb_cond(&b, "SELECT m.id, m.closed_at FROM matter m WHERE m.kind = ?", I(q->kind));
	matter_cond_place(&b, q->place);
	kpi_window_add(&w, " AND ");
	kpi_window_add(&w, kpi_measure[TALLY_CLOSED].filter);
	sqlb_cond(&b, " AND m.id < ?", I(*below));
	sqlb_cond(&b, " ORDER BY m.id DESC LIMIT ?", I(SCAN));
	r = sqlb_query(&b, q->rq->db);
	while (*n < max && rows_next(r)) {
		*below = row_int_at(r, 0);
		seen++;
		if (kpi_drawn(q->rq->app->keys.draw, *below, date_of(row_int_at(r, 1)) / 100))
			ret[(*n)++] = *below;
	}
	err = rows_close(r);
	sqlb_release(&b);
	*ret_end = *n < max && seen < SCAN;
	return err;
}

static enum err pick_drawn(void *arg, int64_t below, size_t max, int64_t *ret, size_t *ret_n)
{
	bool end = false;
	enum err err = OK;

	*ret_n = 0;
	while (err == OK && !end && *ret_n < max)
		err = scan_closed(arg, &below, max, ret, ret_n, &end);
	return err;
}

enum err kpi_audit_sample(struct kpi_ask *q, struct jw *out)
{
	struct listing l;
	int64_t after;
	enum err err = begin(q, out, &l, &after);

	return err != OK ? err : cases_by_picks(&l, pick_drawn, q, after);
}
