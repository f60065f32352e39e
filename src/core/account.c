/*
 * Signing in and out, passwords, and what the signed-in person is told about themselves.
 *
 * A password is hashed and checked on a worker thread, outside any transaction: it takes a twentieth of a
 * second and 19 MiB. An unknown login costs the same as a wrong password and is locked the same way,
 * so neither tells which logins exist.
 */
#include "core/account_impl.h"

#include <stdio.h>
#include <string.h>

#include "core/audit.h"
#include "core/notify.h"
#include "core/rate.h"

/* argon2id with the limits of crypto_password_hash, of a random text that nobody knows. */
static const char nobody_hash[] =
	"$argon2id$v=19$m=19456,t=2,p=1$fjSh9p/Ukxelq67QQL8YSg$1KxuKdek4qLPLUDPq5ilJ+31RWz6tp9rOKxAKKYNpMU";

struct account {
	int64_t id, active, locked_until;
	struct str login, name;
	const char *hash; /* NULL: no password set */
};

void csrf_of(struct str token, char ret[HASH_HEX])
{
	struct buf b;

	buf_init(&b, 256);
	buf_z(&b, "csrf ");
	buf_str(&b, token);
	crypto_sha256_hex(buf_view(&b), ret);
	buf_release(&b);
}

/* ---- passwords ---- */

enum err password_check(struct str password, struct str login, struct error *e)
{
	bool letter = false, digit = false, other = false;
	size_t n = str_runes(password);

	for (size_t i = 0; i < password.n; i++) {
		char c = password.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			letter = true;
		else if (c >= '0' && c <= '9')
			digit = true;
		else
			other = true;
	}
	if (password.p == NULL || n == SIZE_MAX || n < PASSWORD_MIN)
		return err_set(e, ERR_INVALID, "password.short", "password",
			"a password has at least %d characters", PASSWORD_MIN);
	if (n > PASSWORD_MAX)
		return err_set(e, ERR_INVALID, "password.long", "password",
			"a password has at most %d characters", PASSWORD_MAX);
	if (letter + digit + other < 2)
		return err_set(e, ERR_INVALID, "password.plain", "password",
			"use at least two of letters, digits and other characters");
	if (str_eq(password, login))
		return err_set(e, ERR_INVALID, "password.login", "password",
			"the password must differ from the login");
	return OK;
}

enum err password_store(struct dbc *c, int64_t user_id, const char *hash, int64_t keep, int64_t actor,
	int64_t now)
{
	const struct audit_entry entry = { .at = now, .actor = actor, .action = "password",
		.object = "user", .object_id = user_id };
	int64_t changed;
	enum err err = db_exec(c, account_sql[Q_ACCOUNT_PASSWORD],
		ARGS(I(user_id), Z(hash), I(now)), &changed);

	if (err == OK && changed != 1)
		return ERR_NOT_FOUND;
	if (err == OK)
		err = db_exec(c, account_sql[Q_ACCOUNT_SESSIONS_DROP],
			ARGS(I(user_id), I(keep == NIL ? 0 : keep)), NULL);
	return err != OK ? err : audit_add(c, &entry);
}

static enum err load_account(struct dbc *c, int query, struct arg by, struct arena *a, struct account *ret)
{
	struct rows *r = db_query(c, account_sql[query], &by, 1);
	bool found = rows_next(r);

	if (found) {
		struct str hash = row_str_at(r, 3);

		*ret = (struct account){
			.id = row_int_at(r, 0),
			.login = str_dup(a, row_str_at(r, 1)),
			.name = str_dup(a, row_str_at(r, 2)),
			.hash = hash.p != NULL ? str_cstr(a, hash) : NULL,
			.active = row_int_at(r, 4),
			.locked_until = row_int_at(r, 5),
		};
	}
	enum err err = rows_close(r);

	if (err != OK)
		return err;
	return arena_failed(a) ? ERR_NOMEM : found ? OK : ERR_NOT_FOUND;
}

enum err account_set_password(struct dbc *c, int64_t user_id, struct str password, int64_t now,
	struct error *e)
{
	struct arena *a = arena_new(1 << 16);
	struct account acc;
	char hash[128];

	if (a == NULL)
		return ERR_NOMEM;
	enum err err = load_account(c, Q_ACCOUNT_BY_ID, I(user_id), a, &acc);

	if (err == ERR_NOT_FOUND)
		err_set(e, err, "not_found", "id", "there is no such user");
	if (err == OK)
		err = password_check(password, acc.login, e);
	arena_free(a);
	if (err == OK)
		err = crypto_password_hash(password, hash);
	return err != OK ? err : password_store(c, user_id, hash, NIL, NIL, now);
}

