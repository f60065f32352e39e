/* People: identifiers sealed at rest and found by their exact value, shown in part, read in full only on record;
 * nothing outside one's area; consents. */
#include "mod/test_registry/test_registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/retain.h"
#include "core/secret.h"

TEST_FIXTURE(reg_fresh);

/* Numbers of a county that exists nowhere. */
static const char *id_no(const char *seventeen, char out[19])
{
	memcpy(out, seventeen, 17);
	out[17] = id18_digit(seventeen);
	out[18] = '\0';
	return out;
}

#define WANG "99010119500307001" /* a man born on 7 March 1950 */
#define LI "99010119600708002"	 /* a woman born on 8 July 1960 */

static void test_sealed_and_found(void **state)
{
	struct test_app *t = *state;
	char no[19], small[19], id[32], path[80];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "persons", id, "{\"name\":\"王建国\",\"id_no\":\"%s\",\"phone\":\"138 0000 1111\",\"place\":\"" GRID1
		"\"}", id_no(WANG, no)), 201);
	/* What the number says fills in what was not said. */
	assert_string_equal(test_str(t, "birth"), "1950-03-07");
	assert_string_equal(test_str(t, "sex"), "male");
	assert_string_equal(test_str(t, "phone"), "138****1111");
	assert_false(reg_said(t, no));
	/* In the table there is neither the one nor the other. */
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM person WHERE id_no IS NOT NULL AND id_no_hash IS NOT NULL "
				    "AND phone_hash IS NOT NULL AND length(phone_hash) = 32 AND length(phone) = 56"), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM audit WHERE detail LIKE '%13800001111%' OR detail LIKE "
				    "'%19500307001%' OR detail LIKE '%王建国%'"), 0);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM audit WHERE detail LIKE '%138****1111%' AND detail LIKE '%王**%'"), 1);
	/* Found by the exact number, however it is written; not by a part of it. */
	assert_int_equal(test_call(t, "GET /api/persons?phone=138-0000-1111", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.id"), id);
	assert_int_equal(test_call(t, "GET /api/persons?phone=13800001112", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	assert_int_equal(test_call(t, "GET /api/persons?q=1380000", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	snprintf(path, sizeof(path), "GET /api/persons?id_no=%s", no);
	assert_int_equal(test_call(t, path, NULL), 400);
	/* Nobody is entered twice; whoever sees them is told who it is, in part. */
	snprintf(small, sizeof(small), "%s", no);
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"另一人\",\"id_no\":\"%s\",\"place\":\"" GRID1 "\"}", small), 409);
	assert_string_equal(test_error(t), "duplicate");
	assert_true(reg_said(t, "王**"));
	assert_false(reg_said(t, "王建国"));
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_GRID3);
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"另一人\",\"id_no\":\"%s\",\"place\":\"" GRID3 "\"}", small), 409);
	assert_false(reg_said(t, "王"));
	/* Another number, the same person: an update reseals and finds anew. */
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
	assert_int_equal(reg_patch(t, "persons", id, "{\"phone\":\"13900002222\"}"), 200);
	assert_int_equal(test_call(t, "GET /api/persons?phone=13900002222", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_int_equal(test_call(t, "GET /api/persons?phone=13800001111", NULL), 200);
	assert_int_equal(test_len(t, "items"), 0);
	/* Under another key nothing can be opened, and nothing is guessed. */
	t->app.keys.data[0] ^= 1;
	assert_int_equal(test_callf(t, "GET /api/persons/%s", id, NULL), 503);
	assert_int_equal(test_call(t, "GET /api/persons", NULL), 503);
	t->app.keys.data[0] ^= 1;
	assert_int_equal(test_callf(t, "GET /api/persons/%s", id, NULL), 200);
}

static void test_numbers_that_do_not_fit(void **state)
{
	struct test_app *t = *state;
	char no[19];

	SKIP_WITHOUT(t);
	(void)id_no(WANG, no);
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"王\",\"id_no\":\"%s\",\"birth\":\"1950-03-08\",\"place\":\"" GRID1
		"\"}", no), 400);
	assert_string_equal(test_error(t), "registry.id_birth");
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"王\",\"id_no\":\"%s\",\"sex\":\"female\",\"place\":\"" GRID1 "\"}", no), 400);
	assert_string_equal(test_error(t), "registry.id_sex");
	no[17] = no[17] == '0' ? '1' : '0';
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"王\",\"id_no\":\"%s\",\"place\":\"" GRID1 "\"}", no), 400);
	assert_string_equal(test_error(t), "registry.id_check");
	assert_false(reg_said(t, no));
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"王\",\"id_no\":\"123\",\"place\":\"" GRID1 "\"}"), 400);
	assert_string_equal(test_error(t), "registry.id_form");
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"王\",\"phone\":\"123\",\"place\":\"" GRID1 "\"}"), 400);
	assert_string_equal(test_error(t), "registry.phone");
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"王\",\"birth\":\"2030-01-01\",\"place\":\"" GRID1 "\"}"), 400);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM person"), 0);
}

