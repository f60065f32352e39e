/*
 * Entity engine: lists. Declared filters, search words, scope and subtree, declared orders with keyset
 * pages, exact count on request.
 */
#include <sodium.h>
#include <string.h>

#include "core/entity_plan.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200, CURSOR_MAX = 600 };

static void column(char out[80], const struct field *f)
{
	out[0] = 't';
	out[1] = '.';
	out[2] = '\0';
	strncat(out, f->name, 76);
}

static struct arg filter_value(struct req *rq, const struct entity *e, const struct field *f, struct str text)
{
	void *one = arena_alloc(rq->arena, f->off + sizeof(struct str));
	struct arg v = I(NIL);

	if (one == NULL || field_from_text(f, text, rq->arena, one, &rq->err) != OK)
		return I(NIL);
	switch (f->type) {
	case F_STR:
	case F_JSON:
		return T(field_str(f, one));
	case F_SECRET:
		if (entity_blind(rq, e, f, field_str(f, one), &v) != OK)
			(void)req_fail(rq, ERR_NOMEM, "memory", f->name, "out of memory");
		return v;
	case F_REAL:
		return R(field_real(f, one));
	default:
		return I(field_int(f, one));
	}
}

/* %word% with LIKE's own characters escaped by '!'. */
static struct str like_pattern(struct arena *a, struct str q)
{
	struct buf b;

	buf_init(&b, 1024);
	buf_char(&b, '%');
	for (size_t i = 0; i < q.n && b.n < 900; i++) {
		if (q.p[i] == '%' || q.p[i] == '_' || q.p[i] == '!')
			buf_char(&b, '!');
		buf_char(&b, q.p[i]);
	}
	buf_char(&b, '%');
	struct str s = str_dup(a, buf_view(&b));

	buf_release(&b);
	return s;
}

/* A masked field is looked through only where the asker may see it: finding would be reading. */
static void seen_in_full(struct req *rq, const struct entity_plan *p, struct sqlb *b)
{
	char col[80];

	if (rq->who == NULL)
		return;
	if (p->e->full == NULL || p->scope == NULL) {
		sqlb_add(b, " AND 1 = 0");
		return;
	}
	column(col, p->scope);
	scope_place(b, rq->who, p->e->full, col);
}

/* Rows that a reference names, one within the other: t.room_id → t1.building_id → t2.name. */
enum { SEARCH_DEPTH = 3, SEARCH_WORDS = 4 };

static void search_column(struct sqlb *b, int depth, const char *name)
{
	static const char *const alias[SEARCH_DEPTH] = { "t.", "t1.", "t2." };

	sqlb_add(b, alias[depth]);
	sqlb_add(b, name);
}

static void search_word(struct req *rq, const struct entity_plan *p, struct sqlb *b, struct str pattern, int depth);

/* The row a field refers to has the word, and the asker may see it. */
static void search_behind(struct req *rq, const struct field *f, struct sqlb *b, struct str pattern, int depth)
{
	static const char *const as[SEARCH_DEPTH] = { " t", " t1", " t2" };
	const struct entity *e = f->ref != NULL ? entity_named(rq->app, str_z(f->ref)) : NULL;
	const struct entity_plan *p = e != NULL ? entity_plan_of(rq->app, e) : NULL;
	char col[80] = "t1.";

	if (p == NULL || depth + 1 >= SEARCH_DEPTH || (rq->who != NULL && !may(rq->who, e->read)))
		return;
	col[1] = (char)('1' + depth);
	sqlb_add(b, " OR ");
	search_column(b, depth, f->name);
	sqlb_add(b, " IN (SELECT ");
	search_column(b, depth + 1, "id");
	sqlb_add(b, " FROM ");
	sqlb_add(b, e->table);
	sqlb_add(b, as[depth + 1]);
	sqlb_add(b, " WHERE ");
	search_word(rq, p, b, pattern, depth + 1);
	if (p->scope != NULL && rq->who != NULL) {
		strncat(col, p->scope->name, 60);
		scope_place(b, rq->who, e->read, col);
	}
	sqlb_add(b, ")");
}

/* One word in one of the searched fields; of rows behind references only fields that are nobody's secret. */
static void search_word(struct req *rq, const struct entity_plan *p, struct sqlb *b, struct str pattern, int depth)
{
	const struct entity *e = p->e;

	sqlb_add(b, "(1 = 0");
	for (size_t i = 0; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];

		if (!(f->flags & FIELD_SEARCH) || (depth > 0 && (f->flags & (FIELD_PERSONAL | FIELD_PRIVATE))))
			continue;
		if (f->type == F_ID) {
			search_behind(rq, f, b, pattern, depth);
			continue;
		}
		sqlb_add(b, " OR (lower(");
		search_column(b, depth, f->name);
		sqlb_cond(b, ") LIKE lower(?) ESCAPE '!'", T(pattern));
		if (f->flags & FIELD_PERSONAL)
			seen_in_full(rq, p, b);
		sqlb_add(b, ")");
	}
	sqlb_add(b, ")");
}

