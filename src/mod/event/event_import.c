/*
 * Import of events: a first pass reads every row, says what is wrong and whether the store has it; a
 * second one writes, a thousand rows in a transaction. A matter made here keeps in its data the
 * fingerprint of its row and the version this gave it, by which a later import knows what changed where.
 */
#include "mod/event/event_import.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/geo.h"
#include "base/sheet.h"
#include "core/audit.h"
#include "core/matter_db.h"
#include "core/search.h"
#include "core/tally.h"
#include "mod/event/event.h"
#include "mod/event/event_db.h"
#include "mod/event/event_map.h"

enum { ROWS_TX = 1000, ROWS_MAX = 1000000, TX_ARENA = 64 << 20, BATCH_ARENA = 256 << 20, TABLE_BYTES = 256 << 20, REPORT_BYTES = 4 << 20, PRINT = 17 };

struct counts {
	int64_t created, updated, unchanged, rejected;
};

struct import {
	struct app *app;
	const struct principal *who; /* NULL: the command line */
	int64_t now;
	struct snap *snap;
	struct event_map map;
	struct str csv;
	struct dirt dirt;
	struct smap *seen; /* numbers of this file; the key is the arena's */
	struct arena *keys;
	int64_t place; /* where events without a place of their own belong */
	int64_t rows, timed, on_time;
	struct counts n;
	struct error *e;
};

/* How the store's event relates to a row. */
enum standing { NEW, SAME, OTHER, WORKED_ON, FOREIGN };

static const struct transition import_step = { .action = "import" };

/* ---- what a row comes to ---- */

/* Place, code and unit, as they stand now. */
struct target {
	int64_t place, state;
	const struct event_code *code;
	struct event_route route;
};

static void resolve(struct import *im, struct dirt *d, struct event_row *row, struct target *ret)
{
	const struct event_book *b = event_book(im->snap, im->app);
	int64_t found = isnan(row->lon) ? NIL : geo_index_find(im->snap->grids, row->lon, row->lat);

	*ret = (struct target){ .place = im->place, .state = row->state };
	if (found != NIL && found >= im->place && found < place_end(im->place))
		ret->place = found;
	if (row->code.p != NULL) {
		ret->code = event_code_by(b, row->code);
		if (ret->code == NULL)
			dirt_add(d, row, event_map_column(&im->map, MAP_CODE), "code.unknown", row->code,
				"there is no such event code", false);
	}
	event_route(im->snap, im->app, ret->code, ret->place, date_of(row->reported_at), &ret->route);
	if ((row->state == MS_DISPATCHED || row->state == MS_HANDLING) && ret->route.unit_id == NIL) {
		dirt_add(d, row, event_map_column(&im->map, MAP_STATE), "unit.none", row->state_word,
			"no unit leads events of this code here: it waits to be dispatched", false);
		ret->state = MS_ACCEPTED;
	}
}

static void print_time(struct buf *b, int64_t v)
{
	buf_char(b, '\x1f');
	buf_i64(b, v);
}

/* Of everything the file says about the event. */
static void fingerprint(const struct event_row *row, char ret[PRINT])
{
	const struct str text[] = { row->ext_no, row->title, row->text, row->address, row->code, row->state_word };
	unsigned char hash[HASH_LEN];
	struct buf b;

	buf_init(&b, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		buf_str(&b, text[i]);
		buf_char(&b, '\x1f');
	}
	print_time(&b, row->source);
	print_time(&b, row->state);
	print_time(&b, row->reported_at);
	print_time(&b, row->due_at);
	print_time(&b, row->closed_at);
	if (!isnan(row->lon))
		buf_fmt(&b, "\x1f%.9f\x1f%.9f", row->lon, row->lat);
	crypto_sha256(buf_view(&b), hash);
	crypto_hex(hash, (PRINT - 1) / 2, ret);
	buf_release(&b);
}

/* ---- what the store has ---- */

