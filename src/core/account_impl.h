/* Private to the account engine: its SQL, the gate before heavy work, storing a password. */
#ifndef GEZHI_CORE_ACCOUNT_IMPL_H
#define GEZHI_CORE_ACCOUNT_IMPL_H

#include "base/crypto.h"
#include "core/account.h"

enum {
	Q_ACCOUNT_SESSION, Q_ACCOUNT_SESSION_ID, Q_ACCOUNT_POSTS, Q_ACCOUNT_BY_LOGIN, Q_ACCOUNT_BY_ID,
	Q_ACCOUNT_SESSION_PUT, Q_ACCOUNT_SESSION_DROP, Q_ACCOUNT_SESSIONS_DROP, Q_ACCOUNT_SIGNED_IN,
	Q_ACCOUNT_FAILED, Q_ACCOUNT_PASSWORD, Q_ACCOUNT_POST, Q_ACCOUNT_OTHER_POSTS, Q_ACCOUNT_NAME,
	Q_ACCOUNT_STANDINS, Q_ACCOUNT_SQL_MAX
};
extern const char *const account_sql[Q_ACCOUNT_SQL_MAX];

enum { TOKEN_CHARS = TOKEN_TEXT - 1, PASSWORD_MAX = 128, HEAVY_AT_ONCE = 4, HEAVY_WAITING = 8,
       SIGN_INS_PER_MINUTE = 600 /* of one address: an office behind one router */ };

/* Work that takes much memory (hashing a password 19 MiB, decoding a picture up to 240 MiB): at most
 * HEAVY_AT_ONCE run, HEAVY_WAITING wait, more are refused. */
bool heavy_enter(struct session_cache *s);
void heavy_leave(struct session_cache *s);

/* The value the header X-CSRF-Token must carry: derived from the session's token, so that it can be
 * told again although only its hash is stored. `ret` has room for HASH_HEX. */
void csrf_of(struct str token, char ret[HASH_HEX]);

/* Long enough, two kinds of characters at least, not the login. */
enum err password_check(struct str password, struct str login, struct error *e) MUST_CHECK;
/* In a writing transaction: stores the hash, ends all sessions but `keep` (NIL: none stays). */
enum err password_store(struct dbc *c, int64_t user_id, const char *hash, int64_t keep, int64_t actor,
	int64_t now) MUST_CHECK;
/* In a writing transaction: tells every server to forget what it knows of this user (NIL: of all). */
enum err account_changed(struct req *rq, int64_t user_id) MUST_CHECK;

#endif
