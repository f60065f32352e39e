/*
 * The snapshot: places, units, calendars and the modules' parts, read once and shared by every request
 * until configuration changes. Published by pointer under a short lock, released by count.
 */
#include <stdlib.h>
#include <string.h>

#include "base/geo.h"
#include "core/app.h"
#include "core/snap_sources.h"

enum { SNAP_MAX = 768 << 20 };

static const char *const snap_sql[] = {
	"SELECT count(*) AS n FROM place",
	("SELECT id, code, parent, households, leader_id, lon, lat, level, kind, name, official_code, valid_to "
	 "FROM place ORDER BY code"),
	"SELECT id, place, kind, board, name FROM unit ORDER BY id",
	"SELECT value FROM setting WHERE name = 'generation'",
	"INSERT INTO setting (name, value) VALUES ('generation', '1') ON CONFLICT (name) DO UPDATE SET value = $1",
	("SELECT s.code, s.wkb FROM place_shape s JOIN place p ON p.id = s.place_id "
	 "WHERE p.valid_to IS NULL OR p.valid_to > $1 ORDER BY s.code"),
	"SELECT count(*) AS n FROM unit",
};

static enum err count_of(struct dbc *c, int q, size_t *ret)
{
	int64_t n;
	enum err err = db_int(c, snap_sql[q], NO_ARGS, &n);

	if (err == OK)
		*ret = (size_t)n;
	return err;
}

static enum err load_places(struct snap *s, struct dbc *c)
{
	size_t max;
	enum err err = count_of(c, 0, &max);
	struct rows *r;

	if (err != OK)
		return err;
	s->place = arena_array(s->arena, max + 1, sizeof(*s->place));
	if (s->place == NULL)
		return ERR_NOMEM;
	r = db_query(c, snap_sql[1], NO_ARGS);
	while (s->nplace < max && rows_next(r)) {
		struct place *p = &s->place[s->nplace++];

		p->id = row_int_at(r, 0);
		p->code = row_int_at(r, 1);
		p->parent = row_int_at(r, 2);
		p->households = row_int_at(r, 3);
		p->leader_id = row_int_at(r, 4);
		p->lon = row_real_at(r, 5);
		p->lat = row_real_at(r, 6);
		p->level = (enum level)row_int_at(r, 7);
		p->kind = (int)row_int_at(r, 8);
		p->name = str_dup(s->arena, row_str_at(r, 9));
		p->official = str_dup(s->arena, row_str_at(r, 10));
		p->valid_to = row_int_at(r, 11);
	}
	return rows_close(r);
}

static enum err load_units(struct snap *s, struct dbc *c)
{
	size_t max;
	enum err err = count_of(c, 6, &max);
	struct rows *r;

	if (err != OK)
		return err;
	s->units = arena_array(s->arena, max + 1, sizeof(*s->units));
	s->unit = map_new(max + 16);
	if (s->units == NULL || s->unit == NULL)
		return ERR_NOMEM;
	r = db_query(c, snap_sql[2], NO_ARGS);
	while (s->nunit < max && rows_next(r)) {
		struct unit *u = &s->units[s->nunit++];

		u->id = row_int_at(r, 0);
		u->place = row_int_at(r, 1);
		u->kind = (int)row_int_at(r, 2);
		u->board = (enum track)row_int_at(r, 3);
		u->name = str_dup(s->arena, row_str_at(r, 4));
		if (map_put(s->unit, u->id, u) != OK)
			err = ERR_NOMEM;
	}
	enum err end = rows_close(r);

	return err != OK ? err : end;
}

/* Every shape of a place in force goes in; the smallest one containing a point wins, so a grid beats its community. */
static enum err load_shapes(struct snap *s, struct dbc *c)
{
	struct geo *g = geo_new();
	struct rows *r;
	enum err err = OK;

	s->grids = geo_index_new(s->nplace + 1);
	if (g == NULL || s->grids == NULL) {
		geo_free(g);
		return ERR_NOMEM;
	}
	r = db_query(c, snap_sql[5], ARGS(I(date_of(time_now()))));
	while (err == OK && rows_next(r)) {
		struct geo_shape *shape = NULL;

		if (geo_from_wkb(g, row_str_at(r, 1), &shape) == OK)
			err = geo_index_add(s->grids, g, shape, row_int_at(r, 0));
		geo_shape_free(g, shape);
	}
	enum err end = rows_close(r);

	if (err == OK)
		err = end;
	if (err == OK)
		err = geo_index_build(s->grids);
	geo_free(g);
	return err;
}

static void snap_free(struct snap *s, const struct app *app)
{
	for (size_t i = 0; i < app->nmodule; i++) {
		if (app->module[i]->free_part != NULL && s->part[i] != NULL)
			app->module[i]->free_part(s->part[i]);
	}
	for (size_t i = 0; i < s->ncalendar; i++)
		calendar_free(s->calendar[i]);
	free(s->calendar);
	geo_index_free(s->grids);
	map_free(s->unit);
	arena_free(s->arena);
	free(s);
}

