/*
 * The entity engine on a table of its own: rows through the interface, pages, and CSV in and out (dry run,
 * errors by row, all or nothing or partial, duplicates, scope), on both engines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/account_impl.h"
#include "core/entity.h"
#include "core/test_core.h"

struct thing {
	int64_t id, version;
	struct str code, name;
	int64_t place, kind;
	double weight;
	int64_t day, at, paid, lent;
	struct str phone, remark, kept, data;
};

static const char *const kind_word[] = { "tree", "lamp", "bench", NULL };
static const struct vocab kind_vocab = { "thing_kind", kind_word };

static const struct field thing_field[] = {
	FIELD(thing, id, F_ID, .flags = FIELD_READONLY | FIELD_SORT),
	FIELD(thing, version, F_INT),
	FIELD(thing, code, F_STR, .max = 20,
		.flags = FIELD_REQUIRED | FIELD_UNIQUE | FIELD_CREATE | FIELD_SORT | FIELD_SEARCH),
	FIELD(thing, name, F_STR, .max = 40, .flags = FIELD_REQUIRED | FIELD_SORT | FIELD_SEARCH),
	FIELD(thing, place, F_CODE, .flags = FIELD_REQUIRED | FIELD_SCOPE | FIELD_SORT),
	FIELD(thing, kind, F_ENUM, .vocab = &kind_vocab, .flags = FIELD_FILTER),
	FIELD(thing, weight, F_REAL, .min = 0, .max = 1000),
	FIELD(thing, day, F_DATE, .flags = FIELD_SORT | FIELD_FILTER),
	FIELD(thing, at, F_TIME),
	FIELD(thing, paid, F_MONEY),
	FIELD(thing, lent, F_BOOL),
	FIELD(thing, phone, F_STR, .max = 20, .flags = FIELD_PRIVATE, .purpose = "calling its keeper"),
	FIELD(thing, remark, F_STR, .max = 100, .flags = FIELD_READONLY),
	FIELD(thing, kept, F_STR, .flags = FIELD_HIDDEN),
	FIELD(thing, data, F_JSON),
};

/* A rule across fields, and a value that is derived. */
static enum err thing_check(struct req *rq, const void *old, void *rec)
{
	struct thing *t = rec;

	(void)old;
	if (t->kind == 0 && t->lent == 1)
		return req_fail(rq, ERR_INVALID, "thing.tree", "lent", "a tree cannot be lent");
	if (t->kind == NIL)
		t->kind = 2;
	return OK;
}

static const struct entity thing_entity = {
	.name = "thing",
	.table = "test_thing",
	.path = "things",
	.fields = FIELDS(thing, thing_field),
	.read = "place.read",
	.write = "party.write",
	.flags = ENTITY_DELETE | ENTITY_CONFIG | ENTITY_PREVIEW,
	.order = "code",
	.check = thing_check,
};
static const struct entity *const entities[] = { &thing_entity, NULL };
static const struct module thing_module = { .name = "thing", .entity = entities };
static const struct module *const modules[] = { &account_module, &thing_module, NULL };

static void make_table(struct core_test *t)
{
	core_test_sql(t, "CREATE TABLE test_thing (id BIGINT PRIMARY KEY, version BIGINT NOT NULL, code TEXT NOT NULL "
		"UNIQUE, name TEXT NOT NULL, place BIGINT NOT NULL, kind SMALLINT, weight DOUBLE PRECISION, day BIGINT, "
		"at BIGINT, paid BIGINT, lent SMALLINT, phone TEXT, remark TEXT, kept TEXT, data TEXT, "
		"created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, created_by BIGINT)", NO_ARGS);
}

static struct core_case on_sqlite = { DB_SQLITE, modules, make_table }, on_pg = { DB_PG, modules, make_table };

static int64_t things(struct core_test *t)
{
	return core_test_count(t, "SELECT count(*) AS n FROM test_thing");
}

static int64_t number(struct core_test *t, const char *key)
{
	return json_integer_value(json_object_get(t->reply, key));
}

