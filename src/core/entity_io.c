/*
 * Entity engine: CSV in and out. Export pages through the rows the caller sees. Import reads the file
 * twice: the first pass checks every row and counts what it would do, the second one writes, in the same
 * transaction, the rows that are good and differ from what is stored.
 */
#include <math.h>
#include <string.h>

#include "base/csv.h"
#include "core/entity_plan.h"

enum { EXPORT_PAGE = 1000, IMPORT_ROWS = 500000, ERRORS_LISTED = 1000, ROW_ARENA = 16 << 20, KEEP_ARENA = 128 << 20 };

/* ---- export ---- */

static bool is_exported(const struct field *f)
{
	return !(f->flags & (FIELD_PRIVATE | FIELD_HIDDEN)) && f->type != F_SECRET;
}

static void export_header(const struct entity *e, struct buf *out)
{
	bool first = true;

	buf_z(out, "\xEF\xBB\xBF");
	for (size_t i = 0; i < e->fields.n; i++) {
		if (!is_exported(&e->fields.v[i]))
			continue;
		csv_cell(out, str_z(e->fields.v[i].name), first);
		first = false;
	}
	csv_end_row(out);
}

static void export_row(const struct entity *e, const void *rec, bool full, struct buf *cell, struct buf *out)
{
	bool first = true;

	for (size_t i = 0; i < e->fields.n; i++) {
		if (!is_exported(&e->fields.v[i]))
			continue;
		buf_reset(cell);
		entity_field_text(&e->fields.v[i], rec, full, cell);
		csv_cell(out, buf_view(cell), first);
		if (cell->failed)
			out->failed = true;
		first = false;
	}
	csv_end_row(out);
}

static enum err export_where(struct req *rq, const struct entity_plan *p, struct sqlb *b)
{
	char col[80] = "t.";

	if (rq->route != NULL)
		return entity_where(rq, p, b);
	/* From the command line there are no filters, only the caller's sight. */
	if (p->scope != NULL && rq->who != NULL) {
		strncat(col, p->scope->name, sizeof(col) - 3);
		scope_place(b, rq->who, p->e->read, col);
	}
	return OK;
}

/* The rows after *last, at most a page; texts live in `scratch` for one row. */
static enum err export_page(struct req *rq, const struct entity_plan *p, struct arena *scratch, int64_t *last,
			    int64_t *ret_n, struct buf *out)
{
	void *rec = arena_alloc(rq->arena, p->e->fields.size);
	struct buf cell;
	struct sqlb b;
	enum err bad = OK;

	if (rec == NULL)
		return ERR_NOMEM;
	sqlb_init(&b);
	sqlb_add(&b, p->select);
	enum err err = export_where(rq, p, &b);

	sqlb_cond(&b, " AND t.id > ?", I(*last));
	sqlb_cond(&b, " ORDER BY t.id LIMIT ?", I(EXPORT_PAGE));
	*ret_n = 0;
	buf_init(&cell, CSV_CELL);
	if (err == OK) {
		struct rows *r = sqlb_query(&b, rq->db);

		while (!out->failed && rows_next(r)) {
			arena_reset(scratch);
			bad = entity_load(rq, p->e, r, scratch, rec);
			if (bad != OK)
				break;
			export_row(p->e, rec, entity_full(rq, p, rec), &cell, out);
			*last = field_int(&p->e->fields.v[0], rec);
			(*ret_n)++;
		}
		err = rows_close(r);
		err = err != OK ? err : bad;
	}
	buf_release(&cell);
	sqlb_release(&b);
	return err == OK && arena_failed(scratch) ? ERR_NOMEM : err;
}

enum err entity_export(struct req *rq, const struct entity *e, struct buf *out)
{
	const struct entity_plan *p = entity_plan_of(rq->app, e);
	struct arena *scratch = arena_new(ROW_ARENA);
	int64_t last = 0, n = EXPORT_PAGE;
	enum err err = scratch == NULL ? ERR_NOMEM : OK;

	export_header(e, out);
	while (err == OK && n == EXPORT_PAGE && !out->failed) {
		err = export_page(rq, p, scratch, &last, &n, out);
		rq->rows += n;
	}
	arena_free(scratch);
	if (err == OK && out->failed)
		return req_fail(rq, ERR_LIMIT, "export.size", "", "that is too much for one file; choose fewer rows");
	return err;
}

enum err entity_export_route(struct req *rq, struct jw *out)
{
	const struct entity *e = rq->route->data;
	struct str format = req_query(rq, "format");

