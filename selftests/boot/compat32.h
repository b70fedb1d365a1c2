/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a 32-bit program without a C library has instead: system calls by each of the
 * ways that the CPU may know, output, and tests in processes of their own.
 */
#ifndef BOOT_COMPAT32_H
#define BOOT_COMPAT32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/unistd_32.h>

/** struct test - as in test.h: one result; a list ends with an empty one */
struct test {
	const char *name;
	void (*run)(void);
	const char *quirk;
};

extern const struct test calls_tests[], faults_tests[], segments_tests[];

/* Assembly: entry32.S. Results are the kernel's: -errno. */
typedef long (*call_fn)(long number, const long args[6]);
long call_int80(long number, const long args[6]);
long call_sysenter(long number, const long args[6]);
long call_syscall(long number, const long args[6]);
long call_vdso(long number, const long args[6]);

/** vdso_entry - AT_SYSINFO: the kernel's own choice of entry; 0: it has none */
extern uint32_t vdso_entry;

/** sys - a system call by int 0x80, with up to six arguments */
#define sys(number, ...)	call_int80(number, (const long[6]){ __VA_ARGS__ })

enum vendor { VENDOR_INTEL, VENDOR_AMD, VENDOR_OTHER };
enum vendor vendor(void);

void *memset(void *p, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size);

void print(const char *text);
void print_number(unsigned long number, int base);

_Noreturn void fail_at(int line, const char *what, unsigned long value);
_Noreturn void skip(const char *why);

#define check(condition) do { \
	if (!(condition)) \
		fail_at(__LINE__, __FILE__ ": " #condition, 0); \
} while (0)

#define check_equal(a, b) do { \
	unsigned long a_ = (unsigned long)(a); \
	if (a_ != (unsigned long)(b)) \
		fail_at(__LINE__, __FILE__ ": " #a " == " #b, a_); \
} while (0)

/** run_process - run @work in a process; its wait status: 0 if it has returned */
int run_process(void (*work)(void));

/** run_children - @work(n) in @count processes at once; all must return */
void run_children(int count, void (*work)(int n));

static inline bool status_is_signal(int status, int signal)
{
	return (status & 0x7f) == signal;
}

/* ------------------------------------------------------------------ signals */

#include <asm/signal.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/ucontext.h>

typedef void (*handler_fn)(int signal, siginfo_t *info, struct ucontext *context);

void set_handler(int signal, handler_fn handler);

#endif
