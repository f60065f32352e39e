/*
 * Entity engine: the single-row side. Creating, reading, changing and deleting rows described by a
 * field table, with scope, version guard and audit diff. Lists are in entity_list.c, files in
 * entity_import.c and entity_export.c.
 */
#include <assert.h>
#include <string.h>

#include "core/audit.h"
#include "core/entity_index.h"
#include "core/entity_plan.h"
#include "core/entity_tally.h"
#include "core/label.h"
#include "core/row.h"
#include "core/secret.h"

static const struct entity_plan *plan_of_route(const struct req *rq)
{
	return entity_plan_of(rq->app, rq->route->data);
}

const struct entity_plan *entity_plan_of(const struct app *app, const struct entity *e)
{
	size_t i = 0;

	while (i < app->nentity && app->entity[i] != e)
		i++;
	assert(i < app->nentity);
	return app->plan[i];
}

const struct entity *entity_named(const struct app *app, struct str name)
{
	for (size_t i = 0; i < app->nentity; i++) {
		if (str_eqz(name, app->entity[i]->name))
			return app->entity[i];
	}
	return NULL;
}

const struct entity *entity_at(const struct app *app, struct str path)
{
	for (size_t i = 0; i < app->nentity; i++) {
		if (str_eqz(path, app->entity[i]->path))
			return app->entity[i];
	}
	return NULL;
}

static const char *keep(struct app *app, struct buf *b)
{
	const char *z = b->failed ? NULL : str_cstr(app->arena, buf_view(b));

	buf_reset(b);
	return z;
}

static void insert_sql(const struct entity *e, struct buf *b)
{
	size_t n = e->fields.n;

	buf_fmt(b, "INSERT INTO %s (", e->table);
	row_columns(&e->fields, "", b);
	buf_z(b, ", created_at, updated_at, created_by");
	for (size_t i = 0; i < e->fields.n; i++)
		n += secret_is_found(&e->fields.v[i]);
	entity_found_columns(e, ", ", b);
	buf_z(b, ") VALUES (");
	for (size_t i = 1; i <= n + 3; i++)
		buf_fmt(b, "%s$%zu", i > 1 ? ", " : "", i);
	buf_z(b, ")");
}

static void update_sql(const struct entity *e, struct buf *b)
{
	size_t n = e->fields.n;

	buf_fmt(b, "UPDATE %s SET ", e->table);
	for (size_t i = 1; i < n; i++)
		buf_fmt(b, "%s = $%zu, ", e->fields.v[i].name, i + 1);
	buf_fmt(b, "updated_at = $%zu", n + 1);
	for (size_t i = 0, k = n + 3; i < n; i++) {
		if (secret_is_found(&e->fields.v[i]))
			buf_fmt(b, ", %s_hash = $%zu", e->fields.v[i].name, k++);
	}
	buf_fmt(b, " WHERE id = $1 AND version = $%zu", n + 2);
}

enum err entity_plan_new(struct app *app, const struct entity *e, const struct entity_plan **ret)
{
	struct entity_plan *p = ARENA_NEW(app->arena, struct entity_plan);
	struct buf b;

	if (p == NULL)
		return ERR_NOMEM;
	buf_init(&b, SQLB_TEXT);
	p->e = e;
	buf_z(&b, "SELECT ");
	row_columns(&e->fields, "t.", &b);
	buf_fmt(&b, ", t.created_at, t.updated_at FROM %s t WHERE 1 = 1", e->table);
	p->select = keep(app, &b);
	buf_fmt(&b, "SELECT count(*) AS n FROM %s t WHERE 1 = 1", e->table);
	p->count = keep(app, &b);
	insert_sql(e, &b);
	p->insert = keep(app, &b);
	update_sql(e, &b);
	p->update = keep(app, &b);
	buf_fmt(&b, "DELETE FROM %s WHERE id = $1 AND version = $2", e->table);
	p->remove = keep(app, &b);
	buf_release(&b);
	for (size_t i = 0; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];

		if ((f->flags & FIELD_SCOPE) && p->scope == NULL)
			p->scope = f;
		if ((f->flags & FIELD_UNIQUE) && p->key == NULL)
			p->key = f;
		p->masked = p->masked || (f->flags & FIELD_PERSONAL) != 0;
	}
	if (arena_failed(app->arena))
		return ERR_NOMEM;
	*ret = p;
	return OK;
}

