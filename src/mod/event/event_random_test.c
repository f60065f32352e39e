/*
 * Random walks: anybody tries anything on a handful of events while time passes, the sweeper runs and the
 * roll-ups are folded at odd moments. Whatever happens: the stored clocks equal their replay from history
 * (R028), the roll-ups equal a recount from the rows (R033, R035), a version grows by one or not at all, an
 * error changes nothing, and everybody sees exactly what their posts let them see.
 */
#include "mod/event/test_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/matter_db.h"
#include "core/matter_sweep.h"
#include "core/tally.h"

enum { STEPS = 200, EVENTS = 60, CELLS = 4096, LAST_DAY = 99999999 };

static struct test_app *fresh(enum db_engine e)
{
	return event_fresh(e);
}

TEST_FIXTURE(fresh);

struct walk {
	struct test_app *t;
	uint64_t s;
	int64_t id[EVENTS];
	size_t n;
	int step, done, refused;
	char body[2000];
};

static int64_t below(struct walk *w, int64_t n)
{
	w->s ^= w->s << 13;
	w->s ^= w->s >> 7;
	w->s ^= w->s << 17;
	return (int64_t)(w->s % (uint64_t)n);
}

#define PICK(w, list) (list)[below(w, (int64_t)ARRAY_LEN(list))]

static void learn_ids(struct walk *w)
{
	struct rows *r = db_query(w->t->reader, "SELECT id FROM matter ORDER BY id LIMIT 60", NO_ARGS);

	w->n = 0;
	while (rows_next(r))
		w->id[w->n++] = row_int_at(r, 0);
	assert_int_equal(rows_close(r), OK);
}

/* ---- what may be sent along ---- */

static const char *value_of(struct walk *w, const char *name)
{
	static const char *const unit[] = { "\"201\"", "\"202\"", "\"203\"", "\"204\"", "\"205\"", "\"206\"", "\"207\"",
		"\"999\"" };
	static const char *const place[] = { "\"" GRID1 "\"", "\"" GRID2 "\"", "\"" COMMUNITY2 "\"", "\"" GRID4 "\"" };
	static const char *const reason[] = { "\"weather\"", "\"complex\"", "\"history\"", "\"not_ours\"", "\"funds\"" };
	static const char *const code[] = { "MS24", "MS05", "MS03", "PF06", "JJ01" };
	static const char *const other[][2] = { { "text", "\"说明\"" }, { "plan", "\"计划\"" }, { "result", "\"办结\"" },
		{ "address", "\"一号楼\"" }, { "resolved", NULL }, { "contacted", "true" }, { "lon", "106.5" }, { "lat", "29.5" },
		{ "satisfied", "\"fairly\"" }, { "departments", "[\"203\",\"204\"]" }, { "coop", "[\"202\"]" },
		{ "parts", "[{\"title\":\"甲\",\"unit_id\":\"201\"},{\"title\":\"乙\",\"unit_id\":\"203\"}]" } };

	if (strstr(name, "unit_id") != NULL)
		return PICK(w, unit);
	if (strcmp(name, "place") == 0)
		return PICK(w, place);
	if (strcmp(name, "reason") == 0)
		return PICK(w, reason);
	if (strcmp(name, "join") == 0)
		return below(w, 2) ? "\"all\"" : "\"any\"";
	if (strcmp(name, "score") == 0)
		return "3";
	if (strcmp(name, "urgency") == 0)
		return below(w, 2) ? "\"U1\"" : "\"U3\"";
	if (strcmp(name, "resolved") == 0)
		return below(w, 3) ? "true" : "false";
	if (strcmp(name, "until") == 0 || strcmp(name, "arrive_by") == 0)
		return ev_body(w->t, "\"%s\"", ev_when(w->t, w->t->now + (below(w, 200) - 5) * (int64_t)MS_HOUR));
	if (strcmp(name, "into_id") == 0)
		return ev_body(w->t, "\"%lld\"", (long long)w->id[below(w, (int64_t)w->n)]);
	if (strcmp(name, "event_code") == 0)
		return ev_body(w->t, "\"%lld\"", (long long)ev_code(w->t, PICK(w, code)));
	if (strcmp(name, "duty_item_id") == 0)
		return ev_body(w->t, "\"%s\"", ev_duty(w->t, below(w, 2) ? "L19" : "C05"));
	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		if (strcmp(name, other[i][0]) == 0)
			return other[i][1];
	}
	return "null";
}

