/* Private to the module: the SQL of plans, beside what the entity engine makes. */
#ifndef GEZHI_MOD_PLANNER_PLANNER_DB_H
#define GEZHI_MOD_PLANNER_PLANNER_DB_H

#include "mod/planner/planner_plan.h"

enum {
	Q_PLAN_PLACES,
	Q_PLAN_BUILDINGS,
	Q_PLAN_HOMES,
	Q_PLAN_LAST,
	Q_PLAN_CELL_PUT,
	Q_PLAN_CELL_PART,
	Q_PLAN_CELL_BECAME,
	Q_PLAN_CELLS,
	Q_PLAN_PART_PUT,
	Q_PLAN_PARTS,
	Q_PLAN_PARTS_DROP,
	Q_PLAN_MOVE_PUT,
	Q_PLAN_MOVES,
	Q_PLAN_MOVES_BACK,
	Q_PLAN_COUNTS,
	Q_PLAN_NAMES,
	Q_PLAN_MATTERS,
	Q_PLAN_MATTERS_UNIT,
	Q_PLAN_OFFICE,
	Q_PLAN_HELP,
	Q_PLAN_HELP_SET,
	Q_PLAN_DUE,
	Q_PLAN_PROBLEM,
	Q_PLAN_FRESH, Q_PLAN_ENDED, Q_PLAN_MOVE_LAST,
	Q_PLAN_MATTER_AT,
	Q_PLAN_PERSON,
	Q_PLAN_BARRIERS,
	Q_PLAN_CHOICES,
	Q_PLAN_CHOICE_PUT,
	Q_PLAN_CHOICE_DROP,
	Q_PLAN_POSTS,
	Q_PLAN_POST_AT,
	PLANNER_NSQL
};
extern const char *const planner_sql[PLANNER_NSQL];

/* Places in force of the levels of grids and micro-grids below one, in order of code: fn for each.
 */
struct place_now {
	int64_t code, kind, households, leader_id;
	struct str name;
	double lon, lat;
};
enum err plan_places_each(struct dbc *c, int64_t place, int64_t today,
	enum err (*fn)(const struct place_now *p, void *arg), void *arg) MUST_CHECK;
/* Buildings below a place with their registered households, in order of id. */
struct building_now {
	int64_t id, place, homes;
	double lon, lat;
};
enum err plan_buildings_each(struct dbc *c, int64_t place,
	enum err (*fn)(const struct building_now *b, void *arg), void *arg) MUST_CHECK;
enum err plan_rows_put(struct dbc *c, int64_t plan, const struct sheet *s) MUST_CHECK;
enum err plan_parts_put(struct dbc *c, int64_t plan, const struct sheet *s) MUST_CHECK;
/* Ids of open matters in [lo, hi) after one, with what decides where they go. */
struct matter_now {
	int64_t id, place, unit_id;
	double lon, lat;
};
enum err plan_matters(struct dbc *c, int64_t lo, int64_t hi, int64_t after, struct matter_now *ret,
	size_t max, size_t *ret_n) MUST_CHECK;
/* Ids that a query with two parameters gives, at most `max`. */
enum err plan_ids(struct dbc *c, int q, const struct arg *v, size_t n, int64_t *ret, size_t max,
	size_t *ret_n) MUST_CHECK;
/* Posts of staff in [lo, hi) that have not ended: fn for each. */
struct post_now {
	int64_t id, place, role, user;
	struct str name;
};
enum err plan_posts_each(struct dbc *c, int64_t lo, int64_t hi, int64_t now,
	enum err (*fn)(const struct post_now *p, void *arg), void *arg) MUST_CHECK;
/* Open matters of [lo, hi) that the asker may see, at most `max`; their titles are the arena's. */
struct matter_seen {
	struct matter_now m;
	struct str title;
};
enum err plan_open_matters(struct req *rq, int64_t lo, int64_t hi, struct matter_seen *ret,
	size_t max, size_t *ret_n) MUST_CHECK;
enum err plan_choices(struct req *rq, int64_t plan, struct plan_choice *ret, size_t *ret_n) MUST_CHECK;
/* Where a post lies, or an open matter that the asker may see; NIL: there is none. */
enum err plan_lies_at(struct req *rq, bool matter, int64_t id, int64_t *ret) MUST_CHECK;
/* The moved matters that the asker may see: id → title. */
enum err plan_seen_matters(struct req *rq, int64_t plan, struct map **ret) MUST_CHECK;

#endif
