/*
 * The outbox and its dispatcher.
 *
 * Order: a stream's position is `seq`. On SQLite there is one writer, so the id of a message is its
 * place in the order of commits. On PostgreSQL ids are handed out in blocks and transactions overlap;
 * there the dispatcher numbers what it finds committed, one server at a time, and nothing that
 * becomes visible later can get a smaller number.
 *
 * Sight: the principal of a stream is only replaced by the dispatcher's thread, which is also the one
 * that asks it, so no lock is needed to ask. What was read more than RENEW_MS ago is read again, a
 * few per turn; a message on the topic "account" renews that person's streams at once. A stream whose
 * session ended gets nothing more.
 */
#include "core/notify.h"

#include <stdlib.h>
#include <string.h>

#include "core/account.h"
#include "core/app.h"

enum {
	TURN_MS = 200,
	PUMP_ROWS = 500,
	CATCH_UP_ROWS = 1000, /* looked at after Last-Event-ID */
	CATCH_UP_SENT = SSE_QUEUE - 32, /* room for what arrives meanwhile */
	RENEW_MS = 30000,
	RENEW_AT_ONCE = 64,
	UNITS_MAX = 64
};
#define SEQUENCER INT64_C(7300511) /* key of the advisory lock */

enum {
	Q_NOTIFY_PUT, Q_NOTIFY_MAX, Q_NOTIFY_READ, Q_NOTIFY_UNITS, Q_NOTIFY_LOOSE, Q_NOTIFY_COUNTER,
	Q_NOTIFY_COUNTER_PUT, Q_NOTIFY_NUMBER, Q_NOTIFY_SQL_MAX
};

#define MESSAGE_COLUMNS \
	"seq, topic, matter_id, place, track, unit_id, first_unit, reporter_id, handler_id, sealed, " \
	"user_id, data"

const char *const notify_sql[] = {
	[Q_NOTIFY_PUT] =
		"INSERT INTO outbox (id, seq, at, topic, matter_id, place, track, unit_id, first_unit, "
		"reporter_id, handler_id, sealed, user_id, data) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
	[Q_NOTIFY_MAX] = "SELECT coalesce(max(seq), 0) AS n FROM outbox",
	[Q_NOTIFY_READ] = "SELECT " MESSAGE_COLUMNS " FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2",
	[Q_NOTIFY_UNITS] = "SELECT unit_id FROM matter_unit WHERE matter_id = $1",
	[Q_NOTIFY_LOOSE] = "SELECT count(*) AS n FROM outbox WHERE seq IS NULL",
	[Q_NOTIFY_COUNTER] = "SELECT value FROM setting WHERE name = 'outbox_seq'",
	[Q_NOTIFY_COUNTER_PUT] = "INSERT INTO setting (name, value) VALUES ('outbox_seq', $1) "
		"ON CONFLICT (name) DO UPDATE SET value = excluded.value",
	[Q_NOTIFY_NUMBER] =
		"UPDATE outbox SET seq = $1 + r.k FROM (SELECT id, row_number() OVER (ORDER BY at, id) AS k "
		"FROM outbox WHERE seq IS NULL) r WHERE outbox.id = r.id",
};
const size_t notify_nsql = Q_NOTIFY_SQL_MAX;

/* PostgreSQL only: outside the engine's common subset. */
static const char sql_committed[] = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED";
static const char sql_lock[] = "SELECT CAST(pg_advisory_xact_lock($1) AS TEXT) AS locked";

/* One event stream. */
struct listener {
	struct hub *hub;
	struct listener *prev, *next;
	const struct principal *who;
	int64_t read_at;     /* when `who` was read */
	_Atomic int64_t seq; /* nothing up to here: the catch-up had it */
	bool ended;
};

/* All streams; outlives the dispatcher while a connection still holds one. */
struct hub {
	pthread_mutex_t lock;
	atomic_int refs;
	struct listener *first, *last; /* longest unrenewed first */
	_Atomic int64_t published;     /* set before a message is handed to the streams */
};

struct notify {
	struct hub *hub;
	pthread_t thread;
	atomic_bool stop;
	struct dbc *reader;
	int64_t last; /* published up to here */
};

/* ---- writing ---- */

enum err notify_add(struct dbc *c, const struct message *m)
{
	const struct matter_view *v = &m->about;
	bool about = v->id != NIL && v->id != 0;
	int64_t id = db_new_id(c);

