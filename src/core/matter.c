/*
 * The matter engine: one action from request to stored change.
 *
 * find the transition → may this user? → are its inputs there? → the kind's effect → clocks → store the
 * row, its runs, the history line, the audit entry, the tallies' difference and the outbox message, all
 * in the caller's transaction.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/audit.h"
#include "core/file.h"
#include "core/matter_db.h"
#include "core/matter_flow.h"
#include "core/notify.h"
#include "core/search.h"
#include "core/tally.h"

enum err act_fail(struct act *a, enum err err, const char *code, const char *field, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(&a->rq->err, err, code, field, "%s", text);
}

bool act_has(const struct act *a, const char *member)
{
	for (size_t i = 0; i < act_fields.n; i++) {
		if (strcmp(act_fields.v[i].name, member) == 0)
			return (a->given & (UINT64_C(1) << i)) && !field_is_nil(&act_fields.v[i], a->in);
	}
	return false;
}

enum err act_init(struct act *a, struct req *rq, const struct matter_kind *k)
{
	static const struct act_in nothing = { .version = NIL };

	memset(a, 0, sizeof(*a));
	a->rq = rq;
	a->snap = req_snap(rq);
	a->kind = k;
	a->now = rq->now;
	a->in = &nothing;
	fields_clear(&matter_fields, &a->m);
	a->m.kind = k->number;
	a->m.track = TRACK_NONE;
	a->m.urgency = URG_U3;
	a->m.source = SRC_DESK;
	a->m.reported_at = rq->now;
	a->m.sealed = a->m.anonymous = a->m.supervised = 0;
	a->m.level = a->m.auto_action = 0;
	a->m.supporters = a->m.reopens = a->m.returns = a->m.extensions = a->m.fails = 0;
	a->m.self_closed = a->m.sampled = 0;
	a->old = a->m;
	return OK;
}

/* ---- clocks ---- */

struct clock_run *act_run(struct act *a, enum clock_kind c)
{
	struct clock_run *last = NULL;

	for (size_t i = 0; i < a->nrun; i++) {
		if (a->run[i].clock == c && (last == NULL || a->run[i].run > last->run))
			last = &a->run[i];
	}
	return last;
}

static bool running(const struct clock_run *r)
{
	return r->start != NIL && r->stop == NIL && !r->voided;
}

static const struct calendar *calendar_of(const struct act *a)
{
	return snap_calendar(a->snap);
}

enum err act_clock(struct act *a, enum clock_kind c, enum clock_op op, struct span_rule arg, int64_t due)
{
	struct clock_step s = { .clock = c, .op = op, .at = a->now, .arg = arg, .due = due };
	struct clock_run *r = act_run(a, c);
	enum err err;

	if (op == CLK_START) {
		if (a->nrun == MATTER_RUNS)
			return act_fail(a, ERR_LIMIT, "matter.runs", "", "this matter was restarted too often");
		int run = r != NULL ? r->run + 1 : 1;

		r = &a->run[a->nrun];
		*r = (struct clock_run){ .clock = c, .run = run, .start = NIL, .due = NIL, .amber = NIL,
			.stop = NIL, .paused_at = NIL };
		a->nrun++;
	} else if (r == NULL) {
		return OK; /* nothing to stop or pause */
	} else if (op == CLK_STOP && !running(r)) {
		return OK;
	}
	if (a->nstep == MATTER_STEPS)
		return ERR_BUG;
	err = clock_apply(r, &s, calendar_of(a));
	if (err == ERR_NOT_FOUND)
		return act_fail(a, ERR_CONFLICT, "calendar.year", "",
			"the working calendar lacks a year this deadline needs: ask the administrator to import it");
	if (err == ERR_CONFLICT)
		return act_fail(a, ERR_CONFLICT, "clock.state", "", "the clock does not allow this now");
	if (err != OK)
		return err;
	a->run_dirty[r - a->run] = true;
	a->step[a->nstep++] = s;
	return OK;
}

