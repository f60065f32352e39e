/* The own page: proving whose account it is, what is held, who read it, asking. */
#include <string.h>

#include "core/audit.h"
#include "core/rate.h"
#include "mod/collect/collect.h"
#include "mod/self/self_api.h"
#include "mod/self/self_db.h"

enum { TRIES = 5, TRIES_PER_MINUTE = 1 };

static const char *const own_word[] = { "self", "ward", NULL };
static const struct vocab own_vocab = { "own", own_word, NULL };

/* ---- whose ---- */

static enum err ward_of(struct req *rq, int64_t person_id, int64_t id, bool *ret)
{
	int64_t ward[WARDS_MAX];
	size_t n = 0;
	enum err err = holder_wards(rq->db, person_id, date_of(rq->now), ward, &n);

	*ret = false;
	for (size_t i = 0; i < n; i++)
		*ret = *ret || ward[i] == id;
	return err;
}

enum err self_person(struct req *rq, struct person *ret, enum own *ret_own)
{
	int64_t id, own = NIL;
	bool ward = false;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = holder_get(rq->db, rq->who->user_id, &own);
	if (err == OK && own != NIL && own != id)
		err = ward_of(rq, own, id, &ward);
	if (err != OK)
		return err;
	if (own != id && !ward)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "that is not yours to see");
	err = entity_get_any(rq, &person_entity, id, ret);
	if (err == OK && ward && !younger_than(CHILD, ret->birth, date_of(rq->now)))
		err = req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "from fourteen on they ask for themselves");
	if (err == OK && ret_own != NULL)
		*ret_own = ward ? OWN_WARD : OWN_SELF;
	return err;
}

static const struct member person_member[] = {
	{ "id", F_ID },
	{ "name", F_STR },
	{ "own", F_ENUM, .vocab = &own_vocab },
};
static const struct shape person_shape = { .name = "OwnPerson", MEMBERS(person_member) };
static const struct member people_member[] = { { "items", .of = &person_shape, .list = 1,
	.help = "empty: it is not proven yet whose account this is" } };
static const struct shape people_shape = { .name = "OwnPeople", MEMBERS(people_member) };

static enum err write_person(struct req *rq, int64_t id, enum own own, struct jw *out)
{
	struct person p;
	enum err err = entity_get_any(rq, &person_entity, id, &p);

	if (err != OK || (own == OWN_WARD && !younger_than(CHILD, p.birth, date_of(rq->now))))
		return err;
	jw_obj(out);
	jw_kid(out, "id", p.id);
	jw_kstr(out, "name", p.name);
	jw_kz(out, "own", own_word[own]);
	jw_end_obj(out);
	return OK;
}

static enum err people(struct req *rq, struct jw *out)
{
	int64_t own = NIL, ward[WARDS_MAX];
	size_t n = 0;
	enum err err = holder_get(rq->db, rq->who->user_id, &own);

	jw_obj(out);
	jw_karr(out, "items");
	if (err == OK && own != NIL)
		err = write_person(rq, own, OWN_SELF, out);
	if (err == OK && own != NIL)
		err = holder_wards(rq->db, own, date_of(rq->now), ward, &n);
	for (size_t i = 0; i < n && err == OK; i++)
		err = write_person(rq, ward[i], OWN_WARD, out);
	jw_end_arr(out);
	jw_end_obj(out);
	return err;
}

/* ---- a code, good once ---- */

static const struct member code_member[] = {
	{ "code", F_STR, .help = "told once; handed over after a look at the document" },
	{ "expires_at", F_TIME },
};
static const struct shape code_shape = { .name = "HolderCode", MEMBERS(code_member) };

void self_code_hash(struct str code, unsigned char ret[HASH_LEN])
{
	char text[HOLDER_CODE + 1];
	size_t n = 0;

	for (size_t i = 0; i < code.n && n < HOLDER_CODE; i++) {
		char c = code.p[i];

		if (c != ' ' && c != '-')
			text[n++] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
	}
	crypto_sha256((struct str){ text, n }, ret);
}

enum err self_record(struct req *rq, int64_t actor, const char *action, int64_t person_id)
{
	return audit_add(rq->db, &(struct audit_entry){ .at = rq->now, .actor = actor, .action = action,
		.object = "person", .object_id = person_id, .detail = STR("{}") });
}

