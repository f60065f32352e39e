/* A person's own page: nobody sees another's; a code proves once; withdrawal, correction and deletion. */
#include "mod/self/self.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/rate.h"
#include "mod/calendar/calendar.h"
#include "mod/collect/collect.h"
#include "mod/place/place.h"
#include "mod/test_registry/test_registry.h"

static const struct module *const modules[] = { &calendar_module, &place_module, &matter_module, &registry_module,
	&collect_module, &self_module, NULL };

enum { RESIDENT = 2, OTHER = 3, SECRETARY = 4 };

static enum err fill(struct req *rq, void *arg)
{
	enum err err = calendar_seed(rq->db);

	(void)arg;
	return err != OK ? err : snap_touch(rq->db);
}

static struct test_app *fresh(enum db_engine e)
{
	struct test_app *t = reg_fresh_with(e, modules);

	assert_int_equal(test_local(t, fill, NULL), OK);
	t->app.rate = rate_new();
	test_sql(t, "INSERT INTO account (id, version, login, name, created_at, updated_at) VALUES (2, 1, 'r', '居民', 0, 0), "
		    "(3, 1, 'o', '他人', 0, 0), (4, 1, 's', '书记', 0, 0)");
	return t;
}

TEST_FIXTURE(fresh);

static void as(struct test_app *t, int64_t user)
{
	test_post(t, user == SECRETARY ? ROLE_COMMUNITY_SECRETARY : ROLE_RESIDENT, AT_COMMUNITY1);
	t->who.user_id = user;
}

static int use(struct test_app *t, const char *code)
{
	char body[60];

	snprintf(body, sizeof(body), "{\"code\":\"%s\"}", code);
	return test_call(t, "POST /api/self/code", body);
}

