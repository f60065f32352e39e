/* The order of things, batches, progress, and what is left when the year is over. */
#include "mod/demo/demo_run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "core/audit.h"
#include "core/entity_index.h"
#include "core/entity_tally.h"
#include "core/tally.h"
#include "mod/demo/demo_world.h"
#include "mod/place/place.h"

enum { KEEP_MAX = 512 << 20, BATCH_MAX = 512 << 20, TELL_MS = 3000, CALENDAR_DAYS = 23, FOLD_AT_ONCE = 20000 };

void demo_tell(struct world *w, bool now, const char *fmt, ...)
{
	int64_t at = time_monotonic();
	va_list ap;
	char text[200];

	if (w->o.tell == NULL || (!now && at - w->told < TELL_MS))
		return;
	w->told = at;
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) >= 0)
		w->o.tell(text);
	va_end(ap);
}

/* ---- batches ---- */

static enum err piece_tx(struct dbc *c, void *arg)
{
	struct pieces *p = arg;

	p->r = p->w->r;
	arena_reset(p->w->batch);
	return p->fn(p, c);
}

enum err demo_pieces(struct world *w, size_t total, size_t step, enum err (*fn)(struct pieces *p, struct dbc *c))
{
	enum err err = OK;

	for (size_t i = 0; i < total && err == OK; i += step) {
		struct pieces p = { .w = w, .first = i, .n = total - i < step ? total - i : step, .fn = fn };

		err = db_write(w->app->db, piece_tx, &p);
		w->r = p.r;
	}
	return err;
}

enum err demo_audit(struct world *w, struct dbc *c, const char *object, size_t n)
{
	struct str detail = str_fmt(w->batch, "{\"demo\":true,\"rows\":%zu}", n);
	const struct audit_entry e = { .at = w->start, .actor = NIL, .action = "create", .object = object,
		.object_id = NIL, .detail = detail };

	return detail.p == NULL ? ERR_NOMEM : audit_add(c, &e);
}

/* ---- the end ---- */

static enum err first_tx(struct dbc *c, void *arg)
{
	struct world *w = arg;
	int64_t used = 0;
	enum err err = db_int(c, demo_sql[Q_DEMO_USED], NO_ARGS, &used);

	if (err == OK && used > 0)
		return err_set(w->e, ERR_CONFLICT, "demo.used", "db",
			"the store is in use already; a demonstration needs an empty one");
	return err != OK ? err : db_exec(c, demo_sql[Q_DEMO_SETTING], NO_ARGS, NULL);
}

/* Places are made by plain SQL: what they are found by comes after. */
static enum err index_tx(struct dbc *c, void *arg)
{
	struct world *w = arg;
	struct req rq;

	req_local(&rq, w->app, c, w->batch, NULL, w->start);
	enum err err = entity_index_fill(&rq, &place_entity);

	req_local_done(&rq);
	return err;
}

/* Numbers per place: counted once, in place of one change for each row. */
static enum err count_tx(struct dbc *c, void *arg)
{
	struct world *w = arg;
	enum err err = OK;

	for (size_t i = 0; i < w->app->nentity && err == OK; i++)
		err = entity_tally_fill(c, w->app->entity[i]);
	return err;
}

/* A piece of what waits is added up. */
static enum err fold_tx(struct dbc *c, void *arg)
{
	return tally_fold(c, FOLD_AT_ONCE, arg);
}

static enum err count_rows(struct world *w)
{
	int64_t n = FOLD_AT_ONCE;
	enum err err = db_write(w->app->db, count_tx, w);

	while (err == OK && n == FOLD_AT_ONCE)
		err = db_write(w->app->db, fold_tx, &n);
	return err;
}

static enum err last_tx(struct dbc *c, void *arg)
{
	struct world *w = arg;
	enum err err = db_exec(c, demo_sql[Q_DEMO_OLD_OUTBOX], ARGS(I(w->now - MS_DAY)), NULL);

	if (err == OK)
		err = snap_touch(c);
	/* PostgreSQL plans by what it knows of the tables, and learns of so many rows only after a while. */
	return err == OK && dbc_engine(c) == DB_PG ? db_exec(c, demo_sql[Q_DEMO_ANALYZE], NO_ARGS, NULL) : err;
}

