/*
 * The workforce: about 67 posts per community. Thirteen of them are the demo accounts, which can sign
 * in; the others cannot. Whoever acts in the story is also kept as a principal.
 */
#include <stdio.h>

#include "base/crypto.h"
#include "mod/demo/demo_text.h"
#include "mod/demo/demo_world.h"
#include "mod/event/event.h"

enum { POSTS_PER_COMMUNITY = 67, OTHERS_LEAST = 3, PER_STREET = 16, PER_COMMUNITY = 2, PER_GRID = 5 };

struct staff {
	struct pieces *p;
	struct dbc *c;
	int64_t street; /* of the logins */
	int seq;
	int64_t accounts, posts;
};

struct hire {
	const char *login; /* a demo account; NULL: one that cannot sign in */
	enum role role;
	int64_t place, unit; /* unit 0: none */
	enum track board;
	bool idle; /* takes no part in the story */
	int64_t backup_of; /* 0: none */
};

static enum err put_post(struct staff *s, const struct hire *h, int64_t user, int64_t *ret_id)
{
	int64_t id = db_new_id(s->c);

	if (id == NIL)
		return ERR_RETRY;
	*ret_id = id;
	s->posts++;
	return db_exec(s->c, demo_sql[Q_DEMO_POST],
		ARGS(I(id), I(user), I(h->role), I(h->place), I(h->unit != 0 ? h->unit : NIL), I(h->board),
			I(h->backup_of != 0 ? h->backup_of : NIL), I(s->p->w->start - MS_DAY)), NULL);
}

static const struct principal *actor(struct world *w, const struct hire *h, struct str login, struct str name,
				     int64_t user, int64_t post)
{
	struct principal *q = ARENA_NEW(w->a, struct principal);

	if (q == NULL)
		return NULL;
	q->user_id = user;
	q->login = str_dup(w->a, login);
	q->name = str_dup(w->a, name);
	q->nposts = 1;
	q->roles = UINT64_C(1) << h->role;
	q->post[0] = (struct post){ .id = post, .role = h->role, .lo = h->place, .hi = place_end(h->place),
		.unit_id = h->unit != 0 ? h->unit : NIL, .board = h->board };
	return q;
}

/* Everybody of the story who has a unit works there. */
static enum err join_crew(struct world *w, const struct principal *q)
{
	int64_t unit = q->post[0].unit_id;
	struct crew *crew = unit == NIL ? NULL : map_get(w->crew, unit);

	if (unit == NIL)
		return OK;
	if (crew == NULL) {
		crew = ARENA_NEW(w->a, struct crew);
		if (crew == NULL || map_put(w->crew, unit, crew) != OK)
			return ERR_NOMEM;
	}
	if (crew->n < CREW_MAX)
		crew->v[crew->n++] = q;
	return OK;
}

static void empty_crew(struct world *w, int64_t unit)
{
	struct crew *crew = map_get(w->crew, unit);

	if (crew != NULL)
		crew->n = 0;
}

/* One person with one post. *ret (NULL allowed) gets the principal, *ret_user the account. */
static enum err hire(struct staff *s, const struct hire *h, const struct principal **ret, int64_t *ret_user,
		     int64_t *ret_post)
{
	struct world *w = s->p->w;
	int64_t user = db_new_id(s->c), post = 0;
	struct str name = demo_text_person(&s->p->r, w->batch);
	struct str login = h->login != NULL ? str_z(h->login)
				: str_fmt(w->batch, "u%03lld%05d", (long long)s->street, ++s->seq);
	const struct principal *q;
	enum err err;

	if (user == NIL)
		return ERR_RETRY;
	err = db_exec(s->c, demo_sql[Q_DEMO_ACCOUNT],
		ARGS(I(user), T(login), T(name), Z(h->login != NULL ? w->hash : NULL), I(h->login != NULL),
			I(w->start - MS_DAY)), NULL);
	if (err == OK)
		err = put_post(s, h, user, &post);
	s->accounts++;
	if (ret_user != NULL)
		*ret_user = user;
	if (ret_post != NULL)
		*ret_post = post;
	if (err != OK || h->idle || w->o.events == 0)
		return err;
	q = actor(w, h, login, name, user, post);
	if (ret != NULL)
		*ret = q;
	return q == NULL ? ERR_NOMEM : join_crew(w, q);
}

