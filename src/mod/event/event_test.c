/* The pure rules of events: urgency, likeness, words, the draw of self-closed ones, what an event counts for;
 * where a matter goes and how long its clocks are (R027, R028, R032, R033). */
#include "mod/event/test_event.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/tally.h"
#include "mod/duty/duty.h"
#include "mod/event/event_db.h"

static struct test_app *fresh(enum db_engine e)
{
	return event_fresh(e);
}

TEST_FIXTURE(fresh);

static void test_urgency(void **state)
{
	(void)state;
	assert_int_equal(urgency_up(URG_U4), URG_U3);
	assert_int_equal(urgency_up(URG_U3), URG_U2);
	assert_int_equal(urgency_up(URG_U2), URG_U1);
	assert_int_equal(urgency_up(URG_U1), URG_U1);
	assert_int_equal(urgency_up(URG_Q), URG_U3);
	assert_int_equal(urgency_max(URG_U1, URG_U4), URG_U1);
	assert_int_equal(urgency_max(URG_Q, URG_U3), URG_U3);
}

static void test_likeness(void **state)
{
	(void)state;
	assert_true(fabs(event_likeness(0, 0, true, 1) - 1.0) < 1e-9);
	assert_true(event_likeness(NAN, 1e9, false, 0) < 1e-6);
	assert_true(event_likeness(10, 0, true, 0.5) > event_likeness(90, 0, true, 0.5));
	assert_true(event_likeness(10, 10, true, 0.5) > event_likeness(10, 600, true, 0.5));
	assert_true(event_likeness(10, 10, true, 0.5) == event_likeness(10, -10, true, 0.5));
	assert_true(event_likeness(10, 10, true, 0.5) > event_likeness(10, 10, false, 0.5));
	assert_true(event_likeness(10, 10, true, 0.6) > event_likeness(10, 10, true, 0.5));
}

static void test_words(void **state)
{
	(void)state;
	assert_true(event_words(STR("楼下垃圾"), STR("楼下垃圾没人清运")) == 1.0);
	assert_true(event_words(STR("楼下垃圾"), STR("路灯不亮")) == 0.0);
	assert_true(event_words(STR("楼下垃圾"), STR("垃圾桶")) > 0.0);
	assert_true(event_words(STR(""), STR("垃圾")) == 0.0);
	assert_true(event_words(STR("垃圾"), STR("")) == 0.0);
	assert_true(event_words((struct str){ NULL, 0 }, (struct str){ NULL, 0 }) == 0.0);
}

static void test_draw(void **state) /* R032: at least about one in ten, spread over neighbours */
{
	int hits = 0, longest = 0, run = 0;

	(void)state;
	for (int64_t id = 1; id <= 100000; id++) {
		bool drawn = event_sampled(id);

		assert_int_equal(drawn, event_sampled(id));
		hits += drawn;
		run = drawn ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	assert_in_range(hits, 9500, 10500);
	assert_true(longest < 200);
}

/* ---- what an event counts for ---- */

static int64_t sum(const struct tally *v, size_t n, int measure, int dim, int64_t day)
{
	int64_t total = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].measure == measure && (dim < 0 || v[i].dim == dim) && v[i].day == day)
			total += v[i].n;
	}
	return total;
}

static void assert_distinct(const struct tally *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			assert_false(v[i].measure == v[k].measure && v[i].dim == v[k].dim && v[i].day == v[k].day);
	}
}

static struct matter plain(void)
{
	struct matter m;

	fields_clear(&matter_fields, &m);
	m.state = MS_REPORTED;
	m.open = 1;
	m.track = TRACK_LIVELIHOOD;
	m.urgency = URG_U3;
	m.source = SRC_GRID;
	m.level = m.self_closed = m.returns = m.reopens = 0;
	m.reported_at = ev_time("2026-03-02T10:00:00");
	return m;
}

