/*
 * Plans from the proposal to being undone: a grid of 600 households is split in two, everything that lies there
 * goes along by list, its history stays, and all of it comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/account.h"
#include "core/matter.h"
#include "core/tally.h"
#include "mod/calendar/calendar.h"
#include "mod/duty/duty.h"
#include "mod/event/test_event.h"
#include "mod/party/party.h"
#include "mod/place/place.h"
#include "mod/planner/planner_plan.h"
#include "mod/registry/registry.h"

static const struct module *const modules[] = { &calendar_module, &place_module, &party_module, &duty_module,
	&account_module, &matter_module, &event_module, &registry_module, &planner_module, NULL };

enum { PER_BUILDING = 50, TEXT = 1 << 16 };

static void run(struct test_app *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void run(struct test_app *t, const char *fmt, ...)
{
	char text[2000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	test_sql(t, str_cstr(t->app.arena, str_z(text)));
}

static int64_t number(struct test_app *t, const char *sql)
{
	int64_t n = NIL;

	assert_int_equal(db_int(t->reader, str_cstr(t->app.arena, str_z(sql)), NO_ARGS, &n), OK);
	return n;
}

/* Buildings 1…12 of grid 1 in a row from west to east, 13…20 of grid 2 beyond; the first six in micro-grid 1. */
static void buildings(struct test_app *t)
{
	for (int i = 1; i <= 20; i++) {
		const char *place = i <= 6 ? "50099900100100101" : i <= 12 ? GRID1 : GRID2;

		run(t,
			"INSERT INTO building (id, version, code, name, kind, structure, risk, lon, lat, place, source, "
			"created_at, updated_at) VALUES (%d, 1, 'B%d', '%d栋', 0, 0, 0, %.4f, 29.5, %s, 1, 0, 0)",
			5000 + i, i, i, 106.5 + 0.001 * i, place);
	}
}

static void dwellers(struct test_app *t)
{
	run(t, "INSERT INTO room (id, version, code, building_id, unit_no, floor, room_no, use, place, source, created_at, "
	       "updated_at) VALUES (6001, 1, 'B12-1-101', 5012, '1', 1, '101', 0, " GRID1 ", 1, 0, 0)");
	run(t, "INSERT INTO household (id, version, code, room_id, place, active, source, created_at, updated_at) "
	       "VALUES (6002, 1, 'B12-1-101/1', 6001, " GRID1 ", 1, 1, 0, 0)");
	run(t, "INSERT INTO person (id, version, name, sex, residence_kind, household_id, relation, place, active, source, "
	       "created_at, updated_at) VALUES (6003, 1, '张三', 1, 0, 6002, 0, " GRID1 ", 1, 1, 0, 0)");
	run(t, "INSERT INTO consent (id, version, person_id, purpose, given_at, place, created_at, updated_at) "
	       "VALUES (6004, 1, 6003, '走访', 0, " GRID1 ", 0, 0)");
	run(t, "INSERT INTO care_plan (id, version, target_kind, target_id, type, basis, started, expires, cycle_days, mode, "
	       "next_due, place, created_at, updated_at) VALUES (6005, 1, 0, 6003, 0, '申请', 20260101, 20270101, 30, 0, "
	       "20260401, " GRID1 ", 0, 0)");
	run(t, "INSERT INTO venue (id, version, name, kind, risk_level, lon, lat, place, active, source, created_at, "
	       "updated_at) VALUES (6006, 1, '小店', 0, 1, 106.5115, 29.5, " GRID1 ", 1, 1, 0, 0)");
	run(t, "INSERT INTO venue (id, version, name, kind, risk_level, place, active, source, created_at, updated_at) "
	       "VALUES (6007, 1, '流动摊', 0, 1, " GRID1 ", 1, 1, 0, 0)");
}

