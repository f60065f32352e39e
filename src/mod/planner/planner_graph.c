/*
 * Which cells are neighbours. The nearest of each, and the nearest in each of eight directions, are found with
 * a grid of buckets; of those, the ones with none of the others in the circle over the pair (so that lines
 * hardly cross and the shortest ways remain); long ones and those across a barrier are cut; what is then apart
 * is joined over the shortest gaps.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mod/planner/planner_impl.h"

enum { NEAR = 10, SECTORS = 8, SIDE_MAX = 256 };
#define LONG_M 400.0
#define LONG_SPACINGS 8.0

struct edge {
	uint32_t a, b;
};

struct near {
	uint32_t cell;
	double d2;
};

struct build {
	const struct plan_problem *p;
	struct graph *g;
	struct plan_barrier *wall; /* in metres, those among the cells */
	size_t nwall, last;	   /* last: the one that was crossed last */
	uint32_t *bucket, *member; /* members of bucket i: bucket[i] … bucket[i + 1] - 1 */
	int nx, ny;
	double x0, y0, side;
	struct near *near; /* NEAR of each cell, ascending */
	uint8_t *nnear;
	struct near *sector; /* SECTORS of each cell; d2 is infinite where there is none */
	struct edge *edge;
	size_t nedge, cap;
	uint32_t *root;
};

static double dist2(const struct graph *g, size_t a, size_t b)
{
	double dx = g->x[a] - g->x[b], dy = g->y[a] - g->y[b];

	return dx * dx + dy * dy;
}

/* ---- projection and barriers ---- */

/* Can the stretch come between two of the cells? */
static bool among(const struct graph *g, const struct plan_barrier *w)
{
	bool west = true, east = true, south = true, north = true;

	for (size_t i = 0; i < g->n && (west || east || south || north); i++) {
		west = west && fmax(w->lon1, w->lon2) < g->x[i];
		east = east && fmin(w->lon1, w->lon2) > g->x[i];
		south = south && fmax(w->lat1, w->lat2) < g->y[i];
		north = north && fmin(w->lat1, w->lat2) > g->y[i];
	}
	return !(west || east || south || north);
}

static void project(struct build *b)
{
	const struct plan_problem *p = b->p;
	double lon0 = p->cell[0].lon, lat0 = p->cell[0].lat, ky = 110574.0;
	double kx = 111320.0 * cos(lat0 * 0.017453292519943295);

	for (size_t i = 0; i < p->n; i++) {
		b->g->x[i] = (p->cell[i].lon - lon0) * kx;
		b->g->y[i] = (p->cell[i].lat - lat0) * ky;
	}
	for (size_t i = 0; i < p->nbarrier; i++) {
		const struct plan_barrier w = {
			(p->barrier[i].lon1 - lon0) * kx, (p->barrier[i].lat1 - lat0) * ky,
			(p->barrier[i].lon2 - lon0) * kx, (p->barrier[i].lat2 - lat0) * ky,
		};

		if (among(b->g, &w))
			b->wall[b->nwall++] = w;
	}
}