static enum err make_code(struct req *rq, struct jw *out)
{
	char code[HOLDER_CODE + 1];
	unsigned char hash[HASH_LEN];
	struct person p = { .active = NIL };
	int64_t id, expires = rq->now + HOLDER_CODE_DAYS * (int64_t)MS_DAY;
	enum err err = req_id(rq, "id", &id);

	/* A reply kept for a repeated key would be the code in another table. */
	rq->idempotency_key = (struct str){ NULL, 0 };
	if (err == OK)
		err = entity_get(rq, &person_entity, id, &p);
	if (err == OK && !(may_at(rq->who, "person.write", p.place) && may_at(rq->who, "person.full", p.place)))
		err = req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such person");
	if (err == OK && p.active != 1)
		err = req_fail(rq, ERR_CONFLICT, "self.ended", "id", "they are no longer here");
	if (err != OK)
		return err;
	crypto_code(code, HOLDER_CODE);
	self_code_hash(str_z(code), hash);
	err = holder_code_put(rq->db, hash, id, rq->who->user_id, rq->now, expires);
	if (err == OK)
		err = self_record(rq, rq->who->user_id, "holder_code", id);
	if (err == OK)
		err = self_access_done(rq, id);
	if (err != OK)
		return err;
	jw_obj(out);
	jw_kz(out, "code", code);
	jw_ktime(out, "expires_at", expires);
	jw_end_obj(out);
	return err;
}

struct code_in {
	struct str code;
};
static const struct field code_field[] = { FIELD(code_in, code, F_STR, .flags = FIELD_REQUIRED, .min = 8, .max = 16) };
static const struct fields code_fields = FIELDS(code_in, code_field);

static enum err use_code(struct req *rq, struct jw *out)
{
	const struct code_in *in = rq->in;
	unsigned char hash[HASH_LEN];
	int64_t person_id = NIL, by = NIL;
	enum err err;

	if (rq->app->rate != NULL && !rate_take(rq->app->rate, rq->who->login, "holder", TRIES, TRIES_PER_MINUTE, rq->now))
		return req_fail(rq, ERR_LIMIT, "rate", "code", "too many tries: wait a minute");
	self_code_hash(in->code, hash);
	err = holder_code_take(rq->db, hash, rq->now, &person_id, &by);
	if (err == ERR_NOT_FOUND)
		return req_fail(rq, ERR_NOT_FOUND, "self.code", "code", "that code is not known, or was used, or is over: ask for another");
	if (err == OK && by == rq->who->user_id)
		return req_fail(rq, ERR_DENIED, "self.own_code", "code", "a code that you made yourself proves nothing");
	if (err == OK)
		err = holder_put(rq->db, rq->who->user_id, person_id, by, rq->now);
	if (err == OK)
		err = self_record(rq, rq->who->user_id, "holder", person_id);
	return err != OK ? err : people(rq, out);
}

/* ---- what is held ---- */

