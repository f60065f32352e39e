/*
 * Instants and civil dates. The zone is a fixed offset, so this is integer arithmetic only: no tz
 * database, no environment, no struct tm. Dates are those of the proleptic Gregorian calendar,
 * years 1 to 9999.
 */
#include "base/time.h"

#include <string.h>
#include <time.h>

enum { ERA_YEARS = 400, ERA_DAYS = 146097, EPOCH_SHIFT = 719468 /* 0000-03-01 to 1970-01-01 */ };
enum { DAYS_MIN = -719162, DAYS_MAX = 2932896 }; /* 0001-01-01 and 9999-12-31 */

static int64_t time_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * MS_SECOND + ts.tv_nsec / 1000000;
}

int64_t time_now(void)
{
	return time_clock(CLOCK_REALTIME);
}

int64_t time_monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t time_monotonic(void)
{
	return time_clock(CLOCK_MONOTONIC);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The year is taken to begin in March, so that the leap day is its last. */
int64_t date_to_days(int64_t ymd)
{
	int64_t y = ymd / 10000, m = ymd / 100 % 100, d = ymd % 100;

	if (m <= 2)
		y--;
	int64_t era = floor_div(y, ERA_YEARS);
	int64_t yoe = y - era * ERA_YEARS;
	int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * ERA_DAYS + doe - EPOCH_SHIFT;
}

int64_t date_from_days(int64_t days)
{
	int64_t z = days + EPOCH_SHIFT;
	int64_t era = floor_div(z, ERA_DAYS);
	int64_t doe = z - era * ERA_DAYS;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t d = doy - (153 * mp + 2) / 5 + 1;
	int64_t m = mp < 10 ? mp + 3 : mp - 9;
	int64_t y = yoe + era * ERA_YEARS + (m <= 2);
	return y * 10000 + m * 100 + d;
}

bool date_valid(int64_t ymd)
{
	if (ymd < 10101 || ymd > 99991231)
		return false;
	return date_from_days(date_to_days(ymd)) == ymd;
}

int date_weekday(int64_t ymd)
{
	int64_t days = date_to_days(ymd); /* 1970-01-01 was a Thursday */
	int64_t from_monday = days + 3 - floor_div(days + 3, 7) * 7;

	return (int)from_monday + 1;
}

int64_t date_of(int64_t ms)
{
	if (ms == NIL)
		return NIL;
	return date_from_days(floor_div(ms / MS_MINUTE - (ms % MS_MINUTE < 0) + ZONE_MIN, 24 * 60));
}

int64_t date_start(int64_t ymd)
{
	if (ymd == NIL)
		return NIL;
	return date_to_days(ymd) * MS_DAY - (int64_t)ZONE_MIN * MS_MINUTE;
}

int64_t date_add(int64_t ymd, int64_t days)
{
	if (ymd == NIL || days == NIL)
		return NIL;
	return date_from_days(date_to_days(ymd) + days);
}

static char *put_digits(char *p, int64_t v, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		p[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return p + n;
}

char *time_format(int64_t ms, char *out)
{
	int64_t first = (int64_t)DAYS_MIN * MS_DAY;
	int64_t last = ((int64_t)DAYS_MAX + 1) * MS_DAY - (int64_t)ZONE_MIN * MS_MINUTE - 1;
	int64_t at = ms < first ? first : ms > last ? last : ms;
	int64_t ymd = date_of(at);
	int64_t in_day = at - date_start(ymd);
	char *p = out;

	p = put_digits(p, ymd / 10000, 4);
	*p++ = '-';
	p = put_digits(p, ymd / 100 % 100, 2);
	*p++ = '-';
	p = put_digits(p, ymd % 100, 2);
	*p++ = 'T';
	p = put_digits(p, in_day / MS_HOUR, 2);
	*p++ = ':';
	p = put_digits(p, in_day / MS_MINUTE % 60, 2);
	*p++ = ':';
	p = put_digits(p, in_day / MS_SECOND % 60, 2);
	if (in_day % MS_SECOND) {
		*p++ = '.';
		p = put_digits(p, in_day % MS_SECOND, 3);
	}
	*p++ = ZONE_MIN < 0 ? '-' : '+';
	int zone = ZONE_MIN < 0 ? -ZONE_MIN : ZONE_MIN;
	p = put_digits(p, zone / 60, 2);
	*p++ = ':';
	p = put_digits(p, zone % 60, 2);
	*p = 0;
	return out;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads `least` to `most` digits off the front. */
static bool take_number(struct str *s, size_t least, size_t most, int64_t *ret)
{
	int64_t v = 0;
	size_t n = 0;

	while (n < most && n < s->n && is_digit(s->p[n]))
		v = v * 10 + (s->p[n++] - '0');
	if (n < least)
		return false;
	s->p += n;
	s->n -= n;
	*ret = v;
	return true;
}

static bool take_char(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool take_date(struct str *s, int64_t *ret_ymd)
{
	int64_t y, m, d;

	if (!take_number(s, 4, 4, &y))
		return false;
	if (s->n > 0 && is_digit(s->p[0])) {
		if (!take_number(s, 2, 2, &m) || !take_number(s, 2, 2, &d))
			return false;
	} else {
		char sep = s->n > 0 ? s->p[0] : 0;
		if (sep != '-' && sep != '/')
			return false;
		if (!take_char(s, sep) || !take_number(s, 1, 2, &m) || !take_char(s, sep) ||
			!take_number(s, 1, 2, &d))
			return false;
	}
	int64_t ymd = y * 10000 + m * 100 + d;
	if (!date_valid(ymd))
		return false;
	*ret_ymd = ymd;
	return true;
}

char *date_format(int64_t ymd, char *out)
{
	static const int64_t unit[DATE_TEXT - 1] = { 10000000, 1000000, 100000, 10000, 0, 1000, 100, 0, 10, 1 };

	for (int i = 0; i < DATE_TEXT - 1; i++)
		out[i] = (char)(unit[i] == 0 ? '-' : '0' + ymd / unit[i] % 10);
	out[DATE_TEXT - 1] = '\0';
	return out;
}

bool date_parse(struct str s, int64_t *ret_ymd)
{
	int64_t ymd;

	if (!take_date(&s, &ymd) || s.n != 0)
		return false;
	*ret_ymd = ymd;
	return true;
}

/* hh:mm[:ss[.fraction]]; digits past the millisecond are dropped. */
static bool take_clock(struct str *s, int64_t *ret_ms)
{
	int64_t h, m, sec = 0, frac = 0;

	if (!take_number(s, 2, 2, &h) || !take_char(s, ':') || !take_number(s, 2, 2, &m))
		return false;
	if (take_char(s, ':')) {
		if (!take_number(s, 2, 2, &sec))
			return false;
		if (take_char(s, '.')) {
			size_t before = s->n;
			if (!take_number(s, 1, 3, &frac))
				return false;
			for (size_t n = before - s->n; n < 3; n++)
				frac *= 10;
			while (s->n > 0 && is_digit(s->p[0]))
				take_char(s, s->p[0]);
		}
	}
	/* A leap second (60) is the first instant of the next minute. */
	if (h > 23 || m > 59 || sec > 60)
		return false;
	*ret_ms = h * MS_HOUR + m * MS_MINUTE + sec * MS_SECOND + frac;
	return true;
}

/* "Z", "+08:00" or nothing. */
static bool take_zone(struct str *s, int64_t *ret_min)
{
	int64_t h, m;

	if (s->n == 0) {
		*ret_min = ZONE_MIN;
		return true;
	}
	if (take_char(s, 'Z') || take_char(s, 'z')) {
		*ret_min = 0;
		return true;
	}
	bool west = take_char(s, '-');
	if (!west && !take_char(s, '+'))
		return false;
	if (!take_number(s, 2, 2, &h) || !take_char(s, ':') || !take_number(s, 2, 2, &m))
		return false;
	if (h > 23 || m > 59)
		return false;
	*ret_min = west ? -(h * 60 + m) : h * 60 + m;
	return true;
}

bool time_parse(struct str s, int64_t *ret_ms)
{
	int64_t ymd, clock = 0, zone = ZONE_MIN;

	if (!take_date(&s, &ymd))
		return false;
	if (s.n > 0) {
		if (!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' '))
			return false;
		if (!take_clock(&s, &clock) || !take_zone(&s, &zone) || s.n != 0)
			return false;
	}
	*ret_ms = date_to_days(ymd) * MS_DAY + clock - zone * MS_MINUTE;
	return true;
}

struct pattern_parts {
	int64_t year, month, day, hour, minute, second;
	int half; /* -1 no AM/PM seen, 0 AM, 1 PM */
	bool twelve;
};

static bool take_half(struct str *s, int *ret)
{
	static const struct {
		const char *text;
		int half;
	} word[] = { { "AM", 0 }, { "PM", 1 }, { "am", 0 }, { "pm", 1 }, { "上午", 0 },
		{ "下午", 1 } };

	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
		struct str w = str_z(word[i].text);
		if (!str_prefix(*s, w))
			continue;
		s->p += w.n;
		s->n -= w.n;
		*ret = word[i].half;
		return true;
	}
	return false;
}

static int64_t *pattern_part(struct pattern_parts *t, char c)
{
	switch (c) {
	case 'y':
		return &t->year;
	case 'M':
		return &t->month;
	case 'd':
		return &t->day;
	case 'H':
	case 'h':
		return &t->hour;
	case 'm':
		return &t->minute;
	case 's':
		return &t->second;
	default:
		return NULL;
	}
}

static bool pattern_to_ms(const struct pattern_parts *t, int zone_min, int64_t *ret_ms)
{
	int64_t ymd = t->year * 10000 + t->month * 100 + t->day;
	int64_t hour = t->hour;

	if (t->month > 12 || t->day > 31 || !date_valid(ymd) || t->minute > 59 || t->second > 60)
		return false;
	if (t->twelve) {
		if (hour < 1 || hour > 12)
			return false;
		hour %= 12;
	}
	/* With 24 hours AM/PM says nothing new. */
	if (t->half == 1 && t->twelve)
		hour += 12;
	if (hour > 23)
		return false;
	*ret_ms = date_to_days(ymd) * MS_DAY + hour * MS_HOUR + t->minute * MS_MINUTE +
		  t->second * MS_SECOND - (int64_t)zone_min * MS_MINUTE;
	return true;
}

bool time_parse_pattern(struct str s, struct str pattern, int zone_min, int64_t *ret_ms)
{
	struct pattern_parts t = { .month = 1, .day = 1, .half = -1 };

	for (size_t i = 0; i < pattern.n;) {
		char c = pattern.p[i];
		int64_t *part = pattern_part(&t, c);
		size_t run = 1;

		if (c == 'a') {
			if (!take_half(&s, &t.half))
				return false;
		} else if (!part) {
			if (!take_char(&s, c))
				return false;
		} else {
			while (i + run < pattern.n && pattern.p[i + run] == c)
				run++;
			/* "M/d" dates come with one or two digits; glued fields have a fixed width.
			 */
			bool glued = i + run < pattern.n && pattern_part(&t, pattern.p[i + run]);
			size_t most = c == 'y' ? 4 : 2;
			if (!take_number(&s, c == 'y' ? 4 : glued ? 2 : 1, most, part))
				return false;
			t.twelve = t.twelve || c == 'h';
		}
		i += run;
	}
	return s.n == 0 && pattern_to_ms(&t, zone_min, ret_ms);
}
