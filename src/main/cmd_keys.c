/* Changing the keys of identifiers at rest. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/secret.h"
#include "main/cli.h"

static const struct option keys_options[] = { SET_DB, SET_KEY, SET_LOG("warn") };

static void told(void *arg, const char *table, const char *column, int64_t values)
{
	(void)arg;
	if (values > 0)
		printf("%s.%s: %" PRId64 "\n", table, column, values);
}

/* So that an interruption is noticed also in a store that kept no name of its key so far. */
static enum err keep(struct dbc *c, void *arg)
{
	return secret_keys_keep(arg, c);
}

/* A change that was interrupted goes on with the key it made. */
static enum err renew(struct run *r, struct app *app)
{
	struct dbc *c = NULL;
	bool unfinished = false;
	enum err err = db_write(app->db, keep, app);

	if (err == OK)
		err = db_reader_open(app->db, &c);
	if (err == OK)
		err = secret_keys_fit(app, c, false, &r->e);
	unfinished = err == ERR_CONFLICT && strcmp(r->e.code, "keys.unfinished") == 0;
	dbc_free(c);
	if (!unfinished)
		return err != OK ? err : keys_renew(r->key_file, &app->keys, &r->e);
	puts("going on with the change that was begun");
	r->e = (struct error){ .err = OK };
	return OK;
}

static int keys(struct run *r)
{
	struct app *app = NULL;
	struct secret_walk w = { .told = told };
	enum err err;

	if (strcmp(r->set.operand[0], "rotate") != 0)
		return cli_usage(r, "the only keys command is rotate");
	r->alone = true;
	err = cli_open_app(r, false, &app);
	w.app = app;
	if (err == OK)
		err = renew(r, app);
	if (err == OK)
		err = secret_rotate(&w, &r->e);
	app_close(app);
	if (err != OK)
		return cli_fail(r, err);
	puts("everything is sealed under the new key; keep the key file, it opens older copies of "
	     "the store too");
	return EXIT_OK;
}

const struct command cmd_keys = {
	.name = "keys",
	.operands = "rotate --db STORE",
	.summary = "make new keys and seal all identifiers under them",
	.help = "Stop the server first: every program that uses the key file. After an "
		"interruption call it again;\n"
		"until it has come to its end nothing else opens the store. Older keys stay in the "
		"file.\n",
	.min = 1,
	.max = 1,
	.options = SET_TABLE(keys_options),
	.run = keys,
};
