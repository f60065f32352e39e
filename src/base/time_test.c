/* Instants, dates and import patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/time.h"

static void test_days(void **state)
{
	(void)state;
	int64_t last = 0;

	assert_int_equal(date_to_days(19700101), 0);
	assert_int_equal(date_to_days(20000301), 11017);
	assert_int_equal(date_to_days(10101), -719162);
	assert_int_equal(date_to_days(99991231), 2932896);
	/* Every day of the range goes there and back, in order. */
	for (int64_t d = -719162; d <= 2932896; d++) {
		int64_t ymd = date_from_days(d);
		assert_true(ymd > last);
		assert_true(date_to_days(ymd) == d);
		last = ymd;
	}
}

static void test_valid(void **state)
{
	(void)state;
	static const int64_t bad[] = { 0, NIL, 20260229, 20261301, 20260100, 20260431, 19000229,
		100000101, -20260101 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(date_valid(bad[i]));
	assert_true(date_valid(20240229));
	assert_true(date_valid(20000229));
}

static void test_weekday(void **state)
{
	(void)state;
	assert_int_equal(date_weekday(20260213), 5);
	assert_int_equal(date_weekday(20260214), 6);
	assert_int_equal(date_weekday(20260215), 7);
	assert_int_equal(date_weekday(20260216), 1);
	assert_int_equal(date_weekday(19700101), 4);
	assert_int_equal(date_weekday(19691228), 7);
}

static void test_zone(void **state)
{
	(void)state;
	/* 16:00 UTC is midnight in the zone. */
	assert_int_equal(date_of(INT64_C(16) * MS_HOUR - 1), 19700101);
	assert_int_equal(date_of(INT64_C(16) * MS_HOUR), 19700102);
	assert_int_equal(date_of(-INT64_C(8) * MS_HOUR - 1), 19691231);
	assert_int_equal(date_of(-INT64_C(8) * MS_HOUR), 19700101);
	assert_int_equal(date_start(19700101), -INT64_C(8) * MS_HOUR);
	assert_int_equal(date_add(20240228, 2), 20240301);
	assert_int_equal(date_add(20260101, -1), 20251231);
	assert_true(date_of(NIL) == NIL && date_start(NIL) == NIL && date_add(NIL, 1) == NIL);
}

static void test_format(void **state)
{
	(void)state;
	char out[TIME_TEXT];
	int64_t ms;

	assert_true(time_parse(STR("2026-02-13T16:30:00+08:00"), &ms));
	assert_string_equal(time_format(ms, out), "2026-02-13T16:30:00+08:00");
	assert_string_equal(time_format(ms + 7, out), "2026-02-13T16:30:00.007+08:00");
	assert_string_equal(time_format(-1, out), "1970-01-01T07:59:59.999+08:00");
	assert_string_equal(time_format(INT64_MIN, out), "0001-01-01T08:00:00+08:00");
	assert_string_equal(time_format(INT64_MAX, out), "9999-12-31T23:59:59.999+08:00");
}

static void test_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "1970-01-01T08:00:00+08:00", 0 },
		{ "1970-01-01 08:00:00", 0 },
		{ "1970-01-01T08:00", 0 },
		{ "1970-01-01", -INT64_C(8) * MS_HOUR },
		{ "1969-12-31T19:00:00-05:00", 0 },
		{ "1970-01-01T00:00:00.5Z", 500 },
		{ "1970-01-01T00:00:00.123987654Z", 123 },
		{ "1969-12-31T23:59:60Z", 0 },
	};
	static const char *const bad[] = { "", "1970", "1970-13-01", "1970-01-01T",
		"1970-01-01T24:00:00", "1970-01-01T00:60:00", "1970-01-01T00:00:61",
		"1970-01-01T00:00:00.Z", "1970-01-01T00:00:00+8", "1970-01-01T00:00:00Zx",
		"1970-02-30T00:00:00Z", "1970-01-01T00:00:00+24:00", "19700101T0000" };
	int64_t ms = 0;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(time_parse(str_z(good[i].text), &ms));
		assert_int_equal(ms, good[i].ms);
	}
	ms = 42;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(time_parse(str_z(bad[i]), &ms));
	assert_int_equal(ms, 42);
}

static void test_date_parse(void **state)
{
	(void)state;
	static const char *const good[] = { "2026-02-13", "2026/2/13", "20260213", "2026/02/13",
		"2026-2-13" };
	static const char *const bad[] = { "", "2026-02-30", "2026-02/13", "2026-02-13 ",
		"26-02-13", "2026021", "2026.02.13", "202602130" };
	int64_t ymd;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ymd = 0;
		assert_true(date_parse(str_z(good[i]), &ymd));
		assert_int_equal(ymd, 20260213);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(date_parse(str_z(bad[i]), &ymd));
}

static void test_pattern(void **state)
{
	(void)state;
	static const struct {
		const char *text, *pattern;
		int zone;
		const char *same;
	} good[] = {
		{ "01/31/2024 11:59:59 PM", "MM/dd/yyyy hh:mm:ss a", -300,
			"2024-01-31T23:59:59-05:00" },
		{ "01/31/2024 12:00:00 AM", "MM/dd/yyyy hh:mm:ss a", -300,
			"2024-01-31T00:00:00-05:00" },
		{ "01/31/2024 12:00:00 PM", "MM/dd/yyyy hh:mm:ss a", 0, "2024-01-31T12:00:00Z" },
		{ "1/3/2024 9:05:00 AM", "MM/dd/yyyy hh:mm:ss a", 0, "2024-01-03T09:05:00Z" },
		{ "20240131235959", "yyyyMMddHHmmss", 480, "2024-01-31T23:59:59+08:00" },
		{ "2024-01-31T23:59:59.000", "yyyy-MM-ddTHH:mm:ss.000", 480,
			"2024-01-31T23:59:59+08:00" },
		{ "2024年1月31日", "yyyy年MM月dd日", 480, "2024-01-31T00:00:00+08:00" },
		{ "2024-01-31 下午03:20", "yyyy-MM-dd ahh:mm", 480, "2024-01-31T15:20:00+08:00" },
	};
	static const struct {
		const char *text, *pattern;
	} bad[] = {
		{ "13/31/2024", "MM/dd/yyyy" },
		{ "02/30/2024", "MM/dd/yyyy" },
		{ "01/31/2024x", "MM/dd/yyyy" },
		{ "01/31/24", "MM/dd/yyyy" },
		{ "13:00 PM", "hh:mm a" },
		{ "2024-01-31 13:00 PM", "yyyy-MM-dd hh:mm a" },
		{ "2024-01-31 25:00", "yyyy-MM-dd HH:mm" },
		{ "2024-01-31", "yyyy-MM-dd HH" },
		{ "202413", "yyyyMMdd" },
		{ "", "yyyy" },
	};
	int64_t got, want;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(time_parse(str_z(good[i].same), &want));
		assert_true(time_parse_pattern(
			str_z(good[i].text), str_z(good[i].pattern), good[i].zone, &got));
		assert_int_equal(got, want);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(
			time_parse_pattern(str_z(bad[i].text), str_z(bad[i].pattern), 0, &got));
}

static void test_clocks(void **state)
{
	(void)state;
	int64_t a = time_monotonic();

	assert_true(time_monotonic() >= a);
	assert_true(date_of(time_now()) > 20240101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_weekday),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_date_parse),
		cmocka_unit_test(test_pattern),
		cmocka_unit_test(test_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
