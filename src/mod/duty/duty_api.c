/* Duty items over HTTP: the entity, its versions by date, the counts per list, the choice for a code. */
#include "mod/duty/duty_db.h"

static const struct field duty_fields[] = {
	FIELD(duty_item, id, F_ID, .flags = FIELD_READONLY),
	FIELD(duty_item, version, F_INT),
	FIELD(duty_item, item, F_STR,
	      .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_UNIQUE | FIELD_SEARCH | FIELD_FILTER | FIELD_SORT, .min = 2,
	      .max = 20),
	FIELD(duty_item, list, F_ENUM, .flags = FIELD_REQUIRED | FIELD_FILTER, .vocab = &duty_list_vocab),
	FIELD(duty_item, name, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT, .min = 1, .max = 100),
	FIELD(duty_item, track, F_ENUM, .flags = FIELD_REQUIRED | FIELD_FILTER, .vocab = &track_vocab),
	FIELD(duty_item, lead, F_STR, .flags = FIELD_FILTER | FIELD_SEARCH, .max = 40),
	FIELD(duty_item, street_duty, F_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH, .min = 1, .max = 1000),
	FIELD(duty_item, lead_duty, F_STR, .flags = FIELD_SEARCH, .max = 1000),
	FIELD(duty_item, basis, F_STR, .flags = FIELD_SEARCH, .max = 1000),
	FIELD(duty_item, event_codes, F_STR, .flags = FIELD_SEARCH, .max = 400),
	FIELD(duty_item, state, F_ENUM, .flags = FIELD_FILTER | FIELD_ALWAYS, .vocab = &duty_state_vocab),
	FIELD(duty_item, valid_from, F_DATE),
	FIELD(duty_item, valid_to, F_DATE),
};

const struct duty_book *snap_duties(const struct snap *s, const struct app *app)
{
	return snap_part(s, app, &duty_module);
}

/* ---- rules ---- */

/* "ms24, MS25" → "MS24,MS25" */
static enum err tidy_codes(struct req *rq, struct duty_item *d)
{
	struct str rest = d->event_codes, piece;
	struct buf b;
	bool bad = false;

	if (d->event_codes.p == NULL)
		return OK;
	buf_init(&b, 1000);
	while (str_split(&rest, ',', &piece)) {
		piece = str_trim(piece);
		bad = bad || piece.n == 0;
		if (b.n > 0)
			buf_char(&b, ',');
		for (size_t i = 0; i < piece.n; i++) {
			char c = piece.p[i];

			if (c >= 'a' && c <= 'z')
				c = (char)(c - 32);
			bad = bad || !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
			buf_char(&b, c);
		}
	}
	d->event_codes = str_dup(rq->arena, buf_view(&b));
	buf_release(&b);
	if (bad)
		return req_fail(rq, ERR_INVALID, "duty.codes", "event_codes", "codes are separated by commas, like MS24,MS25");
	return OK;
}

static bool same_text(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || str_eq(a, b));
}

/* Does it decide otherwise than before? Dates aside. */
static bool same_content(const struct duty_item *a, const struct duty_item *b)
{
	return a->list == b->list && same_text(a->name, b->name) && a->track == b->track &&
	       same_text(a->lead, b->lead) && same_text(a->street_duty, b->street_duty) &&
	       same_text(a->lead_duty, b->lead_duty) && same_text(a->basis, b->basis) &&
	       same_text(a->event_codes, b->event_codes) && a->state == b->state;
}

/* A change of content is in force from its own day on: the one given, else today. A version that has yet
 * to begin is simply corrected. */
static enum err set_dates(struct req *rq, const struct duty_item *old, struct duty_item *d)
{
	int64_t today = date_of(rq->now);

