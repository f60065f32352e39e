/* The first half of the way of an event: report, self-close, accept, reject, dispatch, sign, return, consult
 * (R027, R028, R029, R032). */
#include "mod/event/test_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct test_app *fresh(enum db_engine e)
{
	return event_fresh(e);
}

TEST_FIXTURE(fresh);

/* ---- 1 report ---- */

static void test_report(void **state)
{
	struct test_app *t = *state;
	struct matter m;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_report(t, "resident", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	assert_string_equal(test_str(t, "state"), "reported");
	assert_int_equal(strlen(test_str(t, "query_code")), 10);
	assert_int_equal(test_str(t, "no")[0], 'E');
	m = ev_matter(t, id);
	assert_int_equal(m.version, 1);
	assert_int_equal(m.source, SRC_RESIDENT);
	assert_int_equal(m.track, TRACK_LIVELIHOOD);
	assert_int_equal(m.clock, CLOCK_ACCEPT);
	assert_int_equal(m.due_at, ev_time("2026-03-02T16:00:00")); /* 4 working hours from 10:00 */
	assert_int_equal(ev_get(t, "resident", id), 200);
	assert_int_equal(ev_get(t, "duty", id), 200);
	assert_int_equal(ev_get(t, "resident_b", id), 404);
	assert_int_equal(ev_get(t, "far", id), 404);
	/* the grid's own report, without a place: the reporter's area */
	id = ev_report(t, "leader", "\"title\":\"路灯\"");
	m = ev_matter(t, id);
	assert_int_equal(m.source, SRC_GRID);
	assert_int_equal(m.place, INT64_C(50099900100100100));
	assert_true(m.code_id == NIL);
}

static void test_report_refused(void **state)
{
	static const struct {
		const char *login, *body;
		int status;
		const char *code;
	} bad[] = {
		{ NULL, "{\"text\":\"x\"}", 401, "auth" },
		{ "auditor", "{\"text\":\"x\"}", 403, "perm" },
		{ "resident", "{\"code\":\"MS24\"}", 400, "required" },
		{ "resident", "{\"text\":\"\"}", 400, NULL },
		{ "resident", "{\"text\":7}", 400, NULL },
		{ "resident", "{\"text\":\"x\",\"colour\":1}", 400, "unknown_field" },
		{ "resident", "{\"text\":\"x\",\"code\":\"ZZ99\"}", 400, "reference" },
		{ "resident", "{\"text\":\"x\",\"place\":\"50099900900000000\"}", 400, "reference" },
		{ "resident", "{\"text\":\"x\",\"place\":\"5009\"}", 400, NULL },
		{ "resident", "{\"text\":\"x\",\"source\":\"moon\"}", 400, "word" },
		{ "resident", "{\"text\":\"x\",\"urgency\":\"U9\"}", 400, NULL },
		{ "resident", "{\"text\":\"x\",\"lon\":181,\"lat\":0}", 400, NULL },
		{ "resident", "{\"text\":\"x\",\"answers\":[1]}", 400, "wrong_type" },
		{ "resident", "{\"text\":\"x\",\"files\":[\"999\"]}", 400, "reference" },
		{ "resident", "{\"text\":\"x\",\"files\":{}}", 400, NULL },
		{ "resident", "{\"text\":\"x\"", 400, NULL },
		{ "resident", "[]", 400, NULL },
		{ "resident", NULL, 400, NULL },
	};
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ev_as(t, bad[i].login);
		if (test_call(t, "POST /api/events", bad[i].body) != bad[i].status ||
		    (bad[i].code != NULL && strcmp(test_error(t), bad[i].code) != 0))
			fail_msg("%s: %d %s", bad[i].body, t->status, test_error(t));
		assert_true(test_error(t)[0] != '\0');
	}
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM matter WHERE id > $1", 0), 0);
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM tally_delta WHERE id > $1", 0), 0);
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM outbox WHERE id > $1", 0), 0);
}

