/*
 * A table described once. From `struct entity` come create/read/update/list endpoints with declared
 * filters, orders and keyset pages, CSV import and export, the audit diff, OpenAPI and the metadata of
 * the web's lists and forms.
 *
 * Every entity table has id, version, created_at, updated_at, created_by; the field table lists `id`
 * first and `version` second, then its own columns.
 */
#ifndef GEZHI_CORE_ENTITY_H
#define GEZHI_CORE_ENTITY_H

#include "http/route.h"

struct app;
struct arg;
struct dbc;

enum {
	ENTITY_DELETE = 1 << 0,	   /* rows may be deleted (with an audit entry holding the row) */
	ENTITY_CONFIG = 1 << 1,	   /* part of the snapshot: a change reloads it */
	ENTITY_PREVIEW = 1 << 2,   /* PATCH ?preview=true answers with `affects` */
	ENTITY_NO_CREATE = 1 << 3, /* rows come from elsewhere */
	ENTITY_NO_IMPORT = 1 << 4,
	ENTITY_CARRY = 1 << 5 /* rows go along when the place they lie at is replaced by others */
};

struct entity {
	const char *name;  /* "place": audit, refs */
	const char *table; /* "place" */
	const char *path;  /* "places" → /api/places */
	const char *label; /* what people call the list, "人员|People"; NULL: the web knows */
	struct fields fields;
	const char *read, *write; /* permission words */
	const char *full;	  /* who sees MASKED and WITHHELD fields in full, where the row lies; NULL: nobody */
	const char *export;	  /* who may take rows out as a file; NULL: as read */
	int index;		  /* its number in the index of words and points, fixed for ever; 0: not in it */
	int counted;		  /* its number among the entities counted per place, fixed for ever; 0: not counted */
	const char *once;	  /* ENTITY_CARRY: the field that is unique together with the place; NULL: none */
	unsigned flags;
	const char *order; /* default sort: a field name, "-" first for descending */
	/* Cross-field rules and derived values, before insert (old == NULL) or update. In the transaction. */
	enum err (*check)(struct req *rq, const void *old, void *rec);
	/* After the row was written. */
	enum err (*after)(struct req *rq, const void *old, const void *rec);
	/* What a change would touch, for ?preview=true: writes members of "affects". */
	enum err (*preview)(struct req *rq, const void *old, const void *rec, struct jw *out);
	/* Members beside the fields in a single-row reply. */
	enum err (*extra)(struct req *rq, const void *rec, struct jw *out);
	const struct shape *more; /* those members, described */
	/* Members beside the fields in every list row (names from the snapshot); one function may serve several
	 * entities, such as entity_place_name. */
	void (*extra_row)(struct req *rq, const struct entity *e, const void *rec, struct jw *out);
	const struct shape *more_row;
};

/* "listEventCodes" from "list", "event_codes" and "": ids of operations and names of schemas. */
void name_in_camel(const char *name, struct buf *out);
const char *name_camel(struct arena *a, const char *head, const char *name, const char *tail);

/* The entity of this name ("place"), or of this path ("places"); NULL when there is none. */
const struct entity *entity_named(const struct app *app, struct str name);
const struct entity *entity_at(const struct app *app, struct str path);

/* Number of routes entity_routes makes at most. */
enum { ENTITY_ROUTES = 7 };
/* Fills `out` with the routes the entity's flags allow; returns how many. Memory from `a`. */
size_t entity_routes(const struct entity *e, struct arena *a, struct route *out);

/* What an edit leaves as it is: the word in `affects` that the screen says in full. */
enum keeps { KEEPS_CLOCKS, KEEPS_PLACES, KEEPS_VERSION, KEEPS_ANSWERS, KEEPS_UNIT, KEEPS_STEPS };
extern const struct vocab keeps_vocab;
/* The members of `affects`: how many open matters are concerned (a count by `sql`), and what they keep. */
enum err entity_affects(struct req *rq, enum keeps keeps, const char *sql, const struct arg *v, size_t n,
			struct jw *out) MUST_CHECK;

