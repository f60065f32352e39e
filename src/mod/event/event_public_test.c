/* The public page: report, follow, answer without an account; and what every writer is owed: a repeated key is
 * one report, a stale version is refused, a malformed body changes nothing, one bad row spoils no bulk (R027). */
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

static int64_t matters(struct test_app *t)
{
	return ev_int(t, "SELECT count(*) AS n FROM matter WHERE id > $1", 0);
}

/* ---- the public page ---- */

static const char *public_report(struct test_app *t, const char *code, int64_t *ret_id)
{
	ev_as(t, NULL);
	if (test_call(t, "POST /api/public/reports", ev_body(t, "{\"text\":\"楼下垃圾没人清运\",\"code\":\"%s\",\"place\":\"" GRID1
		"\",\"reporter_name\":\"李四\",\"reporter_phone\":\"13900001111\"}", code)) != 201)
		fail_msg("%d %s %s", t->status, test_error(t), test_str(t, "error.message"));
	assert_true(str_i64(str_z(test_str(t, "no") + 1), ret_id));
	return ev_body(t, "%s", test_str(t, "query_code"));
}

static int follow(struct test_app *t, const char *code)
{
	ev_as(t, NULL);
	return test_callf(t, "GET /api/public/reports/%s", code, NULL);
}

static int answer(struct test_app *t, const char *code, const char *action, const char *body)
{
	ev_as(t, NULL);
	return test_call(t, ev_body(t, "POST /api/public/reports/%s/%s", code, action), body);
}

static void test_codes(void **state)
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	test_sql(t, "UPDATE event_code SET public = 0 WHERE code = 'JJ02'");
	test_sql(t, "UPDATE event_code SET active = 0 WHERE code = 'JJ03'");
	ev_as(t, NULL);
	assert_int_equal(test_call(t, "GET /api/public/codes", NULL), 200);
	assert_true(test_len(t, "items") > 60);
	assert_true(says(t, "\"MS24\"") && says(t, "\"PF10\""));
	assert_false(says(t, "\"JJ02\"") || says(t, "\"JJ03\""));
	assert_int_equal(test_call(t, "GET /api/events", NULL), 401);
}

static void test_public_way(void **state)
{
	struct test_app *t = *state;
	const char *code;
	int64_t id;

	SKIP_WITHOUT(t);
	code = public_report(t, "MS24", &id);
	assert_int_equal(strlen(code), 10);
	assert_true(ev_matter(t, id).source == SRC_RESIDENT && ev_matter(t, id).reporter_id == NIL);
	assert_int_equal(follow(t, code), 200);
	assert_string_equal(test_str(t, "state"), "reported");
	assert_string_equal(test_str(t, "place_name"), "第1网格");
	assert_int_equal(test_len(t, "steps"), 1);
	assert_true(test_num(t, "can_rate") == 0 && test_num(t, "can_reopen") == 0);
	assert_false(says(t, "13900001111") || says(t, "李四"));
	assert_int_equal(follow(t, "AAAAAAAAAA"), 404);
	assert_int_equal(answer(t, "AAAAAAAAAA", "rate", "{\"resolved\":true,\"satisfied\":\"yes\"}"), 404);
	assert_int_equal(answer(t, code, "rate", "{\"resolved\":true,\"satisfied\":\"yes\"}"), 409);
	/* the code is the key to four answers, not to the flow */
	assert_int_equal(answer(t, code, "accept", "{}"), 404);
	assert_int_equal(answer(t, code, "support", "{}"), 404);
	assert_int_equal(answer(t, code, "absorb", "{}"), 404);
	DONE("duty", id, "accept", "{}", "accepted");
	DONE("duty", id, "comment", "{\"text\":\"内部意见\"}", "accepted");
	DONE("duty", id, "dispatch", "{}", "dispatched");
	DONE("clerk", id, "sign", "{}", "handling");
	DONE("clerk", id, "finish", ev_body(t, "{\"result\":\"已清运\",\"files\":[\"%lld\"]}", (long long)ev_photo(t, "clerk")),
		"checking");
	assert_int_equal(follow(t, code), 200);
	assert_false(says(t, "已清运") || says(t, "内部意见"));
	DONE("duty", id, "pass", "{}", "closed");
	assert_int_equal(follow(t, code), 200);
	assert_string_equal(test_str(t, "result"), "已清运");
	assert_int_equal(test_len(t, "steps"), 6);
	assert_string_equal(test_str(t, "steps.5.state"), "closed");
	assert_true(test_num(t, "can_rate") == 1 && test_num(t, "can_reopen") == 1 && test_num(t, "can_object") == 0);
	assert_false(says(t, "clerk") || says(t, "内部意见"));
	assert_int_equal(answer(t, code, "rate", "{\"resolved\":true}"), 400);
	assert_int_equal(answer(t, code, "rate", "{\"resolved\":true,\"satisfied\":\"yes\",\"unit_id\":\"201\"}"), 400);
	assert_string_equal(test_error(t), "unknown_field");
	assert_int_equal(answer(t, code, "rate", "{\"resolved\":true,\"satisfied\":\"yes\",\"text\":\"谢谢\"}"), 200);
	assert_string_equal(test_str(t, "state"), "rated");
	assert_int_equal(answer(t, code, "reopen", "{\"text\":\"又有了\"}"), 200);
	assert_string_equal(test_str(t, "state"), "dispatched");
	assert_int_equal(ev_matter(t, id).urgency, URG_U2);
}

