/*
 * What the server says of itself: health, counters, what the web needs before and after sign-in, the
 * description of its interface, and the audit record.
 */
#ifndef GEZHI_CORE_SYSTEM_H
#define GEZHI_CORE_SYSTEM_H

#include "core/app.h"

extern const struct module system_module;

#endif
