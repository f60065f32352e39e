/*
 * The writing threads. SQLite has one: it takes every waiting job, runs each under a savepoint,
 * commits them together (one wait for the disk) and then completes them. PostgreSQL has several,
 * each with one serializable transaction per job; conflicts are run again with a growing pause, and
 * a job that keeps losing gets a turn in which no other job of this process runs.
 */
#include "db/db_driver.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum state {
	JOB_WAIT,
	JOB_OK,     /* done inside the open transaction, not yet durable */
	JOB_SHORT,  /* found no id; waits for a new block */
	JOB_FAILED, /* result known, told at the end of the pass */
	JOB_GONE,   /* told */
};

enum {
	TRIES_SQLITE = 8,
	TRIES_PG = 24,
	TRIES_ALONE = 5, /* after this many a job runs alone */
	PAUSE_MAX_US = 50000,
};

/* ---- ids ---- */

static int64_t ids_left(const struct dbc *c)
{
	return c->ids.end - c->ids.next + c->spare.end - c->spare.next;
}

int64_t db_new_id(struct dbc *c)
{
	if (!c->writer || c->tx != TX_WRITE) {
		enum err ignored = db_misuse(c, "new id outside a writing transaction");
		(void)ignored;
		return NIL;
	}
	if (c->failed != OK)
		return NIL;
	if (c->ids.next == c->ids.end) {
		c->ids = c->spare;
		c->spare = (struct id_range){ 0, 0 };
	}
	if (c->ids.next == c->ids.end) {
		c->id_short = true;
		c->failed = dbc_fail(c, ERR_RETRY, "no id left in the block");
		return NIL;
	}
	if (++c->id_spent > c->id_most)
		c->id_most = c->id_spent;
	return c->ids.next++;
}

static enum err ids_reserve_in_tx(struct dbc *c, int64_t *ret_end)
{
	enum err err = db_int(c,
		"INSERT INTO seq (name, next) VALUES ('id', CAST($1 AS BIGINT) + 1) "
		"ON CONFLICT (name) DO UPDATE SET next = seq.next + CAST($1 AS BIGINT) RETURNING "
		"next",
		ARGS(I(c->id_block)), ret_end);
	if (err == OK && *ret_end > ID_LIMIT)
		err = dbc_fail(c, ERR_LIMIT, "ids are used up");
	return err;
}

/* Takes the next block in its own transaction, so that a rolled back job never gives ids back. */
static enum err ids_reserve(struct dbc *c)
{
	int64_t end = 0;
	enum err err = dbc_tx(c, OP_BEGIN_IDS);
	if (err != OK)
		return err;
	err = ids_reserve_in_tx(c, &end);
	if (err == OK)
		err = dbc_tx(c, OP_COMMIT);
	if (err != OK) {
		dbc_rollback(c);
		return err;
	}
	struct id_range *to = c->ids.next == c->ids.end ? &c->ids : &c->spare;
	*to = (struct id_range){ end - c->id_block, end };
	return OK;
}

/* Before a batch: keeps a quarter of a block in hand once the store has given ids at all. */
static void ids_top_up(struct dbc *c)
{
	if (c->ids.end == 0 || c->spare.next != c->spare.end)
		return;
	if (ids_left(c) >= c->id_block / 4)
		return;
	enum err ignored = ids_reserve(c);
	(void)ignored; /* the job that really needs one gets the error */
}

/* After a job found no id: a block large enough for it, at least twice what it had taken. */
static enum err ids_refill(struct dbc *c)
{
	c->id_short = false;
	while (c->id_block < c->id_most * 2 && c->id_block < ID_BLOCK_MAX)
		c->id_block *= 2;
	return ids_reserve(c);
}

/* ---- one job ---- */

/*
 * The job's own answer, except where the database knows better: a lost transaction is never OK, and
 * a conflict that may vanish is run again whatever the job made of it.
 */
