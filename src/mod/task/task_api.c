/* Tasks: issuing one to several units, the flow of a part, and the rule that guards the grass roots. */
#include "mod/task/task.h"

#include <string.h>

#include "core/account.h"
#include "core/matter_list.h"
#include "mod/duty/duty.h"
#include "mod/event/event.h"

static const char *const work_word[] = { "policy", "data", "opinion", "hazard", "dispute", "service", "temporary",
	NULL };
const struct vocab task_work_vocab = { "task_work", work_word };

static const struct field in_field[] = {
	FIELD(task_in, title, F_STR, .min = 1, .max = 200, .flags = FIELD_REQUIRED),
	FIELD(task_in, text, F_STR, .max = 4000),
	FIELD(task_in, basis, F_STR, .max = 64),
	FIELD(task_in, recipients, F_JSON, .max = 16000, .flags = FIELD_REQUIRED),
	FIELD(task_in, due, F_TIME, .flags = FIELD_REQUIRED),
	FIELD(task_in, urgency, F_ENUM, .vocab = &urgency_vocab),
	FIELD(task_in, duty_item_id, F_ID, .ref = "duty_item"),
	FIELD(task_in, work, F_ENUM, .vocab = &task_work_vocab),
};
const struct fields task_in_fields = FIELDS(task_in, in_field);

/* ---- effects ---- */

static enum err do_part(struct act *a)
{
	a->m.accepted_at = a->m.dispatched_at = a->now;
	a->m.first_unit = a->m.unit_id;
	return OK;
}

static enum err do_finish(struct act *a)
{
	a->m.result = a->in->result;
	a->m.handler_id = a->rq->who->user_id;
	a->m.finished_at = a->now;
	return OK;
}

static enum err do_fail(struct act *a)
{
	const struct clock_run *h = act_run(a, CLOCK_HANDLE);
	struct span_rule half = { UNIT_MS, h != NULL ? (h->due - h->start) / 2 + 1 : 1 };

	a->m.fails++;
	a->m.finished_at = NIL;
	return act_clock(a, CLOCK_HANDLE, CLK_UNSTOP, half, NIL);
}

static enum err do_close(struct act *a)
{
	a->m.auto_action = AUTO_ARCHIVE;
	a->m.auto_at = a->now + 30 * (int64_t)MS_DAY;
	return OK;
}

static enum err do_archive(struct act *a)
{
	a->m.auto_action = AUTO_NONE;
	a->m.auto_at = NIL;
	return OK;
}

static enum err do_withdraw(struct act *a)
{
	if (a->m.parent_id == NIL)
		return act_fail(a, ERR_CONFLICT, "task.parent", "", "withdraw the parts, one by one");
	return OK;
}

#define ISSUERS (ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(DUTY_OFFICER) | ROLE(BOARD_LEAD) | \
	ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER))
#define CLOCKS(...) .clocks = { __VA_ARGS__ }, .nclocks = sizeof((struct clock_do[]){ __VA_ARGS__ }) / \
	sizeof(struct clock_do)

static const struct transition task_flow[] = {
	{ .action = "issue", .to = MS_SPLIT, .who = ISSUERS, CLOCKS({ CLOCK_HANDLE, CLK_START }) },
	{ .action = "part", .to = MS_DISPATCHED, .who = ISSUERS,
		CLOCKS({ CLOCK_SIGN, CLK_START }, { CLOCK_HANDLE, CLK_START }), .effect = do_part },
	{ .action = "sign", .from = ST(DISPATCHED), .to = MS_HANDLING, .who = REL_UNIT, CLOCKS({ CLOCK_SIGN, CLK_STOP }) },
	{ .action = "finish", .from = ST(HANDLING), .to = MS_CHECKING, .who = REL_UNIT, .needs = "result",
		CLOCKS({ CLOCK_HANDLE, CLK_STOP }, { CLOCK_VERIFY, CLK_START }), .effect = do_finish },
	{ .action = "pass", .from = ST(CHECKING), .to = MS_CLOSED, .who = ISSUERS | NOT_HANDLER,
		CLOCKS({ CLOCK_VERIFY, CLK_STOP }), .effect = do_close, .flags = T_CLOSES },
	{ .action = "fail", .from = ST(CHECKING), .to = MS_HANDLING, .who = ISSUERS | NOT_HANDLER, .needs = "text",
		CLOCKS({ CLOCK_VERIFY, CLK_STOP }), .effect = do_fail },
	{ .action = "withdraw", .from = ST(DISPATCHED) | ST(HANDLING), .to = MS_REJECTED, .who = ISSUERS, .needs = "text",
		CLOCKS({ CLOCK_SIGN, CLK_VOID }, { CLOCK_HANDLE, CLK_VOID }), .effect = do_withdraw, .flags = T_DANGER },
	{ .action = "join", .from = ST(SPLIT), .to = MS_CLOSED, .who = REL_SYSTEM, CLOCKS({ CLOCK_HANDLE, CLK_STOP }),
		.effect = do_close, .flags = T_HIDDEN | T_CLOSES },
	{ .action = "alarm", .from = ST_OPEN, .to = MS_NONE, .who = REL_SYSTEM, .flags = T_HIDDEN },
	{ .action = "archive", .from = ST(CLOSED), .to = MS_ARCHIVED, .who = REL_SYSTEM, .effect = do_archive,
		.flags = T_HIDDEN },
	{ .action = "comment", .from = (1u << MS_MAX) - 1, .to = MS_NONE, .who = REL_ANY, .needs = "text" },
};

