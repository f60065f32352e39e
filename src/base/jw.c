/*
 * Streaming JSON writer. It writes nearly every reply, so plain runs of text are copied whole and
 * numbers are written without printf.
 */
#include "base/jw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

void jw_init(struct jw *j, struct buf *b)
{
	*j = (struct jw){ .b = b };
}

static void jw_fail(struct jw *j)
{
	j->b->failed = true;
}

static bool jw_in_obj(const struct jw *j)
{
	return (j->in_obj >> j->depth & 1u) != 0;
}

/* Comma before an item of an array, nothing after a key; one value only at the top. */
static void jw_value(struct jw *j)
{
	uint32_t bit = 1u << j->depth;

	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (jw_in_obj(j) || (j->depth == 0 && (j->has_item & bit))) {
		jw_fail(j);
		return;
	}
	if (j->has_item & bit)
		buf_char(j->b, ',');
	j->has_item |= bit;
}

static void jw_open(struct jw *j, char c, bool obj)
{
	jw_value(j);
	if (j->depth >= JW_DEPTH) {
		jw_fail(j);
		return;
	}
	j->depth++;
	uint32_t bit = 1u << j->depth;
	j->has_item &= ~bit;
	j->in_obj = obj ? j->in_obj | bit : j->in_obj & ~bit;
	buf_char(j->b, c);
}

static void jw_close(struct jw *j, char c, bool obj)
{
	if (j->depth == 0 || j->after_key || jw_in_obj(j) != obj) {
		jw_fail(j);
		return;
	}
	j->depth--;
	buf_char(j->b, c);
}

void jw_obj(struct jw *j)
{
	jw_open(j, '{', true);
}

void jw_end_obj(struct jw *j)
{
	jw_close(j, '}', true);
}

void jw_arr(struct jw *j)
{
	jw_open(j, '[', false);
}

void jw_end_arr(struct jw *j)
{
	jw_close(j, ']', false);
}

