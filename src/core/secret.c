/* Sealing, opening and finding identifiers of people; see secret.h. */
#include "core/secret.h"

#include <string.h>

enum { BLIND_MAX = 1024, SEALED_MAX = 4096 };

enum err secret_seal(const struct app_keys *k, struct str plain, struct arena *a, struct str *ret)
{
	unsigned char head[SECRET_HEAD] = { SECRET_FORMAT };
	struct buf b;
	enum err err;

	*ret = (struct str){ NULL, 0 };
	if (plain.p == NULL)
		return OK;
	key_name(k->data, head + 1);
	buf_init(&b, SEALED_MAX);
	buf_put(&b, head, sizeof(head));
	err = crypto_seal(k->data, plain, &b);
	if (err == OK) {
		*ret = str_dup(a, buf_view(&b));
		err = ret->p == NULL ? ERR_NOMEM : OK;
	}
	buf_release(&b);
	return err;
}

bool secret_is_current(const struct app_keys *k, struct str sealed)
{
	unsigned char name[KEY_NAME];

	key_name(k->data, name);
	return sealed.n >= SECRET_HEAD && sealed.p[0] == SECRET_FORMAT &&
	       memcmp(sealed.p + 1, name, sizeof(name)) == 0;
}

/* The key in force, then the older ones. */
static const unsigned char *key_at(const struct app_keys *k, size_t i)
{
	return i == 0 ? k->data : k->old[i - 1].data;
}

/* The key that a sealed value names; NULL when it names none of them. */
static const unsigned char *key_of(const struct app_keys *k, struct str sealed)
{
	unsigned char name[KEY_NAME];

	if (sealed.n < SECRET_HEAD || sealed.p[0] != SECRET_FORMAT)
		return NULL;
	for (size_t i = 0; i <= k->nold; i++) {
		key_name(key_at(k, i), name);
		if (memcmp(sealed.p + 1, name, sizeof(name)) == 0)
			return key_at(k, i);
	}
	return NULL;
}

/* What was sealed before keys had names is tried with each. */
static enum err open_any(const struct app_keys *k, struct str sealed, struct buf *b)
{
	const unsigned char *key = key_of(k, sealed);
	enum err err = ERR_INVALID;

	if (key != NULL)
		return crypto_open(
			key, (struct str){ sealed.p + SECRET_HEAD, sealed.n - SECRET_HEAD }, b);
	for (size_t i = 0; i <= k->nold && err == ERR_INVALID; i++)
		err = crypto_open(key_at(k, i), sealed, b);
	return err;
}

enum err secret_open(const struct app_keys *k, struct str sealed, struct arena *a, struct str *ret)
{
	struct buf b;
	enum err err;

	*ret = (struct str){ NULL, 0 };
	if (sealed.p == NULL)
		return OK;
	buf_init(&b, SEALED_MAX);
	err = open_any(k, sealed, &b);
	if (err == OK) {
		*ret = b.n == 0 ? STR("") : str_dup(a, buf_view(&b));
		err = ret->p == NULL ? ERR_NOMEM : OK;
	}
	buf_release(&b);
	return err;
}

void secret_blind(const struct app_keys *k, const char *entity, const char *field, struct str plain,
	unsigned char ret[HASH_LEN])
{
	char text[BLIND_MAX];
	size_t n = 0;

	/* "entity.field" and a zero byte, which neither contains */
	for (const char *p = entity; *p != '\0' && n < 200; p++)
		text[n++] = *p;
	text[n++] = '.';
	for (const char *p = field; *p != '\0' && n < 400; p++)
		text[n++] = *p;
	text[n++] = '\0';
	for (size_t i = 0; i < plain.n && n < sizeof(text); i++) {
		char c = plain.p[i];

		if (c == ' ' || c == '-')
			continue;
		text[n++] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
	}
	crypto_blind(k->blind, (struct str){ text, n }, ret);
}

bool secret_is_found(const struct field *f)
{
	return f->type == F_SECRET && (f->flags & (FIELD_UNIQUE | FIELD_FILTER)) != 0;
}
