/* Bigram search, the same on both engines; see search.h. */
#include "core/search.h"

#include <ctype.h>
#include <stdio.h>

enum {
	TOKENS_MAX = 192 << 10,
	WORD_RUNES = 64,  /* of a word; what follows is not indexed */
	QUERY_RUNES = 64, /* of a query; what follows is not asked for */
	QUERY_BYTES = 8192
};

bool search_is_han(uint32_t c)
{
	return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool search_is_word(uint32_t c)
{
	return c < 128 ? isalnum((int)c) != 0 : c >= 0xC0 && !search_is_han(c) && (c < 0x2000 || c > 0x33FF) && c < 0xFF00;
}

static void put_rune(struct buf *b, uint32_t c)
{
	if (c < 128)
		buf_char(b, (char)tolower((int)c));
	else
		buf_fmt(b, "u%x", (unsigned)c);
}

static void put_hex5(char *p, uint32_t c)
{
	for (int i = 4; i >= 0; i--, c >>= 4)
		p[i] = "0123456789abcdef"[c & 15];
}

/* Tens of them in every report: worth more than a format string. */
static void put_pair(struct buf *b, uint32_t a, uint32_t c)
{
	char t[11] = { 'x' };

	put_hex5(t + 1, a);
	put_hex5(t + 6, c);
	buf_put(b, t, c != 0 ? 11 : 6);
}

/* Full-width letters and digits are the same as the plain ones. */
void search_advance(struct search_scan *x)
{
	x->c = x->pos < x->s.n ? str_rune(x->s, &x->pos) : 0;
	if (x->c >= 0xFF01 && x->c <= 0xFF5E)
		x->c -= 0xFEE0;
}

/* Each Han character with its follower; the last one alone, so that a prefix finds it. */
static void han_run(struct search_scan *x, struct buf *out)
{
	uint32_t prev = 0;

	while (search_is_han(x->c)) {
		if (prev != 0) {
			put_pair(out, prev, x->c);
			buf_char(out, ' ');
		}
		prev = x->c;
		search_advance(x);
	}
	put_pair(out, prev, 0);
	buf_char(out, ' ');
}

/* A leading letter makes every word look the same to the engines: no number, no part of a name. */
static void word_run(struct search_scan *x, struct buf *out)
{
	buf_char(out, 'w');
	for (int n = 0; search_is_word(x->c); n++) {
		if (n < WORD_RUNES)
			put_rune(out, x->c);
		search_advance(x);
	}
}

void search_tokens(struct str text, struct buf *out)
{
	struct search_scan x = { .s = text };

	search_advance(&x);
	while (x.c != 0 && out->n < TOKENS_MAX) {
		if (search_is_han(x.c)) {
			han_run(&x, out);
		} else if (search_is_word(x.c)) {
			word_run(&x, out);
			buf_char(out, ' ');
		} else {
			search_advance(&x);
		}
	}
}

/* ---- queries ---- */

/* A run of Han characters becomes a phrase of bigrams; a single one a prefix. */
static void query_han(struct search_scan *x, enum db_engine e, struct buf *out)
{
	uint32_t first = x->c, prev = first;
	bool any = false;

	search_advance(x);
	if (!search_is_han(x->c)) {
		if (e == DB_SQLITE) {
			put_pair(out, first, 0);
			buf_char(out, '*');
		} else {
			put_pair(out, first, 0);
			buf_z(out, ":*");
		}
		return;
	}
	buf_char(out, e == DB_SQLITE ? '"' : '(');
	while (search_is_han(x->c)) {
		if (any)
			buf_z(out, e == DB_SQLITE ? " " : " <-> ");
		put_pair(out, prev, x->c);
		prev = x->c;
		any = true;
		search_advance(x);
	}
	buf_char(out, e == DB_SQLITE ? '"' : ')');
}

/* The last word may be half typed. */
static void query_word(struct search_scan *x, enum db_engine e, struct buf *out)
{
	word_run(x, out);
	while (x->c != 0 && !search_is_word(x->c) && !search_is_han(x->c))
		search_advance(x);
	if (x->c == 0)
		buf_z(out, e == DB_SQLITE ? "*" : ":*");
}

/* Its beginning, QUERY_RUNES long: all of it is looked for, so less text finds more. */
static struct str query_head(struct str q)
{
	size_t pos = 0;

	for (int n = 0; n < QUERY_RUNES && pos < q.n; n++)
		(void)str_rune(q, &pos);
	return (struct str){ q.p, pos };
}

bool search_query(enum db_engine e, struct str q, struct buf *out)
{
	struct search_scan x = { .s = query_head(q) };
	bool any = false;

	search_advance(&x);
	while (x.c != 0) {
		if (!search_is_han(x.c) && !search_is_word(x.c)) {
			search_advance(&x);
			continue;
		}
		if (any)
			buf_z(out, e == DB_SQLITE ? " AND " : " & ");
		if (search_is_han(x.c))
			query_han(&x, e, out);
		else
			query_word(&x, e, out);
		any = true;
	}
	return any;
}

/* ---- the index ---- */

static const char *const search_sql[][2] = {
	{ "INSERT INTO matter_fts (rowid, t) VALUES ($1, $2)",
	  "INSERT INTO matter_fts (id, t) VALUES ($1, to_tsvector('simple', $2))" },
	{ "INSERT INTO matter_fts (matter_fts, rowid, t) VALUES ('delete', $1, $2)",
	  "DELETE FROM matter_fts WHERE id = $1 AND CAST($2 AS TEXT) IS NOT NULL" },
};

void search_sql_each(enum db_engine e, void (*fn)(const char *sql, void *arg), void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(search_sql); i++)
		fn(search_sql[i][e == DB_PG], arg);
}

