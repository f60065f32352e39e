/*
 * Indicators: every figure equals the matters listed behind it and a recount from the rows; reoccurrence
 * against brute force; scope, suspicious perfection, the audit draw (R002, R005, R008, R035, R036).
 */
#include "mod/test_app/test_app.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/matter_db.h"
#include "mod/event/event.h"
#include "mod/kpi/kpi.h"
#include "mod/party/party.h"
#include "mod/place/place.h"

#define DISTRICT "50099900000000000"
#define STREET1 "50099900100000000"
#define STREET2 "50099900200000000"
#define STREET3 "50099900300000000"
#define COMMUNITY1 "50099900100100000"
#define GRID1 "50099900100100100"
#define GRID2 "50099900100100200"
#define GRID3 "50099900100200100"
#define GRID4 "50099900200100100"

enum { MATTERS = 200, FIRST_DAY = 20260301, SPAN = 60 };

static const struct module *const modules[] = { &place_module, &party_module, &kpi_module, NULL };
static const struct matter_kind kind = { .number = 1, .name = "event", .path = "events", .letter = 'E',
	.tally = event_tally };
static const struct matter_kind other_kind = { .number = 2, .name = "task", .path = "tasks", .letter = 'T' };

static const char *const place_of[] = { DISTRICT, STREET1, COMMUNITY1, GRID1, GRID1, GRID2, "50099900100100201", GRID3,
	GRID4, GRID4 };
static const char *const asked[] = { DISTRICT, STREET1, STREET2, STREET3, COMMUNITY1, GRID1, GRID4 };
static const char *const period[] = { "from=2026-03-01&to=2026-04-30", "from=2026-03-10&to=2026-03-20",
	"from=2026-03-15&to=2026-03-16", "from=2027-01-01&to=2027-02-01" };

static struct test_app *fresh(enum db_engine e)
{
	static const char csv[] =
		"code,name,households\n500999,试点区,\n500999001,清溪街道,\n500999002,长桥街道,\n500999003,新街道,\n" COMMUNITY1
		",柳荫社区,\n500999001002,桃源社区,\n500999002001,松岗社区,\n" GRID1 ",第1网格,400\n" GRID2
		",第2网格,520\n50099900100100201,微1,50\n" GRID3 ",第3网格,380\n" GRID4 ",第4网格,400\n";
	struct test_app *t = test_app_new(e, modules);

	t->app.kind[0] = &kind;
	t->app.kind[1] = &other_kind;
	t->app.nkind = 2;
	test_post(t, ROLE_DISTRICT_ADMIN, INT64_C(50099900000000000));
	assert_int_equal(test_call(t, "POST /api/places/import", csv), 200);
	return t;
}

TEST_FIXTURE(fresh);

/* ---- matters at random, the same every time ---- */

static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static int64_t below(uint64_t *s, int64_t n)
{
	return (int64_t)(next(s) % (uint64_t)n);
}

/* A time at or after `at`, up to so many days later. */
static int64_t later(uint64_t *s, int64_t at, int64_t days)
{
	return at + below(s, days * (int64_t)MS_DAY);
}

static void blank(struct matter *m)
{
	fields_clear(&matter_fields, m);
	m->version = 1;
	m->kind = kind.number;
	m->title = STR("试");
	m->track = TRACK_LIVELIHOOD;
	m->urgency = URG_U3;
	m->source = SRC_DESK;
	m->state = MS_REPORTED;
	m->open = 1;
	m->sealed = m->anonymous = m->level = m->auto_action = m->supporters = m->reopens = m->returns = 0;
	m->extensions = m->fails = m->supervised = m->self_closed = m->sampled = 0;
}

static int64_t code_of(const char *text)
{
	int64_t v = 0;

	assert_true(place_parse(str_z(text), &v));
	return v;
}

static void add_run(struct act *a, enum clock_kind c, int run, int64_t start, int64_t due, int64_t stop)
{
	a->run_dirty[a->nrun] = true;
	a->run[a->nrun++] = (struct clock_run){ .clock = c, .run = run, .rule = { UNIT_MS, due - start }, .start = start,
		.due = due, .amber = NIL, .stop = stop, .paused_at = NIL };
}

