/*
 * Places: kinds and norms, the tree with figures, boundaries, official codes, lineage, the import of
 * divisions (R003, R004, R005, R006, R007, R022).
 */
#include "mod/test_app/test_app.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mod/place/place.h"

#define DISTRICT INT64_C(50099900000000000)
#define COMMUNITY "50099900100100000"
#define GRID1 "50099900100100100"
#define GRID2 "50099900100100200"

static const struct module *const modules[] = { &place_module, NULL };

static struct test_app *fresh(enum db_engine e)
{
	struct test_app *t = test_app_new(e, modules);

	test_post(t, ROLE_DISTRICT_ADMIN, DISTRICT);
	return t;
}

TEST_FIXTURE(fresh);

static const char small_csv[] =
	"code,name,kind,households\n"
	"500999,试点区,,\n"
	"500999001,清溪街道,,\n"
	"500999002,石桥镇,,\n"
	COMMUNITY ",柳荫社区,,800\n"
	"500999001002,竹林村,,\n"
	GRID1 ",第1网格,general,400\n"
	GRID2 ",第2网格,general,520\n"
	"50099900100100300,第3网格,general,250\n"
	"50099900100100400,产业园网格,park,0\n"
	"50099900100100101,第1微网格,micro,50\n"
	"50099900100100102,第2微网格,micro,95\n"
	"50099900200100000,石桥社区,,\n"
	"50099900200100100,第1网格,,310\n";

static void load_small(struct test_app *t)
{
	assert_int_equal(test_call(t, "POST /api/places/import", small_csv), 200);
	assert_int_equal((int)test_num(t, "created"), 13);
	assert_int_equal((int)test_num(t, "rejected"), 0);
}

/* Id of a place, valid until the next call but one. */
static const char *id_of(struct test_app *t, const char *code)
{
	assert_int_equal(test_callf(t, "GET /api/places/by-code/%s", code, NULL), 200);
	return test_str(t, "id");
}

/* ---- pure ---- */

