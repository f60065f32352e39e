/*
 * Events and what they are linked to: cooperating and whistled units, parts with a join rule, merged
 * reports, supporters who are told at closing.
 */
#include "mod/event/event_links.h"

#include <string.h>

#include "core/notify.h"
#include "mod/event/event_db.h"
#include "mod/event/event_effect.h"

enum { UNITS_MAX = 20, PARTS_MAX = 20, ARRIVE_MINUTES = 30, TITLE_MAX = 200 };

enum err link_unit(struct act *a, int64_t unit_id, enum unit_role role, int64_t arrive_by)
{
	int64_t id = db_new_id(a->rq->db);

	if (id == NIL)
		return ERR_RETRY;
	return db_exec(a->rq->db, event_sql[Q_EVENT_UNIT_PUT],
		ARGS(I(id), I(a->m.id), I(unit_id), I(role), I(arrive_by)), NULL);
}

static bool json_id(const json_t *v, int64_t *ret)
{
	if (json_is_integer(v)) {
		*ret = json_integer_value(v);
		return true;
	}
	return json_is_string(v) && str_i64((struct str){ json_string_value(v), json_string_length(v) }, ret);
}

enum err link_units(struct act *a, struct str ids, enum unit_role role, int64_t arrive_by, const char *field)
{
	json_t *list = json_loadb(ids.p, ids.n, 0, NULL), *one;
	enum err err = OK;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > UNITS_MAX)
		err = act_fail(a, ERR_INVALID, "ids", field, "%s is a list of 1 to %d unit ids", field, UNITS_MAX);
	json_array_foreach(list, i, one) {
		int64_t id;

		if (err != OK)
			break;
		if (!json_id(one, &id) || snap_unit(a->snap, id) == NULL)
			err = act_fail(a, ERR_INVALID, "reference", field, "there is no such unit");
		else
			err = link_unit(a, id, role, arrive_by);
	}
	json_decref(list);
	return err;
}

/* ---- whistle ---- */

enum err do_whistle(struct act *a)
{
	int64_t by = act_has(a, "arrive_by") ? a->in->arrive_by : a->now + ARRIVE_MINUTES * (int64_t)MS_MINUTE;
	const struct clock_run *r = act_run(a, CLOCK_ARRIVE);
	enum err err;

	if (by <= a->now)
		return act_fail(a, ERR_INVALID, "past", "arrive_by", "the time of arrival lies in the past");
	err = link_units(a, a->in->departments, UNIT_ROLE_WHISTLE, by, "departments");
	if (err != OK)
		return err;
	a->log_data = str_fmt(a->rq->arena, "{\"departments\":%.*s}", (int)a->in->departments.n, a->in->departments.p);
	if (r != NULL && r->stop == NIL)
		return act_clock(a, CLOCK_ARRIVE, CLK_SET_DUE, (struct span_rule){ UNIT_MS, 0 }, by);
	return act_clock(a, CLOCK_ARRIVE, CLK_START, (struct span_rule){ UNIT_MS, by - a->now }, NIL);
}

enum err do_arrive(struct act *a)
{
	int64_t changed, waiting;
	enum err err = db_exec(a->rq->db, event_sql[Q_EVENT_ARRIVED],
		ARGS(I(a->m.id), I(a->rq->who->user_id), I(a->now)), &changed);

	if (err == OK && changed == 0)
		return act_fail(a, ERR_CONFLICT, "event.not_whistled", "", "no whistle is waiting for your unit");
	if (err == OK)
		err = db_int(a->rq->db, event_sql[Q_EVENT_WAITING], ARGS(I(a->m.id)), &waiting);
	if (err == OK && waiting == 0)
		err = act_clock(a, CLOCK_ARRIVE, CLK_STOP, (struct span_rule){ UNIT_MS, 0 }, NIL);
	return err;
}

enum err do_whistle_rate(struct act *a)
{
	int64_t changed;
	enum err err = db_exec(a->rq->db, event_sql[Q_EVENT_SCORE],
		ARGS(I(a->m.id), I(a->in->unit_id), I(a->in->score)), &changed);

	if (err == OK && changed == 0)
		return act_fail(a, ERR_INVALID, "reference", "unit_id", "that unit was not whistled for this event");
	a->log_data = str_fmt(a->rq->arena, "{\"unit\":\"%lld\",\"score\":%lld}", (long long)a->in->unit_id,
		(long long)a->in->score);
	return err;
}

/* ---- merge ---- */

static enum err act_on(struct act *a, int64_t id, const char *action, const struct act_in *in, uint64_t given)
{
	struct act *b = ARENA_NEW(a->rq->arena, struct act);

