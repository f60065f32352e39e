/*
 * What rows are found by, kept with them in the same transaction: words of their searchable fields,
 * exact numbers (by blind index), and their point on the map. One table, entity_word, of whole
 * numbers:
 *
 *   class = the entity's `index` number × 4 + what, word, place, id
 *
 * so that one range of the key answers "which venues in this street have this word" and "which
 * buildings lie in this tile" alike, on either engine.
 *
 * A row is indexed while it is in force (no `active` of 0). What only those may find who see people
 * in full is a class of its own, asked with that scope. Whoever changes rows by plain SQL calls
 * entity_index_again; where only the place changed, UPDATE entity_word SET place does it.
 */
#ifndef GEZHI_CORE_ENTITY_INDEX_H
#define GEZHI_CORE_ENTITY_INDEX_H

#include "core/entity.h"
#include "core/words.h"

enum indexed { INDEX_OPEN, INDEX_FULL, INDEX_POINT };

/* The class of an entity's keys. */
int64_t entity_index_class(const struct entity *e, enum indexed what);

/* Puts a row's keys where `old` (NULL: new) were; `rec` NULL takes them away. The engine itself
 * calls it. */
enum err entity_index_write(
	struct req *rq, const struct entity *e, const void *old, const void *rec) MUST_CHECK;
/* The same for a row that was changed by plain SQL. */
enum err entity_index_again(struct req *rq, const struct entity *e, int64_t id) MUST_CHECK;
/* Fills in every row of an entity; for rows made by plain SQL, and after the way of indexing
 * changed. */
enum err entity_index_fill(struct req *rq, const struct entity *e) MUST_CHECK;
/* Fills in everything where the store's index is of another version than this program's. */
enum err entity_index_seed(struct app *app, struct dbc *c) MUST_CHECK;
/* Compares rows with their keys; *ret_bad: how many differ, *ret_id: one of them. */
enum err entity_index_check(struct req *rq, const struct entity *e, int64_t *ret_rows,
	int64_t *ret_bad, int64_t *ret_id) MUST_CHECK;

extern const char *const entity_index_sql[];
extern const size_t entity_index_nsql;

#endif
