/* See entity_import.h. */
#include "core/entity_import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/geo.h"

enum { ROW_ARENA = 16 << 20, KEEP_ARENA = 256 << 20, BATCH_ARENA = 64 << 20, BATCH_BYTES = 16 << 20, KEY_BYTES = 1 << 20, CHANGE_BYTES = 200 };

/* ---- opening ---- */

static enum err make(struct import *im)
{
	size_t size = im->p->e->fields.size;

	im->keep = arena_new(KEEP_ARENA);
	im->scratch = arena_new(ROW_ARENA);
	im->keys = smap_new(IMPORT_ROWS);
	if (im->keep == NULL || im->scratch == NULL || im->keys == NULL)
		return ERR_NOMEM;
	im->in = arena_alloc(im->keep, size);
	im->old = arena_alloc(im->keep, size);
	im->rec = arena_alloc(im->keep, size);
	if (im->in == NULL || im->old == NULL || im->rec == NULL)
		return ERR_NOMEM;
	return value_reader_init(&im->values, im->p->e, im->keep);
}

enum err import_open(struct import **ret, struct req *rq, const struct entity *e, struct str data,
		     const struct xlsx_limits *limits, const json_t *map)
{
	struct import *im = calloc(1, sizeof(*im));
	enum err err;

	if (im == NULL)
		return ERR_NOMEM;
	im->p = entity_plan_of(rq->app, e);
	err = make(im);
	if (err == OK)
		err = sheet_open(&im->sheet, data, limits, &rq->err);
	if (err == OK)
		err = columns_find(im->sheet, e, map, im->keep, &im->columns, &rq->err);
	if (err == OK)
		err = import_rewind(im, &rq->err);
	if (err != OK) {
		import_close(im);
		return err;
	}
	*ret = im;
	return OK;
}

void import_close(struct import *im)
{
	if (im == NULL)
		return;
	value_reader_release(&im->values);
	sheet_close(im->sheet);
	smap_free(im->keys);
	arena_free(im->scratch);
	arena_free(im->keep);
	free(im);
}

enum err import_rewind(struct import *im, struct error *e)
{
	struct sheet_row row = { .line = 0 };
	bool more = true;
	enum err err = sheet_begin(im->sheet, im->columns.sheet, e);

	while (err == OK && more && row.line < im->columns.line)
		err = sheet_next(im->sheet, &row, &more, e);
	im->rows_read = 0;
	return err;
}

/* ---- reading ---- */

enum err import_batch_new(struct import_batch *b)
{
	*b = (struct import_batch){ .arena = arena_new(BATCH_ARENA) };
	b->v = calloc(IMPORT_BATCH, sizeof(*b->v));
	if (b->arena != NULL && b->v != NULL)
		return OK;
	import_batch_release(b);
	return ERR_NOMEM;
}

void import_batch_release(struct import_batch *b)
{
	arena_free(b->arena);
	free(b->v);
	*b = (struct import_batch){ .arena = NULL };
}

static enum err copy_row(struct import_batch *b, const struct sheet_row *row, int64_t number)
{
	struct import_row *r = &b->v[b->n];

	*r = (struct import_row){ .row = number, .line = row->line, .n = row->n };
	r->cell = arena_array(b->arena, row->n, sizeof(*r->cell));
	if (row->flag != NULL)
		r->flag = arena_alloc(b->arena, row->n);
	for (size_t i = 0; r->cell != NULL && i < row->n; i++) {
		r->cell[i] = row->cell[i].n > 0 ? str_dup(b->arena, row->cell[i]) : (struct str){ "", 0 };
		if (row->flag != NULL && r->flag != NULL)
			r->flag[i] = row->flag[i];
	}
	b->n++;
	return arena_failed(b->arena) ? ERR_NOMEM : OK;
}

enum err import_read(struct import *im, size_t max, struct import_batch *b, struct error *e)
{
	struct sheet_row row;
	bool more = true;
	enum err err = OK;

