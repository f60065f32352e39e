/* See import_job.h: the side of the jobs' thread. */
#include "core/import_job.h"

#include <stdlib.h>
#include <string.h>

#include "core/account.h"
#include "core/import_db.h"
#include "core/import_map.h"

enum { TURN_MS = 300, TRIES = 5, PAUSE_MS = 5000, JOB_ARENA = 4 << 20, RUN_ARENA = 64 << 20, REPORT_BYTES = 1 << 20 };

/* What a turn does next with the open import. */
enum phase { PHASE_COUNT, PHASE_PASS, PHASE_RUN, PHASE_WHOLE };

struct problem {
	struct import_problem p;
	struct str message;
};

struct importer {
	struct arena *arena; /* the job's row */
	struct import_job job;
	const struct entity *e;
	struct job_file file;
	struct import *im;
	struct import_batch batch;
	enum phase phase;
	bool pending; /* the batch in memory is not done with */
	size_t at;    /* rows of it that were done one by one; only meaningful with `single` */
	bool single;
	int64_t done; /* rows that the store says are done with */
	struct arena *tx; /* of one run of a transaction */
	/* Problems of the batch, to be stored with it. */
	struct problem *list;
	size_t nlist, cap_list;
	/* Outcome of a transaction. */
	bool gone;
	struct error error;
	/* Failures in a row at one point of one job; then it rests a little. */
	int64_t failed_id, failed_done, rest_until;
	int tries;
	/* As before the batch. */
	struct import_result r;
	struct import_note note[IMPORT_NOTES];
	size_t nnote, nchange;
	int64_t problems;
};

/* ---- holding a job ---- */

static void let_go(struct importer *w)
{
	import_close(w->im);
	w->im = NULL;
	import_batch_release(&w->batch);
	job_file_close(&w->file);
	arena_free(w->arena);
	w->arena = NULL;
	w->pending = w->single = false;
	w->nlist = 0;
}

void importer_free(struct importer *w)
{
	if (w == NULL)
		return;
	let_go(w);
	arena_free(w->tx);
	free(w->list);
	free(w);
}

static struct importer *importer_of(struct app *app)
{
	if (app->importer != NULL)
		return app->importer;
	struct importer *w = calloc(1, sizeof(*w));

	if (w != NULL)
		w->tx = arena_new(RUN_ARENA);
	if (w == NULL || w->tx == NULL) {
		importer_free(w);
		return NULL;
	}
	app->importer = w;
	return w;
}

static void keep_problem(struct import *im, const struct import_problem *p)
{
	struct importer *w = im->arg;

	if (w->problems + (int64_t)w->nlist >= IMPORT_PROBLEMS)
		return;
	if (w->nlist == w->cap_list) {
		size_t cap = w->cap_list > 0 ? w->cap_list * 2 : 256;
		struct problem *v = realloc(w->list, cap * sizeof(*v));

		if (v == NULL)
			return;
		w->list = v;
		w->cap_list = cap;
	}
	w->list[w->nlist] = (struct problem){ .p = *p, .message = str_dup(w->tx, str_z(p->message)) };
	/* The column's title lives as long as the import; a field's name may be a passing text. */
	w->list[w->nlist].p.column = str_dup(w->tx, p->column);
	w->list[w->nlist++].p.code = str_cstr(w->tx, str_z(p->code));
}

/* ---- ends ---- */

struct end {
	int64_t id, state, now;
	const struct error *e;
};

static enum err end_tx(struct dbc *c, void *arg)
{
	const struct end *d = arg;

	return db_exec(c, import_sql[Q_JOB_END],
		ARGS(I(d->state), Z(d->e->code[0] != '\0' ? d->e->code : err_name(d->e->err)), Z(d->e->message), I(d->now),
			I(d->id)), NULL);
}

/* The import cannot go on: says why on its row. */
static enum err fail_job(struct app *app, struct importer *w, const struct error *e)
{
	struct end d = { .id = w->job.id, .state = IMPORT_FAILED, .now = time_now(), .e = e };
	enum err err = db_write(app->db, end_tx, &d);

	if (err == OK)
		let_go(w);
	return err;
}

/* Of an error: the import's own (it ends) or the moment's (it is tried again). */
static bool is_final(enum err err)
{
	return err != ERR_IO && err != ERR_NOMEM && err != ERR_RETRY;
}

