/* Entity engine: what a change would change and whom it would concern, without writing. */
#include "core/entity_plan.h"

enum err entity_affects(struct req *rq, enum keeps keeps, const char *sql, const struct arg *v, size_t n,
			struct jw *out)
{
	int64_t count = 0;
	enum err err = db_int(rq->db, sql, v, n, &count);

	jw_kint(out, "open_matters", count);
	jw_kz(out, "keeps", keeps_vocab.word[keeps]);
	return err;
}

enum err entity_preview(struct req *rq, const struct entity *e, const void *old, void *rec, struct jw *out)
{
	bool full = entity_full(rq, entity_plan_of(rq->app, e), old);
	enum err err = entity_validate(rq, e, old, rec);

	if (err != OK)
		return err;
	jw_obj(out);
	jw_karr(out, "changes");
	for (size_t i = 2; i < e->fields.n; i++) {
		const struct field *f = &e->fields.v[i];
		struct buf t[2];

		if (f->flags & (FIELD_HIDDEN | FIELD_PRIVATE))
			continue;
		buf_init(&t[0], 1 << 17);
		buf_init(&t[1], 1 << 17);
		entity_field_text(f, old, full, &t[0]);
		entity_field_text(f, rec, full, &t[1]);
		if (!str_eq(buf_view(&t[0]), buf_view(&t[1]))) {
			jw_obj(out);
			jw_kz(out, "field", f->name);
			jw_kstr(out, "from", buf_view(&t[0]));
			jw_kstr(out, "to", buf_view(&t[1]));
			jw_end_obj(out);
		}
		buf_release(&t[0]);
		buf_release(&t[1]);
	}
	jw_end_arr(out);
	jw_kobj(out, "affects");
	if (e->preview != NULL)
		err = e->preview(rq, old, rec, out);
	jw_end_obj(out);
	jw_end_obj(out);
	return err;
}
