/* Plans: the three kinds, the figures before and after, and the guard that nothing gets worse. */
#include "mod/planner/planner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mod/planner/planner_impl.h"

enum { TRIALS_MAX = 24, SWEEPS_MIN = 8, SWEEPS_MAX = 600, MOVES = 1000000, HOUSEHOLDS_MAX = 100000 };

static const char *const kind_word[] = { "split", "merge", "repartition", NULL };
const struct vocab plan_kind_vocab = { "grid_plan_kind", kind_word };

static enum err check(const struct plan_problem *p, enum plan_kind kind, int32_t which)
{
	if (p->n > PLAN_CELLS_MAX || p->nbarrier > PLAN_BARRIERS_MAX)
		return ERR_LIMIT;
	if (p->n == 0 || p->ngrid > PLAN_CELLS_MAX || (unsigned)kind >= PLAN_KIND_MAX ||
	    which < PLAN_NO_GRID || (which != PLAN_NO_GRID && (size_t)which >= p->ngrid) || p->norm.low < 1 ||
	    p->norm.target < p->norm.low || p->norm.high < p->norm.target)
		return ERR_INVALID;
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_cell *c = &p->cell[i];

		if (!(c->lon >= -180 && c->lon <= 180 && c->lat >= -90 && c->lat <= 90) || c->households < 0 ||
		    c->households > HOUSEHOLDS_MAX || c->grid < PLAN_NO_GRID ||
		    (c->grid != PLAN_NO_GRID && (size_t)c->grid >= p->ngrid))
			return ERR_INVALID;
	}
	return OK;
}

/* ---- figures ---- */

struct sum {
	int64_t households, cells;
	double w, x, y;
};

static enum err count_pieces(struct arena *a, const struct graph *g, const int32_t *grid, uint8_t *pieces)
{
	uint8_t *seen = arena_array(a, g->n, 1);
	uint32_t *stack = arena_array(a, g->n, sizeof(*stack));

	if (seen == NULL || stack == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < g->n; i++) {
		size_t n = 0;

		if (seen[i] || grid[i] == PLAN_NO_GRID)
			continue;
		if (pieces[grid[i]] < 2)
			pieces[grid[i]]++;
		seen[i] = 1;
		stack[n++] = i;
		while (n > 0) {
			uint32_t c = stack[--n];

			for (uint32_t k = g->first[c]; k < g->first[c + 1]; k++) {
				uint32_t d = g->to[k];

				if (seen[d] || grid[d] != grid[i])
					continue;
				seen[d] = 1;
				stack[n++] = d;
			}
		}
	}
	return OK;
}

/* How many grids are in more than one piece. */
static enum err count_scattered(struct arena *a, const struct graph *g, const int32_t *grid, size_t ngrid, size_t *ret)
{
	uint8_t *pieces = arena_array(a, ngrid + 1, 1);
	enum err err = pieces == NULL ? ERR_NOMEM : count_pieces(a, g, grid, pieces);

	*ret = 0;
	for (size_t i = 0; err == OK && i < ngrid; i++)
		*ret += pieces[i] > 1;
	return err;
}

static void measure_sizes(const struct norm *n, const struct sum *sum, size_t ngrid, struct plan_figures *ret)
{
	for (size_t i = 0; i < ngrid; i++) {
		double drift = norm_drift(n, sum[i].households);

		if (sum[i].cells == 0)
			continue;
		ret->grids++;
		ret->inside += norm_ok(n, sum[i].households);
		ret->households += sum[i].households;
		ret->drift += drift;
		ret->worst = fmax(ret->worst, drift);
	}
	if (ret->grids > 0)
		ret->drift /= (double)ret->grids;
}

static enum err measure(struct arena *a, const struct plan_problem *p, const struct graph *g, const int32_t *grid,
			const int32_t *origin, size_t ngrid, struct plan_figures *ret)
{
	struct sum *sum = arena_array(a, ngrid + 1, sizeof(*sum));
	double far = 0, weight = 0;

	if (sum == NULL)
		return ERR_NOMEM;
	*ret = (struct plan_figures){ .grids = 0 };
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_cell *c = &p->cell[i];
		struct sum *s = grid[i] == PLAN_NO_GRID ? NULL : &sum[grid[i]];
		double w = c->households > 0 ? (double)c->households : 1;

		if (s == NULL)
			continue;
		s->households += c->households;
		s->cells++;
		s->w += w;
		s->x += w * g->x[i];
		s->y += w * g->y[i];
		if (c->grid != PLAN_NO_GRID && origin[grid[i]] != c->grid)
			ret->moved += c->households;
	}
	measure_sizes(&p->norm, sum, ngrid, ret);
	for (size_t i = 0; i < p->n; i++) {
		const struct sum *s = grid[i] == PLAN_NO_GRID ? NULL : &sum[grid[i]];

		if (s == NULL)
			continue;
		far += (double)p->cell[i].households * hypot(g->x[i] - s->x / s->w, g->y[i] - s->y / s->w);
		weight += (double)p->cell[i].households;
	}
	ret->distance_m = weight > 0 ? far / weight : 0;
	return count_scattered(a, g, grid, ngrid, &ret->scattered);
}

