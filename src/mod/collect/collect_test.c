/* Moves, duplicates and merges, rounds: in one action, undone exactly, refused where something
 * changed since. */
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

/* ---- pure ---- */

static void test_pure(void **state)
{
	struct person p[3] = { { .birth = 20200101, .relation = RELATION_CHILD },
		{ .birth = 19500101, .relation = RELATION_PARENT },
		{ .birth = 19800101, .relation = RELATION_SPOUSE } };

	(void)state;
	assert_true(names_alike(STR("王小明"), STR("王小民")));
	assert_true(names_alike(STR("王小明"), STR("王小明")));
	assert_false(names_alike(STR("王小明"), STR("李小民")));
	assert_false(names_alike(STR("王"), STR("李")));
	assert_false(names_alike(STR("王小明"), STR("王明")));
	assert_int_equal((int)next_head(p, 3, 20260520), 2);
	assert_int_equal((int)next_head(p, 2, 20260520), 1);
	assert_true(next_head(p, 1, 20260520) == SIZE_MAX);
	assert_true(plans_follow(AT_GRID1, AT_GRID2));
	assert_false(plans_follow(AT_GRID1, AT_GRID3));
	assert_int_equal((int)date_of(round_limit(20260520, 30)), 20260420);
}

/* ---- a house with two families ---- */

struct home {
	char building[32], far[32], room[3][32], home[2][32], man[32], wife[32], child[32],
		other[32], consent[32], plan[32];
};

static void build(struct test_app *t, struct home *h)
{
	static const char *const no[] = { "101", "102" };

	assert_int_equal(
		reg_add(t, "buildings", h->building, "{\"name\":\"一栋\",\"place\":\"" GRID1 "\"}"),
		201);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			reg_add(t, "rooms", h->room[i],
				"{\"building_id\":\"%s\",\"room_no\":\"%s\"}", h->building, no[i]),
			201);
		assert_int_equal(reg_add(t, "households", h->home[i],
					 "{\"room_id\":\"%s\",\"size\":3}", h->room[i]),
			201);
	}
	assert_int_equal(
		reg_add(t, "buildings", h->far, "{\"name\":\"二栋\",\"place\":\"" GRID2 "\"}"),
		201);
	assert_int_equal(reg_add(t, "rooms", h->room[2],
				 "{\"building_id\":\"%s\",\"room_no\":\"301\"}", h->far),
		201);
}

static void furnish(struct test_app *t, struct home *h)
{
	build(t, h);
	assert_int_equal(
		reg_add(t, "persons", h->man,
			"{\"name\":\"王建国\",\"birth\":\"1950-03-07\",\"phone\":\"13800001111\","
			"\"household_id\":\"%s\",\"relation\":\"head\"}",
			h->home[0]),
		201);
	assert_int_equal(
		reg_add(t, "persons", h->wife,
			"{\"name\":\"李梅\",\"birth\":\"1952-01-01\",\"household_id\":\"%s\","
			"\"relation\":\"spouse\"}",
			h->home[0]),
		201);
	assert_int_equal(
		reg_add(t, "persons", h->child,
			"{\"name\":\"王小明\",\"birth\":\"1980-01-01\",\"household_id\":\"%s\","
			"\"relation\":\"child\"}",
			h->home[0]),
		201);
	assert_int_equal(
		reg_add(t, "persons", h->other,
			"{\"name\":\"赵云\",\"birth\":\"1990-01-01\",\"household_id\":\"%s\","
			"\"relation\":\"head\"}",
			h->home[1]),
		201);
	assert_int_equal(reg_add(t, "links", NULL,
				 "{\"role\":\"lives_in\",\"from_kind\":\"person\",\"from_id\":\"%"
				 "s\",\"to_kind\":"
				 "\"room\",\"to_id\":\"%s\"}",
				 h->man, h->room[0]),
		201);
	assert_int_equal(reg_add(t, "consents", h->consent,
				 "{\"person_id\":\"%s\",\"purpose\":\"上门走访\"}", h->man),
		201);
	assert_int_equal(
		reg_add(t, "care_plans", h->plan,
			"{\"target_kind\":\"person\",\"target_id\":\"%s\",\"type\":\"lone_elder\","
			"\"basis\":\"本人申请\",\"consent_id\":\"%s\",\"expires\":\"2027-05-20\","
			"\"cycle_days\":30}",
			h->man, h->consent),
		201);
	assert_int_equal(reg_add(t, "care_visits", NULL, "{\"plan_id\":\"%s\",\"outcome\":\"met\"}",
				 h->plan),
		201);
}

