/*
 * The partition that is worked on: parts with their sums, splitting by growth from seeds far apart, joining,
 * and the exchange of cells over the borders with a falling temperature. A cell leaves a part only if what
 * is left of it stays connected.
 */
#include <math.h>
#include <string.h>

#include "mod/planner/planner_impl.h"

/* What a part outside the norm costs, besides how far it is out; what being compact is worth. */
#define OUTSIDE 2.0
#define OUTSIDE_FAR 12.0
#define COMPACT 0.4
#define HOT 0.2
#define COLD 0.002

static uint64_t draw(struct state *s, uint64_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (s->random >> 11) % below;
}

/* ---- parts ---- */

static void put(struct state *s, struct part *p, size_t cell, int sign)
{
	int64_t households = s->p->cell[cell].households;
	double x = s->g->x[cell], y = s->g->y[cell], w = sign * (double)(households > 0 ? households : 1);

	p->households += sign * households;
	p->cells += sign;
	p->w += w;
	p->sx += w * x;
	p->sy += w * y;
	p->sq += w * (x * x + y * y);
}

static double part_cost(const struct state *s, const struct part *p)
{
	const struct norm *n = &s->p->norm;
	double target = (double)n->target, h = (double)p->households, drift = (h - target) / target, cost, inertia;

	if (p->cells == 0)
		return 0;
	cost = drift * drift;
	if (p->households < n->low)
		cost += OUTSIDE + OUTSIDE_FAR * ((double)n->low - h) / target;
	else if (p->households > n->high)
		cost += OUTSIDE + OUTSIDE_FAR * (h - (double)n->high) / target;
	inertia = p->sq - (p->sx * p->sx + p->sy * p->sy) / p->w;
	return cost + COMPACT * (inertia > 0 ? inertia : 0) / (target * s->r2);
}

static double moved_cost(const struct state *s, size_t cell, int32_t part)
{
	const struct plan_cell *c = &s->p->cell[cell];

	if (c->grid == PLAN_NO_GRID || s->part[part].origin == c->grid)
		return 0;
	return s->moved_weight * (double)c->households / (double)s->p->norm.target;
}

double state_cost(const struct state *s)
{
	double cost = 0;

	for (size_t i = 0; i < s->nparts; i++)
		cost += part_cost(s, &s->part[i]);
	for (size_t i = 0; i < s->p->n; i++)
		cost += moved_cost(s, i, s->label[i]);
	return cost;
}

void state_save(struct state *s)
{
	memcpy(s->saved, s->label, s->p->n * sizeof(*s->saved));
	memcpy(s->saved_part, s->part, s->nparts * sizeof(*s->part));
	s->saved_nparts = s->nparts;
}

void state_restore(struct state *s)
{
	s->nparts = s->saved_nparts;
	memcpy(s->label, s->saved, s->p->n * sizeof(*s->saved));
	memcpy(s->part, s->saved_part, s->nparts * sizeof(*s->part));
}

static void relabel(struct state *s, size_t cell, int32_t to)
{
	int32_t from = s->label[cell];

	if (from != PLAN_NO_GRID)
		put(s, &s->part[from], cell, -1);
	if (to != PLAN_NO_GRID)
		put(s, &s->part[to], cell, 1);
	s->label[cell] = to;
}

static int32_t new_part(struct state *s)
{
	if (s->nparts == s->cap)
		return PLAN_NO_GRID;
	s->part[s->nparts] = (struct part){ .origin = PLAN_NO_GRID };
	return (int32_t)s->nparts++;
}

/* ---- connectivity ---- */

/* Marks what is connected to `cell` inside its part, without `without`; returns how many cells. */
static size_t flood(struct state *s, uint32_t cell, uint32_t without)
{
	size_t n = 0, done = 0;

	s->mark[cell] = s->stamp;
	s->stack[n++] = cell;
	while (done < n) {
		uint32_t c = s->stack[done++];

		for (uint32_t k = s->g->first[c]; k < s->g->first[c + 1]; k++) {
			uint32_t d = s->g->to[k];

			if (d == without || s->label[d] != s->label[cell] || s->mark[d] == s->stamp)
				continue;
			s->mark[d] = s->stamp;
			s->stack[n++] = d;
		}
	}
	return n;
}

