/* Builder of list queries; see sqlb.h. */
#include "core/sqlb.h"

#include <string.h>

void sqlb_init(struct sqlb *b)
{
	buf_init(&b->text, SQLB_TEXT);
	b->n = 0;
}

void sqlb_release(struct sqlb *b)
{
	buf_release(&b->text);
}

void sqlb_add(struct sqlb *b, const char *sql)
{
	buf_z(&b->text, sql);
}

void sqlb_arg(struct sqlb *b, struct arg a)
{
	if (b->n == SQLB_ARGS) {
		b->text.failed = true;
		return;
	}
	b->v[b->n++] = a;
	buf_char(&b->text, '$');
	buf_i64(&b->text, (int64_t)b->n);
}

void sqlb_cond(struct sqlb *b, const char *sql, struct arg a)
{
	const char *mark = strchr(sql, '?');

	if (mark == NULL) {
		b->text.failed = true;
		return;
	}
	buf_put(&b->text, sql, (size_t)(mark - sql));
	sqlb_arg(b, a);
	buf_z(&b->text, mark + 1);
}

bool sqlb_failed(const struct sqlb *b)
{
	return b->text.failed;
}

struct rows *sqlb_query(struct sqlb *b, struct dbc *c)
{
	/* An overflown text is cut somewhere and would not mean what it should: run what cannot parse. */
	if (b->text.failed)
		return db_query(c, "the query is too long", NO_ARGS);
	return db_query_text(c, buf_view(&b->text), b->v, b->n);
}
