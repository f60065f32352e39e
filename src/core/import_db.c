/* See import_db.h. */
#include "core/import_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

enum { PATH_BYTES = 1200 };

#define JOB "id, user_id, login, entity, name, file, size, map, dry_run, partial, state, rows_done, rows_total, created, " \
	"updated, unchanged, conflicts, rejected, problems, report, error_code, error_message, created_at, finished_at"

const char *const import_sql[] = {
	[Q_JOB_PUT] = "INSERT INTO import_job (id, user_id, login, entity, name, file, size, map, dry_run, partial, state, "
		"rows_done, created, updated, unchanged, conflicts, rejected, problems, created_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, 0, 0, 0, 0, 0, $11)",
	[Q_JOB_NEXT] = "SELECT " JOB " FROM import_job WHERE state < 3 ORDER BY id LIMIT 1",
	[Q_JOB_GET] = "SELECT " JOB " FROM import_job WHERE id = $1",
	[Q_JOB_LIST] = "SELECT " JOB " FROM import_job WHERE user_id = $1 ORDER BY id DESC LIMIT 50",
	[Q_JOB_BEGIN] = "UPDATE import_job SET state = $1, rows_total = $2 WHERE id = $3 AND state < 3",
	[Q_JOB_STEP] = "UPDATE import_job SET state = $1, rows_done = $2, created = $3, updated = $4, unchanged = $5, "
		"conflicts = $6, rejected = $7, problems = $8, report = $9, finished_at = $10 "
		"WHERE id = $11 AND state < 3 AND rows_done = $12",
	[Q_JOB_END] = "UPDATE import_job SET state = $1, error_code = $2, error_message = $3, finished_at = $4 "
		"WHERE id = $5 AND state < 3",
	[Q_JOB_CANCEL] = "UPDATE import_job SET state = 5, finished_at = $1 WHERE id = $2 AND user_id = $3 AND state < 3",
	[Q_JOB_PROBLEM] = "INSERT INTO import_problem (job_id, n, row_no, line, col, title, code, message) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	[Q_JOB_PROBLEMS] = "SELECT row_no, line, col, title, code, message FROM import_problem WHERE job_id = $1 "
		"ORDER BY line, n LIMIT $2",
	[Q_JOB_CLEAR] = "DELETE FROM import_problem WHERE job_id = $1",
	[Q_JOB_OLD] = "SELECT id, file FROM import_job WHERE state >= 3 AND finished_at < $1 ORDER BY id LIMIT 20",
	[Q_JOB_DROP] = "DELETE FROM import_job WHERE id = $1 AND state >= 3",
	[Q_MAP_GET] = "SELECT columns FROM import_map WHERE user_id = $1 AND entity = $2 AND header = $3",
	[Q_MAP_PUT] = "INSERT INTO import_map (id, user_id, entity, header, columns, used_at, created_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (user_id, entity, header) DO UPDATE SET "
		"columns = excluded.columns, used_at = excluded.used_at",
	[Q_MAP_LIST] = "SELECT id, entity, columns, used_at, created_at FROM import_map WHERE user_id = $1 "
		"ORDER BY id DESC LIMIT 200",
	[Q_MAP_DROP] = "DELETE FROM import_map WHERE id = $1 AND user_id = $2",
	/* Places that have or had an official code, the latest first. */
	[Q_VALUE_CODE] = "SELECT p.code, p.official_code FROM place_code c JOIN place p ON p.id = c.place_id "
		"WHERE c.code = $1 ORDER BY COALESCE(c.valid_to, 99999999) DESC, p.code LIMIT 2",
};

