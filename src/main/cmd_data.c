/*
 * Rows in and out: import from CSV (and calendars from JSON), export as CSV. Both act as the system, past
 * every area, so whoever may run them may see everything.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/entity.h"
#include "main/import_events.h"
#include "mod/calendar/calendar.h"
#include "mod/place/place.h"

enum { IMPORT_ARENA = 1 << 30, ERRORS_BYTES = 16 << 20, ERRORS_SHOWN = 100, EXPORT_BYTES = 1 << 30 };

/* ---- import ---- */

static const struct option import_options[] = {
	SET_DB,
	SET(map, OPT_TEXT, .name = "map", .help = "JSON file {\"column\":\"field\"} renaming the file's columns"),
	SET(dry_run, OPT_FLAG, .name = "dry-run", .help = "only check and count"),
	SET(partial, OPT_FLAG, .name = "partial", .help = "load the good rows of a file that has bad ones"),
	SET_KEY,
	SET_LOG("warn"),
};

/* One import in its transaction, which may be run again. */
struct import {
	struct run *r;
	struct app *app;
	struct str text;
	json_t *map; /* NULL: none */
	const struct entity *entity;
	struct import_result result;
	struct calendar_import year;
	struct buf errors; /* JSON array */
	struct error e;
	bool undone; /* it ran to its end, but nothing of it is to stay */
	enum err (*fn)(struct import *im, struct req *rq, struct jw *errors);
};

static enum err import_places(struct import *im, struct req *rq, struct jw *errors)
{
	return place_import(rq, im->text, im->r->set.dry_run != 0, im->r->set.partial != 0, &im->result, errors);
}

static enum err import_entity(struct import *im, struct req *rq, struct jw *errors)
{
	return entity_import(rq, im->entity, im->text, im->map, im->r->set.dry_run != 0, im->r->set.partial != 0,
		&im->result, errors);
}

static enum err import_year(struct import *im, struct req *rq, struct jw *errors)
{
	(void)errors;
	return calendar_import(rq, im->text, im->r->set.dry_run != 0, &im->year);
}

static enum err import_tx(struct dbc *c, void *arg)
{
	struct import *im = arg;
	struct arena *a = arena_new(IMPORT_ARENA);
	struct req rq;
	struct jw j;

	if (a == NULL)
		return ERR_NOMEM;
	im->result = (struct import_result){ 0 };
	im->undone = false;
	buf_reset(&im->errors);
	jw_init(&j, &im->errors);
	req_local(&rq, im->app, c, a, NULL, time_now());
	jw_arr(&j);
	enum err err = im->fn(im, &rq, &j);

	jw_end_arr(&j);
	im->e = rq.err;
	req_local_done(&rq);
	arena_free(a);
	if (err == OK && (im->r->set.dry_run || (im->result.rejected > 0 && !im->r->set.partial))) {
		im->undone = true;
		return ERR_CONFLICT; /* takes back whatever was written */
	}
	return err;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static void show_errors(const struct import *im)
{
	struct error e = { .err = OK };
	json_t *all = NULL;

	if (im->errors.failed) {
		fputs("too many rows were refused to list them\n", stderr);
		return;
	}
	if (field_parse_json(buf_view(&im->errors), &all, &e) != OK)
		return;
	size_t n = json_array_size(all);

	for (size_t i = 0; i < n && i < ERRORS_SHOWN; i++) {
		const json_t *o = json_array_get(all, i);

		fprintf(stderr, "row %" JSON_INTEGER_FORMAT ", column %s: %s\n",
			json_integer_value(json_object_get(o, "row")), text_of(o, "column"), text_of(o, "message"));
	}
	if (n > ERRORS_SHOWN)
		fprintf(stderr, "… and %zu more\n", n - ERRORS_SHOWN);
	json_decref(all);
}

static int report(const struct import *im)
{
	const struct import_result *v = &im->result;
	bool refused = v->rejected > 0 && (im->undone || v->created + v->updated + v->unchanged == 0);

	if (im->fn == import_year) {
		printf("%d: %" PRId64 " holidays, %" PRId64 " working days made up%s%s\n", im->year.year, im->year.rest,
			im->year.work, im->year.changed ? "" : "; unchanged",
			im->r->set.dry_run ? "; nothing was written (dry run)" : "");
		return EXIT_OK;
	}
	show_errors(im);
	printf("%" PRId64 " rows: %" PRId64 " created, %" PRId64 " updated, %" PRId64 " unchanged, %" PRId64 " refused%s\n",
		v->rows, v->created, v->updated, v->unchanged, v->rejected,
		im->r->set.dry_run ? "; nothing was written (dry run)" : refused ? "; nothing was written" : "");
	return refused ? EXIT_FAILED : EXIT_OK;
}

static const struct entity *entity_by_path(const struct app *app, const char *path)
{
	for (size_t i = 0; i < app->nentity; i++) {
		if (strcmp(app->entity[i]->path, path) == 0 && !(app->entity[i]->flags & ENTITY_NO_IMPORT))
			return app->entity[i];
	}
	return NULL;
}

static enum err load_map(struct import *im)
{
	struct cli_file f = { .mapped = NULL };
	enum err err;

