/* Pure rules: names that look alike, who heads a household, whether plans go along, what a round
 * looks at. */
#include "mod/collect/collect.h"

#include <string.h>

bool names_alike(struct str a, struct str b)
{
	size_t na = str_runes(a), nb = str_runes(b), i = 0, k = 0, differ = 0;

	if (na < 2 || na != nb || na == SIZE_MAX)
		return false;
	while (i < a.n && k < b.n)
		differ += str_rune(a, &i) != str_rune(b, &k);
	return differ <= 1;
}

size_t next_head(const struct person *p, size_t n, int64_t today)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		if (p[i].relation == RELATION_SPOUSE && !younger_than(ADULT, p[i].birth, today))
			return i;
		if (p[i].birth == NIL || younger_than(ADULT, p[i].birth, today))
			continue;
		if (best == SIZE_MAX || p[i].birth < p[best].birth)
			best = i;
	}
	return best;
}

bool plans_follow(int64_t from_place, int64_t to_place)
{
	return place_up(from_place, LEVEL_COMMUNITY) == place_up(to_place, LEVEL_COMMUNITY);
}

int64_t round_limit(int64_t starts, int64_t fresh_days)
{
	return date_start(date_add(starts, -fresh_days));
}

bool round_kinds(json_t *list, bool ret[ROUND_KINDS])
{
	size_t i, n = 0;
	json_t *word;

	memset(ret, 0, ROUND_KINDS * sizeof(ret[0]));
	if (!json_is_array(list) || json_array_size(list) > ROUND_KINDS)
		return false;
	json_array_foreach(list, i, word)
	{
		size_t k = 0;

		while (k < ROUND_KINDS &&
			(!json_is_string(word) || strcmp(json_string_value(word),
							  registry_entity((int64_t)k)->path) != 0))
			k++;
		if (k == ROUND_KINDS)
			return false;
		ret[k] = true;
		n++;
	}
	return n > 0;
}
