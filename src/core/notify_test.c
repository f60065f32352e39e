/*
 * The outbox: one order on both engines, event streams under scope, resuming at Last-Event-ID, and a
 * stream that ends with its session.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/account_impl.h"
#include "core/notify.h"
#include "core/test_core.h"
#include "http/internal.h"

static const struct module *const modules[] = { &account_module, NULL };

static void prepare(struct core_test *t)
{
	t->app.sse = sse_new(16);
	assert_int_equal(notify_start(&t->app), OK);
}

static struct core_case on_sqlite = { DB_SQLITE, modules, prepare }, on_pg = { DB_PG, modules, prepare };

static const struct principal *someone(struct core_test *t, const char *login, enum role role, int64_t place)
{
	const struct principal *who;
	char token[TOKEN_TEXT];

	core_test_someone(t, login, role, role != ROLE_MAX ? place : NIL, token);
	assert_int_equal(principal_of(&t->app, t->reader, str_z(token), time_now(), &who), OK);
	return who;
}

struct stream {
	struct req rq;
	struct arena *arena;
	struct sse_client *client;
	struct buf got;
};

static void stream_open(struct core_test *t, struct stream *s, const struct principal *who, const char *last)
{
	memset(s, 0, sizeof(*s));
	s->arena = arena_new(1 << 20);
	buf_init(&s->got, 1 << 20);
	req_local(&s->rq, &t->app, t->reader, s->arena, who, time_now());
	s->rq.last_event = str_z(last);
	assert_int_equal(notify_routes[0].fn(&s->rq, NULL), OK);
	assert_int_equal(s->rq.reply.kind, REPLY_SSE);
	s->client = s->rq.reply.sse;
}

static void stream_close(struct stream *s)
{
	sse_client_drop(s->client);
	req_local_done(&s->rq);
	buf_release(&s->got);
	arena_free(s->arena);
}

/* Waits for the text to arrive, a second at most. */
static bool got(struct stream *s, const char *text)
{
	for (int i = 0; i < 100; i++) {
		sse_client_drain(s->client, &s->got);
		buf_char(&s->got, '\0');
		s->got.n--;
		if (strstr(s->got.p, text) != NULL)
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return false;
}

static enum err message_tx(struct dbc *c, void *arg)
{
	return notify_add(c, arg);
}

static void say(struct core_test *t, const char *topic, struct matter_view about, int64_t user, const char *data)
{
	struct message m = { .topic = topic, .at = time_now(), .about = about, .user_id = user,
		.data = str_z(data) };

	assert_int_equal(core_test_write(t, message_tx, &m), OK);
}

static struct matter_view at(int64_t place)
{
	return (struct matter_view){ .id = 77, .place = place, .unit_id = NIL, .reporter_id = NIL,
		.handler_id = NIL, .first_unit = NIL, .track = TRACK_PEACE };
}

static const struct matter_view nothing = { .id = NIL };

/* Each sees their own street; what was said last to all proves that the rest did not come. */
static void test_scope(void **state)
{
	struct core_test *t = *state;
	struct stream a, b;

	core_test_need(t);
	const struct principal *who_a = someone(t, "a", ROLE_DUTY_OFFICER, PLACE_STREET_A);
	const struct principal *who_b = someone(t, "b", ROLE_DUTY_OFFICER, PLACE_STREET_B);
	struct matter_view sealed = at(PLACE_GRID_A);

	sealed.sealed = true;
	stream_open(t, &a, who_a, NULL);
	stream_open(t, &b, who_b, NULL);
	say(t, "matter", at(PLACE_GRID_A), NIL, "{\"n\":\"in A\"}");
	say(t, "matter", at(PLACE_GRID_B), NIL, "{\"n\":\"in B\"}");
	say(t, "matter", sealed, NIL, "{\"n\":\"sealed\"}");
	say(t, "inbox", nothing, who_b->user_id, "{\"n\":\"only b\"}");
	say(t, "config", nothing, NIL, "{\"n\":\"all\"}");
	assert_true(got(&a, "all"));
	assert_true(got(&b, "all"));
	assert_non_null(strstr(a.got.p, "in A"));
	assert_non_null(strstr(a.got.p, "event: matter"));
	assert_null(strstr(a.got.p, "in B"));
	assert_null(strstr(a.got.p, "only b"));
	assert_non_null(strstr(b.got.p, "in B"));
	assert_non_null(strstr(b.got.p, "only b"));
	assert_null(strstr(b.got.p, "in A"));
	assert_null(strstr(a.got.p, "sealed"));
	assert_null(strstr(b.got.p, "sealed"));
	stream_close(&a);
	stream_close(&b);
	principal_put(who_a);
	principal_put(who_b);
}

/* From the last event on: what came before is not repeated, what was missed comes, once. */
static void test_resume(void **state)
{
	struct core_test *t = *state;
	struct stream s;
	char last[32];
	int64_t seq = NIL;

	core_test_need(t);
	const struct principal *who = someone(t, "a", ROLE_DUTY_OFFICER, PLACE_STREET_A);

	stream_open(t, &s, who, NULL);
	say(t, "matter", at(PLACE_GRID_A), NIL, "{\"n\":\"first\"}");
	assert_true(got(&s, "first"));
	stream_close(&s);
	assert_int_equal(db_int(t->reader, "SELECT max(seq) AS n FROM outbox", NO_ARGS, &seq), OK);
	say(t, "matter", at(PLACE_GRID_A), NIL, "{\"n\":\"second\"}");
	say(t, "matter", at(PLACE_GRID_B), NIL, "{\"n\":\"elsewhere\"}");
	stream_open(t, &s, who, NULL); /* only to know that they were published */
	say(t, "config", nothing, NIL, "{\"n\":\"mark\"}");
	assert_true(got(&s, "mark"));
	stream_close(&s);
	snprintf(last, sizeof(last), "%lld", (long long)seq);
	stream_open(t, &s, who, last);
	assert_true(got(&s, "mark"));
	const char *second = strstr(s.got.p, "second");

	assert_non_null(second);
	assert_null(strstr(second + 1, "second"));
	assert_null(strstr(s.got.p, "first"));
	assert_null(strstr(s.got.p, "elsewhere"));
	stream_close(&s);
	principal_put(who);
}

/* Too much was missed: the reader is told to load anew, and the queue does not overflow. */
static void test_resync(void **state)
{
	struct core_test *t = *state;
	struct stream s;

	core_test_need(t);
	const struct principal *who = someone(t, "a", ROLE_DUTY_OFFICER, PLACE_STREET_A);

	say(t, "config", nothing, NIL, "{\"n\":\"start\"}");
	for (int i = 0; i < SSE_QUEUE + 20; i++)
		say(t, "matter", at(PLACE_GRID_A), NIL, "{}");
	stream_open(t, &s, who, NULL);
	say(t, "config", nothing, NIL, "{\"n\":\"mark\"}");
	assert_true(got(&s, "mark"));
	stream_close(&s);
	stream_open(t, &s, who, "1");
	assert_true(got(&s, "event: resync"));
	say(t, "config", nothing, NIL, "{\"n\":\"later\"}");
	assert_true(got(&s, "later"));
	stream_close(&s);
	principal_put(who);
}

static enum err add_unit(struct dbc *c, void *arg)
{
	const int64_t *user = arg;
	int64_t unit = db_new_id(c);
	enum err err = db_exec(c, "INSERT INTO unit (id, version, name, kind, place, created_at, updated_at) "
		"VALUES ($1, 1, 'u', 0, $2, 0, 0)", ARGS(I(unit), I(PLACE_DISTRICT)), NULL);

	if (err == OK)
		err = db_exec(c, "INSERT INTO matter (id, version, kind, title, track, urgency, source, place, state, "
			"open, sealed, anonymous, reported_at, level, auto_action, supporters, reopens, returns, "
			"extensions, fails, supervised, self_closed, sampled) VALUES (77, 1, 0, 't', 1, 0, 0, $1, 1, 1, "
			"0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)", ARGS(I(PLACE_GRID_B)), NULL);
	if (err == OK)
		err = db_exec(c, "INSERT INTO matter_unit (id, matter_id, unit_id, role) VALUES ($1, 77, $2, 1)",
			ARGS(I(db_new_id(c)), I(unit)), NULL);
	return err != OK ? err : db_exec(c, "UPDATE post SET unit_id = $1 WHERE user_id = $2",
					  ARGS(I(unit), I(*user)), NULL);
}

/* A cooperating unit sees a matter of another street; and what changes for a person is seen at once. */
static void test_cooperation(void **state)
{
	struct core_test *t = *state;
	struct stream s;

	core_test_need(t);
	const struct principal *who = someone(t, "dept", ROLE_DISTRICT_DEPT, PLACE_DISTRICT);
	int64_t user = who->user_id;

	stream_open(t, &s, who, NULL);
	assert_int_equal(core_test_write(t, add_unit, &user), OK);
	say(t, "account", nothing, user, "{}");
	say(t, "config", nothing, NIL, "{\"n\":\"known\"}");
	assert_true(got(&s, "known"));
	say(t, "matter", at(PLACE_GRID_B), NIL, "{\"n\":\"together\"}");
	assert_true(got(&s, "together"));
	core_test_sql(t, "DELETE FROM session WHERE user_id = $1", ARGS(I(user)));
	say(t, "account", nothing, user, "{}");
	nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
	say(t, "config", nothing, NIL, "{\"n\":\"after the end\"}");
	assert_false(got(&s, "after the end"));
	assert_null(strstr(s.got.p, "event: account"));
	stream_close(&s);
	principal_put(who);
}

struct speaker {
	struct core_test *t;
	int n;
};

static void *speak(void *arg)
{
	struct speaker *sp = arg;
	struct message m = { .topic = "config", .at = time_now(), .about = nothing, .user_id = NIL, .data = STR("{}") };

	for (int i = 0; i < sp->n; i++) {
		if (core_test_write(sp->t, message_tx, &m) != OK)
			return sp;
	}
	return NULL;
}

/* Many writers: every message gets a number of its own and none is missed by the dispatcher. */
static void test_order(void **state)
{
	enum { THREADS = 4, EACH = 40 };
	struct core_test *t = *state;
	pthread_t th[THREADS];
	struct stream s;
	void *failed;
	size_t n = 0;

	core_test_need(t);
	struct speaker sp = { t, EACH };
	const struct principal *who = someone(t, "a", ROLE_DUTY_OFFICER, PLACE_STREET_A);

	stream_open(t, &s, who, NULL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&th[i], NULL, speak, &sp), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(th[i], &failed);
		assert_null(failed);
	}
	say(t, "config", nothing, NIL, "{\"n\":\"mark\"}");
	assert_true(got(&s, "mark"));
	int64_t last = 0;

	for (char *p = strstr(s.got.p, "id: "); p != NULL; p = strstr(p + 4, "id: "), n++) {
		int64_t id = strtoll(p + 4, NULL, 10);

		assert_true(id > last);
		last = id;
	}
	assert_int_equal(n, THREADS * EACH + 1);
	stream_close(&s);
	principal_put(who);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CORE_BOTH(test_scope),
		CORE_BOTH(test_resume),
		CORE_BOTH(test_resync),
		CORE_BOTH(test_cooperation),
		CORE_BOTH(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
