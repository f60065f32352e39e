/* Doubles of every kind: found by their reasons, merged, taken apart; those in two areas are told of
 * in part. */
#include "mod/collect/collect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mod/place/place.h"
#include "mod/test_registry/test_registry.h"

static const struct module *const modules[] = { &place_module, &registry_module, &collect_module,
	NULL };

static struct test_app *fresh(enum db_engine e)
{
	return reg_fresh_with(e, modules);
}

TEST_FIXTURE(fresh);

static int merged(struct test_app *t, const char *body, char id[32])
{
	int status = test_call(t, "POST /api/merges", body);

	if (status == 201)
		snprintf(id, 32, "%s", test_str(t, "id"));
	return status;
}

static int undone(struct test_app *t, const char *id)
{
	return test_callf(t, "POST /api/merges/%s/undo", id, NULL);
}

static bool field_is(
	struct test_app *t, const char *path, const char *id, const char *field, const char *value)
{
	char request[100];

	snprintf(request, sizeof(request), "GET /api/%s/%s", path, id);
	assert_int_equal(test_call(t, request, NULL), 200);
	return strcmp(test_str(t, field), value) == 0;
}

static int version_of(struct test_app *t, const char *path, const char *id)
{
	char request[100];

	snprintf(request, sizeof(request), "GET /api/%s/%s", path, id);
	assert_int_equal(test_call(t, request, NULL), 200);
	return (int)test_num(t, "version");
}

/* What the merge of the second into the first is asked with. */
static void ask(struct test_app *t, char body[400], const char *kind, const char *path, const char *a, const char *b)
{
	int va = version_of(t, path, a), vb = version_of(t, path, b);

	snprintf(body, 400,
		"{\"kind\":\"%s\",\"winner_id\":\"%s\",\"loser_id\":\"%s\",\"winner_version\":%d,"
		"\"loser_version\":%d}",
		kind, a, b, va, vb);
}