/* ---- the district ---- */

static enum err district_staff(struct staff *s)
{
	struct world *w = s->p->w;
	struct snap *snap = snap_get(w->app);
	int64_t busiest = demo_busiest(w);
	const struct hire top[] = {
		{ .login = "admin", .role = ROLE_DISTRICT_ADMIN, .place = w->top, .idle = true },
		{ .login = "district", .role = ROLE_DISTRICT_VIEWER, .place = w->top, .idle = true },
		{ .login = "auditor1", .role = ROLE_AUDITOR, .place = w->top, .idle = true },
	};
	enum err err = OK;

	for (size_t i = 0; i < ARRAY_LEN(top) && err == OK; i++)
		err = hire(s, &top[i], NULL, NULL, NULL);
	for (size_t i = 0; i < snap->nunit && err == OK; i++) {
		const struct unit *u = &snap->units[i];
		struct hire h = { .login = u->id == busiest ? "dept1" : NULL, .role = ROLE_DISTRICT_DEPT,
			.place = w->top, .unit = u->id };

		if (u->kind != UNIT_DEPARTMENT)
			continue;
		empty_crew(w, u->id);
		err = hire(s, &h, NULL, NULL, NULL);
		h.login = NULL;
		if (err == OK)
			err = hire(s, &h, NULL, NULL, NULL);
	}
	snap_put(snap);
	return err;
}

/* ---- a street ---- */

static enum err grid_staff(struct staff *s, struct demo_grid *g, bool first)
{
	struct world *w = s->p->w;
	int64_t leader = NIL, post = 0, helper = NIL;
	struct hire h = { .login = first ? "leader1" : NULL, .role = ROLE_GRID_LEADER, .place = g->code, .unit = g->unit };
	enum err err;

	empty_crew(w, g->unit);
	err = hire(s, &h, &g->leader, &leader, NULL);
	if (err == OK)
		err = db_exec(s->c, demo_sql[Q_DEMO_LEADER], ARGS(I(g->code), I(leader)), NULL);
	h.login = first ? "grid1" : NULL;
	h.role = ROLE_GRID_WORKER_FT;
	if (err == OK)
		err = hire(s, &h, &g->worker, NULL, &post);
	h.login = NULL;
	h.role = ROLE_GRID_WORKER_PT;
	if (err == OK)
		err = hire(s, &h, &g->helper, &helper, NULL);
	/* the part-time worker stands in for the full-time one */
	h.role = ROLE_GRID_WORKER_FT;
	h.backup_of = post;
	if (err == OK)
		err = put_post(s, &h, helper, &post);
	h = (struct hire){ .role = ROLE_GRID_INSTRUCTOR, .place = g->code, .idle = true };
	if (err == OK)
		err = hire(s, &h, NULL, NULL, NULL);
	for (size_t i = g->micro; i < g->micro + g->nmicro && err == OK; i++) {
		h = (struct hire){ .login = first && i == g->micro ? "micro1" : NULL, .role = ROLE_MICRO_LEADER,
			.place = w->micro[i].code, .idle = true };
		err = hire(s, &h, NULL, NULL, NULL);
	}
	return err;
}

static int64_t others_of(const struct world *w, size_t community)
{
	size_t n = w->ncommunity;
	int64_t fixed = (int64_t)(4 + nunit_seeds * 2 + w->nstreet * PER_STREET + n * PER_COMMUNITY +
				  w->ngrid * PER_GRID + w->nmicro);
	int64_t all = (int64_t)n * POSTS_PER_COMMUNITY - fixed, least = (int64_t)n * OTHERS_LEAST;

	if (all < least)
		all = least;
	return all * (int64_t)(community + 1) / (int64_t)n - all * (int64_t)community / (int64_t)n;
}

