/* For the registry's tests: two streets with grids, and short ways to make rows. */
#ifndef GEZHI_MOD_TEST_REGISTRY_TEST_REGISTRY_H
#define GEZHI_MOD_TEST_REGISTRY_TEST_REGISTRY_H

#include "mod/registry/registry.h"
#include "mod/test_app/test_app.h"

#define DISTRICT "50099900000000000"
#define STREET1 "50099900100000000"
#define COMMUNITY1 "50099900100100000"
#define GRID1 "50099900100100100"
#define GRID2 "50099900100100200"
#define MICRO1 "50099900100100101"
#define STREET2 "50099900200000000"
#define GRID3 "50099900200100100"
#define AT_DISTRICT INT64_C(50099900000000000)
#define AT_STREET1 INT64_C(50099900100000000)
#define AT_COMMUNITY1 INT64_C(50099900100100000)
#define AT_GRID1 INT64_C(50099900100100100)
#define AT_GRID2 INT64_C(50099900100100200)
#define AT_STREET2 INT64_C(50099900200000000)
#define AT_GRID3 INT64_C(50099900200100100)

/* 10:00 on 20 May 2026, a Wednesday. */
#define REG_NOW (date_start(20260520) + 10 * (int64_t)MS_HOUR)

/* A test of rules that no engine decides: on the embedded one only. Every SQL text is prepared on both. */
#define TEST_EMBEDDED(fn) { #fn " (SQLite)", fn, test_setup, test_done, &on_sqlite }

/* The asker is the secretary of community 1. */
struct test_app *reg_fresh(enum db_engine e);
/* The same with other modules; place and registry must be among them. */
struct test_app *reg_fresh_with(enum db_engine e, const struct module *const *modules);
/* POST; returns the status, and the new row's id in `id` (NULL: not wanted). */
int reg_add(struct test_app *t, const char *path, char id[32], const char *body, ...) __attribute__((format(printf, 4, 5)));
/* PATCH of path/id; `body` without its version, which is read first. */
int reg_patch(struct test_app *t, const char *path, const char *id, const char *body);
/* First value of a query. */
int64_t reg_int(struct test_app *t, const char *sql);
bool reg_said(struct test_app *t, const char *text); /* the last reply has this text */

#endif
