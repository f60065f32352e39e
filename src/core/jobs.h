/* One thread that runs the modules' periodic jobs and refreshes the snapshot when configuration changed. */
#ifndef GEZHI_CORE_JOBS_H
#define GEZHI_CORE_JOBS_H

#include "core/app.h"

enum err jobs_start(struct app *app) MUST_CHECK;
void jobs_stop(struct app *app); /* allowed when not started */
/* Runs every job once, for tests and the command line. */
enum err jobs_once(struct app *app, struct dbc *reader, int64_t now) MUST_CHECK;

#endif
