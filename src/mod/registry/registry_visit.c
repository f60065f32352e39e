/*
 * Visits as matters, the fifth kind: opened by the program when a plan's visit comes due, done when a visit that
 * counts is entered, ended when whoever was visited confirms it, or when nobody says anything for a week. Whoever
 * says that nobody came is heard by somebody other than the visitor; if they are right the visit counts no more
 * and is made again.
 *
 * Titles, history and messages say that there is a visit and where, never why.
 */
#include <stdlib.h>
#include <string.h>

#include "core/audit.h"
#include "core/label.h"
#include "mod/registry/registry_db.h"
#include "mod/registry/registry_rules.h"

enum { VISITS_TURN = 20, VISITS_MEMORY = 64 << 20, HEAR_DAYS = 7 };

static const struct span_rule no_span = { UNIT_MS, 0 };

/* ---- its plan ---- */

static int64_t end_of(int64_t day)
{
	return date_start(date_add(day, 1)) - MS_SECOND;
}

/* Until when what is due is opened. */
static int64_t horizon(const struct app *app, int64_t today)
{
	return date_add(today, app->visit_ahead > 0 ? app->visit_ahead : VISIT_AHEAD);
}

static bool in_force(const struct care_plan *p, int64_t day)
{
	return p->ended_at == NIL && p->started <= day && p->expires >= day;
}

static enum err load(struct act *a, struct visit_row *v, struct care_plan *p)
{
	enum err err = visit_get(a->rq->db, a->m.id, v);

	return err != OK || p == NULL ? err : entity_get_any(a->rq, &care_plan_entity, v->plan_id, p);
}

/* Where it is, never whom it is about. */
static enum err take_plan(struct act *a, const struct care_plan *p)
{
	struct object_row o;
	struct str at = { NULL, 0 };
	enum err err = object_find(a->rq->db, p->target_id, a->rq->arena, &o);

	if (err == OK)
		at = o.person ? registry_home(a->rq, &o) : registry_title(a->rq, &o, true);
	if (at.p == NULL)
		at = snap_place_name(req_snap(a->rq), p->place);
	a->m.title = str_fmt(a->rq->arena, "走访：%.*s", (int)at.n, at.p);
	a->m.place = p->place;
	a->m.handler_id = p->visitor_id;
	return err != OK ? err : a->m.title.p == NULL ? ERR_NOMEM : OK;
}

static void set_auto(struct act *a, enum matter_auto what, int64_t at)
{
	a->m.auto_action = what;
	a->m.auto_at = at;
}

/* ---- opening, following, ending: by the program ---- */

static enum err start(struct act *a, int64_t due)
{
	return act_clock(a, CLOCK_HANDLE, CLK_START, (struct span_rule){ UNIT_MS, due > a->now ? due - a->now : 1 }, due);
}

static enum err do_open(struct act *a)
{
	return start(a, a->m.due_at);
}

static enum err do_follow(struct act *a)
{
	struct clock_run *r = act_run(a, CLOCK_HANDLE);
	struct visit_row v = { .id = NIL };
	struct care_plan p = { .id = NIL };
	enum err err = load(a, &v, &p);

	if (err == OK)
		err = take_plan(a, &p);
	if (err != OK || p.next_due == v.due || r == NULL)
		return err;
	int64_t due = end_of(p.next_due);

	err = act_clock(a, CLOCK_HANDLE, CLK_SET_DUE, no_span, due > r->start ? due : r->start);
	return err != OK ? err : visit_due_put(a->rq->db, v.id, p.next_due);
}

static enum err do_cancel(struct act *a)
{
	struct visit_row v = { .id = NIL };
	struct care_plan p = { .ended_reason = NIL };
	enum err err = load(a, &v, &p);

	if (err != OK)
		return err;
	if (p.ended_reason == NIL) {
		a->note = STR("走访计划到期");
		a->log_data = STR("{\"reason\":\"expired\"}");
	} else {
		struct str why = label_in(str_z(ended_vocab.label[p.ended_reason]), true);

		a->note = str_fmt(a->rq->arena, "走访计划结束：%.*s", (int)why.n, why.p);
		a->log_data = str_fmt(a->rq->arena, "{\"reason\":\"%s\"}", vocab_word(&ended_vocab, p.ended_reason));
	}
	return visit_end(a->rq->db, v.id, NIL);
}

/* ---- a visit was made ---- */

static enum err do_visited(struct act *a)
{
	const struct principal *who = a->rq->who;

