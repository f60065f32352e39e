/*
 * The invented district and city. The plan (how many of what below each street, and their
 * households) is drawn first, because parents are told before their children; names and borders are
 * made street by street. Every street draws from its own random stream, so its content does not
 * depend on the order of generation.
 */
#include "mod/demo/demo_place.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/geo.h"
#include "mod/demo/demo_rand.h"
#include "mod/demo/demo_words.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum {
	OUTLINE_CORNERS = 72,
	SITE_CANDIDATES = 6, /* the best spaced of so many becomes the next site */
	SITE_TRIES = 20000,
	DEDICATED_KINDS = DEMO_KIND_HOSPITAL - DEMO_KIND_PARK + 1,
	DEDICATED_BASE = 900, /* grid numbers 901 … are dedicated */
	ARENA_MAX = 16 << 20, /* one street of a city takes about 1 MB */
};

/* What each random stream is for. */
enum stream { STREAM_PLAN, STREAM_HOMES, STREAM_NAMES, STREAM_GROUND, STREAM_MICRO };

static const int64_t CITY_CODE = 99010000000000000;
static const int64_t LEVEL_UNIT[DEMO_LEVEL_MAX] = { 10000000000000, 100000000000, 100000000, 100000,
	100, 1 };

static const double CENTRE_LON = 106.54, CENTRE_LAT = 29.40;
static const double KM_DEGREE = 111.195;

static const struct demo_counts sizes[DEMO_SIZE_MAX] = {
	[DEMO_SMALL] = { 1, 3, 12, 48, 9, 384 },
	[DEMO_DISTRICT] = { 1, 23, 313, 1200, 69, 9600 },
	[DEMO_CITY] = { 39, 1031, 11000, 58907, 3093, 620000 },
};

struct street_plan {
	int district;
	int communities, grids, dedicated, micros;
	int households;
};

struct cells {
	size_t n;
	double (*site)[2];
	struct geo_shape **shape;
};

struct demo_places {
	struct demo_counts want;
	uint64_t seed;
	struct geo *g;
	struct arena *a; /* the current street */
	struct buf scratch;
	struct street_plan *street;
	struct geo_shape *outline;
	struct cells districts;
	struct cells streets; /* of the district at work */
	int street_at;        /* next street to make, over all districts */
	int street_no;        /* its number within its district, from 0 */
	int communities_done, district_homes, city_homes;
	struct demo_place *list;
	size_t n, cap, at;
};

struct demo_counts demo_counts(enum demo_size size)
{
	assert(size < DEMO_SIZE_MAX);
	return sizes[size];
}

/* --- plan --- */

/* How many of `n` fall to a part with weights from `before` to `after` of `total`: the parts of a
 * whole add up to n exactly. */
static int portion(double before, double after, double total, int n)
{
	return (int)(llround(after / total * n) - llround(before / total * n));
}

static void stream(struct demo_rand *r, const struct demo_places *d, enum stream what, int64_t key)
{
	demo_rand_fork(r, d->seed, (uint64_t)key * 8 + (uint64_t)what);
}

/* Weights between 0.7 and 1.3 spread a total over n parts, each getting at least one. */
static void spread(struct demo_rand *r, int total, int n, int *out, size_t stride)
{
	double sum = 0, at = 0;
	struct demo_rand again = *r;

	for (int i = 0; i < n; i++)
		sum += 0.7 + 0.6 * demo_rand_share(&again);
	for (int i = 0; i < n; i++) {
		double w = 0.7 + 0.6 * demo_rand_share(r);

		out[(size_t)i * stride] = portion(at, at + w, sum, total);
		at += w;
	}
}

/* About 400; one in sixteen has outgrown the norm and waits to be split. */
static int grid_homes(struct demo_rand *r)
{
	double v = demo_rand_normal(r, 390, 45);

	if (demo_rand_below(r, 16) == 0)
		v = 480 + 140 * demo_rand_share(r);
	return (int)fmax(280, fmin(620, v));
}

