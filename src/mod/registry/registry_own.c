/* What the registry does for the person it is about: shows every value it holds of them, ends and forgets. */
#include <string.h>

#include "core/audit.h"
#include "core/label.h"
#include "mod/registry/registry_db.h"
#include "mod/registry/registry_rules.h"

/* ---- what is held ---- */

static const struct member choice_member[] = {
	{ "word", F_STR },
	{ "label_zh", F_STR, .null = true },
	{ "label_en", F_STR, .null = true },
};
static const struct shape choice_shape = { MEMBERS(choice_member) };
static const struct member held_member[] = {
	{ "field", F_STR },
	{ "type", F_ENUM, .vocab = &field_type_vocab },
	{ "choices", .of = &choice_shape, .list = 1, .help = "of an enumeration; else empty" },
	{ "label_zh", F_STR, .null = true },
	{ "label_en", F_STR, .null = true },
	{ "value_zh", F_STR },
	{ "value_en", F_STR },
	{ "purpose", F_STR, .null = true, .help = "why it is held" },
	{ "source", F_ENUM, .vocab = &data_source_vocab, .null = true },
	{ "at", F_TIME, .null = true },
};
const struct shape registry_held_shape = { .name = "HeldValue", MEMBERS(held_member) };

static struct str value_of(struct req *rq, const struct field *f, const void *rec, bool chinese)
{
	struct str word = { NULL, 0 };
	struct buf b;

	if (f->type == F_SECRET || f->type == F_STR)
		return field_str(f, rec);
	if (f->type == F_CODE)
		word = snap_place_name(req_snap(rq), field_int(f, rec));
	else if (f->type == F_ENUM)
		word = label_in(label_of_word(&person_entity, f, field_int(f, rec)), chinese);
	else if (f->type == F_BOOL)
		word = field_int(f, rec) == 1 ? (chinese ? STR("是") : STR("yes")) : (chinese ? STR("否") : STR("no"));
	if (word.p != NULL)
		return word;
	buf_init(&b, 512);
	field_to_text(f, rec, &b);
	word = str_dup(rq->arena, buf_view(&b));
	buf_release(&b);
	return word.p != NULL ? word : STR("");
}

static void write_choices(const struct field *f, struct jw *out)
{
	jw_karr(out, "choices");
	for (int64_t i = 0; f->type == F_ENUM && f->vocab->word[i] != NULL; i++) {
		struct str label = label_of_word(&person_entity, f, i);

		jw_obj(out);
		jw_kz(out, "word", f->vocab->word[i]);
		jw_kstr(out, "label_zh", label_in(label, true));
		jw_kstr(out, "label_en", label_in(label, false));
		jw_end_obj(out);
	}
	jw_end_arr(out);
}

/* Not worth telling: what the program needs to keep the row, and what is told in words elsewhere. */
static bool is_told(const struct field *f, const void *rec)
{
	return !(f->flags & FIELD_HIDDEN) && !field_is_nil(f, rec) && f->type != F_ID && f->type != F_JSON &&
	       strcmp(f->name, "source") != 0;
}

enum err registry_held(struct req *rq, const struct person *p, struct jw *out)
{
	const struct fields *fields = &person_entity.fields;
	struct origins *o = ARENA_NEW(rq->arena, struct origins);
	enum err err = o == NULL ? ERR_NOMEM : registry_origins(rq, &person_entity, p, o);

	for (size_t i = 2; i < fields->n && err == OK; i++) {
		const struct field *f = &fields->v[i];
		const struct fact *k = registry_origin(o, f->name);

		if (!is_told(f, p))
			continue;
		jw_obj(out);
		jw_kz(out, "field", f->name);
		jw_kz(out, "type", vocab_word(&field_type_vocab, f->type));
		write_choices(f, out);
		jw_kstr(out, "label_zh", label_in(label_of_field(&person_entity, f), true));
		jw_kstr(out, "label_en", label_in(label_of_field(&person_entity, f), false));
		jw_kstr(out, "value_zh", value_of(rq, f, p, true));
		jw_kstr(out, "value_en", value_of(rq, f, p, false));
		jw_kz(out, "purpose", f->purpose);
		jw_kz(out, "source", vocab_word(&data_source_vocab, k->source));
		jw_ktime(out, "at", k->at);
		jw_end_obj(out);
	}
	return err;
}

enum err registry_readers_of(struct dbc *c, int64_t person_id, struct jw *out)
{
	return readers_write(c, person_entity.name, person_id, out);
}

/* ---- ending ---- */

enum err registry_withdraw(struct req *rq, int64_t consent_id)
{
	const struct principal *who = rq->who;
	struct consent old, now;
	enum err err = entity_get_any(rq, &consent_entity, consent_id, &old);

	if (err != OK)
		return err;
	if (old.withdrawn_at != NIL)
		return req_fail(rq, ERR_CONFLICT, "consent.withdrawn", "id", "it was withdrawn already");
	now = old;
	now.withdrawn_at = rq->now;
	/* The rules look at rows that the person does not see; the record says who it was. */
	rq->who = NULL;
	err = entity_update(rq, &consent_entity, &old, &now);
	rq->who = who;
	return err != OK ? err : audit_add(rq->db, &(struct audit_entry){ .at = rq->now, .actor = who->user_id,
		.action = "withdraw", .object = consent_entity.name, .object_id = consent_id, .detail = STR("{}") });
}

enum err registry_forget(struct req *rq, int64_t person_id)
{
	struct person old, now;
	enum err err = entity_get_any(rq, &person_entity, person_id, &old);

	if (err != OK)
		return err;
	now = old;
	if (old.active == 1) {
		now.active = 0;
		now.ended_reason = ENDED_OTHER;
		err = entity_update(rq, &person_entity, &old, &now);
	}
	return err != OK ? err : person_forget(rq->db, person_id);
}
