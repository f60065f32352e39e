/*
 * The granularity report: how far grids (or micro-grids) are from their norm, per street and, below one
 * street, per community, and which ones are outside it since when, with a proposal. Dedicated grids and
 * ended places are left out. Households are the registered ones where they are entered, else those stated
 * for the place.
 */
#include <math.h>
#include <string.h>

#include "mod/place/place_db.h"

enum { ITEMS_MAX = 500, STREETS_MAX = 4096 };

struct cell {
	int64_t code, kind, households, since, valid_from;
	bool registered; /* households counted from the registry */
	struct str name, reason;
};

struct sum {
	int64_t place, n, outside;
	double drift, worst;
};

struct report {
	struct req *rq;
	const struct norms *norms;
	enum level level;
	struct cell *cell;
	size_t n, cap;
	struct sum all, *street, *community;
	size_t nstreet, ncommunity;
	bool communities; /* they are told apart too */
};

static enum err add_cell(struct report *p, const struct cell *c)
{
	if (p->n == p->cap) {
		size_t cap = p->cap * 2 + 256;
		struct cell *bigger = arena_array(p->rq->arena, cap, sizeof(*bigger));

		if (bigger == NULL)
			return ERR_NOMEM;
		if (p->n > 0)
			memcpy(bigger, p->cell, p->n * sizeof(*bigger));
		p->cell = bigger;
		p->cap = cap;
	}
	p->cell[p->n] = *c;
	p->cell[p->n].name = str_dup(p->rq->arena, c->name);
	p->cell[p->n].reason = str_dup(p->rq->arena, c->reason);
	p->n++;
	return OK;
}

static enum err load_cells(struct report *p, int64_t place)
{
	struct rows *r = db_query(p->rq->db, place_sql[Q_GRANULARITY],
				  ARGS(I(place), I(place_end(place)), I(p->level)));
	int64_t today = date_of(p->rq->now);
	enum err err = OK, end;

	while (err == OK && rows_next(r)) {
		struct cell c = { .code = row_int(r, "code"), .kind = row_int(r, "kind"),
			.households = row_int(r, "households"), .since = row_int(r, "norm_since"),
			.valid_from = row_int(r, "valid_from"), .name = row_str(r, "name"),
			.reason = row_str(r, "norm_reason") };
		int64_t valid_to = row_int(r, "valid_to");

		if (norm_of(p->norms, p->level, c.kind) != NULL && place_in_force(valid_to, today) &&
		    (p->rq->who == NULL || scope_sees(p->rq->who, "place.read", c.code)))
			err = add_cell(p, &c);
	}
	end = rows_close(r);
	return err != OK ? err : end;
}

/* Both lists ascend by code. */
enum err place_sizes(struct dbc *c, enum level level, int64_t place, struct place_size *v, size_t n)
{
	struct rows *r = db_query(c, place_sql[Q_GRANULARITY_HOMES],
				  ARGS(I(level == LEVEL_GRID ? 100 : 1), I(place), I(place_end(place))));
	size_t i = 0;

	while (rows_next(r)) {
		int64_t code = row_int_at(r, 0), homes = row_int_at(r, 1);

		while (i < n && v[i].code < code)
			i++;
		if (i < n && v[i].code == code && households_entered(homes, v[i].households)) {
			v[i].households = homes;
			v[i].registered = true;
		}
	}
	return rows_close(r);
}

static enum err count_homes(struct req *rq, enum level level, int64_t place, struct cell *cell, size_t n)
{
	struct place_size *v = arena_array(rq->arena, n + 1, sizeof(*v));
	enum err err;

	if (v == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct place_size){ .code = cell[i].code, .households = cell[i].households };
	err = place_sizes(rq->db, level, place, v, n);
	for (size_t i = 0; i < n; i++) {
		cell[i].households = v[i].households;
		cell[i].registered = v[i].registered;
	}
	return err;
}

static void add_to(struct sum *s, double drift, bool ok)
{
	s->n++;
	s->drift += drift;
	s->outside += !ok;
	if (drift > s->worst)
		s->worst = drift;
}

/* The sum of a place, which is the last one or a new one. NULL: too many. */
static struct sum *sum_of(struct sum *v, size_t *n, int64_t place)
{
	if (*n > 0 && v[*n - 1].place == place)
		return &v[*n - 1];
	if (*n == STREETS_MAX)
		return NULL;
	v[*n] = (struct sum){ .place = place };
	return &v[(*n)++];
}

