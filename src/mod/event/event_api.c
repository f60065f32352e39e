/* Events: intake for every channel, likely duplicates, the kind and the module. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/geo.h"
#include "core/audit.h"
#include "core/matter_list.h"
#include "core/secret.h"
#include "mod/event/event_db.h"
#include "mod/event/event_effect.h"
#include "mod/event/event_import.h"
#include "mod/event/event_public.h"
#include "mod/event/event_similar.h"

/* ---- intake ---- */

static const struct field in_field[] = {
	FIELD(event_in, title, F_STR, .min = 1, .max = 200),
	FIELD(event_in, text, F_STR, .min = 1, .max = 4000),
	FIELD(event_in, code, F_STR, .max = 12),
	FIELD(event_in, address, F_STR, .max = 300),
	FIELD(event_in, source, F_STR, .max = 16),
	FIELD(event_in, ext_no, F_STR, .max = 64),
	FIELD(event_in, reporter_name, F_STR, .max = 60),
	FIELD(event_in, reporter_phone, F_STR, .max = 24),
	FIELD(event_in, answers, F_JSON, .max = 16000),
	FIELD(event_in, files, F_JSON, .max = 2000),
	FIELD(event_in, place, F_CODE),
	FIELD(event_in, urgency, F_ENUM, .vocab = &urgency_vocab),
	FIELD(event_in, anonymous, F_BOOL),
	FIELD(event_in, lon, F_REAL, .min = -180, .max = 180),
	FIELD(event_in, lat, F_REAL, .min = -90, .max = 90),
};
const struct fields event_in_fields = FIELDS(event_in, in_field);

/* Place from the position, else as given, else the reporter's own area, else the whole district. */
static enum err set_place(struct act *a, const struct event_in *in)
{
	int64_t found = NIL;

	if (!isnan(in->lon) && !isnan(in->lat)) {
		matter_set_point(&a->m, in->lon, in->lat);
		found = geo_index_find(a->snap->grids, in->lon, in->lat);
	}
	if (in->place != NIL) {
		if (snap_place(a->snap, in->place) == NULL)
			return act_fail(a, ERR_INVALID, "reference", "place", "there is no such place");
		/* a position inside the place given is finer than the place */
		a->m.place = found != NIL && found >= in->place && found < place_end(in->place) ? found : in->place;
		return OK;
	}
	if (found != NIL) {
		a->m.place = found;
		return OK;
	}
	if (a->rq->who != NULL && a->rq->who->nposts > 0 && place_level(a->rq->who->post[0].lo) >= LEVEL_STREET) {
		a->m.place = a->rq->who->post[0].lo;
		return OK;
	}
	if (a->snap->nplace == 0)
		return act_fail(a, ERR_CONFLICT, "event.no_places", "place", "there are no places yet");
	if (!isnan(in->lon))
		return act_fail(a, ERR_INVALID, "event.outside", "lon", "that position lies outside the district");
	a->m.place = a->snap->place[0].code;
	return OK;
}

static enum err set_code(struct act *a, const struct event_in *in)
{
	const struct event_book *b = event_book(a->snap, a->rq->app);
	const struct event_code *c;

	if (in->code.p == NULL || in->code.n == 0)
		return OK;
	c = event_code_by(b, in->code);
	if (c == NULL || !c->active)
		return act_fail(a, ERR_INVALID, "reference", "code", "there is no such event code");
	a->m.code_id = c->id;
	a->m.track = c->track;
	a->m.urgency = c->urgency;
	a->m.sealed = c->sealed;
	return OK;
}

/* Name and phone go sealed into one column; nothing of them stays elsewhere. */
static enum err set_reporter(struct act *a, const struct event_in *in)
{
	struct buf plain;
	struct jw j;
	enum err err;

	if (a->m.source == SRC_RESIDENT && a->rq->who != NULL)
		a->m.reporter_id = a->rq->who->user_id;
	else if (a->rq->who != NULL && a->m.source == SRC_GRID)
		a->m.reporter_id = a->rq->who->user_id;
	a->m.anonymous = in->anonymous == 1;
	if (in->reporter_name.p == NULL && in->reporter_phone.p == NULL)
		return OK;
	buf_init(&plain, 1024);
	jw_init(&j, &plain);
	jw_obj(&j);
	jw_kstr(&j, "name", in->reporter_name);
	jw_kstr(&j, "phone", in->reporter_phone);
	jw_end_obj(&j);
	err = plain.failed ? ERR_NOMEM : secret_seal(&a->rq->app->keys, buf_view(&plain), a->rq->arena, &a->m.reporter);
	buf_release(&plain);
	return err;
}