static void test_questions(void **state)
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	test_sql(t, "INSERT INTO code_question (id, version, code_id, position, name, question_zh, question_en, type, "
		    "required, created_at, updated_at) SELECT 1, 1, id, 1, 'floor', '几楼', 'Which floor', 1, 1, 0, 0 "
		    "FROM event_code WHERE code = 'MS18'");
	ev_as(t, "resident");
	assert_int_equal(test_call(t, "POST /api/events", "{\"text\":\"电梯坏了\",\"code\":\"MS18\"}"), 400);
	assert_string_equal(test_error(t), "required");
	assert_string_equal(test_str(t, "error.field"), "answers");
	assert_int_equal(test_call(t, "POST /api/events",
		"{\"text\":\"电梯坏了\",\"code\":\"MS18\",\"answers\":{\"floor\":null}}"), 400);
	assert_int_equal(test_call(t, "POST /api/events",
		"{\"text\":\"电梯坏了\",\"code\":\"MS18\",\"answers\":{\"floor\":7}}"), 201);
	assert_int_equal(test_call(t, "POST /api/events", "{\"text\":\"别的\",\"code\":\"MS24\"}"), 201);
}

/* Name and phone are sealed at rest, masked in replies, and opened for a purpose on record. */
static void test_reporter_data(void **state)
{
	struct test_app *t = *state;
	const char *path;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_report(t, "duty", "\"place\":\"" GRID1 "\",\"reporter_name\":\"张三丰\",\"reporter_phone\":\"13812345678\"");
	assert_int_equal(ev_get(t, "duty", id), 200);
	assert_string_equal(test_str(t, "reporter.name"), "张**");
	assert_string_equal(test_str(t, "reporter.phone"), "138****5678");
	assert_null(memmem(t->raw.p, t->raw.n, "13812345678", 11));
	path = ev_body(t, "POST /api/events/%lld/unmask", (long long)id);
	assert_int_equal(test_call(t, path, "{\"purpose\":\"x\"}"), 400);
	assert_int_equal(test_call(t, path, "{\"purpose\":\"回访核实情况\"}"), 200);
	assert_string_equal(test_str(t, "name"), "张三丰");
	assert_string_equal(test_str(t, "phone"), "13812345678");
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM audit WHERE action = 'unmask' AND object_id = $1", id), 1);
	ev_as(t, "resident");
	assert_int_equal(test_call(t, path, "{\"purpose\":\"回访核实情况\"}"), 403);
	ev_as(t, "far");
	assert_int_equal(test_call(t, path, "{\"purpose\":\"回访核实情况\"}"), 404);
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM audit WHERE action = 'unmask' AND object_id = $1", id), 1);
}

/* ---- 2 self-close ---- */

/* Reports until one is (not) drawn for the check. */
static int64_t self_closed(struct test_app *t, const char *reporter, bool drawn)
{
	int64_t id;

	do {
		id = ev_report(t, reporter, "\"code\":\"MS35\",\"place\":\"" GRID1 "\"");
	} while (event_sampled(id) != drawn);
	DONE("leader", id, "self_close", "{\"result\":\"当场劝导\"}", "checking");
	return id;
}