static enum err give_up(struct app *app, struct importer *w, enum err err, const struct error *e)
{
	struct error why = *e;

	if (!is_final(err)) {
		bool same = w->failed_id == w->job.id && w->failed_done == w->done;

		w->tries = same ? w->tries + 1 : 1;
		w->failed_id = w->job.id;
		w->failed_done = w->done;
		if (w->tries >= TRIES)
			w->rest_until = time_monotonic() + PAUSE_MS;
	}
	/* What never fits into memory is the import's own failure; a store that is away comes back. */
	if (!is_final(err) && !(err == ERR_NOMEM && w->tries >= TRIES)) {
		/* The store is the truth: begin again from what it says. */
		let_go(w);
		return err;
	}
	if (why.err == OK)
		err_set(&why, err, err_name(err), "", "the import ended: %s", err_name(err));
	return fail_job(app, w, &why);
}

/* ---- opening ---- */

static enum err next_job(struct importer *w, struct dbc *reader, bool *ret_found)
{
	struct rows *r = db_query(reader, import_sql[Q_JOB_NEXT], NO_ARGS);

	*ret_found = rows_next(r);
	if (*ret_found) {
		w->arena = arena_new(JOB_ARENA);
		if (w->arena != NULL)
			job_load(r, w->arena, &w->job);
	}
	enum err err = rows_close(r);

	if (err == OK && *ret_found && (w->arena == NULL || arena_failed(w->arena)))
		err = ERR_NOMEM;
	return err;
}

static enum err open_columns(struct importer *w, struct req *rq)
{
	json_t *map = NULL;
	enum err err = OK;

	if (w->job.map.n > 0)
		err = field_parse_json(w->job.map, &map, &rq->err);
	if (err == OK)
		err = import_open(&w->im, rq, w->e, w->file.bytes, NULL, map);
	if (err == OK && map == NULL)
		err = import_map_use(w->im, rq->db, w->job.user_id, w->e);
	json_decref(map);
	return err;
}

static enum err open_job(struct app *app, struct importer *w, struct dbc *reader)
{
	struct req rq;
	enum err err = job_file_open(app, w->job.file, &w->file);

	w->e = entity_named(app, w->job.entity);
	arena_reset(w->tx);
	req_local(&rq, app, reader, w->tx, NULL, time_now());
	if (err == ERR_NOT_FOUND)
		err = req_fail(&rq, ERR_NOT_FOUND, "import.file", "", "the file of this import is no longer there");
	if (err == OK && w->e == NULL)
		err = req_fail(&rq, ERR_NOT_FOUND, "import.entity", "", "there is no such list any more");
	if (err == OK)
		err = open_columns(w, &rq);
	if (err == OK)
		err = import_batch_new(&w->batch);
	req_local_done(&rq);
	if (err != OK)
		return give_up(app, w, err, &rq.err);
	w->im->problem = keep_problem;
	w->im->arg = w;
	w->phase = PHASE_COUNT;
	w->done = w->job.rows_done;
	w->r = w->job.r;
	w->problems = w->job.problems;
	w->nnote = w->nchange = 0;
	return OK;
}

/* ---- phases that only read the file ---- */

struct begin {
	int64_t id, state, total;
};

static enum err begin_tx(struct dbc *c, void *arg)
{
	const struct begin *b = arg;

	return db_exec(c, import_sql[Q_JOB_BEGIN], ARGS(I(b->state), I(b->total), I(b->id)), NULL);
}

static bool writes_as_it_goes(const struct importer *w)
{
	return w->job.partial == 1 && w->job.dry_run != 1;
}

/* The whole file is read once before anything is done with it: what is broken shows now. */
static enum err count_rows(struct app *app, struct importer *w, struct error *e)
{
	struct begin b = { .id = w->job.id, .state = writes_as_it_goes(w) ? IMPORT_WRITING : IMPORT_CHECKING };
	enum err err = import_read(w->im, IMPORT_BATCH, &w->batch, e);

