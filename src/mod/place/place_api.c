/* Places over HTTP: the entity with its rules, boundaries, positions, norms, import, reports. */
#include <string.h>

#include "core/audit.h"
#include "core/entity_plan.h"
#include "mod/place/place_db.h"

static const struct field place_fields[] = {
	FIELD(place_row, id, F_ID, .flags = FIELD_READONLY),
	FIELD(place_row, version, F_INT),
	FIELD(place_row, code, F_CODE,
	      .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_UNIQUE | FIELD_SCOPE | FIELD_FILTER | FIELD_SORT),
	FIELD(place_row, level, F_ENUM, .flags = FIELD_READONLY | FIELD_FILTER | FIELD_SORT | FIELD_ALWAYS,
	      .vocab = &level_vocab),
	FIELD(place_row, kind, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &place_kind_vocab),
	FIELD(place_row, parent, F_CODE, .flags = FIELD_READONLY | FIELD_FILTER),
	FIELD(place_row, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT, .min = 1, .max = 64),
	FIELD(place_row, alias, F_STR, .flags = FIELD_SEARCH, .max = 64),
	FIELD(place_row, official_code, F_STR, .flags = FIELD_SEARCH | FIELD_FILTER, .max = 32),
	FIELD(place_row, households, F_INT, .flags = FIELD_SORT | FIELD_ALWAYS, .min = 0, .max = 10000000),
	FIELD(place_row, leader_id, F_ID, .ref = "user"),
	FIELD(place_row, norm_reason, F_STR, .max = 200),
	FIELD(place_row, norm_since, F_DATE, .flags = FIELD_READONLY),
	FIELD(place_row, lon, F_REAL),
	FIELD(place_row, lat, F_REAL),
	FIELD(place_row, has_shape, F_BOOL, .flags = FIELD_READONLY | FIELD_FILTER | FIELD_ALWAYS),
	FIELD(place_row, valid_from, F_DATE),
	FIELD(place_row, valid_to, F_DATE),
};

const struct norms *snap_norms(const struct snap *s, const struct app *app)
{
	const struct norms *n = snap_part(s, app, &place_module);

	return n != NULL ? n : &norms_default;
}

/* ---- rules of the entity ---- */

static enum err check_parent(struct req *rq, struct place_row *p)
{
	int64_t up = place_up(p->code, (enum level)(p->level - 1));
	struct place_row row;
	bool found = false;
	enum err err = p->level > LEVEL_PROVINCE ? place_by_code(rq->db, rq->arena, up, &row, &found) : OK;

	if (err != OK)
		return err;
	if (!found && p->level > LEVEL_DISTRICT)
		return req_fail(rq, ERR_INVALID, "place.no_parent", "code",
				"the place above it does not exist: every %s belongs to exactly one %s",
				vocab_word(&level_vocab, p->level), vocab_word(&level_vocab, p->level - 1));
	if (found && !place_in_force(row.valid_to, date_of(rq->now)))
		return req_fail(rq, ERR_CONFLICT, "place.parent_ended", "code", "%.*s has ended",
				(int)row.name.n, row.name.p);
	p->parent = found ? up : NIL;
	return OK;
}

static enum err check_values(struct req *rq, const struct place_row *p)
{
	bool lon = p->lon == p->lon, lat = p->lat == p->lat;

	if (!place_kind_fits(p->kind, (enum level)p->level))
		return req_fail(rq, ERR_INVALID, "place.kind", "kind", "a %s cannot be a %s",
				vocab_word(&level_vocab, p->level), vocab_word(&place_kind_vocab, p->kind));
	if (str_trim(p->name).n == 0)
		return req_fail(rq, ERR_INVALID, "required", "name", "name may not be empty");
	if (lon != lat || (lon && (p->lon < -180 || p->lon > 180 || p->lat < -90 || p->lat > 90)))
		return req_fail(rq, ERR_INVALID, "place.position", lon ? "lat" : "lon",
				"a position is longitude and latitude in degrees");
	if (p->valid_from != NIL && p->valid_to != NIL && p->valid_to < p->valid_from)
		return req_fail(rq, ERR_INVALID, "range", "valid_to", "it cannot end before it begins");
	return OK;
}

