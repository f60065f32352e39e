/*
 * Merging: of two rows one stays; what pointed at the other points at it; the other stays too,
 * inactive, and the merge says whose double it was. What lies in a building, a room or a household
 * goes into the one that stays; both must lie at one place then.
 */
#include <string.h>

#include "mod/collect/collect_impl.h"

enum { REFS_MAX = 400 };

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

/* ---- merging ---- */

struct merging {
	struct req *rq;
	const struct merge_in *in;
	const struct entity *e;
	struct watch *w;
	void *winner, *loser; /* as stored */
	uint64_t take;
	int64_t today;
	bool one_head; /* of two households: their heads have one name */
};

/* The winner may have the same link already; nobody belongs to themselves: then the loser's ends
 * where it is. */
static enum err fit_link(struct merging *m, void *rec, const void *was)
{
	struct link *l = rec;
	bool same = l->from_id == l->to_id;
	enum err err = same ? OK : link_overlaps(m->rq->db, l, &same);

	if (err != OK || !same)
		return err;
	*l = *(const struct link *)was;
	if (l->valid_to == NIL)
		l->valid_to = l->valid_from > m->today ? l->valid_from : m->today;
	return OK;
}

/* One open plan of a type is enough. */
static enum err fit_plan(struct merging *m, void *rec, const void *was)
{
	struct care_plan *p = rec;
	bool has = false;
	enum err err =
		p->ended_at != NIL ? OK : plan_open_of(m->rq->db, m->in->winner_id, p->type, &has);

	(void)was;
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
static enum err fit_home(struct merging *m, void *rec, const void *was)
{
	struct household *h = rec;

	(void)was;
	if (home_after(m) != h->id)
		h->head_id = NIL;
	return OK;
}

/*
 * A household has one head, and words of relation are those to it. Heads of one name are one
 * person, entered twice: then the others' words hold; else they are asked for anew.
 */
static enum err fit_member(struct merging *m, void *rec, const void *was)
{
	struct person *p = rec;

	(void)was;
	if (p->relation == RELATION_HEAD || !m->one_head)
		p->relation = RELATION_OTHER;
	return OK;
}

/* What may point at a row of the registry. Ids are unique over all tables. */
static const struct {
	int q;
	const struct entity *e;
	const char *field;
	enum err (*fit)(struct merging *m, void *rec, const void *was); /* beside pointing elsewhere */
} refs[] = {
	{ Q_REF_LINK_FROM, &link_entity, "from_id", fit_link },
	{ Q_REF_LINK_TO, &link_entity, "to_id", fit_link },
	{ Q_REF_CONSENT, &consent_entity, "person_id" },
	{ Q_REF_GUARDIAN, &consent_entity, "guardian_id" },
	{ Q_REF_PLAN, &care_plan_entity, "target_id", fit_plan },
	{ Q_REF_HEAD, &household_entity, "head_id", fit_home },
	{ Q_REF_VENUE, &venue_entity, "org_id" },
	{ Q_REF_ROOM, &room_entity, "building_id" },
	{ Q_REF_HOME, &household_entity, "room_id" },
	{ Q_REF_MEMBER, &person_entity, "household_id", fit_member },
};

static enum err point_again(struct merging *m, size_t ref, int64_t id)
{
	const struct entity *e = refs[ref].e;
	void *old = arena_alloc(m->rq->arena, e->fields.size),
	     *rec = arena_alloc(m->rq->arena, e->fields.size);
	enum err err = old == NULL || rec == NULL ? ERR_NOMEM : watch_add(m->w, e, id);

	if (err == OK)
		err = entity_get_any(m->rq, e, id, old);
	if (err != OK)
		return err;
	memcpy(rec, old, e->fields.size);
	field_set_int(fields_find(&e->fields, str_z(refs[ref].field)), rec, m->in->winner_id);
	if (refs[ref].fit != NULL)
		err = refs[ref].fit(m, rec, old);
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
			err = point_again(m, i, id[k]);
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
	if (m->e == &household_entity)
		((struct household *)rec)->head_id = NIL;
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

		if (f == NULL || !pair_takeable(m->e, f))
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
	if ((m->e == &building_entity || m->e == &room_entity || m->e == &household_entity) &&
		registry_place(m->e, m->loser) != registry_place(m->e, m->winner))
		return req_fail(m->rq, ERR_CONFLICT, "merge.apart", "loser_id",
			"they lie in two grids: bring one to where the other is, then merge");
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

/* Both households with their members: whose head goes, and whose words change. */
static enum err watch_homes(struct merging *m)
{
	const struct household *h[] = { m->loser, m->winner };
	struct person head[2] = { { .id = NIL }, { .id = NIL } };
	int64_t *id = arena_array(m->rq->arena, REFS_MAX, sizeof(*id));
	enum err err = id == NULL ? ERR_NOMEM : OK;

	for (size_t i = 0; i < ARRAY_LEN(h) && err == OK; i++) {
		size_t n = 0;

		err = collect_ids(m->rq->db, Q_REF_MEMBER, h[i]->id, id, REFS_MAX, &n);
		for (size_t k = 0; k < n && err == OK; k++)
			err = watch_add(m->w, &person_entity, id[k]);
		if (err == OK && h[i]->head_id != NIL)
			err = entity_get_any(m->rq, &person_entity, h[i]->head_id, &head[i]);
	}
	m->one_head = head[0].id != NIL && head[1].id != NIL && str_eq(head[0].name, head[1].name);
	return err;
}

static enum err watch_people(struct merging *m)
{
	enum err err = watch_household(m->w, ((const struct person *)m->loser)->household_id);

	if (err == OK)
		err = watch_household(m->w, ((const struct person *)m->winner)->household_id);
	/* taking the other's household moves what hangs on the winner */
	return err != OK ? err : watch_person_rows(m->w, m->in->winner_id);
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
	if (err == OK && m->e == &person_entity)
		err = watch_people(m);
	if (err == OK && m->e == &household_entity)
		err = watch_homes(m);
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
				   : pair_load(rq, m.in->kind, m.in->winner_id, m.in->loser_id,
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
		err = pair_load(rq, v.kind, v.winner_id, v.loser_id, &a, &b);
	if (err == OK)
		err = change_undo(rq, v.change_id);
	if (err == OK)
		err = merge_undone(rq->db, id, rq->now);
	if (err != OK)
		return err;
	return change_undone_reply(rq, id, v.change_id, out);
}
