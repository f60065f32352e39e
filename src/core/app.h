/*
 * The one application object, made in main and passed down; the module descriptor; and the snapshot of
 * slowly changing data (places, units, codes, rules, calendars) that requests read without a query.
 */
#ifndef GEZHI_CORE_APP_H
#define GEZHI_CORE_APP_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/calendar.h"
#include "base/log.h"
#include "base/map.h"
#include "core/keys.h"
#include "core/scope.h"
#include "db/db.h"
#include "http/http.h"

struct app;
struct entity;
struct entity_plan;
struct matter_kind;
struct retention;
struct sealed;
struct snap;

/* Periodic work, run by one thread per process; on PostgreSQL by one process at a time. */
struct job {
	const char *name;
	int period_ms;
	enum err (*fn)(struct app *app, struct dbc *reader, int64_t now);
};

struct module {
	const char *name;
	const struct entity *const *entity; /* NULL-terminated, or NULL */
	const struct matter_kind *const *kind;
	const struct route *route;
	size_t nroute;
	const struct job *job;
	size_t njob;
	const char *const *sql; /* every SQL text, for the test that prepares them */
	size_t nsql;
	const struct sealed *sealed; /* sealed columns beside those of the entities (core/secret.h) */
	size_t nsealed;
	const struct retention *retain; /* what is forgotten when its time is over (core/retain.h) */
	size_t nretain;
	/* Inserts rows the module cannot live without, where they are missing. In a transaction. */
	enum err (*seed)(struct app *app, struct dbc *c);
	/* Loads the module's part of a snapshot into s->part[module index]; free_part releases it. */
	enum err (*load)(struct snap *s, struct dbc *c, void **ret_part);
	void (*free_part)(void *part);
};

enum { MODULES_MAX = 48, ENTITIES_MAX = 128, KINDS_MAX = 32 };

/* Immutable once published. */
struct place {
	int64_t id, code, parent;
	int64_t households, leader_id;
	double lon, lat;
	enum level level;
	int kind;
	struct str name, official;
	int64_t valid_to; /* NIL: in force */
};

struct unit {
	int64_t id, place;
	int kind;
	enum track board;
	struct str name;
};

struct snap {
	atomic_int refs;
	struct app *app;
	int64_t gen;
	struct arena *arena;
	size_t nplace;
	struct place *place; /* ascending by code: a subtree is a contiguous slice */
	struct map *unit;    /* id → struct unit */
	struct unit *units;
	size_t nunit;
	struct geo_index *grids; /* point → place code of the grid (or the smallest place with a shape) */
	struct calendar **calendar; /* by version, oldest first; the last is in force */
	size_t ncalendar;
	void *part[MODULES_MAX];
};

struct app {
	const struct log *log;
	struct db *db;
	struct router *router;
	struct http *http;
	struct sse *sse;
	struct session_cache *sessions;
	struct rate *rate;
	struct notify *notify;
	struct jobs *jobs;
	struct importer *importer; /* the jobs' thread's */
	int64_t import_max;	   /* bytes of a file to be imported; 0: the most there is */
	int64_t visit_ahead;	   /* days before a visit is due at which it is opened; 0: the usual */
	struct metrics *metrics;
	const struct module *const *module; /* NULL-terminated, order fixed by modules.c */
	size_t nmodule;
	const struct entity *entity[ENTITIES_MAX];
	size_t nentity;
	const struct entity_plan *plan[ENTITIES_MAX]; /* by the same index */
	const struct matter_kind *kind[KINDS_MAX]; /* index = kind number in the table */
	size_t nkind;
	struct app_keys keys;
	int key_fd; /* holds the key file's lock */
	const char *file_dir;
	const char *version;
	bool demo;
	pthread_mutex_t snap_lock;
	struct snap *snap;
	const struct asset *asset; /* the embedded web; set by main */
	size_t nasset;
	struct arena *arena; /* start-up memory: routes, SQL texts */
};

/* Current snapshot, held until snap_put. Handlers use req_snap instead. */
struct snap *snap_get(struct app *app);
void snap_put(struct snap *s);
/* Builds a new snapshot from the store and publishes it. */
enum err snap_reload(struct app *app, struct dbc *c) MUST_CHECK;
/* In a writing transaction: marks configuration as changed; every server reloads within a second. */
/* Reloads if the stored generation differs from the published one. */
enum err snap_refresh(struct app *app, struct dbc *c) MUST_CHECK;
enum err snap_touch(struct dbc *c) MUST_CHECK;
/* The snapshot of this request, taken at admission and released with it. */
const struct snap *req_snap(const struct req *rq);
void *snap_part(const struct snap *s, const struct app *app, const struct module *m);

const struct place *snap_place(const struct snap *s, int64_t code); /* NULL if unknown */
struct str snap_place_name(const struct snap *s, int64_t code);
/* Slice [*ret_first, +*ret_n) of s->place below `code` (itself included). */
void snap_subtree(const struct snap *s, int64_t code, size_t *ret_first, size_t *ret_n);
const struct unit *snap_unit(const struct snap *s, int64_t id);
struct str snap_unit_name(const struct snap *s, int64_t id);
const struct calendar *snap_calendar(const struct snap *s); /* in force; never NULL */
const struct calendar *snap_calendar_at(const struct snap *s, int64_t version);

struct app_options {
	const char *url;
	const char *key_file;  /* created when absent, mode 0600 */
	const char *file_dir;
	bool alone; /* the only program on this store: its keys are being changed */
	bool unsafe_fast;
	int pg_writers;
	enum log_level log_level;
};

/* Opens the store, checks that modules fit together (routes, permissions, entities), loads keys.
 * With `migrate` brings the schema up to date, else refuses an old one. Loads the snapshot. */
enum err app_open(const struct app_options *o, const struct module *const *modules, bool migrate,
		  struct app **ret, struct error *e) MUST_CHECK;
void app_close(struct app *app);
/* Server threads: http, notify, jobs. */
enum err app_serve(struct app *app, const struct http_config *cfg, struct error *e) MUST_CHECK;
void app_stop(struct app *app);
extern const struct http_hooks app_hooks;
/* Every SQL text that is not put together for one request: the engines', the entities', the modules'. For
 * the test that prepares all of them. */
void app_sql_each(const struct app *app, void (*fn)(const char *sql, void *arg), void *arg);
/* Those of the hooks and the snapshot. */
void hooks_sql_each(void (*fn)(const char *sql, void *arg), void *arg);
void snap_sql_each(void (*fn)(const char *sql, void *arg), void *arg);

/* A request made by the command line, tests or the demo, acting as `who` (NULL: the system) on
 * connection `c` at instant `now`. */
void req_local(struct req *rq, struct app *app, struct dbc *c, struct arena *a,
	       const struct principal *who, int64_t now);
/* Releases what req_local took (the snapshot). */
void req_local_done(struct req *rq);

#endif
