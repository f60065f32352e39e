/*
 * Rows in and out: import from CSV or workbooks (and calendars from JSON), export to them. Both act as the
 * system, past every area, so whoever may run them may see everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "core/entity_import.h"
#include "main/import_events.h"
#include "mod/calendar/calendar.h"
#include "mod/place/place.h"

enum { IMPORT_ARENA = 1 << 30, ERRORS_BYTES = 16 << 20, ERRORS_SHOWN = 100 };

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
struct load {
	struct run *r;
	struct app *app;
	struct str text;
	json_t *map; /* NULL: none */
	const struct entity *entity;
	struct import_result result;
	struct calendar_import year;
	struct buf report; /* JSON object: "errors", and of tables "columns" and "notes" */
	struct error e;
	bool undone; /* it ran to its end, but nothing of it is to stay */
	enum err (*fn)(struct load *im, struct req *rq, struct jw *report);
};

static enum err import_places(struct load *im, struct req *rq, struct jw *report)
{
	enum err err = place_import(rq, im->text, im->r->set.dry_run != 0, im->r->set.partial != 0, &im->result, report);

	jw_end_arr(report);
	return err;
}

static enum err import_entity(struct load *im, struct req *rq, struct jw *report)
{
	const struct import_request q = { .data = im->text, .map = im->map, .dry_run = im->r->set.dry_run != 0,
		.partial = im->r->set.partial != 0 };

	return import_direct(rq, im->entity, &q, &im->result, report, report);
}

static enum err import_year(struct load *im, struct req *rq, struct jw *report)
{
	jw_end_arr(report);
	return calendar_import(rq, im->text, im->r->set.dry_run != 0, &im->year);
}

static enum err import_tx(struct dbc *c, void *arg)
{
	struct load *im = arg;
	struct arena *a = arena_new(IMPORT_ARENA);
	struct req rq;
	struct jw j;

	if (a == NULL)
		return ERR_NOMEM;
	im->result = (struct import_result){ 0 };
	im->undone = false;
	buf_reset(&im->report);
	jw_init(&j, &im->report);
	req_local(&rq, im->app, c, a, NULL, time_now());
	jw_obj(&j);
	jw_karr(&j, "errors");
	enum err err = im->fn(im, &rq, &j);

	jw_end_obj(&j);
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

static void show_errors(const json_t *all)
{
	size_t n = json_array_size(all);

	for (size_t i = 0; i < n && i < ERRORS_SHOWN; i++) {
		const json_t *o = json_array_get(all, i);

		fprintf(stderr, "row %" JSON_INTEGER_FORMAT ", column %s: %s (line %" JSON_INTEGER_FORMAT ")\n",
			json_integer_value(json_object_get(o, "row")), text_of(o, "column"), text_of(o, "message"),
			json_integer_value(json_object_get(o, "line")));
	}
	if (n > ERRORS_SHOWN)
		fprintf(stderr, "… and %zu more\n", n - ERRORS_SHOWN);
}

/* What of the file was not read, and what was read with a doubt. */
static void show_columns(const json_t *report)
{
	const json_t *columns = json_object_get(report, "columns"), *notes = json_object_get(report, "notes");

	for (size_t i = 0; i < json_array_size(columns); i++) {
		const json_t *o = json_array_get(columns, i);

		if (strcmp(text_of(o, "how"), "unused") == 0)
			fprintf(stderr, "column %s: not used\n", text_of(o, "column"));
	}
	for (size_t i = 0; i < json_array_size(notes); i++) {
		const json_t *o = json_array_get(notes, i);

		fprintf(stderr, "column %s: %s in %" JSON_INTEGER_FORMAT " cells, first in line %" JSON_INTEGER_FORMAT "\n",
			text_of(o, "column"), text_of(o, "code"), json_integer_value(json_object_get(o, "count")),
			json_integer_value(json_object_get(o, "line")));
	}
}

static void show_report(const struct load *im)
{
	struct error e = { .err = OK };
	json_t *all = NULL;

	if (im->report.failed) {
		fputs("too many rows were refused to list them\n", stderr);
		return;
	}
	if (field_parse_json(buf_view(&im->report), &all, &e) != OK)
		return;
	show_errors(json_object_get(all, "errors"));
	show_columns(all);
	json_decref(all);
}

static int report(const struct load *im)
{
	const struct import_result *v = &im->result;
	bool refused = v->rejected > 0 && (im->undone || v->created + v->updated + v->unchanged == 0);

	if (im->fn == import_year) {
		printf("%d: %" PRId64 " holidays, %" PRId64 " working days made up%s%s\n", im->year.year, im->year.rest,
			im->year.work, im->year.changed ? "" : "; unchanged",
			im->r->set.dry_run ? "; nothing was written (dry run)" : "");
		return EXIT_OK;
	}
	show_report(im);
	printf("%" PRId64 " rows: %" PRId64 " created, %" PRId64 " updated, %" PRId64 " unchanged, %" PRId64 " refused%s\n",
		v->rows, v->created, v->updated, v->unchanged, v->rejected,
		im->r->set.dry_run ? "; nothing was written (dry run)" : refused ? "; nothing was written" : "");
	return refused ? EXIT_FAILED : EXIT_OK;
}

static enum err load_map(struct load *im)
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

static int import_with(struct load *im)
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
	struct load im = { .r = r };
	enum err err = cli_open_app(r, false, &im.app);
	int code;

