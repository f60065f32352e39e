/* See import_job.h: sending a file, following its import, the workbook that comes back. */
#include <string.h>
#include <unistd.h>

#include "core/export_file.h"
#include "core/import_db.h"
#include "core/import_map.h"

enum { NAME_RUNES = 120, FAULTS_TEXT = 4096 };

static const char *const state_word[] = { "queued", "checking", "writing", "done", "failed", "cancelled", NULL };
static const struct vocab state_vocab = { .name = "import_state", .word = state_word };

/* ---- sending ---- */

struct sending {
	struct req *rq;
	const struct entity *e;
	char file[IMPORT_HEX];
	struct str name;
	bool dry_run, partial;
	int64_t id; /* out */
};

static enum err put_tx(struct dbc *c, void *arg)
{
	struct sending *s = arg;
	struct req *rq = s->rq;

	s->id = db_new_id(c);
	if (s->id == NIL)
		return ERR_RETRY;
	return db_exec(c, import_sql[Q_JOB_PUT],
		ARGS(I(s->id), I(rq->who->user_id), T(rq->who->login), Z(s->e->name), T(s->name), Z(s->file),
			I((int64_t)rq->body.n), T(req_query(rq, "map")), I(s->dry_run), I(s->partial), I(rq->now)), NULL);
}

static enum err find_entity(struct req *rq, const struct entity **ret)
{
	struct str name = req_query(rq, "entity");

	const struct entity *e = entity_at(rq->app, name);

	if (e == NULL)
		e = entity_named(rq->app, name);
	if (e == NULL || (e->flags & (ENTITY_NO_CREATE | ENTITY_NO_IMPORT)))
		return req_fail(rq, ERR_INVALID, "entity", "entity", "name a list that can be imported");
	if (!may(rq->who, e->write))
		return req_fail(rq, ERR_DENIED, "perm", "", "your posts do not include %s", e->write);
	*ret = e;
	return OK;
}

static enum err send_file(struct req *rq, struct jw *out)
{
	struct sending s = {
		.rq = rq,
		.name = str_trim(req_query(rq, "name")),
		.dry_run = req_query_int(rq, "dry_run") == 1,
		.partial = req_query_int(rq, "partial") == 1,
	};
	json_t *map = NULL;
	enum err err = find_entity(rq, &s.e);

	if (err == OK)
		err = import_map_param(rq, s.e, &map);
	json_decref(map);
	if (err != OK)
		return err;
	if (rq->body.n == 0)
		return req_fail(rq, ERR_INVALID, "import.empty", "", "the file is empty");
	if (rq->app->import_max > 0 && rq->body.n > (size_t)rq->app->import_max)
		return req_fail(rq, ERR_LIMIT, "too_large", "", "a file has at most %lld MB here",
			(long long)(rq->app->import_max >> 20));
	if (s.name.n > 0 && str_runes(s.name) > NAME_RUNES)
		return req_fail(rq, ERR_INVALID, "too_long", "name", "at most %d characters", NAME_RUNES);
	err = job_file_put(rq->app, rq->body, s.file);
	if (err != OK)
		return err;
	err = db_write(rq->app->db, put_tx, &s);
	if (err != OK) {
		job_file_drop(rq->app, str_z(s.file));
		return err;
	}
	rq->reply.status = 202;
	jw_obj(out);
	jw_kid(out, "id", s.id);
	jw_kz(out, "state", state_word[IMPORT_QUEUED]);
	jw_end_obj(out);
	return OK;
}

/* ---- following ---- */

static void write_job(const struct import_job *j, struct jw *out)
{
	jw_kid(out, "id", j->id);
	jw_kstr(out, "entity", j->entity);
	jw_kstr(out, "name", j->name.n > 0 ? j->name : (struct str){ NULL, 0 });
	jw_kint(out, "size", j->size);
	jw_kbool(out, "dry_run", j->dry_run == 1);
	jw_kbool(out, "partial", j->partial == 1);
	jw_kz(out, "state", vocab_word(&state_vocab, j->state));
	jw_kint(out, "rows_done", j->rows_done);
	jw_kint(out, "rows_total", j->rows_total);
	jw_kobj(out, "counts");
	import_write_counts(&j->r, out);
	jw_end_obj(out);
	if (j->error_code.p != NULL) {
		jw_kobj(out, "error");
		jw_kstr(out, "code", j->error_code);
		jw_kstr(out, "message", j->error_message);
		jw_end_obj(out);
	} else {
		jw_kz(out, "error", NULL);
	}
	jw_ktime(out, "created_at", j->created_at);
	jw_ktime(out, "finished_at", j->finished_at);
}

