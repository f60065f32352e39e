/*
 * Everything sealed, walked in batches: to see that it opens, and to seal it anew under the key in
 * force. Which columns there are say the field tables, and the modules for the rest.
 */
#include <stdio.h>
#include <string.h>

#include "core/audit.h"
#include "core/entity_index.h"
#include "core/entity_plan.h"
#include "core/secret.h"

enum { BATCH = 500, BATCH_ARENA = 8 << 20, TEXT = 512 };
enum { Q_SECRET_KEY, Q_SECRET_KEEP, Q_SECRET_TURN, Q_SECRET_MAX };

static const char *const secret_sql[Q_SECRET_MAX] = {
	[Q_SECRET_KEY] = "SELECT value FROM setting WHERE name = 'key'",
	[Q_SECRET_KEEP] = "INSERT INTO setting (name, value) VALUES ('key', $1) ON CONFLICT DO NOTHING",
	[Q_SECRET_TURN] = "UPDATE setting SET value = $1 WHERE name = 'key'",
};

void secret_sql_each(void (*fn)(const char *sql, void *arg), void *arg)
{
	for (size_t i = 0; i < Q_SECRET_MAX; i++)
		fn(secret_sql[i], arg);
}

/* ---- which key the store is under ---- */

enum err secret_keys_fit(struct app *app, struct dbc *c, bool alone, struct error *e)
{
	struct rows *r = db_query(c, secret_sql[Q_SECRET_KEY], NO_ARGS);
	enum keys_fit fit = rows_next(r) ? keys_fit(&app->keys, row_str_at(r, 0)) : KEYS_FIT;
	enum err err = rows_close(r);

	if (err != OK || fit == KEYS_FIT || (fit == KEYS_UNFINISHED && alone))
		return err;
	if (fit == KEYS_UNFINISHED)
		return err_set(e, ERR_CONFLICT, "keys.unfinished", "key-file",
			"the store is not sealed under the newest key: run gezhi keys rotate to "
			"its end");
	return err_set(e, ERR_CONFLICT, "keys.other", "key-file",
		"this key file does not belong to the store: put the right one in its place");
}

enum err secret_keys_keep(struct app *app, struct dbc *c)
{
	char name[KEY_NAME_TEXT];

	key_name_text(app->keys.data, name);
	return db_exec(c, secret_sql[Q_SECRET_KEEP], ARGS(Z(name)), NULL);
}

/* ---- a column ---- */

struct column {
	const struct secret_walk *w;
	struct error *e;
	const char *table, *column;
	const struct entity *entity; /* with `field`: found by its value too */
	const struct field *field;
	char select[TEXT], update[TEXT];
	int64_t after, next; /* ids: done, and done once the batch is durable */
	size_t n;            /* values of the batch */
	int64_t values, sealed;
	bool renew;
};

struct value {
	int64_t id;
	struct str sealed;
};

static enum err read_batch(struct column *k, struct dbc *c, struct arena *a, struct value *v)
{
	struct rows *r = db_query_text(c, str_z(k->select), ARGS(I(k->after)));

	k->n = 0;
	k->next = k->after;
	while (k->n < BATCH && rows_next(r)) {
		v[k->n].id = k->next = row_int_at(r, 0);
		v[k->n++].sealed = str_dup(a, row_str_at(r, 1));
	}
	enum err err = rows_close(r);

	return err == OK && arena_failed(a) ? ERR_NOMEM : err;
}

static enum err renew_value(
	struct column *k, struct dbc *c, const struct value *v, struct str plain, struct arena *a)
{
	const struct app_keys *keys = &k->w->app->keys;
	unsigned char hash[HASH_LEN];
	struct str sealed;
	enum err err = secret_seal(keys, plain, a, &sealed);

	if (err != OK)
		return err;
	struct arg arg[3] = { I(v->id), B(sealed) };

	if (k->field != NULL) {
		secret_blind(keys, k->entity->name, k->field->name, plain, hash);
		arg[2] = B((struct str){ (const char *)hash, sizeof(hash) });
	}
	err = db_exec(c, k->update, arg, k->field != NULL ? 3 : 2, NULL);
	if (err != OK || k->field == NULL)
		return err;
	struct req rq = { .app = k->w->app, .db = c, .arena = a };

	return entity_index_again(&rq, k->entity, v->id);
}

static enum err batch_values(struct column *k, struct dbc *c, struct arena *a)
{
	struct value *v = arena_array(a, BATCH, sizeof(*v));
	enum err err = v == NULL ? ERR_NOMEM : read_batch(k, c, a, v);

