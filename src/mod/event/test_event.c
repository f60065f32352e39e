/* See test_event.h. */
#include "mod/event/test_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "core/account.h"
#include "core/matter_db.h"
#include "core/matter_sweep.h"
#include "core/rate.h"
#include "core/snap_sources.h"
#include "mod/calendar/calendar.h"
#include "mod/duty/duty.h"
#include "mod/place/place.h"

static const struct module *const modules[] = { &calendar_module, &place_module, &duty_module, &account_module,
	&matter_module, &event_module, NULL };

static const struct {
	int64_t id;
	const char *name, *alias;
	int kind;
	const char *place;
	enum track board;
} units[] = {
	{ 201, "清溪民生服务板块", NULL, UNIT_BOARD, STREET1, TRACK_LIVELIHOOD },
	{ 202, "清溪平安法治板块", NULL, UNIT_BOARD, STREET1, TRACK_PEACE },
	{ 203, "城市管理局", "CM", UNIT_DEPARTMENT, DISTRICT, TRACK_NONE },
	{ 204, "消防救援", "FR", UNIT_DEPARTMENT, DISTRICT, TRACK_NONE },
	{ 205, "公安分局", "PS", UNIT_DEPARTMENT, DISTRICT, TRACK_NONE },
	{ 206, "柳荫社区", NULL, UNIT_COMMUNITY, COMMUNITY1, TRACK_NONE },
	{ 207, "长桥民生服务板块", NULL, UNIT_BOARD, STREET2, TRACK_LIVELIHOOD },
};

static const struct {
	const char *login;
	enum role role;
	const char *place;
	int64_t unit;
	enum track board;
} people[PEOPLE] = {
	{ "admin", ROLE_DISTRICT_ADMIN, DISTRICT, NIL, TRACK_NONE },
	{ "director", ROLE_DIRECTOR, STREET1, NIL, TRACK_NONE },
	{ "duty", ROLE_DUTY_OFFICER, STREET1, NIL, TRACK_NONE },
	{ "duty_b", ROLE_DUTY_OFFICER, STREET1, NIL, TRACK_NONE },
	{ "lead", ROLE_BOARD_LEAD, STREET1, 201, TRACK_LIVELIHOOD },
	{ "lead2", ROLE_BOARD_LEAD, STREET1, 202, TRACK_PEACE },
	{ "clerk", ROLE_POST_CLERK, STREET1, 201, TRACK_NONE },
	{ "clerk_b", ROLE_POST_CLERK, STREET1, 201, TRACK_NONE },
	{ "peace", ROLE_POST_CLERK, STREET1, 202, TRACK_NONE },
	{ "cm", ROLE_DISTRICT_DEPT, DISTRICT, 203, TRACK_NONE },
	{ "fr", ROLE_DISTRICT_DEPT, DISTRICT, 204, TRACK_NONE },
	{ "ps", ROLE_DISTRICT_DEPT, DISTRICT, 205, TRACK_NONE },
	{ "ps_b", ROLE_DISTRICT_DEPT, DISTRICT, 205, TRACK_NONE },
	{ "secretary", ROLE_COMMUNITY_SECRETARY, COMMUNITY1, 206, TRACK_NONE },
	{ "leader", ROLE_GRID_LEADER, GRID1, NIL, TRACK_NONE },
	{ "leader_2", ROLE_GRID_LEADER, GRID2, NIL, TRACK_NONE },
	{ "ft", ROLE_GRID_WORKER_FT, GRID1, NIL, TRACK_NONE },
	{ "resident", ROLE_RESIDENT, GRID1, NIL, TRACK_NONE },
	{ "resident_b", ROLE_RESIDENT, GRID1, NIL, TRACK_NONE },
	{ "auditor", ROLE_AUDITOR, DISTRICT, NIL, TRACK_NONE },
	{ "far", ROLE_DUTY_OFFICER, STREET2, NIL, TRACK_NONE },
	{ "far_clerk", ROLE_POST_CLERK, STREET2, 207, TRACK_NONE },
};
const char *const person_login[PEOPLE] = { "admin", "director", "duty", "duty_b", "lead", "lead2", "clerk", "clerk_b",
	"peace", "cm", "fr", "ps", "ps_b", "secretary", "leader", "leader_2", "ft", "resident", "resident_b",
	"auditor", "far", "far_clerk" };

/* ---- the district ---- */

static int64_t code_of(const char *text)
{
	int64_t v = 0;

	assert_true(place_parse(str_z(text), &v));
	return v;
}

static enum err add_people(struct dbc *c)
{
	enum err err = OK;