static void jw_escape(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char u[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	switch (c) {
	case '"':
		buf_put(b, "\\\"", 2);
		break;
	case '\\':
		buf_put(b, "\\\\", 2);
		break;
	case '\n':
		buf_put(b, "\\n", 2);
		break;
	case '\r':
		buf_put(b, "\\r", 2);
		break;
	case '\t':
		buf_put(b, "\\t", 2);
		break;
	default:
		buf_put(b, u, sizeof(u));
	}
}

/* Three-byte characters whose second byte needs no special range: nearly all Chinese text. */
static bool jw_is_plain3(const unsigned char *p, size_t left)
{
	return left >= 3 && p[0] >= 0xE1 && p[0] <= 0xEC && (p[1] & 0xC0) == 0x80 &&
	       (p[2] & 0xC0) == 0x80;
}

static void jw_quoted(struct buf *b, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t start = 0, i = 0;

	buf_char(b, '"');
	while (i < s.n) {
		unsigned char c = p[i];
		if (c < 0x80) {
			if (c >= 0x20 && c != '"' && c != '\\') {
				i++;
				continue;
			}
			buf_put(b, s.p + start, i - start);
			jw_escape(b, c);
			start = ++i;
			continue;
		}
		if (jw_is_plain3(p + i, s.n - i)) {
			i += 3;
			continue;
		}
		size_t at = i;
		if (str_rune(s, &i) == 0xFFFD && i - at == 1) {
			buf_put(b, s.p + start, at - start);
			buf_put(b, "\xEF\xBF\xBD", 3);
			start = i;
		}
	}
	buf_put(b, s.p + start, i - start);
	buf_char(b, '"');
}

void jw_key(struct jw *j, const char *key)
{
	uint32_t bit = 1u << j->depth;

	if (j->after_key || !jw_in_obj(j) || !key) {
		jw_fail(j);
		return;
	}
	if (j->has_item & bit)
		buf_char(j->b, ',');
	j->has_item |= bit;
	jw_quoted(j->b, str_z(key));
	buf_char(j->b, ':');
	j->after_key = true;
}

void jw_str(struct jw *j, struct str s)
{
	if (!s.p) {
		jw_null(j);
		return;
	}
	jw_value(j);
	jw_quoted(j->b, s);
}

void jw_z(struct jw *j, const char *z)
{
	jw_str(j, str_z(z));
}

void jw_int(struct jw *j, int64_t v)
{
	if (v == NIL) {
		jw_null(j);
		return;
	}
	jw_value(j);
	buf_i64(j->b, v);
}

void jw_id(struct jw *j, int64_t v)
{
	if (v == NIL || v == 0) {
		jw_null(j);
		return;
	}
	jw_value(j);
	buf_char(j->b, '"');
	buf_i64(j->b, v);
	buf_char(j->b, '"');
}

/*
 * Coordinates and other numbers of at most seven decimals, without printf. Both r and the power of
 * ten are exact, so r / 1e7 is the double nearest to the decimal text; equality proves that the
 * text reads back as v.
 */
static bool jw_short_real(struct buf *b, double v)
{
	const int64_t scale = 10000000;
	char digits[7];
	size_t n = sizeof(digits);

	if (fabs(v) >= 1e8)
		return false;
	int64_t r = llround(v * (double)scale);
	if ((double)r / (double)scale != v)
		return false;
	if (r < 0)
		buf_char(b, '-');
	int64_t u = r < 0 ? -r : r;
	buf_i64(b, u / scale);
	for (int64_t i = (int64_t)n - 1, f = u % scale; i >= 0; i--, f /= 10)
		digits[i] = (char)('0' + f % 10);
	while (n > 0 && digits[n - 1] == '0')
		n--;
	if (n > 0) {
		buf_char(b, '.');
		buf_put(b, digits, n);
	}
	return true;
}

void jw_real(struct jw *j, double v)
{
	char text[40];

	if (!isfinite(v)) {
		jw_null(j);
		return;
	}
	jw_value(j);
	if (jw_short_real(j->b, v))
		return;
	/* The shorter form when it reads back as the same number. */
	int n = snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		n = snprintf(text, sizeof(text), "%.17g", v);
	buf_put(j->b, text, n < 0 ? 0 : (size_t)n);
}

void jw_bool(struct jw *j, bool v)
{
	jw_value(j);
	buf_z(j->b, v ? "true" : "false");
}

void jw_null(struct jw *j)
{
	jw_value(j);
	buf_put(j->b, "null", 4);
}

void jw_time(struct jw *j, int64_t ms)
{
	char text[TIME_TEXT];

	if (ms == NIL) {
		jw_null(j);
		return;
	}
	jw_value(j);
	buf_char(j->b, '"');
	buf_z(j->b, time_format(ms, text));
	buf_char(j->b, '"');
}

void jw_date(struct jw *j, int64_t ymd)
{
	char text[DATE_TEXT];

	jw_z(j, ymd != NIL ? date_format(ymd, text) : NULL);
}

void jw_raw(struct jw *j, struct str json)
{
	if (!json.p || json.n == 0) {
		jw_null(j);
		return;
	}
	jw_value(j);
	buf_str(j->b, json);
}

void jw_kstr(struct jw *j, const char *key, struct str v)
{
	jw_key(j, key);
	jw_str(j, v);
}

void jw_kz(struct jw *j, const char *key, const char *v)
{
	jw_key(j, key);
	jw_z(j, v);
}

void jw_kint(struct jw *j, const char *key, int64_t v)
{
	jw_key(j, key);
	jw_int(j, v);
}

void jw_kid(struct jw *j, const char *key, int64_t v)
{
	jw_key(j, key);
	jw_id(j, v);
}

void jw_kreal(struct jw *j, const char *key, double v)
{
	jw_key(j, key);
	jw_real(j, v);
}

void jw_kbool(struct jw *j, const char *key, bool v)
{
	jw_key(j, key);
	jw_bool(j, v);
}

void jw_ktime(struct jw *j, const char *key, int64_t ms)
{
	jw_key(j, key);
	jw_time(j, ms);
}

void jw_kdate(struct jw *j, const char *key, int64_t ymd)
{
	jw_key(j, key);
	jw_date(j, ymd);
}

void jw_kraw(struct jw *j, const char *key, struct str json)
{
	jw_key(j, key);
	jw_raw(j, json);
}

void jw_kobj(struct jw *j, const char *key)
{
	jw_key(j, key);
	jw_obj(j);
}

void jw_karr(struct jw *j, const char *key)
{
	jw_key(j, key);
	jw_arr(j);
}
