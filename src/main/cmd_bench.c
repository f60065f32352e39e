/*
 * Load on a running server over HTTP, from threads with one connection each: reports with their way to
 * closing, submissions, reads. Prints one JSON object with the rate and the latencies. It makes rows:
 * use a store that is kept for measuring.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main/bench_client.h"
#include "main/bench_store.h"

enum { CLIENTS_MAX = 256, SAMPLES_MAX = 400000, PLACES_MAX = 100 };

struct load {
	int port;
	const char *what, *target;
	char token[2][64], unit[32], place[PLACES_MAX][32];
	size_t nplace;
	int64_t end; /* monotonic ms */
	atomic_llong serial;
};

struct worker {
	struct load *load;
	pthread_t thread;
	struct client c;
	int64_t done, failed;
	float *ms; /* latency of each unit of work */
	size_t n;
	char first_failure[200];
};

static enum err say(struct worker *w, int who, const char *method, const char *target, struct str body)
{
	w->c.token = w->load->token[who];
	enum err err = client_call(&w->c, method, target, body);

	if (err == OK && w->c.status >= 400) {
		if (w->first_failure[0] == '\0')
			snprintf(w->first_failure, sizeof(w->first_failure), "%s %s: %d %.*s", method, target, w->c.status,
				(int)(w->c.body.n < 100 ? w->c.body.n : 100), w->c.body.p);
		return ERR_CONFLICT;
	}
	return err;
}

static enum err submit(struct worker *w, char id[32])
{
	static const char *const code[] = { "MS28", "MS30", "MS33", "MS35" }; /* need no photo */
	static const char *const thing[] = { "井盖", "路灯", "垃圾", "噪声", "占道", "积水", "树木", "车辆" };
	long long n = atomic_fetch_add(&w->load->serial, 1);
	char body[512];
	int len = snprintf(body, sizeof(body),
		"{\"code\":\"%s\",\"place\":\"%s\",\"text\":\"压测%lld号小区门口%s需要处理,请尽快派人查看现场情况\"}", code[n % 4],
		w->load->place[n % (long long)w->load->nplace], n, thing[n % 8]);
	enum err err = say(w, 0, "POST", "/api/events", (struct str){ body, (size_t)len });
	struct str s;

	if (err != OK)
		return err;
	s = client_text(&w->c, "id");
	if (s.n == 0 || s.n > 31)
		return ERR_IO;
	memcpy(id, s.p, s.n);
	id[s.n] = '\0';
	return OK;
}

static enum err act(struct worker *w, int who, const char *id, const char *action, const char *body)
{
	char target[128];

	snprintf(target, sizeof(target), "/api/events/%s/actions/%s", id, action);
	return say(w, who, "POST", target, str_z(body));
}

/* create → accept → dispatch → sign → finish → pass → search: seven requests, six of them durable. */
static enum err lifecycle(struct worker *w)
{
	char id[32], body[256], target[128];
	enum err err = submit(w, id);

	if (err == OK)
		err = act(w, 0, id, "accept", "{\"event_code\":null}");
	snprintf(body, sizeof(body), "{\"unit_id\":\"%s\"}", w->load->unit);
	if (err == OK)
		err = act(w, 0, id, "dispatch", body);
	if (err == OK)
		err = act(w, 1, id, "sign", "{}");
	if (err == OK)
		err = act(w, 1, id, "finish", "{\"result\":\"已到现场处理完毕\"}");
	if (err == OK)
		err = act(w, 0, id, "pass", "{}");
	snprintf(target, sizeof(target), "/api/events?q=E%s", id);
	return err != OK ? err : say(w, 0, "GET", target, (struct str){ NULL, 0 });
}

static enum err once(struct worker *w)
{
	char id[32];

	if (strcmp(w->load->what, "lifecycle") == 0)
		return lifecycle(w);
	if (strcmp(w->load->what, "submit") == 0)
		return submit(w, id);
	return say(w, 0, "GET", w->load->target, (struct str){ NULL, 0 });
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (time_monotonic() < w->load->end) {
		int64_t from = time_monotonic_us();
		enum err err = once(w);

		if (err == OK)
			w->done++;
		else
			w->failed++;
		if (err == ERR_IO)
			break;
		if (w->n < SAMPLES_MAX)
			w->ms[w->n++] = (float)(time_monotonic_us() - from) / 1000.0f;
	}
	return NULL;
}

