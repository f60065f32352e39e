/*
 * Vector tile encoder. Features are drawn in tile units (4096 to a side, y downwards), cut to the
 * tile plus a buffer of 64, rounded, and written as the specification's commands; property keys and
 * values are shared within a layer. Lines are not drawn: no layer has them.
 *
 * Everything lives in the arena, whose maximum is the limit on the size of a tile. A failed
 * allocation is remembered and reported once, by mvt_finish.
 */
#include "base/mvt.h"

#include "base/geo_impl.h"
#include "base/vector_tile.pb-c.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
	MVT_EXTENT = 4096,
	MVT_BUFFER = 64,
	MVT_LAYERS_MAX = 32,
	MVT_KEYS_MAX = 64,
	MVT_TAGS_MAX = 2 * MVT_KEYS_MAX,
};

struct mvt_feature {
	struct mvt_feature *next;
	VectorTile__Tile__Feature pb;
};

/* Values in order of first use, with an open-addressed table of their numbers (0: empty). */
struct mvt_values {
	VectorTile__Tile__Value **list;
	size_t n, cap;
	uint32_t *slot;
	size_t slots; /* a power of two, at least twice n */
};

struct mvt_layer {
	VectorTile__Tile__Layer pb;
	struct mvt_feature *first, **tail;
	size_t features;
	char *key[MVT_KEYS_MAX];
	size_t keys;
	struct mvt_values values;
};

struct mvt_line {
	double (*p)[2];
	size_t n, cap;
};

struct mvt {
	struct arena *a;
	double scale; /* tile units per full turn */
	double x0, y0;
	struct mvt_layer *layer[MVT_LAYERS_MAX];
	size_t layers;
	struct mvt_layer *cur;
	struct mvt_feature *feature; /* takes properties; NULL: they are dropped */
	uint32_t tag[MVT_TAGS_MAX];
	size_t tags;
	/* Scratch, reused by every feature. */
	struct mvt_line ring, cut;
	uint32_t *cmd;
	size_t cmds, cmd_cap;
	int32_t pen_x, pen_y;
	bool failed;
};

struct mvt *mvt_new(struct arena *a, int z, int x, int y)
{
	struct mvt *m = ARENA_NEW(a, struct mvt);

	if (m == NULL)
		return NULL;
	m->a = a;
	m->scale = ldexp(MVT_EXTENT, z);
	m->x0 = (double)x * MVT_EXTENT;
	m->y0 = (double)y * MVT_EXTENT;
	return m;
}

/* The properties of the feature that ends here move from scratch to the feature. */
static void mvt_close_feature(struct mvt *m)
{
	if (m->feature != NULL && m->tags > 0) {
		uint32_t *tags = arena_array(m->a, m->tags, sizeof *tags);

		if (tags == NULL) {
			m->failed = true;
		} else {
			memcpy(tags, m->tag, m->tags * sizeof *tags);
			m->feature->pb.tags = tags;
			m->feature->pb.n_tags = m->tags;
		}
	}
	m->feature = NULL;
	m->tags = 0;
}

void mvt_layer(struct mvt *m, const char *name)
{
	mvt_close_feature(m);
	for (size_t i = 0; i < m->layers; i++) {
		m->cur = m->layer[i];
		if (strcmp(m->cur->pb.name, name) == 0)
			return;
	}
	m->cur = NULL;
	assert(m->layers < MVT_LAYERS_MAX);
	struct mvt_layer *l = m->layers < MVT_LAYERS_MAX ? ARENA_NEW(m->a, struct mvt_layer) : NULL;
	size_t n = strlen(name);
	char *copy = l != NULL ? arena_alloc(m->a, n + 1) : NULL;

	if (copy == NULL) {
		m->failed = true;
		return;
	}
	memcpy(copy, name, n);
	vector_tile__tile__layer__init(&l->pb);
	l->pb.version = 2;
	l->pb.name = copy;
	l->pb.has_extent = 1;
	l->pb.extent = MVT_EXTENT;
	l->tail = &l->first;
	m->layer[m->layers++] = l;
	m->cur = l;
}

/* --- drawing --- */

