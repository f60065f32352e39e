/*
 * Probable duplicates: listed, compared side by side, called distinct, or merged. Of two rows one
 * stays; what pointed at the other points at it; the other stays too, inactive, and the merge says
 * whose double it was. Nothing is ranked or scored: a pair is listed with the reasons why, and a
 * person decides.
 */
#include <math.h>
#include <string.h>

#include "core/audit.h"
#include "mod/collect/collect_impl.h"

enum { PAIRS_MAX = 100, REFS_MAX = 400 };
#define MERGE_WORD "person.merge"

struct merge_in {
	int64_t kind, winner_id, loser_id, winner_version, loser_version;
	struct str take, note;
};
static const struct field merge_in_field[] = {
	FIELD(merge_in, kind, F_ENUM, .flags = FIELD_REQUIRED, .vocab = &object_vocab),
	FIELD(merge_in, winner_id, F_ID, .flags = FIELD_REQUIRED),
	FIELD(merge_in, loser_id, F_ID, .flags = FIELD_REQUIRED),
	FIELD(merge_in, winner_version, F_INT, .flags = FIELD_REQUIRED),
	FIELD(merge_in, loser_version, F_INT, .flags = FIELD_REQUIRED),
	FIELD(merge_in, take, F_JSON, .max = 1000),
	FIELD(merge_in, note, F_STR, .max = 300),
};
const struct fields merge_in_fields = FIELDS(merge_in, merge_in_field);

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

static bool mergeable(int64_t object)
{
	return object == OBJECT_PERSON || object == OBJECT_VENUE || object == OBJECT_ORGANISATION;
}

/* Both rows, seen in full and writable where each of them lies. */
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

static enum err load_pair(
	struct req *rq, int64_t object, int64_t a_id, int64_t b_id, void **ret_a, void **ret_b)
{
	enum err err;

	if (object == NIL || !mergeable(object))
		return req_fail(rq, ERR_INVALID, "merge.kind", "kind",
			"people, venues and organisations are compared");
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
	int64_t object;
	struct pair last;
	bool open;
	size_t n;
};

static void write_side(
	struct listing *l, const char *key, int64_t id, struct str name, int64_t place)
{
	jw_kobj(l->out, key);
	jw_kid(l->out, "id", id);
	jw_kstr(l->out, "name", name);
	jw_kid(l->out, "place", place);
	jw_kstr(l->out, "place_name", snap_place_name(req_snap(l->rq), place));
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

static const char *why_word(int64_t why)
{
	switch (why) {
	case WHY_NAME_BIRTH:
		return "name_birth";
	case WHY_PHONE:
		return "phone";
	case WHY_HOME:
		return "household";
	default:
		return "name_place";
	}
}

static void one_pair(const struct pair *p, void *arg)
{
	struct listing *l = arg;

	if (p->why == WHY_HOME && !names_alike(p->a_name, p->b_name))
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
	jw_z(l->out, why_word(p->why));
}

/* Where nothing is said: the asker's own area, which must be a street's or smaller. */
static enum err pair_place(struct req *rq, int64_t *ret)
{
	*ret = req_query_int(rq, "place");
	for (size_t i = 0; i < rq->who->nposts && *ret == NIL; i++) {
		if ((perm_roles(MERGE_WORD) >> rq->who->post[i].role) & 1)
			*ret = rq->who->post[i].lo;
	}
	if (*ret == NIL || place_level(*ret) < LEVEL_STREET)
		return req_fail(rq, ERR_INVALID, "merge.place", "place",
			"duplicates are looked for within a street or less: choose one");
	return OK;
}

enum err pairs_list(struct req *rq, struct jw *out)
{
	struct listing l = {
		.rq = rq, .out = out, .object = vocab_index(&object_vocab, req_query(rq, "kind"))
	};
	int64_t place = NIL, after = req_query_int(rq, "after");
	enum err err = pair_place(rq, &place);

