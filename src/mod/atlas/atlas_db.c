/* Rows by word, by point and by place; see atlas_db.h. */
#include "mod/atlas/atlas_db.h"

#include <stdio.h>

#include "base/geo.h"
#include "core/entity_plan.h"
#include "core/matter.h"
#include "core/search.h"
#include "mod/atlas/atlas_area.h"
#include "mod/registry/registry.h"

enum { PROBE = 400, PROBE_STEP = 8, PROBE_MOST = PROBE * PROBE_STEP * PROBE_STEP, BOX_RANGES = 60, SOON_DAYS = 7,
	STREET_SPAN = 100000000 /* codes from one street to the next */ };

const struct atlas_layer atlas_layers[] = {
	{ "buildings", &building_entity, "kind", "risk" },
	{ "venues", &venue_entity, "kind", "risk_level" },
	{ "things", &thing_entity, NULL, "state" },
	{ "organisations", &organisation_entity, "kind", NULL },
};
const size_t atlas_nlayers = ARRAY_LEN(atlas_layers);

const struct atlas_layer *atlas_layer_named(struct str name)
{
	for (size_t i = 0; i < atlas_nlayers; i++) {
		if (str_eqz(name, atlas_layers[i].name))
			return &atlas_layers[i];
	}
	return NULL;
}

static enum err one_int(struct sqlb *b, struct dbc *c, int64_t *ret)
{
	struct rows *r = sqlb_query(b, c);
	int64_t n = rows_next(r) ? row_int_at(r, 0) : 0;
	enum err err = rows_close(r);

	sqlb_release(b);
	if (err == OK)
		*ret = n;
	return err;
}

/* ---- by word ---- */

/* How often a word is there, counting no further than `max`. */
static enum err probe(struct req *rq, int64_t class, int64_t word, const char *perm, int64_t max, int64_t *ret)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT count(*) AS n FROM (SELECT x.id FROM entity_word x WHERE x.class = ?",
		I(class));
	sqlb_cond(&b, " AND x.word = ?", I(word));
	scope_place(&b, rq->who, perm, "x.place");
	sqlb_cond(&b, " LIMIT ?) y", I(max));
	return one_int(&b, rq->db, ret);
}

/* The rarest word leads. Where all are common, they are counted further: in a city the district's name is
 * a hundred times as common as the community's. */
static enum err rarest(
	struct req *rq, int64_t class, const char *perm, const struct words *w, size_t *ret)
{
	int64_t least = INT64_MAX, n;
	enum err err = OK;

	*ret = 0;
	for (int64_t max = PROBE; max <= PROBE_MOST && least >= max / PROBE_STEP && w->n > 1; max *= PROBE_STEP) {
		least = INT64_MAX;
		for (size_t i = 0; i < w->n && i < ATLAS_WORDS && err == OK && least > 0; i++) {
			err = probe(rq, class, w->v[i], perm, max < least ? max : least, &n);
			if (err == OK && n < least) {
				least = n;
				*ret = i;
			}
		}
		if (err != OK || least < max)
			break;
	}
	return err;
}

enum err atlas_find(struct req *rq, const struct entity *e, enum indexed what, const char *perm,
	const struct words *w, int64_t ret[ATLAS_FOUND], size_t *ret_n)
{
	int64_t class = entity_index_class(e, what);
	size_t first, n = 0;
	enum err err = rarest(rq, class, perm, w, &first);
	struct sqlb b;

	*ret_n = 0;
	if (err != OK || w->n == 0)
		return err;
	sqlb_init(&b);
	sqlb_cond(&b, "SELECT x.id FROM entity_word x WHERE x.class = ?", I(class));
	sqlb_cond(&b, " AND x.word = ?", I(w->v[first]));
	scope_place(&b, rq->who, perm, "x.place");
	for (size_t i = 0; i < w->n && i < ATLAS_WORDS; i++) {
		if (i == first)
			continue;
		sqlb_cond(
			&b, " AND EXISTS (SELECT 1 FROM entity_word y WHERE y.class = ?", I(class));
		sqlb_cond(&b, " AND y.word = ? AND y.place = x.place AND y.id = x.id)", I(w->v[i]));
	}
	sqlb_cond(&b, " ORDER BY x.place, x.id LIMIT ?", I(ATLAS_FOUND));
	struct rows *r = sqlb_query(&b, rq->db);

	while (n < ATLAS_FOUND && rows_next(r))
		ret[n++] = row_int_at(r, 0);
	err = rows_close(r);
	sqlb_release(&b);
	*ret_n = n;
	return err;
}

