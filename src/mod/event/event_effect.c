/*
 * Effects of the event flow: the guards that a table cannot say, and what changes besides state and
 * clocks. Parts, merging, whistles and supporters are in event_links.c.
 */
#include "mod/event/event_effect.h"

#include <stdlib.h>
#include <string.h>

#include "base/geo.h"
#include "mod/duty/duty.h"
#include "mod/event/event_db.h"
#include "mod/event/event_links.h"

enum { UNDO_MS = 60 * MS_SECOND, ARCHIVE_DAYS = 30, REVIEW_DAYS = 30, SELF_CLOSE_HOURS = 24 };

static const struct span_rule no_span = { UNIT_MS, 0 };

static void set_auto(struct act *a, enum matter_auto what, int64_t at)
{
	a->m.auto_action = what;
	a->m.auto_at = at;
}

static void clear_auto(struct act *a)
{
	set_auto(a, AUTO_NONE, NIL);
}

static const struct event_book *book_of(const struct act *a)
{
	return event_book(a->snap, a->rq->app);
}

static const struct event_code *code_of(const struct act *a)
{
	return event_code_of(book_of(a), a->m.code_id);
}

/* Sets members of the data object, {"appealed":true}. */
static enum err set_flag(struct act *a, const char *name)
{
	json_t *o = a->m.data.p != NULL ? json_loadb(a->m.data.p, a->m.data.n, 0, NULL) : json_object();
	char *text;

	if (o == NULL || json_object_set_new(o, name, json_true()) != 0) {
		json_decref(o);
		return ERR_NOMEM;
	}
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text == NULL)
		return ERR_NOMEM;
	a->m.data = str_dup(a->rq->arena, str_z(text));
	free(text);
	return a->m.data.p == NULL ? ERR_NOMEM : OK;
}

bool event_has_flag(const struct matter *m, const char *name)
{
	json_t *o = m->data.p != NULL ? json_loadb(m->data.p, m->data.n, 0, NULL) : NULL;
	bool yes = json_is_true(json_object_get(o, name));

	json_decref(o);
	return yes;
}

/* A request of the unit that handled it ends with its handling. */
static void drop_request(struct act *a)
{
	a->m.pending = (struct str){ NULL, 0 };
}

/* Whoever was called need not come any more. */
static enum err end_whistle(struct act *a)
{
	const struct clock_run *r = act_run(a, CLOCK_ARRIVE);

	return r == NULL || r->stop != NIL ? OK : act_clock(a, CLOCK_ARRIVE, CLK_VOID, no_span, NIL);
}

/* ---- 1 report ---- */

enum err do_report(struct act *a)
{
	(void)a;
	return OK;
}

static void take_route(struct act *a, const struct event_route *r)
{
	a->m.unit_id = r->unit_id;
	a->m.duty_item_id = r->duty_item_id;
	a->m.dispatched_at = a->now;
	if (a->m.first_unit == NIL)
		a->m.first_unit = r->unit_id;
}

/* A sealed code goes straight to its unit: nobody in between reads it. */
enum err do_report_sealed(struct act *a)
{
	const struct event_code *c = code_of(a);
	struct event_route r;

	event_route(a->snap, a->rq->app, c, a->m.place, date_of(a->now), &r);
	if (r.unit_id == NIL)
		return act_fail(a, ERR_CONFLICT, "event.no_unit", "code", "no unit is named for this sealed code");
	take_route(a, &r);
	a->m.accepted_at = a->now;
	return OK;
}

enum err do_part(struct act *a)
{
	a->m.accepted_at = a->m.dispatched_at = a->now;
	a->m.first_unit = a->m.unit_id;
	return OK;
}

/* ---- 2 fixed on the spot ---- */

enum err do_self_close(struct act *a)
{
	a->m.result = a->in->result;
	a->m.self_closed = 1;
	a->m.handler_id = a->rq->who->user_id;
	a->m.finished_at = a->now;
	a->m.sampled = event_sampled(a->m.id);
	if (!a->m.sampled)
		set_auto(a, AUTO_CLOSE, a->now + SELF_CLOSE_HOURS * (int64_t)MS_HOUR);
	return OK;
}

