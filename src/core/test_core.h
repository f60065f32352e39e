/*
 * For the engines' tests: an application over an empty store on either engine, without modules of
 * business and without the server's threads. Aborts when it cannot be made: nothing can be tested then.
 */
#ifndef GEZHI_CORE_TEST_CORE_H
#define GEZHI_CORE_TEST_CORE_H

#include "base/crypto.h"
#include "core/app.h"
#include "db/test_store.h"

struct core_test {
	struct test_store store;
	struct app app;
	struct log log;
	struct dbc *reader;
	char dir[64]; /* of the files */
	int status;   /* of the last call */
	json_t *reply; /* of the last call; NULL when it was not JSON */
	struct buf raw;
};

/* Places every test has: a district, its streets A and B, in each a community and a grid. */
#define PLACE_DISTRICT INT64_C(99010100000000000)
#define PLACE_STREET_A INT64_C(99010100100000000)
#define PLACE_GRID_A INT64_C(99010100100100100)
#define PLACE_STREET_B INT64_C(99010100200000000)
#define PLACE_GRID_B INT64_C(99010100200100100)

struct core_test *core_test_new(enum db_engine engine, const struct module *const *modules);
void core_test_free(struct core_test *t);
/* Runs one SQL text in a transaction. */
void core_test_sql(struct core_test *t, const char *sql, const struct arg *v, size_t n);
enum err core_test_write(struct core_test *t, db_fn fn, void *arg);
/* An account without a password, and a post of it; returns its id. */
int64_t core_test_user(struct core_test *t, const char *login);
int64_t core_test_post(struct core_test *t, int64_t user, enum role role, int64_t place);
/* An account with a session, though nobody signed in, and a post unless place is NIL; returns the account's id. */
int64_t core_test_someone(struct core_test *t, const char *login, enum role role, int64_t place,
	char ret_token[TOKEN_TEXT]);
/* The one number that an SQL text gives. */
int64_t core_test_count(struct core_test *t, const char *sql);
/* "GET /api/session" with the real hooks; token and body may be NULL. */
int core_test_call(struct core_test *t, const char *token, const char *request, const char *body);
/* The same with bytes of another type. */
int core_test_send(struct core_test *t, const char *token, const char *request, struct str body,
	const char *type);
/* The same with the bytes of the last reply. */
int core_test_send_back(struct core_test *t, const char *token, const char *request, const char *type);
/* Member of the last reply by path like "user.posts.0.role"; "" when absent. */
const char *core_test_str(struct core_test *t, const char *path);
size_t core_test_len(struct core_test *t, const char *path);

/* One test on one engine: give it as a test's initial state. Without a server the state is NULL on
 * PostgreSQL, and core_test_need skips the test, visibly. */
struct core_case {
	enum db_engine engine;
	const struct module *const *modules;
	void (*fill)(struct core_test *t); /* NULL allowed */
};
int core_test_setup(void **state);
int core_test_teardown(void **state);
void core_test_need(const struct core_test *t);

#define CORE_CASE(fn, c) { #fn " " #c, fn, core_test_setup, core_test_teardown, &(c) }
#define CORE_BOTH(fn) CORE_CASE(fn, on_sqlite), CORE_CASE(fn, on_pg)

#endif
