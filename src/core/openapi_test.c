/*
 * The OpenAPI document fits the routes: every route once, unique operation ids, references that resolve,
 * path parameters declared, schemas that say what the decoder checks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/account.h"
#include "core/file.h"
#include "core/matter.h"
#include "core/openapi.h"
#include "core/system.h"
#include "core/test_core.h"

static const struct module *const modules[] = { &account_module, &file_module, &matter_module, &system_module, NULL };

static struct core_case on_sqlite = { DB_SQLITE, modules, NULL };

static json_t *at(json_t *v, const char *const *key)
{
	for (; *key != NULL && v != NULL; key++)
		v = json_object_get(v, *key);
	return v;
}
#define AT(v, ...) at((v), (const char *const[]){ __VA_ARGS__, NULL })
#define TEXT(v, ...) (json_string_value(AT(v, __VA_ARGS__)) != NULL ? json_string_value(AT(v, __VA_ARGS__)) : "")

static json_t *document(struct core_test *t)
{
	assert_int_equal(core_test_call(t, NULL, "GET /api/openapi.json", NULL), 200);
	assert_non_null(t->reply);
	return t->reply;
}

/* Depth first; `fn` sees every object. */
static void each_object(json_t *v, int depth, void (*fn)(json_t *object, void *arg), void *arg)
{
	const char *key;
	json_t *member;
	size_t i;

	assert_true(depth < 30);
	if (json_is_object(v)) {
		fn(v, arg);
		json_object_foreach (v, key, member)
			each_object(member, depth + 1, fn, arg);
	}
	json_array_foreach (v, i, member)
		each_object(member, depth + 1, fn, arg);
}

static void check_ref(json_t *object, void *arg)
{
	const char *ref = json_string_value(json_object_get(object, "$ref"));
	json_t *v = arg;
	struct str rest, piece;

	if (ref == NULL)
		return;
	assert_int_equal(strncmp(ref, "#/", 2), 0);
	rest = str_z(ref + 2);
	while (str_split(&rest, '/', &piece)) {
		char key[160];

		snprintf(key, sizeof(key), "%.*s", (int)piece.n, piece.p);
		v = json_object_get(v, key);
	}
	if (v == NULL)
		fail_msg("%s leads nowhere", ref);
}

static void test_refs(void **state)
{
	struct core_test *t = *state;
	json_t *doc = document(t);

	assert_string_equal(TEXT(doc, "openapi"), "3.1.0");
	assert_string_not_equal(TEXT(doc, "info", "title"), "");
	assert_string_not_equal(TEXT(doc, "info", "version"), "");
	each_object(doc, 0, check_ref, doc);
}

static bool has_param(json_t *op, const char *name, const char *in)
{
	json_t *p;
	size_t i;

	json_array_foreach (json_object_get(op, "parameters"), i, p) {
		if (strcmp(TEXT(p, "name"), name) == 0 && strcmp(TEXT(p, "in"), in) == 0)
			return true;
	}
	return false;
}

static void check_path_params(const struct route *r, json_t *op)
{
	struct str rest = str_z(r->path), piece;
	size_t n = 0, declared = 0, i;
	json_t *p;

	while (str_split(&rest, '/', &piece)) {
		const char *end = piece.n > 0 && piece.p[0] == '{' ? memchr(piece.p, '}', piece.n) : NULL;
		char name[64];

		if (end == NULL)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(end - piece.p - 1), piece.p + 1);
		assert_true(has_param(op, name, "path"));
		n++;
	}
	json_array_foreach (json_object_get(op, "parameters"), i, p) {
		if (strcmp(TEXT(p, "in"), "path") != 0)
			continue;
		assert_true(json_is_true(json_object_get(p, "required")));
		declared++;
	}
	assert_int_equal(n, declared);
}

static void test_routes(void **state)
{
	static const char *const word[METHOD_MAX] = { "get", "post", "put", "patch", "delete" };
	struct core_test *t = *state;
	json_t *doc = document(t), *ids = json_object(), *item;
	const char *path;
	size_t operations = 0;

	for (size_t i = 0; i < router_count(t->app.router); i++) {
		const struct route *r = router_at(t->app.router, i);
		json_t *op = AT(doc, "paths", r->path, word[r->method]);

		assert_non_null(op);
		assert_string_equal(TEXT(op, "operationId"), r->id);
		assert_null(json_object_get(ids, r->id));
		json_object_set_new(ids, r->id, json_true());
		check_path_params(r, op);
		for (size_t k = 0; k < r->nquery; k++)
			assert_true(has_param(op, r->query[k].name, "query"));
		assert_int_equal(AT(op, "requestBody") != NULL, r->in != NULL || (r->flags & ROUTE_RAW_BODY));
		assert_non_null(AT(op, "responses", "default"));
		assert_non_null(AT(op, "responses", r->method == M_GET ? "200" : "2XX"));
		assert_int_equal(json_array_size(AT(op, "security")), r->flags & ROUTE_PUBLIC ? 0 : 2);
		assert_string_equal(TEXT(op, "x-permission"), r->perm != NULL ? r->perm : "");
	}
	json_object_foreach (AT(doc, "paths"), path, item)
		operations += json_object_size(item);
	assert_int_equal(operations, router_count(t->app.router));
	json_decref(ids);
}

