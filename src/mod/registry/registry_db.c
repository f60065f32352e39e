/* SQL of the registry beside what the entity engine makes. Ids are unique over all tables, so one parameter
 * can name a building, a household or a person. */
#include "mod/registry/registry_db.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/geo.h"
#include "core/entity_tally.h"
#include "mod/registry/registry_rules.h"

enum { MOVED_FROM_MAX = 1000 }; /* places that one move takes people from */

/* Everything of a kind in or below $1. */
#define ROOMS_BELOW "SELECT id FROM room WHERE id = $1 UNION SELECT id FROM room WHERE building_id = $1"
#define HOMES_BELOW                                                                  \
	"SELECT id FROM household WHERE id = $1 UNION SELECT id FROM household WHERE room_id = $1 " \
	"UNION SELECT h.id FROM household h JOIN room r ON r.id = h.room_id WHERE r.building_id = $1"
#define PEOPLE_BELOW                                                                             \
	"SELECT id FROM person WHERE id = $1 UNION SELECT id FROM person WHERE household_id = $1 "    \
	"UNION SELECT p.id FROM person p JOIN household h ON h.id = p.household_id WHERE h.room_id = $1 " \
	"UNION SELECT p.id FROM person p JOIN household h ON h.id = p.household_id JOIN room r ON r.id = h.room_id " \
	"WHERE r.building_id = $1"
#define BELOW "SELECT id FROM building WHERE id = $1 UNION SELECT id FROM venue WHERE id = $1 UNION " ROOMS_BELOW \
	" UNION " HOMES_BELOW " UNION " PEOPLE_BELOW
/* Those in force that a move will take along, per place where they are. */
#define MOVING(table, below, active)                                                                          \
	"SELECT place, count(*) AS n FROM " table " WHERE place <> $2 " active "AND id IN (" below ") GROUP BY place"
#define MOVED "SET place = $2, version = version + 1, updated_at = $3 "

/* An object by its id, whatever its kind: what it is called, and the building it is in. */
#define OBJECT_COLUMNS                                                                                        \
	"COALESCE(p.name, s.name, t.name, o.name, ac.name, CASE WHEN r.id IS NULL THEN b.name END) AS name, "  \
	"b.name AS building, r.unit_no, r.room_no, COALESCE(s.address, t.address, o.address, b.address) AS address, " \
	"COALESCE(s.lon, t.lon, o.lon, b.lon) AS lon, COALESCE(s.lat, t.lat, o.lat, b.lat) AS lat, "             \
	"CASE WHEN p.id IS NULL THEN 0 ELSE 1 END AS person "
#define OBJECT_JOINS(id)                                                                                      \
	"LEFT JOIN person p ON p.id = " id " LEFT JOIN household h ON h.id = COALESCE(p.household_id, " id ") "   \
	"LEFT JOIN room r ON r.id = COALESCE(h.room_id, " id ") "                                               \
	"LEFT JOIN building b ON b.id = COALESCE(r.building_id, " id ") LEFT JOIN venue s ON s.id = " id           \
	" LEFT JOIN thing t ON t.id = " id " LEFT JOIN organisation o ON o.id = " id " "

