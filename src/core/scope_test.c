/* Places as ranges and who sees what (R012): outside one's subtree nothing is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "core/scope.h"

static const int64_t street_a = INT64_C(99010100100000000), street_b = INT64_C(99010100200000000);
static const int64_t grid_a = INT64_C(99010100100100100);

static void test_levels(void **state)
{
	(void)state;
	assert_int_equal(place_level(INT64_C(99010100000000000)), LEVEL_DISTRICT);
	assert_int_equal(place_level(street_a), LEVEL_STREET);
	assert_int_equal(place_level(grid_a), LEVEL_GRID);
	assert_int_equal(place_level(grid_a + 7), LEVEL_MICRO);
	assert_int_equal(place_up(grid_a + 7, LEVEL_STREET), street_a);
	assert_int_equal(place_end(street_a), street_b);
	assert_int_equal(place_end(grid_a), grid_a + 100);
}

static void test_text(void **state)
{
	char text[18];
	int64_t code;

	(void)state;
	assert_true(place_parse((struct str){ "990101001", 9 }, &code));
	assert_int_equal(code, street_a);
	place_text(code, text);
	assert_string_equal(text, "99010100100000000");
	assert_false(place_parse((struct str){ "99x", 3 }, &code));
	assert_false(place_parse((struct str){ "", 0 }, &code));
}

static struct principal officer(enum role role, int64_t place)
{
	struct principal p = { .user_id = 1, .nposts = 1, .roles = UINT64_C(1) << role };

	p.post[0] = (struct post){ .id = 1, .role = role, .lo = place, .hi = place_end(place), .unit_id = NIL };
	return p;
}

static void test_subtree(void **state)
{
	struct principal duty = officer(ROLE_DUTY_OFFICER, street_a);
	struct matter_view m = { .id = 1, .place = grid_a, .unit_id = NIL, .reporter_id = NIL, .handler_id = NIL,
		.first_unit = NIL, .track = TRACK_PEACE };

	(void)state;
	assert_true(scope_sees_matter(&duty, &m, false));
	m.place = street_b;
	assert_false(scope_sees_matter(&duty, &m, false));
	assert_true(scope_sees_matter(&duty, &m, true));
	assert_true(may_at(&duty, "event.read", grid_a));
	assert_false(may_at(&duty, "event.read", street_b));
}

static void test_sealed(void **state)
{
	struct principal duty = officer(ROLE_DUTY_OFFICER, street_a), auditor = officer(ROLE_AUDITOR, street_a);
	struct matter_view m = { .id = 1, .place = grid_a, .unit_id = NIL, .reporter_id = NIL, .handler_id = NIL,
		.first_unit = NIL, .track = TRACK_PEACE, .sealed = true };

	(void)state;
	assert_false(scope_sees_matter(&duty, &m, false));
	assert_true(scope_sees_matter(&auditor, &m, false));
	m.reporter_id = duty.user_id;
	assert_true(scope_sees_matter(&duty, &m, false));
}

static void test_permissions(void **state)
{
	struct principal auditor = officer(ROLE_AUDITOR, street_a);

	(void)state;
	assert_true(may(&auditor, "audit.read"));
	assert_false(may(&auditor, "event.create"));
	assert_int_equal(perm_roles("no.such.word"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_subtree),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_permissions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
