/* The module: its routes. */
#include "core/entity_tally.h"
#include "mod/atlas/atlas_impl.h"
#include "mod/atlas/atlas_json.h"
#include "mod/map/map.h"

static const struct param search_params[] = {
	{ "q", F_STR,
		"name, address, code, whole telephone number, first letters of the reading, words "
		"of two characters" },
	{ "limit", F_INT, "of each group, 1 to 20" },
};

static const struct param figure_params[] = {
	{ "figure", F_STR, "what to count" },
	{ "place", F_CODE, "the place whose parts are told" },
};
static const struct param export_params[] = { { "purpose", F_STR, "what for: on record" } };
static const struct param item_params[] = {
	{ "bbox", F_STR, "west,south,east,north in degrees" },
	{ "limit", F_INT, "1 to 1000" },
	{ "after", F_ID, "the next link knows it" },
	{ "datetime", F_STR, "features have no time: all of them fit" },
};

#define TILE(layer, handler, op, text)                                                           \
	{                                                                                        \
		.method = M_GET, .path = "/tiles/" layer "/{z}/{x}/{y}.mvt", .perm = "map.read", \
		.flags = ROUTE_RAW_OUT, .gives = MAP_TILE_TYPE, .fn = handler, .id = op,         \
		.summary = text                                                                  \
	}
#define POINT_TILE(i, layer, op, text)                                                           \
	{                                                                                        \
		.method = M_GET, .path = "/tiles/" layer "/{z}/{x}/{y}.mvt", .perm = "map.read", \
		.flags = ROUTE_RAW_OUT, .gives = MAP_TILE_TYPE, .fn = atlas_tile,                \
		.data = &atlas_layers[i], .id = op, .summary = text                              \
	}

static const struct route atlas_routes[] = {
	{ .method = M_GET,
		.path = "/api/search",
		.perm = "map.read",
		.reply = &atlas_search_shape,
		.query = search_params,
		.nquery = ARRAY_LEN(search_params),
		.fn = atlas_search,
		.id = "listSearch",
		.summary = "Everything in sight that has these words" },
	POINT_TILE(0, "buildings", "getBuildingTile",
		"Buildings, clustered with true counts, as a vector tile"),
	POINT_TILE(1, "venues", "getVenueTile",
		"Venues, clustered with true counts, as a vector tile"),
	POINT_TILE(2, "things", "getThingTile",
		"Things, clustered with true counts, as a vector tile"),
	POINT_TILE(3, "organisations", "getOrganisationTile",
		"Organisations, clustered with true counts, as a vector tile"),
	TILE("visits", atlas_visit_tile, "getVisitTile",
		"Visit plans and overdue ones per place, as a vector tile"),
	{ .method = M_POST,
		.path = "/api/map/select",
		.perm = "map.read",
		.flags = ROUTE_NO_TX,
		.in = &atlas_area_fields,
		.reply = &atlas_select_shape,
		.fn = atlas_select,
		.id = "countArea",
		.summary = "What lies inside a polygon or a circle" },
	{ .method = M_POST,
		.path = "/api/map/export",
		.perm = "map.read",
		.flags = ROUTE_NO_TX,
		.in = &atlas_area_fields,
		.reply = &ogc_items_shape,
		.query = export_params,
		.nquery = ARRAY_LEN(export_params),
		.fn = atlas_select_export,
		.id = "exportArea",
		.summary = "One layer of an area as GeoJSON" },
	{ .method = M_GET,
		.path = "/api/map/figures",
		.perm = "map.read",
		.query = figure_params,
		.nquery = ARRAY_LEN(figure_params),
		.reply = &atlas_figures_shape,
		.fn = atlas_figures,
		.id = "listMapFigures",
		.summary = "A figure for every place one step below a place" },
	{ .method = M_GET,
		.path = "/ogc",
		.perm = "map.read",
		.reply = &ogc_landing_shape,
		.fn = ogc_landing,
		.id = "getOgcLanding",
		.summary = "OGC API Features: where things are" },
	{ .method = M_GET,
		.path = "/ogc/conformance",
		.perm = "map.read",
		.reply = &ogc_conformance_shape,
		.fn = ogc_conformance,
		.id = "getOgcConformance",
		.summary = "OGC API Features: what is kept to" },
	{ .method = M_GET,
		.path = "/ogc/collections",
		.perm = "map.read",
		.reply = &ogc_collections_shape,
		.fn = ogc_collections,
		.id = "listOgcCollections",
		.summary = "OGC API Features: collections in sight" },
	{ .method = M_GET,
		.path = "/ogc/collections/{collection}",
		.perm = "map.read",
		.reply = &ogc_collection_shape,
		.fn = ogc_collection,
		.id = "getOgcCollection",
		.summary = "OGC API Features: one collection" },
	{ .method = M_GET,
		.path = "/ogc/collections/{collection}/items",
		.perm = "map.read",
		.reply = &ogc_items_shape,
		.query = item_params,
		.nquery = ARRAY_LEN(item_params),
		.fn = ogc_items,
		.id = "listOgcItems",
		.summary = "OGC API Features: features of a collection" },
	{ .method = M_GET,
		.path = "/ogc/collections/{collection}/items/{feature}",
		.perm = "map.read",
		.reply = &atlas_feature_shape,
		.fn = ogc_item,
		.id = "getOgcItem",
		.summary = "OGC API Features: one feature" },
	TILE("workforce", atlas_workforce_tile, "getWorkforceTile",
		"Posts per place, as a vector tile"),
};

static enum err atlas_seed(struct app *app, struct dbc *c)
{
	enum err err = entity_index_seed(app, c);

	return err != OK ? err : entity_tally_seed(app, c);
}

const struct module atlas_module = {
	.name = "atlas",
	.route = atlas_routes,
	.nroute = ARRAY_LEN(atlas_routes),
	.sql = atlas_sql,
	.nsql = ATLAS_NSQL,
	.seed = atlas_seed,
};
