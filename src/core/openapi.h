/*
 * The OpenAPI 3.1 document of everything the router serves: made from the tables of routes, fields and
 * shapes, so it cannot differ from what is checked, and the tests hold every reply against it.
 */
#ifndef GEZHI_CORE_OPENAPI_H
#define GEZHI_CORE_OPENAPI_H

#include "core/app.h"

enum err openapi_write(const struct app *app, struct jw *out) MUST_CHECK;
/* The same as TypeScript: an interface for each schema, a type for each vocabulary, a map of operations. */
enum err openapi_types(const struct app *app, struct buf *out) MUST_CHECK;

/* {"error":…} of every refusal, and what is in it. */
extern const struct shape error_shape, error_body_shape;

#endif
