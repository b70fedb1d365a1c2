// SPDX-License-Identifier: GPL-2.0
/*
 * Registers, page tables and memory that no guest in its right mind would start with.
 * The domain may come to any end but a bug of the monitor; the host must not notice.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <asm/ldt.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "guest.h"

#define P	0x001ULL
#define TABLE	0x067ULL
#define PAGE_PS	0x080ULL

static struct guest g;

/* ------------------------------------------------------------ registers */

static void check_regs(const char *what, __u64 *member, u64 value, long want)
{
	long ret;

	*member = value;
	ret = guest_set_regs(&g);
	is(ret ? ret : guest_crash(&g), want, "%s = 0x%llx", what, value);
	guest_free(&g);
	guest_create(&g, name_of("regs"), code_shutdown);
}

/* What guest_crash() says of a guest that shut down. */
#define SHUT_DOWN	(-1L - PVHV_EXIT_SHUTDOWN)

static void check_registers(void)
{
	static const u64 nowhere[] = {
		0, GUEST_VA + 40 * PAGE, 0x7fffffffffff, 0x800000000000, 0x8000000000000000,
		0xffff800000000000, 0xffff808000000000, 0xffff808000140000, 0xffff820000000000,
		0xffff888000000000, 0xffffffff81000000, 0xffffffffff600000, ~0ULL,
		0xff00000000000000, 0xff00808000100000,
	};
	static const u64 flags[] = {
		0, ~0ULL, 0x3000, 0x20000, 0x4000, 0x40000, 0x10000, 0x80000, 0x100000, 0x200000,
		0x400, ~0x300ULL, 1ULL << 63,
	};
	size_t i;

	guest_create(&g, name_of("regs"), code_shutdown);
	for (i = 0; i < ARRAY_SIZE(nowhere); i++)
		check_regs("rip", &g.regs.rip, nowhere[i], PVHV_CRASH_TRIPLE_FAULT);
	/* code_shutdown has no use for a stack. */
	for (i = 0; i < ARRAY_SIZE(nowhere); i++)
		check_regs("rsp", &g.regs.rsp, nowhere[i], SHUT_DOWN);
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		check_regs("rflags", &g.regs.rflags, flags[i], SHUT_DOWN);
	check_regs("fs_base", &g.regs.fs_base, 0xffff808000100000, SHUT_DOWN);
	check_regs("gs_base_kernel", &g.regs.gs_base_kernel, 0xffff888000000000, SHUT_DOWN);
	check_regs("gs_base_user", &g.regs.gs_base_user, ~0ULL, SHUT_DOWN);
	check_regs("cr2", &g.regs.cr2, 0x8000000000000000, SHUT_DOWN);
	check_regs("cr3_gfn", &g.regs.cr3_gfn, GFN_CODE, PVHV_CRASH_PAGETABLE);
	check_regs("cr3_gfn", &g.regs.cr3_gfn, GFN_L1, PVHV_CRASH_PAGETABLE);
	check_regs("cr3_gfn", &g.regs.cr3_gfn, GFN_L3, PVHV_CRASH_PAGETABLE);
	/* A root that maps nothing is valid, and of no use. */
	check_regs("cr3_gfn", &g.regs.cr3_gfn, 30, PVHV_CRASH_TRIPLE_FAULT);
	guest_free(&g);
}

/* Frames that the domain may have one day, but has not. */
static void check_no_memory(void)
{
	struct pvhv_run *run;
	struct guest empty = { 0 };

	empty.domain = create(name_of("empty"), GUEST_PAGES);
	empty.vcpu = vcpu_create(empty.domain, 0);
	run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, empty.vcpu, 0);
	empty.run = run;
	empty.regs = (struct pvhv_regs){ .size = sizeof(empty.regs), .cr3_gfn = 5 };
	is(guest_set_regs(&empty), 0, "registers of a domain without memory");
	is(guest_crash(&empty), PVHV_CRASH_PAGETABLE, "its root is a frame that it does not have");
	guest_free(&empty);
}

static void check_small_pool(void)
{
	struct pvhv_create_domain c = { .size = sizeof(c), .max_pages = GUEST_PAGES };
	u32 pool;

	for (pool = 1; pool < 8; pool++) {
		int dev = device();

		guest_create(&g, name_of("pool"), code_shutdown);
		/* The same memory again, in a domain with a pool of that size. */
		munmap(g.run, PAGE);
		close(g.vcpu);
		close(g.domain);
		strcpy(c.name, name_of("pool"));
		c.pool_pages = pool;
		c.special_gfn = 0;
		g.domain = (int)call(dev, PVHV_CREATE_DOMAIN, &c);
		close(dev);
		if (give(g.domain, 0, GUEST_PAGES, g.mem))
			bail("memory");
		g.vcpu = vcpu_create(g.domain, 0);
		g.run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, g.vcpu, 0);
		if (guest_set_regs(&g))
			bail("registers");
		/* Four tables, and a second page of the root where the host needs one. */
		if (pool < 4)
			is(guest_crash(&g), PVHV_CRASH_POOL, "a pool of %u pages", pool);
		else if (pool > 4)
			is(guest_crash(&g), SHUT_DOWN, "a pool of %u pages", pool);
		guest_free(&g);
	}
}