void entity_sql_each(const struct entity_plan *p, void (*fn)(const char *sql, void *arg), void *arg)
{
	const char *const text[] = { p->select, p->count, p->insert, p->update, p->remove };

	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		fn(text[i], arg);
}

/* One row, under scope, by id or by another field's value. */
static enum err load_one(struct req *rq, const struct entity_plan *p, const char *cond, struct arg value,
			 void *rec, bool *ret_found)
{
	struct sqlb b;
	struct rows *r;

	*ret_found = false;
	sqlb_init(&b);
	sqlb_add(&b, p->select);
	sqlb_cond(&b, cond, value);
	if (p->scope != NULL && rq->who != NULL) {
		char col[80] = "t.";

		strncat(col, p->scope->name, sizeof(col) - 3);
		scope_place(&b, rq->who, p->e->read, col);
	}
	enum err bad = OK;

	r = sqlb_query(&b, rq->db);
	if (rows_next(r)) {
		bad = entity_load(rq, p->e, r, rq->arena, rec);
		*ret_found = bad == OK;
	}
	enum err err = rows_close(r);

	sqlb_release(&b);
	return err != OK ? err : bad;
}

enum err entity_find(struct req *rq, const struct entity_plan *p, const struct field *by, const void *like,
		     void *rec, bool *ret_found)
{
	char cond[96] = " AND t.";
	struct arg v;
	enum err err;

	strncat(cond, by->name, 64);
	strncat(cond, by->type == F_SECRET ? "_hash = ?" : " = ?", 10);
	switch (by->type) {
	case F_STR:
		v = T(field_str(by, like));
		break;
	case F_SECRET:
		err = entity_blind(rq, p->e, by, field_str(by, like), &v);
		if (err != OK)
			return err;
		break;
	default:
		v = I(field_int(by, like));
		break;
	}
	return load_one(rq, p, cond, v, rec, ret_found);
}

enum err entity_seek(struct req *rq, const struct entity *e, const char *field, const void *like, void *rec,
		     bool *ret_found)
{
	const struct field *f = fields_find(&e->fields, str_z(field));

	*ret_found = false;
	if (f == NULL || field_is_nil(f, like))
		return OK;
	return entity_find(rq, entity_plan_of(rq->app, e), f, like, rec, ret_found);
}

enum err entity_get(struct req *rq, const struct entity *e, int64_t id, void *rec)
{
	bool found;
	enum err err = load_one(rq, entity_plan_of(rq->app, e), " AND t.id = ?", I(id), rec, &found);

	if (err != OK)
		return err;
	if (!found)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such %s", e->name);
	return OK;
}

enum err entity_get_any(struct req *rq, const struct entity *e, int64_t id, void *rec)
{
	const struct principal *who = rq->who;
	enum err err;

	rq->who = NULL;
	err = entity_get(rq, e, id, rec);
	rq->who = who;
	return err;
}

/* A reference must exist and be in sight; otherwise the field is named. */
static enum err check_refs(struct req *rq, const struct entity *e, const void *old, const void *rec)
{
	for (size_t i = 2; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];
		const struct entity_plan *p = NULL;
		bool found;
		enum err err;

		if (f->type != F_ID || f->ref == NULL || field_is_nil(f, rec))
			continue;
		if (old != NULL && field_int(f, old) == field_int(f, rec))
			continue;
		for (size_t k = 0; k < rq->app->nentity && p == NULL; k++) {
			if (strcmp(rq->app->entity[k]->name, f->ref) == 0)
				p = rq->app->plan[k];
		}
		if (p == NULL)
			continue;
		void *other = arena_alloc(rq->arena, p->e->fields.size);

		if (other == NULL)
			return ERR_NOMEM;
		err = load_one(rq, p, " AND t.id = ?", I(field_int(f, rec)), other, &found);
		if (err != OK)
			return err;
		if (!found)
			return req_fail(rq, ERR_INVALID, "reference", f->name, "there is no such %s", f->ref);
	}
	return OK;
}

enum err entity_validate(struct req *rq, const struct entity *e, const void *old, void *rec)
{
	enum err err = check_refs(rq, e, old, rec);

	if (err == OK && e->check != NULL)
		err = e->check(rq, old, rec);
	if (err != OK)
		return err;
	const struct entity_plan *p = entity_plan_of(rq->app, e);

