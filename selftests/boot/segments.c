// SPDX-License-Identifier: GPL-2.0
/*
 * Segments in 64-bit code: the bases of FS and GS by every way to set them, and local
 * descriptor tables. Each process keeps its own over any number of switches to
 * processes with others.
 */
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define SWITCHES	500
#define HWCAP2_FSGSBASE	(1 << 1)

#define LDT_SELECTOR(n)	((n) << 3 | 7)

static uint64_t read_gs(void)
{
	uint64_t value;

	asm volatile("mov %%gs:0, %0" : "=r" (value));
	return value;
}

static uint16_t gs_selector(void)
{
	uint16_t selector;

	asm volatile("mov %%gs, %0" : "=r" (selector));
	return selector;
}

/* -------------------------------------------------------------- arch_prctl */

static void gs_work(int n)
{
	uint64_t word = 0x5555000000000000 + n, base;
	int i;

	check(!syscall(SYS_arch_prctl, ARCH_SET_GS, &word));
	for (i = 0; i < SWITCHES; i++) {
		sched_yield();
		check_equal(read_gs(), 0x5555000000000000 + n);
	}
	check(!syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	check_equal(base, (uintptr_t)&word);
}

static void prctl_gs(void)
{
	run_children(4, gs_work);
}

static void prctl_limits(void)
{
	uint64_t base;

	check(!syscall(SYS_arch_prctl, ARCH_GET_FS, &base));
	check_equal(base, *(uint64_t *)base);
	check_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, 0xffff800000000000), -1);
	check_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, 0xffffffff81000000), -1);
	check_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x800000000000), -1);
	check(!syscall(SYS_arch_prctl, ARCH_SET_GS, 0x7ffffffff000 - 8));
	check(!syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	check_equal(base, 0x7ffffffff000 - 8);
}

/* ---------------------------------------------------------------- FSGSBASE */

static void need_fsgsbase(void)
{
	if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE))
		skip("the kernel does not offer the FSGSBASE instructions");
}

static void fsgsbase_work(int n)
{
	uint64_t words[2] = { 0x6666000000000000 + n, 0x7777000000000000 + n };
	uint64_t fs, gs, base;
	int i;

	asm volatile("rdfsbase %0" : "=r" (fs));
	check(!syscall(SYS_arch_prctl, ARCH_GET_FS, &base));
	check_equal(fs, base);
	for (i = 0; i < SWITCHES; i++) {
		/* A new value each time, so that no old one can do. */
		uint64_t want = (uintptr_t)&words[i & 1];

		asm volatile("wrgsbase %0" :: "r" (want));
		sched_yield();
		asm volatile("rdgsbase %0" : "=r" (gs));
		check_equal(gs, want);
		check_equal(read_gs(), words[i & 1]);
	}
	check(!syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	check_equal(base, gs);
	/* Any canonical address is a base. */
	asm volatile("wrgsbase %0" :: "r" (0xffff900000000000));
	sched_yield();
	asm volatile("rdgsbase %0" : "=r" (gs));
	check_equal(gs, 0xffff900000000000);
}

static void fsgsbase(void)
{
	need_fsgsbase();
	run_children(4, fsgsbase_work);
}

/* FS across a switch, without a C library that needs it meanwhile. */
static void wrfsbase_work(int n)
{
	uint64_t word = 0x8888000000000000 + n, fs, got = 0, i;
	long number;

	asm volatile("rdfsbase %0" : "=r" (fs));
	for (i = 0; i < SWITCHES; i++) {
		asm volatile("wrfsbase %[want]\n\tmov %[yield], %%eax\n\tsyscall\n\t"
			     "mov %%fs:0, %[got]\n\twrfsbase %[old]"
			     : [got] "=&r" (got), "=&a" (number)
			     : [want] "r" (&word), [old] "r" (fs), [yield] "i" (SYS_sched_yield)
			     : "rcx", "r11", "memory");
		check_equal(number, 0);
		check_equal(got, word);
	}
}

static void wrfsbase(void)
{
	need_fsgsbase();
	run_children(4, wrfsbase_work);
}

/* ---------------------------------------------------------------- selectors */

static void null_selectors_work(int n)
{
	/* All four are null; IRET may turn each into 0. */
	uint16_t selector = (uint16_t)(n & 3);
	uint64_t word = 1;
	int i;

	for (i = 0; i < SWITCHES; i++) {
		asm volatile("mov %0, %%gs" :: "r" (selector));
		sched_yield();
		check(gs_selector() == selector || !gs_selector());
	}
	check(!syscall(SYS_arch_prctl, ARCH_SET_GS, &word));
	check_equal(read_gs(), 1);
}

static void null_selectors(void)
{
	run_children(4, null_selectors_work);
}

static void data_selectors(void)
{
	uint16_t es, ds;
	int i;

	for (i = 0; i < SWITCHES; i++) {
		asm volatile("mov %0, %%es\n\tmov %1, %%ds" :: "r" (0x2b), "r" (i & 1 ? 0x2b : 0));
		sched_yield();
		asm volatile("mov %%es, %0\n\tmov %%ds, %1" : "=r" (es), "=r" (ds));
		check_equal(es, 0x2b);
		check_equal(ds, i & 1 ? 0x2b : 0);
	}
}

/* --------------------------------------------------------------- modify_ldt */

/* Memory below 4 GiB, where the base of a descriptor can point. */
static uint64_t *low_page(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	check(p != MAP_FAILED);
	return p;
}

static void ldt_write(unsigned int entry, const void *base, bool present)
{
	struct user_desc d = {
		.entry_number = entry, .base_addr = (uint32_t)(uintptr_t)base, .limit = 0xfff,
		.seg_32bit = 1, .useable = 1, .seg_not_present = !present,
		.read_exec_only = !present,
	};

	check(!syscall(SYS_modify_ldt, 0x11, &d, sizeof(d)));
}

static void ldt_work(int n)
{
	unsigned int entry = (unsigned int)n * 3;
	uint64_t *page = low_page();
	int i;

	*page = 0x9999000000000000 + n;
	ldt_write(entry, page, true);
	asm volatile("mov %0, %%gs" :: "r" (LDT_SELECTOR(entry)));
	for (i = 0; i < SWITCHES; i++) {
		sched_yield();
		check_equal(gs_selector(), LDT_SELECTOR(entry));
		check_equal(read_gs(), 0x9999000000000000 + n);
		/* Loaded anew: the processor looks at this process' table again. */
		asm volatile("mov %0, %%gs" :: "r" (LDT_SELECTOR(entry)));
		check_equal(read_gs(), 0x9999000000000000 + n);
	}
}

static void ldt(void)
{
	run_children(5, ldt_work);
}

static void load_dies(unsigned int selector, int signal)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		asm volatile("mov %0, %%gs" :: "r" (selector));
		_exit(0);
	}
	check_equal(waitpid(pid, &status, 0), pid);
	check(WIFSIGNALED(status) && WTERMSIG(status) == signal);
}

