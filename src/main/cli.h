/*
 * What the commands share: the record of all settings, how a command is described, opening the store and
 * the application, reading files, saying what went wrong.
 */
#ifndef GEZHI_MAIN_CLI_H
#define GEZHI_MAIN_CLI_H

#include <stddef.h>

#include "base/config.h"
#include "core/app.h"

enum { OPERANDS_MAX = 4, CLI_PATH = 1024, EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Every setting of every command; a command's table names those it takes. */
struct settings {
	const char *db, *key_file, *files, *log_level, *config;
	const char *bind, *trusted_proxy;
	int64_t port, io_threads, workers, writers, connections, per_address, import_mb, visit_ahead;
	const char *map, *format, *out, *purpose;
	int64_t dry_run, partial;
	int64_t types;
	const char *role, *place, *unit, *board;
	int64_t password_stdin;
	int64_t sample;
	const char *size, *until;
	int64_t seed, events, quiet;
	int64_t clients, seconds, batch, households;
	const char *login, *handler, *password;
	const char *operand[OPERANDS_MAX];
	size_t noperand;
};

struct command;

/* One call of the program. */
struct run {
	const struct command *cmd;
	struct settings set;
	struct arena *arena;
	struct error e;
	char key_file[CLI_PATH], files[CLI_PATH];
	bool alone; /* the only program on the store */
	bool fast; /* nothing waits for the disk until the store is closed */
};

struct command {
	const char *name;
	const char *operands; /* as shown by --help */
	const char *summary;
	const char *help; /* further lines, each ended; or NULL */
	size_t min, max;  /* operands */
	struct options options;
	int (*run)(struct run *r); /* returns the exit code */
};

extern const struct command cmd_serve, cmd_migrate, cmd_check, cmd_backup, cmd_restore, cmd_audit, cmd_import,
	cmd_export, cmd_user, cmd_openapi, cmd_bench, cmd_demo, cmd_keys;

/* Rows of option tables. */
#define SET(m, T, ...) { .type = (T), .off = offsetof(struct settings, m), __VA_ARGS__ }
#define SET_DB SET(db, OPT_TEXT, .name = "db", .help = "the store: sqlite:PATH or postgres://…")
#define SET_KEY                             \
	SET(key_file, OPT_TEXT, .name = "key-file", \
		.help = "keys of identifiers at rest; made when absent [PATH.key beside sqlite:PATH]")
#define SET_LOG(level) SET(log_level, OPT_TEXT, .name = "log-level", .dflt = (level), .help = "debug, info, warn or error")
#define SET_TABLE(arr) { (arr), ARRAY_LEN(arr) }

/* Path of an embedded store's file; NULL on PostgreSQL. */
const char *cli_sqlite_path(const char *url);
/* The store named by --db; with `must_exist` a file that is not there is refused, not made. */
enum err cli_open_db(struct run *r, bool must_exist, struct db **ret) MUST_CHECK;
/* Finds (does not make) the key file and the folder of attachments: r->key_file, r->files. */
enum err cli_find_paths(struct run *r) MUST_CHECK;
/* The whole application. With `migrate` the store may be new. Details in r->e. */
enum err cli_open_app(struct run *r, bool migrate, struct app **ret) MUST_CHECK;

/* Says what failed on standard error; returns the exit code. */
int cli_fail(struct run *r, enum err err);
/* The words of the call are off. */
int cli_usage(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct cli_file {
	struct str text;
	void *mapped; /* NULL: nothing to release */
};
/* A whole file, mapped; at most CLI_FILE_MAX bytes. */
enum { CLI_FILE_MAX = 512 << 20 };
enum err cli_file_open(struct run *r, const char *path, struct cli_file *ret) MUST_CHECK;
void cli_file_close(struct cli_file *f);

#endif
