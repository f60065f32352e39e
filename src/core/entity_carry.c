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

enum err entity_lying(struct req *rq, const struct entity *e, int64_t lo, int64_t hi, int64_t after,
	int64_t *ret, size_t max, size_t *ret_n)
{
	const struct entity_plan *p = entity_plan_of(rq->app, e);
	struct sqlb b;
	struct rows *r;
	enum err err;

	*ret_n = 0;
	if (p->scope == NULL)
		return ERR_BUG;
	sqlb_init(&b);
	sqlb_add(&b, "SELECT t.id FROM ");
	sqlb_add(&b, e->table);
	add_column(&b, " t WHERE t.", p->scope->name, " >= ?", lo);
	add_column(&b, " AND t.", p->scope->name, " < ?", hi);
	sqlb_cond(&b, " AND t.id > ?", I(after));
	leave_ended(&b, e, rq->now);
	sqlb_cond(&b, " ORDER BY t.id LIMIT ?", I((int64_t)max));
	r = sqlb_query(&b, rq->db);
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
	struct rows *r;
	enum err err;

	*ret = false;
	if (once == NULL || p->scope == NULL)
		return OK;
	sqlb_init(&b);
	sqlb_add(&b, "SELECT 1 FROM ");
	sqlb_add(&b, e->table);
	add_column(&b, " t WHERE t.", p->scope->name, " = ?", place);
	add_column(&b, " AND t.", once->name, " = ?", field_int(once, rec));
	r = sqlb_query(&b, rq->db);
	*ret = rows_next(r);
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}

enum err entity_lying_count(struct req *rq, const struct entity *e, int64_t lo, int64_t hi, int64_t *ret)
{
	const struct entity_plan *p = entity_plan_of(rq->app, e);
	struct sqlb b;
	struct rows *r;
	enum err err;

	*ret = 0;
	if (p->scope == NULL)
		return ERR_BUG;
	sqlb_init(&b);
	sqlb_add(&b, "SELECT count(*) AS n FROM ");
	sqlb_add(&b, e->table);
	add_column(&b, " t WHERE t.", p->scope->name, " >= ?", lo);
	add_column(&b, " AND t.", p->scope->name, " < ?", hi);
	r = sqlb_query(&b, rq->db);
	if (rows_next(r))
		*ret = row_int_at(r, 0);
	err = rows_close(r);
	sqlb_release(&b);
	return err;
}