static void random_runs(struct act *a, uint64_t *s)
{
	int64_t at = a->m.reported_at;

	add_run(a, CLOCK_ACCEPT, 1, at, at + MS_HOUR, below(s, 4) == 0 ? NIL : at + below(s, 2 * (int64_t)MS_HOUR));
	a->run[0].voided = below(s, 10) == 0;
	for (int i = 1, n = (int)below(s, 4); i <= n; i++) {
		/* now and then on the day of the run before */
		int64_t due = at + (5 * (i - below(s, 2)) + 1) * (int64_t)MS_DAY;

		add_run(a, CLOCK_SIGN, i, at, due, at);
		a->run[a->nrun - 1].voided = below(s, 6) == 0;
		add_run(a, CLOCK_HANDLE, i, at, due, below(s, 3) == 0 ? NIL : later(s, due - 3 * (int64_t)MS_DAY, 4));
		a->run[a->nrun - 1].voided = below(s, 6) == 0;
		a->run[a->nrun - 1].paused_ms = below(s, 3) == 0 ? 1000 : 0;
	}
}

/* What the flow sees to: merging voids the accept clock, and only what was sent somewhere comes back. */
static void make_sense(struct act *a)
{
	int64_t sent = 0;

	for (size_t i = 0; i < a->nrun; i++)
		sent += a->run[i].clock == CLOCK_SIGN && !a->run[i].voided;
	a->m.returns = sent > 0 ? a->m.returns : 0;
	if (a->m.state == MS_MERGED)
		a->run[0].voided = a->run_dirty[0] = true;
}

static void random_matter(struct act *a, uint64_t *s)
{
	struct matter *m = &a->m;

	blank(m);
	m->place = code_of(place_of[next(s) % ARRAY_LEN(place_of)]);
	m->track = 1 + below(s, 4);
	m->urgency = below(s, URG_MAX);
	m->source = below(s, 4);
	m->state = 1 + below(s, MS_MAX - 1);
	m->open = (ST_OPEN >> m->state) & 1;
	m->level = m->open ? below(s, 4) : 0;
	m->sealed = below(s, 20) == 0;
	m->reported_at = later(s, date_start(FIRST_DAY), SPAN - 10);
	m->code_id = below(s, 5) == 0 ? NIL : 1 + below(s, 3);
	if (below(s, 6) != 0) {
		m->lon = 106.5 + 0.0004 * (double)below(s, 12);
		m->lat = 29.5 + 0.0004 * (double)below(s, 12);
	}
	if (below(s, 10) == 0)
		m->parent_id = 1;
	if (below(s, 2) == 0)
		m->dispatched_at = later(s, m->reported_at, 3);
	m->returns = m->dispatched_at != NIL && below(s, 5) == 0;
	if (!m->open || below(s, 5) == 0) { /* reopened ones keep the time of their first closing */
		m->closed_at = later(s, m->reported_at, 10);
		m->reopens = below(s, 6) == 0;
		m->self_closed = below(s, 3) == 0;
		m->satisfied = below(s, 2) == 0 ? below(s, 3) : NIL;
		m->resolved = m->satisfied != NIL ? below(s, 2) : NIL;
	}
	random_runs(a, s);
	make_sense(a);
}

/* As the engine does: the row, its runs, and the difference of its contributions. */
static enum err put_matter(struct req *rq, struct act *a, int64_t place_before, const struct tally *before, size_t nb)
{
	struct tally after[TALLY_MAX];
	size_t na = event_tally(&a->m, a->run, a->nrun, after);
	enum err err;

	a->rq = rq;
	a->kind = &kind;
	err = matter_store(a);
	return err != OK ? err : tally_diff(rq->db, kind.number, place_before, before, nb, a->m.place, after, na);
}

static enum err insert(struct req *rq, struct act *a)
{
	a->m.id = db_new_id(rq->db);
	if (a->m.id == NIL)
		return ERR_RETRY;
	a->is_new = true;
	return put_matter(rq, a, a->m.place, NULL, 0);
}

struct fill {
	uint64_t seed;
	size_t n;
};

/* Some change afterwards, perhaps to another place; half of the changes are folded already. */
static enum err fill(struct req *rq, void *arg)
{
	const struct fill *f = arg;
	uint64_t s = f->seed;
	int64_t folded;
	enum err err = OK;

