/* The demonstration's rows that come about otherwise than through an engine. */
#include "mod/demo/demo_world.h"

const char *const demo_sql[] = {
	[Q_DEMO_USED] = "SELECT (SELECT count(*) FROM place) + (SELECT count(*) FROM account) + "
			"(SELECT count(*) FROM matter) AS n",
	[Q_DEMO_SETTING] = "INSERT INTO setting (name, value) VALUES ('demo', '1') ON CONFLICT (name) DO NOTHING",
	[Q_DEMO_PLACE] = "INSERT INTO place (id, version, code, level, kind, parent, name, alias, official_code, "
			 "households, norm_since, lon, lat, has_shape, valid_from, created_at, updated_at) "
			 "VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)",
	[Q_DEMO_SHAPE] = "INSERT INTO place_shape (place_id, code, wkb, x0, y0, x1, y1, updated_at) "
			 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	[Q_DEMO_PLACE_CODE] = "INSERT INTO place_code (id, place_id, scheme, code, valid_from) "
			      "VALUES ($1, $2, 'stat', $3, $4)",
	[Q_DEMO_UNIT] = "INSERT INTO unit (id, version, name, alias, kind, place, board, active, created_at, updated_at) "
			"VALUES ($1, 1, $2, $3, $4, $5, $6, 1, $7, $7)",
	[Q_DEMO_ORG] = "INSERT INTO party_org (id, version, name, level, form, parent_id, place, secretary, founded, "
		       "election_due, active, created_at, updated_at) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, 1, "
		       "$10, $10)",
	[Q_DEMO_COVER] = "INSERT INTO party_cover (id, version, org_id, grid, created_at, updated_at) "
			 "VALUES ($1, 1, $2, $3, $4, $4)",
	[Q_DEMO_ACCOUNT] = "INSERT INTO account (id, version, login, name, password, active, demo, failures, created_at, "
			   "updated_at) VALUES ($1, 1, $2, $3, $4, 1, $5, 0, $6, $6)",
	[Q_DEMO_POST] = "INSERT INTO post (id, version, user_id, role, place, unit_id, board, backup_of, valid_from, "
			"created_at, updated_at) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $8, $8)",
	[Q_DEMO_LEADER] = "UPDATE place SET leader_id = $2 WHERE code = $1",
	[Q_DEMO_QUESTION] = "INSERT INTO code_question (id, version, code_id, position, name, question_zh, question_en, "
			    "type, required, choices, created_at, updated_at) "
			    "VALUES ($1, 1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $9)",
	[Q_DEMO_FILE_GET] = "SELECT hash, thumb_hash, size FROM file WHERE id = $1",
	[Q_DEMO_FILE_DROP] = "DELETE FROM file WHERE id = $1",
	[Q_DEMO_FILE] = "INSERT INTO file (id, hash, name, type, size, thumb_hash, matter_id, created_at, created_by) "
			"VALUES ($1, $2, $3, 'image/jpeg', $4, $5, $6, $7, $8)",
	[Q_DEMO_PARTS] = "SELECT id, unit_id, wake_at FROM matter WHERE parent_id = $1 ORDER BY id",
	[Q_DEMO_OLD_OUTBOX] = "DELETE FROM outbox WHERE at < $1",
	[Q_DEMO_CODE_ID] = "SELECT id FROM event_code WHERE code = $1",
	[Q_DEMO_MATTERS] = "SELECT id FROM matter WHERE id > $1 ORDER BY id LIMIT $2",
	[Q_DEMO_TALLY] = "INSERT INTO tally (place, kind, measure, day, dim, n) VALUES ($1, $2, $3, $4, $5, $6)",
	[Q_DEMO_DELTA_DROP] = "DELETE FROM tally_delta",
	[Q_DEMO_HEAD] = "UPDATE household SET head_id = $2 WHERE id = $1",
	[Q_DEMO_TWO] = "SELECT id FROM person WHERE place >= $1 AND place < $2 AND active = 1 ORDER BY id LIMIT 2",
	[Q_DEMO_ANALYZE] = "ANALYZE",
	[Q_DEMO_HOLDER] = "INSERT INTO holder (user_id, person_id, at) SELECT $1, k.person_id, $2 FROM consent k JOIN person p "
			  "ON p.id = k.person_id WHERE p.active = 1 AND p.birth < 19700101 AND p.place >= $3 AND p.place < $4 "
			  "ORDER BY k.id LIMIT 1",
};
const size_t demo_nsql = DEMO_NSQL;
