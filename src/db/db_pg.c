/* The PostgreSQL engine. */
#include "db/db_driver.h"

static enum err pg_open(struct db *db, struct error *e)
{
	(void)db;
	return err_set(e, ERR_INVALID, "store.url", "db", "PostgreSQL is not built in");
}

static void pg_close(struct db *db)
{
	(void)db;
}

const struct driver pg_driver = { .engine = DB_PG, .open = pg_open, .close = pg_close };