	for (size_t i = 0; i < f->n && err == OK; i++) {
		struct act a = { .now = rq->now }, b = { .now = rq->now };
		struct tally before[TALLY_MAX];
		size_t nb;

		if (i == f->n / 2)
			err = tally_fold(rq->db, 100000, &folded);
		random_matter(&a, &s);
		if (err == OK)
			err = insert(rq, &a);
		if (err != OK || below(&s, 3) != 0)
			continue;
		nb = event_tally(&a.m, a.run, a.nrun, before);
		random_matter(&b, &s);
		b.m.id = a.m.id;
		b.old = a.m;
		b.m.version = a.m.version;
		memcpy(b.run, a.run, sizeof(a.run));
		b.nrun = a.nrun;
		memset(b.run_dirty, 0, sizeof(b.run_dirty));
		make_sense(&b);
		err = put_matter(rq, &b, a.m.place, before, nb);
	}
	return err != OK ? err : tally_fold(rq->db, 1500, &folded);
}

static void fill_up(struct test_app *t, uint64_t seed, size_t n)
{
	struct fill f = { seed, n };

	assert_int_equal(test_local(t, fill, &f), OK);
}

/* ---- the figure and what is listed behind it ---- */

static void url(char out[400], const char *name, const char *tail, const char *place, const char *when)
{
	snprintf(out, 400, "GET /api/kpi/%s%splace=%s&%s", name, tail, place, when);
}

struct side {
	int64_t items, times;
};

/* Walks all pages; ids fall and none comes twice. */
static struct side walk(struct test_app *t, const char *request, int limit)
{
	struct side r = { 0, 0 };
	char text[500], after[32] = "";
	int64_t last = INT64_MAX;

	do {
		snprintf(text, sizeof(text), "%s&limit=%d&after=%s", request, limit, after);
		assert_int_equal(test_call(t, text, NULL), 200);
		for (size_t i = 0; i < test_len(t, "items"); i++) {
			char path[64];
			int64_t id;

			snprintf(path, sizeof(path), "items.%zu.id", i);
			assert_true(str_i64(str_z(test_str(t, path)), &id));
			assert_true(id < last);
			last = id;
			snprintf(path, sizeof(path), "items.%zu.times", i);
			r.times += (int64_t)test_num(t, path);
			r.items++;
		}
		snprintf(after, sizeof(after), "%s", test_str(t, "next"));
	} while (after[0] != '\0');
	return r;
}

static struct side side(struct test_app *t, const struct kpi *k, const char *name, const char *place, const char *when)
{
	char text[400], tail[64];
	struct side r;

	snprintf(tail, sizeof(tail), "/cases?side=%s&count=true&", name);
	url(text, k->name, tail, place, when);
	r = walk(t, text, str_eqz(str_z(place), DISTRICT) ? 70 : 200);
	assert_int_equal((int64_t)test_num(t, "count"), r.items);
	assert_int_equal((int64_t)test_num(t, "times"), r.times);
	return r;
}

static void check_figure(struct test_app *t, const struct kpi *k, const char *place, const char *when)
{
	char text[400];
	int64_t num, den;
	double value;
	struct side s;

	url(text, k->name, "?", place, when);
	assert_int_equal(test_call(t, text, NULL), 200);
	num = (int64_t)test_num(t, "numerator");
	den = (int64_t)test_num(t, "denominator");
	value = test_num(t, "value");
	assert_int_equal((int)test_num(t, "rule_version"), KPI_RULE_VERSION);
	if (den == 0)
		assert_true(isnan(value));
	else
		assert_true(fabs(value - (double)num / (double)den) < 1e-9);
	s = side(t, k, "numerator", place, when);
	assert_int_equal(s.times + (int64_t)test_num(t, "withheld"), num);
	s = side(t, k, "denominator", place, when);
	assert_int_equal(s.times + (int64_t)test_num(t, "withheld"), den);
	s = side(t, k, "missed", place, when);
	if (!k->apart)
		assert_int_equal(s.times + (int64_t)test_num(t, "withheld"), den - num);
}

static bool of_matters(const struct kpi *k)
{
	return k->how == KPI_TALLY || k->how == KPI_REOCCUR;
}

static void auditor_of_all(struct test_app *t)
{
	test_post(t, ROLE_AUDITOR, INT64_C(50099900000000000));
}

