/*
 * Change requests: somebody asks that a row say something else, somebody else decides. The third
 * kind of matter. What is asked for is sealed until it is decided, and then forgotten: the row and
 * its record say what came of it.
 */
#include <string.h>

#include "core/label.h"
#include "core/matter_list.h"
#include "mod/collect/collect_impl.h"

enum { DECIDE_DAYS = 15 };

/* ---- asking ---- */

struct change_in {
	struct str kind;
	int64_t object_id;
	struct str changes, text;
};
static const struct field change_in_field[] = {
	FIELD(change_in, kind, F_STR, .flags = FIELD_REQUIRED, .min = 1, .max = 20),
	FIELD(change_in, object_id, F_ID, .flags = FIELD_REQUIRED),
	FIELD(change_in, changes, F_JSON, .flags = FIELD_REQUIRED, .max = 3000),
	FIELD(change_in, text, F_STR, .max = 500),
};
const struct fields change_in_fields = FIELDS(change_in, change_in_field);

struct asking {
	struct req *rq;
	const struct change_ask *ask;
	const struct entity *e;
	void *old, *rec;
	uint64_t which;
};

/* What may be asked for: what a PATCH may change, except whole documents. */
static enum err check_field(struct asking *k, const struct field *f)
{
	if (f->flags & (FIELD_CREATE | FIELD_READONLY | FIELD_HIDDEN) || f->type == F_JSON ||
		strcmp(f->name, "version") == 0 || strcmp(f->name, "source") == 0)
		return req_fail(k->rq, ERR_INVALID, "change.field", f->name,
			"%s cannot be asked for", f->name);
	return OK;
}

/* The differences, and whether the row's own rules would take them. */
static enum err find_differences(struct asking *k)
{
	uint64_t given = 0;
	enum err err;

	memcpy(k->rec, k->old, k->e->fields.size);
	err = fields_decode(
		&k->e->fields, k->ask->changes, true, k->rq->arena, k->rec, &given, &k->rq->err);
	for (size_t i = 0; i < k->e->fields.n && err == OK; i++) {
		const struct field *f = &k->e->fields.v[i];

		if (!((given >> i) & 1))
			continue;
		err = check_field(k, f);
		if (err == OK && (f->flags & FIELD_REQUIRED) && field_is_nil(f, k->rec))
			err = req_fail(k->rq, ERR_INVALID, "required", f->name,
				"%s may not be empty", f->name);
	}
	if (err == OK && k->e->check != NULL) {
		const struct principal *who = k->rq->who;

		k->rq->who =
			NULL; /* of the values only: whoever decides must be allowed to write */
		err = k->e->check(k->rq, k->old, k->rec);
		k->rq->who = who;
	}
	for (size_t i = 2; i < k->e->fields.n && err == OK; i++) {
		const struct field *f = &k->e->fields.v[i];

		if (!(f->flags & FIELD_READONLY) && strcmp(f->name, "source") != 0 &&
			!field_same(f, k->old, k->rec))
			k->which |= UINT64_C(1) << i;
	}
	if (err == OK && k->which == 0)
		err = req_fail(k->rq, ERR_INVALID, "change.nothing", "changes",
			"nothing in it differs from what is there");
	return err;
}

static enum err seal_differences(struct asking *k, struct str *ret)
{
	struct buf b;
	struct jw j;
	enum err err;

	buf_init(&b, 1 << 16);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_key(&j, "old");
	err = entity_values(k->e, k->old, k->which, &j);
	jw_key(&j, "new");
	if (err == OK)
		err = entity_values(k->e, k->rec, k->which, &j);
	jw_end_obj(&j);
	if (err == OK)
		err = b.failed ? ERR_NOMEM : collect_seal(k->rq, buf_view(&b), ret);
	if (err == ERR_LIMIT)
		err = req_fail(k->rq, ERR_LIMIT, "change.size", "changes",
			"too much at once: make it two requests");
	buf_release(&b);
	return err;
}

/* Names of fields only: lists and the inbox show it. */
static struct str title_of(struct asking *k, struct str *ret_fields)
{
	struct buf t, f;
	struct jw j;
	struct str title;
	bool first = true;

