/* Rules of buildings, rooms, households, venues, things and organisations; source and date of values. */
#include "mod/registry/registry_rules.h"

#include <math.h>
#include <string.h>

#include "base/geo.h"
#include "mod/registry/registry_db.h"

enum { MEMBERS_MAX = 60 }; /* of a household whose words are rewritten */

/* ---- kinds ---- */

static const struct entity *const by_object[OBJECT_MAX] = {
	[OBJECT_PERSON] = &person_entity,
	[OBJECT_HOUSEHOLD] = &household_entity,
	[OBJECT_BUILDING] = &building_entity,
	[OBJECT_ROOM] = &room_entity,
	[OBJECT_VENUE] = &venue_entity,
	[OBJECT_THING] = &thing_entity,
	[OBJECT_ORGANISATION] = &organisation_entity,
};

const struct entity *registry_entity(int64_t object)
{
	return object >= 0 && object < OBJECT_MAX ? by_object[object] : NULL;
}

const struct entity *registry_by_path(struct str path)
{
	for (size_t i = 0; i < OBJECT_MAX; i++) {
		if (str_eqz(path, by_object[i]->path))
			return by_object[i];
	}
	return NULL;
}

int64_t registry_place(const struct entity *e, const void *rec)
{
	const struct field *f = fields_find(&e->fields, STR("place"));

	return f != NULL ? field_int(f, rec) : NIL;
}

enum err registry_object(struct req *rq, int64_t object, int64_t id, const char *field, const void **ret)
{
	const struct entity *e = registry_entity(object);
	void *rec = e != NULL ? arena_alloc(rq->arena, e->fields.size) : NULL;
	enum err err;

	if (e == NULL)
		return req_fail(rq, ERR_INVALID, "reference", field, "there is no such kind");
	if (rec == NULL)
		return ERR_NOMEM;
	err = entity_get(rq, e, id, rec);
	if (err == ERR_NOT_FOUND)
		return req_fail(rq, ERR_INVALID, "reference", field, "there is no such %s", e->name);
	*ret = rec;
	return err;
}

/* ---- where ---- */

enum err registry_settle(struct req *rq, const int64_t *old_place, double lon, double lat, int64_t *place)
{
	const struct snap *s = req_snap(rq);
	const struct place *p;

	if (isnan(lon) != isnan(lat))
		return req_fail(rq, ERR_INVALID, "required", isnan(lon) ? "lon" : "lat", "a point has both lon and lat");
	if (*place == NIL && !isnan(lon)) {
		*place = geo_index_find(s->grids, lon, lat);
		if (*place == NIL)
			return req_fail(rq, ERR_INVALID, "registry.outside", "lon", "no grid covers this point");
	}
	if (*place == NIL)
		return req_fail(rq, ERR_INVALID, "required", "place", "give a grid or micro-grid, or a point");
	if (old_place != NULL && *old_place == *place)
		return OK; /* its grid may have ended since */
	p = snap_place(s, *place);
	if (p == NULL || (p->valid_to != NIL && p->valid_to <= date_of(rq->now)))
		return req_fail(rq, ERR_INVALID, "reference", "place", "there is no such place");
	if (p->level != LEVEL_GRID && p->level != LEVEL_MICRO)
		return req_fail(rq, ERR_INVALID, "registry.level", "place", "a grid or micro-grid is needed here");
	return OK;
}

/* ---- source and date ---- */

enum data_source registry_channel(const struct req *rq)
{
	if (rq->who == NULL || rq->route == NULL || (rq->route->flags & ROUTE_RAW_BODY))
		return DATA_IMPORT;
	return rq->who->roles == ROLE(RESIDENT) ? DATA_SELF : DATA_STAFF;
}

void registry_stamp(const struct req *rq, const struct entity *e, void *rec)
{
	const struct field *source = fields_find(&e->fields, STR("source"));
	enum data_source how = registry_channel(rq);

	if (field_is_nil(source, rec))
		field_set_int(source, rec, how);
	if (how != DATA_STAFF)
		return;
	field_set_int(fields_find(&e->fields, STR("verified_at")), rec, rq->now);
	field_set_int(fields_find(&e->fields, STR("verified_by")), rec, rq->who->user_id);
}

