/*
 * Making the application: opening the store, checking that the modules fit together, loading keys and
 * the snapshot, starting and stopping the server's threads.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/account.h"
#include "core/app.h"
#include "core/audit.h"
#include "core/entity_index.h"
#include "core/entity_tally.h"
#include "core/entity_plan.h"
#include "core/import_job.h"
#include "core/jobs.h"
#include "core/matter.h"
#include "core/metrics.h"
#include "core/migrations.h"
#include "core/notify.h"
#include "core/rate.h"
#include "core/retain.h"
#include "core/search.h"
#include "core/secret.h"
#include "core/tally.h"

enum { START_ARENA = 64 << 20, SSE_CLIENTS = 6000 };

const struct snap *req_snap(const struct req *rq)
{
	return rq->snap;
}

void req_local(struct req *rq, struct app *app, struct dbc *c, struct arena *a, const struct principal *who,
	       int64_t now)
{
	memset(rq, 0, sizeof(*rq));
	rq->app = app;
	rq->db = c;
	rq->arena = a;
	rq->who = who;
	rq->now = now;
	rq->reply.fd = -1;
	rq->snap = snap_get(app);
}

void req_local_done(struct req *rq)
{
	snap_put(rq->snap);
	rq->snap = NULL;
}

/* ---- modules ---- */

static enum err add_entities(struct app *app, const struct module *m, struct error *e)
{
	struct route *v = arena_array(app->arena, ENTITY_ROUTES, sizeof(*v));
	enum err err = OK;

	for (size_t i = 0; m->entity != NULL && m->entity[i] != NULL && err == OK; i++) {
		const struct entity *en = m->entity[i];

		v = arena_array(app->arena, ENTITY_ROUTES, sizeof(*v));
		if (v == NULL || app->nentity == ENTITIES_MAX)
			return err_set(e, ERR_BUG, "entities", "", "too many entities");
		err = entity_check_fields(en, e);
		if (err == OK)
			err = entity_plan_new(app, en, &app->plan[app->nentity]);
		if (err != OK)
			return err;
		app->entity[app->nentity++] = en;
		err = router_add(app->router, v, entity_routes(en, app->arena, v), e);
	}
	return err;
}

static enum err add_kinds(struct app *app, const struct module *m, struct error *e)
{
	enum err err = OK;

	for (size_t i = 0; m->kind != NULL && m->kind[i] != NULL && err == OK; i++) {
		struct route *v = arena_array(app->arena, MATTER_ROUTES, sizeof(*v));

		if (v == NULL || app->nkind == KINDS_MAX)
			return err_set(e, ERR_BUG, "kinds", "", "too many kinds of matter");
		app->kind[app->nkind++] = m->kind[i];
		err = router_add(app->router, v, matter_routes(m->kind[i], app->arena, v), e);
	}
	return err;
}

static enum err add_modules(struct app *app, const struct module *const *modules, struct error *e)
{
	enum err err = router_new(&app->router, e);

	app->module = modules;
	if (err == OK)
		err = router_add(app->router, notify_routes, notify_nroutes, e);
	for (size_t i = 0; modules[i] != NULL && err == OK; i++) {
		if (i == MODULES_MAX)
			return err_set(e, ERR_BUG, "modules", "", "too many modules");
		app->nmodule = i + 1;
		err = router_add(app->router, modules[i]->route, modules[i]->nroute, e);
		if (err == OK)
			err = add_entities(app, modules[i], e);
		if (err == OK)
			err = add_kinds(app, modules[i], e);
	}
	return err;
}

/* Every permission word of a route must be one that some role holds. */
static enum err check_perms(struct app *app, struct error *e)
{
	for (size_t i = 0; i < router_count(app->router); i++) {
		const struct route *r = router_at(app->router, i);

		if (r->perm != NULL && perm_roles(r->perm) == 0)
			return err_set(e, ERR_BUG, "perm", r->path, "nobody holds the permission %s", r->perm);
	}
	return OK;
}

/* ---- opening ---- */

static enum err open_store(struct app *app, const struct app_options *o, bool migrate, struct error *e)
{
	struct db_config cfg = { .url = o->url, .writers = o->pg_writers > 0 ? o->pg_writers : 8, .batch = 128,
		.unsafe_fast = o->unsafe_fast };
	struct dbc *c = NULL;
	int version = 0;
	enum err err = db_open(&cfg, &app->db, e);