enum err do_close(struct act *a)
{
	set_auto(a, AUTO_ARCHIVE, a->now + ARCHIVE_DAYS * (int64_t)MS_DAY);
	return end_whistle(a);
}

/* Nobody outside the unit may read a sealed one: a colleague of the handler checks it, and the unit hands it
 * on itself. */
static enum err only_sealed(struct act *a)
{
	if (a->m.sealed == 1)
		return OK;
	return act_fail(a, ERR_DENIED, "matter.not_allowed", "", "your posts do not allow this action here");
}

enum err do_close_sealed(struct act *a)
{
	enum err err = only_sealed(a);

	return err != OK ? err : do_close(a);
}

enum err do_fail_sealed(struct act *a)
{
	enum err err = only_sealed(a);

	return err != OK ? err : do_fail(a);
}

enum err do_transfer_sealed(struct act *a)
{
	enum err err = only_sealed(a);

	return err != OK ? err : do_transfer(a);
}

enum err do_object(struct act *a)
{
	if (a->m.self_closed != 1)
		return act_fail(a, ERR_CONFLICT, "event.not_self_closed", "",
			"only an event fixed on the spot can be objected to; reopen it instead");
	if (a->m.closed_at != NIL && a->now > a->m.closed_at + REOPEN_DAYS * (int64_t)MS_DAY)
		return act_fail(a, ERR_CONFLICT, "event.too_late", "", "objections are taken for %d days", REOPEN_DAYS);
	a->m.self_closed = a->m.sampled = 0;
	a->m.accepted_at = a->m.closed_at = a->m.finished_at = NIL;
	clear_auto(a);
	return OK;
}

/* ---- 3–4 accept, reject ---- */

static enum err change_code(struct act *a)
{
	const struct event_code *c;

	if (!act_has(a, "event_code"))
		return OK;
	c = event_code_of(book_of(a), a->in->event_code);
	if (c == NULL || !c->active)
		return act_fail(a, ERR_INVALID, "reference", "event_code", "there is no such event code");
	if (c->sealed != a->m.sealed)
		return act_fail(a, ERR_CONFLICT, "event.sealed", "event_code",
			"a sealed code cannot be given or taken away later");
	a->m.code_id = c->id;
	a->m.track = c->track;
	if (!act_has(a, "urgency"))
		a->m.urgency = c->urgency;
	return OK;
}

/* Code, urgency, place and position as given; the clocks that run are left alone. */
enum err do_edit(struct act *a)
{
	enum err err = change_code(a);

	if (err != OK)
		return err;
	if (act_has(a, "urgency"))
		a->m.urgency = a->in->urgency;
	if (act_has(a, "address"))
		a->m.address = a->in->address;
	if (act_has(a, "lon") && act_has(a, "lat")) {
		int64_t place = geo_index_find(a->snap->grids, a->in->lon, a->in->lat);

		matter_set_point(&a->m, a->in->lon, a->in->lat);
		if (place != NIL && !act_has(a, "place"))
			a->m.place = place;
	}
	if (act_has(a, "place"))
		a->m.place = a->in->place;
	if (a->m.place != a->old.place && (snap_place(a->snap, a->m.place) == NULL ||
					   !scope_sees(a->rq->who, "event.read", a->m.place)))
		return act_fail(a, ERR_INVALID, "reference", "place", "there is no such place in your area");
	return OK;
}

enum err do_accept(struct act *a)
{
	enum err err = do_edit(a);

	if (err != OK)
		return err;
	if (a->m.code_id == NIL)
		return act_fail(a, ERR_INVALID, "required", "event_code", "accepting needs an event code");
	if (place_level(a->m.place) < LEVEL_COMMUNITY)
		return act_fail(a, ERR_INVALID, "event.place", "place",
			"accepting needs the community or grid where it is");
	return OK;
}

enum err do_unaccept(struct act *a)
{
	if (a->m.accepted_at == NIL || a->now - a->m.accepted_at > UNDO_MS)
		return act_fail(a, ERR_CONFLICT, "undo.late", "", "this can be undone for one minute only");
	a->m.accepted_at = NIL;
	return act_clock(a, CLOCK_ACCEPT, CLK_UNSTOP, (struct span_rule){ UNIT_MS, MS_MINUTE }, NIL);
}

