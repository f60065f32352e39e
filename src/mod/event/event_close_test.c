/* The second half of the way of an event: pause, extension, finish, check, hard case, rating, reopening,
 * supervision, archive (R027, R029). */
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

static int64_t actions_logged(struct test_app *t, int64_t id, const char *action)
{
	int64_t n = NIL;

	assert_int_equal(db_int(t->reader, "SELECT count(*) AS n FROM matter_log WHERE matter_id = $1 AND action = $2",
		ARGS(I(id), Z(action)), &n), OK);
	return n;
}

/* ---- 11–12 pause ---- */

static const char *pause_until(struct test_app *t, const char *when)
{
	return ev_body(t, "{\"reason\":\"weather\",\"until\":\"%s\"}", when);
}

static void test_pause_asked(void **state) /* R029 */
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS24");
	NOT("lead", id, "pause_grant", "{}", 409, "event.nothing_asked");
	NOT("clerk", id, "pause", "{}", 400, "required");
	NOT("clerk", id, "pause", "{\"reason\":\"weather\"}", 400, "required"); /* an end date */
	NOT("clerk", id, "pause", pause_until(t, "2026-03-02T09:00:00+08:00"), 400, "past");
	NOT("clerk", id, "pause", "{\"reason\":\"funds\",\"until\":\"2026-03-03T15:00:00+08:00\"}", 400, "reason");
	NOT("duty", id, "pause", pause_until(t, "2026-03-03T15:00:00+08:00"), 403, "matter.not_allowed");
	DONE("clerk", id, "pause", pause_until(t, "2026-03-03T15:00:00+08:00"), "handling");
	NOT("clerk", id, "pause", pause_until(t, "2026-03-03T15:00:00+08:00"), 409, "event.pending");
	NOT("clerk", id, "pause_grant", "{}", 403, "matter.not_allowed");
	NOT("lead", id, "extend_grant", "{}", 409, "event.nothing_asked");
	NOT("lead", id, "pause_refuse", "{}", 400, "required");
	DONE("lead", id, "pause_refuse", "{\"text\":\"理由不足\"}", "handling");
	assert_true(ev_matter(t, id).pending.p == NULL);
	NOT("lead", id, "pause_grant", "{}", 409, "event.nothing_asked");
	DONE("clerk", id, "pause", pause_until(t, "2026-03-03T15:00:00+08:00"), "handling");
	DONE("lead", id, "pause_grant", "{}", "paused");
	assert_true(ev_run(t, id, CLOCK_HANDLE).paused_at == t->now && ev_matter(t, id).due_at == NIL);
	NOT("clerk", id, "finish", "{\"result\":\"x\"}", 409, "matter.state");
	NOT("peace", id, "resume", "{}", 403, "matter.not_allowed");
	DONE("clerk", id, "resume", "{}", "handling");
	/* what was asked for does not outlive the handling */
	DONE("clerk", id, "pause", pause_until(t, "2026-03-03T15:00:00+08:00"), "handling");
	DONE("clerk", id, "finish", ev_body(t, "{\"result\":\"x\",\"files\":[\"%lld\"]}", (long long)ev_photo(t, "clerk")),
		"checking");
	DONE("duty", id, "fail", "{\"text\":\"不合格\"}", "handling");
	NOT("lead", id, "pause_grant", "{}", 409, "event.nothing_asked");
}

/* A pause from 10:00 to 15:00 of a working day moves a clock of working hours by three. */
static void test_pause_moves_the_deadline(void **state) /* R028, R029 */
{
	struct test_app *t = *state;
	struct clock_run r;
	int64_t id;

	SKIP_WITHOUT(t);
	ev_at(t, "2026-03-02T09:28:00");
	id = ev_dispatched(t, "MS26"); /* five working hours, the city's management leads */
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).due, ev_time("2026-03-02T16:30:00"));
	DONE("cm", id, "sign", "{}", "handling");
	DONE("cm", id, "pause", pause_until(t, "2026-03-02T15:00:00+08:00"), "handling");
	ev_at(t, "2026-03-02T10:00:00");
	DONE("lead", id, "pause_grant", "{}", "paused");
	ev_at(t, "2026-03-02T14:59:59");
	ev_sweep(t);
	assert_int_equal(ev_matter(t, id).state, MS_PAUSED);
	ev_at(t, "2026-03-02T15:00:00");
	ev_sweep(t); /* resumed by the date */
	assert_int_equal(ev_matter(t, id).state, MS_HANDLING);
	r = ev_run(t, id, CLOCK_HANDLE);
	assert_int_equal(r.due, ev_time("2026-03-03T10:30:00"));
	assert_int_equal(r.paused_ms, 3 * (int64_t)MS_HOUR);
	assert_int_equal(actions_logged(t, id, "auto_resume"), 1);
}

