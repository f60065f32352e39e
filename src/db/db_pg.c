/*
 * PostgreSQL through libpq: named prepared statements, binary parameters and results. Parameter
 * types are what the server infers (so db_check_sql sees what will run); a value of another kind is
 * misuse. Results are fetched whole: large exports must page. A broken connection is replaced
 * before the next transaction; writers hold an advisory lock that gives them their chain number.
 */
#include "db/db_driver.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_CHAR = 18,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_OID = 26,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_BPCHAR = 1042,
	OID_VARCHAR = 1043,
	OID_NUMERIC = 1700,
	OID_VOID = 2278,
};

enum {
	LOCK_CHAIN = 1734700641,   /* class of advisory locks (class, chain number) */
	LOCK_MIGRATE = 1734700642, /* (class, 0) */
	CHAIN_MAX = 4096,
	SERVER_MIN = 120000,
	NUMBER_TEXT = 32,
};

static PGconn *conn_of(const struct dbc *c)
{
	return c->handle;
}

/* ---- errors ---- */

static enum err err_of_state(const char *s)
{
	if (!s)
		return ERR_IO;
	if (!strncmp(s, "40", 2) || !strcmp(s, "55P03") || !strcmp(s, "0A000"))
		return ERR_RETRY;
	if (!strncmp(s, "23", 2))
		return ERR_CONFLICT;
	if (!strncmp(s, "22", 2))
		return ERR_INVALID;
	if (!strncmp(s, "42", 2) || !strncmp(s, "3F", 2))
		return ERR_BUG;
	if (!strncmp(s, "54", 2))
		return ERR_LIMIT;
	if (!strcmp(s, "53200"))
		return ERR_NOMEM;
	return ERR_IO;
}

/* Takes the result. */
static enum err failure(struct dbc *c, PGresult *res)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	enum err err = err_of_state(state);
	const char *text = res ? PQresultErrorMessage(res) : NULL;
	if (!text || !*text)
		text = PQerrorMessage(conn_of(c));
	dbc_fail(c, err, "%s [%s]", text, state ? state : "-");
	bool readonly = state && !strcmp(state, "25006");
	PQclear(res);
	if (PQstatus(conn_of(c)) != CONNECTION_OK)
		c->lost = true;
	if (readonly && !c->writer)
		return db_misuse(c, "write on a reading connection");
	return err;
}

static enum err command(struct dbc *c, const char *sql)
{
	PGresult *res = PQexec(conn_of(c), sql);
	ExecStatusType status = PQresultStatus(res);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return failure(c, res);
	PQclear(res);
	return OK;
}

/* ---- connections ---- */

static void no_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static bool try_chain(struct dbc *c, int64_t n)
{
	char sql[96];
	snprintf(sql, sizeof(sql), "SELECT pg_try_advisory_lock(%d, %d)", LOCK_CHAIN, (int)n);
	PGresult *res = PQexec(conn_of(c), sql);
	bool got = PQresultStatus(res) == PGRES_TUPLES_OK && PQgetvalue(res, 0, 0)[0] == 't';
	PQclear(res);
	return got;
}

/* Keeps its number after a reconnect unless the server still holds the old session's lock. */
static enum err take_chain(struct dbc *c)
{
	if (c->chain > 0 && try_chain(c, c->chain))
		return OK;
	for (int64_t n = 1; n <= CHAIN_MAX; n++) {
		if (!try_chain(c, n))
			continue;
		c->chain = n;
		return OK;
	}
	return dbc_fail(c, ERR_LIMIT, "no free writer number");
}

static enum err configure(struct dbc *c)
{
	PGconn *p = conn_of(c);
	const char *encoding = PQparameterStatus(p, "server_encoding");
	if (PQserverVersion(p) < SERVER_MIN)
		return dbc_fail(c, ERR_INVALID, "PostgreSQL 12 or later is needed");
	if (!encoding || strcmp(encoding, "UTF8"))
		return dbc_fail(c, ERR_INVALID,
			"the database has encoding %s: create it with ENCODING 'UTF8' TEMPLATE "
			"template0",
			encoding ? encoding : "?");
	enum err err =
		command(c, "SET timezone = 'UTC'; SET jit = off; SET client_min_messages = warning;"
			   "SET lock_timeout = '10s'");
	if (err != OK)
		return err;
	if (!c->writer)
		return command(c, "SET default_transaction_read_only = on");
	/* Sequential scans lock whole tables under SERIALIZABLE and make needless conflicts. */
	err = command(c, "SET enable_seqscan = off");
	if (err == OK && c->db->unsafe_fast)
		err = command(c, "SET synchronous_commit = off");
	return err == OK ? take_chain(c) : err;
}