const char *const registry_sql[REGISTRY_NSQL] = {
	[Q_BUILDING_LAST] = "SELECT max(code) AS code FROM building WHERE code >= $1 AND code <= $2",
	[Q_THING_LAST] = "SELECT max(code) AS code FROM thing WHERE code >= $1 AND code <= $2",
	[Q_HOUSEHOLD_COUNT] = "SELECT count(*) AS n FROM household WHERE room_id = $1",
	[Q_MOVING_ROOM] = MOVING("room", ROOMS_BELOW, "AND active = 1 "),
	[Q_MOVING_HOUSEHOLD] = MOVING("household", HOMES_BELOW, "AND active = 1 "),
	[Q_MOVING_PERSON] = MOVING("person", PEOPLE_BELOW, "AND active = 1 "),
	[Q_MOVE_ROOM] = "UPDATE room " MOVED "WHERE place <> $2 AND id IN (" ROOMS_BELOW ")",
	[Q_MOVE_HOUSEHOLD] = "UPDATE household " MOVED "WHERE place <> $2 AND id IN (" HOMES_BELOW ")",
	[Q_MOVE_PERSON] = "UPDATE person " MOVED "WHERE place <> $2 AND id IN (" PEOPLE_BELOW ")",
	[Q_MOVE_CONSENT] = "UPDATE consent " MOVED "WHERE place <> $2 AND person_id IN (" PEOPLE_BELOW ")",
	[Q_MOVE_PLAN] = "UPDATE care_plan " MOVED "WHERE place <> $2 AND target_id IN (" BELOW ")",
	[Q_MOVE_VISIT] = "UPDATE care_visit " MOVED "WHERE place <> $2 AND plan_id IN (SELECT id FROM care_plan "
			 "WHERE target_id IN (" BELOW "))",
	/* kinds 0 and 1: people's links lie where the people live; others where the thing is */
	[Q_MOVE_LINK] = "UPDATE link " MOVED "WHERE place <> $2 AND id IN (SELECT id FROM link WHERE from_kind IN (0, 1) "
			"AND from_id IN (" BELOW ") UNION SELECT id FROM link WHERE from_kind NOT IN (0, 1) "
			"AND to_id IN (" BELOW "))",
	[Q_MOVE_WORDS] = "UPDATE entity_word SET place = $2 WHERE place <> $2 AND id IN (" HOMES_BELOW " UNION " PEOPLE_BELOW ")",
	[Q_HEAD_SET] = "UPDATE household SET head_id = $2, version = version + 1 WHERE id = $1 AND head_id IS NULL",
	[Q_HEAD_DROP] = "UPDATE household SET head_id = NULL, version = version + 1 WHERE id IN "
			"(SELECT household_id FROM person WHERE id = $1) AND head_id = $1",
	[Q_HOME_MEMBERS] = "SELECT id FROM person WHERE household_id = $1 AND active = 1 ORDER BY id LIMIT $2",
	[Q_PLANS_END] = "UPDATE care_plan SET ended_at = $2, ended_reason = $3, version = version + 1, updated_at = $4 "
			"WHERE target_id = $1 AND ended_at IS NULL",
	[Q_PLANS_END_CONSENT] = "UPDATE care_plan SET ended_at = $2, ended_reason = $3, version = version + 1, "
				"updated_at = $4 WHERE consent_id = $1 AND ended_at IS NULL",
	[Q_LINKS_END] = "UPDATE link SET valid_to = CASE WHEN valid_from > $2 THEN valid_from ELSE $2 END, "
			"version = version + 1, updated_at = $3 WHERE (from_id = $1 OR to_id = $1) AND valid_to IS NULL",
	[Q_LINK_SAME] = "SELECT count(*) AS n FROM link WHERE from_id = $1 AND role = $2 AND to_id = $3 AND id <> $4 "
			"AND valid_from <= $6 AND (valid_to IS NULL OR valid_to >= $5)",
	[Q_LINK_CYCLE] = "WITH RECURSIVE up(id, depth) AS (SELECT CAST($2 AS BIGINT), 0 UNION SELECT l.to_id, u.depth + 1 "
			 "FROM link l JOIN up u ON l.from_id = u.id WHERE l.role = 5 AND l.valid_to IS NULL AND u.depth < 32) "
			 "SELECT count(*) AS n FROM up WHERE id = $1",
	[Q_FACT_PUT] = "INSERT INTO registry_fact (object_id, field, object_kind, source, user_id, at) "
		       "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (object_id, field) DO UPDATE SET "
		       "source = excluded.source, user_id = excluded.user_id, at = excluded.at",
	[Q_FACT_LIST] = "SELECT f.field, f.source, f.user_id, f.at, a.name FROM registry_fact f "
			"LEFT JOIN account a ON a.id = f.user_id WHERE f.object_id = $1 ORDER BY f.field LIMIT 64",
	[Q_READERS] = "SELECT x.at, x.actor_id, x.detail, a.name FROM audit x LEFT JOIN account a ON a.id = x.actor_id "
		      "WHERE x.object = $1 AND x.object_id = $2 AND x.action = 'unmask' ORDER BY x.at DESC, x.id DESC "
		      "LIMIT 200",
	[Q_CLASS_COUNT] = "SELECT count(*) AS n FROM thing_class",
	[Q_CLASS_ADD] = "INSERT INTO thing_class (id, version, code, name, category, dept, active, created_at, updated_at) "
			"VALUES ($1, 1, $2, $3, $4, $5, 1, $6, $6)",
	[Q_CLASS_HAS] = "SELECT count(*) AS n FROM thing_class WHERE code = $1",
	[Q_VISIT_LAST] = "SELECT max(day) AS day FROM care_visit WHERE plan_id = $1 AND (outcome = 0 OR (outcome = 2 AND "
			 "$2 = 1))",
	[Q_VISITS_ON] = "SELECT count(*) AS n FROM care_visit WHERE plan_id = $1 AND day = $3 AND (outcome = 0 OR (outcome = 2 AND "
			"$2 = 1))",
	[Q_PLAN_DUE] = "UPDATE care_plan SET next_due = $2 WHERE id = $1 AND next_due < $2",
	[Q_FLOOR_ROOMS] =
		"SELECT r.id, r.floor, r.unit_no, r.room_no, r.use, h.id AS home, h.head_id, h.size, h.self_confirmed_at, "
		"p.name AS head, (SELECT count(*) FROM person x WHERE x.household_id = h.id AND x.active = 1) AS people, "
		"(SELECT count(*) FROM care_plan c WHERE c.ended_at IS NULL AND c.started <= $2 AND c.expires >= $2 AND "
		"(c.target_id = h.id OR c.target_id IN (SELECT y.id FROM person y WHERE y.household_id = h.id))) AS plans "
		"FROM room r LEFT JOIN household h ON h.room_id = r.id AND h.active = 1 "
		"LEFT JOIN person p ON p.id = h.head_id WHERE r.building_id = $1 AND r.active = 1 "
		"ORDER BY r.floor DESC, r.unit_no, r.room_no, r.id, h.id",
	[Q_BUILDING_PLANS] = "SELECT count(*) AS n FROM care_plan c WHERE c.ended_at IS NULL AND c.started <= $2 AND "
			     "c.expires >= $2 AND (c.target_id = $1 OR c.target_id IN (SELECT id FROM room WHERE "
			     "building_id = $1))",
	[Q_OBJECT] = "SELECT " OBJECT_COLUMNS "FROM (SELECT COALESCE((SELECT target_id FROM care_plan WHERE id = $1), "
		     "CAST($1 AS BIGINT)) AS id) k " OBJECT_JOINS("k.id") "LEFT JOIN account ac ON ac.id = k.id",
	[Q_VISIT_GET] = "SELECT plan_id, todo, due, visit_id, confirmed FROM visit_matter WHERE id = $1",
	[Q_VISIT_ADD] = "INSERT INTO visit_matter (id, plan_id, todo, due) VALUES ($1, $2, 1, $3)",
	[Q_VISIT_TODO_OF] = "SELECT id FROM visit_matter WHERE plan_id = $1 AND todo = 1",
	[Q_VISIT_OF] = "SELECT id FROM visit_matter WHERE visit_id = $1",
	[Q_VISIT_FOLLOW] = "UPDATE visit_matter SET due = $2 WHERE id = $1",
	[Q_VISIT_END] = "UPDATE visit_matter SET todo = 0, visit_id = COALESCE(CAST($2 AS BIGINT), visit_id) WHERE id = $1",
	[Q_VISIT_AGAIN] = "UPDATE visit_matter SET todo = 1, due = $2 WHERE id = $1",
	[Q_VISIT_CONFIRM] = "UPDATE visit_matter SET confirmed = $2 WHERE id = $1",
	[Q_VISIT_BY] = "SELECT created_by FROM care_visit WHERE id = $1",
	[Q_VISIT_OUTCOME] = "SELECT outcome FROM care_visit WHERE id = $1",
	[Q_VISIT_REFUTE] = "UPDATE care_visit SET outcome = $2, version = version + 1, updated_at = $3 WHERE id = $1",
	[Q_PLAN_DUE_AGAIN] = "UPDATE care_plan SET next_due = $2 WHERE id = $1",
	[Q_VISITS_DUE] = "SELECT c.id FROM care_plan c WHERE c.ended_at IS NULL AND c.started <= $1 AND c.expires >= $1 "
			 "AND c.next_due <= $2 AND NOT EXISTS (SELECT 1 FROM visit_matter k WHERE k.plan_id = c.id "
			 "AND k.todo = 1) ORDER BY c.next_due, c.id LIMIT $3",
};