static void shape(struct test_app *t, int64_t place, double x0, double x1)
{
	char request[80], body[400];

	snprintf(request, sizeof(request), "PUT /api/places/%lld/shape", (long long)place);
	snprintf(body, sizeof(body),
		"{\"type\":\"Polygon\",\"coordinates\":[[[%f,29.49],[%f,29.49],[%f,29.51],[%f,29.51],[%f,29.49]]]}", x0, x1, x1,
		x0, x0);
	assert_int_equal(test_call(t, request, body), 200);
}

static struct test_app *fresh(enum db_engine engine)
{
	struct test_app *t = event_fresh_with(engine, modules);

	run(t, "UPDATE place SET households = CASE WHEN code = " GRID1 " THEN 600 WHEN code = " GRID2 " THEN 400 ELSE households "
	       "END, leader_id = CASE WHEN code = " GRID1 " THEN 1015 ELSE NULL END");
	run(t, "INSERT INTO place (id, version, code, level, kind, parent, name, households, has_shape, created_at, updated_at) "
	       "VALUES (4001, 1, 50099900100100101, 7, 12, " GRID1 ", '第1微网格', 300, 0, 0, 0)");
	run(t, "INSERT INTO unit (id, version, name, kind, place, board, active, created_at, updated_at) "
	       "VALUES (301, 1, '柳荫社区第1网格', 4, " GRID1 ", 0, 1, 0, 0), (302, 1, '柳荫社区第2网格', 4, " GRID2 ", 0, 1, 0, 0)");
	run(t, "UPDATE post SET unit_id = 301 WHERE user_id IN (1015, 1017)");
	buildings(t);
	dwellers(t);
	assert_int_equal(snap_reload(&t->app, t->reader), OK);
	ev_as(t, "admin");
	shape(t, number(t, "SELECT id FROM place WHERE code = " GRID1), 106.5005, 106.5125);
	shape(t, number(t, "SELECT id FROM place WHERE code = " GRID2), 106.5125, 106.5305);
	assert_int_equal(snap_reload(&t->app, t->reader), OK);
	return t;
}
TEST_FIXTURE(fresh);

/* ---- what lies where ---- */

/* Everything that a plan may move, as text. */
static char *everything(struct test_app *t)
{
	static const char *const text[] = {
		"SELECT id, place AS a, kind AS b FROM building ORDER BY id", "SELECT id, place AS a, floor AS b FROM room ORDER BY id",
		"SELECT id, place AS a, active AS b FROM household ORDER BY id",
		"SELECT id, place AS a, active AS b FROM person ORDER BY id",
		"SELECT id, place AS a, given_at AS b FROM consent ORDER BY id",
		"SELECT id, place AS a, next_due AS b FROM care_plan ORDER BY id",
		"SELECT id, place AS a, kind AS b FROM venue ORDER BY id",
		"SELECT id, place AS a, unit_id AS b FROM post ORDER BY id",
		"SELECT id, place AS a, unit_id AS b FROM matter ORDER BY id",
		"SELECT id, code AS a, valid_to AS b FROM place WHERE valid_to IS NULL ORDER BY id",
		"SELECT id, code AS a, leader_id AS b FROM place WHERE valid_to IS NULL ORDER BY id",
		"SELECT id, place AS a, active AS b FROM unit WHERE active = 1 ORDER BY id",
	};
	char *s = calloc(1, TEXT);
	size_t n = 0;

	assert_non_null(s);
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		struct rows *r = db_query(t->reader, text[i], NO_ARGS);

		while (rows_next(r))
			n += (size_t)snprintf(s + n, TEXT - n, "%zu %lld %lld %lld\n", i, (long long)row_int_at(r, 0),
				(long long)row_int_at(r, 1), (long long)row_int_at(r, 2));
		assert_int_equal(rows_close(r), OK);
	}
	return s;
}

static int64_t place_of(struct test_app *t, const char *table, int64_t id)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT place FROM %s WHERE id = %lld", table, (long long)id);
	return number(t, sql);
}

static int64_t open_at(struct test_app *t, int64_t place)
{
	int64_t n = 0;

	assert_int_equal(tally_sum(t->reader, place, 1, TALLY_URGENCY, -1, 0, 0, &n), OK);
	return n;
}