	if (b == NULL)
		return ERR_NOMEM;
	return matter_act(a->rq, a->kind, id, str_z(action), in, given, REL_SYSTEM, b);
}

static uint64_t bit_of(const char *member)
{
	for (size_t i = 0; i < act_fields.n; i++) {
		if (strcmp(act_fields.v[i].name, member) == 0)
			return UINT64_C(1) << i;
	}
	return 0;
}

/* The parent takes the earliest deadline and the highest urgency; the child follows it from now on. */
enum err do_merge(struct act *a)
{
	struct act_in *in = ARENA_NEW(a->rq->arena, struct act_in);
	struct matter *parent = ARENA_NEW(a->rq->arena, struct matter);
	enum err err;

	if (in == NULL || parent == NULL)
		return ERR_NOMEM;
	if (a->in->into_id == a->m.id)
		return act_fail(a, ERR_INVALID, "event.merge_self", "into_id", "an event cannot be merged into itself");
	err = matter_see(a->rq, a->in->into_id, parent);
	if (err != OK)
		return act_fail(a, ERR_INVALID, "reference", "into_id", "there is no such event in your area");
	if (!parent->open || parent->kind != a->m.kind)
		return act_fail(a, ERR_CONFLICT, "event.merge_closed", "into_id", "the other event is not open");
	fields_clear(&act_fields, in);
	in->urgency = a->m.urgency;
	in->until = a->m.due_at;
	in->into_id = a->m.id;
	a->m.merged_into = parent->id;
	a->log_data = str_fmt(a->rq->arena, "{\"into\":\"%lld\"}", (long long)parent->id);
	return act_on(a, parent->id, "absorb", in,
		bit_of("urgency") | bit_of("into_id") | (in->until != NIL ? bit_of("until") : 0));
}

enum err do_absorb(struct act *a)
{
	struct clock_run *r = act_run(a, CLOCK_ACCEPT);

	a->m.urgency = urgency_max(a->m.urgency, a->in->urgency);
	a->m.supporters++;
	a->log_data = str_fmt(a->rq->arena, "{\"merged\":\"%lld\"}", (long long)a->in->into_id);
	if (a->in->until != NIL && r != NULL && r->stop == NIL && a->m.state == MS_REPORTED &&
	    a->in->until < r->due && a->in->until >= r->start)
		return act_clock(a, CLOCK_ACCEPT, CLK_SET_DUE, (struct span_rule){ UNIT_MS, 0 }, a->in->until);
	return OK;
}

enum err do_unmerge(struct act *a)
{
	struct matter *parent = ARENA_NEW(a->rq->arena, struct matter);
	enum err err = parent == NULL ? ERR_NOMEM : matter_load(a->rq->db, a->rq->arena, a->m.merged_into, parent);

	if (err == OK && !parent->open)
		return act_fail(a, ERR_CONFLICT, "event.merge_closed", "", "the other event has been closed meanwhile");
	a->m.merged_into = NIL;
	a->m.accepted_at = NIL;
	return err;
}

/* ---- parts ---- */

static enum err add_part(struct act *a, const json_t *p)
{
	struct act *b = ARENA_NEW(a->rq->arena, struct act);
	const char *title = json_string_value(json_object_get(p, "title"));
	const struct clock_run *h = act_run(a, CLOCK_HANDLE);
	int64_t unit;
	enum err err;

	if (b == NULL)
		return ERR_NOMEM;
	if (title == NULL || !json_id(json_object_get(p, "unit_id"), &unit) || snap_unit(a->snap, unit) == NULL)
		return act_fail(a, ERR_INVALID, "event.parts", "parts", "each part has a title and the id of a unit");
	if (title[0] == '\0' || str_runes(str_z(title)) > TITLE_MAX)
		return act_fail(a, ERR_INVALID, "length", "parts", "the title of a part has 1 to %d characters", TITLE_MAX);
	err = act_init(b, a->rq, a->kind);
	if (err != OK)
		return err;
	b->m.title = str_dup(a->rq->arena, str_z(title));
	b->m.text = a->m.text;
	b->m.address = a->m.address;
	b->m.code_id = a->m.code_id;
	b->m.track = a->m.track;
	b->m.urgency = a->m.urgency;
	b->m.source = a->m.source;
	b->m.place = a->m.place;
	b->m.sealed = a->m.sealed;
	b->m.lon = a->m.lon;
	b->m.lat = a->m.lat;
	b->m.morton = a->m.morton;
	b->m.parent_id = a->m.id;
	b->m.unit_id = unit;
	if (h != NULL) /* a part is due with its parent */
		err = act_clock(b, CLOCK_HANDLE, CLK_START, (struct span_rule){ UNIT_MS, h->due > a->now ? h->due - a->now : 1 },
			NIL);
	return err != OK ? err : matter_create(b, "part");
}

