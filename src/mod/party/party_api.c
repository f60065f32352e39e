/* Party organisations over HTTP: the two entities with their rules, the way upwards, the coverage. */
#include <math.h>

#include "mod/party/party_db.h"
#include "mod/place/place.h"

enum { MISSING_MAX = 500 };

static const struct field org_fields[] = {
	FIELD(party_org, id, F_ID, .flags = FIELD_READONLY),
	FIELD(party_org, version, F_INT),
	FIELD(party_org, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT, .min = 1, .max = 80),
	FIELD(party_org, level, F_ENUM, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER | FIELD_SORT,
	      .vocab = &party_level_vocab),
	FIELD(party_org, form, F_ENUM, .flags = FIELD_REQUIRED | FIELD_FILTER, .vocab = &party_form_vocab),
	FIELD(party_org, parent_id, F_ID, .flags = FIELD_FILTER),
	FIELD(party_org, place, F_CODE, .flags = FIELD_REQUIRED | FIELD_SCOPE | FIELD_FILTER),
	FIELD(party_org, secretary, F_STR, .flags = FIELD_SEARCH, .max = 40),
	FIELD(party_org, founded, F_DATE),
	FIELD(party_org, election_due, F_DATE, .flags = FIELD_SORT),
	FIELD(party_org, active, F_BOOL, .flags = FIELD_FILTER | FIELD_ALWAYS),
};

static const struct field cover_fields[] = {
	FIELD(party_cover, id, F_ID, .flags = FIELD_READONLY),
	FIELD(party_cover, version, F_INT),
	FIELD(party_cover, org_id, F_ID, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER, .ref = "party_org"),
	FIELD(party_cover, grid, F_CODE, .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_SCOPE | FIELD_FILTER),
};

/* ---- rules ---- */

static bool inside(int64_t code, int64_t place)
{
	return code >= place && code < place_end(place);
}

static enum err check_place(struct req *rq, const struct party_org *o)
{
	const struct place *p = snap_place(req_snap(rq), o->place);

	if (p == NULL || !place_in_force(p->valid_to, date_of(rq->now)))
		return req_fail(rq, ERR_INVALID, "reference", "place", "there is no such place");
	if (!party_place_fits(o->level, p->level))
		return req_fail(rq, ERR_INVALID, "party.place_level", "place",
				"an organisation of this level does not stand at a %s",
				vocab_word(&level_vocab, p->level));
	return OK;
}

/* A group of a joint organisation may stand in any grid that the organisation covers. */
static enum err check_parent(struct req *rq, const struct party_org *o)
{
	struct party_org up;
	bool found, ok;
	enum err err;

	if (o->level == PARTY_STREET && o->parent_id == NIL)
		return OK;
	if (o->parent_id == NIL)
		return req_fail(rq, ERR_INVALID, "party.no_parent", "parent_id",
				"an organisation of this level stands below another one");
	err = party_org_load(rq->db, rq->arena, o->parent_id, &up, &found);
	if (err != OK)
		return err;
	if (!found || o->parent_id == o->id)
		return req_fail(rq, ERR_INVALID, "reference", "parent_id", "there is no such organisation");
	if (!party_parent_fits(o->level, up.level))
		return req_fail(rq, ERR_INVALID, "party.parent_level", "parent_id",
				"its parent must be exactly one level above it");
	if (up.active != 1 && o->active == 1)
		return req_fail(rq, ERR_CONFLICT, "party.parent_ended", "parent_id", "%.*s is no longer active",
				(int)up.name.n, up.name.p);
	ok = inside(o->place, up.place);
	if (!ok && up.form == PARTY_JOINT)
		err = party_covers(rq->db, up.id, place_up(o->place, LEVEL_GRID), &ok);
	if (err == OK && !ok)
		return req_fail(rq, ERR_INVALID, "party.outside_parent", "place",
				"it lies outside the area of %.*s", (int)up.name.n, up.name.p);
	return err;
}

/* What stands below keeps its footing: no active children without an active parent, no links of an
 * organisation that is not joint, no children left outside. */
static enum err check_below(struct req *rq, const struct party_org *old, const struct party_org *o)
{
	int64_t n = 0;
	enum err err = OK;

