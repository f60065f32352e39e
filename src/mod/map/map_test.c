/*
 * Tiles: what is drawn at which zoom, clusters whose counts add up to the truth, and nothing outside
 * one's scope or sealed (R025).
 */
#include "mod/test_app/test_app.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/geo.h"
#include "base/vector_tile.pb-c.h"
#include "core/matter.h"
#include "mod/map/map.h"
#include "mod/place/place.h"

static const struct module *const modules[] = { &place_module, &map_module, NULL };
static const struct matter_kind event = { .number = 1, .name = "event", .letter = 'E' };

static struct test_app *fresh(enum db_engine e)
{
	static const char csv[] = "code,name\n500999,试点区\n500999001,清溪街道\n50099900100100000,柳荫社区\n"
				  "50099900100100100,第1网格\n50099900100100200,第2网格\n";
	struct test_app *t = test_app_new(e, modules);

	t->app.kind[0] = &event;
	t->app.nkind = 1;
	test_post(t, ROLE_DISTRICT_ADMIN, INT64_C(50099900000000000));
	assert_int_equal(test_call(t, "POST /api/places/import", csv), 200);
	return t;
}

TEST_FIXTURE(fresh);

struct spot {
	int id;
	double lon, lat;
	int level, sealed, open, kind, track;
	const char *place;
};

static void add(struct test_app *t, const struct spot *s)
{
	char sql[900];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO matter (id, version, kind, title, track, urgency, source, place, lon, lat, morton, state, open, "
		 "sealed, anonymous, reported_at, level, auto_action, supporters, reopens, returns, extensions, fails, "
		 "supervised, self_closed, sampled) VALUES (%d, 1, %d, 'x', %d, 2, 1, %s, %.8f, %.8f, %lld, 4, %d, %d, 0, 0, %d, "
		 "0, 0, 0, 0, 0, 0, 0, 0, 0)",
		 s->id, s->kind, s->track, s->place, s->lon, s->lat, (long long)morton_of(s->lon, s->lat), s->open,
		 s->sealed, s->level);
	test_sql(t, sql);
}

/* ---- reading a tile ---- */

static VectorTile__Tile *tile(struct test_app *t, const char *request)
{
	assert_int_equal(test_call(t, request, NULL), 200);
	return vector_tile__tile__unpack(NULL, t->raw.n, (const uint8_t *)t->raw.p);
}

static const VectorTile__Tile__Layer *layer(const VectorTile__Tile *v, const char *name)
{
	for (size_t i = 0; i < v->n_layers; i++) {
		if (strcmp(v->layers[i]->name, name) == 0)
			return v->layers[i];
	}
	return NULL;
}

static const VectorTile__Tile__Value *prop(const VectorTile__Tile__Layer *l, size_t feature, const char *key)
{
	const VectorTile__Tile__Feature *f = l->features[feature];

	for (size_t i = 0; i + 1 < f->n_tags; i += 2) {
		if (strcmp(l->keys[f->tags[i]], key) == 0)
			return l->values[f->tags[i + 1]];
	}
	return NULL;
}

static int64_t number(const VectorTile__Tile__Layer *l, size_t feature, const char *key)
{
	const VectorTile__Tile__Value *v = prop(l, feature, key);

	if (v == NULL)
		return 0;
	return v->has_int_value ? v->int_value : v->has_uint_value ? (int64_t)v->uint_value : v->sint_value;
}

static int64_t total(const VectorTile__Tile__Layer *l, const char *key)
{
	int64_t n = 0;

	for (size_t i = 0; l != NULL && i < l->n_features; i++)
		n += number(l, i, key);
	return n;
}

static void tile_of(double lon, double lat, int z, const char *what, const char *query, char out[128])
{
	int64_t key = morton_of(lon, lat) >> (2 * (MORTON_BITS - z));
	int64_t x = 0, y = 0;

	for (int i = 0; i < z; i++) {
		x |= (key >> (2 * i) & 1) << i;
		y |= (key >> (2 * i + 1) & 1) << i;
	}
	snprintf(out, 128, "GET /tiles/%s/%d/%lld/%lld.mvt%s", what, z, (long long)x, (long long)y, query);
}

/* ---- pure ---- */

