/* The few SQL texts of the command line's own. */
#ifndef GEZHI_MAIN_MAIN_DB_H
#define GEZHI_MAIN_MAIN_DB_H

enum {
	Q_CHECK_COUNT,
	Q_CHECK_SAMPLE, /* every $1th matter, at most $2 */
	Q_DEMO_COUNT,
	Q_DEMO_LIST,
	Q_USER_ID,
	Q_USER_UNIT,
	Q_USER_LIST, /* with the posts held at instant $1 */
	Q_BENCH_STAFF,
	Q_MAIN_MAX
};
extern const char *const main_sql[Q_MAIN_MAX];

#endif
