/* See test_core.h. */
#include "core/import_job.h"
#include "core/test_core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "core/account.h"
#include "core/account_impl.h"
#include "core/entity_plan.h"
#include "core/metrics.h"
#include "core/migrations.h"
#include "core/notify.h"
#include "core/rate.h"
#include "core/snap_sources.h"

/* What the engines expect of the layers above. */
const struct migration gezhi_migrations[] = { { .number = 0 } };
const size_t gezhi_migrations_n = 1;

enum err calendar_load(struct dbc *c, struct calendar ***ret, size_t *ret_n)
{
	static const struct span hours[] = { { 540, 720 }, { 840, 1080 } };
	struct calendar **v = calloc(1, sizeof(*v));

	(void)c;
	if (v == NULL)
		return ERR_NOMEM;
	v[0] = calendar_new(1, hours, ARRAY_LEN(hours));
	*ret = v;
	*ret_n = 1;
	return OK;
}

enum err calendar_seed(struct dbc *c)
{
	(void)c;
	return OK;
}

static void must(enum err err, const char *what, const struct error *e)
{
	if (err == OK)
		return;
	fprintf(stderr, "%s: %s %s\n", what, err_name(err), e != NULL ? e->message : "");
	abort();
}

static enum err places_tx(struct dbc *c, void *arg)
{
	static const int64_t code[] = { PLACE_DISTRICT, PLACE_STREET_A, PLACE_GRID_A - 100, PLACE_GRID_A,
		PLACE_STREET_B, PLACE_GRID_B - 100, PLACE_GRID_B };
	enum err err = OK;

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(code) && err == OK; i++) {
		char name[18];

		place_text(code[i], name);
		err = db_exec(c, "INSERT INTO place (id, version, code, level, kind, name, created_at, updated_at) "
			"VALUES ($1, 1, $2, $3, 0, $4, 0, 0)",
			ARGS(I(db_new_id(c)), I(code[i]), I(place_level(code[i])), Z(name)), NULL);
	}
	return err;
}

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
}

struct core_test *core_test_new(enum db_engine engine, const struct module *const *modules)
{
	struct core_test *t = calloc(1, sizeof(*t));
	struct error e = { .err = OK };

	must(t != NULL ? OK : ERR_NOMEM, "memory", NULL);
	must(crypto_init(), "crypto", NULL);
	must(test_store_make(engine, &t->store), "store", NULL);
	struct db_config cfg = { .url = t->store.url, .writers = 3 };

	must(db_open(&cfg, &t->app.db, &e), "open", &e);
	must(test_store_migrate(t->app.db, GEZHI_MIGRATIONS, &e), "migrations", &e);
	must(db_write(t->app.db, places_tx, NULL), "places", NULL);
	t->log.level = LOG_ERROR;
	t->app.log = &t->log;
	t->app.arena = arena_new(16 << 20);
	t->app.sessions = session_cache_new();
	t->app.rate = rate_new();
	t->app.metrics = metrics_new();
	snprintf(t->dir, sizeof(t->dir), "/tmp/gezhi-files-XXXXXX");
	t->app.file_dir = mkdtemp(t->dir);
	pthread_mutex_init(&t->app.snap_lock, NULL);
	must(router_new(&t->app.router, &e), "router", &e);
	t->app.module = modules;
	for (size_t i = 0; modules[i] != NULL; i++) {
		t->app.nmodule = i + 1;
		add_module(&t->app, modules[i]);
	}
	must(db_reader_open(t->app.db, &t->reader), "reader", NULL);
	must(snap_reload(&t->app, t->reader), "snapshot", NULL);
	buf_init(&t->raw, 64 << 20);
	return t;
}

