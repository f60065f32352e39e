/*
 * Private to src/db: what the shared front (db.c, stmt.c, writer.c, migrate.c) and the two engines
 * (db_sqlite.c, db_pg.c) know about each other. The front owns statements, results, transactions,
 * faults and misuse checks; an engine only prepares, binds, steps and reads.
 */
#ifndef GEZHI_DB_DB_DRIVER_H
#define GEZHI_DB_DB_DRIVER_H

#include "db/db.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	ROWS_MAX = 16,  /* open results per connection */
	STMT_MAX = 256, /* prepared statements per connection */
	STMT_BUCKETS = 512,
	STMT_MEMO = 16, /* remembered column names per statement */
	PARAM_MAX = 200,
	COLUMN_MAX = 200,
	SQL_MAX = 64 * 1024, /* bytes of one statement */
	SCRIPT_MAX = 1024 * 1024,
	QUEUE_MAX = 4096, /* waiting jobs */
	BATCH_MAX = 4096,
	WRITERS_MAX = 64,
	MESSAGE_MAX = 512,
	SQLITE_ID_BLOCK = 65536,
	PG_ID_BLOCK = 1024,
	ID_BLOCK_MAX = 1 << 24,
};

/* Largest id: an id must survive as a JSON number. */
#define ID_LIMIT (INT64_C(1) << 53)

struct stmt {
	char *sql;         /* own copy: an address alone is not proof that the text is the same */
	const char *key;   /* the caller's address, or a hash of a text made for one call */
	struct stmt *next; /* in the bucket */
	uint64_t used;
	bool busy, cached, readonly;
	int nparam, ncol;
	char **col; /* names, one allocation with their text */
	struct {
		const char *name;
		int col;
	} memo[STMT_MEMO];
	/* Engine's part. */
	void *handle;       /* SQLite: sqlite3_stmt */
	unsigned *param;    /* SQLite: parameter index of $k+1; PostgreSQL: type oid */
	unsigned *col_type; /* PostgreSQL: type oid */
	unsigned gen;       /* PostgreSQL: connection it is prepared on */
	char name[24];      /* PostgreSQL */
};

struct rows {
	struct dbc *c;
	struct stmt *s;
	enum err err;
	bool open;
	bool have;  /* the engine stands on a row */
	bool given; /* that row was handed out by rows_next */
	int64_t changed;
	char *copy; /* text arguments, so that they need not outlive db_query */
	size_t copy_cap;
	void *res; /* PostgreSQL: PGresult */
	int row, nrow;
};

enum tx { TX_NONE, TX_SNAPSHOT, TX_WRITE };
enum tx_op {
	OP_BEGIN_READ,
	OP_BEGIN_WRITE,
	OP_BEGIN_IDS, /* only touches seq */
	OP_SAVE,
	OP_RELEASE,
	OP_COMMIT,
	/* Recovery; never made to fail by db_fault_arm. */
	OP_BACK,
	OP_ROLLBACK,
};

struct id_range {
	int64_t next, end;
};

struct dbc {
	struct db *db;
	const struct driver *drv;
	void *handle; /* sqlite3 or PGconn */
	bool writer;
	enum tx tx;
	int nested; /* snapshots begun within the snapshot */
	enum err failed; /* first failure in the open transaction; later statements refuse */
	struct stmt *bucket[STMT_BUCKETS];
	struct stmt *list[STMT_MAX];
	size_t nlist;
	uint64_t tick;
	struct rows rows[ROWS_MAX];
	struct rows bad; /* handed out when all are open */
	struct id_range ids, spare;
	int64_t id_block; /* size of the next reservation */
	int64_t id_spent; /* by the running job */
	int64_t id_most;  /* by the hungriest job of the pass */
	bool id_short;    /* the running job found no id */
	bool wrote;       /* the running job sent a writing statement */
	bool lost;        /* PostgreSQL: connection broke; commit may be unknown */
	int64_t chain;
	unsigned gen;    /* PostgreSQL: counts its connections */
	unsigned serial; /* PostgreSQL: names of statements */
	char message[MESSAGE_MAX];
};

