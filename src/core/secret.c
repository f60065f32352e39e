/* Sealing, opening and finding identifiers of people; see secret.h. */
#include "core/secret.h"

#include <string.h>

enum { BLIND_MAX = 1024, SEALED_MAX = 4096 };

/* A key's name tells nothing about the key. */
static void key_name(const unsigned char key[KEY_LEN], unsigned char ret[SECRET_KEY_NAME])
{
	unsigned char h[HASH_LEN];

	crypto_blind(key, STR("name of this key"), h);
	memcpy(ret, h, SECRET_KEY_NAME);
}

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

enum err secret_open(const struct app_keys *k, struct str sealed, struct arena *a, struct str *ret)
{
	unsigned char name[SECRET_KEY_NAME];
	struct buf b;
	enum err err;

	*ret = (struct str){ NULL, 0 };
	if (sealed.p == NULL)
		return OK;
	key_name(k->data, name);
	if (sealed.n < SECRET_HEAD || sealed.p[0] != SECRET_FORMAT || memcmp(sealed.p + 1, name, sizeof(name)) != 0)
		return ERR_INVALID;
	buf_init(&b, SEALED_MAX);
	err = crypto_open(k->data, (struct str){ sealed.p + SECRET_HEAD, sealed.n - SECRET_HEAD }, &b);
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