static void test_names(void **state)
{
	static const struct {
		const char *name, *brief;
		enum level level;
		enum place_kind kind;
	} cases[] = {
		{ "清溪街道", "清溪街道", LEVEL_STREET, PLACE_SUBDISTRICT },
		{ "石桥镇", "石桥镇", LEVEL_STREET, PLACE_TOWN },
		{ "天星乡", "天星乡", LEVEL_STREET, PLACE_TOWN },
		{ "柳荫社区居民委员会", "柳荫社区", LEVEL_COMMUNITY, PLACE_COMMUNITY },
		{ "竹林村村民委员会", "竹林村", LEVEL_COMMUNITY, PLACE_VILLAGE },
		{ "竹林村委会", "竹林村委会", LEVEL_COMMUNITY, PLACE_VILLAGE },
		{ "沿江居委会", "沿江居委会", LEVEL_COMMUNITY, PLACE_COMMUNITY },
		{ "试点区", "试点区", LEVEL_DISTRICT, PLACE_DISTRICT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(place_kind_of_name(str_z(cases[i].name), cases[i].level), cases[i].kind);
		assert_true(str_eqz(place_short_name(str_z(cases[i].name)), cases[i].brief));
	}
}

static void test_norms(void **state) /* R005, R006 */
{
	const struct norm *g = norm_of(&norms_default, LEVEL_GRID, PLACE_GRID);
	const struct norm *m = norm_of(&norms_default, LEVEL_MICRO, PLACE_MICRO);

	(void)state;
	assert_true(norm_drift(g, 400) == 0.0);
	assert_true(fabs(norm_drift(g, 520) - 0.3) < 1e-9);
	assert_true(norm_ok(g, 300) && norm_ok(g, 500) && !norm_ok(g, 299) && !norm_ok(g, 501));
	assert_int_equal(norm_parts(g, 501), 2);
	assert_int_equal(norm_parts(g, 1000), 3);
	assert_int_equal(norm_parts(g, 1100), 3);
	assert_true(norm_drift(m, 50) == 0.0);
	assert_true(norm_ok(m, 65) && !norm_ok(m, 66) && !norm_ok(m, 95));
	assert_null(norm_of(&norms_default, LEVEL_GRID, PLACE_PARK));
	assert_null(norm_of(&norms_default, LEVEL_COMMUNITY, PLACE_COMMUNITY));
}

static void test_kinds(void **state)
{
	(void)state;
	for (int l = LEVEL_PROVINCE; l <= LEVEL_MICRO; l++)
		assert_true(place_kind_fits(place_kind_usual((enum level)l), (enum level)l));
	assert_false(place_kind_fits(PLACE_TOWN, LEVEL_COMMUNITY));
	assert_false(place_kind_fits(NIL, LEVEL_GRID));
	assert_true(place_is_dedicated(PLACE_DEDICATED) && place_is_dedicated(PLACE_HOSPITAL));
	assert_false(place_is_dedicated(PLACE_GRID) || place_is_dedicated(PLACE_MICRO));
}

/* ---- the entity ---- */

static void test_three_kinds_of_cells(void **state) /* R004 */
{
	static const struct {
		const char *body, *error;
	} cases[] = {
		{ "{\"code\":\"50099900100100500\",\"name\":\"第5网格\",\"kind\":\"general\"}", "" },
		{ "{\"code\":\"50099900100100103\",\"name\":\"微网格\",\"kind\":\"micro\"}", "" },
		{ "{\"code\":\"50099900100100600\",\"name\":\"学校网格\",\"kind\":\"school\"}", "" },
		{ "{\"code\":\"50099900100900100\",\"name\":\"无社区\",\"kind\":\"general\"}", "place.no_parent" },
		{ "{\"code\":\"50099900100200101\",\"name\":\"无网格\",\"kind\":\"micro\"}", "place.no_parent" },
		{ "{\"code\":\"50099900100100700\",\"name\":\"错\",\"kind\":\"town\"}", "place.kind" },
		{ "{\"code\":\"50099900100100500\",\"name\":\"又一个\"}", "duplicate" },
		{ "{\"code\":\"50099900100100800\",\"name\":\"半个位置\",\"lon\":106.5}", "place.position" },
		{ "{\"code\":\"50099900100100800\",\"name\":\"级\",\"level\":\"grid\"}", "unknown_field" },
		{ "{\"code\":\"50199900100100800\",\"name\":\"别处\"}", "place.no_parent" },
	};
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	load_small(t);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int status = test_call(t, "POST /api/places", cases[i].body);

		if (cases[i].error[0] == '\0')
			assert_int_equal(status, 201);
		else if (strcmp(cases[i].error, "unknown_field") == 0)
			assert_int_equal(status, 400);
		else
			assert_string_equal(test_error(t), cases[i].error);
	}
	assert_int_equal(test_call(t, "GET /api/places/by-code/50099900100100500", NULL), 200);
	assert_string_equal(test_str(t, "level"), "grid");
	assert_string_equal(test_str(t, "parent"), COMMUNITY);
	assert_int_equal(test_len(t, "path"), 4);
	assert_string_equal(test_str(t, "path.2.name"), "柳荫社区");
}

static void test_official_codes_are_versioned(void **state)
{
	struct test_app *t = *state;
	char id[32];

	SKIP_WITHOUT(t);
	load_small(t);
	snprintf(id, sizeof(id), "%s", id_of(t, COMMUNITY));
	assert_int_equal(test_len(t, "officials"), 0);
	assert_int_equal(test_callf(t, "PATCH /api/places/%s", id, "{\"version\":1,\"official_code\":\"500999001001\"}"),
			 200);
	assert_int_equal(test_callf(t, "PATCH /api/places/%s", id, "{\"version\":2,\"official_code\":\"500999001201\"}"),
			 200);
	assert_int_equal(test_len(t, "officials"), 2);
	assert_string_equal(test_str(t, "officials.0.code"), "500999001201");
	assert_string_equal(test_str(t, "officials.0.valid_to"), "");
	assert_string_equal(test_str(t, "officials.1.code"), "500999001001");
	assert_int_equal(strlen(test_str(t, "officials.1.valid_to")), 10);
	assert_int_equal(test_callf(t, "PATCH /api/places/%s", id, "{\"version\":2,\"name\":\"x\"}"), 409);
	assert_int_equal(test_callf(t, "PATCH /api/places/%s", id, "{\"version\":3,\"code\":\"50099900100100900\"}"), 400);
}

