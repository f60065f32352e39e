/*
 * Routes of the matter engine: for each kind list, export, detail, action and bulk; across kinds the
 * inbox, its counts, the history and the explanation of the clocks.
 */
#include <string.h>

#include "core/entity.h"
#include "core/file.h"
#include "core/matter_db.h"
#include "core/matter_flow.h"
#include "core/matter_list.h"
#include "core/matter_sweep.h"
#include "core/openapi.h"
#include "core/secret.h"
#include "core/tally.h"

enum { BULK_MAX = 200 };

enum err matter_see(struct req *rq, int64_t id, struct matter *ret)
{
	struct matter_view v;
	bool unit = false, person = false;
	enum err err = matter_load(rq->db, rq->arena, id, ret);

	if (err == ERR_NOT_FOUND || rq->who == NULL)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such matter");
	if (err != OK)
		return err;
	matter_view_of(ret, &v);
	if (scope_sees_matter(rq->who, &v, false))
		return OK;
	err = matter_takes_part(rq, id, &unit, &person);
	if (err != OK)
		return err;
	if (person || (unit && !v.sealed))
		return OK;
	return req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such matter");
}

/* ---- detail ---- */

static const char *const unit_role_word[] = { "lead", "coop", "whistle", NULL };
static const struct vocab unit_role_vocab = { .name = "unit_role", .word = unit_role_word };

static const struct member unit_member[] = {
	{ "unit_id", F_ID },
	{ "unit_name", F_STR, .null = true },
	{ "role", F_ENUM, .vocab = &unit_role_vocab },
	{ "arrive_by", F_TIME, .null = true },
	{ "arrived_at", F_TIME, .null = true },
	{ "score", F_INT, .null = true },
};
static const struct shape unit_shape = { .name = "MatterUnit", MEMBERS(unit_member) };

static const struct member related_member[] = {
	{ "id", F_ID },
	{ "title", F_STR },
	{ "state", F_ENUM, .vocab = &mstate_vocab },
};
static const struct shape related_shape = { .name = "MatterRef", MEMBERS(related_member) };

static const struct member action_member[] = {
	{ "action", F_STR },
	{ "to", F_ENUM, .vocab = &mstate_vocab, .null = true },
	{ "needs", F_STR, .list = 1 },
	{ "allows", F_STR, .list = 1 },
	{ "danger", F_BOOL },
};
static const struct shape action_shape = { .name = "MatterAction", MEMBERS(action_member) };

static const struct member detail_member[] = {
	{ "pending", F_JSON, .map = true, .null = true, .help = "a request waiting for a decision" },
	{ "answers", F_JSON, .map = true, .null = true, .help = "by the name of the question" },
	{ "data", F_JSON, .map = true, .null = true },
	{ "coop", .of = &unit_shape, .list = 1 },
	{ "children", .of = &related_shape, .list = 1 },
	{ "merged", .of = &related_shape, .list = 1, .help = "those merged into it" },
	{ "files", .of = &file_shape, .list = 1 },
	{ "actions", .of = &action_shape, .list = 1, .help = "those this person may take now" },
};
static const struct shape detail_shape = { .name = NULL, .base = &matter_full_shape, MEMBERS(detail_member) };

static enum err write_units(struct req *rq, int64_t id, struct jw *out)
{
	struct rows *r = db_query(rq->db, matter_sql[Q_MATTER_UNITS], ARGS(I(id)));

	jw_karr(out, "coop");
	while (rows_next(r)) {
		int64_t role = row_int_at(r, 1);

		jw_obj(out);
		jw_kid(out, "unit_id", row_int_at(r, 0));
		jw_kstr(out, "unit_name", snap_unit_name(req_snap(rq), row_int_at(r, 0)));
		jw_kz(out, "role", vocab_word(&unit_role_vocab, role));
		jw_ktime(out, "arrive_by", row_int_at(r, 2));
		jw_ktime(out, "arrived_at", row_int_at(r, 3));
		jw_kint(out, "score", row_int_at(r, 4));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}

static enum err write_related(struct req *rq, int query, const char *key, int64_t id, struct jw *out)
{
	struct rows *r = db_query(rq->db, matter_sql[query], ARGS(I(id)));

