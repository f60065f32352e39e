/* Private to demo_run: the year of events, told in the order of time. */
#ifndef GEZHI_MOD_DEMO_LIFE_H
#define GEZHI_MOD_DEMO_LIFE_H

#include "mod/demo/demo_text.h"
#include "mod/demo/demo_world.h"
#include "mod/event/event.h"

/* What is planned for an event next. */
enum step { STEP_NONE, STEP_ACCEPT, STEP_SELF_CLOSE, STEP_REJECT, STEP_MERGE, STEP_DISPATCH, STEP_SPLIT, STEP_SIGN,
	    STEP_RETURN, STEP_RETURN_DECIDE, STEP_EXTEND, STEP_EXTEND_DECIDE, STEP_PAUSE, STEP_PAUSE_DECIDE,
	    STEP_SUPERVISE, STEP_REPLY, STEP_WHISTLE, STEP_ARRIVE, STEP_HARD, STEP_HARD_RESUME, STEP_FINISH, STEP_CHECK,
	    STEP_RATE, STEP_REVISIT, STEP_REOPEN, STEP_MAX };

enum { CODE_LIGHT = 1 << 0, /* often fixed on the spot, or by the community itself */
       CODE_SENSOR = 1 << 1 };

struct story_code {
	const char *code;
	int weight;
	unsigned flags;
};
extern const struct story_code story_codes[];
extern const size_t nstory_codes;

/* An event on its way. Copied freely: a transaction that runs again starts from the copies. */
struct live {
	int64_t plan_at, wake_at, auto_at; /* NIL: never */
	int64_t id, unit, into, part_of;
	int64_t started, due, finish_at; /* of the handling clock */
	int64_t arriving;		 /* unit that was whistled; 0: none */
	int64_t returner;		 /* unit that gave it back; 0: none */
	struct demo_rand r;
	uint32_t number, grid; /* number: which birth, for its texts */
	uint16_t code;
	uint8_t plan, state, source, urgency, track, hour, auto_action;
	uint8_t returns, extensions, reopens, fails;
	bool sealed, self_closed, sampled, anonymous, own, late, asked, photo, light;
};

/* The latest accepted and still open event of a grid: what a second report is merged into. */
struct hot {
	int64_t id;
	uint32_t number;
	uint16_t code;
	double lon, lat;
};

struct sim {
	struct world *w;
	struct snap *snap;
	const struct event_book *book;
	const struct calendar *cal;
	int64_t at; /* the story's present */
	int64_t *birth;
	size_t nbirth, next;
	uint64_t *grid_weight; /* running sums */
	uint64_t *code_weight;
	struct live *heap, *heap_kept;
	size_t n, n_kept, cap, next_kept;
	struct hot *hot, *hot_kept;
	int64_t actions, refused, actions_kept, refused_kept;
	bool done;
	struct req rq;
	struct act *act;
	struct act_in in;
	uint64_t given;
};

/* demo_life_plan.c: times and chances */
enum err demo_births(struct sim *s) MUST_CHECK;
void demo_plan(struct sim *s, struct live *l);
/* The deadline moved, or the work starts again: a new time to be done by. */
void demo_refinish(struct sim *s, struct live *l);
/* `ms` of opening time after `t`; calendar time where the calendar ends. */
int64_t demo_work_after(const struct sim *s, int64_t t, int64_t ms);
int64_t demo_minutes(struct live *l, int lo, int hi);

/* demo_life_act.c: one action through the engine */
const struct demo_community *demo_community_of(const struct sim *s, const struct live *l);
const struct demo_street *demo_street_of(const struct sim *s, const struct live *l);
const struct principal *demo_officer(const struct sim *s, struct live *l);
const struct principal *demo_worker(const struct sim *s, const struct live *l); /* who reported for the grid */
const struct principal *demo_colleague(const struct sim *s, const struct live *l); /* NULL: nobody */
const struct principal *demo_member(const struct sim *s, struct live *l, int64_t unit); /* NULL: nobody */
struct demo_report demo_text_of(const struct sim *s, const struct live *l);
bool demo_chance(struct live *l, double p);
/* Members of the next action's input. */
void demo_clear(struct sim *s);
void demo_give(struct sim *s, const char *member, int64_t v);
void demo_give_text(struct sim *s, const char *member, struct str v);
/* *ret (NULL allowed): whether the engine allowed it; if not, nothing more is planned. */
enum err demo_act(struct sim *s, struct live *l, const struct principal *who, uint64_t as, const char *action,
		  bool *ret) MUST_CHECK;
/* What the engine made of it. */
void demo_note(struct sim *s, struct live *l);
enum err demo_photo(struct sim *s, const struct live *l, const struct principal *who, bool done) MUST_CHECK;

/* demo_life_step.c: what happens */
enum err demo_birth(struct sim *s, size_t number, struct live *ret) MUST_CHECK;
enum err demo_step(struct sim *s, struct live *l) MUST_CHECK;
enum err demo_wake(struct sim *s, struct live *l) MUST_CHECK;
/* Adds to the story, unless nothing more happens before its end. */
enum err demo_push(struct sim *s, const struct live *l) MUST_CHECK;
int64_t demo_next_at(const struct live *l);
/* Takes the entry of an event out of the queue; false: it is not there. */
bool demo_take_out(struct sim *s, int64_t id, struct live *ret);

#endif
