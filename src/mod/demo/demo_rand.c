/* The generator behind all demo data; see the header. */
#include "mod/demo/demo_rand.h"

static uint64_t mix(uint64_t *state)
{
	uint64_t v = *state += 0x9e3779b97f4a7c15u;

	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return v ^ v >> 31;
}

static uint64_t turn(uint64_t v, int k)
{
	return v << k | v >> (64 - k);
}

void demo_rand_init(struct demo_rand *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = mix(&seed);
}

void demo_rand_fork(struct demo_rand *r, uint64_t seed, uint64_t key)
{
	uint64_t a = seed, b = key;

	demo_rand_init(r, mix(&a) ^ turn(mix(&b), 32));
}

uint64_t demo_rand_next(struct demo_rand *r)
{
	uint64_t *s = r->s, v = turn(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = turn(s[3], 45);
	return v;
}

size_t demo_rand_below(struct demo_rand *r, size_t n)
{
	if (n == 0)
		return 0;
	/* Values from the incomplete last round would favour small results. */
	uint64_t rest = (UINT64_MAX % n + 1) % n, v;

	do
		v = demo_rand_next(r);
	while (v > UINT64_MAX - rest);
	return (size_t)(v % n);
}

int demo_rand_range(struct demo_rand *r, int lo, int hi)
{
	return lo + (int)demo_rand_below(r, (size_t)(hi - lo) + 1);
}

double demo_rand_share(struct demo_rand *r)
{
	return (double)(demo_rand_next(r) >> 11) / 9007199254740992.0;
}

double demo_rand_normal(struct demo_rand *r, double mean, double deviation)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += demo_rand_share(r);
	return mean + deviation * sum;
}
