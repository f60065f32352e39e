/*
 * Calendars: the built-in years against the working-day rules, versions in the store, the notice file
 * (R028).
 */
#include "mod/test_app/test_app.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mod/calendar/calendar.h"

static const struct module *const modules[] = { &calendar_module, NULL };

static struct test_app *fresh(enum db_engine e)
{
	struct test_app *t = test_app_new(e, modules);

	assert_int_equal(db_write(t->app.db, (db_fn)(void (*)(void))calendar_seed, NULL), OK);
	assert_int_equal(snap_refresh(&t->app, t->reader), OK);
	test_post(t, ROLE_DISTRICT_ADMIN, 50011300000000000);
	return t;
}

TEST_FIXTURE(fresh);

/* ---- pure ---- */

static int64_t at(int64_t ymd, int hour, int minute)
{
	return date_start(ymd) + (int64_t)hour * MS_HOUR + (int64_t)minute * MS_MINUTE;
}

static void test_days_of_2026(void **state)
{
	static const struct {
		int64_t ymd;
		int kind; /* -1: ordinary */
	} cases[] = {
		{ 20260101, DAY_HOLIDAY }, { 20260104, DAY_SWAP_WORK }, { 20260105, -1 },
		{ 20260214, DAY_SWAP_WORK }, { 20260215, DAY_HOLIDAY }, { 20260223, DAY_HOLIDAY },
		{ 20260224, -1 }, { 20260228, DAY_SWAP_WORK }, { 20260509, DAY_SWAP_WORK },
		{ 20260920, DAY_SWAP_WORK }, { 20261007, DAY_HOLIDAY }, { 20261008, -1 },
		{ 20261010, DAY_SWAP_WORK },
	};
	struct year_plan y;

	(void)state;
	year_builtin(&y, 2026);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t d = date_to_days(cases[i].ymd) - date_to_days(20260101);

		assert_int_equal(y.day[d].kind, cases[i].kind);
	}
}

/* Every built-in year has eleven statutory holidays or more, and works off what it gives on weekdays. */
static void test_years_are_complete(void **state)
{
	(void)state;
	for (int year = BUILTIN_FIRST; year <= BUILTIN_LAST; year++) {
		struct year_plan y;
		int rest = 0, work = 0;

		year_builtin(&y, year);
		for (size_t i = 0; i < YEAR_DAYS; i++) {
			int64_t d = date_from_days(date_to_days((int64_t)year * 10000 + 101) + (int64_t)i);

			rest += y.day[i].kind == DAY_HOLIDAY;
			work += y.day[i].kind == DAY_SWAP_WORK;
			/* A make-up day falls on a weekend; 3 February 2020 only ended a prolonged holiday. */
			if (y.day[i].kind == DAY_SWAP_WORK && d != 20200203)
				assert_true(date_weekday(d) >= 6);
		}
		assert_in_range(rest, 25, 35);
		assert_in_range(work, 5, 9);
	}
}

static void test_row_round_trip(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct year_plan y, z;
	struct buf hours, days;

	(void)state;
	year_builtin(&y, 2022);
	buf_init(&hours, 1000);
	buf_init(&days, 100000);
	year_hours_text(&y, &hours);
	year_days_text(&y, &days);
	assert_int_equal(year_from_row(&z, 2022, buf_view(&hours), buf_view(&days), a), OK);
	assert_true(year_same(&y, &z));
	assert_int_equal(year_from_row(&z, 2022, STR("[[540,720]]"), STR("{\"20220101\":2}"), a), OK);
	assert_false(year_same(&y, &z));
	assert_int_equal(year_from_row(&z, 2022, STR("[[720,540]]"), STR("{}"), a), ERR_INVALID);
	assert_int_equal(year_from_row(&z, 2022, STR("[[540,720]]"), STR("{\"20230101\":2}"), a), ERR_INVALID);
	assert_int_equal(year_from_row(&z, 2022, STR("[[540,720]]"), STR("{\"20220101\":9}"), a), ERR_INVALID);
	buf_release(&hours);
	buf_release(&days);
	arena_free(a);
}

