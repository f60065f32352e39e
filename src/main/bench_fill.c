/*
 * See bench_store.h. Events are told in the order of reporting, so that ids and times rise together. The
 * measures are summed in memory and written once, in the order of their key. It replaces thousands of
 * hours of work, not the engine: nothing here is checked against the flow.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/audit.h"
#include "core/matter_db.h"
#include "core/search.h"
#include "core/tally.h"
#include "main/bench_store.h"
#include "main/main_db.h"
#include "mod/event/event.h"

enum { EVENTS_TX = 2000, CELLS_TX = 50000, TX_ARENA = 64 << 20, YEAR_EVENTS = 167000, DAYS_MAX = 2190, OPEN_TWENTIETHS = 1,
	STAFF_MAX = 1000
};

/* One measure of one place and day. */
struct cell {
	int64_t place;
	int32_t day, n;
	uint8_t measure, dim;
};

struct fill {
	struct app *app;
	struct snap *snap;
	const struct event_book *book;
	struct arena *arena; /* of one transaction */
	int64_t total, next, now, first_at;
	int64_t user[2]; /* who decides, who handles */
	int64_t staff[STAFF_MAX]; /* who else took part */
	size_t nstaff;
	size_t *grid, ngrid; /* indexes of snap->place */
	struct cell *cell;
	size_t ncell, cap, kept; /* kept: when the transaction began */
	size_t at;               /* cells written */
	uint64_t random;
	struct act *act;
	struct error error;
};

static uint64_t draw(struct fill *f, uint64_t below)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return (f->random >> 11) % below;
}

/* ---- one event ---- */

static void describe(struct fill *f, struct act *a)
{
	static const char *const where[] = { "东门", "西门", "南门", "北门", "三号楼", "七单元", "地下车库", "菜场旁", "桥头",
		"公园入口", "学校对面", "公交站" };
	static const char *const what[] = { "井盖破损", "路灯不亮", "垃圾未清运", "夜间施工噪声", "车辆占道停放", "路面积水",
		"树枝断落", "电动车飞线充电", "楼道堆放杂物", "水管漏水", "犬只未牵绳", "店外经营" };
	static const char *const wish[] = { "请派人处理", "影响出行", "已有多日", "存在安全隐患", "居民多次反映" };
	const struct place *p = &f->snap->place[f->grid[draw(f, f->ngrid)]];
	const struct event_code *code = &f->book->code[draw(f, f->book->ncode)];
	struct event_route route;
	struct matter *m = &a->m;

	m->place = p->code;
	m->code_id = code->id;
	m->track = code->track;
	m->urgency = code->urgency;
	m->sealed = code->sealed;
	m->source = (int64_t)draw(f, SRC_IMPORT);
	m->title = str_fmt(f->arena, "%.*s%s%s", (int)p->name.n, p->name.p, where[draw(f, ARRAY_LEN(where))],
		what[draw(f, ARRAY_LEN(what))]);
	m->text = str_fmt(f->arena, "%.*s,%s,第%llu次", (int)m->title.n, m->title.p, wish[draw(f, ARRAY_LEN(wish))],
		(unsigned long long)draw(f, 1000));
	m->address = str_fmt(f->arena, "%.*s%llu号", (int)p->name.n, p->name.p, (unsigned long long)draw(f, 400));
	if (!isnan(p->lon))
		matter_set_point(m, p->lon + ((double)draw(f, 4000) - 2000) * 1e-6,
			p->lat + ((double)draw(f, 4000) - 2000) * 1e-6);
	event_route(f->snap, f->app, code, m->place, date_of(m->reported_at), &route);
	m->unit_id = m->first_unit = route.unit_id;
	m->duty_item_id = route.duty_item_id;
	m->query_hash = (int64_t)(f->random & INT64_MAX);
}

/* A clock operation at its own time; calendar time, so that no year's holidays are needed. */
static enum err step(struct act *a, enum clock_kind c, enum clock_op op, int64_t at, int64_t len)
{
	int64_t now = a->now;

	a->now = at;
	enum err err = act_clock(a, c, op, (struct span_rule){ UNIT_MS, len }, NIL);

