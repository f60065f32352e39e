/*
 * Identifiers of people at rest: sealed under the application's key, with a keyed hash (blind index)
 * beside them where they must be found again. What is sealed names its key, so that keys can be changed
 * one row at a time.
 */
#ifndef GEZHI_CORE_SECRET_H
#define GEZHI_CORE_SECRET_H

#include "base/crypto.h"
#include "base/field.h"
#include "core/app.h"

/* Format 1: the format's number, four bytes that name the key, then crypto_seal's. Absent stays absent. */
enum { SECRET_FORMAT = 1, SECRET_KEY_NAME = 4, SECRET_HEAD = 1 + SECRET_KEY_NAME };

enum err secret_seal(const struct app_keys *k, struct str plain, struct arena *a, struct str *ret) MUST_CHECK;
/* ERR_INVALID: another key, or altered bytes. */
enum err secret_open(const struct app_keys *k, struct str sealed, struct arena *a, struct str *ret) MUST_CHECK;
/* Blind index of a value of an entity's field: blanks and hyphens do not count, nor does the case of
 * letters. The same value in another field has another index. */
void secret_blind(const struct app_keys *k, const char *entity, const char *field, struct str plain,
		  unsigned char ret[HASH_LEN]);
/* Is there a column <name>_hash? Where the field is a natural key or a filter. */
bool secret_is_found(const struct field *f);

#endif
