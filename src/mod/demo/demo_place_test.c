/* The invented places: proportions, codes, names, nested ground, households (R004, R005, R006), and
 * the same seed giving the same district. */
#include "mod/demo/demo_place.h"

#include "base/geo.h"
#include "mod/demo/demo_rand.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t unit[DEMO_LEVEL_MAX] = { 10000000000000, 100000000000, 100000000, 100000, 100,
	1 };

/* Everything the tests want to compare, kept beyond the life of a street. */
struct seen {
	int64_t code, parent;
	enum demo_level level;
	enum demo_kind kind;
	int households, below; /* `below`: sum over the children */
	int children;
	char name[64], alias[64];
	struct geo_shape *shape;
	double covered; /* share of the ground taken by the children */
	double lon, lat;
};

struct world {
	struct geo *g;
	struct seen *v;
	size_t n;
	int kinds[DEMO_KIND_MAX], levels[DEMO_LEVEL_MAX];
};

static void keep(struct world *w, const struct demo_place *p)
{
	struct seen *s = &w->v[w->n++];

	*s = (struct seen){ .code = p->code,
		.parent = p->parent,
		.level = p->level,
		.kind = p->kind,
		.households = p->households,
		.lon = p->lon,
		.lat = p->lat };
	assert_in_range(p->name.n, 1, sizeof s->name - 1);
	assert_in_range(p->alias.n, 1, sizeof s->alias - 1);
	memcpy(s->name, p->name.p, p->name.n);
	memcpy(s->alias, p->alias.p, p->alias.n);
	if (p->wkb.p != NULL)
		assert_int_equal(geo_from_wkb(w->g, p->wkb, &s->shape), OK);
	w->kinds[p->kind]++;
	w->levels[p->level]++;
}

static struct world *world_make(enum demo_size size, uint64_t seed)
{
	struct world *w = calloc(1, sizeof *w);
	struct demo_places *d = demo_places_new(size, seed);
	const struct demo_place *p;
	enum err err;

	assert_non_null(w);
	assert_non_null(d);
	w->g = geo_new();
	w->v = calloc(20000, sizeof *w->v);
	assert_non_null(w->v);
	while ((err = demo_places_next(d, &p)) == OK)
		keep(w, p);
	assert_int_equal(err, ERR_NOT_FOUND);
	assert_int_equal(demo_places_next(d, &p), ERR_NOT_FOUND);
	demo_places_free(d);
	return w;
}

static void world_free(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		geo_shape_free(w->g, w->v[i].shape);
	geo_free(w->g);
	free(w->v);
	free(w);
}

static void assert_near(double got, double want, double by)
{
	if (!(fabs(got - want) <= by))
		fail_msg("%.12g is not %.12g ± %g", got, want, by);
}

