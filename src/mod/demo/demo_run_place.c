/* Places with borders and official codes, units, Party organisations, questions of some codes. */
#include <string.h>

#include "mod/demo/demo_text.h"
#include "mod/demo/demo_world.h"
#include "mod/event/event.h"
#include "mod/party/party.h"
#include "mod/place/place.h"

_Static_assert((int)DEMO_KIND_MICRO == (int)PLACE_MICRO && (int)DEMO_KIND_HOSPITAL == (int)PLACE_HOSPITAL &&
		       (int)DEMO_KIND_VILLAGE == (int)PLACE_VILLAGE, "kinds of places have the same numbers");

enum { PLACES_AT_ONCE = 4000, GRIDS_AT_ONCE = 500, UNITS_AT_ONCE = 50, SINCE = 20200101 };

/* ---- places ---- */

struct place_batch {
	struct world *w;
	struct geo *g;
	struct demo_place v[PLACES_AT_ONCE];
	size_t n;
};

static enum err put_shape(struct place_batch *b, struct dbc *c, int64_t id, const struct demo_place *p)
{
	struct geo_shape *s = NULL;
	enum err err = geo_from_wkb(b->g, p->wkb, &s);
	struct box box;

	if (err != OK)
		return err;
	box = geo_box(b->g, s);
	geo_shape_free(b->g, s);
	return db_exec(c, demo_sql[Q_DEMO_SHAPE], ARGS(I(id), I(p->code), B(p->wkb), R(box.x0), R(box.y0), R(box.x1),
		R(box.y1), I(b->w->start)), NULL);
}

static enum err put_place(struct place_batch *b, struct dbc *c, const struct demo_place *p)
{
	int64_t id = db_new_id(c), code_id = NIL, start = b->w->start;
	enum level level = (enum level)((int)p->level + (int)LEVEL_CITY);
	const struct norm *norm = norm_of(&norms_default, level, (int64_t)p->kind);
	int64_t since = norm != NULL && !norm_ok(norm, p->households) ? date_of(start) : NIL;
	struct str official = { NULL, 0 };
	enum err err;

	if (level <= LEVEL_COMMUNITY) {
		official = str_fmt(b->w->batch, "%lld", (long long)(p->code / 100000));
		code_id = db_new_id(c);
	}
	if (id == NIL || (official.p != NULL && code_id == NIL))
		return ERR_RETRY;
	err = db_exec(c, demo_sql[Q_DEMO_PLACE],
		ARGS(I(id), I(p->code), I(level), I(p->kind), I(p->parent == 0 ? NIL : p->parent), T(p->name),
			T(p->alias), T(official), I(p->households), I(since), R(p->lon), R(p->lat),
			I(p->wkb.p != NULL), I(SINCE), I(start)), NULL);
	if (err == OK && p->wkb.p != NULL)
		err = put_shape(b, c, id, p);
	if (err == OK && official.p != NULL)
		err = db_exec(c, demo_sql[Q_DEMO_PLACE_CODE], ARGS(I(code_id), I(id), T(official), I(SINCE)), NULL);
	return err;
}

static enum err places_tx(struct dbc *c, void *arg)
{
	struct place_batch *b = arg;
	enum err err = OK;

	for (size_t i = 0; i < b->n && err == OK; i++)
		err = put_place(b, c, &b->v[i]);
	return err != OK ? err : demo_audit(b->w, c, "place", b->n);
}

static void add_grid(struct place_batch *b, const struct demo_place *p, struct str name)
{
	struct world *w = b->w;
	struct geo_shape *s = NULL;
	struct demo_grid *g = &w->grid[w->ngrid++];

	*g = (struct demo_grid){ .code = p->code, .community = w->ncommunity - 1, .micro = w->nmicro, .lon = p->lon,
		.lat = p->lat, .households = p->households, .dedicated = p->kind != DEMO_KIND_GRID, .name = name };
	if (geo_from_wkb(b->g, p->wkb, &s) == OK)
		g->box = geo_box(b->g, s);
	geo_shape_free(b->g, s);
	w->community[w->ncommunity - 1].ngrid++;
}

