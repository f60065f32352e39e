/*
 * Requests without sockets: decoding, limits, admission, transactions that are run again,
 * idempotency, outcomes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "db/db.h"
#include "http/http_fake.h"

struct answer {
	int status;
	char text[4096];
};

static struct app *app_of(struct fake *f)
{
	void *p = f;

	return p;
}

static struct answer ask(struct fake *f, const struct call *c)
{
	struct answer a = { 0 };
	struct buf out;

	buf_init(&out, 64 << 20);
	assert_int_equal(
		http_call(app_of(f), f->db, f->router, &fake_hooks, c, &out, &a.status), OK);
	size_t n = out.n < sizeof(a.text) - 1 ? out.n : sizeof(a.text) - 1;
	if (n)
		memcpy(a.text, out.p, n);
	buf_release(&out);
	return a;
}

static struct answer get(struct fake *f, const char *target)
{
	return ask(f, &(struct call){ .method = M_GET, .target = str_z(target) });
}

static struct answer post(struct fake *f, const char *target, const char *body)
{
	return ask(f, &(struct call){ .method = M_POST,
			      .target = str_z(target),
			      .token = STR("good"),
			      .body = str_z(body),
			      .content_type = STR("application/json") });
}

static void has(const struct answer *a, int status, const char *part)
{
	if (a->status != status || !strstr(a->text, part))
		print_error("got %d %s\n", a->status, a->text);
	assert_int_equal(a->status, status);
	assert_non_null(strstr(a->text, part));
}

static void test_query(void **state)
{
	static const struct {
		const char *target;
		int status;
		const char *part;
	} c[] = {
		{ "/api/items", 200, "\"q\":null,\"limit\":null,\"open\":null" },
		{ "/api/items?", 200, "\"q\":null" },
		{ "/api/items?q=%E7%BD%91+a&limit=-3", 200, "\"q\":\"网 a\",\"limit\":-3" },
		{ "/api/items?open=true&day=2026-02-13", 200, "\"day\":20260213" },
		{ "/api/items?open=0", 200, "\"open\":0" },
		{ "/api/items?lon=112.5", 200, "\"lon\":112.5" },
		{ "/api/items?from=2026-02-13T16:30:00%2B08:00", 200,
			"\"from\":\"2026-02-13T16:30" },
		{ "/api/items?place=43010200100000000", 200, "\"place\":\"43010200100000000\"" },
		{ "/api/items?q=", 200, "\"q\":\"\"" },
		{ "/api/items?q", 200, "\"q\":\"\"" },
		{ "/api/items?&&q=a&", 200, "\"q\":\"a\"" },
		{ "/api/items?color=red", 400, "\"unknown_parameter\",\"field\":\"color\"" },
		{ "/api/items?limit=x", 400, "\"type\",\"field\":\"limit\"" },
		{ "/api/items?limit=", 400, "\"field\":\"limit\"" },
		{ "/api/items?limit=99999999999999999999", 400, "\"field\":\"limit\"" },
		{ "/api/items?open=maybe", 400, "\"field\":\"open\"" },
		{ "/api/items?day=2026-02-30", 400, "\"field\":\"day\"" },
		{ "/api/items?lon=inf", 400, "\"field\":\"lon\"" },
		{ "/api/items?place=4301", 400, "\"field\":\"place\"" },
		{ "/api/items?unit=0", 400, "\"field\":\"unit\"" },
		{ "/api/items?q=a&q=b", 400, "\"repeated\",\"field\":\"q\"" },
		{ "/api/items?q=%00", 400, "\"encoding\"" },
		{ "/api/items?q=%ff", 400, "\"encoding\"" },
		{ "/api/items?q=%4", 400, "\"encoding\"" },
		{ "/api/quick?x=1", 400, "\"unknown_parameter\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct answer a = get(*state, c[i].target);
		has(&a, c[i].status, c[i].part);
	}
}

static void test_target(void **state)
{
	static const struct {
		const char *target;
		int status;
		const char *part;
	} c[] = {
		{ "", 400, "\"target\"" },
		{ "api/items", 400, "\"target\"" },
		{ "*", 400, "\"target\"" },
		{ "http://x/api/items", 400, "\"target\"" },
		{ "/api/items#a", 400, "\"target\"" },
		{ "/api/it ems", 400, "\"target\"" },
		{ "/api/items/%zz", 400, "\"encoding\",\"field\":\"path\"" },
		{ "/api/items/", 404, "\"not_found\"" },
		{ "/api/items/a", 404, "\"not_found\",\"field\":\"id\"" },
		{ "/api/items/-1", 404, "\"not_found\"" },
		{ "/api/%69tems", 200, "\"q\"" },
		{ "/api/items%2F1", 404, "\"not_found\"" },
		{ "/../../etc/passwd", 404, "\"not_found\"" },
		{ "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s", 404, "\"not_found\"" },
		{ "/tiles/grid/1/2/3.mvt", 200, "grid|1|2|3|" },
		{ "/api/half", 500, "\"reply\"" },
		{ "/api/file", 200, "0123456789" },
		{ "/api/stream", 200, "retry: 3000" },
	};
	char lengthy[9000];

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct answer a = get(*state, c[i].target);
		has(&a, c[i].status, c[i].part);
	}
	memset(lengthy, 'a', sizeof(lengthy) - 1);
	lengthy[0] = '/';
	lengthy[sizeof(lengthy) - 1] = 0;
	struct answer a = get(*state, lengthy);
	has(&a, 414, "\"target_too_long\"");
}

static void test_body(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *part;
	} c[] = {
		{ "{\"name\":\"a\"}", 201, "\"name\":\"a\"" },
		{ "{\"name\":\"a\",\"n\":100}", 201, "\"id\":\"" },
		{ "", 400, "\"field\":\"name\"" },
		{ "{}", 400, "\"field\":\"name\"" },
		{ "[]", 400, "must be a JSON object" },
		{ "{\"name\":\"a\"", 400, "line 1, column 11" },
		{ "{\n \"name\": x}", 400, "line 2, column" },
		{ "{\"name\":\"a\"} {}", 400, "\"json\"" },
		{ "{\"name\":\"a\",\"name\":\"b\"}", 400, "\"json\"" },
		{ "{\"name\":\"\\u0000\"}", 400, "\"error\"" },
		{ "{\"name\":\"\xff\"}", 400, "\"json\"" },
		{ "{\"name\":1}", 400, "\"field\":\"name\"" },
		{ "{\"name\":\"a\",\"n\":\"1\"}", 400, "\"field\":\"n\"" },
		{ "{\"name\":\"a\",\"n\":101}", 400, "\"field\":\"n\"" },
		{ "{\"name\":\"a\",\"n\":1.5}", 400, "\"field\":\"n\"" },
		{ "{\"name\":\"a\",\"x\":1}", 400, "\"field\":\"x\"" },
		{ "{\"name\":\"a\",\"id\":\"1\"}", 400, "\"field\":\"id\"" },
		{ "{\"name\":\"123456789012345678901\"}", 400, "\"field\":\"name\"" },
	};
	char large[5000];

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct answer a = post(*state, "/api/items", c[i].body);
		has(&a, c[i].status, c[i].part);
	}
	memset(large, ' ', sizeof(large) - 1);
	large[sizeof(large) - 1] = 0;
	struct answer a = post(*state, "/api/items", large);
	has(&a, 413, "\"too_large\"");
	a = post(*state, "/api/fail/invalid", "{}");
	has(&a, 400, "\"no_body\"");
}

static void test_content_type(void **state)
{
	static const struct {
		const char *type;
		int status;
	} c[] = {
		{ "application/json", 201 },
		{ "Application/JSON; charset=UTF-8", 201 },
		{ "application/json;charset=\"utf-8\"", 201 },
		{ "application/json; charset=gbk", 415 },
		{ "text/plain", 415 },
		{ "application/jsonx", 415 },
		{ "application/x-www-form-urlencoded", 415 },
		{ NULL, 415 },
	};

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct answer a = ask(*state, &(struct call){ .method = M_POST,
						      .target = STR("/api/items"),
						      .token = STR("good"),
						      .body = STR("{\"name\":\"a\"}"),
						      .content_type = str_z(c[i].type) });
		has(&a, c[i].status, "\"");
	}
}

static void test_admit(void **state)
{
	struct call c = {
		.method = M_POST, .target = STR("/api/items"), .body = STR("not even JSON")
	};
	struct answer a = ask(*state, &c);

	has(&a, 401, "\"auth\"");
	c.token = STR("bad");
	a = ask(*state, &c);
	has(&a, 403, "\"denied\"");
	/* Without hooks nothing but public routes may be called. */
	struct fake *f = *state;
	struct buf out;
	buf_init(&out, 4096);
	int status = 0;
	c = (struct call){ .method = M_GET, .target = STR("/api/me"), .token = STR("good") };
	assert_int_equal(http_call(app_of(f), f->db, f->router, NULL, &c, &out, &status), OK);
	assert_int_equal(status, 401);
	buf_release(&out);
}

