/* JSON writer and the log line built with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/jw.h"
#include "base/log.h"
#include "base/time.h"

static void test_document(void **state)
{
	(void)state;
	struct buf b;
	struct jw j;

	buf_init(&b, 4096);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_karr(&j, "items");
	jw_obj(&j);
	jw_kid(&j, "id", 12);
	jw_kid(&j, "none", 0);
	jw_kz(&j, "name", "岳麓");
	jw_kint(&j, "n", -5);
	jw_kint(&j, "nil", NIL);
	jw_kreal(&j, "x", 0.1);
	jw_kreal(&j, "whole", 28);
	jw_kreal(&j, "nan", (double)NAN);
	jw_kbool(&j, "ok", true);
	jw_ktime(&j, "at", 0);
	jw_ktime(&j, "never", NIL);
	jw_kdate(&j, "day", 20260209);
	jw_kdate(&j, "noday", NIL);
	jw_kraw(&j, "doc", STR("{\"a\":[1]}"));
	jw_kraw(&j, "nodoc", STR(""));
	jw_kstr(&j, "absent", (struct str){ NULL, 0 });
	jw_end_obj(&j);
	jw_null(&j);
	jw_arr(&j);
	jw_int(&j, 1);
	jw_int(&j, 2);
	jw_end_arr(&j);
	jw_end_arr(&j);
	jw_kobj(&j, "o");
	jw_end_obj(&j);
	jw_end_obj(&j);
	assert_false(b.failed);
	assert_true(str_eqz(buf_view(&b),
		"{\"items\":[{\"id\":\"12\",\"none\":null,\"name\":\"岳麓\",\"n\":-5,\"nil\":null,"
		"\"x\":0.1,\"whole\":28,\"nan\":null,\"ok\":true,\"at\":\"1970-01-01T08:00:00+08:"
		"00\","
		"\"never\":null,\"day\":\"2026-02-09\",\"noday\":null,\"doc\":{\"a\":[1]},\"nodoc\":null,\"absent\":null},null,[1,2]],"
		"\"o\":{}}"));
	buf_release(&b);
}

/* What a parser makes of the written text. */
static json_t *written(struct str s)
{
	struct buf b;
	struct jw j;

	buf_init(&b, 1 << 16);
	jw_init(&j, &b);
	jw_str(&j, s);
	json_t *v = json_loadb(b.p, b.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	buf_release(&b);
	return v;
}

static void test_escape(void **state)
{
	(void)state;
	char all[128];
	struct str good[] = { STR("a\"b\\c\n\r\t/\b\x01\x7F"), STR("é一😀\uFFFD"), STR("한글\uE000"),
		{ all, sizeof(all) } };

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		json_t *v = written(good[i]);
		assert_non_null(v);
		assert_int_equal(json_string_length(v), good[i].n);
		assert_memory_equal(json_string_value(v), good[i].p, good[i].n);
		json_decref(v);
	}
	static const struct {
		const char *in, *out;
	} bad[] = {
		{ "\x80", "\uFFFD" },
		{ "a\xFFz", "a\uFFFDz" },
		{ "\xE4\xB8", "\uFFFD\uFFFD" },
		{ "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD" },
		{ "一\xE4\"", "一\uFFFD\"" },
		{ "\xC0\xAF", "\uFFFD\uFFFD" },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		json_t *v = written(str_z(bad[i].in));
		assert_non_null(v);
		assert_string_equal(json_string_value(v), bad[i].out);
		json_decref(v);
	}
}

