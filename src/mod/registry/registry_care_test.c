/* Visit plans: what share was kept (R034), and a building floor by floor. */
#include "mod/test_registry/test_registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

TEST_FIXTURE(reg_fresh);

enum { PLANS = 10 };

static void make_plan(struct test_app *t, const char *mode, char person[32], char plan[32])
{
	assert_int_equal(reg_add(t, "persons", person, "{\"name\":\"老人\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "care_plans", plan, "{\"target_kind\":\"person\",\"target_id\":\"%s\",\"type\":\"lone_elder\","
		"\"basis\":\"独居老人探访\",\"law\":\"老年人权益保障法\",\"started\":\"2026-05-01\",\"expires\":\"2027-05-01\","
		"\"cycle_days\":30,\"mode\":\"%s\"}", person, mode), 201);
}

static int visit(struct test_app *t, const char *plan, const char *outcome, const char *at)
{
	return reg_add(t, "care_visits", NULL, "{\"plan_id\":\"%s\",\"outcome\":\"%s\",\"at\":\"%sT09:00:00+08:00\"}", plan, outcome, at);
}

static void coverage(struct test_app *t, const char *at, int met, int all)
{
	assert_int_equal(test_callf(t, "GET /api/reports/care-coverage?place=" DISTRICT "&at=%s", at, NULL), 200);
	assert_int_equal((int)test_num(t, "numerator"), met);
	assert_int_equal((int)test_num(t, "denominator"), all);
}

static void test_coverage(void **state) /* R034 */
{
	struct test_app *t = *state;
	char person[PLANS][32], plan[PLANS][32];

	SKIP_WITHOUT(t);
	/* Nothing to visit is not everything visited. */
	coverage(t, "2026-05-20", 0, 0);
	assert_true(isnan(test_num(t, "value")));
	assert_true(reg_said(t, "\"value\":null"));
	for (int i = 0; i < PLANS; i++) {
		make_plan(t, "visit", person[i], plan[i]);
		if (i > 0)
			assert_int_equal(visit(t, plan[i], "met", "2026-05-10"), 201);
	}
	coverage(t, "2026-05-20", 9, 10);
	assert_true(fabs(test_num(t, "value") - 0.9) < 1e-12);
	assert_int_equal(test_len(t, "missed"), 1);
	assert_string_equal(test_str(t, "missed.0.id"), plan[0]);
	assert_string_equal(test_str(t, "missed.0.target_id"), person[0]);
	assert_string_equal(test_str(t, "missed.0.target"), "老人");
	assert_string_equal(test_str(t, "missed.0.state"), "due");
	assert_string_equal(test_str(t, "missed.0.due"), "2026-05-31");
	/* As it stood before the visits, and when their cycle is over. */
	coverage(t, "2026-05-09", 0, 10);
	coverage(t, "2026-04-30", 0, 0);
	coverage(t, "2026-06-09", 9, 10);
	assert_string_equal(test_str(t, "missed.0.state"), "overdue");
	coverage(t, "2026-06-10", 0, 10);
	/* The tenth moves away: out of the count, with the reason. */
	assert_int_equal(reg_patch(t, "persons", person[0], "{\"active\":false,\"ended_reason\":\"moved_out\"}"), 200);
	coverage(t, "2026-05-20", 9, 9);
	assert_true(test_num(t, "value") == 1.0);
	assert_int_equal(test_len(t, "left"), 1);
	assert_string_equal(test_str(t, "left.0.id"), plan[0]);
	assert_string_equal(test_str(t, "left.0.reason"), "moved_out");
	coverage(t, "2026-05-19", 9, 10);
	assert_int_equal(visit(t, plan[0], "met", "2026-05-20"), 201);
	test_post(t, ROLE_AUDITOR, AT_DISTRICT);
	coverage(t, "2026-05-19", 9, 10);
	assert_string_equal(test_str(t, "missed.0.target"), "老**");
	/* Nobody else's grid. */
	test_post(t, ROLE_GRID_LEADER, AT_GRID2);
	coverage(t, "2026-05-20", 0, 0);
}

static void test_what_counts(void **state) /* R034 */
{
	struct test_app *t = *state;
	char person[32], visit_only[32], phone_too[32];

	SKIP_WITHOUT(t);
	make_plan(t, "visit", person, visit_only);
	make_plan(t, "phone_allowed", person, phone_too);
	/* A call counts where the plan allows it. */
	assert_int_equal(visit(t, visit_only, "phone", "2026-05-12"), 201);
	assert_int_equal(visit(t, phone_too, "phone", "2026-05-12"), 201);
	coverage(t, "2026-05-20", 1, 2);
	assert_string_equal(test_str(t, "missed.0.id"), visit_only);
	assert_int_equal(test_callf(t, "GET /api/care_plans/%s", phone_too, NULL), 200);
	assert_string_equal(test_str(t, "next_due"), "2026-06-11");
	assert_int_equal(test_callf(t, "GET /api/care_plans/%s", visit_only, NULL), 200);
	assert_string_equal(test_str(t, "next_due"), "2026-05-31");
	/* Twice on one day is once; on two days it is pending, which is not covered. */
	assert_int_equal(visit(t, visit_only, "not_home", "2026-05-13"), 201);
	assert_int_equal(visit(t, visit_only, "not_home", "2026-05-13"), 201);
	coverage(t, "2026-05-20", 1, 2);
	assert_string_equal(test_str(t, "missed.0.state"), "due");
	assert_int_equal(visit(t, visit_only, "not_home", "2026-05-14"), 201);
	coverage(t, "2026-05-20", 1, 2);
	assert_string_equal(test_str(t, "missed.0.state"), "pending");
	assert_int_equal(visit(t, visit_only, "met", "2026-05-15"), 201);
	coverage(t, "2026-05-20", 2, 2);
	/* Not ahead of time, not before the plan. */
	assert_int_equal(visit(t, visit_only, "met", "2026-05-21"), 400);
	assert_int_equal(visit(t, visit_only, "met", "2026-04-30"), 400);
	assert_int_equal(reg_patch(t, "care_plans", visit_only, "{\"ended_at\":\"2026-05-16\"}"), 400);
	assert_int_equal(reg_patch(t, "care_plans", visit_only, "{\"ended_at\":\"2026-05-16\",\"ended_reason\":\"not_needed\"}"), 200);
	assert_int_equal(visit(t, visit_only, "met", "2026-05-17"), 409);
	assert_int_equal(reg_add(t, "care_plans", NULL, "{\"target_kind\":\"building\",\"target_id\":\"1\",\"type\":\"lone_elder\","
		"\"basis\":\"依据\",\"expires\":\"2027-05-01\",\"cycle_days\":30}"), 400);
	assert_string_equal(test_error(t), "care.target");
}

static void test_floors(void **state)
{
	struct test_app *t = *state;
	char b[32], r[32], h[32], p[32];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "buildings", b, "{\"name\":\"1栋\",\"place\":\"" GRID1 "\",\"lon\":106.5,\"lat\":29.5}"), 201);
	assert_int_equal(reg_add(t, "rooms", NULL, "{\"building_id\":\"%s\",\"unit_no\":\"1\",\"room_no\":\"101\",\"use\":\"shop\"}", b), 201);
	assert_int_equal(reg_add(t, "rooms", r, "{\"building_id\":\"%s\",\"unit_no\":\"1\",\"room_no\":\"301\"}", b), 201);
	assert_int_equal(reg_add(t, "rooms", NULL, "{\"building_id\":\"%s\",\"unit_no\":\"1\",\"room_no\":\"302\",\"use\":\"empty\"}", b), 201);
	assert_int_equal(reg_add(t, "households", h, "{\"room_id\":\"%s\",\"size\":1}", r), 201);
	assert_int_equal(reg_add(t, "persons", p, "{\"name\":\"王建国\",\"household_id\":\"%s\",\"relation\":\"head\"}", h), 201);
	assert_int_equal(reg_add(t, "care_plans", NULL, "{\"target_kind\":\"person\",\"target_id\":\"%s\",\"type\":\"lone_elder\","
		"\"basis\":\"独居老人探访\",\"law\":\"老年人权益保障法\",\"expires\":\"2027-05-01\",\"cycle_days\":30}", p), 201);
	assert_int_equal(reg_add(t, "care_plans", NULL, "{\"target_kind\":\"building\",\"target_id\":\"%s\",\"type\":\"hazard_structure\","
		"\"basis\":\"C级危房\",\"expires\":\"2027-05-01\",\"cycle_days\":7}", b), 201);
	assert_int_equal(test_callf(t, "GET /api/buildings/%s/floors", b, NULL), 200);
	assert_int_equal(test_len(t, "floors"), 2);
	assert_int_equal((int)test_num(t, "floors.0.floor"), 3);
	assert_int_equal(test_len(t, "floors.0.rooms"), 2);
	assert_string_equal(test_str(t, "floors.0.rooms.0.room_no"), "301");
	assert_string_equal(test_str(t, "floors.0.rooms.0.households.0.head"), "王**");
	assert_int_equal((int)test_num(t, "floors.0.rooms.0.households.0.visit_plans"), 1);
	assert_string_equal(test_str(t, "floors.0.rooms.1.use"), "empty");
	assert_int_equal(test_len(t, "floors.0.rooms.1.households"), 0);
	assert_int_equal((int)test_num(t, "rooms"), 3);
	assert_int_equal((int)test_num(t, "people"), 1);
	assert_int_equal((int)test_num(t, "visit_plans"), 2);
	assert_int_equal((int)test_num(t, "open_events"), 0);
	/* It says "visit plan", never the condition. */
	assert_false(reg_said(t, "elder"));
	/* Departments see the house, and neither people nor plans. */
	test_post(t, ROLE_DISTRICT_DEPT, AT_DISTRICT);
	assert_int_equal(test_callf(t, "GET /api/buildings/%s/floors", b, NULL), 200);
	assert_int_equal((int)test_num(t, "rooms"), 3);
	assert_int_equal(test_len(t, "floors.0.rooms.0.households"), 0);
	assert_true(reg_said(t, "\"people\":null") && reg_said(t, "\"visit_plans\":null"));
}

