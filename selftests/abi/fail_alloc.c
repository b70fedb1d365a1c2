// SPDX-License-Identifier: GPL-2.0
/*
 * Every ioctl, mmap of the run page and close, when each allocation on their way fails:
 * one of the errors that the contract has, nothing half done, and the same call succeeds
 * when there is memory again. `fail_alloc RUN mmap` for these two only.
 */
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "inject.h"

#define PAGES	600UL		/* more than one table of the physmap has */
#define FRESH	4UL		/* of them, not there yet: pinning has to make them */

static int dev = -1, domain = -1, vcpu = -1, event = -1;
static u8 *mem;
static struct guest g;

static void nothing(void)
{
}

static void ignore(long result)
{
	(void)result;
}

static void close_result(long result)
{
	close((int)result);
}

static long act_version(void)
{
	struct pvhv_version v = { .size = sizeof(v) };

	return call(dev, PVHV_GET_VERSION, &v);
}

static long act_create(void)
{
	struct pvhv_create_domain c = { .size = sizeof(c), .max_pages = PAGES, .name = "fail" };

	return call(dev, PVHV_CREATE_DOMAIN, &c);
}

/* ------------------------------------------------------------ domain fd */

static void make_domain(void)
{
	domain = (int)act_create();
	if (domain < 0)
		bail("cannot create a domain");
}

static void close_domain(void)
{
	close(domain);
}

static void make_memory(void)
{
	make_domain();
	if (madvise(mem + (PAGES - FRESH) * PAGE, FRESH * PAGE, MADV_REMOVE))
		bail("MADV_REMOVE");
}

static long act_memory(void)
{
	return give(domain, 0, PAGES, mem);
}

static long act_vcpu(void)
{
	return vcpu_create(domain, 0);
}

static long act_bind(void)
{
	struct pvhv_bind_port b = { .size = sizeof(b), .port = 7, .eventfd = event };

	return call(domain, PVHV_BIND_PORT, &b);
}

static void make_bound(void)
{
	make_domain();
	if (act_bind())
		bail("cannot bind a port");
}

static long act_raise(void)
{
	struct pvhv_raise_port r = { .size = sizeof(r), .port = 7 };

	return call(domain, PVHV_RAISE_PORT, &r);
}

/* -------------------------------------------------------------- vCPU fd */

static void make_vcpu(void)
{
	make_domain();
	vcpu = (int)act_vcpu();
	if (vcpu < 0)
		bail("cannot create a vCPU");
}

static void close_vcpu(void)
{
	close(vcpu);
	close_domain();
}

static long act_map(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

	return p == MAP_FAILED ? -errno : (long)p;
}

static void unmap(long result)
{
	munmap((void *)result, PAGE);
}

static void make_guest(void)
{
	guest_create(&g, "fail", code_shutdown);
}

static void make_ready_guest(void)
{
	guest_ready(&g, "fail", code_shutdown);
}

static void free_guest(void)
{
	guest_free(&g);
}

static long act_set_regs(void)
{
	return guest_set_regs(&g);
}

static long act_get_regs(void)
{
	struct pvhv_regs r = { .size = sizeof(r) };

	return call(g.vcpu, PVHV_GET_REGS, &r);
}

static long act_run(void)
{
	return guest_run(&g);
}

static void check_shutdown(long result)
{
	(void)result;
	if (g.run->reason != PVHV_EXIT_SHUTDOWN)
		ok(false, "RUN: the guest has ended as it should (%u)", g.run->reason);
}

/* --------------------------------------------------------------- results */

static const struct sweep sweeps[] = {
	{ "GET_VERSION", nothing, act_version, ignore, NULL, { EFAULT } },
	{ "CREATE_DOMAIN", nothing, act_create, close_result, NULL, { ENOMEM, EFAULT, ENFILE } },
	{ "SET_MEMORY", make_memory, act_memory, ignore, close_domain, { ENOMEM, EFAULT } },
	{ "CREATE_VCPU", make_domain, act_vcpu, close_result, close_domain,
	  { ENOMEM, EFAULT, ENFILE } },
	{ "BIND_PORT", make_domain, act_bind, ignore, close_domain, { ENOMEM, EFAULT } },
	{ "RAISE_PORT", make_bound, act_raise, ignore, close_domain, { ENOMEM, EFAULT } },
	{ "mmap", make_vcpu, act_map, unmap, close_vcpu, { ENOMEM } },
	{ "SET_REGS", make_guest, act_set_regs, ignore, free_guest, { ENOMEM, EFAULT } },
	{ "GET_REGS", make_ready_guest, act_get_regs, ignore, free_guest, { ENOMEM, EFAULT } },
	{ "RUN", make_ready_guest, act_run, check_shutdown, free_guest, { ENOMEM } },
};

/* Without names all of them. */
static bool is_wanted(const struct sweep *s, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], s->name); i++)
		;
	return argc == 1 || i < argc;
}

int main(int argc, char **argv)
{
	unsigned int open;
	size_t i;

	dev = device();
	if (!inject_init())
		return finish();
	event = eventfd(0, EFD_CLOEXEC);
	mem = pages_map(PAGES, PROT_READ | PROT_WRITE);
	memset(mem, 1, PAGES * PAGE);
	open = fd_count();
	for (i = 0; i < ARRAY_SIZE(sweeps); i++)
		if (is_wanted(&sweeps[i], argc, argv))
			sweep(&sweeps[i]);
	is(fd_count(), open, "no descriptor is left");
	close(event);
	close(dev);
	ok(access("/sys/kernel/debug/pvhv/fail", F_OK), "no domain is left");
	return finish();
}
