// SPDX-License-Identifier: GPL-2.0 OR MIT
/* pvctl list: the domains that run. */
#include "cmd.h"
#include "json.h"
#include "show.h"

struct list_options {
	bool json;
	bool quiet;
};

static int option_set(void *context, int letter, const char *value, struct error *e)
{
	struct list_options *o = context;

	(void)value;
	(void)e;
	if (letter == 'j')
		o->json = true;
	else
		o->quiet = true;
	return 0;
}

static int print(const struct list_options *o, const struct roster *r, struct error *e)
{
	size_t i;

	if (o->json)
		return json_print(r, false, stdout, e);
	if (!o->quiet)
		return show_list(r, stdout, e);
	for (i = 0; i < r->n; i++)
		puts(r->entry[i].name);
	return 0;
}

static int run(int argc, char **argv, struct error *e)
{
	struct list_options o = {};
	int at = options_parse(&cmd_list, argc, argv, option_set, &o, e), ret;
	struct roster r;

	if (at < 0)
		return EXIT_USAGE;
	if (at < argc) {
		error_set(e, "list: takes no names, but got '%s' (pvctl stats has single domains)",
			  argv[at]);
		return EXIT_USAGE;
	}
	if (roster_read(&roster_system, false, &r, e))
		return EXIT_FAILED;
	ret = print(&o, &r, e);
	roster_free(&r);
	return ret ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_list = {
	.name = "list", .usage = "[options]", .summary = "list the domains that run", .run = run,
	.about =
	"Root sees all domains of the host, other users see their own. STATE is one of\n"
	"  starting  it has not run yet\n"
	"  running   it runs, or would if the host had a processor for it\n"
	"  idle      it waits for an event\n"
	"  paused    its pvctl does not let it run\n"
	"  ended     it has ended, and its pvctl has not yet\n"
	"  up        it runs; users who are not root are not told more\n"
	"  silent    its pvctl does not answer\n"
	"TIME is the processor time that its vCPUs have used, in minutes and seconds.\n",
	.options = (const struct option_text []) {
		{ "quiet", 'q', NULL, "names only, one per line" },
		{ "json", 'j', NULL, "as JSON, for programs" },
		{},
	},
};