static enum err generation(struct dbc *c, int64_t *ret)
{
	struct rows *r = db_query(c, snap_sql[3], NO_ARGS);

	*ret = 0;
	if (rows_next(r) && !str_i64(row_str_at(r, 0), ret))
		*ret = 0;
	return rows_close(r);
}

static enum err fill(struct snap *s, struct app *app, struct dbc *c)
{
	enum err err = generation(c, &s->gen);

	if (err == OK)
		err = load_places(s, c);
	if (err == OK)
		err = load_units(s, c);
	if (err == OK)
		err = load_shapes(s, c);
	if (err == OK)
		err = calendar_load(c, &s->calendar, &s->ncalendar);
	for (size_t i = 0; i < app->nmodule && err == OK; i++) {
		if (app->module[i]->load != NULL)
			err = app->module[i]->load(s, c, &s->part[i]);
	}
	if (err == OK && arena_failed(s->arena))
		err = ERR_NOMEM;
	return err;
}

enum err snap_reload(struct app *app, struct dbc *c)
{
	struct snap *s = calloc(1, sizeof(*s)), *old;
	enum err err;

	if (s == NULL)
		return ERR_NOMEM;
	s->app = app;
	atomic_init(&s->refs, 1);
	s->arena = arena_new(SNAP_MAX);
	err = s->arena == NULL ? ERR_NOMEM : db_snapshot_begin(c);
	if (err == OK) {
		err = fill(s, app, c);
		db_snapshot_end(c);
	}
	if (err != OK) {
		snap_free(s, app);
		return err;
	}
	pthread_mutex_lock(&app->snap_lock);
	old = app->snap;
	app->snap = s;
	pthread_mutex_unlock(&app->snap_lock);
	snap_put(old);
	return OK;
}

struct snap *snap_get(struct app *app)
{
	pthread_mutex_lock(&app->snap_lock);
	struct snap *s = app->snap;

	atomic_fetch_add(&s->refs, 1);
	pthread_mutex_unlock(&app->snap_lock);
	return s;
}

void snap_put(struct snap *s)
{
	if (s != NULL && atomic_fetch_sub(&s->refs, 1) == 1)
		snap_free(s, s->app);
}

enum err snap_touch(struct dbc *c)
{
	int64_t gen;
	char text[24];
	struct buf b;
	enum err err = generation(c, &gen);

	if (err != OK)
		return err;
	buf_init(&b, sizeof(text));
	buf_i64(&b, gen + 1);
	err = db_exec(c, snap_sql[4], ARGS(T(buf_view(&b))), NULL);
	buf_release(&b);
	return err;
}

enum err snap_refresh(struct app *app, struct dbc *c)
{
	int64_t gen;
	enum err err = generation(c, &gen);

	if (err != OK || gen == app->snap->gen)
		return err;
	return snap_reload(app, c);
}

/* ---- reading ---- */

void *snap_part(const struct snap *s, const struct app *app, const struct module *m)
{
	for (size_t i = 0; i < app->nmodule; i++) {
		if (app->module[i] == m)
			return s->part[i];
	}
	return NULL;
}

static size_t lower_bound(const struct snap *s, int64_t code)
{
	size_t lo = 0, hi = s->nplace;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->place[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct place *snap_place(const struct snap *s, int64_t code)
{
	size_t i = lower_bound(s, code);

	return i < s->nplace && s->place[i].code == code ? &s->place[i] : NULL;
}

struct str snap_place_name(const struct snap *s, int64_t code)
{
	const struct place *p = code == NIL ? NULL : snap_place(s, code);

	return p != NULL ? p->name : (struct str){ NULL, 0 };
}

void snap_subtree(const struct snap *s, int64_t code, size_t *ret_first, size_t *ret_n)
{
	*ret_first = lower_bound(s, code);
	*ret_n = lower_bound(s, place_end(code)) - *ret_first;
}

const struct unit *snap_unit(const struct snap *s, int64_t id)
{
	return id == NIL ? NULL : map_get(s->unit, id);
}

struct str snap_unit_name(const struct snap *s, int64_t id)
{
	const struct unit *u = snap_unit(s, id);

	return u != NULL ? u->name : (struct str){ NULL, 0 };
}

const struct calendar *snap_calendar(const struct snap *s)
{
	return s->calendar[s->ncalendar - 1];
}

const struct calendar *snap_calendar_at(const struct snap *s, int64_t version)
{
	for (size_t i = s->ncalendar; i-- > 0;) {
		if (calendar_version(s->calendar[i]) == version)
			return s->calendar[i];
	}
	return NULL;
}

void snap_sql_each(void (*fn)(const char *sql, void *arg), void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(snap_sql); i++)
		fn(snap_sql[i], arg);
}
