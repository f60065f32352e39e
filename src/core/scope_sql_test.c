/*
 * The predicate of sight in SQL and its twin in memory decide the same (R012), for many matters and
 * people made at random, on both engines; and the common predicate is one range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/sqlb.h"
#include "core/test_core.h"

enum { MATTERS = 240, PEOPLE = 80, UNITS = 6, USERS = 8 };

static const struct module *const modules[] = { NULL };

static struct core_case on_sqlite = { DB_SQLITE, modules, NULL }, on_pg = { DB_PG, modules, NULL };

/* The same sequence every time. */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static int64_t pick(uint64_t *seed, int64_t n)
{
	return (int64_t)(next(seed) % (uint64_t)n);
}

static int64_t some_place(uint64_t *seed)
{
	int64_t street = PLACE_DISTRICT + (1 + pick(seed, 3)) * INT64_C(100000000);
	int64_t community = street + (1 + pick(seed, 2)) * INT64_C(100000);
	int64_t grid = community + (1 + pick(seed, 2)) * 100;
	const int64_t level[] = { PLACE_DISTRICT, street, community, grid, grid + 1 + pick(seed, 2) };

	return level[pick(seed, 5)];
}

struct world {
	struct matter_view m[MATTERS];
	uint8_t units[MATTERS];	  /* set of units taking part */
	uint8_t persons[MATTERS]; /* set of users named */
};

static int64_t maybe(uint64_t *seed, int64_t n)
{
	return pick(seed, 4) == 0 ? 1 + pick(seed, n) : NIL;
}

static enum err put_matter(struct dbc *c, const struct world *w, int i)
{
	const struct matter_view *m = &w->m[i];
	enum err err = db_exec(c, "INSERT INTO matter (id, version, kind, title, track, urgency, source, place, state, "
		"open, sealed, anonymous, unit_id, first_unit, reporter_id, reported_at, level, auto_action, "
		"supporters, reopens, returns, extensions, fails, supervised, self_closed, sampled) VALUES ($1, 1, "
		"0, 't', $2, 0, 0, $3, 1, 1, $4, 0, $5, $6, $7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
		ARGS(I(m->id), I(m->track), I(m->place), I(m->sealed ? 1 : 0), I(m->unit_id), I(m->first_unit),
			I(m->reporter_id)), NULL);

	for (int u = 1; u <= UNITS && err == OK; u++) {
		if ((w->units[i] >> u) & 1)
			err = db_exec(c, "INSERT INTO matter_unit (id, matter_id, unit_id, role) VALUES ($1, $2, $3, 1)",
				ARGS(I(db_new_id(c)), I(m->id), I(u)), NULL);
	}
	for (int u = 1; u < USERS && err == OK; u++) {
		if ((w->persons[i] >> u) & 1)
			err = db_exec(c, "INSERT INTO matter_party (matter_id, user_id, part) VALUES ($1, $2, 0)",
				ARGS(I(m->id), I(u)), NULL);
	}
	return err;
}

static enum err world_tx(struct dbc *c, void *arg)
{
	enum err err = OK;

	for (int u = 1; u <= UNITS && err == OK; u++)
		err = db_exec(c, "INSERT INTO unit (id, version, name, kind, place, created_at, updated_at) "
			"VALUES ($1, 1, 'u', 0, $2, 0, 0)", ARGS(I(u), I(PLACE_DISTRICT)), NULL);
	for (int i = 0; i < MATTERS && err == OK; i++)
		err = put_matter(c, arg, i);
	return err;
}

