/*
 * The registry of the invented district: a building for every micro-grid; in some grids every room, household
 * and person; venues, organisations and things. Nobody in it exists: identity numbers are of a county that
 * does not exist, telephone numbers of a range that nobody has.
 */
#include "mod/demo/demo_registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mod/demo/demo_text.h"

enum { PEOPLE_MAX = 60000, GRIDS_PER_STREET = 2, CITY_GRIDS_PER_STREET = 3, ROOMS_PER_FLOOR = 4, SHOPS = 8, FIRMS = 4,
       THINGS = 12, GRIDS_AT_ONCE = 16, CITY_GRIDS_AT_ONCE = 512, STREAM_SIZE = 21, STREAM_GRID = 22 };

/* ---- who is entered ---- */

static uint64_t stream_key(const struct world *w, size_t grid, int what)
{
	return (uint64_t)w->grid[grid].code * 32 + (uint64_t)what;
}

int settle_size(const struct world *w, size_t grid, int household)
{
	static const int cumulative[] = { 20, 50, 78, 93, 100 };
	struct demo_rand r;
	int draw;

	demo_rand_fork(&r, w->o.seed, stream_key(w, grid, STREAM_SIZE) * 4096 + (uint64_t)household);
	draw = demo_rand_range(&r, 0, 99);
	for (int i = 0; i < 4; i++) {
		if (draw < cumulative[i])
			return i + 1;
	}
	return 5;
}

/*
 * The first community whole, and (but in the small one) two grids of every other street, while there is room;
 * in a city three grids of every street, about three million people.
 */
static bool is_entered(const struct world *w, size_t grid)
{
	const struct demo_grid *g = &w->grid[grid];
	const struct demo_street *s = &w->street[w->community[g->community].street];
	const struct demo_community *first = &w->community[s->community];

	if (g->dedicated)
		return false;
	if (w->o.size == DEMO_CITY)
		return grid < first->grid + CITY_GRIDS_PER_STREET;
	if (g->community != s->community)
		return false;
	return g->community == 0 || (w->o.size != DEMO_SMALL && grid < first->grid + GRIDS_PER_STREET);
}

/* People are numbered by district: so far do their identity numbers reach. */
static enum err plan_people(struct world *w)
{
	const size_t max = w->o.size == DEMO_CITY ? SETTLE_NUMBERS : PEOPLE_MAX;
	int64_t district = NIL;
	size_t next = 0;

	w->people = arena_array(w->a, w->ngrid, sizeof(*w->people));
	if (w->people == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < w->ngrid; i++) {
		size_t n = 0;

		w->people[i] = SIZE_MAX;
		if (place_up(w->grid[i].code, LEVEL_DISTRICT) != district) {
			district = place_up(w->grid[i].code, LEVEL_DISTRICT);
			next = 0;
		}
		if (!is_entered(w, i))
			continue;
		for (int k = 0; k < w->grid[i].households; k++)
			n += (size_t)settle_size(w, i, k);
		if (next + n > max)
			continue;
		w->people[i] = next;
		next += n;
	}
	return OK;
}

/* ---- rows ---- */

int64_t settle_county(const struct settle *s)
{
	return s->w->grid[s->grid].code / 100000000000;
}

enum err settle_put(struct settle *s, const struct entity *e, void *rec, int64_t *ret_id)
{
	const struct field *source = fields_find(&e->fields, STR("source")),
			   *active = fields_find(&e->fields, STR("active"));

	if (active != NULL && field_is_nil(active, rec))
		field_set_int(active, rec, 1);
	if (source != NULL) {
		bool seen = demo_rand_below(&s->r, 3) == 0;

		field_set_int(source, rec, seen ? DATA_STAFF : DATA_IMPORT);
		if (seen) {
			field_set_int(fields_find(&e->fields, STR("verified_at")), rec,
				s->w->now - demo_rand_range(&s->r, 1, 360) * (int64_t)MS_DAY);
			field_set_int(fields_find(&e->fields, STR("verified_by")), rec, s->visitor);
		}
	}
	s->rows++;
	return entity_put(&s->rq, e, rec, ret_id);
}

static void near_point(struct settle *s, double *lon, double *lat)
{
	const struct demo_grid *g = &s->w->grid[s->grid];

	*lon = g->lon + (demo_rand_share(&s->r) - 0.5) * (g->box.x1 - g->box.x0) * 0.3;
	*lat = g->lat + (demo_rand_share(&s->r) - 0.5) * (g->box.y1 - g->box.y0) * 0.3;
}

static struct str address(struct settle *s, const char *tail, int number)
{
	const struct demo_grid *g = &s->w->grid[s->grid];
	struct str c = s->w->community[g->community].name;

	return str_fmt(s->w->batch, "%.*s%.*s%d%s", (int)c.n, c.p, (int)g->name.n, g->name.p, number, tail);
}

/* ---- buildings and rooms ---- */