/* ---- all of it ---- */

/* Deadlines reach beyond the end; where the calendar does not, the story ends earlier. */
static void set_time(struct world *w)
{
	struct snap *s = snap_get(w->app);
	const struct calendar *cal = snap_calendar(s);
	int64_t year;

	w->now = w->o.until != NIL ? w->o.until : time_now();
	year = date_of(w->now + CALENDAR_DAYS * (int64_t)MS_DAY) / 10000;
	if (!calendar_has_year(cal, (int)year) && calendar_has_year(cal, (int)year - 1) &&
	    w->now > date_start((year - 1) * 10000 + 1101)) {
		w->now = date_start((year - 1) * 10000 + 1101);
		demo_tell(w, true, "the calendar of %" PRId64 " is missing: the story ends earlier", year);
	}
	w->start = w->now - w->o.days * MS_DAY;
	snap_put(s);
}

static enum err reload(struct world *w)
{
	struct dbc *c = NULL;
	enum err err = db_reader_open(w->app->db, &c);

	if (err == OK)
		err = snap_reload(w->app, c);
	dbc_free(c);
	return err;
}

static enum err make(struct world *w)
{
	enum err err = db_write(w->app->db, first_tx, w);

	if (err == OK)
		err = demo_make_places(w);
	if (err == OK)
		err = db_write(w->app->db, index_tx, w);
	if (err == OK)
		err = demo_make_units(w);
	if (err == OK)
		err = demo_make_party(w);
	if (err == OK)
		err = demo_make_questions(w);
	if (err == OK)
		err = reload(w);
	if (err == OK)
		err = demo_make_staff(w);
	if (err == OK)
		err = reload(w);
	if (err == OK)
		err = demo_make_registry(w);
	if (err == OK)
		err = demo_make_collect(w);
	if (err == OK && w->o.events > 0)
		err = demo_make_pictures(w);
	if (err == OK && w->o.events > 0)
		err = demo_make_events(w);
	if (err == OK)
		err = demo_tallies(w);
	if (err == OK)
		err = count_rows(w);
	if (err == OK)
		err = db_write(w->app->db, last_tx, w);
	return err == OK ? reload(w) : err;
}

static enum err world_init(struct world *w)
{
	struct demo_counts n = demo_counts(w->o.size);

	w->a = arena_new(KEEP_MAX);
	w->batch = arena_new(BATCH_MAX);
	w->street = calloc((size_t)n.streets, sizeof(*w->street));
	w->community = calloc((size_t)n.communities, sizeof(*w->community));
	w->grid = calloc((size_t)n.grids + (size_t)n.dedicated, sizeof(*w->grid));
	w->micro = calloc((size_t)n.micros, sizeof(*w->micro));
	w->crew = map_new((size_t)n.streets * 5 + (size_t)n.communities + (size_t)n.grids + (size_t)n.dedicated + 256);
	if (w->a == NULL || w->batch == NULL || w->street == NULL || w->community == NULL || w->grid == NULL ||
	    w->micro == NULL || w->crew == NULL)
		return ERR_NOMEM;
	demo_rand_init(&w->r, w->o.seed);
	return OK;
}

static void world_release(struct world *w)
{
	free(w->street);
	free(w->community);
	free(w->grid);
	free(w->micro);
	map_free(w->crew);
	arena_free(w->a);
	arena_free(w->batch);
}

enum err demo_run(struct app *app, const struct demo_options *o, struct demo_result *ret, struct error *e)
{
	static const int64_t usual[DEMO_SIZE_MAX] = { [DEMO_SMALL] = 3000, [DEMO_DISTRICT] = 167000 };
	struct world w = { .app = app, .o = *o, .e = e, .result = ret };
	enum err err;

	*ret = (struct demo_result){ 0 };
	if (o->events == DEMO_EVENTS_USUAL)
		w.o.events = usual[o->size];
	err = world_init(&w);
	if (err == OK) {
		set_time(&w);
		ret->until = w.now;
		err = make(&w);
	}
	world_release(&w);
	if (err != OK && (e == NULL || e->err == OK))
		return err_set(e, err, "demo", "", "the demonstration could not be made (%s)", err_name(err));
	return err;
}
