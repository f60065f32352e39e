/* Starting and stopping: listening socket, libmicrohttpd's event loops, workers, housekeeping. */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/forwarded.h"
#include "http/server_impl.h"

enum {
	CONN_MEMORY = 16384, /* request line and headers of one connection */
	BACKLOG = 1024,
	STOP_WAIT_MS = 3000, /* for replies still being sent */
	SPARE_FDS = 256
};

static enum err socket_options(int fd, int family)
{
	int on = 1, off = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return ERR_IO;
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0)
		return ERR_IO;
	return OK;
}

static int read_port(int fd)
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		return 0;
	memcpy(&v4, &a, sizeof(v4));
	memcpy(&v6, &a, sizeof(v6));
	return ntohs(a.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

static enum err listen_on(struct http *h, const struct addrinfo *a, struct error *e)
{
	h->listen_fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->listen_fd < 0 || socket_options(h->listen_fd, a->ai_family) != OK ||
		bind(h->listen_fd, a->ai_addr, a->ai_addrlen) != 0 ||
		listen(h->listen_fd, BACKLOG) != 0)
		return err_set(e, errno == EADDRINUSE ? ERR_CONFLICT : ERR_IO, "listen", "port",
			"Cannot listen on %s port %d: %s", h->cfg->bind, h->cfg->port,
			strerror(errno));
	h->port = read_port(h->listen_fd);
	return OK;
}

static enum err listen_open(struct http *h, struct error *e)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char port[16];

	snprintf(port, sizeof(port), "%d", h->cfg->port);
	if (getaddrinfo(h->cfg->bind, port, &want, &found) != 0 || !found)
		return err_set(e, ERR_INVALID, "bind", "bind", "“%s” is no address to listen on",
			h->cfg->bind);
	enum err err = listen_on(h, found, e);
	freeaddrinfo(found);
	return err;
}

/* Each connection is a descriptor; the usual soft limit of 1024 is less than what we promise. */
static void raise_fd_limit(int connections)
{
	struct rlimit r;
	rlim_t want = (rlim_t)connections + SPARE_FDS;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= want)
		return;
	r.rlim_cur = r.rlim_max == RLIM_INFINITY || r.rlim_max > want ? want : r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

__attribute__((format(printf, 2, 0))) static void library_log(
	void *cls, const char *fmt, va_list ap)
{
	const struct http *h = cls;
	char text[512];

	if (vsnprintf(text, sizeof(text), fmt, ap) > 0)
		log_msg(h->env.log, LOG_DEBUG, "http", "%s", text);
}

static enum err daemon_start(struct http *h, struct error *e)
{
	const struct http_config *cfg = h->cfg;
	unsigned threads = cfg->io_threads > 1 ? (unsigned)cfg->io_threads : 0;
	struct MHD_OptionItem more[] = {
		{ threads ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	/* The port is unused with a socket of our own; the logger must be the first option. */
	h->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
		NULL, NULL, conn_request, h, MHD_OPTION_EXTERNAL_LOGGER, library_log, h,
		MHD_OPTION_LISTEN_SOCKET, h->listen_fd, MHD_OPTION_URI_LOG_CALLBACK, conn_target, h,
		MHD_OPTION_UNESCAPE_CALLBACK, conn_unescape, h, MHD_OPTION_NOTIFY_COMPLETED,
		conn_completed, h, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONN_MEMORY,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)cfg->max_connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)cfg->max_per_address,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)cfg->idle_seconds,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
	if (!h->daemon)
		return err_set(e, ERR_IO, "http", "", "The HTTP server could not be started");
	h->listen_fd = -1;
	return OK;
}

static void *tick_main(void *arg)
{
	struct http *h = arg;
	struct timespec until;

	pthread_mutex_lock(&h->tick_lock);
	while (!atomic_load(&h->stopping)) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&h->tick_wake, &h->tick_lock, &until);
		pthread_mutex_unlock(&h->tick_lock);
		if (h->sse)
			sse_tick(h->sse, time_monotonic());
		pthread_mutex_lock(&h->tick_lock);
	}
	pthread_mutex_unlock(&h->tick_lock);
	return NULL;
}

static enum err tick_start(struct http *h)
{
	if (pthread_create(&h->ticker, NULL, tick_main, h) != 0)
		return ERR_NOMEM;
	pthread_setname_np(h->ticker, "http-tick");
	h->ticking = true;
	return OK;
}

static enum err threads_start(struct http *h, struct error *e)
{
	enum err err = readers_new(&h->readers, h->env.db, h->cfg->io_threads);

