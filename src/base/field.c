/*
 * Records described as data: typed access, checking, and the way from and to JSON and text. Every
 * message names the field, what was wrong with it and the limit it broke.
 */
#include "base/field.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- typed access --- */

static bool field_is_text(const struct field *f)
{
	return f->type == F_STR || f->type == F_JSON || f->type == F_SECRET;
}

static const void *member(const struct field *f, const void *rec)
{
	return (const char *)rec + f->off;
}

static void *member_of(const struct field *f, void *rec)
{
	return (char *)rec + f->off;
}

int64_t field_int(const struct field *f, const void *rec)
{
	int64_t v;

	memcpy(&v, member(f, rec), sizeof(v));
	return v;
}

double field_real(const struct field *f, const void *rec)
{
	double v;

	memcpy(&v, member(f, rec), sizeof(v));
	return v;
}

struct str field_str(const struct field *f, const void *rec)
{
	struct str v;

	memcpy(&v, member(f, rec), sizeof(v));
	return v;
}

void field_set_int(const struct field *f, void *rec, int64_t v)
{
	memcpy(member_of(f, rec), &v, sizeof(v));
}

void field_set_real(const struct field *f, void *rec, double v)
{
	memcpy(member_of(f, rec), &v, sizeof(v));
}

void field_set_str(const struct field *f, void *rec, struct str v)
{
	memcpy(member_of(f, rec), &v, sizeof(v));
}

bool field_is_nil(const struct field *f, const void *rec)
{
	if (field_is_text(f))
		return !field_str(f, rec).p;
	if (f->type == F_REAL)
		return isnan(field_real(f, rec));
	return field_int(f, rec) == NIL;
}

bool field_same(const struct field *f, const void *a, const void *b)
{
	if (field_is_text(f))
		return str_eq(field_str(f, a), field_str(f, b));
	if (f->type != F_REAL)
		return field_int(f, a) == field_int(f, b);
	double x = field_real(f, a), y = field_real(f, b);

	return isnan(x) || isnan(y) ? isnan(x) && isnan(y) : x <= y && x >= y;
}

void field_copy(const struct field *f, const void *from, void *to)
{
	if (field_is_text(f))
		field_set_str(f, to, field_str(f, from));
	else if (f->type == F_REAL)
		field_set_real(f, to, field_real(f, from));
	else
		field_set_int(f, to, field_int(f, from));
}

static void field_set_nil(const struct field *f, void *rec)
{
	if (field_is_text(f))
		field_set_str(f, rec, (struct str){ NULL, 0 });
	else if (f->type == F_REAL)
		field_set_real(f, rec, (double)NAN);
	else
		field_set_int(f, rec, NIL);
}

void fields_clear(const struct fields *f, void *rec)
{
	memset(rec, 0, f->size);
	for (size_t i = 0; i < f->n; i++)
		field_set_nil(&f->v[i], rec);
}

const struct field *fields_find(const struct fields *f, struct str name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eqz(name, f->v[i].name))
			return &f->v[i];
	return NULL;
}

/* --- vocabularies --- */

int64_t vocab_index(const struct vocab *v, struct str word)
{
	for (int64_t i = 0; v->word[i]; i++)
		if (str_eqz(word, v->word[i]))
			return i;
	return NIL;
}

const char *vocab_word(const struct vocab *v, int64_t index)
{
	for (int64_t i = 0; v->word[i]; i++)
		if (i == index)
			return v->word[i];
	return NULL;
}

/* --- limits and checks --- */

struct limits {
	int64_t min, max;
};

static struct limits field_type_limits(enum ftype type)
{
	switch (type) {
	case F_STR:
		return (struct limits){ 0, FIELD_TEXT_MAX };
	case F_SECRET:
		return (struct limits){ 0, FIELD_SECRET_MAX };
	case F_JSON:
		return (struct limits){ 0, FIELD_JSON_MAX };
	case F_ID:
		return (struct limits){ 1, FIELD_INT_MAX };
	case F_CODE:
		return (struct limits){ FIELD_CODE_MIN, FIELD_CODE_MAX };
	case F_TIME:
	case F_DATE:
		return (struct limits){ INT64_MIN + 1, INT64_MAX };
	default:
		return (struct limits){ -FIELD_INT_MAX, FIELD_INT_MAX };
	}
}

