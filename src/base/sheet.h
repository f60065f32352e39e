/*
 * Rows of a table that came as a file, whatever its format: CSV (see csv.h) or a workbook (see xlsx.h), told
 * apart by their first bytes.
 */
#ifndef GEZHI_BASE_SHEET_H
#define GEZHI_BASE_SHEET_H

#include "base/xlsx.h"

enum { SHEET_COLS = 256 };

struct sheet;

struct sheet_row {
	int64_t line; /* line of a CSV file, row of a worksheet; from 1 */
	size_t n;
	const struct str *cell;
	const unsigned char *flag; /* XLSX_…; NULL for CSV */
};

/* `data` must outlive it; `limits` are a workbook's, NULL for the usual ones. */
enum err sheet_open(struct sheet **ret, struct str data, const struct xlsx_limits *limits, struct error *e) MUST_CHECK;
void sheet_close(struct sheet *s); /* NULL allowed */
bool sheet_is_book(const struct sheet *s);
/* Sheets of the file: one for CSV. */
size_t sheet_count(const struct sheet *s);
const char *sheet_name(const struct sheet *s, size_t i); /* "" for CSV */
bool sheet_hidden(const struct sheet *s, size_t i);
/* Begins with the first row, or again. */
enum err sheet_begin(struct sheet *s, size_t i, struct error *e) MUST_CHECK;
/* The next row with a value, valid until the next call; *ret_more is false at the end. */
enum err sheet_next(struct sheet *s, struct sheet_row *ret, bool *ret_more, struct error *e) MUST_CHECK;

/* For readers of CSV: a workbook's first visible sheet as CSV in `out`, its rows on the lines of their
 * numbers (line ends within cells become blanks); anything else as it is. *ret is a view of one of the two. */
enum err sheet_as_csv(struct str data, struct buf *out, struct str *ret, struct error *e) MUST_CHECK;

#endif
