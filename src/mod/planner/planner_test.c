/*
 * The planner's promises, on made-up communities: every cell in one grid, each grid connected, drift never
 * worse, the same plan each time, households moved as reported (R005, R006, R007).
 */
#include "mod/planner/planner.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mod/planner/planner_impl.h"

enum { CELLS = 600 };
#define METRE 9.0e-6

struct town {
	struct plan_cell cell[CELLS];
	size_t n;
	struct plan_problem p;
	struct arena *arena;
	uint64_t random;
};

static uint64_t draw(struct town *t, uint64_t below)
{
	t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (t->random >> 33) % below;
}

static struct town *town_new(uint64_t seed)
{
	struct town *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->random = seed;
	t->arena = arena_new(64 << 20);
	assert_non_null(t->arena);
	t->p = (struct plan_problem){ .cell = t->cell, .norm = norms_default.grid };
	return t;
}

static void town_free(struct town *t)
{
	arena_free(t->arena);
	free(t);
}

static void add(struct town *t, double x, double y, int64_t households, int32_t grid)
{
	assert_true(t->n < CELLS);
	t->cell[t->n++] = (struct plan_cell){ 106.4 + x * METRE, 29.4 + y * METRE, households, grid };
	t->p.n = t->n;
	if (grid >= 0 && (size_t)grid >= t->p.ngrid)
		t->p.ngrid = (size_t)grid + 1;
}

/* Rows of buildings, shared out among the nearest of `ngrid` random middles. */
static void fill(struct town *t, size_t n, size_t ngrid)
{
	double mx[32], my[32];
	size_t side = (size_t)ceil(sqrt((double)n));

	assert_true(ngrid <= 32);
	for (size_t i = 0; i < ngrid; i++) {
		mx[i] = (double)draw(t, side * 50);
		my[i] = (double)draw(t, side * 40);
	}
	for (size_t i = 0; i < n; i++) {
		double x = (double)(i % side) * 50 + (double)draw(t, 20), y = (double)(i / side) * 40 + (double)draw(t, 15);
		size_t best = 0;

		for (size_t k = 1; k < ngrid; k++) {
			if (hypot(x - mx[k], y - my[k]) < hypot(x - mx[best], y - my[best]))
				best = k;
		}
		add(t, x, y, 10 + (int64_t)draw(t, 60), (int32_t)best);
	}
}

/* Connected, told another way than the planner does: labels spread until nothing changes. */
static bool connected(const struct graph *g, const int32_t *grid, int32_t which)
{
	uint8_t in[CELLS] = { 0 };
	size_t cells = 0, reached = 0;
	bool grew = true;

	for (size_t i = 0; i < g->n; i++) {
		if (grid[i] != which)
			continue;
		if (cells++ == 0)
			in[i] = 1;
	}
	while (grew) {
		grew = false;
		for (size_t i = 0; i < g->n; i++) {
			for (uint32_t k = g->first[i]; in[i] && k < g->first[i + 1]; k++) {
				if (grid[g->to[k]] == which && !in[g->to[k]]) {
					in[g->to[k]] = 1;
					grew = true;
				}
			}
		}
	}
	for (size_t i = 0; i < g->n; i++)
		reached += in[i];
	return cells > 0 && reached == cells;
}

static void promises(struct town *t, const struct plan *plan, bool contiguous)
{
	struct graph g;
	int64_t households[CELLS] = { 0 }, moved = 0, total = 0;
	double drift = 0;

	assert_int_equal(graph_make(t->arena, &t->p, &g), OK);
	for (size_t i = 0; i < t->n; i++) {
		assert_in_range(plan->grid[i], 0, plan->ngrid - 1);
		households[plan->grid[i]] += t->cell[i].households;
		total += t->cell[i].households;
		if (plan->origin[plan->grid[i]] != t->cell[i].grid)
			moved += t->cell[i].households;
	}
	for (size_t i = 0; i < plan->ngrid; i++) {
		drift += norm_drift(&t->p.norm, households[i]);
		for (size_t k = 0; k < i; k++)
			assert_true(plan->origin[i] == PLAN_NO_GRID || plan->origin[i] != plan->origin[k]);
		if (contiguous && plan->changed)
			assert_true(connected(&g, plan->grid, (int32_t)i));
	}
	drift /= (double)plan->ngrid;
	assert_true(fabs(drift - plan->after.drift) < 1e-9);
	assert_true(plan->after.drift <= plan->before.drift + 1e-9);
	assert_int_equal(plan->after.moved, moved);
	assert_int_equal(plan->after.households, total);
	if (contiguous && plan->changed)
		assert_int_equal(plan->after.scattered, 0);
	assert_int_equal(plan->before.moved, 0);
	if (!plan->changed)
		assert_int_equal(plan->after.moved, 0);
}