static void test_self_close(void **state)
{
	struct test_app *t = *state;
	struct matter m;
	int64_t id, start = t != NULL ? t->now : 0;

	SKIP_WITHOUT(t);
	id = ev_report(t, "leader", "\"code\":\"MS35\"");
	NOT("leader", id, "self_close", "{}", 400, "required");
	NOT("duty", id, "self_close", "{\"result\":\"x\"}", 403, "matter.not_allowed");
	/* not drawn: closes by itself after a day */
	id = self_closed(t, "leader", false);
	m = ev_matter(t, id);
	assert_true(m.self_closed == 1 && m.sampled == 0 && m.finished_at == t->now);
	assert_true(ev_run(t, id, CLOCK_ACCEPT).stop == t->now);
	t->now = start + MS_DAY - 1;
	ev_sweep(t);
	assert_int_equal(ev_matter(t, id).state, MS_CHECKING);
	t->now = start + MS_DAY;
	ev_sweep(t);
	m = ev_matter(t, id);
	assert_int_equal(m.state, MS_CLOSED);
	assert_int_equal(m.closed_at, t->now);
	/* drawn: waits for somebody else */
	id = self_closed(t, "leader", true);
	t->now += 2 * (int64_t)MS_DAY;
	ev_sweep(t);
	assert_int_equal(ev_matter(t, id).state, MS_CHECKING);
	NOT("leader", id, "pass", "{}", 403, "matter.not_allowed");
	DONE("ft", id, "pass", "{}", "closed");
	/* …who may find that it is not done */
	id = self_closed(t, "leader", true);
	NOT("ft", id, "fail", "{}", 400, "required");
	DONE("ft", id, "fail", "{\"text\":\"还在\"}", "reported");
	m = ev_matter(t, id);
	assert_true(m.self_closed == 0 && m.fails == 1 && m.clock == CLOCK_ACCEPT);
	assert_int_equal(ev_run(t, id, CLOCK_ACCEPT).run, 2);
}

static void test_object(void **state)
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = self_closed(t, "resident", false);
	NOT("resident", id, "object", "{}", 400, "required");
	NOT("duty", id, "object", "{\"text\":\"x\"}", 403, "matter.not_allowed");
	DONE("resident", id, "object", "{\"text\":\"没有解决\"}", "reported");
	assert_int_equal(ev_matter(t, id).clock, CLOCK_ACCEPT);
	t->now += MS_DAY + MS_HOUR;
	ev_sweep(t); /* it no longer closes by itself */
	assert_int_equal(ev_matter(t, id).state, MS_REPORTED);
	/* accepting it anew can be undone anew */
	DONE("duty", id, "accept", "{}", "accepted");
	DONE("duty", id, "unaccept", "{}", "reported");
	/* after it closed, for fifteen days */
	id = self_closed(t, "resident", false);
	t->now += MS_DAY;
	ev_sweep(t);
	assert_int_equal(ev_matter(t, id).state, MS_CLOSED);
	t->now += 15 * (int64_t)MS_DAY;
	DONE("resident", id, "object", "{\"text\":\"没有解决\"}", "reported");
	DONE("duty", id, "accept", "{}", "accepted");
	DONE("duty", id, "unaccept", "{}", "reported");
	id = self_closed(t, "resident", false);
	t->now += MS_DAY;
	ev_sweep(t);
	t->now += 15 * (int64_t)MS_DAY + 1;
	NOT("resident", id, "object", "{\"text\":\"没有解决\"}", 409, "event.too_late");
	/* an ordinary one is reopened, not objected to */
	id = ev_checking(t, "MS24");
	NOT("resident", id, "object", "{\"text\":\"没有解决\"}", 409, "event.not_self_closed");
}

/* ---- 3 accept ---- */

