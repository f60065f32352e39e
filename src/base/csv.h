/*
 * CSV reader over a whole file in memory (mapped or uploaded): RFC 4180 quoting, CR/LF, UTF-8 with or
 * without BOM, UTF-16 with BOM, GB18030 recognised and converted. Cells are views into the reader's own
 * memory, valid until the next row. Limits: CSV_COLS columns, CSV_CELL bytes per cell.
 */
#ifndef GEZHI_BASE_CSV_H
#define GEZHI_BASE_CSV_H

#include "base/buf.h"
#include "base/err.h"

enum { CSV_COLS = 256, CSV_CELL = 1 << 20 };

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
/* Next row; *ret_more is false at the end. ERR_INVALID with the line on an unterminated quote, … */
enum err csv_next(struct csv *c, struct csv_row *ret, bool *ret_more, struct error *e) MUST_CHECK;

/* Writer: quotes where needed; a cell that a spreadsheet would run as a formula gets a leading '. */
void csv_cell(struct buf *b, struct str s, bool first);
void csv_end_row(struct buf *b);

#endif