static double turn(double ax, double ay, double bx, double by, double cx, double cy)
{
	return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

static bool crosses(const struct graph *g, const struct plan_barrier *w, size_t i, size_t j)
{
	double ax = g->x[i], ay = g->y[i], bx = g->x[j], by = g->y[j];

	return turn(ax, ay, bx, by, w->lon1, w->lat1) * turn(ax, ay, bx, by, w->lon2, w->lat2) <= 0 &&
	       turn(w->lon1, w->lat1, w->lon2, w->lat2, ax, ay) * turn(w->lon1, w->lat1, w->lon2, w->lat2, bx, by) < 0;
}

/* Is there a barrier between two cells? From the one crossed last on, both ways: pairs come in an order in which the
 * next is mostly stopped by a stretch close by. */
static bool walled(struct build *b, size_t i, size_t j)
{
	for (size_t k = 0; k < b->nwall; k++) {
		size_t up = b->last + k, down = b->last - k;

		if (up < b->nwall && crosses(b->g, &b->wall[up], i, j)) {
			b->last = up;
			return true;
		}
		if (k > 0 && k <= b->last && crosses(b->g, &b->wall[down], i, j)) {
			b->last = down;
			return true;
		}
	}
	return false;
}

/* ---- buckets ---- */

static int slot(double v, double v0, double side, int n)
{
	int i = (int)((v - v0) / side);

	return i < 0 ? 0 : i < n ? i : n - 1;
}

static enum err fill_buckets(struct build *b, struct arena *a)
{
	const struct graph *g = b->g;
	double x1 = g->x[0], y1 = g->y[0], width, height;
	uint32_t *at;
	size_t nbucket;

	b->x0 = x1;
	b->y0 = y1;
	for (size_t i = 1; i < g->n; i++) {
		b->x0 = fmin(b->x0, g->x[i]);
		b->y0 = fmin(b->y0, g->y[i]);
		x1 = fmax(x1, g->x[i]);
		y1 = fmax(y1, g->y[i]);
	}
	width = x1 - b->x0;
	height = y1 - b->y0;
	b->side = fmax(sqrt(width * height * 2 / (double)g->n), fmax(width, height) / SIDE_MAX);
	b->side = fmax(b->side, 1.0);
	b->nx = (int)(width / b->side) + 1;
	b->ny = (int)(height / b->side) + 1;
	nbucket = (size_t)b->nx * (size_t)b->ny;
	b->bucket = arena_array(a, nbucket + 1, sizeof(*b->bucket));
	b->member = arena_array(a, g->n, sizeof(*b->member));
	at = arena_array(a, g->n, sizeof(*at));
	if (b->bucket == NULL || b->member == NULL || at == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < g->n; i++) {
		at[i] = (uint32_t)(slot(g->y[i], b->y0, b->side, b->ny) * b->nx + slot(g->x[i], b->x0, b->side, b->nx));
		b->bucket[at[i]]++;
	}
	for (size_t i = 1; i <= nbucket; i++)
		b->bucket[i] += b->bucket[i - 1];
	for (size_t i = g->n; i-- > 0;)
		b->member[--b->bucket[at[i]]] = (uint32_t)i;
	return OK;
}

static size_t sector_of(double dx, double dy)
{
	return (size_t)(dx < 0) | (size_t)(dy < 0) << 1 | (size_t)(fabs(dx) < fabs(dy)) << 2;
}

static void consider(struct build *b, size_t i, uint32_t j)
{
	struct near *way = &b->sector[i * SECTORS + sector_of(b->g->x[j] - b->g->x[i], b->g->y[j] - b->g->y[i])];
	struct near *list = &b->near[i * NEAR];
	size_t n = b->nnear[i];
	double d2 = dist2(b->g, i, j);

	if (j != i && d2 < way->d2)
		*way = (struct near){ j, d2 };
	if (j == i || (n == NEAR && d2 >= list[NEAR - 1].d2))
		return;
	if (n < NEAR)
		b->nnear[i]++;
	else
		n--;
	for (; n > 0 && list[n - 1].d2 > d2; n--)
		list[n] = list[n - 1];
	list[n] = (struct near){ j, d2 };
}

static void look_in(struct build *b, size_t i, int cx, int cy)
{
	size_t at = (size_t)cy * (size_t)b->nx + (size_t)cx;

	if (cx < 0 || cx >= b->nx || cy < 0 || cy >= b->ny)
		return;
	for (uint32_t k = b->bucket[at]; k < b->bucket[at + 1]; k++)
		consider(b, i, b->member[k]);
}

/* Can buckets beyond `seen` metres still hold a nearer cell? */
static bool more_to_see(const struct build *b, size_t i, double seen)
{
	if (b->nnear[i] < NEAR || b->near[i * NEAR + NEAR - 1].d2 > seen * seen)
		return true;
	for (size_t k = 0; k < SECTORS && seen < LONG_M; k++) {
		if (b->sector[i * SECTORS + k].d2 > seen * seen)
			return true;
	}
	return false;
}

/* Rings of buckets around the cell's own. */
static void find_near(struct build *b, size_t i)
{
	int cx = slot(b->g->x[i], b->x0, b->side, b->nx), cy = slot(b->g->y[i], b->y0, b->side, b->ny);
	int last = b->nx > b->ny ? b->nx : b->ny;

	for (int r = 0; r <= last; r++) {
		if (r > 1 && !more_to_see(b, i, (r - 1) * b->side))
			return;
		for (int dy = -r; dy <= r; dy++) {
			int step = dy == -r || dy == r || r == 0 ? 1 : 2 * r;

			for (int dx = -r; dx <= r; dx += step)
				look_in(b, i, cx + dx, cy + dy);
		}
	}
}

/* ---- edges ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int by_ends(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

static enum err set_spacing(struct build *b, struct arena *a)
{
	size_t n = b->g->n;
	double *d = arena_array(a, n, sizeof(*d));

	if (d == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		d[i] = b->nnear[i] > 0 ? sqrt(b->near[i * NEAR].d2) : 0;
	qsort(d, n, sizeof(*d), by_value);
	b->g->spacing = fmax(d[n / 2], 1.0);
	return OK;
}

static uint32_t find_root(uint32_t *root, uint32_t i)
{
	while (root[i] != i) {
		root[i] = root[root[i]];
		i = root[i];
	}
	return i;
}

static void add_edge(struct build *b, uint32_t i, uint32_t j)
{
	uint32_t ri = find_root(b->root, i), rj = find_root(b->root, j);

	if (b->nedge == b->cap)
		return; /* cannot be: cap counts every candidate */
	b->edge[b->nedge++] = i < j ? (struct edge){ i, j } : (struct edge){ j, i };
	if (ri != rj)
		b->root[ri > rj ? ri : rj] = ri > rj ? rj : ri;
}