static void make(struct town *t, enum plan_kind kind, int32_t which, struct plan *plan)
{
	assert_int_equal(plan_make(t->arena, &t->p, kind, which, plan), OK);
}

static void test_repartition(void **state)
{
	double before = 0, after = 0, grids = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct town *t = town_new(seed);
		struct plan plan, again;

		fill(t, 30 + draw(t, 120), 2 + draw(t, 10));
		make(t, PLAN_REPARTITION, PLAN_NO_GRID, &plan);
		promises(t, &plan, true);
		make(t, PLAN_REPARTITION, PLAN_NO_GRID, &again);
		assert_int_equal(again.ngrid, plan.ngrid);
		assert_memory_equal(again.grid, plan.grid, t->n * sizeof(*plan.grid));
		before += (double)plan.before.inside / (double)plan.before.grids;
		after += (double)plan.after.inside / (double)plan.after.grids;
		grids += 1;
		town_free(t);
	}
	assert_true(before / grids < 0.6);
	assert_true(after / grids > 0.95);
}

static void test_good_stays(void **state) /* nothing is moved where all is inside the norm */
{
	struct town *t = town_new(1);
	struct plan plan;

	(void)state;
	for (int i = 0; i < 36; i++)
		add(t, (i % 9) * 50, (double)(i / 9) * 50, 36, (i % 9) / 3); /* 432 each */
	make(t, PLAN_REPARTITION, PLAN_NO_GRID, &plan);
	promises(t, &plan, true);
	assert_false(plan.changed);
	t->cell[2].households += 80; /* 512: one building too many */
	make(t, PLAN_REPARTITION, PLAN_NO_GRID, &plan);
	promises(t, &plan, true);
	assert_true(plan.changed);
	assert_int_equal(plan.after.inside, 3);
	assert_int_equal(plan.after.grids, 3);
	assert_true(plan.after.moved <= 72);
	town_free(t);
}

static void test_split(void **state) /* R007: 600 households in two */
{
	struct town *t = town_new(7);
	struct plan plan;

	(void)state;
	for (int i = 0; i < 30; i++)
		add(t, (i % 6) * 50, (double)(i / 6) * 50, 20, 0);
	for (int i = 0; i < 20; i++)
		add(t, 400 + (i % 5) * 50, (double)(i / 5) * 50, 20, 1);
	make(t, PLAN_SPLIT, 0, &plan);
	promises(t, &plan, true);
	assert_true(plan.changed);
	assert_int_equal(plan.ngrid, 3);
	assert_int_equal(plan.after.inside, 3);
	assert_true(plan.after.moved <= 300);
	for (size_t i = 30; i < 50; i++) /* the other grid is as before */
		assert_int_equal(plan.origin[plan.grid[i]], 1);
	make(t, PLAN_SPLIT, PLAN_NO_GRID, &plan); /* 400 in two is no gain */
	for (size_t i = 30; i < 50; i++)
		assert_int_equal(plan.origin[plan.grid[i]], 1);
	make(t, PLAN_SPLIT, 1, &plan); /* …but whoever names it has decided */
	assert_true(plan.changed);
	assert_int_equal(plan.ngrid, 3);
	town_free(t);
}