	for (size_t i = 0; i < PEOPLE && err == OK; i++) {
		int64_t id = 1001 + (int64_t)i;

		err = db_exec(c, "INSERT INTO account (id, version, login, name, created_at, updated_at) "
			"VALUES ($1, 1, $2, $2, 0, 0)", ARGS(I(id), Z(people[i].login)), NULL);
		if (err == OK)
			err = db_exec(c, "INSERT INTO post (id, version, user_id, role, place, unit_id, board, created_at, "
				"updated_at) VALUES ($1, 1, $1, $2, $3, $4, $5, 0, 0)",
				ARGS(I(id), I(people[i].role), I(code_of(people[i].place)), I(people[i].unit),
					I(people[i].board)), NULL);
	}
	return err;
}

static enum err fill_tx(struct dbc *c, void *arg)
{
	enum err err = calendar_seed(c);

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(units) && err == OK; i++)
		err = db_exec(c, "INSERT INTO unit (id, version, name, alias, kind, place, board, active, created_at, "
			"updated_at) VALUES ($1, 1, $2, $3, $4, $5, $6, 1, 0, 0)",
			ARGS(I(units[i].id), Z(units[i].name), Z(units[i].alias), I(units[i].kind),
				I(code_of(units[i].place)), I(units[i].board)), NULL);
	if (err == OK)
		err = add_people(c);
	return err != OK ? err : snap_touch(c);
}

struct test_app *event_fresh(enum db_engine engine)
{
	return event_fresh_with(engine, modules);
}

struct test_app *event_fresh_with(enum db_engine engine, const struct module *const *with)
{
	static const char csv[] = "code,name\n500999,试点区\n500999001,清溪街道\n500999002,长桥街道\n" COMMUNITY1
				  ",柳荫社区\n" COMMUNITY2 ",桃源社区\n500999002001,松岗社区\n" GRID1 ",第1网格\n" GRID2
				  ",第2网格\n50099900100200100,第3网格\n" GRID4 ",第4网格\n";
	struct test_app *t;

	assert_int_equal(crypto_init(), OK);
	t = test_app_new(engine, with);
	t->app.rate = rate_new();
	t->hooks.enter = app_hooks.enter;
	t->hooks.leave = app_hooks.leave;
	memset(t->app.keys.data, 7, sizeof(t->app.keys.data));
	memset(t->app.keys.blind, 9, sizeof(t->app.keys.blind));
	test_post(t, ROLE_DISTRICT_ADMIN, code_of(DISTRICT));
	assert_int_equal(test_call(t, "POST /api/places/import", csv), 200);
	assert_int_equal((int)test_num(t, "created"), 10);
	assert_int_equal(db_write(t->app.db, fill_tx, NULL), OK);
	assert_int_equal(snap_refresh(&t->app, t->reader), OK);
	ev_at(t, "2026-03-02T10:00:00");
	return t;
}

void ev_as(struct test_app *t, const char *login)
{
	struct principal *p = NULL;

	t->nobody = login == NULL;
	if (login == NULL || str_eqz(t->who.login, login))
		return;
	assert_int_equal(principal_of_login(t->reader, str_z(login), time_now(), t->app.arena, &p), OK);
	t->who = *p;
	assert_int_equal(t->who.nposts, 1);
}

int64_t ev_time(const char *when)
{
	int64_t ms = 0;

	assert_true(time_parse(str_z(when), &ms));
	return ms;
}

void ev_at(struct test_app *t, const char *when)
{
	t->now = ev_time(when);
}

/* ---- calls ---- */

int64_t ev_report(struct test_app *t, const char *login, const char *members)
{
	char body[2000];
	int64_t id = 0;

	ev_as(t, login);
	snprintf(body, sizeof(body), "{\"text\":\"楼下垃圾没人清运\"%s%s}", members[0] != '\0' ? "," : "", members);
	if (test_call(t, "POST /api/events", body) != 201)
		fail_msg("report as %s: %d %s %s", login, t->status, test_error(t), test_str(t, "error.message"));
	assert_true(str_i64(str_z(test_str(t, "id")), &id));
	return id;
}

int ev_act(struct test_app *t, const char *login, int64_t id, const char *action, const char *body)
{
	char request[160];

	ev_as(t, login);
	snprintf(request, sizeof(request), "POST /api/events/%lld/actions/%s", (long long)id, action);
	return test_call(t, request, body);
}

int ev_get(struct test_app *t, const char *login, int64_t id)
{
	char request[80];

	ev_as(t, login);
	snprintf(request, sizeof(request), "GET /api/events/%lld", (long long)id);
	return test_call(t, request, NULL);
}

