/*
 * Rounds: what is to be looked at again, where and until when. A row is due when it was last
 * verified before the round's limit; so the to-do list, and how far a grid is, follow from the rows
 * themselves. Figures are per place, in the places' order: nobody is ranked.
 */
#include <math.h>
#include <string.h>

#include "mod/collect/collect_impl.h"

enum { TODO_MAX = 100, ROUNDS_MAX = 50, GRIDS_MAX = 4096, FRESH_MAX = 3660 };

/* ---- the row ---- */

enum err round_check(struct req *rq, const void *old, void *rec)
{
	const struct round *was = old;
	struct error why = { .err = OK };
	struct round *r = rec;
	bool kinds[ROUND_KINDS];
	json_t *list = NULL;
	const struct place *p = snap_place(req_snap(rq), r->place);
	bool good = field_parse_json(r->kinds, &list, &why) == OK && round_kinds(list, kinds);

	json_decref(list);
	if (!good)
		return req_fail(rq, ERR_INVALID, "round.kinds", "kinds",
			"a list of kinds: persons, households, buildings, rooms, …");
	if (p == NULL)
		return req_fail(rq, ERR_INVALID, "reference", "place", "there is no such place");
	if (rq->who != NULL &&
		(!may_at(rq->who, "round.write", r->place) ||
			(was != NULL && !may_at(rq->who, "round.write", was->place))))
		return req_fail(
			rq, ERR_NOT_FOUND, "scope", "place", "that place is outside your area");
	if (r->ends < r->starts || r->ends > date_add(r->starts, 366))
		return req_fail(rq, ERR_INVALID, "out_of_range", "ends",
			"a round ends within a year of its start");
	if (r->active == NIL)
		r->active = 1;
	return OK;
}

/* ---- open rounds that touch the asker's area ---- */

struct looking {
	struct req *rq;
	struct round round;
	bool kinds[ROUND_KINDS];
	int64_t limit, place;
};

static enum err look_at(struct looking *l)
{
	json_t *list = NULL;
	enum err err = field_parse_json(l->round.kinds, &list, &l->rq->err);

	if (err == OK && !round_kinds(list, l->kinds))
		err = ERR_BUG;
	json_decref(list);
	for (size_t k = 0; k < ROUND_KINDS; k++)
		l->kinds[k] = l->kinds[k] && may(l->rq->who, registry_entity((int64_t)k)->read);
	l->limit = round_limit(l->round.starts, l->round.fresh_days);
	l->place = l->round.place;
	return err;
}

static bool touches(const struct principal *who, int64_t place)
{
	for (size_t i = 0; i < who->nposts; i++) {
		if (who->post[i].lo < place_end(place) && who->post[i].hi > place)
			return true;
	}
	return false;
}

struct sum {
	int64_t all, done;
};

static void add_up(int64_t grid, int64_t all, int64_t done, void *arg)
{
	struct sum *s = arg;

	(void)grid;
	s->all += all;
	s->done += done;
}

static void write_round(const struct looking *l, const struct sum *s, struct jw *out)
{
	jw_kid(out, "id", l->round.id);
	jw_kstr(out, "name", l->round.name);
	jw_kid(out, "place", l->round.place);
	jw_kstr(out, "place_name", snap_place_name(req_snap(l->rq), l->round.place));
	jw_karr(out, "kinds");
	for (size_t k = 0; k < ROUND_KINDS; k++) {
		if (l->kinds[k])
			jw_z(out, registry_entity((int64_t)k)->path);
	}
	jw_end_arr(out);
	jw_kdate(out, "starts", l->round.starts);
	jw_kdate(out, "ends", l->round.ends);
	jw_kstr(out, "basis", l->round.basis);
	jw_ktime(out, "limit", l->limit);
	jw_kint(out, "all", s->all);
	jw_kint(out, "done", s->done);
}

