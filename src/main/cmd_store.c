/*
 * Care of a store: its schema, its consistency, copies of it, the audit record.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "core/audit.h"
#include "core/entity_index.h"
#include "core/entity_tally.h"
#include "core/matter_sweep.h"
#include "core/migrations.h"
#include "core/secret.h"
#include "main/cli.h"
#include "main/main_db.h"

enum { COPY_BYTES = 1 << 20 };

/* ---- migrate ---- */

static const struct option migrate_options[] = { SET_DB, SET_KEY, SET_LOG("warn") };

/* Number of the last migration that an existing store has; 0 for none. */
static enum err schema_of(struct run *r, int *ret)
{
	const char *path = cli_sqlite_path(r->set.db);
	struct db *db = NULL;
	struct dbc *c = NULL;
	enum err err;

	if (path != NULL && access(path, F_OK) != 0)
		return OK;
	err = cli_open_db(r, false, &db);
	if (err == OK)
		err = db_reader_open(db, &c);
	if (err == OK)
		err = db_schema_version(c, ret);
	dbc_free(c);
	db_close(db);
	return err;
}

static int migrate(struct run *r)
{
	struct app *app = NULL;
	int before = 0, applied = 0;
	enum err err = schema_of(r, &before);

	if (err == OK)
		err = cli_open_app(r, true, &app);
	app_close(app);
	if (err != OK)
		return cli_fail(r, err);
	for (size_t i = 0; i < gezhi_migrations_n; i++)
		applied += gezhi_migrations[i].number > before;
	printf("%d migrations applied; the schema is at %d\n", applied,
		gezhi_migrations[gezhi_migrations_n - 1].number);
	return EXIT_OK;
}

const struct command cmd_migrate = {
	.name = "migrate",
	.operands = "--db STORE",
	.summary = "make a store, or bring its schema up to date",
	.help = "An older program refuses a newer schema: back the store up first.\n",
	.options = SET_TABLE(migrate_options),
	.run = migrate,
};

/* ---- audit ---- */

static const struct option audit_options[] = { SET_DB };

static enum err verify(struct run *r, struct db *db, int64_t *ret_entries)
{
	struct dbc *c = NULL;
	int64_t bad = NIL;
	enum err err = db_reader_open(db, &c);

	if (err == OK)
		err = audit_verify(c, ret_entries, &bad, &r->e);
	dbc_free(c);
	return err;
}

static int audit(struct run *r)
{
	struct db *db = NULL;
	int64_t entries = 0;
	enum err err;

	if (strcmp(r->set.operand[0], "verify") != 0)
		return cli_usage(r, "the only audit command is verify");
	err = cli_open_db(r, true, &db);
	if (err == OK)
		err = verify(r, db, &entries);
	db_close(db);
	if (err != OK)
		return cli_fail(r, err);
	printf("%" PRId64 " audit entries verified\n", entries);
	return EXIT_OK;
}

const struct command cmd_audit = {
	.name = "audit",
	.operands = "verify --db STORE",
	.summary = "verify every chain of the audit record",
	.help = "Fails when an entry was changed, dropped or put elsewhere, and names the first one that does not fit.\n",
	.min = 1,
	.max = 1,
	.options = SET_TABLE(audit_options),
	.run = audit,
};

/* ---- check ---- */

static const struct option check_options[] = {
	SET_DB,
	SET_KEY,
	SET(sample, OPT_INT, .name = "sample", .dflt = "1000", .min = 0, .max = 100000000,
		.help = "matters whose clocks are replayed"),
	SET_LOG("warn"),
};

struct replay {
	struct dbc *list, *one; /* two connections: the list stays open meanwhile */
	const struct snap *snap;
	int64_t done, differ, first;
};

static enum err replay_all(struct replay *p, int64_t sample)
{
	int64_t n = 0;
	bool same;
	enum err err = db_int(p->list, main_sql[Q_CHECK_COUNT], NO_ARGS, &n);

	if (err != OK || sample == 0)
		return err;
	struct rows *r = db_query(p->list, main_sql[Q_CHECK_SAMPLE], ARGS(I(n > sample ? n / sample : 1), I(sample)));

	while (err == OK && rows_next(r)) {
		int64_t id = row_int_at(r, 0);

		err = matter_replay(p->one, p->snap, id, &same);
		p->done++;
		if (err != OK || same)
			continue;
		if (p->differ++ == 0)
			p->first = id;
	}
	enum err end = rows_close(r);

	return err != OK ? err : end;
}

static enum err check_clocks(struct run *r, struct app *app, int64_t *ret_done)
{
	struct snap *s = snap_get(app);
	struct replay p = { .snap = s };
	enum err err = db_reader_open(app->db, &p.list);

