/*
 * How many rows of an entity are in force at a place and below it, kept with the rows in the same
 * transaction (see tally.h): a district's people are counted without reading them. Kept for the
 * entities with a number `.counted`, down to grids; below a grid, count the rows.
 *
 * Whoever changes rows by plain SQL says so with entity_tally_moved, or fills in anew.
 */
#ifndef GEZHI_CORE_ENTITY_TALLY_H
#define GEZHI_CORE_ENTITY_TALLY_H

#include "core/entity.h"

/* Counts the change from `old` to `rec`; NULL: there was, or is, no such row. The engine itself
 * calls it. */
enum err entity_tally_write(struct req *rq, const struct entity *e, const void *old,
	const void *rec) MUST_CHECK;
/* `n` rows in force went from one place to another; NIL: from or to nowhere. */
enum err entity_tally_moved(
	struct dbc *c, const struct entity *e, int64_t from, int64_t to, int64_t n) MUST_CHECK;
/* The number at a place and below it. Only what is in the caller's sight may be told. */
enum err entity_tally_sum(
	struct dbc *c, const struct entity *e, int64_t place, int64_t *ret) MUST_CHECK;
/* The same for each place one step below a place that has any, in ascending order; and for places
 * further down whose rows wait to be added up. */
enum err entity_tally_below(struct dbc *c, const struct entity *e, int64_t place,
	void (*fn)(int64_t place, int64_t n, void *arg), void *arg) MUST_CHECK;

/* Counts an entity's rows anew; in a writing transaction. */
enum err entity_tally_fill(struct dbc *c, const struct entity *e) MUST_CHECK;
/* Counts everything anew where the store's numbers were made by another version of this program. */
enum err entity_tally_seed(struct app *app, struct dbc *c) MUST_CHECK;
/* Compares the numbers of every grid and every level above it with the rows; *ret_bad: how many
 * places differ, *ret_place: one of them. In a snapshot, or while nobody writes. */
enum err entity_tally_check(
	struct dbc *c, const struct entity *e, int64_t *ret_bad, int64_t *ret_place) MUST_CHECK;

extern const char *const entity_tally_sql[];
extern const size_t entity_tally_nsql;

#endif
