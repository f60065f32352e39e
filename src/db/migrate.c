/*
 * Numbered migrations, each in one transaction and recorded with a checksum of its text. The common
 * text uses PostgreSQL's type words; for SQLite, and only here, they are swapped and every table is
 * made STRICT.
 */
#include "base/buf.h"
#include "base/crypto.h"
#include "db/db_driver.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- SQLite's words ---- */

static size_t word_length(const char *p)
{
	size_t n = 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

static bool word_is(const char *p, size_t n, const char *word)
{
	return n == strlen(word) && !strncasecmp(p, word, n);
}

/* Length of a quoted text, quoted name or comment that begins at p; 0 when none does. */
static size_t opaque_length(const char *p)
{
	if (p[0] == '\'' || p[0] == '"') {
		const char *q = p + 1;
		while (*q && (*q != p[0] || q[1] == p[0]))
			q += *q == p[0] ? 2 : 1;
		return (size_t)(q - p) + (*q ? 1 : 0);
	}
	if (p[0] == '-' && p[1] == '-')
		return strcspn(p, "\n");
	if (p[0] == '/' && p[1] == '*') {
		const char *q = strstr(p + 2, "*/");
		return q ? (size_t)(q - p) + 2 : strlen(p);
	}
	return 0;
}

struct rewrite {
	struct buf out;
	int words; /* seen in this statement */
	bool create, table;
};

static size_t put_word(struct rewrite *w, const char *p, size_t n)
{
	w->words++;
	if (w->words == 1)
		w->create = word_is(p, n, "CREATE");
	if (w->words == 2)
		w->table = w->create && word_is(p, n, "TABLE");
	if (word_is(p, n, "BIGINT") || word_is(p, n, "SMALLINT")) {
		buf_z(&w->out, "INTEGER");
		return n;
	}
	if (word_is(p, n, "BYTEA")) {
		buf_z(&w->out, "BLOB");
		return n;
	}
	size_t gap = word_is(p, n, "DOUBLE") ? strspn(p + n, " \t\r\n") : 0;
	if (gap && word_is(p + n + gap, word_length(p + n + gap), "PRECISION")) {
		buf_z(&w->out, "REAL");
		return n + gap + strlen("PRECISION");
	}
	buf_put(&w->out, p, n);
	return n;
}

static void put_end(struct rewrite *w)
{
	if (w->table)
		buf_z(&w->out, " STRICT");
	w->words = 0;
	w->create = w->table = false;
}

/* Free with free(); NULL when memory runs out or the text is too long. */
static char *sqlite_text(const char *sql)
{
	struct rewrite w = { .words = 0 };
	buf_init(&w.out, SCRIPT_MAX);
	for (const char *p = sql; *p;) {
		size_t n = opaque_length(p);
		if (n > 0) {
			buf_put(&w.out, p, n);
		} else if ((n = word_length(p)) > 0) {
			n = put_word(&w, p, n);
		} else {
			if (*p == ';')
				put_end(&w);
			buf_put(&w.out, p, 1);
			n = 1;
		}
		p += n;
	}
	if (w.words > 0)
		put_end(&w);
	buf_char(&w.out, '\0');
	char *text = buf_take(&w.out, NULL);
	buf_release(&w.out);
	return text;
}

/* ---- the record ---- */

static const char bootstrap_sql[] =
	"CREATE TABLE IF NOT EXISTS seq (name TEXT PRIMARY KEY, next BIGINT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS schema_migration (number BIGINT PRIMARY KEY, name TEXT NOT "
	"NULL,"
	" checksum TEXT NOT NULL, applied BIGINT NOT NULL);";

static bool checksum(const struct migration *m, char ret[HASH_HEX])
{
	struct buf b;
	buf_init(&b, 4 * SCRIPT_MAX);
	const char *const part[] = { m->sql, m->sqlite, m->pg };
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		buf_z(&b, part[i] ? part[i] : "");
		buf_char(&b, '\0');
	}
	bool ok = !b.failed;
	if (ok)
		crypto_sha256_hex(buf_view(&b), ret);
	buf_release(&b);
	return ok;
}

/* Common text for this engine, then the engine's own part. */
static enum err run_text(struct dbc *c, const char *sql, const char *own)
{
	bool lite = c->drv->engine == DB_SQLITE;
	enum err err = OK;
	if (sql && lite) {
		char *text = sqlite_text(sql);
		err = text ? db_script(c, text) : dbc_fail(c, ERR_LIMIT, "migration too long");
		free(text);
	} else if (sql) {
		err = db_script(c, sql);
	}
	if (err == OK && own && *own)
		err = db_script(c, own);
	return err;
}

