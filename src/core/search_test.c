/*
 * Search: a two-character Chinese word is found inside a longer text, a phrase only where its characters
 * stand together, with the same answers on both engines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/search.h"
#include "core/test_core.h"

static void check_tokens(const char *text, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	search_tokens(str_z(text), &b);
	buf_char(&b, '\0');
	assert_false(b.failed);
	assert_string_equal(b.p, want);
	buf_release(&b);
}

static void check_query(enum db_engine e, const char *text, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	assert_true(search_query(e, str_z(text), &b));
	buf_char(&b, '\0');
	assert_string_equal(b.p, want);
	buf_release(&b);
}

static void test_tokens(void **state)
{
	(void)state;
	check_tokens("井盖", "x04e95076d6 x076d6 ");
	check_tokens("A12 Road", "wa12 wroad ");
	check_tokens("Ａ１２，井", "wa12 x04e95 ");
	check_tokens("Élan", "wuc9lan ");
	check_tokens("……！", "");
	check_tokens("", "");
}

static void test_query(void **state)
{
	struct buf b;

	(void)state;
	check_query(DB_SQLITE, "井盖", "\"x04e95076d6\"");
	check_query(DB_PG, "井盖", "(x04e95076d6)");
	check_query(DB_SQLITE, "井", "x04e95*");
	check_query(DB_PG, "井", "x04e95:*");
	check_query(DB_PG, "road 12", "wroad & w12:*");
	check_query(DB_SQLITE, "3号", "w3 AND x053f7*");
	check_query(DB_SQLITE, "or \" not*", "wor AND wnot*");
	buf_init(&b, 64);
	assert_false(search_query(DB_SQLITE, STR("!!"), &b));
	buf_release(&b);
}

/* However long, a query fits and means its beginning. */
static void test_long_query(void **state)
{
	char text[3 * 2000 + 1], word[2000];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		memcpy(text + i * 3, "井", 3);
	memset(word, 'a', sizeof(word));
	buf_init(&b, 8192);
	assert_true(search_query(DB_PG, (struct str){ text, sizeof(text) - 1 }, &b));
	assert_false(b.failed);
	buf_reset(&b);
	assert_true(search_query(DB_SQLITE, (struct str){ word, sizeof(word) }, &b));
	assert_true(b.n < 100);
	buf_release(&b);
}

/* ---- in the index ---- */

static const struct module *const modules[] = { NULL };

static struct core_case on_sqlite = { DB_SQLITE, modules, NULL }, on_pg = { DB_PG, modules, NULL };

static const struct {
	const char *title, *text, *address;
} matter[] = {
	{ "井盖缺失", "岳麓路与江南大道交叉口有一个井盖不见了,夜间危险", "岳麓路12号" },
	{ "路灯不亮", "岳阳花园3号楼前,麓山巷口路灯坏了", "花园路 A12 栋" },
	{ "Broken lamp", "Lamp post LM-2044 near East Gate is dark", NULL },
	{ "噪音", NULL, "红旗" },
	{ "红", "旗杆倒了", NULL },
};

struct one {
	int64_t id;
	struct str now[3], old[3];
	bool replace;
};

static enum err index_tx(struct dbc *c, void *arg)
{
	const struct one *o = arg;

	if (o->replace)
		return search_replace(c, o->id, o->old, o->now);
	enum err err = db_exec(c, "INSERT INTO matter (id, version, kind, title, track, urgency, source, place, state, "
		"open, sealed, anonymous, reported_at, level, auto_action, supporters, reopens, returns, "
		"extensions, fails, supervised, self_closed, sampled) VALUES ($1, 1, 0, $2, 1, 0, 0, 1, 1, 1, 0, 0, "
		"0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)", ARGS(I(o->id), T(o->now[0])), NULL);

	return err != OK ? err : search_add(c, o->id, o->now[0], o->now[1], o->now[2]);
}

static void fill(struct core_test *t)
{
	for (size_t i = 0; i < ARRAY_LEN(matter); i++) {
		struct one o = { .id = (int64_t)i + 1,
			.now = { str_z(matter[i].title), str_z(matter[i].text), str_z(matter[i].address) } };

		assert_int_equal(core_test_write(t, index_tx, &o), OK);
	}
}

