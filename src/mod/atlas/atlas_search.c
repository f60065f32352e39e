/*
 * One search box: names, addresses, codes, exact telephones, first letters of readings and words of
 * two characters, over places, people, households, buildings, venues, things, organisations and
 * open events. People are looked for only where the asker sees them in full: finding would be
 * reading.
 */
#include <math.h>
#include <string.h>

#include "core/matter.h"
#include "core/secret.h"
#include "mod/atlas/atlas_impl.h"
#include "mod/place/place.h"
#include "mod/registry/registry.h"

enum { SHOWN = 6, SHOWN_MAX = 20, QUERY_MAX = 200, TEXT_MAX = 8192, EXACT_MIN = 6, EXACT_MAX = 24 };

struct group {
	const char *kind;
	const struct entity *e;
};
static const struct group groups[] = {
	{ "places", &place_entity },
	{ "persons", &person_entity },
	{ "households", &household_entity },
	{ "buildings", &building_entity },
	{ "venues", &venue_entity },
	{ "things", &thing_entity },
	{ "organisations", &organisation_entity },
};

struct search {
	struct req *rq;
	struct jw *out;
	struct str q;
	struct words words;
	int64_t shown;
};

/* One row that was found, and how well it fits. */
struct hit {
	const void *rec;
	int rank;
};
struct hits {
	struct hit v[2 * ATLAS_FOUND];
	size_t n;
	bool more;
};

/* ---- what a row is called ---- */

static struct str text_of(const struct entity *e, const void *rec, const char *name)
{
	const struct field *f = fields_find(&e->fields, str_z(name));

	return f == NULL || f->type != F_STR ? (struct str){ NULL, 0 } : field_str(f, rec);
}

static struct str title_of(const struct entity *e, const void *rec)
{
	struct str s = text_of(e, rec, "name");

	return s.p != NULL && s.n > 0 ? s : text_of(e, rec, "code");
}

static struct str detail_of(const struct entity *e, const void *rec)
{
	struct str s = text_of(e, rec, "address");

	return s.p != NULL && s.n > 0 ? s : text_of(e, rec, "code");
}

static double coordinate(const struct entity *e, const void *rec, const char *name)
{
	const struct field *f = fields_find(&e->fields, str_z(name));

	return f == NULL ? (double)NAN : field_real(f, rec);
}

static int64_t place_of(const struct entity *e, const void *rec)
{
	const struct field *f = e->fields.v, *end = f + e->fields.n;

	while (f < end && !(f->flags & FIELD_SCOPE))
		f++;
	return f < end ? field_int(f, rec) : NIL;
}

/* ---- finding ---- */

/* Pairs side by side are not yet the text that was asked for. */
static bool fits(const struct search *s, const struct entity *e, const void *rec)
{
	struct buf b;
	bool ok;

	buf_init(&b, TEXT_MAX);
	for (size_t i = 2; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];

		if (f->type != F_STR || !(f->flags & (FIELD_SEARCH | FIELD_UNIQUE)))
			continue;
		buf_str(&b, field_str(f, rec));
		buf_char(&b, '\n');
	}
	ok = b.failed || words_within(buf_view(&b), s->q);
	buf_release(&b);
	return ok;
}

static enum err add_hit(
	struct search *s, const struct entity *e, int64_t id, bool exact, struct hits *h)
{
	void *rec = arena_alloc(s->rq->arena, e->fields.size);
	enum err err = rec == NULL ? ERR_NOMEM : entity_get(s->rq, e, id, rec);
	struct str title;

	for (size_t i = 0; i < h->n; i++) {
		if (field_int(&e->fields.v[0], h->v[i].rec) == id)
			return OK;
	}
	if (err == ERR_NOT_FOUND) {
		s->rq->err = (struct error){ .err = OK };
		return OK;
	}
	if (err != OK || (!exact && !fits(s, e, rec)) || h->n == ARRAY_LEN(h->v))
		return err;
	title = title_of(e, rec);
	h->v[h->n++] = (struct hit){ rec, exact || str_eq(title, s->q) ? 0
					  : str_prefix(title, s->q)    ? 1
								       : 2 };
	return OK;
}

