/*
 * Visit plans and visits, and what share of the plans was kept (R034): plans with a visit that counts inside
 * their cycle ÷ plans in force. Whoever moved away, died or withdrew consent leaves the count from that day,
 * with the reason. Nobody at home on two different days is "pending", which is not covered.
 */
#include <math.h>
#include <string.h>

#include "mod/registry/registry_db.h"
#include "mod/registry/registry_rules.h"

enum { MISSED_MAX = 500, LEFT_DAYS = 90, TRIES = 2, PLAN_YEARS = 10, AHEAD_DAYS = 7, DUE_DEFAULT = 100, DUE_MAX = 500,
       CONFIRM_DAYS = 30 };

/* ---- plans ---- */

/* A plan about people stands on their consent or on a law; about buildings and venues on what `basis` says. */
static enum err check_basis(struct req *rq, const struct care_plan *p)
{
	struct consent c;
	enum err err;

	if (p->consent_id == NIL) {
		if (p->law.p != NULL || (p->target_kind != OBJECT_PERSON && p->target_kind != OBJECT_HOUSEHOLD))
			return OK;
		return req_fail(rq, ERR_INVALID, "care.basis", "consent_id", "it needs a consent, or the law it stands on");
	}
	err = entity_get(rq, &consent_entity, p->consent_id, &c);
	if (err != OK)
		return err;
	if (c.withdrawn_at != NIL || (c.expires_at != NIL && c.expires_at <= rq->now))
		return req_fail(rq, ERR_CONFLICT, "care.consent_over", "consent_id", "that consent has ended");
	if (p->target_kind == OBJECT_PERSON && c.person_id != p->target_id)
		return req_fail(rq, ERR_INVALID, "reference", "consent_id", "that is somebody else's consent");
	return OK;
}

static enum err check_target(struct req *rq, struct care_plan *p)
{
	const void *target = NULL;
	enum err err;

	if (!care_fits(p->type, p->target_kind))
		return req_fail(rq, ERR_INVALID, "care.target", "target_kind", "a plan of this type is not for a %s",
				vocab_word(&object_vocab, p->target_kind));
	err = registry_object(rq, p->target_kind, p->target_id, "target_id", &target);
	if (err != OK)
		return err;
	if (p->target_kind == OBJECT_PERSON && ((const struct person *)target)->active != 1)
		return req_fail(rq, ERR_CONFLICT, "care.left", "target_id", "that person is no longer here");
	p->place = registry_place(registry_entity(p->target_kind), target);
	return OK;
}

static enum err check_days(struct req *rq, struct care_plan *p)
{
	int64_t today = date_of(rq->now);

	if (p->started == NIL)
		p->started = today;
	if (p->expires <= p->started || p->expires > date_add(p->started, PLAN_YEARS * 366))
		return req_fail(rq, ERR_INVALID, "out_of_range", "expires", "a plan ends within ten years of its start");
	if ((p->ended_at == NIL) != (p->ended_reason == NIL))
		return req_fail(rq, ERR_INVALID, "required", p->ended_at == NIL ? "ended_at" : "ended_reason",
				"a plan ends on a day and for a reason");
	if (p->ended_at != NIL && p->ended_at < p->started)
		return req_fail(rq, ERR_INVALID, "out_of_range", "ended_at", "it ends before it begins");
	return OK;
}

enum err care_plan_check(struct req *rq, const void *old, void *rec)
{
	struct care_plan *p = rec;
	const struct care_plan *was = old;
	int64_t last = NIL;
	enum err err = OK;

	if (p->mode == NIL)
		p->mode = CARE_VISIT;
	if (was == NULL)
		err = check_target(rq, p);
	if (err == OK && (was == NULL || was->consent_id != p->consent_id || !str_eq(was->law, p->law)))
		err = check_basis(rq, p);
	if (err == OK)
		err = check_days(rq, p);
	if (err == OK && was != NULL)
		err = care_last(rq->db, p->id, p->mode, &last);
	if (err == OK)
		p->next_due = care_due(p, last);
	return err;
}

