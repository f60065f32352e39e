/*
 * What a text is found by, as whole numbers: pairs of neighbouring Chinese characters, words of
 * letters and digits, and the first letters of a name's reading ("ylxq" and its beginnings for
 * 岳麓小区). No prefixes of anything else: a key is found by being equal. Pure functions.
 */
#ifndef GEZHI_CORE_WORDS_H
#define GEZHI_CORE_WORDS_H

#include "base/str.h"

enum {
	WORDS_MAX = 192,      /* of one text or row; what follows is not found */
	WORDS_INITIALS = 8,   /* letters of a reading that are kept */
	WORDS_FIRST = 0x4E00, /* the character that words_initials begins with */
	WORDS_LAST = 0x9FFF
};
extern const char words_initials[];

/* Sorted, each once, after words_sort. */
struct words {
	int64_t v[WORDS_MAX];
	size_t n;
};

/* Pairs and words. A Chinese character alone gives nothing. */
void words_of(struct str text, struct words *w);
/* Beginnings, from two letters on, of the readings of each run of Chinese characters. */
void words_reading(struct str name, struct words *w);
/* The number of a value found only when it is given exactly (a blind index). */
int64_t words_exact(const unsigned char *hash);
void words_sort(struct words *w);
/* Does `text` contain every run of Chinese characters of `query`? What pairs alone cannot tell. */
bool words_within(struct str text, struct str query);

#endif