	arena_reset(b->arena);
	b->n = 0;
	while (err == OK && more && b->n < max && b->n < IMPORT_BATCH && arena_used(b->arena) < BATCH_BYTES) {
		err = sheet_next(im->sheet, &row, &more, e);
		if (err != OK || !more || row.line == im->columns.notes)
			continue;
		if (++im->rows_read > IMPORT_ROWS)
			return err_set(e, ERR_LIMIT, "import.rows", "", "a file has at most %d rows", IMPORT_ROWS);
		err = copy_row(b, &row, im->rows_read);
	}
	b->last = !more;
	return err;
}

/* ---- problems ---- */

static size_t column_of(const struct import *im, const char *field)
{
	for (size_t i = 0; i < im->columns.n; i++) {
		if (im->columns.v[i].f != NULL && strcmp(im->columns.v[i].f->name, field) == 0)
			return i;
	}
	return SHEET_COLS;
}

static void tell(struct import *im, struct import_problem *p)
{
	im->problems++;
	if (p->col < im->columns.n)
		p->column = im->columns.v[p->col].title;
	if (im->problem != NULL)
		im->problem(im, p);
}

/* Refuses the row for what `field` has ("" for the whole row), or for the column `col`. */
static void reject(struct import *im, const char *field, size_t col, const char *code, const char *message,
		   bool conflict)
{
	struct import_problem p = {
		.row = im->at->row,
		.line = im->at->line,
		.col = col < SHEET_COLS ? col : column_of(im, field),
		.column = str_z(field),
		.code = code,
		.message = message,
		.conflict = conflict,
	};

	im->row_bad = true;
	im->row_conflict = im->row_conflict || conflict;
	tell(im, &p);
}

/* A refusal of this row; what the store or memory lacks ends the import instead. */
static enum err row_error(struct import *im, enum err err, size_t col, const struct error *e)
{
	switch (err) {
	case ERR_INVALID:
	case ERR_DENIED:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_LIMIT:
		reject(im, e->field, col, e->code[0] != '\0' ? e->code : err_name(err), e->message, err == ERR_CONFLICT);
		return OK;
	default:
		return err;
	}
}

static void take_note(struct import *im, const char *code, size_t col)
{
	for (size_t i = 0; i < im->nnote; i++) {
		struct import_note *n = &im->note[i];

		if (n->col == col && strcmp(n->code, code) == 0) {
			n->count++;
			return;
		}
	}
	if (im->nnote < IMPORT_NOTES)
		im->note[im->nnote++] = (struct import_note){ .code = code, .col = col, .line = im->at->line, .count = 1 };
}

void import_check_columns(struct import *im)
{
	const struct import_row header = { .line = im->columns.line };

	im->at = &header;
	for (size_t i = 0; i < im->columns.n; i++) {
		if (im->columns.v[i].how == COLUMN_REPEATED)
			reject(im, "", i, "repeated_column", "another column goes to the same field", false);
	}
	im->row_bad = false;
	im->at = NULL;
}

/* ---- one row ---- */

static enum err read_cell(struct import *im, size_t col)
{
	const struct import_row *row = im->at;
	const struct field *f = im->columns.v[col].f;
	struct str cell = col < row->n ? row->cell[col] : (struct str){ "", 0 };
	struct error e = { .err = OK };
	const char *note = NULL;

	if (f == NULL)
		return OK;
	/* No value looks so; what it was is known where the row is. */
	if (((f->type == F_DATE && (f->flags & FIELD_MASKED)) || (f->flags & FIELD_WITHHELD)) && str_eqz(str_trim(cell), "**")) {
		im->masked |= UINT64_C(1) << (f - im->p->e->fields.v);
		return OK;
	}
	enum err err = value_read(&im->values, f, cell, col < row->n && row->flag != NULL ? row->flag[col] : 0, im->in,
				  &note, &e);

	if (note != NULL)
		take_note(im, note, col);
	return err != OK ? row_error(im, err, col, &e) : OK;
}

/* A point in the coordinates of map services, where the mapping says so of both columns. */
static void shift_back(struct import *im)
{
	const struct fields *f = &im->p->e->fields;
	const struct field *lon = fields_find(f, STR("lon")), *lat = fields_find(f, STR("lat"));
	size_t shifted = 0;
	double x, y;

	for (size_t i = 0; i < im->columns.n; i++)
		shifted += im->columns.v[i].gcj02 && im->columns.v[i].f != NULL;
	if (shifted != 2 || lon == NULL || lat == NULL || field_is_nil(lon, im->in) || field_is_nil(lat, im->in))
		return;
	x = field_real(lon, im->in);
	y = field_real(lat, im->in);
	geo_from_gcj02(&x, &y);
	field_set_real(lon, im->in, x);
	field_set_real(lat, im->in, y);
}

