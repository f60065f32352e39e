/* Deadlines as a fold of operations over the calendar; see clock.h. */
#include "core/clock.h"

#include <stdio.h>
#include <string.h>

#include "base/field.h"

static const char *const clock_word[] = { "accept", "sign", "handle", "verify", "arrive", NULL };
const struct vocab clock_vocab = { "clock", clock_word };

static const char *const clock_op_word[] = { "start", "stop", "pause", "resume", "extend", "set_due", "unstop", "void",
	NULL };
const struct vocab clock_op_vocab = { "clock_op", clock_op_word };

enum err clock_due(const struct calendar *cal, int64_t start, struct span_rule rule, int64_t *ret)
{
	switch (rule.unit) {
	case UNIT_MS:
		*ret = start + rule.len;
		return OK;
	case UNIT_WORK_MS:
		return calendar_add_ms(cal, start, rule.len, ret);
	case UNIT_WORK_DAYS:
		return calendar_add_days(cal, start, rule.len, ret);
	}
	return ERR_BUG;
}

/* Time that counts between two instants: the clock's own kind of time. */
static enum err counted(const struct calendar *cal, enum clock_unit unit, int64_t from, int64_t to, int64_t *ret)
{
	if (unit == UNIT_MS) {
		*ret = to > from ? to - from : 0;
		return OK;
	}
	return calendar_between(cal, from, to, ret);
}

static enum err later(const struct calendar *cal, enum clock_unit unit, int64_t from, int64_t ms, int64_t *ret)
{
	if (unit == UNIT_MS) {
		*ret = from + ms;
		return OK;
	}
	if (ms == 0) {
		*ret = from;
		return OK;
	}
	return calendar_add_ms(cal, from, ms, ret);
}

/* Three quarters of the time between start and due. */
static enum err set_amber(struct clock_run *r, const struct calendar *cal)
{
	int64_t total;
	enum err err = counted(cal, r->rule.unit, r->start, r->due, &total);

	if (err == OK)
		err = later(cal, r->rule.unit, r->start, total * 3 / 4, &r->amber);
	if (err == OK && r->amber > r->due)
		r->amber = r->due;
	return err;
}

static enum err start(struct clock_run *r, const struct clock_step *s, const struct calendar *cal)
{
	if (r->start != NIL)
		return ERR_CONFLICT;
	r->rule = s->arg;
	r->start = s->at;
	if (s->due != NIL) {
		r->due = s->due;
		return set_amber(r, cal);
	}
	enum err err = clock_due(cal, s->at, s->arg, &r->due);

	return err != OK ? err : set_amber(r, cal);
}

static enum err resume(struct clock_run *r, const struct clock_step *s, const struct calendar *cal)
{
	int64_t lost;
	enum err err;

	if (r->paused_at == NIL || r->stop != NIL)
		return ERR_CONFLICT;
	err = counted(cal, r->rule.unit, r->paused_at, s->at, &lost);
	if (err == OK)
		err = later(cal, r->rule.unit, r->due, lost, &r->due);
	if (err != OK)
		return err;
	r->paused_ms += lost;
	r->paused_at = NIL;
	return set_amber(r, cal);
}

/* Working days are counted from the day the run was due on. Its due time is most often closing time, from
 * which the calendar would count as from the next opening: hence the instant before. */
static enum err extend(struct clock_run *r, const struct clock_step *s, const struct calendar *cal)
{
	enum err err;

	if (r->stop != NIL || r->paused_at != NIL || s->at > r->due)
		return ERR_CONFLICT;
	err = clock_due(cal, s->arg.unit == UNIT_WORK_DAYS ? r->due - 1 : r->due, s->arg, &r->due);
	return err != OK ? err : set_amber(r, cal);
}

static enum err set_due(struct clock_run *r, const struct clock_step *s, const struct calendar *cal)
{
	if (r->stop != NIL || s->due == NIL || s->due < r->start)
		return ERR_CONFLICT;
	r->due = s->due;
	return set_amber(r, cal);
}

/* A failed check: the clock runs on with what was left; if nothing was left, with the time the step gives. */
static enum err unstop(struct clock_run *r, const struct clock_step *s, const struct calendar *cal)
{
	int64_t idle, due, given;
	enum err err;