static struct limits field_limits(const struct field *f)
{
	struct limits own = field_type_limits(f->type);

	if (f->min == 0 && f->max == 0)
		return own;
	return (struct limits){ f->min,
		f->max < f->min || (field_is_text(f) && f->max == 0) ? own.max : f->max };
}

static enum err field_required(const struct field *f, struct error *e)
{
	return err_set(e, ERR_INVALID, "required", f->name, "\"%s\" is required.", f->name);
}

static const char *field_expects(enum ftype type)
{
	static const char *const what[F_TYPE_MAX] = {
		[F_STR] = "text",
		[F_INT] = "a whole number",
		[F_BOOL] = "true or false",
		[F_REAL] = "a number",
		[F_TIME] = "a time such as 2026-02-13T16:30:00+08:00",
		[F_DATE] = "a date such as 2026-02-13",
		[F_ID] = "an id (a whole number as text)",
		[F_CODE] = "a position code of 17 digits as text",
		[F_MONEY] = "a whole number of fen",
		[F_ENUM] = "one of the listed words",
		[F_JSON] = "JSON",
		[F_SECRET] = "text",
	};

	return type < F_TYPE_MAX ? what[type] : "a value";
}

static enum err field_wrong_type(const struct field *f, struct error *e)
{
	return err_set(e, ERR_INVALID, "wrong_type", f->name, "\"%s\" must be %s.", f->name,
		field_expects(f->type));
}

static enum err field_check_int(const struct field *f, int64_t v, struct error *e)
{
	struct limits lim = field_limits(f);

	if (v >= lim.min && v <= lim.max)
		return OK;
	if (f->type == F_CODE)
		return err_set(e, ERR_INVALID, "out_of_range", f->name,
			"\"%s\" must be a position code of 17 digits.", f->name);
	if (f->type == F_TIME || f->type == F_DATE)
		return err_set(e, ERR_INVALID, "out_of_range", f->name,
			"\"%s\" lies outside the allowed period.", f->name);
	return err_set(e, ERR_INVALID, "out_of_range", f->name,
		"\"%s\" must be from %" PRId64 " to %" PRId64 "; it is %" PRId64 ".", f->name,
		lim.min, lim.max, v);
}

static enum err field_check_real(const struct field *f, double v, struct error *e)
{
	struct limits lim = field_limits(f);
	bool unlimited = f->min == 0 && f->max == 0;

	if (!isfinite(v))
		return field_wrong_type(f, e);
	if (unlimited || (v >= (double)lim.min && v <= (double)lim.max))
		return OK;
	return err_set(e, ERR_INVALID, "out_of_range", f->name,
		"\"%s\" must be from %" PRId64 " to %" PRId64 "; it is %g.", f->name, lim.min,
		lim.max, v);
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F)
			return true;
	}
	return false;
}

static enum err field_check_str(const struct field *f, struct str s, struct error *e)
{
	struct limits lim = field_limits(f);
	size_t n = str_runes(s);

	if (n == SIZE_MAX || has_control(s))
		return err_set(e, ERR_INVALID, "bad_text", f->name,
			"\"%s\" contains bytes that are not text (UTF-8 without control "
			"characters).",
			f->name);
	if ((f->flags & FIELD_REQUIRED) && str_trim(s).n == 0)
		return field_required(f, e);
	if ((int64_t)n > lim.max)
		return err_set(e, ERR_INVALID, "too_long", f->name,
			"\"%s\" may have at most %" PRId64 " characters; it has %zu.", f->name,
			lim.max, n);
	if ((int64_t)n < lim.min)
		return err_set(e, ERR_INVALID, "too_short", f->name,
			"\"%s\" must have at least %" PRId64 " characters; it has %zu.", f->name,
			lim.min, n);
	return OK;
}

static enum err field_check_word(
	const struct field *f, struct str word, int64_t *ret, struct error *e)
{
	char list[160] = "";
	size_t n = 0;
	int64_t v = vocab_index(f->vocab, word);

	if (v != NIL) {
		*ret = v;
		return OK;
	}
	for (size_t i = 0; f->vocab->word[i]; i++) {
		size_t len = strlen(f->vocab->word[i]);
		if (n + len + 8 >= sizeof(list)) {
			memcpy(list + n, ", …", sizeof(", …"));
			break;
		}
		if (n > 0) {
			memcpy(list + n, ", ", 2);
			n += 2;
		}
		memcpy(list + n, f->vocab->word[i], len + 1);
		n += len;
	}
	return err_set(e, ERR_INVALID, "not_in_list", f->name, "\"%s\" must be one of: %s.",
		f->name, list);
}

