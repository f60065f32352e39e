/* A whole request without sockets: the same route, admission, decoding, transaction and outcome. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/internal.h"

enum { CALL_ARENA = 64 << 20, CALL_REPLY = 256 << 20, CALL_READ = 65536 };

static enum err call_prepare(struct xfer *x, const struct call *in, struct dbc *c)
{
	struct req *rq = &x->rq;

	if ((unsigned)in->method >= METHOD_MAX)
		return req_fail(rq, ERR_INVALID, "method", "", "No such method");
	enum err err = request_target(x);
	if (!err)
		err = request_route(x, in->method);
	if (err)
		return err;
	rq->token = in->token;
	rq->content_type = in->content_type;
	if (in->method != M_GET)
		err = request_key(x, in->idempotency_key);
	if (!err)
		err = exec_admit(x, c);
	if (!err)
		err = query_decode(x);
	if (err)
		return err;
	x->body.max = request_body_max(rq->route);
	err = request_body_add(x, in->body.p, in->body.n);
	return err ? err : body_decode(x);
}

static enum err call_run(struct xfer *x, const struct call *in)
{
	struct dbc *c = in->reader;
	enum err err = c ? OK : db_reader_open(x->env->db, &c);

	if (err)
		return err;
	err = call_prepare(x, in, c);
	if (!err && exec_how(x->rq.route) != RUN_TX)
		err = exec_read(x, c);
	else if (!err)
		err = db_write(x->env->db, exec_tx, x);
	if (!in->reader)
		dbc_free(c);
	return err;
}

static enum err copy_file(const struct reply *r, struct buf *out)
{
	char part[CALL_READ];
	uint64_t at = 0;

	while (at < r->fd_size) {
		ssize_t n = pread(r->fd, part, sizeof(part), (off_t)at);
		if (n <= 0)
			return ERR_IO;
		buf_put(out, part, (size_t)n);
		at += (uint64_t)n;
	}
	return OK;
}

static enum err copy_reply(struct xfer *x, struct buf *out)
{
	enum err err = OK;

	if (x->rq.reply.kind == REPLY_FILE)
		err = copy_file(&x->rq.reply, out);
	else if (x->rq.reply.kind == REPLY_SSE && x->rq.reply.sse)
		sse_client_drain(x->rq.reply.sse, out);
	else
		buf_str(out, buf_view(&x->out));
	if (err)
		return err;
	return out->failed ? ERR_NOMEM : OK;
}

enum err http_call(struct app *app, struct db *db, const struct router *router,
	const struct http_hooks *hooks, const struct call *in, struct buf *out, int *ret_status)
{
	const struct env env = { .app = app,
		.db = db,
		.router = router,
		.hooks = hooks,
		.arena_max = CALL_ARENA,
		.reply_max = CALL_REPLY };
	struct xfer *x = xfer_new(&env);

	if (!x)
		return ERR_NOMEM;
	x->started = micros_now();
	x->rq.now = time_now();
	x->rq.app = app;
	x->rq.arena = x->arena;
	x->rq.remote = STR("local");
	x->rq.agent = STR("in-process");
	x->rq.reply.fd = -1;
	x->target_n = in->target.n;
	x->target = arena_alloc(x->arena, in->target.n + 1);
	if (x->target && in->target.n)
		memcpy(x->target, in->target.p, in->target.n);
	x->err = call_run(x, in);
	int status = exec_finish(x);
	enum err err = copy_reply(x, out);
	if (hooks && hooks->finished)
		hooks->finished(&x->rq, status, micros_now() - x->started);
	xfer_free(x);
	if (!err)
		*ret_status = status;
	return err;
}
