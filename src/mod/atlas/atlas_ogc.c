/*
 * OGC API Features (part 1: core, GeoJSON) over the same rows, under the same sight: whoever holds
 * a session's token reads places, buildings, venues, things, organisations and events of the own
 * area with any program that knows the standard; sealed events nobody. Coordinates are longitude and latitude (CRS84).
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "core/entity_plan.h"
#include "core/matter_list.h"
#include "mod/atlas/atlas_area.h"
#include "mod/atlas/atlas_impl.h"
#include "mod/atlas/atlas_json.h"
#include "mod/place/place.h"

#define CRS84 "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

enum { LIMIT_USUAL = 100, LIMIT_MAX = 1000 };

struct collection {
	const char *name, *title;
	const struct entity *e; /* NULL: events */
	const char *read;
	bool boundary; /* of a place; else a point */
};

static bool collection_at(size_t i, struct collection *ret)
{
	static const char *const title[] = { "Buildings", "Venues", "Things", "Organisations" };

	if (i == 0)
		*ret = (struct collection){ "places", "Places with their boundaries", &place_entity,
			place_entity.read, true };
	else if (i <= atlas_nlayers)
		*ret = (struct collection){ atlas_layers[i - 1].name, title[i - 1],
			atlas_layers[i - 1].e, atlas_layers[i - 1].e->read, false };
	else if (i == atlas_nlayers + 1)
		*ret = (struct collection){ "events", "Events", NULL, "event.read", false };
	return i <= atlas_nlayers + 1;
}

static enum err find_collection(struct req *rq, struct collection *ret)
{
	for (size_t i = 0; collection_at(i, ret); i++) {
		if (str_eqz(req_param(rq, "collection"), ret->name) && may(rq->who, ret->read))
			return OK;
	}
	return req_fail(
		rq, ERR_NOT_FOUND, "not_found", "collection", "there is no such collection");
}

/* ---- links ---- */

/* A host as people write it; anything else is left out of links. */
static bool is_host(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!isalnum(c) && c != '.' && c != '-' && c != ':' && c != '[' && c != ']')
			return false;
	}
	return s.n > 0 && s.n <= 255;
}

/* Programs that know the standard want whole addresses. */
static void link_to(
	struct req *rq, struct jw *out, const char *rel, const char *type, struct str path)
{
	struct str href = path;

	if (is_host(rq->host))
		href = str_fmt(rq->arena, "%s://%.*s%.*s", rq->https ? "https" : "http",
			(int)rq->host.n, rq->host.p, (int)path.n, path.p);
	jw_obj(out);
	jw_kstr(out, "href", href);
	jw_kz(out, "rel", rel);
	jw_kz(out, "type", type);
	jw_end_obj(out);
}

static void link_z(
	struct req *rq, struct jw *out, const char *rel, const char *type, const char *path)
{
	link_to(rq, out, rel, type, str_z(path));
}

enum err ogc_landing(struct req *rq, struct jw *out)
{
	jw_obj(out);
	jw_kz(out, "title", "gezhi");
	jw_kz(out, "description", "Places and base data in the area of whoever asks");
	jw_karr(out, "links");
	link_z(rq, out, "self", "application/json", "/ogc");
	link_z(rq, out, "service-desc", "application/vnd.oai.openapi+json;version=3.1",
		"/api/openapi.json");
	link_z(rq, out, "conformance", "application/json", "/ogc/conformance");
	link_z(rq, out, "data", "application/json", "/ogc/collections");
	jw_end_arr(out);
	jw_end_obj(out);
	return OK;
}

enum err ogc_conformance(struct req *rq, struct jw *out)
{
	(void)rq;
	jw_obj(out);
	jw_karr(out, "conformsTo");
	jw_z(out, "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core");
	jw_z(out, "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson");
	jw_end_arr(out);
	jw_end_obj(out);
	return OK;
}

static void write_collection(struct req *rq, const struct collection *c, struct jw *out)
{
	jw_obj(out);
	jw_kz(out, "id", c->name);
	jw_kz(out, "title", c->title);
	jw_kz(out, "itemType", "feature");
	jw_karr(out, "crs");
	jw_z(out, CRS84);
	jw_end_arr(out);
	jw_karr(out, "links");
	link_to(rq, out, "self", "application/json",
		str_fmt(rq->arena, "/ogc/collections/%s", c->name));
	link_to(rq, out, "items", ATLAS_GEOJSON,
		str_fmt(rq->arena, "/ogc/collections/%s/items", c->name));
	jw_end_arr(out);
	jw_end_obj(out);
}

