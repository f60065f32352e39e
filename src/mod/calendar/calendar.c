/*
 * A year's plan in its three forms: the table's columns, the request and reply, the notice file. No
 * SQL, no clock.
 */
#include "mod/calendar/calendar.h"

#include <string.h>

#include "base/field.h"

static const struct span usual_hours[] = { { 540, 720 }, { 840, 1080 } };

static const char *const kind_word[] = { "work", "rest", "holiday", "swap_work", NULL };
const struct vocab day_kind_vocab = { "day_kind", kind_word };

void year_init(struct year_plan *y, int year)
{
	*y = (struct year_plan){ .id = NIL, .year = year, .nhours = ARRAY_LEN(usual_hours) };
	memcpy(y->hours, usual_hours, sizeof(usual_hours));
	for (size_t i = 0; i < YEAR_DAYS; i++)
		y->day[i].kind = -1;
}

static int64_t first_day(int year)
{
	return date_to_days((int64_t)year * 10000 + 101);
}

bool year_set(struct year_plan *y, int64_t ymd, enum day_kind kind, struct str note)
{
	if (!date_valid(ymd) || ymd / 10000 != y->year)
		return false;
	y->day[date_to_days(ymd) - first_day(y->year)] = (struct year_day){ (int)kind, note };
	return true;
}

void year_builtin(struct year_plan *y, int year)
{
	year_init(y, year);
	for (size_t i = 0; i < nnotice_spans; i++) {
		const struct notice_span *s = &notice_spans[i];
		int64_t base = (int64_t)year * 10000;

		for (int64_t d = s->from; s->year == year && d <= s->to; d++)
			year_set(y, base + d, s->kind, str_z(s->note));
	}
}

bool year_same(const struct year_plan *a, const struct year_plan *b)
{
	if (a->year != b->year || a->nhours != b->nhours)
		return false;
	for (size_t i = 0; i < a->nhours; i++) {
		if (a->hours[i].from != b->hours[i].from || a->hours[i].to != b->hours[i].to)
			return false;
	}
	for (size_t i = 0; i < YEAR_DAYS; i++) {
		const struct str x = a->day[i].note, z = b->day[i].note;

		if (a->day[i].kind != b->day[i].kind || x.n != z.n || (x.n > 0 && !str_eq(x, z)))
			return false;
	}
	return true;
}

/* ---- hours ---- */

/* 540, or "09:00" */
static bool minute_of(json_t *v, int32_t *ret)
{
	int64_t h, m;

	if (json_is_integer(v)) {
		m = json_integer_value(v);
		*ret = (int32_t)m;
		return m >= 0 && m <= 1440;
	}
	struct str s = { json_string_value(v), json_string_length(v) };

	if (s.p == NULL || s.n != 5 || s.p[2] != ':' || !str_i64((struct str){ s.p, 2 }, &h) ||
	    !str_i64((struct str){ s.p + 3, 2 }, &m) || h < 0 || m < 0 || m > 59 || h * 60 + m > 1440)
		return false;
	*ret = (int32_t)(h * 60 + m);
	return true;
}

static bool hours_of(struct year_plan *y, json_t *v)
{
	size_t n = json_array_size(v);
	int32_t last = -1;

	if (!json_is_array(v) || n == 0 || n > CAL_SPANS)
		return false;
	for (size_t i = 0; i < n; i++) {
		json_t *pair = json_array_get(v, i);
		struct span s;

		if (json_array_size(pair) != 2 || !minute_of(json_array_get(pair, 0), &s.from) ||
		    !minute_of(json_array_get(pair, 1), &s.to) || s.from >= s.to || s.from <= last)
			return false;
		y->hours[i] = s;
		last = s.to;
	}
	y->nhours = n;
	return true;
}

void year_hours_text(const struct year_plan *y, struct buf *out)
{
	for (size_t i = 0; i < y->nhours; i++)
		buf_fmt(out, "%s[%d,%d]", i > 0 ? "," : "[", y->hours[i].from, y->hours[i].to);
	buf_char(out, ']');
}

/* ---- the table's columns ---- */

