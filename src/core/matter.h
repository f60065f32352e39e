/*
 * Everything that must be closed is a matter (事项): one table and one history for all kinds, so that
 * there is one inbox, one set of counts, one sweeper, one supervision desk and one assessment.
 *
 * A kind declares its flow: a const table of transitions. The engine enforces it, writes history, runs
 * the clocks, keeps the tallies, notifies.
 */
#ifndef GEZHI_CORE_MATTER_H
#define GEZHI_CORE_MATTER_H

#include "base/field.h"
#include "core/clock.h"
#include "core/scope.h"
#include "http/route.h"

struct app;
struct snap;

/* One vocabulary for all kinds; a kind's words may label them differently. Stored as numbers. */
enum mstate {
	MS_NONE, MS_REPORTED, MS_ACCEPTED, MS_DISPATCHED, MS_HANDLING, MS_CHECKING, MS_CLOSED, MS_RATED,
	MS_ARCHIVED, MS_REJECTED, MS_MERGED, MS_RETURN_REVIEW, MS_PAUSED, MS_HARD_CASE, MS_SPLIT,
	MS_MAX
};
#define ST(s) (1u << MS_##s)
#define ST_OPEN (ST(REPORTED) | ST(ACCEPTED) | ST(DISPATCHED) | ST(HANDLING) | ST(CHECKING) | \
	ST(RETURN_REVIEW) | ST(PAUSED) | ST(HARD_CASE) | ST(SPLIT))

/* Relations of the acting user to the matter, above the role bits of a transition's `who`. */
enum {
	REL_REPORTER_BIT = 40, REL_UNIT_BIT, REL_COOP_BIT, REL_SYSTEM_BIT, REL_QUERY_BIT, REL_ANY_BIT, REL_HANDLER_BIT,
	NOT_HANDLER_BIT = 56 /* whoever handled it may not */
};
#define REL_REPORTER (UINT64_C(1) << REL_REPORTER_BIT) /* who reported it, signed in */
#define REL_UNIT (UINT64_C(1) << REL_UNIT_BIT)	       /* holds a post at the lead unit */
#define REL_COOP (UINT64_C(1) << REL_COOP_BIT)	       /* …at a cooperating or whistled unit */
#define REL_QUERY (UINT64_C(1) << REL_QUERY_BIT)	       /* knows the query code */
#define REL_SYSTEM (UINT64_C(1) << REL_SYSTEM_BIT)     /* the sweeper */
#define REL_ANY (UINT64_C(1) << REL_ANY_BIT)	       /* whoever sees the matter */
#define REL_HANDLER (UINT64_C(1) << REL_HANDLER_BIT)   /* whom it names as handler */
#define NOT_HANDLER (UINT64_C(1) << NOT_HANDLER_BIT)

struct matter {
	int64_t id, version;
	int64_t kind;
	struct str ext_no; /* number in the system it came from */
	struct str title, text, address;
	int64_t code_id, track, urgency, source;
	int64_t place;
	double lon, lat;
	int64_t morton;
	int64_t state, open, sealed, anonymous;
	int64_t unit_id, first_unit, handler_id, reporter_id;
	struct str reporter;   /* sealed JSON {name, phone} */
	int64_t query_hash;    /* of the code by which a resident follows it */
	int64_t reported_at, accepted_at, dispatched_at, finished_at, closed_at;
	int64_t clock, due_at, level, wake_at; /* the running clock, its due time, alarm level, next wake-up */
	int64_t auto_at;       /* when auto_action runs by itself */
	int64_t auto_action;   /* enum matter_auto */
	int64_t supporters, reopens, returns, extensions, fails;
	int64_t supervised, supervise_due;
	int64_t parent_id, join_rule, merged_into, duty_item_id, proposed_unit, rule_id;
	int64_t self_closed, sampled;
	int64_t resolved, satisfied; /* the reporter's answers; NIL until given */
	struct str pending; /* JSON of a request waiting for a decision: extension, pause */
	struct str answers, result, data;
};
extern const struct fields matter_fields;