static void add_member(struct walk *w, const char *name, const char *value)
{
	size_t n = strlen(w->body);

	snprintf(w->body + n, sizeof(w->body) - n, "%s\"%s\":%s", n > 1 ? "," : "", name, value);
}

static void make_body(struct walk *w, const json_t *action, const char *login)
{
	const json_t *needs = json_object_get(action, "needs"), *allows = json_object_get(action, "allows");
	const char *word = json_string_value(json_object_get(action, "action"));

	snprintf(w->body, sizeof(w->body), "{");
	for (size_t i = 0; i < json_array_size(needs); i++) {
		const char *name = json_string_value(json_array_get(needs, i));

		if (below(w, 12) > 0)
			add_member(w, name, value_of(w, name));
	}
	for (size_t i = 0; i < json_array_size(allows); i++) {
		const char *name = json_string_value(json_array_get(allows, i));

		if (below(w, 4) == 0)
			add_member(w, name, value_of(w, name));
	}
	if (strcmp(word, "finish") == 0 && below(w, 4) > 0)
		add_member(w, "files", ev_body(w->t, "[\"%lld\"]", (long long)ev_photo(w->t, login)));
	size_t n = strlen(w->body);

	snprintf(w->body + n, sizeof(w->body) - n, "}");
}

/* ---- what must always hold ---- */

static void check_replay(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++) {
		bool same = false;

		assert_int_equal(matter_replay(w->t->reader, w->t->app.snap, w->id[i], &same), OK);
		if (!same)
			fail_msg("step %d: the clocks of %lld differ from their history", w->step, (long long)w->id[i]);
	}
}

struct cells {
	struct {
		int64_t place;
		struct tally t;
	} v[CELLS];
	size_t n;
};

static void count_one(struct walk *w, int64_t id, struct cells *c)
{
	struct clock_run run[MATTER_RUNS];
	struct tally out[TALLY_MAX];
	struct matter m = ev_matter(w->t, id);
	size_t nrun, n;

	assert_int_equal(matter_runs(w->t->reader, id, run, &nrun), OK);
	n = event_tally(&m, run, nrun, out);
	for (size_t i = 0; i < n && c->n < CELLS; i++) {
		c->v[c->n].place = m.place;
		c->v[c->n++].t = out[i];
	}
	assert_true(c->n < CELLS);
}

static int64_t expected(const struct cells *c, int64_t place, int measure, int dim, int64_t day)
{
	int64_t sum = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct tally *t = &c->v[i].t;

		if (t->measure == measure && (dim < 0 || t->dim == dim) && (day < 0 || t->day == day) &&
		    c->v[i].place >= place && c->v[i].place < place_end(place))
			sum += t->n;
	}
	return sum;
}

static void check_sum(struct walk *w, const struct cells *c, int64_t place, int measure, int dim, int64_t day)
{
	int64_t got = NIL, want = expected(c, place, measure, dim, day);

	assert_int_equal(tally_sum(w->t->reader, place, 1, measure, dim, day < 0 ? 0 : day, day < 0 ? LAST_DAY : day, &got), OK);
	if (got != want)
		fail_msg("step %d: place %lld measure %d dim %d day %lld: %lld kept, %lld counted", w->step, (long long)place,
			measure, dim, (long long)day, (long long)got, (long long)want);
}

