/*
 * The working calendar with the State Council arrangement of 2026: the worked examples of R028 and
 * the edges around them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"

static const struct span office[] = { { 540, 720 }, { 840, 1080 } };

static int64_t at(const char *text)
{
	int64_t ms = NIL;

	assert_true(time_parse(str_z(text), &ms));
	return ms;
}

static void set_days(struct calendar *c, int64_t first, int64_t last, enum day_kind kind)
{
	for (int64_t d = first; d <= last; d = date_add(d, 1))
		assert_int_equal(calendar_set(c, d, kind), OK);
}

static struct calendar *china_2026(void)
{
	static const int64_t swap[] = { 20260104, 20260214, 20260228, 20260509, 20260920,
		20261010 };
	struct calendar *c = calendar_new(7, office, ARRAY_LEN(office));

	assert_non_null(c);
	assert_int_equal(calendar_add_year(c, 2026), OK);
	set_days(c, 20260101, 20260103, DAY_HOLIDAY);
	set_days(c, 20260215, 20260223, DAY_HOLIDAY);
	set_days(c, 20260404, 20260406, DAY_HOLIDAY);
	set_days(c, 20260501, 20260505, DAY_HOLIDAY);
	set_days(c, 20260619, 20260621, DAY_HOLIDAY);
	set_days(c, 20260925, 20260927, DAY_HOLIDAY);
	set_days(c, 20261001, 20261007, DAY_HOLIDAY);
	for (size_t i = 0; i < ARRAY_LEN(swap); i++)
		assert_int_equal(calendar_set(c, swap[i], DAY_SWAP_WORK), OK);
	return c;
}

static void check_days(const struct calendar *c, const char *start, int64_t n, const char *due)
{
	char got[TIME_TEXT], want[TIME_TEXT];
	int64_t ms;

	assert_int_equal(calendar_add_days(c, at(start), n, &ms), OK);
	assert_string_equal(time_format(ms, got), time_format(at(due), want));
}

static void check_hours(const struct calendar *c, const char *start, int64_t hours, const char *due)
{
	char got[TIME_TEXT], want[TIME_TEXT];
	int64_t ms;

	assert_int_equal(calendar_add_ms(c, at(start), hours * MS_HOUR, &ms), OK);
	assert_string_equal(time_format(ms, got), time_format(at(due), want));
}

/* R028: the two examples that the requirement names. */
static void test_worked_examples(void **state)
{
	(void)state;
	struct calendar *c = china_2026();

	check_days(c, "2026-02-13 16:30", 5, "2026-02-27 18:00");
	check_days(c, "2026-02-13 16:30", 1, "2026-02-14 18:00");
	check_days(c, "2026-02-13 16:30", 2, "2026-02-24 18:00");
	check_hours(c, "2026-02-13 16:30", 4, "2026-02-14 11:30");
	calendar_free(c);
}

/* R028: a pause from 10:00 to 15:00 on one working day moves a due time by 3 working hours. */
static void test_pause(void **state)
{
	(void)state;
	struct calendar *c = china_2026();
	int64_t paused;

	assert_int_equal(
		calendar_between(c, at("2026-03-03 10:00"), at("2026-03-03 15:00"), &paused), OK);
	assert_int_equal(paused, 3 * MS_HOUR);
	check_hours(c, "2026-03-03 09:00", 4, "2026-03-03 15:00");
	check_hours(c, "2026-03-03 09:00", 4 + 3, "2026-03-03 18:00");
	calendar_free(c);
}

