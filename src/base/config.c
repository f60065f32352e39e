/*
 * Settings. Sources are read from the weakest to the strongest (default, file, environment, flag),
 * each overwriting the one before, so precedence is the order of four calls.
 */
#include "base/config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_FILE_MAX = 1 << 20, CONFIG_NAME = 64 };

struct reader {
	const struct options *o;
	void *rec;
	struct arena *a;
	struct error *e;
};

static const struct option *option_find(const struct options *o, struct str name)
{
	for (size_t i = 0; i < o->n; i++)
		if (str_eqz(name, o->v[i].name))
			return &o->v[i];
	return NULL;
}

/* GEZHI_NAME; false when the name is too long for an option. */
static bool option_env(const struct option *d, char ret[CONFIG_NAME])
{
	static const char prefix[] = "GEZHI_";
	size_t n = sizeof(prefix) - 1;

	memcpy(ret, prefix, n);
	for (const char *p = d->name; *p; p++) {
		if (n + 1 >= CONFIG_NAME)
			return false;
		ret[n++] = *p == '-' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
	}
	ret[n] = 0;
	return true;
}

static enum err option_bad(struct reader *r, const struct option *d, const char *source,
	struct str value, const char *want)
{
	return err_set(r->e, ERR_INVALID, "config_value", d->name,
		"%s: \"%.*s\" is no value for %s; it must be %s.", source,
		(int)(value.n < 60 ? value.n : 60), value.p ? value.p : "", d->name, want);
}

static bool flag_value(struct str s, int64_t *ret)
{
	static const char *const yes[] = { "yes", "true", "1", "on" };
	static const char *const no[] = { "no", "false", "0", "off" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_eqz(s, yes[i]) || str_eqz(s, no[i])) {
			*ret = str_eqz(s, yes[i]);
			return true;
		}
	}
	return false;
}

static enum err option_set(
	struct reader *r, const struct option *d, const char *source, struct str value)
{
	char *at = (char *)r->rec + d->off;
	char want[96];
	int64_t v = 0;

	switch (d->type) {
	case OPT_TEXT: {
		const char *copy = str_cstr(r->a, value);
		if (!copy && value.p)
			return err_set(r->e, ERR_NOMEM, "no_memory", d->name, "Out of memory.");
		memcpy(at, &copy, sizeof(copy));
		return OK;
	}
	case OPT_FLAG:
		if (!flag_value(value, &v))
			return option_bad(r, d, source, value, "yes or no");
		break;
	case OPT_INT:
		if (!str_i64(value, &v))
			return option_bad(r, d, source, value, "a whole number");
		if ((d->min || d->max) && (v < d->min || v > d->max)) {
			snprintf(
				want, sizeof(want), "from %" PRId64 " to %" PRId64, d->min, d->max);
			return option_bad(r, d, source, value, want);
		}
		break;
	}
	memcpy(at, &v, sizeof(v));
	return OK;
}

static enum err read_defaults(struct reader *r)
{
	for (size_t i = 0; i < r->o->n; i++) {
		const struct option *d = &r->o->v[i];
		struct str value = str_z(d->dflt);

		/* A text without default stays NULL, a number without one 0. */
		if (!value.p && d->type != OPT_TEXT)
			value = STR("0");
		enum err err = option_set(r, d, "default", value);
		if (err)
			return err;
	}
	return OK;
}

static enum err read_line(struct reader *r, const char *file, int line, struct str text)
{
	char source[96];
	const char *eq = text.n ? memchr(text.p, '=', text.n) : NULL;

	snprintf(source, sizeof(source), "%.60s, line %d", file, line);
	if (!eq)
		return err_set(r->e, ERR_INVALID, "config_line", "",
			"%s: a setting is written name=value.", source);
	size_t n = (size_t)(eq - text.p);
	struct str name = str_trim((struct str){ text.p, n });
	const struct option *d = option_find(r->o, name);
	if (!d)
		return err_set(r->e, ERR_INVALID, "config_name", "",
			"%s: unknown setting \"%.*s\".", source, (int)(name.n < 60 ? name.n : 60),
			name.p);
	return option_set(r, d, source, str_trim((struct str){ eq + 1, text.n - n - 1 }));
}

static enum err file_load(struct reader *r, const char *file, struct str *ret)
{
	FILE *f = fopen(file, "rb");