static void mvt_project(const struct mvt *m, double lon, double lat, double *ret_x, double *ret_y)
{
	double phi = fmax(-89.9, fmin(89.9, lat)) * (M_PI / 180);

	*ret_x = (lon + 180) / 360 * m->scale - m->x0;
	*ret_y = (1 - asinh(tan(phi)) / M_PI) / 2 * m->scale - m->y0;
}

static bool mvt_room(struct mvt *m, struct mvt_line *l, size_t n)
{
	if (n <= l->cap)
		return true;
	size_t cap = n > 2 * l->cap ? n : 2 * l->cap;
	double(*p)[2] = arena_array(m->a, cap, sizeof *p);

	if (p == NULL) {
		m->failed = true;
		return false;
	}
	/* Old content is never needed: lines are rebuilt from the start. */
	l->p = p;
	l->cap = cap;
	l->n = 0;
	return true;
}

static void mvt_command(struct mvt *m, uint32_t v)
{
	if (m->cmds == m->cmd_cap) {
		size_t cap = m->cmd_cap > 0 ? m->cmd_cap * 2 : 256;
		uint32_t *p = arena_array(m->a, cap, sizeof *p);

		if (p == NULL) {
			m->failed = true;
			return;
		}
		if (m->cmds > 0)
			memcpy(p, m->cmd, m->cmds * sizeof *p);
		m->cmd = p;
		m->cmd_cap = cap;
	}
	m->cmd[m->cmds++] = v;
}

static uint32_t zigzag(int32_t v)
{
	return (uint32_t)v << 1 ^ (v < 0 ? UINT32_MAX : 0);
}

static void mvt_move(struct mvt *m, const double *p)
{
	int32_t x = (int32_t)p[0], y = (int32_t)p[1];

	mvt_command(m, zigzag(x - m->pen_x));
	mvt_command(m, zigzag(y - m->pen_y));
	m->pen_x = x;
	m->pen_y = y;
}

/* One side of the clipping square: keep v <= limit (sign 1) or v >= limit (sign -1) on an axis. */
struct mvt_side {
	int axis;
	double sign, limit;
};

static const struct mvt_side mvt_sides[] = {
	{ 0, -1, -MVT_BUFFER },
	{ 0, 1, MVT_EXTENT + MVT_BUFFER },
	{ 1, -1, -MVT_BUFFER },
	{ 1, 1, MVT_EXTENT + MVT_BUFFER },
};

/* One step of Sutherland-Hodgman on the open ring m->ring, by way of m->cut. */
static void mvt_clip_side(struct mvt *m, const struct mvt_side *s)
{
	size_t n = m->ring.n;
	int k = s->axis;
	bool all = true;

	for (size_t i = 0; i < n && all; i++)
		all = (m->ring.p[i][k] - s->limit) * s->sign <= 0;
	if (all)
		return;
	if (!mvt_room(m, &m->cut, 2 * n)) {
		m->ring.n = 0;
		return;
	}
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		const double *a = m->ring.p[i], *b = m->ring.p[i + 1 < n ? i + 1 : 0];
		double da = (a[k] - s->limit) * s->sign, db = (b[k] - s->limit) * s->sign;

		if (da <= 0) {
			m->cut.p[out][0] = a[0];
			m->cut.p[out++][1] = a[1];
		}
		if ((da < 0 && db > 0) || (da > 0 && db < 0)) {
			double t = da / (da - db);

			m->cut.p[out][k] = s->limit;
			m->cut.p[out][1 - k] = a[1 - k] + (b[1 - k] - a[1 - k]) * t;
			out++;
		}
	}
	struct mvt_line swap = m->ring;

	m->ring = m->cut;
	m->ring.n = out;
	m->cut = swap;
}

