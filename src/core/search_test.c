/* Search tokens: two-character Chinese words are tokens of their own, and a query is their phrase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/search.h"

static void check_tokens(const char *text, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	search_tokens(str_z(text), &b);
	buf_char(&b, '\0');
	assert_false(b.failed);
	assert_string_equal(b.p, want);
	buf_release(&b);
}

static void check_query(enum db_engine e, const char *text, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	assert_true(search_query(e, str_z(text), &b));
	buf_char(&b, '\0');
	assert_string_equal(b.p, want);
	buf_release(&b);
}

static void test_tokens(void **state)
{
	(void)state;
	check_tokens("井盖", "x04e95076d6 x076d6 ");
	check_tokens("A12 Road", "a12 road ");
	check_tokens("", "");
}

static void test_query(void **state)
{
	struct buf b;

	(void)state;
	check_query(DB_SQLITE, "井盖", "\"x04e95076d6\"");
	check_query(DB_PG, "井盖", "(x04e95076d6)");
	check_query(DB_SQLITE, "井", "x04e95*");
	check_query(DB_PG, "road 12", "road:* & 12:*");
	buf_init(&b, 64);
	assert_false(search_query(DB_SQLITE, STR("!!"), &b));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_tokens), cmocka_unit_test(test_query) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