static void plan_homes(struct demo_places *d)
{
	double total = 0, at = 0;

	for (int s = 0; s < d->want.streets; s++) {
		struct demo_rand r;

		stream(&r, d, STREAM_HOMES, s);
		for (int i = 0; i < d->street[s].grids; i++)
			d->street[s].households += grid_homes(&r);
		total += d->street[s].households;
	}
	for (int s = 0; s < d->want.streets; s++) {
		double after = at + d->street[s].households;

		d->street[s].micros = portion(at, after, total, d->want.micros);
		at = after;
	}
	d->city_homes = (int)total;
}

static bool plan_make(struct demo_places *d)
{
	const size_t stride = sizeof(struct street_plan) / sizeof(int);
	int n = d->want.streets, *share = calloc((size_t)d->want.districts, sizeof *share);
	struct demo_rand r;

	d->street = calloc((size_t)n, sizeof *d->street);
	if (share == NULL || d->street == NULL) {
		free(share);
		return false;
	}
	stream(&r, d, STREAM_PLAN, 0);
	spread(&r, n, d->want.districts, share, 1);
	for (int s = 0, k = 0; k < d->want.districts; k++)
		for (int i = 0; i < share[k]; i++)
			d->street[s++].district = k;
	free(share);
	spread(&r, d->want.communities, n, &d->street[0].communities, stride);
	double at = 0;

	/* Grids follow communities, so that none is left without. */
	for (int s = 0; s < n; s++) {
		double after = at + d->street[s].communities;

		d->street[s].grids = portion(at, after, d->want.communities, d->want.grids);
		d->street[s].dedicated = portion(s, s + 1, n, d->want.dedicated);
		at = after;
	}
	plan_homes(d);
	return true;
}

/* --- ground --- */

static void cells_release(struct demo_places *d, struct cells *c)
{
	for (size_t i = 0; i < c->n && c->shape != NULL; i++)
		geo_shape_free(d->g, c->shape[i]);
	free(c->shape);
	free(c->site);
	*c = (struct cells){ .n = 0 };
}

/* A round outline with inlets and a rough edge, `km` from side to side. */
static enum err outline_make(struct demo_places *d, double km, struct geo_shape **ret)
{
	struct demo_rand r;
	struct buf b;
	struct error e = { .err = OK };
	double phase[4], first[2] = { 0, 0 };

	stream(&r, d, STREAM_GROUND, -1);
	for (size_t k = 0; k < ARRAY_LEN(phase); k++)
		phase[k] = 2 * M_PI * demo_rand_share(&r);
	buf_init(&b, 1 << 14);
	buf_z(&b, "{\"type\":\"Polygon\",\"coordinates\":[[");
	for (int i = 0; i <= OUTLINE_CORNERS; i++) {
		double t = 2 * M_PI * i / OUTLINE_CORNERS, radius = 1;

		for (size_t k = 0; k < ARRAY_LEN(phase); k++)
			radius += 0.11 / (double)(k + 1) * sin(t * (double)(k + 2) + phase[k]);
		radius *= km / 2 / KM_DEGREE * (0.96 + 0.08 * demo_rand_share(&r));
		double x = CENTRE_LON + radius * cos(t) / cos(CENTRE_LAT * M_PI / 180);
		double y = CENTRE_LAT + radius * sin(t);

		if (i == 0) {
			first[0] = x;
			first[1] = y;
		}
		buf_fmt(&b, "%s[%.7f,%.7f]", i > 0 ? "," : "", i < OUTLINE_CORNERS ? x : first[0],
			i < OUTLINE_CORNERS ? y : first[1]);
	}
	buf_z(&b, "]]}");
	enum err err = b.failed ? ERR_NOMEM : geo_from_geojson(d->g, buf_view(&b), ret, &e);

	buf_release(&b);
	return err;
}

static bool point_in(
	struct demo_places *d, struct demo_rand *r, const struct geo_shape *s, double *ret)
{
	struct box b = geo_box(d->g, s);

	for (int i = 0; i < SITE_TRIES; i++) {
		double x = b.x0 + (b.x1 - b.x0) * demo_rand_share(r);
		double y = b.y0 + (b.y1 - b.y0) * demo_rand_share(r);

		if (!geo_contains(d->g, s, x, y))
			continue;
		ret[0] = x;
		ret[1] = y;
		return true;
	}
	return false;
}