static enum err field_copy_str(
	const struct field *f, struct str s, struct arena *a, void *rec, struct error *e)
{
	struct str copy = str_dup(a, s);

	if (!copy.p)
		return err_set(e, ERR_NOMEM, "no_memory", f->name, "Out of memory.");
	field_set_str(f, rec, copy);
	return OK;
}

/* --- JSON in --- */

/* jansson's own limit is far beyond what any request needs. */
static bool json_is_deep(struct str s)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			if (++depth > FIELD_JSON_DEPTH)
				return true;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return false;
}

enum err field_parse_json(struct str text, json_t **ret, struct error *e)
{
	json_error_t why;

	if (json_is_deep(text))
		return err_set(e, ERR_INVALID, "json_depth", "",
			"The JSON is nested deeper than %d levels.", FIELD_JSON_DEPTH);
	json_t *v = json_loadb(
		text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (!v && json_error_code(&why) == json_error_out_of_memory)
		return err_set(e, ERR_NOMEM, "no_memory", "", "Out of memory.");
	if (!v)
		return err_set(e, ERR_INVALID, "bad_json", "",
			"The JSON cannot be read: %s (line %d, column %d).", why.text, why.line,
			why.column);
	*ret = v;
	return OK;
}

static struct str json_text(const json_t *v)
{
	return (struct str){ json_string_value(v), json_string_length(v) };
}

static bool json_whole(const json_t *v, int64_t *ret)
{
	if (json_is_integer(v)) {
		*ret = json_integer_value(v);
		return true;
	}
	/* 3.0 is a whole number too, while a double is exact. */
	double d = json_is_real(v) ? json_real_value(v) : 0.5;
	if (d != floor(d) || fabs(d) > (double)FIELD_INT_MAX)
		return false;
	*ret = (int64_t)d;
	return true;
}

static enum err field_json_doc(
	const struct field *f, const json_t *v, struct arena *a, void *rec, struct error *e)
{
	const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17);
	size_t n = json_dumpb(v, NULL, 0, flags);
	int64_t max = field_limits(f).max;

	if (n == 0)
		return err_set(
			e, ERR_INVALID, "wrong_type", f->name, "\"%s\" must be JSON.", f->name);
	if ((int64_t)n > max)
		return err_set(e, ERR_INVALID, "too_long", f->name,
			"\"%s\" may take at most %" PRId64 " bytes of JSON; it takes %zu.", f->name,
			max, n);
	char *p = arena_alloc(a, n + 1);
	if (!p)
		return err_set(e, ERR_NOMEM, "no_memory", f->name, "Out of memory.");
	json_dumpb(v, p, n, flags);
	field_set_str(f, rec, (struct str){ p, n });
	return OK;
}

/* Instant, date, id, code and word: the types that JSON has no form for and that come as text. */
static enum err field_parse_int(const struct field *f, struct str s, int64_t *ret, struct error *e)
{
	bool ok = false;

	switch (f->type) {
	case F_TIME:
		ok = time_parse(s, ret);
		break;
	case F_DATE:
		ok = date_parse(s, ret);
		break;
	case F_ENUM:
		return field_check_word(f, s, ret, e);
	case F_INT:
	case F_ID:
	case F_CODE:
	case F_MONEY:
		ok = str_i64(s, ret);
		break;
	case F_BOOL:
		ok = true;
		if (str_eqz(s, "true") || str_eqz(s, "1") || str_eqz(s, "yes") || str_eqz(s, "是"))
			*ret = 1;
		else if (str_eqz(s, "false") || str_eqz(s, "0") || str_eqz(s, "no") ||
			 str_eqz(s, "否"))
			*ret = 0;
		else
			ok = false;
		break;
	default:
		break;
	}
	return ok ? OK : field_wrong_type(f, e);
}