	if (old != NULL && !same_content(old, d)) {
		bool kept = d->valid_from == NIL || d->valid_from == old->valid_from;

		if (kept && (old->valid_from == NIL || old->valid_from < today))
			d->valid_from = today;
		else if (kept)
			d->valid_from = old->valid_from;
		if (old->valid_from != NIL && d->valid_from < old->valid_from)
			return req_fail(rq, ERR_CONFLICT, "duty.overlap", "valid_from",
					"the version in force began later than that");
	}
	if (d->valid_from != NIL && d->valid_to != NIL && d->valid_to <= d->valid_from)
		return req_fail(rq, ERR_INVALID, "range", "valid_to", "it cannot end before it begins");
	return OK;
}

static enum err duty_check(struct req *rq, const void *was, void *now)
{
	const struct duty_item *old = was;
	struct duty_item *d = now;
	enum err err = tidy_codes(rq, d);

	if (err != OK)
		return err;
	if (d->state == NIL)
		d->state = DUTY_ACTIVE;
	if (d->track == TRACK_NONE)
		return req_fail(rq, ERR_INVALID, "word", "track", "track is party, economy, livelihood or peace");
	if (d->list == DUTY_COOPERATIVE && (d->lead.p == NULL || d->lead.n == 0))
		return req_fail(rq, ERR_INVALID, "required", "lead", "a cooperative item names the department that leads");
	if (d->state == DUTY_WITHDRAWN && (d->lead.p == NULL || d->lead.n == 0))
		return req_fail(rq, ERR_INVALID, "required", "lead", "a withdrawn item names the department that took over");
	return set_dates(rq, old, d);
}

/* A correction on the day a version began replaces it; otherwise the earlier version is kept. */
static enum err duty_after(struct req *rq, const void *was, const void *now)
{
	const struct duty_item *old = was, *d = now;

	if (old == NULL || d == NULL || same_content(old, d) || d->valid_from == old->valid_from)
		return OK;
	return duty_past_add(rq->db, old, d->valid_from);
}

static enum err duty_preview(struct req *rq, const void *was, const void *now, struct jw *out)
{
	const struct duty_item *old = was;

	(void)now;
	return entity_affects(rq, KEEPS_VERSION, duty_sql[Q_DUTY_AFFECTS], ARGS(I(old->id)), out);
}

static const struct member past_member[] = {
	{ "version", F_INT },
	{ "list", F_ENUM, .vocab = &duty_list_vocab },
	{ "name", F_STR },
	{ "track", F_ENUM, .vocab = &track_vocab },
	{ "lead", F_STR, .null = true },
	{ "street_duty", F_STR },
	{ "lead_duty", F_STR, .null = true },
	{ "basis", F_STR, .null = true },
	{ "event_codes", F_STR, .null = true },
	{ "state", F_ENUM, .vocab = &duty_state_vocab },
	{ "valid_from", F_DATE, .null = true },
	{ "valid_to", F_DATE, .null = true },
};
static const struct shape past_shape = { .name = "DutyItemPast", MEMBERS(past_member) };
static const struct member more_member[] = {
	{ "past", .of = &past_shape, .list = 1, .help = "earlier versions" },
};
static const struct shape more = { .name = NULL, MEMBERS(more_member) };

static enum err duty_extra(struct req *rq, const void *rec, struct jw *out)
{
	const struct duty_item *d = rec;

	return duty_past_write(rq->db, d->id, out);
}

const struct entity duty_item_entity = {
	.name = "duty_item",
	.table = "duty_item",
	.path = "duty_items",
	.fields = FIELDS(duty_item, duty_fields),
	.read = "duty.read",
	.write = "duty.write",
	.flags = ENTITY_CONFIG | ENTITY_PREVIEW,
	.order = "item",
	.check = duty_check,
	.after = duty_after,
	.preview = duty_preview,
	.extra = duty_extra,
	.more = &more,
};

/* ---- reports ---- */

static const struct member sum_member[] = {
	{ "list", F_ENUM, .vocab = &duty_list_vocab },
	{ "track", F_ENUM, .vocab = &track_vocab },
	{ "state", F_ENUM, .vocab = &duty_state_vocab },
	{ "n", F_INT },
};
static const struct shape sum_shape = { .name = "DutySum", MEMBERS(sum_member) };

