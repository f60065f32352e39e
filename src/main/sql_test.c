/* Every SQL text of the program prepares on both engines: names, types and parameters fit the schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "main/main_db.h"
#include "main/modules.h"
#include "mod/demo/demo_run.h"
#include "mod/test_app/test_app.h"

struct tried {
	struct dbc *c;
	size_t n, failed;
};

static void try_text(const char *sql, void *arg)
{
	struct tried *t = arg;

	t->n++;
	if (sql != NULL && db_check_sql(t->c, sql) == OK)
		return;
	t->failed++;
	print_error("%s\n%s\n", sql != NULL ? sql : "(a missing text)", db_message(t->c));
}

static struct test_app *whole(enum db_engine engine)
{
	return test_app_new(engine, gezhi_modules);
}

static void test_every_text_prepares(void **state)
{
	struct test_app *t = *state;
	struct tried x = { .n = 0 };

	SKIP_WITHOUT(t);
	x.c = t->reader;
	app_sql_each(&t->app, try_text, &x);
	for (size_t i = 0; i < Q_MAIN_MAX; i++)
		try_text(main_sql[i], &x);
	for (size_t i = 0; i < demo_nsql; i++)
		try_text(demo_sql[i], &x);
	print_message("%zu texts\n", x.n);
	assert_true(x.n > 5 * t->app.nentity + demo_nsql);
	assert_int_equal(x.failed, 0);
}

int main(void)
{
	TEST_FIXTURE(whole);
	const struct CMUnitTest tests[] = { TEST_BOTH(test_every_text_prepares) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
