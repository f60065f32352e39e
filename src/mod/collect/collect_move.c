/*
 * People and households move in, out and between grids, in one action: residence, household and its
 * head, visit plans, consents and links. One row per person says what happened; all of it can be
 * undone.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mod/collect/collect_impl.h"

enum { MOVERS_MAX = 30, HOMES_MAX = MOVERS_MAX + 2, MEMBERS_MAX = 60, PEOPLE_MAX = 200 };

struct move_in {
	int64_t kind;
	struct str person_ids;
	int64_t household_id;
	struct str people;
	int64_t room_id, into_id, place, day, reason, plans, head_id, relation;
	struct str note, relations;
};
static const struct field move_in_field[] = {
	FIELD(move_in, kind, F_ENUM, .flags = FIELD_REQUIRED, .vocab = &move_kind_vocab),
	FIELD(move_in, person_ids, F_JSON, .max = 1000),
	FIELD(move_in, household_id, F_ID, .ref = "household"),
	FIELD(move_in, people, F_JSON, .max = 20000),
	FIELD(move_in, room_id, F_ID, .ref = "room"),
	FIELD(move_in, into_id, F_ID, .ref = "household"),
	FIELD(move_in, place, F_CODE),
	FIELD(move_in, day, F_DATE),
	FIELD(move_in, reason, F_ENUM, .vocab = &ended_vocab),
	FIELD(move_in, plans, F_ENUM, .vocab = &plans_go_vocab),
	FIELD(move_in, head_id, F_ID, .ref = "person"),
	FIELD(move_in, relation, F_ENUM, .vocab = &relation_vocab),
	FIELD(move_in, note, F_STR, .max = 300),
	FIELD(move_in, relations, F_JSON, .max = 4000),
};
const struct fields move_in_fields = FIELDS(move_in, move_in_field);

struct mover {
	struct person old, rec;
	bool fresh, done; /* new in the registry; moved with the household */
};

struct moving {
	struct req *rq;
	const struct move_in *in;
	struct watch *w;
	int64_t day;
	struct mover *p;
	size_t n;
	bool whole;   /* the household moves as it is */
	size_t head;  /* of those who start a household: by index */
	int64_t home; /* where they go; NIL: out, or to a place without a household */
	int64_t room_id, building_id; /* of that household */
	int64_t homes[HOMES_MAX];     /* households that may be left empty or without a head */
	size_t nhomes;
	int64_t size_before[HOMES_MAX];
	int64_t ended[HOMES_MAX];
	size_t nended;
	int64_t unsure[MOVERS_MAX]; /* whose word of relation nobody gave and the others do not tell */
	size_t nunsure;
};

/* ---- who ---- */

static enum err add_mover(struct moving *m, const struct person *p, bool fresh)
{
	if (m->n == MOVERS_MAX)
		return req_fail(m->rq, ERR_LIMIT, "move.many", "person_ids",
			"at most %d people move at once", MOVERS_MAX);
	m->p[m->n++] = (struct mover){ .old = *p, .rec = *p, .fresh = fresh };
	return OK;
}

/* In sight, writable where they are, and here (or not here, for those who come back). */
static enum err add_known(struct moving *m, int64_t id)
{
	struct person p;
	enum err err = entity_get(m->rq, &person_entity, id, &p);

	if (err == ERR_NOT_FOUND || (err == OK && !may_at(m->rq->who, "person.write", p.place)))
		return req_fail(m->rq, ERR_NOT_FOUND, "not_found", "person_ids",
			"there is no such person in your area");
	if (err != OK)
		return err;
	for (size_t i = 0; i < m->n; i++) {
		if (m->p[i].old.id == id)
			return OK;
	}
	if (m->in->kind != MOVE_IN && p.active != 1)
		return req_fail(m->rq, ERR_CONFLICT, "move.gone", "person_ids",
			"somebody among them is no longer here");
	if (m->in->kind == MOVE_IN &&
		(p.active == 1 || p.ended_reason == ENDED_DIED || p.ended_reason == ENDED_MERGED))
		return req_fail(m->rq, ERR_CONFLICT, "move.here", "person_ids",
			"somebody among them cannot come back: they are here, died, or were "
			"merged");
	err = watch_person(m->w, id);
	return err != OK ? err : add_mover(m, &p, false);
}

