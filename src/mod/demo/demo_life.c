/*
 * The year of events: a queue ordered by time of what happens next to each event. Births come from a
 * sorted list; every step goes through the engine as the person who would take it, at the instant it
 * happens; what the sweeper would have done meanwhile is done at its time too.
 *
 * Steps are committed by the hundred. A transaction may run again, so it starts from a kept copy of
 * the queue.
 */
#include "mod/demo/demo_life.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_AT_ONCE = 1000, TIDY_STEPS = 8000 };

/* ---- the queue: a binary heap ---- */

int64_t demo_next_at(const struct live *l)
{
	if (l->plan_at == NIL)
		return l->wake_at;
	if (l->wake_at == NIL)
		return l->plan_at;
	return l->plan_at < l->wake_at ? l->plan_at : l->wake_at;
}

static bool before(const struct live *a, const struct live *b)
{
	int64_t x = demo_next_at(a), y = demo_next_at(b);

	return x != y ? x < y : a->id < b->id;
}

enum err demo_push(struct sim *s, const struct live *l)
{
	int64_t at = demo_next_at(l);
	size_t i = s->n;

	if (at == NIL || at > s->w->now)
		return OK;
	if (s->n == s->cap)
		return ERR_LIMIT;
	s->n++;
	while (i > 0 && before(l, &s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = *l;
	return OK;
}

/* Puts `l` into the hole at i, whose parents are all earlier or at i == 0. */
static void sink(struct sim *s, size_t i, struct live last)
{
	while (2 * i + 1 < s->n) {
		size_t k = 2 * i + 1;

		if (k + 1 < s->n && before(&s->heap[k + 1], &s->heap[k]))
			k++;
		if (!before(&s->heap[k], &last))
			break;
		s->heap[i] = s->heap[k];
		i = k;
	}
	s->heap[i] = last;
}

static struct live pop(struct sim *s)
{
	struct live first = s->heap[0], last = s->heap[--s->n];

	sink(s, 0, last);
	return first;
}

bool demo_take_out(struct sim *s, int64_t id, struct live *ret)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->heap[i].id != id)
			continue;
		*ret = s->heap[i];
		/* to the top, then off: rare, so the simple way */
		for (; i > 0; i = (i - 1) / 2)
			s->heap[i] = s->heap[(i - 1) / 2];
		sink(s, 0, s->heap[--s->n]);
		return true;
	}
	return false;
}

/* ---- transactions ---- */

static void keep(struct sim *s)
{
	memcpy(s->heap_kept, s->heap, s->n * sizeof(*s->heap));
	memcpy(s->hot_kept, s->hot, s->w->ngrid * sizeof(*s->hot));
	s->n_kept = s->n;
	s->next_kept = s->next;
	s->actions_kept = s->actions;
	s->refused_kept = s->refused;
}

static void restore(struct sim *s)
{
	memcpy(s->heap, s->heap_kept, s->n_kept * sizeof(*s->heap));
	memcpy(s->hot, s->hot_kept, s->w->ngrid * sizeof(*s->hot));
	s->n = s->n_kept;
	s->next = s->next_kept;
	s->actions = s->actions_kept;
	s->refused = s->refused_kept;
}

static enum err one(struct sim *s)
{
	int64_t birth = s->next < s->nbirth ? s->birth[s->next] : INT64_MAX;
	int64_t at = s->n > 0 ? demo_next_at(&s->heap[0]) : INT64_MAX;
	struct live l;
	enum err err;

	if (birth == INT64_MAX && at == INT64_MAX) {
		s->done = true;
		return OK;
	}
	arena_reset(s->w->batch);
	if (birth <= at) {
		s->at = birth;
		err = demo_birth(s, s->next++, &l);
	} else {
		l = pop(s);
		s->at = at;
		err = l.wake_at == at ? demo_wake(s, &l) : demo_step(s, &l);
	}
	if (err == OK && arena_failed(s->w->batch))
		err = ERR_NOMEM;
	return err != OK ? err : demo_push(s, &l);
}

static enum err steps_tx(struct dbc *c, void *arg)
{
	struct sim *s = arg;
	enum err err = OK;

