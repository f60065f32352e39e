/* The registry: numbers with check digits, rows and where they lie, source and date of values (R022), figures
 * that add up (R025), links, and nothing outside one's area. */
#include "mod/test_registry/test_registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

TEST_FIXTURE(reg_fresh);

/* ---- numbers ---- */

static bool good_id(const char *z)
{
	int64_t birth;
	enum sex sex;

	return id18_check(str_z(z), 20260520, &birth, &sex) == ID_GOOD;
}

static void test_identity_numbers(void **state)
{
	static const struct {
		const char *text;
		enum id_fault fault;
	} v[] = {
		{ "990101199003070018", ID_CHECK }, { "99010119900307001", ID_FORM },
		{ "9901011990030700171", ID_FORM }, { "990101199002300010", ID_DATE }, { "990101209901010011", ID_DATE },
		{ "A90101199003070017", ID_FORM }, { "090101199003070017", ID_FORM }, { "", ID_FORM },
		{ "99010119900307001Y", ID_FORM }, { "990101190002290017", ID_DATE },
	};
	char own[19] = "99010119900307001";
	int64_t birth = NIL;
	enum sex sex = SEX_UNKNOWN;

	(void)state;
	own[17] = id18_digit(own);
	assert_int_equal(id18_check(str_z(own), 20260520, &birth, &sex), ID_GOOD);
	assert_int_equal(birth, 19900307);
	assert_int_equal(sex, SEX_MALE);
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_int_equal(id18_check(str_z(v[i].text), 20260520, &birth, &sex), v[i].fault);
	/* The standard's own example; a small x is an X; one digit wrong is always noticed. */
	assert_true(good_id("11010519491231002X"));
	assert_true(good_id("11010519491231002x"));
	for (int i = 0; i < 17; i++) {
		char wrong[19] = "11010519491231002X";

		wrong[i] = (char)(wrong[i] == '9' ? '8' : wrong[i] + 1);
		assert_false(good_id(wrong));
	}
}

static void test_credit_codes_and_telephones(void **state)
{
	static const char *const good[] = { "9150011300000001A5", "93500113MA00000002", "1150011300000002X9" };
	static const char *const bad[] = { "9150011300000001A0", "9150011300000001I5", "12345", "",
		"915001I300000001A5", "9150011300000001a5" };
	static const struct {
		const char *given, *plain; /* NULL: refused */
	} phone[] = {
		{ "13800001111", "13800001111" }, { " 138 0000-1111 ", "13800001111" }, { "+8613800001111", "13800001111" },
		{ "023-68881234", "02368881234" }, { "(023)68881234", "02368881234" }, { "0755 8888123", "07558888123" },
		{ "02368881234-801", "02368881234801" }, { "12800001111", NULL }, { "1380000111", NULL },
		{ "138000011112", NULL }, { "68881234", NULL }, { "0068881234", NULL }, { "phone", NULL }, { "", NULL },
		{ "023688812345678901234", NULL },
	};
	char plain[18];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(uscc_check(str_z(good[i])), ID_GOOD);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_not_equal(uscc_check(str_z(bad[i])), ID_GOOD);
	for (size_t i = 0; i < ARRAY_LEN(phone); i++) {
		assert_int_equal(phone_plain(str_z(phone[i].given), plain), phone[i].plain != NULL);
		if (phone[i].plain != NULL)
			assert_string_equal(plain, phone[i].plain);
	}
}

/* Trial data: value, kind, valid. */
static void test_vectors(void **state)
{
	char *text = test_data("ids/id_test_vectors.csv");
	struct str rest = str_z(text), line;
	int seen = 0;

	(void)state;
	if (text == NULL)
		skip();
	while (str_split(&rest, '\n', &line)) {
		struct str value, kind, valid;
		bool ok;

		if (!str_split(&line, ',', &value) || !str_split(&line, ',', &kind) || !str_split(&line, ',', &valid))
			continue;
		if (str_eqz(kind, "id18")) {
			int64_t birth;
			enum sex sex;

			ok = id18_check(value, 20260520, &birth, &sex) == ID_GOOD;
		} else if (str_eqz(kind, "uscc")) {
			ok = uscc_check(value) == ID_GOOD;
		} else {
			continue;
		}
		if (ok != str_eqz(valid, "True"))
			fail_msg("%.*s", (int)value.n, value.p);
		seen++;
	}
	assert_true(seen >= 60);
	free(text);
}