	a->now = now;
	return err;
}

/* Accepted within hours, handled within days, one in ten late. */
static enum err close(struct fill *f, struct act *a)
{
	static const enum mstate end[] = { MS_CLOSED, MS_RATED, MS_ARCHIVED };
	struct matter *m = &a->m;
	int64_t len = (1 + (int64_t)draw(f, 5)) * MS_DAY, used = len * (int64_t)(20 + draw(f, 88)) / 100;
	enum err err = OK;

	m->state = end[draw(f, ARRAY_LEN(end))];
	m->open = 0;
	m->accepted_at = m->reported_at + (int64_t)draw(f, 4 * MS_HOUR);
	m->dispatched_at = m->accepted_at + MS_MINUTE;
	m->finished_at = m->dispatched_at + used;
	m->closed_at = m->finished_at + MS_HOUR;
	m->handler_id = f->user[1];
	m->result = STR("已到现场处理完毕");
	m->reopens = draw(f, 40) == 0;
	m->satisfied = m->state == MS_RATED ? (int64_t)draw(f, 3) : NIL;
	m->resolved = m->state == MS_RATED ? (int64_t)(draw(f, 10) > 0) : NIL;
	err = step(a, CLOCK_ACCEPT, CLK_START, m->reported_at, 4 * MS_HOUR);
	if (err == OK)
		err = step(a, CLOCK_ACCEPT, CLK_STOP, m->accepted_at, 0);
	if (err == OK)
		err = step(a, CLOCK_HANDLE, CLK_START, m->dispatched_at, len);
	return err != OK ? err : step(a, CLOCK_HANDLE, CLK_STOP, m->finished_at, 0);
}

/* Reported up to now, due from two days ago to ten days ahead. */
static enum err open(struct fill *f, struct act *a)
{
	static const enum mstate in[] = { MS_REPORTED, MS_ACCEPTED, MS_DISPATCHED, MS_HANDLING, MS_HANDLING, MS_HANDLING,
		MS_CHECKING };
	struct matter *m = &a->m;
	int64_t due = f->now - 2 * (int64_t)MS_DAY + (int64_t)draw(f, 12 * (uint64_t)MS_DAY);
	const struct clock_run *r;

	m->state = in[draw(f, ARRAY_LEN(in))];
	if (m->unit_id == NIL && m->state > MS_ACCEPTED)
		m->state = MS_ACCEPTED;
	m->accepted_at = m->state >= MS_ACCEPTED ? m->reported_at + MS_HOUR : NIL;
	m->dispatched_at = m->state >= MS_DISPATCHED ? m->reported_at + 2 * (int64_t)MS_HOUR : NIL;
	enum clock_kind c = m->state >= MS_DISPATCHED ? CLOCK_HANDLE : CLOCK_ACCEPT;
	enum err err = step(a, c, CLK_START, m->reported_at, due > m->reported_at ? due - m->reported_at : MS_HOUR);

	if (err != OK)
		return err;
	r = act_run(a, c);
	m->open = 1;
	m->clock = c;
	m->due_at = r->due;
	m->level = clock_level(r, snap_calendar(a->snap), f->now);
	m->wake_at = clock_next(r, snap_calendar(a->snap), f->now);
	return OK;
}

static enum err log_line(struct act *a, int64_t actor, const char *action, enum mstate from, enum mstate to, int64_t at)
{
	int64_t id = db_new_id(a->rq->db);

	if (id == NIL)
		return ERR_RETRY;
	return db_exec(a->rq->db, matter_sql[Q_MATTER_LOG_PUT], ARGS(I(id), I(a->m.id), I(at), I(actor),
		I(ROLE_DUTY_OFFICER), Z(action), I(from), I(to), Z(NULL), Z(NULL), Z(NULL), I(a->m.version)), NULL);
}

static enum err write_history(struct fill *f, struct act *a)
{
	static const struct transition report = { .action = "report" };
	struct matter *m = &a->m;
	enum err err;

