/* See test_app.h. */
#include "mod/test_app/test_app.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/entity_plan.h"
#include "core/import_job.h"
#include "core/matter.h"
#include "core/migrations.h"
#include "core/rate.h"

/* The engine of matters brings app_open along, which is not called here: the schema comes from the files. */
__attribute__((weak)) const struct migration gezhi_migrations[] = { { 0 } };
__attribute__((weak)) const size_t gezhi_migrations_n = 0;

/*
 * While the engines of accounts and files are not linked, what of them these tests touch stands here.
 * Weak: the real ones win.
 */
__attribute__((weak)) const struct snap *req_snap(const struct req *rq)
{
	return rq->snap;
}

static void must(enum err err, const char *what, const struct error *e)
{
	if (err == OK)
		return;
	fprintf(stderr, "%s: %s %s\n", what, err_name(err), e != NULL ? e->message : "");
	abort();
}

/* ---- who asks ---- */

/* The hooks carry no argument, so the test travels as the token: a pointer in text. */
static enum err admit(struct req *rq)
{
	const struct test_app *t;
	int64_t p = 0;

	rq->snap = snap_get(rq->app);
	must(str_i64(rq->token, &p) ? OK : ERR_BUG, "token", NULL);
	t = (const struct test_app *)(uintptr_t)p;
	rq->who = t->nobody ? NULL : &t->who;
	if (t->now != 0)
		rq->now = t->now;
	if (rq->who == NULL && !(rq->route->flags & ROUTE_PUBLIC))
		return req_fail(rq, ERR_AUTH, "auth", "", "sign in first");
	if (rq->route->perm != NULL && !may(rq->who, rq->route->perm))
		return req_fail(rq, ERR_DENIED, "perm", "", "not allowed");
	return OK;
}

static enum err enter(struct req *rq, struct buf *out, bool *ret_done)
{
	(void)rq;
	(void)out;
	*ret_done = false;
	return OK;
}

static enum err leave(struct req *rq, struct str out)
{
	(void)rq;
	(void)out;
	return OK;
}

static void finished(struct req *rq, int status, int64_t micros)
{
	(void)status;
	(void)micros;
	snap_put(rq->snap);
	rq->snap = NULL;
}

static const struct http_hooks plain_hooks = { .admit = admit, .enter = enter, .leave = leave, .finished = finished };

/* ---- the application ---- */

static void add_module(struct app *app, const struct module *m)
{
	struct error e = { .err = OK };

	must(router_add(app->router, m->route, m->nroute, &e), m->name, &e);
	for (size_t i = 0; m->entity != NULL && m->entity[i] != NULL; i++) {
		struct route *v = arena_array(app->arena, ENTITY_ROUTES, sizeof(*v));
		const struct entity *en = m->entity[i];

		must(entity_plan_new(app, en, &app->plan[app->nentity]), en->name, NULL);
		app->entity[app->nentity++] = en;
		must(router_add(app->router, v, entity_routes(en, app->arena, v), &e), en->name, &e);
	}
	for (size_t i = 0; m->kind != NULL && m->kind[i] != NULL; i++) {
		struct route *v = arena_array(app->arena, MATTER_ROUTES, sizeof(*v));

		app->kind[app->nkind++] = m->kind[i];
		must(router_add(app->router, v, matter_routes(m->kind[i], app->arena, v), &e), m->kind[i]->name, &e);
	}
}

static enum err seed_tx(struct dbc *c, void *arg)
{
	struct app *app = arg;
	enum err err = OK;

	for (size_t i = 0; i < app->nmodule && err == OK; i++) {
		if (app->module[i]->seed != NULL)
			err = app->module[i]->seed(app, c);
	}
	return err;
}

struct test_app *test_app_new(enum db_engine engine, const struct module *const *modules)
{
	struct test_app *t = calloc(1, sizeof(*t));
	struct error e = { .err = OK };

	must(t != NULL ? OK : ERR_NOMEM, "memory", NULL);
	must(test_store_make(engine, &t->store), "store", NULL);
	struct db_config cfg = { .url = t->store.url, .writers = 2 };

	must(db_open(&cfg, &t->app.db, &e), "open", &e);
	must(test_store_migrate(t->app.db, GEZHI_MIGRATIONS, &e), "migrations", &e);
	t->hooks = plain_hooks;
	t->log.level = LOG_ERROR;
	t->app.log = &t->log;
	t->app.arena = arena_new(16 << 20);
	pthread_mutex_init(&t->app.snap_lock, NULL);
	must(router_new(&t->app.router, &e), "router", &e);
	t->app.module = modules;
	for (size_t i = 0; modules[i] != NULL; i++) {
		t->app.nmodule = i + 1;
		add_module(&t->app, modules[i]);
	}
	must(db_write(t->app.db, seed_tx, &t->app), "seed", NULL);
	must(db_reader_open(t->app.db, &t->reader), "reader", NULL);
	must(snap_reload(&t->app, t->reader), "snapshot", NULL);
	buf_init(&t->raw, 16 << 20);
	return t;
}

void test_app_free(struct test_app *t)
{
	json_decref(t->reply);
	buf_release(&t->raw);
	snap_put(t->app.snap);
	dbc_free(t->reader);
	importer_free(t->app.importer);
	router_free(t->app.router);
	rate_free(t->app.rate);
	arena_free(t->app.arena);
	db_close(t->app.db);
	pthread_mutex_destroy(&t->app.snap_lock);
	test_store_drop(&t->store);
	free(t);
}

