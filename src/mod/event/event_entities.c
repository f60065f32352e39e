/* Codes, questions, deadlines, reasons, routing and flow rules as entities an administrator edits. */
#include <string.h>

#include "mod/event/event.h"
#include "mod/event/event_db.h"

static const struct field code_field[] = {
	FIELD(event_code, id, F_ID, .flags = FIELD_READONLY),
	FIELD(event_code, version, F_INT, .max = INT64_C(1) << 40),
	FIELD(event_code, code, F_STR, .min = 2, .max = 12, .flags = FIELD_REQUIRED | FIELD_UNIQUE | FIELD_SEARCH |
		FIELD_SORT | FIELD_CREATE | FIELD_FILTER),
	FIELD(event_code, name_zh, F_STR, .min = 1, .max = 60, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT),
	FIELD(event_code, name_en, F_STR, .min = 1, .max = 120, .flags = FIELD_REQUIRED | FIELD_SEARCH),
	FIELD(event_code, track, F_ENUM, .vocab = &track_vocab, .flags = FIELD_REQUIRED | FIELD_FILTER | FIELD_SORT),
	FIELD(event_code, urgency, F_ENUM, .vocab = &urgency_vocab, .flags = FIELD_REQUIRED | FIELD_FILTER),
	FIELD(event_code, accept, F_STR, .max = 8),
	FIELD(event_code, handle, F_STR, .max = 8),
	FIELD(event_code, lead, F_STR, .max = 32, .flags = FIELD_FILTER),
	FIELD(event_code, sealed, F_BOOL, .flags = FIELD_ALWAYS),
	FIELD(event_code, photo, F_BOOL, .flags = FIELD_ALWAYS),
	{ .name = "public", .type = F_BOOL, .off = offsetof(struct event_code, is_public), .flags = FIELD_ALWAYS },
	FIELD(event_code, active, F_BOOL, .flags = FIELD_FILTER | FIELD_ALWAYS),
};

static int64_t or_default(int64_t v, int64_t dflt)
{
	return v == NIL ? dflt : v;
}

static enum err check_span(struct req *rq, struct str s, const char *field)
{
	struct span_rule r;

	if (s.p != NULL && s.n > 0 && !span_parse(s, &r))
		return req_fail(rq, ERR_INVALID, "span", field,
			"a length looks like 30min, 24h, 4wh (working hours), 5wd (working days) or 15d");
	return OK;
}

static enum err code_check(struct req *rq, const void *old, void *rec)
{
	struct event_code *c = rec;
	enum err err = check_span(rq, c->accept, "accept");

	(void)old;
	c->sealed = or_default(c->sealed, 0);
	c->photo = or_default(c->photo, 0);
	c->is_public = or_default(c->is_public, 1);
	c->active = or_default(c->active, 1);
	return err != OK ? err : check_span(rq, c->handle, "handle");
}

static enum err code_preview(struct req *rq, const void *old, const void *rec, struct jw *out)
{
	(void)rec;
	return entity_affects(rq, KEEPS_CLOCKS, event_sql[Q_EVENT_OPEN_OF_CODE],
		ARGS(I(((const struct event_code *)old)->id)), out);
}

const struct entity event_code_entity = {
	.name = "event_code", .table = "event_code", .path = "event_codes",
	.fields = FIELDS(event_code, code_field), .read = "codes.read", .write = "admin.codes",
	.flags = ENTITY_CONFIG | ENTITY_PREVIEW, .order = "code", .check = code_check, .preview = code_preview,
};

static const char *const question_word[] = { "text", "number", "choice", "yes_no", "date", NULL };
const struct vocab question_vocab = { "question_type", question_word };

static const struct field question_field[] = {
	FIELD(code_question, id, F_ID, .flags = FIELD_READONLY),
	FIELD(code_question, version, F_INT, .max = INT64_C(1) << 40),
	FIELD(code_question, code_id, F_ID, .ref = "event_code", .flags = FIELD_REQUIRED | FIELD_FILTER | FIELD_CREATE),
	FIELD(code_question, position, F_INT, .min = 0, .max = 100, .flags = FIELD_REQUIRED | FIELD_SORT),
	FIELD(code_question, name, F_STR, .min = 1, .max = 40, .flags = FIELD_REQUIRED | FIELD_CREATE),
	FIELD(code_question, question_zh, F_STR, .min = 1, .max = 200, .flags = FIELD_REQUIRED | FIELD_SEARCH),
	FIELD(code_question, question_en, F_STR, .min = 1, .max = 300, .flags = FIELD_REQUIRED | FIELD_SEARCH),
	FIELD(code_question, type, F_ENUM, .vocab = &question_vocab, .flags = FIELD_REQUIRED),
	FIELD(code_question, required, F_BOOL, .flags = FIELD_ALWAYS),
	FIELD(code_question, choices, F_STR, .max = 1000),
};

