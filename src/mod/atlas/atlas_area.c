/*
 * A drawn area becomes ranges of Morton keys: squares that lie inside it whole, and small ones on
 * its edge, whose rows are then compared with the shape itself. So counts are exact, and most rows
 * are only counted.
 */
#include "mod/atlas/atlas_area.h"

#include <math.h>

enum { CIRCLE_CORNERS = 96, RADIUS_MAX = 100000, SHAPE_MAX = 1 << 20 };

static void add_range(struct area *a, int z, int x, int y, bool inside)
{
	struct area_range r = { .inside = inside };

	morton_tile(z, x, y, &r.lo, &r.hi);
	if (a->n > 0 && a->v[a->n - 1].hi == r.lo && a->v[a->n - 1].inside == inside)
		a->v[a->n - 1].hi = r.hi;
	else if (a->n < AREA_RANGES)
		a->v[a->n++] = r;
}

/* In the order of the keys, so that neighbours join. */
static void divide(struct area *a, int z, int x, int y, int depth)
{
	enum geo_relation rel = geo_relation(a->g, a->shape, tile_box(z, x, y));

	if (rel == GEO_OUTSIDE)
		return;
	if (rel == GEO_INSIDE || depth == 0 || z == MORTON_BITS) {
		add_range(a, z, x, y, rel == GEO_INSIDE);
		return;
	}
	for (int i = 0; i < 4; i++)
		divide(a, z + 1, 2 * x + (i & 1), 2 * y + (i >> 1), depth - 1);
}

/* The tile row of a latitude. */
static int row_of(double lat, int z)
{
	double phi = fmax(-85, fmin(85, lat)) * (M_PI / 180), side = ldexp(1, z);

	return (int)fmin(fmax(floor((1 - asinh(tan(phi)) / M_PI) / 2 * side), 0), side - 1);
}

static int column_of(double lon, int z)
{
	double side = ldexp(1, z);

	return (int)fmin(fmax(floor((lon + 180) / 360 * side), 0), side - 1);
}

/* Begins with the tiles of about the area's size: a few of them. */
static void cover(struct area *a, int depth)
{
	struct box b = geo_box(a->g, a->shape);
	double size = fmax(fmax(b.x1 - b.x0, b.y1 - b.y0), 1e-6);
	int z = (int)fmin(fmax(floor(log2(360 / size)), 0), MORTON_BITS - 1);

	for (int y = row_of(b.y1, z); y <= row_of(b.y0, z); y++) {
		for (int x = column_of(b.x0, z); x <= column_of(b.x1, z); x++)
			divide(a, z, x, y, depth);
	}
}

enum err area_box(struct box b, struct area *a)
{
	enum err err;

	a->n = 0;
	a->shape = NULL;
	a->g = geo_new();
	err = a->g == NULL ? ERR_NOMEM : geo_box_shape(a->g, b, &a->shape);
	if (err == OK)
		cover(a, AREA_BOX_DEPTH);
	return err;
}

static enum err circle(struct req *rq, const struct area_in *in, struct area *a)
{
	double dy = in->radius / 111195.08, dx = dy / fmax(0.01, cos(in->lat * M_PI / 180));
	struct buf b;

	if (!(fabs(in->lat) <= 85) || !(fabs(in->lon) <= 179) ||
		!(in->radius >= 1 && in->radius <= RADIUS_MAX))
		return req_fail(rq, ERR_INVALID, "map.area", "radius",
			"a circle needs lon, lat and a radius of 1 to %d metres", RADIUS_MAX);
	buf_init(&b, SHAPE_MAX);
	buf_z(&b, "{\"type\":\"Polygon\",\"coordinates\":[[");
	for (int i = 0; i <= CIRCLE_CORNERS; i++) {
		double at = 2 * M_PI * (i % CIRCLE_CORNERS) / CIRCLE_CORNERS;

		buf_fmt(&b, "%s[%.8f,%.8f]", i > 0 ? "," : "", in->lon + dx * cos(at),
			in->lat + dy * sin(at));
	}
	buf_z(&b, "]]}");
	enum err err =
		b.failed ? ERR_NOMEM : geo_from_geojson(a->g, buf_view(&b), &a->shape, &rq->err);

	buf_release(&b);
	return err;
}

enum err area_read(struct req *rq, const struct area_in *in, struct area *a)
{
	enum err err;

	a->n = 0;
	a->shape = NULL;
	a->g = geo_new();
	if (a->g == NULL)
		return ERR_NOMEM;
	err = in->area.p == NULL ? circle(rq, in, a)
				 : geo_from_geojson(a->g, in->area, &a->shape, &rq->err);
	if (err == ERR_INVALID || err == ERR_LIMIT)
		return req_fail(rq, err, "map.area", "area",
			"draw a closed area that does not cross itself");
	if (err != OK)
		return err;
	if (!(geo_area_m2(a->g, a->shape) > 0))
		return req_fail(
			rq, ERR_INVALID, "map.area", "area", "an area is a polygon, or several");
	if (geo_points(a->shape) > AREA_POINTS)
		return req_fail(rq, ERR_LIMIT, "map.area", "area",
			"an area has at most %d corners; draw a plainer one", AREA_POINTS);
	cover(a, AREA_DEPTH);
	return a->n < AREA_RANGES ? OK
				  : req_fail(rq, ERR_LIMIT, "map.area", "area",
					    "the area is too jagged; draw a plainer one");
}

void area_release(struct area *a)
{
	geo_shape_free(a->g, a->shape);
	geo_free(a->g);
	a->shape = NULL;
	a->g = NULL;
}

bool area_has(const struct area *a, double lon, double lat)
{
	return geo_contains(a->g, a->shape, lon, lat);
}
