/*
 * The matter engine by a tiny kind of its own: what a transition checks and in which order, what an
 * administrator's rule changes and what it cannot, clocks without a calendar, the sweeper's patience, and the
 * roll-ups' differences and folds (R027, R028, R033).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/account.h"
#include "core/matter_db.h"
#include "core/matter_sweep.h"
#include "core/tally.h"
#include "core/test_core.h"

#define UNIT INT64_C(501)
#define T0 INT64_C(1772416800000)

/* ---- the kind ---- */

static enum err never(struct act *a)
{
	return act_fail(a, ERR_CONFLICT, "job.never", "", "not today");
}

static enum err plan(struct act *a)
{
	a->m.auto_action = AUTO_CLOSE;
	a->m.auto_at = a->now + MS_HOUR;
	return OK;
}

static enum err move(struct act *a)
{
	a->m.place = a->in->place;
	return OK;
}

static const struct transition flow[] = {
	{ .action = "make", .to = MS_REPORTED, .who = ROLE(DUTY_OFFICER), .clocks = { { CLOCK_ACCEPT, CLK_START } }, .nclocks = 1 },
	{ .action = "take", .from = ST(REPORTED), .to = MS_ACCEPTED, .who = ROLE(DUTY_OFFICER), .needs = "text",
		.allows = "urgency", .clocks = { { CLOCK_ACCEPT, CLK_STOP } }, .nclocks = 1 },
	{ .action = "work", .from = ST(ACCEPTED), .to = MS_HANDLING, .who = REL_UNIT,
		.clocks = { { CLOCK_HANDLE, CLK_START } }, .nclocks = 1 },
	{ .action = "done", .from = ST(HANDLING), .to = MS_CHECKING, .who = REL_UNIT,
		.clocks = { { CLOCK_HANDLE, CLK_STOP } }, .nclocks = 1 },
	{ .action = "pass", .from = ST(CHECKING), .to = MS_CLOSED, .who = ROLE(DUTY_OFFICER) | NOT_HANDLER, .flags = T_CLOSES },
	{ .action = "plan", .from = ST(REPORTED), .to = MS_NONE, .who = ROLE(DUTY_OFFICER), .effect = plan },
	{ .action = "move", .from = ST_OPEN, .to = MS_NONE, .who = ROLE(DUTY_OFFICER), .needs = "place", .effect = move },
	{ .action = "restart", .from = ST(ACCEPTED), .to = MS_NONE, .who = ROLE(DUTY_OFFICER),
		.clocks = { { CLOCK_VERIFY, CLK_START } }, .nclocks = 1 },
	{ .action = "by_the_hour", .from = ST(ACCEPTED), .to = MS_NONE, .who = ROLE(DUTY_OFFICER),
		.clocks = { { CLOCK_SIGN, CLK_START } }, .nclocks = 1 },
	{ .action = "auto_close", .from = ST(REPORTED), .to = MS_CLOSED, .who = REL_SYSTEM, .effect = never, .flags = T_HIDDEN },
	{ .action = "alarm", .from = ST_OPEN, .to = MS_NONE, .who = REL_SYSTEM, .flags = T_HIDDEN },
};

static enum err span(struct act *a, enum clock_kind c, struct span_rule *ret, int64_t *ret_rule)
{
	(void)a;
	(void)ret_rule;
	*ret = (struct span_rule){ c == CLOCK_SIGN ? UNIT_WORK_MS : UNIT_MS, MS_HOUR };
	return OK;
}

static size_t tally(const struct matter *m, const struct clock_run *run, size_t nrun, struct tally out[TALLY_MAX])
{
	(void)run;
	(void)nrun;
	out[0] = (struct tally){ .measure = TALLY_STATE, .dim = (int)m->state, .n = 1 };
	return 1;
}

static const struct matter_kind kind = { .number = 3, .name = "job", .path = "jobs", .letter = 'J', .read = "event.read",
	.create = "event.create", .flow = flow, .nflow = ARRAY_LEN(flow), .span = span, .tally = tally };
static const struct matter_kind other = { .number = 4, .name = "other", .path = "others", .letter = 'O',
	.read = "event.read", .create = "event.create", .flow = flow, .nflow = ARRAY_LEN(flow), .span = span };

static const struct module *const modules[] = { &account_module, &matter_module, NULL };