	if (old->active == 1 && o->active != 1) {
		err = party_count(rq->db, Q_ORG_CHILDREN, o->id, &n);
		if (err == OK && n > 0)
			return req_fail(rq, ERR_CONFLICT, "party.has_children", "active",
					"%lld active organisations stand below it", (long long)n);
	}
	if (err == OK && old->form == PARTY_JOINT && o->form != PARTY_JOINT) {
		err = party_count(rq->db, Q_ORG_COVERS, o->id, &n);
		if (err == OK && n > 0)
			return req_fail(rq, ERR_CONFLICT, "party.has_covers", "form",
					"it still covers %lld other grids", (long long)n);
	}
	if (err == OK && old->place != o->place) {
		err = db_int(rq->db, party_sql[Q_ORG_CHILD_OUTSIDE],
			     ARGS(I(o->id), I(o->place), I(place_end(o->place))), &n);
		if (err == OK && n > 0)
			return req_fail(rq, ERR_CONFLICT, "party.leaves_children", "place",
					"%lld organisations below it would lie outside", (long long)n);
	}
	return err;
}

static enum err org_check(struct req *rq, const void *was, void *now)
{
	struct party_org *o = now;
	enum err err;

	if (o->active == NIL)
		o->active = 1;
	if (o->level == PARTY_NONE)
		return req_fail(rq, ERR_INVALID, "word", "level", "level is street, community, grid, micro_grid or household");
	if (!party_form_fits(o->level, o->form))
		return req_fail(rq, ERR_INVALID, "party.form", "form", "only grid organisations are joint");
	err = check_place(rq, o);
	if (err == OK)
		err = check_parent(rq, o);
	return err == OK && was != NULL ? check_below(rq, was, o) : err;
}

static enum err cover_check(struct req *rq, const void *was, void *now)
{
	const struct party_cover *c = now;
	const struct place *p = snap_place(req_snap(rq), c->grid);
	struct party_org o;
	bool found;
	enum err err = party_org_load(rq->db, rq->arena, c->org_id, &o, &found);

	(void)was;
	if (err != OK)
		return err;
	if (!found || o.level != PARTY_GRID || o.form != PARTY_JOINT)
		return req_fail(rq, ERR_INVALID, "party.not_joint", "org_id",
				"only a joint grid organisation covers further grids");
	if (p == NULL || p->level != LEVEL_GRID || !place_in_force(p->valid_to, date_of(rq->now)))
		return req_fail(rq, ERR_INVALID, "reference", "grid", "there is no such grid");
	if (c->grid == o.place)
		return req_fail(rq, ERR_INVALID, "party.own_grid", "grid", "it covers its own grid anyway");
	return OK;
}

/* ---- the way upwards ---- */

static void write_org(const struct snap *s, const struct party_org *o, struct jw *out)
{
	jw_obj(out);
	jw_kid(out, "id", o->id);
	jw_kstr(out, "name", o->name);
	jw_kz(out, "level", vocab_word(&party_level_vocab, o->level));
	jw_kz(out, "form", vocab_word(&party_form_vocab, o->form));
	jw_kid(out, "place", o->place);
	jw_kstr(out, "place_name", snap_place_name(s, o->place));
	jw_end_obj(out);
}

/* From the street committee down to the organisation itself. */
static enum err write_path(struct req *rq, const struct party_org *o, struct jw *out)
{
	struct party_org up[PARTY_LEVEL_MAX];
	size_t n = 0;
	bool found = true;
	enum err err = OK;

	up[n++] = *o;
	while (err == OK && found && up[n - 1].parent_id != NIL && n < PARTY_HOUSEHOLD) {
		err = party_org_load(rq->db, rq->arena, up[n - 1].parent_id, &up[n], &found);
		n += err == OK && found;
	}
	jw_karr(out, "path");
	while (n-- > 0)
		write_org(req_snap(rq), &up[n], out);
	jw_end_arr(out);
	return err;
}

static const struct member step_member[] = {
	{ "id", F_ID },
	{ "name", F_STR },
	{ "level", F_ENUM, .vocab = &party_level_vocab },
	{ "form", F_ENUM, .vocab = &party_form_vocab },
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
};
static const struct shape step_shape = { .name = "PartyOrgStep", MEMBERS(step_member) };
static const struct member path_member[] = {
	{ "path", .of = &step_shape, .list = 1, .help = "from the street committee down" },
};
static const struct shape path_shape = { .name = "PartyOrgPath", MEMBERS(path_member) };
static const struct member cover_more_member[] = { { "grid_name", F_STR, .null = true } };
static const struct shape cover_more_row = { .name = NULL, MEMBERS(cover_more_member) };

static enum err org_extra(struct req *rq, const void *rec, struct jw *out)
{
	return write_path(rq, rec, out);
}

const struct entity party_org_entity = {
	.name = "party_org",
	.table = "party_org",
	.path = "party_orgs",
	.fields = FIELDS(party_org, org_fields),
	.read = "party.read",
	.write = "party.write",
	.flags = ENTITY_CARRY | ENTITY_DELETE,
	.order = "id",
	.check = org_check,
	.extra = org_extra,
	.more = &path_shape,
	.extra_row = entity_place_name,
	.more_row = &entity_place_name_shape,
};

