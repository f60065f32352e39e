/* SQL of plans: what stands at a place today, the plan's own rows, what was carried over. */
#include "mod/planner/planner_db.h"

#include <string.h>

#include "base/map.h"
#include "core/scope.h"
#include "core/sqlb.h"

const char *const planner_sql[PLANNER_NSQL] = {
	/* levels 6 and 7: grids and micro-grids */
	[Q_PLAN_PLACES] = "SELECT code, kind, households, leader_id, name, lon, lat FROM place "
			  "WHERE code > $1 AND code < $2 "
			  "AND level >= 6 AND (valid_to IS NULL OR valid_to > $3) ORDER BY code",
	[Q_PLAN_BUILDINGS] =
		"SELECT b.id, b.place, b.lon, b.lat, (SELECT count(*) FROM room r JOIN household h "
		"ON h.room_id = r.id WHERE r.building_id = b.id AND h.active = 1) AS homes "
		"FROM building b WHERE b.place >= $1 AND b.place < $2 AND b.active = 1 ORDER BY b.id",
	[Q_PLAN_HOMES] = "SELECT count(*) AS n FROM household WHERE place >= $1 AND place < $2 AND "
			 "active = 1",
	/* kinds 6 and 12: general grids and micro-grids; dedicated grids have numbers of their own */
	[Q_PLAN_LAST] = "SELECT max(code) AS code FROM place WHERE code > $1 AND code < $2 AND level = $3 AND kind IN (6, 12)",
	[Q_PLAN_CELL_PUT] = "INSERT INTO grid_plan_cell (plan_id, building_id, lies_at, unit_code, "
			    "part, households, lon, "
			    "lat) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	[Q_PLAN_CELL_PART] =
		"UPDATE grid_plan_cell SET part = $3 WHERE plan_id = $1 AND building_id = $2",
	[Q_PLAN_CELL_BECAME] =
		"UPDATE grid_plan_cell SET became = $3 WHERE plan_id = $1 AND building_id = $2",
	[Q_PLAN_CELLS] = "SELECT c.building_id, c.lies_at, c.unit_code, c.part, c.households, "
			 "c.lon, c.lat, c.became "
			 "FROM grid_plan_cell c WHERE c.plan_id = $1 ORDER BY c.building_id",
	[Q_PLAN_PART_PUT] = "INSERT INTO grid_plan_part (plan_id, part, origin, name, code) VALUES "
			    "($1, $2, $3, $4, $5)",
	[Q_PLAN_PARTS] = "SELECT part, origin, name, code FROM grid_plan_part WHERE plan_id = $1 "
			 "ORDER BY part",
	[Q_PLAN_PARTS_DROP] = "DELETE FROM grid_plan_part WHERE plan_id = $1",
	[Q_PLAN_MOVE_PUT] = "INSERT INTO grid_plan_move (plan_id, n, object, object_id, "
			    "from_place, to_place, from_unit, "
			    "to_unit) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	[Q_PLAN_MOVES] =
		"SELECT n, object, object_id, from_place, to_place FROM grid_plan_move WHERE "
		"plan_id = $1 "
		"AND n > $2 AND object NOT IN ('place', 'ended', 'new_office') ORDER BY n LIMIT $3",
	[Q_PLAN_MOVES_BACK] = "SELECT n, object, object_id, from_place, to_place, from_unit, "
			      "to_unit FROM grid_plan_move "
			      "WHERE plan_id = $1 AND n < $2 ORDER BY n DESC LIMIT $3",
	[Q_PLAN_COUNTS] = "SELECT object, count(*) AS n FROM grid_plan_move WHERE plan_id = $1 "
			  "AND object IN ('matter', 'unit', 'new_office', 'ended_office', 'place', 'ended') "
			  "GROUP BY object ORDER BY object",
	[Q_PLAN_NAMES] = "SELECT COALESCE((SELECT name FROM building WHERE id = $1), (SELECT name "
			 "FROM venue WHERE id = $1), "
			 "(SELECT name FROM unit WHERE id = $1), (SELECT name FROM party_org WHERE "
			 "id = $1), "
			 "(SELECT name FROM organisation WHERE id = $1), (SELECT name FROM thing "
			 "WHERE id = $1)) AS name, "
			 "(SELECT a.name FROM post p JOIN account a ON a.id = p.user_id WHERE p.id "
			 "= $1) AS person",
	[Q_PLAN_MATTERS] = "SELECT id, place, unit_id, lon, lat FROM matter WHERE open = 1 AND "
			   "place >= $1 AND place < $2 "
			   "AND id > $3 ORDER BY id LIMIT $4",
	[Q_PLAN_MATTERS_UNIT] = "SELECT id FROM matter WHERE open = 1 AND unit_id = $1 AND id > $2 "
				"ORDER BY id LIMIT 200",
	/* kind 4: of a grid */
	[Q_PLAN_OFFICE] = "SELECT id FROM unit WHERE place = $1 AND kind = 4 AND active = 1 ORDER "
			  "BY id LIMIT 1",
	[Q_PLAN_HELP] = "SELECT u.id FROM matter_unit u JOIN matter m ON m.id = u.matter_id WHERE "
			"u.unit_id = $1 "
			"AND m.open = 1 AND NOT EXISTS (SELECT 1 FROM matter_unit y WHERE "
			"y.matter_id = u.matter_id "
			"AND y.role = u.role AND y.unit_id = $2) ORDER BY u.id LIMIT 1000",
	[Q_PLAN_HELP_SET] = "UPDATE matter_unit SET unit_id = $3 WHERE id = $1 AND unit_id = $2",
	[Q_PLAN_DUE] = "SELECT id FROM grid_plan WHERE state = 2 AND effective <= $1 AND problem "
		       "IS NULL ORDER BY id LIMIT 20",
	[Q_PLAN_PROBLEM] = "UPDATE grid_plan SET problem = $2, version = version + 1, updated_at = "
			   "$3 WHERE id = $1 "
			   "AND state = 2",
	[Q_PLAN_FRESH] = "SELECT id FROM grid_plan WHERE state = 4 AND applied_at > $1 ORDER BY id LIMIT 20",
	[Q_PLAN_ENDED] = "SELECT from_place, to_place FROM grid_plan_move WHERE plan_id = $1 AND object = 'ended' "
			 "ORDER BY n",
	[Q_PLAN_MOVE_LAST] = "SELECT max(n) AS n FROM grid_plan_move WHERE plan_id = $1",
	[Q_PLAN_MATTER_AT] = "SELECT place, unit_id, open FROM matter WHERE id = $1",
	[Q_PLAN_PERSON] = "SELECT name FROM account WHERE id = $1",
	[Q_PLAN_BARRIERS] = "SELECT name, kind, line FROM grid_barrier WHERE place IN ($1, $2, $3) "
			    "AND east >= $4 AND north >= $5 AND west <= $6 AND south <= $7 ORDER BY id",
	[Q_PLAN_CHOICES] = "SELECT c.object, c.object_id, c.part, p.user_id, p.place FROM grid_plan_choice c "
			   "LEFT JOIN post p ON c.object = 'post' AND p.id = c.object_id "
			   "WHERE c.plan_id = $1 ORDER BY c.object_id, c.object",
	[Q_PLAN_CHOICE_PUT] =
		"INSERT INTO grid_plan_choice (plan_id, object, object_id, part) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (plan_id, object, object_id) DO UPDATE SET part = excluded.part",
	[Q_PLAN_CHOICE_DROP] = "DELETE FROM grid_plan_choice WHERE plan_id = $1 AND object = $2 AND object_id = $3",
	[Q_PLAN_POSTS] = "SELECT p.id, p.place, p.role, p.user_id, a.name FROM post p JOIN account a ON a.id = p.user_id "
			 "WHERE p.place >= $1 AND p.place < $2 AND (p.valid_to IS NULL OR p.valid_to > $3) "
			 "AND p.role <> $4 ORDER BY p.place, p.role, p.id",
	[Q_PLAN_POST_AT] = "SELECT place FROM post WHERE id = $1 AND role <> $3 "
			   "AND (valid_to IS NULL OR valid_to > $2)",
};