/* Which matters are found, as a set of bits: matter 1 is bit 0. */
static unsigned found(struct core_test *t, const char *q)
{
	struct arena *a = arena_new(1 << 16);
	struct sqlb b;
	unsigned set = 0;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT m.id FROM matter m WHERE 1 = 1");
	search_cond(&b, dbc_engine(t->reader), str_z(q), a);
	struct rows *r = sqlb_query(&b, t->reader);

	while (rows_next(r))
		set |= 1u << (row_int_at(r, 0) - 1);
	assert_int_equal(rows_close(r), OK);
	sqlb_release(&b);
	arena_free(a);
	return set;
}

static void test_found(void **state)
{
	static const struct {
		const char *q;
		unsigned want;
	} row[] = {
		{ "岳麓", 1 },	    /* two characters, inside a longer text */
		{ "井盖", 1 },
		{ "江南大道", 1 },
		{ "岳麓山", 0 },    /* 岳…麓山 stand apart */
		{ "麓山", 2 },
		{ "路灯", 2 },
		{ "灯", 2 },	    /* a single one */
		{ "岳", 3 },
		{ "见了", 1 },	    /* before a comma */
		{ "了夜", 0 },	    /* not across it */
		{ "红旗", 8 },	    /* not across title and text */
		{ "lamp", 4 },
		{ "LAMP gate", 4 },
		{ "gate lam", 4 },  /* the last word half typed */
		{ "lam gate", 0 },  /* another one not */
		{ "20", 4 }, { "2044", 4 }, { "044", 0 },
		{ "a12", 2 }, { "Ａ１２", 2 },
		{ "岳麓 12", 1 },   /* both, in any place */
		{ "12号", 1 },
		{ "井盖 路灯", 0 },
		{ "、。!", 0 },
		{ "x'; DROP TABLE matter; --", 0 },
		{ "\"", 0 }, { "NEAR(a b)", 0 }, { "t:lamp", 0 },
	};
	struct core_test *t = *state;

	core_test_need(t);
	fill(t);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		if (found(t, row[i].q) != row[i].want)
			fail_msg("%s: %u, not %u", row[i].q, found(t, row[i].q), row[i].want);
	}
}

static void test_replaced(void **state)
{
	struct core_test *t = *state;

	core_test_need(t);
	fill(t);
	struct one o = { .id = 1, .replace = true,
		.old = { str_z(matter[0].title), str_z(matter[0].text), str_z(matter[0].address) },
		.now = { STR("水管爆裂"), str_z(matter[0].text), str_z(matter[0].address) } };

	assert_int_equal(found(t, "缺失"), 1);
	assert_int_equal(core_test_write(t, index_tx, &o), OK);
	assert_int_equal(found(t, "缺失"), 0);
	assert_int_equal(found(t, "水管"), 1);
	assert_int_equal(found(t, "岳麓"), 1);
	assert_int_equal(found(t, "麓山"), 2);
}

/* The end of the longest text there may be is found too. */
static void test_long_text(void **state)
{
	char text[3 * 8000 + 8];
	struct core_test *t = *state;
	size_t n = 0;

	core_test_need(t);
	for (size_t i = 0; i < 7998; i++, n += 3) {
		/* all different pairs, none of them in the query */
		unsigned c = 0x5000 + (unsigned)(i * 7) % 0x3000;

		text[n] = (char)(0xE0 | c >> 12);
		text[n + 1] = (char)(0x80 | (c >> 6 & 63));
		text[n + 2] = (char)(0x80 | (c & 63));
	}
	memcpy(text + n, "一丁", 6);
	struct one o = { .id = 1, .now = { STR("长"), { text, n + 6 }, { NULL, 0 } } };

	assert_int_equal(core_test_write(t, index_tx, &o), OK);
	assert_int_equal(found(t, "一丁"), 1);
	assert_int_equal(found(t, "丁一"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_long_query),
		CORE_BOTH(test_found),
		CORE_BOTH(test_replaced),
		CORE_BOTH(test_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
