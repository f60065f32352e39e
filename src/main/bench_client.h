/*
 * A small HTTP/1.1 client for load: one keep-alive connection per thread, blocking, loopback only. Not a
 * general client: replies need a Content-Length.
 */
#ifndef GEZHI_MAIN_BENCH_CLIENT_H
#define GEZHI_MAIN_BENCH_CLIENT_H

#include "base/buf.h"
#include "base/err.h"

struct client {
	int fd, port;
	const char *token; /* bearer, or NULL */
	struct buf out, in;
	int status;
	struct str body; /* of the last reply, in `in` */
};

enum err client_open(struct client *c, int port) MUST_CHECK;
void client_close(struct client *c);
/* Sends and waits; c->status and c->body tell the answer. ERR_IO when the connection failed. */
enum err client_call(struct client *c, const char *method, const char *target, struct str body) MUST_CHECK;
/* Text of the first "key":"…" in the body; absent if there is none. */
struct str client_text(const struct client *c, const char *key);

#endif
