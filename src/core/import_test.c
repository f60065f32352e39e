/*
 * Imports: what becomes of cells as people write them, headers where templates have them, masked values,
 * old official codes; import jobs under a store that fails at any statement, and rows that only the store
 * refuses. On both engines. R022.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/test_xlsx.h"
#include "core/account_impl.h"
#include "core/entity.h"
#include "core/import_job.h"
#include "core/jobs.h"
#include "core/test_core.h"

struct gadget {
	int64_t id, version;
	struct str code, name, serial;
	int64_t place, kind, day, birth, at, number, yes, unit_id;
	double weight;
	struct str id_no;
};

static const char *const kind_word[] = { "lamp", "bench", NULL };
static const char *const kind_label[] = { "路灯|灯杆|Street lamp", "长椅", NULL };
static const struct vocab kind_vocab = { .name = "gadget_kind", .word = kind_word, .label = kind_label };

static const struct field gadget_field[] = {
	FIELD(gadget, id, F_ID, .flags = FIELD_READONLY | FIELD_SORT),
	FIELD(gadget, version, F_INT),
	FIELD(gadget, code, F_STR, .max = 20, .flags = FIELD_REQUIRED | FIELD_UNIQUE, .label = "编号|Number"),
	FIELD(gadget, name, F_STR, .max = 40, .flags = FIELD_MASKED, .purpose = "asking its keeper", .label = "保管人|Keeper"),
	FIELD(gadget, serial, F_STR, .max = 20),
	FIELD(gadget, place, F_CODE, .flags = FIELD_SCOPE, .label = "所在网格"),
	FIELD(gadget, kind, F_ENUM, .vocab = &kind_vocab, .label = "种类"),
	FIELD(gadget, day, F_DATE, .label = "日期"),
	FIELD(gadget, birth, F_DATE, .flags = FIELD_MASKED, .purpose = "asking its keeper", .label = "生日"),
	FIELD(gadget, at, F_TIME),
	FIELD(gadget, number, F_INT, .label = "数量（个）"),
	FIELD(gadget, yes, F_BOOL, .label = "是否完好"),
	FIELD(gadget, unit_id, F_ID, .ref = "unit", .label = "单位"),
	FIELD(gadget, weight, F_REAL),
	FIELD(gadget, id_no, F_SECRET, .max = 32, .purpose = "telling keepers apart", .label = "身份证号"),
};
static const struct entity gadget_entity = {
	.name = "gadget",
	.table = "test_gadget",
	.path = "gadgets",
	.fields = FIELDS(gadget, gadget_field),
	.read = "place.read",
	.write = "party.write",
	.order = "id",
};
static const struct entity *const entities[] = { &gadget_entity, NULL };
static const struct module gadget_module = { .name = "gadget", .entity = entities };
static const struct module *const modules[] = { &account_module, &import_module, &gadget_module, NULL };

static void make_table(struct core_test *t)
{
	core_test_sql(t, "CREATE TABLE test_gadget (id BIGINT PRIMARY KEY, version BIGINT NOT NULL, code TEXT NOT NULL UNIQUE, "
		"name TEXT, serial TEXT UNIQUE, place BIGINT, kind SMALLINT, day BIGINT, birth BIGINT, at BIGINT, number BIGINT, yes SMALLINT, "
		"unit_id BIGINT, weight DOUBLE PRECISION, id_no BYTEA, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, "
		"created_by BIGINT)", NO_ARGS);
}

static struct core_case on_sqlite = { DB_SQLITE, modules, make_table }, on_pg = { DB_PG, modules, make_table };

static int64_t number(struct core_test *t, const char *key)
{
	return json_integer_value(json_object_get(t->reply, key));
}

static int import(struct core_test *t, const char *token, const char *csv)
{
	return core_test_send(t, token, "POST /api/gadgets/import?partial=true", str_z(csv), "text/csv");
}

/* ---- cells ---- */

/* One cell under a header; the stored value as the list shows it, or the error's code. */
static const char *cell(struct core_test *t, const char *admin, const char *title, const char *text)
{
	char csv[400];

	core_test_sql(t, "DELETE FROM test_gadget WHERE code = 'x'", NO_ARGS);
	snprintf(csv, sizeof(csv), "编号,%s\nx,\"%s\"\n", title, text);
	assert_int_equal(import(t, admin, csv), 200);
	if (number(t, "created") != 1)
		return core_test_str(t, "errors.0.code");
	assert_string_equal(core_test_str(t, "columns.1.how"), "label");
	assert_int_equal(core_test_call(t, admin, "GET /api/gadgets?limit=1&sort=-id", NULL), 200);
	return "";
}

