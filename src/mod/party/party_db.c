/* SQL of Party organisations beside what the entity engine makes. */
#include "mod/party/party_db.h"

#include "core/row.h"

const char *const party_sql[PARTY_NSQL] = {
	[Q_ORG_GET] = "SELECT id, version, name, level, form, parent_id, place, secretary, founded, election_due, active "
		      "FROM party_org WHERE id = $1",
	[Q_ORG_CHILDREN] = "SELECT count(*) AS n FROM party_org WHERE parent_id = $1 AND active = 1",
	[Q_ORG_COVERS] = "SELECT count(*) AS n FROM party_cover WHERE org_id = $1",
	[Q_COVER_HAS] = "SELECT count(*) AS n FROM party_cover WHERE org_id = $1 AND grid = $2",
	/* form 2: functional branches cover no grid */
	[Q_COVERED] = "SELECT o.place AS grid FROM party_org o WHERE o.active = 1 AND o.level = 3 AND o.form <> 2 "
		      "AND o.place >= $1 AND o.place < $2 UNION SELECT c.grid FROM party_cover c "
		      "JOIN party_org o ON o.id = c.org_id WHERE o.active = 1 AND o.level = 3 AND o.form = 1 "
		      "AND c.grid >= $1 AND c.grid < $2 ORDER BY 1",
	[Q_ORG_CHILD_OUTSIDE] = "SELECT count(*) AS n FROM party_org c WHERE c.parent_id = $1 AND c.active = 1 "
				"AND (c.place < $2 OR c.place >= $3) AND NOT EXISTS (SELECT 1 FROM party_cover v "
				"WHERE v.org_id = c.parent_id AND v.grid = c.place - (c.place % 100))",
};

enum err party_org_load(struct dbc *c, struct arena *a, int64_t id, struct party_org *ret, bool *ret_found)
{
	struct rows *r = db_query(c, party_sql[Q_ORG_GET], ARGS(I(id)));

	*ret_found = rows_next(r);
	if (*ret_found)
		row_load(&party_org_entity.fields, r, 0, a, ret);
	return rows_close(r);
}

enum err party_count(struct dbc *c, int q, int64_t org_id, int64_t *ret)
{
	return db_int(c, party_sql[q], ARGS(I(org_id)), ret);
}

enum err party_covers(struct dbc *c, int64_t org_id, int64_t grid, bool *ret)
{
	int64_t n;
	enum err err = db_int(c, party_sql[Q_COVER_HAS], ARGS(I(org_id), I(grid)), &n);

	if (err == OK)
		*ret = n > 0;
	return err;
}

enum err party_covered_each(struct dbc *c, int64_t place, void (*fn)(int64_t grid, void *arg), void *arg)
{
	struct rows *r = db_query(c, party_sql[Q_COVERED], ARGS(I(place), I(place_end(place))));

	while (rows_next(r))
		fn(row_int_at(r, 0), arg);
	return rows_close(r);
}
