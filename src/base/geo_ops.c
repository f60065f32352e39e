/*
 * Measuring and cutting shapes: containment, areas, distance, shared area, label points, Voronoi
 * cells. What needs only arithmetic is done on the flat arrays; GEOS does the overlays.
 */
#include "base/geo_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { GEO_SITES_MAX = 10000 };

static const double EARTH_M = 6371008.8; /* mean radius */

static double radians(double degrees)
{
	return degrees * (M_PI / 180);
}

/* Even-odd over all rings: holes need no case of their own. Left and lower edges count as inside,
 * so a point on the border of two neighbours is in exactly one of them. */
bool geo_contains(struct geo *g, const struct geo_shape *s, double lon, double lat)
{
	bool in = false;

	(void)g;
	if (!geo_is_area(s) ||
		!(lon >= s->box.x0 && lon <= s->box.x1 && lat >= s->box.y0 && lat <= s->box.y1))
		return false;
	for (uint32_t r = 0; r < s->rings; r++) {
		for (uint32_t i = s->ring[r]; i + 1 < s->ring[r + 1]; i++) {
			const double *a = s->pt[i], *b = s->pt[i + 1];

			if ((a[1] > lat) == (b[1] > lat))
				continue;
			if (lon < a[0] + (lat - a[1]) * (b[0] - a[0]) / (b[1] - a[1]))
				in = !in;
		}
	}
	return in;
}

bool geo_label(struct geo *g, const struct geo_shape *s, double *ret_lon, double *ret_lat)
{
	if (s->kind == GEO_POINT) {
		*ret_lon = s->pt[0][0];
		*ret_lat = s->pt[0][1];
		return true;
	}
	GEOSGeometry *raw = geo_shape_geos(g, s);
	GEOSGeometry *at = raw != NULL ? GEOSPointOnSurface_r(g->h, raw) : NULL;
	double x = 0, y = 0;
	bool ok = at != NULL && GEOSisEmpty_r(g->h, at) == 0 && GEOSGeomGetX_r(g->h, at, &x) == 1 &&
		  GEOSGeomGetY_r(g->h, at, &y) == 1;

	GEOSGeom_destroy_r(g->h, at);
	GEOSGeom_destroy_r(g->h, raw);
	if (!ok)
		return false;
	*ret_lon = x;
	*ret_lat = y;
	return true;
}

/* Mean of the sine along an edge that is straight in degrees. */
static double mean_sine(double lat1, double lat2)
{
	double half = radians(lat2 - lat1) / 2;

	return sin(radians(lat1 + lat2) / 2) * (half < 0 || half > 0 ? sin(half) / half : 1);
}

/* The sphere between each edge and the equator, summed around the rings. Edges are taken as straight
 * in degrees, as on the map, so the parts of a divided shape add up to the whole. */
double geo_area_m2(struct geo *g, const struct geo_shape *s)
{
	double sum = 0;

	(void)g;
	if (!geo_is_area(s))
		return 0;
	for (uint32_t r = 0; r < s->rings; r++) {
		double base = sin(radians(s->pt[s->ring[r]][1]));

		for (uint32_t i = s->ring[r]; i + 1 < s->ring[r + 1]; i++) {
			const double *a = s->pt[i], *b = s->pt[i + 1];

			/* Measured from the ring's first latitude: keeps the digits of small rings. */
			sum += radians(a[0] - b[0]) * (mean_sine(a[1], b[1]) - base);
		}
	}
	return fabs(sum) * EARTH_M * EARTH_M;
}

double geo_distance_m(double lon1, double lat1, double lon2, double lat2)
{
	double dy = sin(radians(lat2 - lat1) / 2), dx = sin(radians(lon2 - lon1) / 2);
	double h = dy * dy + cos(radians(lat1)) * cos(radians(lat2)) * dx * dx;

	return 2 * EARTH_M * asin(fmin(1, sqrt(h)));
}

/* -1 when GEOS fails: then a child is neither inside its parent nor proved disjoint from it. */
double geo_share(struct geo *g, const struct geo_shape *a, const struct geo_shape *b)
{
	double whole = geo_plane_area(b), common = 0;

	if (whole <= 0 || !geo_is_area(a) || !geo_box_meets(a->box, b->box))
		return 0;
	GEOSGeometry *ra = geo_shape_geos(g, a), *rb = geo_shape_geos(g, b);
	GEOSGeometry *both = ra != NULL && rb != NULL ? GEOSIntersection_r(g->h, ra, rb) : NULL;
	bool ok = both != NULL && GEOSArea_r(g->h, both, &common) == 1;

	GEOSGeom_destroy_r(g->h, both);
	GEOSGeom_destroy_r(g->h, ra);
	GEOSGeom_destroy_r(g->h, rb);
	if (!ok)
		return -1;
	return fmin(1, common / whole);
}