	buf_init(&t, 1024);
	buf_init(&f, 2048);
	jw_init(&j, &f);
	jw_arr(&j);
	for (size_t i = 0; i < k->e->fields.n; i++) {
		struct str label = label_in(label_of_field(k->e, &k->e->fields.v[i]), true);

		if (!((k->which >> i) & 1))
			continue;
		jw_z(&j, k->e->fields.v[i].name);
		buf_z(&t, first ? "变更：" : "、");
		buf_str(&t, label.p != NULL ? label : str_z(k->e->fields.v[i].name));
		first = false;
	}
	jw_end_arr(&j);
	title = str_dup(k->rq->arena, buf_view(&t));
	*ret_fields = str_dup(k->rq->arena, buf_view(&f));
	buf_release(&t);
	buf_release(&f);
	return title;
}

static enum err add_request(struct asking *k, int64_t *ret_matter)
{
	struct act *a = ARENA_NEW(k->rq->arena, struct act);
	struct request r = { .entity = str_z(k->e->name),
		.object_id = k->ask->object_id,
		.source = k->ask->source };
	enum err err = a == NULL ? ERR_NOMEM : seal_differences(k, &r.wanted);

	if (err == OK)
		err = act_init(a, k->rq, &change_kind);
	if (err != OK)
		return err;
	a->m.title = title_of(k, &r.fields);
	a->m.text = k->ask->text;
	a->m.place = registry_place(k->e, k->old);
	a->m.source = k->ask->source == DATA_SELF ? SRC_RESIDENT : SRC_DESK;
	a->m.reporter_id = k->rq->who != NULL ? k->rq->who->user_id : NIL;
	if (a->m.title.p == NULL || r.fields.p == NULL)
		return ERR_NOMEM;
	err = matter_create(a, "submit");
	r.matter_id = a->m.id;
	*ret_matter = a->m.id;
	return err != OK ? err : request_put(k->rq->db, &r);
}

enum err change_submit(struct req *rq, const struct change_ask *ask, int64_t *ret_matter)
{
	struct asking k = { .rq = rq, .ask = ask, .e = ask->e };
	enum err err;

	k.old = arena_alloc(rq->arena, k.e->fields.size);
	k.rec = arena_alloc(rq->arena, k.e->fields.size);
	if (k.old == NULL || k.rec == NULL)
		return ERR_NOMEM;
	err = ask->trusted ? entity_get_any(rq, k.e, ask->object_id, k.old)
			   : entity_get(rq, k.e, ask->object_id, k.old);
	if (err == OK)
		err = find_differences(&k);
	return err != OK ? err : add_request(&k, ret_matter);
}

enum err change_create(struct req *rq, struct jw *out)
{
	const struct change_in *in = rq->in;
	struct change_ask ask = { .e = registry_by_path(in->kind),
		.object_id = in->object_id,
		.text = in->text,
		.source = rq->who->roles == ROLE(RESIDENT) ? DATA_SELF : DATA_STAFF };
	int64_t id = NIL;
	char no[32];
	enum err err;

	if (ask.e == NULL || !may(rq->who, ask.e->read))
		return req_fail(rq, ERR_INVALID, "reference", "kind", "there is no such kind");
	err = field_parse_json(in->changes, &ask.changes, &rq->err);
	if (err == OK && !json_is_object(ask.changes))
		err = req_fail(rq, ERR_INVALID, "type", "changes",
			"an object of fields and values is needed");
	if (err == OK)
		err = change_submit(rq, &ask, &id);
	json_decref(ask.changes);
	if (err != OK)
		return err;
	matter_no(&change_kind, id, no);
	jw_obj(out);
	jw_kid(out, "id", id);
	jw_kz(out, "no", no);
	jw_end_obj(out);
	return OK;
}

/* ---- deciding ---- */

struct wanted {
	struct request r;
	const struct entity *e;
	void *now, *old, *rec; /* as it is; as it was when asked, and as asked for: only `which` of
				  them is set */
	uint64_t which;
};