static enum err job_call(struct dbc *c, struct db_job *job)
{
	c->failed = OK;
	c->id_short = false;
	c->id_spent = 0;
	enum err err = job->fn(c, job->arg);
	bool leaked = dbc_close_rows(c);
	if (c->failed == ERR_RETRY || (err == OK && c->failed != OK))
		err = c->failed;
	if (leaked && err == OK)
		err = db_misuse(c, "a job left a result open");
	return err;
}

static void complete(struct db_job *job, enum err err)
{
	if (job->done)
		job->done(err, job->arg);
}

static void announce(struct db *db)
{
	pthread_mutex_lock(&db->lock);
	db->commits++;
	pthread_cond_signal(&db->commit);
	pthread_mutex_unlock(&db->lock);
}

/* ---- SQLite: a batch ---- */

static size_t count_state(const struct writer *w, enum state state)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++)
		n += w->state[i] == state;
	return n;
}

static void change_state(struct writer *w, enum state from, enum state to)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->state[i] == from)
			w->state[i] = (unsigned char)to;
}

/* Tells every job in `state`: its own result, or `err` when that is not OK. */
static void tell(struct writer *w, enum state state, enum err err)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->state[i] != state)
			continue;
		w->state[i] = JOB_GONE;
		complete(w->job[i], err != OK ? err : w->result[i]);
	}
}

/*
 * Runs job i in the open transaction. False when the transaction has to go: then the jobs done before
 * it in this pass wait again.
 *
 * Savepoints are dear (the full-text index writes out what it holds at each), and a job that fails
 * has seldom written anything. So a batch first runs without them; only when a job fails after it
 * wrote, everything is undone and the pass run again with a savepoint for each.
 */
static bool run_saved(struct writer *w, size_t i, bool alone)
{
	struct dbc *c = w->c;
	bool want = w->careful && !alone;
	enum err err = want ? dbc_tx(c, OP_SAVE) : OK;
	bool saved = want && err == OK;
	c->wrote = false;
	if (err == OK)
		err = job_call(c, w->job[i]);
	c->failed = OK;
	if (err == OK && saved)
		err = dbc_tx(c, OP_RELEASE);
	w->result[i] = err;
	if (err == OK) {
		w->state[i] = JOB_OK;
		return true;
	}
	if (err != ERR_RETRY || ++w->tries[i] >= TRIES_SQLITE)
		w->state[i] = JOB_FAILED;
	else if (c->id_short)
		w->state[i] = JOB_SHORT;
	if (!c->drv->in_tx(c))
		return false;
	if (saved)
		return dbc_tx(c, OP_BACK) == OK;
	if (c->wrote)
		w->careful = true;
	return !c->wrote;
}

static void commit_pass(struct writer *w)
{
	struct dbc *c = w->c;
	if (count_state(w, JOB_OK) == 0) {
		dbc_rollback(c);
		return;
	}
	enum err err = dbc_tx(c, OP_COMMIT);
	if (err != OK)
		dbc_rollback(c);
	if (err == ERR_CONFLICT && !w->careful && w->n > 1) {
		/* One of them left a foreign key open: find out which. */
		w->careful = true;
		change_state(w, JOB_OK, JOB_WAIT);
		return;
	}
	if (err != OK && err != ERR_CONFLICT)
		err = ERR_IO;
	tell(w, JOB_OK, err);
	if (err == OK)
		announce(w->db);
}

static void run_waiting(struct writer *w)
{
	bool alone = count_state(w, JOB_WAIT) == 1;
	for (size_t i = 0; i < w->n; i++) {
		if (w->state[i] != JOB_WAIT)
			continue;
		if (run_saved(w, i, alone))
			continue;
		dbc_rollback(w->c);
		change_state(w, JOB_OK, JOB_WAIT);
		return;
	}
}

static void refill_short(struct writer *w)
{
	if (count_state(w, JOB_SHORT) == 0)
		return;
	enum err err = ids_refill(w->c);
	if (err == OK)
		change_state(w, JOB_SHORT, JOB_WAIT);
	else
		tell(w, JOB_SHORT, err);
}