static enum err add_household(struct moving *m)
{
	int64_t id[PEOPLE_MAX];
	struct household h;
	size_t n = 0;
	enum err err = entity_get(m->rq, &household_entity, m->in->household_id, &h);

	if (err == ERR_NOT_FOUND || (err == OK && !may_at(m->rq->who, "person.write", h.place)))
		return req_fail(m->rq, ERR_NOT_FOUND, "not_found", "household_id",
			"there is no such household in your area");
	if (err == OK && (h.active != 1 || m->in->kind == MOVE_IN))
		return req_fail(m->rq, ERR_CONFLICT, "move.household", "household_id",
			"only a household that is here moves out or within");
	if (err == OK)
		err = watch_household(m->w, h.id);
	/* Those who left long ago lie where the household lies. */
	if (err == OK)
		err = collect_ids(m->rq->db, Q_HOME_PEOPLE, h.id, id, PEOPLE_MAX, &n);
	for (size_t i = 0; i < n && err == OK; i++)
		err = watch_person(m->w, id[i]);
	if (err == OK)
		err = collect_ids(m->rq->db, Q_MEMBERS, h.id, id, MEMBERS_MAX, &n);
	for (size_t i = 0; i < n && err == OK; i++)
		err = add_known(m, id[i]);
	return err;
}

/*
 * Somebody who was entered before and moved out comes back under the same row, wherever that lies:
 * whoever knows both number and name has them before him.
 */
static enum err find_former(
	struct moving *m, const struct person *p, struct person *ret, bool *ret_found)
{
	enum err err = registry_same_number(m->rq, p, ret, ret_found);

	*ret_found = *ret_found && ret->active != 1 && ret->ended_reason == ENDED_MOVED &&
		     str_eq(str_trim(p->name), ret->name);
	return err;
}

static enum err add_new(struct moving *m, json_t *v)
{
	struct person p, former;
	uint64_t given = 0;
	bool found = false;
	enum err err = fields_decode(
		&person_entity.fields, v, false, m->rq->arena, &p, &given, &m->rq->err);

	if (err == OK)
		err = find_former(m, &p, &former, &found);
	if (err != OK || !found)
		return err != OK ? err : add_mover(m, &p, true);
	err = watch_person(m->w, former.id);
	if (err == OK)
		err = add_mover(m, &former, false);
	for (size_t i = 2; i < person_entity.fields.n && err == OK; i++) {
		if ((given >> i) & 1)
			field_copy(&person_entity.fields.v[i], &p, &m->p[m->n - 1].rec);
	}
	return err;
}

static enum err add_people(struct moving *m)
{
	json_t *list = NULL, *v;
	size_t i;
	enum err err = field_parse_json(m->in->people, &list, &m->rq->err);

	if (err == OK && (!json_is_array(list) || m->in->kind != MOVE_IN))
		err = req_fail(m->rq, ERR_INVALID, "move.people", "people",
			"a list of new people, for those who move in");
	json_array_foreach(list, i, v)
	{
		if (err == OK)
			err = add_new(m, v);
	}
	json_decref(list);
	return err;
}

static enum err who_moves(struct moving *m)
{
	int64_t id[MOVERS_MAX];
	size_t n = 0;
	enum err err = OK;

	if (m->in->person_ids.p != NULL)
		err = collect_list(m->rq, m->in->person_ids, "person_ids", id, MOVERS_MAX, &n);
	for (size_t i = 0; i < n && err == OK; i++)
		err = add_known(m, id[i]);
	if (err == OK && m->in->household_id != NIL)
		err = add_household(m);
	if (err == OK && m->in->people.p != NULL)
		err = add_people(m);
	if (err == OK && m->n == 0)
		err = req_fail(m->rq, ERR_INVALID, "required", "person_ids",
			"say who moves: people, or a household with people");
	for (size_t i = m->n; i-- > 0;) {
		if (m->p[i].fresh && m->p[i].rec.relation == RELATION_HEAD)
			m->head = i;
	}
	for (size_t i = 0; i < m->n; i++)
		m->head = m->in->head_id != NIL && m->p[i].old.id == m->in->head_id ? i : m->head;
	return err;
}

