/* See test_registry.h. */
#include "mod/test_registry/test_registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/retain.h"
#include "mod/place/place.h"

static const struct module *const usual[] = { &place_module, &registry_module, &retain_module, NULL };

struct test_app *reg_fresh_with(enum db_engine e, const struct module *const *modules)
{
	static const char csv[] = "code,name\n500999,试点区\n500999001,清溪街道\n" COMMUNITY1 ",柳荫社区\n" GRID1
				  ",第1网格\n" GRID2 ",第2网格\n" MICRO1 ",微1\n500999002,北岸街道\n500999002001,石桥社区\n" GRID3
				  ",第1网格\n";
	struct test_app *t = test_app_new(e, modules);

	memset(t->app.keys.data, 7, sizeof(t->app.keys.data));
	memset(t->app.keys.blind, 9, sizeof(t->app.keys.blind));
	t->now = REG_NOW;
	test_post(t, ROLE_DISTRICT_ADMIN, AT_DISTRICT);
	assert_int_equal(test_call(t, "POST /api/places/import", csv), 200);
	assert_int_equal((int)test_num(t, "created"), 9);
	test_post(t, ROLE_COMMUNITY_SECRETARY, AT_COMMUNITY1);
	return t;
}

struct test_app *reg_fresh(enum db_engine e)
{
	return reg_fresh_with(e, usual);
}

int reg_add(struct test_app *t, const char *path, char id[32], const char *body, ...)
{
	char request[100], text[1500];
	va_list ap;

	va_start(ap, body);
	vsnprintf(text, sizeof(text), body, ap);
	va_end(ap);
	snprintf(request, sizeof(request), "POST /api/%s", path);
	int status = test_call(t, request, text);

	if (status == 201 && id != NULL)
		snprintf(id, 32, "%s", test_str(t, "id"));
	return status;
}

int reg_patch(struct test_app *t, const char *path, const char *id, const char *body)
{
	char request[140], text[1500];

	snprintf(request, sizeof(request), "GET /api/%s/%s", path, id);
	if (test_call(t, request, NULL) != 200)
		return t->status;
	snprintf(text, sizeof(text), "{\"version\":%d,%s", (int)test_num(t, "version"), body + 1);
	snprintf(request, sizeof(request), "PATCH /api/%s/%s", path, id);
	return test_call(t, request, text);
}

int64_t reg_int(struct test_app *t, const char *sql)
{
	int64_t n = NIL;
	/* Statements are known by address: the text stays until the application goes. */
	const char *kept = str_cstr(t->app.arena, str_z(sql));

	assert_int_equal(db_int(t->reader, kept, NO_ARGS, &n), OK);
	return n;
}

bool reg_said(struct test_app *t, const char *text)
{
	return memmem(t->raw.p, t->raw.n, text, strlen(text)) != NULL;
}
