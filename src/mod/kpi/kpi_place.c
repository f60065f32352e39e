/*
 * Indicators about places instead of matters: Party coverage and the size of grids. They say how things
 * stand now; the period does not touch them.
 */
#include <string.h>

#include "mod/kpi/kpi_db.h"
#include "mod/party/party.h"
#include "mod/place/place.h"

struct grids {
	struct kpi_ask *q;
	struct kpi_place *v;
	size_t n;
};

/* The grids of the place that count, in order of code. */
static enum err list_grids(struct grids *g)
{
	struct kpi_ask *q = g->q;
	const struct snap *s = req_snap(q->rq);
	int64_t today = date_of(q->rq->now);
	const char *perm = q->k->how == KPI_PARTY ? "party.read" : "place.read";
	size_t first, n;

	snap_subtree(s, q->place, &first, &n);
	g->v = arena_array(q->rq->arena, n + 1, sizeof(*g->v));
	if (g->v == NULL)
		return ERR_NOMEM;
	for (size_t i = first; i < first + n; i++) {
		const struct place *p = &s->place[i];

		if (p->level == LEVEL_GRID && place_in_force(p->valid_to, today) && scope_sees(q->rq->who, perm, p->code))
			g->v[g->n++].p = p;
	}
	return OK;
}

struct uncovering {
	struct grids *g;
	size_t at;
};

static void uncovered(const struct place *p, void *arg)
{
	struct uncovering *u = arg;

	while (u->at < u->g->n && u->g->v[u->at].p->code < p->code)
		u->at++;
	if (u->at < u->g->n && u->g->v[u->at].p->code == p->code)
		u->g->v[u->at].missed = true;
}

static enum err party_places(struct grids *g)
{
	struct uncovering u = { .g = g };
	struct party_coverage sum;
	enum err err = party_coverage(g->q->rq, g->q->place, uncovered, &u, &sum);

	for (size_t i = 0; err == OK && i < g->n; i++) {
		g->v[i].households = g->v[i].p->households;
		g->v[i].den = 1;
		g->v[i].num = !g->v[i].missed;
	}
	return err;
}

/* Households away from the target out of the households there should be: together the mean drift. */
static enum err size_places(struct grids *g)
{
	const struct norms *norms = snap_norms(req_snap(g->q->rq), g->q->rq->app);
	struct place_size *size = arena_array(g->q->rq->arena, g->n + 1, sizeof(*size));
	size_t keep = 0;
	enum err err;

	if (size == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < g->n; i++)
		size[i] = (struct place_size){ .code = g->v[i].p->code, .households = g->v[i].p->households };
	err = place_sizes(g->q->rq->db, LEVEL_GRID, g->q->place, size, g->n);
	for (size_t i = 0; i < g->n; i++) {
		const struct place *p = g->v[i].p;
		const struct norm *norm = norm_of(norms, p->level, p->kind);
		int64_t away;

		if (norm == NULL)
			continue;
		away = size[i].households - norm->target;
		g->v[keep++] = (struct kpi_place){ .p = p, .num = away < 0 ? -away : away, .den = norm->target,
			.households = size[i].households, .missed = !norm_ok(norm, size[i].households) };
	}
	g->n = keep;
	return err;
}

enum err kpi_places(struct kpi_ask *q, struct kpi_place **ret, size_t *ret_n)
{
	struct grids g = { .q = q };
	enum err err = list_grids(&g);

	if (err == OK && q->k->how == KPI_PARTY)
		err = party_places(&g);
	else if (err == OK)
		err = size_places(&g);
	*ret = g.v;
	*ret_n = g.n;
	return err;
}

/* ---- the places behind a figure ---- */

/* How much a grid contributes to a side; 0: it is not listed there. */
static int64_t part(const struct kpi_ask *q, const struct kpi_place *v, enum kpi_side side)
{
	if (side == KPI_DENOMINATOR)
		return v->den;
	if (side == KPI_NUMERATOR)
		return v->num;
	if (!v->missed)
		return 0;
	return q->k->how == KPI_PARTY ? v->den - v->num : v->num;
}

static const struct member place_member[] = {
	{ "code", F_CODE },
	{ "name", F_STR },
	{ "level", F_ENUM, .vocab = &level_vocab },
	{ "households", F_INT, .null = true },
	{ "drift", F_REAL, .maybe = true },
	{ "missed", F_BOOL },
	{ "times", F_INT },
};
static const struct shape place_shape = { .name = "KpiGrid", MEMBERS(place_member) };
static const struct member places_member[] = {
	{ "items", .of = &place_shape, .list = 1 },
	{ "next", F_STR, .null = true },
	{ "count", F_INT, .maybe = true },
	{ "times", F_INT, .maybe = true },
	{ "withheld", F_INT, .maybe = true },
};
const struct shape kpi_places_shape = { .name = "KpiGrids", MEMBERS(places_member) };

static void write_place(const struct kpi_ask *q, const struct kpi_place *v, int64_t times, struct jw *out)
{
	jw_obj(out);
	jw_kid(out, "code", v->p->code);
	jw_kstr(out, "name", v->p->name);
	jw_kz(out, "level", vocab_word(&level_vocab, v->p->level));
	jw_kint(out, "households", v->households);
	if (q->k->how == KPI_GRANULARITY)
		jw_kreal(out, "drift", (double)v->num / (double)v->den);
	jw_kbool(out, "missed", v->missed);
	jw_kint(out, "times", times);
	jw_end_obj(out);
}

enum err kpi_place_cases(struct kpi_ask *q, enum kpi_side side, struct jw *out)
{
	int64_t after, limit, shown = 0, count = 0, sum = 0, last = 0;
	struct kpi_place *v = NULL;
	bool more = false;
	size_t n = 0;
	enum err err = kpi_limit(q->rq, &limit);

	if (err == OK)
		err = kpi_after(q->rq, 0, &after);
	if (err == OK)
		err = kpi_places(q, &v, &n);
	if (err != OK)
		return err;
	jw_karr(out, "items");
	for (size_t i = 0; i < n; i++) {
		int64_t times = part(q, &v[i], side);

		if (times == 0)
			continue;
		count++;
		sum += times;
		if (v[i].p->code <= after)
			continue;
		more = more || shown == limit;
		if (shown == limit)
			continue;
		write_place(q, &v[i], times, out);
		last = v[i].p->code;
		shown++;
	}
	jw_end_arr(out);
	jw_kid(out, "next", more ? last : NIL);
	if (req_query_int(q->rq, "count") == 1) {
		jw_kint(out, "count", count);
		jw_kint(out, "times", sum);
		jw_kint(out, "withheld", 0);
	}
	q->rq->rows = shown;
	return OK;
}