/* Split in equal shares, inside the norm or not: as near as buildings of `each` households allow. */
static void test_split_is_even(void **state) /* R007 */
{
	static const struct {
		int buildings, each, parts;
	} cases[] = { { 26, 20, 2 }, { 52, 10, 2 }, { 30, 20, 2 }, { 35, 20, 2 }, { 55, 20, 3 }, { 13, 40, 2 }, { 76, 25, 5 } };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		struct town *t = town_new(7);
		int64_t most = 0, least = INT64_MAX, n[8] = { 0 };
		struct plan plan;

		for (int i = 0; i < cases[k].buildings; i++)
			add(t, (i % 7) * 50, (double)(i / 7) * 45, cases[k].each, 0);
		make(t, PLAN_SPLIT, 0, &plan);
		assert_int_equal(plan.ngrid, cases[k].parts);
		assert_int_equal(plan.after.scattered, 0);
		for (size_t i = 0; i < t->n; i++)
			n[plan.grid[i]] += cases[k].each;
		for (size_t i = 0; i < plan.ngrid; i++) {
			most = n[i] > most ? n[i] : most;
			least = n[i] < least ? n[i] : least;
		}
		if (most - least > 2 * (int64_t)cases[k].each)
			fail_msg("%d buildings of %d: %lld to %lld", cases[k].buildings, cases[k].each, (long long)least,
				 (long long)most);
		town_free(t);
	}
}

static void test_split_all(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct town *t = town_new(seed * 11);
		struct plan plan;

		fill(t, 120, 2);
		make(t, PLAN_SPLIT, PLAN_NO_GRID, &plan);
		promises(t, &plan, false);
		assert_true(plan.after.inside > plan.before.inside);
		town_free(t);
	}
}

static void test_merge(void **state)
{
	struct town *t = town_new(3);
	struct plan plan;

	(void)state;
	for (int i = 0; i < 30; i++)
		add(t, i * 50, 0, i < 10 ? 15 : i < 20 ? 25 : 40, i / 10); /* 150, 250, 400 */
	make(t, PLAN_MERGE, PLAN_NO_GRID, &plan);
	promises(t, &plan, true);
	assert_int_equal(plan.ngrid, 2);
	assert_int_equal(plan.after.inside, 2);
	assert_int_equal(plan.after.moved, 150);
	make(t, PLAN_MERGE, 2, &plan); /* its neighbour would make 650 */
	assert_false(plan.changed);
	town_free(t);
}

static void test_edges(void **state)
{
	struct town *t = town_new(3);
	struct plan plan;

	(void)state;
	assert_int_equal(plan_make(t->arena, &t->p, PLAN_REPARTITION, PLAN_NO_GRID, &plan), ERR_INVALID);
	add(t, 0, 0, 350, 0); /* one cell */
	for (int kind = 0; kind < PLAN_KIND_MAX; kind++) {
		make(t, (enum plan_kind)kind, 0, &plan);
		promises(t, &plan, true);
		assert_false(plan.changed);
	}
	t->cell[0].lat = (double)NAN;
	assert_int_equal(plan_make(t->arena, &t->p, PLAN_REPARTITION, PLAN_NO_GRID, &plan), ERR_INVALID);
	t->cell[0].lat = 29;
	t->cell[0].grid = 1;
	assert_int_equal(plan_make(t->arena, &t->p, PLAN_REPARTITION, PLAN_NO_GRID, &plan), ERR_INVALID);
	town_free(t);
}

static void test_one_point(void **state) /* a tower: every cell at the same position */
{
	struct town *t = town_new(5);
	struct plan plan;

	(void)state;
	for (int i = 0; i < 60; i++)
		add(t, 0, 0, 20, 0);
	make(t, PLAN_REPARTITION, PLAN_NO_GRID, &plan);
	promises(t, &plan, true);
	assert_int_equal(plan.after.inside, plan.after.grids);
	assert_int_equal(plan.after.grids, 3);
	town_free(t);
}

static void test_huge(void **state) /* one building above the norm stays alone, the rest is planned */
{
	struct town *t = town_new(5);
	struct plan plan;

	(void)state;
	for (int i = 0; i < 40; i++)
		add(t, (i % 8) * 50, (double)(i / 8) * 50, i == 20 ? 900 : 20, 0);
	make(t, PLAN_REPARTITION, PLAN_NO_GRID, &plan);
	promises(t, &plan, true);
	assert_true(plan.changed);
	assert_true(plan.after.inside + 1 >= plan.after.grids);
	town_free(t);
}