	if (!f)
		return err_set(r->e, ERR_IO, "config_file", "", "%.120s cannot be opened: %s.",
			file, strerror(errno));
	char *p = malloc(CONFIG_FILE_MAX);
	size_t n = p ? fread(p, 1, CONFIG_FILE_MAX, f) : 0;
	bool failed = ferror(f) != 0;
	fclose(f);
	if (p && !failed && n < CONFIG_FILE_MAX) {
		*ret = (struct str){ p, n };
		return OK;
	}
	free(p);
	if (!p)
		return err_set(r->e, ERR_NOMEM, "no_memory", "", "Out of memory.");
	return err_set(r->e, failed ? ERR_IO : ERR_LIMIT, "config_file", "",
		failed ? "%.120s cannot be read." : "%.120s is 1 MiB or larger.", file);
}

static enum err read_file(struct reader *r, const char *file)
{
	struct str text, rest, line;
	int number = 0;

	if (!file)
		return OK;
	enum err err = file_load(r, file, &text);
	if (err)
		return err;
	rest = text;
	while (!err && str_split(&rest, '\n', &line)) {
		line = str_trim(line);
		number++;
		if (line.n > 0 && line.p[0] != '#')
			err = read_line(r, file, number, line);
	}
	/* The block was made for this call; str keeps it as const. */
	union {
		const char *c;
		char *p;
	} block = { text.p };
	free(block.p);
	return err;
}

static enum err read_env(struct reader *r)
{
	char name[CONFIG_NAME];

	for (size_t i = 0; i < r->o->n; i++) {
		const char *value = option_env(&r->o->v[i], name) ? getenv(name) : NULL;

		if (!value)
			continue;
		enum err err = option_set(r, &r->o->v[i], name, str_z(value));
		if (err)
			return err;
	}
	return OK;
}

/* One "--…" argument; *i is moved over a value that stands apart. */
static enum err read_flag(struct reader *r, int argc, char **argv, int *i)
{
	struct str text = str_z(argv[*i] + 2), name;
	struct str value = text;

	str_split(&value, '=', &name);
	const struct option *d = option_find(r->o, name);
	if (!d && str_prefix(name, STR("no-")) && !value.p) {
		d = option_find(r->o, (struct str){ name.p + 3, name.n - 3 });
		if (d && d->type == OPT_FLAG)
			return option_set(r, d, argv[*i], STR("no"));
		d = NULL;
	}
	if (!d)
		return err_set(r->e, ERR_INVALID, "config_name", "", "Unknown option --%.*s.",
			(int)(name.n < 60 ? name.n : 60), name.p);
	if (!value.p && d->type == OPT_FLAG)
		value = STR("yes");
	if (!value.p) {
		if (*i + 1 >= argc)
			return err_set(r->e, ERR_INVALID, "config_value", d->name,
				"--%s needs a value.", d->name);
		value = str_z(argv[++*i]);
	}
	char source[CONFIG_NAME];
	snprintf(source, sizeof(source), "--%.60s", d->name);
	return option_set(r, d, source, value);
}

enum err options_parse(const struct options *o, int argc, char **argv, const char *file, void *rec,
	const char **ret_operand, size_t max, size_t *ret_n, struct arena *a, struct error *e)
{
	struct reader r = { .o = o, .rec = rec, .a = a, .e = e };
	bool flags = true;
	size_t n = 0;
	enum err err = read_defaults(&r);

	if (!err)
		err = read_file(&r, file);
	if (!err)
		err = read_env(&r);
	for (int i = 1; !err && i < argc; i++) {
		if (flags && strcmp(argv[i], "--") == 0)
			flags = false;
		else if (flags && strncmp(argv[i], "--", 2) == 0)
			err = read_flag(&r, argc, argv, &i);
		else if (n == max)
			err = err_set(e, ERR_INVALID, "config_operand", "",
				"Too many arguments: %.60s.", argv[i]);
		else
			ret_operand[n++] = argv[i];
	}
	if (err)
		return err;
	*ret_n = n;
	return OK;
}

void options_help(const struct options *o, struct buf *b)
{
	static const char *const what[] = {
		[OPT_TEXT] = " TEXT", [OPT_INT] = " N", [OPT_FLAG] = ""
	};
	char env[CONFIG_NAME];

	for (size_t i = 0; i < o->n; i++) {
		const struct option *d = &o->v[i];

		buf_fmt(b, "  --%s%s\n      %s", d->name, what[d->type], d->help);
		if (d->type == OPT_INT && (d->min || d->max))
			buf_fmt(b, " (%" PRId64 "–%" PRId64 ")", d->min, d->max);
		if (d->dflt && d->dflt[0] && d->type != OPT_FLAG)
			buf_fmt(b, " [%s]", d->dflt);
		if (option_env(d, env))
			buf_fmt(b, " %s", env);
		buf_char(b, '\n');
	}
}