static void test_run_again(void **state)
{
	struct fake *f = *state;
	struct answer a = post(f, "/api/again", "{\"name\":\"kept\",\"n\":3}");
	int64_t n;
	struct dbc *c;

	has(&a, 201, "{\"name\":\"kept\",\"run\":1,\"present\":6}");
	assert_int_equal(atomic_load(&f->runs), 2);
	assert_int_equal(db_reader_open(f->db, &c), OK);
	assert_int_equal(
		db_int(c, "SELECT count(*) AS n FROM item WHERE id >= 5000", NO_ARGS, &n), OK);
	assert_int_equal(n, 1);
	dbc_free(c);
	a = post(f, "/api/never", "");
	has(&a, 503, "\"retry\"");
}

static void test_idempotency(void **state)
{
	struct call c = { .method = M_POST,
		.target = STR("/api/items"),
		.token = STR("good"),
		.body = STR("{\"name\":\"once\"}"),
		.content_type = STR("application/json"),
		.idempotency_key = STR("k-1") };
	struct answer a = ask(*state, &c), b = ask(*state, &c);
	char longer[130];

	has(&a, 201, "once");
	assert_int_equal(b.status, 201);
	assert_string_equal(a.text, b.text);
	c.idempotency_key = STR("k-2");
	b = ask(*state, &c);
	assert_string_not_equal(a.text, b.text);
	c.idempotency_key = STR("a b");
	a = ask(*state, &c);
	has(&a, 400, "\"idempotency_key\"");
	memset(longer, 'k', sizeof(longer));
	c.idempotency_key = (struct str){ longer, 129 };
	a = ask(*state, &c);
	has(&a, 400, "\"idempotency_key\"");
	c.idempotency_key = (struct str){ longer, 128 };
	a = ask(*state, &c);
	has(&a, 201, "once");
}