enum err plan_measure(struct arena *a, const struct plan_problem *p, const int32_t *grid, const int32_t *origin,
		      size_t ngrid, struct plan_figures *ret)
{
	struct graph g;
	enum err err = check(p, PLAN_SPLIT, PLAN_NO_GRID);

	for (size_t i = 0; err == OK && i < p->n; i++) {
		if (grid[i] < PLAN_NO_GRID || (grid[i] != PLAN_NO_GRID && (size_t)grid[i] >= ngrid))
			err = ERR_INVALID;
	}
	if (err == OK)
		err = graph_make(a, p, &g);
	return err != OK ? err : measure(a, p, &g, grid, origin, ngrid, ret);
}

enum err plan_pieces(struct arena *a, const struct plan_problem *p, const int32_t *grid, size_t ngrid, uint8_t *ret)
{
	struct graph g;
	enum err err = check(p, PLAN_SPLIT, PLAN_NO_GRID);

	for (size_t i = 0; i < ngrid; i++)
		ret[i] = 0;
	if (err == OK)
		err = graph_make(a, p, &g);
	return err != OK ? err : count_pieces(a, &g, grid, ret);
}

/* ---- the three kinds ---- */

static int sweeps(const struct state *s)
{
	size_t n = MOVES / s->p->n;

	return n < SWEEPS_MIN ? SWEEPS_MIN : n > SWEEPS_MAX ? SWEEPS_MAX : (int)n;
}

static size_t parts_of(const struct state *s, int64_t households)
{
	return (size_t)norm_parts(&s->p->norm, households);
}

static bool exists(const struct state *s, size_t i)
{
	return s->part[i].cells > 0;
}

static void split_large(struct state *s)
{
	size_t n = s->nparts;

	for (size_t i = 0; i < n; i++) {
		if (s->part[i].households > s->p->norm.high)
			split_part(s, (int32_t)i, parts_of(s, s->part[i].households));
	}
}

/* The smaller first; a merge may not make a grid that is too large. */
static void merge_small(struct state *s)
{
	for (size_t round = s->nparts; round-- > 0;) {
		int32_t pick = PLAN_NO_GRID, with = PLAN_NO_GRID;

		for (size_t i = 0; i < s->nparts; i++) {
			int32_t other;

			if (!exists(s, i) || s->part[i].households >= s->p->norm.low ||
			    (pick != PLAN_NO_GRID && s->part[i].households >= s->part[pick].households))
				continue;
			other = best_neighbour(s, (int32_t)i, s->p->norm.high);
			if (other != PLAN_NO_GRID) {
				pick = (int32_t)i;
				with = other;
			}
		}
		if (pick == PLAN_NO_GRID)
			return;
		merge_parts(s, pick, with);
	}
}

/* The part farthest outside the norm that was not tried yet. */
static int32_t worst_part(const struct state *s, const uint8_t *tried)
{
	int32_t pick = PLAN_NO_GRID;
	double most = 0;

	for (size_t i = 0; i < s->nparts; i++) {
		double drift = norm_drift(&s->p->norm, s->part[i].households);

		if (exists(s, i) && !tried[i] && !norm_ok(&s->p->norm, s->part[i].households) && drift > most) {
			most = drift;
			pick = (int32_t)i;
		}
	}
	return pick;
}

enum { TRY_JOIN, TRY_JOIN_SPLIT, TRY_SPLIT, TRIES };

/* One grid more or less, or another border, around a part that the exchange could not bring inside. */
static bool try_other(struct state *s, int32_t part, int how)
{
	double cost = state_cost(s);
	int32_t other = how == TRY_SPLIT ? part : best_neighbour(s, part, INT64_MAX);

	if (other == PLAN_NO_GRID || s->nparts + 34 > s->cap)
		return false;
	state_save(s);
	if (other != part)
		merge_parts(s, part, other);
	if (how != TRY_JOIN)
		split_part(s, other, parts_of(s, s->part[other].households));
	anneal(s, sweeps(s) / 3 + 1);
	if (state_cost(s) < cost - 1e-6)
		return true;
	state_restore(s);
	return false;
}

static enum err improve(struct state *s, struct arena *a)
{
	uint8_t *tried = arena_array(a, s->cap, 1);