/* ---- steps ---- */

static int64_t propose(struct test_app *t, const char *login, const char *body)
{
	int64_t id = 0;

	ev_as(t, login);
	if (test_call(t, "POST /api/grid_plans", body) != 201)
		fail_msg("propose: %d %s %s", t->status, test_error(t), test_str(t, "error.message"));
	assert_true(str_i64(str_z(test_str(t, "id")), &id));
	return id;
}

static int step(struct test_app *t, const char *login, int64_t plan, const char *what, const char *more)
{
	char request[100], body[300];

	ev_as(t, login);
	snprintf(request, sizeof(request), "GET /api/grid_plans/%lld", (long long)plan);
	assert_int_equal(test_call(t, request, NULL), 200);
	snprintf(body, sizeof(body), "{\"version\":%d%s}", (int)test_num(t, "version"), more);
	snprintf(request, sizeof(request), "POST /api/grid_plans/%lld/%s", (long long)plan, what);
	return test_call(t, request, body);
}

static void done(struct test_app *t, const char *login, int64_t plan, const char *what, const char *more)
{
	if (step(t, login, plan, what, more) != 200)
		fail_msg("%s: %d %s %s", what, t->status, test_error(t), test_str(t, "error.message"));
	assert_int_equal(snap_refresh(&t->app, t->reader), OK);
}

static void refused(struct test_app *t, const char *login, int64_t plan, const char *what, const char *more, int status,
		    const char *code)
{
	assert_int_equal(step(t, login, plan, what, more), status);
	assert_string_equal(test_error(t), code);
}

static int cells(struct test_app *t, int64_t plan, const char *members)
{
	char request[100], body[500];

	snprintf(request, sizeof(request), "GET /api/grid_plans/%lld", (long long)plan);
	assert_int_equal(test_call(t, request, NULL), 200);
	snprintf(body, sizeof(body), "{\"version\":%d,%s}", (int)test_num(t, "version"), members);
	snprintf(request, sizeof(request), "PATCH /api/grid_plans/%lld/cells", (long long)plan);
	return test_call(t, request, body);
}

#define SPLIT "{\"place\":\"" COMMUNITY1 "\",\"kind\":\"split\",\"codes\":[\"" GRID1 "\"],\"reason\":\"600户\"}"
#define NEW1 INT64_C(50099900100100300)
#define NEW2 INT64_C(50099900100100400)

/* ---- tests ---- */

/* Cases of grid 1: by a point in the east, without a point, closed, sealed. */
struct cases {
	int64_t east, plain, shut, hidden;
};

static struct cases report_cases(struct test_app *t)
{
	struct cases c;

