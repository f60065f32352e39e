/* gezhi demo: an invented district with a year of events, into an empty store. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "main/cli.h"
#include "mod/demo/demo_run.h"

static const struct option options[] = {
	SET_DB,
	SET(size, OPT_TEXT, .name = "size", .dflt = "district", .help = "small, district or city"),
	SET(seed, OPT_INT, .name = "seed", .dflt = "1", .min = 0, .max = INT64_C(1) << 40,
		.help = "another number invents another district"),
	SET(events, OPT_INT, .name = "events", .dflt = "-1", .min = -1, .max = 5000000,
		.help = "how many; -1: small 3000, district 167000, city none"),
	SET(until, OPT_TEXT, .name = "until", .help = "its end, e.g. 2026-06-30T12:00:00+08:00 [now]"),
	SET(quiet, OPT_FLAG, .name = "quiet", .help = "no progress"),
	SET_KEY,
};

static bool size_of(const char *word, enum demo_size *ret)
{
	static const char *const words[DEMO_SIZE_MAX] = { "small", "district", "city" };

	for (size_t i = 0; i < DEMO_SIZE_MAX; i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum demo_size)i;
			return true;
		}
	}
	return false;
}

static void tell(const char *progress)
{
	fprintf(stderr, "demo: %s\n", progress);
}

static int run(struct run *r)
{
	struct demo_options d = { .seed = (uint64_t)r->set.seed, .events = r->set.events, .days = DEMO_DAYS,
		.until = NIL, .tell = r->set.quiet ? NULL : tell };
	struct demo_result done;
	struct app *app = NULL;
	enum err err;

	if (!size_of(r->set.size, &d.size))
		return cli_usage(r, "the size is small, district or city");
	if (d.size == DEMO_SMALL)
		d.days = DEMO_SMALL_DAYS; /* so that the few are dense enough to see some of every state */
	if (r->set.until != NULL && !time_parse(str_z(r->set.until), &d.until))
		return cli_usage(r, "--until is a time such as 2026-06-30T12:00:00+08:00");
	r->fast = true;
	err = cli_open_app(r, true, &app);
	if (err == OK)
		err = demo_run(app, &d, &done, &r->e);
	app_close(app);
	if (err != OK)
		return cli_fail(r, err);
	if (done.refused > 0)
		fprintf(stderr, "demo: %" PRId64 " more actions came too late and were refused\n", done.refused);
	printf("%" PRId64 " places, %" PRId64 " units, %" PRId64 " Party organisations, %" PRId64 " posts, %" PRId64
	       " events, %" PRId64 " actions\n", done.places, done.units, done.orgs, done.posts, done.events, done.actions);
	return EXIT_OK;
}

const struct command cmd_demo = {
	.name = "demo",
	.operands = "--db STORE [--size small|district|city] [--seed N] [--events N]",
	.summary = "make an invented district in an empty store",
	.help = "Names, people and places are invented. Not for real use: everybody knows the accounts' password.\n",
	.options = SET_TABLE(options),
	.run = run,
};