	if (r->stop == NIL || r->voided)
		return ERR_CONFLICT;
	err = counted(cal, r->rule.unit, r->stop, s->at, &idle);
	if (err == OK)
		err = later(cal, r->rule.unit, r->due, idle, &due);
	if (err == OK)
		err = clock_due(cal, s->at, s->arg, &given);
	if (err != OK)
		return err;
	r->paused_ms += idle;
	r->due = due > s->at && r->stop <= r->due ? due : given;
	r->stop = NIL;
	return set_amber(r, cal);
}

enum err clock_apply(struct clock_run *run, const struct clock_step *s, const struct calendar *cal)
{
	struct clock_run r = *run;
	enum err err = OK;

	if (s->op != CLK_START && (r.start == NIL || (r.voided && s->op != CLK_VOID)))
		return ERR_CONFLICT;
	switch (s->op) {
	case CLK_START:
		err = start(&r, s, cal);
		break;
	case CLK_STOP:
		if (r.stop != NIL)
			return ERR_CONFLICT;
		if (r.paused_at != NIL)
			err = resume(&r, s, cal);
		r.stop = s->at;
		break;
	case CLK_PAUSE:
		if (r.stop != NIL || r.paused_at != NIL)
			return ERR_CONFLICT;
		r.paused_at = s->at;
		break;
	case CLK_RESUME:
		err = resume(&r, s, cal);
		break;
	case CLK_EXTEND:
		err = extend(&r, s, cal);
		break;
	case CLK_SET_DUE:
		err = set_due(&r, s, cal);
		break;
	case CLK_UNSTOP:
		err = unstop(&r, s, cal);
		break;
	case CLK_VOID:
		r.voided = true;
		break;
	case CLK_OP_MAX:
		err = ERR_BUG;
		break;
	}
	if (err == OK)
		*run = r;
	return err;
}

static bool ticking(const struct clock_run *r)
{
	return r->start != NIL && r->stop == NIL && r->paused_at == NIL && !r->voided;
}

/* "Twice the time": as much again after the due date, in the clock's own kind of time; by the wall clock where
 * the calendar does not reach. */
static int64_t escalation(const struct clock_run *r, const struct calendar *cal)
{
	int64_t total, at;

	if (counted(cal, r->rule.unit, r->start, r->due, &total) == OK &&
	    later(cal, r->rule.unit, r->due, total, &at) == OK)
		return at;
	return r->due + (r->due - r->start);
}

int clock_level(const struct clock_run *r, const struct calendar *cal, int64_t now)
{
	if (!ticking(r) || now < (r->amber != NIL ? r->amber : r->due))
		return 0;
	if (now <= r->due)
		return 1;
	return now < escalation(r, cal) ? 2 : 3;
}

int64_t clock_next(const struct clock_run *r, const struct calendar *cal, int64_t now)
{
	if (!ticking(r))
		return NIL;
	if (r->amber != NIL && now < r->amber)
		return r->amber;
	if (now <= r->due)
		return r->due + 1;

	int64_t third = escalation(r, cal);

	return now < third ? third : NIL;
}

/* ---- words ---- */

static void line_zh(const struct clock_run *after, const struct clock_step *s, const char *due, char *out, size_t n)
{
	static const char *const name[] = { "受理", "签收", "处置", "核查", "到场" };
	const char *c = name[s->clock];
	char len[24];

	span_text(s->arg, len);
	switch (s->op) {
	case CLK_START:
		snprintf(out, n, "%s时钟开始,时限%s,应于%s前完成", c, len, due);
		break;
	case CLK_STOP:
		snprintf(out, n, "%s时钟停止:%s", c, after->stop <= after->due ? "按期" : "超期");
		break;
	case CLK_PAUSE:
		snprintf(out, n, "%s时钟暂停", c);
		break;
	case CLK_RESUME:
		snprintf(out, n, "%s时钟恢复,累计暂停%lld分钟,截止时间顺延至%s", c,
			(long long)(after->paused_ms / MS_MINUTE), due);
		break;
	case CLK_EXTEND:
		snprintf(out, n, "%s时钟延长%s,截止时间为%s", c, len, due);
		break;
	case CLK_SET_DUE:
		snprintf(out, n, "%s截止时间定为%s", c, due);
		break;
	case CLK_UNSTOP:
		snprintf(out, n, "核查未通过,%s时钟继续,截止时间为%s", c, due);
		break;
	case CLK_VOID:
	case CLK_OP_MAX:
		snprintf(out, n, "%s时钟作废,不再计入", c);
		break;
	}
}