static bool lists(json_t *array, const char *word)
{
	json_t *v;
	size_t i;

	json_array_foreach (array, i, v) {
		if (json_is_string(v) ? strcmp(json_string_value(v), word) == 0 : json_is_null(v) && strcmp(word, "null") == 0)
			return true;
	}
	return false;
}

static void test_schemas(void **state)
{
	struct core_test *t = *state;
	json_t *all = AT(document(t), "components", "schemas");
	json_t *in = AT(all, "UserInput"), *out = AT(all, "User"), *patch = AT(all, "UserPatch");

	assert_non_null(in);
	assert_non_null(out);
	assert_non_null(patch);
	/* Both ways nothing comes that is not described. */
	assert_true(json_is_false(AT(in, "additionalProperties")));
	assert_true(json_is_false(AT(patch, "additionalProperties")));
	assert_true(json_is_false(AT(out, "additionalProperties")));
	assert_true(lists(AT(in, "required"), "login"));
	assert_false(lists(AT(in, "required"), "on_leave_until"));
	assert_true(lists(AT(patch, "required"), "version"));
	assert_int_equal(json_array_size(AT(patch, "required")), 1);
	/* Readonly members are in replies only, hidden ones nowhere. */
	assert_null(AT(in, "properties", "id"));
	assert_null(AT(in, "properties", "locked_until"));
	assert_true(json_is_true(AT(out, "properties", "id", "readOnly")));
	assert_null(AT(out, "properties", "demo"));
	/* Limits and forms. */
	assert_int_equal(json_integer_value(AT(in, "properties", "login", "minLength")), 2);
	assert_int_equal(json_integer_value(AT(in, "properties", "login", "maxLength")), 64);
	assert_string_equal(TEXT(in, "properties", "login", "type"), "string");
	assert_string_equal(TEXT(in, "properties", "on_leave_until", "format"), "date-time");
	assert_true(lists(AT(in, "properties", "on_leave_until", "type"), "null"));
	assert_true(lists(AT(all, "PostInput", "properties", "role", "enum"), "grid_leader"));
	assert_false(lists(AT(all, "PostInput", "properties", "role", "enum"), "null"));
	assert_true(lists(AT(all, "PostInput", "properties", "board", "enum"), "null"));
	assert_string_equal(TEXT(all, "PostInput", "properties", "place", "pattern"), "^[0-9]{17}$");
}

static void test_forms(void **state)
{
	struct core_test *t = *state;
	json_t *doc = document(t), *paths = AT(doc, "paths");

	assert_string_equal(TEXT(paths, "/api/users", "get", "responses", "200", "content", "application/json",
		"schema", "properties", "items", "items", "$ref"), "#/components/schemas/User");
	assert_string_equal(TEXT(paths, "/api/users", "post", "requestBody", "content", "application/json",
		"schema", "$ref"),
		"#/components/schemas/UserInput");
	assert_string_equal(TEXT(paths, "/api/users/{id}", "patch", "requestBody", "content", "application/json",
		"schema", "$ref"),
		"#/components/schemas/UserPatch");
	assert_non_null(AT(paths, "/api/users/import", "post", "requestBody", "content", "text/csv"));
	assert_string_equal(TEXT(paths, "/api/users/import", "post", "responses", "2XX", "content",
		"application/json", "schema", "$ref"), "#/components/schemas/TableImportResult");
	assert_non_null(AT(paths, "/api/users/export", "get", "responses", "200", "content", "text/csv"));
	assert_int_equal(json_object_size(AT(paths, "/api/users/export", "get", "responses", "200", "content")), 2);
	assert_non_null(AT(paths, "/metrics", "get", "responses", "200", "content", "text/plain"));
	assert_non_null(AT(paths, "/api/files", "post", "requestBody", "content", "*/*"));
	/* Every POST takes an Idempotency-Key; what changes things by cookie takes the CSRF token. */
	json_t *post = AT(paths, "/api/users", "post"), *p, *found = NULL;
	size_t i;

	json_array_foreach (AT(post, "parameters"), i, p) {
		if (strstr(TEXT(p, "$ref"), "IdempotencyKey") != NULL)
			found = p;
	}
	assert_non_null(found);
	assert_non_null(json_object_get(json_array_get(AT(post, "security"), 1), "csrf"));
	assert_null(json_object_get(json_array_get(AT(paths, "/api/users", "get", "security"), 1), "csrf"));
	assert_string_equal(TEXT(doc, "components", "securitySchemes", "bearer", "scheme"), "bearer");
}

static bool is_letter(char c, char first)
{
	return c >= first && c < first + 26;
}

