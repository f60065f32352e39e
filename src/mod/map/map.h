/*
 * Vector tiles of places and of open matters, under the asker's scope. Matters gather into clusters
 * with true counts; a sealed matter is never on the map.
 */
#ifndef GEZHI_MOD_MAP_MAP_H
#define GEZHI_MOD_MAP_MAP_H

#include "base/geo.h"
#include "core/app.h"

enum {
	MAP_ZOOM_MAX = 20,
	MAP_SINGLE_ZOOM = 15,   /* from here on single matters, as long as they are not too many */
	MAP_SINGLES_MAX = 1000, /* per tile */
	MAP_SHAPES_MAX = 4000,  /* per tile */
	MAP_CELL_DEPTH = 3,     /* a tile has 8 × 8 clusters */
	MAP_CELL_DEPTH_FINE = 5 /* 32 × 32 where there would be too many single ones */
};

/* Level of the places drawn at a zoom. */
enum level map_level(int z);
/* A cluster's key is the morton key divided by this: 4^(24 − z − depth). */
int64_t map_cell_span(int z, int depth);
bool map_tile_valid(int64_t z, int64_t x, int64_t y);

/* ---- for other layers ---- */

#define MAP_TILE_TYPE "application/vnd.mapbox-vector-tile"

struct mvt;
struct map_tile {
	struct req *rq;
	int z, x, y;
	struct mvt *mvt;
	struct arena *arena; /* the caller's to free, whatever map_tile_begin said */
};
/* Reads {z}/{x}/{y} of the route. */
enum err map_tile_begin(struct req *rq, struct map_tile *t) MUST_CHECK;
/* The reply is the tile. */
enum err map_tile_reply(struct map_tile *t) MUST_CHECK;

/* Of what is counted there: all, what is late, what is due soon. */
struct place_count {
	int64_t n, late, soon;
};

/* Places of one level whose boundaries may meet a box, in sight, in order of code. */
struct map_place {
	const struct place *place;
	struct place_count is;
};
struct map_picked {
	struct map_place *v;
	size_t n, at;
	int64_t lo, hi, span; /* the range of codes, and what one place spans; with places only */
};
enum err map_pick(struct req *rq, enum level level, struct box box, const char *perm,
	struct map_picked *ret) MUST_CHECK;
/* Sets the counts of one of them; codes come in ascending order. */
void map_pick_count(struct map_picked *p, int64_t code, const struct place_count *is);

extern const struct module map_module;

#endif