static enum standing standing_of(const struct matter *m, const char *print)
{
	json_t *o = m->data.p != NULL ? json_loadb(m->data.p, m->data.n, 0, NULL) : NULL;
	const char *was = json_string_value(json_object_get(o, "import"));
	enum standing s = was == NULL ? FOREIGN :
			  strcmp(was, print) == 0 ? SAME :
			  json_integer_value(json_object_get(o, "import_version")) == m->version ? OTHER : WORKED_ON;

	json_decref(o);
	return s;
}

static enum err look_up(struct dbc *c, struct arena *a, const struct event_row *row, const char *print,
			struct matter *ret_m, enum standing *ret)
{
	int64_t id;
	enum err err = db_int(c, event_sql[Q_EVENT_EXT], ARGS(T(row->ext_no)), &id);

	if (err == ERR_NOT_FOUND) {
		*ret = NEW;
		return OK;
	}
	if (err == OK)
		err = matter_load(c, a, id, ret_m);
	if (err == OK)
		*ret = standing_of(ret_m, print);
	return err;
}

static void count(struct counts *n, enum standing s)
{
	n->created += s == NEW;
	n->updated += s == OTHER;
	n->unchanged += s == SAME;
	n->rejected += s == WORKED_ON || s == FOREIGN;
}

/* ---- writing one ---- */

static void fill(struct act *a, const struct event_row *row, const struct target *t, const char *print)
{
	struct matter *m = &a->m;
	bool sent = t->state == MS_DISPATCHED || t->state == MS_HANDLING;

	m->ext_no = row->ext_no;
	m->title = row->title;
	m->text = row->text;
	m->address = row->address;
	m->code_id = t->code != NULL ? t->code->id : NIL;
	m->track = t->code != NULL ? t->code->track : (int64_t)TRACK_NONE;
	m->urgency = t->code != NULL ? t->code->urgency : (int64_t)URG_U3;
	m->sealed = t->code != NULL ? t->code->sealed : 0;
	m->source = row->source;
	m->place = t->place;
	m->lon = m->lat = (double)NAN;
	m->morton = NIL;
	if (!isnan(row->lon))
		matter_set_point(m, row->lon, row->lat);
	m->state = t->state;
	m->open = ST_OPEN >> m->state & 1;
	m->unit_id = m->first_unit = t->route.unit_id;
	m->duty_item_id = t->route.duty_item_id;
	m->reported_at = row->reported_at;
	m->dispatched_at = sent ? row->reported_at : NIL;
	m->finished_at = m->closed_at = m->state == MS_REJECTED ? NIL : row->closed_at;
	m->data = str_fmt(a->rq->arena, "{\"import\":\"%s\",\"import_version\":%lld,\"import_due\":%lld}", print,
		(long long)(a->is_new ? 1 : m->version + 1), (long long)(row->due_at != NIL ? row->due_at : 0));
}

/* One operation at its own time. */
static enum err step(struct act *a, enum clock_op op, int64_t at, int64_t due)
{
	int64_t len = due != NIL && due > at ? due - at : 0, now = a->now;

	a->now = at;
	enum err err = act_clock(a, CLOCK_HANDLE, op, (struct span_rule){ UNIT_MS, len }, due);

	a->now = now;
	return err;
}

/* The handle clock from reported to closed. What the file says differently is a new run; the old one no
 * longer counts. A rejected event and one that nobody handles yet have none. */
static enum err run_clock(struct act *a, const struct event_row *row)
{
	struct clock_run *r = act_run(a, CLOCK_HANDLE);
	bool wanted = row->due_at != NIL && a->m.state != MS_REJECTED && a->m.state != MS_REPORTED &&
		      a->m.state != MS_ACCEPTED && (a->m.open || row->closed_at != NIL);
	enum err err = OK;

