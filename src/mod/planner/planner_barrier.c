/*
 * Barriers: roads, rivers, railways and walls of a district, street or community, drawn or
 * imported, each a GeoJSON line or polygon. Buildings on the two sides of one are not neighbours to
 * the planner.
 */
#include <math.h>
#include <stdlib.h>

#include "mod/planner/planner_db.h"
#include "mod/planner/planner_plan.h"

enum {
	POINTS_MAX = 2000,
	FEATURES_MAX = 500,
	LINE_BYTES = 1 << 16,
	FILE_BYTES = 1000000,
	NAME_MAX_RUNES = 60
};

struct grid_barrier {
	int64_t id, version;
	int64_t place;
	struct str name;
	int64_t kind;
	struct str line;
	double west, south, east, north;
};

/* Stored as numbers: append only. */
static const char *const kind_word[] = { "road", "river", "rail", "wall", NULL };
static const char *const kind_label[] = { "道路|Road", "河流|River", "铁路|Railway", "围墙|Wall",
	NULL };
static const struct vocab barrier_kind_vocab = { "grid_barrier_kind", kind_word, kind_label };

static const struct field barrier_field[] = {
	FIELD(grid_barrier, id, F_ID, .flags = FIELD_READONLY | FIELD_SORT),
	FIELD(grid_barrier, version, F_INT),
	FIELD(grid_barrier, place, F_CODE, .flags = FIELD_REQUIRED | FIELD_SCOPE | FIELD_FILTER),
	FIELD(grid_barrier, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT,
		.min = 1, .max = NAME_MAX_RUNES),
	FIELD(grid_barrier, kind, F_ENUM, .flags = FIELD_REQUIRED | FIELD_FILTER,
		.vocab = &barrier_kind_vocab),
	FIELD(grid_barrier, line, F_JSON, .flags = FIELD_REQUIRED, .max = LINE_BYTES,
		.label = "线|Line"),
	FIELD(grid_barrier, west, F_REAL, .flags = FIELD_HIDDEN),
	FIELD(grid_barrier, south, F_REAL, .flags = FIELD_HIDDEN),
	FIELD(grid_barrier, east, F_REAL, .flags = FIELD_HIDDEN),
	FIELD(grid_barrier, north, F_REAL, .flags = FIELD_HIDDEN),
};

/* ---- a line as stretches ---- */

struct walk {
	struct plan_barrier *v; /* NULL: they are only counted */
	size_t n, cap, points;
	struct box box;
};

static bool read_point(json_t *v, double *ret_lon, double *ret_lat)
{
	json_t *lon = json_array_get(v, 0), *lat = json_array_get(v, 1);

	*ret_lon = json_is_number(lon) ? json_number_value(lon) : (double)NAN;
	*ret_lat = json_is_number(lat) ? json_number_value(lat) : (double)NAN;
	return *ret_lon >= -180 && *ret_lon <= 180 && *ret_lat >= -90 && *ret_lat <= 90;
}

/* A list of at least two positions. */
static bool walk_path(struct walk *w, json_t *path)
{
	size_t n = json_array_size(path);
	double lon, lat, before_lon = 0, before_lat = 0;

	for (size_t i = 0; i < n; i++) {
		if (++w->points > POINTS_MAX || !read_point(json_array_get(path, i), &lon, &lat))
			return false;
		w->box.x0 = fmin(w->box.x0, lon);
		w->box.y0 = fmin(w->box.y0, lat);
		w->box.x1 = fmax(w->box.x1, lon);
		w->box.y1 = fmax(w->box.y1, lat);
		if (i > 0 && w->v != NULL && w->n < w->cap)
			w->v[w->n++] = (struct plan_barrier){ before_lon, before_lat, lon, lat };
		before_lon = lon;
		before_lat = lat;
	}
	return n >= 2;
}

/* `depth` lists around the paths. */
static bool walk_paths(struct walk *w, json_t *v, int depth)
{
	json_t *one;
	size_t i;

	if (depth == 0)
		return walk_path(w, v);
	if (json_array_size(v) == 0)
		return false;
	json_array_foreach(v, i, one)
	{
		bool ok = depth == 1 ? walk_path(w, one) : walk_paths(w, one, depth - 1);

		if (!ok)
			return false;
	}
	return true;
}

