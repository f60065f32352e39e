/*
 * What the HTTP server asks of the engines: who is it and may they (admit), has this been answered
 * before (enter), remember the answer (leave), and what to write to the log (finished).
 */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "core/account.h"
#include "core/metrics.h"
#include "core/rate.h"

enum { PUBLIC_PER_MINUTE = 60 };

static const char *const hook_sql[] = {
	"SELECT request_hash, status, reply FROM idempotency WHERE user_id = $1 AND key = $2",
	"INSERT INTO idempotency (key, user_id, request_hash, status, reply, at) VALUES ($1, $2, $3, $4, $5, $6)",
};

static enum err check_csrf(struct req *rq)
{
	unsigned char h[HASH_LEN];

	if (!rq->by_cookie || rq->method == M_GET)
		return OK;
	crypto_sha256(rq->csrf, h);
	if (rq->csrf.p == NULL || memcmp(h, rq->who->csrf, HASH_LEN) != 0)
		return req_fail(rq, ERR_DENIED, "csrf", "", "the X-CSRF-Token header is missing or wrong");
	return OK;
}

static enum err admit(struct req *rq)
{
	const struct route *r = rq->route;
	enum err err = OK;

	rq->snap = snap_get(rq->app);
	if (rq->token.p != NULL) {
		err = principal_of(rq->app, rq->db, rq->token, rq->now, &rq->who);
		if (err == ERR_AUTH && (r->flags & ROUTE_PUBLIC))
			err = OK; /* an expired session may still use what is public */
		if (err == ERR_AUTH)
			return req_fail(rq, ERR_AUTH, "auth", "", "your session has ended; sign in again");
		if (err != OK)
			return err;
	}
	if (r->flags & ROUTE_PUBLIC) {
		double most = r->per_minute > 0 ? r->per_minute : PUBLIC_PER_MINUTE;

		if (rq->method != M_GET && rq->remote.p != NULL &&
		    !rate_take(rq->app->rate, rq->remote, r->path, most, most, rq->now))
			return req_fail(rq, ERR_LIMIT, "rate", "", "too many requests; wait a minute");
		return OK;
	}
	if (rq->who == NULL)
		return req_fail(rq, ERR_AUTH, "auth", "", "sign in first");
	if (r->perm != NULL && !may(rq->who, r->perm))
		return req_fail(rq, ERR_DENIED, "perm", "", "your posts do not include %s", r->perm);
	return check_csrf(rq);
}

/* The key is bound to the user, the route and the body. */
static enum err request_hash(const struct req *rq, unsigned char ret[HASH_LEN])
{
	struct buf b;
	enum err err;

	buf_init(&b, 1 << 27);
	buf_i64(&b, rq->method);
	buf_str(&b, rq->path);
	buf_char(&b, '\n');
	buf_str(&b, rq->body);
	err = b.failed ? ERR_NOMEM : OK; /* half a request has another hash */
	crypto_sha256(buf_view(&b), ret);
	buf_release(&b);
	return err;
}

static int64_t key_owner(const struct req *rq)
{
	return rq->who != NULL ? rq->who->user_id : 0;
}

static enum err enter(struct req *rq, struct buf *out, bool *ret_done)
{
	unsigned char h[HASH_LEN];
	struct rows *r;
	bool same = true;
	enum err err;

	if (rq->idempotency_key.p == NULL)
		return OK;
	err = request_hash(rq, h);
	if (err != OK)
		return err;
	r = db_query(rq->db, hook_sql[0], ARGS(I(key_owner(rq)), T(rq->idempotency_key)));
	if (rows_next(r)) {
		struct str was = row_str_at(r, 0);

		same = was.n == HASH_LEN && memcmp(was.p, h, HASH_LEN) == 0;
		rq->reply.status = (int)row_int_at(r, 1);
		if (same)
			buf_str(out, row_str_at(r, 2));
		*ret_done = same;
	}
	err = rows_close(r);
	if (err == OK && !same)
		return req_fail(rq, ERR_CONFLICT, "idempotency", "Idempotency-Key",
			"this key was used for a different request");
	return err;
}

static enum err leave(struct req *rq, struct str out)
{
	unsigned char h[HASH_LEN];
	int status = rq->reply.status;
	enum err err;

	if (rq->idempotency_key.p == NULL)
		return OK;
	err = request_hash(rq, h);
	if (err != OK)
		return err;
	if (status == 0)
		status = rq->method == M_POST ? 201 : 200;
	err = db_exec(rq->db, hook_sql[1],
		ARGS(T(rq->idempotency_key), I(key_owner(rq)), B((struct str){ (const char *)h, HASH_LEN }),
			I(status), T(out), I(rq->now)), NULL);

	return err == ERR_CONFLICT ? ERR_RETRY : err;
}

static void finished(struct req *rq, int status, int64_t micros)
{
	metrics_request(rq->app->metrics, status, micros);
	if (rq->app->log->level <= LOG_INFO || status >= 500)
		log_msg(rq->app->log, status >= 500 ? LOG_ERROR : LOG_INFO, "http", "%s %s %d user=%lld us=%lld rows=%lld",
			rq->route != NULL ? rq->route->id : "-", status >= 500 ? rq->err.message : "", status,
			(long long)(rq->who != NULL ? rq->who->user_id : 0), (long long)micros, (long long)rq->rows);
	principal_put(rq->who);
	snap_put(rq->snap);
	rq->who = NULL;
	rq->snap = NULL;
}

const struct http_hooks app_hooks = { .admit = admit, .enter = enter, .leave = leave, .finished = finished };

void hooks_sql_each(void (*fn)(const char *sql, void *arg), void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(hook_sql); i++)
		fn(hook_sql[i], arg);
}