	jw_karr(out, key);
	while (rows_next(r)) {
		jw_obj(out);
		jw_kid(out, "id", row_int_at(r, 0));
		jw_kstr(out, "title", row_str_at(r, 1));
		jw_kz(out, "state", vocab_word(&mstate_vocab, row_int_at(r, 2)));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}

enum err matter_detail(struct req *rq, const struct matter *m, struct jw *out)
{
	const struct matter_kind *k = matter_kind_of(rq->app, m->kind);
	struct str handler = { NULL, 0 };
	enum err err = OK;

	if (m->handler_id != NIL) {
		struct rows *r = db_query(rq->db, matter_sql[Q_MATTER_HANDLER], ARGS(I(m->handler_id)));

		if (rows_next(r))
			handler = str_dup(rq->arena, row_str_at(r, 0));
		err = rows_close(r);
	}
	jw_obj(out);
	matter_members(rq, m, handler, false, out);
	if (err == OK)
		err = write_units(rq, m->id, out);
	if (err == OK)
		err = write_related(rq, Q_MATTER_CHILDREN, "children", m->id, out);
	if (err == OK)
		err = write_related(rq, Q_MATTER_MERGED, "merged", m->id, out);
	if (err == OK)
		err = file_list(rq, m->id, out);
	if (err == OK && k->detail != NULL)
		err = k->detail(rq, m, out);
	jw_key(out, "actions");
	if (err == OK)
		err = matter_actions(rq, k, m, out);
	jw_end_obj(out);
	return err;
}

/* ---- routes of one kind ---- */

static enum err kind_list(struct req *rq, struct jw *out)
{
	return matter_list(rq, rq->route->data, NULL, out);
}

static enum err kind_export(struct req *rq, struct jw *out)
{
	(void)out;
	return matter_export(rq, rq->route->data);
}

static enum err kind_detail(struct req *rq, struct jw *out)
{
	const struct matter_kind *k = rq->route->data;
	struct matter *m = ARENA_NEW(rq->arena, struct matter);
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (m == NULL)
		return ERR_NOMEM;
	if (err == OK)
		err = matter_see(rq, id, m);
	if (err == OK && m->kind != k->number)
		err = req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such %s", k->name);
	return err != OK ? err : matter_detail(rq, m, out);
}

static enum err kind_act(struct req *rq, struct jw *out)
{
	struct act *a = ARENA_NEW(rq->arena, struct act);
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (a == NULL)
		return ERR_NOMEM;
	if (err == OK)
		err = matter_act(rq, rq->route->data, id, req_param(rq, "action"), rq->in, rq->present, 0, a);
	if (err != OK)
		return err;
	rq->reply.status = 200;
	return matter_detail(rq, &a->m, out);
}

/* ---- bulk ---- */

struct bulk_in {
	struct str action, ids, body;
};
static const struct field bulk_field[] = {
	FIELD(bulk_in, action, F_STR, .min = 1, .max = 40, .flags = FIELD_REQUIRED),
	FIELD(bulk_in, ids, F_JSON, .max = 16000, .flags = FIELD_REQUIRED),
	FIELD(bulk_in, body, F_JSON, .max = 16000),
};
static const struct fields bulk_fields = FIELDS(bulk_in, bulk_field);

static const struct member failed_member[] = {
	{ "id", F_ID, .null = true, .help = "null where what was given is no id" },
	{ "error", .of = &error_body_shape },
};
static const struct shape failed_shape = { .name = "BulkFailure", MEMBERS(failed_member) };
static const struct member bulk_member[] = {
	{ "done", F_ID, .list = 1 },
	{ "failed", .of = &failed_shape, .list = 1 },
	{ "undo", F_STR, .null = true, .help = "the action that takes it back within a minute" },
};
static const struct shape bulk_shape = { .name = "BulkResult", MEMBERS(bulk_member) };

static enum err bulk_one(struct req *rq, int64_t id, json_t *body, struct str action)
{
	struct act_in *in = ARENA_NEW(rq->arena, struct act_in);
	struct act *a = ARENA_NEW(rq->arena, struct act);
	uint64_t given = 0;
	enum err err;

