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
enum { SECRET_FORMAT = 1, SECRET_HEAD = 1 + KEY_NAME };

enum err secret_seal(const struct app_keys *k, struct str plain, struct arena *a, struct str *ret) MUST_CHECK;
/* Under the key in force or an older one of the file. ERR_INVALID: another key, or altered bytes. */
enum err secret_open(const struct app_keys *k, struct str sealed, struct arena *a, struct str *ret) MUST_CHECK;
/* Blind index of a value of an entity's field: blanks and hyphens do not count, nor does the case of
 * letters. The same value in another field has another index. */
void secret_blind(const struct app_keys *k, const char *entity, const char *field, struct str plain,
		  unsigned char ret[HASH_LEN]);
/* Is there a column <name>_hash? Where the field is a natural key or a filter. */
bool secret_is_found(const struct field *f);
/* Is it sealed under the key in force? */
bool secret_is_current(const struct app_keys *k, struct str sealed);

/* ---- changing keys (secret_rotate.c) ---- */

/* A sealed column beside those that the field tables name: of a table with a key column `id`. */
struct sealed {
	const char *table, *column;
};

/* Does the key file belong to the store (ERR_CONFLICT)? A store that keeps no name yet gets one when it is
 * seeded. With `alone` an unfinished change of keys may go on. */
enum err secret_keys_fit(struct app *app, struct dbc *c, bool alone, struct error *e) MUST_CHECK;
/* In a transaction: the store's record of the key it is sealed under, where there is none. */
enum err secret_keys_keep(struct app *app, struct dbc *c) MUST_CHECK;

/* Everything sealed, column by column: `told` is called after each with the number of values. */
struct secret_walk {
	struct app *app;
	void (*told)(void *arg, const char *table, const char *column, int64_t values);
	void *arg;
};
/* Opens every value; ERR_IO with the row when one does not open. */
enum err secret_check(const struct secret_walk *w, struct error *e) MUST_CHECK;
/*
 * Seals everything under the key in force that is not yet, and finds it by the new index; in batches, each
 * a transaction, so that it may be ended at any time and called again. Then the store's record says so.
 * Nobody else may use the store meanwhile.
 */
enum err secret_rotate(const struct secret_walk *w, struct error *e) MUST_CHECK;
void secret_sql_each(void (*fn)(const char *sql, void *arg), void *arg);

#endif