	if (p->scope != NULL && rq->who != NULL && !field_is_nil(p->scope, rec) &&
	    !may_at(rq->who, e->write, field_int(p->scope, rec)))
		return req_fail(rq, ERR_NOT_FOUND, "scope", p->scope->name, "that place is outside your area");
	return OK;
}

/* That a secret or masked value changed is on record, even where its masked form stayed. */
static bool personal_differs(const struct field *f, const void *old, const void *rec)
{
	if (old != NULL && rec != NULL)
		return !field_same(f, old, rec);
	return !field_is_nil(f, old != NULL ? old : rec);
}

static enum err audit_diff(struct req *rq, const struct entity *e, const char *action, const void *old,
			   const void *rec, int64_t id)
{
	struct buf b;
	struct jw j;

	buf_init(&b, 1 << 20);
	jw_init(&j, &b);
	jw_obj(&j);
	for (size_t i = 2; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];
		struct buf t[2];

		bool personal = f->type == F_SECRET || (f->flags & FIELD_PERSONAL) != 0;

		if (f->flags & (FIELD_HIDDEN | FIELD_PRIVATE) || (personal && !personal_differs(f, old, rec)))
			continue;
		buf_init(&t[0], 1 << 17);
		buf_init(&t[1], 1 << 17);
		if (old != NULL)
			entity_field_text(f, old, false, &t[0]);
		if (rec != NULL)
			entity_field_text(f, rec, false, &t[1]);
		if (personal || !str_eq(buf_view(&t[0]), buf_view(&t[1]))) {
			jw_karr(&j, f->name);
			jw_str(&j, buf_view(&t[0]));
			jw_str(&j, buf_view(&t[1]));
			jw_end_arr(&j);
		}
		buf_release(&t[0]);
		buf_release(&t[1]);
	}
	jw_end_obj(&j);
	struct audit_entry entry = {
		.at = rq->now,
		.actor = rq->who != NULL ? rq->who->user_id : NIL,
		.action = action,
		.object = e->name,
		.object_id = id,
		.detail = buf_view(&b),
	};
	enum err err = b.failed ? ERR_NOMEM : audit_add(rq->db, &entry);

	buf_release(&b);
	return err;
}

/* What is kept beside the rows: words and points, and how many there are. */
static enum err keep_beside(struct req *rq, const struct entity *e, const void *old, const void *rec)
{
	enum err err = entity_index_write(rq, e, old, rec);

	return err != OK ? err : entity_tally_write(rq, e, old, rec);
}

static enum err finish_write(struct req *rq, const struct entity *e, const void *old, const void *rec,
			     const char *action, int64_t id)
{
	enum err err = audit_diff(rq, e, action, old, rec, id);

	if (err == OK && old != NULL)
		err = keep_beside(rq, e, old, rec);
	if (err == OK && e->after != NULL)
		err = e->after(rq, old, rec);
	if (err == OK && (e->flags & ENTITY_CONFIG))
		err = snap_touch(rq->db);
	return err;
}

static enum err conflict(struct req *rq, const struct entity *e)
{
	const struct entity_plan *p = entity_plan_of(rq->app, e);

	return req_fail(rq, ERR_CONFLICT, "duplicate", p->key != NULL ? p->key->name : "",
			"another %s already has this value", e->name);
}

/* The row itself, with id and version set. */
static enum err insert_row(struct req *rq, const struct entity *e, const void *rec)
{
	struct arg v[FIELD_MAX + 3 + ENTITY_FOUND];
	size_t n = 0;
	enum err err = entity_args(rq, e, rec, v);

	v[e->fields.n] = I(rq->now);
	v[e->fields.n + 1] = I(rq->now);
	v[e->fields.n + 2] = I(rq->who != NULL ? rq->who->user_id : NIL);
	if (err == OK)
		err = entity_found_args(rq, e, rec, v + e->fields.n + 3, &n);
	if (err == OK)
		err = db_exec(rq->db, entity_plan_of(rq->app, e)->insert, v, e->fields.n + 3 + n, NULL);
	return err != OK ? err : keep_beside(rq, e, NULL, rec);
}

