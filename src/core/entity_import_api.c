/*
 * Importing within one request or one command: the whole file in one transaction. Larger files go through
 * import_job.c.
 */
#include "core/import_map.h"

#include <string.h>

/* ---- the report ---- */

static const char *const note_word[] = { "formula", "merged", "code_changed", "first_of_several", NULL };
static const struct vocab note_vocab = { .name = "import_note_code", .word = note_word };
static const struct member note_member[] = {
	{ "code", F_ENUM, .vocab = &note_vocab },
	{ "column", F_STR },
	{ "line", F_INT, .help = "of the first such cell" },
	{ "count", F_INT },
};
static const struct shape note_shape = { .name = "ImportNote", MEMBERS(note_member) };
static const struct member problem_member[] = {
	{ "row", F_INT, .help = "the header is 0" },
	{ "line", F_INT, .help = "of the file, or row of the sheet" },
	{ "column", F_STR, .null = true },
	{ "code", F_STR },
	{ "message", F_STR },
};
static const struct member change_member[] = {
	{ "line", F_INT },
	{ "field", F_STR },
	{ "from", F_STR, .null = true },
	{ "to", F_STR, .null = true },
};
static const struct shape change_shape = { .name = "ImportChange", MEMBERS(change_member) };
const struct shape import_problem_shape = { .name = "ImportProblem", MEMBERS(problem_member) };

/* What import_write_counts writes. */
static const struct member counts_member[] = {
	{ "rows", F_INT },
	{ "created", F_INT },
	{ "updated", F_INT },
	{ "unchanged", F_INT },
	{ "conflicts", F_INT, .help = "of the rejected, those that another row or a later change stands against" },
	{ "rejected", F_INT },
};
const struct shape import_counts_shape = { .name = "ImportCounts", MEMBERS(counts_member) };

static const struct member import_member[] = {
	{ "rows", F_INT },
	{ "created", F_INT },
	{ "updated", F_INT },
	{ "unchanged", F_INT },
	{ "rejected", F_INT },
	{ "errors", .of = &import_problem_shape, .list = 1, .help = "the first thousand" },
};
const struct shape import_shape = { .name = "ImportResult", MEMBERS(import_member) };

static const struct member report_member[] = {
	{ "errors", .of = &import_problem_shape, .list = 1, .help = "the first thousand" },
	{ "sheet", F_STR, .null = true },
	{ "header", F_INT, .help = "line of the header" },
	{ "remarks", F_INT, .null = true, .help = "line of the template's remarks, passed over" },
	{ "width", F_INT, .help = "columns of the header" },
	{ "columns", .of = &column_shape, .list = 1 },
	{ "notes", .of = &note_shape, .list = 1 },
	{ "changes", .of = &change_shape, .list = 1, .help = "what stored rows have otherwise, the first hundred" },
};
const struct shape import_report_shape = { .name = "TableImportResult", .base = &import_counts_shape,
	MEMBERS(report_member) };

