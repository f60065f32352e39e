/*
 * What writing jobs do to each other, on both engines: durability and unique ids under many threads
 * (R028 and every acknowledged write depend on it), rollback of one among many, conflicts, faults
 * at every SQL call, a full disk, a broken connection.
 */
#include "db/test_store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 64, WRITES = 50 };

struct fix {
	struct test_store store;
	struct db *db;
	struct dbc *c;
};

static const struct migration tables[] = {
	{ 1, "tables",
		"CREATE TABLE item (id BIGINT PRIMARY KEY, thread BIGINT, n BIGINT);"
		"CREATE TABLE history (id BIGINT PRIMARY KEY, item BIGINT NOT NULL REFERENCES item "
		"(id));"
		"CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL CHECK (n < "
		"1000000));"
		"INSERT INTO counter (id, n) VALUES (1, 0)",
		NULL, NULL },
};

static const char item_sql[] = "INSERT INTO item (id, thread, n) VALUES ($1, $2, $3)";
static const char history_sql[] = "INSERT INTO history (id, item) VALUES ($1, $2)";
static const char items_sql[] = "SELECT count(*) FROM item";
static const char histories_sql[] = "SELECT count(*) FROM history";

static void store_open(struct fix *f, int batch)
{
	struct error e = { .err = OK };
	struct db_config cfg = { .url = f->store.url, .writers = 6, .batch = batch };
	if (db_open(&cfg, &f->db, &e) != OK || db_migrate(f->db, tables, 1, NULL, &e) != OK ||
		db_reader_open(f->db, &f->c) != OK) {
		fprintf(stderr, "%s\n", e.message);
		abort();
	}
}

static void store_close(struct fix *f)
{
	dbc_free(f->c);
	db_close(f->db);
	f->c = NULL;
	f->db = NULL;
}

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	const enum db_engine *engine = *state;
	if (!f || test_store_make(*engine, &f->store) != OK)
		abort();
	store_open(f, 16);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;
	store_close(f);
	test_store_drop(&f->store);
	free(f);
	return 0;
}

static int64_t number(struct fix *f, const char *sql)
{
	int64_t n = NIL;
	assert_int_equal(db_int(f->c, sql, NO_ARGS, &n), OK);
	return n;
}

/* An item with its history row: two tables that must agree. */
struct pair {
	struct fix *f;
	int64_t thread, n;
	bool fail;
	enum err result;
	atomic_int told;
	int runs;
};

static enum err put_pair(struct dbc *c, void *arg)
{
	struct pair *p = arg;
	p->runs++;
	int64_t item = db_new_id(c);
	enum err err = db_exec(c, item_sql, ARGS(I(item), I(p->thread), I(p->n)), NULL);
	if (err == OK)
		err = db_exec(c, history_sql, ARGS(I(db_new_id(c)), I(item)), NULL);
	if (err == OK && p->fail)
		return ERR_DENIED;
	return err;
}

static void pair_told(enum err err, void *arg)
{
	struct pair *p = arg;
	p->result = err;
	atomic_fetch_add(&p->told, 1);
}

/* ---- many threads ---- */

static void *write_many(void *arg)
{
	struct pair *p = arg;
	for (int i = 0; i < WRITES && p->result == OK; i++) {
		struct pair one = { .thread = p->thread, .n = i };
		p->result = db_write(p->f->db, put_pair, &one);
	}
	return NULL;
}

