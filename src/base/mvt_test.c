/* Vector tiles, read back with the generated unpacker: commands, deltas, clipping, properties
 * (R025). */
#include "base/mvt.h"

#include "base/vector_tile.pb-c.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { Z = 14, X = 13040, Y = 6791 };

struct fixture {
	struct geo *g;
	struct arena *a;
	struct buf out;
	struct mvt *m;
	VectorTile__Tile *tile;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (f == NULL)
		return -1;
	f->g = geo_new();
	f->a = arena_new(64 << 20);
	buf_init(&f->out, 16 << 20);
	f->m = mvt_new(f->a, Z, X, Y);
	*state = f;
	return f->g != NULL && f->m != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->tile != NULL)
		vector_tile__tile__free_unpacked(f->tile, NULL);
	buf_release(&f->out);
	arena_free(f->a);
	geo_free(f->g);
	free(f);
	return 0;
}

static const VectorTile__Tile *finish(struct fixture *f)
{
	assert_int_equal(mvt_finish(f->m, &f->out), OK);
	f->tile = vector_tile__tile__unpack(NULL, f->out.n, (const uint8_t *)f->out.p);
	assert_non_null(f->tile);
	return f->tile;
}

/* Position of a point given in tile units. */
static double lon_of(double u)
{
	struct box b = tile_box(Z, X, Y);

	return b.x0 + (b.x1 - b.x0) * u / 4096;
}

static double lat_of(double v)
{
	double y = (Y + v / 4096) / ldexp(1, Z);

	return atan(sinh(M_PI * (1 - 2 * y))) * 180 / M_PI;
}

/* Corners in tile units; the hole may be absent. */
static struct geo_shape *polygon(
	struct fixture *f, const double (*p)[2], size_t n, const double (*hole)[2], size_t holes)
{
	struct geo_shape *s = NULL;
	struct error e = { .err = OK };
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_z(&b, "{\"type\":\"Polygon\",\"coordinates\":[[");
	for (size_t i = 0; i <= n; i++)
		buf_fmt(&b, "%s[%.12f,%.12f]", i > 0 ? "," : "", lon_of(p[i % n][0]),
			lat_of(p[i % n][1]));
	for (size_t i = 0; i <= holes && holes > 0; i++)
		buf_fmt(&b, "%s[%.12f,%.12f]", i > 0 ? "," : "],[", lon_of(hole[i % holes][0]),
			lat_of(hole[i % holes][1]));
	buf_z(&b, "]]}");
	if (geo_from_geojson(f->g, buf_view(&b), &s, &e) != OK)
		fail_msg("%s", e.message);
	buf_release(&b);
	return s;
}

static int32_t unzigzag(uint32_t v)
{
	return (int32_t)(v >> 1) ^ -(int32_t)(v & 1);
}

/* Walks the commands the way a client does: checks their form, returns rings and signed areas. */
struct drawing {
	int rings;
	int points;
	int64_t area2[64];
	int32_t x0, y0, x1, y1;
};

static void draw_point(struct drawing *d, int32_t x, int32_t y)
{
	d->points++;
	d->x0 = x < d->x0 ? x : d->x0;
	d->y0 = y < d->y0 ? y : d->y0;
	d->x1 = x > d->x1 ? x : d->x1;
	d->y1 = y > d->y1 ? y : d->y1;
}

static struct drawing draw(const VectorTile__Tile__Feature *f)
{
	struct drawing d = { .x0 = INT32_MAX, .y0 = INT32_MAX, .x1 = INT32_MIN, .y1 = INT32_MIN };
	int32_t x = 0, y = 0;
	size_t i = 0;

	while (i < f->n_geometry) {
		int32_t sx, sy;

		assert_int_equal(f->geometry[i++], 9); /* MoveTo, once */
		x += unzigzag(f->geometry[i++]);
		y += unzigzag(f->geometry[i++]);
		sx = x;
		sy = y;
		draw_point(&d, x, y);
		if (f->type == VECTOR_TILE__TILE__GEOM_TYPE__POINT)
			continue;
		uint32_t line = f->geometry[i++];

		assert_int_equal(line & 7, 2);
		assert_true(line >> 3 >= 2);
		for (uint32_t k = 0; k < line >> 3; k++) {
			int32_t nx = x + unzigzag(f->geometry[i++]);
			int32_t ny = y + unzigzag(f->geometry[i++]);

			assert_true(nx != x || ny != y);
			d.area2[d.rings] += (int64_t)x * ny - (int64_t)nx * y;
			x = nx;
			y = ny;
			draw_point(&d, x, y);
		}
		d.area2[d.rings] += (int64_t)x * sy - (int64_t)sx * y;
		assert_int_equal(f->geometry[i++], 15); /* ClosePath; the pen stays */
		d.rings++;
	}
	assert_int_equal(i, f->n_geometry);
	return d;
}

