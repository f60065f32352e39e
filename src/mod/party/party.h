/*
 * The Party's organisations in five levels beside the place tree, and which grids they cover. A grid
 * is covered by an active grid-level organisation of its own (单建) or by a joint one (联建) linked to it.
 */
#ifndef GEZHI_MOD_PARTY_PARTY_H
#define GEZHI_MOD_PARTY_PARTY_H

#include "core/app.h"
#include "core/entity.h"

/* Stored as numbers. */
enum party_level { PARTY_NONE, PARTY_STREET, PARTY_COMMUNITY, PARTY_GRID, PARTY_GROUP, PARTY_HOUSEHOLD, PARTY_LEVEL_MAX };
enum party_form { PARTY_SOLO, PARTY_JOINT, PARTY_FUNCTIONAL, PARTY_FORM_MAX };
extern const struct vocab party_level_vocab, party_form_vocab;

struct party_org {
	int64_t id, version;
	struct str name;
	int64_t level, form, parent_id, place;
	struct str secretary;
	int64_t founded, election_due, active;
};

struct party_cover {
	int64_t id, version, org_id, grid;
};

extern const struct entity party_org_entity, party_cover_entity;

/* May an organisation of level `l` stand at a place of that level? */
bool party_place_fits(int64_t l, enum level place);
/* Exactly one step below; the first level has no parent (PARTY_NONE). */
bool party_parent_fits(int64_t l, int64_t parent_level);
/* Only grid-level organisations are joint. */
bool party_form_fits(int64_t l, int64_t form);

/*
 * Grids of a place and how many of them are covered, under the asker's scope (rq->who NULL: all).
 * `missing` is called for each grid without cover, in order of code; NULL allowed.
 */
struct party_coverage {
	int64_t covered, grids;
};
enum err party_coverage(struct req *rq, int64_t place, void (*missing)(const struct place *p, void *arg), void *arg,
			struct party_coverage *ret) MUST_CHECK;

extern const struct module party_module;

#endif
