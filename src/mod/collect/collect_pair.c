/*
 * Probable doubles: listed, compared side by side, called distinct. Nothing is ranked or scored: a
 * pair is listed with the reasons why, and a person decides. What makes a double of a kind are rows
 * of a table (collect_pair_db.c). Of a double in somebody else's area is said that there is one, in
 * which street, and the name in part: whoever holds both areas compares and merges.
 */
#include <string.h>

#include "core/audit.h"
#include "mod/collect/collect_impl.h"

enum { PAIRS_MAX = 100, PAIR_ROWS = 4 * PAIRS_MAX };
#define MERGE_WORD "person.merge"

struct distinct_in {
	int64_t kind, a_id, b_id;
	struct str note;
	int64_t undo;
};
static const struct field distinct_in_field[] = {
	FIELD(distinct_in, kind, F_ENUM, .flags = FIELD_REQUIRED, .vocab = &object_vocab),
	FIELD(distinct_in, a_id, F_ID, .flags = FIELD_REQUIRED),
	FIELD(distinct_in, b_id, F_ID, .flags = FIELD_REQUIRED),
	FIELD(distinct_in, note, F_STR, .max = 300),
	FIELD(distinct_in, undo, F_BOOL),
};
const struct fields distinct_in_fields = FIELDS(distinct_in, distinct_in_field);

static enum err pair_kind(struct req *rq)
{
	return req_fail(rq, ERR_INVALID, "merge.kind", "kind",
		"say which kind: person, household, building, room, venue, thing or organisation");
}

/* In sight, and where the asker may merge. */
static enum err load_one(struct req *rq, int64_t object, int64_t id, const char *field, void **ret)
{
	const struct entity *e = registry_entity(object);
	enum err err;

	*ret = arena_alloc(rq->arena, e->fields.size);
	err = *ret == NULL ? ERR_NOMEM : entity_get(rq, e, id, *ret);
	if (err == ERR_NOT_FOUND ||
		(err == OK && !may_at(rq->who, MERGE_WORD, registry_place(e, *ret))))
		return req_fail(rq, ERR_NOT_FOUND, "not_found", field,
			"there is no such %s where you may merge", e->name);
	return err;
}

enum err pair_load(
	struct req *rq, int64_t object, int64_t a_id, int64_t b_id, void **ret_a, void **ret_b)
{
	enum err err;

	if (registry_entity(object) == NULL)
		return pair_kind(rq);
	if (a_id == b_id)
		return req_fail(
			rq, ERR_INVALID, "merge.same", "loser_id", "that is one and the same row");
	err = load_one(rq, object, a_id, "winner_id", ret_a);
	return err != OK ? err : load_one(rq, object, b_id, "loser_id", ret_b);
}

/* ---- pairs ---- */

struct listing {
	struct req *rq;
	struct jw *out;
	const struct entity *e;
	int64_t object;
	bool across;
	struct pair last;
	bool open;
	size_t n;
};

static bool named_in_part(const struct entity *e)
{
	const struct field *f = fields_find(&e->fields, STR("name"));

	return f != NULL && (f->flags & FIELD_MASKED);
}

/* Across streets a grid's name alone says little. */
static struct str where(const struct listing *l, int64_t place)
{
	const struct snap *s = req_snap(l->rq);
	struct str name = snap_place_name(s, place), street = snap_place_name(s, place_up(place, LEVEL_STREET));

	return !l->across || place_level(place) <= LEVEL_STREET || street.p == NULL || name.p == NULL
		       ? name
		       : str_fmt(l->rq->arena, "%.*s %.*s", (int)street.n, street.p, (int)name.n, name.p);
}

/* Of a row in another area: the street, and the name in part. */
static void write_side(
	struct listing *l, const char *key, int64_t id, struct str name, int64_t place)
{
	bool seen = may_at(l->rq->who, MERGE_WORD, place);
	bool full = seen && (!named_in_part(l->e) || may_at(l->rq->who, l->e->full, place));
	int64_t at = seen ? place : place_up(place, LEVEL_STREET);

	jw_kobj(l->out, key);
	jw_kid(l->out, "id", seen ? id : NIL);
	jw_kstr(l->out, "name", full ? name : entity_name_in_part(l->rq->arena, name));
	jw_kid(l->out, "place", at);
	jw_kstr(l->out, "place_name", where(l, at));
	jw_end_obj(l->out);
}

