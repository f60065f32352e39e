/* Replaying a matter's clocks from its history, to explain each deadline and to prove it. */
#include <string.h>

#include "core/matter_db.h"
#include "core/matter_sweep.h"

enum { STEPS_MAX = 400 };

struct replay {
	struct clock_step step[STEPS_MAX];
	int64_t calendar[STEPS_MAX];
	size_t n;
};

static void add_steps(struct replay *p, int64_t at, json_t *list)
{
	size_t i;
	json_t *s;

	json_array_foreach(list, i, s) {
		int64_t v[7];

		if (p->n == STEPS_MAX || json_array_size(s) != ARRAY_LEN(v))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(v); k++) {
			json_t *one = json_array_get(s, k);

			v[k] = json_is_integer(one) ? json_integer_value(one) : NIL;
		}
		p->step[p->n] = (struct clock_step){
			.clock = (enum clock_kind)v[0],
			.op = (enum clock_op)v[1],
			.at = v[2] == NIL ? at : v[2],
			.arg = { (enum clock_unit)v[3], v[4] },
			.due = v[5],
		};
		p->calendar[p->n++] = v[6];
	}
}

static enum err load_steps(struct dbc *c, int64_t id, struct replay *p)
{
	struct rows *r = db_query(c, matter_sql[Q_MATTER_LOG_CLOCKS], ARGS(I(id)));

	p->n = 0;
	while (rows_next(r)) {
		struct str text = row_str_at(r, 1);
		json_t *list = json_loadb(text.p, text.n, 0, NULL);

		add_steps(p, row_int_at(r, 0), list);
		json_decref(list);
	}
	return rows_close(r);
}

static struct clock_run *apply_step(struct clock_run *run, size_t *n, const struct clock_step *s,
				    const struct calendar *cal, struct clock_run *ret_before)
{
	struct clock_run *r = NULL;
	int last = 0;

	for (size_t i = 0; i < *n; i++) {
		if (run[i].clock == s->clock && run[i].run > last) {
			r = &run[i];
			last = r->run;
		}
	}
	if (s->op == CLK_START) {
		if (*n == MATTER_RUNS)
			return NULL;
		r = &run[(*n)++];
		*r = (struct clock_run){ .clock = s->clock, .run = last + 1, .start = NIL, .due = NIL,
			.amber = NIL, .stop = NIL, .paused_at = NIL };
	}
	if (r == NULL || cal == NULL)
		return NULL;
	*ret_before = *r;
	return clock_apply(r, s, cal) == OK ? r : NULL;
}

static const struct member line_member[] = {
	{ "at", F_TIME },
	{ "op", F_ENUM, .vocab = &clock_op_vocab },
	{ "due", F_TIME, .null = true },
	{ "text_zh", F_STR },
	{ "text_en", F_STR },
};
static const struct shape line_shape = { .name = "ClockLine", MEMBERS(line_member) };

static const char *const run_word[] = { "running", "stopped", "paused", "void", NULL };
static const struct vocab run_vocab = { .name = "clock_state", .word = run_word };
static const char *const unit_word[] = { "calendar", "working", NULL };
static const struct vocab unit_vocab = { .name = "clock_unit", .word = unit_word };

static const struct member run_member[] = {
	{ "clock", F_ENUM, .vocab = &clock_vocab },
	{ "run", F_INT },
	{ "state", F_ENUM, .vocab = &run_vocab },
	{ "start", F_TIME },
	{ "due", F_TIME, .null = true },
	{ "amber", F_TIME, .null = true },
	{ "stop", F_TIME, .null = true },
	{ "paused_seconds", F_INT },
	{ "unit", F_ENUM, .vocab = &unit_vocab },
	{ "length", F_STR, .help = "as 24h, 5wd" },
	{ "level", F_INT, .help = "0 in time, 1 amber, 2 red, 3 escalated" },
	{ "lines", .of = &line_shape, .list = 1 },
};
static const struct shape run_shape = { .name = "ClockRun", MEMBERS(run_member) };
static const struct member clocks_member[] = { { "clocks", .of = &run_shape, .list = 1 } };
const struct shape matter_clocks_shape = { .name = "MatterClocks", MEMBERS(clocks_member) };

static void write_run(struct req *rq, const struct replay *p, const struct clock_run *want, struct jw *out)
{
	struct clock_run run[MATTER_RUNS], before;
	size_t n = 0;
	char len[24];

	jw_obj(out);
	jw_kz(out, "clock", vocab_word(&clock_vocab, want->clock));
	jw_kint(out, "run", want->run);
	jw_kz(out, "state", want->voided ? "void" : want->stop != NIL ? "stopped" :
		want->paused_at != NIL ? "paused" : "running");
	jw_ktime(out, "start", want->start);
	jw_ktime(out, "due", want->due);
	jw_ktime(out, "amber", want->amber);
	jw_ktime(out, "stop", want->stop);
	jw_kint(out, "paused_seconds", want->paused_ms / 1000);
	jw_kz(out, "unit", want->rule.unit == UNIT_MS ? "calendar" : "working");
	span_text(want->rule, len);
	jw_kz(out, "length", len);
	jw_kint(out, "level", clock_level(want, snap_calendar(req_snap(rq)), rq->now));
	jw_karr(out, "lines");
	for (size_t i = 0; i < p->n; i++) {
		const struct calendar *cal = snap_calendar_at(req_snap(rq), p->calendar[i]);
		struct clock_run *r = apply_step(run, &n, &p->step[i], cal, &before);

		if (r != NULL && r->clock == want->clock && r->run == want->run)
			clock_explain(&before, r, &p->step[i], out);
	}
	jw_end_arr(out);
	jw_end_obj(out);
}

enum err matter_explain(struct req *rq, const struct matter *m, struct jw *out)
{
	struct replay *p = ARENA_NEW(rq->arena, struct replay);
	struct clock_run run[MATTER_RUNS];
	size_t n;
	enum err err = p == NULL ? ERR_NOMEM : load_steps(rq->db, m->id, p);

	if (err == OK)
		err = matter_runs(rq->db, m->id, run, &n);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_karr(out, "clocks");
	for (size_t i = 0; i < n; i++)
		write_run(rq, p, &run[i], out);
	jw_end_arr(out);
	jw_end_obj(out);
	return OK;
}

static bool same_run(const struct clock_run *a, const struct clock_run *b)
{
	return a->clock == b->clock && a->run == b->run && a->start == b->start && a->due == b->due &&
	       a->stop == b->stop && a->paused_ms == b->paused_ms && a->paused_at == b->paused_at &&
	       a->voided == b->voided;
}

enum err matter_replay(struct dbc *c, const struct snap *s, int64_t id, bool *ret_same)
{
	struct clock_run stored[MATTER_RUNS], again[MATTER_RUNS], before;
	struct replay p;
	size_t n, m = 0, hits = 0;
	enum err err = matter_runs(c, id, stored, &n);

	if (err == OK)
		err = load_steps(c, id, &p);
	if (err != OK)
		return err;
	for (size_t i = 0; i < p.n; i++)
		(void)apply_step(again, &m, &p.step[i], snap_calendar_at(s, p.calendar[i]), &before);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < m; k++)
			hits += same_run(&stored[i], &again[k]);
	}
	*ret_same = n == m && hits == n;
	return OK;
}
