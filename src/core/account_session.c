/*
 * Who holds a token: principals read from the store, shared between requests and cached for a short
 * while. A cached principal is read again after FRESH_MS at the latest, so that posts begin and end
 * and stand-ins change without anybody's doing; and at once after a change made through this process.
 *
 * A change is announced inside its transaction, before it can be read. For SUSPECT_MS after that
 * nothing is taken from or put into the cache, so what was read before the commit cannot stay; the
 * outbox announces the change once more after the commit, on every server.
 */
#include "core/account_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 16, SHARD_MAX = 4096, FRESH_MS = 30000, SUSPECT_MS = 3000 };

/* The principal is first: a pointer to it is a pointer to the entry. */
struct entry {
	struct principal p;
	atomic_int refs;
	unsigned char key[HASH_LEN];
	int64_t read_at;
};

struct shard {
	pthread_mutex_t lock;
	struct smap *by_token;
};

struct session_cache {
	struct shard shard[SHARDS];
	_Atomic int64_t suspect_until; /* monotonic ms */
	pthread_mutex_t gate;
	pthread_cond_t gate_free;
	int running, waiting;
};

const char *const account_sql[Q_ACCOUNT_SQL_MAX] = {
	[Q_ACCOUNT_SESSION] =
		"SELECT s.id, s.user_id, s.expires_at, s.csrf_hash, a.login, a.name, a.active, s.token_hash "
		"FROM session s JOIN account a ON a.id = s.user_id WHERE s.token_hash = $1",
	[Q_ACCOUNT_SESSION_ID] =
		"SELECT s.id, s.user_id, s.expires_at, s.csrf_hash, a.login, a.name, a.active, s.token_hash "
		"FROM session s JOIN account a ON a.id = s.user_id WHERE s.id = $1",
	[Q_ACCOUNT_POSTS] =
		"SELECT p.id, p.role, p.place, p.unit_id, p.board, p.backup_of FROM post p "
		"LEFT JOIN post b ON b.id = p.backup_of LEFT JOIN account h ON h.id = b.user_id "
		"WHERE p.user_id = $1 AND (p.valid_from IS NULL OR p.valid_from <= $2) "
		"AND (p.valid_to IS NULL OR p.valid_to > $2) AND (p.backup_of IS NULL OR "
		"(h.on_leave_until > $2 AND (b.valid_to IS NULL OR b.valid_to > $2))) ORDER BY p.id",
	[Q_ACCOUNT_BY_LOGIN] =
		"SELECT id, login, name, password, active, locked_until FROM account WHERE login = $1",
	[Q_ACCOUNT_BY_ID] =
		"SELECT id, login, name, password, active, locked_until FROM account WHERE id = $1",
	[Q_ACCOUNT_SESSION_PUT] =
		"INSERT INTO session (id, token_hash, csrf_hash, user_id, created_at, expires_at, remote) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7)",
	[Q_ACCOUNT_SESSION_DROP] = "DELETE FROM session WHERE id = $1",
	[Q_ACCOUNT_SESSIONS_DROP] = "DELETE FROM session WHERE user_id = $1 AND id <> $2",
	[Q_ACCOUNT_SIGNED_IN] = "UPDATE account SET failures = 0, locked_until = NULL WHERE id = $1 "
		"AND (failures <> 0 OR locked_until IS NOT NULL)",
	[Q_ACCOUNT_FAILED] =
		"UPDATE account SET failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END, "
		"locked_until = CASE WHEN failures + 1 >= $2 THEN CAST($3 AS BIGINT) ELSE locked_until END "
		"WHERE id = $1 RETURNING locked_until",
	[Q_ACCOUNT_PASSWORD] = "UPDATE account SET password = $2, failures = 0, locked_until = NULL, "
		"updated_at = $3 WHERE id = $1",
	[Q_ACCOUNT_POST] = "SELECT user_id, role, place, backup_of FROM post WHERE id = $1",
	[Q_ACCOUNT_OTHER_POSTS] = "SELECT role FROM post WHERE user_id = $1 AND id <> $2 "
		"AND (valid_to IS NULL OR valid_to > $3)",
	[Q_ACCOUNT_NAME] = "SELECT login, name FROM account WHERE id = $1",
	[Q_ACCOUNT_STANDINS] = "SELECT count(*) AS n FROM post WHERE backup_of = $1",
};

/* ---- the cache ---- */

struct session_cache *session_cache_new(void)
{
	struct session_cache *s = calloc(1, sizeof(*s));
	bool ok = s != NULL;

