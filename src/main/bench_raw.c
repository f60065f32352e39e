/* See bench_store.h. Only what a report by the desk writes; the texts to be indexed are made before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/audit.h"
#include "core/matter_db.h"
#include "core/notify.h"
#include "core/row.h"
#include "core/search.h"
#include "core/tally.h"
#include "main/bench_store.h"
#include "mod/event/event.h"

enum { TEXTS = 256, ARENA_BYTES = 64 << 20, STEP_BYTES = 160, MESSAGE_BYTES = 256 };

struct text {
	struct str title, text, tokens;
};

struct raw {
	struct app *app;
	struct snap *snap;
	struct arena *arena;
	struct text text[TEXTS];
	struct matter m; /* the parts that do not vary */
	int64_t batch, serial, now;
};

static uint64_t mix(int64_t serial)
{
	uint64_t h = (uint64_t)serial * UINT64_C(0x9E3779B97F4A7C15);

	h ^= h >> 29;
	return h * UINT64_C(0xBF58476D1CE4E5B9) >> 8;
}

static struct str vary(struct raw *w, int64_t serial)
{
	const struct snap *s = w->snap;
	uint64_t h = mix(serial);
	struct matter *m = &w->m;

	m->title = w->text[h % TEXTS].title;
	m->text = w->text[h % TEXTS].text;
	m->place = s->place[(h >> 16) % s->nplace].code;
	m->query_hash = (int64_t)(h & INT64_MAX);
	m->reported_at = w->now;
	m->due_at = m->wake_at = w->now + 4 * (int64_t)MS_HOUR;
	m->version = 1;
	return w->text[h % TEXTS].tokens;
}

static enum err put_matter(struct raw *w, struct dbc *c)
{
	struct matter *m = &w->m;
	struct arg v[FIELD_MAX];

	row_args(&matter_fields, m, v);
	enum err err = db_exec(c, matter_sql[Q_MATTER_INSERT], v, matter_fields.n, NULL);

	return err != OK ? err : db_exec(c, matter_sql[Q_MATTER_RUN_PUT],
		ARGS(I(m->id), I(CLOCK_ACCEPT), I(1), I(UNIT_WORK_MS), I(4 * MS_HOUR), I(w->now), I(m->due_at),
			I(m->due_at - MS_HOUR), I(NIL), I(NIL), I(0), I(0)), NULL);
}

static enum err put_history(struct raw *w, struct dbc *c)
{
	int64_t id = db_new_id(c);
	char steps[STEP_BYTES];

	if (id == NIL)
		return ERR_RETRY;
	snprintf(steps, sizeof(steps), "[[0,0,%lld,1,14400000,null,1]]", (long long)w->now);
	enum err err = db_exec(c, matter_sql[Q_MATTER_LOG_PUT], ARGS(I(id), I(w->m.id), I(w->now), I(1),
		I(ROLE_DUTY_OFFICER), Z("report"), I(MS_NONE), I(MS_REPORTED), Z(""), Z(steps), Z(NULL), I(1)), NULL);

	return err != OK ? err : matter_party_add(c, w->m.id, 1, PART_DECIDED);
}

static enum err put_tallies(struct raw *w, struct dbc *c)
{
	const struct clock_run run = { .clock = CLOCK_ACCEPT, .run = 1, .start = w->now, .due = w->m.due_at,
		.stop = NIL, .paused_at = NIL };
	struct tally after[TALLY_MAX];
	size_t n = event_tally(&w->m, &run, 1, after);

	return tally_diff(c, w->m.kind, w->m.place, NULL, 0, w->m.place, after, n);
}

static enum err put_messages(struct raw *w, struct dbc *c)
{
	const struct audit_entry e = { .at = w->now, .actor = 1, .action = "act.report", .object = "event",
		.object_id = w->m.id, .detail = STR("{\"version\":1,\"state\":[\"none\",\"reported\"]}") };
	char data[MESSAGE_BYTES];
	int n = snprintf(data, sizeof(data), "{\"id\":\"%lld\",\"kind\":\"event\",\"action\":\"report\","
		"\"state\":\"reported\",\"place\":\"%lld\",\"lon\":null,\"lat\":null,\"level\":0}",
		(long long)w->m.id, (long long)w->m.place);
	struct message msg = { .topic = "matter", .at = w->now, .user_id = NIL, .data = { data, (size_t)n } };
	enum err err = audit_add(c, &e);

