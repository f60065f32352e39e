/* Private to the centre module. */
#ifndef GEZHI_MOD_CENTRE_DB_H
#define GEZHI_MOD_CENTRE_DB_H

enum { Q_CENTRE_PUT, Q_CENTRE_MAX };
extern const char *const centre_sql[Q_CENTRE_MAX];

#endif
