/* Entity engine: rows out, as CSV or workbook, through the rows the caller sees. */
#include <string.h>

#include "core/entity_plan.h"
#include "core/export_file.h"
#include "core/label.h"

enum { EXPORT_PAGE = 1000, ROW_ARENA = 16 << 20, CELL_BYTES = 1 << 20, EXACT = 15 };

static bool is_exported(const struct field *f)
{
	return !(f->flags & (FIELD_PRIVATE | FIELD_HIDDEN)) && f->type != F_SECRET;
}

/* Says something about a person: the file is marked with who took it. */
static bool is_personal(const struct entity *e)
{
	for (size_t i = 0; i < e->fields.n; i++) {
		if (e->fields.v[i].type == F_SECRET || (e->fields.v[i].flags & (FIELD_PRIVATE | FIELD_PERSONAL)))
			return true;
	}
	return false;
}

/* The name people know the field by, where no other field of the entity is called the same. */
static struct str title_of(const struct entity *e, const struct field *f, bool labels)
{
	struct str label = labels ? label_in(label_of_field(e, f), true) : (struct str){ NULL, 0 };

	for (size_t i = 0; label.p != NULL && i < e->fields.n; i++) {
		const struct field *other = &e->fields.v[i];

		if (other != f && is_exported(other) && str_eq(label_in(label_of_field(e, other), true), label))
			return str_z(f->name);
	}
	return label.p != NULL ? label : str_z(f->name);
}

static void export_header(const struct entity *e, struct export_file *x)
{
	for (size_t i = 0; i < e->fields.n; i++) {
		if (is_exported(&e->fields.v[i]))
			export_head(x, title_of(e, &e->fields.v[i], export_is_book(x)));
	}
	export_end_row(x);
}

static void export_cell(const struct field *f, const void *rec, bool full, struct buf *cell, struct export_file *x)
{
	bool masked = !full && (f->flags & FIELD_PERSONAL);

	buf_reset(cell);
	entity_field_text(f, rec, full, cell);
	/* Not empty: the file may come back, and an empty cell would then take the value away. */
	if (masked && (f->type == F_DATE || (f->flags & FIELD_WITHHELD)) && !field_is_nil(f, rec))
		buf_z(cell, "**");
	if (cell->n == 0 || masked)
		export_text(x, buf_view(cell));
	else if (f->type == F_DATE)
		export_day(x, field_int(f, rec), buf_view(cell));
	else if (f->type == F_REAL)
		export_number(x, field_real(f, rec), buf_view(cell));
	else if ((f->type == F_INT || f->type == F_MONEY) && cell->n <= EXACT)
		export_number(x, (double)field_int(f, rec), buf_view(cell));
	else
		export_text(x, buf_view(cell));
}

static enum err export_where(struct req *rq, const struct entity_plan *p, struct sqlb *b)
{
	char col[80] = "t.";

	if (rq->route != NULL)
		return entity_where(rq, p, b);
	/* From the command line there are no filters, only the caller's sight. */
	if (p->scope != NULL && rq->who != NULL) {
		strncat(col, p->scope->name, sizeof(col) - 3);
		scope_place(b, rq->who, p->e->read, col);
	}
	return OK;
}

static enum err export_rows(struct req *rq, const struct entity_plan *p, struct rows *r, struct arena *scratch,
			    struct buf *cell, int64_t *last, struct export_file *x)
{
	void *rec = arena_alloc(rq->arena, p->e->fields.size);
	enum err err = rec == NULL ? ERR_NOMEM : OK;

	while (err == OK && !export_failed(x) && rows_next(r)) {
		arena_reset(scratch);
		err = entity_load(rq, p->e, r, scratch, rec);
		if (err != OK)
			break;
		bool full = entity_full(rq, p, rec);

		for (size_t i = 0; i < p->e->fields.n; i++) {
			if (is_exported(&p->e->fields.v[i]))
				export_cell(&p->e->fields.v[i], rec, full, cell, x);
		}
		export_end_row(x);
		*last = field_int(&p->e->fields.v[0], rec);
		rq->rows++;
	}
	return err;
}

/* The rows after *last, at most a page; texts live in `scratch` for one row. */
static enum err export_page(struct req *rq, const struct entity_plan *p, struct arena *scratch, int64_t *last,
			    struct export_file *x)
{
	struct buf cell;
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, p->select);
	enum err err = export_where(rq, p, &b);

	sqlb_cond(&b, " AND t.id > ?", I(*last));
	sqlb_cond(&b, " ORDER BY t.id LIMIT ?", I(EXPORT_PAGE));
	buf_init(&cell, CELL_BYTES);
	if (err == OK) {
		struct rows *r = sqlb_query(&b, rq->db);
		enum err bad = export_rows(rq, p, r, scratch, &cell, last, x);

		err = rows_close(r);
		err = err != OK ? err : bad;
	}
	if (err == OK && cell.failed)
		err = ERR_NOMEM;
	buf_release(&cell);
	sqlb_release(&b);
	return err == OK && arena_failed(scratch) ? ERR_NOMEM : err;
}

enum err entity_export_route(struct req *rq, struct jw *out)
{
	const struct entity *e = rq->route->data;
	const struct entity_plan *p = entity_plan_of(rq->app, e);
	struct arena *scratch = arena_new(ROW_ARENA);
	struct export_file *x = NULL;
	int64_t last = 0, before = -EXPORT_PAGE;
	enum err err = scratch == NULL ? ERR_NOMEM : export_begin(&x, rq, e->path, is_personal(e));

	(void)out;
	if (err == OK)
		export_header(e, x);
	/* A page that is not full is the last one. */
	while (err == OK && rq->rows - before == EXPORT_PAGE && !export_failed(x)) {
		before = rq->rows;
		err = export_page(rq, p, scratch, &last, x);
	}
	arena_free(scratch);
	if (err == OK && export_failed(x))
		err = req_fail(rq, ERR_LIMIT, "export.size", "", "that is too much for one file; choose fewer rows");
	if (err != OK) {
		export_drop(x);
		return err;
	}
	return export_finish(x, rq, e->name);
}
