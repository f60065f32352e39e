/* SQL of collection. Ids are unique over all tables, so one parameter can name a person, a venue or
 * a household. */
#include "mod/collect/collect_db.h"

#include <string.h>

#define AGAIN "version = version + 1, updated_at = "

const char *const collect_sql[COLLECT_NSQL] = {
	[Q_SET_PUT] = "INSERT INTO change_set (id, user_id, at, related) VALUES ($1, $2, $3, $4)",
	[Q_SET_GET] = "SELECT id, user_id, at, related, undone_at FROM change_set WHERE id = $1",
	[Q_SET_RELATED] = "UPDATE change_set SET related = $2 WHERE id = $1",
	[Q_SET_UNDONE] = "UPDATE change_set SET undone_at = $2, undone_by = $3 WHERE id = $1 AND "
			 "undone_at IS NULL",
	[Q_SET_FORGET] =
		"UPDATE change_row SET before = NULL WHERE before IS NOT NULL AND change_id IN "
		"(SELECT id FROM change_set WHERE at < $1 OR undone_at IS NOT NULL)",
	[Q_ROW_PUT] =
		"INSERT INTO change_row (id, change_id, n, entity, row_id, version, made, before) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	[Q_ROWS] = "SELECT n, entity, row_id, version, made, before FROM change_row WHERE "
		   "change_id = $1 ORDER BY n DESC",
	[Q_RELATED] = "SELECT (SELECT count(*) FROM consent WHERE person_id = $1) + (SELECT "
		      "count(*) FROM care_plan WHERE "
		      "target_id = $1) + (SELECT count(*) FROM link WHERE from_id = $1) + (SELECT "
		      "count(*) FROM link WHERE "
		      "to_id = $1) + (SELECT count(*) FROM room WHERE building_id = $1) + (SELECT "
		      "count(*) FROM household WHERE room_id = $1) + (SELECT count(*) FROM person "
		      "WHERE household_id = $1) + (SELECT count(*) FROM venue WHERE org_id = $1) AS n",
	[Q_FACTS_DROP] = "DELETE FROM registry_fact WHERE object_id = $1",
	[Q_VISITS_FOLLOW] =
		"UPDATE care_visit SET place = (SELECT p.place FROM care_plan p WHERE p.id = "
		"$1), " AGAIN "$2 "
		"WHERE plan_id = $1 AND place <> (SELECT q.place FROM care_plan q WHERE q.id = $1)",
	/* kind: 0 consent, 1 visit plan, 2 link */
	[Q_PERSON_ROWS] = "SELECT id, 0 AS kind FROM consent WHERE person_id = $1 UNION ALL SELECT "
			  "id, 1 FROM care_plan WHERE "
			  "target_id = $1 UNION ALL SELECT id, 2 FROM link WHERE from_id = $1 OR "
			  "to_id = $1 ORDER BY kind, id",
	[Q_HOME_ROWS] = "SELECT id, 1 AS kind FROM care_plan WHERE target_id = $1 UNION ALL SELECT "
			"id, 2 FROM link WHERE "
			"from_id = $1 ORDER BY kind, id",
	[Q_HOME_PEOPLE] = "SELECT id FROM person WHERE household_id = $1 ORDER BY id LIMIT 201",
	[Q_MEMBERS] =
		"SELECT id FROM person WHERE household_id = $1 AND active = 1 ORDER BY id LIMIT 61",
	[Q_PLANS_END_OF] =
		"UPDATE care_plan SET ended_at = CASE WHEN started > $2 THEN started ELSE $2 END, "
		"ended_reason = $3, " AGAIN "$4 WHERE target_id = $1 AND ended_at IS NULL",
	[Q_CONSENTS_END_OF] = "UPDATE consent SET expires_at = $2, " AGAIN
			      "$2 WHERE person_id = $1 AND withdrawn_at IS NULL "
			      "AND given_at < $2 AND (expires_at IS NULL OR expires_at > $2)",
	[Q_LINKS_END_OF] = "UPDATE link SET valid_to = CASE WHEN valid_from > $4 THEN valid_from "
			   "ELSE $4 END, " AGAIN "$5 "
			   "WHERE from_id = $1 AND role IN (1, 2) AND valid_to IS NULL AND to_id "
			   "<> $2 AND to_id <> $3",
	[Q_MOVES_OF] = "SELECT id FROM person_move WHERE change_id = $1 ORDER BY id LIMIT 31",
	[Q_MOVES_UNDONE] =
		"UPDATE person_move SET undone_at = $2, " AGAIN "$2 WHERE change_id = $1",
	[Q_MERGE_UNDONE] = "UPDATE registry_merge SET undone_at = $2, " AGAIN "$2 WHERE id = $1",
	[Q_REF_LINK_FROM] = "SELECT id FROM link WHERE from_id = $1 ORDER BY id LIMIT 401",
	[Q_REF_LINK_TO] = "SELECT id FROM link WHERE to_id = $1 ORDER BY id LIMIT 401",
	[Q_REF_CONSENT] = "SELECT id FROM consent WHERE person_id = $1 ORDER BY id LIMIT 401",
	[Q_REF_GUARDIAN] = "SELECT id FROM consent WHERE guardian_id = $1 ORDER BY id LIMIT 401",
	[Q_REF_PLAN] = "SELECT id FROM care_plan WHERE target_id = $1 ORDER BY id LIMIT 401",
	[Q_REF_HEAD] = "SELECT h.id FROM household h JOIN person p ON p.household_id = h.id WHERE "
		       "p.id = $1 AND h.head_id = $1",
	[Q_REF_VENUE] = "SELECT id FROM venue WHERE org_id = $1 ORDER BY id LIMIT 401",
	[Q_REF_ROOM] = "SELECT id FROM room WHERE building_id = $1 ORDER BY id LIMIT 401",
	[Q_REF_HOME] = "SELECT id FROM household WHERE room_id = $1 ORDER BY id LIMIT 401",
	[Q_REF_MEMBER] = "SELECT id FROM person WHERE household_id = $1 ORDER BY id LIMIT 401",
	[Q_PLAN_OPEN_OF] = "SELECT count(*) AS n FROM care_plan WHERE target_id = $1 AND type = $2 "
			   "AND ended_at IS NULL",
	[Q_DISTINCT_PUT] = "INSERT INTO registry_distinct (a_id, b_id, kind, user_id, at, note) "
			   "VALUES ($1, $2, $3, $4, $5, $6) "
			   "ON CONFLICT (a_id, b_id) DO UPDATE SET user_id = excluded.user_id, at "
			   "= excluded.at, "
			   "note = excluded.note",
	[Q_DISTINCT_DROP] = "DELETE FROM registry_distinct WHERE a_id = $1 AND b_id = $2",
	[Q_REQUEST_PUT] =
		"INSERT INTO change_request (id, entity, object_id, fields, source, wanted) "
		"VALUES ($1, $2, $3, $4, $5, $6)",
	[Q_REQUEST_GET] =
		"SELECT entity, object_id, fields, source, wanted, outcome, decided_by, decided_at "
		"FROM change_request WHERE id = $1",
	[Q_REQUEST_END] = "UPDATE change_request SET wanted = NULL, outcome = $2, decided_by = $3, "
			  "decided_at = $4 "
			  "WHERE id = $1",
	[Q_ROUNDS_OPEN] = "SELECT id, version, name, kinds, place, starts, ends, fresh_days, basis "
			  "FROM collect_round "
			  "WHERE active = 1 AND starts <= $1 AND ends >= $1 ORDER BY ends, id",
};

