/* The invented texts: every event code of the taxonomy has them, every slot is filled, nothing in
 * them looks like an identity number, and the same seed says the same. */
#include "mod/demo/demo_text.h"

#include "base/err.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
	*state = arena_new(32 << 20);
	return *state != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static void check_text(struct str s, size_t least, size_t most)
{
	size_t n = str_runes(s), digits = 0;

	if (n < least || n > most)
		fail_msg("%zu characters: %.*s", n, (int)s.n, s.p != NULL ? s.p : "");
	for (size_t i = 0; i < s.n; i++) {
		digits = isdigit((unsigned char)s.p[i]) ? digits + 1 : 0;
		if (s.p[i] == '{' || s.p[i] == '}' || s.p[i] == '%' || digits > 5)
			fail_msg("%.*s", (int)s.n, s.p);
	}
}

static void test_codes(void **state)
{
	static const struct {
		const char *prefix;
		int n;
	} tracks[] = { { "DJ", 11 }, { "JJ", 13 }, { "MS", 35 }, { "PF", 12 } };
	struct arena *a = *state;
	struct demo_rand r;
	struct demo_scene scene = { .hour = 9 };
	struct demo_report got;
	size_t n = 0;

	demo_rand_init(&r, 1);
	for (size_t i = 0; i < ARRAY_LEN(tracks); i++) {
		for (int k = 1; k <= tracks[i].n; k++) {
			char code[16];

			(void)snprintf(code, sizeof code, "%s%02d", tracks[i].prefix, k);
			assert_string_equal(demo_text_code(n++), code);
			assert_true(demo_text_event(&r, a, code, &scene, &got));
		}
	}
	assert_int_equal(demo_text_codes(), n);
	assert_false(demo_text_event(&r, a, "XX01", &scene, &got));
	assert_false(demo_text_event(&r, a, "", &scene, &got));
}

static void test_filled(void **state)
{
	struct arena *a = *state;
	struct demo_rand r;

	demo_rand_init(&r, 5);
	for (size_t i = 0; i < demo_text_codes(); i++) {
		const char *code = demo_text_code(i);
		struct str first = { NULL, 0 };
		int others = 0;

		for (int k = 0; k < 60; k++) {
			struct demo_scene scene = { .place = k % 2 ? STR("安里社区") : str_z(NULL),
				.hour = k % 24 };
			struct demo_report got;

			assert_true(demo_text_event(&r, a, code, &scene, &got));
			check_text(got.title, 4, 40);
			check_text(got.text, 15, 160);
			check_text(got.ending, 8, 120);
			if (first.p == NULL)
				first = got.text;
			others += !str_eq(first, got.text);
		}
		assert_true(others > 10); /* several templates, not one */
	}
	for (int why = 0; why < DEMO_REASON_MAX; why++)
		for (int k = 0; k < 40; k++)
			check_text(demo_text_reason(&r, a, (enum demo_reason)why), 6, 80);
	assert_false(arena_failed(a));
}

/* Title and text of one event speak of the same building, road and shop. */
static void test_agree(void **state)
{
	struct arena *a = *state;
	struct demo_scene scene = { .hour = 20 };
	struct demo_rand r;
	int seen = 0;

	demo_rand_init(&r, 2);
	for (int k = 0; k < 200; k++) {
		struct demo_report got;

		assert_true(demo_text_event(&r, a, "MS30", &scene, &got));
		const char *road = strstr(got.title.p, "路路灯");

		if (road == NULL)
			continue;
		size_t n = (size_t)(road - got.title.p) + strlen("路");

		assert_non_null(memmem(got.text.p, got.text.n, got.title.p, n));
		seen++;
	}
	assert_in_range(seen, 10, 190);
}

static void test_people(void **state)
{
	enum { N = 2000 };
	struct arena *a = *state;
	struct demo_rand r;
	int same = 0;

	demo_rand_init(&r, 3);
	struct str last = demo_text_person(&r, a);

	for (int k = 0; k < N; k++) {
		struct str name = demo_text_person(&r, a), phone = demo_text_phone(&r, a);

		assert_in_range(str_runes(name), 2, 3);
		assert_int_equal(phone.n, 11);
		assert_true(str_prefix(phone, STR("1400")));
		for (size_t i = 0; i < phone.n; i++)
			assert_true(isdigit((unsigned char)phone.p[i]));
		same += str_eq(name, last);
		last = name;
	}
	assert_true(same < 5);
	check_text(demo_text_company(&r, a), 4, 12);
	check_text(demo_text_shop(&r, a), 4, 12);
}

static uint64_t digest(struct arena *a, uint64_t seed)
{
	struct demo_scene scene = { .place = STR("安里社区"), .hour = 14 };
	struct demo_rand r;
	uint64_t h = 14695981039346656037u;

	demo_rand_init(&r, seed);
	for (int i = 0; i < 500; i++) {
		struct demo_report got;
		struct str part[5];

		assert_true(demo_text_event(
			&r, a, demo_text_code((size_t)i % demo_text_codes()), &scene, &got));
		part[0] = got.title;
		part[1] = got.text;
		part[2] = demo_text_reason(&r, a, (enum demo_reason)(i % DEMO_REASON_MAX));
		part[3] = demo_text_person(&r, a);
		part[4] = demo_text_phone(&r, a);
		for (size_t k = 0; k < ARRAY_LEN(part); k++)
			for (size_t c = 0; c < part[k].n; c++)
				h = (h ^ (unsigned char)part[k].p[c]) * 1099511628211u;
	}
	return h;
}

static void test_same_seed(void **state)
{
	assert_true(digest(*state, 7) == digest(*state, 7));
	assert_true(digest(*state, 7) != digest(*state, 8));
}

static void test_full_arena(void **state)
{
	struct arena *a = arena_new(64 << 10);
	struct demo_scene scene = { .hour = 0 };
	struct demo_rand r;
	struct demo_report got = { .title = { NULL, 0 } };

	(void)state;
	assert_non_null(a);
	demo_rand_init(&r, 1);
	for (int i = 0; i < 3000; i++)
		assert_true(demo_text_event(&r, a, "PF01", &scene, &got));
	assert_true(arena_failed(a));
	assert_null(got.text.p);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_filled),
		cmocka_unit_test(test_agree),
		cmocka_unit_test(test_people),
		cmocka_unit_test(test_same_seed),
		cmocka_unit_test(test_full_arena),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