/* Remembers a place for the steps that follow. */
static void remember(struct place_batch *b, const struct demo_place *p)
{
	struct world *w = b->w;
	struct str name = p->level == DEMO_LEVEL_MICRO ? (struct str){ NULL, 0 } : str_dup(w->a, p->name);

	if (w->top == 0) {
		w->top = p->code;
		w->top_name = name;
	}
	if (p->level == DEMO_LEVEL_DISTRICT && w->district == 0)
		w->district = p->code;
	if (p->level == DEMO_LEVEL_STREET) {
		w->street[w->nstreet++] = (struct demo_street){ .code = p->code, .name = name,
			.community = w->ncommunity };
	} else if (p->level == DEMO_LEVEL_COMMUNITY) {
		w->community[w->ncommunity++] = (struct demo_community){ .code = p->code, .name = name,
			.street = w->nstreet - 1, .grid = w->ngrid };
		w->street[w->nstreet - 1].ncommunity++;
	} else if (p->level == DEMO_LEVEL_GRID) {
		add_grid(b, p, name);
	} else if (p->level == DEMO_LEVEL_MICRO) {
		struct demo_grid *g = &w->grid[w->ngrid - 1];

		w->micro[w->nmicro++] = (struct demo_micro){ .code = p->code, .grid = w->ngrid - 1,
			.number = (int)++g->nmicro, .households = p->households, .lon = p->lon, .lat = p->lat };
	}
}

static enum err flush(struct place_batch *b)
{
	enum err err = b->n == 0 ? OK : arena_failed(b->w->batch) ? ERR_NOMEM : db_write(b->w->app->db, places_tx, b);

	b->w->result->places += (int64_t)b->n;
	b->n = 0;
	arena_reset(b->w->batch);
	demo_tell(b->w, false, "%lld places", (long long)b->w->result->places);
	return err;
}

static enum err all_places(struct place_batch *b, struct demo_places *d)
{
	struct world *w = b->w;
	const struct demo_place *p;
	enum err err;

	while ((err = demo_places_next(d, &p)) == OK) {
		struct demo_place *q = &b->v[b->n++];

		remember(b, p);
		*q = *p;
		q->name = str_dup(w->batch, p->name);
		q->alias = str_dup(w->batch, p->alias);
		q->wkb = str_dup(w->batch, p->wkb);
		if (b->n == PLACES_AT_ONCE)
			err = flush(b);
		if (err != OK)
			return err;
	}
	return err == ERR_NOT_FOUND ? flush(b) : err;
}

enum err demo_make_places(struct world *w)
{
	struct demo_places *d = demo_places_new(w->o.size, w->o.seed);
	struct place_batch *b = arena_alloc(w->a, sizeof(*b));
	enum err err = ERR_NOMEM;

	if (d != NULL && b != NULL) {
		b->w = w;
		b->g = geo_new();
		err = b->g == NULL ? ERR_NOMEM : all_places(b, d);
		geo_free(b->g);
	}
	demo_places_free(d);
	demo_tell(w, true, "%lld places", (long long)w->result->places);
	return err;
}

/* ---- units ---- */

static enum err put_unit(struct pieces *p, struct dbc *c, struct str name, const char *alias, enum unit_kind kind,
			 int64_t place, enum track board, int64_t *ret)
{
	int64_t id = db_new_id(c);

	if (id == NIL)
		return ERR_RETRY;
	if (ret != NULL)
		*ret = id;
	return db_exec(c, demo_sql[Q_DEMO_UNIT], ARGS(I(id), T(name), Z(alias), I(kind), I(place), I(board),
		I(p->w->start)), NULL);
}

static enum err departments(struct pieces *p, struct dbc *c)
{
	enum err err = OK;

	for (size_t i = p->first; i < p->first + p->n && err == OK; i++)
		err = put_unit(p, c, str_z(unit_seeds[i].name), unit_seeds[i].alias, UNIT_DEPARTMENT, p->w->top,
			TRACK_NONE, NULL);
	return err != OK ? err : demo_audit(p->w, c, "unit", p->n);
}

static struct str joined(struct world *w, struct str a, const char *b)
{
	return str_fmt(w->batch, "%.*s%s", (int)a.n, a.p, b);
}

static enum err community_units(struct pieces *p, struct dbc *c, struct demo_community *q)
{
	struct world *w = p->w;
	enum err err = put_unit(p, c, joined(w, q->name, "居委会"), NULL, UNIT_COMMUNITY, q->code, TRACK_NONE, &q->unit);

	for (size_t i = q->grid; i < q->grid + q->ngrid && err == OK; i++) {
		struct demo_grid *g = &w->grid[i];
		struct str where = g->dedicated ? (struct str){ "", 0 } : q->name;

		err = put_unit(p, c, str_fmt(w->batch, "%.*s%.*s", (int)where.n, where.p, (int)g->name.n, g->name.p),
			NULL, UNIT_GRID, g->code, TRACK_NONE, &g->unit);
	}
	return err;
}