static void test_cases_equal_figures(void **state) /* R035 */
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	fill_up(t, 0x1234567, MATTERS);
	auditor_of_all(t); /* sees sealed ones, so nothing is withheld */
	for (size_t i = 0; i < kpi_count; i++) {
		if (!of_matters(&kpi_table[i]))
			continue;
		for (size_t p = i % 3; p < ARRAY_LEN(asked); p += 3)
			check_figure(t, &kpi_table[i], asked[p], period[(p + i) % 3]);
		check_figure(t, &kpi_table[i], DISTRICT, period[0]);
		check_figure(t, &kpi_table[i], DISTRICT, period[3]);
		assert_int_equal((int)test_num(t, "withheld"), 0);
	}
	/* The filling is worth testing: something of everything. */
	for (size_t i = 0; i < kpi_count; i++) {
		char text[400];

		url(text, kpi_table[i].name, "?", DISTRICT, period[0]);
		assert_int_equal(test_call(t, text, NULL), 200);
		if (of_matters(&kpi_table[i]))
			assert_true(test_num(t, "numerator") > 3);
	}
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate?kind=task&" "place=" DISTRICT, NULL), 200);
	assert_true(isnan(test_num(t, "value")));
}

static void test_what_is_withheld(void **state)
{
	struct test_app *t = *state;
	double all, visible;

	SKIP_WITHOUT(t);
	fill_up(t, 0x777, 160);
	test_post(t, ROLE_DIRECTOR, code_of(STREET1));
	check_figure(t, kpi_find(STR("closure_rate")), STREET1, period[0]);
	assert_int_equal(test_call(t, "GET /api/kpi/closure_rate/cases?count=true&from=2026-03-01&to=2026-04-30", NULL), 200);
	assert_true(test_num(t, "withheld") > 0); /* sealed ones */
	all = test_num(t, "count");
	t->who.post[0].board = TRACK_PEACE;
	assert_int_equal(test_call(t, "GET /api/kpi/closure_rate/cases?count=true&from=2026-03-01&to=2026-04-30", NULL), 200);
	visible = test_num(t, "count");
	assert_true(visible > 0 && visible < all);
	for (size_t i = 0; i < test_len(t, "items"); i++) {
		char path[64];

		snprintf(path, sizeof(path), "items.%zu.track", i);
		assert_string_equal(test_str(t, path), "peace");
	}
}

static void test_by_place(void **state)
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	fill_up(t, 0x99, 120);
	auditor_of_all(t);
	for (size_t i = 0; i < kpi_count; i++) {
		const struct kpi *k = &kpi_table[i];
		int64_t num, den;
		struct { char code[20]; int64_t num, den; } child[8];
		char text[400], path[64];
		size_t n;

		url(text, k->name, "/by?", DISTRICT, period[0]);
		assert_int_equal(test_call(t, text, NULL), 200);
		num = (int64_t)test_num(t, "rest.numerator");
		den = (int64_t)test_num(t, "rest.denominator");
		n = test_len(t, "items");
		assert_int_equal(n, 3);
		for (size_t c = 0; c < n; c++) {
			snprintf(path, sizeof(path), "items.%zu.code", c);
			snprintf(child[c].code, sizeof(child[c].code), "%s", test_str(t, path));
			snprintf(path, sizeof(path), "items.%zu.numerator", c);
			num += child[c].num = (int64_t)test_num(t, path);
			snprintf(path, sizeof(path), "items.%zu.denominator", c);
			den += child[c].den = (int64_t)test_num(t, path);
		}
		url(text, k->name, "?", DISTRICT, period[0]);
		assert_int_equal(test_call(t, text, NULL), 200);
		assert_int_equal((int64_t)test_num(t, "numerator"), num);
		assert_int_equal((int64_t)test_num(t, "denominator"), den);
		for (size_t c = 0; c < n; c++) {
			url(text, k->name, "?", child[c].code, period[0]);
			assert_int_equal(test_call(t, text, NULL), 200);
			assert_int_equal((int64_t)test_num(t, "numerator"), child[c].num);
			assert_int_equal((int64_t)test_num(t, "denominator"), child[c].den);
		}
	}
	/* A micro-grid has nothing below. */
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate/by?place=50099900100100201", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
}

/* ---- who may ask what ---- */