	if (r != NULL && !r->voided && wanted && r->start == row->reported_at && r->due == row->due_at && r->stop == NIL)
		return row->closed_at != NIL ? step(a, CLK_STOP, row->closed_at, NIL) : OK;
	if (r != NULL && !r->voided)
		err = step(a, CLK_VOID, a->now, NIL);
	if (err == OK && wanted)
		err = step(a, CLK_START, row->reported_at, row->due_at);
	if (err == OK && wanted && row->closed_at != NIL)
		err = step(a, CLK_STOP, row->closed_at, NIL);
	return err;
}

static void summarize(struct act *a)
{
	const struct clock_run *r = act_run(a, CLOCK_HANDLE);
	bool runs = a->m.open && r != NULL && !r->voided && r->stop == NIL;

	a->m.clock = runs ? (int64_t)CLOCK_HANDLE : NIL;
	a->m.due_at = runs ? r->due : NIL;
	a->m.level = runs ? clock_level(r, snap_calendar(a->snap), a->now) : 0;
	a->m.wake_at = runs ? clock_next(r, snap_calendar(a->snap), a->now) : NIL;
}

static enum err add_audit(struct act *a)
{
	struct audit_entry e = {
		.at = a->now,
		.actor = a->rq->who != NULL ? a->rq->who->user_id : NIL,
		.action = "import",
		.object = event_kind.name,
		.object_id = a->m.id,
		.detail = str_fmt(a->rq->arena, "{\"version\":%lld,\"state\":[\"%s\",\"%s\"]}", (long long)a->m.version,
			vocab_word(&mstate_vocab, a->is_new ? MS_NONE : a->old.state),
			vocab_word(&mstate_vocab, a->m.state)),
	};

	return audit_add(a->rq->db, &e);
}

static enum err index_text(struct act *a)
{
	const struct str now[3] = { a->m.title, a->m.text, a->m.address };
	const struct str old[3] = { a->old.title, a->old.text, a->old.address };

	if (a->is_new)
		return search_add(a->rq->db, a->m.id, now[0], now[1], now[2]);
	return search_replace(a->rq->db, a->m.id, old, now);
}

static enum err store(struct act *a, const struct tally *before, size_t nbefore)
{
	struct tally after[TALLY_MAX];
	enum err err = matter_store(a);

	if (err == OK)
		err = matter_log_add(a);
	if (err == OK)
		err = add_audit(a);
	if (err == OK)
		err = index_text(a);
	if (err != OK)
		return err;
	size_t n = event_tally(&a->m, a->run, a->nrun, after);

	return tally_diff(a->rq->db, event_kind.number, a->old.place, before, nbefore, a->m.place, after, n);
}

static enum err write_row(struct import *im, struct req *rq, struct event_row *row, struct counts *n)
{
	struct act *a = ARENA_NEW(rq->arena, struct act);
	struct matter *have = ARENA_NEW(rq->arena, struct matter);
	struct tally before[TALLY_MAX];
	struct dirt quiet = { .quiet = true };
	struct target t;
	size_t nbefore = 0;
	char print[PRINT];
	enum standing s;

	if (a == NULL || have == NULL)
		return ERR_NOMEM;
	fingerprint(row, print);
	enum err err = look_up(rq->db, rq->arena, row, print, have, &s);

	if (err == OK)
		count(n, s);
	if (err != OK || (s != NEW && s != OTHER))
		return err;
	err = act_init(a, rq, &event_kind);
	a->t = &import_step;
	a->is_new = s == NEW;
	a->note = row->state_word;
	if (a->is_new) {
		a->m.id = db_new_id(rq->db);
		err = a->m.id == NIL ? ERR_RETRY : err;
	} else {
		a->m = a->old = *have;
		err = matter_runs(rq->db, a->m.id, a->run, &a->nrun);
		nbefore = event_tally(&a->m, a->run, a->nrun, before);
	}
	resolve(im, &quiet, row, &t);
	fill(a, row, &t, print);
	if (err == OK)
		err = run_clock(a, row);
	summarize(a);
	return err != OK ? err : store(a, before, nbefore);
}

/* ---- passes over the file ---- */

struct batch {
	struct import *im;
	struct arena *arena; /* texts of the rows */
	struct event_row *row;
	size_t n;
	struct counts made;
};