bool registry_is_fact(const struct field *f)
{
	static const char *const not[] = { "id", "version", "source", "verified_at", "verified_by" };

	for (size_t i = 0; i < ARRAY_LEN(not); i++) {
		if (strcmp(f->name, not[i]) == 0)
			return false;
	}
	return !(f->flags & FIELD_HIDDEN);
}

enum err registry_facts(struct req *rq, const struct entity *e, const void *old, const void *rec)
{
	const struct field *source = fields_find(&e->fields, STR("source"));
	int64_t how = registry_channel(rq), id = field_int(&e->fields.v[0], rec);
	enum err err = OK;

	/* What a new row says comes from where the row comes from. */
	if (old == NULL)
		return OK;
	if (!field_same(source, old, rec))
		how = field_int(source, rec);
	for (size_t i = 2; i < e->fields.n && err == OK; i++) {
		const struct field *f = &e->fields.v[i];

		if (registry_is_fact(f) && !field_same(f, old, rec))
			err = fact_put(rq->db, id, e->name, f->name, how, rq->who != NULL ? rq->who->user_id : NIL, rq->now);
	}
	return err;
}

/* ---- buildings ---- */

/* The code's grid is the one it was made in: codes stay when grids change. */
static enum err building_code(struct req *rq, struct building *b)
{
	int64_t grid = place_up(b->place, LEVEL_GRID);
	char text[18];
	enum err err;

	place_text(grid, text);
	if (b->code.p == NULL) {
		err = building_next_code(rq->db, rq->arena, grid, &b->code);
		return err == ERR_LIMIT ? req_fail(rq, ERR_LIMIT, "registry.codes", "code", "the grid has no code left") : err;
	}
	if (!building_code_ok(b->code))
		return req_fail(rq, ERR_INVALID, "registry.building_code", "code",
				"a building's code is the 15 digits of its grid and five of its own");
	if (memcmp(b->code.p, text, 15) != 0)
		return req_fail(rq, ERR_INVALID, "registry.building_grid", "code", "the code begins with %.15s here", text);
	return OK;
}

enum err building_check(struct req *rq, const void *old, void *rec)
{
	struct building *b = rec;
	const struct building *was = old;
	enum err err;

	if (b->kind == NIL)
		b->kind = BUILDING_OTHER;
	if (b->structure == NIL)
		b->structure = 0;
	if (b->risk == NIL)
		b->risk = 0;
	if (b->active == NIL)
		b->active = 1;
	err = registry_settle(rq, was != NULL ? &was->place : NULL, b->lon, b->lat, &b->place);
	if (err == OK && was == NULL)
		err = building_code(rq, b);
	if (err == OK && b->year_built != NIL && b->year_built > date_of(rq->now) / 10000 + 5)
		err = req_fail(rq, ERR_INVALID, "out_of_range", "year_built", "that year lies ahead");
	if (err == OK)
		registry_stamp(rq, &building_entity, rec);
	return err;
}

/* What stands in it moves with it. */
enum err building_after(struct req *rq, const void *old, const void *rec)
{
	const struct building *was = old, *b = rec;
	enum err err = registry_facts(rq, &building_entity, old, rec);

	if (err == OK && was != NULL && was->place != b->place)
		err = registry_move(rq->db, b->id, b->place, rq->now);
	return err;
}

/* ---- rooms ---- */

/* A code says building, unit and room; without one it is made from them. */
static enum err room_parts(struct req *rq, struct room *r, struct building *b)
{
	struct str building, unit, room;
	bool found = true;
	enum err err;