static void remove_files(const char *dir, int depth)
{
	DIR *d = opendir(dir);
	struct dirent *one;

	while (d != NULL && (one = readdir(d)) != NULL) {
		char path[512];

		if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0)
			continue;
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, one->d_name) >= sizeof(path))
			continue;
		if (depth > 0)
			remove_files(path, depth - 1);
		unlink(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

void core_test_free(struct core_test *t)
{
	if (t == NULL)
		return;
	notify_stop(&t->app);
	sse_free(t->app.sse);
	json_decref(t->reply);
	buf_release(&t->raw);
	snap_put(t->app.snap);
	dbc_free(t->reader);
	importer_free(t->app.importer);
	router_free(t->app.router);
	session_cache_free(t->app.sessions);
	rate_free(t->app.rate);
	metrics_free(t->app.metrics);
	arena_free(t->app.arena);
	db_close(t->app.db);
	pthread_mutex_destroy(&t->app.snap_lock);
	test_store_drop(&t->store);
	remove_files(t->dir, 1);
	free(t);
}

/* ---- straight to the store ---- */

enum err core_test_write(struct core_test *t, db_fn fn, void *arg)
{
	return db_write(t->app.db, fn, arg);
}

struct one_text {
	const char *sql;
	const struct arg *v;
	size_t n;
};

static enum err sql_tx(struct dbc *c, void *arg)
{
	const struct one_text *o = arg;

	return db_exec(c, o->sql, o->v, o->n, NULL);
}

void core_test_sql(struct core_test *t, const char *sql, const struct arg *v, size_t n)
{
	struct one_text o = { sql, v, n };

	must(db_write(t->app.db, sql_tx, &o), sql, NULL);
}

struct made {
	const char *login;
	int64_t user, role, place, id;
};

static enum err user_tx(struct dbc *c, void *arg)
{
	struct made *m = arg;

	m->id = db_new_id(c);
	return db_exec(c, "INSERT INTO account (id, version, login, name, created_at, updated_at) "
		"VALUES ($1, 1, $2, $2, 0, 0)", ARGS(I(m->id), Z(m->login)), NULL);
}

int64_t core_test_user(struct core_test *t, const char *login)
{
	struct made m = { .login = login };

	must(db_write(t->app.db, user_tx, &m), login, NULL);
	return m.id;
}

static enum err post_tx(struct dbc *c, void *arg)
{
	struct made *m = arg;

	m->id = db_new_id(c);
	return db_exec(c, "INSERT INTO post (id, version, user_id, role, place, created_at, updated_at) "
		"VALUES ($1, 1, $2, $3, $4, 0, 0)", ARGS(I(m->id), I(m->user), I(m->role), I(m->place)), NULL);
}

int64_t core_test_post(struct core_test *t, int64_t user, enum role role, int64_t place)
{
	struct made m = { .user = user, .role = role, .place = place };

	must(db_write(t->app.db, post_tx, &m), "post", NULL);
	return m.id;
}

struct session {
	int64_t user;
	unsigned char hash[HASH_LEN];
};

static enum err session_tx(struct dbc *c, void *arg)
{
	struct session *s = arg;
	struct str h = { (const char *)s->hash, HASH_LEN };

	return db_exec(c, account_sql[Q_ACCOUNT_SESSION_PUT],
		ARGS(I(db_new_id(c)), B(h), B(h), I(s->user), I(time_now()), I(time_now() + MS_HOUR), Z("test")), NULL);
}

int64_t core_test_someone(struct core_test *t, const char *login, enum role role, int64_t place, char ret_token[TOKEN_TEXT])
{
	struct session s = { .user = core_test_user(t, login) };

	if (place != NIL)
		core_test_post(t, s.user, role, place);
	snprintf(ret_token, TOKEN_TEXT, "%043lld", (long long)s.user);
	crypto_sha256(str_z(ret_token), s.hash);
	must(core_test_write(t, session_tx, &s), login, NULL);
	return s.user;
}

int64_t core_test_count(struct core_test *t, const char *sql)
{
	int64_t n = NIL;

	must(db_int(t->reader, sql, NO_ARGS, &n), sql, NULL);
	return n;
}

/* ---- calls ---- */

int core_test_send(struct core_test *t, const char *token, const char *request, struct str body,
	const char *type)
{
	static const char *const word[METHOD_MAX] = { "GET ", "POST ", "PUT ", "PATCH ", "DELETE " };
	struct call call = { .method = M_GET, .token = str_z(token), .content_type = str_z(type), .body = body,
		.reader = t->reader };
	struct error e;

	for (int m = 0; m < METHOD_MAX; m++) {
		if (str_prefix(str_z(request), str_z(word[m]))) {
			call.method = (enum method)m;
			call.target = str_z(request + strlen(word[m]));
		}
	}
	buf_reset(&t->raw);
	must(http_call(&t->app, t->app.db, t->app.router, &app_hooks, &call, &t->raw, &t->status), request, NULL);
	buf_char(&t->raw, '\0'); /* so that it can be read as a string */
	t->raw.n--;
	json_decref(t->reply);
	t->reply = NULL;
	if (t->raw.n > 0 && t->raw.p[0] == '{' && field_parse_json(buf_view(&t->raw), &t->reply, &e) != OK)
		t->reply = NULL;
	must(snap_refresh(&t->app, t->reader), "snapshot", NULL);
	return t->status;
}

int core_test_send_back(struct core_test *t, const char *token, const char *request, const char *type)
{
	struct buf b;

	buf_init(&b, t->raw.max);
	buf_str(&b, buf_view(&t->raw));
	must(b.failed ? ERR_NOMEM : OK, request, NULL);
	int status = core_test_send(t, token, request, buf_view(&b), type);

	buf_release(&b);
	return status;
}

int core_test_call(struct core_test *t, const char *token, const char *request, const char *body)
{
	return core_test_send(t, token, request, str_z(body), "application/json");
}

static json_t *member(struct core_test *t, const char *path)
{
	struct str rest = str_z(path), piece;
	json_t *v = t->reply;

	while (v != NULL && str_split(&rest, '.', &piece)) {
		char key[64];
		int64_t i;

		snprintf(key, sizeof(key), "%.*s", (int)piece.n, piece.p);
		v = json_is_array(v) && str_i64(piece, &i) ? json_array_get(v, (size_t)i) : json_object_get(v, key);
	}
	return v;
}

const char *core_test_str(struct core_test *t, const char *path)
{
	const char *z = json_string_value(member(t, path));

	return z != NULL ? z : "";
}

size_t core_test_len(struct core_test *t, const char *path)
{
	return json_array_size(member(t, path));
}

/* ---- for cmocka ---- */

int core_test_setup(void **state)
{
	const struct core_case *c = *state;
	struct core_test *t = c->engine == DB_PG && !test_pg_present() ? NULL : core_test_new(c->engine, c->modules);

	if (t != NULL && c->fill != NULL)
		c->fill(t);
	*state = t;
	return 0;
}

int core_test_teardown(void **state)
{
	core_test_free(*state);
	return 0;
}

void core_test_need(const struct core_test *t)
{
	if (t == NULL)
		skip();
}
