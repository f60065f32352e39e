/*
 * Which column of a file is which field. The header is looked for among the first rows of the visible
 * sheets, since real files have a title above it; names are compared as in label.h, or a mapping says it.
 */
#ifndef GEZHI_CORE_ENTITY_MAP_H
#define GEZHI_CORE_ENTITY_MAP_H

#include "base/crypto.h"
#include "base/sheet.h"
#include "core/entity.h"

enum { HEADER_ROWS = 20, TITLE_BYTES = 400 };

enum column_how {
	COLUMN_UNUSED,	 /* no field is called so */
	COLUMN_NAME,	 /* the field's own name */
	COLUMN_LABEL,	 /* one of its labels */
	COLUMN_MAP,	 /* the mapping says so */
	COLUMN_DROPPED,	 /* the mapping says that it goes nowhere */
	COLUMN_READONLY, /* what an export shows but nobody gives */
	COLUMN_REPEATED, /* another column goes to the same field */
	COLUMN_HOW_MAX
};

struct column {
	struct str title;
	const struct field *f; /* NULL: not read */
	enum column_how how;
	bool gcj02; /* the mapping says "lon@gcj02": coordinates to be shifted back */
};

struct columns {
	size_t n;
	struct column v[SHEET_COLS];
	size_t known;	/* fields that have a column */
	uint64_t given; /* bit i: field i has one */
	size_t sheet;
	int64_t line;  /* of the header */
	int64_t notes; /* of the row of remarks below it; 0: there is none */
};

/* Finds the header and maps its columns. `map`: NULL or an object of column titles to field names or null;
 * "lon@gcj02" and "lat@gcj02" for coordinates of map services; @wgs84 and @cgcs2000, which differ by centimetres,
 * are taken as they are.
 * Texts live in `keep`. ERR_INVALID when the file has no row at all. */
enum err columns_find(struct sheet *s, const struct entity *e, const json_t *map, struct arena *keep,
		      struct columns *ret, struct error *err) MUST_CHECK;
/* The field that a mapping names: "lon@gcj02" is the field lon in those coordinates. */
struct str column_field(struct str name, bool *ret_gcj02);
/* Maps the columns again by another mapping. */
enum err columns_apply(const struct entity *e, const json_t *map, struct arena *keep, struct columns *c) MUST_CHECK;
/* The same for the same set of titles, whatever their order. */
enum err columns_key(const struct columns *c, char ret[HASH_HEX]) MUST_CHECK;
/* [{"column":…,"field":…|null,"how":"label"}…] */
void columns_write(const struct columns *c, struct jw *out);
/* {"column":"field"} of those that were mapped. */
void columns_write_map(const struct columns *c, struct jw *out);

extern const struct shape column_shape;

#endif
