/*
 * A list on its way into a file: CSV or a workbook, written to disk row by row, so that its size does not
 * matter; the reply then sends the file. Every export is on record: who, what was asked, how many rows,
 * what for. Files with personal data say so themselves, in a first row and in the workbook's properties.
 */
#ifndef GEZHI_CORE_EXPORT_FILE_H
#define GEZHI_CORE_EXPORT_FILE_H

#include "core/app.h"

struct export_file;

/* Reads ?format (csv by default, xlsx) and ?purpose. `name`: of the file, without its ending. `marked`: has
 * personal data. */
enum err export_begin(struct export_file **ret, struct req *rq, const char *name, bool marked) MUST_CHECK;
bool export_is_book(const struct export_file *x);
/* Cells of a row in order. */
void export_head(struct export_file *x, struct str title);
void export_text(struct export_file *x, struct str s);
void export_number(struct export_file *x, double v, struct str text); /* `text` for CSV */
void export_day(struct export_file *x, int64_t ymd, struct str text);
void export_end_row(struct export_file *x);
bool export_failed(const struct export_file *x);
/* The reply is the file. Puts the export on record first: what is not recorded is not given out. `object`:
 * the entity's or kind's name; rq->rows: how many. */
enum err export_finish(struct export_file *x, struct req *rq, const char *object) MUST_CHECK;
/* Puts an export on record that is made otherwise: rq->rows rows, with the query's filters. */
enum err export_record(struct req *rq, const char *object, const char *format, struct str purpose) MUST_CHECK;
void export_drop(struct export_file *x); /* after an error; NULL allowed */

/* A fresh file for passing use, in the folder of files if there is one. ret_path has room for 1100. */
enum { EXPORT_PATH = 1100 };
enum err export_temp(const struct app *app, char *ret_path, char *ret_dir, int *ret_fd) MUST_CHECK;
/* Makes the reply a file, which is removed once it is open. */
enum err export_reply(struct req *rq, const char *path, const char *type, struct str filename) MUST_CHECK;

#endif