/* ---- codes ---- */

static enum err next_code(struct dbc *c, int q, struct arena *a, struct str head, int width, struct str *ret)
{
	char lo[40], hi[40];
	int64_t n = 0, most = 1;
	struct rows *r;

	for (int i = 0; i < width; i++)
		most *= 10;
	snprintf(lo, sizeof(lo), "%.*s%0*d", (int)head.n, head.p, width, 0);
	snprintf(hi, sizeof(hi), "%.*s%0*lld", (int)head.n, head.p, width, (long long)most - 1);
	r = db_query(c, registry_sql[q], ARGS(Z(lo), Z(hi)));
	if (rows_next(r)) {
		struct str last = row_str_at(r, 0);

		if (last.n == head.n + (size_t)width)
			(void)str_i64((struct str){ last.p + head.n, (size_t)width }, &n);
	}
	enum err err = rows_close(r);

	if (err == OK && n + 1 >= most)
		return ERR_LIMIT;
	if (err == OK)
		*ret = str_fmt(a, "%.*s%0*lld", (int)head.n, head.p, width, (long long)n + 1);
	return err == OK && ret->p == NULL ? ERR_NOMEM : err;
}

enum err building_next_code(struct dbc *c, struct arena *a, int64_t grid, struct str *ret)
{
	char text[18];

	place_text(grid, text);
	return next_code(c, Q_BUILDING_LAST, a, (struct str){ text, 15 }, BUILDING_SERIAL, ret);
}

enum err thing_next_code(struct dbc *c, struct arena *a, struct str head, struct str *ret)
{
	return next_code(c, Q_THING_LAST, a, head, 6, ret);
}

enum err household_count(struct dbc *c, int64_t room_id, int64_t *ret)
{
	return db_int(c, registry_sql[Q_HOUSEHOLD_COUNT], ARGS(I(room_id)), ret);
}

enum err household_members(struct dbc *c, int64_t household_id, int64_t *ret, size_t max, size_t *ret_n)
{
	struct rows *r = db_query(c, registry_sql[Q_HOME_MEMBERS], ARGS(I(household_id), I((int64_t)max)));
	size_t n = 0;

	while (n < max && rows_next(r))
		ret[n++] = row_int_at(r, 0);
	*ret_n = n;
	return rows_close(r);
}

/* ---- moving, leaving ---- */

