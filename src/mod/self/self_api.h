/* Private to the own page. */
#ifndef GEZHI_MOD_SELF_SELF_API_H
#define GEZHI_MOD_SELF_SELF_API_H

#include "base/crypto.h"
#include "mod/registry/registry.h"
#include "mod/self/self.h"

enum own { OWN_SELF, OWN_WARD };

/* The person that {id} names: the asker, or a child under fourteen whose guardian the asker is. Anybody else is
 * not found. `ret_own` may be NULL. */
enum err self_person(struct req *rq, struct person *ret, enum own *ret_own) MUST_CHECK;

/* Stored as numbers: append only. */
enum data_what { DATA_EXPLAIN, DATA_DELETE, DATA_ACCESS };
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
extern const struct fields self_access_fields, self_register_fields;
/* Without an account: asked for, and opened with a code. */
enum err self_access(struct req *rq, struct jw *out) MUST_CHECK;
enum err self_register(struct req *rq, struct jw *out) MUST_CHECK;
/* A code was handed over: what the person asked for is done. */
enum err self_access_done(struct req *rq, int64_t person_id) MUST_CHECK;
/* Codes are compared without case, blanks and hyphens. */
void self_code_hash(struct str code, unsigned char ret[HASH_LEN]);
enum err self_record(struct req *rq, int64_t actor, const char *action, int64_t person_id) MUST_CHECK;
enum err self_change(struct req *rq, struct jw *out) MUST_CHECK;

#endif