static enum err duty_sums(struct req *rq, struct jw *out)
{
	struct rows *r = db_query(rq->db, duty_sql[Q_DUTY_SUMS], NO_ARGS);

	jw_obj(out);
	jw_karr(out, "items");
	while (rows_next(r)) {
		jw_obj(out);
		jw_kz(out, "list", vocab_word(&duty_list_vocab, row_int(r, "list")));
		jw_kz(out, "track", vocab_word(&track_vocab, row_int(r, "track")));
		jw_kz(out, "state", vocab_word(&duty_state_vocab, row_int(r, "state")));
		jw_kint(out, "n", row_int(r, "n"));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_end_obj(out);
	return rows_close(r);
}

static const char *const target_word[] = { "street", "department", "district", NULL };
static const struct vocab target_vocab = { .name = "duty_target", .word = target_word };
static const struct shape item_shape = { .name = "DutyItem" };
static const struct member choice_member[] = {
	{ "target", F_ENUM, .vocab = &target_vocab },
	{ "outside_list", F_BOOL },
	{ "item", .of = &item_shape, .null = true },
};
static const struct shape choice_shape = { .name = "DutyChoice", MEMBERS(choice_member) };

/* Whose is it: what the router would decide for a code on a day. */
static enum err duty_choice(struct req *rq, struct jw *out)
{
	struct str code = req_query(rq, "code");
	int64_t date = req_query_int(rq, "date");
	const struct duty_item *d;

	if (code.p == NULL || code.n == 0)
		return req_fail(rq, ERR_INVALID, "required", "code", "code is required");
	d = duty_for_code(snap_duties(req_snap(rq), rq->app), code, date == NIL ? date_of(rq->now) : date);
	jw_obj(out);
	jw_kz(out, "target", vocab_word(&target_vocab, duty_target(d)));
	jw_kbool(out, "outside_list", d == NULL);
	jw_key(out, "item");
	if (d == NULL) {
		jw_null(out);
	} else {
		jw_obj(out);
		for (size_t i = 0; i < ARRAY_LEN(duty_fields); i++)
			field_encode(&duty_fields[i], d, out);
		jw_end_obj(out);
	}
	jw_end_obj(out);
	return OK;
}

/* ---- the module ---- */

static enum err duty_seed(struct app *app, struct dbc *c)
{
	(void)app;
	return duty_seed_rows(c, time_now());
}

static enum err duty_load(struct snap *s, struct dbc *c, void **ret_part)
{
	struct duty_item *v;
	size_t ncurrent, n;
	enum err err = duty_load_all(c, s->arena, &v, &ncurrent, &n);

	if (err != OK)
		return err;
	*ret_part = duty_book_new(s->arena, v, ncurrent, n);
	return *ret_part == NULL ? ERR_NOMEM : OK;
}

static const struct param choice_params[] = {
	{ "code", F_STR, "event code, like MS24" },
	{ "date", F_DATE, "day of the report; default today" },
};

static const struct route duty_routes[] = {
	{ .method = M_GET, .path = "/api/reports/duty-items", .perm = "duty.read", .reply = &sum_shape,
	  .out_list = true, .fn = duty_sums, .id = "listDutySums",
	  .summary = "Number of items by list, board and state" },
	{ .method = M_GET, .path = "/api/duty-choice", .perm = "duty.read", .flags = ROUTE_QUICK, .query = choice_params,
	  .nquery = ARRAY_LEN(choice_params), .reply = &choice_shape, .fn = duty_choice, .id = "getDutyChoice",
	  .summary = "Which item decides about a code on a day, and who leads" },
};

static const struct entity *const duty_entities[] = { &duty_item_entity, NULL };

const struct module duty_module = {
	.name = "duty",
	.entity = duty_entities,
	.route = duty_routes,
	.nroute = ARRAY_LEN(duty_routes),
	.sql = duty_sql,
	.nsql = DUTY_NSQL,
	.seed = duty_seed,
	.load = duty_load,
};
