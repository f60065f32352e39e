/* The event module's part of a snapshot: codes, questions, deadlines, routing; and what follows from it. */
#include <stdlib.h>
#include <string.h>

#include "core/account.h"
#include "core/row.h"
#include "mod/duty/duty.h"
#include "mod/event/event.h"
#include "mod/event/event_db.h"
#include "mod/event/event_seed.h"

enum { CODES_MAX = 4096, QUESTIONS_MAX = 8192, ROUTING_MAX = 65536, REASONS_MAX = 1024 };

/* ---- loading ---- */

/* Rows of one entity into an array in the snapshot's arena. */
static enum err load(struct snap *s, struct dbc *c, int q, const struct fields *f, size_t max, void **ret_v,
		     size_t *ret_n)
{
	struct rows *r = db_query(c, event_sql[q], NO_ARGS);
	size_t n = 0, cap = 64;
	char *v = malloc(cap * f->size);
	bool fits = v != NULL;

	while (fits && n < max && rows_next(r)) {
		if (n == cap) {
			char *more = realloc(v, cap * 2 * f->size);

			fits = more != NULL;
			if (!fits)
				break;
			v = more;
			cap *= 2;
		}
		row_load(f, r, 0, s->arena, v + n * f->size);
		n++;
	}
	enum err err = rows_close(r);

	*ret_v = arena_array(s->arena, n + 1, f->size);
	if (fits && *ret_v != NULL)
		memcpy(*ret_v, v, n * f->size);
	else
		err = ERR_NOMEM;
	free(v);
	*ret_n = n;
	return err;
}

static enum err load_deadlines(struct snap *s, struct dbc *c, struct event_book *b)
{
	struct deadline_rule *v;
	size_t n;
	void *rows;
	enum err err = load(s, c, Q_EVENT_DEADLINES, &deadline_rule_entity.fields, 256, &rows, &n);

	v = rows;
	for (size_t i = 0; i < n && err == OK; i++) {
		if (v[i].urgency >= 0 && v[i].urgency < URG_MAX && v[i].clock >= 0 && v[i].clock < CLOCK_MAX)
			b->deadline[v[i].urgency][v[i].clock] = v[i];
	}
	return err;
}

int64_t unit_key(int64_t place, int kind, enum track board)
{
	return place * 16 + (kind == UNIT_BOARD ? 8 + (int64_t)board : kind);
}

static enum err load_units(struct snap *s, struct dbc *c, struct event_book *b)
{
	struct rows *r;
	enum err err = OK;

	b->at = map_new(s->nunit + 16);
	b->alias = smap_new(s->nunit + 16);
	if (b->at == NULL || b->alias == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->nunit && err == OK; i++)
		err = map_put(b->at, unit_key(s->units[i].place, s->units[i].kind, s->units[i].board), &s->units[i]);
	r = db_query(c, event_sql[Q_EVENT_UNITS], NO_ARGS);
	while (err == OK && rows_next(r)) {
		const struct unit *u = snap_unit(s, row_int_at(r, 0));

		if (u != NULL)
			err = smap_put(b->alias, str_dup(s->arena, row_str_at(r, 1)), (void *)(uintptr_t)u);
	}
	enum err end = rows_close(r);

	return err != OK ? err : end;
}

static enum err index_codes(struct event_book *b)
{
	enum err err = OK;

	b->by_id = map_new(b->ncode + 16);
	b->by_code = smap_new(b->ncode + 16);
	if (b->by_id == NULL || b->by_code == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < b->ncode && err == OK; i++) {
		err = map_put(b->by_id, b->code[i].id, &b->code[i]);
		if (err == OK)
			err = smap_put(b->by_code, b->code[i].code, &b->code[i]);
	}
	return err;
}

enum err event_book_load(struct snap *s, struct dbc *c, void **ret_part)
{
	struct event_book *b = ARENA_NEW(s->arena, struct event_book);
	void *v = NULL;
	enum err err;

	if (b == NULL)
		return ERR_NOMEM;
	*ret_part = b;
	err = load(s, c, Q_EVENT_CODES, &event_code_entity.fields, CODES_MAX, &v, &b->ncode);
	b->code = v;
	if (err == OK)
		err = load(s, c, Q_EVENT_QUESTIONS, &code_question_entity.fields, QUESTIONS_MAX, &v, &b->nquestion);
	b->question = v;
	if (err == OK)
		err = load(s, c, Q_EVENT_ROUTING, &routing_rule_entity.fields, ROUTING_MAX, &v, &b->nrouting);
	b->routing = v;
	if (err == OK)
		err = load(s, c, Q_EVENT_REASONS, &reason_entity.fields, REASONS_MAX, &v, &b->nreason);
	b->reason = v;
	if (err == OK)
		err = load_deadlines(s, c, b);
	if (err == OK)
		err = index_codes(b);
	return err != OK ? err : load_units(s, c, b);
}

void event_book_free(void *part)
{
	struct event_book *b = part;

	map_free(b->by_id);
	smap_free(b->by_code);
	map_free(b->at);
	smap_free(b->alias);
}

const struct event_book *event_book(const struct snap *s, const struct app *app)
{
	return snap_part(s, app, &event_module);
}

const struct event_code *event_code_by(const struct event_book *b, struct str code)
{
	return smap_get(b->by_code, code);
}

const struct event_code *event_code_of(const struct event_book *b, int64_t id)
{
	return id == NIL ? NULL : map_get(b->by_id, id);
}