enum err geo_box_shape(struct geo *g, struct box b, struct geo_shape **ret)
{
	(void)g;
	if (!(b.x0 < b.x1 && b.y0 < b.y1 && b.x0 >= -180 && b.x1 <= 180 && b.y0 >= -90 &&
		    b.y1 <= 90))
		return ERR_INVALID;
	struct geo_shape *s = geo_shape_alloc(GEO_POLYGON, 1, 1, 5);

	if (s == NULL)
		return ERR_NOMEM;
	const double corner[5][2] = { { b.x0, b.y0 }, { b.x1, b.y0 }, { b.x1, b.y1 },
		{ b.x0, b.y1 }, { b.x0, b.y0 } };

	for (size_t i = 0; i < ARRAY_LEN(corner); i++) {
		s->pt[i][0] = corner[i][0];
		s->pt[i][1] = corner[i][1];
	}
	geo_shape_seal(s);
	*ret = s;
	return OK;
}

enum err geo_union(struct geo *g, struct geo_shape *const *v, size_t n, struct geo_shape **ret)
{
	GEOSGeometry **raw = calloc(n + 1, sizeof(GEOSGeometry *)), *all = NULL, *one = NULL;
	unsigned have = 0;
	enum err err = raw != NULL ? OK : ERR_NOMEM;

	g->msg[0] = '\0';
	for (size_t i = 0; i < n && err == OK; i++) {
		if (v[i] == NULL || !geo_is_area(v[i]))
			continue;
		raw[have] = geo_shape_geos(g, v[i]);
		if (raw[have++] == NULL)
			err = geo_failed(g, ERR_NOMEM);
	}
	if (err == OK && have == 0)
		err = ERR_NOT_FOUND;
	if (err == OK) {
		/* The collection takes its members over, whether it can be made or not. */
		all = GEOSGeom_createCollection_r(g->h, GEOS_GEOMETRYCOLLECTION, raw, have);
		one = all != NULL ? GEOSUnaryUnion_r(g->h, all) : NULL;
		err = one == NULL ? geo_failed(g, ERR_BUG) : geo_shape_of(g, one, ret);
	} else {
		for (unsigned i = 0; i < have; i++)
			GEOSGeom_destroy_r(g->h, raw[i]);
	}
	GEOSGeom_destroy_r(g->h, one);
	GEOSGeom_destroy_r(g->h, all);
	free(raw);
	return err;
}

static enum err sites_clip(struct geo *g, const double (*site)[2], size_t n, struct geo_shape **ret)
{
	struct box b = { INFINITY, INFINITY, -INFINITY, -INFINITY };

	for (size_t i = 0; i < n; i++) {
		b.x0 = fmin(b.x0, site[i][0]);
		b.y0 = fmin(b.y0, site[i][1]);
		b.x1 = fmax(b.x1, site[i][0]);
		b.y1 = fmax(b.y1, site[i][1]);
	}
	double pad = fmax(fmax(b.x1 - b.x0, b.y1 - b.y0) * 0.1, 1e-4);

	b = (struct box){ fmax(b.x0 - pad, -180), fmax(b.y0 - pad, -90), fmin(b.x1 + pad, 180),
		fmin(b.y1 + pad, 90) };
	return geo_box_shape(g, b, ret);
}

static GEOSGeometry *sites_diagram(
	struct geo *g, const double (*site)[2], size_t n, const GEOSGeometry *clip)
{
	GEOSCoordSequence *seq = GEOSCoordSeq_copyFromBuffer_r(g->h, site[0], (unsigned)n, 0, 0);
	GEOSGeometry *line = seq != NULL ? GEOSGeom_createLineString_r(g->h, seq) : NULL;

	if (line == NULL)
		return NULL;
	GEOSGeometry *cells = GEOSVoronoiDiagram_r(g->h, line, clip, 0, 0);

	GEOSGeom_destroy_r(g->h, line);
	return cells;
}

struct cutter {
	struct geo *g;
	GEOSGeometry *clip;
	const GEOSPreparedGeometry *ready;
};

/* The part of a cell inside the clip. */
static enum err cell_cut(const struct cutter *c, const GEOSGeometry *cell, struct geo_shape **ret)
{
	if (GEOSPreparedContains_r(c->g->h, c->ready, cell) == 1)
		return geo_shape_of(c->g, cell, ret);
	GEOSGeometry *cut = GEOSIntersection_r(c->g->h, cell, c->clip);

	if (cut == NULL)
		return geo_failed(c->g, ERR_BUG);
	enum err err = geo_shape_of(c->g, cut, ret);

	GEOSGeom_destroy_r(c->g->h, cut);
	/* Points and lines are what is left of a cell that only touches the clip. */
	if (err == OK && !geo_is_area(*ret)) {
		geo_shape_free(c->g, *ret);
		return ERR_NOT_FOUND;
	}
	return err;
}

/* GEOS returns cells in its own order: each is given to the one site it contains. */
static enum err cell_owner(struct geo *g, const GEOSGeometry *cell, const double (*site)[2],
	size_t n, struct geo_shape *const *taken, size_t *ret_owner)
{
	struct geo_shape *whole = NULL;
	enum err err = geo_shape_of(g, cell, &whole);

	if (err != OK)
		return err;
	err = ERR_INVALID;
	for (size_t i = 0; i < n && err != OK; i++) {
		if (taken[i] != NULL || !geo_contains(g, whole, site[i][0], site[i][1]))
			continue;
		*ret_owner = i;
		err = OK;
	}
	geo_shape_free(g, whole);
	return err;
}

