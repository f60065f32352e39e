/* Settings: precedence, refusals, help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"

struct settings {
	const char *db, *name;
	int64_t port, open, quiet;
};

static const struct option table[] = {
	{ "test-db", OPT_TEXT, offsetof(struct settings, db), "sqlite:x", 0, 0, "Store." },
	{ "test-name", OPT_TEXT, offsetof(struct settings, name), NULL, 0, 0, "Name." },
	{ "test-port", OPT_INT, offsetof(struct settings, port), "8080", 1, 65535, "Port." },
	{ "test-open", OPT_FLAG, offsetof(struct settings, open), "yes", 0, 0, "Open." },
	{ "test-quiet", OPT_FLAG, offsetof(struct settings, quiet), NULL, 0, 0, "Quiet." },
};
static const struct options options = { table, ARRAY_LEN(table) };

struct run {
	struct arena *a;
	struct settings s;
	const char *operand[2];
	size_t n;
	struct error e;
};

static enum err parse(struct run *r, char **argv, const char *file)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return options_parse(&options, argc, argv, file, &r->s, r->operand, ARRAY_LEN(r->operand),
		&r->n, r->a, &r->e);
}

/* Arguments are writable, as those of main are. */
#define ARGV(...) ((char *[]){ name, __VA_ARGS__, NULL })

static int setup(void **state)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		return -1;
	r->a = arena_new(1 << 16);
	*state = r;
	return r->a ? 0 : -1;
}

static int teardown(void **state)
{
	struct run *r = *state;

	arena_free(r->a);
	free(r);
	return 0;
}

static void write_file(char path[64], const char *text)
{
	snprintf(path, 64, "/tmp/gezhi-config-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void test_precedence(void **state)
{
	struct run *r = *state;
	char name[] = "gezhi", flag[] = "--test-port=4", path[64];

	assert_int_equal(parse(r, (char *[]){ name, NULL }, NULL), OK);
	assert_string_equal(r->s.db, "sqlite:x");
	assert_null(r->s.name);
	assert_int_equal(r->s.port, 8080);
	assert_int_equal(r->s.open, 1);
	assert_int_equal(r->s.quiet, 0);

	write_file(path, "# settings\n\n test-port = 2 \r\ntest-name=a=b\ntest-open=no\n");
	assert_int_equal(parse(r, (char *[]){ name, NULL }, path), OK);
	assert_int_equal(r->s.port, 2);
	assert_string_equal(r->s.name, "a=b");
	assert_int_equal(r->s.open, 0);

	assert_int_equal(setenv("GEZHI_TEST_PORT", "3", 1), 0);
	assert_int_equal(parse(r, (char *[]){ name, NULL }, path), OK);
	assert_int_equal(r->s.port, 3);
	assert_int_equal(parse(r, ARGV(flag), path), OK);
	assert_int_equal(r->s.port, 4);
	unsetenv("GEZHI_TEST_PORT");
	unlink(path);
}

static void test_arguments(void **state)
{
	struct run *r = *state;
	char name[] = "gezhi", serve[] = "serve", port[] = "--test-port", nine[] = "9";
	char quiet[] = "--test-quiet", shut[] = "--no-test-open", end[] = "--", dash[] = "-x";
	char open[] = "--test-open=off";

	assert_int_equal(parse(r, ARGV(serve, port, nine, quiet, shut, end, port), NULL), OK);
	assert_int_equal(r->n, 2);
	assert_string_equal(r->operand[0], "serve");
	assert_string_equal(r->operand[1], "--test-port");
	assert_int_equal(r->s.port, 9);
	assert_int_equal(r->s.quiet, 1);
	assert_int_equal(r->s.open, 0);
	assert_int_equal(parse(r, ARGV(open), NULL), OK);
	assert_int_equal(r->s.open, 0);
	assert_int_equal(parse(r, ARGV(dash), NULL), OK);
	assert_string_equal(r->operand[0], "-x");
}

static void test_refusals(void **state)
{
	static const struct {
		const char *arg, *code, *says;
	} row[] = {
		{ "--nope", "config_name", "--nope" },
		{ "--no-test-port", "config_name", "--no-test-port" },
		{ "--test-port", "config_value", "--test-port needs a value" },
		{ "--test-port=", "config_value", "\"\" is no value for test-port" },
		{ "--test-port=x", "config_value", "\"x\"" },
		{ "--test-port=0", "config_value", "from 1 to 65535" },
		{ "--test-port=65536", "config_value", "from 1 to 65535" },
		{ "--test-open=perhaps", "config_value", "yes or no" },
	};
	struct run *r = *state;
	char name[] = "gezhi", arg[64], a[] = "a", b[] = "b", c[] = "c";

	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		snprintf(arg, sizeof(arg), "%s", row[i].arg);
		assert_int_equal(parse(r, ARGV(arg), NULL), ERR_INVALID);
		assert_string_equal(r->e.code, row[i].code);
		if (!strstr(r->e.message, row[i].says))
			fail_msg("\"%s\" does not say \"%s\"", r->e.message, row[i].says);
	}
	assert_int_equal(parse(r, ARGV(a, b, c), NULL), ERR_INVALID);
	assert_string_equal(r->e.code, "config_operand");
}

static void test_file_refusals(void **state)
{
	static const struct {
		const char *text, *code, *says;
	} row[] = {
		{ "test-port=1\nnope=1\n", "config_name", "line 2: unknown setting \"nope\"" },
		{ "\n\ntest-port\n", "config_line", "line 3" },
		{ "test-port=70000\n", "config_value", "line 1: \"70000\"" },
	};
	struct run *r = *state;
	char name[] = "gezhi", path[64];

	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		write_file(path, row[i].text);
		assert_int_equal(parse(r, (char *[]){ name, NULL }, path), ERR_INVALID);
		unlink(path);
		assert_string_equal(r->e.code, row[i].code);
		if (!strstr(r->e.message, row[i].says))
			fail_msg("\"%s\" does not say \"%s\"", r->e.message, row[i].says);
	}
	assert_int_equal(parse(r, (char *[]){ name, NULL }, "/nonexistent/gezhi.conf"), ERR_IO);
}

static void test_help(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 4096);
	options_help(&options, &b);
	buf_char(&b, 0);
	assert_false(b.failed);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_non_null(strstr(b.p, table[i].name));
		assert_non_null(strstr(b.p, table[i].help));
	}
	assert_non_null(
		strstr(b.p, "--test-port N\n      Port. (1–65535) [8080] GEZHI_TEST_PORT\n"));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_precedence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_refusals, setup, teardown),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
