/* See entity_value.h. */
#include "core/entity_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/import_db.h"
#include "core/label.h"

enum { KNOWN_MAX = 100000, VALUE_BYTES = 1 << 20, SERIAL_LOW = 10000, SERIAL_HIGH = 80000, SERIAL_EPOCH = 25569 };

/* What a text was found to mean. */
struct known {
	int64_t v;     /* NIL: nothing, or too much */
	int64_t found; /* how many it may mean */
	bool changed;  /* an official code that is no longer in force */
};

enum err value_reader_init(struct value_reader *v, const struct entity *e, struct arena *keep)
{
	v->e = e;
	v->keep = keep;
	v->known = smap_new(KNOWN_MAX);
	return v->known != NULL ? OK : ERR_NOMEM;
}

void value_reader_release(struct value_reader *v)
{
	smap_free(v->known);
	v->known = NULL;
}

/* ---- looking up ---- */

typedef enum err (*seek_fn)(struct value_reader *v, const void *what, struct str text, struct known *ret);

/* Through what is remembered. `kind` keeps the names of places and of each entity apart. */
static enum err look_up(struct value_reader *v, const char *kind, const void *what, struct str text, seek_fn seek,
			struct known *ret)
{
	struct str key = str_fmt(v->rq->arena, "%s %.*s", kind, (int)(text.n < 1000 ? text.n : 1000), text.p);
	struct known *k;
	enum err err;

	if (key.p == NULL)
		return ERR_NOMEM;
	k = smap_get(v->known, key);
	if (k != NULL) {
		*ret = *k;
		return OK;
	}
	*ret = (struct known){ .v = NIL };
	err = seek(v, what, text, ret);
	k = err == OK && smap_count(v->known) < KNOWN_MAX ? ARENA_NEW(v->keep, struct known) : NULL;
	if (k == NULL)
		return err;
	*k = *ret;
	err = smap_put(v->known, str_dup(v->keep, key), k);
	return err == ERR_INVALID ? ERR_NOMEM : err;
}

static bool in_sight(const struct value_reader *v, int64_t code)
{
	return v->rq->who == NULL || scope_sees(v->rq->who, v->e->read, code);
}

/* "street/community/grid": every part but the last is the name of a place above. */
static bool above_is(const struct snap *s, const struct place *p, struct str parts)
{
	struct str part;

	while (parts.p != NULL && str_split(&parts, '/', &part)) {
		const struct place *up = p;
		bool is = false;

		part = str_trim(part);
		for (int l = (int)p->level - 1; l > LEVEL_COUNTRY && !is; l--) {
			up = snap_place(s, place_up(p->code, (enum level)l));
			is = up != NULL && str_eq(up->name, part);
		}
		if (!is)
			return false;
	}
	return true;
}

static enum err seek_old_code(struct value_reader *v, struct str text, struct known *ret)
{
	struct rows *r = db_query(v->rq->db, import_sql[Q_VALUE_CODE], ARGS(T(text)));

	while (rows_next(r)) {
		if (!in_sight(v, row_int_at(r, 0)))
			continue;
		ret->changed = !str_eq(row_str_at(r, 1), text);
		if (ret->found++ == 0)
			ret->v = row_int_at(r, 0);
	}
	return rows_close(r);
}

/* By official code, present or past, or by name. */
static enum err seek_place(struct value_reader *v, const void *what, struct str text, struct known *ret)
{
	const struct snap *s = req_snap(v->rq);
	struct str name = text, parts = { NULL, 0 };

	(void)what;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '/') {
			parts = (struct str){ text.p, i };
			name = str_trim((struct str){ text.p + i + 1, text.n - i - 1 });
		}
	}
	for (size_t i = 0; i < s->nplace; i++) {
		const struct place *p = &s->place[i];

		if (!str_eq(p->name, name) && !(p->official.n > 0 && str_eq(p->official, text)))
			continue;
		if (p->valid_to != NIL || !in_sight(v, p->code) || !above_is(s, p, parts))
			continue;
		if (ret->found++ == 0)
			ret->v = p->code;
	}
	return ret->found == 0 && str_is_digits(text) ? seek_old_code(v, text, ret) : OK;
}

/* Another entity's row by its natural key or its name, within sight. Masked names are not looked through. */
static enum err seek_row(struct value_reader *v, const void *what, struct str text, struct known *ret)
{
	const struct entity_plan *p = what;
	const struct field *by[2] = { p->key, fields_find(&p->e->fields, STR("name")) };

	for (size_t i = 0; i < 2 && ret->found == 0; i++) {
		char col[80] = "t.";
		struct sqlb b;

		if (by[i] == NULL || by[i]->type != F_STR || (by[i]->flags & (FIELD_PERSONAL | FIELD_PRIVATE)))
			continue;
		sqlb_init(&b);
		sqlb_add(&b, p->select);
		sqlb_add(&b, " AND t.");
		sqlb_add(&b, by[i]->name);
		sqlb_cond(&b, " = ?", T(text));
		if (p->scope != NULL && v->rq->who != NULL) {
			strncat(col, p->scope->name, sizeof(col) - 3);
			scope_place(&b, v->rq->who, p->e->read, col);
		}
		sqlb_add(&b, " ORDER BY t.id LIMIT 2");
		struct rows *r = sqlb_query(&b, v->rq->db);

		while (rows_next(r)) {
			if (ret->found++ == 0)
				ret->v = row_int_at(r, 0);
		}
		enum err err = rows_close(r);

		sqlb_release(&b);
		if (err != OK)
			return err;
	}
	return OK;
}

