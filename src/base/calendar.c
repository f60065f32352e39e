/*
 * Working time. Each opened year is a row of day kinds; everything else is walking over days from
 * the one that holds the start. Nothing here reads a clock.
 */
#include "base/calendar.h"

#include <stdlib.h>
#include <string.h>

enum { CAL_DAYS = 366, DAY_MINUTES = 24 * 60 };

struct cal_year {
	int year;
	unsigned char kind[CAL_DAYS];
};

struct calendar {
	int64_t version;
	struct span hours[CAL_SPANS];
	size_t nhours;
	struct cal_year *year[CAL_YEARS]; /* in the order added */
	size_t nyears;
};

static bool hours_valid(const struct span *hours, size_t n)
{
	int32_t last = 0;

	if (!hours || n == 0 || n > CAL_SPANS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (hours[i].from < last || hours[i].from >= hours[i].to ||
			hours[i].to > DAY_MINUTES)
			return false;
		last = hours[i].to;
	}
	return true;
}

struct calendar *calendar_new(int64_t version, const struct span *hours, size_t n)
{
	if (!hours_valid(hours, n))
		return NULL;

	struct calendar *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->version = version;
	memcpy(c->hours, hours, n * sizeof(*hours));
	c->nhours = n;
	return c;
}

struct calendar *calendar_copy(const struct calendar *c, int64_t version)
{
	struct calendar *to = calendar_new(version, c->hours, c->nhours);

	if (!to)
		return NULL;
	for (size_t i = 0; i < c->nyears; i++) {
		to->year[i] = malloc(sizeof(*to->year[i]));
		if (!to->year[i]) {
			calendar_free(to);
			return NULL;
		}
		*to->year[i] = *c->year[i];
		to->nyears++;
	}
	return to;
}

void calendar_free(struct calendar *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nyears; i++)
		free(c->year[i]);
	free(c);
}

int64_t calendar_version(const struct calendar *c)
{
	return c->version;
}

static struct cal_year *calendar_year(const struct calendar *c, int64_t year)
{
	for (size_t i = 0; i < c->nyears; i++)
		if (c->year[i]->year == year)
			return c->year[i];
	return NULL;
}

bool calendar_has_year(const struct calendar *c, int year)
{
	return calendar_year(c, year) != NULL;
}

static int64_t year_start(int64_t year)
{
	return date_to_days(year * 10000 + 101);
}

enum err calendar_add_year(struct calendar *c, int year)
{
	if (year < 1 || year > 9998)
		return ERR_INVALID;
	if (calendar_year(c, year))
		return OK;
	if (c->nyears == CAL_YEARS)
		return ERR_LIMIT;

	struct cal_year *y = calloc(1, sizeof(*y));
	if (!y)
		return ERR_NOMEM;
	y->year = year;
	int weekday = date_weekday((int64_t)year * 10000 + 101);
	for (int i = 0; i < CAL_DAYS; i++)
		y->kind[i] = (weekday - 1 + i) % 7 >= 5 ? DAY_REST : DAY_WORK;
	c->year[c->nyears++] = y;
	return OK;
}

enum err calendar_set(struct calendar *c, int64_t ymd, enum day_kind kind)
{
	if (!date_valid(ymd) || (int)kind < 0 || kind >= DAY_KIND_MAX)
		return ERR_INVALID;

	struct cal_year *y = calendar_year(c, ymd / 10000);
	if (!y)
		return ERR_NOT_FOUND;
	y->kind[date_to_days(ymd) - year_start(y->year)] = (unsigned char)kind;
	return OK;
}

enum err calendar_day(const struct calendar *c, int64_t ymd, enum day_kind *ret)
{
	if (!date_valid(ymd))
		return ERR_INVALID;

	const struct cal_year *y = calendar_year(c, ymd / 10000);
	if (!y)
		return ERR_NOT_FOUND;
	*ret = (enum day_kind)y->kind[date_to_days(ymd) - year_start(y->year)];
	return OK;
}

int64_t calendar_day_ms(const struct calendar *c)
{
	int64_t minutes = 0;

	for (size_t i = 0; i < c->nhours; i++)
		minutes += c->hours[i].to - c->hours[i].from;
	return minutes * MS_MINUTE;
}

/* A walk over days; the year row is kept, so that a step costs no search. */
struct walk {
	const struct calendar *c;
	const struct cal_year *y;
	int64_t day;    /* days since 1970 */
	int64_t index;  /* day of the year, from 0 */
	int64_t length; /* of the year */
};