static void test_scope_and_words(void **state)
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	assert_int_equal(test_call(t, "GET /api/kpi", NULL), 200);
	assert_int_equal(test_len(t, "items"), kpi_count);
	assert_int_equal(test_call(t, "GET /api/kpi/charm", NULL), 404);
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate?kind=poem", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate?from=2026-03-02&to=2026-03-02", NULL), 400);
	assert_string_equal(test_error(t), "kpi.period");
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate?from=1990-01-01&to=2026-03-02", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate/cases?side=left", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate/cases?after=x", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate/cases?limit=0", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate?place=50099900900000000", NULL), 404);
	test_post(t, ROLE_GRID_LEADER, code_of(GRID1));
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate", NULL), 200);
	assert_string_equal(test_str(t, "place"), GRID1);
	assert_string_equal(test_str(t, "place_name"), "第1网格");
	assert_int_equal(test_call(t, "GET /api/figures", NULL), 200);
	for (size_t i = 0; i < 2; i++) {
		static const char *const outside[] = { GRID2, STREET1 };

		assert_int_equal(test_callf(t, "GET /api/kpi/on_time_rate?place=%s", outside[i], NULL), 404);
		assert_int_equal(test_callf(t, "GET /api/kpi/on_time_rate/by?place=%s", outside[i], NULL), 404);
		assert_int_equal(test_callf(t, "GET /api/kpi/on_time_rate/cases?place=%s", outside[i], NULL), 404);
		assert_int_equal(test_callf(t, "GET /api/kpi/audit-sample?place=%s", outside[i], NULL), 404);
		assert_int_equal(test_callf(t, "GET /api/figures?place=%s", outside[i], NULL), 404);
		assert_int_equal(test_callf(t, "GET /api/figures/trend?place=%s", outside[i], NULL), 404);
	}
	test_post(t, ROLE_RESIDENT, code_of(GRID1));
	assert_int_equal(test_call(t, "GET /api/kpi/on_time_rate", NULL), 403);
}

/* ---- perfection and few answers ---- */

struct perfect {
	int64_t n, paused_ms, returns, reopens;
	int64_t day; /* 0: FIRST_DAY */
	const char *place;
};

static enum err perfect(struct req *rq, void *arg)
{
	const struct perfect *p = arg;
	enum err err = OK;

	for (int64_t i = 0; i < p->n && err == OK; i++) {
		struct act a = { .now = rq->now };
		int64_t at = date_start(p->day != 0 ? p->day : FIRST_DAY) + i * MS_HOUR;

		blank(&a.m);
		a.m.place = code_of(p->place);
		a.m.reported_at = a.m.accepted_at = a.m.dispatched_at = at;
		a.m.closed_at = at + MS_HOUR;
		a.m.state = MS_RATED;
		a.m.open = 0;
		a.m.satisfied = a.m.resolved = 1;
		a.m.returns = p->returns;
		a.m.reopens = p->reopens;
		add_run(&a, CLOCK_HANDLE, 1, at, at + MS_DAY, at + MS_HOUR);
		a.run[0].paused_ms = p->paused_ms;
		err = insert(rq, &a);
	}
	return err;
}

static void add_perfect(struct test_app *t, struct perfect p)
{
	assert_int_equal(test_local(t, perfect, &p), OK);
}

static void test_false_perfection(void **state) /* R036 */
{
	static const char when[] = "from=2026-03-01&to=2026-04-01";
	struct test_app *t = *state;
	char text[400];

	SKIP_WITHOUT(t);
	add_perfect(t, (struct perfect){ .n = 9, .place = GRID1 });
	add_perfect(t, (struct perfect){ .n = 5, .place = GRID4 });
	url(text, "on_time_rate", "?", STREET1, when);
	assert_int_equal(test_call(t, text, NULL), 200);
	assert_true(test_num(t, "value") == 1.0);
	assert_int_equal((int)test_num(t, "anomaly"), 1);
	add_perfect(t, (struct perfect){ .n = 1, .place = GRID2, .paused_ms = 5 });
	assert_int_equal(test_call(t, text, NULL), 200);
	assert_int_equal((int)test_num(t, "anomaly"), 0);
	assert_int_equal((int)test_num(t, "pauses"), 1);
	url(text, "on_time_rate", "/by?", DISTRICT, when);
	assert_int_equal(test_call(t, text, NULL), 200);
	assert_int_equal((int)test_num(t, "items.0.anomaly"), 0);
	assert_int_equal((int)test_num(t, "items.1.anomaly"), 1);
	assert_int_equal((int)test_num(t, "items.2.anomaly"), 0); /* nothing due is not perfect */
	add_perfect(t, (struct perfect){ .n = 1, .place = GRID4, .returns = 1 });
	assert_int_equal(test_call(t, text, NULL), 200);
	assert_int_equal((int)test_num(t, "items.1.anomaly"), 0);
	/* Ten answers make a rate that may be compared. */
	url(text, "satisfied_rate", "?", GRID1, when);
	assert_int_equal(test_call(t, text, NULL), 200);
	assert_int_equal((int)test_num(t, "denominator"), 9);
	assert_int_equal((int)test_num(t, "ranked"), 0);
	url(text, "satisfied_rate", "?", STREET1, when);
	assert_int_equal(test_call(t, text, NULL), 200);
	assert_int_equal((int)test_num(t, "ranked"), 1);
	/* The day after the period does not count. */
	url(text, "on_time_rate", "?", DISTRICT, "from=2026-02-01&to=2026-03-02");
	assert_int_equal(test_call(t, text, NULL), 200);
	assert_int_equal((int)test_num(t, "denominator"), 0);
	url(text, "on_time_rate", "?", DISTRICT, "from=2026-03-02&to=2026-03-03");
	assert_int_equal(test_call(t, text, NULL), 200);
	assert_int_equal((int)test_num(t, "denominator"), 16);
}

