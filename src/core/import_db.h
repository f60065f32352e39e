/* SQL of imports; the rows and files of import jobs. */
#ifndef GEZHI_CORE_IMPORT_DB_H
#define GEZHI_CORE_IMPORT_DB_H

#include "core/entity_import.h"
#include "core/import_job.h"

enum { IMPORT_HEX = 33, IMPORT_PROBLEMS = 20000 /* kept */ };

struct import_job {
	int64_t id, user_id, size, dry_run, partial, state, rows_done, rows_total, problems, created_at, finished_at;
	struct str login, entity, name, file, map, report, error_code, error_message;
	struct import_result r;
};

enum {
	Q_JOB_PUT, Q_JOB_NEXT, Q_JOB_GET, Q_JOB_LIST, Q_JOB_BEGIN, Q_JOB_STEP, Q_JOB_END, Q_JOB_CANCEL, Q_JOB_PROBLEM,
	Q_JOB_PROBLEMS, Q_JOB_CLEAR, Q_JOB_OLD, Q_JOB_DROP,
	Q_MAP_GET, Q_MAP_PUT, Q_MAP_LIST, Q_MAP_DROP,
	Q_VALUE_CODE,
	Q_IMPORT_MAX
};
extern const char *const import_sql[];

/* From a row of the columns that Q_JOB_NEXT, _GET and _LIST have; texts go to `a`. */
void job_load(struct rows *r, struct arena *a, struct import_job *j);
/* ERR_NOT_FOUND unless it is there and the user's (NIL: anybody's). */
enum err job_get(struct dbc *c, int64_t id, int64_t user_id, struct arena *a, struct import_job *ret) MUST_CHECK;

/* Files under file_dir/import. */
enum err job_file_put(const struct app *app, struct str bytes, char ret_name[IMPORT_HEX]) MUST_CHECK;
struct job_file {
	struct str bytes;
	void *mapped;
};
enum err job_file_open(const struct app *app, struct str name, struct job_file *ret) MUST_CHECK;
void job_file_close(struct job_file *f);
void job_file_drop(const struct app *app, struct str name);

/* Carries the oldest open import on for a while. */
enum err import_job_turn(struct app *app, struct dbc *reader, int64_t now) MUST_CHECK;
/* Drops what ended long ago. */
enum err import_job_clean(struct app *app, struct dbc *reader, int64_t now) MUST_CHECK;

#endif