	a->t = &report; /* this line carries every clock operation */
	err = matter_log_add(a);
	if (err == OK && m->dispatched_at != NIL)
		err = log_line(a, f->user[0], "dispatch", MS_ACCEPTED, MS_DISPATCHED, m->dispatched_at);
	if (err == OK && m->closed_at != NIL)
		err = log_line(a, f->user[1], "finish", MS_HANDLING, MS_CHECKING, m->finished_at);
	if (err == OK && m->closed_at != NIL)
		err = log_line(a, f->user[0], "pass", MS_CHECKING, MS_CLOSED, m->closed_at);
	if (err == OK)
		err = matter_party_add(a->rq->db, m->id, f->staff[draw(f, f->nstaff)], PART_DECIDED);
	return err;
}

static void count(struct fill *f, struct act *a)
{
	struct tally t[TALLY_MAX];
	size_t n = event_tally(&a->m, a->run, a->nrun, t);

	for (size_t i = 0; i < n && f->ncell < f->cap; i++)
		f->cell[f->ncell++] = (struct cell){ .place = a->m.place, .day = (int32_t)t[i].day, .n = (int32_t)t[i].n,
			.measure = (uint8_t)t[i].measure, .dim = (uint8_t)t[i].dim };
}

static enum err write_one(struct fill *f, struct req *rq, int64_t number)
{
	const struct audit_entry e = { .at = f->now, .actor = NIL, .action = "import", .object = "event",
		.object_id = NIL, .detail = STR("{\"fill\":true}") };
	struct act *a = f->act;
	enum err err = act_init(a, rq, &event_kind);

	a->is_new = true;
	a->m.id = db_new_id(rq->db);
	if (a->m.id == NIL)
		return ERR_RETRY;
	a->m.reported_at = f->first_at + (f->now - f->first_at) / f->total * number;
	describe(f, a);
	bool fresh = a->m.reported_at > f->now - 5 * (int64_t)MS_DAY;

	if (err == OK)
		err = fresh || draw(f, 20) < OPEN_TWENTIETHS ? open(f, a) : close(f, a);
	if (err == OK)
		err = matter_store(a);
	if (err == OK)
		err = write_history(f, a);
	if (err == OK)
		err = search_add(rq->db, a->m.id, a->m.title, a->m.text, a->m.address);
	if (err == OK)
		err = audit_add(rq->db, &e);
	count(f, a);
	return err;
}

static enum err events_tx(struct dbc *c, void *arg)
{
	struct fill *f = arg;
	uint64_t random = f->random;
	struct req rq;
	enum err err = OK;

	f->ncell = f->kept;
	req_local(&rq, f->app, c, f->arena, NULL, f->now);
	for (int64_t i = f->next; i < f->next + EVENTS_TX && i < f->total && err == OK; i++) {
		arena_reset(f->arena);
		err = write_one(f, &rq, i);
	}
	if (rq.err.message[0] != '\0')
		f->error = rq.err;
	req_local_done(&rq);
	if (err == ERR_RETRY)
		f->random = random;
	return err;
}

/* ---- measures ---- */

static int by_key(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->measure != y->measure)
		return x->measure - y->measure;
	return x->day != y->day ? x->day - y->day : x->dim - y->dim;
}

/* Moves every cell up to level `l`, in order, equal ones added up. */
static void gather(struct fill *f, enum level l)
{
	size_t n = 0;

	for (size_t i = 0; i < f->ncell; i++)
		f->cell[i].place = place_up(f->cell[i].place, l);
	qsort(f->cell, f->ncell, sizeof(*f->cell), by_key);
	for (size_t i = 0; i < f->ncell; i++) {
		if (n > 0 && by_key(&f->cell[n - 1], &f->cell[i]) == 0)
			f->cell[n - 1].n += f->cell[i].n;
		else
			f->cell[n++] = f->cell[i];
	}
	f->ncell = n;
}

static enum err cells_tx(struct dbc *c, void *arg)
{
	struct fill *f = arg;
	enum err err = OK;

	for (size_t i = f->at; i < f->at + CELLS_TX && i < f->ncell && err == OK; i++) {
		const struct cell *t = &f->cell[i];

		err = tally_add_total(c, t->place, event_kind.number,
			&(struct tally){ .measure = t->measure, .dim = t->dim, .day = t->day, .n = t->n });
	}
	return err;
}