static enum err pg_connect(struct dbc *c, struct error *e)
{
	const char *const key[] = { "client_encoding", "application_name", "connect_timeout",
		"keepalives_idle", "dbname", NULL };
	const char *const value[] = { "UTF8", "gezhi", "10", "30", c->db->url, NULL };
	PGconn *p = PQconnectdbParams(key, value, 1);
	if (!p)
		return err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
	PQsetNoticeProcessor(p, no_notice, NULL);
	c->handle = p;
	c->gen++;
	c->lost = false;
	if (PQstatus(p) != CONNECTION_OK) {
		dbc_fail(c, ERR_IO, "%s", PQerrorMessage(p));
		c->lost = true;
		return err_set(e, ERR_IO, "store.open", "db", "%s", c->message);
	}
	enum err err = configure(c);
	return err == OK ? OK : err_set(e, err, "store.open", "db", "%s", c->message);
}

static void pg_disconnect(struct dbc *c)
{
	PQfinish(conn_of(c));
	c->handle = NULL;
}

static enum err pg_revive(struct dbc *c)
{
	if (!c->lost && PQstatus(conn_of(c)) == CONNECTION_OK)
		return OK;
	pg_disconnect(c);
	enum err err = pg_connect(c, NULL);
	if (err != OK)
		c->lost = true; /* half set up: begin again next time */
	return err;
}

static enum err pg_open(struct db *db, struct error *e)
{
	(void)db;
	if (!PQisthreadsafe())
		return err_set(e, ERR_BUG, "store.open", "db", "libpq is not thread-safe");
	return OK;
}

static void pg_close(struct db *db)
{
	(void)db;
}

/* ---- statements ---- */

static const char *column_name(void *from, int col)
{
	return PQfname(from, col);
}

static bool readable_type(unsigned oid)
{
	switch (oid) {
	case OID_BOOL:
	case OID_BYTEA:
	case OID_CHAR:
	case OID_NAME:
	case OID_INT8:
	case OID_INT2:
	case OID_INT4:
	case OID_TEXT:
	case OID_OID:
	case OID_FLOAT4:
	case OID_FLOAT8:
	case OID_BPCHAR:
	case OID_VARCHAR:
	case OID_VOID:
		return true;
	default:
		return false;
	}
}

static enum err set_params(struct dbc *c, struct stmt *s, const PGresult *res)
{
	int n = PQnparams(res);
	if (n > PARAM_MAX)
		return dbc_fail(c, ERR_LIMIT, "more than %d parameters", PARAM_MAX);
	s->nparam = n;
	if (n == 0)
		return OK;
	s->param = calloc((size_t)n, sizeof(*s->param));
	if (!s->param)
		return ERR_NOMEM;
	for (int i = 0; i < n; i++)
		s->param[i] = PQparamtype(res, i);
	return OK;
}

static enum err set_columns(struct dbc *c, struct stmt *s, PGresult *res)
{
	int n = PQnfields(res);
	if (n > COLUMN_MAX)
		return dbc_fail(c, ERR_LIMIT, "more than %d columns", COLUMN_MAX);
	if (n > 0 && !(s->col_type = calloc((size_t)n, sizeof(*s->col_type))))
		return ERR_NOMEM;
	for (int i = 0; i < n; i++) {
		s->col_type[i] = PQftype(res, i);
		if (!readable_type(s->col_type[i]))
			return dbc_fail(c, ERR_BUG, "column %s has type %u, CAST it: %s",
				PQfname(res, i), s->col_type[i], s->sql);
	}
	return stmt_set_columns(s, column_name, res, n);
}

static void forget(struct stmt *s)
{
	free(s->param);
	free(s->col_type);
	free(s->col);
	s->param = s->col_type = NULL;
	s->col = NULL;
	s->nparam = s->ncol = 0;
	memset(s->memo, 0, sizeof(s->memo));
}

