/* Geometry: reading and refusing, measuring, the point index, Voronoi partitions, Morton keys
 * (R004, R025). */
#include "base/geo.h"

#include "base/time.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct rnd {
	uint64_t s;
};

static double rnd_next(struct rnd *r)
{
	r->s += 0x9e3779b97f4a7c15u;
	uint64_t v = r->s;

	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return (double)((v ^ v >> 31) >> 11) / 9007199254740992.0;
}

static double rnd_in(struct rnd *r, double a, double b)
{
	return a + (b - a) * rnd_next(r);
}

static void assert_near(double got, double want, double by)
{
	if (!(fabs(got - want) <= by))
		fail_msg("%.12g is not %.12g ± %g", got, want, by);
}

static int setup(void **state)
{
	*state = geo_new();
	return *state != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	geo_free(*state);
	return 0;
}

static struct geo_shape *read_json(struct geo *g, const char *json)
{
	struct geo_shape *s = NULL;
	struct error e = { .err = OK };

	if (geo_from_geojson(g, str_z(json), &s, &e) != OK)
		fail_msg("%s: %s", json, e.message);
	return s;
}

static struct geo_shape *square(struct geo *g, double x0, double y0, double x1, double y1)
{
	struct geo_shape *s = NULL;

	assert_int_equal(geo_box_shape(g, (struct box){ x0, y0, x1, y1 }, &s), OK);
	return s;
}

static const char holed[] =
	"{\"type\":\"Polygon\",\"coordinates\":["
	"[[106,29],[106,30],[107,30],[107,29],[106,29]]," /* clockwise on purpose */
	"[[106.4,29.4],[106.6,29.4],[106.6,29.6],[106.4,29.6],[106.4,29.4]]]}";

static const char twin[] =
	"{\"type\":\"MultiPolygon\",\"coordinates\":[[[[0,0],[1,0],[1,1],[0,1],[0,0]]],"
	"[[[2,0],[4,0],[4,1],[2,1],[2,0]]]]}";

static void test_contains(void **state)
{
	struct geo *g = *state;
	struct geo_shape *s = read_json(g, holed), *m = read_json(g, twin);

	assert_true(geo_contains(g, s, 106.1, 29.1));
	assert_false(geo_contains(g, s, 106.5, 29.5)); /* in the hole */
	assert_false(geo_contains(g, s, 105.9, 29.1));
	assert_false(geo_contains(g, s, NAN, 29.1));
	assert_true(geo_contains(g, m, 0.5, 0.5));
	assert_false(geo_contains(g, m, 1.5, 0.5));
	assert_true(geo_contains(g, m, 3.5, 0.5));
	geo_shape_free(g, s);
	geo_shape_free(g, m);
}

/* Points of a box say what the relation says. */
static void test_relation(void **state)
{
	struct geo *g = *state;
	struct geo_shape *s = read_json(g, holed);
	struct rnd r = { 11 };
	int seen[3] = { 0 };

	for (int i = 0; i < 3000; i++) {
		double x = rnd_in(&r, 105.8, 107.1), y = rnd_in(&r, 28.8, 30.1), w = rnd_in(&r, 0.001, 0.3);
		enum geo_relation rel = geo_relation(g, s, (struct box){ x, y, x + w, y + w });
		int in = 0;

		for (int k = 0; k < 40; k++)
			in += geo_contains(g, s, rnd_in(&r, x, x + w), rnd_in(&r, y, y + w));
		seen[rel]++;
		assert_true(rel != GEO_INSIDE || in == 40);
		assert_true(rel != GEO_OUTSIDE || in == 0);
	}
	assert_true(seen[GEO_OUTSIDE] > 100 && seen[GEO_CROSSES] > 100 && seen[GEO_INSIDE] > 100);
	geo_shape_free(g, s);
}