static void end_pair(struct listing *l)
{
	if (!l->open)
		return;
	jw_end_arr(l->out);
	jw_end_obj(l->out);
	l->open = false;
}

static void one_pair(const struct pair *p, void *arg)
{
	struct listing *l = arg;

	if (p->alike && !names_alike(p->a_name, p->b_name))
		return;
	if (!l->open || l->last.a_id != p->a_id || l->last.b_id != p->b_id) {
		end_pair(l);
		if (l->n == PAIRS_MAX)
			return;
		l->n++;
		jw_obj(l->out);
		jw_kz(l->out, "kind", vocab_word(&object_vocab, l->object));
		write_side(l, "a", p->a_id, p->a_name, p->a_place);
		write_side(l, "b", p->b_id, p->b_name, p->b_place);
		jw_karr(l->out, "why");
		l->open = true;
		l->last = (struct pair){ .a_id = p->a_id, .b_id = p->b_id };
	}
	jw_z(l->out, vocab_word(&why_vocab, p->why));
}

/* Where nothing is said: the asker's own area. Within one place it must be a street or smaller. */
static enum err pair_place(struct req *rq, bool across, int64_t *ret)
{
	*ret = req_query_int(rq, "place");
	for (size_t i = 0; i < rq->who->nposts && *ret == NIL; i++) {
		if ((perm_roles(MERGE_WORD) >> rq->who->post[i].role) & 1)
			*ret = rq->who->post[i].lo;
	}
	if (*ret == NIL || (!across && place_level(*ret) < LEVEL_STREET))
		return req_fail(rq, ERR_INVALID, "merge.place", "place",
			"duplicates are looked for within a street or less: choose one");
	return OK;
}

enum err pairs_list(struct req *rq, struct jw *out)
{
	struct listing l = {
		.rq = rq, .out = out, .object = vocab_index(&object_vocab, req_query(rq, "kind"))
	};
	struct pair_query q = { .who = rq->who, .object = l.object, .max = PAIR_ROWS,
		.after = req_query_int(rq, "after"), .across = str_eqz(req_query(rq, "across"), "true") };
	int64_t next = NIL;
	enum err err;

	l.e = registry_entity(l.object);
	if (l.e == NULL)
		return pair_kind(rq);
	q.after = q.after == NIL ? 0 : q.after;
	l.across = q.across;
	err = pair_place(rq, q.across, &q.place);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_kid(out, "place", q.place);
	jw_karr(out, "items");
	err = pairs_each(rq->db, &q, one_pair, &l, &next);
	end_pair(&l);
	jw_end_arr(out);
	/* From that row on again: what it began may be there in part. */
	if (l.n == PAIRS_MAX)
		next = l.last.a_id > q.after ? l.last.a_id : q.after + 1;
	jw_kid(out, "next", next);
	jw_end_obj(out);
	rq->rows = (int64_t)l.n;
	return err;
}

/* ---- side by side ---- */

static bool sees_full(struct req *rq, const struct entity *e, const void *rec)
{
	return e->full == NULL || may_at(rq->who, e->full, registry_place(e, rec));
}

void collect_text(
	const struct field *f, const void *rec, bool full, const char *key, struct jw *out)
{
	struct buf b;

	buf_init(&b, 1 << 17);
	entity_field_text(f, rec, full, &b);
	jw_kstr(out, key, buf_view(&b).n == 0 ? (struct str){ NULL, 0 } : buf_view(&b));
	buf_release(&b);
}

static void write_source(
	const struct fact *v, size_t n, const char *field, const char *key, struct jw *out)
{
	for (size_t i = 0; i < n; i++) {
		if (!str_eqz(v[i].field, field))
			continue;
		jw_ktime(out, key, v[i].at);
		return;
	}
	jw_ktime(out, key, NIL);
}

/* May a value be taken over? Not what says whose row it is, whether it is in force, or where values
 * come from. */
