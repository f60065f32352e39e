/* Workbooks: writing, a thin layer over libxlsxwriter, which keeps one row in memory and the rest on disk. */
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

#include "base/time.h"
#include "base/xlsx.h"

enum { TEXT_MAX = 32767, COMMENTS_MAX = 20000 };

struct xlsx_out {
	lxw_workbook *book;
	lxw_worksheet *sheet;
	lxw_format *format[XLSX_STYLE_MAX];
	struct buf text; /* NUL-terminated copy of a cell */
	size_t comments;
	char *dir;
	lxw_error failed;
};

static void make_formats(struct xlsx_out *o)
{
	for (int i = XLSX_TITLE; i < XLSX_STYLE_MAX && o->failed == LXW_NO_ERROR; i++) {
		o->format[i] = workbook_add_format(o->book);
		if (o->format[i] == NULL)
			o->failed = LXW_ERROR_MEMORY_MALLOC_FAILED;
	}
	if (o->failed != LXW_NO_ERROR)
		return;
	format_set_font_color(o->format[XLSX_TITLE], 0x808080);
	format_set_bold(o->format[XLSX_HEAD]);
	format_set_bg_color(o->format[XLSX_HEAD], 0xE7EEF7);
	format_set_bg_color(o->format[XLSX_BAD], 0xF8C4C0);
	format_set_bg_color(o->format[XLSX_WARN], 0xFDEBB0);
	format_set_num_format(o->format[XLSX_DAY], "yyyy-mm-dd");
}

enum err xlsx_out_open(struct xlsx_out **ret, const char *path, const char *dir, const char *sheet)
{
	struct xlsx_out *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return ERR_NOMEM;
	buf_init(&o->text, 4 * TEXT_MAX + 1);
	o->dir = strdup(dir);
	lxw_workbook_options options = { .constant_memory = LXW_TRUE, .tmpdir = o->dir };

	if (o->dir != NULL)
		o->book = workbook_new_opt(path, &options);
	if (o->book != NULL)
		o->sheet = workbook_add_worksheet(o->book, sheet);
	if (o->sheet == NULL)
		o->failed = LXW_ERROR_MEMORY_MALLOC_FAILED;
	else
		make_formats(o);
	if (o->book == NULL) {
		free(o->dir);
		free(o);
		return ERR_NOMEM;
	}
	*ret = o;
	return OK;
}

static void note(struct xlsx_out *o, lxw_error e)
{
	if (o->failed == LXW_NO_ERROR)
		o->failed = e;
}

/* As a C string of at most `max` characters. */
static const char *as_text(struct xlsx_out *o, struct str s, size_t max)
{
	size_t at = 0;

	buf_reset(&o->text);
	if (s.n <= max) {
		at = s.n;
	} else {
		for (size_t n = 0; n < max && at < s.n; n++)
			(void)str_rune(s, &at);
	}
	if (at > 0)
		buf_put(&o->text, s.p, at);
	buf_char(&o->text, '\0');
	if (o->text.failed)
		note(o, LXW_ERROR_MEMORY_MALLOC_FAILED);
	return o->text.failed ? "" : o->text.p;
}

void xlsx_out_properties(struct xlsx_out *o, const char *title, const char *author, const char *comment)
{
	/* The library copies them and takes them without const. */
	char *t = strdup(title), *a = strdup(author), *c = strdup(comment);
	lxw_doc_properties p = { .title = t, .author = a, .comments = c };

	if (t == NULL || a == NULL || c == NULL)
		note(o, LXW_ERROR_MEMORY_MALLOC_FAILED);
	else
		note(o, workbook_set_properties(o->book, &p));
	free(t);
	free(a);
	free(c);
}

void xlsx_out_width(struct xlsx_out *o, size_t col, double width)
{
	note(o, worksheet_set_column(o->sheet, (lxw_col_t)col, (lxw_col_t)col, width, NULL));
}

void xlsx_out_text(struct xlsx_out *o, int64_t row, size_t col, struct str s, enum xlsx_style style)
{
	if (s.n == 0)
		note(o, worksheet_write_blank(o->sheet, (lxw_row_t)row, (lxw_col_t)col, o->format[style]));
	else
		note(o, worksheet_write_string(o->sheet, (lxw_row_t)row, (lxw_col_t)col, as_text(o, s, TEXT_MAX),
				o->format[style]));
}

void xlsx_out_number(struct xlsx_out *o, int64_t row, size_t col, double v, enum xlsx_style style)
{
	note(o, worksheet_write_number(o->sheet, (lxw_row_t)row, (lxw_col_t)col, v, o->format[style]));
}

void xlsx_out_day(struct xlsx_out *o, int64_t row, size_t col, int64_t ymd)
{
	/* Before 1900-03-01 the format counts a day that never was. */
	double serial = (double)(date_to_days(ymd) + 25569);

	if (serial < 61) {
		char text[16];
		struct buf b;

		buf_init(&b, sizeof(text));
		buf_fmt(&b, "%04d-%02d-%02d", (int)(ymd / 10000), (int)(ymd / 100 % 100), (int)(ymd % 100));
		xlsx_out_text(o, row, col, buf_view(&b), XLSX_PLAIN);
		buf_release(&b);
		return;
	}
	xlsx_out_number(o, row, col, serial, XLSX_DAY);
}

void xlsx_out_comment(struct xlsx_out *o, int64_t row, size_t col, const char *text)
{
	if (o->comments++ < COMMENTS_MAX)
		note(o, worksheet_write_comment(o->sheet, (lxw_row_t)row, (lxw_col_t)col, as_text(o, str_z(text), 1000)));
}

void xlsx_out_freeze(struct xlsx_out *o, int64_t row)
{
	worksheet_freeze_panes(o->sheet, (lxw_row_t)row, 0);
}

enum err xlsx_out_close(struct xlsx_out *o)
{
	note(o, workbook_close(o->book));
	enum err err = o->failed == LXW_NO_ERROR ? OK : o->failed == LXW_ERROR_MEMORY_MALLOC_FAILED ? ERR_NOMEM : ERR_IO;

	buf_release(&o->text);
	free(o->dir);
	free(o);
	return err;
}