/* The numbers per place go with the rows. */
static enum err move_count(struct dbc *c, const struct entity *e, int q, int64_t id, int64_t place)
{
	struct {
		int64_t place, n;
	} from[MOVED_FROM_MAX];
	size_t n = 0;
	struct rows *r = db_query(c, registry_sql[q], ARGS(I(id), I(place)));

	while (n < MOVED_FROM_MAX && rows_next(r)) {
		from[n].place = row_int_at(r, 0);
		from[n++].n = row_int_at(r, 1);
	}
	enum err err = rows_close(r);

	if (err == OK && n == MOVED_FROM_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n && err == OK; i++)
		err = entity_tally_moved(c, e, from[i].place, place, from[i].n);
	return err;
}

enum err registry_move(struct dbc *c, int64_t id, int64_t place, int64_t now)
{
	enum err err = move_count(c, &room_entity, Q_MOVING_ROOM, id, place);

	if (err == OK)
		err = move_count(c, &household_entity, Q_MOVING_HOUSEHOLD, id, place);
	if (err == OK)
		err = move_count(c, &person_entity, Q_MOVING_PERSON, id, place);
	static const int steps[] = { Q_MOVE_ROOM, Q_MOVE_HOUSEHOLD, Q_MOVE_PERSON, Q_MOVE_CONSENT, Q_MOVE_PLAN,
		Q_MOVE_VISIT, Q_MOVE_LINK };

	for (size_t i = 0; i < ARRAY_LEN(steps) && err == OK; i++)
		err = db_exec(c, registry_sql[steps[i]], ARGS(I(id), I(place), I(now)), NULL);
	return err != OK ? err : db_exec(c, registry_sql[Q_MOVE_WORDS], ARGS(I(id), I(place)), NULL);
}

enum err registry_leave(struct req *rq, int64_t id, int64_t day, int64_t reason)
{
	enum err err = db_exec(rq->db, registry_sql[Q_PLANS_END], ARGS(I(id), I(day), I(reason), I(rq->now)), NULL);

	if (err == OK)
		err = db_exec(rq->db, registry_sql[Q_LINKS_END], ARGS(I(id), I(day), I(rq->now)), NULL);
	return err != OK ? err : registry_visits_follow(rq, id);
}

enum err consent_plans_end(struct dbc *c, int64_t consent_id, int64_t day, int64_t now)
{
	return db_exec(c, registry_sql[Q_PLANS_END_CONSENT], ARGS(I(consent_id), I(day), I(ENDED_CONSENT), I(now)), NULL);
}

enum err household_head_set(struct dbc *c, int64_t household_id, int64_t person_id)
{
	return db_exec(c, registry_sql[Q_HEAD_SET], ARGS(I(household_id), I(person_id)), NULL);
}

enum err household_head_drop(struct dbc *c, int64_t person_id)
{
	return db_exec(c, registry_sql[Q_HEAD_DROP], ARGS(I(person_id)), NULL);
}

/* ---- links ---- */

enum err link_overlaps(struct dbc *c, const struct link *l, bool *ret)
{
	int64_t n, to = l->valid_to == NIL ? INT64_C(99991231) : l->valid_to;
	enum err err = db_int(c, registry_sql[Q_LINK_SAME], ARGS(I(l->from_id), I(l->role), I(l->to_id), I(l->id),
		I(l->valid_from), I(to)), &n);

	if (err == OK)
		*ret = n > 0;
	return err;
}

enum err link_cycle(struct dbc *c, int64_t from, int64_t to, bool *ret)
{
	int64_t n;
	enum err err = db_int(c, registry_sql[Q_LINK_CYCLE], ARGS(I(from), I(to)), &n);

	if (err == OK)
		*ret = n > 0;
	return err;
}

/* ---- where values come from ---- */

enum err fact_put(struct dbc *c, int64_t id, const char *kind, const char *field, int64_t source, int64_t user,
		  int64_t at)
{
	return db_exec(c, registry_sql[Q_FACT_PUT], ARGS(I(id), Z(field), Z(kind), I(source), I(user), I(at)), NULL);
}

enum err fact_list(struct dbc *c, int64_t id, struct arena *a, struct fact ret[FIELD_MAX], size_t *ret_n)
{
	struct rows *r = db_query(c, registry_sql[Q_FACT_LIST], ARGS(I(id)));
	size_t n = 0;

	while (rows_next(r) && n < FIELD_MAX) {
		ret[n++] = (struct fact){ .field = str_dup(a, row_str(r, "field")), .source = row_int(r, "source"),
			.user = row_int(r, "user_id"), .at = row_int(r, "at"), .user_name = str_dup(a, row_str(r, "name")) };
	}
	*ret_n = n;
	return rows_close(r);
}

enum err registry_made(struct dbc *c, const struct entity *e, int64_t id, struct arena *a, struct fact *ret)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT t.created_at, t.created_by, a.name FROM ");
	sqlb_add(&b, e->table);
	sqlb_cond(&b, " t LEFT JOIN account a ON a.id = t.created_by WHERE t.id = ?", I(id));
	struct rows *r = sqlb_query(&b, c);

	if (rows_next(r)) {
		ret->at = row_int_at(r, 0);
		ret->user = row_int_at(r, 1);
		ret->user_name = str_dup(a, row_str_at(r, 2));
	}
	sqlb_release(&b);
	return rows_close(r);
}