enum err collect_ids(struct dbc *c, int q, int64_t id, int64_t *ret, size_t max, size_t *ret_n)
{
	struct rows *r = db_query(c, collect_sql[q], ARGS(I(id)));
	size_t n = 0;
	bool more = false;

	while (rows_next(r)) {
		if (n < max)
			ret[n++] = row_int_at(r, 0);
		else
			more = true;
	}
	*ret_n = n;
	enum err err = rows_close(r);

	return err == OK && more ? ERR_LIMIT : err;
}

/* ---- change sets ---- */

enum err change_set_put(struct dbc *c, const struct change_set *s)
{
	return db_exec(c, collect_sql[Q_SET_PUT],
		ARGS(I(s->id), I(s->user_id), I(s->at), I(s->related)), NULL);
}

enum err change_set_get(struct dbc *c, int64_t id, struct change_set *ret)
{
	struct rows *r = db_query(c, collect_sql[Q_SET_GET], ARGS(I(id)));
	bool found = rows_next(r);

	if (found)
		*ret = (struct change_set){ .id = row_int_at(r, 0),
			.user_id = row_int_at(r, 1),
			.at = row_int_at(r, 2),
			.related = row_int_at(r, 3),
			.undone_at = row_int_at(r, 4) };
	enum err err = rows_close(r);

	return err == OK && !found ? ERR_NOT_FOUND : err;
}

enum err change_set_related(struct dbc *c, int64_t id, int64_t related)
{
	return db_exec(c, collect_sql[Q_SET_RELATED], ARGS(I(id), I(related)), NULL);
}