static void test_counts_of_an_open_one(void **state)
{
	struct tally out[TALLY_MAX];
	struct matter m = plain();
	struct clock_run accept = { .clock = CLOCK_ACCEPT, .run = 1, .start = m.reported_at, .due = m.reported_at + MS_HOUR,
		.stop = NIL, .paused_at = NIL };
	size_t n;

	(void)state;
	n = event_tally(&m, &accept, 1, out);
	assert_int_equal(sum(out, n, TALLY_STATE, MS_REPORTED, 0), 1);
	assert_int_equal(sum(out, n, TALLY_URGENCY, URG_U3, 0), 1);
	assert_int_equal(sum(out, n, TALLY_TRACK, TRACK_LIVELIHOOD, 0), 1);
	assert_int_equal(sum(out, n, TALLY_LEVEL, 0, 0), 1);
	assert_int_equal(sum(out, n, TALLY_IN, TRACK_LIVELIHOOD, 20260302), 1);
	assert_int_equal(sum(out, n, TALLY_ACCEPT_DEN, 0, 20260302), 1);
	assert_int_equal(sum(out, n, TALLY_ACCEPT_NUM, 0, 20260302), 0);
	assert_int_equal(sum(out, n, TALLY_SELF_DEN, 0, 20260302), 1);
	accept.stop = accept.due;
	n = event_tally(&m, &accept, 1, out);
	assert_int_equal(sum(out, n, TALLY_ACCEPT_NUM, 0, 20260302), 1);
	accept.stop = accept.due + 1;
	n = event_tally(&m, &accept, 1, out);
	assert_int_equal(sum(out, n, TALLY_ACCEPT_NUM, 0, 20260302), 0);
	/* A part counts for its handling only: its parent came in once. */
	m.parent_id = 7;
	n = event_tally(&m, &accept, 1, out);
	assert_int_equal(sum(out, n, TALLY_IN, -1, 20260302), 0);
	/* A merged one came in, but nobody had to accept it. */
	m.parent_id = NIL;
	m.state = MS_MERGED;
	m.open = 0;
	n = event_tally(&m, &accept, 1, out);
	assert_int_equal(sum(out, n, TALLY_IN, -1, 20260302), 1);
	assert_int_equal(sum(out, n, TALLY_ACCEPT_DEN, 0, 20260302), 0);
	assert_int_equal(sum(out, n, TALLY_URGENCY, -1, 0), 0);
}

static void test_counts_of_a_closed_one(void **state)
{
	struct tally out[TALLY_MAX];
	struct matter m = plain();
	struct clock_run run[3];
	size_t n;

	(void)state;
	m.state = MS_RATED;
	m.open = 0;
	m.dispatched_at = m.reported_at;
	m.closed_at = ev_time("2026-03-05T10:00:00");
	m.resolved = 1;
	m.satisfied = 1;
	m.returns = 1;
	for (size_t i = 0; i < ARRAY_LEN(run); i++)
		run[i] = (struct clock_run){ .clock = CLOCK_HANDLE, .run = (int)i + 1, .start = m.reported_at,
			.due = ev_time("2026-03-09T18:00:00"), .stop = ev_time("2026-03-04T10:00:00"), .paused_at = NIL };
	run[1].stop = run[1].due + 1;
	run[2].voided = true;
	n = event_tally(&m, run, 3, out);
	assert_int_equal(sum(out, n, TALLY_CLOSED, TRACK_LIVELIHOOD, 20260305), 1);
	assert_int_equal(sum(out, n, TALLY_ANSWERED, 0, 20260305), 1);
	assert_int_equal(sum(out, n, TALLY_RESOLVED, 0, 20260305), 1);
	assert_int_equal(sum(out, n, TALLY_SATISFIED, 0, 20260305), 1);
	assert_int_equal(sum(out, n, TALLY_RETURNED, 0, 20260302), 1);
	/* Both runs that count are due the same day: one is late, one is not, the void one is neither. */
	assert_int_equal(sum(out, n, TALLY_HANDLE_DEN, 0, 20260309), 2);
	assert_int_equal(sum(out, n, TALLY_HANDLE_NUM, 0, 20260309), 1);
	assert_distinct(out, n);
	m.satisfied = 2;
	m.resolved = 0;
	n = event_tally(&m, run, 3, out);
	assert_int_equal(sum(out, n, TALLY_SATISFIED, 0, 20260305), 0);
	assert_int_equal(sum(out, n, TALLY_RESOLVED, 0, 20260305), 0);
	assert_int_equal(sum(out, n, TALLY_ANSWERED, 0, 20260305), 1);
}

/* Every run that an event can have fits into its contribution. */
static void test_counts_of_many_runs(void **state)
{
	struct tally out[TALLY_MAX];
	struct clock_run run[MATTER_RUNS];
	struct matter m = plain();
	int64_t due = 0;
	size_t n;

	(void)state;
	m.dispatched_at = m.closed_at = m.reported_at;
	m.state = MS_CLOSED;
	m.satisfied = 0;
	m.resolved = 1;
	m.reopens = m.returns = m.self_closed = 1;
	for (int i = 0; i < MATTER_RUNS; i++) {
		run[i] = (struct clock_run){ .clock = i % 2 ? CLOCK_HANDLE : CLOCK_SIGN, .run = i / 2 + 1,
			.start = m.reported_at, .due = m.reported_at + (int64_t)i * MS_DAY, .paused_at = NIL };
		run[i].stop = run[i].due;
	}
	n = event_tally(&m, run, MATTER_RUNS, out);
	for (int64_t d = 20260302; d <= 20260331; d++)
		due += sum(out, n, TALLY_HANDLE_DEN, 0, d) - sum(out, n, TALLY_HANDLE_NUM, 0, d);
	assert_int_equal(due, 0);
	assert_distinct(out, n);
	assert_int_equal(sum(out, n, TALLY_DISPATCHED, 0, 20260302), MATTER_RUNS / 2);
	assert_int_equal(sum(out, n, TALLY_RETURNED, 0, 20260302), 1);
}