static enum err sum_up(struct report *p)
{
	p->street = arena_array(p->rq->arena, STREETS_MAX, sizeof(*p->street));
	p->community = arena_array(p->rq->arena, STREETS_MAX, sizeof(*p->community));
	if (p->street == NULL || p->community == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < p->n; i++) {
		const struct cell *c = &p->cell[i];
		const struct norm *norm = norm_of(p->norms, p->level, c->kind);
		struct sum *street = sum_of(p->street, &p->nstreet, place_up(c->code, LEVEL_STREET)), *community = NULL;
		double drift = norm_drift(norm, c->households);
		bool ok = norm_ok(norm, c->households);

		if (p->communities)
			community = sum_of(p->community, &p->ncommunity, place_up(c->code, LEVEL_COMMUNITY));
		if (street == NULL || (p->communities && community == NULL))
			return ERR_LIMIT;
		add_to(street, drift, ok);
		if (community != NULL)
			add_to(community, drift, ok);
		add_to(&p->all, drift, ok);
	}
	return OK;
}

/* ---- proposals ---- */

/* The neighbour in order of code within the same parent that makes the smaller whole. */
static const struct cell *neighbour(const struct report *p, size_t i)
{
	enum level up = (enum level)(p->level - 1);
	int64_t parent = place_up(p->cell[i].code, up);
	const struct cell *best = NULL;

	if (i > 0 && place_up(p->cell[i - 1].code, up) == parent)
		best = &p->cell[i - 1];
	if (i + 1 < p->n && place_up(p->cell[i + 1].code, up) == parent &&
	    (best == NULL || p->cell[i + 1].households < best->households))
		best = &p->cell[i + 1];
	return best;
}

static void propose(const struct report *p, size_t i, const struct norm *norm, struct jw *out)
{
	const struct cell *c = &p->cell[i], *other;
	struct arena *a = p->rq->arena;
	bool micro = p->level == LEVEL_MICRO;

	if (c->households > norm->high) {
		long long parts = norm_parts(norm, c->households), each = (c->households + parts / 2) / parts;

		jw_kstr(out, "proposal", str_fmt(a, "建议拆分为 %lld 个%s，每个约 %lld 户", parts,
						 micro ? "微网格" : "网格", each));
		jw_kstr(out, "proposal_en", str_fmt(a, "Split into %lld %s of about %lld households", parts,
						    micro ? "micro-grids" : "grids", each));
		return;
	}
	other = neighbour(p, i);
	if (other == NULL) {
		jw_kz(out, "proposal", NULL);
		jw_kz(out, "proposal_en", NULL);
		return;
	}
	long long sum = c->households + other->households;

	jw_kstr(out, "proposal", str_fmt(a, sum <= norm->high ? "建议与%.*s合并，合并后约 %lld 户"
					 : "建议与%.*s之间调整边界，两者共 %lld 户",
					 (int)other->name.n, other->name.p, sum));
	jw_kstr(out, "proposal_en", str_fmt(a, sum <= norm->high ? "Merge with %.*s: %lld households together"
					    : "Move the border with %.*s: %lld households together",
					    (int)other->name.n, other->name.p, sum));
}

/* ---- the reply ---- */

static const char *const flag_word[] = { "split", "merge", NULL };
static const struct vocab flag_vocab = { .name = "granularity_flag", .word = flag_word };

static const struct member item_member[] = {
	{ "code", F_CODE },
	{ "name", F_STR },
	{ "street", F_STR, .null = true },
	{ "street_code", F_CODE },
	{ "community", F_STR, .null = true },
	{ "community_code", F_CODE },
	{ "households", F_INT },
	{ "registered", F_BOOL, .help = "households counted from the registry; false: as stated for the place" },
	{ "drift", F_REAL },
	{ "flag", F_ENUM, .vocab = &flag_vocab },
	{ "proposal", F_STR, .null = true },
	{ "proposal_en", F_STR, .null = true },
	{ "reason", F_STR, .null = true },
	{ "since", F_DATE, .null = true },
	{ "days", F_INT, .null = true },
};
static const struct shape item_shape = { .name = "GranularityItem", MEMBERS(item_member) };

static const struct member sum_member[] = {
	{ "mean_drift", F_REAL, .null = true },
	{ "worst", F_REAL, .null = true },
	{ "cells", F_INT },
	{ "outside", F_INT },
};
static const struct shape sum_shape = { .name = NULL, MEMBERS(sum_member) };

static const struct member street_member[] = { { "code", F_CODE }, { "name", F_STR } };
static const struct shape street_shape = { .name = "GranularityStreet", .base = &sum_shape, MEMBERS(street_member) };

static const struct member report_member[] = {
	{ "norms", .of = &norms_reply },
	{ "streets", .of = &street_shape, .list = 1 },
	{ "communities", .of = &street_shape, .list = 1, .help = "only below one street" },
	{ "items", .of = &item_shape, .list = 1, .help = "those outside the norm, worst first" },
};
const struct shape granularity_shape = { .name = "Granularity", .base = &sum_shape, MEMBERS(report_member) };

