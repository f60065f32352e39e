/* The hash chain of writes and sensitive reads; see audit.h. */
#include "core/audit.h"

#include <string.h>

#include "base/crypto.h"

enum { Q_AUDIT_TIP, Q_AUDIT_TIP_PUT, Q_AUDIT_ADD, Q_AUDIT_WALK, Q_AUDIT_CHAIN, Q_AUDIT_MAX };

const char *const audit_sql[] = {
	[Q_AUDIT_TIP] = "SELECT n, hash FROM audit_chain WHERE chain = $1",
	[Q_AUDIT_TIP_PUT] = "INSERT INTO audit_chain (chain, n, hash) VALUES ($1, $2, $3) "
			    "ON CONFLICT (chain) DO UPDATE SET n = excluded.n, hash = excluded.hash",
	[Q_AUDIT_ADD] = "INSERT INTO audit (id, chain, n, at, actor_id, action, object, object_id, detail, hash) "
			"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	[Q_AUDIT_WALK] = "SELECT id, chain, n, at, actor_id, action, object, object_id, detail, hash FROM audit "
			 "ORDER BY chain, n",
	[Q_AUDIT_CHAIN] = "SELECT count(*) AS n FROM audit_chain WHERE chain = $1 AND n = $2 AND hash = $3",
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
	char action[64] = "", object[64] = "";
	unsigned char h[HASH_LEN];
	struct str a = row_str_at(r, 5), o = row_str_at(r, 6), stored = row_str_at(r, 9);

	if (a.n >= sizeof(action) || o.n >= sizeof(object)) {
		w->bad = row_int_at(r, 0);
		return OK;
	}
	memcpy(action, a.p, a.n);
	memcpy(object, o.p, o.n);
	struct audit_entry e = { .at = row_int_at(r, 3), .actor = row_int_at(r, 4), .action = action,
		.object = object, .object_id = row_int_at(r, 7), .detail = row_str_at(r, 8) };
	enum err err = chain_hash(w->hash, w->chain, w->n + 1, &e, h);

	if (err != OK)
		return err;
	if (row_int_at(r, 2) != w->n + 1 || stored.n != HASH_LEN || memcmp(stored.p, h, HASH_LEN) != 0)
		w->bad = row_int_at(r, 0);
	memcpy(w->hash, h, HASH_LEN);
	w->n++;
	w->entries++;
	return OK;
}

/* The chain's end must be where the tip says: a dropped tail would otherwise go unseen. */
static enum err check_end(struct dbc *c, const struct walk *w, bool *ret_ok)
{
	int64_t n = 0;
	enum err err = db_int(c, audit_sql[Q_AUDIT_CHAIN],
		ARGS(I(w->chain), I(w->n), B((struct str){ (const char *)w->hash, HASH_LEN })), &n);

	*ret_ok = n == 1;
	return err;
}

enum err audit_verify(struct dbc *c, int64_t *ret_entries, int64_t *ret_bad, struct error *e)
{
	struct walk w = { .chain = NIL, .bad = NIL };
	struct rows *r = db_query(c, audit_sql[Q_AUDIT_WALK], NO_ARGS);
	bool ends_fit = true;
	enum err err = OK;

	while (err == OK && w.bad == NIL && rows_next(r)) {
		if (row_int_at(r, 1) != w.chain) {
			if (w.chain != NIL)
				err = check_end(c, &w, &ends_fit);
			if (!ends_fit)
				break;
			w.chain = row_int_at(r, 1);
			w.n = 0;
			memset(w.hash, 0, sizeof(w.hash));
		}
		if (err == OK)
			err = check_row(&w, r);
	}
	enum err end = rows_close(r);

	if (err == OK)
		err = end;
	if (err == OK && w.bad == NIL && ends_fit && w.chain != NIL)
		err = check_end(c, &w, &ends_fit);
	if (err != OK)
		return err;
	*ret_entries = w.entries;
	*ret_bad = w.bad;
	if (w.bad != NIL)
		return err_set(e, ERR_CONFLICT, "audit.broken", "", "chain %lld breaks at entry %lld",
			(long long)w.chain, (long long)w.n);
	if (!ends_fit)
		return err_set(e, ERR_CONFLICT, "audit.short", "", "chain %lld does not end where its tip says",
			(long long)w.chain);
	return OK;
}