	if (!ok)
		return NULL;
	pthread_mutex_init(&s->gate, NULL);
	pthread_cond_init(&s->gate_free, NULL);
	atomic_init(&s->suspect_until, INT64_MIN);
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&s->shard[i].lock, NULL);
		s->shard[i].by_token = smap_new(SHARD_MAX);
		ok = ok && s->shard[i].by_token != NULL;
	}
	if (ok)
		return s;
	session_cache_free(s);
	return NULL;
}

static void entry_put(struct entry *e)
{
	if (atomic_fetch_sub(&e->refs, 1) == 1)
		free(e);
}

void principal_put(const struct principal *p)
{
	if (p != NULL)
		entry_put((struct entry *)(uintptr_t)p);
}

/* Under the shard's lock: drops the entries of a user, or all. */
static void shard_drop(struct shard *sh, int64_t user_id)
{
	size_t pos = 0, n = 0;
	struct str key;
	void *v;
	struct entry *drop[64];

	do {
		pos = n = 0;
		while (n < ARRAY_LEN(drop) && smap_next(sh->by_token, &pos, &key, &v)) {
			struct entry *e = v;

			if (user_id == NIL || e->p.user_id == user_id)
				drop[n++] = e;
		}
		for (size_t i = 0; i < n; i++) {
			smap_remove(sh->by_token, (struct str){ (const char *)drop[i]->key, HASH_LEN });
			entry_put(drop[i]);
		}
	} while (n == ARRAY_LEN(drop));
}

void session_cache_free(struct session_cache *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		if (s->shard[i].by_token != NULL)
			shard_drop(&s->shard[i], NIL);
		smap_free(s->shard[i].by_token);
		pthread_mutex_destroy(&s->shard[i].lock);
	}
	pthread_cond_destroy(&s->gate_free);
	pthread_mutex_destroy(&s->gate);
	free(s);
}

void principal_forget(struct app *app, int64_t user_id)
{
	struct session_cache *s = app->sessions;

	atomic_store(&s->suspect_until, time_monotonic() + SUSPECT_MS);
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_lock(&s->shard[i].lock);
		shard_drop(&s->shard[i], user_id);
		pthread_mutex_unlock(&s->shard[i].lock);
	}
}

static bool suspect(const struct session_cache *s)
{
	return time_monotonic() < atomic_load(&s->suspect_until);
}

static bool fresh(const struct entry *e, int64_t now)
{
	return now >= e->read_at && now < e->read_at + FRESH_MS && now < e->p.expires_at;
}

/* The cached entry with one more holder; one that is no longer fresh goes. */
static struct entry *cache_get(struct session_cache *s, const unsigned char key[HASH_LEN], int64_t now)
{
	struct shard *sh = &s->shard[key[0] % SHARDS];
	struct str k = { (const char *)key, HASH_LEN };

	if (suspect(s))
		return NULL;
	pthread_mutex_lock(&sh->lock);
	struct entry *e = smap_get(sh->by_token, k);

	if (e != NULL && !fresh(e, now)) {
		smap_remove(sh->by_token, k);
		entry_put(e);
		e = NULL;
	}
	if (e != NULL)
		atomic_fetch_add(&e->refs, 1);
	pthread_mutex_unlock(&sh->lock);
	return e;
}

static void cache_put(struct session_cache *s, struct entry *e)
{
	struct shard *sh = &s->shard[e->key[0] % SHARDS];
	struct str k = { (const char *)e->key, HASH_LEN };

	if (suspect(s))
		return;
	pthread_mutex_lock(&sh->lock);
	if (smap_count(sh->by_token) == SHARD_MAX)
		shard_drop(sh, NIL); /* rare; everybody is read once more */
	if (smap_get(sh->by_token, k) == NULL && smap_put(sh->by_token, k, e) == OK)
		atomic_fetch_add(&e->refs, 1);
	pthread_mutex_unlock(&sh->lock);
}

/* ---- reading ---- */

static enum err load_posts(struct dbc *c, int64_t now, struct principal *p)
{
	struct rows *r = db_query(c, account_sql[Q_ACCOUNT_POSTS], ARGS(I(p->user_id), I(now)));

	while (p->nposts < POSTS_MAX && rows_next(r)) {
		int64_t role = row_int_at(r, 1), board = row_int_at(r, 4), place = row_int_at(r, 2);

		if (role < 0 || role >= ROLE_MAX || place <= 0)
			continue;
		p->post[p->nposts++] = (struct post){
			.id = row_int_at(r, 0),
			.role = (enum role)role,
			.lo = place,
			.hi = place_end(place),
			.unit_id = row_int_at(r, 3),
			.board = board > 0 && board < TRACK_MAX ? (enum track)board : TRACK_NONE,
			.standin = row_int_at(r, 5) != NIL,
		};
		p->roles |= UINT64_C(1) << role;
	}
	return rows_close(r);
}