static void test_import_by_number(void **state)
{
	struct test_app *t = *state;
	char wang[19], li[19], csv[600];

	SKIP_WITHOUT(t);
	(void)id_no(WANG, wang);
	(void)id_no(LI, li);
	snprintf(csv, sizeof(csv), "name,id_no,phone,place\n王建国,%s,13800001111,%s\n李梅,%s,,%s\n", wang, GRID1, li, GRID2);
	assert_int_equal(test_call(t, "POST /api/persons/import", csv), 200);
	assert_int_equal((int)test_num(t, "created"), 2);
	/* Again: nothing is entered twice. One telephone changed: one row. */
	assert_int_equal(test_call(t, "POST /api/persons/import", csv), 200);
	assert_int_equal((int)test_num(t, "unchanged"), 2);
	snprintf(csv, sizeof(csv), "name,id_no,phone,place\n王建国,%s,13800001111,%s\n李梅,%s,13900002222,%s\n", wang, GRID1, li,
		GRID2);
	assert_int_equal(test_call(t, "POST /api/persons/import", csv), 200);
	assert_int_equal((int)test_num(t, "updated"), 1);
	/* Two numbers that look alike masked are two people; one twice in a file is noticed. */
	assert_int_equal(test_call(t, "GET /api/persons?phone=13900002222", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.source"), "import");
	snprintf(csv, sizeof(csv), "name,id_no,place\n王,%s,%s\n王,%s,%s\n", wang, GRID1, wang, GRID1);
	assert_int_equal(test_call(t, "POST /api/persons/import", csv), 200);
	assert_int_equal((int)test_num(t, "rejected"), 1);
	assert_string_equal(test_str(t, "errors.0.code"), "repeated");
	/* Somebody else's people are not to be had, nor doubled. */
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_STREET2);
	snprintf(csv, sizeof(csv), "name,id_no,place\n王,%s,%s\n", wang, GRID3);
	assert_int_equal(test_call(t, "POST /api/persons/import", csv), 200);
	assert_int_equal((int)test_num(t, "rejected"), 1);
	assert_string_equal(test_str(t, "errors.0.code"), "duplicate");
}

static void someone(struct test_app *t, char id[32])
{
	char no[19];

	assert_int_equal(reg_add(t, "persons", id, "{\"name\":\"王建国\",\"id_no\":\"%s\",\"phone\":\"13800001111\",\"place\":\"" MICRO1
		"\"}", id_no(WANG, no)), 201);
}

/* Lines of an exported file that begin with an id. */
static size_t rows(const struct test_app *t)
{
	size_t n = 0;

	for (size_t i = 1; i < t->raw.n; i++)
		n += t->raw.p[i - 1] == '\n' && t->raw.p[i] >= '0' && t->raw.p[i] <= '9';
	return n;
}

static void test_only_in_ones_area(void **state)
{
	static const char *const path[] = { "persons", "households", "buildings", "rooms", "venues", "things", "organisations",
		"links", "consents", "care_plans", "care_visits" };
	struct test_app *t = *state;
	char id[ARRAY_LEN(path)][32], request[500];

	SKIP_WITHOUT(t);
	someone(t, id[0]);
	assert_int_equal(reg_add(t, "buildings", id[2], "{\"name\":\"1栋\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "rooms", id[3], "{\"building_id\":\"%s\",\"room_no\":\"101\"}", id[2]), 201);
	assert_int_equal(reg_add(t, "households", id[1], "{\"room_id\":\"%s\"}", id[3]), 201);
	assert_int_equal(reg_add(t, "venues", id[4], "{\"name\":\"店\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "things", id[5], "{\"class_code\":\"0118\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "organisations", id[6], "{\"name\":\"社\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "links", id[7], "{\"role\":\"lives_in\",\"from_kind\":\"person\",\"from_id\":\"%s\","
		"\"to_kind\":\"room\",\"to_id\":\"%s\"}", id[0], id[3]), 201);
	assert_int_equal(reg_add(t, "consents", id[8], "{\"person_id\":\"%s\",\"purpose\":\"走访\"}", id[0]), 201);
	assert_int_equal(reg_add(t, "care_plans", id[9], "{\"target_kind\":\"person\",\"target_id\":\"%s\",\"type\":\"lone_elder\","
		"\"basis\":\"本人申请\",\"consent_id\":\"%s\",\"expires\":\"2027-05-20\",\"cycle_days\":30}", id[0], id[8]), 201);
	assert_int_equal(reg_add(t, "care_visits", id[10], "{\"plan_id\":\"%s\",\"outcome\":\"met\"}", id[9]), 201);
	for (size_t i = 0; i < ARRAY_LEN(path); i++) {
		/* The neighbour street's people: not found, empty lists and files, no way to change or point at it. */
		test_post(t, ROLE_GRID_WORKER_FT, AT_STREET2);
		snprintf(request, sizeof(request), "GET /api/%s/%s", path[i], id[i]);
		assert_int_equal(test_call(t, request, NULL), 404);
		snprintf(request, sizeof(request), "GET /api/%s?count=true", path[i]);
		assert_int_equal(test_call(t, request, NULL), 200);
		assert_int_equal((int)test_num(t, "count") + (int)test_len(t, "items"), 0);
		snprintf(request, sizeof(request), "PATCH /api/%s/%s", path[i], id[i]);
		assert_int_equal(test_call(t, request, "{\"version\":1}"), 404);
		test_post(t, ROLE_DIRECTOR, AT_STREET2);
		snprintf(request, sizeof(request), "GET /api/%s/export", path[i]);
		assert_int_equal(test_call(t, request, NULL), 200);
		assert_true(reg_said(t, "id,version"));
		assert_int_equal(rows(t), 0);
		/* Those of the area see it. */
		test_post(t, ROLE_DIRECTOR, AT_STREET1);
		snprintf(request, sizeof(request), "GET /api/%s/export", path[i]);
		assert_int_equal(test_call(t, request, NULL), 200);
		assert_int_equal(rows(t), 1);
		test_post(t, ROLE_GRID_WORKER_FT, AT_GRID1);
		snprintf(request, sizeof(request), "GET /api/%s/%s", path[i], id[i]);
		assert_int_equal(test_call(t, request, NULL), 200);
	}
	test_post(t, ROLE_GRID_WORKER_FT, AT_GRID3);
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"甲\",\"household_id\":\"%s\"}", id[1]), 400);
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"甲\",\"place\":\"" GRID1 "\"}"), 404);
	assert_int_equal(test_callf(t, "GET /api/buildings/%s/floors", id[2], NULL), 404);
	assert_int_equal(test_callf(t, "GET /api/registry/persons/%s/facts", id[0], NULL), 404);
	assert_int_equal(test_callf(t, "POST /api/registry/persons/%s/verify", id[0], NULL), 404);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/unmask", id[0], "{\"fields\":[\"phone\"],\"purpose\":\"核实情况\"}"), 404);
	/* Whoever collects does not carry files away. */
	assert_int_equal(test_call(t, "GET /api/persons/export", NULL), 403);
}