static void test_levels_and_cells(void **state)
{
	(void)state;
	assert_int_equal(map_level(5), LEVEL_STREET);
	assert_int_equal(map_level(10), LEVEL_STREET);
	assert_int_equal(map_level(11), LEVEL_COMMUNITY);
	assert_int_equal(map_level(12), LEVEL_COMMUNITY);
	assert_int_equal(map_level(13), LEVEL_GRID);
	assert_int_equal(map_cell_span(24 - MAP_CELL_DEPTH, MAP_CELL_DEPTH), 1);
	assert_int_equal(map_cell_span(10, 3), INT64_C(1) << 22);
	for (int z = 0; z <= MAP_ZOOM_MAX; z++) {
		int64_t lo, hi;

		/* A tile is a whole number of cells. */
		morton_tile(z, 0, 0, &lo, &hi);
		assert_int_equal((hi - lo) % map_cell_span(z, MAP_CELL_DEPTH), 0);
	}
	assert_true(map_tile_valid(0, 0, 0) && map_tile_valid(20, 1048575, 0));
	assert_false(map_tile_valid(0, 1, 0) || map_tile_valid(21, 0, 0) || map_tile_valid(3, 0, -1));
}

/* ---- events ---- */

static const struct spot spots[] = {
	{ 1, 106.5001, 29.4001, 0, 0, 1, 1, 3, "50099900100100100" },
	{ 2, 106.5002, 29.4002, 2, 0, 1, 1, 3, "50099900100100100" },
	{ 3, 106.5003, 29.4001, 1, 0, 1, 1, 4, "50099900100100200" },
	{ 4, 106.5200, 29.4100, 3, 0, 1, 1, 4, "50099900100100200" },
	{ 5, 106.5001, 29.4001, 0, 1, 1, 1, 3, "50099900100100100" }, /* sealed */
	{ 6, 106.5001, 29.4001, 0, 0, 0, 1, 3, "50099900100100100" }, /* ended */
	{ 7, 106.5001, 29.4001, 0, 0, 1, 2, 3, "50099900100100100" }, /* a task */
};

static void load_spots(struct test_app *t)
{
	for (size_t i = 0; i < ARRAY_LEN(spots); i++)
		add(t, &spots[i]);
}

static void test_totals_at_every_zoom(void **state) /* R025 */
{
	struct test_app *t = *state;
	char url[128];

	SKIP_WITHOUT(t);
	load_spots(t);
	for (int z = 0; z <= MAP_ZOOM_MAX; z++) {
		int64_t n = 0;

		/* The two places where matters are may be in one tile or in two. */
		for (int i = 0; i < 2; i++) {
			char other[128];

			tile_of(106.5001, 29.4001, z, "events", "", other);
			tile_of(i == 0 ? 106.5001 : 106.52, i == 0 ? 29.4001 : 29.41, z, "events", "", url);
			if (i == 1 && strcmp(url, other) == 0)
				continue;
			VectorTile__Tile *v = tile(t, url);

			n += total(layer(v, "event"), "n");
			vector_tile__tile__free_unpacked(v, NULL);
		}
		if (z <= 17)
			assert_int_equal(n, 4);
	}
}

static void test_clusters(void **state)
{
	struct test_app *t = *state;
	char url[128];

	SKIP_WITHOUT(t);
	load_spots(t);
	tile_of(106.5001, 29.4001, 10, "events", "?open=true", url);
	VectorTile__Tile *v = tile(t, url);
	const VectorTile__Tile__Layer *l = layer(v, "event");

	assert_non_null(l);
	assert_int_equal(total(l, "n"), 4);
	assert_int_equal(total(l, "red") + total(l, "amber") > 0, 1);
	vector_tile__tile__free_unpacked(v, NULL);

	tile_of(106.5001, 29.4001, 15, "events", "", url);
	v = tile(t, url);
	l = layer(v, "event");
	for (size_t i = 0; i < l->n_features; i++) {
		assert_int_equal(number(l, i, "n"), 1);
		assert_non_null(prop(l, i, "id"));
		assert_string_equal(prop(l, i, "state")->string_value, "handling");
	}
	vector_tile__tile__free_unpacked(v, NULL);

	tile_of(106.5001, 29.4001, 8, "events", "?track=peace", url);
	v = tile(t, url);
	assert_int_equal(total(layer(v, "event"), "n"), 2);
	vector_tile__tile__free_unpacked(v, NULL);
	tile_of(106.5001, 29.4001, 8, "events", "?level=2", url);
	v = tile(t, url);
	assert_int_equal(total(layer(v, "event"), "n"), 2);
	vector_tile__tile__free_unpacked(v, NULL);

	assert_int_equal(test_call(t, "GET /tiles/events/8/0/0.mvt?open=false", NULL), 400);
	assert_int_equal(test_call(t, "GET /tiles/events/8/0/0.mvt?track=war", NULL), 400);
	assert_int_equal(test_call(t, "GET /tiles/events/3/8/0.mvt", NULL), 404);
	assert_int_equal(test_call(t, "GET /tiles/events/x/8/0.mvt", NULL), 404);
}

