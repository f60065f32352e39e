/*
 * The planner on a made-up district: communities of about 1,900 households in estates (towers, slabs, rows),
 * with a cell per staircase; today's grids and micro-grids are what the nearest of some random middles gives.
 * Plans grids in each community, then micro-grids in each grid. Prints one JSON object.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main/bench_store.h"
#include "mod/planner/planner.h"

enum { CELLS = 1000, MIDDLES = 200, COMMUNITY = 1900, CARE = 4, PLAN_MEMORY = 256 << 20 };
#define METRE 9.0e-6

struct total {
	const char *name;
	int64_t grids[2], inside[2], moved, households, scattered[2], unchanged;
	double drift[2], distance[2];
	int64_t us;
};

struct town {
	struct arena *arena;
	uint64_t random;
	size_t n;
	struct plan_cell cell[CELLS], part[CELLS];
	int32_t micro[CELLS]; /* today's */
	struct total grid, micros;
	int64_t communities;
};

static uint64_t draw(struct town *t, uint64_t below)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return below > 0 ? (t->random >> 11) % below : 0;
}

/* One estate of one kind of buildings; several make a community. */
static void build_estate(struct town *t, double x0, double y0, int64_t *left)
{
	uint64_t kind = draw(t, 3);
	int64_t stairs = kind == 0 ? 1 : kind == 1 ? 3 : 5, floors = kind == 0 ? 24 : kind == 1 ? 11 : 6;
	int64_t flats = kind == 0 ? 4 : 2, columns = 3 + (int64_t)draw(t, 3), rows = 2 + (int64_t)draw(t, 3);

	for (int64_t b = 0; b < columns * rows && *left > 0; b++) {
		int64_t column = b % columns, row = b / columns;
		double x = x0 + (double)column * 95 + (double)draw(t, 12);
		double y = y0 + (double)row * 55 + (double)draw(t, 10);
		int64_t storeys = floors - (int64_t)draw(t, 3);

		for (int64_t s = 0; s < stairs && *left > 0 && t->n + 1 < CELLS; s++) {
			/* A tower is too large for a micro-grid: its upper and lower half count apart. */
			for (int64_t half = 0; half < (kind == 0 ? 2 : 1); half++) {
				int64_t households = storeys * flats / (kind == 0 ? 2 : 1) - (int64_t)draw(t, 3);

				t->cell[t->n++] = (struct plan_cell){ 106.4 + (x + (double)s * 16) * METRE,
					29.4 + (y + (double)half) * METRE, households, 0 };
				*left -= households;
			}
		}
	}
}

static void build_community(struct town *t)
{
	int64_t left = COMMUNITY - 600 + (int64_t)draw(t, 1200);
	size_t side = 4;

	t->n = 0;
	for (size_t i = 0; left > 0 && t->n + 2 < CELLS; i++) {
		size_t column = i % side, row = i / side;

		build_estate(t, (double)column * 620, (double)row * 330, &left);
	}
}

static double apart(const struct town *t, size_t a, size_t b)
{
	return hypot(t->cell[a].lon - t->cell[b].lon, t->cell[a].lat - t->cell[b].lat);
}

/* Of a few random cells the one farthest from the middles before: grids were once drawn with some care. */
static size_t next_middle(struct town *t, const size_t *middle, size_t n)
{
	size_t pick = draw(t, t->n);
	double most = -1;

	for (int i = 0; i < CARE; i++) {
		size_t c = draw(t, t->n);
		double least = INFINITY;

		for (size_t k = 0; k < n; k++)
			least = fmin(least, apart(t, c, middle[k]));
		if (least > most) {
			most = least;
			pick = c;
		}
	}
	return pick;
}

/* Today's: the nearest of random middles, about `size` households each. */
static void share_out(struct town *t, int64_t size, int32_t *ret)
{
	size_t middle[MIDDLES], n;
	int64_t households = 0;

	for (size_t i = 0; i < t->n; i++)
		households += t->cell[i].households;
	n = (size_t)(households / size) + 1;
	if (n > MIDDLES)
		n = MIDDLES;
	for (size_t k = 0; k < n; k++)
		middle[k] = next_middle(t, middle, k);
	for (size_t i = 0; i < t->n; i++) {
		double least = INFINITY;

		for (size_t k = 0; k < n; k++) {
			double d = apart(t, i, middle[k]);

			if (d < least) {
				least = d;
				ret[i] = (int32_t)k;
			}
		}
	}
}

