/*
 * Bump allocator: a chain of blocks, each larger than the one before, whose sum never passes `max`.
 * Memory is cleared when it is handed out, so that a reset costs nothing for what was never used.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	ARENA_ALIGN = 16,
	ARENA_FIRST = 4096,
	ARENA_GROW_MAX = 1 << 20, /* blocks stop doubling here */
	ARENA_KEEP_MAX = 1 << 18  /* largest block that survives a reset */
};

struct arena_block {
	struct arena_block *prev;
	size_t cap, used;
	_Alignas(ARENA_ALIGN) unsigned char mem[];
};

struct arena {
	struct arena_block *top;
	size_t max;
	size_t held; /* sum of block capacities */
	size_t used; /* sum of what was handed out */
	bool failed;
};

struct arena *arena_new(size_t max)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->max = max & ~(size_t)(ARENA_ALIGN - 1);
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct arena_block *b = a->top, *prev; b; b = prev) {
		prev = b->prev;
		free(b);
	}
	free(a);
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = NULL;

	for (struct arena_block *b = a->top; b; b = b->prev)
		if (b->cap <= ARENA_KEEP_MAX && (!keep || b->cap > keep->cap))
			keep = b;
	for (struct arena_block *b = a->top, *prev; b; b = prev) {
		prev = b->prev;
		if (b != keep)
			free(b);
	}
	if (keep) {
		keep->prev = NULL;
		keep->used = 0;
	}
	a->top = keep;
	a->held = keep ? keep->cap : 0;
	a->used = 0;
	a->failed = false;
}

static struct arena_block *arena_grow(struct arena *a, size_t n)
{
	size_t room = a->max - a->held;
	size_t cap = a->top ? a->top->cap * 2 : ARENA_FIRST;

	if (n > room)
		return NULL;
	if (cap > ARENA_GROW_MAX)
		cap = ARENA_GROW_MAX;
	if (cap < n)
		cap = n;
	if (cap > room)
		cap = room;

	struct arena_block *b = malloc(sizeof(*b) + cap);
	if (!b)
		return NULL;
	b->prev = a->top;
	b->cap = cap;
	b->used = 0;
	a->top = b;
	a->held += cap;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t want = n ? n : 1;

	if (want > SIZE_MAX - ARENA_ALIGN) {
		a->failed = true;
		return NULL;
	}
	want = (want + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);

	struct arena_block *b = a->top;
	if (!b || b->cap - b->used < want)
		b = arena_grow(a, want);
	if (!b) {
		a->failed = true;
		return NULL;
	}
	void *p = b->mem + b->used;
	b->used += want;
	a->used += want;
	memset(p, 0, want);
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n)) {
		a->failed = true;
		return NULL;
	}
	return arena_alloc(a, n);
}

bool arena_failed(const struct arena *a)
{
	return a->failed;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
