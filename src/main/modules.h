/* The modules of this program, in the order of their numbers in snapshots; NULL-terminated. */
#ifndef GEZHI_MAIN_MODULES_H
#define GEZHI_MAIN_MODULES_H

#include "core/app.h"

extern const struct module *const gezhi_modules[];

#endif
