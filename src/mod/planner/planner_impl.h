/* Private to the planner: the adjacency of cells, and the partition that is worked on. */
#ifndef GEZHI_MOD_PLANNER_PLANNER_IMPL_H
#define GEZHI_MOD_PLANNER_PLANNER_IMPL_H

#include "mod/planner/planner.h"

/* Neighbours of cell i: to[first[i]] … to[first[i + 1] - 1]. */
struct graph {
	size_t n;
	uint32_t *first, *to;
	double *x, *y;	/* metres east and north of a point among the cells */
	double spacing; /* usual distance of neighbours, metres */
};
enum err graph_make(struct arena *a, const struct plan_problem *p, struct graph *ret) MUST_CHECK;

/* A future grid: sums from which its cost follows at once. */
struct part {
	int64_t households;
	int32_t cells, origin;
	double w, sx, sy, sq; /* weight, first and second moments */
};

struct state {
	const struct plan_problem *p;
	const struct graph *g;
	int32_t *label; /* part of each cell */
	struct part *part;
	size_t nparts, cap; /* parts without cells are left over */
	double moved_weight, r2; /* r2: mean square distance in an ideal part */
	uint32_t *mark, *stack, stamp;
	int32_t *saved;	    /* room for a copy of the labels */
	struct part *saved_part;
	size_t saved_nparts;
	uint64_t random;
};

/* Today's grids; cells without a grid join the nearest. With `apart` the pieces of a grid that is not
 * contiguous are parts of their own. */
enum err state_make(struct arena *a, const struct plan_problem *p, const struct graph *g, bool apart,
		    struct state *ret) MUST_CHECK;
double state_cost(const struct state *s);
void state_save(struct state *s);
void state_restore(struct state *s);
void split_part(struct state *s, int32_t which, size_t parts);
/* Joins `from` to `to`. */
void merge_parts(struct state *s, int32_t from, int32_t to);
/* The neighbour with which a part makes the best whole of at most `most` households; PLAN_NO_GRID: none. */
int32_t best_neighbour(struct state *s, int32_t which, int64_t most);
/* Moves cells over the borders: `sweeps` rounds, cooling. */
void anneal(struct state *s, int sweeps);

#endif
