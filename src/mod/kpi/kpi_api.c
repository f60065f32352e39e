/* Indicators, the matters behind them, the running figures of a place and the draw for audit, over HTTP. */
#include <math.h>
#include <stdio.h>

#include "core/matter_list.h"
#include "mod/kpi/kpi_db.h"

enum { PERIOD_DAYS = 90, TREND_DAYS = 30, PERIOD_MAX = 3700, TREND_MAX = 800 };

/* ---- what is asked ---- */

/* The widest of the asker's posts that may read figures. */
static int64_t home_of(const struct principal *who)
{
	uint64_t roles = perm_roles("kpi.read");
	const struct post *home = NULL;

	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];

		if (((roles >> p->role) & 1) && (home == NULL || p->hi - p->lo > home->hi - home->lo))
			home = p;
	}
	return home != NULL ? home->lo : NIL;
}

static enum err read_place(struct req *rq, int64_t *ret)
{
	int64_t place = req_query_int(rq, "place");
	bool given = place != NIL;

	if (!given)
		place = home_of(rq->who);
	if (place == NIL || !scope_sees(rq->who, "kpi.read", place) ||
	    (given && snap_place(req_snap(rq), place) == NULL))
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "place", "there is no such place in your area");
	*ret = place;
	return OK;
}

static enum err read_period(struct req *rq, int64_t days, int64_t max, int64_t *ret_from, int64_t *ret_to)
{
	int64_t from = req_query_int(rq, "from"), to = req_query_int(rq, "to"), n;

	if (to == NIL)
		to = date_add(date_of(rq->now), 1);
	if (from == NIL)
		from = date_add(to, -days);
	n = date_to_days(to) - date_to_days(from);
	if (n <= 0)
		return req_fail(rq, ERR_INVALID, "kpi.period", "to", "the period ends before it begins; `to` is the day after");
	if (n > max)
		return req_fail(rq, ERR_INVALID, "kpi.period", "from", "the period is longer than %lld days",
				(long long)max);
	*ret_from = from;
	*ret_to = to;
	return OK;
}

static enum err read_kind(struct req *rq, struct kpi_ask *q)
{
	struct str word = req_query(rq, "kind");

	if (word.p == NULL || word.n == 0)
		word = STR("event");
	for (size_t i = 0; i < ARRAY_LEN(rq->app->kind); i++) {
		const struct matter_kind *k = rq->app->kind[i];

		if (k == NULL || !str_eqz(word, k->name))
			continue;
		q->kind = k->number;
		q->kind_name = k->name;
		return OK;
	}
	return req_fail(rq, ERR_INVALID, "word", "kind", "there is no such kind of matter");
}

static enum err read_ask(struct req *rq, struct kpi_ask *q)
{
	enum err err;

	*q = (struct kpi_ask){ .rq = rq };
	err = read_place(rq, &q->place);
	if (err == OK)
		err = read_period(rq, PERIOD_DAYS, PERIOD_MAX, &q->from, &q->to);
	return err != OK ? err : read_kind(rq, q);
}

static enum err read_kpi(struct req *rq, struct kpi_ask *q)
{
	enum err err = read_ask(rq, q);

	if (err != OK)
		return err;
	q->k = kpi_find(req_param(rq, "name"));
	return q->k != NULL ? OK : req_fail(rq, ERR_NOT_FOUND, "not_found", "name", "there is no such indicator");
}

/* ---- writing ---- */

static void write_ask(const struct kpi_ask *q, struct jw *out)
{
	jw_kid(out, "place", q->place);
	jw_kstr(out, "place_name", snap_place_name(req_snap(q->rq), q->place));
	jw_kdate(out, "from", q->from);
	jw_kdate(out, "to", q->to);
	jw_kz(out, "kind", q->kind_name);
}

/* Members of a figure. */
static void write_figure(const struct kpi *k, const struct kpi_figure *f, const struct kpi_doubt *d, struct jw *out)
{
	jw_kint(out, "numerator", f->num);
	jw_kint(out, "denominator", f->den);
	jw_kreal(out, "value", kpi_value(f));
	jw_kint(out, "rule_version", KPI_RULE_VERSION);
	jw_kbool(out, "ranked", kpi_ranked(k, f));
	jw_kbool(out, "anomaly", kpi_anomaly(k, f, d));
}

