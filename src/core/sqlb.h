/*
 * The one builder of list queries: constant pieces of SQL and bound values. A caller appends only
 * string literals or names from const tables; every value becomes $n.
 */
#ifndef GEZHI_CORE_SQLB_H
#define GEZHI_CORE_SQLB_H

#include "base/buf.h"
#include "db/db.h"

enum { SQLB_ARGS = 192, SQLB_TEXT = 16384 };

struct sqlb {
	struct buf text;
	struct arg v[SQLB_ARGS];
	size_t n;
};

void sqlb_init(struct sqlb *b);
void sqlb_release(struct sqlb *b);
void sqlb_add(struct sqlb *b, const char *sql);
void sqlb_arg(struct sqlb *b, struct arg a); /* writes $n and binds it */
/* sql with one '?' where the value goes */
void sqlb_cond(struct sqlb *b, const char *sql, struct arg a);
bool sqlb_failed(const struct sqlb *b);
/* Runs it (text keyed by content in the connection's bounded cache). Same contract as db_query. */
struct rows *sqlb_query(struct sqlb *b, struct dbc *c);

#endif
