/*
 * An account of one's own: asked for without one, handed out at the counter, opened with the code
 * from there. Asking says nothing about the register: the reply is the same whether somebody is in
 * it or not, and whether what was said fits. Who may see the person learns nothing new either, so
 * only the register's own telephone number is kept, not the one that was given.
 */
#include <string.h>

#include "core/account.h"
#include "core/matter_list.h"
#include "core/rate.h"
#include "db/db.h"
#include "mod/self/self_api.h"
#include "mod/self/self_db.h"

enum { ASKS = 5, ASKS_PER_MINUTE = 1 };

static bool may_try(struct req *rq, const char *what)
{
	return rq->app->rate == NULL || rq->remote.p == NULL ||
	       rate_take(rq->app->rate, rq->remote, what, ASKS, ASKS_PER_MINUTE, rq->now);
}

/* ---- asking ---- */

struct access_in {
	struct str name, id_no, phone;
};
static const struct field access_field[] = {
	FIELD(access_in, name, F_STR, .flags = FIELD_REQUIRED, .min = 1, .max = 60),
	FIELD(access_in, id_no, F_STR, .flags = FIELD_REQUIRED, .min = 15, .max = 32),
	FIELD(access_in, phone, F_STR, .flags = FIELD_REQUIRED, .min = 5, .max = 40),
};
const struct fields self_access_fields = FIELDS(access_in, access_field);

/* The one in the register whom all of it fits; of somebody without a telephone there name and number. */
static enum err find_asker(struct req *rq, const struct access_in *in, struct person *ret, bool *ret_found)
{
	struct person like;
	char plain[18];
	enum err err;

	fields_clear(&person_entity.fields, &like);
	like.id_no = str_trim(in->id_no);
	if (like.id_no.n == ID18_LEN && like.id_no.p[ID18_LEN - 1] == 'x')
		like.id_no = str_fmt(rq->arena, "%.17sX", like.id_no.p);
	err = registry_same_number(rq, &like, ret, ret_found);
	if (err != OK || !*ret_found)
		return err;
	*ret_found = ret->active == 1 && str_eq(str_trim(in->name), ret->name) &&
		     (ret->phone.p == NULL ||
			     (phone_plain(in->phone, plain) && str_eq(str_z(plain), ret->phone)));
	return OK;
}

/* The counter of their community finds it among what waits for it. */
static enum err tell_counter(struct req *rq, const struct person *p)
{
	struct act *a = ARENA_NEW(rq->arena, struct act);
	bool open = false;
	enum err err = a == NULL ? ERR_NOMEM : data_request_open(rq->db, p->id, DATA_ACCESS, &open);

	if (err == OK && open)
		return OK;
	if (err == OK)
		err = act_init(a, rq, &data_kind);
	if (err != OK)
		return err;
	a->m.title = STR("本人页面开通申请");
	a->m.text = STR("请核对身份证后，在其人员页面生成确认码并当面交付");
	a->m.place = place_up(p->place, LEVEL_COMMUNITY);
	a->m.source = SRC_RESIDENT;
	err = matter_create(a, "submit");
	return err != OK ? err
			 : data_request_put(rq->db,
				   &(struct data_request){ a->m.id, p->id, DATA_ACCESS });
}

enum err self_access(struct req *rq, struct jw *out)
{
	const struct access_in *in = rq->in;
	struct person p = { .id = NIL };
	int64_t birth;
	enum sex sex;
	bool found = false;
	enum err err;

	if (!may_try(rq, "access"))
		return req_fail(rq, ERR_LIMIT, "rate", "", "too many tries: wait a minute");
	if (id18_check(str_trim(in->id_no), date_of(rq->now), &birth, &sex) != ID_GOOD)
		return req_fail(rq, ERR_INVALID, "registry.id_check", "id_no",
			"that is no identity number: a typing error?");
	err = find_asker(rq, in, &p, &found);
	if (err == OK && found)
		err = tell_counter(rq, &p);
	if (err != OK)
		return err;
	rq->reply.status = 200;
	jw_obj(out);
	jw_kbool(out, "received", true);
	jw_end_obj(out);
	return OK;
}