	if (err == OK)
		err = db_reader_open(app->db, &p.one);
	if (err == OK)
		err = replay_all(&p, r->set.sample);
	dbc_free(p.list);
	dbc_free(p.one);
	snap_put(s);
	if (err == OK && p.differ > 0)
		err = err_set(&r->e, ERR_CONFLICT, "clock.replay", "",
			"the clocks of %" PRId64 " of %" PRId64 " matters differ from their history, first matter %" PRId64,
			p.differ, p.done, p.first);
	*ret_done = p.done;
	return err;
}

static void count_values(void *arg, const char *table, const char *column, int64_t values)
{
	int64_t *n = arg;

	(void)table;
	(void)column;
	*n += values;
}

/* Every row is found by what it says now, and by nothing else; and counted once where it lies. */
static enum err check_index(struct run *r, struct app *app, int64_t *ret_rows)
{
	struct arena *a = arena_new(64 << 20);
	struct dbc *c = NULL;
	struct req rq;
	int64_t rows, bad = 0, id = NIL;
	enum err err = a == NULL ? ERR_NOMEM : db_reader_open(app->db, &c);

	req_local(&rq, app, c, a, NULL, time_now());
	for (size_t i = 0; i < app->nentity && err == OK; i++) {
		err = entity_index_check(&rq, app->entity[i], &rows, &bad, &id);
		*ret_rows += rows;
		if (err == OK && bad > 0)
			err = err_set(&r->e, ERR_CONFLICT, "entity.index", "",
				"%" PRId64 " of %" PRId64 " rows of %s differ from their index, one is %" PRId64, bad, rows,
				app->entity[i]->name, id);
		if (err == OK)
			err = entity_tally_check(c, app->entity[i], &bad, &id);
		if (err == OK && bad > 0)
			err = err_set(&r->e, ERR_CONFLICT, "entity.tally", "",
				"the number of %s differs from the rows at %" PRId64 " places, one is %" PRId64,
				app->entity[i]->path, bad, id);
	}
	req_local_done(&rq);
	dbc_free(c);
	arena_free(a);
	return err;
}

static int check(struct run *r)
{
	struct app *app = NULL;
	int64_t entries = 0, matters = 0, values = 0, rows = 0;
	enum err err = cli_open_app(r, false, &app);

	if (err == OK)
		err = db_check(app->db, &r->e);
	if (err == OK)
		puts("the store is consistent");
	if (err == OK)
		err = verify(r, app->db, &entries);
	if (err == OK)
		printf("%" PRId64 " audit entries verified\n", entries);
	if (err == OK)
		err = check_clocks(r, app, &matters);
	if (err == OK)
		printf("%" PRId64 " matters' clocks replayed from their history\n", matters);
	if (err == OK)
		err = secret_check(&(struct secret_walk){ app, count_values, &values }, &r->e);
	if (err == OK)
		printf("%" PRId64 " identifiers opened\n", values);
	if (err == OK)
		err = check_index(r, app, &rows);
	if (err == OK)
		printf("%" PRId64 " rows found by what they say\n", rows);
	app_close(app);
	return err == OK ? EXIT_OK : cli_fail(r, err);
}

const struct command cmd_check = {
	.name = "check",
	.operands = "--db STORE",
	.summary = "check a store: its tables, the audit record, a sample of clocks, every identifier, what rows are found by",
	.options = SET_TABLE(check_options),
	.run = check,
};

/* ---- backup ---- */

static const struct option backup_options[] = { SET_DB };

static int backup(struct run *r)
{
	struct db *db = NULL;
	enum err err = cli_open_db(r, true, &db);

	if (err == OK)
		err = db_backup(db, r->set.operand[0], &r->e);
	db_close(db);
	if (err != OK)
		return cli_fail(r, err);
	printf("copied to %s\n", r->set.operand[0]);
	fprintf(stderr, "keep the key file apart from it, and the folder of attachments with it\n");
	return EXIT_OK;
}

const struct command cmd_backup = {
	.name = "backup",
	.operands = "FILE --db sqlite:PATH",
	.summary = "copy a store, also one in use, into a new FILE",
	.help = "For PostgreSQL use pg_dump. The key file and the attachments are not part of the copy.\n",
	.min = 1,
	.max = 1,
	.options = SET_TABLE(backup_options),
	.run = backup,
};

/* ---- restore ---- */

static const struct option restore_options[] = {
	SET(db, OPT_TEXT, .name = "db", .help = "the new store: sqlite:PATH"),
};

static enum err copy_bytes(int from, int to)
{
	static const size_t step = COPY_BYTES;
	ssize_t n;

	while ((n = copy_file_range(from, NULL, to, NULL, step, 0)) > 0)
		continue;
	if (n == 0)
		return fsync(to) == 0 ? OK : ERR_IO;
	/* Not between these file systems: by hand. */
	char buf[1 << 16];