/* ---- the book ---- */

static void test_where_it_goes(void **state)
{
	struct test_app *t = *state;
	const struct event_book *b;
	struct event_route r;

	SKIP_WITHOUT(t);
	b = event_book(t->app.snap, &t->app);
	/* a statutory item: the street's board of its track */
	event_route(t->app.snap, &t->app, event_code_by(b, STR("MS24")), INT64_C(50099900100100100), 20260302, &r);
	assert_int_equal(r.unit_id, 201);
	assert_false(r.outside_list);
	event_route(t->app.snap, &t->app, event_code_by(b, STR("MS24")), INT64_C(50099900200100100), 20260302, &r);
	assert_int_equal(r.unit_id, 207);
	/* a cooperative item: the department, with the street's board beside it */
	event_route(t->app.snap, &t->app, event_code_by(b, STR("PF06")), INT64_C(50099900100100100), 20260302, &r);
	assert_int_equal(r.unit_id, 204);
	assert_int_equal(r.coop_unit, 202);
	assert_true(r.duty_item_id != NIL);
	/* outside the list: the code's own lead, and it says so */
	event_route(t->app.snap, &t->app, event_code_by(b, STR("MS30")), INT64_C(50099900100100100), 20260302, &r);
	assert_true(r.outside_list);
	assert_int_equal(r.unit_id, 203);
	/* an administrator's rule for a place wins, the nearest one first */
	test_sql(t, "INSERT INTO routing_rule (id, version, code_id, place, unit_id, created_at, updated_at) "
		    "SELECT 1, 1, id, 50099900100000000, 203, 0, 0 FROM event_code WHERE code = 'MS24'");
	test_sql(t, "INSERT INTO routing_rule (id, version, code_id, place, unit_id, created_at, updated_at) "
		    "SELECT 2, 1, id, 50099900100100000, 206, 0, 0 FROM event_code WHERE code = 'MS24'");
	b = event_book(t->app.snap, &t->app);
	event_route(t->app.snap, &t->app, event_code_by(b, STR("MS24")), INT64_C(50099900100100100), 20260302, &r);
	assert_int_equal(r.unit_id, 206);
	event_route(t->app.snap, &t->app, event_code_by(b, STR("MS24")), INT64_C(50099900100200100), 20260302, &r);
	assert_int_equal(r.unit_id, 203);
	event_route(t->app.snap, &t->app, NULL, INT64_C(50099900100200100), 20260302, &r);
	assert_true(r.unit_id == NIL && r.outside_list);
	/* and says first what it leaves as it is */
	assert_int_equal(test_call(t, "PATCH /api/routing_rules/1?preview=true", "{\"unit_id\":\"206\",\"version\":1}"), 200);
	assert_string_equal(test_str(t, "changes.0.field"), "unit_id");
	assert_string_equal(test_str(t, "affects.keeps"), "unit");
	assert_int_equal((int)test_num(t, "affects.open_matters"), 0);
	assert_int_equal(test_call(t, "GET /api/routing_rules/1", NULL), 200);
	assert_string_equal(test_str(t, "unit_id"), "203");
}

static void test_lengths(void **state) /* R028 */
{
	struct test_app *t = *state;
	const struct event_book *b;
	struct span_rule s;
	int64_t rule;

	SKIP_WITHOUT(t);
	b = event_book(t->app.snap, &t->app);
	assert_true(event_span(b, event_code_by(b, STR("MS24")), URG_U3, CLOCK_HANDLE, &s, &rule));
	assert_true(s.unit == UNIT_WORK_DAYS && s.len == 1 && rule == NIL);
	/* the code's own length is for its own urgency */
	assert_true(event_span(b, event_code_by(b, STR("MS24")), URG_U2, CLOCK_HANDLE, &s, &rule));
	assert_true(s.unit == UNIT_MS && s.len == 24 * (int64_t)MS_HOUR && rule != NIL);
	assert_true(event_span(b, NULL, URG_U3, CLOCK_ACCEPT, &s, &rule));
	assert_true(s.unit == UNIT_WORK_MS && s.len == 4 * (int64_t)MS_HOUR);
	assert_false(event_span(b, NULL, URG_U3, CLOCK_ARRIVE, &s, &rule));
	assert_false(event_span(b, NULL, URG_MAX, CLOCK_ACCEPT, &s, &rule));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urgency),
		cmocka_unit_test(test_likeness),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_draw),
		cmocka_unit_test(test_counts_of_an_open_one),
		cmocka_unit_test(test_counts_of_a_closed_one),
		cmocka_unit_test(test_counts_of_many_runs),
		TEST_BOTH(test_where_it_goes),
		TEST_BOTH(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