static void write_kpi(const struct kpi *k, struct jw *out)
{
	jw_kz(out, "name", k->name);
	jw_kz(out, "name_zh", k->zh);
	jw_kz(out, "name_en", k->en);
	jw_kz(out, "unit", k->unit);
	jw_kz(out, "group", k->group);
	jw_kz(out, "cases", k->how == KPI_PARTY || k->how == KPI_GRANULARITY ? "place" : "matter");
	jw_kz(out, "better", k->low ? "low" : "high");
	jw_kint(out, "least", k->least);
	jw_kint(out, "rule_version", KPI_RULE_VERSION);
}

/* ---- their shapes ---- */

static const struct member ask_member[] = {
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "from", F_DATE },
	{ "to", F_DATE, .help = "the day after the last" },
	{ "kind", F_STR },
};
static const struct shape ask_shape = { .name = NULL, MEMBERS(ask_member) };

static const struct member figure_member[] = {
	{ "numerator", F_INT },
	{ "denominator", F_INT },
	{ "value", F_REAL, .null = true },
	{ "rule_version", F_INT },
	{ "ranked", F_BOOL, .help = "there are enough cases to compare" },
	{ "anomaly", F_BOOL, .help = "too good to be believed" },
};
static const struct shape figure_shape = { .name = NULL, MEMBERS(figure_member) };

static const char *const cases_word[] = { "matter", "place", NULL };
static const struct vocab cases_vocab = { .name = "kpi_cases_of", .word = cases_word };
static const char *const better_word[] = { "high", "low", NULL };
static const struct vocab better_vocab = { .name = "kpi_better", .word = better_word };

static const struct member kpi_member[] = {
	{ "name", F_STR },
	{ "name_zh", F_STR },
	{ "name_en", F_STR },
	{ "unit", F_STR },
	{ "group", F_STR, .help = "precise, efficient, smart or warm" },
	{ "cases", F_ENUM, .vocab = &cases_vocab, .help = "what stands behind the figure" },
	{ "better", F_ENUM, .vocab = &better_vocab },
	{ "least", F_INT, .help = "cases below which it is not ranked" },
	{ "rule_version", F_INT },
};
static const struct shape kpi_shape = { .name = "Kpi", MEMBERS(kpi_member) };

static const struct shape asked_figure_shape = { .name = NULL, .base = &ask_shape, MEMBERS(figure_member) };
static const struct member value_member[] = {
	{ "name", F_STR },
	{ "pauses", F_INT, .maybe = true, .help = "of a perfect figure: what could have been hidden" },
	{ "returns", F_INT, .maybe = true },
	{ "reopens", F_INT, .maybe = true },
	{ "hard_cases", F_INT, .maybe = true, .help = "out of the rate, not out of sight" },
};
static const struct shape value_shape = { .name = "KpiFigure", .base = &asked_figure_shape, MEMBERS(value_member) };

static const struct member child_member[] = {
	{ "code", F_CODE },
	{ "name", F_STR },
	{ "level", F_ENUM, .vocab = &level_vocab },
};
static const struct shape child_shape = { .name = "KpiChild", .base = &figure_shape, MEMBERS(child_member) };
static const struct member rest_member[] = { { "numerator", F_INT }, { "denominator", F_INT } };
static const struct shape rest_shape = { .name = NULL, MEMBERS(rest_member) };
static const struct member by_member[] = {
	{ "items", .of = &child_shape, .list = 1 },
	{ "next", F_STR, .null = true },
	{ "rest", .of = &rest_shape, .help = "what lies in none of them" },
};
static const struct shape by_shape = { .name = "KpiByPlace", .base = &ask_shape, MEMBERS(by_member) };

static const struct member sample_member[] = {
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "from", F_DATE },
	{ "to", F_DATE },
	{ "kind", F_STR },
	{ "closed", F_INT, .help = "matters that it is drawn from" },
};
static const struct shape sample_shape = { .name = "KpiSample", .base = &kpi_matters_shape, MEMBERS(sample_member) };

static const struct member figures_member[] = {
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "kind", F_STR },
	{ "by_track", F_INT, .map = true, .help = "open matters; zeroes are left out" },
	{ "by_state", F_INT, .map = true },
	{ "by_urgency", F_INT, .map = true },
	{ "open", F_INT },
	{ "overdue", F_INT },
	{ "amber", F_INT },
	{ "today_in", F_INT },
	{ "today_closed", F_INT },
	{ "withheld_open", F_INT, .help = "of the open ones, sealed and out of the asker's sight" },
	{ "withheld_overdue", F_INT },
};
static const struct shape figures_shape = { .name = "Figures", MEMBERS(figures_member) };