enum err plan_choices(struct req *rq, int64_t plan, struct plan_choice *ret, size_t *ret_n)
{
	struct rows *r = db_query(rq->db, planner_sql[Q_PLAN_CHOICES], ARGS(I(plan)));

	*ret_n = 0;
	while (*ret_n < CHOICES_MAX && rows_next(r))
		ret[(*ret_n)++] = (struct plan_choice){ .matter = str_eqz(row_str_at(r, 0), "matter"),
			.id = row_int_at(r, 1),
			.part = row_int_at(r, 2),
			.user = row_int_at(r, 3),
			.place = row_int_at(r, 4) };
	return rows_close(r);
}

enum err plan_posts_each(struct dbc *c, int64_t lo, int64_t hi, int64_t now,
	enum err (*fn)(const struct post_now *p, void *arg), void *arg)
{
	struct rows *r = db_query(c, planner_sql[Q_PLAN_POSTS], ARGS(I(lo), I(hi), I(now), I(ROLE_RESIDENT)));
	enum err err = OK, end;

	while (err == OK && rows_next(r)) {
		const struct post_now p = { .id = row_int_at(r, 0),
			.place = row_int_at(r, 1),
			.role = row_int_at(r, 2),
			.user = row_int_at(r, 3),
			.name = row_str_at(r, 4) };

		err = fn(&p, arg);
	}
	end = rows_close(r);
	return err != OK ? err : end;
}