/* More at one point than a tile takes: one cluster with the true number. */
static void test_crowded_point(void **state)
{
	struct test_app *t = *state;
	char url[128];

	SKIP_WITHOUT(t);
	add(t, &spots[0]);
	test_sql(t, "INSERT INTO matter (id, version, kind, title, track, urgency, source, place, lon, lat, morton, state, open, "
		    "sealed, anonymous, reported_at, level, auto_action, supporters, reopens, returns, extensions, fails, "
		    "supervised, self_closed, sampled) WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n "
		    "WHERE i < 2200) SELECT n.i, 1, 1, 'x', 3, 2, 1, m.place, m.lon, m.lat, m.morton, 4, 1, 0, 0, 0, 1, 0, 0, "
		    "0, 0, 0, 0, 0, 0, 0 FROM n, matter m WHERE m.id = 1");
	tile_of(spots[0].lon, spots[0].lat, 18, "events", "", url);
	VectorTile__Tile *v = tile(t, url);
	const VectorTile__Tile__Layer *l = layer(v, "event");

	assert_int_equal(l->n_features, 1);
	assert_int_equal(number(l, 0, "n"), 1202);
	assert_int_equal(number(l, 0, "amber"), 1201);
	vector_tile__tile__free_unpacked(v, NULL);
}

static void test_scope(void **state)
{
	struct test_app *t = *state;
	char url[128];

	SKIP_WITHOUT(t);
	load_spots(t);
	tile_of(106.5001, 29.4001, 9, "events", "", url);
	test_post(t, ROLE_GRID_LEADER, INT64_C(50099900100100100));
	VectorTile__Tile *v = tile(t, url);

	assert_int_equal(total(layer(v, "event"), "n"), 2);
	vector_tile__tile__free_unpacked(v, NULL);
	test_post(t, ROLE_RESIDENT, INT64_C(50099900100100100));
	assert_int_equal(test_call(t, url, NULL), 403);
}

/* ---- places ---- */

static void put_box(struct test_app *t, const char *code, double x0, double y0, double x1, double y1)
{
	char body[400], id[32];

	assert_int_equal(test_callf(t, "GET /api/places/by-code/%s", code, NULL), 200);
	snprintf(id, sizeof(id), "%s", test_str(t, "id"));
	snprintf(body, sizeof(body),
		 "{\"type\":\"Polygon\",\"coordinates\":[[[%f,%f],[%f,%f],[%f,%f],[%f,%f],[%f,%f]]]}", x0, y0, x1, y0, x1,
		 y1, x0, y1, x0, y0);
	assert_int_equal(test_callf(t, "PUT /api/places/%s/shape", id, body), 200);
}

static void test_places(void **state)
{
	struct test_app *t = *state;
	char url[128];

	SKIP_WITHOUT(t);
	put_box(t, "50099900100000000", 106.49, 29.39, 106.55, 29.45);
	put_box(t, "50099900100100000", 106.50, 29.40, 106.54, 29.44);
	put_box(t, "50099900100100100", 106.50, 29.40, 106.52, 29.44);
	put_box(t, "50099900100100200", 106.52, 29.40, 106.54, 29.44);
	load_spots(t);
	tile_of(106.51, 29.42, 9, "places", "", url);
	VectorTile__Tile *v = tile(t, url);

	assert_null(layer(v, "grid"));
	assert_int_equal(layer(v, "street")->n_features, 1);
	/* Six open matters, one of them a task; the sealed one is not counted, and the task is none of the events. */
	assert_int_equal(number(layer(v, "street"), 0, "open"), 4);
	assert_int_equal(layer(v, "place_label")->n_features, 1);
	vector_tile__tile__free_unpacked(v, NULL);

	tile_of(106.51, 29.42, 13, "places", "", url);
	v = tile(t, url);
	assert_null(layer(v, "street"));
	const VectorTile__Tile__Layer *l = layer(v, "grid");

	assert_non_null(l);
	assert_in_range(l->n_features, 1, 2);
	assert_string_equal(prop(l, 0, "code")->string_value, "50099900100100100");
	assert_string_equal(prop(l, 0, "name")->string_value, "第1网格");
	assert_int_equal(number(l, 0, "open"), 2);
	vector_tile__tile__free_unpacked(v, NULL);

	test_post(t, ROLE_GRID_LEADER, INT64_C(50099900100100200));
	tile_of(106.51, 29.42, 9, "places", "", url);
	v = tile(t, url);
	assert_null(layer(v, "street"));
	vector_tile__tile__free_unpacked(v, NULL);
	/* A tile far away is empty, not missing. */
	assert_int_equal(test_call(t, "GET /tiles/places/13/0/0.mvt", NULL), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels_and_cells),
		TEST_BOTH(test_totals_at_every_zoom),
		TEST_BOTH(test_clusters),
		TEST_BOTH(test_crowded_point),
		TEST_BOTH(test_scope),
		TEST_BOTH(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