static void test_masked_by_role(void **state)
{
	struct test_app *t = *state;
	char id[32];

	SKIP_WITHOUT(t);
	someone(t, id);
	test_post(t, ROLE_GRID_WORKER_FT, AT_GRID1);
	assert_int_equal(test_callf(t, "GET /api/persons/%s", id, NULL), 200);
	assert_string_equal(test_str(t, "name"), "王建国");
	assert_string_equal(test_str(t, "birth"), "1950-03-07");
	assert_int_equal(test_call(t, "GET /api/persons?q=%E5%BB%BA%E5%9B%BD", NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	/* Part-time helpers, the district and the auditor see that somebody is there, and not who; and what they
	 * may not see they cannot find out by searching. */
	static const struct {
		enum role role;
		int64_t place;
	} v[] = { { ROLE_GRID_WORKER_PT, AT_GRID1 }, { ROLE_DISTRICT_ADMIN, AT_DISTRICT }, { ROLE_AUDITOR, AT_DISTRICT } };

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		test_post(t, v[i].role, v[i].place);
		assert_int_equal(test_callf(t, "GET /api/persons/%s", id, NULL), 200);
		assert_string_equal(test_str(t, "name"), "王**");
		assert_true(reg_said(t, "\"birth\":null"));
		assert_int_equal(test_call(t, "GET /api/persons", NULL), 200);
		assert_string_equal(test_str(t, "items.0.name"), "王**");
		assert_int_equal(test_call(t, "GET /api/persons?q=%E5%BB%BA%E5%9B%BD", NULL), 200);
		assert_int_equal(test_len(t, "items"), 0);
		assert_int_equal(test_call(t, "GET /api/persons?phone=13800001111", NULL), 200);
		assert_int_equal(test_len(t, "items"), 0);
	}
	assert_int_equal(test_call(t, "GET /api/persons/export", NULL), 200);
	assert_true(reg_said(t, "王**"));
	assert_false(reg_said(t, "1950"));
	assert_false(reg_said(t, "id_no"));
}

static void test_unmask(void **state)
{
	static const char ask[] = "{\"fields\":[\"phone\",\"id_no\"],\"purpose\":\"联系本人核实\"}";
	struct test_app *t = *state;
	char id[32], no[19];

	SKIP_WITHOUT(t);
	someone(t, id);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/unmask", id, "{\"fields\":[\"phone\"]}"), 400);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/unmask", id, "{\"fields\":[\"phone\"],\"purpose\":\"x\"}"), 400);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/unmask", id, "{\"fields\":[],\"purpose\":\"核实情况\"}"), 400);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/unmask", id, "{\"fields\":[\"place\"],\"purpose\":\"核实情况\"}"), 400);
	assert_string_equal(test_error(t), "registry.unmask_fields");
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM audit WHERE action = 'unmask'"), 0);
	/* With a key, which would otherwise keep the reply: as it does that of a confirmation. */
	t->hooks.enter = app_hooks.enter;
	t->hooks.leave = app_hooks.leave;
	t->key = "first";
	assert_int_equal(test_callf(t, "POST /api/registry/persons/%s/verify", id, NULL), 200);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM idempotency"), 1);
	t->key = "once";
	assert_int_equal(test_callf(t, "POST /api/persons/%s/unmask", id, ask), 200);
	t->key = NULL;
	assert_string_equal(test_str(t, "phone"), "13800001111");
	assert_string_equal(test_str(t, "id_no"), id_no(WANG, no));
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM audit WHERE action = 'unmask' AND object = 'person' AND actor_id = 1 "
				    "AND detail LIKE '%联系本人核实%' AND detail LIKE '%id_no%'"), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM idempotency"), 1);
	assert_int_equal(test_callf(t, "GET /api/persons/%s/readers", id, NULL), 200);
	assert_int_equal(test_len(t, "items"), 1);
	assert_string_equal(test_str(t, "items.0.purpose"), "联系本人核实");
	assert_string_equal(test_str(t, "items.0.fields.1"), "id_no");
	assert_string_equal(test_str(t, "items.0.by"), "1");
	/* The auditor and part-time helpers may not. */
	test_post(t, ROLE_AUDITOR, AT_DISTRICT);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/unmask", id, ask), 403);
	test_post(t, ROLE_GRID_WORKER_PT, AT_GRID1);
	assert_int_equal(test_callf(t, "POST /api/persons/%s/unmask", id, ask), 403);
}

