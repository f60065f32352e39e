/* How often what is reported, when, and what happens next after how long. Chances, no effects. */
#include "mod/demo/demo_life.h"

#include <math.h>
#include <stdlib.h>

const struct story_code story_codes[] = {
	{ "MS24", 60, CODE_LIGHT }, { "MS28", 52, CODE_LIGHT }, { "MS27", 45, CODE_LIGHT }, { "MS33", 44, 0 },
	{ "MS35", 40, CODE_LIGHT }, { "MS26", 30, CODE_LIGHT }, { "MS17", 22, 0 }, { "MS18", 22, 0 },
	{ "MS19", 20, 0 }, { "MS30", 18, CODE_SENSOR }, { "MS25", 15, CODE_LIGHT }, { "MS31", 12, CODE_LIGHT },
	{ "MS32", 12, 0 }, { "MS34", 14, 0 }, { "MS14", 10, 0 }, { "MS15", 10, 0 }, { "MS16", 4, 0 },
	{ "MS29", 9, CODE_SENSOR }, { "MS01", 8, 0 }, { "MS02", 4, 0 }, { "MS03", 16, CODE_LIGHT }, { "MS04", 1, 0 },
	{ "MS05", 6, 0 }, { "MS06", 5, 0 }, { "MS07", 4, 0 }, { "MS08", 4, 0 }, { "MS09", 14, CODE_LIGHT },
	{ "MS10", 12, CODE_LIGHT }, { "MS11", 4, 0 }, { "MS12", 6, 0 }, { "MS13", 4, 0 }, { "MS20", 5, 0 },
	{ "MS21", 6, 0 }, { "MS22", 4, 0 }, { "MS23", 4, 0 },
	{ "PF07", 34, CODE_LIGHT }, { "PF06", 30, CODE_LIGHT }, { "PF09", 30, 0 }, { "PF08", 22, 0 }, { "PF11", 8, 0 },
	{ "PF12", 5, 0 }, { "PF03", 3, 0 }, { "PF02", 3, CODE_SENSOR }, { "PF05", 3, 0 }, { "PF04", 2, CODE_SENSOR },
	{ "PF01", 2, CODE_SENSOR }, { "PF10", 1, 0 },
	{ "DJ06", 20, CODE_LIGHT }, { "DJ07", 14, CODE_LIGHT }, { "DJ08", 10, CODE_LIGHT }, { "DJ02", 8, CODE_LIGHT },
	{ "DJ05", 5, 0 }, { "DJ09", 6, 0 }, { "DJ03", 4, CODE_LIGHT }, { "DJ04", 3, 0 }, { "DJ10", 3, 0 },
	{ "DJ01", 2, 0 }, { "DJ11", 1, 0 },
	{ "JJ08", 18, 0 }, { "JJ01", 12, 0 }, { "JJ09", 10, 0 }, { "JJ13", 9, CODE_LIGHT }, { "JJ04", 7, 0 },
	{ "JJ05", 7, 0 }, { "JJ12", 4, 0 }, { "JJ10", 3, 0 }, { "JJ03", 3, 0 }, { "JJ06", 3, CODE_LIGHT },
	{ "JJ07", 3, 0 }, { "JJ11", 2, 0 }, { "JJ02", 2, 0 },
};
const size_t nstory_codes = ARRAY_LEN(story_codes);

/* ---- births ---- */

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Most is reported in the morning and the early afternoon of working days; summers are busier. */
static double busy(int64_t at)
{
	static const double hour[24] = { .03, .02, .02, .02, .03, .08, .25, .5, .85, 1, 1, .8, .5, .55, .85, .95, .9,
		.75, .55, .5, .42, .3, .15, .07 };
	static const double weekday[8] = { 0, 1, .98, .96, .97, 1, .68, .58 };
	int64_t day = date_of(at), in_day = at - date_start(day);
	double season = 0.88 + 0.12 * sin(((double)(day / 100 % 100) - 4) / 12 * 6.2831853);

	return hour[in_day / MS_HOUR % 24] * weekday[date_weekday(day)] * season;
}

enum err demo_births(struct sim *s)
{
	struct demo_rand r;
	int64_t span = s->w->now - s->w->start;

	if (span <= MS_DAY)
		return err_set(s->w->e, ERR_INVALID, "demo.days", "days", "the story needs at least two days");
	demo_rand_fork(&r, s->w->o.seed, 7);
	for (size_t i = 0; i < s->nbirth; i++) {
		int64_t at;

		do
			at = s->w->start + (int64_t)(demo_rand_share(&r) * (double)span);
		while (demo_rand_share(&r) > busy(at));
		s->birth[i] = at / MS_SECOND * MS_SECOND;
	}
	qsort(s->birth, s->nbirth, sizeof(*s->birth), by_time);
	return OK;
}

