/* See import_map.h. */
#include "core/import_map.h"

#include "core/import_db.h"

enum { MAP_BYTES = 1 << 17 };

enum err import_map_use(struct import *im, struct dbc *c, int64_t user_id, const struct entity *e)
{
	char key[HASH_HEX];
	json_t *map = NULL;
	enum err err = columns_key(&im->columns, key);

	if (err != OK)
		return err;
	struct rows *r = db_query(c, import_sql[Q_MAP_GET], ARGS(I(user_id), Z(e->name), Z(key)));

	/* One that no longer reads (fields have gone) is as good as none. */
	if (rows_next(r) && field_parse_json(row_str_at(r, 0), &map, NULL) == OK && json_is_object(map))
		err = columns_apply(e, map, im->keep, &im->columns);
	enum err closed = rows_close(r);

	json_decref(map);
	return err != OK ? err : closed;
}

enum err import_map_keep(const struct import *im, struct dbc *c, int64_t user_id, const struct entity *e, int64_t now)
{
	char key[HASH_HEX];
	int64_t id = db_new_id(c);
	struct buf b;
	struct jw j;
	enum err err = id == NIL ? ERR_RETRY : columns_key(&im->columns, key);

	if (err != OK)
		return err;
	buf_init(&b, MAP_BYTES);
	jw_init(&j, &b);
	columns_write_map(&im->columns, &j);
	if (b.failed)
		err = ERR_NOMEM;
	else
		err = db_exec(c, import_sql[Q_MAP_PUT],
			ARGS(I(id), I(user_id), Z(e->name), Z(key), T(buf_view(&b)), I(now)), NULL);
	buf_release(&b);
	return err;
}

enum err import_map_list(struct req *rq, struct jw *out)
{
	struct rows *r = db_query(rq->db, import_sql[Q_MAP_LIST], ARGS(I(rq->who->user_id)));

	jw_obj(out);
	jw_karr(out, "items");
	while (rows_next(r)) {
		jw_obj(out);
		jw_kid(out, "id", row_int_at(r, 0));
		jw_kstr(out, "entity", row_str_at(r, 1));
		jw_kraw(out, "columns", row_str_at(r, 2));
		jw_ktime(out, "used_at", row_int_at(r, 3));
		jw_ktime(out, "created_at", row_int_at(r, 4));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_end_obj(out);
	return rows_close(r);
}

enum err import_map_drop(struct req *rq, struct jw *out)
{
	int64_t id, changed = 0;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = db_exec(rq->db, import_sql[Q_MAP_DROP], ARGS(I(id), I(rq->who->user_id)), &changed);
	if (err == OK && changed == 0)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such mapping of yours");
	jw_obj(out);
	jw_kid(out, "deleted", id);
	jw_end_obj(out);
	return err;
}

static const struct member map_member[] = {
	{ "id", F_ID },
	{ "entity", F_STR },
	{ "columns", F_JSON, .help = "column title to field name, or to null: not read" },
	{ "used_at", F_TIME },
	{ "created_at", F_TIME },
};
const struct shape import_map_shape = { .name = "ImportMap", MEMBERS(map_member) };