bool pair_takeable(const struct entity *e, const struct field *f)
{
	static const char *const not [] = { "id", "version", "active", "ended_at", "ended_reason",
		"source" };

	if (f->flags & (FIELD_READONLY | FIELD_HIDDEN))
		return false;
	/* What a code is made of stays with it. */
	if ((f->flags & FIELD_CREATE) && (e == &room_entity || !(f->flags & FIELD_UNIQUE)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(not ); i++) {
		if (strcmp(not [i], f -> name) == 0)
			return false;
	}
	return true;
}

static enum err write_fields(
	struct req *rq, const struct entity *e, const void *a, const void *b, struct jw *out)
{
	struct fact *fa = arena_array(rq->arena, FIELD_MAX, sizeof(*fa)),
		    *fb = arena_array(rq->arena, FIELD_MAX, sizeof(*fb));
	size_t na = 0, nb = 0;
	enum err err = fa == NULL || fb == NULL ? ERR_NOMEM
						: fact_list(rq->db, field_int(&e->fields.v[0], a),
							  rq->arena, fa, &na);

	if (err == OK)
		err = fact_list(rq->db, field_int(&e->fields.v[0], b), rq->arena, fb, &nb);
	jw_karr(out, "fields");
	for (size_t i = 2; i < e->fields.n && err == OK; i++) {
		const struct field *f = &e->fields.v[i];

		if (!pair_takeable(e, f) || (field_is_nil(f, a) && field_is_nil(f, b)))
			continue;
		jw_obj(out);
		jw_kz(out, "field", f->name);
		collect_text(f, a, sees_full(rq, e, a), "a", out);
		collect_text(f, b, sees_full(rq, e, b), "b", out);
		write_source(fa, na, f->name, "a_at", out);
		write_source(fb, nb, f->name, "b_at", out);
		jw_kbool(out, "same", field_same(f, a, b));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return err;
}

static enum err write_row(
	struct req *rq, const struct entity *e, const void *rec, const char *key, struct jw *out)
{
	int64_t id = field_int(&e->fields.v[0], rec), related = 0;
	enum err err = related_count(rq->db, id, &related);

	jw_kobj(out, key);
	jw_kid(out, "id", id);
	jw_kint(out, "version", field_int(&e->fields.v[1], rec));
	jw_kstr(out, "name", registry_called(rq, e, rec, sees_full(rq, e, rec)));
	jw_kbool(out, "active", field_int(fields_find(&e->fields, STR("active")), rec) == 1);
	jw_kid(out, "place", registry_place(e, rec));
	jw_kstr(out, "place_name", snap_place_name(req_snap(rq), registry_place(e, rec)));
	jw_kz(out, "source",
		vocab_word(&data_source_vocab,
			field_int(fields_find(&e->fields, STR("source")), rec)));
	jw_ktime(out, "verified_at", field_int(fields_find(&e->fields, STR("verified_at")), rec));
	jw_kint(out, "related", related);
	jw_end_obj(out);
	return err;
}

enum err pair_get(struct req *rq, struct jw *out)
{
	int64_t object = vocab_index(&object_vocab, req_query(rq, "kind"));
	void *a = NULL, *b = NULL;
	enum err err =
		pair_load(rq, object, req_query_int(rq, "a"), req_query_int(rq, "b"), &a, &b);

	if (err != OK)
		return err;
	jw_obj(out);
	jw_kz(out, "kind", vocab_word(&object_vocab, object));
	err = write_row(rq, registry_entity(object), a, "a", out);
	if (err == OK)
		err = write_row(rq, registry_entity(object), b, "b", out);
	if (err == OK)
		err = write_fields(rq, registry_entity(object), a, b, out);
	jw_end_obj(out);
	return err;
}

enum err pair_distinct(struct req *rq, struct jw *out)
{
	const struct distinct_in *in = rq->in;
	void *a = NULL, *b = NULL;
	enum err err = pair_load(rq, in->kind, in->a_id, in->b_id, &a, &b);

	if (err == OK && in->undo == 1)
		err = distinct_drop(rq->db, in->a_id, in->b_id);
	else if (err == OK)
		err = distinct_put(
			rq->db, in->kind, in->a_id, in->b_id, rq->who->user_id, rq->now, in->note);
	if (err == OK)
		err = audit_add(rq->db, &(struct audit_entry){ .at = rq->now,
						.actor = rq->who->user_id,
						.action = in->undo == 1 ? "undo" : "distinct",
						.object = registry_entity(in->kind)->name,
						.object_id = in->a_id,
						.detail = str_fmt(rq->arena, "{\"other\":\"%lld\"}",
							(long long)in->b_id) });
	if (err != OK)
		return err;
	rq->reply.status = 200;
	jw_obj(out);
	jw_kbool(out, "distinct", in->undo != 1);
	jw_end_obj(out);
	return OK;
}