int64_t care_due(const struct care_plan *p, int64_t last)
{
	return date_add(last != NIL && last > p->started ? last : p->started, p->cycle_days);
}

enum err care_plan_after(struct req *rq, const void *old, const void *rec)
{
	const struct care_plan *p = rec;

	return old == NULL ? OK : visits_settle(rq, VISITS_OF_PLAN, p->id);
}

/* ---- visits ---- */

/* R032: what somebody said at a visit is followed as an event. */
static enum err check_event(struct req *rq, int64_t id)
{
	bool seen = false;
	enum err err = matter_seen(rq->db, rq->who, id, &seen);

	if (err == OK && !seen)
		err = req_fail(rq, ERR_INVALID, "reference", "event_id", "there is no such event");
	return err;
}

enum err care_visit_check(struct req *rq, const void *old, void *rec)
{
	struct care_visit *v = rec;
	struct care_plan p;
	enum err err;

	if (old != NULL)
		return OK;
	err = entity_get(rq, &care_plan_entity, v->plan_id, &p);
	if (err != OK)
		return err;
	if (v->at == NIL)
		v->at = rq->now;
	v->day = date_of(v->at);
	v->place = p.place;
	if (v->outcome == CARE_REFUTED)
		return req_fail(rq, ERR_INVALID, "care.outcome", "outcome", "that is not for the visitor to say");
	if (v->on_spot == 1 && v->outcome == CARE_NOT_HOME)
		return req_fail(rq, ERR_INVALID, "care.on_spot", "on_spot", "nobody was there to confirm it");
	if (v->at > rq->now + MS_MINUTE)
		return req_fail(rq, ERR_INVALID, "out_of_range", "at", "that time lies ahead");
	if (v->day < p.started)
		return req_fail(rq, ERR_INVALID, "out_of_range", "at", "the plan began later");
	if (p.ended_at != NIL && v->day > p.ended_at)
		return req_fail(rq, ERR_CONFLICT, "care.ended", "plan_id", "the plan has ended");
	return v->event_id == NIL ? OK : check_event(rq, v->event_id);
}

enum err care_visit_after(struct req *rq, const void *old, const void *rec)
{
	const struct care_visit *v = rec;
	struct care_plan p;
	int64_t due;
	int64_t n = 0;
	enum err err = old != NULL ? OK : entity_get(rq, &care_plan_entity, v->plan_id, &p);

	if (err != OK || old != NULL)
		return err;
	due = date_add(v->day, p.cycle_days);
	if (!care_counts(p.mode, v->outcome) || due < p.next_due)
		return visit_made(rq, &p, v, false);
	err = care_due_set(rq->db, p.id, due);
	if (err == OK)
		err = visits_on(rq->db, p.id, p.mode, v->day, &n);
	return err != OK ? err : visit_made(rq, &p, v, n == 1);
}

/* ---- coverage ---- */

struct coverage {
	struct req *rq;
	struct jw *out;
	int64_t day;
	int64_t met, all, listed;
};

static void write_plan(const struct coverage *c, const struct care_row *r)
{
	bool full = r->target_kind != OBJECT_PERSON || scope_sees(c->rq->who, person_entity.full, r->place);

	jw_kstr(c->out, "target", full ? r->name : entity_name_in_part(c->rq->arena, r->name));
	jw_kid(c->out, "id", r->id);
	jw_kz(c->out, "target_kind", vocab_word(&object_vocab, r->target_kind));
	jw_kid(c->out, "target_id", r->target_id);
	jw_kid(c->out, "place", r->place);
	jw_kstr(c->out, "place_name", snap_place_name(req_snap(c->rq), r->place));
}

static const char *state_of(int64_t tries, int64_t due, int64_t day)
{
	return tries >= TRIES ? "pending" : due < day ? "overdue" : "due";
}

static int64_t due_of(const struct care_row *r)
{
	return date_add(r->last != NIL ? r->last : r->started, r->cycle_days);
}

/* A visit holds to the end of its cycle's last day. */
static bool is_covered(const struct care_row *r, int64_t day)
{
	return r->last != NIL && due_of(r) >= day;
}