static enum err street_units(struct pieces *p, struct dbc *c)
{
	static const char *const board[TRACK_MAX] = { [TRACK_PARTY] = "党的建设板块", [TRACK_ECONOMY] = "经济发展板块",
		[TRACK_LIVELIHOOD] = "民生服务板块", [TRACK_PEACE] = "平安法治板块" };
	struct world *w = p->w;
	enum err err = OK;

	for (size_t i = p->first; i < p->first + p->n && err == OK; i++) {
		struct demo_street *s = &w->street[i];

		err = put_unit(p, c, joined(w, s->name, "基层治理指挥中心"), NULL, UNIT_CENTRE, s->code, TRACK_NONE,
			&s->centre);
		for (int t = TRACK_PARTY; t < TRACK_MAX && err == OK; t++)
			err = put_unit(p, c, joined(w, s->name, board[t]), NULL, UNIT_BOARD, s->code, (enum track)t,
				&s->board[t]);
		for (size_t k = s->community; k < s->community + s->ncommunity && err == OK; k++)
			err = community_units(p, c, &w->community[k]);
	}
	return err != OK ? err : demo_audit(w, c, "unit", p->n);
}

enum err demo_make_units(struct world *w)
{
	enum err err = demo_pieces(w, nunit_seeds, nunit_seeds, departments);

	w->result->units = (int64_t)(nunit_seeds + w->nstreet * 5 + w->ncommunity + w->ngrid);
	return err != OK ? err : demo_pieces(w, w->nstreet, UNITS_AT_ONCE, street_units);
}

/* ---- Party organisations ---- */

struct org {
	struct str name;
	enum party_level level;
	enum party_form form;
	int64_t parent, place;
};

static enum err put_org(struct pieces *p, struct dbc *c, const struct org *o, int64_t *ret)
{
	static const int term[PARTY_LEVEL_MAX] = { 0, 5, 5, 3, 3, 3 };
	int64_t id = db_new_id(c), year = date_of(p->w->now) / 10000;
	int64_t founded = (int64_t)demo_rand_range(&p->r, 1996, (int)year - 4) * 10000 +
			  demo_rand_range(&p->r, 1, 12) * 100 + demo_rand_range(&p->r, 1, 28);
	int64_t due = (year + demo_rand_range(&p->r, 0, term[o->level])) * 10000 + demo_rand_range(&p->r, 1, 12) * 100 + 20;

	if (id == NIL)
		return ERR_RETRY;
	*ret = id;
	return db_exec(c, demo_sql[Q_DEMO_ORG],
		ARGS(I(id), T(o->name), I(o->level), I(o->form), I(o->parent), I(o->place),
			T(demo_text_person(&p->r, p->w->batch)), I(founded), I(due), I(p->w->start)), NULL);
}

/* In each micro-grid a group, and below it a Party household. */
static enum err micro_orgs(struct pieces *p, struct dbc *c, const struct demo_grid *g, int64_t parent)
{
	struct world *w = p->w;
	enum err err = OK;

	for (size_t i = g->micro; i < g->micro + g->nmicro && err == OK; i++) {
		struct org o = { .level = PARTY_GROUP, .form = PARTY_SOLO, .parent = parent, .place = w->micro[i].code };
		int64_t group, house;

		o.name = str_fmt(w->batch, "%.*s第%d党小组", (int)g->name.n, g->name.p, w->micro[i].number);
		err = put_org(p, c, &o, &group);
		o = (struct org){ .level = PARTY_HOUSEHOLD, .form = PARTY_SOLO, .parent = group, .place = o.place };
		o.name = str_fmt(w->batch, "党员中心户（第%d微网格）", w->micro[i].number);
		if (err == OK)
			err = put_org(p, c, &o, &house);
	}
	return err;
}

static enum err cover(struct pieces *p, struct dbc *c, int64_t org, int64_t grid)
{
	int64_t id = db_new_id(c);

	if (id == NIL)
		return ERR_RETRY;
	return db_exec(c, demo_sql[Q_DEMO_COVER], ARGS(I(id), I(org), I(grid), I(p->w->start)), NULL);
}

/* One grid in twelve shares the branch of the grid before it; dedicated ones have joint branches. */
static enum err grid_orgs(struct pieces *p, struct dbc *c, const struct demo_community *q)
{
	struct world *w = p->w;
	enum err err = OK;
	bool joint = false;

