/*
 * Requests of a person about their own data: an explanation, or deletion. The fourth kind of matter: fifteen
 * working days, decided by somebody else, with the reason told. Corrections are change requests, and a consent
 * is withdrawn at once.
 */
#include <string.h>

#include "core/matter_list.h"
#include "mod/collect/collect.h"
#include "mod/self/self_api.h"
#include "mod/self/self_db.h"

static const char *const what_word[] = { "explain", "delete", "access", NULL };
static const char *const what_label[] = { "解释说明|Explain", "删除|Delete", "开通账号|Account", NULL };
const struct vocab data_what_vocab = { "data_request", what_word, what_label };

/* ---- asking ---- */

static const struct field request_field[] = {
	FIELD(data_request_in, what, F_ENUM, .flags = FIELD_REQUIRED, .vocab = &data_what_vocab),
	FIELD(data_request_in, text, F_STR, .flags = FIELD_REQUIRED, .min = 2, .max = 1000),
};
const struct fields data_request_fields = FIELDS(data_request_in, request_field);

static enum err write_made(const struct matter_kind *k, int64_t id, int64_t due, struct jw *out)
{
	char no[32];

	matter_no(k, id, no);
	jw_obj(out);
	jw_kid(out, "id", id);
	jw_kz(out, "no", no);
	jw_ktime(out, "due_at", due);
	jw_end_obj(out);
	return OK;
}

enum err self_request(struct req *rq, struct jw *out)
{
	const struct data_request_in *in = rq->in;
	struct act *a = ARENA_NEW(rq->arena, struct act);
	struct person p;
	bool open = false;
	enum err err = a == NULL ? ERR_NOMEM : self_person(rq, &p, NULL);

	if (err == OK && in->what == DATA_ACCESS)
		err = req_fail(rq, ERR_INVALID, "not_in_list", "what", "ask for an explanation or for deletion");
	if (err == OK)
		err = data_request_open(rq->db, p.id, in->what, &open);
	if (err == OK && open)
		err = req_fail(rq, ERR_CONFLICT, "self.asked", "what", "you asked for this already; the answer is on its way");
	if (err == OK)
		err = act_init(a, rq, &data_kind);
	if (err != OK)
		return err;
	a->m.title = in->what == DATA_DELETE ? STR("个人信息删除请求") : STR("个人信息查阅说明请求");
	a->m.text = in->text;
	a->m.place = p.place;
	a->m.source = SRC_RESIDENT;
	a->m.reporter_id = rq->who->user_id;
	err = matter_create(a, "submit");
	if (err == OK)
		err = data_request_put(rq->db, &(struct data_request){ a->m.id, p.id, in->what });
	return err != OK ? err : write_made(&data_kind, a->m.id, a->m.due_at, out);
}

/* ---- correcting ---- */

static const struct field change_field[] = {
	FIELD(data_change_in, changes, F_JSON, .flags = FIELD_REQUIRED, .max = 2000),
	FIELD(data_change_in, text, F_STR, .max = 500),
};
const struct fields data_change_fields = FIELDS(data_change_in, change_field);

/* What somebody knows best about themselves; where they live and with whom is collected on the spot. */
static bool is_own(const char *name)
{
	static const char *const own[] = { "name", "sex", "birth", "id_no", "phone", "residence_kind", "relation" };

	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (strcmp(own[i], name) == 0)
			return true;
	}
	return false;
}

static enum err check_changes(struct req *rq, json_t *changes)
{
	const char *name;
	json_t *v;

	if (!json_is_object(changes))
		return req_fail(rq, ERR_INVALID, "type", "changes", "an object of fields and values is needed");
	json_object_foreach (changes, name, v) {
		if (!is_own(name))
			return req_fail(rq, ERR_INVALID, "change.field", "changes", "%.40s cannot be corrected from here", name);
	}
	return OK;
}

enum err self_change(struct req *rq, struct jw *out)
{
	const struct data_change_in *in = rq->in;
	struct change_ask ask = { .e = &person_entity, .text = in->text, .source = DATA_SELF, .trusted = true };
	struct person p;
	int64_t id = NIL;
	enum err err = self_person(rq, &p, NULL);

	if (err == OK)
		err = field_parse_json(in->changes, &ask.changes, &rq->err);
	if (err == OK)
		err = check_changes(rq, ask.changes);
	ask.object_id = p.id;
	if (err == OK)
		err = change_submit(rq, &ask, &id);
	json_decref(ask.changes);
	return err != OK ? err : write_made(&change_kind, id, NIL, out);
}

/* ---- deciding ---- */

static enum err load_for(struct act *a, struct data_request *r)
{
	enum err err = data_request_get(a->rq->db, a->m.id, r);