static double cross(const double *a, const double *b, const double *c)
{
	return (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
}

static bool same(const double *a, const double *b)
{
	return !(a[0] < b[0] || a[0] > b[0] || a[1] < b[1] || a[1] > b[1]);
}

/* Whole units; drops repeated points and points on the straight line between their neighbours. */
static void mvt_round(struct mvt_line *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		double p[2] = { round(l->p[i][0]), round(l->p[i][1]) };

		while (n >= 2 && !(fabs(cross(l->p[n - 2], l->p[n - 1], p)) > 0))
			n--;
		if (n >= 1 && same(l->p[n - 1], p))
			continue;
		l->p[n][0] = p[0];
		l->p[n++][1] = p[1];
	}
	/* The same where the ring closes. */
	while (n >= 3 && !(fabs(cross(l->p[n - 2], l->p[n - 1], l->p[0])) > 0))
		n--;
	while (n >= 3 && !(fabs(cross(l->p[n - 1], l->p[0], l->p[1])) > 0)) {
		n--;
		memmove(l->p, l->p + 1, n * sizeof *l->p);
	}
	l->n = n;
}

static double mvt_area2(const struct mvt_line *l)
{
	double sum = 0;

	for (size_t i = 1; i + 1 < l->n; i++)
		sum += cross(l->p[0], l->p[i], l->p[i + 1]);
	return sum;
}

/* False when nothing of the ring remains. Outer rings have positive area with y downwards. */
static bool mvt_ring(struct mvt *m, const struct geo_shape *s, uint32_t r, bool outer)
{
	uint32_t first = s->ring[r], n = s->ring[r + 1] - first - 1;

	if (!mvt_room(m, &m->ring, n))
		return false;
	for (uint32_t i = 0; i < n; i++)
		mvt_project(m, s->pt[first + i][0], s->pt[first + i][1], &m->ring.p[i][0],
			&m->ring.p[i][1]);
	m->ring.n = n;
	for (size_t i = 0; i < ARRAY_LEN(mvt_sides) && m->ring.n > 0; i++)
		mvt_clip_side(m, &mvt_sides[i]);
	mvt_round(&m->ring);
	double area = mvt_area2(&m->ring);

	if (m->ring.n < 3 || !(fabs(area) > 0))
		return false;
	bool back = (area > 0) != outer;

	n = (uint32_t)m->ring.n;
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0)
			mvt_command(m, 1 << 3 | 1);
		else if (i == 1)
			mvt_command(m, (n - 1) << 3 | 2);
		mvt_move(m, m->ring.p[back ? n - 1 - i : i]);
	}
	mvt_command(m, 1 << 3 | 7);
	return true;
}

/* --- features --- */

static void mvt_begin(struct mvt *m)
{
	mvt_close_feature(m);
	m->cmds = 0;
	m->pen_x = 0;
	m->pen_y = 0;
}

/* The drawing in scratch becomes a feature of the current layer. */
static bool mvt_add(struct mvt *m, int64_t id, VectorTile__Tile__GeomType type)
{
	if (m->failed || m->cur == NULL)
		return false;
	struct mvt_feature *f = ARENA_NEW(m->a, struct mvt_feature);
	uint32_t *cmd = f != NULL ? arena_array(m->a, m->cmds, sizeof *cmd) : NULL;

	if (cmd == NULL) {
		m->failed = true;
		return false;
	}
	memcpy(cmd, m->cmd, m->cmds * sizeof *cmd);
	vector_tile__tile__feature__init(&f->pb);
	f->pb.has_id = id >= 0;
	f->pb.id = id >= 0 ? (uint64_t)id : 0;
	f->pb.has_type = 1;
	f->pb.type = type;
	f->pb.geometry = cmd;
	f->pb.n_geometry = m->cmds;
	*m->cur->tail = f;
	m->cur->tail = &f->next;
	m->cur->features++;
	m->feature = f;
	return true;
}

bool mvt_point(struct mvt *m, int64_t id, double lon, double lat)
{
	double p[2];

	mvt_begin(m);
	mvt_project(m, lon, lat, &p[0], &p[1]);
	/* Written so that a position that is not a number is outside. */
	if (!(p[0] >= -MVT_BUFFER && p[0] < MVT_EXTENT + MVT_BUFFER && p[1] >= -MVT_BUFFER &&
		    p[1] < MVT_EXTENT + MVT_BUFFER))
		return false;
	p[0] = floor(p[0]);
	p[1] = floor(p[1]);
	mvt_command(m, 1 << 3 | 1);
	mvt_move(m, p);
	return mvt_add(m, id, VECTOR_TILE__TILE__GEOM_TYPE__POINT);
}

