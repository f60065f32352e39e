/*
 * What a mapping file says about a foreign CSV of events, and one of its rows read by it. Pure: no store,
 * no clock.
 *
 *   {"place": "…",                 code of the place the events belong to (default: the top place)
 *    "zone": "-05:00",             of times without one (default: the installation's)
 *    "time": "MM/dd/yyyy hh:mm:ss a",  (default: RFC 3339)
 *    "no_position": [{"lat": 39}, {"lon": 0, "lat": 0}],  values that mean "unknown"
 *    "fields": {"ext_no": COLUMN, …}}
 *
 * COLUMN is a column's name, a list of names whose texts are joined, or {"column": NAME, "values":
 * {"cell": "word"}, "default": "word"}. Fields: ext_no title text address lon lat code source state
 * reported_at due_at closed_at.
 */
#ifndef GEZHI_MOD_EVENT_EVENT_MAP_H
#define GEZHI_MOD_EVENT_EVENT_MAP_H

#include <jansson.h>

#include "base/csv.h"
#include "base/jw.h"
#include "base/time.h"

enum map_field { MAP_EXT_NO, MAP_TITLE, MAP_TEXT, MAP_ADDRESS, MAP_LON, MAP_LAT, MAP_CODE, MAP_SOURCE, MAP_STATE,
		 MAP_REPORTED, MAP_DUE, MAP_CLOSED, MAP_FIELD_MAX };

enum { MAP_JOIN = 4, MAP_NO_POSITION = 16, DIRT_KINDS = 64, DIRT_SHOWN = 20, DIRT_BYTES = 1 << 20 };

struct map_column {
	size_t n; /* 0: not mapped */
	struct str name[MAP_JOIN];
	size_t at[MAP_JOIN]; /* position in the file */
	const json_t *values; /* NULL: the cell is the word */
	struct str dflt;
};

struct event_map {
	json_t *json; /* owns every text below */
	struct map_column col[MAP_FIELD_MAX];
	struct str pattern; /* absent: RFC 3339 */
	int zone_min;
	int64_t place; /* NIL: not named */
	size_t nwrong;
	struct {
		double lon, lat; /* NaN: whatever it is */
	} wrong[MAP_NO_POSITION];
};

enum err event_map_parse(struct str text, struct event_map *ret, struct error *e) MUST_CHECK;
/* Finds the columns in the file's header. */
enum err event_map_header(struct event_map *m, const struct csv_row *header, struct error *e) MUST_CHECK;
void event_map_free(struct event_map *m);

/* Cells that are not as they should be: exact counts by column and code, the first of each shown. */
struct dirt {
	struct {
		struct str column;
		const char *code, *message;
		int64_t n;
	} kind[DIRT_KINDS];
	size_t n;
	struct buf cells; /* JSON array of {row, line, column, code, value} */
	struct jw j;
	bool quiet; /* counts nothing: a second reading */
};

void dirt_init(struct dirt *d);
void dirt_release(struct dirt *d);

struct event_row {
	int64_t row, line;
	struct str ext_no, title, text, address;
	struct str code, state_word; /* code: absent when unknown; state_word: as in the file */
	int64_t source, state;	     /* as stored */
	int64_t reported_at, due_at, closed_at;
	double lon, lat;
	bool bad; /* cannot be loaded */
};

/* A cell that does not fit; `bad`: the row cannot be loaded for it. */
void dirt_add(struct dirt *d, struct event_row *row, struct str column, const char *code, struct str value,
	      const char *message, bool bad);
/* Reads one row; its texts live in `a`. */
void event_map_row(const struct event_map *m, const struct csv_row *csv, struct arena *a, struct dirt *d,
		   struct event_row *ret);
/* The name of a field's first column, or the field's own. */
struct str event_map_column(const struct event_map *m, enum map_field f);

#endif
