/* The formulas as a table and the pure rules about them. No SQL, no HTTP, no clock. */
#include "mod/kpi/kpi.h"

#include <math.h>
#include <string.h>

#include "base/crypto.h"
#include "base/geo.h"

const struct kpi kpi_table[] = {
	{ .name = "on_time_rate", .zh = "按期办结率", .en = "On-time rate", .group = "efficient", .unit = "ratio",
	  .how = KPI_TALLY, .num = TALLY_HANDLE_NUM, .den = TALLY_HANDLE_DEN, .ideal = true },
	{ .name = "accept_rate", .zh = "受理及时率", .en = "Accepted in time", .group = "efficient", .unit = "ratio",
	  .how = KPI_TALLY, .num = TALLY_ACCEPT_NUM, .den = TALLY_ACCEPT_DEN, .ideal = true },
	{ .name = "closure_rate", .zh = "办结率", .en = "Closure rate", .group = "efficient", .unit = "ratio",
	  .how = KPI_TALLY, .num = TALLY_CLOSED, .den = TALLY_IN, .ideal = true, .apart = true },
	{ .name = "reopen_rate", .zh = "重开率", .en = "Reopened", .group = "precise", .unit = "ratio",
	  .how = KPI_TALLY, .num = TALLY_REOPENED, .den = TALLY_CLOSED, .low = true },
	{ .name = "satisfied_rate", .zh = "满意率", .en = "Satisfied", .group = "warm", .unit = "ratio",
	  .how = KPI_TALLY, .num = TALLY_SATISFIED, .den = TALLY_ANSWERED, .least = 10, .ideal = true },
	{ .name = "resolved_rate", .zh = "解决率", .en = "Resolved", .group = "warm", .unit = "ratio",
	  .how = KPI_TALLY, .num = TALLY_RESOLVED, .den = TALLY_ANSWERED, .least = 10, .ideal = true },
	{ .name = "self_close_rate", .zh = "自办率", .en = "Closed by the grid itself", .group = "smart",
	  .unit = "ratio", .how = KPI_TALLY, .num = TALLY_SELF_NUM, .den = TALLY_SELF_DEN },
	{ .name = "return_rate", .zh = "退单率", .en = "Returned", .group = "smart", .unit = "ratio",
	  .how = KPI_TALLY, .num = TALLY_RETURNED, .den = TALLY_DISPATCHED, .low = true },
	{ .name = "reoccurrence", .zh = "复发率", .en = "Reoccurrence", .group = "precise", .unit = "ratio",
	  .how = KPI_REOCCUR, .num = TALLY_CLOSED, .den = TALLY_CLOSED, .low = true },
	{ .name = "party_coverage", .zh = "党组织覆盖率", .en = "Grids with a Party organisation", .group = "precise",
	  .unit = "ratio", .how = KPI_PARTY },
	{ .name = "granularity_drift", .zh = "颗粒度偏离", .en = "Drift from the grid's target size",
	  .group = "precise", .unit = "ratio", .how = KPI_GRANULARITY, .low = true },
};
const size_t kpi_count = ARRAY_LEN(kpi_table);

const struct kpi *kpi_find(struct str name)
{
	for (size_t i = 0; i < kpi_count; i++) {
		if (str_eqz(name, kpi_table[i].name))
			return &kpi_table[i];
	}
	return NULL;
}

double kpi_value(const struct kpi_figure *f)
{
	return f->den > 0 ? (double)f->num / (double)f->den : (double)NAN;
}

bool kpi_ranked(const struct kpi *k, const struct kpi_figure *f)
{
	return f->den > 0 && f->den >= k->least;
}

bool kpi_perfect(const struct kpi *k, const struct kpi_figure *f)
{
	return k->ideal && f->den > 0 && f->num >= f->den;
}

bool kpi_anomaly(const struct kpi *k, const struct kpi_figure *f, const struct kpi_doubt *d)
{
	return kpi_perfect(k, f) && d->pauses == 0 && d->returns == 0 && d->reopens == 0;
}

