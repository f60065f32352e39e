/* The memory of a request: made once, used for many requests, so that serving one allocates
 * nothing. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http/internal.h"

int64_t micros_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct xfer *xfer_new(const struct env *env)
{
	struct xfer *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->env = env;
	x->arena = arena_new(env->arena_max);
	if (!x->arena) {
		free(x);
		return NULL;
	}
	buf_init(&x->body, BODY_DEFAULT);
	buf_init(&x->out, env->reply_max);
	return x;
}

/* What a handler gave to be sent, and was not. */
static void xfer_drop_reply(struct xfer *x)
{
	if (x->rq.reply.kind == REPLY_FILE && x->rq.reply.fd >= 0)
		close(x->rq.reply.fd);
	if (x->rq.reply.kind == REPLY_SSE)
		sse_client_drop(x->rq.reply.sse);
	x->rq.reply = (struct reply){ .fd = -1 };
}

void xfer_free(struct xfer *x)
{
	if (!x)
		return;
	xfer_drop_reply(x);
	arena_free(x->arena);
	arena_free(x->run);
	buf_release(&x->body);
	buf_release(&x->out);
	free(x);
}

static void buf_shrink(struct buf *b, size_t max)
{
	if (b->cap > BODY_KEEP)
		buf_release(b);
	buf_reset(b);
	b->max = max;
}

void xfer_reset(struct xfer *x)
{
	struct xfer keep = { .env = x->env,
		.http = x->http,
		.arena = x->arena,
		.run = x->run,
		.body = x->body,
		.out = x->out };

	xfer_drop_reply(x);
	buf_shrink(&keep.body, BODY_DEFAULT);
	buf_shrink(&keep.out, x->env->reply_max);
	arena_reset(keep.arena);
	if (keep.run)
		arena_reset(keep.run);
	memcpy(x, &keep, sizeof(*x));
	x->rq.reply.fd = -1;
}