enum err change_set_undone(struct dbc *c, int64_t id, int64_t user, int64_t at)
{
	return db_exec(c, collect_sql[Q_SET_UNDONE], ARGS(I(id), I(at), I(user)), NULL);
}

enum err change_row_put(struct dbc *c, int64_t change_id, const struct change_row *r)
{
	return db_exec(c, collect_sql[Q_ROW_PUT],
		ARGS(I(r->id), I(change_id), I(r->n), T(r->entity), I(r->row_id), I(r->version),
			I(r->made), B(r->before)),
		NULL);
}

enum err change_rows(struct dbc *c, int64_t change_id, struct arena *a, struct change_row *ret,
	size_t max, size_t *ret_n)
{
	struct rows *r = db_query(c, collect_sql[Q_ROWS], ARGS(I(change_id)));
	size_t n = 0;

	while (n < max && rows_next(r)) {
		ret[n] = (struct change_row){ .n = row_int_at(r, 0),
			.entity = str_dup(a, row_str_at(r, 1)),
			.row_id = row_int_at(r, 2),
			.version = row_int_at(r, 3),
			.made = row_int_at(r, 4),
			.before = str_dup(a, row_str_at(r, 5)) };
		n++;
	}
	*ret_n = n;
	return rows_close(r);
}

enum err related_count(struct dbc *c, int64_t person_id, int64_t *ret)
{
	return db_int(c, collect_sql[Q_RELATED], ARGS(I(person_id)), ret);
}

enum err facts_drop(struct dbc *c, int64_t object_id)
{
	return db_exec(c, collect_sql[Q_FACTS_DROP], ARGS(I(object_id)), NULL);
}

enum err visits_follow(struct dbc *c, int64_t plan_id, int64_t now)
{
	return db_exec(c, collect_sql[Q_VISITS_FOLLOW], ARGS(I(plan_id), I(now)), NULL);
}

/* ---- moves ---- */

enum err plans_end_of(struct req *rq, int64_t target_id, int64_t day, int64_t reason)
{
	enum err err = db_exec(rq->db, collect_sql[Q_PLANS_END_OF],
		ARGS(I(target_id), I(day), I(reason), I(rq->now)), NULL);

	return err != OK ? err : registry_visits_follow(rq, target_id);
}

enum err consents_end_of(struct dbc *c, int64_t person_id, int64_t now)
{
	return db_exec(c, collect_sql[Q_CONSENTS_END_OF], ARGS(I(person_id), I(now)), NULL);
}

enum err home_links_end(struct dbc *c, int64_t who_id, int64_t room_id, int64_t building_id,
	int64_t day, int64_t now)
{
	int64_t room = room_id == NIL ? 0 : room_id,
		building = building_id == NIL ? 0 : building_id;

	return db_exec(c, collect_sql[Q_LINKS_END_OF],
		ARGS(I(who_id), I(room), I(building), I(day), I(now)), NULL);
}

enum err moves_undone(struct dbc *c, int64_t change_id, int64_t now)
{
	return db_exec(c, collect_sql[Q_MOVES_UNDONE], ARGS(I(change_id), I(now)), NULL);
}

enum err merge_undone(struct dbc *c, int64_t merge_id, int64_t now)
{
	return db_exec(c, collect_sql[Q_MERGE_UNDONE], ARGS(I(merge_id), I(now)), NULL);
}

/* ---- merges ---- */

enum err plan_open_of(struct dbc *c, int64_t target_id, int64_t type, bool *ret)
{
	int64_t n = 0;
	enum err err = db_int(c, collect_sql[Q_PLAN_OPEN_OF], ARGS(I(target_id), I(type)), &n);

	*ret = n > 0;
	return err;
}

/* ---- change requests ---- */

enum err request_put(struct dbc *c, const struct request *r)
{
	return db_exec(c, collect_sql[Q_REQUEST_PUT],
		ARGS(I(r->matter_id), T(r->entity), I(r->object_id), T(r->fields), I(r->source),
			B(r->wanted)),
		NULL);
}

enum err request_get(struct dbc *c, int64_t matter_id, struct arena *a, struct request *ret)
{
	struct rows *r = db_query(c, collect_sql[Q_REQUEST_GET], ARGS(I(matter_id)));
	bool found = rows_next(r);

	if (found)
		*ret = (struct request){ .matter_id = matter_id,
			.entity = str_dup(a, row_str_at(r, 0)),
			.object_id = row_int_at(r, 1),
			.fields = str_dup(a, row_str_at(r, 2)),
			.source = row_int_at(r, 3),
			.wanted = str_dup(a, row_str_at(r, 4)),
			.outcome = row_int_at(r, 5),
			.decided_by = row_int_at(r, 6),
			.decided_at = row_int_at(r, 7) };
	enum err err = rows_close(r);

