/* Mapping files of event imports, and rows read by them; see event_map.h. */
#include "mod/event/event_map.h"

#include <math.h>
#include <string.h>

#include "base/field.h"
#include "core/matter.h"

enum { TITLE_RUNES = 200, TEXT_RUNES = 4000, ADDRESS_RUNES = 300, EXT_NO_RUNES = 64, VALUE_SHOWN = 80 };

static const char *const field_name[MAP_FIELD_MAX] = { "ext_no", "title", "text", "address", "lon", "lat", "code", "source",
	"state", "reported_at", "due_at", "closed_at" };

/* ---- the mapping ---- */

static enum err wrong(struct error *e, const char *field, const char *message)
{
	return err_set(e, ERR_INVALID, "import.map", field, "%s", message);
}

static bool known_keys(const json_t *o, const char *const *names, size_t n)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		size_t i = 0;

		while (i < n && strcmp(names[i], key) != 0)
			i++;
		if (i == n)
			return false;
	}
	return true;
}

static bool add_name(struct map_column *c, const json_t *name)
{
	if (!json_is_string(name) || json_string_length(name) == 0 || c->n == MAP_JOIN)
		return false;
	c->name[c->n++] = str_z(json_string_value(name));
	return true;
}

static bool parse_values(struct map_column *c, const json_t *o)
{
	static const char *const keys[] = { "column", "values", "default" };
	const json_t *dflt = json_object_get(o, "default");
	const char *key;
	json_t *v;

	c->values = json_object_get(o, "values");
	c->dflt = str_z(json_string_value(dflt));
	if (!known_keys(o, keys, ARRAY_LEN(keys)) || (dflt != NULL && !json_is_string(dflt)))
		return false;
	if (c->values != NULL && !json_is_object(c->values))
		return false;
	json_object_foreach((json_t *)(uintptr_t)c->values, key, v) {
		if (!json_is_string(v))
			return false;
	}
	return json_object_get(o, "column") == NULL ? c->dflt.p != NULL : add_name(c, json_object_get(o, "column"));
}

static bool parse_column(struct map_column *c, const json_t *v)
{
	if (json_is_object(v))
		return parse_values(c, v);
	if (!json_is_array(v))
		return add_name(c, v);
	for (size_t i = 0; i < json_array_size(v); i++) {
		if (!add_name(c, json_array_get(v, i)))
			return false;
	}
	return c->n > 0;
}

static enum err parse_fields(struct event_map *m, const json_t *fields, struct error *e)
{
	const char *key;
	json_t *v;

	if (!json_is_object(fields))
		return wrong(e, "fields", "the mapping needs an object \"fields\"");
	json_object_foreach((json_t *)(uintptr_t)fields, key, v) {
		size_t f = 0;

		while (f < MAP_FIELD_MAX && strcmp(field_name[f], key) != 0)
			f++;
		if (f == MAP_FIELD_MAX)
			return err_set(e, ERR_INVALID, "import.map", "fields", "events have no field %.40s", key);
		if (!parse_column(&m->col[f], v))
			return err_set(e, ERR_INVALID, "import.map", field_name[f],
				"%s is a column's name, up to %d of them, or {column, values, default}", key, MAP_JOIN);
	}
	if (m->col[MAP_EXT_NO].n == 0 || m->col[MAP_TITLE].n == 0 || m->col[MAP_REPORTED].n == 0)
		return wrong(e, "fields", "ext_no, title and reported_at must be mapped");
	return OK;
}

static double number_or_nan(const json_t *v)
{
	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static enum err parse_wrong(struct event_map *m, const json_t *list, struct error *e)
{
	static const char *const keys[] = { "lon", "lat" };

	if (list == NULL)
		return OK;
	if (!json_is_array(list) || json_array_size(list) > MAP_NO_POSITION)
		return wrong(e, "no_position", "no_position is a list of {lon, lat}");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		double lon = number_or_nan(json_object_get(o, "lon")), lat = number_or_nan(json_object_get(o, "lat"));

		if (!json_is_object(o) || !known_keys(o, keys, ARRAY_LEN(keys)) || (isnan(lon) && isnan(lat)))
			return wrong(e, "no_position", "no_position is a list of {lon, lat}");
		m->wrong[m->nwrong].lon = lon;
		m->wrong[m->nwrong++].lat = lat;
	}
	return OK;
}