static enum err set_source(struct act *a, const struct event_in *in)
{
	const uint64_t grid = ROLE(GRID_LEADER) | ROLE(GRID_WORKER_FT) | ROLE(GRID_WORKER_PT) | ROLE(MICRO_LEADER);
	int64_t v;

	a->m.source = a->rq->who == NULL ? SRC_RESIDENT : (a->rq->who->roles & grid) ? SRC_GRID :
		      (a->rq->who->roles & ROLE(RESIDENT)) ? SRC_RESIDENT : SRC_DESK;
	if (in->source.p == NULL)
		return OK;
	v = vocab_index(&source_vocab, in->source);
	if (v == NIL)
		return act_fail(a, ERR_INVALID, "word", "source", "unknown source");
	a->m.source = v;
	return OK;
}

/* The title a report without one gets: the beginning of its text. */
static struct str short_title(struct arena *a, struct str text)
{
	size_t pos = 0;

	for (int i = 0; i < 30 && pos < text.n; i++) {
		if (text.p[pos] == '\n')
			break;
		(void)str_rune(text, &pos);
	}
	return str_dup(a, (struct str){ text.p, pos });
}

static enum err check_answers(struct act *a, const struct event_in *in)
{
	const struct event_book *b = event_book(a->snap, a->rq->app);
	json_t *o = in->answers.p != NULL ? json_loadb(in->answers.p, in->answers.n, 0, NULL) : NULL;
	enum err err = OK;

	if (in->answers.p != NULL && !json_is_object(o))
		err = act_fail(a, ERR_INVALID, "wrong_type", "answers", "answers is an object");
	for (size_t i = 0; i < b->nquestion && err == OK; i++) {
		const struct code_question *q = &b->question[i];
		const char *name = str_cstr(a->rq->arena, q->name);

		if (q->code_id != a->m.code_id || q->required != 1 || name == NULL)
			continue;
		if (json_object_get(o, name) == NULL || json_is_null(json_object_get(o, name)))
			err = act_fail(a, ERR_INVALID, "required", "answers", "the question \"%s\" must be answered", name);
	}
	json_decref(o);
	a->m.answers = in->answers;
	return err;
}

enum err event_create(struct act *a, struct req *rq, const struct event_in *in, char query_code[16])
{
	struct act_in *ai = ARENA_NEW(rq->arena, struct act_in);
	enum err err = act_init(a, rq, &event_kind);

	if (ai == NULL)
		return ERR_NOMEM;
	fields_clear(&act_fields, ai);
	ai->files = in->files;
	a->in = ai;
	a->note = STR("");
	if (in->title.p == NULL && in->text.p == NULL)
		return act_fail(a, ERR_INVALID, "required", "text", "say what it is: a text or a title");
	a->m.title = in->title.p != NULL ? in->title : short_title(rq->arena, in->text);
	a->m.text = in->text;
	a->m.address = in->address;
	a->m.ext_no = in->ext_no;
	if (err == OK)
		err = set_source(a, in);
	if (err == OK)
		err = set_place(a, in);
	if (err == OK)
		err = set_code(a, in);
	if (err == OK && in->urgency != NIL)
		a->m.urgency = in->urgency;
	if (err == OK)
		err = check_answers(a, in);
	if (err == OK)
		err = set_reporter(a, in);
	if (err != OK)
		return err;
	crypto_code(query_code, 10);
	query_code[10] = '\0';
	a->m.query_hash = query_hash((struct str){ query_code, 10 });
	return matter_create(a, a->m.sealed == 1 ? "report_sealed" : "report");
}

static const struct member created_member[] = {
	{ "id", F_ID },
	{ "no", F_STR },
	{ "query_code", F_STR, .help = "by which the reporter follows it; shown this once" },
	{ "state", F_ENUM, .vocab = &mstate_vocab },
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "due_at", F_TIME, .null = true },
	{ "version", F_INT },
};
static const struct shape created_shape = { .name = "EventCreated", MEMBERS(created_member) };

static enum err create(struct req *rq, struct jw *out)
{
	struct act *a = ARENA_NEW(rq->arena, struct act);
	char code[16], no[32];
	enum err err = a == NULL ? ERR_NOMEM : event_create(a, rq, rq->in, code);

