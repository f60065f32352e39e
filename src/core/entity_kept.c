/* Values of a row outside the table: what was before, what somebody asks for. */
#include <math.h>

#include "core/entity.h"

static void write_value(const struct field *f, const void *rec, struct jw *out)
{
	switch (f->type) {
	case F_STR:
	case F_JSON:
	case F_SECRET:
		jw_kstr(out, f->name, field_str(f, rec));
		break;
	case F_REAL:
		jw_kreal(out, f->name, field_real(f, rec));
		break;
	default:
		jw_kint(out, f->name, field_int(f, rec));
		break;
	}
}

enum err entity_values(const struct entity *e, const void *rec, uint64_t which, struct jw *out)
{
	jw_obj(out);
	for (size_t i = 0; i < e->fields.n; i++) {
		if ((which >> i) & 1)
			write_value(&e->fields.v[i], rec, out);
	}
	jw_end_obj(out);
	return out->b->failed ? ERR_NOMEM : OK;
}

static enum err set_value(const struct field *f, json_t *v, struct arena *a, void *rec)
{
	struct str s = { NULL, 0 };

	switch (f->type) {
	case F_STR:
	case F_JSON:
	case F_SECRET:
		if (json_is_string(v))
			s = str_dup(a, (struct str){ json_string_value(v), json_string_length(v) });
		field_set_str(f, rec, s);
		return json_is_string(v) && s.p == NULL ? ERR_NOMEM : OK;
	case F_REAL:
		field_set_real(f, rec, json_is_number(v) ? json_number_value(v) : (double)NAN);
		return OK;
	default:
		field_set_int(f, rec, json_is_integer(v) ? json_integer_value(v) : NIL);
		return OK;
	}
}

enum err entity_set_values(
	const struct entity *e, json_t *values, struct arena *a, void *rec, uint64_t *ret_which)
{
	enum err err = OK;

	*ret_which = 0;
	for (size_t i = 0; i < e->fields.n && err == OK; i++) {
		json_t *v = json_object_get(values, e->fields.v[i].name);

		if (v == NULL)
			continue;
		err = set_value(&e->fields.v[i], v, a, rec);
		*ret_which |= UINT64_C(1) << i;
	}
	return err;
}
