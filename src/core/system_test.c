/* Health, counters, boot, metadata by permission, and the audit record with its filters and pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/account_impl.h"
#include "core/audit.h"
#include "core/matter.h"
#include "core/system.h"
#include "core/test_core.h"

static const struct transition flow[] = {
	{ .action = "report", .from = 0, .to = MS_REPORTED, .needs = "title text" },
	{ .action = "accept", .from = ST(REPORTED), .to = MS_ACCEPTED, .allows = "text" },
	{ .action = "note", .from = ST(REPORTED) | ST(ACCEPTED), .to = MS_NONE, .needs = "text", .flags = T_DANGER },
	{ .action = "expire", .from = ST(ACCEPTED), .to = MS_CLOSED, .flags = T_HIDDEN },
};
static const struct matter_kind chore = { .number = 0, .name = "chore", .path = "chores", .read = "task.read",
	.create = "task.create", .flow = flow, .nflow = ARRAY_LEN(flow) };
static const struct module *const modules[] = { &account_module, &system_module, NULL };

static void add_kind(struct core_test *t)
{
	t->app.kind[t->app.nkind++] = &chore;
	t->app.version = "1.2.3";
}

static struct core_case on_sqlite = { DB_SQLITE, modules, add_kind }, on_pg = { DB_PG, modules, add_kind };

static double real_at(struct core_test *t, const char *key, size_t i)
{
	return json_number_value(json_array_get(json_object_get(json_object_get(t->reply, "map"), key), i));
}

static void test_health(void **state)
{
	struct core_test *t = *state;

	core_test_need(t);
	assert_int_equal(core_test_call(t, NULL, "GET /healthz", NULL), 200);
	assert_string_equal(core_test_str(t, "status"), "ok");
	assert_string_equal(core_test_str(t, "version"), "1.2.3");
	assert_int_equal(core_test_call(t, NULL, "GET /metrics", NULL), 200);
	buf_char(&t->raw, '\0');
	assert_non_null(strstr(t->raw.p, "\ngezhi_requests_total{class=\"2xx\"} 1\n"));
	assert_non_null(strstr(t->raw.p, "\ngezhi_places 7\n"));
}

/* A server whose store is gone says so. */
static void test_sick(void **state)
{
	struct core_test *t = *state;
	struct call call = { .method = M_GET, .target = STR("/healthz") };
	struct log quiet = { .level = LOG_ERROR + 1 };
	int status = 0;

	core_test_need(t);
	t->app.log = &quiet;
	db_fault_arm(t->app.db, 1, true);
	buf_reset(&t->raw);
	assert_int_equal(http_call(&t->app, t->app.db, t->app.router, &app_hooks, &call, &t->raw, &status), OK);
	assert_true(db_fault_arm(t->app.db, 0, false));
	assert_int_equal(status, 503);
}

static void test_boot(void **state)
{
	struct core_test *t = *state;

	core_test_need(t);
	int64_t user = core_test_user(t, "grid1");

	core_test_user(t, "private");
	core_test_post(t, user, ROLE_GRID_LEADER, PLACE_GRID_A);
	core_test_sql(t, "UPDATE account SET demo = 1 WHERE login = 'grid1'", NO_ARGS);
	assert_int_equal(core_test_call(t, NULL, "GET /api/boot", NULL), 200);
	assert_string_equal(core_test_str(t, "name"), "99010100000000000");
	assert_string_equal(core_test_str(t, "zone"), "+08:00");
	assert_true(json_is_false(json_object_get(t->reply, "demo")));
	assert_null(json_object_get(t->reply, "accounts"));
	assert_true(real_at(t, "center", 0) > 73 && real_at(t, "center", 0) < 135);
	core_test_sql(t, "INSERT INTO setting (name, value) VALUES ('demo', '1')", NO_ARGS);
	core_test_sql(t, "INSERT INTO place_shape (place_id, code, wkb, x0, y0, x1, y1, updated_at) "
		"SELECT id, code, $1, 112.5, 28.0, 113.0, 28.4, 0 FROM place WHERE code = $2",
		ARGS(B(STR("x")), I(PLACE_DISTRICT)));
	assert_int_equal(core_test_call(t, NULL, "GET /api/boot", NULL), 200);
	assert_true(json_is_true(json_object_get(t->reply, "demo")));
	assert_int_equal(core_test_len(t, "accounts"), 1);
	assert_string_equal(core_test_str(t, "accounts.0.login"), "grid1");
	assert_string_equal(core_test_str(t, "accounts.0.role"), "grid_leader");
	assert_true(real_at(t, "bounds", 0) > 112.49 && real_at(t, "bounds", 3) < 28.41);
	assert_true(real_at(t, "center", 0) > 112.74 && real_at(t, "center", 0) < 112.76);
	double zoom = json_number_value(json_object_get(json_object_get(t->reply, "map"), "zoom"));

	assert_true(zoom > 9 && zoom < 12);
	/* No demo in a store that only has such accounts left over. */
	core_test_sql(t, "UPDATE setting SET value = '0' WHERE name = 'demo'", NO_ARGS);
	assert_int_equal(core_test_call(t, NULL, "GET /api/boot", NULL), 200);
	assert_int_equal(core_test_len(t, "accounts"), 0);
}