static bool row_day(struct year_plan *y, const char *key, json_t *v, struct arena *a)
{
	int64_t ymd, kind;
	struct str note = { NULL, 0 };

	if (json_is_array(v)) {
		json_t *text = json_array_get(v, 1);

		if (json_is_string(text))
			note = str_dup(a, str_z(json_string_value(text)));
		v = json_array_get(v, 0);
	}
	kind = json_is_integer(v) ? json_integer_value(v) : -1;
	return str_i64(str_z(key), &ymd) && kind >= 0 && kind < DAY_KIND_MAX &&
	       year_set(y, ymd, (enum day_kind)kind, note);
}

enum err year_from_row(struct year_plan *y, int year, struct str hours, struct str days, struct arena *a)
{
	json_t *h = NULL, *d = NULL, *v;
	struct error e;
	const char *key;
	enum err err;

	year_init(y, year);
	err = field_parse_json(hours, &h, &e);
	if (err == OK)
		err = field_parse_json(days, &d, &e);
	if (err == OK && (!hours_of(y, h) || !json_is_object(d)))
		err = ERR_INVALID;
	if (err == OK) {
		json_object_foreach(d, key, v)
		{
			if (!row_day(y, key, v, a))
				err = ERR_INVALID;
		}
	}
	json_decref(h);
	json_decref(d);
	return err == OK && arena_failed(a) ? ERR_NOMEM : err;
}

static int64_t date_at(const struct year_plan *y, size_t i)
{
	return date_from_days(first_day(y->year) + (int64_t)i);
}

void year_days_text(const struct year_plan *y, struct buf *out)
{
	struct jw j;

	jw_init(&j, out);
	jw_obj(&j);
	for (size_t i = 0; i < YEAR_DAYS; i++) {
		char key[24];
		size_t k = sizeof(key);

		if (y->day[i].kind < 0)
			continue;
		key[--k] = '\0';
		for (int64_t d = date_at(y, i); d > 0; d /= 10)
			key[--k] = (char)('0' + d % 10);
		jw_karr(&j, key + k);
		jw_int(&j, y->day[i].kind);
		if (y->day[i].note.p != NULL)
			jw_str(&j, y->day[i].note);
		jw_end_arr(&j);
	}
	jw_end_obj(&j);
}

/* ---- request and reply ---- */

static enum err bad_day(struct error *e, size_t i, const char *why)
{
	return err_set(e, ERR_INVALID, "calendar.day", "days", "day %zu: %s", i + 1, why);
}

static enum err body_day(struct year_plan *y, size_t i, json_t *v, struct arena *a, struct error *e)
{
	const char *date = json_string_value(json_object_get(v, "date"));
	const char *note = json_string_value(json_object_get(v, "note"));
	int64_t kind = vocab_index(&day_kind_vocab, str_z(json_string_value(json_object_get(v, "kind"))));
	const char *key;
	json_t *member;
	int64_t ymd;

	json_object_foreach(v, key, member)
	{
		if (strcmp(key, "date") != 0 && strcmp(key, "kind") != 0 && strcmp(key, "note") != 0)
			return bad_day(e, i, "only date, kind and note are known");
	}
	if (date == NULL || !date_parse(str_z(date), &ymd))
		return bad_day(e, i, "date must be like 2026-02-14");
	if (kind == NIL)
		return bad_day(e, i, "kind is work, rest, holiday or swap_work");
	if (note != NULL && strlen(note) > NOTE_MAX)
		return bad_day(e, i, "the note is too long");
	if (ymd / 10000 != y->year)
		return bad_day(e, i, "it is not in that year");
	if (y->day[date_to_days(ymd) - first_day(y->year)].kind >= 0)
		return bad_day(e, i, "it is named twice");
	year_set(y, ymd, (enum day_kind)kind, str_dup(a, str_z(note)));
	return OK;
}

enum err year_from_body(struct year_plan *y, struct str days, struct str hours, struct arena *a, struct error *e)
{
	json_t *h = NULL, *d = NULL;
	enum err err = field_parse_json(days, &d, e);

