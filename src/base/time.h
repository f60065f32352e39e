/*
 * Instants are int64 milliseconds since 1970 UTC. The civil zone of the installation is a fixed offset
 * (ZONE_MIN, China: +08:00, no daylight saving since 1991). Dates are integers yyyymmdd in that zone.
 */
#ifndef GEZHI_BASE_TIME_H
#define GEZHI_BASE_TIME_H

#include "base/str.h"

#define NIL INT64_MIN /* absent number, time, date or id */

enum { ZONE_MIN = 480, TIME_TEXT = 32, DATE_TEXT = 11 };
enum { MS_SECOND = 1000, MS_MINUTE = 60000, MS_HOUR = 3600000, MS_DAY = 86400000 };

int64_t time_now(void);	      /* wall clock */
int64_t time_monotonic(void); /* for measuring, ms */
int64_t time_monotonic_us(void);
/* Days since 1970-01-01 of a civil date, and back (proleptic Gregorian; Hinnant's days_from_civil). */
int64_t date_to_days(int64_t ymd);
int64_t date_from_days(int64_t days);
bool date_valid(int64_t ymd);
int date_weekday(int64_t ymd); /* 1 Monday … 7 Sunday */
int64_t date_of(int64_t ms);   /* yyyymmdd in the zone */
int64_t date_start(int64_t ymd); /* instant of 00:00 in the zone */
int64_t date_add(int64_t ymd, int64_t days);
/* "2026-02-13T16:30:00+08:00" into out[TIME_TEXT] (with .mmm only when not whole seconds); returns out. */
char *time_format(int64_t ms, char *out);
/* RFC 3339 date-time with zone; with no zone the installation's zone is meant. Also a bare date. */
bool time_parse(struct str s, int64_t *ret_ms);
/* "2026-02-13" into out[DATE_TEXT]; returns out. */
char *date_format(int64_t ymd, char *out);
bool date_parse(struct str s, int64_t *ret_ymd); /* 2026-02-13, 2026/2/13, 20260213 */
/* Pattern of import maps: yyyy MM dd HH hh mm ss a and literal characters; zone in minutes east. */
bool time_parse_pattern(struct str s, struct str pattern, int zone_min, int64_t *ret_ms);

#endif