/* A man, his daughter of six, a plan that stands on his consent; he has proven who he is. */
static void settle(struct test_app *t, char man[32], char child[32], char consent[32])
{
	char code[32];

	as(t, SECRETARY);
	assert_int_equal(reg_add(t, "persons", man, "{\"name\":\"王建国\",\"birth\":\"1950-03-07\",\"phone\":\"13800001111\",\"place\":\""
		GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "persons", child, "{\"name\":\"王小兰\",\"birth\":\"2020-02-01\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "links", NULL, "{\"role\":\"guardian\",\"from_kind\":\"person\",\"from_id\":\"%s\",\"to_kind\":\"person\","
		"\"to_id\":\"%s\",\"valid_from\":\"2026-01-01\"}", man, child), 201);
	assert_int_equal(reg_add(t, "consents", consent, "{\"person_id\":\"%s\",\"purpose\":\"走访\"}", man), 201);
	assert_int_equal(reg_add(t, "care_plans", NULL, "{\"target_kind\":\"person\",\"target_id\":\"%s\",\"type\":\"lone_elder\","
		"\"basis\":\"本人申请\",\"consent_id\":\"%s\",\"expires\":\"2026-12-31\",\"cycle_days\":30}", man, consent), 201);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/holder_code", man, NULL), 201);
	snprintf(code, sizeof(code), "%s", test_str(t, "code"));
	/* Whoever made it proves nothing with it; a wrong one does not either. */
	assert_int_equal(use(t, code), 403);
	as(t, RESIDENT);
	assert_int_equal(use(t, "ZZZZZZZZ"), 404);
	assert_int_equal(use(t, code), 201);
	assert_int_equal(test_len(t, "items"), 2);
	assert_string_equal(test_str(t, "items.1.own"), "ward");
	as(t, OTHER);
	assert_int_equal(use(t, code), 404);
}

static void test_own_record(void **state)
{
	struct test_app *t = *state;
	char man[32], child[32], consent[32], path[160];

	SKIP_WITHOUT(t);
	settle(t, man, child, consent);
	/* Others see nothing, not even staff by this way. */
	assert_int_equal(test_callf(t, "GET /api/self/%s", man, NULL), 404);
	as(t, SECRETARY);
	assert_int_equal(test_callf(t, "GET /api/self/%s", man, NULL), 404);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/unmask", man, "{\"fields\":[\"phone\"],\"purpose\":\"电话回访\"}"), 200);
	as(t, RESIDENT);
	assert_int_equal(test_callf(t, "GET /api/self/%s", man, NULL), 200);
	assert_true(reg_said(t, "13800001111") && reg_said(t, "王建国"));
	assert_string_equal(test_str(t, "plans.0.type"), "lone_elder");
	assert_string_equal(test_str(t, "plans.0.basis"), "本人申请");
	assert_string_equal(test_str(t, "readers.0.purpose"), "电话回访");
	assert_int_equal(test_callf(t, "GET /api/self/%s", child, NULL), 200);
	/* From fourteen on she asks for herself. */
	test_sql(t, "UPDATE person SET birth = 20110101 WHERE birth = 20200201");
	assert_int_equal(test_callf(t, "GET /api/self/%s", child, NULL), 404);
	assert_int_equal(test_call(t, "GET /api/self", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	/* A consent withdrawn ends the plan at once. */
	snprintf(path, sizeof(path), "POST /api/self/%s/consents/%s/withdraw", man, consent);
	as(t, OTHER);
	assert_int_equal(test_call(t, path, NULL), 404);
	as(t, RESIDENT);
	assert_int_equal(test_call(t, path, NULL), 201);
	assert_int_equal(test_call(t, path, NULL), 409);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM care_plan WHERE ended_at IS NOT NULL AND ended_reason = 3"), 1);
}

static void test_asking(void **state)
{
	struct test_app *t = *state;
	char man[32], child[32], consent[32], id[32], path[160];

	SKIP_WITHOUT(t);
	settle(t, man, child, consent);
	as(t, RESIDENT);
	/* A correction is decided by staff and then says that it came from the person. */
	assert_int_equal(test_callf(t, "POST /api/self/%s/changes", man, "{\"changes\":{\"place\":\"" GRID2 "\"}}"), 400);
	assert_int_equal(test_callf(t, "POST /api/self/%s/changes", man, "{\"changes\":{\"phone\":\"13900002222\"}}"), 201);
	snprintf(path, sizeof(path), "POST /api/change_requests/%s/actions/approve", test_str(t, "id"));
	assert_int_equal(test_call(t, path, "{}"), 403);
	as(t, SECRETARY);
	assert_int_equal(test_call(t, path, "{}"), 200);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM registry_fact WHERE field = 'phone' AND source = 2"), 1);
	/* An explanation is due in fifteen working days, and is asked for once. */
	as(t, RESIDENT);
	assert_int_equal(test_callf(t, "POST /api/self/%s/requests", man, "{\"what\":\"explain\",\"text\":\"为何留存电话\"}"), 201);
	assert_string_equal(test_str(t, "due_at"), "2026-06-10T18:00:00+08:00");
	assert_int_equal(test_callf(t, "POST /api/self/%s/requests", man, "{\"what\":\"explain\",\"text\":\"为何留存电话\"}"), 409);
	/* A deletion is granted by somebody else, and what names the person is gone. */
	assert_int_equal(test_callf(t, "POST /api/self/%s/requests", man, "{\"what\":\"delete\",\"text\":\"请删除\"}"), 201);
	snprintf(id, sizeof(id), "%s", test_str(t, "id"));
	as(t, SECRETARY);
	assert_int_equal(test_callf(t, "POST /api/data_requests/%s/actions/answer", id, "{\"text\":\"好\"}"), 409);
	assert_int_equal(test_callf(t, "POST /api/data_requests/%s/actions/grant", id, "{\"text\":\"已无法定留存理由\"}"), 200);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM person WHERE phone IS NULL AND birth IS NULL AND active = 0"), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM care_plan WHERE ended_at IS NULL"), 0);
	as(t, RESIDENT);
	assert_int_equal(test_call(t, "GET /api/self/requests", NULL), 200);
	assert_int_equal(test_len(t, "items"), 3);
	assert_true(reg_said(t, "已无法定留存理由"));
	as(t, OTHER);
	assert_int_equal(test_call(t, "GET /api/self/requests", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
}

/* Whoever was visited says whether somebody came; if not, somebody else than the visitor looks into it. */
static void test_visits(void **state) /* R032 */
{
	struct test_app *t = *state;
	char man[32], child[32], consent[32], plan[32], visit[32], id[32], confirm[100], object[100], act[100];

	SKIP_WITHOUT(t);
	settle(t, man, child, consent);
	as(t, SECRETARY);
	assert_int_equal(test_callf(t, "GET /api/care_plans?target_id=%s", man, NULL), 200);
	snprintf(plan, sizeof(plan), "%s", test_str(t, "items.0.id"));
	test_post(t, ROLE_GRID_WORKER_FT, AT_GRID1);
	t->who.user_id = OTHER;
	assert_int_equal(reg_add(t, "care_visits", visit, "{\"plan_id\":\"%s\",\"outcome\":\"met\",\"on_spot\":true}", plan), 201);
	assert_int_equal(test_callf(t, "GET /api/care_plans/%s", plan, NULL), 200);
	assert_string_equal(test_str(t, "next_due"), "2026-06-19");
	snprintf(confirm, sizeof(confirm), "POST /api/self/%s/visits/%s/confirm", man, visit);
	snprintf(object, sizeof(object), "POST /api/self/%s/visits/%s/object", man, visit);
	as(t, OTHER);
	assert_int_equal(test_call(t, object, NULL), 404);
	as(t, RESIDENT);
	assert_int_equal(test_callf(t, "GET /api/self/%s", man, NULL), 200);
	assert_string_equal(test_str(t, "visits.0.confirmed"), "on_spot");
	assert_string_equal(test_str(t, "visits.0.object_by"), "2026-06-19T10:00:00+08:00");
	assert_true(reg_said(t, "\"confirm_by\":null"));
	/* It was not: nobody came. */
	assert_int_equal(test_call(t, confirm, NULL), 409);
	assert_int_equal(test_call(t, object, NULL), 201);
	assert_int_equal(test_call(t, object, NULL), 409);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM matter_log WHERE action = 'object' AND actor_id IS NULL"), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM audit WHERE action = 'object' AND actor_id = 2"), 1);
	test_post(t, ROLE_GRID_LEADER, AT_GRID1);
	t->who.user_id = OTHER; /* who entered it */
	assert_int_equal(test_call(t, "GET /api/matters?tab=todo", NULL), 200);
	assert_string_equal(test_str(t, "items.0.state"), "reported");
	snprintf(id, sizeof(id), "%s", test_str(t, "items.0.id"));
	snprintf(act, sizeof(act), "POST /api/visits/%s/actions/redo", id);
	assert_int_equal(test_call(t, act, "{}"), 403);
	assert_string_equal(test_error(t), "visit.own");
	as(t, SECRETARY);
	assert_int_equal(test_call(t, act, "{}"), 200);
	assert_string_equal(test_str(t, "state"), "handling");
	assert_string_equal(test_str(t, "due_at"), "2026-06-19T23:59:59+08:00");
	/* It counts no more, and the visit is made again. */
	assert_int_equal(test_call(t, "GET /api/reports/care-coverage", NULL), 200);
	assert_int_equal((int)test_num(t, "numerator"), 0);
	assert_int_equal((int)test_num(t, "denominator"), 1);
	t->now += MS_DAY;
	assert_int_equal(reg_add(t, "care_visits", visit, "{\"plan_id\":\"%s\",\"outcome\":\"met\"}", plan), 201);
	snprintf(confirm, sizeof(confirm), "POST /api/self/%s/visits/%s/confirm", man, visit);
	as(t, RESIDENT);
	assert_int_equal(test_callf(t, "GET /api/self/%s", man, NULL), 200);
	assert_string_equal(test_str(t, "visits.0.confirm_by"), "2026-05-28T10:00:00+08:00");
	assert_string_equal(test_str(t, "visits.1.outcome"), "refuted");
	assert_int_equal(test_call(t, confirm, NULL), 201);
	assert_int_equal(test_callf(t, "GET /api/self/%s", man, NULL), 200);
	assert_string_equal(test_str(t, "visits.0.confirmed"), "self");
	as(t, SECRETARY);
	assert_int_equal(test_callf(t, "GET /api/visits/%s", id, NULL), 200);
	assert_string_equal(test_str(t, "state"), "closed");
	assert_string_equal(test_str(t, "confirmed"), "self");
}

