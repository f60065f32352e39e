/*
 * Places: the tree from city to micro-grid, their official codes, boundaries, size norms and the import
 * of divisions. Position codes and ranges are core/scope.h; the in-memory tree is core/app.h.
 */
#ifndef GEZHI_MOD_PLACE_PLACE_H
#define GEZHI_MOD_PLACE_PLACE_H

#include "base/geo.h"
#include "core/app.h"
#include "core/entity.h"

/* Stored as numbers: append only. Dedicated grids (专属网格) are PARK…HOSPITAL and DEDICATED. */
enum place_kind {
	PLACE_CITY, PLACE_DISTRICT, PLACE_SUBDISTRICT, PLACE_TOWN, PLACE_COMMUNITY, PLACE_VILLAGE, PLACE_GRID,
	PLACE_PARK, PLACE_MALL, PLACE_SCHOOL, PLACE_MARKET, PLACE_HOSPITAL, PLACE_MICRO, PLACE_DEDICATED,
	PLACE_PROVINCE, PLACE_KIND_MAX
};
extern const struct vocab place_kind_vocab, lineage_vocab;

/* A row of the table; `struct place` is its part in the snapshot. */
struct place_row {
	int64_t id, version;
	int64_t code, level, kind, parent;
	struct str name, alias, official_code;
	int64_t households, leader_id;
	struct str norm_reason;
	int64_t norm_since;
	double lon, lat;
	int64_t has_shape, valid_from, valid_to;
};
extern const struct entity place_entity;

/* ---- rules ---- */

/* Does a place of this kind stand at this level? */
bool place_kind_fits(int64_t kind, enum level l);
/* The usual kind of a level, for rows that do not say. */
enum place_kind place_kind_usual(enum level l);
bool place_is_dedicated(int64_t kind);
bool place_in_force(int64_t valid_to, int64_t today);

/* How many households a grid and a micro-grid should have: target, lower and upper bound. */
struct norm {
	int64_t target, low, high;
};
struct norms {
	int64_t version; /* grows with every change of the standard */
	struct norm grid, micro;
};
extern const struct norms norms_default;
/* The norm of a place; NULL for levels without one and for dedicated grids. */
const struct norm *norm_of(const struct norms *n, enum level l, int64_t kind);
bool norm_ok(const struct norm *n, int64_t households);
/* |households − target| ÷ target */
double norm_drift(const struct norm *n, int64_t households);
/* Are the registered households to be taken for the number of households? Not while fewer than half of those
 * stated are entered. */
bool households_entered(int64_t registered, int64_t stated);
/* How many households a grid or micro-grid has: given as stated for the place, they become the registered ones where
 * those are entered. The one definition behind the report, the indicator and the map's figures. */
struct place_size {
	int64_t code, households;
	bool registered;
};
/* For places of one level at or below `place`, ascending by code. */
enum err place_sizes(struct dbc *c, enum level level, int64_t place, struct place_size *v, size_t n) MUST_CHECK;
/* Number of parts a cell above the norm should be split into (at least 2). */
int64_t norm_parts(const struct norm *n, int64_t households);
enum err norms_parse(struct str json, struct norms *ret) MUST_CHECK;
extern const struct shape coverage_shape; /* of reports on places that have something */
extern const struct shape norms_reply; /* what norms_write writes */
void norms_write(const struct norms *n, struct jw *out);
const struct norms *snap_norms(const struct snap *s, const struct app *app);

/* Kind and short name from an official name: 百节社区居民委员会 → community, 百节社区. */
enum place_kind place_kind_of_name(struct str name, enum level l);
struct str place_short_name(struct str official_name);

/* ---- rows ---- */

/* Whole row by position code; *ret_found false when there is none. No scope: for rules. */
enum err place_by_code(struct dbc *c, struct arena *a, int64_t code, struct place_row *ret, bool *ret_found) MUST_CHECK;
/* Words of lineage_vocab, by number. */
enum lineage { LINEAGE_SPLIT, LINEAGE_MERGE, LINEAGE_ADJUST, LINEAGE_UNDO };
enum err place_lineage_add(struct dbc *c, int64_t kind, int64_t from, int64_t to, int64_t at, struct str reason) MUST_CHECK;

/* ---- boundaries ---- */

/* *ret is NULL when the place has none. */
enum err shape_load(struct dbc *c, struct geo *g, int64_t code, struct geo_shape **ret) MUST_CHECK;
/* As it is: whoever calls has seen to it that it fits among the others. */
enum err shape_save(struct dbc *c, struct geo *g, int64_t place_id, int64_t code, const struct geo_shape *s,
		    int64_t now) MUST_CHECK;
/*
 * Stores a boundary: inside that of the nearest place above that has one, not over a sibling, and
 * around those of the places below. ERR_CONFLICT place.outside_parent, place.overlaps or
 * place.cuts_child names the other place. In a writing transaction.
 */
enum err place_shape_put(struct req *rq, int64_t id, struct str geojson) MUST_CHECK;

/* ---- import ---- */

/*
 * Places from CSV, in either form: area_code, area_name, street_code, street_name, village_code,
 * village_name (official codes; makes district, streets and communities), or code, name and any of
 * level, parent, kind, alias, official_code, households, valid_from. Known places are changed only
 * where they differ. All or nothing unless `partial`. `errors` gets one object per refused cell.
 */
enum err place_import(struct req *rq, struct str csv, bool dry_run, bool partial, struct import_result *ret,
		      struct jw *errors) MUST_CHECK;

extern const struct module place_module;

#endif