/* ---- signing in ---- */

struct sign_in {
	const struct account *acc;
	const struct req *rq;
	struct str token, csrf;
	int64_t expires_at;
	int64_t locked_until; /* out */
};

static struct str hash_view(const unsigned char h[HASH_LEN])
{
	return (struct str){ (const char *)h, HASH_LEN };
}

static enum err audit_sign(struct dbc *c, const struct sign_in *s, const char *action)
{
	const struct audit_entry entry = { .at = s->rq->now, .actor = s->acc->id, .action = action,
		.object = "session", .object_id = s->acc->id };

	return audit_add(c, &entry);
}

static enum err sign_in_tx(struct dbc *c, void *arg)
{
	struct sign_in *s = arg;
	unsigned char token[HASH_LEN], csrf[HASH_LEN];
	int64_t id = db_new_id(c);
	struct rows *r;

	if (id == NIL)
		return ERR_RETRY;
	/* The password that was checked must still be the one that counts. */
	r = db_query(c, account_sql[Q_ACCOUNT_BY_ID], ARGS(I(s->acc->id)));
	bool same = rows_next(r) && row_int_at(r, 4) == 1 && str_eqz(row_str_at(r, 3), s->acc->hash);
	enum err err = rows_close(r);

	if (err == OK && !same)
		err = ERR_AUTH;
	if (err != OK)
		return err;
	crypto_sha256(s->token, token);
	crypto_sha256(s->csrf, csrf);
	err = db_exec(c, account_sql[Q_ACCOUNT_SESSION_PUT],
		ARGS(I(id), B(hash_view(token)), B(hash_view(csrf)), I(s->acc->id), I(s->rq->now),
			I(s->expires_at), T(s->rq->remote)), NULL);
	if (err == OK)
		err = db_exec(c, account_sql[Q_ACCOUNT_SIGNED_IN], ARGS(I(s->acc->id)), NULL);
	return err != OK ? err : audit_sign(c, s, "sign_in");
}

static enum err failed_tx(struct dbc *c, void *arg)
{
	struct sign_in *s = arg;
	int64_t until = s->rq->now + (int64_t)LOCK_MINUTES * MS_MINUTE;
	enum err err = db_int(c, account_sql[Q_ACCOUNT_FAILED],
		ARGS(I(s->acc->id), I(LOCK_AFTER), I(until)), &s->locked_until);

	if (err == OK)
		err = audit_sign(c, s, "sign_in.failed");
	if (err == OK && s->locked_until == until)
		err = audit_sign(c, s, "sign_in.locked");
	return err;
}

static enum err bad_credentials(struct req *rq)
{
	return req_fail(rq, ERR_AUTH, "auth.bad_credentials", "", "login or password is wrong");
}

static enum err locked(struct req *rq)
{
	return req_fail(rq, ERR_LIMIT, "auth.locked", "",
		"too many failed attempts; try again in %d minutes", LOCK_MINUTES);
}

/* A failure of a known login is counted in the store, of an unknown one in memory. */
static enum err count_failure(struct req *rq, const struct account *acc, struct str login)
{
	struct sign_in s = { .acc = acc, .rq = rq, .locked_until = NIL };

	if (acc == NULL)
		return rate_take(rq->app->rate, login, "sign-in", LOCK_AFTER,
			       (double)LOCK_AFTER / LOCK_MINUTES, rq->now)
			? bad_credentials(rq) : locked(rq);
	enum err err = db_write(rq->app->db, failed_tx, &s);

	return err != OK ? err : bad_credentials(rq);
}

static enum err verify(struct req *rq, const struct account *acc, struct str password, bool *ret)
{
	if (!heavy_enter(rq->app->sessions))
		return req_fail(rq, ERR_LIMIT, "auth.busy", "",
			"too many people are signing in at once; try again");
	*ret = crypto_password_verify(acc != NULL && acc->hash != NULL ? acc->hash : nobody_hash, password);
	heavy_leave(rq->app->sessions);
	return OK;
}

struct session_in {
	struct str login, password;
};
static const struct field session_field[] = {
	FIELD(session_in, login, F_STR, .min = 1, .max = 64, .flags = FIELD_REQUIRED),
	FIELD(session_in, password, F_STR, .min = 1, .max = PASSWORD_MAX, .flags = FIELD_REQUIRED),
};
static const struct fields session_fields = FIELDS(session_in, session_field);