static enum err question_check(struct req *rq, const void *old, void *rec)
{
	struct code_question *q = rec;

	(void)old;
	q->required = or_default(q->required, 0);
	if (q->type == QUESTION_CHOICE && (q->choices.p == NULL || q->choices.n == 0))
		return req_fail(rq, ERR_INVALID, "required", "choices", "a choice needs its answers, separated by |");
	return OK;
}

static enum err question_preview(struct req *rq, const void *old, const void *rec, struct jw *out)
{
	(void)rec;
	return entity_affects(rq, KEEPS_ANSWERS, event_sql[Q_EVENT_OPEN_OF_CODE],
		ARGS(I(((const struct code_question *)old)->code_id)), out);
}

const struct entity code_question_entity = {
	.name = "code_question", .table = "code_question", .path = "code_questions",
	.fields = FIELDS(code_question, question_field), .read = "codes.read", .write = "admin.codes",
	.flags = ENTITY_CONFIG | ENTITY_DELETE | ENTITY_PREVIEW, .order = "position", .check = question_check,
	.preview = question_preview,
};

static const struct field deadline_field[] = {
	FIELD(deadline_rule, id, F_ID, .flags = FIELD_READONLY),
	FIELD(deadline_rule, version, F_INT, .max = INT64_C(1) << 40),
	FIELD(deadline_rule, urgency, F_ENUM, .vocab = &urgency_vocab, .flags = FIELD_REQUIRED | FIELD_FILTER |
		FIELD_CREATE | FIELD_SORT),
	FIELD(deadline_rule, clock, F_ENUM, .vocab = &clock_vocab, .flags = FIELD_REQUIRED | FIELD_FILTER |
		FIELD_CREATE),
	FIELD(deadline_rule, span, F_STR, .min = 2, .max = 8, .flags = FIELD_REQUIRED),
};

static enum err deadline_check(struct req *rq, const void *old, void *rec)
{
	(void)old;
	return check_span(rq, ((struct deadline_rule *)rec)->span, "span");
}

static enum err deadline_preview(struct req *rq, const void *old, const void *rec, struct jw *out)
{
	(void)rec;
	return entity_affects(rq, KEEPS_CLOCKS, event_sql[Q_EVENT_OPEN_OF_URGENCY],
		ARGS(I(((const struct deadline_rule *)old)->urgency)), out);
}

const struct entity deadline_rule_entity = {
	.name = "deadline_rule", .table = "deadline_rule", .path = "deadline_rules",
	.fields = FIELDS(deadline_rule, deadline_field), .read = "codes.read", .write = "admin.codes",
	.flags = ENTITY_CONFIG | ENTITY_PREVIEW, .order = "urgency", .check = deadline_check,
	.preview = deadline_preview,
};

static const struct field reason_field[] = {
	FIELD(reason, id, F_ID, .flags = FIELD_READONLY),
	FIELD(reason, version, F_INT, .max = INT64_C(1) << 40),
	FIELD(reason, action, F_STR, .min = 1, .max = 40, .flags = FIELD_REQUIRED | FIELD_FILTER | FIELD_SORT),
	FIELD(reason, code, F_STR, .min = 1, .max = 40, .flags = FIELD_REQUIRED | FIELD_UNIQUE | FIELD_CREATE),
	FIELD(reason, name_zh, F_STR, .min = 1, .max = 100, .flags = FIELD_REQUIRED | FIELD_SEARCH),
	FIELD(reason, name_en, F_STR, .min = 1, .max = 200, .flags = FIELD_REQUIRED | FIELD_SEARCH),
	FIELD(reason, active, F_BOOL, .flags = FIELD_FILTER | FIELD_ALWAYS),
};

