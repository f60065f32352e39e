/*
 * Mapbox vector tile (version 2.1) encoder: layers of points and polygons with properties, extent 4096.
 * Coordinates in degrees are projected, clipped to the tile with a 64-unit buffer and simplified to
 * tile units. Encoding by protobuf-c.
 */
#ifndef GEZHI_BASE_MVT_H
#define GEZHI_BASE_MVT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/geo.h"

struct mvt;

/* All memory from `a`, which must outlive it. */
struct mvt *mvt_new(struct arena *a, int z, int x, int y);
void mvt_layer(struct mvt *m, const char *name);
/* Starts a feature in the current layer; then its properties. False: nothing of it is in the tile. */
bool mvt_point(struct mvt *m, int64_t id, double lon, double lat);
bool mvt_shape(struct mvt *m, struct geo *g, int64_t id, const struct geo_shape *s);
void mvt_int(struct mvt *m, const char *key, int64_t v);
void mvt_str(struct mvt *m, const char *key, struct str v);
enum err mvt_finish(struct mvt *m, struct buf *out) MUST_CHECK;

#endif