static enum err field_json_int(const struct field *f, const json_t *v, void *rec, struct error *e)
{
	bool texty = f->type != F_INT && f->type != F_MONEY && f->type != F_BOOL;
	bool numeric =
		f->type == F_INT || f->type == F_MONEY || f->type == F_ID || f->type == F_CODE;
	int64_t got = NIL;

	if (f->type == F_BOOL && json_is_boolean(v)) {
		field_set_int(f, rec, json_is_true(v) ? 1 : 0);
		return OK;
	}
	if (texty && json_is_string(v)) {
		enum err err = field_parse_int(f, json_text(v), &got, e);
		if (err)
			return err;
	} else if (!numeric || !json_whole(v, &got)) {
		return field_wrong_type(f, e);
	}
	if (f->type != F_ENUM) {
		enum err err = field_check_int(f, got, e);
		if (err)
			return err;
	}
	field_set_int(f, rec, got);
	return OK;
}

static enum err field_from_json(
	const struct field *f, const json_t *v, struct arena *a, void *rec, struct error *e)
{
	enum err err;

	if (json_is_null(v)) {
		if (f->flags & FIELD_REQUIRED)
			return field_required(f, e);
		field_set_nil(f, rec);
		return OK;
	}
	switch (f->type) {
	case F_STR:
	case F_SECRET:
		if (!json_is_string(v))
			return field_wrong_type(f, e);
		err = field_check_str(f, json_text(v), e);
		return err ? err : field_copy_str(f, json_text(v), a, rec, e);
	case F_JSON:
		return field_json_doc(f, v, a, rec, e);
	case F_REAL:
		if (!json_is_number(v))
			return field_wrong_type(f, e);
		err = field_check_real(f, json_number_value(v), e);
		if (!err)
			field_set_real(f, rec, json_number_value(v));
		return err;
	default:
		return field_json_int(f, v, rec, e);
	}
}

static enum err fields_check_required(const struct fields *f, uint64_t present, struct error *e)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct field *d = &f->v[i];
		if (!(d->flags & FIELD_REQUIRED) || (d->flags & (FIELD_READONLY | FIELD_HIDDEN)))
			continue;
		if (!(present >> i & 1))
			return field_required(d, e);
	}
	return OK;
}

enum err fields_decode(const struct fields *f, json_t *obj, bool patch, struct arena *a, void *rec,
	uint64_t *ret_present, struct error *e)
{
	uint64_t present = 0;

	if (f->n > FIELD_MAX)
		return err_set(e, ERR_BUG, "bug", "", "More than %d fields.", FIELD_MAX);
	if (!json_is_object(obj))
		return err_set(e, ERR_INVALID, "wrong_type", "", "A JSON object is needed here.");
	/* Decoded aside, so that a refused request leaves the record as it was. */
	void *tmp = arena_alloc(a, f->size);
	if (!tmp)
		return err_set(e, ERR_NOMEM, "no_memory", "", "Out of memory.");
	if (patch)
		memcpy(tmp, rec, f->size);
	else
		fields_clear(f, tmp);

	for (void *it = json_object_iter(obj); it; it = json_object_iter_next(obj, it)) {
		const char *key = json_object_iter_key(it);
		const struct field *d = fields_find(f, str_z(key));
		if (!d || (d->flags & (FIELD_READONLY | FIELD_HIDDEN)))
			return err_set(e, ERR_INVALID, "unknown_field", key,
				"\"%.64s\" is not a field that can be given here.", key);
		enum err err = field_from_json(d, json_object_iter_value(it), a, tmp, e);
		if (err)
			return err;
		present |= UINT64_C(1) << (d - f->v);
	}
	if (!patch) {
		enum err err = fields_check_required(f, present, e);
		if (err)
			return err;
	}
	memcpy(rec, tmp, f->size);
	*ret_present = present;
	return OK;
}

/* --- text in --- */

static enum err field_doc_from_text(
	const struct field *f, struct str s, struct arena *a, void *rec, struct error *e)
{
	json_t *v;
	enum err err = field_parse_json(s, &v, e);

	if (err) {
		/* The parser knows no field; the rest of its words stand. */
		if (e)
			snprintf(e->field, sizeof(e->field), "%s", f->name);
		return err;
	}
	err = field_json_doc(f, v, a, rec, e);
	json_decref(v);
	return err;
}

