// SPDX-License-Identifier: GPL-2.0
/* See inject.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"

#define DEBUG	"/sys/kernel/debug/"

static int nth = -1;

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* By default what may wait for memory does not fail; and each failure is a backtrace. */
bool inject_init(void)
{
	static const struct { const char *path, *value; } settings[] = {
		{ DEBUG "failslab/ignore-gfp-wait", "0" },
		{ DEBUG "failslab/verbose", "0" },
		{ DEBUG "fail_page_alloc/ignore-gfp-wait", "0" },
		{ DEBUG "fail_page_alloc/ignore-gfp-highmem", "0" },
		{ DEBUG "fail_page_alloc/min-order", "0" },
		{ DEBUG "fail_page_alloc/verbose", "0" },
		{ DEBUG "fail_usercopy/verbose", "0" },
	};
	size_t i;

	nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth < 0) {
		skip("the kernel cannot fail on request (CONFIG_FAULT_INJECTION)");
		return false;
	}
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!write_file(settings[i].path, settings[i].value))
			bail("%s", settings[i].path);
	/* Parts of Linux that we call warn of a failure; see ../lab/init.c. */
	write_file("/dev/kmsg", "lab: allocations fail on purpose\n");
	return true;
}

static void nth_write(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	/* What is copied for this may be what fails. */
	while (pwrite(nth, text, (size_t)len, 0) != len)
		;
}

void inject_arm(unsigned int n)
{
	nth_write(n);
}

unsigned int inject_left(void)
{
	char text[16] = "";
	ssize_t n = pread(nth, text, sizeof(text) - 1, 0);

	nth_write(0);
	/* A reading that failed met it itself. */
	return n > 0 ? (unsigned int)atoi(text) : 1;
}

bool inject_met(void)
{
	return !inject_left();
}

static bool allowed(const struct sweep *s, long ret)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(s->errnos) && s->errnos[i]; i++)
		if (ret == -s->errnos[i])
			return true;
	return ret >= 0;
}

void sweep(const struct sweep *s)
{
	unsigned int n, bad = 0, stuck = 0, survived = 0;
	bool met = true;
	long ret, again;

	for (n = 1; met; n++) {
		s->prepare();
		inject_arm(n);
		ret = s->act();
		met = inject_met();
		if (!allowed(s, ret) || (!met && ret < 0)) {
			bad++;
			note("%s: failure %u: %s", s->name, n, strerrorname_np((int)-ret));
		}
		survived += met && ret >= 0;
		again = ret < 0 ? s->act() : ret;
		if (again < 0) {
			stuck++;
			note("%s: after failure %u (%s): %s", s->name, n,
			     strerrorname_np((int)-ret), strerrorname_np((int)-again));
		} else {
			s->undo(again);
		}
		if (s->finish)
			s->finish();
	}
	ok(!bad, "%s: each of %u failures is told as one, but for %u that do not matter", s->name,
	   n - 2, survived);
	ok(!stuck, "%s: succeeds after each", s->name);
}