static double site_merit(
	const double (*site)[2], size_t n, const double *centre, double reach, const double *p)
{
	double near = INFINITY;

	for (size_t i = 0; i < n; i++)
		near = fmin(near, hypot(site[i][0] - p[0], site[i][1] - p[1]));
	/* Close together in the middle, wide apart at the rim: town and country. */
	return near / (reach + hypot(centre[0] - p[0], centre[1] - p[1]));
}

static enum err sites_place(struct demo_places *d, struct demo_rand *r,
	const struct geo_shape *clip, const double *centre, struct cells *c)
{
	struct box b = geo_box(d->g, clip);
	double reach = 0.12 * hypot(b.x1 - b.x0, b.y1 - b.y0);

	for (size_t i = 0; i < c->n; i++) {
		double best = -1;

		for (int k = 0; k < SITE_CANDIDATES; k++) {
			double p[2];

			if (!point_in(d, r, clip, p))
				return ERR_BUG;
			double merit = i == 0 ? -hypot(p[0] - centre[0], p[1] - centre[1])
					      : site_merit((const double(*)[2])c->site, i, centre,
							reach, p);

			if (k > 0 && merit <= best)
				continue;
			best = merit;
			c->site[i][0] = p[0];
			c->site[i][1] = p[1];
		}
	}
	return OK;
}

/* Nearest the centre first, by straight insertion: a few dozen at most. */
static void sites_sort(struct cells *c, const double *centre)
{
	for (size_t i = 1; i < c->n; i++) {
		double x = c->site[i][0], y = c->site[i][1];
		double far = hypot(x - centre[0], y - centre[1]);
		size_t k = i;

		for (; k > 0; k--) {
			const double *p = c->site[k - 1];

			if (hypot(p[0] - centre[0], p[1] - centre[1]) <= far)
				break;
			c->site[k][0] = p[0];
			c->site[k][1] = p[1];
		}
		c->site[k][0] = x;
		c->site[k][1] = y;
	}
}

/* Divides `clip` into n cells, numbered from the centre outwards. */
static enum err cells_make(struct demo_places *d, struct demo_rand *r, const struct geo_shape *clip,
	const double *centre, int n, struct cells *c)
{
	*c = (struct cells){ .n = (size_t)n,
		.site = calloc((size_t)n, sizeof *c->site),
		.shape = calloc((size_t)n, sizeof *c->shape) };
	enum err err = c->site != NULL && c->shape != NULL ? OK : ERR_NOMEM;

	if (err == OK)
		err = sites_place(d, r, clip, centre, c);
	if (err == OK) {
		sites_sort(c, centre);
		err = geo_voronoi(d->g, (const double(*)[2])c->site, c->n, clip, c->shape);
	}
	if (err != OK)
		cells_release(d, c);
	return err;
}

/* --- names --- */