	matter_view_of(&w->m, &msg.about);
	return err != OK ? err : notify_add(c, &msg);
}

static enum err raw_tx(struct dbc *c, void *arg)
{
	struct raw *w = arg;
	enum err err = OK;

	w->now = time_now();
	for (int64_t i = 0; i < w->batch && err == OK; i++) {
		struct str tokens = vary(w, w->serial + i);

		w->m.id = db_new_id(c);
		if (w->m.id == NIL)
			return ERR_RETRY;
		err = put_matter(w, c);
		if (err == OK)
			err = put_history(w, c);
		if (err == OK)
			err = search_put(c, w->m.id, tokens);
		if (err == OK)
			err = put_tallies(w, c);
		if (err == OK)
			err = put_messages(w, c);
	}
	return err;
}

static void tokenize(struct raw *w, struct text *t)
{
	const struct str part[3] = { t->title, t->text, { NULL, 0 } };
	struct buf b;

	buf_init(&b, 1 << 16);
	search_text(part, &b);
	t->tokens = str_dup(w->arena, buf_view(&b));
	buf_release(&b);
}

static enum err prepare(struct raw *w, struct run *r)
{
	static const char *const thing[] = { "井盖", "路灯", "垃圾", "噪声", "占道", "积水", "树木", "车辆" };
	const struct event_book *b = event_book(w->snap, w->app);

	if (w->snap->nplace == 0 || b->ncode == 0)
		return err_set(&r->e, ERR_INVALID, "bench", "db", "the store has no places: gezhi demo makes some");
	for (size_t i = 0; i < TEXTS; i++) {
		w->text[i].text = str_fmt(w->arena, "压测%zu号小区门口%s需要处理,请尽快派人查看现场情况", i * 7919 % 100000,
			thing[i % ARRAY_LEN(thing)]);
		w->text[i].title = str_fmt(w->arena, "压测%zu号小区门口%s需要处理", i * 7919 % 100000,
			thing[i % ARRAY_LEN(thing)]);
		tokenize(w, &w->text[i]);
	}
	fields_clear(&matter_fields, &w->m);
	w->m.kind = event_kind.number;
	w->m.code_id = b->code[0].id;
	w->m.track = b->code[0].track;
	w->m.urgency = b->code[0].urgency;
	w->m.source = SRC_DESK;
	w->m.state = MS_REPORTED;
	w->m.open = 1;
	w->m.clock = CLOCK_ACCEPT;
	w->m.sealed = w->m.anonymous = w->m.supervised = w->m.level = w->m.auto_action = 0;
	w->m.supporters = w->m.reopens = w->m.returns = w->m.extensions = w->m.fails = 0;
	w->m.self_closed = w->m.sampled = 0;
	return arena_failed(w->arena) ? ERR_NOMEM : OK;
}

int bench_raw(struct run *r)
{
	struct raw w = { .batch = r->set.batch, .serial = time_now() * 1000 };
	int64_t done = 0, from = 0, took = 0;
	enum err err = cli_open_app(r, false, &w.app);

	if (err != OK)
		return cli_fail(r, err);
	w.snap = snap_get(w.app);
	w.arena = arena_new(ARENA_BYTES);
	err = w.arena == NULL ? ERR_NOMEM : prepare(&w, r);
	from = time_monotonic_us();
	while (err == OK && took < r->set.seconds * 1000000) {
		err = db_write(w.app->db, raw_tx, &w);
		w.serial += w.batch;
		done += w.batch;
		took = time_monotonic_us() - from;
	}
	arena_free(w.arena);
	snap_put(w.snap);
	app_close(w.app);
	if (err != OK)
		return cli_fail(r, err);
	printf("{\"what\":\"raw\",\"batch\":%lld,\"seconds\":%.2f,\"done\":%lld,\"per_second\":%.1f}\n",
		(long long)w.batch, (double)took / 1e6, (long long)done, (double)done * 1e6 / (double)took);
	return EXIT_OK;
}
