/* The registry looked at: exact counts, a building floor by floor, the source of each value, confirming. */
#include <math.h>
#include <string.h>

#include "mod/registry/registry_db.h"
#include "mod/registry/registry_rules.h"

enum { NEAR_METRES = 60 };

/* ---- counts ---- */

static const struct {
	const char *name;
	const struct entity *e;
} counted[] = {
	{ "people", &person_entity }, { "households", &household_entity }, { "buildings", &building_entity },
	{ "rooms", &room_entity }, { "venues", &venue_entity }, { "things", &thing_entity },
	{ "organisations", &organisation_entity },
};

/* All at one instant, so that the sum over the places below is the figure of the place (R025). */
enum err registry_counts(struct req *rq, struct jw *out)
{
	int64_t place = req_query_int(rq, "place"), n;
	enum err err = db_snapshot_begin(rq->db);

	if (err != OK)
		return err;
	jw_obj(out);
	jw_kid(out, "place", place);
	jw_ktime(out, "at", rq->now);
	for (size_t i = 0; i < ARRAY_LEN(counted) && err == OK; i++) {
		n = NIL;
		if (may(rq->who, counted[i].e->read))
			err = registry_count(rq->db, rq->who, counted[i].e, place == NIL ? 0 : place, &n);
		jw_kint(out, counted[i].name, n);
	}
	jw_end_obj(out);
	db_snapshot_end(rq->db);
	return err;
}

/* ---- floors ---- */

struct floors {
	struct req *rq;
	struct jw *out;
	bool people, plans; /* may see people, visit plans */
	bool open, in_room; /* a floor, a room is being written */
	int64_t floor, room_id;
	int64_t rooms, households, persons, nplans;
};

static void end_room(struct floors *f)
{
	if (!f->in_room)
		return;
	jw_end_arr(f->out);
	jw_end_obj(f->out);
	f->in_room = false;
}

static void end_floor(struct floors *f)
{
	end_room(f);
	if (!f->open)
		return;
	jw_end_arr(f->out);
	jw_end_obj(f->out);
	f->open = false;
}

static void begin_room(struct floors *f, const struct floor_row *r)
{
	end_room(f);
	jw_obj(f->out);
	jw_kid(f->out, "id", r->room_id);
	jw_kstr(f->out, "unit_no", r->unit_no);
	jw_kstr(f->out, "room_no", r->room_no);
	jw_kz(f->out, "use", vocab_word(fields_find(&room_entity.fields, STR("use"))->vocab, r->use));
	jw_karr(f->out, "households");
	f->in_room = true;
	f->room_id = r->room_id;
	f->rooms++;
}

/* The head's name is masked for everybody here: a page for looking over shoulders at. */
static void write_household(struct floors *f, const struct floor_row *r)
{
	f->households++;
	f->persons += r->people;
	f->nplans += r->plans;
	jw_obj(f->out);
	jw_kid(f->out, "id", r->household_id);
	jw_kstr(f->out, "head", entity_name_in_part(f->rq->arena, r->head));
	jw_kint(f->out, "size", r->size);
	jw_kint(f->out, "people", r->people);
	jw_ktime(f->out, "self_confirmed_at", r->confirmed_at);
	jw_kint(f->out, "visit_plans", f->plans ? r->plans : NIL);
	jw_end_obj(f->out);
}

static void write_floor_row(const struct floor_row *r, void *arg)
{
	struct floors *f = arg;

	if (!f->open || f->floor != r->floor) {
		end_floor(f);
		jw_obj(f->out);
		jw_kint(f->out, "floor", r->floor);
		jw_karr(f->out, "rooms");
		f->open = true;
		f->floor = r->floor;
	}
	if (!f->in_room || f->room_id != r->room_id)
		begin_room(f, r);
	if (f->people && r->household_id != NIL)
		write_household(f, r);
}

