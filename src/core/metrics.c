/* Request counters by status class and a latency histogram, all atomic. */
#include "core/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

static const int64_t bound_us[] = { 500, 1000, 5000, 10000, 50000, 100000, 500000, 1000000 };
enum { BOUNDS = sizeof(bound_us) / sizeof(bound_us[0]) };

struct metrics {
	atomic_llong by_class[6];
	atomic_llong bucket[BOUNDS + 1];
	atomic_llong sum_us;
};

struct metrics *metrics_new(void)
{
	return calloc(1, sizeof(struct metrics));
}

void metrics_free(struct metrics *m)
{
	free(m);
}

void metrics_request(struct metrics *m, int status, int64_t micros)
{
	int i = 0;

	while (i < BOUNDS && micros > bound_us[i])
		i++;
	atomic_fetch_add_explicit(&m->bucket[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->by_class[status / 100 < 6 ? status / 100 : 0], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->sum_us, micros, memory_order_relaxed);
}

void metrics_write(const struct metrics *m, struct buf *out)
{
	long long total = 0;

	buf_z(out, "# HELP gezhi_requests_total Requests answered, by class of status.\n"
		   "# TYPE gezhi_requests_total counter\n");
	for (int i = 1; i < 6; i++)
		buf_fmt(out, "gezhi_requests_total{class=\"%dxx\"} %lld\n", i, atomic_load(&m->by_class[i]));
	buf_z(out, "# HELP gezhi_request_seconds Time to answer.\n# TYPE gezhi_request_seconds histogram\n");
	for (int i = 0; i < BOUNDS; i++) {
		total += atomic_load(&m->bucket[i]);
		buf_fmt(out, "gezhi_request_seconds_bucket{le=\"%g\"} %lld\n", (double)bound_us[i] / 1e6, total);
	}
	total += atomic_load(&m->bucket[BOUNDS]);
	buf_fmt(out, "gezhi_request_seconds_bucket{le=\"+Inf\"} %lld\n", total);
	buf_fmt(out, "gezhi_request_seconds_sum %g\ngezhi_request_seconds_count %lld\n",
		(double)atomic_load(&m->sum_us) / 1e6, total);
}
