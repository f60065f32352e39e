/*
 * Vector tiles of places and of open matters, under the asker's scope. Matters gather into clusters
 * with true counts; a sealed matter is never on the map.
 */
#ifndef GEZHI_MOD_MAP_MAP_H
#define GEZHI_MOD_MAP_MAP_H

#include "core/app.h"

enum {
	MAP_ZOOM_MAX = 20,
	MAP_SINGLE_ZOOM = 15,	/* from here on single matters, as long as they are not too many */
	MAP_SINGLES_MAX = 1000, /* per tile */
	MAP_SHAPES_MAX = 4000,	/* per tile */
	MAP_CELL_DEPTH = 3,	/* a tile has 8 × 8 clusters */
	MAP_CELL_DEPTH_FINE = 5 /* 32 × 32 where there would be too many single ones */
};

/* Level of the places drawn at a zoom. */
enum level map_level(int z);
/* A cluster's key is the morton key divided by this: 4^(24 − z − depth). */
int64_t map_cell_span(int z, int depth);
bool map_tile_valid(int64_t z, int64_t x, int64_t y);

extern const struct module map_module;

#endif
