/*
 * Events: what residents, grid workers, hotlines and sensors report, in a closed loop from report to
 * rating. A kind of matter: this module gives it its flow, its codes and rules, its measures, its intake
 * and its public page.
 */
#ifndef GEZHI_MOD_EVENT_EVENT_H
#define GEZHI_MOD_EVENT_EVENT_H

#include "core/app.h"
#include "core/entity.h"
#include "core/matter.h"

struct event_code {
	int64_t id, version;
	struct str code, name_zh, name_en;
	int64_t track, urgency;
	struct str accept, handle; /* lengths like "4wh", where they differ from the urgency's */
	struct str lead;	   /* alias of a department, "board" (the street's) or "community" */
	int64_t sealed, photo, is_public, active;
};

struct code_question {
	int64_t id, version;
	int64_t code_id, position;
	struct str name, question_zh, question_en;
	int64_t type, required;
	struct str choices; /* separated by | */
};
extern const struct vocab question_vocab;
enum question_type { QUESTION_TEXT, QUESTION_NUMBER, QUESTION_CHOICE, QUESTION_YES_NO, QUESTION_DATE };

struct deadline_rule {
	int64_t id, version;
	int64_t urgency, clock;
	struct str span;
};

struct reason {
	int64_t id, version;
	struct str action, code, name_zh, name_en;
	int64_t active;
};

struct routing_rule {
	int64_t id, version;
	int64_t code_id, place, unit_id;
};

struct flow_row {
	int64_t id, version;
	struct str kind, action, roles, needs;
};

extern const struct entity event_code_entity, code_question_entity, deadline_rule_entity, reason_entity,
	routing_rule_entity, flow_row_entity;

/* Everything above as of a snapshot; immutable. */
struct event_book {
	struct event_code *code;
	size_t ncode;
	struct map *by_id;	/* id → event_code */
	struct smap *by_code;	/* "MS24" → event_code */
	struct code_question *question;
	size_t nquestion;
	struct deadline_rule deadline[URG_MAX][CLOCK_MAX]; /* id 0: none */
	struct routing_rule *routing;
	size_t nrouting;
	struct reason *reason;
	size_t nreason;
	struct smap *alias; /* unit alias → unit */
	struct map *at;	    /* unit_key(place, kind, board) → unit */
};
const struct event_book *event_book(const struct snap *s, const struct app *app);
const struct event_code *event_code_by(const struct event_book *b, struct str code);
const struct event_code *event_code_of(const struct event_book *b, int64_t id);
int64_t unit_key(int64_t place, int kind, enum track board);
const struct unit *event_unit_at(const struct event_book *b, int64_t place, int kind, enum track board);
enum err event_book_load(struct snap *s, struct dbc *c, void **ret_part) MUST_CHECK;
void event_book_free(void *part);
enum err event_seed(struct app *app, struct dbc *c) MUST_CHECK;

/* Where a matter of this code goes: its lead unit and the item that says so. */
struct event_route {
	int64_t unit_id;      /* NIL: outside every list, the district decides */
	int64_t coop_unit;    /* the street's part of a cooperative item; NIL: none */
	int64_t duty_item_id; /* NIL: none */
	bool outside_list;
};
void event_route(const struct snap *s, const struct app *app, const struct event_code *code, int64_t place,
		 int64_t date, struct event_route *ret);

/* Length of a clock: the code's own, else the urgency's. False: no such clock. */
bool event_span(const struct event_book *b, const struct event_code *code, int64_t urgency, enum clock_kind c,
		struct span_rule *ret, int64_t *ret_rule);

/* ---- pure rules (event.c) ---- */

/* One step more urgent: U4 → U3 → U2 → U1; a question becomes U3. */
int64_t urgency_up(int64_t urgency);
/* The more urgent of two. */
int64_t urgency_max(int64_t a, int64_t b);
/* Likeness of two reports, 0…1, from metres apart, minutes apart, same code, and shared bigrams. */
double event_likeness(double metres, double minutes, bool same_code, double words);
/* Share of the bigrams of `a` found in `b`, 0…1. */
double event_words(struct str a, struct str b);
/* Is this self-closed event one of those another person checks? Deterministic: about one in ten. */
bool event_sampled(int64_t id);
size_t event_tally(const struct matter *m, const struct clock_run *run, size_t nrun, struct tally out[TALLY_MAX]);
enum { EVENT_NFLOW = 56 };
extern const struct transition event_flow[EVENT_NFLOW];

/* ---- intake, shared by desk, public page, import and demo ---- */

struct event_in {
	struct str title, text, code, address, source, ext_no, reporter_name, reporter_phone;
	struct str answers, files;
	int64_t place, urgency, anonymous;
	double lon, lat;
};
extern const struct fields event_in_fields;
/* Fills a->m (place from the position, code, urgency, reporter) and creates the event. `query_code` gets
 * the code by which the reporter follows it. */
enum err event_create(struct act *a, struct req *rq, const struct event_in *in, char query_code[16]) MUST_CHECK;

/* The departments every district has, from which places get their units. */
struct unit_seed {
	const char *alias, *name;
};
extern const struct unit_seed unit_seeds[];
extern const size_t nunit_seeds;

extern const struct matter_kind event_kind;
extern const struct module event_module;

#endif