static enum err read_cells(struct import *im)
{
	const struct import_row *row = im->at;
	enum err err = OK;

	im->masked = 0;
	fields_clear(&im->p->e->fields, im->in);
	for (size_t i = 0; i < im->columns.n && err == OK; i++)
		err = read_cell(im, i);
	shift_back(im);
	for (size_t i = im->columns.n; i < row->n; i++) {
		if (str_trim(row->cell[i]).n == 0)
			continue;
		reject(im, "", SHEET_COLS, "extra_cell", "the row has more cells than the header", false);
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

/* Spreadsheets keep fifteen digits of a number: what differs beyond is no change. */
static bool same_value(const struct field *f, const void *a, const void *b)
{
	double x, y;

	if (f->type != F_REAL || field_is_nil(f, a) || field_is_nil(f, b))
		return field_same(f, a, b);
	x = field_real(f, a);
	y = field_real(f, b);
	return fabs(x - y) <= 1e-14 * fmax(fabs(x), fabs(y));
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
		reject(im, "id", SHEET_COLS, "not_found", "there is no row with this id", false);
	else if (hidden)
		reject(im, key->name, SHEET_COLS, "duplicate", "another row outside your area already has this value", true);
	return OK;
}

static void check_new(struct import *im)
{
	const struct fields *f = &im->p->e->fields;

	for (size_t i = 2; i < f->n; i++) {
		bool asked = (f->v[i].flags & FIELD_REQUIRED) && !(f->v[i].flags & (FIELD_READONLY | FIELD_HIDDEN));

		/* An empty cell was reported already. */
		if (asked && !(im->columns.given >> i & 1))
			reject(im, f->v[i].name, SHEET_COLS, "required", "a new row needs this column", false);
	}
}

static void check_stored(struct import *im)
{
	const struct fields *f = &im->p->e->fields;
	const struct field *scope = im->p->scope, *version = &f->v[1];

	for (size_t i = 2; i < f->n; i++) {
		if ((f->v[i].flags & FIELD_CREATE) && !same_value(&f->v[i], im->old, im->rec))
			reject(im, f->v[i].name, SHEET_COLS, "immutable", "this cannot be changed", false);
	}
	if (!differs(im))
		return;
	if (!field_is_nil(version, im->in) && !same_value(version, im->in, im->old))
		reject(im, "version", SHEET_COLS, "conflict.version", "the row has changed since this file was made", true);
	if (scope != NULL && im->rq->who != NULL && !field_is_nil(scope, im->old) &&
	    !may_at(im->rq->who, im->p->e->write, field_int(scope, im->old)))
		reject(im, scope->name, SHEET_COLS, "scope", "that place is outside your area", false);
}

/* Is the text what an export shows of this value to whoever may not see it? */
static bool is_mask_of(const struct field *f, const void *rec, struct str text)
{
	struct buf b;

	buf_init(&b, 4096);
	entity_field_text(f, rec, false, &b);
	bool same = !b.failed && str_eq(buf_view(&b), text);

	buf_release(&b);
	return same;
}

/* Masked values of an export that comes back change nothing, and are nobody's name. */
static void unmask(struct import *im)
{
	const struct fields *f = &im->p->e->fields;

	for (size_t i = 2; i < f->n; i++) {
		const struct field *d = &f->v[i];
		bool masks = d->type == F_SECRET || (d->type == F_STR && (d->flags & FIELD_MASKED));

		if (im->masked >> i & 1) {
			if (im->found)
				field_copy(d, im->old, im->in);
			else
				reject(im, d->name, SHEET_COLS, "masked",
				       "this value is masked: write it in full, or leave the column out", false);
			continue;
		}
		if (!masks || !(im->columns.given >> i & 1) || field_is_nil(d, im->in))
			continue;
		if (im->found && is_mask_of(d, im->old, field_str(d, im->in)))
			field_set_str(d, im->in, field_str(d, im->old));
		else if (memmem(field_str(d, im->in).p, field_str(d, im->in).n, "**", 2) != NULL)
			reject(im, d->name, SHEET_COLS, "masked", "this value is masked: write it in full, or leave the column out",
			       false);
	}
}

/* Reads the cells and lays them over the stored row, into im->rec. */
static enum err read_row(struct import *im)
{
	const struct fields *f = &im->p->e->fields;
	enum err err = read_cells(im);

	if (err == OK && !im->row_bad)
		err = find_row(im);
	if (err != OK || im->row_bad)
		return err;
	unmask(im);
	if (im->found) {
		memcpy(im->rec, im->old, f->size);
	} else {
		fields_clear(f, im->rec);
		/* As on insertion, where the id is made before the checks. */
		field_set_int(&f->v[0], im->rec, 0);
		field_set_int(&f->v[1], im->rec, 1);
	}
	for (size_t i = 2; i < f->n; i++) {
		if ((im->columns.given >> i & 1) && !(im->found && same_value(&f->v[i], im->in, im->old)))
			field_copy(&f->v[i], im->in, im->rec);
	}
	if (im->found)
		check_stored(im);
	else
		check_new(im);
	return OK;
}

/* ---- the same row twice ---- */

/* Remembers the row by its key; *ret_first: an earlier line that has the same. */
static enum err remember(struct import *im, const struct field *key, int64_t *ret_first)
{
	struct buf b;
	enum err err = OK;

	buf_init(&b, KEY_BYTES);
	buf_z(&b, key == im->p->key ? "k" : "i");
	if (key->type == F_SECRET) /* plain: two masked ones may look alike */
		buf_str(&b, field_str(key, im->in));
	else
		field_to_text(key, im->in, &b);
	void *first = b.failed ? NULL : smap_get(im->keys, buf_view(&b));

	if (first == NULL) {
		err = smap_put(im->keys, str_dup(im->keep, buf_view(&b)), (void *)(uintptr_t)im->at->line);
		err = err == ERR_INVALID ? ERR_NOMEM : err;
	}
	buf_release(&b);
	*ret_first = (int64_t)(uintptr_t)first;
	return err;
}

static enum err check_repeated(struct import *im)
{
	const struct field *key = row_key(im);
	int64_t first = 0;
	enum err err;

	if (key == NULL)
		return OK;
	err = remember(im, key, &first);
	/* Run again, a row meets itself. */
	if (err != OK || first == 0 || first == im->at->line)
		return err;
	struct str words = str_fmt(im->rq->arena, "line %lld of this file has the same value", (long long)first);

	reject(im, key->name, SHEET_COLS, "repeated", words.p != NULL ? words.p : "", true);
	return OK;
}

/* ---- running a batch ---- */

/* Rules across fields; they may fill in values, so that only then it shows whether anything changes. */
static enum err check_rules(struct import *im, bool *ret_changes)
{
	*ret_changes = !im->found || differs(im);
	if (!*ret_changes)
		return OK;
	enum err err = entity_validate(im->rq, im->p->e, im->found ? im->old : NULL, im->rec);

	if (err != OK) {
		err = row_error(im, err, SHEET_COLS, &im->rq->err);
		if (err == OK)
			im->rq->err = (struct error){ .err = OK };
		return err;
	}
	*ret_changes = !im->found || differs(im);
	return OK;
}

static enum err write_row(struct import *im)
{
	struct error *e = &im->rq->err;
	int64_t id;
	enum err err = im->found ? entity_update(im->rq, im->p->e, im->old, im->rec)
				 : entity_insert(im->rq, im->p->e, im->rec, &id);

	if (err != OK && e->message[0] != '\0') {
		const struct error why = *e;

		return req_fail(im->rq, err, why.code, why.field, "line %lld: %s", (long long)im->at->line, why.message);
	}
	return err;
}

static struct str change_text(struct import *im, const struct field *f, const void *rec, bool full)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, KEY_BYTES);
	entity_field_text(f, rec, full, &b);
	struct str s = buf_view(&b);