enum matter_auto { AUTO_NONE, AUTO_CLOSE, AUTO_RESUME, AUTO_ARCHIVE, AUTO_REVIEW };

enum { URG_U1, URG_U2, URG_U3, URG_U4, URG_Q, URG_MAX };
extern const struct vocab urgency_vocab, mstate_vocab, source_vocab, join_vocab, satisfied_vocab;
enum source { SRC_RESIDENT, SRC_DESK, SRC_GRID, SRC_HOTLINE, SRC_SENSOR, SRC_IMPORT, SRC_API };

/* Body of an action; a transition names which of these it needs and allows. */
struct act_in {
	int64_t version;
	struct str text, reason, plan, result, address, title;
	int64_t unit_id, duty_item_id, proposed_unit_id, into_id, event_code, place, urgency;
	int64_t until, arrive_by, contacted, resolved, satisfied, score, sample;
	double lon, lat;
	struct str coop, departments, files, parts, answers; /* JSON */
	int64_t join;
};
extern const struct fields act_fields;

enum { MATTER_RUNS = 24, MATTER_STEPS = 12 };

/* One action on its way through the engine. */
struct act {
	struct req *rq;
	const struct snap *snap;
	const struct matter_kind *kind;
	const struct transition *t;
	const struct act_in *in;
	uint64_t given; /* presence bits of in */
	int64_t now;
	struct matter m, old; /* as changed, as stored */
	struct clock_run run[MATTER_RUNS]; /* all runs of all clocks */
	bool run_dirty[MATTER_RUNS];
	size_t nrun;
	struct clock_step step[MATTER_STEPS]; /* done in this action, for the history */
	size_t nstep;
	bool is_new;
	enum mstate to;
	struct str note;   /* history text; default in->text */
	struct str log_data; /* JSON object of further facts for the history, or absent */
	const struct post *as; /* the post that permitted it; NULL for reporter and system */
};

/* What a transition does to the clocks, in this order. Lengths come from kind->span. */
struct clock_do {
	enum clock_kind clock;
	enum clock_op op;
};

struct transition {
	const char *action;
	unsigned from; /* set of ST(); 0: creates */
	enum mstate to; /* MS_NONE: state unchanged */
	uint64_t who;
	const char *needs;  /* space-separated members of act_in */
	const char *allows; /* further members accepted */
	struct clock_do clocks[4];
	size_t nclocks;
	/* May refuse; may change a->m, a->to, a->note and the clocks (act_clock). */
	enum err (*effect)(struct act *a);
	unsigned flags;
};
enum {
	T_HIDDEN = 1 << 0, /* never offered in `actions` (system, query code) */
	T_DANGER = 1 << 1,
	T_CLOSES = 1 << 2, /* sets closed_at */
	T_CONTACT = 1 << 3 /* counts as first real contact */
};

/* Matters in one of `states` wait for the holders of `who`; with REL_HANDLER for the handler, and for the others only
 * while it names none. */
struct duty {
	uint64_t who;
	unsigned states;
};

/* A measure kept per day and place: what this matter contributes now. */
struct tally {
	int measure, dim;
	int64_t day; /* yyyymmdd, 0 for running totals */
	int64_t n;
};
enum { TALLY_MAX = 2 * MATTER_RUNS + 24 }; /* two for every run, and the rest */