	a->m.finished_at = a->now;
	set_auto(a, AUTO_CLOSE, a->now + VISIT_CONFIRM * (int64_t)MS_DAY);
	if (who != NULL && who->nposts > 0)
		a->as = &who->post[0];
	return OK;
}

static enum err confirmed(struct act *a, enum confirmed by)
{
	set_auto(a, AUTO_NONE, NIL);
	return visit_confirm_put(a->rq->db, a->m.id, by);
}

static enum err do_confirm(struct act *a)
{
	return confirmed(a, CONFIRM_SELF);
}

static enum err do_confirm_guardian(struct act *a)
{
	return confirmed(a, CONFIRM_GUARDIAN);
}

static enum err do_confirm_spot(struct act *a)
{
	return confirmed(a, CONFIRM_SPOT);
}

static enum err do_unconfirmed(struct act *a)
{
	return confirmed(a, CONFIRM_NONE);
}

/* ---- nobody came ---- */

static enum err do_object(struct act *a)
{
	struct visit_row v = { .confirmed = NIL };
	enum err err = load(a, &v, NULL);

	if (err != OK)
		return err;
	if (a->m.state == MS_CLOSED && v.confirmed != CONFIRM_SPOT && v.confirmed != CONFIRM_NONE)
		return act_fail(a, ERR_CONFLICT, "visit.confirmed", "visit", "that is settled already");
	if (a->m.finished_at == NIL || a->m.finished_at < a->now - VISIT_OBJECT * (int64_t)MS_DAY)
		return act_fail(a, ERR_CONFLICT, "visit.late", "visit", "this can be said for %d days", VISIT_OBJECT);
	a->m.closed_at = NIL;
	a->m.reopens++;
	return confirmed(a, CONFIRM_OBJECTED);
}

static enum err not_own(struct act *a, int64_t visit_id)
{
	int64_t by = NIL;
	enum err err = visit_by(a->rq->db, visit_id, &by);

	if (err == OK && a->rq->who != NULL && a->rq->who->user_id == by)
		err = act_fail(a, ERR_DENIED, "visit.own", "", "you entered this visit: somebody else decides");
	return err;
}

static enum err do_uphold(struct act *a)
{
	struct visit_row v = { .visit_id = NIL };
	enum err err = load(a, &v, NULL);

	if (err == OK)
		err = not_own(a, v.visit_id);
	a->m.result = a->in->text;
	return err != OK ? err : confirmed(a, CONFIRM_CHECKED);
}

/* Nobody goes twice: where the next visit is open already, or the plan has ended, this one ends. */
static enum err go_again(struct act *a, const struct visit_row *v, const struct care_plan *p, int64_t due)
{
	int64_t today = date_of(a->now), soon = horizon(a->rq->app, today), other = NIL;
	enum err err = visit_todo_of(a->rq->db, p->id, &other);

	if (err == OK || (err == ERR_NOT_FOUND && !in_force(p, today))) {
		a->to = MS_CLOSED;
		a->m.closed_at = a->now;
		return OK;
	}
	if (err != ERR_NOT_FOUND)
		return err;
	a->m.finished_at = NIL;
	err = take_plan(a, p);
	if (err == OK)
		err = start(a, end_of(due > soon ? due : soon));
	return err != OK ? err : visit_again(a->rq->db, v->id, due);
}

static enum err do_redo(struct act *a)
{
	struct visit_row v = { .visit_id = NIL };
	struct care_plan p = { .id = NIL };
	int64_t last = NIL;
	enum err err = load(a, &v, &p);

	if (err == OK)
		err = not_own(a, v.visit_id);
	if (err == OK)
		err = visit_refute(a->rq->db, v.visit_id, a->now);
	if (err == OK)
		err = audit_add(a->rq->db, &(struct audit_entry){ .at = a->now, .actor = a->rq->who->user_id, .action = "refute",
			.object = care_visit_entity.name, .object_id = v.visit_id, .detail = STR("{}") });
	if (err == OK)
		err = care_last(a->rq->db, p.id, p.mode, &last);
	if (err != OK)
		return err;
	int64_t due = care_due(&p, last);

	err = care_due_again(a->rq->db, p.id, due);
	return err != OK ? err : go_again(a, &v, &p, due);
}

/* ---- the kind ---- */

#define HEARERS (ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER))
#define GRID_VISITORS (ROLE(GRID_LEADER) | ROLE(GRID_WORKER_FT))
#define CLOCK(c, o) .clocks = { { CLOCK_##c, CLK_##o } }, .nclocks = 1
#define BY_PROGRAM .who = REL_SYSTEM, .flags = T_HIDDEN
#define ENDED_BY_PROGRAM .who = REL_SYSTEM, .flags = T_HIDDEN | T_CLOSES

