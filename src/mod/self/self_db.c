/* See self_db.h. */
#include "mod/self/self_db.h"

/* What is about $1, or about the household that they head. */
#define ABOUT_THEM "(p.target_id = $1 OR p.target_id IN (SELECT id FROM household WHERE head_id = $1 AND active = 1))"

const char *const self_sql[SELF_NSQL] = {
	[Q_HOLDER_GET] = "SELECT person_id FROM holder WHERE user_id = $1",
	[Q_HOLDER_PUT] = "INSERT INTO holder (user_id, person_id, proven_by, at) VALUES ($1, $2, $3, $4) "
			 "ON CONFLICT (user_id) DO UPDATE SET person_id = excluded.person_id, "
			 "proven_by = excluded.proven_by, at = excluded.at",
	/* role 4: guardian */
	[Q_WARDS] = "SELECT to_id FROM link WHERE from_id = $1 AND role = 4 AND to_kind = 0 AND valid_from <= $2 "
		    "AND (valid_to IS NULL OR valid_to >= $2) ORDER BY to_id LIMIT 16",
	[Q_CODE_DROP] = "DELETE FROM holder_code WHERE person_id = $1 OR expires_at < $2",
	[Q_CODE_PUT] = "INSERT INTO holder_code (hash, person_id, created_by, created_at, expires_at) "
		       "VALUES ($1, $2, $3, $4, $5)",
	[Q_CODE_TAKE] = "SELECT person_id, created_by FROM holder_code WHERE hash = $1 AND expires_at >= $2",
	[Q_CODE_CLEAR] = "DELETE FROM holder_code WHERE hash = $1",
	[Q_HOME] = "SELECT b.name, b.address, r.unit_no, r.room_no FROM person p JOIN household h ON h.id = p.household_id "
		   "LEFT JOIN room r ON r.id = h.room_id LEFT JOIN building b ON b.id = r.building_id WHERE p.id = $1",
	[Q_CONSENTS] = "SELECT id, purpose, given_at, expires_at, withdrawn_at FROM consent WHERE person_id = $1 "
		       "ORDER BY given_at DESC, id LIMIT 100",
	[Q_CONSENT_OF] = "SELECT person_id FROM consent WHERE id = $1",
	[Q_PLANS] = "SELECT p.type, p.basis, p.law, p.cycle_days, p.mode, p.started, p.expires, p.ended_at FROM care_plan p "
		    "WHERE " ABOUT_THEM " ORDER BY p.started DESC, p.id LIMIT 100",
	/* States 5 and 6: waits for the answer, is closed; confirmed 2 and 3: on the spot, by nobody. $3: how long it can
	 * be said that nobody came, in milliseconds. */
	[Q_VISITS] = "SELECT v.id, v.day, v.outcome, v.note, k.confirmed, CASE WHEN m.state = 5 THEN m.auto_at END AS confirm_by, "
		     "CASE WHEN (m.state = 5 OR (m.state = 6 AND k.confirmed IN (2, 3))) AND m.finished_at + $3 >= $2 "
		     "THEN m.finished_at + $3 END AS object_by FROM care_visit v JOIN care_plan p ON p.id = v.plan_id "
		     "LEFT JOIN visit_matter k ON k.visit_id = v.id LEFT JOIN matter m ON m.id = k.id "
		     "WHERE " ABOUT_THEM " ORDER BY v.at DESC, v.id LIMIT 200",
	[Q_VISIT_OWN] = "SELECT count(*) AS n FROM care_visit v JOIN care_plan p ON p.id = v.plan_id WHERE v.id = $2 AND " ABOUT_THEM,
	[Q_LINKS] = "SELECT l.role, l.to_kind, COALESCE(v.name, o.name, b.name) AS name, l.valid_from, l.valid_to FROM link l "
		    "LEFT JOIN venue v ON v.id = l.to_id LEFT JOIN organisation o ON o.id = l.to_id "
		    "LEFT JOIN building b ON b.id = l.to_id WHERE l.from_id = $1 ORDER BY l.valid_from DESC, l.id LIMIT 100",
	[Q_REQUEST_PUT] = "INSERT INTO data_request (matter_id, person_id, what) VALUES ($1, $2, $3)",
	[Q_REQUEST_GET] = "SELECT person_id, what FROM data_request WHERE matter_id = $1",
	[Q_REQUEST_OPEN] = "SELECT count(*) AS n FROM data_request d JOIN matter m ON m.id = d.matter_id "
			   "WHERE d.person_id = $1 AND d.what = $2 AND m.open = 1",
	[Q_REQUEST_FIND] = "SELECT min(m.id) AS id FROM data_request d JOIN matter m ON m.id = d.matter_id "
			   "WHERE d.person_id = $1 AND d.what = $2 AND m.open = 1",
	[Q_REQUESTS] = "SELECT m.id, m.version, m.kind, m.title, m.state, m.reported_at, m.due_at, m.closed_at, m.result FROM matter m "
		       "WHERE m.reporter_id = $1 AND m.kind IN ($2, $3) ORDER BY m.reported_at DESC, m.id DESC LIMIT 100",
};

