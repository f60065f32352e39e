/*
 * Indicators (指标): a const table of formulas over the roll-ups, each with the matters behind it.
 *
 * A figure belongs to a place, a kind of matter and a period [from, to) of days in the zone. It is null,
 * never 100 %, when there was nothing to count. The formulas' version is published with every figure: a
 * change of any of them raises it.
 */
#ifndef GEZHI_MOD_KPI_KPI_H
#define GEZHI_MOD_KPI_KPI_H

#include "core/app.h"
#include "core/tally.h"

enum { KPI_RULE_VERSION = 1 };

enum kpi_how {
	KPI_TALLY,	/* numerator and denominator are measures of core/tally.h */
	KPI_REOCCUR,	/* closed ones that came back, out of the closed ones */
	KPI_PARTY,	/* grids covered by a Party organisation, as of now */
	KPI_GRANULARITY /* households away from the target size of grids, as of now */
};

struct kpi {
	const char *name, *zh, *en;
	const char *group; /* smart, efficient, precise, warm: what the indicator is evidence for */
	const char *unit;  /* ratio */
	enum kpi_how how;
	int num, den;
	int64_t least; /* smaller denominators are shown but not ranked */
	bool low;      /* the lower the better */
	bool ideal;    /* 100 % is the aim, so that a suspicious 100 % is flagged */
	bool apart;    /* numerator and denominator are different matters: the value may exceed 1 */
};
extern const struct kpi kpi_table[];
extern const size_t kpi_count;
const struct kpi *kpi_find(struct str name); /* NULL: none of that name */

struct kpi_figure {
	int64_t num, den;
};
/* What makes work look like work: without any of it a perfect sheet is doubtful. */
struct kpi_doubt {
	int64_t pauses, returns, reopens;
};

double kpi_value(const struct kpi_figure *f); /* NaN when nothing was to be counted */
bool kpi_ranked(const struct kpi *k, const struct kpi_figure *f);
bool kpi_perfect(const struct kpi *k, const struct kpi_figure *f);
/* Perfect, with no pause, return or reopening. */
bool kpi_anomaly(const struct kpi *k, const struct kpi_figure *f, const struct kpi_doubt *d);

/*
 * Is a case closed in the month yyyymm one of the 5 % drawn for audit? The same answer every time; with
 * a secret key nobody can tell beforehand which cases will be drawn.
 */
bool kpi_drawn(const unsigned char key[32], int64_t id, int64_t month);

/* ---- reoccurrence ---- */

enum { KPI_AGAIN_METRES = 100, KPI_AGAIN_DAYS = 30 };

struct kpi_closed {
	int64_t id, code_id, place, closed_at;
	double lon, lat;
	bool again; /* result */
};
struct kpi_report {
	int64_t id, code_id, reported_at;
	double lon, lat;
};
/* Marks each closed case after whose closing, within 30 days and 100 metres, the same code was reported
 * again. Time and memory grow with nc + nr. */
enum err kpi_reoccur(struct arena *a, struct kpi_closed *closed, size_t nc, const struct kpi_report *report,
		     size_t nr) MUST_CHECK;

extern const struct module kpi_module;

#endif