static enum err community_staff(struct staff *s, size_t at)
{
	static const enum role other[] = { ROLE_VOLUNTEER, ROLE_PARTY_HOUSEHOLD, ROLE_PROPERTY_COMPANY,
		ROLE_PARTY_HOUSEHOLD, ROLE_OWNERS_COMMITTEE, ROLE_VOLUNTEER };
	struct world *w = s->p->w;
	struct demo_community *q = &w->community[at];
	struct hire h = { .login = at == 0 ? "secretary1" : NULL, .role = ROLE_COMMUNITY_SECRETARY, .place = q->code,
		.unit = q->unit };
	enum err err;

	empty_crew(w, q->unit);
	err = hire(s, &h, &q->secretary, NULL, NULL);
	h.login = NULL;
	if (err == OK)
		err = hire(s, &h, &q->deputy, NULL, NULL);
	for (size_t i = q->grid; i < q->grid + q->ngrid && err == OK; i++)
		err = grid_staff(s, &w->grid[i], i == 0);
	for (int64_t i = 0; i < others_of(w, at) && err == OK; i++) {
		h = (struct hire){ .role = other[(size_t)i % ARRAY_LEN(other)], .place = q->code, .idle = true };
		err = hire(s, &h, NULL, NULL, NULL);
	}
	h = (struct hire){ .login = "resident1", .role = ROLE_RESIDENT, .place = q->code };
	if (err == OK && at == 0)
		err = hire(s, &h, &w->resident, NULL, NULL);
	return err;
}

static enum err board_staff(struct staff *s, struct demo_street *st, enum track t, bool first)
{
	struct hire h = { .login = first ? "board1" : NULL, .role = ROLE_BOARD_LEAD, .place = st->code,
		.unit = st->board[t], .board = t };
	enum err err;

	empty_crew(s->p->w, st->board[t]);
	err = hire(s, &h, &st->lead[t], NULL, NULL);
	h.role = ROLE_POST_CLERK;
	for (int i = 0; i < 2 && err == OK; i++) {
		h.login = first && i == 0 ? "post1" : NULL;
		err = hire(s, &h, NULL, NULL, NULL);
	}
	return err;
}

static enum err street_staff(struct staff *s, struct demo_street *st, bool first)
{
	struct world *w = s->p->w;
	struct hire h = { .login = first ? "director1" : NULL, .role = ROLE_DIRECTOR, .place = st->code,
		.unit = st->centre };
	enum err err;

	empty_crew(w, st->centre);
	err = hire(s, &h, &st->director, NULL, NULL);
	h.role = ROLE_DUTY_OFFICER;
	for (int i = 0; i < DUTY_OFFICERS && err == OK; i++) {
		h.login = first && i == 0 ? "duty1" : NULL;
		err = hire(s, &h, &st->officer[i], NULL, NULL);
	}
	for (int t = TRACK_PARTY; t < TRACK_MAX && err == OK; t++)
		err = board_staff(s, st, (enum track)t, first && t == TRACK_LIVELIHOOD);
	for (size_t i = st->community; i < st->community + st->ncommunity && err == OK; i++)
		err = community_staff(s, i);
	return err;
}

/* Piece 0 is the district, piece i the (i - 1)-th street. */
static enum err staff_tx(struct pieces *p, struct dbc *c)
{
	struct world *w = p->w;
	struct staff s = { .p = p, .c = c, .street = (int64_t)p->first };
	enum err err = p->first == 0 ? district_staff(&s)
				     : street_staff(&s, &w->street[p->first - 1], p->first == 1);

	if (err == OK)
		err = demo_audit(w, c, "user", (size_t)s.accounts);
	if (err == OK)
		err = demo_audit(w, c, "post", (size_t)s.posts);
	/* told once per piece: counted only when the piece is done */
	if (err == OK) {
		w->result->accounts += s.accounts;
		w->result->posts += s.posts;
	}
	return err;
}

enum err demo_make_staff(struct world *w)
{
	enum err err = crypto_password_hash(STR(DEMO_PASSWORD), w->hash);

	if (err == OK)
		err = demo_pieces(w, w->nstreet + 1, 1, staff_tx);
	demo_tell(w, true, "%lld posts", (long long)w->result->posts);
	return err;
}
