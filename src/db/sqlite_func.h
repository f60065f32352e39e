/* Private to src/db: the SQL functions that PostgreSQL has (or our bootstrap gives it) and SQLite
 * lacks. */
#ifndef GEZHI_DB_SQLITE_FUNC_H
#define GEZHI_DB_SQLITE_FUNC_H

#include <sqlite3.h>

/* string_agg(text, separator) and jget(document, key). An SQLite result code. */
int sqlite_func_register(sqlite3 *h);

#endif
