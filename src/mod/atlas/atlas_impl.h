/* Private to the module: its handlers and the shapes of their replies. */
#ifndef GEZHI_MOD_ATLAS_ATLAS_IMPL_H
#define GEZHI_MOD_ATLAS_ATLAS_IMPL_H

#include "mod/atlas/atlas.h"
#include "mod/atlas/atlas_db.h"

/* A field's value as text; NULL when the row has none. */
const char *atlas_word(const struct atlas_layer *l, const char *field, int64_t value);

enum err atlas_search(struct req *rq, struct jw *out);
extern const struct shape atlas_search_shape;

enum err atlas_tile(struct req *rq, struct jw *out);
enum err atlas_visit_tile(struct req *rq, struct jw *out);
enum err atlas_workforce_tile(struct req *rq, struct jw *out);

enum err atlas_select(struct req *rq, struct jw *out);
enum err atlas_select_export(struct req *rq, struct jw *out);
extern const struct fields atlas_area_fields;
extern const struct shape atlas_select_shape;

enum err atlas_figures(struct req *rq, struct jw *out);
extern const struct shape atlas_figures_shape;

enum err ogc_landing(struct req *rq, struct jw *out);
enum err ogc_conformance(struct req *rq, struct jw *out);
enum err ogc_collections(struct req *rq, struct jw *out);
enum err ogc_collection(struct req *rq, struct jw *out);
enum err ogc_items(struct req *rq, struct jw *out);
enum err ogc_item(struct req *rq, struct jw *out);
extern const struct shape ogc_landing_shape, ogc_conformance_shape, ogc_collection_shape,
	ogc_collections_shape, ogc_items_shape;

#endif