static enum err authenticate(struct req *rq, const struct session_in *in, struct account *acc)
{
	enum err err = load_account(rq->db, Q_ACCOUNT_BY_LOGIN, T(in->login), rq->arena, acc);
	bool known = err == OK, good = false;

	if (err != OK && err != ERR_NOT_FOUND)
		return err;
	if (known && acc->locked_until != NIL && acc->locked_until > rq->now)
		return locked(rq);
	err = verify(rq, known ? acc : NULL, in->password, &good);
	if (err != OK)
		return err;
	if (known && good && acc->hash != NULL && acc->active == 1)
		return OK;
	return count_failure(rq, known ? acc : NULL, in->login);
}

/* ---- what one is told about oneself ---- */

static const struct member post_member[] = {
	{ "id", F_ID },
	{ "role", F_ENUM, .vocab = &role_vocab },
	{ "place", F_CODE },
	{ "place_name", F_STR, .null = true },
	{ "unit_id", F_ID, .null = true },
	{ "unit_name", F_STR, .null = true },
	{ "board", F_ENUM, .vocab = &track_vocab, .null = true },
	{ "standin", F_BOOL },
};
static const struct shape post_shape = { .name = "SessionPost", MEMBERS(post_member) };

static const struct member home_member[] = {
	{ "code", F_CODE },
	{ "name", F_STR },
	{ "level", F_ENUM, .vocab = &level_vocab },
};
static const struct shape home_shape = { .name = NULL, MEMBERS(home_member) };

static const struct member me_member[] = {
	{ "id", F_ID },
	{ "login", F_STR },
	{ "name", F_STR },
	{ "csrf", F_STR, .help = "value of X-CSRF-Token" },
	{ "expires_at", F_TIME },
	{ "posts", .of = &post_shape, .list = 1 },
	{ "perms", F_STR, .list = 1 },
	{ "home", .of = &home_shape, .null = true },
};
static const struct shape me_shape = { .name = "Me", MEMBERS(me_member) };

static void write_posts(const struct req *rq, const struct principal *who, struct jw *out)
{
	const struct snap *s = req_snap(rq);

	jw_karr(out, "posts");
	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];

		jw_obj(out);
		jw_kid(out, "id", p->id);
		jw_kz(out, "role", role_name(p->role));
		jw_kid(out, "place", p->lo);
		jw_kstr(out, "place_name", snap_place_name(s, p->lo));
		jw_kid(out, "unit_id", p->unit_id);
		jw_kstr(out, "unit_name", snap_unit_name(s, p->unit_id));
		jw_kz(out, "board", p->board != TRACK_NONE ? vocab_word(&track_vocab, p->board) : NULL);
		jw_kbool(out, "standin", p->standin);
		jw_end_obj(out);
	}
	jw_end_arr(out);
}

/* Where the screens open: the widest place among the posts. */
static void write_home(const struct req *rq, const struct principal *who, struct jw *out)
{
	const struct post *home = NULL;

	for (size_t i = 0; i < who->nposts; i++) {
		if (home == NULL || who->post[i].hi - who->post[i].lo > home->hi - home->lo)
			home = &who->post[i];
	}
	jw_key(out, "home");
	if (home == NULL) {
		jw_null(out);
		return;
	}
	jw_obj(out);
	jw_kid(out, "code", home->lo);
	jw_kstr(out, "name", snap_place_name(req_snap(rq), home->lo));
	jw_kz(out, "level", vocab_word(&level_vocab, place_level(home->lo)));
	jw_end_obj(out);
}

static void write_perm(const char *perm, void *arg)
{
	jw_z(arg, perm);
}

static void write_me(const struct req *rq, const struct principal *who, const char *csrf, struct jw *out)
{
	jw_obj(out);
	jw_kid(out, "id", who->user_id);
	jw_kstr(out, "login", who->login);
	jw_kstr(out, "name", who->name);
	jw_kz(out, "csrf", csrf);
	jw_ktime(out, "expires_at", who->expires_at);
	write_posts(rq, who, out);
	jw_karr(out, "perms");
	perms_each(who, write_perm, out);
	jw_end_arr(out);
	write_home(rq, who, out);
	jw_end_obj(out);
}

/* ---- handlers ---- */

static const struct member signed_in_member[] = {
	{ "token", F_STR, .help = "for Authorization: Bearer" },
	{ "csrf", F_STR },
	{ "expires_at", F_TIME },
	{ "user", .of = &me_shape },
};
static const struct shape signed_in_shape = { .name = "SignedIn", MEMBERS(signed_in_member) };
static const struct member signed_out_member[] = { { "signed_out", F_BOOL } };
static const struct shape signed_out_shape = { .name = "SignedOut", MEMBERS(signed_out_member) };
static const struct member changed_member[] = { { "changed", F_BOOL } };
static const struct shape changed_shape = { .name = "Changed", MEMBERS(changed_member) };

