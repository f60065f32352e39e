/*
 * SQL of probable doubles. What is compared of a kind, and which of it makes a double, are rows of
 * two tables: another reason is another row. Within one place every reason counts; across places
 * only those that say so, which are exact and stand on an index.
 */
#include "mod/collect/collect_db.h"

#define NO_BLANKS "replace(t.address, ' ', '') AS address"
#define GRID "t.place / 100 AS grid"
/* Three metres north and south, a little less east and west. */
#define BESIDE                                                              \
	"q.lat - p.lat BETWEEN -0.00003 AND 0.00003 AND q.lon - p.lon "     \
	"BETWEEN -0.00003 AND 0.00003"

/* What is compared of a kind: columns of its table t. */
static const char *const compared[OBJECT_MAX] = {
	[OBJECT_PERSON] = "t.name, t.birth, t.phone_hash, t.household_id",
	[OBJECT_HOUSEHOLD] = "t.room_id, (SELECT h.name FROM person h WHERE h.id = t.head_id) AS head",
	[OBJECT_BUILDING] = "t.name, " NO_BLANKS ", " GRID ", t.lon, t.lat",
	/* 0101 and 101 are one number; without a unit any unit may be meant */
	[OBJECT_ROOM] = "t.building_id, ltrim(t.unit_no, '0') AS unit, ltrim(t.room_no, '0') AS number",
	[OBJECT_VENUE] = "t.name, " NO_BLANKS ", " GRID ", t.phone_hash",
	[OBJECT_THING] = "t.class_code, t.place / 100000 AS community, t.lon, t.lat",
	[OBJECT_ORGANISATION] = "t.name, " NO_BLANKS ", " GRID ", t.phone",
};

/* One way in which two rows p and q of a kind look alike. */
struct way {
	int64_t object, why;
	const char *on;
	bool alike;  /* names differ in one character, which SQL does not tell */
	bool across; /* also between places: columns of the table itself, found by index */
};
static const struct way ways[] = {
	{ OBJECT_PERSON, WHY_NAME_BIRTH, "q.name = p.name AND q.birth = p.birth" },
	{ OBJECT_PERSON, WHY_PHONE, "q.phone_hash = p.phone_hash" },
	{ OBJECT_PERSON, WHY_HOME,
		"q.household_id = p.household_id AND q.name <> p.name AND (q.birth = p.birth OR "
		"q.birth IS NULL OR p.birth IS NULL)",
		.alike = true },
	{ OBJECT_PERSON, WHY_NAME_PHONE, "q.phone_hash = p.phone_hash AND q.name = p.name",
		.across = true },
	{ OBJECT_HOUSEHOLD, WHY_ROOM,
		"q.room_id = p.room_id AND (q.head = p.head OR q.head IS NULL OR p.head IS NULL)" },
	{ OBJECT_BUILDING, WHY_NAME_PLACE, "q.name = p.name AND q.grid = p.grid" },
	{ OBJECT_BUILDING, WHY_ADDRESS, "q.address = p.address" },
	{ OBJECT_BUILDING, WHY_NEAR, "q.grid = p.grid AND " BESIDE },
	{ OBJECT_ROOM, WHY_NUMBER,
		"q.building_id = p.building_id AND q.number = p.number AND (q.unit = p.unit OR "
		"q.unit = '' OR p.unit = '')" },
	{ OBJECT_VENUE, WHY_NAME_PLACE, "q.name = p.name AND q.grid = p.grid" },
	{ OBJECT_VENUE, WHY_ADDRESS, "q.address = p.address AND q.name = p.name" },
	{ OBJECT_VENUE, WHY_NAME_PHONE, "q.phone_hash = p.phone_hash AND q.name = p.name",
		.across = true },
	{ OBJECT_THING, WHY_NEAR,
		"q.class_code = p.class_code AND q.community = p.community AND " BESIDE },
	{ OBJECT_ORGANISATION, WHY_NAME_PLACE, "q.name = p.name AND q.grid = p.grid" },
	{ OBJECT_ORGANISATION, WHY_ADDRESS, "q.address = p.address AND q.phone = p.phone" },
	{ OBJECT_ORGANISATION, WHY_NAME_PHONE, "q.phone = p.phone AND q.name = p.name",
		.across = true },
};

#define NOT_DISTINCT                                                                \
	" AND NOT EXISTS (SELECT 1 FROM registry_distinct d WHERE (d.a_id = p.id "  \
	"AND d.b_id = q.id) OR (d.a_id = q.id AND d.b_id = p.id))"

static void head(struct sqlb *b, const struct way *w, bool first)
{
	sqlb_add(b, first ? "" : " UNION ALL ");
	sqlb_add(b, "SELECT p.id AS a, q.id AS b, p.place AS ap, q.place AS bp, ");
	buf_i64(&b->text, w->why);
	sqlb_add(b, " AS why, ");
	buf_i64(&b->text, w->alike);
	sqlb_add(b, " AS alike FROM ");
}