/* "rows/created/updated/unchanged/rejected" of an import's reply. */
static void check_counts(struct core_test *t, const char *want)
{
	char have[96];

	snprintf(have, sizeof(have), "%d/%d/%d/%d/%d", (int)number(t, "rows"), (int)number(t, "created"),
		(int)number(t, "updated"), (int)number(t, "unchanged"), (int)number(t, "rejected"));
	assert_string_equal(have, want);
}

static int import(struct core_test *t, const char *token, const char *query, const char *csv)
{
	char request[256];

	snprintf(request, sizeof(request), "POST /api/things/import%s", query);
	return core_test_send(t, token, request, str_z(csv), "text/csv");
}

static int64_t error_number(struct core_test *t, size_t i, const char *key)
{
	return json_integer_value(json_object_get(json_array_get(json_object_get(t->reply, "errors"), i), key));
}

static void check_error(struct core_test *t, size_t i, int64_t line, const char *column, const char *code)
{
	char path[48];

	snprintf(path, sizeof(path), "errors.%zu.code", i);
	assert_string_equal(core_test_str(t, path), code);
	snprintf(path, sizeof(path), "errors.%zu.column", i);
	assert_string_equal(core_test_str(t, path), column);
	snprintf(path, sizeof(path), "errors.%zu.message", i);
	assert_string_not_equal(core_test_str(t, path), "");
	assert_int_equal(error_number(t, i, "line"), line);
}

#define A "99010100100100100" /* grids of the two streets */
#define B "99010100200100100"

static const char three[] =
	"code,name,place,kind,weight,day,at,paid,lent,phone,data\r\n"
	"t1,\"A \"\"big\"\", old tree\"," A ",tree,12.5,2026-02-13,"
	"2026-02-13T16:30:00+08:00,1999,false,13800001111,\"{\"\"a\"\":1}\"\r\n"
	"t2,\"two\nlines\"," A ",,,,,,,,\r\n"
	"t3,'=1+1," B ",bench,0.1,2026/3/1,,-5,是,,\r\n";

/* ---- rows ---- */

static void test_rows(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], request[128], id[32];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	assert_int_equal(core_test_call(t, admin, "POST /api/things",
		"{\"code\":\"x\",\"name\":\"n\",\"place\":\"" A "\",\"weight\":2.5,\"data\":{\"k\":[1]}}"), 201);
	assert_string_equal(core_test_str(t, "kind"), "bench");
	assert_string_equal(core_test_str(t, "place"), A);
	assert_null(json_object_get(t->reply, "phone"));
	assert_null(json_object_get(t->reply, "kept"));
	snprintf(id, sizeof(id), "%s", core_test_str(t, "id"));
	assert_int_equal(core_test_call(t, admin, "POST /api/things",
		"{\"code\":\"x\",\"name\":\"n\",\"place\":\"" A "\"}"), 409);
	assert_string_equal(core_test_str(t, "error.code"), "duplicate");
	assert_int_equal(core_test_call(t, admin, "POST /api/things", "{\"code\":\"y\",\"name\":\"n\"}"), 400);
	assert_int_equal(core_test_call(t, admin, "POST /api/things",
		"{\"code\":\"y\",\"name\":\"n\",\"place\":\"" A "\",\"kept\":\"z\"}"), 400);
	snprintf(request, sizeof(request), "PATCH /api/things/%s", id);
	assert_int_equal(core_test_call(t, admin, request, "{\"name\":\"m\"}"), 400);
	assert_int_equal(core_test_call(t, admin, request, "{\"version\":2,\"name\":\"m\"}"), 409);
	assert_int_equal(core_test_call(t, admin, request, "{\"version\":1,\"code\":\"z\"}"), 400);
	assert_string_equal(core_test_str(t, "error.code"), "immutable");
	assert_int_equal(core_test_call(t, admin, request, "{\"version\":1,\"kind\":\"tree\",\"lent\":true}"), 400);
	assert_string_equal(core_test_str(t, "error.code"), "thing.tree");
	snprintf(request, sizeof(request), "PATCH /api/things/%s?preview=true", id);
	assert_int_equal(core_test_call(t, admin, request, "{\"version\":1,\"name\":\"m\"}"), 200);
	assert_string_equal(core_test_str(t, "changes.0.to"), "m");
	assert_int_equal(core_test_len(t, "changes"), 1);
	snprintf(request, sizeof(request), "PATCH /api/things/%s", id);
	assert_int_equal(core_test_call(t, admin, request, "{\"version\":1,\"name\":\"m\"}"), 200);
	assert_int_equal(number(t, "version"), 2);
	snprintf(request, sizeof(request), "DELETE /api/things/%s?version=1", id);
	assert_int_equal(core_test_call(t, admin, request, NULL), 409);
	snprintf(request, sizeof(request), "DELETE /api/things/%s?version=2", id);
	assert_int_equal(core_test_call(t, admin, request, NULL), 200);
	assert_int_equal(things(t), 0);
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM audit WHERE object = 'thing'"), 3);
	assert_true(core_test_count(t, "SELECT count(*) AS n FROM audit WHERE action = 'update' AND "
		"detail LIKE '%\"n\",\"m\"%'") == 1);
}