static void world_make(struct world *w, uint64_t *seed)
{
	for (int i = 0; i < MATTERS; i++) {
		w->m[i] = (struct matter_view){ .id = i + 1, .place = some_place(seed), .unit_id = maybe(seed, UNITS),
			.first_unit = maybe(seed, UNITS), .reporter_id = maybe(seed, USERS - 1), .handler_id = NIL,
			.track = (enum track)(1 + pick(seed, 4)), .sealed = pick(seed, 4) == 0 };
		w->units[i] = (uint8_t)(pick(seed, 3) == 0 ? 1 << (1 + pick(seed, UNITS)) : 0);
		w->persons[i] = (uint8_t)(pick(seed, 3) == 0 ? 1 << (1 + pick(seed, USERS - 1)) : 0);
	}
}

static void person_make(struct principal *p, uint64_t *seed)
{
	*p = (struct principal){ .user_id = 1 + pick(seed, USERS - 1), .nposts = (size_t)pick(seed, 5) };
	for (size_t i = 0; i < p->nposts; i++) {
		int64_t place = some_place(seed);

		p->post[i] = (struct post){ .role = (enum role)pick(seed, ROLE_MAX), .lo = place,
			.hi = place_end(place), .unit_id = maybe(seed, UNITS),
			.board = pick(seed, 3) == 0 ? (enum track)(1 + pick(seed, 4)) : TRACK_NONE };
		p->roles |= UINT64_C(1) << p->post[i].role;
	}
}

static bool twin(const struct world *w, int i, const struct principal *p)
{
	struct matter_view m = w->m[i];
	bool part = false;

	for (size_t k = 0; k < p->nposts; k++)
		part = part || (p->post[k].unit_id != NIL && ((w->units[i] >> p->post[k].unit_id) & 1));
	if (m.sealed && ((w->persons[i] >> p->user_id) & 1))
		m.sealed = false; /* named: as if it were not */
	return scope_sees_matter(p, &m, part);
}

static void compare(struct core_test *t, const struct world *w, const struct principal *p, int who)
{
	bool seen[MATTERS + 1] = { false };
	struct sqlb b;

	sqlb_init(&b);
	sqlb_add(&b, "SELECT m.id FROM matter m WHERE 1 = 1");
	scope_matter(&b, p);
	struct rows *r = sqlb_query(&b, t->reader);

	while (rows_next(r))
		seen[row_int_at(r, 0)] = true;
	assert_int_equal(rows_close(r), OK);
	for (int i = 0; i < MATTERS; i++) {
		if (seen[w->m[i].id] != twin(w, i, p))
			fail_msg("person %d, matter %d: SQL says %d\n%.*s", who, i, seen[w->m[i].id], (int)b.text.n, b.text.p);
	}
	sqlb_release(&b);
}

static void test_twins(void **state)
{
	struct core_test *t = *state;
	uint64_t seed = 20260213;
	struct world w;
	struct principal p;

	core_test_need(t);
	world_make(&w, &seed);
	assert_int_equal(core_test_write(t, world_tx, &w), OK);
	for (int i = 0; i < PEOPLE; i++) {
		person_make(&p, &seed);
		compare(t, &w, &p, i);
	}
}

/* As many posts as there may be, all different: still one statement. */
static void test_many_posts(void **state)
{
	struct core_test *t = *state;
	struct principal p = { .user_id = 1, .nposts = POSTS_MAX, .roles = ROLE(BOARD_LEAD) | ROLE(AUDITOR) };
	struct sqlb b;

	core_test_need(t);
	for (size_t i = 0; i < POSTS_MAX; i++) {
		int64_t place = PLACE_GRID_A + (int64_t)i * 100;

		p.post[i] = (struct post){ .role = ROLE_BOARD_LEAD, .lo = place, .hi = place_end(place),
			.unit_id = (int64_t)i + 1, .board = TRACK_PEACE };
	}
	sqlb_init(&b);
	sqlb_add(&b, "SELECT m.id FROM matter m WHERE 1 = 1");
	scope_matter(&b, &p);
	assert_false(sqlb_failed(&b));
	assert_true(b.n <= SQLB_ARGS - 24); /* room for the filters */
	struct rows *r = sqlb_query(&b, t->reader);

	assert_false(rows_next(r));
	assert_int_equal(rows_close(r), OK);
	sqlb_release(&b);
}