static void write_item(const struct report *p, size_t i, struct jw *out)
{
	const struct cell *c = &p->cell[i];
	const struct norm *norm = norm_of(p->norms, p->level, c->kind);
	int64_t since = c->since != NIL ? c->since : c->valid_from, today = date_of(p->rq->now);

	jw_obj(out);
	jw_kid(out, "code", c->code);
	jw_kstr(out, "name", c->name);
	jw_kstr(out, "street", snap_place_name(req_snap(p->rq), place_up(c->code, LEVEL_STREET)));
	jw_kid(out, "street_code", place_up(c->code, LEVEL_STREET));
	jw_kstr(out, "community", snap_place_name(req_snap(p->rq), place_up(c->code, LEVEL_COMMUNITY)));
	jw_kid(out, "community_code", place_up(c->code, LEVEL_COMMUNITY));
	jw_kint(out, "households", c->households);
	jw_kbool(out, "registered", c->registered);
	jw_kreal(out, "drift", norm_drift(norm, c->households));
	jw_kz(out, "flag", c->households > norm->high ? "split" : "merge");
	propose(p, i, norm, out);
	jw_kstr(out, "reason", c->reason);
	jw_kdate(out, "since", since);
	jw_kint(out, "days", since == NIL ? NIL : date_to_days(today) - date_to_days(since));
	jw_end_obj(out);
}

/* Index of the cells outside the norm, worst first. */
static size_t outside(const struct report *p, size_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct norm *norm = norm_of(p->norms, p->level, p->cell[i].kind);
		double drift = norm_drift(norm, p->cell[i].households);
		size_t at = n;

		if (norm_ok(norm, p->cell[i].households))
			continue;
		if (n == ITEMS_MAX && drift <= norm_drift(norm, p->cell[ret[n - 1]].households))
			continue;
		if (n < ITEMS_MAX)
			n++;
		else
			at = n - 1;
		for (; at > 0 && norm_drift(norm, p->cell[ret[at - 1]].households) < drift; at--)
			ret[at] = ret[at - 1];
		ret[at] = i;
	}
	return n;
}

static void write_sum(const struct sum *s, struct jw *out)
{
	jw_kreal(out, "mean_drift", s->n > 0 ? s->drift / (double)s->n : (double)NAN);
	jw_kreal(out, "worst", s->n > 0 ? s->worst : (double)NAN);
	jw_kint(out, "cells", s->n);
	jw_kint(out, "outside", s->outside);
}

static void write_sums(const struct report *p, const char *key, const struct sum *v, size_t n, struct jw *out)
{
	jw_karr(out, key);
	for (size_t i = 0; i < n; i++) {
		jw_obj(out);
		jw_kid(out, "code", v[i].place);
		jw_kstr(out, "name", snap_place_name(req_snap(p->rq), v[i].place));
		write_sum(&v[i], out);
		jw_end_obj(out);
	}
	jw_end_arr(out);
}

static enum err write_report(const struct report *p, struct jw *out)
{
	size_t *pick = arena_array(p->rq->arena, ITEMS_MAX + 1, sizeof(*pick)), n;

	if (pick == NULL)
		return ERR_NOMEM;
	n = outside(p, pick);
	jw_obj(out);
	write_sum(&p->all, out);
	jw_key(out, "norms");
	norms_write(p->norms, out);
	write_sums(p, "streets", p->street, p->nstreet, out);
	write_sums(p, "communities", p->community, p->ncommunity, out);
	jw_karr(out, "items");
	for (size_t i = 0; p->cell != NULL && i < n; i++)
		write_item(p, pick[i], out);
	jw_end_arr(out);
	jw_end_obj(out);
	p->rq->rows = (int64_t)n;
	return OK;
}

enum err granularity_report(struct req *rq, struct jw *out)
{
	struct report p = { .rq = rq, .norms = snap_norms(req_snap(rq), rq->app), .level = LEVEL_GRID };
	struct str level = req_query(rq, "level");
	int64_t place = req_query_int(rq, "place");
	enum err err;

	if (level.p != NULL && str_eqz(level, "micro_grid"))
		p.level = LEVEL_MICRO;
	else if (level.p != NULL && !str_eqz(level, "grid"))
		return req_fail(rq, ERR_INVALID, "word", "level", "level is grid or micro_grid");
	p.communities = place != NIL && place_level(place) >= LEVEL_STREET;
	err = load_cells(&p, place == NIL ? 0 : place);
	if (err == OK)
		err = count_homes(rq, p.level, place == NIL ? 0 : place, p.cell, p.n);
	if (err == OK)
		err = sum_up(&p);
	return err != OK ? err : write_report(&p, out);
}