enum err readers_write(struct dbc *c, const char *kind, int64_t id, struct jw *out)
{
	struct rows *r = db_query(c, registry_sql[Q_READERS], ARGS(Z(kind), I(id)));
	struct error e = { .err = OK };

	while (rows_next(r)) {
		json_t *detail = NULL;
		size_t i;
		json_t *name;

		if (field_parse_json(row_str(r, "detail"), &detail, &e) != OK)
			continue;
		jw_obj(out);
		jw_ktime(out, "at", row_int(r, "at"));
		jw_kid(out, "by", row_int(r, "actor_id"));
		jw_kstr(out, "by_name", row_str(r, "name"));
		jw_kz(out, "purpose", json_string_value(json_object_get(detail, "purpose")));
		jw_karr(out, "fields");
		json_array_foreach (json_object_get(detail, "fields"), i, name)
			jw_z(out, json_string_value(name));
		jw_end_arr(out);
		jw_end_obj(out);
		json_decref(detail);
	}
	return rows_close(r);
}

/* ---- classes of things ---- */

enum err thing_class_has(struct dbc *c, struct str code, bool *ret)
{
	int64_t n;
	enum err err = db_int(c, registry_sql[Q_CLASS_HAS], ARGS(T(code)), &n);

	if (err == OK)
		*ret = n > 0;
	return err;
}

enum err thing_class_seed(struct dbc *c, int64_t now)
{
	int64_t n;
	enum err err = db_int(c, registry_sql[Q_CLASS_COUNT], NO_ARGS, &n);

	if (err != OK || n > 0)
		return err;
	for (size_t i = 0; err == OK && i < nthing_class_seeds; i++) {
		const struct thing_class_seed *s = &thing_class_seeds[i];
		int64_t id = db_new_id(c);

		if (id == NIL)
			return ERR_RETRY;
		err = db_exec(c, registry_sql[Q_CLASS_ADD],
			ARGS(I(id), Z(s->code), Z(s->name), Z(s->category), Z(s->dept), I(now)), NULL);
	}
	return err;
}

/* ---- visits ---- */

enum err care_last(struct dbc *c, int64_t plan_id, int64_t mode, int64_t *ret_day)
{
	return db_int(c, registry_sql[Q_VISIT_LAST], ARGS(I(plan_id), I(mode)), ret_day);
}

enum err care_due_set(struct dbc *c, int64_t plan_id, int64_t due)
{
	return db_exec(c, registry_sql[Q_PLAN_DUE], ARGS(I(plan_id), I(due)), NULL);
}

static void care_sight(struct sqlb *b, const struct principal *who, int64_t place)
{
	if (place != 0) {
		sqlb_cond(b, " AND c.place >= ?", I(place));
		sqlb_cond(b, " AND c.place < ?", I(place_end(place)));
	}
	if (who != NULL)
		scope_place(b, who, "care.read", "c.place");
}

static enum err care_rows(struct sqlb *b, struct dbc *c, void (*fn)(const struct care_row *r, void *arg), void *arg)
{
	struct rows *r = sqlb_query(b, c);

	while (rows_next(r)) {
		const struct care_row row = { .id = row_int_at(r, 0), .target_kind = row_int_at(r, 1),
			.target_id = row_int_at(r, 2), .type = row_int_at(r, 3), .place = row_int_at(r, 4),
			.started = row_int_at(r, 5), .cycle_days = row_int_at(r, 6), .ended_at = row_int_at(r, 7),
			.ended_reason = row_int_at(r, 8), .name = row_str_at(r, 9), .last = row_int_at(r, 10),
			.tries = row_int_at(r, 11) };

		fn(&row, arg);
	}
	return rows_close(r);
}

/* $1 and $2 are the day; days are yyyymmdd, so they compare as they follow. */
static const char care_columns[] = "SELECT c.id, c.target_kind, c.target_id, c.type, c.place, c.started, c.cycle_days, "
				   "c.ended_at, c.ended_reason, COALESCE((SELECT name FROM person WHERE id = c.target_id), "
				   "(SELECT name FROM building WHERE id = c.target_id), (SELECT name FROM venue WHERE id = "
				   "c.target_id), (SELECT name FROM thing WHERE id = c.target_id), (SELECT code FROM room "
				   "WHERE id = c.target_id), (SELECT code FROM household WHERE id = c.target_id)) AS name";

enum err care_each(struct dbc *c, const struct principal *who, int64_t place, int64_t day,
		   void (*fn)(const struct care_row *r, void *arg), void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT q.*, (SELECT count(DISTINCT w.day) FROM care_visit w WHERE w.plan_id = q.id AND w.outcome = 1 "
		     "AND w.day > COALESCE(q.last, 0)");
	sqlb_cond(&b, " AND w.day <= ?) AS tries FROM (", I(day));
	sqlb_add(&b, care_columns);
	sqlb_add(&b, ", (SELECT max(v.day) FROM care_visit v WHERE v.plan_id = c.id AND (v.outcome = 0 OR "
		     "(v.outcome = 2 AND c.mode = 1))");
	sqlb_cond(&b, " AND v.day <= ?) AS last FROM care_plan c", I(day));
	sqlb_cond(&b, " WHERE c.started <= ?", I(day));
	sqlb_cond(&b, " AND c.expires >= ?", I(day));
	sqlb_cond(&b, " AND (c.ended_at IS NULL OR c.ended_at > ?)", I(day));
	care_sight(&b, who, place);
	sqlb_add(&b, ") q ORDER BY q.place, q.id");
	enum err err = care_rows(&b, c, fn, arg);

	sqlb_release(&b);
	return err;
}