/* ---- preparation ---- */

static enum err sign_in(struct client *c, const char *login, const char *password, char token[64])
{
	char body[200];
	int n = snprintf(body, sizeof(body), "{\"login\":\"%s\",\"password\":\"%s\"}", login, password);
	enum err err = client_call(c, "POST", "/api/session", (struct str){ body, (size_t)n });
	struct str s = err == OK ? client_text(c, "token") : (struct str){ NULL, 0 };

	if (err != OK || s.n == 0 || s.n > 60)
		return ERR_AUTH;
	memcpy(token, s.p, s.n);
	token[s.n] = '\0';
	return OK;
}

static void keep(char *to, size_t cap, struct str s)
{
	size_t n = s.n < cap - 1 ? s.n : cap - 1;

	memcpy(to, s.p, n);
	to[n] = '\0';
}

/* The first grids that the reporter sees. */
static enum err find_places(struct load *l, struct client *c)
{
	struct str s, rest;
	enum err err = client_call(c, "GET", "/api/places?level=grid&limit=100", (struct str){ NULL, 0 });

	if (err != OK || c->status != 200)
		return ERR_AUTH;
	rest = c->body;
	while (l->nplace < PLACES_MAX) {
		s = client_text(c, "code");
		if (s.n == 0)
			break;
		keep(l->place[l->nplace++], sizeof(l->place[0]), s);
		c->body = (struct str){ s.p + s.n, rest.n - (size_t)(s.p + s.n - rest.p) };
	}
	return l->nplace > 0 ? OK : ERR_NOT_FOUND;
}

static enum err prepare(struct load *l, const struct settings *s)
{
	struct client c;
	enum err err = client_open(&c, l->port);

	if (err != OK)
		return err;
	err = sign_in(&c, s->login, s->password, l->token[0]);
	if (err == OK)
		err = sign_in(&c, s->handler, s->password, l->token[1]);
	if (err == OK && client_text(&c, "unit_id").n > 0)
		keep(l->unit, sizeof(l->unit), client_text(&c, "unit_id"));
	c.token = l->token[0];
	if (err == OK && s->place != NULL)
		keep(l->place[l->nplace++], sizeof(l->place[0]), str_z(s->place));
	else if (err == OK)
		err = find_places(l, &c);
	client_close(&c);
	return err;
}

/* ---- the figures ---- */

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void print(const struct load *l, struct worker *w, size_t nw, double seconds)
{
	int64_t done = 0, failed = 0;
	size_t n = 0, at = 0;
	const char *why = "";
	float *all;

	for (size_t i = 0; i < nw; i++) {
		done += w[i].done;
		failed += w[i].failed;
		n += w[i].n;
		if (w[i].first_failure[0] != '\0')
			why = w[i].first_failure;
	}
	all = calloc(n + 1, sizeof(*all));
	for (size_t i = 0; all != NULL && i < nw; i++) {
		memcpy(all + at, w[i].ms, w[i].n * sizeof(float));
		at += w[i].n;
	}
	if (all != NULL)
		qsort(all, n, sizeof(*all), by_value);
	printf("{\"what\":\"%s\",\"clients\":%zu,\"seconds\":%.2f,\"done\":%lld,\"failed\":%lld,\"per_second\":%.1f",
		l->what, nw, seconds, (long long)done, (long long)failed, (double)done / seconds);
	if (all != NULL && n > 0)
		printf(",\"ms\":{\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"max\":%.2f}", (double)all[n / 2],
			(double)all[n * 9 / 10], (double)all[n * 99 / 100], (double)all[n - 1]);
	printf("}\n");
	if (failed > 0)
		fprintf(stderr, "first failure: %s\n", why);
	free(all);
}

