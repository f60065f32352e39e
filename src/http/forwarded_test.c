/* Whose request it is behind proxies: nobody writes himself another address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http/forwarded.h"

static void test_client(void **state)
{
	static const struct {
		const char *peer, *chain, *proxies, *client;
	} v[] = {
		{ "10.0.0.9", "", NULL, "10.0.0.9" },
		{ "10.0.0.9", "1.2.3.4", NULL, "10.0.0.9" },
		{ "10.0.0.9", "1.2.3.4", "127.0.0.1", "10.0.0.9" },
		{ "127.0.0.1", "", "127.0.0.1", "127.0.0.1" },
		{ "127.0.0.1", "1.2.3.4", "127.0.0.1", "1.2.3.4" },
		{ "127.0.0.1", "9.9.9.9, 1.2.3.4", "127.0.0.1", "1.2.3.4" },
		{ "127.0.0.1", "9.9.9.9, 1.2.3.4 , 10.0.0.2", "127.0.0.1, 10.0.0.2", "1.2.3.4" },
		{ "127.0.0.1", "9.9.9.9,10.0.0.2", "::1 127.0.0.1", "10.0.0.2" },
		{ "::1", "2001:db8::7", "::1", "2001:db8::7" },
		{ "127.0.0.1", "unknown", "127.0.0.1", "127.0.0.1" },
		{ "127.0.0.1", "1.2.3.4, x", "127.0.0.1", "127.0.0.1" },
		{ "127.0.0.1", "1.2.3.4,", "127.0.0.1", "127.0.0.1" },
		{ "127.0.0.1", "1.2.3.4\";drop", "127.0.0.1", "127.0.0.1" },
		{ "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct str got = forwarded_client(str_z(v[i].peer), str_z(v[i].chain), v[i].proxies);

		if (!str_eqz(got, v[i].client))
			fail_msg("%zu: %.*s", i, (int)got.n, got.p);
	}
	assert_true(forwarded_proxies_ok("127.0.0.1, ::1"));
	assert_false(forwarded_proxies_ok("127.0.0.1, proxy"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_client) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
