/*
 * Users, posts and units as entity tables, with the rules that keep power where it is: a post is
 * granted only inside the granter's own area and never above the granter's role, and whoever audits
 * holds no other post.
 */
#include "core/account_impl.h"

#include "core/entity.h"
#include "core/notify.h"

static const char *const unit_kind_word[] = { "department", "centre", "board", "community", "grid",
	"company", NULL };
static const struct vocab unit_kind_vocab = { "unit_kind", unit_kind_word };

static void default_to(int64_t *field, int64_t v)
{
	if (*field == NIL)
		*field = v;
}

enum err account_changed(struct req *rq, int64_t user_id)
{
	const struct message msg = { .topic = "account", .at = rq->now, .about = { .id = NIL },
		.user_id = user_id, .data = STR("{}") };

	if (rq->app->sessions != NULL)
		principal_forget(rq->app, user_id);
	return notify_add(rq->db, &msg);
}

/* ---- users ---- */

struct user {
	int64_t id, version;
	struct str login, name;
	int64_t active, demo, on_leave_until, locked_until;
};

static const struct field user_field[] = {
	FIELD(user, id, F_ID, .flags = FIELD_READONLY | FIELD_SORT),
	FIELD(user, version, F_INT),
	FIELD(user, login, F_STR, .min = 2, .max = 64,
		.flags = FIELD_REQUIRED | FIELD_UNIQUE | FIELD_CREATE | FIELD_SEARCH | FIELD_SORT | FIELD_FILTER),
	FIELD(user, name, F_STR, .min = 1, .max = 64, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT),
	FIELD(user, active, F_BOOL, .flags = FIELD_FILTER | FIELD_ALWAYS),
	FIELD(user, demo, F_BOOL, .flags = FIELD_HIDDEN),
	FIELD(user, on_leave_until, F_TIME),
	FIELD(user, locked_until, F_TIME, .flags = FIELD_READONLY),
};

static bool login_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
	       c == '-' || c == '_' || c == '@';
}

static enum err user_check(struct req *rq, const void *old, void *rec)
{
	struct user *u = rec;

	(void)old;
	default_to(&u->active, 1);
	default_to(&u->demo, 0);
	for (size_t i = 0; i < u->login.n; i++) {
		if (!login_char(u->login.p[i]))
			return req_fail(rq, ERR_INVALID, "login.characters", "login",
				"a login has letters, digits and . - _ @ only");
	}
	if (rq->who != NULL && rq->who->user_id == u->id && u->active == 0)
		return req_fail(rq, ERR_CONFLICT, "user.self", "active", "you cannot close your own account");
	return OK;
}

static enum err user_after(struct req *rq, const void *old, const void *rec)
{
	const struct user *u = rec, *was = old;

	if (was == NULL)
		return OK;
	if (u->active == 0 && was->active != 0) {
		enum err err = db_exec(rq->db, account_sql[Q_ACCOUNT_SESSIONS_DROP], ARGS(I(u->id), I(0)), NULL);

		if (err != OK)
			return err;
	}
	/* A leave begins or ends other people's posts as stand-ins. */
	return account_changed(rq, u->on_leave_until != was->on_leave_until ? NIL : u->id);
}

const struct entity user_entity = {
	.name = "user",
	.table = "account",
	.path = "users",
	.fields = FIELDS(user, user_field),
	.read = "user.read",
	.write = "user.write",
	.order = "login",
	.check = user_check,
	.after = user_after,
};

/* ---- posts ---- */

struct post_row {
	int64_t id, version, user_id, role, place, unit_id, board, backup_of, valid_from, valid_to;
};

static const struct field post_field[] = {
	FIELD(post_row, id, F_ID, .flags = FIELD_READONLY | FIELD_SORT),
	FIELD(post_row, version, F_INT),
	FIELD(post_row, user_id, F_ID, .ref = "user", .flags = FIELD_REQUIRED | FIELD_CREATE | FIELD_FILTER),
	FIELD(post_row, role, F_ENUM, .vocab = &role_vocab, .flags = FIELD_REQUIRED | FIELD_FILTER),
	FIELD(post_row, place, F_CODE,
		.flags = FIELD_REQUIRED | FIELD_SCOPE | FIELD_FILTER | FIELD_SORT),
	FIELD(post_row, unit_id, F_ID, .ref = "unit", .flags = FIELD_FILTER),
	FIELD(post_row, board, F_ENUM, .vocab = &track_vocab, .flags = FIELD_FILTER | FIELD_ALWAYS),
	FIELD(post_row, backup_of, F_ID, .ref = "post", .flags = FIELD_FILTER),
	FIELD(post_row, valid_from, F_TIME),
	FIELD(post_row, valid_to, F_TIME),
};

