/* Layers of the map as vector tiles: buildings, venues, things, organisations; visits and workforce
 * per place. */
#include <stdio.h>

#include "base/mvt.h"
#include "mod/atlas/atlas_impl.h"
#include "mod/map/map.h"

const char *atlas_word(const struct atlas_layer *l, const char *field, int64_t value)
{
	const struct field *f = field == NULL ? NULL : fields_find(&l->e->fields, str_z(field));

	return f == NULL || value == NIL ? NULL : vocab_word(f->vocab, value);
}

struct drawing {
	struct map_tile *t;
	const struct atlas_layer *l;
};

static void put_id(struct map_tile *t, const char *key, int64_t id)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)id);
	mvt_str(t->mvt, key, str_z(text));
}

static void draw_point(const struct atlas_point *p, void *arg)
{
	struct drawing *d = arg;
	const char *kind = atlas_word(d->l, d->l->kind, p->kind),
		   *state = atlas_word(d->l, d->l->state, p->state);

	if (!mvt_point(d->t->mvt, p->n > 1 ? 0 : p->id, p->lon, p->lat))
		return;
	mvt_int(d->t->mvt, "n", p->n);
	if (p->n > 1)
		return;
	put_id(d->t, "id", p->id);
	if (p->name.p != NULL)
		mvt_str(d->t->mvt, "name", p->name);
	if (kind != NULL)
		mvt_str(d->t->mvt, "kind", str_z(kind));
	if (state != NULL)
		mvt_str(d->t->mvt, "state", str_z(state));
}

/* Single ones from MAP_SINGLE_ZOOM on while they are few; else clusters with true counts. */
static enum err draw_layer(struct map_tile *t, const struct atlas_layer *l)
{
	struct drawing d = { t, l };
	int64_t lo, hi, n = MAP_SINGLES_MAX + 1;
	enum err err = OK;

	morton_tile(t->z, t->x, t->y, &lo, &hi);
	mvt_layer(t->mvt, l->name);
	if (t->z >= MAP_SINGLE_ZOOM)
		err = atlas_count(t->rq, l, lo, hi, MAP_SINGLES_MAX + 1, &n);
	if (err != OK)
		return err;
	if (n <= MAP_SINGLES_MAX)
		return atlas_points(t->rq, l, lo, hi, MAP_SINGLES_MAX, draw_point, &d);
	return atlas_cells(t->rq, l, lo, hi,
		map_cell_span(t->z, t->z < MAP_SINGLE_ZOOM ? MAP_CELL_DEPTH : MAP_CELL_DEPTH_FINE),
		draw_point, &d);
}

enum err atlas_tile(struct req *rq, struct jw *out)
{
	const struct atlas_layer *l = rq->route->data;
	struct map_tile t;
	enum err err = map_tile_begin(rq, &t);

	(void)out;
	if (err == OK && may(rq->who, l->e->read))
		err = draw_layer(&t, l);
	if (err == OK)
		err = map_tile_reply(&t);
	arena_free(t.arena);
	return err;
}

/* ---- counts per place, at its label ---- */

static void take_count(int64_t code, const struct place_count *is, void *arg)
{
	map_pick_count(arg, code, is);
}

static enum err draw_counts(struct map_tile *t, const char *layer, enum atlas_what what)
{
	struct map_picked p;
	enum err err =
		map_pick(t->rq, map_level(t->z), tile_box(t->z, t->x, t->y), atlas_perm(what), &p);

	if (err == OK && p.n > 0)
		err = atlas_by_place(t->rq, what, p.lo, p.hi, p.span, take_count, &p);
	if (err != OK)
		return err;
	mvt_layer(t->mvt, layer);
	for (size_t i = 0; i < p.n; i++) {
		const struct map_place *v = &p.v[i];
		char code[18];

		if (v->is.n == 0 || !(v->place->lon == v->place->lon) ||
			!mvt_point(t->mvt, v->place->id, v->place->lon, v->place->lat))
			continue;
		place_text(v->place->code, code);
		mvt_str(t->mvt, "code", str_z(code));
		mvt_str(t->mvt, "name", v->place->name);
		mvt_int(t->mvt, "n", v->is.n);
		mvt_int(t->mvt, "late", v->is.late);
		mvt_int(t->mvt, "soon", v->is.soon);
		t->rq->rows++;
	}
	return OK;
}

static enum err count_tile(struct req *rq, const char *layer, enum atlas_what what)
{
	struct map_tile t;
	enum err err = map_tile_begin(rq, &t);

	if (err == OK && may(rq->who, atlas_perm(what)))
		err = draw_counts(&t, layer, what);
	if (err == OK)
		err = map_tile_reply(&t);
	arena_free(t.arena);
	return err;
}

enum err atlas_visit_tile(struct req *rq, struct jw *out)
{
	(void)out;
	return count_tile(rq, "visits", ATLAS_VISITS);
}

enum err atlas_workforce_tile(struct req *rq, struct jw *out)
{
	(void)out;
	return count_tile(rq, "workforce", ATLAS_WORKFORCE);
}