static void in_area(struct sqlb *b, const struct pair_query *q, const char *ge, const char *lt,
	const char *col)
{
	sqlb_cond(b, ge, I(q->place));
	sqlb_cond(b, lt, I(place_end(q->place)));
	scope_place(b, q->who, "person.merge", col);
}

/* The rows of the place are read once, with what is compared of them. */
static void within(struct sqlb *b, const struct pair_query *q, const struct entity *e)
{
	bool first = true;

	sqlb_add(b, "WITH near AS MATERIALIZED (SELECT t.id, t.place, ");
	sqlb_add(b, compared[q->object]);
	sqlb_add(b, " FROM ");
	sqlb_add(b, e->table);
	sqlb_add(b, " t WHERE t.active = 1");
	in_area(b, q, " AND t.place >= ?", " AND t.place < ?", "t.place");
	sqlb_add(b, "), pair AS (");
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (ways[i].object != q->object)
			continue;
		head(b, &ways[i], first);
		sqlb_add(b, "near p JOIN near q ON ");
		sqlb_add(b, ways[i].on);
		sqlb_cond(b, " AND q.id > p.id WHERE p.id >= ?" NOT_DISTINCT, I(q->after));
		first = false;
	}
	sqlb_add(b, ")");
}

/*
 * One of them in the place and in the asker's area, the other somewhere else. Of a place larger
 * than a street: both in it, in two streets.
 */
static void across(struct sqlb *b, const struct pair_query *q, const struct entity *e)
{
	bool first = true;

	sqlb_add(b, "WITH pair AS (");
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (ways[i].object != q->object || !ways[i].across)
			continue;
		head(b, &ways[i], first);
		sqlb_add(b, e->table);
		sqlb_add(b, " p JOIN ");
		sqlb_add(b, e->table);
		sqlb_add(b, " q ON ");
		sqlb_add(b, ways[i].on);
		sqlb_cond(b, " WHERE p.active = 1 AND q.active = 1 AND p.id >= ?" NOT_DISTINCT, I(q->after));
		in_area(b, q, " AND p.place >= ?", " AND p.place < ?", "p.place");
		if (place_level(q->place) < LEVEL_STREET) {
			sqlb_add(b, " AND q.id > p.id AND q.place / 100000000 <> p.place / 100000000");
			in_area(b, q, " AND q.place >= ?", " AND q.place < ?", "q.place");
		} else {
			sqlb_cond(b, " AND (q.place < ?", I(q->place));
			sqlb_cond(b, " OR q.place >= ?)", I(place_end(q->place)));
		}
		first = false;
	}
	if (first)
		sqlb_add(b, "SELECT 0 AS a, 0 AS b, 0 AS ap, 0 AS bp, 0 AS why, 0 AS alike WHERE 1 = 0");
	sqlb_add(b, ")");
}

enum err pairs_each(struct dbc *c, const struct pair_query *q,
	void (*fn)(const struct pair *p, void *arg), void *arg, int64_t *ret_next)
{
	const struct entity *e = registry_entity(q->object);
	struct sqlb b;
	size_t n = 0;
	int64_t last = NIL;

	sqlb_init(&b);
	if (q->across)
		across(&b, q, e);
	else
		within(&b, q, e);
	for (int side = 0; side < 2; side++) {
		sqlb_add(&b, side == 0 ? " SELECT m.a, m.b, m.ap, m.bp, m.why, m.alike, (SELECT " : ", (SELECT ");
		sqlb_add(&b, collect_label(e));
		sqlb_add(&b, " FROM ");
		sqlb_add(&b, e->table);
		sqlb_add(&b, side == 0 ? " t WHERE t.id = m.a)" : " t WHERE t.id = m.b)");
	}
	sqlb_cond(&b, " FROM (SELECT * FROM pair ORDER BY a, b, why LIMIT ?) m ORDER BY m.a, m.b, m.why",
		I((int64_t)q->max));
	struct rows *r = sqlb_query(&b, c);

	while (rows_next(r)) {
		const struct pair p = { .a_id = row_int_at(r, 0),
			.b_id = row_int_at(r, 1),
			.a_place = row_int_at(r, 2),
			.b_place = row_int_at(r, 3),
			.why = row_int_at(r, 4),
			.alike = row_int_at(r, 5) == 1,
			.a_name = row_str_at(r, 6),
			.b_name = row_str_at(r, 7) };

		last = p.a_id;
		n++;
		fn(&p, arg);
	}
	sqlb_release(&b);
	*ret_next = n < q->max ? NIL : last > q->after ? last : q->after + 1;
	return rows_close(r);
}

enum err distinct_put(struct dbc *c, int64_t object, int64_t a, int64_t b, int64_t user, int64_t at,
	struct str note)
{
	return db_exec(c, collect_sql[Q_DISTINCT_PUT],
		ARGS(I(a < b ? a : b), I(a < b ? b : a), I(object), I(user), I(at), T(note)), NULL);
}

enum err distinct_drop(struct dbc *c, int64_t a, int64_t b)
{
	return db_exec(
		c, collect_sql[Q_DISTINCT_DROP], ARGS(I(a < b ? a : b), I(a < b ? b : a)), NULL);
}