static enum err resolved(const struct field *f, struct str text, const struct known *k, void *rec, struct error *e)
{
	if (k->found > 1)
		return err_set(e, ERR_INVALID, "ambiguous", f->name,
			       "several records are called \"%.*s\": write the code, or a place as street/community/grid",
			       (int)(text.n < 60 ? text.n : 60), text.p);
	if (k->v == NIL)
		return err_set(e, ERR_INVALID, "reference", f->name, "nothing in your area is called \"%.*s\"",
			       (int)(text.n < 60 ? text.n : 60), text.p);
	field_set_int(f, rec, k->v);
	return OK;
}

static enum err read_place(struct value_reader *v, const struct field *f, struct str text, void *rec,
			   const char **ret_note, struct error *e)
{
	struct known k;
	enum err err = look_up(v, "p", NULL, text, seek_place, &k);

	if (err != OK)
		return err;
	if (k.found == 1 && k.changed)
		*ret_note = "code_changed";
	return resolved(f, text, &k, rec, e);
}

static enum err read_ref(struct value_reader *v, const struct field *f, struct str text, void *rec,
			 struct error *ret_error)
{
	const struct entity *e = entity_named(v->rq->app, str_z(f->ref));
	struct known k;
	enum err err;

	if (e == NULL)
		return err_set(ret_error, ERR_INVALID, "wrong_type", f->name, "\"%s\" must be an id.", f->name);
	err = look_up(v, f->ref, entity_plan_of(v->rq->app, e), text, seek_row, &k);
	return err != OK ? err : resolved(f, text, &k, rec, ret_error);
}

/* ---- spellings ---- */

/* Digits of a date with '-' between: 2024年1月31日, 2024.1.31, 2024/1/31; the rest as it is. */
static void tidy_date(struct str s, struct buf *out)
{
	static const struct {
		const char *from, *to;
	} sign[] = { { "年", "-" }, { "月", "-" }, { "日", "" }, { "号", "" }, { ".", "-" }, { "/", "-" } };
	bool clock = false;

	for (size_t i = 0; i < s.n;) {
		size_t k = 0;

		clock = clock || s.p[i] == ':';
		while (k < ARRAY_LEN(sign) &&
		       (clock || !str_prefix((struct str){ s.p + i, s.n - i }, str_z(sign[k].from))))
			k++;
		if (k < ARRAY_LEN(sign)) {
			buf_z(out, sign[k].to);
			i += strlen(sign[k].from);
		} else {
			buf_char(out, s.p[i++]);
		}
	}
}

/* Days since 1899-12-30, as spreadsheets count them; only what can be no year and no day written together. */
static bool serial_day(struct str s, double *ret)
{
	return str_double(s, ret) && *ret >= SERIAL_LOW && *ret < SERIAL_HIGH;
}

static void tidy_time(const struct field *f, struct str s, struct buf *out)
{
	char text[TIME_TEXT];
	double serial;

	if (!serial_day(s, &serial)) {
		tidy_date(s, out);
		/* A day alone is wanted of what has a time of day as well. */
		for (size_t i = 0; f->type == F_DATE && i < out->n; i++) {
			if (out->p[i] == 'T' || out->p[i] == ' ')
				out->n = i;
		}
		return;
	}
	int64_t ymd = date_from_days((int64_t)floor(serial) - SERIAL_EPOCH);

	if (f->type == F_DATE)
		buf_z(out, date_format(ymd, text));
	else
		buf_z(out, time_format(date_start(ymd) + llround((serial - floor(serial)) * 86400) * MS_SECOND, text));
}

static void tidy_bool(struct str s, struct buf *out)
{
	static const char *const yes[] = { "true", "TRUE", "True", "1", "yes", "Yes", "YES", "y", "Y", "是", "有", "对", "√", "✓" };
	static const char *const no[] = { "false", "FALSE", "False", "0", "no", "No", "NO", "n", "N", "否", "无", "没有", "错", "×" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_eqz(s, yes[i]))
			buf_z(out, "true");
	}
	for (size_t i = 0; i < ARRAY_LEN(no) && out->n == 0; i++) {
		if (str_eqz(s, no[i]))
			buf_z(out, "false");
	}
	if (out->n == 0)
		buf_str(out, s);
}

/* A word of the list by what people call it. */
static void tidy_word(const struct value_reader *v, const struct field *f, struct str s, struct buf *out)
{
	struct buf key;

	buf_init(&key, 1024);
	label_key(s, &key);
	if (f->vocab != NULL && vocab_index(f->vocab, s) == NIL && key.n > 0 && !key.failed) {
		for (int64_t i = 0; vocab_word(f->vocab, i) != NULL && out->n == 0; i++) {
			if (label_has(label_of_word(v->e, f, i), buf_view(&key)) ||
			    label_has(label_more_word(v->e, f, i), buf_view(&key)))
				buf_z(out, vocab_word(f->vocab, i));
		}
	}
	if (out->n == 0)
		buf_str(out, s);
	buf_release(&key);
}

