/* The event module's SQL beside what entity and matter give. */
#include "mod/event/event_db.h"

#include "base/buf.h"

#define MATTER_BRIEF "m.id, m.title, m.text, m.state, m.code_id, m.lon, m.lat, m.reported_at, m.place, m.supporters"

const char *const event_sql[Q_EVENT_SQL_MAX] = {
	[Q_EVENT_CODES] = "SELECT id, version, code, name_zh, name_en, track, urgency, accept, handle, lead, sealed, "
			  "photo, public, active FROM event_code ORDER BY code",
	[Q_EVENT_QUESTIONS] = "SELECT id, version, code_id, position, name, question_zh, question_en, type, required, "
			      "choices FROM code_question ORDER BY code_id, position",
	[Q_EVENT_DEADLINES] = "SELECT id, version, urgency, clock, span FROM deadline_rule",
	[Q_EVENT_REASONS] = "SELECT id, version, action, code, name_zh, name_en, active FROM reason WHERE active = 1 "
			    "ORDER BY action, id",
	[Q_EVENT_ROUTING] = "SELECT id, version, code_id, place, unit_id FROM routing_rule",
	[Q_EVENT_UNITS] = "SELECT id, alias FROM unit WHERE alias IS NOT NULL AND active = 1",
	[Q_EVENT_RETURNED] = "SELECT CAST(COALESCE(sum(CASE WHEN action = 'return' THEN 1 ELSE -1 END), 0) AS BIGINT) AS n "
			     "FROM matter_log WHERE matter_id = $1 AND action IN ('return', 'unreturn') "
			     "AND jget(data, 'unit') = $2",
	[Q_EVENT_LAST] = "SELECT COALESCE(max(at), 0) AS at FROM matter_log WHERE matter_id = $1 AND action = $2",
	[Q_EVENT_PHOTO] = "SELECT count(*) AS n FROM file WHERE matter_id = $1 AND type LIKE 'image/%' AND created_at > "
			  "(SELECT COALESCE(max(at), 0) FROM matter_log WHERE matter_id = $1 AND action = 'dispatch')",
	[Q_EVENT_IS_PHOTO] = "SELECT count(*) AS n FROM file WHERE id = $1 AND type LIKE 'image/%'",
	[Q_EVENT_UNIT_PUT] = "INSERT INTO matter_unit (id, matter_id, unit_id, role, arrive_by) VALUES ($1, $2, $3, $4, $5) "
			     "ON CONFLICT (matter_id, unit_id, role) DO UPDATE SET arrive_by = excluded.arrive_by, "
			     "arrived_at = NULL",
	[Q_EVENT_ARRIVED] = "UPDATE matter_unit SET arrived_at = $3 WHERE matter_id = $1 AND role = 2 AND arrived_at IS NULL "
			    "AND unit_id IN (SELECT unit_id FROM post WHERE user_id = $2)",
	[Q_EVENT_WAITING] = "SELECT count(*) AS n FROM matter_unit WHERE matter_id = $1 AND role = 2 AND arrived_at IS NULL",
	[Q_EVENT_SCORE] = "UPDATE matter_unit SET score = $3 WHERE matter_id = $1 AND unit_id = $2 AND role = 2",
	[Q_EVENT_SUPPORT] = "INSERT INTO matter_supporter (id, matter_id, user_id, contact, contact_hash, at) "
			    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
	[Q_EVENT_TOLD] = "UPDATE matter_supporter SET told_at = $2 WHERE matter_id = $1 AND told_at IS NULL",
	[Q_EVENT_SUPPORTERS] = "SELECT user_id FROM matter_supporter WHERE matter_id = $1 AND user_id IS NOT NULL "
			       "AND told_at IS NULL UNION SELECT reporter_id FROM matter WHERE merged_into = $1 "
			       "AND reporter_id IS NOT NULL LIMIT 500",
	[Q_EVENT_NAMED] = "INSERT INTO matter_party (matter_id, user_id, part) SELECT CAST($1 AS BIGINT), user_id, 1 "
			  "FROM post WHERE unit_id = $2 AND (valid_to IS NULL OR valid_to > $3) GROUP BY user_id "
			  "ON CONFLICT DO NOTHING",
	[Q_EVENT_NEAR] = "SELECT " MATTER_BRIEF " FROM matter m WHERE m.open = 1 AND m.sealed = 0 AND m.morton IS NOT NULL "
			 "AND m.morton >= $1 AND m.morton < $2 LIMIT 200",
	[Q_EVENT_RECENT] = "SELECT " MATTER_BRIEF " FROM matter m WHERE m.open = 1 AND m.sealed = 0 AND m.kind = 1 "
			   "AND (m.place / 100000) = $1 AND m.reported_at >= $2 ORDER BY m.id DESC LIMIT 100",
	[Q_EVENT_BY_QUERY] = "SELECT id FROM matter WHERE query_hash = $1",
	[Q_EVENT_STEPS] = "SELECT at, action, to_state, text FROM matter_log WHERE matter_id = $1 "
			  "ORDER BY version, at, id LIMIT 200",
	[Q_EVENT_EXT] = "SELECT id FROM matter WHERE kind = 1 AND ext_no = $1",
	[Q_EVENT_SEED_CODE] = "INSERT INTO event_code (id, version, code, name_zh, name_en, track, urgency, accept, handle, "
			      "lead, sealed, photo, public, active, created_at, updated_at) VALUES ($1, 1, $2, $3, $4, $5, "
			      "$6, $7, $8, $9, $10, $11, 1, 1, $12, $12) ON CONFLICT DO NOTHING",
	[Q_EVENT_SEED_DEADLINE] = "INSERT INTO deadline_rule (id, version, urgency, clock, span, created_at, updated_at) "
				  "VALUES ($1, 1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
	[Q_EVENT_SEED_REASON] = "INSERT INTO reason (id, version, action, code, name_zh, name_en, active, created_at, "
				"updated_at) VALUES ($1, 1, $2, $3, $4, $5, 1, $6, $6) ON CONFLICT DO NOTHING",
	[Q_EVENT_SEED_UNIT] = "INSERT INTO unit (id, version, name, alias, kind, place, board, active, created_at, "
			      "updated_at) VALUES ($1, 1, $2, $3, $4, $5, $6, 1, $7, $7) ON CONFLICT DO NOTHING",
	[Q_EVENT_HAS_CODES] = "SELECT count(*) AS n FROM event_code",
	[Q_EVENT_OPEN_OF_CODE] = "SELECT count(*) AS n FROM matter WHERE open = 1 AND code_id = $1",
	[Q_EVENT_OPEN_OF_URGENCY] = "SELECT count(*) AS n FROM matter WHERE open = 1 AND urgency = $1",
	[Q_EVENT_OPEN_OF_CODE_AT] = "SELECT count(*) AS n FROM matter WHERE open = 1 AND code_id = $1 AND place >= $2 "
				    "AND place < $3",
	[Q_EVENT_OPEN_OF_KIND] = "SELECT count(*) AS n FROM matter WHERE open = 1 AND kind = $1",
	[Q_EVENT_TOP_PLACE] = "SELECT code FROM place ORDER BY code LIMIT 1",
};