static void test_replacing_a_grid(void **state) /* R007 */
{
	struct test_app *t = *state;
	char id[32];

	SKIP_WITHOUT(t);
	load_small(t);
	assert_int_equal(test_call(t, "POST /api/places", "{\"code\":\"50099900100100500\",\"name\":\"第5网格\"}"), 201);
	assert_int_equal(test_call(t, "POST /api/places", "{\"code\":\"50099900100100600\",\"name\":\"第6网格\"}"), 201);
	snprintf(id, sizeof(id), "%s", id_of(t, GRID1));
	assert_int_equal(test_callf(t, "POST /api/places/%s/replace", id,
				    "{\"kind\":\"split\",\"into\":[\"" GRID1 "\"],\"reason\":\"过大\"}"), 400);
	assert_int_equal(test_callf(t, "POST /api/places/%s/replace", id,
				    "{\"kind\":\"split\",\"into\":[\"50099900200100100\"],\"reason\":\"过大\"}"), 400);
	assert_int_equal(test_callf(t, "POST /api/places/%s/replace", id,
				    "{\"kind\":\"split\",\"into\":[\"50099900100100500\",\"50099900100100600\"],"
				    "\"reason\":\"过大\"}"), 201);
	assert_int_equal((int)test_num(t, "open_matters"), 0);
	assert_int_equal(test_len(t, "place.lineage"), 2);
	assert_string_equal(test_str(t, "place.lineage.1.to"), "50099900100100600");
	/* It keeps its code, takes its micro-grids along and takes no new ones. */
	assert_int_equal(test_call(t, "POST /api/places", "{\"code\":\"" GRID1 "\",\"name\":\"新\"}"), 409);
	assert_int_equal(test_call(t, "POST /api/places", "{\"code\":\"50099900100100109\",\"name\":\"新\"}"), 409);
	assert_string_equal(test_error(t), "place.parent_ended");
	assert_int_equal(test_call(t, "GET /api/places/by-code/50099900100100101", NULL), 200);
	assert_int_equal(strlen(test_str(t, "valid_to")), 10);
	assert_int_equal(test_callf(t, "POST /api/places/%s/replace", id,
				    "{\"kind\":\"split\",\"into\":[\"50099900100100500\"],\"reason\":\"再\"}"), 409);
	assert_int_equal(test_call(t, "GET /api/places/tree?root=" COMMUNITY, NULL), 200);
	assert_int_equal(test_len(t, "items"), 6);
}

/* ---- the tree ---- */

static void add_matter(struct test_app *t, int id, const char *place, int level, int sealed)
{
	char sql[900];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO matter (id, version, kind, title, track, urgency, source, place, state, open, sealed, "
		 "anonymous, reported_at, level, auto_action, supporters, reopens, returns, extensions, fails, supervised, "
		 "self_closed, sampled) VALUES (%d, 1, 1, 'x', 3, 2, 1, %s, 1, 1, %d, 0, 0, %d, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
		 id, place, sealed, level);
	test_sql(t, sql);
}