static enum err new_row(struct req *rq, const struct entity *e, void *rec, int64_t *ret_id)
{
	*ret_id = db_new_id(rq->db);
	if (*ret_id == NIL)
		return ERR_RETRY;
	field_set_int(&e->fields.v[0], rec, *ret_id);
	field_set_int(&e->fields.v[1], rec, 1);
	return OK;
}

enum err entity_insert(struct req *rq, const struct entity *e, void *rec, int64_t *ret_id)
{
	int64_t id;
	enum err err = new_row(rq, e, rec, &id);

	if (err == OK)
		err = entity_validate(rq, e, NULL, rec);
	if (err != OK)
		return err;
	err = insert_row(rq, e, rec);
	if (err == ERR_CONFLICT)
		return conflict(rq, e);
	if (err != OK)
		return err;
	*ret_id = id;
	return finish_write(rq, e, NULL, rec, "create", id);
}

enum err entity_put(struct req *rq, const struct entity *e, void *rec, int64_t *ret_id)
{
	enum err err = new_row(rq, e, rec, ret_id);

	return err != OK ? err : insert_row(rq, e, rec);
}

/* The row as `rec` says, if it still is at `version`. */
static enum err update_row(struct req *rq, const struct entity *e, int64_t version, void *rec)
{
	struct arg v[FIELD_MAX + 3 + ENTITY_FOUND];
	int64_t changed;
	size_t n = 0;
	enum err err;

	field_set_int(&e->fields.v[1], rec, version + 1);
	err = entity_args(rq, e, rec, v);
	v[e->fields.n] = I(rq->now);
	v[e->fields.n + 1] = I(version);
	if (err == OK)
		err = entity_found_args(rq, e, rec, v + e->fields.n + 2, &n);
	if (err == OK)
		err = db_exec(rq->db, entity_plan_of(rq->app, e)->update, v, e->fields.n + 2 + n, &changed);
	if (err == ERR_CONFLICT)
		return conflict(rq, e);
	if (err == OK && changed != 1)
		return req_fail(rq, ERR_CONFLICT, "conflict.version", "version",
				"somebody changed it meanwhile; reload and try again");
	return err;
}

enum err entity_update(struct req *rq, const struct entity *e, const void *old, void *rec)
{
	enum err err = entity_validate(rq, e, old, rec);

	if (err == OK)
		err = update_row(rq, e, field_int(&e->fields.v[1], old), rec);
	return err != OK ? err : finish_write(rq, e, old, rec, "update", field_int(&e->fields.v[0], rec));
}

enum err entity_carry(struct req *rq, const struct entity *e, const void *old, void *rec)
{
	enum err err = update_row(rq, e, field_int(&e->fields.v[1], old), rec);

	return err != OK ? err : finish_write(rq, e, old, rec, "carry", field_int(&e->fields.v[0], rec));
}

enum err entity_overwrite(struct req *rq, const struct entity *e, const void *old, void *rec, const char *action)
{
	enum err err = update_row(rq, e, field_int(&e->fields.v[1], old), rec);

	if (err == OK)
		err = audit_diff(rq, e, action, old, rec, field_int(&e->fields.v[0], rec));
	return err != OK ? err : keep_beside(rq, e, old, rec);
}

enum err entity_erase(struct req *rq, const struct entity *e, const void *old, const char *action)
{
	int64_t id = field_int(&e->fields.v[0], old), changed = 0;
	enum err err = db_exec(rq->db, entity_plan_of(rq->app, e)->remove,
		ARGS(I(id), I(field_int(&e->fields.v[1], old))), &changed);

	if (err == ERR_CONFLICT || (err == OK && changed != 1))
		return req_fail(rq, ERR_CONFLICT, "in_use", "id", "other records still refer to it");
	if (err == OK)
		err = audit_diff(rq, e, action, old, NULL, id);
	return err != OK ? err : keep_beside(rq, e, old, NULL);
}

/* ---- handlers ---- */

static enum err reply_one(struct req *rq, const struct entity_plan *p, const void *rec, struct jw *out)
{
	jw_obj(out);
	entity_members(rq, p, rec, out);
	if (p->e->extra_row != NULL)
		p->e->extra_row(rq, p->e, rec, out);
	if (p->e->extra != NULL) {
		enum err err = p->e->extra(rq, rec, out);

		if (err != OK)
			return err;
	}
	jw_end_obj(out);
	return OK;
}