/* ---- events ---- */

#define EVENT_COLUMNS \
	"SELECT m.id, m.place, m.state, m.level, m.title, m.address, m.lon, m.lat, m.code_id FROM "

static enum err event_rows(struct req *rq, struct sqlb *b, atlas_event_fn fn, void *arg)
{
	struct rows *r = sqlb_query(b, rq->db);

	while (rows_next(r)) {
		const struct atlas_event v = { .id = row_int_at(r, 0),
			.place = row_int_at(r, 1),
			.state = row_int_at(r, 2),
			.level = row_int_at(r, 3),
			.title = row_str_at(r, 4),
			.address = row_str_at(r, 5),
			.lon = row_real_at(r, 6),
			.lat = row_real_at(r, 7),
			.code_id = row_int_at(r, 8) };

		fn(&v, arg);
	}
	sqlb_release(b);
	return rows_close(r);
}

static void only_events(struct req *rq, struct sqlb *b)
{
	const struct matter_kind *k = matter_kind_named(rq->app, STR("event"));

	sqlb_cond(b, " AND m.kind = ?", I(k != NULL ? k->number : 0));
	scope_matter(b, rq->who);
}

enum err atlas_events_find(
	struct req *rq, struct str q, int64_t number, int64_t limit, atlas_event_fn fn, void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, EVENT_COLUMNS "matter m WHERE m.open = 1 AND m.sealed = 0");
	if (number != NIL)
		sqlb_cond(&b, " AND m.id = ?", I(number));
	else
		search_cond(&b, dbc_engine(rq->db), q, rq->arena);
	only_events(rq, &b);
	sqlb_cond(&b, " ORDER BY m.id DESC LIMIT ?", I(limit));
	return event_rows(rq, &b, fn, arg);
}

enum err atlas_events_in(struct req *rq, int64_t lo, int64_t hi, atlas_event_fn fn, void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	/* The points first, on either engine: an area of a city has thousands of other open matters. */
	sqlb_cond(&b, EVENT_COLUMNS "(SELECT id FROM matter WHERE open = 1 AND sealed = 0 AND morton IS NOT NULL "
				    "AND morton >= ?", I(lo));
	sqlb_cond(&b, " AND morton < ?) k CROSS JOIN matter m WHERE m.id = k.id", I(hi));
	only_events(rq, &b);
	return event_rows(rq, &b, fn, arg);
}

/* ---- by point ---- */

/* Points of a layer in a range of keys. */
static void points_where(
	struct req *rq, const struct atlas_layer *l, struct sqlb *b, int64_t lo, int64_t hi)
{
	sqlb_cond(b, " WHERE x.class = ?", I(entity_index_class(l->e, INDEX_POINT)));
	sqlb_cond(b, " AND x.word >= ?", I(lo));
	sqlb_cond(b, " AND x.word < ?", I(hi));
	scope_place(b, rq->who, l->e->read, "x.place");
}

enum err atlas_count(struct req *rq, const struct atlas_layer *l, int64_t lo, int64_t hi,
	int64_t max, int64_t *ret)
{
	struct sqlb b;

	sqlb_init(&b);
	if (max == 0) {
		sqlb_add(&b, "SELECT count(*) AS n FROM entity_word x");
		points_where(rq, l, &b, lo, hi);
	} else {
		sqlb_add(&b, "SELECT count(*) AS n FROM (SELECT x.id FROM entity_word x");
		points_where(rq, l, &b, lo, hi);
		sqlb_cond(&b, " LIMIT ?) y", I(max));
	}
	return one_int(&b, rq->db, ret);
}

