/* libsodium behind typed functions: no algorithm is chosen anywhere else. */
#include "base/crypto.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	SEAL_MAX = 1 << 26
};

_Static_assert((int)HASH_LEN == (int)crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert((int)KEY_LEN == (int)crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
enum { PASSWORD_PASSES = 2, PASSWORD_MEMORY = 19 << 20 };

_Static_assert(crypto_pwhash_STRBYTES == 128, "size of a password hash");

enum err crypto_init(void)
{
	return sodium_init() < 0 ? ERR_IO : OK;
}

static const unsigned char *bytes(struct str s)
{
	return (const unsigned char *)(s.p ? s.p : "");
}

void crypto_sha256(struct str data, unsigned char ret[HASH_LEN])
{
	crypto_hash_sha256(ret, bytes(data), data.n);
}

void crypto_hex(const unsigned char *p, size_t n, char *ret)
{
	sodium_bin2hex(ret, 2 * n + 1, p, n);
}

void crypto_sha256_hex(struct str data, char ret[HASH_HEX])
{
	unsigned char hash[HASH_LEN];

	crypto_sha256(data, hash);
	crypto_hex(hash, sizeof(hash), ret);
}

void crypto_blind(const unsigned char key[KEY_LEN], struct str data, unsigned char ret[HASH_LEN])
{
	crypto_generichash(ret, HASH_LEN, bytes(data), data.n, key, KEY_LEN);
}

void crypto_token(char ret[TOKEN_TEXT])
{
	unsigned char raw[32];

	randombytes_buf(raw, sizeof(raw));
	sodium_bin2base64(
		ret, TOKEN_TEXT, raw, sizeof(raw), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(raw, sizeof(raw));
}

void crypto_code(char *ret, size_t n)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* no I, L, O, U */

	for (size_t i = 0; i < n; i++)
		ret[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
	ret[n] = 0;
}

uint64_t crypto_random(void)
{
	uint64_t v;

	randombytes_buf(&v, sizeof(v));
	return v;
}

enum err crypto_password_hash(struct str password, char ret[128])
{
	char hash[crypto_pwhash_STRBYTES];

	if (!password.p || password.n == 0)
		return ERR_INVALID;
	/* Fails only when its memory cannot be had. */
	if (crypto_pwhash_str(hash, password.p, password.n, PASSWORD_PASSES, PASSWORD_MEMORY))
		return ERR_NOMEM;
	memcpy(ret, hash, sizeof(hash));
	return OK;
}

bool crypto_password_verify(const char *hash, struct str password)
{
	/* libsodium's argument is an array of this size; the stored text is usually shorter. */
	char padded[crypto_pwhash_STRBYTES] = { 0 };
	size_t n = hash ? strlen(hash) : 0;

	if (n == 0 || n >= sizeof(padded) || !password.p)
		return false;
	memcpy(padded, hash, n);
	return crypto_pwhash_str_verify(padded, password.p, password.n) == 0;
}

/* Of a result of n bytes that was to be added. */
static enum err added(const struct buf *out, size_t n)
{
	if (!out->failed)
		return OK;
	return out->max - out->n < n ? ERR_LIMIT : ERR_NOMEM;
}

enum err crypto_seal(const unsigned char key[KEY_LEN], struct str plain, struct buf *out)
{
	if (plain.n > SEAL_MAX)
		return ERR_LIMIT;

	size_t n = NONCE + plain.n + TAG;
	unsigned char *box = malloc(n);
	if (!box)
		return ERR_NOMEM;
	randombytes_buf(box, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		box + NONCE, NULL, bytes(plain), plain.n, NULL, 0, NULL, box, key);
	buf_put(out, box, n);
	free(box);
	return added(out, n);
}

enum err crypto_open(const unsigned char key[KEY_LEN], struct str sealed, struct buf *out)
{
	if (sealed.n < NONCE + TAG)
		return ERR_INVALID;
	if (sealed.n > SEAL_MAX + NONCE + TAG)
		return ERR_LIMIT;

	const unsigned char *box = bytes(sealed);
	size_t n = sealed.n - NONCE - TAG;
	unsigned char *plain = malloc(n ? n : 1);
	if (!plain)
		return ERR_NOMEM;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    plain, NULL, NULL, box + NONCE, sealed.n - NONCE, NULL, 0, box, key)) {
		free(plain);
		return ERR_INVALID;
	}
	buf_put(out, plain, n);
	sodium_memzero(plain, n);
	free(plain);
	return added(out, n);
}