static void test_point(void **state)
{
	struct fixture *f = *state;

	mvt_layer(f->m, "event");
	assert_true(mvt_point(f->m, 42, lon_of(25.5), lat_of(17.5)));
	const VectorTile__Tile__Layer *l = finish(f)->layers[0];

	assert_int_equal(f->tile->n_layers, 1);
	assert_int_equal(l->version, 2);
	assert_int_equal(l->extent, 4096);
	assert_string_equal(l->name, "event");
	assert_int_equal(l->n_features, 1);
	assert_int_equal(l->features[0]->id, 42);
	assert_int_equal(l->features[0]->type, VECTOR_TILE__TILE__GEOM_TYPE__POINT);
	/* The specification's own example of a point: 25, 17 is [9 50 34]. */
	assert_int_equal(l->features[0]->n_geometry, 3);
	assert_int_equal(l->features[0]->geometry[0], 9);
	assert_int_equal(l->features[0]->geometry[1], 50);
	assert_int_equal(l->features[0]->geometry[2], 34);
}

static void test_outside(void **state)
{
	static const double far[][2] = { { 5000, 5000 }, { 5100, 5000 }, { 5100, 5100 } };
	/* The box of either meets the tile; only the first does itself, in its corner. */
	static const double corner[][2] = { { -1000, 9000 }, { 9000, 9000 }, { 9000, -1000 } };
	static const double beyond[][2] = { { 0, 9000 }, { 9000, 9000 }, { 9000, 0 } };
	static const double dust[][2] = { { 10, 10 }, { 10.3, 10 }, { 10.3, 10.3 } };
	struct fixture *f = *state;
	struct geo_shape *s;

	mvt_layer(f->m, "a");
	assert_false(mvt_point(f->m, 1, NAN, NAN));
	assert_false(mvt_point(f->m, 1, lon_of(-65), lat_of(10)));
	assert_false(mvt_point(f->m, 1, lon_of(10), lat_of(4161)));
	mvt_int(f->m, "dropped", 1); /* belongs to nothing */
	s = polygon(f, far, 3, NULL, 0);
	assert_false(mvt_shape(f->m, f->g, 1, s));
	geo_shape_free(f->g, s);
	s = polygon(f, corner, 3, NULL, 0);
	assert_true(mvt_shape(f->m, f->g, 2, s));
	geo_shape_free(f->g, s);
	s = polygon(f, beyond, 3, NULL, 0);
	assert_false(mvt_shape(f->m, f->g, 2, s));
	geo_shape_free(f->g, s);
	s = polygon(f, dust, 3, NULL, 0);
	assert_false(mvt_shape(f->m, f->g, 3, s));
	geo_shape_free(f->g, s);
	assert_true(mvt_point(f->m, 4, lon_of(-60), lat_of(10))); /* in the buffer */
	mvt_layer(f->m, "empty");
	const VectorTile__Tile *t = finish(f);

	assert_int_equal(t->n_layers, 1);
	assert_int_equal(t->layers[0]->n_features, 2);
	assert_int_equal(t->layers[0]->n_keys, 0);
	struct drawing d = draw(t->layers[0]->features[0]);

	assert_int_equal(d.x1, 4160);
	assert_int_equal(d.y1, 4160);
	assert_int_equal(d.x0, 3840);
	assert_int_equal(d.y0, 3840);
}

static void test_polygon_hole(void **state)
{
	static const double outer[][2] = { { 100, 100 }, { 100, 1100 }, { 1100, 1100 },
		{ 1100, 600 }, { 1100, 100 } };
	static const double hole[][2] = { { 300, 300 }, { 500, 300 }, { 500, 500 }, { 300, 500 } };
	struct fixture *f = *state;
	struct geo_shape *s = polygon(f, outer, 5, hole, 4);

	mvt_layer(f->m, "grid");
	assert_true(mvt_shape(f->m, f->g, 7, s));
	geo_shape_free(f->g, s);
	const VectorTile__Tile__Feature *p = finish(f)->layers[0]->features[0];
	struct drawing d = draw(p);

	assert_int_equal(p->type, VECTOR_TILE__TILE__GEOM_TYPE__POLYGON);
	assert_int_equal(d.rings, 2);
	assert_int_equal(d.points, 8); /* the corner on a straight line is gone */
	assert_int_equal(d.area2[0], 2 * 1000 * 1000);
	assert_int_equal(d.area2[1], -2 * 200 * 200);
	assert_int_equal(d.x0, 100);
	assert_int_equal(d.y1, 1100);
}

