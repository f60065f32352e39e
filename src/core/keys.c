/* The key file; see keys.h. */
#include "core/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/io.h"

enum { PATH_BYTES = 1100 };

void key_name(const unsigned char key[KEY_LEN], unsigned char ret[KEY_NAME])
{
	unsigned char h[HASH_LEN];

	crypto_blind(key, STR("name of this key"), h);
	memcpy(ret, h, KEY_NAME);
}

void key_name_text(const unsigned char key[KEY_LEN], char ret[KEY_NAME_TEXT])
{
	unsigned char name[KEY_NAME];

	key_name(key, name);
	crypto_hex(name, sizeof(name), ret);
}

enum keys_fit keys_fit(const struct app_keys *k, struct str stored)
{
	char name[KEY_NAME_TEXT];

	key_name_text(k->data, name);
	if (str_eq(stored, str_z(name)))
		return KEYS_FIT;
	for (size_t i = 0; i < k->nold; i++) {
		key_name_text(k->old[i].data, name);
		if (str_eq(stored, str_z(name)))
			return KEYS_UNFINISHED;
	}
	return KEYS_OTHER;
}

/* ---- the file ---- */

static struct key_pair pair_new(void)
{
	struct key_pair p = { { 0 }, { 0 } };
	unsigned char *to = (unsigned char *)&p;

	for (size_t i = 0; i < sizeof(p); i += sizeof(uint64_t)) {
		uint64_t v = crypto_random();

		memcpy(to + i, &v, sizeof(v));
	}
	return p;
}

static enum err in_folder(const char *path)
{
	char dir[PATH_BYTES];
	char *slash;

	if ((size_t)snprintf(dir, sizeof(dir), "%s", path) >= sizeof(dir))
		return ERR_INVALID;
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return io_sync_dir(".");
	*(slash == dir ? slash + 1 : slash) = '\0';
	return io_sync_dir(dir);
}

static enum err make(const char *path)
{
	struct key_pair p = pair_new();
	enum err err = io_new_file(path, (struct str){ (const char *)&p, sizeof(p) });

	return err != OK ? err : in_folder(path);
}

static enum err read_pairs(int fd, struct app_keys *k)
{
	struct key_pair v[KEYS_MAX + 1];
	ssize_t n = read(fd, v, sizeof(v));
	size_t pairs = n > 0 ? (size_t)n / sizeof(*v) : 0;

	if (n <= 0 || (size_t)n % sizeof(*v) != 0 || pairs > KEYS_MAX)
		return ERR_IO;
	memcpy(k->data, v[0].data, KEY_LEN);
	memcpy(k->blind, v[0].blind, KEY_LEN);
	memcpy(k->draw, v[pairs - 1].blind, KEY_LEN);
	k->nold = pairs - 1;
	memcpy(k->old, v + 1, k->nold * sizeof(*v));
	return OK;
}

enum err keys_open(const char *path, bool alone, struct app_keys *ret, int *ret_fd, struct error *e)
{
	int fd;
	enum err err = OK;

	if (path == NULL)
		return err_set(e, ERR_INVALID, "key_file", "key-file", "a key file is needed");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make(path) == OK)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_IO, "key_file", "key-file",
			"cannot read or make the key file %s", path);
	if (flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
		err = err_set(e, ERR_CONFLICT, "keys.in_use", "key-file",
			alone ? "a program is using these keys: stop it first"
			      : "the keys are being changed just now");
	if (err == OK && read_pairs(fd, ret) != OK)
		err = err_set(e, ERR_IO, "key_file", "key-file",
			"%s is not a key file, or cannot be read", path);
	if (err == OK)
		*ret_fd = fd;
	else
		close(fd);
	return err;
}

enum err keys_renew(const char *path, struct app_keys *k, struct error *e)
{
	struct key_pair v[KEYS_MAX];
	struct app_keys renewed = *k;
	char draft[PATH_BYTES];
	enum err err;

	if (k->nold + 2 > KEYS_MAX)
		return err_set(e, ERR_LIMIT, "keys.many", "key-file",
			"the file holds %d pairs of keys, the most there are", KEYS_MAX);
	if ((size_t)snprintf(draft, sizeof(draft), "%s.new", path) >= sizeof(draft))
		return err_set(e, ERR_INVALID, "path", "key-file", "the path is too long");
	v[0] = pair_new();
	memcpy(v[1].data, k->data, KEY_LEN);
	memcpy(v[1].blind, k->blind, KEY_LEN);
	memcpy(v + 2, k->old, k->nold * sizeof(*v));
	renewed.nold = k->nold + 1;
	memcpy(renewed.data, v[0].data, KEY_LEN);
	memcpy(renewed.blind, v[0].blind, KEY_LEN);
	memcpy(renewed.old, v + 1, renewed.nold * sizeof(*v));
	unlink(draft);
	err = io_new_file(draft, (struct str){ (const char *)v, (renewed.nold + 1) * sizeof(*v) });
	if (err == OK && rename(draft, path) != 0)
		err = ERR_IO;
	if (err == OK)
		err = in_folder(path);
	if (err != OK)
		return err_set(
			e, err, "key_file", "key-file", "cannot write the key file %s", path);
	*k = renewed;
	return OK;
}