static void test_small_rules(void **state)
{
	struct str b, u, r;

	(void)state;
	assert_true(building_code_ok(STR("50099900100100100012")));
	assert_false(building_code_ok(STR("50099900100100100000")));
	assert_false(building_code_ok(STR("5009990010010010001")));
	assert_true(room_code_parse(STR("50099900100100100012-2-1203"), &b, &u, &r));
	assert_true(str_eqz(u, "2") && str_eqz(r, "1203"));
	assert_false(room_code_parse(STR("50099900100100100012-2"), &b, &u, &r));
	assert_false(room_code_parse(STR("50099900100100100012--1203"), &b, &u, &r));
	assert_false(room_code_parse(STR("50099900100100100012-2-12-03"), &b, &u, &r));
	assert_int_equal(age_on(20080520, 20260519), 17);
	assert_int_equal(age_on(20080520, 20260520), 18);
	assert_int_equal(age_on(20080229, 20260228), 17);
	assert_true(link_fits(LINK_GUARDIAN, OBJECT_PERSON, OBJECT_PERSON));
	assert_false(link_fits(LINK_GUARDIAN, OBJECT_ORGANISATION, OBJECT_PERSON));
	assert_false(link_fits(LINK_LIVES_IN, OBJECT_PERSON, OBJECT_ORGANISATION));
	assert_true(care_fits(CARE_HAZARD_VENUE, OBJECT_VENUE));
	assert_false(care_fits(CARE_LONE_ELDER, OBJECT_VENUE));
	assert_true(care_counts(CARE_PHONE_ALLOWED, CARE_PHONE));
	assert_false(care_counts(CARE_VISIT, CARE_PHONE));
	assert_false(care_counts(CARE_VISIT, CARE_NOT_HOME));
}

/* No field of the registry, by its name or by what people call it, is for belief, ethnicity or opinion. */
/* What the others are to a new head (R022). */
static void test_relations(void **state)
{
	static const struct {
		enum relation was[5], now[5];
		size_t n, head;
	} cases[] = {
		/* the spouse takes over */
		{ { RELATION_SPOUSE, RELATION_CHILD, RELATION_PARENT }, { RELATION_HEAD, RELATION_CHILD, RELATION_OTHER }, 3, 0 },
		/* the only child: the former head is a parent, the grandchild a child */
		{ { RELATION_HEAD, RELATION_CHILD, RELATION_CHILD_IN_LAW, RELATION_GRANDCHILD, RELATION_PARENT },
			{ RELATION_PARENT, RELATION_HEAD, RELATION_SPOUSE, RELATION_CHILD, RELATION_GRANDPARENT }, 5, 1 },
		/* one of two: whose the grandchild is nobody can tell */
		{ { RELATION_CHILD, RELATION_CHILD, RELATION_CHILD_IN_LAW, RELATION_GRANDCHILD },
			{ RELATION_HEAD, RELATION_SIBLING, RELATION_OTHER, RELATION_OTHER }, 4, 0 },
		{ { RELATION_PARENT, RELATION_PARENT, RELATION_CHILD, RELATION_SIBLING },
			{ RELATION_HEAD, RELATION_SPOUSE, RELATION_GRANDCHILD, RELATION_CHILD }, 4, 0 },
		{ { RELATION_OTHER, RELATION_CHILD }, { RELATION_HEAD, RELATION_OTHER }, 2, 0 },
	};

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
		struct person p[5] = { { .id = 1 } };
		int64_t word[5];

		for (size_t i = 0; i < cases[c].n; i++)
			p[i].relation = cases[c].was[i];
		relations_to(p, cases[c].n, cases[c].head, word);
		for (size_t i = 0; i < cases[c].n; i++)
			assert_int_equal((int)word[i], (int)cases[c].now[i]);
	}
}