	if (err != OK || !w->batch.last)
		return err;
	b.total = w->im->rows_read;
	if (b.total > IMPORT_WHOLE && w->job.partial != 1 && w->job.dry_run != 1)
		return err_set(e, ERR_LIMIT, "import.rows", "", "at most %d rows all or nothing: send it in part",
			       IMPORT_WHOLE);
	w->job.rows_total = b.total;
	err = import_rewind(w->im, e);
	w->phase = w->done > 0 ? PHASE_PASS : PHASE_RUN;
	/* All or nothing, checked and interrupted while it was written: nothing of it is there. */
	if (w->job.state == IMPORT_WRITING && !writes_as_it_goes(w)) {
		w->phase = PHASE_WHOLE;
		return err;
	}
	return err == OK ? db_write(app->db, begin_tx, &b) : err;
}

/* Over what was done before the import was interrupted. */
static enum err pass_over(struct app *app, struct importer *w, struct dbc *reader, struct error *e)
{
	int64_t left = w->done - w->im->rows_read;
	struct req rq;
	enum err err = import_read(w->im, left < IMPORT_BATCH ? (size_t)left : IMPORT_BATCH, &w->batch, e);

	if (err != OK)
		return err;
	arena_reset(w->tx);
	req_local(&rq, app, reader, w->tx, NULL, time_now());
	err = import_pass_over(w->im, &rq, &w->batch);
	*e = rq.err;
	req_local_done(&rq);
	if (w->im->rows_read >= w->done || w->batch.last)
		w->phase = PHASE_RUN;
	return err;
}

/* ---- a batch in its transaction ---- */

static void restore(struct importer *w)
{
	w->im->r = w->r;
	memcpy(w->im->note, w->note, sizeof(w->note));
	w->im->nnote = w->nnote;
	w->im->nchange = w->nchange;
	w->nlist = 0;
	w->gone = false;
	w->error = (struct error){ .err = OK };
	arena_reset(w->tx);
}

static void remember(struct importer *w)
{
	w->r = w->im->r;
	memcpy(w->note, w->im->note, sizeof(w->note));
	w->nnote = w->im->nnote;
	w->nchange = w->im->nchange;
	w->problems += (int64_t)w->nlist;
	w->nlist = 0;
}

/* Still there, as far as this process believes, and not cancelled? */
static enum err still_mine(struct importer *w, struct dbc *c, struct arena *a)
{
	struct import_job now;
	enum err err = job_get(c, w->job.id, NIL, a, &now);

	if (err == ERR_NOT_FOUND || (err == OK && (now.state >= IMPORT_DONE || now.rows_done != w->done))) {
		w->gone = true;
		return OK;
	}
	return err;
}

static enum err put_problems(struct importer *w, struct dbc *c)
{
	enum err err = OK;

	for (size_t i = 0; err == OK && i < w->nlist; i++) {
		const struct import_problem *p = &w->list[i].p;

		err = db_exec(c, import_sql[Q_JOB_PROBLEM],
			ARGS(I(w->job.id), I(w->problems + (int64_t)i), I(p->row), I(p->line), I((int64_t)p->col), T(p->column),
				Z(p->code), T(w->list[i].message.p != NULL ? w->list[i].message : STR(""))), NULL);
	}
	return err;
}

/* The next state, once every row is done with. */
static int64_t state_after(const struct importer *w, bool finished)
{
	bool whole = w->job.dry_run != 1 && w->job.partial != 1;

	if (!finished)
		return writes_as_it_goes(w) ? IMPORT_WRITING : IMPORT_CHECKING;
	return whole && w->phase == PHASE_RUN && w->im->r.rejected == 0 && w->problems + (int64_t)w->nlist == 0 ? IMPORT_WRITING
													       : IMPORT_DONE;
}

static enum err put_progress(struct importer *w, struct dbc *c, int64_t rows, bool finished, int64_t now)
{
	const struct import_result *r = &w->im->r;
	int64_t state = state_after(w, finished), changed = 0;
	bool ended = state == IMPORT_DONE;
	bool nothing = ended && !writes_as_it_goes(w) && w->job.dry_run != 1 && w->phase == PHASE_RUN;
	struct buf b;
	struct jw j;