/* ---------------------------------------------------------- page tables */

static u64 *entry(unsigned int gfn, unsigned int index)
{
	return &guest_table(&g, gfn)[index];
}

/* One entry is wrong in tables that are right otherwise. */
static void check_entry(const char *what, unsigned int gfn, unsigned int index, u64 value,
			long want)
{
	guest_ready(&g, name_of("table"), code_shutdown);
	*entry(gfn, index) = value;
	is(guest_crash(&g), want, "%s", what);
	guest_free(&g);
}

static void check_tables(void)
{
	const long bad = PVHV_CRASH_PAGETABLE;
	static const char * const level[] = { "L1", "L2", "L3", "L4" };
	unsigned int i, gfn;
	char what[100];

	for (i = 0; i < 4; i++) {
		gfn = GFN_L1 - i;
		snprintf(what, sizeof(what), "%s: a frame beyond max_pages", level[i]);
		check_entry(what, gfn, 20, (GUEST_PAGES + 100) * PAGE | TABLE, bad);
		snprintf(what, sizeof(what), "%s: the largest frame number", level[i]);
		check_entry(what, gfn, 20, 0x000ffffffffff000 | TABLE, bad);
		snprintf(what, sizeof(what), "%s: all bits", level[i]);
		check_entry(what, gfn, 20, ~0ULL, bad);
		snprintf(what, sizeof(what), "%s: itself, writable", level[i]);
		check_entry(what, gfn, 20, gfn * PAGE | TABLE, bad);
		snprintf(what, sizeof(what), "%s: not present, all other bits", level[i]);
		check_entry(what, gfn, 20, ~1ULL, SHUT_DOWN);
	}
	check_entry("L4: the L4, read-only", GFN_L4, 20, GFN_L4 * PAGE | 0x65, bad);
	check_entry("L3: the L4", GFN_L3, 20, GFN_L4 * PAGE | TABLE, bad);
	check_entry("L2: the L4", GFN_L2, 20, GFN_L4 * PAGE | TABLE, bad);
	check_entry("L1: the L4, writable", GFN_L1, 20, GFN_L4 * PAGE | TABLE, bad);
	check_entry("L1: the L4, read-only", GFN_L1, 20, GFN_L4 * PAGE | 0x65, SHUT_DOWN);
	check_entry("L1: itself, read-only", GFN_L1, 20, GFN_L1 * PAGE | 0x65, SHUT_DOWN);
	check_entry("L4: the L2", GFN_L4, 20, GFN_L2 * PAGE | TABLE, bad);
	check_entry("L3: the L1", GFN_L3, 20, GFN_L1 * PAGE | TABLE, bad);
	check_entry("L2: a large page", GFN_L2, 20, 0x200000 | TABLE | PAGE_PS, bad);
	check_entry("L2: a large page of frame 0", GFN_L2, 20, TABLE | PAGE_PS, bad);
	check_entry("L3: a huge page", GFN_L3, 20, TABLE | PAGE_PS, bad);
	check_entry("L4: bit 7", GFN_L4, 20, GFN_L3 * PAGE | TABLE | PAGE_PS, bad);
	check_entry("L2: writable memory as a table", GFN_L2, 20, GFN_DATA * PAGE | TABLE, bad);
	check_entry("L4: shared_info", GFN_L4, 20, GUEST_PAGES * PAGE | TABLE, bad);
	check_entry("L2: shared_info", GFN_L2, 20, GUEST_PAGES * PAGE | TABLE, bad);
	check_entry("L4: the monitor's slot", GFN_L4, 257, GFN_L3 * PAGE | TABLE, SHUT_DOWN);
	check_entry("L4: garbage in the monitor's slot", GFN_L4, 257, ~0ULL, SHUT_DOWN);
	check_entry("L4: garbage in the m2p's slot", GFN_L4, 256, ~0ULL, SHUT_DOWN);
	check_entry("L4: no way to the code", GFN_L4, 0, 0, PVHV_CRASH_TRIPLE_FAULT);
	check_entry("L1: the code cannot be executed", GFN_L1, GFN_CODE,
		    GFN_CODE * PAGE | 1ULL << 63 | 0x65, PVHV_CRASH_TRIPLE_FAULT);
}

/* ------------------------------------------------------------- garbage */

static u64 seed;