/* The day since when it has been outside the norm survives while it stays outside. */
static void set_norm_since(struct req *rq, const struct place_row *old, struct place_row *p)
{
	const struct norm *n = norm_of(snap_norms(req_snap(rq), rq->app), (enum level)p->level, p->kind);

	if (n == NULL || norm_ok(n, p->households))
		p->norm_since = NIL;
	else if (old == NULL || old->norm_since == NIL)
		p->norm_since = date_of(rq->now);
}

static enum err place_check(struct req *rq, const void *was, void *now)
{
	const struct place_row *old = was;
	struct place_row *p = now;
	enum err err = OK;

	p->level = place_level(p->code);
	if (p->level == LEVEL_COUNTRY)
		return req_fail(rq, ERR_INVALID, "code", "code", "that is not the code of a place");
	if (p->kind == NIL)
		p->kind = place_kind_usual((enum level)p->level);
	if (p->households == NIL)
		p->households = 0;
	if (p->has_shape == NIL)
		p->has_shape = 0;
	if (old == NULL)
		err = check_parent(rq, p);
	if (err == OK)
		err = check_values(rq, p);
	if (err == OK)
		set_norm_since(rq, old, p);
	return err;
}

static enum err place_after(struct req *rq, const void *was, const void *now)
{
	const struct place_row *old = was, *p = now;

	if (p == NULL || (old == NULL && p->official_code.p == NULL))
		return OK;
	if (old == NULL)
		return place_official_change(rq->db, p->id, p->official_code, p->valid_from);
	if (old->official_code.p == NULL && p->official_code.p == NULL)
		return OK;
	if (old->official_code.p != NULL && p->official_code.p != NULL &&
	    str_eq(old->official_code, p->official_code))
		return OK;
	return place_official_change(rq->db, p->id, p->official_code, date_of(rq->now));
}

static enum err place_preview(struct req *rq, const void *was, const void *now, struct jw *out)
{
	const struct place_row *old = was;

	(void)now;
	return entity_affects(rq, KEEPS_PLACES, place_sql[Q_PLACE_OPEN_AT], ARGS(I(old->code), I(place_end(old->code))),
		out);
}

static const struct member more_row_member[] = {
	{ "norm_ok", F_BOOL, .null = true, .help = "null where no standard applies" },
	{ "parent_name", F_STR, .null = true },
};
static const struct shape more_row = { .name = NULL, MEMBERS(more_row_member) };

static const struct member step_member[] = {
	{ "code", F_CODE },
	{ "name", F_STR },
	{ "level", F_ENUM, .vocab = &level_vocab },
};
static const struct shape step_shape = { .name = "PlaceStep", MEMBERS(step_member) };

static const struct member official_member[] = {
	{ "code", F_STR },
	{ "scheme", F_STR },
	{ "valid_from", F_DATE, .null = true },
	{ "valid_to", F_DATE, .null = true },
};
static const struct shape official_shape = { .name = "OfficialCode", MEMBERS(official_member) };

static const struct member lineage_member[] = {
	{ "kind", F_ENUM, .vocab = &lineage_vocab },
	{ "from", F_CODE },
	{ "to", F_CODE },
	{ "at", F_TIME },
	{ "reason", F_STR, .null = true },
};
static const struct shape lineage_shape = { .name = "PlaceLineage", MEMBERS(lineage_member) };

static const struct member more_member[] = {
	{ "path", .of = &step_shape, .list = 1, .help = "from the widest place down to this one" },
	{ "officials", .of = &official_shape, .list = 1 },
	{ "lineage", .of = &lineage_shape, .list = 1 },
};
static const struct shape more = { .name = NULL, MEMBERS(more_member) };
static const struct shape detail_shape = { .name = "PlaceDetail" };

static void place_extra_row(struct req *rq, const struct entity *e, const void *rec, struct jw *out)
{
	const struct place_row *p = rec;
	const struct norm *n = norm_of(snap_norms(req_snap(rq), rq->app), (enum level)p->level, p->kind);

	(void)e;
	if (n != NULL)
		jw_kbool(out, "norm_ok", norm_ok(n, p->households));
	else
		jw_kz(out, "norm_ok", NULL);
	jw_kstr(out, "parent_name", snap_place_name(req_snap(rq), p->parent));
}

