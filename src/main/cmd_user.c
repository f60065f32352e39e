/*
 * gezhi user: accounts and posts without the web, above all the first ones. Acts as the system, through
 * the same tables and rules as the web's administration.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/account.h"
#include "core/entity.h"
#include "main/cli.h"
#include "main/main_db.h"

enum { USER_ARENA = 4 << 20, PASSWORD_BYTES = 1024 };

static const struct option options[] = {
	SET_DB,
	SET(password_stdin, OPT_FLAG, .name = "password-stdin", .help = "read the password from standard input"),
	SET(role, OPT_TEXT, .name = "role", .help = "role of the post, e.g. district_admin"),
	SET(place, OPT_TEXT, .name = "place", .help = "position code of the post, whole or its leading digits"),
	SET(unit, OPT_TEXT, .name = "unit", .help = "unit of the post: its alias or number"),
	SET(board, OPT_TEXT, .name = "board", .help = "track the post is for: party, economy, livelihood or peace"),
	SET_KEY,
	SET_LOG("warn"),
};

struct task {
	struct run *r;
	struct app *app;
	const char *login, *name; /* name NULL: the account exists */
	struct str password;	  /* absent: not set */
	bool post;
	struct error e;
};

/* ---- rows ---- */

static enum err set_field(struct req *rq, const struct entity *en, void *rec, const char *name, const char *text)
{
	const struct field *f = fields_find(&en->fields, str_z(name));

	if (text == NULL)
		return OK;
	return f != NULL ? field_from_text(f, str_z(text), rq->arena, rec, &rq->err) : ERR_BUG;
}

static void set_id(const struct entity *en, void *rec, const char *name, int64_t id)
{
	const struct field *f = fields_find(&en->fields, str_z(name));

	if (f != NULL)
		field_set_int(f, rec, id);
}

static enum err add_user(struct req *rq, const struct task *t, int64_t *ret_id)
{
	void *rec = arena_alloc(rq->arena, user_entity.fields.size);
	enum err err;

	if (rec == NULL)
		return ERR_NOMEM;
	fields_clear(&user_entity.fields, rec);
	err = set_field(rq, &user_entity, rec, "login", t->login);
	if (err == OK)
		err = set_field(rq, &user_entity, rec, "name", t->name);
	return err != OK ? err : entity_insert(rq, &user_entity, rec, ret_id);
}

static enum err find_unit(struct req *rq, const char *word, int64_t *ret)
{
	enum err err;

	if (word == NULL || str_i64(str_z(word), ret))
		return OK;
	err = db_int(rq->db, main_sql[Q_USER_UNIT], ARGS(Z(word)), ret);
	return err == ERR_NOT_FOUND ? req_fail(rq, err, "reference", "unit", "there is no unit %.60s", word) : err;
}

static enum err add_post(struct req *rq, const struct settings *s, int64_t user_id)
{
	void *rec = arena_alloc(rq->arena, post_entity.fields.size);
	int64_t unit = NIL, code, id;
	char text[18];
	enum err err;

	if (rec == NULL)
		return ERR_NOMEM;
	if (!place_parse(str_z(s->place), &code))
		return req_fail(rq, ERR_INVALID, "place", "place", "%.40s is no position code", s->place);
	place_text(code, text);
	fields_clear(&post_entity.fields, rec);
	set_id(&post_entity, rec, "user_id", user_id);
	err = find_unit(rq, s->unit, &unit);
	set_id(&post_entity, rec, "unit_id", unit);
	if (err == OK)
		err = set_field(rq, &post_entity, rec, "role", s->role);
	if (err == OK)
		err = set_field(rq, &post_entity, rec, "place", text);
	if (err == OK)
		err = set_field(rq, &post_entity, rec, "board", s->board);
	return err != OK ? err : entity_insert(rq, &post_entity, rec, &id);
}

static enum err task_run(struct req *rq, const struct task *t)
{
	int64_t id = NIL;
	enum err err = t->name != NULL ? add_user(rq, t, &id)
				       : db_int(rq->db, main_sql[Q_USER_ID], ARGS(Z(t->login)), &id);

	if (err == ERR_NOT_FOUND)
		err = req_fail(rq, err, "not_found", "login", "there is no account %.60s", t->login);
	if (err == OK && t->password.p != NULL)
		err = account_set_password(rq->db, id, t->password, rq->now, &rq->err);
	if (err == OK && t->post)
		err = add_post(rq, &t->r->set, id);
	return err;
}

static enum err task_tx(struct dbc *c, void *arg)
{
	struct task *t = arg;
	struct arena *a = arena_new(USER_ARENA);
	struct req rq;

	if (a == NULL)
		return ERR_NOMEM;
	req_local(&rq, t->app, c, a, NULL, time_now());
	enum err err = task_run(&rq, t);

