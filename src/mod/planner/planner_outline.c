/* Outlines of future grids: the surroundings of their buildings, inside the outlines of the grids
 * that change. */
#include <math.h>
#include <string.h>

#include "base/geo.h"
#include "mod/planner/planner_plan.h"

struct making {
	const struct sheet *s;
	struct geo *g;
	struct geo_shape *clip, **cell, **pick;
	double (*site)[2];
	size_t nsite;
	int32_t *of; /* site of each cell; -1: outside, or not concerned */
};

void outlines_free(struct outlines *o)
{
	for (size_t i = 0; i < o->n; i++)
		geo_shape_free(o->g, o->v[i].shape);
	geo_free(o->g);
	*o = (struct outlines){ .g = NULL };
}

struct geo_shape *outline_of(const struct outlines *o, int64_t key)
{
	for (size_t i = 0; i < o->n; i++) {
		if (o->v[i].key == key)
			return o->v[i].shape;
	}
	return NULL;
}

/* The outlines of what changes, as one; NULL where none has one. */
static enum err make_clip(struct req *rq, struct making *m)
{
	struct geo_shape **v = arena_array(rq->arena, m->s->nunit + 1, sizeof(*v));
	enum err err = v == NULL ? ERR_NOMEM : OK;

	for (size_t u = 0; u < m->s->nunit && err == OK; u++) {
		if (m->s->unit[u].changed)
			err = shape_load(rq->db, m->g, m->s->unit[u].code, &v[u]);
	}
	if (err == OK)
		err = geo_union(m->g, v, m->s->nunit, &m->clip);
	for (size_t u = 0; v != NULL && u < m->s->nunit; u++)
		geo_shape_free(m->g, v[u]);
	return err == ERR_NOT_FOUND ? OK : err;
}

/* Buildings on one point are one site; the first says whose it is. */
static void find_sites(struct making *m)
{
	for (size_t i = 0; i < m->s->ncell; i++) {
		const struct sheet_cell *c = &m->s->cell[i];

		m->of[i] = -1;
		if (!m->s->part[c->part].changed || !geo_contains(m->g, m->clip, c->lon, c->lat))
			continue;
		for (size_t k = 0; k < m->nsite && m->of[i] < 0; k++) {
			if (fabs(m->site[k][0] - c->lon) < 1e-7 &&
				fabs(m->site[k][1] - c->lat) < 1e-7)
				m->of[i] = INT32_MAX;
		}
		if (m->of[i] == INT32_MAX)
			continue;
		m->site[m->nsite][0] = c->lon;
		m->site[m->nsite][1] = c->lat;
		m->of[i] = (int32_t)m->nsite++;
	}
}

static int64_t key_of(const struct sheet_cell *c, bool by_code)
{
	return by_code ? c->became : c->part;
}

/* The union of the cells whose key, cut down to `level` (0: as it is), is this one. */
static enum err join(
	struct making *m, bool by_code, enum level level, int64_t key, struct outlines *ret)
{
	struct geo_shape *shape = NULL;
	size_t n = 0;
	enum err err;

	if (outline_of(ret, key) != NULL)
		return OK;
	for (size_t i = 0; i < m->s->ncell; i++) {
		int64_t k = key_of(&m->s->cell[i], by_code);

		if (m->of[i] < 0 || m->of[i] == INT32_MAX ||
			(level != LEVEL_COUNTRY ? place_up(k, level) : k) != key)
			continue;
		m->pick[n++] = m->cell[m->of[i]];
	}
	err = n == 0 ? OK : geo_union(m->g, m->pick, n, &shape);
	if (err == OK && shape != NULL)
		ret->v[ret->n++] = (struct outline){ key, shape };
	return err == ERR_NOT_FOUND ? OK : err;
}

static enum err join_all(struct making *m, bool by_code, struct outlines *ret)
{
	enum err err = OK;

	for (size_t i = 0; i < m->s->ncell && err == OK; i++) {
		const struct sheet_cell *c = &m->s->cell[i];
		int64_t key = key_of(c, by_code);

		if (!m->s->part[c->part].changed || key == NIL)
			continue;
		err = join(m, by_code, LEVEL_COUNTRY, key, ret);
		if (err == OK && by_code && place_up(key, m->s->level) != key)
			err = join(m, by_code, m->s->level, place_up(key, m->s->level), ret);
	}
	return err;
}

enum err outlines_make(struct req *rq, const struct sheet *s, bool by_code, struct outlines *ret)
{
	struct making m = { .s = s, .g = geo_new() };
	enum err err = m.g == NULL ? ERR_NOMEM : make_clip(rq, &m);

	*ret = (struct outlines){ .g = m.g };
	m.site = arena_array(rq->arena, s->ncell + 1, sizeof(*m.site));
	m.of = arena_array(rq->arena, s->ncell + 1, sizeof(*m.of));
	m.cell = arena_array(rq->arena, s->ncell + 1, sizeof(struct geo_shape *));
	m.pick = arena_array(rq->arena, s->ncell + 1, sizeof(struct geo_shape *));
	ret->v = arena_array(rq->arena, s->ncell * 2 + 2, sizeof(*ret->v));
	if (m.site == NULL || m.of == NULL || m.cell == NULL || m.pick == NULL || ret->v == NULL)
		err = err != OK ? err : ERR_NOMEM;
	if (err == OK && m.clip != NULL)
		find_sites(&m);
	if (err == OK && m.nsite > 0) {
		err = geo_voronoi(m.g, (const double(*)[2])m.site, m.nsite, m.clip, m.cell);
		if (err == ERR_INVALID) /* a site on the very edge: rather none than a wrong one */
			err = OK;
		else if (err == OK)
			err = join_all(&m, by_code, ret);
	}
	for (size_t i = 0; m.cell != NULL && i < m.nsite; i++)
		geo_shape_free(m.g, m.cell[i]);
	geo_shape_free(m.g, m.clip);
	if (err != OK)
		outlines_free(ret);
	return err;
}
