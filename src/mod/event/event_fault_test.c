/*
 * The N-th SQL call, then the N-th allocation fails, for N = 1, 2, … until none is left to fail: once, and from
 * then on. For every step of an event's way: the answer is an error in the one form, nothing is half
 * written, and the same request sent again (under its Idempotency-Key) succeeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mod/event/test_event.h"

enum { NTH_MAX = 3000, REPLY_ROOM = 1 << 18 };
enum what { SQL_CALL, ALLOCATION };

/* ---- allocations of the product (not of the libraries it uses) go through here ---- */

static atomic_llong alloc_left; /* 0: off */
static atomic_bool alloc_fired, alloc_persistent;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool alloc_fails(void)
{
	if (atomic_load(&alloc_left) == 0)
		return false;
	if (atomic_fetch_sub(&alloc_left, 1) != 1)
		return false;
	atomic_store(&alloc_fired, true);
	if (atomic_load(&alloc_persistent))
		atomic_store(&alloc_left, 1);
	return true;
}

void *__wrap_malloc(size_t n)
{
	return alloc_fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return alloc_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return alloc_fails() ? NULL : __real_realloc(p, n);
}

static void arm(struct test_app *t, enum what w, int64_t nth, bool persistent)
{
	if (w == SQL_CALL) {
		(void)db_fault_arm(t->app.db, nth, persistent);
		return;
	}
	atomic_store(&alloc_fired, false);
	atomic_store(&alloc_persistent, persistent);
	atomic_store(&alloc_left, nth);
}

static bool disarm(struct test_app *t, enum what w)
{
	if (w == SQL_CALL)
		return db_fault_arm(t->app.db, 0, false);
	atomic_store(&alloc_left, 0);
	return atomic_load(&alloc_fired);
}

/* ---- what the store holds ---- */

static const char *const counted[] = {
	"SELECT count(*) FROM matter",
	"SELECT CAST(COALESCE(sum(version), 0) AS BIGINT) FROM matter",
	"SELECT count(*) FROM matter_run",
	"SELECT count(*) FROM matter_run WHERE stop_at IS NOT NULL",
	"SELECT count(*) FROM matter_log",
	"SELECT count(*) FROM matter_party",
	"SELECT count(*) FROM matter_unit",
	"SELECT count(*) FROM audit",
	"SELECT count(*) FROM tally_delta",
	"SELECT count(*) FROM outbox",
	"SELECT count(*) FROM idempotency",
};

struct held {
	int64_t n[ARRAY_LEN(counted)];
};

static struct held held(struct test_app *t)
{
	struct held h;

	for (size_t i = 0; i < ARRAY_LEN(counted); i++)
		assert_int_equal(db_int(t->reader, counted[i], NO_ARGS, &h.n[i]), OK);
	return h;
}

static bool same_delta(const struct held *from, const struct held *to, const struct held *want)
{
	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		if (to->n[i] - from->n[i] != want->n[i])
			return false;
	}
	return true;
}

/* ---- steps ---- */

static const struct step {
	const char *login, *action, *body;
	int status;
} steps[] = {
	{ "duty", NULL, "{\"text\":\"路灯不亮\",\"code\":\"MS30\",\"place\":\"" GRID1 "\",\"reporter_name\":\"王甲\"}", 201 },
	{ "duty", "accept", "{}", 200 },
	{ "duty", "dispatch", "{\"unit_id\":\"" CM "\"}", 200 },
	{ "cm", "sign", "{}", 200 },
	{ "cm", "finish", "{\"result\":\"修好了\",\"contacted\":true}", 200 },
	{ "secretary", "pass", "{}", 200 },
};

struct probe {
	struct test_app *t;
	enum what what;
	bool persistent;
	int64_t keys; /* for new Idempotency-Keys */
	char key[64];
};

static void new_key(struct probe *p)
{
	snprintf(p->key, sizeof(p->key), "key-%lld", (long long)++p->keys);
	p->t->key = p->key;
}

static void request_of(const struct step *s, int64_t id, char ret[160])
{
	if (s->action == NULL)
		snprintf(ret, 160, "/api/events");
	else
		snprintf(ret, 160, "/api/events/%lld/actions/%s", (long long)id, s->action);
}

/* The call under a fault. Returns the status, 0 when there was no reply at all. */
static int broken_call(struct probe *p, const struct step *s, int64_t id, int64_t nth, bool *ret_fired)
{
	struct test_app *t = p->t;
	char target[160], token[32];
	int status = 0;
	enum err err;

	ev_as(t, s->login);
	request_of(s, id, target);
	snprintf(token, sizeof(token), "%lld", (long long)(intptr_t)t);
	const struct call call = { .method = M_POST, .target = str_z(target), .token = str_z(token),
		.body = str_z(s->body), .content_type = STR("application/json"), .idempotency_key = str_z(t->key),
		.reader = t->reader };

	buf_reset(&t->raw);
	arm(t, p->what, nth, p->persistent);
	err = http_call(&t->app, t->app.db, t->app.router, &t->hooks, &call, &t->raw, &status);
	*ret_fired = disarm(t, p->what);
	if (err != OK && err != ERR_NOMEM && err != ERR_IO)
		fail_msg("%s: no reply: %s", target, err_name(err));
	return err == OK ? status : 0;
}