	for (size_t i = q->grid; i < q->grid + q->ngrid && err == OK; i++) {
		struct demo_grid *g = &w->grid[i];
		bool shares = joint && !g->dedicated;
		bool next = i + 1 < q->grid + q->ngrid && !w->grid[i + 1].dedicated;
		struct org o = { .level = PARTY_GRID, .parent = q->org, .place = g->code };

		joint = !shares && !g->dedicated && next && demo_rand_below(&p->r, 12) == 0;
		o.form = joint || g->dedicated ? PARTY_JOINT : PARTY_SOLO;
		o.name = str_fmt(w->batch, "%.*s%s", (int)g->name.n, g->name.p,
			o.form == PARTY_JOINT ? "联合党支部" : "党支部");
		if (shares)
			g->org = w->grid[i - 1].org;
		err = shares ? cover(p, c, g->org, g->code) : put_org(p, c, &o, &g->org);
		if (err == OK)
			err = micro_orgs(p, c, g, g->org);
	}
	return err;
}

static enum err street_orgs(struct pieces *p, struct dbc *c)
{
	struct world *w = p->w;
	enum err err = OK;

	for (size_t i = p->first; i < p->first + p->n && err == OK; i++) {
		const struct demo_street *s = &w->street[i];
		struct org o = { .level = PARTY_STREET, .form = PARTY_SOLO, .parent = NIL, .place = s->code };
		int64_t top;

		o.name = joined(w, s->name, "党工委");
		err = put_org(p, c, &o, &top);
		for (size_t k = s->community; k < s->community + s->ncommunity && err == OK; k++) {
			struct demo_community *q = &w->community[k];

			o = (struct org){ .level = PARTY_COMMUNITY, .form = PARTY_SOLO, .parent = top, .place = q->code };
			o.name = joined(w, q->name, "党委");
			err = put_org(p, c, &o, &q->org);
			if (err == OK)
				err = grid_orgs(p, c, q);
		}
	}
	return err != OK ? err : demo_audit(w, c, "party_org", p->n);
}

enum err demo_make_party(struct world *w)
{
	enum err err = demo_pieces(w, w->nstreet, 4, street_orgs);

	w->result->orgs = (int64_t)(w->nstreet + w->ncommunity + w->ngrid + w->nmicro * 2);
	return err;
}

/* ---- questions ---- */

static const struct {
	const char *code, *name, *zh, *en;
	enum question_type type;
	const char *choices;
} questions[] = {
	{ "MS18", "trapped", "有人被困吗？", "Is anybody trapped?", QUESTION_YES_NO, NULL },
	{ "MS18", "lift_no", "电梯编号", "Number of the lift", QUESTION_TEXT, NULL },
	{ "MS30", "pole_no", "灯杆编号", "Number of the lamp post", QUESTION_TEXT, NULL },
	{ "MS30", "lights", "不亮的灯有几盏？", "How many lights are out?", QUESTION_NUMBER, NULL },
	{ "MS33", "kind", "噪声来源", "Where does the noise come from?", QUESTION_CHOICE, "施工|广场舞|商铺|邻居|宠物|其他" },
	{ "MS33", "since", "从哪天开始？", "Since which day?", QUESTION_DATE, NULL },
	{ "MS24", "volume", "大约多少？", "About how much?", QUESTION_CHOICE, "一袋|一推车|一卡车" },
	{ "MS28", "plate_seen", "车上留有电话吗？", "Is there a phone number on the car?", QUESTION_YES_NO, NULL },
	{ "PF07", "where", "在哪里充电？", "Where is it being charged?", QUESTION_CHOICE, "楼道|室内|飞线|电梯间" },
	{ "MS14", "households", "影响多少户？", "How many households are affected?", QUESTION_NUMBER, NULL },
};

static enum err put_questions(struct pieces *p, struct dbc *c)
{
	enum err err = OK;

	for (size_t i = p->first; i < p->first + p->n && err == OK; i++) {
		int64_t id = db_new_id(c), code;

		if (id == NIL)
			return ERR_RETRY;
		err = db_int(c, demo_sql[Q_DEMO_CODE_ID], ARGS(Z(questions[i].code)), &code);
		if (err == OK)
			err = db_exec(c, demo_sql[Q_DEMO_QUESTION],
				ARGS(I(id), I(code), I((int64_t)i + 1), Z(questions[i].name), Z(questions[i].zh),
					Z(questions[i].en), I(questions[i].type), Z(questions[i].choices),
					I(p->w->start)), NULL);
	}
	return err != OK ? err : demo_audit(p->w, c, "code_question", p->n);
}

enum err demo_make_questions(struct world *w)
{
	return demo_pieces(w, ARRAY_LEN(questions), ARRAY_LEN(questions), put_questions);
}