static void write_path(const struct snap *s, int64_t code, struct jw *out)
{
	jw_karr(out, "path");
	for (int l = LEVEL_PROVINCE; l <= (int)place_level(code); l++) {
		const struct place *p = snap_place(s, place_up(code, (enum level)l));

		if (p == NULL || (int)p->level != l)
			continue;
		jw_obj(out);
		jw_kid(out, "code", p->code);
		jw_kstr(out, "name", p->name);
		jw_kz(out, "level", vocab_word(&level_vocab, l));
		jw_end_obj(out);
	}
	jw_end_arr(out);
}

static enum err place_extra(struct req *rq, const void *rec, struct jw *out)
{
	const struct place_row *p = rec;
	enum err err;

	write_path(req_snap(rq), p->code, out);
	err = place_officials_write(rq->db, p->id, out);
	return err != OK ? err : place_lineage_write(rq->db, p->code, out);
}

const struct entity place_entity = {
	.name = "place",
	.table = "place",
	.path = "places",
	.fields = FIELDS(place_row, place_fields),
	.read = "place.read",
	.write = "place.write",
	.flags = ENTITY_CONFIG | ENTITY_PREVIEW | ENTITY_NO_IMPORT,
	.index = 1,
	.order = "code",
	.check = place_check,
	.after = place_after,
	.preview = place_preview,
	.extra = place_extra,
	.more = &more,
	.extra_row = place_extra_row,
	.more_row = &more_row,
};

/* ---- one place ---- */

static enum err write_place(struct req *rq, const struct place_row *p, struct jw *out)
{
	enum err err;

	jw_obj(out);
	for (size_t i = 0; i < place_entity.fields.n; i++)
		field_encode(&place_entity.fields.v[i], p, out);
	place_extra_row(rq, &place_entity, p, out);
	err = place_extra(rq, p, out);
	jw_end_obj(out);
	return err;
}

static enum err read_by_code(struct req *rq, struct jw *out)
{
	struct place_row p;
	int64_t code;
	bool found = false;
	enum err err = OK;

	if (place_parse(req_param(rq, "code"), &code) && scope_sees(rq->who, place_entity.read, code))
		err = place_by_code(rq->db, rq->arena, code, &p, &found);
	if (err != OK)
		return err;
	if (!found)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "code", "there is no such place");
	return write_place(rq, &p, out);
}

static const struct member at_member[] = {
	{ "place", .of = &detail_shape, .null = true },
	{ "path", .of = &step_shape, .list = 1 },
};
static const struct shape at_shape = { .name = "PlaceAt", MEMBERS(at_member) };

static enum err read_at(struct req *rq, struct jw *out)
{
	double lon = req_query_real(rq, "lon"), lat = req_query_real(rq, "lat");
	const struct snap *s = req_snap(rq);
	struct place_row p;
	bool found = false;
	int64_t code;
	enum err err = OK;

	if (!(lon >= -180 && lon <= 180) || !(lat >= -90 && lat <= 90))
		return req_fail(rq, ERR_INVALID, "place.position", "lon", "lon and lat are degrees");
	code = geo_index_find(s->grids, lon, lat);
	if (code != NIL && scope_sees(rq->who, place_entity.read, code))
		err = place_by_code(rq->db, rq->arena, code, &p, &found);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_key(out, "place");
	if (found)
		err = write_place(rq, &p, out);
	else
		jw_null(out);
	if (found)
		write_path(s, code, out);
	else
		jw_kraw(out, "path", STR("[]"));
	jw_end_obj(out);
	return err;
}

/* ---- boundaries ---- */

static const struct member geometry_member[] = { { "type", F_STR }, { "coordinates", F_JSON, .list = 1 } };
static const struct shape geometry_shape = { .name = "Geometry", MEMBERS(geometry_member) };

static enum err shape_read(struct req *rq, struct jw *out)
{
	struct place_row p;
	struct geo_shape *s = NULL;
	struct geo *g = NULL;
	struct buf b;
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = entity_get(rq, &place_entity, id, &p);
	if (err != OK)
		return err;
	buf_init(&b, 8u << 20);
	g = geo_new();
	err = g == NULL ? ERR_NOMEM : shape_load(rq->db, g, p.code, &s);
	if (err == OK && s == NULL)
		err = req_fail(rq, ERR_NOT_FOUND, "place.no_shape", "id", "it has no boundary");
	if (err == OK)
		err = geo_to_geojson(g, s, 7, &b);
	if (err == OK && b.failed)
		err = ERR_NOMEM;
	if (err == OK)
		jw_raw(out, buf_view(&b));
	geo_shape_free(g, s);
	geo_free(g);
	buf_release(&b);
	return err;
}