static int64_t clean_call(struct probe *p, const struct step *s, int64_t id)
{
	char target[160], request[200];
	int64_t made = id;

	ev_as(p->t, s->login);
	request_of(s, id, target);
	snprintf(request, sizeof(request), "POST %s", target);
	if (test_call(p->t, request, s->body) != s->status)
		fail_msg("%s: %d %s %s", request, p->t->status, test_error(p->t), test_str(p->t, "error.message"));
	if (s->action == NULL)
		assert_true(str_i64(str_z(test_str(p->t, "id")), &made));
	return made;
}

/* An event on which step `k` is next; 0 before the first. */
static int64_t event_before(struct probe *p, size_t k)
{
	int64_t id = 0;

	for (size_t i = 0; i < k; i++) {
		new_key(p);
		id = clean_call(p, &steps[i], id);
	}
	return id;
}

/* Of a whole step, the rows it adds. */
static struct held whole_step(struct probe *p, size_t k)
{
	int64_t id = event_before(p, k);
	struct held from = held(p->t), to;

	new_key(p);
	(void)clean_call(p, &steps[k], id);
	to = held(p->t);
	for (size_t i = 0; i < ARRAY_LEN(counted); i++)
		to.n[i] -= from.n[i];
	return to;
}

static void check_reply(const struct probe *p, const struct step *s, int64_t nth, int status)
{
	const struct buf *raw = &p->t->raw;

	/* without any memory not even the error can be written */
	if (status == 0 || (status >= 500 && raw->n == 0 && p->what == ALLOCATION && p->persistent))
		return;
	if (status < 500 || raw->n < 20 || memcmp(raw->p, "{\"error\":{\"code\":", 17) != 0)
		fail_msg("%s, fault %lld: %d %.*s", s->action != NULL ? s->action : "report", (long long)nth, status, (int)raw->n,
			 raw->p);
}

/* False when nothing was left to fail. */
static bool one_fault(struct probe *p, size_t k, int64_t id, int64_t nth, const struct held *whole)
{
	static const struct held nothing;
	const struct step *s = &steps[k];
	struct held from = held(p->t), to;
	bool fired;

	new_key(p);
	int status = broken_call(p, s, id, nth, &fired);

	to = held(p->t);
	if (status == s->status) {
		/* what failed could be done without (a log line), or nothing did: then all of it is there */
		if (!same_delta(&from, &to, whole))
			fail_msg("%s, fault %lld: answered %d, but half is written", s->action != NULL ? s->action : "report",
				 (long long)nth, status);
	} else {
		assert_true(fired);
		check_reply(p, s, nth, status);
		if (!same_delta(&from, &to, &nothing))
			fail_msg("%s, fault %lld: refused with %d, but something is written",
				 s->action != NULL ? s->action : "report", (long long)nth, status);
	}
	(void)clean_call(p, s, id); /* under the same key: again, or the answer of before */
	to = held(p->t);
	if (!same_delta(&from, &to, whole))
		fail_msg("%s, fault %lld: sent again it does not come to one", s->action != NULL ? s->action : "report",
			 (long long)nth);
	return fired;
}

static void fault_loop(struct test_app *t, enum what w, bool persistent)
{
	struct probe p = { .t = t, .what = w, .persistent = persistent };
	/* the same calls on both engines; each commit there costs more */
	int64_t total = 0, stride = db_engine_of(t->app.db) == DB_PG ? 4 : 1;

	for (int i = 0; i < REPLY_ROOM; i++)
		buf_char(&t->raw, ' '); /* so that the reply needs no allocation of the test's own */
	for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
		struct held whole = whole_step(&p, k);
		int64_t nth = 1;

		for (; nth < NTH_MAX && one_fault(&p, k, event_before(&p, k), nth, &whole); nth += stride)
			total++;
		assert_in_range(nth, 5, NTH_MAX - 1);
	}
	print_message("%lld %s failed %s\n", (long long)total, w == SQL_CALL ? "SQL calls" : "allocations",
		persistent ? "for good" : "once");
}

static void test_sql_once(void **state)
{
	SKIP_WITHOUT(*state);
	fault_loop(*state, SQL_CALL, false);
}

static void test_sql_for_good(void **state)
{
	SKIP_WITHOUT(*state);
	fault_loop(*state, SQL_CALL, true);
}

static void test_allocation_once(void **state)
{
	SKIP_WITHOUT(*state);
	fault_loop(*state, ALLOCATION, false);
}

static void test_allocation_for_good(void **state)
{
	SKIP_WITHOUT(*state);
	fault_loop(*state, ALLOCATION, true);
}

TEST_FIXTURE(event_fresh);

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_sql_once), TEST_BOTH(test_sql_for_good),
		/* what is allocated above the drivers is the same on both */
		cmocka_unit_test_prestate_setup_teardown(test_allocation_once, test_setup, test_done, &on_sqlite),
		cmocka_unit_test_prestate_setup_teardown(test_allocation_for_good, test_setup, test_done, &on_sqlite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