static struct seen *find(struct world *w, int64_t code)
{
	/* Depth first with rising codes: the list is ordered. */
	size_t lo = 0, hi = w->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (w->v[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < w->n && w->v[lo].code == code ? &w->v[lo] : NULL;
}

static void check_counts(const struct world *w, enum demo_size size)
{
	struct demo_counts c = demo_counts(size);

	assert_int_equal(w->levels[DEMO_LEVEL_DISTRICT], c.districts);
	assert_int_equal(w->levels[DEMO_LEVEL_STREET], c.streets);
	assert_int_equal(w->levels[DEMO_LEVEL_COMMUNITY], c.communities);
	assert_int_equal(w->kinds[DEMO_KIND_GRID], c.grids);
	assert_int_equal(w->levels[DEMO_LEVEL_GRID], c.grids + c.dedicated);
	assert_int_equal(w->levels[DEMO_LEVEL_MICRO], c.micros);
	for (int k = DEMO_KIND_SUBDISTRICT; k < DEMO_KIND_MAX; k++)
		assert_true(w->kinds[k] > 0);
}

/* Codes rise, lie in the parent's range, and parents come first. */
static void check_codes(struct world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct seen *s = &w->v[i];

		if (i > 0)
			assert_true(s->code > w->v[i - 1].code);
		assert_true(s->code >= 99010000000000000 && s->code < 99020000000000000);
		assert_int_equal(s->code % unit[s->level], 0);
		if (i == 0) {
			assert_int_equal(s->parent, 0);
			continue;
		}
		struct seen *up = find(w, s->parent);

		assert_non_null(up);
		assert_int_equal(up->level, s->level - 1);
		assert_true(s->code > up->code && s->code < up->code + unit[up->level]);
		up->below += s->households;
		up->children++;
	}
}

static int by_name(const void *pa, const void *pb)
{
	const struct seen *a = *(struct seen *const *)pa, *b = *(struct seen *const *)pb;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int by_alias(const void *pa, const void *pb)
{
	const struct seen *a = *(struct seen *const *)pa, *b = *(struct seen *const *)pb;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	return strcmp(a->alias, b->alias);
}

static void check_names(struct world *w)
{
	struct seen **v = calloc(w->n, sizeof(struct seen *));

	assert_non_null(v);
	for (size_t i = 0; i < w->n; i++) {
		v[i] = &w->v[i];
		assert_true(str_runes(str_z(v[i]->name)) >= 3);
		for (const char *c = v[i]->alias; *c != '\0'; c++)
			assert_true(*c >= ' ' && *c <= '~');
	}
	qsort(v, w->n, sizeof *v, by_name);
	for (size_t i = 1; i < w->n; i++)
		assert_true(by_name(&v[i - 1], &v[i]) < 0);
	qsort(v, w->n, sizeof *v, by_alias);
	for (size_t i = 1; i < w->n; i++)
		assert_true(by_alias(&v[i - 1], &v[i]) < 0);
	free(v);
}

static void check_households(const struct world *w)
{
	double grids = 0, micros = 0, large = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct seen *s = &w->v[i];

		if (s->level < DEMO_LEVEL_GRID || s->kind == DEMO_KIND_GRID)
			assert_int_equal(s->households, s->below);
		if (s->kind == DEMO_KIND_GRID) {
			assert_in_range(s->households, 280, 620);
			assert_true(s->children >= 1);
			grids += s->households;
			large += s->households >= 480;
		} else if (s->level == DEMO_LEVEL_GRID) {
			assert_int_equal(s->households, 0);
			assert_int_equal(s->children, 0);
		} else if (s->level == DEMO_LEVEL_MICRO) {
			assert_in_range(s->households, 20, 130);
			micros += s->households;
		}
		if (s->level < DEMO_LEVEL_GRID)
			assert_true(s->children > 0);
	}
	/* Four deviations of the mean of so many grids. */
	double by = 4 * 60 / sqrt(w->kinds[DEMO_KIND_GRID]);

	assert_near(grids / w->kinds[DEMO_KIND_GRID], 400, by);
	assert_near(micros / w->kinds[DEMO_KIND_MICRO], 50, by / 8);
	assert_true(large > 0 && large < w->kinds[DEMO_KIND_GRID] / 5);
}

/* Children lie inside their parent, share no ground, and fill it. */
static void check_ground(struct world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct seen *s = &w->v[i], *up = find(w, s->parent);

		if (s->level == DEMO_LEVEL_MICRO) {
			assert_null(s->shape);
			assert_true(geo_contains(w->g, up->shape, s->lon, s->lat));
			continue;
		}
		assert_non_null(s->shape);
		assert_true(geo_contains(w->g, s->shape, s->lon, s->lat));
		if (up == NULL)
			continue;
		assert_true(geo_share(w->g, up->shape, s->shape) > 0.9999);
		up->covered += geo_area_m2(w->g, s->shape);
		for (size_t k = i; k-- > 0 && w->v[k].code > s->parent;)
			if (w->v[k].parent == s->parent && w->v[k].shape != NULL)
				assert_true(geo_share(w->g, w->v[k].shape, s->shape) < 1e-6);
	}
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].covered > 0)
			assert_near(w->v[i].covered / geo_area_m2(w->g, w->v[i].shape), 1, 1e-9);
}

static void test_small(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct world *w = world_make(DEMO_SMALL, seed);

		check_counts(w, DEMO_SMALL);
		check_codes(w);
		check_names(w);
		check_households(w);
		check_ground(w);
		world_free(w);
	}
}

