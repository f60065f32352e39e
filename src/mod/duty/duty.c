/* Choosing the duty item for a code and a day. No SQL, no clock. */
#include "mod/duty/duty.h"

#include "base/field.h"

static const char *const list_word[] = { "statutory", "cooperative", NULL };
const struct vocab duty_list_vocab = { "duty_list", list_word };

static const char *const state_word[] = { "active", "withdrawn", NULL };
const struct vocab duty_state_vocab = { "duty_state", state_word };

/* Items are few (hundreds), so a book is two arrays: current ones, then their earlier versions. */
struct duty_book {
	const struct duty_item *v;
	size_t ncurrent, n;
};

struct duty_book *duty_book_new(struct arena *a, struct duty_item *v, size_t ncurrent, size_t n)
{
	struct duty_book *b = ARENA_NEW(a, struct duty_book);

	if (b != NULL)
		*b = (struct duty_book){ v, ncurrent, n };
	return b;
}

bool duty_in_force(const struct duty_item *d, int64_t date)
{
	return d->state == DUTY_ACTIVE && (d->valid_from == NIL || date >= d->valid_from) &&
	       (d->valid_to == NIL || date < d->valid_to);
}

bool duty_names(const struct duty_item *d, struct str event_code)
{
	struct str rest = d->event_codes, piece;

	while (str_split(&rest, ',', &piece)) {
		if (str_eq(str_trim(piece), event_code))
			return true;
	}
	return false;
}

static size_t names_count(const struct duty_item *d)
{
	struct str rest = d->event_codes, piece;
	size_t n = 0;

	while (str_split(&rest, ',', &piece))
		n++;
	return n;
}

static bool better(const struct duty_item *a, const struct duty_item *b)
{
	size_t na = names_count(a), nb = names_count(b);

	if (na != nb)
		return na < nb;
	return a->list < b->list;
}

const struct duty_item *duty_for_code(const struct duty_book *b, struct str event_code, int64_t date)
{
	const struct duty_item *best = NULL;

	if (b == NULL || event_code.p == NULL)
		return NULL;
	for (size_t i = 0; i < b->n; i++) {
		const struct duty_item *d = &b->v[i];

		if (duty_in_force(d, date) && duty_names(d, event_code) && (best == NULL || better(d, best)))
			best = d;
	}
	return best;
}

const struct duty_item *duty_find(const struct duty_book *b, int64_t id)
{
	for (size_t i = 0; b != NULL && i < b->ncurrent; i++) {
		if (b->v[i].id == id)
			return &b->v[i];
	}
	return NULL;
}

const struct duty_item *duty_find_item(const struct duty_book *b, struct str item)
{
	for (size_t i = 0; b != NULL && i < b->ncurrent; i++) {
		if (str_eq(b->v[i].item, item))
			return &b->v[i];
	}
	return NULL;
}

enum duty_target duty_target(const struct duty_item *d)
{
	if (d == NULL)
		return DUTY_TO_DISTRICT;
	return d->list == DUTY_STATUTORY ? DUTY_TO_STREET : DUTY_TO_DEPARTMENT;
}
