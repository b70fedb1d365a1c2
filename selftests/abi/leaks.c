// SPDX-License-Identifier: GPL-2.0
/*
 * Lives of domains one after the other: no memory, pinned page, directory or reference
 * may be left behind by any.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define BIG_PAGES	16384ULL	/* 64 MiB */
#define SLACK_KB	8192		/* what a kernel's caches may do meanwhile */

static long number_in(const char *file, const char *key)
{
	char line[200];
	long n = -1;
	FILE *f = fopen(file, "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) && sscanf(line + strlen(key), "%ld", &n) == 1)
			break;
	if (!f || n < 0)
		bail("%s: %s", file, key);
	fclose(f);
	return n;
}

/* Counters of memory lag behind, by CPU, unless they are told not to. */
static long available_kb(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		bail("stat_refresh");
	close(fd);
	return number_in("/proc/meminfo", "MemAvailable:");
}

static u8 *big;		/* the same for all lives: filling it takes most of the time */

static u8 *big_memory(void)
{
	u8 *p = mmap(NULL, BIG_PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		bail("no memory");
	return p;
}

/* Memory given in pieces, all vCPUs, some ports: everything that has to be freed. */
static int big_life(void)
{
	struct pvhv_bind_port b = { .size = sizeof(b), .eventfd = -1 };
	int fd = create(name_of("big"), BIG_PAGES), vcpu[3], bad = 0, i;

	bad += fd < 0;
	bad += give(fd, 0, BIG_PAGES / 2, big) != 0;
	bad += give(fd, BIG_PAGES / 2, BIG_PAGES / 2, big + BIG_PAGES / 2 * PAGE) != 0;
	for (i = 0; i < 3; i++) {
		vcpu[i] = vcpu_create(fd, (u32)i);
		bad += vcpu[i] < 0 || call(fd, PVHV_BIND_PORT, &b) != 0;
		b.port = 0;
	}
	for (i = 0; i < 3; i++)
		close(vcpu[i]);
	close(fd);
	return bad;
}

static int small_life(void)
{
	struct guest g;
	long end;

	guest_ready(&g, name_of("small"), code_shutdown);
	end = guest_end(&g);
	guest_free(&g);
	return end != PVHV_EXIT_SHUTDOWN;
}

/* Calls that fail half-way: all but the last page is there. */
static int failing_life(void)
{
	int fd = create(name_of("fails"), BIG_PAGES), bad = 0, i;

	mprotect(big + (BIG_PAGES - 1) * PAGE, PAGE, PROT_READ);
	for (i = 0; i < 3; i++) {
		bad += give(fd, 0, BIG_PAGES, big) != -EFAULT;
		bad += create(name_of("fails"), 64) >= 0;
		bad += vcpu_create(fd, PVHV_MAX_VCPUS) != -EINVAL;
	}
	close(fd);
	mprotect(big, BIG_PAGES * PAGE, PROT_READ | PROT_WRITE);
	return bad;
}

/* That a leak would be seen: what a domain costs is. */
static void check_cost(void)
{
	long before = available_kb(), during, after;
	int fd = create(name_of("cost"), BIG_PAGES);

	big = big_memory();
	if (give(fd, 0, BIG_PAGES, big))
		bail("cannot give memory");
	munmap(big, BIG_PAGES * PAGE);
	during = available_kb();
	close(fd);
	after = available_kb();
	ok(before - during > (long)BIG_PAGES * 2, "a domain of 64 MiB costs about that");
	/* Free pages that a CPU keeps for itself do not count as available. */
	ok(after - during > (long)BIG_PAGES * 2, "and gives it back");
	note("it costs %ld KiB, and gives back %ld KiB", before - during, after - during);
}

static void check_lives(const char *what, int (*life)(void), int n)
{
	long before, after;
	int i, bad = 0;

	/* The first ones fill the kernel's caches. */
	for (i = 0; i < n / 10; i++)
		bad += life();
	before = available_kb();
	for (i = 0; i < n; i++)
		bad += life();
	after = available_kb();
	is(bad, 0, "%d lives of %s", n, what);
	ok(before - after < SLACK_KB, "%s: leave no memory behind", what);
	note("available before %ld KiB, after %ld KiB", before, after);
}

static unsigned int entries_in(const char *directory)
{
	DIR *d = opendir(directory);
	unsigned int n = 0;

	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

int main(void)
{
	unsigned int open;
	long before, after;

	close(device());
	open = fd_count();
	check_cost();
	big = big_memory();
	check_lives("domains of 64 MiB", big_life, 200);
	check_lives("guests that shut down", small_life, 200);
	check_lives("domains with failing calls", failing_life, 50);
	before = available_kb();
	munmap(big, BIG_PAGES * PAGE);
	after = available_kb();
	ok(after - before > (long)BIG_PAGES * 2,
	   "all those domains have let go of the memory they had");
	note("available before %ld KiB, after %ld KiB", before, after);
	is(fd_count(), open, "no descriptor is left");
	is(entries_in("/sys/kernel/debug/pvhv"), 0, "no directory of statistics is left");
	is(number_in("/sys/module/pvhv/refcnt", ""), 0, "nobody holds the module");
	return finish();
}