static enum err write_errors(struct req *rq, int64_t id, struct jw *out)
{
	struct rows *r = db_query(rq->db, import_sql[Q_JOB_PROBLEMS], ARGS(I(id), I(IMPORT_ERRORS)));

	jw_karr(out, "errors");
	while (rows_next(r)) {
		jw_obj(out);
		jw_kint(out, "row", row_int_at(r, 0));
		jw_kint(out, "line", row_int_at(r, 1));
		jw_kstr(out, "column", row_str_at(r, 3));
		jw_kstr(out, "code", row_str_at(r, 4));
		jw_kstr(out, "message", row_str_at(r, 5));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}

static enum err find_job(struct req *rq, struct import_job *j)
{
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = job_get(rq->db, id, rq->who->user_id, rq->arena, j);
	if (err == ERR_NOT_FOUND)
		return req_fail(rq, err, "not_found", "id", "there is no such import of yours");
	return err;
}

static enum err reply_job(struct req *rq, struct jw *out)
{
	struct import_job j;
	enum err err = find_job(rq, &j);

	if (err != OK)
		return err;
	jw_obj(out);
	write_job(&j, out);
	jw_kraw(out, "report", j.report);
	err = write_errors(rq, j.id, out);
	jw_end_obj(out);
	return err;
}

static enum err list_jobs(struct req *rq, struct jw *out)
{
	struct rows *r = db_query(rq->db, import_sql[Q_JOB_LIST], ARGS(I(rq->who->user_id)));

	jw_obj(out);
	jw_karr(out, "items");
	while (rows_next(r)) {
		struct import_job j;

		job_load(r, rq->arena, &j);
		jw_obj(out);
		write_job(&j, out);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_end_obj(out);
	return rows_close(r);
}

static enum err cancel_job(struct req *rq, struct jw *out)
{
	int64_t id, changed = 0;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = db_exec(rq->db, import_sql[Q_JOB_CANCEL], ARGS(I(rq->now), I(id), I(rq->who->user_id)), &changed);
	if (err != OK)
		return err;
	rq->reply.status = 200;
	err = reply_job(rq, out);
	if (err == OK && changed == 0)
		return req_fail(rq, ERR_CONFLICT, "import.over", "", "this import has ended");
	return err;
}

/* ---- the workbook back ---- */

/* The file again, cell by cell in its place; faulty ones are coloured and say why. */
struct marking {
	struct req *rq;
	struct xlsx_out *book;
	struct rows *r; /* of the problems, by line */
	bool have;      /* r is on one that was not used */
	size_t last;    /* column for the words of a whole row */
	int64_t header;
};

static void write_fault(struct marking *m, const struct sheet_row *row, struct buf *words, bool *bad)
{
	int64_t col = row_int_at(m->r, 2);
	struct str message = row_str_at(m->r, 5), title = row_str_at(m->r, 3);

	if (words->n > 0)
		buf_z(words, "; ");
	if (title.n > 0) {
		buf_str(words, title);
		buf_z(words, ": ");
	}
	buf_str(words, message);
	if (col < 0 || col >= SHEET_COLS)
		return;
	bad[col] = true;
	xlsx_out_text(m->book, row->line - 1, (size_t)col, (size_t)col < row->n ? row->cell[col] : STR(""), XLSX_BAD);
	const char *z = str_cstr(m->rq->arena, message);

	if (z != NULL)
		xlsx_out_comment(m->book, row->line - 1, (size_t)col, z);
}

static void mark_row(struct marking *m, const struct sheet_row *row)
{
	bool bad[SHEET_COLS] = { false };
	struct buf words;

	buf_init(&words, FAULTS_TEXT);
	while (m->have && row_int_at(m->r, 1) < row->line)
		m->have = rows_next(m->r);
	for (; m->have && row_int_at(m->r, 1) == row->line; m->have = rows_next(m->r))
		write_fault(m, row, &words, bad);
	for (size_t i = 0; i < row->n && i < SHEET_COLS; i++) {
		if (!bad[i] && row->cell[i].n > 0)
			xlsx_out_text(m->book, row->line - 1, i, row->cell[i], row->line == m->header ? XLSX_HEAD : XLSX_PLAIN);
	}
	if (row->line == m->header)
		xlsx_out_text(m->book, row->line - 1, m->last, STR("导入结果 / import result"), XLSX_HEAD);
	else if (words.n > 0)
		xlsx_out_text(m->book, row->line - 1, m->last, buf_view(&words), XLSX_WARN);
	buf_release(&words);
}

static enum err mark_sheet(struct marking *m, struct sheet *s, size_t sheet)
{
	struct sheet_row row;
	bool more = true;
	enum err err = sheet_begin(s, sheet, &m->rq->err);