static void test_clip_all(void **state)
{
	static const double big[][2] = { { -9000, -9000 }, { 9000, -9000 }, { 9000, 9000 },
		{ -9000, 9000 } };
	static const double hole[][2] = { { 2000, 2000 }, { 6000, 2000 }, { 6000, 6000 },
		{ 2000, 6000 } };
	struct fixture *f = *state;
	struct geo_shape *s = polygon(f, big, 4, hole, 4);

	mvt_layer(f->m, "grid");
	assert_true(mvt_shape(f->m, f->g, 7, s));
	geo_shape_free(f->g, s);
	struct drawing d = draw(finish(f)->layers[0]->features[0]);

	assert_int_equal(d.rings, 2);
	assert_int_equal(d.area2[0], 2 * 4224 * 4224);
	assert_int_equal(d.area2[1], -2 * 2160 * 2160);
	assert_int_equal(d.x0, -64);
	assert_int_equal(d.x1, 4160);
}

/* Random stars around and across the tile: form holds, nothing leaves the buffer, and the drawn
 * area is what GEOS computes for the same cut. */
static void test_clip_property(void **state)
{
	struct fixture *f = *state;
	struct geo_shape *square = NULL;
	uint64_t seed = 99;
	double share[300];
	int64_t whole[300];
	int n = 0;

	assert_int_equal(
		geo_box_shape(f->g,
			(struct box){ lon_of(-64), lat_of(4160), lon_of(4160), lat_of(-64) },
			&square),
		OK);
	mvt_layer(f->m, "star");
	for (int k = 0; k < 300; k++) {
		double p[40][2], u[3];

		for (int i = 0; i < 3; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			u[i] = (double)(seed >> 40) / (1 << 24);
		}
		for (int i = 0; i < 40; i++) {
			double t = 2 * M_PI * i / 40, r = (i % 2 ? 3000 : 800) * (u[2] + 0.05);

			p[i][0] = -1000 + 6000 * u[0] + r * cos(t);
			p[i][1] = -1000 + 6000 * u[1] + r * sin(t);
		}
		struct geo_shape *s = polygon(f, (const double(*)[2])p, 40, NULL, 0);
		double in = geo_share(f->g, square, s), r = u[2] + 0.05;

		if (mvt_shape(f->m, f->g, n, s)) {
			share[n] = in;
			whole[n++] = (int64_t)(40 * 3000 * 800 * sin(2 * M_PI / 40) * r * r);
		} else {
			assert_true(in < 1e-4);
		}
		geo_shape_free(f->g, s);
	}
	geo_shape_free(f->g, square);
	assert_in_range(n, 200, 300);
	const VectorTile__Tile__Layer *l = finish(f)->layers[0];

	assert_int_equal(l->n_features, n);
	for (int k = 0; k < n; k++) {
		struct drawing d = draw(l->features[k]);
		double area = (double)d.area2[0], want = share[k] * (double)whole[k];

		assert_int_equal(d.rings, 1);
		assert_true(d.x0 >= -64 && d.y0 >= -64 && d.x1 <= 4160 && d.y1 <= 4160);
		assert_true(area > 0);
		/* Rounding moves each of up to 40 edges by at most a unit. */
		if (fabs(area - want) > 0.002 * want + 40 * 3000)
			fail_msg("star %d: %g instead of %g", k, area, want);
	}
}

static const VectorTile__Tile__Value *tag(
	const VectorTile__Tile__Layer *l, size_t i, const char *key)
{
	const VectorTile__Tile__Feature *f = l->features[i];

	for (size_t k = 0; k + 1 < f->n_tags; k += 2) {
		assert_true(f->tags[k] < l->n_keys && f->tags[k + 1] < l->n_values);
		if (strcmp(l->keys[f->tags[k]], key) == 0)
			return l->values[f->tags[k + 1]];
	}
	return NULL;
}