static void prepare(struct core_test *t)
{
	t->app.kind[0] = &kind;
	t->app.kind[1] = &other;
	t->app.nkind = 2;
	core_test_sql(t, "INSERT INTO unit (id, version, name, kind, place, active, created_at, updated_at) "
		"VALUES (501, 1, 'U', 0, $1, 1, 0, 0)", ARGS(I(PLACE_STREET_A)));
	core_test_post(t, core_test_user(t, "duty"), ROLE_DUTY_OFFICER, PLACE_STREET_A);
	core_test_post(t, core_test_user(t, "far"), ROLE_DUTY_OFFICER, PLACE_STREET_B);
	core_test_post(t, core_test_user(t, "clerk"), ROLE_POST_CLERK, PLACE_STREET_A);
	/* works at the unit, and may check what others did there */
	core_test_post(t, core_test_user(t, "both"), ROLE_DUTY_OFFICER, PLACE_STREET_A);
	core_test_sql(t, "UPDATE post SET unit_id = 501 WHERE user_id IN (SELECT id FROM account WHERE login IN ('clerk', "
		"'both'))", NO_ARGS);
	assert_int_equal(snap_reload(&t->app, t->reader), OK);
}

static struct core_case on_sqlite = { DB_SQLITE, modules, prepare }, on_pg = { DB_PG, modules, prepare };

/* ---- one action ---- */

struct try {
	struct core_test *t;
	const struct matter_kind *kind;
	const char *login, *action;
	int64_t id, now;
	struct act_in in;
	uint64_t given;
	char code[64];
	struct matter m;
};

static enum err try_tx(struct dbc *c, void *arg)
{
	struct try *x = arg;
	struct arena *mem = arena_new(4 << 20);
	struct act *a = ARENA_NEW(mem, struct act);
	struct principal *who = NULL;
	struct req rq;
	enum err err;

	assert_non_null(a);
	assert_int_equal(principal_of_login(c, str_z(x->login), time_now(), mem, &who), OK);
	req_local(&rq, &x->t->app, c, mem, who, x->now);
	if (x->id == 0) {
		err = act_init(a, &rq, x->kind);
		a->m.title = STR("一件事");
		a->m.place = PLACE_GRID_A;
		a->m.unit_id = UNIT;
		if (err == OK)
			err = matter_create(a, x->action);
	} else {
		err = matter_act(&rq, x->kind, x->id, str_z(x->action), &x->in, x->given, 0, a);
	}
	snprintf(x->code, sizeof(x->code), "%s", err != OK ? rq.err.code : "");
	x->m = a->m;
	x->m.title = x->m.text = (struct str){ NULL, 0 };
	req_local_done(&rq);
	arena_free(mem);
	return err;
}

static struct try plain(struct core_test *t, const char *login, int64_t id, const char *action)
{
	struct try x = { .t = t, .kind = &kind, .login = login, .id = id, .action = action, .now = T0 };

	fields_clear(&act_fields, &x.in);
	return x;
}

static void give(struct try *x, const char *member)
{
	for (size_t i = 0; i < act_fields.n; i++) {
		if (strcmp(act_fields.v[i].name, member) == 0)
			x->given |= UINT64_C(1) << i;
	}
}

static void run(struct try *x, enum err want, const char *code)
{
	enum err got = core_test_write(x->t, try_tx, x);

	if (got != want || (want != OK && strcmp(x->code, code) != 0))
		fail_msg("%s by %s: %s %s, wanted %s %s", x->action, x->login, err_name(got), x->code, err_name(want), code);
}

static int64_t made(struct core_test *t)
{
	struct try x = plain(t, "duty", 0, "make");

	run(&x, OK, "");
	assert_int_equal(x.m.version, 1);
	return x.m.id;
}

static void simple(struct core_test *t, const char *login, int64_t id, const char *action, enum err want, const char *code)
{
	struct try x = plain(t, login, id, action);

	run(&x, want, code);
}

static void take(struct core_test *t, int64_t id)
{
	struct try x = plain(t, "duty", id, "take");

	x.in.text = STR("收到");
	give(&x, "text");
	run(&x, OK, "");
}

static int64_t number(struct core_test *t, const char *sql, int64_t id)
{
	int64_t v = NIL;

	assert_int_equal(db_int(t->reader, sql, ARGS(I(id)), &v), OK);
	return v;
}

/* ---- tests ---- */