/* ---- pages ---- */

static void many(int n, struct buf *csv)
{
	buf_z(csv, "code,name,place,day\n");
	for (int i = 0; i < n; i++)
		buf_fmt(csv, "c%05d,n%d,%s,%s\n", i, i % 7, i % 2 != 0 ? A : B,
			i % 3 == 0 ? "" : i % 3 == 1 ? "20260101" : "20260102");
	buf_char(csv, '\0');
}

/* Whatever the order, the pages together have every row once. */
static void test_pages(void **state)
{
	static const char *const sort[] = { "", "&sort=code", "&sort=-name", "&sort=day", "&sort=-day", "&sort=-id" };
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], request[256], next[128];
	struct buf csv;

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	buf_init(&csv, 1 << 20);
	many(57, &csv);
	assert_int_equal(import(t, admin, "", csv.p), 200);
	buf_release(&csv);
	check_counts(t, "57/57/0/0/0");
	for (size_t i = 0; i < ARRAY_LEN(sort); i++) {
		bool seen[57] = { false };
		size_t n = 0;

		next[0] = '\0';
		do {
			snprintf(request, sizeof(request), "GET /api/things?limit=10%s&after=%s", sort[i], next);
			assert_int_equal(core_test_call(t, admin, request, NULL), 200);
			for (size_t k = 0; k < core_test_len(t, "items"); k++, n++) {
				char path[32];
				int code = 0;

				snprintf(path, sizeof(path), "items.%zu.code", k);
				assert_int_equal(sscanf(core_test_str(t, path), "c%d", &code), 1);
				assert_false(seen[code]);
				seen[code] = true;
			}
			snprintf(next, sizeof(next), "%s", core_test_str(t, "next"));
		} while (next[0] != '\0');
		assert_int_equal(n, 57);
	}
	assert_int_equal(core_test_call(t, admin, "GET /api/things?count=true&limit=1&place=99010100100000000", NULL), 200);
	assert_int_equal(number(t, "count"), 28);
	assert_int_equal(core_test_call(t, admin, "GET /api/things?count=true&limit=1&q=C0001", NULL), 200);
	assert_int_equal(number(t, "count"), 10);
	assert_int_equal(core_test_call(t, admin, "GET /api/things?count=true&day=2026-01-01&q=%25", NULL), 200);
	assert_int_equal(number(t, "count"), 0);
	assert_int_equal(core_test_call(t, admin, "GET /api/things?sort=weight", NULL), 400);
	assert_int_equal(core_test_call(t, admin, "GET /api/things?limit=201", NULL), 400);
	assert_int_equal(core_test_call(t, admin, "GET /api/things?after=zzz", NULL), 400);
	assert_int_equal(core_test_call(t, admin, "GET /api/things?colour=red", NULL), 400);
}

/* ---- export ---- */