	restore(s);
	s->done = false;
	req_local(&s->rq, s->w->app, c, s->w->batch, NULL, s->at);
	for (int i = 0; i < STEPS_AT_ONCE && err == OK && !s->done; i++)
		err = one(s);
	if (err != OK && s->w->e != NULL)
		*s->w->e = s->rq.err;
	req_local_done(&s->rq);
	return err;
}

static enum err tidy_tx(struct dbc *c, void *arg)
{
	const struct sim *s = arg;
	/* counted anew at the end: see demo_tally.c */
	enum err err = db_exec(c, demo_sql[Q_DEMO_DELTA_DROP], NO_ARGS, NULL);

	return err != OK ? err : db_exec(c, demo_sql[Q_DEMO_OLD_OUTBOX], ARGS(I(s->at - MS_DAY)), NULL);
}

static enum err run(struct sim *s)
{
	struct world *w = s->w;
	int64_t tidied = 0;
	enum err err = OK;

	while (err == OK && !s->done) {
		keep(s);
		err = db_write(w->app->db, steps_tx, s);
		if (err == OK && s->actions - tidied > TIDY_STEPS) {
			tidied = s->actions;
			err = db_write(w->app->db, tidy_tx, s);
		}
		demo_tell(w, s->done, "%" PRId64 " %zu events, %" PRId64 " actions", date_of(s->at), s->next, s->actions);
	}
	w->result->events = (int64_t)s->next;
	w->result->actions = s->actions;
	w->result->refused = s->refused;
	return err;
}

/* ---- setting up ---- */

static enum err weights(struct sim *s)
{
	uint64_t sum = 0;

	s->grid_weight = calloc(s->w->ngrid, sizeof(*s->grid_weight));
	s->code_weight = calloc(nstory_codes, sizeof(*s->code_weight));
	if (s->grid_weight == NULL || s->code_weight == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->w->ngrid; i++) {
		const struct demo_grid *g = &s->w->grid[i];

		sum += g->dedicated ? 150 : (uint64_t)g->households;
		s->grid_weight[i] = sum;
	}
	sum = 0;
	for (size_t i = 0; i < nstory_codes; i++) {
		const struct event_code *c = event_code_by(s->book, str_z(story_codes[i].code));

		sum += c != NULL && c->active ? (uint64_t)story_codes[i].weight : 0;
		s->code_weight[i] = sum;
	}
	return sum == 0 ? ERR_BUG : OK;
}

static enum err sim_init(struct sim *s, struct world *w)
{
	s->w = w;
	s->snap = snap_get(w->app);
	s->book = event_book(s->snap, w->app);
	s->cal = snap_calendar(s->snap);
	s->at = w->start;
	s->nbirth = (size_t)w->o.events;
	s->cap = s->nbirth * 2 + 64; /* parts of split events count too */
	s->birth = calloc(s->nbirth, sizeof(*s->birth));
	s->heap = calloc(s->cap, sizeof(*s->heap));
	s->heap_kept = calloc(s->cap, sizeof(*s->heap));
	s->hot = calloc(w->ngrid, sizeof(*s->hot));
	s->hot_kept = calloc(w->ngrid, sizeof(*s->hot));
	s->act = calloc(1, sizeof(*s->act));
	if (s->birth == NULL || s->heap == NULL || s->heap_kept == NULL || s->hot == NULL || s->hot_kept == NULL ||
	    s->act == NULL)
		return ERR_NOMEM;
	enum err err = weights(s);

	return err != OK ? err : demo_births(s);
}

static void sim_release(struct sim *s)
{
	snap_put(s->snap);
	free(s->birth);
	free(s->grid_weight);
	free(s->code_weight);
	free(s->heap);
	free(s->heap_kept);
	free(s->hot);
	free(s->hot_kept);
	free(s->act);
}

enum err demo_make_events(struct world *w)
{
	struct sim *s = calloc(1, sizeof(*s));
	enum err err;

	if (s == NULL)
		return ERR_NOMEM;
	err = sim_init(s, w);
	if (err == OK)
		err = run(s);
	sim_release(s);
	free(s);
	return err;
}