static enum err session_create(struct req *rq, struct jw *out)
{
	struct account acc;
	char token[TOKEN_TEXT], csrf[HASH_HEX];
	const struct principal *who;
	enum err err = authenticate(rq, rq->in, &acc);

	if (err != OK)
		return err;
	crypto_token(token);
	csrf_of(str_z(token), csrf);
	struct sign_in s = { .acc = &acc, .rq = rq, .token = str_z(token), .csrf = str_z(csrf),
		.expires_at = rq->now + (int64_t)SESSION_HOURS * MS_HOUR };

	err = db_write(rq->app->db, sign_in_tx, &s);
	if (err == ERR_AUTH)
		return bad_credentials(rq);
	if (err == OK)
		err = principal_of(rq->app, rq->db, str_z(token), rq->now, &who);
	if (err != OK)
		return err;
	rq->reply.status = 201;
	rq->reply.cookie = str_fmt(rq->arena,
		"gezhi_session=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d", token,
		SESSION_HOURS * 3600);
	jw_obj(out);
	jw_kz(out, "token", token);
	jw_kz(out, "csrf", csrf);
	jw_ktime(out, "expires_at", s.expires_at);
	jw_key(out, "user");
	write_me(rq, who, csrf, out);
	jw_end_obj(out);
	principal_put(who);
	return OK;
}

static enum err session_get(struct req *rq, struct jw *out)
{
	char csrf[HASH_HEX];

	csrf_of(rq->token, csrf);
	write_me(rq, rq->who, csrf, out);
	return OK;
}

static enum err sign_out_tx(struct dbc *c, void *arg)
{
	const struct req *rq = arg;
	const struct audit_entry entry = { .at = rq->now, .actor = rq->who->user_id, .action = "sign_out",
		.object = "session", .object_id = rq->who->user_id };
	const struct message msg = { .topic = "account", .at = rq->now, .about = { .id = NIL },
		.user_id = rq->who->user_id, .data = STR("{}") };
	enum err err = db_exec(c, account_sql[Q_ACCOUNT_SESSION_DROP], ARGS(I(rq->who->session_id)), NULL);

	if (err == OK)
		err = audit_add(c, &entry);
	return err != OK ? err : notify_add(c, &msg);
}

static enum err session_delete(struct req *rq, struct jw *out)
{
	enum err err = db_write(rq->app->db, sign_out_tx, rq);

	if (err != OK)
		return err;
	principal_forget(rq->app, rq->who->user_id);
	rq->reply.cookie = STR("gezhi_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
	jw_obj(out);
	jw_kbool(out, "signed_out", true);
	jw_end_obj(out);
	return OK;
}

struct change_in {
	struct str old, new;
};
static const struct field change_field[] = {
	FIELD(change_in, old, F_STR, .min = 1, .max = PASSWORD_MAX, .flags = FIELD_REQUIRED),
	FIELD(change_in, new, F_STR, .min = 1, .max = PASSWORD_MAX, .flags = FIELD_REQUIRED),
};
static const struct fields change_fields = FIELDS(change_in, change_field);

struct change {
	struct req *rq;
	int64_t user_id, keep;
	char hash[128];
};

static enum err change_tx(struct dbc *c, void *arg)
{
	struct change *ch = arg;
	const struct message msg = { .topic = "account", .at = ch->rq->now, .about = { .id = NIL },
		.user_id = ch->user_id, .data = STR("{}") };
	enum err err = password_store(c, ch->user_id, ch->hash, ch->keep, ch->rq->who->user_id, ch->rq->now);

	return err != OK ? err : notify_add(c, &msg);
}

/* One of the few at once. */
static enum err hash(struct req *rq, struct str password, char ret[PASSWORD_HASH])
{
	enum err err;

	if (!heavy_enter(rq->app->sessions))
		return req_fail(rq, ERR_LIMIT, "auth.busy", "", "the server is busy; try again");
	err = crypto_password_hash(password, ret);
	heavy_leave(rq->app->sessions);
	return err;
}

enum err account_hash(struct req *rq, struct str login, struct str password, char ret[PASSWORD_HASH])
{
	enum err err = password_check(password, login, &rq->err);

