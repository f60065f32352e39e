/* Private to demo_run: what has been made so far, and the steps that make it. */
#ifndef GEZHI_MOD_DEMO_WORLD_H
#define GEZHI_MOD_DEMO_WORLD_H

#include "base/geo.h"
#include "base/map.h"
#include "core/account.h"
#include "mod/demo/demo_rand.h"
#include "mod/demo/demo_run.h"

enum { Q_DEMO_USED, Q_DEMO_SETTING, Q_DEMO_PLACE, Q_DEMO_SHAPE, Q_DEMO_PLACE_CODE, Q_DEMO_UNIT, Q_DEMO_ORG,
       Q_DEMO_COVER, Q_DEMO_ACCOUNT, Q_DEMO_POST, Q_DEMO_LEADER, Q_DEMO_QUESTION, Q_DEMO_FILE_GET, Q_DEMO_FILE_DROP,
       Q_DEMO_FILE, Q_DEMO_PARTS, Q_DEMO_OLD_OUTBOX, Q_DEMO_CODE_ID,
       Q_DEMO_MATTERS, Q_DEMO_TALLY, Q_DEMO_DELTA_DROP, Q_DEMO_HEAD, Q_DEMO_TWO, Q_DEMO_HOLDER, Q_DEMO_ANALYZE,
       DEMO_NSQL };

enum { CREW_MAX = 4, DEMO_PICTURES = 6, DUTY_OFFICERS = 3 };

/* Who works at a unit. */
struct crew {
	const struct principal *v[CREW_MAX];
	size_t n;
};

struct demo_street {
	int64_t code, centre;
	int64_t board[TRACK_MAX];
	size_t community, ncommunity; /* first, how many */
	struct str name;
	const struct principal *director, *officer[DUTY_OFFICERS], *lead[TRACK_MAX];
};

struct demo_community {
	int64_t code, unit, org;
	size_t street, grid, ngrid;
	struct str name;
	const struct principal *secretary, *deputy;
};

struct demo_grid {
	int64_t code, unit, org;
	size_t community, micro, nmicro;
	int households;
	bool dedicated;
	struct box box;
	double lon, lat;
	struct str name;
	const struct principal *leader, *worker, *helper;
};

struct demo_micro {
	int64_t code;
	size_t grid;
	int number, households;
	double lon, lat;
};

struct demo_picture {
	char hash[65], thumb[65];
	int64_t size;
};

struct world {
	struct app *app;
	struct demo_options o;
	struct error *e;
	struct demo_result *result;
	struct arena *a;     /* as long as the run */
	struct arena *batch; /* of one transaction; reset by whoever runs it */
	struct demo_rand r;
	int64_t start, now; /* the story's first day and its end */
	int64_t told;	    /* when progress was last told, monotonic */
	int64_t top;	    /* code of the first place */
	int64_t district;   /* code of the first district */
	struct str top_name;
	struct demo_street *street;
	struct demo_community *community;
	struct demo_grid *grid;
	struct demo_micro *micro;
	size_t nstreet, ncommunity, ngrid, nmicro;
	struct map *crew; /* unit → struct crew; only when there are events */
	const struct principal *resident; /* resident1 */
	size_t *people;	/* grid → number of its first person; SIZE_MAX: nobody is entered there */
	struct demo_picture picture[DEMO_PICTURES];
	char hash[128]; /* of the demo accounts' password */
};

void demo_tell(struct world *w, bool now, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Each in its own transactions, in this order. */
enum err demo_make_places(struct world *w) MUST_CHECK;
enum err demo_make_units(struct world *w) MUST_CHECK;
enum err demo_make_party(struct world *w) MUST_CHECK;
enum err demo_make_questions(struct world *w) MUST_CHECK;
enum err demo_make_staff(struct world *w) MUST_CHECK;
enum err demo_make_registry(struct world *w) MUST_CHECK;
enum err demo_make_collect(struct world *w) MUST_CHECK;
enum err demo_make_pictures(struct world *w) MUST_CHECK;
enum err demo_make_events(struct world *w) MUST_CHECK;
enum err demo_tallies(struct world *w) MUST_CHECK;

/*
 * Rows are written a few thousand per transaction. A transaction may run twice, so each piece draws
 * from a copy of the random stream and counts in the caller's hands: `fn` writes the rows of items
 * [first, first + n) and must do the same whenever it is called again.
 */
struct pieces {
	struct world *w;
	size_t first, n;
	struct demo_rand r; /* a fresh copy for every try */
	enum err (*fn)(struct pieces *p, struct dbc *c);
};
enum err demo_pieces(struct world *w, size_t total, size_t step, enum err (*fn)(struct pieces *p, struct dbc *c)) MUST_CHECK;
/* The department that most invented events go to, by the codes' frequencies; NIL: none. */
int64_t demo_busiest(struct world *w);
/* One audit entry for rows made in bulk. */
enum err demo_audit(struct world *w, struct dbc *c, const char *object, size_t n) MUST_CHECK;

#endif
