/*
 * Lists of matters: one query builder for event lists, task lists, the inbox and exports. Scope first,
 * then the declared filters, then the order with its keyset.
 */
#include "core/matter_list.h"

#include <sodium.h>
#include <string.h>

#include "core/account.h"
#include "core/export_file.h"
#include "core/row.h"
#include "core/search.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200, EXPORT_PAGE = 1000 };

const struct param matter_params[] = {
	{ "place", F_CODE, "only this place and below" },
	{ "state", F_STR, "states, separated by commas" },
	{ "category", F_STR, "a code (MS24) or a track (party, economy, livelihood, peace)" },
	{ "q", F_STR, "words in title, text and address; or a number" },
	{ "from", F_TIME, "reported at or after" },
	{ "to", F_TIME, "reported before" },
	{ "urgency", F_STR, "U1, U2, U3, U4 or Q" },
	{ "unit", F_ID, "lead unit" },
	{ "level", F_INT, "alarm level at least: 1 amber, 2 red, 3 escalated" },
	{ "open", F_BOOL, "open ones (true) or ended ones (false)" },
	{ "mine", F_BOOL, "reported by me" },
	{ "box", F_STR, "west,south,east,north in degrees" },
	{ "source", F_STR, "resident, desk, grid, hotline, sensor, import or api" },
	{ "supervised", F_BOOL, "under supervision" },
	{ "ext_no", F_STR, "number in the system it came from" },
	{ "parent", F_ID, "parts of this matter" },
	{ "sort", F_STR, "-id (newest first), id, due" },
	{ "after", F_STR, "cursor: `next` of the page before" },
	{ "limit", F_INT, "page size, 1 to 200" },
	{ "count", F_BOOL, "also the exact number" },
	{ "tab", F_STR, "todo, doing, watch, overdue, done or all" },
	{ "kind", F_STR, "event, task, …" },
	{ "format", F_STR, "csv or xlsx, of an export" },
	{ "purpose", F_STR, "what an export is for" },
};
const size_t matter_nparams = ARRAY_LEN(matter_params);

/* "E123", the number that people read. */
static bool is_number(struct str q, int64_t *ret_id)
{
	return q.n > 1 && (q.p[0] | 32) >= 'a' && (q.p[0] | 32) <= 'z' && str_i64((struct str){ q.p + 1, q.n - 1 }, ret_id);
}

/*
 * Words that many matters have: the full-text index gives its rows newest first, so a page of the newest
 * is read from it without gathering them all. Not where the place says more than the words.
 */
static bool walks_words(struct req *rq, bool newest_first)
{
	struct str q = str_trim(req_query(rq, "q"));
	int64_t place = req_query_int(rq, "place"), id;

	return newest_first && dbc_engine(rq->db) == DB_SQLITE && q.n > 0 && !is_number(q, &id) &&
	       (place == NIL || place_level(place) < LEVEL_COMMUNITY);
}

static void select_rows(struct sqlb *b, bool words)
{
	sqlb_add(b, "SELECT ");
	row_columns(&matter_fields, "m.", &b->text);
	sqlb_add(b, ", h.name AS handler_name FROM ");
	sqlb_add(b, words ? "matter_fts f CROSS JOIN matter m ON m.id = f.rowid " : "matter m ");
	sqlb_add(b, "LEFT JOIN account h ON h.id = m.handler_id WHERE 1 = 1");
}

/* ---- filters ---- */

/* A place of a community or below is found through the index on (place / 100000, id), which keeps the
 * order of ids; a wider one walks the ids and filters ("+ 0" keeps the planner off other indexes). */
void matter_cond_place(struct sqlb *b, int64_t place)
{
	if (place_level(place) >= LEVEL_COMMUNITY)
		sqlb_cond(b, " AND (m.place / 100000) = ?", I(place / 100000));
	sqlb_cond(b, " AND m.place + 0 >= ?", I(place));
	sqlb_cond(b, " AND m.place + 0 < ?", I(place_end(place)));
}