static void test_round_trip(void **state)
{
	static const char header[] = "\r\nid,version,code,name,place,kind,weight,day,at,paid,lent,remark,data\r\n";
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], text[2048];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	assert_int_equal(import(t, admin, "", three), 200);
	check_counts(t, "3/3/0/0/0");
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM audit WHERE object = 'thing' AND action = 'create'"), 3);
	assert_int_equal(core_test_count(t, "SELECT paid AS n FROM test_thing WHERE code = 't3' AND name = '=1+1' AND lent = 1"), -5);
	assert_int_equal(core_test_call(t, admin, "GET /api/things/export?format=csv&purpose=audit&kind=tree&place=" A, NULL), 200);
	assert_int_equal(core_test_call(t, admin, "GET /api/things/export?format=csv", NULL), 200);
	assert_true(t->raw.n < sizeof(text));
	memcpy(text, t->raw.p, t->raw.n);
	text[t->raw.n] = '\0';
	/* Who took it, for things have a private field. */
	assert_int_equal(strncmp(text, "\xEF\xBB\xBF\"导出 / exported: ", 22), 0);
	assert_non_null(strstr(text, header));
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM audit WHERE object = 'thing' AND action = 'export'"), 2);
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM audit WHERE detail = "
		"'{\"format\":\"csv\",\"rows\":1,\"purpose\":\"audit\",\"filters\":{\"place\":\"" A "\",\"kind\":\"tree\"}}'"), 1);
	assert_null(strstr(text, "13800001111"));
	assert_non_null(strstr(text, ",1,t1,\"A \"\"big\"\", old tree\"," A ",tree,12.5,2026-02-13,"
		"2026-02-13T16:30:00+08:00,1999,false,,"
		"\"{\"\"a\"\":1}\"\r\n"));
	assert_non_null(strstr(text, ",t3,'=1+1," B ",bench,0.1,2026-03-01,,-5,true,,\r\n"));
	assert_int_equal(import(t, admin, "", text), 200);
	check_counts(t, "3/0/0/3/0");
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_thing WHERE version = 1 AND phone IS NOT NULL"), 1);
	char *at = strstr(text, "12.5");

	assert_non_null(at);
	memcpy(at, "13.5", 4);
	assert_int_equal(import(t, admin, "", text), 200);
	check_counts(t, "3/0/1/2/0");
	assert_int_equal(core_test_count(t, "SELECT version AS n FROM test_thing WHERE code = 't1' AND "
		"weight > 13 AND phone IS NOT NULL"), 2);
	/* The file is older than that change now. */
	memcpy(at, "14.5", 4);
	assert_int_equal(import(t, admin, "", text), 200);
	check_counts(t, "3/0/0/2/1");
	check_error(t, 0, 3, "version", "conflict.version");
	assert_int_equal(number(t, "conflicts"), 1);
	assert_int_equal(core_test_call(t, admin, "GET /api/things/export?format=pdf", NULL), 400);
}

/* The same as a workbook: headers in Chinese, dates and numbers as such. */
static void test_book(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	assert_int_equal(import(t, admin, "", three), 200);
	assert_int_equal(core_test_call(t, admin, "GET /api/things/export?format=xlsx", NULL), 200);
	assert_int_equal(core_test_send_back(t, admin, "POST /api/things/import", "x/y"), 200);
	check_counts(t, "3/0/0/3/0");
	assert_string_equal(core_test_str(t, "columns.2.column"), "代码");
	assert_string_equal(core_test_str(t, "columns.2.how"), "label");
	assert_int_equal(number(t, "header"), 2);
}

static size_t lines(const struct core_test *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->raw.n; i++)
		n += t->raw.p[i] == '\n';
	return n;
}

