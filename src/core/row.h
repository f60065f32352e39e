/* Field tables against database rows: one mapping for entities and matters. */
#ifndef GEZHI_CORE_ROW_H
#define GEZHI_CORE_ROW_H

#include "base/field.h"
#include "db/db.h"

/* "a, b, c" of all columns; `prefix` like "t." or "". */
void row_columns(const struct fields *f, const char *prefix, struct buf *b);
/* Fills rec from the current row, columns in field order starting at `first`; text goes to `a`. */
void row_load(const struct fields *f, struct rows *r, int first, struct arena *a, void *rec);
/* Bound values in field order. `out` has room for f->n. */
void row_args(const struct fields *f, const void *rec, struct arg *out);

#endif
