/*
 * From the request line and headers to `struct req`: path segments, route, path parameters, the
 * idempotency key, the limits of the body. Nothing here waits or touches the store.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http/internal.h"

/* In brackets, so that no macro of the analysers' takes its place. */
enum err (req_fail)(
	struct req *rq, enum err err, const char *code, const char *field, const char *fmt, ...)
{
	char text[sizeof(rq->err.message)];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = 0;
	va_end(ap);
	return err_set(&rq->err, err, code, field, "%s", text);
}

/* Position of a path parameter among those of the route's path, or REQ_PARAMS. */
static size_t param_at(const struct route *v, const char *name)
{
	size_t i = 0, n = strlen(name);

	for (const char *p = strchr(v->path, '{'); p && i < REQ_PARAMS; p = strchr(p + 1, '{'), i++)
		if (strncmp(p + 1, name, n) == 0 && p[n + 1] == '}')
			return i;
	return REQ_PARAMS;
}

struct str req_param(const struct req *rq, const char *name)
{
	size_t i = param_at(rq->route, name);

	return i < REQ_PARAMS ? rq->param[i] : (struct str){ NULL, 0 };
}

enum err req_id(struct req *rq, const char *name, int64_t *ret)
{
	struct str s = req_param(rq, name);
	int64_t v;

	if (!s.p || !str_i64(s, &v) || v <= 0)
		return req_fail(
			rq, ERR_NOT_FOUND, "not_found", name, "There is nothing by that id");
	*ret = v;
	return OK;
}

/* A control character or blank in the request line is never meant. */
static bool target_clean(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] <= ' ' || p[i] == 127 || p[i] == '#')
			return false;
	return true;
}

static enum err path_split(struct xfer *x, size_t n)
{
	char *p = x->target + 1, *end = x->target + n;

	for (;;) {
		char *slash = memchr(p, '/', (size_t)(end - p));
		size_t len = slash ? (size_t)(slash - p) : (size_t)(end - p);
		if (x->nseg == SEGMENTS_MAX)
			return req_fail(&x->rq, ERR_NOT_FOUND, "not_found", "", "No such path");
		size_t decoded = len;
		if (!url_decode(p, len, false, &decoded))
			return req_fail(&x->rq, ERR_INVALID, "encoding", "path",
				"The path has a bad percent-encoding, a NUL or bytes that are no "
				"UTF-8");
		x->seg[x->nseg++] = (struct str){ p, decoded };
		if (!slash)
			return OK;
		p = slash + 1;
	}
}

/* The decoded path in one piece; the very bytes of the target when nothing was encoded. */
static enum err path_join(struct xfer *x, size_t n)
{
	size_t total = 0, at = 0;

	for (size_t i = 0; i < x->nseg; i++)
		total += x->seg[i].n + 1;
	if (total == n) {
		x->rq.path = (struct str){ x->target, n };
		return OK;
	}
	char *p = arena_alloc(x->arena, total);
	if (!p)
		return ERR_NOMEM;
	for (size_t i = 0; i < x->nseg; i++) {
		p[at++] = '/';
		if (x->seg[i].n)
			memcpy(p + at, x->seg[i].p, x->seg[i].n);
		at += x->seg[i].n;
	}
	x->rq.path = (struct str){ p, total };
	return OK;
}

enum err request_target(struct xfer *x)
{
	if (!x->target)
		return ERR_NOMEM;
	if (x->target_n > TARGET_MAX)
		return req_fail(&x->rq, ERR_LIMIT, "target_too_long", "",
			"The address is longer than %d bytes", TARGET_MAX);
	if (x->target_n == 0 || x->target[0] != '/' || !target_clean(x->target, x->target_n))
		return req_fail(&x->rq, ERR_INVALID, "target", "", "The address is malformed");

	const char *mark = memchr(x->target, '?', x->target_n);
	size_t path_n = mark ? (size_t)(mark - x->target) : x->target_n;
	if (mark)
		x->query_text = (struct str){ mark + 1, x->target_n - path_n - 1 };
	enum err err = path_split(x, path_n);
	return err ? err : path_join(x, path_n);
}

enum err request_route(struct xfer *x, enum method m)
{
	struct match found;

	router_match(x->env->router, m, x->seg, x->nseg, &found);
	x->rq.method = m;
	x->allow = found.allow;
	if (found.route) {
		x->rq.route = found.route;
		memcpy(x->rq.param, found.param, sizeof(found.param));
		return OK;
	}
	if (found.allow)
		return req_fail(
			&x->rq, ERR_INVALID, "method", "", "The path does not know this method");
	return req_fail(&x->rq, ERR_NOT_FOUND, "not_found", "", "No such path");
}

enum err request_key(struct xfer *x, struct str key)
{
	if (!key.p)
		return OK;
	bool ok = key.n > 0 && key.n <= KEY_TEXT_MAX;
	for (size_t i = 0; ok && i < key.n; i++)
		ok = key.p[i] > ' ' && key.p[i] < 127;
	if (!ok)
		return req_fail(&x->rq, ERR_INVALID, "idempotency_key", "Idempotency-Key",
			"1 to %d printable characters without blanks", KEY_TEXT_MAX);
	x->rq.idempotency_key = key;
	return OK;
}

bool request_token_ok(struct str s)
{
	if (s.n == 0 || s.n > TOKEN_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 127)
			return false;
	return true;
}

size_t request_body_max(const struct route *v)
{
	if (!v->in && !(v->flags & ROUTE_RAW_BODY))
		return 0;
	return v->max_body ? v->max_body : BODY_DEFAULT;
}

static enum err body_too_large(struct xfer *x, size_t max)
{
	if (max == 0)
		return req_fail(&x->rq, ERR_INVALID, "no_body", "", "This request takes no body");
	return req_fail(
		&x->rq, ERR_LIMIT, "too_large", "", "The body is larger than %zu bytes", max);
}

enum err request_body_begin(struct xfer *x, struct str length)
{
	size_t max = request_body_max(x->rq.route);
	int64_t n;

	x->body.max = max;
	if (!length.p)
		return OK;
	if (!str_i64(length, &n) || n < 0)
		return req_fail(&x->rq, ERR_INVALID, "content_length", "", "Bad Content-Length");
	return (uint64_t)n > max ? body_too_large(x, max) : OK;
}

enum err request_body_add(struct xfer *x, const char *p, size_t n)
{
	if (n > x->body.max - x->body.n)
		return body_too_large(x, x->body.max);
	buf_put(&x->body, p, n);
	return x->body.failed ? ERR_NOMEM : OK;
}