enum err care_left_each(struct dbc *c, const struct principal *who, int64_t place, int64_t day, int64_t days,
			void (*fn)(const struct care_row *r, void *arg), void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, care_columns);
	sqlb_cond(&b, ", c.ended_at AS last, 0 AS tries FROM care_plan c WHERE c.ended_at > ?", I(date_add(day, -days)));
	sqlb_cond(&b, " AND c.ended_at <= ?", I(day));
	care_sight(&b, who, place);
	sqlb_add(&b, " ORDER BY c.ended_at DESC, c.id");
	enum err err = care_rows(&b, c, fn, arg);

	sqlb_release(&b);
	return err;
}

/* ---- names ---- */

static void object_at(struct rows *r, int col, struct object_row *ret)
{
	*ret = (struct object_row){ .name = row_str_at(r, col), .building = row_str_at(r, col + 1),
		.unit_no = row_str_at(r, col + 2), .room_no = row_str_at(r, col + 3), .address = row_str_at(r, col + 4),
		.lon = row_real_at(r, col + 5), .lat = row_real_at(r, col + 6), .person = row_int_at(r, col + 7) == 1 };
}

enum err object_find(struct dbc *c, int64_t id, struct arena *a, struct object_row *ret)
{
	struct rows *r = db_query(c, registry_sql[Q_OBJECT], ARGS(I(id)));

	*ret = (struct object_row){ .lon = (double)NAN, .lat = (double)NAN };
	if (rows_next(r)) {
		object_at(r, 0, ret);
		ret->name = str_dup(a, ret->name);
		ret->building = str_dup(a, ret->building);
		ret->unit_no = str_dup(a, ret->unit_no);
		ret->room_no = str_dup(a, ret->room_no);
		ret->address = str_dup(a, ret->address);
	}
	return rows_close(r);
}

enum err matter_seen(struct dbc *c, const struct principal *who, int64_t id, bool *ret)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT m.id FROM matter m WHERE m.id = ?", I(id));
	if (who != NULL)
		scope_matter(&b, who);
	struct rows *r = sqlb_query(&b, c);

	*ret = rows_next(r);
	sqlb_release(&b);
	return rows_close(r);
}

/* ---- visits that are due ---- */

static void due_where(struct sqlb *b, const struct due_query *q)
{
	sqlb_cond(b, " WHERE c.ended_at IS NULL AND c.started <= ?", I(q->day));
	sqlb_cond(b, " AND c.expires >= ?", I(q->day));
	sqlb_cond(b, " AND c.next_due <= ?", I(q->until));
	care_sight(b, q->who, q->place);
	if (!q->mine || q->who == NULL)
		return;
	sqlb_cond(b, " AND (c.visitor_id = ? OR (c.visitor_id IS NULL", I(q->who->user_id));
	scope_place(b, q->who, "care.write", "c.place");
	sqlb_add(b, "))");
}

#define COUNTS_FOR_C "(w.outcome = 0 OR (w.outcome = 2 AND c.mode = 1))"

enum err due_each(struct dbc *c, const struct due_query *q, void (*fn)(const struct due_row *r, void *arg), void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT c.id, c.target_kind, c.target_id, c.place, c.next_due, (SELECT max(w.day) FROM care_visit w "
		     "WHERE w.plan_id = c.id AND " COUNTS_FOR_C ") AS last, (SELECT count(DISTINCT x.day) FROM care_visit x "
		     "WHERE x.plan_id = c.id AND x.outcome = 1 AND x.day > COALESCE((SELECT max(w.day) FROM care_visit w "
		     "WHERE w.plan_id = c.id AND " COUNTS_FOR_C "), 0)) AS tries, c.cycle_days, c.mode, c.visitor_id, "
		     "au.name AS visitor, (SELECT k.id FROM visit_matter k WHERE k.plan_id = c.id AND k.todo = 1) AS matter_id, "
		     OBJECT_COLUMNS "FROM care_plan c " OBJECT_JOINS("c.target_id")
		     "LEFT JOIN account ac ON ac.id = c.target_id LEFT JOIN account au ON au.id = c.visitor_id");
	due_where(&b, q);
	sqlb_cond(&b, " ORDER BY c.next_due, c.id LIMIT ?", I(q->limit));
	struct rows *r = sqlb_query(&b, c);

	while (rows_next(r)) {
		struct due_row row = { .id = row_int_at(r, 0), .target_kind = row_int_at(r, 1), .target_id = row_int_at(r, 2),
			.place = row_int_at(r, 3), .due = row_int_at(r, 4), .last = row_int_at(r, 5),
			.tries = row_int_at(r, 6), .cycle_days = row_int_at(r, 7), .mode = row_int_at(r, 8),
			.visitor_id = row_int_at(r, 9), .visitor = row_str_at(r, 10), .matter_id = row_int_at(r, 11) };

		object_at(r, 12, &row.target);
		fn(&row, arg);
	}
	sqlb_release(&b);
	return rows_close(r);
}

