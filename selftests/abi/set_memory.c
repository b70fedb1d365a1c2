// SPDX-License-Identifier: GPL-2.0
/* PVHV_SET_MEMORY: ranges, kinds of memory, order, the limit per user. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define LIMIT	"/sys/module/pvhv/parameters/max_pinned_mb"

static int domain = -1;
static u8 *mem;

static int ready(void)
{
	if (domain >= 0)
		close(domain);
	domain = create(name_of("memory"), 64);
	if (domain < 0)
		bail("cannot create a domain");
	return domain;
}

static void check_ranges(void)
{
	static const struct { u64 gfn, pages; } beyond[] = {
		{ 64, 1 }, { 63, 2 }, { 0, 65 }, { 1, 64 }, { 1ULL << 40, 1 }, { ~0ULL, 1 },
		{ ~0ULL, 2 }, { 0, ~0ULL }, { 1, ~0ULL }, { 32, 1ULL << 52 }, { 0, 1ULL << 32 },
	};
	size_t i;

	ready();
	is(give(domain, 0, 0, mem), -EINVAL, "no pages");
	is(give(domain, 0, 1, mem + 1), -EINVAL, "an address that is not aligned");
	is(give(domain, 0, 1, mem + 2048), -EINVAL, "an address in the middle of a page");
	for (i = 0; i < ARRAY_SIZE(beyond); i++)
		is(give(domain, beyond[i].gfn, beyond[i].pages, mem), -ERANGE,
		   "gfn 0x%llx, 0x%llx pages: beyond max_pages", beyond[i].gfn,
		   beyond[i].pages);
	is(give(domain, 16, 16, mem), 0, "16 pages in the middle");
	is(give(domain, 16, 16, mem), -EEXIST, "the same again");
	is(give(domain, 31, 1, mem + 16 * PAGE), -EEXIST, "its last page");
	is(give(domain, 16, 1, mem + 16 * PAGE), -EEXIST, "its first page");
	is(give(domain, 0, 17, mem), -EEXIST, "up to its first page");
	is(give(domain, 31, 33, mem), -EEXIST, "from its last page on");
	is(give(domain, 0, 64, mem), -EEXIST, "around it");
	is(give(domain, 0, 16, mem), 0, "all below it");
	is(give(domain, 32, 32, mem + 32 * PAGE), 0, "all above it");
	is(give(domain, 0, 1, mem), -EEXIST, "nothing is left");
}

static void check_addresses(void)
{
	static const u64 bad[] = {
		0, 0x1000, 0x7fffffffe000, 0x7ffffffff000, 0x800000000000, 0x8000000000000000,
		0xffff800000000000, 0xffff808000000000, 0xffff888000000000, 0xffffffff81000000,
		0xffffffffff600000, 0xfffffffffffff000,
	};
	u8 *hole = pages_map(4, PROT_READ | PROT_WRITE);
	size_t i;

	ready();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		is(give(domain, 0, 1, (void *)(uintptr_t)bad[i]), -EFAULT, "address 0x%llx",
		   bad[i]);
	is(give(domain, 0, 8, (void *)(uintptr_t)0xffffffffffffe000), -EFAULT,
	   "a range around the end of the address space");
	munmap(hole + 2 * PAGE, PAGE);
	is(give(domain, 0, 1, hole + 2 * PAGE), -EFAULT, "not mapped");
	is(give(domain, 0, 4, hole), -EFAULT, "a page in the middle is not mapped");
	is(give(domain, 0, 2, hole), 0, "what was mapped there can still be given");
	munmap(hole, 4 * PAGE);
}

/* Each is EFAULT for want of the right to write for long, or is as good as any memory. */
static void check_kind(const char *what, void *p, bool good)
{
	long ret;

	if (p == MAP_FAILED) {
		skip("%s: cannot be had here", what);
		return;
	}
	ready();
	ret = give(domain, 0, 2, p);
	is(ret, good ? 0 : -EFAULT, "%s", what);
	munmap(p, 2 * PAGE);
	if (!good)
		is(give(domain, 0, 2, mem), 0, "%s: good memory after it", what);
}

