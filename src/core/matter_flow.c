/*
 * Who may take a transition. The flow table names roles and relations; an administrator may narrow or
 * widen the roles and demand more fields by flow_rule rows. "Nobody verifies what they handled" is a
 * property of the transition and cannot be edited away.
 */
#include "core/matter_flow.h"

#include <string.h>

#include "base/crypto.h"
#include "base/geo.h"
#include "core/matter_db.h"

/* They see, and write nothing. */
#define ONLOOKERS (ROLE(AUDITOR) | ROLE(DISTRICT_VIEWER))
#define ROLE_BITS ((UINT64_C(1) << ROLE_MAX) - 1)

static uint64_t parse_roles(struct str text)
{
	struct str word;
	uint64_t bits = 0;
	enum role r;

	while (str_split(&text, ' ', &word)) {
		if (role_parse(word, &r))
			bits |= UINT64_C(1) << r;
	}
	return bits;
}

enum err flow_rules_load(struct snap *s, struct dbc *c, void **ret_part)
{
	struct flow_rules *f = ARENA_NEW(s->arena, struct flow_rules);
	struct rows *r;

	if (f == NULL)
		return ERR_NOMEM;
	f->v = arena_array(s->arena, 256, sizeof(*f->v));
	if (f->v == NULL)
		return ERR_NOMEM;
	r = db_query(c, matter_sql[Q_MATTER_FLOW_RULES], NO_ARGS);
	while (f->n < 256 && rows_next(r)) {
		struct str needs = row_str_at(r, 3), roles = row_str_at(r, 2);

		f->v[f->n++] = (struct flow_rule){
			.kind = str_dup(s->arena, row_str_at(r, 0)),
			.action = str_dup(s->arena, row_str_at(r, 1)),
			.roles = roles.p != NULL ? parse_roles(roles) : 0,
			.needs = needs.p != NULL ? str_cstr(s->arena, needs) : NULL,
		};
	}
	*ret_part = f;
	return rows_close(r);
}

void flow_rules_free(void *part)
{
	(void)part; /* in the snapshot's arena */
}

static const struct flow_rule *rule_of(const struct act *a, const struct transition *t)
{
	const struct flow_rules *f = a->snap != NULL ? snap_part(a->snap, a->rq->app, &matter_module) : NULL;

	for (size_t i = 0; f != NULL && i < f->n; i++) {
		if (str_eqz(f->v[i].kind, a->kind->name) && str_eqz(f->v[i].action, t->action))
			return &f->v[i];
	}
	return NULL;
}

const char *flow_extra_needs(const struct act *a)
{
	const struct flow_rule *r = rule_of(a, a->t);

	return r != NULL ? r->needs : NULL;
}

const struct post *flow_post(const struct principal *who, uint64_t roles, const struct matter *m)
{
	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];

		if (!(roles & (UINT64_C(1) << p->role)) || m->place < p->lo || m->place >= p->hi)
			continue;
		if (p->board == TRACK_NONE || p->board == (enum track)m->track)
			return p;
	}
	return NULL;
}

static const struct post *unit_post(const struct principal *who, int64_t unit_id)
{
	for (size_t i = 0; i < who->nposts && unit_id != NIL; i++) {
		if (who->post[i].unit_id == unit_id)
			return &who->post[i];
	}
	return NULL;
}

static enum err relation(struct act *a, const struct transition *t, bool *ret)
{
	const struct principal *who = a->rq->who;
	bool unit = false, person = false;
	enum err err = OK;

	*ret = false;
	if ((t->who & REL_REPORTER) && a->m.reporter_id != NIL && a->m.reporter_id == who->user_id)
		*ret = true;
	if (!*ret && (t->who & REL_HANDLER) && a->m.handler_id != NIL && a->m.handler_id == who->user_id)
		*ret = true;
	if (!*ret && (t->who & REL_UNIT)) {
		a->as = unit_post(who, a->m.unit_id);
		*ret = a->as != NULL;
	}
	if (!*ret && (t->who & REL_COOP)) {
		err = matter_takes_part(a->rq, a->m.id, &unit, &person);
		*ret = unit;
	}
	if (!*ret && (t->who & REL_ANY))
		*ret = (who->roles & ~ONLOOKERS) != 0;
	if (*ret && a->as == NULL && who->nposts > 0)
		a->as = &who->post[0];
	return err;
}

enum err flow_may(struct act *a, const struct transition *t, uint64_t as, bool *ret)
{
	const struct flow_rule *rule;
	uint64_t roles = t->who & ROLE_BITS;
	bool handled = false;
	enum err err = OK;

	*ret = false;
	a->as = NULL;
	if (as != 0) {
		*ret = (t->who & as) != 0;
		return OK;
	}
	if (a->rq->who == NULL)
		return OK;
	rule = rule_of(a, t);
	if (rule != NULL && rule->roles != 0)
		roles = rule->roles;
	a->as = flow_post(a->rq->who, roles, &a->m);
	if (a->as != NULL)
		*ret = true;
	else
		err = relation(a, t, ret);
	if (err == OK && *ret && (t->who & NOT_HANDLER)) {
		err = matter_handled_by(a->rq->db, a->m.id, a->rq->who->user_id, &handled);
		*ret = !handled;
	}
	return err;
}

/* ---- the actions offered ---- */

static void words(struct jw *out, const char *key, const char *list, const char *more)
{
	struct str rest = str_z(list), word;

	jw_karr(out, key);
	for (int pass = 0; pass < 2; pass++) {
		while (rest.p != NULL && str_split(&rest, ' ', &word)) {
			if (word.n > 0)
				jw_str(out, word);
		}
		rest = str_z(more);
	}
	jw_end_arr(out);
}

enum err matter_actions(struct req *rq, const struct matter_kind *k, const struct matter *m, struct jw *out)
{
	struct act *a = ARENA_NEW(rq->arena, struct act);
	enum err err = a == NULL ? ERR_NOMEM : act_init(a, rq, k);

	if (err != OK)
		return err;
	a->m = a->old = *m;
	jw_arr(out);
	for (size_t i = 0; i < k->nflow && err == OK; i++) {
		const struct transition *t = &k->flow[i];
		bool allowed;

		if (t->from == 0 || (t->flags & T_HIDDEN) || !((t->from >> m->state) & 1))
			continue;
		err = flow_may(a, t, 0, &allowed);
		if (err != OK || !allowed)
			continue;
		if (k->offers != NULL && !k->offers(a, t))
			continue;
		a->t = t;
		jw_obj(out);
		jw_kz(out, "action", t->action);
		jw_kz(out, "to", t->to == MS_NONE ? NULL : vocab_word(&mstate_vocab, t->to));
		words(out, "needs", t->needs, flow_extra_needs(a));
		words(out, "allows", t->allows, NULL);
		jw_kbool(out, "danger", (t->flags & T_DANGER) != 0);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return err;
}

/* ---- small things about a matter ---- */

void matter_set_point(struct matter *m, double lon, double lat)
{
	m->lon = lon;
	m->lat = lat;
	m->morton = morton_of(lon, lat);
}

int64_t query_hash(struct str code)
{
	unsigned char h[HASH_LEN];
	int64_t v = 0;

	crypto_sha256(code, h);
	for (int i = 0; i < 8; i++)
		v = (int64_t)(((uint64_t)v << 8) | h[i]);
	return v & INT64_MAX;
}
