/* The application behind the server's tests; see http_fake.h. */
#include "http/http_fake.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "db/db.h"

static struct fake *fake_of(const struct req *rq)
{
	void *p;

	memcpy(&p, &rq->app, sizeof(p));
	return p;
}

struct item {
	int64_t id;
	struct str name;
	int64_t n;
};

static const struct field item_field[] = {
	FIELD(item, id, F_ID, .flags = FIELD_READONLY),
	FIELD(item, name, F_STR, .max = 20, .flags = FIELD_REQUIRED),
	FIELD(item, n, F_INT, .min = 0, .max = 100),
};
static const struct fields item_fields = FIELDS(item, item_field);

static const struct param list_params[] = {
	{ "place", F_CODE, "" },
	{ "limit", F_INT, "" },
	{ "open", F_BOOL, "" },
	{ "from", F_TIME, "" },
	{ "day", F_DATE, "" },
	{ "lon", F_REAL, "" },
	{ "q", F_STR, "" },
	{ "unit", F_ID, "" },
};

static enum err quick(struct req *rq, struct jw *out)
{
	int64_t n;
	enum err err = db_int(rq->db, "SELECT count(*) AS n FROM item", NO_ARGS, &n);

	if (err)
		return err;
	jw_obj(out);
	jw_kint(out, "items", n);
	jw_kstr(out, "remote", rq->remote);
	jw_end_obj(out);
	return OK;
}

static enum err list(struct req *rq, struct jw *out)
{
	jw_obj(out);
	jw_kstr(out, "q", req_query(rq, "q"));
	jw_kint(out, "limit", req_query_int(rq, "limit"));
	jw_kint(out, "open", req_query_int(rq, "open"));
	jw_ktime(out, "from", req_query_int(rq, "from"));
	jw_kint(out, "day", req_query_int(rq, "day"));
	jw_kreal(out, "lon", req_query_real(rq, "lon"));
	jw_kstr(out, "place", req_query(rq, "place"));
	jw_end_obj(out);
	rq->reply.etag = STR("\"v1\"");
	return OK;
}

static enum err get(struct req *rq, struct jw *out)
{
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err)
		return err;
	struct rows *r = db_query(rq->db, "SELECT name, n FROM item WHERE id = $1", ARGS(I(id)));
	bool found = rows_next(r);
	if (found) {
		jw_obj(out);
		jw_kid(out, "id", id);
		jw_kstr(out, "name", row_str(r, "name"));
		jw_kint(out, "n", row_int(r, "n"));
		jw_end_obj(out);
	}
	err = rows_close(r);
	return err || found ? err : req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "No such item");
}

static enum err create(struct req *rq, struct jw *out)
{
	struct item *in = rq->in;
	int64_t id = db_new_id(rq->db);

	if (id == NIL)
		return ERR_RETRY;
	enum err err = db_exec(rq->db, "INSERT INTO item (id, name, n) VALUES ($1, $2, $3)",
		ARGS(I(id), T(in->name), I(in->n)), NULL);
	if (err)
		return err;
	jw_obj(out);
	jw_kid(out, "id", id);
	jw_kstr(out, "name", in->name);
	jw_end_obj(out);
	rq->reply.location = str_fmt(rq->arena, "/api/items/%lld", (long long)id);
	rq->reply.cookie = STR("seen=1; HttpOnly");
	return OK;
}

static enum err patch(struct req *rq, struct jw *out)
{
	jw_obj(out);
	jw_kint(out, "present", (int64_t)rq->present);
	jw_end_obj(out);
	return OK;
}

/* Fails once with a serialization error, after spoiling all it was given. */
static enum err again(struct req *rq, struct jw *out)
{
	struct item *in = rq->in;
	int run = atomic_fetch_add(&fake_of(rq)->runs, 1);
	enum err err = db_exec(rq->db, "INSERT INTO item (id, name, n) VALUES ($1, $2, 0)",
		ARGS(I(5000 + run), T(in->name)), NULL);

	if (err)
		return err;
	jw_obj(out);
	jw_kstr(out, "name", in->name);
	if (run == 0) {
		in->name = STR("spoilt");
		rq->present = 0;
		rq->reply.status = 299;
		return req_fail(rq, ERR_RETRY, "again", "", "once more");
	}
	jw_kint(out, "run", run);
	jw_kint(out, "present", (int64_t)rq->present);
	jw_end_obj(out);
	return OK;
}

static enum err always_retry(struct req *rq, struct jw *out)
{
	(void)rq;
	(void)out;
	return ERR_RETRY;
}

static enum err raw(struct req *rq, struct jw *out)
{
	(void)out;
	buf_str(rq->raw, rq->body);
	rq->reply.content_type = "text/plain";
	rq->reply.filename = STR("网格 \"1\".csv");
	rq->reply.status = 200;
	return OK;
}

