/* Fills the caller's error object; the only place where its texts are cut to size. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void err_copy(char *out, size_t cap, const char *z)
{
	size_t n = z ? strlen(z) : 0;

	if (n >= cap)
		n = cap - 1;
	if (n)
		memcpy(out, z, n);
	out[n] = 0;
}

/* A message cut in the middle of a character would not be UTF-8 any more. */
static void err_cut_whole(char *z, size_t n)
{
	size_t start = n;

	while (start > 0 && ((unsigned char)z[start - 1] & 0xC0) == 0x80)
		start--;
	if (start == 0)
		return;
	unsigned char lead = (unsigned char)z[start - 1];
	size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	if (n - (start - 1) < want)
		z[start - 1] = 0;
}

/* In brackets, so that no macro of the analysers' takes its place. */
enum err (err_set)(
	struct error *e, enum err err, const char *code, const char *field, const char *fmt, ...)
{
	if (!e)
		return err;
	e->err = err;
	err_copy(e->code, sizeof(e->code), code);
	err_copy(e->field, sizeof(e->field), field);
	e->message[0] = 0;
	if (!fmt)
		return err;

	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	if (n < 0)
		e->message[0] = 0;
	else if ((size_t)n >= sizeof(e->message))
		err_cut_whole(e->message, sizeof(e->message) - 1);
	return err;
}

const char *err_name(enum err err)
{
	static const char *const name[ERR_MAX] = {
		[OK] = "ok",
		[ERR_INVALID] = "invalid",
		[ERR_AUTH] = "auth",
		[ERR_DENIED] = "denied",
		[ERR_NOT_FOUND] = "not_found",
		[ERR_CONFLICT] = "conflict",
		[ERR_LIMIT] = "limit",
		[ERR_RETRY] = "retry",
		[ERR_NOMEM] = "no_memory",
		[ERR_IO] = "io",
		[ERR_BUG] = "bug",
	};

	if ((int)err < 0 || err >= ERR_MAX)
		return "unknown";
	return name[err];
}