static void test_no_field_for_belief(void **state)
{
	static const char *const never[] = { "relig", "belief", "faith", "church", "ethnic", "nation", "race", "opinion",
		"politic", "party_member", "petition", "民族", "宗教", "信仰", "政治", "党员", "信访", "前科" };
	size_t seen = 0;

	(void)state;
	for (size_t e = 0; registry_module.entity[e] != NULL; e++) {
		const struct fields *f = &registry_module.entity[e]->fields;

		for (size_t i = 0; i < f->n; i++, seen++) {
			for (size_t k = 0; k < ARRAY_LEN(never); k++) {
				assert_null(strstr(f->v[i].name, never[k]));
				assert_true(f->v[i].label == NULL || strstr(f->v[i].label, never[k]) == NULL);
			}
		}
	}
	assert_true(seen > 100);
}

static void test_purposes(void **state)
{
	struct error e = { .err = OK };

	(void)state;
	for (size_t i = 0; registry_module.entity[i] != NULL; i++)
		assert_int_equal(entity_check_fields(registry_module.entity[i], &e), OK);
}

/* ---- rows ---- */

static void test_where_things_lie(void **state)
{
	struct test_app *t = *state;
	char b[32], r[32], h[32], p[32], x[32];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "buildings", b, "{\"name\":\"1栋\",\"address\":\"柳荫路1号\",\"place\":\"" MICRO1
		"\",\"floors\":18}"), 201);
	assert_string_equal(test_str(t, "code"), "50099900100100100001");
	assert_string_equal(test_str(t, "source"), "staff");
	assert_int_equal(reg_add(t, "buildings", x, "{\"name\":\"2栋\",\"place\":\"" GRID1 "\",\"code\":\"50099900100100100017\"}"), 201);
	assert_int_equal(reg_add(t, "buildings", x, "{\"name\":\"3栋\",\"place\":\"" GRID1 "\"}"), 201);
	assert_string_equal(test_str(t, "code"), "50099900100100100018");
	assert_int_equal(reg_add(t, "buildings", x, "{\"name\":\"4栋\",\"place\":\"" GRID2 "\",\"code\":\"50099900100100100019\"}"), 400);
	assert_string_equal(test_error(t), "registry.building_grid");
	assert_int_equal(reg_add(t, "buildings", x, "{\"name\":\"4栋\",\"place\":\"" COMMUNITY1 "\"}"), 400);
	assert_string_equal(test_error(t), "registry.level");
	assert_int_equal(reg_add(t, "buildings", x, "{\"name\":\"4栋\"}"), 400);
	assert_int_equal(reg_add(t, "buildings", x, "{\"name\":\"4栋\",\"lon\":106.5}"), 400);
	assert_int_equal(reg_add(t, "buildings", x, "{\"name\":\"4栋\",\"lon\":106.5,\"lat\":29.5}"), 400);
	assert_string_equal(test_error(t), "registry.outside");

	assert_int_equal(reg_add(t, "rooms", r, "{\"building_id\":\"%s\",\"unit_no\":\"2\",\"room_no\":\"1203\",\"use\":\"rent\"}", b), 201);
	assert_string_equal(test_str(t, "code"), "50099900100100100001-2-1203");
	assert_string_equal(test_str(t, "place"), MICRO1);
	assert_int_equal((int)test_num(t, "floor"), 12);
	assert_int_equal(reg_add(t, "rooms", x, "{\"building_id\":\"%s\",\"unit_no\":\"2\",\"room_no\":\"1203\"}", b), 409);
	assert_int_equal(reg_add(t, "rooms", x, "{\"code\":\"50099900100100100001-2-1204\"}"), 201);
	assert_int_equal(reg_add(t, "rooms", x, "{\"code\":\"50099900100100100009-2-1204\"}"), 400);
	assert_int_equal(reg_add(t, "households", h, "{\"room_id\":\"%s\",\"size\":2}", r), 201);
	assert_string_equal(test_str(t, "code"), "50099900100100100001-2-1203/1");
	assert_int_equal(reg_add(t, "persons", p, "{\"name\":\"王小明\",\"household_id\":\"%s\",\"relation\":\"head\"}", h), 201);
	assert_string_equal(test_str(t, "place"), MICRO1);
	/* The head of a household is known by the relation. */
	assert_int_equal(test_callf(t, "GET /api/households/%s", h, NULL), 200);
	assert_string_equal(test_str(t, "head_id"), p);
	/* None of them lies elsewhere. */
	assert_int_equal(reg_patch(t, "persons", p, "{\"place\":\"" GRID2 "\"}"), 400);
	assert_string_equal(test_error(t), "registry.with_household");
	assert_int_equal(reg_patch(t, "households", h, "{\"place\":\"" GRID2 "\"}"), 400);
	assert_string_equal(test_error(t), "registry.with_room");
	/* The building goes to another grid, and whoever lives in it goes along. */
	assert_int_equal(reg_patch(t, "buildings", b, "{\"place\":\"" GRID2 "\"}"), 200);
	assert_int_equal(test_callf(t, "GET /api/persons/%s", p, NULL), 200);
	assert_string_equal(test_str(t, "place"), GRID2);
	assert_int_equal(test_callf(t, "GET /api/rooms/%s", r, NULL), 200);
	assert_string_equal(test_str(t, "place"), GRID2);
	assert_int_equal(test_callf(t, "GET /api/persons?household_id=%s&count=1", h, NULL), 200);
	assert_int_equal((int)test_num(t, "count"), 1);
}