static enum err write_tx(struct dbc *c, void *arg)
{
	struct batch *b = arg;
	struct arena *a = arena_new(TX_ARENA);
	struct req rq;
	enum err err = OK;

	if (a == NULL)
		return ERR_NOMEM;
	b->made = (struct counts){ 0 };
	req_local(&rq, b->im->app, c, a, b->im->who, b->im->now);
	for (size_t i = 0; i < b->n && err == OK; i++) {
		arena_reset(a);
		err = write_row(b->im, &rq, &b->row[i], &b->made);
	}
	if (err != OK && rq.err.message[0] != '\0' && b->im->e != NULL)
		*b->im->e = rq.err;
	req_local_done(&rq);
	arena_free(a);
	return err;
}

static enum err flush(struct batch *b)
{
	struct counts *n = &b->im->n;
	enum err err = b->n == 0 ? OK : arena_failed(b->arena) ? ERR_NOMEM : db_write(b->im->app->db, write_tx, b);

	if (err == OK && b->n > 0) {
		n->created += b->made.created;
		n->updated += b->made.updated;
		n->unchanged += b->made.unchanged;
		n->rejected += b->made.rejected;
	}
	b->n = 0;
	arena_reset(b->arena);
	return err;
}

/* The file from its beginning: header, then fn for each row. */
static enum err each_row(struct import *im, enum err (*fn)(struct import *im, const struct csv_row *row, void *arg),
			 void *arg)
{
	struct csv *csv = NULL;
	struct csv_row row;
	bool more = false;
	enum err err = csv_open(&csv, im->csv, im->e);

	if (err == OK)
		err = csv_next(csv, &row, &more, im->e);
	if (err == OK && !more)
		err = err_set(im->e, ERR_INVALID, "import.empty", "csv", "the file has no header");
	if (err == OK)
		err = event_map_header(&im->map, &row, im->e);
	while (err == OK) {
		err = csv_next(csv, &row, &more, im->e);
		if (err != OK || !more)
			break;
		err = fn(im, &row, arg);
	}
	csv_close(csv);
	return err;
}

struct check {
	struct dbc *reader;
	struct arena *arena;
};

static void check_number(struct import *im, struct event_row *row, enum err *ret)
{
	struct str column = event_map_column(&im->map, MAP_EXT_NO);

	if (row->ext_no.n == 0)
		return;
	if (smap_get(im->seen, row->ext_no) != NULL) {
		dirt_add(&im->dirt, row, column, "duplicate", row->ext_no, "an earlier row has this number", true);
		return;
	}
	*ret = smap_put(im->seen, str_dup(im->keys, row->ext_no), im);
	if (*ret == ERR_LIMIT || *ret == ERR_INVALID)
		*ret = err_set(im->e, ERR_LIMIT, "import.rows", "csv", "a file has at most %d rows", ROWS_MAX);
}

static enum err check_row(struct import *im, const struct csv_row *csv, void *arg)
{
	struct check *k = arg;
	struct matter m;
	struct event_row row;
	struct target t;
	enum standing s = NEW;
	char print[PRINT];
	enum err err = OK;

	arena_reset(k->arena);
	im->rows++;
	event_map_row(&im->map, csv, k->arena, &im->dirt, &row);
	check_number(im, &row, &err);
	if (err == OK && !row.bad) {
		resolve(im, &im->dirt, &row, &t);
		fingerprint(&row, print);
		err = look_up(k->reader, k->arena, &row, print, &m, &s);
	}
	if (err != OK)
		return err;
	if (s == WORKED_ON || s == FOREIGN)
		dirt_add(&im->dirt, &row, event_map_column(&im->map, MAP_EXT_NO), s == FOREIGN ? "taken" : "worked_on",
			row.ext_no, s == FOREIGN ? "an event made here has this number"
						 : "somebody worked on this event here; the file says otherwise", true);
	if (row.bad) {
		im->n.rejected++;
		return arena_failed(k->arena) ? ERR_NOMEM : OK;
	}
	count(&im->n, s);
	im->timed += row.due_at != NIL && row.closed_at != NIL;
	im->on_time += row.due_at != NIL && row.closed_at != NIL && row.closed_at <= row.due_at;
	return arena_failed(k->arena) ? ERR_NOMEM : OK;
}

