/* Rows of visits as matters. */
#include "mod/registry/registry_db.h"
#include "mod/registry/registry_rules.h"

enum err visits_on(struct dbc *c, int64_t plan_id, int64_t mode, int64_t day, int64_t *ret)
{
	return db_int(c, registry_sql[Q_VISITS_ON], ARGS(I(plan_id), I(mode), I(day)), ret);
}

enum err visit_get(struct dbc *c, int64_t id, struct visit_row *ret)
{
	struct rows *r = db_query(c, registry_sql[Q_VISIT_GET], ARGS(I(id)));
	bool found = rows_next(r);

	if (found)
		*ret = (struct visit_row){ id, row_int_at(r, 0), row_int_at(r, 1), row_int_at(r, 2), row_int_at(r, 3),
			row_int_at(r, 4) };
	enum err err = rows_close(r);

	return err == OK && !found ? ERR_NOT_FOUND : err;
}

enum err visit_add(struct dbc *c, int64_t id, int64_t plan_id, int64_t due)
{
	return db_exec(c, registry_sql[Q_VISIT_ADD], ARGS(I(id), I(plan_id), I(due)), NULL);
}

enum err visit_todo_of(struct dbc *c, int64_t plan_id, int64_t *ret_id)
{
	return db_int(c, registry_sql[Q_VISIT_TODO_OF], ARGS(I(plan_id)), ret_id);
}

enum err visit_of(struct dbc *c, int64_t visit_id, int64_t *ret_id)
{
	return db_int(c, registry_sql[Q_VISIT_OF], ARGS(I(visit_id)), ret_id);
}

enum err visit_due_put(struct dbc *c, int64_t id, int64_t due)
{
	return db_exec(c, registry_sql[Q_VISIT_FOLLOW], ARGS(I(id), I(due)), NULL);
}

enum err visit_end(struct dbc *c, int64_t id, int64_t visit_id)
{
	return db_exec(c, registry_sql[Q_VISIT_END], ARGS(I(id), I(visit_id)), NULL);
}

enum err visit_again(struct dbc *c, int64_t id, int64_t due)
{
	return db_exec(c, registry_sql[Q_VISIT_AGAIN], ARGS(I(id), I(due)), NULL);
}

enum err visit_confirm_put(struct dbc *c, int64_t id, enum confirmed by)
{
	return db_exec(c, registry_sql[Q_VISIT_CONFIRM], ARGS(I(id), I(by)), NULL);
}

enum err visit_by(struct dbc *c, int64_t visit_id, int64_t *ret_user)
{
	return db_int(c, registry_sql[Q_VISIT_BY], ARGS(I(visit_id)), ret_user);
}

enum err visit_outcome(struct dbc *c, int64_t visit_id, int64_t *ret)
{
	return db_int(c, registry_sql[Q_VISIT_OUTCOME], ARGS(I(visit_id)), ret);
}

enum err visit_refute(struct dbc *c, int64_t visit_id, int64_t now)
{
	return db_exec(c, registry_sql[Q_VISIT_REFUTE], ARGS(I(visit_id), I(CARE_REFUTED), I(now)), NULL);
}

enum err care_due_again(struct dbc *c, int64_t plan_id, int64_t due)
{
	return db_exec(c, registry_sql[Q_PLAN_DUE_AGAIN], ARGS(I(plan_id), I(due)), NULL);
}

static enum err take_ids(struct rows *r, int64_t ret[VISITS_BATCH], size_t *ret_n)
{
	size_t n = 0;

	while (n < VISITS_BATCH && rows_next(r))
		ret[n++] = row_int_at(r, 0);
	*ret_n = n;
	return rows_close(r);
}

enum err visits_due(struct dbc *c, int64_t day, int64_t until, int64_t ret[VISITS_BATCH], size_t *ret_n)
{
	return take_ids(db_query(c, registry_sql[Q_VISITS_DUE], ARGS(I(day), I(until), I(VISITS_BATCH))), ret, ret_n);
}

enum err visits_stale(struct dbc *c, int of, int64_t id, int64_t day, int64_t ret[VISITS_BATCH], size_t *ret_n)
{
	static const char *const cond[] = { [VISITS_OF_PLAN] = " AND c.id = ?", [VISITS_ABOUT] = " AND c.target_id = ?",
		[VISITS_ON_CONSENT] = " AND c.consent_id = ?" };
	struct sqlb b;

	sqlb_init(&b);
	sqlb_cond(&b, "SELECT k.id FROM visit_matter k JOIN care_plan c ON c.id = k.plan_id JOIN matter m ON m.id = k.id "
		      "WHERE k.todo = 1 AND (c.ended_at IS NOT NULL OR c.expires < ?", I(day));
	sqlb_add(&b, " OR c.next_due <> k.due OR c.place <> m.place OR COALESCE(c.visitor_id, 0) <> COALESCE(m.handler_id, 0))");
	if (of != VISITS_ALL)
		sqlb_cond(&b, cond[of], I(id));
	sqlb_cond(&b, " ORDER BY k.id LIMIT ?", I(VISITS_BATCH));
	enum err err = take_ids(sqlb_query(&b, c), ret, ret_n);

	sqlb_release(&b);
	return err;
}

enum err confirm_counts(struct dbc *c, const struct confirm_query *q, int64_t ret[CONFIRM_MAX + 1])
{
	struct sqlb b;

	for (int i = 0; i <= CONFIRM_MAX; i++)
		ret[i] = 0;
	sqlb_init(&b);
	sqlb_add(&b, "SELECT COALESCE(k.confirmed, ");
	sqlb_arg(&b, I(CONFIRM_MAX));
	sqlb_cond(&b, ") AS how, count(*) AS n FROM care_visit v JOIN visit_matter k ON k.visit_id = v.id WHERE v.at >= ?",
		I(q->from));
	sqlb_cond(&b, " AND v.at < ?", I(q->to));
	if (q->place != 0) {
		sqlb_cond(&b, " AND v.place >= ?", I(q->place));
		sqlb_cond(&b, " AND v.place < ?", I(place_end(q->place)));
	}
	scope_place(&b, q->who, "care.read", "v.place");
	sqlb_add(&b, " GROUP BY 1");
	struct rows *r = sqlb_query(&b, c);

	while (rows_next(r)) {
		int64_t how = row_int_at(r, 0);

		if (how >= 0 && how <= CONFIRM_MAX)
			ret[how] = row_int_at(r, 1);
	}
	sqlb_release(&b);
	return rows_close(r);
}