	if (id == NIL)
		return ERR_RETRY;
	return db_exec(c, notify_sql[Q_NOTIFY_PUT],
		ARGS(I(id), I(dbc_engine(c) == DB_SQLITE ? id : NIL), I(m->at), Z(m->topic),
			I(about ? v->id : NIL), I(about ? v->place : NIL), I(about ? (int64_t)v->track : NIL),
			I(about ? v->unit_id : NIL), I(about ? v->first_unit : NIL),
			I(about ? v->reporter_id : NIL), I(about ? v->handler_id : NIL),
			I(about && v->sealed ? 1 : 0), I(m->user_id), T(m->data)), NULL);
}

/* ---- who may see it ---- */

struct letter {
	int64_t seq, user_id;
	struct matter_view about;
	int64_t unit[UNITS_MAX]; /* taking part besides the lead */
	size_t nunit;
};

static void letter_of(struct rows *r, struct letter *l)
{
	*l = (struct letter){
		.seq = row_int_at(r, 0),
		.user_id = row_int_at(r, 10),
		.about = {
			.id = row_int_at(r, 2),
			.place = row_int_at(r, 3),
			.unit_id = row_int_at(r, 5),
			.first_unit = row_int_at(r, 6),
			.reporter_id = row_int_at(r, 7),
			.handler_id = row_int_at(r, 8),
			.sealed = row_int_at(r, 9) == 1,
		},
	};
	int64_t track = row_int_at(r, 4);

	l->about.track = track > 0 && track < TRACK_MAX ? (enum track)track : TRACK_NONE;
}

static enum err letter_units(struct dbc *c, struct letter *l)
{
	if (l->about.id == NIL)
		return OK;
	struct rows *r = db_query(c, notify_sql[Q_NOTIFY_UNITS], ARGS(I(l->about.id)));

	while (l->nunit < UNITS_MAX && rows_next(r))
		l->unit[l->nunit++] = row_int_at(r, 0);
	return rows_close(r);
}

static bool takes_part(const struct principal *who, const struct letter *l)
{
	for (size_t i = 0; i < who->nposts; i++) {
		for (size_t k = 0; who->post[i].unit_id != NIL && k < l->nunit; k++) {
			if (who->post[i].unit_id == l->unit[k])
				return true;
		}
	}
	return false;
}

static bool sees(const struct principal *who, const struct letter *l)
{
	if (l->user_id != NIL && l->user_id != who->user_id)
		return false;
	return l->about.id == NIL || scope_sees_matter(who, &l->about, takes_part(who, l));
}

static bool listener_may(void *ctx, const void *arg)
{
	struct listener *li = ctx;
	const struct letter *l = arg;

	return !li->ended && l->seq > atomic_load(&li->seq) && sees(li->who, l);
}

/* ---- streams ---- */

static struct hub *hub_new(void)
{
	struct hub *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	pthread_mutex_init(&h->lock, NULL);
	atomic_init(&h->refs, 1);
	atomic_init(&h->published, 0);
	return h;
}

