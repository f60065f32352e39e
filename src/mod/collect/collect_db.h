/* Private to the module: its SQL. */
#ifndef GEZHI_MOD_COLLECT_COLLECT_DB_H
#define GEZHI_MOD_COLLECT_COLLECT_DB_H

#include "core/sqlb.h"
#include "mod/collect/collect.h"

enum {
	Q_SET_PUT,
	Q_SET_GET,
	Q_SET_RELATED,
	Q_SET_UNDONE,
	Q_SET_FORGET,
	Q_ROW_PUT,
	Q_ROWS,
	Q_RELATED,
	Q_FACTS_DROP,
	Q_VISITS_FOLLOW,
	Q_PERSON_ROWS,
	Q_HOME_ROWS,
	Q_HOME_PEOPLE,
	Q_MEMBERS,
	Q_PLANS_END_OF,
	Q_CONSENTS_END_OF,
	Q_LINKS_END_OF,
	Q_MOVES_OF,
	Q_MOVES_UNDONE,
	Q_MERGE_UNDONE,
	Q_REF_LINK_FROM,
	Q_REF_LINK_TO,
	Q_REF_CONSENT,
	Q_REF_GUARDIAN,
	Q_REF_PLAN,
	Q_REF_HEAD,
	Q_REF_VENUE,
	Q_REF_ROOM,
	Q_REF_HOME,
	Q_REF_MEMBER,
	Q_PLAN_OPEN_OF,
	Q_DISTINCT_PUT,
	Q_DISTINCT_DROP,
	Q_REQUEST_PUT,
	Q_REQUEST_GET,
	Q_REQUEST_END,
	Q_ROUNDS_OPEN,
	COLLECT_NSQL
};
extern const char *const collect_sql[COLLECT_NSQL];

/* Ids from a query of one id, at most `max`; ERR_LIMIT when there are more. */
enum err collect_ids(
	struct dbc *c, int q, int64_t id, int64_t *ret, size_t max, size_t *ret_n) MUST_CHECK;

/* ---- change sets ---- */

struct change_set {
	int64_t id, user_id, at, related, undone_at;
};
enum err change_set_put(struct dbc *c, const struct change_set *s) MUST_CHECK;
/* ERR_NOT_FOUND when there is none. */
enum err change_set_get(struct dbc *c, int64_t id, struct change_set *ret) MUST_CHECK;
enum err change_set_related(struct dbc *c, int64_t id, int64_t related) MUST_CHECK;
enum err change_set_undone(struct dbc *c, int64_t id, int64_t user, int64_t at) MUST_CHECK;

struct change_row {
	int64_t id, n, row_id, version, made;
	struct str entity, before; /* before: sealed */
};
enum err change_row_put(struct dbc *c, int64_t change_id, const struct change_row *r) MUST_CHECK;
/* From the last to the first, texts in `a`. */
enum err change_rows(struct dbc *c, int64_t change_id, struct arena *a, struct change_row *ret,
	size_t max, size_t *ret_n) MUST_CHECK;
/* Consents, visit plans and links of a person. */
enum err related_count(struct dbc *c, int64_t person_id, int64_t *ret) MUST_CHECK;
enum err facts_drop(struct dbc *c, int64_t object_id) MUST_CHECK;
/* The visits of a plan lie where the plan lies. */
enum err visits_follow(struct dbc *c, int64_t plan_id, int64_t now) MUST_CHECK;

/* ---- moves ---- */

enum err plans_end_of(struct req *rq, int64_t target_id, int64_t day, int64_t reason) MUST_CHECK;
enum err consents_end_of(struct dbc *c, int64_t person_id, int64_t now) MUST_CHECK;
/* Living in and renting another room than this one (and its building) ends. */
enum err home_links_end(struct dbc *c, int64_t who_id, int64_t room_id, int64_t building_id,
	int64_t day, int64_t now) MUST_CHECK;
enum err moves_undone(struct dbc *c, int64_t change_id, int64_t now) MUST_CHECK;
enum err merge_undone(struct dbc *c, int64_t merge_id, int64_t now) MUST_CHECK;

/* ---- duplicates ---- */

/* In the order of why_vocab. */
enum { WHY_NAME_BIRTH, WHY_PHONE, WHY_HOME, WHY_NAME_PLACE, WHY_NAME_PHONE, WHY_ROOM, WHY_NUMBER, WHY_ADDRESS,
	WHY_NEAR };
struct pair {
	int64_t a_id, b_id, a_place, b_place, why;
	bool alike; /* only when the names differ in one character */
	struct str a_name, b_name;
};
struct pair_query {
	const struct principal *who;
	int64_t object, place, after;
	size_t max;
	bool across; /* one side elsewhere; else both below the place */
};
/* Pairs that nobody called distinct: at most `max` rows, one per reason, ordered by ids; a_id from
 * `after` on. `ret_next`: where to go on, NIL at the end. */
enum err pairs_each(struct dbc *c, const struct pair_query *q,
	void (*fn)(const struct pair *p, void *arg), void *arg, int64_t *ret_next) MUST_CHECK;
enum err distinct_put(struct dbc *c, int64_t object, int64_t a, int64_t b, int64_t user, int64_t at,
	struct str note) MUST_CHECK;
enum err distinct_drop(struct dbc *c, int64_t a, int64_t b) MUST_CHECK;
enum err plan_open_of(struct dbc *c, int64_t target_id, int64_t type, bool *ret) MUST_CHECK;

/* ---- change requests ---- */

struct request {
	int64_t matter_id, object_id, source, outcome, decided_by, decided_at;
	struct str entity, fields,
		wanted; /* fields: JSON list; wanted: sealed, absent once decided */
};
enum err request_put(struct dbc *c, const struct request *r) MUST_CHECK;
enum err request_get(
	struct dbc *c, int64_t matter_id, struct arena *a, struct request *ret) MUST_CHECK;
/* What was wanted is forgotten. */
enum err request_end(
	struct dbc *c, int64_t matter_id, int64_t outcome, int64_t user, int64_t at) MUST_CHECK;

/* SQL: what a row t is called on the spot. */
const char *collect_label(const struct entity *e);

/* ---- rounds ---- */

enum err rounds_open(struct dbc *c, int64_t day, struct arena *a, struct round *ret, size_t max,
	size_t *ret_n) MUST_CHECK;

struct todo {
	int64_t id, version, place, verified_at, source;
	struct str label;
};
/* Rows of a kind in sight below `place`, verified before `limit` or never; from id `after` on. */
enum err todo_each(struct dbc *c, const struct principal *who, const struct entity *e,
	int64_t place, int64_t limit, int64_t after, size_t max,
	void (*fn)(const struct todo *t, void *arg), void *arg) MUST_CHECK;
/* How many rows there are and how many of them are verified since, by grid, in the grids' order. */
enum err progress_each(struct dbc *c, const struct principal *who, const struct entity *e,
	int64_t place, int64_t limit,
	void (*fn)(int64_t grid, int64_t all, int64_t done, void *arg), void *arg) MUST_CHECK;

#endif
