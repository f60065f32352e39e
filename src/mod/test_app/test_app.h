/*
 * For module tests: an application over an empty store on either engine, with some modules, a router
 * and the real request handling, but no accounts: whoever `who` is, asks.
 */
#ifndef GEZHI_MOD_TEST_APP_TEST_APP_H
#define GEZHI_MOD_TEST_APP_TEST_APP_H

#include "core/app.h"
#include "db/test_store.h"

struct test_app {
	struct test_store store;
	struct app app;
	struct log log;
	struct dbc *reader;
	struct principal who;
	bool nobody;	/* asks without an account */
	int64_t now;	/* instant of every call; 0: the wall clock */
	const char *key; /* Idempotency-Key of the next calls; NULL: none */
	struct http_hooks hooks; /* a test may put the real `enter` and `leave` in */
	int status;	/* of the last call */
	json_t *reply;	/* of the last call; NULL when it was not JSON */
	struct buf raw; /* its bytes */
};

/* Aborts when it cannot be made: nothing can be tested then. */
struct test_app *test_app_new(enum db_engine engine, const struct module *const *modules);
void test_app_free(struct test_app *t);
/* The asker's only post from now on. */
void test_post(struct test_app *t, enum role role, int64_t place);
/* Runs a request and returns its status. "POST /api/places?x=1"; body NULL: none. */
int test_call(struct test_app *t, const char *request, const char *body);
/* "GET /api/…/%s" with one id or code in it. */
int test_callf(struct test_app *t, const char *request, const char *value, const char *body);
/* Member of the last reply by path like "items.0.name", as text; "" when absent. Valid until the next. */
const char *test_str(struct test_app *t, const char *path);
double test_num(struct test_app *t, const char *path); /* NaN when absent */
size_t test_len(struct test_app *t, const char *path);
/* error.code of the last reply */
const char *test_error(struct test_app *t);
/* Runs one SQL text in a transaction; aborts when it fails. */
void test_sql(struct test_app *t, const char *sql);
/* Runs fn in a transaction as a request of nobody (the command line). */
enum err test_local(struct test_app *t, enum err (*fn)(struct req *rq, void *arg), void *arg);
/* A file below the folder named by GEZHI_TEST_DATA (real data for trials, not part of the project); NULL
 * when there is none. The caller frees it. */
char *test_data(const char *name);

/* How a test gets its application: the initial state of test_setup, which puts the application (NULL
 * without a PostgreSQL server) in its place. */
struct test_how {
	enum db_engine engine;
	struct test_app *(*make)(enum db_engine engine);
};
int test_setup(void **state);
int test_done(void **state);

#define TEST_FIXTURE(make) static struct test_how on_sqlite = { DB_SQLITE, make }, on_pg = { DB_PG, make }
#define TEST_BOTH(fn)                                             \
	{ #fn " (SQLite)", fn, test_setup, test_done, &on_sqlite }, \
	{ #fn " (PostgreSQL)", fn, test_setup, test_done, &on_pg }
#define SKIP_WITHOUT(t)         \
	do {                    \
		if ((t) == NULL) \
			skip(); \
	} while (0)

#endif
