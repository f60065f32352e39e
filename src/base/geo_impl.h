/*
 * What the geo_*.c files and the tile encoder share; not for anyone else.
 *
 * A shape is plain immutable arrays in one allocation, so it can be read by any thread and needs no
 * GEOS object to be measured, indexed or drawn. GEOS geometries are made for the length of one
 * operation (parsing, validity, overlay, Voronoi) and thrown away.
 */
#ifndef GEZHI_BASE_GEO_IMPL_H
#define GEZHI_BASE_GEO_IMPL_H

#include "base/geo.h"

#include <geos_c.h>

/* Same numbers as in WKB. */
enum geo_kind { GEO_POINT = 1, GEO_LINE = 2, GEO_POLYGON = 3, GEO_MULTIPOLYGON = 6 };

enum {
	GEO_POINTS_MAX = 100000,
	GEO_BYTES_MAX = 8 * 1024 * 1024, /* of GeoJSON or WKB text */
};

struct geo {
	GEOSContextHandle_t h;
	char msg[160]; /* last complaint of GEOS, "" when there is none */
};

/*
 * Part p owns rings part[p] … part[p + 1] - 1, the first being its outer ring (counter-clockwise),
 * the others its holes (clockwise). Ring r owns points ring[r] … ring[r + 1] - 1, first == last.
 * A point or line is one part with one open ring.
 */
struct geo_shape {
	enum geo_kind kind;
	uint32_t parts, rings, points;
	struct box box;
	uint32_t *part;
	uint32_t *ring;
	double (*pt)[2];
};

/* Arrays are allocated, part[] and ring[] end markers set, the rest is for the caller to fill. */
struct geo_shape *geo_shape_alloc(enum geo_kind kind, size_t parts, size_t rings, size_t points);
/* Orients the rings and computes the box: the last step of every construction. */
void geo_shape_seal(struct geo_shape *s);
bool geo_is_area(const struct geo_shape *s);
/* Twice the signed area in square degrees; positive when counter-clockwise. */
double geo_ring_area2(const double (*pt)[2], size_t n);
/* Area in square degrees, holes subtracted. */
double geo_plane_area(const struct geo_shape *s);
bool geo_box_meets(struct box a, struct box b);

/* Polygons found in `from` (or its point, or its line). ERR_NOT_FOUND: there are none. */
enum err geo_shape_of(struct geo *g, const GEOSGeometry *from, struct geo_shape **ret) MUST_CHECK;
/* NULL on failure; free with GEOSGeom_destroy_r. */
GEOSGeometry *geo_shape_geos(struct geo *g, const struct geo_shape *s);
/* What a NULL from GEOS means: out of memory, or `otherwise`. */
enum err geo_failed(const struct geo *g, enum err otherwise);

#endif