enum err due_count(struct dbc *c, const struct due_query *q, int64_t *ret_all, int64_t *ret_overdue)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT count(*) AS n, COALESCE(sum(CASE WHEN c.next_due < ? THEN 1 ELSE 0 END), 0) AS late "
		      "FROM care_plan c", I(q->day));
	due_where(&b, q);
	struct rows *r = sqlb_query(&b, c);

	if (rows_next(r)) {
		*ret_all = row_int_at(r, 0);
		*ret_overdue = row_int_at(r, 1);
	}
	sqlb_release(&b);
	return rows_close(r);
}

void care_where_add(struct care_where *w, int64_t place)
{
	int64_t up = place_up(place, w->level);

	for (size_t i = 0; i < w->n; i++) {
		if (w->place[i] == up)
			return;
	}
	if (w->n < CARE_PLACES) {
		w->place[w->n++] = up;
	} else if (w->level > LEVEL_PROVINCE) {
		const struct care_where all = *w;

		*w = (struct care_where){ .level = all.level - 1 };
		for (size_t i = 0; i < all.n; i++)
			care_where_add(w, all.place[i]);
		care_where_add(w, place);
	}
}

/* One range of the index for each place: as alternatives of one condition they would be read from end to end. */
enum err care_points_each(struct req *rq, const struct care_where *w,
			  void (*fn)(const struct care_point *p, void *arg), void *arg)
{
	int64_t day = date_of(rq->now);
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT c.id, c.place, c.next_due, " OBJECT_COLUMNS "FROM (");
	for (size_t i = 0; i < w->n; i++) {
		sqlb_add(&b, i == 0 ? "" : " UNION ALL ");
		sqlb_cond(&b, "SELECT id, place, next_due, target_id, started, expires FROM care_plan "
			      "WHERE ended_at IS NULL AND place >= ?", I(w->place[i]));
		sqlb_cond(&b, " AND place < ?", I(place_end(w->place[i])));
	}
	sqlb_add(&b, ") c " OBJECT_JOINS("c.target_id") "LEFT JOIN account ac ON ac.id = c.target_id");
	sqlb_cond(&b, " WHERE c.started <= ?", I(day));
	sqlb_cond(&b, " AND c.expires >= ?", I(day));
	care_sight(&b, rq->who, 0);
	sqlb_add(&b, " ORDER BY c.next_due, c.id");
	struct rows *r = sqlb_query(&b, rq->db);

	while (rows_next(r)) {
		struct care_point p = { .id = row_int_at(r, 0), .place = row_int_at(r, 1), .due = row_int_at(r, 2) };
		struct object_row o;

		object_at(r, 3, &o);
		p.lon = o.lon;
		p.lat = o.lat;
		p.name = registry_title(rq, &o, rq->who == NULL || scope_sees(rq->who, person_entity.full, p.place));
		fn(&p, arg);
	}
	sqlb_release(&b);
	return rows_close(r);
}

enum err visitor_each(struct dbc *c, const struct principal *who, int64_t now,
		      void (*fn)(int64_t id, struct str name, void *arg), void *arg)
{
	uint64_t roles = perm_roles("care.write");
	struct sqlb b;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT DISTINCT a.id, a.name FROM post p JOIN account a ON a.id = p.user_id WHERE a.active = 1 "
		      "AND (p.valid_to IS NULL OR p.valid_to > ?) AND p.role IN (-1", I(now));
	for (int64_t i = 0; i < ROLE_MAX; i++) {
		if (roles >> i & 1)
			sqlb_cond(&b, ", ?", I(i));
	}
	sqlb_add(&b, ")");
	scope_place(&b, who, "care.write", "p.place");
	sqlb_cond(&b, " ORDER BY a.name, a.id LIMIT ?", I(VISITORS_MAX));
	struct rows *r = sqlb_query(&b, c);

	while (rows_next(r))
		fn(row_int_at(r, 0), row_str_at(r, 1), arg);
	sqlb_release(&b);
	return rows_close(r);
}

/* ---- counts and floors ---- */

enum err registry_count(struct dbc *c, const struct principal *who, const struct entity *e, int64_t place, int64_t *ret)
{
	int64_t whole = place == 0 ? scope_whole(who, e->read) : may_at(who, e->read, place) ? place : NIL;
	struct sqlb b;

