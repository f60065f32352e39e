/* Text, arena, buffer and error object. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

static void test_compare(void **state)
{
	(void)state;
	struct str none = { NULL, 0 };

	assert_true(str_eq(STR("a"), STR("a")));
	assert_false(str_eq(STR("a"), STR("ab")));
	assert_true(str_eq(none, none));
	assert_false(str_eq(none, STR("")));
	assert_true(str_eqz(STR("岳麓"), "岳麓"));
	assert_true(str_prefix(STR("abc"), STR("ab")));
	assert_true(str_prefix(STR("abc"), STR("")));
	assert_false(str_prefix(STR("a"), STR("ab")));
	assert_null(str_z(NULL).p);
}

static void test_trim(void **state)
{
	(void)state;
	assert_true(str_eqz(str_trim(STR(" \t a b\r\n")), "a b"));
	assert_true(str_eqz(str_trim(STR("\u3000张三\u3000 ")), "张三"));
	assert_int_equal(str_trim(STR(" \u3000 ")).n, 0);
	assert_null(str_trim((struct str){ NULL, 0 }).p);
	/* The last byte of another character is no blank. */
	assert_true(str_eqz(str_trim(STR("一")), "一"));
}

static void test_numbers(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "1.0", "0x1", "一",
		"9223372036854775808", "-9223372036854775808", "99999999999999999999" };
	int64_t v = 7;
	double d = 7;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(str_i64(str_z(bad[i]), &v));
	assert_int_equal(v, 7);
	assert_true(str_i64(STR("-9223372036854775807"), &v) && v == -INT64_MAX);
	assert_true(str_i64(STR("43010500100100101"), &v) && v == INT64_C(43010500100100101));

	static const char *const bad_real[] = { "", ".", "inf", "nan", "0x10", "1e", "1e999", "1 ",
		" 1", "1,5" };
	for (size_t i = 0; i < ARRAY_LEN(bad_real); i++)
		assert_false(str_double(str_z(bad_real[i]), &d));
	assert_true(str_double(STR("-12.5e1"), &d) && d == -125);
	assert_true(str_double(STR(".5"), &d) && d == 0.5);
}

static void test_split(void **state)
{
	(void)state;
	struct str rest = STR("a,,b,"), piece;
	static const char *const want[] = { "a", "", "b", "" };

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(str_split(&rest, ',', &piece));
		assert_true(str_eqz(piece, want[i]));
	}
	assert_false(str_split(&rest, ',', &piece));
	rest = STR("");
	assert_true(str_split(&rest, ',', &piece) && piece.n == 0);
	assert_false(str_split(&rest, ',', &piece));
}

static void test_utf8(void **state)
{
	(void)state;
	static const char *const bad[] = { "\x80", "\xC0\x80", "\xC3", "\xE4\xB8", "\xED\xA0\x80",
		"\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "a\xFFz" };
	struct str s = STR("aé一😀");
	size_t pos = 0;

	assert_int_equal(str_runes(s), 4);
	assert_int_equal(str_rune(s, &pos), 'a');
	assert_int_equal(str_rune(s, &pos), 0xE9);
	assert_int_equal(str_rune(s, &pos), 0x4E00);
	assert_int_equal(str_rune(s, &pos), 0x1F600);
	assert_int_equal(pos, s.n);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_true(str_runes(str_z(bad[i])) == SIZE_MAX);
	assert_int_equal(str_runes(STR("\uFFFD")), 1);
	pos = 0;
	assert_int_equal(str_rune(STR("\xE4\xB8"), &pos), 0xFFFD);
	assert_int_equal(pos, 1);
}

static void test_arena(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 16);
	size_t total = 0;

	assert_non_null(a);
	for (;;) {
		unsigned char *p = arena_alloc(a, 100);
		if (!p)
			break;
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < 100; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xAA, 100);
		total += 112;
	}
	assert_true(arena_failed(a));
	assert_int_equal(arena_used(a), total);
	assert_true(total <= 1 << 16);
	assert_true(total > (1 << 16) * 9 / 10);

	arena_reset(a);
	assert_false(arena_failed(a));
	assert_int_equal(arena_used(a), 0);
	unsigned char *again = arena_alloc(a, 4000);
	assert_non_null(again);
	for (size_t i = 0; i < 4000; i++)
		assert_int_equal(again[i], 0); /* cleared although used before */
	assert_null(arena_array(a, SIZE_MAX / 2, 4));
	assert_true(arena_failed(a));
	assert_null(arena_alloc(a, SIZE_MAX));
	arena_free(a);
	arena_free(NULL);
}