static void test_measures(void **state)
{
	struct geo *g = *state;
	struct geo_shape *s = read_json(g, holed), *m = read_json(g, twin);
	struct box b = geo_box(g, s);
	double x = 0, y = 0;

	assert_near(b.x0, 106, 0);
	assert_near(b.y1, 30, 0);
	/* One degree cell at 29…30 N on the sphere: R² · Δλ · (sin 30° - sin 29°), less the hole.
	 */
	assert_near(geo_area_m2(g, s), 10330787330, 1e3);
	/* 0.04 and 2 square degrees near the equator. */
	assert_near(geo_area_m2(g, m) / 12363718145.0, 3, 0.001);
	/* One degree of a meridian. */
	assert_near(geo_distance_m(106, 29, 106, 30), 111195.08, 0.01);
	assert_near(geo_distance_m(106, 29, 106, 29), 0, 0);
	assert_near(geo_distance_m(179.5, 0, -179.5, 0), 111195.08, 0.01);
	assert_true(geo_label(g, s, &x, &y));
	assert_true(geo_contains(g, s, x, y));
	assert_true(geo_label(g, m, &x, &y));
	assert_true(geo_contains(g, m, x, y));
	geo_shape_free(g, s);
	geo_shape_free(g, m);
}

/* R004: a grid overlapping a sibling or leaving its community is told by these shares. */
static void test_share(void **state)
{
	struct geo *g = *state;
	struct geo_shape *a = square(g, 0, 0, 2, 1), *b = square(g, 1, 0, 2, 2);
	struct geo_shape *in = square(g, 0.5, 0.25, 1, 0.75), *next = square(g, 2, 0, 3, 1);
	struct geo_shape *far = square(g, 20, 20, 21, 21), *h = read_json(g, holed);
	struct geo_shape *hole = square(g, 106.4, 29.4, 106.6, 29.6), *pt;

	assert_near(geo_share(g, a, b), 0.5, 1e-12);
	assert_near(geo_share(g, a, in), 1, 1e-12);
	assert_near(geo_share(g, in, a), 0.125, 1e-12);
	assert_near(geo_share(g, a, next), 0, 1e-12);
	assert_near(geo_share(g, a, far), 0, 0);
	assert_near(geo_share(g, h, hole), 0, 1e-9);
	pt = read_json(g, "{\"type\":\"Point\",\"coordinates\":[1,0.5]}");
	assert_near(geo_share(g, a, pt), 0, 0);
	geo_shape_free(g, a);
	geo_shape_free(g, b);
	geo_shape_free(g, in);
	geo_shape_free(g, next);
	geo_shape_free(g, far);
	geo_shape_free(g, h);
	geo_shape_free(g, hole);
	geo_shape_free(g, pt);
}

static void test_round_trip(void **state)
{
	static const char *const text[] = {
		"{\"type\":\"Point\",\"coordinates\":[106.5423,-29.41]}",
		"{\"type\":\"LineString\",\"coordinates\":[[0,0],[1,1.5],[-0.25,2]]}",
		"{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[3,0],[3,3],[0,3],[0,0]],"
		"[[1,1],[1,2],[2,2],[2,1],[1,1]]]}",
		twin,
	};
	struct geo *g = *state;
	struct buf b, j;

	buf_init(&b, 1 << 16);
	buf_init(&j, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		struct geo_shape *s = read_json(g, text[i]), *again = NULL;

		buf_reset(&b);
		buf_reset(&j);
		assert_int_equal(geo_to_wkb(g, s, &b), OK);
		assert_int_equal(geo_from_wkb(g, buf_view(&b), &again), OK);
		assert_int_equal(geo_to_geojson(g, again, 6, &j), OK);
		assert_int_equal(j.n, strlen(text[i]));
		assert_memory_equal(j.p, text[i], j.n);
		geo_shape_free(g, s);
		geo_shape_free(g, again);
	}
	buf_release(&b);
	buf_release(&j);
}

static void test_decimals(void **state)
{
	struct geo *g = *state;
	struct geo_shape *s =
		read_json(g, "{\"type\":\"Point\",\"coordinates\":[-0.0000001,29.45678951]}");
	struct buf j;

	buf_init(&j, 1 << 10);
	assert_int_equal(geo_to_geojson(g, s, 5, &j), OK);
	buf_char(&j, '\0');
	assert_string_equal(j.p, "{\"type\":\"Point\",\"coordinates\":[0,29.45679]}");
	buf_release(&j);
	buf_init(&j, 10); /* too small: said, not cut silently */
	assert_int_equal(geo_to_geojson(g, s, 5, &j), ERR_LIMIT);
	buf_release(&j);
	geo_shape_free(g, s);
}

