/* The matter engine's SQL: the row, its clock runs, history, persons and units taking part. */
#include "core/matter_db.h"

#include <string.h>

#include "core/app.h"
#include "core/retain.h"
#include "core/row.h"

#define MATTER_COLUMNS \
	"id, version, kind, ext_no, title, text, address, code_id, track, urgency, source, place, lon, lat, " \
	"morton, state, open, sealed, anonymous, unit_id, first_unit, handler_id, reporter_id, reporter, " \
	"query_hash, reported_at, accepted_at, dispatched_at, finished_at, closed_at, clock, due_at, level, " \
	"wake_at, auto_at, auto_action, supporters, reopens, returns, extensions, fails, supervised, " \
	"supervise_due, parent_id, join_rule, merged_into, duty_item_id, proposed_unit, rule_id, " \
	"self_closed, sampled, resolved, satisfied, pending, answers, result, data"

/* What most actions change, in the order of matter_fields; $1 is the id. */
#define MATTER_MOVED \
	"version = $2, state = $3, unit_id = $4, first_unit = $5, handler_id = $6, accepted_at = $7, " \
	"dispatched_at = $8, finished_at = $9, closed_at = $10, clock = $11, due_at = $12, level = $13, " \
	"wake_at = $14, auto_at = $15, auto_action = $16, supporters = $17, reopens = $18, returns = $19, " \
	"extensions = $20, fails = $21, supervised = $22, supervise_due = $23, duty_item_id = $24, " \
	"proposed_unit = $25, rule_id = $26, self_closed = $27, sampled = $28, resolved = $29, " \
	"satisfied = $30, pending = $31, result = $32, data = $33"