/* "+08:00" */
static bool parse_zone(struct str s, int *ret)
{
	int64_t h, min;

	if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':' || !str_i64((struct str){ s.p + 1, 2 }, &h) ||
	    !str_i64((struct str){ s.p + 4, 2 }, &min) || h < 0 || h > 14 || min < 0 || min > 59)
		return false;
	*ret = (int)(h * 60 + min) * (s.p[0] == '-' ? -1 : 1);
	return true;
}

static enum err parse_top(struct event_map *m, struct error *e)
{
	static const char *const keys[] = { "place", "zone", "time", "no_position", "fields" };
	const json_t *place = json_object_get(m->json, "place"), *zone = json_object_get(m->json, "zone"),
		     *pattern = json_object_get(m->json, "time");

	if (!json_is_object(m->json) || !known_keys(m->json, keys, ARRAY_LEN(keys)))
		return wrong(e, "map", "the mapping is an object with place, zone, time, no_position and fields");
	if (place != NULL && (!json_is_string(place) || !place_parse(str_z(json_string_value(place)), &m->place)))
		return wrong(e, "place", "place is the code of a place, as text");
	if (zone != NULL && (!json_is_string(zone) || !parse_zone(str_z(json_string_value(zone)), &m->zone_min)))
		return wrong(e, "zone", "zone is like \"+08:00\"");
	if (pattern != NULL && !json_is_string(pattern))
		return wrong(e, "time", "time is a pattern like \"yyyy-MM-dd HH:mm:ss\"");
	m->pattern = str_z(json_string_value(pattern));
	return OK;
}

enum err event_map_parse(struct str text, struct event_map *ret, struct error *e)
{
	struct event_map m = { .zone_min = ZONE_MIN, .place = NIL };
	enum err err = field_parse_json(text, &m.json, e);

	if (err == OK)
		err = parse_top(&m, e);
	if (err == OK)
		err = parse_wrong(&m, json_object_get(m.json, "no_position"), e);
	if (err == OK)
		err = parse_fields(&m, json_object_get(m.json, "fields"), e);
	if (err != OK) {
		json_decref(m.json);
		return err;
	}
	*ret = m;
	return OK;
}

void event_map_free(struct event_map *m)
{
	json_decref(m->json);
	m->json = NULL;
}

enum err event_map_header(struct event_map *m, const struct csv_row *header, struct error *e)
{
	for (size_t f = 0; f < MAP_FIELD_MAX; f++) {
		struct map_column *c = &m->col[f];

		for (size_t i = 0; i < c->n; i++) {
			size_t at = 0;

			while (at < header->n && !str_eq(str_trim(header->cell[at]), c->name[i]))
				at++;
			if (at == header->n)
				return err_set(e, ERR_INVALID, "import.column", field_name[f],
					"the file has no column \"%.*s\"", (int)(c->name[i].n < 60 ? c->name[i].n : 60),
					c->name[i].p);
			c->at[i] = at;
		}
	}
	return OK;
}

struct str event_map_column(const struct event_map *m, enum map_field f)
{
	return m->col[f].n > 0 ? m->col[f].name[0] : str_z(field_name[f]);
}

/* ---- dirt ---- */

void dirt_init(struct dirt *d)
{
	*d = (struct dirt){ .n = 0 };
	buf_init(&d->cells, DIRT_BYTES);
	jw_init(&d->j, &d->cells);
	jw_arr(&d->j);
}

void dirt_release(struct dirt *d)
{
	buf_release(&d->cells);
}

/* At most so many characters of a value, so that a cell cannot fill the report. */
static struct str beginning(struct str s, size_t runes)
{
	size_t pos = 0;

	for (size_t i = 0; i < runes && pos < s.n; i++)
		(void)str_rune(s, &pos);
	return (struct str){ s.p, pos };
}

