/* Mappings of columns that a user chose, reused when a file with the same titles comes again. */
#ifndef GEZHI_CORE_IMPORT_MAP_H
#define GEZHI_CORE_IMPORT_MAP_H

#include "core/entity_import.h"

/* Applies the user's mapping of these titles, if there is one. `c` a connection of any kind. */
enum err import_map_use(struct import *im, struct dbc *c, int64_t user_id, const struct entity *e) MUST_CHECK;
/* In a writing transaction: keeps what the mapping said of these columns. */
enum err import_map_keep(const struct import *im, struct dbc *c, int64_t user_id, const struct entity *e,
			 int64_t now) MUST_CHECK;

/* GET and DELETE. */
enum err import_map_list(struct req *rq, struct jw *out);
enum err import_map_drop(struct req *rq, struct jw *out);
extern const struct shape import_map_shape;

#endif