/* The nearest and those in the directions, as one list. */
static size_t candidates(const struct build *b, size_t i, struct near ret[NEAR + SECTORS])
{
	size_t n = b->nnear[i];

	memcpy(ret, &b->near[i * NEAR], n * sizeof(*ret));
	for (size_t k = 0; k < SECTORS; k++) {
		if (b->sector[i * SECTORS + k].d2 < INFINITY)
			ret[n++] = b->sector[i * SECTORS + k];
	}
	return n;
}

static void add_near_edges(struct build *b)
{
	double cut = fmax(LONG_M, b->g->spacing * LONG_SPACINGS);
	struct near list[NEAR + SECTORS];

	for (size_t i = 0; i < b->g->n; i++) {
		size_t n = candidates(b, i, list);

		for (size_t k = 0; k < n; k++) {
			bool between = false;

			for (size_t m = 0; m < n && !between; m++)
				between = list[m].d2 + dist2(b->g, list[m].cell, list[k].cell) < list[k].d2 * (1 - 1e-9);
			if (!between && list[k].d2 <= cut * cut && !walled(b, i, list[k].cell))
				add_edge(b, (uint32_t)i, list[k].cell);
		}
	}
}

/* The shortest way out of each group that is not the largest, one round; false when there was none. */
static bool join_groups(struct build *b, struct near *way, uint32_t *from, uint32_t *size)
{
	size_t n = b->g->n, largest = 0;
	double gap = b->p->gap_m > 0 ? b->p->gap_m : PLAN_GAP;
	bool joined = false;

	for (size_t i = 0; i < n; i++) {
		way[i] = (struct near){ 0, gap * gap };
		from[i] = UINT32_MAX;
		size[i] = 0;
	}
	for (size_t i = 0; i < n; i++)
		size[find_root(b->root, (uint32_t)i)]++;
	for (size_t i = 1; i < n; i++)
		largest = size[i] > size[largest] ? i : largest;
	for (size_t i = 0; i < n && size[largest] < n; i++) {
		uint32_t r = find_root(b->root, (uint32_t)i);

		for (size_t j = 0; r != largest && j < n; j++) {
			double d2 = dist2(b->g, i, j);

			if (d2 < way[r].d2 && find_root(b->root, (uint32_t)j) != r && !walled(b, i, j)) {
				way[r] = (struct near){ (uint32_t)j, d2 };
				from[r] = (uint32_t)i;
			}
		}
	}
	for (uint32_t r = 0; r < n; r++) {
		if (from[r] != UINT32_MAX && find_root(b->root, from[r]) != find_root(b->root, way[r].cell)) {
			add_edge(b, from[r], way[r].cell);
			joined = true;
		}
	}
	return joined;
}