static void test_district(void **state)
{
	struct world *w = world_make(DEMO_DISTRICT, 2025);
	struct box b = geo_box(w->g, w->v[0].shape);
	double wide = geo_distance_m(b.x0, 29.4, b.x1, 29.4);
	double high = geo_distance_m(106.54, b.y0, 106.54, b.y1);

	(void)state;
	assert_int_equal(w->v[0].code, 99010100000000000);
	assert_in_range(wide, 45000, 75000);
	assert_in_range(high, 45000, 75000);
	assert_true(geo_contains(w->g, w->v[0].shape, 106.54, 29.40));
	check_counts(w, DEMO_DISTRICT);
	check_codes(w);
	check_names(w);
	check_households(w);
	check_ground(w);
	assert_true(w->kinds[DEMO_KIND_SUBDISTRICT] >= 5 && w->kinds[DEMO_KIND_TOWN] >= 5);
	world_free(w);
}

/* One number for all that a seed produces. */
static uint64_t digest(enum demo_size size, uint64_t seed, int max)
{
	struct demo_places *d = demo_places_new(size, seed);
	const struct demo_place *p;
	uint64_t h = 14695981039346656037u;

	assert_non_null(d);
	for (int i = 0; i < max && demo_places_next(d, &p) == OK; i++) {
		struct str part[] = { p->name, p->alias, p->wkb,
			{ (const char *)&p->code, sizeof p->code },
			{ (const char *)&p->households, sizeof p->households },
			{ (const char *)&p->lon, sizeof p->lon } };

		for (size_t k = 0; k < ARRAY_LEN(part); k++)
			for (size_t c = 0; c < part[k].n; c++)
				h = (h ^ (unsigned char)part[k].p[c]) * 1099511628211u;
	}
	demo_places_free(d);
	return h;
}

static void test_same_seed(void **state)
{
	(void)state;
	assert_true(digest(DEMO_SMALL, 7, 1000) == digest(DEMO_SMALL, 7, 1000));
	assert_true(digest(DEMO_SMALL, 7, 1000) != digest(DEMO_SMALL, 8, 1000));
	assert_true(digest(DEMO_DISTRICT, 7, 900) == digest(DEMO_DISTRICT, 7, 900));
	assert_true(digest(DEMO_DISTRICT, 7, 900) != digest(DEMO_DISTRICT, 8, 900));
}

/* The beginning of a city: its totals are known before its streets are made. */
static void test_city_opens(void **state)
{
	struct demo_places *d = demo_places_new(DEMO_CITY, 1);
	const struct demo_place *p;

	(void)state;
	assert_non_null(d);
	assert_int_equal(demo_places_next(d, &p), OK);
	assert_int_equal(p->kind, DEMO_KIND_CITY);
	assert_int_equal(p->code, 99010000000000000);
	assert_int_equal(p->parent, 0);
	assert_in_range(p->households, 23000000, 24500000);
	for (int i = 1; i < 1500; i++) {
		assert_int_equal(demo_places_next(d, &p), OK);
		if (i == 1)
			assert_int_equal(p->code, 99010100000000000);
	}
	demo_places_free(d);
	demo_places_free(NULL);
}

static void test_rand(void **state)
{
	struct demo_rand a, b;
	int seen[7] = { 0 };
	double sum = 0, square = 0;

	(void)state;
	demo_rand_init(&a, 1);
	demo_rand_fork(&b, 1, 0);
	assert_true(demo_rand_next(&a) != demo_rand_next(&b));
	for (int i = 0; i < 70000; i++) {
		double v = demo_rand_normal(&b, 10, 2);

		seen[demo_rand_below(&a, 7)]++;
		assert_in_range(demo_rand_range(&a, 3, 5), 3, 5);
		sum += v;
		square += (v - 10) * (v - 10);
	}
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		assert_in_range(seen[i], 9500, 10500);
	assert_true(fabs(sum / 70000 - 10) < 0.05);
	assert_true(fabs(sqrt(square / 70000) - 2) < 0.05);
	assert_int_equal(demo_rand_below(&a, 0), 0);
	assert_int_equal(demo_rand_below(&a, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_district),
		cmocka_unit_test(test_same_seed),
		cmocka_unit_test(test_city_opens),
		cmocka_unit_test(test_rand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
