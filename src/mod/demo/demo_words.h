/* Words that invented place names are put together from. */
#ifndef GEZHI_MOD_DEMO_WORDS_H
#define GEZHI_MOD_DEMO_WORDS_H

#include <stddef.h>

struct demo_word {
	const char *zh, *en;
};

/* Every pair of one word from `first` and one from `last` is a different name. */
struct demo_pairs {
	const struct demo_word *first, *last;
	size_t firsts, lasts;
};

extern const struct demo_pairs demo_district_words;
extern const struct demo_pairs demo_street_words;    /* 1,080 names: enough for a city */
extern const struct demo_pairs demo_community_words; /* 社区 */
extern const struct demo_pairs demo_village_words;   /* 村 */

#endif