/* R028: make-up working days and holidays of 2026. */
static void test_swap_days(void **state)
{
	(void)state;
	static const int64_t works[] = { 20260104, 20260214, 20260228, 20260509, 20260920, 20261010,
		20260213, 20260224, 20261008 };
	static const int64_t rests[] = { 20260101, 20260103, 20260215, 20260223, 20260404, 20260406,
		20260501, 20260505, 20260619, 20260621, 20260925, 20260927, 20261001, 20261007,
		20260307, 20260308, 20261011 };
	struct calendar *c = china_2026();
	enum day_kind kind;

	for (size_t i = 0; i < ARRAY_LEN(works); i++) {
		assert_int_equal(calendar_day(c, works[i], &kind), OK);
		assert_true(kind == DAY_WORK || kind == DAY_SWAP_WORK);
	}
	for (size_t i = 0; i < ARRAY_LEN(rests); i++) {
		assert_int_equal(calendar_day(c, rests[i], &kind), OK);
		assert_true(kind == DAY_REST || kind == DAY_HOLIDAY);
	}
	check_days(c, "2026-02-27 10:00", 1, "2026-02-28 18:00");
	check_days(c, "2026-09-24 10:00", 1, "2026-09-28 18:00");
	check_days(c, "2026-09-30 17:59", 3, "2026-10-10 18:00");
	calendar_free(c);
}

static void test_start_outside_hours(void **state)
{
	(void)state;
	struct calendar *c = china_2026();

	check_hours(c, "2026-03-03 07:00", 1, "2026-03-03 10:00");
	check_hours(c, "2026-03-03 12:30", 1, "2026-03-03 15:00");
	check_hours(c, "2026-03-03 12:00", 1, "2026-03-03 15:00");
	check_hours(c, "2026-03-03 18:00", 1, "2026-03-04 10:00");
	check_hours(c, "2026-03-06 20:00", 1, "2026-03-09 10:00");
	check_hours(c, "2026-03-07 10:00", 0, "2026-03-09 09:00");
	/* Due when the office closes, not when it opens again. */
	check_hours(c, "2026-03-03 09:00", 3, "2026-03-03 12:00");
	check_hours(c, "2026-03-03 09:00", 7, "2026-03-03 18:00");
	check_hours(c, "2026-03-03 09:00", 8, "2026-03-04 10:00");
	/* Day 0 is the day of the next opening. */
	check_days(c, "2026-03-03 07:00", 1, "2026-03-04 18:00");
	check_days(c, "2026-03-03 12:30", 1, "2026-03-04 18:00");
	check_days(c, "2026-03-03 18:00", 1, "2026-03-05 18:00");
	check_days(c, "2026-03-07 10:00", 1, "2026-03-10 18:00");
	check_days(c, "2026-03-03 10:00", 0, "2026-03-03 18:00");
	calendar_free(c);
}

static void test_between(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
		int64_t minutes;
	} row[] = {
		{ "2026-03-03 09:00", "2026-03-03 18:00", 420 },
		{ "2026-03-03 09:00", "2026-03-04 09:00", 420 },
		{ "2026-03-03 11:30", "2026-03-03 14:10", 40 },
		{ "2026-02-13 16:30", "2026-02-14 11:30", 240 },
		{ "2026-02-14 18:00", "2026-02-24 09:00", 0 },
		{ "2026-03-03 18:00", "2026-03-03 09:00", 0 },
		{ "2026-12-31 09:00", "2027-01-01 00:00", 420 },
	};
	struct calendar *c = china_2026();

	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		int64_t got = -1;
		assert_int_equal(calendar_between(c, at(row[i].from), at(row[i].to), &got), OK);
		assert_int_equal(got, row[i].minutes * MS_MINUTE);
	}
	calendar_free(c);
}

/* Adding what lies between two open instants leads from one to the other. */
static void test_inverse(void **state)
{
	(void)state;
	struct calendar *c = china_2026();
	int64_t start = at("2026-01-05 09:07"), span, due;

	for (int64_t step = 0; step < 3000; step++) {
		int64_t ms = step * 17 * MS_MINUTE + step;
		assert_int_equal(calendar_add_ms(c, start, ms, &due), OK);
		assert_int_equal(calendar_between(c, start, due, &span), OK);
		assert_int_equal(span, ms);
	}
	calendar_free(c);
}

