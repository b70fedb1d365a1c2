// SPDX-License-Identifier: GPL-2.0
/* PVHV_CREATE_DOMAIN: names, sizes, limits, and what is taken. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "abi.h"

static int dev = -1;

static int ready(void)
{
	return dev;
}

static void undo(long result)
{
	if (result >= 0)
		close((int)result);
}

static long create_with(const char *name, size_t len, u64 max_pages, u64 pool_pages)
{
	struct pvhv_create_domain c = {
		.size = sizeof(c), .max_pages = max_pages, .pool_pages = pool_pages,
	};

	memcpy(c.name, name, len);
	return call(dev, PVHV_CREATE_DOMAIN, &c);
}

static void check_bad_names(void)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	char name[PVHV_NAME_MAX], padded[PVHV_NAME_MAX] = "abi-padding";
	unsigned int c;
	long ret;

	is(create_with("", 0, 64, 0), -EINVAL, "no name");
	is(create_with(".", 1, 64, 0), -EINVAL, "name '.'");
	is(create_with("..", 2, 64, 0), -EINVAL, "name '..'");
	memset(name, 'a', sizeof(name));
	is(create_with(name, sizeof(name), 64, 0), -EINVAL, "a name of 64 bytes without NUL");
	padded[sizeof(padded) - 1] = 1;
	is(create_with(padded, sizeof(padded), 64, 0), -EINVAL, "something behind the name's NUL");
	for (c = 1; c < 256; c++) {
		const char one[3] = { 'a', (char)c, 'a' };

		if (strchr(good, (int)c))
			continue;
		ret = create_with(one, sizeof(one), 64, 0);
		if (ret != -EINVAL)
			is(ret, -EINVAL, "byte 0x%02x in a name", c);
		undo(ret);
	}
	ok(true, "all bytes that a name must not have were tried");
}

static void check_good_names(void)
{
	static const char * const names[] = {
		"a", "...", "-", "_", ".a", "a.", "AZaz09_.-", "-rf", "0",
	};
	char name[PVHV_NAME_MAX];
	size_t i;
	long fd;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fd = create_with(names[i], strlen(names[i]), 64, 0);
		ok(fd >= 0, "name '%s'", names[i]);
		undo(fd);
	}
	memset(name, 'a', sizeof(name));
	fd = create_with(name, sizeof(name) - 1, 64, 0);
	ok(fd >= 0, "a name of 63 bytes");
	undo(fd);
}

static void check_limits(void)
{
	static const u64 huge[] = {
		1ULL << 32, 12ULL << 27, (12ULL << 27) - 512, 1ULL << 52, 1ULL << 63, ~0ULL,
	};
	u64 host = (u64)sysconf(_SC_PHYS_PAGES);
	size_t i;
	long fd;

	is(create_with("abi-limit", 9, 0, 0), -EINVAL, "max_pages 0");
	for (i = 0; i < ARRAY_SIZE(huge); i++)
		is(create_with("abi-limit", 9, huge[i], 0), -EINVAL, "max_pages 0x%llx",
		   huge[i]);
	is(create_with("abi-limit", 9, host + 1, 0), -EINVAL, "more pages than the host has");
	is(create_with("abi-limit", 9, 64, 64 + 513), -EINVAL, "a pool larger than it can use");
	is(create_with("abi-limit", 9, 64, 1ULL << 32), -EINVAL, "a pool of 2^32 pages");
	is(create_with("abi-limit", 9, 64, ~0ULL), -EINVAL, "a pool of 2^64 - 1 pages");
	fd = create_with("abi-limit", 9, 1, 0);
	ok(fd >= 0, "a domain of one page");
	undo(fd);
	fd = create_with("abi-limit", 9, 64, 1);
	ok(fd >= 0, "a pool of one page");
	undo(fd);
	fd = create_with("abi-limit", 9, 64, 64 + 512);
	ok(fd >= 0, "the largest pool");
	undo(fd);
	fd = create_with("abi-limit", 9, host / 2, 0);
	ok(fd >= 0, "half of the host's pages, none of them given");
	undo(fd);
}

static void check_result(void)
{
	struct pvhv_create_domain c = { .size = sizeof(c), .max_pages = 100, .name = "abi-result" };
	struct pvhv_create_domain in = c;
	long fd = call(dev, PVHV_CREATE_DOMAIN, &c);

	ok(fd >= 0, "create");
	ok(c.special_gfn >= 100, "special frames are above all memory");
	in.special_gfn = c.special_gfn;
	ok(!memcmp(&in, &c, sizeof(c)), "nothing else was written");
	is(fcntl((int)fd, F_GETFD), FD_CLOEXEC, "the descriptor closes on exec");
	ok(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, (int)fd, 0) == MAP_FAILED,
	   "a domain cannot be mapped");
	is(write((int)fd, "", 1), -1, "a domain cannot be written");
	undo(fd);
}

static int child_create(void *name)
{
	int fd = create(name, 64);

	return fd < 0 ? -fd : 0;
}

static void check_taken(void)
{
	int fd = create("abi-taken", 64);

	ok(fd >= 0, "the first domain");
	is(create("abi-second", 64), -EBUSY, "a second one in the same mm");
	is(create("abi-second", 64), -EBUSY, "and again");
	is(in_child(child_create, "abi-taken"), EEXIST, "the name, in another process");
	is(in_child(child_create, "abi-second"), 0, "another name, in another process");
	is(in_child(child_create, "abi-take"), 0, "a prefix of the name");
	undo(fd);
	is(in_child(child_create, "abi-taken"), 0, "the name after the domain's end");
	fd = create("abi-second", 64);
	ok(fd >= 0, "another domain after the domain's end");
	undo(fd);
}

/* The descriptor is the last thing that can fail. */
static void check_no_descriptor(void)
{
	struct rlimit old, none;
	long ret;
	int fd;

	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	fd = dup(0);
	close(fd);
	none.rlim_cur = (rlim_t)fd;
	setrlimit(RLIMIT_NOFILE, &none);
	ret = create_with("abi-nofile", 10, 64, 0);
	setrlimit(RLIMIT_NOFILE, &old);
	is(ret, -EMFILE, "no descriptor is free");
	ret = create_with("abi-nofile", 10, 64, 0);
	ok(ret >= 0, "the name and the mm are free after that");
	undo(ret);
}

int main(void)
{
	static struct pvhv_create_domain good = { .size = sizeof(good), .max_pages = 64 };
	const struct checked checked = {
		"CREATE_DOMAIN", PVHV_CREATE_DOMAIN, sizeof(good), true, &good, ready, undo,
		{ offsetof(struct pvhv_create_domain, special_gfn),
		  offsetof(struct pvhv_create_domain, special_gfn) + 4 },
	};

	strcpy(good.name, name_of("checked"));
	dev = device();
	check_struct(&checked);
	check_bad_names();
	check_good_names();
	check_limits();
	check_result();
	check_taken();
	check_no_descriptor();
	close(dev);
	return finish();
}
