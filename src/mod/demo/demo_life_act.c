/* One action of the story through the engine: who takes it, with what, and what became of it. */
#include <stdio.h>
#include <string.h>

#include "base/field.h"
#include "mod/demo/demo_life.h"

/* ---- people ---- */

const struct demo_community *demo_community_of(const struct sim *s, const struct live *l)
{
	return &s->w->community[s->w->grid[l->grid].community];
}

const struct demo_street *demo_street_of(const struct sim *s, const struct live *l)
{
	return &s->w->street[demo_community_of(s, l)->street];
}

const struct principal *demo_officer(const struct sim *s, struct live *l)
{
	return demo_street_of(s, l)->officer[demo_rand_below(&l->r, DUTY_OFFICERS)];
}

const struct principal *demo_worker(const struct sim *s, const struct live *l)
{
	const struct demo_grid *g = &s->w->grid[l->grid];

	return l->number % 4 == 0 ? g->leader : l->number % 4 == 1 ? g->helper : g->worker;
}

/* Of a sealed event's unit, who left the work to the others. */
const struct principal *demo_colleague(const struct sim *s, const struct live *l)
{
	const struct crew *crew = map_get(s->w->crew, l->unit);

	return crew != NULL && crew->n > 1 ? crew->v[0] : NULL;
}

const struct principal *demo_member(const struct sim *s, struct live *l, int64_t unit)
{
	const struct crew *crew = map_get(s->w->crew, unit);
	size_t n;

	if (crew == NULL || crew->n == 0)
		return NULL;
	n = crew->n;
	/* who verifies a sealed event must not have worked on it: the board's lead leaves it to the others */
	if (l->sealed && n > 1)
		return crew->v[1 + demo_rand_below(&l->r, n - 1)];
	return crew->v[demo_rand_below(&l->r, n)];
}

bool demo_chance(struct live *l, double p)
{
	return demo_rand_share(&l->r) < p;
}

/* The same text whenever it is asked for: of the report, and of how it ended. */
struct demo_report demo_text_of(const struct sim *s, const struct live *l)
{
	struct demo_report text = { .title = STR("居民反映事项"), .text = STR("居民反映事项"), .ending = STR("已处理") };
	struct demo_scene scene = { .place = demo_community_of(s, l)->name, .hour = l->hour };
	struct demo_rand r;

	demo_rand_fork(&r, s->w->o.seed ^ 0x7e47, l->number);
	(void)demo_text_event(&r, s->w->batch, story_codes[l->code].code, &scene, &text);
	return text;
}

/* ---- the input ---- */

void demo_clear(struct sim *s)
{
	fields_clear(&act_fields, &s->in);
	s->given = 0;
}

static const struct field *member(struct sim *s, const char *name)
{
	for (size_t i = 0; i < act_fields.n; i++) {
		if (strcmp(act_fields.v[i].name, name) == 0) {
			s->given |= UINT64_C(1) << i;
			return &act_fields.v[i];
		}
	}
	return NULL;
}

void demo_give(struct sim *s, const char *name, int64_t v)
{
	const struct field *f = member(s, name);

	if (f != NULL)
		field_set_int(f, &s->in, v);
}

void demo_give_text(struct sim *s, const char *name, struct str v)
{
	const struct field *f = member(s, name);

	if (f != NULL)
		field_set_str(f, &s->in, v);
}

/* ---- acting ---- */

void demo_note(struct sim *s, struct live *l)
{
	const struct matter *m = &s->act->m;
	const struct clock_run *h = act_run(s->act, CLOCK_HANDLE);
	struct hot *hot = &s->hot[l->grid];

	l->id = m->id;
	l->state = (uint8_t)m->state;
	l->unit = m->unit_id;
	l->wake_at = m->wake_at;
	l->auto_at = m->auto_at;
	l->auto_action = (uint8_t)m->auto_action;
	l->urgency = (uint8_t)m->urgency;
	l->track = (uint8_t)m->track;
	l->returns = (uint8_t)m->returns;
	l->extensions = (uint8_t)m->extensions;
	l->reopens = (uint8_t)m->reopens;
	l->fails = (uint8_t)m->fails;
	l->sealed = m->sealed == 1;
	l->self_closed = m->self_closed == 1;
	l->sampled = m->sampled == 1;
	if (h != NULL) {
		l->started = h->start;
		l->due = h->due;
	}
	/* An alarm that asks for the same moment again would never end. */
	if (l->wake_at != NIL && l->wake_at <= s->at) {
		s->refused++;
		l->wake_at = NIL;
	}
	if (m->state == MS_ACCEPTED && m->sealed == 0)
		*hot = (struct hot){ m->id, l->number, l->code, m->lon, m->lat };
	else if (!m->open && hot->id == m->id)
		hot->id = 0;
}

enum err demo_act(struct sim *s, struct live *l, const struct principal *who, uint64_t as, const char *action, bool *ret)
{
	enum err err = ERR_DENIED;

	s->rq.who = who;
	s->rq.now = s->at;
	s->rq.err = (struct error){ .err = OK };
	if (who != NULL || as != 0)
		err = matter_act(&s->rq, &event_kind, l->id, str_z(action), &s->in, s->given, as, s->act);
	if (ret != NULL)
		*ret = err == OK;
	if (err == OK) {
		s->actions++;
		demo_note(s, l);
		return OK;
	}
	if (err != ERR_CONFLICT && err != ERR_DENIED && err != ERR_INVALID && err != ERR_NOT_FOUND)
		return err;
	s->refused++; /* as in life: somebody else came first */
	s->rq.err = (struct error){ .err = OK };
	l->plan = STEP_NONE;
	l->plan_at = NIL;
	return OK;
}

enum err demo_photo(struct sim *s, const struct live *l, const struct principal *who, bool done)
{
	const struct demo_picture *p = &s->w->picture[l->number % (DEMO_PICTURES / 2) * 2 + done];
	int64_t id = db_new_id(s->rq.db);

	if (id == NIL)
		return ERR_RETRY;
	return db_exec(s->rq.db, demo_sql[Q_DEMO_FILE],
		ARGS(I(id), Z(p->hash), T(done ? STR("处理后.jpg") : STR("现场.jpg")), I(p->size), Z(p->thumb), I(l->id),
			I(s->at), I(who != NULL ? who->user_id : NIL)), NULL);
}
