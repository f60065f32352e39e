/*
 * Private to the OpenAPI document and the TypeScript types: which schemas the routes use, by name, and
 * their members flattened, so that both say the same.
 */
#ifndef GEZHI_CORE_OPENAPI_MODEL_H
#define GEZHI_CORE_OPENAPI_MODEL_H

#include "core/app.h"
#include "core/entity.h"
#include "core/openapi.h"

/* How a field table is used: each use has a schema of its own. */
enum use { USE_OUT, USE_IN, USE_PATCH };

enum { SCHEMAS_MAX = 1024, PROPS_MAX = 160 };

/* One member, from a field table or from a shape. */
struct prop {
	const char *name;
	const struct field *f;	/* or */
	const struct member *m; /* … NULL */
	bool required, null;
};

struct schema {
	const char *name;
	const struct shape *shape; /* a reply's, or NULL: */
	const struct fields *in;   /* a body's */
	enum use use;
};

struct model {
	const struct app *app;
	struct arena *arena;
	struct schema *v; /* by name */
	size_t n;
};

/* False without memory or when the tables have too many schemas; then there is nothing to free. */
bool model_init(struct model *m, const struct app *app) MUST_CHECK;
void model_free(struct model *m);
const struct schema *model_body(const struct model *m, const struct route *r); /* NULL: no JSON body */

/* Members in order; returns how many. */
size_t shape_props(const struct shape *s, struct prop out[PROPS_MAX]);
size_t body_props(const struct app *app, const struct schema *s, struct prop out[PROPS_MAX]);
size_t schema_props(const struct app *app, const struct schema *s, struct prop out[PROPS_MAX]);
bool shape_open(const struct shape *s);

#endif
