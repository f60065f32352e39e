/* Collection in the demonstration: in each community a round that is on, in its first grid a
 * probable double and a change that somebody asked for. */
#include "mod/collect/collect.h"
#include "mod/demo/demo_registry.h"

enum { ROUND_COMMUNITIES = 60, ROUND_DAYS = 30, ROUND_FRESH = 120 };

static enum err put_round(struct world *w, struct req *rq, const struct demo_community *c)
{
	int64_t id, today = date_of(w->now);
	struct round r;

	fields_clear(&round_entity.fields, &r);
	r.name = STR("年度入户核采");
	r.kinds = STR("[\"households\",\"persons\"]");
	r.place = c->code;
	r.starts = date_add(today, -7);
	r.ends = date_add(today, ROUND_DAYS);
	r.fresh_days = ROUND_FRESH;
	r.basis = STR("年度基础数据核采计划");
	r.active = 1;
	return entity_put(rq, &round_entity, &r, &id);
}

/* The first two people of a grid, by id. */
static enum err two_people(struct dbc *c, int64_t grid, int64_t ret[2], size_t *ret_n)
{
	struct rows *r = db_query(c, demo_sql[Q_DEMO_TWO], ARGS(I(grid), I(place_end(grid))));
	size_t n = 0;

	while (n < 2 && rows_next(r))
		ret[n++] = row_int_at(r, 0);
	*ret_n = n;
	return rows_close(r);
}

/* Entered a second time, without household and number; elsewhere with the telephone they share. */
static enum err put_double(struct req *rq, int64_t of, int64_t elsewhere)
{
	struct person p, twin;
	int64_t id;
	enum err err = entity_get(rq, &person_entity, of, &p);

	fields_clear(&person_entity.fields, &twin);
	twin.name = p.name;
	twin.birth = p.birth;
	twin.sex = p.sex;
	twin.residence_kind = p.residence_kind;
	twin.relation = RELATION_OTHER;
	twin.place = elsewhere != NIL ? elsewhere : p.place;
	if (elsewhere != NIL)
		twin.phone = p.phone;
	twin.active = 1;
	twin.source = DATA_IMPORT;
	if (err != OK || (elsewhere != NIL && p.phone.p == NULL))
		return err;
	return entity_put(rq, &person_entity, &twin, &id);
}

static enum err ask_change(
	struct world *w, struct req *rq, const struct demo_grid *g, int64_t person)
{
	json_t *changes = json_pack("{s:s}", "phone", "13900008765");
	struct change_ask ask = { .e = &person_entity,
		.object_id = person,
		.changes = changes,
		.source = DATA_STAFF,
		.text = STR("本人来电，换了号码"),
		.trusted = true };
	int64_t id;
	enum err err = changes == NULL ? ERR_NOMEM : OK;

	rq->who = g->worker;
	rq->now = w->now - MS_DAY;
	if (err == OK)
		err = change_submit(rq, &ask, &id);
	rq->who = NULL;
	json_decref(changes);
	return err;
}

/* resident1's account is that of somebody in the first community who is visited. Without events nobody acts, and
 * accounts are not loaded. */
static enum err put_holder(struct world *w, struct dbc *c)
{
	int64_t place = w->community[0].code;

	if (w->resident == NULL)
		return OK;
	return db_exec(c, demo_sql[Q_DEMO_HOLDER], ARGS(I(w->resident->user_id), I(w->now), I(place), I(place_end(place))), NULL);
}

static enum err community_tx(struct pieces *p, struct dbc *c)
{
	struct world *w = p->w;
	struct req rq;
	enum err err = OK;

	req_local(&rq, w->app, c, w->batch, NULL, w->now);
	if (p->first == 0)
		err = put_holder(w, c);
	for (size_t i = p->first; i < p->first + p->n && err == OK; i++) {
		const struct demo_grid *g = &w->grid[w->community[i].grid];
		int64_t person[2];
		size_t n = 0;

		rq.now = w->now;
		err = put_round(w, &rq, &w->community[i]);
		if (err == OK)
			err = two_people(c, g->code, person, &n);
		if (err != OK || n < 2)
			continue;
		err = put_double(&rq, person[0], NIL);
		if (err == OK && i == 0)
			err = put_double(&rq, person[1], w->grid[w->community[w->ncommunity - 1].grid].code);
		if (err == OK && w->o.events > 0)
			err = ask_change(w, &rq, g, person[1]);
	}
	req_local_done(&rq);
	return err;
}

enum err demo_make_collect(struct world *w)
{
	size_t n = w->ncommunity < ROUND_COMMUNITIES ? w->ncommunity : ROUND_COMMUNITIES;

	return demo_pieces(w, n, 8, community_tx);
}