/* The head of a household speaks for it, nobody else in it. */
static void test_head(void **state) /* R032 */
{
	struct test_app *t = *state;
	char man[32], child[32], consent[32], plan[32], visit[32], id[32], confirm[100];

	SKIP_WITHOUT(t);
	settle(t, man, child, consent);
	as(t, SECRETARY);
	assert_int_equal(reg_add(t, "households", id, "{\"place\":\"" GRID1 "\",\"size\":2}"), 201);
	assert_int_equal(reg_add(t, "care_plans", plan, "{\"target_kind\":\"household\",\"target_id\":\"%s\",\"type\":\"hardship\","
		"\"basis\":\"低保\",\"law\":\"社会救助暂行办法\",\"expires\":\"2026-12-31\",\"cycle_days\":30}", id), 201);
	assert_int_equal(reg_add(t, "care_visits", visit, "{\"plan_id\":\"%s\",\"outcome\":\"met\"}", plan), 201);
	snprintf(confirm, sizeof(confirm), "POST /api/self/%s/visits/%s/confirm", man, visit);
	as(t, RESIDENT);
	assert_int_equal(test_call(t, confirm, NULL), 404);
	test_sql(t, "UPDATE household SET head_id = (SELECT id FROM person WHERE name = '王建国')");
	assert_int_equal(test_callf(t, "GET /api/self/%s", man, NULL), 200);
	assert_int_equal(test_len(t, "plans"), 2);
	assert_int_equal(test_call(t, confirm, NULL), 201);
}