/* Roles of the workforce are listed in scope.h from the highest down; the two that look over
 * everything stand outside that ladder and only the district grants them. */
static bool may_grant(const struct principal *who, int64_t role)
{
	if (who->roles & ROLE(DISTRICT_ADMIN))
		return true;
	if (role == ROLE_AUDITOR || role == ROLE_DISTRICT_VIEWER)
		return false;
	for (size_t i = 0; i < who->nposts; i++) {
		if (((perm_roles("post.write") >> who->post[i].role) & 1) && (int64_t)who->post[i].role <= role)
			return true;
	}
	return false;
}

static enum err check_grant(struct req *rq, const struct post_row *was, const struct post_row *p)
{
	if (rq->who == NULL)
		return OK;
	if (!may_at(rq->who, "post.write", p->place) || (was != NULL && !may_at(rq->who, "post.write", was->place)))
		return req_fail(rq, ERR_INVALID, "post.area", "place", "that place is outside your area");
	if (!may_grant(rq->who, p->role) || (was != NULL && !may_grant(rq->who, was->role)))
		return req_fail(rq, ERR_DENIED, "post.role", "role", "you cannot grant or change this role");
	return OK;
}

/* The auditor is separate from those who are audited. */
static enum err check_separation(struct req *rq, const struct post_row *p)
{
	struct rows *r;
	bool mixed = false;

	if (p->valid_to != NIL && p->valid_to <= rq->now)
		return OK;
	r = db_query(rq->db, account_sql[Q_ACCOUNT_OTHER_POSTS], ARGS(I(p->user_id), I(p->id), I(rq->now)));
	while (rows_next(r))
		mixed = mixed || (row_int_at(r, 0) == ROLE_AUDITOR) != (p->role == ROLE_AUDITOR);
	enum err err = rows_close(r);

	if (err == OK && mixed)
		err = req_fail(rq, ERR_CONFLICT, "post.separation", "role",
			"an auditor holds no other post; end the others first");
	return err;
}

static enum err check_backup(struct req *rq, const struct post_row *p)
{
	struct rows *r;
	bool found, own = false, chain = false;
	int64_t n = 0;

	if (p->backup_of == NIL)
		return OK;
	r = db_query(rq->db, account_sql[Q_ACCOUNT_POST], ARGS(I(p->backup_of)));
	found = rows_next(r);
	if (found) {
		own = row_int_at(r, 0) == p->user_id || p->backup_of == p->id;
		chain = row_int_at(r, 3) != NIL;
	}
	enum err err = rows_close(r);

	if (err == OK)
		err = db_int(rq->db, account_sql[Q_ACCOUNT_STANDINS], ARGS(I(p->id)), &n);
	if (err != OK)
		return err;
	if (!found || own)
		return req_fail(rq, ERR_INVALID, "post.backup", "backup_of",
			"a stand-in stands in for somebody else's post");
	if (chain || n > 0)
		return req_fail(rq, ERR_INVALID, "post.backup", "backup_of",
			"a stand-in's post has no stand-in of its own");
	return OK;
}

static enum err post_check(struct req *rq, const void *old, void *rec)
{
	struct post_row *p = rec;
	enum err err;

	default_to(&p->board, TRACK_NONE);
	if (p->role == NIL || p->role < 0 || p->role >= ROLE_MAX)
		return req_fail(rq, ERR_INVALID, "required", "role", "a post needs a role");
	if (snap_place(req_snap(rq), p->place) == NULL)
		return req_fail(rq, ERR_INVALID, "reference", "place", "there is no such place");
	if (p->valid_from != NIL && p->valid_to != NIL && p->valid_to <= p->valid_from)
		return req_fail(rq, ERR_INVALID, "range", "valid_to", "a post ends after it begins");
	err = check_grant(rq, old, p);
	if (err == OK)
		err = check_separation(rq, p);
	return err != OK ? err : check_backup(rq, p);
}

static enum err post_after(struct req *rq, const void *old, const void *rec)
{
	const struct post_row *p = rec != NULL ? rec : old;
	int64_t n;
	/* The end of a post is the end of its stand-ins. */
	enum err err = db_int(rq->db, account_sql[Q_ACCOUNT_STANDINS], ARGS(I(p->id)), &n);

