// SPDX-License-Identifier: GPL-2.0
/*
 * What the header of uapi/linux/pvhv.h promises of every struct. All bad calls are
 * made on one descriptor, then a good one: had a bad one done anything, the good one
 * would find a name, a frame, an id or a port taken.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi.h"

/* Three pages: two to put structs into, and one that nobody may access. */
static u8 *window;

static void window_map(void)
{
	window = pages_map(3, PROT_READ | PROT_WRITE);
	mprotect(window + 2 * PAGE, PAGE, PROT_NONE);
}

static void window_unmap(void)
{
	munmap(window, 3 * PAGE);
}

/* A copy of the good struct at @at, with a size of its own. */
static void *put(const struct checked *c, u8 *at, u32 size)
{
	memcpy(at, c->good, c->size);
	memcpy(at, &size, sizeof(size));
	return at;
}

/* The same where zeros follow. */
static u8 *put_alone(const struct checked *c, u32 size)
{
	memset(window, 0, 2 * PAGE);
	return put(c, window, size);
}

static void check_sizes(const struct checked *c, int fd)
{
	u32 least = (u32)(c->first ? c->first : c->size);
	const u32 small[] = { 0, 1, 4, 8, least / 2, least - 1 };
	const u32 absurd[] = { PAGE + 1, 2 * PAGE, 1u << 31, ~0u };
	size_t i;
	u8 *p;

	for (i = 0; i < ARRAY_SIZE(small); i++)
		is(call(fd, c->cmd, put_alone(c, small[i])), -EINVAL, "%s: size %u is too small",
		   c->name, small[i]);
	for (i = 0; i < ARRAY_SIZE(absurd); i++)
		is(call(fd, c->cmd, put_alone(c, absurd[i])), -E2BIG, "%s: size 0x%x is absurd",
		   c->name, absurd[i]);
	p = put_alone(c, (u32)c->size + 1);
	p[c->size] = 1;
	is(call(fd, c->cmd, p), -E2BIG, "%s: a tail of one byte that is not zero", c->name);
	p = put_alone(c, (u32)c->size + 256);
	p[c->size + 255] = 0x80;
	is(call(fd, c->cmd, p), -E2BIG, "%s: the end of a tail is not zero", c->name);
	p = put_alone(c, PAGE);
	p[PAGE - 1] = 1;
	is(call(fd, c->cmd, p), -E2BIG, "%s: a page whose last byte is not zero", c->name);
}

static void check_members(const struct checked *c, int fd)
{
	const u32 bad[] = { 1, 1u << 31, ~0u };
	size_t i, n;
	u8 *p;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		p = put_alone(c, (u32)c->size);
		memcpy(p + 4, &bad[i], sizeof(bad[i]));
		is(call(fd, c->cmd, p), -EINVAL, "%s: unknown flags 0x%x", c->name, bad[i]);
		for (n = 0; n < ARRAY_SIZE(c->zero) && c->zero[n]; n++) {
			p = put_alone(c, (u32)c->size);
			memcpy(p + c->zero[n], &bad[i], sizeof(bad[i]));
			is(call(fd, c->cmd, p), -EINVAL, "%s: offset %zu must be zero, not 0x%x",
			   c->name, c->zero[n], bad[i]);
		}
	}
}

static void check_addresses(const struct checked *c, int fd)
{
	static const struct { u64 addr; const char *what; } bad[] = {
		{ 0, "NULL" }, { 1, "address 1" }, { 0x7fffffffe000, "the last page below the hole" },
		{ 0x7fffffffeffc, "into the hole" }, { 0x800000000000, "in the hole" },
		{ 0x8000000000000000, "bit 63 alone" }, { 0xffff800000000000, "the m2p's slot" },
		{ 0xffff808000000000, "the monitor's slot" }, { 0xffff888000000000, "kernel memory" },
		{ 0xffffffff81000000, "kernel text" }, { 0xffffffffff600000, "the vsyscall page" },
		{ ~0ULL, "address -1" }, { ~0ULL - 3, "wraps around" },
	};
	u8 *end = window + 2 * PAGE;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		is(call(fd, c->cmd, (void *)(uintptr_t)bad[i].addr), -EFAULT,
		   "%s: pointer is %s", c->name, bad[i].what);
	put_alone(c, (u32)c->size);
	is(call(fd, c->cmd, end), -EFAULT, "%s: pointer to nothing", c->name);
	memcpy(end - 4, window, 4);
	is(call(fd, c->cmd, end - 4), -EFAULT, "%s: only the size is mapped", c->name);
	memcpy(end - c->size + 1, window, c->size - 1);
	is(call(fd, c->cmd, end - c->size + 1), -EFAULT, "%s: all but the last byte is mapped",
	   c->name);
	is(call(fd, c->cmd, put(c, end - c->size, (u32)c->size + 1)), -EFAULT,
	   "%s: all but a tail of one byte is mapped", c->name);
	put_alone(c, (u32)c->size);
	munmap(window, PAGE);
	is(call(fd, c->cmd, window), -EFAULT, "%s: an unmapped page", c->name);
	if (mmap(window, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) != window)
		bail("mmap");
	memset(window, 0, 2 * PAGE);
}