struct refusal {
	const char *json, *code, *say;
};

static const struct refusal refusals[] = {
	{ "", "geometry.empty", "empty" },
	{ "null", "geometry.syntax", "" },
	{ "[]", "geometry.syntax", "" },
	{ "{}", "geometry.syntax", "" },
	{ "{\"type\":\"Polygon\"}", "geometry.syntax", "" },
	{ "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0]", "geometry.syntax", "parse error" },
	{ "{\"type\":\"Circle\",\"coordinates\":[0,0]}", "geometry.syntax", "" },
	{ "{\"type\":7,\"coordinates\":[0,0]}", "geometry.syntax", "" },
	{ "{\"type\":\"Point\",\"coordinates\":[\"a\",0]}", "geometry.syntax", "" },
	{ "{\"type\":\"Point\",\"coordinates\":[1]}", "geometry.syntax", "" },
	{ "{\"type\":\"Point\",\"coordinates\":[1e999,0]}", "geometry.syntax", "" },
	{ "{\"type\":\"Point\",\"coordinates\":[]}", "geometry.empty", "" },
	{ "{\"type\":\"Polygon\",\"coordinates\":[]}", "geometry.empty", "" },
	{ "{\"type\":\"MultiPolygon\",\"coordinates\":[]}", "geometry.empty", "" },
	{ "{\"type\":\"MultiPoint\",\"coordinates\":[[0,0]]}", "geometry.type", "" },
	{ "{\"type\":\"FeatureCollection\",\"features\":[]}", "geometry.type", "" },
	{ "{\"type\":\"GeometryCollection\",\"geometries\":[]}", "geometry.type", "" },
	{ "{\"type\":\"Point\",\"coordinates\":[181,0]}", "geometry.range", "point 1 (181, 0)" },
	{ "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,91],[0,0]]]}", "geometry.range",
		"point" },
	{ "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,1]]]}", "geometry.syntax",
		"closed" },
	{ "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[0,0]]]}", "geometry.invalid",
		"Too few points" },
	{ "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}",
		"geometry.invalid", "Self-intersection near (1, 1)" },
	{ "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]],"
	  "[[5,5],[6,5],[6,6],[5,5]]]}",
		"geometry.invalid", "Hole lies outside shell near (5, 5)" },
	{ "{\"type\":\"LineString\",\"coordinates\":[[0,0]]}", "geometry.syntax", "" },
	{ "[[[[[[[[[[[[[[[[[[[[[[", "geometry.depth", "deeper than 16 at byte 16" },
};

static void test_refusals(void **state)
{
	struct geo *g = *state;

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct geo_shape *s = NULL;
		struct error e = { .err = OK };
		enum err err = geo_from_geojson(g, str_z(refusals[i].json), &s, &e);

		if (err != ERR_INVALID || s != NULL || strcmp(e.code, refusals[i].code) != 0 ||
			strstr(e.message, refusals[i].say) == NULL)
			fail_msg("%s: %s %s: %s", refusals[i].json, err_name(err), e.code,
				e.message);
	}
}

static void test_refused_bytes(void **state)
{
	struct geo *g = *state;
	struct geo_shape *s = NULL;
	struct error e = { .err = OK };
	struct str nul = { "{\"type\"\0:1}", 11 };

	assert_int_equal(geo_from_geojson(g, nul, &s, &e), ERR_INVALID);
	assert_string_equal(e.code, "geometry.syntax");
	assert_int_equal(geo_from_geojson(g, (struct str){ NULL, 0 }, &s, &e), ERR_INVALID);
	assert_int_equal(geo_from_geojson(g, nul, &s, NULL), ERR_INVALID);
	assert_null(s);
}

/* A regular polygon of n corners. */
static void put_circle(struct buf *b, int n, double x, double y, double radius)
{
	buf_z(b, "{\"type\":\"Polygon\",\"coordinates\":[[");
	for (int i = 0; i <= n; i++) {
		double t = 2 * M_PI * (i % n) / n;

		buf_fmt(b, "%s[%.9f,%.9f]", i > 0 ? "," : "", x + radius * cos(t),
			y + radius * sin(t));
	}
	buf_z(b, "]]}");
}