static void test_consents(void **state)
{
	struct test_app *t = *state;
	char child[32], mother[32], c[32], plan[32];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "persons", child, "{\"name\":\"小明\",\"birth\":\"2015-01-01\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "persons", mother, "{\"name\":\"李梅\",\"birth\":\"1985-01-01\",\"place\":\"" GRID1 "\"}"), 201);
	assert_int_equal(reg_add(t, "consents", NULL, "{\"person_id\":\"%s\",\"purpose\":\"关爱走访\"}", child), 400);
	assert_string_equal(test_error(t), "consent.guardian");
	assert_int_equal(reg_add(t, "consents", NULL, "{\"person_id\":\"%s\",\"purpose\":\"关爱走访\",\"guardian_id\":\"%s\"}", child,
		child), 400);
	assert_int_equal(reg_add(t, "consents", c, "{\"person_id\":\"%s\",\"purpose\":\"关爱走访\",\"guardian_id\":\"%s\"}", child,
		mother), 201);
#define PLAN "{\"target_kind\":\"person\",\"target_id\":\"%s\",\"type\":\"left_behind_child\",\"basis\":\"监护人申请\",\"expires\":\"2027-01-01\",\"cycle_days\":30"
	assert_int_equal(reg_add(t, "care_plans", NULL, PLAN "}", child), 400);
	assert_string_equal(test_error(t), "care.basis");
	assert_int_equal(reg_add(t, "care_plans", NULL, PLAN ",\"consent_id\":\"%s\"}", mother, c), 400);
	assert_int_equal(reg_add(t, "care_plans", NULL, PLAN ",\"law\":\"未成年人保护法\"}", child), 201);
	assert_int_equal(reg_add(t, "care_plans", plan, PLAN ",\"consent_id\":\"%s\"}", child, c), 201);
	/* Withdrawn: what stood on it ends, and says why. */
	assert_int_equal(reg_patch(t, "consents", c, "{\"withdrawn_at\":\"2026-05-20T09:00:00+08:00\"}"), 200);
	assert_int_equal(test_callf(t, "GET /api/care_plans/%s", plan, NULL), 200);
	assert_string_equal(test_str(t, "ended_reason"), "consent_withdrawn");
	assert_int_equal(reg_patch(t, "consents", c, "{\"withdrawn_at\":null}"), 409);
	assert_int_equal(reg_add(t, "care_plans", NULL, PLAN ",\"consent_id\":\"%s\"}", child, c), 409);
}