static void check_tallies(struct walk *w, bool days)
{
	static const int64_t place[] = { INT64_C(50099900000000000), INT64_C(50099900100000000), INT64_C(50099900100100000),
		INT64_C(50099900100100100), INT64_C(50099900200000000) };
	struct cells *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	for (size_t i = 0; i < w->n; i++)
		count_one(w, w->id[i], c);
	for (size_t p = 0; p < ARRAY_LEN(place); p++) {
		for (int m = 1; m < TALLY_MEASURE_MAX; m++)
			check_sum(w, c, place[p], m, -1, -1);
		for (int s = 0; s < MS_MAX; s++)
			check_sum(w, c, place[p], TALLY_STATE, s, -1);
	}
	for (size_t i = 0; days && i < c->n; i++) {
		const struct tally *t = &c->v[i].t;

		check_sum(w, c, place[0], t->measure, t->dim, t->day);
		check_sum(w, c, c->v[i].place, t->measure, t->dim, t->day);
	}
	free(c);
}

static bool row_there(struct test_app *t, const char *sql, int64_t a, int64_t b)
{
	int64_t n = 0;

	assert_int_equal(db_int(t->reader, sql, ARGS(I(a), I(b)), &n), OK);
	return n > 0;
}

/* The rule in plain words; each of these people holds one post. */
static bool should_see(struct test_app *t, const struct matter *m)
{
	const uint64_t area = ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(DUTY_OFFICER) | ROLE(BOARD_LEAD) |
			      ROLE(POST_CLERK) | ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) | ROLE(GRID_WORKER_FT) |
			      ROLE(AUDITOR);
	const struct post *p = &t->who.post[0];
	bool inside = m->place >= p->lo && m->place < p->hi;
	bool base = ((area >> p->role) & 1) && inside && (p->board == TRACK_NONE || (int64_t)p->board == m->track);

	if (m->reporter_id == t->who.user_id)
		return true;
	if (p->unit_id != NIL)
		base = base || p->unit_id == m->unit_id || p->unit_id == m->first_unit ||
		       row_there(t, "SELECT count(*) AS n FROM matter_unit WHERE matter_id = $1 AND unit_id = $2", m->id,
			       p->unit_id);
	if (m->sealed == 1)
		base = base && (p->role == ROLE_AUDITOR ||
				row_there(t, "SELECT count(*) AS n FROM matter_party WHERE matter_id = $1 AND user_id = $2",
					m->id, t->who.user_id));
	return base;
}

static bool listed(const struct test_app *t, int64_t id)
{
	const json_t *items = json_object_get(t->reply, "items");
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)id);
	for (size_t i = 0; i < json_array_size(items); i++) {
		if (strcmp(json_string_value(json_object_get(json_array_get(items, i), "id")), text) == 0)
			return true;
	}
	return false;
}

static void check_sight(struct walk *w, const char *login)
{
	size_t seen = 0;

	ev_as(w->t, login);
	assert_int_equal(test_call(w->t, "GET /api/events?limit=200&count=true", NULL), 200);
	for (size_t i = 0; i < w->n; i++) {
		struct matter m = ev_matter(w->t, w->id[i]);
		bool want = should_see(w->t, &m);

		seen += want;
		if (listed(w->t, m.id) != want)
			fail_msg("step %d: %s %s %lld", w->step, login, want ? "misses" : "sees", (long long)m.id);
	}
	assert_int_equal(test_len(w->t, "items"), seen);
	assert_int_equal((int64_t)test_num(w->t, "count"), seen);
}

/* ---- a step ---- */

static void report(struct walk *w)
{
	static const char *const who[] = { "resident", "resident_b", "leader", "leader_2", "duty", "far" };
	static const char *const code[] = { "MS24", "MS05", "MS03", "PF06", "PF10", "MS35" };

	if (w->n > EVENTS - 25)
		return;
	ev_report(w->t, PICK(w, who), ev_body(w->t, "\"code\":\"%s\",\"place\":\"%s\"", PICK(w, code),
		below(w, 6) ? GRID1 : GRID4));
	learn_ids(w);
}

static enum err fold_tx(struct dbc *c, void *arg)
{
	int64_t n;

	return tally_fold(c, *(const int64_t *)arg, &n);
}

static int64_t log_lines(struct test_app *t)
{
	return ev_int(t, "SELECT count(*) AS n FROM matter_log WHERE id > $1", 0);
}