/* ---- 13 extension ---- */

static const char *extend_until(struct test_app *t, int64_t until)
{
	return ev_body(t, "{\"reason\":\"complex\",\"plan\":\"增派人手\",\"until\":\"%s\"}", ev_when(t, until));
}

static void test_extension(void **state) /* R029 */
{
	struct test_app *t = *state;
	int64_t id, due;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS03"); /* U2: 24 hours */
	due = ev_run(t, id, CLOCK_HANDLE).due;
	NOT("clerk", id, "extend", "{\"reason\":\"complex\",\"until\":\"2026-03-03T15:00:00+08:00\"}", 400, "required");
	NOT("clerk", id, "extend", extend_until(t, due), 400, "event.extend_length");
	NOT("clerk", id, "extend", extend_until(t, due + MS_DAY + MS_SECOND), 400, "event.extend_length");
	NOT("lead", id, "extend_grant", "{}", 409, "event.nothing_asked");
	NOT("peace", id, "extend", extend_until(t, due + MS_HOUR), 403, "matter.not_allowed");
	DONE("clerk", id, "extend", extend_until(t, due + 12 * (int64_t)MS_HOUR), "handling");
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).due, due); /* not yet */
	DONE("lead", id, "extend_refuse", "{\"text\":\"抓紧\"}", "handling");
	DONE("clerk", id, "extend", extend_until(t, due + 12 * (int64_t)MS_HOUR), "handling");
	DONE("lead", id, "extend_grant", "{}", "handling");
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).due, due + 12 * (int64_t)MS_HOUR);
	assert_int_equal(ev_matter(t, id).extensions, 1);
	/* both together: no more than the original time */
	NOT("clerk", id, "extend", extend_until(t, due + MS_DAY + MS_MINUTE), 400, "event.extend_length");
	DONE("clerk", id, "extend", extend_until(t, due + MS_DAY), "handling");
	NOT("lead", id, "extend_grant", "{}", 403, "event.extend_director");
	DONE("director", id, "extend_grant", "{}", "handling");
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).due, due + MS_DAY);
	NOT("clerk", id, "extend", extend_until(t, due + MS_DAY + MS_HOUR), 409, "event.extend_max");
}

static void test_extension_refused(void **state) /* R029 */
{
	struct test_app *t = *state;
	int64_t id, due;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS03");
	due = ev_run(t, id, CLOCK_HANDLE).due;
	t->now = due + 1;
	NOT("clerk", id, "extend", extend_until(t, due + MS_HOUR), 409, "event.extend_late");
	/* never the most urgent */
	id = ev_dispatched(t, "PF01");
	DONE("fr", id, "sign", "{}", "handling");
	NOT("fr", id, "extend", extend_until(t, ev_run(t, id, CLOCK_HANDLE).due + MS_HOUR), 409, "event.urgent");
	/* one request at a time */
	id = ev_handling(t, "MS03");
	due = ev_run(t, id, CLOCK_HANDLE).due;
	DONE("clerk", id, "extend", extend_until(t, due + MS_HOUR), "handling");
	NOT("clerk", id, "pause", pause_until(t, "2026-04-03T15:00:00+08:00"), 409, "event.pending");
}

/* ---- 14–16 finish and check ---- */

