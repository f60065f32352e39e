/*
 * SQL functions added to every SQLite connection. jget(document, key) gives the member of a JSON
 * object as text: strings decoded, numbers, booleans, objects and arrays as they are written, null
 * as NULL; it answers like PostgreSQL's json ->> text. Documents are our own, so a malformed one is
 * NULL here.
 */
#include "db/sqlite_func.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- jget ---- */

struct scan {
	const char *p, *end;
};

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	skip_space(s);
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* Raw inside of a string literal; s->p behind the closing quote. */
static bool take_string(struct scan *s, const char **ret_p, size_t *ret_n)
{
	if (!take(s, '"'))
		return false;
	const char *from = s->p;
	while (s->p < s->end && *s->p != '"')
		s->p += *s->p == '\\' ? 2 : 1;
	if (s->p >= s->end)
		return false;
	*ret_p = from;
	*ret_n = (size_t)(s->p - from);
	s->p++;
	return true;
}

/* Any value; strings inside containers are skipped whole, so brackets in them do not count. */
static bool skip_value(struct scan *s)
{
	int depth = 0;
	const char *str;
	size_t n;
	skip_space(s);
	while (s->p < s->end) {
		char c = *s->p;
		if (c == '"') {
			if (!take_string(s, &str, &n))
				return false;
			if (depth == 0)
				return true;
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return true;
		s->p++;
		if (c == '{' || c == '[')
			depth++;
		if ((c == '}' || c == ']') && --depth == 0)
			return true;
	}
	return depth == 0;
}

static unsigned hex4(const char *p)
{
	unsigned v = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		unsigned d = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
			     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
			     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
						    : 0;
		v = v << 4 | d;
	}
	return v;
}

static char *put_rune(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xC0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3F));
	} else if (c < 0x10000) {
		*to++ = (char)(0xE0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3F));
		*to++ = (char)(0x80 | (c & 0x3F));
	} else {
		*to++ = (char)(0xF0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3F));
		*to++ = (char)(0x80 | (c >> 6 & 0x3F));
		*to++ = (char)(0x80 | (c & 0x3F));
	}
	return to;
}

/* Decodes \uXXXX at p (behind the u), joining a surrogate pair. Returns how many bytes were read.
 */
static size_t unescape_u(const char *p, const char *end, char **to)
{
	if (end - p < 4)
		return (size_t)(end - p);
	unsigned c = hex4(p);
	size_t n = 4;
	if (c >= 0xD800 && c < 0xDC00 && end - p >= 10 && p[4] == '\\' && p[5] == 'u') {
		unsigned low = hex4(p + 6);
		if (low >= 0xDC00 && low < 0xE000) {
			c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
			n = 10;
		}
	}
	*to = put_rune(*to, c);
	return n;
}

/* The decoded text is never longer than the literal. */
static size_t unescape(const char *p, size_t n, char *out)
{
	const char *end = p + n;
	char *to = out;
	while (p < end) {
		if (*p != '\\' || p + 1 >= end) {
			*to++ = *p++;
			continue;
		}
		char c = p[1];
		p += 2;
		if (c == 'u') {
			p += unescape_u(p, end, &to);
			continue;
		}
		*to++ = (char)(c == 'n'   ? '\n'
			       : c == 't' ? '\t'
			       : c == 'r' ? '\r'
			       : c == 'b' ? '\b'
			       : c == 'f' ? '\f'
					  : c);
	}
	return (size_t)(to - out);
}

static void give_string(sqlite3_context *cx, const char *p, size_t n)
{
	if (!memchr(p, '\\', n)) {
		sqlite3_result_text64(cx, p, n, SQLITE_TRANSIENT, SQLITE_UTF8);
		return;
	}
	char *out = sqlite3_malloc64(n + 1);
	if (!out) {
		sqlite3_result_error_nomem(cx);
		return;
	}
	sqlite3_result_text64(cx, out, unescape(p, n, out), sqlite3_free, SQLITE_UTF8);
}

static void give_value(sqlite3_context *cx, struct scan *s)
{
	const char *p;
	size_t n;
	skip_space(s);
	if (s->p < s->end && *s->p == '"') {
		if (take_string(s, &p, &n))
			give_string(cx, p, n);
		return;
	}
	p = s->p;
	if (!skip_value(s))
		return;
	n = (size_t)(s->p - p);
	while (n > 0 && strchr(" \t\r\n", p[n - 1]))
		n--;
	if (n == 4 && !memcmp(p, "null", 4))
		return;
	sqlite3_result_text64(cx, p, n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void fn_jget(sqlite3_context *cx, int argc, sqlite3_value **argv)
{
	(void)argc;
	const char *doc = (const char *)sqlite3_value_text(argv[0]);
	const char *key = (const char *)sqlite3_value_text(argv[1]);
	if (!doc || !key)
		return;
	size_t nkey = (size_t)sqlite3_value_bytes(argv[1]);
	struct scan s = { doc, doc + sqlite3_value_bytes(argv[0]) };
	if (!take(&s, '{'))
		return;
	do {
		const char *p;
		size_t n;
		if (!take_string(&s, &p, &n) || !take(&s, ':'))
			return;
		if (n == nkey && !memcmp(p, key, n)) {
			give_value(cx, &s);
			return;
		}
		if (!skip_value(&s))
			return;
	} while (take(&s, ','));
}

/* ---- string_agg ---- */

struct agg {
	char *p; /* NULL until the first value */
	size_t n, cap;
	bool failed;
};

static void agg_put(struct agg *a, const void *p, size_t n)
{
	if (a->failed)
		return;
	if (a->n + n + 1 > a->cap) {
		size_t cap = (a->n + n + 1) * 2;
		char *more = sqlite3_realloc64(a->p, cap);
		if (!more) {
			a->failed = true;
			return;
		}
		a->p = more;
		a->cap = cap;
	}
	if (n && a->p)
		memcpy(a->p + a->n, p, n);
	a->n += n;
}

static void string_agg_step(sqlite3_context *cx, int argc, sqlite3_value **argv)
{
	(void)argc;
	const unsigned char *text = sqlite3_value_text(argv[0]);
	if (!text)
		return;
	struct agg *a = sqlite3_aggregate_context(cx, sizeof(*a));
	if (!a)
		return;
	const unsigned char *sep = sqlite3_value_text(argv[1]);
	if (a->p && sep)
		agg_put(a, sep, (size_t)sqlite3_value_bytes(argv[1]));
	agg_put(a, text, (size_t)sqlite3_value_bytes(argv[0]));
}

static void string_agg_final(sqlite3_context *cx)
{
	struct agg *a = sqlite3_aggregate_context(cx, 0);
	if (!a || !a->p)
		return;
	if (a->failed) {
		sqlite3_free(a->p);
		sqlite3_result_error_nomem(cx);
		return;
	}
	sqlite3_result_text64(cx, a->p, a->n, sqlite3_free, SQLITE_UTF8);
}

int sqlite_func_register(sqlite3 *h)
{
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	int rc = sqlite3_create_function_v2(h, "jget", 2, flags, NULL, fn_jget, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rc;
	return sqlite3_create_function_v2(h, "string_agg", 2, SQLITE_UTF8 | SQLITE_INNOCUOUS, NULL,
		NULL, string_agg_step, string_agg_final, NULL);
}
