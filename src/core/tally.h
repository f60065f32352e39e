/*
 * Roll-ups: counts per measure, dimension, day and place, exact at any moment. An action appends the
 * difference of the matter's contribution before and after it (one row per change, no contention); a job
 * folds the rows into totals for the grid, community, street and district above it. A figure is the
 * folded total of a place plus the rows not yet folded below it, so a dashboard never scans history.
 */
#ifndef GEZHI_CORE_TALLY_H
#define GEZHI_CORE_TALLY_H

#include "core/matter.h"

enum measure {
	TALLY_STATE = 1,  /* dim = state, day 0: how many are in it now */
	TALLY_IN,	  /* dim = track, by day of reporting */
	TALLY_CLOSED,	  /* dim = track, by day of closing */
	TALLY_ACCEPT_DEN, /* by day of reporting */
	TALLY_ACCEPT_NUM,
	TALLY_HANDLE_DEN, /* handle-clock runs by day of their final due date */
	TALLY_HANDLE_NUM, /* …stopped in time */
	TALLY_REOPENED,	  /* by day of closing */
	TALLY_ANSWERED, TALLY_RESOLVED, TALLY_SATISFIED, /* by day of closing */
	TALLY_SELF_DEN, TALLY_SELF_NUM, /* reported by grids; self-closed and verified */
	TALLY_DISPATCHED, TALLY_RETURNED,
	TALLY_URGENCY,	  /* dim = urgency, day 0: open ones */
	TALLY_TRACK,	  /* dim = track, day 0: open ones */
	TALLY_LEVEL,	  /* dim = alarm level, day 0: open ones */
	TALLY_ROWS,	  /* day 0: rows of an entity in force; see entity_tally.h */
	TALLY_MEASURE_MAX
};

/* Appends the rows that turn `before` into `after`. */
enum err tally_diff(struct dbc *c, int64_t kind, int64_t place_before, const struct tally *before, size_t nb,
		    int64_t place_after, const struct tally *after, size_t na) MUST_CHECK;
/* Sum over days [from, to] (0,0 for running totals) below a place; dim -1: all dims. */
enum err tally_sum(struct dbc *c, int64_t place, int64_t kind, int measure, int dim, int64_t from, int64_t to,
		   int64_t *ret) MUST_CHECK;
/* Per dim (ret[0…max-1]) or per day. */
enum err tally_by_dim(struct dbc *c, int64_t place, int64_t kind, int measure, int64_t from, int64_t to,
		      int64_t *ret, size_t max) MUST_CHECK;
enum err tally_by_day(struct dbc *c, int64_t place, int64_t kind, int measure, int64_t from, int64_t to,
		      void (*fn)(int64_t day, int64_t n, void *arg), void *arg) MUST_CHECK;
/* Running totals of the places one step below a place, and what waits further down at its own code. */
enum err tally_below(struct dbc *c, int64_t place, int64_t kind, int measure,
		     void (*fn)(int64_t place, int64_t n, void *arg), void *arg) MUST_CHECK;
/* Whether rows wait to be folded. */
enum err tally_waiting(struct dbc *c, bool *ret) MUST_CHECK;
/* Moves at most `max` rows into the totals; in a writing transaction. *ret_n: how many. */
enum err tally_fold(struct dbc *c, int64_t max, int64_t *ret_n) MUST_CHECK;

/* Adds to the folded total of one place (no level above it): for whoever sums up by itself. */
enum err tally_add_total(struct dbc *c, int64_t place, int64_t kind, const struct tally *t) MUST_CHECK;

extern const char *const tally_sql[];
extern const size_t tally_nsql;

#endif
