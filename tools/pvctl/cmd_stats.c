// SPDX-License-Identifier: GPL-2.0 OR MIT
/* pvctl stats [NAME]: counters of one domain, or of all. */
#include "cmd.h"
#include "parse.h"
#include "stats.h"

int cmd_stats(int argc, char **argv, struct error *e)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (argc > 2) {
		error_set(e, "stats: takes one name at most, but got '%s', too", argv[2]);
		return EXIT_USAGE;
	}
	/* It becomes part of a path. */
	if (name && parse_name(name, e))
		return EXIT_USAGE;
	return stats_print(CMD_DEBUGFS, name, stdout, e) ? EXIT_FAILED : EXIT_OK;
}
