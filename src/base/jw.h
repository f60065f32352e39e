/*
 * Streaming JSON writer over a buf. Commas and nesting are the writer's business; depth is limited
 * (JW_DEPTH), misuse and overflow set the buffer's sticky flag. Text that is not UTF-8 is written with
 * U+FFFD in place of the bad bytes, so the output always parses.
 */
#ifndef GEZHI_BASE_JW_H
#define GEZHI_BASE_JW_H

#include "base/buf.h"

enum { JW_DEPTH = 24 };

struct jw {
	struct buf *b;
	int depth;
	bool after_key;
	uint32_t has_item; /* bit per level: something was written at that level */
	uint32_t in_obj;   /* bit per level: the level is an object, so keys are due */
};

void jw_init(struct jw *j, struct buf *b);
void jw_obj(struct jw *j);
void jw_end_obj(struct jw *j);
void jw_arr(struct jw *j);
void jw_end_arr(struct jw *j);
void jw_key(struct jw *j, const char *key);
void jw_str(struct jw *j, struct str s); /* absent → null */
void jw_z(struct jw *j, const char *z);	 /* NULL → null */
void jw_int(struct jw *j, int64_t v);	 /* NIL → null */
void jw_id(struct jw *j, int64_t v);	 /* as text; NIL or 0 → null */
void jw_real(struct jw *j, double v);	 /* NaN → null */
void jw_bool(struct jw *j, bool v);
void jw_null(struct jw *j);
void jw_time(struct jw *j, int64_t ms);	 /* RFC 3339 with the configured zone; NIL → null */
void jw_date(struct jw *j, int64_t ymd); /* "2026-02-13"; NIL → null */
void jw_raw(struct jw *j, struct str json); /* already JSON; absent or empty → null */

/* key + value */
void jw_kstr(struct jw *j, const char *key, struct str v);
void jw_kz(struct jw *j, const char *key, const char *v);
void jw_kint(struct jw *j, const char *key, int64_t v);
void jw_kid(struct jw *j, const char *key, int64_t v);
void jw_kreal(struct jw *j, const char *key, double v);
void jw_kbool(struct jw *j, const char *key, bool v);
void jw_ktime(struct jw *j, const char *key, int64_t ms);
void jw_kdate(struct jw *j, const char *key, int64_t ymd);
void jw_kraw(struct jw *j, const char *key, struct str json);
void jw_kobj(struct jw *j, const char *key);
void jw_karr(struct jw *j, const char *key);

#endif