	if (err != OK)
		return err;
	matter_no(&event_kind, a->m.id, no);
	rq->reply.location = str_fmt(rq->arena, "/api/events/%lld", (long long)a->m.id);
	jw_obj(out);
	jw_kid(out, "id", a->m.id);
	jw_kz(out, "no", no);
	jw_kz(out, "query_code", code);
	jw_kz(out, "state", vocab_word(&mstate_vocab, a->m.state));
	jw_kid(out, "place", a->m.place);
	jw_kstr(out, "place_name", snap_place_name(a->snap, a->m.place));
	jw_ktime(out, "due_at", a->m.due_at);
	jw_kint(out, "version", a->m.version);
	jw_end_obj(out);
	return OK;
}

/* ---- reporter, masked and in full ---- */

static enum err open_reporter(struct req *rq, const struct matter *m, struct str *ret_name, struct str *ret_phone)
{
	struct str plain;
	enum err err = secret_open(&rq->app->keys, m->reporter, rq->arena, &plain);
	json_t *o = err == OK ? json_loadb(plain.p, plain.n, 0, NULL) : NULL;

	*ret_name = str_dup(rq->arena, str_z(json_string_value(json_object_get(o, "name"))));
	*ret_phone = str_dup(rq->arena, str_z(json_string_value(json_object_get(o, "phone"))));
	json_decref(o);
	return err;
}

static struct str mask_phone(struct arena *a, struct str s)
{
	if (s.p == NULL || s.n < 7)
		return s.p == NULL ? s : STR("***");
	return str_fmt(a, "%.3s****%.*s", s.p, 4, s.p + s.n - 4);
}

static const struct member reporter_member[] = {
	{ "name", F_STR, .null = true },
	{ "phone", F_STR, .null = true },
};
static const struct shape reporter_shape = { .name = "Reporter", MEMBERS(reporter_member) };
static const struct member more_member[] = {
	{ "reporter", .of = &reporter_shape, .null = true, .help = "masked" },
};
static const struct shape more_shape = { .name = NULL, MEMBERS(more_member) };

static enum err detail(struct req *rq, const struct matter *m, struct jw *out)
{
	struct str name, phone;

	if (m->reporter.p == NULL) {
		jw_kz(out, "reporter", NULL);
		return OK;
	}
	enum err err = open_reporter(rq, m, &name, &phone);

	if (err != OK)
		return req_fail(rq, ERR_IO, "key", "", "the reporter's data cannot be opened with this key");
	jw_kobj(out, "reporter");
	jw_kstr(out, "name", entity_name_in_part(rq->arena, name));
	jw_kstr(out, "phone", mask_phone(rq->arena, phone));
	jw_end_obj(out);
	return OK;
}

struct unmask_in {
	struct str purpose;
};
static const struct field unmask_field[] = {
	FIELD(unmask_in, purpose, F_STR, .min = 4, .max = 200, .flags = FIELD_REQUIRED),
};
static const struct fields unmask_fields = FIELDS(unmask_in, unmask_field);

/* In full, for a stated purpose, and on record. */
static enum err unmask(struct req *rq, struct jw *out)
{
	const struct unmask_in *in = rq->in;
	struct matter *m = ARENA_NEW(rq->arena, struct matter);
	struct str name = { NULL, 0 }, phone = { NULL, 0 };
	struct buf b;
	struct jw j;
	int64_t id;
	enum err err = m == NULL ? ERR_NOMEM : req_id(rq, "id", &id);

	/* A reply kept for a repeated key would be the reporter in plain text in another table. */
	rq->idempotency_key = (struct str){ NULL, 0 };
	if (err == OK)
		err = matter_see(rq, id, m);
	if (err == OK && m->reporter.p != NULL)
		err = open_reporter(rq, m, &name, &phone);
	if (err != OK)
		return err;
	buf_init(&b, 2048);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_kstr(&j, "purpose", in->purpose);
	jw_kz(&j, "fields", "reporter");
	jw_end_obj(&j);
	err = audit_add(rq->db, &(struct audit_entry){ .at = rq->now, .actor = rq->who->user_id, .action = "unmask",
		.object = "event", .object_id = id, .detail = buf_view(&b) });
	buf_release(&b);
	rq->reply.status = 200;
	jw_obj(out);
	jw_kstr(out, "name", name);
	jw_kstr(out, "phone", phone);
	jw_end_obj(out);
	return err;
}

/* ---- the kind ---- */

static enum err span(struct act *a, enum clock_kind c, struct span_rule *ret, int64_t *ret_rule)
{
	const struct event_book *b = event_book(a->snap, a->rq->app);

	/* a reopened hard case runs to the date the director named */
	if (c == CLOCK_HANDLE && strcmp(a->t->action, "hard_case_resume") == 0) {
		*ret = (struct span_rule){ UNIT_MS, a->in->until - a->now };
		return OK;
	}
	if (!event_span(b, event_code_of(b, a->m.code_id), a->m.urgency, c, ret, ret_rule))
		*ret = (struct span_rule){ UNIT_MS, 0 };
	return OK;
}

