/* Records described as data: decoding, checking, writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/field.h"

struct person {
	struct str name, note, doc, phone, secret_key;
	int64_t id, version, age, grid, code, born, seen, fund, kind, care;
	double lon;
};

static const char *const kind_words[] = { "resident", "floating", "其他", NULL };
static const struct vocab kind_vocab = { "person_kind", kind_words };

static const struct field person_fields[] = {
	FIELD(person, id, F_ID, .flags = FIELD_READONLY),
	FIELD(person, version, F_INT),
	FIELD(person, name, F_STR, .flags = FIELD_REQUIRED, .max = 4),
	FIELD(person, note, F_STR, .min = 2, .max = 10),
	FIELD(person, age, F_INT, .min = 0, .max = 150),
	FIELD(person, care, F_BOOL),
	FIELD(person, lon, F_REAL, .min = -180, .max = 180),
	FIELD(person, seen, F_TIME),
	FIELD(person, born, F_DATE),
	FIELD(person, grid, F_ID, .ref = "grid"),
	FIELD(person, code, F_CODE),
	FIELD(person, fund, F_MONEY, .min = 1),
	FIELD(person, kind, F_ENUM, .vocab = &kind_vocab),
	FIELD(person, doc, F_JSON, .max = 40),
	FIELD(person, phone, F_SECRET, .purpose = "to call back"),
	FIELD(person, secret_key, F_STR, .flags = FIELD_HIDDEN),
};
static const struct fields person = FIELDS(person, person_fields);

static const struct field *of(const char *name)
{
	const struct field *f = fields_find(&person, str_z(name));

	assert_non_null(f);
	return f;
}

static int setup(void **state)
{
	*state = arena_new(1 << 20);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static enum err decode(struct arena *a, const char *json, bool patch, struct person *p,
	uint64_t *ret_present, struct error *e)
{
	json_t *v;
	enum err err = field_parse_json(str_z(json), &v, e);

	if (err)
		return err;
	err = fields_decode(&person, v, patch, a, p, ret_present, e);
	json_decref(v);
	return err;
}

static void test_decode(void **state)
{
	struct person p;
	struct error e = { OK };
	uint64_t present;

	assert_int_equal(decode(*state,
				 "{\"name\":\"张三\",\"note\":\"好的\",\"age\":41.0,\"care\":true,"
				 "\"lon\":112.9,"
				 "\"seen\":\"2026-02-13T16:30:00+08:00\",\"born\":\"1985-02-28\","
				 "\"grid\":\"12\","
				 "\"code\":43010500100100101,\"fund\":100,\"kind\":\"其他\","
				 "\"doc\":{\"a\":[1,2.5,\"x\"]},\"phone\":\"13812345678\"}",
				 false, &p, &present, &e),
		OK);
	assert_true(str_eqz(p.name, "张三"));
	assert_true(str_eqz(p.note, "好的"));
	assert_true(str_eqz(p.doc, "{\"a\":[1,2.5,\"x\"]}"));
	assert_true(str_eqz(p.phone, "13812345678"));
	assert_int_equal(p.age, 41);
	assert_int_equal(p.care, 1);
	assert_true(p.lon == 112.9);
	assert_int_equal(p.seen, date_start(20260213) + 16 * MS_HOUR + 30 * MS_MINUTE);
	assert_int_equal(p.born, 19850228);
	assert_int_equal(p.grid, 12);
	assert_true(p.code == INT64_C(43010500100100101));
	assert_int_equal(p.fund, 100);
	assert_int_equal(p.kind, 2);
	/* Everything else is absent. */
	assert_true(p.id == NIL && p.version == NIL && !p.secret_key.p);
	assert_true(present == (UINT64_C(1) << 2 | UINT64_C(1) << 3 | UINT64_C(0x7FF) << 4));
}

