/* Private to the module: the SQL beside what the entity engine makes. */
#ifndef GEZHI_MOD_PLACE_PLACE_DB_H
#define GEZHI_MOD_PLACE_PLACE_DB_H

#include "mod/place/place.h"

enum {
	Q_PLACE_BY_CODE, Q_PLACE_BY_OFFICIAL, Q_PLACE_OFFICIALS, Q_PLACE_OFFICIAL_END, Q_PLACE_OFFICIAL_ADD,
	Q_PLACE_LINEAGE, Q_PLACE_LINEAGE_ADD, Q_SHAPE_GET, Q_SHAPE_PUT, Q_SHAPE_BELOW, Q_GRANULARITY, Q_GRANULARITY_HOMES, Q_NORMS_GET,
	Q_NORMS_PUT, Q_NORMS_SINCE, Q_NORMS_CLEAR, Q_PLACE_END, Q_PLACE_OPEN_AT, PLACE_NSQL
};
extern const char *const place_sql[PLACE_NSQL];

/* Position code of the place that has, or had, this official code; NIL when none. */
enum err place_by_official(struct dbc *c, struct str official, int64_t *ret_code) MUST_CHECK;
/* Ends the official code in force and starts `code` (absent: none). */
enum err place_official_change(struct dbc *c, int64_t place_id, struct str code, int64_t from) MUST_CHECK;
enum err place_officials_write(struct dbc *c, int64_t place_id, struct jw *out) MUST_CHECK;
enum err place_lineage_write(struct dbc *c, int64_t code, struct jw *out) MUST_CHECK;

/* Open and overdue matters per place of `level` at and below `root`, under the asker's scope. The code is
 * truncated to `level`; matters of wider places keep theirs. In order of code. */
struct open_count {
	int64_t code, open, overdue;
};
enum err place_open_counts(struct req *rq, int64_t root, enum level level, struct open_count **ret, size_t *ret_n) MUST_CHECK;

/* ---- handlers beside place_api.c ---- */

extern const struct shape granularity_shape, place_node_shape;
enum err granularity_report(struct req *rq, struct jw *out);
enum err place_tree(struct req *rq, struct jw *out);

#endif