enum err building_floors(struct req *rq, struct jw *out)
{
	struct floors f = { .rq = rq, .out = out };
	struct building b;
	int64_t id, plans = NIL, events = NIL, day = date_of(rq->now);
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = entity_get(rq, &building_entity, id, &b);
	if (err != OK)
		return err;
	/* its parts at one instant */
	err = db_snapshot_begin(rq->db);
	if (err != OK)
		return err;
	f.people = scope_sees(rq->who, "person.read", b.place);
	f.plans = scope_sees(rq->who, "care.read", b.place);
	jw_obj(out);
	jw_kid(out, "id", b.id);
	jw_kstr(out, "code", b.code);
	jw_kstr(out, "name", b.name);
	jw_karr(out, "floors");
	err = floor_each(rq->db, id, day, write_floor_row, &f);
	end_floor(&f);
	jw_end_arr(out);
	if (err == OK && f.plans)
		err = building_plans(rq->db, id, day, &plans);
	if (err == OK && !isnan(b.lon) && may(rq->who, "event.read"))
		err = events_near(rq->db, rq->who, b.place, b.lon, b.lat, NEAR_METRES, &events);
	db_snapshot_end(rq->db);
	jw_kint(out, "rooms", f.rooms);
	jw_kint(out, "households", f.people ? f.households : NIL);
	jw_kint(out, "people", f.people ? f.persons : NIL);
	jw_kint(out, "visit_plans", f.plans ? f.nplans + plans : NIL);
	jw_kint(out, "open_events", events);
	jw_end_obj(out);
	rq->rows = f.rooms;
	return err;
}

/* ---- where values come from ---- */

/* Loads the row that {kind}/{id} names, in sight. */
static enum err load_named(struct req *rq, const struct entity **ret_e, void **ret_rec)
{
	const struct entity *e = registry_by_path(req_param(rq, "kind"));
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err != OK)
		return err;
	if (e == NULL)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "kind", "there is no such kind");
	if (!may(rq->who, e->read))
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such %s", e->name);
	*ret_e = e;
	*ret_rec = arena_alloc(rq->arena, e->fields.size);
	return *ret_rec == NULL ? ERR_NOMEM : entity_get(rq, e, id, *ret_rec);
}

static void write_fact(const char *field, const struct fact *k, struct jw *out)
{
	jw_obj(out);
	jw_kz(out, "field", field);
	jw_kz(out, "source", vocab_word(&data_source_vocab, k->source));
	jw_kid(out, "by", k->user);
	jw_kstr(out, "by_name", k->user_name);
	jw_ktime(out, "at", k->at);
	jw_end_obj(out);
}

enum err registry_origins(struct req *rq, const struct entity *e, const void *rec, struct origins *ret)
{
	int64_t id = field_int(&e->fields.v[0], rec);
	enum err err = registry_made(rq->db, e, id, rq->arena, &ret->made);

	ret->made.source = field_int(fields_find(&e->fields, STR("source")), rec);
	return err != OK ? err : fact_list(rq->db, id, rq->arena, ret->fact, &ret->n);
}

const struct fact *registry_origin(const struct origins *o, const char *field)
{
	for (size_t i = 0; i < o->n; i++) {
		if (str_eqz(o->fact[i].field, field))
			return &o->fact[i];
	}
	return &o->made;
}

enum err registry_facts_of(struct req *rq, struct jw *out)
{
	struct origins *o = ARENA_NEW(rq->arena, struct origins);
	const struct entity *e = NULL;
	void *rec = NULL;
	enum err err = o == NULL ? ERR_NOMEM : load_named(rq, &e, &rec);

	if (err == OK)
		err = registry_origins(rq, e, rec, o);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_karr(out, "items");
	for (size_t i = 2; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];

		if (registry_is_fact(f) && !field_is_nil(f, rec))
			write_fact(f->name, registry_origin(o, f->name), out);
	}
	jw_end_arr(out);
	jw_end_obj(out);
	return OK;
}

/* Looked at on the spot and found right: only the date changes. */
enum err registry_verify(struct req *rq, struct jw *out)
{
	const struct entity *e = NULL;
	void *old = NULL, *rec;
	enum err err = load_named(rq, &e, &old);

	if (err == OK && !may_at(rq->who, e->write, registry_place(e, old)))
		err = req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such %s", e->name);
	if (err != OK)
		return err;
	rec = arena_alloc(rq->arena, e->fields.size);
	if (rec == NULL)
		return ERR_NOMEM;
	memcpy(rec, old, e->fields.size);
	err = entity_update(rq, e, old, rec);
	if (err != OK)
		return err;
	rq->reply.status = 200;
	jw_obj(out);
	jw_kid(out, "id", field_int(&e->fields.v[0], rec));
	jw_kint(out, "version", field_int(&e->fields.v[1], rec));
	jw_ktime(out, "verified_at", field_int(fields_find(&e->fields, STR("verified_at")), rec));
	jw_end_obj(out);
	return OK;
}