enum err holder_get(struct dbc *c, int64_t user_id, int64_t *ret_person)
{
	enum err err = db_int(c, self_sql[Q_HOLDER_GET], ARGS(I(user_id)), ret_person);

	if (err != ERR_NOT_FOUND)
		return err;
	*ret_person = NIL;
	return OK;
}

enum err holder_put(struct dbc *c, int64_t user_id, int64_t person_id, int64_t by, int64_t now)
{
	return db_exec(c, self_sql[Q_HOLDER_PUT], ARGS(I(user_id), I(person_id), I(by), I(now)), NULL);
}

enum err holder_wards(struct dbc *c, int64_t person_id, int64_t day, int64_t ret[WARDS_MAX], size_t *ret_n)
{
	struct rows *r = db_query(c, self_sql[Q_WARDS], ARGS(I(person_id), I(day)));
	size_t n = 0;

	while (n < WARDS_MAX && rows_next(r))
		ret[n++] = row_int_at(r, 0);
	*ret_n = n;
	return rows_close(r);
}

enum err holder_code_put(struct dbc *c, const unsigned char hash[HASH_LEN], int64_t person_id, int64_t by, int64_t now,
			 int64_t expires)
{
	enum err err = db_exec(c, self_sql[Q_CODE_DROP], ARGS(I(person_id), I(now)), NULL);

	return err != OK ? err : db_exec(c, self_sql[Q_CODE_PUT], ARGS(B((struct str){ (const char *)hash, HASH_LEN }),
		I(person_id), I(by), I(now), I(expires)), NULL);
}

enum err holder_code_take(struct dbc *c, const unsigned char hash[HASH_LEN], int64_t now, int64_t *ret_person,
			  int64_t *ret_by)
{
	struct str key = { (const char *)hash, HASH_LEN };
	struct rows *r = db_query(c, self_sql[Q_CODE_TAKE], ARGS(B(key), I(now)));
	bool found = rows_next(r);

	if (found) {
		*ret_person = row_int_at(r, 0);
		*ret_by = row_int_at(r, 1);
	}
	enum err err = rows_close(r);

	if (err == OK && !found)
		err = ERR_NOT_FOUND;
	return err != OK ? err : db_exec(c, self_sql[Q_CODE_CLEAR], ARGS(B(key)), NULL);
}

enum err holder_code_known(struct dbc *c, const unsigned char hash[HASH_LEN], int64_t now, bool *ret)
{
	struct rows *r = db_query(c, self_sql[Q_CODE_TAKE], ARGS(B((struct str){ (const char *)hash, HASH_LEN }), I(now)));

	*ret = rows_next(r);
	return rows_close(r);
}

enum err data_request_find(struct dbc *c, int64_t person_id, int64_t what, int64_t *ret_matter)
{
	return db_int(c, self_sql[Q_REQUEST_FIND], ARGS(I(person_id), I(what)), ret_matter);
}

enum err data_request_put(struct dbc *c, const struct data_request *r)
{
	return db_exec(c, self_sql[Q_REQUEST_PUT], ARGS(I(r->matter_id), I(r->person_id), I(r->what)), NULL);
}

enum err data_request_get(struct dbc *c, int64_t matter_id, struct data_request *ret)
{
	struct rows *r = db_query(c, self_sql[Q_REQUEST_GET], ARGS(I(matter_id)));
	bool found = rows_next(r);

	if (found)
		*ret = (struct data_request){ matter_id, row_int_at(r, 0), row_int_at(r, 1) };
	enum err err = rows_close(r);

	return err == OK && !found ? ERR_NOT_FOUND : err;
}

enum err data_request_open(struct dbc *c, int64_t person_id, int64_t what, bool *ret)
{
	int64_t n = 0;
	enum err err = db_int(c, self_sql[Q_REQUEST_OPEN], ARGS(I(person_id), I(what)), &n);

	*ret = n > 0;
	return err;
}