/* ---- where to ---- */

static enum err note_home(struct moving *m, int64_t id)
{
	struct household h;
	enum err err;

	for (size_t i = 0; i < m->nhomes; i++) {
		if (m->homes[i] == id)
			return OK;
	}
	if (id == NIL || m->nhomes == HOMES_MAX)
		return OK;
	err = watch_household(m->w, id);
	if (err == OK)
		err = entity_get_any(m->rq, &household_entity, id, &h);
	if (err != OK)
		return err;
	m->size_before[m->nhomes] = h.size;
	m->homes[m->nhomes++] = id;
	return OK;
}

static enum err load_room(struct moving *m)
{
	struct room r;
	enum err err = m->room_id == NIL ? OK : entity_get(m->rq, &room_entity, m->room_id, &r);

	if (err == ERR_NOT_FOUND)
		return req_fail(
			m->rq, ERR_INVALID, "reference", "room_id", "there is no such room");
	m->building_id = err == OK && m->room_id != NIL ? r.building_id : NIL;
	return err;
}

static enum err new_home(struct moving *m)
{
	struct household h;
	enum err err;

	fields_clear(&household_entity.fields, &h);
	h.room_id = m->room_id = m->in->room_id;
	err = entity_insert(m->rq, &household_entity, &h, &m->home);
	return err != OK ? err : watch_made(m->w, &household_entity, m->home);
}

static enum err join_home(struct moving *m)
{
	struct household h;
	enum err err = entity_get(m->rq, &household_entity, m->in->into_id, &h);

	if (err == ERR_NOT_FOUND)
		return req_fail(
			m->rq, ERR_INVALID, "reference", "into_id", "there is no such household");
	if (err == OK && m->in->into_id == m->in->household_id)
		err = req_fail(m->rq, ERR_INVALID, "move.same", "into_id",
			"that is the household they live in");
	m->home = h.id;
	m->room_id = h.room_id;
	return err != OK ? err : note_home(m, h.id);
}

/* The household keeps its members, its head and its number; room and place change. */
static enum err whole_home(struct moving *m)
{
	struct household old, rec;
	enum err err = entity_get_any(m->rq, &household_entity, m->in->household_id, &old);

	rec = old;
	rec.room_id = m->room_id = m->in->room_id;
	if (m->in->room_id == NIL)
		rec.place = m->in->place;
	if (err == OK && rec.room_id == old.room_id && rec.place == old.place)
		err = req_fail(
			m->rq, ERR_INVALID, "move.same", "room_id", "that is where they live");
	if (err == OK)
		err = entity_update(m->rq, &household_entity, &old, &rec);
	m->home = old.id;
	for (size_t i = 0; i < m->n; i++) {
		m->p[i].done = m->p[i].old.household_id == old.id;
		m->p[i].rec.place = rec.place;
	}
	return err;
}

static enum err where_to(struct moving *m)
{
	const struct move_in *in = m->in;
	int given = (in->room_id != NIL) + (in->into_id != NIL) + (in->place != NIL);
	enum err err;

	if (in->kind == MOVE_OUT)
		return given == 0 ? OK
				  : req_fail(m->rq, ERR_INVALID, "move.target", "room_id",
					    "who moves out goes nowhere here");
	if (given != 1)
		return req_fail(m->rq, ERR_INVALID, "move.target", "room_id",
			"say where to, once: a room, a household that is there, or a grid");
	m->whole = in->kind == MOVE_WITHIN && in->household_id != NIL && in->into_id == NIL &&
		   in->person_ids.p == NULL;
	if (m->whole)
		err = whole_home(m);
	else if (in->into_id != NIL)
		err = join_home(m);
	else
		err = in->room_id != NIL ? new_home(m) : OK;
	return err != OK ? err : load_room(m);
}

/* ---- moving ---- */

static void set_out(struct moving *m, struct person *p)
{
	p->active = 0;
	p->ended_at = m->day;
	p->ended_reason = m->in->reason == NIL ? ENDED_MOVED : m->in->reason;
}

