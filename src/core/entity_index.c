/* See entity_index.h. */
#include "core/entity_index.h"

#include <string.h>

#include "base/geo.h"
#include "core/entity_plan.h"
#include "core/row.h"
#include "core/secret.h"

enum {
	INDEX_VERSION = 1,
	KEYS_OF_ROW = WORDS_MAX + ENTITY_FOUND + 1,
	PER_INSERT = 8,
	PAGE = 500,
	PAGE_ARENA = 64 << 20
};

enum { Q_KEYS_PUT, Q_KEYS_DROP, Q_KEYS_GET, Q_VERSION_GET, Q_VERSION_PUT };

/* Eight keys of a row at once; fewer are filled up with the last. */
const char *const entity_index_sql[] = {
	[Q_KEYS_PUT] =
		"INSERT INTO entity_word (class, word, place, id) VALUES ($3, $4, $1, $2), ($5, "
		"$6, $1, $2), "
		"($7, $8, $1, $2), ($9, $10, $1, $2), ($11, $12, $1, $2), ($13, $14, $1, $2), "
		"($15, $16, $1, $2), ($17, $18, $1, $2) ON CONFLICT DO NOTHING",
	[Q_KEYS_DROP] = "DELETE FROM entity_word WHERE id = $1",
	[Q_KEYS_GET] =
		"SELECT class, word, place FROM entity_word WHERE id = $1 ORDER BY class, word",
	[Q_VERSION_GET] =
		"SELECT count(*) AS n FROM setting WHERE name = 'entity_index' AND value = $1",
	[Q_VERSION_PUT] = "INSERT INTO setting (name, value) VALUES ('entity_index', $1) ON "
			  "CONFLICT (name) DO UPDATE SET "
			  "value = excluded.value",
};
const size_t entity_index_nsql = ARRAY_LEN(entity_index_sql);

struct key {
	int64_t class, word;
};

/* All keys of one row, in order. */
struct keys {
	int64_t place;
	size_t n;
	struct key v[KEYS_OF_ROW];
};

int64_t entity_index_class(const struct entity *e, enum indexed what)
{
	return (int64_t)e->index * 4 + what;
}

/* ---- the keys of a row ---- */

static bool is_name(const struct field *f)
{
	return strcmp(f->name, "name") == 0 || strcmp(f->name, "alias") == 0;
}

static void field_words(const struct field *f, const void *rec, struct words *w)
{
	char code[18];

	if (f->type == F_STR) {
		words_of(field_str(f, rec), w);
		if (is_name(f))
			words_reading(field_str(f, rec), w);
	} else if (f->type == F_CODE && (f->flags & FIELD_UNIQUE) && !field_is_nil(f, rec)) {
		place_text(field_int(f, rec), code);
		words_of(str_z(code), w);
	}
}

/* The words of the fields that everybody sees, or of those that are masked. */
static void add_words(const struct entity *e, const void *rec, bool masked, struct keys *k)
{
	struct words w = { .n = 0 };

	for (size_t i = 2; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];

		if ((f->flags & (FIELD_SEARCH | FIELD_UNIQUE)) &&
			!(f->flags & (FIELD_PRIVATE | FIELD_HIDDEN)) &&
			((f->flags & FIELD_PERSONAL) != 0) == masked)
			field_words(f, rec, &w);
	}
	words_sort(&w);
	for (size_t i = 0; i < w.n && k->n + ENTITY_FOUND + 1 < KEYS_OF_ROW; i++)
		k->v[k->n++] =
			(struct key){ entity_index_class(e, masked ? INDEX_FULL : INDEX_OPEN),
				w.v[i] };
}

static void add_exact(struct req *rq, const struct entity *e, const void *rec, struct keys *k)
{
	for (size_t i = 2; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];
		unsigned char h[HASH_LEN];

		if (!secret_is_found(f) || field_is_nil(f, rec))
			continue;
		secret_blind(&rq->app->keys, e->name, f->name, field_str(f, rec), h);
		k->v[k->n++] = (struct key){ entity_index_class(e, INDEX_FULL), words_exact(h) };
	}
}

static void add_point(const struct entity *e, const void *rec, struct keys *k)
{
	const struct field *lon = fields_find(&e->fields, STR("lon")),
			   *lat = fields_find(&e->fields, STR("lat"));

	if (lon == NULL || lat == NULL || field_is_nil(lon, rec) || field_is_nil(lat, rec))
		return;
	k->v[k->n++] = (struct key){ entity_index_class(e, INDEX_POINT),
		morton_of(field_real(lon, rec), field_real(lat, rec)) };
}