	if (whole != NIL && place_level(whole) <= LEVEL_GRID)
		return entity_tally_sum(c, e, whole, ret);
	sqlb_init(&b);
	sqlb_add(&b, "SELECT count(*) AS n FROM ");
	sqlb_add(&b, e->table);
	sqlb_add(&b, fields_find(&e->fields, STR("active")) != NULL ? " t WHERE t.active = 1" : " t WHERE 1 = 1");
	if (place != 0) {
		sqlb_cond(&b, " AND t.place >= ?", I(place));
		sqlb_cond(&b, " AND t.place < ?", I(place_end(place)));
	}
	scope_place(&b, who, e->read, "t.place");
	struct rows *r = sqlb_query(&b, c);

	*ret = rows_next(r) ? row_int_at(r, 0) : NIL;
	sqlb_release(&b);
	return rows_close(r);
}

enum err floor_each(struct dbc *c, int64_t building_id, int64_t day, void (*fn)(const struct floor_row *r, void *arg),
		    void *arg)
{
	struct rows *r = db_query(c, registry_sql[Q_FLOOR_ROOMS], ARGS(I(building_id), I(day)));

	while (rows_next(r)) {
		const struct floor_row row = { .room_id = row_int_at(r, 0), .floor = row_int_at(r, 1),
			.unit_no = row_str_at(r, 2), .room_no = row_str_at(r, 3), .use = row_int_at(r, 4),
			.household_id = row_int_at(r, 5), .head_id = row_int_at(r, 6), .size = row_int_at(r, 7),
			.confirmed_at = row_int_at(r, 8), .head = row_str_at(r, 9), .people = row_int_at(r, 10),
			.plans = row_int_at(r, 11) };

		fn(&row, arg);
	}
	return rows_close(r);
}

enum err building_plans(struct dbc *c, int64_t building_id, int64_t day, int64_t *ret)
{
	return db_int(c, registry_sql[Q_BUILDING_PLANS], ARGS(I(building_id), I(day)), ret);
}

enum err events_near(struct dbc *c, const struct principal *who, int64_t place, double lon, double lat, double metres,
		     int64_t *ret)
{
	int64_t within = place_up(place, LEVEL_COMMUNITY), n = 0;
	double dy = metres / 111195.0, dx = dy / fmax(0.01, cos(lat * M_PI / 180));
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT m.lon, m.lat FROM matter m WHERE m.open = 1");
	sqlb_cond(&b, " AND m.place >= ?", I(within));
	sqlb_cond(&b, " AND m.place < ?", I(place_end(within)));
	sqlb_cond(&b, " AND m.lon >= ?", R(lon - dx));
	sqlb_cond(&b, " AND m.lon <= ?", R(lon + dx));
	sqlb_cond(&b, " AND m.lat >= ?", R(lat - dy));
	sqlb_cond(&b, " AND m.lat <= ?", R(lat + dy));
	scope_matter(&b, who);
	struct rows *r = sqlb_query(&b, c);

	while (rows_next(r))
		n += geo_distance_m(lon, lat, row_real_at(r, 0), row_real_at(r, 1)) <= metres;
	sqlb_release(&b);
	*ret = n;
	return rows_close(r);
}

/* ---- what is forgotten ---- */

/* Gone for so long; a name that is a dash was forgotten already. */
#define LEFT "SELECT id FROM person WHERE active = 0 AND ended_at < $1 AND name <> '\u2014' ORDER BY id LIMIT $2"
#define FORGET(people)                                                                                        \
	"DELETE FROM registry_fact WHERE object_id IN (" people ")",                                           \
	"UPDATE care_visit SET note = NULL WHERE plan_id IN (SELECT id FROM care_plan WHERE target_id IN (" people "))", \
	"UPDATE person SET name = '\u2014', sex = 0, birth = NULL, id_no = NULL, id_no_hash = NULL, phone = NULL, "  \
	"phone_hash = NULL, household_id = NULL, version = version + 1 WHERE id IN (" people ")"
static const char *const forget_person[] = { FORGET(LEFT) };
static const char *const forget_one[] = { FORGET("$1") };
static const char *const forget_note[] = {
	"UPDATE care_visit SET note = NULL WHERE id IN (SELECT id FROM care_visit WHERE note IS NOT NULL AND at < $1 "
	"ORDER BY id LIMIT $2)",
};

const struct retention registry_retain[REGISTRY_NRETAIN] = {
	{ .what = RETAIN_PERSON_LEFT, .days = 1095, .min = 30, .max = 3650, .by_day = true,
	  .basis = "个人信息保护法第四十七条",
	  .count = "SELECT count(*) AS n FROM person WHERE active = 0 AND ended_at < $1 AND name <> '\u2014'",
	  .sql = forget_person, .nsql = ARRAY_LEN(forget_person) },
	{ .what = RETAIN_VISIT_NOTE, .days = 730, .min = 30, .max = 3650,
	  .basis = "个人信息保护法第十九条",
	  .count = "SELECT count(*) AS n FROM care_visit WHERE note IS NOT NULL AND at < $1",
	  .sql = forget_note, .nsql = ARRAY_LEN(forget_note) },
};

enum err person_forget(struct dbc *c, int64_t id)
{
	enum err err = OK;

	for (size_t i = 0; i < ARRAY_LEN(forget_one) && err == OK; i++)
		err = db_exec(c, forget_one[i], ARGS(I(id)), NULL);
	return err;
}