static void test_tree(void **state)
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	load_small(t);
	add_matter(t, 1, "50099900100100101", 0, 0);
	add_matter(t, 2, GRID1, 2, 0);
	add_matter(t, 3, COMMUNITY, 3, 0);
	add_matter(t, 4, "50099900200100100", 0, 0);
	add_matter(t, 5, GRID2, 2, 1);
	assert_int_equal(test_call(t, "GET /api/places/tree?root=50099900000000000&depth=2", NULL), 200);
	assert_int_equal(test_len(t, "items"), 6);
	assert_string_equal(test_str(t, "items.0.level"), "district");
	assert_int_equal((int)test_num(t, "items.0.children"), 2);
	assert_int_equal((int)test_num(t, "items.0.open"), 4); /* not the sealed one */
	assert_int_equal((int)test_num(t, "items.0.overdue"), 2);
	assert_string_equal(test_str(t, "items.2.code"), COMMUNITY);
	assert_int_equal((int)test_num(t, "items.2.open"), 3);
	assert_int_equal((int)test_num(t, "items.2.children"), 4);
	assert_string_equal(test_str(t, "items.4.name"), "石桥镇");
	assert_int_equal((int)test_num(t, "items.4.open"), 1);
	/* One's own part: the community's secretary sees it and nothing above. */
	test_post(t, ROLE_COMMUNITY_SECRETARY, INT64_C(50099900100100000));
	assert_int_equal(test_call(t, "GET /api/places/tree", NULL), 200);
	assert_int_equal(test_len(t, "items"), 5);
	assert_string_equal(test_str(t, "items.0.code"), COMMUNITY);
	assert_int_equal((int)test_num(t, "items.1.open"), 2);
	assert_int_equal(test_call(t, "GET /api/places/tree?root=50099900000000000", NULL), 404);
	assert_int_equal(test_call(t, "GET /api/places/by-code/50099900200100100", NULL), 404);
	assert_int_equal(test_call(t, "GET /api/places/tree?root=" COMMUNITY "&depth=9", NULL), 400);
	test_post(t, ROLE_RESIDENT, INT64_C(50099900100100000));
	assert_int_equal(test_call(t, "GET /api/places/tree", NULL), 403);
}

/* ---- granularity ---- */

static void test_granularity(void **state) /* R003, R005, R006 */
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	load_small(t);
	assert_int_equal(test_call(t, "GET /api/reports/granularity?place=50099900000000000", NULL), 200);
	/* 400, 520, 250, 310: drifts 0, 0.3, 0.375, 0.225; the park is left out */
	assert_int_equal((int)test_num(t, "cells"), 4);
	assert_true(fabs(test_num(t, "mean_drift") - 0.225) < 1e-9);
	assert_true(fabs(test_num(t, "worst") - 0.375) < 1e-9);
	assert_int_equal(test_len(t, "streets"), 2);
	assert_true(fabs(test_num(t, "streets.0.mean_drift") - 0.225) < 1e-9);
	assert_true(fabs(test_num(t, "streets.1.worst") - 0.225) < 1e-9);
	assert_int_equal(test_len(t, "items"), 2);
	assert_string_equal(test_str(t, "items.0.name"), "第3网格");
	assert_string_equal(test_str(t, "items.0.flag"), "merge");
	assert_string_equal(test_str(t, "items.0.proposal"), "建议与第2网格之间调整边界，两者共 770 户");
	assert_string_equal(test_str(t, "items.1.flag"), "split");
	assert_string_equal(test_str(t, "items.1.proposal"), "建议拆分为 2 个网格，每个约 260 户");
	assert_int_equal(strlen(test_str(t, "items.1.since")), 10);
	assert_int_equal((int)test_num(t, "items.1.days"), 0);
	assert_int_equal(test_call(t, "GET /api/reports/granularity?level=micro_grid", NULL), 200);
	assert_int_equal((int)test_num(t, "cells"), 2);
	assert_int_equal((int)test_num(t, "outside"), 1);
	assert_string_equal(test_str(t, "items.0.code"), "50099900100100102");
	assert_int_equal(test_call(t, "GET /api/reports/granularity?level=street", NULL), 400);
	/* Below one street by community; registered households count once half of those stated are entered. */
	test_sql(t, "INSERT INTO household (id, version, code, place, active, source, created_at, updated_at) "
		    "VALUES (9001, 1, 'H1', 50099900100100102, 1, 1, 0, 0)");
	assert_int_equal(test_call(t, "GET /api/reports/granularity?level=micro_grid&place=50099900100000000", NULL), 200);
	assert_int_equal(test_len(t, "communities"), 1);
	assert_int_equal((int)test_num(t, "items.0.registered"), 0);
	test_sql(t, "UPDATE place SET households = 2 WHERE code = 50099900100100102");
	assert_int_equal(test_call(t, "GET /api/reports/granularity?level=micro_grid&place=50099900100000000", NULL), 200);
	assert_int_equal((int)test_num(t, "items.0.households"), 1);
	assert_int_equal((int)test_num(t, "items.0.registered"), 1);
	assert_int_equal(test_call(t, "GET /api/reports/granularity?place=50088800000000000", NULL), 200);
	assert_true(isnan(test_num(t, "mean_drift")));
}

