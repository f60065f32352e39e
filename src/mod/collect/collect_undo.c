/*
 * Changes of several rows that can be undone. Before an action its rows are remembered; afterwards
 * those that differ are kept with their version and with what they said before. Undoing asks that
 * every row still has that version: then nothing that somebody did since can be lost.
 */
#include <string.h>

#include "core/secret.h"
#include "mod/collect/collect_impl.h"

enum { SEALED_JSON = 3800 /* what secret_seal takes, with its head */ };

/* ---- small things ---- */

enum err collect_seal(struct req *rq, struct str json, struct str *ret)
{
	if (json.n > SEALED_JSON)
		return ERR_LIMIT;
	return secret_seal(&rq->app->keys, json, rq->arena, ret);
}

enum err collect_open(struct req *rq, struct str sealed, json_t **ret)
{
	struct str json = { NULL, 0 };
	enum err err = secret_open(&rq->app->keys, sealed, rq->arena, &json);

	if (err == ERR_INVALID)
		return req_fail(
			rq, ERR_IO, "key", "", "what was kept cannot be opened with this key");
	return err != OK ? err : field_parse_json(json, ret, &rq->err);
}

enum err collect_list(
	struct req *rq, struct str json, const char *field, int64_t *ret, size_t max, size_t *ret_n)
{
	struct error why = { .err = OK };
	json_t *list = NULL, *v;
	size_t i, n = 0;
	bool good = field_parse_json(json, &list, &why) == OK && json_is_array(list) &&
		    json_array_size(list) <= max;

	if (good) {
		json_array_foreach(list, i, v)
		{
			good = good && json_is_string(v) &&
			       str_i64((struct str){ json_string_value(v), json_string_length(v) },
				       &ret[n++]);
		}
	}
	json_decref(list);
	*ret_n = n;
	return good ? OK
		    : req_fail(rq, ERR_INVALID, "ids", field, "%s is a list of at most %zu ids",
			      field, max);
}

/* ---- watching ---- */

struct watch *watch_new(struct req *rq)
{
	struct watch *w = ARENA_NEW(rq->arena, struct watch);

	if (w == NULL)
		return NULL;
	w->rq = rq;
	w->change_id = db_new_id(rq->db);
	return w;
}

static struct watch_row *watched(struct watch *w, int64_t id)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].id == id)
			return &w->v[i];
	}
	return NULL;
}

static enum err put(struct watch *w, const struct watch_row *r)
{
	if (w->n == WATCH_MAX)
		return req_fail(w->rq, ERR_LIMIT, "change.rows", "",
			"too much hangs on these at once: take fewer");
	w->v[w->n++] = *r;
	return OK;
}

static bool has_facts(const struct entity *e)
{
	return fields_find(&e->fields, STR("source")) != NULL;
}

enum err watch_add(struct watch *w, const struct entity *e, int64_t id)
{
	struct watch_row r = { .e = e, .id = id };
	void *old;
	enum err err;

	if (id == NIL || watched(w, id) != NULL)
		return OK;
	old = arena_alloc(w->rq->arena, e->fields.size);
	if (old == NULL)
		return ERR_NOMEM;
	err = entity_get_any(w->rq, e, id, old);
	r.old = old;
	if (err == OK && has_facts(e)) {
		r.fact = arena_array(w->rq->arena, FIELD_MAX, sizeof(*r.fact));
		err = r.fact == NULL ? ERR_NOMEM
				     : fact_list(w->rq->db, id, w->rq->arena, r.fact, &r.nfact);
	}
	return err != OK ? err : put(w, &r);
}

enum err watch_made(struct watch *w, const struct entity *e, int64_t id)
{
	return put(w, &(struct watch_row){ .e = e, .id = id });
}

static enum err watch_related(struct watch *w, int q, int64_t id)
{
	static const struct entity *const kind[] = { &consent_entity, &care_plan_entity,
		&link_entity };
	struct {
		int64_t id;
		int64_t kind;
	} *v = arena_array(w->rq->arena, WATCH_MAX, sizeof(*v));
	struct rows *r;
	size_t n = 0;
	enum err err;

	if (v == NULL)
		return ERR_NOMEM;
	r = db_query(w->rq->db, collect_sql[q], ARGS(I(id)));
	while (n < WATCH_MAX && rows_next(r)) {
		v[n].id = row_int_at(r, 0);
		v[n++].kind = row_int_at(r, 1);
	}
	err = rows_close(r);
	for (size_t i = 0; i < n && err == OK; i++)
		err = watch_add(w, kind[v[i].kind], v[i].id);
	return err;
}

enum err watch_person(struct watch *w, int64_t id)
{
	enum err err;

