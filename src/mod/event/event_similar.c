/* Likely duplicates of a report: open events near in space, time and words, best first. */
#include "mod/event/event_similar.h"

#include <math.h>
#include <stdlib.h>

#include "base/geo.h"
#include "core/matter_list.h"
#include "mod/event/event.h"
#include "mod/event/event_db.h"

enum { CANDIDATES_MAX = 400, SHOWN_MAX = 10, SIMILAR_HOURS = 72, NEAR_ZOOM = 16 };
static const double likeness_least = 0.45;

const struct param similar_params[6] = {
	{ "id", F_ID, "like this event" },
	{ "lon", F_REAL, "longitude" },
	{ "lat", F_REAL, "latitude" },
	{ "code", F_STR, "event code" },
	{ "text", F_STR, "words of the report" },
	{ "place", F_CODE, "community or grid" },
};

static const struct member similar_member[] = {
	{ "id", F_ID },
	{ "no", F_STR },
	{ "title", F_STR },
	{ "state", F_ENUM, .vocab = &mstate_vocab },
	{ "reported_at", F_TIME },
	{ "distance_m", F_REAL, .null = true },
	{ "minutes", F_INT, .help = "since it was reported" },
	{ "score", F_REAL },
};
const struct shape similar_shape = { .name = "SimilarEvent", MEMBERS(similar_member) };

struct probe {
	int64_t id, code_id, place, at;
	double lon, lat;
	struct str text;
};

struct candidate {
	int64_t id, state, reported_at;
	double metres, score;
	struct str title;
};

struct found {
	struct candidate v[CANDIDATES_MAX];
	size_t n;
};

static enum err read_probe(struct req *rq, struct probe *p)
{
	const struct event_code *c = event_code_by(event_book(req_snap(rq), rq->app), req_query(rq, "code"));

	*p = (struct probe){ .id = req_query_int(rq, "id"), .code_id = c != NULL ? c->id : NIL,
		.place = req_query_int(rq, "place"), .at = rq->now, .lon = req_query_real(rq, "lon"),
		.lat = req_query_real(rq, "lat"), .text = req_query(rq, "text") };
	if (p->id == NIL)
		return OK;
	struct matter *m = ARENA_NEW(rq->arena, struct matter);
	enum err err = m == NULL ? ERR_NOMEM : matter_see(rq, p->id, m);

	if (err != OK)
		return err;
	*p = (struct probe){ .id = m->id, .code_id = m->code_id, .place = m->place, .at = m->reported_at, .lon = m->lon,
		.lat = m->lat, .text = str_fmt(rq->arena, "%.*s %.*s", (int)m->title.n, m->title.p, (int)m->text.n,
			m->text.p != NULL ? m->text.p : "") };
	return OK;
}

static bool known(const struct found *f, int64_t id)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].id == id)
			return true;
	}
	return false;
}

static void weigh(struct req *rq, const struct probe *p, struct rows *r, struct found *f)
{
	struct matter_view view = { .id = row_int_at(r, 0), .place = row_int_at(r, 8), .unit_id = NIL,
		.reporter_id = NIL, .handler_id = NIL, .first_unit = NIL };
	double lon = row_real_at(r, 5), lat = row_real_at(r, 6), metres = NAN;
	int64_t at = row_int_at(r, 7);
	struct candidate *c;

	if (view.id == p->id || f->n == CANDIDATES_MAX || known(f, view.id) ||
	    !scope_sees_matter(rq->who, &view, false) || llabs(p->at - at) > SIMILAR_HOURS * (int64_t)MS_HOUR)
		return;
	if (!isnan(lon) && !isnan(p->lon))
		metres = geo_distance_m(lon, lat, p->lon, p->lat);
	struct str words = str_fmt(rq->arena, "%.*s %.*s", (int)row_str_at(r, 1).n, row_str_at(r, 1).p,
		(int)row_str_at(r, 2).n, row_str_at(r, 2).p != NULL ? row_str_at(r, 2).p : "");

	c = &f->v[f->n];
	*c = (struct candidate){ .id = view.id, .state = row_int_at(r, 3), .reported_at = at, .metres = metres,
		.title = str_dup(rq->arena, row_str_at(r, 1)),
		.score = event_likeness(metres, (double)(p->at - at) / MS_MINUTE,
			p->code_id != NIL && p->code_id == row_int_at(r, 4), event_words(p->text, words)) };
	if (c->score >= likeness_least)
		f->n++;
}

/* The nine cells of about 150 m around the point, as ranges of the Morton key. */
static enum err near_point(struct req *rq, const struct probe *p, struct found *f)
{
	double n = exp2(NEAR_ZOOM), rad = p->lat * 3.14159265358979323846 / 180;
	int x = (int)((p->lon + 180) / 360 * n);
	int y = (int)((1 - asinh(tan(rad)) / 3.14159265358979323846) / 2 * n);
	enum err err = OK;

	for (int dy = -1; dy <= 1; dy++) {
		for (int dx = -1; dx <= 1 && err == OK; dx++) {
			int64_t lo, hi;

			morton_tile(NEAR_ZOOM, x + dx, y + dy, &lo, &hi);
			struct rows *r = db_query(rq->db, event_sql[Q_EVENT_NEAR], ARGS(I(lo), I(hi)));

			while (rows_next(r))
				weigh(rq, p, r, f);
			err = rows_close(r);
		}
	}
	return err;
}

static enum err near_place(struct req *rq, const struct probe *p, struct found *f)
{
	struct rows *r = db_query(rq->db, event_sql[Q_EVENT_RECENT],
		ARGS(I(p->place / 100000), I(p->at - SIMILAR_HOURS * (int64_t)MS_HOUR)));

	while (rows_next(r))
		weigh(rq, p, r, f);
	return rows_close(r);
}

static int by_score(const void *a, const void *b)
{
	double x = ((const struct candidate *)a)->score, y = ((const struct candidate *)b)->score;

	return (x < y) - (x > y);
}

enum err event_similar(struct req *rq, struct jw *out)
{
	struct found *f = ARENA_NEW(rq->arena, struct found);
	struct probe p;
	char no[32];
	enum err err = f == NULL ? ERR_NOMEM : read_probe(rq, &p);

	if (err == OK && !isnan(p.lon) && !isnan(p.lat))
		err = near_point(rq, &p, f);
	if (err == OK && p.place != NIL && place_level(p.place) >= LEVEL_COMMUNITY)
		err = near_place(rq, &p, f);
	if (err != OK)
		return err;
	qsort(f->v, f->n, sizeof(f->v[0]), by_score);
	jw_obj(out);
	jw_karr(out, "items");
	for (size_t i = 0; i < f->n && i < SHOWN_MAX; i++) {
		const struct candidate *c = &f->v[i];

		matter_no(&event_kind, c->id, no);
		jw_obj(out);
		jw_kid(out, "id", c->id);
		jw_kz(out, "no", no);
		jw_kstr(out, "title", c->title);
		jw_kz(out, "state", vocab_word(&mstate_vocab, c->state));
		jw_ktime(out, "reported_at", c->reported_at);
		jw_kreal(out, "distance_m", isnan(c->metres) ? c->metres : round(c->metres));
		jw_kint(out, "minutes", (p.at - c->reported_at) / MS_MINUTE);
		jw_kreal(out, "score", round(c->score * 100) / 100);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_end_obj(out);
	return OK;
}