static void count(struct total *sum, const struct plan *plan)
{
	const struct plan_figures *f[2] = { &plan->before, &plan->after };

	for (size_t i = 0; i < 2; i++) {
		sum->grids[i] += (int64_t)f[i]->grids;
		sum->inside[i] += (int64_t)f[i]->inside;
		sum->scattered[i] += (int64_t)f[i]->scattered;
		sum->drift[i] += f[i]->drift * (double)f[i]->grids;
		sum->distance[i] += f[i]->distance_m * (double)f[i]->households;
	}
	sum->households += plan->after.households;
	sum->moved += plan->after.moved;
	sum->unchanged += !plan->changed;
}

static enum err make(struct town *t, struct total *sum, const struct plan_problem *p, struct plan *ret)
{
	int64_t from = time_monotonic_us();
	enum err err = plan_make(t->arena, p, PLAN_REPARTITION, PLAN_NO_GRID, ret);

	sum->us += time_monotonic_us() - from;
	if (err == OK)
		count(sum, ret);
	return err;
}

/* The micro-grids of one grid. */
static enum err plan_micros(struct town *t, const struct plan *grids, int32_t grid)
{
	struct plan_problem p = { .cell = t->part, .norm = { 50, 35, 65 } };
	int32_t number[MIDDLES];
	struct plan plan;

	memset(number, 0xff, sizeof(number));
	for (size_t i = 0; i < t->n; i++) {
		if (grids->grid[i] != grid)
			continue;
		if (number[t->micro[i]] < 0)
			number[t->micro[i]] = (int32_t)p.ngrid++;
		t->part[p.n] = t->cell[i];
		t->part[p.n++].grid = number[t->micro[i]];
	}
	return make(t, &t->micros, &p, &plan);
}

static enum err plan_community(struct town *t)
{
	struct plan_problem p = { .cell = t->cell, .norm = { 400, 300, 500 }, .ngrid = MIDDLES };
	int32_t today[CELLS] = { 0 };
	struct plan plan;
	enum err err;

	build_community(t);
	share_out(t, 430, today);
	share_out(t, 55, t->micro);
	p.n = t->n;
	for (size_t i = 0; i < t->n; i++)
		t->cell[i].grid = today[i];
	arena_reset(t->arena);
	err = make(t, &t->grid, &p, &plan);
	for (size_t g = 0; err == OK && g < plan.ngrid; g++)
		err = plan_micros(t, &plan, (int32_t)g);
	t->communities++;
	return err;
}

static void print(const struct total *s)
{
	printf(",\"%s\":{\"seconds\":%.2f,\"before\":%lld,\"after\":%lld,\"inside_before\":%.4f,\"inside_after\":%.4f,"
	       "\"drift_before\":%.4f,\"drift_after\":%.4f,\"moved\":%lld,\"moved_share\":%.4f,"
	       "\"distance_m_before\":%.1f,\"distance_m_after\":%.1f,\"scattered_before\":%lld,\"scattered_after\":%lld,"
	       "\"unchanged\":%lld}",
	       s->name, (double)s->us / 1e6, (long long)s->grids[0], (long long)s->grids[1],
	       (double)s->inside[0] / (double)s->grids[0], (double)s->inside[1] / (double)s->grids[1],
	       s->drift[0] / (double)s->grids[0], s->drift[1] / (double)s->grids[1], (long long)s->moved,
	       (double)s->moved / (double)s->households, s->distance[0] / (double)s->households,
	       s->distance[1] / (double)s->households, (long long)s->scattered[0], (long long)s->scattered[1],
	       (long long)s->unchanged);
}

int bench_plan(struct run *r)
{
	struct town *t = calloc(1, sizeof(*t));
	enum err err = ERR_NOMEM;

	if (t != NULL)
		t->arena = arena_new(PLAN_MEMORY);
	if (t != NULL && t->arena != NULL) {
		t->random = UINT64_C(88172645463325252);
		t->grid.name = "grids";
		t->micros.name = "micro_grids";
		err = OK;
	}
	while (err == OK && t->grid.households < r->set.households)
		err = plan_community(t);
	if (err == OK) {
		printf("{\"what\":\"plan\",\"households\":%lld,\"communities\":%lld,\"seconds\":%.2f",
		       (long long)t->grid.households, (long long)t->communities,
		       (double)(t->grid.us + t->micros.us) / 1e6);
		print(&t->grid);
		print(&t->micros);
		printf("}\n");
	}
	if (t != NULL)
		arena_free(t->arena);
	free(t);
	return err == OK ? EXIT_OK : cli_fail(r, err);
}