static const struct transition visit_flow[] = {
	{ .action = "open", .to = MS_HANDLING, .who = REL_SYSTEM, .effect = do_open },
	{ .action = "follow", .from = ST(HANDLING), .to = MS_NONE, BY_PROGRAM, .effect = do_follow },
	{ .action = "cancel", .from = ST(HANDLING), .to = MS_REJECTED, ENDED_BY_PROGRAM, CLOCK(HANDLE, VOID), .effect = do_cancel },
	{ .action = "not_home", .from = ST(HANDLING), .to = MS_NONE, BY_PROGRAM },
	{ .action = "phoned", .from = ST(HANDLING), .to = MS_NONE, BY_PROGRAM },
	{ .action = "noted", .from = ST(HANDLING), .to = MS_NONE, BY_PROGRAM },
	{ .action = "visited", .from = ST(HANDLING), .to = MS_CHECKING, BY_PROGRAM, CLOCK(HANDLE, STOP), .effect = do_visited },
	{ .action = "confirm", .from = ST(CHECKING), .to = MS_CLOSED, ENDED_BY_PROGRAM, .effect = do_confirm },
	{ .action = "confirm_guardian", .from = ST(CHECKING), .to = MS_CLOSED, ENDED_BY_PROGRAM, .effect = do_confirm_guardian },
	{ .action = "confirm_spot", .from = ST(CHECKING), .to = MS_CLOSED, ENDED_BY_PROGRAM, .effect = do_confirm_spot },
	{ .action = "auto_close", .from = ST(CHECKING), .to = MS_CLOSED, ENDED_BY_PROGRAM, .effect = do_unconfirmed },
	{ .action = "object", .from = ST(CHECKING) | ST(CLOSED), .to = MS_REPORTED, BY_PROGRAM, CLOCK(VERIFY, START),
		.effect = do_object },
	{ .action = "redo", .from = ST(REPORTED), .to = MS_HANDLING, .who = HEARERS, CLOCK(VERIFY, STOP), .effect = do_redo,
		.flags = T_DANGER },
	{ .action = "uphold", .from = ST(REPORTED), .to = MS_CLOSED, .who = HEARERS, .needs = "text", CLOCK(VERIFY, STOP),
		.effect = do_uphold, .flags = T_CLOSES },
	{ .action = "alarm", .from = ST_OPEN, .to = MS_NONE, BY_PROGRAM },
	{ .action = "comment", .from = (1u << MS_MAX) - 1, .to = MS_NONE, .who = REL_ANY, .needs = "text" },
};

/* The handling clock is due on the plan's day (see start). */
static enum err span(struct act *a, enum clock_kind c, struct span_rule *ret, int64_t *ret_rule)
{
	(void)a;
	(void)ret_rule;
	*ret = (struct span_rule){ UNIT_MS, c == CLOCK_VERIFY ? HEAR_DAYS * (int64_t)MS_DAY : 0 };
	return OK;
}

static bool offers(const struct act *a, const struct transition *t)
{
	struct visit_row v = { .visit_id = NIL };
	int64_t by = NIL;

	if (t->effect != do_redo && t->effect != do_uphold)
		return true;
	return visit_get(a->rq->db, a->m.id, &v) == OK && visit_by(a->rq->db, v.visit_id, &by) == OK &&
	       a->rq->who != NULL && a->rq->who->user_id != by;
}

static const struct member visit_member[] = {
	{ "plan_id", F_ID },
	{ "target", F_STR, .null = true, .help = "masked where people are not seen in full" },
	{ "target_kind", F_ENUM, .vocab = &object_vocab },
	{ "target_id", F_ID },
	{ "target_address", F_STR, .null = true, .help = "where people are seen in full" },
	{ "mode", F_ENUM, .vocab = &care_mode_vocab },
	{ "due", F_DATE },
	{ "visit_id", F_ID, .null = true },
	{ "outcome", F_ENUM, .vocab = &care_outcome_vocab, .null = true, .help = "of the visit that was made" },
	{ "confirmed", F_ENUM, .vocab = &confirmed_vocab, .null = true },
};
static const struct shape visit_shape = { MEMBERS(visit_member) };