enum err ogc_collections(struct req *rq, struct jw *out)
{
	struct collection c;

	jw_obj(out);
	jw_karr(out, "collections");
	for (size_t i = 0; collection_at(i, &c); i++) {
		if (may(rq->who, c.read))
			write_collection(rq, &c, out);
	}
	jw_end_arr(out);
	jw_karr(out, "links");
	link_z(rq, out, "self", "application/json", "/ogc/collections");
	jw_end_arr(out);
	jw_end_obj(out);
	return OK;
}

enum err ogc_collection(struct req *rq, struct jw *out)
{
	struct collection c;
	enum err err = find_collection(rq, &c);

	if (err == OK)
		write_collection(rq, &c, out);
	return err;
}

/* ---- items ---- */

struct asked {
	bool boxed;
	struct box box;
	int64_t limit, after;
	struct str box_text;
};

/* "west,south,east,north" */
static bool parse_box(struct str text, struct box *ret)
{
	double v[4];
	struct str piece;
	int n = 0;

	while (n < 4 && str_split(&text, ',', &piece)) {
		if (!str_double(str_trim(piece), &v[n]) || !(fabs(v[n]) <= (n % 2 == 0 ? 180 : 90)))
			return false;
		n++;
	}
	if (n != 4 || text.p != NULL || !(v[0] < v[2]) || !(v[1] < v[3]))
		return false;
	*ret = (struct box){ v[0], v[1], v[2], v[3] };
	return true;
}

static enum err read_asked(struct req *rq, struct asked *a)
{
	*a = (struct asked){ .limit = req_query_int(rq, "limit"),
		.after = req_query_int(rq, "after"),
		.box_text = req_query(rq, "bbox") };
	if (a->limit == NIL)
		a->limit = LIMIT_USUAL;
	if (a->limit > LIMIT_MAX)
		a->limit = LIMIT_MAX; /* as the standard has it: no error */
	if (a->limit < 1)
		return req_fail(rq, ERR_INVALID, "range", "limit", "limit is 1 to %d", LIMIT_MAX);
	a->boxed = a->box_text.p != NULL && a->box_text.n > 0;
	if (a->boxed && !parse_box(a->box_text, &a->box))
		return req_fail(rq, ERR_INVALID, "map.box", "bbox",
			"a box is west,south,east,north in degrees");
	return OK;
}

struct writing {
	struct req *rq;
	const struct entity *e; /* NULL: events */
	struct jw *out;
	int64_t n, limit, last;
	bool more;
	enum err err;
};

static void write_item(const void *rec, void *arg)
{
	struct writing *w = arg;

	if (w->n == w->limit) {
		w->more = true;
		return;
	}
	w->n++;
	w->last = field_int(&w->e->fields.v[0], rec);
	if (w->err == OK)
		w->err = atlas_json_feature(w->rq, w->e, rec, w->out);
}

static void write_event(const struct matter *m, struct str handler_name, void *arg)
{
	struct writing *w = arg;

	if (w->n == w->limit) {
		w->more = true;
		return;
	}
	w->n++;
	w->last = m->id;
	atlas_json_event(w->rq, m, handler_name, w->out);
}

static enum err write_events(struct writing *w, const struct asked *a)
{
	const struct matter_kind *k = matter_kind_named(w->rq->app, STR("event"));
	const double box[4] = { a->box.x0, a->box.y0, a->box.x1, a->box.y1 };
	const struct matter_span span = { .after = a->after == NIL ? 0 : a->after,
		.limit = a->limit + 1,
		.box = a->boxed ? box : NULL };

	return k == NULL ? OK : matter_each(w->rq, k, &span, write_event, w);
}

static void write_links(const struct collection *c, const struct asked *a, const struct writing *w)
{
	char box[160] = "";
	struct str path = str_fmt(w->rq->arena, "/ogc/collections/%s/items", c->name);

	if (a->boxed)
		snprintf(box, sizeof(box), "&bbox=%.8f,%.8f,%.8f,%.8f", a->box.x0, a->box.y0,
			a->box.x1, a->box.y1);
	jw_karr(w->out, "links");
	link_to(w->rq, w->out, "self", ATLAS_GEOJSON, path);
	if (w->more)
		link_to(w->rq, w->out, "next", ATLAS_GEOJSON,
			str_fmt(w->rq->arena, "%.*s?limit=%lld&after=%lld%s", (int)path.n, path.p,
				(long long)a->limit, (long long)w->last, box));
	jw_end_arr(w->out);
}

