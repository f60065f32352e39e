/* Duty items: choosing one for a code, versions by date, the lists (R038–R041). */
#include "mod/test_app/test_app.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mod/duty/duty.h"

static const struct module *const modules[] = { &duty_module, NULL };

static struct test_app *fresh(enum db_engine e)
{
	struct test_app *t = test_app_new(e, modules);

	test_post(t, ROLE_DISTRICT_ADMIN, INT64_C(50099900000000000));
	return t;
}

TEST_FIXTURE(fresh);

#define S(z) { z, sizeof(z) - 1 }

static void test_choice(void **state) /* R041 */
{
	struct duty_item v[] = {
		{ .id = 1, .item = S("L08"), .list = DUTY_STATUTORY, .event_codes = S("PF01,PF02"), .valid_from = NIL,
		  .valid_to = NIL },
		{ .id = 2, .item = S("C01"), .list = DUTY_COOPERATIVE, .event_codes = S("PF01"), .valid_from = NIL,
		  .valid_to = NIL },
		{ .id = 3, .item = S("C10"), .list = DUTY_COOPERATIVE, .event_codes = S("PF09"), .valid_from = NIL,
		  .valid_to = NIL },
		{ .id = 4, .item = S("L06"), .list = DUTY_STATUTORY, .event_codes = S("PF09"), .valid_from = NIL,
		  .valid_to = NIL },
		{ .id = 5, .item = S("L19"), .list = DUTY_STATUTORY, .event_codes = S("MS24"), .valid_from = 20260301,
		  .valid_to = 20260601 },
		{ .id = 6, .item = S("C09"), .list = DUTY_COOPERATIVE, .event_codes = S("MS34"), .valid_from = NIL,
		  .valid_to = NIL, .state = DUTY_WITHDRAWN },
		{ .id = 5, .item = S("L19"), .list = DUTY_COOPERATIVE, .event_codes = S("MS24,MS25"), .valid_from = NIL,
		  .valid_to = 20260301 },
	};
	static const struct {
		const char *code;
		int64_t date, id;
		enum duty_target target;
	} cases[] = {
		{ "PF01", 20260401, 2, DUTY_TO_DEPARTMENT }, /* the more specific one */
		{ "PF02", 20260401, 1, DUTY_TO_STREET },
		{ "PF09", 20260401, 4, DUTY_TO_STREET }, /* equally specific: the statutory one */
		{ "MS24", 20260301, 5, DUTY_TO_STREET },
		{ "MS24", 20260531, 5, DUTY_TO_STREET },
		{ "MS24", 20260601, 0, DUTY_TO_DISTRICT },
		{ "MS24", 20260228, 5, DUTY_TO_DEPARTMENT }, /* the version before */
		{ "MS34", 20260401, 0, DUTY_TO_DISTRICT },   /* withdrawn */
		{ "MS14", 20260401, 0, DUTY_TO_DISTRICT },   /* outside the list */
		{ "PF0", 20260401, 0, DUTY_TO_DISTRICT },
	};
	struct arena *a = arena_new(1 << 16);
	struct duty_book *b = duty_book_new(a, v, 6, ARRAY_LEN(v));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct duty_item *d = duty_for_code(b, str_z(cases[i].code), cases[i].date);

		assert_int_equal(d != NULL ? d->id : 0, cases[i].id);
		assert_int_equal(duty_target(d), cases[i].target);
	}
	assert_ptr_equal(duty_find(b, 5), &v[4]);
	assert_null(duty_find(b, 7));
	assert_null(duty_for_code(NULL, STR("MS24"), 20260401));
	arena_free(a);
}

static void test_seeded_lists(void **state) /* R038, R039 */
{
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	assert_int_equal(test_call(t, "GET /api/duty_items?list=statutory&count=true", NULL), 200);
	assert_int_equal((int)test_num(t, "count"), 20);
	assert_int_equal(test_call(t, "GET /api/duty_items?list=cooperative&count=true", NULL), 200);
	assert_int_equal((int)test_num(t, "count"), 18);
	for (int i = 0; i < 18; i++) {
		char path[32];

		snprintf(path, sizeof(path), "items.%d.lead", i);
		assert_true(strlen(test_str(t, path)) > 0);
		snprintf(path, sizeof(path), "items.%d.street_duty", i);
		assert_true(strlen(test_str(t, path)) > 0);
	}
	assert_int_equal(test_call(t, "GET /api/duty_items?q=%E8%BF%9D%E6%B3%95", NULL), 200); /* 违法 */
	assert_string_equal(test_str(t, "items.0.item"), "C05");
	assert_int_equal(test_call(t, "GET /api/reports/duty-items", NULL), 200);
	assert_string_equal(test_str(t, "items.0.list"), "statutory");
	assert_int_equal(test_call(t, "GET /api/duty-choice?code=MS32", NULL), 200);
	assert_string_equal(test_str(t, "target"), "department");
	assert_string_equal(test_str(t, "item.item"), "C05");
	assert_int_equal(test_call(t, "GET /api/duty-choice?code=MS14", NULL), 200);
	assert_int_equal((int)test_num(t, "outside_list"), 1);
	assert_int_equal(test_call(t, "GET /api/duty-choice", NULL), 400);
}

