/*
 * Periodic work. A failing job is logged and tried again at its next turn; the thread never stops for
 * it. Jobs find their work in the store, so missing a turn loses nothing.
 */
#include "core/jobs.h"

#include <stdlib.h>
#include <time.h>

enum { TICK_MS = 250, JOBS_TOTAL = 64 };

struct jobs {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	int64_t next[JOBS_TOTAL];
};

static void run_due(struct app *app, struct jobs *j, struct dbc *c)
{
	int64_t mono = time_monotonic();
	size_t slot = 0;

	for (size_t i = 0; i < app->nmodule; i++) {
		const struct module *m = app->module[i];

		for (size_t k = 0; k < m->njob && slot < JOBS_TOTAL; k++, slot++) {
			if (j->next[slot] > mono)
				continue;
			enum err err = m->job[k].fn(app, c, time_now());

			if (err != OK)
				log_msg(app->log, LOG_ERROR, "jobs", "%s failed: %s", m->job[k].name, err_name(err));
			j->next[slot] = time_monotonic() + m->job[k].period_ms;
		}
	}
}

static bool wait_tick(struct jobs *j)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)TICK_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&j->lock);
	if (!j->stop)
		pthread_cond_timedwait(&j->wake, &j->lock, &until);
	stop = j->stop;
	pthread_mutex_unlock(&j->lock);
	return !stop;
}

static void *jobs_main(void *arg)
{
	struct app *app = arg;
	struct dbc *c = NULL;

	while (wait_tick(app->jobs)) {
		if (c == NULL && db_reader_open(app->db, &c) != OK)
			continue;
		enum err err = snap_refresh(app, c);

		if (err != OK)
			log_msg(app->log, LOG_ERROR, "jobs", "snapshot not refreshed: %s", err_name(err));
		run_due(app, app->jobs, c);
	}
	dbc_free(c);
	return NULL;
}

enum err jobs_start(struct app *app)
{
	struct jobs *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return ERR_NOMEM;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->wake, NULL);
	app->jobs = j;
	if (pthread_create(&j->thread, NULL, jobs_main, app) != 0) {
		app->jobs = NULL;
		free(j);
		return ERR_NOMEM;
	}
	return OK;
}

void jobs_stop(struct app *app)
{
	struct jobs *j = app->jobs;

	if (j == NULL)
		return;
	pthread_mutex_lock(&j->lock);
	j->stop = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->thread, NULL);
	pthread_cond_destroy(&j->wake);
	pthread_mutex_destroy(&j->lock);
	free(j);
	app->jobs = NULL;
}

enum err jobs_once(struct app *app, struct dbc *reader, int64_t now)
{
	for (size_t i = 0; i < app->nmodule; i++) {
		for (size_t k = 0; k < app->module[i]->njob; k++) {
			enum err err = app->module[i]->job[k].fn(app, reader, now);

			if (err != OK)
				return err;
		}
	}
	return OK;
}
