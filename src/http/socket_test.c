/*
 * The server over real sockets on 127.0.0.1: keep-alive, malformed and oversize requests, refused
 * bodies, web files, event streams, slow and vanishing clients, stopping under load.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/http_fake.h"

enum { REPLY = 1 << 16, WAIT_MS = 5000 };

struct bed {
	struct fake *fake;
	struct http *http;
};

static const char *const entries[] = { "/=/index.html", "/field=/field.html", "/gone=/gone.html",
	NULL };

static struct app *app_of(struct fake *f)
{
	void *p = f;

	return p;
}

static const struct http_config config = { .bind = "127.0.0.1",
	.io_threads = 2,
	.workers = 2,
	.idle_seconds = 2,
	.max_connections = 400,
	.max_per_address = 0,
	.arena_max = 1 << 20,
	.reply_max = 1 << 20,
	.entry = entries };

static struct http *serve(struct fake *f, const struct http_config *cfg)
{
	struct http *h = NULL;
	struct error e = { 0 };
	enum err err = http_start(&h, cfg, &fake_hooks, app_of(f), f->db, f->router, fake_assets,
		fake_assets_n, f->sse, NULL, &e);

	if (err)
		print_error("http_start: %s\n", e.message);
	assert_int_equal(err, OK);
	return h;
}

static int dial(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval t = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void say(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
		if (k <= 0)
			return; /* the server may have closed: the reply tells */
		p += k;
		n -= (size_t)k;
	}
}

static void say_z(int fd, const char *z)
{
	say(fd, z, strlen(z));
}

struct answer {
	int status;
	size_t n; /* all bytes so far, NUL-terminated */
	bool closed;
	char text[REPLY];
};

static const char *body_of(const struct answer *a)
{
	const char *p = strstr(a->text, "\r\n\r\n");

	return p ? p + 4 : "";
}

static bool complete(const struct answer *a, bool head)
{
	const char *blank = strstr(a->text, "\r\n\r\n");
	const char *length = strcasestr(a->text, "\r\nContent-Length: ");

	if (!blank)
		return false;
	if (head || !length || length > blank)
		return true;
	return strlen(blank + 4) >= strtoul(length + 18, NULL, 10);
}

/* One reply with Content-Length, or what comes before the connection ends. */
static void hear(int fd, bool head, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	while (a->n < REPLY - 1 && !complete(a, head)) {
		ssize_t n = recv(fd, a->text + a->n, REPLY - 1 - a->n, 0);
		if (n <= 0) {
			a->closed = true;
			break;
		}
		a->n += (size_t)n;
	}
	if (strncmp(a->text, "HTTP/1.1 ", 9) == 0)
		a->status = (int)strtol(a->text + 9, NULL, 10);
}

static bool ends(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) <= 0 && errno != EAGAIN;
}

/* A request on a connection of its own. */
static void ask(const struct bed *b, const char *request, struct answer *a)
{
	int fd = dial(http_port(b->http));

	say_z(fd, request);
	hear(fd, strncmp(request, "HEAD", 4) == 0, a);
	close(fd);
}