	if (r->code.p != NULL) {
		if (!room_code_parse(r->code, &building, &unit, &room))
			return req_fail(rq, ERR_INVALID, "registry.room_code", "code", "a room's code is building-unit-room");
		b->code = building;
		err = entity_seek(rq, &building_entity, "code", b, b, &found);
		if (err != OK)
			return err;
		if (!found || (r->building_id != NIL && r->building_id != b->id) ||
		    (r->unit_no.p != NULL && !str_eq(r->unit_no, unit)) || (r->room_no.p != NULL && !str_eq(r->room_no, room)))
			return req_fail(rq, ERR_INVALID, "registry.room_code", "code", "no such building, or its parts say otherwise");
		r->building_id = b->id;
		r->unit_no = unit;
		r->room_no = room;
		return OK;
	}
	if (r->building_id == NIL || r->room_no.p == NULL)
		return req_fail(rq, ERR_INVALID, "required", r->building_id == NIL ? "building_id" : "room_no",
				"give a code, or a building and a room number");
	if (memchr(r->room_no.p, '-', r->room_no.n) != NULL)
		return req_fail(rq, ERR_INVALID, "registry.room_no", "room_no", "a room number has no hyphen");
	err = entity_get(rq, &building_entity, r->building_id, b);
	if (err != OK)
		return err;
	if (r->unit_no.p == NULL)
		r->unit_no = STR("0");
	r->code = str_fmt(rq->arena, "%.*s-%.*s-%.*s", (int)b->code.n, b->code.p, (int)r->unit_no.n, r->unit_no.p,
		(int)r->room_no.n, r->room_no.p);
	return r->code.p == NULL ? ERR_NOMEM : OK;
}

/* 1203 is on floor 12; a number that does not say stands on the first. */
static int64_t floor_of(struct str room_no)
{
	int64_t n;

	return str_i64(room_no, &n) && n >= 100 && n < 20000 ? n / 100 : 1;
}

enum err room_check(struct req *rq, const void *old, void *rec)
{
	struct room *r = rec;
	struct building b = { .id = NIL };
	enum err err;

	if (old == NULL) {
		err = room_parts(rq, r, &b);
		if (err != OK)
			return err;
		r->place = b.place;
		if (r->floor == NIL)
			r->floor = floor_of(r->room_no);
	}
	if (r->floor == NIL)
		return req_fail(rq, ERR_INVALID, "required", "floor", "floor may not be empty");
	if (r->use == NIL)
		r->use = ROOM_SELF;
	if (r->active == NIL)
		r->active = 1;
	registry_stamp(rq, &room_entity, rec);
	return OK;
}

enum err room_after(struct req *rq, const void *old, const void *rec)
{
	return registry_facts(rq, &room_entity, old, rec);
}

/* ---- households ---- */

static enum err household_code(struct req *rq, struct household *h, const struct room *r)
{
	int64_t n;
	enum err err;

	if (h->code.p != NULL)
		return OK;
	if (h->room_id == NIL) {
		h->code = str_fmt(rq->arena, "H%lld", (long long)h->id);
		return h->code.p == NULL ? ERR_NOMEM : OK;
	}
	err = household_count(rq->db, h->room_id, &n);
	if (err == OK)
		h->code = str_fmt(rq->arena, "%.*s/%lld", (int)r->code.n, r->code.p, (long long)n + 1);
	return err == OK && h->code.p == NULL ? ERR_NOMEM : err;
}

/* "<room>/n" names the room it is in. */
static enum err household_room(struct req *rq, struct household *h, struct room *r)
{
	const char *slash = h->code.p != NULL ? memchr(h->code.p, '/', h->code.n) : NULL;
	bool found = false;
	enum err err;

	if (h->room_id == NIL && slash != NULL) {
		r->code = (struct str){ h->code.p, (size_t)(slash - h->code.p) };
		err = entity_seek(rq, &room_entity, "code", r, r, &found);
		if (err == OK && !found)
			err = req_fail(rq, ERR_INVALID, "reference", "code", "there is no such room");
		if (err == OK)
			h->room_id = r->id;
		return err;
	}
	return h->room_id == NIL ? OK : entity_get(rq, &room_entity, h->room_id, r);
}

enum err household_check(struct req *rq, const void *old, void *rec)
{
	struct household *h = rec;
	const struct household *was = old;
	struct room r = { .id = NIL };
	enum err err = OK;