enum err rounds_mine(struct req *rq, struct jw *out)
{
	struct round *v = arena_array(rq->arena, ROUNDS_MAX, sizeof(*v));
	size_t n = 0;
	enum err err =
		v == NULL ? ERR_NOMEM
			  : rounds_open(rq->db, date_of(rq->now), rq->arena, v, ROUNDS_MAX, &n);

	if (err != OK)
		return err;
	jw_obj(out);
	jw_karr(out, "items");
	for (size_t i = 0; i < n && err == OK; i++) {
		struct looking l = { .rq = rq, .round = v[i] };
		struct sum s = { 0, 0 };

		if (!touches(rq->who, v[i].place))
			continue;
		err = look_at(&l);
		for (size_t k = 0; k < ROUND_KINDS && err == OK; k++) {
			if (l.kinds[k])
				err = progress_each(rq->db, rq->who, registry_entity((int64_t)k),
					l.place, l.limit, add_up, &s);
		}
		jw_obj(out);
		write_round(&l, &s, out);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_end_obj(out);
	return err;
}

/* ---- what is left to look at ---- */

static enum err load_round(struct req *rq, struct looking *l)
{
	int64_t id, place = req_query_int(rq, "place");
	enum err err = req_id(rq, "id", &id);

	l->rq = rq;
	if (err == OK)
		err = entity_get(rq, &round_entity, id, &l->round);
	if (err == OK)
		err = look_at(l);
	if (err != OK || place == NIL)
		return err;
	if (place < l->place || place >= place_end(l->place))
		return req_fail(
			rq, ERR_INVALID, "round.place", "place", "that place is not in this round");
	l->place = place;
	return OK;
}

struct listing {
	struct looking *l;
	const struct entity *e;
	struct jw *out;
	int64_t last;
	size_t n, max;
};

static void one_todo(const struct todo *t, void *arg)
{
	struct listing *s = arg;
	struct req *rq = s->l->rq;
	struct str label = t->label;

	s->last = t->id;
	s->n++;
	if (s->e == &person_entity && !scope_sees(rq->who, s->e->full, t->place))
		label = entity_name_in_part(rq->arena, label);
	jw_obj(s->out);
	jw_kid(s->out, "id", t->id);
	jw_kint(s->out, "version", t->version);
	jw_kstr(s->out, "label", label);
	jw_kid(s->out, "place", t->place);
	jw_kstr(s->out, "place_name", snap_place_name(req_snap(rq), t->place));
	jw_ktime(s->out, "verified_at", t->verified_at);
	jw_kz(s->out, "source", vocab_word(&data_source_vocab, t->source));
	jw_kbool(s->out, "writes", may_at(rq->who, s->e->write, t->place));
	jw_end_obj(s->out);
}

enum err round_todo(struct req *rq, struct jw *out)
{
	struct looking l = { .rq = rq };
	const struct entity *e = registry_by_path(req_query(rq, "kind"));
	int64_t after = req_query_int(rq, "after"), limit = req_query_int(rq, "limit");
	struct listing s = { .l = &l,
		.e = e,
		.out = out,
		.last = NIL,
		.max = limit > 0 && limit < TODO_MAX ? (size_t)limit : TODO_MAX };
	size_t k = 0;
	enum err err = load_round(rq, &l);