static enum err open_wanted(struct req *rq, int64_t matter_id, struct wanted *w)
{
	json_t *kept = NULL;
	enum err err = request_get(rq->db, matter_id, rq->arena, &w->r);

	if (err != OK)
		return err;
	w->e = entity_named(rq->app, w->r.entity);
	if (w->e == NULL)
		return ERR_BUG;
	w->now = arena_alloc(rq->arena, w->e->fields.size);
	w->old = arena_alloc(rq->arena, w->e->fields.size);
	w->rec = arena_alloc(rq->arena, w->e->fields.size);
	if (w->now == NULL || w->old == NULL || w->rec == NULL)
		return ERR_NOMEM;
	fields_clear(&w->e->fields, w->old);
	if (w->r.wanted.p == NULL)
		return OK;
	err = entity_get_any(rq, w->e, w->r.object_id, w->now);
	if (err != OK)
		return err;
	memcpy(w->rec, w->now, w->e->fields.size);
	err = collect_open(rq, w->r.wanted, &kept);
	if (err == OK)
		err = entity_set_values(
			w->e, json_object_get(kept, "old"), rq->arena, w->old, &w->which);
	if (err == OK)
		err = entity_set_values(
			w->e, json_object_get(kept, "new"), rq->arena, w->rec, &w->which);
	json_decref(kept);
	return err;
}

/* Changed since it was asked for, and not to what was asked for. */
static bool conflicts(const struct wanted *w, size_t i)
{
	const struct field *f = &w->e->fields.v[i];

	return ((w->which >> i) & 1) && !field_same(f, w->now, w->old) &&
	       !field_same(f, w->now, w->rec);
}

static enum err not_own(struct act *a)
{
	if (a->rq->who == NULL || a->m.reporter_id != a->rq->who->user_id)
		return OK;
	return act_fail(a, ERR_DENIED, "change.own", "",
		"you asked for it yourself: somebody else decides");
}

static enum err facts_of(struct act *a, const struct wanted *w)
{
	enum err err = OK;

	for (size_t i = 2; i < w->e->fields.n && err == OK; i++) {
		if (((w->which >> i) & 1) && !field_same(&w->e->fields.v[i], w->now, w->rec))
			err = fact_put(a->rq->db, w->r.object_id, w->e->name,
				w->e->fields.v[i].name, w->r.source, a->m.reporter_id,
				a->m.reported_at);
	}
	return err;
}

static enum err do_approve(struct act *a)
{
	struct wanted w = { .which = 0 };
	struct req *rq = a->rq;
	enum err err = not_own(a);

	if (err == OK)
		err = open_wanted(rq, a->m.id, &w);
	if (err == OK && !may_at(rq->who, w.e->write, registry_place(w.e, w.now)))
		err = act_fail(a, ERR_DENIED, "change.elsewhere", "",
			"it lies outside your area now: who keeps it there decides");
	for (size_t i = 0; err == OK && i < w.e->fields.n; i++) {
		if (conflicts(&w, i))
			err = act_fail(a, ERR_CONFLICT, "change.conflict", w.e->fields.v[i].name,
				"%s was changed since this was asked for: reject it, and ask again "
				"if it still holds",
				w.e->fields.v[i].name);
	}
	if (err == OK)
		err = entity_update(rq, w.e, w.now, w.rec);
	if (err == OK)
		err = facts_of(a, &w);
	return err != OK ? err
			 : request_end(rq->db, a->m.id, OUTCOME_APPROVED, rq->who->user_id, a->now);
}

static enum err do_reject(struct act *a)
{
	enum err err = not_own(a);

	return err != OK ? err
			 : request_end(a->rq->db, a->m.id, OUTCOME_REJECTED, a->rq->who->user_id,
				   a->now);
}

static enum err do_withdraw(struct act *a)
{
	return request_end(a->rq->db, a->m.id, OUTCOME_WITHDRAWN, a->rq->who->user_id, a->now);
}

#define DECIDERS                                                                \
	(ROLE(DISTRICT_ADMIN) | ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) | \
		ROLE(GRID_WORKER_FT))
