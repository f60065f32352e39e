/*
 * The GEOS context, shapes as flat arrays, the way from and to GEOS geometries, and the checked
 * reading of GeoJSON. Other forms are in geo_io.c, operations in geo_ops.c.
 */
#include "base/geo_impl.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	GEO_DEPTH_MAX = 16, /* brackets inside brackets; a multipolygon in a feature needs 6 */
	GEO_BRACKETS_MAX = 250000 /* every point is a bracket: bounds the parser's memory */
};

static void geo_complaint(const char *message, void *arg)
{
	struct geo *g = arg;

	(void)snprintf(g->msg, sizeof g->msg, "%s", message);
}

struct geo *geo_new(void)
{
	struct geo *g = calloc(1, sizeof *g);

	if (g == NULL)
		return NULL;
	g->h = GEOS_init_r();
	if (g->h == NULL) {
		free(g);
		return NULL;
	}
	GEOSContext_setErrorMessageHandler_r(g->h, geo_complaint, g);
	return g;
}

void geo_free(struct geo *g)
{
	if (g == NULL)
		return;
	GEOS_finish_r(g->h);
	free(g);
}

enum err geo_failed(const struct geo *g, enum err otherwise)
{
	return strstr(g->msg, "bad_alloc") != NULL ? ERR_NOMEM : otherwise;
}

struct geo_shape *geo_shape_alloc(enum geo_kind kind, size_t parts, size_t rings, size_t points)
{
	if (parts > UINT32_MAX / 64 || rings > UINT32_MAX / 64 || points > UINT32_MAX / 64)
		return NULL;
	size_t marks = (parts + 1 + rings + 1) * sizeof(uint32_t);
	size_t head = (sizeof(struct geo_shape) + 15) / 16 * 16;
	char *raw = malloc(head + points * sizeof(double[2]) + marks);

	if (raw == NULL)
		return NULL;
	struct geo_shape *s = (void *)raw;

	*s = (struct geo_shape){ .kind = kind,
		.parts = (uint32_t)parts,
		.rings = (uint32_t)rings,
		.points = (uint32_t)points,
		.pt = (void *)(raw + head),
		.part = (void *)(raw + head + points * sizeof(double[2])) };
	s->ring = s->part + parts + 1;
	s->part[0] = 0;
	s->part[parts] = s->rings;
	s->ring[0] = 0;
	s->ring[rings] = s->points;
	return s;
}

void geo_shape_free(struct geo *g, struct geo_shape *s)
{
	(void)g;
	free(s);
}

bool geo_is_area(const struct geo_shape *s)
{
	return s->kind == GEO_POLYGON || s->kind == GEO_MULTIPOLYGON;
}

double geo_ring_area2(const double (*pt)[2], size_t n)
{
	double sum = 0;

	/* Relative to the first point: small grids far from the origin keep their digits. */
	for (size_t i = 1; i + 1 < n; i++)
		sum += (pt[i][0] - pt[0][0]) * (pt[i + 1][1] - pt[0][1]) -
		       (pt[i + 1][0] - pt[0][0]) * (pt[i][1] - pt[0][1]);
	return sum;
}

double geo_plane_area(const struct geo_shape *s)
{
	double sum = 0;

	if (!geo_is_area(s))
		return 0;
	for (uint32_t r = 0; r < s->rings; r++)
		sum += geo_ring_area2(
			(const double(*)[2])(s->pt + s->ring[r]), s->ring[r + 1] - s->ring[r]);
	return fmax(sum / 2, 0);
}