static const struct member day_member[] = { { "date", F_DATE }, { "in", F_INT }, { "closed", F_INT } };
static const struct shape day_shape = { .name = "TrendDay", MEMBERS(day_member) };

/* ---- handlers ---- */

static enum err list_kpis(struct req *rq, struct jw *out)
{
	jw_obj(out);
	jw_karr(out, "items");
	for (size_t i = 0; i < kpi_count; i++) {
		jw_obj(out);
		write_kpi(&kpi_table[i], out);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_end_obj(out);
	rq->rows = (int64_t)kpi_count;
	return OK;
}

/* Runs fn over one state of the store, so that numerator, denominator and list belong together. */
static enum err at_once(struct kpi_ask *q, enum err (*fn)(struct kpi_ask *q, struct jw *out), struct jw *out)
{
	enum err err = db_snapshot_begin(q->rq->db);

	if (err != OK)
		return err;
	jw_obj(out);
	err = fn(q, out);
	jw_end_obj(out);
	db_snapshot_end(q->rq->db);
	kpi_ask_release(q);
	return err;
}

static enum err answer_value(struct kpi_ask *q, struct jw *out)
{
	struct kpi_doubt d = { 0, 0, 0 };
	struct kpi_figure f;
	int64_t hard;
	enum err err = kpi_figure(q, &f);

	if (err == OK && kpi_perfect(q->k, &f))
		err = kpi_doubt(q, &d);
	if (err != OK)
		return err;
	jw_kz(out, "name", q->k->name);
	write_ask(q, out);
	write_figure(q->k, &f, &d, out);
	if (kpi_perfect(q->k, &f)) {
		jw_kint(out, "pauses", d.pauses);
		jw_kint(out, "returns", d.returns);
		jw_kint(out, "reopens", d.reopens);
	}
	/* Out of the rate, but not out of sight. */
	if (q->k->num == TALLY_HANDLE_NUM) {
		err = tally_sum(q->rq->db, q->place, q->kind, TALLY_STATE, MS_HARD_CASE, 0, 0, &hard);
		if (err == OK)
			jw_kint(out, "hard_cases", hard);
	}
	return err;
}

static enum err get_kpi(struct req *rq, struct jw *out)
{
	struct kpi_ask q;
	enum err err = read_kpi(rq, &q);

	return err != OK ? err : at_once(&q, answer_value, out);
}

static enum err answer_cases(struct kpi_ask *q, struct jw *out)
{
	struct str word = req_query(q->rq, "side");
	int64_t side = word.p == NULL || word.n == 0 ? KPI_DENOMINATOR : vocab_index(&kpi_side_vocab, word);

	if (side == NIL)
		return req_fail(q->rq, ERR_INVALID, "word", "side", "side is numerator, denominator or missed");
	return kpi_cases(q, (enum kpi_side)side, out);
}

static enum err list_cases(struct req *rq, struct jw *out)
{
	struct kpi_ask q;
	enum err err = read_kpi(rq, &q);

	return err != OK ? err : at_once(&q, answer_cases, out);
}

/* The places below, and in `rest` what lies in none of them. */
static enum err answer_by(struct kpi_ask *q, struct jw *out)
{
	struct kpi_child *v;
	struct kpi_figure f;
	size_t n;
	enum err err = kpi_by(q, &v, &n);

	if (err == OK)
		err = kpi_figure(q, &f);
	if (err != OK)
		return err;
	write_ask(q, out);
	jw_karr(out, "items");
	for (size_t i = 0; i < n; i++) {
		f.num -= v[i].f.num;
		f.den -= v[i].f.den;
		if (v[i].p->valid_to != NIL && v[i].f.num == 0 && v[i].f.den == 0)
			continue;
		jw_obj(out);
		jw_kid(out, "code", v[i].p->code);
		jw_kstr(out, "name", v[i].p->name);
		jw_kz(out, "level", vocab_word(&level_vocab, v[i].p->level));
		write_figure(q->k, &v[i].f, &v[i].d, out);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_kobj(out, "rest");
	jw_kint(out, "numerator", f.num);
	jw_kint(out, "denominator", f.den);
	jw_end_obj(out);
	q->rq->rows = (int64_t)n;
	return OK;
}

static enum err list_by(struct req *rq, struct jw *out)
{
	struct kpi_ask q;
	enum err err = read_kpi(rq, &q);

	return err != OK ? err : at_once(&q, answer_by, out);
}

static enum err answer_sample(struct kpi_ask *q, struct jw *out)
{
	int64_t closed;
	enum err err = kpi_audit_sample(q, out);