struct driver {
	enum db_engine engine;
	int64_t id_block;
	/* Once per store; `url` is what follows the scheme on SQLite, the whole on PostgreSQL. */
	enum err (*open)(struct db *db, struct error *e);
	void (*close)(struct db *db);
	enum err (*connect)(struct dbc *c, struct error *e);
	void (*disconnect)(struct dbc *c);
	/* Makes a broken connection usable again; OK at once when it is sound. */
	enum err (*revive)(struct dbc *c);
	enum err (*prepare)(struct dbc *c, struct stmt *s);
	void (*finalize)(struct dbc *c, struct stmt *s);
	/* Binds, starts and steps once: sets have and changed. */
	enum err (*run)(struct rows *r, const struct arg *v, size_t n);
	enum err (*step)(struct rows *r); /* sets have */
	void (*reset)(struct rows *r);
	/* ERR_BUG for a value of another type; *ret_null instead of a value. */
	enum err (*get_int)(struct rows *r, int col, int64_t *ret);
	enum err (*get_real)(struct rows *r, int col, double *ret);
	enum err (*get_str)(struct rows *r, int col, struct str *ret);
	enum err (*tx)(struct dbc *c, enum tx_op op);
	bool (*in_tx)(struct dbc *c); /* does the engine still have the transaction? */
	enum err (*script)(struct dbc *c, const char *sql);
	const char *bootstrap; /* run before the first migration, may be run again */
	const char *has_table; /* $1 name → count */
	enum err (*lock)(struct dbc *c, bool on); /* one migrating process */
	enum err (*backup)(struct db *db, const char *path, struct error *e);
	enum err (*check)(struct dbc *c, struct error *e);
};

extern const struct driver sqlite_driver;
extern const struct driver pg_driver;

struct writer {
	struct db *db;
	struct dbc *c;
	pthread_t thread;
	bool started;
	uint64_t random; /* for the back-off */
	/* The batch at hand; arrays of db->batch. */
	struct db_job **job;
	unsigned char *state;
	unsigned char *tries;
	enum err *result;
	size_t n;
	bool careful; /* a savepoint for each job */
};

struct db {
	const struct driver *drv;
	char *url;      /* as given */
	char *path;     /* SQLite: the file */
	bool temporary; /* SQLite: the file goes away on close */
	bool unsafe_fast;
	size_t batch;
	struct writer *writers;
	size_t nwriters;

	pthread_mutex_t lock; /* everything below up to the next blank line */
	pthread_cond_t work;
	pthread_cond_t commit;
	struct db_job *head, *tail;
	size_t queued;
	bool closing;
	uint64_t commits, commits_seen;

	/* A job that met too many conflicts takes it alone. */
	pthread_rwlock_t turn;

	atomic_bool fault_on;
	pthread_mutex_t fault_lock;
	int64_t fault_left;
	bool fault_persistent, fault_fired;
};

/* Reports a programmer's mistake: aborts in debug builds, else ERR_BUG (also kept on the
 * connection). */
enum err db_misuse(struct dbc *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Keeps the engine's words. Returns err. */
enum err dbc_fail(struct dbc *c, enum err err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Counts one SQL call; ERR_IO when it is the one to fail. */
enum err db_fault_hit(struct dbc *c);

enum err dbc_new(struct db *db, bool writer, struct dbc **ret, struct error *e) MUST_CHECK;
/* Transaction steps with faults counted. */
enum err dbc_tx(struct dbc *c, enum tx_op op) MUST_CHECK;
/* Ends whatever is open, ignoring errors. */
void dbc_rollback(struct dbc *c);
/* Closes results a job left open; true when there were any. */
bool dbc_close_rows(struct dbc *c);
void dbc_clear_statements(struct dbc *c);
/* For an engine's prepare: copies the column names. */
typedef const char *(*stmt_name_fn)(void *from, int col);
enum err stmt_set_columns(struct stmt *s, stmt_name_fn name, void *from, int n) MUST_CHECK;

enum err writer_start_all(struct db *db, int count, struct error *e) MUST_CHECK;
/* Lets the queue run empty and joins the threads. */
void writer_stop_all(struct db *db);

#endif
