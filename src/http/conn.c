/*
 * One request on a connection, step by step as libmicrohttpd calls: target, headers (route,
 * admission, limits), body, handler, reply. A request that must wait for a worker or a transaction
 * has its connection suspended and is taken up again when its outcome is known.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "http/forwarded.h"
#include "http/server_impl.h"

enum {
	SPARE_MAX = 512,
	STATUS_GONE = 499 /* for the log: the client left before its reply */
};

static struct xfer *xfer_get(struct http *h)
{
	pthread_mutex_lock(&h->lock);
	struct xfer *x = h->spare;
	if (x) {
		h->spare = x->next;
		h->nspare--;
		x->next = NULL;
	}
	pthread_mutex_unlock(&h->lock);
	if (!x)
		x = xfer_new(&h->env);
	if (!x)
		return NULL;
	x->http = h;
	atomic_store_explicit(&x->refs, 1, memory_order_relaxed);
	atomic_fetch_add(&h->live, 1);
	return x;
}

void xfer_unref(struct xfer *x)
{
	struct http *h = x->http;

	if (atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	xfer_reset(x);
	pthread_mutex_lock(&h->lock);
	bool keep = h->nspare < SPARE_MAX;
	if (keep) {
		x->next = h->spare;
		h->spare = x;
		h->nspare++;
	}
	pthread_mutex_unlock(&h->lock);
	if (!keep)
		xfer_free(x);
	atomic_fetch_sub(&h->live, 1);
}

void *conn_target(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct xfer *x = xfer_get(cls);
	size_t n = strlen(uri);

	if (!x)
		return NULL;
	x->conn = c;
	x->started = micros_now();
	x->rq.now = time_now();
	x->rq.app = x->env->app;
	x->rq.arena = x->arena;
	x->target_n = n;
	x->target = arena_alloc(x->arena, n + 1);
	if (x->target)
		memcpy(x->target, uri, n + 1);
	return x;
}

/* The target is decoded by ourselves, strictly; libmicrohttpd keeps its hands off. */
size_t conn_unescape(void *cls, struct MHD_Connection *c, char *s)
{
	(void)cls;
	(void)c;
	return strlen(s);
}

static struct str value_of(struct xfer *x, enum MHD_ValueKind kind, struct str name)
{
	const char *p = NULL;
	size_t n = 0;

	if (MHD_lookup_connection_value_n(x->conn, kind, name.p, name.n, &p, &n) != MHD_YES || !p)
		return (struct str){ NULL, 0 };
	return (struct str){ p, n };
}

static struct str header(struct xfer *x, struct str name)
{
	return value_of(x, MHD_HEADER_KIND, name);
}

/* The usual case without printf, which the library function goes through. */
static const char *v4_text(const struct in_addr *a, char *to)
{
	unsigned char b[4];
	size_t n = 0;

	memcpy(b, a, sizeof(b));
	for (size_t i = 0; i < 4; i++) {
		if (i)
			to[n++] = '.';
		if (b[i] >= 100)
			to[n++] = (char)('0' + b[i] / 100);
		if (b[i] >= 10)
			to[n++] = (char)('0' + b[i] / 10 % 10);
		to[n++] = (char)('0' + b[i] % 10);
	}
	to[n] = 0;
	return to;
}

struct last_header {
	struct str name, value;
};

/* The last line of a name: each proxy adds its own behind those that were there. */
static enum MHD_Result last_value(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
	const char *value, size_t n)
{
	struct last_header *h = cls;

	(void)kind;
	if (value && name_n == h->name.n && strncasecmp(name, h->name.p, name_n) == 0)
		h->value = (struct str){ value, n };
	return MHD_YES;
}

/* Behind a proxy that is trusted, the client is whom the proxy names. */
static void read_forwarded(struct xfer *x)
{
	struct last_header h = { STR("X-Forwarded-For"), { NULL, 0 } };

	if (!x->env->proxies || !x->rq.remote.p)
		return;
	MHD_get_connection_values_n(x->conn, MHD_HEADER_KIND, last_value, &h);
	x->rq.remote = forwarded_client(x->rq.remote, h.value, x->env->proxies);
}

static void read_remote(struct xfer *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct sockaddr_storage a;
	const char *ok = NULL;

	if (!info || !info->client_addr)
		return;
	memcpy(&a, info->client_addr, sizeof(struct sockaddr));
	if (a.ss_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, info->client_addr, sizeof(v4));
		ok = v4_text(&v4.sin_addr, x->remote);
	} else if (a.ss_family == AF_INET6) {
		struct sockaddr_in6 v6;
		memcpy(&v6, info->client_addr, sizeof(v6));
		/* A client over IPv4 on a dual-stack socket is named by its IPv4 address. */
		ok = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)
			     ? inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, x->remote,
				       sizeof(x->remote))
			     : inet_ntop(AF_INET6, &v6.sin6_addr, x->remote, sizeof(x->remote));
	}
	if (ok)
		x->rq.remote = str_z(x->remote);
}

