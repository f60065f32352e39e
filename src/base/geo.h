/*
 * Geometry over GEOS, in longitude/latitude degrees (CGCS2000; differs from WGS-84 by centimetres).
 * A geometry is stored as WKB; GeoJSON at the edges.
 */
#ifndef GEZHI_BASE_GEO_H
#define GEZHI_BASE_GEO_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct geo; /* one thread's GEOS context; not shared between threads */
struct geo_shape;
struct geo_index;

struct box { double x0, y0, x1, y1; };

struct geo *geo_new(void);
void geo_free(struct geo *g);
/* Polygon or MultiPolygon (also Point, LineString); invalid rings, coordinates outside ±180/±90,
 * more than 100,000 points are refused. */
enum err geo_from_geojson(struct geo *g, struct str json, struct geo_shape **ret, struct error *e) MUST_CHECK;
enum err geo_from_wkb(struct geo *g, struct str wkb, struct geo_shape **ret) MUST_CHECK;
void geo_shape_free(struct geo *g, struct geo_shape *s); /* NULL allowed */
enum err geo_to_wkb(struct geo *g, const struct geo_shape *s, struct buf *out) MUST_CHECK;
enum err geo_to_geojson(struct geo *g, const struct geo_shape *s, int decimals, struct buf *out) MUST_CHECK;
size_t geo_points(const struct geo_shape *s); /* corners of all rings */
struct box geo_box(struct geo *g, const struct geo_shape *s);
bool geo_contains(struct geo *g, const struct geo_shape *s, double lon, double lat);
/* How a box lies to an area; a box that an edge passes through crosses. */
enum geo_relation { GEO_OUTSIDE, GEO_CROSSES, GEO_INSIDE };
enum geo_relation geo_relation(struct geo *g, const struct geo_shape *s, struct box b);
/* Point guaranteed inside, for labels. */
bool geo_label(struct geo *g, const struct geo_shape *s, double *ret_lon, double *ret_lat);
double geo_area_m2(struct geo *g, const struct geo_shape *s);
/* Share of b's area that lies inside a, 0…1; -1 when it cannot be computed. Tolerates slivers: callers
 * compare with 0.999 / 0.001. */
double geo_share(struct geo *g, const struct geo_shape *a, const struct geo_shape *b);
double geo_distance_m(double lon1, double lat1, double lon2, double lat2); /* haversine, R=6371008.8 */

/* Point → id of the containing shape. Built once, then read by any thread (prepared inside a lock-free
 * structure: STRtree boxes plus point-in-ring on plain arrays, no GEOS call when querying). */
struct geo_index *geo_index_new(size_t max_shapes);
enum err geo_index_add(struct geo_index *x, struct geo *g, const struct geo_shape *s, int64_t id) MUST_CHECK;
enum err geo_index_build(struct geo_index *x) MUST_CHECK;
void geo_index_free(struct geo_index *x);
/* Smallest-area shape containing the point, or NIL. */
int64_t geo_index_find(const struct geo_index *x, double lon, double lat);
/* Calls fn for every shape whose box meets `b`. */
void geo_index_each(const struct geo_index *x, struct box b, void (*fn)(int64_t id, void *arg), void *arg);

/* Voronoi cells of n sites clipped to `clip` (NULL: their padded box); ret[i] belongs to site i, owned
 * by the caller. */
enum err geo_voronoi(struct geo *g, const double (*site)[2], size_t n, const struct geo_shape *clip,
		     struct geo_shape **ret) MUST_CHECK;
enum err geo_box_shape(struct geo *g, struct box b, struct geo_shape **ret) MUST_CHECK;
/* Areas joined into one; NULL among them is passed over. ERR_NOT_FOUND when there is none. */
enum err geo_union(struct geo *g, struct geo_shape *const *v, size_t n, struct geo_shape **ret) MUST_CHECK;

/* GCJ-02 to WGS-84 and back, in place; as given outside the box in which services shift. To 1e-9 degrees against
 * each other. */
void geo_from_gcj02(double *lon, double *lat);
void geo_to_gcj02(double *lon, double *lat);

/* Morton (Z-order) key of a position on the web-Mercator square: 24 bits per axis, interleaved, so
 * that tile z/x/y is the range [key << s, (key+1) << s) with s = 2*(24-z). Latitude is clamped. */
enum { MORTON_BITS = 24 };
int64_t morton_of(double lon, double lat);
void morton_tile(int z, int x, int y, int64_t *ret_lo, int64_t *ret_hi);
/* Centre of the cell of `z` levels that `key` (a prefix of 2z bits) names. */
void morton_center(int64_t prefix, int z, double *ret_lon, double *ret_lat);
struct box tile_box(int z, int x, int y);

#endif
