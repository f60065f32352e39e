/*
 * The embedded engine. One file in WAL mode; the writer thread holds one connection, every reader
 * its own (query_only). ":memory:" is a private temporary file: it behaves exactly like the real
 * thing and is shared by all connections, which SQLite's own in-memory stores are not under WAL.
 */
#include "db/db_driver.h"
#include "db/sqlite_func.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 10000, OPS = OP_ROLLBACK + 1 };

struct lite {
	sqlite3 *h;
	sqlite3_stmt *op[OPS];
};

static const char *const op_sql[OPS] = {
	[OP_BEGIN_READ] = "BEGIN",
	[OP_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[OP_BEGIN_IDS] = "BEGIN IMMEDIATE",
	[OP_SAVE] = "SAVEPOINT job",
	[OP_RELEASE] = "RELEASE job",
	[OP_COMMIT] = "COMMIT",
	[OP_BACK] = "ROLLBACK TO job",
	[OP_ROLLBACK] = "ROLLBACK",
};

static struct lite *lite_of(const struct dbc *c)
{
	return c->handle;
}

static enum err err_of(int rc)
{
	switch (rc & 0xFF) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return OK;
	case SQLITE_CONSTRAINT:
		return rc == SQLITE_CONSTRAINT_DATATYPE ? ERR_BUG : ERR_CONFLICT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_RETRY;
	case SQLITE_NOMEM:
		return ERR_NOMEM;
	case SQLITE_TOOBIG:
		return ERR_LIMIT;
	case SQLITE_ERROR: /* overflow, malformed JSON: the data; a bad statement fails to prepare
			    */
		return ERR_INVALID;
	case SQLITE_MISMATCH: /* a key of another type */
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		return ERR_BUG;
	default:
		return ERR_IO;
	}
}

static enum err failure(struct dbc *c, int rc)
{
	sqlite3 *h = lite_of(c)->h;
	if ((rc & 0xFF) == SQLITE_READONLY && !c->writer)
		return db_misuse(c, "write on a reading connection");
	return dbc_fail(c, err_of(rc), "%s (%d)", sqlite3_errmsg(h), rc);
}

/* ---- the store ---- */

static enum err temporary_path(struct db *db, struct error *e)
{
	const char *dir = getenv("TMPDIR");
	char *path = NULL;
	if (asprintf(&path, "%s/gezhi-XXXXXX", dir && *dir ? dir : "/tmp") < 0)
		return err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
	if (!mkdtemp(path)) {
		free(path);
		return err_set(
			e, ERR_IO, "store.open", "db", "no temporary folder: %s", strerror(errno));
	}
	db->temporary = true;
	if (asprintf(&db->path, "%s/store.db", path) < 0)
		db->path = NULL;
	free(path);
	return db->path ? OK : err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
}

