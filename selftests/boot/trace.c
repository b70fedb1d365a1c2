// SPDX-License-Identifier: GPL-2.0
/*
 * Debugging: single steps and debug registers of another process, by ptrace. The
 * debug registers belong to the traced process: the tracer must never hit them.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static volatile long target, untouched;

/* A child that stops itself, then does @work. */
static pid_t traced(void (*work)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		work();
		_exit(0);
	}
	check(pid > 0);
	check_equal(waitpid(pid, &status, 0), pid);
	check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	return pid;
}

static int resume(pid_t pid, int how)
{
	int status;

	check(!ptrace(how, pid, NULL, NULL));
	check_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#define DEBUG_REGISTER(n)	offsetof(struct user, u_debugreg[n])

static void set_debug_register(pid_t pid, int n, const volatile void *value)
{
	if (ptrace(PTRACE_POKEUSER, pid, DEBUG_REGISTER(n), value))
		fail("debug register %d: error %d", n, errno);
}

/* ------------------------------------------------------------------ steps */

extern char step_start[], step_end[];

static void work_steps(void)
{
	/* 1000 turns of two instructions, between two labels. */
	asm volatile("mov $1000, %%ecx\n"
		     ".globl step_start\nstep_start:\n\t"
		     "dec %%ecx\n\tjnz step_start\n"
		     ".globl step_end\nstep_end:\n\tnop" ::: "ecx", "cc");
}

static void single_steps(void)
{
	pid_t pid = traced(work_steps);
	struct user_regs_struct r;
	int inside = 0, others = 0, status;

	do {
		status = resume(pid, PTRACE_SINGLESTEP);
		if (WIFEXITED(status))
			fail("the code was never seen");
		check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
		check(!ptrace(PTRACE_GETREGS, pid, NULL, &r));
		if (r.rip >= (uintptr_t)step_start && r.rip < (uintptr_t)step_end)
			inside++;
		else
			others++;
	} while (r.rip != (uintptr_t)step_end);
	check_equal(inside, 2000);
	check(others > 0);
	status = resume(pid, PTRACE_CONT);
	check(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* ------------------------------------------------------------- watchpoint */

static void work_watched(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		untouched = i;
		target = i;
	}
}

static void watchpoint(void)
{
	pid_t pid = traced(work_watched);
	long dr6;
	int i, status;

	set_debug_register(pid, 0, &target);
	/* Local, on writes, eight bytes. */
	set_debug_register(pid, 7, (void *)(1L << 0 | 1L << 16 | 2L << 18));
	for (i = 0; i < 20; i++) {
		status = resume(pid, PTRACE_CONT);
		if (WIFEXITED(status))
			fail("it ended after %d of 20 stops", i);
		check_equal(WSTOPSIG(status), SIGTRAP);
		errno = 0;
		dr6 = ptrace(PTRACE_PEEKUSER, pid, DEBUG_REGISTER(6), NULL);
		check_equal(errno, 0);
		check_equal(dr6 & 0xf, 1);
		check_equal(ptrace(PTRACE_PEEKDATA, pid, &target, NULL), i);
		/* It is not ours: nothing may happen here. */
		target = -i;
	}
	status = resume(pid, PTRACE_CONT);
	check(WIFEXITED(status) && !WEXITSTATUS(status));
}

static __attribute__((noinline, noclone)) void called(void)
{
	asm volatile("");
}

static void work_calls(void)
{
	int i;

	for (i = 0; i < 5; i++)
		called();
}

static void hardware_breakpoint(void)
{
	pid_t pid = traced(work_calls);
	struct user_regs_struct r;
	int i, status;

	set_debug_register(pid, 3, called);
	set_debug_register(pid, 7, (void *)(1L << 6));
	for (i = 0; i < 5; i++) {
		status = resume(pid, PTRACE_CONT);
		if (WIFEXITED(status))
			fail("it ended after %d of 5 stops", i);
		check_equal(WSTOPSIG(status), SIGTRAP);
		check(!ptrace(PTRACE_GETREGS, pid, NULL, &r));
		check_equal(r.rip, (uintptr_t)called);
		called();
	}
	status = resume(pid, PTRACE_CONT);
	check(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* A debug register must not reach into the kernel or the hypervisor. */
static void forbidden_addresses(void)
{
	static const unsigned long addresses[] = {
		0xffffffff81000000, 0xffff800000000000, 0xffff808000000000, 0xffff87ffffffffff,
	};
	pid_t pid = traced(work_calls);
	size_t i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		check_equal(ptrace(PTRACE_POKEUSER, pid, DEBUG_REGISTER(0), addresses[i]), -1);
	check(!kill(pid, SIGKILL));
}

/* ------------------------------------------------------------- breakpoint */

static void software_breakpoint(void)
{
	pid_t pid = traced(work_calls);
	struct user_regs_struct r;
	long text;
	int status;

	errno = 0;
	text = ptrace(PTRACE_PEEKTEXT, pid, called, NULL);
	check_equal(errno, 0);
	check(!ptrace(PTRACE_POKETEXT, pid, called, (text & ~0xffL) | 0xcc));
	status = resume(pid, PTRACE_CONT);
	check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	check(!ptrace(PTRACE_GETREGS, pid, NULL, &r));
	check_equal(r.rip, (uintptr_t)called + 1);
	check(!ptrace(PTRACE_POKETEXT, pid, called, text));
	r.rip--;
	check(!ptrace(PTRACE_SETREGS, pid, NULL, &r));
	status = resume(pid, PTRACE_CONT);
	check(WIFEXITED(status) && !WEXITSTATUS(status));
	/* The page was the child's copy. */
	called();
}

const struct test trace_tests[] = {
	{ "ptrace: 2000 single steps", single_steps },
	{ "ptrace: a watchpoint", watchpoint },
	{ "ptrace: a hardware breakpoint", hardware_breakpoint },
	{ "ptrace: no debug register on the kernel's addresses", forbidden_addresses },
	{ "ptrace: a software breakpoint", software_breakpoint },
	{ },
};