const struct unit *event_unit_at(const struct event_book *b, int64_t place, int kind, enum track board)
{
	return map_get(b->at, unit_key(place, kind, board));
}

/* ---- routing ---- */

static int64_t id_of(const struct unit *u)
{
	return u != NULL ? u->id : NIL;
}

/* The rule of the nearest place above. */
static int64_t rule_unit(const struct event_book *b, int64_t code_id, int64_t place)
{
	const struct routing_rule *best = NULL;

	for (size_t i = 0; i < b->nrouting; i++) {
		const struct routing_rule *r = &b->routing[i];

		if (r->code_id != code_id || place < r->place || place >= place_end(r->place))
			continue;
		if (best == NULL || place_level(r->place) > place_level(best->place))
			best = r;
	}
	return best != NULL ? best->unit_id : NIL;
}

static int64_t lead_unit(const struct event_book *b, struct str lead, int64_t place, enum track board)
{
	if (str_eqz(lead, "board") || str_eqz(lead, "street"))
		return id_of(event_unit_at(b, place_up(place, LEVEL_STREET), UNIT_BOARD, board));
	if (str_eqz(lead, "community"))
		return id_of(event_unit_at(b, place_up(place, LEVEL_COMMUNITY), UNIT_COMMUNITY, TRACK_NONE));
	return lead.p == NULL ? NIL : id_of(smap_get(b->alias, lead));
}

void event_route(const struct snap *s, const struct app *app, const struct event_code *code, int64_t place,
		 int64_t date, struct event_route *ret)
{
	const struct event_book *b = event_book(s, app);
	const struct duty_item *d;
	int64_t board;

	*ret = (struct event_route){ NIL, NIL, NIL, true };
	if (code == NULL)
		return;
	board = lead_unit(b, STR("board"), place, (enum track)code->track);
	d = duty_for_code(snap_duties(s, app), code->code, date);
	if (d != NULL) {
		ret->duty_item_id = d->id;
		ret->outside_list = false;
		if (duty_target(d) == DUTY_TO_STREET)
			ret->unit_id = lead_unit(b, STR("board"), place, (enum track)d->track);
		if (duty_target(d) == DUTY_TO_DEPARTMENT) {
			ret->unit_id = lead_unit(b, d->lead, place, (enum track)d->track);
			ret->coop_unit = board;
		}
	}
	if (ret->unit_id == NIL)
		ret->unit_id = lead_unit(b, code->lead, place, (enum track)code->track);
	if (rule_unit(b, code->id, place) != NIL)
		ret->unit_id = rule_unit(b, code->id, place);
}

/* ---- spans ---- */

bool event_span(const struct event_book *b, const struct event_code *code, int64_t urgency, enum clock_kind c,
		struct span_rule *ret, int64_t *ret_rule)
{
	/* The code's own lengths are for its own urgency: a more urgent case gets the shorter class. */
	bool own = code != NULL && urgency == code->urgency;

	*ret_rule = NIL;
	if (own && c == CLOCK_ACCEPT && code->accept.p != NULL && span_parse(code->accept, ret))
		return true;
	if (own && c == CLOCK_HANDLE && code->handle.p != NULL && span_parse(code->handle, ret))
		return true;
	if (urgency < 0 || urgency >= URG_MAX || b->deadline[urgency][c].id == 0)
		return false;
	*ret_rule = b->deadline[urgency][c].id;
	return span_parse(b->deadline[urgency][c].span, ret);
}

/* ---- seed ---- */

static enum err seed_codes(struct dbc *c, int64_t now)
{
	enum err err = OK;

	for (size_t i = 0; i < ncode_seeds && err == OK; i++) {
		const struct code_seed *s = &code_seeds[i];
		int64_t id = db_new_id(c);

		if (id == NIL)
			return ERR_RETRY;
		err = db_exec(c, event_sql[Q_EVENT_SEED_CODE],
			ARGS(I(id), Z(s->code), Z(s->zh), Z(s->en), I(s->track), I(s->urgency), Z(s->accept),
				Z(s->handle), Z(s->lead), I(s->sealed), I(s->photo), I(now)), NULL);
	}
	return err;
}

static enum err seed_rules(struct dbc *c, int64_t now)
{
	enum err err = OK;

	for (size_t i = 0; i < ndeadline_seeds && err == OK; i++) {
		const struct deadline_seed *s = &deadline_seeds[i];
		int64_t id = db_new_id(c);

		err = id == NIL ? ERR_RETRY : db_exec(c, event_sql[Q_EVENT_SEED_DEADLINE],
			ARGS(I(id), I(s->urgency), I(s->clock), Z(s->span), I(now)), NULL);
	}
	for (size_t i = 0; i < nreason_seeds && err == OK; i++) {
		const struct reason_seed *s = &reason_seeds[i];
		int64_t id = db_new_id(c);

		err = id == NIL ? ERR_RETRY : db_exec(c, event_sql[Q_EVENT_SEED_REASON],
			ARGS(I(id), Z(s->action), Z(s->code), Z(s->zh), Z(s->en), I(now)), NULL);
	}
	return err;
}

enum err event_seed(struct app *app, struct dbc *c)
{
	int64_t have, now = time_now();
	enum err err = db_int(c, event_sql[Q_EVENT_HAS_CODES], NO_ARGS, &have);

	(void)app;
	if (err != OK || have > 0)
		return err;
	err = seed_codes(c, now);
	return err != OK ? err : seed_rules(c, now);
}