struct faulty {
	struct test_app *t;
	int64_t nth, household;
	bool fired;
};

static enum err insert_faulty(struct req *rq, void *arg)
{
	struct faulty *f = arg;
	struct person p;
	int64_t id;
	char no[19];

	fields_clear(&person_entity.fields, &p);
	p.name = STR("王建国");
	p.id_no = str_z(id_no(WANG, no));
	p.phone = STR("13800001111");
	p.household_id = f->household;
	p.relation = RELATION_HEAD;
	(void)db_fault_arm(f->t->app.db, f->nth, false);
	enum err err = entity_insert(rq, &person_entity, &p, &id);

	f->fired = db_fault_arm(f->t->app.db, 0, false);
	rq->err = (struct error){ .err = OK };
	return err;
}

/* Whichever SQL call fails: the request fails, nothing half-written stays, and it can be made again. */
static void test_every_call_failing(void **state)
{
	static const char left[] = "SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM audit WHERE object = 'person') + "
				   "(SELECT count(*) FROM household WHERE head_id IS NOT NULL) AS n";
	struct test_app *t = *state;
	struct faulty f = { .t = t, .nth = 1 };
	char h[32];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "households", h, "{\"place\":\"" GRID1 "\"}"), 201);
	assert_true(str_i64(str_z(h), &f.household));
	for (; f.nth < 100; f.nth++) {
		enum err err = test_local(t, insert_faulty, &f);

		if (!f.fired) {
			assert_int_equal(err, OK);
			break;
		}
		assert_int_not_equal(err, OK);
		assert_int_equal(reg_int(t, left), 0);
	}
	assert_in_range(f.nth, 6, 99);
	assert_int_equal(reg_int(t, left), 3);
}

/* ---- the sealed form ---- */