/* More than a page, and no more than the caller sees and asked for. */
static void test_export_scope(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], director[TOKEN_TEXT], resident[TOKEN_TEXT];
	struct buf csv;

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	core_test_someone(t, "director", ROLE_DIRECTOR, PLACE_STREET_A, director);
	core_test_someone(t, "resident", ROLE_RESIDENT, PLACE_DISTRICT, resident);
	buf_init(&csv, 1 << 20);
	many(2100, &csv);
	assert_int_equal(import(t, admin, "", csv.p), 200);
	check_counts(t, "2100/2100/0/0/0");
	assert_int_equal(core_test_call(t, admin, "GET /api/things/export", NULL), 200);
	assert_int_equal(lines(t), 2102);
	assert_int_equal(core_test_call(t, director, "GET /api/things/export", NULL), 200);
	assert_int_equal(lines(t), 1052);
	assert_int_equal(core_test_call(t, director, "GET /api/things/export?place=99010100200000000", NULL), 200);
	assert_int_equal(lines(t), 2);
	assert_int_equal(core_test_call(t, admin, "GET /api/things/export?day=2026-01-01&q=c00", NULL), 200);
	assert_int_equal(lines(t), 335);
	assert_int_equal(core_test_call(t, resident, "GET /api/things/export", NULL), 403);
	assert_int_equal(core_test_call(t, NULL, "GET /api/things/export", NULL), 401);
	/* The same file again changes nothing; in another's area nothing may be changed. */
	assert_int_equal(import(t, admin, "", csv.p), 200);
	check_counts(t, "2100/0/0/2100/0");
	assert_int_equal(import(t, director, "?partial=true",
		"code,name,place\nc00000,other," B "\nc00001,mine," A "\nnew,n," B "\n"), 200);
	check_counts(t, "3/0/1/0/2");
	check_error(t, 0, 2, "code", "duplicate");
	check_error(t, 1, 4, "place", "scope");
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_thing WHERE name IN ('other', 'mine')"), 1);
	buf_release(&csv);
}

/* ---- import ---- */

static const char mixed[] =
	"code,name,place,kind,weight,lent,colour\n"
	"a,first," A ",lamp,1,no,red\n"
	"b,," A ",lamp,1,no,red\n"
	"c,third,123,lamp,1,no,red\n"
	"d,fourth," A ",rock,heavy,no,red\n"
	"\n"
	"e,fifth," A ",tree,1,yes,red\n"
	"a,again," A ",lamp,1,no,red\n"
	"f,sixth," A ",lamp,5000,no,red,more\n"
	"g,seventh," A "\n";

static void check_mixed(struct core_test *t)
{
	assert_int_equal(core_test_len(t, "errors"), 8);
	check_error(t, 0, 3, "name", "required");
	check_error(t, 1, 4, "place", "reference");
	check_error(t, 2, 5, "kind", "not_in_list");
	check_error(t, 3, 5, "weight", "wrong_type");
	check_error(t, 4, 7, "lent", "thing.tree");
	check_error(t, 5, 8, "code", "repeated");
	check_error(t, 6, 9, "weight", "out_of_range");
	check_error(t, 7, 9, "", "extra_cell");
	assert_int_equal(error_number(t, 7, "row"), 7);
	assert_string_equal(core_test_str(t, "columns.6.column"), "colour");
	assert_string_equal(core_test_str(t, "columns.6.how"), "unused");
}

static void test_import(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	assert_int_equal(import(t, admin, "?dry_run=true", mixed), 200);
	check_counts(t, "8/2/0/0/6");
	check_mixed(t);
	assert_int_equal(import(t, admin, "", mixed), 200);
	check_counts(t, "8/0/0/0/6");
	check_mixed(t);
	assert_int_equal(things(t), 0);
	assert_int_equal(import(t, admin, "?dry_run=true&partial=true", mixed), 200);
	assert_int_equal(things(t), 0);
	assert_int_equal(import(t, admin, "?partial=true", mixed), 200);
	check_counts(t, "8/2/0/0/6");
	check_mixed(t);
	assert_int_equal(things(t), 2);
	assert_int_equal(core_test_count(t, "SELECT kind AS n FROM test_thing WHERE code = 'g'"), 2);
	/* Columns that are not in the file keep their values, empty cells of those that are lose them. */
	assert_int_equal(import(t, admin, "", "code,weight\na,\n"), 200);
	check_counts(t, "1/0/1/0/0");
	assert_int_equal(core_test_count(t, "SELECT kind AS n FROM test_thing WHERE code = 'a' AND weight IS NULL AND lent = 0"), 1);
	/* What a rule fills in is no change. */
	assert_int_equal(import(t, admin, "", "code,kind\ng,\n"), 200);
	check_counts(t, "1/0/0/1/0");
	assert_int_equal(import(t, admin, "", "code,weight\nnew,1\n"), 200);
	check_counts(t, "1/0/0/0/1");
	check_error(t, 0, 2, "name", "required");
	check_error(t, 1, 2, "place", "required");
	assert_int_equal(import(t, admin, "", "code,code,kept\n"), 200);
	check_error(t, 0, 1, "code", "repeated_column");
	assert_int_equal(core_test_len(t, "errors"), 1);
	assert_string_equal(core_test_str(t, "columns.2.how"), "unused");
	assert_int_equal(import(t, admin, "", ""), 400);
	assert_int_equal(import(t, admin, "", "code,name\n\"open"), 400);
	assert_int_equal(import(t, admin, "?dry_run=perhaps", "code\n"), 400);
}

