/* See export_file.h. */
#include "core/export_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/io.h"
#include "base/xlsx.h"
#include "core/audit.h"

enum { FLUSH_BYTES = 1 << 16, BUFFER_BYTES = 16 << 20, PURPOSE_RUNES = 200, WIDTHS = 64, DETAIL_BYTES = 1 << 16 };

struct export_file {
	struct xlsx_out *book; /* NULL: CSV */
	struct buf text;       /* CSV not yet on disk */
	char path[EXPORT_PATH];
	int fd;
	const char *name;
	struct str purpose;
	int64_t row;
	size_t col;
	bool failed; /* the disk's, for CSV */
};

/* ---- passing files ---- */

static bool open_temp(const char *dir, char *ret_path, int *ret_fd)
{
	int n = snprintf(ret_path, EXPORT_PATH, "%s/.out-XXXXXX", dir);

	if (n <= 0 || n >= EXPORT_PATH)
		return false;
	*ret_fd = mkostemp(ret_path, O_CLOEXEC);
	return *ret_fd >= 0;
}

enum err export_temp(const struct app *app, char *ret_path, char *ret_dir, int *ret_fd)
{
	const char *dir = app->file_dir;

	/* Made by the first attachment otherwise. */
	if (dir != NULL && mkdir(dir, 0700) != 0 && errno != EEXIST)
		dir = NULL;
	if (dir == NULL || strlen(dir) + 16 >= EXPORT_PATH || !open_temp(dir, ret_path, ret_fd)) {
		dir = "/tmp";
		if (!open_temp(dir, ret_path, ret_fd))
			return ERR_IO;
	}
	snprintf(ret_dir, EXPORT_PATH, "%s", dir);
	return OK;
}

enum err export_reply(struct req *rq, const char *path, const char *type, struct str filename)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	unlink(path);
	if (fd < 0)
		return ERR_IO;
	if (fstat(fd, &st) != 0) {
		close(fd);
		return ERR_IO;
	}
	rq->reply.kind = REPLY_FILE;
	rq->reply.fd = fd;
	rq->reply.fd_size = (uint64_t)st.st_size;
	rq->reply.content_type = type;
	rq->reply.filename = filename;
	return OK;
}

/* ---- the file ---- */

/* "export · name (login) · time · purpose", in the languages of its readers. */
static void mark(const struct req *rq, struct str purpose, struct buf *b)
{
	char at[TIME_TEXT];
	struct str who = rq->who != NULL ? rq->who->name : STR("system"), login = rq->who != NULL ? rq->who->login : who;

	buf_fmt(b, "导出 / exported: %.*s (%.*s), %s; 用途 / purpose: ", (int)who.n, who.p, (int)login.n, login.p,
		time_format(rq->now, at));
	if (purpose.n > 0)
		buf_str(b, purpose);
	else
		buf_z(b, "—");
}

static void write_mark(struct export_file *x, const struct req *rq)
{
	struct buf b;

	buf_init(&b, 4096);
	mark(rq, x->purpose, &b);
	if (x->book != NULL) {
		buf_char(&b, '\0');
		if (!b.failed)
			xlsx_out_properties(x->book, x->name, rq->who != NULL ? str_cstr(rq->arena, rq->who->login) : "system", b.p);
		b.n -= b.n > 0;
		xlsx_out_text(x->book, x->row, x->col++, buf_view(&b), XLSX_TITLE);
	} else {
		csv_cell(&x->text, buf_view(&b), true);
		x->col++;
	}
	buf_release(&b);
	export_end_row(x);
}

static enum err open_file(struct export_file *x, struct req *rq, bool book)
{
	char dir[EXPORT_PATH];
	enum err err = export_temp(rq->app, x->path, dir, &x->fd);

	if (err != OK || !book) {
		if (err == OK)
			buf_z(&x->text, "\xEF\xBB\xBF");
		return err;
	}
	close(x->fd);
	x->fd = -1;
	err = xlsx_out_open(&x->book, x->path, dir, x->name);
	for (size_t i = 0; err == OK && i < WIDTHS; i++)
		xlsx_out_width(x->book, i, 16);
	return err;
}

enum err export_begin(struct export_file **ret, struct req *rq, const char *name, bool marked)
{
	struct str format = req_query(rq, "format"), purpose = str_trim(req_query(rq, "purpose"));
	bool book = format.p != NULL && str_eqz(format, "xlsx");
	struct export_file *x;

	if (format.p != NULL && !book && !str_eqz(format, "csv"))
		return req_fail(rq, ERR_INVALID, "format", "format", "the format is csv or xlsx");
	if (purpose.n > 0 && str_runes(purpose) > PURPOSE_RUNES)
		return req_fail(rq, ERR_INVALID, "too_long", "purpose", "at most %d characters", PURPOSE_RUNES);
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		return ERR_NOMEM;
	x->fd = -1;
	x->name = name;
	x->purpose = purpose;
	buf_init(&x->text, BUFFER_BYTES);
	enum err err = open_file(x, rq, book);