/* Login and name stand behind the entry, in the same piece of memory. */
static enum err entry_new(struct rows *r, int64_t now, struct entry **ret)
{
	struct str login = row_str_at(r, 4), name = row_str_at(r, 5), csrf = row_str_at(r, 3),
		   key = row_str_at(r, 7);

	if (csrf.n != HASH_LEN || key.n != HASH_LEN)
		return ERR_BUG;
	struct entry *e = calloc(1, sizeof(*e) + login.n + name.n + 2);

	if (e == NULL)
		return ERR_NOMEM;
	char *text = (char *)(e + 1);

	memcpy(text, login.p, login.n);
	memcpy(text + login.n + 1, name.p, name.n);
	e->p.login = (struct str){ text, login.n };
	e->p.name = (struct str){ text + login.n + 1, name.n };
	e->p.session_id = row_int_at(r, 0);
	e->p.user_id = row_int_at(r, 1);
	e->p.expires_at = row_int_at(r, 2);
	memcpy(e->p.csrf, csrf.p, HASH_LEN);
	memcpy(e->key, key.p, HASH_LEN);
	atomic_init(&e->refs, 1);
	e->read_at = now;
	*ret = e;
	return OK;
}

static enum err read_entry(struct dbc *c, int query, struct arg by, int64_t now, struct entry **ret)
{
	struct rows *r = db_query(c, account_sql[query], &by, 1);
	struct entry *e = NULL;
	enum err err = OK;

	if (rows_next(r)) {
		bool good = row_int_at(r, 6) == 1 && row_int_at(r, 2) > now;

		err = good ? entry_new(r, now, &e) : ERR_AUTH;
	} else {
		err = ERR_AUTH;
	}
	enum err end = rows_close(r);

	if (end != OK)
		err = end;
	if (err == OK)
		err = load_posts(c, now, &e->p);
	if (err != OK) {
		free(e);
		return err;
	}
	*ret = e;
	return OK;
}

enum err principal_of(struct app *app, struct dbc *c, struct str token, int64_t now,
	const struct principal **ret)
{
	unsigned char key[HASH_LEN];
	struct entry *e;

	if (token.n != TOKEN_CHARS)
		return ERR_AUTH;
	crypto_sha256(token, key);
	e = cache_get(app->sessions, key, now);
	if (e == NULL) {
		enum err err = read_entry(c, Q_ACCOUNT_SESSION,
			B((struct str){ (const char *)key, HASH_LEN }), now, &e);

		if (err != OK)
			return err;
		cache_put(app->sessions, e);
	}
	*ret = &e->p;
	return OK;
}

enum err principal_again(struct dbc *c, int64_t session_id, int64_t now, const struct principal **ret)
{
	struct entry *e;
	enum err err = read_entry(c, Q_ACCOUNT_SESSION_ID, I(session_id), now, &e);

	if (err == OK)
		*ret = &e->p;
	return err;
}

enum err principal_of_login(struct dbc *c, struct str login, int64_t now, struct arena *a,
	struct principal **ret)
{
	struct principal *p = ARENA_NEW(a, struct principal);
	struct rows *r = db_query(c, account_sql[Q_ACCOUNT_BY_LOGIN], ARGS(T(login)));
	bool found = rows_next(r) && row_int_at(r, 4) == 1;

	if (found && p != NULL) {
		p->user_id = row_int_at(r, 0);
		p->login = str_dup(a, row_str_at(r, 1));
		p->name = str_dup(a, row_str_at(r, 2));
		p->session_id = NIL;
		p->expires_at = INT64_MAX;
	}
	enum err err = rows_close(r);

	if (p == NULL || arena_failed(a))
		return ERR_NOMEM;
	if (err == OK && !found)
		return ERR_NOT_FOUND;
	if (err == OK)
		err = load_posts(c, now, p);
	if (err == OK)
		*ret = p;
	return err;
}

/* ---- the gate before heavy work ---- */

bool heavy_enter(struct session_cache *s)
{
	bool in = true;

	pthread_mutex_lock(&s->gate);
	if (s->running >= HEAVY_AT_ONCE && s->waiting >= HEAVY_WAITING) {
		in = false;
	} else {
		s->waiting++;
		while (s->running >= HEAVY_AT_ONCE)
			pthread_cond_wait(&s->gate_free, &s->gate);
		s->waiting--;
		s->running++;
	}
	pthread_mutex_unlock(&s->gate);
	return in;
}

void heavy_leave(struct session_cache *s)
{
	pthread_mutex_lock(&s->gate);
	assert(s->running > 0);
	s->running--;
	pthread_cond_signal(&s->gate_free);
	pthread_mutex_unlock(&s->gate);
}