/* Is the part still one piece, and something, when the cell leaves it? */
static bool may_leave(struct state *s, uint32_t cell)
{
	const struct graph *g = s->g;
	uint32_t mine = UINT32_MAX;
	size_t same = 0;

	for (uint32_t k = g->first[cell]; k < g->first[cell + 1]; k++) {
		if (s->label[g->to[k]] == s->label[cell]) {
			mine = g->to[k];
			same++;
		}
	}
	if (same < 2)
		return same == 1;
	s->stamp++;
	return flood(s, mine, cell) + 1 == (size_t)s->part[s->label[cell]].cells;
}

/* Every piece of a part but the largest becomes a part of its own. */
static void separate(struct state *s)
{
	size_t parts = s->nparts;
	int32_t *best = s->saved; /* the largest piece of each part, by its first cell */
	struct part *most = s->saved_part;

	for (size_t i = 0; i < parts; i++) {
		best[i] = -1;
		most[i].households = -1;
	}
	s->stamp++;
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t c = 0; c < s->p->n; c++) {
			int32_t p = s->label[c], to;
			int64_t h = 0;
			size_t n;

			if (p == PLAN_NO_GRID || (size_t)p >= parts || s->mark[c] == s->stamp)
				continue;
			n = flood(s, c, UINT32_MAX);
			for (size_t i = 0; i < n; i++)
				h += s->p->cell[s->stack[i]].households;
			if (pass == 0 && h > most[p].households) {
				most[p].households = h;
				best[p] = (int32_t)c;
			}
			if (pass == 0 || best[p] == (int32_t)c)
				continue;
			to = new_part(s);
			for (size_t i = 0; i < n; i++)
				relabel(s, s->stack[i], to);
		}
		s->stamp++;
	}
}

/* Cells without a grid join the part of a neighbour, nearest first by steps; whole groups become parts. */
static void adopt(struct state *s)
{
	size_t n = 0, done = 0;

	for (uint32_t c = 0; c < s->p->n; c++) {
		if (s->label[c] != PLAN_NO_GRID)
			s->stack[n++] = c;
	}
	for (uint32_t next = 0;; next++) {
		while (done < n) {
			uint32_t c = s->stack[done++];

			for (uint32_t k = s->g->first[c]; k < s->g->first[c + 1]; k++) {
				if (s->label[s->g->to[k]] == PLAN_NO_GRID) {
					relabel(s, s->g->to[k], s->label[c]);
					s->stack[n++] = s->g->to[k];
				}
			}
		}
		while (next < s->p->n && s->label[next] != PLAN_NO_GRID)
			next++;
		if (next == s->p->n)
			return;
		relabel(s, next, new_part(s));
		s->stack[n++] = next;
	}
}

/* Mean square distance from the middle in a part of the target's size, judged by today's: the area, and with it
 * the mean square, grows with the households. */
static double mean_square(const struct state *s, int64_t households)
{
	double sum = 0, weight = 0, parts = 0;

	for (size_t i = 0; i < s->nparts; i++) {
		const struct part *p = &s->part[i];

		if (p->cells == 0)
			continue;
		sum += fmax(p->sq - (p->sx * p->sx + p->sy * p->sy) / p->w, 0);
		weight += p->w;
		parts++;
	}
	if (households < 1)
		households = 1;
	return fmax(sum / weight * fmin((double)s->p->norm.target * parts / (double)households, 1.0), 1.0);
}

enum err state_make(struct arena *a, const struct plan_problem *p, const struct graph *g, bool apart,
		    struct state *ret)
{
	struct state s = { .p = p, .g = g, .cap = 2 * p->n + p->ngrid + 2, .moved_weight = 1.0,
		.random = p->seed * UINT64_C(2654435761) + UINT64_C(88172645463325252), .stamp = 1 };
	int64_t total = 0;