static enum err any(struct dbc *c, int q, const struct arg *v, size_t n, bool *ret)
{
	int64_t count;
	enum err err = db_int(c, event_sql[q], v, n, &count);

	*ret = err == OK && count > 0;
	return err;
}

enum err event_returned_by(struct dbc *c, int64_t id, int64_t unit_id, bool *ret)
{
	struct buf b;

	buf_init(&b, 32);
	buf_i64(&b, unit_id);
	enum err err = any(c, Q_EVENT_RETURNED, ARGS(I(id), T(buf_view(&b))), ret);

	buf_release(&b);
	return err;
}

enum err event_last_at(struct dbc *c, int64_t id, const char *action, int64_t *ret)
{
	int64_t at;
	enum err err = db_int(c, event_sql[Q_EVENT_LAST], ARGS(I(id), Z(action)), &at);

	if (err == OK)
		*ret = at == 0 ? NIL : at;
	return err;
}

enum err event_is_photo(struct dbc *c, int64_t file_id, bool *ret)
{
	return any(c, Q_EVENT_IS_PHOTO, ARGS(I(file_id)), ret);
}

enum err event_has_photo(struct dbc *c, int64_t id, bool *ret)
{
	return any(c, Q_EVENT_PHOTO, ARGS(I(id)), ret);
}