static void ldt_inherited_and_cleared(void)
{
	struct user_desc clear = {
		.entry_number = 2, .read_exec_only = 1, .seg_not_present = 1,
	};
	uint64_t *page = low_page(), *other = low_page(), entries[8];
	pid_t pid;

	*page = 1;
	*other = 2;
	ldt_write(2, page, true);
	check(syscall(SYS_modify_ldt, 0, entries, sizeof(entries)) >= 24);
	check(entries[2] != 0);
	pid = fork();
	if (!pid) {
		asm volatile("mov %0, %%gs" :: "r" (LDT_SELECTOR(2)));
		check_equal(read_gs(), 1);
		/* The child's table is a copy. */
		ldt_write(2, other, true);
		asm volatile("mov %0, %%gs" :: "r" (LDT_SELECTOR(2)));
		check_equal(read_gs(), 2);
		_exit(0);
	}
	wait_good(pid);
	asm volatile("mov %0, %%gs" :: "r" (LDT_SELECTOR(2)));
	check_equal(read_gs(), 1);
	load_dies(LDT_SELECTOR(3), SIGSEGV);
	check(!syscall(SYS_modify_ldt, 0x11, &clear, sizeof(clear)));
	load_dies(LDT_SELECTOR(2), SIGSEGV);
	/* The register was loaded with it: the kernel has to survive that. */
	sched_yield();
	/* A segment that is not present. */
	ldt_write(4, page, false);
	load_dies(LDT_SELECTOR(4), SIGBUS);
}

/* The largest table, of 16 pages. */
static void ldt_large(void)
{
	uint64_t *page = low_page();
	unsigned int i;

	for (i = 0; i < 64; i++) {
		*page = i;
		ldt_write(8191 - i * 127, page, true);
		asm volatile("mov %0, %%gs" :: "r" (LDT_SELECTOR(8191 - i * 127)));
		check_equal(read_gs(), i);
	}
}

const struct test segments_tests[] = {
	{ "arch_prctl: GS base kept over switches", prctl_gs },
	{ "arch_prctl: bases and limits", prctl_limits },
	{ "FSGSBASE instructions: GS", fsgsbase },
	{ "FSGSBASE instructions: FS", wrfsbase },
	{ "null selectors in GS", null_selectors },
	{ "DS and ES", data_selectors },
	{ "modify_ldt: tables kept over switches", ldt },
	{ "modify_ldt: inherited, copied, cleared", ldt_inherited_and_cleared },
	{ "modify_ldt: the largest table", ldt_large },
	{ },
};