void search_text(const struct str part[3], struct buf *out)
{
	for (int i = 0; i < 3; i++) {
		search_tokens(part[i], out);
		buf_z(out, "zzbreak "); /* no phrase across title, text and address */
	}
}

enum err search_put(struct dbc *c, int64_t matter_id, struct str tokens)
{
	return db_exec(c, search_sql[0][dbc_engine(c) == DB_PG], ARGS(I(matter_id), T(tokens)), NULL);
}

static enum err run(struct dbc *c, int what, int64_t id, const struct str part[3])
{
	struct buf b;
	enum err err;

	buf_init(&b, TOKENS_MAX + (64 << 10));
	search_text(part, &b);
	err = b.failed ? ERR_NOMEM : db_exec(c, search_sql[what][dbc_engine(c) == DB_PG], ARGS(I(id), T(buf_view(&b))), NULL);
	buf_release(&b);
	return err;
}

enum err search_add(struct dbc *c, int64_t matter_id, struct str title, struct str text, struct str address)
{
	const struct str part[3] = { title, text, address };

	return run(c, 0, matter_id, part);
}

enum err search_replace(struct dbc *c, int64_t matter_id, const struct str old[3], const struct str now[3])
{
	enum err err = run(c, 1, matter_id, old);

	return err != OK ? err : run(c, 0, matter_id, now);
}

/* Appends `cond`, in whose place for a value the query goes; without words nothing is found. */
static void cond_of(struct sqlb *b, enum db_engine e, struct str q, struct arena *a, const char *cond)
{
	struct buf text;

	buf_init(&text, QUERY_BYTES);
	if (!search_query(e, q, &text) || text.failed)
		sqlb_add(b, " AND 1 = 0");
	else
		sqlb_cond(b, cond, T(str_dup(a, buf_view(&text))));
	buf_release(&text);
}

void search_cond_row(struct sqlb *b, struct str q, struct arena *a)
{
	cond_of(b, DB_SQLITE, q, a, " AND f.matter_fts MATCH ?");
}

void search_cond(struct sqlb *b, enum db_engine e, struct str q, struct arena *a)
{
	cond_of(b, e, q, a, e == DB_SQLITE ? " AND m.id IN (SELECT rowid FROM matter_fts WHERE matter_fts MATCH ?)"
					   : " AND m.id IN (SELECT id FROM matter_fts WHERE t @@ to_tsquery('simple', ?))");
}
