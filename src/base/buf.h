/* Growable byte buffer with a maximum and a sticky failure flag, checked once at the end. */
#ifndef GEZHI_BASE_BUF_H
#define GEZHI_BASE_BUF_H

#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap, max;
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
void buf_reset(struct buf *b); /* empties, clears the flag, keeps memory */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_z(struct buf *b, const char *z);
void buf_char(struct buf *b, char c);
void buf_i64(struct buf *b, int64_t v);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str buf_view(const struct buf *b); /* valid until the next write */
/* Hands the memory to the caller (free with free()); the buffer is empty afterwards. NULL if failed. */
char *buf_take(struct buf *b, size_t *ret_n);

#endif