static enum err cond_words(struct req *rq, struct sqlb *b, const char *name, const char *column,
			   const struct vocab *vocab)
{
	struct str rest = req_query(rq, name), word;
	bool first = true;

	if (rest.p == NULL || rest.n == 0)
		return OK;
	sqlb_add(b, " AND m.");
	sqlb_add(b, column);
	sqlb_add(b, " IN (");
	while (str_split(&rest, ',', &word)) {
		int64_t v = vocab_index(vocab, word);

		if (v == NIL)
			return req_fail(rq, ERR_INVALID, "word", name, "unknown %s", name);
		sqlb_cond(b, first ? "?" : ", ?", I(v));
		first = false;
	}
	sqlb_add(b, ")");
	return OK;
}

static enum err cond_box(struct req *rq, struct sqlb *b)
{
	static const char *const cond[] = { " AND m.lon >= ?", " AND m.lat >= ?", " AND m.lon <= ?",
		" AND m.lat <= ?" };
	struct str rest = req_query(rq, "box"), piece;
	size_t n = 0;
	double v;

	if (rest.p == NULL || rest.n == 0)
		return OK;
	while (n < ARRAY_LEN(cond) && str_split(&rest, ',', &piece)) {
		if (!str_double(str_trim(piece), &v))
			break;
		sqlb_cond(b, cond[n++], R(v));
	}
	if (n != ARRAY_LEN(cond))
		return req_fail(rq, ERR_INVALID, "box", "box", "box is west,south,east,north");
	return OK;
}

static enum err cond_category(struct req *rq, struct sqlb *b, const struct matter_kind *k)
{
	struct str s = req_query(rq, "category");
	int64_t v;

	if (s.p == NULL || s.n == 0)
		return OK;
	v = vocab_index(&track_vocab, s);
	if (v != NIL) {
		sqlb_cond(b, " AND m.track = ?", I(v));
		return OK;
	}
	v = k != NULL && k->code_find != NULL ? k->code_find(req_snap(rq), rq->app, s) : NIL;
	if (v == NIL)
		return req_fail(rq, ERR_INVALID, "category", "category", "unknown category");
	sqlb_cond(b, " AND m.code_id = ?", I(v));
	return OK;
}

static void cond_query(struct req *rq, struct sqlb *b, bool words)
{
	struct str q = str_trim(req_query(rq, "q"));
	int64_t id;

	if (q.p == NULL || q.n == 0)
		return;
	if (is_number(q, &id)) {
		sqlb_cond(b, " AND m.id = ?", I(id));
		return;
	}
	if (words)
		search_cond_row(b, q, rq->arena);
	else
		search_cond(b, dbc_engine(rq->db), q, rq->arena);
}

static void cond_int(struct req *rq, struct sqlb *b, const char *name, const char *cond)
{
	int64_t v = req_query_int(rq, name);

	if (v != NIL)
		sqlb_cond(b, cond, I(v));
}

static enum err where(struct req *rq, const struct matter_kind *k, bool words, struct sqlb *b)
{
	int64_t place = req_query_int(rq, "place");
	enum err err;

	scope_matter_list(b, rq->who);
	if (k != NULL)
		sqlb_cond(b, " AND m.kind = ?", I(k->number));
	if (place != NIL)
		matter_cond_place(b, place);
	cond_int(rq, b, "unit", " AND m.unit_id = ?");
	cond_int(rq, b, "level", " AND m.level >= ?");
	if (req_query_int(rq, "open") != NIL) /* in words, as the partial indexes want it */
		sqlb_add(b, req_query_int(rq, "open") == 1 ? " AND m.open = 1" : " AND m.open = 0");
	cond_int(rq, b, "supervised", " AND m.supervised = ?");
	cond_int(rq, b, "parent", " AND m.parent_id = ?");
	cond_int(rq, b, "from", " AND m.reported_at >= ?");
	cond_int(rq, b, "to", " AND m.reported_at < ?");
	if (req_query_int(rq, "mine") == 1)
		sqlb_cond(b, " AND m.reporter_id = ?", I(rq->who->user_id));
	if (req_query(rq, "ext_no").p != NULL)
		sqlb_cond(b, " AND m.ext_no = ?", T(req_query(rq, "ext_no")));
	err = cond_words(rq, b, "state", "state", &mstate_vocab);
	if (err == OK)
		err = cond_words(rq, b, "urgency", "urgency", &urgency_vocab);
	if (err == OK)
		err = cond_words(rq, b, "source", "source", &source_vocab);
	if (err == OK)
		err = cond_category(rq, b, k);
	if (err == OK)
		err = cond_box(rq, b);
	if (err == OK)
		cond_query(rq, b, words);
	return err;
}

