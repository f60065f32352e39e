/*
 * The grid planner: proposes how the cells of one community (buildings or micro-grids, points with
 * households) are shared out among grids, so that each grid is contiguous, compact and inside the norm and
 * as few households as possible change their grid. Pure: no SQL, no clock, no chance: the same input gives
 * the same plan. Each community is planned alone.
 *
 * Contiguous means connected in the cells' adjacency: neighbours by distance and direction
 * without another cell between, long ones cut, none across a barrier; groups apart are joined over their shortest gap, up to
 * `gap_m`.
 */
#ifndef GEZHI_MOD_PLANNER_PLANNER_H
#define GEZHI_MOD_PLANNER_PLANNER_H

#include "base/arena.h"
#include "base/err.h"
#include "mod/place/place.h"

enum { PLAN_CELLS_MAX = 20000, PLAN_BARRIERS_MAX = 5000, PLAN_NO_GRID = -1 };

struct plan_cell {
	double lon, lat;
	int64_t households;
	int32_t grid; /* today's, 0…ngrid-1, or PLAN_NO_GRID */
};

/* A stretch of river, railway, main road or wall: cells on its two sides are not neighbours. */
struct plan_barrier {
	double lon1, lat1, lon2, lat2;
};

struct plan_problem {
	const struct plan_cell *cell;
	size_t n;
	size_t ngrid; /* today's grids */
	struct norm norm;
	const struct plan_barrier *barrier;
	size_t nbarrier;
	double gap_m;  /* groups farther apart stay apart; 0: PLAN_GAP */
	uint64_t seed; /* another seed may find another plan; 0 is one too */
};
#define PLAN_GAP 2000.0

/* Stored as numbers: append only. */
enum plan_kind { PLAN_SPLIT, PLAN_MERGE, PLAN_REPARTITION, PLAN_KIND_MAX };
extern const struct vocab plan_kind_vocab;

struct plan_figures {
	size_t grids, inside; /* inside the norm */
	double drift, worst;  /* mean and largest drift from the target */
	double distance_m;    /* compactness: mean distance of a household from the centre of its grid */
	size_t scattered;     /* grids that are not contiguous */
	int64_t households;
	int64_t moved;	      /* households whose grid is another than today's */
};

struct plan {
	int32_t *grid;	 /* of each cell: 0…ngrid-1 */
	int32_t *origin; /* of each grid: the one of today that it continues, or PLAN_NO_GRID */
	size_t ngrid;
	bool changed;	 /* false: nothing better was found, it is as today */
	struct plan_figures before, after;
};

/*
 * Makes a plan. `which` is the grid to split or to merge with a neighbour; PLAN_NO_GRID: all that are too
 * large or too small. ERR_INVALID for a position or number that is none, ERR_LIMIT for too many cells.
 * Unless a grid is named, or a barrier cuts one of today's, the mean drift is never larger than today's. Memory
 * from `a`.
 */
enum err plan_make(struct arena *a, const struct plan_problem *p, enum plan_kind kind, int32_t which,
		   struct plan *ret) MUST_CHECK;
/*
 * Figures of a plan made or changed by hand: `grid` of each cell, `origin` of each of `ngrid` grids.
 */
enum err plan_measure(struct arena *a, const struct plan_problem *p, const int32_t *grid, const int32_t *origin,
		      size_t ngrid, struct plan_figures *ret) MUST_CHECK;
/* In how many pieces each grid is: 0 without cells, 1, or 2 for two and more. `ret` has room for ngrid. */
enum err plan_pieces(struct arena *a, const struct plan_problem *p, const int32_t *grid, size_t ngrid,
		     uint8_t *ret) MUST_CHECK;

extern const struct module planner_module;

#endif