static enum err run_clocks(struct act *a)
{
	for (size_t i = 0; i < a->t->nclocks; i++) {
		const struct clock_do *d = &a->t->clocks[i];
		struct span_rule span = { UNIT_MS, 0 };
		enum err err = OK;

		if (d->op == CLK_START) {
			int64_t rule = NIL;

			err = a->kind->span(a, d->clock, &span, &rule);
			if (err == OK && span.len <= 0)
				continue; /* this kind has no such clock */
			if (rule != NIL)
				a->m.rule_id = rule;
		}
		if (err == OK)
			err = act_clock(a, d->clock, d->op, span, NIL);
		if (err != OK)
			return err;
	}
	return OK;
}

/* The row's summary of its clocks: which is due first, how late, when to look again. */
static void summarize(struct act *a)
{
	struct matter *m = &a->m;

	m->clock = NIL;
	m->due_at = NIL;
	m->wake_at = m->auto_at;
	m->open = (ST_OPEN >> m->state) & 1;
	int64_t level = 0;

	for (size_t i = 0; m->open && i < a->nrun; i++) { /* nothing is due of what has ended */
		const struct clock_run *r = &a->run[i];
		int64_t next;

		if (!running(r) || r->paused_at != NIL)
			continue;
		if (m->due_at == NIL || r->due < m->due_at) {
			m->due_at = r->due;
			m->clock = r->clock;
		}
		if (clock_level(r, calendar_of(a), a->now) > level)
			level = clock_level(r, calendar_of(a), a->now);
		next = clock_next(r, calendar_of(a), a->now);
		if (next != NIL && (m->wake_at == NIL || next < m->wake_at))
			m->wake_at = next;
	}
	m->level = level;
}

/* ---- storing ---- */

static enum err send_message(struct act *a)
{
	struct message msg = { .topic = "matter", .at = a->now, .user_id = NIL };
	struct buf b;
	struct jw j;
	enum err err;

	buf_init(&b, 4096);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_kid(&j, "id", a->m.id);
	jw_kz(&j, "kind", a->kind->name);
	jw_kz(&j, "action", a->t->action);
	jw_kz(&j, "state", vocab_word(&mstate_vocab, a->m.state));
	jw_kid(&j, "place", a->m.place);
	jw_kreal(&j, "lon", a->m.lon);
	jw_kreal(&j, "lat", a->m.lat);
	jw_kint(&j, "level", a->m.level);
	jw_end_obj(&j);
	msg.data = buf_view(&b);
	matter_view_of(&a->m, &msg.about);
	err = b.failed ? ERR_NOMEM : notify_add(a->rq->db, &msg);
	buf_release(&b);
	return err;
}

static enum err add_audit(struct act *a)
{
	char action[64];

	snprintf(action, sizeof(action), "act.%s", a->t->action);
	struct audit_entry e = {
		.at = a->now,
		.actor = a->rq->who != NULL ? a->rq->who->user_id : NIL,
		.action = action,
		.object = a->kind->name,
		.object_id = a->m.id,
		.detail = str_fmt(a->rq->arena, "{\"version\":%lld,\"state\":[\"%s\",\"%s\"]}",
			(long long)a->m.version, vocab_word(&mstate_vocab, a->is_new ? MS_NONE : a->old.state),
			vocab_word(&mstate_vocab, a->m.state)),
	};

	return audit_add(a->rq->db, &e);
}

static enum err store_tallies(struct act *a, const struct tally *before, size_t nbefore)
{
	struct tally after[TALLY_MAX];
	size_t n;

	if (a->kind->tally == NULL)
		return OK;
	n = a->kind->tally(&a->m, a->run, a->nrun, after);
	return tally_diff(a->rq->db, a->kind->number, a->old.place, before, nbefore, a->m.place, after, n);
}

static enum err store_persons(struct act *a)
{
	const struct principal *who = a->rq->who;

	if (who == NULL || a->as == NULL)
		return OK;
	/* Whoever works on it from the unit's side has handled it; others decided. */
	bool handled = (a->t->from & (ST(DISPATCHED) | ST(HANDLING) | ST(PAUSED))) && (a->t->who & REL_UNIT) &&
		       a->as->unit_id != NIL && a->as->unit_id == a->old.unit_id;