static enum err pg_prepare(struct dbc *c, struct stmt *s)
{
	forget(s);
	snprintf(s->name, sizeof(s->name), "s%u", ++c->serial);
	PGresult *res = PQprepare(conn_of(c), s->name, s->sql, 0, NULL);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return failure(c, res);
	PQclear(res);
	s->gen = c->gen;
	s->readonly = true; /* the server refuses what a reader may not do */
	res = PQdescribePrepared(conn_of(c), s->name);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return failure(c, res);
	enum err err = set_params(c, s, res);
	if (err == OK)
		err = set_columns(c, s, res);
	PQclear(res);
	return err;
}

static void pg_finalize(struct dbc *c, struct stmt *s)
{
	if (s->gen == 0 || s->gen != c->gen || c->lost || !c->handle)
		return;
	char sql[48];
	snprintf(sql, sizeof(sql), "DEALLOCATE %s", s->name);
	PQclear(PQexec(
		conn_of(c), sql)); /* fails in a broken transaction: the server forgets it later */
	s->gen = 0;
}

/* ---- parameters ---- */

struct params {
	const char *value[PARAM_MAX];
	int length[PARAM_MAX], format[PARAM_MAX];
	char number[PARAM_MAX][NUMBER_TEXT];
};

static int put_big_endian(char *to, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		to[i] = (char)(v & 0xFF);
		v >>= 8;
	}
	return bytes;
}

static int put_double(char *to, double d)
{
	uint64_t bits;
	memcpy(&bits, &d, sizeof(bits));
	return put_big_endian(to, bits, 8);
}

static int put_float(char *to, double d)
{
	float f = (float)d;
	uint32_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return put_big_endian(to, bits, 4);
}

/* Bytes written; 0 when the server's type takes no whole number; -1 when it is too small for it. */
static int put_int(char *to, int64_t v, unsigned oid, int *format)
{
	switch (oid) {
	case OID_INT8:
		return put_big_endian(to, (uint64_t)v, 8);
	case OID_INT4:
		return v < INT32_MIN || v > INT32_MAX ? -1 : put_big_endian(to, (uint64_t)v, 4);
	case OID_INT2:
		return v < INT16_MIN || v > INT16_MAX ? -1 : put_big_endian(to, (uint64_t)v, 2);
	case OID_OID:
		return v < 0 || v > UINT32_MAX ? -1 : put_big_endian(to, (uint64_t)v, 4);
	case OID_FLOAT8:
		return put_double(to, (double)v);
	case OID_FLOAT4:
		return put_float(to, (double)v);
	case OID_NUMERIC:
		*format = 0;
		return snprintf(to, NUMBER_TEXT, "%lld", (long long)v);
	default:
		return 0;
	}
}

static int put_real(char *to, double v, unsigned oid, int *format)
{
	switch (oid) {
	case OID_FLOAT8:
		return put_double(to, v);
	case OID_FLOAT4:
		return put_float(to, v);
	case OID_NUMERIC:
		*format = 0;
		return snprintf(to, NUMBER_TEXT, "%.17g", v);
	default:
		return 0;
	}
}

static bool text_type(unsigned oid)
{
	return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_BPCHAR || oid == OID_NAME ||
	       oid == OID_CHAR;
}

static enum err put_param(struct rows *r, struct params *p, size_t i, const struct arg *v)
{
	unsigned oid = r->s->param[i];
	int n = 0;
	p->format[i] = 1;
	p->value[i] = NULL;
	p->length[i] = 0;
	if (v->null)
		return OK;
	if (v->type == ARG_INT)
		n = put_int(p->number[i], v->i, oid, &p->format[i]);
	else if (v->type == ARG_REAL)
		n = put_real(p->number[i], v->d, oid, &p->format[i]);
	else if (v->s.n > INT32_MAX / 2)
		return dbc_fail(r->c, ERR_LIMIT, "value too long");
	else if (v->type == ARG_TEXT ? text_type(oid) : oid == OID_BYTEA) {
		p->value[i] = v->s.p;
		p->length[i] = (int)v->s.n;
		return OK;
	}
	if (n < 0)
		return dbc_fail(r->c, ERR_INVALID, "number out of range for $%zu", i + 1);
	if (n == 0)
		return db_misuse(
			r->c, "$%zu is bound to another type than %u: %s", i + 1, oid, r->s->sql);
	p->value[i] = p->number[i];
	p->length[i] = n;
	return OK;
}