	if (tried == NULL)
		return ERR_NOMEM;
	anneal(s, sweeps(s));
	for (int i = 0; i < TRIALS_MAX; i++) {
		int32_t part = worst_part(s, tried);

		if (part == PLAN_NO_GRID)
			break;
		tried[part] = 1;
		for (int how = 0; how < TRIES; how++) {
			if (try_other(s, part, how)) {
				memset(tried, 0, s->cap);
				break;
			}
		}
	}
	return OK;
}

/* The norm by which one grid is split into `parts`: equal shares, inside the real norm where that can be. A
 * grid of 520 becomes 260 and 260, not one of 300 that is inside and one of 220 that is far out. */
static struct norm norm_of_share(const struct norm *n, int64_t households, int64_t parts)
{
	int64_t share = (households + parts / 2) / parts;
	struct norm equal = { share < 1 ? 1 : share, share - share / 20, share + share / 20 };

	equal.low = equal.low < 1 ? 1 : equal.low;
	if (share >= n->low && equal.low < n->low)
		equal.low = n->low;
	if (share <= n->high && equal.high > n->high)
		equal.high = n->high;
	return equal;
}

/* Cells of one grid as a problem of their own: nothing else may change. */
static enum err split_alone(struct state *s, struct arena *a, int32_t which)
{
	size_t parts = parts_of(s, s->part[which].households);
	struct plan_problem sub = *s->p;
	struct plan_cell *cell = arena_array(a, s->p->n, sizeof(*cell));
	uint32_t *at = arena_array(a, s->p->n, sizeof(*at));
	struct graph g;
	struct state t;
	enum err err;

	if (cell == NULL || at == NULL)
		return ERR_NOMEM;
	sub.n = 0;
	sub.ngrid = 1;
	sub.cell = cell;
	for (uint32_t i = 0; i < s->p->n; i++) {
		if (s->label[i] != which)
			continue;
		at[sub.n] = i;
		cell[sub.n] = s->p->cell[i];
		cell[sub.n++].grid = 0;
	}
	if (sub.n < 2)
		return OK;
	err = graph_make(a, &sub, &g);
	if (err == OK)
		err = state_make(a, &sub, &g, true, &t);
	if (err != OK)
		return err;
	t.moved_weight = 0;
	if (t.nparts == 1) {
		sub.norm = norm_of_share(&sub.norm, t.part[0].households, (int64_t)parts);
		split_part(&t, 0, parts);
	} else {
		split_large(&t); /* it is in pieces already */
	}
	anneal(&t, sweeps(&t));
	for (size_t i = 0; i < sub.n; i++)
		s->label[at[i]] = t.label[i] == 0 ? which : (int32_t)s->nparts + t.label[i] - 1;
	s->nparts += t.nparts - 1;
	return OK;
}

static enum err split(struct state *s, struct arena *a, int32_t which)
{
	size_t n = s->nparts;
	enum err err = OK;

	for (size_t i = 0; err == OK && i < n; i++) {
		bool picked = which == PLAN_NO_GRID ? s->part[i].households > s->p->norm.high : (int32_t)i == which;

		if (picked)
			err = split_alone(s, a, (int32_t)i);
	}
	return err;
}

static void merge(struct state *s, int32_t which)
{
	int32_t other;

	if (which == PLAN_NO_GRID) {
		merge_small(s);
		return;
	}
	other = best_neighbour(s, which, s->p->norm.high);
	if (other != PLAN_NO_GRID)
		merge_parts(s, which, other);
}

/* Two ways: with today's grids as far as they go, and with the large ones split at once; the cheaper counts. */
static enum err repartition(struct state *s, struct arena *a)
{
	struct state other;
	enum err err = state_make(a, s->p, s->g, true, &other);

	if (err != OK)
		return err;
	split_large(&other);
	merge_small(&other);
	merge_small(s);
	err = improve(&other, a);
	if (err == OK)
		err = improve(s, a);
	if (err == OK && state_cost(&other) < state_cost(s))
		*s = other;
	return err;
}

/* ---- the result ---- */

struct overlap {
	int32_t part, grid;
	int64_t households;
};

static int by_overlap(const void *a, const void *b)
{
	const struct overlap *x = a, *y = b;

	if (x->households != y->households)
		return x->households > y->households ? -1 : 1;
	if (x->grid != y->grid)
		return x->grid < y->grid ? -1 : 1;
	return (x->part > y->part) - (x->part < y->part);
}

static int by_pair(const void *a, const void *b)
{
	const struct overlap *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return (x->grid > y->grid) - (x->grid < y->grid);
}

/* Each grid of today goes on in the part that keeps most of its households. */
static enum err match(struct arena *a, const struct plan_problem *p, struct plan *ret)
{
	struct overlap *o = arena_array(a, p->n, sizeof(*o));
	uint8_t *used = arena_array(a, p->ngrid + 1, 1);
	size_t n = 0, m = 0;