static void test_too_large(void **state)
{
	struct geo *g = *state;
	struct geo_shape *s = NULL;
	struct error e = { .err = OK };
	struct buf b;

	buf_init(&b, 32 << 20);
	put_circle(&b, 99999, 0, 0, 50);
	assert_int_equal(geo_from_geojson(g, buf_view(&b), &s, &e), OK);
	geo_shape_free(g, s);
	s = NULL;
	buf_reset(&b);
	put_circle(&b, 100000, 0, 0, 50);
	assert_int_equal(geo_from_geojson(g, buf_view(&b), &s, &e), ERR_LIMIT);
	assert_string_equal(e.code, "geometry.points");
	buf_reset(&b);
	put_circle(&b, 260000, 0, 0, 50);
	assert_int_equal(geo_from_geojson(g, buf_view(&b), &s, &e), ERR_LIMIT);
	buf_reset(&b);
	for (int i = 0; i < 9 << 20; i++)
		buf_char(&b, ' ');
	assert_int_equal(geo_from_geojson(g, buf_view(&b), &s, &e), ERR_LIMIT);
	assert_string_equal(e.code, "geometry.size");
	assert_null(s);
	buf_release(&b);
}

/* Every truncation and many single-byte changes: refused or read, never a crash or a leak. */
static void test_wkb_damage(void **state)
{
	struct geo *g = *state;
	struct geo_shape *s = read_json(g, twin), *t = NULL;
	struct rnd r = { 7 };
	struct buf b;
	int read = 0;

	buf_init(&b, 1 << 12);
	assert_int_equal(geo_to_wkb(g, s, &b), OK);
	geo_shape_free(g, s);
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(geo_from_wkb(g, (struct str){ b.p, n }, &t), ERR_INVALID);
	assert_int_equal(geo_from_wkb(g, (struct str){ NULL, 0 }, &t), ERR_INVALID);
	for (int i = 0; i < 20000; i++) {
		size_t at = (size_t)rnd_in(&r, 0, (double)b.n);
		char old = b.p[at];

		b.p[at] = (char)(int)rnd_in(&r, -128, 128);
		if (geo_from_wkb(g, buf_view(&b), &t) == OK) {
			read++;
			geo_shape_free(g, t);
		}
		b.p[at] = old;
	}
	assert_in_range(read, 1, 19999);
	buf_char(&b, 0); /* something after the end */
	assert_int_equal(geo_from_wkb(g, buf_view(&b), &t), ERR_INVALID);
	buf_release(&b);
}

static void test_wkb_forms(void **state)
{
	static const unsigned char big[] = { 0, 0, 0, 0, 1, 0x40, 0x5a, 0x80, 0, 0, 0, 0, 0, 0x40,
		0x3d, 0, 0, 0, 0, 0, 0 }; /* POINT(106 29), big-endian */
	static const unsigned char huge[] = { 1, 3, 0, 0, 0, 255, 255, 255, 255 };
	static const unsigned char many[] = { 1, 6, 0, 0, 0, 0, 0, 0, 128 };
	static const unsigned char nested[] = { 1, 6, 0, 0, 0, 1, 0, 0, 0, 1, 6, 0, 0, 0, 1, 0, 0,
		0, 1, 6, 0, 0, 0 };
	struct geo *g = *state;
	struct geo_shape *s = NULL;

	assert_int_equal(geo_from_wkb(g, (struct str){ (const char *)big, sizeof big }, &s), OK);
	assert_near(geo_box(g, s).x0, 106, 0);
	assert_near(geo_box(g, s).y0, 29, 0);
	geo_shape_free(g, s);
	s = NULL;
	assert_int_equal(
		geo_from_wkb(g, (struct str){ (const char *)huge, sizeof huge }, &s), ERR_INVALID);
	assert_int_equal(
		geo_from_wkb(g, (struct str){ (const char *)many, sizeof many }, &s), ERR_INVALID);
	assert_int_equal(geo_from_wkb(g, (struct str){ (const char *)nested, sizeof nested }, &s),
		ERR_INVALID);
	assert_null(s);
}

/* --- index --- */

static void count_hit(int64_t id, void *arg)
{
	(void)id;
	++*(int *)arg;
}

