/*
 * Working calendars as data: which days of a year differ from "weekdays work, weekends rest", and the
 * opening hours. A change appends a version; earlier versions stay, so that past deadlines can be
 * replayed. The arithmetic is base/calendar.h; loading for the snapshot is core/snap_sources.h.
 */
#ifndef GEZHI_MOD_CALENDAR_CALENDAR_H
#define GEZHI_MOD_CALENDAR_CALENDAR_H

#include "core/app.h"
#include "core/snap_sources.h"

enum { YEAR_MIN = 2000, YEAR_MAX = 2100, YEAR_DAYS = 366, NOTE_MAX = 64 };

/* kind -1: an ordinary day */
struct year_day {
	int kind;
	struct str note;
};

struct year_plan {
	int64_t id; /* of its row; NIL: not stored */
	int year;
	struct span hours[CAL_SPANS];
	size_t nhours;
	struct year_day day[YEAR_DAYS]; /* by day of the year */
};

/* Days from..to (mmdd) of a year, from the State Council's yearly notice. */
struct notice_span {
	int year, from, to;
	enum day_kind kind;
	const char *note;
};
extern const struct notice_span notice_spans[];
extern const size_t nnotice_spans;
enum { BUILTIN_FIRST = 2020, BUILTIN_LAST = 2026 };

/* An ordinary year with the usual hours (09:00–12:00, 14:00–18:00). */
void year_init(struct year_plan *y, int year);
/* False when the day is not in that year. */
extern const struct vocab day_kind_vocab;
bool year_set(struct year_plan *y, int64_t ymd, enum day_kind kind, struct str note);
/* The built-in plan of a year in BUILTIN_FIRST…BUILTIN_LAST. */
void year_builtin(struct year_plan *y, int year);
bool year_same(const struct year_plan *a, const struct year_plan *b);

/* The table's columns: hours [[540,720],…], days {"20260101":[2,"元旦"],…} (or just the kind). Text is
 * copied into `a`. ERR_INVALID when they are no such thing. */
enum err year_from_row(struct year_plan *y, int year, struct str hours, struct str days, struct arena *a) MUST_CHECK;
void year_hours_text(const struct year_plan *y, struct buf *out);
void year_days_text(const struct year_plan *y, struct buf *out);

/* A request's members: days [{"date","kind","note"}], hours [["09:00","12:00"],…] (absent: kept). */
enum err year_from_body(struct year_plan *y, struct str days, struct str hours, struct arena *a,
			struct error *e) MUST_CHECK;
/* "hours" and "days" of a reply. */
void year_members(const struct year_plan *y, struct jw *out);

/* A notice as JSON {"year", "days":[{"name","date","isOffDay"}]}. Days of the file's year replace what
 * *y has; days of the years beside it (New Year's holidays may begin in December) go to *beside, whose
 * year is set to 0 when there are none. */
enum err year_from_notice(struct str json, struct arena *a, struct year_plan *y, struct year_plan *beside,
			  struct error *e) MUST_CHECK;

/* Latest plan of a year; *ret_found false when the store has none. */
enum err year_load(struct dbc *c, int year, struct arena *a, struct year_plan *ret, bool *ret_found) MUST_CHECK;
/* The members of `affects`: open matters with a running working clock that is due in that year or later. */
enum err year_affects(struct req *rq, int year, struct jw *out) MUST_CHECK;
/* Appends a version with audit entry; in a writing transaction. `old` NULL: the first one. */
enum err year_store(struct req *rq, const struct year_plan *old, struct year_plan *y) MUST_CHECK;

struct calendar_import {
	int year;
	int64_t work, rest; /* days the notice names */
	bool created, changed;
};
/* A notice file, for the command line; in a writing transaction unless dry_run. */
enum err calendar_import(struct req *rq, struct str json, bool dry_run, struct calendar_import *ret) MUST_CHECK;

enum { CALENDAR_NSQL = 4 };
extern const char *const calendar_sql[CALENDAR_NSQL];
extern const struct module calendar_module;

#endif
