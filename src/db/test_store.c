/* Empty stores for tests: a file in the temporary folder or a schema on the test server. */
#include "db/test_store.h"

#include <dirent.h>
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

/* ---- the schema, from the files ---- */

enum { FILES_MAX = 64, FILE_BYTES = 1 << 20, SUFFIXES = 3 };

char *test_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = f != NULL ? calloc(1, FILE_BYTES) : NULL;

	if (text != NULL)
		text[fread(text, 1, FILE_BYTES - 1, f)] = '\0';
	if (f != NULL)
		fclose(f);
	return text;
}

static int plain_sql(const struct dirent *d)
{
	const char *dot = strchr(d->d_name, '.');

	return dot != NULL && strcmp(dot, ".sql") == 0;
}

enum err test_store_migrate(struct db *db, const char *dir, struct error *e)
{
	static const char *const suffix[SUFFIXES] = { ".sql", ".sqlite.sql", ".pg.sql" };
	struct dirent **list = NULL;
	struct migration m[FILES_MAX] = { 0 };
	char *text[FILES_MAX][SUFFIXES] = { 0 };
	int n = scandir(dir, &list, plain_sql, alphasort);

	for (int i = 0; i < n && i < FILES_MAX; i++) {
		int stem = (int)(strchr(list[i]->d_name, '.') - list[i]->d_name);
		char path[512];

		for (int k = 0; k < SUFFIXES; k++) {
			snprintf(path, sizeof(path), "%s/%.*s%s", dir, stem, list[i]->d_name, suffix[k]);
			text[i][k] = test_file(path);
		}
		m[i] = (struct migration){ i + 1, list[i]->d_name, text[i][0], text[i][1], text[i][2] };
	}
	enum err err = n > 0 && n <= FILES_MAX ? db_migrate(db, m, (size_t)n, NULL, e) : ERR_IO;

	for (int i = 0; i < n; i++) {
		for (int k = 0; k < SUFFIXES && i < FILES_MAX; k++)
			free(text[i][k]);
		free(list[i]);
	}
	free(list);
	return err;
}