static void test_checks(void **state)
{
	struct core_test *t = *state;
	struct try x;
	int64_t id;

	core_test_need(t);
	id = made(t);
	/* seen? → version → action → state → who → needs → allowed members */
	simple(t, "far", id, "take", ERR_NOT_FOUND, "not_found");
	simple(t, "duty", id + 100000, "take", ERR_NOT_FOUND, "not_found");
	x = plain(t, "duty", id, "take");
	x.kind = &other;
	run(&x, ERR_NOT_FOUND, "not_found"); /* another kind's */
	x = plain(t, "duty", id, "nothing");
	x.in.version = 7;
	run(&x, ERR_CONFLICT, "conflict.version");
	simple(t, "duty", id, "nothing", ERR_NOT_FOUND, "matter.action");
	simple(t, "duty", id, "make", ERR_NOT_FOUND, "matter.action");
	simple(t, "duty", id, "pass", ERR_CONFLICT, "matter.state");
	simple(t, "clerk", id, "take", ERR_DENIED, "matter.not_allowed");
	simple(t, "duty", id, "auto_close", ERR_DENIED, "matter.not_allowed");
	simple(t, "duty", id, "take", ERR_INVALID, "required");
	x = plain(t, "duty", id, "take");
	give(&x, "text"); /* given, but null */
	run(&x, ERR_INVALID, "required");
	x.in.text = STR("收到");
	x.in.score = 3;
	give(&x, "score");
	run(&x, ERR_INVALID, "unknown_field");
	assert_int_equal(number(t, "SELECT version FROM matter WHERE id = $1", id), 1);
	assert_int_equal(number(t, "SELECT count(*) AS n FROM matter_log WHERE matter_id = $1", id), 1);
	x = plain(t, "duty", id, "take");
	x.in.version = 1;
	x.in.text = STR("收到");
	give(&x, "text");
	run(&x, OK, "");
	assert_true(x.m.version == 2 && x.m.state == MS_ACCEPTED && x.m.accepted_at == T0);
	assert_int_equal(number(t, "SELECT max(version) AS v FROM matter_log WHERE matter_id = $1", id), 2);
	assert_int_equal(number(t, "SELECT count(*) AS n FROM outbox WHERE matter_id = $1", id), 2);
	assert_int_equal(number(t, "SELECT count(*) AS n FROM audit WHERE object_id = $1 AND object = 'job'", id), 2);
	run(&x, ERR_CONFLICT, "conflict.version");
}

static void test_nobody_checks_their_own_work(void **state)
{
	struct core_test *t = *state;
	int64_t id;

	core_test_need(t);
	id = made(t);
	take(t, id);
	simple(t, "clerk", id, "work", OK, "");
	simple(t, "both", id, "done", OK, "");
	simple(t, "both", id, "pass", ERR_DENIED, "matter.not_allowed");
	/* not even when an administrator says that everybody may */
	core_test_sql(t, "INSERT INTO flow_rule (id, version, kind, action, roles, created_at, updated_at) "
		"VALUES (1, 1, 'job', 'pass', 'duty_officer post_clerk', 0, 0)", NO_ARGS);
	assert_int_equal(snap_reload(&t->app, t->reader), OK);
	simple(t, "both", id, "pass", ERR_DENIED, "matter.not_allowed");
	simple(t, "duty", id, "pass", OK, "");
}

static void test_rules_of_an_administrator(void **state)
{
	struct core_test *t = *state;
	struct try x;
	int64_t id;

	core_test_need(t);
	id = made(t);
	core_test_sql(t, "INSERT INTO flow_rule (id, version, kind, action, roles, needs, created_at, updated_at) "
		"VALUES (1, 1, 'job', 'take', 'post_clerk', 'urgency', 0, 0)", NO_ARGS);
	core_test_sql(t, "INSERT INTO flow_rule (id, version, kind, action, roles, created_at, updated_at) "
		"VALUES (2, 1, 'other', 'plan', 'post_clerk', 0, 0)", NO_ARGS);
	assert_int_equal(snap_reload(&t->app, t->reader), OK);
	x = plain(t, "duty", id, "take");
	x.in.text = STR("收到");
	give(&x, "text");
	run(&x, ERR_DENIED, "matter.not_allowed"); /* another role now */
	x.login = "clerk";
	run(&x, ERR_INVALID, "required"); /* and one field more */
	x.in.urgency = URG_U1;
	give(&x, "urgency");
	run(&x, OK, "");
	id = made(t);
	simple(t, "duty", id, "plan", OK, ""); /* a rule of another kind does not count here */
}

static void test_clocks(void **state)
{
	struct core_test *t = *state;
	struct clock_run r[MATTER_RUNS];
	bool same = false;
	int64_t id;
	size_t n;

	core_test_need(t);
	id = made(t);
	assert_int_equal(number(t, "SELECT due_at FROM matter WHERE id = $1", id), T0 + MS_HOUR);
	assert_int_equal(number(t, "SELECT wake_at FROM matter WHERE id = $1", id), T0 + MS_HOUR * 3 / 4);
	take(t, id);
	assert_int_equal(number(t, "SELECT COALESCE(due_at, 0) AS v FROM matter WHERE id = $1", id), 0);
	/* the calendar has no year: working hours are refused, and nothing is written */
	simple(t, "duty", id, "by_the_hour", ERR_CONFLICT, "calendar.year");
	assert_int_equal(number(t, "SELECT version FROM matter WHERE id = $1", id), 2);
	/* a clock may start again and again, but not for ever */
	for (int i = 1; i < MATTER_RUNS; i++)
		simple(t, "duty", id, "restart", OK, "");
	simple(t, "duty", id, "restart", ERR_LIMIT, "matter.runs");
	assert_int_equal(matter_runs(t->reader, id, r, &n), OK);
	assert_int_equal(n, MATTER_RUNS);
	assert_int_equal(matter_replay(t->reader, t->app.snap, id, &same), OK);
	assert_true(same);
	/* a run changed behind the history's back is noticed */
	core_test_sql(t, "UPDATE matter_run SET due = due + 1 WHERE matter_id = $1 AND clock = 3 AND run = 5", ARGS(I(id)));
	assert_int_equal(matter_replay(t->reader, t->app.snap, id, &same), OK);
	assert_false(same);
}