	if (!err)
		err = pool_new(&h->pool, h->env.db, h->cfg->workers, conn_ready);
	if (!err)
		err = tick_start(h);
	return err ? err_set(e, err, "threads", "",
			     "Threads or their connections to the store could not be made")
		   : OK;
}

static enum err config_check(const struct http_config *c, struct error *e)
{
	const char *bad = NULL;

	if (!c->bind)
		bad = "bind";
	else if (c->port < 0 || c->port > 65535)
		bad = "port";
	else if (c->io_threads < 1 || c->io_threads > 64)
		bad = "io_threads";
	else if (c->workers < 1 || c->workers > 256)
		bad = "workers";
	else if (c->idle_seconds < 1)
		bad = "idle_seconds";
	else if (c->max_connections < c->io_threads)
		bad = "max_connections";
	else if (c->max_per_address < 0)
		bad = "max_per_address";
	else if (c->proxies && !forwarded_proxies_ok(c->proxies))
		bad = "proxies";
	else if (!c->arena_max || !c->reply_max)
		bad = "arena_max";
	return bad ? err_set(e, ERR_INVALID, "range", bad, "Setting out of range: %s", bad) : OK;
}

static struct http *http_alloc(
	const struct env *env, const struct http_config *cfg, struct sse *sse)
{
	struct http *h = calloc(1, sizeof(*h));
	pthread_condattr_t clock;

	if (!h)
		return NULL;
	h->env = *env;
	h->env.arena_max = cfg->arena_max;
	h->env.reply_max = cfg->reply_max;
	h->cfg = cfg;
	h->sse = sse;
	h->listen_fd = -1;
	pthread_mutex_init(&h->lock, NULL);
	pthread_mutex_init(&h->tick_lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&h->tick_wake, &clock);
	pthread_condattr_destroy(&clock);
	if (sse)
		sse_stop(sse, false);
	return h;
}

enum err http_start(struct http **ret, const struct http_config *cfg,
	const struct http_hooks *hooks, struct app *app, struct db *db, const struct router *router,
	const struct asset *assets, size_t nassets, struct sse *sse, const struct log *log,
	struct error *e)
{
	const struct env env = {
		.app = app, .db = db, .router = router, .hooks = hooks, .log = log, .proxies = cfg->proxies
	};
	enum err err = config_check(cfg, e);

	if (err)
		return err;
	struct http *h = http_alloc(&env, cfg, sse);
	if (!h)
		return err_set(e, ERR_NOMEM, "nomem", "", "Out of memory for the HTTP server");
	raise_fd_limit(cfg->max_connections);
	err = statics_new(&h->statics, assets, nassets, cfg->entry, e);
	if (!err)
		err = listen_open(h, e);
	if (!err)
		err = threads_start(h, e);
	if (!err)
		err = daemon_start(h, e);
	h->cfg = NULL;
	if (err) {
		http_stop(h);
		return err;
	}
	*ret = h;
	return OK;
}

int http_port(const struct http *h)
{
	return h->port;
}

static void sleep_ms(long ms)
{
	const struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

static void tick_stop(struct http *h)
{
	pthread_mutex_lock(&h->tick_lock);
	pthread_cond_signal(&h->tick_wake);
	pthread_mutex_unlock(&h->tick_lock);
	if (h->ticking)
		pthread_join(h->ticker, NULL);
}

/* Order matters: no new connection, no new work, every suspended connection resumed (libmicrohttpd
 * demands it), replies sent, and only then the event loops end. */
static void drain(struct http *h)
{
	int64_t deadline = time_monotonic() + STOP_WAIT_MS;

	if (h->daemon) {
		int fd = MHD_quiesce_daemon(h->daemon);
		if (fd >= 0)
			close(fd);
	}
	if (h->pool)
		pool_stop(h->pool);
	while (atomic_load(&h->suspended) > 0)
		sleep_ms(2);
	tick_stop(h);
	if (h->sse)
		sse_stop(h->sse, true);
	while (atomic_load(&h->live) > 0 && time_monotonic() < deadline)
		sleep_ms(2);
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
}

void http_stop(struct http *h)
{
	if (!h)
		return;
	atomic_store(&h->stopping, true);
	drain(h);
	pool_free(h->pool);
	readers_free(h->readers);
	statics_free(h->statics);
	if (h->listen_fd >= 0)
		close(h->listen_fd);
	for (struct xfer *x = h->spare, *next; x; x = next) {
		next = x->next;
		xfer_free(x);
	}
	pthread_cond_destroy(&h->tick_wake);
	pthread_mutex_destroy(&h->tick_lock);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