/* Random polygons, some with holes: the index must say what a plain search says. */
static void test_index_property(void **state)
{
	enum { N = 300 };
	struct geo *g = *state;
	struct geo_shape *s[N];
	double area[N];
	struct rnd r = { 11 };
	struct geo_index *x = geo_index_new(N);
	struct buf b;
	int hits = 0;

	assert_non_null(x);
	buf_init(&b, 1 << 16);
	for (int i = 0; i < N; i++) {
		buf_reset(&b);
		put_circle(&b, 3 + (int)rnd_in(&r, 0, 60), rnd_in(&r, -10, 10), rnd_in(&r, -10, 10),
			rnd_in(&r, 0.1, 3));
		struct error e = { .err = OK };

		assert_int_equal(geo_from_geojson(g, buf_view(&b), &s[i], &e), OK);
		area[i] = geo_area_m2(g, s[i]);
		assert_int_equal(geo_index_add(x, g, s[i], i), OK);
	}
	assert_int_equal(geo_index_add(x, g, s[0], N), ERR_LIMIT);
	assert_int_equal(geo_index_build(x), OK);
	for (int k = 0; k < 20000; k++) {
		double lon = rnd_in(&r, -12, 12), lat = rnd_in(&r, -12, 12);
		int64_t got = geo_index_find(x, lon, lat);
		int best = -1;

		for (int i = 0; i < N; i++)
			if (geo_contains(g, s[i], lon, lat) && (best < 0 || area[i] < area[best]))
				best = i;
		hits += best >= 0;
		/* Areas on the sphere and in the plane may order near-equal shapes differently. */
		if (best >= 0 && got != best && got >= 0 && got < N &&
			geo_contains(g, s[got], lon, lat) &&
			fabs(area[got] / area[best] - 1) < 0.05)
			continue;
		assert_int_equal(got, best >= 0 ? best : NIL);
	}
	assert_true(hits > 10000);
	for (int k = 0; k < 200; k++) {
		double lon = rnd_in(&r, -12, 12), lat = rnd_in(&r, -12, 12);
		struct box q = { lon, lat, lon + 1, lat + 2 };
		int got = 0, want = 0;

		geo_index_each(x, q, count_hit, &got);
		for (int i = 0; i < N; i++) {
			struct box w = geo_box(g, s[i]);

			want += w.x0 <= q.x1 && w.x1 >= q.x0 && w.y0 <= q.y1 && w.y1 >= q.y0;
		}
		assert_int_equal(got, want);
	}
	for (int i = 0; i < N; i++)
		geo_shape_free(g, s[i]);
	buf_release(&b);
	geo_index_free(x);
}

static void test_index_levels(void **state)
{
	struct geo *g = *state;
	struct geo_index *x = geo_index_new(8);
	struct geo_shape *outer = square(g, 0, 0, 10, 10), *inner = square(g, 2, 2, 4, 4);
	struct geo_shape *h = read_json(g, holed);
	struct geo_shape *p = read_json(g, "{\"type\":\"Point\",\"coordinates\":[50,50]}");
	int n = 0;

	assert_int_equal(geo_index_add(x, g, inner, 2), OK);
	assert_int_equal(geo_index_add(x, g, outer, 1), OK);
	assert_int_equal(geo_index_add(x, g, h, 3), OK);
	assert_int_equal(geo_index_add(x, g, p, 4), OK);
	assert_int_equal(geo_index_build(x), OK);
	assert_int_equal(geo_index_find(x, 3, 3), 2);
	assert_int_equal(geo_index_find(x, 5, 5), 1);
	assert_int_equal(geo_index_find(x, 106.1, 29.1), 3);
	assert_int_equal(geo_index_find(x, 106.5, 29.5), NIL);
	assert_int_equal(geo_index_find(x, 50, 50), NIL);
	assert_int_equal(geo_index_find(x, NAN, NAN), NIL);
	geo_index_each(x, (struct box){ 49, 49, 51, 51 }, count_hit, &n);
	assert_int_equal(n, 1);
	geo_index_free(x);
	x = geo_index_new(1);
	assert_int_equal(geo_index_build(x), OK);
	assert_int_equal(geo_index_find(x, 0, 0), NIL);
	geo_index_free(x);
	geo_index_free(NULL);
	geo_shape_free(g, outer);
	geo_shape_free(g, inner);
	geo_shape_free(g, h);
	geo_shape_free(g, p);
}

