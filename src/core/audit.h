/*
 * Append-only, hash-chained record of every write and of every read of sensitive fields. Each writing
 * connection has its own chain: hash = SHA-256(previous hash, chain, n, at, actor, action, object kind,
 * object id, detail), so entries cannot be changed, dropped or reordered unnoticed.
 */
#ifndef GEZHI_CORE_AUDIT_H
#define GEZHI_CORE_AUDIT_H

#include "db/db.h"

struct audit_entry {
	int64_t at, actor; /* actor NIL: the system */
	const char *action; /* "create", "update", "delete", "act.dispatch", "unmask", "sign_in" … */
	const char *object; /* entity or matter kind */
	int64_t object_id;
	struct str detail; /* JSON: the diff */
};

/* In a writing transaction. */
enum err audit_add(struct dbc *c, const struct audit_entry *e) MUST_CHECK;
/* Walks every chain on a reading connection outside a snapshot: hashes, gaps, and that each chain ends
 * where audit_chain says. ERR_CONFLICT when something does not fit, said in `e`; then *ret_bad is the id of
 * the first entry that does not, or NIL when entries are missing at a chain's end. *ret_entries: how many
 * fitted. */
enum err audit_verify(struct dbc *c, int64_t *ret_entries, int64_t *ret_bad, struct error *e) MUST_CHECK;

extern const char *const audit_sql[];
extern const size_t audit_nsql;

#endif