static void test_accept(void **state)
{
	struct test_app *t = *state;
	struct clock_run r;
	struct matter m;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_report(t, "resident", "\"place\":\"" STREET1 "\"");
	NOT("clerk", id, "accept", "{}", 403, "matter.not_allowed");
	NOT("resident", id, "accept", "{}", 403, "matter.not_allowed");
	NOT("far", id, "accept", "{}", 404, "not_found");
	NOT("duty", id, "accept", "{}", 400, "required");
	NOT("duty", id, "accept", "{\"event_code\":\"999999\"}", 400, "reference");
	NOT("duty", id, "accept", ev_body(t, "{\"event_code\":\"%lld\"}", (long long)ev_code(t, "MS24")), 400, "event.place");
	NOT("duty", id, "accept", ev_body(t, "{\"event_code\":\"%lld\",\"place\":\"" GRID4 "\"}",
		(long long)ev_code(t, "MS24")), 400, "reference");
	NOT("duty", id, "accept", ev_body(t, "{\"event_code\":\"%lld\",\"place\":\"" GRID2 "\"}",
		(long long)ev_code(t, "PF10")), 409, "event.sealed");
	NOT("duty", id, "accept", "{\"unit_id\":\"201\"}", 400, "unknown_field");
	NOT("duty", id, "accept", "{\"version\":9}", 409, "conflict.version");
	assert_int_equal(ev_matter(t, id).version, 1);
	t->now += MS_HOUR;
	DONE("duty", id, "accept", ev_body(t, "{\"version\":1,\"event_code\":\"%lld\",\"place\":\"" GRID2 "\"}",
		(long long)ev_code(t, "MS24")), "accepted");
	m = ev_matter(t, id);
	assert_true(m.version == 2 && m.accepted_at == t->now && m.place == INT64_C(50099900100100200));
	assert_true(m.due_at == NIL && m.clock == NIL);
	NOT("duty", id, "accept", "{}", 409, "matter.state");
	/* taken back within a minute: the clock goes on, with the minute given back */
	t->now += MS_MINUTE;
	DONE("duty_b", id, "unaccept", "{}", "reported");
	r = ev_run(t, id, CLOCK_ACCEPT);
	assert_true(r.run == 1 && r.stop == NIL && r.due == ev_time("2026-03-02T16:01:00"));
	DONE("duty", id, "accept", "{}", "accepted");
	t->now += MS_MINUTE + 1;
	NOT("duty", id, "unaccept", "{}", 409, "undo.late");
}

/* ---- 4 reject and appeal ---- */

static void test_reject(void **state)
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_report(t, "resident", "\"place\":\"" GRID1 "\"");
	NOT("duty", id, "reject", "{}", 400, "required");
	NOT("duty", id, "reject", "{\"reason\":\"not_ours\"}", 400, "required");
	NOT("duty", id, "reject", "{\"reason\":\"weather\",\"text\":\"请找\"}", 400, "reason");
	NOT("lead", id, "reject", "{\"reason\":\"not_ours\",\"text\":\"请找\"}", 404, "not_found"); /* no board yet */
	DONE("duty", id, "reject", "{\"reason\":\"not_ours\",\"text\":\"请向区里反映\"}", "rejected");
	assert_true(ev_matter(t, id).open == 0 && ev_matter(t, id).due_at == NIL);
	NOT("duty", id, "appeal", "{\"text\":\"请复核\"}", 403, "matter.not_allowed");
	NOT("resident", id, "appeal", "{}", 400, "required");
	DONE("resident", id, "appeal", "{\"text\":\"请复核\"}", "reported");
	assert_int_equal(ev_run(t, id, CLOCK_ACCEPT).run, 2);
	DONE("duty", id, "reject", "{\"reason\":\"repeat\",\"text\":\"已答复\"}", "rejected");
	NOT("resident", id, "appeal", "{\"text\":\"请复核\"}", 409, "event.appealed");
}

/* ---- 6 dispatch, 7 sign ---- */

