/*
 * A cell of somebody's file as the value of a field: dates as people and programs write them, words of
 * lists in their own language, places and other records by their name or code.
 */
#ifndef GEZHI_CORE_ENTITY_VALUE_H
#define GEZHI_CORE_ENTITY_VALUE_H

#include "base/sheet.h"
#include "core/entity_plan.h"

/* What was looked up is remembered for the next row; texts live in `keep`. */
struct value_reader {
	struct req *rq;
	const struct entity *e;
	struct arena *keep;
	struct smap *known; /* "p text" → struct known */
};

enum err value_reader_init(struct value_reader *v, const struct entity *e, struct arena *keep) MUST_CHECK;
void value_reader_release(struct value_reader *v);
/*
 * Reads a cell into rec. ERR_INVALID (and the like) with the details in `e` when it cannot be that; then
 * nothing was set. *ret_note: NULL, or the code of what deserves to be known though it was read:
 * "formula", "merged", "code_changed", "first_of_several".
 */
enum err value_read(struct value_reader *v, const struct field *f, struct str cell, unsigned char flag, void *rec,
		    const char **ret_note, struct error *e) MUST_CHECK;

#endif
