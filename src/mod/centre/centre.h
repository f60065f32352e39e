/*
 * Command centres and the units matters are sent to: one centre with four boards per street or town, one
 * unit per community and grid, the district's departments. Set up from the place tree in one step.
 */
#ifndef GEZHI_MOD_CENTRE_CENTRE_H
#define GEZHI_MOD_CENTRE_CENTRE_H

#include "core/app.h"

/* Adds every unit that the place tree calls for and that is missing. In a writing transaction. */
enum err centre_setup(struct req *rq, int64_t *ret_added) MUST_CHECK;
extern const struct module centre_module;

#endif