const char *const matter_sql[Q_MATTER_SQL_MAX] = {
	[Q_MATTER_GET] = "SELECT " MATTER_COLUMNS " FROM matter WHERE id = $1",
	[Q_MATTER_RUNS] = "SELECT clock, run, unit, len, start_at, due, amber, stop_at, paused_at, paused_ms, "
			  "voided FROM matter_run WHERE matter_id = $1 ORDER BY clock, run",
	[Q_MATTER_RUN_PUT] =
		"INSERT INTO matter_run (matter_id, clock, run, unit, len, start_at, due, amber, stop_at, "
		"paused_at, paused_ms, voided) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
		"ON CONFLICT (matter_id, clock, run) DO UPDATE SET due = excluded.due, amber = excluded.amber, "
		"stop_at = excluded.stop_at, paused_at = excluded.paused_at, paused_ms = excluded.paused_ms, "
		"voided = excluded.voided",
	[Q_MATTER_LOG_PUT] =
		"INSERT INTO matter_log (id, matter_id, at, actor_id, role, action, from_state, to_state, text, "
		"clocks, data, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
	[Q_MATTER_LOG] =
		"SELECT l.id, l.at, l.actor_id, a.name AS actor, l.role, l.action, l.from_state, l.to_state, "
		"l.text, l.data FROM matter_log l LEFT JOIN account a ON a.id = l.actor_id "
		"WHERE l.matter_id = $1 ORDER BY l.version, l.at, l.id LIMIT 2000",
	[Q_MATTER_PARTY_PUT] = "INSERT INTO matter_party (matter_id, user_id, part) VALUES ($1, $2, $3) "
			       "ON CONFLICT DO NOTHING",
	[Q_MATTER_IS_PARTY] = "SELECT part FROM matter_party WHERE matter_id = $1 AND user_id = $2",
	[Q_MATTER_UNITS] = "SELECT unit_id, role, arrive_by, arrived_at, score FROM matter_unit "
			   "WHERE matter_id = $1 ORDER BY id",
	[Q_MATTER_MY_UNITS] = "SELECT u.unit_id FROM matter_unit u JOIN post p ON p.unit_id = u.unit_id "
			      "WHERE u.matter_id = $1 AND p.user_id = $2",
	[Q_MATTER_CHILDREN] = "SELECT id, title, state, unit_id, open FROM matter WHERE parent_id = $1 "
			      "ORDER BY id LIMIT 200",
	[Q_MATTER_MERGED] = "SELECT id, title, state FROM matter WHERE merged_into = $1 ORDER BY id LIMIT 200",
	[Q_MATTER_DUE] = "SELECT id, kind FROM matter WHERE wake_at <= $1 ORDER BY wake_at LIMIT 500",
	[Q_MATTER_FLOW_RULES] = "SELECT kind, action, roles, needs FROM flow_rule ORDER BY id",
	[Q_MATTER_LOG_CLOCKS] = "SELECT at, clocks FROM matter_log WHERE matter_id = $1 AND clocks IS NOT NULL "
				"ORDER BY version, at, id",
	[Q_MATTER_OLD_IDEMPOTENCY] = "DELETE FROM idempotency WHERE at < $1",
	[Q_MATTER_OLD_OUTBOX] = "DELETE FROM outbox WHERE at < $1",
	[Q_MATTER_OLD_SESSIONS] = "DELETE FROM session WHERE expires_at < $1",
	[Q_MATTER_HANDLED] = "SELECT count(*) AS n FROM matter_party WHERE matter_id = $1 AND user_id = $2 "
			     "AND part = 0",
	[Q_MATTER_OPEN_PARTS] = "SELECT count(*) AS n FROM matter WHERE parent_id = $1 AND open = 1",
	[Q_MATTER_INSERT] =
		"INSERT INTO matter (" MATTER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
		"$12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, "
		"$31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, "
		"$50, $51, $52, $53, $54, $55, $56, $57)",
	[Q_MATTER_UPDATE] =
		"UPDATE matter SET version = $2, kind = $3, ext_no = $4, title = $5, text = $6, address = $7, "
		"code_id = $8, track = $9, urgency = $10, source = $11, place = $12, lon = $13, lat = $14, "
		"morton = $15, state = $16, open = $17, sealed = $18, anonymous = $19, unit_id = $20, "
		"first_unit = $21, handler_id = $22, reporter_id = $23, reporter = $24, query_hash = $25, "
		"reported_at = $26, accepted_at = $27, dispatched_at = $28, finished_at = $29, closed_at = $30, "
		"clock = $31, due_at = $32, level = $33, wake_at = $34, auto_at = $35, auto_action = $36, "
		"supporters = $37, reopens = $38, returns = $39, extensions = $40, fails = $41, "
		"supervised = $42, supervise_due = $43, parent_id = $44, join_rule = $45, merged_into = $46, "
		"duty_item_id = $47, proposed_unit = $48, rule_id = $49, self_closed = $50, sampled = $51, "
		"resolved = $52, satisfied = $53, pending = $54, answers = $55, result = $56, data = $57 "
		"WHERE id = $1 AND version = $58",
	[Q_MATTER_MOVE] = "UPDATE matter SET " MATTER_MOVED " WHERE id = $1 AND version = $34",
	[Q_MATTER_MOVE_OPEN] = "UPDATE matter SET " MATTER_MOVED ", open = $34 WHERE id = $1 AND version = $35",
	[Q_MATTER_WAKE_LATER] = "UPDATE matter SET wake_at = $2 WHERE id = $1",
	[Q_MATTER_HANDLER] = "SELECT name FROM account WHERE id = $1",
};

enum err matter_load(struct dbc *c, struct arena *a, int64_t id, struct matter *ret)
{
	struct rows *r = db_query(c, matter_sql[Q_MATTER_GET], ARGS(I(id)));
	bool found = rows_next(r);

	if (found)
		row_load(&matter_fields, r, 0, a, ret);
	enum err err = rows_close(r);

	return err != OK ? err : found ? OK : ERR_NOT_FOUND;
}

enum err matter_open_parts(struct dbc *c, int64_t id, int64_t *ret)
{
	return db_int(c, matter_sql[Q_MATTER_OPEN_PARTS], ARGS(I(id)), ret);
}

enum err matter_runs(struct dbc *c, int64_t id, struct clock_run *out, size_t *ret_n)
{
	struct rows *r = db_query(c, matter_sql[Q_MATTER_RUNS], ARGS(I(id)));
	size_t n = 0;

	while (n < MATTER_RUNS && rows_next(r)) {
		out[n++] = (struct clock_run){
			.clock = (enum clock_kind)row_int_at(r, 0),
			.run = (int)row_int_at(r, 1),
			.rule = { (enum clock_unit)row_int_at(r, 2), row_int_at(r, 3) },
			.start = row_int_at(r, 4),
			.due = row_int_at(r, 5),
			.amber = row_int_at(r, 6),
			.stop = row_int_at(r, 7),
			.paused_at = row_int_at(r, 8),
			.paused_ms = row_int_at(r, 9),
			.voided = row_int_at(r, 10) == 1,
		};
	}
	*ret_n = n;
	return rows_close(r);
}