enum err self_access_done(struct req *rq, int64_t person_id)
{
	const struct act_in nothing = { .version = NIL };
	struct act *a = ARENA_NEW(rq->arena, struct act);
	int64_t id = NIL;
	enum err err = a == NULL ? ERR_NOMEM : data_request_find(rq->db, person_id, DATA_ACCESS, &id);

	if (err != OK || id == NIL)
		return err;
	return matter_act(rq, &data_kind, id, STR("hand_over"), &nothing, 0, REL_SYSTEM, a);
}

/* ---- opening the account ---- */

struct register_in {
	struct str code, login, password;
};
static const struct field register_field[] = {
	FIELD(register_in, code, F_STR, .flags = FIELD_REQUIRED, .min = 8, .max = 16),
	FIELD(register_in, login, F_STR, .flags = FIELD_REQUIRED, .min = 4, .max = 64),
	FIELD(register_in, password, F_STR, .flags = FIELD_REQUIRED, .min = 1, .max = 128),
};
const struct fields self_register_fields = FIELDS(register_in, register_field);

struct joining {
	struct req *rq;
	const struct register_in *in;
	unsigned char code[HASH_LEN];
	char password[PASSWORD_HASH];
	struct error why;
};

static enum err unknown_code(struct req *rq)
{
	return req_fail(rq, ERR_NOT_FOUND, "self.code", "code",
		"that code is not known, or was used, or is over: ask for another");
}

/* In a transaction: the code is used up, the account made, and whose it is. */
static enum err join(struct req *rq, const struct joining *j)
{
	struct account_new n = { .login = j->in->login, .name = j->in->login, .role = ROLE_RESIDENT };
	struct person p = { .id = NIL };
	int64_t person_id = NIL, by = NIL, user_id = NIL;
	enum err err = holder_code_take(rq->db, j->code, rq->now, &person_id, &by);

	if (err == ERR_NOT_FOUND)
		return unknown_code(rq);
	if (err == OK)
		err = entity_get_any(rq, &person_entity, person_id, &p);
	if (err != OK)
		return err;
	n.place = place_up(p.place, LEVEL_COMMUNITY);
	err = account_open(rq, &n, j->password, &user_id);
	if (err == OK)
		err = holder_put(rq->db, user_id, person_id, by, rq->now);
	return err != OK ? err : self_record(rq, user_id, "register", person_id);
}

static enum err join_tx(struct dbc *c, void *arg)
{
	struct joining *j = arg;
	struct req rq;
	enum err err;

	req_local(&rq, j->rq->app, c, j->rq->arena, NULL, j->rq->now);
	err = join(&rq, j);
	j->why = rq.err;
	req_local_done(&rq);
	return err;
}

/* Outside a transaction: a password is hashed only for whoever has a code. */
enum err self_register(struct req *rq, struct jw *out)
{
	struct joining j = { .rq = rq, .in = rq->in };
	bool known = false;
	enum err err;

	if (!may_try(rq, "register"))
		return req_fail(rq, ERR_LIMIT, "rate", "", "too many tries: wait a minute");
	self_code_hash(j.in->code, j.code);
	err = holder_code_known(rq->db, j.code, rq->now, &known);
	if (err == OK && !known)
		return unknown_code(rq);
	if (err == OK)
		err = account_hash(rq, j.in->login, j.in->password, j.password);
	if (err != OK)
		return err;
	err = db_write(rq->app->db, join_tx, &j);
	if (err != OK) {
		if (j.why.err != OK)
			rq->err = j.why;
		return err;
	}
	jw_obj(out);
	jw_kstr(out, "login", j.in->login);
	jw_end_obj(out);
	return OK;
}