	if (watched(w, id) != NULL)
		return OK;
	err = watch_add(w, &person_entity, id);
	return err != OK ? err : watch_related(w, Q_PERSON_ROWS, id);
}

enum err watch_person_rows(struct watch *w, int64_t id)
{
	return watch_related(w, Q_PERSON_ROWS, id);
}

enum err watch_household(struct watch *w, int64_t id)
{
	enum err err;

	if (id == NIL || watched(w, id) != NULL)
		return OK;
	err = watch_add(w, &household_entity, id);
	return err != OK ? err : watch_related(w, Q_HOME_ROWS, id);
}

/* ---- keeping ---- */

static void write_facts(const struct watch_row *r, struct jw *j)
{
	jw_karr(j, "f");
	for (size_t i = 0; i < r->nfact; i++) {
		jw_arr(j);
		jw_str(j, r->fact[i].field);
		jw_int(j, r->fact[i].source);
		jw_int(j, r->fact[i].user);
		jw_int(j, r->fact[i].at);
		jw_end_arr(j);
	}
	jw_end_arr(j);
}

/* What the row said before, of what is now different. */
static enum err before_of(
	struct watch *w, const struct watch_row *r, const void *rec, struct str *ret)
{
	uint64_t which = 0;
	struct buf b;
	struct jw j;
	enum err err;

	for (size_t i = 2; i < r->e->fields.n; i++)
		which |= field_same(&r->e->fields.v[i], r->old, rec) ? 0 : UINT64_C(1) << i;
	buf_init(&b, 1 << 16);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_key(&j, "v");
	err = entity_values(r->e, r->old, which, &j);
	write_facts(r, &j);
	jw_end_obj(&j);
	if (err == OK)
		err = b.failed ? ERR_NOMEM : collect_seal(w->rq, buf_view(&b), ret);
	if (err == ERR_LIMIT)
		err = req_fail(w->rq, ERR_LIMIT, "change.size", "",
			"this changes more of one row than can be kept: take less at once");
	buf_release(&b);
	return err;
}

static enum err keep(
	struct watch *w, const struct watch_row *r, int64_t n, int64_t *related, bool *ret_kept)
{
	void *rec = arena_alloc(w->rq->arena, r->e->fields.size);
	struct change_row row = {
		.n = n, .row_id = r->id, .made = r->old == NULL, .entity = str_z(r->e->name)
	};
	int64_t count = 0;
	enum err err = rec == NULL ? ERR_NOMEM : entity_get_any(w->rq, r->e, r->id, rec);

	*ret_kept = false;
	if (err != OK)
		return err;
	row.version = field_int(&r->e->fields.v[1], rec);
	if (r->old != NULL && row.version == field_int(&r->e->fields.v[1], r->old))
		return OK;
	if (r->old != NULL)
		err = before_of(w, r, rec, &row.before);
	if (err == OK && r->e == &person_entity)
		err = related_count(w->rq->db, r->id, &count);
	*related += count;
	row.id = db_new_id(w->rq->db);
	if (err == OK && row.id == NIL)
		err = ERR_RETRY;
	*ret_kept = true;
	return err != OK ? err : change_row_put(w->rq->db, w->change_id, &row);
}

enum err watch_store(struct watch *w, bool people)
{
	struct change_set s = { .id = w->change_id,
		.at = w->rq->now,
		.related = NIL,
		.user_id = w->rq->who != NULL ? w->rq->who->user_id : NIL };
	enum err err = w->change_id == NIL ? ERR_RETRY : change_set_put(w->rq->db, &s);
	int64_t n = 0, related = 0;
	bool kept;

	for (size_t i = 0; i < w->n && err == OK; i++) {
		err = keep(w, &w->v[i], n, &related, &kept);
		n += kept;
	}
	if (err == OK && people)
		err = change_set_related(w->rq->db, w->change_id, related);
	return err;
}

/* ---- undoing ---- */

static enum err touched(struct req *rq, const struct entity *e)
{
	return req_fail(rq, ERR_CONFLICT, "change.touched", "",
		"a %s in it was changed since, so it can no longer be undone", e->name);
}

/* The row as it is now; refused unless it is as the action left it. */
static enum err load_kept(
	struct req *rq, const struct change_row *r, const struct entity **ret_e, void **ret_now)
{
	const struct entity *e = entity_named(rq->app, r->entity);
	enum err err;

	if (e == NULL)
		return ERR_BUG;
	*ret_e = e;
	*ret_now = arena_alloc(rq->arena, e->fields.size);
	err = *ret_now == NULL ? ERR_NOMEM : entity_get_any(rq, e, r->row_id, *ret_now);
	if (err == ERR_NOT_FOUND ||
		(err == OK && field_int(&e->fields.v[1], *ret_now) != r->version))
		return touched(rq, e);
	return err;
}