static bool mvt_meets(const struct mvt *m, struct box b)
{
	double x0, y0, x1, y1;

	mvt_project(m, b.x0, b.y1, &x0, &y0);
	mvt_project(m, b.x1, b.y0, &x1, &y1);
	return x0 <= MVT_EXTENT + MVT_BUFFER && x1 >= -MVT_BUFFER &&
	       y0 <= MVT_EXTENT + MVT_BUFFER && y1 >= -MVT_BUFFER;
}

bool mvt_shape(struct mvt *m, struct geo *g, int64_t id, const struct geo_shape *s)
{
	(void)g;
	if (s->kind == GEO_POINT)
		return mvt_point(m, id, s->pt[0][0], s->pt[0][1]);
	mvt_begin(m);
	if (!geo_is_area(s) || !mvt_meets(m, s->box))
		return false;
	for (uint32_t p = 0; p < s->parts; p++) {
		/* Without its outer ring a hole would be read as belonging to the part before. */
		if (!mvt_ring(m, s, s->part[p], true))
			continue;
		for (uint32_t r = s->part[p] + 1; r < s->part[p + 1]; r++)
			(void)mvt_ring(m, s, r, false);
	}
	if (m->cmds == 0)
		return false;
	return mvt_add(m, id, VECTOR_TILE__TILE__GEOM_TYPE__POLYGON);
}

/* --- properties --- */

