/* Reading and replacing a year's calendar, and importing a notice. */
#include "core/entity.h"
#include "mod/calendar/calendar.h"

struct year_body {
	struct str days, hours;
};
static const struct field year_body_fields[] = {
	FIELD(year_body, days, F_JSON, .flags = FIELD_REQUIRED),
	FIELD(year_body, hours, F_JSON, .max = 1000),
};
static const struct fields year_body_shape = FIELDS(year_body, year_body_fields);

static const struct param read_params[] = { { "year", F_INT, "the year; default this one" } };
static const struct param write_params[] = { { "preview", F_BOOL, "show what would change, write nothing" } };

static enum err year_range(struct req *rq, int64_t year)
{
	if (year >= YEAR_MIN && year <= YEAR_MAX)
		return OK;
	return req_fail(rq, ERR_INVALID, "range", "year", "year is %d to %d", YEAR_MIN, YEAR_MAX);
}

static const struct member day_member[] = {
	{ "date", F_DATE },
	{ "kind", F_ENUM, .vocab = &day_kind_vocab },
	{ "note", F_STR, .null = true },
};
static const struct shape day_shape = { .name = "CalendarDay", MEMBERS(day_member) };

static const struct member year_member[] = {
	{ "year", F_INT },
	{ "version", F_INT, .null = true, .help = "null of a preview" },
	{ "hours", F_STR, .list = 2, .n = 2, .help = "spans of opening time, as 09:00 to 12:00" },
	{ "days", .of = &day_shape, .list = 1, .help = "those that are not as their weekday" },
};
static const struct shape year_shape = { .name = "CalendarYear", MEMBERS(year_member) };

static const struct member written_member[] = { { "affects", .of = &affects_shape } };
static const struct shape written_shape = { .name = "CalendarWritten", .base = &year_shape, MEMBERS(written_member) };

static void write_year(const struct year_plan *y, struct jw *out)
{
	jw_kint(out, "year", y->year);
	jw_kint(out, "version", y->id);
	year_members(y, out);
}

static enum err year_read(struct req *rq, struct jw *out)
{
	int64_t year = req_query_int(rq, "year");
	struct year_plan *y = ARENA_NEW(rq->arena, struct year_plan);
	bool found;
	enum err err;

	if (y == NULL)
		return ERR_NOMEM;
	if (year == NIL)
		year = date_of(rq->now) / 10000;
	err = year_range(rq, year);
	if (err == OK)
		err = year_load(rq->db, (int)year, rq->arena, y, &found);
	if (err != OK)
		return err;
	if (!found)
		return req_fail(rq, ERR_NOT_FOUND, "calendar.missing_year", "year",
				"there is no calendar for %d; import it first", (int)year);
	jw_obj(out);
	write_year(y, out);
	jw_end_obj(out);
	return OK;
}

/* Running clocks keep the dates they were given; the reply says how many could differ. */
static enum err reply_written(struct req *rq, const struct year_plan *y, struct jw *out)
{
	enum err err;

	jw_obj(out);
	write_year(y, out);
	jw_kobj(out, "affects");
	err = year_affects(rq, y->year, out);
	jw_end_obj(out);
	jw_end_obj(out);
	return err;
}

static enum err year_put(struct req *rq, struct jw *out)
{
	const struct year_body *in = rq->in;
	struct year_plan *old = ARENA_NEW(rq->arena, struct year_plan), *y = ARENA_NEW(rq->arena, struct year_plan);
	int64_t year;
	bool found;
	enum err err = req_id(rq, "year", &year);

	if (old == NULL || y == NULL)
		return ERR_NOMEM;
	if (err == OK)
		err = year_range(rq, year);
	if (err == OK)
		err = year_load(rq->db, (int)year, rq->arena, old, &found);
	if (err != OK)
		return err;
	if (!found)
		year_init(old, (int)year);
	*y = *old;
	err = year_from_body(y, in->days, in->hours, rq->arena, &rq->err);
	if (err == OK && req_query_int(rq, "preview") != 1 && !(found && year_same(old, y)))
		err = year_store(rq, found ? old : NULL, y);
	return err != OK ? err : reply_written(rq, y, out);
}

