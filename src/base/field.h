/*
 * A record described as data: one const array of `struct field` per C struct. From it come JSON
 * decoding with validation, JSON encoding, the database row mapping, CSV columns, OpenAPI schemas and
 * the metadata of the web's forms.
 *
 * C member by type: F_STR, F_JSON, F_SECRET → struct str; F_REAL → double; everything else → int64_t.
 * Absent values: str.p == NULL, NaN, NIL.
 */
#ifndef GEZHI_BASE_FIELD_H
#define GEZHI_BASE_FIELD_H

#include <jansson.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/jw.h"
#include "base/time.h"

enum ftype {
	F_STR,	  /* text; min/max are lengths in characters */
	F_INT,	  /* whole number in [min,max] */
	F_BOOL,	  /* 0/1 in the table, true/false in JSON */
	F_REAL,	  /* number */
	F_TIME,	  /* instant; RFC 3339 in JSON */
	F_DATE,	  /* yyyymmdd in the table, "2026-02-13" in JSON */
	F_ID,	  /* id of a row of entity `ref`; text in JSON */
	F_CODE,	  /* 17-digit position code of a place; text in JSON */
	F_MONEY,  /* fen */
	F_ENUM,	  /* index into vocab; the word in JSON */
	F_JSON,	  /* any JSON value, kept as text, at most `max` bytes */
	F_SECRET, /* identifier of a person: encrypted at rest, masked in replies */
	F_TYPE_MAX
};

enum {
	FIELD_REQUIRED = 1 << 0,
	FIELD_READONLY = 1 << 1, /* in replies, never in requests */
	FIELD_PRIVATE = 1 << 2,	 /* left out of replies unless the caller may see personal data */
	FIELD_SEARCH = 1 << 3,	 /* matched by ?q=; of an F_ID the row that it names is searched */
	FIELD_FILTER = 1 << 4,	 /* may be a query parameter */
	FIELD_SORT = 1 << 5,	 /* may be named in ?sort= */
	FIELD_UNIQUE = 1 << 6,	 /* natural key of imports */
	FIELD_SCOPE = 1 << 7,	 /* the place code that the scope predicate reads */
	FIELD_CREATE = 1 << 8,	 /* may be given on create, not changed afterwards */
	FIELD_HIDDEN = 1 << 9,	 /* in the table, never in requests or replies */
	FIELD_ALWAYS = 1 << 10,	 /* a stored row has it though a request may leave it out */
	FIELD_MASKED = 1 << 11,	 /* text or day of a person: masked for whoever may not see people in full */
	FIELD_WITHHELD = 1 << 12 /* any value: not said at all to whoever may not see the row in full */
};

/* Those that say less to whoever may not see the row in full. */
#define FIELD_PERSONAL (FIELD_MASKED | FIELD_WITHHELD)

/*
 * The types' own limits, where a field gives none. `max` below `min` also means the type's own upper
 * limit, so that `.min = 1` alone says "positive".
 */
enum {
	FIELD_TEXT_MAX = 10000,	  /* characters of F_STR */
	FIELD_SECRET_MAX = 128,	  /* characters of F_SECRET */
	FIELD_JSON_MAX = 1 << 16, /* bytes of F_JSON */
	FIELD_JSON_DEPTH = 24
};
#define FIELD_INT_MAX INT64_C(9007199254740991) /* exact in a double: F_INT, F_MONEY, F_ID */
#define FIELD_CODE_MIN INT64_C(10000000000000000)
#define FIELD_CODE_MAX INT64_C(99999999999999999)

/* Words of an F_ENUM in table order; NULL-terminated. */
struct vocab {
	const char *name;
	const char *const *word;
	/* By the same index what people write for the word, "男|男性|Male"; NULL: from core/label.c. */
	const char *const *label;
};

struct field {
	const char *name; /* JSON key and column */
	enum ftype type;
	unsigned flags;
	size_t off;
	int64_t min, max; /* both 0: the type's own limits */
	const char *ref;
	const struct vocab *vocab;
	const char *purpose; /* why it is held; required for PRIVATE, MASKED, WITHHELD and SECRET fields */
	/* What people call it, for imports and headers: "姓名|名字|真实姓名|Name|Full name". The first name in
	 * Chinese and the first in English are shown. NULL: by its name, from core/label.c. */
	const char *label;
};

struct fields {
	const struct field *v;
	size_t n;
	size_t size; /* sizeof the struct */
};

/* FIELD(person, name, F_STR, .max = 64, …): struct tag, member, type, then any designated members. */
#define FIELD(S, m, ...) { .name = #m, .off = offsetof(struct S, m), .type = __VA_ARGS__ }
#define FIELDS(S, arr) { (arr), sizeof(arr) / sizeof((arr)[0]), sizeof(struct S) }

enum { FIELD_MAX = 64 }; /* presence is a 64-bit set */

/* Sets every member to its absent value. */
void fields_clear(const struct fields *f, void *rec);
/*
 * Parses JSON text: duplicate keys, nesting over FIELD_JSON_DEPTH and invalid UTF-8 are refused. The
 * caller gives the value back with json_decref.
 */
enum err field_parse_json(struct str text, json_t **ret, struct error *e) MUST_CHECK;
/*
 * Decodes a JSON object into `rec` (copies text into `a`). Unknown keys, wrong types, lengths and
 * ranges are refused with the field's name. `patch` lifts REQUIRED. READONLY and HIDDEN keys count as
 * unknown. *ret_present has bit i set when field i was given (null counts as given). Without `patch`
 * members not given become absent, with it they keep their value. `rec` is untouched on failure. Text
 * must be free of control characters except tab and line ends. An id or code may also come as a JSON
 * integer.
 */
enum err fields_decode(const struct fields *f, json_t *obj, bool patch, struct arena *a, void *rec,
		       uint64_t *ret_present, struct error *e) MUST_CHECK;
/* One value from text (CSV cell, query parameter), same checks. Surrounding blanks are dropped; what is
 * then empty is absent. */
enum err field_from_text(const struct field *f, struct str text, struct arena *a, void *rec,
			 struct error *e) MUST_CHECK;
/* The reverse; absent gives no text, a secret is masked. */
void field_to_text(const struct field *f, const void *rec, struct buf *b);
/* key and value; nothing for HIDDEN; a secret is masked. Leaving out PRIVATE is the caller's decision. */
void field_encode(const struct field *f, const void *rec, struct jw *j);
/* "138****5678": first three and last four of eleven or more characters, fewer of shorter ones. */
void field_mask(struct str secret, struct buf *b);
const struct field *fields_find(const struct fields *f, struct str name);
int64_t vocab_index(const struct vocab *v, struct str word); /* NIL when absent */
const char *vocab_word(const struct vocab *v, int64_t index); /* NULL when out of range */

/* Typed access by descriptor (memcpy inside). */
int64_t field_int(const struct field *f, const void *rec);
double field_real(const struct field *f, const void *rec);
struct str field_str(const struct field *f, const void *rec);
void field_set_int(const struct field *f, void *rec, int64_t v);
void field_set_real(const struct field *f, void *rec, double v);
void field_set_str(const struct field *f, void *rec, struct str v);
bool field_is_nil(const struct field *f, const void *rec);
/* Has the member the same value in both records? Absent is the same as absent only. */
bool field_same(const struct field *f, const void *a, const void *b);
void field_copy(const struct field *f, const void *from, void *to);

#endif