static void test_standard(void **state) /* R003 */
{
	static const char wide[] = "{\"grid\":{\"target\":400,\"low\":200,\"high\":600},"
				   "\"micro_grid\":{\"target\":50,\"low\":30,\"high\":80}}";
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	load_small(t);
	assert_int_equal(test_callf(t, "GET /api/places/by-code/%s", GRID2, NULL), 200);
	assert_int_equal((int)test_num(t, "norm_ok"), 0);
	test_post(t, ROLE_DIRECTOR, INT64_C(50099900100000000));
	assert_int_equal(test_call(t, "PUT /api/places/norms", wide), 403);
	test_post(t, ROLE_DISTRICT_ADMIN, DISTRICT);
	assert_int_equal(test_call(t, "PUT /api/places/norms", "{\"grid\":{\"target\":1},\"micro_grid\":{}}"), 400);
	assert_int_equal(test_call(t, "PUT /api/places/norms", wide), 200);
	assert_int_equal((int)test_num(t, "version"), 2);
	assert_int_equal(test_call(t, "GET /api/places/norms", NULL), 200);
	assert_int_equal((int)test_num(t, "grid.high"), 600);
	assert_int_equal(test_callf(t, "GET /api/places/by-code/%s", GRID2, NULL), 200);
	assert_int_equal((int)test_num(t, "norm_ok"), 1);
	assert_string_equal(test_str(t, "norm_since"), "");
	assert_int_equal(test_call(t, "GET /api/reports/granularity", NULL), 200);
	assert_int_equal((int)test_num(t, "outside"), 0);
}

/* ---- boundaries ---- */

static int put_box(struct test_app *t, const char *code, double x0, double y0, double x1, double y1)
{
	char body[400], id[32];

	snprintf(id, sizeof(id), "%s", id_of(t, code));
	snprintf(body, sizeof(body),
		 "{\"type\":\"Polygon\",\"coordinates\":[[[%f,%f],[%f,%f],[%f,%f],[%f,%f],[%f,%f]]]}", x0, y0, x1, y0, x1,
		 y1, x0, y1, x0, y0);
	return test_callf(t, "PUT /api/places/%s/shape", id, body);
}