static enum err collect_row(struct import *im, const struct csv_row *csv, void *arg)
{
	struct batch *b = arg;
	struct event_row *row = &b->row[b->n];

	event_map_row(&im->map, csv, b->arena, &im->dirt, row);
	if (!row->bad && smap_get(im->seen, row->ext_no) != NULL) {
		(void)smap_remove(im->seen, row->ext_no); /* the first of its number only */
		b->n++;
	}
	return b->n == ROWS_TX ? flush(b) : OK;
}

static enum err check_all(struct import *im)
{
	struct check k = { .arena = arena_new(TX_ARENA) };
	enum err err = k.arena == NULL ? ERR_NOMEM : db_reader_open(im->app->db, &k.reader);

	if (err == OK)
		err = each_row(im, check_row, &k);
	dbc_free(k.reader);
	arena_free(k.arena);
	return err;
}

static enum err write_all(struct import *im)
{
	struct batch b = { .im = im, .arena = arena_new(BATCH_ARENA), .row = calloc(ROWS_TX, sizeof(*b.row)) };
	int64_t refused = im->n.rejected;
	enum err err = b.arena == NULL || b.row == NULL ? ERR_NOMEM : OK;

	im->n = (struct counts){ .rejected = refused };
	im->dirt.quiet = true;
	/* a row refused for what the store has is met again, and counted then */
	for (size_t i = 0; i < im->dirt.n; i++) {
		const char *code = im->dirt.kind[i].code;

		if (strcmp(code, "taken") == 0 || strcmp(code, "worked_on") == 0)
			im->n.rejected -= im->dirt.kind[i].n;
	}
	if (err == OK)
		err = each_row(im, collect_row, &b);
	if (err == OK)
		err = flush(&b);
	free(b.row);
	arena_free(b.arena);
	return err;
}

/* ---- the whole ---- */

static const struct member dirty_member[] = {
	{ "column", F_STR },
	{ "code", F_STR },
	{ "count", F_INT },
	{ "message", F_STR },
};
static const struct shape dirty_shape = { .name = "EventImportDirt", MEMBERS(dirty_member) };

static const struct member cell_member[] = {
	{ "row", F_INT },
	{ "line", F_INT },
	{ "column", F_STR },
	{ "code", F_STR },
	{ "value", F_STR, .null = true },
	{ "message", F_STR },
	{ "refused", F_BOOL, .help = "the row is not loaded because of it" },
};
static const struct shape cell_shape = { .name = "EventImportCell", MEMBERS(cell_member) };

static const struct member report_member[] = {
	{ "rows", F_INT },
	{ "created", F_INT },
	{ "updated", F_INT },
	{ "unchanged", F_INT },
	{ "rejected", F_INT },
	{ "written", F_BOOL },
	{ "timed", F_INT, .help = "rows with both due and closing time" },
	{ "on_time", F_INT },
	{ "dirty", .of = &dirty_shape, .list = 1, .help = "how often each kind of dirt was met" },
	{ "cells", .of = &cell_shape, .list = 1, .help = "the first of them" },
};
const struct shape event_import_shape = { .name = "EventImportResult", MEMBERS(report_member) };

