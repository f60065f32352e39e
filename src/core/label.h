/*
 * What people call fields and the words of lists: the headers of their files and of ours. A field says so
 * itself (struct field.label); for those that do not, the one table in label.c knows it by the field's name.
 */
#ifndef GEZHI_CORE_LABEL_H
#define GEZHI_CORE_LABEL_H

#include "core/entity.h"

/* Names separated by '|'; absent when there is none but the field's own. */
struct str label_of_field(const struct entity *e, const struct field *f);
/* Further names by which it is found in files. */
struct str label_more(const struct entity *e, const struct field *f);
struct str label_of_word(const struct entity *e, const struct field *f, int64_t index);
struct str label_more_word(const struct entity *e, const struct field *f, int64_t index);
/* The first of the names in Chinese (with letters beyond ASCII), or in English; absent when there is none. */
struct str label_in(struct str label, bool chinese);
/* What of a name counts when names are compared: letters and digits, small, of ordinary width, without what
 * stands in brackets (unless that is all). */
void label_key(struct str name, struct buf *out);
/* Is `key` (made by label_key) one of the names? */
bool label_has(struct str label, struct str key);

#endif