/* ---- the store ---- */

static void test_loaded_calendar_counts(void **state) /* R028 */
{
	struct test_app *t = *state;
	struct snap *s;
	int64_t due;

	SKIP_WITHOUT(t);
	s = snap_get(&t->app);
	assert_int_equal(s->ncalendar, 1); /* one seeding, one version */
	assert_int_equal(calendar_add_days(snap_calendar(s), at(20260213, 16, 30), 5, &due), OK);
	assert_int_equal(due, at(20260227, 18, 0));
	assert_int_equal(calendar_add_ms(snap_calendar(s), at(20260213, 16, 30), 4 * MS_HOUR, &due), OK);
	assert_int_equal(due, at(20260214, 11, 30));
	assert_int_equal(calendar_add_days(snap_calendar(s), at(20261231, 16, 0), 1, &due), ERR_NOT_FOUND);
	snap_put(s);
}

static void test_seeding_again_adds_nothing(void **state)
{
	struct test_app *t = *state;
	int64_t before = 0;

	SKIP_WITHOUT(t);
	before = t->app.snap->gen;
	assert_int_equal(db_write(t->app.db, (db_fn)(void (*)(void))calendar_seed, NULL), OK);
	assert_int_equal(snap_refresh(&t->app, t->reader), OK);
	assert_int_equal(t->app.snap->gen, before);
	assert_int_equal(t->app.snap->ncalendar, 1);
}

static void test_put_makes_a_version(void **state)
{
	struct test_app *t = *state;
	static const char body[] = "{\"days\":[{\"date\":\"2027-01-01\",\"kind\":\"holiday\",\"note\":\"元旦\"}]}";
	int64_t due;

	SKIP_WITHOUT(t);
	assert_int_equal(test_call(t, "GET /api/calendar?year=2027", NULL), 404);
	assert_string_equal(test_error(t), "calendar.missing_year");
	assert_int_equal(test_call(t, "PUT /api/calendar/2027?preview=true", body), 200);
	assert_int_equal(test_call(t, "GET /api/calendar?year=2027", NULL), 404);
	assert_int_equal(test_call(t, "PUT /api/calendar/2027", body), 200);
	assert_int_equal((int)test_num(t, "affects.open_matters"), 0);
	assert_int_equal(test_call(t, "GET /api/calendar?year=2027", NULL), 200);
	assert_string_equal(test_str(t, "days.0.date"), "2027-01-01");
	assert_string_equal(test_str(t, "days.0.kind"), "holiday");
	assert_string_equal(test_str(t, "days.0.note"), "元旦");
	assert_string_equal(test_str(t, "hours.1.0"), "14:00");
	assert_int_equal(t->app.snap->ncalendar, 2);
	/* The year before is kept in the new version; the old version still lacks the new year. */
	assert_int_equal(calendar_add_days(snap_calendar(t->app.snap), at(20261231, 16, 0), 1, &due), OK);
	assert_int_equal(due, at(20270104, 18, 0));
	assert_int_equal(calendar_add_days(t->app.snap->calendar[0], at(20261231, 16, 0), 1, &due), ERR_NOT_FOUND);
	/* The same again changes nothing. */
	assert_int_equal(test_call(t, "PUT /api/calendar/2027", body), 200);
	assert_int_equal(t->app.snap->ncalendar, 2);
}