	if (a == NULL || in == NULL)
		return ERR_NOMEM;
	fields_clear(&act_fields, in);
	if (body != NULL) {
		err = fields_decode(&act_fields, body, true, rq->arena, in, &given, &rq->err);
		if (err != OK)
			return err;
	}
	err = db_exec(rq->db, "SAVEPOINT bulk_one", NO_ARGS, NULL);
	if (err != OK)
		return err;
	err = matter_act(rq, rq->route->data, id, action, in, given, 0, a);
	if (err == ERR_INVALID || err == ERR_DENIED || err == ERR_NOT_FOUND || err == ERR_CONFLICT) {
		enum err back = db_exec(rq->db, "ROLLBACK TO SAVEPOINT bulk_one", NO_ARGS, NULL);

		return back != OK ? back : err;
	}
	return err;
}

static const char *bulk_undo(struct str action)
{
	static const char *const pair[][2] = { { "accept", "unaccept" }, { "dispatch", "recall" },
		{ "return", "unreturn" } };

	for (size_t i = 0; i < ARRAY_LEN(pair); i++) {
		if (str_eqz(action, pair[i][0]))
			return pair[i][1];
	}
	return NULL;
}

static enum err bulk_run(struct req *rq, const struct bulk_in *in, json_t *ids, json_t *body, struct jw *failed,
			 struct jw *out)
{
	size_t i;
	json_t *one;

	jw_karr(out, "done");
	json_array_foreach(ids, i, one) {
		int64_t id = NIL;
		enum err err;

		if (json_is_string(one) &&
		    str_i64((struct str){ json_string_value(one), json_string_length(one) }, &id))
			err = bulk_one(rq, id, body, in->action);
		else
			err = req_fail(rq, ERR_INVALID, "ids", "ids", "an id is a number written as text");
		if (err == OK) {
			jw_id(out, id);
			continue;
		}
		if (err != ERR_INVALID && err != ERR_DENIED && err != ERR_NOT_FOUND && err != ERR_CONFLICT)
			return err;
		jw_obj(failed);
		jw_kid(failed, "id", id);
		jw_kobj(failed, "error");
		jw_kz(failed, "code", rq->err.code);
		jw_kz(failed, "field", rq->err.field);
		jw_kz(failed, "message", rq->err.message);
		jw_end_obj(failed);
		jw_end_obj(failed);
		memset(&rq->err, 0, sizeof(rq->err));
	}
	jw_end_arr(out);
	return OK;
}

static enum err kind_bulk(struct req *rq, struct jw *out)
{
	const struct bulk_in *in = rq->in;
	json_t *ids = json_loadb(in->ids.p, in->ids.n, 0, NULL);
	json_t *body = in->body.p != NULL ? json_loadb(in->body.p, in->body.n, 0, NULL) : NULL;
	struct buf fb;
	struct jw failed;
	enum err err = OK;