/* ---- order and cursor ---- */

struct order {
	bool due, down;
};

static enum err read_order(struct req *rq, struct order *o)
{
	struct str s = req_query(rq, "sort");

	*o = (struct order){ .down = true };
	if (s.p == NULL || s.n == 0 || str_eqz(s, "-id"))
		return OK;
	o->down = false;
	if (str_eqz(s, "id"))
		return OK;
	o->due = true;
	if (str_eqz(s, "due"))
		return OK;
	return req_fail(rq, ERR_INVALID, "sort", "sort", "sort by -id, id or due");
}

static enum err apply_cursor(struct req *rq, const struct order *o, bool words, struct sqlb *b)
{
	struct str cur = req_query(rq, "after"), first;
	int64_t due = 0, id;

	if (cur.p == NULL || cur.n == 0)
		return OK;
	if (o->due && (!str_split(&cur, '.', &first) || !str_i64(first, &due)))
		return req_fail(rq, ERR_INVALID, "cursor", "after", "that cursor is not from this list");
	if (!str_i64(cur, &id))
		return req_fail(rq, ERR_INVALID, "cursor", "after", "that cursor is not from this list");
	if (o->due) {
		sqlb_cond(b, " AND (COALESCE(m.due_at, 9000000000000000), m.id) > (?", I(due));
		sqlb_cond(b, ", ?)", I(id));
	} else {
		sqlb_cond(b, words ? " AND f.rowid < ?" : o->down ? " AND m.id < ?" : " AND m.id > ?", I(id));
	}
	return OK;
}

static void write_cursor(const struct order *o, const struct matter *last, struct jw *out)
{
	struct buf b;

	buf_init(&b, 64);
	if (o->due) {
		buf_i64(&b, last->due_at == NIL ? INT64_C(9000000000000000) : last->due_at);
		buf_char(&b, '.');
	}
	buf_i64(&b, last->id);
	jw_kstr(out, "next", buf_view(&b));
	buf_release(&b);
}

void matter_cond_kind(struct sqlb *b, const struct app *app, const char *kind)
{
	const struct matter_kind *k = matter_kind_named(app, str_z(kind));

	if (k != NULL)
		sqlb_cond(b, " AND m.kind = ?", I(k->number));
}

/* ---- rows ---- */

const struct matter_kind *matter_kind_of(const struct app *app, int64_t number)
{
	for (size_t i = 0; i < app->nkind; i++) {
		if (app->kind[i]->number == number)
			return app->kind[i];
	}
	return NULL;
}

const struct matter_kind *matter_kind_named(const struct app *app, struct str name)
{
	for (size_t i = 0; i < app->nkind; i++) {
		if (str_eqz(name, app->kind[i]->name))
			return app->kind[i];
	}
	return NULL;
}

static bool brief_skips(const char *name)
{
	static const char *const skip[] = { "text", "answers", "data", "pending", "result" };

	for (size_t i = 0; i < ARRAY_LEN(skip); i++) {
		if (strcmp(name, skip[i]) == 0)
			return true;
	}
	return false;
}

static const struct member named_member[] = {
	{ "kind", F_STR, .help = "event, task, …" },
	{ "no", F_STR, .help = "the number people read, as E123" },
	{ "code", F_STR, .null = true },
	{ "code_name", F_STR, .null = true },
	{ "place_name", F_STR, .null = true },
	{ "unit_name", F_STR, .null = true },
	{ "handler_name", F_STR, .null = true },
};
static const struct shape named_shape = { .name = NULL, MEMBERS(named_member) };
/* What brief_skips leaves out. */
const struct shape matter_row_shape = { .name = "Matter", .base = &named_shape, .fields = &matter_fields,
	.without = "text answers data pending result" };
const struct shape matter_full_shape = { .name = NULL, .base = &named_shape, .fields = &matter_fields };