static enum err find_class(struct search *s, const struct entity *e, enum indexed what,
	const char *perm, const struct words *w, bool exact, struct hits *h)
{
	int64_t id[ATLAS_FOUND];
	size_t n = 0;
	enum err err = atlas_find(s->rq, e, what, perm, w, id, &n);

	h->more = h->more || n == ATLAS_FOUND;
	for (size_t i = 0; i < n && err == OK; i++)
		err = add_hit(s, e, id[i], exact, h);
	return err;
}

/* A telephone or identity number, whole, as the blind index knows it. */
static bool exact_text(struct str q, char out[EXACT_MAX + 1], size_t *ret_n)
{
	size_t n = 0;

	if (str_prefix(q, STR("+86")))
		q = (struct str){ q.p + 3, q.n - 3 };
	for (size_t i = 0; i < q.n; i++) {
		char c = q.p[i];

		if (c == ' ' || c == '-')
			continue;
		if (n == EXACT_MAX ||
			!((c >= '0' && c <= '9') || ((c == 'X' || c == 'x') && n == 17)))
			return false;
		out[n++] = c;
	}
	*ret_n = n;
	return n >= EXACT_MIN;
}

static enum err find_exact(struct search *s, const struct entity *e, struct hits *h)
{
	char text[EXACT_MAX + 1];
	size_t n;
	enum err err = OK;

	if (e->full == NULL || !exact_text(s->q, text, &n))
		return OK;
	for (size_t i = 2; i < e->fields.n && err == OK; i++) {
		unsigned char hash[HASH_LEN];
		struct words w = { .n = 1 };

		if (!secret_is_found(&e->fields.v[i]))
			continue;
		secret_blind(&s->rq->app->keys, e->name, e->fields.v[i].name,
			(struct str){ text, n }, hash);
		w.v[0] = words_exact(hash);
		err = find_class(s, e, INDEX_FULL, e->full, &w, true, h);
	}
	return err;
}

static enum err find(struct search *s, const struct entity *e, struct hits *h)
{
	enum err err = OK;

	if (s->words.n > 0)
		err = find_class(s, e, INDEX_OPEN, e->read, &s->words, false, h);
	if (err == OK && s->words.n > 0 && e->full != NULL)
		err = find_class(s, e, INDEX_FULL, e->full, &s->words, false, h);
	return err != OK ? err : find_exact(s, e, h);
}

/* ---- writing ---- */

static const char *kind_of(const struct entity *e, const void *rec)
{
	const struct field *f = fields_find(&e->fields, STR("kind"));

	if (e == &place_entity)
		f = fields_find(&e->fields, STR("level"));
	return f == NULL || f->vocab == NULL ? NULL : vocab_word(f->vocab, field_int(f, rec));
}

static void write_point(double lon, double lat, struct jw *out)
{
	jw_kreal(out, "lon", lon);
	jw_kreal(out, "lat", lat);
}

static void write_hit(struct search *s, const struct entity *e, const void *rec)
{
	int64_t place = place_of(e, rec);

	jw_obj(s->out);
	jw_kid(s->out, "id", field_int(&e->fields.v[0], rec));
	jw_kstr(s->out, "title", title_of(e, rec));
	jw_kstr(s->out, "detail", detail_of(e, rec));
	jw_kz(s->out, "word", kind_of(e, rec));
	jw_kid(s->out, "place", place);
	jw_kstr(s->out, "place_name",
		snap_place_name(
			req_snap(s->rq), e == &place_entity && place_level(place) > LEVEL_PROVINCE
						 ? place_up(place, place_level(place) - 1)
						 : place));
	write_point(coordinate(e, rec, "lon"), coordinate(e, rec, "lat"), s->out);
	jw_end_obj(s->out);
	s->rq->rows++;
}

static void begin_group(struct search *s, const char *kind)
{
	jw_obj(s->out);
	jw_kz(s->out, "kind", kind);
	jw_karr(s->out, "items");
}

static enum err search_group(struct search *s, const struct group *g)
{
	struct hits h = { .n = 0 };
	enum err err = may(s->rq->who, g->e->read) ? find(s, g->e, &h) : OK;
	int64_t left = s->shown;

	if (err != OK || h.n == 0)
		return err;
	begin_group(s, g->kind);
	for (int rank = 0; rank <= 2; rank++) {
		for (size_t i = 0; i < h.n && left > 0; i++) {
			if (h.v[i].rank != rank)
				continue;
			write_hit(s, g->e, h.v[i].rec);
			left--;
		}
	}
	jw_end_arr(s->out);
	jw_kbool(s->out, "more", h.more || h.n > (size_t)s->shown);
	jw_end_obj(s->out);
	return OK;
}