static void test_map(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	assert_int_equal(import(t, admin,
		"?map=%7B%22%E7%BC%96%E5%8F%B7%22:%22code%22,%22Title%22:%22name%22,%22x%22:null%7D",
		"\xE7\xBC\x96\xE5\x8F\xB7,Title,place,x\nm1,mapped," A ",ignored\n"), 200);
	check_counts(t, "1/1/0/0/0");
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_thing WHERE code = 'm1' AND name = 'mapped'"), 1);
	assert_int_equal(import(t, admin, "?map=%7B%22x%22:%22nowhere%22%7D", "x\n"), 400);
	assert_string_equal(core_test_str(t, "error.field"), "map");
	assert_int_equal(import(t, admin, "?map=[]", "x\n"), 400);
	assert_int_equal(import(t, admin, "?map=%7B", "x\n"), 400);
}

/* Without a natural key the id tells which row is meant. */
static void test_by_id(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], csv[256];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	int64_t user = core_test_user(t, "worker");
	int64_t post = core_test_post(t, user, ROLE_GRID_LEADER, PLACE_GRID_A);

	snprintf(csv, sizeof(csv), "id,user_id,role,place\n%lld,%lld,grid_leader," B "\n"
		",%lld,post_clerk," A "\n999,%lld,post_clerk," A "\n",
		(long long)post, (long long)user, (long long)user, (long long)user);
	assert_int_equal(core_test_send(t, admin, "POST /api/posts/import?partial=true", str_z(csv), "text/csv"), 200);
	check_counts(t, "3/1/1/0/1");
	check_error(t, 0, 4, "id", "not_found");
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM post WHERE place = " B), 1);
}

static void test_many_errors(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];
	struct buf csv;

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	buf_init(&csv, 1 << 20);
	buf_z(&csv, "code,name,place\n");
	for (int i = 0; i < 1200; i++)
		buf_fmt(&csv, "c%d,n,nowhere\n", i);
	buf_char(&csv, '\0');
	assert_int_equal(import(t, admin, "", csv.p), 200);
	check_counts(t, "1200/0/0/0/1200");
	assert_int_equal(core_test_len(t, "errors"), 1000);
	buf_release(&csv);
}

/* A store that fails at any statement leaves nothing of the import. */
static void test_faults(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	struct call call = { .method = M_POST, .target = STR("/api/things/import"), .token = str_z(admin),
		.body = str_z(three), .content_type = STR("text/csv") };
	int failures = 0, status = 0;
	struct log quiet = { .level = LOG_ERROR + 1 };

	t->app.log = &quiet;
	for (int64_t n = 1; status != 200 && n < 200; n++) {
		buf_reset(&t->raw);
		db_fault_arm(t->app.db, n, false);
		assert_int_equal(http_call(&t->app, t->app.db, t->app.router, &app_hooks, &call, &t->raw, &status), OK);
		if (!db_fault_arm(t->app.db, 0, false))
			break;
		failures++;
		assert_int_equal(status, 503);
		assert_int_equal(things(t), 0);
		assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM audit WHERE object = 'thing'"), 0);
	}
	assert_int_equal(status, 200);
	assert_int_equal(things(t), 3);
	assert_true(failures > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CORE_BOTH(test_rows),
		CORE_BOTH(test_pages),
		CORE_BOTH(test_round_trip),
		CORE_BOTH(test_book),
		CORE_BOTH(test_export_scope),
		CORE_BOTH(test_import),
		CORE_BOTH(test_map),
		CORE_BOTH(test_by_id),
		CORE_BOTH(test_many_errors),
		CORE_BOTH(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