static const struct {
	const char *json, *code, *field, *limit;
} refused[] = {
	{ "{}", "required", "name", "required" },
	{ "{\"name\":null}", "required", "name", "required" },
	{ "{\"name\":\" \"}", "required", "name", "required" },
	{ "{\"name\":\"一二三四五\"}", "too_long", "name", "at most 4 characters; it has 5" },
	{ "{\"name\":5}", "wrong_type", "name", "text" },
	{ "{\"name\":\"a\",\"note\":\"x\"}", "too_short", "note",
		"at least 2 characters; it has 1" },
	{ "{\"name\":\"a\\u0001\"}", "bad_text", "name", "control" },
	{ "{\"name\":\"a\",\"age\":151}", "out_of_range", "age", "0 to 150; it is 151" },
	{ "{\"name\":\"a\",\"age\":-1}", "out_of_range", "age", "0 to 150; it is -1" },
	{ "{\"name\":\"a\",\"age\":1.5}", "wrong_type", "age", "whole number" },
	{ "{\"name\":\"a\",\"age\":\"1\"}", "wrong_type", "age", "whole number" },
	{ "{\"name\":\"a\",\"care\":1}", "wrong_type", "care", "true or false" },
	{ "{\"name\":\"a\",\"care\":\"true\"}", "wrong_type", "care", "true or false" },
	{ "{\"name\":\"a\",\"lon\":180.1}", "out_of_range", "lon", "-180 to 180" },
	{ "{\"name\":\"a\",\"lon\":\"1\"}", "wrong_type", "lon", "number" },
	{ "{\"name\":\"a\",\"seen\":\"yesterday\"}", "wrong_type", "seen", "2026-02-13T16:30" },
	{ "{\"name\":\"a\",\"seen\":5}", "wrong_type", "seen", "2026-02-13T16:30" },
	{ "{\"name\":\"a\",\"born\":\"2026-02-30\"}", "wrong_type", "born", "2026-02-13" },
	{ "{\"name\":\"a\",\"born\":20260213}", "wrong_type", "born", "2026-02-13" },
	{ "{\"name\":\"a\",\"grid\":\"x\"}", "wrong_type", "grid", "id" },
	{ "{\"name\":\"a\",\"grid\":0}", "out_of_range", "grid", "from 1 to" },
	{ "{\"name\":\"a\",\"grid\":\"9007199254740992\"}", "out_of_range", "grid", "from 1 to" },
	{ "{\"name\":\"a\",\"code\":\"4301050010010010\"}", "out_of_range", "code", "17 digits" },
	{ "{\"name\":\"a\",\"fund\":0}", "out_of_range", "fund", "from 1 to" },
	{ "{\"name\":\"a\",\"kind\":\"alien\"}", "not_in_list", "kind",
		"resident, floating, 其他" },
	{ "{\"name\":\"a\",\"kind\":1}", "wrong_type", "kind", "listed words" },
	{ "{\"name\":\"a\",\"doc\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,160]}", "too_long", "doc",
		"at most 40 bytes of JSON; it takes 41" },
	{ "{\"name\":\"a\",\"id\":\"5\"}", "unknown_field", "id", "\"id\"" },
	{ "{\"name\":\"a\",\"secret_key\":\"5\"}", "unknown_field", "secret_key", "secret_key" },
	{ "{\"name\":\"a\",\"nope\":1}", "unknown_field", "nope", "\"nope\"" },
	{ "[]", "wrong_type", "", "object" },
	{ "{\"name\":\"a\",\"name\":\"b\"}", "bad_json", "", "duplicate" },
	{ "{\"name\":\"\xFF\"}", "bad_json", "", "byte 0xff" },
	{ "{\"name\":", "bad_json", "", "line 1" },
	{ "", "bad_json", "", "line" },
};

