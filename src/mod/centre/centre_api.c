/* Setting up units from the place tree, and whether every street has its centre (R011). */
#include "mod/centre/centre.h"

#include <math.h>

#include "core/account.h"
#include "core/audit.h"
#include "mod/centre/centre_db.h"
#include "mod/event/event.h"
#include "mod/place/place.h"

struct setup {
	struct req *rq;
	const struct event_book *book;
	int64_t added;
};

static const char *const board_name[TRACK_MAX] = { NULL, "党的建设", "经济发展", "民生服务", "平安法治" };

static enum err add(struct setup *s, struct str name, struct str alias, int kind, int64_t place, enum track board)
{
	int64_t id, changed = 0;
	enum err err;

	if (alias.p == NULL && event_unit_at(s->book, place, kind, board) != NULL)
		return OK;
	if (alias.p != NULL && smap_get(s->book->alias, alias) != NULL)
		return OK;
	id = db_new_id(s->rq->db);
	if (id == NIL)
		return ERR_RETRY;
	err = db_exec(s->rq->db, centre_sql[Q_CENTRE_PUT],
		ARGS(I(id), T(name), T(alias), I(kind), I(place), I(board), I(s->rq->now),
			I(s->rq->who != NULL ? s->rq->who->user_id : NIL)), &changed);
	s->added += changed;
	return err;
}

static enum err add_street(struct setup *s, const struct place *p)
{
	struct str none = { NULL, 0 };
	struct arena *a = s->rq->arena;
	enum err err = add(s, str_fmt(a, "%.*s基层治理指挥中心", (int)p->name.n, p->name.p), none, UNIT_CENTRE, p->code,
		TRACK_NONE);

	for (int t = TRACK_PARTY; t < TRACK_MAX && err == OK; t++)
		err = add(s, str_fmt(a, "%.*s·%s板块", (int)p->name.n, p->name.p, board_name[t]), none, UNIT_BOARD, p->code,
			(enum track)t);
	return err;
}

static enum err add_departments(struct setup *s, int64_t place)
{
	enum err err = OK;

	for (size_t i = 0; i < nunit_seeds && err == OK; i++)
		err = add(s, str_z(unit_seeds[i].name), str_z(unit_seeds[i].alias), UNIT_DEPARTMENT, place, TRACK_NONE);
	return err;
}

enum err centre_setup(struct req *rq, int64_t *ret_added)
{
	const struct snap *snap = req_snap(rq);
	struct setup s = { .rq = rq, .book = event_book(snap, rq->app) };
	struct str none = { NULL, 0 };
	bool departments = false;
	enum err err = OK;

	for (size_t i = 0; i < snap->nplace && err == OK; i++) {
		const struct place *p = &snap->place[i];

		if (p->level == LEVEL_DISTRICT && !departments) {
			err = add_departments(&s, p->code);
			departments = true;
		} else if (p->level == LEVEL_STREET) {
			err = add_street(&s, p);
		} else if (p->level == LEVEL_COMMUNITY) {
			err = add(&s, p->name, none, UNIT_COMMUNITY, p->code, TRACK_NONE);
		} else if (p->level == LEVEL_GRID) {
			err = add(&s, p->name, none, UNIT_GRID, p->code, TRACK_NONE);
		}
	}
	if (err == OK && s.added > 0)
		err = snap_touch(rq->db);
	if (err == OK)
		*ret_added = s.added;
	return err;
}

static const struct member setup_member[] = { { "added", F_INT } };
static const struct shape setup_shape = { .name = "UnitsAdded", MEMBERS(setup_member) };

static enum err setup(struct req *rq, struct jw *out)
{
	int64_t added = 0;
	enum err err = centre_setup(rq, &added);

	if (err == OK)
		err = audit_add(rq->db, &(struct audit_entry){ .at = rq->now, .actor = rq->who->user_id, .action = "setup",
			.object = "unit", .object_id = NIL, .detail = str_fmt(rq->arena, "{\"added\":%lld}", (long long)added) });
	rq->reply.status = 200;
	jw_obj(out);
	jw_kint(out, "added", added);
	jw_end_obj(out);
	return err;
}

/* Streets with a centre over all streets in sight; those without one are named. */
static enum err coverage(struct req *rq, struct jw *out)
{
	const struct snap *s = req_snap(rq);
	const struct event_book *b = event_book(s, rq->app);
	int64_t have = 0, all = 0;

	jw_obj(out);
	jw_karr(out, "missing");
	for (size_t i = 0; i < s->nplace; i++) {
		const struct place *p = &s->place[i];

		if (p->level != LEVEL_STREET || p->valid_to != NIL || !scope_sees(rq->who, "unit.read", p->code))
			continue;
		all++;
		if (event_unit_at(b, p->code, UNIT_CENTRE, TRACK_NONE) != NULL) {
			have++;
			continue;
		}
		jw_obj(out);
		jw_kid(out, "code", p->code);
		jw_kstr(out, "name", p->name);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kint(out, "numerator", have);
	jw_kint(out, "denominator", all);
	jw_kreal(out, "value", all == 0 ? NAN : (double)have / (double)all);
	jw_end_obj(out);
	return OK;
}

static const struct route routes[] = {
	{ .method = M_POST, .path = "/api/units/setup", .perm = "unit.write", .reply = &setup_shape, .fn = setup, .id = "setupUnits",
		.summary = "Add every centre, board, community, grid and department unit that is missing" },
	{ .method = M_GET, .path = "/api/reports/centre-coverage", .perm = "unit.read", .reply = &coverage_shape,
		.fn = coverage, .id = "getCentreCoverage", .summary = "Streets with a command centre" },
};

const struct module centre_module = {
	.name = "centre",
	.route = routes,
	.nroute = ARRAY_LEN(routes),
	.sql = centre_sql,
	.nsql = Q_CENTRE_MAX,
};
