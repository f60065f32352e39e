/*
 * The phrases behind demo_text: per event code what is reported and how it ended. Slots in braces:
 * {p} the place given by the caller, {b} building, {f} floor, {g} spot in an estate, {r} road,
 * {s} shop, {c} company, {t} time before the report, {n} a number from 2 to 9.
 */
#ifndef GEZHI_MOD_DEMO_TOPICS_H
#define GEZHI_MOD_DEMO_TOPICS_H

#include <stddef.h>

enum { DEMO_PHRASES = 4 };

struct demo_phrase {
	const char *title, *text;
};

struct demo_topic {
	const char *code;
	struct demo_phrase said[DEMO_PHRASES]; /* the unused rest is NULL */
	const char *done[DEMO_PHRASES];        /* how the phrase of the same number ended */
};

struct demo_topics {
	const struct demo_topic *v;
	size_t n;
};

extern const struct demo_topics demo_topics_party, demo_topics_economy, demo_topics_care,
	demo_topics_estate, demo_topics_street, demo_topics_peace;

#endif