	if (im->r->set.map == NULL)
		return OK;
	err = cli_file_open(im->r, im->r->set.map, &f);
	if (err == OK)
		err = field_parse_json(f.text, &im->map, &im->r->e);
	if (err == OK && !json_is_object(im->map))
		err = err_set(&im->r->e, ERR_INVALID, "map", "map", "%.120s is no JSON object", im->r->set.map);
	cli_file_close(&f);
	return err;
}

static void list_kinds(struct run *r, const struct app *app)
{
	cli_usage(r, "there is no kind \"%.40s\"", r->set.operand[0]);
	fputs("kinds: events divisions places calendar", stderr);
	for (size_t i = 0; i < app->nentity; i++) {
		if (!(app->entity[i]->flags & ENTITY_NO_IMPORT))
			fprintf(stderr, " %s", app->entity[i]->path);
	}
	fputc('\n', stderr);
}

static int import_with(struct import *im)
{
	struct run *r = im->r;
	struct cli_file f = { .mapped = NULL };
	enum err err = load_map(im);

	if (err == OK)
		err = cli_file_open(r, r->set.operand[1], &f);
	im->text = f.text;
	if (err == OK)
		err = db_write(im->app->db, import_tx, im);
	cli_file_close(&f);
	json_decref(im->map);
	if (err == OK || im->undone)
		return report(im);
	if (im->e.message[0] != '\0')
		r->e = im->e;
	return cli_fail(r, err);
}

static int import(struct run *r)
{
	const char *kind = r->set.operand[0];
	struct import im = { .r = r };
	enum err err = cli_open_app(r, false, &im.app);
	int code;

	if (err != OK)
		return cli_fail(r, err);
	buf_init(&im.errors, ERRORS_BYTES);
	im.entity = entity_by_path(im.app, kind);
	if (strcmp(kind, "divisions") == 0 || strcmp(kind, "places") == 0)
		im.fn = import_places;
	else if (strcmp(kind, "calendar") == 0)
		im.fn = import_year;
	else if (im.entity != NULL)
		im.fn = import_entity;
	if (strcmp(kind, "events") == 0) {
		code = import_events(r, im.app);
	} else if (im.fn != NULL) {
		code = import_with(&im);
	} else {
		list_kinds(r, im.app);
		code = EXIT_USAGE;
	}
	buf_release(&im.errors);
	app_close(im.app);
	return code;
}

const struct command cmd_import = {
	.name = "import",
	.operands = "KIND FILE [--map MAP.json] [--dry-run] [--partial]",
	.summary = "load rows from a CSV file",
	.help = "KIND is divisions (districts, streets and communities by official code), calendar (a year's holidays\n"
		"as JSON), events (another system's reports; --map says which column is what, see examples/), or the\n"
		"path of a list: places, users, posts, units … A file with bad rows is loaded not at all, or with\n"
		"--partial without them; loading a file again changes nothing.\n",
	.min = 2,
	.max = 2,
	.options = SET_TABLE(import_options),
	.run = import,
};

/* ---- export ---- */

static const struct option export_options[] = {
	SET_DB,
	SET(format, OPT_TEXT, .name = "format", .dflt = "csv", .help = "csv"),
	SET_KEY,
	SET_LOG("warn"),
};

/* Sees every place, and sealed matters as the auditor does. */
static const struct principal everyone = {
	.user_id = 0,
	.session_id = NIL,
	.login = { "system", 6 },
	.name = { "system", 6 },
	.nposts = 2,
	.post = {
		{ .id = NIL, .role = ROLE_DISTRICT_ADMIN, .lo = 0, .hi = INT64_MAX, .unit_id = NIL },
		{ .id = NIL, .role = ROLE_AUDITOR, .lo = 0, .hi = INT64_MAX, .unit_id = NIL },
	},
	.roles = ROLE(DISTRICT_ADMIN) | ROLE(AUDITOR),
};

/* The route GET /api/KIND/export. */
static const struct route *export_route(const struct app *app, const char *kind)
{
	char path[128];

	snprintf(path, sizeof(path), "/api/%s/export", kind);
	for (size_t i = 0; i < router_count(app->router); i++) {
		const struct route *v = router_at(app->router, i);

		if (v->method == M_GET && strcmp(v->path, path) == 0)
			return v;
	}
	return NULL;
}

static enum err write_export(struct run *r, struct app *app, const struct route *route)
{
	struct arena *a = arena_new(IMPORT_ARENA);
	struct buf out, unused;
	struct dbc *c = NULL;
	struct req rq;
	struct jw j;
	enum err err = a != NULL ? db_reader_open(app->db, &c) : ERR_NOMEM;

	buf_init(&out, EXPORT_BYTES);
	buf_init(&unused, 1024);
	jw_init(&j, &unused);
	if (err == OK) {
		req_local(&rq, app, c, a, &everyone, time_now());
		rq.route = route;
		rq.method = M_GET;
		rq.raw = &out;
		err = route->fn(&rq, &j);
		r->e = rq.err;
		req_local_done(&rq);
	}
	if (err == OK && fwrite(out.p, 1, out.n, stdout) != out.n)
		err = err_set(&r->e, ERR_IO, "export.write", "", "the rows cannot be written");
	buf_release(&out);
	buf_release(&unused);
	dbc_free(c);
	arena_free(a);
	return err;
}

static int export_rows(struct run *r)
{
	struct app *app = NULL;
	const struct route *route;
	enum err err;

	if (strcmp(r->set.format, "csv") != 0)
		return cli_usage(r, "the only format is csv");
	err = cli_open_app(r, false, &app);
	if (err != OK)
		return cli_fail(r, err);
	route = export_route(app, r->set.operand[0]);
	if (route == NULL) {
		app_close(app);
		return cli_usage(r, "there is no kind \"%.40s\"", r->set.operand[0]);
	}
	err = write_export(r, app, route);
	app_close(app);
	return err == OK ? EXIT_OK : cli_fail(r, err);
}

const struct command cmd_export = {
	.name = "export",
	.operands = "KIND [--format csv]",
	.summary = "write all rows of a list to standard output",
	.help = "KIND is the path of a list: events, places, users, units …\n",
	.min = 1,
	.max = 1,
	.options = SET_TABLE(export_options),
	.run = export_rows,
};
