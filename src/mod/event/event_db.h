/* Private to the event module: its SQL. */
#ifndef GEZHI_MOD_EVENT_DB_H
#define GEZHI_MOD_EVENT_DB_H

#include "db/db.h"

enum {
	Q_EVENT_CODES, Q_EVENT_QUESTIONS, Q_EVENT_DEADLINES, Q_EVENT_REASONS, Q_EVENT_ROUTING, Q_EVENT_UNITS,
	Q_EVENT_RETURNED, Q_EVENT_LAST, Q_EVENT_PHOTO, Q_EVENT_UNIT_PUT, Q_EVENT_ARRIVED, Q_EVENT_WAITING,
	Q_EVENT_SCORE, Q_EVENT_SUPPORT, Q_EVENT_TOLD, Q_EVENT_SUPPORTERS, Q_EVENT_NAMED, Q_EVENT_NEAR,
	Q_EVENT_RECENT, Q_EVENT_BY_QUERY, Q_EVENT_STEPS, Q_EVENT_EXT, Q_EVENT_IS_PHOTO, Q_EVENT_SEED_CODE,
	Q_EVENT_SEED_DEADLINE, Q_EVENT_SEED_REASON, Q_EVENT_SEED_UNIT, Q_EVENT_HAS_CODES, Q_EVENT_OPEN_OF_CODE,
	Q_EVENT_OPEN_OF_URGENCY, Q_EVENT_OPEN_OF_CODE_AT, Q_EVENT_OPEN_OF_KIND, Q_EVENT_TOP_PLACE, Q_EVENT_SQL_MAX
};
extern const char *const event_sql[Q_EVENT_SQL_MAX];

/* Has this unit returned it before, and not taken that back? */
enum err event_returned_by(struct dbc *c, int64_t id, int64_t unit_id, bool *ret) MUST_CHECK;
/* When was the action last taken? NIL: never. */
enum err event_last_at(struct dbc *c, int64_t id, const char *action, int64_t *ret) MUST_CHECK;
enum err event_is_photo(struct dbc *c, int64_t file_id, bool *ret) MUST_CHECK;
/* A photo that came with it since it was last dispatched. */
enum err event_has_photo(struct dbc *c, int64_t id, bool *ret) MUST_CHECK;

#endif