static void test_public_appeal_and_object(void **state)
{
	struct test_app *t = *state;
	const char *code;
	int64_t id;

	SKIP_WITHOUT(t);
	code = public_report(t, "MS24", &id);
	DONE("duty", id, "reject", "{\"reason\":\"repeat\",\"text\":\"上周已答复\"}", "rejected");
	assert_int_equal(follow(t, code), 200);
	assert_true(says(t, "上周已答复") && test_num(t, "can_appeal") == 1);
	assert_int_equal(answer(t, code, "appeal", "{\"text\":\"没有\"}"), 200);
	assert_string_equal(test_str(t, "state"), "reported");
	DONE("duty", id, "reject", "{\"reason\":\"repeat\",\"text\":\"上周已答复\"}", "rejected");
	assert_int_equal(follow(t, code), 200);
	assert_true(test_num(t, "can_appeal") == 0); /* once */
	assert_int_equal(answer(t, code, "appeal", "{\"text\":\"没有\"}"), 409);
	code = public_report(t, "MS35", &id);
	DONE("leader", id, "self_close", "{\"result\":\"已劝导\"}", "checking");
	assert_int_equal(follow(t, code), 200);
	assert_true(test_num(t, "can_object") == 1);
	assert_int_equal(answer(t, code, "object", "{\"text\":\"没来人\"}"), 200);
	assert_string_equal(test_str(t, "state"), "reported");
	assert_true(test_num(t, "can_object") == 0);
}

/* Whoever reported what was merged follows the event it became part of; a sealed one tells no place. */
static void test_public_merged_and_sealed(void **state)
{
	struct test_app *t = *state;
	int64_t child, parent;
	const char *code = NULL, *first;

	SKIP_WITHOUT(t);
	first = public_report(t, "MS24", &parent);
	code = public_report(t, "MS24", &child);
	assert_true(strcmp(first, code) != 0);
	DONE("duty", child, "merge", ev_body(t, "{\"into_id\":\"%lld\"}", (long long)parent), "merged");
	DONE("duty", parent, "accept", "{}", "accepted");
	assert_int_equal(follow(t, code), 200);
	assert_string_equal(test_str(t, "state"), "accepted");
	assert_true(test_num(t, "merged") == 1);
	code = public_report(t, "PF10", &child);
	assert_string_equal(test_str(t, "place_name"), "");
	assert_int_equal(follow(t, code), 200);
	assert_string_equal(test_str(t, "state"), "dispatched");
	assert_string_equal(test_str(t, "place_name"), "");
}

static void test_public_refused(void **state)
{
	static const char *const bad[] = { "{\"text\":\"x\",\"source\":\"desk\"}", "{\"text\":\"x\",\"urgency\":\"U1\"}",
		"{\"text\":\"x\",\"ext_no\":\"1\"}", "{\"code\":\"MS24\"}", "{\"text\":\"x\",\"state\":\"closed\"}",
		"{\"text\":\"x\",\"code\":\"NO\"}", "[]", "" };
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	ev_as(t, NULL);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(test_call(t, "POST /api/public/reports", bad[i]), 400);
	assert_int_equal(matters(t), 0);
}