static void set_home(struct moving *m, struct person *p, bool head)
{

	p->active = 1;
	p->ended_at = p->ended_reason = NIL;
	p->household_id = m->home;
	if (m->home == NIL)
		p->place = m->in->place;
	if (m->in->relation != NIL && m->n == 1)
		p->relation = m->in->relation;
	else if (m->in->room_id != NIL && head)
		p->relation = RELATION_HEAD;
	else if (p->relation == RELATION_HEAD ||
		 (m->in->kind == MOVE_WITHIN && m->in->into_id != NIL))
		p->relation = RELATION_OTHER;
}

static enum err end_ties(struct moving *m, const struct mover *p)
{
	int64_t today = date_of(m->rq->now);
	bool out = m->in->kind == MOVE_OUT;
	bool follow = m->in->plans != NIL ? m->in->plans == PLANS_FOLLOW
					  : plans_follow(p->old.place, p->rec.place);
	enum err err = OK;

	if (p->fresh || m->in->kind == MOVE_IN)
		return OK;
	if (out) /* plans and links ended with the row (registry) */
		return consents_end_of(m->rq->db, p->rec.id, m->rq->now);
	if (!follow)
		err = plans_end_of(m->rq, p->rec.id, today, ENDED_MOVED);
	return err != OK ? err
			 : home_links_end(m->rq->db, p->rec.id, m->room_id, m->building_id, today,
				   m->rq->now);
}

/* What stands on the household itself. */
static enum err end_home_ties(struct moving *m)
{
	int64_t today = date_of(m->rq->now);
	bool follow = m->in->plans != NIL ? m->in->plans == PLANS_FOLLOW
					  : plans_follow(m->p[0].old.place, m->p[0].rec.place);
	enum err err =
		follow ? OK : plans_end_of(m->rq, m->home, today, ENDED_MOVED);

	return err != OK ? err
			 : home_links_end(m->rq->db, m->home, m->room_id, m->building_id, today,
				   m->rq->now);
}

static enum err move_one(struct moving *m, struct mover *p, bool head)
{
	int64_t id;
	enum err err = p->fresh || m->in->kind == MOVE_IN ? OK : note_home(m, p->old.household_id);

	if (err != OK)
		return err;
	if (p->done)
		return end_ties(m, p);
	if (m->in->kind == MOVE_OUT)
		set_out(m, &p->rec);
	else
		set_home(m, &p->rec, head);
	if (p->fresh) {
		err = entity_insert(m->rq, &person_entity, &p->rec, &id);
		return err != OK ? err : watch_made(m->w, &person_entity, id);
	}
	if (m->in->kind == MOVE_WITHIN && p->rec.household_id == p->old.household_id &&
		p->rec.place == p->old.place)
		return req_fail(m->rq, ERR_INVALID, "move.same", "into_id",
			"somebody among them lives there already");
	err = entity_update(m->rq, &person_entity, &p->old, &p->rec);
	return err != OK ? err : end_ties(m, p);
}

static enum err record(struct moving *m, const struct mover *p)
{
	struct move v = { .change_id = m->w->change_id,
		.kind = m->in->kind,
		.person_id = p->rec.id,
		.from_household = p->fresh ? NIL : p->old.household_id,
		.household_id = p->rec.household_id,
		.from_place = p->fresh ? NIL : p->old.place,
		.place = p->rec.place,
		.day = m->day,
		.reason = p->rec.ended_reason,
		.plans = m->in->plans,
		.note = m->in->note,
		.undone_at = NIL };
	int64_t id;

	if (m->in->kind == MOVE_OUT)
		v.household_id = NIL;
	if (m->in->kind == MOVE_WITHIN && v.plans == NIL)
		v.plans = plans_follow(p->old.place, p->rec.place) ? PLANS_FOLLOW : PLANS_END;
	return entity_insert(m->rq, &move_entity, &v, &id);
}

/* ---- what is left ---- */

static enum err members(struct moving *m, int64_t home, struct person **ret, size_t *ret_n)
{
	int64_t id[MEMBERS_MAX + 1];
	enum err err = collect_ids(m->rq->db, Q_MEMBERS, home, id, MEMBERS_MAX, ret_n);

