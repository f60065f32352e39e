/*
 * Where and how a handler runs: admission, a run on a reading connection, a run inside a
 * transaction (which may be repeated), and the outcome turned into a status and bytes. Threads are
 * pool.c's and the store's business; sockets are server.c's.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http/internal.h"

enum how exec_how(const struct route *v)
{
	if (v->method == M_GET)
		return v->flags & ROUTE_QUICK ? RUN_HERE : RUN_WORKER;
	return v->flags & ROUTE_NO_TX ? RUN_WORKER : RUN_TX;
}

enum err exec_admit(struct xfer *x, struct dbc *c)
{
	const struct http_hooks *hooks = x->env->hooks;

	if (!hooks || !hooks->admit) {
		/* Without a doorkeeper only the public may enter. */
		if (x->rq.route->flags & ROUTE_PUBLIC)
			return OK;
		return req_fail(&x->rq, ERR_AUTH, "auth", "", "Sign in first");
	}
	x->rq.db = c;
	enum err err = hooks->admit(&x->rq);
	x->rq.db = NULL;
	return err;
}

/* Everything a run may have changed is as it was before the first one. */
static void run_begin(struct xfer *x, struct dbc *c)
{
	struct req *rq = &x->rq;

	if (rq->reply.kind == REPLY_FILE && rq->reply.fd >= 0)
		close(rq->reply.fd);
	if (rq->reply.kind == REPLY_SSE)
		sse_client_drop(rq->reply.sse);
	rq->reply = (struct reply){ .fd = -1,
		.kind = rq->route && (rq->route->flags & ROUTE_RAW_OUT) ? REPLY_BYTES
									: REPLY_JSON };
	rq->err = (struct error){ 0 };
	rq->rows = 0;
	rq->raw = &x->out;
	rq->db = c;
	buf_reset(&x->out);
}

/* The handler's answer must be whole: one closed JSON value, within the limits. */
static enum err run_check(struct xfer *x, const struct jw *j)
{
	struct req *rq = &x->rq;

	if (arena_failed(rq->arena))
		return req_fail(rq, ERR_NOMEM, "too_much", "", "The request needs too much memory");
	if (x->out.failed || j->depth != 0 || j->after_key)
		return req_fail(rq, ERR_BUG, "reply", "", "The reply could not be written");
	return OK;
}

static enum err run_handler(struct xfer *x)
{
	struct req *rq = &x->rq;
	struct jw j;

	jw_init(&j, &x->out);
	enum err err = rq->route->fn(rq, &j);
	return err ? err : run_check(x, &j);
}

/*
 * What several queries of one reply say belongs together; and in the embedded engine one snapshot is cheaper
 * than one per query. Elsewhere it would cost a round trip: there handlers ask for it where it matters.
 */
static enum err snapshot_for(const struct req *rq, struct dbc *c)
{
	bool apart = rq->method != M_GET; /* a handler that writes by itself reads what it wrote */

	return c != NULL && !apart && dbc_engine(c) == DB_SQLITE ? db_snapshot_begin(c) : OK;
}

enum err exec_read(struct xfer *x, struct dbc *c)
{
	enum err err = snapshot_for(&x->rq, c);

	if (err)
		return err;
	run_begin(x, c);
	x->rq.arena = x->arena;
	err = run_handler(x);
	x->rq.db = NULL;
	if (c != NULL)
		db_snapshot_end(c);
	return err;
}

/* A second arena, so that what was decoded survives a repeated run. */
static enum err tx_begin(struct xfer *x, struct dbc *c)
{
	struct req *rq = &x->rq;

	run_begin(x, c);
	if (!x->run)
		x->run = arena_new(x->env->arena_max);
	if (!x->run)
		return ERR_NOMEM;
	arena_reset(x->run);
	rq->arena = x->run;
	if (rq->in)
		memcpy(rq->in, x->in_first, rq->route->in->size);
	rq->present = x->present_first;
	return OK;
}

static enum err tx_run(struct xfer *x, struct dbc *c)
{
	const struct http_hooks *hooks = x->env->hooks;
	bool known = false;