enum err do_split(struct act *a)
{
	json_t *list = json_loadb(a->in->parts.p, a->in->parts.n, 0, NULL), *one;
	struct span_rule span;
	int64_t rule;
	enum err err = OK;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) < 2 || json_array_size(list) > PARTS_MAX)
		err = act_fail(a, ERR_INVALID, "event.parts", "parts", "parts is a list of 2 to %d parts", PARTS_MAX);
	if (err == OK && a->m.state == MS_ACCEPTED) {
		const struct event_book *b = event_book(a->snap, a->rq->app);

		a->m.dispatched_at = a->now;
		if (event_span(b, event_code_of(b, a->m.code_id), a->m.urgency, CLOCK_HANDLE, &span, &rule))
			err = act_clock(a, CLOCK_HANDLE, CLK_START, span, NIL);
	}
	a->m.pending = (struct str){ NULL, 0 };
	a->m.join_rule = a->in->join;
	json_array_foreach(list, i, one) {
		if (err == OK)
			err = add_part(a, one);
	}
	json_decref(list);
	return err;
}

enum err do_join(struct act *a)
{
	a->m.result = a->m.result.p != NULL ? a->m.result : STR("all parts are done");
	a->m.finished_at = a->now;
	return OK;
}

/* A closed part may complete its parent: all of them, or any one, by the join rule. */
static enum err join_parent(struct act *a)
{
	static const struct act_in nothing = { .version = NIL };
	struct matter *p = ARENA_NEW(a->rq->arena, struct matter);
	int64_t left = 0;
	enum err err = p == NULL ? ERR_NOMEM : matter_load(a->rq->db, a->rq->arena, a->m.parent_id, p);

	if (err != OK || p->state != MS_SPLIT)
		return err;
	err = matter_open_parts(a->rq->db, p->id, &left);
	if (err != OK || (left > 0 && p->join_rule == 0))
		return err;
	return act_on(a, p->id, "join", &nothing, 0);
}

/* ---- supporters ---- */

enum err do_support(struct act *a)
{
	int64_t id = db_new_id(a->rq->db), changed;
	const struct principal *who = a->rq->who;

	if (id == NIL)
		return ERR_RETRY;
	if (who == NULL)
		return act_fail(a, ERR_AUTH, "auth", "", "sign in to support a report");
	enum err err = db_exec(a->rq->db, event_sql[Q_EVENT_SUPPORT],
		ARGS(I(id), I(a->m.id), I(who->user_id), I(NIL), I(NIL), I(a->now)), &changed);

	if (err == OK && changed == 0)
		return act_fail(a, ERR_CONFLICT, "event.supported", "", "you support it already");
	a->m.supporters++;
	return err;
}

static enum err tell(struct act *a, int64_t user_id)
{
	struct message msg = { .topic = "told", .at = a->now, .user_id = user_id, .about = { .id = NIL } };

	msg.data = str_fmt(a->rq->arena, "{\"id\":\"%lld\",\"state\":\"%s\"}", (long long)a->m.id,
		vocab_word(&mstate_vocab, a->m.state));
	return notify_add(a->rq->db, &msg);
}

static enum err tell_supporters(struct act *a)
{
	int64_t user[500];
	size_t n = 0;
	struct rows *r = db_query(a->rq->db, event_sql[Q_EVENT_SUPPORTERS], ARGS(I(a->m.id)));

	while (n < ARRAY_LEN(user) && rows_next(r))
		user[n++] = row_int_at(r, 0);
	enum err err = rows_close(r);

	for (size_t i = 0; i < n && err == OK; i++)
		err = tell(a, user[i]);
	if (err == OK && a->m.reporter_id != NIL)
		err = tell(a, a->m.reporter_id);
	if (err == OK)
		err = db_exec(a->rq->db, event_sql[Q_EVENT_TOLD], ARGS(I(a->m.id), I(a->now)), NULL);
	return err;
}

enum err event_after(struct act *a)
{
	enum err err = OK;

	/* Whoever works at the unit of a sealed event is one of its named handlers. */
	if (a->m.sealed == 1 && a->m.unit_id != NIL && (a->is_new || a->m.unit_id != a->old.unit_id))
		err = db_exec(a->rq->db, event_sql[Q_EVENT_NAMED], ARGS(I(a->m.id), I(a->m.unit_id), I(a->now)), NULL);
	if (err == OK && (a->t->flags & T_CLOSES))
		err = tell_supporters(a);
	if (err == OK && a->m.parent_id != NIL && a->old.open == 1 && a->m.open == 0)
		err = join_parent(a);
	return err;
}