	(void)out;
	if (format.p != NULL && !str_eqz(format, "csv"))
		return req_fail(rq, ERR_INVALID, "format", "format", "the format is csv");
	rq->reply.content_type = "text/csv; charset=utf-8";
	rq->reply.filename = str_fmt(rq->arena, "%s.csv", e->path);
	return entity_export(rq, e, rq->raw);
}

/* ---- import: one run ---- */

struct import {
	struct req *rq;
	const struct entity_plan *p;
	json_t *map;
	struct jw *errors;
	struct import_result r;
	const struct field *col[CSV_COLS]; /* NULL: not read */
	size_t ncol;
	uint64_t given; /* bit i: field i has a column */
	struct arena *keep, *scratch;
	struct smap *keys; /* natural key → its first line */
	struct map *skip;  /* rows that pass 2 leaves alone */
	int64_t row, line, problems;
	bool row_bad;
	void *in, *old, *rec; /* the row as given, as stored, as it shall be */
	bool found;
};

static void reject(struct import *im, struct str column, const char *code, const char *message)
{
	im->row_bad = true;
	if (im->problems++ >= ERRORS_LISTED || im->errors == NULL)
		return;
	jw_obj(im->errors);
	jw_kint(im->errors, "row", im->row);
	jw_kint(im->errors, "line", im->line);
	jw_kstr(im->errors, "column", column);
	jw_kz(im->errors, "code", code);
	jw_kz(im->errors, "message", message);
	jw_end_obj(im->errors);
}

/* A refusal of this row; what the store or memory lacks ends the import instead. */
static enum err row_error(struct import *im, enum err err, const struct error *e)
{
	switch (err) {
	case ERR_INVALID:
	case ERR_DENIED:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_LIMIT:
		reject(im, str_z(e->field), e->code[0] != '\0' ? e->code : err_name(err), e->message);
		return OK;
	default:
		return err;
	}
}

/* ---- import: the header ---- */

/* Field that a column goes to. *ret_skip: the map says that it goes nowhere. */
static const struct field *column_field(const struct import *im, struct str name, bool *ret_skip)
{
	const char *z = str_cstr(im->keep, name);
	json_t *to = z != NULL && im->map != NULL ? json_object_get(im->map, z) : NULL;
	const struct field *f;

	*ret_skip = to != NULL && (json_is_null(to) || json_string_length(to) == 0);
	if (*ret_skip)
		return NULL;
	f = fields_find(&im->p->e->fields, to != NULL ? str_z(json_string_value(to)) : name);
	return f == NULL || (f->flags & FIELD_HIDDEN) ? NULL : f;
}

static void read_column(struct import *im, struct str name)
{
	const struct fields *fields = &im->p->e->fields;
	bool skip;
	const struct field *f = column_field(im, name, &skip);
	uint64_t bit;

	im->col[im->ncol++] = NULL;
	if (skip)
		return;
	if (f == NULL) {
		reject(im, name, "unknown_column", "no field has this name");
		return;
	}
	bit = UINT64_C(1) << (f - fields->v);
	if (im->given & bit) {
		reject(im, name, "repeated_column", "another column goes to the same field");
		return;
	}
	/* What an export shows but nobody gives is passed over, except the id and version of the row. */
	if ((f->flags & FIELD_READONLY) && f != &fields->v[0])
		return;
	im->given |= bit;
	im->col[im->ncol - 1] = f;
}

static enum err read_header(struct import *im, struct csv *csv)
{
	struct csv_row row;
	bool more;
	enum err err = csv_next(csv, &row, &more, &im->rq->err);

	if (err != OK)
		return err;
	if (!more)
		return req_fail(im->rq, ERR_INVALID, "import.empty", "", "the file has no header line");
	im->line = row.line;
	for (size_t i = 0; i < row.n && i < CSV_COLS; i++)
		read_column(im, str_trim(row.cell[i]));
	im->row_bad = false;
	return OK;
}

/* ---- import: one row ---- */

/* The apostrophe that exports put before what a spreadsheet would run. */
static struct str unguard(struct str s)
{
	if (s.n > 1 && s.p[0] == '\'' && memchr("=+-@\t\r", s.p[1], 6) != NULL)
		return (struct str){ s.p + 1, s.n - 1 };
	return s;
}

static enum err read_cells(struct import *im, const struct csv_row *row)
{
	enum err err = OK;