enum err ogc_items(struct req *rq, struct jw *out)
{
	struct collection c;
	struct asked a;
	enum err err = find_collection(rq, &c);

	if (err == OK)
		err = read_asked(rq, &a);
	if (err != OK)
		return err;
	struct writing w = { .rq = rq, .e = c.e, .out = out, .limit = a.limit };

	atlas_json_begin(out);
	err = c.e == NULL ? write_events(&w, &a)
			  : atlas_rows(rq, c.e, c.boundary, a.boxed ? &a.box : NULL,
				    a.after == NIL ? 0 : a.after, a.limit + 1, write_item, &w);
	jw_end_arr(out);
	write_links(&c, &a, &w);
	jw_ktime(out, "timeStamp", rq->now);
	jw_kint(out, "numberReturned", w.n);
	jw_end_obj(out);
	rq->rows = w.n;
	rq->reply.content_type = ATLAS_GEOJSON;
	return err != OK ? err : w.err;
}

struct one {
	struct req *rq;
	struct jw *out;
	int64_t id;
	bool found;
};

static void write_one(const struct matter *m, struct str handler_name, void *arg)
{
	struct one *o = arg;

	if (m->id != o->id)
		return;
	o->found = true;
	atlas_json_event(o->rq, m, handler_name, o->out);
}

static enum err one_event(struct req *rq, int64_t id, struct jw *out)
{
	const struct matter_kind *k = matter_kind_named(rq->app, STR("event"));
	const struct matter_span span = { .after = id - 1, .limit = 1 };
	struct one o = { .rq = rq, .out = out, .id = id };
	enum err err = k == NULL ? OK : matter_each(rq, k, &span, write_one, &o);

	rq->reply.content_type = ATLAS_GEOJSON;
	return err != OK || o.found ? err
				    : req_fail(rq, ERR_NOT_FOUND, "not_found", "feature",
					      "there is no such event");
}

enum err ogc_item(struct req *rq, struct jw *out)
{
	struct collection c;
	void *rec = NULL;
	int64_t id = NIL;
	enum err err = find_collection(rq, &c);

	if (err == OK)
		err = req_id(rq, "feature", &id);
	if (err == OK && c.e == NULL)
		return one_event(rq, id, out);
	if (err == OK)
		rec = arena_alloc(rq->arena, c.e->fields.size);
	if (err == OK)
		err = rec == NULL ? ERR_NOMEM : entity_get(rq, c.e, id, rec);
	rq->reply.content_type = ATLAS_GEOJSON;
	return err != OK ? err : atlas_json_feature(rq, c.e, rec, out);
}

/* ---- shapes ---- */

static const struct member link_member[] = { { "href", F_STR }, { "rel", F_STR },
	{ "type", F_STR } };
static const struct shape link_shape = { .name = "OgcLink", MEMBERS(link_member) };
static const struct member landing_member[] = {
	{ "title", F_STR },
	{ "description", F_STR },
	{ "links", .of = &link_shape, .list = 1 },
};
const struct shape ogc_landing_shape = { .name = "OgcLanding", MEMBERS(landing_member) };
static const struct member conformance_member[] = { { "conformsTo", F_STR, .list = 1 } };
const struct shape ogc_conformance_shape = { .name = "OgcConformance",
	MEMBERS(conformance_member) };
static const struct member collection_member[] = {
	{ "id", F_STR },
	{ "title", F_STR },
	{ "itemType", F_STR },
	{ "crs", F_STR, .list = 1 },
	{ "links", .of = &link_shape, .list = 1 },
};
const struct shape ogc_collection_shape = { .name = "OgcCollection", MEMBERS(collection_member) };
static const struct member collections_member[] = {
	{ "collections", .of = &ogc_collection_shape, .list = 1 },
	{ "links", .of = &link_shape, .list = 1 },
};
const struct shape ogc_collections_shape = { .name = "OgcCollections",
	MEMBERS(collections_member) };
static const struct member items_member[] = {
	{ "type", F_STR },
	{ "features", .of = &atlas_feature_shape, .list = 1 },
	{ "links", .of = &link_shape, .list = 1, .maybe = true },
	{ "timeStamp", F_TIME, .maybe = true },
	{ "numberReturned", F_INT, .maybe = true },
};
const struct shape ogc_items_shape = { .name = "GeoFeatures", MEMBERS(items_member) };