static enum err make_rooms(struct settle *s, const struct building *b, const struct demo_micro *m, int *household)
{
	int rooms = m->households + m->households / 12 + 1, left = m->households;
	enum err err = OK;

	for (int i = 0; i < rooms && err == OK; i++) {
		int floor = i / ROOMS_PER_FLOOR + 1, unit = i % ROOMS_PER_FLOOR / 2 + 1;
		bool home = left > 0 && (left >= rooms - i || demo_rand_below(&s->r, 100) < 93);
		struct room r;
		int64_t id;

		fields_clear(&room_entity.fields, &r);
		r.building_id = b->id;
		r.unit_no = str_fmt(s->w->batch, "%d", unit);
		r.floor = floor;
		r.room_no = str_fmt(s->w->batch, "%d%02d", floor, i % 2 + 1);
		r.code = str_fmt(s->w->batch, "%.*s-%.*s-%.*s", (int)b->code.n, b->code.p, (int)r.unit_no.n, r.unit_no.p,
			(int)r.room_no.n, r.room_no.p);
		r.use = !home ? (floor == 1 ? ROOM_SHOP : ROOM_EMPTY) : demo_rand_below(&s->r, 5) == 0 ? ROOM_RENT : ROOM_SELF;
		r.area = 45 + demo_rand_range(&s->r, 0, 90);
		r.place = b->place;
		err = settle_put(s, &room_entity, &r, &id);
		if (err == OK && home) {
			err = settle_home(s, &r, (*household)++);
			left--;
		}
	}
	return err;
}

static enum err make_building(struct settle *s, const struct demo_micro *m, int *household)
{
	static const int64_t structure[] = { 3, 3, 3, 2, 2, 4 };
	int floors = (m->households + m->households / 12 + 1 + ROOMS_PER_FLOOR - 1) / ROOMS_PER_FLOOR;
	struct building b;
	int64_t id;
	enum err err;

	fields_clear(&building_entity.fields, &b);
	b.code = str_fmt(s->w->batch, "%lld%05d", (long long)(s->w->grid[s->grid].code / 100), m->number);
	b.name = str_fmt(s->w->batch, "%d栋", m->number);
	b.address = address(s, "栋", m->number);
	b.kind = demo_rand_below(&s->r, 6) == 0 ? BUILDING_MIXED : BUILDING_HOMES;
	b.floors = floors;
	b.units = 2;
	b.year_built = demo_rand_range(&s->r, 1986, (int)(s->today / 10000) - 2);
	b.structure = structure[demo_rand_below(&s->r, ARRAY_LEN(structure))];
	b.has_lift = floors > 7;
	b.risk = demo_rand_below(&s->r, 60) == 0 ? 2 : demo_rand_below(&s->r, 15) == 0 ? 1 : 0;
	b.lon = m->lon;
	b.lat = m->lat;
	b.place = m->code;
	err = settle_put(s, &building_entity, &b, &id);
	s->buildings++;
	if (err == OK && b.risk == 2)
		err = settle_plan(s, OBJECT_BUILDING, id, CARE_HAZARD_STRUCTURE, b.place);
	if (err == OK && s->w->people[s->grid] != SIZE_MAX)
		err = make_rooms(s, &b, m, household);
	return err;
}

/* ---- organisations, venues, things ---- */

static struct str credit_code(struct settle *s, size_t number)
{
	char text[40];

	snprintf(text, sizeof(text), "91990101%09zu", (s->grid * 16 + number) % 1000000000);
	text[USCC_LEN - 1] = uscc_digit(text);
	return str_dup(s->w->batch, (struct str){ text, USCC_LEN });
}

static enum err make_firms(struct settle *s, int64_t ret[FIRMS])
{
	static const char *const industry[] = { "F5211", "H6210", "O8010", "K7020", "F5225", "E5090" };
	enum err err = OK;

	for (int i = 0; i < FIRMS && err == OK; i++) {
		struct organisation o;

		fields_clear(&organisation_entity.fields, &o);
		o.uscc = credit_code(s, (size_t)i);
		o.name = demo_text_company(&s->r, s->w->batch);
		o.kind = demo_rand_below(&s->r, 4) == 0;
		o.industry = str_z(industry[demo_rand_below(&s->r, ARRAY_LEN(industry))]);
		o.address = address(s, "号", demo_rand_range(&s->r, 1, 60));
		o.phone = demo_text_phone(&s->r, s->w->batch);
		near_point(s, &o.lon, &o.lat);
		o.place = s->w->grid[s->grid].code;
		o.active = 1;
		err = settle_put(s, &organisation_entity, &o, &ret[i]);
	}
	return err;
}

static enum err make_venues(struct settle *s, const int64_t firm[FIRMS])
{
	static const int64_t kind[] = { 0, 0, 0, 1, 1, 5, 6, 7, 9, 13 };
	const struct demo_grid *g = &s->w->grid[s->grid];
	enum err err = OK;

