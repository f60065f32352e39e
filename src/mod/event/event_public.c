/*
 * The public page: report without an account, follow with the query code, answer. The code is the only
 * key: whoever has it sees the steps, never names, units' internal notes or other people's words.
 */
#include "mod/event/event_public.h"

#include <string.h>

#include "core/matter_list.h"
#include "core/rate.h"
#include "mod/event/event.h"
#include "mod/event/event_db.h"
#include "mod/event/event_effect.h"

enum { REPORTS_BURST = 10, REPORTS_PER_MINUTE = 5, MERGES_MAX = 8 };

static const struct member question_member[] = {
	{ "name", F_STR },
	{ "question_zh", F_STR },
	{ "question_en", F_STR },
	{ "type", F_ENUM, .vocab = &question_vocab },
	{ "required", F_BOOL },
	{ "choices", F_STR, .null = true, .help = "answers separated by |" },
};
static const struct shape question_shape = { .name = "PublicQuestion", MEMBERS(question_member) };

static const struct member code_member[] = {
	{ "code", F_STR },
	{ "name_zh", F_STR },
	{ "name_en", F_STR },
	{ "track", F_ENUM, .vocab = &track_vocab },
	{ "urgency", F_ENUM, .vocab = &urgency_vocab, .help = "unless the report says another" },
	{ "photo", F_BOOL },
	{ "sealed", F_BOOL },
	{ "questions", .of = &question_shape, .list = 1 },
};
const struct shape public_code_shape = { .name = "PublicCode", MEMBERS(code_member) };

static const struct member created_member[] = {
	{ "no", F_STR },
	{ "query_code", F_STR },
	{ "state", F_ENUM, .vocab = &mstate_vocab },
	{ "place_name", F_STR, .null = true },
	{ "due_at", F_TIME, .null = true },
};
const struct shape public_created_shape = { .name = "PublicReportCreated", MEMBERS(created_member) };

static const struct member step_member[] = {
	{ "at", F_TIME },
	{ "state", F_ENUM, .vocab = &mstate_vocab },
	{ "text", F_STR, .null = true },
};
static const struct shape step_shape = { .name = "PublicStep", MEMBERS(step_member) };

static const struct member report_member[] = {
	{ "no", F_STR },
	{ "title", F_STR },
	{ "state", F_ENUM, .vocab = &mstate_vocab },
	{ "merged", F_BOOL, .help = "it is dealt with together with another one" },
	{ "place_name", F_STR, .null = true },
	{ "reported_at", F_TIME },
	{ "due_at", F_TIME, .null = true },
	{ "result", F_STR, .null = true },
	{ "can_rate", F_BOOL },
	{ "can_reopen", F_BOOL },
	{ "can_object", F_BOOL },
	{ "can_appeal", F_BOOL },
	{ "steps", .of = &step_shape, .list = 1 },
};
const struct shape public_report_shape = { .name = "PublicReport", MEMBERS(report_member) };

enum err public_codes(struct req *rq, struct jw *out)
{
	const struct event_book *b = event_book(req_snap(rq), rq->app);

	jw_obj(out);
	jw_karr(out, "items");
	for (size_t i = 0; i < b->ncode; i++) {
		const struct event_code *c = &b->code[i];

		if (c->active != 1 || c->is_public != 1)
			continue;
		jw_obj(out);
		jw_kstr(out, "code", c->code);
		jw_kstr(out, "name_zh", c->name_zh);
		jw_kstr(out, "name_en", c->name_en);
		jw_kz(out, "track", vocab_word(&track_vocab, c->track));
		jw_kz(out, "urgency", vocab_word(&urgency_vocab, c->urgency));
		jw_kbool(out, "photo", c->photo == 1);
		jw_kbool(out, "sealed", c->sealed == 1);
		jw_karr(out, "questions");
		for (size_t q = 0; q < b->nquestion; q++) {
			const struct code_question *cq = &b->question[q];

			if (cq->code_id != c->id || cq->type < 0 || cq->type > QUESTION_DATE)
				continue;
			jw_obj(out);
			jw_kstr(out, "name", cq->name);
			jw_kstr(out, "question_zh", cq->question_zh);
			jw_kstr(out, "question_en", cq->question_en);
			jw_kz(out, "type", vocab_word(&question_vocab, cq->type));
			jw_kbool(out, "required", cq->required == 1);
			jw_kstr(out, "choices", cq->choices);
			jw_end_obj(out);
		}
		jw_end_arr(out);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_end_obj(out);
	return OK;
}

enum err public_report(struct req *rq, struct jw *out)
{
	struct event_in in = *(const struct event_in *)rq->in;
	struct act *a = ARENA_NEW(rq->arena, struct act);
	char code[16], no[32];
	enum err err;

	if (a == NULL)
		return ERR_NOMEM;
	if (rq->remote.p != NULL &&
	    !rate_take(rq->app->rate, rq->remote, "report", REPORTS_BURST, REPORTS_PER_MINUTE, rq->now))
		return req_fail(rq, ERR_LIMIT, "rate", "", "too many reports from here; wait a few minutes");
	if (in.ext_no.p != NULL || in.source.p != NULL || in.urgency != NIL)
		return req_fail(rq, ERR_INVALID, "unknown_field", in.ext_no.p != NULL ? "ext_no" :
			in.source.p != NULL ? "source" : "urgency", "the public page does not take this");
	in.source = STR("resident");
	err = event_create(a, rq, &in, code);
	if (err != OK)
		return err;
	matter_no(&event_kind, a->m.id, no);
	jw_obj(out);
	jw_kz(out, "no", no);
	jw_kz(out, "query_code", code);
	jw_kz(out, "state", vocab_word(&mstate_vocab, a->m.state));
	jw_kstr(out, "place_name", a->m.sealed == 1 ? (struct str){ NULL, 0 } : snap_place_name(a->snap, a->m.place));
	jw_ktime(out, "due_at", a->m.due_at);
	jw_end_obj(out);
	return OK;
}

static enum err find(struct req *rq, struct matter *m)
{
	int64_t id;
	enum err err = db_int(rq->db, event_sql[Q_EVENT_BY_QUERY], ARGS(I(query_hash(req_param(rq, "query_code")))), &id);