static void test_finish(void **state) /* R027 */
{
	struct test_app *t = *state;
	struct matter m;
	int64_t id, photo;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS24"); /* needs a photo */
	NOT("clerk", id, "finish", "{}", 400, "required");
	NOT("clerk", id, "finish", "{\"result\":\"已清运\"}", 400, "required");
	assert_string_equal(test_str(t, "error.field"), "files");
	NOT("clerk", id, "finish", "{\"result\":\"已清运\",\"files\":[]}", 400, "required");
	NOT("clerk", id, "finish", "{\"result\":\"已清运\",\"files\":[\"999\"]}", 400, "required");
	photo = ev_photo(t, "clerk_b"); /* somebody else's */
	NOT("clerk", id, "finish", ev_body(t, "{\"result\":\"已清运\",\"files\":[\"%lld\"]}", (long long)photo), 400,
		"reference");
	NOT("peace", id, "finish", "{\"result\":\"x\"}", 403, "matter.not_allowed");
	t->now += MS_HOUR;
	photo = ev_photo(t, "clerk");
	DONE("clerk", id, "finish", ev_body(t, "{\"result\":\"已清运\",\"contacted\":true,\"files\":[\"%lld\"]}",
		(long long)photo), "checking");
	assert_int_equal(test_len(t, "files"), 1);
	m = ev_matter(t, id);
	assert_true(m.finished_at == t->now && m.handler_id == 1007 && m.clock == CLOCK_VERIFY);
	assert_true(ev_run(t, id, CLOCK_HANDLE).stop == t->now);
	/* a code that needs none */
	id = ev_handling(t, "MS05");
	DONE("clerk", id, "finish", "{\"result\":\"已登记\"}", "checking");
}

/* Nobody verifies what they handled, whatever their post. */
static void test_not_the_handler(void **state) /* R027 */
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_dispatched(t, "MS05");
	DONE("lead", id, "sign", "{}", "handling"); /* the board's lead works there too */
	DONE("clerk", id, "finish", "{\"result\":\"已登记\"}", "checking");
	NOT("lead", id, "pass", "{}", 403, "matter.not_allowed"); /* signed it */
	NOT("lead", id, "fail", "{\"text\":\"x\"}", 403, "matter.not_allowed");
	NOT("clerk", id, "pass", "{}", 403, "matter.not_allowed");
	NOT("resident", id, "pass", "{}", 403, "matter.not_allowed");
	NOT("auditor", id, "pass", "{}", 403, "matter.not_allowed");
	DONE("secretary", id, "pass", "{}", "closed");
	assert_int_equal(ev_matter(t, id).closed_at, t->now);
	/* deciding about it is not handling it */
	id = ev_handling(t, "MS05");
	DONE("clerk", id, "pause", pause_until(t, "2026-03-03T15:00:00+08:00"), "handling");
	DONE("director", id, "pause_grant", "{}", "paused");
	DONE("clerk", id, "resume", "{}", "handling");
	DONE("clerk", id, "finish", "{\"result\":\"已登记\"}", "checking");
	DONE("director", id, "pass", "{}", "closed");
}

static void test_check_failed(void **state)
{
	struct test_app *t = *state;
	struct clock_run r;
	int64_t id, start;

	SKIP_WITHOUT(t);
	/* in time: what was left is left */
	id = ev_handling(t, "MS03");
	start = ev_run(t, id, CLOCK_HANDLE).start;
	t->now = start + 10 * (int64_t)MS_HOUR;
	DONE("clerk", id, "finish", "{\"result\":\"已探访\"}", "checking");
	NOT("duty", id, "fail", "{}", 400, "required");
	t->now += 2 * (int64_t)MS_HOUR;
	DONE("duty", id, "fail", "{\"text\":\"未见本人\"}", "handling");
	r = ev_run(t, id, CLOCK_HANDLE);
	assert_true(r.run == 1 && r.stop == NIL && r.due == start + 26 * (int64_t)MS_HOUR);
	assert_true(ev_matter(t, id).fails == 1 && ev_matter(t, id).finished_at == NIL);
	/* late: half of the original time */
	t->now = r.due + 4 * (int64_t)MS_HOUR;
	DONE("clerk", id, "finish", "{\"result\":\"已探访\"}", "checking");
	t->now += MS_HOUR;
	DONE("duty", id, "fail", "{\"text\":\"未见本人\"}", "handling");
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).due, t->now + 12 * (int64_t)MS_HOUR);
	DONE("clerk", id, "finish", "{\"result\":\"已探访\"}", "checking");
	DONE("duty_b", id, "pass", "{}", "closed");
}

