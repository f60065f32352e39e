/* The router and the small decoders of the server, without store or sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/internal.h"

static enum err nothing(struct req *rq, struct jw *out)
{
	(void)rq;
	(void)out;
	return OK;
}

#define R(m, p, i)                                                                          \
	{                                                                                   \
		.method = (m), .path = (p), .id = (i), .fn = nothing, .flags = ROUTE_PUBLIC \
	}

static const struct route table[] = {
	R(M_GET, "/", "root"),
	R(M_GET, "/api/events", "list"),
	R(M_POST, "/api/events", "create"),
	R(M_GET, "/api/events/{id}", "get"),
	R(M_GET, "/api/events/mine", "mine"),
	R(M_POST, "/api/events/{id}/actions/{action}", "act"),
	R(M_GET, "/api/events/mine/actions/all", "mineActions"),
	R(M_GET, "/tiles/{layer}/{z}/{x}/{y}.mvt", "tile"),
	R(M_GET, "/files/{name}", "file"),
	R(M_GET, "/files/{name}.csv", "csv"),
	R(M_GET, "/files/{name}.min.csv", "minCsv"),
};

static size_t split(const char *path, struct str *seg)
{
	struct str rest = str_z(path + 1);
	size_t n = 0;

	while (n < SEGMENTS_MAX && str_split(&rest, '/', &seg[n]))
		n++;
	return n;
}

static void match(const struct router *r, enum method m, const char *path, struct match *ret)
{
	struct str seg[SEGMENTS_MAX];

	router_match(r, m, seg, split(path, seg), ret);
}

static void test_match(void **state)
{
	static const struct {
		enum method m;
		const char *path, *id, *p0, *p1;
	} c[] = {
		{ M_GET, "/", "root", NULL, NULL },
		{ M_GET, "/api/events", "list", NULL, NULL },
		{ M_POST, "/api/events", "create", NULL, NULL },
		{ M_GET, "/api/events/", NULL, NULL, NULL },
		{ M_GET, "/api//events", NULL, NULL, NULL },
		{ M_GET, "/api/events/12", "get", "12", NULL },
		{ M_GET, "/api/events/mine", "mine", NULL, NULL },
		{ M_POST, "/api/events/12/actions/sign", "act", "12", "sign" },
		/* The literal leads nowhere for POST: the search steps back to the parameter. */
		{ M_POST, "/api/events/mine/actions/all", "act", "mine", "all" },
		{ M_GET, "/api/events/mine/actions/all", "mineActions", NULL, NULL },
		{ M_GET, "/tiles/grid/3/4/5.mvt", "tile", "grid", "3" },
		{ M_GET, "/tiles/grid/3/4/5.png", NULL, NULL, NULL },
		{ M_GET, "/tiles/grid/3/4/.mvt", NULL, NULL, NULL },
		{ M_GET, "/files/a", "file", "a", NULL },
		{ M_GET, "/files/a.csv", "csv", "a", NULL },
		{ M_GET, "/files/a.min.csv", "minCsv", "a", NULL },
		{ M_GET, "/nowhere", NULL, NULL, NULL },
	};
	struct router *r;
	struct error e;
	struct match got;

	(void)state;
	assert_int_equal(router_new(&r, &e), OK);
	assert_int_equal(router_add(r, table, ARRAY_LEN(table), &e), OK);
	assert_int_equal(router_count(r), ARRAY_LEN(table));
	assert_string_equal(router_at(r, 1)->id, "list");
	assert_null(router_at(r, ARRAY_LEN(table)));
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		match(r, c[i].m, c[i].path, &got);
		if (!c[i].id) {
			assert_null(got.route);
			continue;
		}
		assert_non_null(got.route);
		assert_string_equal(got.route->id, c[i].id);
		assert_true(str_eqz(got.param[0], c[i].p0));
		assert_true(str_eqz(got.param[1], c[i].p1));
	}
	match(r, M_DELETE, "/api/events", &got);
	assert_null(got.route);
	assert_int_equal(got.allow, 1U << M_GET | 1U << M_POST);
	router_free(r);
}

static const struct param twice[] = { { "a", F_STR, "" }, { "a", F_INT, "" } };
static const struct fields no_fields;

static void test_bad_routes(void **state)
{
	static const struct route bad[] = {
		{ .method = M_GET, .path = "/x", .fn = nothing, .flags = ROUTE_PUBLIC },
		{ .method = M_GET, .path = "/x", .id = "a", .flags = ROUTE_PUBLIC },
		{ .method = M_GET, .path = "/x", .id = "a", .fn = nothing },
		{ .method = M_GET,
			.path = "/x",
			.id = "a",
			.fn = nothing,
			.perm = "p",
			.flags = ROUTE_SIGNED_IN },
		{ .method = M_GET,
			.path = "/x",
			.id = "a",
			.fn = nothing,
			.flags = ROUTE_PUBLIC | ROUTE_SIGNED_IN },
		{ .method = M_POST,
			.path = "/x",
			.id = "a",
			.fn = nothing,
			.flags = ROUTE_PUBLIC | ROUTE_QUICK },
		{ .method = M_GET,
			.path = "/x",
			.id = "a",
			.fn = nothing,
			.in = &no_fields,
			.flags = ROUTE_PUBLIC },
		{ .method = M_GET,
			.path = "/x",
			.id = "a",
			.fn = nothing,
			.query = twice,
			.nquery = 2,
			.flags = ROUTE_PUBLIC },
		{ .method = M_GET,
			.path = "/x",
			.id = "a",
			.fn = nothing,
			.max_body = BODY_LIMIT + 1,
			.flags = ROUTE_PUBLIC },
		R(METHOD_MAX, "/x", "a"),
		R(M_GET, "x", "a"),
		R(M_GET, "/{a}/{b}/{c}/{d}/{e}", "a"),
		R(M_GET, "/{a}/{a}", "a"),
		R(M_GET, "/{}", "a"),
		R(M_GET, "/x{a}", "a"),
		R(M_GET, "/api/events/{other}", "a"),
		R(M_GET, "/x", "list"),
	};
	struct router *r;
	struct error e;

	(void)state;
	assert_int_equal(router_new(&r, &e), OK);
	assert_int_equal(router_add(r, table, ARRAY_LEN(table), &e), OK);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(router_add(r, &bad[i], 1, &e), ERR_INVALID);
	assert_int_equal(router_count(r), ARRAY_LEN(table));
	router_free(r);
}

