/*
 * The key file: pairs of keys, 64 bytes each, the newest first. What is stored is sealed under the
 * newest; older ones stay, so that a copy of the store from before a change can still be read.
 *
 * Whoever uses the keys holds a shared lock on the file; changing them needs it alone.
 */
#ifndef GEZHI_CORE_KEYS_H
#define GEZHI_CORE_KEYS_H

#include "base/crypto.h"

enum { KEYS_MAX = 16, KEY_NAME = 4, KEY_NAME_TEXT = 2 * KEY_NAME + 1 };

struct key_pair {
	unsigned char data[KEY_LEN];  /* identifiers at rest */
	unsigned char blind[KEY_LEN]; /* blind index */
};

struct app_keys {
	unsigned char data[KEY_LEN], blind[KEY_LEN]; /* in force */
	unsigned char draw[KEY_LEN]; /* the first blind key there was: draws of past months stay as
					they are */
	size_t nold;
	struct key_pair old[KEYS_MAX - 1]; /* newest first */
};

/*
 * Reads the file, makes it (mode 0600) when absent, and locks it, alone or with others: *ret_fd is
 * the caller's, and its end is the lock's. ERR_CONFLICT: another program uses it.
 */
enum err keys_open(const char *path, bool alone, struct app_keys *ret, int *ret_fd,
	struct error *e) MUST_CHECK;
/* A new pair in force, the former one first of the old; the file is replaced as a whole and on
 * disk. */
enum err keys_renew(const char *path, struct app_keys *k, struct error *e) MUST_CHECK;

/* A key's name tells nothing about the key. */
void key_name(const unsigned char key[KEY_LEN], unsigned char ret[KEY_NAME]);
void key_name_text(const unsigned char key[KEY_LEN], char ret[KEY_NAME_TEXT]);

/* Does the file belong to the store? `stored` is the name that the store keeps. */
enum keys_fit { KEYS_FIT, KEYS_UNFINISHED, KEYS_OTHER };
enum keys_fit keys_fit(const struct app_keys *k, struct str stored);

#endif