/* Everything the moves and merges touch, as one text: equal texts, equal stores. Versions do not
 * count. */
static char *picture(struct test_app *t)
{
	static const char *const paths[] = { "persons", "households", "links", "consents",
		"care_plans", "care_visits", "venues", "organisations" };
	char *text = calloc(1, 1 << 18);
	size_t n = 0;

	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_DISTRICT);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char path[80];
		json_t *row, *list;
		size_t k;

		snprintf(path, sizeof(path), "GET /api/%s?limit=100&sort=", paths[i]);
		*strchr(path, '&') = '\0';
		assert_int_equal(test_call(t, path, NULL), 200);
		list = json_object_get(t->reply, "items");
		json_array_foreach(list, k, row)
		{
			json_object_del(row, "version");
			json_object_del(row, "updated_at");
		}
		char *one = json_dumps(list, JSON_SORT_KEYS);

		n += (size_t)snprintf(text + n, (1 << 18) - n, "%s\n", one);
		free(one);
	}
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
	return text;
}

/* The last move's or merge's number, for undoing it. */
static int change(struct test_app *t, const char *path, const char *body, char id[32])
{
	char request[100];
	int status;

	snprintf(request, sizeof(request), "POST /api/%s", path);
	status = test_call(t, request, body);
	if (status == 201)
		snprintf(id, 32, "%s", test_str(t, "change_id"));
	return status;
}

static int undo(struct test_app *t, const char *path, const char *change_id)
{
	char request[100], id[32];

	snprintf(request, sizeof(request), "GET /api/%s?change_id=%s", path, change_id);
	assert_int_equal(test_call(t, request, NULL), 200);
	snprintf(id, sizeof(id), "%s", test_str(t, "items.0.id"));
	snprintf(request, sizeof(request), "POST /api/%s/%s/undo", path, id);
	return test_call(t, request, NULL);
}

static bool field_is(
	struct test_app *t, const char *path, const char *id, const char *field, const char *value)
{
	char request[100];

	snprintf(request, sizeof(request), "GET /api/%s/%s", path, id);
	assert_int_equal(test_call(t, request, NULL), 200);
	return strcmp(test_str(t, field), value) == 0;
}

static void same_picture(struct test_app *t, char *before)
{
	char *after = picture(t);

	assert_string_equal(before, after);
	free(after);
	free(before);
	/* Nor do values say another source or date than before. */
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM registry_fact WHERE field <> "
				    "'head_id' AND field <> 'relation'"),
		0);
}

/* ---- moves ---- */