	if (err == OK && a->rq->who != NULL && a->m.reporter_id == a->rq->who->user_id)
		err = act_fail(a, ERR_DENIED, "self.own", "", "you asked for it yourself: somebody else decides");
	return err;
}

static enum err do_answer(struct act *a)
{
	struct data_request r;
	enum err err = load_for(a, &r);

	if (err == OK && r.what != DATA_EXPLAIN)
		err = act_fail(a, ERR_CONFLICT, "self.delete", "", "a deletion is granted or refused, a code handed over");
	a->m.result = a->in->text;
	return err;
}

static enum err do_grant(struct act *a)
{
	struct data_request r;
	enum err err = load_for(a, &r);

	if (err == OK && r.what != DATA_DELETE)
		err = act_fail(a, ERR_CONFLICT, "self.explain", "", "an explanation is given in words, a code on the person's page");
	a->m.result = a->in->text;
	return err != OK ? err : registry_forget(a->rq, r.person_id);
}

static enum err do_refuse(struct act *a)
{
	struct data_request r;

	a->m.result = a->in->text;
	return load_for(a, &r);
}

#define DECIDERS (ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(COMMUNITY_SECRETARY))
#define HANDLE(o) .clocks = { { CLOCK_HANDLE, (o) } }, .nclocks = 1

static const struct transition data_flow[] = {
	{ .action = "submit", .to = MS_REPORTED, .who = REL_ANY, HANDLE(CLK_START) },
	{ .action = "answer", .from = ST(REPORTED), .to = MS_CLOSED, .who = DECIDERS, .needs = "text", HANDLE(CLK_STOP),
		.effect = do_answer, .flags = T_CLOSES },
	{ .action = "grant", .from = ST(REPORTED), .to = MS_CLOSED, .who = DECIDERS, .needs = "text", HANDLE(CLK_STOP),
		.effect = do_grant, .flags = T_CLOSES | T_DANGER },
	{ .action = "refuse", .from = ST(REPORTED), .to = MS_REJECTED, .who = DECIDERS, .needs = "text", HANDLE(CLK_STOP),
		.effect = do_refuse, .flags = T_CLOSES },
	{ .action = "withdraw", .from = ST(REPORTED), .to = MS_REJECTED, .who = REL_REPORTER, HANDLE(CLK_VOID),
		.flags = T_CLOSES },
	{ .action = "hand_over", .from = ST(REPORTED), .to = MS_CLOSED, .who = REL_SYSTEM, HANDLE(CLK_STOP),
		.flags = T_CLOSES | T_HIDDEN },
	{ .action = "alarm", .from = ST_OPEN, .to = MS_NONE, .who = REL_SYSTEM, .flags = T_HIDDEN },
	{ .action = "comment", .from = (1u << MS_MAX) - 1, .to = MS_NONE, .who = REL_ANY, .needs = "text" },
};

static enum err span(struct act *a, enum clock_kind c, struct span_rule *ret, int64_t *ret_rule)
{
	(void)a;
	(void)ret_rule;
	*ret = (struct span_rule){ UNIT_WORK_DAYS, c == CLOCK_HANDLE ? ANSWER_DAYS : 0 };
	return OK;
}

/* Only what fits the request. */
static bool offers(const struct act *a, const struct transition *t)
{
	struct data_request r = { .what = NIL };
	bool decides = t->effect == do_answer || t->effect == do_grant || t->effect == do_refuse;

	if (!decides)
		return true;
	if (a->rq->who != NULL && a->m.reporter_id == a->rq->who->user_id)
		return false;
	if (data_request_get(a->rq->db, a->m.id, &r) != OK)
		return false;
	return t->effect == do_refuse || (r.what == DATA_DELETE && t->effect == do_grant) ||
	       (r.what == DATA_EXPLAIN && t->effect == do_answer);
}

static const struct member detail_member[] = {
	{ "what", F_ENUM, .vocab = &data_what_vocab },
	{ "person_id", F_ID },
};
static const struct shape detail_shape = { MEMBERS(detail_member) };

static enum err detail(struct req *rq, const struct matter *m, struct jw *out)
{
	struct data_request r;
	enum err err = data_request_get(rq->db, m->id, &r);

	if (err != OK)
		return err;
	jw_kz(out, "what", vocab_word(&data_what_vocab, r.what));
	jw_kid(out, "person_id", r.person_id);
	return OK;
}

static const struct duty data_duty[] = { { DECIDERS, ST(REPORTED) } };

const struct matter_kind data_kind = {
	.number = 4,
	.name = "data_request",
	.path = "data_requests",
	.letter = 'D',
	.read = "data.read",
	.create = "self.read",
	.flow = data_flow,
	.nflow = ARRAY_LEN(data_flow),
	.span = span,
	.detail = detail,
	.more = &detail_shape,
	.offers = offers,
	.duty = data_duty,
	.nduty = ARRAY_LEN(data_duty),
};