static enum err detail(struct req *rq, const struct matter *m, struct jw *out)
{
	struct visit_row v = { .visit_id = NIL };
	struct care_plan p = { .id = NIL };
	struct object_row o = { .person = false };
	int64_t outcome = NIL;
	bool full = rq->who == NULL || scope_sees(rq->who, person_entity.full, m->place);
	enum err err = visit_get(rq->db, m->id, &v);

	if (err == OK)
		err = entity_get_any(rq, &care_plan_entity, v.plan_id, &p);
	if (err == OK)
		err = object_find(rq->db, p.target_id, rq->arena, &o);
	if (err == OK && v.visit_id != NIL)
		err = visit_outcome(rq->db, v.visit_id, &outcome);
	if (err != OK)
		return err;
	bool people = p.target_kind == OBJECT_PERSON || p.target_kind == OBJECT_HOUSEHOLD;
	struct str address = people ? registry_home(rq, &o) : o.address;

	jw_kid(out, "plan_id", p.id);
	jw_kstr(out, "target", registry_title(rq, &o, full));
	jw_kz(out, "target_kind", vocab_word(&object_vocab, p.target_kind));
	jw_kid(out, "target_id", p.target_id);
	jw_kstr(out, "target_address", full || !people ? address : (struct str){ NULL, 0 });
	jw_kz(out, "mode", vocab_word(&care_mode_vocab, p.mode));
	jw_kdate(out, "due", v.due);
	jw_kid(out, "visit_id", v.visit_id);
	jw_kz(out, "outcome", vocab_word(&care_outcome_vocab, outcome));
	jw_kz(out, "confirmed", vocab_word(&confirmed_vocab, v.confirmed));
	return OK;
}

static const struct duty visit_duty[] = {
	{ REL_HANDLER | GRID_VISITORS, ST(HANDLING) },
	{ HEARERS, ST(REPORTED) },
};

const struct matter_kind visit_kind = {
	.number = 5,
	.name = "visit",
	.path = "visits",
	.letter = 'V',
	.read = "care.read",
	.create = "care.write",
	.flow = visit_flow,
	.nflow = ARRAY_LEN(visit_flow),
	.span = span,
	.detail = detail,
	.more = &visit_shape,
	.offers = offers,
	.duty = visit_duty,
	.nduty = ARRAY_LEN(visit_duty),
};

/* ---- from outside ---- */

static enum err act_on(struct req *rq, int64_t id, const char *action)
{
	static const struct act_in nothing = { .version = NIL };
	struct act *a = ARENA_NEW(rq->arena, struct act);

	return a == NULL ? ERR_NOMEM : matter_act(rq, &visit_kind, id, str_z(action), &nothing, 0, REL_SYSTEM, a);
}

static enum err open_visit(struct req *rq, const struct care_plan *p, int64_t *ret_id)
{
	struct act *a = ARENA_NEW(rq->arena, struct act);
	enum err err = a == NULL ? ERR_NOMEM : act_init(a, rq, &visit_kind);

	if (err == OK)
		err = take_plan(a, p);
	if (err != OK)
		return err;
	a->m.due_at = end_of(p->next_due);
	err = matter_create(a, "open");
	*ret_id = a->m.id;
	return err != OK ? err : visit_add(rq->db, a->m.id, p->id, p->next_due);
}

enum err visit_made(struct req *rq, const struct care_plan *p, const struct care_visit *v, bool done)
{
	int64_t id = NIL;
	enum err err = visit_todo_of(rq->db, p->id, &id);

	if (err != OK && err != ERR_NOT_FOUND)
		return err;
	if (!done)
		return err != OK ? OK : act_on(rq, id, care_counts(p->mode, v->outcome) ? "noted" :
			v->outcome == CARE_PHONE ? "phoned" : "not_home");
	if (err == ERR_NOT_FOUND) /* earlier than it had to be */
		err = open_visit(rq, p, &id);
	if (err == OK)
		err = act_on(rq, id, "visited");
	if (err == OK)
		err = visit_end(rq->db, id, v->id);
	return err == OK && v->on_spot == 1 ? act_on(rq, id, "confirm_spot") : err;
}

/* The history does not say by name who spoke: the audit record does. */
static enum err answer(struct req *rq, int64_t visit_id, const char *action)
{
	const struct principal *who = rq->who;
	int64_t id = NIL;
	enum err err = visit_of(rq->db, visit_id, &id);