static bool walk_shape(struct walk *w, json_t *shape)
{
	static const char *const type[] = { "LineString", "MultiLineString", "Polygon",
		"MultiPolygon" };
	static const int depth[] = { 0, 1, 1, 2 };
	struct str is = str_z(json_string_value(json_object_get(shape, "type")));

	w->box = (struct box){ INFINITY, INFINITY, -INFINITY, -INFINITY };
	for (size_t i = 0; i < ARRAY_LEN(type); i++) {
		if (str_eqz(is, type[i]))
			return walk_paths(w, json_object_get(shape, "coordinates"), depth[i]);
	}
	return false;
}

static enum err barrier_check(struct req *rq, const void *old, void *rec)
{
	struct grid_barrier *b = rec;
	struct walk w = { .v = NULL };
	json_t *shape = NULL;
	enum level level = place_level(b->place);
	enum err err;

	(void)old;
	if (snap_place(req_snap(rq), b->place) == NULL || level < LEVEL_DISTRICT ||
		level > LEVEL_COMMUNITY)
		return req_fail(rq, ERR_INVALID, "planner.barrier_place", "place",
			"a barrier belongs to a district, a street or a community");
	err = field_parse_json(b->line, &shape, &rq->err);
	if (err != OK)
		return err;
	if (!walk_shape(&w, shape))
		err = req_fail(rq, ERR_INVALID, "planner.barrier_line", "line",
			"draw a line or an area: GeoJSON LineString or Polygon (also Multi…) in "
			"degrees, at most %d points",
			POINTS_MAX);
	json_decref(shape);
	b->west = w.box.x0;
	b->south = w.box.y0;
	b->east = w.box.x1;
	b->north = w.box.y1;
	return err;
}

const struct entity grid_barrier_entity = {
	.name = "grid_barrier",
	.table = "grid_barrier",
	.path = "grid_barriers",
	.label = "分界线|Barriers",
	.fields = FIELDS(grid_barrier, barrier_field),
	.read = "planner.read",
	.write = "planner.plan",
	.order = "name",
	.flags = ENTITY_DELETE,
	.check = barrier_check,
	.extra_row = entity_place_name,
	.more_row = &entity_place_name_shape,
};

/* ---- for a plan ---- */

static struct box box_of(const struct sheet *s)
{
	struct box b = { INFINITY, INFINITY, -INFINITY, -INFINITY };

	for (size_t i = 0; i < s->ncell; i++) {
		b.x0 = fmin(b.x0, s->cell[i].lon);
		b.y0 = fmin(b.y0, s->cell[i].lat);
		b.x1 = fmax(b.x1, s->cell[i].lon);
		b.y1 = fmax(b.y1, s->cell[i].lat);
	}
	return b;
}

static enum err take_barrier(struct req *rq, struct sheet *s, const struct sheet_barrier *b)
{
	struct walk w = { .v = s->wall + s->nwall, .cap = PLAN_BARRIERS_MAX - s->nwall };
	json_t *shape = NULL;
	enum err err = field_parse_json(b->line, &shape, &rq->err);

	if (err != OK)
		return err;
	(void)walk_shape(&w, shape);
	json_decref(shape);
	s->nwall += w.n;
	s->barrier[s->nbarrier++] = *b;
	return OK;
}

enum err sheet_barriers(struct req *rq, struct sheet *s)
{
	struct box b = box_of(s);
	struct rows *r;
	enum err err = OK, end;