static enum err in_transaction(
	struct dbc *c, const char *sql, const char *own, const struct migration *m)
{
	enum err err = dbc_tx(c, OP_BEGIN_WRITE);
	if (err == OK)
		err = run_text(c, sql, own);
	char sum[HASH_HEX];
	if (err == OK && m && !checksum(m, sum))
		err = dbc_fail(c, ERR_LIMIT, "migration too long");
	if (err == OK && m)
		err = db_exec(c,
			"INSERT INTO schema_migration (number, name, checksum, applied)"
			" VALUES ($1, $2, $3, $4)",
			ARGS(I(m->number), Z(m->name), Z(sum), I(time_now())), NULL);
	if (err == OK)
		err = dbc_tx(c, OP_COMMIT);
	if (err != OK)
		dbc_rollback(c);
	return err;
}

/* Is what the store records what this program knows? *ret_last is the number recorded last. */
static enum err compare(
	struct dbc *c, const struct migration *m, size_t n, int *ret_last, struct error *e)
{
	struct rows *r = db_query(
		c, "SELECT number, checksum FROM schema_migration ORDER BY number", NO_ARGS);
	size_t i = 0;
	int last = 0;
	enum err err = OK;
	for (; err == OK && rows_next(r); i++) {
		int number = (int)row_int(r, "number");
		char sum[HASH_HEX];
		if (i >= n || m[i].number != number)
			err = err_set(e, ERR_CONFLICT, "schema.newer", "",
				"the store has migration %d, which this program does not know: a newer one made it; "
				"update this program",
				number);
		else if (!checksum(&m[i], sum))
			err = err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
		else if (!str_eqz(row_str(r, "checksum"), sum))
			err = err_set(e, ERR_CONFLICT, "schema.changed", "",
				"migration %d (%s) was changed after it was applied", number,
				m[i].name);
		last = number;
	}
	enum err closed = rows_close(r);
	if (err == OK && closed != OK)
		err = err_set(e, closed, "schema.read", "", "%s", c->message);
	if (err == OK)
		*ret_last = last;
	return err;
}

static enum err apply(
	struct dbc *c, const struct migration *m, size_t n, int *ret_applied, struct error *e)
{
	int last = 0, applied = 0;
	enum err err = in_transaction(c, bootstrap_sql, c->drv->bootstrap, NULL);
	if (err != OK)
		return err_set(e, err, "schema.bootstrap", "", "%s", c->message);
	err = compare(c, m, n, &last, e);
	for (size_t i = 0; err == OK && i < n; i++) {
		if (m[i].number <= last)
			continue;
		bool lite = c->drv->engine == DB_SQLITE;
		err = in_transaction(c, m[i].sql, lite ? m[i].sqlite : m[i].pg, &m[i]);
		if (err != OK)
			return err_set(e, err, "schema.migration", "", "migration %d (%s): %s",
				m[i].number, m[i].name, c->message);
		applied++;
	}
	if (err == OK && ret_applied)
		*ret_applied = applied;
	return err;
}

enum err db_migrate(
	struct db *db, const struct migration *m, size_t n, int *ret_applied, struct error *e)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].number < 1 || (i > 0 && m[i].number <= m[i - 1].number))
			return err_set(e, ERR_BUG, "schema.order", "",
				"migrations are numbered upwards from 1");
	struct dbc *c = NULL;
	enum err err = dbc_new(db, true, &c, e);
	if (err != OK)
		return err;
	err = c->drv->lock(c, true);
	if (err != OK) {
		err_set(e, err, "schema.lock", "", "%s", c->message);
	} else {
		err = apply(c, m, n, ret_applied, e);
		enum err ignored = c->drv->lock(c, false);
		(void)ignored; /* closing the connection releases it as well */
	}
	dbc_free(c);
	return err;
}

enum err db_schema_version(struct dbc *c, int *ret)
{
	int64_t n = 0;
	enum err err = db_int(c, c->drv->has_table, ARGS(Z("schema_migration")), &n);
	if (err != OK)
		return err;
	if (n > 0)
		err = db_int(c, "SELECT max(number) AS n FROM schema_migration", NO_ARGS, &n);
	if (err == OK)
		*ret = n == NIL ? 0 : (int)n;
	return err;
}
