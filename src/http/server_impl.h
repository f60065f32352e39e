/* The server's own state, shared by server.c (start, stop) and conn.c (one request on a
 * connection). */
#ifndef GEZHI_HTTP_SERVER_IMPL_H
#define GEZHI_HTTP_SERVER_IMPL_H

#include "http/internal.h"

struct http {
	struct env env;
	const struct http_config *cfg; /* valid during http_start only */
	struct MHD_Daemon *daemon;
	struct statics *statics;
	struct readers *readers;
	struct pool *pool;
	struct sse *sse;
	pthread_mutex_t lock; /* of the free list */
	struct xfer *spare;
	size_t nspare;
	atomic_int live;      /* requests begun and not yet over */
	atomic_int suspended; /* connections that another thread will resume; streams not counted */
	atomic_bool stopping;
	pthread_mutex_t tick_lock;
	pthread_cond_t tick_wake;
	pthread_t ticker;
	bool ticking;
	int port;
	int listen_fd; /* -1 once libmicrohttpd has it */
};

/* conn.c: libmicrohttpd's callbacks; cls is the server. */
void *conn_target(void *cls, const char *uri, struct MHD_Connection *c);
enum MHD_Result conn_request(void *cls, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *n, void **ctx);
void conn_completed(
	void *cls, struct MHD_Connection *c, void **ctx, enum MHD_RequestTerminationCode why);
size_t conn_unescape(void *cls, struct MHD_Connection *c, char *s);
/* A request that waited has its outcome; any thread. */
void conn_ready(struct xfer *x);

#endif
