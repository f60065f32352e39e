/* Random numbers for the demo data: xoshiro256** seeded by SplitMix64. The same seed gives the same
 * sequence on every machine. Not for secrets. */
#ifndef GEZHI_MOD_DEMO_RAND_H
#define GEZHI_MOD_DEMO_RAND_H

#include <stddef.h>
#include <stdint.h>

struct demo_rand {
	uint64_t s[4];
};

void demo_rand_init(struct demo_rand *r, uint64_t seed);
/* An independent stream for one thing (a place code, say), whatever was drawn before. */
void demo_rand_fork(struct demo_rand *r, uint64_t seed, uint64_t key);
uint64_t demo_rand_next(struct demo_rand *r);
/* 0 … n - 1 without bias; 0 for n == 0. */
size_t demo_rand_below(struct demo_rand *r, size_t n);
/* lo … hi, both included. */
int demo_rand_range(struct demo_rand *r, int lo, int hi);
/* [0, 1) */
double demo_rand_share(struct demo_rand *r);
/* About normal, within six deviations. */
double demo_rand_normal(struct demo_rand *r, double mean, double deviation);

#endif
