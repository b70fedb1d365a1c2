// SPDX-License-Identifier: GPL-2.0
/*
 * compat32: what a 32-bit program may expect of a 64-bit kernel, as far as a hypervisor
 * below that kernel could spoil it. This file is the program's frame; see compat32.h.
 */
#include "compat32.h"

#include <linux/mman.h>

#define AT_NULL		0
#define AT_SYSINFO	32

#define SKIPPED		4	/* exit status, as in kselftest */

uint32_t vdso_entry;

void program(const uint32_t *stack);

static const struct test * const lists[] = { calls_tests, faults_tests, segments_tests };

/* Shared with the processes of the tests. */
static const char **skip_reason;

static const char *quirks = "";	/* the environment's QUIRKS */

/* ------------------------------------------------------------- for the compiler */

void *memset(void *p, int value, size_t size)
{
	uint8_t *at = p;

	while (size--)
		asm volatile("movb %b1, %0" : "=m" (*at++) : "q" (value));
	return p;
}

void *memcpy(void *to, const void *from, size_t size)
{
	const uint8_t *source = from;
	uint8_t *at = to;

	while (size--)
		asm volatile("movb %b1, %0" : "=m" (*at++) : "q" (*source++));
	return to;
}

/* --------------------------------------------------------------------- output */

/* One line is one write: it must not mix with those of other processes. */
static char line[400];
static size_t used;

static void flush(void)
{
	sys(__NR_write, 1, (long)line, (long)used);
	used = 0;
}

void print(const char *text)
{
	for (; *text; text++) {
		line[used++] = *text;
		if (*text == '\n' || used == sizeof(line))
			flush();
	}
}

void print_number(unsigned long number, int base)
{
	char text[12];
	int at = sizeof(text) - 1;

	text[at] = 0;
	do {
		text[--at] = "0123456789abcdef"[number % (unsigned long)base];
		number /= (unsigned long)base;
	} while (number);
	print(text + at);
}

static _Noreturn void leave(int status)
{
	if (used)
		flush();
	sys(__NR_exit_group, status);
	__builtin_unreachable();
}

void fail_at(int number, const char *what, unsigned long value)
{
	print("# line ");
	print_number((unsigned long)number, 10);
	print(" of ");
	print(what);
	print(" (0x");
	print_number(value, 16);
	print(")\n");
	leave(1);
}

void skip(const char *why)
{
	*skip_reason = why;
	leave(SKIPPED);
}

/* ------------------------------------------------------------------ processes */

static int wait_for(long pid)
{
	int status = -1;

	if (pid <= 0 || sys(__NR_waitpid, pid, (long)&status, 0) != pid)
		return -1;
	return status;
}

int run_process(void (*work)(void))
{
	long pid = sys(__NR_fork);

	if (!pid) {
		work();
		leave(0);
	}
	return wait_for(pid);
}

#define CHILDREN_MAX	8

void run_children(int count, void (*work)(int n))
{
	long pid[CHILDREN_MAX];
	int i;

	check(count <= CHILDREN_MAX);
	for (i = 0; i < count; i++) {
		pid[i] = sys(__NR_fork);
		if (!pid[i]) {
			work(i);
			leave(0);
		}
	}
	for (i = 0; i < count; i++)
		check_equal(wait_for(pid[i]), 0);
}

/* What the kernel takes: struct sigaction of the headers is the C library's. */
struct kernel_sigaction {
	handler_fn handler;
	unsigned long flags;
	void (*restorer)(void);
	uint32_t mask[2];
};

void set_handler(int signal, handler_fn handler)
{
	/* No restorer: the vDSO has one. */
	struct kernel_sigaction sa = { .handler = handler, .flags = SA_SIGINFO };

	check_equal(sys(__NR_rt_sigaction, signal, (long)&sa, 0, sizeof(sa.mask)), 0);
}

/* ----------------------------------------------------------------------- main */

/* @text if it starts with @start, as what follows that; else NULL */
static const char *behind(const char *text, const char *start)
{
	while (*start)
		if (*text++ != *start++)
			return NULL;
	return text;
}

static bool contains(const char *text, const char *word)
{
	for (; *text; text++)
		if (behind(text, word))
			return true;
	return false;
}

static void skip_quirk(void)
{
	skip("this processor gets it wrong by itself");
}

static int run_test(const struct test *t, int number)
{
	bool quirk = t->quirk && contains(quirks, t->quirk);
	int status = run_process(quirk ? skip_quirk : t->run);
	bool skipped = status == SKIPPED << 8;

	if (status & 0x7f) {
		print("# died of signal ");
		print_number(status & 0x7f, 10);
		print("\n");
	}
	print(status && !skipped ? "not ok " : "ok ");
	print_number((unsigned long)number, 10);
	print(" - 32-bit: ");
	print(t->name);
	if (skipped) {
		print(" # SKIP ");
		print(*skip_reason);
	}
	print("\n");
	return status && !skipped;
}

static int run_all(void)
{
	const struct test *t;
	int number = 0, failed = 0;
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (t = lists[i]; t->name; t++)
			failed += run_test(t, ++number);
	print("1..");
	print_number((unsigned long)number, 10);
	print("\n");
	return failed ? 1 : 0;
}

/* Why they fail goes to nowhere: standard output is closed meanwhile. */
static int print_quirks(void)
{
	long out = sys(__NR_dup2, 1, 100);
	const struct test *t;
	size_t i;

	sys(__NR_close, 1);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (t = lists[i]; t->name; t++) {
			if (t->quirk && run_process(t->run)) {
				print(t->quirk);
				print(" ");
			}
		}
	}
	sys(__NR_dup2, out, 1);
	print("\n");
	return 0;
}

/* @stack: argc, arguments, 0, environment, 0, auxiliary vector */
void program(const uint32_t *stack)
{
	const uint32_t argc = stack[0], *at = stack + 1 + argc + 1;
	const char *value;

	for (; *at; at++) {
		value = behind((const char *)*at, "QUIRKS=");
		if (value)
			quirks = value;
	}
	for (at++; at[0] != AT_NULL; at += 2)
		if (at[0] == AT_SYSINFO)
			vdso_entry = at[1];
	skip_reason = (void *)sys(__NR_mmap2, 0, 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	leave(argc > 1 && behind((const char *)stack[2], "--quirks") ? print_quirks() : run_all());
}
