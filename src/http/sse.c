/*
 * Event streams. An event is formatted once and shared by the queues of all clients that may see
 * it. A client without anything to send has its connection suspended and costs no thread;
 * publishing resumes it. One lock guards all of it, but connections are resumed outside: whoever
 * turns `suspended` off owes the one resume, and until then the connection cannot go away.
 */
#include <stdlib.h>
#include <string.h>

#include "http/internal.h"

enum {
	SSE_BATCH = 256,  /* clients looked at under one hold of the lock */
	SSE_BLOCK = 4096, /* bytes libmicrohttpd asks for at a time */
	SSE_EVENT_MAX = 65536,
	SSE_BEAT_MS = 15000,
	SSE_TYPE_MAX = 64
};

struct sse_event {
	unsigned refs;
	size_t n;
	char text[];
};

struct sse_client {
	struct sse *sse;
	size_t slot;
	void *ctx;
	void (*free_ctx)(void *ctx);
	struct MHD_Connection *conn; /* NULL until its response exists */
	struct sse_event *queue[SSE_QUEUE];
	size_t head, count;
	size_t off;   /* of the first event, already sent */
	int64_t last; /* when something was last sent, monotonic ms */
	bool suspended, closed;
};

struct sse {
	pthread_mutex_t lock;
	struct sse_client **slot;
	size_t *vacant; /* stack of unused slots */
	size_t max, nvacant, count;
	struct sse_event *beat, *hello; /* never published, always shared */
	bool stopped;
};

static struct sse_event *event_new(const struct buf *b)
{
	if (b->failed)
		return NULL;
	struct sse_event *ev = malloc(sizeof(*ev) + b->n);
	if (!ev)
		return NULL;
	ev->refs = 1;
	ev->n = b->n;
	memcpy(ev->text, b->p, b->n);
	return ev;
}

static void event_unref(struct sse_event *ev)
{
	if (ev && --ev->refs == 0)
		free(ev);
}

static struct sse_event *event_literal(const char *text)
{
	struct buf b;

	buf_init(&b, SSE_EVENT_MAX);
	buf_z(&b, text);
	struct sse_event *ev = event_new(&b);
	buf_release(&b);
	return ev;
}

/* A line break inside the data would end it early: each line is written as one of its own. */
static struct sse_event *event_format(int64_t id, const char *type, struct str data)
{
	struct buf b;
	struct str line;

	buf_init(&b, SSE_EVENT_MAX);
	if (id != NIL)
		buf_fmt(&b, "id: %lld\n", (long long)id);
	if (type && strnlen(type, SSE_TYPE_MAX) < SSE_TYPE_MAX)
		buf_fmt(&b, "event: %s\n", type);
	if (!data.p)
		data = STR("");
	while (str_split(&data, '\n', &line)) {
		buf_z(&b, "data: ");
		buf_str(&b, line);
		buf_char(&b, '\n');
	}
	buf_char(&b, '\n');
	struct sse_event *ev = event_new(&b);
	buf_release(&b);
	return ev;
}

struct sse *sse_new(int max_clients)
{
	struct sse *s = calloc(1, sizeof(*s));

	if (!s || max_clients < 1) {
		free(s);
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->max = (size_t)max_clients;
	s->slot = calloc(s->max, sizeof(struct sse_client *));
	s->vacant = calloc(s->max, sizeof(*s->vacant));
	s->beat = event_literal(": still here\n\n");
	s->hello = event_literal("retry: 3000\n\n");
	if (!s->slot || !s->vacant || !s->beat || !s->hello) {
		sse_free(s);
		return NULL;
	}
	for (size_t i = 0; i < s->max; i++)
		s->vacant[s->nvacant++] = s->max - 1 - i;
	return s;
}

void sse_free(struct sse *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->slot && i < s->max; i++)
		sse_client_drop(s->slot[i]);
	event_unref(s->beat);
	event_unref(s->hello);
	free(s->slot);
	free(s->vacant);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

size_t sse_count(const struct sse *s)
{
	return __atomic_load_n(&s->count, __ATOMIC_RELAXED);
}

static void count_set(struct sse *s, size_t n)
{
	__atomic_store_n(&s->count, n, __ATOMIC_RELAXED);
}

/* Under the lock. A full queue ends the stream; the client comes back and catches up. */
static void client_push(struct sse_client *c, struct sse_event *ev)
{
	if (c->closed)
		return;
	if (!ev || c->count == SSE_QUEUE) {
		c->closed = true;
		return;
	}
	c->queue[(c->head + c->count++) % SSE_QUEUE] = ev;
	ev->refs++;
}

static void client_pop(struct sse_client *c)
{
	event_unref(c->queue[c->head]);
	c->head = (c->head + 1) % SSE_QUEUE;
	c->count--;
	c->off = 0;
}

enum err sse_client_new(
	struct sse *s, void *ctx, void (*free_ctx)(void *ctx), struct sse_client **ret)
{
	struct sse_client *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_NOMEM;
	c->sse = s;
	pthread_mutex_lock(&s->lock);
	bool full = s->nvacant == 0 || s->stopped;
	if (!full) {
		c->slot = s->vacant[--s->nvacant];
		c->ctx = ctx;
		c->free_ctx = free_ctx;
		c->last = time_monotonic();
		s->slot[c->slot] = c;
		count_set(s, s->count + 1);
		client_push(c, s->hello);
	}
	pthread_mutex_unlock(&s->lock);
	if (full) {
		free(c);
		return ERR_LIMIT;
	}
	*ret = c;
	return OK;
}

void sse_client_drop(struct sse_client *c)
{
	if (!c)
		return;
	struct sse *s = c->sse;
	pthread_mutex_lock(&s->lock);
	s->slot[c->slot] = NULL;
	s->vacant[s->nvacant++] = c->slot;
	count_set(s, s->count - 1);
	while (c->count)
		client_pop(c);
	pthread_mutex_unlock(&s->lock);
	if (c->free_ctx)
		c->free_ctx(c->ctx);
	free(c);
}

/* Under the lock: true if the caller now owes this connection a resume. */
static bool client_wake(struct sse_client *c)
{
	if (!c->suspended)
		return false;
	c->suspended = false;
	return true;
}

static void resume_all(struct MHD_Connection **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		MHD_resume_connection(v[i]);
}

/* Calls `fn` for every client, a batch at a time, and resumes those it wants awake. */
static void each_client(
	struct sse *s, bool (*fn)(struct sse_client *c, const void *arg), const void *arg)
{
	struct MHD_Connection *wake[SSE_BATCH];