	handled = handled || strcmp(a->t->action, "self_close") == 0;
	return matter_party_add(a->rq->db, a->m.id, who->user_id, handled ? PART_HANDLED : PART_DECIDED);
}

static enum err index_text(struct act *a)
{
	struct str now[3] = { a->m.title, a->m.text, a->m.address };
	struct str old[3] = { a->old.title, a->old.text, a->old.address };

	if (a->is_new)
		return search_add(a->rq->db, a->m.id, a->m.title, a->m.text, a->m.address);
	if (str_eq(now[0], old[0]) && str_eq(now[1], old[1]) && str_eq(now[2], old[2]))
		return OK;
	return search_replace(a->rq->db, a->m.id, old, now);
}

static enum err store(struct act *a, const struct tally *before, size_t nbefore)
{
	enum err err = matter_store(a);

	if (err == OK)
		err = matter_log_add(a);
	if (err == OK)
		err = store_persons(a);
	if (err == OK)
		err = index_text(a);
	if (err == OK)
		err = store_tallies(a, before, nbefore);
	if (err == OK && a->in->files.p != NULL)
		err = file_attach(a->rq, a->in->files, a->m.id);
	if (err == OK)
		err = add_audit(a);
	if (err == OK)
		err = send_message(a);
	if (err == OK && a->kind->after != NULL)
		err = a->kind->after(a);
	return err;
}

static void apply_state(struct act *a)
{
	struct matter *m = &a->m;

	if (a->to != MS_NONE)
		m->state = a->to;
	if (m->state == MS_ACCEPTED && m->accepted_at == NIL)
		m->accepted_at = a->now;
	if (a->t->flags & T_CLOSES) {
		m->closed_at = a->now;
		if (m->accepted_at == NIL)
			m->accepted_at = a->now;
	}
}

static enum err run(struct act *a)
{
	struct tally before[TALLY_MAX];
	size_t nbefore = 0;
	enum err err = OK;

	if (!a->is_new && a->kind->tally != NULL)
		nbefore = a->kind->tally(&a->old, a->run, a->nrun, before);
	a->to = a->t->to;
	if (a->t->effect != NULL)
		err = a->t->effect(a);
	if (err == OK)
		err = run_clocks(a);
	if (err != OK)
		return err;
	apply_state(a);
	summarize(a);
	return store(a, before, nbefore);
}

enum err matter_carry(struct req *rq, int64_t id, int64_t place, int64_t unit_id, struct str note)
{
	static const struct transition carry = { .action = "carry", .to = MS_NONE };
	struct act *a = ARENA_NEW(rq->arena, struct act);
	struct tally before[TALLY_MAX];
	size_t nbefore = 0;
	struct matter m;
	enum err err = a == NULL ? ERR_NOMEM : matter_load(rq->db, rq->arena, id, &m);
	const struct matter_kind *k = err == OK ? matter_kind_of(rq->app, m.kind) : NULL;

	if (err == OK)
		err = k == NULL ? ERR_BUG : act_init(a, rq, k);
	if (err != OK)
		return err;
	a->t = &carry;
	a->m = a->old = m;
	a->note = note;
	err = matter_runs(rq->db, id, a->run, &a->nrun);
	if (err != OK)
		return err;
	if (k->tally != NULL)
		nbefore = k->tally(&a->old, a->run, a->nrun, before);
	a->m.place = place;
	if (unit_id != NIL)
		a->m.unit_id = unit_id;
	err = matter_store(a);
	if (err == OK)
		err = matter_log_add(a);
	if (err == OK)
		err = store_tallies(a, before, nbefore);
	if (err == OK)
		err = add_audit(a);
	return err != OK ? err : send_message(a);
}

enum err matter_create(struct act *a, const char *action)
{
	a->t = NULL;
	for (size_t i = 0; i < a->kind->nflow; i++) {
		if (a->kind->flow[i].from == 0 && strcmp(a->kind->flow[i].action, action) == 0)
			a->t = &a->kind->flow[i];
	}
	if (a->t == NULL)
		return ERR_BUG;
	a->is_new = true;
	a->m.id = db_new_id(a->rq->db);
	if (a->m.id == NIL)
		return ERR_RETRY;
	if (a->as == NULL && a->rq->who != NULL && a->rq->who->nposts > 0)
		a->as = flow_post(a->rq->who, a->t->who, &a->m);
	return run(a);
}