static void *map_file(int fd, int prot, int flags, off_t offset)
{
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, 2 * PAGE, prot, flags, fd, offset);

	if (fd >= 0)
		close(fd);
	return p;
}

static int temporary(int size)
{
	char name[] = "/tmp/abi-XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	if (fd >= 0 && ftruncate(fd, size))
		bail("/tmp");
	return fd;
}

static void check_kinds(void)
{
	const int rw = PROT_READ | PROT_WRITE, private = MAP_PRIVATE | MAP_ANONYMOUS;
	int fd = memfd_create("abi", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, 2 * PAGE))
		bail("memfd");
	check_kind("shared anonymous memory", pages_map(2, rw), true);
	check_kind("private anonymous memory", mmap(NULL, 2 * PAGE, rw, private, -1, 0), true);
	check_kind("a memfd", map_file(dup(fd), rw, MAP_SHARED, 0), true);
	check_kind("a private mapping of a memfd", map_file(dup(fd), rw, MAP_PRIVATE, 0), true);
	check_kind("write-only memory", pages_map(2, PROT_WRITE), true);
	check_kind("read-only memory", pages_map(2, PROT_READ), false);
	check_kind("private read-only memory", mmap(NULL, 2 * PAGE, PROT_READ, private, -1, 0), false);
	check_kind("a read-only memfd", map_file(fd, PROT_READ, MAP_SHARED, 0), false);
	check_kind("memory that nobody may access", pages_map(2, PROT_NONE), false);
	check_kind("executable read-only memory", pages_map(2, PROT_READ | PROT_EXEC), false);
	check_kind("a private mapping of a file",
		   map_file(temporary(2 * PAGE), rw, MAP_PRIVATE, 0), true);
	check_kind("a shared mapping of a program",
		   map_file(open("/proc/self/exe", O_RDONLY), PROT_READ, MAP_SHARED, 0), false);
	check_kind("secret memory", ({
			int secret = (int)syscall(SYS_memfd_secret, 0);

			if (secret >= 0 && ftruncate(secret, 2 * PAGE))
				bail("memfd_secret");
			map_file(secret, rw, MAP_SHARED, 0);
		   }), false);
	check_kind("memory of a device",
		   map_file(open("/dev/mem", O_RDWR), rw, MAP_SHARED, 0xf0000), false);
}

/* Beyond the end of a file there is no page, which is a matter for SIGBUS elsewhere. */
static void check_file_end(void)
{
	u8 *p = map_file(temporary(PAGE), PROT_READ | PROT_WRITE, MAP_SHARED, 0);

	if (p == MAP_FAILED)
		bail("mmap");
	ready();
	is(give(domain, 0, 2, p), -EFAULT, "a file that ends in the middle");
	is(give(domain, 0, 1, p + PAGE), -EFAULT, "beyond the end of a file");
	munmap(p, 2 * PAGE);
}

/* What a domain has it keeps, and what a VMM unmaps is its own business. */
static void check_twice(void)
{
	u8 *p = pages_map(4, PROT_READ | PROT_WRITE);

	ready();
	is(give(domain, 0, 4, p), 0, "memory");
	is(give(domain, 4, 4, p), 0, "the same memory at other frames");
	munmap(p, 4 * PAGE);
	is(give(domain, 8, 4, p), -EFAULT, "once more when it is unmapped");
}

static void check_order(void)
{
	struct guest g;

	close(domain);
	domain = -1;
	guest_ready(&g, name_of("order"), code_shutdown);
	is(give(g.domain, 0, 1, mem), -EEXIST, "all memory is there before the run");
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "run");
	is(give(g.domain, 0, 1, mem), -EBUSY, "memory after the run");
	is(give(g.domain, 0, 0, mem), -EBUSY, "no pages after the run");
	guest_free(&g);
}