static void test_dispatch(void **state)
{
	struct test_app *t = *state;
	struct matter m;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_accepted(t, "MS24");
	NOT("lead2", id, "dispatch", "{}", 404, "not_found"); /* another board */
	NOT("clerk", id, "dispatch", "{}", 403, "matter.not_allowed");
	NOT("duty", id, "dispatch", "{\"unit_id\":\"999\"}", 400, "reference");
	NOT("duty", id, "dispatch", "{\"duty_item_id\":\"999999\"}", 400, "reference");
	NOT("duty", id, "dispatch", "{\"coop\":[]}", 400, "ids");
	NOT("duty", id, "dispatch", "{\"coop\":[\"999\"]}", 400, "reference");
	NOT("duty", id, "dispatch", "{\"coop\":\"203\"}", 400, "ids");
	DONE("lead", id, "dispatch", "{\"coop\":[\"203\"]}", "dispatched");
	m = ev_matter(t, id);
	assert_true(m.unit_id == 201 && m.first_unit == 201 && m.dispatched_at == t->now && m.clock == CLOCK_SIGN);
	assert_string_equal(test_str(t, "coop.0.unit_id"), CM);
	assert_string_equal(test_str(t, "coop.0.role"), "coop");
	assert_int_equal(ev_get(t, "cm", id), 200); /* takes part */
	assert_int_equal(ev_get(t, "fr", id), 404);
	/* taken back within a minute; the clocks that ran do not count */
	DONE("lead", id, "recall", "{}", "accepted");
	assert_true(ev_run(t, id, CLOCK_HANDLE).voided && ev_run(t, id, CLOCK_SIGN).voided);
	m = ev_matter(t, id);
	assert_true(m.unit_id == NIL && m.first_unit == NIL);
	DONE("duty", id, "dispatch", "{\"unit_id\":\"203\"}", "dispatched");
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).run, 2);
	assert_int_equal(ev_matter(t, id).unit_id, 203);
	t->now += MS_MINUTE + 1;
	NOT("duty", id, "recall", "{}", 409, "undo.late");
	/* a cooperative item: the department leads, the street's board helps */
	id = ev_dispatched(t, "PF06");
	assert_int_equal(ev_matter(t, id).unit_id, 204);
	assert_string_equal(test_str(t, "coop.0.unit_id"), PEACE);
	/* outside the list: by the code's own lead, and marked; without any unit it is not sent */
	id = ev_dispatched(t, "MS30");
	assert_int_equal(ev_matter(t, id).unit_id, 203);
	assert_non_null(memmem(t->raw.p, t->raw.n, "outside_list", 12));
	id = ev_accepted(t, "JJ01");
	NOT("duty", id, "dispatch", "{}", 409, "event.outside_list");
	DONE("duty", id, "dispatch", "{\"unit_id\":\"201\"}", "dispatched");
}

static void test_sign(void **state)
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_dispatched(t, "MS24");
	NOT("cm", id, "sign", "{}", 404, "not_found");
	NOT("peace", id, "sign", "{}", 403, "matter.not_allowed");
	NOT("duty", id, "sign", "{}", 403, "matter.not_allowed");
	t->now += MS_MINUTE;
	DONE("clerk", id, "sign", "{}", "handling");
	assert_int_equal(ev_run(t, id, CLOCK_SIGN).stop, t->now);
	assert_true(ev_run(t, id, CLOCK_HANDLE).stop == NIL);
	assert_int_equal(ev_matter(t, id).clock, CLOCK_HANDLE);
}

/* Five working days, four working hours and 24 hours from Friday 13 February 2026, 16:30, before the Spring
 * Festival with its make-up working Saturday. */
static void test_deadlines_over_the_festival(void **state) /* R028 */
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	ev_at(t, "2026-02-13T16:28:00");
	id = ev_dispatched(t, "MS05");
	assert_int_equal(t->now, ev_time("2026-02-13T16:30:00"));
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).due, ev_time("2026-02-27T18:00:00"));
	assert_int_equal(ev_run(t, id, CLOCK_SIGN).due, ev_time("2026-02-14T11:30:00"));
	ev_at(t, "2026-02-13T16:28:00");
	id = ev_dispatched(t, "MS03");
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).due, ev_time("2026-02-14T16:30:00"));
	assert_int_equal(test_call(t, ev_body(t, "GET /api/matters/%lld/clocks", (long long)id), NULL), 200);
	assert_int_equal(test_len(t, "clocks"), 3);
	assert_string_equal(test_str(t, "clocks.2.clock"), "handle");
	assert_string_equal(test_str(t, "clocks.2.due"), "2026-02-14T16:30:00+08:00");
	assert_int_equal(test_len(t, "clocks.2.lines"), 1);
}