	while (k < ROUND_KINDS && registry_entity((int64_t)k) != e)
		k++;
	if (err == OK && (k == ROUND_KINDS || !l.kinds[k]))
		err = req_fail(
			rq, ERR_INVALID, "round.kind", "kind", "that kind is not in this round");
	if (err != OK)
		return err;
	jw_obj(out);
	jw_karr(out, "items");
	err = todo_each(rq->db, rq->who, e, l.place, l.limit, after == NIL ? 0 : after, s.max,
		one_todo, &s);
	jw_end_arr(out);
	jw_kid(out, "next", s.n == s.max ? s.last : NIL);
	jw_end_obj(out);
	rq->rows = (int64_t)s.n;
	return err;
}

/* ---- how far ---- */

struct grid_sum {
	int64_t place;
	struct sum sum[ROUND_KINDS];
};

struct adding {
	struct grid_sum *v; /* ascending by place */
	size_t n, at, kind;
	enum level level;
	bool full;
};

/* Grids come in order, kind by kind: each kind walks the list from its start, and new places are
 * put in between. */
static void add_grid(int64_t grid, int64_t all, int64_t done, void *arg)
{
	struct adding *a = arg;
	int64_t place = place_up(grid, a->level);

	while (a->at < a->n && a->v[a->at].place < place)
		a->at++;
	if (a->at == a->n || a->v[a->at].place != place) {
		if (a->n == GRIDS_MAX) {
			a->full = true;
			return;
		}
		memmove(&a->v[a->at + 1], &a->v[a->at], (a->n - a->at) * sizeof(a->v[0]));
		memset(&a->v[a->at], 0, sizeof(a->v[0]));
		a->v[a->at].place = place;
		a->n++;
	}
	a->v[a->at].sum[a->kind].all += all;
	a->v[a->at].sum[a->kind].done += done;
}

static void write_place(const struct looking *l, const struct grid_sum *g, struct jw *out)
{
	struct sum s = { 0, 0 };

	jw_obj(out);
	jw_kid(out, "place", g->place);
	jw_kstr(out, "place_name", snap_place_name(req_snap(l->rq), g->place));
	jw_karr(out, "kinds");
	for (size_t k = 0; k < ROUND_KINDS; k++) {
		if (!l->kinds[k])
			continue;
		jw_obj(out);
		jw_kz(out, "kind", registry_entity((int64_t)k)->path);
		jw_kint(out, "all", g->sum[k].all);
		jw_kint(out, "done", g->sum[k].done);
		jw_end_obj(out);
		s.all += g->sum[k].all;
		s.done += g->sum[k].done;
	}
	jw_end_arr(out);
	jw_kint(out, "all", s.all);
	jw_kint(out, "done", s.done);
	jw_end_obj(out);
}

/* By the places one level below the one looked at, down to grids. */
static enum level level_below(int64_t place)
{
	enum level at = place_level(place);

	return at >= LEVEL_COMMUNITY ? LEVEL_GRID : (enum level)(at + 1);
}

enum err round_progress(struct req *rq, struct jw *out)
{
	struct looking l = { .rq = rq };
	struct adding a = { .v = arena_array(rq->arena, GRIDS_MAX + 1, sizeof(struct grid_sum)) };
	struct sum total = { 0, 0 };
	enum err err = a.v == NULL ? ERR_NOMEM : load_round(rq, &l);

	if (err == OK)
		err = db_snapshot_begin(rq->db);
	if (err != OK)
		return err;
	a.level = level_below(l.place);
	for (a.kind = 0; a.kind < ROUND_KINDS && err == OK; a.kind++) {
		a.at = 0;
		if (l.kinds[a.kind])
			err = progress_each(rq->db, rq->who, registry_entity((int64_t)a.kind),
				l.place, l.limit, add_grid, &a);
	}
	db_snapshot_end(rq->db);
	if (err == OK && a.full)
		err = req_fail(rq, ERR_LIMIT, "round.places", "place",
			"too many places at once: choose one below");
	if (err != OK)
		return err;
	for (size_t i = 0; i < a.n; i++) {
		for (size_t k = 0; k < ROUND_KINDS; k++) {
			total.all += a.v[i].sum[k].all;
			total.done += a.v[i].sum[k].done;
		}
	}
	jw_obj(out);
	write_round(&l, &total, out);
	jw_karr(out, "places");
	for (size_t i = 0; i < a.n; i++)
		write_place(&l, &a.v[i], out);
	jw_end_arr(out);
	jw_end_obj(out);
	rq->rows = (int64_t)a.n;
	return OK;
}
