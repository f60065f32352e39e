/* What a plan looks like: outlines before and after, and the list of what was carried over. */
#include "base/geo.h"
#include "base/map.h"
#include "mod/planner/planner_db.h"
#include "mod/planner/planner_plan.h"

enum { CARRIED_PAGE = 500, SHAPE_BYTES = 4 << 20 };

/* ---- outlines ---- */

static const struct member before_member[] = { { "code", F_CODE }, { "shape", F_JSON } };
static const struct shape before_shape = { .name = NULL, MEMBERS(before_member) };
static const struct member after_member[] = { { "part", F_INT }, { "shape", F_JSON } };
static const struct shape after_shape = { .name = NULL, MEMBERS(after_member) };
static const struct member outlines_member[] = {
	{ "before", .of = &before_shape, .list = 1,
		.help = "GeoJSON outlines of the grids of today" },
	{ "after", .of = &after_shape, .list = 1,
		.help = "of the parts; of those that change, as they would be" },
};
const struct shape plan_outlines_shape = { .name = "GridPlanOutlines", MEMBERS(outlines_member) };

static enum err write_shape(struct geo *g, const struct geo_shape *shape, const char *key,
	int64_t v, bool code, struct jw *out)
{
	struct buf b;
	enum err err;

	buf_init(&b, SHAPE_BYTES);
	err = geo_to_geojson(g, shape, 6, &b);
	if (err == OK && b.failed)
		err = ERR_NOMEM;
	if (err == OK) {
		jw_obj(out);
		if (code)
			jw_kid(out, key, v);
		else
			jw_kint(out, key, v);
		jw_kraw(out, "shape", buf_view(&b));
		jw_end_obj(out);
	}
	buf_release(&b);
	return err;
}

static enum err write_stored(struct req *rq, struct geo *g, int64_t code, const char *key,
	int64_t v, bool is_code, struct jw *out)
{
	struct geo_shape *shape = NULL;
	enum err err = shape_load(rq->db, g, code, &shape);

	if (err == OK && shape != NULL)
		err = write_shape(g, shape, key, v, is_code, out);
	geo_shape_free(g, shape);
	return err;
}

static enum err write_outlines(
	struct req *rq, const struct sheet *s, const struct outlines *o, struct jw *out)
{
	enum err err = OK;

	jw_obj(out);
	jw_karr(out, "before");
	for (size_t u = 0; u < s->nunit && err == OK; u++)
		err = write_stored(rq, o->g, s->unit[u].code, "code", s->unit[u].code, true, out);
	jw_end_arr(out);
	jw_karr(out, "after");
	for (size_t p = 0; p < s->npart && err == OK; p++) {
		const struct geo_shape *shape = outline_of(o, (int64_t)p);

		if (shape != NULL)
			err = write_shape(o->g, shape, "part", (int64_t)p, false, out);
		else if (!s->part[p].changed && s->part[p].origin != PLAN_NO_GRID)
			err = write_stored(rq, o->g, s->unit[s->part[p].origin].code, "part",
				(int64_t)p, false, out);
	}
	jw_end_arr(out);
	jw_end_obj(out);
	return err;
}

enum err plan_outlines(struct req *rq, struct jw *out)
{
	struct sheet *s = ARENA_NEW(rq->arena, struct sheet);
	struct grid_plan p;
	struct outlines o = { .g = NULL };
	enum err err = s == NULL ? ERR_NOMEM : plan_load(rq, &p);

	if (err == OK)
		err = sheet_of_plan(rq, &p, s);
	if (err == OK)
		err = outlines_make(rq, s, false, &o);
	if (err == OK)
		err = write_outlines(rq, s, &o, out);
	outlines_free(&o);
	return err;
}

/* ---- what was carried over ---- */

static const struct member moved_member[] = {
	{ "n", F_INT },
	{ "object", F_STR },
	{ "id", F_ID },
	{ "label", F_STR, .null = true },
	{ "from", F_CODE, .null = true },
	{ "from_name", F_STR, .null = true },
	{ "to", F_CODE, .null = true },
	{ "to_name", F_STR, .null = true },
};
static const struct shape moved_shape = { .name = "GridPlanMoved", MEMBERS(moved_member) };
static const struct member carried_member[] = {
	{ "items", .of = &moved_shape, .list = 1 },
	{ "next", F_INT, .null = true, .help = "`after` of the next page" },
	{ "hidden", F_INT, .help = "matters of this page that the asker may not see" },
};
const struct shape plan_carried_shape = { .name = "GridPlanCarried", MEMBERS(carried_member) };

struct carried_row {
	int64_t n, id, from, to;
	struct str object;
};

/* Names of things; of persons only those of staff, for whoever may read posts. */
static enum err label_of(struct req *rq, const struct carried_row *v, struct str *ret)
{
	bool post = str_eqz(v->object, "post");
	struct rows *r;

	if (post && !may(rq->who, "post.read"))
		return OK;
	r = db_query(rq->db, planner_sql[Q_PLAN_NAMES], ARGS(I(v->id)));
	if (rows_next(r))
		*ret = str_dup(rq->arena, row_str_at(r, post ? 1 : 0));
	return rows_close(r);
}

static enum err write_moved(struct req *rq, const struct map *seen, const struct carried_row *v,
	int64_t *hidden, struct jw *out)
{
	const struct snap *snap = req_snap(rq);
	struct str label = { NULL, 0 };
	enum err err = OK;

	if (str_eqz(v->object, "matter")) {
		const struct str *title = map_get(seen, v->id);

		if (title == NULL) {
			(*hidden)++;
			return OK;
		}
		label = *title;
	} else {
		err = label_of(rq, v, &label);
	}
	jw_obj(out);
	jw_kint(out, "n", v->n);
	jw_kstr(out, "object", v->object);
	jw_kid(out, "id", v->id);
	jw_kstr(out, "label", label);
	jw_kid(out, "from", v->from);
	jw_kstr(out, "from_name", snap_place_name(snap, v->from));
	jw_kid(out, "to", v->to);
	jw_kstr(out, "to_name", snap_place_name(snap, v->to));
	jw_end_obj(out);
	return err;
}

enum err plan_carried(struct req *rq, struct jw *out)
{
	struct carried_row *v = arena_array(rq->arena, CARRIED_PAGE, sizeof(*v));
	int64_t after = req_query_int(rq, "after"), hidden = 0;
	struct map *seen = NULL;
	struct grid_plan p;
	struct rows *r;
	size_t n = 0;
	enum err err = v == NULL ? ERR_NOMEM : plan_load(rq, &p);

	if (err == OK)
		err = plan_seen_matters(rq, p.id, &seen);
	if (err != OK)
		return err;
	r = db_query(rq->db, planner_sql[Q_PLAN_MOVES],
		ARGS(I(p.id), I(after == NIL ? 0 : after), I(CARRIED_PAGE)));
	while (n < CARRIED_PAGE && rows_next(r))
		v[n++] = (struct carried_row){ row_int_at(r, 0), row_int_at(r, 2), row_int_at(r, 3),
			row_int_at(r, 4), str_dup(rq->arena, row_str_at(r, 1)) };
	err = rows_close(r);
	jw_obj(out);
	jw_karr(out, "items");
	for (size_t i = 0; i < n && err == OK; i++)
		err = write_moved(rq, seen, &v[i], &hidden, out);
	jw_end_arr(out);
	jw_kint(out, "next", n == CARRIED_PAGE ? v[n - 1].n : NIL);
	jw_kint(out, "hidden", hidden);
	jw_end_obj(out);
	map_free(seen);
	return err;
}
