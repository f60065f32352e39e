/* The hash chain of writes and sensitive reads; see audit.h. */
#include "core/audit.h"

#include <string.h>

#include "base/crypto.h"

enum { Q_AUDIT_TIP, Q_AUDIT_TIP_PUT, Q_AUDIT_ADD, Q_AUDIT_WALK, Q_AUDIT_NEXT_CHAIN, Q_AUDIT_MAX };
enum { AUDIT_WORD = 64, AUDIT_PAGE = 1000 };

const char *const audit_sql[] = {
	[Q_AUDIT_TIP] = "SELECT n, hash FROM audit_chain WHERE chain = $1",
	[Q_AUDIT_TIP_PUT] = "INSERT INTO audit_chain (chain, n, hash) VALUES ($1, $2, $3) "
			    "ON CONFLICT (chain) DO UPDATE SET n = excluded.n, hash = excluded.hash",
	[Q_AUDIT_ADD] = "INSERT INTO audit (id, chain, n, at, actor_id, action, object, object_id, detail, hash) "
			"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	[Q_AUDIT_WALK] = "SELECT id, n, at, actor_id, action, object, object_id, detail, hash FROM audit "
			 "WHERE chain = $1 AND n > $2 ORDER BY n LIMIT $3",
	[Q_AUDIT_NEXT_CHAIN] = "SELECT min(chain) AS chain FROM (SELECT chain FROM audit_chain WHERE chain > $1 "
			       "UNION SELECT min(chain) AS chain FROM audit WHERE chain > $1) x",
};
const size_t audit_nsql = Q_AUDIT_MAX;

struct tip {
	int64_t n;
	unsigned char hash[HASH_LEN];
};

static void put_part(struct buf *b, struct str s)
{
	buf_i64(b, s.p == NULL ? -1 : (int64_t)s.n);
	buf_char(b, ':');
	buf_str(b, s);
	buf_char(b, '\n');
}

static void put_num(struct buf *b, int64_t v)
{
	buf_i64(b, v);
	buf_char(b, '\n');
}

/*
 * Hash input: the previous hash (32 bytes), then chain, n, at, actor, object id as decimal lines
 * (absent: the smallest int64), then action, object, detail, each as "length:bytes\n" (-1: absent).
 */
static enum err chain_hash(const unsigned char prev[HASH_LEN], int64_t chain, int64_t n, const struct audit_entry *e,
			   unsigned char ret[HASH_LEN])
{
	struct buf b;

	buf_init(&b, 4u << 20);
	buf_put(&b, prev, HASH_LEN);
	put_num(&b, chain);
	put_num(&b, n);
	put_num(&b, e->at);
	put_num(&b, e->actor);
	put_num(&b, e->object_id);
	put_part(&b, str_z(e->action));
	put_part(&b, str_z(e->object));
	put_part(&b, e->detail);
	bool failed = b.failed;

	if (!failed)
		crypto_sha256(buf_view(&b), ret);
	buf_release(&b);
	return failed ? ERR_NOMEM : OK;
}

static enum err read_tip(struct dbc *c, int64_t chain, struct tip *t)
{
	struct rows *r = db_query(c, audit_sql[Q_AUDIT_TIP], ARGS(I(chain)));

	memset(t, 0, sizeof(*t));
	if (rows_next(r)) {
		struct str h = row_str_at(r, 1);

		t->n = row_int_at(r, 0);
		if (h.n == HASH_LEN)
			memcpy(t->hash, h.p, HASH_LEN);
	}
	return rows_close(r);
}

enum err audit_add(struct dbc *c, const struct audit_entry *e)
{
	int64_t chain = dbc_chain(c), id = db_new_id(c);
	unsigned char h[HASH_LEN];
	struct tip t;
	enum err err;

	if (id == NIL)
		return ERR_RETRY;
	err = read_tip(c, chain, &t);
	if (err == OK)
		err = chain_hash(t.hash, chain, t.n + 1, e, h);
	if (err != OK)
		return err;
	struct str hash = { (const char *)h, HASH_LEN };

