/*
 * What the snapshot reads besides its own tables: the calendars. Declared here so that the engine can
 * load them without knowing the module that edits them.
 */
#ifndef GEZHI_CORE_SNAP_SOURCES_H
#define GEZHI_CORE_SNAP_SOURCES_H

#include "base/calendar.h"
#include "db/db.h"

/* All calendar versions, oldest first; at least one (an empty calendar when the table is empty). */
enum err calendar_load(struct dbc *c, struct calendar ***ret, size_t *ret_n) MUST_CHECK;
/* Inserts the built-in years that the table lacks; in a writing transaction. */
enum err calendar_seed(struct dbc *c) MUST_CHECK;

#endif
