/* Zooms, levels and cells. No SQL, no clock. */
#include "mod/map/map.h"

#include "base/geo.h"

enum level map_level(int z)
{
	if (z < 11)
		return LEVEL_STREET;
	return z < 13 ? LEVEL_COMMUNITY : LEVEL_GRID;
}

int64_t map_cell_span(int z, int depth)
{
	int bits = 2 * (MORTON_BITS - z - depth);

	return bits > 0 ? INT64_C(1) << bits : 1;
}

bool map_tile_valid(int64_t z, int64_t x, int64_t y)
{
	if (z < 0 || z > MAP_ZOOM_MAX)
		return false;
	return x >= 0 && y >= 0 && x < INT64_C(1) << z && y < INT64_C(1) << z;
}