	while ((n = read(from, buf, sizeof(buf))) > 0) {
		if (io_write(to, (struct str){ buf, (size_t)n }) != OK)
			return ERR_IO;
	}
	return n == 0 && fsync(to) == 0 ? OK : ERR_IO;
}

static enum err copy_file(struct run *r, const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	enum err err;

	if (in < 0)
		return err_set(&r->e, ERR_IO, "restore.open", "", "cannot open %.120s: %s", from, strerror(errno));
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0) {
		close(in);
		return err_set(&r->e, ERR_IO, "restore.write", "", "cannot write %.120s: %s", to, strerror(errno));
	}
	err = copy_bytes(in, out);
	if (err != OK)
		err_set(&r->e, err, "restore.write", "", "cannot copy %.80s to %.80s: %s", from, to, strerror(errno));
	close(in);
	if (close(out) != 0 && err == OK)
		err = err_set(&r->e, ERR_IO, "restore.write", "", "cannot write %.120s", to);
	return err;
}

/* Is the copy a store, whole, and of a schema that this program knows? */
static enum err prove(struct run *r, const char *path)
{
	char url[CLI_PATH + 8];
	struct db_config cfg = { .url = url, .writers = 1, .batch = 1 };
	struct db *db = NULL;
	struct dbc *c = NULL;
	int version = 0, newest = gezhi_migrations[gezhi_migrations_n - 1].number;
	enum err err;

	snprintf(url, sizeof(url), "sqlite:%s", path);
	err = db_open(&cfg, &db, &r->e);
	if (err == OK)
		err = db_check(db, &r->e);
	if (err == OK)
		err = db_reader_open(db, &c);
	if (err == OK)
		err = db_schema_version(c, &version);
	if (err == OK && (version == 0 || version > newest))
		err = err_set(&r->e, ERR_CONFLICT, "restore.schema", "",
			version == 0 ? "the file is not a store of gezhi"
				     : "the copy has schema %d, this program knows up to %d", version, newest);
	dbc_free(c);
	db_close(db);
	return err;
}

static bool present(const char *path, const char *suffix)
{
	char name[CLI_PATH];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) == 0 && (suffix[0] == '\0' || st.st_size > 0);
}

static void drop(const char *path)
{
	static const char *const suffix[] = { "", "-wal", "-shm" };
	char name[CLI_PATH + 8];

	for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffix[i]);
		unlink(name);
	}
}

/* Copied and proved under another name, so that the store's name only ever stands for a whole one. */
static enum err restore_to(struct run *r, const char *from, const char *to)
{
	char draft[CLI_PATH];
	enum err err;

	if (snprintf(draft, sizeof(draft), "%s.restoring", to) >= CLI_PATH - 8)
		return err_set(&r->e, ERR_INVALID, "path", "", "the path is too long");
	drop(draft);
	err = copy_file(r, from, draft);
	if (err == OK)
		err = prove(r, draft);
	/* Fails where a file of that name has come up meanwhile. */
	if (err == OK && link(draft, to) != 0)
		err = err_set(&r->e, ERR_CONFLICT, "restore.exists", "db", "%.120s: %s", to, strerror(errno));
	drop(draft);
	return err;
}

static int restore(struct run *r)
{
	const char *from = r->set.operand[0], *to = cli_sqlite_path(r->set.db);
	enum err err = OK;

	if (to == NULL)
		return cli_usage(r, "the new store is sqlite:PATH; for PostgreSQL use pg_restore");
	if (strlen(to) + 16 > CLI_PATH)
		return cli_usage(r, "the path is too long");
	if (present(to, "") || present(to, "-wal"))
		err = err_set(&r->e, ERR_CONFLICT, "restore.exists", "db",
			"%.120s exists and is not overwritten; move it away first", to);
	else if (present(from, "-wal"))
		err = err_set(&r->e, ERR_CONFLICT, "restore.live", "",
			"%.120s is a store in use, not a copy; make one with gezhi backup", from);
	if (err == OK)
		err = restore_to(r, from, to);
	if (err != OK)
		return cli_fail(r, err);
	printf("restored to %s\n", to);
	if (!present(to, ".key"))
		fprintf(stderr, "put its key file at %s.key before use\n", to);
	return EXIT_OK;
}

const struct command cmd_restore = {
	.name = "restore",
	.operands = "FILE --db sqlite:NEW",
	.summary = "make a new store from the copy in FILE",
	.help = "Never overwrites. The copy is checked first. The key file and the attachments are put back apart.\n",
	.min = 1,
	.max = 1,
	.options = SET_TABLE(restore_options),
	.run = restore,
};
