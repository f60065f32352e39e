/* People: rules, what ends with them, consents, and reading identifiers in full on record. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/audit.h"
#include "mod/registry/registry_db.h"
#include "mod/registry/registry_rules.h"

enum { UNMASK_FIELDS = 8 };

/* ---- identity number ---- */

/* Blanks and hyphens out, X large. */
static enum err plain_id(struct req *rq, struct str *id)
{
	char text[40];
	size_t n = 0;

	for (size_t i = 0; i < id->n; i++) {
		char c = id->p[i];

		if (c == ' ' || c == '-')
			continue;
		if (n == sizeof(text))
			break;
		text[n++] = c == 'x' ? 'X' : c;
	}
	*id = str_dup(rq->arena, (struct str){ text, n });
	return id->p == NULL ? ERR_NOMEM : OK;
}

/* Birth and sex come from the number, or must agree with it. */
static enum err check_id(struct req *rq, struct person *p)
{
	int64_t birth;
	enum sex sex;
	enum err err = plain_id(rq, &p->id_no);

	if (err != OK)
		return err;
	switch (id18_check(p->id_no, date_of(rq->now), &birth, &sex)) {
	case ID_GOOD:
		break;
	case ID_DATE:
		return req_fail(rq, ERR_INVALID, "registry.id_date", "id_no", "digits 7 to 14 are no date of birth");
	case ID_CHECK:
		return req_fail(rq, ERR_INVALID, "registry.id_check", "id_no", "the check digit does not fit: a typing error?");
	default:
		return req_fail(rq, ERR_INVALID, "registry.id_form", "id_no", "an identity number has 18 digits, the last perhaps X");
	}
	if (p->birth == NIL)
		p->birth = birth;
	if (p->sex == SEX_UNKNOWN || p->sex == SEX_UNSTATED)
		p->sex = sex;
	if (p->birth != birth)
		return req_fail(rq, ERR_INVALID, "registry.id_birth", "birth", "the identity number says another day of birth");
	if (p->sex != (int64_t)sex)
		return req_fail(rq, ERR_INVALID, "registry.id_sex", "sex", "the identity number says otherwise");
	return OK;
}

enum err registry_same_number(struct req *rq, const struct person *p, struct person *ret, bool *ret_found)
{
	const struct principal *who = rq->who;
	enum err err;

	rq->who = NULL;
	err = entity_seek(rq, &person_entity, "id_no", p, ret, ret_found);
	rq->who = who;
	return err;
}

/* Nobody is entered twice. Who it is is said only to whoever may see them, and only in part. */
static enum err check_once(struct req *rq, const struct person *p)
{
	const struct principal *who = rq->who;
	struct person other = { .id = NIL };
	bool found;
	enum err err = registry_same_number(rq, p, &other, &found);

	if (err != OK || !found || other.id == p->id)
		return err;
	if (who != NULL && !scope_sees(who, person_entity.read, other.place))
		return req_fail(rq, ERR_CONFLICT, "duplicate", "id_no", "somebody outside your area has this number already");
	struct str name = entity_name_in_part(rq->arena, other.name);

	return req_fail(rq, ERR_CONFLICT, "duplicate", "id_no", "%.*s has this number already (%lld)", (int)name.n, name.p,
		(long long)other.id);
}

/* ---- the row ---- */

static enum err check_home(struct req *rq, const struct person *was, struct person *p)
{
	struct household h;
	enum err err;

	if (p->household_id == NIL)
		return OK;
	if (was != NULL && was->household_id == p->household_id) {
		if (was->place == p->place)
			return OK;
		return req_fail(rq, ERR_INVALID, "registry.with_household", "place",
				"they live where the household lives: change the household, or where it lives");
	}
	err = entity_get(rq, &household_entity, p->household_id, &h);
	if (err != OK)
		return err;
	if (h.active != 1)
		return req_fail(rq, ERR_CONFLICT, "registry.household_ended", "household_id", "that household has ended");
	p->place = h.place;
	return OK;
}

static enum err check_end(struct req *rq, struct person *p)
{
	int64_t today = date_of(rq->now);