static void keys_of(struct req *rq, const struct entity *e, const void *rec, struct keys *k)
{
	const struct entity_plan *p = entity_plan_of(rq->app, e);
	const struct field *active = fields_find(&e->fields, STR("active"));

	k->n = 0;
	k->place = p->scope == NULL || field_is_nil(p->scope, rec) ? 0 : field_int(p->scope, rec);
	if (active != NULL && field_int(active, rec) == 0)
		return;
	add_words(e, rec, false, k);
	add_words(e, rec, true, k);
	add_exact(rq, e, rec, k);
	add_point(e, rec, k);
}

static bool same_keys(const struct keys *a, const struct keys *b)
{
	return a->place == b->place && a->n == b->n &&
	       memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0;
}

/* ---- writing ---- */

static enum err put_keys(struct dbc *c, int64_t id, const struct keys *k)
{
	enum err err = OK;

	for (size_t at = 0; at < k->n && err == OK; at += PER_INSERT) {
		struct arg v[2 + 2 * PER_INSERT] = { I(k->place), I(id) };

		for (size_t i = 0; i < PER_INSERT; i++) {
			const struct key *x = &k->v[at + i < k->n ? at + i : k->n - 1];

			v[2 + 2 * i] = I(x->class);
			v[3 + 2 * i] = I(x->word);
		}
		err = db_exec(c, entity_index_sql[Q_KEYS_PUT], v, ARRAY_LEN(v), NULL);
	}
	return err;
}

static int64_t id_of(const struct entity *e, const void *rec)
{
	return field_int(&e->fields.v[0], rec);
}

enum err entity_index_write(
	struct req *rq, const struct entity *e, const void *old, const void *rec)
{
	struct keys was = { .n = 0 }, now = { .n = 0 };
	enum err err = OK;

	if (e->index == 0)
		return OK;
	if (old != NULL)
		keys_of(rq, e, old, &was);
	if (rec != NULL)
		keys_of(rq, e, rec, &now);
	if (old != NULL && rec != NULL && same_keys(&was, &now))
		return OK;
	if (was.n > 0)
		err = db_exec(rq->db, entity_index_sql[Q_KEYS_DROP], ARGS(I(id_of(e, old))), NULL);
	return err != OK ? err : put_keys(rq->db, id_of(e, rec != NULL ? rec : old), &now);
}

static enum err load_row(
	struct req *rq, const struct entity *e, int64_t id, void *rec, bool *ret_found)
{
	struct sqlb b;
	enum err bad = OK;

	sqlb_init(&b);
	sqlb_add(&b, entity_plan_of(rq->app, e)->select);
	sqlb_cond(&b, " AND t.id = ?", I(id));
	struct rows *r = sqlb_query(&b, rq->db);

	*ret_found = rows_next(r);
	if (*ret_found)
		bad = entity_load(rq, e, r, rq->arena, rec);
	enum err err = rows_close(r);

	sqlb_release(&b);
	return err != OK ? err : bad;
}

enum err entity_index_again(struct req *rq, const struct entity *e, int64_t id)
{
	if (e->index == 0)
		return OK;
	void *rec = arena_alloc(rq->arena, e->fields.size);
	struct keys k = { .n = 0 };
	bool found = false;
	enum err err = rec == NULL ? ERR_NOMEM : load_row(rq, e, id, rec, &found);

	if (err == OK)
		err = db_exec(rq->db, entity_index_sql[Q_KEYS_DROP], ARGS(I(id)), NULL);
	if (err != OK || !found)
		return err;
	keys_of(rq, e, rec, &k);
	return put_keys(rq->db, id, &k);
}

/* ---- every row ---- */

typedef enum err (*row_fn)(struct req *rq, const struct entity *e, const void *rec, void *arg);

/* The rows after *last, at most a page, in memory of their own before `fn` sees the first. */
static enum err each_page(
	struct req *rq, const struct entity *e, int64_t *last, size_t *ret_n, row_fn fn, void *arg)
{
	char *v = arena_array(rq->arena, PAGE, e->fields.size);
	struct sqlb b;
	size_t n = 0;
	enum err bad = OK;

