/*
 * The sweeper. It wakes each matter at the moment it asked for (wake_at): raises the alarm level, runs
 * the action that was due to happen by itself, and asks for the next waking. It covers matters that
 * nobody holds, since it looks at the table and not at inboxes.
 */
#include "core/matter_sweep.h"

#include <stdlib.h>
#include <string.h>

#include "core/matter_db.h"
#include "core/matter_flow.h"
#include "core/notify.h"
#include "core/tally.h"

enum { SWEEP_BATCH = 200, FOLD_BATCH = 4000 };

struct due {
	int64_t id, kind;
};

struct sweep {
	struct app *app;
	struct arena *arena;
	int64_t now;
	struct due v[SWEEP_BATCH];
	size_t n;
};

static const char *auto_word(int64_t action)
{
	switch ((enum matter_auto)action) {
	case AUTO_CLOSE:
		return "auto_close";
	case AUTO_RESUME:
		return "auto_resume";
	case AUTO_ARCHIVE:
		return "archive";
	case AUTO_REVIEW:
		return "review_due";
	case AUTO_NONE:
		break;
	}
	return NULL;
}

static enum err wake_one(struct sweep *s, struct req *rq, const struct due *d)
{
	const struct act_in in = { .version = NIL };
	struct act *a = ARENA_NEW(s->arena, struct act);
	struct matter *m = ARENA_NEW(s->arena, struct matter);
	const struct matter_kind *k = matter_kind_of(s->app, d->kind);
	enum err err;

	if (a == NULL || m == NULL || k == NULL)
		return k == NULL ? OK : ERR_NOMEM;
	err = matter_load(rq->db, s->arena, d->id, m);
	if (err != OK)
		return err == ERR_NOT_FOUND ? OK : err;
	if (m->wake_at == NIL || m->wake_at > s->now)
		return OK;
	if (m->auto_at != NIL && m->auto_at <= s->now && auto_word(m->auto_action) != NULL)
		return matter_act(rq, k, d->id, str_z(auto_word(m->auto_action)), &in, 0, REL_SYSTEM, a);
	return matter_act(rq, k, d->id, STR("alarm"), &in, 0, REL_SYSTEM, a);
}

static enum err sweep_tx(struct dbc *c, void *arg)
{
	struct sweep *s = arg;
	struct req rq;
	enum err err = OK;

	arena_reset(s->arena);
	req_local(&rq, s->app, c, s->arena, NULL, s->now);
	for (size_t i = 0; i < s->n && err == OK; i++) {
		err = wake_one(s, &rq, &s->v[i]);
		if (err == ERR_CONFLICT || err == ERR_DENIED || err == ERR_INVALID) {
			log_msg(s->app->log, LOG_ERROR, "sweep", "matter %lld: %s", (long long)s->v[i].id,
				rq.err.message);
			err = db_exec(c, matter_sql[Q_MATTER_WAKE_LATER],
				ARGS(I(s->v[i].id), I(s->now + MS_HOUR)), NULL);
		}
	}
	req_local_done(&rq);
	return err;
}

enum err matter_sweep(struct app *app, struct dbc *reader, int64_t now)
{
	struct sweep *s = calloc(1, sizeof(*s));
	struct rows *r;
	enum err err;

	if (s == NULL)
		return ERR_NOMEM;
	s->app = app;
	s->now = now;
	s->arena = arena_new(64 << 20);
	r = db_query(reader, matter_sql[Q_MATTER_DUE], ARGS(I(now)));
	while (s->n < SWEEP_BATCH && rows_next(r)) {
		s->v[s->n].id = row_int_at(r, 0);
		s->v[s->n++].kind = row_int_at(r, 1);
	}
	err = rows_close(r);
	if (err == OK && s->n > 0)
		err = s->arena == NULL ? ERR_NOMEM : db_write(app->db, sweep_tx, s);
	arena_free(s->arena);
	free(s);
	return err;
}

static enum err fold_tx(struct dbc *c, void *arg)
{
	return tally_fold(c, FOLD_BATCH, arg);
}

enum err matter_fold(struct app *app, struct dbc *reader, int64_t now)
{
	int64_t n = 0;
	bool waiting;
	enum err err = tally_waiting(reader, &waiting);

	(void)now;
	for (int round = 0; round < 8 && err == OK && waiting; round++) {
		err = db_write(app->db, fold_tx, &n);
		if (n < FOLD_BATCH)
			break;
	}
	return err;
}

static enum err purge_tx(struct dbc *c, void *arg)
{
	int64_t now = *(const int64_t *)arg;
	enum err err = db_exec(c, matter_sql[Q_MATTER_OLD_IDEMPOTENCY], ARGS(I(now - MS_DAY)), NULL);

	if (err == OK)
		err = db_exec(c, matter_sql[Q_MATTER_OLD_OUTBOX], ARGS(I(now - MS_DAY)), NULL);
	if (err == OK)
		err = db_exec(c, matter_sql[Q_MATTER_OLD_SESSIONS], ARGS(I(now)), NULL);
	return err;
}

enum err matter_purge(struct app *app, struct dbc *reader, int64_t now)
{
	(void)reader;
	return db_write(app->db, purge_tx, &now);
}