static int run_with(struct run *r, struct load *l, struct worker *w)
{
	size_t n = 0, want = (size_t)r->set.clients;
	int64_t from;
	enum err err;

	l->port = (int)r->set.port;
	l->what = r->set.operand[0];
	l->target = r->set.noperand > 1 ? r->set.operand[1] : "/api/matters/counts";
	atomic_init(&l->serial, time_now() % 1000000 * 1000);
	err = prepare(l, &r->set);
	if (err != OK) {
		fprintf(stderr, "gezhi bench: cannot sign in to the server on port %d\n", l->port);
		return EXIT_FAILED;
	}
	from = time_monotonic();
	l->end = from + r->set.seconds * 1000;
	while (n < want && n < CLIENTS_MAX) {
		w[n].load = l;
		w[n].ms = calloc(SAMPLES_MAX, sizeof(float));
		if (w[n].ms == NULL || client_open(&w[n].c, l->port) != OK ||
		    pthread_create(&w[n].thread, NULL, work, &w[n]) != 0)
			break;
		n++;
	}
	for (size_t i = 0; i < n; i++)
		pthread_join(w[i].thread, NULL);
	print(l, w, n, (double)(time_monotonic() - from) / 1000.0);
	for (size_t i = 0; i < n; i++) {
		client_close(&w[i].c);
		free(w[i].ms);
	}
	return EXIT_OK;
}

static int run_load(struct run *r)
{
	struct load *l = calloc(1, sizeof(*l));
	struct worker *w = calloc(CLIENTS_MAX, sizeof(*w));
	int code = l != NULL && w != NULL ? run_with(r, l, w) : EXIT_FAILED;

	free(w);
	free(l);
	return code;
}

static int run(struct run *r)
{
	static const char *const load[] = { "lifecycle", "submit", "get" };
	const char *what = r->set.operand[0];
	bool store = strcmp(what, "raw") == 0 || strcmp(what, "fill") == 0;

	if (strcmp(what, "plan") == 0)
		return bench_plan(r);
	if (store && r->set.db == NULL)
		return cli_usage(r, "%s needs --db: the store to write to", what);
	if (store)
		return what[0] == 'r' ? bench_raw(r) : bench_fill(r);
	for (size_t i = 0; i < ARRAY_LEN(load); i++) {
		if (strcmp(what, load[i]) == 0)
			return run_load(r);
	}
	return cli_usage(r, "there is no figure \"%.40s\"", what);
}

static const struct option option[] = {
	SET(port, OPT_INT, .name = "port", .dflt = "8080", .min = 1, .max = 65535, .help = "port of the server"),
	SET(clients, OPT_INT, .name = "clients", .dflt = "32", .min = 1, .max = CLIENTS_MAX, .help = "connections"),
	SET(seconds, OPT_INT, .name = "seconds", .dflt = "10", .min = 1, .max = 3600, .help = "how long"),
	SET(login, OPT_TEXT, .name = "login", .dflt = "duty1", .help = "who reports, dispatches and verifies"),
	SET(handler, OPT_TEXT, .name = "handler", .dflt = "post1", .help = "who handles, at a unit"),
	SET(password, OPT_TEXT, .name = "password", .dflt = "gezhi-demo", .help = "of both"),
	SET(place, OPT_TEXT, .name = "place", .help = "where the events are [grids that the reporter sees]"),
	SET_DB,
	SET_KEY,
	SET(batch, OPT_INT, .name = "batch", .dflt = "64", .min = 1, .max = 4096, .help = "raw: reports in a commit"),
	SET(households, OPT_INT, .name = "households", .dflt = "600000", .min = 1, .max = 100000000,
		.help = "plan: how many"),
	SET(events, OPT_INT, .name = "events", .dflt = "10000", .min = 1, .max = 5000000, .help = "fill: how many"),
};

const struct command cmd_bench = {
	.name = "bench",
	.operands = "lifecycle | submit | get [TARGET] | raw | fill | plan",
	.summary = "measure: load on a running server, or statements on a store",
	.help = "lifecycle, submit and get put load on a running server; raw writes what reports write straight into the\n"
		"store --db; fill puts many events into it. All print JSON, all change the store: use one kept for this. plan\n"
		"needs neither: it measures the grid planner on made-up communities.\n",
	.min = 1,
	.max = 2,
	.options = SET_TABLE(option),
	.run = run,
};
