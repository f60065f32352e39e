/*
 * The atlas: one search box, what lies inside a drawn area, layers of the map, figures per place,
 * and the same rows in open formats (OGC API Features). Everything under the asker's area; masked
 * people are not findable, sealed matters are never there, and a visit plan never says why.
 */
#ifndef GEZHI_MOD_ATLAS_ATLAS_H
#define GEZHI_MOD_ATLAS_ATLAS_H

#include "core/app.h"

extern const struct module atlas_module;

#endif
