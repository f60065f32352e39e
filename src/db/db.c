/*
 * The store and its connections: opening and closing, snapshots, arguments, faults and misuse. The
 * statements are in stmt.c, the writing threads in writer.c, the engines in db_sqlite.c and
 * db_pg.c.
 */
#include "db/db_driver.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arg I(int64_t v) {
	return (struct arg){ .type = ARG_INT, .null = v == NIL, .i = v };
}

struct arg
R(double v) {
	return (struct arg){ .type = ARG_REAL, .null = isnan(v), .d = v };
}

struct arg
T(struct str v) {
	return (struct arg){ .type = ARG_TEXT, .null = !v.p, .s = v };
}

struct arg
Z(const char *v) {
	return (struct arg){ .type = ARG_TEXT, .null = !v, .s = str_z(v) };
}

struct arg
B(struct str v) {
	return (struct arg){ .type = ARG_BLOB, .null = !v.p, .s = v };
}

static void
message_set(struct dbc *c, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void message_set(struct dbc *c, const char *fmt, va_list ap)
{
	vsnprintf(c->message, sizeof(c->message), fmt, ap);
	/* The engines end their messages with a line break. */
	size_t n = strlen(c->message);
	while (n > 0 && (c->message[n - 1] == '\n' || c->message[n - 1] == ' '))
		c->message[--n] = '\0';
}

enum err db_misuse(struct dbc *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	message_set(c, fmt, ap);
	va_end(ap);
	if (c->tx != TX_NONE && c->failed == OK)
		c->failed = ERR_BUG;
#ifndef NDEBUG
	fprintf(stderr, "db misuse: %s\n", c->message);
	abort();
#endif
	return ERR_BUG;
}

enum err dbc_fail(struct dbc *c, enum err err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	message_set(c, fmt, ap);
	va_end(ap);
	return err;
}

enum err db_fault_hit(struct dbc *c)
{
	struct db *db = c->db;
	if (!atomic_load_explicit(&db->fault_on, memory_order_relaxed))
		return OK;
	bool hit = false;
	pthread_mutex_lock(&db->fault_lock);
	if (db->fault_left > 0 && --db->fault_left == 0) {
		hit = true;
		db->fault_fired = true;
		if (db->fault_persistent)
			db->fault_left = 1;
		else
			atomic_store(&db->fault_on, false);
	}
	pthread_mutex_unlock(&db->fault_lock);
	return hit ? dbc_fail(c, ERR_IO, "injected fault") : OK;
}

bool db_fault_arm(struct db *db, int64_t nth, bool persistent)
{
	pthread_mutex_lock(&db->fault_lock);
	bool fired = db->fault_fired;
	db->fault_left = nth > 0 ? nth : 0;
	db->fault_persistent = persistent;
	db->fault_fired = false;
	atomic_store(&db->fault_on, nth > 0);
	pthread_mutex_unlock(&db->fault_lock);
	return fired;
}

const char *db_message(const struct dbc *c)
{
	return c->message;
}

enum db_engine db_engine_of(const struct db *db)
{
	return db->drv->engine;
}

enum db_engine dbc_engine(const struct dbc *c)
{
	return c->drv->engine;
}

int64_t dbc_chain(const struct dbc *c)
{
	return c->chain;
}

/* ---- connections ---- */

enum err dbc_new(struct db *db, bool writer, struct dbc **ret, struct error *e)
{
	struct dbc *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
	c->db = db;
	c->drv = db->drv;
	c->writer = writer;
	c->id_block = db->drv->id_block;
	enum err err = c->drv->connect(c, e);
	if (err != OK) {
		dbc_free(c);
		return err;
	}
	*ret = c;
	return OK;
}

enum err db_reader_open(struct db *db, struct dbc **ret)
{
	return dbc_new(db, false, ret, NULL);
}

void dbc_free(struct dbc *c)
{
	if (!c)
		return;
	dbc_close_rows(c);
	if (c->tx != TX_NONE)
		dbc_rollback(c);
	dbc_clear_statements(c);
	for (size_t i = 0; i < ROWS_MAX; i++)
		free(c->rows[i].copy);
	c->drv->disconnect(c);
	free(c);
}

static enum tx tx_after(enum tx_op op, enum tx now)
{
	switch (op) {
	case OP_BEGIN_READ:
		return TX_SNAPSHOT;
	case OP_BEGIN_WRITE:
	case OP_BEGIN_IDS:
		return TX_WRITE;
	case OP_COMMIT:
	case OP_ROLLBACK:
		return TX_NONE;
	case OP_SAVE:
	case OP_RELEASE:
	case OP_BACK:
		break;
	}
	return now;
}

enum err dbc_tx(struct dbc *c, enum tx_op op)
{
	if (op < OP_BACK) {
		enum err err = db_fault_hit(c);
		if (err != OK)
			return err;
	}
	enum err err = c->drv->tx(c, op);
	if (err != OK && op != OP_ROLLBACK)
		return err;
	c->tx = tx_after(op, c->tx);
	c->failed = OK;
	return err;
}

void dbc_rollback(struct dbc *c)
{
	c->nested = 0;
	if (!c->drv->in_tx(c)) {
		c->tx = TX_NONE; /* the engine gave it up by itself */
		c->failed = OK;
		return;
	}
	enum err ignored = dbc_tx(c, OP_ROLLBACK);
	(void)ignored; /* the engine rolls back by itself when the connection closes */
}

enum err db_snapshot_begin(struct dbc *c)
{
	if (c->writer)
		return db_misuse(c, "a snapshot is for reading connections");
	if (c->tx == TX_SNAPSHOT) {
		c->nested++;
		return OK;
	}
	if (c->tx != TX_NONE)
		return db_misuse(c, "a snapshot within a transaction");
	enum err err = c->drv->revive(c);
	if (err != OK)
		return err;
	return dbc_tx(c, OP_BEGIN_READ);
}

void db_snapshot_end(struct dbc *c)
{
	if (c->nested > 0) {
		c->nested--;
		return;
	}
	if (c->tx == TX_SNAPSHOT)
		dbc_rollback(c);
}

/* ---- the store ---- */

static const struct driver *driver_of(const char *url)
{
	if (!url)
		return NULL;
	if (!strncmp(url, "sqlite:", 7) && url[7])
		return &sqlite_driver;
	if (!strncmp(url, "postgres://", 11) || !strncmp(url, "postgresql://", 13))
		return &pg_driver;
	return NULL;
}

static bool locks_init(struct db *db)
{
	pthread_condattr_t mono;
	pthread_rwlockattr_t fair;
	if (pthread_condattr_init(&mono) || pthread_rwlockattr_init(&fair))
		return false;
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	bool ok = !pthread_mutex_init(&db->lock, NULL) &&
		  !pthread_mutex_init(&db->fault_lock, NULL) &&
		  !pthread_cond_init(&db->work, &mono) && !pthread_cond_init(&db->commit, &mono) &&
		  !pthread_rwlock_init(&db->turn, &fair);
	pthread_condattr_destroy(&mono);
	pthread_rwlockattr_destroy(&fair);
	return ok;
}

enum err db_open(const struct db_config *cfg, struct db **ret, struct error *e)
{
	const struct driver *drv = driver_of(cfg->url);
	if (!drv)
		return err_set(e, ERR_INVALID, "store.url", "db",
			"the store is sqlite:PATH, sqlite::memory: or postgres://…");
	struct db *db = calloc(1, sizeof(*db));
	if (!db)
		return err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
	db->drv = drv;
	db->url = strdup(cfg->url);
	db->unsafe_fast = cfg->unsafe_fast;
	int batch = cfg->batch < 1 ? 128 : cfg->batch > BATCH_MAX ? BATCH_MAX : cfg->batch;
	db->batch = cfg->unsafe_fast && batch < 2048 ? 2048 : (size_t)batch;
	int writers = cfg->writers < 1             ? 8
		      : cfg->writers > WRITERS_MAX ? WRITERS_MAX
						   : cfg->writers;
	if (drv->engine == DB_SQLITE)
		writers = 1;
	if (!db->url || !locks_init(db)) {
		free(db->url);
		free(db);
		return err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
	}
	enum err err = drv->open(db, e);
	if (err == OK)
		err = writer_start_all(db, writers, e);
	if (err != OK) {
		db_close(db);
		return err;
	}
	*ret = db;
	return OK;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	writer_stop_all(db);
	db->drv->close(db);
	pthread_mutex_destroy(&db->lock);
	pthread_mutex_destroy(&db->fault_lock);
	pthread_cond_destroy(&db->work);
	pthread_cond_destroy(&db->commit);
	pthread_rwlock_destroy(&db->turn);
	free(db->path);
	free(db->url);
	free(db);
}

enum err db_backup(struct db *db, const char *path, struct error *e)
{
	return db->drv->backup(db, path, e);
}

enum err db_check(struct db *db, struct error *e)
{
	struct dbc *c = NULL;
	enum err err = dbc_new(db, false, &c, e);
	if (err == OK)
		err = db->drv->check(c, e);
	dbc_free(c);
	return err;
}