	if (err == OK && (l.object == NIL || !mergeable(l.object)))
		err = req_fail(rq, ERR_INVALID, "merge.kind", "kind",
			"people, venues and organisations are compared");
	if (err != OK)
		return err;
	jw_obj(out);
	jw_kid(out, "place", place);
	jw_karr(out, "items");
	err = pairs_each(rq->db, rq->who, l.object, place, after == NIL ? 0 : after, 4 * PAIRS_MAX,
		one_pair, &l);
	end_pair(&l);
	jw_end_arr(out);
	jw_kid(out, "next", l.n == PAIRS_MAX ? l.last.a_id : NIL);
	jw_end_obj(out);
	rq->rows = (int64_t)l.n;
	return err;
}

/* ---- side by side ---- */

static void write_text(const struct field *f, const void *rec, const char *key, struct jw *out)
{
	struct buf b;

	buf_init(&b, 1 << 17);
	entity_field_text(f, rec, true, &b);
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
static bool takeable(const struct field *f)
{
	static const char *const not [] = { "id", "version", "active", "ended_at", "ended_reason",
		"source" };

	if (f->flags & (FIELD_READONLY | FIELD_HIDDEN))
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

		if (!takeable(f) || (field_is_nil(f, a) && field_is_nil(f, b)))
			continue;
		jw_obj(out);
		jw_kz(out, "field", f->name);
		write_text(f, a, "a", out);
		write_text(f, b, "b", out);
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
	jw_kstr(out, "name", field_str(fields_find(&e->fields, STR("name")), rec));
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
		load_pair(rq, object, req_query_int(rq, "a"), req_query_int(rq, "b"), &a, &b);

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
	enum err err = load_pair(rq, in->kind, in->a_id, in->b_id, &a, &b);

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

/* ---- merging ---- */

struct merging {
	struct req *rq;
	const struct merge_in *in;
	const struct entity *e;
	struct watch *w;
	void *winner, *loser; /* as stored */
	uint64_t take;
	int64_t today;
};

/* What may point at a row of the registry. Ids are unique over all tables. */
static const struct {
	int q;
	const struct entity *e;
	const char *field;
} refs[] = {
	{ Q_REF_LINK_FROM, &link_entity, "from_id" },
	{ Q_REF_LINK_TO, &link_entity, "to_id" },
	{ Q_REF_CONSENT, &consent_entity, "person_id" },
	{ Q_REF_GUARDIAN, &consent_entity, "guardian_id" },
	{ Q_REF_PLAN, &care_plan_entity, "target_id" },
	{ Q_REF_HEAD, &household_entity, "head_id" },
	{ Q_REF_VENUE, &venue_entity, "org_id" },
};

/* The winner may have the same link already; nobody belongs to themselves: then the loser's ends
 * where it is. */
static enum err fit_link(struct merging *m, struct link *l, const struct link *was)
{
	bool same = l->from_id == l->to_id;
	enum err err = same ? OK : link_overlaps(m->rq->db, l, &same);

	if (err != OK || !same)
		return err;
	*l = *was;
	if (l->valid_to == NIL)
		l->valid_to = l->valid_from > m->today ? l->valid_from : m->today;
	return OK;
}

/* One open plan of a type is enough. */
static enum err fit_plan(struct merging *m, struct care_plan *p)
{
	bool has = false;
	enum err err =
		p->ended_at != NIL ? OK : plan_open_of(m->rq->db, m->in->winner_id, p->type, &has);

	if (err != OK || !has)
		return err;
	p->ended_at = p->started > m->today ? p->started : m->today;
	p->ended_reason = ENDED_MERGED;
	return OK;
}

static int64_t home_after(const struct merging *m)
{
	const struct field *f = fields_find(&person_entity.fields, STR("household_id"));

	return field_int(f, (m->take >> (f - person_entity.fields.v)) & 1 ? m->loser : m->winner);
}

/* Nobody heads a household they do not live in. */
static void fit_home(const struct merging *m, struct household *h)
{
	if (home_after(m) != h->id)
		h->head_id = NIL;
}

static enum err point_again(
	struct merging *m, const struct entity *e, const char *field, int64_t id)
{
	void *old = arena_alloc(m->rq->arena, e->fields.size),
	     *rec = arena_alloc(m->rq->arena, e->fields.size);
	enum err err = old == NULL || rec == NULL ? ERR_NOMEM : watch_add(m->w, e, id);

	if (err == OK)
		err = entity_get_any(m->rq, e, id, old);
	if (err != OK)
		return err;
	memcpy(rec, old, e->fields.size);
	field_set_int(fields_find(&e->fields, str_z(field)), rec, m->in->winner_id);
	if (e == &link_entity)
		err = fit_link(m, rec, old);
	else if (e == &care_plan_entity)
		err = fit_plan(m, rec);
	else if (e == &household_entity)
		fit_home(m, rec);
	return err != OK ? err : entity_overwrite(m->rq, e, old, rec, "merge");
}

static enum err point_all(struct merging *m)
{
	int64_t *id = arena_array(m->rq->arena, REFS_MAX, sizeof(*id));
	enum err err = id == NULL ? ERR_NOMEM : OK;

	for (size_t i = 0; i < ARRAY_LEN(refs) && err == OK; i++) {
		size_t n = 0;

		err = collect_ids(m->rq->db, refs[i].q, m->in->loser_id, id, REFS_MAX, &n);
		if (err == ERR_LIMIT)
			return req_fail(m->rq, ERR_LIMIT, "change.rows", "",
				"too much hangs on it to be merged at once");
		for (size_t k = 0; k < n && err == OK; k++)
			err = point_again(m, refs[i].e, refs[i].field, id[k]);
	}
	return err;
}

/* Inactive, and without those natural keys that the winner takes. */
static enum err retire(struct merging *m)
{
	const struct field *f = m->e->fields.v;
	void *rec = arena_alloc(m->rq->arena, m->e->fields.size);

	if (rec == NULL)
		return ERR_NOMEM;
	memcpy(rec, m->loser, m->e->fields.size);
	for (size_t i = 2; i < m->e->fields.n; i++) {
		if ((f[i].flags & FIELD_UNIQUE) && ((m->take >> i) & 1))
			field_set_str(&f[i], rec, (struct str){ NULL, 0 });
	}
	field_set_int(fields_find(&m->e->fields, STR("active")), rec, 0);
	if (m->e == &person_entity) {
		struct person *p = rec;

		p->ended_at = m->today;
		p->ended_reason = ENDED_MERGED;
	}
	return entity_overwrite(m->rq, m->e, m->loser, rec, "merge");
}

static enum err take_facts(struct merging *m)
{
	struct fact *v = arena_array(m->rq->arena, FIELD_MAX, sizeof(*v));
	size_t n = 0;
	enum err err =
		v == NULL ? ERR_NOMEM : fact_list(m->rq->db, m->in->loser_id, m->rq->arena, v, &n);

	for (size_t i = 0; i < n && err == OK; i++) {
		const struct field *f = fields_find(&m->e->fields, v[i].field);

		if (f != NULL && ((m->take >> (f - m->e->fields.v)) & 1))
			err = fact_put(m->rq->db, m->in->winner_id, m->e->name, f->name,
				v[i].source, v[i].user, v[i].at);
	}
	return err;
}

/* The winner with the values taken over; all its checks run. */
static enum err fill_winner(struct merging *m)
{
	void *now = arena_alloc(m->rq->arena, m->e->fields.size),
	     *rec = arena_alloc(m->rq->arena, m->e->fields.size);
	enum err err = now == NULL || rec == NULL ? ERR_NOMEM
						  : entity_get_any(m->rq, m->e, m->in->winner_id, now);

	if (err != OK)
		return err;
	memcpy(rec, now, m->e->fields.size);
	for (size_t i = 2; i < m->e->fields.n; i++) {
		if ((m->take >> i) & 1)
			field_copy(&m->e->fields.v[i], m->loser, rec);
	}
	err = entity_update(m->rq, m->e, now, rec);
	if (err == OK)
		err = take_facts(m);
	/* what came over lies where the winner lies */
	return err != OK ? err
			 : registry_move(m->rq->db, m->in->winner_id, registry_place(m->e, rec),
				   m->rq->now);
}

static enum err read_take(struct merging *m)
{
	struct error why = { .err = OK };
	json_t *list = NULL, *v;
	size_t i;
	enum err err = m->in->take.p == NULL ? OK : field_parse_json(m->in->take, &list, &why);

	if (err == OK && list != NULL && !json_is_array(list))
		err = ERR_INVALID;
	json_array_foreach(list, i, v)
	{
		const struct field *f =
			json_is_string(v) ? fields_find(&m->e->fields, str_z(json_string_value(v)))
					  : NULL;

		if (f == NULL || !takeable(f))
			err = ERR_INVALID;
		else
			m->take |= UINT64_C(1) << (f - m->e->fields.v);
	}
	json_decref(list);
	return err == OK ? OK
			 : req_fail(m->rq, err, "merge.take", "take",
				   "a list of fields to take from the other one is needed");
}

static enum err check_pair(struct merging *m)
{
	const struct field *active = fields_find(&m->e->fields, STR("active"));

	if (field_int(active, m->winner) != 1 || field_int(active, m->loser) != 1)
		return req_fail(m->rq, ERR_CONFLICT, "merge.inactive", "loser_id",
			"one of them is no longer in force");
	if (field_int(&m->e->fields.v[1], m->winner) != m->in->winner_version ||
		field_int(&m->e->fields.v[1], m->loser) != m->in->loser_version)
		return req_fail(m->rq, ERR_CONFLICT, "conflict.version", "winner_version",
			"somebody changed it meanwhile; reload and try again");
	return read_take(m);
}

static enum err record(struct merging *m, int64_t *ret_id)
{
	struct merge v = { .change_id = m->w->change_id,
		.kind = m->in->kind,
		.winner_id = m->in->winner_id,
		.loser_id = m->in->loser_id,
		.taken = m->in->take,
		.place = registry_place(m->e, m->winner),
		.note = m->in->note,
		.undone_at = NIL };

	return entity_insert(m->rq, &merge_entity, &v, ret_id);
}

/* The household that the double alone lived in. */
static enum err end_empty(struct merging *m)
{
	int64_t home = ((const struct person *)m->loser)->household_id, some[1];
	struct household old = { .active = NIL }, rec;
	size_t n = 0;
	enum err err;

	if (home == NIL || home == home_after(m))
		return OK;
	err = collect_ids(m->rq->db, Q_MEMBERS, home, some, 1, &n);
	if (err == ERR_LIMIT)
		return OK;
	if (err == OK)
		err = entity_get_any(m->rq, &household_entity, home, &old);
	if (err != OK || n > 0 || old.active != 1)
		return err;
	rec = old;
	rec.active = 0;
	return entity_update(m->rq, &household_entity, &old, &rec);
}

static enum err run(struct merging *m)
{
	enum err err = m->w->change_id == NIL ? ERR_RETRY : check_pair(m);

	/* The loser first, so that undoing, which goes backwards, frees the winner's numbers for
	 * it. */
	if (err == OK)
		err = watch_add(m->w, m->e, m->in->loser_id);
	if (err == OK)
		err = watch_add(m->w, m->e, m->in->winner_id);
	if (err == OK && m->e == &person_entity) {
		err = watch_household(m->w, ((const struct person *)m->loser)->household_id);
		if (err == OK)
			err = watch_household(
				m->w, ((const struct person *)m->winner)->household_id);
		if (err == OK) /* taking the other's household moves what hangs on the winner */
			err = watch_person_rows(m->w, m->in->winner_id);
	}
	if (err == OK)
		err = point_all(m);
	if (err == OK)
		err = retire(m);
	if (err == OK)
		err = fill_winner(m);
	if (err == OK && m->e == &person_entity)
		err = end_empty(m);
	return err != OK ? err : watch_store(m->w, false);
}

enum err merge_create(struct req *rq, struct jw *out)
{
	struct merging m = {
		.rq = rq, .in = rq->in, .today = date_of(rq->now), .w = watch_new(rq)
	};
	int64_t id = NIL;
	enum err err = m.w == NULL ? ERR_NOMEM
				   : load_pair(rq, m.in->kind, m.in->winner_id, m.in->loser_id,
					     &m.winner, &m.loser);

	if (err != OK)
		return err;
	m.e = registry_entity(m.in->kind);
	err = run(&m);
	if (err == OK)
		err = record(&m, &id);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_kid(out, "id", id);
	jw_kid(out, "change_id", m.w->change_id);
	jw_kid(out, "winner_id", m.in->winner_id);
	jw_kid(out, "loser_id", m.in->loser_id);
	jw_end_obj(out);
	return OK;
}

enum err merge_undo(struct req *rq, struct jw *out)
{
	void *a = NULL, *b = NULL;
	struct merge v;
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = entity_get(rq, &merge_entity, id, &v);
	if (err == OK)
		err = load_pair(rq, v.kind, v.winner_id, v.loser_id, &a, &b);
	if (err == OK)
		err = change_undo(rq, v.change_id);
	if (err == OK)
		err = merge_undone(rq->db, id, rq->now);
	if (err != OK)
		return err;
	return change_undone_reply(rq, id, v.change_id, out);
}
