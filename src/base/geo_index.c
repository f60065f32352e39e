/*
 * Point → shape, for any number of threads at once: after geo_index_build nothing changes, so a
 * query takes no lock and makes no allocation.
 *
 * Boxes form a packed tree, eight children to a node, the leaves ordered by Sort-Tile-Recursive.
 * Every ring is cut into runs of 16 edges with their own box, so that a long district border costs
 * a glance per run, not per edge.
 */
#include "base/geo_impl.h"
#include "base/time.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	INDEX_FAN = 8,
	INDEX_RUN = 16,
	INDEX_LEVELS = 12,          /* 8^11 exceeds any count of shapes */
	INDEX_POINTS_MAX = 1 << 24, /* 256 MB of coordinates */
};

struct index_run {
	struct box box;
	uint32_t first, last; /* points, both ends included */
};

struct index_entry {
	struct box box;
	double area; /* square degrees; only compared */
	int64_t id;
	uint32_t run, runs;
};

struct geo_index {
	size_t max;
	struct index_entry *entry;
	size_t n, cap;
	struct index_run *run;
	size_t runs, run_cap;
	double (*pt)[2];
	size_t points, pt_cap;
	/* Level 0 repeats the boxes of the entries, level k + 1 holds one box for eight of level k.
	 */
	struct box *node;
	size_t level[INDEX_LEVELS]; /* first node of a level */
	size_t count[INDEX_LEVELS];
	int levels;
	bool built;
};

struct geo_index *geo_index_new(size_t max_shapes)
{
	struct geo_index *x = calloc(1, sizeof *x);

	if (x != NULL)
		x->max = max_shapes < UINT32_MAX / 2 ? max_shapes : UINT32_MAX / 2;
	return x;
}

void geo_index_free(struct geo_index *x)
{
	if (x == NULL)
		return;
	free(x->entry);
	free(x->run);
	free(x->pt);
	free(x->node);
	free(x);
}

/* Room for `more` items; the new block, or NULL with the old one untouched. */
static void *index_grow(void *p, size_t *cap, size_t used, size_t more, size_t size)
{
	if (*cap - used >= more)
		return p;
	size_t want = *cap * 2 > used + more ? *cap * 2 : used + more;
	void *q = reallocarray(p, want, size);

	if (q != NULL)
		*cap = want;
	return q;
}

static enum err index_room(struct geo_index *x, size_t points, size_t runs)
{
	if (x->n >= x->max || points > INDEX_POINTS_MAX - x->points)
		return ERR_LIMIT;
	struct index_entry *e = index_grow(x->entry, &x->cap, x->n, 1, sizeof *e);

	if (e == NULL)
		return ERR_NOMEM;
	x->entry = e;
	if (points == 0)
		return OK;
	double(*pt)[2] = index_grow(x->pt, &x->pt_cap, x->points, points, sizeof *pt);

	if (pt == NULL)
		return ERR_NOMEM;
	x->pt = pt;
	struct index_run *run = index_grow(x->run, &x->run_cap, x->runs, runs, sizeof *run);

	if (run == NULL)
		return ERR_NOMEM;
	x->run = run;
	return OK;
}

static struct box index_extent(const double (*pt)[2], uint32_t first, uint32_t last)
{
	struct box b = { INFINITY, INFINITY, -INFINITY, -INFINITY };

	for (uint32_t i = first; i <= last; i++) {
		b.x0 = fmin(b.x0, pt[i][0]);
		b.y0 = fmin(b.y0, pt[i][1]);
		b.x1 = fmax(b.x1, pt[i][0]);
		b.y1 = fmax(b.y1, pt[i][1]);
	}
	return b;
}

static void index_ring(struct geo_index *x, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i < last; i += INDEX_RUN) {
		uint32_t end = last - i > INDEX_RUN ? i + INDEX_RUN : last;

		x->run[x->runs++] =
			(struct index_run){ .box = index_extent((const double(*)[2])x->pt, i, end),
				.first = i,
				.last = end };
	}
}

enum err geo_index_add(struct geo_index *x, struct geo *g, const struct geo_shape *s, int64_t id)
{
	(void)g;
	assert(!x->built);
	/* Points and lines have a box to be listed by, but contain nothing. */
	size_t points = geo_is_area(s) ? s->points : 0;
	enum err err = index_room(x, points, points / INDEX_RUN + s->rings);

	if (err != OK)
		return err;
	uint32_t base = (uint32_t)x->points, run = (uint32_t)x->runs;

	if (points > 0) {
		memcpy(x->pt + x->points, s->pt, points * sizeof *s->pt);
		x->points += points;
		for (uint32_t r = 0; r < s->rings; r++)
			index_ring(x, base + s->ring[r], base + s->ring[r + 1] - 1);
	}
	x->entry[x->n++] = (struct index_entry){ .box = s->box,
		.area = geo_plane_area(s),
		.id = id,
		.run = run,
		.runs = (uint32_t)x->runs - run };
	return OK;
}

static int index_by(double a, double b, int64_t ia, int64_t ib)
{
	if (a < b || a > b)
		return a < b ? -1 : 1;
	return (ia > ib) - (ia < ib);
}

static int index_by_x(const void *pa, const void *pb)
{
	const struct index_entry *a = pa, *b = pb;

	return index_by(a->box.x0 + a->box.x1, b->box.x0 + b->box.x1, a->id, b->id);
}

static int index_by_y(const void *pa, const void *pb)
{
	const struct index_entry *a = pa, *b = pb;

	return index_by(a->box.y0 + a->box.y1, b->box.y0 + b->box.y1, a->id, b->id);
}