	return err != OK ? err : hash(rq, password, ret);
}

/* Hashes outside, stores inside a transaction, forgets afterwards. */
static enum err change_password(struct req *rq, int64_t user_id, int64_t keep, struct str password)
{
	struct change ch = { .rq = rq, .user_id = user_id, .keep = keep };
	enum err err = hash(rq, password, ch.hash);

	if (err == OK)
		err = db_write(rq->app->db, change_tx, &ch);
	if (err == OK)
		principal_forget(rq->app, user_id);
	return err;
}

static enum err reply_changed(struct jw *out)
{
	jw_obj(out);
	jw_kbool(out, "changed", true);
	jw_end_obj(out);
	return OK;
}

static enum err session_password(struct req *rq, struct jw *out)
{
	const struct change_in *in = rq->in;
	struct account acc;
	bool good = false;
	enum err err = load_account(rq->db, Q_ACCOUNT_BY_ID, I(rq->who->user_id), rq->arena, &acc);

	if (err == OK && acc.locked_until != NIL && acc.locked_until > rq->now)
		return locked(rq);
	if (err == OK)
		err = verify(rq, &acc, in->old, &good);
	if (err == OK && (!good || acc.hash == NULL)) {
		err = count_failure(rq, &acc, acc.login);
		return err != ERR_AUTH ? err
				       : req_fail(rq, ERR_INVALID, "auth.bad_credentials", "old",
						 "the old password is wrong");
	}
	if (err == OK && str_eq(in->old, in->new))
		err = req_fail(rq, ERR_INVALID, "password.same", "new", "the new password is the old one");
	if (err == OK)
		err = password_check(in->new, acc.login, &rq->err);
	if (err == OK)
		err = change_password(rq, acc.id, rq->who->session_id, in->new);
	if (err != OK)
		return err;
	rq->reply.status = 200;
	return reply_changed(out);
}

struct password_in {
	struct str password;
};
static const struct field password_field[] = {
	FIELD(password_in, password, F_STR, .min = 1, .max = PASSWORD_MAX, .flags = FIELD_REQUIRED),
};
static const struct fields password_fields = FIELDS(password_in, password_field);

static enum err user_password(struct req *rq, struct jw *out)
{
	const struct password_in *in = rq->in;
	struct account acc;
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err == OK)
		err = load_account(rq->db, Q_ACCOUNT_BY_ID, I(id), rq->arena, &acc);
	if (err == ERR_NOT_FOUND)
		return req_fail(rq, err, "not_found", "id", "there is no such user");
	if (err == OK)
		err = password_check(in->password, acc.login, &rq->err);
	if (err == OK)
		err = change_password(rq, id, NIL, in->password);
	if (err != OK)
		return err;
	rq->reply.status = 200;
	return reply_changed(out);
}

static const struct route account_route[] = {
	{ .method = M_POST, .path = "/api/session", .flags = ROUTE_PUBLIC | ROUTE_NO_TX,
		.in = &session_fields, .reply = &signed_in_shape, .max_body = 4096, .per_minute = SIGN_INS_PER_MINUTE,
		.fn = session_create, .id = "createSession",
		.summary = "Sign in" },
	{ .method = M_GET, .path = "/api/session", .flags = ROUTE_SIGNED_IN | ROUTE_QUICK,
		.reply = &me_shape, .fn = session_get, .id = "getSession", .summary = "Who am I, with posts and permissions" },
	{ .method = M_DELETE, .path = "/api/session", .flags = ROUTE_SIGNED_IN | ROUTE_NO_TX,
		.reply = &signed_out_shape, .fn = session_delete, .id = "deleteSession", .summary = "Sign out" },
	{ .method = M_POST, .path = "/api/session/password", .flags = ROUTE_SIGNED_IN | ROUTE_NO_TX,
		.in = &change_fields, .reply = &changed_shape, .max_body = 4096, .fn = session_password, .id = "changePassword",
		.summary = "Change one's own password; ends one's other sessions" },
	{ .method = M_POST, .path = "/api/users/{id}/password", .perm = "user.write", .flags = ROUTE_NO_TX,
		.in = &password_fields, .reply = &changed_shape, .max_body = 4096, .fn = user_password, .id = "setUserPassword",
		.summary = "Give a user a new password; ends the user's sessions" },
};

static const struct entity *const account_entities[] = { &user_entity, &post_entity, &unit_entity, NULL };

const struct module account_module = {
	.name = "account",
	.entity = account_entities,
	.route = account_route,
	.nroute = ARRAY_LEN(account_route),
	.sql = account_sql,
	.nsql = Q_ACCOUNT_SQL_MAX,
};