	if (p->active == NIL)
		p->active = 1;
	if (p->active == 1) {
		if (p->ended_at != NIL || p->ended_reason != NIL)
			return req_fail(rq, ERR_INVALID, "registry.not_ended", p->ended_at != NIL ? "ended_at" : "ended_reason",
					"only for somebody who is no longer here (active: false)");
		return OK;
	}
	if (p->ended_reason == NIL)
		return req_fail(rq, ERR_INVALID, "required", "ended_reason", "say why: moved out, died, …");
	if (p->ended_at == NIL)
		p->ended_at = today;
	if (p->ended_at > today)
		return req_fail(rq, ERR_INVALID, "out_of_range", "ended_at", "that day lies ahead");
	return OK;
}

enum err person_check(struct req *rq, const void *old, void *rec)
{
	struct person *p = rec;
	const struct person *was = old;
	enum err err = OK;

	p->name = str_trim(p->name);
	if (p->sex == NIL)
		p->sex = SEX_UNKNOWN;
	if (p->residence_kind == NIL)
		p->residence_kind = RESIDENCE_RESIDENT;
	if (p->relation == NIL)
		p->relation = RELATION_OTHER;
	if (p->id_no.p != NULL)
		err = check_id(rq, p);
	if (err == OK && p->id_no.p != NULL && (was == NULL || !str_eq(was->id_no, p->id_no)))
		err = check_once(rq, p);
	if (err == OK && p->birth != NIL && p->birth > date_of(rq->now))
		err = req_fail(rq, ERR_INVALID, "out_of_range", "birth", "that day lies ahead");
	if (err == OK)
		err = registry_phone(rq, "phone", &p->phone);
	if (err == OK)
		err = check_home(rq, was, p);
	if (err == OK)
		err = registry_settle(rq, was != NULL ? &was->place : NULL, (double)NAN, (double)NAN, &p->place);
	if (err == OK)
		err = check_end(rq, p);
	if (err == OK)
		registry_stamp(rq, &person_entity, rec);
	return err;
}

enum err person_after(struct req *rq, const void *old, const void *rec)
{
	const struct person *was = old, *p = rec;
	enum err err = registry_facts(rq, &person_entity, old, rec);

	if (err == OK && was != NULL && was->place != p->place)
		err = registry_move(rq->db, p->id, p->place, rq->now);
	if (err == OK && was != NULL && was->active == 1 && p->active != 1) {
		err = registry_leave(rq, p->id, p->ended_at, p->ended_reason);
		if (err == OK)
			err = household_head_drop(rq->db, p->id);
	}
	if (err == OK && p->active == 1 && p->relation == RELATION_HEAD && p->household_id != NIL)
		err = household_head_set(rq->db, p->household_id, p->id);
	return err;
}

/* ---- consents ---- */

/* Who is under fourteen consents through a guardian. */
static enum err check_guardian(struct req *rq, const struct consent *c, const struct person *p)
{
	struct person g;
	enum err err;

	if (younger_than(CHILD, p->birth, date_of(rq->now)) && c->guardian_id == NIL)
		return req_fail(rq, ERR_INVALID, "consent.guardian", "guardian_id", "under fourteen a guardian consents");
	if (c->guardian_id == NIL)
		return OK;
	if (c->guardian_id == c->person_id)
		return req_fail(rq, ERR_INVALID, "consent.guardian", "guardian_id", "nobody is their own guardian");
	err = entity_get(rq, &person_entity, c->guardian_id, &g);
	if (err == OK && younger_than(ADULT, g.birth, date_of(rq->now)))
		err = req_fail(rq, ERR_INVALID, "consent.guardian", "guardian_id", "a guardian is of age");
	return err;
}

enum err consent_check(struct req *rq, const void *old, void *rec)
{
	struct consent *c = rec;
	const struct consent *was = old;
	struct person p;
	enum err err = entity_get(rq, &person_entity, c->person_id, &p);

	if (err == OK && was == NULL)
		err = check_guardian(rq, c, &p);
	if (err != OK)
		return err;
	if (c->given_at == NIL)
		c->given_at = rq->now;
	c->place = p.place;
	if (c->given_at > rq->now + MS_MINUTE)
		return req_fail(rq, ERR_INVALID, "out_of_range", "given_at", "that time lies ahead");
	if (c->expires_at != NIL && c->expires_at <= c->given_at)
		return req_fail(rq, ERR_INVALID, "out_of_range", "expires_at", "it ends before it was given");
	if (was != NULL && was->withdrawn_at != NIL && c->withdrawn_at != was->withdrawn_at)
		return req_fail(rq, ERR_CONFLICT, "consent.withdrawn", "withdrawn_at",
				"it was withdrawn; a new consent is another row");
	return OK;
}