	if (err == OK)
		err = tally_sum(q->rq->db, q->place, q->kind, TALLY_CLOSED, -1, q->from, date_add(q->to, -1), &closed);
	if (err != OK)
		return err;
	write_ask(q, out);
	jw_kint(out, "closed", closed);
	return OK;
}

static enum err list_sample(struct req *rq, struct jw *out)
{
	struct kpi_ask q;
	enum err err = read_ask(rq, &q);

	return err != OK ? err : at_once(&q, answer_sample, out);
}

/* ---- running figures ---- */

/* Members by word of the vocabulary; zeroes are left out. */
static enum err by_words(struct kpi_ask *q, const char *key, int measure, const struct vocab *vocab, int64_t *v, size_t n,
			 struct jw *out)
{
	enum err err = tally_by_dim(q->rq->db, q->place, q->kind, measure, 0, 0, v, n);

	if (err != OK || key == NULL)
		return err;
	jw_kobj(out, key);
	for (size_t i = 0; i < n; i++) {
		const char *word = vocab_word(vocab, (int64_t)i);

		if (v[i] != 0 && word != NULL)
			jw_kint(out, word, v[i]);
	}
	jw_end_obj(out);
	return OK;
}

static enum err answer_figures(struct kpi_ask *q, struct jw *out)
{
	int64_t track[TRACK_MAX], state[MS_MAX], urgency[URG_MAX], level[4], today = date_of(q->rq->now);
	int64_t open = 0, in = 0, closed = 0, sealed = 0, sealed_late = 0;
	enum err err;

	jw_kid(out, "place", q->place);
	jw_kstr(out, "place_name", snap_place_name(req_snap(q->rq), q->place));
	jw_kz(out, "kind", q->kind_name);
	err = by_words(q, "by_track", TALLY_TRACK, &track_vocab, track, TRACK_MAX, out);
	if (err == OK)
		err = by_words(q, "by_state", TALLY_STATE, &mstate_vocab, state, MS_MAX, out);
	if (err == OK)
		err = by_words(q, "by_urgency", TALLY_URGENCY, &urgency_vocab, urgency, URG_MAX, out);
	if (err == OK)
		err = by_words(q, NULL, TALLY_LEVEL, NULL, level, ARRAY_LEN(level), out);
	if (err == OK)
		err = tally_sum(q->rq->db, q->place, q->kind, TALLY_IN, -1, today, today, &in);
	if (err == OK)
		err = tally_sum(q->rq->db, q->place, q->kind, TALLY_CLOSED, -1, today, today, &closed);
	if (err == OK)
		err = kpi_withheld(q, &sealed, &sealed_late);
	if (err != OK)
		return err;
	for (size_t i = 0; i < ARRAY_LEN(level); i++)
		open += level[i];
	jw_kint(out, "open", open);
	jw_kint(out, "overdue", level[2] + level[3]);
	jw_kint(out, "amber", level[1]);
	jw_kint(out, "today_in", in);
	jw_kint(out, "today_closed", closed);
	jw_kint(out, "withheld_open", sealed);
	jw_kint(out, "withheld_overdue", sealed_late);
	return OK;
}

static enum err get_figures(struct req *rq, struct jw *out)
{
	struct kpi_ask q = { .rq = rq };
	enum err err = read_place(rq, &q.place);

	if (err == OK)
		err = read_kind(rq, &q);
	return err != OK ? err : at_once(&q, answer_figures, out);
}

struct trend {
	int64_t first; /* days since 1970 */
	int64_t *in, *closed;
	int64_t n;
};

static void add_day(const struct trend *t, int64_t *v, int64_t day, int64_t n)
{
	int64_t i = date_to_days(day) - t->first;

	if (i >= 0 && i < t->n)
		v[i] += n;
}

static void add_in(int64_t day, int64_t n, void *arg)
{
	struct trend *t = arg;

	add_day(t, t->in, day, n);
}

static void add_closed(int64_t day, int64_t n, void *arg)
{
	struct trend *t = arg;

	add_day(t, t->closed, day, n);
}

static enum err answer_trend(struct kpi_ask *q, struct jw *out)
{
	struct trend t = { .first = date_to_days(q->from), .n = date_to_days(q->to) - date_to_days(q->from) };
	int64_t last = date_add(q->to, -1);
	enum err err;

