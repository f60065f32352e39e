/* Private to the module: what the entity engine does not make. */
#ifndef GEZHI_MOD_REGISTRY_REGISTRY_DB_H
#define GEZHI_MOD_REGISTRY_REGISTRY_DB_H

#include "core/sqlb.h"
#include "core/retain.h"
#include "mod/registry/registry.h"

enum {
	Q_BUILDING_LAST, Q_THING_LAST, Q_HOUSEHOLD_COUNT,
	Q_MOVING_ROOM, Q_MOVING_HOUSEHOLD, Q_MOVING_PERSON,
	Q_MOVE_ROOM, Q_MOVE_HOUSEHOLD, Q_MOVE_PERSON, Q_MOVE_CONSENT, Q_MOVE_PLAN, Q_MOVE_VISIT, Q_MOVE_LINK, Q_MOVE_WORDS,
	Q_HEAD_SET, Q_HEAD_DROP, Q_HOME_MEMBERS, Q_PLANS_END, Q_PLANS_END_CONSENT, Q_LINKS_END,
	Q_LINK_SAME, Q_LINK_CYCLE,
	Q_FACT_PUT, Q_FACT_LIST, Q_READERS,
	Q_CLASS_COUNT, Q_CLASS_ADD, Q_CLASS_HAS,
	Q_VISIT_LAST, Q_VISITS_ON, Q_PLAN_DUE,
	Q_FLOOR_ROOMS, Q_BUILDING_PLANS,
	Q_OBJECT,
	Q_VISIT_GET, Q_VISIT_ADD, Q_VISIT_TODO_OF, Q_VISIT_OF, Q_VISIT_FOLLOW, Q_VISIT_END, Q_VISIT_AGAIN, Q_VISIT_CONFIRM,
	Q_VISIT_BY, Q_VISIT_REFUTE, Q_VISIT_OUTCOME, Q_PLAN_DUE_AGAIN, Q_VISITS_DUE,
	REGISTRY_NSQL
};
extern const char *const registry_sql[REGISTRY_NSQL];

/* The next free building code of a grid (15 digits), and the next code of things below a head of ten digits.
 * ERR_LIMIT when all are used. */
enum err building_next_code(struct dbc *c, struct arena *a, int64_t grid, struct str *ret) MUST_CHECK;
enum err thing_next_code(struct dbc *c, struct arena *a, struct str head, struct str *ret) MUST_CHECK;
/* How many households a room has had. */
enum err household_count(struct dbc *c, int64_t room_id, int64_t *ret) MUST_CHECK;

enum err consent_plans_end(struct dbc *c, int64_t consent_id, int64_t day, int64_t now) MUST_CHECK;
enum err household_head_set(struct dbc *c, int64_t household_id, int64_t person_id) MUST_CHECK;
/* Ids of those who live there, at most `max`. */
enum err household_members(struct dbc *c, int64_t household_id, int64_t *ret, size_t max, size_t *ret_n) MUST_CHECK;
enum err household_head_drop(struct dbc *c, int64_t person_id) MUST_CHECK;

/* Would `from` become part of itself? */
enum err link_cycle(struct dbc *c, int64_t from, int64_t to, bool *ret) MUST_CHECK;

/* When and by whom a row was made. */
enum err registry_made(struct dbc *c, const struct entity *e, int64_t id, struct arena *a, struct fact *ret) MUST_CHECK;
/* Who unmasked what, newest first. */
enum err readers_write(struct dbc *c, const char *kind, int64_t id, struct jw *out) MUST_CHECK;

enum err thing_class_has(struct dbc *c, struct str code, bool *ret) MUST_CHECK;
enum err thing_class_seed(struct dbc *c, int64_t now) MUST_CHECK;
struct thing_class_seed {
	const char *code, *name, *category, *dept;
};
extern const struct thing_class_seed thing_class_seeds[];
extern const size_t nthing_class_seeds;

/* Day of the last visit that counts, NIL: none. */
enum err care_last(struct dbc *c, int64_t plan_id, int64_t mode, int64_t *ret_day) MUST_CHECK;
/* How many that count on a day. */
enum err visits_on(struct dbc *c, int64_t plan_id, int64_t mode, int64_t day, int64_t *ret) MUST_CHECK;
enum err care_due_set(struct dbc *c, int64_t plan_id, int64_t due) MUST_CHECK;

/* What an object of any kind is called, and where it is; of a visit plan: whom or what it is about; of an account:
 * whose it is. */
struct object_row {
	struct str name; /* absent of a household and a room: they are called by where they are */
	struct str building, unit_no, room_no, address;
	double lon, lat;
	bool person;
};
enum err object_find(struct dbc *c, int64_t id, struct arena *a, struct object_row *ret) MUST_CHECK;
/* Is there such a matter in sight? */
enum err matter_seen(struct dbc *c, const struct principal *who, int64_t id, bool *ret) MUST_CHECK;

/* ---- visits as matters (registry_visit_db.c) ---- */

