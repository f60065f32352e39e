/*
 * Retention: what is held about people is forgotten when its time is over. A module says what it holds and
 * how it is forgotten; how long is a row that the administrator edits within the limits given here, with
 * the law or decision it stands on. A job runs the rules, and the audit record says what each run forgot.
 */
#ifndef GEZHI_CORE_RETAIN_H
#define GEZHI_CORE_RETAIN_H

#include "core/app.h"

/* Stored as numbers: append only. */
enum retained { RETAIN_PERSON_LEFT, RETAIN_VISIT_NOTE, RETAIN_REPORTER, RETAIN_MAX };

struct retention {
	enum retained what;
	int64_t days, min, max; /* at first; the limits */
	bool by_day;		/* $1 is a day, not an instant */
	const char *basis;	/* at first */
	const char *count;	/* how many are over at $1 */
	/* Each with $1 and at most $2 of what is over; the last one is counted, and changes what the others find
	 * theirs by. */
	const char *const *sql;
	size_t nsql;
};

extern const struct entity retention_entity;
extern const struct module retain_module;

#endif
