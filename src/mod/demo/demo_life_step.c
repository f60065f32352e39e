/* What happens at each step: the people, what they write, and which step follows inside a state. */
#include <math.h>
#include <string.h>

#include "mod/demo/demo_life.h"
#include "mod/duty/duty.h"

enum { POINT_TRIES = 24, MERGE_PERCENT = 5 };

static void next(struct live *l, enum step plan, int64_t at)
{
	l->plan = (uint8_t)plan;
	l->plan_at = at;
}

static struct str reason(const struct sim *s, struct live *l, enum demo_reason why)
{
	return demo_text_reason(&l->r, s->w->batch, why);
}

/* ---- birth ---- */

static size_t pick(struct demo_rand *r, const uint64_t *sum, size_t n)
{
	uint64_t at = demo_rand_below(r, sum[n - 1]);
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (sum[mid] <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void choose_point(struct sim *s, struct live *l, struct event_in *in)
{
	const struct demo_grid *g = &s->w->grid[l->grid];

	in->lon = g->lon;
	in->lat = g->lat;
	for (int i = 0; i < POINT_TRIES; i++) {
		double x = g->box.x0 + demo_rand_share(&l->r) * (g->box.x1 - g->box.x0);
		double y = g->box.y0 + demo_rand_share(&l->r) * (g->box.y1 - g->box.y0);

		if (geo_index_find(s->snap->grids, x, y) != g->code)
			continue;
		in->lon = x;
		in->lat = y;
		return;
	}
}

static enum source choose_source(struct live *l)
{
	double p = demo_rand_share(&l->r);

	if ((story_codes[l->code].flags & CODE_SENSOR) && p < 0.35)
		return SRC_SENSOR;
	return p < 0.46 ? SRC_GRID : p < 0.72 ? SRC_RESIDENT : p < 0.92 ? SRC_HOTLINE : SRC_DESK;
}

/* Who brings it in, and the person it comes from. */
static const struct principal *choose_reporter(struct sim *s, struct live *l, struct event_in *in)
{
	struct arena *a = s->w->batch;

	in->source = str_z(vocab_word(&source_vocab, l->source));
	if (l->source == SRC_GRID)
		return demo_worker(s, l);
	if (l->source == SRC_SENSOR)
		return NULL;
	if (l->source == SRC_RESIDENT && s->w->grid[l->grid].community == 0 && demo_chance(l, 0.2)) {
		l->own = true;
		return s->w->resident;
	}
	in->reporter_name = demo_text_person(&l->r, a);
	in->reporter_phone = demo_text_phone(&l->r, a);
	in->anonymous = demo_chance(l, 0.1);
	return l->source == SRC_RESIDENT ? NULL : demo_officer(s, l);
}

/* To about a decimetre. */
static double rounded(double degrees)
{
	return round(degrees * 1e6) / 1e6;
}

/* A second report of what is being worked on already. */
static void maybe_again(struct sim *s, struct live *l, struct event_in *in)
{
	const struct hot *hot = &s->hot[l->grid];

	if (hot->id == 0 || demo_rand_below(&l->r, 100) >= MERGE_PERCENT)
		return;
	l->into = hot->id;
	l->code = hot->code;
	l->source = SRC_RESIDENT;
	in->lon = hot->lon + (demo_rand_share(&l->r) - 0.5) * 0.0002;
	in->lat = hot->lat + (demo_rand_share(&l->r) - 0.5) * 0.0002;
}

enum err demo_birth(struct sim *s, size_t number, struct live *ret)
{
	struct world *w = s->w;
	struct live *l = ret;
	struct event_in in;
	struct demo_report text;
	const struct principal *who;
	const struct event_code *code;
	char query[16];
	enum err err;

	*l = (struct live){ .number = (uint32_t)number, .plan_at = NIL, .wake_at = NIL, .auto_at = NIL };
	demo_rand_fork(&l->r, w->o.seed, 0x100000 + number);
	l->grid = (uint32_t)pick(&l->r, s->grid_weight, w->ngrid);
	l->code = (uint16_t)pick(&l->r, s->code_weight, nstory_codes);
	l->hour = (uint8_t)((s->at - date_start(date_of(s->at))) / MS_HOUR);
	l->source = (uint8_t)choose_source(l);
	fields_clear(&event_in_fields, &in);
	choose_point(s, l, &in);
	maybe_again(s, l, &in);
	in.lon = rounded(in.lon);
	in.lat = rounded(in.lat);
	l->light = (story_codes[l->code].flags & CODE_LIGHT) != 0;
	text = demo_text_of(s, l);
	in.title = text.title;
	in.text = text.text;
	in.code = str_z(story_codes[l->code].code);
	in.place = w->grid[l->grid].code;
	in.address = str_fmt(w->batch, "%.*s%.*s", (int)demo_community_of(s, l)->name.n, demo_community_of(s, l)->name.p,
		(int)w->grid[l->grid].name.n, w->grid[l->grid].name.p);
	who = choose_reporter(s, l, &in);
	s->rq.who = who;
	s->rq.now = s->at;
	err = event_create(s->act, &s->rq, &in, query);
	if (err != OK)
		return err;
	s->actions++;
	demo_note(s, l);
	code = event_code_of(s->book, s->act->m.code_id);
	l->photo = code != NULL && code->photo == 1;
	if (l->photo && demo_chance(l, 0.6))
		err = demo_photo(s, l, who, false);
	demo_plan(s, l);
	return err;
}

/* ---- reported ---- */

static enum err accept(struct sim *s, struct live *l)
{
	return demo_act(s, l, demo_officer(s, l), 0, "accept", NULL);
}

static enum err self_close(struct sim *s, struct live *l)
{
	demo_give_text(s, "result", demo_text_of(s, l).ending);
	return demo_act(s, l, demo_worker(s, l), 0, "self_close", NULL);
}

static enum err reject(struct sim *s, struct live *l)
{
	static const char *const why[] = { "not_ours", "no_fact", "in_court", "repeat" };

	demo_give_text(s, "reason", str_z(why[demo_rand_below(&l->r, ARRAY_LEN(why))]));
	demo_give_text(s, "text", reason(s, l, DEMO_REJECTION));
	return demo_act(s, l, demo_officer(s, l), 0, "reject", NULL);
}

static enum err merge(struct sim *s, struct live *l)
{
	if (s->hot[l->grid].id != l->into) /* closed meanwhile: an event of its own */
		return accept(s, l);
	demo_give(s, "into_id", l->into);
	return demo_act(s, l, demo_officer(s, l), 0, "merge", NULL);
}

/* ---- accepted ---- */

static enum err dispatch(struct sim *s, struct live *l)
{
	if (l->light && !l->sealed && demo_chance(l, 0.6))
		demo_give(s, "unit_id", demo_chance(l, 0.5) ? demo_community_of(s, l)->unit : s->w->grid[l->grid].unit);
	return demo_act(s, l, demo_officer(s, l), 0, "dispatch", NULL);
}

static enum err add_parts(struct sim *s, const struct live *whole)
{
	struct live part[8];
	size_t n = 0;
	struct rows *r = db_query(s->rq.db, demo_sql[Q_DEMO_PARTS], ARGS(I(whole->id)));

	while (n < ARRAY_LEN(part) && rows_next(r)) {
		part[n] = *whole;
		part[n].id = row_int_at(r, 0);
		part[n].unit = row_int_at(r, 1);
		part[n].wake_at = row_int_at(r, 2);
		part[n].part_of = whole->id;
		part[n].state = MS_DISPATCHED;
		demo_rand_fork(&part[n].r, s->w->o.seed, (uint64_t)part[n].id);
		n++;
	}
	enum err err = rows_close(r);

	for (size_t i = 0; i < n && err == OK; i++) {
		demo_plan(s, &part[i]);
		err = demo_push(s, &part[i]);
	}
	return err;
}

static enum err split(struct sim *s, struct live *l)
{
	struct demo_report text = demo_text_of(s, l);
	bool ok;
	enum err err;

	demo_give_text(s, "parts", str_fmt(s->w->batch,
		"[{\"title\":\"%.*s（执法）\",\"unit_id\":\"%lld\"},{\"title\":\"%.*s（走访）\",\"unit_id\":\"%lld\"}]",
		(int)text.title.n, text.title.p, (long long)demo_street_of(s, l)->board[l->track], (int)text.title.n,
		text.title.p, (long long)demo_community_of(s, l)->unit));
	demo_give(s, "join", demo_chance(l, 0.2));
	err = demo_act(s, l, demo_officer(s, l), 0, "split", &ok);
	return err != OK || !ok ? err : add_parts(s, l);
}

/* The last part closed and the whole went on: it is due for its check. */
static enum err joined(struct sim *s, const struct live *part)
{
	struct live whole;
	struct matter *m = ARENA_NEW(s->w->batch, struct matter);
	enum err err = m == NULL ? ERR_NOMEM : matter_load(s->rq.db, s->w->batch, part->part_of, m);

	if (err != OK || m->state != MS_CHECKING)
		return err;
	if (!demo_take_out(s, part->part_of, &whole)) {
		whole = *part;
		whole.id = part->part_of;
		whole.part_of = 0;
	}
	whole.state = MS_CHECKING;
	whole.unit = m->unit_id;
	whole.wake_at = m->wake_at;
	whole.plan = STEP_NONE;
	demo_plan(s, &whole);
	return demo_push(s, &whole);
}

/* ---- dispatched ---- */

static enum err sign(struct sim *s, struct live *l)
{
	return demo_act(s, l, demo_member(s, l, l->unit), 0, "sign", NULL);
}

/* Where a unit thinks it belongs: a department to the board, a board to the code's department. */
static int64_t other_unit(const struct sim *s, const struct live *l)
{
	const struct event_code *c = event_code_by(s->book, str_z(story_codes[l->code].code));
	int64_t board = demo_street_of(s, l)->board[l->track];
	const struct unit *u = l->unit != board ? snap_unit(s->snap, board)
			     : c != NULL && c->lead.p != NULL ? smap_get(s->book->alias, c->lead) : NULL;

	return u != NULL && u->id != l->unit ? u->id : demo_community_of(s, l)->unit;
}

static enum err give_back(struct sim *s, struct live *l)
{
	const struct event_code *c = event_code_by(s->book, str_z(story_codes[l->code].code));
	const struct duty_book *duties = snap_duties(s->snap, s->w->app);
	const struct duty_item *d;
	struct event_route r;

	event_route(s->snap, s->w->app, c, s->w->grid[l->grid].code, date_of(s->at), &r);
	d = r.duty_item_id != NIL ? duty_find(duties, r.duty_item_id) : duty_find_item(duties, STR("L19"));
	if (d == NULL)
		return sign(s, l);
	demo_give(s, "duty_item_id", d->id);
	demo_give(s, "proposed_unit_id", other_unit(s, l));
	demo_give_text(s, "text", reason(s, l, DEMO_RETURN));
	l->returner = l->unit;
	return demo_act(s, l, demo_member(s, l, l->unit), 0, "return", NULL);
}

static enum err return_decide(struct sim *s, struct live *l)
{
	const struct demo_street *st = demo_street_of(s, l);

	if (l->returns >= 2) {
		demo_give(s, "unit_id", st->board[l->track]);
		demo_give_text(s, "text", STR("经会商，由街道板块牵头，相关部门配合。"));
		return demo_act(s, l, st->director, 0, "consult", NULL);
	}
	const struct principal *who = l->unit == st->board[l->track] ? st->director : st->lead[l->track];

	if (demo_chance(l, 0.7))
		return demo_act(s, l, who, 0, "return_accept", NULL);
	demo_give_text(s, "text", STR("经核，属本单位职责清单内事项，请按时办理。"));
	return demo_act(s, l, who, 0, "return_refuse", NULL);
}

/* ---- handling ---- */

static enum err extend(struct sim *s, struct live *l)
{
	static const char *const why[] = { "complex", "joint_work", "material" };
	int64_t more = (int64_t)((double)(l->due - l->started) * (0.25 + 0.6 * demo_rand_share(&l->r)));
	struct str text = reason(s, l, DEMO_EXTENSION);
	bool ok;

	demo_give(s, "until", (l->due + more) / MS_MINUTE * MS_MINUTE);
	demo_give_text(s, "reason", str_z(why[demo_rand_below(&l->r, ARRAY_LEN(why))]));
	demo_give_text(s, "plan", text);
	demo_give_text(s, "text", text);
	enum err err = demo_act(s, l, demo_member(s, l, l->unit), 0, "extend", &ok);

	if (err == OK && ok)
		next(l, STEP_EXTEND_DECIDE, demo_work_after(s, s->at, demo_minutes(l, 30, 300)));
	return err;
}

static enum err extend_decide(struct sim *s, struct live *l)
{
	const struct demo_street *st = demo_street_of(s, l);
	const struct principal *who = l->extensions > 0 ? st->director : st->lead[l->track];
	bool grant = demo_chance(l, 0.88), ok;
	enum err err;

	if (!grant)
		demo_give_text(s, "text", STR("理由不充分，请按原时限办结。"));
	err = demo_act(s, l, who, 0, grant ? "extend_grant" : "extend_refuse", &ok);
	if (err != OK || !ok)
		return err;
	demo_refinish(s, l);
	demo_plan(s, l);
	if (grant && demo_chance(l, 0.07))
		next(l, STEP_HARD, demo_work_after(s, s->at, demo_minutes(l, 30, 600)));
	return OK;
}

static enum err ask_pause(struct sim *s, struct live *l)
{
	static const char *const why[] = { "await_reporter", "appraisal", "weather" };
	bool ok;

	demo_give(s, "until", s->at + demo_minutes(l, 2 * 1440, 9 * 1440));
	demo_give_text(s, "reason", str_z(why[demo_rand_below(&l->r, ARRAY_LEN(why))]));
	demo_give_text(s, "text", reason(s, l, DEMO_PAUSE));
	enum err err = demo_act(s, l, demo_member(s, l, l->unit), 0, "pause", &ok);

	if (err == OK && ok)
		next(l, STEP_PAUSE_DECIDE, demo_work_after(s, s->at, demo_minutes(l, 15, 120)));
	return err;
}

static enum err pause_decide(struct sim *s, struct live *l)
{
	bool grant = demo_chance(l, 0.85), ok;
	enum err err;

	if (!grant)
		demo_give_text(s, "text", STR("可先行处置其余部分，不予暂停计时。"));
	err = demo_act(s, l, demo_street_of(s, l)->lead[l->track], 0, grant ? "pause_grant" : "pause_refuse", &ok);
	if (err == OK && ok)
		demo_plan(s, l);
	return err;
}

static enum err supervise(struct sim *s, struct live *l)
{
	const struct principal *who = demo_chance(l, 0.3) ? demo_street_of(s, l)->director : demo_officer(s, l);
	bool ok;

	demo_give_text(s, "text", reason(s, l, DEMO_SUPERVISION));
	demo_give(s, "until", s->at + demo_minutes(l, 1440, 3 * 1440));
	enum err err = demo_act(s, l, who, 0, "supervise", &ok);

	if (err == OK && ok)
		next(l, STEP_REPLY, s->at + demo_minutes(l, 120, 2400));
	return err;
}

static enum err reply(struct sim *s, struct live *l)
{
	bool ok;

	demo_give_text(s, "text", STR("已约谈责任人，明确时限，每天报告进展。"));
	enum err err = demo_act(s, l, demo_member(s, l, l->unit), 0, "supervise_reply", &ok);

	if (err == OK && ok)
		demo_plan(s, l);
	return err;
}

static enum err whistle(struct sim *s, struct live *l)
{
	static const char *const help[] = { "CM", "PS", "EM", "FR", "HU", "MR" };
	const struct unit *u = smap_get(s->book->alias, str_z(help[demo_rand_below(&l->r, ARRAY_LEN(help))]));
	bool ok;

	if (u == NULL || u->id == l->unit) {
		demo_plan(s, l);
		return OK;
	}
	demo_give_text(s, "departments", str_fmt(s->w->batch, "[\"%lld\"]", (long long)u->id));
	demo_give_text(s, "text", STR("吹哨：请到现场会商处置。"));
	enum err err = demo_act(s, l, demo_chance(l, 0.5) ? demo_officer(s, l) : demo_community_of(s, l)->secretary, 0,
		"whistle", &ok);

	if (err == OK && ok) {
		l->arriving = u->id;
		next(l, STEP_ARRIVE, s->at + demo_minutes(l, 8, 38));
	}
	return err;
}

static enum err arrive(struct sim *s, struct live *l)
{
	bool ok;
	enum err err = demo_act(s, l, demo_member(s, l, l->arriving), 0, "whistle_arrive", &ok);

	if (err == OK && ok)
		demo_plan(s, l);
	return err;
}

static enum err hard_case(struct sim *s, struct live *l)
{
	static const char *const why[] = { "history", "policy", "funds" };
	struct str text = reason(s, l, DEMO_HARD_CASE);

	demo_give_text(s, "reason", str_z(why[demo_rand_below(&l->r, ARRAY_LEN(why))]));
	demo_give_text(s, "plan", text);
	demo_give_text(s, "text", text);
	demo_give(s, "until", s->at + demo_minutes(l, 15 * 1440, 29 * 1440));
	return demo_act(s, l, demo_street_of(s, l)->director, 0, "hard_case", NULL);
}

static enum err hard_resume(struct sim *s, struct live *l)
{
	bool ok;

	demo_give(s, "until", s->at + demo_minutes(l, 5 * 1440, 15 * 1440));
	enum err err = demo_act(s, l, demo_street_of(s, l)->director, 0, "hard_case_resume", &ok);

	if (err != OK || !ok)
		return err;
	demo_refinish(s, l);
	demo_plan(s, l);
	return OK;
}

static enum err finish(struct sim *s, struct live *l)
{
	const struct principal *who = demo_member(s, l, l->unit);
	enum err err = l->photo ? demo_photo(s, l, who, true) : OK;

	if (err != OK)
		return err;
	demo_give_text(s, "result", demo_text_of(s, l).ending);
	demo_give(s, "contacted", 1);
	return demo_act(s, l, who, 0, "finish", NULL);
}

/* ---- checking and after ---- */

static enum err check(struct sim *s, struct live *l)
{
	const struct demo_community *q = demo_community_of(s, l);
	bool fail = l->fails < 2 && demo_chance(l, 0.03), ok;
	const struct principal *who = demo_chance(l, 0.4) && l->unit != q->unit ? q->secretary : demo_officer(s, l);

	if (l->sealed)
		who = demo_colleague(s, l);
	if (fail)
		demo_give_text(s, "text", reason(s, l, DEMO_CHECK_FAIL));
	enum err err = demo_act(s, l, who, 0, fail ? "fail" : "pass", &ok);

	if (err != OK || !ok)
		return err;
	if (l->state == MS_HANDLING)
		demo_refinish(s, l);
	demo_plan(s, l);
	return l->part_of != 0 && l->state == MS_CLOSED ? joined(s, l) : OK;
}

static void give_rating(struct sim *s, struct live *l)
{
	double p = demo_rand_share(&l->r);
	bool solved = p >= 0.035 || l->reopens >= 2;

	demo_give(s, "resolved", solved);
	demo_give(s, "satisfied", !solved ? 2 : p < 0.05 ? 2 : p < 0.2 ? 1 : 0);
	if (demo_chance(l, 0.3))
		demo_give_text(s, "text", !solved ? reason(s, l, DEMO_REOPEN)
					: reason(s, l, p < 0.05 ? DEMO_COMPLAINT : DEMO_PRAISE));
}

static enum err rate(struct sim *s, struct live *l)
{
	give_rating(s, l);
	return demo_act(s, l, l->own ? s->w->resident : NULL, l->own ? 0 : REL_QUERY, "rate", NULL);
}

static enum err revisit(struct sim *s, struct live *l)
{
	give_rating(s, l);
	return demo_act(s, l, demo_officer(s, l), 0, "revisit", NULL);
}

static enum err reopen(struct sim *s, struct live *l)
{
	demo_give_text(s, "text", reason(s, l, DEMO_REOPEN));
	return demo_act(s, l, l->own ? s->w->resident : NULL, l->own ? 0 : REL_QUERY, "reopen", NULL);
}

/* ---- the table ---- */

static const struct {
	enum err (*fn)(struct sim *s, struct live *l);
	bool plans; /* says itself what follows */
} steps[STEP_MAX] = {
	[STEP_ACCEPT] = { accept, false },
	[STEP_SELF_CLOSE] = { self_close, false },
	[STEP_REJECT] = { reject, false },
	[STEP_MERGE] = { merge, false },
	[STEP_DISPATCH] = { dispatch, false },
	[STEP_SPLIT] = { split, false },
	[STEP_SIGN] = { sign, false },
	[STEP_RETURN] = { give_back, false },
	[STEP_RETURN_DECIDE] = { return_decide, false },
	[STEP_EXTEND] = { extend, true },
	[STEP_EXTEND_DECIDE] = { extend_decide, true },
	[STEP_PAUSE] = { ask_pause, true },
	[STEP_PAUSE_DECIDE] = { pause_decide, true },
	[STEP_SUPERVISE] = { supervise, true },
	[STEP_REPLY] = { reply, true },
	[STEP_WHISTLE] = { whistle, true },
	[STEP_ARRIVE] = { arrive, true },
	[STEP_HARD] = { hard_case, false },
	[STEP_HARD_RESUME] = { hard_resume, true },
	[STEP_FINISH] = { finish, false },
	[STEP_CHECK] = { check, true },
	[STEP_RATE] = { rate, false },
	[STEP_REVISIT] = { revisit, false },
	[STEP_REOPEN] = { reopen, false },
};

enum err demo_step(struct sim *s, struct live *l)
{
	int64_t before = s->refused;
	enum step step = (enum step)l->plan;
	enum err err;

	next(l, STEP_NONE, NIL);
	if (steps[step].fn == NULL)
		return OK;
	demo_clear(s);
	err = steps[step].fn(s, l);
	if (err == OK && !steps[step].plans && s->refused == before)
		demo_plan(s, l);
	return err;
}

/* What the sweeper does when it wakes an event: see core/matter_sweep.c. */
enum err demo_wake(struct sim *s, struct live *l)
{
	static const char *const word[] = { [AUTO_NONE] = "alarm", [AUTO_CLOSE] = "auto_close",
		[AUTO_RESUME] = "auto_resume", [AUTO_ARCHIVE] = "archive", [AUTO_REVIEW] = "review_due" };
	bool due = l->auto_at != NIL && l->auto_at <= s->at, ok;
	uint8_t state = l->state;
	enum err err;

	l->wake_at = NIL;
	demo_clear(s);
	err = demo_act(s, l, NULL, REL_SYSTEM, due ? word[l->auto_action] : "alarm", &ok);
	if (err != OK || !ok || l->state == state)
		return err;
	if (l->state == MS_HANDLING)
		demo_refinish(s, l);
	demo_plan(s, l);
	return l->part_of != 0 && l->state == MS_CLOSED ? joined(s, l) : OK;
}