/* Its plan; the day its clock knows; what visit was made; enum confirmed, NIL: nobody said anything yet. */
struct visit_row {
	int64_t id, plan_id, todo, due, visit_id, confirmed;
};
enum err visit_get(struct dbc *c, int64_t id, struct visit_row *ret) MUST_CHECK;
enum err visit_add(struct dbc *c, int64_t id, int64_t plan_id, int64_t due) MUST_CHECK;
/* What is open for a plan, and what a visit belongs to. ERR_NOT_FOUND: nothing. */
enum err visit_todo_of(struct dbc *c, int64_t plan_id, int64_t *ret_id) MUST_CHECK;
enum err visit_of(struct dbc *c, int64_t visit_id, int64_t *ret_id) MUST_CHECK;
enum err visit_due_put(struct dbc *c, int64_t id, int64_t due) MUST_CHECK;
/* Nobody has to go any more; `visit_id` NIL: nobody went. */
enum err visit_end(struct dbc *c, int64_t id, int64_t visit_id) MUST_CHECK;
/* Somebody has to go once more. */
enum err visit_again(struct dbc *c, int64_t id, int64_t due) MUST_CHECK;
enum err visit_confirm_put(struct dbc *c, int64_t id, enum confirmed by) MUST_CHECK;
/* Who entered a visit; what came of it. */
enum err visit_by(struct dbc *c, int64_t visit_id, int64_t *ret_user) MUST_CHECK;
enum err visit_outcome(struct dbc *c, int64_t visit_id, int64_t *ret) MUST_CHECK;
/* It did not take place: it counts no more. */
enum err visit_refute(struct dbc *c, int64_t visit_id, int64_t now) MUST_CHECK;
/* Sets it whatever it was: a visit that counted was refuted. */
enum err care_due_again(struct dbc *c, int64_t plan_id, int64_t due) MUST_CHECK;

enum { VISITS_BATCH = 100 };
/* Plans in force on `day`, due by `until`, with nothing open for them: at most VISITS_BATCH. */
enum err visits_due(struct dbc *c, int64_t day, int64_t until, int64_t ret[VISITS_BATCH], size_t *ret_n) MUST_CHECK;
/* Visits that are open and differ from their plans: at most VISITS_BATCH. `of`: enum visits_of. */
enum err visits_stale(struct dbc *c, int of, int64_t id, int64_t day, int64_t ret[VISITS_BATCH], size_t *ret_n) MUST_CHECK;

/* How visits below a place that were made in a time were confirmed, by enum confirmed; [CONFIRM_MAX]: not yet. */
struct confirm_query {
	const struct principal *who;
	int64_t place, from, to; /* place 0: everywhere; instants, [from, to) */
};
enum err confirm_counts(struct dbc *c, const struct confirm_query *q, int64_t ret[CONFIRM_MAX + 1]) MUST_CHECK;

/* Plans in force on `day` with a visit due by `until`, the longest overdue first, in sight; with `mine` those that
 * name the asker as visitor, and those of the asker's own area that name nobody. */
struct due_query {
	const struct principal *who;
	int64_t place, day, until, limit; /* place 0: everywhere */
	bool mine;
};
struct due_row {
	int64_t id, target_kind, target_id, place, due, last, tries, cycle_days, mode, visitor_id, matter_id;
	struct str visitor;
	struct object_row target;
};
enum err due_each(struct dbc *c, const struct due_query *q, void (*fn)(const struct due_row *r, void *arg),
		  void *arg) MUST_CHECK;
/* How many there are, and how many of them are overdue. */
enum err due_count(struct dbc *c, const struct due_query *q, int64_t *ret_all, int64_t *ret_overdue) MUST_CHECK;

/* Whoever may be named as a visitor: they make visits, and their post lies in the asker's area. By name, at most
 * VISITORS_MAX. */
enum { VISITORS_MAX = 300 };
enum err visitor_each(struct dbc *c, const struct principal *who, int64_t now,
		      void (*fn)(int64_t id, struct str name, void *arg), void *arg) MUST_CHECK;

/* A plan as the coverage sees it on a day. */
struct care_row {
	int64_t id, target_kind, target_id, type, place, started, cycle_days, last, tries;
	int64_t ended_at, ended_reason;
	struct str name; /* of the target */
};
/* Plans of a place in force on a day, with the last visit that counts and the number of days somebody was not
 * met since; under `who`'s sight (NULL: all). */
enum err care_each(struct dbc *c, const struct principal *who, int64_t place, int64_t day,
		   void (*fn)(const struct care_row *r, void *arg), void *arg) MUST_CHECK;
/* Plans that ended within `days` before a day, or on it. */
enum err care_left_each(struct dbc *c, const struct principal *who, int64_t place, int64_t day, int64_t days,
			void (*fn)(const struct care_row *r, void *arg), void *arg) MUST_CHECK;

/* Rows in sight below a place (0: everywhere) of one of the tables, active ones where there is such a column. */
enum err registry_count(struct dbc *c, const struct principal *who, const struct entity *e, int64_t place,
			int64_t *ret) MUST_CHECK;

struct floor_row {
	int64_t room_id, floor, use, household_id, head_id, size, confirmed_at, people, plans;
	struct str unit_no, room_no, head;
};
/* Rooms of a building from the top floor down, once per active household (household_id NIL: none). `day`: of the
 * plans counted. */
enum err floor_each(struct dbc *c, int64_t building_id, int64_t day, void (*fn)(const struct floor_row *r, void *arg),
		    void *arg) MUST_CHECK;
enum err building_plans(struct dbc *c, int64_t building_id, int64_t day, int64_t *ret) MUST_CHECK;
/* Open matters in sight within `metres` of a point, in the community of `place`. */
enum err events_near(struct dbc *c, const struct principal *who, int64_t place, double lon, double lat, double metres,
		     int64_t *ret) MUST_CHECK;

enum err person_forget(struct dbc *c, int64_t id) MUST_CHECK;
/* What is forgotten when its time is over. */
enum { REGISTRY_NRETAIN = 2 };
extern const struct retention registry_retain[REGISTRY_NRETAIN];

#endif