static enum err shape_write(struct req *rq, struct jw *out)
{
	struct place_row p;
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = place_shape_put(rq, id, rq->body);
	if (err == OK)
		err = entity_get(rq, &place_entity, id, &p);
	return err != OK ? err : write_place(rq, &p, out);
}

/* ---- import ---- */

static enum err import_route(struct req *rq, struct jw *out)
{
	struct import_result r;
	struct buf b;
	struct jw errors;
	enum err err;

	buf_init(&b, 4u << 20);
	jw_init(&errors, &b);
	jw_arr(&errors);
	err = place_import(rq, rq->body, req_query_int(rq, "dry_run") == 1, req_query_int(rq, "partial") == 1, &r,
			   &errors);
	jw_end_arr(&errors);
	if (err == OK && b.failed)
		err = ERR_NOMEM;
	if (err == OK) {
		jw_obj(out);
		jw_kint(out, "rows", r.rows);
		jw_kint(out, "created", r.created);
		jw_kint(out, "updated", r.updated);
		jw_kint(out, "unchanged", r.unchanged);
		jw_kint(out, "rejected", r.rejected);
		jw_kraw(out, "errors", buf_view(&b));
		jw_end_obj(out);
		rq->reply.status = 200;
	}
	buf_release(&b);
	return err;
}

/* ---- what becomes of a cell that is split, merged or adjusted ---- */

struct replace_body {
	int64_t kind;
	struct str into, reason;
};
static const struct field replace_fields[] = {
	FIELD(replace_body, kind, F_ENUM, .flags = FIELD_REQUIRED, .vocab = &lineage_vocab),
	FIELD(replace_body, into, F_JSON, .flags = FIELD_REQUIRED, .max = 4000),
	FIELD(replace_body, reason, F_STR, .flags = FIELD_REQUIRED, .min = 1, .max = 200),
};
static const struct fields replace_shape = FIELDS(replace_body, replace_fields);

enum { INTO_MAX = 20 };

/* A successor: another cell in force of the same level below the same parent. */
static enum err add_successor(struct req *rq, const struct place_row *p, const struct replace_body *in, json_t *v)
{
	struct place_row to;
	int64_t code;
	bool found = false;
	enum err err = OK;

	if (json_is_string(v) && place_parse(str_z(json_string_value(v)), &code) && code != p->code)
		err = place_by_code(rq->db, rq->arena, code, &to, &found);
	if (err != OK)
		return err;
	if (!found || to.level != p->level || to.parent != p->parent ||
	    !place_in_force(to.valid_to, date_of(rq->now)))
		return req_fail(rq, ERR_INVALID, "place.successor", "into",
				"successors are other places in force of the same level below the same place");
	return place_lineage_add(rq->db, in->kind, p->code, code, rq->now, in->reason);
}

static const struct member replaced_member[] = {
	{ "open_matters", F_INT },
	{ "place", .of = &detail_shape },
};
static const struct shape replaced_shape = { .name = "PlaceReplaced", MEMBERS(replaced_member) };

/* Ends a place in favour of its successors. Its code, history and matters stay; the reply says how many
 * open matters have to be handed over one by one. */