/* A tiling of 100 × 100: every point is in exactly the square that arithmetic says, also on
 * borders. */
static void test_index_tiling(void **state)
{
	enum { SIDE = 100 };
	struct geo *g = *state;
	struct geo_index *x = geo_index_new(SIDE * SIDE);
	struct rnd r = { 5 };

	for (int i = 0; i < SIDE * SIDE; i++) {
		int c = i % SIDE, w = i / SIDE;
		struct geo_shape *s = square(g, c * 0.5, w * 0.5, c * 0.5 + 0.5, w * 0.5 + 0.5);

		assert_int_equal(geo_index_add(x, g, s, i), OK);
		geo_shape_free(g, s);
	}
	assert_int_equal(geo_index_build(x), OK);
	for (int k = 0; k < 100000; k++) {
		double lon = rnd_in(&r, 0, SIDE * 0.5), lat = rnd_in(&r, 0, SIDE * 0.5);

		if (k % 4 == 0)
			lon = floor(lon * 2) / 2;
		if (k % 8 < 2)
			lat = floor(lat * 2) / 2;
		assert_int_equal(
			geo_index_find(x, lon, lat), (int)(lat * 2) * SIDE + (int)(lon * 2));
	}
	geo_index_free(x);
}

/* --- Voronoi --- */

static void check_partition(struct geo *g, const double (*site)[2], size_t n,
	const struct geo_shape *clip, struct rnd *r)
{
	struct geo_shape **cell = calloc(n, sizeof *cell);
	double sum = 0, whole = geo_area_m2(g, clip);
	struct box b = geo_box(g, clip);

	assert_non_null(cell);
	assert_int_equal(geo_voronoi(g, site, n, clip, cell), OK);
	for (size_t i = 0; i < n; i++) {
		sum += geo_area_m2(g, cell[i]);
		assert_true(geo_contains(g, cell[i], site[i][0], site[i][1]));
		assert_true(geo_share(g, clip, cell[i]) > 0.999999);
		for (size_t j = 0; j < i && n <= 60; j++)
			assert_true(geo_share(g, cell[i], cell[j]) < 1e-9);
	}
	assert_near(sum / whole, 1, 1e-9);
	for (int k = 0; k < 200; k++) {
		double lon = rnd_in(r, b.x0, b.x1), lat = rnd_in(r, b.y0, b.y1);
		size_t near = 0;
		int in = 0;

		for (size_t i = 0; i < n; i++) {
			double di = hypot(site[i][0] - lon, site[i][1] - lat);

			in += geo_contains(g, cell[i], lon, lat);
			if (di < hypot(site[near][0] - lon, site[near][1] - lat))
				near = i;
		}
		assert_int_equal(in, geo_contains(g, clip, lon, lat));
		if (in == 1)
			assert_true(geo_contains(g, cell[near], lon, lat));
	}
	for (size_t i = 0; i < n; i++)
		geo_shape_free(g, cell[i]);
	free(cell);
}

static void test_voronoi_property(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 23, 60, 300 };
	struct geo *g = *state;
	struct geo_shape *clip = read_json(g, holed);
	double(*site)[2] = calloc(300, sizeof *site);

	assert_non_null(site);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (uint64_t seed = 1; seed <= 4; seed++) {
			struct rnd r = { seed };

			for (size_t k = 0; k < sizes[i];) {
				site[k][0] = rnd_in(&r, 106, 107);
				site[k][1] = rnd_in(&r, 29, 30);
				k += geo_contains(g, clip, site[k][0], site[k][1]);
			}
			check_partition(g, (const double(*)[2])site, sizes[i], clip, &r);
		}
	}
	free(site);
	geo_shape_free(g, clip);
}

