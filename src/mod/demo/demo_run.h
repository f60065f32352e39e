/*
 * A whole demonstration in an empty store: the invented district (or city), its units, Party
 * organisations and workforce, and a year of events that really went through the engine, so that
 * history, clocks, roll-ups and the audit record are what a year of use would have left.
 */
#ifndef GEZHI_MOD_DEMO_RUN_H
#define GEZHI_MOD_DEMO_RUN_H

#include "core/app.h"
#include "mod/demo/demo_place.h"

enum { DEMO_EVENTS_USUAL = -1, DEMO_DAYS = 365, DEMO_SMALL_DAYS = 90, DEMO_ACCOUNTS = 13 };
#define DEMO_PASSWORD "gezhi-demo"

struct demo_options {
	enum demo_size size;
	uint64_t seed;
	int64_t events; /* DEMO_EVENTS_USUAL: small 3,000, district 167,000, city none */
	int64_t days;	/* how far back the first event lies */
	int64_t until;	/* the end of the story; NIL: now */
	void (*tell)(const char *progress); /* NULL: nobody listens */
};

struct demo_result {
	int64_t until; /* as told */
	int64_t places, units, orgs, accounts, posts, events, actions;
	int64_t buildings, households, people; /* of the registry */
	int64_t refused; /* actions the engine did not allow: 0 unless something is wrong */
};

/* ERR_CONFLICT when the store has places, accounts or matters. With the same options (`until` given) on
 * the embedded engine the same rows come out, but for query codes and what is encrypted. */
enum err demo_run(struct app *app, const struct demo_options *o, struct demo_result *ret, struct error *e) MUST_CHECK;

extern const char *const demo_sql[];
extern const size_t demo_nsql;

#endif
