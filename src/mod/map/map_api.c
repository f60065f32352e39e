/* The two tile layers over HTTP. */
#include <stdlib.h>

#include "base/crypto.h"
#include "base/geo.h"
#include "base/mvt.h"
#include "core/matter.h"
#include "core/matter_list.h"
#include "mod/map/map.h"
#include "mod/map/map_db.h"

enum { TILE_ARENA = 64 << 20 };

enum err map_tile_begin(struct req *rq, struct map_tile *t)
{
	int64_t z, x, y;

	*t = (struct map_tile){ .rq = rq };
	if (!str_i64(req_param(rq, "z"), &z) || !str_i64(req_param(rq, "x"), &x) || !str_i64(req_param(rq, "y"), &y) ||
	    !map_tile_valid(z, x, y))
		return req_fail(rq, ERR_NOT_FOUND, "map.tile", "z", "there is no such tile");
	t->z = (int)z;
	t->x = (int)x;
	t->y = (int)y;
	t->arena = arena_new(TILE_ARENA);
	if (t->arena != NULL)
		t->mvt = mvt_new(t->arena, t->z, t->x, t->y);
	return t->mvt != NULL ? OK : ERR_NOMEM;
}

/* The tag is made of the bytes: what looks the same is the same. */
enum err map_tile_reply(struct map_tile *t)
{
	struct req *rq = t->rq;
	char hex[HASH_HEX];
	enum err err = mvt_finish(t->mvt, rq->raw);

	if (err == OK && rq->raw->failed)
		err = ERR_NOMEM;
	if (err != OK)
		return err;
	crypto_sha256_hex(buf_view(rq->raw), hex);
	hex[32] = '\0';
	rq->reply.content_type = MAP_TILE_TYPE;
	rq->reply.cache = "private, no-cache";
	rq->reply.etag = str_fmt(rq->arena, "\"%s\"", hex);
	return rq->reply.etag.p != NULL ? OK : ERR_NOMEM;
}

/* ---- matters ---- */

static enum err read_filter(struct req *rq, struct map_filter *f)
{
	const struct matter_kind *k = matter_kind_named(rq->app, STR("event"));
	struct str track = req_query(rq, "track");

	*f = (struct map_filter){ .kind = k != NULL ? k->number : 0, .track = NIL, .level = req_query_int(rq, "level") };
	if (req_query_int(rq, "open") == 0)
		return req_fail(rq, ERR_INVALID, "map.closed", "open", "the map shows open matters only");
	if (track.p == NULL || track.n == 0)
		return OK;
	f->track = vocab_index(&track_vocab, track);
	return f->track != NIL ? OK : req_fail(rq, ERR_INVALID, "word", "track", "unknown track");
}

static void draw_single(struct map_tile *t, const struct map_cell *c)
{
	const struct matter_kind *k = matter_kind_named(t->rq->app, STR("event"));
	struct str code = { NULL, 0 };
	char id[24];
	struct buf b;

	if (!mvt_point(t->mvt, c->id, c->lon, c->lat))
		return;
	buf_init(&b, sizeof(id));
	buf_i64(&b, c->id);
	mvt_str(t->mvt, "id", buf_view(&b));
	buf_release(&b);
	if (k != NULL && k->code_name != NULL && c->code_id != NIL)
		k->code_name(req_snap(t->rq), t->rq->app, c->code_id, &code);
	if (code.p != NULL)
		mvt_str(t->mvt, "code", code);
	mvt_str(t->mvt, "track", str_z(vocab_word(&track_vocab, c->track)));
	mvt_str(t->mvt, "state", str_z(vocab_word(&mstate_vocab, c->state)));
	mvt_str(t->mvt, "urgency", str_z(vocab_word(&urgency_vocab, c->urgency)));
	mvt_int(t->mvt, "level", c->level);
	mvt_int(t->mvt, "n", 1);
}

/* Clusters have no id: their cells are the tile's own. Positions are those of the matters' middle. */
static void draw_cell(const struct map_cell *c, void *arg)
{
	struct map_tile *t = arg;

	if (c->n == 1) {
		draw_single(t, c);
		return;
	}
	if (!mvt_point(t->mvt, 0, c->lon, c->lat))
		return;
	mvt_int(t->mvt, "n", c->n);
	mvt_int(t->mvt, "red", c->late);
	mvt_int(t->mvt, "amber", c->amber);
}

