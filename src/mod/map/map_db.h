/* Private to the module: rows for the tiles. */
#ifndef GEZHI_MOD_MAP_MAP_DB_H
#define GEZHI_MOD_MAP_MAP_DB_H

#include "core/app.h"

enum { Q_MAP_SHAPE, MAP_NSQL };
extern const char *const map_sql[MAP_NSQL];

/* What the query string narrows matters to; NIL: any. */
struct map_filter {
	int64_t kind, track, level;
};

/* One cell with n matters; the members after `late` are those of the matter when n is 1. */
struct map_cell {
	int64_t n, amber, late;
	int64_t id, code_id, track, state, level, urgency;
	double lon, lat;
};

typedef void (*map_cell_fn)(const struct map_cell *c, void *arg);

/* Calls fn for every cell in the range of morton keys; span 0: one call per matter, at most `max` + 1. */
enum err map_cells(struct req *rq, int64_t lo, int64_t hi, int64_t span, const struct map_filter *f, size_t max,
		   map_cell_fn fn, void *arg) MUST_CHECK;
/* Number of matters in the range, counting no further than `max` + 1. */
enum err map_matters(struct req *rq, int64_t lo, int64_t hi, const struct map_filter *f, int64_t max, int64_t *ret) MUST_CHECK;
/* Calls fn for each place of `level` in a range of codes with its number of open matters, in order. */
enum err map_open_each(struct req *rq, int64_t lo, int64_t hi, int64_t span, void (*fn)(int64_t code, int64_t n, void *arg),
		       void *arg) MUST_CHECK;

#endif
