/* Field tables against database rows; see row.h. */
#include "core/row.h"

void row_columns(const struct fields *f, const char *prefix, struct buf *b)
{
	for (size_t i = 0; i < f->n; i++) {
		if (i > 0)
			buf_z(b, ", ");
		buf_z(b, prefix);
		buf_z(b, f->v[i].name);
	}
}

void row_load(const struct fields *f, struct rows *r, int first, struct arena *a, void *rec)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct field *d = &f->v[i];
		int col = first + (int)i;

		switch (d->type) {
		case F_STR:
		case F_JSON:
		case F_SECRET:
			field_set_str(d, rec, str_dup(a, row_str_at(r, col)));
			break;
		case F_REAL:
			field_set_real(d, rec, row_real_at(r, col));
			break;
		default:
			field_set_int(d, rec, row_int_at(r, col));
			break;
		}
	}
}

void row_args(const struct fields *f, const void *rec, struct arg *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct field *d = &f->v[i];

		switch (d->type) {
		case F_STR:
		case F_JSON:
			out[i] = T(field_str(d, rec));
			break;
		case F_SECRET:
			out[i] = B(field_str(d, rec));
			break;
		case F_REAL:
			out[i] = R(field_real(d, rec));
			break;
		default:
			out[i] = I(field_int(d, rec));
			break;
		}
	}
}