static void test_sealed_form(void **state)
{
	struct app_keys k, other;
	struct arena *a = arena_new(1 << 20);
	unsigned char h1[HASH_LEN], h2[HASH_LEN];
	struct str one, two, plain;

	(void)state;
	memset(&k, 1, sizeof(k));
	memset(&other, 2, sizeof(other));
	k.nold = other.nold = 0;
	assert_int_equal(secret_seal(&k, STR("13800001111"), a, &one), OK);
	assert_int_equal(secret_seal(&k, STR("13800001111"), a, &two), OK);
	assert_false(str_eq(one, two));
	/* The two begin with the same format and name of a key. */
	assert_memory_equal(one.p, two.p, SECRET_HEAD);
	assert_int_equal(one.p[0], SECRET_FORMAT);
	assert_int_equal(secret_open(&k, one, a, &plain), OK);
	assert_true(str_eqz(plain, "13800001111"));
	assert_int_equal(secret_open(&other, one, a, &plain), ERR_INVALID);
	assert_int_equal(secret_open(&k, (struct str){ one.p, 3 }, a, &plain), ERR_INVALID);
	/* After a change of keys what was sealed before is still read, and told apart. */
	other.nold = 1;
	memcpy(other.old[0].data, k.data, KEY_LEN);
	assert_int_equal(secret_open(&other, one, a, &plain), OK);
	assert_true(str_eqz(plain, "13800001111"));
	assert_true(secret_is_current(&k, one) && !secret_is_current(&other, one));
	char *bent = arena_alloc(a, one.n);

	memcpy(bent, one.p, one.n);
	bent[one.n - 1] ^= 1;
	assert_int_equal(secret_open(&k, (struct str){ bent, one.n }, a, &plain), ERR_INVALID);
	assert_int_equal(secret_seal(&k, (struct str){ NULL, 0 }, a, &one), OK);
	assert_null(one.p);
	assert_int_equal(secret_open(&k, one, a, &plain), OK);
	assert_null(plain.p);
	secret_blind(&k, "person", "phone", STR("138-0000 1111"), h1);
	secret_blind(&k, "person", "phone", STR("13800001111"), h2);
	assert_memory_equal(h1, h2, HASH_LEN);
	secret_blind(&k, "venue", "phone", STR("13800001111"), h2);
	assert_memory_not_equal(h1, h2, HASH_LEN);
	secret_blind(&other, "person", "phone", STR("13800001111"), h2);
	assert_memory_not_equal(h1, h2, HASH_LEN);
	arena_free(a);
}

/* A table that holds personal data without saying why does not start. */
static void test_purpose_is_asked(void **state)
{
	static const struct field phone[] = { FIELD(person, id, F_ID), FIELD(person, version, F_INT), FIELD(person, phone, F_SECRET) };
	static const struct field name[] = { FIELD(person, id, F_ID), FIELD(person, version, F_INT),
		FIELD(person, name, F_STR, .flags = FIELD_PRIVATE) };
	static const struct field masked[] = { FIELD(person, id, F_ID), FIELD(person, version, F_INT),
		FIELD(person, name, F_STR, .flags = FIELD_MASKED, .purpose = "") };
	static const struct field age[] = { FIELD(person, id, F_ID), FIELD(person, version, F_INT),
		FIELD(person, sex, F_INT, .flags = FIELD_MASKED, .purpose = "none") };
	struct entity bad = { .name = "bad", .table = "person", .path = "bad", .read = "person.read", .write = "person.write" };
	struct error e = { .err = OK };

	(void)state;
	bad.fields = (struct fields)FIELDS(person, phone);
	assert_int_equal(entity_check_fields(&bad, &e), ERR_BUG);
	assert_string_equal(e.code, "purpose");
	assert_string_equal(e.field, "phone");
	bad.fields = (struct fields)FIELDS(person, name);
	assert_int_equal(entity_check_fields(&bad, &e), ERR_BUG);
	bad.fields = (struct fields)FIELDS(person, masked);
	assert_int_equal(entity_check_fields(&bad, &e), ERR_BUG);
	assert_string_equal(e.code, "purpose");
	bad.fields = (struct fields)FIELDS(person, age);
	assert_int_equal(entity_check_fields(&bad, &e), ERR_BUG);
	assert_string_equal(e.code, "masked");
}

static int64_t day_before(const struct test_app *t, int64_t days)
{
	return date_of(t->now - days * MS_DAY);
}

static enum err run_job(struct test_app *t)
{
	return retain_module.job[0].fn(&t->app, t->reader, t->now);
}