struct covering {
	int64_t day;
	void (*fn)(int64_t place, bool covered, void *arg);
	void *arg;
};

static void tell_covered(const struct care_row *r, void *arg)
{
	const struct covering *c = arg;

	c->fn(r->place, is_covered(r, c->day), c->arg);
}

enum err care_covered_each(struct req *rq, int64_t place, int64_t day,
			   void (*fn)(int64_t place, bool covered, void *arg), void *arg)
{
	struct covering c = { day, fn, arg };

	return care_each(rq->db, rq->who, place, day, tell_covered, &c);
}

static void look(const struct care_row *r, void *arg)
{
	struct coverage *c = arg;
	int64_t due = due_of(r);

	c->all++;
	if (is_covered(r, c->day)) {
		c->met++;
		return;
	}
	if (c->listed++ >= MISSED_MAX)
		return;
	jw_obj(c->out);
	write_plan(c, r);
	jw_kdate(c->out, "last", r->last);
	jw_kdate(c->out, "due", due);
	jw_kz(c->out, "state", state_of(r->tries, due, c->day));
	jw_end_obj(c->out);
}

static void look_left(const struct care_row *r, void *arg)
{
	struct coverage *c = arg;

	if (c->listed++ >= MISSED_MAX)
		return;
	jw_obj(c->out);
	write_plan(c, r);
	jw_kdate(c->out, "ended_at", r->ended_at);
	jw_kz(c->out, "reason", vocab_word(&ended_vocab, r->ended_reason));
	jw_end_obj(c->out);
}

enum err care_coverage_report(struct req *rq, struct jw *out)
{
	int64_t place = req_query_int(rq, "place"), at = req_query_int(rq, "at");
	struct coverage c = { .rq = rq, .out = out, .day = at == NIL ? date_of(rq->now) : at };
	enum err err;

	place = place == NIL ? 0 : place;
	jw_obj(out);
	jw_karr(out, "missed");
	err = care_each(rq->db, rq->who, place, c.day, look, &c);
	jw_end_arr(out);
	rq->rows = c.listed;
	c.listed = 0;
	jw_karr(out, "left");
	if (err == OK)
		err = care_left_each(rq->db, rq->who, place, c.day, LEFT_DAYS, look_left, &c);
	jw_end_arr(out);
	jw_kdate(out, "day", c.day);
	jw_kint(out, "numerator", c.met);
	jw_kint(out, "denominator", c.all);
	jw_kreal(out, "value", c.all > 0 ? (double)c.met / (double)c.all : (double)NAN);
	jw_end_obj(out);
	return err;
}

/* ---- what is due ---- */

struct dues {
	struct req *rq;
	struct jw *out;
	int64_t day;
};

static void write_target(const struct dues *d, const struct due_row *r)
{
	bool people = r->target_kind == OBJECT_PERSON || r->target_kind == OBJECT_HOUSEHOLD;
	bool full = !people || scope_sees(d->rq->who, person_entity.full, r->place);
	const struct str none = { NULL, 0 };

	jw_kstr(d->out, "target", registry_title(d->rq, &r->target, full));
	jw_kz(d->out, "target_kind", vocab_word(&object_vocab, r->target_kind));
	jw_kid(d->out, "target_id", r->target_id);
	jw_kid(d->out, "place", r->place);
	jw_kstr(d->out, "place_name", snap_place_name(req_snap(d->rq), r->place));
	jw_kstr(d->out, "address", !full ? none : people ? registry_home(d->rq, &r->target) : r->target.address);
	jw_kreal(d->out, "lon", full ? r->target.lon : (double)NAN);
	jw_kreal(d->out, "lat", full ? r->target.lat : (double)NAN);
}