void matter_members(struct req *rq, const struct matter *m, struct str handler_name, bool brief, struct jw *out)
{
	const struct snap *s = req_snap(rq);
	const struct matter_kind *k = matter_kind_of(rq->app, m->kind);
	struct str code = { NULL, 0 }, code_name = { NULL, 0 };
	char no[32];

	for (size_t i = 0; i < matter_fields.n; i++) {
		if (!brief || !brief_skips(matter_fields.v[i].name))
			field_encode(&matter_fields.v[i], m, out);
	}
	jw_kz(out, "kind", k != NULL ? k->name : NULL);
	matter_no(k, m->id, no);
	jw_kz(out, "no", no);
	if (k != NULL && k->code_name != NULL && m->code_id != NIL)
		code_name = k->code_name(s, rq->app, m->code_id, &code);
	jw_kstr(out, "code", code);
	jw_kstr(out, "code_name", code_name);
	jw_kstr(out, "place_name", snap_place_name(s, m->place));
	jw_kstr(out, "unit_name", snap_unit_name(s, m->unit_id));
	jw_kstr(out, "handler_name", handler_name);
}

void matter_no(const struct matter_kind *k, int64_t id, char ret[32])
{
	char digits[20];
	size_t n = 0, at = 0;

	do {
		digits[n++] = (char)('0' + id % 10);
		id /= 10;
	} while (id > 0);
	ret[at++] = k != NULL ? k->letter : 'M';
	while (n > 0)
		ret[at++] = digits[--n];
	ret[at] = '\0';
}

static enum err write_rows(struct req *rq, struct sqlb *b, const struct order *o, int64_t limit, struct jw *out)
{
	struct rows *r = sqlb_query(b, rq->db);
	struct matter m, last;
	int64_t n = 0;
	bool more = false;

	fields_clear(&matter_fields, &last);
	jw_karr(out, "items");
	while (rows_next(r)) {
		if (n == limit) {
			more = true;
			break;
		}
		row_load(&matter_fields, r, 0, rq->arena, &m);
		jw_obj(out);
		matter_members(rq, &m, row_str_at(r, (int)matter_fields.n), true, out);
		jw_end_obj(out);
		last = m;
		n++;
	}
	enum err err = rows_close(r);

	jw_end_arr(out);
	rq->rows = n;
	if (more)
		write_cursor(o, &last, out);
	else
		jw_kz(out, "next", NULL);
	return err;
}

enum err matter_count(struct req *rq, struct sqlb *b, int64_t *ret)
{
	struct rows *r = sqlb_query(b, rq->db);

	*ret = rows_next(r) ? row_int_at(r, 0) : 0;
	return rows_close(r);
}

static enum err write_count(struct req *rq, const struct matter_kind *k, matter_cond_fn cond, struct jw *out)
{
	struct sqlb b;
	int64_t n = 0;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT count(*) AS n FROM matter m WHERE 1 = 1");
	enum err err = where(rq, k, false, &b);

	if (err == OK && cond != NULL)
		err = cond(rq, &b);
	if (err == OK)
		err = matter_count(rq, &b, &n);
	sqlb_release(&b);
	jw_kint(out, "count", n);
	return err;
}

enum err matter_list(struct req *rq, const struct matter_kind *k, matter_cond_fn cond, struct jw *out)
{
	int64_t limit = req_query_int(rq, "limit");
	struct order o;
	struct sqlb b;
	enum err err = read_order(rq, &o);
	bool words = err == OK && walks_words(rq, !o.due && o.down);

	if (limit == NIL)
		limit = LIMIT_DEFAULT;
	if (err == OK && (limit < 1 || limit > LIMIT_MAX))
		err = req_fail(rq, ERR_INVALID, "range", "limit", "limit is 1 to %d", LIMIT_MAX);
	if (err != OK)
		return err;
	sqlb_init(&b);
	select_rows(&b, words);
	err = where(rq, k, words, &b);
	if (err == OK && cond != NULL)
		err = cond(rq, &b);
	if (err == OK)
		err = apply_cursor(rq, &o, words, &b);
	sqlb_add(&b, o.due ? " ORDER BY COALESCE(m.due_at, 9000000000000000), m.id" :
		     words ? " ORDER BY f.rowid DESC" : o.down ? " ORDER BY m.id DESC" : " ORDER BY m.id");
	sqlb_cond(&b, " LIMIT ?", I(limit + 1));
	if (err == OK) {
		jw_obj(out);
		err = write_rows(rq, &b, &o, limit, out);
		if (err == OK && req_query_int(rq, "count") == 1)
			err = write_count(rq, k, cond, out);
		jw_end_obj(out);
	}
	sqlb_release(&b);
	return err;
}

