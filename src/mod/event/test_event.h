/*
 * For the tests of events: a small district on either engine with streets, units and people whose
 * posts stand in the store, a clock that the test sets, and one call per action.
 */
#ifndef GEZHI_MOD_EVENT_TEST_EVENT_H
#define GEZHI_MOD_EVENT_TEST_EVENT_H

#include "mod/test_app/test_app.h"

#include "mod/event/event.h"

#define DISTRICT "50099900000000000"
#define STREET1 "50099900100000000"
#define COMMUNITY1 "50099900100100000"
#define GRID1 "50099900100100100"
#define GRID2 "50099900100100200"
#define COMMUNITY2 "50099900100200000"
#define STREET2 "50099900200000000"
#define GRID4 "50099900200100100"

/* Units by id: boards of street 1 and 2, departments, a community. */
#define LIVE "201"
#define PEACE "202"
#define CM "203"
#define FR "204"
#define PS "205"
#define HOME "206"
#define LIVE2 "207"

/* People by login: admin director duty duty_b lead lead2 clerk clerk_b peace cm fr ps ps_b secretary
 * leader leader_2 ft resident resident_b auditor far far_clerk; see test_event.c for their posts. */
enum { PEOPLE = 22 };
extern const char *const person_login[PEOPLE];

/* The district at 2026-03-02 10:00, a working Monday, with the real idempotency and rate limits. */
struct test_app *event_fresh(enum db_engine engine);
/* …with these modules; calendar, place, duty, account, matter and event must be among them. */
struct test_app *event_fresh_with(enum db_engine engine, const struct module *const *with);
/* …asks from now on. NULL: somebody without an account. */
void ev_as(struct test_app *t, const char *login);
/* "2026-03-02T10:00:00": sets the clock. */
void ev_at(struct test_app *t, const char *when);
int64_t ev_time(const char *when);
/* Reports as `login` with a body like "\"code\":\"MS24\",\"place\":\"…\""; the text is added. Returns the id. */
int64_t ev_report(struct test_app *t, const char *login, const char *members);
/* An action; returns the status, the reply stays in t. */
int ev_act(struct test_app *t, const char *login, int64_t id, const char *action, const char *body);
int ev_get(struct test_app *t, const char *login, int64_t id);
/* One whole number from the store. */
int64_t ev_int(struct test_app *t, const char *sql, int64_t id);
/* Runs the sweeper at the test's clock. */
void ev_sweep(struct test_app *t);
/* A number of the event, by SQL column. */
struct matter ev_matter(struct test_app *t, int64_t id);
/* The latest run of a clock. */
struct clock_run ev_run(struct test_app *t, int64_t id, enum clock_kind c);
/* Row id of a duty item by its number, as text valid until the next call of the same. */
const char *ev_duty(struct test_app *t, const char *item);
/* An image in the store that `login` uploaded, not attached yet; returns its id. */
int64_t ev_photo(struct test_app *t, const char *login);
/* Text by a format, and an instant as text; both live as long as t. */
const char *ev_body(struct test_app *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *ev_when(struct test_app *t, int64_t ms);
/* Row id of an event code. */
int64_t ev_code(struct test_app *t, const char *code);
void ev_expect(struct test_app *t, const char *login, int64_t id, const char *action, const char *body,
	       int status, const char *word, const char *file, int line);

/* It is done and the state is then … */
#define DONE(login, id, action, body, state) ev_expect(t, login, id, action, body, 200, state, __FILE__, __LINE__)
/* It is refused with the status and code. */
#define NOT(login, id, action, body, status, code) \
	ev_expect(t, login, id, action, body, status, code, __FILE__, __LINE__)

/* As far as accepted, dispatched, handling, checking, closed. `code` must name a unit by its duty item:
 * MS24 goes to the board LIVE. Each step takes a minute. */
int64_t ev_accepted(struct test_app *t, const char *code);
int64_t ev_dispatched(struct test_app *t, const char *code);
int64_t ev_handling(struct test_app *t, const char *code);
int64_t ev_checking(struct test_app *t, const char *code);
int64_t ev_closed(struct test_app *t, const char *code);

#endif