static void test_voronoi_edges(void **state)
{
	const double row[4][2] = { { 106.2, 29.1 }, { 106.2, 29.2 }, { 106.2, 29.3 },
		{ 106.2, 29.35 } };
	const double equal[2][2] = { { 106.2, 29.2 }, { 106.2, 29.2 } };
	const double away[2][2] = { { 106.2, 29.2 }, { 150, 29.2 } };
	const double bad[1][2] = { { NAN, 29.2 } };
	struct geo *g = *state;
	struct geo_shape *clip = read_json(g, holed), *cell[4] = { NULL };
	struct rnd r = { 3 };

	check_partition(g, row, 4, clip, &r);
	assert_int_equal(geo_voronoi(g, equal, 2, clip, cell), ERR_INVALID);
	assert_int_equal(geo_voronoi(g, away, 2, clip, cell), ERR_INVALID);
	assert_int_equal(geo_voronoi(g, bad, 1, clip, cell), ERR_INVALID);
	assert_int_equal(geo_voronoi(g, row, 0, clip, cell), OK);
	assert_null(cell[0]);
	assert_int_equal(geo_voronoi(g, row, 4, NULL, cell), OK);
	for (size_t i = 0; i < 4; i++) {
		assert_true(geo_contains(g, cell[i], row[i][0], row[i][1]));
		geo_shape_free(g, cell[i]);
	}
	geo_shape_free(g, clip);
}

/* A vertex added on a border changes no area, however long the edge. */
static void test_area_adds_up(void **state)
{
	struct geo *g = *state;
	struct geo_shape *tri = read_json(g, "{\"type\":\"Polygon\",\"coordinates\":"
					     "[[[0,0],[10,40],[-10,40],[0,0]]]}");
	struct geo_shape *left = read_json(g, "{\"type\":\"Polygon\",\"coordinates\":"
					      "[[[0,0],[0,40],[-10,40],[-5,20],[0,0]]]}");

	assert_near(geo_area_m2(g, left) / geo_area_m2(g, tri), 0.5, 1e-12);
	geo_shape_free(g, tri);
	geo_shape_free(g, left);
}

static void test_union(void **state)
{
	struct geo *g = *state;
	struct geo_shape *v[3] = { NULL, NULL, NULL }, *all = NULL;

	assert_int_equal(geo_union(g, v, 3, &all), ERR_NOT_FOUND);
	assert_int_equal(geo_box_shape(g, (struct box){ 1, 1, 2, 2 }, &v[0]), OK);
	assert_int_equal(geo_box_shape(g, (struct box){ 2, 1, 3, 2 }, &v[2]), OK);
	assert_int_equal(geo_union(g, v, 3, &all), OK);
	assert_true(geo_contains(g, all, 1.5, 1.5) && geo_contains(g, all, 2.5, 1.5) && !geo_contains(g, all, 3.5, 1.5));
	assert_true(fabs(geo_area_m2(g, all) - geo_area_m2(g, v[0]) - geo_area_m2(g, v[2])) < 1);
	geo_shape_free(g, all);
	geo_shape_free(g, v[0]);
	geo_shape_free(g, v[2]);
}

static void test_box_shape(void **state)
{
	struct geo *g = *state;
	struct geo_shape *s = NULL;

	assert_int_equal(geo_box_shape(g, (struct box){ 1, 1, 1, 2 }, &s), ERR_INVALID);
	assert_int_equal(geo_box_shape(g, (struct box){ 1, 1, 2, 95 }, &s), ERR_INVALID);
	assert_int_equal(geo_box_shape(g, (struct box){ NAN, 1, 2, 2 }, &s), ERR_INVALID);
	assert_null(s);
}

/* --- Morton --- */

/* R025: the points of a tile are one key range, which map layers rely on. */
static void test_morton_tiles(void **state)
{
	struct rnd r = { 17 };

	(void)state;
	for (int k = 0; k < 20000; k++) {
		int z = (int)rnd_in(&r, 0, 23), side = 1 << z;
		int x = (int)rnd_in(&r, 0, side), y = (int)rnd_in(&r, 0, side);
		struct box b = tile_box(z, x, y);
		double u = rnd_in(&r, 0, 1), v = rnd_in(&r, 0.001, 0.999);
		int64_t lo, hi, key;

		if (k % 5 == 0)
			u = 0; /* the western edge belongs to the tile */
		morton_tile(z, x, y, &lo, &hi);
		key = morton_of(b.x0 + (b.x1 - b.x0) * u, b.y0 + (b.y1 - b.y0) * v);
		assert_true(key >= lo && key < hi);
		assert_int_equal(hi - lo, (int64_t)1 << 2 * (MORTON_BITS - z));
		key = morton_of(b.x1, b.y0 + (b.y1 - b.y0) * v);
		assert_true(key < lo || key >= hi || x == side - 1);
	}
}

