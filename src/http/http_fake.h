/* A tiny application for the tests of the server: a table, a few routes of every kind, hooks. */
#ifndef GEZHI_HTTP_FAKE_H
#define GEZHI_HTTP_FAKE_H

#include <stdatomic.h>

#include "http/http.h"

/* Stands for the real application object, which this layer does not know. */
struct fake {
	struct db *db;
	struct router *router;
	struct sse *sse;
	char dir[64];
	atomic_int runs;     /* of the handler that is retried */
	atomic_int finished; /* hook calls */
	atomic_int gone;     /* stream contexts released */
	atomic_int last_status;
};

extern const struct http_hooks fake_hooks;
extern const struct asset fake_assets[];
extern const size_t fake_assets_n;

struct fake *fake_new(void); /* aborts on failure */
void fake_free(struct fake *f);

#endif
