/* Private to the module: figures, the matters behind them, and what places contribute. */
#ifndef GEZHI_MOD_KPI_KPI_DB_H
#define GEZHI_MOD_KPI_KPI_DB_H

#include "core/sqlb.h"
#include "mod/kpi/kpi.h"

enum { Q_KPI_BY, Q_KPI_BY_DELTA, Q_KPI_PAUSES, KPI_NSQL };
extern const char *const kpi_sql[KPI_NSQL];

/* What a request asks about. Days are yyyymmdd, the period is [from, to). */
struct kpi_ask {
	struct req *rq;
	const struct kpi *k;
	int64_t place, from, to, kind;
	const char *kind_name;
	struct arena *arena; /* for what is too large for the request's own; NULL until needed */
};
void kpi_ask_release(struct kpi_ask *q);

enum kpi_side { KPI_DENOMINATOR, KPI_NUMERATOR, KPI_MISSED, KPI_SIDE_MAX };
extern const struct vocab kpi_side_vocab;

/* ---- figures ---- */

enum err kpi_figure(struct kpi_ask *q, struct kpi_figure *ret) MUST_CHECK;
enum err kpi_doubt(struct kpi_ask *q, struct kpi_doubt *ret) MUST_CHECK;

/* Sealed open matters in the figures of q->place that the asker may not open, and how many of them are overdue. */
enum err kpi_withheld(struct kpi_ask *q, int64_t *ret_open, int64_t *ret_overdue) MUST_CHECK;

struct kpi_child {
	const struct place *p;
	struct kpi_figure f;
	struct kpi_doubt d; /* only where the figure is perfect */
};
/* The places one step below and their figures, in order of code. ERR_LIMIT over KPI_CHILDREN_MAX. */
enum { KPI_CHILDREN_MAX = 2000 };
enum err kpi_by(struct kpi_ask *q, struct kpi_child **ret, size_t *ret_n) MUST_CHECK;

/* ---- the matters behind a figure ---- */

/* The pages of kpi_cases: of matters, of places. */
extern const struct shape kpi_matters_shape, kpi_places_shape;

/*
 * One page: {"items":[…],"next":…} members without the braces; with ?count=true also `count` (matters
 * listed in all), `times` (how often they count in the figure together) and `withheld` (how much of the
 * figure lies in matters the asker may not see).
 */
enum err kpi_cases(struct kpi_ask *q, enum kpi_side side, struct jw *out) MUST_CHECK;
enum err kpi_audit_sample(struct kpi_ask *q, struct jw *out) MUST_CHECK;

/* Closed cases of the period, newest id first, marked where they came back. ERR_LIMIT when too many. */
enum err kpi_closed_list(struct kpi_ask *q, struct kpi_closed **ret, size_t *ret_n) MUST_CHECK;

/* SQL of a case list, appended: conditions and the number of times a matter counts. */
struct kpi_window {
	struct sqlb *b;
	int64_t t0, t1; /* instants of the period */
	size_t f, t;	/* their parameters; 0: not bound yet */
};
void kpi_window_init(struct kpi_window *w, struct sqlb *b, const struct kpi_ask *q);
/* Writes sql with @f and @t standing for the period's ends. */
void kpi_window_add(struct kpi_window *w, const char *sql);
/* What makes a matter one of a measure's, and how often it counts there. */
struct kpi_measure {
	const char *filter, *times;
};
extern const struct kpi_measure kpi_measure[TALLY_MEASURE_MAX];
/* " AND …" for the matters of one side; then the number of times as an expression. */
void kpi_side_cond(struct kpi_window *w, const struct kpi *k, enum kpi_side side);
void kpi_side_times(struct kpi_window *w, const struct kpi *k, enum kpi_side side);

/* ---- places ---- */

/* A grid's part in an indicator about places, in order of code. */
struct kpi_place {
	const struct place *p;
	int64_t num, den, households;
	bool missed;
};
enum err kpi_places(struct kpi_ask *q, struct kpi_place **ret, size_t *ret_n) MUST_CHECK;
enum err kpi_place_cases(struct kpi_ask *q, enum kpi_side side, struct jw *out) MUST_CHECK;

/* ---- requests ---- */

/* Page size from ?limit=, checked. */
enum err kpi_limit(struct req *rq, int64_t *ret) MUST_CHECK;
/* ?after= as a number; `none` when not given. */
enum err kpi_after(struct req *rq, int64_t none, int64_t *ret) MUST_CHECK;

#endif