	while (n < s.n && n < CHANGE_BYTES)
		(void)str_rune(s, &n);
	s = str_dup(im->keep, (struct str){ s.p, n });
	buf_release(&b);
	return s;
}

static void list_changes(struct import *im)
{
	const struct fields *f = &im->p->e->fields;
	bool full = entity_full(im->rq, im->p, im->old);

	for (size_t i = 2; i < f->n && im->nchange < IMPORT_CHANGES; i++) {
		if (same_value(&f->v[i], im->old, im->rec) || (f->v[i].flags & (FIELD_PRIVATE | FIELD_HIDDEN)))
			continue;
		im->change[im->nchange++] = (struct import_change){
			.line = im->at->line,
			.field = f->v[i].name,
			.from = change_text(im, &f->v[i], im->old, full),
			.to = change_text(im, &f->v[i], im->rec, full),
		};
	}
}

static enum err run_row(struct import *im, bool write)
{
	bool changes = false;
	enum err err;

	im->row_bad = im->row_conflict = false;
	err = read_row(im);
	if (err == OK)
		err = check_repeated(im);
	if (err == OK && !im->row_bad)
		err = check_rules(im, &changes);
	if (err == OK && !im->row_bad && changes && im->found)
		list_changes(im);
	if (err == OK && !im->row_bad && changes && write)
		err = write_row(im);
	if (err != OK)
		return err;
	im->r.rows++;
	if (im->row_bad)
		im->r.rejected++, im->r.conflicts += im->row_conflict;
	else if (!changes)
		im->r.unchanged++;
	else if (im->found)
		im->r.updated++;
	else
		im->r.created++;
	return OK;
}