#define CLOCKS(...)                \
	.clocks = { __VA_ARGS__ }, \
	.nclocks = sizeof((struct clock_do[]){ __VA_ARGS__ }) / sizeof(struct clock_do)

static const struct transition change_flow[] = {
	{ .action = "submit",
		.to = MS_REPORTED,
		.who = REL_ANY,
		CLOCKS({ CLOCK_HANDLE, CLK_START }) },
	{ .action = "approve",
		.from = ST(REPORTED),
		.to = MS_CLOSED,
		.who = DECIDERS,
		CLOCKS({ CLOCK_HANDLE, CLK_STOP }),
		.effect = do_approve,
		.flags = T_CLOSES },
	{ .action = "refuse",
		.from = ST(REPORTED),
		.to = MS_REJECTED,
		.who = DECIDERS,
		.needs = "text",
		CLOCKS({ CLOCK_HANDLE, CLK_STOP }),
		.effect = do_reject,
		.flags = T_CLOSES },
	{ .action = "withdraw",
		.from = ST(REPORTED),
		.to = MS_REJECTED,
		.who = REL_REPORTER,
		CLOCKS({ CLOCK_HANDLE, CLK_VOID }),
		.effect = do_withdraw,
		.flags = T_CLOSES | T_DANGER },
	{ .action = "alarm", .from = ST_OPEN, .to = MS_NONE, .who = REL_SYSTEM, .flags = T_HIDDEN },
	{ .action = "comment",
		.from = (1u << MS_MAX) - 1,
		.to = MS_NONE,
		.who = REL_ANY,
		.needs = "text" },
};

static enum err span(struct act *a, enum clock_kind c, struct span_rule *ret, int64_t *ret_rule)
{
	(void)a;
	(void)ret_rule;
	*ret = (struct span_rule){ UNIT_WORK_DAYS, c == CLOCK_HANDLE ? DECIDE_DAYS : 0 };
	return OK;
}

static bool offers(const struct act *a, const struct transition *t)
{
	bool decides = t->effect == do_approve || t->effect == do_reject;

	return !decides || a->rq->who == NULL || a->m.reporter_id != a->rq->who->user_id;
}

/* ---- looking ---- */

static enum err change_detail(struct req *rq, const struct matter *m, struct jw *out)
{
	struct wanted w = { .which = 0 };
	bool sees, full;
	enum err err = open_wanted(rq, m->id, &w);

	if (err != OK)
		return err;
	sees = rq->who != NULL &&
	       (may_at(rq->who, w.e->read, m->place) || rq->who->user_id == m->reporter_id);
	full = rq->who != NULL && w.e->full != NULL && scope_sees(rq->who, w.e->full, m->place);
	jw_kz(out, "object_kind", w.e->path);
	jw_kid(out, "object_id", w.r.object_id);
	jw_kraw(out, "fields", w.r.fields);
	jw_kz(out, "value_source", vocab_word(&data_source_vocab, w.r.source));
	jw_kz(out, "outcome", vocab_word(&outcome_vocab, w.r.outcome));
	jw_kid(out, "decided_by", w.r.decided_by);
	jw_ktime(out, "decided_at", w.r.decided_at);
	jw_karr(out, "differences");
	for (size_t i = 0; i < w.e->fields.n && sees; i++) {
		const struct field *f = &w.e->fields.v[i];

		if (!((w.which >> i) & 1))
			continue;
		jw_obj(out);
		jw_kz(out, "field", f->name);
		collect_text(f, w.old, full, "from", out);
		collect_text(f, w.rec, full, "to", out);
		jw_kbool(out, "conflict", conflicts(&w, i));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return OK;
}

static const struct duty change_duty[] = { { DECIDERS, ST(REPORTED) } };

const struct matter_kind change_kind = {
	.number = 3,
	.name = "change_request",
	.path = "change_requests",
	.letter = 'C',
	.read = "change.read",
	.create = "change.create",
	.flow = change_flow,
	.nflow = ARRAY_LEN(change_flow),
	.span = span,
	.detail = change_detail,
	.more = &change_more_shape,
	.offers = offers,
	.duty = change_duty,
	.nduty = ARRAY_LEN(change_duty),
};