static void read_token(struct xfer *x)
{
	struct str bearer = header(x, STR("Authorization"));

	if (bearer.n > 7 && strncasecmp(bearer.p, "Bearer ", 7) == 0) {
		struct str token = str_trim((struct str){ bearer.p + 7, bearer.n - 7 });
		x->rq.token = request_token_ok(token) ? token : STR("");
		return;
	}
	struct str cookie = value_of(x, MHD_COOKIE_KIND, STR("gezhi_session"));
	if (request_token_ok(cookie)) {
		x->rq.token = cookie;
		x->rq.by_cookie = true;
	}
}

static enum err read_headers(struct xfer *x)
{
	struct req *rq = &x->rq;

	read_remote(x);
	read_forwarded(x);
	read_token(x);
	rq->agent = header(x, STR("User-Agent"));
	rq->host = header(x, STR("Host"));
	rq->https = str_eqz(header(x, STR("X-Forwarded-Proto")), "https");
	if (rq->method == M_GET) {
		rq->etag_given = header(x, STR("If-None-Match"));
		rq->last_event = header(x, STR("Last-Event-ID"));
		return OK;
	}
	rq->content_type = header(x, STR("Content-Type"));
	rq->csrf = header(x, STR("X-CSRF-Token"));
	return request_key(x, header(x, STR("Idempotency-Key")));
}

static bool method_of(const char *name, enum method *ret)
{
	static const struct {
		const char *name;
		enum method method;
	} known[] = {
		{ "GET", M_GET },
		{ "POST", M_POST },
		{ "HEAD", M_GET },
		{ "PUT", M_PUT },
		{ "PATCH", M_PATCH },
		{ "DELETE", M_DELETE },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		*ret = known[i].method;
		return true;
	}
	return false;
}

static enum err busy(struct xfer *x)
{
	return req_fail(&x->rq, ERR_RETRY, "busy", "", "The server is busy; try again");
}

static enum err admit(struct http *h, struct xfer *x)
{
	struct dbc *c = readers_claim(h->readers);

	if (!c)
		return busy(x);
	x->owed = true;
	enum err err = exec_admit(x, c);
	readers_return(h->readers, c);
	return err;
}

/* Everything that can be said before the body is read. */
static enum err on_target(struct http *h, struct xfer *x, const char *name)
{
	enum method m = METHOD_MAX;

	if (atomic_load(&h->stopping)) {
		x->close = true;
		return busy(x);
	}
	enum err err = request_target(x);
	if (err)
		return err;
	bool known = method_of(name, &m);
	err = request_route(x, known ? m : M_GET);
	if (!known && (!err || x->allow)) {
		x->rq.route = NULL;
		return req_fail(
			&x->rq, ERR_INVALID, "method", "", "The path does not know this method");
	}
	if (!known || err == OK || x->allow)
		return err;
	x->file = statics_find(h->statics, x->rq.path);
	if (!x->file)
		return err;
	x->rq.err = (struct error){ 0 };
	if (m == M_GET)
		return OK;
	x->file = NULL;
	x->allow = 1U << M_GET;
	return req_fail(&x->rq, ERR_INVALID, "method", "", "The path does not know this method");
}

static enum err on_route(struct http *h, struct xfer *x, struct str length, bool chunked)
{
	enum err err = read_headers(x);

	if (!err)
		err = admit(h, x);
	if (!err)
		err = query_decode(x);
	if (!err && (length.p || chunked))
		err = request_body_begin(x, length);
	return err;
}

static enum MHD_Result send_file(struct xfer *x)
{
	int status;
	struct MHD_Response *r = statics_reply(x->file, header(x, STR("Accept-Encoding")),
		header(x, STR("If-None-Match")), &status);

	x->stage = STAGE_SENT;
	return MHD_queue_response(x->conn, (unsigned)status, r);
}

static void tell_finished(struct xfer *x, int status)
{
	const struct http_hooks *hooks = x->env->hooks;

	x->owed = false;
	if (hooks && hooks->finished)
		hooks->finished(&x->rq, status, micros_now() - x->started);
}

static enum MHD_Result send_reply(struct xfer *x)
{
	if (x->file && !x->err)
		return send_file(x);
	int status = exec_finish(x);
	x->stage = STAGE_SENT;
	struct MHD_Response *r = reply_build(x, &status);
	if (!r)
		return MHD_NO;
	enum MHD_Result ok = MHD_queue_response(x->conn, (unsigned)status, r);
	MHD_destroy_response(r);
	tell_finished(x, status);
	return ok;
}