static void test_refusals(void **state)
{
	struct person p, before;

	memset(&p, 0x5A, sizeof(p));
	before = p;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct error e = { OK };
		uint64_t present = 99;

		assert_int_equal(
			decode(*state, refused[i].json, false, &p, &present, &e), ERR_INVALID);
		assert_string_equal(e.code, refused[i].code);
		assert_string_equal(e.field, refused[i].field);
		if (!strstr(e.message, refused[i].limit))
			fail_msg("\"%s\" does not say \"%s\"", e.message, refused[i].limit);
		assert_int_equal(present, 99);
		assert_memory_equal(&p, &before, sizeof(p));
	}
}

static void test_patch(void **state)
{
	struct person p;
	struct error e;
	uint64_t present;

	assert_int_equal(decode(*state, "{\"name\":\"a\",\"age\":3,\"note\":\"abc\"}", false, &p,
				 &present, &e),
		OK);
	assert_int_equal(decode(*state, "{\"age\":null,\"lon\":0}", true, &p, &present, &e), OK);
	assert_true(str_eqz(p.name, "a"));
	assert_true(str_eqz(p.note, "abc"));
	assert_true(p.age == NIL);
	assert_true(p.lon == 0);
	assert_true(present == (UINT64_C(1) << 4 | UINT64_C(1) << 6));
	assert_int_equal(decode(*state, "{\"name\":null}", true, &p, &present, &e), ERR_INVALID);
	assert_string_equal(e.code, "required");
}

static void test_depth(void **state)
{
	(void)state;
	char text[2 * FIELD_JSON_DEPTH + 8];
	json_t *v;
	struct error e;

	memset(text, '[', FIELD_JSON_DEPTH);
	memset(text + FIELD_JSON_DEPTH, ']', FIELD_JSON_DEPTH);
	assert_int_equal(field_parse_json((struct str){ text, 2 * FIELD_JSON_DEPTH }, &v, &e), OK);
	json_decref(v);
	memset(text, '[', FIELD_JSON_DEPTH + 1);
	memset(text + FIELD_JSON_DEPTH + 1, ']', FIELD_JSON_DEPTH + 1);
	assert_int_equal(field_parse_json((struct str){ text, 2 * FIELD_JSON_DEPTH + 2 }, &v, &e),
		ERR_INVALID);
	assert_string_equal(e.code, "json_depth");
	/* Brackets inside text do not count. */
	assert_int_equal(
		field_parse_json(STR("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\""), &v, &e), OK);
	json_decref(v);
}

static void test_text(void **state)
{
	static const struct {
		const char *field, *text, *back;
	} good[] = {
		{ "name", " 张三\u3000", "张三" },
		{ "age", "041", "41" },
		{ "care", "是", "true" },
		{ "care", "0", "false" },
		{ "lon", "112.50", "112.5" },
		{ "born", "1985/2/28", "1985-02-28" },
		{ "seen", "2026-02-13 16:30", "2026-02-13T16:30:00+08:00" },
		{ "grid", "12", "12" },
		{ "code", "43010500100100101", "43010500100100101" },
		{ "kind", "floating", "floating" },
		{ "doc", " {\"a\" : 1} ", "{\"a\":1}" },
		{ "note", "", "" },
		{ "phone", "13812345678", "138****5678" },
	};
	static const struct {
		const char *field, *text, *code;
	} bad[] = {
		{ "name", "", "required" },
		{ "name", "一二三四五", "too_long" },
		{ "age", "1.5", "wrong_type" },
		{ "age", "151", "out_of_range" },
		{ "care", "maybe", "wrong_type" },
		{ "lon", "east", "wrong_type" },
		{ "lon", "181", "out_of_range" },
		{ "kind", "x", "not_in_list" },
		{ "doc", "{", "bad_json" },
		{ "code", "43", "out_of_range" },
		{ "name", "\xE5\xBC", "bad_text" },
	};
	struct person p;
	struct error e = { OK };
	struct buf b;

	fields_clear(&person, &p);
	buf_init(&b, 1000);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const struct field *f = of(good[i].field);
		assert_int_equal(field_from_text(f, str_z(good[i].text), *state, &p, &e), OK);
		buf_reset(&b);
		field_to_text(f, &p, &b);
		assert_true(str_eqz(buf_view(&b), good[i].back));
	}
	assert_true(field_is_nil(of("note"), &p));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct person before = p;
		const struct field *f = of(bad[i].field);
		assert_int_equal(
			field_from_text(f, str_z(bad[i].text), *state, &p, &e), ERR_INVALID);
		assert_string_equal(e.code, bad[i].code);
		assert_string_equal(e.field, bad[i].field);
		assert_memory_equal(&p, &before, sizeof(p));
	}
	buf_release(&b);
}