static void test_real(void **state)
{
	(void)state;
	static const struct {
		double v;
		const char *text;
	} row[] = {
		{ 0, "0" },
		{ 0.1, "0.1" },
		{ -112.93886, "-112.93886" },
		{ 28, "28" },
		{ 99999999.5, "99999999.5" },
		{ 123456789.125, "123456789.125" },
		{ -0.0000001, "-0.0000001" },
		{ 1e15, "1e+15" },
		{ 1e22, "1e+22" },
		{ 5e-324, "4.94065645841247e-324" },
		{ 1.0 / 3, "0.33333333333333331" },
	};
	struct buf b;
	struct jw j;
	double back;

	buf_init(&b, 64);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		buf_reset(&b);
		jw_init(&j, &b);
		jw_real(&j, row[i].v);
		buf_char(&b, 0);
		assert_string_equal(b.p, row[i].text);
	}
	/* Whatever the digits, the text reads back as the same number. */
	for (int i = 1; i < 20000; i++) {
		double v = (double)i * 1.1e-3 / (i % 7 + 1);
		buf_reset(&b);
		jw_init(&j, &b);
		jw_real(&j, v);
		assert_true(str_double(buf_view(&b), &back));
		assert_true(back == v);
	}
	buf_release(&b);
}

typedef void (*misuse_fn)(struct jw *j);

static void key_in_array(struct jw *j)
{
	jw_arr(j);
	jw_key(j, "a");
}

static void value_without_key(struct jw *j)
{
	jw_obj(j);
	jw_int(j, 1);
}

static void two_keys(struct jw *j)
{
	jw_obj(j);
	jw_key(j, "a");
	jw_key(j, "b");
}

static void key_without_value(struct jw *j)
{
	jw_obj(j);
	jw_key(j, "a");
	jw_end_obj(j);
}

static void wrong_end(struct jw *j)
{
	jw_arr(j);
	jw_end_obj(j);
}

static void end_too_often(struct jw *j)
{
	jw_arr(j);
	jw_end_arr(j);
	jw_end_arr(j);
}

static void two_documents(struct jw *j)
{
	jw_int(j, 1);
	jw_int(j, 2);
}

static void too_deep(struct jw *j)
{
	for (int i = 0; i <= JW_DEPTH; i++)
		jw_arr(j);
}

static void too_long(struct jw *j)
{
	jw_arr(j);
	for (int i = 0; i < 2000; i++)
		jw_int(j, 1);
}

static void test_misuse(void **state)
{
	(void)state;
	static const misuse_fn bad[] = { key_in_array, value_without_key, two_keys,
		key_without_value, wrong_end, end_too_often, two_documents, too_deep, too_long };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf b;
		struct jw j;

		buf_init(&b, 1000);
		jw_init(&j, &b);
		bad[i](&j);
		assert_true(b.failed);
		buf_release(&b);
	}
}

static void test_depth(void **state)
{
	(void)state;
	struct buf b;
	struct jw j;

	buf_init(&b, 1000);
	jw_init(&j, &b);
	for (int i = 0; i < JW_DEPTH; i++)
		jw_arr(&j);
	for (int i = 0; i < JW_DEPTH; i++)
		jw_end_arr(&j);
	assert_false(b.failed);
	assert_int_equal(b.n, 2 * JW_DEPTH);
	buf_release(&b);
}

static void test_log(void **state)
{
	(void)state;
	struct log l = { LOG_INFO };
	char line[8192];
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	int saved = dup(STDERR_FILENO);
	assert_true(dup2(fd[1], STDERR_FILENO) >= 0);
	log_msg(&l, LOG_DEBUG, "test", "not shown");
	log_msg(&l, LOG_WARN, "test", "quote \" and %d\nlines", 2);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd[1]);
	ssize_t n = read(fd[0], line, sizeof(line));
	close(fd[0]);

	assert_true(n > 0);
	assert_int_equal(line[n - 1], '\n');
	assert_ptr_equal(memchr(line, '\n', (size_t)n), line + n - 1);
	json_t *v = json_loadb(line, (size_t)n, 0, NULL);
	assert_non_null(v);
	assert_string_equal(json_string_value(json_object_get(v, "level")), "warn");
	assert_string_equal(json_string_value(json_object_get(v, "area")), "test");
	assert_string_equal(
		json_string_value(json_object_get(v, "message")), "quote \" and 2\nlines");
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
