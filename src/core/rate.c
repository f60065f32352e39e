/* Token buckets in a fixed table of slots. */
#include "core/rate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_SLOTS = 1 << 14 };

struct bucket {
	double tokens;
	int64_t at;
};

struct rate {
	pthread_mutex_t lock;
	struct bucket slot[RATE_SLOTS];
};

struct rate *rate_new(void)
{
	struct rate *r = calloc(1, sizeof(*r));

	if (r != NULL)
		pthread_mutex_init(&r->lock, NULL);
	return r;
}

void rate_free(struct rate *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* FNV-1a */
static uint64_t hash(uint64_t h, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
	return h;
}

bool rate_take(struct rate *r, struct str client, const char *purpose, double burst, double per_minute, int64_t now)
{
	uint64_t h = hash(0xcbf29ce484222325u, client.p, client.n);
	struct bucket *b;
	bool ok;

	h = hash(h, purpose, strlen(purpose));
	pthread_mutex_lock(&r->lock);
	b = &r->slot[(h ^ (h >> 32)) % RATE_SLOTS];
	if (b->at == 0)
		b->tokens = burst;
	else if (now > b->at)
		b->tokens += (double)(now - b->at) * per_minute / 60000.0;
	if (b->tokens > burst)
		b->tokens = burst;
	b->at = now;
	ok = b->tokens >= 1;
	if (ok)
		b->tokens -= 1;
	pthread_mutex_unlock(&r->lock);
	return ok;
}
