/*
 * What lies inside a drawn area: exact counts of every layer, the first of each, people and
 * households of the buildings in it; and one layer of it as a GeoJSON file.
 */
#include <math.h>

#include "core/entity_plan.h"
#include "core/export_file.h"
#include "core/matter.h"
#include "mod/atlas/atlas_area.h"
#include "mod/atlas/atlas_impl.h"
#include "mod/atlas/atlas_json.h"
#include "mod/registry/registry.h"

enum { LISTED = 100, EXPORT_MAX = 20000, ALL = 1 << 30 };

static const struct field area_fields[] = {
	FIELD(area_in, area, F_JSON, .max = 1 << 16),
	FIELD(area_in, lon, F_REAL, .min = -180, .max = 180),
	FIELD(area_in, lat, F_REAL, .min = -90, .max = 90),
	FIELD(area_in, radius, F_REAL, .min = 1, .max = 100000),
	FIELD(area_in, layer, F_STR, .max = 32),
};
const struct fields atlas_area_fields = FIELDS(area_in, area_fields);

struct listed {
	int64_t id, place;
	double lon, lat;
	struct str name;
	const char *kind, *state;
};

struct selection {
	struct req *rq;
	struct area *area;
	const struct atlas_layer *l; /* NULL: events */
	bool inside;                 /* the range being read lies inside whole */
	bool homes;                  /* count those of the buildings */
	enum err err;
	int64_t count, households, people;
	bool visits;	     /* visit plans are asked for too: at the places of the points */
	struct care_where where; /* the streets of those points */
	size_t n, max;
	struct listed *v;
};

static void list(struct selection *s, struct listed x)
{
	if (s->n == s->max)
		return;
	x.name = str_dup(s->rq->arena, x.name);
	s->v[s->n++] = x;
}

static void take_street(int64_t place, void *arg)
{
	struct selection *s = arg;

	care_where_add(&s->where, place);
}

static void take_point(const struct atlas_point *p, void *arg)
{
	struct selection *s = arg;

	if (!s->inside && !area_has(s->area, p->lon, p->lat))
		return;
	list(s, (struct listed){ p->id, p->place, p->lon, p->lat, p->name,
			atlas_word(s->l, s->l->kind, p->kind),
			atlas_word(s->l, s->l->state, p->state) });
	if (s->inside)
		return;
	s->count++;
	take_street(p->place, s);
	if (s->homes && s->err == OK)
		s->err = atlas_homes(s->rq, 0, 0, p->id, &s->households, &s->people);
}

static void take_event(const struct atlas_event *v, void *arg)
{
	struct selection *s = arg;

	if (!s->inside && !area_has(s->area, v->lon, v->lat))
		return;
	s->count++;
	list(s, (struct listed){ v->id, v->place, v->lon, v->lat, v->title,
			vocab_word(&mstate_vocab, v->state),
			v->level >= 2   ? "red"
			: v->level == 1 ? "amber"
					: NULL });
}

static void take_visit(const struct care_point *p, void *arg)
{
	struct selection *s = arg;

	if (isnan(p->lon) || isnan(p->lat) || !area_has(s->area, p->lon, p->lat))
		return;
	s->count++;
	list(s, (struct listed){ p->id, p->place, p->lon, p->lat, p->name, NULL,
			p->due < date_of(s->rq->now) ? "overdue" : NULL });
}

/* Visit plans stand where what is visited stands: at one of the points already seen. */
static enum err select_visits(struct selection *s)
{
	s->n = 0;
	s->count = 0;
	return s->where.n == 0 ? OK : care_points_each(s->rq, &s->where, take_visit, s);
}

static enum err select_range(struct selection *s, const struct area_range *r)
{
	int64_t n = 0;
	enum err err = OK;

	s->inside = r->inside;
	if (s->l == NULL)
		return atlas_events_in(s->rq, r->lo, r->hi, take_event, s);
	if (!r->inside) {
		err = atlas_points(s->rq, s->l, r->lo, r->hi, ALL, take_point, s);
		return err != OK ? err : s->err;
	}
	err = atlas_count(s->rq, s->l, r->lo, r->hi, 0, &n);
	s->count += n;
	if (err == OK && n > 0 && s->visits)
		err = atlas_streets(s->rq, s->l, r->lo, r->hi, take_street, s);
	if (err == OK && n > 0 && s->n < s->max)
		err = atlas_points(
			s->rq, s->l, r->lo, r->hi, (int64_t)(s->max - s->n), take_point, s);
	if (err == OK && n > 0 && s->homes)
		err = atlas_homes(s->rq, r->lo, r->hi, NIL, &s->households, &s->people);
	return err;
}

static enum err select_layer(struct selection *s)
{
	enum err err = OK;

	s->n = 0;
	s->count = s->households = s->people = 0;
	for (size_t i = 0; i < s->area->n && err == OK; i++)
		err = select_range(s, &s->area->v[i]);
	return err;
}

/* ---- the reply ---- */

static void write_listed(const struct selection *s, const struct listed *v, struct jw *out)
{
	jw_obj(out);
	jw_kid(out, "id", v->id);
	jw_kstr(out, "name", v->name);
	jw_kz(out, "kind", v->kind);
	jw_kz(out, "state", v->state);
	jw_kid(out, "place", v->place);
	jw_kstr(out, "place_name", snap_place_name(req_snap(s->rq), v->place));
	jw_kreal(out, "lon", v->lon);
	jw_kreal(out, "lat", v->lat);
	jw_end_obj(out);
}

