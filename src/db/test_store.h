/*
 * For tests of every layer: an empty store on either engine, gone after the test. PostgreSQL is the
 * server named by the environment variable GEZHI_TEST_PG; each store is a schema of its own there,
 * so test programs may run side by side.
 */
#ifndef GEZHI_DB_TEST_STORE_H
#define GEZHI_DB_TEST_STORE_H

#include "db/db.h"

enum { TEST_URL_MAX = 512 };

struct test_store {
	enum db_engine engine;
	char url[TEST_URL_MAX];
	char schema[48]; /* PostgreSQL */
	char path[64];   /* SQLite: a file that survives db_close, until test_store_drop */
};

/* Is there a server to test with? Says so on standard output when not. */
bool test_pg_present(void);
/* ERR_IO when the server does not answer. */
enum err test_store_make(enum db_engine engine, struct test_store *ret) MUST_CHECK;
void test_store_drop(struct test_store *s);
/* Brings the schema up to date from the files of a folder. */
enum err test_store_migrate(struct db *db, const char *dir, struct error *e) MUST_CHECK;
/* A file's text, at most 1 MiB; the caller frees it. NULL when it cannot be read. */
char *test_file(const char *path);

#endif
