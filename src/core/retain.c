/* See retain.h. */
#include "core/retain.h"

#include <stdio.h>

#include "core/audit.h"
#include "core/entity.h"

enum { BATCH = 500, TURN_MS = 2000, JOB_MS = 600000, EVERY_HOURS = 20 };
enum { Q_RETAIN_HAS, Q_RETAIN_ADD, Q_RETAIN_LIST, Q_RETAIN_COUNTED, Q_RETAIN_RAN, Q_RETAIN_MAX };

static const char *const retain_sql[Q_RETAIN_MAX] = {
	[Q_RETAIN_HAS] = "SELECT count(*) AS n FROM retention_rule WHERE what = $1",
	[Q_RETAIN_ADD] = "INSERT INTO retention_rule (id, version, what, days, basis, active, forgotten, created_at, updated_at) "
			 "VALUES ($1, 1, $2, $3, $4, 1, 0, $5, $5)",
	[Q_RETAIN_LIST] = "SELECT id, what, days FROM retention_rule WHERE active = 1 AND (ran_at IS NULL OR ran_at < $1) "
			  "ORDER BY id LIMIT 64",
	[Q_RETAIN_COUNTED] = "UPDATE retention_rule SET forgotten = forgotten + $2 WHERE id = $1",
	[Q_RETAIN_RAN] = "UPDATE retention_rule SET ran_at = $2 WHERE id = $1",
};

static const char *const what_word[] = { "person_left", "visit_note", "reporter", NULL };
static const char *const what_label[] = { "已离开者的个人信息|People who left", "走访记录文字|Notes of visits",
	"办结事项的反映人|Reporters of closed matters", NULL };
static const struct vocab what_vocab = { "retained", what_word, what_label };

/* How a kind of data is forgotten; NULL when no module of this program holds it. */
static const struct retention *retention_of(const struct app *app, int64_t what)
{
	for (size_t i = 0; i < app->nmodule; i++) {
		for (size_t k = 0; k < app->module[i]->nretain; k++) {
			if ((int64_t)app->module[i]->retain[k].what == what)
				return &app->module[i]->retain[k];
		}
	}
	return NULL;
}

static int64_t over_at(const struct retention *t, int64_t days, int64_t now)
{
	int64_t at = now - days * MS_DAY;

	return t->by_day ? date_of(at) : at;
}

/* ---- the rules as rows ---- */

struct rule {
	int64_t id, version;
	int64_t what, days;
	struct str basis;
	int64_t active, ran_at, forgotten;
};

static const struct field rule_field[] = {
	FIELD(rule, id, F_ID, .flags = FIELD_READONLY),
	FIELD(rule, version, F_INT),
	FIELD(rule, what, F_ENUM, .flags = FIELD_READONLY, .vocab = &what_vocab, .label = "内容|What"),
	FIELD(rule, days, F_INT, .flags = FIELD_REQUIRED, .min = 1, .max = 36500, .label = "保存天数|Kept for days"),
	FIELD(rule, basis, F_STR, .flags = FIELD_REQUIRED, .min = 4, .max = 300),
	FIELD(rule, active, F_BOOL, .flags = FIELD_REQUIRED),
	FIELD(rule, ran_at, F_TIME, .flags = FIELD_READONLY, .label = "上次执行|Last run"),
	FIELD(rule, forgotten, F_INT, .flags = FIELD_READONLY, .label = "累计清除|Forgotten so far"),
};

static enum err rule_check(struct req *rq, const void *old, void *rec)
{
	const struct rule *r = rec;
	const struct retention *t = retention_of(rq->app, r->what);

	(void)old;
	if (t == NULL || (r->days >= t->min && r->days <= t->max))
		return OK;
	return req_fail(rq, ERR_INVALID, "out_of_range", "days", "between %lld and %lld days", (long long)t->min,
		(long long)t->max);
}

static enum err rule_preview(struct req *rq, const void *old, const void *rec, struct jw *out)
{
	const struct rule *r = rec;
	const struct retention *t = retention_of(rq->app, r->what);
	int64_t n = 0;
	enum err err = OK;

	(void)old;
	if (t != NULL && r->active == 1)
		err = db_int(rq->db, t->count, ARGS(I(over_at(t, r->days, rq->now))), &n);
	jw_kint(out, "forgets", n);
	return err;
}