static void test_properties(void **state)
{
	struct fixture *f = *state;

	mvt_layer(f->m, "event");
	assert_true(mvt_point(f->m, 1, lon_of(1), lat_of(1)));
	mvt_int(f->m, "state", 3);
	mvt_str(f->m, "title", STR("垃圾"));
	assert_true(mvt_point(f->m, 2, lon_of(2), lat_of(2)));
	mvt_int(f->m, "state", 3);
	mvt_int(f->m, "delta", -5);
	mvt_str(f->m, "title", (struct str){ NULL, 0 });
	mvt_layer(f->m, "grid");
	assert_true(mvt_point(f->m, -1, lon_of(3), lat_of(3)));
	mvt_str(f->m, "name", STR("3"));
	mvt_int(f->m, "number", 3);
	mvt_layer(f->m, "event"); /* goes on where it was */
	assert_true(mvt_point(f->m, 3, lon_of(4), lat_of(4)));
	mvt_str(f->m, "title", STR(""));
	const VectorTile__Tile *t = finish(f);
	const VectorTile__Tile__Layer *e = t->layers[0], *g = t->layers[1];

	assert_int_equal(t->n_layers, 2);
	assert_int_equal(e->n_features, 3);
	assert_int_equal(e->n_keys, 3);
	assert_int_equal(e->n_values, 4);
	assert_int_equal(tag(e, 0, "state")->uint_value, 3);
	assert_string_equal(tag(e, 0, "title")->string_value, "垃圾");
	assert_ptr_equal(tag(e, 1, "state"), tag(e, 0, "state"));
	assert_int_equal(tag(e, 1, "delta")->sint_value, -5);
	assert_null(tag(e, 1, "title"));
	assert_string_equal(tag(e, 2, "title")->string_value, "");
	assert_string_equal(g->name, "grid");
	assert_false(g->features[0]->has_id);
	assert_string_equal(tag(g, 0, "name")->string_value, "3");
	assert_int_equal(tag(g, 0, "number")->uint_value, 3);
}

static void test_many_values(void **state)
{
	enum { N = 5000 };
	struct fixture *f = *state;
	char text[16];

	mvt_layer(f->m, "event");
	for (int i = 0; i < N; i++) {
		assert_true(mvt_point(f->m, i, lon_of(i % 4000), lat_of(i % 777)));
		(void)snprintf(text, sizeof text, "no %d", i / 2);
		mvt_str(f->m, "name", str_z(text));
		mvt_int(f->m, "n", i / 4);
	}
	const VectorTile__Tile__Layer *l = finish(f)->layers[0];

	assert_int_equal(l->n_features, N);
	assert_int_equal(l->n_values, N / 2 + N / 4);
	for (int i = 0; i < N; i++) {
		(void)snprintf(text, sizeof text, "no %d", i / 2);
		assert_int_equal(l->features[i]->id, i);
		assert_string_equal(tag(l, (size_t)i, "name")->string_value, text);
		assert_int_equal(tag(l, (size_t)i, "n")->uint_value, i / 4);
	}
}

static void test_empty(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(finish(f)->n_layers, 0);
	assert_int_equal(f->out.n, 0);
}

/* Whatever the arena's limit, the answer is a whole tile or an error. */
static void test_out_of_memory(void **state)
{
	static const double outer[][2] = { { 100, 100 }, { 100, 9000 }, { 9000, 9000 } };
	struct fixture *f = *state;
	struct geo_shape *s = polygon(f, outer, 3, NULL, 0);
	int failed = 0, whole = 0;

	for (size_t max = 0; max < 400 * 1024; max += 4096) {
		struct arena *a = arena_new(max);
		struct mvt *m = a != NULL ? mvt_new(a, Z, X, Y) : NULL;

		buf_reset(&f->out);
		if (m != NULL) {
			mvt_layer(m, "a");
			for (int i = 0; i < 1000; i++) {
				(void)mvt_point(m, i, lon_of(i), lat_of(i));
				mvt_int(m, "i", i);
				mvt_str(m, "s", STR("text"));
			}
			(void)mvt_shape(m, f->g, 1, s);
		}
		if (m == NULL || mvt_finish(m, &f->out) != OK) {
			assert_int_equal(f->out.n, 0);
			failed++;
		} else {
			whole++;
		}
		arena_free(a);
	}
	geo_shape_free(f->g, s);
	assert_in_range(failed, 1, 99);
	assert_in_range(whole, 1, 99);
}

static void test_small_buffer(void **state)
{
	struct fixture *f = *state;
	struct buf b;

	mvt_layer(f->m, "event");
	assert_true(mvt_point(f->m, 1, lon_of(1), lat_of(1)));
	buf_init(&b, 4);
	assert_int_equal(mvt_finish(f->m, &b), ERR_LIMIT);
	buf_release(&b);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_point),
		CASE(test_outside),
		CASE(test_polygon_hole),
		CASE(test_clip_all),
		CASE(test_clip_property),
		CASE(test_properties),
		CASE(test_many_values),
		CASE(test_empty),
		CASE(test_out_of_memory),
		CASE(test_small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