static enum err restore_facts(struct req *rq, const struct entity *e, int64_t id, json_t *facts)
{
	enum err err = facts_drop(rq->db, id);
	json_t *f;
	size_t i;

	json_array_foreach(facts, i, f)
	{
		json_t *user = json_array_get(f, 2);

		if (err == OK)
			err = fact_put(rq->db, id, e->name, json_string_value(json_array_get(f, 0)),
				json_integer_value(json_array_get(f, 1)),
				json_is_integer(user) ? json_integer_value(user) : NIL,
				json_integer_value(json_array_get(f, 3)));
	}
	return err;
}

static enum err restore(struct req *rq, const struct change_row *r)
{
	const struct entity *e = NULL;
	void *now = NULL, *rec;
	json_t *kept = NULL;
	uint64_t which;
	enum err err = load_kept(rq, r, &e, &now);

	if (err != OK)
		return err;
	if (r->before.p == NULL)
		return req_fail(rq, ERR_CONFLICT, "change.too_old", "",
			"after %d days it can no longer be undone", UNDO_DAYS);
	rec = arena_alloc(rq->arena, e->fields.size);
	err = rec == NULL ? ERR_NOMEM : collect_open(rq, r->before, &kept);
	if (err == OK) {
		memcpy(rec, now, e->fields.size);
		err = entity_set_values(e, json_object_get(kept, "v"), rq->arena, rec, &which);
	}
	if (err == OK)
		err = entity_overwrite(rq, e, now, rec, "undo");
	if (err == OK && has_facts(e))
		err = restore_facts(rq, e, r->row_id, json_object_get(kept, "f"));
	if (err == OK && e == &care_plan_entity)
		err = visits_follow(rq->db, r->row_id, rq->now);
	json_decref(kept);
	return err;
}

static enum err unmake(struct req *rq, const struct change_row *r)
{
	const struct entity *e = NULL;
	void *now = NULL;
	enum err err = load_kept(rq, r, &e, &now);

	if (err == OK)
		err = facts_drop(rq->db, r->row_id);
	return err != OK ? err : entity_erase(rq, e, now, "undo");
}

static enum err check_related(
	struct req *rq, const struct change_set *s, const struct change_row *v, size_t n)
{
	int64_t related = 0, one;
	enum err err = OK;

	for (size_t i = 0; i < n && err == OK; i++) {
		if (!str_eqz(v[i].entity, person_entity.name))
			continue;
		err = related_count(rq->db, v[i].row_id, &one);
		related += err == OK ? one : 0;
	}
	return err == OK && s->related != NIL && related != s->related ? touched(rq, &person_entity)
								       : err;
}

enum err change_undo(struct req *rq, int64_t change_id)
{
	struct change_row *v = arena_array(rq->arena, WATCH_MAX, sizeof(*v));
	struct change_set s = { .id = NIL };
	size_t n = 0;
	enum err err = v == NULL ? ERR_NOMEM : change_set_get(rq->db, change_id, &s);

	if (err == OK && s.undone_at != NIL)
		return req_fail(rq, ERR_CONFLICT, "change.undone", "", "it was undone already");
	if (err == OK)
		err = change_rows(rq->db, change_id, rq->arena, v, WATCH_MAX, &n);
	if (err == OK)
		err = check_related(rq, &s, v, n);
	/* What was made goes last: other rows point at it until they are as before. */
	for (size_t i = 0; i < n && err == OK; i++)
		err = v[i].made ? OK : restore(rq, &v[i]);
	for (size_t i = 0; i < n && err == OK; i++)
		err = v[i].made ? unmake(rq, &v[i]) : OK;
	return err != OK ? err
			 : change_set_undone(rq->db, change_id,
				   rq->who != NULL ? rq->who->user_id : NIL, rq->now);
}

/* ---- forgetting ---- */

static enum err forget_tx(struct dbc *c, void *arg)
{
	const int64_t *before = arg;

	return db_exec(c, collect_sql[Q_SET_FORGET], ARGS(I(*before)), NULL);
}

enum err change_forget(struct app *app, struct dbc *reader, int64_t now)
{
	int64_t before = now - UNDO_DAYS * (int64_t)MS_DAY;

	(void)reader;
	return db_write(app->db, forget_tx, &before);
}

enum err change_undone_reply(struct req *rq, int64_t id, int64_t change_id, struct jw *out)
{
	rq->reply.status = 200;
	jw_obj(out);
	jw_kid(out, "id", id);
	jw_kid(out, "change_id", change_id);
	jw_ktime(out, "undone_at", rq->now);
	jw_end_obj(out);
	return OK;
}