static size_t common_divisor(size_t a, size_t b)
{
	while (b != 0) {
		size_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

struct pair {
	const struct demo_word *first, *last;
};

/* The i-th of a walk that meets every pair once before repeating: names under one parent differ. */
static struct pair pair_nth(const struct demo_pairs *w, size_t start, size_t i)
{
	size_t all = w->firsts * w->lasts, step = all * 618 / 1000;

	while (common_divisor(step, all) != 1)
		step++;
	size_t k = (start + i * step) % all;

	return (struct pair){ &w->first[k / w->lasts], &w->last[k % w->lasts] };
}

static void name_pair(
	struct demo_places *d, struct demo_place *p, struct pair w, const char *zh, const char *en)
{
	p->name = str_fmt(d->a, "%s%s%s", w.first->zh, w.last->zh, zh);
	p->alias = str_fmt(d->a, "%s %s %s", w.first->en, w.last->en, en);
}

/* --- places --- */

static struct demo_place *place_add(struct demo_places *d, enum demo_kind kind,
	enum demo_level level, int64_t parent, int number)
{
	assert(d->n < d->cap);
	struct demo_place *p = &d->list[d->n++];

	*p = (struct demo_place){ .kind = kind,
		.level = level,
		.parent = parent,
		.code = parent + number * LEVEL_UNIT[level] };
	return p;
}

static enum err place_ground(
	struct demo_places *d, struct demo_place *p, const struct cells *c, size_t i)
{
	p->lon = c->site[i][0];
	p->lat = c->site[i][1];
	buf_reset(&d->scratch);
	enum err err = geo_to_wkb(d->g, c->shape[i], &d->scratch);

	p->wkb = str_dup(d->a, buf_view(&d->scratch));
	return err;
}

/* Splits a grid's households over its micro-grids; now and then one is far too large. */
static void micros_add(struct demo_places *d, struct demo_rand *r, const struct demo_place *grid,
	const struct geo_shape *shape, int n)
{
	double weight[100], sum = 0, at = 0;

	assert(n >= 1 && n < 100);
	for (int i = 0; i < n; i++) {
		weight[i] = 0.8 + 0.4 * demo_rand_share(r);
		if (demo_rand_below(r, 50) == 0)
			weight[i] = 1.9;
		sum += weight[i];
	}
	for (int i = 0; i < n; i++) {
		struct demo_place *p =
			place_add(d, DEMO_KIND_MICRO, DEMO_LEVEL_MICRO, grid->code, i + 1);
		double at_point[2] = { grid->lon, grid->lat };

		(void)point_in(d, r, shape, at_point); /* otherwise at the grid's own point */
		p->lon = at_point[0];
		p->lat = at_point[1];
		p->households = portion(at, at + weight[i], sum, grid->households);
		p->name = str_fmt(d->a, "第%d微网格", i + 1);
		p->alias = str_fmt(d->a, "Micro-grid %d", i + 1);
		at += weight[i];
	}
}

/* Where the street's running totals stand. */
struct street_work {
	const struct street_plan *plan;
	const struct demo_place *street;
	struct demo_rand homes, ground, micro, names;
	size_t name_start;
	int kind_start; /* of dedicated grids */
	int homes_done;
};

static void dedicated_name(struct demo_places *d, struct demo_place *p, struct pair w)
{
	static const struct demo_word what[DEDICATED_KINDS] = {
		{ "公园", "Park" },
		{ "商场", "Mall" },
		{ "学校", "School" },
		{ "市场", "Market" },
		{ "医院", "Hospital" },
	};
	const struct demo_word *k = &what[p->kind - DEMO_KIND_PARK];

	p->name = str_fmt(d->a, "%s%s%s专属网格", w.first->zh, w.last->zh, k->zh);
	p->alias = str_fmt(d->a, "%s %s %s Grid", w.first->en, w.last->en, k->en);
}

/* The grids of one community: `general` of the usual kind, then `dedicated` ones. */
static enum err grids_add(struct demo_places *d, struct street_work *w,
	struct demo_place *community, const struct geo_shape *ground, struct pair name, int general,
	int dedicated)
{
	const double centre[2] = { community->lon, community->lat };
	struct cells c;
	enum err err = cells_make(d, &w->ground, ground, centre, general + dedicated, &c);

	for (int i = 0; i < general && err == OK; i++) {
		struct demo_place *p =
			place_add(d, DEMO_KIND_GRID, DEMO_LEVEL_GRID, community->code, i + 1);
		int before = w->homes_done, after = before + grid_homes(&w->homes);

		p->households = after - before;
		community->households += p->households;
		w->homes_done = after;
		p->name = str_fmt(d->a, "第%d网格", i + 1);
		p->alias = str_fmt(d->a, "Grid %d", i + 1);
		err = place_ground(d, p, &c, (size_t)i);
		if (err == OK)
			micros_add(d, &w->micro, p, c.shape[i],
				portion(before, after, w->plan->households, w->plan->micros));
	}
	for (int i = 0; i < dedicated && err == OK; i++) {
		int kind = DEMO_KIND_PARK + w->kind_start++ % DEDICATED_KINDS;
		struct demo_place *p = place_add(d, (enum demo_kind)kind, DEMO_LEVEL_GRID,
			community->code, DEDICATED_BASE + i + 1);

		dedicated_name(d, p, name);
		err = place_ground(d, p, &c, (size_t)general + (size_t)i);
	}
	cells_release(d, &c);
	return err;
}

static enum err communities_add(
	struct demo_places *d, struct street_work *w, const struct geo_shape *ground)
{
	const struct street_plan *plan = w->plan;
	const double centre[2] = { w->street->lon, w->street->lat };
	/* A town has one or two communities in its seat, the rest are villages. */
	int urban =
		w->street->kind == DEMO_KIND_TOWN ? 1 + plan->communities / 8 : plan->communities;
	struct cells c;
	enum err err = cells_make(d, &w->ground, ground, centre, plan->communities, &c);

	for (int i = 0; i < plan->communities && err == OK; i++) {
		bool town = i < urban;
		struct demo_place *p = place_add(d, town ? DEMO_KIND_COMMUNITY : DEMO_KIND_VILLAGE,
			DEMO_LEVEL_COMMUNITY, w->street->code, i + 1);
		struct pair name = pair_nth(town ? &demo_community_words : &demo_village_words,
			w->name_start, (size_t)i);
		int all = d->communities_done + i;

		name_pair(d, p, name, town ? "社区" : "村", town ? "Community" : "Village");
		err = place_ground(d, p, &c, (size_t)i);
		if (err == OK)
			err = grids_add(d, w, p, c.shape[i], name,
				portion(all, all + 1, d->want.communities, d->want.grids),
				portion(i, i + 1, plan->communities, plan->dedicated));
	}
	cells_release(d, &c);
	d->communities_done += plan->communities;
	return err;
}

static enum err street_add(struct demo_places *d, const struct demo_place *district, int s, int no)
{
	const struct street_plan *plan = &d->street[s];
	/* The nearest two fifths are the town itself. */
	bool urban = no < ((int)d->streets.n * 2 + 4) / 5;
	struct demo_place *p = place_add(d, urban ? DEMO_KIND_SUBDISTRICT : DEMO_KIND_TOWN,
		DEMO_LEVEL_STREET, district->code, no + 1);
	struct street_work w = { .plan = plan, .street = p };
	struct demo_rand all;

	stream(&all, d, STREAM_NAMES, -1);
	name_pair(d, p, pair_nth(&demo_street_words, demo_rand_below(&all, 10000), (size_t)s),
		urban ? "街道" : "镇", urban ? "Subdistrict" : "Town");
	p->households = plan->households;
	stream(&w.homes, d, STREAM_HOMES, s);
	stream(&w.ground, d, STREAM_GROUND, p->code);
	stream(&w.micro, d, STREAM_MICRO, p->code);
	stream(&w.names, d, STREAM_NAMES, p->code);
	w.name_start = demo_rand_below(&w.names, 10000);
	w.kind_start = demo_rand_range(&w.names, 0, DEDICATED_KINDS - 1);
	/* Small demos have few streets: following on from the last one shows every kind. */
	if (d->want.streets < 10)
		w.kind_start = s * plan->dedicated;
	enum err err = place_ground(d, p, &d->streets, (size_t)no);

	if (err == OK)
		err = communities_add(d, &w, d->streets.shape[no]);
	return err;
}

/* --- batches: one street, preceded by the district or city it opens --- */

static enum err ground_make(struct demo_places *d)
{
	const double centre[2] = { CENTRE_LON, CENTRE_LAT };
	struct demo_rand r;
	enum err err = outline_make(d,
		d->want.districts > 1  ? 400
		: d->want.streets < 10 ? 20
				       : 60,
		&d->outline);

	if (err != OK)
		return err;
	stream(&r, d, STREAM_GROUND, 0);
	return cells_make(d, &r, d->outline, centre, d->want.districts, &d->districts);
}

static enum err district_ground(struct demo_places *d, int k, int streets)
{
	struct demo_rand r;

	cells_release(d, &d->streets);
	stream(&r, d, STREAM_GROUND, k + 1);
	return cells_make(d, &r, d->districts.shape[k], d->districts.site[k], streets, &d->streets);
}

static enum err city_add(struct demo_places *d)
{
	struct demo_place *p = place_add(d, DEMO_KIND_CITY, DEMO_LEVEL_CITY, 0, 0);
	/* The outline in the form of one cell, to be written like all others. */
	double site[1][2] = { { CENTRE_LON, CENTRE_LAT } };
	struct cells whole = { .n = 1, .site = site, .shape = &d->outline };

	p->code = CITY_CODE;
	p->name = str_dup(d->a, STR("澄屿市"));
	p->alias = str_dup(d->a, STR("Limpid Isle City"));
	p->households = d->city_homes;
	return place_ground(d, p, &whole, 0);
}

static enum err district_add(struct demo_places *d, struct demo_place *p, int k)
{
	struct demo_rand all;

	stream(&all, d, STREAM_NAMES, -1);
	*p = (struct demo_place){ .kind = DEMO_KIND_DISTRICT,
		.level = DEMO_LEVEL_DISTRICT,
		.parent = d->want.districts > 1 ? CITY_CODE : 0,
		.code = CITY_CODE + (k + 1) * LEVEL_UNIT[DEMO_LEVEL_DISTRICT] };
	name_pair(d, p, pair_nth(&demo_district_words, demo_rand_below(&all, 10000), (size_t)k),
		"区", "District");
	for (int s = 0; s < d->want.streets; s++)
		if (d->street[s].district == k)
			p->households += d->street[s].households;
	return place_ground(d, p, &d->districts, (size_t)k);
}

static int streets_of(const struct demo_places *d, int first)
{
	int n = 1;

	for (int s = first + 1;
		s < d->want.streets && d->street[s].district == d->street[first].district; s++)
		n++;
	return n;
}

static enum err batch_make(struct demo_places *d)
{
	int s = d->street_at++;
	const struct street_plan *plan = &d->street[s];
	struct demo_place district;
	bool opens = s == 0 || d->street[s - 1].district != plan->district;
	enum err err = s == 0 ? ground_make(d) : OK;

	arena_reset(d->a);
	d->n = 0;
	d->at = 0;
	d->cap = 3 + (size_t)plan->communities + (size_t)plan->grids + (size_t)plan->dedicated +
		(size_t)plan->micros;
	d->list = arena_array(d->a, d->cap, sizeof *d->list);
	if (d->list == NULL)
		return ERR_NOMEM;
	if (err == OK && s == 0 && d->want.districts > 1)
		err = city_add(d);
	if (err == OK)
		err = district_add(d, &district, plan->district);
	if (err == OK && opens) {
		d->list[d->n++] = district;
		d->street_no = 0;
		err = district_ground(d, plan->district, streets_of(d, s));
	}
	if (err == OK)
		err = street_add(d, &district, s, d->street_no++);
	return err == OK && arena_failed(d->a) ? ERR_NOMEM : err;
}

struct demo_places *demo_places_new(enum demo_size size, uint64_t seed)
{
	assert(size < DEMO_SIZE_MAX);
	struct demo_places *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->want = sizes[size];
	d->seed = seed;
	buf_init(&d->scratch, 1 << 20);
	d->g = geo_new();
	d->a = arena_new(ARENA_MAX);
	if (d->g == NULL || d->a == NULL || !plan_make(d)) {
		demo_places_free(d);
		return NULL;
	}
	return d;
}

void demo_places_free(struct demo_places *d)
{
	if (d == NULL)
		return;
	cells_release(d, &d->streets);
	cells_release(d, &d->districts);
	if (d->g != NULL)
		geo_shape_free(d->g, d->outline);
	geo_free(d->g);
	arena_free(d->a);
	buf_release(&d->scratch);
	free(d->street);
	free(d);
}

enum err demo_places_next(struct demo_places *d, const struct demo_place **ret)
{
	while (d->at == d->n) {
		if (d->street_at == d->want.streets)
			return ERR_NOT_FOUND;
		enum err err = batch_make(d);

		if (err != OK) {
			d->n = d->at = 0;
			d->street_at = d->want.streets; /* nothing follows a failure */
			return err;
		}
	}
	*ret = &d->list[d->at++];
	return OK;
}