static enum err replace_place(struct req *rq, struct jw *out)
{
	const struct replace_body *in = rq->in;
	struct place_row old = { .id = 0 }, p;
	json_t *into = NULL;
	int64_t id, n;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = entity_get(rq, &place_entity, id, &old);
	if (err == OK && in->kind == LINEAGE_UNDO)
		err = req_fail(rq, ERR_INVALID, "word", "kind", "kind is split, merge or adjust");
	if (err == OK && old.level < LEVEL_GRID)
		err = req_fail(rq, ERR_INVALID, "place.level", "id", "only grids and micro-grids are replaced");
	if (err == OK && !place_in_force(old.valid_to, date_of(rq->now)))
		err = req_fail(rq, ERR_CONFLICT, "place.ended", "id", "it has already ended");
	if (err == OK)
		err = field_parse_json(in->into, &into, &rq->err);
	if (err == OK && (!json_is_array(into) || json_array_size(into) == 0 || json_array_size(into) > INTO_MAX))
		err = req_fail(rq, ERR_INVALID, "place.successor", "into", "into is a list of 1 to %d codes", INTO_MAX);
	for (size_t i = 0; err == OK && i < json_array_size(into); i++)
		err = add_successor(rq, &old, in, json_array_get(into, i));
	json_decref(into);
	p = old;
	p.valid_to = date_of(rq->now);
	if (err == OK)
		err = entity_update(rq, &place_entity, &old, &p);
	if (err == OK)
		err = db_exec(rq->db, place_sql[Q_PLACE_END],
			      ARGS(I(p.code + 1), I(place_end(p.code)), I(p.valid_to), I(rq->now)), NULL);
	if (err == OK)
		err = db_int(rq->db, place_sql[Q_PLACE_OPEN_AT], ARGS(I(p.code), I(place_end(p.code))), &n);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_kint(out, "open_matters", n);
	jw_key(out, "place");
	err = write_place(rq, &p, out);
	jw_end_obj(out);
	return err;
}

/* ---- the standard ---- */

struct norms_body {
	struct str grid, micro_grid;
};
static const struct field norms_fields[] = {
	FIELD(norms_body, grid, F_JSON, .flags = FIELD_REQUIRED, .max = 200),
	FIELD(norms_body, micro_grid, F_JSON, .flags = FIELD_REQUIRED, .max = 200),
};
static const struct fields norms_shape = FIELDS(norms_body, norms_fields);

static enum err norms_read(struct req *rq, struct jw *out)
{
	norms_write(snap_norms(req_snap(rq), rq->app), out);
	return OK;
}

static enum err norms_stored(struct dbc *c, struct norms *ret)
{
	struct rows *r = db_query(c, place_sql[Q_NORMS_GET], NO_ARGS);
	struct norms n = norms_default;
	enum err err = OK, end;

	if (rows_next(r))
		err = norms_parse(row_str_at(r, 0), &n);
	end = rows_close(r);
	*ret = n;
	return err != OK ? err : end;
}

static enum err renew_since(struct req *rq, int64_t kind, const struct norm *n)
{
	enum err err = db_exec(rq->db, place_sql[Q_NORMS_SINCE],
			       ARGS(I(date_of(rq->now)), I(kind), I(n->low), I(n->high)), NULL);

	return err != OK ? err : db_exec(rq->db, place_sql[Q_NORMS_CLEAR], ARGS(I(kind), I(n->low), I(n->high)), NULL);
}

static enum err norms_save(struct req *rq, struct str text)
{
	struct audit_entry entry = { .at = rq->now, .actor = rq->who != NULL ? rq->who->user_id : NIL,
		.action = "update", .object = "place_norms", .object_id = NIL, .detail = text };
	enum err err = db_exec(rq->db, place_sql[Q_NORMS_PUT], ARGS(T(text)), NULL);

	if (err == OK)
		err = audit_add(rq->db, &entry);
	return err != OK ? err : snap_touch(rq->db);
}

static enum err norms_put(struct req *rq, struct jw *out)
{
	const struct norms_body *in = rq->in;
	struct norms old, n;
	struct buf b;
	struct jw j;
	enum err err = norms_stored(rq->db, &old);

	if (err != OK)
		return err;
	struct str text = str_fmt(rq->arena, "{\"version\":%lld,\"grid\":%.*s,\"micro_grid\":%.*s}",
				  (long long)old.version + 1, (int)in->grid.n, in->grid.p, (int)in->micro_grid.n,
				  in->micro_grid.p);

	if (text.p == NULL)
		return ERR_NOMEM;
	if (norms_parse(text, &n) != OK)
		return req_fail(rq, ERR_INVALID, "place.norms", "grid",
				"each norm has low ≤ target ≤ high households, all above 0");
	buf_init(&b, 1000);
	jw_init(&j, &b);
	norms_write(&n, &j);
	err = b.failed ? ERR_NOMEM : norms_save(rq, buf_view(&b));
	buf_release(&b);
	if (err == OK)
		err = renew_since(rq, PLACE_GRID, &n.grid);
	if (err == OK)
		err = renew_since(rq, PLACE_MICRO, &n.micro);
	if (err == OK)
		norms_write(&n, out);
	return err;
}