	buf_init(&b, REPORT_BYTES);
	jw_init(&j, &b);
	jw_obj(&j);
	import_write_columns(w->im, &j);
	jw_end_obj(&j);
	enum err err = b.failed ? ERR_NOMEM : db_exec(c, import_sql[Q_JOB_STEP],
		ARGS(I(state), I(rows), I(nothing ? 0 : r->created), I(nothing ? 0 : r->updated), I(r->unchanged),
			I(r->conflicts), I(r->rejected), I(w->problems + (int64_t)w->nlist), T(buf_view(&b)),
			I(ended ? now : NIL), I(w->job.id), I(w->done)), &changed);

	buf_release(&b);
	w->gone = err == OK && changed == 0;
	/* Another process was faster: nothing of this may stay. */
	return w->gone ? ERR_CONFLICT : err;
}

/* Acts as whoever sent the file, with the rights they have now. */
static enum err begin_request(struct app *app, struct importer *w, struct dbc *c, struct req *rq)
{
	struct principal *who = NULL;
	int64_t now = time_now();
	enum err err = principal_of_login(c, w->job.login, now, w->tx, &who);

	req_local(rq, app, c, w->tx, who, now);
	if (err == ERR_NOT_FOUND || (err == OK && !may(who, w->e->write)))
		return req_fail(rq, ERR_DENIED, "perm", "", "whoever sent the file may no longer write this list");
	return err;
}

struct batch_run {
	struct app *app;
	struct importer *w;
	struct import_batch rows; /* what of the batch is run */
	bool refuse;		  /* its one row was refused by the store: only say so */
	struct error why;
};

static void refuse_row(struct importer *w, const struct batch_run *b)
{
	const struct import_problem p = {
		.row = b->rows.v[0].row, .line = b->rows.v[0].line, .col = SHEET_COLS, .column = str_z(b->why.field),
		.code = b->why.code[0] != '\0' ? b->why.code : err_name(b->why.err), .message = b->why.message, .conflict = true
	};

	keep_problem(w->im, &p);
	w->im->r.rows++;
	w->im->r.rejected++;
	w->im->r.conflicts++;
}

static enum err batch_tx(struct dbc *c, void *arg)
{
	struct batch_run *b = arg;
	struct importer *w = b->w;
	struct req rq;
	int64_t rows;
	enum err err;

	restore(w);
	err = still_mine(w, c, w->tx);
	if (err != OK || w->gone)
		return err;
	if (w->done == 0)
		import_check_columns(w->im);
	err = begin_request(b->app, w, c, &rq);
	if (err == OK && b->refuse)
		refuse_row(w, b);
	else if (err == OK)
		err = import_run(w->im, &rq, &b->rows, writes_as_it_goes(w));
	w->error = rq.err;
	req_local_done(&rq);
	rows = w->done + (int64_t)b->rows.n;
	if (err == OK)
		err = put_problems(w, c);
	if (err == OK)
		err = put_progress(w, c, rows, rows >= w->job.rows_total, time_now());
	return err;
}

/* After a run: the outcome, or the batch again row by row to find the one that the store refuses. */
static enum err after_batch(struct app *app, struct batch_run *b, enum err err)
{
	struct importer *w = b->w;

	if (w->gone) {
		let_go(w);
		return OK;
	}
	if (err == OK) {
		w->done += (int64_t)b->rows.n;
		remember(w);
		if (w->done >= w->job.rows_total) {
			int64_t state = state_after(w, true);

			if (state == IMPORT_DONE)
				let_go(w);
			else
				w->phase = PHASE_WHOLE;
		}
		return OK;
	}
	if (!is_final(err) || err == ERR_DENIED || !writes_as_it_goes(w))
		return give_up(app, w, err, &w->error);
	if (!w->single) {
		w->single = true;
		w->at = 0;
		return OK;
	}
	b->refuse = true;
	b->why = w->error;
	err = db_write(app->db, batch_tx, b);
	b->refuse = false;
	if (err != OK || w->gone)
		return give_up(app, w, w->gone ? ERR_RETRY : err, &w->error);
	return after_batch(app, b, OK);
}

static enum err run_batch(struct app *app, struct importer *w, struct error *e)
{
	enum err err = w->pending ? OK : import_read(w->im, IMPORT_BATCH, &w->batch, e);

	if (err != OK)
		return give_up(app, w, err, e);
	if (!w->pending) {
		w->pending = true;
		w->single = false;
		w->at = 0;
	}
	struct batch_run b = { .app = app, .w = w, .rows = { .v = w->batch.v, .n = w->batch.n } };

