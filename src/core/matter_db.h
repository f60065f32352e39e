/* Private to the matter engine: its SQL and row access. */
#ifndef GEZHI_CORE_MATTER_DB_H
#define GEZHI_CORE_MATTER_DB_H

#include "core/matter.h"
#include "db/db.h"

enum {
	Q_MATTER_GET, Q_MATTER_RUNS, Q_MATTER_RUN_PUT, Q_MATTER_LOG_PUT, Q_MATTER_LOG, Q_MATTER_PARTY_PUT,
	Q_MATTER_IS_PARTY, Q_MATTER_UNITS, Q_MATTER_MY_UNITS, Q_MATTER_CHILDREN, Q_MATTER_MERGED, Q_MATTER_DUE,
	Q_MATTER_FLOW_RULES, Q_MATTER_LOG_CLOCKS, Q_MATTER_OLD_IDEMPOTENCY, Q_MATTER_OLD_OUTBOX,
	Q_MATTER_OLD_SESSIONS, Q_MATTER_HANDLED, Q_MATTER_OPEN_PARTS, Q_MATTER_INSERT, Q_MATTER_UPDATE,
	Q_MATTER_MOVE, Q_MATTER_MOVE_OPEN, Q_MATTER_WAKE_LATER, Q_MATTER_HANDLER, Q_MATTER_SQL_MAX
};
extern const char *const matter_sql[Q_MATTER_SQL_MAX];

enum party_part { PART_HANDLED, PART_NAMED, PART_DECIDED };

enum err matter_store(struct act *a) MUST_CHECK; /* insert or guarded update of a->m and its runs */
enum err matter_log_add(struct act *a) MUST_CHECK;
enum err matter_party_add(struct dbc *c, int64_t matter_id, int64_t user_id, enum party_part part) MUST_CHECK;
enum err matter_handled_by(struct dbc *c, int64_t matter_id, int64_t user_id, bool *ret) MUST_CHECK;
enum err matter_takes_part(struct req *rq, int64_t matter_id, bool *ret_unit, bool *ret_person) MUST_CHECK;
void matter_view_of(const struct matter *m, struct matter_view *v);

struct retention;
extern const struct retention matter_retain;

#endif