	if (err == OK && hours.p != NULL)
		err = field_parse_json(hours, &h, e);
	if (err == OK && (!json_is_array(d) || json_array_size(d) > YEAR_DAYS))
		err = err_set(e, ERR_INVALID, "calendar.days", "days", "days is a list of at most 366 days");
	if (err == OK && h != NULL && !json_is_null(h) && !hours_of(y, h))
		err = err_set(e, ERR_INVALID, "calendar.hours", "hours",
			      "hours are one to four spans in order, like [[\"09:00\",\"12:00\"]]");
	for (size_t i = 0; i < YEAR_DAYS; i++)
		y->day[i] = (struct year_day){ .kind = -1 };
	for (size_t i = 0; err == OK && i < json_array_size(d); i++)
		err = body_day(y, i, json_array_get(d, i), a, e);
	json_decref(h);
	json_decref(d);
	return err == OK && arena_failed(a) ? ERR_NOMEM : err;
}

static void minute_text(struct jw *out, int32_t minute)
{
	char t[8] = { (char)('0' + minute / 600), (char)('0' + minute / 60 % 10), ':',
		(char)('0' + minute % 60 / 10), (char)('0' + minute % 10), '\0' };

	jw_z(out, t);
}

static void date_text(int64_t ymd, char out[11])
{
	char digits[8];

	for (int i = 7; i >= 0; i--, ymd /= 10)
		digits[i] = (char)('0' + ymd % 10);
	memcpy(out, digits, 4);
	out[4] = '-';
	memcpy(out + 5, digits + 4, 2);
	out[7] = '-';
	memcpy(out + 8, digits + 6, 2);
	out[10] = '\0';
}

void year_members(const struct year_plan *y, struct jw *out)
{
	jw_karr(out, "hours");
	for (size_t i = 0; i < y->nhours; i++) {
		jw_arr(out);
		minute_text(out, y->hours[i].from);
		minute_text(out, y->hours[i].to);
		jw_end_arr(out);
	}
	jw_end_arr(out);
	jw_karr(out, "days");
	for (size_t i = 0; i < YEAR_DAYS; i++) {
		char date[11];

		if (y->day[i].kind < 0)
			continue;
		date_text(date_at(y, i), date);
		jw_obj(out);
		jw_kz(out, "date", date);
		jw_kz(out, "kind", kind_word[y->day[i].kind]);
		jw_kstr(out, "note", y->day[i].note);
		jw_end_obj(out);
	}
	jw_end_arr(out);
}

/* ---- the notice file ---- */

static enum err notice_day(struct year_plan *y, struct year_plan *beside, size_t i, json_t *v, struct arena *a,
			   struct error *e)
{
	const char *date = json_string_value(json_object_get(v, "date"));
	json_t *off = json_object_get(v, "isOffDay"), *name = json_object_get(v, "name");
	struct year_plan *to = y;
	int64_t ymd;

	if (date == NULL || !date_parse(str_z(date), &ymd) || !json_is_boolean(off))
		return bad_day(e, i, "name, date and isOffDay are needed");
	if (ymd / 10000 != y->year) {
		to = beside;
		if (beside->year == 0 && (ymd / 10000 == y->year - 1 || ymd / 10000 == y->year + 1))
			year_init(beside, (int)(ymd / 10000));
	}
	if (!year_set(to, ymd, json_is_true(off) ? DAY_HOLIDAY : DAY_SWAP_WORK,
		      str_dup(a, str_z(json_string_value(name)))))
		return bad_day(e, i, "its year is not the notice's");
	return OK;
}

enum err year_from_notice(struct str json, struct arena *a, struct year_plan *y, struct year_plan *beside,
			  struct error *e)
{
	json_t *doc = NULL, *days;
	int64_t year;
	enum err err = field_parse_json(json, &doc, e);

	if (err != OK)
		return err;
	days = json_object_get(doc, "days");
	year = json_integer_value(json_object_get(doc, "year"));
	if (year < YEAR_MIN || year > YEAR_MAX || !json_is_array(days) || json_array_size(days) > YEAR_DAYS)
		err = err_set(e, ERR_INVALID, "calendar.notice", "year",
			      "a notice is an object with the year and its days");
	if (err == OK) {
		year_init(y, (int)year);
		*beside = (struct year_plan){ .year = 0 };
	}
	for (size_t i = 0; err == OK && i < json_array_size(days); i++)
		err = notice_day(y, beside, i, json_array_get(days, i), a, e);
	json_decref(doc);
	return err == OK && arena_failed(a) ? ERR_NOMEM : err;
}