static enum err walk_enter(struct walk *w, int64_t ymd)
{
	int64_t year = ymd / 10000;

	w->y = calendar_year(w->c, year);
	if (!w->y)
		return ERR_NOT_FOUND;
	w->day = date_to_days(ymd);
	w->index = w->day - year_start(year);
	w->length = year_start(year + 1) - year_start(year);
	return OK;
}

static enum err walk_start(struct walk *w, const struct calendar *c, int64_t at)
{
	int64_t ymd = date_of(at);

	*w = (struct walk){ .c = c };
	if (!date_valid(ymd))
		return ERR_INVALID;
	return walk_enter(w, ymd);
}

static enum err walk_next(struct walk *w)
{
	w->day++;
	w->index++;
	if (w->index < w->length)
		return OK;
	return walk_enter(w, ((int64_t)w->y->year + 1) * 10000 + 101);
}

static bool walk_works(const struct walk *w)
{
	unsigned char kind = w->y->kind[w->index];

	return kind == DAY_WORK || kind == DAY_SWAP_WORK;
}

/* Instant of a minute of the day the walk is at. */
static int64_t walk_at(const struct walk *w, int32_t minute)
{
	return w->day * MS_DAY + ((int64_t)minute - ZONE_MIN) * MS_MINUTE;
}

/* Moves to the day of the next opening at or after `at` and tells the moment work can begin. */
static enum err walk_open(struct walk *w, int64_t at, int64_t *ret)
{
	for (;;) {
		for (size_t i = 0; i < w->c->nhours && walk_works(w); i++) {
			int64_t from = walk_at(w, w->c->hours[i].from);
			if (at >= walk_at(w, w->c->hours[i].to))
				continue;
			*ret = at > from ? at : from;
			return OK;
		}
		enum err err = walk_next(w);
		if (err)
			return err;
	}
}

enum err calendar_add_ms(const struct calendar *c, int64_t start, int64_t ms, int64_t *ret)
{
	struct walk w;
	int64_t at = start;

	if (ms < 0 || start == NIL)
		return ERR_INVALID;
	enum err err = walk_start(&w, c, start);
	if (!err)
		err = walk_open(&w, at, &at);
	while (!err) {
		for (size_t i = 0; i < c->nhours && walk_works(&w); i++) {
			int64_t from = walk_at(&w, c->hours[i].from);
			int64_t to = walk_at(&w, c->hours[i].to);
			if (at >= to)
				continue;
			if (at < from)
				at = from;
			/* Due at closing time, not at the next opening. */
			if (ms <= to - at) {
				*ret = at + ms;
				return OK;
			}
			ms -= to - at;
			at = to;
		}
		err = walk_next(&w);
	}
	return err;
}

enum err calendar_add_days(const struct calendar *c, int64_t start, int64_t n, int64_t *ret)
{
	struct walk w;
	int64_t at;

	if (n < 0 || start == NIL)
		return ERR_INVALID;
	enum err err = walk_start(&w, c, start);
	if (!err)
		err = walk_open(&w, start, &at);
	while (!err && n > 0) {
		err = walk_next(&w);
		if (!err && walk_works(&w))
			n--;
	}
	if (err)
		return err;
	*ret = walk_at(&w, c->hours[c->nhours - 1].to);
	return OK;
}

enum err calendar_between(const struct calendar *c, int64_t from, int64_t to, int64_t *ret)
{
	struct walk w;
	int64_t sum = 0;

	if (from == NIL || to == NIL)
		return ERR_INVALID;
	if (to <= from) {
		*ret = 0;
		return OK;
	}
	enum err err = walk_start(&w, c, from);
	while (!err && walk_at(&w, 0) < to) {
		for (size_t i = 0; i < c->nhours && walk_works(&w); i++) {
			int64_t a = walk_at(&w, c->hours[i].from);
			int64_t b = walk_at(&w, c->hours[i].to);
			a = a > from ? a : from;
			b = b < to ? b : to;
			sum += b > a ? b - a : 0;
		}
		/* The last day's successor may lie in a year that nobody needs. */
		if (walk_at(&w, DAY_MINUTES) >= to)
			break;
		err = walk_next(&w);
	}
	if (err)
		return err;
	*ret = sum;
	return OK;
}
