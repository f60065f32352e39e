/* SQL of places: lookups by code, official codes, lineage, boundaries, figures. */
#include "mod/place/place_db.h"

#include <string.h>

#include "core/matter_list.h"
#include "core/row.h"
#include "core/sqlb.h"

const char *const place_sql[PLACE_NSQL] = {
	[Q_PLACE_BY_CODE] = "SELECT id, version, code, level, kind, parent, name, alias, official_code, households, "
			    "leader_id, norm_reason, norm_since, lon, lat, has_shape, valid_from, valid_to "
			    "FROM place WHERE code = $1",
	[Q_PLACE_BY_OFFICIAL] = "SELECT p.code FROM place_code c JOIN place p ON p.id = c.place_id WHERE c.code = $1 "
				"ORDER BY CASE WHEN c.valid_to IS NULL THEN 0 ELSE 1 END, c.valid_to DESC LIMIT 1",
	[Q_PLACE_OFFICIALS] = "SELECT scheme, code, valid_from, valid_to FROM place_code WHERE place_id = $1 "
			      "ORDER BY CASE WHEN valid_to IS NULL THEN 0 ELSE 1 END, valid_to DESC",
	[Q_PLACE_OFFICIAL_END] = "UPDATE place_code SET valid_to = $2 WHERE place_id = $1 AND scheme = 'stat' "
				 "AND valid_to IS NULL",
	[Q_PLACE_OFFICIAL_ADD] = "INSERT INTO place_code (id, place_id, scheme, code, valid_from, valid_to) "
				 "VALUES ($1, $2, 'stat', $3, $4, NULL)",
	[Q_PLACE_LINEAGE] = "SELECT kind, from_code, to_code, at, reason FROM place_lineage "
			    "WHERE from_code = $1 OR to_code = $1 ORDER BY at, id",
	[Q_PLACE_LINEAGE_ADD] = "INSERT INTO place_lineage (id, kind, from_code, to_code, at, reason) "
				"VALUES ($1, $2, $3, $4, $5, $6)",
	[Q_SHAPE_GET] = "SELECT s.wkb FROM place p JOIN place_shape s ON s.place_id = p.id WHERE p.code = $1",
	[Q_SHAPE_PUT] = "INSERT INTO place_shape (place_id, code, wkb, x0, y0, x1, y1, updated_at) "
			"VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (place_id) DO UPDATE SET "
			"wkb = excluded.wkb, x0 = excluded.x0, y0 = excluded.y0, x1 = excluded.x1, y1 = excluded.y1, "
			"updated_at = excluded.updated_at",
	[Q_SHAPE_BELOW] = "SELECT p.name, s.wkb FROM place p JOIN place_shape s ON s.place_id = p.id "
			  "WHERE p.code >= $1 AND p.code < $2 AND p.level = $3 AND p.code <> $4 "
			  "AND s.x0 <= $5 AND s.x1 >= $6 AND s.y0 <= $7 AND s.y1 >= $8 "
			  "AND (p.valid_to IS NULL OR p.valid_to > $9) ORDER BY p.code",
	[Q_GRANULARITY] = "SELECT code, name, kind, households, norm_reason, norm_since, valid_from, valid_to FROM place "
			  "WHERE code >= $1 AND code < $2 AND level = $3 ORDER BY code",
	[Q_GRANULARITY_HOMES] = "SELECT place - place % $1 AS cell, count(*) AS n FROM household WHERE active = 1 "
				"AND place >= $2 AND place < $3 GROUP BY 1 ORDER BY 1",
	[Q_NORMS_GET] = "SELECT value FROM setting WHERE name = 'place_norms'",
	[Q_NORMS_PUT] = "INSERT INTO setting (name, value) VALUES ('place_norms', $1) "
			"ON CONFLICT (name) DO UPDATE SET value = excluded.value",
	[Q_NORMS_SINCE] = "UPDATE place SET norm_since = $1 WHERE kind = $2 AND norm_since IS NULL "
			  "AND (households < $3 OR households > $4)",
	[Q_NORMS_CLEAR] = "UPDATE place SET norm_since = NULL WHERE kind = $1 AND norm_since IS NOT NULL "
			  "AND households >= $2 AND households <= $3",
	[Q_PLACE_END] = "UPDATE place SET valid_to = $3, version = version + 1, updated_at = $4 WHERE code >= $1 "
			"AND code < $2 AND (valid_to IS NULL OR valid_to > $3)",
	[Q_PLACE_OPEN_AT] = "SELECT count(*) AS n FROM matter WHERE open = 1 AND place >= $1 AND place < $2",
};

enum err place_by_code(struct dbc *c, struct arena *a, int64_t code, struct place_row *ret, bool *ret_found)
{
	struct rows *r = db_query(c, place_sql[Q_PLACE_BY_CODE], ARGS(I(code)));

	*ret_found = rows_next(r);
	if (*ret_found)
		row_load(&place_entity.fields, r, 0, a, ret);
	return rows_close(r);
}

enum err place_by_official(struct dbc *c, struct str official, int64_t *ret_code)
{
	enum err err = db_int(c, place_sql[Q_PLACE_BY_OFFICIAL], ARGS(T(official)), ret_code);

	if (err != ERR_NOT_FOUND)
		return err;
	*ret_code = NIL;
	return OK;
}

enum err place_official_change(struct dbc *c, int64_t place_id, struct str code, int64_t from)
{
	int64_t id;
	enum err err = db_exec(c, place_sql[Q_PLACE_OFFICIAL_END], ARGS(I(place_id), I(from)), NULL);