	c.east = ev_report(t, "ft", "\"code\":\"MS24\",\"place\":\"" GRID1 "\",\"lon\":106.5118,\"lat\":29.5");
	c.plain = ev_report(t, "ft", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	c.shut = ev_report(t, "ft", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	c.hidden = ev_report(t, "ft", "\"code\":\"MS24\",\"place\":\"" GRID1 "\"");
	run(t, "UPDATE matter SET open = 0, state = %d WHERE id = %lld", MS_CLOSED, (long long)c.shut);
	run(t, "UPDATE matter SET sealed = 1, unit_id = 301 WHERE id = %lld", (long long)c.hidden);
	run(t, "UPDATE matter SET unit_id = 301 WHERE id = %lld", (long long)c.east);
	return c;
}

/* One part has the western buildings, the other the eastern ones, with those who live there. */
static void check_registry(struct test_app *t, int64_t west, int64_t east)
{
	assert_true((west == NEW1 && east == NEW2) || (west == NEW2 && east == NEW1));
	assert_true(place_of(t, "building", 5001) == west + 1); /* its micro-grid, anew */
	assert_true(place_of(t, "person", 6003) == east && place_of(t, "care_plan", 6005) == east);
	assert_true(place_of(t, "consent", 6004) == east && place_of(t, "venue", 6006) == east);
	assert_true(place_of(t, "building", 5013) == number(t, "SELECT " GRID2));
	assert_int_equal(number(t, "SELECT count(*) FROM place_lineage WHERE kind = 0 AND from_code = " GRID1), 2);
	assert_int_equal(number(t, "SELECT count(*) FROM place WHERE valid_to IS NOT NULL"), 2);
	assert_int_equal(number(t, "SELECT count(*) FROM place WHERE code IN (50099900100100300, 50099900100100400) AND "
				   "has_shape = 1 AND households = 300"), 2);
	assert_int_equal(number(t, "SELECT count(*) FROM post WHERE user_id IN (1015, 1017) AND unit_id = 301 AND "
				   "place >= 50099900100100300"), 2);
	assert_true(geo_index_find(t->app.snap->grids, 106.5118, 29.5) == east);
}

/* History stays at the old code, open cases move. */
static void check_cases(struct test_app *t, const struct cases *c, int64_t west, int64_t east)
{
	assert_true(place_of(t, "matter", c->shut) == number(t, "SELECT " GRID1));
	assert_true(place_of(t, "matter", c->east) == east);
	assert_int_equal(number(t, "SELECT count(*) FROM matter WHERE open = 1 AND place = " GRID1), 0);
	assert_int_equal(open_at(t, east) + open_at(t, west), 3);
	assert_int_equal(number(t, "SELECT count(*) FROM matter_log WHERE action = 'carry'"), 3);
}

static void in_force(struct test_app *t, int64_t plan)
{
	done(t, "secretary", plan, "submit", "");
	done(t, "director", plan, "approve", "");
	done(t, "director", plan, "apply", "");
	assert_string_equal(test_str(t, "state"), "applied");
}

static void test_split(void **state) /* R005, R007 */
{
	struct test_app *t = *state;
	int64_t plan, west, east;
	struct cases c;
	char *before, *after;

	SKIP_WITHOUT(t);
	c = report_cases(t);
	before = everything(t);
	plan = propose(t, "secretary", SPLIT);
	assert_int_equal((int)test_num(t, "before.inside"), 1);
	assert_int_equal((int)test_num(t, "after.units"), 3);
	assert_int_equal((int)test_num(t, "after.inside"), 3);
	assert_int_equal((int)test_num(t, "after.scattered"), 0);
	assert_int_equal((int)test_num(t, "after.moved"), 300);
	refused(t, "director", plan, "approve", "", 409, "planner.state");
	refused(t, "secretary", plan, "approve", "", 403, "perm");
	in_force(t, plan);
	assert_int_equal((int)test_num(t, "carried.building"), 12);
	assert_int_equal((int)test_num(t, "carried.matter"), 3);
	assert_int_equal((int)test_num(t, "carried.person"), 1);
	assert_int_equal((int)test_num(t, "carried.post"), 4);
	west = place_up(place_of(t, "building", 5001), LEVEL_GRID);
	east = place_of(t, "building", 5012);
	check_registry(t, west, east);
	check_cases(t, &c, west, east);
	/* A sealed matter is counted, not named, for whoever may not see it. */
	assert_int_equal(test_callf(t, "GET /api/grid_plans/%s/carried", ev_body(t, "%lld", (long long)plan), NULL), 200);
	assert_int_equal((int)test_num(t, "hidden"), 1);

	done(t, "director", plan, "undo", ",\"text\":\"试行后撤销\"");
	after = everything(t);
	assert_string_equal(before, after);
	/* one more: it was closed behind the engine's back */
	assert_int_equal(open_at(t, number(t, "SELECT " GRID1)), 3 + 1);
	free(before);
	free(after);

	/* Codes are not used again. */
	in_force(t, propose(t, "secretary", SPLIT));
	assert_int_equal(number(t, "SELECT count(*) FROM place WHERE valid_to IS NULL AND code IN (50099900100100500, "
				   "50099900100100600)"), 2);
	/* What was entered by somebody who still saw the old tree follows within a minute. */
	run(t, "UPDATE matter SET place = " GRID1 " WHERE id = %lld", (long long)c.plain);
	run(t, "INSERT INTO venue (id, version, name, kind, risk_level, lon, lat, place, active, source, created_at, "
	       "updated_at) VALUES (6008, 1, '新店', 0, 1, 106.5115, 29.5, " GRID1 ", 1, 1, 0, 0)");
	assert_int_equal(plan_due(&t->app, t->reader, t->now + MS_MINUTE), OK);
	assert_true(place_of(t, "venue", 6008) == place_of(t, "building", 5012));
	assert_true(place_of(t, "matter", c.plain) >= 50099900100100500);
}

static void test_merge_and_guard(void **state) /* R007 */
{
	static const char merge[] = "{\"place\":\"" COMMUNITY1 "\",\"kind\":\"merge\",\"codes\":[\"" GRID1 "\",\"" GRID2
				    "\"],\"reason\":\"合并\"}";
	struct test_app *t = *state;
	int64_t plan, other;
	char *before, *after;

	SKIP_WITHOUT(t);
	run(t, "UPDATE matter SET unit_id = 302");
	before = everything(t);
	/* Whoever proposed it does not approve it, with whatever post. */
	plan = propose(t, "admin", merge);
	done(t, "admin", plan, "submit", ",\"effective\":\"2026-03-05\"");
	refused(t, "admin", plan, "approve", "", 409, "planner.other_person");
	other = propose(t, "secretary", SPLIT);
	done(t, "director", plan, "approve", "");
	refused(t, "director", plan, "apply", "", 409, "planner.not_due");
	assert_int_equal(plan_due(&t->app, t->reader, t->now), OK);
	assert_int_equal(number(t, "SELECT count(*) FROM grid_plan WHERE state = 4"), 0);
	assert_int_equal(plan_due(&t->app, t->reader, t->now + 3 * (int64_t)MS_DAY), OK);
	assert_int_equal(snap_refresh(&t->app, t->reader), OK);
	assert_int_equal(number(t, "SELECT count(*) FROM grid_plan WHERE state = 4"), 1);
	assert_true(place_up(place_of(t, "building", 5001), LEVEL_GRID) == NEW1 && place_of(t, "building", 5020) == NEW1);
	assert_int_equal(number(t, "SELECT count(*) FROM unit WHERE id = 302 AND active = 0"), 1);
	assert_int_equal(number(t, "SELECT count(*) FROM place_lineage WHERE kind = 1 AND to_code = 50099900100100300"), 2);
	/* The other plan was made for a tree that is no more. */
	refused(t, "secretary", other, "submit", "", 409, "planner.changed");
	/* What has moved on cannot come back. */
	run(t, "UPDATE venue SET place = 50099900200100100 WHERE id = 6006");
	refused(t, "director", plan, "undo", ",\"text\":\"撤销\"", 409, "planner.moved_on");
	refused(t, "director", plan, "undo", "", 400, "required");
	run(t, "UPDATE venue SET place = 50099900100100300 WHERE id = 6006");
	ev_at(t, "2026-03-06T10:00:00");
	done(t, "director", plan, "undo", ",\"text\":\"撤销\"");
	after = everything(t);
	assert_string_equal(before, after);
	free(before);
	free(after);

	/* Approved, then the tree changes: the job says so and leaves it alone. */
	plan = propose(t, "secretary", SPLIT);
	assert_int_equal(cells(t, plan, "\"cells\":[{\"building\":\"5013\",\"part\":0}],\"parts\":[{\"part\":0,\"name\":\"江边网格\"}]"), 200);
	assert_string_equal(test_str(t, "parts.0.name"), "江边网格");
	assert_int_equal((int)test_num(t, "plan.after.households"), 1000);
	assert_int_equal(cells(t, plan, "\"cells\":[{\"building\":\"9\",\"part\":0}]"), 400);
	assert_int_equal(cells(t, plan, "\"cells\":[{\"building\":\"5013\",\"part\":77}]"), 400);
	done(t, "secretary", plan, "submit", "");
	assert_int_equal(cells(t, plan, "\"cells\":[{\"building\":\"5013\",\"part\":1}]"), 409);
	done(t, "director", plan, "approve", "");
	run(t, "UPDATE building SET place = " GRID2 " WHERE id = 5012");
	assert_int_equal(plan_due(&t->app, t->reader, t->now), OK);
	assert_int_equal(number(t, "SELECT count(*) FROM grid_plan WHERE state = 2 AND problem IS NOT NULL"), 1);
	refused(t, "director", plan, "apply", "", 409, "planner.changed");
	done(t, "secretary", plan, "withdraw", "");
}

static void test_micro(void **state) /* R006 */
{
	static const char micro[] = "{\"place\":\"" GRID1 "\",\"kind\":\"repartition\",\"reason\":\"按楼栋重划\"}";
	struct test_app *t = *state;
	int64_t plan;

	SKIP_WITHOUT(t);
	plan = propose(t, "secretary", micro);
	assert_int_equal((int)test_num(t, "after.units"), 12);
	assert_int_equal((int)test_num(t, "after.inside"), 12);
	done(t, "secretary", plan, "submit", "");
	done(t, "director", plan, "approve", "");
	done(t, "director", plan, "apply", "");
	assert_int_equal(number(t, "SELECT count(*) FROM place WHERE level = 7 AND valid_to IS NULL"), 12);
	assert_int_equal(number(t, "SELECT count(*) FROM building WHERE place = " GRID1), 0);
	assert_int_equal(number(t, "SELECT count(*) FROM place WHERE code = " GRID1 " AND valid_to IS NULL"), 1);
	done(t, "director", plan, "undo", ",\"text\":\"撤销\"");
	assert_int_equal(number(t, "SELECT count(*) FROM building WHERE place = 50099900100100101"), 6);
	assert_int_equal(number(t, "SELECT count(*) FROM building WHERE place = " GRID1), 6);
	/* Nothing to plan where no building is entered, and nothing for those who only look. */
	ev_as(t, "secretary");
	assert_int_equal(test_call(t, "POST /api/grid_plans", "{\"place\":\"" GRID2 "\",\"kind\":\"split\",\"codes\":[\"" GRID1
		"\"],\"reason\":\"x\"}"), 400);
	assert_string_equal(test_error(t), "planner.unit");
	ev_as(t, "leader");
	assert_int_equal(test_call(t, "POST /api/grid_plans", micro), 403);
	ev_as(t, "admin");
	assert_int_equal(test_call(t, "POST /api/grid_plans", "{\"place\":\"" GRID4 "\",\"kind\":\"repartition\",\"reason\":\"x\"}"),
		409);
	assert_string_equal(test_error(t), "planner.no_buildings");
}

/* ---- by hand ---- */

static int assign(struct test_app *t, int64_t plan, const char *items)
{
	char request[100], body[500];

	snprintf(request, sizeof(request), "GET /api/grid_plans/%lld", (long long)plan);
	assert_int_equal(test_call(t, request, NULL), 200);
	snprintf(body, sizeof(body), "{\"version\":%d,\"items\":[%s]}", (int)test_num(t, "version"), items);
	snprintf(request, sizeof(request), "PATCH /api/grid_plans/%lld/assignments", (long long)plan);
	return test_call(t, request, body);
}

/* The part of an item in the list; -1: not there. */
static int part_of(struct test_app *t, int64_t plan, const char *object, int64_t id, bool *ret_by_hand)
{
	char request[120], path[40], want[24];

	snprintf(request, sizeof(request), "GET /api/grid_plans/%lld/assignments?object=%s", (long long)plan, object);
	assert_int_equal(test_call(t, request, NULL), 200);
	snprintf(want, sizeof(want), "%lld", (long long)id);
	for (size_t i = 0; i < test_len(t, "items"); i++) {
		snprintf(path, sizeof(path), "items.%zu.id", i);
		if (strcmp(test_str(t, path), want) != 0)
			continue;
		snprintf(path, sizeof(path), "items.%zu.by_hand", i);
		*ret_by_hand = test_num(t, path) == 1;
		snprintf(path, sizeof(path), "items.%zu.part", i);
		return (int)test_num(t, path);
	}
	return -1;
}

/* Posts and cases go where they were given to, with office and leadership, and come back. */
static void test_assign(void **state) /* R007 */
{
	struct test_app *t = *state;
	int64_t plan, post, other, to;
	struct cases c;
	char *before, *after, items[200];
	bool by_hand = false;
	int mine, wanted;

	SKIP_WITHOUT(t);
	c = report_cases(t);
	before = everything(t);
	post = number(t, "SELECT id FROM post WHERE user_id = 1015 AND place = " GRID1);
	plan = propose(t, "secretary", SPLIT);
	mine = part_of(t, plan, "post", post, &by_hand);
	assert_true((mine == 0 || mine == 1) && !by_hand);
	assert_string_equal(test_str(t, "items.0.role"), "grid_leader");
	assert_int_equal(test_len(t, "items"), 2); /* residents' accounts are no staff */
	wanted = 1 - mine;
	snprintf(items, sizeof(items), "{\"object\":\"post\",\"id\":\"%lld\",\"part\":%d},"
		"{\"object\":\"matter\",\"id\":\"%lld\",\"part\":%d}", (long long)post, wanted, (long long)c.plain, wanted);
	assert_int_equal(assign(t, plan, items), 200);
	assert_int_equal(part_of(t, plan, "post", post, &by_hand), wanted);
	assert_true(by_hand);
	assert_int_equal(part_of(t, plan, "matter", c.plain, &by_hand), wanted);
	/* A sealed matter is not told, nor given away, by whoever may not see it. */
	assert_int_equal(part_of(t, plan, "matter", c.hidden, &by_hand), -1);
	snprintf(items, sizeof(items), "{\"object\":\"matter\",\"id\":\"%lld\",\"part\":0}", (long long)c.hidden);
	assert_int_equal(assign(t, plan, items), 400);
	assert_string_equal(test_error(t), "planner.not_here");
	snprintf(items, sizeof(items), "{\"object\":\"post\",\"id\":\"%lld\",\"part\":9}", (long long)post);
	assert_int_equal(assign(t, plan, items), 400);
	ev_as(t, "leader");
	assert_int_equal(test_callf(t, "PATCH /api/grid_plans/%s/assignments", ev_body(t, "%lld", (long long)plan),
		"{\"version\":1,\"items\":[]}"), 403);
	in_force(t, plan);
	to = place_up(place_of(t, "post", post), LEVEL_GRID);
	assert_true(place_of(t, "matter", c.plain) == to && (to == NEW1 || to == NEW2));
	other = to == NEW1 ? NEW2 : NEW1;
	snprintf(items, sizeof(items), "SELECT count(*) FROM place WHERE code = %lld AND leader_id = 1015", (long long)to);
	assert_int_equal(number(t, items), 1);
	snprintf(items, sizeof(items), "SELECT count(*) FROM place WHERE code = %lld AND leader_id IS NULL", (long long)other);
	assert_int_equal(number(t, items), 1);
	/* Its office is the one of the part: a new one, for the old one stayed with the main part. */
	snprintf(items, sizeof(items), "SELECT u.place FROM post p JOIN unit u ON u.id = p.unit_id WHERE p.id = %lld", (long long)post);
	assert_true(number(t, items) == to);
	assert_int_equal(part_of(t, plan, "post", post, &by_hand), -1);
	done(t, "director", plan, "undo", ",\"text\":\"撤销\"");
	after = everything(t);
	assert_string_equal(before, after);
	free(before);
	free(after);
	/* Given back to the rule. */
	plan = propose(t, "secretary", SPLIT);
	snprintf(items, sizeof(items), "{\"object\":\"post\",\"id\":\"%lld\",\"part\":%d}", (long long)post, wanted);
	assert_int_equal(assign(t, plan, items), 200);
	snprintf(items, sizeof(items), "{\"object\":\"post\",\"id\":\"%lld\",\"part\":null}", (long long)post);
	assert_int_equal(assign(t, plan, items), 200);
	assert_int_equal(part_of(t, plan, "post", post, &by_hand), mine);
	assert_false(by_hand);
}

#define LINE "{\"type\":\"LineString\",\"coordinates\":[[106.5045,29.4],[106.5045,29.6]]}"

static void test_barrier(void **state) /* R005, R007 */
{
	static const char wall[] = "{\"place\":\"" COMMUNITY1 "\",\"name\":\"铁路\",\"kind\":\"rail\",\"line\":" LINE "}";
	static const char file[] = "{\"place\":\"" COMMUNITY1 "\",\"kind\":\"river\",\"features\":{\"type\":\"FeatureCollection\","
		"\"features\":[{\"type\":\"Feature\",\"properties\":{\"name\":\"小河\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
		"[[[106.5085,29.4],[106.5086,29.4],[106.5086,29.6],[106.5085,29.6],[106.5085,29.4]]]}}%s]}}";
	struct test_app *t = *state;
	char body[900];
	int64_t plan;

	SKIP_WITHOUT(t);
	ev_as(t, "secretary");
	assert_int_equal(test_call(t, "POST /api/grid_barriers", wall), 201);
	assert_int_equal(test_call(t, "POST /api/grid_barriers", "{\"place\":\"" COMMUNITY1 "\",\"name\":\"x\",\"kind\":\"road\","
		"\"line\":{\"type\":\"Point\",\"coordinates\":[106,29]}}"), 400);
	assert_string_equal(test_error(t), "planner.barrier_line");
	assert_int_equal(test_call(t, "POST /api/grid_barriers", "{\"place\":\"" GRID1 "\",\"name\":\"x\",\"kind\":\"road\",\"line\":"
		LINE "}"), 400);
	assert_string_equal(test_error(t), "planner.barrier_place");
	/* Four buildings on this side, eight on the other: that is how it is split, not six and six. */
	plan = propose(t, "secretary", SPLIT);
	assert_int_equal((int)test_num(t, "before.scattered"), 1);
	assert_int_equal((int)test_num(t, "after.scattered"), 0);
	assert_int_equal(test_callf(t, "GET /api/grid_plans/%s/sheet", ev_body(t, "%lld", (long long)plan), NULL), 200);
	assert_string_equal(test_str(t, "barriers.0.kind"), "rail");
	for (int i = 0; i < 12; i++) {
		char path[40];

		snprintf(path, sizeof(path), "cells.%d.part", i);
		assert_int_equal((int)test_num(t, path), i >= 4);
	}
	/* A river from a file, all or nothing. */
	snprintf(body, sizeof(body), file, ",{\"type\":\"Feature\",\"properties\":null,\"geometry\":null}");
	assert_int_equal(test_call(t, "POST /api/grid_barriers/geojson", body), 400);
	assert_int_equal(number(t, "SELECT count(*) FROM grid_barrier"), 1);
	snprintf(body, sizeof(body), file, "");
	assert_int_equal(test_call(t, "POST /api/grid_barriers/geojson", body), 201);
	assert_int_equal((int)test_num(t, "added"), 1);
	plan = propose(t, "secretary", SPLIT);
	assert_int_equal((int)test_num(t, "after.units"), 4);
	assert_int_equal((int)test_num(t, "after.scattered"), 0);
	/* Elsewhere they are neither seen nor made. */
	ev_as(t, "leader");
	assert_int_equal(test_call(t, "POST /api/grid_barriers", wall), 403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_split),
		TEST_BOTH(test_merge_and_guard),
		TEST_BOTH(test_micro),
		TEST_BOTH(test_assign),
		TEST_BOTH(test_barrier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