static void test_rules(void **state)
{
	struct kpi_doubt none = { 0, 0, 0 }, some = { .reopens = 1 };
	struct kpi_figure f = { 3, 3 }, nothing = { 0, 0 }, less = { 2, 3 };
	const struct kpi *k = kpi_find(STR("on_time_rate"));

	(void)state;
	assert_true(isnan(kpi_value(&nothing)));
	assert_true(kpi_anomaly(k, &f, &none));
	assert_false(kpi_anomaly(k, &f, &some));
	assert_false(kpi_anomaly(k, &less, &none));
	assert_false(kpi_anomaly(k, &nothing, &none));
	assert_false(kpi_anomaly(kpi_find(STR("return_rate")), &f, &none)); /* there 100 % is no success */
	assert_null(kpi_find(STR("")));
	for (size_t i = 0; i < kpi_count; i++)
		assert_ptr_equal(kpi_find(str_z(kpi_table[i].name)), &kpi_table[i]);
}

/* ---- reoccurrence ---- */

static double metres(double lon1, double lat1, double lon2, double lat2)
{
	double rad = 3.14159265358979323846 / 180, a = sin((lat2 - lat1) * rad / 2), b = sin((lon2 - lon1) * rad / 2);

	return 2 * 6371008.8 * asin(sqrt(a * a + cos(lat1 * rad) * cos(lat2 * rad) * b * b));
}

static void test_reoccurrence_by_brute_force(void **state)
{
	enum { N = 400 };
	struct kpi_closed closed[N];
	struct kpi_report report[N];
	uint64_t s = 42;
	size_t again = 0;

	(void)state;
	for (int round = 0; round < 4; round++) {
		struct arena *a = arena_new(4 << 20);
		double lat0 = round == 3 ? -60.0 : 20.0 * round; /* across the equator, too */

		for (size_t i = 0; i < N; i++) {
			double lon = -0.01 + 0.0001 * (double)below(&s, 200), lat = lat0 - 0.01 + 0.0001 * (double)below(&s, 200);
			int64_t at = below(&s, 60 * (int64_t)MS_DAY), code = below(&s, 4);

			report[i] = (struct kpi_report){ .id = (int64_t)i, .code_id = code == 0 ? NIL : code,
				.reported_at = at, .lon = code == 1 && at % 7 == 0 ? (double)NAN : lon, .lat = lat };
			closed[i] = (struct kpi_closed){ .id = (int64_t)i, .code_id = report[i].code_id,
				.closed_at = at + below(&s, MS_DAY), .lon = report[i].lon, .lat = lat };
		}
		assert_int_equal(kpi_reoccur(a, closed, N, report, N), OK);
		for (size_t i = 0; i < N; i++) {
			bool want = false;

			for (size_t k = 0; k < N; k++) {
				int64_t gap = report[k].reported_at - closed[i].closed_at;

				want = want || (i != k && closed[i].code_id != NIL && report[k].code_id == closed[i].code_id &&
						gap > 0 && gap <= 30 * (int64_t)MS_DAY &&
						metres(closed[i].lon, closed[i].lat, report[k].lon, report[k].lat) <= 100.0);
			}
			assert_int_equal(closed[i].again, want);
			again += want;
		}
		arena_free(a);
	}
	assert_true(again > N / 4 && again < 4 * N);
}

