/*
 * Rows of a file into an entity, some at a time: reading gives a batch that lies in memory, running it
 * checks its rows and, if asked, writes the good ones that differ from what is stored. A batch may be run
 * again (its transaction may be repeated); running it again reports the same. Used by the import route, the
 * command line and the import jobs.
 */
#ifndef GEZHI_CORE_ENTITY_IMPORT_H
#define GEZHI_CORE_ENTITY_IMPORT_H

#include "core/entity_map.h"
#include "core/entity_value.h"

enum {
	IMPORT_ROWS = 1 << 20,	 /* of a file */
	IMPORT_DIRECT = 20000,	 /* of a file that the request itself may carry through */
	IMPORT_WHOLE = 200000,	 /* of a file that a job writes in one transaction */
	IMPORT_BATCH = 200,
	IMPORT_ERRORS = 1000,	 /* listed */
	IMPORT_NOTES = 200,
	IMPORT_CHANGES = 100 /* listed */
};

/* One refused cell, or row, or a file's column. */
struct import_problem {
	int64_t row;  /* the header is 0 */
	int64_t line; /* of the file, or row of the sheet */
	size_t col;   /* position in the file, or SHEET_COLS */
	struct str column; /* its title, else the field's name */
	const char *code, *message;
	bool conflict;
};

/* What is worth knowing about many cells of a column. */
struct import_note {
	const char *code;
	size_t col;
	int64_t line, count; /* of the first, how many */
};

/* A stored value that the file has otherwise, as whoever asks may see it. */
struct import_change {
	int64_t line;
	const char *field;
	struct str from, to;
};

struct import_row {
	int64_t row, line;
	size_t n;
	struct str *cell;
	unsigned char *flag; /* NULL: none */
};

struct import_batch {
	struct arena *arena;
	struct import_row *v; /* room for IMPORT_BATCH */
	size_t n;
	bool last;
};

struct import {
	struct req *rq; /* of the run at hand */
	const struct entity_plan *p;
	struct sheet *sheet;
	struct columns columns;
	struct arena *keep, *scratch;
	struct value_reader values;
	struct smap *keys; /* natural key → its first line */
	struct import_result r;
	int64_t problems; /* of this run of a batch, listed or not */
	struct import_note note[IMPORT_NOTES];
	size_t nnote;
	struct import_change change[IMPORT_CHANGES];
	size_t nchange;
	void (*problem)(struct import *im, const struct import_problem *p); /* NULL: nobody listens */
	void *arg;
	const struct import_row *at;
	uint64_t masked; /* bit i: the row has field i masked, as an export shows it */
	bool row_bad, row_conflict, found;
	void *in, *old, *rec; /* the row as given, as stored, as it shall be */
	int64_t rows_read;
};

/* Opens the file and finds its columns; `limits` and `map` may be NULL. `data` must outlive it. */
enum err import_open(struct import **ret, struct req *rq, const struct entity *e, struct str data,
		     const struct xlsx_limits *limits, const json_t *map) MUST_CHECK;
void import_close(struct import *im); /* NULL allowed */
/* Back to the first row below the header. */
enum err import_rewind(struct import *im, struct error *e) MUST_CHECK;
/* Columns that two titles claim: reported once, before the first row. */
void import_check_columns(struct import *im);
enum err import_batch_new(struct import_batch *b) MUST_CHECK;
void import_batch_release(struct import_batch *b);
/* The next rows, at most `max` (≤ IMPORT_BATCH). ERR_LIMIT beyond IMPORT_ROWS. */
enum err import_read(struct import *im, size_t max, struct import_batch *b, struct error *e) MUST_CHECK;
/* Only remembers which keys these rows have: they were dealt with before. */
enum err import_pass_over(struct import *im, struct req *rq, const struct import_batch *b) MUST_CHECK;
/* Checks the rows and counts them in im->r; with `write` writes. rq->err has the details of a failure. */
enum err import_run(struct import *im, struct req *rq, const struct import_batch *b, bool write) MUST_CHECK;

/* After a check of the whole file that found nothing: writes it all, from its first row on, row by row. ERR_CONFLICT
 * at the first one that does not fit after all. */
enum err import_write_checked(struct import *im, struct req *rq, struct import_batch *b) MUST_CHECK;

/* Members "sheet", "header", "columns", "notes" and "changes" of a report; and the counts. */
void import_write_columns(const struct import *im, struct jw *out);
void import_write_counts(const struct import_result *r, struct jw *out);
void import_write_problem(const struct import_problem *p, struct jw *out);

/* A file within one transaction. */
struct import_request {
	struct str data;
	json_t *map; /* NULL: none */
	bool dry_run, partial;
	int64_t most; /* rows; 0: IMPORT_ROWS */
};
/* Elements of `errors` (an open array, or NULL) and then members of `more` (an open object, or NULL); where
 * both are one writer, the array is closed between them. */
enum err import_direct(struct req *rq, const struct entity *e, const struct import_request *q, struct import_result *ret,
		       struct jw *errors, struct jw *more) MUST_CHECK;

extern const struct shape import_problem_shape, import_counts_shape;

/* Query parameter "map", checked; NULL when not given. */
enum err import_map_param(struct req *rq, const struct entity *e, json_t **ret) MUST_CHECK;

#endif
