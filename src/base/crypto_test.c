/* Hashes against published vectors, sealing against tampering. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/crypto.h"

static int setup(void **state)
{
	(void)state;
	return crypto_init() == OK ? 0 : -1;
}

static void test_hash(void **state)
{
	(void)state;
	char hex[HASH_HEX];

	crypto_sha256_hex(STR(""), hex);
	assert_string_equal(
		hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	crypto_sha256_hex(STR("abc"), hex);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	crypto_sha256_hex((struct str){ NULL, 0 }, hex);
	assert_memory_equal(hex, "e3b0c442", 8);
}

static void test_blind(void **state)
{
	(void)state;
	unsigned char key[KEY_LEN] = { 1 }, other[KEY_LEN] = { 2 };
	unsigned char a[HASH_LEN], b[HASH_LEN];

	crypto_blind(key, STR("430105198502281234"), a);
	crypto_blind(key, STR("430105198502281234"), b);
	assert_memory_equal(a, b, HASH_LEN);
	crypto_blind(other, STR("430105198502281234"), b);
	assert_memory_not_equal(a, b, HASH_LEN);
	crypto_blind(key, STR("430105198502281235"), b);
	assert_memory_not_equal(a, b, HASH_LEN);
}

static void test_random(void **state)
{
	(void)state;
	char a[TOKEN_TEXT], b[TOKEN_TEXT], code[201];

	crypto_token(a);
	crypto_token(b);
	assert_int_equal(strlen(a), TOKEN_TEXT - 1);
	assert_string_not_equal(a, b);
	assert_int_equal(
		strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
		TOKEN_TEXT - 1);
	crypto_code(code, 200);
	assert_int_equal(strlen(code), 200);
	assert_int_equal(strspn(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 200);
	assert_true(crypto_random() != crypto_random());
}

static void test_password(void **state)
{
	(void)state;
	char hash[128], full[200];

	assert_int_equal(crypto_password_hash(STR("gezhi-demo"), hash), OK);
	assert_memory_equal(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
	assert_true(crypto_password_verify(hash, STR("gezhi-demo")));
	assert_false(crypto_password_verify(hash, STR("gezhi-demO")));
	assert_false(crypto_password_verify(hash, STR("")));
	assert_false(crypto_password_verify("", STR("gezhi-demo")));
	assert_false(crypto_password_verify(NULL, STR("gezhi-demo")));
	assert_false(crypto_password_verify("$argon2id$", STR("gezhi-demo")));
	memset(full, '$', sizeof(full));
	full[sizeof(full) - 1] = 0;
	assert_false(crypto_password_verify(full, STR("gezhi-demo")));
	assert_int_equal(crypto_password_hash(STR(""), hash), ERR_INVALID);
}

static void test_seal(void **state)
{
	(void)state;
	unsigned char key[KEY_LEN] = { 1 }, other[KEY_LEN] = { 2 };
	struct buf box, again, plain;

	buf_init(&box, 1000);
	buf_init(&again, 1000);
	buf_init(&plain, 1000);
	assert_int_equal(crypto_seal(key, STR("13812345678"), &box), OK);
	assert_int_equal(crypto_seal(key, STR("13812345678"), &again), OK);
	assert_int_equal(box.n, 24 + 11 + 16);
	assert_false(str_eq(buf_view(&box), buf_view(&again))); /* fresh nonce */
	buf_z(&plain, "<");
	assert_int_equal(crypto_open(key, buf_view(&box), &plain), OK);
	assert_true(str_eqz(buf_view(&plain), "<13812345678"));
	assert_int_equal(crypto_open(other, buf_view(&box), &plain), ERR_INVALID);
	for (size_t i = 0; i < box.n; i++) {
		box.p[i] ^= 1;
		assert_int_equal(crypto_open(key, buf_view(&box), &plain), ERR_INVALID);
		box.p[i] ^= 1;
		assert_int_equal(crypto_open(key, (struct str){ box.p, i }, &plain), ERR_INVALID);
	}
	assert_int_equal(plain.n, 12);
	buf_reset(&box);
	buf_reset(&plain);
	assert_int_equal(crypto_seal(key, STR(""), &box), OK);
	assert_int_equal(crypto_open(key, buf_view(&box), &plain), OK);
	assert_int_equal(plain.n, 0);
	buf_release(&again);
	buf_init(&again, 50);
	assert_int_equal(crypto_seal(key, STR("13812345678"), &again), ERR_LIMIT);
	buf_release(&box);
	buf_release(&again);
	buf_release(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_blind),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_seal),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