/* ---- 17–18 hard cases ---- */

static const char *hard(struct test_app *t, int64_t until)
{
	return ev_body(t, "{\"reason\":\"history\",\"plan\":\"专班\",\"until\":\"%s\"}", ev_when(t, until));
}

static void test_hard_case(void **state) /* R029 */
{
	struct test_app *t = *state;
	struct matter m;
	int64_t id, due;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS03");
	due = ev_run(t, id, CLOCK_HANDLE).due;
	NOT("director", id, "hard_case", hard(t, t->now + MS_DAY), 409, "event.hard_early");
	DONE("clerk", id, "extend", extend_until(t, due + MS_HOUR), "handling");
	DONE("lead", id, "extend_grant", "{}", "handling");
	NOT("lead", id, "hard_case", hard(t, t->now + MS_DAY), 403, "matter.not_allowed");
	NOT("director", id, "hard_case", "{\"reason\":\"history\",\"plan\":\"x\"}", 400, "required");
	NOT("director", id, "hard_case", hard(t, t->now + 30 * (int64_t)MS_DAY + MS_SECOND), 400, "event.review_date");
	NOT("director", id, "hard_case", hard(t, t->now - MS_SECOND), 400, "event.review_date");
	NOT("director", id, "hard_case", "{\"reason\":\"weather\",\"plan\":\"x\",\"until\":\"2026-03-05T10:00:00+08:00\"}", 400,
		"reason");
	DONE("director", id, "hard_case", hard(t, t->now + 10 * (int64_t)MS_DAY), "hard_case");
	m = ev_matter(t, id);
	assert_true(m.open == 1 && m.due_at == NIL && ev_run(t, id, CLOCK_HANDLE).voided);
	t->now += 10 * (int64_t)MS_DAY;
	ev_sweep(t); /* the review comes up, and the next one is set */
	assert_int_equal(actions_logged(t, id, "review_due"), 1);
	assert_int_equal(ev_matter(t, id).wake_at, t->now + 30 * (int64_t)MS_DAY);
	NOT("director", id, "hard_case_resume", ev_body(t, "{\"until\":\"%s\"}", ev_when(t, t->now - MS_SECOND)), 400, "past");
	DONE("director", id, "hard_case_resume", ev_body(t, "{\"until\":\"%s\"}", ev_when(t, t->now + 3 * (int64_t)MS_DAY)),
		"handling");
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).run, 2);
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).due, t->now + 3 * (int64_t)MS_DAY);
	assert_true(ev_matter(t, id).auto_at == NIL);
	DONE("director", id, "hard_case", hard(t, t->now + MS_DAY), "hard_case");
	NOT("director", id, "hard_case_close", "{}", 400, "required");
	NOT("duty", id, "hard_case_close", "{\"text\":\"x\"}", 403, "matter.not_allowed");
	DONE("director", id, "hard_case_close", "{\"text\":\"已向居民公开说明\"}", "closed");
}

/* ---- 19–20 rating and reopening ---- */

static void test_rate(void **state)
{
	static const char yes[] = "{\"resolved\":true,\"satisfied\":\"yes\"}";
	struct test_app *t = *state;
	struct matter m;
	int64_t id, closed;

	SKIP_WITHOUT(t);
	id = ev_closed(t, "MS24");
	closed = t->now;
	NOT("resident", id, "rate", "{}", 400, "required");
	NOT("resident", id, "rate", "{\"resolved\":true}", 400, "required");
	NOT("resident", id, "rate", "{\"resolved\":true,\"satisfied\":\"great\"}", 400, "not_in_list");
	NOT("clerk", id, "rate", yes, 403, "matter.not_allowed");
	NOT("resident_b", id, "rate", yes, 404, "not_found");
	t->now = closed + 7 * (int64_t)MS_DAY;
	DONE("resident", id, "rate", yes, "rated");
	m = ev_matter(t, id);
	assert_true(m.resolved == 1 && m.satisfied == 0 && m.closed_at == closed);
	NOT("resident", id, "rate", yes, 409, "matter.state");
	/* too late; a caller may still ask */
	id = ev_closed(t, "MS24");
	t->now += 7 * (int64_t)MS_DAY + 1;
	NOT("resident", id, "rate", yes, 409, "event.too_late");
	NOT("clerk", id, "revisit", yes, 403, "matter.not_allowed");
	DONE("duty", id, "revisit", "{\"resolved\":true,\"satisfied\":\"no\"}", "rated");
	assert_int_equal(ev_matter(t, id).satisfied, 2);
}