static enum err check_reason(struct act *a)
{
	const struct event_book *b = book_of(a);
	const char *asked = a->t->action;

	for (size_t i = 0; i < b->nreason; i++) {
		if (str_eq(b->reason[i].code, a->in->reason) && str_eqz(b->reason[i].action, asked))
			return OK;
	}
	return act_fail(a, ERR_INVALID, "reason", "reason", "there is no such reason for %s", asked);
}

enum err do_reject(struct act *a)
{
	enum err err = check_reason(a);

	return err != OK ? err : end_whistle(a);
}

enum err do_appeal(struct act *a)
{
	if (event_has_flag(&a->m, "appealed"))
		return act_fail(a, ERR_CONFLICT, "event.appealed", "", "a rejection can be appealed once");
	return set_flag(a, "appealed");
}

/* ---- 6 dispatch ---- */

static enum err known_unit(struct act *a, int64_t id, const char *field)
{
	if (snap_unit(a->snap, id) == NULL)
		return act_fail(a, ERR_INVALID, "reference", field, "there is no such unit");
	return OK;
}

static enum err check_duty(struct act *a, int64_t id)
{
	if (duty_find(snap_duties(a->snap, a->rq->app), id) == NULL)
		return act_fail(a, ERR_INVALID, "reference", "duty_item_id", "there is no such duty item");
	return OK;
}

enum err do_dispatch(struct act *a)
{
	struct event_route r;
	enum err err = OK;

	event_route(a->snap, a->rq->app, code_of(a), a->m.place, date_of(a->m.reported_at), &r);
	if (act_has(a, "unit_id")) {
		err = known_unit(a, a->in->unit_id, "unit_id");
		r.unit_id = a->in->unit_id;
	}
	if (err == OK && act_has(a, "duty_item_id")) {
		err = check_duty(a, a->in->duty_item_id);
		r.duty_item_id = a->in->duty_item_id;
	}
	if (err == OK && r.unit_id == NIL)
		return act_fail(a, ERR_CONFLICT, "event.outside_list", "unit_id",
			"no duty item names a unit for this code: it is outside the list, so choose the unit or send it up");
	if (err != OK)
		return err;
	take_route(a, &r);
	if (r.outside_list)
		err = set_flag(a, "outside_list");
	if (err == OK && r.coop_unit != NIL && r.coop_unit != r.unit_id)
		err = link_unit(a, r.coop_unit, UNIT_ROLE_COOP, NIL);
	if (err == OK && act_has(a, "coop"))
		err = link_units(a, a->in->coop, UNIT_ROLE_COOP, NIL, "coop");
	return err;
}

enum err do_recall(struct act *a)
{
	if (a->m.dispatched_at == NIL || a->now - a->m.dispatched_at > UNDO_MS)
		return act_fail(a, ERR_CONFLICT, "undo.late", "", "this can be undone for one minute only");
	a->m.dispatched_at = a->m.unit_id = NIL;
	if (a->m.returns == 0)
		a->m.first_unit = NIL;
	return OK;
}

enum err do_transfer(struct act *a)
{
	enum err err = known_unit(a, a->in->unit_id, "unit_id");

	if (err == OK && a->in->unit_id == a->m.unit_id)
		return act_fail(a, ERR_INVALID, "event.same_unit", "unit_id", "it is with that unit already");
	a->m.unit_id = a->in->unit_id;
	drop_request(a);
	return err;
}

/* ---- 8–10 return ---- */

enum err do_return(struct act *a)
{
	const struct clock_run *sign = act_run(a, CLOCK_SIGN);
	bool before = false;
	enum err err = check_duty(a, a->in->duty_item_id);

