/* Pure rules of events: urgency, likeness of reports, sampling, and what an event counts for. */
#include "mod/event/event.h"

#include <math.h>

#include "base/crypto.h"
#include "core/search.h"
#include "core/tally.h"

int64_t urgency_up(int64_t urgency)
{
	switch (urgency) {
	case URG_U4:
	case URG_Q:
		return URG_U3;
	case URG_U3:
		return URG_U2;
	default:
		return URG_U1;
	}
}

int64_t urgency_max(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

enum { WORDS_MAX = 256 }; /* of each text: every word of one is sought in the other */

/* The last character of a run stands alone in the index, for prefixes; it is no bigram. */
static bool is_tail(struct str token)
{
	return token.n == 6 && token.p[0] == 'x';
}

static bool has_word(struct str tokens, struct str word)
{
	struct str t;

	for (int i = 0; i < WORDS_MAX && str_split(&tokens, ' ', &t); i++) {
		if (str_eq(t, word))
			return true;
	}
	return false;
}

double event_words(struct str a, struct str b)
{
	struct buf ta, tb;
	struct str rest, token;
	int shared = 0, total = 0;

	buf_init(&ta, 1 << 16);
	buf_init(&tb, 1 << 16);
	search_tokens(a, &ta);
	search_tokens(b, &tb);
	rest = buf_view(&ta);
	while (total < WORDS_MAX && tb.n > 0 && str_split(&rest, ' ', &token)) {
		if (token.n == 0 || is_tail(token))
			continue;
		total++;
		shared += has_word(buf_view(&tb), token);
	}
	buf_release(&ta);
	buf_release(&tb);
	return total == 0 ? 0 : (double)shared / total;
}

/* Near in space counts most, then the same code, the words, and nearness in time. */
double event_likeness(double metres, double minutes, bool same_code, double words)
{
	double near_place = isnan(metres) ? 0 : exp(-metres / 100.0);
	double near_time = exp(-fabs(minutes) / (36.0 * 60.0));

	return 0.4 * near_place + 0.25 * (same_code ? 1 : 0) + 0.25 * words + 0.1 * near_time;
}

bool event_sampled(int64_t id)
{
	/* A multiplicative hash, so that neighbours in time do not fall together. */
	uint64_t h = (uint64_t)id * 0x9E3779B97F4A7C15u;

	return (h >> 40) % 10 == 0;
}

/* ---- measures ---- */

struct out {
	struct tally *v;
	size_t n;
};

/* One row per measure, dimension and day: two runs due the same day add up. */
static void put(struct out *o, int measure, int64_t dim, int64_t at, int64_t n)
{
	struct tally t = { .measure = measure, .dim = (int)dim, .day = at == NIL ? 0 : date_of(at), .n = n };

	if (n == 0)
		return;
	for (size_t i = 0; i < o->n; i++) {
		if (o->v[i].measure == measure && o->v[i].dim == t.dim && o->v[i].day == t.day) {
			o->v[i].n += n;
			return;
		}
	}
	if (o->n < TALLY_MAX)
		o->v[o->n++] = t;
}

static bool is_closed(const struct matter *m)
{
	return m->closed_at != NIL && (m->state == MS_CLOSED || m->state == MS_RATED || m->state == MS_ARCHIVED);
}

static void put_closed(struct out *o, const struct matter *m)
{
	if (!is_closed(m))
		return;
	put(o, TALLY_CLOSED, m->track, m->closed_at, 1);
	put(o, TALLY_REOPENED, 0, m->closed_at, m->reopens > 0);
	put(o, TALLY_ANSWERED, 0, m->closed_at, m->satisfied != NIL);
	put(o, TALLY_RESOLVED, 0, m->closed_at, m->resolved == 1);
	put(o, TALLY_SATISFIED, 0, m->closed_at, m->satisfied == 0 || m->satisfied == 1);
	put(o, TALLY_SELF_NUM, 0, m->reported_at, m->self_closed == 1 && m->source == SRC_GRID);
}

static void put_runs(struct out *o, const struct matter *m, const struct clock_run *run, size_t nrun)
{
	int64_t signs = 0;

	for (size_t i = 0; i < nrun; i++) {
		const struct clock_run *r = &run[i];

		if (r->clock == CLOCK_ACCEPT && r->run == 1 && !r->voided && m->parent_id == NIL)
			put(o, TALLY_ACCEPT_NUM, 0, m->reported_at, r->stop != NIL && r->stop <= r->due);
		if (r->clock == CLOCK_SIGN && !r->voided)
			signs++;
		if (r->clock != CLOCK_HANDLE || r->voided)
			continue;
		put(o, TALLY_HANDLE_DEN, 0, r->due, 1);
		put(o, TALLY_HANDLE_NUM, 0, r->due, r->stop != NIL && r->stop <= r->due);
	}
	if (m->dispatched_at != NIL) {
		put(o, TALLY_DISPATCHED, 0, m->dispatched_at, signs);
		put(o, TALLY_RETURNED, 0, m->dispatched_at, m->returns);
	}
}

size_t event_tally(const struct matter *m, const struct clock_run *run, size_t nrun, struct tally out[TALLY_MAX])
{
	struct out o = { out, 0 };

	put(&o, TALLY_STATE, m->state, NIL, 1);
	if (m->open) {
		put(&o, TALLY_URGENCY, m->urgency, NIL, 1);
		put(&o, TALLY_TRACK, m->track, NIL, 1);
		put(&o, TALLY_LEVEL, m->level, NIL, 1);
	}
	if (m->parent_id == NIL) {
		put(&o, TALLY_IN, m->track, m->reported_at, 1);
		put(&o, TALLY_ACCEPT_DEN, 0, m->reported_at, m->state != MS_MERGED);
		put(&o, TALLY_SELF_DEN, 0, m->reported_at, m->source == SRC_GRID);
		put_closed(&o, m);
	}
	put_runs(&o, m, run, nrun);
	return o.n;
}
