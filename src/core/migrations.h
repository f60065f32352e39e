/* The embedded migrations (generated from migrations/ at build time) and what follows them. */
#ifndef GEZHI_CORE_MIGRATIONS_H
#define GEZHI_CORE_MIGRATIONS_H

#include "core/app.h"

extern const struct migration gezhi_migrations[];
extern const size_t gezhi_migrations_n;

/* After migrating: asks every module to insert what it needs and lacks (codes, calendars). */
enum err app_seed(struct app *app) MUST_CHECK;

#endif