static enum err cells_cut(const struct cutter *c, const GEOSGeometry *cells,
	const double (*site)[2], size_t n, struct geo_shape **out)
{
	if (GEOSGetNumGeometries_r(c->g->h, cells) != (int)n)
		return ERR_INVALID; /* sites that coincide */
	for (size_t k = 0; k < n; k++) {
		const GEOSGeometry *cell = GEOSGetGeometryN_r(c->g->h, cells, (int)k);
		size_t owner = 0;

		if (cell == NULL)
			return ERR_BUG;
		enum err err = cell_owner(c->g, cell, site, n, out, &owner);

		if (err == OK)
			err = cell_cut(c, cell, &out[owner]);
		if (err != OK)
			return err == ERR_NOT_FOUND ? ERR_INVALID : err; /* site outside the clip */
	}
	return OK;
}

static enum err voronoi_in(struct geo *g, const double (*site)[2], size_t n,
	const struct geo_shape *clip, struct geo_shape **out)
{
	struct cutter c = { .g = g, .clip = geo_shape_geos(g, clip) };
	GEOSGeometry *cells = NULL;
	enum err err = ERR_BUG;

	g->msg[0] = '\0';
	if (c.clip == NULL)
		return geo_failed(g, ERR_NOMEM);
	c.ready = GEOSPrepare_r(g->h, c.clip);
	if (n == 1)
		err = geo_shape_of(g, c.clip, &out[0]);
	else
		cells = sites_diagram(g, site, n, c.clip);
	if (c.ready != NULL && cells != NULL)
		err = cells_cut(&c, cells, site, n, out);
	else if (n > 1)
		err = geo_failed(g, ERR_BUG);
	GEOSGeom_destroy_r(g->h, cells);
	GEOSPreparedGeom_destroy_r(g->h, c.ready);
	GEOSGeom_destroy_r(g->h, c.clip);
	return err;
}

enum err geo_voronoi(struct geo *g, const double (*site)[2], size_t n, const struct geo_shape *clip,
	struct geo_shape **ret)
{
	if (n == 0)
		return OK;
	if (n > GEO_SITES_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		if (!(fabs(site[i][0]) <= 180 && fabs(site[i][1]) <= 90))
			return ERR_INVALID;
	if (clip != NULL && !geo_is_area(clip))
		return ERR_INVALID;
	struct geo_shape **out = calloc(n, sizeof *out);
	struct geo_shape *own = NULL;
	enum err err = out != NULL ? OK : ERR_NOMEM;

	if (err == OK && clip == NULL)
		err = sites_clip(g, site, n, &own);
	if (err == OK)
		err = voronoi_in(g, site, n, clip != NULL ? clip : own, out);
	for (size_t i = 0; i < n && out != NULL; i++) {
		if (err == OK)
			ret[i] = out[i];
		else
			geo_shape_free(g, out[i]);
	}
	geo_shape_free(g, own);
	free(out);
	return err;
}

/* ---- boxes against an area ---- */

/* Which sides of the box a point lies beyond. */
static unsigned beyond(struct box b, const double p[2])
{
	return (p[0] < b.x0 ? 1u : 0) | (p[0] > b.x1 ? 2u : 0) | (p[1] < b.y0 ? 4u : 0) | (p[1] > b.y1 ? 8u : 0);
}

/* Does the edge touch the box? All four corners on one side of its line: it passes by. */
static bool edge_meets(struct box b, const double p[2], const double q[2])
{
	unsigned at = beyond(b, p), to = beyond(b, q);
	const double corner[4][2] = { { b.x0, b.y0 }, { b.x1, b.y0 }, { b.x1, b.y1 }, { b.x0, b.y1 } };
	int left = 0, right = 0;

	if (at & to)
		return false;
	if (at == 0 || to == 0)
		return true;
	for (int i = 0; i < 4; i++) {
		double side = (q[0] - p[0]) * (corner[i][1] - p[1]) - (q[1] - p[1]) * (corner[i][0] - p[0]);

		left += side >= 0;
		right += side <= 0;
	}
	return left < 4 && right < 4;
}

enum geo_relation geo_relation(struct geo *g, const struct geo_shape *s, struct box b)
{
	if (!geo_is_area(s) || !geo_box_meets(s->box, b))
		return GEO_OUTSIDE;
	for (uint32_t r = 0; r < s->rings; r++) {
		for (uint32_t i = s->ring[r]; i + 1 < s->ring[r + 1]; i++) {
			if (edge_meets(b, s->pt[i], s->pt[i + 1]))
				return GEO_CROSSES;
		}
	}
	return geo_contains(g, s, (b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2) ? GEO_INSIDE : GEO_OUTSIDE;
}