static void test_move_within_and_back(void **state)
{
	struct test_app *t = *state;
	struct home h;
	char body[400], id[32], set[32], *before;

	SKIP_WITHOUT(t);
	furnish(t, &h);
	before = picture(t);
	/* The head goes to another grid: the household gets its next head, plans and consent
	 * follow, the link ends. */
	snprintf(body, sizeof(body),
		"{\"kind\":\"within\",\"person_ids\":[\"%s\"],\"room_id\":\"%s\"}", h.man,
		h.room[2]);
	assert_int_equal(change(t, "moves", body, set), 201);
	snprintf(id, sizeof(id), "%s", test_str(t, "household_id"));
	assert_true(field_is(t, "persons", h.man, "place", GRID2));
	assert_true(field_is(t, "persons", h.man, "relation", "head"));
	assert_true(field_is(t, "households", id, "head_id", h.man));
	assert_true(field_is(t, "households", h.home[0], "head_id", h.wife));
	assert_int_equal((int)test_num(t, "size"), 2);
	assert_true(field_is(t, "persons", h.wife, "relation", "head"));
	assert_true(field_is(t, "persons", h.child, "relation", "child"));
	assert_true(field_is(t, "care_plans", h.plan, "place", GRID2));
	assert_true(field_is(t, "care_plans", h.plan, "ended_at", ""));
	assert_true(field_is(t, "consents", h.consent, "place", GRID2));
	assert_int_equal(
		reg_int(t, "SELECT count(*) AS n FROM care_visit WHERE place = " GRID2), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM link WHERE valid_to = 20260520"), 1);
	/* What was before is nowhere in plain text. */
	assert_int_equal(
		reg_int(t,
			"SELECT count(*) AS n FROM change_row WHERE before IS NULL AND made = 0"),
		0);
	assert_int_equal(undo(t, "moves", set), 200);
	same_picture(t, before);
	assert_int_equal(undo(t, "moves", set), 409);
	assert_string_equal(test_error(t), "change.undone");
	/* Refused once something changed: a row, or a plan that came since. */
	assert_int_equal(change(t, "moves", body, set), 201);
	assert_int_equal(reg_add(t, "consents", NULL,
				 "{\"person_id\":\"%s\",\"purpose\":\"电话联系\"}", h.man),
		201);
	assert_int_equal(undo(t, "moves", set), 409);
	assert_string_equal(test_error(t), "change.touched");
	snprintf(body, sizeof(body),
		"{\"kind\":\"within\",\"person_ids\":[\"%s\"],\"into_id\":\"%s\",\"relation\":"
		"\"sibling\"}",
		h.other, h.home[0]);
	assert_int_equal(change(t, "moves", body, set), 201);
	/* …whose household was left empty. */
	assert_string_equal(test_str(t, "ended_households.0"), h.home[1]);
	assert_true(field_is(t, "households", h.home[1], "active", ""));
	assert_int_equal((int)test_num(t, "active"), 0);
	assert_int_equal(reg_patch(t, "persons", h.other, "{\"sex\":\"male\"}"), 200);
	assert_int_equal(undo(t, "moves", set), 409);
	assert_string_equal(test_error(t), "change.touched");
}

static void test_household_moves_and_leaves(void **state)
{
	struct test_app *t = *state;
	struct home h;
	char body[500], id[32], set[32], *before;

	SKIP_WITHOUT(t);
	furnish(t, &h);
	before = picture(t);
	snprintf(body, sizeof(body),
		"{\"kind\":\"within\",\"household_id\":\"%s\",\"room_id\":\"%s\"}", h.home[0],
		h.room[2]);
	assert_int_equal(change(t, "moves", body, set), 201);
	assert_int_equal(test_len(t, "people"), 3);
	assert_true(field_is(t, "persons", h.child, "place", GRID2));
	assert_true(field_is(t, "households", h.home[0], "head_id", h.man));
	assert_int_equal(undo(t, "moves", set), 200);
	free(before);
	before = picture(t);
	/* Out: plans, links and consents end with the reason, and the household with its last
	 * member. */
	snprintf(body, sizeof(body),
		"{\"kind\":\"out\",\"household_id\":\"%s\",\"day\":\"2026-05-10\"}", h.home[0]);
	t->now += MS_HOUR;
	assert_int_equal(change(t, "moves", body, set), 201);
	assert_string_equal(test_str(t, "ended_households.0"), h.home[0]);
	assert_true(field_is(t, "care_plans", h.plan, "ended_reason", "moved_out"));
	assert_int_equal(
		reg_int(t, "SELECT count(*) AS n FROM consent WHERE expires_at IS NOT NULL"), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM person WHERE active = 0 AND "
				    "ended_at = 20260510"),
		3);
	assert_int_equal(undo(t, "moves", set), 200);
	same_picture(t, before);
	/* In: new people into a room, all gone again by undoing; who knows number and name gets the
	 * former row. */
	before = picture(t);
	snprintf(body, sizeof(body),
		"{\"kind\":\"in\",\"room_id\":\"%s\",\"people\":[{\"name\":\"孙武\",\"relation\":"
		"\"spouse\"},"
		"{\"name\":\"孙敏\",\"relation\":\"head\"}]}",
		h.room[2]);
	assert_int_equal(change(t, "moves", body, set), 201);
	snprintf(id, sizeof(id), "%s", test_str(t, "people.1"));
	assert_true(field_is(t, "households", test_str(t, "household_id"), "head_id", id));
	assert_int_equal(undo(t, "moves", set), 200);
	same_picture(t, before);
	/* Bad requests say which field. */
	assert_int_equal(
		test_call(t, "POST /api/moves", "{\"kind\":\"out\",\"person_ids\":[\"1\"]}"), 404);
	snprintf(body, sizeof(body), "{\"kind\":\"within\",\"person_ids\":[\"%s\"]}", h.man);
	assert_int_equal(test_call(t, "POST /api/moves", body), 400);
	assert_string_equal(test_error(t), "move.target");
	snprintf(body, sizeof(body),
		"{\"kind\":\"within\",\"person_ids\":[\"%s\"],\"place\":\"" GRID3 "\"}", h.man);
	assert_int_equal(test_call(t, "POST /api/moves", body), 404);
	/* A grid's worker moves nobody out of another grid. */
	test_post(t, ROLE_GRID_WORKER_FT, AT_GRID2);
	snprintf(body, sizeof(body), "{\"kind\":\"out\",\"person_ids\":[\"%s\"]}", h.man);
	assert_int_equal(test_call(t, "POST /api/moves", body), 404);
}