static void check_run_page(void)
{
	struct guest g;

	guest_create(&g, name_of("runpage"), code_loop);
	close(g.vcpu);
	g.vcpu = -1;
	close(g.domain);
	munmap(g.run, PAGE);
	g.run = NULL;
	g.domain = create(name_of("runpage"), 64);
	g.vcpu = vcpu_create(g.domain, 0);
	g.run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, g.vcpu, 0);
	/* Allowed or not: what counts is that the host survives its end. */
	note("a run page as guest memory: %ld", give(g.domain, 0, 1, g.run));
	guest_free(&g);
	domain = create(name_of("after"), 64);
	ok(domain >= 0, "a domain after one whose memory was its own run page");
}

static void set_limit(const char *mb)
{
	int fd = open(LIMIT, O_WRONLY);

	if (fd < 0 || write(fd, mb, strlen(mb)) < 0)
		bail(LIMIT);
	close(fd);
}

static void get_limit(char *mb, size_t size)
{
	int fd = open(LIMIT, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, mb, size - 1);

	if (len < 0)
		bail(LIMIT);
	mb[len] = 0;
	close(fd);
}

static int child_give(void *pages)
{
	int fd = create(name_of("other"), 1024);
	u8 *p = pages_map(1024, PROT_READ | PROT_WRITE);

	return (int)-give(fd, 0, (u64)(uintptr_t)pages, p);
}

static int child_nobody_gives(void *pages)
{
	int dev = device(), fd;
	struct pvhv_create_domain c = { .size = sizeof(c), .max_pages = 1024, .name = "abi-nobody" };
	u8 *p = pages_map(1024, PROT_READ | PROT_WRITE);

	if (setresuid(65534, 65534, 65534))
		return 255;
	fd = (int)call(dev, PVHV_CREATE_DOMAIN, &c);
	return (int)-give(fd, 0, (u64)(uintptr_t)pages, p);
}

static void check_limit(void)
{
	u8 *p = pages_map(1024, PROT_READ | PROT_WRITE);
	char old[32];
	int i, bad = 0;

	get_limit(old, sizeof(old));
	set_limit("3");
	if (domain >= 0)
		close(domain);
	domain = create(name_of("limit"), 1024);
	is(give(domain, 0, 769, p), -ENOMEM, "a page more than max_pinned_mb");
	is(give(domain, 0, 512, p), 0, "two thirds of it");
	is(give(domain, 512, 257, p), -ENOMEM, "a page more than the rest");
	is(give(domain, 512, 257, (void *)PAGE), -ENOMEM, "the limit comes before the address");
	is(give(domain, 512, 128, (void *)PAGE), -EFAULT, "an address that is not mapped");
	is(in_child(child_give, (void *)257), ENOMEM, "the rest is the same for another domain");
	is(in_child(child_give, (void *)256), 0, "which may have it");
	is(in_child(child_nobody_gives, (void *)768), 0, "another user has a limit of its own");
	is(in_child(child_nobody_gives, (void *)769), ENOMEM, "as large as this one");
	is(give(domain, 512, 256, p), 0, "the rest of it");
	is(give(domain, 768, 1, p), -ENOMEM, "nothing is left");
	for (i = 0; i < 50; i++) {
		close(domain);
		domain = create(name_of("limit"), 1024);
		bad += give(domain, 0, 768, p) != 0;
		bad += give(domain, 768, 1, p) != -ENOMEM;
	}
	is(bad, 0, "all of it for one domain after the other: what ends gives it back");
	set_limit("0");
	close(domain);
	domain = create(name_of("limit"), 1024);
	is(give(domain, 0, 1, p), -ENOMEM, "a limit of nothing");
	set_limit(old);
	is(give(domain, 0, 1024, p), 0, "the old limit again");
	munmap(p, 1024 * PAGE);
}

int main(void)
{
	struct pvhv_set_memory good = { .size = sizeof(good), .gfn = 8, .pages = 8 };
	const struct checked checked = {
		"SET_MEMORY", PVHV_SET_MEMORY, sizeof(good), false, &good, ready, NULL, { 0 },
	};

	close(device());
	mem = pages_map(64, PROT_READ | PROT_WRITE);
	good.addr = (uintptr_t)mem;
	check_struct(&checked);
	check_ranges();
	check_addresses();
	check_kinds();
	check_file_end();
	check_twice();
	check_order();
	check_run_page();
	check_limit();
	return finish();
}
