/*
 * Import of divisions. A first pass reads the file into one plan per place (a street named by thirteen
 * rows is one place), a second one writes what differs. Nothing is written when the first pass found
 * mistakes, unless partial results are asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/map.h"
#include "base/sheet.h"
#include "mod/place/place_db.h"

enum { IMPORT_MAX = 1000000, ERRORS_MAX = 1000, TABLE_BYTES = 256 << 20 };

enum column { COL_AREA_CODE, COL_AREA_NAME, COL_STREET_CODE, COL_STREET_NAME, COL_VILLAGE_CODE, COL_VILLAGE_NAME,
	      COL_CODE, COL_NAME, COL_LEVEL, COL_PARENT, COL_KIND, COL_ALIAS, COL_OFFICIAL, COL_HOUSEHOLDS,
	      COL_VALID_FROM, COL_MAX };
static const char *const column_name[COL_MAX] = { "area_code", "area_name", "street_code", "street_name", "village_code",
	"village_name", "code", "name", "level", "parent", "kind", "alias", "official_code", "households", "valid_from" };

/* What the file says about one place; absent members are left as they are. */
struct plan {
	int64_t code, kind, households, valid_from, row, line;
	struct str name, alias, official;
};

struct import {
	struct req *rq;
	struct jw *errors;
	struct import_result r;
	size_t col[COL_MAX]; /* position + 1; 0: the file has no such column */
	struct plan *plan;
	size_t n, cap;
	struct map *seen; /* position code → plan + 1, as a pointer into nothing */
	int64_t row, line;
	bool row_bad;
};

static void reject(struct import *im, const char *column, const char *code, const char *message)
{
	if (!im->row_bad)
		im->r.rejected++;
	im->row_bad = true;
	if (im->errors == NULL || im->r.rejected > ERRORS_MAX)
		return;
	jw_obj(im->errors);
	jw_kint(im->errors, "row", im->row);
	jw_kint(im->errors, "line", im->line);
	jw_kz(im->errors, "column", column);
	jw_kz(im->errors, "code", code);
	jw_kz(im->errors, "message", message);
	jw_end_obj(im->errors);
}

static struct str cell(const struct import *im, const struct csv_row *row, enum column c)
{
	size_t i = im->col[c];

	if (i == 0 || i > row->n)
		return (struct str){ NULL, 0 };
	struct str s = str_trim(row->cell[i - 1]);

	return s.n > 0 ? s : (struct str){ NULL, 0 };
}

static enum err read_header(struct import *im, const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		int64_t k = 0;

		while (k < COL_MAX && !str_eqz(str_trim(row->cell[i]), column_name[k]))
			k++;
		if (k == COL_MAX)
			return req_fail(im->rq, ERR_INVALID, "import.column", "csv", "unknown column %.*s",
					(int)row->cell[i].n, row->cell[i].p);
		im->col[k] = i + 1;
	}
	if (im->col[COL_CODE] && im->col[COL_NAME])
		return OK;
	for (int k = COL_AREA_CODE; k <= COL_VILLAGE_NAME; k++) {
		if (im->col[k] == 0)
			return req_fail(im->rq, ERR_INVALID, "import.columns", "csv",
					"the columns are code and name, or area_code … village_name");
	}
	return OK;
}

/* The plan of a position code: the one met before, or a new one. */
static enum err plan_of(struct import *im, int64_t code, struct plan **ret, bool *ret_new)
{
	void *known = map_get(im->seen, code);

	if (known != NULL) {
		*ret = &im->plan[(size_t)(uintptr_t)known - 1];
		*ret_new = false;
		return OK;
	}
	if (im->n == im->cap) {
		size_t cap = im->cap * 2 + 512;
		struct plan *p = im->cap < IMPORT_MAX ? realloc(im->plan, cap * sizeof(*p)) : NULL;

		if (p == NULL)
			return im->cap < IMPORT_MAX ? ERR_NOMEM : ERR_LIMIT;
		im->plan = p;
		im->cap = cap;
	}
	im->plan[im->n] = (struct plan){ .code = code, .kind = NIL, .households = NIL, .valid_from = NIL,
		.row = im->row, .line = im->line };
	*ret = &im->plan[im->n++];
	*ret_new = true;
	return map_put(im->seen, code, (void *)(uintptr_t)im->n);
}

/* ---- divisions with official codes ---- */

/* A place keeps its position when its official code changes, so the official code is looked up first. */
static enum err position_of(struct import *im, struct str official, int64_t *ret)
{
	int64_t code;
	enum err err = place_by_official(im->rq->db, official, &code);

	if (err == OK && code == NIL && !place_parse(official, &code))
		code = NIL;
	*ret = code;
	return err;
}

static enum err division(struct import *im, const struct csv_row *row, enum column at, size_t digits, enum level l)
{
	struct str official = cell(im, row, at), name = cell(im, row, at + 1);
	struct plan *p;
	int64_t code;
	bool fresh;
	enum err err;