	s->nbarrier = s->nwall = 0;
	s->barrier = arena_array(s->a, SHEET_BARRIERS_MAX, sizeof(*s->barrier));
	s->wall = arena_array(s->a, PLAN_BARRIERS_MAX, sizeof(*s->wall));
	if (s->barrier == NULL || s->wall == NULL)
		return ERR_NOMEM;
	if (!(b.x0 <= b.x1))
		return OK;
	r = db_query(rq->db, planner_sql[Q_PLAN_BARRIERS],
		ARGS(I(place_up(s->place, LEVEL_DISTRICT)), I(place_up(s->place, LEVEL_STREET)),
			I(place_up(s->place, LEVEL_COMMUNITY)), R(b.x0), R(b.y0), R(b.x1),
			R(b.y1)));
	while (err == OK && s->nbarrier < SHEET_BARRIERS_MAX && rows_next(r)) {
		struct sheet_barrier one = { .name = str_dup(s->a, row_str_at(r, 0)),
			.kind = kind_word[row_int_at(r, 1)],
			.line = str_dup(s->a, row_str_at(r, 2)) };

		err = take_barrier(rq, s, &one);
	}
	end = rows_close(r);
	return err != OK ? err : end;
}

/* ---- from a file ---- */

struct features_body {
	int64_t place, kind;
	struct str features;
};
static const struct field features_field[] = {
	FIELD(features_body, place, F_CODE, .flags = FIELD_REQUIRED),
	FIELD(features_body, kind, F_ENUM, .vocab = &barrier_kind_vocab),
	FIELD(features_body, features, F_JSON, .flags = FIELD_REQUIRED, .max = FILE_BYTES),
};
const struct fields barrier_features_fields = FIELDS(features_body, features_field);

static const struct member added_member[] = { { "added", F_INT } };
const struct shape barrier_features_shape = { .name = "GridBarriersAdded", MEMBERS(added_member) };

/* Name and kind from its properties, where it has them. */
static enum err add_feature(
	struct req *rq, const struct features_body *in, json_t *feature, size_t nr)
{
	json_t *is = json_object_get(feature, "properties");
	struct str name = str_trim(str_z(json_string_value(json_object_get(is, "name"))));
	int64_t kind = vocab_index(
		&barrier_kind_vocab, str_z(json_string_value(json_object_get(is, "kind"))));
	char *line = json_dumps(
		json_object_get(feature, "geometry"), JSON_COMPACT | JSON_REAL_PRECISION(12));
	struct grid_barrier b;
	int64_t id;
	enum err err;

	fields_clear(&grid_barrier_entity.fields, &b);
	b.place = in->place;
	b.kind = kind != NIL ? kind : in->kind != NIL ? in->kind : 0;
	b.name = name.n > 0 ? name : str_fmt(rq->arena, "%zu", nr);
	b.line = line != NULL ? str_dup(rq->arena, str_z(line)) : STR("null");
	free(line);
	if (b.line.p == NULL || b.name.p == NULL)
		return ERR_NOMEM;
	err = str_runes(b.name) <= NAME_MAX_RUNES && b.line.n <= LINE_BYTES
		      ? entity_insert(rq, &grid_barrier_entity, &b, &id)
		      : req_fail(rq, ERR_INVALID, "planner.barrier_line", "features",
				"its name or its line is too long");
	return err != ERR_INVALID ? err
				  : req_fail(rq, ERR_INVALID, "planner.barrier_line", "features",
					    "feature %zu: %s", nr, rq->err.message);
}

/* All of them or none. */
enum err barrier_features(struct req *rq, struct jw *out)
{
	const struct features_body *in = rq->in;
	json_t *file = NULL, *list, *one;
	size_t i;
	enum err err = field_parse_json(in->features, &file, &rq->err);

	if (err != OK)
		return err;
	list = json_object_get(file, "features");
	if (json_array_size(list) == 0 || json_array_size(list) > FEATURES_MAX)
		err = req_fail(rq, ERR_INVALID, "planner.barrier_file", "features",
			"it is a GeoJSON FeatureCollection of 1 to %d lines or areas",
			FEATURES_MAX);
	json_array_foreach(list, i, one)
	{
		if (err == OK)
			err = add_feature(rq, in, one, i + 1);
	}
	jw_obj(out);
	jw_kint(out, "added", (int64_t)json_array_size(list));
	jw_end_obj(out);
	json_decref(file);
	return err;
}
