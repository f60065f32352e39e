/* Private to the module: rows by word, by point and by place. */
#ifndef GEZHI_MOD_ATLAS_ATLAS_DB_H
#define GEZHI_MOD_ATLAS_ATLAS_DB_H

#include "base/geo.h"
#include "core/entity_index.h"
#include "core/sqlb.h"
#include "mod/map/map.h"

/* ---- by word ---- */

enum { ATLAS_FOUND = 40, ATLAS_WORDS = 24 };

/* Ids of at most ATLAS_FOUND rows that have all words of a class, seen under `perm`, in order of
 * place. */
enum err atlas_find(struct req *rq, const struct entity *e, enum indexed what, const char *perm,
	const struct words *w, int64_t ret[ATLAS_FOUND], size_t *ret_n) MUST_CHECK;

struct atlas_event {
	int64_t id, place, state, level, code_id;
	struct str title, address;
	double lon, lat;
};
typedef void (*atlas_event_fn)(const struct atlas_event *v, void *arg);
/* Open events in sight by words, or by number (NIL: by words), newest first. */
enum err atlas_events_find(struct req *rq, struct str q, int64_t number, int64_t limit,
	atlas_event_fn fn, void *arg) MUST_CHECK;
/* Open events in sight in a range of Morton keys, in no order. */
enum err atlas_events_in(
	struct req *rq, int64_t lo, int64_t hi, atlas_event_fn fn, void *arg) MUST_CHECK;

/* ---- by point ---- */

/* A kind of thing with a point. */
struct atlas_layer {
	const char *name; /* of tile layer, group and collection */
	const struct entity *e;
	const char *kind, *state; /* names of F_ENUM fields, NULL: none */
};
extern const struct atlas_layer atlas_layers[];
extern const size_t atlas_nlayers;
const struct atlas_layer *atlas_layer_named(struct str name); /* NULL: none */

struct atlas_point {
	int64_t n; /* more than 1: a cluster at the point of one of them; then nothing else is set
		    */
	int64_t id, place, kind, state;
	double lon, lat;
	struct str name;
};
typedef void (*atlas_point_fn)(const struct atlas_point *p, void *arg);

/* How many in a range of keys, counting no further than `max` (0: all). */
enum err atlas_count(struct req *rq, const struct atlas_layer *l, int64_t lo, int64_t hi,
	int64_t max, int64_t *ret) MUST_CHECK;
/* The streets of those in a range, each once. */
enum err atlas_streets(struct req *rq, const struct atlas_layer *l, int64_t lo, int64_t hi,
	void (*fn)(int64_t street, void *arg), void *arg) MUST_CHECK;
enum err atlas_cells(struct req *rq, const struct atlas_layer *l, int64_t lo, int64_t hi,
	int64_t span, atlas_point_fn fn, void *arg) MUST_CHECK;
enum err atlas_points(struct req *rq, const struct atlas_layer *l, int64_t lo, int64_t hi,
	int64_t max, atlas_point_fn fn, void *arg) MUST_CHECK;

/* People and households of the buildings in a range of keys, or of one building. */
enum err atlas_homes(struct req *rq, int64_t lo, int64_t hi, int64_t building, int64_t *ret_homes,
	int64_t *ret_people) MUST_CHECK;

/* ---- by place ---- */

enum atlas_what {
	ATLAS_PEOPLE,
	ATLAS_HOUSEHOLDS,
	ATLAS_BUILDINGS,
	ATLAS_ROOMS,
	ATLAS_VENUES,
	ATLAS_THINGS,
	ATLAS_ORGANISATIONS,
	ATLAS_EVENTS,
	ATLAS_VISITS,
	ATLAS_WORKFORCE,
	ATLAS_WHAT_MAX
};
/* The entity whose numbers are kept per place, down to grids; NULL: they are counted. */
const struct entity *atlas_kept(enum atlas_what what);
/* Who may count it. */
const char *atlas_perm(enum atlas_what what);
typedef void (*atlas_place_fn)(int64_t code, const struct place_count *is, void *arg);
/* Counts in [lo, hi) per place that spans `span` codes, in ascending order; late: overdue visits,
 * events with a red level; soon: visits due within a week. What lies above such a place counts at its own code. */
enum err atlas_by_place(struct req *rq, enum atlas_what what, int64_t lo, int64_t hi, int64_t span,
	atlas_place_fn fn, void *arg) MUST_CHECK;
enum err atlas_total(
	struct req *rq, enum atlas_what what, int64_t lo, int64_t hi, int64_t *ret) MUST_CHECK;

/* ---- whole rows ---- */

/* Rows of an entity in sight after an id, at most `limit`, those whose point (or `boundary`) lies
 * in a box (NULL: all). The record lives for the call. */
enum err atlas_rows(struct req *rq, const struct entity *e, bool boundary, const struct box *box,
	int64_t after, int64_t limit, void (*fn)(const void *rec, void *arg), void *arg) MUST_CHECK;

/* ---- boundaries ---- */

enum { Q_ATLAS_BOUNDARY, ATLAS_NSQL };
extern const char *const atlas_sql[ATLAS_NSQL];
/* A place's boundary as WKB; absent: it has none. */
enum err atlas_boundary(struct req *rq, int64_t id, struct str *ret) MUST_CHECK;

#endif