	if (was == NULL || was->room_id != h->room_id) {
		err = household_room(rq, h, &r);
		if (err == OK && h->room_id != NIL)
			h->place = r.place;
	} else if (h->room_id != NIL && h->place != was->place) {
		err = req_fail(rq, ERR_INVALID, "registry.with_room", "place", "it lies where its room does: change the room");
	}
	if (err == OK)
		err = registry_settle(rq, was != NULL ? &was->place : NULL, (double)NAN, (double)NAN, &h->place);
	if (err == OK && was == NULL)
		err = household_code(rq, h, &r);
	if (err != OK)
		return err;
	if (h->active == NIL)
		h->active = 1;
	registry_stamp(rq, &household_entity, rec);
	return OK;
}

/* Another head: the members' words are those to the new one. A head who says so already has come with them. */
static enum err new_head(struct req *rq, const struct household *was, const struct household *h)
{
	int64_t id[MEMBERS_MAX], word[MEMBERS_MAX];
	struct person *p = arena_array(rq->arena, MEMBERS_MAX, sizeof(*p)), rec;
	size_t n = 0, head = SIZE_MAX;
	enum err err = p == NULL ? ERR_NOMEM : household_members(rq->db, h->id, id, MEMBERS_MAX, &n);

	for (size_t i = 0; i < n && err == OK; i++) {
		err = entity_get_any(rq, &person_entity, id[i], &p[i]);
		head = id[i] == h->head_id ? i : head;
	}
	if (err != OK || head == SIZE_MAX || p[head].relation == RELATION_HEAD)
		return err;
	relations_to(p, n, head, word);
	/* where nobody headed it, nothing is known of the others */
	for (size_t i = 0; i < n && err == OK; i++) {
		bool known = i == head || was->head_id != NIL || p[head].relation != RELATION_OTHER;

		rec = p[i];
		rec.relation = word[i];
		if (known && rec.relation != p[i].relation)
			err = entity_update(rq, &person_entity, &p[i], &rec);
	}
	return err;
}

enum err household_after(struct req *rq, const void *old, const void *rec)
{
	const struct household *was = old, *h = rec;
	enum err err = registry_facts(rq, &household_entity, old, rec);

	if (err == OK && was != NULL && was->place != h->place)
		err = registry_move(rq->db, h->id, h->place, rq->now);
	if (err == OK && was != NULL && h->head_id != NIL && was->head_id != h->head_id)
		err = new_head(rq, was, h);
	if (err == OK && was != NULL && was->active == 1 && h->active != 1)
		err = registry_leave(rq, h->id, date_of(rq->now), ENDED_OTHER);
	return err;
}

/* ---- venues, things, organisations ---- */

enum err registry_phone(struct req *rq, const char *field, struct str *phone)
{
	char plain[18];

	if (phone->p == NULL)
		return OK;
	if (!phone_plain(*phone, plain))
		return req_fail(rq, ERR_INVALID, "registry.phone", field,
				"a mobile number has 11 digits; a fixed line is given with its area code");
	*phone = str_dup(rq->arena, str_z(plain));
	return phone->p == NULL ? ERR_NOMEM : OK;
}

enum err venue_check(struct req *rq, const void *old, void *rec)
{
	struct venue *v = rec;
	const struct venue *was = old;
	enum err err = registry_settle(rq, was != NULL ? &was->place : NULL, v->lon, v->lat, &v->place);

	if (err == OK)
		err = registry_phone(rq, "phone", &v->phone);
	if (v->kind == NIL)
		v->kind = VENUE_OTHER;
	if (v->risk_level == NIL)
		v->risk_level = RISK_NORMAL;
	if (v->active == NIL)
		v->active = 1;
	if (err == OK && v->last_check != NIL && v->last_check > date_of(rq->now))
		err = req_fail(rq, ERR_INVALID, "out_of_range", "last_check", "that day lies ahead");
	if (err == OK)
		registry_stamp(rq, &venue_entity, rec);
	return err;
}

/* A venue that closes needs no more visits; one that moves takes its plans along. */
enum err venue_after(struct req *rq, const void *old, const void *rec)
{
	const struct venue *was = old, *v = rec;
	enum err err = registry_facts(rq, &venue_entity, old, rec);

	if (err == OK && was != NULL && was->active == 1 && v->active != 1)
		err = registry_leave(rq, v->id, date_of(rq->now), ENDED_NEEDLESS);
	if (err == OK && was != NULL && was->place != v->place)
		err = registry_move(rq->db, v->id, v->place, rq->now);
	return err;
}

