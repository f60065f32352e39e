/* See main_db.h. */
#include "main/main_db.h"

const char *const main_sql[Q_MAIN_MAX] = {
	[Q_CHECK_COUNT] = "SELECT count(*) AS n FROM matter",
	[Q_CHECK_SAMPLE] = "SELECT id FROM matter WHERE id % $1 = 0 ORDER BY id LIMIT $2",
	[Q_DEMO_COUNT] = "SELECT count(*) AS n FROM account WHERE demo = 1",
	[Q_DEMO_LIST] = "SELECT login, name FROM account WHERE demo = 1 AND active = 1 AND login IN "
		"('admin', 'district', 'director1', 'duty1', 'board1', 'post1', 'dept1', 'secretary1', 'leader1', "
		"'grid1', 'micro1', 'resident1', 'auditor1') ORDER BY id",
	[Q_USER_ID] = "SELECT id FROM account WHERE login = $1",
	[Q_USER_UNIT] = "SELECT id FROM unit WHERE alias = $1",
	[Q_USER_LIST] = "SELECT a.id, a.login, a.name, a.active, p.role, p.place FROM account a "
		"LEFT JOIN post p ON p.user_id = a.id AND (p.valid_to IS NULL OR p.valid_to > $1) "
		"ORDER BY a.login, p.id",
	[Q_BENCH_STAFF] = "SELECT id FROM account WHERE active = 1 ORDER BY id LIMIT $1",
};
