// SPDX-License-Identifier: GPL-2.0
/*
 * Segments of 32-bit code: local descriptor tables, and the three entries of the global
 * one that belong to a thread. Each process keeps its own.
 */
#include "compat32.h"

#include <asm/ldt.h>
#include <linux/mman.h>

#define SWITCHES	500

#define LDT_SELECTOR(n)	((n) << 3 | 7)
#define GDT_SELECTOR(n)	((n) << 3 | 3)

static uint32_t *page(void)
{
	long p = sys(__NR_mmap2, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check((unsigned long)p < 0xfffff000);
	return (uint32_t *)p;
}

static uint32_t read_fs(void)
{
	uint32_t value;

	asm volatile("mov %%fs:0, %0" : "=r" (value));
	return value;
}

static uint32_t read_gs(void)
{
	uint32_t value;

	asm volatile("mov %%gs:0, %0" : "=r" (value));
	return value;
}

static uint32_t gs_selector(void)
{
	uint32_t value;

	asm volatile("mov %%gs, %0" : "=r" (value));
	return value & 0xffff;
}

static void load_fs(uint32_t selector)
{
	asm volatile("mov %0, %%fs" :: "r" (selector));
}

static void load_gs(uint32_t selector)
{
	asm volatile("mov %0, %%gs" :: "r" (selector));
}

static void ldt_write(struct user_desc d)
{
	check_equal(sys(__NR_modify_ldt, 0x11, (long)&d, sizeof(d)), 0);
}

static struct user_desc data_segment(unsigned int entry, const void *base)
{
	return (struct user_desc){
		.entry_number = entry, .base_addr = (unsigned int)base, .limit = 0xfff,
		.seg_32bit = 1, .useable = 1,
	};
}

/* ---------------------------------------------------------------- modify_ldt */

static void ldt_work(int n)
{
	unsigned int entry = (unsigned int)n;
	uint32_t *a = page(), *b = page();
	int i;

	*a = 0x1000u + entry;
	*b = 0x2000u + entry;
	ldt_write(data_segment(entry, a));
	ldt_write(data_segment(entry + 10, b));
	load_fs(LDT_SELECTOR(entry));
	load_gs(LDT_SELECTOR(entry + 10));
	for (i = 0; i < SWITCHES; i++) {
		sys(__NR_sched_yield);
		check_equal(read_fs(), 0x1000 + n);
		check_equal(read_gs(), 0x2000 + n);
		load_gs(LDT_SELECTOR(entry + 10));
		check_equal(read_gs(), 0x2000 + n);
	}
}

static void ldt(void)
{
	run_children(4, ldt_work);
}

static void beyond_limit(void)
{
	uint32_t value;

	load_gs(LDT_SELECTOR(1));
	asm volatile("mov %%gs:0x1000, %0" : "=r" (value));
}

static void ldt_limit(void)
{
	ldt_write(data_segment(1, page()));
	check(status_is_signal(run_process(beyond_limit), SIGSEGV));
}

static void load_cleared(void)
{
	load_gs(LDT_SELECTOR(1));
}

static void ldt_cleared(void)
{
	struct user_desc clear = {
		.entry_number = 1, .read_exec_only = 1, .seg_not_present = 1,
	};
	uint32_t *p = page();

	ldt_write(data_segment(1, p));
	check_equal(run_process(load_cleared), 0);
	ldt_write(clear);
	check(status_is_signal(run_process(load_cleared), SIGSEGV));
}

static void ldt_code(void)
{
	/* mov %cs:8, %eax; lret; a word at 8 */
	static const uint8_t code[12] = { 0x2e, 0xa1, 8, 0, 0, 0, 0xcb, 0x90, 0x44, 0x33, 0x22, 0x11 };
	struct user_desc d = data_segment(5, page());
	uint32_t result;
	int i;

	d.contents = MODIFY_LDT_CONTENTS_CODE;
	memcpy((void *)d.base_addr, code, sizeof(code));
	ldt_write(d);
	for (i = 0; i < 100; i++) {
		asm volatile("lcall %[selector], $0" : "=a" (result)
			     : [selector] "i" (LDT_SELECTOR(5)) : "memory");
		check_equal(result, 0x11223344);
	}
}

/* A system call on a stack of 16 bits: only sp can be trusted afterwards. */
static void ldt_stack16(void)
{
	struct user_desc d = data_segment(6, page());
	uint32_t sp = 0, ss = 0;
	long number = __NR_getpid;

	d.seg_32bit = 0;
	d.contents = MODIFY_LDT_CONTENTS_DATA;
	if (sys(__NR_modify_ldt, 0x11, (long)&d, sizeof(d)) == -22)	/* EINVAL */
		skip("this kernel allows no 16-bit segments");
	asm volatile("mov %%esp, %%esi\n\tmov %%ss, %%edi\n\t"
		     "mov %[selector], %%ecx\n\tmov %%ecx, %%ss\n\tmov $0x800, %%esp\n\t"
		     "int $0x80\n\t"
		     "mov %%esp, %%edx\n\tmov %%ss, %%ecx\n\t"
		     "mov %%edi, %%ss\n\tmov %%esi, %%esp"
		     : "+a" (number), "=d" (sp), "=c" (ss)
		     : [selector] "i" (LDT_SELECTOR(6)) : "esi", "edi", "memory");
	check_equal(number, sys(__NR_getpid));
	check_equal(sp & 0xffff, 0x800);
	check_equal(ss & 0xffff, LDT_SELECTOR(6));
}

/* A signal while a segment of the local table is in use. */
static volatile uint32_t seen_by_handler;

static void on_signal(int signal, siginfo_t *info, struct ucontext *context)
{
	(void)signal;
	(void)info;
	seen_by_handler = context->uc_mcontext.gs;
	load_gs(0);
}

static void ldt_signal(void)
{
	uint32_t *p = page();

	*p = 4711;
	ldt_write(data_segment(2, p));
	load_gs(LDT_SELECTOR(2));
	set_handler(SIGUSR1, on_signal);
	check_equal(sys(__NR_kill, sys(__NR_getpid), SIGUSR1), 0);
	check_equal(seen_by_handler & 0xffff, LDT_SELECTOR(2));
	check_equal(gs_selector(), LDT_SELECTOR(2));
	check_equal(read_gs(), 4711);
}

/* -------------------------------------------------------------- thread area */

static void thread_area_work(int n)
{
	struct user_desc d = data_segment((unsigned int)-1, page());
	uint32_t *base = (uint32_t *)d.base_addr;
	int i;

	*base = 0x3000u + (unsigned int)n;
	check_equal(sys(__NR_set_thread_area, (long)&d), 0);
	check(d.entry_number >= 12 && d.entry_number <= 14);
	load_gs(GDT_SELECTOR(d.entry_number));
	for (i = 0; i < SWITCHES; i++) {
		sys(__NR_sched_yield);
		check_equal(gs_selector(), GDT_SELECTOR(d.entry_number));
		check_equal(read_gs(), 0x3000 + n);
		load_gs(GDT_SELECTOR(d.entry_number));
		check_equal(read_gs(), 0x3000 + n);
	}
}

static void thread_area(void)
{
	run_children(4, thread_area_work);
}

/* All three entries, and what the kernel says of them. */
static void thread_areas(void)
{
	struct user_desc d[3], back;
	int i;

	for (i = 0; i < 3; i++) {
		d[i] = data_segment((unsigned int)-1, page());
		*(uint32_t *)d[i].base_addr = 100u + (unsigned int)i;
		check_equal(sys(__NR_set_thread_area, (long)&d[i]), 0);
	}
	for (i = 0; i < 3; i++) {
		load_fs(GDT_SELECTOR(d[i].entry_number));
		check_equal(read_fs(), 100 + i);
		back = (struct user_desc){ .entry_number = d[i].entry_number };
		check_equal(sys(__NR_get_thread_area, (long)&back), 0);
		check_equal(back.base_addr, d[i].base_addr);
	}
}

static void both_work(int n)
{
	if (n & 1)
		ldt_work(n);
	else
		thread_area_work(n);
}

static void both(void)
{
	run_children(4, both_work);
}

const struct test segments_tests[] = {
	{ "modify_ldt: tables kept over switches", ldt },
	{ "modify_ldt: the limit of a segment", ldt_limit, "segment-limit" },
	{ "modify_ldt: cleared entries", ldt_cleared },
	{ "modify_ldt: a code segment", ldt_code },
	{ "modify_ldt: a system call on a 16-bit stack", ldt_stack16 },
	{ "modify_ldt: segments over a signal", ldt_signal },
	{ "set_thread_area: kept over switches", thread_area },
	{ "set_thread_area: three entries", thread_areas },
	{ "modify_ldt and set_thread_area in turns", both },
	{ },
};
