/*
 * Statements and results, the same for both engines: the cache of prepared statements, the checks
 * that make misuse loud, argument copies, and reading columns by name.
 */
#include "db/db_driver.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- prepared statements ---- */

static size_t bucket_of(const char *sql)
{
	uint64_t h = (uint64_t)(uintptr_t)sql * UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)(h >> 55); /* top 9 bits: STMT_BUCKETS */
}

static void stmt_free(struct dbc *c, struct stmt *s)
{
	if (!s)
		return;
	c->drv->finalize(c, s);
	free(s->param);
	free(s->col_type);
	free(s->col);
	free(s->sql);
	free(s);
}

static void stmt_drop(struct dbc *c, struct stmt *s)
{
	struct stmt **at = &c->bucket[bucket_of(s->key)];
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	for (size_t i = 0; i < c->nlist; i++)
		if (c->list[i] == s) {
			c->list[i] = c->list[--c->nlist];
			break;
		}
	stmt_free(c, s);
}

void dbc_clear_statements(struct dbc *c)
{
	while (c->nlist > 0)
		stmt_drop(c, c->list[c->nlist - 1]);
}

static enum err stmt_new(struct dbc *c, const char *sql, struct stmt **ret)
{
	size_t n = strnlen(sql, SQL_MAX);
	if (n == SQL_MAX)
		return dbc_fail(c, ERR_LIMIT, "statement longer than %d bytes", SQL_MAX);
	struct stmt *s = calloc(1, sizeof(*s));
	if (!s)
		return dbc_fail(c, ERR_NOMEM, "out of memory");
	s->key = sql;
	s->sql = strdup(sql);
	enum err err = s->sql ? c->drv->prepare(c, s) : dbc_fail(c, ERR_NOMEM, "out of memory");
	if (err != OK) {
		stmt_free(c, s);
		return err;
	}
	*ret = s;
	return OK;
}

enum err stmt_set_columns(struct stmt *s, stmt_name_fn name, void *from, int n)
{
	s->ncol = n;
	if (n == 0)
		return OK;
	size_t size = (size_t)n * sizeof(char *);
	for (int i = 0; i < n; i++) {
		const char *z = name(from, i);
		if (!z)
			return ERR_NOMEM;
		size += strlen(z) + 1;
	}
	s->col = malloc(size);
	if (!s->col)
		return ERR_NOMEM;
	char *text = (char *)(s->col + n);
	for (int i = 0; i < n; i++) {
		const char *z = name(from, i);
		size_t len = strlen(z) + 1;
		s->col[i] = memcpy(text, z, len);
		text += len;
	}
	return OK;
}

/* The cached statement with this very text; one whose memory was reused for another text is
 * dropped. */
static struct stmt *stmt_cached(struct dbc *c, const char *key, const char *sql)
{
	struct stmt *next;
	for (struct stmt *s = c->bucket[bucket_of(key)]; s; s = next) {
		next = s->next;
		if (s->key != key)
			continue;
		if (!strcmp(s->sql, sql))
			return s;
		if (!s->busy)
			stmt_drop(c, s);
	}
	return NULL;
}

/* Room for one more: drops the idle statement used longest ago. */
static bool cache_make_room(struct dbc *c)
{
	if (c->nlist < STMT_MAX)
		return true;
	struct stmt *old = NULL;
	for (size_t i = 0; i < c->nlist; i++) {
		struct stmt *s = c->list[i];
		if (!s->busy && (!old || s->used < old->used))
			old = s;
	}
	if (!old)
		return false;
	stmt_drop(c, old);
	return true;
}

static enum err stmt_get(struct dbc *c, const char *key, const char *sql, struct stmt **ret)
{
	struct stmt *s = stmt_cached(c, key, sql);
	if (s && !s->busy) {
		s->used = ++c->tick;
		*ret = s;
		return OK;
	}
	/* The same text is open in an outer loop: a second copy, dropped on close. */
	bool cache = !s && cache_make_room(c);
	enum err err = stmt_new(c, sql, &s);
	if (err != OK)
		return err;
	s->used = ++c->tick;
	if (cache) {
		struct stmt **at = &c->bucket[bucket_of(key)];
		s->key = key;
		s->cached = true;
		s->next = *at;
		*at = s;
		c->list[c->nlist++] = s;
	}
	*ret = s;
	return OK;
}

/* ---- running ---- */

static struct rows *rows_take(struct dbc *c)
{
	for (size_t i = 0; i < ROWS_MAX; i++) {
		struct rows *r = &c->rows[i];
		if (r->open)
			continue;
		r->c = c;
		r->s = NULL;
		r->err = OK;
		r->open = true;
		r->have = r->given = false;
		r->changed = 0;
		return r;
	}
	return NULL;
}

static enum err fail(struct dbc *c, enum err err)
{
	if (err != OK && c->tx != TX_NONE && c->failed == OK)
		c->failed = err;
	return err;
}