/* Without shapes the map opens on the points; above the district, provinces do not give the name. */
static void test_boot_points(void **state)
{
	struct core_test *t = *state;

	core_test_need(t);
	core_test_sql(t, "INSERT INTO place (id, version, code, level, kind, name, created_at, updated_at) "
		"VALUES (9000000001, 1, 99000000000000000, 1, 0, 'province', 0, 0)", NO_ARGS);
	core_test_sql(t, "UPDATE place SET lon = 100, lat = 30 WHERE code = $1", ARGS(I(PLACE_GRID_A)));
	core_test_sql(t, "UPDATE place SET lon = 101, lat = 31, name = 'b' WHERE code = $1", ARGS(I(PLACE_GRID_B)));
	assert_int_equal(snap_reload(&t->app, t->reader), OK);
	assert_int_equal(core_test_call(t, NULL, "GET /api/boot", NULL), 200);
	assert_string_equal(core_test_str(t, "name"), "99010100000000000");
	assert_true(real_at(t, "bounds", 0) < 100 && real_at(t, "bounds", 0) > 99.9);
	assert_true(real_at(t, "bounds", 2) > 101 && real_at(t, "bounds", 2) < 101.1);
	assert_true(real_at(t, "center", 1) > 30.49 && real_at(t, "center", 1) < 30.51);
	/* Two districts: the name is that of what holds both. */
	core_test_sql(t, "INSERT INTO place (id, version, code, level, kind, name, created_at, updated_at) "
		"VALUES (9000000002, 1, 99020100000000000, 3, 0, 'other', 0, 0)", NO_ARGS);
	assert_int_equal(snap_reload(&t->app, t->reader), OK);
	assert_int_equal(core_test_call(t, NULL, "GET /api/boot", NULL), 200);
	assert_string_equal(core_test_str(t, "name"), "province");
}

static void test_meta(void **state)
{
	struct core_test *t = *state;
	char admin[TOKEN_TEXT], resident[TOKEN_TEXT];

	core_test_need(t);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	core_test_someone(t, "resident", ROLE_RESIDENT, PLACE_DISTRICT, resident);
	assert_int_equal(core_test_call(t, NULL, "GET /api/meta", NULL), 401);
	assert_int_equal(core_test_call(t, admin, "GET /api/meta", NULL), 200);
	assert_int_equal(core_test_len(t, "entities"), 3);
	assert_string_equal(core_test_str(t, "matters.0.kind"), "chore");
	assert_int_equal(core_test_len(t, "matters.0.states"), 3);
	assert_string_equal(core_test_str(t, "matters.0.states.2"), "closed");
	assert_int_equal(core_test_len(t, "matters.0.actions"), 3);
	assert_int_equal(core_test_len(t, "matters.0.actions.0.from"), 0);
	assert_int_equal(core_test_len(t, "matters.0.actions.0.needs"), 2);
	assert_string_equal(core_test_str(t, "matters.0.actions.0.needs.1"), "text");
	assert_string_equal(core_test_str(t, "matters.0.actions.1.from.0"), "reported");
	assert_string_equal(core_test_str(t, "matters.0.actions.1.to"), "accepted");
	assert_string_equal(core_test_str(t, "matters.0.actions.2.to"), "");
	assert_int_equal(core_test_len(t, "roles"), ROLE_MAX);
	assert_string_equal(core_test_str(t, "vocab.urgency.0"), "U1");
	assert_string_equal(core_test_str(t, "vocab.unit_kind.0"), "department");
	assert_int_equal(core_test_call(t, resident, "GET /api/meta", NULL), 200);
	assert_int_equal(core_test_len(t, "entities"), 0);
	assert_int_equal(core_test_len(t, "matters"), 0);
}

/* ---- audit ---- */

struct entries {
	int64_t actor;
	int n;
};

/* Two at the same instant each time, so that pages must break ties. */
static enum err entries_tx(struct dbc *c, void *arg)
{
	const struct entries *e = arg;
	enum err err = OK;