/* New Year's holidays that begin in December belong to the year before. */
static enum err store_beside(struct req *rq, const struct year_plan *beside)
{
	struct year_plan *old = ARENA_NEW(rq->arena, struct year_plan), *y = ARENA_NEW(rq->arena, struct year_plan);
	bool found;
	enum err err;

	if (old == NULL || y == NULL)
		return ERR_NOMEM;
	err = year_load(rq->db, beside->year, rq->arena, old, &found);
	if (err != OK || !found)
		return err;
	*y = *old;
	for (size_t i = 0; i < YEAR_DAYS; i++) {
		if (beside->day[i].kind >= 0)
			y->day[i] = beside->day[i];
	}
	return year_same(old, y) ? OK : year_store(rq, old, y);
}

static void count_days(const struct year_plan *y, struct calendar_import *r)
{
	for (size_t i = 0; i < YEAR_DAYS; i++) {
		r->work += y->day[i].kind == DAY_SWAP_WORK;
		r->rest += y->day[i].kind == DAY_HOLIDAY;
	}
}

/* The end of December may have come with the notice of the year after. */
static void keep_december(const struct year_plan *old, struct year_plan *y)
{
	for (size_t i = YEAR_DAYS - 4; i < YEAR_DAYS; i++) {
		if (old->day[i].kind == DAY_HOLIDAY && y->day[i].kind < 0)
			y->day[i] = old->day[i];
	}
}

enum err calendar_import(struct req *rq, struct str json, bool dry_run, struct calendar_import *ret)
{
	struct year_plan *y = ARENA_NEW(rq->arena, struct year_plan);
	struct year_plan *beside = ARENA_NEW(rq->arena, struct year_plan);
	struct year_plan *old = ARENA_NEW(rq->arena, struct year_plan);
	struct calendar_import r = { 0 };
	bool found;
	enum err err;

	if (y == NULL || beside == NULL || old == NULL)
		return ERR_NOMEM;
	err = year_from_notice(json, rq->arena, y, beside, &rq->err);
	if (err == OK)
		err = year_load(rq->db, y->year, rq->arena, old, &found);
	if (err != OK)
		return err;
	if (found) {
		for (size_t i = 0; i < old->nhours; i++)
			y->hours[i] = old->hours[i];
		y->nhours = old->nhours;
		keep_december(old, y);
	}
	r.year = y->year;
	r.created = !found;
	r.changed = !found || !year_same(old, y);
	count_days(y, &r);
	if (r.changed && !dry_run)
		err = year_store(rq, found ? old : NULL, y);
	if (err == OK && !dry_run && beside->year != 0)
		err = store_beside(rq, beside);
	if (err == OK)
		*ret = r;
	return err;
}

static const struct route calendar_routes[] = {
	{ .method = M_GET, .path = "/api/calendar", .perm = "calendar.read", .query = read_params,
	  .nquery = ARRAY_LEN(read_params), .reply = &year_shape, .fn = year_read, .id = "getCalendar",
	  .summary = "A year's working calendar" },
	{ .method = M_PUT, .path = "/api/calendar/{year}", .perm = "admin.calendar", .in = &year_body_shape,
	  .query = write_params, .nquery = ARRAY_LEN(write_params), .reply = &written_shape, .fn = year_put, .id = "putCalendar",
	  .summary = "Replace a year's calendar by a new version" },
};

const struct module calendar_module = {
	.name = "calendar",
	.route = calendar_routes,
	.nroute = ARRAY_LEN(calendar_routes),
	.sql = calendar_sql,
	.nsql = CALENDAR_NSQL,
};