/* Slices are whole multiples of two tree levels, so that low nodes never straddle two slices. */
static void index_sort(struct geo_index *x)
{
	const size_t block = INDEX_FAN * INDEX_FAN;
	size_t blocks = (x->n + block - 1) / block;
	size_t slices = (size_t)ceil(sqrt((double)blocks));
	size_t slice = (blocks + slices - 1) / slices * block;

	qsort(x->entry, x->n, sizeof *x->entry, index_by_x);
	for (size_t i = 0; i < x->n; i += slice)
		qsort(x->entry + i, x->n - i < slice ? x->n - i : slice, sizeof *x->entry,
			index_by_y);
}

static void index_level(struct geo_index *x, int k)
{
	const struct box *child = x->node + x->level[k - 1];

	for (size_t i = 0; i < x->count[k]; i++) {
		struct box b = child[i * INDEX_FAN];

		for (size_t j = i * INDEX_FAN + 1; j < (i + 1) * INDEX_FAN && j < x->count[k - 1];
			j++) {
			b.x0 = fmin(b.x0, child[j].x0);
			b.y0 = fmin(b.y0, child[j].y0);
			b.x1 = fmax(b.x1, child[j].x1);
			b.y1 = fmax(b.y1, child[j].y1);
		}
		x->node[x->level[k] + i] = b;
	}
}

enum err geo_index_build(struct geo_index *x)
{
	assert(!x->built);
	size_t total = 0, count = x->n;

	if (x->n == 0) {
		x->built = true;
		return OK;
	}
	for (x->levels = 0; x->levels < INDEX_LEVELS; x->levels++) {
		x->level[x->levels] = total;
		x->count[x->levels] = count;
		total += count;
		if (count == 1)
			break;
		count = (count + INDEX_FAN - 1) / INDEX_FAN;
	}
	x->levels++;
	x->node = calloc(total, sizeof *x->node);
	if (x->node == NULL)
		return ERR_NOMEM;
	index_sort(x);
	for (size_t i = 0; i < x->n; i++)
		x->node[i] = x->entry[i].box;
	for (int k = 1; k < x->levels; k++)
		index_level(x, k);
	x->built = true;
	return OK;
}

/* Does the ray from (lon, lat) to the east cross the edges of the run an odd number of times? */
static bool run_crosses(
	const struct geo_index *x, const struct index_run *run, double lon, double lat)
{
	const double(*pt)[2] = (const double(*)[2])x->pt;

	if (lat < run->box.y0 || lat >= run->box.y1 || lon > run->box.x1)
		return false;
	if (lon < run->box.x0)
		return (pt[run->first][1] > lat) != (pt[run->last][1] > lat);
	bool odd = false;

	for (uint32_t i = run->first; i < run->last; i++) {
		const double *a = pt[i], *b = pt[i + 1];

		if ((a[1] > lat) == (b[1] > lat))
			continue;
		if (lon < a[0] + (lat - a[1]) * (b[0] - a[0]) / (b[1] - a[1]))
			odd = !odd;
	}
	return odd;
}

static bool entry_contains(
	const struct geo_index *x, const struct index_entry *e, double lon, double lat)
{
	bool in = false;

	for (uint32_t i = 0; i < e->runs; i++)
		in ^= run_crosses(x, &x->run[e->run + i], lon, lat);
	return in;
}

/* Depth-first walk over the nodes whose box meets a box. */
struct index_walk {
	const struct geo_index *x;
	struct box b;
	size_t todo[INDEX_LEVELS * INDEX_FAN];
	int level[INDEX_LEVELS * INDEX_FAN];
	int n;
};

static void walk_start(struct index_walk *w, const struct geo_index *x, struct box b)
{
	assert(x->built);
	w->x = x;
	w->b = b;
	w->n = 0;
	if (x->n == 0)
		return;
	w->todo[0] = 0;
	w->level[0] = x->levels - 1;
	w->n = 1;
}

static const struct index_entry *walk_next(struct index_walk *w)
{
	const struct geo_index *x = w->x;

	while (w->n > 0) {
		size_t i = w->todo[--w->n];
		int k = w->level[w->n];

		if (!geo_box_meets(x->node[x->level[k] + i], w->b))
			continue;
		if (k == 0)
			return &x->entry[i];
		size_t end = (i + 1) * INDEX_FAN;

		if (end > x->count[k - 1])
			end = x->count[k - 1];
		for (size_t j = i * INDEX_FAN; j < end; j++) {
			w->todo[w->n] = j;
			w->level[w->n++] = k - 1;
		}
	}
	return NULL;
}

int64_t geo_index_find(const struct geo_index *x, double lon, double lat)
{
	struct index_walk w;
	const struct index_entry *e, *best = NULL;

	walk_start(&w, x, (struct box){ lon, lat, lon, lat });
	while ((e = walk_next(&w)) != NULL) {
		if (e->runs == 0 || (best != NULL && e->area > best->area))
			continue;
		/* Equal areas: the smaller id, so that the answer does not depend on the tree. */
		if (best != NULL && !(e->area < best->area) && e->id > best->id)
			continue;
		if (entry_contains(x, e, lon, lat))
			best = e;
	}
	return best != NULL ? best->id : NIL;
}

void geo_index_each(
	const struct geo_index *x, struct box b, void (*fn)(int64_t id, void *arg), void *arg)
{
	struct index_walk w;
	const struct index_entry *e;

	walk_start(&w, x, b);
	while ((e = walk_next(&w)) != NULL)
		fn(e->id, arg);
}