/* ---- running ---- */

static int64_t changed_of(PGresult *res)
{
	const char *tag = PQcmdStatus(res);
	if (strncmp(tag, "INSERT", 6) && strncmp(tag, "UPDATE", 6) && strncmp(tag, "DELETE", 6))
		return 0;
	return strtoll(PQcmdTuples(res), NULL, 10);
}

static enum err pg_run(struct rows *r, const struct arg *v, size_t n)
{
	struct params p;
	struct stmt *s = r->s;
	enum err err = OK;
	if (s->gen != r->c->gen)
		err = pg_prepare(r->c, s);
	for (size_t i = 0; err == OK && i < n; i++)
		err = put_param(r, &p, i, &v[i]);
	if (err != OK)
		return err;
	PGresult *res =
		PQexecPrepared(conn_of(r->c), s->name, (int)n, p.value, p.length, p.format, 1);
	ExecStatusType status = PQresultStatus(res);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
		err = failure(r->c, res);
		if (err == ERR_RETRY && !r->c->lost)
			pg_finalize(r->c, s); /* perhaps its plan no longer fits the table */
		return err;
	}
	r->res = res;
	r->row = 0;
	r->nrow = PQntuples(res);
	r->have = r->nrow > 0;
	r->changed = changed_of(res);
	return OK;
}

static enum err pg_step(struct rows *r)
{
	r->have = ++r->row < r->nrow;
	return OK;
}

static void pg_reset(struct rows *r)
{
	PQclear(r->res);
	r->res = NULL;
}

/* ---- reading ---- */