static void test_sweeper(void **state)
{
	struct core_test *t = *state;
	int64_t id, late;

	core_test_need(t);
	t->log.level = LOG_ERROR + 1; /* the refusal below is told to the log */
	late = made(t);
	id = made(t);
	simple(t, "duty", id, "plan", OK, "");
	/* before its time nothing happens */
	assert_int_equal(matter_sweep(&t->app, t->reader, T0 + MS_HOUR / 2), OK);
	assert_int_equal(number(t, "SELECT version FROM matter WHERE id = $1", late), 1);
	/* what is refused waits an hour and holds up nobody else */
	assert_int_equal(matter_sweep(&t->app, t->reader, T0 + MS_HOUR + 1), OK);
	assert_int_equal(number(t, "SELECT version FROM matter WHERE id = $1", id), 2);
	assert_int_equal(number(t, "SELECT wake_at FROM matter WHERE id = $1", id), T0 + MS_HOUR + 1 + MS_HOUR);
	assert_int_equal(number(t, "SELECT level FROM matter WHERE id = $1", late), 2);
	assert_int_equal(number(t, "SELECT count(*) AS n FROM matter_log WHERE matter_id = $1 AND action = 'alarm' "
		"AND actor_id IS NULL", late), 1);
}

/* ---- roll-ups ---- */

static int64_t count(struct core_test *t, int64_t place, int state)
{
	int64_t n = NIL;

	assert_int_equal(tally_sum(t->reader, place, kind.number, TALLY_STATE, state, 0, 0, &n), OK);
	return n;
}

static enum err fold_two(struct dbc *c, void *arg)
{
	return tally_fold(c, 2, arg);
}

static void check_counts(struct core_test *t, int64_t a, int64_t b, int64_t accepted)
{
	assert_int_equal(count(t, PLACE_DISTRICT, -1), a + b);
	assert_int_equal(count(t, PLACE_STREET_A, -1), a);
	assert_int_equal(count(t, PLACE_GRID_A, -1), a);
	assert_int_equal(count(t, PLACE_STREET_B, -1), b);
	assert_int_equal(count(t, PLACE_GRID_B, -1), b);
	assert_int_equal(count(t, PLACE_DISTRICT, MS_ACCEPTED), accepted);
	assert_int_equal(count(t, PLACE_DISTRICT, MS_REPORTED), a + b - accepted);
}

/* A move between streets takes the counts along, folded or not. */
static void test_tallies(void **state)
{
	struct core_test *t = *state;
	int64_t first, second, n = 1, dims[MS_MAX];
	struct try x;

	core_test_need(t);
	first = made(t);
	second = made(t);
	check_counts(t, 2, 0, 0);
	assert_int_equal(core_test_write(t, fold_two, &n), OK);
	check_counts(t, 2, 0, 0);
	take(t, first);
	x = plain(t, "duty", second, "move");
	x.in.place = PLACE_GRID_B;
	give(&x, "place");
	run(&x, OK, "");
	check_counts(t, 1, 1, 1);
	while (n > 0) {
		assert_int_equal(core_test_write(t, fold_two, &n), OK);
		check_counts(t, 1, 1, 1);
	}
	assert_int_equal(number(t, "SELECT count(*) AS n FROM tally_delta WHERE id > $1", 0), 0);
	assert_int_equal(tally_by_dim(t->reader, PLACE_DISTRICT, kind.number, TALLY_STATE, 0, 0, dims, MS_MAX), OK);
	assert_true(dims[MS_REPORTED] == 1 && dims[MS_ACCEPTED] == 1 && dims[MS_CLOSED] == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CORE_BOTH(test_checks), CORE_BOTH(test_nobody_checks_their_own_work),
		CORE_BOTH(test_rules_of_an_administrator), CORE_BOTH(test_clocks), CORE_BOTH(test_sweeper),
		CORE_BOTH(test_tallies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