/* ---- draw for audit ---- */

static void test_draw(void **state) /* R036 */
{
	static const unsigned char key[32] = { 1 }, other[32] = { 2 };
	int n = 0, both = 0;

	(void)state;
	for (int64_t id = 1; id <= 40000; id++) {
		bool drawn = kpi_drawn(key, id, 202603);

		assert_int_equal(drawn, kpi_drawn(key, id, 202603));
		n += drawn;
		both += drawn && kpi_drawn(other, id, 202603);
	}
	assert_true(n > 1800 && n < 2200); /* 5 % ± 4.5 σ */
	assert_true(both < 200);	   /* another key, another draw */
}

static void test_audit_sample(void **state) /* R036 */
{
	static const char all[] = "GET /api/kpi/audit-sample?from=2026-03-01&to=2026-04-30&count=true";
	struct test_app *t = *state;
	struct side one, again, part = { 0, 0 };
	int64_t closed;

	SKIP_WITHOUT(t);
	add_perfect(t, (struct perfect){ .n = 200, .place = GRID1 });
	add_perfect(t, (struct perfect){ .n = 100, .place = GRID4 });
	one = walk(t, all, 3);
	assert_int_equal((int64_t)test_num(t, "count"), one.items);
	closed = (int64_t)test_num(t, "closed");
	assert_true(closed == 300);
	assert_true(one.items > closed / 50 && one.items < closed / 10);
	again = walk(t, all, 200);
	assert_int_equal(one.items, again.items);
	/* The draw of a street is its part of the district's. */
	for (size_t i = 0; i < 3; i++) {
		static const char *const street[] = { STREET1, STREET2, STREET3 };
		char text[400];

		snprintf(text, sizeof(text), "%s&place=%s", all, street[i]);
		part.items += walk(t, text, 200).items;
	}
	assert_true(part.items == one.items);
}

/* ---- running figures ---- */

static int64_t count_sql(struct test_app *t, const char *sql)
{
	int64_t n = -1;

	assert_int_equal(db_int(t->reader, sql, NO_ARGS, &n), OK);
	return n;
}

static void test_figures(void **state)
{
	struct test_app *t = *state;
	int64_t in = 0, closed = 0;
	double sum = 0;

	SKIP_WITHOUT(t);
	fill_up(t, 0xabc, 120);
	assert_int_equal(test_call(t, "GET /api/figures?place=" DISTRICT, NULL), 200);
	assert_int_equal((int64_t)test_num(t, "open"), count_sql(t, "SELECT count(*) AS n FROM matter WHERE open = 1"));
	assert_int_equal((int64_t)test_num(t, "overdue"),
			 count_sql(t, "SELECT count(*) AS n FROM matter WHERE open = 1 AND level >= 2"));
	assert_int_equal((int64_t)test_num(t, "amber"),
			 count_sql(t, "SELECT count(*) AS n FROM matter WHERE open = 1 AND level = 1"));
	assert_int_equal((int64_t)test_num(t, "by_state.archived"),
			 count_sql(t, "SELECT count(*) AS n FROM matter WHERE state = 8"));
	assert_int_equal((int64_t)test_num(t, "by_urgency.U1"),
			 count_sql(t, "SELECT count(*) AS n FROM matter WHERE open = 1 AND urgency = 0"));
	for (int64_t i = 1; i < TRACK_MAX; i++) {
		char path[64];

		snprintf(path, sizeof(path), "by_track.%s", vocab_word(&track_vocab, i));
		sum += test_num(t, path);
	}
	assert_true(sum == test_num(t, "open"));
	assert_int_equal(test_call(t, "GET /api/figures?place=" STREET1, NULL), 200);
	assert_int_equal((int64_t)test_num(t, "open"),
			 count_sql(t, "SELECT count(*) AS n FROM matter WHERE open = 1 AND place >= 50099900100000000 "
				      "AND place < 50099900200000000"));
	assert_int_equal(test_call(t, "GET /api/figures/trend?from=2026-03-01&to=2026-05-10", NULL), 200);
	assert_int_equal(test_len(t, "items"), 70);
	assert_string_equal(test_str(t, "items.0.date"), "2026-03-01");
	assert_string_equal(test_str(t, "items.69.date"), "2026-05-09");
	for (size_t i = 0; i < 70; i++) {
		char path[64];

		snprintf(path, sizeof(path), "items.%zu.in", i);
		in += (int64_t)test_num(t, path);
		snprintf(path, sizeof(path), "items.%zu.closed", i);
		closed += (int64_t)test_num(t, path);
	}
	assert_int_equal(in, count_sql(t, "SELECT count(*) AS n FROM matter WHERE parent_id IS NULL"));
	assert_int_equal(closed, count_sql(t, "SELECT count(*) AS n FROM matter WHERE parent_id IS NULL AND "
					      "state IN (6, 7, 8) AND closed_at IS NOT NULL"));
	assert_int_equal(test_call(t, "GET /api/figures/trend", NULL), 200);
	assert_int_equal(test_len(t, "items"), 30);
}