static void check_text(const struct principal *p, const char *want)
{
	struct sqlb b;

	sqlb_init(&b);
	scope_matter(&b, p);
	buf_char(&b.text, '\0');
	assert_string_equal(b.text.p, want);
	sqlb_release(&b);
}

/* District-wide: one range. Posts inside another one's area add nothing. */
static void test_plain(void **state)
{
	struct principal p = { .user_id = 1, .nposts = 3, .roles = ROLE(DISTRICT_ADMIN) | ROLE(GRID_LEADER) };

	(void)state;
	p.post[0] = (struct post){ .role = ROLE_GRID_LEADER, .lo = PLACE_GRID_A, .hi = place_end(PLACE_GRID_A), .unit_id = NIL };
	p.post[1] = (struct post){ .role = ROLE_DISTRICT_ADMIN, .lo = PLACE_DISTRICT, .hi = place_end(PLACE_DISTRICT), .unit_id = NIL };
	p.post[2] = (struct post){ .role = ROLE_DIRECTOR, .lo = PLACE_STREET_A, .hi = place_end(PLACE_STREET_A), .unit_id = 4 };
	check_text(&p, " AND ((m.place >= $1 AND m.place < $2)) AND (m.sealed = 0 OR m.reporter_id = $3 "
		       "OR EXISTS (SELECT 1 FROM matter_party y WHERE y.matter_id = m.id AND y.user_id = $4))");
	p.nposts = 1;
	p.post[0].role = ROLE_AUDITOR;
	p.roles = ROLE(AUDITOR);
	check_text(&p, " AND ((m.place >= $1 AND m.place < $2) OR m.reporter_id = $3)");
	p.post[0].role = ROLE_RESIDENT;
	p.roles = ROLE(RESIDENT);
	check_text(&p, " AND (m.reporter_id = $1) AND (m.sealed = 0 OR m.reporter_id = $2 "
		       "OR EXISTS (SELECT 1 FROM matter_party y WHERE y.matter_id = m.id AND y.user_id = $3))");
}

/* Rows without a place are the district's. */
static void test_place(void **state)
{
	struct core_test *t = *state;
	struct principal p = { .user_id = 1, .nposts = 1, .roles = ROLE(DISTRICT_ADMIN) };
	int64_t n[2];

	core_test_need(t);
	for (int i = 0; i < 2; i++) {
		int64_t place = i == 0 ? PLACE_DISTRICT : PLACE_STREET_A;
		struct sqlb b;

		p.post[0] = (struct post){ .role = ROLE_DISTRICT_ADMIN, .lo = place, .hi = place_end(place), .unit_id = NIL };
		sqlb_init(&b);
		sqlb_add(&b, "SELECT count(*) AS n FROM place t WHERE 1 = 1");
		scope_place(&b, &p, "place.read", "t.code");
		struct rows *r = sqlb_query(&b, t->reader);

		assert_true(rows_next(r));
		n[i] = row_int_at(r, 0);
		assert_int_equal(rows_close(r), OK);
		assert_int_equal(memmem(b.text.p, b.text.n, "IS NULL", 7) != NULL, i == 0);
		assert_int_equal(scope_sees(&p, "place.read", NIL), i == 0);
		sqlb_release(&b);
	}
	assert_int_equal(n[0], 7);
	assert_int_equal(n[1], 3);
	struct sqlb b;

	sqlb_init(&b);
	p.post[0].role = ROLE_RESIDENT;
	p.roles = ROLE(RESIDENT);
	scope_place(&b, &p, "place.write", "t.code");
	buf_char(&b.text, '\0');
	assert_string_equal(b.text.p, " AND (1 = 0)");
	sqlb_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		CORE_BOTH(test_twins),
		CORE_BOTH(test_many_posts),
		CORE_BOTH(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