	if (err == OK)
		err = known_unit(a, a->in->proposed_unit_id, "proposed_unit_id");
	if (err != OK)
		return err;
	if (a->m.sealed == 1)
		return act_fail(a, ERR_CONFLICT, "event.sealed", "",
			"a sealed event is not reviewed by others: hand it on to the unit it belongs to");
	if (event_has_flag(&a->m, "lead_fixed"))
		return act_fail(a, ERR_CONFLICT, "event.lead_fixed", "",
			"the director has named the lead unit; it cannot be returned again");
	if (sign != NULL && sign->stop == NIL && a->now > sign->due)
		return act_fail(a, ERR_CONFLICT, "event.sign_late", "",
			"a return is possible only before the sign deadline");
	err = event_returned_by(a->rq->db, a->m.id, a->m.unit_id, &before);
	if (err == OK && before)
		return act_fail(a, ERR_CONFLICT, "event.returned", "", "this unit has returned it before");
	a->m.returns++;
	a->m.proposed_unit = a->in->proposed_unit_id;
	a->log_data = str_fmt(a->rq->arena, "{\"unit\":\"%lld\",\"duty_item\":\"%lld\",\"proposed\":\"%lld\"}",
		(long long)a->m.unit_id, (long long)a->in->duty_item_id, (long long)a->in->proposed_unit_id);
	return err != OK ? err : act_clock(a, CLOCK_SIGN, CLK_STOP, no_span, NIL);
}

enum err do_unreturn(struct act *a)
{
	int64_t at = NIL;
	enum err err = event_last_at(a->rq->db, a->m.id, "return", &at);

	if (err != OK)
		return err;
	if (at == NIL || a->now - at > UNDO_MS)
		return act_fail(a, ERR_CONFLICT, "undo.late", "", "this can be undone for one minute only");
	a->m.returns--;
	a->m.proposed_unit = NIL;
	a->log_data = str_fmt(a->rq->arena, "{\"unit\":\"%lld\"}", (long long)a->m.unit_id);
	return act_clock(a, CLOCK_SIGN, CLK_UNSTOP, (struct span_rule){ UNIT_MS, MS_MINUTE }, NIL);
}

enum err do_return_accept(struct act *a)
{
	int64_t unit = act_has(a, "unit_id") ? a->in->unit_id : a->m.proposed_unit;
	enum err err = known_unit(a, unit, "unit_id");

	if (err == OK && a->m.returns >= 2)
		return act_fail(a, ERR_CONFLICT, "event.consult", "",
			"after two returns the director consults and names the lead unit");
	a->m.unit_id = unit;
	a->m.proposed_unit = NIL;
	a->m.dispatched_at = a->now;
	return err;
}

enum err do_return_refuse(struct act *a)
{
	a->m.proposed_unit = NIL;
	return OK;
}

enum err do_consult(struct act *a)
{
	enum err err = known_unit(a, a->in->unit_id, "unit_id");

	if (err == OK && a->m.returns < 2)
		return act_fail(a, ERR_CONFLICT, "event.consult_early", "",
			"the board decides the first return; the director after two");
	a->m.unit_id = a->in->unit_id;
	a->m.proposed_unit = NIL;
	a->m.dispatched_at = a->now;
	return err != OK ? err : set_flag(a, "lead_fixed");
}

/* ---- 11–13 pause and extension: asked, then decided ---- */

static enum err ask(struct act *a, const char *what)
{
	struct buf b;
	struct jw j;

	if (a->m.pending.p != NULL)
		return act_fail(a, ERR_CONFLICT, "event.pending", "", "a request is waiting for a decision");
	buf_init(&b, 4000);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_kz(&j, "ask", what);
	jw_kint(&j, "until", a->in->until);
	jw_kstr(&j, "reason", a->in->reason);
	jw_kstr(&j, "plan", a->in->plan);
	jw_end_obj(&j);
	a->m.pending = b.failed ? (struct str){ NULL, 0 } : str_dup(a->rq->arena, buf_view(&b));
	buf_release(&b);
	return a->m.pending.p == NULL ? ERR_NOMEM : check_reason(a);
}

static enum err pending(struct act *a, const char *what, int64_t *ret_until)
{
	json_t *o = a->m.pending.p != NULL ? json_loadb(a->m.pending.p, a->m.pending.n, 0, NULL) : NULL;
	const char *asked = json_string_value(json_object_get(o, "ask"));
	bool fits = asked != NULL && strcmp(asked, what) == 0;