static void test_point_to_grid(void **state)
{
	static const char shape[] = "{\"type\":\"Polygon\",\"coordinates\":[[[106.5,29.5],[106.6,29.5],[106.6,29.6],[106.5,29.6],"
				    "[106.5,29.5]]]}";
	struct test_app *t = *state;
	char id[32];

	SKIP_WITHOUT(t);
	test_post(t, ROLE_DISTRICT_ADMIN, AT_DISTRICT);
	assert_int_equal(test_call(t, "GET /api/places/by-code/" GRID1, NULL), 200);
	snprintf(id, sizeof(id), "%s", test_str(t, "id"));
	assert_int_equal(test_callf(t, "PUT /api/places/%s/shape", id, shape), 200);
	assert_int_equal(reg_add(t, "venues", id, "{\"name\":\"清溪面馆\",\"kind\":\"restaurant\",\"lon\":106.55,\"lat\":29.55}"), 201);
	assert_string_equal(test_str(t, "place"), GRID1);
	assert_int_equal(reg_add(t, "things", id, "{\"class_code\":\"0118\",\"lon\":106.55,\"lat\":29.55}"), 201);
	assert_string_equal(test_str(t, "code"), "5009990118000001");
	assert_int_equal(reg_add(t, "things", id, "{\"class_code\":\"9999\",\"place\":\"" GRID1 "\"}"), 400);
	assert_int_equal(reg_add(t, "organisations", id, "{\"name\":\"清溪商贸\",\"uscc\":\"9150011300000001A5\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "organisations", id, "{\"name\":\"别家\",\"uscc\":\"9150011300000001A5\",\"place\":\"" GRID1 "\"}"), 409);
	assert_int_equal(reg_add(t, "organisations", id, "{\"name\":\"别家\",\"uscc\":\"9150011300000001A4\",\"place\":\"" GRID1 "\"}"), 400);
	assert_string_equal(test_error(t), "registry.uscc_check");
	assert_int_equal(reg_add(t, "organisations", id, "{\"name\":\"别家\",\"phone\":\"12\",\"place\":\"" GRID1 "\"}"), 400);
	assert_string_equal(test_error(t), "registry.phone");
}

/* ---- source and date (R022) ---- */

static void test_facts(void **state)
{
	struct test_app *t = *state;
	char b[32];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "buildings", b, "{\"name\":\"1栋\",\"place\":\"" GRID1 "\",\"source\":\"import\"}"), 201);
	t->now = REG_NOW + MS_DAY;
	assert_int_equal(reg_patch(t, "buildings", b, "{\"floors\":9}"), 200);
	assert_int_equal(test_callf(t, "GET /api/registry/buildings/%s/facts", b, NULL), 200);
	for (size_t i = 0; i < test_len(t, "items"); i++) {
		char path[40], field[40];
		bool changed;

		snprintf(path, sizeof(path), "items.%zu.field", i);
		snprintf(field, sizeof(field), "%s", test_str(t, path));
		changed = strcmp(field, "floors") == 0;
		snprintf(path, sizeof(path), "items.%zu.source", i);
		assert_string_equal(test_str(t, path), changed ? "staff" : "import");
		snprintf(path, sizeof(path), "items.%zu.at", i);
		assert_string_equal(test_str(t, path), changed ? "2026-05-21T10:00:00+08:00" : "2026-05-20T10:00:00+08:00");
	}
	assert_true(test_len(t, "items") >= 5);
	/* Confirmed on the spot: the date moves, no value does. */
	t->now = REG_NOW + 2 * MS_DAY;
	assert_int_equal(test_callf(t, "POST /api/registry/buildings/%s/verify", b, NULL), 200);
	assert_string_equal(test_str(t, "verified_at"), "2026-05-22T10:00:00+08:00");
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM registry_fact"), 1);
	assert_int_equal(test_callf(t, "GET /api/registry/elephants/%s/facts", b, NULL), 404);
}