static enum err each_row(struct import *im, struct req *rq, const struct import_batch *b, bool write,
			 enum err (*fn)(struct import *im, bool write))
{
	struct arena *whole = rq->arena;
	enum err err = OK;

	im->rq = rq;
	im->values.rq = rq;
	im->problems = 0;
	for (size_t i = 0; err == OK && i < b->n; i++) {
		arena_reset(im->scratch);
		rq->arena = im->scratch;
		im->at = &b->v[i];
		err = fn(im, write);
		if (err == OK && (arena_failed(im->scratch) || arena_failed(im->keep)))
			err = ERR_NOMEM;
	}
	rq->arena = whole;
	im->at = NULL;
	im->rq = NULL;
	im->values.rq = NULL;
	return err;
}

enum err import_run(struct import *im, struct req *rq, const struct import_batch *b, bool write)
{
	return each_row(im, rq, b, write, run_row);
}

enum err import_write_checked(struct import *im, struct req *rq, struct import_batch *b)
{
	enum err err = import_rewind(im, &rq->err);

	im->r = (struct import_result){ 0 };
	im->nnote = im->nchange = 0; /* they are said again */
	for (b->last = false; err == OK && !b->last;) {
		err = import_read(im, IMPORT_BATCH, b, &rq->err);
		for (size_t i = 0; err == OK && i < b->n; i++) {
			const struct import_batch one = { .v = &b->v[i], .n = 1 };

			err = import_run(im, rq, &one, true);
			/* A rule may say otherwise once an earlier row is in. */
			if (err == OK && im->problems > 0)
				err = req_fail(rq, ERR_CONFLICT, "import.row", "", "line %lld contradicts an earlier one",
					(long long)b->v[i].line);
		}
	}
	return err;
}

/* The key alone is read; what else stands in the row was reported when it was run. */
static enum err pass_row(struct import *im, bool write)
{
	const struct field *key[2] = { im->p->key, &im->p->e->fields.v[0] };
	int64_t first;

	(void)write;
	fields_clear(&im->p->e->fields, im->in);
	for (size_t k = 0; k < 2; k++) {
		size_t col = key[k] != NULL ? column_of(im, key[k]->name) : SHEET_COLS;
		const char *note;
		struct error e;

		if (col >= im->at->n)
			continue;
		enum err err = value_read(&im->values, key[k], im->at->cell[col],
					  im->at->flag != NULL ? im->at->flag[col] : 0, im->in, &note, &e);

		if (err == ERR_NOMEM || err == ERR_IO || err == ERR_RETRY)
			return err;
	}
	const struct field *known_by = row_key(im);

	return known_by != NULL ? remember(im, known_by, &first) : OK;
}

enum err import_pass_over(struct import *im, struct req *rq, const struct import_batch *b)
{
	return each_row(im, rq, b, false, pass_row);
}