static enum err entity_read(struct req *rq, struct jw *out)
{
	const struct entity_plan *p = plan_of_route(rq);
	void *rec = arena_alloc(rq->arena, p->e->fields.size);
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (rec == NULL)
		return ERR_NOMEM;
	if (err == OK)
		err = entity_get(rq, p->e, id, rec);
	return err != OK ? err : reply_one(rq, p, rec, out);
}

static enum err entity_create(struct req *rq, struct jw *out)
{
	const struct entity_plan *p = plan_of_route(rq);
	void *rec = arena_alloc(rq->arena, p->e->fields.size);
	int64_t id;
	enum err err;

	if (rec == NULL)
		return ERR_NOMEM;
	memcpy(rec, rq->in, p->e->fields.size);
	err = entity_insert(rq, p->e, rec, &id);
	return err != OK ? err : reply_one(rq, p, rec, out);
}

/* The row as it would be after the patch in rq->in. */
static enum err merge_patch(struct req *rq, const struct entity *e, const void *old, void *rec)
{
	memcpy(rec, old, e->fields.size);
	for (size_t i = 1; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];

		if (!(rq->present & (UINT64_C(1) << i)))
			continue;
		if ((f->flags & FIELD_REQUIRED) && field_is_nil(f, rq->in))
			return req_fail(rq, ERR_INVALID, "required", f->name, "%s may not be empty", f->name);
		if ((f->flags & FIELD_CREATE) && !field_same(f, rq->in, old))
			return req_fail(rq, ERR_INVALID, "immutable", f->name, "%s cannot be changed", f->name);
		field_copy(f, rq->in, rec);
	}
	return OK;
}

static enum err load_for_write(struct req *rq, const struct entity_plan *p, int64_t version, void **ret_old,
			       void **ret_rec)
{
	const struct entity *e = p->e;
	void *old = arena_alloc(rq->arena, e->fields.size), *rec = arena_alloc(rq->arena, e->fields.size);
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (old == NULL || rec == NULL)
		return ERR_NOMEM;
	if (err == OK)
		err = entity_get(rq, e, id, old);
	if (err != OK)
		return err;
	if (p->scope != NULL && !field_is_nil(p->scope, old) &&
	    !may_at(rq->who, e->write, field_int(p->scope, old)))
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such %s", e->name);
	if (version == NIL)
		return req_fail(rq, ERR_INVALID, "required", "version",
				"version is required: the number you read with the row");
	if (version != field_int(&e->fields.v[1], old))
		return req_fail(rq, ERR_CONFLICT, "conflict.version", "version",
				"somebody changed it meanwhile; reload and try again");
	*ret_old = old;
	*ret_rec = rec;
	return OK;
}

static enum err entity_patch(struct req *rq, struct jw *out)
{
	const struct entity_plan *p = plan_of_route(rq);
	void *old, *rec;
	enum err err = load_for_write(rq, p, field_int(&p->e->fields.v[1], rq->in), &old, &rec);

	if (err == OK)
		err = merge_patch(rq, p->e, old, rec);
	if (err != OK)
		return err;
	if (req_query_int(rq, "preview") == 1)
		return entity_preview(rq, p->e, old, rec, out);
	err = entity_update(rq, p->e, old, rec);
	return err != OK ? err : reply_one(rq, p, rec, out);
}

static enum err entity_delete(struct req *rq, struct jw *out)
{
	const struct entity_plan *p = plan_of_route(rq);
	int64_t changed, id;
	void *old, *rec;
	enum err err = load_for_write(rq, p, req_query_int(rq, "version"), &old, &rec);

	if (err != OK)
		return err;
	id = field_int(&p->e->fields.v[0], old);
	err = db_exec(rq->db, p->remove, ARGS(I(id), I(field_int(&p->e->fields.v[1], old))), &changed);
	if (err == ERR_CONFLICT || (err == OK && changed != 1))
		return req_fail(rq, ERR_CONFLICT, "in_use", "id", "other records still refer to it");
	if (err == OK)
		err = finish_write(rq, p->e, old, NULL, "delete", id);
	jw_obj(out);
	jw_kid(out, "deleted", id);
	jw_end_obj(out);
	return err;
}

/* ---- routes and metadata ---- */