enum err field_from_text(
	const struct field *f, struct str text, struct arena *a, void *rec, struct error *e)
{
	struct str s = str_trim(text);
	enum err err;
	int64_t i = NIL;
	double d;

	if (!s.p || s.n == 0) {
		if (f->flags & FIELD_REQUIRED)
			return field_required(f, e);
		field_set_nil(f, rec);
		return OK;
	}
	switch (f->type) {
	case F_STR:
	case F_SECRET:
		err = field_check_str(f, s, e);
		return err ? err : field_copy_str(f, s, a, rec, e);
	case F_JSON:
		return field_doc_from_text(f, s, a, rec, e);
	case F_REAL:
		if (!str_double(s, &d))
			return field_wrong_type(f, e);
		err = field_check_real(f, d, e);
		if (!err)
			field_set_real(f, rec, d);
		return err;
	default:
		err = field_parse_int(f, s, &i, e);
		if (!err && f->type != F_ENUM && f->type != F_BOOL)
			err = field_check_int(f, i, e);
		if (!err)
			field_set_int(f, rec, i);
		return err;
	}
}

/* --- out --- */

void field_mask(struct str secret, struct buf *b)
{
	size_t n = str_runes(secret), pos = 0, head = 0, tail = 0;

	if (n == SIZE_MAX)
		n = 0; /* not text: show nothing of it */
	if (n >= 11) {
		head = 3;
		tail = 4;
	} else if (n >= 7) {
		head = 2;
		tail = 2;
	}
	for (size_t i = 0; i < n; i++) {
		size_t at = pos;
		str_rune(secret, &pos);
		if (i < head || i >= n - tail)
			buf_put(b, secret.p + at, pos - at);
		else
			buf_char(b, '*');
	}
	if (n == 0)
		buf_z(b, "***");
}

static void real_text(double v, struct buf *b)
{
	struct jw j;

	jw_init(&j, b);
	jw_real(&j, v);
}

void field_to_text(const struct field *f, const void *rec, struct buf *b)
{
	char text[TIME_TEXT];

	if (field_is_nil(f, rec))
		return;
	switch (f->type) {
	case F_STR:
	case F_JSON:
		buf_str(b, field_str(f, rec));
		break;
	case F_SECRET:
		field_mask(field_str(f, rec), b);
		break;
	case F_REAL:
		real_text(field_real(f, rec), b);
		break;
	case F_TIME:
		buf_z(b, time_format(field_int(f, rec), text));
		break;
	case F_DATE:
		buf_z(b, date_format(field_int(f, rec), text));
		break;
	case F_BOOL:
		buf_z(b, field_int(f, rec) ? "true" : "false");
		break;
	case F_ENUM:
		buf_z(b, vocab_word(f->vocab, field_int(f, rec)));
		break;
	default:
		buf_i64(b, field_int(f, rec));
	}
}

static void encode_secret(struct str s, struct jw *j)
{
	struct buf b;

	buf_init(&b, (size_t)FIELD_SECRET_MAX * 4 + 1);
	field_mask(s, &b);
	if (b.failed)
		jw_z(j, "***");
	else
		jw_str(j, buf_view(&b));
	buf_release(&b);
}

void field_encode(const struct field *f, const void *rec, struct jw *j)
{
	if (f->flags & FIELD_HIDDEN)
		return;
	jw_key(j, f->name);
	if (field_is_nil(f, rec)) {
		jw_null(j);
		return;
	}
	switch (f->type) {
	case F_STR:
		jw_str(j, field_str(f, rec));
		break;
	case F_JSON:
		jw_raw(j, field_str(f, rec));
		break;
	case F_SECRET:
		encode_secret(field_str(f, rec), j);
		break;
	case F_REAL:
		jw_real(j, field_real(f, rec));
		break;
	case F_TIME:
		jw_time(j, field_int(f, rec));
		break;
	case F_DATE:
		jw_date(j, field_int(f, rec));
		break;
	case F_BOOL:
		jw_bool(j, field_int(f, rec) != 0);
		break;
	case F_ENUM:
		jw_z(j, vocab_word(f->vocab, field_int(f, rec)));
		break;
	case F_ID:
	case F_CODE:
		jw_id(j, field_int(f, rec));
		break;
	default:
		jw_int(j, field_int(f, rec));
	}
}