static void write_due(const struct due_row *r, void *arg)
{
	const struct dues *d = arg;

	jw_obj(d->out);
	jw_kid(d->out, "id", r->id);
	write_target(d, r);
	jw_kdate(d->out, "due", r->due);
	jw_kdate(d->out, "last", r->last);
	jw_kz(d->out, "state", state_of(r->tries, r->due, d->day));
	jw_kint(d->out, "cycle_days", r->cycle_days);
	jw_kz(d->out, "mode", vocab_word(&care_mode_vocab, r->mode));
	jw_kid(d->out, "visitor_id", r->visitor_id);
	jw_kstr(d->out, "visitor", r->visitor);
	jw_kid(d->out, "visit_matter_id", r->matter_id);
	jw_end_obj(d->out);
	d->rq->rows++;
}

enum err care_due_report(struct req *rq, struct jw *out)
{
	int64_t place = req_query_int(rq, "place"), days = req_query_int(rq, "days"), limit = req_query_int(rq, "limit");
	struct due_query q = { .who = rq->who, .place = place == NIL ? 0 : place, .day = date_of(rq->now),
		.limit = limit == NIL ? DUE_DEFAULT : limit, .mine = req_query_int(rq, "mine") == 1 };
	struct dues d = { .rq = rq, .out = out, .day = q.day };
	int64_t all = 0, overdue = 0;
	enum err err;

	days = days == NIL ? AHEAD_DAYS : days;
	if (days < 0 || days > 366)
		return req_fail(rq, ERR_INVALID, "range", "days", "days is 0 to 366");
	if (q.limit < 1 || q.limit > DUE_MAX)
		return req_fail(rq, ERR_INVALID, "range", "limit", "limit is 1 to %d", DUE_MAX);
	q.until = date_add(q.day, days);
	err = due_count(rq->db, &q, &all, &overdue);
	jw_obj(out);
	jw_kdate(out, "day", q.day);
	jw_kdate(out, "until", q.until);
	jw_kint(out, "count", all);
	jw_kint(out, "overdue", overdue);
	jw_karr(out, "items");
	if (err == OK)
		err = due_each(rq->db, &q, write_due, &d);
	jw_end_arr(out);
	jw_end_obj(out);
	return err;
}

/* ---- by whom visits were confirmed ---- */

enum err care_confirmed_report(struct req *rq, struct jw *out)
{
	int64_t today = date_of(rq->now), place = req_query_int(rq, "place"), from = req_query_int(rq, "from"),
		to = req_query_int(rq, "to"), n[CONFIRM_MAX + 1];
	enum err err;

	to = to == NIL ? today : to;
	from = from == NIL ? date_add(to, 1 - CONFIRM_DAYS) : from;
	if (from > to)
		return req_fail(rq, ERR_INVALID, "range", "from", "from is not after to");
	err = confirm_counts(rq->db, &(struct confirm_query){ .who = rq->who, .place = place == NIL ? 0 : place,
		.from = date_start(from), .to = date_start(date_add(to, 1)) }, n);
	jw_obj(out);
	jw_kdate(out, "from", from);
	jw_kdate(out, "to", to);
	for (int i = 0; i < CONFIRM_MAX && err == OK; i++)
		jw_kint(out, vocab_word(&confirmed_vocab, i), n[i]);
	jw_kint(out, "waiting", err == OK ? n[CONFIRM_MAX] : 0);
	jw_end_obj(out);
	return err;
}

/* ---- who visits ---- */

static void write_visitor(int64_t id, struct str name, void *arg)
{
	const struct dues *d = arg;
	struct str q = str_trim(req_query(d->rq, "q"));

	int64_t limit = req_query_int(d->rq, "limit");

	if ((q.n > 0 && memmem(name.p, name.n, q.p, q.n) == NULL) || d->rq->rows >= (limit == NIL ? VISITORS_MAX : limit))
		return;
	d->rq->rows++;
	jw_obj(d->out);
	jw_kid(d->out, "id", id);
	jw_kstr(d->out, "name", name);
	jw_end_obj(d->out);
}

enum err care_visitors(struct req *rq, struct jw *out)
{
	struct dues d = { .rq = rq, .out = out };
	enum err err;

	jw_obj(out);
	jw_karr(out, "items");
	err = visitor_each(rq->db, rq->who, rq->now, write_visitor, &d);
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_end_obj(out);
	return err;
}
