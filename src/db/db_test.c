/*
 * Statements, values, results and migrations, the same on both engines. What several writers do to
 * each other is in writer_test.c.
 */
#include "db/test_store.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fix {
	struct test_store store;
	struct db *db;
	struct dbc *c; /* reading */
};

static const struct migration first[] = {
	{ 1, "values",
		"-- a comment with BIGINT; and a semicolon\n"
		"CREATE TABLE val (id BIGINT PRIMARY KEY, small SMALLINT CHECK (small < 100),\n"
		" d DOUBLE\n PRECISION, t TEXT DEFAULT 'a BIGINT; in text', b BYTEA);\n"
		"CREATE UNIQUE INDEX val_t ON val (t);\n"
		"CREATE TABLE child (id BIGINT PRIMARY KEY, val BIGINT NOT NULL REFERENCES val "
		"(id))",
		"CREATE VIEW engine AS SELECT 'sqlite' AS name",
		"CREATE VIEW engine AS SELECT CAST('postgres' AS TEXT) AS name" },
};

static const char put_sql[] = "INSERT INTO val (id, small, d, t, b) VALUES ($1, $2, $3, $4, $5)";
static const char get_sql[] = "SELECT id, small, d, t, b FROM val WHERE id = $1";

static struct fix *fix_open(const struct test_store *store)
{
	struct fix *f = calloc(1, sizeof(*f));
	struct error e = { .err = OK };
	if (!f)
		abort();
	f->store = *store;
	struct db_config cfg = { .url = f->store.url, .writers = 3 };
	if (db_open(&cfg, &f->db, &e) != OK || db_reader_open(f->db, &f->c) != OK ||
		db_migrate(f->db, first, ARRAY_LEN(first), NULL, &e) != OK) {
		fprintf(stderr, "%s\n", e.message);
		abort();
	}
	return f;
}

static void fix_close(struct fix *f)
{
	dbc_free(f->c);
	db_close(f->db);
	free(f);
}

static int setup(void **state)
{
	const enum db_engine *engine = *state;
	struct test_store store;
	if (test_store_make(*engine, &store) != OK)
		return -1;
	*state = fix_open(&store);
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;
	struct test_store store = f->store;
	fix_close(f);
	test_store_drop(&store);
	return 0;
}

/* ---- values ---- */

static enum err put_values(struct dbc *c, void *arg)
{
	(void)arg;
	struct str blob = STR("a\0b");
	enum err err = db_exec(
		c, put_sql, ARGS(I(INT64_MAX), I(-7), R(-1.5e300), Z("岳麓"), B(blob)), NULL);
	if (err == OK)
		err = db_exec(c, put_sql,
			ARGS(I(2), I(NIL), R(NAN), Z(NULL), B((struct str){ NULL, 0 })), NULL);
	if (err == OK)
		err = db_exec(c, put_sql, ARGS(I(-3), I(99), R(0.1), Z(""), B(STR(""))), NULL);
	return err;
}

static void test_values_come_back(void **state)
{
	struct fix *f = *state;
	assert_int_equal(db_write(f->db, put_values, NULL), OK);
	struct rows *r = db_query(f->c, get_sql, ARGS(I(INT64_MAX)));
	assert_true(rows_next(r));
	assert_true(row_int(r, "id") == INT64_MAX);
	assert_int_equal(row_int(r, "small"), -7);
	assert_true(row_real(r, "d") == -1.5e300);
	assert_true(row_real(r, "small") == -7.0);
	assert_true(str_eqz(row_str(r, "t"), "岳麓"));
	assert_true(str_eq(row_str(r, "b"), STR("a\0b")));
	assert_int_equal(rows_col(r, "t"), 3);
	assert_true(str_eqz(row_str_at(r, 3), "岳麓"));
	assert_false(rows_next(r));
	assert_int_equal(rows_close(r), OK);
}