static void test_comes_back_elsewhere(void **state)
{
	static const char seventeen[] = "99010119500307001";
	struct test_app *t = *state;
	char id[32], set[32], body[400], last = id18_digit(seventeen);

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "persons", id,
				 "{\"name\":\"王建国\",\"id_no\":\"%s%c\",\"place\":\"" GRID1 "\"}",
				 seventeen, last),
		201);
	snprintf(body, sizeof(body), "{\"kind\":\"out\",\"person_ids\":[\"%s\"]}", id);
	assert_int_equal(change(t, "moves", body, set), 201);
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_STREET2);
	snprintf(body, sizeof(body),
		"{\"kind\":\"in\",\"place\":\"" GRID3
		"\",\"people\":[{\"name\":\"王建军\",\"id_no\":\"%s%c\"}]}",
		seventeen, last);
	assert_int_equal(test_call(t, "POST /api/moves", body), 409);
	snprintf(body, sizeof(body),
		"{\"kind\":\"in\",\"place\":\"" GRID3
		"\",\"people\":[{\"name\":\"王建国\",\"id_no\":\"%s%c\","
		"\"phone\":\"13900002222\"}]}",
		seventeen, last);
	assert_int_equal(change(t, "moves", body, set), 201);
	assert_string_equal(test_str(t, "people.0"), id);
	assert_true(field_is(t, "persons", id, "place", GRID3));
	assert_true(field_is(t, "persons", id, "phone", "139****2222"));
	/* Only who could have done it undoes it: he came from elsewhere. */
	assert_int_equal(undo(t, "moves", set), 404);
	test_post(t, ROLE_DISTRICT_ADMIN, AT_DISTRICT);
	assert_int_equal(undo(t, "moves", set), 200);
}

/* ---- duplicates ---- */