static const struct member consent_member[] = {
	{ "id", F_ID },
	{ "purpose", F_STR },
	{ "given_at", F_TIME },
	{ "expires_at", F_TIME, .null = true },
	{ "withdrawn_at", F_TIME, .null = true },
};
static const struct shape consent_shape = { .name = "OwnConsent", MEMBERS(consent_member) };
static const struct member plan_member[] = {
	{ "type", F_ENUM, .vocab = &care_type_vocab },
	{ "basis", F_STR },
	{ "law", F_STR, .null = true },
	{ "cycle_days", F_INT },
	{ "mode", F_ENUM, .vocab = &care_mode_vocab },
	{ "started", F_DATE },
	{ "expires", F_DATE },
	{ "ended_at", F_DATE, .null = true },
};
static const struct shape plan_shape = { .name = "OwnPlan", MEMBERS(plan_member) };
static const struct member visit_member[] = {
	{ "id", F_ID },
	{ "day", F_DATE },
	{ "outcome", F_ENUM, .vocab = &care_outcome_vocab },
	{ "note", F_STR, .null = true },
	{ "confirmed", F_ENUM, .vocab = &confirmed_vocab, .null = true },
	{ "confirm_by", F_TIME, .null = true, .help = "it can be confirmed until then" },
	{ "object_by", F_TIME, .null = true, .help = "until then it can be said that nobody came" },
};
static const struct shape visit_shape = { .name = "OwnVisit", MEMBERS(visit_member) };
static const struct member link_member[] = {
	{ "role", F_ENUM, .vocab = &link_role_vocab },
	{ "kind", F_ENUM, .vocab = &object_vocab },
	{ "name", F_STR, .null = true, .help = "not of other people" },
	{ "from", F_DATE },
	{ "to", F_DATE, .null = true },
};
static const struct shape link_shape = { .name = "OwnLink", MEMBERS(link_member) };
static const struct member held_member[] = {
	{ "id", F_ID },
	{ "own", F_ENUM, .vocab = &own_vocab },
	{ "home", F_STR, .null = true },
	{ "values", .of = &registry_held_shape, .list = 1 },
	{ "consents", .of = &consent_shape, .list = 1 },
	{ "plans", .of = &plan_shape, .list = 1 },
	{ "visits", .of = &visit_shape, .list = 1 },
	{ "links", .of = &link_shape, .list = 1 },
	{ "readers", .of = &registry_reader_shape, .list = 1 },
};
static const struct shape held_shape = { .name = "OwnRecord", MEMBERS(held_member) };

static enum err write_home(struct req *rq, int64_t id, struct jw *out)
{
	struct rows *r = db_query(rq->db, self_sql[Q_HOME], ARGS(I(id)));
	struct buf b;

	buf_init(&b, 1024);
	if (rows_next(r)) {
		for (int i = 0; i < 4; i++) {
			struct str s = row_str_at(r, i);

			if (s.p != NULL && s.n > 0 && b.n > 0)
				buf_char(&b, ' ');
			buf_str(&b, s);
		}
	}
	jw_kstr(out, "home", b.n > 0 ? buf_view(&b) : (struct str){ NULL, 0 });
	buf_release(&b);
	return rows_close(r);
}

/* Columns in the order of the members. */
static enum err write_rows(struct rows *r, const char *key, const struct shape *s, struct jw *out)
{
	jw_karr(out, key);
	while (rows_next(r)) {
		jw_obj(out);
		for (size_t i = 0; i < s->n; i++) {
			const struct member *m = &s->v[i];
			int c = (int)i;

			if (m->type == F_STR)
				jw_kstr(out, m->name, row_str_at(r, c));
			else if (m->type == F_ENUM)
				jw_kz(out, m->name, vocab_word(m->vocab, row_int_at(r, c)));
			else if (m->type == F_TIME)
				jw_ktime(out, m->name, row_int_at(r, c));
			else if (m->type == F_DATE)
				jw_kdate(out, m->name, row_int_at(r, c));
			else if (m->type == F_ID)
				jw_kid(out, m->name, row_int_at(r, c));
			else
				jw_kint(out, m->name, row_int_at(r, c));
		}
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}

static enum err write_lists(struct req *rq, int64_t id, struct jw *out)
{
	static const struct {
		int q;
		const char *key;
		const struct shape *shape;
	} list[] = {
		{ Q_CONSENTS, "consents", &consent_shape },
		{ Q_PLANS, "plans", &plan_shape },
		{ Q_LINKS, "links", &link_shape },
	};
	enum err err = OK;

	for (size_t i = 0; i < ARRAY_LEN(list) && err == OK; i++)
		err = write_rows(db_query(rq->db, self_sql[list[i].q], ARGS(I(id))), list[i].key, list[i].shape, out);
	if (err == OK)
		err = write_rows(db_query(rq->db, self_sql[Q_VISITS], ARGS(I(id), I(rq->now), I(VISIT_OBJECT * (int64_t)MS_DAY))),
			"visits", &visit_shape, out);
	if (err != OK)
		return err;
	jw_karr(out, "readers");
	err = registry_readers_of(rq->db, id, out);
	jw_end_arr(out);
	return err;
}

static enum err held(struct req *rq, struct jw *out)
{
	struct person p;
	enum own own = OWN_SELF;
	enum err err = self_person(rq, &p, &own);