void conn_ready(struct xfer *x)
{
	struct http *h = x->http;

	x->stage = STAGE_READY;
	MHD_resume_connection(x->conn);
	atomic_fetch_sub(&h->suspended, 1);
}

static void tx_done(enum err err, void *arg)
{
	struct xfer *x = arg;

	x->err = err;
	conn_ready(x);
}

static enum err hand_over(struct http *h, struct xfer *x, enum how how)
{
	if (how == RUN_WORKER)
		return pool_push(h->pool, x);
	x->job = (struct db_job){ .fn = exec_tx, .done = tx_done, .arg = x };
	return db_submit(h->env.db, &x->job);
}

/* The connection is suspended before the hand-over, since the outcome may come at once. */
static enum MHD_Result wait_for(struct http *h, struct xfer *x, enum how how)
{
	x->stage = STAGE_WAIT;
	atomic_fetch_add(&h->suspended, 1);
	MHD_suspend_connection(x->conn);
	enum err err = hand_over(h, x, how);
	if (err) {
		x->err = err == ERR_LIMIT ? busy(x) : err;
		conn_ready(x);
	}
	return MHD_YES;
}

static enum MHD_Result run(struct http *h, struct xfer *x)
{
	enum how how = exec_how(x->rq.route);

	if (how != RUN_HERE)
		return wait_for(h, x, how);
	struct dbc *c = readers_claim(h->readers);
	x->err = c ? exec_read(x, c) : busy(x);
	readers_return(h->readers, c);
	return send_reply(x);
}

/* libmicrohttpd closes the connection when a reply is queued before its second call. So a small
 * refused body is read to its end: the client sees the answer and may go on. With a large one the
 * answer comes at once and the connection is closed. */
static enum MHD_Result refuse(struct xfer *x, struct str length)
{
	int64_t n = 0;
	bool small = !length.p || (str_i64(length, &n) && n >= 0 && n <= DISCARD_MAX);

	if (small && !header(x, STR("Expect")).p) {
		x->stage = STAGE_DISCARD;
		x->body_left = DISCARD_MAX;
		return MHD_YES;
	}
	x->close = true;
	return send_reply(x);
}

static enum MHD_Result on_headers(struct http *h, struct xfer *x, const char *method)
{
	struct str length = header(x, STR("Content-Length"));
	struct str coding = header(x, STR("Transfer-Encoding"));

	x->err = on_target(h, x, method);
	if (!x->err && length.p && coding.p) {
		x->close = true;
		x->err = req_fail(&x->rq, ERR_INVALID, "framing", "",
			"Content-Length and Transfer-Encoding exclude each other");
	}
	if (!x->err && x->rq.route)
		x->err = on_route(h, x, length, coding.p != NULL);
	if (x->err)
		return refuse(x, length);
	x->stage = x->file ? STAGE_DISCARD : STAGE_BODY;
	x->body_left = DISCARD_MAX;
	return MHD_YES;
}

static enum MHD_Result on_body(struct xfer *x, const char *data, size_t *n)
{
	if (x->stage == STAGE_BODY) {
		x->err = request_body_add(x, data, *n);
		if (x->err)
			x->stage = STAGE_DISCARD;
	} else if (*n > x->body_left) {
		return MHD_NO;
	} else {
		x->body_left -= *n;
	}
	*n = 0;
	return MHD_YES;
}

static enum MHD_Result on_complete(struct http *h, struct xfer *x)
{
	if (x->stage == STAGE_DISCARD)
		return send_reply(x);
	x->err = body_decode(x);
	return x->err ? send_reply(x) : run(h, x);
}

enum MHD_Result conn_request(void *cls, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *n, void **ctx)
{
	struct xfer *x = *ctx;

	(void)c;
	(void)url;
	(void)version;
	if (!x)
		return MHD_NO;
	switch (x->stage) {
	case STAGE_NEW:
		return on_headers(cls, x, method);
	case STAGE_BODY:
	case STAGE_DISCARD:
		return *n ? on_body(x, data, n) : on_complete(cls, x);
	case STAGE_READY:
		return send_reply(x);
	case STAGE_WAIT:
	case STAGE_SENT:
		break;
	}
	return MHD_YES;
}

void conn_completed(
	void *cls, struct MHD_Connection *c, void **ctx, enum MHD_RequestTerminationCode why)
{
	struct xfer *x = *ctx;

	(void)cls;
	(void)c;
	(void)why;
	*ctx = NULL;
	if (!x)
		return;
	if (x->owed)
		tell_finished(x, STATUS_GONE);
	xfer_unref(x);
}