/* Three years after somebody left, what names them is gone; how many they were stays. */
static void test_forgotten(void **state)
{
	struct test_app *t = *state;
	char no[19], gone[32], recent[32], sql[200];

	SKIP_WITHOUT(t);
	assert_int_equal(reg_add(t, "persons", gone, "{\"name\":\"王建国\",\"id_no\":\"%s\",\"phone\":\"13800001111\",\"place\":\""
		GRID1 "\"}", id_no(WANG, no)), 201);
	assert_int_equal(reg_add(t, "persons", recent, "{\"name\":\"李秀英\",\"id_no\":\"%s\",\"place\":\"" GRID1 "\"}",
		id_no(LI, no)), 201);
	assert_int_equal(reg_patch(t, "persons", gone, "{\"active\":false,\"ended_reason\":\"moved_out\"}"), 200);
	assert_int_equal(reg_patch(t, "persons", recent, "{\"active\":false,\"ended_reason\":\"moved_out\"}"), 200);
	snprintf(sql, sizeof(sql), "UPDATE person SET ended_at = %lld WHERE id = %s", (long long)day_before(t, 1100), gone);
	test_sql(t, sql);
	/* The edit of a rule says first what it would forget, and keeps to the limits. */
	test_post(t, ROLE_DISTRICT_ADMIN, AT_DISTRICT);
	assert_int_equal(test_call(t, "GET /api/retention_rules", NULL), 200);
	assert_string_equal(test_str(t, "items.0.what"), "person_left");
	char rule[32];

	snprintf(rule, sizeof(rule), "%s", test_str(t, "items.0.id"));
	assert_int_equal(test_callf(t, "PATCH /api/retention_rules/%s?preview=true", rule, "{\"version\":1,\"days\":1200}"), 200);
	assert_int_equal((int)test_num(t, "affects.forgets"), 0);
	assert_int_equal(test_callf(t, "PATCH /api/retention_rules/%s?preview=true", rule, "{\"version\":1,\"days\":1000}"), 200);
	assert_int_equal((int)test_num(t, "affects.forgets"), 1);
	assert_int_equal(test_callf(t, "PATCH /api/retention_rules/%s", rule, "{\"version\":1,\"days\":7}"), 400);
	assert_int_equal(test_callf(t, "PATCH /api/retention_rules/%s", rule, "{\"version\":1,\"active\":false}"), 200);
	assert_int_equal(run_job(t), OK);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM person WHERE id_no IS NOT NULL"), 2);
	assert_int_equal(test_callf(t, "PATCH /api/retention_rules/%s", rule, "{\"version\":2,\"active\":true}"), 200);
	assert_int_equal(run_job(t), OK);
	assert_int_equal(test_callf(t, "GET /api/retention_rules/%s", rule, NULL), 200);
	assert_int_equal((int)test_num(t, "forgotten"), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM person WHERE id_no IS NULL AND id_no_hash IS NULL AND phone IS NULL "
				    "AND phone_hash IS NULL AND birth IS NULL AND active = 0"), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM person WHERE id_no IS NOT NULL"), 1);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM audit WHERE action = 'forget'"), 1);
	/* Not again today, and nothing twice. */
	assert_int_equal(run_job(t), OK);
	t->now += MS_DAY;
	assert_int_equal(run_job(t), OK);
	assert_int_equal(reg_int(t, "SELECT count(*) AS n FROM audit WHERE action = 'forget'"), 1);
	/* The number is free again. */
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
	assert_int_equal(reg_add(t, "persons", NULL, "{\"name\":\"王建国\",\"id_no\":\"%s\",\"place\":\"" GRID1 "\"}",
		id_no(WANG, no)), 201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sealed_form),
		cmocka_unit_test(test_purpose_is_asked),
		TEST_BOTH(test_sealed_and_found),
		TEST_EMBEDDED(test_numbers_that_do_not_fit),
		TEST_EMBEDDED(test_import_by_number),
		TEST_BOTH(test_only_in_ones_area),
		TEST_EMBEDDED(test_masked_by_role),
		TEST_EMBEDDED(test_unmask),
		TEST_EMBEDDED(test_consents),
		TEST_BOTH(test_forgotten),
		TEST_EMBEDDED(test_every_call_failing),
	};

	if (crypto_init() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