	if (err != OK) {
		export_drop(x);
		return err;
	}
	if (marked)
		write_mark(x, rq);
	*ret = x;
	return OK;
}

bool export_is_book(const struct export_file *x)
{
	return x->book != NULL;
}

static void flush(struct export_file *x)
{
	if (!x->failed && io_write(x->fd, buf_view(&x->text)) != OK)
		x->failed = true;
	x->failed = x->failed || x->text.failed;
	buf_reset(&x->text);
}

static void cell(struct export_file *x, struct str s, enum xlsx_style style)
{
	if (x->book == NULL)
		csv_cell(&x->text, s, x->col == 0);
	else if (s.n > 0 || style != XLSX_PLAIN)
		xlsx_out_text(x->book, x->row, x->col, s, style);
	x->col++;
}

void export_head(struct export_file *x, struct str title)
{
	if (x->book != NULL && x->col == 0)
		xlsx_out_freeze(x->book, x->row + 1);
	cell(x, title, XLSX_HEAD);
}

void export_text(struct export_file *x, struct str s)
{
	cell(x, s, XLSX_PLAIN);
}

void export_number(struct export_file *x, double v, struct str text)
{
	if (x->book == NULL) {
		cell(x, text, XLSX_PLAIN);
		return;
	}
	xlsx_out_number(x->book, x->row, x->col, v, XLSX_PLAIN);
	x->col++;
}

void export_day(struct export_file *x, int64_t ymd, struct str text)
{
	if (x->book == NULL) {
		cell(x, text, XLSX_PLAIN);
		return;
	}
	xlsx_out_day(x->book, x->row, x->col, ymd);
	x->col++;
}

void export_end_row(struct export_file *x)
{
	if (x->book == NULL) {
		csv_end_row(&x->text);
		if (x->text.n > FLUSH_BYTES || x->text.failed)
			flush(x);
	}
	x->row++;
	x->col = 0;
}

bool export_failed(const struct export_file *x)
{
	return x->failed || (x->book != NULL && x->row >= XLSX_ROWS);
}

void export_drop(struct export_file *x)
{
	if (x == NULL)
		return;
	if (x->book != NULL)
		(void)!xlsx_out_close(x->book);
	if (x->fd >= 0)
		close(x->fd);
	if (x->path[0] != '\0')
		unlink(x->path);
	buf_release(&x->text);
	free(x);
}

/* ---- on record ---- */

struct record {
	const struct req *rq;
	const char *object;
	struct str detail;
};

static enum err record_tx(struct dbc *c, void *arg)
{
	const struct record *r = arg;
	const struct audit_entry e = {
		.at = r->rq->now,
		.actor = r->rq->who != NULL && r->rq->who->user_id > 0 ? r->rq->who->user_id : NIL,
		.action = "export",
		.object = r->object,
		.object_id = NIL,
		.detail = r->detail,
	};

	return audit_add(c, &e);
}

/* What was asked for. The number somebody looked a person up by is not written down a second time. */
static void write_filters(const struct req *rq, struct jw *j)
{
	jw_kobj(j, "filters");
	for (size_t i = 0; rq->route != NULL && i < rq->route->nquery && i < REQ_QUERY; i++) {
		const struct param *p = &rq->route->query[i];

		if (rq->query[i].p == NULL || rq->query[i].n == 0 || strcmp(p->name, "format") == 0 ||
		    strcmp(p->name, "purpose") == 0)
			continue;
		jw_kstr(j, p->name, p->type == F_SECRET ? STR("***") : rq->query[i]);
	}
	jw_end_obj(j);
}

enum err export_record(struct req *rq, const char *object, const char *format, struct str purpose)
{
	struct record r = { .rq = rq, .object = object };
	struct buf b;
	struct jw j;

	buf_init(&b, DETAIL_BYTES);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_kz(&j, "format", format);
	jw_kint(&j, "rows", rq->rows);
	jw_kstr(&j, "purpose", purpose);
	write_filters(rq, &j);
	jw_end_obj(&j);
	r.detail = buf_view(&b);
	enum err err = b.failed ? ERR_NOMEM : db_write(rq->app->db, record_tx, &r);

	buf_release(&b);
	return err;
}

enum err export_finish(struct export_file *x, struct req *rq, const char *object)
{
	bool book = x->book != NULL;
	enum err err = export_record(rq, object, book ? "xlsx" : "csv", x->purpose);

	if (book) {
		enum err closed = xlsx_out_close(x->book);

		x->book = NULL;
		err = err != OK ? err : closed;
	} else {
		flush(x);
		err = err == OK && x->failed ? ERR_IO : err;
	}
	if (err == OK)
		err = export_reply(rq, x->path, book ? TYPE_XLSX : "text/csv; charset=utf-8",
				   str_fmt(rq->arena, "%s.%s", x->name, book ? "xlsx" : "csv"));
	if (err == OK)
		x->path[0] = '\0';
	export_drop(x);
	return err;
}