	if (o == NULL || used == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < p->n; i++) {
		if (p->cell[i].grid != PLAN_NO_GRID)
			o[n++] = (struct overlap){ ret->grid[i], p->cell[i].grid, p->cell[i].households };
	}
	qsort(o, n, sizeof(*o), by_pair);
	for (size_t i = 0; i < n; i++) {
		if (m > 0 && o[m - 1].part == o[i].part && o[m - 1].grid == o[i].grid)
			o[m - 1].households += o[i].households;
		else
			o[m++] = o[i];
	}
	qsort(o, m, sizeof(*o), by_overlap);
	for (size_t i = 0; i < ret->ngrid; i++)
		ret->origin[i] = PLAN_NO_GRID;
	for (size_t i = 0; i < m; i++) {
		if (used[o[i].grid] || ret->origin[o[i].part] != PLAN_NO_GRID)
			continue;
		used[o[i].grid] = 1;
		ret->origin[o[i].part] = o[i].grid;
	}
	return OK;
}

/* Numbers the parts by their first cell. */
static enum err number(struct arena *a, const struct plan_problem *p, const int32_t *label, size_t nlabel,
		       struct plan *ret)
{
	int32_t *of = arena_array(a, nlabel + 1, sizeof(*of));

	ret->grid = arena_array(a, p->n, sizeof(*ret->grid));
	ret->origin = arena_array(a, p->n + 1, sizeof(*ret->origin));
	if (of == NULL || ret->grid == NULL || ret->origin == NULL)
		return ERR_NOMEM;
	ret->ngrid = 0;
	for (size_t i = 0; i < p->n; i++) {
		if (of[label[i]] == 0)
			of[label[i]] = (int32_t)++ret->ngrid;
		ret->grid[i] = of[label[i]] - 1;
	}
	return match(a, p, ret);
}

static enum err today(struct arena *a, const struct plan_problem *p, const struct graph *g, struct plan_figures *ret,
		      bool *ret_whole)
{
	int32_t *grid = arena_array(a, p->n, sizeof(*grid)), *same = arena_array(a, p->ngrid + 1, sizeof(*same));

	if (grid == NULL || same == NULL)
		return ERR_NOMEM;
	*ret_whole = true;
	for (size_t i = 0; i < p->n; i++) {
		grid[i] = p->cell[i].grid;
		*ret_whole = *ret_whole && grid[i] != PLAN_NO_GRID;
	}
	for (size_t i = 0; i < p->ngrid; i++)
		same[i] = (int32_t)i;
	return measure(a, p, g, grid, same, p->ngrid, ret);
}

/* As today. Only where every cell has a grid. */
static enum err leave(struct arena *a, const struct plan_problem *p, struct plan *ret)
{
	int32_t *grid = arena_array(a, p->n, sizeof(*grid));
	enum err err;

	if (grid == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < p->n; i++)
		grid[i] = p->cell[i].grid;
	err = number(a, p, grid, p->ngrid, ret);
	ret->after = ret->before;
	ret->changed = false;
	return err;
}

static bool same_as_today(const struct plan_problem *p, const struct plan *plan)
{
	for (size_t i = 0; i < p->n; i++) {
		if (plan->origin[plan->grid[i]] != p->cell[i].grid)
			return false;
	}
	return true;
}

/* Fewer grids lie on both sides of a barrier. */
static bool heals(const struct plan_problem *p, const struct plan *plan)
{
	return p->nbarrier > 0 && plan->after.scattered < plan->before.scattered;
}

enum err plan_make(struct arena *a, const struct plan_problem *p, enum plan_kind kind, int32_t which, struct plan *ret)
{
	struct graph g;
	struct state s;
	bool whole = false;
	enum err err = check(p, kind, which);

	if (err == OK)
		err = graph_make(a, p, &g);
	if (err == OK)
		err = state_make(a, p, &g, kind == PLAN_REPARTITION, &s);
	if (err == OK)
		err = today(a, p, &g, &ret->before, &whole);
	if (err != OK)
		return err;
	if (kind == PLAN_SPLIT)
		err = split(&s, a, which);
	else if (kind == PLAN_MERGE)
		merge(&s, which);
	else
		err = repartition(&s, a);
	if (err == OK)
		err = number(a, p, s.label, s.nparts, ret);
	if (err == OK)
		err = measure(a, p, &g, ret->grid, ret->origin, ret->ngrid, &ret->after);
	if (err != OK)
		return err;
	ret->changed = !same_as_today(p, ret);
	/* Whoever names a grid, or draws a barrier through one, has decided; the figures tell what comes of it. */
	if (whole && (!ret->changed || (which == PLAN_NO_GRID && !heals(p, ret) &&
					ret->after.drift > ret->before.drift + 1e-9)))
		return leave(a, p, ret);
	return OK;
}