	if (err == ERR_NOT_FOUND)
		return req_fail(rq, ERR_CONFLICT, "visit.none", "visit", "this visit does not wait for an answer");
	if (err != OK)
		return err;
	rq->who = NULL;
	err = act_on(rq, id, action);
	rq->who = who;
	return err != OK || who == NULL ? err : audit_add(rq->db, &(struct audit_entry){ .at = rq->now,
		.actor = who->user_id, .action = action, .object = care_visit_entity.name, .object_id = visit_id,
		.detail = STR("{}") });
}

enum err visit_confirm(struct req *rq, int64_t visit_id, enum confirmed by)
{
	return answer(rq, visit_id, by == CONFIRM_GUARDIAN ? "confirm_guardian" : "confirm");
}

enum err visit_object(struct req *rq, int64_t visit_id)
{
	return answer(rq, visit_id, "object");
}

static enum err settle_one(struct req *rq, int64_t id)
{
	struct visit_row v = { .plan_id = NIL };
	struct care_plan p = { .id = NIL };
	enum err err = visit_get(rq->db, id, &v);

	if (err == OK)
		err = entity_get_any(rq, &care_plan_entity, v.plan_id, &p);
	if (err != OK || v.todo != 1)
		return err;
	return act_on(rq, id, p.ended_at != NIL || p.expires < date_of(rq->now) ? "cancel" : "follow");
}

enum err visits_settle(struct req *rq, enum visits_of of, int64_t id)
{
	int64_t v[VISITS_BATCH];
	size_t n = 0;
	enum err err = visits_stale(rq->db, (int)of, id, date_of(rq->now), v, &n);

	for (size_t i = 0; i < n && err == OK; i++)
		err = settle_one(rq, v[i]);
	return err;
}

enum err registry_visits_follow(struct req *rq, int64_t target_id)
{
	return visits_settle(rq, VISITS_ABOUT, target_id);
}

/* ---- the job ---- */

struct turn {
	struct app *app;
	struct arena *arena;
	int64_t now;
	int64_t v[VISITS_BATCH];
	size_t n;
	bool opens;
};

/* Somebody may have opened it, or ended the plan, since the job looked. */
static enum err open_one(struct req *rq, int64_t plan_id)
{
	struct care_plan p = { .id = NIL };
	int64_t id = NIL, today = date_of(rq->now);
	enum err err = entity_get_any(rq, &care_plan_entity, plan_id, &p);

	if (err != OK)
		return err;
	if (!in_force(&p, today) || p.next_due > horizon(rq->app, today))
		return OK;
	err = visit_todo_of(rq->db, plan_id, &id);
	return err == ERR_NOT_FOUND ? open_visit(rq, &p, &id) : err;
}

static enum err turn_tx(struct dbc *c, void *arg)
{
	struct turn *t = arg;
	struct req rq;
	enum err err = OK;

	arena_reset(t->arena);
	req_local(&rq, t->app, c, t->arena, NULL, t->now);
	for (size_t i = 0; i < t->n && err == OK; i++) {
		err = t->opens ? open_one(&rq, t->v[i]) : settle_one(&rq, t->v[i]);
		if (err == ERR_CONFLICT || err == ERR_INVALID || err == ERR_DENIED || err == ERR_NOT_FOUND) {
			log_msg(t->app->log, LOG_ERROR, "visits", "%lld: %s", (long long)t->v[i], rq.err.message);
			err = OK; /* the others do not wait for it */
		}
	}
	req_local_done(&rq);
	return err;
}

/* Whether another batch may wait. */
static enum err batch(struct turn *t, struct dbc *reader, bool *ret_more)
{
	int64_t today = date_of(t->now);
	enum err err = t->opens ? visits_due(reader, today, horizon(t->app, today), t->v, &t->n) :
				  visits_stale(reader, VISITS_ALL, NIL, today, t->v, &t->n);

	if (err == OK && t->n > 0)
		err = db_write(t->app->db, turn_tx, t);
	*ret_more = t->n == VISITS_BATCH;
	return err;
}

enum err visits_turn(struct app *app, struct dbc *reader, int64_t now)
{
	struct turn *t = calloc(1, sizeof(*t));
	enum err err = OK;

	if (t == NULL)
		return ERR_NOMEM;
	t->app = app;
	t->now = now;
	t->arena = arena_new(VISITS_MEMORY);
	if (t->arena == NULL)
		err = ERR_NOMEM;
	for (int pass = 0; pass < 2 && err == OK; pass++) {
		bool more = true;

		t->opens = pass == 1;
		for (int i = 0; i < VISITS_TURN && more && err == OK; i++)
			err = batch(t, reader, &more);
	}
	arena_free(t->arena);
	free(t);
	return err;
}
