/* Hash maps, against a plain array as the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/map.h"

enum { KEYS = 512, STEPS = 60000 };

static uint32_t step_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void check_all(const struct map *m, void *const model[KEYS], size_t count)
{
	size_t pos = 0, seen = 0;
	int64_t key;
	void *value;

	assert_int_equal(map_count(m), count);
	while (map_next(m, &pos, &key, &value)) {
		assert_true(key >= 0 && key < KEYS);
		assert_ptr_equal(value, model[key]);
		seen++;
	}
	assert_int_equal(seen, count);
	for (int64_t k = 0; k < KEYS; k++)
		assert_ptr_equal(map_get(m, k), model[k]);
}

static void test_model(void **state)
{
	(void)state;
	struct map *m = map_new(KEYS);
	void *model[KEYS] = { NULL };
	char value[KEYS];
	size_t count = 0;
	uint32_t seed = 1;

	for (int i = 0; i < STEPS; i++) {
		int64_t k = step_random(&seed) % KEYS;
		if (step_random(&seed) % 2) {
			void *v = &value[step_random(&seed) % KEYS];
			assert_int_equal(map_put(m, k, v), OK);
			count += model[k] == NULL;
			model[k] = v;
		} else {
			assert_ptr_equal(map_remove(m, k), model[k]);
			count -= model[k] != NULL;
			model[k] = NULL;
		}
		if (i % 5000 == 0)
			check_all(m, model, count);
	}
	check_all(m, model, count);
	map_clear(m);
	assert_int_equal(map_count(m), 0);
	assert_null(map_get(m, 1));
	map_free(m);
	map_free(NULL);
}

static void test_limits(void **state)
{
	(void)state;
	struct map *m = map_new(3);
	char v;

	assert_int_equal(map_put(m, 1, NULL), ERR_INVALID);
	assert_int_equal(map_put(m, INT64_MIN, &v), OK);
	assert_int_equal(map_put(m, INT64_MAX, &v), OK);
	assert_int_equal(map_put(m, 0, &v), OK);
	assert_int_equal(map_put(m, 1, &v), ERR_LIMIT);
	assert_int_equal(map_put(m, 0, &v), OK); /* replacing needs no room */
	assert_ptr_equal(map_get(m, INT64_MIN), &v);
	assert_null(map_remove(m, 5));
	map_free(m);
}

static void test_text_keys(void **state)
{
	(void)state;
	struct smap *m = smap_new(100);
	char a, b;
	struct str key;
	void *value;
	size_t pos = 0;

	assert_null(smap_get(m, STR("x")));
	assert_int_equal(smap_put(m, (struct str){ NULL, 0 }, &a), ERR_INVALID);
	assert_int_equal(smap_put(m, STR(""), &a), OK);
	assert_int_equal(smap_put(m, STR("雨花"), &b), OK);
	assert_ptr_equal(smap_get(m, STR("")), &a);
	assert_ptr_equal(smap_get(m, STR("雨花")), &b);
	assert_null(smap_get(m, STR("雨花区")));
	assert_null(smap_get(m, (struct str){ NULL, 0 }));
	assert_ptr_equal(smap_remove(m, STR("")), &a);
	assert_true(smap_next(m, &pos, &key, &value));
	assert_true(str_eqz(key, "雨花"));
	assert_false(smap_next(m, &pos, &key, &value));
	smap_clear(m);
	assert_int_equal(smap_count(m), 0);
	smap_free(m);
	smap_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_text_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
