/*
 * The pictures that invented reports carry: plain drawings, made here, stored once and named by many
 * rows. No photograph of anything real.
 */
#include <stdlib.h>

#include <turbojpeg.h>

#include "core/file.h"
#include "mod/demo/demo_world.h"

enum { WIDE = 640, HIGH = 480, QUALITY = 80, PICTURE_ARENA = 8 << 20 };

struct canvas {
	unsigned char *p;
};

static void fill(struct canvas *c, int x0, int y0, int x1, int y1, const int colour[3])
{
	for (int y = y0 < 0 ? 0 : y0; y < y1 && y < HIGH; y++) {
		for (int x = x0 < 0 ? 0 : x0; x < x1 && x < WIDE; x++) {
			for (int i = 0; i < 3; i++)
				c->p[(y * WIDE + x) * 3 + i] = (unsigned char)colour[i];
		}
	}
}

static void house(struct canvas *c, struct demo_rand *r, int x, int ground)
{
	int floors = demo_rand_range(r, 4, 11), wide = demo_rand_range(r, 70, 120);
	const int wall[3] = { demo_rand_range(r, 150, 220), demo_rand_range(r, 150, 210), demo_rand_range(r, 140, 200) };
	const int dark[3] = { 92, 110, 128 }, lit[3] = { 240, 214, 140 };

	fill(c, x, ground - floors * 30, x + wide, ground, wall);
	for (int f = 0; f < floors; f++) {
		for (int k = 10; k + 14 < wide; k += 24)
			fill(c, x + k, ground - f * 30 - 24, x + k + 14, ground - f * 30 - 6,
				demo_rand_below(r, 9) == 0 ? lit : dark);
	}
}

/* Sky, a row of houses, a street, and a heap or a marked spot that the report is about. */
static void draw(struct canvas *c, struct demo_rand *r, bool heap)
{
	const int street[3] = { 120, 122, 126 }, line[3] = { 225, 225, 215 }, mark[3] = { 214, 96, 48 };
	int ground = 300, at = demo_rand_range(r, 180, 420);

	for (int y = 0; y < ground; y++) {
		const int sky[3] = { 150 + y / 5, 185 + y / 7, 225 };

		fill(c, 0, y, WIDE, y + 1, sky);
	}
	for (int x = -20; x < WIDE; x += 128)
		house(c, r, x + demo_rand_range(r, 0, 18), ground);
	fill(c, 0, ground, WIDE, HIGH, street);
	for (int x = 10; x < WIDE; x += 80)
		fill(c, x, 386, x + 44, 392, line);
	for (int i = 0; heap && i < 60; i++) {
		const int bag[3] = { demo_rand_range(r, 40, 200), demo_rand_range(r, 40, 170), demo_rand_range(r, 40, 150) };
		int x = at + demo_rand_range(r, -60, 60), y = 350 + demo_rand_range(r, -30, 20);

		fill(c, x, y, x + 18, y + 14, bag);
	}
	if (!heap)
		fill(c, at - 40, 352, at + 40, 358, mark);
}

static enum err store(struct world *w, struct req *rq, struct str jpeg, struct demo_picture *ret, int64_t *ret_id)
{
	struct rows *r;
	enum err err = file_put(rq, jpeg, STR("现场.jpg"), false, ret_id);

	(void)w;
	if (err != OK)
		return err;
	r = db_query(rq->db, demo_sql[Q_DEMO_FILE_GET], ARGS(I(*ret_id)));
	if (rows_next(r)) {
		struct str hash = row_str_at(r, 0), thumb = row_str_at(r, 1);

		for (size_t i = 0; i < 64 && i < hash.n; i++)
			ret->hash[i] = hash.p[i];
		for (size_t i = 0; i < 64 && i < thumb.n; i++)
			ret->thumb[i] = thumb.p[i];
		ret->size = row_int_at(r, 2);
	}
	return rows_close(r);
}

static enum err drop_tx(struct dbc *c, void *arg)
{
	const int64_t *id = arg;

	/* its bytes stay: the rows of the reports name them */
	return db_exec(c, demo_sql[Q_DEMO_FILE_DROP], ARGS(I(*id)), NULL);
}

static enum err one(struct world *w, struct req *rq, struct canvas *c, tjhandle h, size_t i)
{
	unsigned char *jpeg = NULL;
	unsigned long n = 0;
	struct demo_rand r;
	int64_t id = NIL;
	enum err err;

	demo_rand_fork(&r, w->o.seed, 1000 + i);
	draw(c, &r, i % 2 == 0); /* even: what was found; odd: done */
	if (tjCompress2(h, c->p, WIDE, 0, HIGH, TJPF_RGB, &jpeg, &n, TJSAMP_420, QUALITY, 0) != 0)
		return ERR_NOMEM;
	err = store(w, rq, (struct str){ (const char *)jpeg, n }, &w->picture[i], &id);
	tjFree(jpeg);
	return err != OK ? err : db_write(w->app->db, drop_tx, &id);
}

enum err demo_make_pictures(struct world *w)
{
	struct canvas c = { malloc((size_t)WIDE * HIGH * 3) };
	struct arena *a = arena_new(PICTURE_ARENA);
	tjhandle h = tjInitCompress();
	struct dbc *reader = NULL;
	enum err err = c.p == NULL || a == NULL || h == NULL ? ERR_NOMEM : db_reader_open(w->app->db, &reader);

	if (err == OK) {
		struct req rq;

		req_local(&rq, w->app, reader, a, NULL, w->start);
		for (size_t i = 0; i < DEMO_PICTURES && err == OK; i++)
			err = one(w, &rq, &c, h, i);
		if (err != OK && w->e != NULL)
			*w->e = rq.err;
		req_local_done(&rq);
	}
	dbc_free(reader);
	if (h != NULL)
		tjDestroy(h);
	arena_free(a);
	free(c.p);
	return err;
}
