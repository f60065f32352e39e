/*
 * Entity engine: a row between table, memory and reply. In memory identifiers of people are plain; in the
 * table they are sealed; in a reply they are masked, and so are names and birthdays for whoever may not
 * see people in full there.
 */
#include <stdio.h>
#include <string.h>

#include "core/entity_plan.h"
#include "core/row.h"
#include "core/secret.h"

/* ---- start ---- */

/* Personal data is held for a stated purpose, or not at all. */
static enum err check_field(const struct entity *e, const struct field *f, struct error *err)
{
	bool person = f->type == F_SECRET || (f->flags & (FIELD_PRIVATE | FIELD_PERSONAL)) != 0;

	if (person && (f->purpose == NULL || *f->purpose == '\0'))
		return err_set(err, ERR_BUG, "purpose", f->name, "%s.%s holds personal data without a purpose", e->name,
			f->name);
	if ((f->flags & FIELD_MASKED) && f->type != F_STR && (f->type != F_DATE || (f->flags & FIELD_REQUIRED)))
		return err_set(err, ERR_BUG, "masked", f->name, "%s.%s cannot be masked", e->name, f->name);
	if ((f->flags & FIELD_WITHHELD) && (f->flags & (FIELD_SORT | FIELD_UNIQUE | FIELD_MASKED)))
		return err_set(err, ERR_BUG, "withheld", f->name, "%s.%s cannot be withheld: its order or its key tells",
			e->name, f->name);
	if (f->type == F_SECRET && (f->flags & (FIELD_SEARCH | FIELD_SORT)))
		return err_set(err, ERR_BUG, "secret", f->name, "%s.%s is sealed and has no order", e->name, f->name);
	return OK;
}

enum err entity_check_fields(const struct entity *e, struct error *err)
{
	size_t found = 0;

	for (size_t i = 0; i < e->fields.n; i++) {
		enum err bad = check_field(e, &e->fields.v[i], err);

		if (bad != OK)
			return bad;
		found += secret_is_found(&e->fields.v[i]);
	}
	if (e->full != NULL && perm_roles(e->full) == 0)
		return err_set(err, ERR_BUG, "perm", e->name, "nobody holds the permission %s", e->full);
	return found > ENTITY_FOUND ? err_set(err, ERR_BUG, "secret", e->name, "too many secrets to find") : OK;
}

/* ---- table ---- */

void entity_found_columns(const struct entity *e, const char *before, struct buf *b)
{
	for (size_t i = 0; i < e->fields.n; i++) {
		if (secret_is_found(&e->fields.v[i]))
			buf_fmt(b, "%s%s_hash", before, e->fields.v[i].name);
	}
}

enum err entity_load(struct req *rq, const struct entity *e, struct rows *r, struct arena *a, void *rec)
{
	row_load(&e->fields, r, 0, a, rec);
	for (size_t i = 0; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];
		struct str plain;
		enum err err;

		if (f->type != F_SECRET)
			continue;
		err = secret_open(&rq->app->keys, field_str(f, rec), a, &plain);
		if (err == ERR_INVALID)
			return req_fail(rq, ERR_IO, "key", f->name, "%s cannot be opened with this key", f->name);
		if (err != OK)
			return err;
		field_set_str(f, rec, plain);
	}
	return OK;
}

enum err entity_args(struct req *rq, const struct entity *e, const void *rec, struct arg *out)
{
	row_args(&e->fields, rec, out);
	for (size_t i = 0; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];
		struct str sealed;
		enum err err;

		if (f->type != F_SECRET)
			continue;
		err = secret_seal(&rq->app->keys, field_str(f, rec), rq->arena, &sealed);
		if (err != OK)
			return err;
		out[i] = B(sealed);
	}
	return OK;
}

enum err entity_blind(struct req *rq, const struct entity *e, const struct field *f, struct str plain,
		      struct arg *ret)
{
	unsigned char h[HASH_LEN];
	struct str kept;

	*ret = B((struct str){ NULL, 0 });
	if (plain.p == NULL)
		return OK;
	secret_blind(&rq->app->keys, e->name, f->name, plain, h);
	kept = str_dup(rq->arena, (struct str){ (const char *)h, sizeof(h) });
	*ret = B(kept);
	return kept.p == NULL ? ERR_NOMEM : OK;
}

enum err entity_found_args(struct req *rq, const struct entity *e, const void *rec, struct arg *out, size_t *ret_n)
{
	size_t n = 0;
	enum err err = OK;

	for (size_t i = 0; i < e->fields.n && err == OK; i++) {
		const struct field *f = &e->fields.v[i];

		if (secret_is_found(f))
			err = entity_blind(rq, e, f, field_str(f, rec), &out[n++]);
	}
	*ret_n = n;
	return err;
}

/* ---- reply ---- */

bool entity_full(const struct req *rq, const struct entity_plan *p, const void *rec)
{
	if (!p->masked || rq->who == NULL)
		return true;
	if (p->e->full == NULL)
		return false;
	return scope_sees(rq->who, p->e->full, p->scope != NULL ? field_int(p->scope, rec) : NIL);
}

/* 王**: the first character and nothing about the length of the rest. */
void entity_mask_name(struct str s, struct buf *b)
{
	size_t pos = 0;

	if (s.p == NULL || s.n == 0)
		return;
	(void)str_rune(s, &pos);
	buf_put(b, s.p, pos);
	buf_z(b, "**");
}

struct str entity_name_in_part(struct arena *a, struct str s)
{
	struct str part;
	struct buf b;

	if (s.p == NULL || s.n == 0)
		return s;
	buf_init(&b, 64);
	entity_mask_name(s, &b);
	part = str_dup(a, buf_view(&b));
	buf_release(&b);
	return part.p != NULL ? part : STR("**");
}

void entity_field_text(const struct field *f, const void *rec, bool full, struct buf *b)
{
	if (full || !(f->flags & FIELD_PERSONAL))
		field_to_text(f, rec, b);
	else if (f->type == F_STR && (f->flags & FIELD_MASKED))
		entity_mask_name(field_str(f, rec), b);
}

static void field_json(const struct field *f, const void *rec, bool full, struct jw *out)
{
	char text[16];
	struct buf b;

	if (full || !(f->flags & FIELD_PERSONAL)) {
		field_encode(f, rec, out);
		return;
	}
	if (f->type != F_STR || (f->flags & FIELD_WITHHELD) || field_is_nil(f, rec)) {
		jw_key(out, f->name);
		jw_null(out);
		return;
	}
	buf_init(&b, sizeof(text));
	entity_mask_name(field_str(f, rec), &b);
	jw_kstr(out, f->name, b.failed ? STR("**") : buf_view(&b));
	buf_release(&b);
}

void entity_members(const struct req *rq, const struct entity_plan *p, const void *rec, struct jw *out)
{
	bool full = entity_full(rq, p, rec);

	for (size_t i = 0; i < p->e->fields.n; i++) {
		if (!(p->e->fields.v[i].flags & FIELD_PRIVATE))
			field_json(&p->e->fields.v[i], rec, full, out);
	}
}

void entity_place_name(struct req *rq, const struct entity *e, const void *rec, struct jw *out)
{
	const struct field *f = e->fields.v, *end = f + e->fields.n;
	char key[80] = "";

	while (f < end && f->type != F_CODE)
		f++;
	if (f == end)
		return;
	strncat(key, f->name, 64);
	strncat(key, "_name", 6);
	jw_kstr(out, key, snap_place_name(req_snap(rq), field_int(f, rec)));
}