	t->e = rq.err;
	req_local_done(&rq);
	arena_free(a);
	return err;
}

static int finish(struct task *t, const char *done)
{
	enum err err = cli_open_app(t->r, false, &t->app);

	if (err == OK)
		err = db_write(t->app->db, task_tx, t);
	if (t->e.message[0] != '\0')
		t->r->e = t->e;
	app_close(t->app);
	if (err != OK)
		return cli_fail(t->r, err);
	printf("%s %s\n", t->login, done);
	return EXIT_OK;
}

/* ---- commands ---- */

/* The first line of standard input. */
static bool read_password(char *line, size_t n, struct str *ret)
{
	size_t len;

	if (fgets(line, (int)n, stdin) == NULL)
		return false;
	len = strcspn(line, "\r\n");
	*ret = (struct str){ line, len };
	return len > 0;
}

static bool wants_post(const struct settings *s)
{
	return s->role != NULL || s->place != NULL || s->unit != NULL || s->board != NULL;
}

static int add(struct run *r)
{
	char line[PASSWORD_BYTES];
	struct task t = { .r = r, .login = r->set.operand[1], .name = r->set.operand[2], .post = wants_post(&r->set) };

	if (r->set.noperand != 3)
		return cli_usage(r, "add takes LOGIN and NAME");
	if (t.post && (r->set.role == NULL || r->set.place == NULL))
		return cli_usage(r, "a post needs --role and --place");
	if (r->set.password_stdin && !read_password(line, sizeof(line), &t.password))
		return cli_usage(r, "there is no password on standard input");
	return finish(&t, t.password.p != NULL ? "added" : "added, without a password yet");
}

static int password(struct run *r)
{
	char line[PASSWORD_BYTES];
	struct task t = { .r = r, .login = r->set.operand[1] };

	if (r->set.noperand != 2 || !r->set.password_stdin)
		return cli_usage(r, "password takes LOGIN and --password-stdin");
	if (!read_password(line, sizeof(line), &t.password))
		return cli_usage(r, "there is no password on standard input");
	return finish(&t, "has a new password");
}

static int grant(struct run *r)
{
	struct task t = { .r = r, .login = r->set.operand[1], .post = true };

	if (r->set.noperand != 2 || r->set.role == NULL || r->set.place == NULL)
		return cli_usage(r, "grant takes LOGIN, --role and --place");
	return finish(&t, "has the post");
}

static enum err print_users(struct dbc *c)
{
	struct rows *q = db_query(c, main_sql[Q_USER_LIST], ARGS(I(time_now())));
	int64_t last = NIL;

	while (rows_next(q)) {
		int64_t id = row_int_at(q, 0), role = row_int_at(q, 4);
		struct str login = row_str_at(q, 1), name = row_str_at(q, 2);
		char place[18];

		if (id != last)
			printf("%s%.*s\t%.*s\t%s\t", last == NIL ? "" : "\n", (int)login.n, login.p, (int)name.n, name.p,
				row_int_at(q, 3) ? "active" : "closed");
		else
			fputs(", ", stdout);
		last = id;
		if (role == NIL)
			continue;
		place_text(row_int_at(q, 5), place);
		printf("%s@%s", role_name((enum role)role), place);
	}
	if (last != NIL)
		putchar('\n');
	return rows_close(q);
}

static int list(struct run *r)
{
	struct db *db = NULL;
	struct dbc *c = NULL;
	enum err err;

	if (r->set.noperand != 1)
		return cli_usage(r, "list takes no further words");
	err = cli_open_db(r, true, &db);
	if (err == OK)
		err = db_reader_open(db, &c);
	if (err == OK)
		err = print_users(c);
	dbc_free(c);
	db_close(db);
	return err == OK ? EXIT_OK : cli_fail(r, err);
}

static int run(struct run *r)
{
	static const struct {
		const char *name;
		int (*fn)(struct run *r);
	} sub[] = { { "add", add }, { "password", password }, { "grant", grant }, { "list", list } };

	for (size_t i = 0; i < ARRAY_LEN(sub); i++) {
		if (strcmp(r->set.operand[0], sub[i].name) == 0)
			return sub[i].fn(r);
	}
	return cli_usage(r, "the first word is add, password, grant or list");
}

const struct command cmd_user = {
	.name = "user",
	.operands = "add LOGIN NAME | password LOGIN | grant LOGIN | list",
	.summary = "accounts and their posts",
	.help = "  add LOGIN NAME [--password-stdin] [--role ROLE --place CODE]\n"
		"  password LOGIN --password-stdin\n"
		"  grant LOGIN --role ROLE --place CODE [--unit UNIT] [--board TRACK]\n"
		"  list\n"
		"A new password ends the account's sessions.\n",
	.min = 1,
	.max = 3,
	.options = SET_TABLE(options),
	.run = run,
};