/* ---- time ---- */

int64_t demo_work_after(const struct sim *s, int64_t t, int64_t ms)
{
	int64_t at;

	return calendar_add_ms(s->cal, t, ms, &at) == OK ? at : t + ms;
}

int64_t demo_minutes(struct live *l, int lo, int hi)
{
	return (int64_t)demo_rand_range(&l->r, lo * 60, hi * 60) * MS_SECOND;
}

static void next(struct live *l, enum step plan, int64_t at)
{
	l->plan = (uint8_t)plan;
	l->plan_at = at;
}

/* Minutes for the urgent classes as they run, for the others of opening time. */
struct pace {
	int u1[2], u2[2], work[2], late[2];
};

static int64_t pace_at(const struct sim *s, struct live *l, const struct pace *p, double late)
{
	bool slow = demo_chance(l, late);

	if (l->urgency == URG_U1)
		return s->at + demo_minutes(l, p->u1[0], p->u1[1]) * (slow ? 3 : 1);
	if (l->urgency == URG_U2)
		return s->at + demo_minutes(l, p->u2[0], p->u2[1]) * (slow ? 2 : 1);
	return demo_work_after(s, s->at, slow ? demo_minutes(l, p->late[0], p->late[1])
					       : demo_minutes(l, p->work[0], p->work[1]));
}

/* ---- what comes next ---- */

static void plan_reported(struct sim *s, struct live *l)
{
	static const struct pace accept = { { 1, 3 }, { 3, 21 }, { 4, 110 }, { 245, 520 } };
	enum step step = STEP_ACCEPT;

	if (l->source == SRC_GRID && l->light && l->urgency >= URG_U2 && l->reopens == 0 && l->fails == 0 && demo_chance(l, 0.62)) {
		next(l, STEP_SELF_CLOSE, s->at + demo_minutes(l, 3, 24));
		return;
	}
	if (l->into != 0)
		step = STEP_MERGE;
	else if (l->source != SRC_GRID && l->urgency >= URG_U3 && demo_chance(l, 0.035))
		step = STEP_REJECT;
	next(l, step, pace_at(s, l, &accept, 0.025));
}

static void plan_accepted(struct sim *s, struct live *l)
{
	static const struct pace dispatch = { { 1, 2 }, { 1, 6 }, { 2, 22 }, { 60, 200 } };

	next(l, l->urgency >= URG_U3 && demo_chance(l, 0.006) ? STEP_SPLIT : STEP_DISPATCH, pace_at(s, l, &dispatch, 0.02));
}

static bool near_unit(const struct sim *s, const struct live *l)
{
	const struct unit *u = snap_unit(s->snap, l->unit);

	return u != NULL && (u->kind == UNIT_COMMUNITY || u->kind == UNIT_GRID);
}

static void plan_dispatched(struct sim *s, struct live *l)
{
	static const struct pace sign = { { 1, 3 }, { 2, 20 }, { 5, 165 }, { 245, 600 } };
	bool may = l->urgency >= URG_U3 && !l->sealed && l->part_of == 0 && !near_unit(s, l) &&
		   l->returns < 2 && l->returner != l->unit;

	if (may && l->reopens == 0 && demo_chance(l, l->returns == 0 ? 0.04 : 0.12))
		next(l, STEP_RETURN, demo_work_after(s, s->at, demo_minutes(l, 5, 150)));
	else
		next(l, STEP_SIGN, pace_at(s, l, &sign, 0.025));
}

/* When the unit is done: mostly well before the deadline. In the last days of the story more is late, so
 * that there is something to see. */
static int64_t finish_time(struct sim *s, struct live *l)
{
	double span = l->due > s->at ? (double)(l->due - s->at) : (double)MS_DAY, f = demo_rand_share(&l->r);
	bool recent = s->at > s->w->now - 12 * (int64_t)MS_DAY;
	int64_t at;

	l->late = demo_chance(l, recent ? 0.12 : 0.05) || l->due <= s->at;
	if (l->late)
		f = 1.02 + 1.2 * f;
	else
		f = 0.06 + (demo_chance(l, 0.05) ? 0.9 : 0.66) * f * sqrt(f);
	at = s->at + (int64_t)(f * span);
	if (l->urgency >= URG_U3)
		at = demo_work_after(s, at, demo_minutes(l, 0, 30));
	if (!l->late && at >= l->due)
		at = l->due - demo_minutes(l, 3, 25);
	return at > s->at ? at : s->at + demo_minutes(l, 1, 3);
}

void demo_refinish(struct sim *s, struct live *l)
{
	l->finish_at = finish_time(s, l);
}

