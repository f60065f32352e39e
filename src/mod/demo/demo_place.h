/*
 * An invented district, or a whole invented city: names, position codes, households and borders
 * that share edges exactly (nested Voronoi cells). No real place is copied. One street is held in
 * memory at a time, so a city costs no more than a district.
 */
#ifndef GEZHI_MOD_DEMO_PLACE_H
#define GEZHI_MOD_DEMO_PLACE_H

#include "base/err.h"
#include "base/str.h"

enum demo_size {
	DEMO_SMALL,    /* 3 streets, 12 communities, 48 grids, 384 micro-grids; for tests */
	DEMO_DISTRICT, /* 23 streets, 313 communities, 1,200 grids, 9,600 micro-grids */
	DEMO_CITY,     /* 39 districts, 1,031 streets, 11,000 communities, 62,000 grids, 620,000 */
	DEMO_SIZE_MAX
};

enum demo_level {
	DEMO_LEVEL_CITY,
	DEMO_LEVEL_DISTRICT,
	DEMO_LEVEL_STREET,
	DEMO_LEVEL_COMMUNITY,
	DEMO_LEVEL_GRID,
	DEMO_LEVEL_MICRO,
	DEMO_LEVEL_MAX
};

enum demo_kind {
	DEMO_KIND_CITY,
	DEMO_KIND_DISTRICT,
	DEMO_KIND_SUBDISTRICT, /* 街道 */
	DEMO_KIND_TOWN,        /* 镇 */
	DEMO_KIND_COMMUNITY,   /* 社区 */
	DEMO_KIND_VILLAGE,     /* 村 */
	DEMO_KIND_GRID,
	DEMO_KIND_PARK, /* from here dedicated grids 专属网格: no households, no micro-grids */
	DEMO_KIND_MALL,
	DEMO_KIND_SCHOOL,
	DEMO_KIND_MARKET,
	DEMO_KIND_HOSPITAL,
	DEMO_KIND_MICRO,
	DEMO_KIND_MAX
};

/* How many places a size has. Dedicated grids are counted apart from grids, except that the city's
 * 62,000 are both together. */
struct demo_counts {
	int districts, streets, communities, grids, dedicated, micros;
};

struct demo_place {
	int64_t code;   /* 17 digits: 2 province, 2 city, 2 county, 3 street, 3 community, 3 grid, 2
			 */
	int64_t parent; /* 0 for the first place: the district, or the city when there are several
			 */
	enum demo_level level;
	enum demo_kind kind;
	struct str name;  /* 霁溪街道, 第3网格 */
	struct str alias; /* "Clear Brook Subdistrict", "Grid 3" */
	int households;   /* of everything below; grids 280 … 620, micro-grids about 50 */
	struct str wkb;   /* polygon; absent for micro-grids */
	double lon, lat;  /* a point inside */
};

struct demo_places;

struct demo_counts demo_counts(enum demo_size size);
struct demo_places *demo_places_new(enum demo_size size, uint64_t seed); /* NULL: out of memory */
void demo_places_free(struct demo_places *d);                            /* NULL allowed */
/* Parents come before their children. A place and its texts stay valid until the next street
 * begins: copy what must last. ERR_NOT_FOUND after the last one. */
enum err demo_places_next(struct demo_places *d, const struct demo_place **ret) MUST_CHECK;

#endif
