/*
 * Threads and reading connections. The I/O threads share a few connections, claimed for one call;
 * each worker owns one for its lifetime and takes requests from one bounded queue.
 */
#include <stdlib.h>

#include "http/internal.h"

enum { READERS_MAX = 256 };

struct readers {
	pthread_mutex_t lock;
	size_t n; /* free ones */
	struct dbc *free[READERS_MAX];
};

enum err readers_new(struct readers **ret, struct db *db, int n)
{
	struct readers *r = calloc(1, sizeof(*r));

	if (!r)
		return ERR_NOMEM;
	pthread_mutex_init(&r->lock, NULL);
	for (int i = 0; i < n && i < READERS_MAX; i++) {
		enum err err = db_reader_open(db, &r->free[r->n]);
		if (err) {
			readers_free(r);
			return err;
		}
		r->n++;
	}
	*ret = r;
	return OK;
}

void readers_free(struct readers *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		dbc_free(r->free[i]);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

struct dbc *readers_claim(struct readers *r)
{
	struct dbc *c = NULL;

	pthread_mutex_lock(&r->lock);
	if (r->n)
		c = r->free[--r->n];
	pthread_mutex_unlock(&r->lock);
	return c;
}

void readers_return(struct readers *r, struct dbc *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&r->lock);
	r->free[r->n++] = c;
	pthread_mutex_unlock(&r->lock);
}

struct worker {
	struct pool *pool;
	struct dbc *db;
	pthread_t thread;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct db *db;
	void (*done)(struct xfer *x);
	struct xfer *head, **tail;
	size_t waiting;
	bool stop;
	int nworkers;
	struct worker *worker;
};

/* The next request; NULL when the pool stops. */
static struct xfer *pool_take(struct pool *p)
{
	struct xfer *x = NULL;

	pthread_mutex_lock(&p->lock);
	while (!p->head && !p->stop)
		pthread_cond_wait(&p->wake, &p->lock);
	if (!p->stop) {
		x = p->head;
		p->head = x->next;
		if (!p->head)
			p->tail = &p->head;
		x->next = NULL;
		p->waiting--;
	}
	pthread_mutex_unlock(&p->lock);
	return x;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct xfer *x;

	while ((x = pool_take(w->pool))) {
		x->err = exec_read(x, w->db);
		w->pool->done(x);
	}
	return NULL;
}

static enum err worker_start(struct pool *p, struct worker *w)
{
	w->pool = p;
	enum err err = db_reader_open(p->db, &w->db);
	if (err)
		return err;
	if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
		dbc_free(w->db);
		return ERR_NOMEM;
	}
	pthread_setname_np(w->thread, "http-work");
	return OK;
}

enum err pool_new(struct pool **ret, struct db *db, int n, void (*done)(struct xfer *x))
{
	struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		return ERR_NOMEM;
	p->db = db;
	p->done = done;
	p->tail = &p->head;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->worker = calloc((size_t)n, sizeof(*p->worker));
	enum err err = p->worker ? OK : ERR_NOMEM;
	while (!err && p->nworkers < n) {
		err = worker_start(p, &p->worker[p->nworkers]);
		if (!err)
			p->nworkers++;
	}
	if (err) {
		pool_free(p);
		return err;
	}
	*ret = p;
	return OK;
}

enum err pool_push(struct pool *p, struct xfer *x)
{
	pthread_mutex_lock(&p->lock);
	bool full = p->stop || p->waiting == WORK_QUEUE;
	if (!full) {
		x->next = NULL;
		*p->tail = x;
		p->tail = &x->next;
		p->waiting++;
		pthread_cond_signal(&p->wake);
	}
	pthread_mutex_unlock(&p->lock);
	return full ? ERR_LIMIT : OK;
}

void pool_stop(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	struct xfer *left = p->head;
	p->head = NULL;
	p->tail = &p->head;
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
	for (struct xfer *next; left; left = next) {
		next = left->next;
		left->err = ERR_RETRY;
		p->done(left);
	}
	for (int i = 0; i < p->nworkers; i++) {
		pthread_join(p->worker[i].thread, NULL);
		dbc_free(p->worker[i].db);
	}
	p->nworkers = 0;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pool_stop(p);
	free(p->worker);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