/* Single matters from MAP_SINGLE_ZOOM on while they are few; else cells, so that totals stay true. */
static enum err pick_span(const struct map_tile *t, int64_t lo, int64_t hi, const struct map_filter *f, int64_t *ret)
{
	int64_t n;
	enum err err = OK;

	*ret = map_cell_span(t->z, MAP_CELL_DEPTH);
	if (t->z < MAP_SINGLE_ZOOM)
		return OK;
	err = map_matters(t->rq, lo, hi, f, MAP_SINGLES_MAX, &n);
	if (err == OK)
		*ret = n <= MAP_SINGLES_MAX ? 0 : map_cell_span(t->z, MAP_CELL_DEPTH_FINE);
	return err;
}

static enum err draw_events(struct map_tile *t)
{
	struct map_filter f;
	int64_t lo, hi, span;
	enum err err = read_filter(t->rq, &f);

	if (err != OK)
		return err;
	morton_tile(t->z, t->x, t->y, &lo, &hi);
	mvt_layer(t->mvt, "event");
	err = pick_span(t, lo, hi, &f, &span);
	if (err == OK)
		err = map_cells(t->rq, lo, hi, span, &f, MAP_SINGLES_MAX, draw_cell, t);
	return err != OK ? err : map_tile_reply(t);
}

static enum err event_tile(struct req *rq, struct jw *out)
{
	struct map_tile t;
	enum err err = map_tile_begin(rq, &t);

	(void)out;
	if (err == OK)
		err = draw_events(&t);
	arena_free(t.arena);
	return err;
}

/* ---- places ---- */

struct picking {
	struct req *rq;
	const char *perm;
	enum level level;
	int64_t today;
	struct map_place *v;
	size_t n;
};

static void pick(int64_t code, void *arg)
{
	struct picking *p = arg;
	const struct place *place = snap_place(req_snap(p->rq), code);

	if (place == NULL || place->level != p->level || p->n == MAP_SHAPES_MAX ||
	    (place->valid_to != NIL && place->valid_to <= p->today) || !scope_sees(p->rq->who, p->perm, code))
		return;
	p->v[p->n++] = (struct map_place){ .place = place };
}

static int by_code(const void *a, const void *b)
{
	const struct map_place *x = a, *y = b;

	return x->place->code < y->place->code ? -1 : x->place->code > y->place->code;
}

enum err map_pick(struct req *rq, enum level level, struct box box, const char *perm, struct map_picked *ret)
{
	struct picking p = { .rq = rq, .perm = perm, .level = level, .today = date_of(rq->now),
		.v = arena_array(rq->arena, MAP_SHAPES_MAX, sizeof(*p.v)) };

	if (p.v == NULL)
		return ERR_NOMEM;
	geo_index_each(req_snap(rq)->grids, box, pick, &p);
	qsort(p.v, p.n, sizeof(*p.v), by_code);
	*ret = (struct map_picked){ .v = p.v, .n = p.n };
	if (p.n > 0) {
		ret->lo = p.v[0].place->code;
		ret->hi = place_end(p.v[p.n - 1].place->code);
		ret->span = place_end(ret->lo) - ret->lo;
	}
	return OK;
}

void map_pick_count(struct map_picked *p, int64_t code, const struct place_count *is)
{
	while (p->at < p->n && p->v[p->at].place->code < code)
		p->at++;
	if (p->at < p->n && p->v[p->at].place->code == code)
		p->v[p->at].is = *is;
}

static void add_open(int64_t code, int64_t n, void *arg)
{
	map_pick_count(arg, code, &(struct place_count){ .n = n });
}

static enum err draw_shape(struct map_tile *t, struct geo *g, const struct map_place *s, const char *layer)
{
	const struct place *p = s->place;
	struct rows *r = db_query(t->rq->db, map_sql[Q_MAP_SHAPE], ARGS(I(p->id)));
	struct geo_shape *shape = NULL;
	enum err err = OK, end;
	char code[18];

