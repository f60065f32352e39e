/*
 * Deadlines as a pure function of history: a run of a clock is the fold of its operations over the
 * calendar. Every operation carries the length and unit it was given, so later edits of a rule never
 * change a running clock. The same fold replays and explains any past deadline.
 */
#ifndef GEZHI_CORE_CLOCK_H
#define GEZHI_CORE_CLOCK_H

#include "base/calendar.h"
#include "base/jw.h"

enum clock_kind { CLOCK_ACCEPT, CLOCK_SIGN, CLOCK_HANDLE, CLOCK_VERIFY, CLOCK_ARRIVE, CLOCK_MAX };
enum clock_unit { UNIT_MS, UNIT_WORK_MS, UNIT_WORK_DAYS }; /* calendar time, opening time, working days */
enum clock_op { CLK_START, CLK_STOP, CLK_PAUSE, CLK_RESUME, CLK_EXTEND, CLK_SET_DUE, CLK_UNSTOP, CLK_VOID,
		CLK_OP_MAX };

/* length in ms, or in days for UNIT_WORK_DAYS */
struct span_rule { enum clock_unit unit; int64_t len; };

struct clock_step {
	enum clock_kind clock;
	enum clock_op op;
	int64_t at;
	struct span_rule arg; /* START, EXTEND: length; UNSTOP: the time given when none is left */
	int64_t due;	      /* SET_DUE */
};

/* One run. Times NIL until they happen. */
struct clock_run {
	enum clock_kind clock;
	int run; /* 1, 2, … */
	struct span_rule rule;
	int64_t start, due, amber, stop, paused_at, paused_ms;
	bool voided; /* no longer counts (merged, rejected, hard case) */
};

/* START opens a new run in *r; the other operations change it. ERR_CONFLICT: does not fit the state
 * (a second pause, an extension after the deadline); ERR_NOT_FOUND: the calendar lacks a needed year. */
enum err clock_apply(struct clock_run *r, const struct clock_step *s, const struct calendar *cal) MUST_CHECK;
/* Due date of a span from a start. */
enum err clock_due(const struct calendar *cal, int64_t start, struct span_rule rule, int64_t *ret) MUST_CHECK;
/* 0 on time, 1 amber (75% used), 2 red (due passed), 3 twice the time used (opening time for working clocks).
 * 0 when stopped or paused. */
int clock_level(const struct clock_run *r, const struct calendar *cal, int64_t now);
/* Next instant after `now` at which clock_level changes; NIL when never. */
int64_t clock_next(const struct clock_run *r, const struct calendar *cal, int64_t now);
/* One line of explanation as JSON object {at, text_zh, text_en}. `before` is the run before the step. */
void clock_explain(const struct clock_run *before, const struct clock_run *after, const struct clock_step *s,
		   struct jw *out);

extern const struct vocab clock_vocab, clock_op_vocab;

/* "5wd", "4wh", "30min", "24h", "2h", "15d" → span; false otherwise. And back. */
bool span_parse(struct str s, struct span_rule *ret);
void span_text(struct span_rule r, char ret[24]);

#endif
