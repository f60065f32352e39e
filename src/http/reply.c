/*
 * The reply as libmicrohttpd wants it: bytes, file or stream, with its headers. The bytes of a
 * reply stay where the handler wrote them; the response holds the request until they are sent.
 */
#include <stdio.h>
#include <string.h>

#include "http/internal.h"

enum { HEADER_TEXT = 1024 };

/* Scripts and styles from here only; blob workers and images are what the map needs. */
static const char html_policy[] =
	"default-src 'self'; style-src 'self'; img-src 'self' data: blob:; worker-src 'self' "
	"blob:; "
	"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

static bool put(struct MHD_Response *r, const char *name, const char *value)
{
	return MHD_add_response_header(r, name, value) == MHD_YES;
}

static bool put_str(struct MHD_Response *r, const char *name, struct str value)
{
	char text[HEADER_TEXT];

	if (!value.p)
		return true;
	if (value.n >= sizeof(text))
		return false;
	memcpy(text, value.p, value.n);
	text[value.n] = 0;
	return put(r, name, text);
}

bool reply_base_headers(struct MHD_Response *r, const char *type, const char *cache)
{
	bool ok = put(r, "X-Content-Type-Options", "nosniff") &&
		  put(r, "Referrer-Policy", "same-origin") && put(r, "X-Frame-Options", "DENY") &&
		  put(r, "Cache-Control", cache ? cache : "no-store");

	if (ok && type)
		ok = put(r, "Content-Type", type);
	if (ok && type && strncmp(type, "text/html", 9) == 0)
		ok = put(r, "Content-Security-Policy", html_policy);
	return ok;
}

static bool plain_in_header(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '.' || c == '-' || c == '_';
}

/* RFC 6266: a plain name for old clients, the real one percent-encoded. */
static bool put_filename(struct MHD_Response *r, struct str name)
{
	char text[HEADER_TEXT];
	size_t n = 0;

	if (!name.p)
		return true;
	if (name.n > 200)
		name.n = 200;
	n += (size_t)snprintf(text, sizeof(text), "attachment; filename=\"");
	for (size_t i = 0; i < name.n; i++)
		text[n++] = plain_in_header((unsigned char)name.p[i]) ? name.p[i] : '_';
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\"; filename*=UTF-8''");
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		if (plain_in_header(c))
			text[n++] = (char)c;
		else
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%%%02X", c);
	}
	text[n] = 0;
	return put(r, "Content-Disposition", text);
}

static bool put_allow(struct MHD_Response *r, unsigned allow)
{
	static const char *const name[METHOD_MAX] = {
		[M_GET] = "GET, HEAD",
		[M_POST] = "POST",
		[M_PUT] = "PUT",
		[M_PATCH] = "PATCH",
		[M_DELETE] = "DELETE",
	};
	char text[64];
	size_t n = 0;

	for (unsigned m = 0; m < METHOD_MAX; m++)
		if (allow & 1U << m)
			n += (size_t)snprintf(
				text + n, sizeof(text) - n, "%s%s", n ? ", " : "", name[m]);
	return n == 0 || put(r, "Allow", text);
}

static bool put_status_headers(struct MHD_Response *r, const struct xfer *x, int status)
{
	switch (status) {
	case 401:
		return put(r, "WWW-Authenticate", "Bearer");
	case 405:
		return put_allow(r, x->allow);
	case 429:
		return put(r, "Retry-After", "10");
	case 503:
		return put(r, "Retry-After", "1");
	default:
		return true;
	}
}

bool etag_match(struct str given, struct str etag)
{
	struct str part;

	if (!given.p || !etag.p)
		return false;
	if (str_prefix(etag, STR("W/")))
		etag = (struct str){ etag.p + 2, etag.n - 2 };
	while (str_split(&given, ',', &part)) {
		part = str_trim(part);
		if (str_eq(part, STR("*")))
			return true;
		if (str_prefix(part, STR("W/")))
			part = (struct str){ part.p + 2, part.n - 2 };
		if (str_eq(part, etag))
			return true;
	}
	return false;
}

static void free_bytes(void *cls)
{
	xfer_unref(cls);
}

static struct MHD_Response *empty_response(void)
{
	return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *bytes_response(struct xfer *x)
{
	if (x->out.n == 0)
		return empty_response();
	struct MHD_Response *r = MHD_create_response_from_buffer_with_free_callback_cls(
		x->out.n, x->out.p, free_bytes, x);
	if (r)
		atomic_fetch_add(&x->refs, 1);
	return r;
}

static struct MHD_Response *body_response(struct xfer *x, int *status)
{
	struct reply *p = &x->rq.reply;

	if (x->rq.method == M_GET && *status == 200 && etag_match(x->rq.etag_given, p->etag)) {
		*status = 304;
		return empty_response();
	}
	if (p->kind == REPLY_FILE) {
		struct MHD_Response *r = MHD_create_response_from_fd64(p->fd_size, p->fd);
		if (r)
			p->fd = -1; /* closed with the response */
		return r;
	}
	if (p->kind == REPLY_SSE) {
		struct sse_client *c = p->sse;
		p->sse = NULL;
		return c ? sse_response(c, x->conn) : NULL;
	}
	return bytes_response(x);
}

static const char *content_type(const struct reply *p)
{
	if (p->content_type)
		return p->content_type;
	switch (p->kind) {
	case REPLY_JSON:
		return "application/json";
	case REPLY_SSE:
		return "text/event-stream";
	case REPLY_BYTES:
	case REPLY_FILE:
		break;
	}
	return "application/octet-stream";
}

struct MHD_Response *reply_build(struct xfer *x, int *status)
{
	const struct reply *p = &x->rq.reply;
	struct MHD_Response *r = body_response(x, status);

	if (!r)
		return NULL;
	bool bare = *status == 304 || *status == 204;
	bool ok = reply_base_headers(r, bare ? NULL : content_type(p), p->cache) &&
		  put_str(r, "ETag", p->etag) && put_filename(r, p->filename) &&
		  put_str(r, "Set-Cookie", p->cookie) && put_str(r, "Location", p->location) &&
		  put_status_headers(r, x, *status);
	if (ok && p->kind == REPLY_SSE)
		ok = put(r, "X-Accel-Buffering", "no");
	if (ok && x->close)
		ok = put(r, "Connection", "close");
	if (!ok) {
		MHD_destroy_response(r);
		return NULL;
	}
	return r;
}
