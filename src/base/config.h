/*
 * Settings from one const table: flag, environment, file, default, in that order of precedence. The
 * same table prints --help and docs/operations.md's list.
 */
#ifndef GEZHI_BASE_CONFIG_H
#define GEZHI_BASE_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum opt_type { OPT_TEXT, OPT_INT, OPT_FLAG };

struct option {
	const char *name; /* --name, GEZHI_NAME in the environment, name= in the file */
	enum opt_type type;
	size_t off;	  /* const char * for OPT_TEXT, int64_t for OPT_INT and OPT_FLAG */
	const char *dflt;
	int64_t min, max;
	const char *help;
};

struct options {
	const struct option *v;
	size_t n;
};

/*
 * Reads argv[1…] into `rec`; operands (no leading --) go to ret_operand (at most max). "--" ends
 * options. An unknown flag or bad value is ERR_INVALID naming it. `file` may be NULL; one that cannot
 * be read is ERR_IO. Values are "--name value" or "--name=value"; a flag is "--name", "--no-name" or
 * "--name=yes|no". Dashes are underscores in the environment. Empty lines and lines that start with #
 * do not count in the file. Texts live in `a` or in argv. min/max both 0 set no limit on OPT_INT.
 */
enum err options_parse(const struct options *o, int argc, char **argv, const char *file, void *rec,
		       const char **ret_operand, size_t max, size_t *ret_n, struct arena *a,
		       struct error *e) MUST_CHECK;
/* One entry per option: name, environment variable, default, limits, purpose. */
void options_help(const struct options *o, struct buf *b);

#endif