static enum err reason_check(struct req *rq, const void *old, void *rec)
{
	struct reason *r = rec;

	(void)rq;
	(void)old;
	r->active = or_default(r->active, 1);
	return OK;
}

const struct entity reason_entity = {
	.name = "reason", .table = "reason", .path = "reasons", .fields = FIELDS(reason, reason_field),
	.read = "codes.read", .write = "admin.codes", .flags = ENTITY_CONFIG | ENTITY_PREVIEW, .order = "action",
	.check = reason_check,
};

static const struct field routing_field[] = {
	FIELD(routing_rule, id, F_ID, .flags = FIELD_READONLY),
	FIELD(routing_rule, version, F_INT, .max = INT64_C(1) << 40),
	FIELD(routing_rule, code_id, F_ID, .ref = "event_code", .flags = FIELD_REQUIRED | FIELD_FILTER),
	FIELD(routing_rule, place, F_CODE, .flags = FIELD_REQUIRED | FIELD_SCOPE | FIELD_FILTER | FIELD_SORT),
	FIELD(routing_rule, unit_id, F_ID, .ref = "unit", .flags = FIELD_REQUIRED | FIELD_FILTER),
};

static enum err routing_preview(struct req *rq, const void *old, const void *rec, struct jw *out)
{
	const struct routing_rule *r = old;

	(void)rec;
	return entity_affects(rq, KEEPS_UNIT, event_sql[Q_EVENT_OPEN_OF_CODE_AT],
		ARGS(I(r->code_id), I(r->place), I(place_end(r->place))), out);
}

const struct entity routing_rule_entity = {
	.name = "routing_rule", .table = "routing_rule", .path = "routing_rules",
	.fields = FIELDS(routing_rule, routing_field), .read = "codes.read", .write = "admin.codes",
	.flags = ENTITY_CARRY | ENTITY_CONFIG | ENTITY_DELETE | ENTITY_PREVIEW, .once = "code_id", .order = "place", .preview = routing_preview,
};

static const struct field flow_field[] = {
	FIELD(flow_row, id, F_ID, .flags = FIELD_READONLY),
	FIELD(flow_row, version, F_INT, .max = INT64_C(1) << 40),
	FIELD(flow_row, kind, F_STR, .min = 1, .max = 40, .flags = FIELD_REQUIRED | FIELD_FILTER | FIELD_CREATE),
	FIELD(flow_row, action, F_STR, .min = 1, .max = 40, .flags = FIELD_REQUIRED | FIELD_FILTER | FIELD_CREATE |
		FIELD_SORT),
	FIELD(flow_row, roles, F_STR, .max = 400),
	FIELD(flow_row, needs, F_STR, .max = 400),
};

static enum err flow_check(struct req *rq, const void *old, void *rec)
{
	struct str roles = ((struct flow_row *)rec)->roles, needs = ((struct flow_row *)rec)->needs, word;
	enum role r;

	(void)old;
	while (roles.p != NULL && str_split(&roles, ' ', &word)) {
		if (word.n > 0 && !role_parse(word, &r))
			return req_fail(rq, ERR_INVALID, "word", "roles", "roles are role names separated by blanks");
	}
	while (needs.p != NULL && str_split(&needs, ' ', &word)) {
		if (word.n > 0 && fields_find(&act_fields, word) == NULL)
			return req_fail(rq, ERR_INVALID, "word", "needs", "needs are field names separated by blanks");
	}
	return OK;
}

static enum err flow_preview(struct req *rq, const void *old, const void *rec, struct jw *out)
{
	const struct matter_kind *k = matter_kind_named(rq->app, ((const struct flow_row *)old)->kind);

	(void)rec;
	return entity_affects(rq, KEEPS_STEPS, event_sql[Q_EVENT_OPEN_OF_KIND], ARGS(I(k != NULL ? k->number : NIL)), out);
}

const struct entity flow_row_entity = {
	.name = "flow_rule", .table = "flow_rule", .path = "flow_rules", .fields = FIELDS(flow_row, flow_field),
	.read = "codes.read", .write = "admin.codes", .flags = ENTITY_CONFIG | ENTITY_DELETE | ENTITY_PREVIEW,
	.order = "action", .check = flow_check, .preview = flow_preview,
};