static void test_boundaries(void **state) /* R004 */
{
	struct test_app *t = *state;
	char id[32];

	SKIP_WITHOUT(t);
	load_small(t);
	assert_int_equal(put_box(t, COMMUNITY, 106.50, 29.40, 106.54, 29.44), 200);
	assert_int_equal((int)test_num(t, "has_shape"), 1);
	assert_int_equal(put_box(t, GRID1, 106.50, 29.40, 106.52, 29.44), 200);
	assert_int_equal(put_box(t, GRID2, 106.53, 29.40, 106.56, 29.44), 409);
	assert_string_equal(test_error(t), "place.outside_parent");
	assert_int_equal(put_box(t, GRID2, 106.51, 29.40, 106.54, 29.44), 409);
	assert_string_equal(test_error(t), "place.overlaps");
	assert_non_null(strstr(test_str(t, "error.message"), "第1网格"));
	assert_int_equal(put_box(t, GRID2, 106.52, 29.40, 106.54, 29.44), 200);
	assert_int_equal(put_box(t, COMMUNITY, 106.51, 29.40, 106.54, 29.44), 409);
	assert_string_equal(test_error(t), "place.cuts_child");
	assert_int_equal(put_box(t, GRID1, 106.50, 29.40, 106.51, 29.44), 200); /* its own old shape is no sibling */
	assert_int_equal(test_call(t, "GET /api/places/at?lon=106.53&lat=29.42", NULL), 200);
	assert_string_equal(test_str(t, "place.code"), GRID2);
	assert_int_equal(test_len(t, "path"), 4);
	assert_int_equal(test_call(t, "GET /api/places/at?lon=106.515&lat=29.42", NULL), 200);
	assert_string_equal(test_str(t, "place.code"), COMMUNITY);
	assert_int_equal(test_call(t, "GET /api/places/at?lon=10&lat=10", NULL), 200);
	assert_string_equal(test_str(t, "place.code"), "");
	assert_int_equal(test_call(t, "GET /api/places/at?lon=10", NULL), 400);
	snprintf(id, sizeof(id), "%s", id_of(t, GRID2));
	assert_int_equal(test_callf(t, "GET /api/places/%s/shape", id, NULL), 200);
	assert_string_equal(test_str(t, "type"), "Polygon");
	assert_int_equal(test_callf(t, "PUT /api/places/%s/shape", id, "{\"type\":\"Point\",\"coordinates\":[106.5,29.4]}"),
			 400);
	assert_int_equal(test_callf(t, "PUT /api/places/%s/shape", id, "{\"type\":\"Poly"), 400);
	snprintf(id, sizeof(id), "%s", id_of(t, "50099900100100300"));
	assert_int_equal(test_callf(t, "GET /api/places/%s/shape", id, NULL), 404);
}

/* ---- import ---- */