void dirt_add(struct dirt *d, struct event_row *row, struct str column, const char *code, struct str value,
	      const char *message, bool bad)
{
	size_t i = 0;

	row->bad = row->bad || bad;
	if (d->quiet)
		return;
	while (i < d->n && !(str_eq(d->kind[i].column, column) && strcmp(d->kind[i].code, code) == 0))
		i++;
	if (i == DIRT_KINDS)
		return; /* more kinds than columns times codes: cannot be */
	if (i == d->n) {
		d->kind[d->n++].column = column;
		d->kind[i].code = code;
		d->kind[i].message = message;
		d->kind[i].n = 0;
	}
	if (++d->kind[i].n > DIRT_SHOWN)
		return;
	jw_obj(&d->j);
	jw_kint(&d->j, "row", row->row);
	jw_kint(&d->j, "line", row->line);
	jw_kstr(&d->j, "column", column);
	jw_kz(&d->j, "code", code);
	jw_kstr(&d->j, "value", beginning(value, VALUE_SHOWN));
	jw_kz(&d->j, "message", message);
	jw_kbool(&d->j, "refused", bad);
	jw_end_obj(&d->j);
}

/* ---- one row ---- */

struct reading {
	const struct event_map *m;
	const struct csv_row *csv;
	struct arena *a;
	struct dirt *d;
	struct event_row *row;
};

static struct str cell(const struct reading *r, enum map_field f)
{
	const struct map_column *c = &r->m->col[f];

	return c->n > 0 && c->at[0] < r->csv->n ? str_trim(r->csv->cell[c->at[0]]) : (struct str){ NULL, 0 };
}

static void note(const struct reading *r, enum map_field f, const char *code, const char *message, bool bad)
{
	dirt_add(r->d, r->row, event_map_column(r->m, f), code, cell(r, f), message, bad);
}

/* The columns' texts, joined; cut to what fits. Absent when all are empty. */
static struct str text_of(const struct reading *r, enum map_field f, size_t runes)
{
	const struct map_column *c = &r->m->col[f];
	struct str all = { NULL, 0 };

	for (size_t i = 0; i < c->n; i++) {
		struct str one = c->at[i] < r->csv->n ? str_trim(r->csv->cell[c->at[i]]) : (struct str){ NULL, 0 };

		if (one.n == 0)
			continue;
		all = all.p == NULL ? str_dup(r->a, one) :
				      str_fmt(r->a, "%.*s · %.*s", (int)all.n, all.p, (int)one.n, one.p);
	}
	if (all.p == NULL || str_runes(all) <= runes)
		return all;
	note(r, f, "text.long", "the text is cut to what fits", false);
	return beginning(all, runes);
}

/* The cell's word: translated, or as it is. Absent when it is unknown and has no default. */
static struct str word_of(const struct reading *r, enum map_field f)
{
	const struct map_column *c = &r->m->col[f];
	struct str s = cell(r, f);
	const json_t *v;

	if (s.n == 0)
		return c->dflt;
	if (c->values == NULL)
		return str_dup(r->a, s);
	v = json_object_getn(c->values, s.p, s.n);
	return v != NULL ? str_z(json_string_value(v)) : c->dflt;
}

static int64_t time_of(const struct reading *r, enum map_field f, bool bad)
{
	struct str s = cell(r, f);
	int64_t at;
	bool ok;

	if (s.n == 0)
		return NIL;
	ok = r->m->pattern.p == NULL ? time_parse(s, &at) : time_parse_pattern(s, r->m->pattern, r->m->zone_min, &at);
	if (ok)
		return at;
	note(r, f, "time.invalid", "it is no time of the mapping's pattern", bad);
	return NIL;
}

static bool no_position(const struct event_map *m, double lon, double lat)
{
	for (size_t i = 0; i < m->nwrong; i++) {
		double x = m->wrong[i].lon, y = m->wrong[i].lat;

		/* written as given, so equal to the last bit */
		if ((isnan(x) || fabs(x - lon) < 1e-12) && (isnan(y) || fabs(y - lat) < 1e-12))
			return true;
	}
	return false;
}

static void read_position(const struct reading *r)
{
	struct str lon = cell(r, MAP_LON), lat = cell(r, MAP_LAT);
	double x, y;

	r->row->lon = r->row->lat = (double)NAN;
	if (r->m->col[MAP_LON].n == 0 || r->m->col[MAP_LAT].n == 0)
		return;
	if (lon.n == 0 || lat.n == 0)
		note(r, lat.n == 0 ? MAP_LAT : MAP_LON, "position.empty", "there is no position", false);
	else if (!str_double(lon, &x) || !str_double(lat, &y) || fabs(x) > 180 || fabs(y) > 90)
		note(r, MAP_LAT, "position.invalid", "it is no position", false);
	else if (no_position(r->m, x, y))
		note(r, MAP_LAT, "position.rounded", "the position is rounded until it says nothing", false);
	else {
		r->row->lon = x;
		r->row->lat = y;
	}
}

