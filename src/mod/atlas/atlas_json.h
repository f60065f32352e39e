/* Private to the module: rows as GeoJSON features. */
#ifndef GEZHI_MOD_ATLAS_ATLAS_JSON_H
#define GEZHI_MOD_ATLAS_ATLAS_JSON_H

#include "core/entity_plan.h"
#include "core/matter.h"

#define ATLAS_GEOJSON "application/geo+json"

/* {"type":"FeatureCollection","features":[ ; the caller ends both. */
void atlas_json_begin(struct jw *out);
/* A row in sight, masked as everywhere; nothing when there is none. */
enum err atlas_json_row(
	struct req *rq, const struct entity *e, int64_t id, struct jw *out) MUST_CHECK;
enum err atlas_json_feature(
	struct req *rq, const struct entity *e, const void *rec, struct jw *out) MUST_CHECK;
/* A matter as a feature: its point, if it has one, and what a list says of it. */
void atlas_json_event(
	struct req *rq, const struct matter *m, struct str handler_name, struct jw *out);
extern const struct shape atlas_feature_shape;

#endif