#define ASK(name, id_no, phone) "{\"name\":\"" name "\",\"id_no\":\"" id_no "\",\"phone\":\"" phone "\"}"

/* Asking for an account says nothing of the register; the counter is told, and done with it when a code is made. */
static void test_access(void **state)
{
	static const char *const asked[] = {
		ASK("孙长庚", "990101195003070017", "138 0000 2222"), /* fits; asked twice, told once */
		ASK("孙长庚", "990101195003070017", "13800002222"),
		ASK("孙长生", "990101195003070017", "13800002222"), /* another name, telephone, nobody */
		ASK("孙长庚", "990101195003070017", "13800003333"),
	};
	struct test_app *t = *state;
	char man[32], id[32], first[200] = "";

	SKIP_WITHOUT(t);
	as(t, SECRETARY);
	assert_int_equal(reg_add(t, "persons", man, "{\"name\":\"孙长庚\",\"id_no\":\"990101195003070017\",\"phone\":\"13800002222\","
		"\"place\":\"" GRID1 "\"}"), 201);
	t->nobody = true;
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		assert_int_equal(test_call(t, "POST /api/self/access", asked[i]), 200);
		if (i == 0)
			snprintf(first, sizeof(first), "%.*s", (int)t->raw.n, t->raw.p);
		assert_true(str_eqz(buf_view(&t->raw), first));
	}
	assert_int_equal(test_call(t, "POST /api/self/access", ASK("孙长庚", "990101195003070018", "13800002222")), 400);
	t->nobody = false;
	as(t, SECRETARY);
	assert_int_equal(test_call(t, "GET /api/data_requests", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	snprintf(id, sizeof(id), "%s", test_str(t, "items.0.id"));
	assert_false(reg_said(t, "孙长庚") || reg_said(t, "13800002222"));
	assert_int_equal(test_callf(t, "GET /api/data_requests/%s", id, NULL), 200);
	assert_string_equal(test_str(t, "what"), "access");
	assert_string_equal(test_str(t, "person_id"), man);
	assert_int_equal(test_callf(t, "POST /api/data_requests/%s/actions/answer", id, "{\"text\":\"好\"}"), 409);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/holder_code", man, NULL), 201);
	assert_int_equal(test_callf(t, "GET /api/data_requests/%s", id, NULL), 200);
	assert_string_equal(test_str(t, "state"), "closed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_own_record),
		TEST_BOTH(test_asking),
		TEST_BOTH(test_visits),
		TEST_BOTH(test_access),
		TEST_EMBEDDED(test_head),
	};

	if (crypto_init() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
