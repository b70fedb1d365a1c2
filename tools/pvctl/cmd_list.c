// SPDX-License-Identifier: GPL-2.0 OR MIT
/* pvctl list: the domains that run. */
#include "cmd.h"
#include "stats.h"

int cmd_list(int argc, char **argv, struct error *e)
{
	if (argc > 1) {
		error_set(e, "list: takes no arguments, but got '%s'", argv[1]);
		return EXIT_USAGE;
	}
	return stats_print_list(CMD_DEBUGFS, stdout, e) ? EXIT_FAILED : EXIT_OK;
}
