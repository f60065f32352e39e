/* Text as pointer and length. Never assumed to be NUL-terminated; p == NULL means "absent". */
#ifndef GEZHI_BASE_STR_H
#define GEZHI_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })

/* View of a C string; NULL gives the absent text. */
struct str str_z(const char *z);
bool str_eq(struct str a, struct str b);
bool str_eqz(struct str a, const char *z);
bool str_prefix(struct str s, struct str prefix);
/* Without leading and trailing blanks, ASCII or ideographic (U+3000). */
struct str str_trim(struct str s);
/* Copies live in `a`; a NUL follows the copy. Absent (NULL) for an absent text and on allocation
 * failure (see arena_failed). */
struct str str_dup(struct arena *a, struct str s);
const char *str_cstr(struct arena *a, struct str s);
/* Whole text as a decimal number; false on anything else or overflow (INT64_MIN means "absent" and
 * counts as overflow; no infinities). */
bool str_i64(struct str s, int64_t *ret_v);
bool str_double(struct str s, double *ret_v);
/* Is it digits and nothing else, and not empty? */
bool str_is_digits(struct str s);
/* Next piece of `rest` before `sep`; false when `rest` is used up (absent). n separators give n+1
 * pieces, so an empty text gives one empty piece. */
bool str_split(struct str *rest, char sep, struct str *ret_piece);
/* Decodes one code point at *pos and advances; 0xFFFD for a malformed byte (advances by 1). */
uint32_t str_rune(struct str s, size_t *pos);
/* Number of code points; SIZE_MAX when the text is not valid UTF-8. */
size_t str_runes(struct str s);
/* Formats into the arena; absent on failure. */
struct str str_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
