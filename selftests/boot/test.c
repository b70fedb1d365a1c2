// SPDX-License-Identifier: GPL-2.0
/*
 * programs64: what a 64-bit program may expect of its kernel, as far as a hypervisor
 * below that kernel could spoil it. See test.h.
 *
 *	programs64 [WORD]	all tests, or those whose name contains WORD
 *	programs64 --quirks	names what this processor itself gets wrong, to be put
 *				into the environment as QUIRKS
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SKIPPED		4	/* exit status, as in kselftest */

static const struct test * const lists[] = {
	signals_tests, faults_tests, trace_tests, memory_tests, process_tests,
	segments_tests, registers_tests, clocks_tests, ipc_tests,
};

/* Shared with the processes of the tests. */
static char *reason;
#define REASON_MAX	200

void test_fail(const char *file, int line, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("# %s:%d: %s\n", strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line, text);
	fflush(stdout);
	_exit(1);
}

void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, REASON_MAX, format, args);
	va_end(args);
	fflush(stdout);
	_exit(SKIPPED);
}

void note(const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("# %s\n", text);
	fflush(stdout);
}

void wait_good(pid_t pid)
{
	int status;

	check(pid > 0);
	check_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (WIFSIGNALED(status))
		fail("a child died of signal %d (%s)", WTERMSIG(status),
		     strsignal(WTERMSIG(status)));
	/* It has said why. */
	fflush(stdout);
	_exit(1);
}

void run_children(int count, void (*work)(int n))
{
	pid_t pid[count];
	int i;

	for (i = 0; i < count; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			work(i);
			_exit(0);
		}
	}
	for (i = 0; i < count; i++)
		wait_good(pid[i]);
}

/* Its exit status, or minus the signal it died of. */
static int run_test(const struct test *t)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		t->run();
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Words of what fails, on one line; what the tests say of it nobody wants. */
static int print_quirks(void)
{
	int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
	const struct test *t;
	size_t i;

	if (out < 0 || null < 0 || dup2(null, STDOUT_FILENO) < 0)
		return 1;
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		for (t = lists[i]; t->name; t++)
			if (t->quirk && run_test(t))
				dprintf(out, "%s ", t->quirk);
	dprintf(out, "\n");
	return 0;
}

static int run_or_skip(const struct test *t)
{
	const char *quirks = getenv("QUIRKS");

	if (!t->quirk || !quirks || !strstr(quirks, t->quirk))
		return run_test(t);
	snprintf(reason, REASON_MAX, "this processor gets it wrong by itself");
	return SKIPPED;
}

static bool print_result(int number, const struct test *t, int status)
{
	if (status < 0)
		printf("# died of signal %d (%s)\n", -status, strsignal(-status));
	if (status == SKIPPED)
		printf("ok %d - %s # SKIP %s\n", number, t->name, reason);
	else
		printf("%s %d - %s\n", status ? "not ok" : "ok", number, t->name);
	fflush(stdout);
	return status && status != SKIPPED;
}

int main(int argc, char **argv)
{
	const struct test *t;
	int number = 0, failed = 0;
	size_t i;

	process_main(argc, argv);
	reason = mmap(NULL, REASON_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reason == MAP_FAILED)
		return 1;
	if (argc > 1 && !strcmp(argv[1], "--quirks"))
		return print_quirks();
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		for (t = lists[i]; t->name; t++) {
			if (argc > 1 && !strstr(t->name, argv[1]))
				continue;
			failed += print_result(++number, t, run_or_skip(t));
		}
	}
	printf("1..%d\n", number);
	return failed ? 1 : 0;
}
