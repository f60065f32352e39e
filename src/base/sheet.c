/* See sheet.h. */
#include "base/sheet.h"

#include <stdlib.h>

#include "base/csv.h"

struct sheet {
	struct str data;
	struct csv *csv;
	struct xlsx *book;
};

enum err sheet_open(struct sheet **ret, struct str data, const struct xlsx_limits *limits, struct error *e)
{
	struct sheet *s = calloc(1, sizeof(*s));
	enum err err = OK;

	if (s == NULL)
		return err_set(e, ERR_NOMEM, "no_memory", "", "Out of memory.");
	s->data = data;
	if (xlsx_maybe(data))
		err = xlsx_open(&s->book, data, limits, e);
	if (err != OK) {
		free(s);
		return err;
	}
	*ret = s;
	return OK;
}

void sheet_close(struct sheet *s)
{
	if (s == NULL)
		return;
	csv_close(s->csv);
	xlsx_close(s->book);
	free(s);
}

bool sheet_is_book(const struct sheet *s)
{
	return s->book != NULL;
}

size_t sheet_count(const struct sheet *s)
{
	return s->book != NULL ? xlsx_sheets(s->book) : 1;
}

const char *sheet_name(const struct sheet *s, size_t i)
{
	return s->book != NULL ? xlsx_sheet_name(s->book, i) : "";
}

bool sheet_hidden(const struct sheet *s, size_t i)
{
	return s->book != NULL && xlsx_sheet_hidden(s->book, i);
}

enum err sheet_begin(struct sheet *s, size_t i, struct error *e)
{
	if (s->book != NULL)
		return xlsx_sheet(s->book, i, e);
	csv_close(s->csv);
	s->csv = NULL;
	return csv_open(&s->csv, s->data, e);
}

static enum err next_csv(struct sheet *s, struct sheet_row *ret, bool *ret_more, struct error *e)
{
	struct csv_row row;
	enum err err = csv_next(s->csv, &row, ret_more, e);

	if (err == OK && *ret_more)
		*ret = (struct sheet_row){ .line = row.line, .n = row.n, .cell = row.cell };
	return err;
}

enum err sheet_next(struct sheet *s, struct sheet_row *ret, bool *ret_more, struct error *e)
{
	struct xlsx_row row;
	enum err err;

	if (s->book == NULL)
		return next_csv(s, ret, ret_more, e);
	err = xlsx_next(s->book, &row, ret_more, e);
	if (err == OK && *ret_more)
		*ret = (struct sheet_row){ .line = row.row, .n = row.n, .cell = row.cell, .flag = row.flag };
	return err;
}

/* Quoted as it is: no reader of ours runs formulas. */
static void put_cell(struct buf *out, struct str s)
{
	buf_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"')
			buf_char(out, '"');
		buf_char(out, c == '\n' || c == '\r' ? ' ' : c);
	}
	buf_char(out, '"');
}

enum err sheet_as_csv(struct str data, struct buf *out, struct str *ret, struct error *e)
{
	struct sheet *s = NULL;
	struct sheet_row row;
	bool more = true;
	int64_t line = 1;
	size_t i = 0;
	enum err err;

	*ret = data;
	if (!xlsx_maybe(data))
		return OK;
	err = sheet_open(&s, data, NULL, e);
	while (err == OK && i + 1 < sheet_count(s) && sheet_hidden(s, i))
		i++;
	if (err == OK)
		err = sheet_begin(s, i, e);
	while (err == OK && !out->failed && (err = sheet_next(s, &row, &more, e)) == OK && more) {
		for (; line < row.line; line++)
			buf_char(out, '\n');
		for (size_t k = 0; k < row.n; k++) {
			if (k > 0)
				buf_char(out, ',');
			put_cell(out, row.cell[k]);
		}
	}
	buf_char(out, '\n');
	sheet_close(s);
	if (err == OK && out->failed)
		return err_set(e, ERR_LIMIT, "too_large", "", "The workbook is too large here: save it as CSV.");
	*ret = buf_view(out);
	return err;
}
