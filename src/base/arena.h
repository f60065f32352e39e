/*
 * Bump allocator with a hard maximum. Everything in it dies with arena_reset/arena_free; nothing is
 * freed piecemeal. A failed allocation returns NULL and sets the sticky flag that arena_failed reads.
 */
#ifndef GEZHI_BASE_ARENA_H
#define GEZHI_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* `max` bytes is the most it ever holds. NULL on failure. */
struct arena *arena_new(size_t max);
void arena_free(struct arena *a); /* NULL allowed */
void arena_reset(struct arena *a); /* keeps one block for reuse */
/* Zeroed, aligned to 16. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_array(struct arena *a, size_t count, size_t size); /* overflow-checked */
bool arena_failed(const struct arena *a);
size_t arena_used(const struct arena *a);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
