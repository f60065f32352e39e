/*
 * Bounded hash maps from an int64 or a text to a pointer (open addressing, linear probing). The
 * owner frees the values; keys of a text map are views that must outlive their entry. Values are
 * never NULL. Text keys are hashed with a random key per map, so input from outside cannot make it
 * slow. Readers may share a map that nobody changes.
 */
#ifndef GEZHI_BASE_MAP_H
#define GEZHI_BASE_MAP_H

#include "base/err.h"
#include "base/str.h"

struct map;  /* int64_t → void * */
struct smap; /* struct str → void * */

/* `max` entries at most (up to 2^28). NULL on failure. */
struct map *map_new(size_t max);
void map_free(struct map *m); /* NULL allowed */
/* Adds or replaces. ERR_LIMIT when full, ERR_INVALID for a NULL value. */
enum err map_put(struct map *m, int64_t key, void *value) MUST_CHECK;
void *map_get(const struct map *m, int64_t key); /* NULL when absent */
void *map_remove(
	struct map *m, int64_t key); /* the value, for its owner to free; NULL when absent */
void map_clear(struct map *m);
size_t map_count(const struct map *m);
/* Any order; *pos starts at 0. The map must not change meanwhile. */
bool map_next(const struct map *m, size_t *pos, int64_t *ret_key, void **ret_value);

struct smap *smap_new(size_t max);
void smap_free(struct smap *m); /* NULL allowed */
enum err smap_put(
	struct smap *m, struct str key, void *value) MUST_CHECK; /* absent key: ERR_INVALID */
void *smap_get(const struct smap *m, struct str key);
void *smap_remove(struct smap *m, struct str key);
void smap_clear(struct smap *m);
size_t smap_count(const struct smap *m);
bool smap_next(const struct smap *m, size_t *pos, struct str *ret_key, void **ret_value);

#endif
