/*
 * Exact substring search that finds two-character Chinese words. Text becomes a sequence of tokens
 * (bigrams of Han characters, words of letters and digits, all written in ASCII) in an inverted index:
 * FTS5 on SQLite, tsvector on PostgreSQL, with the same tokens and so the same results.
 */
#ifndef GEZHI_CORE_SEARCH_H
#define GEZHI_CORE_SEARCH_H

#include "base/buf.h"
#include "core/sqlb.h"

/* One code point after the other; full-width letters and digits are the same as the plain ones. */
struct search_scan {
	struct str s;
	size_t pos;
	uint32_t c; /* 0 at the end */
};
void search_advance(struct search_scan *x);
bool search_is_han(uint32_t c);
bool search_is_word(uint32_t c); /* a letter or digit */

/* Tokens of a text, separated by blanks. */
void search_tokens(struct str text, struct buf *out);
/* The query in the engine's syntax; false when it has no searchable character. */
bool search_query(enum db_engine e, struct str q, struct buf *out);
enum err search_add(struct dbc *c, int64_t matter_id, struct str title, struct str text, struct str address) MUST_CHECK;
/* The same in two steps: the tokens of title, text and address; putting them into the index. */
void search_text(const struct str part[3], struct buf *out);
enum err search_put(struct dbc *c, int64_t matter_id, struct str tokens) MUST_CHECK;
/* Replaces what was indexed: needs the old texts (contentless index). */
enum err search_replace(struct dbc *c, int64_t matter_id, const struct str old[3], const struct str now[3]) MUST_CHECK;
/* SQL texts of one engine, for app_sql_each. */
void search_sql_each(enum db_engine e, void (*fn)(const char *sql, void *arg), void *arg);
/* Appends " AND m.id IN (…)" with the query bound. */
void search_cond(struct sqlb *b, enum db_engine e, struct str q, struct arena *a);
/* The embedded engine only, when the index itself is walked (alias f). */
void search_cond_row(struct sqlb *b, struct str q, struct arena *a);

#endif
