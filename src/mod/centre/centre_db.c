/* SQL of the centres' set-up. */
#include "mod/centre/centre_db.h"

const char *const centre_sql[Q_CENTRE_MAX] = {
	[Q_CENTRE_PUT] = "INSERT INTO unit (id, version, name, alias, kind, place, board, active, created_at, updated_at, "
			 "created_by) VALUES ($1, 1, $2, $3, $4, $5, $6, 1, $7, $7, $8) ON CONFLICT DO NOTHING",
};