static void test_encode(void **state)
{
	(void)state;
	struct person p;
	struct buf b;
	struct jw j;

	fields_clear(&person, &p);
	p.id = 5;
	p.name = STR("a\"b");
	p.care = 0;
	p.lon = 112.5;
	p.seen = 0;
	p.born = 19850228;
	p.code = INT64_C(43010500100100101);
	p.fund = 250;
	p.kind = 1;
	p.doc = STR("[1]");
	p.phone = STR("13812345678");
	p.secret_key = STR("never shown");
	buf_init(&b, 4096);
	jw_init(&j, &b);
	jw_obj(&j);
	for (size_t i = 0; i < person.n; i++)
		field_encode(&person.v[i], &p, &j);
	jw_end_obj(&j);
	assert_false(b.failed);
	assert_true(str_eqz(buf_view(&b),
		"{\"id\":\"5\",\"version\":null,\"name\":\"a\\\"b\",\"note\":null,\"age\":null,"
		"\"care\":false,\"lon\":112.5,\"seen\":\"1970-01-01T08:00:00+08:00\","
		"\"born\":\"1985-02-28\",\"grid\":null,\"code\":\"43010500100100101\",\"fund\":250,"
		"\"kind\":\"floating\",\"doc\":[1],\"phone\":\"138****5678\"}"));
	buf_release(&b);
}

static void test_mask(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} row[] = {
		{ "430105198502281234", "430***********1234" },
		{ "1234567", "12***67" },
		{ "123456", "******" },
		{ "一", "*" },
		{ "", "***" },
		{ "\xFF\xFE", "***" },
	};
	struct buf b;

	buf_init(&b, 100);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		buf_reset(&b);
		field_mask(str_z(row[i].in), &b);
		assert_true(str_eqz(buf_view(&b), row[i].out));
	}
	buf_release(&b);
}

static void test_vocab(void **state)
{
	(void)state;
	assert_int_equal(vocab_index(&kind_vocab, STR("其他")), 2);
	assert_true(vocab_index(&kind_vocab, STR("")) == NIL);
	assert_string_equal(vocab_word(&kind_vocab, 0), "resident");
	assert_null(vocab_word(&kind_vocab, 3));
	assert_null(vocab_word(&kind_vocab, -1));
	assert_null(vocab_word(&kind_vocab, NIL));
	assert_null(fields_find(&person, STR("nam")));
}

/* An arena that is too small ends the decoding, not the program. */
static void test_no_memory(void **state)
{
	(void)state;
	struct person p = { .age = 1 };
	struct error e;
	uint64_t present;
	int failed = 0;

	for (size_t max = 16; max < 1024; max += 16) {
		struct arena *a = arena_new(max);
		enum err err =
			decode(a, "{\"name\":\"a\",\"doc\":{\"a\":1},\"note\":\"0123456789\"}",
				false, &p, &present, &e);
		assert_true(err == OK || err == ERR_NOMEM);
		failed += err == ERR_NOMEM;
		if (err)
			assert_int_equal(p.age, 1);
		else
			p.age = 1;
		arena_free(a);
	}
	assert_true(failed > 5 && failed < 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_vocab),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