	if (rq->remote.p != NULL && !rate_take(rq->app->rate, rq->remote, "query", 60, 60, rq->now))
		return req_fail(rq, ERR_LIMIT, "rate", "", "too many look-ups from here; wait a minute");
	if (err == OK)
		err = matter_load(rq->db, rq->arena, id, m);
	if (err == ERR_NOT_FOUND)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "query_code", "no report has this code");
	return err;
}

/* What a resident is shown of the history: the steps, without internal notes. */
static enum err write_steps(struct req *rq, const struct matter *m, struct jw *out)
{
	struct rows *r = db_query(rq->db, event_sql[Q_EVENT_STEPS], ARGS(I(m->id)));
	int64_t last = -1;

	jw_karr(out, "steps");
	while (rows_next(r)) {
		int64_t state = row_int_at(r, 2);
		struct str action = row_str_at(r, 1);
		bool told = str_eqz(action, "reject") || str_eqz(action, "hard_case_close");

		if (state == last)
			continue;
		last = state;
		jw_obj(out);
		jw_ktime(out, "at", row_int_at(r, 0));
		jw_kz(out, "state", vocab_word(&mstate_vocab, state));
		jw_kstr(out, "text", told ? row_str_at(r, 3) : (struct str){ NULL, 0 });
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}

/* Its reporter follows the event it was merged into, and what that one was merged into. */
static enum err load_parent(struct req *rq, struct matter *m, struct matter **ret)
{
	struct matter *p = m;
	enum err err = OK;

	for (int i = 0; i < MERGES_MAX && err == OK && p->merged_into != NIL; i++) {
		struct matter *up = ARENA_NEW(rq->arena, struct matter);

		err = up == NULL ? ERR_NOMEM : matter_load(rq->db, rq->arena, p->merged_into, up);
		p = up;
	}
	*ret = p;
	return err;
}

static void write_answers(const struct matter *m, int64_t now, struct jw *out)
{
	bool ended = m->state == MS_CLOSED || m->state == MS_RATED;
	int64_t days = m->closed_at == NIL ? 0 : now - m->closed_at;

	jw_kbool(out, "can_rate", m->state == MS_CLOSED && days <= RATE_DAYS * (int64_t)MS_DAY);
	jw_kbool(out, "can_reopen", ended && m->reopens < REOPEN_MAX && days <= REOPEN_DAYS * (int64_t)MS_DAY);
	jw_kbool(out, "can_object", m->self_closed == 1 && (m->state == MS_CHECKING || m->state == MS_CLOSED) &&
		days <= REOPEN_DAYS * (int64_t)MS_DAY);
	jw_kbool(out, "can_appeal", m->state == MS_REJECTED && !event_has_flag(m, "appealed"));
}

static enum err write_follow(struct req *rq, struct matter *m, struct jw *out)
{
	struct matter *parent;
	char no[32];
	enum err err = load_parent(rq, m, &parent);

	if (err != OK)
		return err;
	matter_no(&event_kind, m->id, no);
	jw_obj(out);
	jw_kz(out, "no", no);
	jw_kstr(out, "title", m->title);
	jw_kz(out, "state", vocab_word(&mstate_vocab, parent->state));
	jw_kbool(out, "merged", parent != m);
	jw_kstr(out, "place_name", m->sealed == 1 ? (struct str){ NULL, 0 } : snap_place_name(req_snap(rq), m->place));
	jw_ktime(out, "reported_at", m->reported_at);
	jw_ktime(out, "due_at", parent->due_at);
	jw_kstr(out, "result", parent->open ? (struct str){ NULL, 0 } : parent->result);
	write_answers(m, rq->now, out);
	err = write_steps(rq, parent, out);
	jw_end_obj(out);
	return err;
}

enum err public_follow(struct req *rq, struct jw *out)
{
	struct matter *m = ARENA_NEW(rq->arena, struct matter);
	enum err err = m == NULL ? ERR_NOMEM : find(rq, m);

	return err != OK ? err : write_follow(rq, m, out);
}

enum err public_act(struct req *rq, struct jw *out)
{
	static const char *const allowed[] = { "rate", "reopen", "object", "appeal" };
	struct matter *m = ARENA_NEW(rq->arena, struct matter);
	struct act *a = ARENA_NEW(rq->arena, struct act);
	struct str action = req_param(rq, "action");
	bool known = false;
	enum err err = m == NULL || a == NULL ? ERR_NOMEM : find(rq, m);

	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		known = known || str_eqz(action, allowed[i]);
	if (err == OK && !known)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "action", "there is no such action");
	if (err == OK)
		err = matter_act(rq, &event_kind, m->id, action, rq->in, rq->present, REL_QUERY, a);
	if (err != OK)
		return err;
	rq->reply.status = 200;
	return write_follow(rq, &a->m, out);
}