static void test_url_decode(void **state)
{
	static const struct {
		const char *in, *out;
	} c[] = {
		{ "", "" },
		{ "abc", "abc" },
		{ "a+b", "a b" },
		{ "%41%7a", "Az" },
		{ "%E7%BD%91%e6%a0%bc", "网格" },
		{ "a%2Fb", "a/b" },
		{ "%", NULL },
		{ "%4", NULL },
		{ "%4g", NULL },
		{ "%00", NULL },
		{ "%ff", NULL },
		{ "%E7%BD", NULL },
		{ "%c0%af", NULL },
		{ "%ed%a0%80", NULL },
		{ "\xff", NULL },
		{ "x%2", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		char text[64];
		size_t n = 0;
		snprintf(text, sizeof(text), "%s", c[i].in);
		bool ok = url_decode(text, strlen(text), true, &n);
		assert_int_equal(ok, c[i].out != NULL);
		if (ok)
			assert_true(str_eqz((struct str){ text, n }, c[i].out));
	}
}

static void test_etag(void **state)
{
	(void)state;
	assert_true(etag_match(STR("\"a\""), STR("\"a\"")));
	assert_true(etag_match(STR("\"b\", W/\"a\""), STR("\"a\"")));
	assert_true(etag_match(STR("\"a\""), STR("W/\"a\"")));
	assert_true(etag_match(STR("*"), STR("\"a\"")));
	assert_false(etag_match(STR("\"b\""), STR("\"a\"")));
	assert_false(etag_match(STR("a"), STR("\"a\"")));
	assert_false(etag_match((struct str){ 0 }, STR("\"a\"")));
	assert_false(etag_match(STR("*"), (struct str){ 0 }));
}

static void test_encoding(void **state)
{
	(void)state;
	assert_true(encoding_accepted(STR("gzip, br"), STR("br")));
	assert_true(encoding_accepted(STR("br;q=0.1"), STR("br")));
	assert_true(encoding_accepted(STR("gzip;q=1.0,br ; q=0.5"), STR("br")));
	assert_false(encoding_accepted(STR("br;q=0"), STR("br")));
	assert_false(encoding_accepted(STR("br; q=0.000"), STR("br")));
	assert_false(encoding_accepted(STR("gzip"), STR("br")));
	assert_false(encoding_accepted(STR("brotli"), STR("br")));
	assert_false(encoding_accepted((struct str){ 0 }, STR("br")));
}

static void test_status_table(void **state)
{
	(void)state;
	assert_int_equal(http_status(ERR_INVALID), 400);
	assert_int_equal(http_status(ERR_LIMIT), 429);
	assert_int_equal(http_status(ERR_RETRY), 503);
	assert_int_equal(http_status(ERR_BUG), 500);
	assert_int_equal(http_status(ERR_MAX), 500);
}

struct who {
	int id;
	int freed;
};

static void who_free(void *ctx)
{
	struct who *w = ctx;

	w->freed++;
}

static bool who_may(void *ctx, const void *arg)
{
	const struct who *w = ctx;

	return w->id == *(const int *)arg;
}

static void test_sse_queue(void **state)
{
	struct sse *s = sse_new(2);
	struct who a = { .id = 1 }, b = { .id = 2 };
	struct sse_client *ca, *cb, *none;
	struct buf out;
	int only = 1;

	(void)state;
	buf_init(&out, 1 << 20);
	assert_int_equal(sse_client_new(s, &a, who_free, &ca), OK);
	assert_int_equal(sse_client_new(s, &b, who_free, &cb), OK);
	assert_int_equal(sse_client_new(s, NULL, NULL, &none), ERR_LIMIT);
	assert_int_equal(sse_count(s), 2);
	sse_publish(s, 5, "event", STR("{\"a\":1}"), who_may, &only);
	sse_send(s, cb, NIL, NULL, STR("x\ny"));
	sse_client_drain(ca, &out);
	buf_char(&out, 0);
	assert_string_equal(out.p, "retry: 3000\n\nid: 5\nevent: event\ndata: {\"a\":1}\n\n");
	buf_reset(&out);
	sse_client_drain(cb, &out);
	buf_char(&out, 0);
	assert_string_equal(out.p, "retry: 3000\n\ndata: x\ndata: y\n\n");
	/* More than the queue holds: what was queued stays, the rest is dropped with the stream. */
	for (int i = 0; i < SSE_QUEUE + 10; i++)
		sse_publish(s, i, NULL, STR("z"), NULL, NULL);
	buf_reset(&out);
	sse_client_drain(ca, &out);
	buf_char(&out, 0);
	assert_non_null(strstr(out.p, "id: 255\n"));
	assert_null(strstr(out.p, "id: 256\n"));
	sse_client_drop(ca);
	assert_int_equal(a.freed, 1);
	assert_int_equal(sse_count(s), 1);
	sse_free(s);
	assert_int_equal(b.freed, 1);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_bad_routes),
		cmocka_unit_test(test_url_decode),
		cmocka_unit_test(test_etag),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_status_table),
		cmocka_unit_test(test_sse_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