	k->sealed = 0;
	for (size_t i = 0; i < k->n && err == OK; i++) {
		struct str plain;

		err = secret_open(&k->w->app->keys, v[i].sealed, a, &plain);
		if (err == ERR_INVALID)
			return err_set(k->e, ERR_IO, "key", k->column,
				"%s.%s of row %lld opens with none of the keys", k->table,
				k->column, (long long)v[i].id);
		if (err == OK && k->renew && !secret_is_current(&k->w->app->keys, v[i].sealed)) {
			err = renew_value(k, c, &v[i], plain, a);
			k->sealed++;
		}
	}
	return err;
}

/* One batch; may run again, so what it counts is kept apart until it is durable. */
static enum err batch(struct dbc *c, void *arg)
{
	struct arena *a = arena_new(BATCH_ARENA);
	enum err err = a == NULL ? ERR_NOMEM : batch_values(arg, c, a);

	arena_free(a);
	return err;
}

static enum err walk_column(struct column *k, struct dbc *reader, int64_t *ret_sealed)
{
	enum err err;

	do {
		err = k->renew ? db_write(k->w->app->db, batch, k) : batch(reader, k);
		if (err != OK)
			return err;
		k->after = k->next;
		k->values += (int64_t)k->n;
		*ret_sealed += k->sealed;
	} while (k->n == BATCH);
	if (k->w->told != NULL)
		k->w->told(k->w->arg, k->table, k->column, k->values);
	return OK;
}

/* ---- all of them ---- */

static enum err column_init(struct column *k, const struct column *like, const char *table,
	const char *column, const struct entity *e, const struct field *f)
{
	int n, m;

	*k = *like;
	k->table = table;
	k->column = column;
	k->entity = e;
	k->field = f != NULL && secret_is_found(f) ? f : NULL;
	k->after = -1;
	n = snprintf(k->select, TEXT,
		"SELECT id, %s FROM %s WHERE id > $1 AND %s IS NOT NULL ORDER BY id LIMIT %d",
		column, table, column, BATCH);
	m = k->field != NULL
		    ? snprintf(k->update, TEXT, "UPDATE %s SET %s = $2, %s_hash = $3 WHERE id = $1",
			      table, column, column)
		    : snprintf(k->update, TEXT, "UPDATE %s SET %s = $2 WHERE id = $1", table,
			      column);
	return n < TEXT && m < TEXT ? OK : ERR_BUG;
}

static enum err walk_all(const struct column *like, struct dbc *reader, int64_t *ret_sealed)
{
	const struct app *app = like->w->app;
	struct column k;
	enum err err = OK;

	for (size_t i = 0; i < app->nentity && err == OK; i++) {
		const struct entity *e = app->entity[i];

		for (size_t j = 0; j < e->fields.n && err == OK; j++) {
			if (e->fields.v[j].type != F_SECRET)
				continue;
			err = column_init(
				&k, like, e->table, e->fields.v[j].name, e, &e->fields.v[j]);
			if (err == OK)
				err = walk_column(&k, reader, ret_sealed);
		}
	}
	for (size_t i = 0; i < app->nmodule && err == OK; i++) {
		for (size_t j = 0; j < app->module[i]->nsealed && err == OK; j++) {
			const struct sealed *s = &app->module[i]->sealed[j];

			err = column_init(&k, like, s->table, s->column, NULL, NULL);
			if (err == OK)
				err = walk_column(&k, reader, ret_sealed);
		}
	}
	return err;
}

enum err secret_check(const struct secret_walk *w, struct error *e)
{
	struct column like = { .w = w, .e = e };
	struct dbc *reader = NULL;
	int64_t sealed = 0;
	enum err err = db_reader_open(w->app->db, &reader);

	if (err == OK)
		err = walk_all(&like, reader, &sealed);
	dbc_free(reader);
	return err;
}

struct turn {
	struct app *app;
	int64_t sealed;
};

static enum err turn(struct dbc *c, void *arg)
{
	const struct turn *t = arg;
	char name[KEY_NAME_TEXT], detail[96];
	enum err err;

	key_name_text(t->app->keys.data, name);
	snprintf(detail, sizeof(detail), "{\"key\":\"%s\",\"sealed\":%lld}", name,
		(long long)t->sealed);
	err = db_exec(c, secret_sql[Q_SECRET_TURN], ARGS(Z(name)), NULL);
	return err != OK ? err
			 : audit_add(c, &(struct audit_entry){ .at = time_now(),
						.actor = NIL,
						.action = "rotate",
						.object = "keys",
						.object_id = NIL,
						.detail = str_z(detail) });
}

enum err secret_rotate(const struct secret_walk *w, struct error *e)
{
	struct column like = { .w = w, .e = e, .renew = true };
	struct turn t = { .app = w->app };
	enum err err = walk_all(&like, NULL, &t.sealed);

	return err != OK ? err : db_write(w->app->db, turn, &t);
}