static void check(struct core_test *t, const char *admin, const char *title, const char *text, const char *field,
		  const char *want)
{
	char path[64];
	const char *code = cell(t, admin, title, text);

	if (code[0] != '\0') {
		assert_string_equal(code, want);
		return;
	}
	snprintf(path, sizeof(path), "items.0.%s", field);
	const json_t *v = json_object_get(json_array_get(json_object_get(t->reply, "items"), 0), field);

	if (json_is_boolean(v))
		assert_string_equal(json_is_true(v) ? "true" : "false", want);
	else if (json_is_integer(v)) {
		snprintf(path, sizeof(path), "%lld", (long long)json_integer_value(v));
		assert_string_equal(path, want);
	} else {
		assert_string_equal(core_test_str(t, path), want);
	}
}

static void test_cells(void **state)
{
	static const struct {
		const char *title, *text, *field, *want;
	} v[] = {
		{ "日期", "2024-01-30", "day", "2024-01-30" }, { "日期", "2024/1/30", "day", "2024-01-30" },
		{ "日期", "2024.1.30", "day", "2024-01-30" }, { "日期", "2024年1月30日", "day", "2024-01-30" },
		{ "日期", "20240130", "day", "2024-01-30" }, { "日期", "45321", "day", "2024-01-30" },
		{ "日期", "2024-01-30 12:30", "day", "2024-01-30" }, { "日期", "2024-02-30", "day", "wrong_type" },
		{ "At", "2024/1/30 8:30", "at", "wrong_type" }, { "At", "2024年1月30日 08:30", "at", "2024-01-30T08:30:00+08:00" },
		{ "At", "45321.5", "at", "2024-01-30T12:00:00+08:00" },
		{ "数量", "1,234", "number", "1234" }, { "数量(个)", "１２", "number", "12" }, { " 数 量 ", "7.00", "number", "7" },
		{ "数量（个）", "7.5", "number", "wrong_type" },
		{ "是否完好", "是", "yes", "true" }, { "是否完好？", "无", "yes", "false" }, { "是否完好", "TRUE", "yes", "true" },
		{ "是否完好", "perhaps", "yes", "wrong_type" },
		{ "种类", "灯杆", "kind", "lamp" }, { "种类*", "street LAMP", "kind", "lamp" }, { "【种类】", "bench", "kind", "bench" },
		{ "种类", "树", "kind", "not_in_list" },
		{ "所在网格", "99010100100100100", "place", "99010100100100100" }, { "所属网格", "nowhere", "place", "reference" },
		{ "单位", "城管局", "unit_id", "" }, { "单位", "UU", "unit_id", "" }, { "单位", "无此单位", "unit_id", "reference" },
		{ "保管人", "'=王", "name", "=**" },
	};
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	assert_int_equal(core_test_call(t, admin, "POST /api/units", "{\"name\":\"城管局\",\"alias\":\"UU\","
		"\"kind\":\"department\",\"place\":\"99010100000000000\"}"), 201);
	char unit[32];

	snprintf(unit, sizeof(unit), "%s", core_test_str(t, "id"));
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		check(t, admin, v[i].title, v[i].text, v[i].field, v[i].want[0] != '\0' ? v[i].want : unit);
}

/* A code that was replaced still finds its place, and says so. */
static void test_old_codes(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	core_test_sql(t, "INSERT INTO place_code (id, place_id, scheme, code, valid_to) SELECT 1, id, 'stats', '990909', 20250101 "
		"FROM place WHERE code = 99010100100000000", NO_ARGS);
	assert_int_equal(import(t, admin, "编号,所在网格\na,990909\nb,990909\n"), 200);
	assert_int_equal(number(t, "created"), 2);
	assert_string_equal(core_test_str(t, "notes.0.code"), "code_changed");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(t->reply, "notes"), 0), "count")), 2);
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_gadget WHERE place = 99010100100000000"), 2);
}

/* ---- headers ---- */

