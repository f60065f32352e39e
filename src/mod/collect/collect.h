/*
 * Collection and verification (核采归集): people and households move in, out and between grids in
 * one action; probable duplicates are compared and merged; changes are asked for and decided;
 * rounds say what is to be looked at again. What changes several rows at once can be undone.
 */
#ifndef GEZHI_MOD_COLLECT_COLLECT_H
#define GEZHI_MOD_COLLECT_COLLECT_H

#include "core/matter.h"
#include "mod/registry/registry.h"

/* ---- pure ---- */

/* Do two names differ in one character (of at least two)? The same name is alike too. */
bool names_alike(struct str a, struct str b);
/*
 * Who heads a household when its head is gone: the spouse, else the oldest of age, else nobody
 * (SIZE_MAX). `p`: those who remain.
 */
size_t next_head(const struct person *p, size_t n, int64_t today);
/* Do visit plans go along? Within a community they do; otherwise others visit there, on plans of
 * their own. */
bool plans_follow(int64_t from_place, int64_t to_place);
/* Rows verified before this instant are due in a round. */
int64_t round_limit(int64_t starts, int64_t fresh_days);
enum { ROUND_KINDS = OBJECT_MAX };
/* The kinds that a list of paths names (["persons","rooms"]); false when there is another word or
 * none. */
bool round_kinds(json_t *list, bool ret[ROUND_KINDS]);

/* Stored as numbers: append only. */
enum move_kind { MOVE_IN, MOVE_OUT, MOVE_WITHIN };
enum plans_go { PLANS_FOLLOW, PLANS_END };
enum outcome { OUTCOME_APPROVED, OUTCOME_REJECTED, OUTCOME_WITHDRAWN };

/* ---- change requests, for modules ---- */

struct change_ask {
	const struct entity *e;
	int64_t object_id;
	json_t *changes;         /* field → value, as in a PATCH without version */
	enum data_source source; /* of the values, once approved */
	struct str text;         /* why; absent allowed */
	bool trusted; /* the caller knows that the asker may ask about this row, though it is not in
			 sight */
};
/* Asks for a change of a row: a matter that somebody else decides. In a transaction. */
enum err change_submit(
	struct req *rq, const struct change_ask *ask, int64_t *ret_matter) MUST_CHECK;

/* ---- rows ---- */

struct round {
	int64_t id, version;
	struct str name, kinds;
	int64_t place, starts, ends, fresh_days;
	struct str basis;
	int64_t active;
};
extern const struct entity round_entity;

extern const struct matter_kind change_kind;
extern const struct module collect_module;

#endif