	if (v == NULL)
		return ERR_NOMEM;
	sqlb_init(&b);
	sqlb_add(&b, entity_plan_of(rq->app, e)->select);
	sqlb_cond(&b, " AND t.id > ?", I(*last));
	sqlb_cond(&b, " ORDER BY t.id LIMIT ?", I(PAGE));
	struct rows *r = sqlb_query(&b, rq->db);

	while (bad == OK && n < PAGE && rows_next(r))
		bad = entity_load(rq, e, r, rq->arena, v + n++ * e->fields.size);
	enum err err = rows_close(r);

	sqlb_release(&b);
	err = err != OK ? err : bad;
	for (size_t i = 0; i < n && err == OK; i++) {
		*last = id_of(e, v + i * e->fields.size);
		err = fn(rq, e, v + i * e->fields.size, arg);
	}
	*ret_n = n;
	return err;
}

static enum err each_row(struct req *rq, const struct entity *e, row_fn fn, void *arg)
{
	struct arena *own = arena_new(PAGE_ARENA), *kept = rq->arena;
	int64_t last = 0;
	size_t n = PAGE;
	enum err err = own == NULL ? ERR_NOMEM : OK;

	rq->arena = own;
	while (err == OK && n == PAGE) {
		arena_reset(own);
		err = each_page(rq, e, &last, &n, fn, arg);
	}
	rq->arena = kept;
	arena_free(own);
	return err;
}

static enum err fill_row(struct req *rq, const struct entity *e, const void *rec, void *arg)
{
	struct keys k;
	enum err err;

	(void)arg;
	keys_of(rq, e, rec, &k);
	err = db_exec(rq->db, entity_index_sql[Q_KEYS_DROP], ARGS(I(id_of(e, rec))), NULL);
	return err != OK ? err : put_keys(rq->db, id_of(e, rec), &k);
}

enum err entity_index_fill(struct req *rq, const struct entity *e)
{
	return e->index == 0 ? OK : each_row(rq, e, fill_row, NULL);
}

enum err entity_index_seed(struct app *app, struct dbc *c)
{
	struct req rq = { .app = app, .db = c, .now = time_now() };
	int64_t n;
	enum err err = db_int(c, entity_index_sql[Q_VERSION_GET], ARGS(T(STR("1"))), &n);

	_Static_assert(INDEX_VERSION == 1, "the text above");
	if (err != OK || n > 0)
		return err;
	for (size_t i = 0; i < app->nentity && err == OK; i++)
		err = entity_index_fill(&rq, app->entity[i]);
	return err != OK ? err
			 : db_exec(c, entity_index_sql[Q_VERSION_PUT], ARGS(T(STR("1"))), NULL);
}

/* ---- checking ---- */

struct checking {
	int64_t rows, bad, id;
};

static enum err check_row(struct req *rq, const struct entity *e, const void *rec, void *arg)
{
	struct checking *x = arg;
	struct keys want, have = { .n = 0 };

	keys_of(rq, e, rec, &want);
	have.place = want.place;
	struct rows *r = db_query(rq->db, entity_index_sql[Q_KEYS_GET], ARGS(I(id_of(e, rec))));

	while (rows_next(r) && have.n < KEYS_OF_ROW) {
		have.v[have.n++] = (struct key){ row_int_at(r, 0), row_int_at(r, 1) };
		if (row_int_at(r, 2) != want.place)
			have.place = row_int_at(r, 2);
	}
	x->rows++;
	/* The keys of a row are told apart by their own order, which add_exact may not keep. */
	bool same = have.n == want.n && have.place == want.place;

	for (size_t i = 0; i < want.n && same; i++) {
		bool found = false;

		for (size_t j = 0; j < have.n && !found; j++)
			found = memcmp(&have.v[j], &want.v[i], sizeof(have.v[j])) == 0;
		same = found;
	}
	if (!same) {
		x->bad++;
		x->id = id_of(e, rec);
	}
	return rows_close(r);
}

enum err entity_index_check(struct req *rq, const struct entity *e, int64_t *ret_rows,
	int64_t *ret_bad, int64_t *ret_id)
{
	struct checking x = { .id = NIL };
	enum err err = e->index == 0 ? OK : each_row(rq, e, check_row, &x);

	*ret_rows = x.rows;
	*ret_bad = x.bad;
	*ret_id = x.id;
	return err;
}
