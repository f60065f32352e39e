/* Rows as GeoJSON features (RFC 7946): a point, or a place's boundary. */
#include "mod/atlas/atlas_json.h"

#include <math.h>

#include "base/geo.h"
#include "core/matter_list.h"
#include "mod/atlas/atlas_db.h"
#include "mod/place/place.h"

enum { DECIMALS = 7, SHAPE_BYTES = 4 << 20 };

void atlas_json_begin(struct jw *out)
{
	jw_obj(out);
	jw_kz(out, "type", "FeatureCollection");
	jw_karr(out, "features");
}

static enum err write_boundary(struct req *rq, int64_t id, struct jw *out, bool *ret_done)
{
	struct geo *g = geo_new();
	struct geo_shape *shape = NULL;
	struct str wkb;
	struct buf b;
	enum err err = g == NULL ? ERR_NOMEM : atlas_boundary(rq, id, &wkb);

	buf_init(&b, SHAPE_BYTES);
	if (err == OK && wkb.p != NULL)
		err = geo_from_wkb(g, wkb, &shape);
	if (err == OK && shape != NULL)
		err = geo_to_geojson(g, shape, DECIMALS, &b);
	*ret_done = err == OK && shape != NULL && !b.failed;
	if (*ret_done)
		jw_kraw(out, "geometry", buf_view(&b));
	buf_release(&b);
	geo_shape_free(g, shape);
	geo_free(g);
	return err;
}

static void write_at(double lon, double lat, struct jw *out)
{
	jw_key(out, "geometry");
	if (isnan(lon) || isnan(lat)) {
		jw_null(out);
		return;
	}
	jw_obj(out);
	jw_kz(out, "type", "Point");
	jw_karr(out, "coordinates");
	jw_real(out, lon);
	jw_real(out, lat);
	jw_end_arr(out);
	jw_end_obj(out);
}

static void write_point(const struct entity *e, const void *rec, struct jw *out)
{
	const struct field *lon = fields_find(&e->fields, STR("lon")),
			   *lat = fields_find(&e->fields, STR("lat"));
	const double none = (double)NAN;

	write_at(lon != NULL ? field_real(lon, rec) : none,
		lat != NULL ? field_real(lat, rec) : none, out);
}

void atlas_json_event(
	struct req *rq, const struct matter *m, struct str handler_name, struct jw *out)
{
	jw_obj(out);
	jw_kz(out, "type", "Feature");
	jw_kid(out, "id", m->id);
	write_at(m->lon, m->lat, out);
	jw_kobj(out, "properties");
	matter_members(rq, m, handler_name, true, out);
	jw_end_obj(out);
	jw_end_obj(out);
}

enum err atlas_json_feature(struct req *rq, const struct entity *e, const void *rec, struct jw *out)
{
	int64_t id = field_int(&e->fields.v[0], rec);
	bool done = false;
	enum err err = OK;

	jw_obj(out);
	jw_kz(out, "type", "Feature");
	jw_kid(out, "id", id);
	if (e == &place_entity)
		err = write_boundary(rq, id, out, &done);
	if (!done)
		write_point(e, rec, out);
	jw_kobj(out, "properties");
	entity_members(rq, entity_plan_of(rq->app, e), rec, out);
	jw_end_obj(out);
	jw_end_obj(out);
	return err;
}

enum err atlas_json_row(struct req *rq, const struct entity *e, int64_t id, struct jw *out)
{
	void *rec = arena_alloc(rq->arena, e->fields.size);
	enum err err = rec == NULL ? ERR_NOMEM : entity_get(rq, e, id, rec);

	if (err == ERR_NOT_FOUND) {
		rq->err = (struct error){ .err = OK };
		return OK;
	}
	return err != OK ? err : atlas_json_feature(rq, e, rec, out);
}

static const struct member feature_member[] = {
	{ "type", F_STR },
	{ "id", F_ID },
	{ "geometry", F_JSON, .null = true },
	{ "properties", F_JSON, .help = "the row's fields, as in the list of its kind" },
};
const struct shape atlas_feature_shape = {
	.name = "GeoFeature", MEMBERS(feature_member), .open = true
};
