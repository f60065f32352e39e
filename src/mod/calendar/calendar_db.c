/*
 * Calendar versions in the store: seeding the built-in years, loading every version for the snapshot,
 * appending a new one.
 */
#include <stdlib.h>

#include "core/audit.h"
#include "core/clock.h"
#include "core/entity.h"
#include "mod/calendar/calendar.h"

enum { Q_YEAR_ALL, Q_YEAR_LAST, Q_YEAR_ADD, Q_YEAR_AFFECTS, Q_YEAR_MAX };

const char *const calendar_sql[CALENDAR_NSQL] = {
	[Q_YEAR_ALL] = "SELECT id, year, hours, days, created_at FROM calendar_year ORDER BY created_at, id",
	[Q_YEAR_LAST] = "SELECT id, hours, days FROM calendar_year WHERE year = $1 "
			"ORDER BY created_at DESC, id DESC LIMIT 1",
	[Q_YEAR_ADD] = "INSERT INTO calendar_year (id, year, hours, days, created_at, created_by) "
		       "VALUES ($1, $2, $3, $4, $5, $6)",
	[Q_YEAR_AFFECTS] = "SELECT count(DISTINCT m.id) AS n FROM matter m JOIN matter_run r ON r.matter_id = m.id "
			   "WHERE m.open = 1 AND r.stop_at IS NULL AND r.voided = 0 AND r.unit <> $1 AND r.due >= $2",
};
_Static_assert((int)Q_YEAR_MAX == (int)CALENDAR_NSQL, "count of texts");

static enum err add_row(struct dbc *c, struct year_plan *y, int64_t now, int64_t by)
{
	struct buf hours, days;
	enum err err;

	y->id = db_new_id(c);
	if (y->id == NIL)
		return ERR_RETRY;
	buf_init(&hours, 256);
	buf_init(&days, 1 << 16);
	year_hours_text(y, &hours);
	year_days_text(y, &days);
	err = hours.failed || days.failed ? ERR_NOMEM
		: db_exec(c, calendar_sql[Q_YEAR_ADD], ARGS(I(y->id), I(y->year), T(buf_view(&hours)),
			  T(buf_view(&days)), I(now), I(by)), NULL);
	buf_release(&hours);
	buf_release(&days);
	return err;
}

enum err calendar_seed(struct dbc *c)
{
	int64_t now = time_now(), id;
	bool any = false;

	for (int year = BUILTIN_FIRST; year <= BUILTIN_LAST; year++) {
		struct year_plan y;
		enum err err = db_int(c, calendar_sql[Q_YEAR_LAST], ARGS(I(year)), &id);

		if (err == OK)
			continue;
		if (err != ERR_NOT_FOUND)
			return err;
		year_builtin(&y, year);
		err = add_row(c, &y, now, NIL);
		if (err != OK)
			return err;
		any = true;
	}
	return any ? snap_touch(c) : OK;
}

/* ---- loading every version ---- */

struct loading {
	struct year_plan *latest; /* one per year seen */
	size_t nyear;
	struct arena *arena;
	struct calendar **list;
	size_t n, cap;
};

static enum err put_version(struct loading *l, int64_t version, const struct span *hours, size_t nhours)
{
	struct calendar *cal = calendar_new(version, hours, nhours);
	enum err err = cal == NULL ? ERR_NOMEM : OK;

	for (size_t i = 0; err == OK && i < l->nyear; i++) {
		const struct year_plan *y = &l->latest[i];
		int64_t first = date_to_days((int64_t)y->year * 10000 + 101);

		err = calendar_add_year(cal, y->year);
		for (size_t d = 0; err == OK && d < YEAR_DAYS; d++) {
			if (y->day[d].kind >= 0)
				err = calendar_set(cal, date_from_days(first + (int64_t)d),
						   (enum day_kind)y->day[d].kind);
		}
	}
	if (err == OK && l->n == l->cap) {
		size_t cap = l->cap * 2 + 8;
		struct calendar **p = realloc(l->list, cap * sizeof(struct calendar *));

		if (p == NULL) {
			err = ERR_NOMEM;
		} else {
			l->list = p;
			l->cap = cap;
		}
	}
	if (err == OK)
		l->list[l->n++] = cal;
	else
		calendar_free(cal);
	return err;
}