const struct entity party_cover_entity = {
	.name = "party_cover",
	.table = "party_cover",
	.path = "party_covers",
	.fields = FIELDS(party_cover, cover_fields),
	.read = "party.read",
	.write = "party.write",
	.flags = ENTITY_CARRY | ENTITY_DELETE, .once = "org_id",
	.order = "id",
	.check = cover_check,
	.extra_row = entity_place_name,
	.more_row = &cover_more_row,
};

static enum err read_path(struct req *rq, struct jw *out)
{
	struct party_org o;
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = entity_get(rq, &party_org_entity, id, &o);
	if (err != OK)
		return err;
	jw_obj(out);
	err = write_path(rq, &o, out);
	jw_end_obj(out);
	return err;
}

/* ---- coverage ---- */

struct covering {
	struct req *rq;
	const struct snap *s;
	size_t next, end; /* the slice of places not yet looked at */
	struct party_coverage r;
	void (*missing)(const struct place *p, void *arg);
	void *arg;
};

static bool counts(const struct covering *c, const struct place *p)
{
	return p->level == LEVEL_GRID && place_in_force(p->valid_to, date_of(c->rq->now)) &&
	       (c->rq->who == NULL || scope_sees(c->rq->who, "party.read", p->code));
}

/* Grids before `grid` have no cover. */
static void pass_uncovered(struct covering *c, int64_t grid)
{
	for (; c->next < c->end && c->s->place[c->next].code < grid; c->next++) {
		const struct place *p = &c->s->place[c->next];

		if (!counts(c, p))
			continue;
		c->r.grids++;
		if (c->missing != NULL)
			c->missing(p, c->arg);
	}
}

static void covered(int64_t grid, void *arg)
{
	struct covering *c = arg;

	pass_uncovered(c, grid);
	if (c->next < c->end && c->s->place[c->next].code == grid) {
		bool one = counts(c, &c->s->place[c->next++]);

		c->r.grids += one;
		c->r.covered += one;
	}
}

enum err party_coverage(struct req *rq, int64_t place, void (*missing)(const struct place *p, void *arg), void *arg,
			struct party_coverage *ret)
{
	struct covering c = { .rq = rq, .s = req_snap(rq), .missing = missing, .arg = arg };
	size_t n;
	enum err err;

	snap_subtree(c.s, place, &c.next, &n);
	c.end = c.next + n;
	err = party_covered_each(rq->db, place, covered, &c);
	if (err != OK)
		return err;
	pass_uncovered(&c, INT64_MAX);
	*ret = c.r;
	return OK;
}

struct listing {
	struct jw *out;
	int64_t n;
};

static void list_missing(const struct place *p, void *arg)
{
	struct listing *l = arg;

	if (l->n++ >= MISSING_MAX)
		return;
	jw_obj(l->out);
	jw_kid(l->out, "code", p->code);
	jw_kstr(l->out, "name", p->name);
	jw_end_obj(l->out);
}

static enum err coverage_report(struct req *rq, struct jw *out)
{
	int64_t place = req_query_int(rq, "place");
	struct listing l = { .out = out };
	struct party_coverage r;
	enum err err;

	jw_obj(out);
	jw_karr(out, "missing");
	err = party_coverage(rq, place == NIL ? 0 : place, list_missing, &l, &r);
	jw_end_arr(out);
	if (err == OK) {
		jw_kint(out, "numerator", r.covered);
		jw_kint(out, "denominator", r.grids);
		jw_kreal(out, "value", r.grids > 0 ? (double)r.covered / (double)r.grids : (double)NAN);
	}
	jw_end_obj(out);
	rq->rows = l.n;
	return err;
}

static const struct param coverage_params[] = { { "place", F_CODE, "only this place and below" } };

static const struct route party_routes[] = {
	{ .method = M_GET, .path = "/api/party-orgs/{id}/path", .perm = "party.read", .flags = ROUTE_QUICK,
	  .reply = &path_shape, .fn = read_path, .id = "getPartyOrgPath", .summary = "The organisations above one, street committee first" },
	{ .method = M_GET, .path = "/api/reports/party-coverage", .perm = "party.read", .query = coverage_params,
	  .nquery = ARRAY_LEN(coverage_params), .reply = &coverage_shape, .fn = coverage_report,
	  .id = "getPartyCoverage",
	  .summary = "Grids covered by a solo or joint organisation, and those that are not" },
};

static const struct entity *const party_entities[] = { &party_org_entity, &party_cover_entity, NULL };

const struct module party_module = {
	.name = "party",
	.entity = party_entities,
	.route = party_routes,
	.nroute = ARRAY_LEN(party_routes),
	.sql = party_sql,
	.nsql = PARTY_NSQL,
};