/* States in which somebody can go on with it here. */
static bool state_fits(int64_t s)
{
	return s >= 0 && s < MS_MAX && ((ST(REPORTED) | ST(ACCEPTED) | ST(DISPATCHED) | ST(HANDLING) | ST(CLOSED) |
					 ST(ARCHIVED) | ST(REJECTED)) >> s & 1);
}

static void read_words(const struct reading *r)
{
	struct event_row *row = r->row;
	struct str state = word_of(r, MAP_STATE), source = word_of(r, MAP_SOURCE);
	bool timed = r->m->col[MAP_STATE].n == 0 && state.p == NULL;

	row->code = word_of(r, MAP_CODE);
	if (row->code.p == NULL && cell(r, MAP_CODE).n > 0)
		note(r, MAP_CODE, "code.unknown", "the mapping has no event code for it", false);
	row->source = source.p == NULL ? (int64_t)SRC_IMPORT : vocab_index(&source_vocab, source);
	if (row->source == NIL || (source.p == NULL && cell(r, MAP_SOURCE).n > 0)) {
		note(r, MAP_SOURCE, "source.unknown", "the mapping has no source for it", false);
		row->source = SRC_IMPORT;
	}
	row->state_word = str_dup(r->a, cell(r, MAP_STATE));
	/* without a column of states the times say it */
	row->state = timed ? (row->closed_at != NIL ? MS_CLOSED : MS_REPORTED) : vocab_index(&mstate_vocab, state);
	if (!state_fits(row->state))
		note(r, MAP_STATE, "state.unknown", "the mapping has no state for it that an import may set", true);
}

static void check_times(const struct reading *r)
{
	struct event_row *row = r->row;
	bool open = row->state >= 0 && row->state < MS_MAX && (ST_OPEN >> row->state & 1);

	if (row->reported_at == NIL) {
		if (cell(r, MAP_REPORTED).n == 0)
			note(r, MAP_REPORTED, "required", "an event has a time of reporting", true);
		return;
	}
	if (row->due_at == NIL && r->m->col[MAP_DUE].n > 0 && cell(r, MAP_DUE).n == 0)
		note(r, MAP_DUE, "due.empty", "without a due time it is not measured", false);
	if (row->due_at != NIL && row->due_at < row->reported_at)
		note(r, MAP_DUE, "due.early", "it was due before it was reported", false);
	if (row->closed_at != NIL && row->closed_at < row->reported_at)
		note(r, MAP_CLOSED, "closed.early", "it was closed before it was reported", false);
	if (!open && row->closed_at == NIL && !row->bad)
		note(r, MAP_CLOSED, "closed.empty", "it is closed, but nobody knows since when", false);
	if (open && row->closed_at != NIL) {
		note(r, MAP_CLOSED, "closed.open", "it has a closing time, but is open", false);
		row->closed_at = NIL;
	}
}

void event_map_row(const struct event_map *m, const struct csv_row *csv, struct arena *a, struct dirt *d,
		   struct event_row *ret)
{
	*ret = (struct event_row){ .row = csv->row, .line = csv->line };
	struct reading r = { m, csv, a, d, ret };

	ret->ext_no = str_dup(a, cell(&r, MAP_EXT_NO));
	if (ret->ext_no.n == 0)
		note(&r, MAP_EXT_NO, "required", "an event needs its number, or it would be loaded twice", true);
	else if (str_runes(ret->ext_no) > EXT_NO_RUNES)
		note(&r, MAP_EXT_NO, "text.long", "a number has at most 64 characters", true);
	ret->title = text_of(&r, MAP_TITLE, TITLE_RUNES);
	if (ret->title.p == NULL)
		note(&r, MAP_TITLE, "required", "an event needs a title", true);
	ret->text = text_of(&r, MAP_TEXT, TEXT_RUNES);
	ret->address = text_of(&r, MAP_ADDRESS, ADDRESS_RUNES);
	read_position(&r);
	ret->reported_at = time_of(&r, MAP_REPORTED, true);
	ret->due_at = time_of(&r, MAP_DUE, false);
	ret->closed_at = time_of(&r, MAP_CLOSED, false);
	read_words(&r);
	check_times(&r);
}