	if (err != OK)
		return cli_fail(r, err);
	buf_init(&im.report, ERRORS_BYTES);
	im.entity = entity_at(im.app, str_z(kind));
	if (im.entity != NULL && (im.entity->flags & ENTITY_NO_IMPORT))
		im.entity = NULL;
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
	buf_release(&im.report);
	app_close(im.app);
	return code;
}

const struct command cmd_import = {
	.name = "import",
	.operands = "KIND FILE [--map MAP.json] [--dry-run] [--partial]",
	.summary = "load rows from a CSV file or a workbook",
	.help = "KIND is divisions (districts, streets and communities by official code), calendar (a year's holidays\n"
		"as JSON), events (another system's reports; --map says which column is what, see examples/), or the\n"
		"path of a list: places, users, posts, units … Lists also take .xlsx. A file with bad rows is loaded not at all, or with\n"
		"--partial without them; loading a file again changes nothing.\n",
	.min = 2,
	.max = 2,
	.options = SET_TABLE(import_options),
	.run = import,
};

/* ---- export ---- */

static const struct option export_options[] = {
	SET_DB,
	SET(format, OPT_TEXT, .name = "format", .dflt = "csv", .help = "csv or xlsx"),
	SET(out, OPT_TEXT, .name = "out", .help = "file to write, which must not exist [standard output]"),
	SET(purpose, OPT_TEXT, .name = "purpose", .help = "what for: written on files with personal data, and on record"),
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

/* Gives the call's options to the route as its query. */
static void set_query(struct req *rq, const char *name, const char *value)
{
	for (size_t i = 0; value != NULL && i < rq->route->nquery && i < REQ_QUERY; i++) {
		if (strcmp(rq->route->query[i].name, name) == 0)
			rq->query[i] = str_z(value);
	}
}

static enum err copy_reply(struct run *r, const struct reply *p, int to)
{
	char part[1 << 16];
	uint64_t at = 0;

	while (at < p->fd_size) {
		ssize_t n = pread(p->fd, part, sizeof(part), (off_t)at);

		if (n <= 0)
			return err_set(&r->e, ERR_IO, "export.write", "", "the rows cannot be read back");
		if (io_write(to, (struct str){ part, (size_t)n }) != OK)
			return err_set(&r->e, ERR_IO, "export.write", "", "the rows cannot be written");
		at += (uint64_t)n;
	}
	return OK;
}

static enum err run_export(struct run *r, struct app *app, const struct route *route, int to)
{
	struct arena *a = arena_new(IMPORT_ARENA);
	struct buf raw, unused;
	struct dbc *c = NULL;
	struct req rq;
	struct jw j;
	enum err err = a != NULL ? db_reader_open(app->db, &c) : ERR_NOMEM;

	buf_init(&raw, 1024);
	buf_init(&unused, 1024);
	jw_init(&j, &unused);
	if (err == OK) {
		req_local(&rq, app, c, a, &everyone, time_now());
		rq.route = route;
		rq.method = M_GET;
		rq.raw = &raw;
		set_query(&rq, "format", r->set.format);
		set_query(&rq, "purpose", r->set.purpose);
		err = route->fn(&rq, &j);
		r->e = rq.err;
		if (err == OK && rq.reply.kind == REPLY_FILE)
			err = copy_reply(r, &rq.reply, to);
		if (rq.reply.fd >= 0)
			close(rq.reply.fd);
		req_local_done(&rq);
	}
	buf_release(&raw);
	buf_release(&unused);
	dbc_free(c);
	arena_free(a);
	return err;
}

static enum err write_export(struct run *r, struct app *app, const struct route *route)
{
	const char *path = r->set.out;
	int to = path == NULL ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum err err;

	if (to < 0)
		return err_set(&r->e, errno == EEXIST ? ERR_CONFLICT : ERR_IO, "export.out", "out",
			       "%.200s cannot be made: %s", path, strerror(errno));
	err = run_export(r, app, route, to);
	if (path == NULL)
		return err;
	if (close(to) != 0 && err == OK)
		err = err_set(&r->e, ERR_IO, "export.write", "", "the rows cannot be written");
	if (err != OK)
		unlink(path);
	return err;
}

static int export_rows(struct run *r)
{
	struct app *app = NULL;
	const struct route *route;
	enum err err;

	if (strcmp(r->set.format, "csv") != 0 && strcmp(r->set.format, "xlsx") != 0)
		return cli_usage(r, "the format is csv or xlsx");
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
	.operands = "KIND [--format csv|xlsx] [--out FILE]",
	.summary = "write all rows of a list to a file",
	.help = "KIND is the path of a list: events, places, users, units …\n",
	.min = 1,
	.max = 1,
	.options = SET_TABLE(export_options),
	.run = export_rows,
};
