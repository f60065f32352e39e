/*
 * Accounts (等保: unique accounts, lock-out, separation of auditor and administrator; R012 posts): signing
 * in and out, lock-out, posts that begin and end, stand-ins, granting, passwords.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/account_impl.h"
#include "core/test_core.h"

static const char password[] = "river-stone-7";
static char password_hash[128];

static const struct module *const modules[] = { &account_module, NULL };

/* One hash for all: hashing is slow by design. */
static int64_t user(struct core_test *t, const char *login)
{
	int64_t id = core_test_user(t, login);

	core_test_sql(t, "UPDATE account SET password = $2 WHERE id = $1", ARGS(I(id), Z(password_hash)));
	return id;
}

static void prepare(struct core_test *t)
{
	(void)t;
	if (password_hash[0] == '\0')
		assert_int_equal(crypto_password_hash(str_z(password), password_hash), OK);
}

static struct core_case on_sqlite = { DB_SQLITE, modules, prepare }, on_pg = { DB_PG, modules, prepare };

static int sign_in(struct core_test *t, const char *login, const char *word, char token[TOKEN_TEXT])
{
	char body[256];

	snprintf(body, sizeof(body), "{\"login\":\"%s\",\"password\":\"%s\"}", login, word);
	int status = core_test_call(t, NULL, "POST /api/session", body);

	if (token != NULL)
		snprintf(token, TOKEN_TEXT, "%s", core_test_str(t, "token"));
	return status;
}

static void test_session(void **state)
{
	struct core_test *t = *state;
	char token[TOKEN_TEXT], csrf[HASH_HEX];

	core_test_need(t);
	int64_t id = user(t, "duty");

	core_test_post(t, id, ROLE_DUTY_OFFICER, PLACE_STREET_A);
	assert_int_equal(sign_in(t, "duty", "wrong-word-1", NULL), 401);
	assert_string_equal(core_test_str(t, "error.code"), "auth.bad_credentials");
	assert_int_equal(sign_in(t, "duty", password, token), 201);
	assert_int_equal(strlen(token), TOKEN_CHARS);
	assert_string_equal(core_test_str(t, "user.posts.0.role"), "duty_officer");
	assert_string_equal(core_test_str(t, "user.home.level"), "street");
	csrf_of(str_z(token), csrf);
	assert_string_equal(core_test_str(t, "csrf"), csrf);
	assert_int_equal(core_test_call(t, token, "GET /api/session", NULL), 200);
	assert_string_equal(core_test_str(t, "login"), "duty");
	assert_string_equal(core_test_str(t, "csrf"), csrf);
	assert_string_equal(core_test_str(t, "posts.0.place"), "99010100100000000");
	assert_true(core_test_len(t, "perms") > 5);
	assert_int_equal(core_test_call(t, token, "DELETE /api/session", NULL), 200);
	assert_int_equal(core_test_call(t, token, "GET /api/session", NULL), 401);
	assert_int_equal(core_test_call(t, "nonsense", "GET /api/session", NULL), 401);
}

/* The hash of the CSRF token is what the hook compares with. */
static void test_csrf_hash(void **state)
{
	struct core_test *t = *state;
	char token[TOKEN_TEXT];
	unsigned char h[HASH_LEN];
	const struct principal *who;

	core_test_need(t);
	user(t, "anna");
	assert_int_equal(sign_in(t, "anna", password, token), 201);
	crypto_sha256(str_z(core_test_str(t, "csrf")), h);
	assert_int_equal(principal_of(&t->app, t->reader, str_z(token), time_now(), &who), OK);
	assert_memory_equal(who->csrf, h, HASH_LEN);
	assert_int_equal(who->nposts, 0);
	principal_put(who);
	/* Expired for a clock far ahead, although it is in the cache. */
	assert_int_equal(principal_of(&t->app, t->reader, str_z(token), time_now() + 13 * (int64_t)MS_HOUR, &who),
		ERR_AUTH);
}

/* Five failures lock; the right password no longer helps; an unknown login behaves the same. */
static void test_lockout(void **state)
{
	struct core_test *t = *state;
	char token[TOKEN_TEXT];
	const char *const login[] = { "locked", "nobody" };

	core_test_need(t);
	int64_t id = user(t, "locked");

	for (size_t k = 0; k < ARRAY_LEN(login); k++) {
		for (int i = 0; i < LOCK_AFTER; i++)
			assert_int_equal(sign_in(t, login[k], "wrong-word-1", NULL), 401);
		assert_int_equal(sign_in(t, login[k], password, NULL), 429);
		assert_string_equal(core_test_str(t, "error.code"), "auth.locked");
	}
	core_test_sql(t, "UPDATE account SET locked_until = 1 WHERE id = $1", ARGS(I(id)));
	assert_int_equal(sign_in(t, "locked", password, token), 201);
	assert_int_equal(sign_in(t, "locked", "wrong-word-1", NULL), 401);
}

