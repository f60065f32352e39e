/* Private to the own page. */
#ifndef GEZHI_MOD_SELF_SELF_API_H
#define GEZHI_MOD_SELF_SELF_API_H

#include "mod/registry/registry.h"

enum own { OWN_SELF, OWN_WARD };

/* The person that {id} names: the asker, or a child under fourteen whose guardian the asker is. Anybody else is
 * not found. `ret_own` may be NULL. */
enum err self_person(struct req *rq, struct person *ret, enum own *ret_own) MUST_CHECK;

/* Stored as numbers: append only. */
enum data_what { DATA_EXPLAIN, DATA_DELETE };
extern const struct vocab data_what_vocab;
struct data_request_in {
	int64_t what;
	struct str text;
};
extern const struct fields data_request_fields;
enum err self_request(struct req *rq, struct jw *out) MUST_CHECK;
struct data_change_in {
	struct str changes, text;
};
extern const struct fields data_change_fields;
enum err self_change(struct req *rq, struct jw *out) MUST_CHECK;

#endif