static void test_merge_and_undo(void **state)
{
	struct test_app *t = *state;
	struct home h;
	char twin[32], set[32], path[200], body[500], *before;

	SKIP_WITHOUT(t);
	furnish(t, &h);
	assert_int_equal(reg_add(t, "persons", twin,
				 "{\"name\":\"王建国\",\"birth\":\"1950-03-07\",\"phone\":"
				 "\"13900002222\",\"sex\":"
				 "\"male\",\"household_id\":\"%s\"}",
				 h.home[1]),
		201);
	before = picture(t);
	assert_int_equal(test_call(t, "GET /api/duplicates?kind=person", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.why.0"), "name_birth");
	snprintf(path, sizeof(path), "GET /api/duplicates/pair?kind=person&a=%s&b=%s", twin, h.man);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_int_equal((int)test_num(t, "b.related"), 3);
	assert_true(reg_said(t, "138****1111"));
	assert_false(reg_said(t, "13800001111"));
	/* The older row goes into the newer one, with its telephone: what hung on it hangs on the
	 * other. */
	snprintf(body, sizeof(body),
		"{\"kind\":\"person\",\"winner_id\":\"%s\",\"loser_id\":\"%s\",\"winner_version\":%"
		"d,"
		"\"loser_version\":%d,\"take\":[\"phone\",\"household_id\"]}",
		twin, h.man, (int)test_num(t, "a.version"), (int)test_num(t, "b.version"));
	assert_int_equal(change(t, "merges", body, set), 201);
	assert_true(field_is(t, "persons", h.man, "ended_reason", "merged"));
	assert_true(field_is(t, "persons", twin, "phone", "138****1111"));
	assert_true(field_is(t, "persons", twin, "household_id", h.home[0]));
	assert_true(field_is(t, "households", h.home[0], "head_id", twin));
	assert_true(field_is(t, "care_plans", h.plan, "target_id", twin));
	assert_true(field_is(t, "consents", h.consent, "person_id", twin));
	assert_int_equal(test_call(t, "GET /api/persons?phone=13800001111", NULL), 200);
	assert_int_equal(test_len(t, "items"), 2);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM audit WHERE action = 'merge'"), 5);
	snprintf(path, sizeof(path), "GET /api/merges?loser_id=%s", h.man);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_string_equal(test_str(t, "items.0.winner_id"), twin);
	assert_int_equal(undo(t, "merges", set), 200);
	same_picture(t, before);
	/* Again, but something changed since. */
	snprintf(path, sizeof(path), "GET /api/duplicates/pair?kind=person&a=%s&b=%s", twin, h.man);
	assert_int_equal(test_call(t, path, NULL), 200);
	snprintf(body, sizeof(body),
		"{\"kind\":\"person\",\"winner_id\":\"%s\",\"loser_id\":\"%s\",\"winner_version\":%"
		"d,"
		"\"loser_version\":%d}",
		twin, h.man, (int)test_num(t, "a.version"), (int)test_num(t, "b.version"));
	assert_int_equal(change(t, "merges", body, set), 201);
	assert_true(field_is(t, "households", h.home[0], "head_id", ""));
	assert_int_equal(test_call(t, "POST /api/merges", body), 409);
	assert_string_equal(test_error(t), "merge.inactive");
	assert_int_equal(reg_patch(t, "persons", twin, "{\"phone\":\"13700003333\"}"), 200);
	assert_int_equal(undo(t, "merges", set), 409);
	assert_string_equal(test_error(t), "change.touched");
}

/* Another head: the others' words are those to the new one, as given, derived, or to be asked. */
static void test_relations_follow(void **state)
{
	struct test_app *t = *state;
	struct home h;
	char body[400], set[32], patch[100], grandchild[32];

	SKIP_WITHOUT(t);
	furnish(t, &h);
	assert_int_equal(
		reg_add(t, "persons", grandchild,
			"{\"name\":\"王乐\",\"birth\":\"2010-01-01\",\"household_id\":\"%s\",\"relation\":\"grandchild\"}",
			h.home[0]),
		201);
	snprintf(patch, sizeof(patch), "{\"head_id\":\"%s\"}", h.child);
	assert_int_equal(reg_patch(t, "households", h.home[0], patch), 200);
	assert_true(field_is(t, "persons", h.child, "relation", "head"));
	assert_true(field_is(t, "persons", h.man, "relation", "parent"));
	assert_true(field_is(t, "persons", h.wife, "relation", "parent"));
	assert_true(field_is(t, "persons", grandchild, "relation", "child"));
	/* The head moves out; the mother follows as head: her husband's word is given, the grandchild's known. */
	snprintf(body, sizeof(body),
		"{\"kind\":\"out\",\"person_ids\":[\"%s\"],\"head_id\":\"%s\",\"relations\":{\"%s\":\"head\"}}",
		h.child, h.wife, h.man);
	assert_int_equal(test_call(t, "POST /api/moves", body), 400);
	assert_string_equal(test_error(t), "move.relations");
	memcpy(strstr(body, "\"head\"}}"), "\"spouse\"}}", 11);
	assert_int_equal(change(t, "moves", body, set), 201);
	assert_int_equal(test_len(t, "unsure"), 0);
	assert_true(field_is(t, "persons", h.man, "relation", "spouse"));
	assert_true(field_is(t, "persons", grandchild, "relation", "grandchild"));
	assert_int_equal(undo(t, "moves", set), 200);
	assert_true(field_is(t, "persons", h.wife, "relation", "parent"));
	/* Somebody of no known relation: the others are asked for. */
	assert_int_equal(reg_patch(t, "persons", h.wife, "{\"relation\":\"other\"}"), 200);
	memcpy(strstr(body, ",\"relations"), "}", 2);
	assert_int_equal(change(t, "moves", body, set), 201);
	assert_int_equal(test_len(t, "unsure"), 2);
}

/* ---- rounds ---- */

static void test_round(void **state)
{
	struct test_app *t = *state;
	struct home h;
	char id[32], path[160];

	SKIP_WITHOUT(t);
	t->now = REG_NOW - 40 * (int64_t)MS_DAY;
	furnish(t, &h);
	t->now = REG_NOW;
	assert_int_equal(
		reg_add(t, "rounds", NULL,
			"{\"name\":\"五月核采\",\"kinds\":[\"people\"],\"place\":\"" COMMUNITY1
			"\",\"starts\":\"2026-05-15\",\"ends\":\"2026-05-31\",\"fresh_days\":30,"
			"\"basis\":\"年度核采\"}"),
		400);
	assert_int_equal(
		reg_add(t, "rounds", NULL,
			"{\"name\":\"五月核采\",\"kinds\":[\"persons\"],\"place\":\"" STREET2
			"\",\"starts\":\"2026-05-15\",\"ends\":\"2026-05-31\",\"fresh_days\":30,"
			"\"basis\":\"年度核采\"}"),
		404);
	assert_int_equal(
		reg_add(t, "rounds", id,
			"{\"name\":\"五月核采\",\"kinds\":[\"persons\",\"rooms\"],\"place\":"
			"\"" COMMUNITY1 "\",\"starts\":\"2026-05-15\",\"ends\":\"2026-05-31\","
			"\"fresh_days\":30,\"basis\":\"年度核采\"}"),
		201);
	/* The grid's worker: what is due, confirmed, and gone from the list. */
	test_post(t, ROLE_GRID_WORKER_FT, AT_GRID1);
	assert_int_equal(test_call(t, "GET /api/rounds/open", NULL), 200);
	assert_int_equal((int)test_num(t, "items.0.all"), 6);
	assert_int_equal((int)test_num(t, "items.0.done"), 0);
	snprintf(path, sizeof(path), "GET /api/rounds/%s/todo?kind=persons", id);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_int_equal(test_len(t, "items"), 4);
	assert_true(reg_said(t, "王建国"));
	assert_int_equal(test_callf(t, "POST /api/registry/persons/%s/verify", h.man, NULL), 200);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_int_equal(test_len(t, "items"), 3);
	test_post(t, ROLE_GRID_INSTRUCTOR, AT_GRID1);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_true(reg_said(t, "李**"));
	assert_false(reg_said(t, "李梅"));
	/* How far each grid is, in the grids' order. */
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
	snprintf(path, sizeof(path), "GET /api/rounds/%s/progress", id);
	assert_int_equal(test_call(t, path, NULL), 200);
	assert_int_equal(test_len(t, "places"), 2);
	assert_string_equal(test_str(t, "places.0.place"), GRID1);
	assert_int_equal((int)test_num(t, "places.0.done"), 1);
	assert_int_equal((int)test_num(t, "places.0.kinds.1.all"), 2);
	assert_string_equal(test_str(t, "places.1.place"), GRID2);
	assert_int_equal((int)test_num(t, "all"), 7);
	test_post(t, ROLE_GRID_LEADER, AT_GRID3);
	assert_int_equal(test_call(t, "GET /api/rounds/open", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pure),
		TEST_BOTH(test_move_within_and_back),
		TEST_BOTH(test_household_moves_and_leaves),
		TEST_EMBEDDED(test_comes_back_elsewhere),
		TEST_BOTH(test_merge_and_undo),
		TEST_BOTH(test_relations_follow),
		TEST_BOTH(test_round),
	};

	return cmocka_run_group_tests_name("collect (R022)", tests, NULL, NULL);
}
