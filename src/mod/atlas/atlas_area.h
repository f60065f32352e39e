/* Private to the module: a drawn area as ranges of Morton keys. */
#ifndef GEZHI_MOD_ATLAS_ATLAS_AREA_H
#define GEZHI_MOD_ATLAS_ATLAS_AREA_H

#include "base/geo.h"
#include "core/app.h"

enum { AREA_RANGES = 4096, AREA_POINTS = 2000, AREA_DEPTH = 4, AREA_BOX_DEPTH = 1 };

struct area_range {
	int64_t lo, hi;
	bool inside; /* all of it; else its rows are looked at one by one */
};

struct area {
	struct geo *g;
	struct geo_shape *shape;
	size_t n;
	struct area_range v[AREA_RANGES];
};

/* Body of a request: a polygon, or a circle by its middle and radius in metres. */
struct area_in {
	struct str area, layer;
	double lon, lat, radius;
};

/* The caller's to release, whatever it said. Refuses with rq->err. */
enum err area_read(struct req *rq, const struct area_in *in, struct area *a) MUST_CHECK;
/* The ranges of a box, few and larger than it. */
enum err area_box(struct box b, struct area *a) MUST_CHECK;
void area_release(struct area *a);
bool area_has(const struct area *a, double lon, double lat);

#endif