bool geo_box_meets(struct box a, struct box b)
{
	return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

static void geo_ring_reverse(double (*pt)[2], size_t n)
{
	for (size_t i = 0, j = n; i + 1 < j; i++) {
		j--;
		double x = pt[i][0], y = pt[i][1];

		pt[i][0] = pt[j][0];
		pt[i][1] = pt[j][1];
		pt[j][0] = x;
		pt[j][1] = y;
	}
}

void geo_shape_seal(struct geo_shape *s)
{
	struct box b = { INFINITY, INFINITY, -INFINITY, -INFINITY };

	for (uint32_t i = 0; i < s->points; i++) {
		b.x0 = fmin(b.x0, s->pt[i][0]);
		b.y0 = fmin(b.y0, s->pt[i][1]);
		b.x1 = fmax(b.x1, s->pt[i][0]);
		b.y1 = fmax(b.y1, s->pt[i][1]);
	}
	s->box = b;
	if (!geo_is_area(s))
		return;
	for (uint32_t p = 0; p < s->parts; p++) {
		for (uint32_t r = s->part[p]; r < s->part[p + 1]; r++) {
			double(*pt)[2] = s->pt + s->ring[r];
			size_t n = s->ring[r + 1] - s->ring[r];
			bool ccw = geo_ring_area2((const double(*)[2])pt, n) > 0;

			if (ccw != (r == s->part[p]))
				geo_ring_reverse(pt, n);
		}
	}
}

size_t geo_points(const struct geo_shape *s)
{
	return s->points;
}

struct box geo_box(struct geo *g, const struct geo_shape *s)
{
	(void)g;
	return s->box;
}

/* Run twice over a geometry: first with s == NULL to count, then to fill. */
struct geo_walk {
	struct geo *g;
	struct geo_shape *s;
	size_t parts, rings, points;
};

static bool geo_walk_ring(struct geo_walk *w, const GEOSGeometry *ring)
{
	const GEOSCoordSequence *seq = GEOSGeom_getCoordSeq_r(w->g->h, ring);
	unsigned n = 0;

	if (seq == NULL || !GEOSCoordSeq_getSize_r(w->g->h, seq, &n))
		return false;
	if (w->s != NULL) {
		w->s->ring[w->rings] = (uint32_t)w->points;
		if (!GEOSCoordSeq_copyToBuffer_r(w->g->h, seq, w->s->pt[w->points], 0, 0))
			return false;
	}
	w->rings++;
	w->points += n;
	return true;
}

static bool geo_walk_polygon(struct geo_walk *w, const GEOSGeometry *poly)
{
	int holes = GEOSGetNumInteriorRings_r(w->g->h, poly);
	const GEOSGeometry *outer = GEOSGetExteriorRing_r(w->g->h, poly);

	if (holes < 0 || outer == NULL)
		return false;
	if (w->s != NULL)
		w->s->part[w->parts] = (uint32_t)w->rings;
	w->parts++;
	if (!geo_walk_ring(w, outer))
		return false;
	for (int i = 0; i < holes; i++) {
		const GEOSGeometry *hole = GEOSGetInteriorRingN_r(w->g->h, poly, i);

		if (hole == NULL || !geo_walk_ring(w, hole))
			return false;
	}
	return true;
}

/* Overlay results are at most collections of plain parts: one level of nesting is enough. */
static bool geo_walk_all(struct geo_walk *w, const GEOSGeometry *from)
{
	int n = GEOSGetNumGeometries_r(w->g->h, from);

	for (int i = 0; i < n; i++) {
		const GEOSGeometry *part = GEOSGetGeometryN_r(w->g->h, from, i);

		if (part == NULL)
			return false;
		if (GEOSGeomTypeId_r(w->g->h, part) != GEOS_POLYGON ||
			GEOSisEmpty_r(w->g->h, part) != 0)
			continue;
		if (!geo_walk_polygon(w, part))
			return false;
	}
	return n >= 0;
}

static enum err geo_shape_of_line(
	struct geo *g, const GEOSGeometry *from, enum geo_kind kind, struct geo_shape **ret)
{
	struct geo_walk w = { .g = g };

	if (!geo_walk_ring(&w, from))
		return geo_failed(g, ERR_INVALID);
	struct geo_shape *s = geo_shape_alloc(kind, 1, 1, w.points);

	if (s == NULL)
		return ERR_NOMEM;
	w = (struct geo_walk){ .g = g, .s = s };
	if (!geo_walk_ring(&w, from)) {
		geo_shape_free(g, s);
		return geo_failed(g, ERR_INVALID);
	}
	geo_shape_seal(s);
	*ret = s;
	return OK;
}

enum err geo_shape_of(struct geo *g, const GEOSGeometry *from, struct geo_shape **ret)
{
	struct geo_walk w = { .g = g };
	int type = GEOSGeomTypeId_r(g->h, from);

	if (GEOSisEmpty_r(g->h, from) != 0)
		return ERR_NOT_FOUND;
	if (type == GEOS_POINT)
		return geo_shape_of_line(g, from, GEO_POINT, ret);
	if (type == GEOS_LINESTRING)
		return geo_shape_of_line(g, from, GEO_LINE, ret);
	if (!geo_walk_all(&w, from))
		return geo_failed(g, ERR_INVALID);
	if (w.parts == 0)
		return ERR_NOT_FOUND;
	struct geo_shape *s = geo_shape_alloc(
		w.parts == 1 ? GEO_POLYGON : GEO_MULTIPOLYGON, w.parts, w.rings, w.points);

	if (s == NULL)
		return ERR_NOMEM;
	w = (struct geo_walk){ .g = g, .s = s };
	if (!geo_walk_all(&w, from)) {
		geo_shape_free(g, s);
		return geo_failed(g, ERR_INVALID);
	}
	geo_shape_seal(s);
	*ret = s;
	return OK;
}

static GEOSGeometry *geo_ring_geos(struct geo *g, const struct geo_shape *s, uint32_t r)
{
	unsigned n = s->ring[r + 1] - s->ring[r];
	GEOSCoordSequence *seq = GEOSCoordSeq_copyFromBuffer_r(g->h, s->pt[s->ring[r]], n, 0, 0);

	if (seq == NULL)
		return NULL;
	/* The constructors own the sequence, also when they fail. */
	if (s->kind == GEO_POINT)
		return GEOSGeom_createPoint_r(g->h, seq);
	if (s->kind == GEO_LINE)
		return GEOSGeom_createLineString_r(g->h, seq);
	return GEOSGeom_createLinearRing_r(g->h, seq);
}

static void geo_destroy_all(struct geo *g, GEOSGeometry **v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		GEOSGeom_destroy_r(g->h, v[i]);
	free(v);
}

static GEOSGeometry *geo_part_geos(struct geo *g, const struct geo_shape *s, uint32_t p)
{
	uint32_t first = s->part[p], n = s->part[p + 1] - first;
	GEOSGeometry **ring = calloc(n, sizeof *ring);

	if (ring == NULL)
		return NULL;
	for (uint32_t i = 0; i < n; i++) {
		ring[i] = geo_ring_geos(g, s, first + i);
		if (ring[i] == NULL) {
			geo_destroy_all(g, ring, i);
			return NULL;
		}
	}
	GEOSGeometry *poly = GEOSGeom_createPolygon_r(g->h, ring[0], ring + 1, n - 1);

	free(ring);
	return poly;
}

GEOSGeometry *geo_shape_geos(struct geo *g, const struct geo_shape *s)
{
	if (!geo_is_area(s))
		return geo_ring_geos(g, s, 0);
	if (s->parts == 1)
		return geo_part_geos(g, s, 0);
	GEOSGeometry **part = calloc(s->parts, sizeof *part);

	if (part == NULL)
		return NULL;
	for (uint32_t i = 0; i < s->parts; i++) {
		part[i] = geo_part_geos(g, s, i);
		if (part[i] == NULL) {
			geo_destroy_all(g, part, i);
			return NULL;
		}
	}
	GEOSGeometry *all = GEOSGeom_createCollection_r(g->h, GEOS_MULTIPOLYGON, part, s->parts);

	free(part);
	return all;
}

/*
 * Bounds the parser's recursion and memory before it runs. Only brackets and strings are looked at;
 * everything else is the parser's business.
 */
static enum err geo_json_bounds(struct str json, struct error *e)
{
	size_t brackets = 0;
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < json.n; i++) {
		char c = json.p[i];

		if (c == '\0')
			return err_set(e, ERR_INVALID, "geometry.syntax", "",
				"byte %zu of the GeoJSON is NUL", i);
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
			continue;
		}
		if (c == '"')
			quoted = true;
		else if (c == '[' || c == '{')
			depth++, brackets++;
		else if (c == ']' || c == '}')
			depth--;
		if (depth > GEO_DEPTH_MAX)
			return err_set(e, ERR_INVALID, "geometry.depth", "",
				"brackets are nested deeper than %d at byte %zu", GEO_DEPTH_MAX, i);
	}
	if (brackets > GEO_BRACKETS_MAX)
		return err_set(e, ERR_LIMIT, "geometry.points", "",
			"the geometry has more than %d points; simplify it", GEO_POINTS_MAX);
	return OK;
}