static void test_threads_lose_nothing(void **state)
{
	struct fix *f = *state;
	pthread_t t[THREADS];
	struct pair p[THREADS];
	for (int i = 0; i < THREADS; i++) {
		p[i] = (struct pair){ .f = f, .thread = i };
		assert_int_equal(pthread_create(&t[i], NULL, write_many, &p[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(p[i].result, OK);
	}
	store_close(f);
	store_open(f, 16);
	assert_int_equal(number(f, items_sql), THREADS * WRITES);
	assert_int_equal(
		number(f, "SELECT count(*) FROM (SELECT DISTINCT thread, n FROM item) AS x"),
		THREADS * WRITES);
	assert_int_equal(
		number(f, "SELECT count(*) FROM item JOIN history ON history.item = item.id"),
		THREADS * WRITES);
	/* Ids are unique over the whole store, not only within a table. */
	assert_int_equal(
		number(f, "SELECT count(*) FROM item JOIN history ON history.id = item.id"), 0);
}

static enum err count_up(struct dbc *c, void *arg)
{
	(void)arg;
	int64_t n = 0;
	enum err err = db_int(c, "SELECT n FROM counter WHERE id = 1", NO_ARGS, &n);
	if (err != OK)
		return err;
	return db_exec(c, "UPDATE counter SET n = $1 WHERE id = 1", ARGS(I(n + 1)), NULL);
}

static void *count_many(void *arg)
{
	struct pair *p = arg;
	for (int i = 0; i < 25 && p->result == OK; i++)
		p->result = db_write(p->f->db, count_up, NULL);
	return NULL;
}

static void test_conflicts_are_run_again(void **state)
{
	struct fix *f = *state;
	pthread_t t[16];
	struct pair p[16];
	for (int i = 0; i < 16; i++) {
		p[i] = (struct pair){ .f = f };
		assert_int_equal(pthread_create(&t[i], NULL, count_many, &p[i]), 0);
	}
	for (int i = 0; i < 16; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(p[i].result, OK);
	}
	assert_int_equal(number(f, "SELECT n FROM counter WHERE id = 1"), 16 * 25);
}

static void test_two_processes_share_a_store(void **state)
{
	struct fix *f = *state;
	struct fix other = { .store = f->store };
	store_open(&other, 4);
	pthread_t t[8];
	struct pair p[8];
	for (int i = 0; i < 8; i++) {
		p[i] = (struct pair){ .f = i % 2 ? f : &other, .thread = i };
		assert_int_equal(pthread_create(&t[i], NULL, write_many, &p[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(p[i].result, OK);
	}
	store_close(&other);
	assert_int_equal(number(f, items_sql), 8 * WRITES);
	assert_int_equal(number(f, histories_sql), 8 * WRITES);
}

/* ---- batches ---- */

struct gate {
	pthread_mutex_t lock;
	struct db_job job;
	atomic_int told;
	enum err result;
};

static enum err wait_gate(struct dbc *c, void *arg)
{
	struct gate *g = arg;
	(void)c;
	pthread_mutex_lock(&g->lock);
	pthread_mutex_unlock(&g->lock);
	return OK;
}

static void gate_told(enum err err, void *arg)
{
	struct gate *g = arg;
	g->result = err;
	atomic_fetch_add(&g->told, 1);
}

/* Holds every writer until the gate opens, so that what is submitted meanwhile waits together. */
static void gates_shut(struct fix *f, struct gate *g, int n)
{
	for (int i = 0; i < n; i++) {
		pthread_mutex_init(&g[i].lock, NULL);
		pthread_mutex_lock(&g[i].lock);
		atomic_init(&g[i].told, 0);
		g[i].job = (struct db_job){ .fn = wait_gate, .done = gate_told, .arg = &g[i] };
		assert_int_equal(db_submit(f->db, &g[i].job), OK);
	}
	usleep(100000);
}

static void gates_open(struct gate *g, int n)
{
	for (int i = 0; i < n; i++)
		pthread_mutex_unlock(&g[i].lock);
}

static void await_told(atomic_int *told)
{
	for (int i = 0; i < 30000 && !atomic_load(told); i++)
		usleep(1000);
	assert_int_equal(atomic_load(told), 1);
}

static int gates_of(const struct fix *f)
{
	return f->store.engine == DB_SQLITE ? 1 : 6;
}

static void test_one_failure_among_many(void **state)
{
	struct fix *f = *state;
	struct gate g[6];
	struct pair p[100];
	struct db_job job[100];
	gates_shut(f, g, gates_of(f));
	for (int i = 0; i < 100; i++) {
		p[i] = (struct pair){ .thread = i, .n = i, .fail = i % 7 == 3 };
		job[i] = (struct db_job){ .fn = put_pair, .done = pair_told, .arg = &p[i] };
		assert_int_equal(db_submit(f->db, &job[i]), OK);
	}
	gates_open(g, gates_of(f));
	int64_t good = 0;
	for (int i = 0; i < 100; i++) {
		await_told(&p[i].told);
		assert_int_equal(p[i].result, p[i].fail ? ERR_DENIED : OK);
		good += p[i].result == OK;
	}
	assert_int_equal(number(f, items_sql), good);
	assert_int_equal(number(f, histories_sql), good);
	assert_int_equal(number(f, "SELECT count(*) FROM item WHERE n % 7 = 3"), 0);
}

static void test_queue_is_bounded(void **state)
{
	struct fix *f = *state;
	struct gate g[6];
	enum { MORE = 4096 };
	struct pair *p = calloc(MORE + 1, sizeof(*p));
	struct db_job *job = calloc(MORE + 1, sizeof(*job));
	assert_true(p && job);
	gates_shut(f, g, gates_of(f));
	for (int i = 0; i <= MORE; i++) {
		job[i] = (struct db_job){ .fn = count_up, .done = pair_told, .arg = &p[i] };
		assert_int_equal(db_submit(f->db, &job[i]), i < MORE ? OK : ERR_LIMIT);
		if (i == 63 && f->store.engine == DB_PG)
			break; /* conflicts of four thousand would take minutes; the queue is the
				  same */
	}
	gates_open(g, gates_of(f));
	for (int i = 0; i < (f->store.engine == DB_PG ? 64 : MORE); i++) {
		await_told(&p[i].told);
		assert_int_equal(p[i].result, OK);
	}
	assert_int_equal(atomic_load(&p[MORE].told), 0);
	free(p);
	free(job);
}

struct seen {
	struct fix *f;
	int64_t count;
	enum err err;
	atomic_int told;
	struct pair pair;
};

static enum err seen_fn(struct dbc *c, void *arg)
{
	struct seen *s = arg;
	return put_pair(c, &s->pair);
}

static void seen_done(enum err err, void *arg)
{
	struct seen *s = arg;
	s->err = err;
	if (db_int(s->f->c, items_sql, NO_ARGS, &s->count) != OK)
		s->count = -1;
	atomic_fetch_add(&s->told, 1);
}

static void test_done_follows_the_commit(void **state)
{
	struct fix *f = *state;
	struct seen s = { .f = f };
	struct db_job job = { .fn = seen_fn, .done = seen_done, .arg = &s };
	assert_int_equal(db_submit(f->db, &job), OK);
	await_told(&s.told);
	assert_int_equal(s.err, OK);
	assert_int_equal(s.count, 1);
}

static void *write_later(void *arg)
{
	struct pair *p = arg;
	usleep(50000);
	p->result = db_write(p->f->db, put_pair, p);
	return NULL;
}

static void test_commit_wakes_the_waiter(void **state)
{
	struct fix *f = *state;
	struct pair p = { .f = f }, bad = { .fail = true };
	pthread_t t;
	assert_false(db_wait_commit(f->db, 20));
	assert_int_equal(db_write(f->db, put_pair, &bad), ERR_DENIED);
	assert_false(db_wait_commit(f->db, 20));
	assert_int_equal(pthread_create(&t, NULL, write_later, &p), 0);
	int64_t from = time_monotonic();
	assert_true(db_wait_commit(f->db, 20000));
	assert_true(time_monotonic() - from < 15000);
	pthread_join(t, NULL);
	assert_int_equal(p.result, OK);
	db_wait_commit(f->db, 20);
	assert_false(db_wait_commit(f->db, 20));
}

/* ---- errors of a job ---- */

static enum err twice_same(struct dbc *c, void *arg)
{
	enum err *seen = arg;
	enum err err = db_exec(c, item_sql, ARGS(I(1), I(1), I(1)), NULL);
	if (err != OK)
		return err;
	seen[0] = db_exec(c, item_sql, ARGS(I(1), I(2), I(2)), NULL);
	seen[1] = db_exec(c, item_sql, ARGS(I(2), I(2), I(2)), NULL);
	return OK; /* an error swallowed */
}

static enum err check_violated(struct dbc *c, void *arg)
{
	(void)arg;
	return db_exec(c, "UPDATE counter SET n = 1000000", NO_ARGS, NULL);
}

static enum err key_violated(struct dbc *c, void *arg)
{
	(void)arg;
	return db_exec(c, history_sql, ARGS(I(1), I(404)), NULL);
}

static void test_sql_error_ends_the_transaction(void **state)
{
	struct fix *f = *state;
	enum err seen[2] = { OK, OK };
	assert_int_equal(db_write(f->db, twice_same, seen), ERR_CONFLICT);
	assert_int_equal(seen[0], ERR_CONFLICT);
	assert_int_equal(seen[1], ERR_CONFLICT);
	assert_int_equal(number(f, items_sql), 0);
	assert_int_equal(db_write(f->db, check_violated, NULL), ERR_CONFLICT);
	assert_int_equal(db_write(f->db, key_violated, NULL), ERR_CONFLICT);
	assert_int_equal(number(f, "SELECT n FROM counter"), 0);
}

struct hunger {
	int want, runs;
	int64_t first, last;
};

static enum err take_ids(struct dbc *c, void *arg)
{
	struct hunger *h = arg;
	h->runs++;
	h->first = h->last = NIL;
	for (int i = 0; i < h->want; i++) {
		int64_t id = db_new_id(c);
		if (id == NIL)
			return ERR_BUG; /* whatever the job says, it is run again */
		if (id <= h->last)
			return ERR_CONFLICT;
		h->last = id;
		if (i == 0)
			h->first = id;
	}
	return db_exec(c, item_sql, ARGS(I(h->last), I(0), I(0)), NULL);
}

static void test_a_job_may_take_many_ids(void **state)
{
	struct fix *f = *state;
	struct hunger h = { .want = 300000 }, after = { .want = 1 };
	assert_int_equal(db_write(f->db, take_ids, &h), OK);
	assert_true(h.runs > 1);
	store_close(f);
	store_open(f, 1);
	assert_int_equal(db_write(f->db, take_ids, &after), OK);
	assert_true(after.first > h.last || after.first < h.first);
}

static enum err always_retry(struct dbc *c, void *arg)
{
	(void)c;
	++*(int *)arg;
	return ERR_RETRY;
}

static void test_retries_end(void **state)
{
	struct fix *f = *state;
	int runs = 0;
	assert_int_equal(db_write(f->db, always_retry, &runs), ERR_RETRY);
	assert_true(runs > 1 && runs < 100);
}

static enum err own_chain(struct dbc *c, void *arg)
{
	int64_t *chain = arg;
	*chain = dbc_chain(c);
	return OK;
}

static void test_chains_are_small_numbers(void **state)
{
	struct fix *f = *state;
	struct fix other = { .store = f->store };
	int64_t mine = 0, theirs = 0;
	store_open(&other, 4);
	assert_int_equal(db_write(f->db, own_chain, &mine), OK);
	assert_int_equal(db_write(other.db, own_chain, &theirs), OK);
	assert_true(mine >= 1 && theirs >= 1);
	if (f->store.engine == DB_SQLITE)
		assert_int_equal(mine, 1);
	else
		assert_int_not_equal(mine, theirs);
	store_close(&other);
}

/* ---- faults ---- */

/* Fails the n-th SQL call of one write, for n = 1, 2, … until none fails. */
static void fault_loop(struct fix *f, bool persistent)
{
	int64_t want = number(f, items_sql);
	bool fired = true;
	for (int nth = 1; fired && nth < 100; nth++) {
		struct pair p = { .n = nth };
		db_fault_arm(f->db, nth, persistent);
		enum err err = db_write(f->db, put_pair, &p);
		fired = db_fault_arm(f->db, 0, false);
		/* A failed reservation ahead of need is nobody's failure. */
		assert_true(err == OK || (fired && err == ERR_IO));
		want += err == OK;
		assert_int_equal(number(f, items_sql), want);
		assert_int_equal(number(f, histories_sql), want);
	}
	assert_false(fired);
}

static void test_each_call_may_fail(void **state)
{
	struct fix *f = *state;
	fault_loop(f, false);
	fault_loop(f, true);
	int64_t n = 5;
	db_fault_arm(f->db, 1, false);
	assert_int_equal(db_int(f->c, items_sql, NO_ARGS, &n), ERR_IO);
	assert_int_equal(n, 5);
	assert_true(db_fault_arm(f->db, 1, false));
	assert_int_equal(db_snapshot_begin(f->c), ERR_IO);
	assert_true(db_fault_arm(f->db, 0, false));
	assert_int_equal(number(f, "SELECT count(*) FROM counter"), 1);
}

static void batch_with_fault(struct fix *f, int nth, bool *ret_fired)
{
	struct gate g[6];
	struct pair p[12];
	struct db_job job[12];
	int64_t before = number(f, items_sql), good = 0;
	gates_shut(f, g, gates_of(f));
	for (int i = 0; i < 12; i++) {
		p[i] = (struct pair){ .thread = nth, .n = i };
		job[i] = (struct db_job){ .fn = put_pair, .done = pair_told, .arg = &p[i] };
		assert_int_equal(db_submit(f->db, &job[i]), OK);
	}
	db_fault_arm(f->db, nth, false);
	gates_open(g, gates_of(f));
	for (int i = 0; i < 12; i++) {
		await_told(&p[i].told);
		assert_true(p[i].result == OK || p[i].result == ERR_IO);
		good += p[i].result == OK;
	}
	for (int i = 0; i < gates_of(f); i++)
		await_told(&g[i].told);
	*ret_fired = db_fault_arm(f->db, 0, false);
	assert_int_equal(number(f, items_sql), before + good);
	assert_int_equal(number(f, histories_sql), before + good);
	/* Only the commit or the begin of a whole batch concerns more than one. */
	if (f->store.engine == DB_PG)
		assert_true(good >= 11);
}

static void test_a_fault_in_a_batch(void **state)
{
	struct fix *f = *state;
	bool fired = true;
	for (int nth = 1; fired; nth += 3)
		batch_with_fault(f, nth, &fired);
}

/* ---- SQLite alone ---- */

static enum err limit_pages(struct dbc *c, void *arg)
{
	const char *const *sql = arg;
	return rows_close(db_query(c, *sql, NO_ARGS));
}

static enum err put_thousands(struct dbc *c, void *arg)
{
	(void)arg;
	for (int i = 0; i < 20000; i++) {
		enum err err = db_exec(c, item_sql, ARGS(I(db_new_id(c)), I(i), I(i)), NULL);
		if (err != OK)
			return err;
	}
	return OK;
}

static void test_full_disk(void **state)
{
	struct fix *f = *state;
	if (f->store.engine != DB_SQLITE)
		return;
	const char *small = "PRAGMA max_page_count = 60",
		   *large = "PRAGMA max_page_count = 1000000";
	struct gate g;
	struct pair p[8];
	struct db_job job[8];
	assert_int_equal(db_write(f->db, limit_pages, &small), OK);
	gates_shut(f, &g, 1);
	for (int i = 0; i < 8; i++) {
		p[i] = (struct pair){ .thread = i };
		job[i] = (struct db_job){
			.fn = i == 4 ? put_thousands : put_pair, .done = pair_told, .arg = &p[i]
		};
		assert_int_equal(db_submit(f->db, &job[i]), OK);
	}
	gates_open(&g, 1);
	for (int i = 0; i < 8; i++) {
		await_told(&p[i].told);
		assert_int_equal(p[i].result, i == 4 ? ERR_IO : OK);
	}
	assert_int_equal(number(f, items_sql), 7);
	assert_int_equal(db_write(f->db, put_thousands, NULL), ERR_IO);
	assert_int_equal(db_write(f->db, limit_pages, &large), OK);
	assert_int_equal(db_write(f->db, put_thousands, NULL), OK);
	assert_int_equal(number(f, items_sql), 20007);
	struct error e = { .err = OK };
	assert_int_equal(db_check(f->db, &e), OK);
}

static void test_fast_store_is_whole_after_close(void **state)
{
	struct fix *f = *state;
	if (f->store.engine != DB_SQLITE)
		return;
	store_close(f);
	struct db_config cfg = { .url = f->store.url, .unsafe_fast = true };
	char wal[128];
	snprintf(wal, sizeof(wal), "%s-wal", f->store.path);
	assert_int_equal(db_open(&cfg, &f->db, NULL), OK);
	assert_int_equal(db_write(f->db, put_thousands, NULL), OK);
	db_close(f->db);
	assert_int_not_equal(access(wal, F_OK), 0);
	store_open(f, 16);
	assert_int_equal(number(f, items_sql), 20000);
}

/* ---- PostgreSQL alone ---- */

static enum err cut_once(struct dbc *c, void *arg)
{
	struct pair *p = arg;
	enum err err = put_pair(c, p);
	if (err == OK && p->runs <= 1) {
		err = rows_close(
			db_query(c, "SELECT pg_terminate_backend(pg_backend_pid())", NO_ARGS));
		p->thread = err; /* the statement itself fails: the line is dead */
	}
	return err;
}

static enum err cut_others(struct dbc *c, void *arg)
{
	(void)arg;
	return rows_close(db_query(c,
		"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
		" WHERE datname = current_database() AND pid <> pg_backend_pid()"
		" AND application_name = current_setting('application_name')",
		NO_ARGS));
}

static void test_broken_connections_are_replaced(void **state)
{
	struct fix *f = *state;
	if (f->store.engine != DB_PG)
		return;
	struct pair p = { .n = 1 };
	assert_int_equal(db_write(f->db, cut_once, &p), OK);
	assert_true(p.runs >= 2);
	assert_int_equal(number(f, items_sql), 1);
	assert_int_equal(db_write(f->db, cut_others, NULL), OK);
	usleep(100000);
	for (int i = 0; i < 12; i++) {
		struct pair q = { .n = i };
		assert_int_equal(db_write(f->db, put_pair, &q), OK);
	}
	assert_int_equal(number(f, items_sql), 13);
}

static const enum db_engine engine_of_group[] = { DB_SQLITE, DB_PG };

/* The group's state is its engine; setup turns it into a store. */
static int group_state(void **state, const enum db_engine *engine)
{
	memcpy(state, &engine, sizeof(engine));
	return 0;
}

static int engine_sqlite(void **state)
{
	return group_state(state, &engine_of_group[0]);
}

static int engine_pg(void **state)
{
	return group_state(state, &engine_of_group[1]);
}

int main(void)
{
#define BOTH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest both[] = {
		BOTH(test_threads_lose_nothing),
		BOTH(test_conflicts_are_run_again),
		BOTH(test_two_processes_share_a_store),
		BOTH(test_one_failure_among_many),
		BOTH(test_queue_is_bounded),
		BOTH(test_done_follows_the_commit),
		BOTH(test_commit_wakes_the_waiter),
		BOTH(test_sql_error_ends_the_transaction),
		BOTH(test_a_job_may_take_many_ids),
		BOTH(test_retries_end),
		BOTH(test_chains_are_small_numbers),
		BOTH(test_each_call_may_fail),
		BOTH(test_a_fault_in_a_batch),
		BOTH(test_full_disk),
		BOTH(test_fast_store_is_whole_after_close),
		BOTH(test_broken_connections_are_replaced),
	};
	int failed = cmocka_run_group_tests_name("writers on SQLite", both, engine_sqlite, NULL);
	if (test_pg_present())
		failed +=
			cmocka_run_group_tests_name("writers on PostgreSQL", both, engine_pg, NULL);
	return failed;
}