	m->have = rows_next(m->r);
	while (err == OK && more) {
		err = sheet_next(s, &row, &more, &m->rq->err);
		if (err != OK || !more)
			break;
		if (row.line > XLSX_ROWS)
			return req_fail(m->rq, ERR_LIMIT, "import.rows", "", "a workbook has at most %d rows", XLSX_ROWS);
		mark_row(m, &row);
		m->rq->rows++;
	}
	return err;
}

/* Where the import found the header: said in its report. */
static enum err find_sheet(const struct import_job *j, struct sheet *s, size_t *ret_sheet, size_t *ret_width,
			   int64_t *ret_header)
{
	json_t *report = NULL;
	const char *name;

	if (j->report.n == 0 || field_parse_json(j->report, &report, NULL) != OK)
		return ERR_INVALID;
	name = json_string_value(json_object_get(report, "sheet"));
	*ret_sheet = 0;
	for (size_t i = 0; name != NULL && i < sheet_count(s); i++) {
		if (strcmp(sheet_name(s, i), name) == 0)
			*ret_sheet = i;
	}
	*ret_header = json_integer_value(json_object_get(report, "header"));
	*ret_width = (size_t)json_integer_value(json_object_get(report, "width"));
	json_decref(report);
	return OK;
}

static enum err write_marked(struct req *rq, const struct import_job *j, struct sheet *s, const char *path,
			     const char *dir)
{
	struct marking m = { .rq = rq };
	size_t sheet = 0;
	enum err err = find_sheet(j, s, &sheet, &m.last, &m.header);

	if (err != OK)
		return req_fail(rq, ERR_CONFLICT, "import.result", "", "this import has no result yet");
	err = xlsx_out_open(&m.book, path, dir, sheet_is_book(s) ? sheet_name(s, sheet) : "Sheet1");
	if (err != OK)
		return err;
	m.r = db_query(rq->db, import_sql[Q_JOB_PROBLEMS], ARGS(I(j->id), I(IMPORT_PROBLEMS)));
	err = mark_sheet(&m, s, sheet);
	enum err read = rows_close(m.r), closed = xlsx_out_close(m.book);

	return err != OK ? err : read != OK ? read : closed;
}

static enum err get_result(struct req *rq, struct jw *out)
{
	char path[EXPORT_PATH], dir[EXPORT_PATH];
	struct import_job j;
	struct job_file f = { .mapped = NULL };
	struct sheet *s = NULL;
	int fd;
	enum err err = find_job(rq, &j);

