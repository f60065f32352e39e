/* R025: what texts are found by: pairs, words, readings; and nothing by half a word. */
#include "core/words.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool found(const char *text, bool reading, const char *query)
{
	struct words t = { .n = 0 }, q = { .n = 0 };
	size_t hits = 0;

	words_of(str_z(text), &t);
	if (reading)
		words_reading(str_z(text), &t);
	words_of(str_z(query), &q);
	for (size_t i = 0; i < q.n; i++) {
		for (size_t k = 0; k < t.n; k++) {
			if (t.v[k] == q.v[i]) {
				hits++;
				break;
			}
		}
	}
	return q.n > 0 && hits == q.n && words_within(str_z(text), str_z(query));
}

static void test_words(void **state)
{
	static const struct {
		const char *text, *query;
		bool reading, found;
	} v[] = {
		{ "岳麓小区3栋", "岳麓", false, true },
		{ "岳麓小区3栋", "麓小", false, true },
		{ "岳麓小区3栋", "岳小", false, false },
		{ "岳麓小区3栋", "小区3栋", false, true },
		{ "岳麓小区3栋", "岳麓 ３", false, true },
		{ "岳麓小区3栋", "岳麓 4", false, false },
		{ "岳麓小区3栋", "岳", false, false },
		{ "麓小区 岳麓", "岳麓小", false, false },
		{ "ＫＴＶ Music", "ktv", false, true },
		{ "ＫＴＶ Music", "kt", false, false },
		{ "北碚区50099900100100100001", "50099900100100100001", false, true },
		{ "岳麓小区", "ylxq", true, true },
		{ "岳麓小区", "yl", true, true },
		{ "岳麓小区", "lxq", true, false },
		{ "岳麓小区", "ylxq", false, false },
		{ "重庆北站", "cqbz", true, true },
		{ "曾小明", "zxm", true, true },
		{ "长江路", "cjl", true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		if (found(v[i].text, v[i].reading, v[i].query) != v[i].found)
			fail_msg("%s in %s", v[i].query, v[i].text);
	}
}

/* A text longer than what is kept gives what fits, sorted, each once. */
static void test_limits(void **state)
{
	char text[4000];
	struct words w = { .n = 0 };

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text); i += 2) {
		text[i] = (char)('a' + i % 23);
		text[i + 1] = ' ';
	}
	text[sizeof(text) - 2] = '\0';
	words_of(str_z(text), &w);
	assert_int_equal(w.n, WORDS_MAX);
	words_sort(&w);
	assert_int_equal(w.n, 23);
	for (size_t i = 1; i < w.n; i++)
		assert_true(w.v[i - 1] < w.v[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_words),
		cmocka_unit_test(test_limits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