/* One transaction over all waiting jobs; those that must run again still wait afterwards. */
static void run_pass(struct writer *w)
{
	struct dbc *c = w->c;
	ids_top_up(c);
	c->id_most = 0;
	enum err err = dbc_tx(c, OP_BEGIN_WRITE);
	if (err != OK) {
		dbc_rollback(c);
		tell(w, JOB_WAIT, err);
		return;
	}
	run_waiting(w);
	if (c->tx == TX_WRITE)
		commit_pass(w);
	tell(w, JOB_FAILED, OK);
	refill_short(w);
}

static void run_batch(struct writer *w)
{
	memset(w->state, JOB_WAIT, w->n);
	memset(w->tries, 0, w->n);
	w->careful = false;
	while (count_state(w, JOB_WAIT) > 0)
		run_pass(w);
}

/* ---- PostgreSQL: one job ---- */

static void pause_random(struct writer *w, unsigned try)
{
	long limit = 500L << (try < 7 ? try : 7);
	if (limit > PAUSE_MAX_US)
		limit = PAUSE_MAX_US;
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	long us = limit / 4 + (long)(w->random % (uint64_t)limit);
	struct timespec t = { .tv_nsec = us * 1000 };
	nanosleep(&t, NULL);
}

static enum err run_once(struct dbc *c, struct db_job *job)
{
	enum err err = c->drv->revive(c);
	if (err != OK)
		return err;
	ids_top_up(c);
	c->id_most = 0;
	err = dbc_tx(c, OP_BEGIN_WRITE);
	if (err == OK)
		err = job_call(c, job);
	if (err == OK) {
		err = dbc_tx(c, OP_COMMIT);
		if (err == OK)
			return OK;
		if (c->lost)
			err = ERR_IO; /* nobody knows whether it was committed */
	} else if (c->lost) {
		err = ERR_RETRY; /* certainly not committed */
	}
	dbc_rollback(c);
	if (c->id_short) {
		enum err got = ids_refill(c);
		err = got == OK ? ERR_RETRY : got;
	}
	return err;
}

static enum err run_turn(struct writer *w, struct db_job *job, unsigned try)
{
	pthread_rwlock_t *turn = &w->db->turn;
	if (try < TRIES_ALONE)
		pthread_rwlock_rdlock(turn);
	else
		pthread_rwlock_wrlock(turn);
	enum err err = run_once(w->c, job);
	pthread_rwlock_unlock(turn);
	return err;
}

static void run_single(struct writer *w)
{
	enum err err = ERR_RETRY;
	for (unsigned try = 0; err == ERR_RETRY && try < TRIES_PG; try++) {
		if (try > 0)
			pause_random(w, try);
		err = run_turn(w, w->job[0], try);
	}
	if (err == OK)
		announce(w->db);
	complete(w->job[0], err);
}

/* ---- the queue ---- */

/* Waits for work; 0 when the store is closing and nothing is left. */
static size_t take_jobs(struct writer *w, size_t max)
{
	struct db *db = w->db;
	pthread_mutex_lock(&db->lock);
	while (!db->head && !db->closing)
		pthread_cond_wait(&db->work, &db->lock);
	w->n = 0;
	while (db->head && w->n < max) {
		struct db_job *job = db->head;
		db->head = job->next;
		job->next = NULL;
		w->job[w->n++] = job;
	}
	if (!db->head)
		db->tail = NULL;
	db->queued -= w->n;
	pthread_mutex_unlock(&db->lock);
	return w->n;
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	bool batches = w->c->drv->engine == DB_SQLITE;
	while (take_jobs(w, batches ? w->db->batch : 1) > 0) {
		if (batches)
			run_batch(w);
		else
			run_single(w);
	}
	return NULL;
}

enum err db_submit(struct db *db, struct db_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&db->lock);
	enum err err = db->closing ? ERR_IO : db->queued >= QUEUE_MAX ? ERR_LIMIT : OK;
	if (err == OK) {
		if (db->tail)
			db->tail->next = job;
		else
			db->head = job;
		db->tail = job;
		db->queued++;
		pthread_cond_signal(&db->work);
	}
	pthread_mutex_unlock(&db->lock);
	return err;
}