/* ---- events ---- */

struct event_hits {
	struct search *s;
	int64_t n;
};

static void write_event(const struct atlas_event *v, void *arg)
{
	struct event_hits *h = arg;
	struct search *s = h->s;

	if (h->n++ >= s->shown)
		return;
	if (h->n == 1)
		begin_group(s, "events");
	jw_obj(s->out);
	jw_kid(s->out, "id", v->id);
	jw_kstr(s->out, "title", v->title);
	jw_kstr(s->out, "detail", v->address);
	jw_kz(s->out, "word", vocab_word(&mstate_vocab, v->state));
	jw_kid(s->out, "place", v->place);
	jw_kstr(s->out, "place_name", snap_place_name(req_snap(s->rq), v->place));
	write_point(v->lon, v->lat, s->out);
	jw_end_obj(s->out);
	s->rq->rows++;
}

/* "E12345" is a number. */
static int64_t number_of(const struct req *rq, struct str q)
{
	const struct matter_kind *k = matter_kind_named(rq->app, STR("event"));
	int64_t id;

	if (k == NULL || q.n < 2 || (q.p[0] != k->letter && q.p[0] != k->letter + 32) ||
		!str_is_digits((struct str){ q.p + 1, q.n - 1 }) ||
		!str_i64((struct str){ q.p + 1, q.n - 1 }, &id))
		return NIL;
	return id;
}

static enum err search_events(struct search *s)
{
	struct event_hits h = { .s = s };
	enum err err = OK;

	if (may(s->rq->who, "event.read"))
		err = atlas_events_find(
			s->rq, s->q, number_of(s->rq, s->q), s->shown + 1, write_event, &h);
	if (h.n > 0) {
		jw_end_arr(s->out);
		jw_kbool(s->out, "more", h.n > s->shown);
		jw_end_obj(s->out);
	}
	return err;
}

enum err atlas_search(struct req *rq, struct jw *out)
{
	struct search s = { .rq = rq,
		.out = out,
		.q = str_trim(req_query(rq, "q")),
		.shown = req_query_int(rq, "limit") };
	enum err err = OK;

	if (s.shown == NIL)
		s.shown = SHOWN;
	if (s.shown < 1 || s.shown > SHOWN_MAX)
		return req_fail(rq, ERR_INVALID, "range", "limit", "limit is 1 to %d", SHOWN_MAX);
	if (s.q.p == NULL || s.q.n == 0 || s.q.n > QUERY_MAX)
		return req_fail(rq, ERR_INVALID, "required", "q",
			"say what to look for, in at most %d bytes", QUERY_MAX);
	words_of(s.q, &s.words);
	words_sort(&s.words);
	jw_obj(out);
	jw_karr(out, "groups");
	for (size_t i = 0; i < ARRAY_LEN(groups) && err == OK; i++)
		err = search_group(&s, &groups[i]);
	if (err == OK)
		err = search_events(&s);
	jw_end_arr(out);
	jw_kbool(out, "short", s.words.n == 0);
	jw_end_obj(out);
	return err;
}

static const struct member item_member[] = {
	{ "id", F_ID },
	{ "title", F_STR, .null = true },
	{ "detail", F_STR, .null = true, .help = "address or code" },
	{ "word", F_STR, .null = true, .help = "kind, level of a place, state of an event" },
	{ "place", F_CODE, .null = true },
	{ "place_name", F_STR, .null = true },
	{ "lon", F_REAL, .null = true },
	{ "lat", F_REAL, .null = true },
};
static const struct shape item_shape = { .name = "SearchItem", MEMBERS(item_member) };
static const struct member group_member[] = {
	{ "kind", F_STR,
		.help = "places, persons, households, buildings, venues, things, organisations, "
			"events" },
	{ "items", .of = &item_shape, .list = 1 },
	{ "more", F_BOOL },
};
static const struct shape group_shape = { .name = "SearchGroup", MEMBERS(group_member) };
static const struct member search_member[] = {
	{ "groups", .of = &group_shape, .list = 1, .help = "those with something in them" },
	{ "short", F_BOOL, .help = "one Chinese character alone is not looked for" },
};
const struct shape atlas_search_shape = { .name = "SearchReply", MEMBERS(search_member) };