void import_write_columns(const struct import *im, struct jw *out)
{
	jw_kz(out, "sheet", sheet_is_book(im->sheet) ? sheet_name(im->sheet, im->columns.sheet) : NULL);
	jw_kint(out, "header", im->columns.line);
	jw_kint(out, "remarks", im->columns.notes > 0 ? im->columns.notes : NIL);
	jw_kint(out, "width", (int64_t)im->columns.n);
	jw_key(out, "columns");
	columns_write(&im->columns, out);
	jw_karr(out, "notes");
	for (size_t i = 0; i < im->nnote; i++) {
		jw_obj(out);
		jw_kz(out, "code", im->note[i].code);
		jw_kstr(out, "column", im->columns.v[im->note[i].col].title);
		jw_kint(out, "line", im->note[i].line);
		jw_kint(out, "count", im->note[i].count);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_karr(out, "changes");
	for (size_t i = 0; i < im->nchange; i++) {
		jw_obj(out);
		jw_kint(out, "line", im->change[i].line);
		jw_kz(out, "field", im->change[i].field);
		jw_kstr(out, "from", im->change[i].from.n > 0 ? im->change[i].from : (struct str){ NULL, 0 });
		jw_kstr(out, "to", im->change[i].to.n > 0 ? im->change[i].to : (struct str){ NULL, 0 });
		jw_end_obj(out);
	}
	jw_end_arr(out);
}

void import_write_counts(const struct import_result *r, struct jw *out)
{
	jw_kint(out, "rows", r->rows);
	jw_kint(out, "created", r->created);
	jw_kint(out, "updated", r->updated);
	jw_kint(out, "unchanged", r->unchanged);
	jw_kint(out, "conflicts", r->conflicts);
	jw_kint(out, "rejected", r->rejected);
}

void import_write_problem(const struct import_problem *p, struct jw *out)
{
	jw_obj(out);
	jw_kint(out, "row", p->row);
	jw_kint(out, "line", p->line);
	jw_kstr(out, "column", p->column);
	jw_kz(out, "code", p->code);
	jw_kz(out, "message", p->message);
	jw_end_obj(out);
}

/* ---- the run ---- */

/* What is unpacked within a transaction holds up others. */
static const struct xlsx_limits direct_limits = {
	.packed = 16u << 20, .inflated = 64u << 20, .strings = 64u << 20, .ratio = 300, .entries = 4096
};

struct direct {
	const struct import_request *q;
	struct jw *errors;
	int64_t listed, problems;
};

static void list_problem(struct import *im, const struct import_problem *p)
{
	struct direct *d = im->arg;

	d->problems++;
	if (d->errors != NULL && d->listed < IMPORT_ERRORS) {
		d->listed++;
		import_write_problem(p, d->errors);
	}
}

static enum err check(struct import *im, struct req *rq, struct import_batch *b, const struct import_request *q)
{
	enum err err = OK;

	im->r = (struct import_result){ 0 };
	for (b->last = false; err == OK && !b->last;) {
		err = import_read(im, IMPORT_BATCH, b, &rq->err);
		if (err == OK && q->most > 0 && im->rows_read > q->most)
			return req_fail(rq, ERR_LIMIT, "import.rows", "",
				"at most %lld rows in one request; send larger files to /api/imports", (long long)q->most);
		if (err == OK)
			err = import_run(im, rq, b, q->partial && !q->dry_run);
	}
	return err;
}

static enum err run(struct import *im, struct req *rq, struct direct *d)
{
	const struct import_request *q = d->q;
	struct import_batch b;
	enum err err = import_batch_new(&b);

	if (err != OK)
		return err;
	import_check_columns(im);
	err = check(im, rq, &b, q);
	if (err == OK && !q->dry_run && !q->partial) {
		const struct import_result checked = im->r;

		if (d->problems > 0) {
			im->r.created = im->r.updated = 0;
		} else if (checked.created + checked.updated > 0) {
			d->errors = NULL;
			err = import_write_checked(im, rq, &b);
		}
	}
	import_batch_release(&b);
	return err;
}

/* Too large for a request is one thing; what no request may have does not get better by waiting. */
static enum err refuse_file(struct req *rq, enum err err)
{
	static const char *const large[] = { "xlsx_inflated", "xlsx_packed", "xlsx_strings" };
	struct error *e = &rq->err;

	if (err != ERR_LIMIT)
		return err;
	for (size_t i = 0; i < ARRAY_LEN(large); i++) {
		if (strcmp(e->code, large[i]) == 0)
			return req_fail(rq, err, "too_large", "", "too large for one request: send it to /api/imports");
	}
	e->err = ERR_INVALID;
	return ERR_INVALID;
}

enum err import_direct(struct req *rq, const struct entity *e, const struct import_request *q, struct import_result *ret,
		       struct jw *errors, struct jw *more)
{
	struct direct d = { .q = q, .errors = errors };
	struct import *im = NULL;
	int64_t user = rq->who != NULL ? rq->who->user_id : NIL;
	enum err err;

	if (e->flags & (ENTITY_NO_CREATE | ENTITY_NO_IMPORT))
		return req_fail(rq, ERR_INVALID, "import.not", "", "%s cannot be imported", e->path);
	err = import_open(&im, rq, e, q->data, q->most > 0 ? &direct_limits : NULL, q->map);
	if (err != OK)
		return q->most > 0 ? refuse_file(rq, err) : err;
	im->problem = list_problem;
	im->arg = &d;
	if (user != NIL && q->map == NULL)
		err = import_map_use(im, rq->db, user, e);
	if (err == OK)
		err = run(im, rq, &d);
	if (err == OK && user != NIL && q->map != NULL && !q->dry_run)
		err = import_map_keep(im, rq->db, user, e, rq->now);
	if (err == OK && more != NULL) {
		if (errors != NULL && errors == more)
			jw_end_arr(errors);
		import_write_columns(im, more);
	}
	if (err == OK)
		*ret = im->r;
	import_close(im);
	return err != OK && q->most > 0 ? refuse_file(rq, err) : err;
}

/* ---- the route ---- */

enum err import_map_param(struct req *rq, const struct entity *e, json_t **ret)
{
	struct str text = req_query(rq, "map");
	struct error why = { .err = OK };
	const char *key;
	json_t *v;
	bool gcj02;

	*ret = NULL;
	if (text.p == NULL || text.n == 0)
		return OK;
	if (field_parse_json(text, ret, &why) != OK)
		return req_fail(rq, ERR_INVALID, why.code, "map", "%s", why.message);
	if (!json_is_object(*ret))
		return req_fail(rq, ERR_INVALID, "map", "map", "the map is an object of column and field names");
	json_object_foreach (*ret, key, v) {
		if (json_is_null(v) || (json_is_string(v) && (json_string_length(v) == 0 ||
				fields_find(&e->fields, column_field(str_z(json_string_value(v)), &gcj02)) != NULL)))
			continue;
		return req_fail(rq, ERR_INVALID, "map", "map", "column %.64s goes to a field that does not exist", key);
	}
	return OK;
}

enum err entity_import_route(struct req *rq, struct jw *out)
{
	const struct entity *e = rq->route->data;
	struct import_request q = {
		.data = rq->body,
		.dry_run = req_query_int(rq, "dry_run") == 1,
		.partial = req_query_int(rq, "partial") == 1,
		.most = IMPORT_DIRECT,
	};
	struct import_result r = { 0 };
	enum err err = import_map_param(rq, e, &q.map);

	if (err == OK) {
		jw_obj(out);
		jw_karr(out, "errors");
		err = import_direct(rq, e, &q, &r, out, out);
	}
	json_decref(q.map);
	if (err != OK)
		return err;
	import_write_counts(&r, out);
	jw_end_obj(out);
	rq->rows = r.rows;
	rq->reply.status = 200;
	return OK;
}