/* Mostly something the person is offered; sometimes anything at all. */
static void act(struct walk *w)
{
	const char *login = PICK(w, person_login);
	int64_t id = w->id[below(w, (int64_t)w->n)], lines = log_lines(w->t);
	struct matter before = ev_matter(w->t, id), after;
	char word[40] = "nonsense";
	int status;

	snprintf(w->body, sizeof(w->body), "{}");
	if (ev_get(w->t, login, id) == 200 && below(w, 8) > 0) {
		const json_t *offered = json_object_get(w->t->reply, "actions");

		if (json_array_size(offered) > 0) {
			const json_t *a = json_array_get(offered, (size_t)below(w, (int64_t)json_array_size(offered)));

			snprintf(word, sizeof(word), "%s", json_string_value(json_object_get(a, "action")));
			make_body(w, a, login);
		}
	} else {
		snprintf(word, sizeof(word), "%s", event_flow[below(w, EVENT_NFLOW)].action);
	}
	status = ev_act(w->t, login, id, word, w->body);
	after = ev_matter(w->t, id);
	if (status == 200) {
		w->done++;
		assert_int_equal(after.version, before.version + 1);
		assert_true(log_lines(w->t) > lines);
	} else {
		w->refused++;
		if (status != 400 && status != 403 && status != 404 && status != 409)
			fail_msg("step %d: %s by %s %s: %d %s", w->step, word, login, w->body, status, test_str(w->t, "error.message"));
		assert_int_equal(after.version, before.version);
		assert_int_equal(log_lines(w->t), lines);
	}
	learn_ids(w);
	assert_int_equal(after.open, (ST_OPEN >> after.state) & 1);
	assert_true(after.open == 1 || (after.due_at == NIL && after.level == 0));
}

static void one_step(struct walk *w)
{
	int64_t kind = below(w, 100), max = 1 + below(w, 60);

	if (w->n < 4 || kind < 8)
		report(w);
	else if (kind < 14)
		ev_sweep(w->t);
	else if (kind < 20)
		assert_int_equal(db_write(w->t->app.db, fold_tx, &max), OK);
	else
		act(w);
	w->t->now += below(w, 4) ? below(w, 3 * (int64_t)MS_MINUTE) : below(w, 9 * (int64_t)MS_HOUR);
}

static void walk(struct test_app *t, uint64_t seed)
{
	struct walk *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->t = t;
	w->s = seed;
	for (w->step = 0; w->step < STEPS || w->done < STEPS / 4; w->step++) {
		one_step(w);
		if (w->step % 8 == 0)
			check_sight(w, PICK(w, person_login));
		if (w->step % 20 == 0) {
			check_replay(w);
			check_tallies(w, false);
		}
		assert_true(w->step < 10 * STEPS);
	}
	for (size_t i = 0; i < PEOPLE; i++)
		check_sight(w, person_login[i]);
	check_replay(w);
	check_tallies(w, true);
	assert_int_equal(matter_fold(&t->app, t->reader, t->now), OK);
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM tally_delta WHERE id > $1", 0), 0);
	check_tallies(w, true);
	/* It got about: many kinds of action were taken, and some refused. */
	assert_true(ev_int(t, "SELECT count(DISTINCT action) AS n FROM matter_log WHERE id > $1", 0) >= 10);
	assert_true(w->refused > STEPS / 10);
	free(w);
}

static void test_walk_one(void **state)
{
	SKIP_WITHOUT((struct test_app *)*state);
	walk(*state, UINT64_C(0x1234567));
}

static void test_walk_two(void **state)
{
	SKIP_WITHOUT((struct test_app *)*state);
	walk(*state, UINT64_C(0x9E3779B9));
}

static void test_walk_three(void **state)
{
	SKIP_WITHOUT((struct test_app *)*state);
	walk(*state, UINT64_C(0xC0FFEE1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_walk_one),
		/* the same engine code, other ways: one engine will do */
		cmocka_unit_test_prestate_setup_teardown(test_walk_two, test_setup, test_done, &on_sqlite),
		cmocka_unit_test_prestate_setup_teardown(test_walk_three, test_setup, test_done, &on_sqlite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