/* ---- acting ---- */

static enum err check_needs(struct act *a, const char *needs)
{
	struct str rest = str_z(needs), word;

	while (str_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		const char *name = str_cstr(a->rq->arena, word);

		if (name == NULL)
			return ERR_NOMEM;
		if (!act_has(a, name))
			return act_fail(a, ERR_INVALID, "required", name, "%s needs %s", a->t->action, name);
	}
	return OK;
}

static bool listed(const char *list, const char *name)
{
	struct str rest = str_z(list), word;

	while (list != NULL && str_split(&rest, ' ', &word)) {
		if (str_eqz(word, name))
			return true;
	}
	return false;
}

static enum err check_allowed(struct act *a, const char *needs)
{
	for (size_t i = 0; i < act_fields.n; i++) {
		const char *name = act_fields.v[i].name;

		if (!(a->given & (UINT64_C(1) << i)) || field_is_nil(&act_fields.v[i], a->in) ||
		    listed("version text files", name) || listed(a->t->needs, name) ||
		    listed(a->t->allows, name) || listed(needs, name))
			continue;
		return act_fail(a, ERR_INVALID, "unknown_field", name, "%s does not take %s", a->t->action, name);
	}
	return OK;
}

static enum err find_transition(struct act *a, struct str action, uint64_t as)
{
	bool known = false, fits = false;

	for (size_t i = 0; i < a->kind->nflow; i++) {
		const struct transition *t = &a->kind->flow[i];

		if (t->from == 0 || !str_eqz(action, t->action))
			continue;
		known = true;
		if (!((t->from >> a->m.state) & 1))
			continue;
		fits = true;
		bool allowed;
		enum err err = flow_may(a, t, as, &allowed);

		if (err != OK)
			return err;
		if (allowed) {
			a->t = t;
			return OK;
		}
	}
	if (!known)
		return act_fail(a, ERR_NOT_FOUND, "matter.action", "action", "there is no such action");
	if (!fits)
		return act_fail(a, ERR_CONFLICT, "matter.state", "", "this cannot be done while it is %s",
			vocab_word(&mstate_vocab, a->m.state));
	return act_fail(a, ERR_DENIED, "matter.not_allowed", "", "your posts do not allow this action here");
}

static enum err load_for_act(struct act *a, int64_t id, uint64_t as)
{
	struct req *rq = a->rq;
	enum err err;

	if (as != 0)
		err = matter_load(rq->db, rq->arena, id, &a->m);
	else
		err = matter_see(rq, id, &a->m);
	if (err == ERR_NOT_FOUND || (err == OK && a->m.kind != a->kind->number))
		return act_fail(a, ERR_NOT_FOUND, "not_found", "id", "there is no such matter");
	if (err != OK)
		return err;
	a->old = a->m;
	return matter_runs(rq->db, id, a->run, &a->nrun);
}

enum err matter_act(struct req *rq, const struct matter_kind *k, int64_t id, struct str action,
		    const struct act_in *in, uint64_t given, uint64_t as, struct act *ret)
{
	struct act *a = ret;
	const char *extra;
	enum err err = act_init(a, rq, k);

	a->in = in;
	a->given = given;
	if (err == OK)
		err = load_for_act(a, id, as);
	if (err == OK && in->version != NIL && in->version != a->m.version)
		err = act_fail(a, ERR_CONFLICT, "conflict.version", "version",
			"somebody changed it meanwhile; reload and try again");
	if (err == OK)
		err = find_transition(a, action, as);
	if (err != OK)
		return err;
	extra = flow_extra_needs(a);
	err = check_needs(a, a->t->needs);
	if (err == OK)
		err = check_needs(a, extra);
	if (err == OK)
		err = check_allowed(a, extra);
	return err != OK ? err : run(a);
}
