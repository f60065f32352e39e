/*
 * The command line: finds the command, reads its settings, runs it. Exit codes: 0 done, 1 it failed or
 * something is wrong, 2 the words of the call are off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "main/cli.h"

enum { SETTINGS_ARENA = 4 << 20, HELP_BYTES = 1 << 16 };

static const struct command *const commands[] = {
	&cmd_serve,
	&cmd_demo,
	&cmd_migrate,
	&cmd_user,
	&cmd_import,
	&cmd_export,
	&cmd_backup,
	&cmd_restore,
	&cmd_audit,
	&cmd_check,
	&cmd_keys,
	&cmd_openapi,
	&cmd_bench,
};

static void help(FILE *out)
{
	fputs("gezhi " GEZHI_VERSION "\nusage: gezhi COMMAND [OPERANDS] [OPTIONS]\n\n", out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\ngezhi COMMAND --help tells more. Every option may also be given in the environment:\n"
	      "--key-file as GEZHI_KEY_FILE, and so on.\n", out);
}

static int help_command(const struct command *cmd)
{
	struct buf b;

	buf_init(&b, HELP_BYTES);
	buf_fmt(&b, "usage: gezhi %s %s\n\n%s.\n", cmd->name, cmd->operands, cmd->summary);
	if (cmd->help != NULL)
		buf_fmt(&b, "\n%s", cmd->help);
	buf_z(&b, "\noptions\n");
	options_help(&cmd->options, &b);
	fwrite(b.p, 1, b.n, stdout);
	buf_release(&b);
	return EXIT_OK;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static bool asks_help(int argc, char **argv)
{
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

/* The settings file must be known before the settings are read. */
static const char *config_file(const struct command *cmd, int argc, char **argv)
{
	bool takes = false;

	for (size_t i = 0; i < cmd->options.n; i++)
		takes = takes || strcmp(cmd->options.v[i].name, "config") == 0;
	for (int i = 2; takes && i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			return argv[i + 1];
		if (strncmp(argv[i], "--config=", 9) == 0)
			return argv[i] + 9;
	}
	return takes ? getenv("GEZHI_CONFIG") : NULL;
}

static int run_command(struct run *r, int argc, char **argv)
{
	const struct command *cmd = r->cmd;
	/* argv[0] of the options is the command's own name. */
	enum err err = options_parse(&cmd->options, argc - 1, argv + 1, config_file(cmd, argc, argv), &r->set,
		r->set.operand, cmd->max, &r->set.noperand, r->arena, &r->e);

	if (err == ERR_INVALID)
		return cli_usage(r, "%s", r->e.message);
	if (err != OK)
		return cli_fail(r, err);
	if (r->set.noperand < cmd->min)
		return cli_usage(r, "something is missing");
	if (r->set.db == NULL && cmd != &cmd_openapi && cmd != &cmd_bench)
		return cli_usage(r, "name the store with --db or GEZHI_DB");
	err = crypto_init();
	return err != OK ? cli_fail(r, err) : cmd->run(r);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	struct run r = { .cmd = find(name) };

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		help(stdout);
		return EXIT_OK;
	}
	if (strcmp(name, "--version") == 0) {
		puts("gezhi " GEZHI_VERSION);
		return EXIT_OK;
	}
	if (r.cmd == NULL) {
		if (argc > 1)
			fprintf(stderr, "gezhi: there is no command \"%.40s\"\n", name);
		help(stderr);
		return EXIT_USAGE;
	}
	if (asks_help(argc, argv))
		return help_command(r.cmd);
	r.arena = arena_new(SETTINGS_ARENA);
	if (r.arena == NULL)
		return cli_fail(&r, ERR_NOMEM);
	int code = run_command(&r, argc, argv);

	arena_free(r.arena);
	/* What could not be written was not done. */
	if (fflush(stdout) != 0 && code == EXIT_OK)
		code = EXIT_FAILED;
	return code;
}