	(void)out;
	if (err != OK)
		return err;
	err = job_file_open(rq->app, j.file, &f);
	if (err == ERR_NOT_FOUND)
		return req_fail(rq, err, "import.file", "", "the file of this import is no longer there");
	if (err == OK)
		err = sheet_open(&s, f.bytes, NULL, &rq->err);
	if (err == OK)
		err = export_temp(rq->app, path, dir, &fd);
	if (err == OK) {
		close(fd);
		err = write_marked(rq, &j, s, path, dir);
		if (err == OK)
			err = export_reply(rq, path, TYPE_XLSX,
				str_fmt(rq->arena, "%.*s-import.xlsx", (int)j.entity.n, j.entity.p));
		else
			unlink(path);
	}
	sheet_close(s);
	job_file_close(&f);
	return err;
}

/* ---- the module ---- */

static const struct member sent_member[] = { { "id", F_ID }, { "state", F_ENUM, .vocab = &state_vocab } };
static const struct shape sent_shape = { .name = "ImportSent", MEMBERS(sent_member) };
static const struct member error_member[] = { { "code", F_STR }, { "message", F_STR, .null = true } };
static const struct shape error_shape = { .name = "ImportError", MEMBERS(error_member) };
static const struct member job_member[] = {
	{ "id", F_ID },
	{ "entity", F_STR },
	{ "name", F_STR, .null = true },
	{ "size", F_INT },
	{ "dry_run", F_BOOL },
	{ "partial", F_BOOL },
	{ "state", F_ENUM, .vocab = &state_vocab },
	{ "rows_done", F_INT },
	{ "rows_total", F_INT, .null = true },
	{ "counts", .of = &import_counts_shape },
	{ "error", .of = &error_shape, .null = true },
	{ "created_at", F_TIME },
	{ "finished_at", F_TIME, .null = true },
};
static const struct shape job_shape = { .name = "ImportJob", MEMBERS(job_member) };
static const struct member detail_member[] = {
	{ "report", F_JSON, .null = true, .help = "sheet, header, columns and notes as in TableImportResult" },
	{ "errors", .of = &import_problem_shape, .list = 1, .help = "the first thousand" },
};
static const struct shape detail_shape = { .name = "ImportJobDetail", .base = &job_shape, MEMBERS(detail_member) };

static const struct param send_params[] = {
	{ "entity", F_STR, "list that the rows go to, as in /api/meta" },
	{ "name", F_STR, "the file's name" },
	{ "map", F_STR, "JSON object: column title to field name, or to null" },
	{ "dry_run", F_BOOL, "check only, write nothing" },
	{ "partial", F_BOOL, "write the good rows even if others are refused" },
};

static const struct route routes[] = {
	{ .method = M_POST, .path = "/api/imports", .flags = ROUTE_SIGNED_IN | ROUTE_NO_TX | ROUTE_RAW_BODY,
		.takes = TYPES_TABLE,
		.max_body = IMPORT_FILE_MAX, .query = send_params, .nquery = ARRAY_LEN(send_params), .reply = &sent_shape,
		.fn = send_file, .id = "sendImport", .summary = "Send a file to be imported" },
	{ .method = M_GET, .path = "/api/imports", .flags = ROUTE_SIGNED_IN, .reply = &job_shape, .out_list = true,
		.fn = list_jobs, .id = "listImports", .summary = "My imports, newest first" },
	{ .method = M_GET, .path = "/api/imports/{id}", .flags = ROUTE_SIGNED_IN, .reply = &detail_shape, .fn = reply_job,
		.id = "getImport", .summary = "How far one has come" },
	{ .method = M_POST, .path = "/api/imports/{id}/cancel", .flags = ROUTE_SIGNED_IN, .reply = &detail_shape,
		.fn = cancel_job, .id = "cancelImport", .summary = "Stop one" },
	{ .method = M_GET, .path = "/api/imports/{id}/result", .flags = ROUTE_SIGNED_IN | ROUTE_RAW_OUT, .gives = TYPE_XLSX,
		.fn = get_result,
		.id = "getImportResult", .summary = "The file as a workbook, faulty cells marked" },
	{ .method = M_GET, .path = "/api/import_maps", .flags = ROUTE_SIGNED_IN, .reply = &import_map_shape, .out_list = true,
		.fn = import_map_list, .id = "listImportMaps", .summary = "My mappings of columns" },
	{ .method = M_DELETE, .path = "/api/import_maps/{id}", .flags = ROUTE_SIGNED_IN, .reply = &deleted_shape,
		.fn = import_map_drop, .id = "deleteImportMap", .summary = "Forget one" },
};

static const struct job jobs[] = {
	{ .name = "imports", .period_ms = 0, .fn = import_job_turn },
	{ .name = "old imports", .period_ms = 3600000, .fn = import_job_clean },
};

const struct module import_module = {
	.name = "import",
	.route = routes,
	.nroute = ARRAY_LEN(routes),
	.job = jobs,
	.njob = ARRAY_LEN(jobs),
	.sql = import_sql,
	.nsql = Q_IMPORT_MAX,
};