	if (w->single) {
		b.rows.v += w->at;
		b.rows.n = 1;
	}
	bool was_single = w->single;
	struct import *im = w->im;

	err = after_batch(app, &b, db_write(app->db, batch_tx, &b));
	if (w->im != im)
		return err; /* ended */
	if (was_single)
		w->at++;
	if (was_single ? w->at >= w->batch.n : !w->single)
		w->pending = false;
	return err;
}

/* ---- all or nothing ---- */

static enum err whole_tx(struct dbc *c, void *arg)
{
	struct batch_run *b = arg;
	struct importer *w = b->w;
	struct req rq;
	enum err err;

	restore(w);
	err = still_mine(w, c, w->tx);
	if (err != OK || w->gone)
		return err;
	err = begin_request(b->app, w, c, &rq);
	if (err == OK)
		err = import_write_checked(w->im, &rq, &w->batch);
	w->error = rq.err;
	req_local_done(&rq);
	w->nlist = 0;
	return err == OK ? put_progress(w, c, w->done, true, time_now()) : err;
}

static enum err run_whole(struct app *app, struct importer *w)
{
	struct batch_run b = { .app = app, .w = w };
	enum err err = db_write(app->db, whole_tx, &b);

	if (err != OK && !w->gone)
		return give_up(app, w, err, &w->error);
	let_go(w);
	return OK;
}

/* ---- a turn ---- */

static enum err step(struct app *app, struct importer *w, struct dbc *reader)
{
	struct error e = { .err = OK };
	enum err err = OK;

	switch (w->phase) {
	case PHASE_COUNT:
		err = count_rows(app, w, &e);
		break;
	case PHASE_PASS:
		err = pass_over(app, w, reader, &e);
		break;
	case PHASE_RUN:
		return run_batch(app, w, &e);
	case PHASE_WHOLE:
		return run_whole(app, w);
	}
	return err != OK ? give_up(app, w, err, &e) : OK;
}

enum err import_job_turn(struct app *app, struct dbc *reader, int64_t now)
{
	struct importer *w = importer_of(app);
	int64_t until = time_monotonic() + TURN_MS;
	enum err err = OK;

	(void)now;
	if (w == NULL)
		return ERR_NOMEM;
	if (w->rest_until > until - TURN_MS)
		return OK;
	while (err == OK && time_monotonic() < until) {
		bool found = w->im != NULL;

		if (!found) {
			err = next_job(w, reader, &found);
			if (err != OK || !found) {
				let_go(w);
				return err;
			}
			err = open_job(app, w, reader);
			continue;
		}
		err = step(app, w, reader);
	}
	return err;
}

/* ---- what is over ---- */

struct old {
	int64_t id[20];
	char file[20][IMPORT_HEX];
	size_t n;
};

static enum err clean_tx(struct dbc *c, void *arg)
{
	const struct old *o = arg;
	enum err err = OK;

	for (size_t i = 0; err == OK && i < o->n; i++) {
		err = db_exec(c, import_sql[Q_JOB_CLEAR], ARGS(I(o->id[i])), NULL);
		if (err == OK)
			err = db_exec(c, import_sql[Q_JOB_DROP], ARGS(I(o->id[i])), NULL);
	}
	return err;
}

enum err import_job_clean(struct app *app, struct dbc *reader, int64_t now)
{
	struct old o = { .n = 0 };
	struct rows *r = db_query(reader, import_sql[Q_JOB_OLD], ARGS(I(now - (int64_t)IMPORT_KEEP_DAYS * MS_DAY)));

	while (o.n < ARRAY_LEN(o.id) && rows_next(r)) {
		struct str file = row_str_at(r, 1);

		o.id[o.n] = row_int_at(r, 0);
		memcpy(o.file[o.n], file.p, file.n < IMPORT_HEX ? file.n : IMPORT_HEX - 1);
		o.n++;
	}
	enum err err = rows_close(r);

	if (err == OK && o.n > 0)
		err = db_write(app->db, clean_tx, &o);
	for (size_t i = 0; err == OK && i < o.n; i++)
		job_file_drop(app, str_z(o.file[i]));
	return err;
}