static uint64_t mvt_hash(const VectorTile__Tile__Value *v)
{
	uint64_t h = 14695981039346656037u;

	if (v->string_value == NULL) {
		h = (v->has_sint_value ? (uint64_t)v->sint_value : v->uint_value) *
		    0x9e3779b97f4a7c15u;
		return h ^ h >> 32;
	}
	for (const char *p = v->string_value; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	return h ^ h >> 32;
}

static bool mvt_equal(const VectorTile__Tile__Value *a, const VectorTile__Tile__Value *b)
{
	if (a->string_value != NULL || b->string_value != NULL)
		return a->string_value != NULL && b->string_value != NULL &&
		       strcmp(a->string_value, b->string_value) == 0;
	return a->has_sint_value == b->has_sint_value && a->sint_value == b->sint_value &&
	       a->uint_value == b->uint_value;
}

/* The slot that holds an equal value, or the empty one where it belongs. */
static uint32_t *mvt_slot(const struct mvt_values *t, const VectorTile__Tile__Value *v)
{
	size_t i = mvt_hash(v) & (t->slots - 1);

	while (t->slot[i] != 0 && !mvt_equal(t->list[t->slot[i] - 1], v))
		i = (i + 1) & (t->slots - 1);
	return &t->slot[i];
}

static bool mvt_grow_values(struct mvt *m, struct mvt_values *t)
{
	if (t->n < t->cap)
		return true;
	size_t cap = t->cap > 0 ? t->cap * 2 : 32;
	VectorTile__Tile__Value **list = arena_array(m->a, cap, sizeof(VectorTile__Tile__Value *));
	uint32_t *slot = list != NULL ? arena_array(m->a, cap * 2, sizeof *slot) : NULL;

	if (slot == NULL)
		return false;
	for (size_t i = 0; i < t->n; i++)
		list[i] = t->list[i];
	t->list = list;
	t->cap = cap;
	t->slot = slot;
	t->slots = cap * 2;
	for (size_t i = 0; i < t->n; i++)
		*mvt_slot(t, list[i]) = (uint32_t)i + 1;
	return true;
}

/* Number of a value in the layer; the text of a new one is copied. */
static bool mvt_value(struct mvt *m, VectorTile__Tile__Value *v, uint32_t *ret_i)
{
	struct mvt_values *t = &m->cur->values;

	if (!mvt_grow_values(m, t))
		return false;
	uint32_t *slot = mvt_slot(t, v);

	if (*slot == 0) {
		VectorTile__Tile__Value *copy = ARENA_NEW(m->a, VectorTile__Tile__Value);

		if (copy == NULL)
			return false;
		*copy = *v;
		t->list[t->n++] = copy;
		*slot = (uint32_t)t->n;
	}
	*ret_i = *slot - 1;
	return true;
}

static bool mvt_key(struct mvt *m, const char *key, uint32_t *ret_i)
{
	struct mvt_layer *l = m->cur;

	for (uint32_t i = 0; i < l->keys; i++) {
		if (strcmp(l->key[i], key) == 0) {
			*ret_i = i;
			return true;
		}
	}
	size_t n = strlen(key);
	char *copy = l->keys < MVT_KEYS_MAX ? arena_alloc(m->a, n + 1) : NULL;

	if (copy == NULL)
		return false;
	memcpy(copy, key, n);
	*ret_i = (uint32_t)l->keys;
	l->key[l->keys++] = copy;
	return true;
}

static void mvt_tag(struct mvt *m, const char *key, VectorTile__Tile__Value *v)
{
	uint32_t k, i;

	if (!mvt_key(m, key, &k) || !mvt_value(m, v, &i) || m->tags + 2 > MVT_TAGS_MAX) {
		m->failed = true;
		return;
	}
	m->tag[m->tags++] = k;
	m->tag[m->tags++] = i;
}

/* Browsers read numbers as doubles: identifiers above 2^53, such as place codes, go as text. */
void mvt_int(struct mvt *m, const char *key, int64_t v)
{
	VectorTile__Tile__Value value = VECTOR_TILE__TILE__VALUE__INIT;

	if (m->feature == NULL)
		return;
	if (v < 0) {
		value.has_sint_value = 1;
		value.sint_value = v;
	} else {
		value.has_uint_value = 1;
		value.uint_value = (uint64_t)v;
	}
	mvt_tag(m, key, &value);
}

/* An absent text leaves the property out. */
void mvt_str(struct mvt *m, const char *key, struct str v)
{
	VectorTile__Tile__Value value = VECTOR_TILE__TILE__VALUE__INIT;

	if (m->feature == NULL || v.p == NULL)
		return;
	value.string_value = arena_alloc(m->a, v.n + 1);
	if (value.string_value == NULL) {
		m->failed = true;
		return;
	}
	memcpy(value.string_value, v.p, v.n);
	mvt_tag(m, key, &value);
}

/* --- writing --- */

static bool mvt_seal_layer(struct mvt *m, struct mvt_layer *l)
{
	l->pb.features = arena_array(m->a, l->features, sizeof(VectorTile__Tile__Feature *));
	if (l->pb.features == NULL)
		return false;
	for (struct mvt_feature *f = l->first; f != NULL; f = f->next)
		l->pb.features[l->pb.n_features++] = &f->pb;
	l->pb.keys = l->key;
	l->pb.n_keys = l->keys;
	l->pb.values = l->values.list;
	l->pb.n_values = l->values.n;
	return true;
}

struct mvt_out {
	ProtobufCBuffer base;
	struct buf *to;
};

static void mvt_append(ProtobufCBuffer *base, size_t n, const uint8_t *p)
{
	struct mvt_out *o = (struct mvt_out *)(void *)base;

	buf_put(o->to, p, n);
}

enum err mvt_finish(struct mvt *m, struct buf *out)
{
	VectorTile__Tile tile = VECTOR_TILE__TILE__INIT;
	VectorTile__Tile__Layer *list[MVT_LAYERS_MAX];
	struct mvt_out o = { .base = { .append = mvt_append }, .to = out };

	mvt_close_feature(m);
	for (size_t i = 0; i < m->layers && !m->failed; i++) {
		struct mvt_layer *l = m->layer[i];

		if (l->features == 0)
			continue;
		if (!mvt_seal_layer(m, l))
			m->failed = true;
		list[tile.n_layers++] = &l->pb;
	}
	if (m->failed)
		return ERR_NOMEM;
	tile.layers = list;
	(void)vector_tile__tile__pack_to_buffer(&tile, &o.base);
	return out->failed ? ERR_LIMIT : OK;
}