/* Copies text and blobs into r->copy and points `to` there. */
static enum err args_copy(struct rows *r, const struct arg *v, size_t n, struct arg *to)
{
	size_t need = 0;
	for (size_t i = 0; i < n; i++) {
		to[i] = v[i];
		if (v[i].type >= ARG_TEXT && !v[i].null)
			need += v[i].s.n + 1;
	}
	if (need > r->copy_cap) {
		char *p = realloc(r->copy, need + 256);
		if (!p)
			return ERR_NOMEM;
		r->copy = p;
		r->copy_cap = need + 256;
	}
	char *at = r->copy;
	for (size_t i = 0; i < n; i++) {
		if (v[i].type < ARG_TEXT || v[i].null)
			continue;
		if (v[i].s.n)
			memcpy(at, v[i].s.p, v[i].s.n);
		to[i].s.p = at;
		at += v[i].s.n;
		*at++ = '\0';
	}
	return OK;
}

static enum err prepare_run(struct rows *r, const char *key, const char *sql, size_t n)
{
	struct dbc *c = r->c;
	if (c->failed != OK)
		return c->failed; /* the transaction is already lost */
	enum err err = db_fault_hit(c);
	if (err != OK)
		return err;
	if (c->tx == TX_NONE && (err = c->drv->revive(c)) != OK)
		return err;
	err = stmt_get(c, key, sql, &r->s);
	if (err != OK)
		return err;
	r->s->busy = true;
	if ((size_t)r->s->nparam != n)
		return db_misuse(c, "%d parameters, %zu values: %s", r->s->nparam, n, sql);
	if (!r->s->readonly && c->tx != TX_WRITE)
		return db_misuse(c, "write outside a transaction: %s", sql);
	if (!r->s->readonly)
		c->wrote = true;
	return OK;
}

static void statement_release(struct rows *r)
{
	struct stmt *s = r->s;
	r->c->drv->reset(r);
	r->s = NULL;
	if (!s)
		return;
	s->busy = false;
	if (!s->cached)
		stmt_free(r->c, s);
}

static enum err attempt(
	struct rows *r, const char *key, const char *sql, const struct arg *v, size_t n)
{
	enum err err = prepare_run(r, key, sql, n);
	if (err == OK)
		err = r->c->drv->run(r, v, n);
	return err;
}

/* PostgreSQL takes no zero byte in text; neither do we on SQLite, where it would hide what follows.
 */
static enum err args_check(struct dbc *c, const char *sql, const struct arg *v, size_t n)
{
	if (n > PARAM_MAX)
		return db_misuse(c, "%zu values: %s", n, sql);
	for (size_t i = 0; i < n; i++)
		if (v[i].type == ARG_TEXT && !v[i].null && v[i].s.n &&
			memchr(v[i].s.p, 0, v[i].s.n))
			return dbc_fail(c, ERR_INVALID, "text with a zero byte for $%zu", i + 1);
	return OK;
}

static void start(
	struct rows *r, const char *key, const char *sql, const struct arg *v, size_t n, bool copy)
{
	struct arg own[PARAM_MAX];
	struct dbc *c = r->c;
	enum err err = args_check(c, sql, v, n);
	if (err == OK && copy && n > 0) {
		err = args_copy(r, v, n, own);
		v = own;
	}
	if (err == OK)
		err = attempt(r, key, sql, v, n);
	/* A single read may be asked again on a new connection or with a new plan. */
	if (err != OK && c->tx == TX_NONE && !c->writer && (c->lost || err == ERR_RETRY)) {
		statement_release(r);
		err = attempt(r, key, sql, v, n);
	}
	if (err != OK)
		r->have = false;
	r->err = fail(c, err);
}

static struct rows *refused(struct dbc *c, enum err err)
{
	c->bad = (struct rows){ .c = c, .err = err };
	return &c->bad;
}

struct rows *db_query(struct dbc *c, const char *sql, const struct arg *v, size_t n)
{
	struct rows *r = rows_take(c);
	if (!r)
		return refused(c, db_misuse(c, "more than %d results open", ROWS_MAX));
	start(r, sql, sql, v, n, true);
	return r;
}

/* FNV-1a over the text, as a key that no address has (odd, non-canonical). */
static const char *content_key(struct str text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return (const char *)(uintptr_t)(h | UINT64_C(0x8000000000000001));
}

struct rows *db_query_text(struct dbc *c, struct str text, const struct arg *v, size_t n)
{
	char sql[SQL_MAX];
	if (text.n >= sizeof(sql))
		return refused(
			c, dbc_fail(c, ERR_LIMIT, "statement longer than %d bytes", SQL_MAX));
	struct rows *r = rows_take(c);
	if (!r)
		return refused(c, db_misuse(c, "more than %d results open", ROWS_MAX));
	memcpy(sql, text.p, text.n);
	sql[text.n] = '\0';
	start(r, content_key(text), sql, v, n, true);
	return r;
}

bool rows_next(struct rows *r)
{
	if (!r->open || r->err != OK)
		return false;
	if (!r->given) {
		r->given = true;
		return r->have;
	}
	if (!r->have)
		return false;
	enum err err = r->c->drv->step(r);
	if (err != OK) {
		r->have = false;
		r->err = fail(r->c, err);
	}
	return r->have;
}