static const struct param list_params[] = {
	{ "q", F_STR, "words to look for" },
	{ "place", F_CODE, "only this place and below" },
	{ "sort", F_STR, "field to sort by; a leading - for descending" },
	{ "after", F_STR, "cursor: `next` of the page before" },
	{ "limit", F_INT, "page size, 1 to 200" },
	{ "count", F_BOOL, "also the exact number of rows" },
};
static const struct param export_params[] = {
	{ "format", F_STR, "csv or xlsx" },
	{ "purpose", F_STR, "what for: written on the file and on record" },
};
static const struct param import_params[] = {
	{ "dry_run", F_BOOL, "check only, write nothing" },
	{ "partial", F_BOOL, "write the good rows even if others are refused" },
	{ "map", F_STR, "JSON object: column name to field name" },
};
static const struct param patch_params[] = { { "preview", F_BOOL, "show what would change, write nothing" } };
static const struct param delete_params[] = { { "version", F_INT, "version of the row as read" } };

static size_t make_query(const struct entity *e, struct arena *a, bool export, const struct param **ret)
{
	size_t n = ARRAY_LEN(list_params);
	struct param *p = arena_array(a, n + e->fields.n + ARRAY_LEN(export_params), sizeof(*p));

	if (p == NULL)
		return 0;
	memcpy(p, list_params, sizeof(list_params));
	for (size_t i = 0; i < e->fields.n && n < REQ_QUERY - ARRAY_LEN(export_params); i++) {
		const struct field *f = &e->fields.v[i];

		if ((f->flags & FIELD_FILTER) && strcmp(f->name, "place") != 0)
			p[n++] = (struct param){ f->name, f->type == F_ENUM ? F_STR : f->type, "equal to" };
	}
	for (size_t i = 0; export && i < ARRAY_LEN(export_params); i++)
		p[n++] = export_params[i];
	*ret = p;
	return n;
}

size_t entity_routes(const struct entity *e, struct arena *a, struct route *out)
{
	const char *list = str_cstr(a, str_fmt(a, "/api/%s", e->path));
	const char *path = str_cstr(a, str_fmt(a, "/api/%s/{id}", e->path));
	const struct shape *row = entity_row_shape(e, a), *one = entity_one_shape(e, row, a);
	size_t n = 0;

	out[n++] = (struct route){ .method = M_GET, .path = list, .perm = e->read, .reply = row, .out_list = true,
		.fn = entity_list, .id = name_camel(a, "list", e->path, ""), .summary = "List" };
	out[0].nquery = make_query(e, a, false, &out[0].query);
	out[n] = (struct route){ .method = M_GET, .path = str_cstr(a, str_fmt(a, "/api/%s/export", e->path)),
		.perm = e->export != NULL ? e->export : e->read, .flags = ROUTE_RAW_OUT, .gives = TYPES_TABLE,
		.fn = entity_export_route,
		.id = name_camel(a, "export", e->path, ""), .summary = "Export as CSV or workbook" };
	out[n].nquery = make_query(e, a, true, &out[n].query);
	n++;
	out[n++] = (struct route){ .method = M_GET, .path = path, .perm = e->read, .reply = one,
		.flags = ROUTE_QUICK, .fn = entity_read, .id = name_camel(a, "get", e->name, ""), .summary = "Read one" };
	out[n++] = (struct route){ .method = M_PATCH, .path = path, .perm = e->write, .in = &e->fields,
		.reply = one, .other = &preview_shape, .query = patch_params, .nquery = ARRAY_LEN(patch_params),
		.fn = entity_patch, .id = name_camel(a, "update", e->name, ""), .summary = "Change one" };
	if (!(e->flags & ENTITY_NO_CREATE))
		out[n++] = (struct route){ .method = M_POST, .path = list, .perm = e->write, .in = &e->fields,
			.reply = one, .fn = entity_create, .id = name_camel(a, "create", e->name, ""), .summary = "Create" };
	if (!(e->flags & (ENTITY_NO_CREATE | ENTITY_NO_IMPORT)))
		out[n++] = (struct route){ .method = M_POST,
			.path = str_cstr(a, str_fmt(a, "/api/%s/import", e->path)), .perm = e->write,
			.flags = ROUTE_RAW_BODY, .takes = TYPES_TABLE, .max_body = 64u << 20, .reply = &import_report_shape,
			.query = import_params, .nquery = ARRAY_LEN(import_params), .fn = entity_import_route,
			.id = name_camel(a, "import", e->path, ""), .summary = "Import CSV or a workbook" };
	if (e->flags & ENTITY_DELETE)
		out[n++] = (struct route){ .method = M_DELETE, .path = path, .perm = e->write,
			.reply = &deleted_shape, .query = delete_params, .nquery = ARRAY_LEN(delete_params),
			.fn = entity_delete, .id = name_camel(a, "delete", e->name, ""), .summary = "Delete one" };
	for (size_t i = 0; i < n; i++)
		out[i].data = e;
	return n;
}