static void test_not_solved(void **state)
{
	struct test_app *t = *state;
	struct matter m;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_closed(t, "MS24");
	t->now += MS_HOUR;
	DONE("resident", id, "rate", "{\"resolved\":false,\"satisfied\":\"no\",\"text\":\"还在\"}", "dispatched");
	m = ev_matter(t, id);
	assert_true(m.reopens == 1 && m.urgency == URG_U2 && m.unit_id == 201 && m.closed_at == NIL && m.auto_at == NIL);
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).run, 2);
	assert_int_equal(ev_run(t, id, CLOCK_HANDLE).due, t->now + 24 * (int64_t)MS_HOUR);
	assert_int_equal(ev_run(t, id, CLOCK_SIGN).due, t->now + 30 * (int64_t)MS_MINUTE);
}

static void finish_again(struct test_app *t, int64_t id)
{
	DONE("clerk", id, "sign", "{}", "handling");
	DONE("clerk", id, "finish", "{\"result\":\"再次办理\"}", "checking");
	DONE("duty", id, "pass", "{}", "closed");
}

static void test_reopen(void **state) /* R029 */
{
	static const char why[] = "{\"text\":\"又出现了\"}";
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_closed(t, "MS05"); /* U3 */
	NOT("resident", id, "reopen", "{}", 400, "required");
	NOT("clerk", id, "reopen", why, 403, "matter.not_allowed");
	t->now += 15 * (int64_t)MS_DAY;
	DONE("resident", id, "reopen", why, "dispatched");
	assert_true(ev_matter(t, id).urgency == URG_U2 && ev_matter(t, id).reopens == 1 && ev_matter(t, id).unit_id == 201);
	finish_again(t, id);
	DONE("resident", id, "rate", "{\"resolved\":true,\"satisfied\":\"fairly\"}", "rated");
	DONE("resident", id, "reopen", why, "dispatched");
	assert_true(ev_matter(t, id).urgency == URG_U1 && ev_matter(t, id).satisfied == NIL);
	finish_again(t, id);
	NOT("resident", id, "reopen", why, 409, "event.reopen_limit"); /* the third goes to the director */
	/* "not solved" is then kept as the answer */
	DONE("resident", id, "rate", "{\"resolved\":false,\"satisfied\":\"no\"}", "rated");
	assert_int_equal(ev_matter(t, id).resolved, 0);
	NOT("duty", id, "director_reopen", why, 403, "matter.not_allowed");
	DONE("director", id, "director_reopen", why, "dispatched");
	assert_true(ev_matter(t, id).urgency == URG_U1 && ev_matter(t, id).reopens == 3);
	/* and not after fifteen days */
	id = ev_closed(t, "MS05");
	t->now += 15 * (int64_t)MS_DAY + 1;
	NOT("resident", id, "reopen", why, 409, "event.too_late");
}

/* One that was fixed on the spot has no unit yet: reopening finds it one. */
static void test_reopen_self_closed(void **state)
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	do {
		id = ev_report(t, "resident", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	} while (event_sampled(id));
	DONE("leader", id, "self_close", "{\"result\":\"当场清扫\"}", "checking");
	t->now += MS_DAY;
	ev_sweep(t);
	DONE("resident", id, "reopen", "{\"text\":\"又有了\"}", "dispatched");
	assert_int_equal(ev_matter(t, id).unit_id, 201);
	DONE("clerk", id, "sign", "{}", "handling");
}

/* ---- 21 supervision and alarms, 22 archive ---- */