static enum err tile(struct req *rq, struct jw *out)
{
	(void)out;
	for (size_t i = 0; i < 4; i++) {
		buf_str(rq->raw, rq->param[i]);
		buf_char(rq->raw, '|');
	}
	rq->reply.content_type = "application/vnd.mapbox-vector-tile";
	rq->reply.cache = "private, max-age=10";
	return OK;
}

static enum err slow(struct req *rq, struct jw *out)
{
	const struct timespec t = { .tv_nsec = 300000000 };

	(void)rq;
	nanosleep(&t, NULL);
	jw_obj(out);
	jw_end_obj(out);
	return OK;
}

/* The path says which error to give. */
static enum err fail(struct req *rq, struct jw *out)
{
	jw_obj(out); /* must not show */
	for (int i = 1; i < ERR_MAX; i++)
		if (str_eqz(rq->param[0], err_name((enum err)i)))
			return (enum err)i;
	return req_fail(rq, ERR_CONFLICT, "event.own", "state", "Its own “words”");
}

static enum err half(struct req *rq, struct jw *out)
{
	(void)rq;
	jw_obj(out);
	return OK;
}

static enum err much(struct req *rq, struct jw *out)
{
	(void)rq;
	jw_obj(out);
	jw_karr(out, "items");
	for (int i = 0; i < 200000; i++)
		jw_z(out, "0123456789");
	jw_end_arr(out);
	jw_end_obj(out);
	return OK;
}

static enum err file(struct req *rq, struct jw *out)
{
	char path[96];

	(void)out;
	snprintf(path, sizeof(path), "%s/file.bin", fake_of(rq)->dir);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, "0123456789", 10) != 10)
		return ERR_IO;
	rq->reply.kind = REPLY_FILE;
	rq->reply.fd = fd;
	rq->reply.fd_size = 10;
	return OK;
}

static void stream_gone(void *ctx)
{
	struct fake *f = ctx;

	atomic_fetch_add(&f->gone, 1);
}

static enum err stream(struct req *rq, struct jw *out)
{
	struct fake *f = fake_of(rq);

	(void)out;
	rq->reply.kind = REPLY_SSE;
	enum err err = sse_client_new(f->sse, f, stream_gone, &rq->reply.sse);
	if (err)
		return err;
	if (rq->last_event.p)
		sse_send(f->sse, rq->reply.sse, 7, "catchup", rq->last_event);
	return OK;
}

static enum err echo_who(struct req *rq, struct jw *out)
{
	jw_obj(out);
	jw_kstr(out, "token", rq->token);
	jw_kbool(out, "cookie", rq->by_cookie);
	jw_kstr(out, "csrf", rq->csrf);
	jw_kstr(out, "agent", rq->agent);
	jw_end_obj(out);
	return OK;
}

#define OPEN .flags = ROUTE_PUBLIC
static const struct route routes[] = {
	{ .method = M_GET,
		.path = "/api/quick",
		.id = "quick",
		.fn = quick,
		.flags = ROUTE_PUBLIC | ROUTE_QUICK },
	{ .method = M_GET,
		.path = "/api/items",
		.id = "list",
		.fn = list,
		OPEN,
		.query = list_params,
		.nquery = ARRAY_LEN(list_params) },
	{ .method = M_GET, .path = "/api/items/{id}", .id = "get", .fn = get, OPEN },
	{ .method = M_POST,
		.path = "/api/items",
		.id = "create",
		.fn = create,
		.in = &item_fields,
		.perm = "item.write",
		.max_body = 4096 },
	{ .method = M_PATCH,
		.path = "/api/items/{id}",
		.id = "patch",
		.fn = patch,
		.in = &item_fields,
		.perm = "item.write" },
	{ .method = M_DELETE, .path = "/api/items/{id}", .id = "delete", .fn = echo_who, OPEN },
	{ .method = M_POST,
		.path = "/api/again",
		.id = "again",
		.fn = again,
		.in = &item_fields,
		OPEN },
	{ .method = M_POST, .path = "/api/never", .id = "never", .fn = always_retry, OPEN },
	{ .method = M_POST,
		.path = "/api/raw",
		.id = "raw",
		.fn = raw,
		.max_body = 2000,
		.flags = ROUTE_PUBLIC | ROUTE_RAW_BODY | ROUTE_RAW_OUT | ROUTE_NO_TX },
	{ .method = M_GET,
		.path = "/tiles/{layer}/{z}/{x}/{y}.mvt",
		.id = "tile",
		.fn = tile,
		.flags = ROUTE_PUBLIC | ROUTE_QUICK | ROUTE_RAW_OUT },
	{ .method = M_GET, .path = "/api/slow", .id = "slow", .fn = slow, OPEN },
	{ .method = M_POST, .path = "/api/fail/{how}", .id = "fail", .fn = fail, OPEN },
	{ .method = M_GET, .path = "/api/half", .id = "half", .fn = half, OPEN },
	{ .method = M_GET, .path = "/api/much", .id = "much", .fn = much, OPEN },
	{ .method = M_GET,
		.path = "/api/file",
		.id = "file",
		.fn = file,
		.flags = ROUTE_PUBLIC | ROUTE_RAW_OUT },
	{ .method = M_GET,
		.path = "/api/stream",
		.id = "stream",
		.fn = stream,
		.flags = ROUTE_PUBLIC | ROUTE_QUICK | ROUTE_RAW_OUT },
	{ .method = M_GET,
		.path = "/api/me",
		.id = "me",
		.fn = echo_who,
		.flags = ROUTE_SIGNED_IN },
};