/* A working clock does not start where the calendar ends, and says so; a calendar clock does. */
static void test_missing_year(void **state) /* R028 */
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	ev_at(t, "2026-12-31T17:00:00");
	ev_as(t, "resident");
	assert_int_equal(test_call(t, "POST /api/events", "{\"text\":\"x\",\"code\":\"MS24\",\"place\":\"" GRID1 "\"}"), 409);
	assert_string_equal(test_error(t), "calendar.year");
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM matter WHERE id > $1", 0), 0);
	id = ev_report(t, "resident", "\"code\":\"MS03\",\"place\":\"" GRID1 "\"");
	assert_int_equal(ev_matter(t, id).due_at, t->now + 30 * (int64_t)MS_MINUTE);
	DONE("duty", id, "accept", "{}", "accepted");
	DONE("duty", id, "dispatch", "{}", "dispatched");
}

/* ---- 8–10 return and consult ---- */

static const char *back(struct test_app *t, const char *item, const char *unit)
{
	return ev_body(t, "{\"duty_item_id\":\"%s\",\"proposed_unit_id\":\"%s\",\"text\":\"不属本单位\"}", ev_duty(t, item), unit);
}

static void test_return(void **state) /* R029 */
{
	struct test_app *t = *state;
	struct clock_run h;
	struct matter m;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_dispatched(t, "MS24");
	h = ev_run(t, id, CLOCK_HANDLE);
	NOT("clerk", id, "return", "{}", 400, "required");
	NOT("clerk", id, "return", "{\"proposed_unit_id\":\"203\"}", 400, "required");
	assert_string_equal(test_str(t, "error.field"), "duty_item_id");
	NOT("clerk", id, "return", ev_body(t, "{\"duty_item_id\":\"%s\"}", ev_duty(t, "L19")), 400, "required");
	NOT("clerk", id, "return", "{\"duty_item_id\":\"999999\",\"proposed_unit_id\":\"203\"}", 400, "reference");
	NOT("clerk", id, "return", back(t, "L19", "999"), 400, "reference");
	NOT("duty", id, "return", back(t, "L19", CM), 403, "matter.not_allowed");
	DONE("clerk", id, "return", back(t, "L19", CM), "return_review");
	assert_int_equal(ev_matter(t, id).returns, 1);
	/* taken back within a minute, it does not count as the unit's one return */
	DONE("clerk", id, "unreturn", "{}", "dispatched");
	assert_int_equal(ev_matter(t, id).returns, 0);
	DONE("clerk", id, "return", back(t, "L19", CM), "return_review");
	NOT("clerk", id, "return_accept", "{}", 403, "matter.not_allowed");
	NOT("director", id, "consult", "{\"unit_id\":\"203\",\"text\":\"会商\"}", 409, "event.consult_early");
	t->now += MS_HOUR;
	NOT("clerk", id, "unreturn", "{}", 409, "undo.late");
	/* refused: the same unit, and its clock was never stopped */
	NOT("lead", id, "return_refuse", "{}", 400, "required");
	DONE("lead", id, "return_refuse", "{\"text\":\"属于责任区\"}", "dispatched");
	m = ev_matter(t, id);
	assert_true(m.unit_id == 201 && ev_run(t, id, CLOCK_HANDLE).due == h.due && ev_run(t, id, CLOCK_HANDLE).run == 1);
	assert_int_equal(ev_run(t, id, CLOCK_SIGN).run, 2);
	NOT("clerk", id, "return", back(t, "L19", CM), 409, "event.returned");
	/* late */
	id = ev_dispatched(t, "MS24");
	t->now = ev_run(t, id, CLOCK_SIGN).due + 1;
	NOT("clerk", id, "return", back(t, "L19", CM), 409, "event.sign_late");
}