static void test_arena_text(void **state)
{
	(void)state;
	struct arena *a = arena_new(4096);
	struct str s = str_dup(a, STR("格治"));

	assert_true(str_eqz(s, "格治"));
	assert_int_equal(s.p[s.n], 0);
	assert_null(str_dup(a, (struct str){ NULL, 0 }).p);
	assert_non_null(str_dup(a, STR("")).p);
	assert_string_equal(str_cstr(a, STR("x")), "x");
	assert_true(str_eqz(str_fmt(a, "%d-%s", 7, "a"), "7-a"));
	assert_null(str_fmt(a, "%5000d", 1).p);
	assert_true(arena_failed(a));
	arena_free(a);
}

static void test_buf(void **state)
{
	(void)state;
	struct buf b;
	size_t n;

	buf_init(&b, 1000);
	buf_z(&b, "a");
	buf_char(&b, 'b');
	buf_i64(&b, INT64_MIN);
	buf_i64(&b, 0);
	buf_str(&b, STR("c"));
	buf_fmt(&b, "%s", "");
	assert_true(str_eqz(buf_view(&b), "ab-92233720368547758080c"));
	buf_reset(&b);
	buf_fmt(&b, "%0400d", 5); /* longer than the stack buffer */
	assert_int_equal(buf_view(&b).n, 400);
	char *p = buf_take(&b, &n);
	assert_non_null(p);
	assert_int_equal(n, 400);
	assert_int_equal(p[399], '5');
	free(p);
	p = buf_take(&b, &n);
	assert_non_null(p); /* empty, not failed */
	assert_int_equal(n, 0);
	free(p);
	buf_release(&b);
	buf_release(NULL);
}

static void test_buf_limit(void **state)
{
	(void)state;
	struct buf b;
	char block[300] = { 0 };

	buf_init(&b, 500);
	buf_put(&b, block, 300);
	buf_put(&b, block, 200);
	assert_false(b.failed);
	buf_char(&b, 'x');
	assert_true(b.failed);
	assert_int_equal(b.n, 500);
	buf_put(&b, block, 1); /* sticky */
	assert_int_equal(b.n, 500);
	assert_null(buf_take(&b, NULL));
	assert_int_equal(b.n, 0);
	buf_init(&b, 100);
	buf_fmt(&b, "%0300d", 1);
	assert_true(b.failed);
	buf_release(&b);
}

static void test_err(void **state)
{
	(void)state;
	struct error e;
	char big[600];

	assert_int_equal(err_set(&e, ERR_LIMIT, "big", "f", "%d %s", 5, "x"), ERR_LIMIT);
	assert_int_equal(e.err, ERR_LIMIT);
	assert_string_equal(e.code, "big");
	assert_string_equal(e.field, "f");
	assert_string_equal(e.message, "5 x");
	assert_int_equal(err_set(NULL, ERR_IO, "x", "", "y"), ERR_IO);

	/* Cut between characters, whatever the offset. */
	for (size_t shift = 0; shift < 3; shift++) {
		memset(big, 'a', shift);
		for (size_t i = shift; i + 3 < sizeof(big); i += 3)
			memcpy(big + i, "格", 4);
		assert_int_equal(err_set(&e, ERR_INVALID, big, big, "%s", big), ERR_INVALID);
		assert_true(str_runes(str_z(e.message)) != SIZE_MAX);
		assert_true(strlen(e.message) >= sizeof(e.message) - 4);
	}
	for (int i = 0; i < ERR_MAX; i++)
		assert_non_null(err_name((enum err)i));
	assert_string_equal(err_name(ERR_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_arena_text),
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_buf_limit),
		cmocka_unit_test(test_err),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