	fields_clear(&im->p->e->fields, im->in);
	for (size_t i = 0; i < im->ncol && err == OK; i++) {
		struct error e = { .err = OK };

		if (im->col[i] == NULL)
			continue;
		struct str cell = i < row->n ? unguard(row->cell[i]) : (struct str){ NULL, 0 };
		enum err bad = field_from_text(im->col[i], cell, im->rq->arena, im->in, &e);

		if (bad != OK)
			err = row_error(im, bad, &e);
	}
	for (size_t i = im->ncol; i < row->n; i++) {
		if (str_trim(row->cell[i]).n == 0)
			continue;
		reject(im, (struct str){ NULL, 0 }, "extra_cell", "the row has more cells than the header");
		break;
	}
	return err;
}

/* By what the row is told from others: its natural key, else its id; NULL: it is new. */
static const struct field *row_key(const struct import *im)
{
	const struct field *id = &im->p->e->fields.v[0];

	if (im->p->key != NULL && !field_is_nil(im->p->key, im->in))
		return im->p->key;
	return field_is_nil(id, im->in) ? NULL : id;
}

static bool same_value(const struct field *f, const void *a, const void *b)
{
	if (field_is_nil(f, a) || field_is_nil(f, b))
		return field_is_nil(f, a) && field_is_nil(f, b);
	switch (f->type) {
	case F_STR:
	case F_JSON:
	case F_SECRET:
		return str_eq(field_str(f, a), field_str(f, b));
	case F_REAL:
		return fabs(field_real(f, a) - field_real(f, b)) <= 0;
	default:
		return field_int(f, a) == field_int(f, b);
	}
}

static void copy_value(const struct field *f, const void *from, void *to)
{
	switch (f->type) {
	case F_STR:
	case F_JSON:
	case F_SECRET:
		field_set_str(f, to, field_str(f, from));
		break;
	case F_REAL:
		field_set_real(f, to, field_real(f, from));
		break;
	default:
		field_set_int(f, to, field_int(f, from));
		break;
	}
}

static bool differs(const struct import *im)
{
	const struct fields *f = &im->p->e->fields;

	for (size_t i = 2; i < f->n; i++) {
		if (!same_value(&f->v[i], im->old, im->rec))
			return true;
	}
	return false;
}

/* The stored row, if the caller sees one. One that lies out of sight holds the key all the same. */
static enum err find_row(struct import *im)
{
	const struct field *key = row_key(im);
	const struct principal *who = im->rq->who;
	bool hidden = false;
	enum err err;

	im->found = false;
	if (key == NULL)
		return OK;
	err = entity_find(im->rq, im->p, key, im->in, im->old, &im->found);
	if (err != OK || im->found)
		return err;
	im->rq->who = NULL;
	err = entity_find(im->rq, im->p, key, im->in, im->old, &hidden);
	im->rq->who = who;
	if (err != OK)
		return err;
	if (key == &im->p->e->fields.v[0])
		reject(im, STR("id"), "not_found", "there is no row with this id");
	else if (hidden)
		reject(im, str_z(key->name), "duplicate", "another row outside your area already has this value");
	return OK;
}

static void check_new(struct import *im)
{
	const struct fields *f = &im->p->e->fields;

	for (size_t i = 2; i < f->n; i++) {
		bool asked = (f->v[i].flags & FIELD_REQUIRED) && !(f->v[i].flags & (FIELD_READONLY | FIELD_HIDDEN));

		/* An empty cell was reported already. */
		if (asked && !(im->given >> i & 1))
			reject(im, str_z(f->v[i].name), "required", "a new row needs this column");
	}
}

static void check_stored(struct import *im)
{
	const struct fields *f = &im->p->e->fields;
	const struct field *scope = im->p->scope, *version = &f->v[1];

	for (size_t i = 2; i < f->n; i++) {
		if ((f->v[i].flags & FIELD_CREATE) && !same_value(&f->v[i], im->old, im->rec))
			reject(im, str_z(f->v[i].name), "immutable", "this cannot be changed");
	}
	if (!differs(im))
		return;
	if (!field_is_nil(version, im->in) && !same_value(version, im->in, im->old))
		reject(im, STR("version"), "conflict.version", "the row has changed since this file was made");
	if (scope != NULL && im->rq->who != NULL && !field_is_nil(scope, im->old) &&
	    !may_at(im->rq->who, im->p->e->write, field_int(scope, im->old)))
		reject(im, str_z(scope->name), "scope", "that place is outside your area");
}

/* Reads the cells and lays them over the stored row, into im->rec. */
static enum err read_row(struct import *im, const struct csv_row *row)
{
	const struct fields *f = &im->p->e->fields;
	enum err err;