static struct str code_name(const struct snap *s, const struct app *app, int64_t code_id, struct str *ret_code)
{
	const struct event_code *c = event_code_of(event_book(s, app), code_id);

	if (c == NULL)
		return (struct str){ NULL, 0 };
	*ret_code = c->code;
	return c->name_zh;
}

static int64_t code_find(const struct snap *s, const struct app *app, struct str code)
{
	const struct event_code *c = event_code_by(event_book(s, app), code);

	return c != NULL ? c->id : NIL;
}

static const struct duty event_duty[] = {
	{ ROLE(DUTY_OFFICER), ST(REPORTED) | ST(ACCEPTED) | ST(CHECKING) },
	{ ROLE(BOARD_LEAD), ST(RETURN_REVIEW) | ST(ACCEPTED) },
	{ ROLE(DIRECTOR), ST(RETURN_REVIEW) | ST(HARD_CASE) },
	{ REL_UNIT, ST(DISPATCHED) | ST(HANDLING) },
	{ ROLE(COMMUNITY_SECRETARY), ST(CHECKING) },
};

const struct matter_kind event_kind = {
	.number = 1,
	.name = "event",
	.path = "events",
	.letter = 'E',
	.read = "event.read",
	.create = "event.create",
	.flow = event_flow,
	.nflow = EVENT_NFLOW,
	.span = span,
	.tally = event_tally,
	.detail = detail,
	.more = &more_shape,
	.offers = event_offers,
	.after = event_after,
	.code_name = code_name,
	.code_find = code_find,
	.duty = event_duty,
	.nduty = ARRAY_LEN(event_duty),
};

static const struct matter_kind *const kinds[] = { &event_kind, NULL };
static const struct entity *const entities[] = { &event_code_entity, &code_question_entity, &deadline_rule_entity,
	&reason_entity, &routing_rule_entity, &flow_row_entity, NULL };

static const struct route routes[] = {
	{ .method = M_POST, .path = "/api/events", .perm = "event.create", .in = &event_in_fields,
		.reply = &created_shape, .fn = create, .id = "createEvent", .summary = "Report an event" },
	{ .method = M_POST, .path = "/api/events/import", .perm = "event.import", .flags = ROUTE_RAW_BODY | ROUTE_NO_TX,
		.takes = TYPES_TABLE,
		.max_body = 64u << 20, .query = event_import_params, .nquery = 3, .reply = &event_import_shape, .fn = event_import_post,
		.id = "importEvents", .summary = "Load events from another system's CSV by a mapping" },
	{ .method = M_GET, .path = "/api/events/similar", .perm = "event.read", .query = similar_params,
		.nquery = 6, .reply = &similar_shape, .out_list = true, .fn = event_similar, .id = "listSimilarEvents",
		.summary = "Open events like this one, by nearness in space, time and words" },
	{ .method = M_POST, .path = "/api/events/{id}/unmask", .perm = "event.unmask", .in = &unmask_fields,
		.reply = &reporter_shape, .fn = unmask, .id = "unmaskReporter", .summary = "The reporter in full, for a stated purpose" },
	{ .method = M_GET, .path = "/api/public/codes", .flags = ROUTE_PUBLIC, .reply = &public_code_shape,
		.out_list = true, .fn = public_codes, .id = "listPublicCodes", .summary = "What can be reported, with its questions" },
	{ .method = M_POST, .path = "/api/public/reports", .flags = ROUTE_PUBLIC, .in = &event_in_fields,
		.reply = &public_created_shape, .fn = public_report, .id = "createPublicReport", .summary = "Report without an account" },
	{ .method = M_GET, .path = "/api/public/reports/{query_code}", .flags = ROUTE_PUBLIC,
		.reply = &public_report_shape, .fn = public_follow, .id = "getPublicReport", .summary = "What became of a report" },
	{ .method = M_POST, .path = "/api/public/reports/{query_code}/{action}", .flags = ROUTE_PUBLIC | ROUTE_PATCH_BODY,
		.in = &act_fields, .reply = &public_report_shape, .fn = public_act, .id = "actOnPublicReport", .summary = "Rate, reopen, object or appeal" },
};

const struct module event_module = {
	.name = "event",
	.entity = entities,
	.kind = kinds,
	.route = routes,
	.nroute = ARRAY_LEN(routes),
	.sql = event_sql,
	.nsql = Q_EVENT_SQL_MAX,
	.load = event_book_load,
	.free_part = event_book_free,
	.seed = event_seed,
};