	buf_init(&fb, 1 << 20);
	jw_init(&failed, &fb);
	if (!json_is_array(ids) || json_array_size(ids) == 0 || json_array_size(ids) > BULK_MAX)
		err = req_fail(rq, ERR_INVALID, "ids", "ids", "ids is a list of 1 to %d ids", BULK_MAX);
	if (err == OK) {
		rq->reply.status = 200;
		jw_arr(&failed);
		jw_obj(out);
		err = bulk_run(rq, in, ids, body, &failed, out);
		jw_end_arr(&failed);
		jw_kraw(out, "failed", buf_view(&fb));
		jw_kz(out, "undo", bulk_undo(in->action));
		jw_end_obj(out);
	}
	buf_release(&fb);
	json_decref(ids);
	json_decref(body);
	return err;
}

/* The detail with what the kind adds. */
static const struct shape *kind_shape(const struct matter_kind *k, struct arena *a)
{
	struct shape *s = ARENA_NEW(a, struct shape);

	if (s != NULL)
		*s = (struct shape){ .name = name_camel(a, "", k->name, "Detail"), .base = &detail_shape,
			.v = k->more != NULL ? k->more->v : NULL, .n = k->more != NULL ? k->more->n : 0,
			.open = k->detail != NULL && k->more == NULL };
	return s;
}

size_t matter_routes(const struct matter_kind *k, struct arena *a, struct route *out)
{
	const struct shape *one = kind_shape(k, a);
	size_t n = 0;

	out[n++] = (struct route){ .method = M_GET, .path = str_cstr(a, str_fmt(a, "/api/%s", k->path)),
		.reply = &matter_row_shape, .out_list = true, .query = matter_params, .nquery = matter_nparams,
		.fn = kind_list, .id = name_camel(a, "list", k->path, ""), .summary = "List" };
	out[n++] = (struct route){ .method = M_GET, .path = str_cstr(a, str_fmt(a, "/api/%s/export", k->path)),
		.flags = ROUTE_RAW_OUT, .gives = TYPES_TABLE, .query = matter_params, .nquery = matter_nparams, .fn = kind_export,
		.id = name_camel(a, "export", k->path, ""), .summary = "Export as CSV or workbook" };
	out[n++] = (struct route){ .method = M_GET, .path = str_cstr(a, str_fmt(a, "/api/%s/{id}", k->path)),
		.reply = one, .flags = ROUTE_QUICK, .fn = kind_detail, .id = name_camel(a, "get", k->name, ""),
		.summary = "Read one" };
	out[n++] = (struct route){ .method = M_POST,
		.path = str_cstr(a, str_fmt(a, "/api/%s/{id}/actions/{action}", k->path)),
		.in = &act_fields, .reply = one, .flags = ROUTE_PATCH_BODY, .fn = kind_act,
		.id = name_camel(a, "actOn", k->name, ""), .summary = "Take an action" };
	out[n++] = (struct route){ .method = M_POST, .path = str_cstr(a, str_fmt(a, "/api/%s/bulk", k->path)),
		.in = &bulk_fields, .reply = &bulk_shape, .fn = kind_bulk, .id = name_camel(a, "actOn", k->path, ""),
		.summary = "Take an action on many" };
	for (size_t i = 0; i < n; i++) {
		out[i].perm = k->read;
		out[i].data = k;
	}
	return n;
}

/* ---- inbox ---- */

static void states_in(struct sqlb *b, unsigned states)
{
	bool first = true;

	sqlb_add(b, " AND m.state IN (");
	for (int s = 0; s < MS_MAX; s++) {
		if ((states >> s) & 1) {
			sqlb_cond(b, first ? "?" : ", ?", I(s));
			first = false;
		}
	}
	sqlb_add(b, ")");
}

/* Each appends one alternative of "waits for me"; false when it has nothing to do with the post, or the duty none
 * with handlers. */
static bool handler_cond(struct sqlb *b, const struct matter_kind *k, const struct duty *d, int64_t user_id, bool any)
{
	if (!(d->who & REL_HANDLER))
		return false;
	sqlb_cond(b, any ? " OR (m.kind = ?" : "(m.kind = ?", I(k->number));
	sqlb_cond(b, " AND m.handler_id = ?", I(user_id));
	states_in(b, d->states);
	sqlb_add(b, ")");
	return true;
}

static bool duty_cond(struct sqlb *b, const struct matter_kind *k, const struct duty *d, const struct post *p, bool any)
{
	bool unit = (d->who & REL_UNIT) && p->unit_id != NIL;
	bool role = (d->who >> p->role) & 1;

	if (!unit && !role)
		return false;
	sqlb_cond(b, any ? " OR (m.kind = ?" : "(m.kind = ?", I(k->number));
	if (d->who & REL_HANDLER)
		sqlb_add(b, " AND m.handler_id IS NULL");
	if (unit) {
		sqlb_cond(b, " AND m.unit_id = ?", I(p->unit_id));
	} else {
		sqlb_cond(b, " AND m.place >= ?", I(p->lo));
		sqlb_cond(b, " AND m.place < ?", I(p->hi));
		if (p->board != TRACK_NONE)
			sqlb_cond(b, " AND m.track = ?", I(p->board));
	}
	states_in(b, d->states);
	sqlb_add(b, ")");
	return true;
}

/* "Waits for me": for each duty row of each kind, my posts that it names. */
static void cond_todo(struct req *rq, struct sqlb *b)
{
	bool any = false;

	sqlb_add(b, " AND (");
	for (size_t i = 0; i < rq->app->nkind; i++) {
		const struct matter_kind *k = rq->app->kind[i];

		for (size_t d = 0; d < k->nduty; d++) {
			any |= handler_cond(b, k, &k->duty[d], rq->who->user_id, any);
			for (size_t p = 0; p < rq->who->nposts; p++)
				any |= duty_cond(b, k, &k->duty[d], &rq->who->post[p], any);
		}
	}
	sqlb_add(b, any ? ")" : "1 = 0)");
}

static void cond_my_units(struct req *rq, struct sqlb *b)
{
	bool any = false;

	for (size_t p = 0; p < rq->who->nposts; p++) {
		if (rq->who->post[p].unit_id == NIL)
			continue;
		sqlb_cond(b, any ? ", ?" : "?", I(rq->who->post[p].unit_id));
		any = true;
	}
	if (!any)
		sqlb_add(b, "-1");
}

/* Every tab but "done" is about open matters, which the caller's query says. */
static enum err cond_tab(struct req *rq, struct sqlb *b, struct str tab)
{
	if (tab.p == NULL || tab.n == 0 || str_eqz(tab, "all")) {
		return OK;
	} else if (str_eqz(tab, "todo")) {
		cond_todo(rq, b);
	} else if (str_eqz(tab, "doing")) {
		sqlb_add(b, " AND m.state IN (4, 12) AND m.unit_id IN (");
		cond_my_units(rq, b);
		sqlb_add(b, ")");
	} else if (str_eqz(tab, "watch")) {
		sqlb_add(b, " AND (m.supervised = 1 OR m.id IN (SELECT matter_id FROM matter_unit "
			    "WHERE unit_id IN (");
		cond_my_units(rq, b);
		sqlb_cond(b, ")) OR m.reporter_id = ?)", I(rq->who->user_id));
	} else if (str_eqz(tab, "overdue")) {
		sqlb_add(b, " AND m.level >= 2");
	} else if (str_eqz(tab, "amber")) {
		sqlb_add(b, " AND m.level = 1");
	} else if (str_eqz(tab, "done")) {
		sqlb_cond(b, " AND m.id IN (SELECT matter_id FROM matter_party WHERE user_id = ?)",
			I(rq->who->user_id));
	} else {
		return req_fail(rq, ERR_INVALID, "word", "tab", "tab is todo, doing, watch, overdue, done or all");
	}
	return OK;
}

static enum err inbox_cond(struct req *rq, struct sqlb *b)
{
	struct str tab = req_query(rq, "tab");

