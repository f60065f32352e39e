/* Visits as matters: opened when due, done by a visit, confirmed, refuted, ended with their plan. */
#include "mod/test_registry/test_registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/matter.h"
#include "core/matter_sweep.h"
#include "mod/place/place.h"
#include "mod/registry/registry_rules.h"

static const struct module *const modules[] = { &place_module, &matter_module, &registry_module, NULL };

enum { SECRETARY = 4, WORKER = 5, OTHER = 6 };

static struct test_app *fresh(enum db_engine e)
{
	struct test_app *t = reg_fresh_with(e, modules);

	test_sql(t, "INSERT INTO account (id, version, login, name, created_at, updated_at) VALUES (4, 1, 's', '书记', 0, 0), "
		    "(5, 1, 'w', '网格员甲', 0, 0), (6, 1, 'v', '网格员乙', 0, 0)");
	return t;
}

TEST_FIXTURE(fresh);

static void as(struct test_app *t, int64_t user)
{
	test_post(t, user == SECRETARY ? ROLE_COMMUNITY_SECRETARY : ROLE_GRID_WORKER_FT, user == SECRETARY ? AT_COMMUNITY1 : AT_GRID1);
	t->who.user_id = user;
}

static void turn(struct test_app *t)
{
	assert_int_equal(visits_turn(&t->app, t->reader, t->now), OK);
}

static void later(struct test_app *t, int days)
{
	t->now += days * (int64_t)MS_DAY;
	assert_int_equal(matter_sweep(&t->app, t->reader, t->now), OK);
}

