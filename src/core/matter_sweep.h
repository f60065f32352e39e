/* The sweeper: alarms, actions that run by themselves, roll-up folding, purging; and the replay of clocks. */
#ifndef GEZHI_CORE_MATTER_SWEEP_H
#define GEZHI_CORE_MATTER_SWEEP_H

#include "core/app.h"
#include "core/matter.h"

enum err matter_sweep(struct app *app, struct dbc *reader, int64_t now) MUST_CHECK;
enum err matter_fold(struct app *app, struct dbc *reader, int64_t now) MUST_CHECK;
enum err matter_purge(struct app *app, struct dbc *reader, int64_t now) MUST_CHECK;

/* {"clocks":[…]} with the lines that lead to each deadline, replayed from history. */
enum err matter_explain(struct req *rq, const struct matter *m, struct jw *out) MUST_CHECK;
extern const struct shape matter_clocks_shape;
/* Folds the stored steps again; *ret_same is whether that equals the stored runs. */
enum err matter_replay(struct dbc *c, const struct snap *s, int64_t id, bool *ret_same) MUST_CHECK;

#endif