static enum err admit(struct req *rq)
{
	if (rq->route->flags & ROUTE_PUBLIC)
		return OK;
	if (!rq->token.p)
		return req_fail(rq, ERR_AUTH, "auth", "", "Sign in first");
	if (!str_eqz(rq->token, "good"))
		return req_fail(rq, ERR_DENIED, "denied", "", "Not for you");
	return OK;
}

static enum err enter(struct req *rq, struct buf *out, bool *ret_done)
{
	if (!rq->idempotency_key.p)
		return OK;
	struct rows *r = db_query(
		rq->db, "SELECT reply FROM done WHERE key = $1", ARGS(T(rq->idempotency_key)));
	if (rows_next(r)) {
		buf_str(out, row_str(r, "reply"));
		rq->reply.status = 201;
		*ret_done = true;
	}
	return rows_close(r);
}

static enum err leave(struct req *rq, struct str out)
{
	if (!rq->idempotency_key.p)
		return OK;
	return db_exec(rq->db, "INSERT INTO done (key, reply) VALUES ($1, $2)",
		ARGS(T(rq->idempotency_key), T(out)), NULL);
}

static void finished(struct req *rq, int status, int64_t micros)
{
	struct fake *f = fake_of(rq);

	(void)micros;
	atomic_store(&f->last_status, status);
	atomic_fetch_add(&f->finished, 1);
}

const struct http_hooks fake_hooks = {
	.admit = admit,
	.enter = enter,
	.leave = leave,
	.finished = finished,
};

static const unsigned char page[] = "<!doctype html><title>desk</title>";
static const unsigned char field_page[] = "<!doctype html><title>field</title>";
static const unsigned char script[] = "export const a = 1; // long enough to be packed";
static const unsigned char script_gz[] = "(gz)";
static const unsigned char script_br[] = "(br)";
const struct asset fake_assets[] = {
	{ .path = "/index.html",
		.type = "text/html; charset=utf-8",
		.plain = page,
		.plain_n = sizeof(page) - 1,
		.etag = "\"p1\"" },
	{ .path = "/field.html",
		.type = "text/html; charset=utf-8",
		.plain = field_page,
		.plain_n = sizeof(field_page) - 1,
		.etag = "\"p2\"" },
	{ .path = "/assets/app-12345678.mjs",
		.type = "text/javascript; charset=utf-8",
		.plain = script,
		.plain_n = sizeof(script) - 1,
		.gzip = script_gz,
		.gzip_n = 4,
		.brotli = script_br,
		.brotli_n = 4,
		.etag = "\"s1\"",
		.immutable = true },
};
const size_t fake_assets_n = ARRAY_LEN(fake_assets);

static const struct migration schema[] = {
	{ .number = 1,
		.name = "fake",
		.sql = "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT NOT NULL, n BIGINT);"
		       "CREATE TABLE done (key TEXT PRIMARY KEY, reply TEXT NOT NULL);" },
};

static void must(bool ok, const char *what, const struct error *e)
{
	if (ok)
		return;
	fprintf(stderr, "fake: %s: %s %s\n", what, e->code, e->message);
	abort();
}

struct fake *fake_new(void)
{
	struct fake *f = calloc(1, sizeof(*f));
	char url[128];
	struct error e = { 0 };

	must(f != NULL, "memory", &e);
	snprintf(f->dir, sizeof(f->dir), "/tmp/http-test-XXXXXX");
	must(mkdtemp(f->dir) != NULL, "mkdtemp", &e);
	snprintf(url, sizeof(url), "sqlite:%s/t.db", f->dir);
	const struct db_config cfg = { .url = url, .writers = 1, .batch = 64 };
	must(db_open(&cfg, &f->db, &e) == OK, "db_open", &e);
	must(db_migrate(f->db, schema, ARRAY_LEN(schema), NULL, &e) == OK, "schema", &e);
	f->sse = sse_new(64);
	must(f->sse != NULL, "sse", &e);
	must(router_new(&f->router, &e) == OK, "router", &e);
	must(router_add(f->router, routes, ARRAY_LEN(routes), &e) == OK, "routes", &e);
	return f;
}

void fake_free(struct fake *f)
{
	static const char *const part[] = { "t.db", "t.db-wal", "t.db-shm" };
	char path[128];

	router_free(f->router);
	sse_free(f->sse);
	db_close(f->db);
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, part[i]);
		unlink(path); /* the journals are gone already when the store closed well */
	}
	if (rmdir(f->dir) != 0)
		fprintf(stderr, "fake: %s stays\n", f->dir);
	free(f);
}
