// SPDX-License-Identifier: GPL-2.0 OR MIT
/* pvctl stats [NAME...]: counters of some domains, or of all. */
#include <stdlib.h>

#include "cmd.h"
#include "json.h"
#include "parse.h"
#include "show.h"

static int option_set(void *context, int letter, const char *value, struct error *e)
{
	(void)letter;
	(void)value;
	(void)e;
	*(bool *)context = true;
	return 0;
}

/* Those of @all that @names name, in that order; they are borrowed. */
static int choose(const struct roster *all, char **names, int n, struct roster *chosen,
		  struct error *e)
{
	const struct entry *entry;
	int i;

	chosen->entry = calloc((size_t)n, sizeof(*chosen->entry));
	if (!chosen->entry)
		return error_set(e, "out of memory");
	for (i = 0; i < n; i++) {
		entry = roster_find(all, names[i], e);
		if (!entry)
			return -1;
		chosen->entry[chosen->n++] = *entry;
	}
	return 0;
}

static int print(const struct roster *r, bool json, struct error *e)
{
	size_t i;

	if (json)
		return json_print(r, true, stdout, e);
	for (i = 0; i < r->n; i++) {
		if (i)
			putchar('\n');
		show_stats(&r->entry[i], stdout);
	}
	return 0;
}

static int run(int argc, char **argv, struct error *e)
{
	struct roster all, chosen = {};
	bool json = false;
	int at = options_parse(&cmd_stats, argc, argv, option_set, &json, e), i, ret;

	if (at < 0)
		return EXIT_USAGE;
	for (i = at; i < argc; i++)
		if (parse_name(argv[i], e))
			return EXIT_USAGE;
	if (roster_read(&roster_system, true, &all, e))
		return EXIT_FAILED;
	if (at == argc)
		ret = print(&all, json, e);
	else
		ret = choose(&all, argv + at, argc - at, &chosen, e) || print(&chosen, json, e);
	free(chosen.entry);
	roster_free(&all);
	return ret ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_stats = {
	.name = "stats", .usage = "[--json] [NAME...]",
	.summary = "show counters of the domains called NAME, or of all", .run = run,
	.about =
	"All counters start at 0 with the domain. The statistics are root's to read, and need\n"
	"debugfs.\n",
	.options = (const struct option_text []) {
		{ "json", 'j', NULL, "as JSON, for programs" },
		{},
	},
};
