/* R025: one search box, layers, areas, figures and open formats: all of one's own area and nothing
 * beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/geo.h"
#include "base/vector_tile.pb-c.h"
#include "core/entity_index.h"
#include "core/matter.h"
#include "mod/atlas/atlas.h"
#include "mod/map/map.h"
#include "mod/place/place.h"
#include "mod/registry/test_registry.h"

static const struct module *const modules[] = { &place_module, &registry_module, &map_module,
	&atlas_module, NULL };
static const struct matter_kind event = { .number = 1, .name = "event", .letter = 'E' };

/* Two streets with one building each, a household in the first, a venue and a thing. */
static void fill(struct test_app *t)
{
	char building[32], room[32], home[32];

	assert_int_equal(reg_add(t, "buildings", building,
				 "{\"name\":\"岳麓小区3栋\",\"address\":\"清溪街道岳麓路12号\","
				 "\"place\":\"" GRID1 "\",\"lon\":106.5,\"lat\":29.4}"),
		201);
	assert_int_equal(reg_add(t, "rooms", room,
				 "{\"building_id\":\"%s\",\"unit_no\":\"1\",\"floor\":3,\"room_"
				 "no\":\"301\"}",
				 building),
		201);
	assert_int_equal(reg_add(t, "households", home, "{\"room_id\":\"%s\"}", room), 201);
	assert_int_equal(
		reg_add(t, "persons", NULL,
			"{\"name\":\"曾小明\",\"phone\":\"138 0000 1111\",\"household_id\":\"%s\"}",
			home),
		201);
	assert_int_equal(reg_add(t, "venues", NULL,
				 "{\"name\":\"麓山茶馆\",\"place\":\"" GRID2
				 "\",\"phone\":\"13800002222\",\"lon\":106.52,\"lat\":29.41}"),
		201);
	test_post(t, ROLE_DISTRICT_ADMIN, AT_DISTRICT);
	assert_int_equal(reg_add(t, "buildings", NULL,
				 "{\"name\":\"岳麓新村1栋\",\"place\":\"" GRID3
				 "\",\"lon\":106.6,\"lat\":29.5}"),
		201);
	assert_int_equal(
		reg_add(t, "persons", NULL,
			"{\"name\":\"曾小红\",\"phone\":\"13800001111\",\"place\":\"" GRID3 "\"}"),
		201);
	test_sql(t, "INSERT INTO matter (id, version, kind, title, track, urgency, source, place, "
		    "lon, lat, morton, state, open, "
		    "sealed, anonymous, reported_at, level, auto_action, supporters, reopens, "
		    "returns, extensions, fails, "
		    "supervised, self_closed, sampled) VALUES (9001, 1, 1, '岳麓路灯不亮', 3, 2, "
		    "1, 50099900100100100, 106.5001, "
		    "29.4001, 0, 4, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0)");
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
}

static struct test_app *fresh(enum db_engine e)
{
	struct test_app *t = reg_fresh_with(e, modules);

	t->app.kind[0] = &event;
	t->app.nkind = 1;
	fill(t);
	return t;
}
TEST_FIXTURE(fresh);

/* ---- search ---- */

/* "buildings:1 venues:2": what a query finds. */
static const char *finds(struct test_app *t, const char *q, char out[200])
{
	char url[200];
	size_t n = 0;

	snprintf(url, sizeof(url), "GET /api/search?q=%s", q);
	assert_int_equal(test_call(t, url, NULL), 200);
	out[0] = '\0';
	for (size_t i = 0; i < test_len(t, "groups"); i++) {
		char kind[40], items[40];

		snprintf(kind, sizeof(kind), "groups.%zu.kind", i);
		snprintf(items, sizeof(items), "groups.%zu.items", i);
		n += (size_t)snprintf(out + n, 200 - n, "%s%s:%zu", n > 0 ? " " : "",
			test_str(t, kind), test_len(t, items));
	}
	return out;
}