/* One pair of the kind is listed, with this reason; it is merged, taken apart, and merged again. */
static void found_and_merged(struct test_app *t, const char *kind, const char *path, const char *why,
	const char *a, const char *b)
{
	char request[100], body[400], id[32];

	snprintf(request, sizeof(request), "GET /api/duplicates?kind=%s", kind);
	assert_int_equal(test_call(t, request, NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.why.0"), why);
	assert_true(test_str(t, "items.0.a.name")[0] != '\0');
	snprintf(request, sizeof(request), "GET /api/duplicates/pair?kind=%s&a=%s&b=%s", kind, a, b);
	assert_int_equal(test_call(t, request, NULL), 200);
	assert_true(test_str(t, "b.name")[0] != '\0');
	ask(t, body, kind, path, a, b);
	assert_int_equal(merged(t, body, id), 201);
	assert_false(field_is(t, path, b, "active", "true"));
	assert_int_equal((int)test_num(t, "active"), 0);
	snprintf(request, sizeof(request), "GET /api/duplicates?kind=%s", kind);
	assert_int_equal(test_call(t, request, NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	assert_int_equal(undone(t, id), 200);
	assert_int_equal(test_call(t, request, NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	ask(t, body, kind, path, a, b);
	assert_int_equal(merged(t, body, id), 201);
}

/* ---- houses ---- */

struct houses {
	char building[2][32], room[3][32], home[2][32], head[2][32], child[32];
};

static void build(struct test_app *t, struct houses *h)
{
	static const char *const name[] = { "一栋", "1栋" }, *const no[] = { "101", "102", "0101" };

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(reg_add(t, "buildings", h->building[i],
					 "{\"name\":\"%s\",\"address\":\"柳荫 路%s8号\",\"place\":\"" GRID1 "\"}",
					 name[i], i == 0 ? "" : " "),
			201);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			reg_add(t, "rooms", h->room[i],
				"{\"building_id\":\"%s\",\"room_no\":\"%s\",\"unit_no\":\"%d\"}",
				h->building[i == 2], no[i], i < 2),
			201);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			reg_add(t, "households", h->home[i], "{\"room_id\":\"%s\"}", h->room[i * 2]), 201);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(reg_add(t, "persons", h->head[i],
					 "{\"name\":\"王建国\",\"household_id\":\"%s\",\"relation\":\"head\"}",
					 h->home[i]),
			201);
	assert_int_equal(reg_add(t, "persons", h->child,
				 "{\"name\":\"王小明\",\"household_id\":\"%s\",\"relation\":\"child\"}", h->home[1]),
		201);
}

/* Merging two buildings brings their rooms together, which are doubles then; and so on. */
static void test_houses(void **state)
{
	struct test_app *t = *state;
	struct houses h;
	char body[400], path[100];

	SKIP_WITHOUT(t);
	build(t, &h);
	assert_int_equal(test_call(t, "GET /api/duplicates?kind=room", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	found_and_merged(t, "building", "buildings", "address", h.building[0], h.building[1]);
	assert_true(field_is(t, "rooms", h.room[2], "building_id", h.building[0]));
	assert_int_equal(test_call(t, "GET /api/registry/counts", NULL), 200);
	assert_int_equal((int)test_num(t, "buildings"), 1);
	found_and_merged(t, "room", "rooms", "number", h.room[0], h.room[2]);
	assert_true(field_is(t, "households", h.home[1], "room_id", h.room[0]));
	snprintf(path, sizeof(path), "GET /api/buildings/%s/floors", h.building[0]);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_int_equal(test_len(t, "floors.0.rooms"), 2);
	/* Two heads of one name: the child's word holds, and one head is left. */
	found_and_merged(t, "household", "households", "room", h.home[0], h.home[1]);
	assert_true(field_is(t, "persons", h.child, "household_id", h.home[0]));
	assert_true(field_is(t, "persons", h.child, "relation", "child"));
	assert_true(field_is(t, "persons", h.head[1], "relation", "other"));
	assert_true(field_is(t, "households", h.home[0], "head_id", h.head[0]));
	/* Houses in two grids are first brought together. */
	assert_int_equal(
		reg_add(t, "buildings", h.building[1], "{\"name\":\"一栋\",\"place\":\"" GRID2 "\"}"), 201);
	ask(t, body, "building", "buildings", h.building[0], h.building[1]);
	assert_int_equal(test_call(t, "POST /api/merges", body), 409);
	assert_string_equal(test_error(t), "merge.apart");
}

static void test_things_and_organisations(void **state)
{
	struct test_app *t = *state;
	char a[32], b[32];

	SKIP_WITHOUT(t);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			reg_add(t, "things", i == 0 ? a : b,
				"{\"class_code\":\"%s\",\"place\":\"" GRID1
				"\",\"lon\":106.5,\"lat\":29.5000%d}",
				i == 2 ? "0118" : "0113", i == 2 ? 1 : i),
			201);
	assert_int_equal(test_call(t, "GET /api/duplicates?kind=thing", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.a.id"), a);
	snprintf(b, sizeof(b), "%s", test_str(t, "items.0.b.id"));
	found_and_merged(t, "thing", "things", "near", a, b);
	for (int i = 0; i < 2; i++)
		assert_int_equal(reg_add(t, "organisations", i == 0 ? a : b,
					 "{\"name\":\"清溪%s\",\"address\":\"柳荫路8号\",\"phone\":\"023-68881234\","
					 "\"place\":\"" GRID1 "\"}",
					 i == 0 ? "商贸" : "商贸有限公司"),
			201);
	found_and_merged(t, "organisation", "organisations", "address", a, b);
	for (int i = 0; i < 2; i++)
		assert_int_equal(reg_add(t, "venues", i == 0 ? a : b,
					 "{\"name\":\"小卖部\",\"address\":\"柳荫路9号\",\"place\":\"%s\"}",
					 i == 0 ? GRID1 : GRID2),
			201);
	found_and_merged(t, "venue", "venues", "address", a, b);
}

/* ---- two areas ---- */

static void test_distinct_and_areas(void **state)
{
	struct test_app *t = *state;
	char a[32], b[32], set[32], body[400];

	SKIP_WITHOUT(t);
	assert_int_equal(
		reg_add(t, "persons", a,
			"{\"name\":\"周全\",\"birth\":\"1970-01-01\",\"place\":\"" GRID1 "\"}"),
		201);
	test_post(t, ROLE_DISTRICT_ADMIN, AT_DISTRICT);
	assert_int_equal(
		reg_add(t, "persons", b,
			"{\"name\":\"周全\",\"birth\":\"1970-01-01\",\"place\":\"" GRID3 "\"}"),
		201);
	/* In two areas: whoever keeps one of them neither sees nor merges the pair. */
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
	assert_int_equal(test_call(t, "GET /api/duplicates?kind=person", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	snprintf(body, sizeof(body),
		"{\"kind\":\"person\",\"winner_id\":\"%s\",\"loser_id\":\"%s\",\"winner_version\":"
		"1,"
		"\"loser_version\":1}",
		a, b);
	assert_int_equal(test_call(t, "POST /api/merges", body), 404);
	/* Venues of one name in one grid; called distinct, they are not asked about again, until
	 * that is taken back. */
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
	assert_int_equal(
		reg_add(t, "venues", a, "{\"name\":\"小卖部\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "venues", b,
				 "{\"name\":\"小卖部\",\"code\":\"V2\",\"place\":\"" MICRO1 "\"}"),
		201);
	assert_int_equal(test_call(t, "GET /api/duplicates?kind=venue", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	snprintf(body, sizeof(body),
		"{\"kind\":\"venue\",\"a_id\":\"%s\",\"b_id\":\"%s\",\"note\":\"两家\"}", b, a);
	assert_int_equal(test_call(t, "POST /api/duplicates/distinct", body), 200);
	assert_int_equal(test_call(t, "GET /api/duplicates?kind=venue", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	snprintf(body, sizeof(body),
		"{\"kind\":\"venue\",\"a_id\":\"%s\",\"b_id\":\"%s\",\"undo\":true}", a, b);
	assert_int_equal(test_call(t, "POST /api/duplicates/distinct", body), 200);
	/* Merging takes the other's natural key, and undoing gives it back. */
	snprintf(body, sizeof(body),
		"{\"kind\":\"venue\",\"winner_id\":\"%s\",\"loser_id\":\"%s\",\"winner_version\":1,"
		"\"loser_version\":1,\"take\":[\"code\"]}",
		a, b);
	assert_int_equal(merged(t, body, set), 201);
	assert_true(field_is(t, "venues", a, "code", "V2"));
	assert_int_equal(undone(t, set), 200);
	assert_true(field_is(t, "venues", b, "code", "V2"));
	assert_int_equal(test_call(t, "GET /api/duplicates?kind=house", NULL), 400);
}

#define ELSEWHERE "GET /api/duplicates?kind=person&across=true"

/* One person entered in two streets: each side learns that there is a double, and where, in part;
 * whoever holds both compares and merges. */
static void test_across_streets(void **state)
{
	struct test_app *t = *state;
	char a[32], b[32], id[32], body[400];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "persons", a,
				 "{\"name\":\"周全\",\"phone\":\"13800001111\",\"birth\":\"1970-01-01\",\"place\":\"" GRID1
				 "\"}"),
		201);
	test_post(t, ROLE_GRID_WORKER_FT, AT_GRID3);
	assert_int_equal(reg_add(t, "persons", b,
				 "{\"name\":\"周全\",\"phone\":\"13800001111\",\"place\":\"" GRID3 "\"}"),
		201);
	assert_int_equal(
		reg_add(t, "persons", NULL,
			"{\"name\":\"周到\",\"phone\":\"13800001111\",\"place\":\"" GRID3 "\"}"),
		201);
	/* On this side the own row in full, of the other the street and a name in part. */
	assert_int_equal(test_call(t, ELSEWHERE, NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.a.id"), b);
	assert_string_equal(test_str(t, "items.0.a.name"), "周全");
	assert_string_equal(test_str(t, "items.0.b.id"), "");
	assert_string_equal(test_str(t, "items.0.b.name"), "周**");
	assert_string_equal(test_str(t, "items.0.b.place"), STREET1);
	assert_string_equal(test_str(t, "items.0.why.0"), "name_phone");
	assert_false(reg_said(t, a));
	assert_false(reg_said(t, GRID1));
	ask(t, body, "person", "persons", b, b);
	assert_int_equal(test_call(t, "POST /api/merges", body), 400);
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
	assert_int_equal(test_call(t, ELSEWHERE, NULL), 200);
	assert_string_equal(test_str(t, "items.0.a.id"), a);
	assert_string_equal(test_str(t, "items.0.b.place"), STREET2);
	/* The level above has both, its names in part; it merges, and takes it apart again. */
	test_post(t, ROLE_DISTRICT_ADMIN, AT_DISTRICT);
	assert_int_equal(test_call(t, "GET /api/duplicates?kind=person", NULL), 400);
	assert_int_equal(test_call(t, ELSEWHERE, NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.b.id"), b);
	assert_string_equal(test_str(t, "items.0.a.name"), "周**");
	snprintf(body, sizeof(body), "GET /api/duplicates/pair?kind=person&a=%s&b=%s", a, b);
	assert_int_equal(test_call(t, body, NULL), 200);
	assert_string_equal(test_str(t, "a.name"), "周**");
	assert_false(reg_said(t, "1970-01-01"));
	ask(t, body, "person", "persons", a, b);
	assert_int_equal(merged(t, body, id), 201);
	assert_int_equal(test_call(t, ELSEWHERE, NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	assert_int_equal(undone(t, id), 200);
	snprintf(body, sizeof(body), "{\"kind\":\"person\",\"a_id\":\"%s\",\"b_id\":\"%s\"}", a, b);
	assert_int_equal(test_call(t, "POST /api/duplicates/distinct", body), 200);
	test_post(t, ROLE_GRID_WORKER_FT, AT_GRID3);
	assert_int_equal(test_call(t, ELSEWHERE, NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_houses),
		TEST_BOTH(test_things_and_organisations),
		TEST_EMBEDDED(test_distinct_and_areas),
		TEST_BOTH(test_across_streets),
	};

	return cmocka_run_group_tests_name("doubles (R022)", tests, NULL, NULL);
}
