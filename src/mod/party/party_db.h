/* Private to the module. */
#ifndef GEZHI_MOD_PARTY_PARTY_DB_H
#define GEZHI_MOD_PARTY_PARTY_DB_H

#include "mod/party/party.h"

enum { Q_ORG_GET, Q_ORG_CHILDREN, Q_ORG_COVERS, Q_COVER_HAS, Q_COVERED, Q_ORG_CHILD_OUTSIDE, PARTY_NSQL };
extern const char *const party_sql[PARTY_NSQL];

/* By id, whatever the scope: for rules and the way upwards. */
enum err party_org_load(struct dbc *c, struct arena *a, int64_t id, struct party_org *ret, bool *ret_found) MUST_CHECK;
enum err party_count(struct dbc *c, int q, int64_t org_id, int64_t *ret) MUST_CHECK;
/* Does the organisation cover the grid by a link? */
enum err party_covers(struct dbc *c, int64_t org_id, int64_t grid, bool *ret) MUST_CHECK;
/* Calls fn for each covered grid of a place, once, in order. */
enum err party_covered_each(struct dbc *c, int64_t place, void (*fn)(int64_t grid, void *arg), void *arg) MUST_CHECK;

#endif