static void test_morton_center(void **state)
{
	struct rnd r = { 23 };

	(void)state;
	for (int k = 0; k < 20000; k++) {
		int z = (int)rnd_in(&r, 1, 25);
		double lon = rnd_in(&r, -180, 180), lat = rnd_in(&r, -85, 85), x, y;
		int shift = 2 * (MORTON_BITS - z);
		int64_t key = morton_of(lon, lat) >> shift;

		morton_center(key, z, &x, &y);
		assert_int_equal(morton_of(x, y) >> shift, key);
		assert_true(fabs(x - lon) <= 180 / ldexp(1, z) + 1e-9);
	}
}

static void test_morton_known(void **state)
{
	int64_t lo, hi;

	(void)state;
	morton_tile(0, 0, 0, &lo, &hi);
	assert_int_equal(lo, 0);
	assert_int_equal(hi, (int64_t)1 << 48);
	morton_tile(1, 1, 0, &lo, &hi);
	assert_int_equal(lo, (int64_t)1 << 46);
	morton_tile(1, 0, 1, &lo, &hi);
	assert_int_equal(lo, (int64_t)2 << 46);
	morton_tile(3, 8, 0, &lo, &hi);
	assert_int_equal(hi, 0);
	morton_tile(25, 0, 0, &lo, &hi);
	assert_int_equal(hi, 0);
	morton_tile(3, -1, 0, &lo, &hi);
	assert_int_equal(hi, 0);
	assert_int_equal(morton_of(-180, 90), 0);
	assert_int_equal(morton_of(180, -90), ((int64_t)1 << 48) - 1);
	assert_int_equal(morton_of(-500, 500), 0);
	/* Zoom 14 tile of lon 106.54, lat 29.40 by the usual formula. */
	morton_tile(14, 13040, 6791, &lo, &hi);
	assert_true(morton_of(106.54, 29.40) >= lo && morton_of(106.54, 29.40) < hi);
}

/* The often quoted pair, and there and back over the country. */
static void test_gcj02(void **state)
{
	double lon = 116.404, lat = 39.915;

	(void)state;
	geo_to_gcj02(&lon, &lat);
	assert_true(fabs(lon - 116.41024449916938) < 1e-9 && fabs(lat - 39.91640428150164) < 1e-9);
	geo_from_gcj02(&lon, &lat);
	assert_true(fabs(lon - 116.404) < 1e-9 && fabs(lat - 39.915) < 1e-9);
	for (double x = 75; x < 135; x += 7.3) {
		for (double y = 18; y < 53; y += 4.1) {
			lon = x;
			lat = y;
			geo_to_gcj02(&lon, &lat);
			assert_true(geo_distance_m(lon, lat, x, y) > 20 && geo_distance_m(lon, lat, x, y) < 1000);
			geo_from_gcj02(&lon, &lat);
			assert_true(fabs(lon - x) < 1e-9 && fabs(lat - y) < 1e-9);
		}
	}
	lon = 2.35;
	lat = 48.85;
	geo_from_gcj02(&lon, &lat);
	assert_true(lon == 2.35 && lat == 48.85);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_relation),
		cmocka_unit_test(test_measures),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refused_bytes),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_wkb_damage),
		cmocka_unit_test(test_wkb_forms),
		cmocka_unit_test(test_index_property),
		cmocka_unit_test(test_index_levels),
		cmocka_unit_test(test_index_tiling),
		cmocka_unit_test(test_voronoi_property),
		cmocka_unit_test(test_voronoi_edges),
		cmocka_unit_test(test_area_adds_up),
		cmocka_unit_test(test_gcj02),
		cmocka_unit_test(test_union),
		cmocka_unit_test(test_box_shape),
		cmocka_unit_test(test_morton_tiles),
		cmocka_unit_test(test_morton_center),
		cmocka_unit_test(test_morton_known),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
