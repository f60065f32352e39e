/* Private to the demonstration: the registry of the invented district. */
#ifndef GEZHI_MOD_DEMO_REGISTRY_H
#define GEZHI_MOD_DEMO_REGISTRY_H

#include "mod/demo/demo_world.h"
#include "mod/registry/registry.h"

/* Days of birth and serials of one sex: as many people of a district can have numbers that differ. */
enum { BIRTHDAYS = 363, SERIALS = 500, SETTLE_NUMBERS = BIRTHDAYS * SERIALS };

/* One transaction's work. */
struct settle {
	struct world *w;
	struct req rq;
	struct demo_rand r;
	size_t grid;
	size_t person; /* number of the next person of the district, below SETTLE_NUMBERS */
	int64_t today;
	int64_t visitor;			/* who visits here; NIL: nobody named */
	int64_t buildings, households, people; /* made by this transaction */
	size_t rows;
};

/* Inserts a row with its source and date drawn. */
enum err settle_put(struct settle *s, const struct entity *e, void *rec, int64_t *ret_id) MUST_CHECK;
/* The six digits of the district at work. */
int64_t settle_county(const struct settle *s);
/* How many live in a household of a grid: the same whenever it is asked. */
int settle_size(const struct world *w, size_t grid, int household);
/* People enter a household in a room. */
enum err settle_home(struct settle *s, const struct room *room, int household) MUST_CHECK;
/* A visit plan with the visits there were. */
enum err settle_plan(struct settle *s, int64_t kind, int64_t target, enum care_type type, int64_t place) MUST_CHECK;

#endif
