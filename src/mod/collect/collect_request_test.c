/* Change requests: sealed until decided, decided by somebody else, with the row's own checks;
 * conflicts by field. */
#include "mod/collect/collect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mod/calendar/calendar.h"
#include "mod/place/place.h"
#include "mod/test_registry/test_registry.h"

static const struct module *const modules[] = { &calendar_module, &place_module, &matter_module,
	&registry_module, &collect_module, NULL };

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
	return t;
}

TEST_FIXTURE(fresh);

static void as(struct test_app *t, int64_t user, enum role role, int64_t place)
{
	test_post(t, role, place);
	t->who.user_id = user;
}

static int ask(struct test_app *t, const char *person, const char *changes, char id[32])
{
	char body[600];
	int status;

	snprintf(body, sizeof(body),
		"{\"kind\":\"persons\",\"object_id\":\"%s\",\"changes\":%s,\"text\":\"本人来电\"}",
		person, changes);
	status = test_call(t, "POST /api/change_requests", body);
	if (status == 201)
		snprintf(id, 32, "%s", test_str(t, "id"));
	return status;
}

static int act(struct test_app *t, const char *id, const char *action, const char *body)
{
	char path[120];

	snprintf(path, sizeof(path), "POST /api/change_requests/%s/actions/%s", id, action);
	return test_call(t, path, body);
}

static void test_asked_and_decided(void **state)
{
	struct test_app *t = *state;
	char man[32], id[32], path[80];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "persons", man,
				 "{\"name\":\"王建国\",\"birth\":\"1950-03-07\",\"phone\":"
				 "\"13800001111\",\"place\":\"" GRID1 "\"}"),
		201);
	/* What the row's own rules refuse is refused at once; so is what says nothing new. */
	as(t, 2, ROLE_POST_CLERK, AT_STREET1);
	assert_int_equal(ask(t, man, "{\"phone\":\"123\"}", id), 400);
	assert_string_equal(test_error(t), "registry.phone");
	assert_int_equal(ask(t, man, "{\"name\":\"王建国\"}", id), 400);
	assert_string_equal(test_error(t), "change.nothing");
	assert_int_equal(ask(t, man, "{\"verified_at\":\"2026-01-01\"}", id), 400);
	assert_int_equal(ask(t, "1", "{\"name\":\"王\"}", id), 404);
	assert_int_equal(ask(t, man, "{\"phone\":\"139 0000 2222\",\"sex\":\"male\"}", id), 201);
	/* Sealed: neither the matter nor the record says it; its clock runs fifteen working days.
	 */
	assert_int_equal(
		reg_int(t, "SELECT count(*) AS n FROM audit WHERE detail LIKE '%13900002222%'"), 0);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM matter WHERE kind = 3 AND title "
				    "LIKE '%手机号%' AND due_at IS NOT NULL "
				    "AND data IS NULL"),
		1);
	snprintf(path, sizeof(path), "GET /api/change_requests/%s", id);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_int_equal(test_len(t, "differences"), 2);
	assert_string_equal(test_str(t, "due_at"), "2026-06-10T18:00:00+08:00");
	assert_true(reg_said(t, "139****2222"));
	assert_false(reg_said(t, "13900002222"));
	/* Whoever asked does not decide, even with another post; elsewhere nobody sees it. */
	as(t, 2, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_false(reg_said(t, "\"approve\""));
	assert_int_equal(act(t, id, "approve", "{}"), 403);
	assert_string_equal(test_error(t), "change.own");
	assert_int_equal(act(t, id, "refuse", "{\"text\":\"不\"}"), 403);
	as(t, 3, ROLE_COMMUNITY_SECRETARY, AT_GRID3);
	assert_int_equal(act(t, id, "approve", "{}"), 404);
	as(t, 3, ROLE_GRID_WORKER_FT, AT_GRID1);
	assert_int_equal(test_call(t, "GET /api/matters/counts", NULL), 200);
	assert_int_equal((int)test_num(t, "todo"), 1);
	assert_int_equal(act(t, id, "approve", "{}"), 200);
	assert_string_equal(test_str(t, "outcome"), "approved");
	assert_int_equal(test_len(t, "differences"), 0);
	assert_int_equal(test_callf(t, "GET /api/persons/%s", man, NULL), 200);
	assert_string_equal(test_str(t, "phone"), "139****2222");
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM change_request WHERE wanted IS NULL "
				    "AND outcome = 0"),
		1);
	/* The value's source is whoever asked, and its date when they did. */
	assert_int_equal(
		reg_int(t, "SELECT user_id AS n FROM registry_fact WHERE field = 'phone'"), 2);
	assert_int_equal(act(t, id, "approve", "{}"), 409);
}

static void test_conflicts_and_withdrawal(void **state)
{
	struct test_app *t = *state;
	char man[32], id[32], path[80];

	SKIP_WITHOUT(t);
	assert_int_equal(
		reg_add(t, "persons", man,
			"{\"name\":\"王建国\",\"birth\":\"1950-03-07\",\"place\":\"" GRID1 "\"}"),
		201);
	as(t, 2, ROLE_POST_CLERK, AT_STREET1);
	assert_int_equal(ask(t, man, "{\"name\":\"王建军\",\"sex\":\"male\"}", id), 201);
	as(t, 3, ROLE_GRID_LEADER, AT_GRID1);
	/* Somebody changed one of them meanwhile, the other to what was asked for. */
	assert_int_equal(
		reg_patch(t, "persons", man, "{\"name\":\"王建华\",\"sex\":\"male\"}"), 200);
	snprintf(path, sizeof(path), "GET /api/change_requests/%s", id);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_int_equal((int)test_num(t, "differences.0.conflict"), 1);
	assert_int_equal((int)test_num(t, "differences.1.conflict"), 0);
	assert_int_equal(act(t, id, "approve", "{}"), 409);
	assert_string_equal(test_error(t), "change.conflict");
	assert_string_equal(test_str(t, "error.field"), "name");
	assert_int_equal(act(t, id, "withdraw", "{}"), 403);
	assert_int_equal(act(t, id, "refuse", "{}"), 400);
	assert_int_equal(act(t, id, "refuse", "{\"text\":\"姓名已另行更正\"}"), 200);
	assert_string_equal(test_str(t, "outcome"), "rejected");
	as(t, 2, ROLE_POST_CLERK, AT_STREET1);
	assert_int_equal(ask(t, man, "{\"name\":\"王建军\"}", id), 201);
	assert_int_equal(act(t, id, "withdraw", "{}"), 200);
	assert_string_equal(test_str(t, "outcome"), "withdrawn");
	assert_int_equal(
		reg_int(t, "SELECT count(*) AS n FROM change_request WHERE wanted IS NOT NULL"), 0);
	assert_int_equal(test_callf(t, "GET /api/persons/%s", man, NULL), 200);
	as(t, 3, ROLE_GRID_LEADER, AT_GRID1);
	assert_int_equal(test_callf(t, "GET /api/persons/%s", man, NULL), 200);
	assert_string_equal(test_str(t, "name"), "王建华");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_asked_and_decided),
		TEST_BOTH(test_conflicts_and_withdrawal),
	};

	return cmocka_run_group_tests_name("change requests (R022)", tests, NULL, NULL);
}
