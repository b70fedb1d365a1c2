/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What pvctl's commands share: exit codes, and where they are. */
#ifndef PVCTL_CMD_H
#define PVCTL_CMD_H

#include <stdio.h>

#include "options.h"

/** enum exit_code - of the process; documented in pvctl(1) */
enum exit_code {
	EXIT_OK = 0,		/* the guest powered off; the command succeeded */
	EXIT_FAILED = 1,	/* other commands than run: they could not do it */
	EXIT_USAGE = 2,
	EXIT_START = 3,		/* the domain could not be started */
	EXIT_CRASHED = 4,	/* the guest says that it crashed */
	EXIT_KILLED = 5,	/* the module ended it */
	EXIT_REBOOT = 6,	/* the guest wants to be started again */
	EXIT_OTHER = 7,		/* another kind of shutdown */
	EXIT_SIGNAL = 128,	/* plus the signal's number */
};

/*
 * Commands get their own name in argv[0], return an exit code, and tell what was wrong
 * through @e, whose text pvctl.c prints if there is any.
 */
extern const struct command cmd_run, cmd_list, cmd_stats, cmd_top, cmd_destroy, cmd_dump;

#endif
