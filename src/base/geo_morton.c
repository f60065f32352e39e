/*
 * Arithmetic of the web-Mercator square: Morton keys of positions, and tiles as key ranges and as
 * boxes. Pure functions; no GEOS.
 */
#include "base/geo.h"

#include <math.h>

static const double MERCATOR_LAT = 85.0511287798066;

/* Spreads 32 bits over the even bits of the result. */
static uint64_t spread(uint64_t v)
{
	v = (v | v << 16) & 0x0000ffff0000ffffu;
	v = (v | v << 8) & 0x00ff00ff00ff00ffu;
	v = (v | v << 4) & 0x0f0f0f0f0f0f0f0fu;
	v = (v | v << 2) & 0x3333333333333333u;
	return (v | v << 1) & 0x5555555555555555u;
}

static uint32_t gather(uint64_t v)
{
	v &= 0x5555555555555555u;
	v = (v | v >> 1) & 0x3333333333333333u;
	v = (v | v >> 2) & 0x0f0f0f0f0f0f0f0fu;
	v = (v | v >> 4) & 0x00ff00ff00ff00ffu;
	v = (v | v >> 8) & 0x0000ffff0000ffffu;
	return (uint32_t)(v | v >> 16);
}

/* Position on one axis of 2^24 cells; NaN lands on 0. */
static uint64_t cell(double share)
{
	const double side = (double)(1 << MORTON_BITS);
	double v = floor(share * side);

	if (!(v > 0))
		return 0;
	return (uint64_t)fmin(v, side - 1);
}

int64_t morton_of(double lon, double lat)
{
	double phi = fmax(-MERCATOR_LAT, fmin(MERCATOR_LAT, lat)) * (M_PI / 180);
	uint64_t x = cell((lon + 180) / 360);
	uint64_t y = cell((1 - asinh(tan(phi)) / M_PI) / 2);

	return (int64_t)(spread(x) | spread(y) << 1);
}

/* A tile that does not exist has the empty range [0, 0). */
void morton_tile(int z, int x, int y, int64_t *ret_lo, int64_t *ret_hi)
{
	*ret_lo = 0;
	*ret_hi = 0;
	if (z < 0 || z > MORTON_BITS || x < 0 || y < 0 || x >= 1 << z || y >= 1 << z)
		return;
	uint64_t key = spread((uint64_t)x) | spread((uint64_t)y) << 1;
	int shift = 2 * (MORTON_BITS - z);

	*ret_lo = (int64_t)(key << shift);
	*ret_hi = (int64_t)((key + 1) << shift);
}

static double lat_of(double y, double side)
{
	return atan(sinh(M_PI * (1 - 2 * y / side))) * (180 / M_PI);
}

void morton_center(int64_t prefix, int z, double *ret_lon, double *ret_lat)
{
	double side = ldexp(1, z);
	uint64_t key = (uint64_t)prefix;

	*ret_lon = (gather(key) + 0.5) / side * 360 - 180;
	*ret_lat = lat_of(gather(key >> 1) + 0.5, side);
}

struct box tile_box(int z, int x, int y)
{
	double side = ldexp(1, z);

	return (struct box){ .x0 = x / side * 360 - 180,
		.y0 = lat_of(y + 1.0, side),
		.x1 = (x + 1.0) / side * 360 - 180,
		.y1 = lat_of(y, side) };
}