/* What is due, for whom; and the condition is told only to those who set the plan and who check it. */
static void test_due(void **state) /* R032 R034 */
{
	struct test_app *t = *state;
	char b[32], r[32], h[32], p[32], plan[32], other[32], visited[32];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "buildings", b, "{\"name\":\"1栋\",\"place\":\"" GRID1 "\",\"lon\":106.5,\"lat\":29.5}"), 201);
	assert_int_equal(reg_add(t, "rooms", r, "{\"building_id\":\"%s\",\"unit_no\":\"1\",\"room_no\":\"301\"}", b), 201);
	assert_string_equal(test_str(t, "title"), "1栋 1-301");
	assert_int_equal(reg_add(t, "households", h, "{\"room_id\":\"%s\",\"size\":1}", r), 201);
	assert_int_equal(reg_add(t, "persons", p, "{\"name\":\"王建国\",\"household_id\":\"%s\",\"relation\":\"head\"}", h), 201);
	assert_string_equal(test_str(t, "household_name"), "1栋 1-301");
	assert_int_equal(reg_add(t, "care_plans", plan, "{\"target_kind\":\"person\",\"target_id\":\"%s\",\"type\":\"lone_elder\","
		"\"basis\":\"独居老人探访\",\"law\":\"老年人权益保障法\",\"started\":\"2026-04-01\",\"expires\":\"2027-05-01\","
		"\"cycle_days\":30}", p), 201);
	assert_string_equal(test_str(t, "type"), "lone_elder");
	make_plan(t, "visit", other, visited);
	assert_int_equal(visit(t, visited, "met", "2026-05-10"), 201);
	assert_int_equal(test_call(t, "GET /api/reports/care-due?place=" DISTRICT, NULL), 200);
	assert_int_equal((int)test_num(t, "count"), 1);
	assert_int_equal((int)test_num(t, "overdue"), 1);
	assert_string_equal(test_str(t, "items.0.id"), plan);
	assert_string_equal(test_str(t, "items.0.target"), "王建国");
	assert_string_equal(test_str(t, "items.0.address"), "1栋 1-301");
	assert_string_equal(test_str(t, "items.0.due"), "2026-05-01");
	assert_string_equal(test_str(t, "items.0.state"), "overdue");
	assert_true(test_num(t, "items.0.lon") == 106.5);
	assert_int_equal(test_call(t, "GET /api/reports/care-due?days=30&mine=true&limit=1", NULL), 200);
	assert_int_equal((int)test_num(t, "count"), 2);
	assert_int_equal(test_len(t, "items"), 1);
	assert_int_equal(test_call(t, "GET /api/reports/care-due?limit=0", NULL), 400);
	assert_int_equal(test_call(t, "GET /api/reports/care-due?days=-1", NULL), 400);
	assert_int_equal(reg_add(t, "care_visits", NULL, "{\"plan_id\":\"%s\",\"outcome\":\"met\",\"event_id\":\"999\"}", plan), 400);
	assert_int_equal(visit(t, plan, "not_home", "2026-05-18"), 201);
	assert_string_equal(test_str(t, "plan_name"), "王建国");
	/* A worker of the grid visits and is not told why. */
	test_post(t, ROLE_GRID_WORKER_FT, AT_GRID1);
	assert_int_equal(test_callf(t, "GET /api/care_plans/%s", plan, NULL), 200);
	assert_true(reg_said(t, "\"type\":null,\"basis\":null") && reg_said(t, "\"law\":null"));
	assert_string_equal(test_str(t, "target_name"), "王建国");
	assert_int_equal(test_call(t, "GET /api/care_plans?type=lone_elder&count=1", NULL), 200);
	assert_int_equal((int)test_num(t, "count"), 0);
	assert_int_equal(reg_patch(t, "care_plans", plan, "{\"cycle_days\":60}"), 200);
	assert_int_equal(visit(t, plan, "met", "2026-05-19"), 201);
	test_post(t, ROLE_DIRECTOR, AT_STREET1);
	assert_int_equal(test_call(t, "GET /api/care_plans/export?format=csv&purpose=check", NULL), 200);
	assert_false(reg_said(t, "lone_elder") || reg_said(t, "独居") || reg_said(t, "权益"));
	test_post(t, ROLE_AUDITOR, AT_DISTRICT);
	assert_int_equal(test_call(t, "GET /api/care_plans?type=lone_elder&count=1", NULL), 200);
	assert_int_equal((int)test_num(t, "count"), 2);
	assert_string_equal(test_str(t, "items.1.basis"), "独居老人探访");
	assert_string_equal(test_str(t, "items.1.target_name"), "王**");
	assert_int_equal(test_call(t, "GET /api/reports/care-due?days=90", NULL), 200);
	assert_string_equal(test_str(t, "items.1.target"), "王**");
	assert_true(reg_said(t, "\"address\":null,\"lon\":null"));
	/* The record of the change does not tell either. */
	assert_int_equal((int)reg_int(t, "SELECT count(*) AS n FROM audit WHERE object = 'care_plan' AND "
		"(detail LIKE '%elder%' OR detail LIKE '%独居%')"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_coverage),
		TEST_EMBEDDED(test_what_counts),
		TEST_BOTH(test_floors),
		TEST_BOTH(test_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