static void test_versions(void **state) /* R040 */
{
	struct test_app *t = *state;
	char id[32];

	SKIP_WITHOUT(t);
	assert_int_equal(test_call(t, "GET /api/duty_items?item=C05", NULL), 200);
	snprintf(id, sizeof(id), "%s", test_str(t, "items.0.id"));
	assert_int_equal(test_callf(t, "PATCH /api/duty_items/%s?preview=true", id, "{\"version\":1,\"lead\":\"HU\"}"), 200);
	assert_int_equal((int)test_num(t, "affects.open_matters"), 0);
	assert_int_equal(test_callf(t, "PATCH /api/duty_items/%s", id,
				    "{\"version\":1,\"lead\":\"HU\",\"valid_from\":\"2027-01-01\"}"), 200);
	assert_int_equal(test_len(t, "past"), 1);
	assert_string_equal(test_str(t, "past.0.lead"), "CM");
	assert_string_equal(test_str(t, "past.0.valid_to"), "2027-01-01");
	assert_int_equal(test_call(t, "GET /api/duty-choice?code=MS32&date=2026-12-31", NULL), 200);
	assert_string_equal(test_str(t, "item.lead"), "CM");
	assert_int_equal(test_call(t, "GET /api/duty-choice?code=MS32&date=2027-01-01", NULL), 200);
	assert_string_equal(test_str(t, "item.lead"), "HU");
	assert_string_equal(test_str(t, "item.id"), id);
	/* A version that has yet to begin is corrected; none can begin before the one in force did. */
	assert_int_equal(test_callf(t, "PATCH /api/duty_items/%s", id, "{\"version\":2,\"basis\":\"城乡规划法\","
				    "\"street_duty\":\"发现、报告\"}"), 200);
	assert_int_equal(test_len(t, "past"), 1);
	assert_string_equal(test_str(t, "valid_from"), "2027-01-01");
	assert_int_equal(test_callf(t, "PATCH /api/duty_items/%s", id,
				    "{\"version\":3,\"basis\":\"城乡规划法第六十四条\",\"valid_from\":\"2026-06-01\"}"), 409);
	assert_string_equal(test_error(t), "duty.overlap");
	assert_int_equal(test_callf(t, "PATCH /api/duty_items/%s", id, "{\"version\":3,\"state\":\"withdrawn\","
				    "\"valid_from\":\"2028-01-01\"}"), 200);
	assert_int_equal(test_len(t, "past"), 2);
	assert_int_equal(test_call(t, "GET /api/duty-choice?code=MS32&date=2028-01-01", NULL), 200);
	assert_string_equal(test_str(t, "target"), "district");
	assert_int_equal(test_call(t, "GET /api/duty-choice?code=MS32&date=2027-06-01", NULL), 200);
	assert_string_equal(test_str(t, "item.lead"), "HU");
}

static void test_refused(void **state)
{
	static const struct {
		const char *body, *code;
	} cases[] = {
		{ "{\"item\":\"C99\",\"list\":\"cooperative\",\"name\":\"x\",\"track\":\"peace\",\"street_duty\":\"y\"}",
		  "required" },
		{ "{\"item\":\"L99\",\"list\":\"statutory\",\"name\":\"x\",\"track\":\"none\",\"street_duty\":\"y\"}", "word" },
		{ "{\"item\":\"L99\",\"list\":\"statutory\",\"name\":\"x\",\"track\":\"peace\",\"street_duty\":\"y\","
		  "\"event_codes\":\"MS24,,MS25\"}", "duty.codes" },
		{ "{\"item\":\"L01\",\"list\":\"statutory\",\"name\":\"x\",\"track\":\"peace\",\"street_duty\":\"y\"}",
		  "duplicate" },
	};
	struct test_app *t = *state;

	SKIP_WITHOUT(t);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(test_call(t, "POST /api/duty_items", cases[i].body) >= 400);
		assert_string_equal(test_error(t), cases[i].code);
	}
	assert_int_equal(test_call(t, "POST /api/duty_items",
				   "{\"item\":\"L99\",\"list\":\"statutory\",\"name\":\"x\",\"track\":\"peace\","
				   "\"street_duty\":\"y\",\"event_codes\":\"ms14, MS15\"}"), 201);
	assert_string_equal(test_str(t, "event_codes"), "MS14,MS15");
	assert_int_equal(test_call(t, "GET /api/duty-choice?code=MS14", NULL), 200);
	assert_string_equal(test_str(t, "target"), "street");
	test_post(t, ROLE_DIRECTOR, INT64_C(50099900100000000));
	assert_int_equal(test_call(t, "POST /api/duty_items", cases[0].body), 403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		TEST_BOTH(test_seeded_lists),
		TEST_BOTH(test_versions),
		TEST_BOTH(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
