/*
 * Rate limits by token bucket, keyed by a small hash of the client and the purpose; a fixed table, so
 * memory is bounded and a collision only makes a limit stricter.
 */
#ifndef GEZHI_CORE_RATE_H
#define GEZHI_CORE_RATE_H

#include "base/str.h"

struct rate;

struct rate *rate_new(void);
void rate_free(struct rate *r);
/* Takes one token of `burst`, refilled at `per_minute`; false when none is left. */
bool rate_take(struct rate *r, struct str client, const char *purpose, double burst, double per_minute, int64_t now);

#endif