static enum err write_cells(struct fill *f, int64_t *ret_n)
{
	enum err err = OK;

	for (int l = LEVEL_GRID; l >= LEVEL_CITY && err == OK; l--) {
		gather(f, (enum level)l);
		for (f->at = 0; f->at < f->ncell && err == OK; f->at += CELLS_TX)
			err = db_write(f->app->db, cells_tx, f);
		*ret_n += (int64_t)f->ncell;
	}
	return err;
}

/* ---- the whole ---- */

static enum err find_staff(struct fill *f, struct dbc *c)
{
	struct rows *r = db_query(c, main_sql[Q_BENCH_STAFF], ARGS(I(STAFF_MAX)));

	while (f->nstaff < STAFF_MAX && rows_next(r))
		f->staff[f->nstaff++] = row_int_at(r, 0);
	enum err err = rows_close(r);

	return err == OK && f->nstaff == 0 ? ERR_NOT_FOUND : err;
}

static enum err find_users(struct fill *f, const struct run *r)
{
	const char *const login[2] = { r->set.login, r->set.handler };
	struct dbc *c = NULL;
	enum err err = db_reader_open(f->app->db, &c);

	for (size_t i = 0; i < 2 && err == OK; i++)
		err = db_int(c, main_sql[Q_USER_ID], ARGS(Z(login[i])), &f->user[i]);
	if (err == OK)
		err = find_staff(f, c);
	dbc_free(c);
	return err;
}

static enum err prepare(struct fill *f, struct run *r)
{
	int64_t days = f->total * 365 / YEAR_EVENTS;

	days = days < 30 ? 30 : days > DAYS_MAX ? DAYS_MAX : days;
	f->now = time_now();
	f->first_at = f->now - days * MS_DAY;
	f->book = event_book(f->snap, f->app);
	f->cap = (size_t)f->total * 16;
	f->cell = malloc(f->cap * sizeof(*f->cell));
	f->grid = calloc(f->snap->nplace + 1, sizeof(*f->grid));
	f->act = calloc(1, sizeof(*f->act));
	f->arena = arena_new(TX_ARENA);
	if (f->cell == NULL || f->grid == NULL || f->act == NULL || f->arena == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < f->snap->nplace; i++) {
		if (f->snap->place[i].level == LEVEL_GRID)
			f->grid[f->ngrid++] = i;
	}
	if (f->ngrid == 0 || f->book->ncode == 0)
		return err_set(&r->e, ERR_INVALID, "bench", "db", "the store has no grids: gezhi demo makes some");
	return find_users(f, r);
}

static enum err fill(struct fill *f, int64_t *ret_cells)
{
	enum err err = OK;

	for (; f->next < f->total && err == OK; f->next += EVENTS_TX) {
		f->kept = f->ncell;
		err = db_write(f->app->db, events_tx, f);
	}
	return err != OK ? err : write_cells(f, ret_cells);
}

int bench_fill(struct run *r)
{
	struct fill f = { .total = r->set.events, .random = UINT64_C(0x9E3779B97F4A7C15) };
	int64_t from, cells = 0;
	enum err err;

	r->fast = true;
	err = cli_open_app(r, false, &f.app);
	if (err != OK)
		return cli_fail(r, err);
	f.snap = snap_get(f.app);
	err = prepare(&f, r);
	from = time_monotonic_us();
	if (err == OK)
		err = fill(&f, &cells);
	free(f.cell);
	free(f.grid);
	free(f.act);
	arena_free(f.arena);
	snap_put(f.snap);
	app_close(f.app);
	if (f.error.message[0] != '\0')
		r->e = f.error;
	if (err != OK)
		return cli_fail(r, err);
	double seconds = (double)(time_monotonic_us() - from) / 1e6;

	printf("{\"what\":\"fill\",\"seconds\":%.2f,\"done\":%lld,\"tallies\":%lld,\"per_second\":%.1f}\n", seconds,
		(long long)f.total, (long long)cells, (double)f.total / seconds);
	return EXIT_OK;
}
