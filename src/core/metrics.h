/* Counters of the process, shown at /metrics in Prometheus' text format. */
#ifndef GEZHI_CORE_METRICS_H
#define GEZHI_CORE_METRICS_H

#include "base/buf.h"

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
void metrics_request(struct metrics *m, int status, int64_t micros);
void metrics_write(const struct metrics *m, struct buf *out);

#endif