enum err matter_each(struct req *rq, const struct matter_kind *k, const struct matter_span *span,
		     void (*fn)(const struct matter *m, struct str handler_name, void *arg), void *arg)
{
	struct matter m;
	struct sqlb b;

	sqlb_init(&b);
	select_rows(&b, false);
	sqlb_cond(&b, " AND m.sealed = 0 AND m.kind = ?", I(k->number));
	sqlb_cond(&b, " AND m.id > ?", I(span->after));
	if (span->box != NULL) {
		sqlb_cond(&b, " AND m.lon >= ?", R(span->box[0]));
		sqlb_cond(&b, " AND m.lat >= ?", R(span->box[1]));
		sqlb_cond(&b, " AND m.lon <= ?", R(span->box[2]));
		sqlb_cond(&b, " AND m.lat <= ?", R(span->box[3]));
	}
	scope_matter_list(&b, rq->who);
	sqlb_cond(&b, " ORDER BY m.id LIMIT ?", I(span->limit));
	struct rows *r = sqlb_query(&b, rq->db);

	while (rows_next(r)) {
		row_load(&matter_fields, r, 0, rq->arena, &m);
		fn(&m, row_str_at(r, (int)matter_fields.n), arg);
	}
	sqlb_release(&b);
	return rows_close(r);
}

/* ---- export ---- */

static void export_row(const struct matter *m, struct buf *cell, struct export_file *x)
{
	for (size_t i = 0; i < matter_fields.n; i++) {
		const struct field *f = &matter_fields.v[i];

		if (f->flags & FIELD_HIDDEN)
			continue;
		buf_reset(cell);
		if (!field_is_nil(f, m))
			field_to_text(f, m, cell);
		export_text(x, buf_view(cell));
	}
	export_end_row(x);
}

/* The matters after *last, at most a page. */
static enum err export_page(struct req *rq, const struct matter_kind *k, struct arena *a, int64_t *last,
			    struct export_file *x)
{
	struct buf cell;
	struct sqlb b;
	struct matter m;
	enum err err;

	sqlb_init(&b);
	buf_init(&cell, 1 << 17);
	select_rows(&b, false);
	err = where(rq, k, false, &b);
	sqlb_cond(&b, " AND m.id > ?", I(*last));
	sqlb_cond(&b, " ORDER BY m.id LIMIT ?", I(EXPORT_PAGE));
	struct rows *r = err == OK ? sqlb_query(&b, rq->db) : NULL;

	while (r != NULL && rows_next(r) && !export_failed(x)) {
		arena_reset(a);
		row_load(&matter_fields, r, 0, a, &m);
		export_row(&m, &cell, x);
		*last = m.id;
		rq->rows++;
	}
	if (r != NULL)
		err = rows_close(r);
	if (err == OK && (cell.failed || arena_failed(a)))
		err = ERR_NOMEM;
	buf_release(&cell);
	sqlb_release(&b);
	return err;
}

static enum err export_rows(struct req *rq, const struct matter_kind *k, struct arena *a, struct export_file *x)
{
	int64_t last = 0, before = -EXPORT_PAGE;
	enum err err = OK;

	for (size_t i = 0; i < matter_fields.n; i++) {
		if (!(matter_fields.v[i].flags & FIELD_HIDDEN))
			export_head(x, str_z(matter_fields.v[i].name));
	}
	export_end_row(x);
	/* A page that is not full is the last one. */
	while (err == OK && rq->rows - before == EXPORT_PAGE && !export_failed(x)) {
		before = rq->rows;
		err = export_page(rq, k, a, &last, x);
	}
	return err;
}

enum err matter_export(struct req *rq, const struct matter_kind *k)
{
	struct arena *a = arena_new(1 << 20);
	struct export_file *x = NULL;
	enum err err = a == NULL ? ERR_NOMEM : export_begin(&x, rq, k->path, false);

	if (err == OK)
		err = export_rows(rq, k, a, x);
	arena_free(a);
	if (err == OK && export_failed(x))
		err = req_fail(rq, ERR_LIMIT, "export.size", "", "too many rows for one export; narrow the filter");
	if (err != OK) {
		export_drop(x);
		return err;
	}
	return export_finish(x, rq, k->name);
}
