/* Rules of the five-level tree. No SQL, no clock. */
#include "mod/party/party.h"

#include "base/field.h"

static const char *const level_word[] = { "none", "street", "community", "grid", "micro_grid", "household", NULL };
const struct vocab party_level_vocab = { "party_level", level_word };

static const char *const form_word[] = { "solo", "joint", "functional", NULL };
const struct vocab party_form_vocab = { "party_form", form_word };

bool party_place_fits(int64_t l, enum level place)
{
	switch (l) {
	case PARTY_STREET:
		return place == LEVEL_STREET;
	case PARTY_COMMUNITY:
		return place == LEVEL_COMMUNITY;
	case PARTY_GRID:
		return place == LEVEL_GRID;
	case PARTY_GROUP:
	case PARTY_HOUSEHOLD:
		/* Dedicated grids have no micro-grids. */
		return place == LEVEL_MICRO || place == LEVEL_GRID;
	default:
		return false;
	}
}

bool party_parent_fits(int64_t l, int64_t parent_level)
{
	return l >= PARTY_STREET && l <= PARTY_HOUSEHOLD && parent_level == l - 1;
}

bool party_form_fits(int64_t l, int64_t form)
{
	return form >= 0 && form < PARTY_FORM_MAX && (form != PARTY_JOINT || l == PARTY_GRID);
}