/* Edges, both ways, by cell. */
static enum err finish(struct build *b, struct arena *a)
{
	struct graph *g = b->g;
	size_t n = 0;

	qsort(b->edge, b->nedge, sizeof(*b->edge), by_ends);
	for (size_t i = 0; i < b->nedge; i++) {
		if (n == 0 || by_ends(&b->edge[n - 1], &b->edge[i]) != 0)
			b->edge[n++] = b->edge[i];
	}
	g->first = arena_array(a, g->n + 2, sizeof(*g->first));
	g->to = arena_array(a, 2 * n + 1, sizeof(*g->to));
	if (g->first == NULL || g->to == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		g->first[b->edge[i].a + 2]++;
		g->first[b->edge[i].b + 2]++;
	}
	for (size_t i = 2; i < g->n + 2; i++)
		g->first[i] += g->first[i - 1];
	for (size_t i = 0; i < n; i++) {
		g->to[g->first[b->edge[i].a + 1]++] = b->edge[i].b;
		g->to[g->first[b->edge[i].b + 1]++] = b->edge[i].a;
	}
	return OK;
}

enum err graph_make(struct arena *a, const struct plan_problem *p, struct graph *ret)
{
	struct graph g = { .n = p->n };
	struct build b = { .p = p, .g = ret, .cap = p->n * (NEAR + SECTORS + 1) };
	struct near *way = arena_array(a, p->n, sizeof(*way));
	uint32_t *from = arena_array(a, p->n, sizeof(*from)), *size = arena_array(a, p->n, sizeof(*size));
	enum err err;

	g.x = arena_array(a, p->n, sizeof(*g.x));
	g.y = arena_array(a, p->n, sizeof(*g.y));
	b.wall = arena_array(a, p->nbarrier + 1, sizeof(*b.wall));
	b.near = arena_array(a, p->n * NEAR, sizeof(*b.near));
	b.nnear = arena_array(a, p->n, sizeof(*b.nnear));
	b.sector = arena_array(a, p->n * SECTORS, sizeof(*b.sector));
	b.edge = arena_array(a, b.cap, sizeof(*b.edge));
	b.root = arena_array(a, p->n, sizeof(*b.root));
	if (way == NULL || from == NULL || size == NULL || g.x == NULL || g.y == NULL || b.wall == NULL ||
	    b.near == NULL || b.nnear == NULL || b.sector == NULL || b.edge == NULL || b.root == NULL)
		return ERR_NOMEM;
	*ret = g;
	for (uint32_t i = 0; i < p->n; i++)
		b.root[i] = i;
	for (size_t i = 0; i < p->n * SECTORS; i++)
		b.sector[i].d2 = INFINITY;
	project(&b);
	err = fill_buckets(&b, a);
	for (size_t i = 0; err == OK && i < p->n; i++)
		find_near(&b, i);
	if (err == OK)
		err = set_spacing(&b, a);
	if (err != OK)
		return err;
	add_near_edges(&b);
	while (join_groups(&b, way, from, size))
		;
	return finish(&b, a);
}