/* 1,234 and full-width digits; a whole number may have come as 12.0. */
static void tidy_number(const struct field *f, struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n;) {
		size_t from = i;
		uint32_t c = str_rune(s, &i);

		if (c >= 0xFF10 && c <= 0xFF19)
			buf_char(out, (char)('0' + (c - 0xFF10)));
		else if (c != ',' && c != 0xFF0C)
			buf_put(out, s.p + from, i - from);
	}
	const char *dot = f->type != F_REAL && out->n > 0 ? memchr(out->p, '.', out->n) : NULL;
	size_t end = out->n;

	while (dot != NULL && end > 0 && out->p[end - 1] == '0' && out->p + end - 1 > dot)
		end--;
	if (dot != NULL && out->p + end - 1 == dot)
		out->n = end - 1;
}

static void tidy(const struct value_reader *v, const struct field *f, struct str s, struct buf *out)
{
	switch (f->type) {
	case F_DATE:
	case F_TIME:
		tidy_time(f, s, out);
		break;
	case F_BOOL:
		tidy_bool(s, out);
		break;
	case F_ENUM:
		tidy_word(v, f, s, out);
		break;
	case F_INT:
	case F_REAL:
	case F_MONEY:
		tidy_number(f, s, out);
		break;
	default:
		buf_str(out, s);
		break;
	}
}

static bool is_phone(const struct field *f)
{
	size_t n = strlen(f->name);

	return (f->type == F_SECRET || f->type == F_STR) && n >= 5 && strcmp(f->name + n - 5, "phone") == 0;
}

/* Of several numbers in one cell the first. */
static struct str first_phone(struct str s, const char **ret_note)
{
	static const char *const sign[] = { ";", "；", "、", ",", "，", "/", "\n" };

	for (size_t i = 0; i < s.n; i++) {
		for (size_t k = 0; k < ARRAY_LEN(sign); k++) {
			if (!str_prefix((struct str){ s.p + i, s.n - i }, str_z(sign[k])))
				continue;
			struct str rest = { s.p + i + strlen(sign[k]), s.n - i - strlen(sign[k]) };

			if (str_trim(rest).n > 0)
				*ret_note = "first_of_several";
			return str_trim((struct str){ s.p, i });
		}
	}
	return s;
}

/* ---- one cell ---- */

/* The apostrophe that exports put before what a spreadsheet would run. */
static struct str unguard(struct str s)
{
	if (s.n > 1 && s.p[0] == '\'' && memchr("=+-@\t\r", s.p[1], 6) != NULL)
		return (struct str){ s.p + 1, s.n - 1 };
	return s;
}

static enum err check_flags(const struct field *f, struct str s, unsigned char flag, const char **ret_note,
			    struct error *e)
{
	bool counted = f->type == F_INT || f->type == F_REAL || f->type == F_MONEY;

	*ret_note = NULL;
	if (flag & XLSX_ERROR)
		return err_set(e, ERR_INVALID, "cell_error", f->name, "the cell shows the error %.*s",
			       (int)(s.n < 40 ? s.n : 40), s.p);
	if ((flag & XLSX_FORMULA) && s.n == 0)
		return err_set(e, ERR_INVALID, "formula_empty", f->name,
			       "the cell has a formula without a saved value: paste it as a value");
	if ((flag & XLSX_ROUNDED) && !counted)
		return err_set(e, ERR_INVALID, "rounded", f->name,
			       "a number of more than 15 digits was rounded by the spreadsheet: format the column as text");
	if (flag & XLSX_MERGED) {
		*ret_note = "merged";
		if ((f->flags & FIELD_REQUIRED) && s.n == 0)
			return err_set(e, ERR_INVALID, "merged", f->name,
				       "the cell is merged: only the first of the merged cells has the value");
	}
	if (flag & XLSX_FORMULA)
		*ret_note = "formula";
	return OK;
}

enum err value_read(struct value_reader *v, const struct field *f, struct str cell, unsigned char flag, void *rec,
		    const char **ret_note, struct error *e)
{
	struct str s = str_trim(unguard(cell));
	struct buf b;
	enum err err = check_flags(f, s, flag, ret_note, e);

	if (err != OK)
		return err;
	if (f->type == F_CODE && s.n > 0 && !(str_is_digits(s) && s.n == 17))
		return read_place(v, f, s, rec, ret_note, e);
	if (f->type == F_ID && f->ref != NULL && s.n > 0 && !str_is_digits(s))
		return read_ref(v, f, s, rec, e);
	if (is_phone(f))
		s = first_phone(s, ret_note);
	buf_init(&b, VALUE_BYTES);
	tidy(v, f, s, &b);
	err = b.failed ? ERR_NOMEM : field_from_text(f, buf_view(&b), v->rq->arena, rec, e);
	buf_release(&b);
	return err;
}