	enum err err = tx_begin(x, c);
	if (!err && hooks && hooks->enter)
		err = hooks->enter(&x->rq, &x->out, &known);
	if (err || known)
		return err;
	err = run_handler(x);
	if (!err && hooks && hooks->leave)
		err = hooks->leave(&x->rq, buf_view(&x->out));
	return err;
}

enum err exec_tx(struct dbc *c, void *xfer)
{
	struct xfer *x = xfer;
	enum err err = tx_run(x, c);

	x->rq.db = NULL;
	return err;
}

/* Codes with a status of their own; the others go by the kind of error. */
static const struct {
	const char *code;
	int status;
} code_status[] = {
	{ "too_large", 413 },
	{ "target_too_long", 414 },
	{ "content_type", 415 },
	{ "method", 405 },
};

int http_status(enum err err)
{
	static const int status[ERR_MAX] = {
		[OK] = 200,
		[ERR_INVALID] = 400,
		[ERR_AUTH] = 401,
		[ERR_DENIED] = 403,
		[ERR_NOT_FOUND] = 404,
		[ERR_CONFLICT] = 409,
		[ERR_LIMIT] = 429,
		[ERR_RETRY] = 503,
		[ERR_NOMEM] = 503,
		[ERR_IO] = 503,
		[ERR_BUG] = 500,
	};

	return (unsigned)err < ERR_MAX ? status[err] : 500;
}

static int error_status(const struct error *e)
{
	for (size_t i = 0; i < ARRAY_LEN(code_status); i++)
		if (strcmp(e->code, code_status[i].code) == 0)
			return code_status[i].status;
	return http_status(e->err);
}

void http_error_json(const struct error *e, struct jw *j)
{
	jw_obj(j);
	jw_kobj(j, "error");
	jw_kz(j, "code", e->code[0] ? e->code : err_name(e->err));
	jw_kz(j, "field", e->field);
	jw_kz(j, "message", e->message);
	jw_end_obj(j);
	jw_end_obj(j);
}

/* What to say when nobody said anything. */
static const char *err_words(enum err err)
{
	switch (err) {
	case ERR_AUTH:
		return "Sign in first";
	case ERR_DENIED:
		return "Not allowed";
	case ERR_NOT_FOUND:
		return "There is nothing here";
	case ERR_CONFLICT:
		return "It changed meanwhile, or its state does not allow this";
	case ERR_LIMIT:
		return "Too much or too often; try again later";
	case ERR_RETRY:
		return "The server is busy; try again";
	case ERR_NOMEM:
		return "The server is out of memory; try again later";
	case ERR_IO:
		return "The store or a disk is not available; try again later";
	case ERR_INVALID:
		return "The request is not valid";
	case OK:
	case ERR_BUG:
	case ERR_MAX:
		break;
	}
	return "Internal error";
}

static int finish_error(struct xfer *x)
{
	struct req *rq = &x->rq;
	struct error e = rq->err;
	struct jw j;

	e.err = x->err;
	if (!e.message[0])
		err_set(&e, x->err, e.code[0] ? e.code : err_name(x->err), e.field, "%s",
			err_words(x->err));
	run_begin(x, NULL); /* nothing of a half-written reply stays */
	rq->err = e;
	rq->reply.kind = REPLY_JSON;
	rq->reply.status = error_status(&e);
	jw_init(&j, &x->out);
	http_error_json(&e, &j);
	if (x->err == ERR_IO || x->err == ERR_BUG || x->err == ERR_NOMEM)
		log_msg(x->env->log, LOG_ERROR, "http", "%s: %s %s: %s",
			rq->route ? rq->route->id : "-", err_name(e.err), e.code, e.message);
	return rq->reply.status;
}

int exec_finish(struct xfer *x)
{
	struct reply *r = &x->rq.reply;

	if (x->err)
		return finish_error(x);
	if (r->status < 200 || r->status > 599)
		r->status = x->rq.method == M_POST ? 201 : 200;
	if (r->kind == REPLY_JSON && x->out.n == 0 && r->status != 204)
		buf_z(&x->out, "{}");
	return r->status;
}