	*ret_until = json_integer_value(json_object_get(o, "until"));
	json_decref(o);
	if (!fits)
		return act_fail(a, ERR_CONFLICT, "event.nothing_asked", "", "nobody has asked for this");
	return OK;
}

enum err do_ask_pause(struct act *a)
{
	if (a->in->until <= a->now)
		return act_fail(a, ERR_INVALID, "past", "until", "the end of the pause lies in the past");
	return ask(a, "pause");
}

enum err do_pause_grant(struct act *a)
{
	int64_t until;
	enum err err = pending(a, "pause", &until);

	drop_request(a);
	set_auto(a, AUTO_RESUME, until);
	return err;
}

enum err do_resume(struct act *a)
{
	clear_auto(a);
	return OK;
}

enum err do_ask_refuse(struct act *a)
{
	int64_t until;
	const char *what = strcmp(a->t->action, "pause_refuse") == 0 ? "pause" : "extend";
	enum err err = pending(a, what, &until);

	drop_request(a);
	return err;
}

/* The latest date that extensions may reach: the original deadline, moved by the pauses, and the original time
 * once more. */
static enum err extend_limit(struct act *a, const struct clock_run *h, int64_t *ret)
{
	const struct calendar *cal = snap_calendar(a->snap);
	struct span_rule paused = { h->rule.unit == UNIT_MS ? UNIT_MS : UNIT_WORK_MS, h->paused_ms };
	int64_t due, length;
	enum err err = clock_due(cal, h->start, h->rule, &due);

	if (err != OK)
		return act_fail(a, ERR_CONFLICT, "calendar.year", "", "the working calendar lacks a year this needs");
	length = due - h->start;
	if (paused.len > 0 && clock_due(cal, due, paused, &due) != OK)
		return act_fail(a, ERR_CONFLICT, "calendar.year", "", "the working calendar lacks a year this needs");
	*ret = due + length;
	return OK;
}

enum err do_ask_extend(struct act *a)
{
	const struct clock_run *h = act_run(a, CLOCK_HANDLE);
	int64_t limit = NIL;

	if (a->m.urgency == URG_U1)
		return act_fail(a, ERR_CONFLICT, "event.urgent", "", "the most urgent class is never extended");
	if (h == NULL || a->now > h->due)
		return act_fail(a, ERR_CONFLICT, "event.extend_late", "",
			"an extension must be asked for before the deadline");
	if (a->m.extensions >= 2)
		return act_fail(a, ERR_CONFLICT, "event.extend_max", "", "it was extended twice already");
	enum err err = extend_limit(a, h, &limit);

	if (err != OK)
		return err;
	if (a->in->until <= h->due || a->in->until > limit)
		return act_fail(a, ERR_INVALID, "event.extend_length", "until",
			"the new date must be later, and extensions add no more than the original time in all");
	return ask(a, "extend");
}

enum err do_extend_grant(struct act *a)
{
	int64_t until;
	enum err err = pending(a, "extend", &until);

	if (err != OK)
		return err;
	if (a->m.extensions >= 1 && (a->as == NULL || a->as->role != ROLE_DIRECTOR))
		return act_fail(a, ERR_DENIED, "event.extend_director", "", "the director decides a second extension");
	a->m.extensions++;
	drop_request(a);
	return act_clock(a, CLOCK_HANDLE, CLK_SET_DUE, no_span, until);
}

/* ---- 14–16 finish and check ---- */

/* One among the files given now, or attached since it was dispatched. */
static enum err check_photo(struct act *a)
{
	json_t *list = a->in->files.p != NULL ? json_loadb(a->in->files.p, a->in->files.n, 0, NULL) : NULL, *one;
	bool photo = false;
	size_t i;
	enum err err = event_has_photo(a->rq->db, a->m.id, &photo);

	json_array_foreach(list, i, one) {
		int64_t id;

		if (err == OK && !photo && json_is_string(one) &&
		    str_i64((struct str){ json_string_value(one), json_string_length(one) }, &id))
			err = event_is_photo(a->rq->db, id, &photo);
	}
	json_decref(list);
	if (err == OK && !photo)
		return act_fail(a, ERR_INVALID, "required", "files", "this code needs a photo of the result");
	return err;
}

