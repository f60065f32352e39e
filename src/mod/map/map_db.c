/* Matters by morton range, single or gathered, and boundaries by place. */
#include "mod/map/map_db.h"

#include "core/matter_list.h"
#include "core/sqlb.h"

const char *const map_sql[MAP_NSQL] = {
	[Q_MAP_SHAPE] = "SELECT wkb FROM place_shape WHERE place_id = $1",
};

/* The words of the partial index on morton, then scope and filters. */
static void where(struct req *rq, struct sqlb *b, int64_t lo, int64_t hi, const struct map_filter *f)
{
	sqlb_add(b, " FROM matter m WHERE m.open = 1 AND m.sealed = 0 AND m.morton IS NOT NULL");
	sqlb_cond(b, " AND m.morton >= ?", I(lo));
	sqlb_cond(b, " AND m.morton < ?", I(hi));
	if (f->kind != NIL)
		sqlb_cond(b, " AND m.kind = ?", I(f->kind));
	if (f->track != NIL)
		sqlb_cond(b, " AND m.track = ?", I(f->track));
	if (f->level != NIL)
		sqlb_cond(b, " AND m.level >= ?", I(f->level));
	if (rq->who != NULL)
		scope_matter(b, rq->who);
}

static void load_cell(struct rows *r, struct map_cell *c)
{
	*c = (struct map_cell){ .n = row_int(r, "n"), .amber = row_int(r, "amber"), .late = row_int(r, "late"),
		.id = row_int(r, "id"), .code_id = row_int(r, "code_id"), .track = row_int(r, "track"),
		.state = row_int(r, "state"), .level = row_int(r, "level"), .urgency = row_int(r, "urgency"),
		.lon = row_real(r, "lon"), .lat = row_real(r, "lat") };
}

enum err map_cells(struct req *rq, int64_t lo, int64_t hi, int64_t span, const struct map_filter *f, size_t max,
		   map_cell_fn fn, void *arg)
{
	struct sqlb b;
	struct rows *r;
	enum err err;

	sqlb_init(&b);
	if (span == 0) {
		sqlb_add(&b, "SELECT 1 AS n, CASE WHEN m.level = 1 THEN 1 ELSE 0 END AS amber, "
			     "CASE WHEN m.level >= 2 THEN 1 ELSE 0 END AS late, m.id, m.code_id, m.track, m.state, "
			     "m.level, m.urgency, m.lon, m.lat");
		where(rq, &b, lo, hi, f);
		sqlb_cond(&b, " ORDER BY m.morton, m.id LIMIT ?", I((int64_t)max + 1));
	} else {
		sqlb_cond(&b, "SELECT m.morton / ? AS cell, count(*) AS n, "
			      "CAST(sum(CASE WHEN m.level = 1 THEN 1 ELSE 0 END) AS BIGINT) AS amber, "
			      "CAST(sum(CASE WHEN m.level >= 2 THEN 1 ELSE 0 END) AS BIGINT) AS late, "
			      "min(m.id) AS id, min(m.code_id) AS code_id, min(m.track) AS track, min(m.state) AS state, "
			      "min(m.level) AS level, min(m.urgency) AS urgency, avg(m.lon) AS lon, avg(m.lat) AS lat",
			  I(span));
		where(rq, &b, lo, hi, f);
		sqlb_add(&b, " GROUP BY 1 ORDER BY 1");
	}
	r = sqlb_query(&b, rq->db);
	while (rows_next(r)) {
		struct map_cell c;

		load_cell(r, &c);
		fn(&c, arg);
		rq->rows++;
	}
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}

enum err map_matters(struct req *rq, int64_t lo, int64_t hi, const struct map_filter *f, int64_t max, int64_t *ret)
{
	struct sqlb b;
	struct rows *r;
	int64_t n = 0;
	enum err err;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT count(*) AS n FROM (SELECT m.id");
	where(rq, &b, lo, hi, f);
	sqlb_cond(&b, " LIMIT ?) x", I(max + 1));
	r = sqlb_query(&b, rq->db);
	if (rows_next(r))
		n = row_int_at(r, 0);
	err = rows_close(r);
	sqlb_release(&b);
	if (err == OK)
		*ret = n;
	return err;
}

enum err map_open_each(struct req *rq, int64_t lo, int64_t hi, int64_t span, void (*fn)(int64_t code, int64_t n, void *arg),
		       void *arg)
{
	struct sqlb b;
	struct rows *r;
	enum err err;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT m.place / ? AS cell, count(*) AS n FROM matter m WHERE m.open = 1", I(span));
	sqlb_cond(&b, " AND m.place >= ?", I(lo));
	sqlb_cond(&b, " AND m.place < ?", I(hi));
	matter_cond_kind(&b, rq->app, "event");
	if (rq->who != NULL)
		scope_matter(&b, rq->who);
	sqlb_add(&b, " GROUP BY 1 ORDER BY 1");
	r = sqlb_query(&b, rq->db);
	while (rows_next(r))
		fn(row_int_at(r, 0) * span, row_int_at(r, 1), arg);
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}
