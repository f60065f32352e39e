/* gezhi serve: the server, until SIGTERM or SIGINT. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "main/cli.h"
#include "main/main_db.h"

enum { IDLE_SECONDS = 60, REQUEST_SIZE = 64 << 20, REPLY_SIZE = 256 << 20, IO_MAX = 64, WORKERS_MAX = 256 };

static const struct option options[] = {
	SET_DB,
	SET(port, OPT_INT, .name = "port", .dflt = "8080", .min = 0, .max = 65535, .help = "0 takes any free port"),
	SET(bind, OPT_TEXT, .name = "bind", .dflt = "127.0.0.1", .help = "address to listen on, e.g. :: for all"),
	SET(files, OPT_TEXT, .name = "files",
		.help = "folder of attachments [PATH.files beside sqlite:PATH, else beside the key file]"),
	SET_KEY,
	SET(io_threads, OPT_INT, .name = "io-threads", .dflt = "0", .min = 0, .max = IO_MAX,
		.help = "threads for sockets and short reads; 0: one per processor"),
	SET(workers, OPT_INT, .name = "workers", .dflt = "0", .min = 0, .max = WORKERS_MAX,
		.help = "threads for longer work; 0: two per processor"),
	SET(writers, OPT_INT, .name = "writers", .dflt = "8", .min = 1, .max = 64,
		.help = "writing connections to PostgreSQL"),
	SET(connections, OPT_INT, .name = "connections", .dflt = "4096", .min = 16, .max = 1000000,
		.help = "most connections at once"),
	SET(per_address, OPT_INT, .name = "per-address", .dflt = "1024", .min = 1, .max = 1000000,
		.help = "most connections of one address"),
	SET(trusted_proxy, OPT_TEXT, .name = "trusted-proxy",
		.help = "addresses of reverse proxies, by comma: the client is whom they name in X-Forwarded-For"),
	SET(import_mb, OPT_INT, .name = "import-mb", .dflt = "100", .min = 1, .max = 100,
		.help = "largest file to be imported, in MB"),
	SET(visit_ahead, OPT_INT, .name = "visit-ahead", .dflt = "3", .min = 1, .max = 30,
		.help = "days before a visit is due at which it is put in the inbox"),
	SET_LOG("warn"),
	SET(config, OPT_TEXT, .name = "config", .help = "file of settings, one name=value a line"),
};

static const char *const entries[] = { "/report=/report.html", "/me=/me.html", "/=/index.html", NULL };

static enum err find_demo(struct app *app)
{
	struct dbc *c = NULL;
	int64_t n = 0;
	enum err err = db_reader_open(app->db, &c);

	if (err == OK)
		err = db_int(c, main_sql[Q_DEMO_COUNT], NO_ARGS, &n);
	dbc_free(c);
	app->demo = n > 0;
	return err;
}

static enum err show_demo(struct app *app)
{
	struct dbc *c = NULL;
	enum err err = db_reader_open(app->db, &c);

	if (err != OK)
		return err;
	struct rows *r = db_query(c, main_sql[Q_DEMO_LIST], NO_ARGS);

	puts("demo accounts (password gezhi-demo):");
	while (rows_next(r)) {
		struct str login = row_str_at(r, 0), name = row_str_at(r, 1);

		printf("  %-12.*s %.*s\n", (int)login.n, login.p, (int)name.n, name.p);
	}
	err = rows_close(r);
	dbc_free(c);
	return err;
}

static void say_ready(const struct settings *s, int port)
{
	bool any = strcmp(s->bind, "0.0.0.0") == 0 || strcmp(s->bind, "::") == 0;
	bool six = !any && strchr(s->bind, ':') != NULL;

	printf("listening on http://%s%s%s:%d\n", six ? "[" : "", any ? "127.0.0.1" : s->bind, six ? "]" : "", port);
}

static struct http_config http_settings(const struct settings *s)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	int cpus = n < 1 ? 1 : n > IO_MAX ? IO_MAX : (int)n;

	return (struct http_config){
		.bind = s->bind,
		.port = (int)s->port,
		.io_threads = s->io_threads > 0 ? (int)s->io_threads : cpus,
		.workers = s->workers > 0 ? (int)s->workers : 2 * cpus + 2,
		.idle_seconds = IDLE_SECONDS,
		.max_connections = (int)s->connections,
		/* all connections are the proxy's */
		.max_per_address = (int)(s->trusted_proxy != NULL ? s->connections : s->per_address),
		.proxies = s->trusted_proxy,
		.arena_max = REQUEST_SIZE,
		.reply_max = REPLY_SIZE,
		.entry = entries,
	};
}

/* Until asked to end; a second signal while stopping ends the program at once. */
static void wait_signal(const sigset_t *set)
{
	int got = 0;

	while (sigwait(set, &got) != 0)
		continue;
	pthread_sigmask(SIG_UNBLOCK, set, NULL);
}

static enum err serve(struct run *r, struct app *app, const sigset_t *set)
{
	struct http_config cfg = http_settings(&r->set);
	enum err err;

	app->asset = gezhi_assets;
	app->nasset = gezhi_assets_n;
	app->import_max = r->set.import_mb << 20;
	app->visit_ahead = r->set.visit_ahead;
	err = find_demo(app);
	if (err == OK)
		err = app_serve(app, &cfg, &r->e);
	if (err != OK)
		return err;
	say_ready(&r->set, http_port(app->http));
	if (app->demo)
		err = show_demo(app);
	fflush(stdout);
	if (err == OK)
		wait_signal(set);
	app_stop(app);
	return err;
}

static int run(struct run *r)
{
	struct app *app = NULL;
	sigset_t set;
	enum err err;

	/* Blocked before any thread starts, so that only the wait below takes them. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	err = cli_open_app(r, true, &app);
	if (err == OK)
		err = serve(r, app, &set);
	app_close(app);
	return err == OK ? EXIT_OK : cli_fail(r, err);
}

const struct command cmd_serve = {
	.name = "serve",
	.operands = "[OPTIONS]",
	.summary = "serve the web and the interface over HTTP",
	.help = "Makes the store or brings its schema up to date first. Prints one line when it is ready; SIGTERM\n"
		"or SIGINT ends it after the requests under way.\n",
	.options = SET_TABLE(options),
	.run = run,
};