	if (err == ERR_LIMIT)
		err = OK; /* the first sixty are enough to find a head */
	*ret = arena_array(m->rq->arena, *ret_n + 1, sizeof(**ret));
	if (*ret == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < *ret_n && err == OK; i++)
		err = entity_get_any(m->rq, &person_entity, id[i], &(*ret)[i]);
	return err;
}

/* {"id":"spouse"}: what somebody is to the new head; NIL when nothing is said of them. */
static enum err given_word(struct moving *m, int64_t id, int64_t *ret)
{
	json_t *words = NULL, *v;
	char key[24];
	enum err err = OK;

	*ret = NIL;
	if (m->in->relations.p != NULL)
		err = field_parse_json(m->in->relations, &words, &m->rq->err);
	snprintf(key, sizeof(key), "%lld", (long long)id);
	v = json_object_get(words, key);
	if (v != NULL)
		*ret = vocab_index(&relation_vocab, str_z(json_string_value(v)));
	if (err == OK && ((words != NULL && !json_is_object(words)) ||
				 (v != NULL && (*ret == NIL || *ret == RELATION_HEAD))))
		err = req_fail(m->rq, ERR_INVALID, "move.relations", "relations",
			"what the others are to the new head, by their ids: spouse, child, …");
	json_decref(words);
	return err;
}

/* The members' words are those to the new head: as given, else as they follow from the former ones. */
static enum err relate(struct moving *m, const struct person *p, size_t n, size_t head)
{
	int64_t word[MEMBERS_MAX + 1], given;
	struct person rec;
	enum err err = OK;

	relations_to(p, n, head, word);
	for (size_t i = 0; i < n && err == OK; i++) {
		err = i == head ? OK : given_word(m, p[i].id, &given);
		if (err == OK && i != head && given != NIL)
			word[i] = given;
		else if (err == OK && word[i] == RELATION_OTHER && m->nunsure < MOVERS_MAX)
			m->unsure[m->nunsure++] = p[i].id;
		if (err != OK || word[i] == p[i].relation)
			continue;
		rec = p[i];
		rec.relation = word[i];
		err = watch_person(m->w, rec.id);
		if (err == OK)
			err = entity_update(m->rq, &person_entity, &p[i], &rec);
	}
	return err;
}

static enum err crown(struct moving *m, struct household *h, const struct person *p, size_t n)
{
	size_t at = next_head(p, n, date_of(m->rq->now));

	for (size_t i = 0; i < n; i++) {
		if (p[i].id == h->head_id)
			return OK;
	}
	for (size_t i = 0; i < n; i++)
		at = p[i].id == m->in->head_id ? i : at;
	h->head_id = at == SIZE_MAX ? NIL : p[at].id;
	return at == SIZE_MAX || p[at].relation == RELATION_HEAD ? OK : relate(m, p, n, at);
}

/* A household without people ends; one without its head gets another; its size follows. */
static enum err settle(struct moving *m, int64_t home, int64_t size)
{
	struct household old = { .active = NIL }, rec;
	struct person *p = NULL;
	size_t n = 0, moved = 0;
	enum err err = members(m, home, &p, &n);

	if (err == OK)
		err = entity_get_any(m->rq, &household_entity, home, &old);
	if (err != OK || old.active != 1)
		return err;
	if (n == 0) {
		m->ended[m->nended++] = home;
		err = registry_leave(m->rq, home, m->day, ENDED_MOVED);
	} else {
		err = crown(m, &old, p, n);
	}
	if (err == OK) /* the head's own row may have written the household */
		err = entity_get_any(m->rq, &household_entity, home, &rec);
	if (err != OK)
		return err;
	struct household next = rec;

	next.head_id = n == 0 ? rec.head_id : old.head_id;
	next.active = n > 0;
	for (size_t i = 0; i < m->n; i++)
		moved += m->p[i].old.household_id == home || m->p[i].rec.household_id == home;
	if (size != NIL && !m->whole)
		next.size = home == m->home         ? size + (int64_t)moved
			    : size > (int64_t)moved ? size - (int64_t)moved
						    : (int64_t)n;
	if (next.head_id == rec.head_id && next.active == rec.active && next.size == rec.size)
		return OK;
	return entity_update(m->rq, &household_entity, &rec, &next);
}