/* ---- figures (R025) ---- */

static const char *const figures[] = { "people", "households", "buildings", "rooms", "venues", "things", "organisations" };

static void counts(struct test_app *t, const char *place, int64_t ret[ARRAY_LEN(figures)])
{
	assert_int_equal(test_callf(t, "GET /api/registry/counts?place=%s", place, NULL), 200);
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		ret[i] = (int64_t)test_num(t, figures[i]);
}

static void test_counts_add_up(void **state)
{
	struct test_app *t = *state;
	static const char *const grid[] = { GRID1, GRID2, GRID3 };
	int64_t all[7], s1[7], s2[7], c1[7], g[3][7];
	char b[32], r[32], h[32], id[32];

	SKIP_WITHOUT(t);
	test_post(t, ROLE_DISTRICT_ADMIN, AT_DISTRICT);
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k <= i; k++) {
			assert_int_equal(reg_add(t, "buildings", b, "{\"name\":\"栋\",\"place\":\"%s\"}", grid[i]), 201);
			assert_int_equal(reg_add(t, "rooms", r, "{\"building_id\":\"%s\",\"room_no\":\"101\"}", b), 201);
			assert_int_equal(reg_add(t, "households", h, "{\"room_id\":\"%s\"}", r), 201);
			assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"甲\",\"household_id\":\"%s\"}", h), 201);
			assert_int_equal(reg_add(t, "persons", id, "{\"name\":\"乙\",\"household_id\":\"%s\"}", h), 201);
			assert_int_equal(reg_add(t, "venues", NULL, "{\"name\":\"店\",\"place\":\"%s\"}", grid[i]), 201);
			assert_int_equal(reg_add(t, "things", NULL, "{\"class_code\":\"0305\",\"place\":\"%s\"}", grid[i]), 201);
			assert_int_equal(reg_add(t, "organisations", NULL, "{\"name\":\"社\",\"place\":\"%s\"}", grid[i]), 201);
		}
	}
	/* Who has left is not counted. */
	assert_int_equal(reg_patch(t, "persons", id, "{\"active\":false,\"ended_reason\":\"moved_out\"}"), 200);
	counts(t, DISTRICT, all);
	counts(t, STREET1, s1);
	counts(t, STREET2, s2);
	counts(t, COMMUNITY1, c1);
	for (int i = 0; i < 3; i++)
		counts(t, grid[i], g[i]);
	assert_int_equal(all[0], 11);
	assert_int_equal(all[2], 6);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(all[i], s1[i] + s2[i]);
		assert_int_equal(s1[i], c1[i]);
		assert_int_equal(c1[i], g[0][i] + g[1][i]);
		assert_int_equal(s2[i], g[2][i]);
	}
	/* Under scope, and without people for whoever does not see people. */
	test_post(t, ROLE_GRID_LEADER, AT_GRID2);
	counts(t, DISTRICT, all);
	assert_memory_equal(all, g[1], sizeof(all));
	test_post(t, ROLE_DISTRICT_DEPT, AT_DISTRICT);
	assert_int_equal(test_call(t, "GET /api/registry/counts", NULL), 200);
	assert_true(reg_said(t, "\"people\":null"));
	assert_int_equal((int)test_num(t, "buildings"), 6);
}