	if (official.p == NULL || official.n != digits) {
		reject(im, column_name[at], "code", digits == 6 ? "a district code has 6 digits"
			: digits == 9 ? "a street code has 9 digits" : "a community code has 12 digits");
		return OK;
	}
	if (name.p == NULL || str_runes(name) > 64) {
		reject(im, column_name[at + 1], "required", "a name of at most 64 characters is needed");
		return OK;
	}
	err = position_of(im, official, &code);
	if (err != OK)
		return err;
	if (code == NIL || place_level(code) != l) {
		reject(im, column_name[at], "code", "it is not an official code of this level");
		return OK;
	}
	err = plan_of(im, code, &p, &fresh);
	if (err != OK)
		return err;
	if (!fresh && !str_eq(p->name, name)) {
		reject(im, column_name[at + 1], "conflict", "an earlier row gives this code another name");
		return OK;
	}
	p->name = str_dup(im->rq->arena, name);
	p->official = str_dup(im->rq->arena, official);
	p->kind = place_kind_of_name(name, l);
	struct str brief = place_short_name(p->name);

	if (brief.n < p->name.n)
		p->alias = brief;
	return OK;
}

static enum err division_row(struct import *im, const struct csv_row *row)
{
	struct str area = cell(im, row, COL_AREA_CODE), street = cell(im, row, COL_STREET_CODE),
		   village = cell(im, row, COL_VILLAGE_CODE);
	enum err err;

	if (area.p != NULL && street.p != NULL && !str_prefix(street, area))
		reject(im, "street_code", "parent", "the street is not in the area: its code begins otherwise");
	else if (street.p != NULL && village.p != NULL && !str_prefix(village, street))
		reject(im, "village_code", "parent", "the community is not in the street: its code begins otherwise");
	if (im->row_bad)
		return OK;
	err = division(im, row, COL_AREA_CODE, 6, LEVEL_DISTRICT);
	if (err == OK && !im->row_bad)
		err = division(im, row, COL_STREET_CODE, 9, LEVEL_STREET);
	if (err == OK && !im->row_bad)
		err = division(im, row, COL_VILLAGE_CODE, 12, LEVEL_COMMUNITY);
	return err;
}

/* ---- plain rows ---- */

static void plain_words(struct import *im, const struct csv_row *row, struct plan *p)
{
	struct str level = cell(im, row, COL_LEVEL), kind = cell(im, row, COL_KIND);
	struct str parent = cell(im, row, COL_PARENT), households = cell(im, row, COL_HOUSEHOLDS),
		   from = cell(im, row, COL_VALID_FROM);
	enum level l = place_level(p->code);
	int64_t up;

	if (level.p != NULL && vocab_index(&level_vocab, level) != (int64_t)l)
		reject(im, "level", "level", "the code is that of another level");
	if (kind.p != NULL)
		p->kind = vocab_index(&place_kind_vocab, kind);
	else
		p->kind = place_kind_of_name(p->name, l);
	if (!place_kind_fits(p->kind, l))
		reject(im, "kind", "kind", "no such kind of place at this level");
	if (parent.p != NULL && (!place_parse(parent, &up) || place_up(p->code, (enum level)(l - 1)) != up))
		reject(im, "parent", "parent", "the code does not lie below that parent");
	if (households.p != NULL && (!str_i64(households, &p->households) || p->households < 0 ||
				     p->households > 10000000))
		reject(im, "households", "range", "households is a whole number from 0");
	if (from.p != NULL && !date_parse(from, &p->valid_from))
		reject(im, "valid_from", "date", "a date is like 2026-02-14");
}

static enum err plain_row(struct import *im, const struct csv_row *row)
{
	struct str code = cell(im, row, COL_CODE), name = cell(im, row, COL_NAME);
	struct plan *p, at = { .kind = NIL, .households = NIL, .valid_from = NIL };
	bool fresh;
	enum err err;

	if (code.p == NULL || !place_parse(code, &at.code) || at.code < FIELD_CODE_MIN)
		reject(im, "code", "code", "a position code has up to 17 digits");
	if (name.p == NULL || str_runes(name) > 64)
		reject(im, "name", "required", "a name of at most 64 characters is needed");
	if (im->row_bad)
		return OK;
	at.name = str_dup(im->rq->arena, name);
	at.alias = str_dup(im->rq->arena, cell(im, row, COL_ALIAS));
	at.official = str_dup(im->rq->arena, cell(im, row, COL_OFFICIAL));
	at.row = im->row;
	at.line = im->line;
	plain_words(im, row, &at);
	if (im->row_bad)
		return OK;
	err = plan_of(im, at.code, &p, &fresh);
	if (err != OK)
		return err;
	if (!fresh)
		reject(im, "code", "duplicate", "an earlier row has this code");
	else
		*p = at;
	return OK;
}

/* ---- writing ---- */

static int by_code(const void *a, const void *b)
{
	const struct plan *x = a, *y = b;

	return x->code < y->code ? -1 : x->code > y->code;
}

