/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of programs64 share. A test is a function that runs in a process of
 * its own: it passes by returning, fails by a failed check() or by dying, and ends
 * itself with skip() where it has no meaning.
 */
#ifndef BOOT_TEST_H
#define BOOT_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct test - one result: what it shows, and how; a list ends with an empty one
 * @quirk: a word if emulators are known to get this wrong: it is skipped when it fails
 *	without a hypervisor, too
 */
struct test {
	const char *name;
	void (*run)(void);
	const char *quirk;
};

extern const struct test signals_tests[], faults_tests[], trace_tests[], memory_tests[],
	process_tests[], segments_tests[], registers_tests[], clocks_tests[], ipc_tests[];

/** test_fail - print why, end this test as failed */
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** skip - end this test: it has no meaning here */
_Noreturn void skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** note - a diagnostic line */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define fail(...)	test_fail(__FILE__, __LINE__, __VA_ARGS__)

#define check(condition) do { \
	if (!(condition)) \
		fail("%s", #condition); \
} while (0)

#define check_equal(a, b) do { \
	unsigned long long a_ = (unsigned long long)(a), b_ = (unsigned long long)(b); \
	if (a_ != b_) \
		fail("%s is %#llx, not %#llx", #a, a_, b_); \
} while (0)

/** wait_good - fail unless child @pid ends with status 0 */
void wait_good(pid_t pid);

/** process_main - does not return if main() was called by the exec test of process.c */
void process_main(int argc, char **argv);

/** run_children - call @work(n) in @count processes at once; all must return */
void run_children(int count, void (*work)(int n));

#endif