static enum err store_runs(struct act *a)
{
	enum err err = OK;

	for (size_t i = 0; i < a->nrun && err == OK; i++) {
		const struct clock_run *r = &a->run[i];

		if (!a->run_dirty[i])
			continue;
		err = db_exec(a->rq->db, matter_sql[Q_MATTER_RUN_PUT],
			ARGS(I(a->m.id), I(r->clock), I(r->run), I(r->rule.unit), I(r->rule.len), I(r->start),
				I(r->due), I(r->amber), I(r->stop), I(r->paused_at), I(r->paused_ms),
				I(r->voided ? 1 : 0)),
			NULL);
	}
	return err;
}

/* Is the column one of those that MATTER_MOVED leaves out? */
static bool is_fixed(const struct field *f)
{
	switch (f->off) {
	case offsetof(struct matter, kind):
	case offsetof(struct matter, ext_no):
	case offsetof(struct matter, title):
	case offsetof(struct matter, text):
	case offsetof(struct matter, address):
	case offsetof(struct matter, code_id):
	case offsetof(struct matter, track):
	case offsetof(struct matter, urgency):
	case offsetof(struct matter, source):
	case offsetof(struct matter, place):
	case offsetof(struct matter, lon):
	case offsetof(struct matter, lat):
	case offsetof(struct matter, morton):
	case offsetof(struct matter, sealed):
	case offsetof(struct matter, anonymous):
	case offsetof(struct matter, reporter_id):
	case offsetof(struct matter, reporter):
	case offsetof(struct matter, query_hash):
	case offsetof(struct matter, reported_at):
	case offsetof(struct matter, parent_id):
	case offsetof(struct matter, join_rule):
	case offsetof(struct matter, merged_into):
	case offsetof(struct matter, answers):
		return true;
	default:
		return false;
	}
}

static bool same_arg(const struct arg *a, const struct arg *b)
{
	if (a->null || b->null)
		return a->null && b->null;
	if (a->type == ARG_INT)
		return a->i == b->i;
	return a->type == ARG_REAL ? a->d <= b->d && a->d >= b->d : str_eq(a->s, b->s);
}

/* The engines write the index entries of every column that a statement names, changed or not: the
 * statement is the one that names the fewest. */
static enum err update(struct act *a, int64_t old_version, int64_t *ret_changed)
{
	struct arg v[FIELD_MAX + 1], was[FIELD_MAX], moved[FIELD_MAX + 2];
	bool fixed = true;
	size_t n = 0;

	row_args(&matter_fields, &a->m, v);
	row_args(&matter_fields, &a->old, was);
	for (size_t i = 0; i < matter_fields.n; i++) {
		const struct field *f = &matter_fields.v[i];

		if (is_fixed(f))
			fixed = fixed && same_arg(&v[i], &was[i]);
		else if (f->off != offsetof(struct matter, open))
			moved[n++] = v[i];
	}
	if (!fixed) {
		v[matter_fields.n] = I(old_version);
		return db_exec(a->rq->db, matter_sql[Q_MATTER_UPDATE], v, matter_fields.n + 1, ret_changed);
	}
	if (a->m.open != a->old.open)
		moved[n++] = I(a->m.open);
	moved[n++] = I(old_version);
	return db_exec(a->rq->db, matter_sql[a->m.open != a->old.open ? Q_MATTER_MOVE_OPEN : Q_MATTER_MOVE], moved, n,
		ret_changed);
}

static enum err insert(struct act *a)
{
	struct arg v[FIELD_MAX];

	row_args(&matter_fields, &a->m, v);
	return db_exec(a->rq->db, matter_sql[Q_MATTER_INSERT], v, matter_fields.n, NULL);
}

enum err matter_store(struct act *a)
{
	int64_t old_version = a->m.version, changed;
	enum err err;

	a->m.version = a->is_new ? 1 : old_version + 1;
	if (a->is_new) {
		err = insert(a);
		if (err == ERR_CONFLICT)
			return act_fail(a, ERR_CONFLICT, "duplicate", "ext_no",
				"this external number is registered already");
	} else {
		err = update(a, old_version, &changed);
		if (err == OK && changed != 1)
			return act_fail(a, ERR_CONFLICT, "conflict.version", "version",
				"somebody changed it meanwhile; reload and try again");
	}
	return err != OK ? err : store_runs(a);
}

