/* Party organisations: the five levels, joint ones, the way upwards, the coverage (R008, R009). */
#include "mod/test_app/test_app.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mod/party/party.h"
#include "mod/place/place.h"

#define STREET "50099900100000000"
#define COMMUNITY "50099900100100000"
#define GRID1 "50099900100100100"
#define GRID2 "50099900100100200"
#define GRID3 "50099900100100300"
#define MICRO1 "50099900100100101"
#define MICRO2 "50099900100100201"

static const struct module *const modules[] = { &place_module, &party_module, NULL };

static struct test_app *fresh(enum db_engine e)
{
	static const char csv[] = "code,name\n500999,试点区\n500999001,清溪街道\n" COMMUNITY ",柳荫社区\n" GRID1
				  ",第1网格\n" GRID2 ",第2网格\n" GRID3 ",第3网格\n" MICRO1 ",微1\n" MICRO2 ",微2\n";
	struct test_app *t = test_app_new(e, modules);

	test_post(t, ROLE_DISTRICT_ADMIN, INT64_C(50099900000000000));
	assert_int_equal(test_call(t, "POST /api/places/import", csv), 200);
	assert_int_equal((int)test_num(t, "created"), 8);
	return t;
}

TEST_FIXTURE(fresh);

/* Returns the status; the id of what was made stands in `id`. */
static int add(struct test_app *t, const char *level, const char *form, const char *parent, const char *place,
	       char id[32])
{
	char body[400];
	int status;

	snprintf(body, sizeof(body), "{\"name\":\"%s %s\",\"level\":\"%s\",\"form\":\"%s\",\"parent_id\":%s%s%s,"
		 "\"place\":\"%s\"}", level, place, level, form, parent ? "\"" : "", parent ? parent : "null",
		 parent ? "\"" : "", place);
	status = test_call(t, "POST /api/party_orgs", body);
	if (status == 201)
		snprintf(id, 32, "%s", test_str(t, "id"));
	return status;
}

static int cover(struct test_app *t, const char *org, const char *grid)
{
	char body[200];

	snprintf(body, sizeof(body), "{\"org_id\":\"%s\",\"grid\":\"%s\"}", org, grid);
	return test_call(t, "POST /api/party_covers", body);
}

static void test_rules(void **state)
{
	(void)state;
	for (int64_t l = PARTY_STREET; l <= PARTY_HOUSEHOLD; l++) {
		assert_true(party_parent_fits(l, l - 1));
		assert_false(party_parent_fits(l, l));
		assert_false(party_parent_fits(l, l - 2));
		assert_int_equal(party_form_fits(l, PARTY_JOINT), l == PARTY_GRID);
	}
	assert_false(party_place_fits(PARTY_NONE, LEVEL_STREET));
	assert_true(party_place_fits(PARTY_HOUSEHOLD, LEVEL_MICRO));
	assert_false(party_place_fits(PARTY_GRID, LEVEL_MICRO));
}

static void test_five_levels(void **state) /* R009 */
{
	struct test_app *t = *state;
	char street[32], community[32], grid[32], group[32], house[32], x[32];

	SKIP_WITHOUT(t);
	assert_int_equal(add(t, "street", "solo", NULL, STREET, street), 201);
	assert_int_equal(add(t, "community", "solo", street, COMMUNITY, community), 201);
	assert_int_equal(add(t, "grid", "solo", community, GRID1, grid), 201);
	assert_int_equal(add(t, "micro_grid", "solo", grid, MICRO1, group), 201);
	assert_int_equal(add(t, "household", "solo", group, MICRO1, house), 201);
	assert_int_equal(test_callf(t, "GET /api/party-orgs/%s/path", house, NULL), 200);
	assert_int_equal(test_len(t, "path"), 5);
	assert_string_equal(test_str(t, "path.0.level"), "street");
	assert_string_equal(test_str(t, "path.4.id"), house);
	assert_int_equal(test_callf(t, "GET /api/party_orgs/%s", house, NULL), 200);
	assert_int_equal(test_len(t, "path"), 5);

	assert_int_equal(add(t, "micro_grid", "solo", NULL, MICRO1, x), 400);
	assert_string_equal(test_error(t), "party.no_parent");
	assert_int_equal(add(t, "micro_grid", "solo", community, MICRO1, x), 400);
	assert_string_equal(test_error(t), "party.parent_level");
	assert_int_equal(add(t, "micro_grid", "solo", grid, MICRO2, x), 400);
	assert_string_equal(test_error(t), "party.outside_parent");
	assert_int_equal(add(t, "grid", "solo", community, COMMUNITY, x), 400);
	assert_string_equal(test_error(t), "party.place_level");
	assert_int_equal(add(t, "community", "joint", street, COMMUNITY, x), 400);
	assert_string_equal(test_error(t), "party.form");
	assert_int_equal(add(t, "grid", "solo", "999", GRID2, x), 400);
	assert_int_equal(add(t, "none", "solo", NULL, STREET, x), 400);
	/* Not while others stand on it. */
	assert_int_equal(test_callf(t, "PATCH /api/party_orgs/%s", grid, "{\"version\":1,\"active\":false}"), 409);
	assert_string_equal(test_error(t), "party.has_children");
	assert_int_equal(test_callf(t, "PATCH /api/party_orgs/%s", grid, "{\"version\":1,\"place\":\"" GRID2 "\"}"), 409);
	assert_string_equal(test_error(t), "party.leaves_children");
	assert_int_equal(test_callf(t, "DELETE /api/party_orgs/%s?version=1", grid, NULL), 409);
	assert_int_equal(test_callf(t, "DELETE /api/party_orgs/%s?version=1", house, NULL), 200);
}