enum err rows_close(struct rows *r)
{
	if (!r)
		return OK;
	if (!r->open)
		return r->err;
	statement_release(r);
	r->open = r->have = false;
	if (r->copy_cap > 65536) {
		free(r->copy);
		r->copy = NULL;
		r->copy_cap = 0;
	}
	return r->err;
}

bool dbc_close_rows(struct dbc *c)
{
	bool any = false;
	for (size_t i = 0; i < ROWS_MAX; i++) {
		if (!c->rows[i].open)
			continue;
		any = true;
		enum err ignored = rows_close(&c->rows[i]);
		(void)ignored; /* whoever lost the result cannot be told */
	}
	return any;
}

/* ---- reading ---- */

int rows_col(const struct rows *r, const char *name)
{
	struct stmt *s = r->s;
	if (!s)
		return -1; /* the statement failed: rows_close says how */
	size_t at = ((size_t)(uintptr_t)name ^ ((size_t)(uintptr_t)name >> 4)) % STMT_MEMO;
	if (s->memo[at].name == name && !strcmp(s->col[s->memo[at].col], name))
		return s->memo[at].col;
	for (int i = 0; i < s->ncol; i++)
		if (!strcmp(s->col[i], name)) {
			s->memo[at].name = name;
			s->memo[at].col = i;
			return i;
		}
	enum err ignored = db_misuse(r->c, "no column %s in: %s", name, s->sql);
	(void)ignored;
	return -1;
}

/* Whether column `col` of the current row may be read. */
static bool readable(struct rows *r, int col)
{
	if (r->err != OK)
		return false;
	if (!r->have || !r->given || col < 0 || col >= r->s->ncol) {
		if (r->have && r->given && col < 0)
			r->err = fail(r->c, ERR_BUG);
		else
			r->err = fail(r->c, db_misuse(r->c, "column %d read without a row", col));
		return false;
	}
	return true;
}

static bool read_failed(struct rows *r, int col, enum err err)
{
	if (err == OK)
		return false;
	if (err == ERR_BUG)
		err = db_misuse(
			r->c, "column %s has another type in: %s", r->s->col[col], r->s->sql);
	r->err = fail(r->c, err);
	return true;
}

int64_t row_int_at(struct rows *r, int col)
{
	int64_t v = NIL;
	if (!readable(r, col) || read_failed(r, col, r->c->drv->get_int(r, col, &v)))
		return NIL;
	return v;
}

double row_real_at(struct rows *r, int col)
{
	double v = NAN;
	if (!readable(r, col) || read_failed(r, col, r->c->drv->get_real(r, col, &v)))
		return NAN;
	return v;
}

struct str row_str_at(struct rows *r, int col)
{
	struct str v = { NULL, 0 };
	if (!readable(r, col) || read_failed(r, col, r->c->drv->get_str(r, col, &v)))
		return (struct str){ NULL, 0 };
	return v;
}

int64_t row_int(struct rows *r, const char *col)
{
	return row_int_at(r, rows_col(r, col));
}

double row_real(struct rows *r, const char *col)
{
	return row_real_at(r, rows_col(r, col));
}

struct str row_str(struct rows *r, const char *col)
{
	return row_str_at(r, rows_col(r, col));
}

/* ---- one-liners ---- */

enum err db_exec(
	struct dbc *c, const char *sql, const struct arg *v, size_t n, int64_t *ret_changed)
{
	struct rows *r = rows_take(c);
	if (!r)
		return db_misuse(c, "more than %d results open", ROWS_MAX);
	start(r, sql, sql, v, n, false);
	int64_t changed = r->changed;
	enum err err = rows_close(r);
	if (err == OK && ret_changed)
		*ret_changed = changed;
	return err;
}

enum err db_int(struct dbc *c, const char *sql, const struct arg *v, size_t n, int64_t *ret)
{
	struct rows *r = rows_take(c);
	if (!r)
		return db_misuse(c, "more than %d results open", ROWS_MAX);
	start(r, sql, sql, v, n, false);
	bool found = rows_next(r);
	int64_t value = found ? row_int_at(r, 0) : NIL;
	enum err err = rows_close(r);
	if (err != OK)
		return err;
	if (!found)
		return ERR_NOT_FOUND;
	*ret = value;
	return OK;
}

enum err db_check_sql(struct dbc *c, const char *sql)
{
	struct stmt *s = NULL;
	enum err err = c->drv->revive(c);
	if (err == OK)
		err = stmt_new(c, sql, &s);
	stmt_free(c, s);
	return err;
}

enum err db_script(struct dbc *c, const char *sql)
{
	if (c->tx != TX_WRITE)
		return db_misuse(c, "script outside a transaction");
	if (c->failed != OK)
		return c->failed;
	c->wrote = true;
	enum err err = db_fault_hit(c);
	if (err == OK)
		err = c->drv->script(c, sql);
	return fail(c, err);
}