static void test_return_accepted_and_consult(void **state) /* R029 */
{
	struct test_app *t = *state;
	struct matter m;
	int64_t id, reported;

	SKIP_WITHOUT(t);
	id = ev_dispatched(t, "MS24");
	reported = ev_matter(t, id).reported_at;
	DONE("clerk", id, "return", back(t, "L19", CM), "return_review");
	t->now += MS_HOUR;
	DONE("lead", id, "return_accept", "{}", "dispatched");
	m = ev_matter(t, id);
	assert_true(m.unit_id == 203 && m.first_unit == 201 && m.reported_at == reported && m.proposed_unit == NIL);
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).run, 2);
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).start, t->now);
	assert_int_equal(ev_int(t, "SELECT voided FROM matter_run WHERE matter_id = $1 AND clock = 2 AND run = 1", id), 1);
	NOT("clerk", id, "sign", "{}", 403, "matter.not_allowed"); /* no longer theirs */
	/* the second return: the director consults and names the lead */
	DONE("cm", id, "return", back(t, "L19", LIVE), "return_review");
	NOT("lead", id, "return_accept", "{}", 409, "event.consult");
	NOT("lead", id, "consult", "{\"unit_id\":\"202\",\"text\":\"会商\"}", 403, "matter.not_allowed");
	NOT("director", id, "consult", "{\"text\":\"会商\"}", 400, "required");
	NOT("director", id, "consult", "{\"unit_id\":\"999\",\"text\":\"会商\"}", 400, "reference");
	assert_int_equal(ev_matter(t, id).first_unit, 201);
	DONE("director", id, "consult", "{\"unit_id\":\"202\",\"text\":\"平安板块牵头\"}", "dispatched");
	assert_int_equal(ev_matter(t, id).unit_id, 202);
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).run, 3);
	NOT("peace", id, "return", back(t, "L19", CM), 409, "event.lead_fixed");
	DONE("peace", id, "sign", "{}", "handling");
}

/* The actions offered are those that may be taken. */
static void test_actions_offered(void **state)
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_report(t, "resident", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	assert_int_equal(ev_get(t, "duty", id), 200);
	assert_non_null(memmem(t->raw.p, t->raw.n, "\"action\":\"accept\"", 17));
	assert_null(memmem(t->raw.p, t->raw.n, "\"action\":\"alarm\"", 16));
	assert_null(memmem(t->raw.p, t->raw.n, "\"action\":\"absorb\"", 17));
	assert_int_equal(ev_get(t, "resident", id), 200);
	assert_null(memmem(t->raw.p, t->raw.n, "\"action\":\"accept\"", 17));
	assert_int_equal(ev_get(t, "auditor", id), 200);
	assert_null(memmem(t->raw.p, t->raw.n, "\"action\":\"accept\"", 17));
	/* nobody takes the system's actions by name */
	NOT("duty", id, "absorb", "{}", 403, "matter.not_allowed");
	NOT("director", id, "alarm", "{}", 403, "matter.not_allowed");
	NOT("duty", id, "nonsense", "{}", 404, "matter.action");
	NOT("duty", id, "report", "{}", 404, "matter.action");
	/* an auditor writes nothing */
	NOT("auditor", id, "comment", "{\"text\":\"x\"}", 403, "matter.not_allowed");
	NOT("auditor", id, "support", "{}", 403, "matter.not_allowed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_report), TEST_BOTH(test_report_refused), TEST_BOTH(test_questions),
		TEST_BOTH(test_reporter_data), TEST_BOTH(test_self_close), TEST_BOTH(test_object),
		TEST_BOTH(test_accept), TEST_BOTH(test_reject), TEST_BOTH(test_dispatch), TEST_BOTH(test_sign),
		TEST_BOTH(test_deadlines_over_the_festival), TEST_BOTH(test_missing_year), TEST_BOTH(test_return),
		TEST_BOTH(test_return_accepted_and_consult), TEST_BOTH(test_actions_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