static uint64_t big_endian(const char *p, int bytes)
{
	uint64_t v = 0;
	for (int i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static enum err pg_int(struct rows *r, int col, int64_t *ret)
{
	if (PQgetisnull(r->res, r->row, col))
		return OK;
	const char *p = PQgetvalue(r->res, r->row, col);
	switch (r->s->col_type[col]) {
	case OID_INT8:
		*ret = (int64_t)big_endian(p, 8);
		return OK;
	case OID_INT4:
		*ret = (int32_t)big_endian(p, 4);
		return OK;
	case OID_INT2:
		*ret = (int16_t)big_endian(p, 2);
		return OK;
	case OID_OID:
		*ret = (int64_t)big_endian(p, 4);
		return OK;
	case OID_BOOL:
		*ret = *p != 0;
		return OK;
	default:
		return ERR_BUG;
	}
}

static enum err pg_real(struct rows *r, int col, double *ret)
{
	if (PQgetisnull(r->res, r->row, col))
		return OK;
	const char *p = PQgetvalue(r->res, r->row, col);
	if (r->s->col_type[col] == OID_FLOAT8) {
		uint64_t bits = big_endian(p, 8);
		memcpy(ret, &bits, sizeof(bits));
		return OK;
	}
	if (r->s->col_type[col] == OID_FLOAT4) {
		uint32_t bits = (uint32_t)big_endian(p, 4);
		float f;
		memcpy(&f, &bits, sizeof(f));
		*ret = (double)f;
		return OK;
	}
	int64_t v = 0;
	enum err err = pg_int(r, col, &v);
	if (err == OK)
		*ret = (double)v;
	return err;
}

static enum err pg_str(struct rows *r, int col, struct str *ret)
{
	unsigned oid = r->s->col_type[col];
	if (PQgetisnull(r->res, r->row, col))
		return OK;
	if (!text_type(oid) && oid != OID_BYTEA && oid != OID_VOID)
		return ERR_BUG;
	*ret = (struct str){ PQgetvalue(r->res, r->row, col),
		(size_t)PQgetlength(r->res, r->row, col) };
	return OK;
}

/* ---- transactions ---- */

static const char *const op_sql[] = {
	[OP_BEGIN_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	[OP_BEGIN_WRITE] = "BEGIN ISOLATION LEVEL SERIALIZABLE",
	[OP_BEGIN_IDS] = "BEGIN ISOLATION LEVEL READ COMMITTED",
	[OP_SAVE] = "SAVEPOINT job",
	[OP_RELEASE] = "RELEASE SAVEPOINT job",
	[OP_COMMIT] = "COMMIT",
	[OP_BACK] = "ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job",
	[OP_ROLLBACK] = "ROLLBACK",
};

static enum err pg_tx(struct dbc *c, enum tx_op op)
{
	PGresult *res = PQexec(conn_of(c), op_sql[op]);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return failure(c, res);
	/* COMMIT of a broken transaction succeeds as a ROLLBACK. */
	bool kept = op != OP_COMMIT || !strcmp(PQcmdStatus(res), "COMMIT");
	PQclear(res);
	return kept ? OK : dbc_fail(c, ERR_IO, "the server rolled the transaction back");
}

static bool pg_in_tx(struct dbc *c)
{
	PGTransactionStatusType t = PQtransactionStatus(conn_of(c));
	return t == PQTRANS_INTRANS || t == PQTRANS_INERROR || t == PQTRANS_ACTIVE;
}

static enum err pg_lock(struct dbc *c, bool on)
{
	char sql[128];
	if (on)
		snprintf(sql, sizeof(sql), "SET lock_timeout = 0; SELECT pg_advisory_lock(%d, 0)",
			LOCK_MIGRATE);
	else
		snprintf(sql, sizeof(sql), "SELECT pg_advisory_unlock(%d, 0)", LOCK_MIGRATE);
	return command(c, sql);
}

/* ---- backup and check ---- */

static enum err pg_backup(struct db *db, const char *path, struct error *e)
{
	(void)db;
	(void)path;
	return err_set(e, ERR_INVALID, "backup.engine", "", "use pg_dump or pg_basebackup");
}

/* Pages are the server's to check (data checksums); indexes and keys it has set aside are reported.
 */
static enum err pg_check(struct dbc *c, struct error *e)
{
	struct rows *r = db_query(c,
		"SELECT CAST(conname AS TEXT) AS name FROM pg_constraint WHERE NOT convalidated "
		"UNION ALL SELECT CAST(c.relname AS TEXT) FROM pg_index i "
		"JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid",
		NO_ARGS);
	enum err err = OK;
	if (rows_next(r)) {
		struct str s = row_str(r, "name");
		err = err_set(e, ERR_IO, "store.invalid", "", "%.*s is not valid", (int)s.n, s.p);
	}
	if (rows_close(r) != OK && err == OK)
		err = err_set(e, ERR_IO, "store.check", "", "%s", c->message);
	return err;
}

static const char bootstrap_sql[] =
	"CREATE OR REPLACE FUNCTION jget(doc text, k text) RETURNS text"
	" LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$ SELECT doc::json ->> k $f$;"
	"CREATE OR REPLACE FUNCTION json_each(doc text) RETURNS TABLE (key text, value text)"
	" LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS $f$"
	" SELECT CAST(o - 1 AS text), v FROM json_array_elements_text("
	"  CASE WHEN json_typeof(doc::json) = 'array' THEN doc::json ELSE '[]' END)"
	"  WITH ORDINALITY AS a (v, o)"
	" UNION ALL SELECT m.key, m.value FROM json_each_text("
	"  CASE WHEN json_typeof(doc::json) = 'object' THEN doc::json ELSE '{}' END) AS m $f$;";

const struct driver pg_driver = {
	.engine = DB_PG,
	.id_block = PG_ID_BLOCK,
	.open = pg_open,
	.close = pg_close,
	.connect = pg_connect,
	.disconnect = pg_disconnect,
	.revive = pg_revive,
	.prepare = pg_prepare,
	.finalize = pg_finalize,
	.run = pg_run,
	.step = pg_step,
	.reset = pg_reset,
	.get_int = pg_int,
	.get_real = pg_real,
	.get_str = pg_str,
	.tx = pg_tx,
	.in_tx = pg_in_tx,
	.script = command,
	.bootstrap = bootstrap_sql,
	.has_table = "SELECT count(*) AS n FROM pg_catalog.pg_class"
		     " WHERE relname = $1 AND relkind = 'r' AND pg_table_is_visible(oid)",
	.lock = pg_lock,
	.backup = pg_backup,
	.check = pg_check,
};