/* A verb and what it is about in one style, and a shape wherever the reply is JSON. */
static void test_routes_declare(void **state)
{
	struct core_test *t = *state;

	for (size_t i = 0; i < router_count(t->app.router); i++) {
		const struct route *r = router_at(t->app.router, i);
		const char *c = r->id;

		while (is_letter(*c, 'a'))
			c++;
		if (c == r->id || !is_letter(*c, 'A'))
			fail_msg("%s is not like listEvents", r->id);
		for (; *c != '\0'; c++) {
			if (!is_letter(*c, 'a') && !is_letter(*c, 'A'))
				fail_msg("%s is not like listEvents", r->id);
		}
		if ((r->reply == NULL) != ((r->flags & ROUTE_RAW_OUT) != 0))
			fail_msg("%s: a JSON reply has a shape, bytes have none", r->id);
	}
}

static json_t *property(json_t *doc, const char *schema, const char *name)
{
	return AT(doc, "components", "schemas", schema, "properties", name);
}

static void test_shapes(void **state)
{
	struct core_test *t = *state;
	json_t *doc = document(t);

	assert_string_equal(TEXT(property(doc, "SignedIn", "user"), "$ref"), "#/components/schemas/Me");
	assert_string_equal(TEXT(property(doc, "Me", "posts"), "type"), "array");
	assert_string_equal(TEXT(property(doc, "Me", "posts"), "items", "$ref"), "#/components/schemas/SessionPost");
	/* an object that may be null, written where it is used */
	json_t *home = AT(property(doc, "Me", "home"), "anyOf");

	assert_int_equal(json_array_size(home), 2);
	assert_non_null(AT(json_array_get(home, 0), "properties", "level"));
	assert_string_equal(TEXT(json_array_get(home, 1), "type"), "null");
	/* lists of fixed length, maps, words, members that may be absent */
	assert_int_equal(json_integer_value(AT(property(doc, "MapHome", "bounds"), "minItems")), 4);
	assert_string_equal(TEXT(property(doc, "Meta", "vocab"), "additionalProperties", "items", "type"), "string");
	assert_true(lists(AT(property(doc, "ClockRun", "state"), "enum"), "paused"));
	assert_false(lists(AT(doc, "components", "schemas", "Boot", "required"), "accounts"));
	assert_true(lists(AT(doc, "components", "schemas", "Boot", "required"), "map"));
	/* from a base, from a field table but for what is left out, and instead of it */
	assert_non_null(property(doc, "Matter", "title"));
	assert_non_null(property(doc, "Matter", "unit_name"));
	assert_null(property(doc, "Matter", "text"));
	assert_null(property(doc, "Matter", "reporter_id"));
	assert_string_equal(TEXT(property(doc, "Matter", "state"), "type"), "string");
	assert_true(lists(AT(property(doc, "Matter", "due_at"), "type"), "null"));
	/* an entity's row and what it says beside its fields */
	assert_non_null(property(doc, "Post", "place_name"));
	assert_false(lists(AT(doc, "components", "schemas", "Post", "required"), "created_at"));
	assert_null(AT(doc, "components", "schemas", "OpenApi", "additionalProperties"));
}

static void test_types(void **state)
{
	static const char *const holds[] = {
		"export type Role = 'district_admin' | ",
		"\nexport interface Page<T> {\n",
		"\nexport interface MapHome {\n\tcenter: [number, number]\n",
		"\thome: { code: Code; name: string; level: Level } | null\n",
		"\taccounts?: DemoAccount[]\n",
		"\tvocab: Record<string, string[]>\n",
		"\trole: Role\n",
		"\tlistUsers: {\n\t\tmethod: 'GET'\n\t\tpath: '/api/users'\n\t\tparams: null\n\t\tquery: { q?: string; ",
		"\t\tparams: { id: string }\n\t\tquery: { preview?: boolean }\n\t\tbody: UserPatch\n\t\treply: User | Preview\n",
		"\t\treply: Page<User>\n",
		"\t\treply: Blob\n",
		"export interface OpenApi {\n\t[member: string]: unknown\n}\n",
	};
	struct core_test *t = *state;
	struct buf b;

	buf_init(&b, 1 << 20);
	assert_int_equal(openapi_types(&t->app, &b), OK);
	buf_char(&b, '\0');
	assert_false(b.failed);
	for (size_t i = 0; i < ARRAY_LEN(holds); i++) {
		if (strstr(b.p, holds[i]) == NULL)
			fail_msg("the types do not hold: %s", holds[i]);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CORE_CASE(test_refs, on_sqlite),
		CORE_CASE(test_routes, on_sqlite),
		CORE_CASE(test_schemas, on_sqlite),
		CORE_CASE(test_forms, on_sqlite),
		CORE_CASE(test_routes_declare, on_sqlite),
		CORE_CASE(test_shapes, on_sqlite),
		CORE_CASE(test_types, on_sqlite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
