/* See words.h. */
#include "core/words.h"

#include <stdlib.h>

#include "core/search.h"

/* The kinds of numbers; two bits above sixty of content. */
enum { WORD_PAIR, WORD_LATIN, WORD_EXACT };
enum { RUN_MAX = 64, WORD_RUNES = 64, VARIANTS = 4 };

/* Characters that names read in two ways; the table has the other one. */
static const struct {
	uint32_t c;
	char also;
} second_reading[] = {
	{ 0x91CD, 'z' },
	{ 0x91CD, 'c' },
	{ 0x957F, 'z' },
	{ 0x957F, 'c' },
	{ 0x884C, 'x' },
	{ 0x884C, 'h' },
	{ 0x4E50, 'l' },
	{ 0x4E50, 'y' },
	{ 0x53A6, 'x' },
	{ 0x53A6, 's' },
	{ 0x66FE, 'z' },
	{ 0x66FE, 'c' },
	{ 0x671D, 'c' },
	{ 0x671D, 'z' },
	{ 0x5355, 's' },
	{ 0x5355, 'd' },
	{ 0x89E3, 'x' },
	{ 0x89E3, 'j' },
	{ 0x4EC7, 'q' },
	{ 0x4EC7, 'c' },
	{ 0x67E5, 'z' },
	{ 0x67E5, 'c' },
	{ 0x533A, 'o' },
	{ 0x533A, 'q' },
	{ 0x8983, 'q' },
	{ 0x8983, 't' },
	{ 0x8D3E, 'j' },
	{ 0x8D3E, 'g' },
	{ 0x7FDF, 'z' },
	{ 0x7FDF, 'd' },
	{ 0x6C88, 's' },
	{ 0x6C88, 'c' },
	{ 0x85CF, 'c' },
	{ 0x85CF, 'z' },
	{ 0x5F39, 'd' },
	{ 0x5F39, 't' },
	{ 0x4F20, 'c' },
	{ 0x4F20, 'z' },
	{ 0x8C03, 'd' },
	{ 0x8C03, 't' },
	{ 0x53C2, 'c' },
	{ 0x53C2, 's' },
};

static void put(struct words *w, int kind, uint64_t content)
{
	if (w->n < WORDS_MAX)
		w->v[w->n++] =
			(int64_t)((uint64_t)kind << 60 | (content & ((UINT64_C(1) << 60) - 1)));
}

/* FNV-1a over code points, then stirred: the low sixty bits are as good as the rest. */
static uint64_t mix(uint64_t h, uint32_t c)
{
	return (h ^ c) * UINT64_C(0x100000001b3);
}

static uint64_t stir(uint64_t h)
{
	h ^= h >> 31;
	h *= UINT64_C(0x7fb5d329728ea185);
	return h ^ h >> 27;
}

static const uint64_t seed = UINT64_C(0xcbf29ce484222325);

static uint32_t lower(uint32_t c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static size_t han_run(struct search_scan *x, uint32_t out[RUN_MAX])
{
	size_t n = 0;

	for (; search_is_han(x->c); search_advance(x)) {
		if (n < RUN_MAX)
			out[n++] = x->c;
	}
	return n;
}

void words_of(struct str text, struct words *w)
{
	struct search_scan x = { .s = text };

	search_advance(&x);
	while (x.c != 0 && w->n < WORDS_MAX) {
		uint32_t run[RUN_MAX];
		uint64_t h = seed;

		if (search_is_han(x.c)) {
			size_t n = han_run(&x, run);

			for (size_t i = 0; i + 1 < n; i++)
				put(w, WORD_PAIR, (uint64_t)run[i] << 24 | run[i + 1]);
		} else if (search_is_word(x.c)) {
			for (int n = 0; search_is_word(x.c); n++, search_advance(&x))
				h = n < WORD_RUNES ? mix(h, lower(x.c)) : h;
			put(w, WORD_LATIN, stir(h));
		} else {
			search_advance(&x);
		}
	}
}

/* ---- readings ---- */

/* The letters of a character, none when it has no reading. */
static size_t letters(uint32_t c, char out[2])
{
	size_t n = 0;

	if (c >= WORDS_FIRST && c <= WORDS_LAST && words_initials[c - WORDS_FIRST] != '-')
		out[n++] = words_initials[c - WORDS_FIRST];
	for (size_t i = 0; i < ARRAY_LEN(second_reading) && n < 2; i++) {
		if (second_reading[i].c == c && (n == 0 || out[0] != second_reading[i].also))
			out[n++] = second_reading[i].also;
	}
	return n;
}

static void run_reading(const uint32_t *run, size_t n, struct words *w)
{
	uint64_t h[VARIANTS] = { seed };
	size_t nh = 1;

	for (size_t i = 0; i < n && i < WORDS_INITIALS; i++) {
		size_t before = nh;
		char c[2];
		size_t nc = letters(run[i], c);

		if (nc == 0)
			return;
		for (size_t k = 0; k < before; k++) {
			if (nc == 2 && nh < VARIANTS)
				h[nh++] = mix(h[k], (uint32_t)c[1]);
			h[k] = mix(h[k], (uint32_t)c[0]);
		}
		for (size_t k = 0; i > 0 && k < nh; k++)
			put(w, WORD_LATIN, stir(h[k]));
	}
}

void words_reading(struct str name, struct words *w)
{
	struct search_scan x = { .s = name };

	search_advance(&x);
	while (x.c != 0 && w->n < WORDS_MAX) {
		uint32_t run[RUN_MAX];

		if (search_is_han(x.c))
			run_reading(run, han_run(&x, run), w);
		else
			search_advance(&x);
	}
}

/* ---- the rest ---- */

int64_t words_exact(const unsigned char *hash)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | hash[i];
	return (int64_t)((uint64_t)WORD_EXACT << 60 | v >> 4);
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void words_sort(struct words *w)
{
	size_t keep = 0;

	qsort(w->v, w->n, sizeof(*w->v), by_value);
	for (size_t i = 0; i < w->n; i++) {
		if (keep == 0 || w->v[keep - 1] != w->v[i])
			w->v[keep++] = w->v[i];
	}
	w->n = keep;
}

static bool begins(struct search_scan text, struct search_scan run)
{
	for (; search_is_han(run.c); search_advance(&run), search_advance(&text)) {
		if (text.c != run.c)
			return false;
	}
	return true;
}

static bool has_run(struct str text, struct search_scan run)
{
	struct search_scan x = { .s = text };

	for (search_advance(&x); x.c != 0; search_advance(&x)) {
		if (begins(x, run))
			return true;
	}
	return false;
}

bool words_within(struct str text, struct str query)
{
	struct search_scan q = { .s = query };

	search_advance(&q);
	while (q.c != 0) {
		if (!search_is_han(q.c)) {
			search_advance(&q);
			continue;
		}
		if (!has_run(text, q))
			return false;
		while (search_is_han(q.c))
			search_advance(&q);
	}
	return true;
}