static void test_islands(void **state) /* a river between two banks: no grid crosses it */
{
	struct town *t = town_new(9);
	struct plan_barrier river = { 106.4 + 475 * METRE, 29.3, 106.4 + 475 * METRE, 29.5 };
	struct plan plan;
	size_t across = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		add(t, (i % 20) * 50, (double)(i / 20) * 50, 12, i % 20 < 7 ? 0 : 1);
	t->p.barrier = &river;
	t->p.nbarrier = 1;
	make(t, PLAN_REPARTITION, PLAN_NO_GRID, &plan);
	promises(t, &plan, true);
	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < i; k++)
			across += plan.grid[i] == plan.grid[k] && (i % 20 < 10) != (k % 20 < 10);
	}
	assert_true(plan.changed);
	assert_int_equal(across, 0);
	add(t, 900000, 0, 30, 0); /* and an islet far away */
	t->p.nbarrier = 0;
	assert_int_equal(plan_make(t->arena, &t->p, PLAN_REPARTITION, PLAN_NO_GRID, &plan), OK);
	promises(t, &plan, true);
	town_free(t);
}

/* A bent road through a grid of 400, drawn in many stretches: the grid is cut along it, though the halves are small;
 * a road that ends before the last row is walked round. */
static void test_road(void **state) /* R005 */
{
	struct town *t = town_new(2);
	struct plan_barrier road[300];
	struct plan plan;

	(void)state;
	for (int i = 0; i < 100; i++)
		add(t, (i % 10) * 50, (double)(i / 10) * 50, 4, 0);
	for (int i = 0; i < 300; i++) {
		double y = -100 + i * 2.2, x = 225 + 10 * (i % 2), next = 225 + 10 * ((i + 1) % 2);

		road[i] = (struct plan_barrier){ 106.4 + x * METRE, 29.4 + y * METRE, 106.4 + next * METRE,
			29.4 + (y + 2.2) * METRE };
	}
	t->p.barrier = road;
	t->p.nbarrier = ARRAY_LEN(road);
	make(t, PLAN_REPARTITION, PLAN_NO_GRID, &plan);
	assert_int_equal(plan.before.scattered, 1);
	assert_int_equal(plan.after.scattered, 0);
	assert_int_equal(plan.ngrid, 2);
	for (size_t i = 0; i < t->n; i++)
		assert_int_equal(plan.grid[i], i % 10 < 5 ? plan.grid[0] : plan.grid[9]);
	t->p.nbarrier = 200; /* to 340 m: the rows at 350 to 450 m join the sides */
	make(t, PLAN_REPARTITION, PLAN_NO_GRID, &plan);
	assert_false(plan.changed);
	town_free(t);
}

static void test_loose_cells(void **state) /* cells without a grid get one */
{
	struct town *t = town_new(4);
	struct plan plan;

	(void)state;
	for (int i = 0; i < 40; i++)
		add(t, (i % 8) * 50, (double)(i / 8) * 50, 20, PLAN_NO_GRID);
	make(t, PLAN_REPARTITION, PLAN_NO_GRID, &plan);
	assert_int_equal(plan.after.households, 800);
	assert_int_equal(plan.after.inside, 2);
	assert_int_equal(plan.after.moved, 0);
	town_free(t);
}

static void test_measure(void **state)
{
	struct town *t = town_new(4);
	int32_t grid[4] = { 0, 1, 1, 0 }, origin[2] = { 0, PLAN_NO_GRID };
	struct plan_figures f;

	(void)state;
	for (int i = 0; i < 4; i++)
		add(t, i * 50, 0, 100, 0);
	t->cell[1].lat = t->cell[2].lat = t->cell[3].lat = t->cell[0].lat = 0; /* a degree is 111,320 m there */
	assert_int_equal(plan_measure(t->arena, &t->p, grid, origin, 2, &f), OK);
	assert_int_equal(f.scattered, 1);
	assert_int_equal(f.moved, 200);
	assert_int_equal(f.inside, 0);
	assert_true(fabs(f.drift - 0.5) < 1e-9);
	assert_true(fabs(f.distance_m - 50) < 0.2);
	grid[0] = 2;
	assert_int_equal(plan_measure(t->arena, &t->p, grid, origin, 2, &f), ERR_INVALID);
	town_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repartition),  cmocka_unit_test(test_good_stays), cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_all), cmocka_unit_test(test_split_is_even),    cmocka_unit_test(test_merge),	cmocka_unit_test(test_edges),
		cmocka_unit_test(test_one_point),    cmocka_unit_test(test_huge),	cmocka_unit_test(test_islands),
		cmocka_unit_test(test_road), cmocka_unit_test(test_loose_cells), cmocka_unit_test(test_measure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
