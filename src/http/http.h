/*
 * The HTTP server over libmicrohttpd: sockets, limits, threads, router, static assets, event streams.
 * It knows nothing of accounts or modules: core plugs in through `struct http_hooks`.
 */
#ifndef GEZHI_HTTP_HTTP_H
#define GEZHI_HTTP_HTTP_H

#include "base/log.h"
#include "http/route.h"

struct db;
struct http;
struct router;
struct sse;

/* One embedded web file with its precompressed forms (NULL where smaller plain). */
struct asset {
	const char *path; /* "/assets/app-1a2b.js" */
	const char *type;
	const unsigned char *plain, *gzip, *brotli;
	size_t plain_n, gzip_n, brotli_n;
	const char *etag;
	bool immutable; /* name carries a content hash */
};
/* Made by tools/embed.c from the web build. */
extern const struct asset gezhi_assets[];
extern const size_t gezhi_assets_n;

struct http_hooks {
	/* After routing, before the body is decoded: who is it, may they, CSRF, rate limit. Sets rq->who. */
	enum err (*admit)(struct req *rq);
	/* In a writing transaction before the handler: a known Idempotency-Key writes the stored reply to
	 * `out`, sets rq->reply.status and *ret_done. */
	enum err (*enter)(struct req *rq, struct buf *out, bool *ret_done);
	/* In the transaction after a successful handler: store the reply for the key. */
	enum err (*leave)(struct req *rq, struct str out);
	/* After the reply was queued: log line, metrics. Any thread. rq->route is NULL when none matched;
	 * not called for web files. Called once for every admitted request, with status 499 when the
	 * client left before its reply. */
	void (*finished)(struct req *rq, int status, int64_t micros);
};

struct http_config {
	const char *bind; /* "127.0.0.1", "::" … */
	int port;	  /* 0: any free one, see http_port */
	int io_threads;
	int workers;
	int idle_seconds; /* a connection without progress is closed */
	int max_connections, max_per_address;
	const char *proxies; /* addresses whose X-Forwarded-For is believed, see forwarded.h; NULL: none; kept */
	size_t arena_max; /* per request */
	size_t reply_max; /* JSON and bytes replies */
	/* Pages for addresses the web routes itself: "/field=/field.html", "/=/index.html"; the longest
	 * prefix wins, a path with a dot is never one. NULL-terminated; NULL: none. */
	const char *const *entry;
};

/* Route tables are checked: unique method+path and id, perm present, parameter counts. */
enum err router_new(struct router **ret, struct error *e) MUST_CHECK;
enum err router_add(struct router *r, const struct route *v, size_t n, struct error *e) MUST_CHECK;
void router_free(struct router *r);
/* Every route in the order added, for OpenAPI and the permission matrix. */
size_t router_count(const struct router *r);
const struct route *router_at(const struct router *r, size_t i);

enum err http_start(struct http **ret, const struct http_config *cfg, const struct http_hooks *hooks,
		    struct app *app, struct db *db, const struct router *router,
		    const struct asset *assets, size_t nassets, struct sse *sse,
		    const struct log *log, struct error *e) MUST_CHECK;
int http_port(const struct http *h);
/* Stops listening, finishes running requests, joins threads. */
void http_stop(struct http *h);

/* The whole of a request without sockets, for tests and the command line: same router, same hooks, same
 * transaction rules. `out` gets the reply's bytes. */
struct call {
	enum method method;
	struct str target; /* path?query */
	struct str token, body, content_type, idempotency_key;
	struct dbc *reader; /* NULL: one is opened for this call */
};
enum err http_call(struct app *app, struct db *db, const struct router *router,
		   const struct http_hooks *hooks, const struct call *in, struct buf *out,
		   int *ret_status) MUST_CHECK;

/* Status for an error code, from the one table. */
int http_status(enum err err);
/* {"error":{"code","field","message"}} */
void http_error_json(const struct error *e, struct jw *j);

/*
 * Event streams. A client belongs to one connection; its `ctx` decides what it may see. Each client has
 * a bounded queue (SSE_QUEUE events); a client that falls behind is closed and comes back with
 * Last-Event-ID.
 */
enum { SSE_QUEUE = 256 };
struct sse *sse_new(int max_clients);
void sse_free(struct sse *s);
/* `ctx` is released with free_ctx when the client is gone. ERR_LIMIT when full. */
enum err sse_client_new(struct sse *s, void *ctx, void (*free_ctx)(void *ctx), struct sse_client **ret) MUST_CHECK;
/* Queues an event to every client for which may(ctx, arg) holds (NULL: all). data is one JSON line. */
void sse_publish(struct sse *s, int64_t id, const char *type, struct str data,
		 bool (*may)(void *ctx, const void *arg), const void *arg);
/* Queues to one client, for the catch-up after Last-Event-ID. */
void sse_send(struct sse *s, struct sse_client *c, int64_t id, const char *type, struct str data);
size_t sse_count(const struct sse *s);

#endif