static void test_absent_values_are_null(void **state)
{
	struct fix *f = *state;
	assert_int_equal(db_write(f->db, put_values, NULL), OK);
	struct rows *r = db_query(f->c, get_sql, ARGS(I(2)));
	assert_true(rows_next(r));
	assert_true(row_int(r, "small") == NIL);
	assert_true(isnan(row_real(r, "d")));
	assert_null(row_str(r, "t").p);
	assert_null(row_str(r, "b").p);
	assert_int_equal(rows_close(r), OK);
	int64_t n = 0;
	assert_int_equal(db_int(f->c,
				 "SELECT count(*) FROM val WHERE small IS NULL AND d IS NULL AND t "
				 "IS NULL AND b IS NULL",
				 NO_ARGS, &n),
		OK);
	assert_int_equal(n, 1);
}

static void test_empty_is_not_absent(void **state)
{
	struct fix *f = *state;
	assert_int_equal(db_write(f->db, put_values, NULL), OK);
	struct rows *r = db_query(f->c, get_sql, ARGS(I(-3)));
	assert_true(rows_next(r));
	assert_non_null(row_str(r, "t").p);
	assert_int_equal(row_str(r, "t").n, 0);
	assert_non_null(row_str(r, "b").p);
	assert_int_equal(row_str(r, "b").n, 0);
	assert_int_equal(rows_close(r), OK);
}

static void test_parameters_by_number(void **state)
{
	struct fix *f = *state;
	struct rows *r = db_query(f->c,
		"SELECT CAST($2 AS TEXT) AS two, CAST($1 AS BIGINT) AS one, CAST($2 AS TEXT) AS "
		"again",
		ARGS(I(1), Z("b")));
	assert_true(rows_next(r));
	assert_int_equal(row_int(r, "one"), 1);
	assert_true(str_eqz(row_str(r, "two"), "b"));
	assert_true(str_eqz(row_str(r, "again"), "b"));
	assert_int_equal(rows_close(r), OK);
}

static void test_zero_byte_in_text_is_refused(void **state)
{
	struct fix *f = *state;
	int64_t n = 7;
	assert_int_equal(
		db_int(f->c, "SELECT count(*) FROM val WHERE t = $1", ARGS(T(STR("a\0b"))), &n),
		ERR_INVALID);
	assert_int_equal(n, 7);
}

/* ---- statements ---- */

static enum err put_again(struct dbc *c, void *arg)
{
	int64_t *out = arg;
	const char *up =
		"INSERT INTO val (id, small, t) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE "
		"SET small = excluded.small WHERE val.small <> excluded.small RETURNING small";
	enum err err = db_int(c, up, ARGS(I(1), I(5), Z("x")), &out[0]);
	if (err == OK)
		err = db_int(c, up, ARGS(I(1), I(6), Z("x")), &out[1]);
	if (err == OK && db_int(c, up, ARGS(I(1), I(6), Z("x")), &out[2]) != ERR_NOT_FOUND)
		err = ERR_BUG;
	if (err == OK)
		err = db_exec(c, "INSERT INTO val (id, t) VALUES ($1, 'x') ON CONFLICT DO NOTHING",
			ARGS(I(1)), &out[3]);
	if (err == OK)
		err = db_exec(c, "UPDATE val SET d = $1 WHERE id = $2", ARGS(R(1), I(1)), &out[4]);
	/* Rows of RETURNING that nobody reads. */
	return err == OK ? rows_close(db_query(c,
				   "INSERT INTO val (id, t) VALUES (10, NULL), (11, NULL) "
				   "RETURNING id",
				   NO_ARGS))
			 : err;
}

static void test_upsert_and_returning(void **state)
{
	struct fix *f = *state;
	int64_t out[5] = { 0, 0, 0, 9, 9 };
	assert_int_equal(db_write(f->db, put_again, out), OK);
	assert_int_equal(out[0], 5);
	assert_int_equal(out[1], 6);
	assert_int_equal(out[2], 0);
	assert_int_equal(out[3], 0);
	assert_int_equal(out[4], 1);
	int64_t n = 0;
	assert_int_equal(db_int(f->c, "SELECT count(*) FROM val", NO_ARGS, &n), OK);
	assert_int_equal(n, 3);
}