static void write_report(struct import *im, bool written, struct buf *report)
{
	struct jw j;

	jw_end_arr(&im->dirt.j);
	jw_init(&j, report);
	jw_obj(&j);
	jw_kint(&j, "rows", im->rows);
	jw_kint(&j, "created", im->n.created);
	jw_kint(&j, "updated", im->n.updated);
	jw_kint(&j, "unchanged", im->n.unchanged);
	jw_kint(&j, "rejected", im->n.rejected);
	jw_kbool(&j, "written", written);
	jw_kint(&j, "timed", im->timed);
	jw_kint(&j, "on_time", im->on_time);
	jw_karr(&j, "dirty");
	for (size_t i = 0; i < im->dirt.n; i++) {
		jw_obj(&j);
		jw_kstr(&j, "column", im->dirt.kind[i].column);
		jw_kz(&j, "code", im->dirt.kind[i].code);
		jw_kint(&j, "count", im->dirt.kind[i].n);
		jw_kz(&j, "message", im->dirt.kind[i].message);
		jw_end_obj(&j);
	}
	jw_end_arr(&j);
	jw_kraw(&j, "cells", buf_view(&im->dirt.cells));
	jw_end_obj(&j);
}

static enum err find_place(struct import *im)
{
	if (im->snap->nplace == 0)
		return err_set(im->e, ERR_CONFLICT, "event.no_places", "place",
			"there are no places yet: import divisions first");
	im->place = im->map.place != NIL ? im->map.place : im->snap->place[0].code;
	if (snap_place(im->snap, im->place) == NULL || (im->who != NULL && !may_at(im->who, "event.import", im->place)))
		return err_set(im->e, ERR_INVALID, "reference", "place", "the mapping's place is none of yours");
	return OK;
}

static enum err run(struct import *im, bool dry_run, bool partial, struct buf *report)
{
	bool write;
	enum err err = find_place(im);

	if (err == OK)
		err = check_all(im);
	if (err != OK)
		return err;
	write = !dry_run && (im->n.rejected == 0 || partial);
	if (write)
		err = write_all(im);
	else if (!dry_run)
		im->n.created = im->n.updated = 0;
	if (err != OK)
		return err;
	write_report(im, write, report);
	return report->failed ? ERR_NOMEM : OK;
}

static enum err import_as(struct app *app, const struct principal *who, int64_t now, struct str csv, struct str map_json,
			  bool dry_run, bool partial, struct buf *report, struct error *e)
{
	struct import im = { .app = app, .who = who, .now = now, .e = e };
	struct buf table;
	enum err err = event_map_parse(map_json, &im.map, e);

	if (err != OK)
		return err;
	buf_init(&table, TABLE_BYTES);
	dirt_init(&im.dirt);
	im.snap = snap_get(app);
	im.seen = smap_new(ROWS_MAX);
	im.keys = arena_new(BATCH_ARENA);
	err = im.seen == NULL || im.keys == NULL ? ERR_NOMEM : sheet_as_csv(csv, &table, &im.csv, e);
	if (err == OK)
		err = run(&im, dry_run, partial, report);
	buf_release(&table);
	arena_free(im.keys);
	smap_free(im.seen);
	snap_put(im.snap);
	dirt_release(&im.dirt);
	event_map_free(&im.map);
	return err;
}

enum err event_import(struct app *app, struct str csv, struct str map_json, bool dry_run, bool partial, struct buf *report,
		      struct error *e)
{
	return import_as(app, NULL, time_now(), csv, map_json, dry_run, partial, report, e);
}

const struct param event_import_params[3] = {
	{ "map", F_STR, "the mapping as JSON" },
	{ "dry_run", F_BOOL, "only check and count" },
	{ "partial", F_BOOL, "load the good rows of a file that has bad ones" },
};

enum err event_import_post(struct req *rq, struct jw *out)
{
	struct buf report;
	enum err err;

	if (req_query(rq, "map").n == 0)
		return req_fail(rq, ERR_INVALID, "required", "map", "say which column is what: map={…}");
	buf_init(&report, REPORT_BYTES);
	err = import_as(rq->app, rq->who, rq->now, rq->body, req_query(rq, "map"), req_query_int(rq, "dry_run") == 1,
		req_query_int(rq, "partial") == 1, &report, &rq->err);
	rq->reply.status = 200;
	if (err == OK)
		jw_raw(out, buf_view(&report));
	buf_release(&report);
	return err;
}