const struct entity retention_entity = {
	.name = "retention_rule", .table = "retention_rule", .path = "retention_rules",
	.fields = FIELDS(rule, rule_field),
	.read = "retention.read", .write = "admin.retention",
	.flags = ENTITY_NO_CREATE | ENTITY_NO_IMPORT | ENTITY_PREVIEW,
	.order = "id",
	.check = rule_check,
	.preview = rule_preview,
};

static enum err seed(struct app *app, struct dbc *c)
{
	enum err err = OK;

	for (size_t i = 0; i < app->nmodule; i++) {
		for (size_t k = 0; k < app->module[i]->nretain && err == OK; k++) {
			const struct retention *t = &app->module[i]->retain[k];
			int64_t n = 0;

			err = db_int(c, retain_sql[Q_RETAIN_HAS], ARGS(I(t->what)), &n);
			if (err == OK && n == 0)
				err = db_exec(c, retain_sql[Q_RETAIN_ADD],
					ARGS(I(db_new_id(c)), I(t->what), I(t->days), Z(t->basis), I(time_now())), NULL);
		}
	}
	return err;
}

/* ---- running them ---- */

struct run {
	const struct retention *t;
	int64_t rule, days, now, n;
};

/* One batch, with its audit entry. */
static enum err forget(struct dbc *c, void *arg)
{
	struct run *r = arg;
	char detail[64];
	enum err err = OK;

	r->n = 0;
	for (size_t i = 0; i < r->t->nsql && err == OK; i++)
		err = db_exec(c, r->t->sql[i], ARGS(I(over_at(r->t, r->days, r->now)), I(BATCH)), &r->n);
	if (err != OK || r->n == 0)
		return err;
	snprintf(detail, sizeof(detail), "{\"what\":\"%s\",\"rows\":%lld}", what_word[r->t->what], (long long)r->n);
	err = db_exec(c, retain_sql[Q_RETAIN_COUNTED], ARGS(I(r->rule), I(r->n)), NULL);
	return err != OK ? err : audit_add(c, &(struct audit_entry){ .at = r->now, .actor = NIL, .action = "forget",
		.object = retention_entity.name, .object_id = r->rule, .detail = str_z(detail) });
}

static enum err ran(struct dbc *c, void *arg)
{
	const struct run *r = arg;

	return db_exec(c, retain_sql[Q_RETAIN_RAN], ARGS(I(r->rule), I(r->now)), NULL);
}

static enum err due_rules(struct app *app, struct dbc *reader, int64_t now, struct run out[RETAIN_MAX], size_t *ret_n)
{
	struct rows *r = db_query(reader, retain_sql[Q_RETAIN_LIST], ARGS(I(now - EVERY_HOURS * MS_HOUR)));
	size_t n = 0;

	while (n < RETAIN_MAX && rows_next(r)) {
		out[n] = (struct run){ retention_of(app, row_int_at(r, 1)), row_int_at(r, 0), row_int_at(r, 2), now, 0 };
		n += out[n].t != NULL;
	}
	*ret_n = n;
	return rows_close(r);
}

/* As long as there is time; what is left comes at the next turn. */
static enum err turn(struct app *app, struct dbc *reader, int64_t now)
{
	int64_t end = time_monotonic() + TURN_MS;
	struct run due[RETAIN_MAX];
	size_t n = 0;
	enum err err = due_rules(app, reader, now, due, &n);

	for (size_t i = 0; i < n && err == OK; i++) {
		int64_t over = 0;

		err = db_int(reader, due[i].t->count, ARGS(I(over_at(due[i].t, due[i].days, now))), &over);
		for (; over > 0 && err == OK && time_monotonic() < end; over -= due[i].n) {
			err = db_write(app->db, forget, &due[i]);
			if (due[i].n == 0)
				break;
		}
		if (err == OK && over <= 0)
			err = db_write(app->db, ran, &due[i]);
	}
	return err;
}

static const struct job jobs[] = { { "retention", JOB_MS, turn } };
static const struct entity *const entities[] = { &retention_entity, NULL };

const struct module retain_module = {
	.name = "retention",
	.entity = entities,
	.job = jobs,
	.njob = ARRAY_LEN(jobs),
	.sql = retain_sql,
	.nsql = Q_RETAIN_MAX,
	.seed = seed,
};
