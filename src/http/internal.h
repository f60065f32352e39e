/*
 * What the files of the server share with each other and with nobody else: the life of one request
 * (`struct xfer`), the tables it is matched against, and the threads it may run on.
 */
#ifndef GEZHI_HTTP_INTERNAL_H
#define GEZHI_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "db/db.h"
#include "http/http.h"

enum {
	TARGET_MAX = 8192, /* bytes of path and query */
	SEGMENTS_MAX = 16, /* of a path */
	VALUE_MAX = 2048,  /* bytes of one query value */
	TOKEN_MAX = 512,
	KEY_TEXT_MAX = 128, /* Idempotency-Key */
	BODY_DEFAULT = 1 << 20,
	BODY_LIMIT = 1 << 28, /* largest max_body a route may ask for */
	BODY_KEEP = 1 << 16,  /* larger buffers are not kept for the next request */
	DISCARD_MAX = 16 << 20, /* a refused body up to this is read: whoever is sending it sees the answer */
	WORK_QUEUE = 1024
};

/* What a request needs of its surroundings, with or without sockets. */
struct env {
	struct app *app;
	struct db *db;
	const struct router *router;
	const struct http_hooks *hooks;
	const struct log *log; /* NULL: silent */
	size_t arena_max, reply_max;
	const char *proxies; /* NULL: none */
};

/* Outcome of matching a path. Without a route, `allow` has the bit of every method the path knows.
 */
struct match {
	const struct route *route;
	struct str param[REQ_PARAMS];
	unsigned allow;
};

/* Where a request is between two calls of libmicrohttpd. */
enum stage {
	STAGE_NEW,     /* request line seen */
	STAGE_BODY,    /* admitted, the body is arriving */
	STAGE_DISCARD, /* refused, the body is read and thrown away */
	STAGE_WAIT,    /* connection suspended, another thread has it */
	STAGE_READY,   /* outcome known */
	STAGE_SENT
};

/*
 * One request from its first byte to the last byte of the reply. Held by the connection and by the
 * response whose bytes are `out`; the last of them to go gives it back (`refs`).
 */
struct xfer {
	struct req rq;
	const struct env *env;
	struct http *http; /* NULL when called in-process */
	struct MHD_Connection *conn;
	struct arena *arena; /* target, body's decoded form */
	struct arena *run;   /* memory of one run of a transaction, which may be repeated */
	struct buf body, out;
	struct db_job job;
	struct xfer *next; /* in the free list or in the queue of the workers */
	enum stage stage;
	enum err err;   /* the outcome */
	void *in_first; /* rq.in as decoded: a repeated run starts from it */
	uint64_t present_first;
	uint64_t body_left; /* of the discarded body */
	char *target;
	size_t target_n;
	struct str query_text; /* after '?', undecoded */
	struct str seg[SEGMENTS_MAX];
	size_t nseg;
	const struct static_file *file; /* a web file answers */
	int64_t started;                /* µs, monotonic */
	atomic_int refs;
	bool close;
	bool owed; /* admitted, and hooks->finished not yet called */
	unsigned allow;
	char remote[INET6_ADDRSTRLEN];
};

/* xfer.c */
struct xfer *xfer_new(const struct env *env);
void xfer_free(struct xfer *x); /* NULL allowed */
void xfer_reset(struct xfer *x);
int64_t micros_now(void);
/* server.c: one holder less; the last one gives the memory back to the server. */
void xfer_unref(struct xfer *x);

/* router.c: at most one route per method for a list of segments. */
void router_match(
	const struct router *r, enum method m, const struct str *seg, size_t n, struct match *ret);

/* request.c */
enum err request_target(struct xfer *x) MUST_CHECK;
enum err request_route(struct xfer *x, enum method m) MUST_CHECK;
enum err request_key(struct xfer *x, struct str key) MUST_CHECK;
bool request_token_ok(struct str s);
enum err request_body_begin(struct xfer *x, struct str length) MUST_CHECK;
enum err request_body_add(struct xfer *x, const char *p, size_t n) MUST_CHECK;
size_t request_body_max(const struct route *v);

/* query.c */
enum err query_decode(struct xfer *x) MUST_CHECK;
/* Percent-decodes in place; false for a bad escape, a NUL or bytes that are no UTF-8. */
bool url_decode(char *p, size_t n, bool plus, size_t *ret_n);

/* body.c: needs the whole body in x->body. */
enum err body_decode(struct xfer *x) MUST_CHECK;

/* exec.c */
enum how { RUN_HERE, RUN_WORKER, RUN_TX };
enum how exec_how(const struct route *v);
enum err exec_admit(struct xfer *x, struct dbc *c) MUST_CHECK;
/* Handler on a reading connection. */
enum err exec_read(struct xfer *x, struct dbc *c) MUST_CHECK;
/* Handler inside a transaction; a db_fn. */
enum err exec_tx(struct dbc *c, void *xfer) MUST_CHECK;
/* Turns the outcome into status and bytes of `out`; returns the status. */
int exec_finish(struct xfer *x);

/* pool.c: reading connections for the I/O threads, and the workers. */
struct readers;
enum err readers_new(struct readers **ret, struct db *db, int n) MUST_CHECK;
void readers_free(struct readers *r);
struct dbc *readers_claim(struct readers *r); /* NULL when all are taken */
void readers_return(struct readers *r, struct dbc *c);

struct pool;
/* `done` is called on the worker's thread with x->err set. */
enum err pool_new(struct pool **ret, struct db *db, int n, void (*done)(struct xfer *x)) MUST_CHECK;
/* ERR_LIMIT when the queue is full or the pool stops. */
enum err pool_push(struct pool *p, struct xfer *x) MUST_CHECK;
/* Waiting requests end with ERR_RETRY, running ones are waited for; pushing is refused from then
 * on. */
void pool_stop(struct pool *p);
/* Nobody may push any more. NULL allowed. */
void pool_free(struct pool *p);

/* reply.c */
/* NULL when out of memory. The caller queues and destroys it. May turn the status into 304. */
struct MHD_Response *reply_build(struct xfer *x, int *status);
bool reply_base_headers(struct MHD_Response *r, const char *type, const char *cache);
/* Does an If-None-Match value name this entity tag (weak comparison)? */
bool etag_match(struct str given, struct str etag);

/* static.c */
struct statics;
struct static_file;
enum err statics_new(struct statics **ret, const struct asset *v, size_t n,
	const char *const *entry, struct error *e) MUST_CHECK;
void statics_free(struct statics *s); /* NULL allowed */
/* The file for a path, or the page of the entry it lies under; NULL if none. */
const struct static_file *statics_find(const struct statics *s, struct str path);
/* Shared response (do not destroy) and its status. */
struct MHD_Response *statics_reply(const struct static_file *f, struct str accept_encoding,
	struct str if_none_match, int *ret_status);
/* Is a content coding acceptable by an Accept-Encoding value? */
bool encoding_accepted(struct str accept, struct str coding);

/* sse.c */
/* Response that streams the client's events; owns the client from here on, also on failure. */
struct MHD_Response *sse_response(struct sse_client *c, struct MHD_Connection *conn);
void sse_client_drop(struct sse_client *c); /* not attached to a response; NULL allowed */
/* Takes what is queued as text, for callers without a socket. */
void sse_client_drain(struct sse_client *c, struct buf *out);
/* Writes a comment to clients that heard nothing for a while; called about once a second. */
void sse_tick(struct sse *s, int64_t now);
/* Ends every stream, now and later (stopped) or accepts again. */
void sse_stop(struct sse *s, bool stopped);

#endif