	for (int i = 0; i < e->n && err == OK; i++) {
		const struct audit_entry entry = { .at = 1770000000000 + i / 2 * 1000, .actor = i % 3 == 0 ? NIL : e->actor,
			.action = "update", .object = i % 2 != 0 ? "unit" : "user", .object_id = 1 + i % 5,
			.detail = STR("{\"name\":[\"a\",\"b\"]}") };

		err = audit_add(c, &entry);
	}
	return err;
}

static size_t audit_len(struct core_test *t, const char *token, const char *query)
{
	char request[256];

	snprintf(request, sizeof(request), "GET /api/audit?limit=200%s", query);
	assert_int_equal(core_test_call(t, token, request, NULL), 200);
	return core_test_len(t, "items");
}

static void test_audit(void **state)
{
	struct core_test *t = *state;
	char auditor[TOKEN_TEXT], street[TOKEN_TEXT], admin[TOKEN_TEXT], query[96];

	core_test_need(t);
	int64_t user = core_test_someone(t, "auditor", ROLE_AUDITOR, PLACE_DISTRICT, auditor);
	struct entries e = { .actor = user, .n = 30 };

	core_test_someone(t, "street", ROLE_AUDITOR, PLACE_STREET_A, street);
	core_test_someone(t, "admin", ROLE_DISTRICT_ADMIN, PLACE_DISTRICT, admin);
	assert_int_equal(core_test_write(t, entries_tx, &e), OK);
	assert_int_equal(core_test_call(t, admin, "GET /api/audit", NULL), 403);
	assert_int_equal(core_test_call(t, street, "GET /api/audit", NULL), 403);
	assert_int_equal(audit_len(t, auditor, ""), 30);
	assert_string_equal(core_test_str(t, "items.0.at"), "2026-02-02T10:40:14+08:00");
	assert_string_equal(core_test_str(t, "items.0.user_name"), "auditor");
	assert_string_equal(core_test_str(t, "items.0.object"), "unit");
	assert_string_equal(core_test_str(t, "items.0.detail.name.1"), "b");
	assert_int_equal(audit_len(t, auditor, "&object=unit"), 15);
	assert_int_equal(audit_len(t, auditor, "&object=unit:2"), 3);
	assert_int_equal(audit_len(t, auditor, "&object=unit&object_id=2"), 3);
	assert_int_equal(audit_len(t, auditor, "&object_id=2"), 6);
	snprintf(query, sizeof(query), "&user=%lld", (long long)user);
	assert_int_equal(audit_len(t, auditor, query), 20);
	assert_int_equal(audit_len(t, auditor, "&from=2026-02-02T10:40:14%2B08:00"), 2);
	assert_int_equal(audit_len(t, auditor, "&to=2026-02-02T10:40:01%2B08:00"), 2);
	assert_int_equal(core_test_call(t, auditor, "GET /api/audit?object=unit:x", NULL), 400);
	assert_int_equal(core_test_call(t, auditor, "GET /api/audit?after=x", NULL), 400);
	assert_int_equal(core_test_call(t, auditor, "GET /api/audit?limit=0", NULL), 400);
}

static void test_audit_pages(void **state)
{
	struct core_test *t = *state;
	char auditor[TOKEN_TEXT], next[64] = "", request[128], last[32] = "9999";
	struct entries e = { .n = 31 };
	int64_t seen[31];
	size_t n = 0;

	core_test_need(t);
	e.actor = core_test_someone(t, "auditor", ROLE_AUDITOR, PLACE_DISTRICT, auditor);
	assert_int_equal(core_test_write(t, entries_tx, &e), OK);
	do {
		snprintf(request, sizeof(request), "GET /api/audit?limit=3&after=%s", next);
		assert_int_equal(core_test_call(t, auditor, request, NULL), 200);
		for (size_t i = 0; i < core_test_len(t, "items"); i++, n++) {
			char path[32];

			snprintf(path, sizeof(path), "items.%zu.at", i);
			assert_true(strcmp(core_test_str(t, path), last) <= 0);
			snprintf(last, sizeof(last), "%s", core_test_str(t, path));
			snprintf(path, sizeof(path), "items.%zu.id", i);
			assert_true(n < ARRAY_LEN(seen) && str_i64(str_z(core_test_str(t, path)), &seen[n]));
			for (size_t k = 0; k < n; k++)
				assert_int_not_equal(seen[k], seen[n]);
		}
		snprintf(next, sizeof(next), "%s", core_test_str(t, "next"));
	} while (next[0] != '\0');
	assert_int_equal(n, 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CORE_BOTH(test_health),
		CORE_BOTH(test_sick),
		CORE_BOTH(test_boot),
		CORE_BOTH(test_boot_points),
		CORE_BOTH(test_meta),
		CORE_BOTH(test_audit),
		CORE_BOTH(test_audit_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
