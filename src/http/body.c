/* The body: content type, JSON, and from there by the route's field table into the handler's
 * struct. */
#include <string.h>
#include <strings.h>

#include "http/internal.h"

/* "application/json", with or without parameters; a charset other than UTF-8 is refused. */
static bool type_is_json(struct str type)
{
	struct str head = type, rest = type, part;

	if (!type.p || !str_split(&rest, ';', &part))
		return false;
	head = str_trim(part);
	if (head.n != 16 || strncasecmp(head.p, "application/json", 16) != 0)
		return false;
	while (str_split(&rest, ';', &part)) {
		part = str_trim(part);
		if (part.n < 8 || strncasecmp(part.p, "charset=", 8) != 0)
			continue;
		struct str set = { part.p + 8, part.n - 8 };
		bool utf8 = (set.n == 5 && strncasecmp(set.p, "utf-8", 5) == 0) ||
			    (set.n == 7 && strncasecmp(set.p, "\"utf-8\"", 7) == 0);
		if (!utf8)
			return false;
	}
	return true;
}

/* The whole body as a JSON object; an empty one is an object without members. */
static enum err body_parse(struct xfer *x, json_t **ret)
{
	struct req *rq = &x->rq;
	json_error_t at = { 0 };

	if (rq->body.n == 0) {
		*ret = json_object();
		return *ret ? OK : ERR_NOMEM;
	}
	if (!type_is_json(rq->content_type))
		return req_fail(rq, ERR_INVALID, "content_type", "Content-Type",
			"The body must be application/json in UTF-8");
	json_t *v = json_loadb(rq->body.p, rq->body.n, JSON_REJECT_DUPLICATES, &at);
	if (!v && json_error_code(&at) == json_error_out_of_memory)
		return ERR_NOMEM;
	if (!v)
		return req_fail(rq, ERR_INVALID, "json", "",
			"Malformed JSON at line %d, column %d (byte %d): %s", at.line, at.column,
			at.position, at.text);
	if (!json_is_object(v)) {
		json_decref(v);
		return req_fail(rq, ERR_INVALID, "json", "", "The body must be a JSON object");
	}
	*ret = v;
	return OK;
}

enum err body_decode(struct xfer *x)
{
	struct req *rq = &x->rq;
	const struct fields *in = rq->route->in;
	bool patch = rq->method == M_PATCH || (rq->route->flags & ROUTE_PATCH_BODY);
	json_t *obj = NULL;

	rq->body = buf_view(&x->body);
	if (!in)
		return OK;
	rq->in = arena_alloc(x->arena, in->size);
	x->in_first = arena_alloc(x->arena, in->size);
	if (!rq->in || !x->in_first)
		return ERR_NOMEM;

	enum err err = body_parse(x, &obj);
	if (err)
		return err;
	fields_clear(in, rq->in);
	err = fields_decode(in, obj, patch, x->arena, rq->in, &rq->present, &rq->err);
	json_decref(obj);
	if (err)
		return err;
	memcpy(x->in_first, rq->in, in->size);
	x->present_first = rq->present;
	return OK;
}