	t.in = arena_array(q->rq->arena, (size_t)t.n, sizeof(*t.in));
	t.closed = arena_array(q->rq->arena, (size_t)t.n, sizeof(*t.closed));
	if (t.in == NULL || t.closed == NULL)
		return ERR_NOMEM;
	err = tally_by_day(q->rq->db, q->place, q->kind, TALLY_IN, q->from, last, add_in, &t);
	if (err == OK)
		err = tally_by_day(q->rq->db, q->place, q->kind, TALLY_CLOSED, q->from, last, add_closed, &t);
	if (err != OK)
		return err;
	jw_karr(out, "items");
	for (int64_t i = 0; i < t.n; i++) {
		jw_obj(out);
		jw_kdate(out, "date", date_from_days(t.first + i));
		jw_kint(out, "in", t.in[i]);
		jw_kint(out, "closed", t.closed[i]);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	q->rq->rows = t.n;
	return OK;
}

static enum err get_trend(struct req *rq, struct jw *out)
{
	struct kpi_ask q = { .rq = rq };
	enum err err = read_place(rq, &q.place);

	if (err == OK)
		err = read_period(rq, TREND_DAYS, TREND_MAX, &q.from, &q.to);
	if (err == OK)
		err = read_kind(rq, &q);
	return err != OK ? err : at_once(&q, answer_trend, out);
}

/* ---- the module ---- */

#define P_PLACE { "place", F_CODE, "this place and below; without it your own area" }
#define P_PERIOD { "from", F_DATE, "first day" }, { "to", F_DATE, "the day after the last" }
#define P_KIND { "kind", F_STR, "event (default), task, …: kinds are never mixed" }
#define P_PAGE { "after", F_STR, "cursor: `next` of the page before" }, { "limit", F_INT, "page size, 1 to 200" }, \
	{ "count", F_BOOL, "also how many there are" }

static const struct param figure_params[] = { P_PLACE, P_PERIOD, P_KIND };
static const struct param case_params[] = { P_PLACE, P_PERIOD, P_KIND, P_PAGE,
	{ "side", F_STR, "denominator (default), numerator or missed" } };
static const struct param sample_params[] = { P_PLACE, P_PERIOD, P_KIND, P_PAGE };
static const struct param now_params[] = { P_PLACE, P_KIND };

static const struct route kpi_routes[] = {
	{ .method = M_GET, .path = "/api/kpi", .perm = "kpi.read", .reply = &kpi_shape, .out_list = true, .fn = list_kpis, .id = "listKpis",
	  .summary = "The indicators there are" },
	{ .method = M_GET, .path = "/api/kpi/audit-sample", .perm = "kpi.read", .query = sample_params,
	  .nquery = ARRAY_LEN(sample_params), .reply = &sample_shape, .fn = list_sample, .id = "listAuditSample",
	  .summary = "The 5 % of closed cases drawn for audit; the same cases every time" },
	{ .method = M_GET, .path = "/api/kpi/{name}", .perm = "kpi.read", .query = figure_params,
	  .nquery = ARRAY_LEN(figure_params), .reply = &value_shape, .fn = get_kpi, .id = "getKpi", .summary = "One indicator of a place and period" },
	{ .method = M_GET, .path = "/api/kpi/{name}/cases", .perm = "kpi.read", .query = case_params,
	  .nquery = ARRAY_LEN(case_params), .reply = &kpi_matters_shape, .other = &kpi_places_shape, .fn = list_cases, .id = "listKpiCases",
	  .summary = "The matters (or grids) behind the figure" },
	{ .method = M_GET, .path = "/api/kpi/{name}/by", .perm = "kpi.read", .query = figure_params,
	  .nquery = ARRAY_LEN(figure_params), .reply = &by_shape, .fn = list_by, .id = "listKpiByPlace",
	  .summary = "The indicator for each place one step below" },
	{ .method = M_GET, .path = "/api/figures", .perm = "kpi.read", .query = now_params,
	  .nquery = ARRAY_LEN(now_params), .reply = &figures_shape, .fn = get_figures, .id = "getFigures",
	  .summary = "Open, overdue and today's matters of a place, exact at any moment" },
	{ .method = M_GET, .path = "/api/figures/trend", .perm = "kpi.read", .query = figure_params,
	  .nquery = ARRAY_LEN(figure_params), .reply = &day_shape, .out_list = true, .fn = get_trend, .id = "getTrend",
	  .summary = "Reported and closed matters by day" },
};

const struct module kpi_module = {
	.name = "kpi",
	.route = kpi_routes,
	.nroute = ARRAY_LEN(kpi_routes),
	.sql = kpi_sql,
	.nsql = KPI_NSQL,
};
