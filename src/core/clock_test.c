/* Clocks on the 2026 calendar: the worked examples of R028, pauses, extensions (R029), replay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"

static int64_t at(const char *text)
{
	int64_t ms = NIL;

	assert_true(time_parse(str_z(text), &ms));
	return ms;
}

static struct calendar *make_calendar(void)
{
	static const struct span hours[] = { { 540, 720 }, { 840, 1080 } };
	static const int64_t work[] = { 20260214, 20260228 };
	struct calendar *c = calendar_new(1, hours, 2);

	assert_non_null(c);
	assert_int_equal(calendar_add_year(c, 2026), OK);
	for (int64_t d = 20260215; d <= 20260223; d++)
		assert_int_equal(calendar_set(c, d, DAY_HOLIDAY), OK);
	for (size_t i = 0; i < ARRAY_LEN(work); i++)
		assert_int_equal(calendar_set(c, work[i], DAY_SWAP_WORK), OK);
	return c;
}

static struct clock_run fresh(enum clock_kind k)
{
	return (struct clock_run){ .clock = k, .run = 1, .start = NIL, .due = NIL, .amber = NIL, .stop = NIL,
		.paused_at = NIL };
}

static enum err apply(struct clock_run *r, const struct calendar *c, enum clock_op op, const char *when,
	const char *len)
{
	struct clock_step s = { .clock = r->clock, .op = op, .at = at(when), .due = NIL };

	if (len != NULL)
		assert_true(span_parse(str_z(len), &s.arg));
	return clock_apply(r, &s, c);
}

static void test_deadlines(void **state)
{
	static const struct {
		const char *len, *due;
	} row[] = { { "5wd", "2026-02-27T18:00:00+08:00" }, { "4wh", "2026-02-14T11:30:00+08:00" },
		{ "24h", "2026-02-14T16:30:00+08:00" } };
	struct calendar *c = make_calendar();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct clock_run r = fresh(CLOCK_HANDLE);

		assert_int_equal(apply(&r, c, CLK_START, "2026-02-13T16:30:00+08:00", row[i].len), OK);
		assert_int_equal(r.due, at(row[i].due));
		assert_true(r.amber > r.start && r.amber <= r.due);
	}
	calendar_free(c);
}

static void test_pause_shifts(void **state)
{
	struct calendar *c = make_calendar();
	struct clock_run r = fresh(CLOCK_SIGN);

	(void)state;
	assert_int_equal(apply(&r, c, CLK_START, "2026-03-03T09:00:00+08:00", "7wh"), OK);
	assert_int_equal(r.due, at("2026-03-03T18:00:00+08:00"));
	assert_int_equal(apply(&r, c, CLK_PAUSE, "2026-03-03T10:00:00+08:00", NULL), OK);
	assert_int_equal(apply(&r, c, CLK_PAUSE, "2026-03-03T11:00:00+08:00", NULL), ERR_CONFLICT);
	assert_int_equal(clock_level(&r, c, at("2026-03-09T10:00:00+08:00")), 0);
	assert_int_equal(apply(&r, c, CLK_RESUME, "2026-03-03T15:00:00+08:00", NULL), OK);
	assert_int_equal(r.paused_ms, 3 * MS_HOUR);
	assert_int_equal(r.due, at("2026-03-04T12:00:00+08:00"));
	calendar_free(c);
}

/* R029: an extension after the due date is refused and changes nothing. */
static void test_late_extension(void **state)
{
	struct calendar *c = make_calendar();
	struct clock_run r = fresh(CLOCK_HANDLE), before;

	(void)state;
	assert_int_equal(apply(&r, c, CLK_START, "2026-03-03T09:00:00+08:00", "24h"), OK);
	before = r;
	assert_int_equal(apply(&r, c, CLK_EXTEND, "2026-03-05T09:00:00+08:00", "24h"), ERR_CONFLICT);
	assert_int_equal(r.due, before.due);
	assert_int_equal(apply(&r, c, CLK_EXTEND, "2026-03-03T12:00:00+08:00", "24h"), OK);
	assert_int_equal(r.due, before.due + MS_DAY);
	calendar_free(c);
}

static void test_levels(void **state)
{
	struct calendar *c = make_calendar();
	struct clock_run r = fresh(CLOCK_HANDLE);

	(void)state;
	assert_int_equal(apply(&r, c, CLK_START, "2026-03-03T00:00:00+08:00", "24h"), OK);
	assert_int_equal(clock_level(&r, c, at("2026-03-03T12:00:00+08:00")), 0);
	assert_int_equal(clock_level(&r, c, at("2026-03-03T18:00:00+08:00")), 1);
	assert_int_equal(clock_level(&r, c, at("2026-03-04T06:00:00+08:00")), 2);
	assert_int_equal(clock_level(&r, c, at("2026-03-05T00:00:00+08:00")), 3);
	assert_int_equal(clock_next(&r, c, r.start), r.amber);
	calendar_free(c);
}

static void test_missing_year(void **state)
{
	struct calendar *c = make_calendar();
	struct clock_run r = fresh(CLOCK_HANDLE);

	(void)state;
	assert_int_equal(apply(&r, c, CLK_START, "2031-03-03T09:00:00+08:00", "5wd"), ERR_NOT_FOUND);
	assert_int_equal(r.start, NIL);
	calendar_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_pause_shifts),
		cmocka_unit_test(test_late_extension),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_missing_year),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