	im->row = row->row;
	im->line = row->line;
	im->row_bad = false;
	err = read_cells(im, row);
	if (err == OK && !im->row_bad)
		err = find_row(im);
	if (err != OK || im->row_bad)
		return err;
	if (im->found) {
		memcpy(im->rec, im->old, f->size);
	} else {
		fields_clear(f, im->rec);
		/* As on insertion, where the id is made before the checks. */
		field_set_int(&f->v[0], im->rec, 0);
		field_set_int(&f->v[1], im->rec, 1);
	}
	for (size_t i = 2; i < f->n; i++) {
		if (im->given >> i & 1)
			copy_value(&f->v[i], im->in, im->rec);
	}
	if (im->found)
		check_stored(im);
	else
		check_new(im);
	return OK;
}

/* ---- import: pass 1 ---- */

/* Twice the same row in one file: the second one is refused. */
static enum err check_repeated(struct import *im)
{
	const struct field *key = row_key(im);
	struct buf b;
	char words[64];
	enum err err;

	if (key == NULL)
		return OK;
	buf_init(&b, CSV_CELL);
	buf_z(&b, key == im->p->key ? "k" : "i");
	if (key->type == F_SECRET) /* plain: two masked ones may look alike */
		buf_str(&b, field_str(key, im->in));
	else
		field_to_text(key, im->in, &b);
	void *first = smap_get(im->keys, buf_view(&b));

	if (first == NULL) {
		err = smap_put(im->keys, str_dup(im->keep, buf_view(&b)), (void *)(uintptr_t)im->line);
		buf_release(&b);
		return err == ERR_INVALID ? ERR_NOMEM : err;
	}
	buf_reset(&b);
	buf_fmt(&b, "line %llu of this file has the same value", (unsigned long long)(uintptr_t)first);
	buf_char(&b, '\0');
	memcpy(words, b.p, b.n < sizeof(words) ? b.n : sizeof(words));
	words[sizeof(words) - 1] = '\0';
	buf_release(&b);
	reject(im, str_z(key->name), "repeated", words);
	return OK;
}

/* Rules across fields; they may fill in values, so that only then it shows whether anything changes. */
static enum err check_rules(struct import *im, bool *ret_changes)
{
	*ret_changes = !im->found || differs(im);
	if (!*ret_changes)
		return OK;
	enum err err = entity_validate(im->rq, im->p->e, im->found ? im->old : NULL, im->rec);

	if (err != OK) {
		err = row_error(im, err, &im->rq->err);
		if (err == OK)
			im->rq->err = (struct error){ .err = OK };
		return err;
	}
	*ret_changes = !im->found || differs(im);
	return OK;
}

static enum err check_row(struct import *im, const struct csv_row *row)
{
	bool changes = false;
	enum err err = read_row(im, row);

	if (err == OK)
		err = check_repeated(im);
	if (err == OK && !im->row_bad)
		err = check_rules(im, &changes);
	if (err != OK)
		return err;
	if (im->row_bad)
		im->r.rejected++;
	else if (!changes)
		im->r.unchanged++;
	else if (im->found)
		im->r.updated++;
	else
		im->r.created++;
	if (im->row_bad || !changes)
		return map_put(im->skip, im->row, im);
	return OK;
}

/* ---- import: pass 2 ---- */

static enum err write_row(struct import *im, const struct csv_row *row)
{
	struct error *e = &im->rq->err;
	int64_t id;
	enum err err;

	if (map_get(im->skip, row->row) != NULL)
		return OK;
	err = read_row(im, row);
	if (err == OK && im->row_bad)
		return req_fail(im->rq, ERR_CONFLICT, "import.row", "", "line %lld contradicts an earlier one",
				(long long)im->line);
	if (err == OK)
		err = im->found ? entity_update(im->rq, im->p->e, im->old, im->rec)
				: entity_insert(im->rq, im->p->e, im->rec, &id);
	if (err != OK && e->message[0] != '\0') {
		const struct error why = *e;

		return req_fail(im->rq, err, why.code, why.field, "line %lld: %s", (long long)im->line, why.message);
	}
	return err;
}

/* ---- import: the whole ---- */

static enum err each_row(struct import *im, struct csv *csv, bool count,
			 enum err (*fn)(struct import *im, const struct csv_row *row))
{
	struct arena *whole = im->rq->arena;
	struct csv_row row;
	bool more;
	enum err err = csv_next(csv, &row, &more, &im->rq->err);