static void test_supervise(void **state)
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS24");
	NOT("clerk", id, "supervise", "{\"text\":\"x\",\"until\":\"2026-03-05T10:00:00+08:00\"}", 403, "matter.not_allowed");
	NOT("duty", id, "supervise", "{\"text\":\"x\"}", 400, "required");
	NOT("duty", id, "supervise", "{\"text\":\"x\",\"until\":\"2026-03-01T10:00:00+08:00\"}", 400, "past");
	NOT("clerk", id, "supervise_reply", "{\"text\":\"x\"}", 409, "event.not_supervised");
	DONE("admin", id, "supervise", "{\"text\":\"限期办理\",\"until\":\"2026-03-05T10:00:00+08:00\"}", "handling");
	assert_true(ev_matter(t, id).supervised == 1);
	NOT("duty", id, "supervise_reply", "{\"text\":\"x\"}", 403, "matter.not_allowed");
	DONE("clerk", id, "supervise_reply", "{\"text\":\"正在办理\"}", "handling");
	assert_int_equal(test_call(t, ev_body(t, "GET /api/matters/%lld/history", (long long)id), NULL), 200);
	assert_non_null(memmem(t->raw.p, t->raw.n, "{\"in_time\":true}", 16));
	DONE("duty", id, "supervise", "{\"text\":\"再次督办\",\"until\":\"2026-03-05T10:00:00+08:00\"}", "handling");
	ev_at(t, "2026-03-05T10:00:01");
	DONE("clerk", id, "supervise_reply", "{\"text\":\"仍在办理\"}", "handling");
	assert_int_equal(test_call(t, ev_body(t, "GET /api/matters/%lld/history", (long long)id), NULL), 200);
	assert_non_null(memmem(t->raw.p, t->raw.n, "{\"in_time\":false}", 17));
}

static void test_alarms(void **state)
{
	static const int64_t hour[] = { 17, 18, 24, 25, 47, 48 };
	static const int64_t level[] = { 0, 1, 1, 2, 2, 3 };
	struct test_app *t = *state;
	int64_t id, start;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS03");
	start = ev_run(t, id, CLOCK_HANDLE).start;
	for (size_t i = 0; i < ARRAY_LEN(hour); i++) {
		t->now = start + hour[i] * (int64_t)MS_HOUR;
		ev_sweep(t);
		ev_sweep(t); /* once each */
		assert_int_equal(ev_matter(t, id).level, level[i]);
	}
	assert_int_equal(actions_logged(t, id, "alarm"), 3);
	assert_true(ev_matter(t, id).wake_at == NIL);
	/* also what nobody holds */
	id = ev_report(t, "resident", "\"code\":\"MS03\",\"place\":\"" GRID1 "\"");
	t->now += 31 * (int64_t)MS_MINUTE;
	ev_sweep(t);
	assert_int_equal(ev_matter(t, id).level, 2);
}

static void test_archive(void **state)
{
	struct test_app *t = *state;
	int64_t rated, closed;

	SKIP_WITHOUT(t);
	rated = ev_closed(t, "MS24");
	DONE("resident", rated, "rate", "{\"resolved\":true,\"satisfied\":\"yes\"}", "rated");
	closed = ev_closed(t, "MS24");
	t->now = ev_matter(t, closed).closed_at + 30 * (int64_t)MS_DAY - 1;
	ev_sweep(t);
	assert_int_equal(ev_matter(t, rated).state, MS_ARCHIVED);
	assert_int_equal(ev_matter(t, closed).state, MS_CLOSED);
	t->now++;
	ev_sweep(t);
	assert_int_equal(ev_matter(t, closed).state, MS_ARCHIVED);
	assert_true(ev_matter(t, closed).wake_at == NIL);
	NOT("resident", closed, "reopen", "{\"text\":\"x\"}", 409, "matter.state");
	DONE("duty", closed, "comment", "{\"text\":\"补记\"}", "archived");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_pause_asked), TEST_BOTH(test_pause_moves_the_deadline), TEST_BOTH(test_extension),
		TEST_BOTH(test_extension_refused), TEST_BOTH(test_finish), TEST_BOTH(test_not_the_handler),
		TEST_BOTH(test_check_failed), TEST_BOTH(test_hard_case), TEST_BOTH(test_rate), TEST_BOTH(test_not_solved),
		TEST_BOTH(test_reopen), TEST_BOTH(test_reopen_self_closed), TEST_BOTH(test_supervise), TEST_BOTH(test_alarms),
		TEST_BOTH(test_archive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