enum err thing_class_check(struct req *rq, const void *old, void *rec)
{
	struct thing_class *k = rec;

	(void)old;
	if (!str_is_digits(k->code))
		return req_fail(rq, ERR_INVALID, "registry.class_code", "code", "a class has four digits");
	if (k->active == NIL)
		k->active = 1;
	return OK;
}

/* Six digits of the district, four of the class, six of its own (CJ/T 214's order). */
static enum err thing_code(struct req *rq, struct thing *t)
{
	struct str head;
	char text[18];
	enum err err;

	if (t->code.p != NULL)
		return OK;
	place_text(t->place, text);
	head = str_fmt(rq->arena, "%.6s%.*s", text, (int)t->class_code.n, t->class_code.p);
	if (head.p == NULL)
		return ERR_NOMEM;
	err = thing_next_code(rq->db, rq->arena, head, &t->code);
	return err == ERR_LIMIT ? req_fail(rq, ERR_LIMIT, "registry.codes", "code", "the class has no code left") : err;
}

enum err thing_check(struct req *rq, const void *old, void *rec)
{
	struct thing *t = rec;
	const struct thing *was = old;
	bool has = true;
	enum err err = OK;

	if (was == NULL || !str_eq(was->class_code, t->class_code))
		err = thing_class_has(rq->db, t->class_code, &has);
	if (err == OK && !has)
		err = req_fail(rq, ERR_INVALID, "reference", "class_code", "there is no such class of things");
	if (err == OK)
		err = registry_settle(rq, was != NULL ? &was->place : NULL, t->lon, t->lat, &t->place);
	if (err == OK && was == NULL)
		err = thing_code(rq, t);
	if (err != OK)
		return err;
	if (t->state == NIL)
		t->state = 0;
	if (t->active == NIL)
		t->active = 1;
	if (t->name.p == NULL)
		t->name = t->code;
	registry_stamp(rq, &thing_entity, rec);
	return OK;
}

enum err thing_after(struct req *rq, const void *old, const void *rec)
{
	return registry_facts(rq, &thing_entity, old, rec);
}

static enum err check_uscc(struct req *rq, struct organisation *o)
{
	char up[USCC_LEN];

	if (o->uscc.p == NULL)
		return OK;
	o->uscc = str_trim(o->uscc);
	for (size_t i = 0; i < o->uscc.n && i < USCC_LEN; i++)
		up[i] = (char)(o->uscc.p[i] >= 'a' && o->uscc.p[i] <= 'z' ? o->uscc.p[i] - 32 : o->uscc.p[i]);
	switch (o->uscc.n == USCC_LEN ? uscc_check((struct str){ up, USCC_LEN }) : ID_FORM) {
	case ID_GOOD:
		break;
	case ID_CHECK:
		return req_fail(rq, ERR_INVALID, "registry.uscc_check", "uscc", "the check character does not fit: a typing error?");
	default:
		return req_fail(rq, ERR_INVALID, "registry.uscc", "uscc",
				"a credit code has 18 digits and capital letters without I, O, S, V, Z");
	}
	o->uscc = str_dup(rq->arena, (struct str){ up, USCC_LEN });
	return o->uscc.p == NULL ? ERR_NOMEM : OK;
}

enum err organisation_check(struct req *rq, const void *old, void *rec)
{
	struct organisation *o = rec;
	const struct organisation *was = old;
	enum err err = check_uscc(rq, o);

	if (err == OK)
		err = registry_phone(rq, "phone", &o->phone);
	if (err == OK)
		err = registry_settle(rq, was != NULL ? &was->place : NULL, o->lon, o->lat, &o->place);
	if (err != OK)
		return err;
	if (o->kind == NIL)
		o->kind = 0;
	if (o->active == NIL)
		o->active = 1;
	registry_stamp(rq, &organisation_entity, rec);
	return OK;
}

enum err organisation_after(struct req *rq, const void *old, const void *rec)
{
	return registry_facts(rq, &organisation_entity, old, rec);
}