static void test_errors(void **state)
{
	static const struct {
		const char *how;
		int status;
	} c[] = {
		{ "invalid", 400 },
		{ "auth", 401 },
		{ "denied", 403 },
		{ "not_found", 404 },
		{ "conflict", 409 },
		{ "limit", 429 },
		{ "io", 503 },
		{ "no_memory", 503 },
		{ "bug", 500 },
		{ "own", 409 },
	};
	char target[64], want[128];

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		snprintf(target, sizeof(target), "/api/fail/%s", c[i].how);
		struct answer a = post(*state, target, "");
		snprintf(want, sizeof(want), "{\"error\":{\"code\":\"%s\"",
			strcmp(c[i].how, "own") ? c[i].how : "event.own");
		has(&a, c[i].status, want);
		assert_memory_equal(a.text, want, strlen(want));
	}
	struct fake *f = *state;
	int before = atomic_load(&f->finished);
	get(f, "/nowhere");
	assert_int_equal(atomic_load(&f->finished), before + 1);
	assert_int_equal(atomic_load(&f->last_status), 404);
}

static int setup(void **state)
{
	*state = fake_new();
	return 0;
}

static int teardown(void **state)
{
	fake_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_content_type),
		cmocka_unit_test(test_admit),
		cmocka_unit_test(test_run_again),
		cmocka_unit_test(test_idempotency),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