void ev_expect(struct test_app *t, const char *login, int64_t id, const char *action, const char *body, int status,
	       const char *word, const char *file, int line)
{
	int got = ev_act(t, login, id, action, body);
	const char *said = got == 200 ? test_str(t, "state") : test_error(t);

	if (got == status && strcmp(said, word) == 0)
		return;
	print_error("%s:%d: %s by %s: %d %s (%s), wanted %d %s\n", file, line, action, login != NULL ? login : "nobody",
		got, said, test_str(t, "error.message"), status, word);
	_fail(file, line);
}

int64_t ev_int(struct test_app *t, const char *sql, int64_t id)
{
	int64_t v = NIL;

	assert_int_equal(db_int(t->reader, sql, ARGS(I(id)), &v), OK);
	return v;
}

void ev_sweep(struct test_app *t)
{
	assert_int_equal(matter_sweep(&t->app, t->reader, t->now), OK);
}

struct matter ev_matter(struct test_app *t, int64_t id)
{
	struct matter m;

	assert_int_equal(matter_load(t->reader, t->app.arena, id, &m), OK);
	return m;
}

struct clock_run ev_run(struct test_app *t, int64_t id, enum clock_kind c)
{
	struct clock_run run[MATTER_RUNS], last = { .run = 0 };
	size_t n;

	assert_int_equal(matter_runs(t->reader, id, run, &n), OK);
	for (size_t i = 0; i < n; i++) {
		if (run[i].clock == c && run[i].run > last.run)
			last = run[i];
	}
	return last;
}

const char *ev_duty(struct test_app *t, const char *item)
{
	const struct duty_item *d = duty_find_item(snap_duties(t->app.snap, &t->app), str_z(item));

	assert_non_null(d);
	return ev_body(t, "%lld", (long long)d->id);
}

const char *ev_body(struct test_app *t, const char *fmt, ...)
{
	char text[2000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return str_dup(t->app.arena, str_z(text)).p;
}

const char *ev_when(struct test_app *t, int64_t ms)
{
	char text[TIME_TEXT];

	return str_dup(t->app.arena, str_z(time_format(ms, text))).p;
}

int64_t ev_code(struct test_app *t, const char *code)
{
	const struct event_code *c = event_code_by(event_book(t->app.snap, &t->app), str_z(code));

	assert_non_null(c);
	return c->id;
}

struct photo {
	const char *login;
	int64_t id, at;
};

static enum err photo_tx(struct dbc *c, void *arg)
{
	struct photo *p = arg;

	p->id = db_new_id(c);
	return db_exec(c, "INSERT INTO file (id, hash, name, type, size, created_at, created_by) SELECT $1, 'x', 'a.jpg', "
		"'image/jpeg', 10, $3, id FROM account WHERE login = $2", ARGS(I(p->id), Z(p->login), I(p->at)), NULL);
}

int64_t ev_photo(struct test_app *t, const char *login)
{
	struct photo p = { login, 0, t->now };

	assert_int_equal(db_write(t->app.db, photo_tx, &p), OK);
	return p.id;
}

/* ---- on the way ---- */

int64_t ev_accepted(struct test_app *t, const char *code)
{
	char members[160];
	int64_t id;

	snprintf(members, sizeof(members), "\"code\":\"%s\",\"place\":\"" GRID1 "\"", code);
	id = ev_report(t, "resident", members);
	t->now += MS_MINUTE;
	DONE("duty", id, "accept", "{}", "accepted");
	return id;
}

int64_t ev_dispatched(struct test_app *t, const char *code)
{
	int64_t id = ev_accepted(t, code);

	t->now += MS_MINUTE;
	DONE("duty", id, "dispatch", "{}", "dispatched");
	return id;
}

int64_t ev_handling(struct test_app *t, const char *code)
{
	int64_t id = ev_dispatched(t, code);

	t->now += MS_MINUTE;
	DONE("clerk", id, "sign", "{}", "handling");
	return id;
}

int64_t ev_checking(struct test_app *t, const char *code)
{
	int64_t id = ev_handling(t, code);
	char body[160];

	t->now += MS_MINUTE;
	snprintf(body, sizeof(body), "{\"result\":\"已清运\",\"contacted\":true,\"files\":[\"%lld\"]}",
		(long long)ev_photo(t, "clerk"));
	DONE("clerk", id, "finish", body, "checking");
	return id;
}

int64_t ev_closed(struct test_app *t, const char *code)
{
	int64_t id = ev_checking(t, code);

	t->now += MS_MINUTE;
	DONE("duty", id, "pass", "{}", "closed");
	return id;
}