static void test_public_rate_limit(void **state)
{
	static const char body[] = "{\"text\":\"x\",\"place\":\"" GRID1 "\"}";
	struct test_app *t = *state;
	int taken = 0;

	SKIP_WITHOUT(t);
	ev_as(t, NULL);
	while (taken < 100 && test_call(t, "POST /api/public/reports", body) == 201)
		taken++;
	assert_int_equal(taken, 10);
	assert_int_equal(t->status, 429);
	assert_string_equal(test_error(t), "rate");
	assert_int_equal(matters(t), 10);
	t->now += MS_MINUTE; /* five more a minute later */
	for (taken = 0; taken < 100 && test_call(t, "POST /api/public/reports", body) == 201;)
		taken++;
	assert_int_equal(taken, 5);
	/* guessing codes is slow too */
	for (taken = 0; taken < 200 && follow(t, "AAAAAAAAAA") == 404;)
		taken++;
	assert_true(taken <= 60);
	assert_int_equal(t->status, 429);
	/* those with an account are not held up */
	ev_report(t, "resident", "\"place\":\"" GRID1 "\"");
}

/* ---- repeated and stale ---- */

static void test_repeated_key(void **state)
{
	struct test_app *t = *state;
	const char *first;
	int64_t id;

	SKIP_WITHOUT(t);
	ev_as(t, "resident");
	t->key = "key-1";
	assert_int_equal(test_call(t, "POST /api/events", "{\"text\":\"x\",\"code\":\"MS24\"}"), 201);
	first = ev_body(t, "%s", test_str(t, "id"));
	assert_int_equal(test_call(t, "POST /api/events", "{\"text\":\"x\",\"code\":\"MS24\"}"), 201);
	assert_string_equal(test_str(t, "id"), first);
	assert_int_equal(matters(t), 1);
	assert_int_equal(test_call(t, "POST /api/events", "{\"text\":\"y\",\"code\":\"MS24\"}"), 409);
	assert_string_equal(test_error(t), "idempotency");
	/* somebody else's key is another one; a failed request may be repeated with its key */
	ev_as(t, "resident_b");
	assert_int_equal(test_call(t, "POST /api/events", "{\"text\":\"x\",\"code\":\"ZZ\"}"), 400);
	assert_int_equal(test_call(t, "POST /api/events", "{\"text\":\"x\",\"code\":\"MS24\"}"), 201);
	assert_int_equal(matters(t), 2);
	/* an action */
	assert_true(str_i64(str_z(first), &id));
	t->key = "key-2";
	DONE("duty", id, "accept", "{\"version\":1}", "accepted");
	DONE("duty", id, "accept", "{\"version\":1}", "accepted");
	assert_int_equal(ev_matter(t, id).version, 2);
	t->key = NULL;
	NOT("duty", id, "accept", "{\"version\":1}", 409, "conflict.version");
	/* a public report */
	t->key = "key-3";
	ev_as(t, NULL);
	assert_int_equal(test_call(t, "POST /api/public/reports", "{\"text\":\"x\",\"place\":\"" GRID1 "\"}"), 201);
	first = ev_body(t, "%s", test_str(t, "query_code"));
	assert_int_equal(test_call(t, "POST /api/public/reports", "{\"text\":\"x\",\"place\":\"" GRID1 "\"}"), 201);
	assert_string_equal(test_str(t, "query_code"), first);
	assert_int_equal(matters(t), 3);
}

