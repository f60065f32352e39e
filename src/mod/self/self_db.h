/* Rows of the own page. */
#ifndef GEZHI_MOD_SELF_SELF_DB_H
#define GEZHI_MOD_SELF_SELF_DB_H

#include "base/crypto.h"
#include "core/app.h"
#include "mod/self/self.h"

enum {
	Q_HOLDER_GET,
	Q_HOLDER_PUT,
	Q_WARDS,
	Q_CODE_DROP,
	Q_CODE_PUT,
	Q_CODE_TAKE,
	Q_CODE_CLEAR,
	Q_HOME,
	Q_CONSENTS,
	Q_CONSENT_OF,
	Q_PLANS,
	Q_VISITS,
	Q_VISIT_OWN,
	Q_LINKS,
	Q_REQUEST_PUT,
	Q_REQUEST_GET,
	Q_REQUEST_OPEN,
	Q_REQUEST_FIND,
	Q_REQUESTS,
	SELF_NSQL
};
extern const char *const self_sql[SELF_NSQL];

enum { WARDS_MAX = 16 };

/* The person whose account it is; NIL: not proven. */
enum err holder_get(struct dbc *c, int64_t user_id, int64_t *ret_person) MUST_CHECK;
enum err holder_put(struct dbc *c, int64_t user_id, int64_t person_id, int64_t by, int64_t now) MUST_CHECK;
/* Whose guardian somebody is on a day. */
enum err holder_wards(struct dbc *c, int64_t person_id, int64_t day, int64_t ret[WARDS_MAX], size_t *ret_n) MUST_CHECK;

/* One code per person: a new one ends the old. */
enum err holder_code_put(struct dbc *c, const unsigned char hash[HASH_LEN], int64_t person_id, int64_t by, int64_t now,
			 int64_t expires) MUST_CHECK;
/* Uses a code up. ERR_NOT_FOUND: there is none, or it is over. */
enum err holder_code_take(struct dbc *c, const unsigned char hash[HASH_LEN], int64_t now, int64_t *ret_person,
			  int64_t *ret_by) MUST_CHECK;

/* Is there such a code in force? */
enum err holder_code_known(struct dbc *c, const unsigned char hash[HASH_LEN], int64_t now, bool *ret) MUST_CHECK;

struct data_request {
	int64_t matter_id, person_id, what;
};
enum err data_request_put(struct dbc *c, const struct data_request *r) MUST_CHECK;
enum err data_request_get(struct dbc *c, int64_t matter_id, struct data_request *ret) MUST_CHECK;
/* The open one of this kind about this person; NIL: none. */
enum err data_request_find(struct dbc *c, int64_t person_id, int64_t what, int64_t *ret_matter) MUST_CHECK;
/* Is one of this kind open about this person? */
enum err data_request_open(struct dbc *c, int64_t person_id, int64_t what, bool *ret) MUST_CHECK;

#endif