	for (int i = 0; i < SHOPS && err == OK; i++) {
		struct venue v;
		int64_t id;

		fields_clear(&venue_entity.fields, &v);
		v.name = demo_text_shop(&s->r, s->w->batch);
		v.kind = kind[demo_rand_below(&s->r, ARRAY_LEN(kind))];
		v.org_id = i < FIRMS ? firm[i] : NIL;
		v.contact = demo_text_person(&s->r, s->w->batch);
		v.phone = demo_text_phone(&s->r, s->w->batch);
		v.risk_level = demo_rand_below(&s->r, 12) == 0 ? 2 : demo_rand_below(&s->r, 3) == 0 ? 0 : 1;
		v.last_check = date_add(s->today, -demo_rand_range(&s->r, 1, 200));
		v.address = address(s, "号", demo_rand_range(&s->r, 1, 60));
		near_point(s, &v.lon, &v.lat);
		v.place = g->code;
		v.active = 1;
		err = settle_put(s, &venue_entity, &v, &id);
		if (err == OK && v.risk_level == 2)
			err = settle_plan(s, OBJECT_VENUE, id, CARE_HAZARD_VENUE, v.place);
	}
	return err;
}

static enum err make_things(struct settle *s)
{
	static const struct {
		const char *class_code, *name;
	} what[] = { { "0118", "路灯" }, { "0103", "雨水井盖" }, { "0102", "污水井盖" }, { "0305", "垃圾箱" }, { "0113", "消防栓" },
		{ "0126", "健身器材" }, { "0213", "路名牌" }, { "0402", "行道树" } };
	const struct demo_grid *g = &s->w->grid[s->grid];
	enum err err = OK;

	for (int i = 0; i < THINGS && err == OK; i++) {
		size_t k = demo_rand_below(&s->r, ARRAY_LEN(what));
		struct thing t;
		int64_t id;

		fields_clear(&thing_entity.fields, &t);
		t.class_code = str_z(what[k].class_code);
		/* six digits of the district, four of the class, six of its own */
		t.code = str_fmt(s->w->batch, "%lld%s%06zu", (long long)settle_county(s), what[k].class_code,
			s->grid * THINGS + (size_t)i + 1);
		t.name = str_z(what[k].name);
		t.state = demo_rand_below(&s->r, 20) == 0;
		t.address = address(s, "号旁", demo_rand_range(&s->r, 1, 60));
		near_point(s, &t.lon, &t.lat);
		t.place = g->code;
		err = settle_put(s, &thing_entity, &t, &id);
	}
	return err;
}

/* ---- all of it ---- */

static enum err settle_grid(struct settle *s)
{
	struct world *w = s->w;
	const struct demo_grid *g = &w->grid[s->grid];
	int64_t firm[FIRMS];
	int household = 0;
	enum err err = OK;

	s->visitor = g->worker != NULL ? g->worker->user_id : NIL;
	s->person = w->people[s->grid];
	for (size_t i = g->micro; i < g->micro + g->nmicro && err == OK; i++)
		err = make_building(s, &w->micro[i], &household);
	if (err == OK && (w->people[s->grid] != SIZE_MAX || g->dedicated)) {
		err = make_firms(s, firm);
		if (err == OK)
			err = make_venues(s, firm);
		if (err == OK)
			err = make_things(s);
	}
	return err;
}

static enum err registry_tx(struct pieces *p, struct dbc *c)
{
	struct world *w = p->w;
	struct settle s = { .w = w, .today = date_of(w->now) };
	enum err err = OK;

	req_local(&s.rq, w->app, c, w->batch, NULL, w->start);
	for (size_t i = p->first; i < p->first + p->n && err == OK; i++) {
		s.grid = i;
		demo_rand_fork(&s.r, w->o.seed, stream_key(w, i, STREAM_GRID));
		err = settle_grid(&s);
	}
	if (err == OK && s.rows > 0)
		err = demo_audit(w, c, "registry", s.rows);
	req_local_done(&s.rq);
	if (err == OK && arena_failed(w->batch))
		err = ERR_NOMEM;
	if (err == OK) {
		w->result->buildings += s.buildings;
		w->result->households += s.households;
		w->result->people += s.people;
		demo_tell(w, false, "%lld buildings, %lld people", (long long)w->result->buildings,
			(long long)w->result->people);
	}
	return err;
}

enum err demo_make_registry(struct world *w)
{
	/* Where most rows are found by many words, a page of the index that is written once for many is the gain. */
	size_t step = w->o.size == DEMO_CITY ? CITY_GRIDS_AT_ONCE : GRIDS_AT_ONCE;
	enum err err = plan_people(w);

	if (err == OK)
		err = demo_pieces(w, w->ngrid, step, registry_tx);
	demo_tell(w, true, "%lld buildings, %lld households, %lld people", (long long)w->result->buildings,
		(long long)w->result->households, (long long)w->result->people);
	return err;
}