enum err atlas_streets(struct req *rq, const struct atlas_layer *l, int64_t lo, int64_t hi,
	void (*fn)(int64_t street, void *arg), void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT DISTINCT x.place - x.place % ? AS street FROM entity_word x", I(STREET_SPAN));
	points_where(rq, l, &b, lo, hi);
	struct rows *r = sqlb_query(&b, rq->db);

	while (rows_next(r))
		fn(row_int_at(r, 0), arg);
	sqlb_release(&b);
	return rows_close(r);
}

enum err atlas_cells(struct req *rq, const struct atlas_layer *l, int64_t lo, int64_t hi,
	int64_t span, atlas_point_fn fn, void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_cond(&b,
		"SELECT x.word / ? AS cell, count(*) AS n, min(x.word) AS word, min(x.id) AS id "
		"FROM entity_word x",
		I(span));
	points_where(rq, l, &b, lo, hi);
	sqlb_add(&b, " GROUP BY 1 ORDER BY 1");
	struct rows *r = sqlb_query(&b, rq->db);

	while (rows_next(r)) {
		struct atlas_point p = { .n = row_int_at(r, 1),
			.id = row_int_at(r, 3),
			.kind = NIL,
			.state = NIL,
			.place = NIL };

		morton_center(row_int_at(r, 2), MORTON_BITS, &p.lon, &p.lat);
		fn(&p, arg);
		rq->rows++;
	}
	sqlb_release(&b);
	return rows_close(r);
}

static void add_column(struct sqlb *b, const char *name)
{
	sqlb_add(b, name != NULL ? ", t." : ", CAST(NULL AS SMALLINT)");
	sqlb_add(b, name != NULL ? name : "");
}

enum err atlas_points(struct req *rq, const struct atlas_layer *l, int64_t lo, int64_t hi,
	int64_t max, atlas_point_fn fn, void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT t.id, t.place, t.lon, t.lat, t.name");
	add_column(&b, l->kind);
	add_column(&b, l->state);
	sqlb_add(&b, " FROM entity_word x JOIN ");
	sqlb_add(&b, l->e->table);
	sqlb_add(&b, " t ON t.id = x.id");
	points_where(rq, l, &b, lo, hi);
	sqlb_cond(&b, " ORDER BY x.word, x.place, x.id LIMIT ?", I(max));
	struct rows *r = sqlb_query(&b, rq->db);

	while (rows_next(r)) {
		const struct atlas_point p = { .n = 1,
			.id = row_int_at(r, 0),
			.place = row_int_at(r, 1),
			.lon = row_real_at(r, 2),
			.lat = row_real_at(r, 3),
			.name = row_str_at(r, 4),
			.kind = row_int_at(r, 5),
			.state = row_int_at(r, 6) };

		fn(&p, arg);
		rq->rows++;
	}
	sqlb_release(&b);
	return rows_close(r);
}

/* Households of a range, or of one building; then the people in them. */
static void homes_where(struct req *rq, struct sqlb *b, int64_t lo, int64_t hi, int64_t building)
{
	sqlb_add(b, " FROM entity_word x JOIN room r ON r.building_id = x.id "
		    "JOIN household h ON h.room_id = r.id AND h.active = 1");
	sqlb_cond(b, " WHERE x.class = ?", I(entity_index_class(&building_entity, INDEX_POINT)));
	if (building != NIL)
		sqlb_cond(b, " AND x.id = ?", I(building));
	else {
		sqlb_cond(b, " AND x.word >= ?", I(lo));
		sqlb_cond(b, " AND x.word < ?", I(hi));
	}
	scope_place(b, rq->who, household_entity.read, "h.place");
}

