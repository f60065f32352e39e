/* The module: its routes. */
#include "mod/atlas/atlas_impl.h"
#include "mod/map/map.h"

static const struct param search_params[] = {
	{ "q", F_STR,
		"name, address, code, whole telephone number, first letters of the reading, words "
		"of two characters" },
	{ "limit", F_INT, "of each group, 1 to 20" },
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
	TILE("workforce", atlas_workforce_tile, "getWorkforceTile",
		"Posts per place, as a vector tile"),
};

static enum err atlas_seed(struct app *app, struct dbc *c)
{
	return entity_index_seed(app, c);
}

const struct module atlas_module = {
	.name = "atlas",
	.route = atlas_routes,
	.nroute = ARRAY_LEN(atlas_routes),
	.seed = atlas_seed,
};