static void want(const struct answer *a, int status, const char *part)
{
	if (a->status != status || !strstr(a->text, part))
		print_error("want %d %s, got %s\n", status, part, a->text);
	assert_int_equal(a->status, status);
	assert_non_null(strstr(a->text, part));
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static const struct {
	const char *request;
	int status;
	const char *part;
} request_case[] = {
	{ GET("/api/quick"), 200, "\"remote\":\"127.0.0.1\"" },
	{ GET("/api/quick"), 200, "X-Content-Type-Options: nosniff\r\n" },
	{ GET("/api/quick"), 200, "Cache-Control: no-store\r\n" },
	{ GET("/api/items?limit=3"), 200, "\"limit\":3" },
	{ GET("/api/items?limit=x"), 400, "\"field\":\"limit\"" },
	{ GET("/api/items/77"), 404, "\"not_found\"" },
	{ GET("/api/nothing"), 404, "{\"error\":{\"code\":\"not_found\"" },
	{ GET("/api/me"), 401, "WWW-Authenticate: Bearer\r\n" },
	{ GET("/api/file"), 200, "\r\n\r\n0123456789" },
	{ GET("/api/much"), 500, "\"reply\"" },
	{ GET("/tiles/grid/1/2/3.mvt"), 200, "application/vnd.mapbox-vector-tile\r\n" },
	{ GET("/tiles/grid/1/2/3.mvt"), 200, "Cache-Control: private, max-age=10\r\n" },
	{ "HEAD /api/quick HTTP/1.1\r\nHost: a\r\n\r\n", 200, "Content-Length: " },
	{ "OPTIONS /api/items HTTP/1.1\r\nHost: a\r\n\r\n", 405,
		"Allow: GET, HEAD, POST\r\n" },
	{ "OPTIONS /api/nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404, "not_found" },
	{ "BREW /api/items HTTP/1.1\r\nHost: a\r\n\r\n", 405,
		"Allow: GET, HEAD, POST\r\n" },
	{ "PUT /api/items HTTP/1.1\r\nHost: a\r\n\r\n", 405, "\"method\"" },
	{ "POST /index.html HTTP/1.1\r\nHost: a\r\n\r\n", 405, "Allow: GET, HEAD\r\n" },
	{ "GET /api/items HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"v1\"\r\n\r\n", 304,
		"ETag: \"v1\"" },
	{ "GET /api/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\nUser-Agent: "
	  "t\r\n\r\n",
		200,
		"{\"token\":\"good\",\"cookie\":false,\"csrf\":null,\"agent\":\"t\"}" },
	{ "GET /api/me HTTP/1.1\r\nHost: a\r\nCookie: x=1; gezhi_session=good; y=2\r\n\r\n",
		200, "\"cookie\":true" },
	{ "GET /api/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \r\n\r\n", 401,
		"auth" },
	{ "DELETE /api/items/1 HTTP/1.1\r\nHost: a\r\nX-CSRF-Token: t\r\n\r\n", 200,
		"\"csrf\":\"t\"" },
	{ "POST /api/items HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n"
	  "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"name\":\"a\"}",
		201, "Location: /api/items/" },
	{ "POST /api/items HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n"
	  "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"name\":\"a\"}",
		201, "Set-Cookie: seen=1; HttpOnly\r\n" },
	{ "POST /api/raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		200, "\r\n\r\nabcde" },
	{ "POST /api/raw HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200,
		"filename*=UTF-8''%E7%BD%91%E6%A0%BC%20%221%22.csv\r\n" },
	{ "POST /api/never HTTP/1.1\r\nHost: a\r\n\r\n", 503, "Retry-After: 1\r\n" },
	{ "POST /api/fail/limit HTTP/1.1\r\nHost: a\r\n\r\n", 429, "Retry-After: " },
	{ "POST /api/items HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n"
	  "Content-Length: 12\r\n\r\n{\"name\":\"a\"}",
		415, "\"content_type\"" },
	{ "POST /api/items HTTP/1.1\r\nHost: a\r\nIdempotency-Key: a b\r\n\r\n", 400,
		"\"idempotency_key\"" },
};

static void test_requests(void **state)
{
	struct answer *a = calloc(1, sizeof(*a));

	for (size_t i = 0; i < ARRAY_LEN(request_case); i++) {
		ask(*state, request_case[i].request, a);
		want(a, request_case[i].status, request_case[i].part);
	}
	free(a);
}

/* What is no HTTP gets an error or a closed connection, never anything else. */
static void test_malformed(void **state)
{
	static const char *const c[] = {
		"\r\n\r\n\r\n\r\n",
		"GET\r\n\r\n",
		"GET /\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03",
		"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
		"GET /api/quick HTTP/1.1\r\n\r\n",
		"GET /api/quick HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
		"GET /api/quick HTTP/1.1\r\nHost: a\r\nContent-Length: "
		"99999999999999999999\r\n\r\n",
		"POST /api/raw HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n",
		"POST /api/raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"POST /api/raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nzz\r\n",
		"POST /api/raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
		"chunked\r\nContent-Length: 3\r\n\r\n"
		"3\r\nabc\r\n0\r\n\r\n",
		"GET /api/quick%00 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /api/quick%ff HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET http://a/api/quick HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /api/quick#x HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
	};
	struct answer *a = calloc(1, sizeof(*a));

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		ask(*state, c[i], a);
		if (!(a->closed || (a->status >= 400 && a->status < 506)))
			print_error("%s -> %s\n", c[i], a->text);
		assert_true(a->closed || (a->status >= 400 && a->status < 506));
		assert_null(strstr(a->text, "\"items\":"));
	}
	ask(*state, GET("/api/quick"), a);
	assert_int_equal(a->status, 200);
	free(a);
}

static void test_limits(void **state)
{
	const struct bed *b = *state;
	struct answer *a = calloc(1, sizeof(*a));
	size_t n = 70000;
	char *big = malloc(n + 1);

	memset(big, 'a', n);
	big[n] = 0;
	/* Said too large by its length, and found too large while reading. */
	int fd = dial(http_port(b->http));
	say_z(fd, "POST /api/raw HTTP/1.1\r\nHost: a\r\nContent-Length: 2001\r\n\r\n");
	say(fd, big, 2001);
	hear(fd, false, a);
	want(a, 413, "\"too_large\"");
	/* A small refused body leaves the connection usable. */
	say_z(fd, GET("/api/quick"));
	hear(fd, false, a);
	want(a, 200, "items");
	say_z(fd,
		"POST /api/raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n");
	say(fd, big, 0x11170 > n ? n : 0x11170);
	say_z(fd, "\r\n0\r\n\r\n");
	hear(fd, false, a);
	want(a, 413, "\"too_large\"");
	close(fd);
	/* A large one is answered at once, and the connection closed: no second reply from its
	 * bytes. */
	fd = dial(http_port(b->http));
	say_z(fd, "PATCH /api/items/1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n"
		  "Content-Length: 90000000\r\n\r\n" GET("/api/quick"));
	hear(fd, false, a);
	want(a, 413, "Connection: close");
	assert_null(strstr(body_of(a), "HTTP/1.1 200"));
	assert_true(ends(fd));
	close(fd);
	fd = dial(http_port(b->http));
	say_z(fd, "POST /api/raw HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
		  "5000\r\n\r\n");
	hear(fd, false, a);
	want(a, 413, "\"too_large\"");
	close(fd);
	fd = dial(http_port(b->http));
	say_z(fd, "GET /api/quick HTTP/1.1\r\nHost: a\r\nX: ");
	say(fd, big, n);
	say_z(fd, "\r\n\r\n");
	hear(fd, false, a);
	assert_true(a->closed || a->status == 431 || a->status == 413 || a->status == 400);
	close(fd);
	fd = dial(http_port(b->http));
	say_z(fd, "GET /api/items?q=");
	say(fd, big, 8300);
	say_z(fd, " HTTP/1.1\r\nHost: a\r\n\r\n");
	hear(fd, false, a);
	assert_int_equal(a->status, 414);
	close(fd);
	free(big);
	free(a);
}

static void test_keep_alive(void **state)
{
	const struct bed *b = *state;
	struct answer *a = calloc(1, sizeof(*a));
	int fd = dial(http_port(b->http));
	char request[256], part[32];

	for (int i = 0; i < 50; i++) {
		snprintf(part, sizeof(part), "{\"name\":\"n%d\"}", i);
		snprintf(request, sizeof(request),
			"POST /api/items HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n"
			"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			strlen(part), part);
		say_z(fd, request);
		hear(fd, false, a);
		snprintf(part, sizeof(part), "\"name\":\"n%d\"}", i);
		want(a, 201, part);
		say_z(fd, GET("/api/items?limit=5"));
		hear(fd, false, a);
		want(a, 200, "\"limit\":5");
		say_z(fd, GET("/api/quick"));
		hear(fd, false, a);
		want(a, 200, "items");
		assert_null(strstr(a->text, "Connection: close"));
		say_z(fd, "GET /api/me HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
		hear(fd, false, a);
		want(a, 401, "auth");
	}
	/* Two requests in one packet get two replies in order. */
	say_z(fd, GET("/api/quick") GET("/api/items?limit=9"));
	hear(fd, false, a);
	want(a, 200, "items");
	if (!strstr(body_of(a), "HTTP/1.1"))
		hear(fd, false, a);
	assert_non_null(strstr(a->text, "\"limit\":9"));
	close(fd);
	free(a);
}

static void test_files(void **state)
{
	static const struct {
		const char *request;
		int status;
		const char *part;
	} c[] = {
		{ GET("/"), 200, "<title>desk" },
		{ GET("/"), 200, "Content-Security-Policy: default-src 'self'; style-src 'self';" },
		{ GET("/"), 200, "X-Frame-Options: DENY\r\n" },
		{ GET("/"), 200, "Cache-Control: no-cache\r\n" },
		{ GET("/events/12?tab=a"), 200, "<title>desk" },
		{ GET("/field"), 200, "<title>field" },
		{ GET("/field/tasks"), 200, "<title>field" },
		{ GET("/fields"), 200, "<title>desk" },
		{ GET("/gone"), 200, "<title>desk" },
		{ GET("/index.html"), 200, "<title>desk" },
		{ GET("/missing.js"), 404, "{\"error\"" },
		{ GET("/api"), 404, "{\"error\"" },
		{ GET("/api/x"), 404, "{\"error\"" },
		{ GET("/assets/app-12345678.mjs"), 200, "export const a" },
		{ GET("/assets/app-12345678.mjs"), 200, "Content-Type: text/javascript" },
		{ GET("/assets/app-12345678.mjs"), 200, "max-age=31536000, immutable\r\n" },
		{ GET("/assets/app-12345678.mjs"), 200, "Vary: Accept-Encoding\r\n" },
		{ "GET /assets/app-12345678.mjs HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, "
		  "br\r\n\r\n",
			200, "\r\n\r\n(br)" },
		{ "GET /assets/app-12345678.mjs HTTP/1.1\r\nHost: a\r\nAccept-Encoding: "
		  "gzip\r\n\r\n",
			200, "Content-Encoding: gzip\r\n" },
		{ "GET /assets/app-12345678.mjs HTTP/1.1\r\nHost: a\r\nIf-None-Match: "
		  "\"s1\"\r\n\r\n",
			304, "ETag: \"s1\"" },
		{ "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 200, "Content-Length: 34\r\n" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200, "<title>desk" },
	};
	struct answer *a = calloc(1, sizeof(*a));

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		ask(*state, c[i].request, a);
		want(a, c[i].status, c[i].part);
		if (a->status == 304)
			assert_string_equal(body_of(a), "");
	}
	free(a);
}

static bool until(int (*fn)(const struct fake *f), const struct fake *f, int value)
{
	const struct timespec t = { .tv_nsec = 5000000 };

	for (int i = 0; i < WAIT_MS / 5; i++) {
		if (fn(f) == value)
			return true;
		nanosleep(&t, NULL);
	}
	return fn(f) == value;
}

static int clients(const struct fake *f)
{
	return (int)sse_count(f->sse);
}

static int gone(const struct fake *f)
{
	return atomic_load(&f->gone);
}

static void hear_until(int fd, struct answer *a, const char *part)
{
	while (!strstr(a->text, part) && a->n < REPLY - 1) {
		ssize_t n = recv(fd, a->text + a->n, REPLY - 1 - a->n, 0);
		if (n <= 0)
			break;
		a->n += (size_t)n;
	}
	if (!strstr(a->text, part))
		print_error("no %s in %s\n", part, a->text);
	assert_non_null(strstr(a->text, part));
}

static void test_stream(void **state)
{
	const struct bed *b = *state;
	struct fake *f = b->fake;
	struct answer *a = calloc(1, sizeof(*a));
	int fd[8], before = gone(f);

	for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
		fd[i] = dial(http_port(b->http));
		say_z(fd[i], "GET /api/stream HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 6\r\n\r\n");
	}
	assert_true(until(clients, f, ARRAY_LEN(fd)));
	for (int i = 0; i < 20; i++)
		sse_publish(f->sse, 100 + i, "event", STR("{\"n\":1}"), NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
		memset(a, 0, sizeof(*a));
		hear_until(fd[i], a, "id: 119\nevent: event\ndata: {\"n\":1}\n\n");
		assert_non_null(strstr(a->text, "Content-Type: text/event-stream\r\n"));
		assert_non_null(strstr(a->text, "id: 7\nevent: catchup\ndata: 6\n\n"));
		assert_true(strstr(a->text, "id: 100\n") < strstr(a->text, "id: 110\n"));
	}
	/* A vanished client is noticed when something is written to it. */
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		close(fd[i]);
	for (int i = 0; i < 50 && clients(f) > 0; i++) {
		const struct timespec t = { .tv_nsec = 20000000 };
		sse_publish(f->sse, 200 + i, "event", STR("{}"), NULL, NULL);
		nanosleep(&t, NULL);
	}
	assert_int_equal(clients(f), 0);
	assert_int_equal(gone(f), before + (int)ARRAY_LEN(fd));
	free(a);
}

/* Publishing never waits for a client that does not read; its stream ends when its queue is full.
 */
static void test_stream_slow(void **state)
{
	const struct bed *b = *state;
	struct fake *f = b->fake;
	struct answer *a = calloc(1, sizeof(*a));
	char *data = malloc(30000);
	int fd = dial(http_port(b->http));

	memset(data, 'x', 30000);
	say_z(fd, GET("/api/stream"));
	hear_until(fd, a, "retry: 3000");
	for (int i = 0; i < 3000; i++)
		sse_publish(f->sse, i, "event", (struct str){ data, 30000 }, NULL, NULL);
	assert_true(until(clients, f, 0));
	close(fd);
	free(data);
	free(a);
}

static void test_slow_client(void **state)
{
	const struct bed *b = *state;
	struct answer *a = calloc(1, sizeof(*a));
	int half = dial(http_port(b->http)), body = dial(http_port(b->http));

	say_z(half, "GET /api/qui");
	say_z(body, "POST /api/raw HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
	assert_true(ends(half));
	hear(body, false, a);
	assert_true(a->closed || a->status == 408);
	close(half);
	close(body);
	free(a);
}

/* Whoever was admitted is finished, even if the client leaves in the middle of the body. */
static void test_client_leaves(void **state)
{
	const struct bed *b = *state;
	const struct timespec t = { .tv_nsec = 10000000 };
	int before = atomic_load(&b->fake->finished), fd = dial(http_port(b->http));

	say_z(fd, "POST /api/items HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n"
		  "Content-Length: 100\r\n\r\nabc");
	nanosleep(&t, NULL);
	close(fd);
	for (int i = 0; i < 300 && atomic_load(&b->fake->finished) == before; i++)
		nanosleep(&t, NULL);
	assert_int_equal(atomic_load(&b->fake->finished), before + 1);
	assert_int_equal(atomic_load(&b->fake->last_status), 499);
}

static void test_per_address(void **state)
{
	struct bed *b = *state;
	struct http_config cfg = config;
	struct answer *a = calloc(1, sizeof(*a));
	int fd[3];

	cfg.max_per_address = 2;
	struct http *h = serve(b->fake, &cfg);
	for (size_t i = 0; i < 2; i++) {
		fd[i] = dial(http_port(h));
		say_z(fd[i], GET("/api/quick"));
		hear(fd[i], false, a);
		assert_int_equal(a->status, 200);
	}
	fd[2] = dial(http_port(h));
	say_z(fd[2], GET("/api/quick"));
	hear(fd[2], false, a);
	assert_true(a->closed);
	for (size_t i = 0; i < 3; i++)
		close(fd[i]);
	http_stop(h);
	free(a);
}

static void test_start_fails(void **state)
{
	struct bed *b = *state;
	struct http *h = NULL;
	struct error e;
	struct http_config cfg = config;

	cfg.port = http_port(b->http);
	assert_int_equal(http_start(&h, &cfg, &fake_hooks, app_of(b->fake), b->fake->db,
				 b->fake->router, fake_assets, fake_assets_n, NULL, NULL, &e),
		ERR_CONFLICT);
	cfg = config;
	cfg.bind = "nowhere";
	assert_int_equal(http_start(&h, &cfg, &fake_hooks, app_of(b->fake), b->fake->db,
				 b->fake->router, NULL, 0, NULL, NULL, &e),
		ERR_INVALID);
	cfg = config;
	cfg.workers = 0;
	assert_int_equal(http_start(&h, &cfg, &fake_hooks, app_of(b->fake), b->fake->db,
				 b->fake->router, NULL, 0, NULL, NULL, &e),
		ERR_INVALID);
	assert_string_equal(e.field, "workers");
	cfg = config;
	cfg.bind = "::";
	cfg.io_threads = 1;
	if (http_start(&h, &cfg, &fake_hooks, app_of(b->fake), b->fake->db, b->fake->router, NULL,
		    0, NULL, NULL, &e) == OK) {
		struct answer *a = calloc(1, sizeof(*a));
		ask(&(struct bed){ .http = h }, GET("/api/quick"), a);
		want(a, 200, "\"remote\":\"127.0.0.1\"");
		free(a);
		http_stop(h);
	}
}

/* More slow requests than the workers and their queue hold: some are told to come back. */
static void test_stop_under_load(void **state)
{
	struct bed *b = *state;
	struct http *h = serve(b->fake, &config);
	struct answer *a = calloc(1, sizeof(*a));
	int fd[40], stream = dial(http_port(h)), done = 0, busy = 0;

	say_z(stream, GET("/api/stream"));
	hear_until(stream, a, "retry: 3000");
	for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
		fd[i] = dial(http_port(h));
		say_z(fd[i], GET("/api/slow"));
	}
	const struct timespec t = { .tv_nsec = 100000000 };
	nanosleep(&t, NULL);
	int64_t begun = time_monotonic();
	http_stop(h);
	assert_true(time_monotonic() - begun < 4000);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
		hear(fd[i], false, a);
		done += a->status == 200;
		busy += a->status == 503;
		close(fd[i]);
	}
	assert_int_equal(done + busy, ARRAY_LEN(fd));
	assert_true(done >= 2);
	assert_int_equal(clients(b->fake), 0);
	close(stream);
	free(a);
}

struct load {
	int port, ok;
};

static void *load_main(void *arg)
{
	struct load *l = arg;
	struct answer *a = calloc(1, sizeof(*a));
	int fd = dial(l->port);

	for (int i = 0; a && i < 40; i++) {
		say_z(fd, i % 2 ? GET("/api/items")
				: "POST /api/items HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
				  "good\r\n"
				  "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n"
				  "{\"name\":\"a\"}");
		hear(fd, false, a);
		l->ok += a->status == (i % 2 ? 200 : 201);
	}
	close(fd);
	free(a);
	return NULL;
}

static void test_many_writers(void **state)
{
	struct bed *b = *state;
	struct load load[64] = { { 0 } };
	pthread_t thread[64];

	for (size_t i = 0; i < 64; i++) {
		load[i].port = http_port(b->http);
		assert_int_equal(pthread_create(&thread[i], NULL, load_main, &load[i]), 0);
	}
	for (size_t i = 0; i < 64; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(load[i].ok, 40);
	}
}

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));

	b->fake = fake_new();
	b->http = serve(b->fake, &config);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	http_stop(b->http);
	fake_free(b->fake);
	free(b);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stream_slow),
		cmocka_unit_test(test_slow_client),
		cmocka_unit_test(test_client_leaves),
		cmocka_unit_test(test_per_address),
		cmocka_unit_test(test_start_fails),
		cmocka_unit_test(test_many_writers),
		/* Ends every stream of the shared hub, therefore last. */
		cmocka_unit_test(test_stop_under_load),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
