/*
 * Runs the targets without a fuzzing engine: every seed, then mutations of the seeds from a fixed
 * random sequence, so that a failure comes back. Arguments: number of mutations per seed, first
 * random number. With -fsanitize=fuzzer take engine.c in place of this file.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fuzz/fuzz.h"

enum { INPUT_MAX = 512, RUNS = 1000 };

static uint32_t next_random(uint64_t *s)
{
	*s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*s >> 33);
}

/* One small change: flip, set, insert, delete, or repeat a piece. */
static size_t mutate(unsigned char *p, size_t n, uint64_t *s)
{
	static const unsigned char odd[] = { 0, '"', ',', '\n', '\r', '\\', '\'', '{', '[', '=',
		'-', '0', '9', 'T', ':', '|', 0x80, 0xBF, 0xC2, 0xE4, 0xED, 0xF4, 0xFF };
	size_t at = n ? next_random(s) % n : 0;
	size_t len = n - at < 8 ? n - at : 1 + next_random(s) % 8;

	switch (next_random(s) % 5) {
	case 0:
		if (n > 0)
			p[at] ^= (unsigned char)(1u << next_random(s) % 8);
		return n;
	case 1:
		if (n > 0)
			p[at] = odd[next_random(s) % sizeof(odd)];
		return n;
	case 2:
		if (n + 1 > INPUT_MAX)
			return n;
		memmove(p + at + 1, p + at, n - at);
		p[at] = odd[next_random(s) % sizeof(odd)];
		return n + 1;
	case 3:
		memmove(p + at, p + at + len, n - at - len);
		return n - len;
	default:
		if (n + len > INPUT_MAX)
			return n;
		memmove(p + at + len, p + at, n - at);
		return n + len;
	}
}

static void run_copy(const struct fuzz_target *t, const unsigned char *p, size_t n)
{
	/* A block of exactly this size, so that the sanitizer sees one byte too far. */
	char *exact = malloc(n ? n : 1);

	if (!exact)
		abort();
	memcpy(exact, p, n);
	t->run((struct str){ exact, n });
	free(exact);
}

int main(int argc, char **argv)
{
	long runs = argc > 1 ? strtol(argv[1], NULL, 10) : RUNS;
	uint64_t s = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	unsigned char input[INPUT_MAX];

	/* Giving memory back and taking it again would be most of the time. */
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	for (size_t k = 0; k < fuzz_target_count; k++) {
		const struct fuzz_target *t = &fuzz_targets[k];

		for (size_t i = 0; t->seed[i]; i++) {
			struct str seed = str_z(t->seed[i]);
			run_copy(t, (const unsigned char *)seed.p, seed.n);
			for (long r = 0; r < runs; r++) {
				size_t n = seed.n;
				memcpy(input, seed.p, n);
				for (uint32_t m = 1 + next_random(&s) % 6; m > 0; m--)
					n = mutate(input, n, &s);
				run_copy(t, input, n);
			}
		}
		printf("%s: done\n", t->name);
	}
	return 0;
}
