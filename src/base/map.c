/*
 * Both maps share one table. A slot holds the hash, so that growing needs no key and most
 * mismatches are seen without touching it; a free slot has value == NULL. Removal shifts the
 * following entries back instead of leaving marks, so lookups never slow down with age.
 */
#include "base/map.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { MAP_FIRST = 16, MAP_MAX = 1 << 28 };

/* Integer keys are kept in key.n with key.p == NULL. */
struct slot {
	uint64_t hash;
	struct str key;
	void *value;
};

struct table {
	struct slot *slot; /* cap of them, a power of two; NULL while empty */
	size_t cap, n, max;
	unsigned char seed[crypto_shorthash_KEYBYTES];
};

struct map {
	struct table t;
};

struct smap {
	struct table t;
};

_Static_assert(sizeof(size_t) == sizeof(int64_t), "integer keys are kept in a size_t");

static void table_init(struct table *t, size_t max)
{
	t->max = max > MAP_MAX ? MAP_MAX : max;
	randombytes_buf(t->seed, sizeof(t->seed));
}

static void table_clear(struct table *t)
{
	free(t->slot);
	t->slot = NULL;
	t->cap = 0;
	t->n = 0;
}

static uint64_t hash_int(const struct table *t, uint64_t v)
{
	uint64_t seed;

	memcpy(&seed, t->seed, sizeof(seed));
	v ^= seed;
	v = (v ^ v >> 32) * 0xD6E8FEB86659FD93u;
	v = (v ^ v >> 32) * 0xD6E8FEB86659FD93u;
	return v ^ v >> 32;
}

static uint64_t table_hash(const struct table *t, struct str key)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t v;

	if (!key.p)
		return hash_int(t, (uint64_t)key.n);
	crypto_shorthash(out, (const unsigned char *)key.p, key.n, t->seed);
	memcpy(&v, out, sizeof(v));
	return v;
}

static bool slot_is(const struct slot *s, uint64_t hash, struct str key)
{
	if (s->hash != hash || s->key.n != key.n)
		return false;
	return !key.p || key.n == 0 || memcmp(s->key.p, key.p, key.n) == 0;
}

/* The slot of the key, or the free slot where it would go. cap > 0. */
static size_t table_find(const struct table *t, uint64_t hash, struct str key)
{
	size_t i = (size_t)hash & (t->cap - 1);

	while (t->slot[i].value && !slot_is(&t->slot[i], hash, key))
		i = (i + 1) & (t->cap - 1);
	return i;
}

static bool table_grow(struct table *t)
{
	size_t cap = t->cap ? t->cap * 2 : MAP_FIRST;
	struct slot *slot = calloc(cap, sizeof(*slot));

	if (!slot)
		return false;
	for (size_t k = 0; k < t->cap; k++) {
		if (!t->slot[k].value)
			continue;
		size_t i = (size_t)t->slot[k].hash & (cap - 1);
		while (slot[i].value)
			i = (i + 1) & (cap - 1);
		slot[i] = t->slot[k];
	}
	free(t->slot);
	t->slot = slot;
	t->cap = cap;
	return true;
}

static enum err table_put(struct table *t, struct str key, void *value)
{
	if (!value)
		return ERR_INVALID;

	uint64_t hash = table_hash(t, key);
	if (t->cap) {
		size_t i = table_find(t, hash, key);
		if (t->slot[i].value) {
			t->slot[i].key = key;
			t->slot[i].value = value;
			return OK;
		}
	}
	if (t->n >= t->max)
		return ERR_LIMIT;
	/* At most three quarters full: probes stay short and a free slot always ends them. */
	if ((t->n + 1) * 4 > t->cap * 3 && !table_grow(t))
		return ERR_NOMEM;
	t->slot[table_find(t, hash, key)] =
		(struct slot){ .hash = hash, .key = key, .value = value };
	t->n++;
	return OK;
}

static void *table_get(const struct table *t, struct str key)
{
	if (t->n == 0)
		return NULL;
	return t->slot[table_find(t, table_hash(t, key), key)].value;
}

static void *table_remove(struct table *t, struct str key)
{
	if (t->n == 0)
		return NULL;

	size_t mask = t->cap - 1;
	size_t hole = table_find(t, table_hash(t, key), key);
	void *value = t->slot[hole].value;
	if (!value)
		return NULL;
	for (size_t i = (hole + 1) & mask; t->slot[i].value; i = (i + 1) & mask) {
		size_t home = (size_t)t->slot[i].hash & mask;
		/* Only an entry whose probe passes the hole may move into it. */
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		t->slot[hole] = t->slot[i];
		hole = i;
	}
	t->slot[hole] = (struct slot){ .value = NULL };
	t->n--;
	return value;
}

static const struct slot *table_next(const struct table *t, size_t *pos)
{
	while (*pos < t->cap) {
		const struct slot *s = &t->slot[(*pos)++];
		if (s->value)
			return s;
	}
	return NULL;
}

static struct str int_key(int64_t key)
{
	return (struct str){ NULL, (size_t)key };
}

struct map *map_new(size_t max)
{
	struct map *m = calloc(1, sizeof(*m));

	if (m)
		table_init(&m->t, max);
	return m;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	table_clear(&m->t);
	free(m);
}

enum err map_put(struct map *m, int64_t key, void *value)
{
	return table_put(&m->t, int_key(key), value);
}

void *map_get(const struct map *m, int64_t key)
{
	return table_get(&m->t, int_key(key));
}

void *map_remove(struct map *m, int64_t key)
{
	return table_remove(&m->t, int_key(key));
}

void map_clear(struct map *m)
{
	table_clear(&m->t);
}

size_t map_count(const struct map *m)
{
	return m->t.n;
}

bool map_next(const struct map *m, size_t *pos, int64_t *ret_key, void **ret_value)
{
	const struct slot *s = table_next(&m->t, pos);

	if (!s)
		return false;
	*ret_key = (int64_t)s->key.n;
	*ret_value = s->value;
	return true;
}

struct smap *smap_new(size_t max)
{
	struct smap *m = calloc(1, sizeof(*m));

	if (m)
		table_init(&m->t, max);
	return m;
}

void smap_free(struct smap *m)
{
	if (!m)
		return;
	table_clear(&m->t);
	free(m);
}

enum err smap_put(struct smap *m, struct str key, void *value)
{
	if (!key.p)
		return ERR_INVALID;
	return table_put(&m->t, key, value);
}

void *smap_get(const struct smap *m, struct str key)
{
	return key.p ? table_get(&m->t, key) : NULL;
}

void *smap_remove(struct smap *m, struct str key)
{
	return key.p ? table_remove(&m->t, key) : NULL;
}

void smap_clear(struct smap *m)
{
	table_clear(&m->t);
}

size_t smap_count(const struct smap *m)
{
	return m->t.n;
}

bool smap_next(const struct smap *m, size_t *pos, struct str *ret_key, void **ret_value)
{
	const struct slot *s = table_next(&m->t, pos);

	if (!s)
		return false;
	*ret_key = s->key;
	*ret_value = s->value;
	return true;
}