static enum err lite_open(struct db *db, struct error *e)
{
	/* Process-wide and refused once SQLite runs, which is harmless: no allocation counters
	 * behind a global lock, and undo records of savepoints stay in memory. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
	const char *path = db->url + strlen("sqlite:");
	if (!strcmp(path, ":memory:"))
		return temporary_path(db, e);
	db->path = strdup(path);
	return db->path ? OK : err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
}

static void unlink_suffix(const char *path, const char *suffix)
{
	char name[4096];
	if (snprintf(name, sizeof(name), "%s%s", path, suffix) < (int)sizeof(name))
		unlink(name);
}

static void lite_close(struct db *db)
{
	if (!db->temporary || !db->path)
		return;
	unlink_suffix(db->path, "");
	unlink_suffix(db->path, "-wal");
	unlink_suffix(db->path, "-shm");
	char *slash = strrchr(db->path, '/');
	if (slash) {
		*slash = '\0';
		rmdir(db->path);
	}
}

/* ---- connections ---- */

static int configure(struct dbc *c, sqlite3 *h)
{
	int rc = SQLITE_OK;
	sqlite3_extended_result_codes(h, 1);
	sqlite3_busy_timeout(h, BUSY_MS);
	sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
	sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL);
	sqlite3_db_config(h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	rc = sqlite_func_register(h);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(h,
			"PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON; PRAGMA "
			"temp_store=MEMORY;"
			"PRAGMA mmap_size=0;",
			NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rc;
	if (!c->writer)
		return sqlite3_exec(
			h, "PRAGMA cache_size=-8192; PRAGMA query_only=ON", NULL, NULL, NULL);
	rc = sqlite3_exec(h,
		"PRAGMA journal_mode=WAL; PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000;"
		"PRAGMA journal_size_limit=67108864;",
		NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rc;
	/* Rows in bulk come with keys in no order: the pages they go to must stay in memory. */
	bool fast = c->db->unsafe_fast || c->db->temporary;
	return sqlite3_exec(h,
		fast ? "PRAGMA synchronous=OFF; PRAGMA cache_size=-524288; PRAGMA wal_autocheckpoint=64000"
		     : "PRAGMA synchronous=FULL",
		NULL, NULL, NULL);
}

static enum err lite_connect(struct dbc *c, struct error *e)
{
	struct lite *l = calloc(1, sizeof(*l));
	if (!l)
		return err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
	c->handle = l;
	c->chain = 1;
	int flags =
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (c->writer ? SQLITE_OPEN_CREATE : 0);
	int rc = sqlite3_open_v2(c->db->path, &l->h, flags, NULL);
	if (rc == SQLITE_OK)
		rc = configure(c, l->h);
	if (rc == SQLITE_OK)
		return OK;
	return err_set(e, err_of(rc) == ERR_NOMEM ? ERR_NOMEM : ERR_IO, "store.open", "db",
		"cannot open %s: %s", c->db->path,
		l->h ? sqlite3_errmsg(l->h) : sqlite3_errstr(rc));
}

/* What was written without waiting for the disk is made durable now. */
static void settle(struct dbc *c)
{
	sqlite3 *h = lite_of(c)->h;
	sqlite3_exec(h, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
	sqlite3_wal_checkpoint_v2(h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	int fd = open(c->db->path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd); /* pages of earlier, unsynced checkpoints */
	close(fd);
}

static void lite_disconnect(struct dbc *c)
{
	struct lite *l = lite_of(c);
	if (!l)
		return;
	for (size_t i = 0; i < OPS; i++)
		sqlite3_finalize(l->op[i]);
	if (l->h && c->writer && c->db->unsafe_fast && !c->db->temporary)
		settle(c);
	sqlite3_close_v2(l->h);
	free(l);
	c->handle = NULL;
}

static enum err lite_revive(struct dbc *c)
{
	(void)c;
	return OK;
}

/* ---- statements ---- */

static const char *column_name(void *from, int col)
{
	return sqlite3_column_name(from, col);
}

/* Which SQLite index each $k has; SQLite numbers them by first appearance. */
static enum err map_params(struct dbc *c, struct stmt *s)
{
	int count = sqlite3_bind_parameter_count(s->handle);
	if (count == 0)
		return OK;
	if (count > PARAM_MAX)
		return dbc_fail(c, ERR_LIMIT, "more than %d parameters", PARAM_MAX);
	s->param = calloc((size_t)count, sizeof(*s->param));
	if (!s->param)
		return ERR_NOMEM;
	s->nparam = count;
	for (int i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(s->handle, i);
		char *end = NULL;
		long k = name && name[0] == '$' ? strtol(name + 1, &end, 10) : 0;
		if (k < 1 || k > count || !end || *end)
			return dbc_fail(
				c, ERR_BUG, "parameters are $1 to $n without gaps: %s", s->sql);
		s->param[k - 1] = (unsigned)i;
	}
	return OK;
}

static void lite_finalize(struct dbc *c, struct stmt *s)
{
	(void)c;
	sqlite3_finalize(s->handle);
	s->handle = NULL;
}

static enum err lite_prepare(struct dbc *c, struct stmt *s)
{
	sqlite3_stmt *st = NULL;
	const char *tail = NULL;
	int rc = sqlite3_prepare_v3(
		lite_of(c)->h, s->sql, -1, SQLITE_PREPARE_PERSISTENT, &st, &tail);
	s->handle = st;
	if (rc != SQLITE_OK)
		return (rc & 0xFF) == SQLITE_ERROR ? dbc_fail(c, ERR_BUG, "%s in: %s",
							     sqlite3_errmsg(lite_of(c)->h), s->sql)
						   : failure(c, rc);
	if (!st || tail[strspn(tail, " \t\r\n;")])
		return dbc_fail(c, ERR_BUG, "exactly one statement is expected: %s", s->sql);
	s->readonly = sqlite3_stmt_readonly(st);
	enum err err = map_params(c, s);
	int cols = sqlite3_column_count(st);
	if (err == OK && cols > COLUMN_MAX)
		err = dbc_fail(c, ERR_LIMIT, "more than %d columns", COLUMN_MAX);
	return err == OK ? stmt_set_columns(s, column_name, st, cols) : err;
}

static int bind(sqlite3_stmt *st, int at, const struct arg *v)
{
	if (v->null)
		return sqlite3_bind_null(st, at);
	switch (v->type) {
	case ARG_INT:
		return sqlite3_bind_int64(st, at, v->i);
	case ARG_REAL:
		return sqlite3_bind_double(st, at, v->d);
	case ARG_TEXT:
		return sqlite3_bind_text64(st, at, v->s.p, v->s.n, SQLITE_STATIC, SQLITE_UTF8);
	case ARG_BLOB:
		return sqlite3_bind_blob64(st, at, v->s.p, v->s.n, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static enum err stepped(struct rows *r, int rc)
{
	r->have = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return OK;
	enum err err = failure(r->c, rc);
	return err == ERR_BUG
		       ? db_misuse(r->c, "%s in: %s", sqlite3_errmsg(lite_of(r->c)->h), r->s->sql)
		       : err;
}

static enum err lite_run(struct rows *r, const struct arg *v, size_t n)
{
	sqlite3_stmt *st = r->s->handle;
	for (size_t i = 0; i < n; i++) {
		int rc = bind(st, (int)r->s->param[i], &v[i]);
		if (rc != SQLITE_OK)
			return failure(r->c, rc);
	}
	enum err err = stepped(r, sqlite3_step(st));
	if (err == OK && !r->s->readonly)
		r->changed = sqlite3_changes64(lite_of(r->c)->h);
	return err;
}

static enum err lite_step(struct rows *r)
{
	return stepped(r, sqlite3_step(r->s->handle));
}

static void lite_reset(struct rows *r)
{
	if (!r->s || !r->s->handle)
		return;
	/* A writing statement runs to its end, whether or not its RETURNING rows were read. */
	while (r->have && !r->s->readonly && r->err == OK)
		r->err = lite_step(r);
	sqlite3_reset(r->s->handle);
}

static enum err lite_int(struct rows *r, int col, int64_t *ret)
{
	switch (sqlite3_column_type(r->s->handle, col)) {
	case SQLITE_INTEGER:
		*ret = sqlite3_column_int64(r->s->handle, col);
		return OK;
	case SQLITE_NULL:
		return OK;
	default:
		return ERR_BUG;
	}
}

static enum err lite_real(struct rows *r, int col, double *ret)
{
	switch (sqlite3_column_type(r->s->handle, col)) {
	case SQLITE_INTEGER:
	case SQLITE_FLOAT:
		*ret = sqlite3_column_double(r->s->handle, col);
		return OK;
	case SQLITE_NULL:
		return OK;
	default:
		return ERR_BUG;
	}
}

static enum err lite_str(struct rows *r, int col, struct str *ret)
{
	sqlite3_stmt *st = r->s->handle;
	int type = sqlite3_column_type(st, col);
	if (type == SQLITE_NULL)
		return OK;
	if (type != SQLITE_TEXT && type != SQLITE_BLOB)
		return ERR_BUG;
	const char *p = type == SQLITE_TEXT ? (const char *)sqlite3_column_text(st, col)
					    : sqlite3_column_blob(st, col);
	size_t n = (size_t)sqlite3_column_bytes(st, col);
	if (!p && (n > 0 || type == SQLITE_TEXT))
		return dbc_fail(r->c, ERR_NOMEM, "out of memory");
	*ret = (struct str){ p ? p : "", n };
	return OK;
}

/* ---- transactions ---- */

static int run_op(struct lite *l, enum tx_op op)
{
	if (!l->op[op]) {
		int rc = sqlite3_prepare_v3(
			l->h, op_sql[op], -1, SQLITE_PREPARE_PERSISTENT, &l->op[op], NULL);
		if (rc != SQLITE_OK)
			return rc;
	}
	int rc = sqlite3_step(l->op[op]);
	sqlite3_reset(l->op[op]);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A deferred foreign key left open would fail the commit of everyone in the batch. */
static bool keys_open(struct lite *l)
{
	int now = 0, high = 0;
	sqlite3_db_status(l->h, SQLITE_DBSTATUS_DEFERRED_FKS, &now, &high, 0);
	return now > 0;
}

static enum err lite_tx(struct dbc *c, enum tx_op op)
{
	struct lite *l = lite_of(c);
	if ((op == OP_RELEASE || op == OP_COMMIT) && keys_open(l))
		return dbc_fail(c, ERR_CONFLICT, "foreign key without its row");
	int rc = run_op(l, op);
	if (rc == SQLITE_OK && op == OP_BACK)
		rc = run_op(l, OP_RELEASE);
	return rc == SQLITE_OK ? OK : failure(c, rc);
}

static bool lite_in_tx(struct dbc *c)
{
	return !sqlite3_get_autocommit(lite_of(c)->h);
}

static enum err lite_script(struct dbc *c, const char *sql)
{
	int rc = sqlite3_exec(lite_of(c)->h, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : failure(c, rc);
}

/* BEGIN IMMEDIATE of each migration is lock enough. */
static enum err lite_lock(struct dbc *c, bool on)
{
	(void)c;
	(void)on;
	return OK;
}

/* ---- backup and check ---- */

static enum err backup_copy(struct dbc *c, sqlite3 *to, struct error *e)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", lite_of(c)->h, "main");
	int rc = b ? sqlite3_backup_step(b, -1) : SQLITE_ERROR;
	if (b)
		sqlite3_backup_finish(b);
	if (rc == SQLITE_DONE)
		return OK;
	return err_set(e, ERR_IO, "backup.failed", "", "the copy failed: %s", sqlite3_errmsg(to));
}

static enum err lite_backup(struct db *db, const char *path, struct error *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, errno == EEXIST ? ERR_CONFLICT : ERR_IO,
			errno == EEXIST ? "backup.exists" : "backup.create", "", "%s: %s", path,
			strerror(errno));
	close(fd);
	struct dbc *c = NULL;
	sqlite3 *to = NULL;
	enum err err = dbc_new(db, false, &c, e);
	if (err == OK && sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		err = err_set(e, ERR_IO, "backup.create", "", "%s: cannot be opened", path);
	if (err == OK)
		err = backup_copy(c, to, e);
	dbc_free(c);
	if (sqlite3_close(to) != SQLITE_OK && err == OK)
		err = err_set(e, ERR_IO, "backup.failed", "", "%s: cannot be closed", path);
	if (err != OK)
		unlink(path);
	return err;
}

static enum err lite_check(struct dbc *c, struct error *e)
{
	struct rows *r = db_query(c, "PRAGMA integrity_check(1)", NO_ARGS);
	enum err err = OK;
	while (rows_next(r)) {
		struct str s = row_str_at(r, 0);
		if (!str_eqz(s, "ok"))
			err = err_set(e, ERR_IO, "store.corrupt", "", "%.*s", (int)s.n, s.p);
	}
	if (rows_close(r) != OK && err == OK)
		err = err_set(e, ERR_IO, "store.corrupt", "", "%s", c->message);
	if (err != OK)
		return err;
	r = db_query(c, "PRAGMA foreign_key_check", NO_ARGS);
	if (rows_next(r)) {
		struct str t = row_str_at(r, 0), parent = row_str_at(r, 2);
		err = err_set(e, ERR_IO, "store.foreign_key", "",
			"row %lld of %.*s refers to a missing row of %.*s",
			(long long)row_int_at(r, 1), (int)t.n, t.p, (int)parent.n, parent.p);
	}
	if (rows_close(r) != OK && err == OK)
		err = err_set(e, ERR_IO, "store.corrupt", "", "%s", c->message);
	return err;
}

const struct driver sqlite_driver = {
	.engine = DB_SQLITE,
	.id_block = SQLITE_ID_BLOCK,
	.open = lite_open,
	.close = lite_close,
	.connect = lite_connect,
	.disconnect = lite_disconnect,
	.revive = lite_revive,
	.prepare = lite_prepare,
	.finalize = lite_finalize,
	.run = lite_run,
	.step = lite_step,
	.reset = lite_reset,
	.get_int = lite_int,
	.get_real = lite_real,
	.get_str = lite_str,
	.tx = lite_tx,
	.in_tx = lite_in_tx,
	.script = lite_script,
	.bootstrap = "",
	.has_table = "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND name = $1",
	.lock = lite_lock,
	.backup = lite_backup,
	.check = lite_check,
};