	if (err == OK && migrate)
		err = db_migrate(app->db, gezhi_migrations, gezhi_migrations_n, NULL, e);
	if (err == OK && migrate)
		err = app_seed(app);
	if (err == OK)
		err = db_reader_open(app->db, &c);
	if (err == OK)
		err = db_schema_version(c, &version);
	if (err == OK && version != gezhi_migrations[gezhi_migrations_n - 1].number)
		err = err_set(e, ERR_CONFLICT, "schema", "db",
			version < gezhi_migrations[gezhi_migrations_n - 1].number
				? "the store has schema %d, this program needs %d: run gezhi migrate"
				: "the store has schema %d, this program knows up to %d: a newer one made it; "
				  "update this program",
			version,
			gezhi_migrations[gezhi_migrations_n - 1].number);
	if (err == OK)
		err = secret_keys_fit(app, c, o->alone, e);
	if (err == OK)
		err = snap_reload(app, c);
	dbc_free(c);
	return err;
}

enum err app_open(const struct app_options *o, const struct module *const *modules, bool migrate, struct app **ret,
		  struct error *e)
{
	struct app *app = calloc(1, sizeof(*app));
	struct log *log = calloc(1, sizeof(*log));
	enum err err = OK;

	if (app == NULL || log == NULL) {
		free(app);
		free(log);
		return ERR_NOMEM;
	}
	log->level = o->log_level;
	app->log = log;
	app->version = GEZHI_VERSION;
	app->file_dir = o->file_dir;
	app->key_fd = -1;
	pthread_mutex_init(&app->snap_lock, NULL);
	app->arena = arena_new(START_ARENA);
	app->sessions = session_cache_new();
	app->rate = rate_new();
	app->metrics = metrics_new();
	if (app->arena == NULL || app->sessions == NULL || app->rate == NULL || app->metrics == NULL)
		err = ERR_NOMEM;
	if (err == OK)
		err = keys_open(o->key_file, o->alone, &app->keys, &app->key_fd, e);
	if (err == OK)
		err = add_modules(app, modules, e);
	if (err == OK)
		err = check_perms(app, e);
	if (err == OK)
		err = open_store(app, o, migrate, e);
	if (err != OK) {
		app_close(app);
		if (e != NULL && e->err == OK)
			return err_set(e, err, "open", "", "the store cannot be opened (%s)", err_name(err));
		return err;
	}
	*ret = app;
	return OK;
}

void app_close(struct app *app)
{
	if (app == NULL)
		return;
	importer_free(app->importer);
	snap_put(app->snap);
	db_close(app->db);
	router_free(app->router);
	session_cache_free(app->sessions);
	rate_free(app->rate);
	metrics_free(app->metrics);
	arena_free(app->arena);
	pthread_mutex_destroy(&app->snap_lock);
	if (app->key_fd >= 0)
		close(app->key_fd);
	free((void *)(uintptr_t)app->log);
	free(app);
}

enum err app_serve(struct app *app, const struct http_config *cfg, struct error *e)
{
	enum err err;

	app->sse = sse_new(SSE_CLIENTS);
	if (app->sse == NULL)
		return ERR_NOMEM;
	err = notify_start(app);
	if (err == OK)
		err = jobs_start(app);
	if (err == OK)
		err = http_start(&app->http, cfg, &app_hooks, app, app->db, app->router, app->asset, app->nasset,
			app->sse, app->log, e);
	if (err != OK)
		app_stop(app);
	return err;
}

void app_stop(struct app *app)
{
	if (app->http != NULL)
		http_stop(app->http);
	app->http = NULL;
	jobs_stop(app);
	notify_stop(app);
	sse_free(app->sse);
	app->sse = NULL;
}

/* ---- SQL texts ---- */

static void each(const char *const *sql, size_t n, void (*fn)(const char *sql, void *arg), void *arg)
{
	for (size_t i = 0; i < n; i++)
		fn(sql[i], arg);
}

void app_sql_each(const struct app *app, void (*fn)(const char *sql, void *arg), void *arg)
{
	hooks_sql_each(fn, arg);
	snap_sql_each(fn, arg);
	search_sql_each(db_engine_of(app->db), fn, arg);
	each(audit_sql, audit_nsql, fn, arg);
	each(notify_sql, notify_nsql, fn, arg);
	each(tally_sql, tally_nsql, fn, arg);
	secret_sql_each(fn, arg);
	each(entity_index_sql, entity_index_nsql, fn, arg);
	each(entity_tally_sql, entity_tally_nsql, fn, arg);
	for (size_t i = 0; i < app->nmodule; i++) {
		const struct module *m = app->module[i];

		each(m->sql, m->nsql, fn, arg);
		for (size_t k = 0; k < m->nretain; k++) {
			each(&m->retain[k].count, 1, fn, arg);
			each(m->retain[k].sql, m->retain[k].nsql, fn, arg);
		}
	}
	for (size_t i = 0; i < app->nentity; i++)
		entity_sql_each(app->plan[i], fn, arg);
}