static void test_functions_agree(void **state)
{
	struct fix *f = *state;
	struct rows *r = db_query(f->c,
		"SELECT jget($1, 's') AS s, jget($1, 'n') AS n, jget($1, 'z') AS z, jget($1, 'o') "
		"AS o,"
		" jget($1, 'none') AS none, jget($1, 'b') AS b, jget($1, 'e') AS e",
		ARGS(Z("{\"s\": \"\\u5cb3\\ud83d\\ude00\\\"\\n\", \"o\": {\"n\":[\"}\",2]},"
		       " \"z\": null, \"n\": 1.50, \"e\":\"\", \"b\": true}")));
	assert_true(rows_next(r));
	assert_true(str_eqz(row_str(r, "s"), "岳😀\"\n"));
	assert_true(str_eqz(row_str(r, "n"), "1.50"));
	assert_null(row_str(r, "z").p);
	assert_null(row_str(r, "none").p);
	assert_true(str_eqz(row_str(r, "o"), "{\"n\":[\"}\",2]}"));
	assert_true(str_eqz(row_str(r, "b"), "true"));
	assert_true(str_eqz(row_str(r, "e"), ""));
	assert_int_equal(rows_close(r), OK);
	r = db_query(f->c,
		"SELECT string_agg(t, ';') AS s, count(*) AS n FROM (SELECT value AS t FROM "
		"json_each($1)"
		" ORDER BY value) AS x",
		ARGS(Z("[\"a\",\"b\",\"c\"]")));
	assert_true(rows_next(r));
	assert_true(str_eqz(row_str(r, "s"), "a;b;c"));
	assert_int_equal(row_int(r, "n"), 3);
	assert_int_equal(rows_close(r), OK);
}