static void hub_put(struct hub *h)
{
	if (h == NULL || atomic_fetch_sub(&h->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* Under the lock. */
static void hub_unlink(struct hub *h, struct listener *li)
{
	*(li->prev != NULL ? &li->prev->next : &h->first) = li->next;
	*(li->next != NULL ? &li->next->prev : &h->last) = li->prev;
	li->prev = li->next = NULL;
}

static void hub_append(struct hub *h, struct listener *li)
{
	li->prev = h->last;
	li->next = NULL;
	*(h->last != NULL ? &h->last->next : &h->first) = li;
	h->last = li;
}

static void listener_free(void *ctx)
{
	struct listener *li = ctx;

	if (li == NULL)
		return;
	pthread_mutex_lock(&li->hub->lock);
	hub_unlink(li->hub, li);
	pthread_mutex_unlock(&li->hub->lock);
	principal_put(li->who);
	hub_put(li->hub);
	free(li);
}

static enum err listener_new(struct hub *h, const struct req *rq, struct listener **ret)
{
	struct listener *li = calloc(1, sizeof(*li));
	enum err err;

	if (li == NULL)
		return ERR_NOMEM;
	err = principal_again(rq->db, rq->who->session_id, rq->now, &li->who);
	if (err != OK) {
		free(li);
		return err;
	}
	li->read_at = rq->now;
	atomic_init(&li->seq, INT64_MIN);
	li->hub = h;
	atomic_fetch_add(&h->refs, 1);
	pthread_mutex_lock(&h->lock);
	hub_append(h, li);
	pthread_mutex_unlock(&h->lock);
	*ret = li;
	return OK;
}

/* Under the lock, which keeps the stream alive meanwhile. */
static enum err listener_renew(struct listener *li, struct dbc *c, int64_t now)
{
	const struct principal *who;
	enum err err = principal_again(c, li->who->session_id, now, &who);

	if (err == ERR_AUTH) {
		li->ended = true;
		li->read_at = now;
		return OK;
	}
	if (err != OK)
		return err;
	principal_put(li->who);
	li->who = who;
	li->read_at = now;
	return OK;
}

/* Those whose turn it is; a connection that ends waits for at most this many reads. */
static enum err hub_renew(struct hub *h, struct dbc *c, int64_t now)
{
	enum err err = OK;

	pthread_mutex_lock(&h->lock);
	for (int i = 0; i < RENEW_AT_ONCE && err == OK && h->first != NULL; i++) {
		struct listener *li = h->first;

		if (now >= li->read_at && now - li->read_at < RENEW_MS)
			break;
		err = listener_renew(li, c, now);
		hub_unlink(h, li);
		hub_append(h, li);
	}
	pthread_mutex_unlock(&h->lock);
	return err;
}

/* A person's posts or sessions changed (NIL: anybody's). */
static enum err hub_changed(struct hub *h, struct dbc *c, int64_t user_id, int64_t now)
{
	enum err err = OK;

	pthread_mutex_lock(&h->lock);
	for (struct listener *li = h->first; li != NULL && err == OK; li = li->next) {
		if (user_id == NIL || li->who->user_id == user_id)
			err = listener_renew(li, c, now);
	}
	pthread_mutex_unlock(&h->lock);
	return err;
}

/* ---- numbering on PostgreSQL ---- */

static enum err number_tx(struct dbc *c, void *arg)
{
	int64_t base = 0, changed;
	char text[24];
	struct buf b;
	struct rows *r;
	enum err err = db_exec(c, sql_committed, NO_ARGS, NULL);

	(void)arg;
	if (err == OK) {
		r = db_query(c, sql_lock, ARGS(I(SEQUENCER)));
		while (rows_next(r))
			;
		err = rows_close(r);
	}
	if (err != OK)
		return err;
	r = db_query(c, notify_sql[Q_NOTIFY_COUNTER], NO_ARGS);
	if (rows_next(r) && !str_i64(row_str_at(r, 0), &base))
		base = 0;
	err = rows_close(r);
	if (err == OK)
		err = db_exec(c, notify_sql[Q_NOTIFY_NUMBER], ARGS(I(base)), &changed);
	if (err != OK || changed == 0)
		return err;
	buf_init(&b, sizeof(text));
	buf_i64(&b, base + changed);
	err = db_exec(c, notify_sql[Q_NOTIFY_COUNTER_PUT], ARGS(T(buf_view(&b))), NULL);
	buf_release(&b);
	return err;
}

static enum err number(struct app *app, struct dbc *c)
{
	int64_t n;
	enum err err = db_int(c, notify_sql[Q_NOTIFY_LOOSE], NO_ARGS, &n);

	return err != OK || n == 0 ? err : db_write(app->db, number_tx, NULL);
}

/* ---- the dispatcher ---- */

static enum err deliver(struct app *app, struct dbc *c, struct rows *r)
{
	struct hub *h = app->notify != NULL ? app->notify->hub : NULL;
	char topic[32] = "";
	struct str word = row_str_at(r, 1);
	struct letter l;
	enum err err = OK;

	letter_of(r, &l);
	if (h != NULL)
		atomic_store(&h->published, l.seq);
	if (str_eqz(word, "account")) {
		principal_forget(app, l.user_id);
		return h != NULL ? hub_changed(h, c, l.user_id, time_now()) : OK;
	}
	if (app->sse == NULL || sse_count(app->sse) == 0 || word.n >= sizeof(topic))
		return OK;
	memcpy(topic, word.p, word.n);
	err = letter_units(c, &l);
	if (err == OK)
		sse_publish(app->sse, l.seq, topic, row_str_at(r, 11), listener_may, &l);
	return err;
}

enum err notify_pump(struct app *app, struct dbc *c, int64_t *last)
{
	enum err err = db_engine_of(app->db) == DB_PG ? number(app, c) : OK;
	int64_t at = *last;
	size_t n = PUMP_ROWS;

	/* The first turn only finds the end: what is older is nobody's news. */
	if (err == OK && at == NIL) {
		err = db_int(c, notify_sql[Q_NOTIFY_MAX], NO_ARGS, &at);
		if (err == OK && app->notify != NULL)
			atomic_store(&app->notify->hub->published, at);
		if (err == OK)
			*last = at;
		return err;
	}
	if (err == OK && app->notify != NULL)
		err = hub_renew(app->notify->hub, c, time_now());
	while (err == OK && n == PUMP_ROWS) {
		struct rows *r = db_query(c, notify_sql[Q_NOTIFY_READ], ARGS(I(at), I(PUMP_ROWS)));

		for (n = 0; err == OK && rows_next(r); n++) {
			err = deliver(app, c, r);
			if (err == OK)
				at = row_int_at(r, 0);
		}
		enum err end = rows_close(r);

		err = err != OK ? err : end;
		*last = at;
	}
	return err;
}

static void *notify_main(void *arg)
{
	struct app *app = arg;
	struct notify *n = app->notify;
	enum err was = OK;

	while (!atomic_load(&n->stop)) {
		enum err err = notify_pump(app, n->reader, &n->last);

		if (err != OK && err != was)
			log_msg(app->log, LOG_ERROR, "notify", "messages wait: %s", err_name(err));
		was = err;
		db_wait_commit(app->db, TURN_MS);
	}
	return NULL;
}

enum err notify_start(struct app *app)
{
	struct notify *n = calloc(1, sizeof(*n));
	enum err err;

	if (n == NULL)
		return ERR_NOMEM;
	atomic_init(&n->stop, false);
	n->last = NIL;
	n->hub = hub_new();
	app->notify = n;
	err = n->hub != NULL ? db_reader_open(app->db, &n->reader) : ERR_NOMEM;
	/* The end is known before the first stream asks what it missed. */
	if (err == OK)
		err = notify_pump(app, n->reader, &n->last);
	if (err == OK && pthread_create(&n->thread, NULL, notify_main, app) != 0)
		err = ERR_NOMEM;
	if (err == OK)
		return OK;
	app->notify = NULL;
	dbc_free(n->reader);
	hub_put(n->hub);
	free(n);
	return err;
}

void notify_stop(struct app *app)
{
	struct notify *n = app->notify;

	if (n == NULL)
		return;
	atomic_store(&n->stop, true);
	pthread_join(n->thread, NULL);
	app->notify = NULL;
	dbc_free(n->reader);
	hub_put(n->hub);
	free(n);
}

/* ---- GET /api/stream ---- */

/*
 * What the stream missed: from Last-Event-ID to what had been published when it was registered;
 * everything after that reaches it by the dispatcher. When too much was missed the last event says
 * so, and the reader loads its lists anew.
 */
static enum err catch_up(struct req *rq, _Atomic int64_t *ret_seq, struct sse_client *client, int64_t from,
	int64_t to)
{
	struct rows *r = db_query(rq->db, notify_sql[Q_NOTIFY_READ], ARGS(I(from), I(CATCH_UP_ROWS)));
	int sent = 0, looked = 0;
	bool whole = true;
	char topic[32];
	enum err err = OK;

	while (err == OK && whole && rows_next(r)) {
		struct str word = row_str_at(r, 1);
		struct letter l;

		letter_of(r, &l);
		if (l.seq > to)
			break;
		whole = ++looked < CATCH_UP_ROWS && sent < CATCH_UP_SENT;
		if (word.n >= sizeof(topic) || str_eqz(word, "account"))
			continue;
		memcpy(topic, word.p, word.n);
		topic[word.n] = '\0';
		err = letter_units(rq->db, &l);
		if (err != OK || !sees(rq->who, &l) || !whole)
			continue;
		sse_send(rq->app->sse, client, l.seq, topic, row_str_at(r, 11));
		sent++;
	}
	enum err end = rows_close(r);

	err = err != OK ? err : end;
	if (err == OK && !whole)
		sse_send(rq->app->sse, client, to, "resync", STR("{}"));
	atomic_store(ret_seq, to);
	return err;
}

static enum err stream(struct req *rq, struct jw *out)
{
	struct notify *n = rq->app->notify;
	struct listener *li;
	struct sse_client *client;
	int64_t from = NIL;
	enum err err;

	(void)out;
	if (n == NULL || rq->app->sse == NULL)
		return req_fail(rq, ERR_IO, "stream", "", "event streams are not running");
	if (rq->last_event.p != NULL && rq->last_event.n > 0 && !str_i64(rq->last_event, &from))
		from = NIL;
	err = listener_new(n->hub, rq, &li);
	if (err != OK)
		return err;
	err = sse_client_new(rq->app->sse, li, listener_free, &client);
	if (err != OK) {
		listener_free(li);
		return req_fail(rq, err, "stream", "", "too many event streams");
	}
	rq->reply.kind = REPLY_SSE;
	rq->reply.sse = client;
	int64_t to = atomic_load(&n->hub->published);

	return from == NIL || from >= to ? OK : catch_up(rq, &li->seq, client, from, to);
}

const struct route notify_routes[] = {
	{ .method = M_GET, .path = "/api/stream", .perm = "stream.read", .flags = ROUTE_RAW_OUT,
		.gives = "text/event-stream", .fn = stream,
		.id = "getStream", .summary = "Server-sent events: matter, alert, inbox; resumes at Last-Event-ID" },
};
const size_t notify_nroutes = ARRAY_LEN(notify_routes);