enum err plan_open_matters(struct req *rq, int64_t lo, int64_t hi, struct matter_seen *ret,
	size_t max, size_t *ret_n)
{
	struct sqlb b;
	struct rows *r;
	enum err err;

	*ret_n = 0;
	sqlb_init(&b);
	sqlb_cond(&b,
		"SELECT m.id, m.place, m.unit_id, m.lon, m.lat, m.title FROM matter m WHERE m.open = 1 "
		"AND m.place >= ?",
		I(lo));
	sqlb_cond(&b, " AND m.place < ?", I(hi));
	if (rq->who != NULL)
		scope_matter(&b, rq->who);
	sqlb_cond(&b, " ORDER BY m.id LIMIT ?", I((int64_t)max));
	r = sqlb_query(&b, rq->db);
	while (*ret_n < max && rows_next(r))
		ret[(*ret_n)++] = (struct matter_seen){ .m = { .id = row_int_at(r, 0),
								.place = row_int_at(r, 1),
								.unit_id = row_int_at(r, 2),
								.lon = row_real_at(r, 3),
								.lat = row_real_at(r, 4) },
			.title = str_dup(rq->arena, row_str_at(r, 5)) };
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}

enum err plan_places_each(struct dbc *c, int64_t place, int64_t today,
	enum err (*fn)(const struct place_now *p, void *arg), void *arg)
{
	struct rows *r = db_query(
		c, planner_sql[Q_PLAN_PLACES], ARGS(I(place), I(place_end(place)), I(today)));
	enum err err = OK, end;

	while (err == OK && rows_next(r)) {
		const struct place_now p = { .code = row_int_at(r, 0),
			.kind = row_int_at(r, 1),
			.households = row_int_at(r, 2),
			.leader_id = row_int_at(r, 3),
			.name = row_str_at(r, 4),
			.lon = row_real_at(r, 5),
			.lat = row_real_at(r, 6) };

		err = fn(&p, arg);
	}
	end = rows_close(r);
	return err != OK ? err : end;
}

enum err plan_buildings_each(struct dbc *c, int64_t place,
	enum err (*fn)(const struct building_now *b, void *arg), void *arg)
{
	struct rows *r =
		db_query(c, planner_sql[Q_PLAN_BUILDINGS], ARGS(I(place), I(place_end(place))));
	enum err err = OK, end;

	while (err == OK && rows_next(r)) {
		const struct building_now b = { .id = row_int_at(r, 0),
			.place = row_int_at(r, 1),
			.lon = row_real_at(r, 2),
			.lat = row_real_at(r, 3),
			.homes = row_int_at(r, 4) };

		err = fn(&b, arg);
	}
	end = rows_close(r);
	return err != OK ? err : end;
}

enum err plan_parts_put(struct dbc *c, int64_t plan, const struct sheet *s)
{
	enum err err = db_exec(c, planner_sql[Q_PLAN_PARTS_DROP], ARGS(I(plan)), NULL);