static bool searched(const struct entity *e)
{
	for (size_t i = 0; i < e->fields.n; i++) {
		if (e->fields.v[i].flags & FIELD_SEARCH)
			return true;
	}
	return false;
}

/* Every word somewhere; the fourth is what is left. */
static void search_words(struct req *rq, const struct entity_plan *p, struct sqlb *b, struct str q)
{
	for (int i = 0; searched(p->e) && q.n > 0 && i < SEARCH_WORDS; i++) {
		struct str word = q;

		if (i == SEARCH_WORDS - 1 || !str_split(&q, ' ', &word))
			q.n = 0;
		word = str_trim(word);
		q = str_trim(q);
		if (word.n == 0)
			continue;
		sqlb_add(b, " AND ");
		search_word(rq, p, b, like_pattern(rq->arena, word), 0);
	}
}

enum err entity_where(struct req *rq, const struct entity_plan *p, struct sqlb *b)
{
	const struct entity *e = p->e;
	char col[80];

	if (p->scope != NULL) {
		int64_t place = req_query_int(rq, "place");

		column(col, p->scope);
		scope_place(b, rq->who, e->read, col);
		if (place != NIL) {
			sqlb_add(b, " AND ");
			sqlb_add(b, col);
			sqlb_cond(b, " >= ?", I(place));
			sqlb_add(b, " AND ");
			sqlb_add(b, col);
			sqlb_cond(b, " < ?", I(place_end(place)));
		}
	}
	for (size_t i = 0; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];
		struct str text;

		if (!(f->flags & FIELD_FILTER) || strcmp(f->name, "place") == 0)
			continue;
		text = req_query(rq, f->name);
		if (text.p == NULL || text.n == 0)
			continue;
		struct arg v = filter_value(rq, e, f, text);

		if (rq->err.err != OK)
			return rq->err.err;
		column(col, f);
		sqlb_add(b, " AND ");
		sqlb_add(b, col);
		sqlb_cond(b, f->type == F_SECRET ? "_hash = ?" : " = ?", v);
		if ((f->flags & FIELD_PERSONAL) || (f->type == F_SECRET && e->full != NULL))
			seen_in_full(rq, p, b);
	}
	struct str q = str_trim(req_query(rq, "q"));

	if (q.p != NULL && q.n > 0)
		search_words(rq, p, b, q);
	return OK;
}

struct order {
	const struct field *f;
	bool down;
	char expr[128];
};

static enum err find_order(struct req *rq, const struct entity *e, struct order *o)
{
	struct str s = req_query(rq, "sort");
	bool given = s.p != NULL && s.n > 0;

	if (!given)
		s = str_z(e->order != NULL ? e->order : "id");
	o->down = s.n > 0 && s.p[0] == '-';
	if (o->down)
		s = (struct str){ s.p + 1, s.n - 1 };
	o->f = fields_find(&e->fields, s);
	if (o->f == NULL || (given && !(o->f->flags & FIELD_SORT) && o->f != &e->fields.v[0]))
		return req_fail(rq, ERR_INVALID, "sort", "sort", "this list cannot be sorted by that");
	o->expr[0] = '\0';
	if (o->f->flags & FIELD_REQUIRED || o->f == &e->fields.v[0]) {
		column(o->expr, o->f);
		return OK;
	}
	strncat(o->expr, "COALESCE(t.", 12);
	strncat(o->expr, o->f->name, 80);
	strncat(o->expr, o->f->type == F_STR ? ", '')" : ", 0)", 6);
	return OK;
}

static enum err after_cursor(struct req *rq, const struct order *o, struct sqlb *b)
{
	struct str cur = req_query(rq, "after"), id_text;
	unsigned char raw[CURSOR_MAX];
	size_t n;
	int64_t id, v = 0;

