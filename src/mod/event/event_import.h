/* Events from another system's CSV, with their own times and states. */
#ifndef GEZHI_MOD_EVENT_EVENT_IMPORT_H
#define GEZHI_MOD_EVENT_EVENT_IMPORT_H

#include "http/route.h"

/*
 * Loads events by a mapping file (event_map.h). The number in the other system (ext_no) is the natural
 * key: what is there already and says the same is left alone, what says something else is updated, unless
 * somebody worked on it here meanwhile: then the row is refused. Nothing is written when a row is refused
 * and `partial` is false. Rows are written in transactions of a thousand. Not from inside a transaction.
 *
 * `report` gets {rows, created, updated, unchanged, rejected, written, timed, on_time,
 * dirty:[{column, code, count, message}], cells:[{row, line, column, code, value, message, refused}]}:
 * timed of the rows that can be loaded have a due and a closing time, on_time of these closed in time;
 * dirty counts all cells that are not as they should be, cells names the first of each kind.
 */
enum err event_import(struct app *app, struct str csv, struct str map_json, bool dry_run, bool partial, struct buf *report,
		      struct error *e) MUST_CHECK;

/* POST /api/events/import: the body is the CSV; query: map, dry_run, partial. */
extern const struct param event_import_params[3];
extern const struct shape event_import_shape; /* `report` */
enum err event_import_post(struct req *rq, struct jw *out) MUST_CHECK;

#endif