static void test_headers(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	/* A title, a header over two rows, remarks. */
	struct made m = made_book(STR("<worksheet><sheetData>"
		"<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>登记表</t></is></c></row>"
		"<row r=\"3\"><c r=\"A3\" t=\"inlineStr\"><is><t>编号</t></is></c><c r=\"B3\" t=\"inlineStr\"><is><t>情况</t></is></c></row>"
		"<row r=\"4\"><c r=\"B4\" t=\"inlineStr\"><is><t>种类</t></is></c><c r=\"C4\" t=\"inlineStr\"><is><t>日期</t></is></c></row>"
		"<row r=\"5\"><c r=\"A5\" t=\"inlineStr\"><is><t>必填</t></is></c><c r=\"B5\" t=\"inlineStr\"><is><t>可选，路灯</t></is></c></row>"
		"<row r=\"6\"><c r=\"A6\"><v>17</v></c><c r=\"B6\" t=\"inlineStr\"><is><t>路灯</t></is></c><c r=\"C6\" s=\"1\"><v>45321</v></c></row>"
		"</sheetData><mergeCells><mergeCell ref=\"A1:C1\"/><mergeCell ref=\"A3:A4\"/><mergeCell ref=\"B3:C3\"/></mergeCells></worksheet>"));

	assert_int_equal(core_test_send(t, admin, "POST /api/gadgets/import", (struct str){ m.p, m.n }, "x/y"), 200);
	free(m.p);
	assert_int_equal(number(t, "header"), 4);
	assert_int_equal(number(t, "remarks"), 5);
	assert_string_equal(core_test_str(t, "sheet"), "One");
	assert_int_equal(number(t, "created"), 1);
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_gadget WHERE code = '17' AND kind = 0 AND day = 20240130"), 1);
}

/* A workbook keeps fifteen digits of a number: it comes back unchanged all the same. */
static void test_digits(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	assert_int_equal(import(t, admin, "编号,weight,数量\nd1,112.93456789012345678,9007199254740991\nd2,0.1,3\nd3,-1e-7,-5\n"), 200);
	assert_int_equal(number(t, "created"), 3);
	assert_int_equal(core_test_call(t, admin, "GET /api/gadgets/export?format=xlsx", NULL), 200);
	assert_int_equal(core_test_send_back(t, admin, "POST /api/gadgets/import", "x/y"), 200);
	assert_int_equal(number(t, "unchanged"), 3);
	assert_int_equal(import(t, admin, "编号,weight\nd2,0.1000000001\n"), 200);
	assert_int_equal(number(t, "updated"), 1);
	assert_int_equal(core_test_len(t, "changes"), 1);
	assert_string_equal(core_test_str(t, "changes.0.field"), "weight");
	assert_string_equal(core_test_str(t, "changes.0.from"), "0.1");
	assert_string_equal(core_test_str(t, "changes.0.to"), "0.1000000001");
}

/* ---- masked values ---- */

static void test_masked(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	assert_int_equal(import(t, admin, "编号,保管人,身份证号,生日\nk1,王小明,430102199003070011,1990-03-07\n"), 200);
	assert_int_equal(number(t, "created"), 1);
	assert_int_equal(core_test_call(t, admin, "GET /api/gadgets/export", NULL), 200);
	assert_non_null(memmem(t->raw.p, t->raw.n, "王**", strlen("王**")));
	assert_int_equal(core_test_send_back(t, admin, "POST /api/gadgets/import", "text/csv"), 200);
	assert_int_equal(number(t, "unchanged"), 1);
	assert_int_equal(import(t, admin, "编号,保管人,生日\nk1,李**,**\nk2,赵**,**\n"), 200);
	assert_int_equal(number(t, "rejected"), 2);
	assert_int_equal(core_test_len(t, "errors"), 3);
	assert_string_equal(core_test_str(t, "errors.0.code"), "masked");
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_gadget WHERE name = '王小明' AND birth = 19900307 AND version = 1"), 1);
}

/* ---- jobs ---- */

static void start(struct core_test *t, const char *admin, const char *query, struct str file, char id[32])
{
	char request[128];

	snprintf(request, sizeof(request), "POST /api/imports?entity=gadgets%s", query);
	assert_int_equal(core_test_send(t, admin, request, file, "text/csv"), 202);
	snprintf(id, 32, "%s", core_test_str(t, "id"));
}

static const char *look(struct core_test *t, const char *admin, const char *id)
{
	char request[64];

	snprintf(request, sizeof(request), "GET /api/imports/%s", id);
	assert_int_equal(core_test_call(t, admin, request, NULL), 200);
	return core_test_str(t, "state");
}