	for (size_t from = 0; from < s->max; from += SSE_BATCH) {
		size_t n = 0, to = from + SSE_BATCH < s->max ? from + SSE_BATCH : s->max;
		pthread_mutex_lock(&s->lock);
		for (size_t i = from; i < to; i++)
			if (s->slot[i] && fn(s->slot[i], arg) && client_wake(s->slot[i]))
				wake[n++] = s->slot[i]->conn;
		pthread_mutex_unlock(&s->lock);
		resume_all(wake, n);
	}
}

struct publication {
	struct sse_event *event;
	bool (*may)(void *ctx, const void *arg);
	const void *arg;
};

static bool publish_to(struct sse_client *c, const void *arg)
{
	const struct publication *p = arg;

	if (p->may && !p->may(c->ctx, p->arg))
		return false;
	client_push(c, p->event);
	return true;
}

void sse_publish(struct sse *s, int64_t id, const char *type, struct str data,
	bool (*may)(void *ctx, const void *arg), const void *arg)
{
	struct publication p = { .event = event_format(id, type, data), .may = may, .arg = arg };

	/* Without memory for the event the streams end, and the clients catch up later. */
	each_client(s, publish_to, &p);
	pthread_mutex_lock(&s->lock);
	event_unref(p.event);
	pthread_mutex_unlock(&s->lock);
}

void sse_send(struct sse *s, struct sse_client *c, int64_t id, const char *type, struct str data)
{
	struct sse_event *ev = event_format(id, type, data);

	pthread_mutex_lock(&s->lock);
	client_push(c, ev);
	event_unref(ev);
	struct MHD_Connection *conn = client_wake(c) ? c->conn : NULL;
	pthread_mutex_unlock(&s->lock);
	if (conn)
		MHD_resume_connection(conn);
}

static bool beat_one(struct sse_client *c, const void *arg)
{
	int64_t now;

	memcpy(&now, arg, sizeof(now));
	if (c->count == 0 && now - c->last >= SSE_BEAT_MS)
		client_push(c, c->sse->beat);
	return c->count > 0 || c->closed;
}

void sse_tick(struct sse *s, int64_t now)
{
	each_client(s, beat_one, &now);
}

static bool end_one(struct sse_client *c, const void *arg)
{
	(void)arg;
	c->closed = true;
	return true;
}

void sse_stop(struct sse *s, bool stopped)
{
	pthread_mutex_lock(&s->lock);
	s->stopped = stopped;
	pthread_mutex_unlock(&s->lock);
	if (stopped)
		each_client(s, end_one, NULL);
}

/* Under the lock: moves queued bytes to `to`. */
static size_t client_take(struct sse_client *c, char *to, size_t max)
{
	size_t n = 0;

	while (c->count && n < max) {
		struct sse_event *ev = c->queue[c->head];
		size_t part = ev->n - c->off < max - n ? ev->n - c->off : max - n;
		memcpy(to + n, ev->text + c->off, part);
		n += part;
		c->off += part;
		if (c->off == ev->n)
			client_pop(c);
	}
	return n;
}

static ssize_t stream_read(void *cls, uint64_t pos, char *to, size_t max)
{
	struct sse_client *c = cls;
	struct sse *s = c->sse;
	ssize_t n;

	(void)pos;
	pthread_mutex_lock(&s->lock);
	if (c->closed || s->stopped) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		n = (ssize_t)client_take(c, to, max);
		if (n > 0)
			c->last = time_monotonic();
		else
			MHD_suspend_connection(c->conn);
		c->suspended = n == 0;
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void stream_free(void *cls)
{
	sse_client_drop(cls);
}

struct MHD_Response *sse_response(struct sse_client *c, struct MHD_Connection *conn)
{
	pthread_mutex_lock(&c->sse->lock);
	c->conn = conn;
	pthread_mutex_unlock(&c->sse->lock);
	struct MHD_Response *r = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, SSE_BLOCK, stream_read, c, stream_free);
	if (!r)
		sse_client_drop(c);
	return r;
}

void sse_client_drain(struct sse_client *c, struct buf *out)
{
	pthread_mutex_lock(&c->sse->lock);
	for (; c->count; client_pop(c))
		buf_put(out, c->queue[c->head]->text, c->queue[c->head]->n);
	pthread_mutex_unlock(&c->sse->lock);
}