	if (rows_next(r))
		err = geo_from_wkb(g, row_str_at(r, 0), &shape);
	end = rows_close(r);
	if (err == OK)
		err = end;
	if (err != OK || shape == NULL) {
		geo_shape_free(g, shape);
		return err;
	}
	mvt_layer(t->mvt, layer);
	if (mvt_shape(t->mvt, g, p->id, shape)) {
		place_text(p->code, code);
		mvt_int(t->mvt, "id", p->id);
		mvt_str(t->mvt, "code", str_z(code));
		mvt_str(t->mvt, "name", p->name);
		mvt_int(t->mvt, "households", p->households);
		mvt_int(t->mvt, "open", s->is.n);
	}
	geo_shape_free(g, shape);
	t->rq->rows++;
	return OK;
}

static void draw_label(struct map_tile *t, const struct map_place *s)
{
	const struct place *p = s->place;
	char code[18];

	if (!(p->lon == p->lon) || !mvt_point(t->mvt, p->id, p->lon, p->lat))
		return;
	place_text(p->code, code);
	mvt_str(t->mvt, "code", str_z(code));
	mvt_str(t->mvt, "name", p->name);
	mvt_str(t->mvt, "level", str_z(vocab_word(&level_vocab, p->level)));
	mvt_int(t->mvt, "open", s->is.n);
}

static enum err draw_picked(struct map_tile *t, const struct map_picked *p, enum level level)
{
	static const char *const layer[LEVEL_MAX] = { [LEVEL_STREET] = "street", [LEVEL_COMMUNITY] = "community",
		[LEVEL_GRID] = "grid" };
	struct geo *g = geo_new();
	enum err err = g == NULL ? ERR_NOMEM : OK;

	for (size_t i = 0; i < p->n && err == OK; i++)
		err = draw_shape(t, g, &p->v[i], layer[level]);
	geo_free(g);
	mvt_layer(t->mvt, "place_label");
	for (size_t i = 0; i < p->n && err == OK; i++)
		draw_label(t, &p->v[i]);
	return err;
}

static enum err draw_places(struct map_tile *t)
{
	enum level level = map_level(t->z);
	struct map_picked p;
	enum err err = map_pick(t->rq, level, tile_box(t->z, t->x, t->y), "map.read", &p);

	if (err == OK && p.n > 0)
		err = map_open_each(t->rq, p.lo, p.hi, p.span, add_open, &p);
	if (err == OK)
		err = draw_picked(t, &p, level);
	return err != OK ? err : map_tile_reply(t);
}

static enum err place_tile(struct req *rq, struct jw *out)
{
	struct map_tile t;
	enum err err = map_tile_begin(rq, &t);

	(void)out;
	if (err == OK)
		err = draw_places(&t);
	arena_free(t.arena);
	return err;
}

static const struct param event_params[] = {
	{ "open", F_BOOL, "open matters; the only ones on the map" },
	{ "track", F_STR, "party, economy, livelihood or peace" },
	{ "level", F_INT, "alarm level at least: 1 amber, 2 red, 3 escalated" },
};

static const struct route map_routes[] = {
	{ .method = M_GET, .path = "/tiles/places/{z}/{x}/{y}.mvt", .perm = "map.read", .flags = ROUTE_RAW_OUT,
	  .gives = MAP_TILE_TYPE,
	  .fn = place_tile, .id = "getPlaceTile", .summary = "Boundaries and labels as a vector tile" },
	{ .method = M_GET, .path = "/tiles/events/{z}/{x}/{y}.mvt", .perm = "map.read", .flags = ROUTE_RAW_OUT,
	  .gives = MAP_TILE_TYPE,
	  .query = event_params, .nquery = ARRAY_LEN(event_params), .fn = event_tile, .id = "getEventTile",
	  .summary = "Open events, clustered with true counts, as a vector tile" },
};

const struct module map_module = {
	.name = "map",
	.route = map_routes,
	.nroute = ARRAY_LEN(map_routes),
	.sql = map_sql,
	.nsql = MAP_NSQL,
};
