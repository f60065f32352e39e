/* Growable byte buffer: doubles up to its maximum, then fails once and for all until reset. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 256 };

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_release(struct buf *b)
{
	if (!b)
		return;
	free(b->p);
	*b = (struct buf){ .max = b->max };
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

/* Makes room for n more bytes. */
static bool buf_room(struct buf *b, size_t n)
{
	if (b->failed)
		return false;
	if (n <= b->cap - b->n)
		return true;
	if (b->n > b->max || n > b->max - b->n) {
		b->failed = true;
		return false;
	}

	size_t want = b->n + n;
	size_t cap = b->cap ? b->cap : BUF_FIRST;
	while (cap < want)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap > b->max)
		cap = b->max;

	char *p = realloc(b->p, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !buf_room(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void buf_z(struct buf *b, const char *z)
{
	if (z)
		buf_put(b, z, strlen(z));
}

void buf_char(struct buf *b, char c)
{
	if (!buf_room(b, 1))
		return;
	b->p[b->n++] = c;
}

void buf_i64(struct buf *b, int64_t v)
{
	char text[20];
	size_t at = sizeof(text);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		text[--at] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		text[--at] = '-';
	buf_put(b, text + at, sizeof(text) - at);
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
	} else if ((size_t)n < sizeof(small)) {
		buf_put(b, small, (size_t)n);
	} else if ((size_t)n < b->max && buf_room(b, (size_t)n + 1)) {
		/* One byte more than needed: vsnprintf ends with a NUL. */
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	} else {
		b->failed = true;
	}
	va_end(again);
}

struct str buf_view(const struct buf *b)
{
	return (struct str){ b->p ? b->p : "", b->n };
}

char *buf_take(struct buf *b, size_t *ret_n)
{
	char *p = NULL;

	if (!b->failed) {
		/* An empty buffer is still a result, so it gets memory. */
		p = b->p ? b->p : calloc(1, 1);
	}
	if (!p) {
		buf_release(b);
		return NULL;
	}
	if (ret_n)
		*ret_n = b->n;
	*b = (struct buf){ .max = b->max };
	return p;
}
