// SPDX-License-Identifier: GPL-2.0
/*
 * Loading the module when each allocation of its own fails: it is not there then, nothing
 * of it is, and it can be loaded when there is memory again. The kernel's loader makes
 * hundreds of allocations before it calls us; only the last ones are of interest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inject.h"

#define MODULE	"/lab/pvhv.ko"
#define MANY	1000000U

static long load(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		bail(MODULE);
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static long unload(void)
{
	return syscall(SYS_delete_module, "pvhv", O_NONBLOCK) ? -errno : 0;
}

static bool is_there(void)
{
	return !access("/dev/pvhv", F_OK) || !access("/sys/module/pvhv", F_OK) ||
	       !access("/sys/kernel/debug/pvhv", F_OK);
}

/* How many allocations loading takes now. */
static unsigned int count(void)
{
	unsigned int left;

	inject_arm(MANY);
	if (load())
		bail("cannot load the module");
	left = inject_left();
	if (unload())
		bail("cannot unload the module");
	return MANY - left;
}

int main(void)
{
	unsigned int all, n, refused = 0, bad = 0, stuck = 0, left_over = 0;
	bool met = true;
	long ret;

	if (!inject_init())
		return finish();
	if (access(MODULE, R_OK)) {
		skip("no " MODULE);
		return finish();
	}
	if (unload())
		bail("cannot unload the module");
	all = count();
	for (n = all > 150 ? all - 150 : 1; met; n++) {
		inject_arm(n);
		ret = load();
		met = inject_met();
		refused += ret < 0;
		bad += ret && (ret != -ENOMEM || !met);
		left_over += ret && is_there();
		if (ret && load())
			stuck++;
		else if (unload())
			bail("cannot unload the module");
	}
	ok(refused, "loading takes %u allocations; %u of the last %u made it fail", all, refused,
	   n - 1 - (all > 150 ? all - 150 : 1));
	is(bad, 0, "with ENOMEM");
	is(left_over, 0, "nothing of it is left then");
	is(stuck, 0, "and it can be loaded after each");
	is(load(), 0, "for the tests to come");
	return finish();
}