bool kpi_drawn(const unsigned char key[32], int64_t id, int64_t month)
{
	unsigned char hash[HASH_LEN];
	struct buf text;
	uint32_t v = 0;

	buf_init(&text, 64);
	buf_z(&text, "audit sample ");
	buf_i64(&text, month);
	buf_char(&text, ' ');
	buf_i64(&text, id);
	crypto_blind(key, buf_view(&text), hash);
	buf_release(&text);
	for (size_t i = 0; i < 4; i++)
		v = v << 8 | hash[i];
	return v % 20 == 0;
}

/* ---- reoccurrence ---- */

/*
 * Reports hashed by code and a cell at least 100 m wide both ways, so that whatever is near enough
 * lies in the nine cells around a case.
 */
struct cells {
	size_t *head, *next; /* index + 1; 0: end */
	size_t mask;
	double lon_step;
};

static const double lat_step = 0.001; /* 111 m */

static int64_t cell_x(const struct cells *c, double lon)
{
	return (int64_t)floor(lon / c->lon_step);
}

static int64_t cell_y(double lat)
{
	return (int64_t)floor(lat / lat_step);
}

static size_t cell_slot(const struct cells *c, int64_t code, int64_t x, int64_t y)
{
	uint64_t h = (uint64_t)code * 0x9E3779B97F4A7C15u;

	h = (h ^ (uint64_t)x) * 0xBF58476D1CE4E5B9u;
	h = (h ^ (h >> 29) ^ (uint64_t)y) * 0x94D049BB133111EBu;
	return (size_t)(h >> 24) & c->mask;
}

/* Nearer to the poles a degree of longitude is shorter: the cells are as wide as the worst case needs. */
static double widest_step(const struct kpi_closed *closed, size_t nc)
{
	double far = 0;

	for (size_t i = 0; i < nc; i++) {
		if (fabs(closed[i].lat) > far)
			far = fabs(closed[i].lat);
	}
	return lat_step / cos(fmin(far + 0.01, 89.0) * (3.14159265358979323846 / 180.0));
}

static enum err hash_reports(struct arena *a, struct cells *c, const struct kpi_report *report, size_t nr)
{
	size_t cap = 16;

	while (cap < nr * 2)
		cap *= 2;
	c->mask = cap - 1;
	c->head = arena_array(a, cap, sizeof(*c->head));
	c->next = arena_array(a, nr + 1, sizeof(*c->next));
	if (c->head == NULL || c->next == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < nr; i++) {
		const struct kpi_report *r = &report[i];
		size_t s;

		if (r->code_id == NIL || isnan(r->lon) || isnan(r->lat))
			continue;
		s = cell_slot(c, r->code_id, cell_x(c, r->lon), cell_y(r->lat));
		c->next[i] = c->head[s];
		c->head[s] = i + 1;
	}
	return OK;
}

static bool is_again(const struct kpi_closed *c, const struct kpi_report *r)
{
	return r->id != c->id && r->code_id == c->code_id && r->reported_at > c->closed_at &&
	       r->reported_at - c->closed_at <= KPI_AGAIN_DAYS * (int64_t)MS_DAY &&
	       geo_distance_m(c->lon, c->lat, r->lon, r->lat) <= KPI_AGAIN_METRES;
}

static bool came_back(const struct cells *s, const struct kpi_closed *c, const struct kpi_report *report)
{
	int64_t x = cell_x(s, c->lon), y = cell_y(c->lat);

	for (int i = 0; i < 9; i++) {
		for (size_t k = s->head[cell_slot(s, c->code_id, x + i % 3 - 1, y + i / 3 - 1)]; k != 0;
		     k = s->next[k - 1]) {
			if (is_again(c, &report[k - 1]))
				return true;
		}
	}
	return false;
}

enum err kpi_reoccur(struct arena *a, struct kpi_closed *closed, size_t nc, const struct kpi_report *report,
		     size_t nr)
{
	struct cells s = { .lon_step = widest_step(closed, nc) };
	enum err err = hash_reports(a, &s, report, nr);

	for (size_t i = 0; i < nc && err == OK; i++) {
		struct kpi_closed *c = &closed[i];

		c->again = c->code_id != NIL && !isnan(c->lon) && !isnan(c->lat) && came_back(&s, c, report);
	}
	return err;
}