struct matter_kind {
	int number; /* in the table; fixed for ever */
	const char *name; /* "event" */
	const char *path; /* "events" */
	const char *read, *create; /* permission words */
	const struct transition *flow;
	size_t nflow;
	/* Length of a clock for this matter, from the rules in force. `*ret_rule` names the rule row. */
	enum err (*span)(struct act *a, enum clock_kind c, struct span_rule *ret, int64_t *ret_rule);
	/* Contributions to the tallies as it stands, at most one per measure, dim and day: a pure function.
	 * Returns how many. */
	size_t (*tally)(const struct matter *m, const struct clock_run *run, size_t nrun,
			struct tally out[TALLY_MAX]);
	/* Members beside the engine's own in the detail reply. */
	enum err (*detail)(struct req *rq, const struct matter *m, struct jw *out);
	const struct shape *more; /* those members, described */
	/* Is it worth offering now (an extension while none is asked for)? NULL: always. */
	bool (*offers)(const struct act *a, const struct transition *t);
	/* Runs after every stored action, in the transaction: parents, supporters, escalation. */
	enum err (*after)(struct act *a);
	/* Names shown in list rows, from the snapshot. */
	struct str (*code_name)(const struct snap *s, const struct app *app, int64_t code_id, struct str *ret_code);
	int64_t (*code_find)(const struct snap *s, const struct app *app, struct str code); /* NIL: unknown */
	char letter; /* before the id in the number people read: 'E' */
	/* Whose work a state is: the rows of the inbox's "todo". REL_UNIT in `who`: the lead unit's. */
	const struct duty *duty;
	size_t nduty;
};

/* Creating: fill a->m (kind, title, place, …), then matter_create with the kind's creating transition.
 * Sets id, clocks, history, audit, search index, tallies, outbox. */
enum err act_init(struct act *a, struct req *rq, const struct matter_kind *k);
enum err matter_create(struct act *a, const char *action) MUST_CHECK;
/* Loads under scope, checks state, version, who, needs; runs effect, clocks; stores. `m_id` out of
 * scope is ERR_NOT_FOUND. With `system` the sweeper acts. */
enum err matter_act(struct req *rq, const struct matter_kind *k, int64_t id, struct str action,
		    const struct act_in *in, uint64_t given, uint64_t as, struct act *ret) MUST_CHECK;
/* One more clock operation inside an effect. */
enum err act_clock(struct act *a, enum clock_kind c, enum clock_op op, struct span_rule arg, int64_t due) MUST_CHECK;
struct clock_run *act_run(struct act *a, enum clock_kind c); /* latest run, or NULL */
bool act_has(const struct act *a, const char *member); /* given in the body and not null */
enum err act_fail(struct act *a, enum err err, const char *code, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Transitions this user may take now, as the reply's `actions`. */
enum err matter_actions(struct req *rq, const struct matter_kind *k, const struct matter *m, struct jw *out) MUST_CHECK;
enum err matter_load(struct dbc *c, struct arena *a, int64_t id, struct matter *ret) MUST_CHECK;
/*
 * A matter goes along when its place is replaced by another one, perhaps with its lead unit (NIL: as it is):
 * history, audit, tallies and streams as for an action, state and clocks as they are. `note` must not say what
 * a sealed matter is about.
 */
enum err matter_carry(struct req *rq, int64_t id, int64_t place, int64_t unit_id, struct str note) MUST_CHECK;
/* …and only if rq->who may see it. */
enum err matter_see(struct req *rq, int64_t id, struct matter *ret) MUST_CHECK;
enum err matter_detail(struct req *rq, const struct matter *m, struct jw *out) MUST_CHECK;
/* Parts of a matter that are still open. */
enum err matter_open_parts(struct dbc *c, int64_t id, int64_t *ret) MUST_CHECK;
enum err matter_runs(struct dbc *c, int64_t id, struct clock_run *out, size_t *ret_n) MUST_CHECK;
void matter_set_point(struct matter *m, double lon, double lat); /* and its morton key */
int64_t query_hash(struct str code);
/* A kind by its number or its name; NULL when there is none. */
const struct matter_kind *matter_kind_of(const struct app *app, int64_t number);
const struct matter_kind *matter_kind_named(const struct app *app, struct str name);

/* Routes for one kind: list, create is the module's own, detail, act, bulk, export. */
enum { MATTER_ROUTES = 6 };
size_t matter_routes(const struct matter_kind *k, struct arena *a, struct route *out);
extern const struct module matter_module; /* inbox, counts, history, clocks, files, sweeper */

#endif
