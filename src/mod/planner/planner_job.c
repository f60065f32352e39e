/*
 * What time brings: plans whose day has come are put in force, and what reached an ended place in the moment
 * when it ended (whoever entered it still saw the old tree) follows.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mod/planner/planner_db.h"
#include "mod/planner/planner_plan.h"

enum { JOB_MEMORY = 512 << 20, JOB_PLANS = 20, ENDED_MAX = 4096, LATE_MS = 10 * 60 * 1000 };

struct ended {
	int64_t from, to;
};

/* ---- what came late ---- */

static enum err read_ended(struct handover *h, struct ended *ret, size_t *ret_n)
{
	struct rows *r = db_query(h->rq->db, planner_sql[Q_PLAN_ENDED], ARGS(I(h->plan->id)));

	*ret_n = 0;
	while (*ret_n < ENDED_MAX && rows_next(r))
		ret[(*ret_n)++] = (struct ended){ row_int_at(r, 0), row_int_at(r, 1) };
	return rows_close(r);
}

static enum err make_map(struct handover *h, const struct ended *v, size_t n)
{
	const struct sheet *s = h->s;
	enum err err = OK;

	h->map.level = s->level;
	h->map.cap = s->ncell + n;
	h->map.v = arena_array(s->a, h->map.cap + 1, sizeof(*h->map.v));
	if (h->map.v == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->ncell && err == OK; i++) {
		const struct sheet_cell *c = &s->cell[i];

		if (c->became != NIL)
			err = carry_add(h, &(struct carry_row){ c->at, c->became, c->households,
						   c->lon, c->lat, false });
	}
	for (size_t i = 0; i < n && err == OK; i++) {
		if (v[i].to != NIL)
			err = carry_add(h, &(struct carry_row){ v[i].from, v[i].to, 0, NAN, NAN, true });
	}
	return err;
}

enum err plan_follow(struct req *rq, struct grid_plan *p)
{
	struct sheet *s = ARENA_NEW(rq->arena, struct sheet);
	struct ended *v = arena_array(rq->arena, ENDED_MAX, sizeof(*v));
	struct handover h = { .rq = rq, .plan = p, .s = s, .today = date_of(rq->now) };
	size_t n = 0;
	enum err err = s == NULL || v == NULL ? ERR_NOMEM : sheet_of_plan(rq, p, s);

	if (err == OK)
		err = read_ended(&h, v, &n);
	if (err == OK)
		err = make_map(&h, v, n);
	if (err == OK)
		err = handover_offices(&h);
	if (err == OK)
		err = db_int(rq->db, planner_sql[Q_PLAN_MOVE_LAST], ARGS(I(p->id)), &h.n);
	for (size_t i = 0; i < n && err == OK; i++) {
		if (place_level(v[i].from) != s->level)
			continue;
		err = carry_rows(&h, v[i].from, place_end(v[i].from));
		if (err == OK)
			err = carry_matters(&h, v[i].from, place_end(v[i].from));
	}
	return err;
}

/* ---- the job ---- */

struct due {
	struct app *app;
	struct arena *arena;
	int64_t id, now;
	char problem[400];
};

static enum err due_tx(struct dbc *c, void *arg)
{
	struct due *d = arg;
	struct grid_plan p;
	struct req rq;
	enum err err;

	arena_reset(d->arena);
	req_local(&rq, d->app, c, d->arena, NULL, d->now);
	err = entity_get(&rq, &grid_plan_entity, d->id, &p);
	if (err == OK && p.state == GP_APPLIED)
		err = plan_follow(&rq, &p);
	else if (err == OK && p.state == GP_APPROVED && p.effective != NIL &&
		p.effective <= date_of(d->now))
		err = plan_apply(&rq, &p);
	snprintf(d->problem, sizeof(d->problem), "%s", rq.err.message);
	req_local_done(&rq);
	return err;
}

static enum err problem_tx(struct dbc *c, void *arg)
{
	const struct due *d = arg;

	return db_exec(
		c, planner_sql[Q_PLAN_PROBLEM], ARGS(I(d->id), Z(d->problem), I(d->now)), NULL);
}

/* It is told, and tried again only by hand. */
static enum err one(struct due *d, int64_t id)
{
	enum err err;

	d->id = id;
	err = db_write(d->app->db, due_tx, d);
	return err == ERR_CONFLICT || err == ERR_INVALID || err == ERR_LIMIT
		       ? db_write(d->app->db, problem_tx, d)
		       : err;
}

enum err plan_due(struct app *app, struct dbc *reader, int64_t now)
{
	int64_t due[JOB_PLANS], fresh[JOB_PLANS];
	struct due *d;
	size_t n, m = 0;
	enum err err = plan_ids(reader, Q_PLAN_DUE, ARGS(I(date_of(now))), due, JOB_PLANS, &n);

	if (err == OK)
		err = plan_ids(reader, Q_PLAN_FRESH, ARGS(I(now - LATE_MS)), fresh, JOB_PLANS, &m);
	if (err != OK || n + m == 0)
		return err;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return ERR_NOMEM;
	d->app = app;
	d->now = now;
	d->arena = arena_new(JOB_MEMORY);
	err = d->arena == NULL ? ERR_NOMEM : OK;
	for (size_t i = 0; i < n && err == OK; i++)
		err = one(d, due[i]);
	for (size_t i = 0; i < m && err == OK; i++)
		err = one(d, fresh[i]);
	arena_free(d->arena);
	free(d);
	return err;
}