enum err do_finish(struct act *a)
{
	const struct event_code *c = code_of(a);
	enum err err = c != NULL && c->photo == 1 ? check_photo(a) : OK;

	drop_request(a);
	a->m.result = a->in->result;
	a->m.handler_id = a->rq->who->user_id;
	a->m.finished_at = a->now;
	return err;
}

/* Half of the original time is the least that is left after a failed check. */
static struct span_rule half(const struct clock_run *h)
{
	struct span_rule r = h->rule;

	if (r.unit == UNIT_WORK_DAYS)
		return (struct span_rule){ UNIT_WORK_DAYS, (r.len + 1) / 2 };
	r.len /= 2;
	return r;
}

enum err do_fail(struct act *a)
{
	const struct clock_run *h = act_run(a, CLOCK_HANDLE);

	a->m.fails++;
	a->m.finished_at = NIL;
	clear_auto(a);
	if (a->m.self_closed == 1) {
		struct span_rule span;
		int64_t rule;

		a->m.self_closed = a->m.sampled = 0;
		a->to = MS_REPORTED;
		if (!event_span(book_of(a), code_of(a), a->m.urgency, CLOCK_ACCEPT, &span, &rule))
			return ERR_BUG;
		return act_clock(a, CLOCK_ACCEPT, CLK_START, span, NIL);
	}
	return h == NULL ? OK : act_clock(a, CLOCK_HANDLE, CLK_UNSTOP, half(h), NIL);
}

/* ---- 17–18 hard cases ---- */

static enum err review_date(struct act *a)
{
	if (a->in->until <= a->now || a->in->until > a->now + REVIEW_DAYS * (int64_t)MS_DAY)
		return act_fail(a, ERR_INVALID, "event.review_date", "until", "the next review is within %d days",
			REVIEW_DAYS);
	return OK;
}

enum err do_hard_case(struct act *a)
{
	enum err err = check_reason(a);

	if (err == OK)
		err = review_date(a);
	if (err == OK && a->m.extensions == 0 && a->m.returns < 2)
		return act_fail(a, ERR_CONFLICT, "event.hard_early", "",
			"the hard-case register is for events that were extended or consulted about");
	set_auto(a, AUTO_REVIEW, a->in->until);
	drop_request(a);
	return err;
}

enum err do_review_due(struct act *a)
{
	a->note = STR("next review of the hard case is due");
	set_auto(a, AUTO_REVIEW, a->now + REVIEW_DAYS * (int64_t)MS_DAY);
	return OK;
}

enum err do_hard_resume(struct act *a)
{
	clear_auto(a);
	if (a->in->until <= a->now)
		return act_fail(a, ERR_INVALID, "past", "until", "the new deadline lies in the past");
	return OK;
}

/* ---- 19–20 rating and reopening ---- */

static enum err reopen(struct act *a)
{
	a->to = MS_DISPATCHED;
	a->m.reopens++;
	a->m.urgency = urgency_up(a->m.urgency);
	a->m.closed_at = a->m.finished_at = NIL;
	a->m.resolved = a->m.satisfied = NIL;
	a->m.self_closed = a->m.sampled = 0;
	a->m.dispatched_at = a->now;
	clear_auto(a);
	if (a->m.unit_id == NIL) { /* it was fixed on the spot: nobody to send it to yet */
		struct event_route r;

		event_route(a->snap, a->rq->app, code_of(a), a->m.place, date_of(a->now), &r);
		take_route(a, &r);
	}
	if (a->m.unit_id == NIL)
		return act_fail(a, ERR_CONFLICT, "event.outside_list", "", "no unit is named for this code");
	return OK;
}

enum err do_reopen(struct act *a)
{
	bool director = strcmp(a->t->action, "director_reopen") == 0;