void job_load(struct rows *r, struct arena *a, struct import_job *j)
{
	*j = (struct import_job){
		.id = row_int_at(r, 0),
		.user_id = row_int_at(r, 1),
		.login = str_dup(a, row_str_at(r, 2)),
		.entity = str_dup(a, row_str_at(r, 3)),
		.name = str_dup(a, row_str_at(r, 4)),
		.file = str_dup(a, row_str_at(r, 5)),
		.size = row_int_at(r, 6),
		.map = str_dup(a, row_str_at(r, 7)),
		.dry_run = row_int_at(r, 8),
		.partial = row_int_at(r, 9),
		.state = row_int_at(r, 10),
		.rows_done = row_int_at(r, 11),
		.rows_total = row_int_at(r, 12),
		.problems = row_int_at(r, 18),
		.report = str_dup(a, row_str_at(r, 19)),
		.error_code = str_dup(a, row_str_at(r, 20)),
		.error_message = str_dup(a, row_str_at(r, 21)),
		.created_at = row_int_at(r, 22),
		.finished_at = row_int_at(r, 23),
	};
	j->r = (struct import_result){
		.rows = j->rows_done,
		.created = row_int_at(r, 13),
		.updated = row_int_at(r, 14),
		.unchanged = row_int_at(r, 15),
		.conflicts = row_int_at(r, 16),
		.rejected = row_int_at(r, 17),
	};
}

enum err job_get(struct dbc *c, int64_t id, int64_t user_id, struct arena *a, struct import_job *ret)
{
	struct rows *r = db_query(c, import_sql[Q_JOB_GET], ARGS(I(id)));
	bool found = rows_next(r);

	if (found)
		job_load(r, a, ret);
	enum err err = rows_close(r);

	if (err != OK)
		return err;
	if (arena_failed(a))
		return ERR_NOMEM;
	return found && (user_id == NIL || ret->user_id == user_id) ? OK : ERR_NOT_FOUND;
}

/* ---- files ---- */

/* "DIR/import" when `name` is absent. */
static bool path_of(const struct app *app, struct str name, char out[PATH_BYTES])
{
	int n;

	if (app->file_dir == NULL)
		return false;
	n = snprintf(out, PATH_BYTES, "%s/import%s%.*s", app->file_dir, name.n > 0 ? "/" : "", (int)name.n,
		     name.n > 0 ? name.p : "");
	return n > 0 && n < PATH_BYTES;
}

enum err job_file_put(const struct app *app, struct str bytes, char ret_name[IMPORT_HEX])
{
	char dir[PATH_BYTES], path[PATH_BYTES];
	enum err err;

	snprintf(ret_name, IMPORT_HEX, "%016llx%016llx", (unsigned long long)crypto_random(),
		 (unsigned long long)crypto_random());
	if (!path_of(app, (struct str){ NULL, 0 }, dir) || !path_of(app, str_z(ret_name), path))
		return ERR_IO;
	if ((mkdir(app->file_dir, 0700) != 0 && errno != EEXIST) || (mkdir(dir, 0700) != 0 && errno != EEXIST))
		return ERR_IO;
	err = io_new_file(path, bytes);
	if (err == OK)
		err = io_sync_dir(dir);
	return err == OK ? io_sync_dir(app->file_dir) : err;
}

enum err job_file_open(const struct app *app, struct str name, struct job_file *ret)
{
	char path[PATH_BYTES];
	struct stat st;
	int fd = path_of(app, name, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	*ret = (struct job_file){ .mapped = NULL };
	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		ret->mapped = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (ret->mapped == MAP_FAILED)
			ret->mapped = NULL;
		else
			ret->bytes = (struct str){ ret->mapped, (size_t)st.st_size };
	}
	close(fd);
	return ret->mapped != NULL ? OK : ERR_IO;
}

void job_file_close(struct job_file *f)
{
	if (f->mapped != NULL)
		munmap(f->mapped, f->bytes.n);
	*f = (struct job_file){ .mapped = NULL };
}

void job_file_drop(const struct app *app, struct str name)
{
	char path[PATH_BYTES];

	if (name.n > 0 && path_of(app, name, path))
		unlink(path);
}