/* What the file says laid over the stored row; false when that changes nothing. */
static bool merge(const struct plan *p, struct place_row *row)
{
	bool changed = false;
	const struct {
		struct str now, *at;
	} text[] = { { p->name, &row->name }, { p->alias, &row->alias }, { p->official, &row->official_code } };
	const struct {
		int64_t now, *at;
	} number[] = { { p->kind, &row->kind }, { p->households, &row->households }, { p->valid_from, &row->valid_from } };

	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		if (text[i].now.p == NULL || (text[i].at->p != NULL && str_eq(text[i].now, *text[i].at)))
			continue;
		*text[i].at = text[i].now;
		changed = true;
	}
	for (size_t i = 0; i < ARRAY_LEN(number); i++) {
		if (number[i].now == NIL || number[i].now == *number[i].at)
			continue;
		*number[i].at = number[i].now;
		changed = true;
	}
	return changed;
}

/* The parent stands in the store or in the file. */
static enum err has_parent(struct import *im, const struct plan *p, bool *ret)
{
	enum level l = place_level(p->code);
	int64_t up = place_up(p->code, (enum level)(l - 1));
	struct place_row row;

	*ret = l <= LEVEL_DISTRICT || map_get(im->seen, up) != NULL;
	return *ret ? OK : place_by_code(im->rq->db, im->rq->arena, up, &row, ret);
}

/* Counts what the plan would do; *ret_bad when it cannot be done. */
static enum err check_plan(struct import *im, const struct plan *p, bool *ret_bad)
{
	struct place_row row;
	bool found, parent = true;
	enum err err = place_by_code(im->rq->db, im->rq->arena, p->code, &row, &found);

	if (err == OK && !found)
		err = has_parent(im, p, &parent);
	if (err != OK)
		return err;
	im->row = p->row;
	im->line = p->line;
	im->row_bad = false;
	*ret_bad = !parent;
	if (!parent)
		reject(im, im->col[COL_CODE] ? "code" : "street_code", "parent",
		       "the place above it is neither in the store nor in the file");
	else if (!found)
		im->r.created++;
	else if (merge(p, &row))
		im->r.updated++;
	else
		im->r.unchanged++;
	return OK;
}

static enum err write_plan(struct import *im, const struct plan *p)
{
	struct place_row old, row;
	bool found;
	int64_t id;
	enum err err = place_by_code(im->rq->db, im->rq->arena, p->code, &old, &found);

	if (err != OK)
		return err;
	if (!found) {
		fields_clear(&place_entity.fields, &row);
		row.code = p->code;
		merge(p, &row);
		return entity_insert(im->rq, &place_entity, &row, &id);
	}
	row = old;
	return merge(p, &row) ? entity_update(im->rq, &place_entity, &old, &row) : OK;
}

static enum err write_plans(struct import *im, bool dry, bool partial)
{
	enum err err = OK;

	/* Parents before children: a place that cannot be written takes those below it along. */
	qsort(im->plan, im->n, sizeof(*im->plan), by_code);
	for (size_t i = 0; err == OK && i < im->n; i++) {
		bool bad = false;

		err = check_plan(im, &im->plan[i], &bad);
		if (bad) {
			map_remove(im->seen, im->plan[i].code);
			im->plan[i].code = NIL;
		}
	}
	if (err != OK || dry)
		return err;
	if (im->r.rejected > 0 && !partial) {
		im->r.created = im->r.updated = 0;
		return OK;
	}
	for (size_t i = 0; err == OK && i < im->n; i++) {
		if (im->plan[i].code != NIL)
			err = write_plan(im, &im->plan[i]);
	}
	return err;
}

static enum err read_rows(struct import *im, struct csv *csv)
{
	struct csv_row row;
	bool more;
	enum err err = csv_next(csv, &row, &more, &im->rq->err);

	if (err == OK && !more)
		return req_fail(im->rq, ERR_INVALID, "import.empty", "csv", "the file has no header");
	if (err == OK)
		err = read_header(im, &row);
	while (err == OK) {
		err = csv_next(csv, &row, &more, &im->rq->err);
		if (err != OK || !more)
			return err;
		im->row = row.row;
		im->line = row.line;
		im->row_bad = false;
		im->r.rows++;
		err = im->col[COL_CODE] ? plain_row(im, &row) : division_row(im, &row);
	}
	return err;
}

enum err place_import(struct req *rq, struct str text, bool dry_run, bool partial, struct import_result *ret,
		      struct jw *errors)
{
	struct import im = { .rq = rq, .errors = errors, .seen = map_new(IMPORT_MAX) };
	struct csv *csv = NULL;
	struct buf table;
	enum err err;

	buf_init(&table, TABLE_BYTES);
	err = im.seen == NULL ? ERR_NOMEM : sheet_as_csv(text, &table, &text, &rq->err);
	if (err == OK)
		err = csv_open(&csv, text, &rq->err);
	if (err == OK)
		err = read_rows(&im, csv);
	if (err == OK && im.n > 0)
		err = write_plans(&im, dry_run, partial);
	if (err == OK && arena_failed(rq->arena))
		err = ERR_NOMEM;
	csv_close(csv);
	buf_release(&table);
	map_free(im.seen);
	free(im.plan);
	if (err == OK)
		*ret = im.r;
	return err;
}