static enum err geo_check_points(const struct geo_shape *s, struct error *e)
{
	if (s->points > GEO_POINTS_MAX)
		return err_set(e, ERR_LIMIT, "geometry.points", "",
			"the geometry has %u points; the most is %d", s->points, GEO_POINTS_MAX);
	for (uint32_t i = 0; i < s->points; i++) {
		double x = s->pt[i][0], y = s->pt[i][1];

		/* Written so that NaN fails too. */
		if (!(fabs(x) <= 180 && fabs(y) <= 90))
			return err_set(e, ERR_INVALID, "geometry.range", "",
				"point %u (%.6g, %.6g) is not a longitude within 180 and a "
				"latitude "
				"within 90 degrees",
				i + 1, x, y);
	}
	return OK;
}

static enum err geo_check_valid(struct geo *g, const GEOSGeometry *raw, struct error *e)
{
	char *reason = NULL;
	GEOSGeometry *at = NULL;
	double x = NAN, y = NAN;
	char ok = GEOSisValidDetail_r(g->h, raw, 0, &reason, &at);

	if (ok == 0 && at != NULL) {
		(void)GEOSGeomGetX_r(g->h, at, &x);
		(void)GEOSGeomGetY_r(g->h, at, &y);
	}
	enum err err = OK;

	if (ok == 0)
		err = err_set(e, ERR_INVALID, "geometry.invalid", "", "%s near (%.7g, %.7g)",
			reason != NULL ? reason : "invalid geometry", x, y);
	else if (ok != 1)
		err = err_set(e, geo_failed(g, ERR_INVALID), "geometry.invalid", "",
			"the geometry cannot be checked: %s", g->msg);
	GEOSFree_r(g->h, reason);
	GEOSGeom_destroy_r(g->h, at);
	return err;
}

