/*
 * Duty items: what a street must do by law (L) and where it only helps a named department (C). The list
 * decides who leads a matter; what is not listed does not land on a street. Items change from a date on:
 * a matter is judged by what was in force when it was reported.
 */
#ifndef GEZHI_MOD_DUTY_DUTY_H
#define GEZHI_MOD_DUTY_DUTY_H

#include "core/app.h"
#include "core/entity.h"

/* Stored as numbers. */
enum duty_list { DUTY_STATUTORY, DUTY_COOPERATIVE, DUTY_LIST_MAX };
enum duty_state { DUTY_ACTIVE, DUTY_WITHDRAWN, DUTY_STATE_MAX };
extern const struct vocab duty_list_vocab, duty_state_vocab;

struct duty_item {
	int64_t id, version;
	struct str item; /* "L04", "C05" */
	int64_t list;
	struct str name;
	int64_t track;
	struct str lead; /* alias of the leading department; of a withdrawn item the one that took over */
	struct str street_duty, lead_duty, basis;
	struct str event_codes; /* "PF01,PF06" */
	int64_t state, valid_from, valid_to; /* in force from the first day until before the last */
};
extern const struct entity duty_item_entity;

/* All items of a snapshot with their earlier versions; immutable, lives as long as the snapshot. */
struct duty_book;
const struct duty_book *snap_duties(const struct snap *s, const struct app *app);

/*
 * The item that decides about a code on a day (yyyymmdd), or NULL: outside the list. Of several the
 * one that names the fewest codes (the most specific), then the statutory one, then the first by number.
 */
const struct duty_item *duty_for_code(const struct duty_book *b, struct str event_code, int64_t date);
/* The item as it stands now, by row id; NULL if unknown. */
const struct duty_item *duty_find(const struct duty_book *b, int64_t id);
const struct duty_item *duty_find_item(const struct duty_book *b, struct str item);
bool duty_in_force(const struct duty_item *d, int64_t date);
/* Does the item name the code? */
bool duty_names(const struct duty_item *d, struct str event_code);

/* Who leads: the street's board unit (of item->track), the department item->lead, or the district. */
enum duty_target { DUTY_TO_STREET, DUTY_TO_DEPARTMENT, DUTY_TO_DISTRICT };
enum duty_target duty_target(const struct duty_item *d);

/* A book over items given in any order, current and past ones; for tests too. Copies nothing: the array
 * lives in `a` as well. */
struct duty_book *duty_book_new(struct arena *a, struct duty_item *v, size_t ncurrent, size_t n);

extern const struct module duty_module;

#endif