	s.label = arena_array(a, p->n, sizeof(*s.label));
	s.saved = arena_array(a, s.cap, sizeof(*s.saved));
	s.part = arena_array(a, s.cap, sizeof(*s.part));
	s.saved_part = arena_array(a, s.cap, sizeof(*s.saved_part));
	s.mark = arena_array(a, p->n, sizeof(*s.mark));
	s.stack = arena_array(a, p->n + 1, sizeof(*s.stack));
	if (s.label == NULL || s.saved == NULL || s.part == NULL || s.saved_part == NULL || s.mark == NULL ||
	    s.stack == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < p->ngrid; i++)
		s.part[i].origin = (int32_t)i;
	s.nparts = p->ngrid;
	for (size_t i = 0; i < p->n; i++) {
		s.label[i] = PLAN_NO_GRID;
		total += p->cell[i].households;
		relabel(&s, i, p->cell[i].grid);
	}
	if (apart)
		separate(&s);
	adopt(&s);
	s.r2 = mean_square(&s, total);
	*ret = s;
	return OK;
}

/* ---- splitting and joining ---- */

struct growth {
	struct state *s;
	int32_t which;
	uint32_t *cell; /* of the part */
	size_t n, nseed;
	int32_t label[32]; /* of the new parts */
	uint32_t seed[32];
	bool full[32];
};

static double from_seeds(const struct growth *g, uint32_t cell)
{
	const struct graph *m = g->s->g;
	double best = INFINITY;

	for (size_t i = 0; i < g->nseed; i++) {
		double dx = m->x[cell] - m->x[g->seed[i]], dy = m->y[cell] - m->y[g->seed[i]];

		best = fmin(best, dx * dx + dy * dy);
	}
	return best;
}

/* Seeds: the cell farthest from the middle, then each the farthest from those before. */
static void sow(struct growth *g, size_t parts)
{
	const struct graph *m = g->s->g;
	const struct part *p = &g->s->part[g->which];
	double cx = p->sx / p->w, cy = p->sy / p->w;

	while (g->nseed < parts) {
		double most = -1;
		uint32_t pick = g->cell[0];

		for (size_t i = 0; i < g->n; i++) {
			double dx = m->x[g->cell[i]] - cx, dy = m->y[g->cell[i]] - cy;
			double d = g->nseed == 0 ? dx * dx + dy * dy : from_seeds(g, g->cell[i]);
			bool taken = false;

			for (size_t k = 0; k < g->nseed; k++)
				taken = taken || g->seed[k] == g->cell[i];
			if (!taken && d > most) {
				most = d;
				pick = g->cell[i];
			}
		}
		g->seed[g->nseed++] = pick;
	}
}

/* The free cell beside part i that is nearest to its seed; UINT32_MAX: none. */
static uint32_t next_cell(const struct growth *g, size_t i)
{
	const struct state *s = g->s;
	uint32_t pick = UINT32_MAX;
	double least = INFINITY;

	for (size_t k = 0; k < g->n; k++) {
		uint32_t c = g->cell[k];
		double dx = s->g->x[c] - s->g->x[g->seed[i]], dy = s->g->y[c] - s->g->y[g->seed[i]];
		double d = dx * dx + dy * dy;
		bool beside = false;

		if (s->label[c] != g->which || d >= least)
			continue;
		for (uint32_t e = s->g->first[c]; e < s->g->first[c + 1] && !beside; e++)
			beside = s->label[s->g->to[e]] == g->label[i];
		if (beside) {
			least = d;
			pick = c;
		}
	}
	return pick;
}

static void grow(struct growth *g)
{
	struct state *s = g->s;

	for (;;) {
		size_t lightest = g->nseed;
		uint32_t c;

		for (size_t i = 0; i < g->nseed; i++) {
			if (!g->full[i] && (lightest == g->nseed || s->part[g->label[i]].households <
								       s->part[g->label[lightest]].households))
				lightest = i;
		}
		if (lightest == g->nseed)
			return;
		c = next_cell(g, lightest);
		if (c == UINT32_MAX)
			g->full[lightest] = true;
		else
			relabel(s, c, g->label[lightest]);
	}
}