static void test_closed_account(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], token[TOKEN_TEXT], request[96];

	core_test_need(t);
	int64_t id = user(t, "leaver");

	core_test_post(t, user(t, "admin"), ROLE_DISTRICT_ADMIN, PLACE_DISTRICT);
	core_test_post(t, id, ROLE_POST_CLERK, PLACE_STREET_A);
	assert_int_equal(sign_in(t, "admin", password, admin), 201);
	assert_int_equal(sign_in(t, "leaver", password, token), 201);
	assert_int_equal(core_test_call(t, token, "GET /api/session", NULL), 200);
	snprintf(request, sizeof(request), "PATCH /api/users/%lld", (long long)id);
	assert_int_equal(core_test_call(t, admin, request, "{\"version\":1,\"active\":false}"), 200);
	assert_int_equal(core_test_call(t, token, "GET /api/session", NULL), 401);
	assert_int_equal(sign_in(t, "leaver", password, NULL), 401);
	assert_int_equal(core_test_call(t, token, request, "{\"version\":2,\"active\":true}"), 401);
}

/* Leaving a post revokes at once; a stand-in acts only during the leave. */
static void test_posts_in_time(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], token[TOKEN_TEXT], request[96], body[128];
	char day[TIME_TEXT];

	core_test_need(t);
	int64_t lead = user(t, "lead"), backup = user(t, "backup");
	int64_t post = core_test_post(t, lead, ROLE_BOARD_LEAD, PLACE_STREET_A);
	int64_t second = core_test_post(t, backup, ROLE_BOARD_LEAD, PLACE_STREET_A);

	core_test_sql(t, "UPDATE post SET backup_of = $2 WHERE id = $1", ARGS(I(second), I(post)));
	core_test_post(t, user(t, "admin"), ROLE_DISTRICT_ADMIN, PLACE_DISTRICT);
	assert_int_equal(sign_in(t, "admin", password, admin), 201);
	assert_int_equal(sign_in(t, "backup", password, token), 201);
	assert_int_equal(core_test_len(t, "user.posts"), 0);
	time_format(time_now() + MS_DAY, day);
	snprintf(request, sizeof(request), "PATCH /api/users/%lld", (long long)lead);
	snprintf(body, sizeof(body), "{\"version\":1,\"on_leave_until\":\"%s\"}", day);
	assert_int_equal(core_test_call(t, admin, request, body), 200);
	assert_int_equal(core_test_call(t, token, "GET /api/session", NULL), 200);
	assert_string_equal(core_test_str(t, "posts.0.role"), "board_lead");
	assert_int_equal(core_test_call(t, admin, request, "{\"version\":2,\"on_leave_until\":null}"), 200);
	assert_int_equal(core_test_call(t, token, "GET /api/session", NULL), 200);
	assert_int_equal(core_test_len(t, "posts"), 0);
	assert_int_equal(sign_in(t, "lead", password, token), 201);
	assert_int_equal(core_test_len(t, "user.posts"), 1);
	time_format(time_now() - 1, day);
	snprintf(request, sizeof(request), "PATCH /api/posts/%lld", (long long)post);
	snprintf(body, sizeof(body), "{\"version\":1,\"valid_to\":\"%s\"}", day);
	assert_int_equal(core_test_call(t, admin, request, body), 200);
	assert_int_equal(core_test_call(t, token, "GET /api/session", NULL), 200);
	assert_int_equal(core_test_len(t, "posts"), 0);
	assert_int_equal(core_test_call(t, token, "GET /api/posts", NULL), 403);
}

/* Inside one's own area, never above one's own role, and an auditor is only an auditor. */
static void test_granting(void **state)
{
	struct core_test *t = *state;
	char token[TOKEN_TEXT], admin[TOKEN_TEXT];
	static const struct {
		const char *role, *place;
		int status;
		const char *code;
	} row[] = {
		{ "duty_officer", "99010100100000000", 201, "" },
		{ "grid_leader", "99010100100100100", 201, "" },
		{ "director", "99010100100000000", 201, "" },
		{ "duty_officer", "99010100200000000", 400, "post.area" },
		{ "duty_officer", "99010100000000000", 400, "post.area" },
		{ "district_dept", "99010100100000000", 403, "post.role" },
		{ "district_admin", "99010100100000000", 403, "post.role" },
		{ "auditor", "99010100100000000", 403, "post.role" },
		{ "grid_leader", "99010100100999900", 400, "reference" },
	};

	core_test_need(t);
	int64_t id = user(t, "director"), other = user(t, "other");

	core_test_post(t, id, ROLE_DIRECTOR, PLACE_STREET_A);
	core_test_post(t, user(t, "admin"), ROLE_DISTRICT_ADMIN, PLACE_DISTRICT);
	assert_int_equal(sign_in(t, "director", password, token), 201);
	assert_int_equal(sign_in(t, "admin", password, admin), 201);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		char body[200];

		snprintf(body, sizeof(body), "{\"user_id\":\"%lld\",\"role\":\"%s\",\"place\":\"%s\"}",
			(long long)other, row[i].role, row[i].place);
		assert_int_equal(core_test_call(t, token, "POST /api/posts", body), row[i].status);
		assert_string_equal(core_test_str(t, "error.code"), row[i].code);
		if (row[i].status == 201)
			assert_string_equal(core_test_str(t, "user_name"), "other");
	}
	char body[200];

	snprintf(body, sizeof(body), "{\"user_id\":\"%lld\",\"role\":\"auditor\",\"place\":\"99010100000000000\"}",
		(long long)other);
	assert_int_equal(core_test_call(t, admin, "POST /api/posts", body), 409);
	assert_string_equal(core_test_str(t, "error.code"), "post.separation");
	/* The list is under scope: the other street's posts are not in it. */
	core_test_post(t, other, ROLE_GRID_LEADER, PLACE_GRID_B);
	assert_int_equal(core_test_call(t, token, "GET /api/posts", NULL), 200);
	assert_int_equal(core_test_len(t, "items"), 4);
}