/* ---- handlers ---- */

static void reply(struct moving *m, struct jw *out)
{
	jw_obj(out);
	jw_kid(out, "change_id", m->w->change_id);
	jw_kid(out, "household_id", m->home);
	jw_karr(out, "people");
	for (size_t i = 0; i < m->n; i++)
		jw_id(out, m->p[i].rec.id);
	jw_end_arr(out);
	jw_karr(out, "ended_households");
	for (size_t i = 0; i < m->nended; i++)
		jw_id(out, m->ended[i]);
	jw_end_arr(out);
	jw_karr(out, "unsure");
	for (size_t i = 0; i < m->nunsure; i++)
		jw_id(out, m->unsure[i]);
	jw_end_arr(out);
	jw_end_obj(out);
}

static enum err check_day(struct moving *m)
{
	int64_t today = date_of(m->rq->now);

	m->day = m->in->day == NIL ? today : m->in->day;
	if (m->day > today || m->day < date_add(today, -3660))
		return req_fail(m->rq, ERR_INVALID, "out_of_range", "day",
			"a day within the last ten years");
	if (m->in->kind == MOVE_OUT && m->in->reason != NIL && m->in->reason != ENDED_MOVED &&
		m->in->reason != ENDED_DIED && m->in->reason != ENDED_OTHER)
		return req_fail(m->rq, ERR_INVALID, "move.reason", "reason",
			"people move out, die, or go for another reason");
	return OK;
}

enum err move_create(struct req *rq, struct jw *out)
{
	struct moving *m = ARENA_NEW(rq->arena, struct moving);
	enum err err;

	if (m == NULL)
		return ERR_NOMEM;
	m->rq = rq;
	m->in = rq->in;
	m->home = m->room_id = m->building_id = NIL;
	m->p = arena_array(rq->arena, MOVERS_MAX, sizeof(*m->p));
	m->w = watch_new(rq);
	if (m->p == NULL || m->w == NULL)
		return ERR_NOMEM;
	err = m->w->change_id == NIL ? ERR_RETRY : check_day(m);
	if (err == OK)
		err = who_moves(m);
	if (err == OK)
		err = where_to(m);
	for (size_t i = 0; i < m->n && err == OK; i++)
		err = move_one(m, &m->p[i], i == m->head);
	if (err == OK && m->whole)
		err = end_home_ties(m);
	for (size_t i = 0; i < m->nhomes && err == OK; i++)
		err = settle(m, m->homes[i], m->size_before[i]);
	if (err == OK)
		err = watch_store(m->w, true);
	for (size_t i = 0; i < m->n && err == OK; i++)
		err = record(m, &m->p[i]);
	if (err == OK)
		reply(m, out);
	return err;
}

/* Whoever undoes it could have done it: writes where they are now and where all of them were. */
static enum err may_undo(struct req *rq, int64_t change_id)
{
	int64_t id[MOVERS_MAX];
	struct move v;
	size_t n = 0;
	enum err err = collect_ids(rq->db, Q_MOVES_OF, change_id, id, MOVERS_MAX, &n);

	for (size_t i = 0; i < n && err == OK; i++) {
		err = entity_get_any(rq, &move_entity, id[i], &v);
		if (err == OK && (!may_at(rq->who, "person.write", v.place) ||
					 (v.from_place != NIL &&
						 !may_at(rq->who, "person.write", v.from_place))))
			err = req_fail(rq, ERR_NOT_FOUND, "not_found", "id",
				"somebody in this move is outside your area");
	}
	return err;
}

enum err move_undo(struct req *rq, struct jw *out)
{
	struct move v;
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = entity_get(rq, &move_entity, id, &v);
	if (err == OK)
		err = may_undo(rq, v.change_id);
	if (err == OK)
		err = change_undo(rq, v.change_id);
	if (err == OK)
		err = moves_undone(rq->db, v.change_id, rq->now);
	if (err != OK)
		return err;
	return change_undone_reply(rq, id, v.change_id, out);
}