enum err atlas_homes(struct req *rq, int64_t lo, int64_t hi, int64_t building, int64_t *ret_homes,
	int64_t *ret_people)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT count(*) AS n, CAST(COALESCE(sum((SELECT count(*) FROM person p WHERE "
		     "p.household_id = h.id "
		     "AND p.active = 1)), 0) AS BIGINT) AS people");
	homes_where(rq, &b, lo, hi, building);
	struct rows *r = sqlb_query(&b, rq->db);

	if (rows_next(r)) {
		*ret_homes += row_int_at(r, 0);
		*ret_people += row_int_at(r, 1);
	}
	sqlb_release(&b);
	return rows_close(r);
}

/* ---- by place ---- */

static const struct {
	const struct entity *e; /* of the registry; NULL: the table itself */
	const char *table, *perm;
} counted[ATLAS_WHAT_MAX] = {
	[ATLAS_PEOPLE] = { &person_entity, NULL, NULL },
	[ATLAS_HOUSEHOLDS] = { &household_entity, NULL, NULL },
	[ATLAS_BUILDINGS] = { &building_entity, NULL, NULL },
	[ATLAS_ROOMS] = { &room_entity, NULL, NULL },
	[ATLAS_VENUES] = { &venue_entity, NULL, NULL },
	[ATLAS_THINGS] = { &thing_entity, NULL, NULL },
	[ATLAS_ORGANISATIONS] = { &organisation_entity, NULL, NULL },
	[ATLAS_EVENTS] = { NULL, "matter", "event.read" },
	[ATLAS_VISITS] = { NULL, "care_plan", "care.read" },
	[ATLAS_WORKFORCE] = { NULL, "post", "post.read" },
};

const struct entity *atlas_kept(enum atlas_what what)
{
	return counted[what].e;
}

const char *atlas_perm(enum atlas_what what)
{
	return counted[what].e != NULL ? counted[what].e->read : counted[what].perm;
}

static void place_where(
	struct req *rq, enum atlas_what what, int64_t lo, int64_t hi, struct sqlb *b)
{
	const struct entity *e = counted[what].e;
	int64_t day = date_of(rq->now);

	sqlb_add(b, " FROM ");
	sqlb_add(b, e != NULL ? e->table : counted[what].table);
	sqlb_cond(b, " m WHERE m.place >= ?", I(lo));
	sqlb_cond(b, " AND m.place < ?", I(hi));
	if (e != NULL && fields_find(&e->fields, STR("active")) != NULL)
		sqlb_add(b, " AND m.active = 1");
	if (what == ATLAS_EVENTS) {
		sqlb_add(b, " AND m.open = 1 AND m.sealed = 0");
		only_events(rq, b);
		return;
	}
	if (what == ATLAS_VISITS) {
		sqlb_cond(b, " AND m.ended_at IS NULL AND m.started <= ?", I(day));
		sqlb_cond(b, " AND m.expires >= ?", I(day));
	} else if (what == ATLAS_WORKFORCE) {
		sqlb_cond(b, " AND (m.valid_from IS NULL OR m.valid_from <= ?)", I(rq->now));
		sqlb_cond(b, " AND (m.valid_to IS NULL OR m.valid_to > ?)", I(rq->now));
	}
	scope_place(b, rq->who, atlas_perm(what), "m.place");
}

static void add_late(struct req *rq, enum atlas_what what, struct sqlb *b)
{
	int64_t today = date_of(rq->now);

	if (what == ATLAS_VISITS) {
		sqlb_cond(b, "CAST(sum(CASE WHEN m.next_due < ? THEN 1 ELSE 0 END) AS BIGINT) AS late, ",
			I(today));
		sqlb_cond(b, "CAST(sum(CASE WHEN m.next_due >= ?", I(today));
		sqlb_cond(b, " AND m.next_due <= ? THEN 1 ELSE 0 END) AS BIGINT) AS soon",
			I(date_add(today, SOON_DAYS)));
	} else if (what == ATLAS_EVENTS) {
		sqlb_add(b, "CAST(sum(CASE WHEN m.level >= 2 THEN 1 ELSE 0 END) AS BIGINT) AS late, "
			    "CAST(0 AS BIGINT) AS soon");
	} else {
		sqlb_add(b, "CAST(0 AS BIGINT) AS late, CAST(0 AS BIGINT) AS soon");
	}
}

enum err atlas_by_place(struct req *rq, enum atlas_what what, int64_t lo, int64_t hi, int64_t span,
	atlas_place_fn fn, void *arg)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT m.place / ? AS cell, count(*) AS n, ", I(span));
	add_late(rq, what, &b);
	place_where(rq, what, lo, hi, &b);
	sqlb_add(&b, " GROUP BY 1 ORDER BY 1");
	struct rows *r = sqlb_query(&b, rq->db);

	while (rows_next(r))
		fn(row_int_at(r, 0) * span,
			&(struct place_count){ row_int_at(r, 1), row_int_at(r, 2), row_int_at(r, 3) }, arg);
	sqlb_release(&b);
	return rows_close(r);
}

enum err atlas_total(struct req *rq, enum atlas_what what, int64_t lo, int64_t hi, int64_t *ret)
{
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT count(*) AS n");
	place_where(rq, what, lo, hi, &b);
	return one_int(&b, rq->db, ret);
}

/* ---- whole rows ---- */

/* The ranges of the keys first, as many as there is room for; then the coordinates themselves. */
static enum err in_box(const struct entity *e, const struct box *box, struct sqlb *b)
{
	struct area a;
	enum err err = area_box(*box, &a);

	if (err == OK && a.n <= BOX_RANGES) {
		sqlb_cond(b,
			" AND t.id IN (SELECT x.id FROM entity_word x WHERE x.class = ? AND (1 = 0",
			I(entity_index_class(e, INDEX_POINT)));
		for (size_t i = 0; i < a.n; i++) {
			sqlb_cond(b, " OR (x.word >= ?", I(a.v[i].lo));
			sqlb_cond(b, " AND x.word < ?)", I(a.v[i].hi));
		}
		sqlb_add(b, "))");
	}
	area_release(&a);
	sqlb_cond(b, " AND t.lon >= ?", R(box->x0));
	sqlb_cond(b, " AND t.lon <= ?", R(box->x1));
	sqlb_cond(b, " AND t.lat >= ?", R(box->y0));
	sqlb_cond(b, " AND t.lat <= ?", R(box->y1));
	return err;
}

static void boundary_in_box(const struct box *box, struct sqlb *b)
{
	sqlb_cond(b,
		" AND EXISTS (SELECT 1 FROM place_shape s WHERE s.place_id = t.id AND s.x0 <= ?",
		R(box->x1));
	sqlb_cond(b, " AND s.x1 >= ?", R(box->x0));
	sqlb_cond(b, " AND s.y0 <= ?", R(box->y1));
	sqlb_cond(b, " AND s.y1 >= ?)", R(box->y0));
}

enum err atlas_rows(struct req *rq, const struct entity *e, bool boundary, const struct box *box,
	int64_t after, int64_t limit, void (*fn)(const void *rec, void *arg), void *arg)
{
	const struct entity_plan *p = entity_plan_of(rq->app, e);
	void *rec = arena_alloc(rq->arena, e->fields.size);
	char col[80];
	struct sqlb b;
	enum err err = rec == NULL ? ERR_NOMEM : OK, bad = OK;

	sqlb_init(&b);
	sqlb_add(&b, p->select);
	snprintf(col, sizeof(col), "t.%s", p->scope->name);
	scope_place(&b, rq->who, e->read, col);
	sqlb_cond(&b, " AND t.id > ?", I(after));
	if (err == OK && box != NULL && boundary)
		boundary_in_box(box, &b);
	else if (err == OK && box != NULL)
		err = in_box(e, box, &b);
	sqlb_cond(&b, " ORDER BY t.id LIMIT ?", I(limit));
	if (err != OK) {
		sqlb_release(&b);
		return err;
	}
	struct rows *r = sqlb_query(&b, rq->db);

	while (bad == OK && rows_next(r)) {
		bad = entity_load(rq, e, r, rq->arena, rec);
		if (bad == OK)
			fn(rec, arg);
	}
	sqlb_release(&b);
	err = rows_close(r);
	return err != OK ? err : bad;
}

/* ---- boundaries ---- */

const char *const atlas_sql[ATLAS_NSQL] = {
	[Q_ATLAS_BOUNDARY] = "SELECT wkb FROM place_shape WHERE place_id = $1",
};

enum err atlas_boundary(struct req *rq, int64_t id, struct str *ret)
{
	struct rows *r = db_query(rq->db, atlas_sql[Q_ATLAS_BOUNDARY], ARGS(I(id)));

	*ret = rows_next(r) ? str_dup(rq->arena, row_str_at(r, 0)) : (struct str){ NULL, 0 };
	return rows_close(r);
}