/* ---- kind ---- */

static enum err span(struct act *a, enum clock_kind c, struct span_rule *ret, int64_t *ret_rule)
{
	const struct event_book *b = event_book(a->snap, a->rq->app);

	if (c == CLOCK_HANDLE) /* the date the issuer set */
		*ret = (struct span_rule){ UNIT_MS, a->m.due_at > a->now ? a->m.due_at - a->now : 1 };
	else if (!event_span(b, NULL, a->m.urgency, c, ret, ret_rule))
		*ret = (struct span_rule){ UNIT_MS, 0 };
	return OK;
}

static enum err after(struct act *a)
{
	static const struct act_in nothing = { .version = NIL };
	struct matter *p = ARENA_NEW(a->rq->arena, struct matter);
	struct act *b = ARENA_NEW(a->rq->arena, struct act);
	int64_t left = 0;
	enum err err = OK;

	if (a->m.parent_id == NIL || a->old.open != 1 || a->m.open != 0)
		return OK;
	if (p == NULL || b == NULL)
		return ERR_NOMEM;
	err = matter_load(a->rq->db, a->rq->arena, a->m.parent_id, p);
	if (err == OK)
		err = matter_open_parts(a->rq->db, p->id, &left);
	if (err != OK || left > 0 || p->state != MS_SPLIT)
		return err;
	return matter_act(a->rq, a->kind, p->id, STR("join"), &nothing, 0, REL_SYSTEM, b);
}

static const struct duty task_duty[] = {
	{ REL_UNIT, ST(DISPATCHED) | ST(HANDLING) },
	{ ISSUERS, ST(CHECKING) },
};

const struct matter_kind task_kind = {
	.number = 2,
	.name = "task",
	.path = "tasks",
	.letter = 'T',
	.read = "task.read",
	.create = "task.create",
	.flow = task_flow,
	.nflow = ARRAY_LEN(task_flow),
	.span = span,
	.tally = event_tally,
	.after = after,
	.duty = task_duty,
	.nduty = ARRAY_LEN(task_duty),
};

/* ---- issuing ---- */

/*
 * Work reaches a community or grid only on a basis: a duty item in force or an admission; and to a grid
 * only as one of the six kinds of grid work, or as temporary work that was admitted.
 */
static enum err check_basis(struct act *a, const struct task_in *in, const struct unit *u)
{
	const struct duty_item *d = in->duty_item_id == NIL ? NULL :
		duty_find(snap_duties(a->snap, a->rq->app), in->duty_item_id);
	bool admitted = in->basis.p != NULL && in->basis.n > 0;

	if (in->duty_item_id != NIL && (d == NULL || !duty_in_force(d, date_of(a->now))))
		return act_fail(a, ERR_INVALID, "reference", "duty_item_id", "there is no such duty item in force");
	if (u->kind != UNIT_COMMUNITY && u->kind != UNIT_GRID)
		return OK;
	if (d == NULL && !admitted)
		return act_fail(a, ERR_CONFLICT, "task.no_basis", "basis",
			"work for a community or grid needs a duty item or an admission");
	if (u->kind == UNIT_GRID && in->work == NIL)
		return act_fail(a, ERR_INVALID, "required", "work", "work for a grid is one of the six kinds, or temporary");
	if (u->kind == UNIT_GRID && in->work == WORK_TEMPORARY && !admitted)
		return act_fail(a, ERR_CONFLICT, "task.not_admitted", "basis", "temporary work for a grid needs an admission");
	return OK;
}