	while (err == OK && more) {
		if (count && ++im->r.rows > IMPORT_ROWS)
			return req_fail(im->rq, ERR_LIMIT, "import.rows", "", "a file has at most %d rows", IMPORT_ROWS);
		arena_reset(im->scratch);
		im->rq->arena = im->scratch;
		err = fn(im, &row);
		im->rq->arena = whole;
		if (err == OK && (arena_failed(im->scratch) || arena_failed(im->keep)))
			err = ERR_NOMEM;
		if (err == OK)
			err = csv_next(csv, &row, &more, &im->rq->err);
	}
	return err;
}

static enum err run_pass(struct import *im, struct str text, bool first)
{
	struct csv_row header;
	struct csv *csv = NULL;
	bool more;
	enum err err = csv_open(&csv, text, &im->rq->err);

	if (err == OK)
		err = first ? read_header(im, csv) : csv_next(csv, &header, &more, &im->rq->err);
	if (err == OK)
		err = each_row(im, csv, first, first ? check_row : write_row);
	csv_close(csv);
	return err;
}

static enum err run_import(struct import *im, struct str text, bool dry_run, bool partial)
{
	size_t size = im->p->e->fields.size;
	enum err err;

	im->in = arena_alloc(im->keep, size);
	im->old = arena_alloc(im->keep, size);
	im->rec = arena_alloc(im->keep, size);
	if (im->in == NULL || im->old == NULL || im->rec == NULL)
		return ERR_NOMEM;
	err = run_pass(im, text, true);
	if (err != OK || dry_run)
		return err;
	if (im->problems > 0 && !partial) {
		im->r.created = im->r.updated = 0;
		return OK;
	}
	return im->r.created + im->r.updated > 0 ? run_pass(im, text, false) : OK;
}

enum err entity_import(struct req *rq, const struct entity *e, struct str csv, json_t *map, bool dry_run,
		       bool partial, struct import_result *ret, struct jw *errors)
{
	struct import im = { .rq = rq, .p = entity_plan_of(rq->app, e), .map = map, .errors = errors };
	enum err err = ERR_NOMEM;

	if (e->flags & (ENTITY_NO_CREATE | ENTITY_NO_IMPORT))
		return req_fail(rq, ERR_INVALID, "import.not", "", "%s cannot be imported", e->path);
	im.keep = arena_new(KEEP_ARENA);
	im.scratch = arena_new(ROW_ARENA);
	im.keys = smap_new(IMPORT_ROWS);
	im.skip = map_new(IMPORT_ROWS);
	if (im.keep != NULL && im.scratch != NULL && im.keys != NULL && im.skip != NULL)
		err = run_import(&im, csv, dry_run, partial);
	smap_free(im.keys);
	map_free(im.skip);
	arena_free(im.scratch);
	arena_free(im.keep);
	if (err == OK)
		*ret = im.r;
	return err;
}

/* ?map=: an object of column names to field names; a column that goes to null is passed over. */
static enum err read_map(struct req *rq, json_t **ret)
{
	struct str text = req_query(rq, "map");
	struct error e = { .err = OK };
	const char *key;
	json_t *v;

	*ret = NULL;
	if (text.p == NULL || text.n == 0)
		return OK;
	if (field_parse_json(text, ret, &e) != OK)
		return req_fail(rq, ERR_INVALID, e.code, "map", "%s", e.message);
	if (!json_is_object(*ret))
		return req_fail(rq, ERR_INVALID, "map", "map", "the map is an object of column and field names");
	json_object_foreach (*ret, key, v) {
		const struct entity *entity = rq->route->data;

		if (json_is_null(v) || (json_is_string(v) && (json_string_length(v) == 0 ||
				fields_find(&entity->fields, str_z(json_string_value(v))) != NULL)))
			continue;
		return req_fail(rq, ERR_INVALID, "map", "map", "column %.64s goes to a field that does not exist", key);
	}
	return OK;
}

enum err entity_import_route(struct req *rq, struct jw *out)
{
	struct import_result r = { 0 };
	json_t *map = NULL;
	enum err err = read_map(rq, &map);

	if (err == OK) {
		jw_obj(out);
		jw_karr(out, "errors");
		err = entity_import(rq, rq->route->data, rq->body, map, req_query_int(rq, "dry_run") == 1,
				    req_query_int(rq, "partial") == 1, &r, out);
	}
	json_decref(map);
	if (err != OK)
		return err;
	jw_end_arr(out);
	jw_kint(out, "rows", r.rows);
	jw_kint(out, "created", r.created);
	jw_kint(out, "updated", r.updated);
	jw_kint(out, "unchanged", r.unchanged);
	jw_kint(out, "rejected", r.rejected);
	jw_end_obj(out);
	rq->rows = r.rows;
	rq->reply.status = 200;
	return OK;
}
