/* Private to the entity engine: the SQL texts of one entity, made once at start. */
#ifndef GEZHI_CORE_ENTITY_PLAN_H
#define GEZHI_CORE_ENTITY_PLAN_H

#include "core/app.h"
#include "core/entity.h"
#include "core/sqlb.h"

/* Most secrets of one entity that are found by their value. */
enum { ENTITY_FOUND = 4 };

struct entity_plan {
	const struct entity *e;
	const char *select; /* "SELECT t.a, …, t.created_at, t.updated_at FROM x t WHERE 1 = 1" */
	const char *count;  /* "SELECT count(*) AS n FROM x t WHERE 1 = 1" */
	const char *insert, *update, *remove;
	const struct field *scope; /* the FIELD_SCOPE field, or NULL: not tied to a place */
	const struct field *key;   /* the first FIELD_UNIQUE field, or NULL */
	bool masked;		   /* has MASKED fields */
};

/* Made by app_open for every entity of every module; memory from app->arena. */
enum err entity_plan_new(struct app *app, const struct entity *e, const struct entity_plan **ret) MUST_CHECK;
/* Never NULL: the entity must belong to a module of the application. */
const struct entity_plan *entity_plan_of(const struct app *app, const struct entity *e);

/* Its SQL texts, for app_sql_each. */
void entity_sql_each(const struct entity_plan *p, void (*fn)(const char *sql, void *arg), void *arg);

/* Shapes of a row of the list, and of one alone; NULL without memory. */
const struct shape *entity_row_shape(const struct entity *e, struct arena *a);
const struct shape *entity_one_shape(const struct entity *e, const struct shape *row, struct arena *a);

/* Conditions from scope and the request's filters (not paging). */
enum err entity_where(struct req *rq, const struct entity_plan *p, struct sqlb *b) MUST_CHECK;
/* A row between table and memory: secrets are sealed there and plain here (entity_row.c). */
enum err entity_load(struct req *rq, const struct entity *e, struct rows *r, struct arena *a, void *rec) MUST_CHECK;
enum err entity_args(struct req *rq, const struct entity *e, const void *rec, struct arg *out) MUST_CHECK;
/* Blind indexes of the secrets that are found by value, in field order; at most ENTITY_FOUND. */
enum err entity_found_args(struct req *rq, const struct entity *e, const void *rec, struct arg *out,
			   size_t *ret_n) MUST_CHECK;
/* Their columns, each with `before` before it. */
void entity_found_columns(const struct entity *e, const char *before, struct buf *b);
enum err entity_blind(struct req *rq, const struct entity *e, const struct field *f, struct str plain,
		      struct arg *ret) MUST_CHECK;
/* May the asker see this row's MASKED fields? */
bool entity_full(const struct req *rq, const struct entity_plan *p, const void *rec);
/* The fields of a row (no braces). */
void entity_members(const struct req *rq, const struct entity_plan *p, const void *rec, struct jw *out);
/* One row as an object: fields, times, extra_row. */
void entity_row_json(struct req *rq, const struct entity_plan *p, const void *rec, int64_t created,
		     int64_t updated, struct jw *out);
enum err entity_find(struct req *rq, const struct entity_plan *p, const struct field *by, const void *like,
		     void *rec, bool *ret_found) MUST_CHECK;
enum err entity_validate(struct req *rq, const struct entity *e, const void *old, void *rec) MUST_CHECK;
/* The reply of ?preview=true. */
enum err entity_preview(struct req *rq, const struct entity *e, const void *old, void *rec, struct jw *out) MUST_CHECK;
enum err entity_list(struct req *rq, struct jw *out);
enum err entity_import_route(struct req *rq, struct jw *out);
enum err entity_export_route(struct req *rq, struct jw *out);

#endif
