/*
 * Boundaries: a place lies inside the one above it, beside its siblings and around those below it.
 * Shares of area are compared with a tolerance, because borders drawn twice never meet exactly.
 */
#include "base/geo.h"
#include "mod/place/place_db.h"

#define SHARE_INSIDE 0.999
#define SHARE_OVERLAP 0.001

static enum err check_parent(struct req *rq, struct geo *g, const struct place_row *p, const struct geo_shape *s)
{
	for (int l = (int)p->level - 1; l >= LEVEL_PROVINCE; l--) {
		int64_t up = place_up(p->code, (enum level)l);
		struct geo_shape *above = NULL;
		struct place_row row;
		double share;
		bool found;
		enum err err = shape_load(rq->db, g, up, &above);

		if (err != OK)
			return err;
		if (above == NULL)
			continue;
		share = geo_share(g, above, s);
		geo_shape_free(g, above);
		if (share >= SHARE_INSIDE)
			return OK;
		err = place_by_code(rq->db, rq->arena, up, &row, &found);
		if (err != OK)
			return err;
		return req_fail(rq, ERR_CONFLICT, "place.outside_parent", "geometry",
				"only %.1f %% of it lies inside %.*s", share < 0 ? 0.0 : share * 100,
				(int)row.name.n, row.name.p);
	}
	return OK;
}

/* Shapes of `level` below `above` whose boxes meet that of `s`: siblings must not overlap, children (of
 * p itself) must stay inside. */
static enum err check_below(struct req *rq, struct geo *g, const struct place_row *p, int64_t above,
			    enum level level, const struct geo_shape *s)
{
	struct box b = geo_box(g, s);
	bool children = above == p->code;
	enum err err = OK, end;
	struct rows *r;

	if (children)
		b = (struct box){ -180, -90, 180, 90 };
	r = db_query(rq->db, place_sql[Q_SHAPE_BELOW],
		     ARGS(I(above), I(place_end(above)), I(level), I(p->code), R(b.x1), R(b.x0), R(b.y1), R(b.y0),
			  I(date_of(rq->now))));
	while (err == OK && rows_next(r)) {
		struct geo_shape *other = NULL;
		struct str name = row_str(r, "name");

		err = geo_from_wkb(g, row_str(r, "wkb"), &other);
		if (err != OK)
			break;
		if (children && geo_share(g, s, other) < SHARE_INSIDE)
			err = req_fail(rq, ERR_CONFLICT, "place.cuts_child", "geometry",
				       "%.*s would lie outside it", (int)name.n, name.p);
		else if (!children && (geo_share(g, s, other) >= SHARE_OVERLAP ||
				       geo_share(g, other, s) >= SHARE_OVERLAP))
			err = req_fail(rq, ERR_CONFLICT, "place.overlaps", "geometry", "it overlaps %.*s",
				       (int)name.n, name.p);
		geo_shape_free(g, other);
	}
	end = rows_close(r);
	return err != OK ? err : end;
}

static enum err check_all(struct req *rq, struct geo *g, const struct place_row *p, const struct geo_shape *s)
{
	int64_t parent = p->parent != NIL ? p->parent : place_up(p->code, (enum level)(p->level - 1));
	enum err err;

	if (geo_area_m2(g, s) <= 0)
		return req_fail(rq, ERR_INVALID, "geometry", "geometry", "a boundary is a Polygon or MultiPolygon");
	err = check_parent(rq, g, p, s);
	if (err == OK)
		err = check_below(rq, g, p, parent, (enum level)p->level, s);
	if (err == OK && p->level < LEVEL_MICRO)
		err = check_below(rq, g, p, p->code, (enum level)(p->level + 1), s);
	return err;
}

static enum err put_shape(struct req *rq, struct geo *g, int64_t id, struct geo_shape *s)
{
	struct place_row old, row;
	double lon, lat;
	enum err err = entity_get(rq, &place_entity, id, &old);

	if (err == OK && rq->who != NULL && !may_at(rq->who, place_entity.write, old.code))
		err = req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such place");
	if (err == OK)
		err = check_all(rq, g, &old, s);
	if (err == OK)
		err = shape_save(rq->db, g, id, old.code, s, rq->now);
	if (err != OK)
		return err;
	row = old;
	row.has_shape = 1;
	if (geo_label(g, s, &lon, &lat)) {
		row.lon = lon;
		row.lat = lat;
	}
	return entity_update(rq, &place_entity, &old, &row);
}

enum err place_shape_put(struct req *rq, int64_t id, struct str geojson)
{
	struct geo *g = geo_new();
	struct geo_shape *s = NULL;
	enum err err;

	if (g == NULL)
		return ERR_NOMEM;
	err = geo_from_geojson(g, geojson, &s, &rq->err);
	if (err == OK)
		err = put_shape(rq, g, id, s);
	geo_shape_free(g, s);
	geo_free(g);
	return err;
}
