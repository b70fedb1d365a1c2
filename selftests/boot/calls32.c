// SPDX-License-Identifier: GPL-2.0
/*
 * The ways into the kernel. Which of SYSENTER and SYSCALL exist in a 32-bit program of a
 * 64-bit kernel is the CPU's matter: Intel has the first, AMD the second. The one that
 * the CPU does not have may work, too (emulators); it must not do anything else but
 * that, or raise an exception.
 */
#include "compat32.h"

#include <linux/mman.h>

enum vendor vendor(void)
{
	uint32_t a = 0, b, c, d;

	asm volatile("cpuid" : "+a" (a), "=b" (b), "=c" (c), "=d" (d));
	if (b == 0x756e6547)	/* Genu */
		return VENDOR_INTEL;
	if (b == 0x68747541 || b == 0x6f677948)	/* Auth, Hygo */
		return VENDOR_AMD;
	return VENDOR_OTHER;
}

static call_fn way;

static long by_way(long number, const long args[6])
{
	return way(number, args);
}

#define call(number, ...)	by_way(number, (const long[6]){ __VA_ARGS__ })

static void probe_work(void)
{
	check_equal(call(__NR_getpid), sys(__NR_getpid));
}

/* Is there this way? If it must be, then it is a failure if not. */
static void probe(call_fn f, bool must, const char *why)
{
	int status;

	way = f;
	status = run_process(probe_work);
	if (!status)
		return;
	if (must || (!status_is_signal(status, SIGILL) && !status_is_signal(status, SIGSEGV)))
		fail_at(__LINE__, "no such way into the kernel", (unsigned long)status);
	skip(why);
}

static void probe_int80(void)
{
	way = call_int80;
}

static void probe_sysenter(void)
{
	probe(call_sysenter, vendor() == VENDOR_INTEL, "this CPU has no SYSENTER here");
}

static void probe_syscall(void)
{
	probe(call_syscall, vendor() == VENDOR_AMD, "this CPU has no SYSCALL here");
}

static void probe_vdso(void)
{
	if (!vdso_entry)
		skip("the kernel has no vDSO for 32-bit programs");
	probe(call_vdso, true, "");
}

/* --------------------------------------------------------------------- a call */

#define PAGES	3

/* All six arguments arrive: mmap of the second page of a file. */
static void six_arguments(void)
{
	static const char name[] = "compat32";
	static char page[4096];
	long fd = call(__NR_memfd_create, (long)name, 0);
	volatile char *at;
	int i;

	check(fd >= 0);
	for (i = 0; i < PAGES; i++) {
		page[0] = (char)('a' + i);
		check_equal(call(__NR_write, fd, (long)page, sizeof(page)), sizeof(page));
	}
	for (i = 0; i < PAGES; i++) {
		at = (char *)call(__NR_mmap2, 0x20000000, 4096, PROT_READ, MAP_SHARED | MAP_FIXED,
				  fd, i);
		check_equal(at, 0x20000000);
		check_equal(*at, 'a' + i);
	}
	check_equal(call(__NR_munmap, (long)at, 4096), 0);
	check_equal(call(__NR_close, fd), 0);
	check_equal(call(__NR_close, fd), -9);	/* EBADF */
	/* A pointer that the kernel cannot follow. */
	check_equal(call(__NR_memfd_create, 0xfffff000, 0), -14);	/* EFAULT */
}

static void many(void)
{
	long pid = sys(__NR_getpid);
	int i;

	for (i = 0; i < 5000; i++)
		check_equal(call(__NR_getpid), pid);
}

static void switches_work(int n)
{
	long pid = sys(__NR_getpid);
	int i;

	(void)n;
	for (i = 0; i < 300; i++) {
		check_equal(call(__NR_sched_yield), 0);
		check_equal(call(__NR_getpid), pid);
	}
}

static void exercise(void)
{
	six_arguments();
	many();
	run_children(4, switches_work);
}

static void int80(void)
{
	probe_int80();
	exercise();
}

static void sysenter(void)
{
	probe_sysenter();
	exercise();
}

static void syscall(void)
{
	probe_syscall();
	exercise();
}

static void vdso(void)
{
	probe_vdso();
	exercise();
}

/* ------------------------------------------------- single steps through a call */

#define EFLAGS_TF	(1 << 8)

static volatile int steps;

static void on_step(int signal, siginfo_t *info, struct ucontext *context)
{
	(void)signal;
	(void)info;
	(void)context;
	steps++;
}

/* The flag must be off in the kernel and on again behind it, whatever the way. */
static void step_through(void)
{
	static const long args[6];
	long result;

	set_handler(SIGTRAP, on_step);
	asm volatile("pushf\n\torl %[tf], (%%esp)\n\tpopf\n\t"
		     "push %[args]\n\tpush %[number]\n\tcall *%[f]\n\tadd $8, %%esp\n\t"
		     "pushf\n\tandl %[not_tf], (%%esp)\n\tpopf"
		     : "=a" (result)
		     : [tf] "i" (EFLAGS_TF), [not_tf] "i" (~EFLAGS_TF), [f] "r" (way),
		       [args] "r" (args), [number] "i" (__NR_getpid)
		     : "ecx", "edx", "memory", "cc");
	check_equal(result, sys(__NR_getpid));
	/* A turn of call_by is some twenty instructions. */
	check(steps > 20 && steps < 60);
}

static void step_int80(void)
{
	probe_int80();
	step_through();
}

static void step_sysenter(void)
{
	probe_sysenter();
	step_through();
}

static void step_syscall(void)
{
	probe_syscall();
	step_through();
}

static void step_vdso(void)
{
	probe_vdso();
	step_through();
}

const struct test calls_tests[] = {
	{ "int 0x80", int80 },
	{ "SYSENTER", sysenter },
	{ "SYSCALL", syscall },
	{ "the vDSO's entry", vdso },
	{ "single steps through int 0x80", step_int80 },
	{ "single steps through SYSENTER", step_sysenter },
	{ "single steps through SYSCALL", step_syscall },
	{ "single steps through the vDSO's entry", step_vdso },
	{ },
};
