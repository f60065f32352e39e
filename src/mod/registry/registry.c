/* Numbers with a check digit, telephone numbers, codes, and what fits with what. No SQL, no clock. */
#include "mod/registry/registry.h"

#include <string.h>

static int64_t number(const char *p, size_t n)
{
	int64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (p[i] - '0');
	return v;
}

/* ---- identity number ---- */

char id18_digit(const char *seventeen)
{
	static const int weight[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	int sum = 0;

	for (int i = 0; i < 17; i++)
		sum += (seventeen[i] - '0') * weight[i];
	return "10X98765432"[sum % 11];
}

enum id_fault id18_check(struct str s, int64_t today, int64_t *ret_birth, enum sex *ret_sex)
{
	int64_t birth;
	char last;

	if (s.p == NULL || s.n != ID18_LEN || !str_is_digits((struct str){ s.p, 17 }) || s.p[0] == '0')
		return ID_FORM;
	last = s.p[17] == 'x' ? 'X' : s.p[17];
	if (last != 'X' && !str_is_digits((struct str){ &last, 1 }))
		return ID_FORM;
	birth = number(s.p + 6, 8);
	if (!date_valid(birth) || birth < 18000101 || birth > today)
		return ID_DATE;
	if (id18_digit(s.p) != last)
		return ID_CHECK;
	*ret_birth = birth;
	*ret_sex = (s.p[16] - '0') % 2 == 1 ? SEX_MALE : SEX_FEMALE;
	return ID_GOOD;
}

/* ---- unified social credit code ---- */

static const char uscc_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

char uscc_digit(const char *seventeen)
{
	int sum = 0, weight = 1;

	for (int i = 0; i < 17; i++) {
		const char *at = strchr(uscc_alphabet, seventeen[i]);

		sum += (at != NULL ? (int)(at - uscc_alphabet) : 0) * weight;
		weight = weight * 3 % 31;
	}
	return uscc_alphabet[(31 - sum % 31) % 31];
}

enum id_fault uscc_check(struct str s)
{
	if (s.p == NULL || s.n != USCC_LEN)
		return ID_FORM;
	for (size_t i = 0; i < USCC_LEN; i++) {
		if (memchr(uscc_alphabet, s.p[i], sizeof(uscc_alphabet) - 1) == NULL)
			return ID_FORM;
	}
	/* the registering department (1–9, A, N, Y), and the county it is registered in */
	if (strchr("123456789ANY", s.p[0]) == NULL || !str_is_digits((struct str){ s.p + 2, 6 }))
		return ID_FORM;
	return uscc_digit(s.p) == s.p[17] ? ID_GOOD : ID_CHECK;
}

/* ---- telephone ---- */

bool phone_plain(struct str s, char ret[18])
{
	char d[18];
	size_t n = 0, i = 0;

	s = str_trim(s);
	if (str_prefix(s, STR("+86")))
		i = 3;
	for (; i < s.n; i++) {
		if (strchr(" -()", s.p[i]) != NULL && s.p[i] != '\0')
			continue;
		if (n == sizeof(d) - 1 || !str_is_digits((struct str){ s.p + i, 1 }))
			return false;
		d[n++] = s.p[i];
	}
	d[n] = '\0';
	bool mobile = n == 11 && d[0] == '1' && d[1] >= '3';
	/* area code of three or four digits, seven or eight of the line, up to five of an extension */
	bool fixed = n >= 10 && n <= 17 && d[0] == '0' && d[1] >= '1';

	if (!mobile && !fixed)
		return false;
	memcpy(ret, d, n + 1);
	return true;
}

/* ---- codes ---- */

bool building_code_ok(struct str s)
{
	int64_t grid;

	return s.p != NULL && s.n == BUILDING_CODE && str_is_digits(s) &&
	       place_parse((struct str){ s.p, s.n - BUILDING_SERIAL }, &grid) && number(s.p + 15, BUILDING_SERIAL) > 0;
}

bool room_code_parse(struct str code, struct str *ret_building, struct str *ret_unit, struct str *ret_room)
{
	struct str rest = code;

	if (code.p == NULL || code.n > ROOM_CODE_MAX || !str_split(&rest, '-', ret_building) ||
	    !str_split(&rest, '-', ret_unit) || rest.p == NULL)
		return false;
	*ret_room = rest;
	return building_code_ok(*ret_building) && ret_unit->n > 0 && ret_room->n > 0 &&
	       memchr(ret_room->p, '-', ret_room->n) == NULL;
}

int64_t age_on(int64_t birth, int64_t day)
{
	return day / 10000 - birth / 10000 - (day % 10000 < birth % 10000 ? 1 : 0);
}

bool younger_than(int years, int64_t birth, int64_t day)
{
	return birth != NIL && age_on(birth, day) < years;
}

/* ---- what fits ---- */

#define K(o) (1u << OBJECT_##o)

bool link_fits(int64_t role, int64_t from_kind, int64_t to_kind)
{
	static const struct {
		unsigned from, to;
	} fits[LINK_MAX] = {
		[LINK_OWNER] = { K(PERSON) | K(ORGANISATION), K(BUILDING) | K(ROOM) | K(VENUE) | K(THING) },
		[LINK_TENANT] = { K(PERSON) | K(HOUSEHOLD) | K(ORGANISATION), K(BUILDING) | K(ROOM) | K(VENUE) },
		[LINK_LIVES_IN] = { K(PERSON) | K(HOUSEHOLD), K(BUILDING) | K(ROOM) },
		[LINK_WORKS_AT] = { K(PERSON), K(ORGANISATION) | K(VENUE) },
		[LINK_GUARDIAN] = { K(PERSON), K(PERSON) },
		[LINK_MEMBER_OF] = { K(PERSON) | K(ORGANISATION), K(ORGANISATION) },
	};

	if (role < 0 || role >= LINK_MAX || from_kind < 0 || from_kind >= OBJECT_MAX || to_kind < 0 || to_kind >= OBJECT_MAX)
		return false;
	return (fits[role].from >> from_kind & 1) && (fits[role].to >> to_kind & 1);
}

/* What somebody is to a new head: by what the new head was to the former one, and by what they were. ONLY(x): x when
 * there was but one child (with but one spouse), else the words do not tell. */
#define R(r) RELATION_##r
#define ONLY(r) (-1 - RELATION_##r)
static const int64_t to_head[R(OTHER) + 1][R(OTHER) + 1] = {
	[R(HEAD)] = { R(HEAD), R(SPOUSE), R(CHILD), R(CHILD_IN_LAW), R(GRANDCHILD), R(PARENT), R(GRANDPARENT), R(SIBLING),
		R(OTHER) },
	[R(SPOUSE)] = { R(SPOUSE), R(OTHER), R(CHILD), R(CHILD_IN_LAW), R(GRANDCHILD), R(OTHER), R(OTHER), R(OTHER), R(OTHER) },
	[R(CHILD)] = { R(PARENT), R(PARENT), R(SIBLING), ONLY(SPOUSE), ONLY(CHILD), R(GRANDPARENT), R(OTHER), R(OTHER),
		R(OTHER) },
	[R(CHILD_IN_LAW)] = { R(OTHER), R(OTHER), ONLY(SPOUSE), R(OTHER), ONLY(CHILD), R(OTHER), R(OTHER), R(OTHER), R(OTHER) },
	[R(GRANDCHILD)] = { R(GRANDPARENT), R(GRANDPARENT), ONLY(PARENT), ONLY(PARENT), ONLY(SIBLING), R(OTHER), R(OTHER),
		R(OTHER), R(OTHER) },
	[R(PARENT)] = { R(CHILD), R(CHILD_IN_LAW), R(GRANDCHILD), R(OTHER), R(OTHER), R(SPOUSE), R(OTHER), R(CHILD), R(OTHER) },
	[R(GRANDPARENT)] = { R(GRANDCHILD), R(OTHER), R(OTHER), R(OTHER), R(OTHER), R(OTHER), R(OTHER), R(GRANDCHILD),
		R(OTHER) },
	[R(SIBLING)] = { R(SIBLING), R(OTHER), R(OTHER), R(OTHER), R(OTHER), R(PARENT), R(GRANDPARENT), R(SIBLING), R(OTHER) },
	[R(OTHER)] = { R(OTHER), R(OTHER), R(OTHER), R(OTHER), R(OTHER), R(OTHER), R(OTHER), R(OTHER), R(OTHER) },
};

void relations_to(const struct person *p, size_t n, size_t head, int64_t *ret)
{
	size_t children = 0, in_law = 0;

	for (size_t i = 0; i < n; i++) {
		children += p[i].relation == R(CHILD);
		in_law += p[i].relation == R(CHILD_IN_LAW);
	}
	for (size_t i = 0; i < n; i++) {
		int64_t r = to_head[p[head].relation][p[i].relation];

		if (r < 0)
			r = children <= 1 && in_law <= 1 ? -1 - r : R(OTHER);
		ret[i] = i == head ? R(HEAD) : r;
	}
}

bool care_counts(int64_t mode, int64_t outcome)
{
	return outcome == CARE_MET || (outcome == CARE_PHONE && mode == CARE_PHONE_ALLOWED);
}

bool care_fits(int64_t type, int64_t target_kind)
{
	switch (type) {
	case CARE_HAZARD_VENUE:
		return target_kind == OBJECT_VENUE;
	case CARE_HAZARD_STRUCTURE:
		return target_kind == OBJECT_BUILDING || target_kind == OBJECT_ROOM || target_kind == OBJECT_THING;
	case CARE_HARDSHIP:
		return target_kind == OBJECT_PERSON || target_kind == OBJECT_HOUSEHOLD;
	default:
		return target_kind == OBJECT_PERSON;
	}
}