	if (err != OK)
		return err;
	jw_obj(out);
	jw_kid(out, "id", p.id);
	jw_kz(out, "own", own_word[own]);
	err = write_home(rq, p.id, out);
	if (err == OK) {
		jw_karr(out, "values");
		err = registry_held(rq, &p, out);
		jw_end_arr(out);
	}
	if (err == OK)
		err = write_lists(rq, p.id, out);
	jw_end_obj(out);
	return err;
}

/* ---- consents ---- */

static const struct member done_member[] = { { "id", F_ID } };
static const struct shape done_shape = { .name = "OwnDone", MEMBERS(done_member) };

static enum err withdraw(struct req *rq, struct jw *out)
{
	int64_t consent = NIL, whose = NIL;
	struct person p;
	enum err err = self_person(rq, &p, NULL);

	if (err == OK)
		err = req_id(rq, "consent", &consent);
	if (err == OK)
		err = db_int(rq->db, self_sql[Q_CONSENT_OF], ARGS(I(consent)), &whose);
	if (err == ERR_NOT_FOUND || (err == OK && whose != p.id))
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "consent", "there is no such consent of yours");
	if (err == OK)
		err = registry_withdraw(rq, consent);
	jw_obj(out);
	jw_kid(out, "id", consent);
	jw_end_obj(out);
	return err;
}

/* ---- visits ---- */

static enum err own_visit(struct req *rq, int64_t *ret_visit, enum own *ret_own)
{
	int64_t n = 0;
	struct person p;
	enum err err = self_person(rq, &p, ret_own);

	if (err == OK)
		err = req_id(rq, "visit", ret_visit);
	if (err == OK)
		err = db_int(rq->db, self_sql[Q_VISIT_OWN], ARGS(I(p.id), I(*ret_visit)), &n);
	if (err == OK && n == 0)
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "visit", "there is no such visit to you");
	return err;
}

static enum err answer_visit(struct req *rq, bool came, struct jw *out)
{
	int64_t id = NIL;
	enum own own = OWN_SELF;
	enum err err = own_visit(rq, &id, &own);

	if (err == OK)
		err = came ? visit_confirm(rq, id, own == OWN_WARD ? CONFIRM_GUARDIAN : CONFIRM_SELF) : visit_object(rq, id);
	jw_obj(out);
	jw_kid(out, "id", id);
	jw_end_obj(out);
	return err;
}

static enum err confirm(struct req *rq, struct jw *out)
{
	return answer_visit(rq, true, out);
}

static enum err object(struct req *rq, struct jw *out)
{
	return answer_visit(rq, false, out);
}

/* ---- what was asked ---- */

static const struct member asked_member[] = {
	{ "id", F_ID },
	{ "version", F_INT },
	{ "kind", F_STR },
	{ "title", F_STR },
	{ "state", F_ENUM, .vocab = &mstate_vocab },
	{ "reported_at", F_TIME },
	{ "due_at", F_TIME, .null = true },
	{ "closed_at", F_TIME, .null = true },
	{ "result", F_STR, .null = true },
};
static const struct shape asked_shape = { .name = "OwnRequest", MEMBERS(asked_member) };
static const struct member asks_member[] = { { "items", .of = &asked_shape, .list = 1 } };
static const struct shape asks_shape = { .name = "OwnRequests", MEMBERS(asks_member) };

static enum err requests(struct req *rq, struct jw *out)
{
	struct rows *r = db_query(rq->db, self_sql[Q_REQUESTS], ARGS(I(rq->who->user_id), I(change_kind.number), I(data_kind.number)));