static struct year_plan *slot_of(struct loading *l, int year)
{
	for (size_t i = 0; i < l->nyear; i++) {
		if (l->latest[i].year == year)
			return &l->latest[i];
	}
	return l->nyear < CAL_YEARS ? &l->latest[l->nyear++] : NULL;
}

/* Rows written at the same instant are one version, numbered by the last row's id. */
static enum err load_rows(struct loading *l, struct dbc *c)
{
	struct rows *r = db_query(c, calendar_sql[Q_YEAR_ALL], NO_ARGS);
	int64_t version = NIL, at = NIL;
	struct year_plan *y = NULL;
	enum err err = OK, end;

	while (err == OK && rows_next(r)) {
		int year = (int)row_int(r, "year");
		int64_t id = row_int(r, "id"), made = row_int(r, "created_at");

		if (y != NULL && made != at)
			err = put_version(l, version, y->hours, y->nhours);
		y = slot_of(l, year);
		if (err == OK)
			err = y == NULL ? ERR_LIMIT
				: year_from_row(y, year, row_str(r, "hours"), row_str(r, "days"), l->arena);
		version = id;
		at = made;
	}
	end = rows_close(r);
	if (err == OK)
		err = end;
	if (err == OK && y != NULL)
		err = put_version(l, version, y->hours, y->nhours);
	return err;
}

enum err calendar_load(struct dbc *c, struct calendar ***ret, size_t *ret_n)
{
	struct loading l = { .latest = calloc(CAL_YEARS, sizeof(struct year_plan)), .arena = arena_new(32 << 20) };
	struct year_plan usual;
	enum err err = l.latest == NULL || l.arena == NULL ? ERR_NOMEM : load_rows(&l, c);

	if (err == OK && l.n == 0) {
		year_init(&usual, 0);
		err = put_version(&l, 0, usual.hours, usual.nhours);
	}
	free(l.latest);
	arena_free(l.arena);
	if (err == OK) {
		*ret = l.list;
		*ret_n = l.n;
		return OK;
	}
	for (size_t i = 0; i < l.n; i++)
		calendar_free(l.list[i]);
	free(l.list);
	return err;
}

/* ---- one year ---- */

enum err year_load(struct dbc *c, int year, struct arena *a, struct year_plan *ret, bool *ret_found)
{
	struct rows *r = db_query(c, calendar_sql[Q_YEAR_LAST], ARGS(I(year)));
	enum err err = OK, end;

	*ret_found = rows_next(r);
	if (*ret_found) {
		int64_t id = row_int(r, "id");

		err = year_from_row(ret, year, row_str(r, "hours"), row_str(r, "days"), a);
		ret->id = id;
	}
	end = rows_close(r);
	return err != OK ? err : end;
}

enum err year_affects(struct req *rq, int year, struct jw *out)
{
	return entity_affects(rq, KEEPS_CLOCKS, calendar_sql[Q_YEAR_AFFECTS],
		ARGS(I(UNIT_MS), I(date_start((int64_t)year * 10000 + 101))), out);
}

enum err year_store(struct req *rq, const struct year_plan *old, struct year_plan *y)
{
	struct buf b;
	struct jw j;
	enum err err = add_row(rq->db, y, rq->now, rq->who != NULL ? rq->who->user_id : NIL);

	if (err != OK)
		return err;
	buf_init(&b, 1 << 18);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_kint(&j, "year", y->year);
	if (old != NULL) {
		jw_kobj(&j, "from");
		year_members(old, &j);
		jw_end_obj(&j);
	}
	jw_kobj(&j, "to");
	year_members(y, &j);
	jw_end_obj(&j);
	jw_end_obj(&j);
	struct audit_entry entry = {
		.at = rq->now,
		.actor = rq->who != NULL ? rq->who->user_id : NIL,
		.action = old != NULL ? "update" : "create",
		.object = "calendar",
		.object_id = y->id,
		.detail = buf_view(&b),
	};
	err = b.failed ? ERR_NOMEM : audit_add(rq->db, &entry);
	buf_release(&b);
	return err != OK ? err : snap_touch(rq->db);
}