	if (cur.p == NULL || cur.n == 0)
		return OK;
	if (sodium_base642bin(raw, sizeof(raw), cur.p, cur.n, NULL, &n, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		goto bad;
	struct str rest = { (const char *)raw, n };

	if (!str_split(&rest, ' ', &id_text) || !str_i64(id_text, &id))
		goto bad;
	if (o->f->type != F_STR && !str_i64(rest, &v))
		goto bad;
	sqlb_add(b, " AND (");
	sqlb_add(b, o->expr);
	sqlb_add(b, ", t.id) ");
	sqlb_add(b, o->down ? "<" : ">");
	sqlb_cond(b, " (?", o->f->type == F_STR ? T(str_dup(rq->arena, rest)) : I(v));
	sqlb_cond(b, ", ?)", I(id));
	return OK;
bad:
	return req_fail(rq, ERR_INVALID, "cursor", "after", "that cursor is not from this list");
}

static void write_cursor(const struct order *o, int64_t id, const void *rec, struct jw *out)
{
	char text[CURSOR_MAX * 2];
	struct buf b;

	buf_init(&b, CURSOR_MAX);
	buf_i64(&b, id);
	buf_char(&b, ' ');
	if (o->f->type == F_STR)
		buf_str(&b, field_str(o->f, rec));
	else
		buf_i64(&b, field_is_nil(o->f, rec) ? 0 : field_int(o->f, rec));
	if (!b.failed)
		sodium_bin2base64(text, sizeof(text), (const unsigned char *)b.p, b.n,
				  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	jw_kz(out, "next", b.failed ? NULL : text);
	buf_release(&b);
}

void entity_row_json(struct req *rq, const struct entity_plan *p, const void *rec, int64_t created,
		     int64_t updated, struct jw *out)
{
	jw_obj(out);
	entity_members(rq, p, rec, out);
	jw_ktime(out, "created_at", created);
	jw_ktime(out, "updated_at", updated);
	if (p->e->extra_row != NULL)
		p->e->extra_row(rq, p->e, rec, out);
	jw_end_obj(out);
}

static enum err write_count(struct req *rq, const struct entity_plan *p, struct jw *out)
{
	struct sqlb b;
	int64_t n = 0;

	sqlb_init(&b);
	sqlb_add(&b, p->count);
	enum err err = entity_where(rq, p, &b);

	if (err == OK) {
		struct rows *r = sqlb_query(&b, rq->db);

		if (rows_next(r))
			n = row_int_at(r, 0);
		err = rows_close(r);
	}
	sqlb_release(&b);
	jw_kint(out, "count", n);
	return err;
}

static enum err write_page(struct req *rq, const struct entity_plan *p, const struct order *o, int64_t limit,
			   struct sqlb *b, struct jw *out)
{
	struct rows *r = sqlb_query(b, rq->db);
	int last_col = (int)p->e->fields.n;
	int64_t n = 0, last_id = NIL;
	void *rec = arena_alloc(rq->arena, p->e->fields.size);
	bool more = false;
	enum err bad = OK;

	jw_karr(out, "items");
	while (rec != NULL && rows_next(r)) {
		if (n == limit) {
			more = true;
			break;
		}
		bad = entity_load(rq, p->e, r, rq->arena, rec);
		if (bad != OK)
			break;
		entity_row_json(rq, p, rec, row_int_at(r, last_col), row_int_at(r, last_col + 1), out);
		last_id = field_int(&p->e->fields.v[0], rec);
		n++;
	}
	enum err err = rows_close(r);

	jw_end_arr(out);
	rq->rows = n;
	if (more)
		write_cursor(o, last_id, rec, out);
	else
		jw_kz(out, "next", NULL);
	return rec == NULL ? ERR_NOMEM : err != OK ? err : bad;
}

enum err entity_list(struct req *rq, struct jw *out)
{
	const struct entity_plan *p = entity_plan_of(rq->app, rq->route->data);
	int64_t limit = req_query_int(rq, "limit");
	struct order o;
	struct sqlb b;
	enum err err = find_order(rq, p->e, &o);

	if (limit == NIL)
		limit = LIMIT_DEFAULT;
	if (err == OK && (limit < 1 || limit > LIMIT_MAX))
		err = req_fail(rq, ERR_INVALID, "range", "limit", "limit is 1 to %d", LIMIT_MAX);
	if (err != OK)
		return err;
	sqlb_init(&b);
	sqlb_add(&b, p->select);
	err = entity_where(rq, p, &b);
	if (err == OK)
		err = after_cursor(rq, &o, &b);
	sqlb_add(&b, " ORDER BY ");
	sqlb_add(&b, o.expr);
	sqlb_add(&b, o.down ? " DESC, t.id DESC" : ", t.id");
	sqlb_cond(&b, " LIMIT ?", I(limit + 1));
	if (err == OK) {
		jw_obj(out);
		err = write_page(rq, p, &o, limit, &b, out);
		if (err == OK && req_query_int(rq, "count") == 1)
			err = write_count(rq, p, out);
		jw_end_obj(out);
	}
	sqlb_release(&b);
	return err;
}