	return err == OK && !found ? ERR_NOT_FOUND : err;
}

enum err request_end(struct dbc *c, int64_t matter_id, int64_t outcome, int64_t user, int64_t at)
{
	return db_exec(c, collect_sql[Q_REQUEST_END],
		ARGS(I(matter_id), I(outcome), I(user), I(at)), NULL);
}

/* ---- rounds ---- */

enum err rounds_open(
	struct dbc *c, int64_t day, struct arena *a, struct round *ret, size_t max, size_t *ret_n)
{
	struct rows *r = db_query(c, collect_sql[Q_ROUNDS_OPEN], ARGS(I(day)));
	size_t n = 0;

	while (n < max && rows_next(r)) {
		ret[n++] = (struct round){ .id = row_int_at(r, 0),
			.version = row_int_at(r, 1),
			.name = str_dup(a, row_str_at(r, 2)),
			.kinds = str_dup(a, row_str_at(r, 3)),
			.place = row_int_at(r, 4),
			.starts = row_int_at(r, 5),
			.ends = row_int_at(r, 6),
			.fresh_days = row_int_at(r, 7),
			.basis = str_dup(a, row_str_at(r, 8)),
			.active = 1 };
	}
	*ret_n = n;
	return rows_close(r);
}

/* FROM and WHERE of the rows that a round looks at. */
static void round_rows(
	struct sqlb *b, const struct principal *who, const struct entity *e, int64_t place)
{
	sqlb_add(b, " FROM ");
	sqlb_add(b, e->table);
	sqlb_cond(b, " t WHERE t.place >= ?", I(place));
	sqlb_cond(b, " AND t.place < ?", I(place_end(place)));
	if (fields_find(&e->fields, STR("active")) != NULL)
		sqlb_add(b, " AND t.active = 1");
	scope_place(b, who, e->read, "t.place");
}

/* What a row is called on the spot: houses by building, unit and number. */
const char *collect_label(const struct entity *e)
{
	if (e == &household_entity)
		return "COALESCE((SELECT b.name || ' ' || r.unit_no || '-' || r.room_no FROM room "
		       "r "
		       "JOIN building b ON b.id = r.building_id WHERE r.id = t.room_id), t.code)";
	if (e == &room_entity)
		return "(SELECT b.name FROM building b WHERE b.id = t.building_id) || ' ' || "
		       "t.unit_no || '-' || t.room_no";
	return "t.name";
}

enum err todo_each(struct dbc *c, const struct principal *who, const struct entity *e,
	int64_t place, int64_t limit, int64_t after, size_t max,
	void (*fn)(const struct todo *t, void *arg), void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT t.id, t.version, t.place, t.verified_at, t.source, ");
	sqlb_add(&b, collect_label(e));
	round_rows(&b, who, e, place);
	sqlb_cond(&b, " AND (t.verified_at IS NULL OR t.verified_at < ?)", I(limit));
	sqlb_cond(&b, " AND t.id > ?", I(after));
	sqlb_cond(&b, " ORDER BY t.id LIMIT ?", I((int64_t)max));
	struct rows *r = sqlb_query(&b, c);

	while (rows_next(r)) {
		const struct todo t = { .id = row_int_at(r, 0),
			.version = row_int_at(r, 1),
			.place = row_int_at(r, 2),
			.verified_at = row_int_at(r, 3),
			.source = row_int_at(r, 4),
			.label = row_str_at(r, 5) };

		fn(&t, arg);
	}
	sqlb_release(&b);
	return rows_close(r);
}

enum err progress_each(struct dbc *c, const struct principal *who, const struct entity *e,
	int64_t place, int64_t limit,
	void (*fn)(int64_t grid, int64_t all, int64_t done, void *arg), void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_cond(&b,
		"SELECT t.place / 100 AS grid, count(*) AS n, sum(CASE WHEN t.verified_at >= ? "
		"THEN 1 ELSE 0 END) AS done",
		I(limit));
	round_rows(&b, who, e, place);
	sqlb_add(&b, " GROUP BY t.place / 100 ORDER BY t.place / 100");
	struct rows *r = sqlb_query(&b, c);

	while (rows_next(r))
		fn(row_int_at(r, 0) * 100, row_int_at(r, 1), row_int_at(r, 2), arg);
	sqlb_release(&b);
	return rows_close(r);
}
