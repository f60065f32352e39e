/* Who belongs to what, as what, from when to when. */
#include "mod/registry/registry_db.h"
#include "mod/registry/registry_rules.h"

/* People's links lie where the people live; the others where the thing is. */
static enum err link_place(struct req *rq, struct link *l, const void **ret_from, const void **ret_to)
{
	enum err err = registry_object(rq, l->from_kind, l->from_id, "from_id", ret_from);

	if (err == OK)
		err = registry_object(rq, l->to_kind, l->to_id, "to_id", ret_to);
	if (err != OK)
		return err;
	if (l->from_kind == OBJECT_PERSON || l->from_kind == OBJECT_HOUSEHOLD)
		l->place = registry_place(registry_entity(l->from_kind), *ret_from);
	else
		l->place = registry_place(registry_entity(l->to_kind), *ret_to);
	return OK;
}

static enum err check_guardian(struct req *rq, const struct person *guardian, const struct person *ward)
{
	int64_t today = date_of(rq->now);

	if (guardian->id == ward->id)
		return req_fail(rq, ERR_INVALID, "link.self", "to_id", "nobody is their own guardian");
	if (younger_than(ADULT, guardian->birth, today))
		return req_fail(rq, ERR_INVALID, "link.guardian", "from_id", "a guardian is of age");
	return OK;
}

/* Organisations lie within organisations, to any depth, but never within themselves. */
static enum err check_member(struct req *rq, const struct link *l)
{
	bool cycle = false;
	enum err err = OK;

	if (l->from_kind == OBJECT_ORGANISATION)
		err = link_cycle(rq->db, l->from_id, l->to_id, &cycle);
	if (err == OK && cycle)
		return req_fail(rq, ERR_CONFLICT, "link.cycle", "to_id", "it would be a part of itself");
	return err;
}

static enum err check_new(struct req *rq, struct link *l)
{
	const void *from = NULL, *to = NULL;
	enum err err;

	if (!link_fits(l->role, l->from_kind, l->to_kind))
		return req_fail(rq, ERR_INVALID, "link.kinds", "role", "a %s is not %s of a %s",
				vocab_word(&object_vocab, l->from_kind),
				vocab_word(fields_find(&link_entity.fields, STR("role"))->vocab, l->role),
				vocab_word(&object_vocab, l->to_kind));
	err = link_place(rq, l, &from, &to);
	if (err == OK && l->role == LINK_GUARDIAN)
		err = check_guardian(rq, from, to);
	if (err == OK && l->role == LINK_MEMBER_OF)
		err = check_member(rq, l);
	return err;
}

enum err link_check(struct req *rq, const void *old, void *rec)
{
	struct link *l = rec;
	bool same = false;
	enum err err = old == NULL ? check_new(rq, l) : OK;

	if (err != OK)
		return err;
	if (l->valid_from == NIL)
		l->valid_from = date_of(rq->now);
	if (l->valid_to != NIL && l->valid_to < l->valid_from)
		return req_fail(rq, ERR_INVALID, "out_of_range", "valid_to", "it ends before it begins");
	err = link_overlaps(rq->db, l, &same);
	if (err == OK && same)
		return req_fail(rq, ERR_CONFLICT, "duplicate", "valid_from", "the same link exists in this time");
	if (err == OK)
		registry_stamp(rq, &link_entity, rec);
	return err;
}

enum err link_after(struct req *rq, const void *old, const void *rec)
{
	return registry_facts(rq, &link_entity, old, rec);
}