static void test_coverage(void **state) /* R008 */
{
	static const char report[] = "GET /api/reports/party-coverage?place=50099900000000000";
	struct test_app *t = *state;
	char street[32], community[32], solo[32], joint[32], x[32];

	SKIP_WITHOUT(t);
	assert_int_equal(test_call(t, "GET /api/reports/party-coverage?place=50088800000000000", NULL), 200);
	assert_int_equal((int)test_num(t, "denominator"), 0);
	assert_true(isnan(test_num(t, "value")));
	assert_int_equal(test_call(t, report, NULL), 200);
	assert_int_equal((int)test_num(t, "numerator"), 0);
	assert_int_equal((int)test_num(t, "denominator"), 3);
	assert_int_equal(add(t, "street", "solo", NULL, STREET, street), 201);
	assert_int_equal(add(t, "community", "solo", street, COMMUNITY, community), 201);
	assert_int_equal(add(t, "grid", "solo", community, GRID1, solo), 201);
	assert_int_equal(add(t, "grid", "joint", community, GRID2, joint), 201);
	assert_int_equal(cover(t, joint, GRID3), 201);
	assert_int_equal(cover(t, joint, GRID3), 409);
	assert_int_equal(cover(t, joint, GRID2), 400);
	assert_string_equal(test_error(t), "party.own_grid");
	assert_int_equal(cover(t, solo, GRID3), 400);
	assert_string_equal(test_error(t), "party.not_joint");
	assert_int_equal(cover(t, joint, MICRO1), 400);
	/* A grid under both a solo and a joint organisation counts once. */
	assert_int_equal(cover(t, joint, GRID1), 201);
	assert_int_equal(test_call(t, report, NULL), 200);
	assert_int_equal((int)test_num(t, "numerator"), 3);
	assert_true(test_num(t, "value") == 1.0);
	assert_int_equal(test_len(t, "missing"), 0);
	/* A functional branch covers no grid; one joint organisation gone, its grids are named. */
	assert_int_equal(add(t, "grid", "functional", community, GRID3, x), 201);
	assert_int_equal(test_callf(t, "PATCH /api/party_orgs/%s", joint, "{\"version\":1,\"form\":\"solo\"}"), 409);
	assert_string_equal(test_error(t), "party.has_covers");
	assert_int_equal(test_callf(t, "PATCH /api/party_orgs/%s", joint, "{\"version\":1,\"active\":false}"), 200);
	assert_int_equal(test_call(t, report, NULL), 200);
	assert_int_equal((int)test_num(t, "numerator"), 1);
	assert_int_equal(test_len(t, "missing"), 2);
	assert_string_equal(test_str(t, "missing.0.code"), GRID2);
	assert_string_equal(test_str(t, "missing.1.name"), "第3网格");
	/* Under scope: the leader of grid 1 sees one grid. */
	test_post(t, ROLE_GRID_LEADER, INT64_C(50099900100100100));
	assert_int_equal(test_call(t, report, NULL), 200);
	assert_int_equal((int)test_num(t, "denominator"), 1);
	assert_int_equal(test_callf(t, "GET /api/party-orgs/%s/path", joint, NULL), 404);
}

/* A group may stand in any grid that its joint organisation covers. */
static void test_group_of_a_joint_organisation(void **state)
{
	struct test_app *t = *state;
	char street[32], community[32], joint[32], group[32];

	SKIP_WITHOUT(t);
	assert_int_equal(add(t, "street", "solo", NULL, STREET, street), 201);
	assert_int_equal(add(t, "community", "solo", street, COMMUNITY, community), 201);
	assert_int_equal(add(t, "grid", "joint", community, GRID1, joint), 201);
	assert_int_equal(add(t, "micro_grid", "solo", joint, MICRO2, group), 400);
	assert_int_equal(cover(t, joint, GRID2), 201);
	assert_int_equal(add(t, "micro_grid", "solo", joint, MICRO2, group), 201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		TEST_BOTH(test_five_levels),
		TEST_BOTH(test_coverage),
		TEST_BOTH(test_group_of_a_joint_organisation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
