/* gezhi openapi: the document that /api/openapi.json serves, or the same as TypeScript, without a store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/openapi.h"
#include "main/cli.h"

enum { DOCUMENT_BYTES = 64 << 20 };

static const struct option options[] = {
	SET(types, OPT_FLAG, .name = "types", .help = "print TypeScript types instead"),
	SET_LOG("warn"),
};

static enum err write_document(struct run *r, struct app *app, struct buf *out)
{
	const struct call call = { .method = M_GET, .target = STR("/api/openapi.json") };
	int status = 0;
	enum err err = http_call(app, app->db, app->router, &app_hooks, &call, out, &status);

	if (err == OK && status != 200)
		err = err_set(&r->e, ERR_BUG, "openapi", "", "the document cannot be made (%d)", status);
	buf_char(out, '\n');
	return err;
}

static enum err print(struct run *r, struct app *app)
{
	struct buf out;
	enum err err;

	buf_init(&out, DOCUMENT_BYTES);
	err = r->set.types ? openapi_types(app, &out) : write_document(r, app, &out);
	if (err == OK && (out.failed || fwrite(out.p, 1, out.n, stdout) != out.n))
		err = ERR_IO;
	buf_release(&out);
	return err;
}

/* A passing store in memory, with keys of its own. */
static int run(struct run *r)
{
	char dir[] = "/tmp/gezhi-openapi-XXXXXX", key[64];
	struct app *app = NULL;
	enum err err;

	if (mkdtemp(dir) == NULL)
		return cli_fail(r, err_set(&r->e, ERR_IO, "openapi", "", "no temporary folder in /tmp"));
	snprintf(key, sizeof(key), "%s/key", dir);
	r->set.db = "sqlite::memory:";
	r->set.key_file = key;
	err = cli_open_app(r, true, &app);
	if (err == OK)
		err = print(r, app);
	app_close(app);
	unlink(key);
	rmdir(dir);
	return err == OK ? EXIT_OK : cli_fail(r, err);
}

const struct command cmd_openapi = {
	.name = "openapi",
	.operands = "",
	.summary = "print the interface's OpenAPI document",
	.options = SET_TABLE(options),
	.run = run,
};