static void fill(struct act *a, const struct task_in *in)
{
	a->m.title = in->title;
	a->m.text = in->text;
	a->m.duty_item_id = in->duty_item_id;
	a->m.urgency = in->urgency == NIL ? URG_U3 : in->urgency;
	a->m.due_at = in->due;
	a->m.data = str_fmt(a->rq->arena, "{\"work\":%lld}", in->work == NIL ? -1LL : (long long)in->work);
	a->m.ext_no = (struct str){ NULL, 0 };
}

static enum err add_part(struct act *parent, const struct task_in *in, json_t *v)
{
	struct act *a = ARENA_NEW(parent->rq->arena, struct act);
	const struct unit *u;
	int64_t id = NIL;
	enum err err;

	if (a == NULL)
		return ERR_NOMEM;
	if (!json_is_string(v) || !str_i64((struct str){ json_string_value(v), json_string_length(v) }, &id))
		id = NIL;
	u = snap_unit(parent->snap, id);
	if (u == NULL || !scope_sees(parent->rq->who, "task.create", u->place))
		return act_fail(parent, ERR_INVALID, "reference", "recipients", "there is no such unit in your area");
	err = act_init(a, parent->rq, &task_kind);
	fill(a, in);
	a->m.parent_id = parent->m.id;
	a->m.unit_id = u->id;
	a->m.place = u->place;
	a->m.track = parent->m.track;
	if (err == OK)
		err = check_basis(a, in, u);
	return err != OK ? err : matter_create(a, "part");
}

static enum err issue(struct act *a, const struct task_in *in, json_t *list)
{
	json_t *v;
	size_t i;
	enum err err = matter_create(a, "issue");

	json_array_foreach(list, i, v) {
		if (err == OK)
			err = add_part(a, in, v);
	}
	return err;
}

static const struct member created_member[] = {
	{ "id", F_ID },
	{ "no", F_STR },
	{ "state", F_ENUM, .vocab = &mstate_vocab },
	{ "due_at", F_TIME, .null = true },
};
static const struct shape created_shape = { .name = "TaskCreated", MEMBERS(created_member) };

static enum err create(struct req *rq, struct jw *out)
{
	const struct task_in *in = rq->in;
	struct act *a = ARENA_NEW(rq->arena, struct act);
	json_t *list = json_loadb(in->recipients.p, in->recipients.n, 0, NULL);
	char no[32];
	enum err err = a == NULL ? ERR_NOMEM : act_init(a, rq, &task_kind);

	if (err == OK && (!json_is_array(list) || json_array_size(list) == 0 ||
			  json_array_size(list) > TASK_RECIPIENTS_MAX))
		err = req_fail(rq, ERR_INVALID, "ids", "recipients", "recipients is a list of 1 to %d unit ids",
			TASK_RECIPIENTS_MAX);
	if (err == OK && in->due <= rq->now)
		err = req_fail(rq, ERR_INVALID, "past", "due", "the due date lies in the past");
	if (err == OK) {
		fill(a, in);
		a->m.place = rq->who->post[0].lo;
		a->m.join_rule = 0;
		err = issue(a, in, list);
	}
	json_decref(list);
	if (err != OK)
		return err;
	matter_no(&task_kind, a->m.id, no);
	jw_obj(out);
	jw_kid(out, "id", a->m.id);
	jw_kz(out, "no", no);
	jw_kz(out, "state", vocab_word(&mstate_vocab, a->m.state));
	jw_ktime(out, "due_at", a->m.due_at);
	jw_end_obj(out);
	return OK;
}

static const struct matter_kind *const kinds[] = { &task_kind, NULL };

static const struct route routes[] = {
	{ .method = M_POST, .path = "/api/tasks", .perm = "task.create", .in = &task_in_fields, .reply = &created_shape,
		.fn = create, .id = "createTask", .summary = "Issue a task to several units" },
};

const struct module task_module = {
	.name = "task",
	.kind = kinds,
	.route = routes,
	.nroute = ARRAY_LEN(routes),
};