	if (err != OK || code.p == NULL)
		return err;
	id = db_new_id(c);
	if (id == NIL)
		return ERR_RETRY;
	return db_exec(c, place_sql[Q_PLACE_OFFICIAL_ADD], ARGS(I(id), I(place_id), T(code), I(from)), NULL);
}

enum err place_officials_write(struct dbc *c, int64_t place_id, struct jw *out)
{
	struct rows *r = db_query(c, place_sql[Q_PLACE_OFFICIALS], ARGS(I(place_id)));

	jw_karr(out, "officials");
	while (rows_next(r)) {
		jw_obj(out);
		jw_kstr(out, "code", row_str(r, "code"));
		jw_kstr(out, "scheme", row_str(r, "scheme"));
		jw_kdate(out, "valid_from", row_int(r, "valid_from"));
		jw_kdate(out, "valid_to", row_int(r, "valid_to"));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}

enum err place_lineage_write(struct dbc *c, int64_t code, struct jw *out)
{
	struct rows *r = db_query(c, place_sql[Q_PLACE_LINEAGE], ARGS(I(code)));

	jw_karr(out, "lineage");
	while (rows_next(r)) {
		jw_obj(out);
		jw_kz(out, "kind", vocab_word(&lineage_vocab, row_int(r, "kind")));
		jw_kid(out, "from", row_int(r, "from_code"));
		jw_kid(out, "to", row_int(r, "to_code"));
		jw_ktime(out, "at", row_int(r, "at"));
		jw_kstr(out, "reason", row_str(r, "reason"));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}

enum err place_lineage_add(struct dbc *c, int64_t kind, int64_t from, int64_t to, int64_t at, struct str reason)
{
	int64_t id = db_new_id(c);

	if (id == NIL)
		return ERR_RETRY;
	return db_exec(c, place_sql[Q_PLACE_LINEAGE_ADD], ARGS(I(id), I(kind), I(from), I(to), I(at), T(reason)),
		       NULL);
}

/* ---- boundaries ---- */

enum err shape_load(struct dbc *c, struct geo *g, int64_t code, struct geo_shape **ret)
{
	struct rows *r = db_query(c, place_sql[Q_SHAPE_GET], ARGS(I(code)));
	struct geo_shape *s = NULL;
	enum err err = OK, end;

	if (rows_next(r))
		err = geo_from_wkb(g, row_str(r, "wkb"), &s);
	end = rows_close(r);
	if (err == OK)
		err = end;
	if (err != OK) {
		geo_shape_free(g, s);
		return err;
	}
	*ret = s;
	return OK;
}

enum err shape_save(struct dbc *c, struct geo *g, int64_t place_id, int64_t code, const struct geo_shape *s,
		    int64_t now)
{
	struct box b = geo_box(g, s);
	struct buf wkb;
	enum err err;

	buf_init(&wkb, 8u << 20);
	err = geo_to_wkb(g, s, &wkb);
	if (err == OK)
		err = wkb.failed ? ERR_NOMEM
			: db_exec(c, place_sql[Q_SHAPE_PUT], ARGS(I(place_id), I(code), B(buf_view(&wkb)), R(b.x0),
				  R(b.y0), R(b.x1), R(b.y1), I(now)), NULL);
	buf_release(&wkb);
	return err;
}

/* ---- figures ---- */

static int64_t level_span(enum level l)
{
	static const int64_t span[LEVEL_MAX] = {
		[LEVEL_COUNTRY] = INT64_C(100000000000000000), [LEVEL_PROVINCE] = INT64_C(1000000000000000),
		[LEVEL_CITY] = INT64_C(10000000000000), [LEVEL_DISTRICT] = INT64_C(100000000000),
		[LEVEL_STREET] = INT64_C(100000000), [LEVEL_COMMUNITY] = INT64_C(100000),
		[LEVEL_GRID] = INT64_C(100), [LEVEL_MICRO] = INT64_C(1),
	};

	return span[l];
}

enum err place_open_counts(struct req *rq, int64_t root, enum level level, struct open_count **ret, size_t *ret_n)
{
	int64_t span = level_span(level);
	struct open_count *list = NULL;
	size_t n = 0, cap = 0;
	struct sqlb b;
	struct rows *r;
	enum err err = OK, end;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT m.place / ? AS cell, count(*) AS n, "
		      "CAST(sum(CASE WHEN m.level >= 2 THEN 1 ELSE 0 END) AS BIGINT) AS late FROM matter m "
		      "WHERE m.open = 1", I(span));
	sqlb_cond(&b, " AND m.place >= ?", I(root));
	sqlb_cond(&b, " AND m.place < ?", I(place_end(root)));
	matter_cond_kind(&b, rq->app, "event");
	if (rq->who != NULL)
		scope_matter(&b, rq->who);
	sqlb_add(&b, " GROUP BY 1 ORDER BY 1");
	r = sqlb_query(&b, rq->db);
	while (err == OK && rows_next(r)) {
		if (n == cap) {
			struct open_count *p = arena_array(rq->arena, cap * 2 + 256, sizeof(*p));

			if (p == NULL) {
				err = ERR_NOMEM;
				break;
			}
			if (n > 0)
				memcpy(p, list, n * sizeof(*p));
			list = p;
			cap = cap * 2 + 256;
		}
		list[n++] = (struct open_count){ row_int_at(r, 0) * span, row_int_at(r, 1), row_int_at(r, 2) };
	}
	end = rows_close(r);
	sqlb_release(&b);
	*ret = list;
	*ret_n = n;
	return err != OK ? err : end;
}