void split_part(struct state *s, int32_t which, size_t parts)
{
	struct growth g = { .s = s, .which = which, .cell = s->stack };
	size_t heaviest = 0;

	for (uint32_t c = 0; c < s->p->n; c++) {
		if (s->label[c] == which)
			g.cell[g.n++] = c;
	}
	if (parts > g.n)
		parts = g.n;
	if (parts > ARRAY_LEN(g.seed))
		parts = ARRAY_LEN(g.seed);
	if (parts < 2)
		return;
	sow(&g, parts);
	for (size_t i = 0; i < parts; i++) {
		g.label[i] = new_part(s);
		if (g.label[i] == PLAN_NO_GRID)
			return; /* no room: nothing was changed yet */
	}
	for (size_t i = 0; i < parts; i++)
		relabel(s, g.seed[i], g.label[i]);
	grow(&g);
	for (size_t i = 1; i < parts; i++) {
		if (s->part[g.label[i]].households > s->part[g.label[heaviest]].households)
			heaviest = i;
	}
	s->part[g.label[heaviest]].origin = s->part[which].origin;
	s->part[which].origin = PLAN_NO_GRID;
}

void merge_parts(struct state *s, int32_t from, int32_t to)
{
	struct part *a = &s->part[from], *b = &s->part[to];

	if (b->origin == PLAN_NO_GRID || (a->origin != PLAN_NO_GRID && a->households > b->households))
		b->origin = a->origin;
	a->origin = PLAN_NO_GRID;
	for (size_t i = 0; i < s->p->n; i++) {
		if (s->label[i] == from)
			relabel(s, i, to);
	}
}

int32_t best_neighbour(struct state *s, int32_t which, int64_t most)
{
	int32_t best = PLAN_NO_GRID;
	double least = INFINITY, mine = part_cost(s, &s->part[which]);

	for (uint32_t c = 0; c < s->p->n; c++) {
		if (s->label[c] != which)
			continue;
		for (uint32_t k = s->g->first[c]; k < s->g->first[c + 1]; k++) {
			int32_t other = s->label[s->g->to[k]];
			const struct part *a = &s->part[which], *b = &s->part[other];
			struct part whole = { .households = a->households + b->households, .cells = a->cells + b->cells,
				.w = a->w + b->w, .sx = a->sx + b->sx, .sy = a->sy + b->sy, .sq = a->sq + b->sq };
			double cost = part_cost(s, &whole) - part_cost(s, b) - mine;

			if (other != which && whole.households <= most && (cost < least || (cost <= least && other < best))) {
				least = cost;
				best = other;
			}
		}
	}
	return best;
}

/* ---- exchange ---- */

static double move_gain(struct state *s, uint32_t cell, int32_t to)
{
	const struct part *a = &s->part[s->label[cell]], *b = &s->part[to];
	struct part less = *a, more = *b;

	put(s, &less, cell, -1);
	put(s, &more, cell, 1);
	return part_cost(s, a) + part_cost(s, b) + moved_cost(s, cell, s->label[cell]) - part_cost(s, &less) -
		part_cost(s, &more) - moved_cost(s, cell, to);
}

static bool try_move(struct state *s, double heat)
{
	uint32_t cell = (uint32_t)draw(s, s->p->n), first = s->g->first[cell], n = s->g->first[cell + 1] - first;
	int32_t to;
	double gain;

	if (n == 0)
		return false;
	to = s->label[s->g->to[first + draw(s, n)]];
	if (to == s->label[cell])
		return false;
	gain = move_gain(s, cell, to);
	if (gain <= 1e-9 && (heat <= 0 || (double)draw(s, 1 << 20) / (1 << 20) >= exp(gain / heat)))
		return false;
	if (!may_leave(s, cell))
		return false;
	relabel(s, cell, to);
	return true;
}

void anneal(struct state *s, int sweeps)
{
	double heat = HOT, cool = pow(COLD / HOT, 1.0 / (sweeps > 0 ? sweeps : 1));

	for (int i = 0; i < sweeps; i++) {
		for (size_t k = 0; k < s->p->n; k++)
			try_move(s, heat);
		heat *= cool;
	}
	/* To the bottom of the valley. */
	for (int quiet = 0, round = 0; quiet < 3 && round < 100; round++) {
		size_t moves = 0;

		for (size_t k = 0; k < s->p->n; k++)
			moves += try_move(s, 0);
		quiet = moves == 0 ? quiet + 1 : 0;
	}
}