/* The steps as stored in the history: [[clock,op,at,unit,len,due,calendar],…]. */
static struct str steps_json(const struct act *a, struct buf *b)
{
	struct jw j;

	jw_init(&j, b);
	jw_arr(&j);
	for (size_t i = 0; i < a->nstep; i++) {
		const struct clock_step *s = &a->step[i];

		jw_arr(&j);
		jw_int(&j, s->clock);
		jw_int(&j, s->op);
		jw_int(&j, s->at);
		jw_int(&j, s->arg.unit);
		jw_int(&j, s->arg.len);
		jw_int(&j, s->due);
		jw_int(&j, calendar_version(snap_calendar(a->snap)));
		jw_end_arr(&j);
	}
	jw_end_arr(&j);
	return buf_view(b);
}

enum err matter_log_add(struct act *a)
{
	int64_t id = db_new_id(a->rq->db), role = a->as != NULL ? (int64_t)a->as->role : NIL;
	struct str note = a->note.p != NULL ? a->note : a->in->text;
	struct str none = { NULL, 0 };
	struct buf b;

	if (id == NIL)
		return ERR_RETRY;
	buf_init(&b, 1 << 16);
	enum err err = db_exec(a->rq->db, matter_sql[Q_MATTER_LOG_PUT],
		ARGS(I(id), I(a->m.id), I(a->now), I(a->rq->who != NULL ? a->rq->who->user_id : NIL), I(role),
			Z(a->t->action), I(a->is_new ? MS_NONE : a->old.state), I(a->m.state), T(note),
			T(a->nstep > 0 ? steps_json(a, &b) : none), T(a->log_data), I(a->m.version)),
		NULL);

	buf_release(&b);
	return err;
}

enum err matter_party_add(struct dbc *c, int64_t matter_id, int64_t user_id, enum party_part part)
{
	return db_exec(c, matter_sql[Q_MATTER_PARTY_PUT], ARGS(I(matter_id), I(user_id), I(part)), NULL);
}

enum err matter_handled_by(struct dbc *c, int64_t matter_id, int64_t user_id, bool *ret)
{
	int64_t n;
	enum err err = db_int(c, matter_sql[Q_MATTER_HANDLED], ARGS(I(matter_id), I(user_id)), &n);

	*ret = err == OK && n > 0;
	return err;
}

static enum err any_row(struct dbc *c, int query, int64_t matter_id, int64_t user_id, bool *ret)
{
	struct rows *r = db_query(c, matter_sql[query], ARGS(I(matter_id), I(user_id)));

	*ret = rows_next(r);
	return rows_close(r);
}

enum err matter_takes_part(struct req *rq, int64_t matter_id, bool *ret_unit, bool *ret_person)
{
	enum err err = any_row(rq->db, Q_MATTER_MY_UNITS, matter_id, rq->who->user_id, ret_unit);

	return err != OK ? err : any_row(rq->db, Q_MATTER_IS_PARTY, matter_id, rq->who->user_id, ret_person);
}

void matter_view_of(const struct matter *m, struct matter_view *v)
{
	*v = (struct matter_view){
		.id = m->id,
		.place = m->place,
		.unit_id = m->unit_id,
		.reporter_id = m->reporter_id,
		.handler_id = m->handler_id,
		.first_unit = m->first_unit,
		.track = (enum track)m->track,
		.sealed = m->sealed == 1,
	};
}

/* ---- what is forgotten ---- */

/* Who reported it, once it is long closed. */
#define REPORTERS "SELECT id FROM matter WHERE reporter IS NOT NULL AND open = 0 AND closed_at < $1 ORDER BY closed_at LIMIT $2"
static const char *const forget_reporter[] = {
	"UPDATE matter_supporter SET contact = NULL, contact_hash = NULL WHERE matter_id IN (" REPORTERS ")",
	"UPDATE matter SET reporter = NULL WHERE id IN (" REPORTERS ")",
};
const struct retention matter_retain = {
	.what = RETAIN_REPORTER, .days = 730, .min = 90, .max = 3650,
	.basis = "个人信息保护法第十九条",
	.count = "SELECT count(*) AS n FROM matter WHERE reporter IS NOT NULL AND open = 0 AND closed_at < $1",
	.sql = forget_reporter, .nsql = ARRAY_LEN(forget_reporter),
};
