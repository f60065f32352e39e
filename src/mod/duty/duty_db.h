/* Private to the module. */
#ifndef GEZHI_MOD_DUTY_DUTY_DB_H
#define GEZHI_MOD_DUTY_DUTY_DB_H

#include "mod/duty/duty.h"

enum { Q_DUTY_COUNT, Q_DUTY_ALL, Q_DUTY_PAST_ALL, Q_DUTY_PAST_OF, Q_DUTY_PAST_ADD, Q_DUTY_ADD, Q_DUTY_AFFECTS,
       Q_DUTY_SUMS, Q_DUTY_PAST_COUNT, DUTY_NSQL };
extern const char *const duty_sql[DUTY_NSQL];

struct duty_seed {
	const char *item, *name;
	int track;
	const char *lead;	 /* NULL: the street (statutory items) */
	const char *street_duty, *basis, *codes;
};
extern const struct duty_seed duty_seeds[];
extern const size_t nduty_seeds;

enum err duty_load_all(struct dbc *c, struct arena *a, struct duty_item **ret, size_t *ret_ncurrent, size_t *ret_n) MUST_CHECK;
enum err duty_seed_rows(struct dbc *c, int64_t now) MUST_CHECK;
/* Keeps `old` as it was in force until before `until`. */
enum err duty_past_add(struct dbc *c, const struct duty_item *old, int64_t until) MUST_CHECK;
enum err duty_past_write(struct dbc *c, int64_t item_id, struct jw *out) MUST_CHECK;

#endif