static void test_put_refuses(void **state)
{
	static const struct {
		const char *body, *code;
	} cases[] = {
		{ "{\"days\":[{\"date\":\"2026-02-30\",\"kind\":\"rest\"}]}", "calendar.day" },
		{ "{\"days\":[{\"date\":\"2025-02-03\",\"kind\":\"rest\"}]}", "calendar.day" },
		{ "{\"days\":[{\"date\":\"2026-02-03\",\"kind\":\"free\"}]}", "calendar.day" },
		{ "{\"days\":[{\"date\":\"2026-02-03\",\"kind\":\"rest\",\"x\":1}]}", "calendar.day" },
		{ "{\"days\":[{\"date\":\"2026-02-03\",\"kind\":\"rest\"},{\"date\":\"2026-02-03\",\"kind\":\"work\"}]}",
		  "calendar.day" },
		{ "{\"days\":{}}", "calendar.days" },
		{ "{\"days\":[],\"hours\":[[\"12:00\",\"09:00\"]]}", "calendar.hours" },
		{ "{\"days\":[],\"hours\":[[\"09:00\",\"12:00\"],[\"11:00\",\"18:00\"]]}", "calendar.hours" },
		{ "{\"days\":[],\"hours\":[]}", "calendar.hours" },
	};
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(test_call(t, "PUT /api/calendar/2026", cases[i].body), 400);
		assert_string_equal(test_error(t), cases[i].code);
	}
	assert_int_equal(t->app.snap->ncalendar, 1);
	assert_int_equal(test_call(t, "PUT /api/calendar/1999", "{\"days\":[]}"), 400);
	test_post(t, ROLE_DUTY_OFFICER, 50011300000000000);
	assert_int_equal(test_call(t, "PUT /api/calendar/2026", "{\"days\":[]}"), 403);
}

struct notice {
	const char *json;
	bool dry;
	struct calendar_import got;
};

static enum err import(struct req *rq, void *arg)
{
	struct notice *n = arg;

	return calendar_import(rq, str_z(n->json), n->dry, &n->got);
}

static void test_notice(void **state)
{
	struct test_app *t = *state;
	struct notice n = { .json = "{\"year\":2027,\"papers\":[],\"days\":["
				    "{\"name\":\"元旦\",\"date\":\"2026-12-31\",\"isOffDay\":true},"
				    "{\"name\":\"元旦\",\"date\":\"2027-01-01\",\"isOffDay\":true},"
				    "{\"name\":\"元旦\",\"date\":\"2027-01-03\",\"isOffDay\":false}]}" };

	SKIP_WITHOUT(t);
	n.dry = true;
	assert_int_equal(test_local(t, import, &n), OK);
	assert_true(n.got.created);
	assert_int_equal(t->app.snap->ncalendar, 1);
	n.dry = false;
	assert_int_equal(test_local(t, import, &n), OK);
	assert_int_equal(n.got.year, 2027);
	assert_int_equal(n.got.rest, 1);
	assert_int_equal(n.got.work, 1);
	assert_int_equal(test_call(t, "GET /api/calendar?year=2026", NULL), 200);
	size_t last = test_len(t, "days") - 1;
	char path[32];

	snprintf(path, sizeof(path), "days.%zu.date", last);
	assert_string_equal(test_str(t, path), "2026-12-31");
	assert_int_equal(test_local(t, import, &n), OK);
	assert_false(n.got.changed);
	/* 2026 read again from its own notice keeps the day that came with 2027's. */
	n.json = "{\"year\":2027,\"days\":[{\"date\":\"2031-01-01\",\"isOffDay\":true}]}";
	assert_int_equal(test_local(t, import, &n), ERR_INVALID);
}

/* The published notices say what is built in: importing them changes nothing. */
static void test_real_notices(void **state)
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	for (int year = BUILTIN_FIRST; year <= BUILTIN_LAST; year++) {
		char name[40];
		struct notice n = { .dry = false };

		snprintf(name, sizeof(name), "holidays/%d.json", year);
		char *json = test_data(name);

		if (json == NULL)
			skip();
		n.json = json;
		assert_int_equal(test_local(t, import, &n), OK);
		assert_int_equal(n.got.year, year);
		assert_false(n.got.changed);
		free(json);
	}
	assert_int_equal(t->app.snap->ncalendar, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days_of_2026),
		cmocka_unit_test(test_years_are_complete),
		cmocka_unit_test(test_row_round_trip),
		TEST_BOTH(test_loaded_calendar_counts),
		TEST_BOTH(test_seeding_again_adds_nothing),
		TEST_BOTH(test_put_makes_a_version),
		TEST_BOTH(test_put_refuses),
		TEST_BOTH(test_notice),
		TEST_BOTH(test_real_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