/* ---- links ---- */

static void test_links(void **state)
{
	struct test_app *t = *state;
	char a[32], child[32], o1[32], o2[32], o3[32], l[32];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "persons", a, "{\"name\":\"王大\",\"birth\":\"1980-01-01\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "persons", child, "{\"name\":\"王小\",\"birth\":\"2015-01-01\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "organisations", o1, "{\"name\":\"总店\",\"place\":\"" GRID2 "\"}"), 201);
	assert_int_equal(reg_add(t, "organisations", o2, "{\"name\":\"分店\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "organisations", o3, "{\"name\":\"小店\",\"place\":\"" GRID1 "\"}"), 201);
#define LINK(role, fk, f, tk, to) "{\"role\":\"" role "\",\"from_kind\":\"" fk "\",\"from_id\":\"%s\",\"to_kind\":\"" tk "\",\"to_id\":\"%s\"}", f, to
	assert_int_equal(reg_add(t, "links", l, LINK("works_at", "person", a, "organisation", o1)), 201);
	assert_string_equal(test_str(t, "place"), GRID1);
	assert_string_equal(test_str(t, "valid_from"), "2026-05-20");
	assert_int_equal(reg_add(t, "links", NULL, LINK("works_at", "person", a, "organisation", o1)), 409);
	assert_int_equal(reg_add(t, "links", NULL, LINK("works_at", "organisation", o1, "person", a)), 400);
	assert_string_equal(test_error(t), "link.kinds");
	assert_int_equal(reg_add(t, "links", NULL, LINK("guardian", "person", a, "person", child)), 201);
	assert_int_equal(reg_add(t, "links", NULL, LINK("guardian", "person", child, "person", a)), 400);
	assert_string_equal(test_error(t), "link.guardian");
	assert_int_equal(reg_add(t, "links", NULL, LINK("guardian", "person", a, "person", a)), 400);
	/* Groups within groups, but none within itself. */
	assert_int_equal(reg_add(t, "links", NULL, LINK("member_of", "organisation", o2, "organisation", o1)), 201);
	assert_int_equal(reg_add(t, "links", NULL, LINK("member_of", "organisation", o3, "organisation", o2)), 201);
	assert_int_equal(reg_add(t, "links", NULL, LINK("member_of", "organisation", o1, "organisation", o3)), 409);
	assert_string_equal(test_error(t), "link.cycle");
	assert_int_equal(reg_patch(t, "links", l, "{\"valid_to\":\"2026-05-01\"}"), 400);
	assert_int_equal(reg_patch(t, "links", l, "{\"valid_to\":\"2026-05-20\"}"), 200);
	/* Who leaves leaves all of it. */
	assert_int_equal(reg_patch(t, "persons", a, "{\"active\":false}"), 400);
	assert_int_equal(reg_patch(t, "persons", a, "{\"active\":false,\"ended_reason\":\"moved_out\"}"), 200);
	assert_string_equal(test_str(t, "ended_at"), "2026-05-20");
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM link WHERE valid_to IS NULL AND role <> 5"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity_numbers),
		cmocka_unit_test(test_credit_codes_and_telephones),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_small_rules),
		cmocka_unit_test(test_relations),
		cmocka_unit_test(test_no_field_for_belief),
		cmocka_unit_test(test_purposes),
		TEST_BOTH(test_where_things_lie),
		TEST_EMBEDDED(test_point_to_grid),
		TEST_EMBEDDED(test_facts),
		TEST_EMBEDDED(test_counts_add_up),
		TEST_BOTH(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