	err = db_exec(c, audit_sql[Q_AUDIT_ADD],
		ARGS(I(id), I(chain), I(t.n + 1), I(e->at), I(e->actor), Z(e->action), Z(e->object), I(e->object_id),
			T(e->detail), B(hash)), NULL);
	return err != OK ? err : db_exec(c, audit_sql[Q_AUDIT_TIP_PUT], ARGS(I(chain), I(t.n + 1), B(hash)), NULL);
}

/* ---- verification ---- */

struct walk {
	int64_t chain, n, entries, bad;
	unsigned char hash[HASH_LEN];
};

static enum err check_row(struct walk *w, struct rows *r)
{
	char action[AUDIT_WORD] = "", object[AUDIT_WORD] = "";
	unsigned char h[HASH_LEN];
	struct str a = row_str_at(r, 4), o = row_str_at(r, 5), stored = row_str_at(r, 8);

	if (a.n >= sizeof(action) || o.n >= sizeof(object)) {
		w->bad = row_int_at(r, 0);
		return OK;
	}
	memcpy(action, a.p, a.n);
	memcpy(object, o.p, o.n);
	struct audit_entry e = { .at = row_int_at(r, 2), .actor = row_int_at(r, 3), .action = action,
		.object = object, .object_id = row_int_at(r, 6), .detail = row_str_at(r, 7) };
	enum err err = chain_hash(w->hash, w->chain, w->n + 1, &e, h);

	if (err != OK)
		return err;
	if (row_int_at(r, 1) != w->n + 1 || stored.n != HASH_LEN || memcmp(stored.p, h, HASH_LEN) != 0) {
		w->bad = row_int_at(r, 0);
		return OK;
	}
	memcpy(w->hash, h, HASH_LEN);
	w->n++;
	w->entries++;
	return OK;
}

/* One chain, a page at a time: the whole record may be larger than memory. */
static enum err walk_chain(struct dbc *c, struct walk *w)
{
	int64_t page = AUDIT_PAGE;
	enum err err = OK;

	w->n = 0;
	memset(w->hash, 0, sizeof(w->hash));
	while (err == OK && w->bad == NIL && page == AUDIT_PAGE) {
		struct rows *r = db_query(c, audit_sql[Q_AUDIT_WALK], ARGS(I(w->chain), I(w->n), I(AUDIT_PAGE)));

		for (page = 0; err == OK && w->bad == NIL && rows_next(r); page++)
			err = check_row(w, r);
		enum err end = rows_close(r);

		err = err != OK ? err : end;
	}
	return err;
}

/* The chain must end where its tip says: a dropped end, or a whole dropped chain, would otherwise go
 * unseen. */
static enum err check_end(struct dbc *c, const struct walk *w, bool *ret_fits)
{
	struct tip t;
	enum err err = read_tip(c, w->chain, &t);

	*ret_fits = t.n == w->n && memcmp(t.hash, w->hash, HASH_LEN) == 0;
	return err;
}

static enum err next_chain(struct dbc *c, int64_t after, int64_t *ret)
{
	enum err err = db_int(c, audit_sql[Q_AUDIT_NEXT_CHAIN], ARGS(I(after)), ret);

	/* The least of nothing is NULL. */
	return err == OK && *ret == NIL ? ERR_NOT_FOUND : err;
}

static enum err verify(struct dbc *c, struct walk *w, struct error *e)
{
	bool fits = true;
	enum err err = next_chain(c, INT64_MIN + 1, &w->chain);

	while (err == OK) {
		err = walk_chain(c, w);
		if (err == OK && w->bad != NIL)
			return err_set(e, ERR_CONFLICT, "audit.broken", "", "chain %lld breaks at its entry %lld",
				(long long)w->chain, (long long)w->n + 1);
		if (err == OK)
			err = check_end(c, w, &fits);
		if (err == OK && !fits)
			return err_set(e, ERR_CONFLICT, "audit.short", "",
				"chain %lld does not end where its tip says", (long long)w->chain);
		if (err == OK)
			err = next_chain(c, w->chain, &w->chain);
	}
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err audit_verify(struct dbc *c, int64_t *ret_entries, int64_t *ret_bad, struct error *e)
{
	struct walk w = { .chain = NIL, .bad = NIL };
	enum err err = db_snapshot_begin(c);

	if (err != OK)
		return err;
	err = verify(c, &w, e);
	db_snapshot_end(c);
	*ret_entries = w.entries;
	*ret_bad = w.bad;
	return err;
}