static void test_lists_and_case(void **state)
{
	struct fix *f = *state;
	int64_t n = 0;
	assert_int_equal(db_write(f->db, put_values, NULL), OK);
	assert_int_equal(db_int(f->c,
				 "SELECT count(*) FROM val WHERE id IN (SELECT CAST(value AS "
				 "BIGINT) FROM json_each($1))",
				 ARGS(Z("[2,-3,4]")), &n),
		OK);
	assert_int_equal(n, 2);
	assert_int_equal(
		db_int(f->c, "SELECT count(*) FROM val WHERE t LIKE $1", ARGS(Z("%麓%")), &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(
		db_int(f->c, "SELECT count(*) FROM val WHERE 'abc' LIKE $1", ARGS(Z("A%")), &n),
		OK);
	assert_int_equal(n, 0);
	assert_int_equal(
		db_int(f->c, "SELECT id FROM val WHERE id = $1", ARGS(I(77)), &n), ERR_NOT_FOUND);
}

static void test_bad_statements_are_reported(void **state)
{
	struct fix *f = *state;
	assert_int_equal(db_check_sql(f->c, put_sql), OK);
	assert_int_equal(db_check_sql(f->c, "SELEC 1"), ERR_BUG);
	assert_int_equal(db_check_sql(f->c, "SELECT nothing FROM val"), ERR_BUG);
	assert_int_equal(db_check_sql(f->c, "SELECT \"nothing\" FROM val"), ERR_BUG);
	assert_int_equal(db_check_sql(f->c, "SELECT $3 + id FROM val WHERE id = $1"), ERR_BUG);
	assert_int_equal(db_check_sql(f->c, "SELECT 1; SELECT 2"), ERR_BUG);
	assert_true(strlen(db_message(f->c)) > 0);
	int64_t n = 0;
	assert_int_equal(db_int(f->c, "SELECT 3 FROM missing", NO_ARGS, &n), ERR_BUG);
	assert_int_equal(db_int(f->c, "SELECT 3 AS n", NO_ARGS, &n), OK);
}

static void test_results_nest(void **state)
{
	struct fix *f = *state;
	assert_int_equal(db_write(f->db, put_values, NULL), OK);
	const char *all = "SELECT id FROM val ORDER BY id";
	struct rows *r[16];
	for (int i = 0; i < 16; i++) {
		r[i] = db_query(f->c, all, NO_ARGS);
		for (int k = 0; k <= i % 3; k++)
			assert_true(rows_next(r[i]));
	}
	for (int i = 0; i < 16; i++) {
		int64_t want = i % 3 == 0 ? -3 : i % 3 == 1 ? 2 : INT64_MAX;
		assert_true(row_int(r[i], "id") == want);
		assert_int_equal(rows_close(r[i]), OK);
	}
	struct rows *again = db_query(f->c, all, NO_ARGS);
	assert_true(rows_next(again));
	assert_int_equal(rows_close(again), OK);
}

static void test_many_texts_share_an_address(void **state)
{
	struct fix *f = *state;
	char same[64];
	char(*many)[64] = calloc(700, 64);
	assert_non_null(many);
	for (int i = 0; i < 700; i++) {
		int64_t n = -1;
		snprintf(same, sizeof(same), "SELECT %d AS n", i);
		snprintf(many[i], 64, "SELECT %d AS n", i);
		assert_int_equal(db_int(f->c, same, NO_ARGS, &n), OK);
		assert_int_equal(n, i);
		assert_int_equal(db_int(f->c, many[i], NO_ARGS, &n), OK);
		assert_int_equal(n, i);
		assert_int_equal(db_int(f->c, many[i / 2], NO_ARGS, &n), OK);
		assert_int_equal(n, i / 2);
		struct rows *r = db_query_text(f->c, str_z(same), NO_ARGS);
		assert_true(rows_next(r));
		assert_int_equal(row_int(r, "n"), i);
		assert_int_equal(rows_close(r), OK);
	}
	free(many);
}

static void test_arguments_need_not_outlive_the_call(void **state)
{
	struct fix *f = *state;
	assert_int_equal(db_write(f->db, put_values, NULL), OK);
	char text[] = "岳麓";
	struct rows *r = db_query(f->c,
		"SELECT CAST($1 AS TEXT) AS t, id FROM val WHERE t = $1 OR t IS NULL",
		ARGS(Z(text)));
	memset(text, 'x', sizeof(text) - 1);
	int rows = 0;
	while (rows_next(r)) {
		assert_true(str_eqz(row_str(r, "t"), "岳麓"));
		rows++;
	}
	assert_int_equal(rows_close(r), OK);
	assert_int_equal(rows, 2);
}

static void test_snapshot_stays(void **state)
{
	struct fix *f = *state;
	const char *count = "SELECT count(*) FROM val";
	int64_t n = 9;
	assert_int_equal(db_snapshot_begin(f->c), OK);
	assert_int_equal(db_int(f->c, count, NO_ARGS, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(db_write(f->db, put_values, NULL), OK);
	assert_int_equal(db_int(f->c, count, NO_ARGS, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(db_snapshot_begin(f->c), OK); /* within it: the same one */
	assert_int_equal(db_int(f->c, count, NO_ARGS, &n), OK);
	assert_int_equal(n, 0);
	db_snapshot_end(f->c);
	assert_int_equal(db_int(f->c, count, NO_ARGS, &n), OK);
	assert_int_equal(n, 0);
	db_snapshot_end(f->c);
	assert_int_equal(db_int(f->c, count, NO_ARGS, &n), OK);
	assert_int_equal(n, 3);
}

/* ---- misuse: each runs in a child with a store of its own ---- */

static enum err unbound(struct dbc *c, void *arg)
{
	(void)arg;
	return db_exec(c, put_sql, ARGS(I(1), I(2)), NULL);
}

static enum err wrong_kind(struct dbc *c, void *arg)
{
	(void)arg;
	return db_exec(c, "INSERT INTO val (id) VALUES ($1)", ARGS(Z("one")), NULL);
}

static enum err unknown_column(struct dbc *c, void *arg)
{
	(void)arg;
	struct rows *r = db_query(c, "SELECT 1 AS n", NO_ARGS);
	if (rows_next(r) && row_int(r, "m") != NIL)
		return OK;
	return rows_close(r);
}

static enum err wrong_column_type(struct dbc *c, void *arg)
{
	(void)arg;
	struct rows *r = db_query(c, "SELECT CAST('1' AS TEXT) AS n", NO_ARGS);
	if (rows_next(r) && row_int(r, "n") != NIL)
		return OK;
	return rows_close(r);
}

static enum err no_row(struct dbc *c, void *arg)
{
	(void)arg;
	struct rows *r = db_query(c, "SELECT 1 AS n", NO_ARGS);
	if (row_int(r, "n") != NIL)
		return OK;
	return rows_close(r);
}

static enum err too_many_open(struct dbc *c, void *arg)
{
	(void)arg;
	for (int i = 0; i < 16; i++)
		db_query(c, "SELECT 1 AS n", NO_ARGS);
	return rows_close(db_query(c, "SELECT 1 AS n", NO_ARGS));
}

static enum err write_while_reading(struct dbc *c, void *arg)
{
	(void)arg;
	return db_exec(c, "DELETE FROM val", NO_ARGS, NULL);
}

static enum err id_while_reading(struct dbc *c, void *arg)
{
	(void)arg;
	return db_new_id(c) == NIL ? ERR_BUG : OK;
}

static enum err leaked_rows(struct dbc *c, void *arg)
{
	(void)arg;
	db_query(c, "SELECT 1 AS n", NO_ARGS);
	return OK;
}

static enum err write_in_write(struct dbc *c, void *arg)
{
	(void)c;
	return db_write(arg, put_values, NULL);
}

static void expect_misuse(enum db_engine engine, db_fn fn, bool writing)
{
	struct test_store store;
	assert_int_equal(test_store_make(engine, &store), OK);
	int line[2]; /* the child says when it has got as far as the misuse */
	char reached = 0;
	assert_int_equal(pipe(line), 0);
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(3);
		alarm(30);
		struct fix *f = fix_open(&store);
		if (write(line[1], "x", 1) != 1)
			_exit(5);
		enum err err = writing ? db_write(f->db, fn, f->db) : fn(f->c, NULL);
		fix_close(f);
		_exit(err == ERR_BUG ? 0 : 4);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	test_store_drop(&store);
	close(line[1]);
	assert_int_equal(read(line[0], &reached, 1), 1);
	close(line[0]);
#ifdef NDEBUG
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
#else
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
#endif
}

/* Without a store of its own: a child of a process with threads cannot start any under
 * ThreadSanitizer. */
static void test_misuse_is_loud(void **state)
{
	enum db_engine engine = *(const enum db_engine *)*state;
	const db_fn reads[] = { unknown_column, wrong_column_type, no_row, too_many_open,
		write_while_reading, id_while_reading };
	for (size_t i = 0; i < ARRAY_LEN(reads); i++)
		expect_misuse(engine, reads[i], false);
	const db_fn writes[] = { unbound, wrong_kind, leaked_rows, write_in_write };
	for (size_t i = 0; i < ARRAY_LEN(writes); i++)
		expect_misuse(engine, writes[i], true);
}

/* ---- migrations ---- */

static void test_migrations_are_recorded(void **state)
{
	struct fix *f = *state;
	struct error e = { .err = OK };
	int applied = -1, version = -1;
	const struct migration more[] = { first[0],
		{ 2, "more", "CREATE TABLE two (id BIGINT)", NULL, NULL },
		{ 5, "gap", NULL, "CREATE TABLE five (id INTEGER) STRICT",
			"CREATE TABLE five (id BIGINT)" } };
	assert_int_equal(db_schema_version(f->c, &version), OK);
	assert_int_equal(version, 1);
	assert_int_equal(db_migrate(f->db, first, 1, &applied, &e), OK);
	assert_int_equal(applied, 0);
	assert_int_equal(db_migrate(f->db, more, 3, &applied, &e), OK);
	assert_int_equal(applied, 2);
	assert_int_equal(db_schema_version(f->c, &version), OK);
	assert_int_equal(version, 5);
	int64_t n = 9;
	assert_int_equal(db_int(f->c, "SELECT count(*) FROM five, two", NO_ARGS, &n), OK);
	/* An older program refuses. */
	assert_int_equal(db_migrate(f->db, first, 1, &applied, &e), ERR_CONFLICT);
	assert_string_equal(e.code, "schema.newer");
}

static void test_changed_migration_is_refused(void **state)
{
	struct fix *f = *state;
	struct error e = { .err = OK };
	struct migration changed = first[0];
	changed.pg = "CREATE VIEW engine AS SELECT 1";
	assert_int_equal(db_migrate(f->db, &changed, 1, NULL, &e), ERR_CONFLICT);
	assert_string_equal(e.code, "schema.changed");
}

static void test_failed_migration_leaves_nothing(void **state)
{
	struct fix *f = *state;
	struct error e = { .err = OK };
	int version = 0;
	int64_t n = 0;
	const struct migration bad[] = { first[0],
		{ 2, "bad", "CREATE TABLE left_over (id BIGINT); CREATE TABLE val (id BIGINT);",
			NULL, NULL } };
	assert_int_not_equal(db_migrate(f->db, bad, 2, NULL, &e), OK);
	assert_non_null(strstr(e.message, "migration 2 (bad)"));
	assert_int_equal(db_schema_version(f->c, &version), OK);
	assert_int_equal(version, 1);
	assert_int_equal(db_int(f->c, "SELECT count(*) FROM left_over", NO_ARGS, &n), ERR_BUG);
}

static void test_migration_text_per_engine(void **state)
{
	struct fix *f = *state;
	struct rows *r = db_query(f->c, "SELECT name FROM engine", NO_ARGS);
	assert_true(rows_next(r));
	assert_true(
		str_eqz(row_str(r, "name"), f->store.engine == DB_SQLITE ? "sqlite" : "postgres"));
	assert_int_equal(rows_close(r), OK);
	if (f->store.engine != DB_SQLITE)
		return;
	r = db_query(f->c, "SELECT sql FROM sqlite_schema WHERE name = 'val'", NO_ARGS);
	assert_true(rows_next(r));
	const char *sql = row_str(r, "sql").p;
	assert_non_null(strstr(sql, ") STRICT"));
	assert_non_null(strstr(sql, "'a BIGINT; in text'"));
	assert_non_null(strstr(sql, "d REAL"));
	assert_non_null(strstr(sql, "b BLOB"));
	assert_int_equal(rows_close(r), OK);
}

static void test_empty_store_has_version_zero(void **state)
{
	struct fix *f = *state;
	struct test_store s;
	struct db *db = NULL;
	struct dbc *c = NULL;
	int version = 7;
	assert_int_equal(test_store_make(f->store.engine, &s), OK);
	assert_int_equal(db_open(&(struct db_config){ .url = s.url }, &db, NULL), OK);
	assert_int_equal(db_reader_open(db, &c), OK);
	assert_int_equal(db_schema_version(c, &version), OK);
	assert_int_equal(version, 0);
	assert_int_equal(db_write(db, put_values, NULL), ERR_BUG);
	dbc_free(c);
	db_close(db);
	test_store_drop(&s);
}

/* ---- the store ---- */

static void test_bad_urls(void **state)
{
	(void)state;
	const char *const bad[] = { "", "sqlite:", "mysql://x", "/tmp/x.db", "SQLITE:x", NULL };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error e = { .err = OK };
		struct db *db = NULL;
		assert_int_equal(
			db_open(&(struct db_config){ .url = bad[i] }, &db, &e), ERR_INVALID);
		assert_string_equal(e.field, "db");
		assert_null(db);
	}
	struct error e = { .err = OK };
	struct db *db = NULL;
	assert_int_equal(
		db_open(&(struct db_config){ .url = "sqlite:/nowhere/at/all/x.db" }, &db, &e),
		ERR_IO);
	assert_int_equal(
		db_open(&(struct db_config){ .url = "postgres://127.0.0.1:9/none" }, &db, &e),
		ERR_IO);
	assert_true(strlen(e.message) > 0);
}

static void test_backup_and_check(void **state)
{
	struct fix *f = *state;
	struct error e = { .err = OK };
	assert_int_equal(db_write(f->db, put_values, NULL), OK);
	assert_int_equal(db_check(f->db, &e), OK);
	char path[128], url[160];
	snprintf(path, sizeof(path), "/tmp/gezhi-backup-%d.db", (int)getpid());
	snprintf(url, sizeof(url), "sqlite:%s", path);
	if (f->store.engine == DB_PG) {
		assert_int_equal(db_backup(f->db, path, &e), ERR_INVALID);
		return;
	}
	assert_int_equal(db_backup(f->db, path, &e), OK);
	assert_int_equal(db_backup(f->db, path, &e), ERR_CONFLICT);
	struct db *copy = NULL;
	struct dbc *c = NULL;
	int64_t n = 0;
	assert_int_equal(db_open(&(struct db_config){ .url = url }, &copy, &e), OK);
	assert_int_equal(db_reader_open(copy, &c), OK);
	assert_int_equal(db_int(c, "SELECT count(*) FROM val", NO_ARGS, &n), OK);
	assert_int_equal(n, 3);
	dbc_free(c);
	db_close(copy);
	unlink(path);
}

static void test_memory_store(void **state)
{
	(void)state;
	struct db *db = NULL;
	struct dbc *c = NULL;
	int64_t n = 0;
	assert_int_equal(db_open(&(struct db_config){ .url = "sqlite::memory:" }, &db, NULL), OK);
	assert_int_equal(db_migrate(db, first, 1, NULL, NULL), OK);
	assert_int_equal(db_write(db, put_values, NULL), OK);
	assert_int_equal(db_reader_open(db, &c), OK);
	assert_int_equal(db_int(c, "SELECT count(*) FROM val", NO_ARGS, &n), OK);
	assert_int_equal(n, 3);
	dbc_free(c);
	db_close(db);
}

static const enum db_engine engine_of_group[] = { DB_SQLITE, DB_PG };

/* The group's state is its engine; setup turns it into a store. */
static int group_state(void **state, const enum db_engine *engine)
{
	memcpy(state, &engine, sizeof(engine));
	return 0;
}

static int engine_sqlite(void **state)
{
	return group_state(state, &engine_of_group[0]);
}

static int engine_pg(void **state)
{
	return group_state(state, &engine_of_group[1]);
}

int main(void)
{
#define BOTH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest both[] = {
		BOTH(test_values_come_back),
		BOTH(test_absent_values_are_null),
		BOTH(test_empty_is_not_absent),
		BOTH(test_parameters_by_number),
		BOTH(test_zero_byte_in_text_is_refused),
		BOTH(test_upsert_and_returning),
		BOTH(test_functions_agree),
		BOTH(test_lists_and_case),
		BOTH(test_bad_statements_are_reported),
		BOTH(test_results_nest),
		BOTH(test_many_texts_share_an_address),
		BOTH(test_arguments_need_not_outlive_the_call),
		BOTH(test_snapshot_stays),
		cmocka_unit_test(test_misuse_is_loud),
		BOTH(test_migrations_are_recorded),
		BOTH(test_changed_migration_is_refused),
		BOTH(test_failed_migration_leaves_nothing),
		BOTH(test_migration_text_per_engine),
		BOTH(test_empty_store_has_version_zero),
		BOTH(test_backup_and_check),
	};
	const struct CMUnitTest once[] = {
		cmocka_unit_test(test_bad_urls),
		cmocka_unit_test(test_memory_store),
	};
	int failed = cmocka_run_group_tests_name("db", once, NULL, NULL);
	failed += cmocka_run_group_tests_name("db on SQLite", both, engine_sqlite, NULL);
	if (test_pg_present())
		failed += cmocka_run_group_tests_name("db on PostgreSQL", both, engine_pg, NULL);
	return failed;
}