/* Turns of the jobs until no import waits: how many depends on how fast the machine is just now. */
static void run(struct core_test *t)
{
	int turn = 0;

	do {
		(void)!jobs_once(&t->app, t->reader, time_now());
	} while (++turn < 8 || (turn < 1000 && core_test_count(t, "SELECT count(*) AS n FROM import_job WHERE state < 3") > 0));
}

static void many(int n, struct buf *csv)
{
	buf_z(csv, "编号,种类,数量\n");
	for (int i = 0; i < n; i++)
		buf_fmt(csv, "c%05d,路灯,%d\n", i, i);
}

/* Whatever statement fails: in the end every row is there once, and the counts say so. */
static void test_faults(void **state)
{
	static const char *const query[] = { "&partial=true", "", "&dry_run=true" };
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], id[32], sql[128];
	struct log quiet = { .level = LOG_ERROR + 1 };
	struct buf csv;

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	t->app.log = &quiet;
	buf_init(&csv, 1 << 16);
	many(3, &csv);
	/* The engines differ in what a failure does to the transaction, not in the paths. */
	bool brief = t->store.engine == DB_PG;

	for (size_t q = 0; q < (brief ? 1 : ARRAY_LEN(query)); q++) {
		bool fired = true;
		int n = 0;

		for (int64_t at = 1; fired && at < 200; at += brief ? 3 : 1, n++) {
			core_test_sql(t, "DELETE FROM test_gadget", NO_ARGS);
			start(t, admin, query[q], buf_view(&csv), id);
			db_fault_arm(t->app.db, at, false);
			for (int i = 0; i < 3; i++)
				(void)!jobs_once(&t->app, t->reader, time_now());
			fired = db_fault_arm(t->app.db, 0, false);
			assert_string_equal(look(t, admin, id), "done");
			assert_int_equal(json_integer_value(json_object_get(json_object_get(t->reply, "counts"), "created")), 3);
			assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_gadget"), q == 2 ? 0 : 3);
		}
		assert_true(n > 10);
	}
	snprintf(sql, sizeof(sql), "SELECT count(*) AS n FROM import_job WHERE state <> 3");
	assert_int_equal(core_test_count(t, sql), 0);
	buf_release(&csv);
}

/* The store alone knows that serials are unique: in part, only that row is refused; as a whole, nothing is written. */
static void test_refused_by_store(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], id[32];
	struct buf csv;

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	buf_init(&csv, 1 << 16);
	buf_z(&csv, "编号,serial\n");
	for (int i = 0; i < 450; i++)
		buf_fmt(&csv, "c%d,s%d\n", i, i == 300 ? 7 : i);
	start(t, admin, "", buf_view(&csv), id);
	run(t);
	assert_string_equal(look(t, admin, id), "failed");
	assert_string_equal(core_test_str(t, "error.code"), "duplicate");
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_gadget"), 0);
	start(t, admin, "&partial=true", buf_view(&csv), id);
	run(t);
	assert_string_equal(look(t, admin, id), "done");
	assert_int_equal(core_test_len(t, "errors"), 1);
	assert_string_equal(core_test_str(t, "errors.0.code"), "duplicate");
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_gadget"), 449);
	assert_int_equal(core_test_count(t, "SELECT created AS n FROM import_job WHERE state = 3"), 449);
	assert_int_equal(core_test_count(t, "SELECT conflicts AS n FROM import_job WHERE state = 3"), 1);
	buf_release(&csv);
}

/* Who lost the right to write meanwhile writes nothing; what ended long ago is dropped with its file. */
static void test_rights_and_age(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], id[32];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	start(t, admin, "", STR("编号\nx\n"), id);
	core_test_sql(t, "UPDATE account SET active = 0", NO_ARGS);
	run(t);
	core_test_sql(t, "UPDATE account SET active = 1", NO_ARGS);
	assert_string_equal(look(t, admin, id), "failed");
	assert_string_equal(core_test_str(t, "error.code"), "perm");
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM test_gadget"), 0);
	core_test_sql(t, "UPDATE import_job SET finished_at = 1", NO_ARGS);
	run(t);
	assert_int_equal(core_test_count(t, "SELECT count(*) AS n FROM import_job"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CORE_CASE(test_cells, on_sqlite),
		CORE_BOTH(test_old_codes),
		CORE_BOTH(test_headers),
		CORE_CASE(test_digits, on_sqlite),
		CORE_BOTH(test_masked),
		CORE_BOTH(test_faults),
		CORE_BOTH(test_refused_by_store),
		CORE_BOTH(test_rights_and_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