/* What stood on it ends. */
enum err consent_after(struct req *rq, const void *old, const void *rec)
{
	const struct consent *was = old, *c = rec;

	if (c->withdrawn_at == NIL || (was != NULL && was->withdrawn_at != NIL))
		return OK;
	enum err err = consent_plans_end(rq->db, c->id, date_of(c->withdrawn_at), rq->now);

	return err != OK ? err : visits_settle(rq, VISITS_ON_CONSENT, c->id);
}

/* ---- in full, for a stated purpose, and on record ---- */

struct unmask_in {
	struct str fields, purpose;
};
static const struct field unmask_field[] = {
	FIELD(unmask_in, fields, F_JSON, .flags = FIELD_REQUIRED, .max = 400),
	FIELD(unmask_in, purpose, F_STR, .flags = FIELD_REQUIRED, .min = 4, .max = 200),
};
const struct fields unmask_fields = FIELDS(unmask_in, unmask_field);

static enum err asked_fields(struct req *rq, const struct entity *e, const struct field *ret[UNMASK_FIELDS], size_t *ret_n)
{
	const struct unmask_in *in = rq->in;
	struct error why = { .err = OK };
	json_t *list = NULL;
	size_t n = 0;
	enum err err = field_parse_json(in->fields, &list, &why);

	if (err == OK && (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > UNMASK_FIELDS))
		err = ERR_INVALID;
	for (size_t i = 0; err == OK && i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		const struct field *f = name != NULL ? fields_find(&e->fields, str_z(name)) : NULL;

		if (f == NULL || (f->type != F_SECRET && !(f->flags & FIELD_MASKED)))
			err = ERR_INVALID;
		else
			ret[n++] = f;
	}
	json_decref(list);
	*ret_n = n;
	return err == OK ? OK : req_fail(rq, err, "registry.unmask_fields", "fields", "a list of masked fields is needed");
}

static enum err record_unmask(struct req *rq, const struct entity *e, int64_t id, const struct field *const *f, size_t n)
{
	const struct unmask_in *in = rq->in;
	struct buf b;
	struct jw j;

	buf_init(&b, 4096);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_karr(&j, "fields");
	for (size_t i = 0; i < n; i++)
		jw_z(&j, f[i]->name);
	jw_end_arr(&j);
	jw_kstr(&j, "purpose", in->purpose);
	jw_end_obj(&j);
	enum err err = b.failed ? ERR_NOMEM : audit_add(rq->db, &(struct audit_entry){ .at = rq->now,
		.actor = rq->who->user_id, .action = "unmask", .object = e->name, .object_id = id, .detail = buf_view(&b) });

	buf_release(&b);
	return err;
}

enum err registry_unmask(struct req *rq, struct jw *out)
{
	const struct entity *e = rq->route->data;
	void *rec = arena_alloc(rq->arena, e->fields.size);
	const struct field *f[UNMASK_FIELDS];
	size_t n = 0;
	int64_t id;
	enum err err = rec == NULL ? ERR_NOMEM : req_id(rq, "id", &id);

	/* A reply kept for a repeated key would be the identifier in plain text in another table. */
	rq->idempotency_key = (struct str){ NULL, 0 };
	if (err == OK)
		err = entity_get(rq, e, id, rec);
	if (err == OK && !may_at(rq->who, "person.unmask", registry_place(e, rec)))
		err = req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such %s", e->name);
	if (err == OK)
		err = asked_fields(rq, e, f, &n);
	if (err == OK)
		err = record_unmask(rq, e, id, f, n);
	if (err != OK)
		return err;
	rq->reply.status = 200;
	jw_obj(out);
	for (size_t i = 0; i < n; i++) {
		if (f[i]->type == F_SECRET)
			jw_kstr(out, f[i]->name, field_str(f[i], rec));
		else
			field_encode(f[i], rec, out);
	}
	jw_end_obj(out);
	return OK;
}

enum err registry_readers(struct req *rq, struct jw *out)
{
	const struct entity *e = rq->route->data;
	void *rec = arena_alloc(rq->arena, e->fields.size);
	int64_t id;
	enum err err = rec == NULL ? ERR_NOMEM : req_id(rq, "id", &id);

	if (err == OK)
		err = entity_get(rq, e, id, rec);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_karr(out, "items");
	err = readers_write(rq->db, e->name, id, out);
	jw_end_arr(out);
	jw_end_obj(out);
	return err;
}