static void test_import_reports_rows(void **state) /* R022 */
{
	static const char bad[] = "code,name,level,households\n"
				  "500999,试点区,district,\n"
				  "500999001,清溪街道,grid,\n"
				  ",无码,,\n"
				  "500999001,又,,\n"
				  "500999002,,street,\n"
				  "500999003,多户,street,-5\n"
				  "500999004001,无街道,,\n"
				  "500999001,又一个,,\n";
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	assert_int_equal(test_call(t, "POST /api/places/import?dry_run=true", bad), 200);
	assert_int_equal((int)test_num(t, "rows"), 8);
	assert_int_equal((int)test_num(t, "rejected"), 6);
	assert_int_equal((int)test_num(t, "created"), 2);
	assert_string_equal(test_str(t, "errors.0.column"), "level");
	assert_int_equal((int)test_num(t, "errors.0.row"), 2);
	assert_int_equal((int)test_num(t, "errors.0.line"), 3);
	assert_int_equal(test_call(t, "POST /api/places/import", bad), 200);
	assert_int_equal((int)test_num(t, "created"), 0);
	assert_int_equal(test_call(t, "GET /api/places", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	assert_int_equal(test_call(t, "POST /api/places/import?partial=true", bad), 200);
	assert_int_equal((int)test_num(t, "created"), 2);
	assert_int_equal(test_call(t, "POST /api/places/import", "code,surname\n1,2\n"), 400);
	assert_int_equal(test_call(t, "POST /api/places/import", "name\nx\n"), 400);
}

static void test_import_divisions(void **state)
{
	static const char csv[] =
		"area_code,area_name,street_code,street_name,village_code,village_name\n"
		"500999,试点区,500999001,清溪街道,500999001001,柳荫社区居民委员会\n"
		"500999,试点区,500999001,清溪街道,500999001201,竹林村村民委员会\n"
		"500999,试点区,500999102,石桥镇,500999102001,石桥社区居民委员会\n";
	static const char conflict[] =
		"area_code,area_name,street_code,street_name,village_code,village_name\n"
		"500999,试点区,500999001,清溪街道,500999001001,柳荫社区居民委员会\n"
		"500999,试点区,500999001,青溪街道,500999001002,新社区居民委员会\n"
		"500999,试点区,500999001,清溪街道,500998001002,新社区居民委员会\n";
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	assert_int_equal(test_call(t, "POST /api/places/import", csv), 200);
	assert_int_equal((int)test_num(t, "created"), 6);
	assert_int_equal(test_call(t, "POST /api/places/import", csv), 200);
	assert_int_equal((int)test_num(t, "created"), 0);
	assert_int_equal((int)test_num(t, "updated"), 0);
	assert_int_equal((int)test_num(t, "unchanged"), 6);
	assert_int_equal(test_call(t, "GET /api/places/by-code/50099900120100000", NULL), 200);
	assert_string_equal(test_str(t, "kind"), "village");
	assert_string_equal(test_str(t, "alias"), "竹林村");
	assert_int_equal((int)test_num(t, "version"), 1);
	assert_string_equal(test_str(t, "officials.0.code"), "500999001201");
	assert_int_equal(test_call(t, "POST /api/places/import", conflict), 200);
	assert_int_equal((int)test_num(t, "rejected"), 2);
	assert_string_equal(test_str(t, "errors.0.code"), "conflict");
	assert_string_equal(test_str(t, "errors.1.code"), "parent");
}

/* A place whose official code changed is found by the new one and by the old one. */
static void test_import_after_code_change(void **state)
{
	static const char csv[] =
		"area_code,area_name,street_code,street_name,village_code,village_name\n"
		"500999,试点区,500999001,清溪街道,%s,%s\n";
	struct test_app *t = *state;
	char body[400], id[32];

	SKIP_WITHOUT(t);
	snprintf(body, sizeof(body), csv, "500999001001", "柳荫社区居民委员会");
	assert_int_equal(test_call(t, "POST /api/places/import", body), 200);
	snprintf(id, sizeof(id), "%s", id_of(t, COMMUNITY));
	assert_int_equal(test_callf(t, "PATCH /api/places/%s", id, "{\"version\":1,\"official_code\":\"500999001301\"}"),
			 200);
	snprintf(body, sizeof(body), csv, "500999001301", "柳荫新村社区居民委员会");
	assert_int_equal(test_call(t, "POST /api/places/import", body), 200);
	assert_int_equal((int)test_num(t, "created"), 0);
	assert_int_equal((int)test_num(t, "updated"), 1);
	assert_string_equal(id_of(t, COMMUNITY), id);
	assert_string_equal(test_str(t, "name"), "柳荫新村社区居民委员会");
}

static void test_real_divisions(void **state)
{
	struct test_app *t = *state;
	char *csv;

	SKIP_WITHOUT(t);
	csv = test_data("divisions/banan_500113_villages.csv");
	if (csv == NULL)
		skip();
	test_post(t, ROLE_DISTRICT_ADMIN, INT64_C(50011300000000000));
	assert_int_equal(test_call(t, "POST /api/places/import", csv), 200);
	assert_int_equal((int)test_num(t, "rows"), 313);
	assert_int_equal((int)test_num(t, "created"), 1 + 23 + 313);
	assert_int_equal((int)test_num(t, "rejected"), 0);
	assert_int_equal(test_call(t, "POST /api/places/import", csv), 200);
	assert_int_equal((int)test_num(t, "unchanged"), 1 + 23 + 313);
	assert_int_equal(test_call(t, "GET /api/places/tree?root=50011300000000000", NULL), 200);
	assert_int_equal(test_len(t, "items"), 24);
	free(csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_norms),
		cmocka_unit_test(test_kinds),
		TEST_BOTH(test_three_kinds_of_cells),
		TEST_BOTH(test_official_codes_are_versioned),
		TEST_BOTH(test_replacing_a_grid),
		TEST_BOTH(test_tree),
		TEST_BOTH(test_granularity),
		TEST_BOTH(test_standard),
		TEST_BOTH(test_boundaries),
		TEST_BOTH(test_import_reports_rows),
		TEST_BOTH(test_import_divisions),
		TEST_BOTH(test_import_after_code_change),
		TEST_BOTH(test_real_divisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