	for (size_t i = 0; i < s->npart && err == OK; i++) {
		const struct sheet_part *p = &s->part[i];

		err = db_exec(c, planner_sql[Q_PLAN_PART_PUT],
			ARGS(I(plan), I((int64_t)i),
				I(p->origin == PLAN_NO_GRID ? NIL : s->unit[p->origin].code),
				T(p->name), I(p->code)),
			NULL);
	}
	return err;
}

enum err plan_rows_put(struct dbc *c, int64_t plan, const struct sheet *s)
{
	enum err err = plan_parts_put(c, plan, s);

	for (size_t i = 0; i < s->ncell && err == OK; i++) {
		const struct sheet_cell *k = &s->cell[i];

		err = db_exec(c, planner_sql[Q_PLAN_CELL_PUT],
			ARGS(I(plan), I(k->building), I(k->at),
				I(k->unit == PLAN_NO_GRID ? NIL : s->unit[k->unit].code),
				I(k->part), I(k->households), R(k->lon), R(k->lat)),
			NULL);
	}
	return err;
}

enum err plan_matters(struct dbc *c, int64_t lo, int64_t hi, int64_t after, struct matter_now *ret,
	size_t max, size_t *ret_n)
{
	struct rows *r = db_query(
		c, planner_sql[Q_PLAN_MATTERS], ARGS(I(lo), I(hi), I(after), I((int64_t)max)));

	*ret_n = 0;
	while (*ret_n < max && rows_next(r))
		ret[(*ret_n)++] = (struct matter_now){ .id = row_int_at(r, 0),
			.place = row_int_at(r, 1),
			.unit_id = row_int_at(r, 2),
			.lon = row_real_at(r, 3),
			.lat = row_real_at(r, 4) };
	return rows_close(r);
}

enum err plan_ids(struct dbc *c, int q, const struct arg *v, size_t n, int64_t *ret, size_t max,
	size_t *ret_n)
{
	struct rows *r = db_query(c, planner_sql[q], v, n);

	*ret_n = 0;
	while (*ret_n < max && rows_next(r))
		ret[(*ret_n)++] = row_int_at(r, 0);
	return rows_close(r);
}

enum err plan_lies_at(struct req *rq, bool matter, int64_t id, int64_t *ret)
{
	struct sqlb b;
	struct rows *r;
	enum err err;

	*ret = NIL;
	if (!matter) {
		r = db_query(rq->db, planner_sql[Q_PLAN_POST_AT],
			ARGS(I(id), I(rq->now), I(ROLE_RESIDENT)));
		*ret = rows_next(r) ? row_int_at(r, 0) : NIL;
		return rows_close(r);
	}
	sqlb_init(&b);
	sqlb_cond(&b, "SELECT m.place FROM matter m WHERE m.open = 1 AND m.id = ?", I(id));
	if (rq->who != NULL)
		scope_matter(&b, rq->who);
	r = sqlb_query(&b, rq->db);
	*ret = rows_next(r) ? row_int_at(r, 0) : NIL;
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}

enum err plan_seen_matters(struct req *rq, int64_t plan, struct map **ret)
{
	struct map *m = map_new(MOVES_MAX);
	enum err err = m == NULL ? ERR_NOMEM : OK, end;
	struct sqlb b;
	struct rows *r;

	sqlb_init(&b);
	sqlb_cond(&b,
		"SELECT m.id, m.title FROM matter m WHERE m.id IN (SELECT g.object_id FROM "
		"grid_plan_move g "
		"WHERE g.object = 'matter' AND g.plan_id = ?)",
		I(plan));
	if (rq->who != NULL)
		scope_matter(&b, rq->who);
	r = sqlb_query(&b, rq->db);
	while (err == OK && rows_next(r)) {
		struct str *title = ARENA_NEW(rq->arena, struct str);

		if (title == NULL) {
			err = ERR_NOMEM;
			break;
		}
		*title = str_dup(rq->arena, row_str_at(r, 1));
		err = map_put(m, row_int_at(r, 0), title);
	}
	end = rows_close(r);
	sqlb_release(&b);
	err = err != OK ? err : end;
	if (err != OK)
		map_free(m);
	else
		*ret = m;
	return err;
}