static u64 random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static u64 random_entry(int kind)
{
	u64 r = random64(), gfn = (r >> 40) % (GUEST_PAGES + 2);

	switch (kind) {
	case 0:
		return r;
	case 1:		/* sparse */
		return r % 8 ? 0 : random64();
	case 2:		/* frames that exist, any bits below */
		return gfn * PAGE | (r & 0xfff);
	default:	/* as a guest would write it */
		return gfn * PAGE | 0x65 | (r & 2);
	}
}

/* Everything beyond code, data and stack; or a few entries of tables that are right. */
static void spread_garbage(int kind)
{
	static const unsigned int tables[] = { GFN_L1, GFN_L1, GFN_L2, GFN_L3, GFN_L4 };
	unsigned int i, n = 1 + (unsigned int)(random64() % 4);

	if (kind < 3) {
		for (i = GFN_MORE * 512; i < GUEST_PAGES * 512; i++)
			((u64 *)g.mem)[i] = random_entry(kind);
		return;
	}
	for (i = 0; i < n; i++)
		*entry(tables[random64() % ARRAY_SIZE(tables)], random64() % 512) =
			random_entry(kind);
}

static void on_alarm(int sig)
{
	(void)sig;
	__atomic_store_n(&g.run->immediate_exit, 1, __ATOMIC_RELAXED);
}

static bool alarmed(void)
{
	return __atomic_load_n(&g.run->immediate_exit, __ATOMIC_RELAXED);
}

/*
 * Most are refused. Those that are not may execute garbage for ever, so time ends them;
 * that is no failure.
 */
static void check_garbage(int kind)
{
	const struct itimerval soon = { { 0, 0 }, { 0, 200000 } }, never = { { 0, 0 }, { 0, 0 } };
	unsigned int ends[PVHV_CRASH_GUEST + 1] = { 0 }, stopped = 0, shut_down = 0, i;
	long ret;

	for (i = 0; i < 60; i++) {
		guest_ready(&g, name_of("garbage"), code_shutdown);
		seed = 0x9e3779b97f4a7c15 * (i + 1) + (u64)kind;
		spread_garbage(kind);
		setitimer(ITIMER_REAL, &soon, NULL);
		do
			ret = guest_run(&g);
		while ((!ret && g.run->reason != PVHV_EXIT_CRASH &&
			g.run->reason != PVHV_EXIT_SHUTDOWN) ||
		       (ret == -EINTR && !alarmed()));
		setitimer(ITIMER_REAL, &never, NULL);
		if (ret == -EINTR)
			stopped++;
		else if (!ret && g.run->reason == PVHV_EXIT_CRASH &&
			 g.run->crash.reason < ARRAY_SIZE(ends))
			ends[g.run->crash.reason]++;
		else
			shut_down += !ret;
		guest_free(&g);
	}
	note("garbage %d: %u page tables, %u triple faults, %u shut down, %u stopped", kind,
	     ends[PVHV_CRASH_PAGETABLE], ends[PVHV_CRASH_TRIPLE_FAULT], shut_down, stopped);
	is(ends[PVHV_CRASH_MONITOR], 0, "garbage %d: no bug in the monitor", kind);
	if (kind == 0)
		is(ends[PVHV_CRASH_PAGETABLE], 60, "random bytes are no page tables");
	guest_ready(&g, name_of("after"), code_shutdown);
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "a guest after all that garbage");
	guest_free(&g);
}

/* Random instructions in guest kernel mode, with system calls among them. */
static void check_code(bool calls)
{
	const struct itimerval soon = { { 0, 0 }, { 0, 30000 } }, never = { { 0, 0 }, { 0, 0 } };
	unsigned int i, j, panics = 0, crashed = 0;
	long ret;

	for (i = 0; i < 60; i++) {
		guest_ready(&g, name_of("code"), code_start);
		seed = 0x9e3779b97f4a7c15 * (i + 1) + calls;
		for (j = 0; j < 512; j++)
			((u64 *)g.mem)[j] = random64();
		/* mov $0..63, %eax; syscall; and the rest of eight bytes random */
		for (j = 0; calls && j < PAGE; j += 16) {
			const u8 code[] = { 0xb8, random64() % 64, 0, 0, 0, 0x0f, 0x05 };

			memcpy(g.mem + j, code, sizeof(code));
		}
		setitimer(ITIMER_REAL, &soon, NULL);
		do
			ret = guest_run(&g);
		while ((!ret && g.run->reason != PVHV_EXIT_CRASH &&
			g.run->reason != PVHV_EXIT_SHUTDOWN) || (ret == -EINTR && !alarmed()));
		setitimer(ITIMER_REAL, &never, NULL);
		crashed += !ret && g.run->reason == PVHV_EXIT_CRASH;
		panics += !ret && g.run->reason == PVHV_EXIT_CRASH &&
			  g.run->crash.reason == PVHV_CRASH_MONITOR;
		guest_free(&g);
	}
	note("%u of 60 crashed", crashed);
	is(panics, 0, "random instructions%s: no bug in the monitor", calls ? " and hypercalls" : "");
}

