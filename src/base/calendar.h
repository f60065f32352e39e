/*
 * The working calendar: which days are worked and the opening hours of a working day. Immutable once
 * built. Pure arithmetic; instants in ms UTC, days in the installation's zone.
 */
#ifndef GEZHI_BASE_CALENDAR_H
#define GEZHI_BASE_CALENDAR_H

#include "base/err.h"
#include "base/time.h"

enum day_kind { DAY_WORK, DAY_REST, DAY_HOLIDAY, DAY_SWAP_WORK, DAY_KIND_MAX };

struct span { int32_t from, to; }; /* minutes after midnight, from < to */

enum { CAL_SPANS = 4, CAL_YEARS = 64 };

struct calendar;

/* `hours` are the opening spans in order, e.g. 540–720 and 840–1080 (09:00–12:00, 14:00–18:00). NULL
 * when they are none, too many, overlapping or outside the day, or without memory. */
struct calendar *calendar_new(int64_t version, const struct span *hours, size_t n);
struct calendar *calendar_copy(const struct calendar *c, int64_t version);
void calendar_free(struct calendar *c);
/* A year must be opened before its exceptions are set: weekdays work, weekends rest. Adding it again
 * changes nothing. ERR_LIMIT after CAL_YEARS years. */
enum err calendar_add_year(struct calendar *c, int year) MUST_CHECK;
enum err calendar_set(struct calendar *c, int64_t ymd, enum day_kind kind) MUST_CHECK;
int64_t calendar_version(const struct calendar *c);
bool calendar_has_year(const struct calendar *c, int year);
/* ERR_NOT_FOUND when the day's year is missing. */
enum err calendar_day(const struct calendar *c, int64_t ymd, enum day_kind *ret) MUST_CHECK;
int64_t calendar_day_ms(const struct calendar *c); /* opening time of one working day */
/* start + `ms` of opening time. A start outside hours counts from the next opening. ERR_NOT_FOUND when
 * a missing year is reached (so working clocks do not run on guesses), ERR_INVALID for negative `ms`. */
enum err calendar_add_ms(const struct calendar *c, int64_t start, int64_t ms, int64_t *ret) MUST_CHECK;
/* End of work on the n-th working day after the day of `start` (domain rule "n wd"). A start on a
 * rest day or after closing counts from the next opening, whose day is then day 0. Errors as above. */
enum err calendar_add_days(const struct calendar *c, int64_t start, int64_t n, int64_t *ret) MUST_CHECK;
/* Opening time between two instants; negative spans give 0. */
enum err calendar_between(const struct calendar *c, int64_t from, int64_t to, int64_t *ret) MUST_CHECK;

#endif
