/*
 * Accounts: argon2id passwords, sessions, lock-out after repeated failures, CSRF tokens, posts with
 * start and end, and the stand-in that holds a post while its A person is on leave.
 */
#ifndef GEZHI_CORE_ACCOUNT_H
#define GEZHI_CORE_ACCOUNT_H

#include "core/app.h"

enum { SESSION_HOURS = 12, LOCK_AFTER = 5, LOCK_MINUTES = 15, PASSWORD_MIN = 10 };

/* Token → principal: from the cache, else from the store. Counted; release with principal_put.
 * ERR_AUTH when unknown, ended or expired. */
enum err principal_of(struct app *app, struct dbc *c, struct str token, int64_t now,
		      const struct principal **ret) MUST_CHECK;
/* NULL allowed; not for those of principal_of_login. */
void principal_put(const struct principal *p);
/* Reads the principal of a session anew, past the cache; counted as above. ERR_AUTH when it ended. */
enum err principal_again(struct dbc *c, int64_t session_id, int64_t now,
			 const struct principal **ret) MUST_CHECK;
/* Builds a principal from a login without a session (command line, demo, tests); memory from `a`. */
enum err principal_of_login(struct dbc *c, struct str login, int64_t now, struct arena *a,
			    struct principal **ret) MUST_CHECK;
/* Drops cached principals of a user (NIL: of all), after posts or sessions changed. */
void principal_forget(struct app *app, int64_t user_id);
struct session_cache *session_cache_new(void);
void session_cache_free(struct session_cache *s);

extern const struct entity user_entity, post_entity, unit_entity;
extern const struct module account_module;
/* Creates or changes a user from the command line. */
enum err account_set_password(struct dbc *c, int64_t user_id, struct str password, int64_t now, struct error *e) MUST_CHECK;

/*
 * An account for whoever registers by themselves; the caller has made sure that they may. First, outside a
 * transaction: the password is checked and hashed (a twentieth of a second, 19 MiB; ERR_LIMIT when too many are). Then,
 * in one: the account with its password and one post.
 */
enum { PASSWORD_HASH = 128 };
struct account_new {
	struct str login, name;
	enum role role;
	int64_t place;
};
enum err account_hash(struct req *rq, struct str login, struct str password, char ret[PASSWORD_HASH]) MUST_CHECK;
enum err account_open(struct req *rq, const struct account_new *n, const char *hash, int64_t *ret_user) MUST_CHECK;

enum unit_kind { UNIT_DEPARTMENT, UNIT_CENTRE, UNIT_BOARD, UNIT_COMMUNITY, UNIT_GRID, UNIT_COMPANY };

#endif
