/* Thin, typed front of libsodium. Call crypto_init once in main. */
#ifndef GEZHI_BASE_CRYPTO_H
#define GEZHI_BASE_CRYPTO_H

#include "base/buf.h"
#include "base/err.h"

enum { HASH_LEN = 32, HASH_HEX = 65, KEY_LEN = 32, TOKEN_TEXT = 44 };

enum err crypto_init(void) MUST_CHECK;
void crypto_sha256(struct str data, unsigned char ret[HASH_LEN]);
void crypto_hex(const unsigned char *p, size_t n, char *ret /* 2n+1 */);
/* SHA-256 as hex, for content addresses. */
void crypto_sha256_hex(struct str data, char ret[HASH_HEX]);
/* Keyed BLAKE2b-256: blind index of an identifier. */
void crypto_blind(const unsigned char key[KEY_LEN], struct str data, unsigned char ret[HASH_LEN]);
/* 256-bit random token, URL-safe text. */
void crypto_token(char ret[TOKEN_TEXT]);
/* n characters of Crockford base32 without look-alikes, for codes that people read aloud. `ret` has
 * room for n + 1. */
void crypto_code(char *ret, size_t n);
uint64_t crypto_random(void);
/* argon2id with 19 MiB and two passes, the least that OWASP's password storage cheat sheet names (a city signs
 * in within the same minutes): about 50 ms of a processor; never on an I/O thread. */
enum err crypto_password_hash(struct str password, char ret[128]) MUST_CHECK;
bool crypto_password_verify(const char *hash, struct str password);
/* XChaCha20-Poly1305; nonce is prepended. Output appended to `out`. ERR_INVALID for a wrong key or
 * altered bytes. */
enum err crypto_seal(const unsigned char key[KEY_LEN], struct str plain, struct buf *out) MUST_CHECK;
enum err crypto_open(const unsigned char key[KEY_LEN], struct str sealed, struct buf *out) MUST_CHECK;

#endif