static void line_en(const struct clock_run *after, const struct clock_step *s, const char *due, char *out, size_t n)
{
	const char *c = clock_word[s->clock];
	char len[24];

	span_text(s->arg, len);
	switch (s->op) {
	case CLK_START:
		snprintf(out, n, "The %s clock starts with %s: due %s", c, len, due);
		break;
	case CLK_STOP:
		snprintf(out, n, "The %s clock stops: %s", c, after->stop <= after->due ? "on time" : "late");
		break;
	case CLK_PAUSE:
		snprintf(out, n, "The %s clock pauses", c);
		break;
	case CLK_RESUME:
		snprintf(out, n, "The %s clock resumes after %lld minutes of pause in all: due %s", c,
			(long long)(after->paused_ms / MS_MINUTE), due);
		break;
	case CLK_EXTEND:
		snprintf(out, n, "The %s clock is extended by %s: due %s", c, len, due);
		break;
	case CLK_SET_DUE:
		snprintf(out, n, "The %s deadline is set: due %s", c, due);
		break;
	case CLK_UNSTOP:
		snprintf(out, n, "The check failed and the %s clock runs on: due %s", c, due);
		break;
	case CLK_VOID:
	case CLK_OP_MAX:
		snprintf(out, n, "The %s clock no longer counts", c);
		break;
	}
}

void clock_explain(const struct clock_run *before, const struct clock_run *after, const struct clock_step *s,
		   struct jw *out)
{
	char due[TIME_TEXT], text[256];

	(void)before;
	if ((unsigned)s->clock >= CLOCK_MAX)
		return;
	time_format(after->due, due);
	jw_obj(out);
	jw_ktime(out, "at", s->at);
	jw_kz(out, "op", clock_op_word[s->op]);
	jw_ktime(out, "due", after->due);
	line_zh(after, s, due, text, sizeof(text));
	jw_kz(out, "text_zh", text);
	line_en(after, s, due, text, sizeof(text));
	jw_kz(out, "text_en", text);
	jw_end_obj(out);
}

static const struct {
	const char *word;
	enum clock_unit unit;
	int64_t each;
} unit_word[] = {
	{ "wd", UNIT_WORK_DAYS, 1 },
	{ "wh", UNIT_WORK_MS, MS_HOUR },
	{ "min", UNIT_MS, MS_MINUTE },
	{ "h", UNIT_MS, MS_HOUR },
	{ "d", UNIT_MS, MS_DAY },
};

bool span_parse(struct str s, struct span_rule *ret)
{
	int64_t n;
	size_t digits = 0;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (!str_i64((struct str){ s.p, digits }, &n) || n < 1 || n > 3650)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(unit_word); i++) {
		if (str_eqz((struct str){ s.p + digits, s.n - digits }, unit_word[i].word)) {
			*ret = (struct span_rule){ unit_word[i].unit, n * unit_word[i].each };
			return true;
		}
	}
	return false;
}

void span_text(struct span_rule r, char ret[24])
{
	const char *word = "min";
	int64_t n = r.len / MS_MINUTE;

	if (r.unit == UNIT_WORK_DAYS) {
		word = "wd";
		n = r.len;
	} else if (r.unit == UNIT_WORK_MS) {
		word = r.len % MS_HOUR == 0 ? "wh" : "wmin";
		n = r.len % MS_HOUR == 0 ? r.len / MS_HOUR : r.len / MS_MINUTE;
	} else if (r.len % MS_HOUR == 0) {
		word = "h";
		n = r.len / MS_HOUR;
	}
	snprintf(ret, 24, "%lld%s", (long long)n, word);
}