static void test_today(void **state)
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	add_perfect(t, (struct perfect){ .n = 3, .place = GRID1, .day = date_of(time_now()) });
	assert_int_equal(test_call(t, "GET /api/figures", NULL), 200);
	assert_int_equal((int)test_num(t, "today_in"), 3);
	assert_int_equal((int)test_num(t, "today_closed"), 3);
	assert_int_equal((int)test_num(t, "open"), 0);
	assert_int_equal(test_call(t, "GET /api/figures/trend", NULL), 200);
	assert_int_equal((int)test_num(t, "items.29.in"), 3);
	assert_int_equal((int)test_num(t, "items.28.in"), 0);
}

/* ---- indicators about places ---- */

static void test_granularity(void **state) /* R005 */
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	assert_int_equal(test_call(t, "GET /api/kpi/granularity_drift?place=" GRID4, NULL), 200);
	assert_true(test_num(t, "value") == 0.0);
	assert_int_equal(test_call(t, "GET /api/kpi/granularity_drift?place=" GRID2, NULL), 200);
	assert_true(fabs(test_num(t, "value") - 0.3) < 1e-9);
	assert_int_equal(test_call(t, "GET /api/kpi/granularity_drift?place=" DISTRICT, NULL), 200);
	assert_true(fabs(test_num(t, "value") - (0.3 + 0.05) / 4) < 1e-9);
	assert_int_equal(test_call(t, "GET /api/kpi/granularity_drift?place=" STREET3, NULL), 200);
	assert_true(isnan(test_num(t, "value")));
	assert_int_equal(test_call(t, "GET /api/kpi/granularity_drift/cases?side=missed&place=" DISTRICT, NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.code"), GRID2);
	assert_int_equal(test_call(t, "GET /api/kpi/granularity_drift/cases?limit=3&count=true&place=" DISTRICT, NULL), 200);
	assert_int_equal(test_len(t, "items"), 3);
	assert_int_equal((int)test_num(t, "count"), 4);
	assert_int_equal(test_callf(t, "GET /api/kpi/granularity_drift/cases?limit=3&after=%s", test_str(t, "next"), NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.code"), GRID4);
	assert_string_equal(test_str(t, "next"), "");
}

static void test_party(void **state) /* R008 */
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	test_sql(t, "INSERT INTO party_org (id, version, name, level, form, place, active, created_at, updated_at) "
		    "VALUES (1, 1, 'o', 3, 0, 50099900100100100, 1, 0, 0)");
	assert_int_equal(test_call(t, "GET /api/kpi/party_coverage?place=" DISTRICT, NULL), 200);
	assert_int_equal((int)test_num(t, "numerator"), 1);
	assert_int_equal((int)test_num(t, "denominator"), 4);
	assert_int_equal(test_call(t, "GET /api/kpi/party_coverage/cases?side=numerator&place=" DISTRICT, NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.code"), GRID1);
	assert_int_equal(test_call(t, "GET /api/kpi/party_coverage/cases?side=missed&place=" DISTRICT, NULL), 200);
	assert_int_equal(test_len(t, "items"), 3);
	assert_string_equal(test_str(t, "items.0.code"), GRID2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_reoccurrence_by_brute_force),
		cmocka_unit_test(test_draw),
		TEST_BOTH(test_cases_equal_figures),
		TEST_BOTH(test_what_is_withheld),
		TEST_BOTH(test_by_place),
		TEST_BOTH(test_scope_and_words),
		TEST_BOTH(test_false_perfection),
		TEST_BOTH(test_audit_sample),
		TEST_BOTH(test_figures),
		TEST_BOTH(test_today),
		TEST_BOTH(test_granularity),
		TEST_BOTH(test_party),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
