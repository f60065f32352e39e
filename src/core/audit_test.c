/* The chain of the audit record: whatever is changed, dropped, added or reordered is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/audit.h"
#include "core/test_core.h"

enum { ENTRIES = 7 };

static const struct module *const modules[] = { NULL };

static enum err add_tx(struct dbc *c, void *arg)
{
	const int64_t *i = arg;
	const struct audit_entry e = { .at = 1000 + *i, .actor = *i % 2 != 0 ? *i : NIL, .action = "update",
		.object = "place", .object_id = *i, .detail = STR("{\"name\":[\"a\",\"b\"]}") };

	return audit_add(c, &e);
}

static void prepare(struct core_test *t)
{
	for (int64_t i = 0; i < ENTRIES; i++)
		assert_int_equal(core_test_write(t, add_tx, &i), OK);
}

static struct core_case on_sqlite = { DB_SQLITE, modules, prepare }, on_pg = { DB_PG, modules, prepare };

static enum err verify(struct core_test *t, int64_t *ret_n, int64_t *ret_bad)
{
	struct error e = { .err = OK };
	enum err err = audit_verify(t->reader, ret_n, ret_bad, &e);

	assert_true(err == OK || e.message[0] != '\0');
	return err;
}

static int64_t one(struct core_test *t, const char *sql)
{
	int64_t v = NIL;

	assert_int_equal(db_int(t->reader, sql, NO_ARGS, &v), OK);
	return v;
}

static void test_whole(void **state)
{
	struct core_test *t = *state;
	int64_t n, bad;

	core_test_need(t);
	assert_int_equal(verify(t, &n, &bad), OK);
	assert_int_equal(n, ENTRIES);
	assert_int_equal(bad, NIL);
}

/* A change of each column is found at the very entry. */
static void test_changed(void **state)
{
	static const char *const change[][2] = {
		{ "UPDATE audit SET at = at + 1 WHERE id = $1", "UPDATE audit SET at = at - 1 WHERE id = $1" },
		{ "UPDATE audit SET actor_id = 99 WHERE id = $1 AND actor_id IS NULL",
			"UPDATE audit SET actor_id = NULL WHERE id = $1 AND actor_id = 99" },
		{ "UPDATE audit SET action = 'delete' WHERE id = $1", "UPDATE audit SET action = 'update' WHERE id = $1" },
		{ "UPDATE audit SET object = 'user' WHERE id = $1", "UPDATE audit SET object = 'place' WHERE id = $1" },
		{ "UPDATE audit SET object_id = object_id + 1 WHERE id = $1",
			"UPDATE audit SET object_id = object_id - 1 WHERE id = $1" },
		{ "UPDATE audit SET detail = NULL WHERE id = $1",
			"UPDATE audit SET detail = '{\"name\":[\"a\",\"b\"]}' WHERE id = $1" },
	};
	struct core_test *t = *state;
	int64_t n, bad;

	core_test_need(t);
	int64_t id = one(t, "SELECT min(id) AS id FROM audit WHERE actor_id IS NULL AND object_id > 1");

	for (size_t i = 0; i < ARRAY_LEN(change); i++) {
		core_test_sql(t, change[i][0], ARGS(I(id)));
		assert_int_equal(verify(t, &n, &bad), ERR_CONFLICT);
		assert_int_equal(bad, id);
		core_test_sql(t, change[i][1], ARGS(I(id)));
		assert_int_equal(verify(t, &n, &bad), OK);
	}
}

static void test_dropped_inside(void **state)
{
	struct core_test *t = *state;
	int64_t n, bad;

	core_test_need(t);
	core_test_sql(t, "DELETE FROM audit WHERE n = 1 AND chain = (SELECT chain FROM audit GROUP BY chain "
		"ORDER BY count(*) DESC LIMIT 1)", NO_ARGS);
	assert_int_equal(verify(t, &n, &bad), ERR_CONFLICT);
	assert_int_not_equal(bad, NIL);
}

static void test_dropped_end(void **state)
{
	struct core_test *t = *state;
	int64_t n, bad;

	core_test_need(t);
	core_test_sql(t, "DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)", NO_ARGS);
	assert_int_equal(verify(t, &n, &bad), ERR_CONFLICT);
	assert_int_equal(bad, NIL);
}

static void test_dropped_all(void **state)
{
	struct core_test *t = *state;
	int64_t n, bad;

	core_test_need(t);
	core_test_sql(t, "DELETE FROM audit", NO_ARGS);
	assert_int_equal(verify(t, &n, &bad), ERR_CONFLICT);
	assert_int_equal(n, 0);
}

static void test_dropped_tip(void **state)
{
	struct core_test *t = *state;
	int64_t n, bad;

	core_test_need(t);
	core_test_sql(t, "DELETE FROM audit_chain", NO_ARGS);
	assert_int_equal(verify(t, &n, &bad), ERR_CONFLICT);
}

/* A rolled-back action leaves no entry and no gap. */
static enum err failing_tx(struct dbc *c, void *arg)
{
	enum err err = add_tx(c, arg);

	return err == OK ? ERR_DENIED : err;
}

static void test_rolled_back(void **state)
{
	struct core_test *t = *state;
	int64_t n, bad, i = 1;

	core_test_need(t);
	assert_int_equal(core_test_write(t, failing_tx, &i), ERR_DENIED);
	assert_int_equal(core_test_write(t, add_tx, &i), OK);
	assert_int_equal(verify(t, &n, &bad), OK);
	assert_int_equal(n, ENTRIES + 1);
}

static void *add_many(void *arg)
{
	for (int64_t i = 0; i < 30; i++) {
		if (core_test_write(arg, add_tx, &i) != OK)
			return arg;
	}
	return NULL;
}

static void test_many_writers(void **state)
{
	struct core_test *t = *state;
	pthread_t th[4];
	void *failed;
	int64_t n, bad;

	core_test_need(t);
	for (size_t i = 0; i < ARRAY_LEN(th); i++)
		assert_int_equal(pthread_create(&th[i], NULL, add_many, t), 0);
	for (size_t i = 0; i < ARRAY_LEN(th); i++) {
		pthread_join(th[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(verify(t, &n, &bad), OK);
	assert_int_equal(n, ENTRIES + 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CORE_BOTH(test_whole),
		CORE_BOTH(test_changed),
		CORE_BOTH(test_dropped_inside),
		CORE_BOTH(test_dropped_end),
		CORE_BOTH(test_dropped_all),
		CORE_BOTH(test_dropped_tip),
		CORE_BOTH(test_rolled_back),
		CORE_BOTH(test_many_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
