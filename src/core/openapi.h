/*
 * The OpenAPI 3.1 document of everything the router serves: made from the route and field tables, so it
 * cannot differ from what is checked and answered.
 */
#ifndef GEZHI_CORE_OPENAPI_H
#define GEZHI_CORE_OPENAPI_H

#include "core/app.h"

void openapi_write(const struct app *app, struct jw *out);

#endif
