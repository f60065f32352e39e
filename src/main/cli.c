/* See cli.h. */
#include "main/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main/modules.h"

/* ---- saying what went wrong ---- */

int cli_fail(struct run *r, enum err err)
{
	fprintf(stderr, "gezhi %s: %s\n", r->cmd->name,
		r->e.message[0] != '\0' ? r->e.message : err_name(err));
	return EXIT_FAILED;
}

int cli_usage(struct run *r, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "gezhi %s: ", r->cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: gezhi %s %s\n", r->cmd->name, r->cmd->operands);
	return EXIT_USAGE;
}

/* ---- the store ---- */

const char *cli_sqlite_path(const char *url)
{
	return strncmp(url, "sqlite:", 7) == 0 ? url + 7 : NULL;
}

static bool is_memory(const char *path)
{
	return path != NULL && strcmp(path, ":memory:") == 0;
}

/* A file with something in it. */
static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0;
}

static enum err check_present(struct run *r)
{
	const char *path = cli_sqlite_path(r->set.db);

	if (path == NULL || is_memory(path) || exists(path))
		return OK;
	return err_set(&r->e, ERR_NOT_FOUND, "store.absent", "db",
		"there is no store at %.120s; gezhi migrate makes one", path);
}

enum err cli_open_db(struct run *r, bool must_exist, struct db **ret)
{
	struct db_config cfg = { .url = r->set.db, .writers = 1, .batch = 128 };
	enum err err = must_exist ? check_present(r) : OK;

	return err != OK ? err : db_open(&cfg, ret, &r->e);
}

static enum err default_path(struct run *r, const char *given, const char *base, const char *suffix,
	char ret[CLI_PATH])
{
	int n = given != NULL ? snprintf(ret, CLI_PATH, "%s", given)
			      : snprintf(ret, CLI_PATH, "%s%s", base, suffix);

	if (n < 0 || n >= CLI_PATH)
		return err_set(&r->e, ERR_INVALID, "path", "", "a path is too long");
	return OK;
}

/* Where keys and attachments lie when the call does not say: beside the file of an embedded store; for
 * PostgreSQL the keys must be named and attachments lie beside them. */
enum err cli_find_paths(struct run *r)
{
	const char *path = cli_sqlite_path(r->set.db);
	enum err err;

	if ((path == NULL || is_memory(path)) && r->set.key_file == NULL)
		return err_set(&r->e, ERR_INVALID, "key_file", "key-file",
			"name the key file with --key-file or GEZHI_KEY_FILE: %s has none of its own",
			path == NULL ? "PostgreSQL" : "a store in memory");
	err = default_path(r, r->set.key_file, path, ".key", r->key_file);
	if (err == OK)
		err = default_path(r, r->set.files, path != NULL && !is_memory(path) ? path : r->key_file,
			".files", r->files);
	/* A fresh key would make what was sealed with the lost one unreadable without a word. */
	if (err == OK && path != NULL && !is_memory(path) && exists(path) && !exists(r->key_file))
		err = err_set(&r->e, ERR_NOT_FOUND, "key_file.absent", "key-file",
			"the key file %.120s is missing: put it back, what the store holds of identifiers is "
			"unreadable without it", r->key_file);
	return err;
}

static bool level_of(const char *word, enum log_level *ret)
{
	static const char *const words[] = { [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn",
		[LOG_ERROR] = "error" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

enum err cli_open_app(struct run *r, bool migrate, struct app **ret)
{
	struct app_options o = { .url = r->set.db, .key_file = r->key_file, .file_dir = r->files,
		.pg_writers = r->set.writers > 0 ? (int)r->set.writers : 1, .log_level = LOG_WARN, .unsafe_fast = r->fast,
		.alone = r->alone };
	enum err err = migrate ? OK : check_present(r);

	if (err == OK && r->set.log_level != NULL && !level_of(r->set.log_level, &o.log_level))
		err = err_set(&r->e, ERR_INVALID, "log_level", "log-level",
			"the log level is debug, info, warn or error");
	if (err == OK)
		err = cli_find_paths(r);
	return err != OK ? err : app_open(&o, gezhi_modules, migrate, ret, &r->e);
}

/* ---- files ---- */

enum err cli_file_open(struct run *r, const char *path, struct cli_file *ret)
{
	struct stat st;
	void *p = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(&r->e, ERR_IO, "file", "", "cannot open %.120s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(&r->e, ERR_INVALID, "file", "", "%.120s is not a file", path);
	}
	if (st.st_size > CLI_FILE_MAX) {
		close(fd);
		return err_set(&r->e, ERR_LIMIT, "file", "", "%.120s is larger than 512 MiB", path);
	}
	if (st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return err_set(&r->e, ERR_IO, "file", "", "cannot read %.120s: %s", path, strerror(errno));
	*ret = (struct cli_file){ { p != NULL ? p : "", (size_t)st.st_size }, p };
	return OK;
}

void cli_file_close(struct cli_file *f)
{
	if (f->mapped != NULL)
		munmap(f->mapped, f->text.n);
	f->mapped = NULL;
}