static void write_layer(const struct selection *s, const char *name, struct jw *out)
{
	jw_obj(out);
	jw_kz(out, "layer", name);
	jw_kint(out, "count", s->count);
	jw_karr(out, "items");
	for (size_t i = 0; i < s->n; i++)
		write_listed(s, &s->v[i], out);
	jw_end_arr(out);
	jw_end_obj(out);
	s->rq->rows += s->count;
}

static enum err write_layers(struct selection *s, struct jw *out)
{
	int64_t households = NIL, people = NIL;
	enum err err = OK;

	s->visits = may(s->rq->who, "care.read");
	s->where = (struct care_where){ .level = LEVEL_STREET };
	jw_karr(out, "layers");
	for (size_t i = 0; i < atlas_nlayers && err == OK; i++) {
		s->l = &atlas_layers[i];
		s->homes = i == 0 && may(s->rq->who, "person.read");
		if (!may(s->rq->who, s->l->e->read))
			continue;
		err = select_layer(s);
		if (s->homes) {
			households = s->households;
			people = s->people;
		}
		write_layer(s, s->l->name, out);
	}
	s->l = NULL;
	s->homes = false;
	if (err == OK && may(s->rq->who, "event.read")) {
		err = select_layer(s);
		write_layer(s, "events", out);
	}
	if (err == OK && s->visits) {
		err = select_visits(s);
		write_layer(s, "visits", out);
	}
	jw_end_arr(out);
	jw_kint(out, "households", households);
	jw_kint(out, "people", people);
	return err;
}

static enum err begin(struct req *rq, struct selection *s, size_t max)
{
	*s = (struct selection){ .rq = rq,
		.max = max,
		.area = ARENA_NEW(rq->arena, struct area),
		.v = arena_array(rq->arena, max, sizeof(*s->v)) };
	if (s->area == NULL || s->v == NULL)
		return ERR_NOMEM;
	return area_read(rq, rq->in, s->area);
}

static void end(struct selection *s)
{
	if (s->area != NULL)
		area_release(s->area);
}

/* All at one instant. */
enum err atlas_select(struct req *rq, struct jw *out)
{
	struct selection s;
	enum err err = begin(rq, &s, LISTED);

	if (err == OK)
		err = db_snapshot_begin(rq->db);
	if (err != OK) {
		end(&s);
		return err;
	}
	rq->reply.status = 200;
	jw_obj(out);
	jw_ktime(out, "at", rq->now);
	jw_kreal(out, "area_m2", geo_area_m2(s.area->g, s.area->shape));
	err = write_layers(&s, out);
	jw_end_obj(out);
	db_snapshot_end(rq->db);
	end(&s);
	return err;
}

/* ---- a file ---- */

static enum err write_file(struct selection *s, struct jw *out)
{
	const struct entity *e = s->l->e;
	enum err err = select_layer(s);

	if (err == OK && s->count > EXPORT_MAX)
		return req_fail(s->rq, ERR_LIMIT, "export.size", "area",
			"a file has at most %d of them; draw a smaller area", EXPORT_MAX);
	s->rq->rows = s->count;
	if (err == OK)
		err = export_record(s->rq, e->name, "geojson", req_query(s->rq, "purpose"));
	if (err != OK)
		return err;
	atlas_json_begin(out);
	for (size_t i = 0; i < s->n && err == OK; i++)
		err = atlas_json_row(s->rq, e, s->v[i].id, out);
	jw_end_arr(out);
	jw_end_obj(out);
	return err;
}

enum err atlas_select_export(struct req *rq, struct jw *out)
{
	const struct area_in *in = rq->in;
	const struct atlas_layer *l = atlas_layer_named(in->layer);
	struct selection s;
	enum err err;

	if (l == NULL)
		return req_fail(rq, ERR_INVALID, "word", "layer",
			"layer is buildings, venues, things or organisations");
	if (!may(rq->who, l->e->export != NULL ? l->e->export : l->e->read))
		return req_fail(rq, ERR_DENIED, "perm", "layer",
			"your posts do not allow to take these out as a file");
	err = begin(rq, &s, EXPORT_MAX);
	s.l = l;
	if (err == OK)
		err = write_file(&s, out);
	end(&s);
	rq->reply.status = 200;
	rq->reply.content_type = ATLAS_GEOJSON;
	rq->reply.filename = str_fmt(rq->arena, "%s.geojson", l->name);
	return err;
}

static const struct member item_member[] = {
	{ "id", F_ID },
	{ "name", F_STR, .null = true },
	{ "kind", F_STR, .null = true, .help = "of an event: its state" },
	{ "state", F_STR, .null = true,
		.help = "risk, condition; of an event: amber or red; of a visit plan: overdue" },
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "lon", F_REAL },
	{ "lat", F_REAL },
};
static const struct shape item_shape = { .name = "AreaItem", MEMBERS(item_member) };
static const struct member layer_member[] = {
	{ "layer", F_STR },
	{ "count", F_INT, .help = "exact" },
	{ "items", .of = &item_shape, .list = 1, .help = "the first hundred" },
};
static const struct shape layer_shape = { .name = "AreaLayer", MEMBERS(layer_member) };
static const struct member select_member[] = {
	{ "at", F_TIME },
	{ "area_m2", F_REAL },
	{ "layers", .of = &layer_shape, .list = 1 },
	{ "households", F_INT, .null = true, .help = "of the buildings inside" },
	{ "people", F_INT, .null = true },
};
const struct shape atlas_select_shape = { .name = "AreaContents", MEMBERS(select_member) };