static void test_bad_bodies(void **state)
{
	static const char *const bad[] = { "{", "[]", "\"x\"", "{\"version\":\"x\"}", "{\"version\":0}", "{\"version\":1.5}",
		"{\"text\":7}", "{\"text\":{}}", "{\"colour\":1}", "{\"version\":1,\"version\":1}", "{\"urgency\":\"U7\"}",
		"{\"place\":\"12\"}", "{\"lon\":999}", "{\"lon\":\"x\"}", "{\"until\":\"tomorrow\"}", "{\"until\":\"2026-02-30T10:00:00Z\"}",
		"{\"event_code\":\"x\"}", "{\"event_code\":-1}", "{\"text\":\"\xff\"}", "{\"text\":\"\\u0000\"}", "{\"plan\":\"x\"}",
		"{\"id\":1}", "{\"state\":\"closed\"}", "{\"files\":[\"x\"]}", "{\"files\":\"1\"}" };
	struct test_app *t = *state;
	char *deep;
	int64_t id;

	SKIP_WITHOUT(t);
	id = ev_report(t, "resident", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (ev_act(t, "duty", id, "accept", bad[i]) != 400 || test_error(t)[0] == '\0')
			fail_msg("%s: %d %s", bad[i], t->status, test_error(t));
	}
	deep = arena_alloc(t->app.arena, 9000);
	assert_non_null(deep);
	memcpy(deep, "{\"text\":\"", 9);
	memset(deep + 9, 'x', 4001);
	memcpy(deep + 4010, "\"}", 3);
	assert_int_equal(ev_act(t, "duty", id, "comment", deep), 400);
	memset(deep, '[', 4000);
	memcpy(deep, "{\"coop\":", 8);
	deep[4000] = '\0';
	assert_int_equal(ev_act(t, "duty", id, "dispatch", deep), 400);
	assert_int_equal(ev_matter(t, id).version, 1);
	ev_as(t, "duty");
	assert_int_equal(test_call(t, "POST /api/events/x/actions/accept", "{}"), 404);
	assert_int_equal(test_call(t, "POST /api/events/-1/actions/accept", "{}"), 404);
	assert_int_equal(test_call(t, "POST /api/events/99999999999999999999/actions/accept", "{}"), 404);
	assert_int_equal(test_call(t, "GET /api/events?colour=red", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/events?state=nowhere", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/events?limit=201", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/events?limit=0", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/events?box=1,2,3", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/events?category=ZZ", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/events?after=nonsense", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/events?sort=colour", NULL), 400);
}

static void test_bulk(void **state)
{
	struct test_app *t = *state;
	int64_t a, b, far;

	SKIP_WITHOUT(t);
	a = ev_report(t, "resident", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	b = ev_report(t, "resident", "\"place\":\"" GRID1 "\""); /* without a code: cannot be accepted so */
	far = ev_report(t, "far", "\"code\":\"MS24\",\"place\":\"" GRID4 "\"");
	ev_as(t, "duty");
	assert_int_equal(test_call(t, "POST /api/events/bulk", ev_body(t, "{\"action\":\"accept\",\"ids\":[\"%lld\",\"%lld\",\"%lld\","
		"\"x\"],\"body\":{}}", (long long)b, (long long)a, (long long)far)), 200);
	assert_int_equal(test_len(t, "done"), 1);
	assert_string_equal(test_str(t, "done.0"), ev_body(t, "%lld", (long long)a));
	assert_int_equal(test_len(t, "failed"), 3);
	assert_string_equal(test_str(t, "failed.0.error.code"), "required");
	assert_string_equal(test_str(t, "failed.1.error.code"), "not_found");
	assert_true(test_str(t, "failed.2.error.code")[0] != '\0');
	assert_string_equal(test_str(t, "undo"), "unaccept");
	assert_int_equal(ev_matter(t, a).state, MS_ACCEPTED);
	assert_true(ev_matter(t, b).state == MS_REPORTED && ev_matter(t, b).version == 1);
	assert_int_equal(ev_matter(t, far).version, 1);
	assert_int_equal(test_call(t, "POST /api/events/bulk", ev_body(t, "{\"action\":\"unaccept\",\"ids\":[\"%lld\"]}",
		(long long)a)), 200);
	assert_int_equal(ev_matter(t, a).state, MS_REPORTED);
	assert_int_equal(test_call(t, "POST /api/events/bulk", "{\"action\":\"accept\",\"ids\":[]}"), 400);
	assert_int_equal(test_call(t, "POST /api/events/bulk", "{\"action\":\"accept\",\"ids\":\"1\"}"), 400);
	assert_int_equal(test_call(t, "POST /api/events/bulk", "{\"ids\":[\"1\"]}"), 400);
	assert_int_equal(test_call(t, "POST /api/events/bulk", ev_body(t, "{\"action\":\"accept\",\"ids\":[\"%lld\"],"
		"\"body\":{\"colour\":1}}", (long long)a)), 200);
	assert_int_equal(test_len(t, "done"), 0);
	assert_string_equal(test_str(t, "failed.0.error.code"), "unknown_field");
	assert_int_equal(ev_matter(t, a).state, MS_REPORTED);
}

/* Exact counts, filters and pages of the list. */
static void test_list(void **state)
{
	static const struct {
		const char *query;
		size_t n;
	} c[] = {
		{ "", 3 }, { "?state=accepted", 1 }, { "?state=accepted,reported", 3 }, { "?category=MS24", 1 },
		{ "?category=livelihood", 2 }, { "?category=peace", 1 }, { "?place=" GRID2, 1 }, { "?place=" STREET1, 3 },
		{ "?place=" GRID4, 0 }, { "?open=true", 3 }, { "?open=false", 0 }, { "?urgency=U2", 2 },
		{ "?q=%E5%9E%83%E5%9C%BE", 3 }, { "?q=%E8%B7%AF%E7%81%AF", 0 }, { "?mine=true", 0 },
		{ "?from=2026-03-02T10:05:00%2B08:00", 1 }, { "?to=2026-03-02T10:05:00%2B08:00", 2 }, { "?source=grid", 0 },
		{ "?source=resident", 3 }, { "?unit=201", 0 }, { "?level=1", 0 }, { "?sort=due", 3 }, { "?sort=id", 3 },
	};
	struct test_app *t = *state;
	int64_t first;

	SKIP_WITHOUT(t);
	first = ev_report(t, "resident", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	ev_report(t, "resident", "\"code\":\"MS03\",\"place\":\"" GRID2 "\"");
	t->now += 5 * (int64_t)MS_MINUTE;
	ev_report(t, "resident_b", "\"code\":\"PF06\",\"place\":\"" GRID1 "\"");
	DONE("duty", first, "accept", "{}", "accepted");
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		const char *sep = c[i].query[0] == '\0' ? "?" : "&";

		if (test_call(t, ev_body(t, "GET /api/events%s%scount=true", c[i].query, sep), NULL) != 200 ||
		    test_len(t, "items") != c[i].n || (size_t)test_num(t, "count") != c[i].n)
			fail_msg("%s: %d, %zu rows", c[i].query, t->status, test_len(t, "items"));
	}
	/* pages of one, in every order */
	for (size_t i = 0; i < 3; i++) {
		static const char *const sort[] = { "id", "-id", "due" };
		const char *after = "";
		int pages = 0;

		do {
			assert_int_equal(test_call(t, ev_body(t, "GET /api/events?limit=1&sort=%s%s%s", sort[i],
				after[0] != '\0' ? "&after=" : "", after), NULL), 200);
			assert_int_equal(test_len(t, "items"), 1);
			after = ev_body(t, "%s", test_str(t, "next"));
			pages++;
		} while (after[0] != '\0' && pages < 10);
		assert_int_equal(pages, 3);
	}
	assert_int_equal(test_call(t, "GET /api/matters/counts", NULL), 200);
	assert_int_equal((int)test_num(t, "all"), 3);
	assert_int_equal((int)test_num(t, "todo"), 3);
	assert_int_equal(test_call(t, "GET /api/matters?tab=todo&kind=event&count=true", NULL), 200);
	assert_int_equal(test_len(t, "items"), 3);
	ev_as(t, "resident");
	assert_int_equal(test_call(t, "GET /api/events?mine=true", NULL), 200);
	assert_int_equal(test_len(t, "items"), 2);
	ev_as(t, "duty");
	assert_int_equal(test_call(t, "GET /api/events/export?format=csv&category=peace", NULL), 200);
	assert_true(says(t, "U2") && !says(t, ",accepted,"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_codes), TEST_BOTH(test_public_way), TEST_BOTH(test_public_appeal_and_object),
		TEST_BOTH(test_public_merged_and_sealed), TEST_BOTH(test_public_refused), TEST_BOTH(test_public_rate_limit),
		TEST_BOTH(test_repeated_key), TEST_BOTH(test_bad_bodies), TEST_BOTH(test_bulk), TEST_BOTH(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