void test_post(struct test_app *t, enum role role, int64_t place)
{
	t->who = (struct principal){ .user_id = 1, .login = STR("test"), .name = STR("test"), .nposts = 1,
		.roles = UINT64_C(1) << role };
	t->who.post[0] = (struct post){ .id = 1, .role = role, .lo = place, .hi = place_end(place), .unit_id = NIL };
}

/* ---- calls ---- */

int test_call(struct test_app *t, const char *request, const char *body)
{
	static const char *const word[METHOD_MAX] = { "GET ", "POST ", "PUT ", "PATCH ", "DELETE " };
	struct call call = { .method = M_GET, .content_type = STR("application/json"), .body = str_z(body),
		.idempotency_key = str_z(t->key), .reader = t->reader };
	struct error e;
	char token[32];

	for (int m = 0; m < METHOD_MAX; m++) {
		if (str_prefix(str_z(request), str_z(word[m]))) {
			call.method = (enum method)m;
			call.target = str_z(request + strlen(word[m]));
		}
	}
	snprintf(token, sizeof(token), "%lld", (long long)(intptr_t)t);
	call.token = str_z(token);
	buf_reset(&t->raw);
	must(http_call(&t->app, t->app.db, t->app.router, &t->hooks, &call, &t->raw, &t->status), request, NULL);
	json_decref(t->reply);
	t->reply = NULL;
	if (t->raw.n > 0 && t->raw.p[0] == '{' && field_parse_json(buf_view(&t->raw), &t->reply, &e) != OK)
		t->reply = NULL;
	must(snap_refresh(&t->app, t->reader), "snapshot", NULL);
	return t->status;
}

int test_callf(struct test_app *t, const char *request, const char *value, const char *body)
{
	char text[1024], *hole;
	size_t n = strlen(request);

	must(n + strlen(value) < sizeof(text) ? OK : ERR_LIMIT, "request", NULL);
	memcpy(text, request, n + 1);
	hole = strstr(text, "%s");
	must(hole != NULL ? OK : ERR_INVALID, "request", NULL);
	memmove(hole + strlen(value), hole + 2, strlen(hole + 2) + 1);
	memcpy(hole, value, strlen(value));
	return test_call(t, text, body);
}

static json_t *member(struct test_app *t, const char *path)
{
	struct str rest = str_z(path), piece;
	json_t *v = t->reply;

	while (v != NULL && str_split(&rest, '.', &piece)) {
		char key[64];
		int64_t i;

		snprintf(key, sizeof(key), "%.*s", (int)piece.n, piece.p);
		v = str_i64(piece, &i) && json_is_array(v) ? json_array_get(v, (size_t)i) : json_object_get(v, key);
	}
	return v;
}

const char *test_str(struct test_app *t, const char *path)
{
	const char *z = json_string_value(member(t, path));

	return z != NULL ? z : "";
}

double test_num(struct test_app *t, const char *path)
{
	json_t *v = member(t, path);

	if (json_is_boolean(v))
		return json_is_true(v) ? 1 : 0;
	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

size_t test_len(struct test_app *t, const char *path)
{
	return json_array_size(member(t, path));
}

const char *test_error(struct test_app *t)
{
	return test_str(t, "error.code");
}

/* ---- straight to the store ---- */

static enum err sql_tx(struct dbc *c, void *arg)
{
	enum err err = db_exec(c, arg, NO_ARGS, NULL);

	return err != OK ? err : snap_touch(c);
}

void test_sql(struct test_app *t, const char *sql)
{
	/* Statements are known by address: the text stays until the application goes. */
	void *kept = arena_alloc(t->app.arena, strlen(sql) + 1);

	must(kept != NULL ? OK : ERR_NOMEM, "memory", NULL);
	memcpy(kept, sql, strlen(sql) + 1);
	must(db_write(t->app.db, sql_tx, kept), sql, NULL);
	must(snap_refresh(&t->app, t->reader), "snapshot", NULL);
}

struct local {
	struct test_app *t;
	enum err (*fn)(struct req *rq, void *arg);
	void *arg;
};

static enum err local_tx(struct dbc *c, void *arg)
{
	struct local *l = arg;
	struct req rq = { .app = &l->t->app, .db = c, .arena = arena_new(64 << 20),
		.now = l->t->now != 0 ? l->t->now : time_now() };
	enum err err;

	rq.snap = snap_get(&l->t->app);
	err = l->fn(&rq, l->arg);
	if (err != OK && err != ERR_RETRY)
		fprintf(stderr, "%s: %s\n", rq.err.code, rq.err.message);
	snap_put(rq.snap);
	arena_free(rq.arena);
	return err;
}

enum err test_local(struct test_app *t, enum err (*fn)(struct req *rq, void *arg), void *arg)
{
	struct local l = { t, fn, arg };
	enum err err = db_write(t->app.db, local_tx, &l);

	must(snap_refresh(&t->app, t->reader), "snapshot", NULL);
	return err;
}

char *test_data(const char *name)
{
	const char *dir = getenv("GEZHI_TEST_DATA");
	char path[512];

	if (dir == NULL) {
		printf("SKIP: %s (GEZHI_TEST_DATA is not set)\n", name);
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return test_file(path);
}

int test_setup(void **state)
{
	const struct test_how *how = *state;

	*state = how->engine == DB_SQLITE || test_pg_present() ? how->make(how->engine) : NULL;
	return 0;
}

int test_done(void **state)
{
	if (*state != NULL)
		test_app_free(*state);
	return 0;
}
