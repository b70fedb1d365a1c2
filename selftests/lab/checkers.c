// SPDX-License-Identifier: GPL-2.0
/*
 * The checkers of a debug kernel that do not speak up by themselves: kmemleak finds only
 * what it is asked to look for, and lockdep stops for good at its first complaint, or
 * when it runs out of memory, and is silent from then on. A machine whose checkers have
 * stopped has proven nothing, so that is a failure too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define LOCKDEP "/proc/lockdep_stats"

/* kmemleak takes no object for lost that is younger than 5 seconds. */
#define MIN_AGE 6

bool checkers_present(void)
{
	return !access(LOCKDEP, F_OK);
}

/* It refuses all commands once it has disabled itself. */
static bool command_kmemleak(const char *command)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, command, strlen(command)) > 0;

	if (!done)
		report("lab: kernel kmemleak does not work: %s: %s", command, strerror(errno));
	if (fd >= 0)
		close(fd);
	return done;
}

static void report_file(const char *path)
{
	char line[512];
	FILE *f = fopen(path, "re");

	if (!f) {
		report("lab: kernel %s: %s", path, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		report("lab: kernel %s", line);
	}
	fclose(f);
}

/* An object is a suspect only when two scans in a row miss it. */
static void scan_for_leaks(void)
{
	report("lab: begin kmemleak");
	for (int i = 0; i < 2; i++) {
		sleep(MIN_AGE);
		if (!command_kmemleak("scan"))
			break;
	}
	report_file(KMEMLEAK);
	report_kernel_log();
	report("lab: result exit 0");
}

static void check_lockdep(void)
{
	char line[512];
	bool works = false;
	int value;
	FILE *f = fopen(LOCKDEP, "re");

	report("lab: begin lockdep");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " debug_locks: %d", &value) == 1)
			works = value;
	if (f)
		fclose(f);
	if (!works)
		report("lab: kernel lockdep has stopped checking");
	report_kernel_log();
	report("lab: result exit 0");
}

/* Its scans are asked for at the end; those between would only take time. */
void checkers_start(void)
{
	if (checkers_present())
		command_kmemleak("scan=off");
}

void checkers_finish(void)
{
	if (!checkers_present())
		return;
	scan_for_leaks();
	check_lockdep();
}