	sqlb_add(b, str_eqz(tab, "done") ? " AND m.open = 0" : " AND m.open = 1");
	return cond_tab(rq, b, tab);
}

static enum err inbox(struct req *rq, struct jw *out)
{
	struct str name = req_query(rq, "kind");
	const struct matter_kind *k = name.p != NULL ? matter_kind_named(rq->app, name) : NULL;

	if (name.p != NULL && k == NULL)
		return req_fail(rq, ERR_INVALID, "word", "kind", "unknown kind");
	return matter_list(rq, k, inbox_cond, out);
}

static const struct member counts_member[] = {
	{ "todo", F_INT },
	{ "doing", F_INT },
	{ "watch", F_INT },
	{ "overdue", F_INT },
	{ "amber", F_INT },
	{ "all", F_INT },
};
static const struct shape counts_shape = { .name = "InboxCounts", MEMBERS(counts_member) };

/* All tabs in one pass over the open matters. */
static enum err inbox_counts(struct req *rq, struct jw *out)
{
	static const char *const tab[] = { "todo", "doing", "watch", "overdue", "amber", "all" };
	struct sqlb b;
	enum err err = OK;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT ");
	for (size_t i = 0; i < ARRAY_LEN(tab) && err == OK; i++) {
		sqlb_add(&b, i > 0 ? ", count(*) FILTER (WHERE 1 = 1" : "count(*) FILTER (WHERE 1 = 1");
		err = cond_tab(rq, &b, str_z(tab[i]));
		sqlb_add(&b, ")");
	}
	sqlb_add(&b, " FROM matter m WHERE m.open = 1");
	scope_matter(&b, rq->who);
	jw_obj(out);
	if (err == OK) {
		struct rows *r = sqlb_query(&b, rq->db);

		if (rows_next(r)) {
			for (size_t i = 0; i < ARRAY_LEN(tab); i++)
				jw_kint(out, tab[i], row_int_at(r, (int)i));
		}
		err = rows_close(r);
	}
	jw_end_obj(out);
	sqlb_release(&b);
	return err;
}

/* ---- history and clocks ---- */

static const struct member history_member[] = {
	{ "id", F_ID },
	{ "at", F_TIME },
	{ "actor_id", F_ID, .null = true },
	{ "actor", F_STR, .null = true },
	{ "actor_role", F_ENUM, .vocab = &role_vocab, .null = true },
	{ "action", F_STR },
	{ "from", F_ENUM, .vocab = &mstate_vocab, .null = true },
	{ "to", F_ENUM, .vocab = &mstate_vocab, .null = true },
	{ "text", F_STR, .null = true },
	{ "data", F_JSON, .map = true, .null = true },
};
static const struct shape history_shape = { .name = "HistoryItem", MEMBERS(history_member) };

static enum err history(struct req *rq, struct jw *out)
{
	struct matter *m = ARENA_NEW(rq->arena, struct matter);
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (m == NULL)
		return ERR_NOMEM;
	if (err == OK)
		err = matter_see(rq, id, m);
	if (err != OK)
		return err;
	struct rows *r = db_query(rq->db, matter_sql[Q_MATTER_LOG], ARGS(I(id)));

