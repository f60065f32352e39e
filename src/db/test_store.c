/* Empty stores for tests: a file in the temporary folder or a schema on the test server. */
#include "db/test_store.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool test_pg_present(void)
{
	const char *url = getenv("GEZHI_TEST_PG");
	if (url && *url)
		return true;
	printf("SKIP: PostgreSQL (GEZHI_TEST_PG is not set)\n");
	return false;
}

static void no_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static enum err server_run(const char *sql)
{
	PGconn *p = PQconnectdb(getenv("GEZHI_TEST_PG"));
	PQsetNoticeProcessor(p, no_notice, NULL);
	PGresult *res = PQexec(p, sql);
	bool ok = PQresultStatus(res) == PGRES_COMMAND_OK;
	if (!ok)
		fprintf(stderr, "test server: %s", PQerrorMessage(p));
	PQclear(res);
	PQfinish(p);
	return ok ? OK : ERR_IO;
}

static enum err make_schema(struct test_store *s)
{
	const char *url = getenv("GEZHI_TEST_PG");
	if (!url)
		return ERR_IO;
	char sql[96];
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(s->schema, sizeof(s->schema), "test_%d_%lld_%09ld", (int)getpid(),
		(long long)now.tv_sec, now.tv_nsec);
	int n = snprintf(s->url, sizeof(s->url),
		"%s%coptions=-csearch_path%%3D%s&application_name=%s", url,
		strchr(url, '?') ? '&' : '?', s->schema, s->schema);
	if (n >= (int)sizeof(s->url))
		return ERR_IO;
	snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", s->schema);
	return server_run(sql);
}

enum err test_store_make(enum db_engine engine, struct test_store *ret)
{
	*ret = (struct test_store){ .engine = engine };
	if (engine == DB_PG)
		return make_schema(ret);
	snprintf(ret->path, sizeof(ret->path), "/tmp/gezhi-test-XXXXXX");
	int fd = mkstemp(ret->path);
	if (fd < 0)
		return ERR_IO;
	close(fd);
	snprintf(ret->url, sizeof(ret->url), "sqlite:%s", ret->path);
	return OK;
}

void test_store_drop(struct test_store *s)
{
	char text[96];
	if (s->engine == DB_PG) {
		snprintf(text, sizeof(text), "DROP SCHEMA IF EXISTS %s CASCADE", s->schema);
		enum err ignored = server_run(text);
		(void)ignored; /* it has said so */
		return;
	}
	const char *const suffix[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
		snprintf(text, sizeof(text), "%s%s", s->path, suffix[i]);
		unlink(text);
	}
}