/* The last failure there can be: everything is done, and nobody can be told. */
static void check_readonly(const struct checked *c, int fd)
{
	put_alone(c, (u32)c->size);
	mprotect(window, 2 * PAGE, PROT_READ);
	is(call(fd, c->cmd, window), -EFAULT, "%s: a read-only page", c->name);
	mprotect(window, 2 * PAGE, PROT_READ | PROT_WRITE);
	put(c, window + PAGE - c->size + 4, (u32)c->size);
	mprotect(window + PAGE, PAGE, PROT_READ);
	is(call(fd, c->cmd, window + PAGE - c->size + 4), -EFAULT,
	   "%s: the last four bytes are read-only", c->name);
	mprotect(window + PAGE, PAGE, PROT_READ | PROT_WRITE);
	memset(window, 0, 2 * PAGE);
}

static void check_good(const struct checked *c, int fd, u8 *p, const char *what)
{
	u32 size, wanted;
	long ret;
	size_t i;

	memcpy(&wanted, p, sizeof(wanted));
	ret = call(fd, c->cmd, p);
	if (!ok(ret >= 0, "%s: %s", c->name, what))
		note("errno %ld: %s", -ret, strerror((int)-ret));
	memcpy(&size, p, sizeof(size));
	ok(size == wanted, "%s: %s: the size stays", c->name, what);
	if (!c->out)
		ok(!memcmp(p + 4, (const u8 *)c->good + 4, c->size - 4),
		   "%s: %s: the struct stays", c->name, what);
	for (i = c->size; i < wanted && !p[i]; i++)
		;
	ok(i >= wanted, "%s: %s: nothing is written beyond what the module knows", c->name, what);
	if (c->undo)
		c->undo(ret);
}

void check_struct(const struct checked *c)
{
	unsigned int open;
	int fd;

	window_map();
	fd = c->ready();
	open = fd_count();
	check_sizes(c, fd);
	check_members(c, fd);
	check_addresses(c, fd);
	if (c->out)
		check_readonly(c, fd);
	is(fd_count(), open, "%s: no failed call has left a descriptor", c->name);
	check_good(c, fd, put_alone(c, (u32)c->size), "good after all the bad calls");
	check_good(c, c->ready(), put_alone(c, (u32)c->size + 8), "longer, and zero there");
	check_good(c, c->ready(), put_alone(c, PAGE), "as long as a page");
	check_good(c, c->ready(), put(c, window + 2 * PAGE - c->size, (u32)c->size),
		   "just before nothing");
	check_good(c, c->ready(), put(c, window + PAGE - c->size / 2 / 4 * 4, (u32)c->size),
		   "across two pages");
	window_unmap();
}

void check_unknown(const char *what, int fd, const unsigned long *known, size_t n)
{
	static const unsigned long all[] = {
		PVHV_GET_VERSION, PVHV_CREATE_DOMAIN, PVHV_SET_MEMORY, PVHV_CREATE_VCPU,
		PVHV_BIND_PORT, PVHV_RAISE_PORT, PVHV_RUN, PVHV_SET_REGS, PVHV_GET_REGS,
		PVHV_SET_DEBUG,
		/* Of no descriptor: other numbers, another type, size and direction. */
		_IO('X', 0x7f), _IO('X', 0x72), _IO('X', 0x8f), _IO('X', 0x94), _IO('X', 0xff),
		_IO('Y', 0x90), _IOWR('X', 0x70, char[64]), _IOW('X', 0x71, struct pvhv_create_domain),
		_IOR('X', 0x91, struct pvhv_regs), 0, 1, 0xffffffff,
	};
	static u8 zero[PAGE];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		for (j = 0; j < n && all[i] != known[j]; j++)
			;
		if (j == n)
			is(call(fd, all[i], zero), -ENOTTY, "%s: ioctl 0x%lx", what, all[i]);
	}
}