static enum err geo_check_raw(
	struct geo *g, const GEOSGeometry *raw, struct geo_shape **ret, struct error *e)
{
	int type = GEOSGeomTypeId_r(g->h, raw);

	if (type != GEOS_POINT && type != GEOS_LINESTRING && type != GEOS_POLYGON &&
		type != GEOS_MULTIPOLYGON)
		return err_set(e, ERR_INVALID, "geometry.type", "",
			"the geometry must be one Polygon, MultiPolygon, Point or LineString");
	struct geo_shape *s = NULL;
	enum err err = geo_shape_of(g, raw, &s);

	if (err == ERR_NOT_FOUND)
		return err_set(e, ERR_INVALID, "geometry.empty", "", "the geometry is empty");
	if (err != OK)
		return err_set(e, err, "geometry.unreadable", "", "the geometry cannot be read");
	err = geo_check_points(s, e);
	if (err == OK)
		err = geo_check_valid(g, raw, e);
	if (err != OK) {
		geo_shape_free(g, s);
		return err;
	}
	*ret = s;
	return OK;
}

static GEOSGeometry *geo_json_parse(struct geo *g, struct str json)
{
	char *z = malloc(json.n + 1);
	GEOSGeoJSONReader *reader = z != NULL ? GEOSGeoJSONReader_create_r(g->h) : NULL;

	if (reader == NULL) {
		free(z);
		geo_complaint("bad_alloc", g);
		return NULL;
	}
	memcpy(z, json.p, json.n);
	z[json.n] = '\0';
	g->msg[0] = '\0';
	GEOSGeometry *raw = GEOSGeoJSONReader_readGeometry_r(g->h, reader, z);

	GEOSGeoJSONReader_destroy_r(g->h, reader);
	free(z);
	return raw;
}

enum err geo_from_geojson(struct geo *g, struct str json, struct geo_shape **ret, struct error *e)
{
	if (json.p == NULL || json.n == 0)
		return err_set(e, ERR_INVALID, "geometry.empty", "", "the geometry is empty");
	if (json.n > GEO_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "geometry.size", "",
			"the GeoJSON has %zu bytes; the most is %d", json.n, GEO_BYTES_MAX);
	enum err err = geo_json_bounds(json, e);

	if (err != OK)
		return err;
	GEOSGeometry *raw = geo_json_parse(g, json);

	if (raw == NULL)
		return err_set(e, geo_failed(g, ERR_INVALID), "geometry.syntax", "",
			"not a GeoJSON geometry: %s", g->msg);
	err = geo_check_raw(g, raw, ret, e);
	GEOSGeom_destroy_r(g->h, raw);
	return err;
}