static void plan_handling(struct sim *s, struct live *l)
{
	int64_t left;

	if (l->asked) { /* a request was decided, or a letter answered: on with the work */
		next(l, STEP_FINISH, l->finish_at > s->at ? l->finish_at : s->at + demo_minutes(l, 10, 90));
		return;
	}
	l->asked = true;
	l->finish_at = finish_time(s, l);
	left = l->due - s->at;
	if (l->late && demo_chance(l, 0.4))
		next(l, STEP_SUPERVISE, l->due + demo_minutes(l, 60, 1200));
	else if (l->urgency >= URG_U3 && l->extensions == 0 && left > MS_DAY && !near_unit(s, l) && demo_chance(l, 0.05))
		next(l, STEP_EXTEND, s->at + left / 2 + (int64_t)(demo_rand_share(&l->r) * (double)left / 4));
	else if (l->urgency >= URG_U3 && left > MS_DAY && demo_chance(l, 0.015))
		next(l, STEP_PAUSE, demo_work_after(s, s->at, demo_minutes(l, 30, 240)));
	else if (l->part_of == 0 && !l->sealed && demo_chance(l, l->urgency <= URG_U2 ? 0.03 : 0.004))
		next(l, STEP_WHISTLE, s->at + demo_minutes(l, 2, 8));
	else
		next(l, STEP_FINISH, l->finish_at);
	if (l->plan != STEP_FINISH && l->plan_at >= l->finish_at && l->plan != STEP_SUPERVISE)
		next(l, STEP_FINISH, l->finish_at);
}

static void plan_checking(struct sim *s, struct live *l)
{
	static const struct pace check = { { 15, 150 }, { 25, 620 }, { 20, 420 }, { 1000, 2000 } };

	next(l, STEP_NONE, NIL);
	if (l->self_closed && !l->sampled)
		return; /* closes by itself */
	next(l, STEP_CHECK, pace_at(s, l, &check, 0.02));
}

static void plan_closed(struct sim *s, struct live *l)
{
	bool resident = l->source == SRC_RESIDENT;

	next(l, STEP_NONE, NIL);
	if (l->part_of != 0 || l->sealed)
		return;
	if (resident && demo_chance(l, 0.012) && l->reopens < 2)
		next(l, STEP_REOPEN, s->at + demo_minutes(l, 300, 12 * 1440));
	else if (resident && demo_chance(l, 0.5))
		next(l, STEP_RATE, s->at + demo_minutes(l, 20, 6 * 1440));
	else if (demo_chance(l, l->source == SRC_HOTLINE ? 0.6 : resident ? 0.4 : 0.12))
		next(l, STEP_REVISIT, demo_work_after(s, s->at, demo_minutes(l, 200, 1900)));
}

void demo_plan(struct sim *s, struct live *l)
{
	static const struct pace decide = { { 5, 15 }, { 10, 40 }, { 20, 230 }, { 480, 900 } };

	switch ((enum mstate)l->state) {
	case MS_REPORTED:
		plan_reported(s, l);
		break;
	case MS_ACCEPTED:
		plan_accepted(s, l);
		break;
	case MS_DISPATCHED:
		l->asked = false;
		plan_dispatched(s, l);
		break;
	case MS_RETURN_REVIEW:
		next(l, STEP_RETURN_DECIDE, pace_at(s, l, &decide, 0.05));
		break;
	case MS_HANDLING:
		plan_handling(s, l);
		break;
	case MS_CHECKING:
		plan_checking(s, l);
		break;
	case MS_CLOSED:
		plan_closed(s, l);
		break;
	case MS_HARD_CASE:
		next(l, STEP_NONE, NIL);
		if (demo_chance(l, 0.5))
			next(l, STEP_HARD_RESUME, demo_work_after(s, s->at + demo_minutes(l, 20 * 1440, 80 * 1440), MS_HOUR));
		break;
	default: /* over, or waiting for the clock or for its parts */
		next(l, STEP_NONE, NIL);
		break;
	}
}

/* ---- which department is busiest ---- */

int64_t demo_busiest(struct world *w)
{
	struct snap *s = snap_get(w->app);
	int64_t best = NIL, most = 0;

	for (size_t u = 0; u < s->nunit; u++) {
		int64_t sum = 0;

		for (size_t i = 0; s->units[u].kind == UNIT_DEPARTMENT && i < nstory_codes; i++) {
			const struct event_code *c = event_code_by(event_book(s, w->app), str_z(story_codes[i].code));
			struct event_route r;

			event_route(s, w->app, c, w->grid[0].code, date_of(w->start), &r);
			if (r.unit_id == s->units[u].id)
				sum += story_codes[i].weight;
		}
		if (sum > most) {
			most = sum;
			best = s->units[u].id;
		}
	}
	snap_put(s);
	return best;
}