/* Somebody at 1栋 1-301 with a plan of thirty days, due on 22 May: two days from now. */
static void settle(struct test_app *t, char person[32], char plan[32], const char *more)
{
	char b[32], r[32], h[32];

	as(t, SECRETARY);
	assert_int_equal(reg_add(t, "buildings", b, "{\"name\":\"1栋\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "rooms", r, "{\"building_id\":\"%s\",\"unit_no\":\"1\",\"room_no\":\"301\"}", b), 201);
	assert_int_equal(reg_add(t, "households", h, "{\"room_id\":\"%s\",\"size\":1}", r), 201);
	assert_int_equal(reg_add(t, "persons", person, "{\"name\":\"王建国\",\"household_id\":\"%s\",\"relation\":\"head\"}", h), 201);
	assert_int_equal(reg_add(t, "care_plans", plan, "{\"target_kind\":\"person\",\"target_id\":\"%s\",\"type\":\"lone_elder\","
		"\"basis\":\"独居老人探访\",\"law\":\"老年人权益保障法\",\"started\":\"2026-04-22\",\"expires\":\"2026-12-31\","
		"\"cycle_days\":30%s}", person, more), 201);
	turn(t);
}

static int visit(struct test_app *t, const char *plan, const char *outcome, const char *more)
{
	return reg_add(t, "care_visits", NULL, "{\"plan_id\":\"%s\",\"outcome\":\"%s\"%s}", plan, outcome, more);
}

/* The one matter there is; its id in `id`. */
static void one(struct test_app *t, char id[32])
{
	assert_int_equal(test_call(t, "GET /api/visits", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	snprintf(id, 32, "%s", test_str(t, "items.0.id"));
	assert_int_equal(test_callf(t, "GET /api/visits/%s", id, NULL), 200);
}

static int todo(struct test_app *t)
{
	assert_int_equal(test_call(t, "GET /api/matters?tab=todo", NULL), 200);
	size_t n = test_len(t, "items");

	assert_int_equal(test_call(t, "GET /api/matters/counts", NULL), 200);
	assert_int_equal((int)test_num(t, "todo"), (int)n);
	return (int)n;
}

static void test_opened_and_done(void **state) /* R032 */
{
	struct test_app *t = *state;
	char person[32], plan[32], id[32];

	SKIP_WITHOUT(t);
	settle(t, person, plan, "");
	turn(t); /* once is enough */
	as(t, WORKER);
	one(t, id);
	assert_string_equal(test_str(t, "title"), "走访：1栋 1-301");
	assert_string_equal(test_str(t, "state"), "handling");
	assert_string_equal(test_str(t, "due_at"), "2026-05-22T23:59:59+08:00");
	assert_string_equal(test_str(t, "target"), "王建国");
	assert_string_equal(test_str(t, "plan_id"), plan);
	assert_false(reg_said(t, "lone_elder") || reg_said(t, "独居") || reg_said(t, "权益"));
	assert_int_equal(todo(t), 1);
	assert_int_equal(test_call(t, "GET /api/reports/care-due", NULL), 200);
	assert_string_equal(test_str(t, "items.0.visit_matter_id"), id);
	/* At most one that somebody has to make: the store says so. */
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM visit_matter WHERE todo = 1"), 1);
	/* A try is noted; a telephone call where the plan wants a visit too. */
	assert_int_equal(visit(t, plan, "not_home", ""), 201);
	assert_int_equal(visit(t, plan, "phone", ""), 201);
	assert_int_equal(test_callf(t, "GET /api/matters/%s/history", id, NULL), 200);
	assert_int_equal(test_len(t, "items"), 3);
	assert_string_equal(test_str(t, "items.1.action"), "not_home");
	assert_string_equal(test_str(t, "items.2.action"), "phoned");
	assert_int_equal(visit(t, plan, "refuted", ""), 400);
	assert_int_equal(visit(t, plan, "not_home", ",\"on_spot\":true"), 400);
	/* A visit that counts ends it, and the next day is set. */
	assert_int_equal(visit(t, plan, "met", ""), 201);
	one(t, id);
	assert_string_equal(test_str(t, "state"), "checking");
	assert_string_equal(test_str(t, "outcome"), "met");
	assert_int_equal(todo(t), 0);
	assert_int_equal(test_callf(t, "GET /api/care_plans/%s", plan, NULL), 200);
	assert_string_equal(test_str(t, "next_due"), "2026-06-19");
	turn(t);
	/* Nobody says anything for a week: it closes by itself, and is counted as that. */
	later(t, 6);
	one(t, id);
	assert_string_equal(test_str(t, "state"), "checking");
	later(t, 1);
	one(t, id);
	assert_string_equal(test_str(t, "state"), "closed");
	assert_string_equal(test_str(t, "confirmed"), "none");
	assert_int_equal(test_call(t, "GET /api/reports/visit-confirmations?place=" GRID1, NULL), 200);
	assert_int_equal((int)test_num(t, "none"), 1);
	assert_int_equal((int)test_num(t, "waiting"), 0);
	assert_int_equal(test_call(t, "GET /api/reports/visit-confirmations?place=" GRID2, NULL), 200);
	assert_int_equal((int)test_num(t, "none"), 0);
	/* The next one opens three days before its day, or as the settings say. */
	t->now = date_start(20260615);
	turn(t);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM matter WHERE kind = 5"), 1);
	t->app.visit_ahead = 4;
	turn(t);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM matter WHERE kind = 5"), 2);
	/* No history, message or audit entry of any says why. */
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM matter_log WHERE text LIKE '%独居%' OR data LIKE '%elder%'"), 0);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM outbox WHERE data LIKE '%独居%' OR data LIKE '%elder%'"), 0);
}

static void test_follows_its_plan(void **state) /* R032 */
{
	struct test_app *t = *state;
	char person[32], plan[32], id[32];

	SKIP_WITHOUT(t);
	settle(t, person, plan, ",\"visitor_id\":\"5\"");
	/* Whom the plan names has it to do, nobody else. */
	as(t, OTHER);
	assert_int_equal(todo(t), 0);
	as(t, WORKER);
	assert_int_equal(todo(t), 1);
	as(t, SECRETARY);
	assert_int_equal(todo(t), 0);
	assert_int_equal(reg_patch(t, "care_plans", plan, "{\"visitor_id\":\"6\",\"cycle_days\":31}"), 200);
	one(t, id);
	assert_string_equal(test_str(t, "handler_name"), "网格员乙");
	assert_string_equal(test_str(t, "due_at"), "2026-05-23T23:59:59+08:00");
	as(t, WORKER);
	assert_int_equal(todo(t), 0);
	as(t, OTHER);
	assert_int_equal(todo(t), 1);
	/* What a change of grids or an undo brings about, the job sees. */
	test_sql(t, "UPDATE care_plan SET place = " GRID2);
	turn(t);
	as(t, SECRETARY);
	one(t, id);
	assert_string_equal(test_str(t, "place"), GRID2);
	/* They move away: it ends with the plan, and says why. */
	assert_int_equal(reg_patch(t, "persons", person, "{\"active\":false,\"ended_reason\":\"moved_out\"}"), 200);
	one(t, id);
	assert_string_equal(test_str(t, "state"), "rejected");
	assert_int_equal(test_callf(t, "GET /api/matters/%s/history", id, NULL), 200);
	assert_string_equal(test_str(t, "items.3.action"), "cancel");
	assert_string_equal(test_str(t, "items.3.text"), "走访计划结束：迁出");
	turn(t);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM matter WHERE open = 1"), 0);
}

static void test_plan_over(void **state)
{
	struct test_app *t = *state;
	char person[32], plan[32], id[32];

	SKIP_WITHOUT(t);
	settle(t, person, plan, "");
	assert_int_equal(reg_patch(t, "care_plans", plan, "{\"expires\":\"2026-05-21\"}"), 200);
	later(t, 2);
	turn(t);
	one(t, id);
	assert_string_equal(test_str(t, "state"), "rejected");
	assert_int_equal(test_callf(t, "GET /api/matters/%s/history", id, NULL), 200);
	assert_true(reg_said(t, "走访计划到期"));
}

/* Confirmed on the spot, as the visitor says; earlier than it was due. */
static void test_on_the_spot(void **state) /* R032 */
{
	struct test_app *t = *state;
	char person[32], plan[32], id[32];

	SKIP_WITHOUT(t);
	settle(t, person, plan, "");
	as(t, WORKER);
	assert_int_equal(visit(t, plan, "met", ",\"on_spot\":true"), 201);
	one(t, id);
	assert_string_equal(test_str(t, "state"), "closed");
	assert_string_equal(test_str(t, "confirmed"), "on_spot");
	t->now += MS_DAY;
	assert_int_equal(visit(t, plan, "met", ""), 201);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM matter WHERE kind = 5 AND state = 5"), 1);
	/* What was entered late and moves nothing is noted on what is open. */
	t->now = date_start(20260618) + MS_HOUR; /* due on 20 June */
	turn(t);
	assert_int_equal(visit(t, plan, "met", ",\"at\":\"2026-05-20T09:00:00+08:00\""), 201);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM matter WHERE kind = 5 AND state = 4"), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM matter_log WHERE action = 'noted'"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_opened_and_done),
		TEST_BOTH(test_follows_its_plan),
		TEST_EMBEDDED(test_plan_over),
		TEST_EMBEDDED(test_on_the_spot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
