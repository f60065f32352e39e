/* Rows that lie at a place, for places that are replaced by others: see entity.h. */
#include "core/entity_plan.h"

#include <string.h>

/* What a row that has ended says of itself; such rows are history and stay. */
static void leave_ended(struct sqlb *b, const struct entity *e, int64_t now)
{
	const struct field *to = fields_find(&e->fields, STR("valid_to"));

	if (to != NULL && to->type == F_TIME)
		sqlb_cond(b, " AND (t.valid_to IS NULL OR t.valid_to > ?)", I(now));
	else if (to != NULL && to->type == F_DATE)
		sqlb_cond(b, " AND (t.valid_to IS NULL OR t.valid_to > ?)", I(date_of(now)));
}

static void add_column(
	struct sqlb *b, const char *before, const char *name, const char *cond, int64_t v)
{
	sqlb_add(b, before);
	sqlb_add(b, name);
	sqlb_cond(b, cond, I(v));
}

/* Of the rows that lie in [lo, hi). */
static enum err select_lying(
	struct sqlb *b, const struct entity_plan *p, const char *what, int64_t lo, int64_t hi)
{
	if (p->scope == NULL)
		return ERR_BUG;
	sqlb_init(b);
	sqlb_add(b, "SELECT ");
	sqlb_add(b, what);
	sqlb_add(b, " FROM ");
	sqlb_add(b, p->e->table);
	add_column(b, " t WHERE t.", p->scope->name, " >= ?", lo);
	add_column(b, " AND t.", p->scope->name, " < ?", hi);
	return OK;
}

enum err entity_lying(struct req *rq, const struct entity *e, int64_t lo, int64_t hi, int64_t after,
	int64_t *ret, size_t max, size_t *ret_n)
{
	struct sqlb b;
	enum err err = select_lying(&b, entity_plan_of(rq->app, e), "t.id", lo, hi);

	*ret_n = 0;
	if (err != OK)
		return err;
	sqlb_cond(&b, " AND t.id > ?", I(after));
	leave_ended(&b, e, rq->now);
	sqlb_cond(&b, " ORDER BY t.id LIMIT ?", I((int64_t)max));
	struct rows *r = sqlb_query(&b, rq->db);

	while (*ret_n < max && rows_next(r))
		ret[(*ret_n)++] = row_int_at(r, 0);
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}

enum err entity_twin(
	struct req *rq, const struct entity *e, const void *rec, int64_t place, bool *ret)
{
	const struct entity_plan *p = entity_plan_of(rq->app, e);
	const struct field *once = e->once != NULL ? fields_find(&e->fields, str_z(e->once)) : NULL;
	struct sqlb b;
	enum err err;

	*ret = false;
	if (once == NULL || p->scope == NULL)
		return OK;
	err = select_lying(&b, p, "1", place, place + 1);
	if (err != OK)
		return err;
	add_column(&b, " AND t.", once->name, " = ?", field_int(once, rec));
	struct rows *r = sqlb_query(&b, rq->db);

	*ret = rows_next(r);
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}

enum err entity_lying_count(struct req *rq, const struct entity *e, int64_t lo, int64_t hi, int64_t *ret)
{
	struct sqlb b;
	enum err err = select_lying(&b, entity_plan_of(rq->app, e), "count(*) AS n", lo, hi);

	*ret = 0;
	if (err != OK)
		return err;
	struct rows *r = sqlb_query(&b, rq->db);

	if (rows_next(r))
		*ret = row_int_at(r, 0);
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}