/* -------------------------------------------------------------- memory */

static int stop;

/* The VMM writes to everything the guest has, its page tables too, while it runs. */
static void *foreign_writer(void *unused)
{
	u64 n = 88172645463325252ULL, *memory = (u64 *)g.mem;
	size_t i;

	(void)unused;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < 4096; i++) {
			n ^= n << 13;
			n ^= n >> 7;
			n ^= n << 17;
			memory[GFN_DATA * 512 + n % ((GUEST_PAGES - GFN_DATA) * 512)] = n * 3;
		}
	}
	return NULL;
}

static void check_foreign_writer(const char *what, const char *code)
{
	const struct itimerval soon = { { 0, 0 }, { 0, 100000 } };
	int i, bad = 0;
	pthread_t thread;
	sigset_t set;
	long ret;

	for (i = 0; i < 20; i++) {
		guest_ready(&g, name_of("writer"), code);
		stop = 0;
		sigemptyset(&set);
		sigaddset(&set, SIGALRM);
		pthread_sigmask(SIG_BLOCK, &set, NULL);
		pthread_create(&thread, NULL, foreign_writer, NULL);
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
		setitimer(ITIMER_REAL, &soon, NULL);
		do
			ret = guest_run(&g);
		while (!alarmed() && (!ret || ret == -EINTR));
		while (!alarmed())
			pause();
		__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		bad += g.run->reason == PVHV_EXIT_CRASH && g.run->crash.reason == PVHV_CRASH_MONITOR;
		guest_free(&g);
	}
	is(bad, 0, "memory changes under a guest that %s", what);
}

/* Two frames that are one page: a table that is written to through its other name. */
static void check_alias(void)
{
	struct guest alias;
	u8 *twice = pages_map(GUEST_PAGES, PROT_READ | PROT_WRITE);

	guest_create(&alias, name_of("alias"), code_shutdown);
	memcpy(twice, alias.mem, GUEST_PAGES * PAGE);
	close(alias.vcpu);
	munmap(alias.run, PAGE);
	close(alias.domain);
	alias.domain = create(name_of("alias"), 2 * GUEST_PAGES);
	is(give(alias.domain, 0, GUEST_PAGES, twice), 0, "memory");
	is(give(alias.domain, GUEST_PAGES, GUEST_PAGES, twice), 0, "the same memory again");
	/* The root, and a writable mapping of the same page by its second name. */
	((u64 *)(twice + GFN_L1 * PAGE))[PAGE_SHARED] = 0;
	((u64 *)(twice + GFN_L1 * PAGE))[20] = (GUEST_PAGES + GFN_L4) * PAGE | TABLE;
	((u64 *)(twice + GFN_L1 * PAGE))[21] = (GUEST_PAGES + GFN_L1) * PAGE | TABLE;
	alias.vcpu = vcpu_create(alias.domain, 0);
	alias.run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, alias.vcpu, 0);
	is(guest_set_regs(&alias), 0, "registers");
	is(guest_end(&alias), PVHV_EXIT_SHUTDOWN, "a guest with tables it can write to");
	guest_free(&alias);
	munmap(twice, GUEST_PAGES * PAGE);
}

/*
 * The VMM has an LDT. Its address would be one of the guest's, which could fill it with
 * gates to ring 0: the CPU must not look there.
 */
static int run_with_ldt(void *unused)
{
	struct user_desc desc = { .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1 };
	long ret;

	(void)unused;
	if (syscall(SYS_modify_ldt, 0x11, &desc, sizeof(desc)))
		return 200;
	guest_ready(&g, name_of("ldt"), code_ldt);
	ret = guest_end(&g);
	return ret < 0 ? 201 : ret == PVHV_EXIT_SHUTDOWN && *guest_data(&g, DATA_RESULT) ? 202 : (int)ret;
}

static void check_ldt(void)
{
	int ret = in_child(run_with_ldt, NULL);

	if (ret == 200)
		skip("this kernel has no modify_ldt");
	else
		is(ret, PVHV_EXIT_SHUTDOWN, "the VMM's LDT is not the guest's");
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	int kind;

	close(device());
	sigaction(SIGALRM, &sa, NULL);
	check_registers();
	check_no_memory();
	check_small_pool();
	check_tables();
	for (kind = 0; kind < 4; kind++)
		check_garbage(kind);
	check_code(false);
	check_code(true);
	check_foreign_writer("computes", code_count);
	check_foreign_writer("shuts down", code_shutdown);
	check_foreign_writer("writes", code_write);
	check_alias();
	check_ldt();
	return finish();
}
