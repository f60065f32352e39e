/* SQL of duty items beside what the entity engine makes: loading the book, earlier versions, seeding. */
#include "mod/duty/duty_db.h"

#include "core/row.h"

#define COLUMNS "id, version, item, list, name, track, lead, street_duty, lead_duty, basis, event_codes, state, " \
	"valid_from, valid_to"

const char *const duty_sql[DUTY_NSQL] = {
	[Q_DUTY_COUNT] = "SELECT count(*) AS n FROM duty_item",
	[Q_DUTY_ALL] = "SELECT " COLUMNS " FROM duty_item ORDER BY item",
	/* In the same columns: id is the item's. */
	[Q_DUTY_PAST_ALL] = "SELECT p.item_id AS id, p.version, d.item, p.list, p.name, p.track, p.lead, p.street_duty, "
			    "p.lead_duty, p.basis, p.event_codes, p.state, p.valid_from, p.valid_to "
			    "FROM duty_item_past p JOIN duty_item d ON d.id = p.item_id ORDER BY d.item, p.version",
	[Q_DUTY_PAST_OF] = "SELECT version, list, name, track, lead, street_duty, lead_duty, basis, event_codes, state, "
			   "valid_from, valid_to FROM duty_item_past WHERE item_id = $1 ORDER BY version DESC",
	[Q_DUTY_PAST_ADD] = "INSERT INTO duty_item_past (id, item_id, version, list, name, track, lead, street_duty, "
			    "lead_duty, basis, event_codes, state, valid_from, valid_to) "
			    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
	[Q_DUTY_ADD] = "INSERT INTO duty_item (" COLUMNS ", created_at, updated_at, created_by) "
		       "VALUES ($1, 1, $2, $3, $4, $5, $6, $7, NULL, $8, $9, 0, NULL, NULL, $10, $10, NULL)",
	[Q_DUTY_AFFECTS] = "SELECT count(*) AS n FROM matter WHERE open = 1 AND duty_item_id = $1",
	[Q_DUTY_SUMS] = "SELECT list, track, state, count(*) AS n FROM duty_item "
			"GROUP BY list, track, state ORDER BY list, track, state",
	[Q_DUTY_PAST_COUNT] = "SELECT count(*) AS n FROM duty_item_past",
};

static void load_rows(struct rows *r, struct arena *a, struct duty_item *v, size_t max, size_t *n)
{
	while (*n < max && rows_next(r))
		row_load(&duty_item_entity.fields, r, 0, a, &v[(*n)++]);
}

enum err duty_load_all(struct dbc *c, struct arena *a, struct duty_item **ret, size_t *ret_ncurrent, size_t *ret_n)
{
	int64_t now, past;
	size_t n = 0, ncurrent;
	struct duty_item *v;
	struct rows *r;
	enum err err = db_int(c, duty_sql[Q_DUTY_COUNT], NO_ARGS, &now);

	if (err == OK)
		err = db_int(c, duty_sql[Q_DUTY_PAST_COUNT], NO_ARGS, &past);
	if (err != OK)
		return err;
	v = arena_array(a, (size_t)(now + past) + 1, sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	r = db_query(c, duty_sql[Q_DUTY_ALL], NO_ARGS);
	load_rows(r, a, v, (size_t)now, &n);
	err = rows_close(r);
	ncurrent = n;
	if (err != OK)
		return err;
	r = db_query(c, duty_sql[Q_DUTY_PAST_ALL], NO_ARGS);
	load_rows(r, a, v, (size_t)(now + past), &n);
	err = rows_close(r);
	*ret = v;
	*ret_ncurrent = ncurrent;
	*ret_n = n;
	return err;
}

enum err duty_seed_rows(struct dbc *c, int64_t now)
{
	int64_t n;
	enum err err = db_int(c, duty_sql[Q_DUTY_COUNT], NO_ARGS, &n);

	if (err != OK || n > 0)
		return err;
	for (size_t i = 0; err == OK && i < nduty_seeds; i++) {
		const struct duty_seed *s = &duty_seeds[i];
		int64_t id = db_new_id(c);

		if (id == NIL)
			return ERR_RETRY;
		err = db_exec(c, duty_sql[Q_DUTY_ADD],
			      ARGS(I(id), Z(s->item), I(s->item[0] == 'L' ? DUTY_STATUTORY : DUTY_COOPERATIVE), Z(s->name),
				   I(s->track), Z(s->lead), Z(s->street_duty), Z(s->basis), Z(s->codes), I(now)),
			      NULL);
	}
	return err != OK ? err : snap_touch(c);
}

enum err duty_past_add(struct dbc *c, const struct duty_item *d, int64_t until)
{
	int64_t id = db_new_id(c);

	if (id == NIL)
		return ERR_RETRY;
	return db_exec(c, duty_sql[Q_DUTY_PAST_ADD],
		       ARGS(I(id), I(d->id), I(d->version), I(d->list), T(d->name), I(d->track), T(d->lead),
			    T(d->street_duty), T(d->lead_duty), T(d->basis), T(d->event_codes), I(d->state),
			    I(d->valid_from), I(until)),
		       NULL);
}

enum err duty_past_write(struct dbc *c, int64_t item_id, struct jw *out)
{
	struct rows *r = db_query(c, duty_sql[Q_DUTY_PAST_OF], ARGS(I(item_id)));

	jw_karr(out, "past");
	while (rows_next(r)) {
		jw_obj(out);
		jw_kint(out, "version", row_int(r, "version"));
		jw_kz(out, "list", vocab_word(&duty_list_vocab, row_int(r, "list")));
		jw_kstr(out, "name", row_str(r, "name"));
		jw_kz(out, "track", vocab_word(&track_vocab, row_int(r, "track")));
		jw_kstr(out, "lead", row_str(r, "lead"));
		jw_kstr(out, "street_duty", row_str(r, "street_duty"));
		jw_kstr(out, "lead_duty", row_str(r, "lead_duty"));
		jw_kstr(out, "basis", row_str(r, "basis"));
		jw_kstr(out, "event_codes", row_str(r, "event_codes"));
		jw_kz(out, "state", vocab_word(&duty_state_vocab, row_int(r, "state")));
		jw_kdate(out, "valid_from", row_int(r, "valid_from"));
		jw_kdate(out, "valid_to", row_int(r, "valid_to"));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}
