/* See import_events.h. Counts and what is dirty go to standard output, single cells to standard error. */
#include "main/import_events.h"

#include <stdio.h>

#include "mod/event/event_import.h"

enum { REPORT_BYTES = 64 << 20, CELLS_SHOWN = 100 };

static json_int_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static void show_cells(const json_t *cells)
{
	size_t n = json_array_size(cells);

	for (size_t i = 0; i < n && i < CELLS_SHOWN; i++) {
		const json_t *o = json_array_get(cells, i);

		fprintf(stderr, "row %" JSON_INTEGER_FORMAT ", column %s: %s: \"%s\"%s\n", number(o, "row"),
			text(o, "column"), text(o, "message"), text(o, "value"),
			json_is_true(json_object_get(o, "refused")) ? " (row refused)" : "");
	}
	if (n > CELLS_SHOWN)
		fprintf(stderr, "… and %zu more cells\n", n - CELLS_SHOWN);
}

static int show(const json_t *o, bool dry_run)
{
	const json_t *dirty = json_object_get(o, "dirty");
	bool written = json_is_true(json_object_get(o, "written"));
	json_int_t timed = number(o, "timed");

	show_cells(json_object_get(o, "cells"));
	for (size_t i = 0; i < json_array_size(dirty); i++) {
		const json_t *d = json_array_get(dirty, i);

		printf("column %s: %" JSON_INTEGER_FORMAT " cells: %s\n", text(d, "column"), number(d, "count"),
			text(d, "message"));
	}
	printf("%" JSON_INTEGER_FORMAT " rows: %" JSON_INTEGER_FORMAT " created, %" JSON_INTEGER_FORMAT " updated, %"
	       JSON_INTEGER_FORMAT " unchanged, %" JSON_INTEGER_FORMAT " refused%s\n",
		number(o, "rows"), number(o, "created"), number(o, "updated"), number(o, "unchanged"),
		number(o, "rejected"),
		dry_run ? "; nothing was written (dry run)" : written ? "" : "; nothing was written");
	if (timed > 0)
		printf("%" JSON_INTEGER_FORMAT " with a due and a closing time, %" JSON_INTEGER_FORMAT
		       " of them on time (%.1f %%)\n", timed, number(o, "on_time"),
			100.0 * (double)number(o, "on_time") / (double)timed);
	return number(o, "rejected") > 0 && !written ? EXIT_FAILED : EXIT_OK;
}

int import_events(struct run *r, struct app *app)
{
	struct cli_file csv = { .mapped = NULL }, map = { .mapped = NULL };
	bool dry_run = r->set.dry_run != 0;
	json_t *report = NULL;
	struct buf b;
	int code = EXIT_OK;
	enum err err;

	if (r->set.map == NULL)
		return cli_usage(r, "events need --map MAP.json: which column is what");
	buf_init(&b, REPORT_BYTES);
	err = cli_file_open(r, r->set.map, &map);
	if (err == OK)
		err = cli_file_open(r, r->set.operand[1], &csv);
	if (err == OK)
		err = event_import(app, csv.text, map.text, dry_run, r->set.partial != 0, &b, &r->e);
	if (err == OK)
		err = field_parse_json(buf_view(&b), &report, &r->e);
	if (err == OK)
		code = show(report, dry_run);
	json_decref(report);
	buf_release(&b);
	cli_file_close(&csv);
	cli_file_close(&map);
	return err == OK ? code : cli_fail(r, err);
}
