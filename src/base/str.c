/* Text views: comparing, cutting, numbers, UTF-8. */
#include "base/str.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { STR_NUMBER_MAX = 64 };

struct str str_z(const char *z)
{
	return (struct str){ z, z ? strlen(z) : 0 };
}

bool str_eq(struct str a, struct str b)
{
	if (!a.p || !b.p)
		return !a.p && !b.p;
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eqz(struct str a, const char *z)
{
	return str_eq(a, str_z(z));
}

bool str_prefix(struct str s, struct str prefix)
{
	if (!s.p || !prefix.p || prefix.n > s.n)
		return false;
	return prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0;
}

static bool str_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The ideographic space U+3000, which Chinese keyboards produce. */
static bool str_wide_blank(const char *p)
{
	return memcmp(p, "\xE3\x80\x80", 3) == 0;
}

struct str str_trim(struct str s)
{
	while (s.n > 0) {
		size_t cut = str_blank(s.p[0]) ? 1 : s.n >= 3 && str_wide_blank(s.p) ? 3 : 0;
		if (!cut)
			break;
		s.p += cut;
		s.n -= cut;
	}
	while (s.n > 0) {
		const char *end = s.p + s.n;
		size_t cut = str_blank(end[-1]) ? 1 : s.n >= 3 && str_wide_blank(end - 3) ? 3 : 0;
		if (!cut)
			break;
		s.n -= cut;
	}
	return s;
}

struct str str_dup(struct arena *a, struct str s)
{
	if (!s.p)
		return s;
	if (s.n == SIZE_MAX)
		return (struct str){ NULL, 0 };

	char *p = arena_alloc(a, s.n + 1);
	if (!p)
		return (struct str){ NULL, 0 };
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

const char *str_cstr(struct arena *a, struct str s)
{
	return str_dup(a, s).p;
}

bool str_i64(struct str s, int64_t *ret_v)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	size_t i = minus ? 1 : 0;
	int64_t v = 0;

	if (i >= s.n)
		return false;
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, s.p[i] - '0', &v))
			return false;
	}
	*ret_v = minus ? -v : v;
	return true;
}

/* Decimal notation only: strtod would also take hex, "inf", "nan" and leading blanks. */
static bool str_is_decimal(struct str s)
{
	size_t i = 0, digits = 0;

	if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
		i++;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		digits++;
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			digits++;
	if (digits == 0)
		return false;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		size_t first = i;
		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
			i++;
		if (i == first)
			return false;
	}
	return i == s.n;
}

bool str_double(struct str s, double *ret_v)
{
	char z[STR_NUMBER_MAX];

	if (s.n == 0 || s.n >= sizeof(z) || !str_is_decimal(s))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = 0;

	double v = strtod(z, NULL);
	if (!isfinite(v))
		return false;
	*ret_v = v;
	return true;
}

bool str_is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

bool str_split(struct str *rest, char sep, struct str *ret_piece)
{
	if (!rest->p)
		return false;

	const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	if (!at) {
		*ret_piece = *rest;
		*rest = (struct str){ NULL, 0 };
		return true;
	}
	size_t n = (size_t)(at - rest->p);
	*ret_piece = (struct str){ rest->p, n };
	*rest = (struct str){ at + 1, rest->n - n - 1 };
	return true;
}

uint32_t str_rune(struct str s, size_t *pos)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s.p + *pos;
	size_t left = s.n - *pos;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

	if (n == 1) {
		*pos += 1;
		return p[0];
	}
	if (n == 0 || n > left || p[0] > 0xF4) {
		*pos += 1;
		return 0xFFFD;
	}
	uint32_t rune = p[0] & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80) {
			*pos += 1;
			return 0xFFFD;
		}
		rune = rune << 6 | (p[i] & 0x3Fu);
	}
	if (rune < least[n] || rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) {
		*pos += 1;
		return 0xFFFD;
	}
	*pos += n;
	return rune;
}

size_t str_runes(struct str s)
{
	size_t count = 0, pos = 0;

	while (pos < s.n) {
		size_t at = pos;
		/* A real U+FFFD takes three bytes, a malformed byte one. */
		if (str_rune(s, &pos) == 0xFFFD && pos - at == 1)
			return SIZE_MAX;
		count++;
	}
	return count;
}

struct str str_fmt(struct arena *a, const char *fmt, ...)
{
	struct str absent = { NULL, 0 };
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p ? (struct str){ p, (size_t)n } : absent;
}