static void meta_label(struct str label, struct jw *out)
{
	struct str zh = label_in(label, true), en = label_in(label, false);

	if (zh.p != NULL)
		jw_kstr(out, "label_zh", zh);
	if (en.p != NULL)
		jw_kstr(out, "label_en", en);
}

static void meta_word_names(const struct entity *e, const struct field *f, bool chinese, struct jw *out)
{
	jw_karr(out, chinese ? "words_zh" : "words_en");
	for (int64_t i = 0; f->vocab->word[i] != NULL; i++) {
		struct str name = label_in(label_of_word(e, f, i), chinese);

		jw_str(out, name.p != NULL ? name : STR(""));
	}
	jw_end_arr(out);
}

/* The words of a list, and by the same index what people call them. */
static void meta_words(const struct entity *e, const struct field *f, struct jw *out)
{
	jw_karr(out, "words");
	for (const char *const *w = f->vocab->word; *w != NULL; w++)
		jw_z(out, *w);
	jw_end_arr(out);
	meta_word_names(e, f, true, out);
	meta_word_names(e, f, false, out);
}

static void meta_field(const struct entity *e, const struct field *f, struct jw *out)
{
	static const struct {
		unsigned flag;
		const char *name;
	} flag_word[] = {
		{ FIELD_REQUIRED, "required" }, { FIELD_READONLY, "readonly" }, { FIELD_PRIVATE, "private" },
		{ FIELD_SEARCH, "search" }, { FIELD_FILTER, "filter" }, { FIELD_SORT, "sort" },
		{ FIELD_UNIQUE, "unique" }, { FIELD_CREATE, "create_only" }, { FIELD_MASKED, "masked" },
		{ FIELD_WITHHELD, "withheld" },
	};

	jw_obj(out);
	jw_kz(out, "name", f->name);
	jw_kz(out, "type", vocab_word(&field_type_vocab, f->type));
	for (size_t i = 0; i < ARRAY_LEN(flag_word); i++) {
		if (f->flags & flag_word[i].flag)
			jw_kbool(out, flag_word[i].name, true);
	}
	if (f->min != 0 || f->max != 0) {
		jw_kint(out, "min", f->min);
		jw_kint(out, "max", f->max);
	}
	if (f->ref != NULL)
		jw_kz(out, "ref", f->ref);
	if (f->purpose != NULL)
		jw_kz(out, "purpose", f->purpose);
	meta_label(label_of_field(e, f), out);
	if (f->vocab != NULL)
		meta_words(e, f, out);
	jw_end_obj(out);
}

void entity_meta(const struct entity *e, struct jw *out)
{
	jw_obj(out);
	jw_kz(out, "name", e->name);
	jw_kz(out, "path", e->path);
	if (e->label != NULL)
		meta_label(str_z(e->label), out);
	jw_kobj(out, "perms");
	jw_kz(out, "read", e->read);
	jw_kz(out, "write", e->write);
	jw_kz(out, "export", e->export != NULL ? e->export : e->read);
	jw_end_obj(out);
	jw_kbool(out, "create", !(e->flags & ENTITY_NO_CREATE));
	jw_kbool(out, "import", !(e->flags & (ENTITY_NO_CREATE | ENTITY_NO_IMPORT)));
	jw_kbool(out, "delete", (e->flags & ENTITY_DELETE) != 0);
	jw_kbool(out, "preview", (e->flags & ENTITY_PREVIEW) != 0);
	jw_kz(out, "order", e->order);
	jw_karr(out, "fields");
	for (size_t i = 0; i < e->fields.n; i++) {
		if (!(e->fields.v[i].flags & FIELD_HIDDEN))
			meta_field(e, &e->fields.v[i], out);
	}
	jw_end_arr(out);
	jw_end_obj(out);
}