	if (!director && a->m.reopens >= REOPEN_MAX)
		return act_fail(a, ERR_CONFLICT, "event.reopen_limit", "",
			"it was reopened twice; the director decides from here");
	if (!director && (a->m.closed_at == NIL || a->now > a->m.closed_at + REOPEN_DAYS * (int64_t)MS_DAY))
		return act_fail(a, ERR_CONFLICT, "event.too_late", "", "reopening is possible for %d days", REOPEN_DAYS);
	return reopen(a);
}

/* "Not solved" reopens at once. */
enum err do_rate(struct act *a)
{
	static const enum clock_kind again[] = { CLOCK_SIGN, CLOCK_HANDLE };
	enum err err = OK;

	if (strcmp(a->t->action, "rate") == 0 && a->now > a->m.closed_at + RATE_DAYS * (int64_t)MS_DAY)
		return act_fail(a, ERR_CONFLICT, "event.too_late", "", "rating is possible for %d days", RATE_DAYS);
	if (a->in->resolved == 0 && a->m.reopens < REOPEN_MAX) {
		err = reopen(a);
		for (size_t i = 0; i < ARRAY_LEN(again) && err == OK; i++) {
			struct span_rule span;
			int64_t rule;

			if (event_span(book_of(a), code_of(a), a->m.urgency, again[i], &span, &rule))
				err = act_clock(a, again[i], CLK_START, span, NIL);
		}
		return err;
	}
	a->m.resolved = a->in->resolved;
	a->m.satisfied = a->in->satisfied;
	return OK;
}

/* ---- 21–22 ---- */

enum err do_supervise(struct act *a)
{
	if (a->in->until <= a->now)
		return act_fail(a, ERR_INVALID, "past", "until", "the date for the reply lies in the past");
	a->m.supervised = 1;
	a->m.supervise_due = a->in->until;
	return OK;
}

enum err do_supervise_reply(struct act *a)
{
	if (a->m.supervised != 1)
		return act_fail(a, ERR_CONFLICT, "event.not_supervised", "", "there is no supervision letter to reply to");
	a->log_data = str_fmt(a->rq->arena, "{\"in_time\":%s}",
		a->m.supervise_due != NIL && a->now <= a->m.supervise_due ? "true" : "false");
	a->m.supervised = 0;
	return OK;
}

enum err do_alarm(struct act *a)
{
	int level = 0;

	for (size_t i = 0; i < a->nrun; i++) {
		int l = clock_level(&a->run[i], snap_calendar(a->snap), a->now);

		level = l > level ? l : level;
	}
	a->log_data = str_fmt(a->rq->arena, "{\"level\":%d}", level);
	return OK;
}

enum err do_archive(struct act *a)
{
	clear_auto(a);
	return OK;
}

/* ---- what is worth offering ---- */

bool event_offers(const struct act *a, const struct transition *t)
{
	static const struct {
		const char *action, *asked;
	} waits[] = { { "pause_grant", "\"pause\"" }, { "pause_refuse", "\"pause\"" }, { "extend_grant", "\"extend\"" },
		{ "extend_refuse", "\"extend\"" } };
	struct str p = a->m.pending;

	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		if (strcmp(t->action, waits[i].action) == 0)
			return p.p != NULL && memmem(p.p, p.n, waits[i].asked, strlen(waits[i].asked)) != NULL;
	}
	if (strcmp(t->action, "unaccept") == 0)
		return a->m.accepted_at != NIL && a->now - a->m.accepted_at <= UNDO_MS;
	if (strcmp(t->action, "recall") == 0)
		return a->m.dispatched_at != NIL && a->now - a->m.dispatched_at <= UNDO_MS;
	if (strcmp(t->action, "consult") == 0)
		return a->m.returns >= 2;
	if (strcmp(t->action, "return_accept") == 0)
		return a->m.returns < 2;
	if (t->effect == do_close_sealed || t->effect == do_fail_sealed || t->effect == do_transfer_sealed)
		return a->m.sealed == 1;
	if (strcmp(t->action, "return") == 0)
		return a->m.sealed != 1;
	if (strcmp(t->action, "supervise_reply") == 0)
		return a->m.supervised == 1;
	if (strcmp(t->action, "object") == 0)
		return a->m.self_closed == 1;
	return true;
}