/* Shapes that other routes reply with too: what a change would touch, a preview, an import, /api/meta. */
extern const struct vocab field_type_vocab;
extern const struct shape affects_shape, preview_shape, deleted_shape, import_shape, meta_entity_shape;
/* What POST /api/{path}/import replies. */
extern const struct shape import_report_shape;

/* For modules: load by id under scope (ERR_NOT_FOUND with rq->err), insert, update with version guard
 * and audit diff. `rec` is laid out by e->fields. */
enum err entity_get(struct req *rq, const struct entity *e, int64_t id, void *rec) MUST_CHECK;
/* The same whoever asks: the caller has made sure that it may. */
enum err entity_get_any(struct req *rq, const struct entity *e, int64_t id, void *rec) MUST_CHECK;
enum err entity_insert(struct req *rq, const struct entity *e, void *rec, int64_t *ret_id) MUST_CHECK;
enum err entity_update(struct req *rq, const struct entity *e, const void *old, void *rec) MUST_CHECK;

/* Writes or removes a row as it is: no rules and no hooks, but the version guard and an audit entry with this
 * action. For undoing, and for rows whose meaning lies in another row (a merged one). */
enum err entity_overwrite(struct req *rq, const struct entity *e, const void *old, void *rec, const char *action) MUST_CHECK;
enum err entity_erase(struct req *rq, const struct entity *e, const void *old, const char *action) MUST_CHECK;

/*
 * Some values of a row as a JSON object: secrets plain, numbers as they are in the table. It exists in memory, or
 * sealed; nowhere else. `which`: bit i for field i. Reading sets what it finds and says what that was.
 */
enum err entity_values(const struct entity *e, const void *rec, uint64_t which, struct jw *out) MUST_CHECK;
enum err entity_set_values(const struct entity *e, json_t *values, struct arena *a, void *rec, uint64_t *ret_which) MUST_CHECK;
/* A value as text: masked where it is personal, unless `full`; a secret always. */
void entity_field_text(const struct field *f, const void *rec, bool full, struct buf *b);
/*
 * For places that are replaced (ENTITY_CARRY). Ids of rows that lie in [lo, hi), ascending, from after `after`
 * on, at most `max`; and a row stored with its new place: audited and with `after`, but without `check`, which
 * knows only the places of the request's snapshot. The ids leave out rows that ended.
 */
enum err entity_lying(struct req *rq, const struct entity *e, int64_t lo, int64_t hi, int64_t after, int64_t *ret,
		      size_t max, size_t *ret_n) MUST_CHECK;
/* How many lie there, ended ones too. */
enum err entity_lying_count(struct req *rq, const struct entity *e, int64_t lo, int64_t hi, int64_t *ret) MUST_CHECK;
enum err entity_carry(struct req *rq, const struct entity *e, const void *old, void *rec) MUST_CHECK;
/* Is there already a row at `place` with the same value of `once`? */
enum err entity_twin(struct req *rq, const struct entity *e, const void *rec, int64_t place, bool *ret) MUST_CHECK;

/* What an import came to (core/entity_import.h). Natural key: the FIELD_UNIQUE field. */
struct import_result {
	int64_t rows, created, updated, unchanged, rejected;
	int64_t conflicts; /* of the rejected */
};

/* Inserts a row as it is: no rules and no audit entry (made-up data in bulk; the caller leaves one entry). */
enum err entity_put(struct req *rq, const struct entity *e, void *rec, int64_t *ret_id) MUST_CHECK;
/* Personal data without a purpose, and what else of a field table must not start. */
enum err entity_check_fields(const struct entity *e, struct error *err) MUST_CHECK;
/* One row by another field's value (a secret: its exact value), under scope. */
enum err entity_seek(struct req *rq, const struct entity *e, const char *field, const void *like, void *rec,
		     bool *ret_found) MUST_CHECK;
/* "王**" */
void entity_mask_name(struct str s, struct buf *b);
/* The same in `a`; absent stays absent. */
struct str entity_name_in_part(struct arena *a, struct str s);

/* An extra_row: the name of the row's first place, "place_name" for a field "place". */
extern const struct shape entity_place_name_shape;
void entity_place_name(struct req *rq, const struct entity *e, const void *rec, struct jw *out);

/* /api/meta's member for one entity. */
void entity_meta(const struct entity *e, struct jw *out);

#endif