struct wait {
	db_fn fn;
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool over;
	enum err err;
};

static enum err wait_fn(struct dbc *c, void *arg)
{
	struct wait *w = arg;
	return w->fn(c, w->arg);
}

static void wait_done(enum err err, void *arg)
{
	struct wait *w = arg;
	pthread_mutex_lock(&w->lock);
	w->err = err;
	w->over = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static bool on_writer_thread(struct db *db)
{
	for (size_t i = 0; i < db->nwriters; i++)
		if (pthread_equal(db->writers[i].thread, pthread_self()))
			return true;
	return false;
}

enum err db_write(struct db *db, db_fn fn, void *arg)
{
	if (on_writer_thread(db))
		return db_misuse(db->writers[0].c, "db_write from inside a job");
	struct wait w = { .fn = fn, .arg = arg };
	if (pthread_mutex_init(&w.lock, NULL))
		return ERR_NOMEM;
	if (pthread_cond_init(&w.cond, NULL)) {
		pthread_mutex_destroy(&w.lock);
		return ERR_NOMEM;
	}
	struct db_job job = { .fn = wait_fn, .done = wait_done, .arg = &w };
	enum err err = db_submit(db, &job);
	if (err == OK) {
		pthread_mutex_lock(&w.lock);
		while (!w.over)
			pthread_cond_wait(&w.cond, &w.lock);
		pthread_mutex_unlock(&w.lock);
		err = w.err;
	}
	pthread_cond_destroy(&w.cond);
	pthread_mutex_destroy(&w.lock);
	return err;
}

bool db_wait_commit(struct db *db, int timeout_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&db->lock);
	int rc = 0;
	while (db->commits == db->commits_seen && rc == 0)
		rc = pthread_cond_timedwait(&db->commit, &db->lock, &until);
	bool any = db->commits != db->commits_seen;
	db->commits_seen = db->commits;
	pthread_mutex_unlock(&db->lock);
	return any;
}

/* ---- threads ---- */

static enum err writer_start(struct db *db, struct writer *w, struct error *e)
{
	size_t n = db->drv->engine == DB_SQLITE ? db->batch : 1;
	w->db = db;
	w->random =
		(uint64_t)time_now() * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)(uintptr_t)w + 1;
	w->job = calloc(n, sizeof(struct db_job *));
	w->state = calloc(n, 1);
	w->tries = calloc(n, 1);
	w->result = calloc(n, sizeof(*w->result));
	if (!w->job || !w->state || !w->tries || !w->result)
		return err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
	return dbc_new(db, true, &w->c, e);
}

enum err writer_start_all(struct db *db, int count, struct error *e)
{
	db->writers = calloc((size_t)count, sizeof(*db->writers));
	if (!db->writers)
		return err_set(e, ERR_NOMEM, "store.memory", "", "out of memory");
	db->nwriters = (size_t)count;
	for (size_t i = 0; i < db->nwriters; i++) {
		enum err err = writer_start(db, &db->writers[i], e);
		if (err != OK)
			return err;
	}
	for (size_t i = 0; i < db->nwriters; i++) {
		struct writer *w = &db->writers[i];
		if (pthread_create(&w->thread, NULL, writer_main, w))
			return err_set(e, ERR_NOMEM, "store.thread", "", "no writer thread");
		w->started = true;
	}
	return OK;
}

void writer_stop_all(struct db *db)
{
	pthread_mutex_lock(&db->lock);
	db->closing = true;
	pthread_cond_broadcast(&db->work);
	pthread_mutex_unlock(&db->lock);
	for (size_t i = 0; i < db->nwriters; i++) {
		struct writer *w = &db->writers[i];
		if (w->started)
			pthread_join(w->thread, NULL);
		dbc_free(w->c);
		free(w->job);
		free(w->state);
		free(w->tries);
		free(w->result);
	}
	free(db->writers);
}
