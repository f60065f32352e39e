/*
 * Workbooks (.xlsx), read a row at a time and written a row at a time.
 *
 * The reader is given the whole file in memory (mapped or uploaded) and inflates one sheet as its rows
 * are asked for; only the shared strings and the merged areas are kept. Rows without any value are passed
 * over, however many a sheet declares. Everything has a limit, so that no archive makes it take more:
 * struct xlsx_limits, and the constants below. A document type declaration is refused, and with it every
 * entity. Password-protected files and .xls are told apart and named.
 *
 * What a cell says becomes text: numbers without an exponent, dates by their number format as 2026-02-13
 * or 2026-02-13T08:30:00, times of day as 08:30:00, booleans as true or false.
 */
#ifndef GEZHI_BASE_XLSX_H
#define GEZHI_BASE_XLSX_H

#include "base/buf.h"
#include "base/err.h"

enum {
	XLSX_SHEETS = 64,
	XLSX_ROWS = 1 << 20,	   /* the format's own */
	XLSX_COLS = 256,	   /* with a value; empty cells further right are no error */
	XLSX_CELL = 32767 * 4,	   /* bytes of a cell's text */
	XLSX_ROW = 4 << 20,	   /* bytes of a row's text */
	XLSX_STRINGS = 4 << 20,	   /* shared strings */
	XLSX_STYLES = 65536,
	XLSX_MERGES = 65536	   /* merged areas noticed */
};

struct xlsx_limits {
	uint64_t packed;   /* bytes of the file */
	uint64_t inflated; /* bytes of all parts together */
	uint64_t strings;  /* bytes of shared strings */
	unsigned ratio;	   /* inflated : packed, of a part over a megabyte */
	unsigned entries;  /* of the archive */
};
/* 100 MB, 512 MB, 128 MB, 300, 4096 */
extern const struct xlsx_limits xlsx_limits;

struct xlsx;

/* What is to be known about a cell beside its text. */
enum {
	XLSX_NUMBER = 1 << 0,
	XLSX_DATE = 1 << 1,
	XLSX_FORMULA = 1 << 2, /* the text is the value it had when the file was saved */
	XLSX_MERGED = 1 << 3,  /* covered by a merged area, whose first cell has the value */
	XLSX_ROUNDED = 1 << 4, /* a whole number of more than 15 digits: spreadsheets lose the rest */
	XLSX_ERROR = 1 << 5    /* #N/A and the like */
};

struct xlsx_row {
	int64_t row; /* as the spreadsheet numbers it, from 1 */
	size_t n;
	const struct str *cell;
	const unsigned char *flag;
};

/* `data` must outlive the reader; `limits` NULL for the usual ones. ERR_INVALID when it is no workbook,
 * ERR_LIMIT when one of the limits is passed. */
enum err xlsx_open(struct xlsx **ret, struct str data, const struct xlsx_limits *limits, struct error *e) MUST_CHECK;
void xlsx_close(struct xlsx *x); /* NULL allowed */
/* Does it begin as an archive does? Nothing more is known then. */
bool xlsx_maybe(struct str data);
size_t xlsx_sheets(const struct xlsx *x);
const char *xlsx_sheet_name(const struct xlsx *x, size_t i);
bool xlsx_sheet_hidden(const struct xlsx *x, size_t i);
/* Begins (again) to read a sheet. */
enum err xlsx_sheet(struct xlsx *x, size_t i, struct error *e) MUST_CHECK;
/* Next row with a value; *ret_more is false at the end. The row is valid until the next call. An error
 * stays: sheet, row and column are in its message. */
enum err xlsx_next(struct xlsx *x, struct xlsx_row *ret, bool *ret_more, struct error *e) MUST_CHECK;
/* "AB12" of row and column counted from 0, into out[16]; returns out. */
char *xlsx_cell_name(int64_t row, size_t col, char *out);

/* ---- writing ---- */

enum xlsx_style { XLSX_PLAIN, XLSX_TITLE, XLSX_HEAD, XLSX_BAD, XLSX_WARN, XLSX_DAY, XLSX_STYLE_MAX };

struct xlsx_out;

/* A workbook with one sheet at `path`, which is replaced; `dir` is for passing files. Rows are written in
 * order, the cells of a row in any. */
enum err xlsx_out_open(struct xlsx_out **ret, const char *path, const char *dir, const char *sheet) MUST_CHECK;
void xlsx_out_properties(struct xlsx_out *o, const char *title, const char *author, const char *comment);
void xlsx_out_width(struct xlsx_out *o, size_t col, double width);
void xlsx_out_text(struct xlsx_out *o, int64_t row, size_t col, struct str s, enum xlsx_style style);
void xlsx_out_number(struct xlsx_out *o, int64_t row, size_t col, double v, enum xlsx_style style);
void xlsx_out_day(struct xlsx_out *o, int64_t row, size_t col, int64_t ymd);
void xlsx_out_comment(struct xlsx_out *o, int64_t row, size_t col, const char *text);
/* Rows above `row` stay in sight. */
void xlsx_out_freeze(struct xlsx_out *o, int64_t row);
/* ERR_IO or ERR_NOMEM for whatever went wrong since it was opened. The handle is gone in any case. */
enum err xlsx_out_close(struct xlsx_out *o) MUST_CHECK;

#endif