	jw_obj(out);
	jw_karr(out, "items");
	while (rows_next(r)) {
		const struct matter_kind *k = matter_kind_of(rq->app, row_int_at(r, 2));

		jw_obj(out);
		jw_kid(out, "id", row_int_at(r, 0));
		jw_kint(out, "version", row_int_at(r, 1));
		jw_kz(out, "kind", k != NULL ? k->path : "");
		jw_kstr(out, "title", row_str_at(r, 3));
		jw_kz(out, "state", vocab_word(&mstate_vocab, row_int_at(r, 4)));
		jw_ktime(out, "reported_at", row_int_at(r, 5));
		jw_ktime(out, "due_at", row_int_at(r, 6));
		jw_ktime(out, "closed_at", row_int_at(r, 7));
		jw_kstr(out, "result", row_str_at(r, 8));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_end_obj(out);
	return rows_close(r);
}

static const struct member request_made_member[] = {
	{ "id", F_ID },
	{ "no", F_STR },
	{ "due_at", F_TIME, .null = true },
};
static const struct shape request_made_shape = { .name = "OwnRequestMade", MEMBERS(request_made_member) };

static const struct member access_member[] = { { "received", F_BOOL, .help = "always: it says nothing of the register" } };
static const struct shape access_shape = { .name = "OwnAccess", MEMBERS(access_member) };
static const struct member registered_member[] = { { "login", F_STR } };
static const struct shape registered_shape = { .name = "OwnRegistered", MEMBERS(registered_member) };

static const struct route routes[] = {
	{ .method = M_POST, .path = "/api/self/access", .flags = ROUTE_PUBLIC, .in = &self_access_fields, .reply = &access_shape,
	  .fn = self_access, .id = "submitOwnAccess",
	  .summary = "Ask for an account of one's own; the counter of the community hands out a code" },
	{ .method = M_POST, .path = "/api/self/register", .flags = ROUTE_PUBLIC | ROUTE_NO_TX, .in = &self_register_fields,
	  .reply = &registered_shape, .fn = self_register, .id = "createOwnAccount",
	  .summary = "Open an account with a code from the counter" },
	{ .method = M_POST, .path = "/api/persons/{id}/holder_code", .perm = "person.write", .reply = &code_shape,
	  .fn = make_code, .id = "createHolderCode", .summary = "A code with which somebody proves that an account is theirs" },
	{ .method = M_GET, .path = "/api/self", .perm = "self.read", .reply = &people_shape, .fn = people, .id = "listOwnPeople",
	  .summary = "Whose record this account may see: one's own, a ward's" },
	{ .method = M_POST, .path = "/api/self/code", .perm = "self.read", .in = &code_fields, .reply = &people_shape,
	  .fn = use_code, .id = "submitHolderCode", .summary = "Prove with a code whose account this is" },
	{ .method = M_GET, .path = "/api/self/requests", .perm = "self.read", .reply = &asks_shape, .fn = requests,
	  .id = "listOwnRequests", .summary = "What this account asked for about records, newest first" },
	{ .method = M_GET, .path = "/api/self/{id}", .perm = "self.read", .reply = &held_shape, .fn = held,
	  .id = "getOwnRecord", .summary = "Everything that is held, why and from where, and who read it in full" },
	{ .method = M_POST, .path = "/api/self/{id}/requests", .perm = "self.read", .in = &data_request_fields,
	  .reply = &request_made_shape, .fn = self_request, .id = "submitOwnRequest",
	  .summary = "Ask for an explanation or for deletion; answered within fifteen working days" },
	{ .method = M_POST, .path = "/api/self/{id}/changes", .perm = "self.read", .in = &data_change_fields,
	  .reply = &request_made_shape, .fn = self_change, .id = "submitOwnChange",
	  .summary = "Ask that a value be corrected; decided within fifteen working days" },
	{ .method = M_POST, .path = "/api/self/{id}/consents/{consent}/withdraw", .perm = "self.read", .reply = &done_shape,
	  .fn = withdraw, .id = "withdrawOwnConsent", .summary = "Withdraw a consent; what stood on it ends at once" },
	{ .method = M_POST, .path = "/api/self/{id}/visits/{visit}/confirm", .perm = "self.read", .reply = &done_shape,
	  .fn = confirm, .id = "confirmOwnVisit", .summary = "Confirm that a visit took place" },
	{ .method = M_POST, .path = "/api/self/{id}/visits/{visit}/object", .perm = "self.read", .reply = &done_shape,
	  .fn = object, .id = "rejectOwnVisit", .summary = "Say that nobody came: somebody else than the visitor looks into it" },
};

static const struct matter_kind *const kinds[] = { &data_kind, NULL };

const struct module self_module = {
	.name = "self",
	.kind = kinds,
	.route = routes,
	.nroute = ARRAY_LEN(routes),
	.sql = self_sql,
	.nsql = SELF_NSQL,
};
