/* Events and what they are linked to: merged reports, transfers, parts, whistles, supporters, duplicates; and
 * sealed ones, which only their own people see (R027, R029). */
#include "mod/event/test_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct test_app *fresh(enum db_engine e)
{
	return event_fresh(e);
}

TEST_FIXTURE(fresh);

static bool says(struct test_app *t, const char *text)
{
	return memmem(t->raw.p, t->raw.n, text, strlen(text)) != NULL;
}

static int64_t told(struct test_app *t, int64_t user)
{
	return ev_int(t, "SELECT count(*) AS n FROM outbox WHERE topic = 'told' AND user_id = $1", user);
}

static const char *into(struct test_app *t, int64_t id)
{
	return ev_body(t, "{\"into_id\":\"%lld\"}", (long long)id);
}

/* ---- merge ---- */

static void test_merge(void **state)
{
	struct test_app *t = *state;
	int64_t parent, child, far, due;

	SKIP_WITHOUT(t);
	parent = ev_report(t, "resident", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	child = ev_report(t, "resident_b", "\"code\":\"MS24\",\"place\":\"" GRID1 "\",\"urgency\":\"U2\"");
	far = ev_report(t, "far", "\"code\":\"MS24\",\"place\":\"" GRID4 "\"");
	due = ev_matter(t, child).due_at;
	assert_true(due < ev_matter(t, parent).due_at);
	NOT("duty", child, "merge", "{}", 400, "required");
	NOT("duty", child, "merge", into(t, child), 400, "event.merge_self");
	NOT("duty", child, "merge", into(t, far), 400, "reference");
	NOT("duty", child, "merge", into(t, 999999), 400, "reference");
	NOT("clerk", child, "merge", into(t, parent), 403, "matter.not_allowed");
	DONE("duty", child, "merge", into(t, parent), "merged");
	assert_true(ev_matter(t, child).merged_into == parent && ev_matter(t, child).open == 0);
	assert_true(ev_run(t, child, CLOCK_ACCEPT).voided);
	/* the parent takes the higher urgency and the earlier deadline, and counts one more supporter */
	assert_int_equal(ev_get(t, "duty", parent), 200);
	assert_string_equal(test_str(t, "urgency"), "U2");
	assert_int_equal(test_num(t, "version"), 2);
	assert_int_equal(test_len(t, "merged"), 1);
	assert_true(ev_matter(t, parent).due_at == due && ev_matter(t, parent).supporters == 1);
	NOT("duty", child, "accept", "{}", 409, "matter.state");
	/* undone before closing */
	DONE("duty", child, "unmerge", "{}", "reported");
	assert_true(ev_matter(t, child).merged_into == NIL && ev_run(t, child, CLOCK_ACCEPT).run == 2);
	/* merged again, from accepted too; its reporter is told the end */
	DONE("duty", child, "accept", "{}", "accepted");
	DONE("duty", child, "merge", into(t, parent), "merged");
	DONE("duty", parent, "accept", "{}", "accepted");
	DONE("duty", parent, "dispatch", "{}", "dispatched");
	DONE("clerk", parent, "sign", "{}", "handling");
	DONE("clerk", parent, "finish", ev_body(t, "{\"result\":\"已清运\",\"files\":[\"%lld\"]}",
		(long long)ev_photo(t, "clerk")), "checking");
	assert_int_equal(told(t, 1019), 0);
	DONE("duty", parent, "pass", "{}", "closed");
	assert_int_equal(told(t, 1018), 1);
	assert_int_equal(told(t, 1019), 1);
	NOT("duty", child, "unmerge", "{}", 409, "event.merge_closed");
	/* nothing is merged into what has ended */
	child = ev_report(t, "resident", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	NOT("duty", child, "merge", into(t, parent), 409, "event.merge_closed");
}

static void test_similar(void **state)
{
	struct test_app *t = *state;
	int64_t first, other;

	SKIP_WITHOUT(t);
	first = ev_report(t, "resident", "\"code\":\"MS24\",\"place\":\"" GRID1 "\",\"lon\":106.5,\"lat\":29.5");
	other = ev_report(t, "resident_b", "\"code\":\"MS24\",\"place\":\"" GRID1 "\",\"lon\":106.5003,\"lat\":29.5");
	ev_report(t, "resident_b", "\"code\":\"MS33\",\"place\":\"" GRID1 "\",\"lon\":106.52,\"lat\":29.52");
	ev_report(t, "resident_b", "\"code\":\"PF10\",\"place\":\"" GRID1 "\",\"lon\":106.5,\"lat\":29.5");
	ev_as(t, "duty");
	assert_int_equal(test_call(t, ev_body(t, "GET /api/events/similar?id=%lld", (long long)first), NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.id"), ev_body(t, "%lld", (long long)other));
	assert_true(test_num(t, "items.0.distance_m") > 20 && test_num(t, "items.0.distance_m") < 40);
	assert_int_equal(test_call(t, "GET /api/events/similar?code=MS24&lon=106.5001&lat=29.5", NULL), 200);
	assert_int_equal(test_len(t, "items"), 2);
	assert_int_equal(test_call(t, "GET /api/events/similar?code=MS24&place=" COMMUNITY1
		"&text=%E6%A5%BC%E4%B8%8B%E5%9E%83%E5%9C%BE", NULL), 200);
	assert_int_equal(test_call(t, "GET /api/events/similar", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	/* not what the asker may not see, and not after three days */
	ev_as(t, "far");
	assert_int_equal(test_call(t, "GET /api/events/similar?code=MS24&lon=106.5001&lat=29.5", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	assert_int_equal(test_call(t, ev_body(t, "GET /api/events/similar?id=%lld", (long long)first), NULL), 404);
	ev_as(t, "duty");
	t->now += 73 * (int64_t)MS_HOUR;
	assert_int_equal(test_call(t, "GET /api/events/similar?code=MS24&lon=106.5001&lat=29.5", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
}

/* ---- transfer ---- */

static void test_transfer(void **state)
{
	static const char to_cm[] = "{\"unit_id\":\"203\",\"text\":\"机械化作业\"}";
	struct test_app *t = *state;
	struct clock_run h;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS24");
	h = ev_run(t, id, CLOCK_HANDLE);
	NOT("duty", id, "transfer", "{\"unit_id\":\"203\"}", 400, "required");
	NOT("duty", id, "transfer", "{\"unit_id\":\"999\",\"text\":\"x\"}", 400, "reference");
	NOT("duty", id, "transfer", "{\"unit_id\":\"201\",\"text\":\"x\"}", 400, "event.same_unit");
	NOT("peace", id, "transfer", to_cm, 403, "matter.not_allowed");
	NOT("clerk", id, "transfer", to_cm, 403, "matter.not_allowed"); /* only of a sealed one */
	t->now += MS_HOUR;
	DONE("duty", id, "transfer", to_cm, "dispatched");
	assert_true(ev_matter(t, id).unit_id == 203 && ev_matter(t, id).first_unit == 201);
	assert_true(ev_run(t, id, CLOCK_HANDLE).run == 1 && ev_run(t, id, CLOCK_HANDLE).due == h.due);
	assert_int_equal(ev_run(t, id, CLOCK_SIGN).run, 2);
	NOT("clerk", id, "sign", "{}", 403, "matter.not_allowed");
	DONE("cm", id, "sign", "{}", "handling");
	/* the request of the unit before does not pass to the next one */
	DONE("cm", id, "pause", "{\"reason\":\"weather\",\"until\":\"2026-03-03T15:00:00+08:00\"}", "handling");
	DONE("lead", id, "transfer", "{\"unit_id\":\"201\",\"text\":\"x\"}", "dispatched");
	DONE("clerk", id, "sign", "{}", "handling");
	NOT("lead", id, "pause_grant", "{}", 409, "event.nothing_asked");
}

/* ---- parts ---- */

static int64_t part(struct test_app *t, int64_t parent, int64_t unit)
{
	int64_t id = NIL;

	assert_int_equal(db_int(t->reader, "SELECT id FROM matter WHERE parent_id = $1 AND unit_id = $2",
		ARGS(I(parent), I(unit)), &id), OK);
	return id;
}

static void do_part(struct test_app *t, const char *login, int64_t id, const char *after)
{
	DONE(login, id, "sign", "{}", "handling");
	DONE(login, id, "finish", "{\"result\":\"办妥\"}", "checking");
	DONE("duty_b", id, "pass", "{}", after);
}

#define TWO_PARTS "{\"title\":\"登记\",\"unit_id\":\"201\"},{\"title\":\"清障\",\"unit_id\":\"203\"}"

static void test_split_all(void **state)
{
	struct test_app *t = *state;
	char title[900];
	int64_t id, a, b, due;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS05");
	due = ev_run(t, id, CLOCK_HANDLE).due;
	NOT("duty", id, "split", "{\"parts\":[" TWO_PARTS "]}", 400, "required");
	NOT("duty", id, "split", "{\"join\":\"all\",\"parts\":[{\"title\":\"x\",\"unit_id\":\"201\"}]}", 400, "event.parts");
	NOT("duty", id, "split", "{\"join\":\"some\",\"parts\":[" TWO_PARTS "]}", 400, "not_in_list");
	NOT("duty", id, "split", "{\"join\":\"all\",\"parts\":{}}", 400, "event.parts");
	NOT("duty", id, "split", "{\"join\":\"all\",\"parts\":[1,2]}", 400, "event.parts");
	NOT("duty", id, "split", "{\"join\":\"all\",\"parts\":[{\"title\":\"x\",\"unit_id\":\"201\"},{\"title\":\"y\","
		"\"unit_id\":\"999\"}]}", 400, "event.parts");
	memset(title, 'x', 600);
	title[600] = '\0';
	NOT("duty", id, "split", ev_body(t, "{\"join\":\"all\",\"parts\":[{\"title\":\"%s\",\"unit_id\":\"201\"},{\"title\":"
		"\"y\",\"unit_id\":\"203\"}]}", title), 400, "length");
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM matter WHERE parent_id = $1", id), 0);
	t->now += MS_HOUR;
	DONE("duty", id, "split", "{\"join\":\"all\",\"parts\":[" TWO_PARTS "]}", "split");
	assert_int_equal(test_len(t, "children"), 2);
	a = part(t, id, 201);
	b = part(t, id, 203);
	assert_int_equal(ev_matter(t, a).state, MS_DISPATCHED);
	assert_int_equal(ev_run(t, a, CLOCK_HANDLE).due, due); /* a part is due with the whole */
	assert_true(ev_matter(t, a).place == ev_matter(t, id).place);
	NOT("clerk", id, "finish", "{\"result\":\"x\"}", 409, "matter.state");
	do_part(t, "clerk", a, "closed");
	assert_int_equal(ev_matter(t, id).state, MS_SPLIT);
	t->now += MS_HOUR;
	do_part(t, "cm", b, "closed");
	assert_int_equal(ev_matter(t, id).state, MS_CHECKING);
	assert_true(ev_run(t, id, CLOCK_HANDLE).stop == t->now && ev_matter(t, id).clock == CLOCK_VERIFY);
	DONE("duty", id, "pass", "{}", "closed");
}

static void test_split_any(void **state)
{
	struct test_app *t = *state;
	int64_t id, a, b;

	SKIP_WITHOUT(t);
	id = ev_accepted(t, "MS05"); /* split at once, before it was sent to anybody */
	DONE("duty", id, "split", "{\"join\":\"any\",\"parts\":[" TWO_PARTS "]}", "split");
	a = part(t, id, 201);
	b = part(t, id, 203);
	assert_true(ev_run(t, id, CLOCK_HANDLE).start == t->now);
	do_part(t, "cm", b, "closed");
	assert_int_equal(ev_matter(t, id).state, MS_CHECKING);
	assert_int_equal(ev_matter(t, a).state, MS_DISPATCHED);
	DONE("director", id, "pass", "{}", "closed");
	do_part(t, "clerk", a, "closed"); /* the other one ends by itself, and disturbs nothing */
	assert_int_equal(ev_matter(t, id).state, MS_CLOSED);
}

/* ---- whistle ---- */

static void test_whistle(void **state)
{
	struct test_app *t = *state;
	int64_t id, start;

	SKIP_WITHOUT(t);
	id = ev_handling(t, "MS03");
	start = t->now;
	NOT("clerk", id, "whistle", "{\"departments\":[\"203\"]}", 403, "matter.not_allowed");
	NOT("secretary", id, "whistle", "{}", 400, "required");
	NOT("secretary", id, "whistle", "{\"departments\":[]}", 400, "ids");
	NOT("secretary", id, "whistle", "{\"departments\":[\"999\"]}", 400, "reference");
	NOT("secretary", id, "whistle", "{\"departments\":[\"203\"],\"arrive_by\":\"2026-03-02T09:00:00+08:00\"}", 400, "past");
	NOT("cm", id, "whistle_arrive", "{}", 404, "not_found");
	DONE("secretary", id, "whistle", "{\"departments\":[\"203\",\"204\"]}", "handling");
	assert_true(ev_run(t, id, CLOCK_ARRIVE).due == start + 30 * (int64_t)MS_MINUTE);
	assert_int_equal(ev_matter(t, id).clock, CLOCK_ARRIVE);
	NOT("clerk", id, "whistle_arrive", "{}", 403, "matter.not_allowed");
	NOT("ps", id, "whistle_arrive", "{}", 404, "not_found");
	t->now += 10 * (int64_t)MS_MINUTE;
	DONE("cm", id, "whistle_arrive", "{}", "handling");
	assert_true(ev_run(t, id, CLOCK_ARRIVE).stop == NIL); /* one is still awaited */
	NOT("cm", id, "whistle_arrive", "{}", 409, "event.not_whistled");
	t->now = start + 31 * (int64_t)MS_MINUTE;
	ev_sweep(t);
	assert_int_equal(ev_matter(t, id).level, 2); /* the other one is late */
	DONE("fr", id, "whistle_arrive", "{}", "handling");
	assert_true(ev_run(t, id, CLOCK_ARRIVE).stop == t->now && ev_matter(t, id).level == 0);
	NOT("duty", id, "whistle_rate", "{\"unit_id\":\"203\"}", 400, "required");
	NOT("duty", id, "whistle_rate", "{\"unit_id\":\"203\",\"score\":6}", 400, "out_of_range");
	NOT("duty", id, "whistle_rate", "{\"unit_id\":\"205\",\"score\":5}", 400, "reference");
	NOT("cm", id, "whistle_rate", "{\"unit_id\":\"203\",\"score\":5}", 403, "matter.not_allowed");
	DONE("duty", id, "whistle_rate", "{\"unit_id\":\"203\",\"score\":5}", "handling");
	assert_int_equal(ev_int(t, "SELECT score FROM matter_unit WHERE matter_id = $1 AND unit_id = 203", id), 5);
}

/* A whistle nobody answered ends with the event: no alarm, no deadline afterwards. */
static void test_whistle_ends(void **state)
{
	struct test_app *t = *state;
	struct matter m;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_checking(t, "MS05");
	DONE("duty", id, "whistle", "{\"departments\":[\"203\"]}", "checking");
	DONE("duty", id, "pass", "{}", "closed");
	m = ev_matter(t, id);
	assert_true(m.due_at == NIL && m.clock == NIL && m.level == 0 && m.wake_at == m.auto_at);
	t->now += MS_DAY;
	ev_sweep(t);
	m = ev_matter(t, id);
	assert_true(m.level == 0 && m.wake_at == m.auto_at);
	id = ev_report(t, "resident", "\"code\":\"MS03\",\"place\":\"" GRID1 "\"");
	DONE("duty", id, "whistle", "{\"departments\":[\"203\"]}", "reported");
	DONE("duty", id, "reject", "{\"reason\":\"repeat\",\"text\":\"x\"}", "rejected");
	assert_true(ev_matter(t, id).due_at == NIL && ev_matter(t, id).wake_at == NIL);
}

/* ---- supporters ---- */

static void test_support(void **state)
{
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_checking(t, "MS24");
	NOT("resident_b", id, "support", "{}", 404, "not_found");
	DONE("leader", id, "support", "{}", "checking");
	NOT("leader", id, "support", "{}", 409, "event.supported");
	DONE("ft", id, "support", "{}", "checking");
	assert_int_equal(ev_matter(t, id).supporters, 2);
	DONE("duty", id, "pass", "{}", "closed");
	assert_int_equal(told(t, 1015), 1); /* leader */
	assert_int_equal(told(t, 1017), 1); /* ft */
	assert_int_equal(told(t, 1018), 1); /* resident: the reporter */
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM matter_supporter WHERE matter_id = $1 AND told_at IS NULL", id), 0);
	NOT("secretary", id, "support", "{}", 409, "matter.state");
}

/* ---- sealed ---- */

static void assert_hidden(struct test_app *t, const char *login, int64_t id)
{
	static const char *const path[] = { "GET /api/matters/%s/history", "GET /api/matters/%s/clocks",
		"GET /api/events/similar?id=%s", "POST /api/events/%s/unmask" };
	static const char *const list[] = { "GET /api/events?count=true", "GET /api/matters?tab=all",
		"GET /api/events?q=%E9%82%BB%E5%B1%85", "GET /api/events?category=PF10" };
	const char *text = ev_body(t, "%lld", (long long)id);

	if (ev_get(t, login, id) != 404)
		fail_msg("%s sees %lld", login, (long long)id);
	for (size_t i = 0; i < ARRAY_LEN(path); i++) {
		int status = test_callf(t, path[i], text, i == 3 ? "{\"purpose\":\"回访核实情况\"}" : NULL);

		if (status != 404 && status != 403)
			fail_msg("%s: %s gives %d", login, path[i], status);
		assert_false(says(t, "邻居"));
	}
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		assert_int_equal(test_call(t, list[i], NULL), 200);
		assert_int_equal(test_len(t, "items"), 0);
	}
	assert_int_equal(test_call(t, "GET /api/matters/counts", NULL), 200);
	assert_true(test_num(t, "all") == 0 && test_num(t, "todo") == 0 && test_num(t, "overdue") == 0);
	if (test_call(t, "GET /api/events/export?format=csv", NULL) == 200)
		assert_false(says(t, "邻居"));
	NOT(login, id, "comment", "{\"text\":\"x\"}", 404, "not_found");
	NOT(login, id, "pass", "{}", 404, "not_found");
}

static void test_sealed(void **state)
{
	static const char *const outsider[] = { "admin", "director", "duty", "lead", "lead2", "clerk", "peace", "cm",
		"secretary", "leader", "ft", "resident_b", "far" };
	static const char *const insider[] = { "resident", "ps", "ps_b", "auditor" };
	struct test_app *t = *state;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_report(t, "resident", "\"title\":\"邻居家暴\",\"code\":\"PF10\",\"place\":\"" GRID1 "\"");
	assert_string_equal(test_str(t, "state"), "dispatched"); /* to its unit at once: nobody in between */
	assert_true(ev_matter(t, id).unit_id == 205 && ev_matter(t, id).sealed == 1);
	for (size_t i = 0; i < ARRAY_LEN(outsider); i++)
		assert_hidden(t, outsider[i], id);
	for (size_t i = 0; i < ARRAY_LEN(insider); i++) {
		assert_int_equal(ev_get(t, insider[i], id), 200);
		assert_int_equal(test_call(t, "GET /api/events?count=true", NULL), 200);
		assert_int_equal(test_len(t, "items"), 1);
		assert_int_equal(test_num(t, "count"), 1);
	}
	/* not returned for others to review; the unit works on it, a colleague checks */
	NOT("ps", id, "return", ev_body(t, "{\"duty_item_id\":\"%s\",\"proposed_unit_id\":\"201\"}", ev_duty(t, "L06")), 409,
		"event.sealed");
	DONE("ps", id, "sign", "{}", "handling");
	DONE("ps", id, "finish", "{\"result\":\"已出警并告诫\"}", "checking");
	NOT("ps", id, "pass", "{}", 403, "matter.not_allowed");
	NOT("auditor", id, "pass", "{}", 403, "matter.not_allowed");
	DONE("ps_b", id, "fail", "{\"text\":\"补充笔录\"}", "handling");
	DONE("ps", id, "finish", "{\"result\":\"已补充\"}", "checking");
	DONE("ps_b", id, "pass", "{}", "closed");
	DONE("resident", id, "rate", "{\"resolved\":true,\"satisfied\":\"yes\"}", "rated");
	for (size_t i = 0; i < ARRAY_LEN(outsider); i++)
		assert_hidden(t, outsider[i], id);
	/* its messages name no outsider as reader */
	assert_int_equal(ev_int(t, "SELECT count(*) AS n FROM outbox WHERE matter_id = $1 AND sealed = 0", id), 0);
	/* handed on by the unit itself; the next one's people see it */
	id = ev_report(t, "resident", "\"code\":\"PF10\",\"place\":\"" GRID1 "\"");
	DONE("ps", id, "transfer", "{\"unit_id\":\"204\",\"text\":\"移交\"}", "dispatched");
	assert_int_equal(ev_get(t, "fr", id), 200);
	/* for an ordinary one the unit has neither right */
	id = ev_checking(t, "MS24");
	NOT("clerk_b", id, "pass", "{}", 403, "matter.not_allowed");
	NOT("clerk_b", id, "fail", "{\"text\":\"x\"}", 403, "matter.not_allowed");
	assert_int_equal(ev_get(t, "clerk_b", id), 200);
	assert_false(says(t, "\"action\":\"pass\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_merge), TEST_BOTH(test_similar), TEST_BOTH(test_transfer), TEST_BOTH(test_split_all),
		TEST_BOTH(test_split_any), TEST_BOTH(test_whistle), TEST_BOTH(test_whistle_ends), TEST_BOTH(test_support),
		TEST_BOTH(test_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
