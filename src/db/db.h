/*
 * The store: one SQL text on two engines (SQLite embedded, PostgreSQL).
 *
 * SQL is written with $1…$n in the common subset (docs/decisions.md) and must be a string that
 * lives as long as the store: statements are prepared once per connection, keyed by the text's
 * address. Values are always bound. Misuse (unbound parameter, unknown column, write outside a
 * transaction) aborts in debug builds and is ERR_BUG otherwise. Any SQL error ends the transaction.
 *
 * Reading: a `struct dbc` from db_reader_open, used by one thread at a time.
 * Writing: only inside a transaction run by db_write (waits) or db_submit (calls back). On SQLite
 * one writer thread takes every waiting job, runs each under a savepoint, commits them together and
 * only then completes them. On PostgreSQL each of `writers` threads runs one job at a time,
 * SERIALIZABLE. A job's function may be run more than once (ERR_RETRY), so it has no effects
 * outside the database and the memory it resets itself.
 */
#ifndef GEZHI_DB_DB_H
#define GEZHI_DB_DB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"

struct db;
struct dbc;
struct rows;

enum db_engine { DB_SQLITE, DB_PG };

struct db_config {
	const char *url;  /* "sqlite:PATH", "sqlite::memory:" or "postgres://…" */
	int writers;      /* PostgreSQL writing connections; SQLite always 1 */
	int batch;        /* most jobs in one group commit */
	bool unsafe_fast; /* demo generation only: nothing waits for the disk until db_close */
};

struct arg {
	enum { ARG_INT, ARG_REAL, ARG_TEXT, ARG_BLOB } type;
	bool null;
	int64_t i;
	double d;
	struct str s;
};

struct arg I(int64_t v);     /* NIL → NULL */
struct arg R(double v);      /* NaN → NULL */
struct arg T(struct str v);  /* absent → NULL */
struct arg Z(const char *v); /* C string; NULL → NULL */
struct arg B(struct str v);  /* bytes; absent → NULL */
#define ARGS(...)                              \
	((const struct arg[]){ __VA_ARGS__ }), \
		(sizeof((const struct arg[]){ __VA_ARGS__ }) / sizeof(struct arg))
#define NO_ARGS NULL, 0

/* ERR_INVALID for a bad URL, ERR_IO when it cannot be opened. Does not migrate. */
enum err db_open(const struct db_config *cfg, struct db **ret, struct error *e) MUST_CHECK;
/* Waits for running jobs, refuses new ones. NULL allowed. */
void db_close(struct db *db);
enum db_engine db_engine_of(const struct db *db);
enum db_engine dbc_engine(const struct dbc *c);

/* A reading connection; owner calls dbc_free. */
enum err db_reader_open(struct db *db, struct dbc **ret) MUST_CHECK;
void dbc_free(struct dbc *c);
/* One consistent snapshot for several queries. Within another it is that one, until the outer end. */
enum err db_snapshot_begin(struct dbc *c) MUST_CHECK;
void db_snapshot_end(struct dbc *c);

/*
 * Runs a statement. Never NULL: a failure is kept in the result, rows_next then says false and
 * rows_close returns it. At most 16 results open per connection. Arguments are copied. PostgreSQL's
 * result is fetched whole: page large exports.
 */
struct rows *db_query(struct dbc *c, const char *sql, const struct arg *v, size_t n);
/* The same for a text made for this call (list queries): cached by its content. */
struct rows *db_query_text(struct dbc *c, struct str text, const struct arg *v, size_t n);
bool rows_next(struct rows *r);
enum err rows_close(struct rows *r) MUST_CHECK;
/* Text and blob views are valid until the next rows_next/rows_close. A wrong type is ERR_BUG. */
int rows_col(const struct rows *r, const char *name); /* aborts in debug builds if absent; -1 */
int64_t row_int(struct rows *r, const char *col);     /* NULL → NIL */
double row_real(struct rows *r, const char *col);     /* NULL → NaN */
struct str row_str(struct rows *r, const char *col);  /* text or blob; NULL → absent */
int64_t row_int_at(struct rows *r, int col);
double row_real_at(struct rows *r, int col);
struct str row_str_at(struct rows *r, int col);

/* Statement without result rows; *ret_changed (NULL allowed) is the number of rows changed.
 * A violated unique key or check is ERR_CONFLICT. */
enum err db_exec(struct dbc *c, const char *sql, const struct arg *v, size_t n,
	int64_t *ret_changed) MUST_CHECK;
/* First column of the first row; ERR_NOT_FOUND when there is no row. */
enum err db_int(
	struct dbc *c, const char *sql, const struct arg *v, size_t n, int64_t *ret) MUST_CHECK;
/* Prepares without running, for the test that tries every SQL text on both engines. */
enum err db_check_sql(struct dbc *c, const char *sql) MUST_CHECK;
/* Several statements without parameters separated by ';' (migrations only). */
enum err db_script(struct dbc *c, const char *sql) MUST_CHECK;
/* The engine's words for the last failure, for the log. */
const char *db_message(const struct dbc *c);

/* New id, from a block reserved in its own transaction; unique over the whole store, below 2^53.
 * NIL outside a writing transaction; sets ERR_RETRY on the connection when the block is used up. */
int64_t db_new_id(struct dbc *c);
/* Small number naming the writing connection, stable while the process runs; the audit engine keeps
 * one chain per writer. On PostgreSQL no two live connections share one, and a connection that
 * broke may come back with another number: ask in each job. */
int64_t dbc_chain(const struct dbc *c);

typedef enum err (*db_fn)(struct dbc *c, void *arg);
struct db_job {
	db_fn fn;
	/* After the commit is durable, on the writer's thread. */
	void (*done)(enum err err, void *arg);
	void *arg;
	struct db_job *next; /* the queue's */
};
/* ERR_LIMIT when the queue is full (4096); then done is not called. The job lives until done. */
enum err db_submit(struct db *db, struct db_job *job) MUST_CHECK;
/* Submits and waits. Not from inside a job. */
enum err db_write(struct db *db, db_fn fn, void *arg) MUST_CHECK;
/* Waits until this process committed something since the last call, or the time is over. One
 * waiter. */
bool db_wait_commit(struct db *db, int timeout_ms);

/* Fault tests: the n-th SQL call from now fails once (persistent: and all after it) with ERR_IO;
 * 0 turns it off. Returns whether the last arming fired. */
bool db_fault_arm(struct db *db, int64_t nth, bool persistent);

/* Online copy of a SQLite store into a new file; ERR_CONFLICT when it exists. On PostgreSQL
 * ERR_INVALID (use pg_dump). */
enum err db_backup(struct db *db, const char *path, struct error *e) MUST_CHECK;
/* Engine's own consistency check plus foreign keys; message of the first problem in e. */
enum err db_check(struct db *db, struct error *e) MUST_CHECK;

struct migration {
	int number;
	const char *name;
	const char *sql; /* both engines; type words BIGINT SMALLINT TEXT DOUBLE PRECISION BYTEA */
	const char *sqlite; /* engine-only statements after it, or NULL */
	const char *pg;
};
/* Applies what is missing, one transaction each, recorded with a checksum. ERR_CONFLICT when the
 * store is newer than `n` or a recorded text has changed. *ret_applied may be NULL. */
enum err db_migrate(struct db *db, const struct migration *m, size_t n, int *ret_applied,
	struct error *e) MUST_CHECK;
/* Is the schema exactly at `n`? */
enum err db_schema_version(struct dbc *c, int *ret) MUST_CHECK;

#endif
