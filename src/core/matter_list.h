/* Lists, counts and exports of matters over one predicate. */
#ifndef GEZHI_CORE_MATTER_LIST_H
#define GEZHI_CORE_MATTER_LIST_H

#include "core/app.h"
#include "core/matter.h"
#include "core/sqlb.h"

/* Further conditions of a particular list, e.g. an inbox tab. */
typedef enum err (*matter_cond_fn)(struct req *rq, struct sqlb *b);

extern const struct param matter_params[];
extern const size_t matter_nparams;
/* What matter_members writes: brief, and with the long texts. */
extern const struct shape matter_row_shape, matter_full_shape;

void matter_cond_place(struct sqlb *b, int64_t place);
/* Of one kind only, where the program has it. */
void matter_cond_kind(struct sqlb *b, const struct app *app, const char *kind);
enum err matter_list(struct req *rq, const struct matter_kind *k, matter_cond_fn cond, struct jw *out) MUST_CHECK;
/* Matters of a kind in sight, in order of id, open or not; sealed ones for nobody. */
struct matter_span {
	int64_t after, limit;
	const double *box; /* west, south, east, north in degrees; NULL: everywhere, also without a point */
};
enum err matter_each(struct req *rq, const struct matter_kind *k, const struct matter_span *span,
		     void (*fn)(const struct matter *m, struct str handler_name, void *arg), void *arg) MUST_CHECK;
enum err matter_count(struct req *rq, struct sqlb *b, int64_t *ret) MUST_CHECK;
/* The reply is a file, by ?format. */
enum err matter_export(struct req *rq, const struct matter_kind *k) MUST_CHECK;
/* Members of one row (no braces); `brief` leaves the long texts out. */
void matter_members(struct req *rq, const struct matter *m, struct str handler_name, bool brief, struct jw *out);
/* "E1234": the kind's letter and the id. */
void matter_no(const struct matter_kind *k, int64_t id, char ret[32]);

#endif