/* ---- the module ---- */

static enum err place_load(struct snap *s, struct dbc *c, void **ret_part)
{
	struct norms *n = ARENA_NEW(s->arena, struct norms);

	if (n == NULL)
		return ERR_NOMEM;
	*ret_part = n;
	return norms_stored(c, n);
}

static const struct param tree_params[] = {
	{ "root", F_CODE, "the place to begin with; default those of one's posts" },
	{ "depth", F_INT, "levels below it, 0 to 6; default 1" },
};
static const struct param at_params[] = { { "lon", F_REAL, "degrees east" }, { "lat", F_REAL, "degrees north" } };
static const struct param import_params[] = {
	{ "dry_run", F_BOOL, "check only, write nothing" },
	{ "partial", F_BOOL, "write the good rows even if others are refused" },
};
static const struct param granularity_params[] = {
	{ "place", F_CODE, "only this place and below" },
	{ "level", F_STR, "grid (default) or micro_grid" },
};

static const struct route place_routes[] = {
	{ .method = M_GET, .path = "/api/places/tree", .perm = "place.read", .query = tree_params,
	  .nquery = ARRAY_LEN(tree_params), .reply = &place_node_shape, .out_list = true, .fn = place_tree,
	  .id = "getPlaceTree",
	  .summary = "Places below one, with open and overdue matters" },
	{ .method = M_GET, .path = "/api/places/by-code/{code}", .perm = "place.read", .flags = ROUTE_QUICK,
	  .reply = &detail_shape, .fn = read_by_code, .id = "getPlaceByCode", .summary = "A place by its position code" },
	{ .method = M_GET, .path = "/api/places/at", .perm = "place.read", .flags = ROUTE_QUICK, .query = at_params,
	  .nquery = ARRAY_LEN(at_params), .reply = &at_shape, .fn = read_at, .id = "getPlaceAt",
	  .summary = "The smallest place with a boundary around a position" },
	{ .method = M_GET, .path = "/api/places/{id}/shape", .perm = "place.read", .reply = &geometry_shape,
	  .fn = shape_read, .id = "getPlaceShape", .summary = "A boundary as GeoJSON" },
	{ .method = M_PUT, .path = "/api/places/{id}/shape", .perm = "place.write", .flags = ROUTE_RAW_BODY,
	  .takes = "application/geo+json",
	  .max_body = 8u << 20, .reply = &detail_shape, .fn = shape_write, .id = "putPlaceShape", .summary = "Set a boundary (GeoJSON)" },
	{ .method = M_POST, .path = "/api/places/{id}/replace", .perm = "place.write", .in = &replace_shape,
	  .reply = &replaced_shape, .fn = replace_place, .id = "replacePlace", .summary = "End a grid in favour of others, with lineage" },
	{ .method = M_POST, .path = "/api/places/import", .perm = "place.write", .flags = ROUTE_RAW_BODY,
	  .takes = TYPES_TABLE,
	  .max_body = 64u << 20, .query = import_params, .nquery = ARRAY_LEN(import_params),
	  .reply = &import_shape, .fn = import_route,
	  .id = "importPlaces", .summary = "Import divisions from CSV" },
	{ .method = M_GET, .path = "/api/places/norms", .perm = "place.read", .reply = &norms_reply, .fn = norms_read,
	  .id = "getPlaceNorms",
	  .summary = "How many households a grid and a micro-grid should have" },
	{ .method = M_PUT, .path = "/api/places/norms", .perm = "place.write", .in = &norms_shape,
	  .reply = &norms_reply, .fn = norms_put,
	  .id = "putPlaceNorms", .summary = "Change the standard" },
	{ .method = M_GET, .path = "/api/reports/granularity", .perm = "place.read", .query = granularity_params,
	  .nquery = ARRAY_LEN(granularity_params), .reply = &granularity_shape, .fn = granularity_report,
	  .id = "getGranularity",
	  .summary = "Drift of grids from their norm, per street and community" },
};

static const struct entity *const place_entities[] = { &place_entity, NULL };

const struct module place_module = {
	.name = "place",
	.entity = place_entities,
	.route = place_routes,
	.nroute = ARRAY_LEN(place_routes),
	.sql = place_sql,
	.nsql = PLACE_NSQL,
	.load = place_load,
};
