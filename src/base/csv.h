/*
 * CSV reader over a whole file in memory (mapped or uploaded): RFC 4180 quoting, CR/LF, UTF-8 with or
 * without BOM, UTF-16 with BOM, GB18030 recognised and converted. Cells are views into the reader's own
 * memory or into `data`, valid until the next row. UTF-8 is read in place; other encodings are
 * converted a window at a time. The separator is a tab when the first line has tabs and no comma
 * (spreadsheets' "Unicode text"). Empty lines are skipped. Limits: CSV_COLS columns, CSV_CELL bytes per
 * cell, CSV_ROW bytes per row.
 */
#ifndef GEZHI_BASE_CSV_H
#define GEZHI_BASE_CSV_H

#include "base/buf.h"
#include "base/err.h"

enum { CSV_COLS = 256, CSV_CELL = 1 << 20, CSV_ROW = 1 << 23 };

struct csv;

struct csv_row {
	int64_t line; /* first line of the row, 1-based */
	int64_t row;  /* data row number: the header is 0 */
	size_t n;
	const struct str *cell;
};

/* `data` must outlive the reader. ERR_INVALID when the bytes are no text. */
enum err csv_open(struct csv **ret, struct str data, struct error *e) MUST_CHECK;
void csv_close(struct csv *c); /* NULL allowed */
/* Next row; *ret_more is false at the end. ERR_INVALID (ERR_LIMIT for the limits) with the line on an
 * unterminated quote, …; the reader then stays at that error. */
enum err csv_next(struct csv *c, struct csv_row *ret, bool *ret_more, struct error *e) MUST_CHECK;

/* Writer: quotes where needed; a cell that a spreadsheet would run as a formula gets a leading '. */
void csv_cell(struct buf *b, struct str s, bool first);
void csv_end_row(struct buf *b);

#endif