	return err != OK ? err : account_changed(rq, n > 0 ? NIL : p->user_id);
}

static const struct member post_more[] = {
	{ "place_name", F_STR, .null = true },
	{ "unit_name", F_STR, .null = true },
	{ "login", F_STR, .maybe = true },
	{ "user_name", F_STR, .maybe = true },
};
static const struct shape post_more_row = { .name = NULL, MEMBERS(post_more) };

static void post_extra_row(struct req *rq, const struct entity *e, const void *rec, struct jw *out)
{
	const struct post_row *p = rec;
	struct rows *r = db_query(rq->db, account_sql[Q_ACCOUNT_NAME], ARGS(I(p->user_id)));

	entity_place_name(rq, e, rec, out);
	jw_kstr(out, "unit_name", snap_unit_name(req_snap(rq), p->unit_id));
	if (rows_next(r)) {
		jw_kstr(out, "login", row_str_at(r, 0));
		jw_kstr(out, "user_name", row_str_at(r, 1));
	}
	enum err ignored = rows_close(r);

	(void)ignored; /* a name only; a broken connection shows at the next statement */
}

const struct entity post_entity = {
	.name = "post",
	.table = "post",
	.path = "posts",
	.fields = FIELDS(post_row, post_field),
	.read = "post.read",
	.write = "post.write",
	.order = "id", .flags = ENTITY_CARRY,
	.check = post_check,
	.after = post_after,
	.extra_row = post_extra_row,
	.more_row = &post_more_row,
};

enum err account_open(struct req *rq, const struct account_new *n, const char *hash, int64_t *ret_user)
{
	struct user u;
	struct post_row p;
	int64_t id = NIL;
	enum err err;

	fields_clear(&user_entity.fields, &u);
	u.login = n->login;
	u.name = n->name;
	err = entity_insert(rq, &user_entity, &u, ret_user);
	if (err != OK)
		return err;
	fields_clear(&post_entity.fields, &p);
	p.user_id = *ret_user;
	p.role = n->role;
	p.place = n->place;
	err = entity_insert(rq, &post_entity, &p, &id);
	return err != OK ? err : password_store(rq->db, *ret_user, hash, NIL, *ret_user, rq->now);
}

/* ---- units ---- */

struct unit_row {
	int64_t id, version;
	struct str name, alias;
	int64_t kind, place, board, active;
};

/* Not under scope: a street sends matters to the district's departments, so it must see them. */
static const struct field unit_field[] = {
	FIELD(unit_row, id, F_ID, .flags = FIELD_READONLY | FIELD_SORT),
	FIELD(unit_row, version, F_INT),
	FIELD(unit_row, name, F_STR, .min = 1, .max = 100,
		.flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT),
	FIELD(unit_row, alias, F_STR, .min = 1, .max = 40, .flags = FIELD_UNIQUE | FIELD_SEARCH | FIELD_FILTER),
	FIELD(unit_row, kind, F_ENUM, .vocab = &unit_kind_vocab, .flags = FIELD_REQUIRED | FIELD_FILTER),
	FIELD(unit_row, place, F_CODE, .flags = FIELD_REQUIRED | FIELD_SORT),
	FIELD(unit_row, board, F_ENUM, .vocab = &track_vocab, .flags = FIELD_FILTER | FIELD_ALWAYS),
	FIELD(unit_row, active, F_BOOL, .flags = FIELD_FILTER | FIELD_ALWAYS),
};

static enum err unit_check(struct req *rq, const void *old, void *rec)
{
	struct unit_row *u = rec;

	(void)old;
	default_to(&u->board, TRACK_NONE);
	default_to(&u->active, 1);
	if (snap_place(req_snap(rq), u->place) == NULL)
		return req_fail(rq, ERR_INVALID, "reference", "place", "there is no such place");
	if (rq->who != NULL && !may_at(rq->who, "unit.write", u->place))
		return req_fail(rq, ERR_INVALID, "scope", "place", "that place is outside your area");
	return OK;
}


const struct entity unit_entity = {
	.name = "unit",
	.table = "unit",
	.path = "units",
	.fields = FIELDS(unit_row, unit_field),
	.read = "unit.read",
	.write = "unit.write",
	.flags = ENTITY_CONFIG,
	.order = "name",
	.check = unit_check,
	.extra_row = entity_place_name,
	.more_row = &entity_place_name_shape,
};