static void test_passwords(void **state)
{
	struct core_test *t = *state;
	char one[TOKEN_TEXT], two[TOKEN_TEXT], admin[TOKEN_TEXT], request[96];

	core_test_need(t);
	int64_t id = user(t, "mover");

	core_test_post(t, user(t, "admin"), ROLE_DISTRICT_ADMIN, PLACE_DISTRICT);
	assert_int_equal(sign_in(t, "mover", password, one), 201);
	assert_int_equal(sign_in(t, "mover", password, two), 201);
	assert_int_equal(core_test_call(t, one, "POST /api/session/password",
				 "{\"old\":\"not-the-old-1\",\"new\":\"another-road-8\"}"), 400);
	assert_int_equal(core_test_call(t, one, "POST /api/session/password",
				 "{\"old\":\"river-stone-7\",\"new\":\"short-1\"}"), 400);
	assert_string_equal(core_test_str(t, "error.code"), "password.short");
	assert_int_equal(core_test_call(t, one, "POST /api/session/password",
				 "{\"old\":\"river-stone-7\",\"new\":\"another-road-8\"}"), 200);
	assert_int_equal(core_test_call(t, one, "GET /api/session", NULL), 200);
	assert_int_equal(core_test_call(t, two, "GET /api/session", NULL), 401);
	assert_int_equal(sign_in(t, "mover", password, NULL), 401);
	assert_int_equal(sign_in(t, "admin", password, admin), 201);
	snprintf(request, sizeof(request), "POST /api/users/%lld/password", (long long)id);
	assert_int_equal(core_test_call(t, one, request, "{\"password\":\"third-gate-9x\"}"), 403);
	assert_int_equal(core_test_call(t, admin, request, "{\"password\":\"third-gate-9x\"}"), 200);
	assert_int_equal(core_test_call(t, one, "GET /api/session", NULL), 401);
	assert_int_equal(sign_in(t, "mover", "third-gate-9x", NULL), 201);
	/* Never in a reply. */
	snprintf(request, sizeof(request), "GET /api/users/%lld", (long long)id);
	assert_int_equal(core_test_call(t, admin, request, NULL), 200);
	assert_null(strstr(t->raw.p, "argon2"));
}

static void test_password_rules(void **state)
{
	static const struct {
		const char *word;
		enum err err;
	} row[] = { { "gezhi-demo", OK }, { "abcdefghij", ERR_INVALID }, { "1234567890", ERR_INVALID },
		{ "abc123", ERR_INVALID }, { "abcdefgh12", OK }, { "same-login-1", ERR_INVALID },
		{ "山川湖海江河溪泉井1", OK } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		assert_int_equal(password_check(str_z(row[i].word), STR("same-login-1"), NULL), row[i].err);
}

/* Without a session: the command line's way in. */
static void test_login_principal(void **state)
{
	struct core_test *t = *state;
	struct principal *who = NULL;

	core_test_need(t);
	struct arena *a = arena_new(1 << 20);

	core_test_post(t, user(t, "clerk"), ROLE_POST_CLERK, PLACE_STREET_B);
	assert_int_equal(principal_of_login(t->reader, STR("clerk"), time_now(), a, &who), OK);
	assert_int_equal(who->nposts, 1);
	assert_int_equal(who->post[0].hi, place_end(PLACE_STREET_B));
	assert_int_equal(principal_of_login(t->reader, STR("ghost"), time_now(), a, &who), ERR_NOT_FOUND);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password_rules),
		CORE_BOTH(test_session),
		CORE_BOTH(test_csrf_hash),
		CORE_BOTH(test_lockout),
		CORE_BOTH(test_closed_account),
		CORE_BOTH(test_posts_in_time),
		CORE_BOTH(test_granting),
		CORE_BOTH(test_passwords),
		CORE_BOTH(test_login_principal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