/* R028: a missing year refuses to answer instead of guessing. */
static void test_missing_year(void **state)
{
	(void)state;
	struct calendar *c = china_2026();
	int64_t got = 42;
	enum day_kind kind = DAY_KIND_MAX;

	assert_int_equal(calendar_add_days(c, at("2026-12-30 10:00"), 2, &got), ERR_NOT_FOUND);
	assert_int_equal(
		calendar_add_ms(c, at("2026-12-31 17:00"), 2 * MS_HOUR, &got), ERR_NOT_FOUND);
	assert_int_equal(calendar_add_ms(c, at("2027-01-05 10:00"), 0, &got), ERR_NOT_FOUND);
	assert_int_equal(calendar_between(c, at("2026-12-31 10:00"), at("2027-01-02 10:00"), &got),
		ERR_NOT_FOUND);
	assert_int_equal(calendar_day(c, 20270101, &kind), ERR_NOT_FOUND);
	assert_int_equal(calendar_set(c, 20270101, DAY_HOLIDAY), ERR_NOT_FOUND);
	assert_int_equal(got, 42);
	assert_false(calendar_has_year(c, 2027));
	/* The last moment of the known year is still answered. */
	check_hours(c, "2026-12-31 17:00", 1, "2026-12-31 18:00");
	check_days(c, "2026-12-30 10:00", 1, "2026-12-31 18:00");

	assert_int_equal(calendar_add_year(c, 2027), OK);
	check_hours(c, "2026-12-31 17:00", 2, "2027-01-01 10:00");
	calendar_free(c);
}

static void test_bad_input(void **state)
{
	(void)state;
	static const struct span overlap[] = { { 540, 720 }, { 700, 1080 } };
	static const struct span empty[] = { { 540, 540 } };
	static const struct span late[] = { { 540, 1441 } };
	struct calendar *c = china_2026();
	int64_t got;

	assert_null(calendar_new(1, overlap, 2));
	assert_null(calendar_new(1, empty, 1));
	assert_null(calendar_new(1, late, 1));
	assert_null(calendar_new(1, office, 0));
	assert_int_equal(calendar_set(c, 20260230, DAY_WORK), ERR_INVALID);
	assert_int_equal(calendar_set(c, 20260101, DAY_KIND_MAX), ERR_INVALID);
	assert_int_equal(calendar_add_ms(c, at("2026-03-03 09:00"), -1, &got), ERR_INVALID);
	assert_int_equal(calendar_add_days(c, at("2026-03-03 09:00"), -1, &got), ERR_INVALID);
	assert_int_equal(calendar_add_ms(c, NIL, 1, &got), ERR_INVALID);
	assert_int_equal(calendar_between(c, INT64_MIN + 1, INT64_MAX, &got), ERR_INVALID);
	for (int y = 2027; y < 2026 + CAL_YEARS; y++)
		assert_int_equal(calendar_add_year(c, y), OK);
	assert_int_equal(calendar_add_year(c, 2026 + CAL_YEARS), ERR_LIMIT);
	calendar_free(c);
	calendar_free(NULL);
}

static void test_copy(void **state)
{
	(void)state;
	struct calendar *c = china_2026();
	struct calendar *d = calendar_copy(c, 8);
	enum day_kind kind;

	assert_non_null(d);
	assert_int_equal(calendar_version(c), 7);
	assert_int_equal(calendar_version(d), 8);
	assert_int_equal(calendar_set(d, 20260303, DAY_HOLIDAY), OK);
	assert_int_equal(calendar_day(c, 20260303, &kind), OK);
	assert_int_equal(kind, DAY_WORK);
	/* Opening a year again keeps its exceptions. */
	assert_int_equal(calendar_add_year(d, 2026), OK);
	assert_int_equal(calendar_day(d, 20260303, &kind), OK);
	assert_int_equal(kind, DAY_HOLIDAY);
	assert_int_equal(calendar_day_ms(d), 7 * MS_HOUR);
	calendar_free(c);
	calendar_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worked_examples),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_swap_days),
		cmocka_unit_test(test_start_outside_hours),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_inverse),
		cmocka_unit_test(test_missing_year),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