#define FINDS(q, what) assert_string_equal(finds(t, q, said), what)

static void test_search(void **state)
{
	struct test_app *t = *state;
	char said[200];

	SKIP_WITHOUT(t);
	FINDS("岳麓", "buildings:1");
	FINDS("岳麓小区3栋", "buildings:1");
	FINDS("岳麓小栋", "");
	FINDS("ylxq", "buildings:1");
	FINDS("岳麓路%2012", "buildings:1");
	FINDS("50099900100100100", "places:1");
	FINDS("清溪", "buildings:1");
	FINDS("曾小明", "persons:1");
	FINDS("zxm", "persons:1");
	FINDS("%2B86%20138-0000-1111", "persons:1");
	FINDS("13800002222", "venues:1");
	FINDS("1380000111", "");
	FINDS("岳", "");
	assert_true(reg_said(t, "\"short\":true"));
	assert_int_equal(test_call(t, "GET /api/search?q=", NULL), 400);
	/* Whoever sees people masked does not find them; the venue yes, by its name only. */
	test_post(t, ROLE_DISTRICT_VIEWER, AT_DISTRICT);
	FINDS("曾小", "");
	FINDS("13800001111", "");
	FINDS("13800002222", "");
	FINDS("麓山", "venues:1");
	FINDS("岳麓", "buildings:2");
	/* Another street's user finds nothing of this one. */
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_STREET2);
	FINDS("岳麓", "buildings:1");
	FINDS("小明", "");
	FINDS("13800001111", "persons:1");
	FINDS("麓山", "");
	test_post(t, ROLE_RESIDENT, AT_GRID1);
	assert_int_equal(test_call(t, "GET /api/search?q=岳麓", NULL), 403);
}

static int64_t differing(struct test_app *t)
{
	struct arena *a = arena_new(1 << 20);
	int64_t sum = 0;
	struct req rq;

	req_local(&rq, &t->app, t->reader, a, NULL, t->now);
	for (size_t i = 0; i < t->app.nentity; i++) {
		int64_t rows, bad, id;

		assert_int_equal(entity_index_check(&rq, t->app.entity[i], &rows, &bad, &id), OK);
		sum += bad;
	}
	req_local_done(&rq);
	arena_free(a);
	return sum;
}

static enum err fill_again(struct req *rq, void *arg)
{
	(void)arg;
	return entity_index_fill(rq, &building_entity);
}

/* The index follows its rows: changes, ends, moves along with the house, imports, rows of plain
 * SQL. */
static void test_follows(void **state)
{
	struct test_app *t = *state;
	char said[200], id[32];

	SKIP_WITHOUT(t);
	assert_int_equal(differing(t), 0);
	finds(t, "麓山", said);
	snprintf(id, sizeof(id), "%s", test_str(t, "groups.0.items.0.id"));
	assert_int_equal(reg_patch(t, "venues", id, "{\"name\":\"云顶茶馆\"}"), 200);
	FINDS("麓山", "");
	FINDS("云顶", "venues:1");
	assert_int_equal(reg_patch(t, "venues", id, "{\"active\":false}"), 200);
	FINDS("云顶", "");
	finds(t, "岳麓小区", said);
	snprintf(id, sizeof(id), "%s", test_str(t, "groups.0.items.0.id"));
	assert_int_equal(reg_patch(t, "buildings", id, "{\"place\":\"" GRID2 "\"}"), 200);
	assert_int_equal(differing(t), 0);
	test_post(t, ROLE_GRID_LEADER, AT_GRID2);
	FINDS("曾小明", "persons:1");
	test_post(t, ROLE_GRID_LEADER, AT_GRID1);
	FINDS("曾小明", "");
	test_sql(t, "UPDATE building SET name = '春晖小区'");
	assert_int_equal(differing(t), 2);
	assert_int_equal(test_local(t, fill_again, NULL), OK);
	assert_int_equal(differing(t), 0);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM entity_word WHERE class = 23"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_search),
		TEST_BOTH(test_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
