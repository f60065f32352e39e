/*
 * The command line. So far it cares for a store: bringing its schema up to date, checking it, copying it
 * while in use, and verifying the audit chains. Exit codes: 0 done, 1 it failed or something is wrong,
 * 2 the call's words are off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "core/audit.h"
#include "core/migrations.h"

struct call_args {
	const char *db, *operand;
};

struct command {
	const char *name, *operand, *help;
	enum err (*run)(struct db *db, const struct call_args *args, struct error *e);
};

static enum err run_migrate(struct db *db, const struct call_args *args, struct error *e)
{
	int applied = 0;
	enum err err = db_migrate(db, gezhi_migrations, gezhi_migrations_n, &applied, e);

	(void)args;
	if (err == OK)
		printf("%d migrations applied; the schema is at %d\n", applied,
			gezhi_migrations[gezhi_migrations_n - 1].number);
	return err;
}

static enum err run_check(struct db *db, const struct call_args *args, struct error *e)
{
	enum err err = db_check(db, e);

	(void)args;
	if (err == OK)
		printf("the store is consistent\n");
	return err;
}

static enum err run_backup(struct db *db, const struct call_args *args, struct error *e)
{
	enum err err = db_backup(db, args->operand, e);

	if (err == OK)
		printf("copied to %s\n", args->operand);
	return err;
}

static enum err run_audit(struct db *db, const struct call_args *args, struct error *e)
{
	struct dbc *c = NULL;
	int64_t entries = 0, bad = NIL;
	enum err err;

	if (strcmp(args->operand, "verify") != 0)
		return err_set(e, ERR_INVALID, "usage", "", "the only audit command is verify");
	err = db_reader_open(db, &c);
	if (err == OK)
		err = audit_verify(c, &entries, &bad, e);
	dbc_free(c);
	if (err == OK)
		printf("%lld entries verified\n", (long long)entries);
	return err;
}

static const struct command commands[] = {
	{ "migrate", NULL, "bring the store's schema up to date", run_migrate },
	{ "check", NULL, "check the store's integrity", run_check },
	{ "backup", "FILE", "copy a store in use into a new FILE", run_backup },
	{ "audit", "verify", "verify every audit chain", run_audit },
};

static void help(FILE *out)
{
	fputs("usage: gezhi COMMAND [OPERAND] [--db sqlite:PATH|postgres://…]\n"
	      "The store may also be named by GEZHI_DB.\n\n", out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-8s %-7s %s\n", commands[i].name,
			commands[i].operand != NULL ? commands[i].operand : "", commands[i].help);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static bool read_args(int argc, char **argv, const struct command *cmd, struct call_args *ret)
{
	*ret = (struct call_args){ .db = getenv("GEZHI_DB") };
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--db") == 0 && i + 1 < argc)
			ret->db = argv[++i];
		else if (argv[i][0] != '-' && cmd->operand != NULL && ret->operand == NULL)
			ret->operand = argv[i];
		else
			return false;
	}
	return ret->db != NULL && (cmd->operand == NULL || ret->operand != NULL);
}

static int run(const struct command *cmd, const struct call_args *args)
{
	struct db_config cfg = { .url = args->db, .writers = 1, .batch = 128 };
	struct error e = { .err = OK };
	struct db *db = NULL;
	enum err err = crypto_init();

	if (err == OK)
		err = db_open(&cfg, &db, &e);
	if (err == OK)
		err = cmd->run(db, args, &e);
	db_close(db);
	if (err != OK)
		fprintf(stderr, "gezhi %s: %s\n", cmd->name, e.message[0] != '\0' ? e.message : err_name(err));
	return err == OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct command *cmd = argc > 1 ? find(argv[1]) : NULL;
	struct call_args args;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			help(stdout);
			return 0;
		}
	}
	if (cmd == NULL || !read_args(argc, argv, cmd, &args)) {
		help(stderr);
		return 2;
	}
	return run(cmd, &args);
}