	jw_obj(out);
	jw_karr(out, "items");
	while (rows_next(r)) {
		int64_t role = row_int(r, "role");

		jw_obj(out);
		jw_kid(out, "id", row_int(r, "id"));
		jw_ktime(out, "at", row_int(r, "at"));
		jw_kid(out, "actor_id", row_int(r, "actor_id"));
		jw_kstr(out, "actor", row_str(r, "actor"));
		jw_kz(out, "actor_role", role != NIL ? role_name((enum role)role) : NULL);
		jw_kstr(out, "action", row_str(r, "action"));
		jw_kz(out, "from", vocab_word(&mstate_vocab, row_int(r, "from_state")));
		jw_kz(out, "to", vocab_word(&mstate_vocab, row_int(r, "to_state")));
		jw_kstr(out, "text", row_str(r, "text"));
		jw_kraw(out, "data", row_str(r, "data"));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_end_obj(out);
	return rows_close(r);
}

static enum err clocks(struct req *rq, struct jw *out)
{
	struct matter *m = ARENA_NEW(rq->arena, struct matter);
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (m == NULL)
		return ERR_NOMEM;
	if (err == OK)
		err = matter_see(rq, id, m);
	return err != OK ? err : matter_explain(rq, m, out);
}

static const struct route module_route[] = {
	{ .method = M_GET, .path = "/api/matters", .perm = "matter.read", .query = matter_params,
		.nquery = 23, .reply = &matter_row_shape, .out_list = true, .fn = inbox, .id = "listMatters",
		.summary = "Inbox across kinds" },
	{ .method = M_GET, .path = "/api/matters/counts", .perm = "matter.read", .reply = &counts_shape,
		.fn = inbox_counts, .id = "countMatters", .summary = "Counts of the inbox tabs" },
	{ .method = M_GET, .path = "/api/matters/{id}/history", .perm = "matter.read", .reply = &history_shape,
		.out_list = true, .fn = history, .id = "listMatterHistory", .summary = "History, oldest first" },
	{ .method = M_GET, .path = "/api/matters/{id}/clocks", .perm = "matter.read", .reply = &matter_clocks_shape,
		.fn = clocks, .id = "getMatterClocks", .summary = "Each deadline, explained line by line" },
};

static const struct job module_job[] = {
	{ .name = "sweep", .period_ms = 1000, .fn = matter_sweep },
	{ .name = "tally", .period_ms = 1000, .fn = matter_fold },
	{ .name = "purge", .period_ms = 600000, .fn = matter_purge },
};

static const struct sealed matter_sealed[] = { { "matter", "reporter" } };

const struct module matter_module = {
	.name = "matter",
	.route = module_route,
	.nroute = ARRAY_LEN(module_route),
	.job = module_job,
	.njob = ARRAY_LEN(module_job),
	.sql = matter_sql,
	.nsql = Q_MATTER_SQL_MAX,
	.sealed = matter_sealed,
	.nsealed = ARRAY_LEN(matter_sealed),
	.retain = &matter_retain,
	.nretain = 1,
	.load = flow_rules_load,
	.free_part = flow_rules_free,
};
