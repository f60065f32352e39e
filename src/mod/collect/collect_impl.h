/* Private to the module: changes of several rows that can be undone; handlers and rules of its
 * parts. */
#ifndef GEZHI_MOD_COLLECT_COLLECT_IMPL_H
#define GEZHI_MOD_COLLECT_COLLECT_IMPL_H

#include "mod/collect/collect_db.h"

extern const struct entity move_entity, merge_entity;

/* ---- change sets ---- */

/* After that what was before is forgotten. */
enum { UNDO_DAYS = 90, WATCH_MAX = 800 };

/*
 * The rows that an action may change: added before it, compared after it. Those whose version
 * differs are kept, with what they said before, sealed.
 */
struct watch_row {
	const struct entity *e;
	int64_t id;
	const void *old; /* NULL: made by the action */
	struct fact *fact;
	size_t nfact;
};
struct watch {
	struct req *rq;
	int64_t change_id;
	size_t n;
	struct watch_row v[WATCH_MAX];
};

/* In the request's arena; NULL without memory or id. */
struct watch *watch_new(struct req *rq);
/* Once; again does nothing. Whoever asks need not see the row. */
enum err watch_add(struct watch *w, const struct entity *e, int64_t id) MUST_CHECK;
enum err watch_made(struct watch *w, const struct entity *e, int64_t id) MUST_CHECK;
/* A person, a household; with consents, visit plans and links. */
enum err watch_person(struct watch *w, int64_t id) MUST_CHECK;
/* …what hangs on a person that is watched already. */
enum err watch_person_rows(struct watch *w, int64_t id) MUST_CHECK;
enum err watch_household(struct watch *w, int64_t id) MUST_CHECK;
/* Stores the set. `people`: it may not be undone when a person in it got or lost a consent, plan or
 * link. */
enum err watch_store(struct watch *w, bool people) MUST_CHECK;
/* Puts everything back, or refuses (409) when any of it changed since. */
enum err change_undo(struct req *rq, int64_t change_id) MUST_CHECK;
/* The reply of an undo of row `id`, which was part of that change. */
enum err change_undone_reply(struct req *rq, int64_t id, int64_t change_id, struct jw *out) MUST_CHECK;
enum err change_forget(struct app *app, struct dbc *reader, int64_t now) MUST_CHECK;

/* Writes a JSON object sealed; ERR_LIMIT when it is too long. */
enum err collect_seal(struct req *rq, struct str json, struct str *ret) MUST_CHECK;
enum err collect_open(struct req *rq, struct str sealed, json_t **ret) MUST_CHECK;
/* Ids of a JSON list of texts: at most `max`. */
enum err collect_list(struct req *rq, struct str json, const char *field, int64_t *ret, size_t max,
	size_t *ret_n) MUST_CHECK;

/* A member with a field's text as lists show it, masked unless `full`; null when it says nothing. */
void collect_text(const struct field *f, const void *rec, bool full, const char *key, struct jw *out);

/* ---- doubles ---- */

/* Two rows of a kind, each in sight and where the asker may merge. */
enum err pair_load(struct req *rq, int64_t object, int64_t a_id, int64_t b_id, void **ret_a,
	void **ret_b) MUST_CHECK;
/* May a value be taken over in a merge? */
bool pair_takeable(const struct entity *e, const struct field *f);

/* ---- handlers ---- */

extern const struct fields move_in_fields, merge_in_fields, distinct_in_fields, change_in_fields;

enum err move_create(struct req *rq, struct jw *out) MUST_CHECK;
enum err move_undo(struct req *rq, struct jw *out) MUST_CHECK;
enum err pairs_list(struct req *rq, struct jw *out) MUST_CHECK;
enum err pair_get(struct req *rq, struct jw *out) MUST_CHECK;
enum err pair_distinct(struct req *rq, struct jw *out) MUST_CHECK;
enum err merge_create(struct req *rq, struct jw *out) MUST_CHECK;
enum err merge_undo(struct req *rq, struct jw *out) MUST_CHECK;
enum err change_create(struct req *rq, struct jw *out) MUST_CHECK;
enum err round_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err rounds_mine(struct req *rq, struct jw *out) MUST_CHECK;
enum err round_todo(struct req *rq, struct jw *out) MUST_CHECK;
enum err round_progress(struct req *rq, struct jw *out) MUST_CHECK;

/* ---- described ---- */

struct move {
	int64_t id, version, change_id, kind, person_id, from_household, household_id, from_place,
		place, day, reason, plans;
	struct str note;
	int64_t undone_at;
};

struct merge {
	int64_t id, version, change_id, kind, winner_id, loser_id;
	struct str taken;
	int64_t place;
	struct str note;
	int64_t undone_at;
};

extern const struct vocab move_kind_vocab, plans_go_vocab, outcome_vocab, why_vocab;
extern const struct shape change_more_shape;

#endif
